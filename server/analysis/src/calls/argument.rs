//! A word of a command after everything in it was replaced that is known, and the words of a call.
//!
//! Must not know any program.

use std::sync::Arc;

use compact_str::CompactString;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Argument {
    pub(super) text: CompactString,
    /// Whether it is just that.
    pub(super) certain: bool,
    /// Whether it may be an option, or nothing at all.
    pub(super) open: bool,
    /// Whether it may be no word at all, so that the one behind it stands in its place.
    pub(super) vanishes: bool,
    /// Behind what is not known of it.
    pub(super) known_from: usize,
    /// Whether what is not known of it only assigns variables that choose no cluster, to whoever runs it as a script.
    pub(super) assigns: bool,
}

impl Argument {
    pub(super) fn known(text: impl Into<CompactString>) -> Argument {
        let text = text.into();
        Argument { text, certain: true, open: false, vanishes: false, known_from: 0, assigns: false }
    }

    pub(super) fn unknown() -> Argument {
        Argument { certain: false, open: true, vanishes: true, ..Argument::known("") }
    }

    /// The program that it names: only where that is installed may be unknown, as of `$JAVA_HOME/bin/java`.
    pub(super) fn program(&self) -> Option<&str> {
        if self.certain {
            return Some(&self.text);
        }
        let (directory, name) = self.text.get(self.known_from..)?.rsplit_once('/')?;
        (directory.ends_with("/bin") && !name.is_empty() && !name.ends_with(".sh")).then_some(name)
    }

    /// The text, where it is just that.
    pub(super) fn value(&self) -> Option<&str> {
        self.certain.then_some(&*self.text)
    }

    /// As it is where this text in it stands for something else.
    pub(super) fn replaced(&self, placeholder: &str) -> Argument {
        if !self.text.contains(placeholder) {
            return self.clone();
        }
        let open = self.open || self.text.starts_with(placeholder) || self.text.starts_with('-');
        let text = self.text.replace(placeholder, "");
        let known_from = text.len();
        Argument { known_from, text: text.into(), certain: false, open, assigns: false, ..self.clone() }
    }
}

/// A program with its arguments, among the words of the command in which it stands: the programs that a wrapper runs
/// share them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct CallWords {
    pub(super) words: Arc<[Argument]>,
    /// Where the program stands.
    pub(super) at: usize,
}

impl CallWords {
    pub(super) fn new(words: Vec<Argument>) -> CallWords {
        CallWords { words: words.into(), at: 0 }
    }

    pub(super) fn program(&self) -> Option<&Argument> {
        self.words.get(self.at)
    }

    pub(super) fn arguments(&self) -> &[Argument] {
        self.words.get(self.at + 1..).unwrap_or_default()
    }

    /// That of the program which is this argument.
    pub(super) fn inner(&self, argument: usize) -> CallWords {
        CallWords { words: self.words.clone(), at: self.at + 1 + argument }
    }
}
