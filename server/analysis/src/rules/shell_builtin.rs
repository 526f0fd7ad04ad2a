//! `shell-builtin`: a command that only exists within a shell.
//!
//! Must not report lines that need a shell for another reason, too; `shell_operator` does.

use super::command::Command;
use super::declaration::{Check, Rule};
use super::shell_operator;
use crate::command::is_shell_builtin;
use crate::diagnostic::{Diagnostic, DiagnosticCode, Severity};

pub(super) const RULE: Rule = Rule {
    name: "shell-builtin",
    severity: Severity::Warning,
    needs_facts: false,
    page: include_str!("shell_builtin.md"),
    check: Check::Command(check),
};

fn check(command: &Command<'_>, found: &mut Vec<Diagnostic>) {
    let Some((program, range)) = command.program_at() else { return };
    if !is_shell_builtin(program) || shell_operator::first(command).is_some() {
        return;
    }
    let message = format!("`{program}` means something only within a shell");
    let note = match program {
        "cd" | "pushd" | "popd" => {
            "join it to what needs it by `sh -c '…'`; each task starts in the directory of this file"
        }
        "export" | "set" | "unset" | "alias" | "source" | "." => {
            "join it to what needs it by `sh -c '…'`; a task cannot change the environment of the others"
        }
        _ => "put the line into a script; no shell runs here or in Draft",
    };
    found.push(command.finding(DiagnosticCode::ShellBuiltin, range, message).note(note));
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::rules::testing;

    #[test]
    fn says_what_it_cannot_do() {
        let text = "[pre-up]\na = \"cd frontend\"\nb = \"export A=b\"\nc = \"cd a && make\"\nd = \"sh -c 'cd a'\"\ne = \"if x\"\n";
        testing::check(
            DiagnosticCode::ShellBuiltin,
            text,
            expect![[r#"
                warning "cd": `cd` means something only within a shell: join it to what needs it by `sh -c '…'`; each task starts in the directory of this file
                warning "export": `export` means something only within a shell: join it to what needs it by `sh -c '…'`; a task cannot change the environment of the others
                warning "if": `if` means something only within a shell: put the line into a script; no shell runs here or in Draft
            "#]],
        );
    }
}
