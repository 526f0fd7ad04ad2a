//! `script-not-found`: a script beside the tasks file that is not there or may not be run.
//!
//! Must not report paths that nobody has looked at.

use text_size::TextRange;

use super::command::Command;
use super::declaration::{Check, Rule};
use crate::calls::{is_absolute, is_shell};
use crate::diagnostic::{Diagnostic, DiagnosticCode, Severity};
use crate::facts::FactsWanted;
use crate::facts::PathFact;

pub(super) const RULE: Rule = Rule {
    name: "script-not-found",
    severity: Severity::Information,
    needs_facts: true,
    page: include_str!("script_not_found.md"),
    check: Check::CommandHere { wants, check },
};

fn wants(command: &Command<'_>, wanted: &mut FactsWanted) {
    wanted.paths.extend(script(command).map(|(path, ..)| path.to_owned()));
}

fn check(command: &Command<'_>, found: &mut Vec<Diagnostic>) {
    let Some((path, range, is_program)) = script(command) else { return };
    let report = |message: String| command.finding(DiagnosticCode::ScriptNotFound, range, message);
    match command.parsed.facts.paths.get(path) {
        Some(PathFact::Missing) => {
            found.push(
                report(format!("there is no file `{path}`")).note("paths begin at this file's directory"),
            );
        }
        Some(PathFact::Directory) => found.push(report(format!("`{path}` is a directory, not a program"))),
        Some(PathFact::File { executable: false }) if is_program => {
            let mut diagnostic =
                report(format!("`{path}` may not be run")).note(format!("`chmod +x {path}`"));
            if path.ends_with(".sh") {
                let fixed = format!("sh {}", command.text());
                diagnostic = diagnostic.fix(command.rewrite("Run it with `sh`", &fixed));
            }
            found.push(diagnostic);
        }
        _ => {}
    }
}

/// The program when it is a path, or the script that a shell is to read, with where it stands; and whether it is the
/// program. `None` for commands that run in pods.
fn script<'c>(command: &'c Command<'_>) -> Option<(&'c str, TextRange, bool)> {
    let (program, range) = command.program_at().filter(|_| command.phase.is_local())?;
    if program.contains('/') {
        return (!is_absolute(program)).then_some((program, range, true));
    }
    if !is_shell(program) {
        return None;
    }
    let (word, literal) = command.arguments().next()?;
    literal.filter(|it| !it.starts_with('-')).map(|path| (path, word.range, false))
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
