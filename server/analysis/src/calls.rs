//! Which programs a command calls, as far as its own words tell: through wrappers such as `sudo`, and in what shells are
//! given to run.
//!
//! Must not look at files, and must not guess: what the words do not tell is said to be unclear.

mod beside;
mod script;
mod wrapper;

use std::collections::HashMap;

pub use beside::{Beside, mentions, of_recipes};
use script::Script;
use wrapper::Wrapper;

/// How deep commands may be nested; nobody writes more, and each level takes room on the stack.
const DEPTH: usize = 48;

/// How long values may grow that scripts put together.
const VALUE: usize = 4096;

/// What a command calls.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Calls {
    /// The programs, in the order of the command; wrappers and shells among them.
    pub called: Vec<Call>,
    /// What runs files or texts that tell more.
    pub beside: Vec<Beside>,
    /// The variables that are assigned, with their values where those are known.
    pub assigned: HashMap<String, Option<String>>,
    /// Why more may be called than is known, in lower case without a full stop.
    pub unclear: Option<String>,
}

/// A program that is called.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Call {
    /// The program as it is written.
    pub program: String,
    /// Its arguments; what is not known of one is left out.
    pub arguments: Vec<String>,
    /// The places of arguments that are not wholly known.
    uncertain: Vec<usize>,
    /// The places of those that may be options.
    open: Vec<usize>,
    /// Why its files, its variables or the machine are others than those of the command, without a full stop.
    pub elsewhere: Option<String>,
}

impl Calls {
    /// What the argument vector of a task calls; `lookup` gives the values of variables.
    pub fn of(argv: &[String], lookup: &dyn Fn(&str) -> Option<String>) -> Calls {
        let words: Vec<Argument> = argv.iter().map(|text| Argument::known(text)).collect();
        let mut walk = Walk::new(lookup);
        walk.command(&words, &Input::Nothing, false);
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
    /// The program without directory, extension and version, in lower case: `kubectl` of `/opt/kubectl-1.32.exe`.
    pub fn name(&self) -> String {
        stem(&self.program)
    }

    /// The arguments before the first one of which something is not known.
    pub fn known(&self) -> &[String] {
        &self.arguments[..self.uncertain.first().copied().unwrap_or(self.arguments.len())]
    }

    /// The first value of an option, `--name value` or `--name=value`.
    pub fn option(&self, name: &str) -> Option<&str> {
        let at = self.option_places(name).next()?;
        self.arguments.get(at.argument).map(|argument| &argument[at.begin..])
    }

    /// The last value of an option; nothing inside where it is not known.
    pub fn last_option(&self, name: &str) -> Option<Option<&str>> {
        let at = self.option_places(name).last()?;
        let argument = self.arguments.get(at.argument).filter(|_| !self.uncertain.contains(&at.argument));
        Some(argument.map(|argument| &argument[at.begin..]))
    }

    fn option_places(&self, name: &str) -> impl Iterator<Item = OptionPlace> {
        let own = self.arguments.iter().take_while(|argument| *argument != "--");
        let is_word = name.starts_with("--");
        own.enumerate().filter_map(move |(argument, text)| match text.strip_prefix(name)? {
            "" => Some(OptionPlace { argument: argument + 1, begin: 0 }),
            rest if rest.starts_with('=') => Some(OptionPlace { argument, begin: name.len() + 1 }),
            _ => (!is_word).then_some(OptionPlace { argument, begin: name.len() }),
        })
    }

    /// Whether options may be among the arguments that are not known; these options have a value behind them.
    pub fn hides_options(&self, with_value: &[&str]) -> bool {
        let end = self.arguments.iter().position(|argument| argument == "--");
        let is_value = |at: usize| at > 0 && with_value.contains(&self.arguments[at - 1].as_str());
        self.open.iter().any(|at| end.is_none_or(|end| *at < end) && !is_value(*at))
    }
}

/// Where the value of an option is.
struct OptionPlace {
    argument: usize,
    begin: usize,
}

/// The name by which a program is known, wherever and in whichever version it is.
fn stem(program: &str) -> String {
    let name = program.rsplit(['/', '\\']).next().unwrap_or(program).to_lowercase();
    let plain = [".exe", ".cmd", ".bat", ".com", ".ps1"].iter().find_map(|end| name.strip_suffix(end));
    let plain = plain.unwrap_or(&name);
    // A snap's program, and an image's tag or digest.
    let plain = plain.strip_prefix("microk8s.").unwrap_or(plain);
    let plain = plain.split([':', '@']).next().unwrap_or(plain);
    let at = plain.find(|c: char| !c.is_ascii_alphabetic()).filter(|at| is_version(&plain[*at..]));
    match at {
        Some(at) if at > 0 => plain[..at].to_owned(),
        _ => plain.to_owned(),
    }
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
    text: String,
    /// Whether it is just that.
    certain: bool,
    /// Whether it may be an option, or nothing at all.
    open: bool,
}

impl Argument {
    fn known(text: &str) -> Argument {
        Argument { text: text.to_owned(), certain: true, open: false }
    }

    fn unknown() -> Argument {
        Argument { text: String::new(), certain: false, open: true }
    }

    /// As it is where this text in it stands for something else.
    fn replaced(&self, placeholder: &str) -> Argument {
        if !self.text.contains(placeholder) {
            return self.clone();
        }
        let open = self.open || self.text.starts_with(placeholder) || self.text.starts_with('-');
        Argument { text: self.text.replace(placeholder, ""), certain: false, open }
    }
}

/// What a command reads.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Input {
    /// Nothing, or what the whole command does.
    Nothing,
    Text(String),
    Unknown,
}

/// What is known while a command is read.
struct Walk<'a> {
    calls: Calls,
    lookup: &'a dyn Fn(&str) -> Option<String>,
    /// What scripts assign; nothing where the value is not known or there are several.
    variables: HashMap<String, Option<String>>,
    /// `$0`, `$1` and so on, where they are known.
    parameters: Option<Vec<Argument>>,
    /// Where `cd` has led.
    directory: String,
    /// Why what is read runs elsewhere.
    elsewhere: Option<String>,
    depth: usize,
}

impl<'a> Walk<'a> {
    fn new(lookup: &'a dyn Fn(&str) -> Option<String>) -> Walk<'a> {
        Walk {
            calls: Calls::default(),
            lookup,
            variables: HashMap::new(),
            parameters: None,
            directory: String::new(),
            elsewhere: None,
            depth: 0,
        }
    }

    fn finish(self) -> Calls {
        Calls { assigned: self.variables, ..self.calls }
    }

    fn unclear(&mut self, why: impl Into<String>) {
        self.calls.unclear.get_or_insert_with(|| why.into());
    }

    fn value(&self, name: &str) -> Option<String> {
        match self.variables.get(name) {
            Some(value) => value.clone(),
            None => (self.lookup)(name),
        }
    }

    fn assign(&mut self, name: &str, value: Option<String>) {
        // Which of several values it has depends on what ran before.
        let same = self.variables.get(name).is_none_or(|earlier| *earlier == value);
        let value = value.filter(|value| same && value.len() <= VALUE);
        self.variables.insert(name.to_owned(), value);
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

    /// A program with its arguments; whether something appends more, as `xargs` does.
    fn command(&mut self, words: &[Argument], input: &Input, appends: bool) {
        let Some((program, arguments)) = words.split_first() else {
            if appends {
                self.unclear("what `xargs` runs is known only when it runs");
            }
            return;
        };
        if !program.certain {
            return self.unclear("a program in it is known only when it runs");
        }
        if program.text.starts_with('-') {
            return self.unclear(format!("`{}` stands where a program should", program.text));
        }
        let name = self.call(&program.text, arguments, appends);
        self.beside(&program.text, &name, arguments);
        if wrapper::is_shell(&name) {
            return self.shell(&name, words, input, appends);
        }
        if let Some(wrapper) = Wrapper::of(&name) {
            return self.wrapped(wrapper, words, input, appends);
        }
        self.special(&name, arguments);
    }

    /// Notes a call, and gives the name of the program.
    fn call(&mut self, program: &str, arguments: &[Argument], appends: bool) -> String {
        let mut arguments = arguments.to_vec();
        arguments.extend(appends.then(Argument::unknown));
        let places =
            |is: fn(&Argument) -> bool| (0..arguments.len()).filter(|at| is(&arguments[*at])).collect();
        let call = Call {
            program: program.to_owned(),
            uncertain: places(|argument| !argument.certain),
            open: places(|argument| argument.open),
            elsewhere: self.elsewhere.clone(),
            arguments: arguments.iter().map(|argument| argument.text.clone()).collect(),
        };
        let name = call.name();
        self.calls.called.push(call);
        name
    }

    fn wrapped(&mut self, wrapper: &Wrapper, words: &[Argument], input: &Input, appends: bool) {
        let Some(mut rest) = wrapper.rest(self, words) else { return };
        let options = words.get(1..words.len() - rest.len()).unwrap_or_default();
        let placeholder = wrapper::placeholder(wrapper.names[0], options);
        match wrapper.names[0] {
            "ssh" => return self.remote(&rest, input),
            "parallel" => return self.parallel(&rest, placeholder.as_deref().unwrap_or("{}")),
            "watch" => return self.script_of(&rest),
            _ => {}
        }
        // `xargs` alone runs `echo`.
        let mut appends = appends || wrapper.names[0] == "xargs" && !rest.is_empty();
        if let Some(placeholder) = placeholder {
            rest = rest.iter().map(|word| word.replaced(&placeholder)).collect();
            appends = false;
        }
        let elsewhere = wrapper::elsewhere(wrapper.names[0], options);
        self.deeper(|walk| walk.among(elsewhere, |walk| walk.command(&rest, input, appends)));
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
                    Argument { text, ..word.clone() }
                };
                let mut script: Vec<Argument> = command.iter().map(in_shell).collect();
                script.extend((script == command).then(|| Argument::known("$*")));
                let before = self.parameters.take();
                self.script_of(&script);
                self.parameters = before;
            }
        }
    }

    /// What `ssh` runs, whose words another shell reads.
    fn remote(&mut self, words: &[Argument], input: &Input) {
        let elsewhere = Some("it runs on another machine".to_owned());
        let mut there = Walk { elsewhere, depth: self.depth, ..Walk::new(&|_| None) };
        match input {
            _ if !words.is_empty() => there.script_of(words),
            Input::Nothing => {}
            Input::Text(text) => there.script(text),
            Input::Unknown => there.unclear("what `ssh` reads is known only when it runs"),
        }
        // Files and variables there are others.
        let Calls { called, unclear, .. } = there.calls;
        self.calls.called.extend(called);
        unclear.into_iter().for_each(|why| self.unclear(why));
    }

    fn shell(&mut self, name: &str, words: &[Argument], input: &Input, appends: bool) {
        let given = wrapper::ShellOptions::read(words);
        let rest = &words[given.end.min(words.len())..];
        match rest.split_first() {
            Some((script, parameters)) if given.is_script => self.shell_script(name, script, parameters),
            Some((file, _)) if !given.reads_input => self.file(file),
            _ if appends => self.unclear(format!("what `{name}` runs is known only when it runs")),
            _ => match input {
                Input::Nothing => {}
                Input::Text(text) => self.script(text),
                Input::Unknown => self.unclear(format!("what `{name}` reads is known only when it runs")),
            },
        }
    }

    fn shell_script(&mut self, name: &str, script: &Argument, parameters: &[Argument]) {
        if !script.certain {
            self.unclear(format!("the script of `{name}` is known only when it runs"));
        }
        let before = self.parameters.replace(parameters.to_vec());
        self.script(&script.text);
        self.parameters = before;
    }

    /// Builtins and programs that run what their arguments are in a way of their own.
    fn special(&mut self, name: &str, arguments: &[Argument]) {
        match name {
            "eval" => self.script_of(arguments),
            "trap" => self.script_of(arguments.get(..1).unwrap_or_default()),
            "alias" => arguments.iter().for_each(|word| {
                let value = word.text.split_once('=').map_or("", |(_, value)| value);
                self.script_of(&[Argument { text: value.to_owned(), ..word.clone() }]);
            }),
            "export" | "declare" | "local" | "readonly" | "typeset" => {
                arguments.iter().for_each(|word| self.assign_word(word));
            }
            "read" | "getopts" | "mapfile" | "readarray" | "unset" => {
                arguments.iter().for_each(|word| self.assign(&word.text, None));
            }
            "set" | "shift" => self.parameters = None,
            "cd" | "pushd" => self.enter(arguments),
            "find" => self.find(arguments),
            _ => self.scripts_inside(name, arguments),
        }
    }

    fn enter(&mut self, arguments: &[Argument]) {
        let Some(to) = arguments.iter().find(|word| !word.text.starts_with('-')) else { return };
        self.directory = if to.text.starts_with('/') || self.directory.is_empty() {
            to.text.clone()
        } else {
            format!("{}/{}", self.directory, to.text)
        };
    }

    fn find(&mut self, arguments: &[Argument]) {
        let runs = |word: &Argument| matches!(word.text.as_str(), "-exec" | "-execdir" | "-ok" | "-okdir");
        for (at, _) in arguments.iter().enumerate().filter(|(_, word)| runs(word)) {
            let rest = &arguments[at + 1..];
            let end = rest.iter().position(|word| matches!(word.text.as_str(), ";" | "+"));
            let words: Vec<_> =
                rest[..end.unwrap_or(rest.len())].iter().map(|word| word.replaced("{}")).collect();
            self.deeper(|walk| walk.command(&words, &Input::Nothing, false));
        }
    }

    fn scripts_inside(&mut self, name: &str, arguments: &[Argument]) {
        self.among(wrapper::elsewhere(name, arguments), |walk| {
            for script in wrapper::inner_scripts(name, arguments) {
                walk.script_of(&script);
            }
            for at in wrapper::inner_programs(name, arguments) {
                let word = &arguments[at];
                if word.text.contains(char::is_whitespace) {
                    walk.script_of(std::slice::from_ref(word))
                } else {
                    walk.call(&word.text, &arguments[at + 1..], false);
                }
            }
        });
    }
}

#[cfg(test)]
mod tests;
