//! `unquoted-script`: `sh -c echo hello`, of which the shell runs `echo` alone.
//!
//! Must not report a script that may use the words behind it, as `sh -c '"$0"' x` does.

use super::command::{Command, range, shell_word};
use super::declaration::{Check, Rule};
use crate::diagnostic::{Diagnostic, DiagnosticCode, Severity};

pub(super) const RULE: Rule = Rule {
    name: "unquoted-script",
    severity: Severity::Warning,
    needs_facts: false,
    page: include_str!("unquoted_script.md"),
    check: Check::Command(check),
};

fn check(command: &Command<'_>, found: &mut Vec<Diagnostic>) {
    let Some(shell) = command.name().filter(|_| command.knows_quotes()) else { return };
    let Some(script) = command.script_at() else { return };
    let [script, .., last] = &command.words()[script..] else { return };
    let Some(program) = command.bare(script).filter(|it| !it.starts_with('-') && !it.contains('$')) else {
        return;
    };
    let place = range(script.range.start().into(), last.range.end().into());
    let message = format!("`{shell}` runs `{program}` alone: its script is one word");
    let quoted = command.replaced(place, &shell_word(&command.text()[place]));
    found.push(
        command
            .finding(DiagnosticCode::UnquotedScript, place, message)
            .note("the words behind it are the script's `$0`, `$1` and so on")
            .fix(command.rewrite("Put the script into quotes", &quoted)),
    );
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
                warning "echo hello": `sh` runs `echo` alone: its script is one word: the words behind it are the script's `$0`, `$1` and so on
                  fix: Put the script into quotes
                    [pre-up]
                    a = "sh -c 'echo hello'"
                    b = "bash -o pipefail -ec make 'a b' $C"
                warning "make 'a b' $C": `bash` runs `make` alone: its script is one word: the words behind it are the script's `$0`, `$1` and so on
                  fix: Put the script into quotes
                    [pre-up]
                    a = "sh -c echo hello"
                    b = "bash -o pipefail -ec \"make 'a b' \\$C\""
            "#]],
        );
    }

    #[test]
    fn scripts_that_are_one_word_are_left_alone() {
        let text = "[pre-up]\na = \"sh -c make\"\nb = \"sh -c 'echo $0' x\"\nc = \"sh -c $SCRIPT x\"\nd = \"sh x.sh -c a b\"\n";
        testing::check(DiagnosticCode::UnquotedScript, text, expect![[""]]);
    }
}
