//! Which programs a command calls, as far as its own words tell: through wrappers such as `sudo`, and in what shells are
//! given to run.
//!
//! Must not look at files, and must not guess: what the words do not tell is said to be unclear.

mod beside;
mod container;
mod inner;
mod runner;
mod script;
mod shell;
mod wrapper;

use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

use compact_str::CompactString;

pub use beside::{Beside, mentions, of_recipes};
use script::Script;
use wrapper::{Inner, Wrapper};

/// How deep commands may be nested; nobody writes more, and each level takes room on the stack.
const DEPTH: usize = 48;

/// How many words are read as commands that may be values of options: each may have more of them in it.
const DOUBTS: usize = 64;

/// How long values may grow that scripts put together.
const VALUE: usize = 4096;

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

/// A program that is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    line: Line,
    name: CompactString,
    /// Why its files, its variables or the machine are others than those of the command, without a full stop.
    pub elsewhere: Option<String>,
}

impl Calls {
    /// What the argument vector of a task calls; `lookup` gives the values of variables.
    pub fn of(
        argv: impl Iterator<Item = impl Into<CompactString>>,
        lookup: &dyn Fn(&str) -> Option<String>,
    ) -> Calls {
        let mut walk = Walk::new(lookup);
        walk.command(&Line { words: argv.map(Argument::known).collect(), at: 0 }, &Input::Inherited);
        walk.finish()
    }

    /// What a script of a shell calls.
    pub fn of_script(text: &str, lookup: &dyn Fn(&str) -> Option<String>) -> Calls {
        let mut walk = Walk::new(lookup);
        walk.script(text);
        walk.finish()
    }
}

impl Call {
    /// The program as it is written.
    pub fn program(&self) -> &str {
        self.line.program().map_or("", |word| &word.text)
    }

    /// The program without directory, extension and version, in lower case: `kubectl` of `/opt/kubectl-1.32.exe`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether it is known which of its arguments it runs; where it is not, it may run any.
    pub fn is_understood(&self) -> bool {
        let name = self.name.as_str();
        shell::is_shell(name)
            || container::runs_containers(name)
            || Wrapper::of(name).is_some()
            || runner::is_runner(name)
            || wrapper::is_remote(name)
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

    /// The last value of an option, `--name value` or `--name=value`; nothing inside where that is unknown.
    pub fn last_option(&self, name: &str) -> Option<Option<&str>> {
        last_option(self.line.arguments(), name)
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
fn last_option<'w>(arguments: &'w [Argument], name: &str) -> Option<Option<&'w str>> {
    let is_word = name.starts_with("--");
    let own = arguments.iter().take_while(|argument| argument.text != "--");
    let values = own.enumerate().filter_map(|(at, argument)| match argument.text.strip_prefix(name)? {
        "" => Some(arguments.get(at + 1).and_then(Argument::value)),
        rest if rest.starts_with('=') => Some(argument.value().map(|_| &rest[1..])),
        rest => (!is_word).then(|| argument.value().map(|_| rest)),
    });
    values.last()
}

/// The name by which a program is known, wherever and in whichever version it is.
pub fn stem(program: &str) -> CompactString {
    let file = program.rsplit(['/', '\\', '#']).next().unwrap_or(program);
    let mut name = CompactString::from(file);
    name.make_ascii_lowercase();
    if let Some(end) = [".exe", ".cmd", ".bat", ".com", ".ps1"].iter().find(|end| name.ends_with(**end)) {
        name.truncate(name.len() - end.len());
    }
    // A snap's program, an image's tag or digest; a package of Nix stands behind `#`.
    if let Some(tool) = name.strip_prefix("microk8s.") {
        name = tool.into();
    }
    name.truncate(name.find([':', '@']).unwrap_or(name.len()));
    let at = name.find(|c: char| !c.is_ascii_alphabetic()).filter(|at| *at > 0 && is_version(&name[*at..]));
    name.truncate(at.unwrap_or(name.len()));
    name
}

/// Whether a name ends with a version: `3`, `3.11`, `-v1.32-linux`, but not with the `9s` of `k9s`.
fn is_version(end: &str) -> bool {
    let behind = end.trim_start_matches(['-', '_', '.']);
    let number = behind.strip_prefix('v').unwrap_or(behind);
    let begins = number.starts_with(|c: char| c.is_ascii_digit());
    begins && (behind.len() < end.len() || number.chars().all(|c| c.is_ascii_digit() || c == '.'))
}

/// A word after everything in it was replaced that is known.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Argument {
    text: CompactString,
    /// Whether it is just that.
    certain: bool,
    /// Whether it may be an option, or nothing at all.
    open: bool,
}

impl Argument {
    fn known(text: impl Into<CompactString>) -> Argument {
        Argument { text: text.into(), certain: true, open: false }
    }

    fn unknown() -> Argument {
        Argument { text: CompactString::default(), certain: false, open: true }
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
        Argument { text: self.text.replace(placeholder, "").into(), certain: false, open }
    }
}

/// A program with its arguments, among the words of the command in which it stands: the programs that a wrapper runs
/// share them.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Line {
    words: Rc<[Argument]>,
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
    parameters: Option<Vec<Argument>>,
    /// Where `cd` has led.
    directory: String,
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
    depth: usize,
    /// How many commands were read that may be none.
    doubts: usize,
}

impl<'a> Walk<'a> {
    fn new(lookup: &'a dyn Fn(&str) -> Option<String>) -> Walk<'a> {
        Walk {
            calls: Calls::default(),
            lookup,
            parameters: None,
            directory: String::new(),
            elsewhere: None,
            input: Input::Inherited,
            reader: None,
            is_fed: false,
            functions: BTreeSet::new(),
            depth: 0,
            doubts: 0,
        }
    }

    fn finish(mut self) -> Calls {
        if let Some(name) = self.reader.take().filter(|_| self.is_fed) {
            self.unclear(format!("what `{name}` reads is known only when it runs"));
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

    fn value(&mut self, name: &str) -> Option<String> {
        if let Some(value) = self.calls.assigned.get(name) {
            return value.clone();
        }
        self.calls.inherited.insert(name.to_owned());
        (self.lookup)(name)
    }

    fn assign(&mut self, name: &str, value: Option<String>) {
        // Shells that run a script read this file first.
        if name == "BASH_ENV" && value.as_deref() != Some("") {
            self.file(&value.clone().map_or_else(Argument::unknown, Argument::known));
        }
        // Which of several values it has depends on what ran before.
        let same = self.calls.assigned.get(name).is_none_or(|earlier| *earlier == value);
        let value = value.filter(|value| same && value.len() <= VALUE);
        self.calls.assigned.insert(name.to_owned(), value);
    }

    fn assign_word(&mut self, word: &Argument) {
        if let Some((name, value)) = word.text.split_once('=') {
            self.assign(name, word.certain.then(|| value.to_owned()));
        }
    }

    fn script(&mut self, text: &str) {
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
        let Some(program) = line.program() else { return };
        if !program.certain {
            return self.unclear("a program in it is known only when it runs");
        }
        if program.text.starts_with('-') {
            return self.unclear(format!("`{}` stands where a program should", program.text));
        }
        let name = self.call(line);
        self.beside(&program.text, &name, line.arguments(), input);
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

    /// Notes a call, and gives the name of the program.
    fn call(&mut self, line: &Line) -> CompactString {
        let name = line.program().map(|program| stem(&program.text)).unwrap_or_default();
        let call = Call { line: line.clone(), name: name.clone(), elsewhere: self.elsewhere.clone() };
        self.calls.called.push(call);
        name
    }

    fn wrapped(&mut self, wrapper: &Wrapper, line: &Line, input: &Input) {
        let (name, arguments) = (wrapper.names[0], line.arguments());
        let scripts = inner::scripts(name, arguments);
        let elsewhere = wrapper::elsewhere(name, arguments);
        self.among(elsewhere, |walk| scripts.iter().for_each(|script| walk.script_of(script)));
        if !scripts.is_empty() && name != "env" {
            return;
        }
        let Some(inner) = wrapper.inner(self, arguments) else { return };
        let (options, rest) = arguments.split_at(inner.at);
        if name == "parallel" {
            return self.parallel(rest, wrapper::placeholder(name, options).as_deref().unwrap_or("{}"));
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
        if self.doubts == DOUBTS {
            return self.unclear("it has too many options that are not known");
        }
        self.doubts += 1;
        self.deeper(|walk| walk.command(line, input));
    }

    /// Reads what runs elsewhere, if it does.
    fn among(&mut self, elsewhere: Option<String>, read: impl FnOnce(&mut Self)) {
        let before = self.elsewhere.clone();
        self.elsewhere = self.elsewhere.take().or(elsewhere);
        read(self);
        self.elsewhere = before;
    }

    /// What `parallel` runs, with each of the values or, without a command, each of these as one.
    fn parallel(&mut self, words: &[Argument], placeholder: &str) {
        let end = words.iter().position(|word| word.text.starts_with(":::")).unwrap_or(words.len());
        match words.split_at(end) {
            ([], []) => self.unclear("what `parallel` runs is known only when it runs"),
            ([], values) => values.iter().for_each(|value| self.script_of(std::slice::from_ref(value))),
            (command, _) => {
                // A shell reads the words, with values in them that are not known.
                let in_shell = |word: &Argument| {
                    let text = word.text.replace(placeholder, "$*");
                    Argument { text: text.into(), ..word.clone() }
                };
                let mut script: Vec<Argument> = command.iter().map(in_shell).collect();
                script.extend((script == command).then(|| Argument::known("$*")));
                let before = self.parameters.take();
                self.script_of(&script);
                self.parameters = before;
            }
        }
    }

    /// Builtins and programs that run what their arguments are in a way of their own.
    fn special(&mut self, name: &str, line: &Line, input: &Input) {
        let arguments = line.arguments();
        match name {
            "eval" => self.script_of(arguments),
            "trap" => self.trap(arguments),
            "alias" => arguments.iter().for_each(|word| {
                let value = word.text.split_once('=').map_or("", |(_, value)| value);
                self.script_of(&[Argument { text: value.into(), ..word.clone() }]);
            }),
            "export" | "declare" | "local" | "readonly" | "typeset" => {
                arguments.iter().for_each(|word| self.assign_word(word));
            }
            "read" | "getopts" | "mapfile" | "readarray" | "unset" => {
                arguments.iter().for_each(|word| self.assign(&word.text, None));
                self.callback(arguments);
            }
            "at" | "batch" => self.later(name, arguments, input),
            "set" | "shift" => self.parameters = None,
            "cd" | "pushd" => self.enter(arguments),
            "find" => self.find(arguments),
            _ => self.scripts_inside(name, line, input),
        }
    }

    /// `trap SCRIPT SIGNAL`; `-` and options set no script.
    fn trap(&mut self, arguments: &[Argument]) {
        let own = arguments.strip_prefix(&[Argument::known("--")][..]).unwrap_or(arguments);
        self.script_of(own.get(..1).filter(|script| !script[0].text.starts_with('-')).unwrap_or_default());
    }

    /// What `mapfile -C` calls.
    fn callback(&mut self, arguments: &[Argument]) {
        let option = arguments.iter().position(|word| word.text == "-C");
        let script = option.and_then(|at| arguments.get(at + 1)).map(std::slice::from_ref);
        self.script_of(script.unwrap_or_default());
    }

    /// What `at` and `batch` run at another time: their input or a file.
    fn later(&mut self, name: &str, arguments: &[Argument], input: &Input) {
        let has = |options: &[&str]| arguments.iter().position(|word| options.contains(&word.text.as_str()));
        match has(&["-f"]).and_then(|at| arguments.get(at + 1)) {
            Some(file) => self.file(file),
            None if has(&["-l", "-r", "-d", "-c"]).is_some() => {}
            None => self.reads(name, input),
        }
    }

    fn enter(&mut self, arguments: &[Argument]) {
        let Some(to) = arguments.iter().find(|word| !word.text.starts_with('-')) else { return };
        self.directory = if to.text.starts_with('/') || self.directory.is_empty() {
            to.text.to_string()
        } else {
            format!("{}/{}", self.directory, to.text)
        };
    }

    fn find(&mut self, arguments: &[Argument]) {
        let runs = |word: &Argument| matches!(word.text.as_str(), "-exec" | "-execdir" | "-ok" | "-okdir");
        for (at, _) in arguments.iter().enumerate().filter(|(_, word)| runs(word)) {
            let rest = &arguments[at + 1..];
            let end = rest.iter().position(|word| matches!(word.text.as_str(), ";" | "+"));
            let words = &rest[..end.unwrap_or(rest.len())];
            let line = Line::new(words.iter().map(|word| word.replaced("{}")).collect());
            self.deeper(|walk| walk.command(&line, &Input::Inherited));
        }
    }

    fn scripts_inside(&mut self, name: &str, line: &Line, input: &Input) {
        let arguments = line.arguments();
        let scripts = inner::scripts(name, arguments);
        if wrapper::is_remote(name) {
            let Some(_) = wrapper::behind(arguments, &["ssh"], &["compute", "beta", "alpha"]) else { return };
            // Behind `--` stand arguments of `ssh`.
            let ends = arguments.iter().position(|word| word.text == "--").unwrap_or(arguments.len());
            let more = arguments[ends..].iter().skip_while(|word| word.text.starts_with('-'));
            let more: Vec<Argument> = more.cloned().collect();
            return self.on_another_machine(|there| {
                scripts.iter().for_each(|script| there.script_of(script));
                match more.as_slice() {
                    [] if scripts.is_empty() => there.reads(name, input),
                    more => there.script_of(more),
                }
            });
        }
        self.among(wrapper::elsewhere(name, arguments), |walk| {
            scripts.iter().for_each(|script| walk.script_of(script));
            for Inner { at, is_doubtful } in runner::programs(name, arguments) {
                let word = &arguments[at];
                if runner::is_script(word) {
                    walk.script_of(std::slice::from_ref(word));
                } else if is_doubtful {
                    walk.perhaps(&line.inner(at), input);
                } else {
                    walk.deeper(|walk| walk.command(&line.inner(at), input));
                }
            }
        });
    }
}

#[cfg(test)]
mod tests;
