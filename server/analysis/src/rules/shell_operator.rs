//! `shell-operator`: `&&`, `||`, `|`, `;` and `&`, which are arguments where no shell reads the command.
//!
//! Must not report what may well be meant as it is: `a|b`, `?a=1&b=2` and the `;` of `find -exec`.

use text_size::TextRange;

use super::command::{Command, Quoting, range};
use crate::diagnostic::{Diagnostic, DiagnosticCode};

pub(super) fn check(command: &Command<'_>, found: &mut Vec<Diagnostic>) {
    if !command.knows_quotes() && command.text.contains(['"', '\'']) {
        // There the quotes are what is wrong.
        return;
    }
    let Some(place) = first(command) else { return };
    let operator = &command.text[place];
    let message = match command.program() {
        Some(program) => format!("`{operator}` is an argument of `{program}` here, no operator"),
        None => format!("`{operator}` is an argument here, no operator"),
    };
    let mut diagnostic =
        command.finding(DiagnosticCode::ShellOperator, place, message).note(command.ask_for_a_shell());
    diagnostic.fixes.extend(command.wrap());
    found.push(diagnostic);
}

/// The first operator of the command.
pub(super) fn first(command: &Command<'_>) -> Option<TextRange> {
    memchr::memchr3(b'&', b'|', b';', command.text.as_bytes())?;
    let of_find = command.name() == Some("find");
    let last = command.words.len().checked_sub(1)?;
    command.words.iter().enumerate().find_map(|(index, word)| {
        let (start, end) = (usize::from(word.range().start()), usize::from(word.range().end()));
        let doubled = command.text[word.range()].as_bytes().windows(2).position(|two| {
            matches!(two, b"&&" | b"||") // Where it is quoted is seen below.
        });
        if let Some(at) = doubled.map(|at| start + at)
            && command.quoting()[at] == Quoting::Bare
        {
            return Some(range(at, at + 2));
        }
        let bare = command.bare(word);
        match bare {
            Some("|" | "|&" | "&") => return Some(word.range()),
            Some(";" | ";;") if !of_find => return Some(word.range()),
            _ => {}
        }
        let end_is = |byte: u8| {
            // Draft has empty words.
            end > start + 1
                && command.text.as_bytes()[end - 1] == byte
                && command.quoting()[end - 1] == Quoting::Bare
        };
        let ends =
            (end_is(b';') && !of_find) || (end_is(b'&') && index == last && bare.is_some_and(is_plain));
        ends.then(|| range(end - 1, end))
    })
}

/// Whether a word with `&` at its end has nothing of a URL or a redirection.
fn is_plain(word: &str) -> bool {
    !word.contains(['=', '?', '>', '<', ':'])
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::rules::testing;

    #[test]
    fn a_shell_reads_them() {
        let text = "[pre-up]\na = \"cd x && make\"\nb = 'cat \"a b\" | wc'\nc = \"echo a; echo b\"\nd = \"serve &\"\n";
        testing::check(
            DiagnosticCode::ShellOperator,
            text,
            expect![[r#"
            warning "&&": `&&` is an argument of `cd` here, no operator: no shell reads the command, nor does one in Draft; `sh -c '…'` asks for one
              fix: Wrap in `sh -c '…'` (preferred)
                [pre-up]
                a = "sh -c 'cd x && make'"
                b = 'cat "a b" | wc'
                c = "echo a; echo b"
                d = "serve &"
            warning "|": `|` is an argument of `cat` here, no operator: no shell reads the command, nor does one in Draft; `sh -c '…'` asks for one
              fix: Wrap in `sh -c '…'` (preferred)
                [pre-up]
                a = "cd x && make"
                b = """sh -c 'cat "a b" | wc'"""
                c = "echo a; echo b"
                d = "serve &"
            warning ";": `;` is an argument of `echo` here, no operator: no shell reads the command, nor does one in Draft; `sh -c '…'` asks for one
              fix: Wrap in `sh -c '…'` (preferred)
                [pre-up]
                a = "cd x && make"
                b = 'cat "a b" | wc'
                c = "sh -c 'echo a; echo b'"
                d = "serve &"
            warning "&": `&` is an argument of `serve` here, no operator: no shell reads the command, nor does one in Draft; `sh -c '…'` asks for one
              fix: Wrap in `sh -c '…'` (preferred)
                [pre-up]
                a = "cd x && make"
                b = 'cat "a b" | wc'
                c = "echo a; echo b"
                d = "sh -c 'serve &'"
        "#]],
        );
    }

    #[test]
    fn what_may_be_meant_is_left_alone() {
        let text = r#"[pre-up]
a = "sh -c 'cd x && make | cat; true &'"
b = "curl http://x/?a=1&b=2"
c = "grep -E a|b file"
d = "find . -exec rm {} ;"
e = 'find . -exec rm {} \;'
f = "echo 'a && b' \"c; d\""
g = "echo \\&\\& x\\;"
"#;
        testing::check(DiagnosticCode::ShellOperator, text, expect![[""]]);
    }

    #[test]
    fn in_draft_there_is_no_quoting() {
        let text = "[pre-up]\na = \"cd x && make\"\nb = \"sh -c 'a && b'\"\n";
        testing::check_draft(
            DiagnosticCode::ShellOperator,
            text,
            expect![[r#"
            warning "&&": `&&` is an argument of `cd` here, no operator: Draft asks no shell; put the line into a script and run that
        "#]],
        );
    }
}
