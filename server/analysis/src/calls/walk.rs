//! What is known while a command is read, and how far it is read.
//!
//! Must not know programs: which others they run, the modules beside it tell.

use std::collections::BTreeSet;

use compact_str::CompactString;

use super::directory::Directory;
use super::script::Script;
use super::wrapper::{self, Inner, Wrapper};
use super::{
    Argument, CALLS, Call, CallWords, Calls, DEPTH, Input, READ_CALL, READ_EACH, READ_LEAST, SET_UNKNOWN,
    TOO_DEEP, TOO_MUCH, Unclear, Walk, container, inner, shell, stem,
};

impl<'a> Walk<'a> {
    /// That of a command or script of some bytes.
    pub(super) fn new(lookup: &'a dyn Fn(&str) -> Option<String>, length: usize) -> Walk<'a> {
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
            plain: BTreeSet::new(),
            has_arithmetic: false,
            depth: 0,
            left: READ_LEAST + READ_EACH * length,
        }
    }

    /// Tells whether so much more is read, and says where it is not.
    pub(super) fn spend(&mut self, read: usize) -> bool {
        match self.left.checked_sub(read) {
            Some(left) => self.left = left,
            None => {
                self.left = 0;
                self.unclear(TOO_MUCH);
            }
        }
        self.left > 0
    }

    pub(super) fn finish(mut self) -> Calls {
        if let Some(name) = self.reader.take().filter(|_| self.is_fed) {
            self.unclear(format!("what `{name}` reads is known only when it runs"));
        }
        if !self.is_fed {
            self.calls.piped.clear();
        }
        self.calls
    }

    pub(super) fn unclear(&mut self, why: impl Into<String>) {
        let elsewhere = self.elsewhere.clone();
        self.note(Unclear { why: why.into(), elsewhere });
    }

    /// What is not known of another machine counts more.
    pub(super) fn note(&mut self, unclear: Unclear) {
        let is_new = self.calls.unclear.as_ref().is_none_or(|earlier| earlier.elsewhere.is_none());
        if is_new && (unclear.elsewhere.is_some() || self.calls.unclear.is_none()) {
            self.calls.unclear = Some(unclear);
        }
    }

    pub(super) fn script(&mut self, text: &str) {
        if !self.spend(text.len() + READ_CALL) {
            return;
        }
        self.deeper(|walk| {
            if let Err(why) = Script::new(walk, text).read() {
                walk.unclear(why);
            }
        });
    }

    pub(super) fn deeper(&mut self, read: impl FnOnce(&mut Self)) {
        if self.depth >= DEPTH {
            return self.unclear(TOO_DEEP);
        }
        if self.left == 0 {
            return;
        }
        self.depth += 1;
        read(self);
        self.depth -= 1;
    }

    pub(super) fn script_of(&mut self, words: &[Argument]) {
        let text: Vec<&str> = words.iter().map(|word| word.text.as_str()).collect();
        if words.iter().any(|word| !word.certain) {
            self.unclear("a script in it is known only when it runs");
        }
        self.script(&text.join(" "));
    }

    /// A script that another program has a shell run of which nothing more is known.
    pub(super) fn script_of_shell(&mut self, words: &[Argument]) {
        let before = std::mem::replace(&mut self.has_arithmetic, false);
        self.script_of(words);
        self.has_arithmetic = before;
    }

    /// A program with its arguments.
    pub(super) fn command(&mut self, line: &CallWords, input: &Input) {
        let Some(program) = line.program().filter(|_| self.left > 0) else { return };
        let Some(file) = program.program() else {
            self.unclear("a program in it is known only when it runs");
            self.near(program);
            self.of_unknown(line);
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

    fn of_unknown(&mut self, line: &CallWords) {
        if self.spend(READ_CALL + line.arguments().len()) {
            let call = self.call_of(line, CompactString::default());
            self.calls.of_unknown.push(call);
        }
    }

    fn program(&mut self, file: &str, line: &CallWords, input: &Input) {
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
    pub(super) fn call(&mut self, line: &CallWords) -> Option<CompactString> {
        let is_read = self.spend(READ_CALL + line.arguments().len());
        if !is_read || self.calls.called.len() == CALLS {
            self.unclear(TOO_MUCH);
            return None;
        }
        let name = line.program().map(|program| stem(&program.text)).unwrap_or_default();
        let call = self.call_of(line, name.clone());
        self.calls.called.push(call);
        Some(name)
    }

    fn call_of(&self, line: &CallWords, name: CompactString) -> Call {
        let directory = self.directory.known().map(str::to_owned);
        Call { line: line.clone(), name, is_link: false, elsewhere: self.elsewhere.clone(), directory }
    }

    pub(super) fn wrapped(&mut self, wrapper: &Wrapper, line: &CallWords, input: &Input) {
        let (name, arguments) = (wrapper.names[0], line.arguments());
        let scripts = inner::scripts(name, arguments);
        let elsewhere = wrapper::elsewhere(name, arguments);
        self.in_directory_of(arguments, |walk| {
            walk.among(elsewhere, |walk| scripts.iter().for_each(|script| walk.script_of_shell(script)));
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
    pub(super) fn run(&mut self, wrapper: &Wrapper, line: &CallWords, inner: Inner, input: &Input) {
        let name = wrapper.names[0];
        let (options, rest) = line.arguments().split_at(inner.at);
        if rest.is_empty() && wrapper.begins_shell(options) {
            return self.reads(name, input);
        }
        // These hand their words to a shell.
        if matches!(name, "ssh" | "mosh" | "watch" | "sg") || name == "tmux" && rest.len() == 1 {
            let before = std::mem::replace(&mut self.input, input.clone());
            self.script_of_shell(rest);
            self.input = before;
            return;
        }
        let line = match wrapper::placeholder(name, options) {
            Some(placeholder) => {
                CallWords::new(rest.iter().map(|word| word.replaced(&placeholder)).collect())
            }
            // Alone it runs `echo`.
            None if name == "xargs" && !rest.is_empty() => {
                CallWords::new(rest.iter().cloned().chain([Argument::unknown()]).collect())
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
    pub(super) fn perhaps(&mut self, line: &CallWords, input: &Input) {
        self.deeper(|walk| walk.command(line, input));
    }

    /// Reads what runs elsewhere, if it does.
    pub(super) fn among(&mut self, elsewhere: Option<String>, read: impl FnOnce(&mut Self)) {
        let before = self.elsewhere.clone();
        self.elsewhere = self.elsewhere.take().or(elsewhere);
        read(self);
        self.elsewhere = before;
    }
}
