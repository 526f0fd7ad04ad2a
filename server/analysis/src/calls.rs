//! Which programs a command calls, as far as its own words tell: through wrappers such as `sudo`, and in what shells are
//! given to run.
//!
//! Must not look at files, and must not guess: what the words do not tell is said to be unclear.

mod argument;
mod beside;
mod call;
mod container;
mod directory;
mod inner;
mod mentions;
mod npm;
mod printer;
mod recipes;
mod runner;
mod script;
mod shell;
mod special;
mod stem;
mod variables;
mod walk;
mod wrapper;

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use compact_str::CompactString;

use argument::{Argument, Line};
pub use beside::Beside;
pub use call::Call;
use call::last_option;
pub(crate) use container::takes_next as container_takes_next;
use directory::Directory;
pub use mentions::mentions;
pub use recipes::of_recipes;
pub(crate) use shell::{is_shell, script_of};
pub use stem::{is_absolute, stem};
use variables::SET_UNKNOWN;
use walk::{DEPTH, Input, READ_CALL, TOO_MUCH, VALUE, Walk};

/// What a command calls.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Calls {
    /// The programs, in the order of the command; wrappers and shells among them.
    pub called: Vec<Call>,
    /// What runs files or texts that tell more.
    pub beside: Vec<Beside>,
    /// The variables that are assigned, with their values; nothing where it is not known or there are several.
    pub assigned: HashMap<String, Option<String>>,
    /// The variables whose values scripts take from the environment.
    pub inherited: BTreeSet<String>,
    /// The files to which scripts redirect output, as far as their names are known.
    pub written: Vec<String>,
    /// Texts that are written or read where something is piped into programs, as far as they are known.
    pub piped: Vec<String>,
    /// What is known of the arguments of programs that are known only when they run.
    pub of_unknown: Vec<String>,
    /// Why variables may have other values than those that are known, without a full stop.
    pub unsettled: Option<String>,
    /// Why more may be called than is known.
    pub unclear: Option<Unclear>,
}

/// Why more may be called than is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unclear {
    /// What is not known, in lower case without a full stop.
    pub why: String,
    /// Why that may be reached from another machine, without a full stop.
    pub elsewhere: Option<String>,
}

impl Calls {
    /// What the argument vector of a task calls; `lookup` gives the values of variables.
    pub fn of(
        argv: impl Iterator<Item = impl Into<CompactString>>,
        lookup: &dyn Fn(&str) -> Option<String>,
    ) -> Calls {
        let words: Arc<[Argument]> = argv.map(Argument::known).collect();
        let mut walk = Walk::new(lookup, words.iter().map(|word| word.text.len() + 1).sum());
        walk.command(&Line { words, at: 0 }, &Input::Inherited);
        walk.finish()
    }

    /// What a script of a shell calls.
    pub fn of_script(text: &str, lookup: &dyn Fn(&str) -> Option<String>) -> Calls {
        Calls::of_script_in("", text, lookup)
    }

    /// What one calls that runs in a directory, as seen from that of the command.
    pub fn of_script_in(directory: &str, text: &str, lookup: &dyn Fn(&str) -> Option<String>) -> Calls {
        let mut walk = Walk::new(lookup, text.len());
        walk.directory = Directory::at(directory);
        walk.script(text);
        walk.finish()
    }

    /// The programs that stand among the words of the command itself: its own, and those that wrappers run.
    pub fn among_words(&self) -> impl Iterator<Item = &Call> {
        let own = self.called.first().filter(|first| first.line.at == 0);
        let own = move |call: &&Call| own.is_some_and(|own| Arc::ptr_eq(&own.line.words, &call.line.words));
        self.called.iter().filter(own)
    }
}

#[cfg(test)]
mod tests;
