//! `redirection`: `>`, `<` and their kin, which are arguments where no shell reads the command.
//!
//! Must not report them within a word, as in `requests>=2.0`, or around one, as in `<someone@example.com>`.

use super::command::{Command, Quoting};
use super::declaration::{Check, Rule};
use crate::command::Word;
use crate::diagnostic::{Diagnostic, DiagnosticCode, Severity};

pub(super) const RULE: Rule = Rule {
    name: "redirection",
    severity: Severity::Warning,
    needs_facts: false,
    page: include_str!("redirection.md"),
    check: Check::Command(check),
};

fn check(command: &Command<'_>, found: &mut Vec<Diagnostic>) {
    if command.has_idle_quotes() {
        return;
    }
    let Some(word) = first(command) else { return };
    let written = &command.text()[word.range];
    let message = match command.program() {
        Some(program) => format!("`{written}` is an argument of `{program}` here and redirects nothing"),
        None => format!("`{written}` is an argument here and redirects nothing"),
    };
    let mut diagnostic =
        command.finding(DiagnosticCode::Redirection, word.range, message).note(command.ask_for_a_shell());
    diagnostic.fixes.extend(command.wrap());
    found.push(diagnostic);
}

/// The first redirection of the command.
pub(super) fn first<'a>(command: &'a Command<'_>) -> Option<&'a Word> {
    command.words().iter().skip(1).find(|word| redirects(command, word))
}

/// Whether a word begins as only a redirection does: `>`, `2>`, `&>`, `<`.
fn redirects(command: &Command<'_>, word: &Word) -> bool {
    let written = &command.text()[word.range];
    let rest =
        written.strip_prefix('&').unwrap_or_else(|| written.trim_start_matches(|c: char| c.is_ascii_digit()));
    let compared = rest.starts_with(">=") || rest.starts_with("<=");
    let around = rest.starts_with('<') && rest.ends_with('>');
    let operator = written.len() - rest.len() + 1;
    let is_bare = || command.quoting_of(word)[..operator].iter().all(|it| *it == Quoting::Bare);
    rest.starts_with(['>', '<']) && !compared && !around && is_bare()
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::rules::testing;

    #[test]
    fn a_shell_reads_it() {
        let text = "[pre-up]\na = \"make > build.log\"\nb = \"make 2>/dev/null\"\nc = \"cat < x\"\n";
        testing::check(
            DiagnosticCode::Redirection,
            text,
            expect![[r#"
                warning ">": `>` is an argument of `make` here and redirects nothing: wrap it in `sh -c '…'`; no shell reads the command, nor does one in Draft
                  fix: Wrap in `sh -c '…'`
                    [pre-up]
                    a = "sh -c 'make > build.log'"
                    b = "make 2>/dev/null"
                    c = "cat < x"
                warning "2>/dev/null": `2>/dev/null` is an argument of `make` here and redirects nothing: wrap it in `sh -c '…'`; no shell reads the command, nor does one in Draft
                  fix: Wrap in `sh -c '…'`
                    [pre-up]
                    a = "make > build.log"
                    b = "sh -c 'make 2>/dev/null'"
                    c = "cat < x"
                warning "<": `<` is an argument of `cat` here and redirects nothing: wrap it in `sh -c '…'`; no shell reads the command, nor does one in Draft
                  fix: Wrap in `sh -c '…'`
                    [pre-up]
                    a = "make > build.log"
                    b = "make 2>/dev/null"
                    c = "sh -c 'cat < x'"
            "#]],
        );
    }

    #[test]
    fn quotes_of_the_file_take_nothing_from_the_operator() {
        let text = "[pre-up]\na = '''make >\"a b\"'''\nb = '''make 2>>~/\"a b\"'''\nc = '''echo \">\"a \\>b '2>x''''\n";
        testing::check(
            DiagnosticCode::Redirection,
            text,
            expect![[r#"
                warning ">\"a b\"": `>"a b"` is an argument of `make` here and redirects nothing: wrap it in `sh -c '…'`; no shell reads the command, nor does one in Draft
                  fix: Wrap in `sh -c '…'`
                    [pre-up]
                    a = """sh -c 'make >"a b"'"""
                    b = '''make 2>>~/"a b"'''
                    c = '''echo ">"a \>b '2>x''''
                warning "2>>~/\"a b\"": `2>>~/"a b"` is an argument of `make` here and redirects nothing: wrap it in `sh -c '…'`; no shell reads the command, nor does one in Draft
                  fix: Wrap in `sh -c '…'`
                    [pre-up]
                    a = '''make >"a b"'''
                    b = """sh -c 'make 2>>~/"a b"'"""
                    c = '''echo ">"a \>b '2>x''''
            "#]],
        );
    }

    #[test]
    fn what_may_be_meant_is_left_alone() {
        let text = "[pre-up]\na = \"pip install requests>=2.0\"\nb = \"git commit --author Ann <ann@example.com>\"\nc = \"sh -c 'a > b'\"\nd = \"echo -> => '>' \\\\> >= 5\"\n";
        testing::check(DiagnosticCode::Redirection, text, expect![[""]]);
    }
}
