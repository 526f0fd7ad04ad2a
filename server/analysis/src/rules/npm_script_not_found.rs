//! `npm-script-not-found`: a script that the `package.json` beside the tasks file does not have.
//!
//! Must not report what the runner may find elsewhere: in workspaces, among programs of packages, or built in.

use super::command::Command;
use super::declaration::{Check, Rule};
use super::{before, offered};
use crate::diagnostic::{Diagnostic, DiagnosticCode, Severity};
use crate::facts::FactsWanted;
use crate::links::Link;
use crate::parsed::Parsed;
use crate::project_files::{NameFact, OfferedName, ProjectFile};

pub(super) const RULE: Rule = Rule {
    name: "npm-script-not-found",
    severity: Severity::Information,
    needs_facts: true,
    page: include_str!("npm_script_not_found.md"),
    check: Check::CommandsHere { wants, check },
};

fn wants(command: &Command<'_>, wanted: &mut FactsWanted) {
    command.each(|command| wanted.offered.extend(scripts(command).into_iter().map(|(_, script)| script)));
}

fn check(parsed: &Parsed, commands: &[Command<'_>], found: &mut Vec<Diagnostic>) {
    if parsed.facts.offered.is_empty() {
        return;
    }
    before::each(commands, |command, may_be_made| {
        for (link, script) in scripts(command) {
            let file = script.file.paths().pop().unwrap_or_default();
            let is_there = parsed.facts.offered.get(&script) != Some(&NameFact::NoFile);
            if !is_there && may_be_made {
                continue;
            }
            let message = if is_there {
                format!("there is no script `{}` in the {file}", script.name)
            } else {
                format!("there is no {file} with the script `{}`", script.name)
            };
            let code = DiagnosticCode::NpmScriptNotFound;
            found.extend(offered::missing(command, code, &link, &script, message));
        }
    });
}

/// Options with which a script may be in another package, or need not be there.
const ELSEWHERE: [&str; 11] = [
    "-w",
    "--workspace",
    "--workspaces",
    "-ws",
    "-r",
    "--recursive",
    "-F",
    "--filter",
    "--if-present",
    "-g",
    "--location",
];

/// What npm runs without a script.
const BUILT_IN: [&str; 3] = ["env", "start", "restart"];

fn scripts(command: &Command<'_>) -> Vec<(Link, OfferedName)> {
    // The others run programs of packages by the names of scripts.
    if !matches!(command.name(), Some("npm" | "pnpm")) {
        return Vec::new();
    }
    let mut options = command.arguments().filter_map(|(_, word)| word);
    let is_elsewhere =
        options.any(|word| ELSEWHERE.contains(&word.split_once('=').map_or(word, |(option, _)| option)));
    if is_elsewhere {
        return Vec::new();
    }
    let is_own = |name: &str| !BUILT_IN.contains(&name) && !name.starts_with(['-', '/']);
    let scripts = offered::names(command).into_iter();
    scripts.filter(|(_, it)| matches!(it.file, ProjectFile::Package(_)) && is_own(&it.name)).collect()
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::facts::Facts;
    use crate::rules::testing;

    #[test]
    fn is_reported_where_somebody_has_looked() {
        let text = "[pre-up]\na = \"npm run tset -- --watch\"\nb = \"npm run tset -w web\"\nc = \"yarn run tset\"\n\
            d = \"npm run start\"\ng = \"sh -c 'npm ci && npm run tset'\"\ne = \"npm run tset --if-present\"\nf = \"npm --prefix web run tset\"\n";
        let missing = |directory: &str, name: &str, similar: Option<&str>| {
            let file = ProjectFile::Package(directory.into());
            (OfferedName { file, name: name.into() }, NameFact::Missing(similar.map(str::to_owned)))
        };
        let offered =
            [missing("", "tset", Some("test")), missing("web", "tset", None), missing("", "start", None)];
        testing::check_facts(
            Facts { offered: offered.into(), ..Facts::default() },
            DiagnosticCode::NpmScriptNotFound,
            text,
            expect![[r#"
                info "tset": there is no script `tset` in the package.json: did you mean `test`?
                  fix: Change to `test`
                    [pre-up]
                    a = "npm run test -- --watch"
                    b = "npm run tset -w web"
                    c = "yarn run tset"
                    d = "npm run start"
                    g = "sh -c 'npm ci && npm run tset'"
                    e = "npm run tset --if-present"
                    f = "npm --prefix web run tset"
                info "tset": there is no script `tset` in the package.json: did you mean `test`?
                  fix: Change to `test`
                    [pre-up]
                    a = "npm run tset -- --watch"
                    b = "npm run tset -w web"
                    c = "yarn run tset"
                    d = "npm run start"
                    g = "sh -c 'npm ci && npm run test'"
                    e = "npm run tset --if-present"
                    f = "npm --prefix web run tset"
                info "tset": there is no script `tset` in the web/package.json
            "#]],
        );
        testing::check(DiagnosticCode::NpmScriptNotFound, text, expect![[""]]);
    }
}
