//! `command-quotes`: quotes and backslashes, which mean nothing to Draft.
//!
//! Must not report them where the user did not choose to hear of a Draft: here they are what they are in a shell.

use super::command::{Command, range};
use super::declaration::{Check, Rule};
use crate::command::{self, DraftVersion, Semantics, Word, show_argument};
use crate::diagnostic::{Diagnostic, DiagnosticCode, Severity};

pub(super) const RULE: Rule = Rule {
    name: "command-quotes",
    severity: Severity::Warning,
    needs_facts: false,
    page: include_str!("command_quotes.md"),
    check: Check::Command(check),
};

fn check(command: &Command<'_>, found: &mut Vec<Diagnostic>) {
    let options = command.parsed.options;
    if command.knows_quotes() && options.draft_version == DraftVersion::Dep8 {
        return;
    }
    let text: &str = command.text();
    let Some(at) = text.find(['"', '\'']) else { return };
    let words = command::split(text, Semantics::Draft, options.draft_version).unwrap_or_default();
    // The word that begins with the quote or has it, and the next one where the quotes were to hold two together.
    let shown: Vec<String> = words
        .iter()
        .filter(|word| usize::from(word.range.end()) > at)
        .take(2)
        .map(|word| format!("`{}`", &text[word.range]))
        .collect();
    let message = format!("Draft knows no quotes: it passes {}", shown.join(" and "));
    let mut diagnostic = command.finding(DiagnosticCode::CommandQuotes, range(at, at + 1), message);
    if command.knows_quotes() {
        diagnostic.severity = Severity::Hint;
        let word = command.words().iter().find(|word| usize::from(word.range.end()) > at);
        if let Some(argument) = word.and_then(Word::literal) {
            diagnostic = diagnostic.note(format!("draft-tasks passes {}", in_backticks(argument)));
        }
    } else {
        diagnostic = diagnostic.note("put the line into a script");
    }
    found.push(diagnostic);
}

fn in_backticks(argument: &str) -> String {
    if argument.contains('`') { show_argument(argument) } else { format!("`{argument}`") }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::options::Options;
    use crate::rules::testing;

    const TEXT: &str = "[pre-up]\na = \"sh -c 'echo hello'\"\nb = 'echo \"x\"'\nc = \"echo x\"\n";

    #[test]
    fn are_no_matter_for_those_who_do_not_use_draft() {
        testing::check(DiagnosticCode::CommandQuotes, TEXT, expect![[""]]);
    }

    #[test]
    fn are_a_hint_beside_a_draft_that_was_named() {
        let options = Options { draft_version: DraftVersion::V0_16, ..Options::default() };
        testing::check_with(
            options,
            DiagnosticCode::CommandQuotes,
            TEXT,
            expect![[r#"
            hint "'": Draft knows no quotes: it passes `'echo` and `hello'`: draft-tasks passes `echo hello`
            hint "\"": Draft knows no quotes: it passes `"x"`: draft-tasks passes `x`
        "#]],
        );
    }

    #[test]
    fn are_wrong_in_draft() {
        testing::check_draft(
            DiagnosticCode::CommandQuotes,
            TEXT,
            expect![[r#"
                warning "'": Draft knows no quotes: it passes `'echo` and `hello'`: put the line into a script
                warning "\"": Draft knows no quotes: it passes `"x"`: put the line into a script
            "#]],
        );
    }
}
