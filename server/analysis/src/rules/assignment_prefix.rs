//! `assignment-prefix`: `NAME=value program`, which only a shell reads as an assignment.
//!
//! Must not report `env NAME=value program`, which is right.

use super::command::Command;
use super::declaration::{Check, Rule};
use crate::command::is_name;
use crate::diagnostic::{Diagnostic, DiagnosticCode, Severity};

pub(super) const RULE: Rule = Rule {
    name: "assignment-prefix",
    severity: Severity::Warning,
    needs_facts: false,
    page: include_str!("assignment_prefix.md"),
    check: Check::Command(check),
};

fn check(command: &Command<'_>, found: &mut Vec<Diagnostic>) {
    let Some(first) = command.words().first() else { return };
    let written = &command.text()[first.range];
    let Some((name, _)) = written.split_once('=') else { return };
    if !is_name(name) {
        return;
    }
    let message = format!("`{name}=…` is taken for the program");
    let diagnostic = command
        .finding(DiagnosticCode::AssignmentPrefix, first.range, message)
        .note("set it with `env`; no shell reads it as an assignment, here or in Draft");
    let fixed = format!("env {}", command.text());
    found.push(diagnostic.fix(command.rewrite("Set it with `env`", &fixed)));
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::rules::testing;

    #[test]
    fn env_takes_it() {
        let text = "[pre-up]\na = \"RAILS_ENV=test rake\"\nb = 'A=\"x y\" make'\nc = \"env A=b make\"\nd = \"make A=b\"\ne = \"./a=b\"\n";
        testing::check(
            DiagnosticCode::AssignmentPrefix,
            text,
            expect![[r#"
                warning "RAILS_ENV=test": `RAILS_ENV=…` is taken for the program: set it with `env`; no shell reads it as an assignment, here or in Draft
                  fix: Set it with `env`
                    [pre-up]
                    a = "env RAILS_ENV=test rake"
                    b = 'A="x y" make'
                    c = "env A=b make"
                    d = "make A=b"
                    e = "./a=b"
                warning "A=\"x y\"": `A=…` is taken for the program: set it with `env`; no shell reads it as an assignment, here or in Draft
                  fix: Set it with `env`
                    [pre-up]
                    a = "RAILS_ENV=test rake"
                    b = 'env A="x y" make'
                    c = "env A=b make"
                    d = "make A=b"
                    e = "./a=b"
            "#]],
        );
    }
}
