//! Which programs a command calls, as far as its own words tell: through wrappers such as `sudo`, and in what shells are
//! given to run.
//!
//! Must not look at files, and must not guess: what the words do not tell is said to be unclear.

mod argument;
mod beside;
mod call;
mod container;
mod directory;
mod git;
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

use argument::{Argument, CallWords};
pub use beside::{Beside, Neighbour};
pub use call::Call;
use call::last_option;
pub(crate) use container::takes_next as container_takes_next;
use directory::Directory;
pub use mentions::mentions;
pub use recipes::of_recipes;
pub(crate) use shell::{is_posix_shell, is_shell, script_of};
pub use stem::{is_absolute, stem};
use variables::SET_UNKNOWN;

/// How deep commands may be nested; nobody writes more, and each level takes room on the stack.
const DEPTH: usize = 48;

/// How much is read for each byte of a command, and at least: what stands in several others at once, such as a script that
/// its own shell reads, is read for each of them, and values take their places in scripts.
const READ_EACH: usize = 16;
const READ_LEAST: usize = 256 * 1024;

/// What it counts as to read a call or a script, as short as it may be.
const READ_CALL: usize = 64;

/// How many calls are told of.
const CALLS: usize = 4096;

/// How long values and paths may grow that scripts put together.
const VALUE: usize = 4096;

/// Why no more is read.
const TOO_DEEP: &str = "it is nested too deeply";
const TOO_MUCH: &str = "more stands in it than is read";

/// What a command calls.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Calls {
    /// The programs, in the order of the command; wrappers and shells among them.
    pub called: Vec<Call>,
    /// What runs files or texts that tell more.
    pub beside: Vec<Neighbour>,
    /// The variables that are assigned, with their values; nothing where it is not known or there are several.
    pub assigned: HashMap<String, Option<String>>,
    /// The variables whose values scripts take from the environment.
    pub inherited: BTreeSet<String>,
    /// The files to which scripts redirect output, as far as their names are known.
    pub written: Vec<String>,
    /// Texts that are written or read where something is piped into programs, as far as they are known.
    pub piped: Vec<String>,
    /// The calls of programs that are known only when they run, without names.
    pub of_unknown: Vec<Call>,
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
        walk.command(&CallWords { words, at: 0 }, &Input::Inherited);
        walk.finish()
    }

    /// What a script of a shell calls.
    pub fn of_script(text: &str, lookup: &dyn Fn(&str) -> Option<String>) -> Calls {
        Calls::of_script_in("", "", text, lookup)
    }

    /// What one calls that runs in a directory, as seen from that of the command, by a shell of a name, which is empty where
    /// it is not known.
    pub fn of_script_in(
        directory: &str,
        shell: &str,
        text: &str,
        lookup: &dyn Fn(&str) -> Option<String>,
    ) -> Calls {
        let mut walk = Walk::new(lookup, text.len());
        walk.directory = Directory::at(directory);
        walk.has_arithmetic = shell::has_arithmetic(shell);
        walk.reads_first(shell);
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

/// What a command reads.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Input {
    /// What the command around it does.
    Inherited,
    Text(String),
    File(CompactString),
    Unknown,
}

/// What is known while a command is read.
struct Walk<'a> {
    calls: Calls,
    lookup: &'a dyn Fn(&str) -> Option<String>,
    /// `$0`, `$1` and so on, where they are known.
    parameters: Option<Arc<[Argument]>>,
    directory: Directory,
    /// Why what is read runs elsewhere.
    elsewhere: Option<String>,
    /// What the command reads.
    input: Input,
    /// A shell that reads what something around it may be fed with.
    reader: Option<String>,
    /// Whether something was fed that may have such a shell in it.
    is_fed: bool,
    /// The functions of scripts.
    functions: BTreeSet<CompactString>,
    /// Variables of which each value is one word and no option.
    plain: BTreeSet<String>,
    /// Whether the shell certainly reads `(( … ))` as a calculation; another one reads `( ( … ) )`.
    has_arithmetic: bool,
    depth: usize,
    /// How much more is read.
    left: usize,
}

#[cfg(test)]
mod tests;
