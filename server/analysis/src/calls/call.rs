//! A call of a program: its name, its arguments, and what of these is not known.
//!
//! Must not know how it was found.

use compact_str::CompactString;

use super::wrapper::{self, Wrapper};
use super::{Argument, CallWords, container, inner, runner, shell, stem};

/// A program that is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    pub(super) line: CallWords,
    pub(super) name: CompactString,
    /// Whether its program is a link to the one that it is named by.
    pub(super) is_link: bool,
    /// Why its files, its variables or the machine are others than those of the command, without a full stop.
    pub elsewhere: Option<String>,
    /// The directory in which it runs, as seen from that of the command, which is the empty one; nothing where that is
    /// known only when it runs.
    pub directory: Option<String>,
}

impl Call {
    /// Which of the words around it the program is.
    pub fn at(&self) -> usize {
        self.line.at
    }

    /// The program as it is written.
    pub fn program(&self) -> &str {
        self.line.program().map_or("", |word| &word.text)
    }

    /// The program without directory, extension and version, in lower case: `kubectl` of `/opt/kubectl-1.32.exe`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// As a call of the program to which its own is a link.
    pub fn follow(&mut self, program: &str) {
        self.name = stem(program);
        self.is_link = true;
    }

    /// Of a link that was followed: "`k` is a link to `kubectl`".
    pub fn described_link(&self) -> Option<String> {
        self.is_link.then(|| format!("`{}` is a link to `{}`", self.program(), self.name()))
    }

    /// Whether it is known which of its arguments it runs; where it is not, it may run any.
    pub fn is_understood(&self) -> bool {
        let name = self.name.as_str();
        shell::is_shell(name)
            || container::runs_containers(name)
            || Wrapper::of(name).is_some()
            || runner::is_runner(name)
            || wrapper::is_remote(name)
            || inner::is_told_programs(name)
            || matches!(
                name,
                "find" | "eval" | "trap" | "alias" | "git" | "cmd" | "powershell" | "pwsh" | "nix-shell"
            )
    }

    /// Its arguments; what is not known of one is left out.
    pub fn arguments(&self) -> impl Iterator<Item = &str> + Clone {
        self.line.arguments().iter().map(|word| word.text.as_str())
    }

    /// The arguments before the first one of which something is not known.
    pub fn known(&self) -> impl Iterator<Item = &str> + Clone {
        self.line.arguments().iter().take_while(|word| word.certain).map(|word| word.text.as_str())
    }

    /// Whether all of its arguments are known.
    pub fn is_known(&self) -> bool {
        self.line.arguments().iter().all(|word| word.certain)
    }

    /// The arguments behind one of these words, in front of which only options, their values, these others and words that
    /// are not known may stand.
    pub fn behind(&self, words: &[&str], passing: &[&str]) -> Option<impl Iterator<Item = &str>> {
        let arguments = self.line.arguments();
        let begin = wrapper::behind(arguments, words, passing)?;
        Some(arguments[begin..].iter().map(|word| word.text.as_str()))
    }

    /// The last value of an option, `--name value` or `--name=value`; nothing inside where that is unknown.
    pub fn last_option(&self, name: &str) -> Option<Option<&str>> {
        last_option(self.line.arguments(), name)
    }

    /// The last of several names of one option that is given, and its value; nothing inside where that is unknown.
    pub fn last_option_of<'n>(&self, names: &[&'n str]) -> Option<(&'n str, Option<&str>)> {
        let arguments = self.line.arguments();
        let given = names.iter().filter_map(|name| Some((options(arguments, name).last()?, *name)));
        given.max_by_key(|((at, _), _)| *at).map(|((_, value), name)| (name, value))
    }

    /// The argument before the last one of an option, which may so be the value of that argument; without those that may be
    /// no words.
    pub fn before_option(&self, name: &str) -> Option<&str> {
        let words = self.line.arguments();
        let own = words.iter().position(|word| word.text == "--").unwrap_or(words.len());
        let is_it = |word: &Argument| last_option(std::slice::from_ref(word), name).is_some();
        let at = words[..own].iter().rposition(is_it)?;
        words[..at].iter().rev().find(|word| !word.vanishes).map(|word| word.text.as_str())
    }

    /// Whether options may be among the arguments that are not known; these options have a value behind them.
    pub fn hides_options(&self, with_value: &[&str]) -> bool {
        let words = self.line.arguments();
        let own = &words[..words.iter().position(|word| word.text == "--").unwrap_or(words.len())];
        let is_value = |at: usize| at > 0 && with_value.contains(&own[at - 1].text.as_str());
        own.iter().enumerate().any(|(at, word)| word.open && !is_value(at))
    }
}

/// The last value of an option among arguments; nothing inside where that is unknown.
pub(super) fn last_option<'w>(arguments: &'w [Argument], name: &str) -> Option<Option<&'w str>> {
    options(arguments, name).last().map(|(_, value)| value)
}

/// The places of an option among arguments, and its values; nothing where one is unknown.
fn options<'w>(arguments: &'w [Argument], name: &str) -> impl Iterator<Item = (usize, Option<&'w str>)> {
    let is_word = name.starts_with("--");
    let own = arguments.iter().take_while(|argument| argument.text != "--");
    own.enumerate().filter_map(move |(at, argument)| {
        let value = match argument.text.strip_prefix(name)? {
            "" => arguments.get(at + 1).and_then(Argument::value),
            rest if rest.starts_with('=') => argument.value().map(|_| &rest[1..]),
            rest => (!is_word).then(|| argument.value().map(|_| rest))?,
        };
        Some((at, value))
    })
}
