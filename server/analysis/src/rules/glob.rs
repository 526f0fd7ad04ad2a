//! `glob`: `*` and `?` in the name of a file, which stay as they are where no shell reads the command.
//!
//! Must not report programs other than those that work on the files they are given: many have patterns of their own.

use super::command::Command;
use super::declaration::{Check, Rule};
use crate::diagnostic::{Diagnostic, DiagnosticCode, Severity};

pub(super) const RULE: Rule = Rule {
    name: "glob",
    severity: Severity::Warning,
    needs_facts: false,
    page: include_str!("glob.md"),
    check: Check::Command(check),
};

fn check(command: &Command<'_>, found: &mut Vec<Diagnostic>) {
    let Some(name) = command.name().filter(|name| takes_files(name)) else { return };
    let pattern = command.words().iter().skip(1).find(|word| {
        let bare = command.bare(word);
        bare.is_some_and(|bare| !bare.starts_with('-') && bare.contains(['*', '?']) && !bare.contains("://"))
    });
    let Some(word) = pattern else { return };
    let message = format!("`{name}` gets `{}` as it stands", &command.text()[word.range]);
    let mut diagnostic =
        command.finding(DiagnosticCode::Glob, word.range, message).note(command.ask_for_a_shell());
    diagnostic.fixes.extend(command.wrap());
    found.push(diagnostic);
}

/// Whether a program does something with each of the files that it is given, and knows no patterns.
pub(super) fn takes_files(name: &str) -> bool {
    matches!(
        name,
        "rm" | "cp"
            | "mv"
            | "ls"
            | "ln"
            | "cat"
            | "head"
            | "tail"
            | "wc"
            | "du"
            | "stat"
            | "touch"
            | "chmod"
            | "chown"
            | "chgrp"
            | "gzip"
            | "gunzip"
            | "xz"
            | "sort"
            | "shasum"
            | "sha256sum"
            | "md5sum"
            | "rmdir"
            | "shred"
            | "install"
    )
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::rules::testing;

    #[test]
    fn a_shell_reads_it() {
        let text = "[cleanup]\na = \"rm -rf tmp/*\"\n";
        testing::check(
            DiagnosticCode::Glob,
            text,
            expect![[r#"
                warning "tmp/*": `rm` gets `tmp/*` as it stands: wrap it in `sh -c '…'`; no shell reads the command, nor does one in Draft
                  fix: Wrap in `sh -c '…'`
                    [cleanup]
                    a = "sh -c 'rm -rf tmp/*'"
            "#]],
        );
    }

    #[test]
    fn patterns_of_programs_are_left_alone() {
        let text = "[pre-up]\na = \"find . -name *.pyc\"\nb = \"kubectl get pods -o jsonpath={.items[*]}\"\nc = \"rm 'a*'\"\nd = \"npm run test:*\"\ne = \"ls --ignore=*.o\"\nf = \"sh -c 'rm *'\"\n";
        testing::check(DiagnosticCode::Glob, text, expect![[""]]);
    }
}
