//! `local-variable`: a variable of `post-deploy`, whose value is that of this machine and not the container's.
//!
//! Must not report what the container's own shell will replace.

use super::command::{Command, shell_word};
use super::declaration::{Check, Rule};
use crate::calls;
use crate::command::{Part, Word, in_double_quotes};
use crate::diagnostic::{Diagnostic, DiagnosticCode, Severity};
use crate::edit::Fix;
use crate::phase::Phase;
use crate::task_variable::TaskVariable;

pub(super) const RULE: Rule = Rule {
    name: "local-variable",
    severity: Severity::Information,
    needs_facts: false,
    page: include_str!("local_variable.md"),
    check: Check::Command(check),
};

fn check(command: &Command<'_>, found: &mut Vec<Diagnostic>) {
    if command.phase != Phase::PostDeploy {
        return;
    }
    // No container has those.
    let mut variables = command.variables().filter(|(name, _)| TaskVariable::named(name).is_none());
    let Some((name, place)) = variables.next() else { return };
    let message = format!("`${name}` has this machine's value, not the container's");
    let mut diagnostic = command.finding(DiagnosticCode::LocalVariable, place, message);
    diagnostic = match from_container(command) {
        Some(fix) => diagnostic
            .note("take it through `sh -c '…'`; a shell in the container has the container's")
            .fix(fix),
        None => diagnostic.note("take it in a script; one in the container has the container's"),
    };
    found.push(diagnostic);
}

/// The command with its variables left to a shell in the container.
fn from_container(command: &Command<'_>) -> Option<Fix> {
    if !command.knows_quotes() {
        return None;
    }
    let (shell, fixed) = match calls::script_of(command.words(), 0) {
        Some(script) => {
            let words: Option<Vec<&str>> = command.words()[..script].iter().map(Word::literal).collect();
            (words?.join(" "), script_in_single_quotes(command)?)
        }
        // The one that most containers have.
        None => ("sh -c".to_owned(), wrapped(command)),
    };
    Some(command.rewrite(format!("Take the container's value through `{shell} '…'`"), &fixed))
}

/// Every word in double quotes where a shell may give it a meaning, so that any shell passes it on as one argument, as now.
fn wrapped(command: &Command<'_>) -> String {
    let words: Vec<String> = command.words().iter().map(|word| for_shell(command, word)).collect();
    format!("sh -c {}", shell_word(&words.join(" ")))
}

fn for_shell(command: &Command<'_>, word: &Word) -> String {
    let written = &command.text()[word.range];
    if !has_variable(word) {
        return shell_argument(written, word.literal().unwrap_or_default());
    }
    let mut shown = String::from("\"");
    for part in &word.parts {
        match part {
            Part::Literal(text) => shown.push_str(&in_double_quotes(text)),
            Part::Variable { range, .. } => shown.push_str(&command.text()[*range]),
        }
    }
    shown.push('"');
    shown
}

/// An argument as a shell must read it to be the same: as it is written where a shell gives nothing of it a meaning.
fn shell_argument(written: &str, argument: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,@%+".contains(c);
    if !argument.is_empty() && argument.chars().all(plain) {
        return argument.to_owned();
    }
    if written.starts_with('"') && !argument.contains(['$', '`', '"', '\\']) {
        return format!("\"{argument}\"");
    }
    format!("\"{}\"", in_double_quotes(argument))
}

/// `sh -c "echo $HOME"` becomes `sh -c 'echo $HOME'`, when the only variables are in the script.
fn script_in_single_quotes(command: &Command<'_>) -> Option<String> {
    let mut with_variables = command.words().iter().filter(|word| has_variable(word));
    let word = with_variables.next().filter(|_| with_variables.next().is_none())?;
    let pieces = word.parts.iter().map(|part| match part {
        Part::Literal(text) => text.as_str(),
        Part::Variable { range, .. } => &command.text()[*range],
    });
    let script: String = pieces.collect();
    (!script.contains('\'')).then(|| command.replaced(word.range, &format!("'{script}'")))
}

fn has_variable(word: &Word) -> bool {
    word.parts.iter().any(|part| matches!(part, Part::Variable { .. }))
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::rules::testing;
    use crate::{Options, Parsed, edit};

    #[test]
    fn the_containers_shell_takes_the_containers_value() {
        let text = r#"[pre-up]
a = "echo $HOME | wc"
[post-deploy]
b = "rake db:seed[$COUNT] 'a  b' --user=${USER}"
c = 'sh -c "echo $HOME"'
d = "sh -c 'echo $HOME'"
e = "echo $$HOME"
"#;
        testing::check(
            DiagnosticCode::LocalVariable,
            text,
            expect![[r#"
                info "$COUNT": `$COUNT` has this machine's value, not the container's: take it through `sh -c '…'`; a shell in the container has the container's
                  fix: Take the container's value through `sh -c '…'`
                    [pre-up]
                    a = "echo $HOME | wc"
                    [post-deploy]
                    b = "sh -c 'rake \"db:seed[$COUNT]\" \"a  b\" \"--user=${USER}\"'"
                    c = 'sh -c "echo $HOME"'
                    d = "sh -c 'echo $HOME'"
                    e = "echo $$HOME"
                info "$HOME": `$HOME` has this machine's value, not the container's: take it through `sh -c '…'`; a shell in the container has the container's
                  fix: Take the container's value through `sh -c '…'`
                    [pre-up]
                    a = "echo $HOME | wc"
                    [post-deploy]
                    b = "rake db:seed[$COUNT] 'a  b' --user=${USER}"
                    c = "sh -c 'echo $HOME'"
                    d = "sh -c 'echo $HOME'"
                    e = "echo $$HOME"
            "#]],
        );
    }

    #[test]
    fn no_other_shell_is_asked_for_than_a_container_has() {
        for (line, title, fixed) in [
            (r#"a = "ls {a,b} $HOME""#, "`sh -c '…'`", r#"a = "sh -c 'ls \"{a,b}\" \"$HOME\"'""#),
            (r#"a = 'bash -c "echo $HOME"'"#, "`bash -c '…'`", r#"a = "bash -c 'echo $HOME'""#),
            (
                r#"a = '/bin/bash -c "echo $HOME"'"#,
                "`/bin/bash -c '…'`",
                r#"a = "/bin/bash -c 'echo $HOME'""#,
            ),
        ] {
            let parsed = Parsed::new(format!("[post-deploy]\n{line}\n"), Options::default());
            let (task, _) = parsed.file.commands_of(Phase::PostDeploy).next().unwrap();
            let command = Command::new(&parsed, Phase::PostDeploy, task).unwrap();
            let fix = from_container(&command).unwrap();
            assert_eq!(fix.title, format!("Take the container's value through {title}"));
            assert_eq!(edit::apply(&parsed.text, &fix.edits), format!("[post-deploy]\n{fixed}\n"));
        }
    }

    #[test]
    fn in_draft_there_is_no_quoting() {
        testing::check_draft(
            DiagnosticCode::LocalVariable,
            "[post-deploy]\nb = \"echo $A\"\n",
            expect![[r#"
                info "$A": `$A` has this machine's value, not the container's: take it in a script; one in the container has the container's
            "#]],
        );
    }
}
