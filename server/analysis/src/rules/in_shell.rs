//! A command that is handed to a shell, which reads it as it is meant.
//!
//! Must not take an `sh` where it would read something else: many are no Bash.

use super::command::{Command, Quoting, no_shell, shell_word};
use super::{ansi_c_quoting, brace_expansion};
use crate::command::Semantics;
use crate::edit::{Fix, TextEdit};

/// A shell that is given a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shell {
    /// Any shell of POSIX.
    Sh,
    /// Bash, as a part of the command is its own: a plain `sh` reads that part as something else, without an error.
    Bash,
}

impl Shell {
    /// The name of its program.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Shell::Sh => "sh",
            Shell::Bash => "bash",
        }
    }
}

/// What POSIX does not have; to its shells `&>` is a `&` and a `>`.
const BASH_OPERATORS: [&str; 5] = ["&>", "|&", "<<<", "<(", ">("];

impl Command<'_> {
    /// What to do about a piece of a shell's language, for a note.
    pub(super) fn ask_for_a_shell(&self) -> &'static str {
        match self.parsed.options.semantics {
            Semantics::Standard => match self.shell() {
                Shell::Sh => no_shell!("wrap it in `sh -c '…'`"),
                Shell::Bash => no_shell!("wrap it in `bash -c '…'`"),
            },
            Semantics::Draft => "put the line into a script; Draft asks no shell",
        }
    }

    /// The fix that hands the whole command to a shell, where quotes make that possible.
    pub(super) fn wrap(&self) -> Option<Fix> {
        self.wrap_with(Vec::new())
    }

    /// That fix, with changes of what stands between the words.
    pub(super) fn wrap_with(&self, edits: Vec<TextEdit>) -> Option<Fix> {
        if !self.knows_quotes() {
            return None;
        }
        let shell = self.shell().name();
        let command = format!("{shell} -c {}", shell_word(&self.script_with(edits)));
        Some(self.rewrite(format!("Wrap in `{shell} -c '…'`"), &command))
    }

    /// The shell that reads the command as it is meant.
    pub(super) fn shell(&self) -> Shell {
        let is_bare = |at: usize| self.quoting()[at] == Quoting::Bare;
        let has_operator = BASH_OPERATORS
            .iter()
            .any(|operator| self.text().match_indices(operator).any(|(at, _)| is_bare(at)));
        let is_of_bash = has_operator
            || self.words().iter().any(|word| self.bare(word) == Some("[["))
            || ansi_c_quoting::is_in(self)
            || brace_expansion::is_in(self);
        if is_of_bash { Shell::Bash } else { Shell::Sh }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::Options;
    use crate::parsed::Parsed;
    use crate::phase::Phase;
    use crate::rules::{ForShell, for_shell};

    #[test]
    fn what_an_sh_reads_as_something_else_is_handed_to_bash() {
        for (command, shell) in [
            ("ls a b && ls", Shell::Sh),
            ("ls {a,b} && ls", Shell::Bash),
            ("echo '{a,b}' && ls", Shell::Sh),
            // Its own list.
            ("helm template . --set a={x,y} | wc", Shell::Sh),
            ("printf $'a' | wc", Shell::Bash),
            ("[[ -f x ]] && ls", Shell::Bash),
            ("ls [[:digit:]] | wc", Shell::Sh),
            ("make &> log", Shell::Bash),
            ("make 2>&1 > log", Shell::Sh),
            ("curl 'a&>b' > log", Shell::Sh),
            ("diff <(ls a) <(ls b)", Shell::Bash),
        ] {
            let parsed = Parsed::new(format!("[pre-up]\na = \"{command}\"\n"), Options::default());
            let ForShell { shell: found, wrapped, .. } =
                for_shell(&parsed, Phase::PreUp, &parsed.file.tasks[0]).expect("a command");
            assert_eq!(found, shell, "{command}");
            let title = wrapped.expect("a fix").title;
            assert_eq!(title, format!("Wrap in `{} -c '…'`", shell.name()), "{command}");
        }
    }
}
