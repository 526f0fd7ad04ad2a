//! Where `cd` has led.
//!
//! Must not take a directory for certain into which the shell may not have gone.

use super::{Argument, VALUE, Walk, is_absolute};

/// A directory in which a command may run.
#[derive(Clone, Debug, Default)]
pub(super) struct Directory {
    /// The most probable one, empty for that of the whole command.
    pub(super) path: String,
    /// Whether it may be another one.
    is_doubtful: bool,
    /// Whether what comes next may not run.
    is_conditional: bool,
}

impl Directory {
    /// One that is as certain as that of the command.
    pub(super) fn at(path: &str) -> Directory {
        Directory { path: path.to_owned(), ..Directory::default() }
    }

    /// Where that is certain.
    pub(super) fn known(&self) -> Option<&str> {
        (!self.is_doubtful).then_some(&*self.path)
    }

    /// A path as it is seen from the directory of the whole command.
    pub(super) fn join(&self, path: &str) -> String {
        if self.path.is_empty() || is_absolute(path) {
            path.to_owned()
        } else {
            format!("{}/{path}", self.path)
        }
    }

    /// What comes next may not run, or run in a process of its own.
    pub(super) fn doubt_next(&mut self) {
        self.is_conditional = true;
    }

    /// It may be another one.
    pub(super) fn doubt(&mut self) {
        self.is_doubtful = true;
    }

    /// What was entered may have been entered by another process.
    pub(super) fn doubt_entered(&mut self) {
        self.is_doubtful |= !self.path.is_empty();
    }
}

/// Options of programs that run others in another directory.
const OPTIONS: [&str; 11] = [
    "--chdir",
    "--cwd",
    "--cd",
    "--dir",
    "--directory",
    "--prefix",
    "--workdir",
    "--working-directory",
    "--wd",
    "--project-directory",
    "--root",
];

/// Whether a program of a shell enters another directory.
pub(super) fn is_entering(name: &str) -> bool {
    matches!(name, "cd" | "pushd" | "popd")
}

/// Whether a program with these options may run another one in another directory.
pub(super) fn may_change(options: &[Argument]) -> bool {
    options.iter().any(|option| {
        let name = option.text.split('=').next().unwrap_or_default();
        let is_short = name.starts_with('-') && !name.starts_with("--");
        is_short && name.contains(['C', 'D', 'w']) || OPTIONS.contains(&name)
    })
}

impl Walk<'_> {
    /// `cd`, `pushd` and `popd`.
    pub(super) fn enter(&mut self, arguments: &[Argument]) {
        self.assign("OLDPWD", None);
        let is_option = |word: &&Argument| word.text.starts_with('-') && word.text.len() > 1;
        let to = arguments.iter().find(|word| !is_option(word));
        let is_certain = to.is_some_and(leads_there) && !self.has_search_path();
        let before = std::mem::take(&mut self.directory);
        let path = to.map_or_else(String::new, |to| before.join(&to.text));
        let is_path = path.len() <= VALUE;
        self.directory = Directory {
            path: if is_path { path } else { String::new() },
            is_doubtful: !is_certain || !is_path || before.is_doubtful || before.is_conditional,
            is_conditional: before.is_conditional,
        };
    }

    /// Whether that was the last thing.
    pub(super) fn has_just_entered(&self) -> bool {
        self.calls.called.last().is_some_and(|call| is_entering(&call.name))
    }

    /// Whether `cd` looks for directories elsewhere.
    fn has_search_path(&self) -> bool {
        let of_environment = || (self.lookup)("CDPATH").is_some_and(|path| !path.is_empty());
        self.calls.assigned.contains_key("CDPATH") || of_environment()
    }

    /// Reads what runs in a process of its own, with which its directory ends.
    pub(super) fn in_own_directory<T>(&mut self, read: impl FnOnce(&mut Self) -> T) -> T {
        let before = self.directory.clone();
        let read = read(self);
        self.directory = before;
        read
    }

    /// Reads what a program with these options runs.
    pub(super) fn in_directory_of(&mut self, options: &[Argument], read: impl FnOnce(&mut Self)) {
        if !may_change(options) {
            return read(self);
        }
        self.in_own_directory(|walk| {
            walk.directory.doubt();
            read(walk);
        });
    }
}

/// Whether that is the directory which `cd` enters: not the last one, one of a stack, a home, or one above, which is
/// another one to the shell than to the system where a link is on the way.
fn leads_there(to: &Argument) -> bool {
    let is_plain = !to.text.is_empty() && !to.text.starts_with(['-', '+', '~']);
    to.certain && is_plain && to.text.split('/').all(|part| part != "..")
}
