//! Which programs a command calls, as far as its own words tell: through wrappers such as `sudo`, and in what shells are
//! given to run.
//!
//! Must not look at files, and must not guess: what the words do not tell is said to be unclear.

mod beside;
mod call;
mod container;
mod directory;
mod inner;
mod npm;
mod printer;
mod runner;
mod script;
mod shell;
mod special;
mod stem;
mod wrapper;

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use compact_str::CompactString;

use crate::command::is_name;
pub use beside::{Beside, mentions, of_recipes};
pub use call::Call;
use call::last_option;
pub(crate) use container::takes_next as container_takes_next;
use directory::Directory;
use script::Script;
pub(crate) use shell::{is_shell, script_of};
pub use stem::{is_absolute, stem};
use wrapper::{Inner, Wrapper};

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
const TOO_MUCH: &str = "more stands in it than is read";

/// Variables whose values programs run.
const SCRIPTS_IN: [&str; 18] = [
    "BROWSER",
    "EDITOR",
    "FZF_DEFAULT_COMMAND",
    "GIT_ASKPASS",
    "GIT_EDITOR",
    "GIT_EXTERNAL_DIFF",
    "GIT_PAGER",
    "GIT_SEQUENCE_EDITOR",
    "GIT_SSH_COMMAND",
    "LESSCLOSE",
    "LESSOPEN",
    "MANPAGER",
    "PAGER",
    "PROMPT_COMMAND",
    "SSH_ASKPASS",
    "SUDO_ASKPASS",
    "SUDO_EDITOR",
    "VISUAL",
];

/// The script that a program or shell runs since a variable has a value.
fn script_in(name: &str, value: &str) -> Option<String> {
    if name == "PS4" {
        return value.contains(['$', '`']).then(|| format!(": \"{value}\""));
    }
    SCRIPTS_IN.contains(&name).then(|| value.to_owned())
}

/// Why a variable may have any value where the name of one that is set is not known.
const SET_UNKNOWN: &str = "it sets variables that are known only when it runs";

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

/// A word after everything in it was replaced that is known.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Argument {
    text: CompactString,
    /// Whether it is just that.
    certain: bool,
    /// Whether it may be an option, or nothing at all.
    open: bool,
    /// Whether it may be no word at all, so that the one behind it stands in its place.
    vanishes: bool,
    /// Behind what is not known of it.
    known_from: usize,
    /// Whether what is not known of it only assigns variables that choose no cluster, to whoever runs it as a script.
    assigns: bool,
}

impl Argument {
    fn known(text: impl Into<CompactString>) -> Argument {
        let text = text.into();
        Argument { text, certain: true, open: false, vanishes: false, known_from: 0, assigns: false }
    }

    fn unknown() -> Argument {
        Argument { certain: false, open: true, vanishes: true, ..Argument::known("") }
    }

    /// The program that it names: only where that is installed may be unknown, as of `$JAVA_HOME/bin/java`.
    fn program(&self) -> Option<&str> {
        if self.certain {
            return Some(&self.text);
        }
        let (directory, name) = self.text.get(self.known_from..)?.rsplit_once('/')?;
        (directory.ends_with("/bin") && !name.is_empty() && !name.ends_with(".sh")).then_some(name)
    }

    /// The text, where it is just that.
    fn value(&self) -> Option<&str> {
        self.certain.then_some(&*self.text)
    }

    /// As it is where this text in it stands for something else.
    fn replaced(&self, placeholder: &str) -> Argument {
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
struct Line {
    words: Arc<[Argument]>,
    /// Where the program stands.
    at: usize,
}

impl Line {
    fn new(words: Vec<Argument>) -> Line {
        Line { words: words.into(), at: 0 }
    }

    fn program(&self) -> Option<&Argument> {
        self.words.get(self.at)
    }

    fn arguments(&self) -> &[Argument] {
        self.words.get(self.at + 1..).unwrap_or_default()
    }

    /// That of the program which is this argument.
    fn inner(&self, argument: usize) -> Line {
        Line { words: self.words.clone(), at: self.at + 1 + argument }
    }
}

/// What a command reads.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Input {
    /// What the command around it does.
    Inherited,
    Text(String),
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
    /// Whether the shell reads `(( … ))` as a calculation rather than as `( ( … ) )`.
    has_arithmetic: bool,
    depth: usize,
    /// How much more is read.
    left: usize,
}

impl<'a> Walk<'a> {
    /// That of a command or script of some bytes.
    fn new(lookup: &'a dyn Fn(&str) -> Option<String>, length: usize) -> Walk<'a> {
        Walk {
            calls: Calls::default(),
            lookup,
            parameters: None,
            directory: Directory::default(),
            elsewhere: None,
            input: Input::Inherited,
            reader: None,
            is_fed: false,
            functions: BTreeSet::new(),
            has_arithmetic: true,
            depth: 0,
            left: READ_LEAST + READ_EACH * length,
        }
    }

    /// Tells whether so much more is read, and says where it is not.
    fn spend(&mut self, read: usize) -> bool {
        match self.left.checked_sub(read) {
            Some(left) => self.left = left,
            None => {
                self.left = 0;
                self.unclear(TOO_MUCH);
            }
        }
        self.left > 0
    }

    fn finish(mut self) -> Calls {
        if let Some(name) = self.reader.take().filter(|_| self.is_fed) {
            self.unclear(format!("what `{name}` reads is known only when it runs"));
        }
        if !self.is_fed {
            self.calls.piped.clear();
        }
        self.calls
    }

    fn unclear(&mut self, why: impl Into<String>) {
        self.note(Unclear { why: why.into(), elsewhere: None });
    }

    /// What is not known of another machine counts more.
    fn note(&mut self, unclear: Unclear) {
        let is_new = self.calls.unclear.as_ref().is_none_or(|earlier| earlier.elsewhere.is_none());
        if is_new && (unclear.elsewhere.is_some() || self.calls.unclear.is_none()) {
            self.calls.unclear = Some(unclear);
        }
    }

    /// What is known of variables does not hold any more.
    fn unsettle(&mut self, why: impl Into<String>) {
        self.calls.unsettled.get_or_insert_with(|| why.into());
    }

    fn value(&mut self, name: &str) -> Option<String> {
        // Each shell sets it.
        if name == "PWD" {
            return self.directory.known().map(|path| if path.is_empty() { "." } else { path }.to_owned());
        }
        if let Some(value) = self.calls.assigned.get(name) {
            return value.clone();
        }
        // `$1` and `${#NAME}` are of the shell.
        if is_name(name) {
            self.calls.inherited.insert(name.to_owned());
        }
        (self.lookup)(name)
    }

    fn assign(&mut self, name: &str, value: Option<String>) {
        // Shells that run a script read this file first.
        if name == "BASH_ENV" && value.as_deref() != Some("") {
            self.file(&value.clone().map_or_else(Argument::unknown, Argument::known));
        }
        if let Some(script) = value.as_deref().and_then(|value| script_in(name, value)) {
            self.script(&script);
        }
        // Which of several values it has depends on what ran before.
        let same = self.calls.assigned.get(name).is_none_or(|earlier| *earlier == value);
        let value = value.filter(|value| same && value.len() <= VALUE);
        self.calls.assigned.insert(name.to_owned(), value);
    }

    /// `NAME=value`, or what may be that.
    fn assign_word(&mut self, word: &Argument) {
        match word.text.split_once('=') {
            Some((name, value)) => self.assign(name, word.certain.then(|| value.to_owned())),
            None if !word.certain => self.unsettle(SET_UNKNOWN),
            None => {}
        }
    }

    /// A variable gets a value that is not known.
    fn forget(&mut self, name: &Argument) {
        if name.certain { self.assign(&name.text, None) } else { self.unsettle(SET_UNKNOWN) }
    }

    fn script(&mut self, text: &str) {
        if !self.spend(text.len() + READ_CALL) {
            return;
        }
        self.deeper(|walk| {
            if let Err(why) = Script::new(walk, text).read() {
                walk.unclear(why);
            }
        });
    }

    fn deeper(&mut self, read: impl FnOnce(&mut Self)) {
        if self.depth >= DEPTH {
            return self.unclear("it is nested too deeply");
        }
        if self.left == 0 {
            return;
        }
        self.depth += 1;
        read(self);
        self.depth -= 1;
    }

    fn script_of(&mut self, words: &[Argument]) {
        let text: Vec<&str> = words.iter().map(|word| word.text.as_str()).collect();
        if words.iter().any(|word| !word.certain) {
            self.unclear("a script in it is known only when it runs");
        }
        self.script(&text.join(" "));
    }

    /// A program with its arguments.
    fn command(&mut self, line: &Line, input: &Input) {
        let Some(program) = line.program().filter(|_| self.left > 0) else { return };
        let Some(file) = program.program() else {
            self.unclear("a program in it is known only when it runs");
            let words: Vec<&str> = line.arguments().iter().map(|word| word.text.as_str()).collect();
            self.calls.of_unknown.push(words.join(" "));
            self.directory.doubt();
            // What is not known may run what stands behind it, or be nothing.
            let next = line.arguments().first();
            if next.is_some_and(|next| next.certain && !next.text.starts_with('-')) {
                self.perhaps(&line.inner(0), input);
            }
            return;
        };
        if file.starts_with('-') {
            return self.unclear(format!("`{}` stands where a program should", program.text));
        }
        let words = line.words.clone();
        self.in_directory_of(&words[..line.at], |walk| walk.program(file, line, input));
    }

    fn program(&mut self, file: &str, line: &Line, input: &Input) {
        let Some(name) = self.call(line) else { return };
        self.beside(file, &name, line.arguments(), input);
        if shell::is_shell(&name) {
            self.shell(&name, line.arguments(), input);
        } else if container::runs_containers(&name) {
            self.container(&name, line, input);
        } else if let Some(wrapper) = Wrapper::of(&name) {
            self.wrapped(wrapper, line, input);
        } else {
            self.special(&name, line, input);
        }
    }

    /// Notes a call, and gives the name of the program; nothing where no more is read.
    fn call(&mut self, line: &Line) -> Option<CompactString> {
        let is_read = self.spend(READ_CALL + line.arguments().len());
        if !is_read || self.calls.called.len() == CALLS {
            self.unclear(TOO_MUCH);
            return None;
        }
        let name = line.program().map(|program| stem(&program.text)).unwrap_or_default();
        let directory = self.directory.known().map(str::to_owned);
        let elsewhere = self.elsewhere.clone();
        let call = Call { line: line.clone(), name: name.clone(), is_link: false, elsewhere, directory };
        self.calls.called.push(call);
        Some(name)
    }

    fn wrapped(&mut self, wrapper: &Wrapper, line: &Line, input: &Input) {
        let (name, arguments) = (wrapper.names[0], line.arguments());
        let scripts = inner::scripts(name, arguments);
        let elsewhere = wrapper::elsewhere(name, arguments);
        self.in_directory_of(arguments, |walk| {
            walk.among(elsewhere, |walk| scripts.iter().for_each(|script| walk.script_of(script)));
        });
        if !scripts.is_empty() && !matches!(name, "env" | "tmux") {
            return;
        }
        let Some(inner) = wrapper.inner(self, arguments) else { return };
        if name == "env" && arguments.get(inner.at).is_some_and(|program| program.open) {
            self.unsettle(SET_UNKNOWN);
        }
        let (options, rest) = arguments.split_at(inner.at);
        if name == "parallel" {
            let placeholder = wrapper::placeholder(name, options);
            return self.in_directory_of(options, |walk| {
                walk.parallel(rest, placeholder.as_deref().unwrap_or("{}"));
            });
        }
        if wrapper::is_remote(name) {
            return self.deeper(|walk| {
                walk.on_another_machine(|there| there.run(wrapper, line, inner, input));
            });
        }
        let elsewhere = wrapper::elsewhere(name, options);
        self.deeper(|walk| walk.among(elsewhere, |walk| walk.run(wrapper, line, inner, input)));
    }

    /// What a wrapper runs.
    fn run(&mut self, wrapper: &Wrapper, line: &Line, inner: Inner, input: &Input) {
        let name = wrapper.names[0];
        let (options, rest) = line.arguments().split_at(inner.at);
        if rest.is_empty() && wrapper.begins_shell(options) {
            return self.reads(name, input);
        }
        // These hand their words to a shell.
        if matches!(name, "ssh" | "mosh" | "watch" | "sg") || name == "tmux" && rest.len() == 1 {
            let before = std::mem::replace(&mut self.input, input.clone());
            self.script_of(rest);
            self.input = before;
            return;
        }
        let line = match wrapper::placeholder(name, options) {
            Some(placeholder) => Line::new(rest.iter().map(|word| word.replaced(&placeholder)).collect()),
            // Alone it runs `echo`.
            None if name == "xargs" && !rest.is_empty() => {
                Line::new(rest.iter().cloned().chain([Argument::unknown()]).collect())
            }
            None => line.inner(inner.at),
        };
        self.command(&line, input);
        let next = line.arguments().first();
        if inner.is_doubtful && next.is_some_and(|next| next.certain && !next.text.starts_with('-')) {
            self.perhaps(&line.inner(0), input);
        }
    }

    /// What may be a command, or the value of an option of which that is not known.
    fn perhaps(&mut self, line: &Line, input: &Input) {
        self.deeper(|walk| walk.command(line, input));
    }

    /// Reads what runs elsewhere, if it does.
    fn among(&mut self, elsewhere: Option<String>, read: impl FnOnce(&mut Self)) {
        let before = self.elsewhere.clone();
        self.elsewhere = self.elsewhere.take().or(elsewhere);
        read(self);
        self.elsewhere = before;
    }
}

#[cfg(test)]
mod tests;
