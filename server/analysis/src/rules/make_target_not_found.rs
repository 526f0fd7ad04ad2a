//! `make-target-not-found`: a target that the Makefile beside the tasks file does not have.
//!
//! Must not report where the Makefile may have it all the same: by what it includes, by patterns, by variables.

use super::command::Command;
use super::declaration::{Check, Rule};
use super::{before, offered};
use crate::diagnostic::{Diagnostic, DiagnosticCode, Severity};
use crate::facts::FactsWanted;
use crate::links::Link;
use crate::parsed::Parsed;
use crate::project_files::{MAKE_DIRECTORY, MAKEFILE, NameFact, OfferedName, ProjectFile};

pub(super) const RULE: Rule = Rule {
    name: "make-target-not-found",
    severity: Severity::Information,
    needs_facts: true,
    page: include_str!("make_target_not_found.md"),
    check: Check::CommandsHere { wants, check },
};

fn wants(command: &Command<'_>, wanted: &mut FactsWanted) {
    command.each(|command| wanted.offered.extend(targets(command).into_iter().map(|(_, target)| target)));
}

fn check(parsed: &Parsed, commands: &[Command<'_>], found: &mut Vec<Diagnostic>) {
    let lacks = |name: &&str| parsed.facts.lacks_variable(name);
    // Make reads the files and options that these name, too.
    if parsed.facts.offered.is_empty() || !["MAKEFILES", "MAKEFLAGS"].iter().all(lacks) {
        return;
    }
    before::each(commands, |command, may_be_made| {
        for (link, target) in targets(command) {
            let file = target.file.paths().pop().unwrap_or_default();
            let is_there = parsed.facts.offered.get(&target) != Some(&NameFact::NoFile);
            if !is_there && (may_be_made || !has_plain_options(command)) {
                continue;
            }
            let message = match target.name.as_str() {
                "" => format!("there is no {file}"),
                name if is_there => format!("there is no target `{name}` in the {file}"),
                name => format!("there is no {file} with the target `{name}`"),
            };
            let code = DiagnosticCode::MakeTargetNotFound;
            found.extend(offered::missing(command, code, &link, &target, message));
        }
    });
}

/// The targets, where one Makefile alone has them; where none is named, the one that stands first in it.
fn targets(command: &Command<'_>) -> Vec<(Link, OfferedName)> {
    // Rules that make has built in take their files apart at dots and slashes.
    let is_simple = |name: &str| !name.contains(['.', '/', '(', '%']);
    let mut targets = offered::names(command);
    targets.retain(|(_, it)| matches!(it.file, ProjectFile::Makefile(_)) && is_simple(&it.name));
    if !targets.is_empty() && has_several_files(command) {
        targets.clear();
    }
    targets
}

/// Whether more than one Makefile has them, or rules stand among the options.
fn has_several_files(command: &Command<'_>) -> bool {
    let count = |options: &[&str]| {
        let named = |word: &str| options.contains(&word.split_once('=').map_or(word, |(option, _)| option));
        command.arguments().filter(|(_, word)| word.is_some_and(named)).count()
    };
    count(&MAKE_DIRECTORY) > 1 || count(&MAKEFILE) > 1 || count(&["--eval", "-E"]) > 0
}

/// Whether its options lead to no other Makefile, in whatever short form.
fn has_plain_options(command: &Command<'_>) -> bool {
    const PLAIN: [&str; 13] = [
        "-j",
        "--jobs",
        "-s",
        "--silent",
        "--quiet",
        "-k",
        "--keep-going",
        "-B",
        "--always-make",
        "-n",
        "--dry-run",
        "-w",
        "--no-print-directory",
    ];
    let is_plain = |word: &str| {
        let name = word.split_once('=').map_or(word, |(name, _)| name);
        let is_number = |jobs: &str| jobs.bytes().all(|byte| byte.is_ascii_digit());
        [&MAKE_DIRECTORY[..], &MAKEFILE, &PLAIN].iter().any(|options| options.contains(&name))
            || name.strip_prefix("-j").is_some_and(is_number)
    };
    command.arguments().all(|(_, word)| word.is_some_and(|word| !word.starts_with('-') || is_plain(word)))
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::facts::Facts;
    use crate::project_files::Makefile;
    use crate::rules::testing;

    fn facts(variables: &[&str]) -> Facts {
        let file = ProjectFile::Makefile(Makefile::default());
        let offered = [("biuld", Some("build")), ("x", None)].map(|(name, similar)| {
            let name = OfferedName { file: file.clone(), name: name.into() };
            (name, NameFact::Missing(similar.map(str::to_owned)))
        });
        let variables = variables.iter().map(|name| (*name).to_owned()).collect();
        Facts { variables: Some(std::sync::Arc::new(variables)), offered: offered.into(), ..Facts::default() }
    }

    const TEXT: &str = "[pre-up]\na = \"make -j 4 biuld x\"\nb = \"make $OPTIONS x\"\nc = \"make --eval=x: x\"\n\
        d = \"make -C a -C b x\"\ne = \"make build x.o\"\n[post-deploy]\nf = \"make x\"\n";

    #[test]
    fn is_reported_where_somebody_has_looked() {
        testing::check_facts(
            facts(&[]),
            DiagnosticCode::MakeTargetNotFound,
            TEXT,
            expect![[r#"
                info "biuld": there is no target `biuld` in the Makefile: did you mean `build`?
                  fix: Change to `build`
                    [pre-up]
                    a = "make -j 4 build x"
                    b = "make $OPTIONS x"
                    c = "make --eval=x: x"
                    d = "make -C a -C b x"
                    e = "make build x.o"
                    [post-deploy]
                    f = "make x"
                info "x": there is no target `x` in the Makefile
            "#]],
        );
        // What a shell would make of it has findings of its own.
        let text = "[pre-up]\na = \"make > x\"\nb = \"make && make x\"\nc = \"make | x\"\nd = \"make; x\"\n\
            e = \"make # x\"\n";
        testing::check_facts(facts(&[]), DiagnosticCode::MakeTargetNotFound, text, expect![[""]]);
        testing::check_facts(facts(&["MAKEFILES"]), DiagnosticCode::MakeTargetNotFound, TEXT, expect![[""]]);
        testing::check(DiagnosticCode::MakeTargetNotFound, TEXT, expect![[""]]);
    }
}
