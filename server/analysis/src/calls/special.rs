//! Builtins and programs that run what their arguments are in a way of their own.
//!
//! Must not know wrappers, which run the program behind their options.

use super::wrapper::Inner;
use super::{
    Argument, CallWords, Input, READ_CALL, SET_UNKNOWN, Walk, directory, inner, printer, runner, wrapper,
};

impl Walk<'_> {
    /// What `parallel` runs, with each of the values or, without a command, each of these as one.
    pub(super) fn parallel(&mut self, words: &[Argument], placeholder: &str) {
        let end = words.iter().position(|word| word.text.starts_with(":::")).unwrap_or(words.len());
        match words.split_at(end) {
            ([], []) => self.unclear("what `parallel` runs is known only when it runs"),
            ([], values) => values.iter().for_each(|value| self.script_of_shell(std::slice::from_ref(value))),
            (command, _) => {
                // A shell reads the words, with values in them that are not known.
                let in_shell = |word: &Argument| {
                    let text = word.text.replace(placeholder, "$*");
                    Argument { text: text.into(), ..word.clone() }
                };
                let mut script: Vec<Argument> = command.iter().map(in_shell).collect();
                script.extend((script == command).then(|| Argument::known("$*")));
                let before = self.parameters.take();
                self.script_of_shell(&script);
                self.parameters = before;
            }
        }
    }

    /// One of them.
    pub(super) fn special(&mut self, name: &str, line: &CallWords, input: &Input) {
        let arguments = line.arguments();
        match name {
            "eval" if printer::are_assignments(arguments) => {}
            "eval" => {
                if arguments.iter().any(|word| !word.certain) {
                    self.unsettle(SET_UNKNOWN);
                    self.printed_files();
                }
                self.script_of(arguments);
            }
            "trap" => self.trap(arguments),
            "alias" => self.alias(arguments),
            "hash" => self.hash(arguments),
            "export" | "declare" | "local" | "readonly" | "typeset" => self.declare(name, arguments),
            "read" | "getopts" | "mapfile" | "readarray" | "unset" => {
                arguments.iter().for_each(|word| self.forget(word));
                self.callback(arguments);
            }
            "printf" => match arguments {
                [option, name, ..] if option.text == "-v" => self.forget(name),
                _ => self.tell(arguments),
            },
            "echo" => self.tell(arguments),
            "setenv" => arguments.first().into_iter().for_each(|name| self.forget(name)),
            "complete" | "compgen" => self.callback(arguments),
            "at" | "batch" => self.later(name, arguments, input),
            "set" | "shift" => self.set(arguments),
            _ if directory::is_entering(name) => self.enter(arguments),
            "find" => self.find(arguments, &["-exec", "-execdir", "-ok", "-okdir"]),
            "fd" | "fdfind" => self.find(arguments, &["-x", "--exec", "-X", "--exec-batch"]),
            "kubectl" | "oc" => self.pod(name, line, input),
            "git" => self.git(line, input),
            _ => self.scripts_inside(name, line, input),
        }
    }

    /// What is written may be piped into another program.
    fn tell(&mut self, arguments: &[Argument]) {
        let words: Vec<&str> = arguments.iter().map(|word| word.text.as_str()).collect();
        self.calls.piped.push(words.join(" "));
    }

    /// `trap SCRIPT SIGNAL`; `-` and options set no script.
    fn trap(&mut self, arguments: &[Argument]) {
        self.directory.doubt_next();
        let own = arguments.strip_prefix(&[Argument::known("--")][..]).unwrap_or(arguments);
        self.script_of(own.get(..1).filter(|script| !script[0].text.starts_with('-')).unwrap_or_default());
    }

    /// `export NAME=value`; `declare -n` gives another variable a second name.
    fn declare(&mut self, name: &str, arguments: &[Argument]) {
        let is_reference = |word: &Argument| word.text.starts_with('-') && word.text.contains('n');
        let has_reference = arguments.iter().any(is_reference);
        // `export -n` and `declare +x` keep it from programs.
        let is_kept = |word: &Argument| word.text.starts_with('+') && word.text.contains('x');
        let is_kept = has_reference && name == "export" || arguments.iter().any(is_kept);
        for word in arguments {
            if is_kept && !word.text.starts_with(['-', '+']) {
                let own = word.text.split('=').next().unwrap_or_default();
                self.forget(&Argument { text: own.into(), ..word.clone() });
                continue;
            }
            self.assign_word(word);
            if let Some((own, named)) = word.text.split_once('=').filter(|_| has_reference) {
                // Its value is that of the other one.
                for name in [own, named] {
                    self.forget(&Argument { text: name.into(), ..word.clone() });
                }
            }
        }
    }

    /// `set NAME=value` of Windows, `set NAME value` of fish; elsewhere the words are parameters.
    fn set(&mut self, arguments: &[Argument]) {
        self.parameters = None;
        for word in arguments.iter().filter(|word| word.certain && !word.text.starts_with('-')) {
            let name = word.text.split('=').next().unwrap_or_default();
            self.assign(name, None);
        }
    }

    /// `alias NAME=SCRIPT`, which is used with arguments.
    fn alias(&mut self, arguments: &[Argument]) {
        self.directory.doubt_next();
        let before = self.parameters.take();
        for word in arguments {
            let script = word.text.split_once('=').map(|(_, script)| format!("{script} $*"));
            self.script_of(script.map(|text| Argument { text: text.into(), ..word.clone() }).as_slice());
        }
        self.parameters = before;
    }

    /// `hash -p PROGRAM NAME` gives it another name.
    fn hash(&mut self, arguments: &[Argument]) {
        let [option, program, ..] = arguments else { return };
        if option.text == "-p" {
            self.deeper(|walk| {
                walk.command(&CallWords::new(vec![program.clone(), Argument::unknown()]), &Input::Unknown)
            });
        }
    }

    /// What `mapfile -C` calls, `complete -C` and the like.
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

    fn find(&mut self, arguments: &[Argument], options: &[&str]) {
        let runs = |word: &Argument| options.contains(&word.text.as_str());
        for (at, _) in arguments.iter().enumerate().filter(|(_, word)| runs(word)) {
            let rest = &arguments[at + 1..];
            let end = rest.iter().position(|word| matches!(word.text.as_str(), ";" | "+"));
            let words = &rest[..end.unwrap_or(rest.len())];
            // What stands behind one `-exec` stands behind the earlier ones, too.
            if !self.spend(words.iter().map(|word| READ_CALL + word.text.len()).sum()) {
                return;
            }
            let of_path = |word: &Argument| {
                let forms = ["{}", "{.}", "{/}", "{//}", "{/.}"];
                forms.iter().fold(word.clone(), |word, form| word.replaced(form))
            };
            // Without a place for it `fd` appends the path.
            let path = (options[0] == "-x").then(Argument::unknown);
            let line = CallWords::new(words.iter().map(of_path).chain(path).collect());
            self.in_own_directory(|walk| {
                if arguments[at].text.ends_with("dir") {
                    walk.directory.doubt();
                }
                walk.deeper(|walk| walk.command(&line, &Input::Inherited));
            });
        }
    }

    pub(super) fn scripts_inside(&mut self, name: &str, line: &CallWords, input: &Input) {
        let arguments = line.arguments();
        let scripts = [inner::scripts(name, arguments), runner::scripts(name, arguments)].concat();
        if wrapper::is_remote(name) {
            let Some(_) = wrapper::behind(arguments, &["ssh", "winrm"], &["compute", "beta", "alpha"]) else {
                return;
            };
            // Behind `--` stand arguments of `ssh`.
            let ends = arguments.iter().position(|word| word.text == "--").unwrap_or(arguments.len());
            let more = arguments[ends..].iter().skip_while(|word| word.text.starts_with('-'));
            let more: Vec<Argument> = more.cloned().collect();
            return self.on_another_machine(|there| {
                scripts.iter().for_each(|script| there.script_of_shell(script));
                match more.as_slice() {
                    [] if scripts.is_empty() => there.reads(name, input),
                    more => there.script_of_shell(more),
                }
            });
        }
        let elsewhere = wrapper::elsewhere(name, arguments).or_else(|| runner::elsewhere(name, arguments));
        self.among(elsewhere, |walk| {
            scripts.iter().for_each(|script| walk.script_of_shell(script));
            for word in inner::programs_of_options(name, arguments) {
                if runner::is_script(&word) {
                    walk.script_of_shell(&[word]);
                } else {
                    let line = CallWords::new(vec![word, Argument::unknown()]);
                    walk.deeper(|walk| walk.command(&line, &Input::Unknown));
                }
            }
            for Inner { at, is_doubtful } in runner::programs(name, arguments) {
                let word = &arguments[at];
                if runner::is_script(word) {
                    walk.script_of_shell(std::slice::from_ref(word));
                } else if is_doubtful {
                    walk.perhaps(&line.inner(at), input);
                } else {
                    walk.deeper(|walk| walk.command(&line.inner(at), input));
                }
            }
        });
    }
}
