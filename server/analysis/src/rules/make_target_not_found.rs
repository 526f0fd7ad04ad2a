//! `make-target-not-found`: a target that the Makefile beside the tasks file does not have.
//!
//! Must not report where the Makefile may have it all the same: by what it includes, by patterns, by variables.

use super::command::Command;
use super::declaration::{Check, Rule};
use super::offered;
use crate::diagnostic::{Diagnostic, DiagnosticCode, Severity};
use crate::facts::FactsWanted;
use crate::links::Link;
use crate::project_files::{MAKE_DIRECTORY, MAKEFILE, OfferedName, ProjectFile};

pub(super) const RULE: Rule = Rule {
    name: "make-target-not-found",
    severity: Severity::Information,
    needs_facts: true,
    page: include_str!("make_target_not_found.md"),
    check: Check::CommandHere { wants, check },
};

fn wants(command: &Command<'_>, wanted: &mut FactsWanted) {
    command.each(|command| wanted.offered.extend(targets(command).into_iter().map(|(_, target)| target)));
}

fn check(command: &Command<'_>, found: &mut Vec<Diagnostic>) {
    let lacks = |name: &&str| command.parsed.facts.lacks_variable(name);
    // Make reads the files and options that these name, too.
    if !["MAKEFILES", "MAKEFLAGS"].iter().all(lacks) {
        return;
    }
    command.each(|command| {
        for (link, target) in targets(command) {
            let file = target.file.paths().pop().unwrap_or_default();
            let message = format!("there is no target `{}` in the {file}", target.name);
            let code = DiagnosticCode::MakeTargetNotFound;
            found.extend(offered::missing(command, code, &link, &target, message));
        }
    });
}

/// The targets, where one Makefile alone has them.
fn targets(command: &Command<'_>) -> Vec<(Link, OfferedName)> {
    let count = |options: &[&str]| {
        let named = |word: &str| options.contains(&word.split_once('=').map_or(word, |(option, _)| option));
        command.arguments().filter(|(_, word)| word.is_some_and(named)).count()
    };
    let targets = offered::names(command);
    if targets.is_empty()
        || count(&MAKE_DIRECTORY) > 1
        || count(&MAKEFILE) > 1
        || count(&["--eval", "-E"]) > 0
    {
        return Vec::new();
    }
    // Rules that make has built in take their files apart at dots and slashes.
    let is_simple = |name: &str| !name.contains(['.', '/', '(', '%']);
    let of_make = targets.into_iter();
    of_make.filter(|(_, it)| matches!(it.file, ProjectFile::Makefile(_)) && is_simple(&it.name)).collect()
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::facts::Facts;
    use crate::project_files::{Makefile, NameFact};
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
        testing::check_facts(facts(&["MAKEFILES"]), DiagnosticCode::MakeTargetNotFound, TEXT, expect![[""]]);
        testing::check(DiagnosticCode::MakeTargetNotFound, TEXT, expect![[""]]);
    }
}
