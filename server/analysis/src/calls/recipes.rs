//! What recipes of a Makefile or a justfile call, with its variables in them.
//!
//! Must not read files: their texts come in.

use std::collections::{HashMap, HashSet};

use super::shell::has_arithmetic;
use super::wrapper::is_assignment;
use super::{Calls, Directory, Walk, stem};
use crate::command::is_name;
use crate::project_files::makefile::Line;

/// How long a line of a recipe may grow by its variables.
const RECIPE_LINE: usize = 65_536;

/// How many times more is read of a Makefile than of a script: its recipes have variables of it in them.
const RECIPES: usize = 4;

/// How many variables are replaced in one recipe: values that contain each other would never end.
const REPLACEMENTS: usize = 1024;

/// What targets of a Makefile or a justfile call, and those that they need; the first one where none is named. Among them
/// may stand `NAME=value`, which goes before the variable of the file.
///
/// Its recipes run in `directory`, as seen from that of the command.
pub fn of_recipes(
    text: &str,
    targets: &[String],
    directory: &str,
    lookup: &dyn Fn(&str) -> Option<String>,
) -> Calls {
    let (given, mut wanted): (Vec<String>, Vec<String>) =
        targets.iter().cloned().partition(|word| is_assignment(word));
    let recipes = Recipes::read(text, &given, lookup);
    if wanted.is_empty() {
        wanted.extend(recipes.variables.get(".DEFAULT_GOAL").cloned().or(recipes.first.clone()));
    }
    let mut known: HashSet<String> = wanted.iter().cloned().collect();
    let mut walk = Walk::new(lookup, RECIPES * text.len());
    walk.directory = Directory::at(directory);
    let shell = recipes.variables.get("SHELL").map(|shell| stem(shell)).unwrap_or_default();
    walk.has_arithmetic = has_arithmetic(&shell);
    walk.reads_first(&shell);
    walk.recipe(&recipes.expand(&recipes.always, &Automatic::default(), lookup));
    for (name, value) in recipes.exported() {
        let value = recipes.expand(value, &Automatic::default(), lookup);
        let is_known = !value.contains(['$', '`', '(']);
        walk.assign(name, is_known.then(|| value.trim_matches(['\'', '"']).to_owned()));
    }
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
    /// Those that the command gives.
    given: HashSet<String>,
    /// Those that recipes find in their environment; whether all are.
    exported: HashSet<String>,
    exports_all: bool,
}

impl Recipes {
    fn read(text: &str, given: &[String], lookup: &dyn Fn(&str) -> Option<String>) -> Recipes {
        let given = given.iter().filter_map(|word| word.split_once('='));
        let given = given.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let mut variables: HashMap<String, String> = given.collect();
        let given = variables.keys().cloned().collect();
        variables.entry(MAKE.to_owned()).or_insert_with(|| "make".to_owned());
        let mut recipes = Recipes { variables, given, ..Recipes::default() };
        let joined = text.replace("\\\r\n", " ").replace("\\\n", " ");
        for line in joined.lines() {
            if line.starts_with(['\t', ' ']) {
                recipes.recipe_line(line.trim());
            } else if !line.starts_with('#') {
                recipes.rule_or_variable(line.trim(), lookup);
            }
        }
        recipes
    }

    /// The variables that recipes find in their environment.
    fn exported(&self) -> impl Iterator<Item = (&str, &str)> {
        let is_exported =
            |name: &str| self.exports_all || self.given.contains(name) || self.exported.contains(name);
        let all = self.variables.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        all.filter(move |(name, _)| is_name(name) && is_exported(name))
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

    fn rule_or_variable(&mut self, line: &str, lookup: &dyn Fn(&str) -> Option<String>) {
        self.note_exported(line);
        // Of a justfile.
        if let Some((name, of)) = line.strip_prefix("alias ").and_then(|alias| alias.split_once(":=")) {
            return self.rule(names(name), of);
        }
        match Line::read(line) {
            Some(Line::Variable { name, operator: "?", .. }) if lookup(name).is_some() => {}
            Some(Line::Variable { name, operator, value }) => self.variable(name, operator, value),
            Some(Line::Rule { targets, needs }) => match Line::read(needs.trim()) {
                // Of a target alone.
                Some(Line::Variable { .. }) => self.rule_or_variable(needs.trim(), lookup),
                _ => self.rule(names(targets), needs),
            },
            None => {}
        }
    }

    /// `export NAME = value`, `export NAME OTHER`, or `export` for all; `set export` in a justfile.
    fn note_exported(&mut self, line: &str) {
        let is_all = |line: &str| matches!(line, "export" | "set export" | "set export := true");
        self.exports_all |= is_all(line) || line.starts_with(".EXPORT_ALL_VARIABLES");
        let Some(exported) = line.strip_prefix("export ") else { return };
        let names = exported.split_once('=').map_or(exported, |(name, _)| name);
        self.exported.extend(
            names.split_whitespace().map(|name| name.trim_end_matches([':', '?', '+', '!']).to_owned()),
        );
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
        if self.given.contains(name) {
            return;
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
