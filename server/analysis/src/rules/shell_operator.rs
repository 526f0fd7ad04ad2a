//! `shell-operator`: `&&`, `||`, `|`, `;` and `&`, which are arguments where no shell reads the command.
//!
//! Must not report what may well be meant as it is: `a|b`, `?a=1&b=2`, `x=1;y=2` and the `;` of `find -exec`.

use super::declaration::{Check, Rule};
use text_size::TextRange;

use super::command::{Command, Quoting, range};
use super::{goes_into, split_task};
use crate::command::Word;
use crate::diagnostic::{Diagnostic, DiagnosticCode, Severity};
use crate::edit::Fix;
use crate::phase::Phase;

pub(super) const RULE: Rule = Rule {
    name: "shell-operator",
    severity: Severity::Warning,
    needs_facts: false,
    page: include_str!("shell_operator.md"),
    check: Check::Command(check),
};

fn check(command: &Command<'_>, found: &mut Vec<Diagnostic>) {
    if command.has_idle_quotes() {
        return;
    }
    let Some(place) = first(command) else { return };
    let operator = &command.text()[place];
    let message = match command.program() {
        Some(program) => format!("`{operator}` is an argument of `{program}` here, no operator"),
        None => format!("`{operator}` is an argument here, no operator"),
    };
    let mut diagnostic =
        command.finding(DiagnosticCode::ShellOperator, place, message).note(command.ask_for_a_shell());
    diagnostic.fixes.extend(goes_into::fix(command));
    diagnostic.fixes.extend(command.wrap());
    diagnostic.fixes.extend(split(command));
    found.push(diagnostic);
}

/// A task for each command between `&&`: the next one runs only if the one before it went well, as tasks do; not in
/// `cleanup`, which goes on after a failure.
fn split(command: &Command<'_>) -> Option<Fix> {
    if command.phase == Phase::Cleanup {
        return None;
    }
    let is_and = |word: &Word| command.bare(word) == Some("&&");
    let parts = command.words().split(is_and);
    let parts: Option<Vec<TextRange>> =
        parts.map(|part| Some(part.first()?.range.cover(part.last()?.range))).collect();
    split_task::into(command, &parts?)
}

/// The first operator of the command.
pub(super) fn first(command: &Command<'_>) -> Option<TextRange> {
    if !command.text().bytes().any(|byte| matches!(byte, b'&' | b'|' | b';')) {
        return None;
    }
    let of_find = command.name() == Some("find");
    let last = command.words().len().checked_sub(1)?;
    command.words().iter().enumerate().find_map(|(index, word)| {
        let (start, end) = (usize::from(word.range.start()), usize::from(word.range.end()));
        let doubled = command.text()[word.range].as_bytes().windows(2).position(|two| {
            matches!(two, b"&&" | b"||") // Where it is quoted is seen below.
        });
        if let Some(at) = doubled.map(|at| start + at)
            && command.quoting()[at] == Quoting::Bare
        {
            return Some(range(at, at + 2));
        }
        let bare = command.bare(word);
        match bare {
            Some("|" | "|&" | "&") => return Some(word.range),
            Some(";" | ";;") if !of_find => return Some(word.range),
            _ => {}
        }
        if let Some(at) = bare.and_then(|bare| inside(bare, index, last)) {
            return Some(range(start + at, start + at + 1));
        }
        let end_is = |byte: u8| {
            // Draft has empty words.
            end > start + 1
                && command.text().as_bytes()[end - 1] == byte
                && command.quoting()[end - 1] == Quoting::Bare
        };
        let ends =
            (end_is(b';') && !of_find) || (end_is(b'&') && index == last && bare.is_some_and(is_plain));
        ends.then(|| range(end - 1, end))
    })
}

/// What reads the output of another command in most pipelines.
const FILTERS: [&str; 16] = [
    "awk", "base64", "cat", "cut", "grep", "head", "jq", "less", "more", "sed", "sort", "tail", "tee", "tr",
    "wc", "xargs",
];

/// Where an operator stands in a word without blanks beside it: `|cat`, `x|grep`, `x;echo y`.
fn inside(word: &str, index: usize, last: usize) -> Option<usize> {
    let is_name = |text: &str| {
        text.starts_with(|first: char| first.is_ascii_alphabetic())
            && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
    };
    if let Some(at) = word.rfind('|') {
        let behind = &word[at + 1..];
        return (FILTERS.contains(&behind) || at == 0 && index > 0 && is_name(behind)).then_some(at);
    }
    let (before, behind) = word.split_once(';')?;
    (index < last && is_name(before) && is_name(behind)).then_some(before.len())
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
                warning "&&": `&&` is an argument of `cd` here, no operator: wrap it in `sh -c '…'`; no shell reads the command, nor does one in Draft
                  fix: Use `make -C x`
                    [pre-up]
                    a = "make -C x"
                    b = 'cat "a b" | wc'
                    c = "echo a; echo b"
                    d = "serve &"
                  fix: Wrap in `sh -c '…'`
                    [pre-up]
                    a = "sh -c 'cd x && make'"
                    b = 'cat "a b" | wc'
                    c = "echo a; echo b"
                    d = "serve &"
                warning "|": `|` is an argument of `cat` here, no operator: wrap it in `sh -c '…'`; no shell reads the command, nor does one in Draft
                  fix: Wrap in `sh -c '…'`
                    [pre-up]
                    a = "cd x && make"
                    b = """sh -c 'cat "a b" | wc'"""
                    c = "echo a; echo b"
                    d = "serve &"
                warning ";": `;` is an argument of `echo` here, no operator: wrap it in `sh -c '…'`; no shell reads the command, nor does one in Draft
                  fix: Wrap in `sh -c '…'`
                    [pre-up]
                    a = "cd x && make"
                    b = 'cat "a b" | wc'
                    c = "sh -c 'echo a; echo b'"
                    d = "serve &"
                warning "&": `&` is an argument of `serve` here, no operator: wrap it in `sh -c '…'`; no shell reads the command, nor does one in Draft
                  fix: Wrap in `sh -c '…'`
                    [pre-up]
                    a = "cd x && make"
                    b = 'cat "a b" | wc'
                    c = "echo a; echo b"
                    d = "sh -c 'serve &'"
            "#]],
        );
    }

    #[test]
    fn commands_one_after_another_become_tasks() {
        let text = "[pre-up]\r\nb = \"npm ci && npm test 'a && b' && echo $HOME\" # all\r\n";
        testing::check(
            DiagnosticCode::ShellOperator,
            text,
            expect![[r#"
                warning "&&": `&&` is an argument of `npm` here, no operator: wrap it in `sh -c '…'`; no shell reads the command, nor does one in Draft
                  fix: Wrap in `sh -c '…'`
                    [pre-up]
                    b = "sh -c \"npm ci && npm test 'a && b' && echo \\\"\\$HOME\\\"\"" # all
                  fix: Split into 3 tasks
                    [pre-up]
                    b = "npm ci"
                    "b 2" = "npm test 'a && b'"
                    "b 3" = "echo $HOME" # all
            "#]],
        );
    }

    #[test]
    fn commands_that_need_the_shell_are_not_split() {
        let text = "[pre-up]\na = \"cd x && y\"\nb = \"x && y | z\"\nc = \"x && A=b y\"\nd = \"x && \"\n\"d 2\" = \"\"\n\
            e = \"x && y > z\"\nf = \"x && y\"\n\"f 2\" = \"z\"\n[cleanup]\ng = \"x && y\"\n[post-deploy]\nh = \"x || y\"\n";
        let titles = |text: &str| -> Vec<String> {
            let analysis = crate::Analysis::new(text, crate::Options::default());
            let fixes = analysis.diagnostics.iter().flat_map(|found| &found.fixes);
            fixes.map(|fix| fix.title.clone()).collect()
        };
        let offered = titles(text);
        assert!(offered.len() > 4 && !offered.iter().any(|title| title.starts_with("Split")), "{offered:?}");
        assert_eq!(titles("pre-up = { a = \"x && y\" }\npost-deploy.a = \"x && y\"\n").len(), 2);
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
    fn they_need_no_blanks() {
        let found = |command: &str| {
            let analysis =
                crate::Analysis::new(format!("[pre-up]\na = '{command}'\n"), crate::Options::default());
            let mut found = analysis.diagnostics.iter().filter(|it| it.code == DiagnosticCode::ShellOperator);
            found.next().map(|it| analysis.parsed.text[it.range].to_owned())
        };
        for (command, operator) in [
            ("echo a;echo b", ";"),
            ("echo a |cat", "|"),
            ("echo a|cat", "|"),
            ("kubectl get pods|grep web", "|"),
            ("echo a |my-filter", "|"),
        ] {
            assert_eq!(found(command).as_deref(), Some(operator), "{command}");
        }
        for command in [
            "grep a|b x",
            "grep -E foo|catalog x",
            "x Server=a;Port=1 y",
            "java -cp a.jar;b.jar Main",
            "sed s/a/b/;s/c/d/ x",
            "x a;b",
            "echo \"a;echo b\" \\;",
        ] {
            assert_eq!(found(command), None, "{command}");
        }
    }

    #[test]
    fn in_draft_there_is_no_quoting() {
        let text = "[pre-up]\na = \"cd x && make\"\nb = \"sh -c 'a && b'\"\n";
        testing::check_draft(
            DiagnosticCode::ShellOperator,
            text,
            expect![[r#"
                warning "&&": `&&` is an argument of `cd` here, no operator: put the line into a script; Draft asks no shell
                  fix: Use `make -C x`
                    [pre-up]
                    a = "make -C x"
                    b = "sh -c 'a && b'"
            "#]],
        );
    }
}
