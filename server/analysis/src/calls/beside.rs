//! What tells more of a command than its own words: scripts, recipes of a Makefile, scripts of a `package.json`.
//!
//! Must not read files: their texts come in.

use super::shell::is_input;
use super::wrapper::is_assignment;
use super::{Argument, Call, Input, Walk, last_option, printer, runner};
use crate::project_files::{MAKE_DIRECTORY, MAKEFILE, make_takes_next};

/// Programs that run code which is no shell's, in a file, an option or their input.
const INTERPRETERS: [&str; 67] = [
    "python",
    "pypy",
    "ipython",
    "node",
    "nodejs",
    "deno",
    "bun",
    "tsx",
    "ts-node",
    "esrun",
    "vite-node",
    "zx",
    "ruby",
    "jruby",
    "irb",
    "rails",
    "rake",
    "perl",
    "raku",
    "php",
    "artisan",
    "wp",
    "drush",
    "lua",
    "luajit",
    "julia",
    "rscript",
    "r",
    "elixir",
    "iex",
    "mix",
    "erl",
    "groovy",
    "osascript",
    "guile",
    "racket",
    "clojure",
    "clj",
    "bb",
    "scala",
    "amm",
    "kotlin",
    "kotlinc",
    "jbang",
    "jshell",
    "swift",
    "octave",
    "tclsh",
    "wish",
    "emacs",
    "emacsclient",
    "crystal",
    "nim",
    "sbcl",
    "ghc",
    "runghc",
    "ocaml",
    "dart",
    "mongosh",
    "gjs",
    "qjs",
    "hy",
    "janet",
    "coffee",
    "gnuplot",
    "sqlplus",
    "dotnet-script",
];

/// A runner of tasks, and the file in which they usually are.
struct TaskFile {
    runner: &'static str,
    file: &'static str,
}

const TASK_FILES: [TaskFile; 18] = [
    TaskFile { runner: "mise", file: "mise.toml" },
    TaskFile { runner: "mise", file: ".mise.toml" },
    TaskFile { runner: "rake", file: "Rakefile" },
    TaskFile { runner: "invoke", file: "tasks.py" },
    TaskFile { runner: "inv", file: "tasks.py" },
    TaskFile { runner: "fab", file: "fabfile.py" },
    TaskFile { runner: "nox", file: "noxfile.py" },
    TaskFile { runner: "tox", file: "tox.ini" },
    TaskFile { runner: "mage", file: "magefile.go" },
    TaskFile { runner: "gulp", file: "gulpfile.js" },
    TaskFile { runner: "grunt", file: "Gruntfile.js" },
    TaskFile { runner: "earthly", file: "Earthfile" },
    TaskFile { runner: "composer", file: "composer.json" },
    TaskFile { runner: "poe", file: "pyproject.toml" },
    TaskFile { runner: "honcho", file: "Procfile" },
    TaskFile { runner: "foreman", file: "Procfile" },
    TaskFile { runner: "gradle", file: "build.gradle" },
    TaskFile { runner: "gradlew", file: "build.gradle" },
];

/// What a command runs of what is beside it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Neighbour {
    /// The file or text.
    pub beside: Beside,
    /// Why its variables or the machine are others than those of the command, without a full stop.
    pub elsewhere: Option<String>,
}

/// A file or text that a command runs.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Beside {
    /// A file that may be a script, and the directory in which it runs, both as seen from that of the command.
    File {
        /// The path.
        path: String,
        /// The directory, empty for that of the command.
        directory: String,
    },
    /// These targets of a Makefile, a justfile or a Taskfile in a directory; the first one, or `default`, where none is
    /// named.
    Recipes {
        /// `make`, `just` or `task`.
        tool: String,
        /// The directory, empty for that of the command.
        directory: String,
        /// The file where the command names it.
        file: Option<String>,
        /// The targets, and `NAME=value` among them.
        targets: Vec<String>,
    },
    /// A script of the `package.json` in a directory.
    Npm {
        /// The directory, empty for that of the command.
        directory: String,
        /// The name of the script.
        script: String,
        /// Whether packages of the workspace that the directory is in may have it.
        in_workspace: bool,
    },
    /// A program in a language that is no shell's.
    Code(String),
    /// The end of the path of a file that may be a script, most likely beside the one that names it: the rest is known only
    /// when it runs.
    Near(String),
}

impl Walk<'_> {
    pub(super) fn stands_beside(&mut self, beside: Beside) {
        let elsewhere = self.elsewhere.clone();
        self.calls.beside.push(Neighbour { beside, elsewhere });
    }

    /// What runs files or texts that are not read here.
    pub(super) fn beside(&mut self, program: &str, name: &str, arguments: &[Argument], input: &Input) {
        match name {
            "make" | "gmake" | "just" | "task" | "go-task" => self.recipes(name, arguments, input),
            // Its other commands run no tasks.
            "mise" if !arguments.first().is_some_and(|word| matches!(word.text.as_str(), "run" | "r")) => {}
            _ if TASK_FILES.iter().any(|it| it.runner == name) => {
                self.task_files(name);
                self.code_of(name, arguments);
            }
            "ansible-playbook" => {
                let is_book = |word: &&Argument| [".yml", ".yaml"].iter().any(|end| word.text.ends_with(end));
                arguments.iter().filter(is_book).for_each(|book| self.file(book));
            }
            "npm" | "pnpm" | "yarn" | "bun" | "lerna" | "turbo" => {
                self.npm(name, arguments);
                self.code_of(name, arguments);
            }
            "npm-run-all" | "run-s" | "run-p" => {
                let names = arguments.iter().filter(|word| !word.text.starts_with('-'));
                names.for_each(|name| self.npm_script(&name.text));
            }
            "node" if last_option(arguments, "--run").is_some() => {
                last_option(arguments, "--run")
                    .flatten()
                    .into_iter()
                    .for_each(|script| self.npm_script(script));
            }
            "source" | "." if printer::are_assignments(arguments) => {}
            "source" | "." => {
                self.unsettle(format!("what `{name}` reads may choose it"));
                self.directory.doubt();
                match arguments.first() {
                    Some(file) if is_input(&file.text) => self.reads(name, input),
                    file => file.into_iter().for_each(|file| self.file(file)),
                }
            }
            _ if INTERPRETERS.contains(&name) => self.interpreted(name, arguments, input),
            "gdb" | "lldb" => {
                self.code_in(arguments, |code| code.starts_with(['!']) || code.starts_with("shell "))
            }
            "sqlite" => self.code_in(arguments, |code| code.contains(".shell ") || code.contains(".system ")),
            "psql" | "mysql" => self.code_in(arguments, |code| code.contains("\\!")),
            "awk" | "gawk" | "mawk" | "nawk" => self.code_in(arguments, |code| {
                ["system(", "| getline", "|getline", "| \"", "|\""].iter().any(|sign| code.contains(sign))
            }),
            "sed" | "gsed" => self.code_in(arguments, |code| {
                let command = code.trim_start_matches(|c: char| c.is_ascii_digit() || "$,! ".contains(c));
                command.starts_with("e ") || code.ends_with("/e")
            }),
            "powershell" | "pwsh" => {
                let is_script = |word: &&Argument| is_of_windows(&word.text);
                arguments.iter().find(is_script).into_iter().for_each(|file| self.file(&with_slashes(file)));
            }
            // Windows looks for them in the directory, too.
            _ if is_of_windows(program) => self.file(&with_slashes(&Argument::known(program))),
            _ if program.contains('/') => self.file(&Argument::known(program)),
            _ => {}
        }
    }

    /// A program in an argument, where it has something in it that runs others.
    fn code_in(&mut self, arguments: &[Argument], runs_others: fn(&str) -> bool) {
        let runs = arguments.iter().filter(|word| runs_others(&word.text));
        runs.for_each(|word| self.stands_beside(Beside::Code(word.text.to_string())));
    }

    fn read_code(&mut self, name: &str, input: &Input) {
        match input {
            Input::Text(text) => self.stands_beside(Beside::Code(text.clone())),
            Input::File(_) | Input::Unknown => {
                self.unclear(format!("what `{name}` reads is known only when it runs"));
            }
            Input::Inherited => {}
        }
    }

    /// What the last call reads may be the files that the one before it prints: `cat f | sh`, `eval "$(cat f)"`.
    pub(super) fn printed_files(&mut self) {
        let before = self.calls.called.iter().rev().nth(1).filter(|call| call.name() == "cat");
        let files = before.map(|call| call.line.arguments().to_vec()).unwrap_or_default();
        files.iter().filter(|file| file.certain && !file.text.starts_with('-')).for_each(|it| self.file(it));
    }

    pub(super) fn file(&mut self, file: &Argument) {
        if !file.certain {
            self.near(file);
            return self.unclear("which script it runs is known only when it runs");
        }
        let plain = |path: &str| path.trim_start_matches("./").to_owned();
        let is_made = |call: &Call| {
            makes(call).is_some_and(|made| {
                let made = plain(made);
                made == plain(&file.text)
                    || file.text.rsplit_once('/').is_some_and(|(folder, _)| {
                        plain(folder).trim_end_matches('/') == made.trim_end_matches(['/', '.'])
                    })
            })
        };
        let is_written = self.calls.written.iter().any(|written| plain(written) == plain(&file.text));
        if is_written || self.calls.called.iter().any(is_made) {
            self.is_fed = true;
            self.unclear(format!("it runs `{}`, which it writes", file.text));
        }
        let (path, directory) = (self.directory.join(&file.text), self.directory.path.clone());
        self.stands_beside(Beside::File { path, directory });
    }

    /// `"$(dirname "$0")/deploy.sh"`.
    pub(super) fn near(&mut self, file: &Argument) {
        let end = file.text.get(file.known_from..).and_then(|end| end.strip_prefix('/'));
        if let Some(path) = end.filter(|path| !path.is_empty()) {
            self.stands_beside(Beside::Near(path.to_owned()));
        }
    }

    fn recipes(&mut self, name: &str, arguments: &[Argument], input: &Input) {
        let tool = match name {
            "just" => "just",
            "task" | "go-task" => "task",
            _ => "make",
        };
        let value = |name: &str| last_option(arguments, name).flatten().map(str::to_owned);
        let option = |names: &[&str]| names.iter().find_map(|name| value(name));
        let (directory, file) = match tool {
            "just" => (option(&["-d", "--working-directory"]), option(&["-f", "--justfile"])),
            "task" => (option(&["-d", "--dir"]), option(&["-t", "--taskfile"])),
            _ => (option(&MAKE_DIRECTORY), option(&MAKEFILE)),
        };
        let file = match (file, input) {
            (Some(file), Input::File(read)) if is_input(&file) && directory.is_none() => {
                Some(read.to_string())
            }
            (file, _) => file,
        };
        if file.as_deref().is_some_and(is_input) {
            return self.read_code(name, input);
        }
        for eval in ["--eval", "-E"].iter().filter_map(|name| value(name)) {
            self.stands_beside(Beside::Code(eval));
        }
        let mut targets = Vec::new();
        for word in if tool == "make" { self.flags_of_make() } else { Vec::new() } {
            self.assign_word(&word);
            targets.push(word.text.to_string());
        }
        let mut skip = false;
        for (at, word) in arguments.iter().enumerate() {
            match word.text.as_str() {
                _ if skip => skip = false,
                _ if at > 1 && tool == "just" && arguments[at - 2].text == "--set" => {}
                "--set" if tool == "just" => {
                    let given = |behind: usize| arguments.get(at + behind).and_then(Argument::value);
                    targets.extend(given(1).zip(given(2)).map(|(name, value)| format!("{name}={value}")));
                    skip = true;
                }
                "-f" | "--justfile" | "-d" | "--working-directory" if tool == "just" => skip = true,
                "-d" | "--dir" | "-t" | "--taskfile" | "--output" if tool == "task" => skip = true,
                "--" if tool == "task" => break,
                word if tool == "make" && make_takes_next(word) => skip = true,
                // It is in the environment of recipes, too.
                text if is_assignment(text) => {
                    self.assign_word(word);
                    targets.extend((word.certain && tool != "task").then(|| text.to_owned()));
                }
                // `-j 4` has its number behind it, `-j` alone has none.
                word if word.starts_with('-') || word.contains('=') || word.parse::<u32>().is_ok() => {}
                // Of a module of a justfile.
                word if tool == "just" => targets.push(word.rsplit("::").next().unwrap_or(word).to_owned()),
                word => targets.push(word.to_owned()),
            }
        }
        let directory = self.directory.join(directory.as_deref().unwrap_or_default());
        self.stands_beside(Beside::Recipes { tool: tool.into(), directory, file, targets });
    }

    /// The file with a program, beside the command, that a runner of tasks reads.
    fn task_files(&mut self, runner: &str) {
        let files = TASK_FILES.iter().filter(|it| it.runner == runner);
        files.for_each(|it| self.file(&Argument::known(it.file)));
    }

    /// `python deploy.py`, `python -c '…'`, `perl -ne '…'`.
    fn interpreted(&mut self, name: &str, arguments: &[Argument], input: &Input) {
        if self.code_of(name, arguments) {
            return;
        }
        let mut plain = arguments.iter().filter(|word| !word.text.starts_with('-') && word.certain);
        let module = last_option(arguments, "-m").flatten().filter(|_| matches!(name, "python" | "pypy"));
        if let Some(module) = module {
            let path = module.replace('.', "/");
            return [format!("{path}.py"), format!("{path}/__main__.py")]
                .into_iter()
                .for_each(|file| self.file(&Argument::known(file)));
        }
        match plain.find(|word| !(name == "deno" && word.text == "run")) {
            Some(file) => {
                self.file(file);
                if matches!(name, "node" | "nodejs") && !file.text.contains(".js") {
                    for end in [".js", "/index.js"] {
                        self.file(&Argument::known(format!("{}{end}", file.text)));
                    }
                }
            }
            None => match input {
                Input::Text(text) => self.stands_beside(Beside::Code(text.clone())),
                Input::File(file) => self.file(&Argument::known(file.clone())),
                Input::Inherited | Input::Unknown => {}
            },
        }
    }

    /// Notes the code among the arguments of an interpreter, and tells whether there is some.
    fn code_of(&mut self, name: &str, arguments: &[Argument]) -> bool {
        if !INTERPRETERS.contains(&name) {
            return false;
        }
        let before = self.calls.beside.len();
        let plain = arguments.iter().position(|word| !word.text.starts_with('-')).unwrap_or(arguments.len());
        for (at, word) in arguments.iter().enumerate() {
            let is_behind = at > 0 && has_code_behind(&arguments[at - 1].text);
            // It may stand in the word of its option, `-e'…'` or `--eval=…`, or where a file would.
            let is_script = runner::is_script(word) && (at == plain || word.text.starts_with('-'));
            if is_behind || is_script {
                self.stands_beside(Beside::Code(word.text.to_string()));
            }
        }
        self.calls.beside.len() > before
    }
}

/// The file that a program makes, or the directory in which it makes one.
fn makes(call: &Call) -> Option<&str> {
    let is_maker = matches!(call.name(), "ln" | "cp" | "mv" | "install" | "tee");
    call.arguments().filter(|word| !word.starts_with('-')).last().filter(|_| is_maker)
}

/// Whether a file is a script of a shell of Windows, by its name.
fn is_of_windows(file: &str) -> bool {
    [".ps1", ".bat", ".cmd"].iter().any(|end| file.to_ascii_lowercase().ends_with(end))
}

fn with_slashes(file: &Argument) -> Argument {
    Argument { text: file.text.replace('\\', "/").into(), ..file.clone() }
}

/// Whether the argument behind this one is code: `-c`, `-ne`, `--eval`, `eval`.
fn has_code_behind(word: &str) -> bool {
    const WORDS: [&str; 12] = [
        "--eval",
        "-eval",
        "--print",
        "--execute",
        "--evaluate",
        "--code",
        "--command",
        "eval",
        "php:eval",
        "runner",
        "r",
        "timeit",
    ];
    let letters = word.strip_prefix('-').unwrap_or_default();
    let is_letters = letters.chars().all(|letter| letter.is_ascii_alphanumeric());
    let ends = letters.len() < 6 && letters.ends_with(['c', 'e', 'E', 'r', 'p']);
    is_letters && ends || WORDS.contains(&word)
}
