//! `unquoted-script`: `sh -c echo hello`, of which the shell runs `echo` alone.
//!
//! Must not report a script that may use the words behind it, as `sh -c '"$0"' x` does.

use super::command::{Command, range, shell_word, without_directory};
use super::declaration::{Check, Rule};
use crate::calls::script_of;
use crate::diagnostic::{Diagnostic, DiagnosticCode, Severity};

pub(super) const RULE: Rule = Rule {
    name: "unquoted-script",
    severity: Severity::Warning,
    needs_facts: false,
    page: include_str!("unquoted_script.md"),
    check: Check::Command(check),
};

fn check(command: &Command<'_>, found: &mut Vec<Diagnostic>) {
    if command.knows_quotes() {
        found.extend(command.calls().among_words().find_map(|call| unquoted(command, call.at())));
    }
}

/// What is to be said of the shell that is this word.
fn unquoted(command: &Command<'_>, shell: usize) -> Option<Diagnostic> {
    let [script, .., last] = command.words().get(script_of(command.words(), shell)?..)? else { return None };
    let program = command.bare(script).filter(|it| !it.starts_with('-') && !it.contains('$'))?;
    let place = range(script.range.start().into(), last.range.end().into());
    let name = without_directory(command.words()[shell].literal()?);
    let message = format!("`{name}` runs `{program}` alone: its script is one word");
    let quoted = command.replaced(place, &shell_word(&command.text()[place]));
    Some(
        command
            .finding(DiagnosticCode::UnquotedScript, place, message)
            .note("put the script into quotes; the words behind it are its `$0`, `$1` and so on")
            .fix(command.rewrite("Put the script into quotes", &quoted)),
    )
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::rules::testing;

    #[test]
    fn the_script_is_put_into_quotes() {
        let text = "[pre-up]\na = \"sh -c echo hello\"\nb = \"bash -o pipefail -ec make 'a b' $C\"\n";
        testing::check(
            DiagnosticCode::UnquotedScript,
            text,
            expect![[r#"
                warning "echo hello": `sh` runs `echo` alone: its script is one word: put the script into quotes; the words behind it are its `$0`, `$1` and so on
                  fix: Put the script into quotes
                    [pre-up]
                    a = "sh -c 'echo hello'"
                    b = "bash -o pipefail -ec make 'a b' $C"
                warning "make 'a b' $C": `bash` runs `make` alone: its script is one word: put the script into quotes; the words behind it are its `$0`, `$1` and so on
                  fix: Put the script into quotes
                    [pre-up]
                    a = "sh -c echo hello"
                    b = "bash -o pipefail -ec \"make 'a b' \\$C\""
            "#]],
        );
    }

    #[test]
    fn a_wrapper_may_run_the_shell() {
        let text = "[pre-up]\na = \"sudo env A=b sh -c echo hello\"\nb = \"kubectl exec web -- sh -c make all\"\nc = \"echo sh -c a b\"\n";
        testing::check(
            DiagnosticCode::UnquotedScript,
            text,
            expect![[r#"
                warning "echo hello": `sh` runs `echo` alone: its script is one word: put the script into quotes; the words behind it are its `$0`, `$1` and so on
                  fix: Put the script into quotes
                    [pre-up]
                    a = "sudo env A=b sh -c 'echo hello'"
                    b = "kubectl exec web -- sh -c make all"
                    c = "echo sh -c a b"
                warning "make all": `sh` runs `make` alone: its script is one word: put the script into quotes; the words behind it are its `$0`, `$1` and so on
                  fix: Put the script into quotes
                    [pre-up]
                    a = "sudo env A=b sh -c echo hello"
                    b = "kubectl exec web -- sh -c 'make all'"
                    c = "echo sh -c a b"
            "#]],
        );
    }

    #[test]
    fn scripts_that_are_one_word_are_left_alone() {
        let text = "[pre-up]\na = \"sh -c make\"\nb = \"sh -c 'echo $0' x\"\nc = \"sh -c $SCRIPT x\"\nd = \"sh x.sh -c a b\"\n";
        testing::check(DiagnosticCode::UnquotedScript, text, expect![[""]]);
    }
}
