//! What tells more of a command than its own words: scripts, recipes of a Makefile, scripts of a `package.json`.
//!
//! Must not read files: their texts come in.

use std::collections::{HashMap, HashSet};

use super::directory::Directory;
use super::shell::is_input;
use super::{Argument, Calls, Input, Walk, last_option, stem};
use crate::project_files::makefile::Line;
use crate::project_files::{MAKE_DIRECTORY, MAKEFILE, make_takes_next};

/// How long a line of a recipe may grow by its variables.
const RECIPE_LINE: usize = 65_536;

/// How many times more is read of a Makefile than of a script: its recipes have variables of it in them.
const RECIPES: usize = 4;

/// How many variables are replaced in one recipe: values that contain each other would never end.
const REPLACEMENTS: usize = 1024;

/// Programs that run code which is no shell's, in a file, an option or their input.
const INTERPRETERS: [&str; 25] = [
    "python",
    "node",
    "ruby",
    "perl",
    "php",
    "deno",
    "lua",
    "julia",
    "rscript",
    "r",
    "elixir",
    "groovy",
    "osascript",
    "guile",
    "racket",
    "clojure",
    "clj",
    "scala",
    "swift",
    "octave",
    "tclsh",
    "wish",
    "emacs",
    "jshell",
    "ts-node",
];

/// A runner of tasks, and the file in which they usually are.
struct TaskFile {
    runner: &'static str,
    file: &'static str,
}

const TASK_FILES: [TaskFile; 11] = [
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
];

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
        /// The targets.
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
}

impl Walk<'_> {
    /// What runs files or texts that are not read here.
    pub(super) fn beside(&mut self, program: &str, name: &str, arguments: &[Argument], input: &Input) {
        match name {
            "make" | "gmake" | "just" | "task" | "go-task" => self.recipes(name, arguments, input),
            _ if TASK_FILES.iter().any(|it| it.runner == name) => self.task_files(name),
            "ansible-playbook" => {
                let is_book = |word: &&Argument| [".yml", ".yaml"].iter().any(|end| word.text.ends_with(end));
                arguments.iter().filter(is_book).for_each(|book| self.file(book));
            }
            "npm" | "pnpm" | "yarn" | "bun" | "lerna" | "turbo" => self.npm(name, arguments),
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
            "source" | "." => {
                self.unsettle(format!("what `{name}` reads may choose it"));
                self.directory.doubt();
                match arguments.first() {
                    Some(file) if is_input(&file.text) => self.reads(name, input),
                    file => file.into_iter().for_each(|file| self.file(file)),
                }
            }
            _ if INTERPRETERS.contains(&name) => self.interpreted(arguments, input),
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
            _ if program.contains('/') => self.file(&Argument::known(program)),
            _ => {}
        }
    }

    /// A program in an argument, where it has something in it that runs others.
    fn code_in(&mut self, arguments: &[Argument], runs_others: fn(&str) -> bool) {
        let runs = arguments.iter().filter(|word| runs_others(&word.text));
        self.calls.beside.extend(runs.map(|word| Beside::Code(word.text.to_string())));
    }

    fn read_code(&mut self, name: &str, input: &Input) {
        match input {
            Input::Text(text) => self.calls.beside.push(Beside::Code(text.clone())),
            Input::Unknown => self.unclear(format!("what `{name}` reads is known only when it runs")),
            Input::Inherited => {}
        }
    }

    pub(super) fn file(&mut self, file: &Argument) {
        if !file.certain {
            return self.unclear("which script it runs is known only when it runs");
        }
        let plain = |path: &str| path.trim_start_matches("./").to_owned();
        if self.calls.written.iter().any(|written| plain(written) == plain(&file.text)) {
            self.is_fed = true;
            self.unclear(format!("it runs `{}`, which it writes", file.text));
        }
        let (path, directory) = (self.directory.join(&file.text), self.directory.path.clone());
        self.calls.beside.push(Beside::File { path, directory });
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
        if file.as_deref().is_some_and(is_input) {
            return self.read_code(name, input);
        }
        for eval in ["--eval", "-E"].iter().filter_map(|name| value(name)) {
            self.calls.beside.push(Beside::Code(eval));
        }
        let mut targets = Vec::new();
        let mut skip = false;
        for word in arguments {
            match word.text.as_str() {
                _ if skip => skip = false,
                "-f" | "--justfile" | "-d" | "--working-directory" if tool == "just" => skip = true,
                "-d" | "--dir" | "-t" | "--taskfile" | "--output" if tool == "task" => skip = true,
                "--" if tool == "task" => break,
                word if tool == "make" && make_takes_next(word) => skip = true,
                // `-j 4` has its number behind it, `-j` alone has none.
                word if word.starts_with('-') || word.contains('=') || word.parse::<u32>().is_ok() => {}
                // Of a module of a justfile.
                word if tool == "just" => targets.push(word.rsplit("::").next().unwrap_or(word).to_owned()),
                word => targets.push(word.to_owned()),
            }
        }
        let directory = self.directory.join(directory.as_deref().unwrap_or_default());
        self.calls.beside.push(Beside::Recipes { tool: tool.into(), directory, file, targets });
    }

    /// The file with a program, beside the command, that a runner of tasks reads.
    fn task_files(&mut self, runner: &str) {
        let files = TASK_FILES.iter().filter(|it| it.runner == runner);
        files.for_each(|it| self.file(&Argument::known(it.file)));
    }

    /// `python deploy.py`, `python -c '…'`, `perl -ne '…'`.
    fn interpreted(&mut self, arguments: &[Argument], input: &Input) {
        let is_code = |word: &Argument| {
            let letters = word.text.strip_prefix('-').unwrap_or_default();
            let is_letters = letters.chars().all(|letter| letter.is_ascii_alphanumeric());
            let ends = letters.len() < 6 && letters.ends_with(['c', 'e', 'E', 'r', 'p']);
            is_letters && ends || matches!(word.text.as_str(), "--eval" | "--print" | "eval")
        };
        if let Some(at) = arguments.iter().position(is_code) {
            let code = arguments.get(at + 1).map(|word| word.text.to_string());
            self.calls.beside.extend(code.map(Beside::Code));
        }
        match arguments.iter().find(|word| !word.text.starts_with('-') && word.certain) {
            Some(file) if !arguments.iter().any(is_code) => self.file(file),
            None if matches!(input, Input::Text(_)) => self.read_code("", input),
            _ => {}
        }
    }
}

/// What targets of a Makefile or a justfile call, and those that they need; the first one where none is named.
///
/// Its recipes run in `directory`, as seen from that of the command.
pub fn of_recipes(
    text: &str,
    targets: &[String],
    directory: &str,
    lookup: &dyn Fn(&str) -> Option<String>,
) -> Calls {
    let recipes = Recipes::read(text);
    let mut wanted = targets.to_vec();
    if wanted.is_empty() {
        wanted.extend(recipes.variables.get(".DEFAULT_GOAL").cloned().or(recipes.first.clone()));
    }
    let mut known: HashSet<String> = wanted.iter().cloned().collect();
    let mut walk = Walk::new(lookup, RECIPES * text.len());
    walk.directory = Directory::at(directory);
    walk.recipe(&recipes.expand(&recipes.always, &Automatic::default(), lookup));
    let mut at = 0;
    while let Some(target) = wanted.get(at).cloned() {
        at += 1;
        for Chosen { recipe, stem } in recipes.of(&target) {
            if walk.left == 0 {
                return walk.finish();
            }
            let automatic = Automatic { target: &target, stem };
            walk.recipe(&recipes.expand(&recipe.script, &automatic, lookup));
            let needs = recipes.expand(&recipe.needs, &automatic, lookup);
            walk.spend(needs.len());
            wanted.extend(names(&needs).into_iter().filter(|need| known.insert(need.clone())));
        }
    }
    walk.finish()
}

impl Walk<'_> {
    fn recipe(&mut self, script: &str) {
        if FUNCTIONS.iter().any(|function| script.contains(function)) {
            self.unclear("what a function of its Makefile gives is known only when it runs");
        }
        self.in_own_directory(|walk| walk.script(script));
    }
}

/// Functions of make that put scripts together.
const FUNCTIONS: [&str; 4] = ["$(call ", "$(eval ", "$(foreach ", "${call "];

/// The function of make whose argument a shell runs, and the variable for what runs there.
const SHELL: &str = "shell ";
const MAKE: &str = "MAKE";

/// Rules of a Makefile or recipes of a justfile, as they are written.
struct Recipe {
    targets: Vec<String>,
    needs: String,
    script: String,
}

/// A recipe for a target.
struct Chosen<'r> {
    recipe: &'r Recipe,
    /// What `%` of a pattern stands for.
    stem: &'r str,
}

/// What variables stand for that make sets for each target.
#[derive(Default)]
struct Automatic<'t> {
    target: &'t str,
    stem: &'t str,
}

#[derive(Default)]
struct Recipes {
    all: Vec<Recipe>,
    /// The places of those of a target, and of those of patterns.
    of: HashMap<String, Vec<usize>>,
    patterns: Vec<usize>,
    /// What runs where no target is named.
    first: Option<String>,
    /// What runs while the file is read.
    always: String,
    /// As they are written: what stands in them is replaced where they are used.
    variables: HashMap<String, String>,
}

impl Recipes {
    fn read(text: &str) -> Recipes {
        let variables = HashMap::from([(MAKE.to_owned(), "make".to_owned())]);
        let mut recipes = Recipes { variables, ..Recipes::default() };
        let joined = text.replace("\\\r\n", " ").replace("\\\n", " ");
        for line in joined.lines() {
            if line.starts_with(['\t', ' ']) {
                recipes.recipe_line(line.trim());
            } else if !line.starts_with('#') {
                recipes.rule_or_variable(line.trim());
            }
        }
        recipes
    }

    fn of<'r>(&'r self, target: &'r str) -> impl Iterator<Item = Chosen<'r>> {
        let own = self.of.get(target).into_iter().flatten();
        let own = own.map(|at| Chosen { recipe: &self.all[*at], stem: "" });
        let by_pattern = self.patterns.iter().filter_map(move |at| {
            let recipe = &self.all[*at];
            let stem = recipe.targets.iter().find_map(|pattern| {
                let (begin, end) = pattern.split_once('%')?;
                target.strip_prefix(begin)?.strip_suffix(end)
            });
            Some(Chosen { recipe, stem: stem? })
        });
        own.chain(by_pattern)
    }

    fn recipe_line(&mut self, line: &str) {
        if let Some(recipe) = self.all.last_mut() {
            recipe.script.push_str(line.trim_start_matches(['@', '-', '+', ' ']));
            recipe.script.push('\n');
        }
    }

    fn rule_or_variable(&mut self, line: &str) {
        // Of a justfile.
        if let Some((name, of)) = line.strip_prefix("alias ").and_then(|alias| alias.split_once(":=")) {
            return self.rule(names(name), of);
        }
        match Line::read(line) {
            Some(Line::Variable { name, operator, value }) => self.variable(name, operator, value),
            Some(Line::Rule { targets, needs }) => self.rule(names(targets), needs),
            None => {}
        }
    }

    fn rule(&mut self, targets: Vec<String>, needs: &str) {
        let (needs, script) = needs.split_once(';').unwrap_or((needs, ""));
        self.first =
            self.first.take().or_else(|| targets.iter().find(|name| !name.starts_with('.')).cloned());
        let at = self.all.len();
        if targets.iter().any(|target| target.contains('%')) {
            self.patterns.push(at);
        }
        for target in &targets {
            self.of.entry(target.clone()).or_default().push(at);
        }
        self.all.push(Recipe { targets, needs: needs.to_owned(), script: format!("{script}\n") });
    }

    fn variable(&mut self, name: &str, operator: &str, value: &str) {
        // What a shell gives is looked for when the file is read.
        match operator {
            "!" => self.always += &format!("{value}\n"),
            ":" | "::" if value.contains(SHELL) || value.contains('`') => {
                self.always += &format!(": {value}\n");
            }
            _ => {}
        }
        let before = self.variables.get(name);
        let is_longer = before.is_some_and(|before| {
            before.len() * (1 + value.matches(name).count()) + value.len() > RECIPE_LINE
        });
        if is_longer {
            return;
        }
        let value = match (operator, before) {
            ("?", Some(_)) => return,
            ("+", Some(before)) => format!("{before} {value}"),
            // A value that has the earlier one in it must not have itself.
            (_, Some(before)) => REFERENCES.iter().fold(value.to_owned(), |value, (open, close)| {
                value.replace(&format!("{open}{name}{close}"), before)
            }),
            _ => value.to_owned(),
        };
        if value.len() <= RECIPE_LINE {
            self.variables.insert(name.to_owned(), value);
        }
    }

    /// A text with `$(NAME)`, `${NAME}` and `{{NAME}}` replaced where the file or the environment has them, `$$`, and what make
    /// sets for each target.
    fn expand(
        &self,
        text: &str,
        automatic: &Automatic<'_>,
        lookup: &dyn Fn(&str) -> Option<String>,
    ) -> String {
        let mut shown = String::new();
        // What is still to be read, the next piece last.
        let mut rest = vec![text];
        let mut replaced = 0;
        while let Some(text) = rest.pop() {
            let at = text.find(['$', '{']).unwrap_or(text.len());
            let (plain, text) = text.split_at(at);
            shown.push_str(plain);
            if text.is_empty() {
                continue;
            }
            let reference = Reference::read(text).filter(|_| replaced < REPLACEMENTS);
            replaced += usize::from(reference.is_some());
            let of_file = reference.as_ref().and_then(|it| self.variables.get(it.name));
            let of_environment = || lookup(reference.as_ref()?.name);
            let mut length = reference.as_ref().map_or(1, |it| it.length);
            let mut inner = None;
            if let Some(value) = of_file {
                inner = Some(value.as_str()).filter(|value| shown.len() + value.len() <= RECIPE_LINE);
            } else if let Some(value) = of_environment() {
                shown.push_str(
                    Some(&*value).filter(|value| shown.len() + value.len() <= RECIPE_LINE).unwrap_or("$"),
                );
            } else if let Some(value) = automatic.value(text) {
                shown.push_str(value);
                length = 2;
            } else {
                shown.push_str(&text[..1]);
                length = if text.starts_with("$$") { 2 } else { 1 };
                // `$(shell COMMAND)` is `$(COMMAND)` to a shell.
                if let Some(opened) = text[length..].strip_prefix(['(', '{'])
                    && opened.starts_with(SHELL)
                {
                    shown.push('(');
                    length += 1 + SHELL.len();
                }
            }
            rest.push(&text[length..]);
            rest.extend(inner);
        }
        shown
    }
}

impl Automatic<'_> {
    /// What the variable at the beginning of a text stands for.
    fn value(&self, text: &str) -> Option<&str> {
        let value = match text.as_bytes() {
            [b'$', b'@', ..] => self.target,
            [b'$', b'*', ..] => self.stem,
            _ => "",
        };
        Some(value).filter(|value| !value.is_empty())
    }
}

/// How a variable is written.
const REFERENCES: [(&str, &str); 3] = [("$(", ")"), ("${", "}"), ("{{", "}}")];

/// A variable where it is used.
struct Reference<'t> {
    name: &'t str,
    length: usize,
}

impl Reference<'_> {
    /// That at the beginning of a text.
    fn read(text: &str) -> Option<Reference<'_>> {
        let (open, close) = REFERENCES.iter().find(|(open, _)| text.starts_with(open))?;
        let inner = &text[open.len()..];
        let length = inner.find(close)?;
        let name = inner[..length].trim();
        Some(Reference { name, length: open.len() + length + close.len() })
    }
}

fn names(text: &str) -> Vec<String> {
    // `(NAME ARGUMENT)` of a justfile needs one with arguments.
    let name = |word: &str| word.trim_start_matches(['@', '(']).trim_end_matches(')').to_owned();
    text.split_whitespace().map(name).collect()
}

/// The calls of these programs that a text of another language seems to have in lines that are no comments: each program
/// with the words behind it, whatever quotes and commas stand between them.
pub fn mentions(text: &str, programs: &[&str]) -> Vec<Vec<String>> {
    let is_code = |line: &&str| {
        let line = line.trim_start();
        !line.starts_with(['#', '*']) && !line.starts_with("//")
    };
    let is_of_name = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | '/');
    let names = text.lines().filter(is_code).flat_map(|line| line.split(move |c| !is_of_name(c)));
    let called = names.filter(|name| programs.contains(&&*stem(name)));
    let behind = |name: &str| &text[name.as_ptr() as usize - text.as_ptr() as usize..];
    called.take(MENTIONS).map(|name| words_of_call(behind(name))).collect()
}

/// How many mentions are read of one text.
const MENTIONS: usize = 64;

/// The words that a text begins with, to the end of the call: its bracket, or the line unless a comma continues it.
fn words_of_call(text: &str) -> Vec<String> {
    const MOST: usize = 64;
    let call = text.split(')').next().unwrap_or_default();
    let mut words = Vec::new();
    for line in call.lines() {
        let all = line.split(|c: char| c.is_whitespace() || "'\"`,[]".contains(c));
        words.extend(all.filter(|word| !word.is_empty()).map(str::to_owned).take(MOST));
        if !line.trim_end().ends_with(',') || words.len() >= MOST {
            break;
        }
    }
    words
}
