//! What a command asks Helm to do: its verb, its arguments and its flags.
//!
//! Must not judge it; the rules about Helm do.

use text_size::TextRange;

use super::command::Command;

/// A call of `helm`.
pub(super) struct Helm<'c> {
    /// From the program to the verb.
    pub(super) range: TextRange,
    /// `install`, `upgrade`, `delete` …, and where it stands.
    pub(super) verb: &'c str,
    pub(super) verb_range: TextRange,
    /// What is neither verb nor flag nor a flag's value; `None` where a variable decides it.
    pub(super) arguments: Vec<(TextRange, Option<&'c str>)>,
    pub(super) flags: Vec<Flag<'c>>,
}

/// A flag and the value behind it or its `=`.
pub(super) struct Flag<'c> {
    pub(super) name: &'c str,
    /// `None` for a flag without one, `Some(None)` where a variable decides it.
    pub(super) value: Option<Option<&'c str>>,
    /// From the flag to the end of its value.
    pub(super) range: TextRange,
    /// The value alone.
    pub(super) value_range: TextRange,
}

impl<'c> Helm<'c> {
    /// The call of a command that begins with `helm`.
    pub(super) fn of(command: &'c Command<'_>) -> Option<Helm<'c>> {
        let (_, program) = command.program_at().filter(|_| command.name() == Some("helm"))?;
        let mut words = command.arguments();
        let mut verb = None;
        let (mut arguments, mut flags) = (Vec::new(), Vec::new());
        while let Some((word, literal)) = words.next() {
            let range = word.range;
            match literal {
                Some(flag) if flag.starts_with('-') && flag.len() > 1 => {
                    flags.push(flag_with_value(command, flag, range, &mut words));
                }
                _ if verb.is_some() => arguments.push((range, literal)),
                _ => verb = Some((literal?, range)),
            }
        }
        let (verb, verb_range) = verb?;
        Some(Helm { range: program.cover(verb_range), verb, verb_range, arguments, flags })
    }

    pub(super) fn flag(&self, names: &[&str]) -> Option<&Flag<'c>> {
        self.flags.iter().find(|flag| names.contains(&flag.name))
    }

    /// Whether it installs a release, in the words of any version.
    pub(super) fn installs(&self) -> bool {
        self.verb == "install" || (self.verb == "upgrade" && self.flag(&["--install", "-i"]).is_some())
    }

    /// The release that it installs, when its name is known.
    pub(super) fn release(&self) -> Option<&'c str> {
        match self.flag(&["--name"]) {
            Some(flag) => flag.value.flatten(),
            None if self.arguments.len() > 1 => self.arguments[0].1,
            None => None,
        }
    }
}

fn flag_with_value<'c>(
    command: &'c Command<'_>,
    flag: &'c str,
    range: TextRange,
    words: &mut impl Iterator<Item = (&'c crate::command::Word, Option<&'c str>)>,
) -> Flag<'c> {
    if let Some((name, value)) = flag.split_once('=') {
        // Where quotes make the written flag longer the value cannot be told by its length.
        let length = text_size::TextSize::new(value.len() as u32);
        let exact = command.text()[range].ends_with(value);
        let value_range = if exact { TextRange::new(range.end() - length, range.end()) } else { range };
        return Flag { name, value: Some(Some(value)), range, value_range };
    }
    let none = TextRange::empty(range.end());
    if !takes_value(flag) {
        return Flag { name: flag, value: None, range, value_range: none };
    }
    match words.next() {
        Some((word, value)) => {
            Flag { name: flag, value: Some(value), range: range.cover(word.range), value_range: word.range }
        }
        None => Flag { name: flag, value: None, range, value_range: none },
    }
}

/// Whether the next argument belongs to a flag of `install`, `upgrade`, `uninstall` or Helm itself.
fn takes_value(flag: &str) -> bool {
    matches!(
        flag,
        "--name"
            | "-n"
            | "--namespace"
            | "--version"
            | "--set"
            | "--set-string"
            | "--set-file"
            | "--set-json"
            | "--set-literal"
            | "-f"
            | "--values"
            | "--repo"
            | "--timeout"
            | "--kube-context"
            | "--kubeconfig"
            | "--name-template"
            | "--description"
            | "--username"
            | "--password"
            | "--ca-file"
            | "--cert-file"
            | "--key-file"
            | "--keyring"
            | "--post-renderer"
            | "--history-max"
            | "-o"
            | "--output"
            | "--tiller-namespace"
            | "--host"
            | "--home"
            | "--cascade"
    )
}
