//! `command-blanks`: spaces that Draft makes empty arguments of, and tabs and line feeds at which it does not split.
//!
//! Must not report blanks in quotes where quotes mean something, or join lines that were meant as several commands.

use super::command::{Command, Quoting, range};
use super::declaration::{Check, Rule};
use super::{comment_in_command, several_lines};
use crate::diagnostic::{Diagnostic, DiagnosticCode, Severity};
use crate::edit::Fix;

pub(super) const RULE: Rule = Rule {
    name: "command-blanks",
    severity: Severity::Warning,
    needs_facts: false,
    page: include_str!("command_blanks.md"),
    check: Check::Command(check),
};

fn check(command: &Command<'_>, found: &mut Vec<Diagnostic>) {
    let text: &str = command.text();
    let Some((at, length, message)) = first(command) else { return };
    let has_lines =
        || several_lines::lines(command).len() > 1 || comment_in_command::first(command).is_some();
    if text.trim_ascii().is_empty() || has_lines() {
        return;
    }
    let place = range(at, at + length);
    let mut diagnostic = command.finding(DiagnosticCode::CommandBlanks, place, message);
    if command.knows_quotes() {
        diagnostic.severity = Severity::Information;
        diagnostic = diagnostic.note("it changes nothing here");
    }
    let fix = command.rewrite("Separate the words by single spaces", &tidy(command));
    // Draft loses an empty argument by it.
    found.push(diagnostic.fix(Fix { preferred: command.knows_quotes(), ..fix }));
}

/// The first blank that is more than one space between two words: where, how long, and what Draft makes of it.
fn first(command: &Command<'_>) -> Option<(usize, usize, &'static str)> {
    let bytes = command.text().as_bytes();
    let blank = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\n');
    let mut at = 0;
    while let Some(start) = bytes[at..].iter().position(blank).map(|found| at + found) {
        let length = bytes[start..].iter().take_while(|byte| blank(byte)).count();
        at = start + length;
        let odd = length > 1 || bytes[start] != b' ' || start == 0 || at == bytes.len();
        if !odd || command.quoting()[start] != Quoting::Bare {
            continue;
        }
        let message = match &bytes[start..at] {
            _ if start == 0 && bytes[0] == b' ' => {
                "the command begins with a space, and Draft takes the program's name to be empty"
            }
            blanks if blanks.contains(&b'\t') || blanks.contains(&b'\n') => {
                "Draft splits commands at spaces only: what stands on both sides of this is one argument"
            }
            _ if at == bytes.len() => "the command ends with a space, and Draft passes an empty argument",
            _ => "more than one space, and Draft passes an empty argument",
        };
        return Some((start, length, message));
    }
    None
}

/// The words as they are written, one space between them.
fn tidy(command: &Command<'_>) -> String {
    if command.knows_quotes() {
        let words: Vec<&str> = command.words().iter().map(|word| &command.text()[word.range]).collect();
        return words.join(" ");
    }
    command.text().split_ascii_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::rules::testing;

    const TEXT: &str = "[pre-up]\na = \" make\"\nb = 'echo  \"x  y\"'\nc = \"make \"\nd = \"make\\tall\"\ne = \"sh -c 'a  b'\"\nf = \"\"\"\nmake \\\n  all\n\"\"\"\n";

    #[test]
    fn words_are_separated_by_single_spaces() {
        testing::check(
            DiagnosticCode::CommandBlanks,
            TEXT,
            expect![[r#"
            info " ": the command begins with a space, and Draft takes the program's name to be empty: it changes nothing here
              fix: Separate the words by single spaces (preferred)
                [pre-up]
                a = "make"
                b = 'echo  "x  y"'
                c = "make "
                d = "make\tall"
                e = "sh -c 'a  b'"
                f = """
                make \
                  all
                """
            info "  ": more than one space, and Draft passes an empty argument: it changes nothing here
              fix: Separate the words by single spaces (preferred)
                [pre-up]
                a = " make"
                b = 'echo "x  y"'
                c = "make "
                d = "make\tall"
                e = "sh -c 'a  b'"
                f = """
                make \
                  all
                """
            info " ": the command ends with a space, and Draft passes an empty argument: it changes nothing here
              fix: Separate the words by single spaces (preferred)
                [pre-up]
                a = " make"
                b = 'echo  "x  y"'
                c = "make"
                d = "make\tall"
                e = "sh -c 'a  b'"
                f = """
                make \
                  all
                """
            info "\\t": Draft splits commands at spaces only: what stands on both sides of this is one argument: it changes nothing here
              fix: Separate the words by single spaces (preferred)
                [pre-up]
                a = " make"
                b = 'echo  "x  y"'
                c = "make "
                d = "make all"
                e = "sh -c 'a  b'"
                f = """
                make \
                  all
                """
            info "\n": Draft splits commands at spaces only: what stands on both sides of this is one argument: it changes nothing here
              fix: Separate the words by single spaces (preferred)
                [pre-up]
                a = " make"
                b = 'echo  "x  y"'
                c = "make "
                d = "make\tall"
                e = "sh -c 'a  b'"
                f = "make all"
        "#]],
        );
    }

    #[test]
    fn in_draft_they_are_arguments() {
        testing::check_draft(
            DiagnosticCode::CommandBlanks,
            "[pre-up]\na = \" make  all\"\n",
            expect![[r#"
                warning " ": the command begins with a space, and Draft takes the program's name to be empty
                  fix: Separate the words by single spaces
                    [pre-up]
                    a = "make all"
            "#]],
        );
    }
}
