//! `script-not-found`: a script beside the tasks file that is not there or may not be run.
//!
//! Must not report paths that nobody has looked at.

use std::collections::{BTreeSet, HashSet};

use text_size::TextRange;

use super::before;
use super::command::Command;
use super::declaration::{Check, Rule};
use crate::calls::{is_absolute, is_shell, stem};
use crate::diagnostic::{Diagnostic, DiagnosticCode, Severity};
use crate::edit::{Fix, TextEdit};
use crate::facts::FactsWanted;
use crate::facts::PathFact;
use crate::parsed::Parsed;

pub(super) const RULE: Rule = Rule {
    name: "script-not-found",
    severity: Severity::Information,
    needs_facts: true,
    page: include_str!("script_not_found.md"),
    check: Check::CommandsHere { wants, check },
};

/// Directories that are there, whatever the tasks file is.
const IS_THERE: [&str; 3] = ["", ".", ".."];

/// A script that a command runs.
struct NamedScript<'c> {
    path: &'c str,
    range: TextRange,
    /// Whether it is the program itself.
    is_program: bool,
}

fn wants(command: &Command<'_>, wanted: &mut FactsWanted) {
    command.each(|command| {
        if let Some(script) = NamedScript::of(command) {
            let paths = [script.path, script.directory()].into_iter().filter(|path| !IS_THERE.contains(path));
            wanted.paths.extend(paths.map(str::to_owned));
        }
    });
}

fn check(parsed: &Parsed, commands: &[Command<'_>], found: &mut Vec<Diagnostic>) {
    if parsed.facts.paths.is_empty() {
        return;
    }
    let is_missing = |(path, fact): (&'_ String, &PathFact)| {
        (*fact == PathFact::Missing).then(|| NamedScript::name_of(path).to_owned())
    };
    let missing: BTreeSet<String> = parsed.facts.paths.iter().filter_map(is_missing).collect();
    let mut named = HashSet::new();
    before::each(commands, |command, may_be_made| {
        let script = NamedScript::of(command);
        if let Some(script) = &script {
            let may_be_made =
                named.contains(script.name()) || may_be_made && script.is_made_by_others(parsed);
            found.extend(script.finding(command, may_be_made));
        }
        if !missing.is_empty() {
            let others =
                command.words().iter().filter(|word| script.as_ref().is_none_or(|it| it.range != word.range));
            let texts = others.map(|word| &command.text()[word.range]);
            let names =
                texts.flat_map(|text| text.split(|c: char| !c.is_alphanumeric() && !"-_.".contains(c)));
            named.extend(names.filter(|name| missing.contains(*name)).map(str::to_owned));
        }
    });
}

impl<'c> NamedScript<'c> {
    /// The program when it is a path, or the script that another one is to read. `None` for commands that run in pods.
    fn of(command: &'c Command<'_>) -> Option<NamedScript<'c>> {
        let (program, range) = command.program_at().filter(|_| command.phase.is_local())?;
        // What a shell makes something else of.
        let is_plain =
            |path: &str| !path.starts_with(['-', '~']) && !path.contains(['*', '?', '[', '{', '=']);
        if program.contains('/') {
            let is_own = !is_absolute(program) && is_plain(program);
            return is_own.then_some(NamedScript { path: program, range, is_program: true });
        }
        let (word, path) = command.arguments().next()?;
        let path = path.filter(|path| is_plain(path) && !path.is_empty())?;
        let is_read = is_shell(program) || !is_absolute(path) && reads(program, path);
        is_read.then_some(NamedScript { path, range: word.range, is_program: false })
    }

    fn directory(&self) -> &'c str {
        self.path.rsplit_once('/').map_or("", |(directory, _)| directory)
    }

    fn name(&self) -> &'c str {
        NamedScript::name_of(self.path)
    }

    fn name_of(path: &str) -> &str {
        path.rsplit('/').next().unwrap_or(path)
    }

    /// Whether what builds a project may have made it: in a directory that is not there, or as a program without extension.
    fn is_made_by_others(&self, parsed: &Parsed) -> bool {
        !self.name().contains('.') || parsed.facts.paths.get(self.directory()) == Some(&PathFact::Missing)
    }

    /// What is wrong with it, unless a command before may have made it.
    fn finding(&self, command: &Command<'_>, may_be_made: bool) -> Option<Diagnostic> {
        let path = self.path;
        let report = |message: String| command.finding(DiagnosticCode::ScriptNotFound, self.range, message);
        match command.parsed.facts.paths.get(path)? {
            PathFact::Missing if may_be_made => None,
            PathFact::Missing => Some(
                report(format!("there is no file `{path}`")).note("paths begin at this file's directory"),
            ),
            PathFact::Directory if self.is_program => {
                Some(report(format!("`{path}` is a directory, not a program")))
            }
            // Some programs run what they find in one.
            PathFact::Directory => command
                .program()
                .is_some_and(is_shell)
                .then(|| report(format!("`{path}` is a directory, not a script"))),
            PathFact::File { executable: false } if self.is_program => {
                let diagnostic =
                    report(format!("`{path}` may not be run")).note(format!("`chmod +x {path}`"));
                Some(if path.ends_with(".sh") {
                    let edits = vec![TextEdit::insert(command.place(self.range).start(), "sh ")];
                    diagnostic.fix(Fix { title: "Run it with `sh`".into(), edits, preferred: false })
                } else {
                    diagnostic
                })
            }
            PathFact::File { .. } => None,
        }
    }
}

/// Whether a program reads the file of this path, and no other one for it, where it is its first argument.
fn reads(program: &str, path: &str) -> bool {
    match &*stem(program) {
        "python" | "ruby" | "perl" | "php" => true,
        // It adds extensions.
        "node" => [".js", ".mjs", ".cjs"].iter().any(|extension| path.ends_with(extension)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::facts::Facts;
    use crate::rules::testing;

    #[test]
    fn is_reported_where_somebody_has_looked() {
        let text = "[pre-up]\na = \"./none.sh\"\nb = \"./plain.sh x\"\nc = \"sh plain.sh\"\nd = \"bash none.sh\"\ne = \"./folder\"\nf = \"./run\"\ng = \"./new\"\nh = \"sh -c 'x'\"\n[post-deploy]\ni = \"./none.sh\"\n";
        let paths = [
            ("./none.sh", PathFact::Missing),
            ("none.sh", PathFact::Missing),
            ("./plain.sh", PathFact::File { executable: false }),
            ("plain.sh", PathFact::File { executable: false }),
            ("./folder", PathFact::Directory),
            ("./run", PathFact::File { executable: true }),
        ];
        let paths = paths.into_iter().map(|(path, fact)| (path.to_owned(), fact)).collect();
        let facts = Facts { paths, ..Facts::default() };
        testing::check_facts(
            facts,
            DiagnosticCode::ScriptNotFound,
            text,
            expect![[r#"
            info "./none.sh": there is no file `./none.sh`: paths begin at this file's directory
            info "./plain.sh": `./plain.sh` may not be run: `chmod +x ./plain.sh`
              fix: Run it with `sh`
                [pre-up]
                a = "./none.sh"
                b = "sh ./plain.sh x"
                c = "sh plain.sh"
                d = "bash none.sh"
                e = "./folder"
                f = "./run"
                g = "./new"
                h = "sh -c 'x'"
                [post-deploy]
                i = "./none.sh"
            info "none.sh": there is no file `none.sh`: paths begin at this file's directory
            info "./folder": `./folder` is a directory, not a program
        "#]],
        );
        testing::check(DiagnosticCode::ScriptNotFound, text, expect![[""]]);
    }
}
