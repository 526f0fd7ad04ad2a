//! `tilde`: `~` and `~user` for a home directory, which stay as they are where no shell reads the command.
//!
//! Must not report a `~` within a word, one that compares, or `~word` without a slash: tools that select tests leave out
//! `word` by that.

use text_size::{TextRange, TextSize};

use super::command::{Command, Quoting};
use super::declaration::{Check, Rule};
use crate::command::Word;
use crate::diagnostic::{Diagnostic, DiagnosticCode, Severity};

pub(super) const RULE: Rule = Rule {
    name: "tilde",
    severity: Severity::Warning,
    needs_facts: false,
    page: include_str!("tilde.md"),
    check: Check::Command(check),
};

fn check(command: &Command<'_>, found: &mut Vec<Diagnostic>) {
    if command.name().is_some_and(|name| matches!(name, "expr" | "test" | "[" | "[[")) {
        return;
    }
    let home = |word: &Word| Some((word.range, home_of(command, word)?));
    let Some((range, user)) = command.words().iter().find_map(home) else { return };
    let place = TextRange::at(range.start(), TextSize::of('~') + TextSize::of(user));
    let message = format!("`{}` stays as it is: only a shell knows `~{user}`", &command.text()[range]);
    let mut diagnostic = command.finding(DiagnosticCode::Tilde, place, message);
    if command.phase.is_local() && user.is_empty() {
        let fixed = command.replaced(place, "$HOME");
        let fix = command.rewrite("Write `$HOME`", &fixed);
        diagnostic = diagnostic.note("write `$HOME`; it is replaced here and in Draft").fix(fix);
    } else {
        diagnostic = diagnostic.note(command.ask_for_a_shell());
        diagnostic.fixes.extend(command.wrap());
    }
    found.push(diagnostic);
}

/// The name of the user whose home a word begins with: nothing for `~`.
fn home_of<'c>(command: &'c Command<'_>, word: &Word) -> Option<&'c str> {
    let written = command.text()[word.range].strip_prefix('~')?;
    let user = written.split('/').next()?;
    let has_path = user.len() < written.len();
    let is_name = |name: &str| {
        name.starts_with(|first: char| first.is_ascii_lowercase() || first == '_')
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'))
    };
    // Up to the slash.
    let read = command.quoting_of(word).iter().take(user.len() + "~/".len());
    let is_bare = read.into_iter().all(|it| *it == Quoting::Bare);
    (is_bare && (user.is_empty() || has_path && is_name(user))).then_some(user)
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::rules::testing;

    #[test]
    fn quotes_behind_it_take_nothing_from_it() {
        let text =
            "[pre-up]\na = '''ls ~/\"a b\"'''\nb = '''ls ~\"/a b\" \"~/a\" \\~/a'''\nc = '''ls ~/a\\ b'''\n";
        testing::check(
            DiagnosticCode::Tilde,
            text,
            expect![[r#"
                warning "~": `~/"a b"` stays as it is: only a shell knows `~`: write `$HOME`; it is replaced here and in Draft
                  fix: Write `$HOME`
                    [pre-up]
                    a = 'ls $HOME/"a b"'
                    b = '''ls ~"/a b" "~/a" \~/a'''
                    c = '''ls ~/a\ b'''
                warning "~": `~/a\ b` stays as it is: only a shell knows `~`: write `$HOME`; it is replaced here and in Draft
                  fix: Write `$HOME`
                    [pre-up]
                    a = '''ls ~/"a b"'''
                    b = '''ls ~"/a b" "~/a" \~/a'''
                    c = 'ls $HOME/a\ b'
            "#]],
        );
    }

    #[test]
    fn is_home_here_and_the_containers_in_a_pod() {
        let text =
            "[pre-up]\na = \"ls ~/.draft\"\nb = \"git diff HEAD~ '~' a~b\"\n[post-deploy]\nc = \"ls ~\"\n";
        testing::check(
            DiagnosticCode::Tilde,
            text,
            expect![[r#"
                warning "~": `~/.draft` stays as it is: only a shell knows `~`: write `$HOME`; it is replaced here and in Draft
                  fix: Write `$HOME`
                    [pre-up]
                    a = "ls $HOME/.draft"
                    b = "git diff HEAD~ '~' a~b"
                    [post-deploy]
                    c = "ls ~"
                warning "~": `~` stays as it is: only a shell knows `~`: wrap it in `sh -c '…'`; no shell reads the command, nor does one in Draft
                  fix: Wrap in `sh -c '…'`
                    [pre-up]
                    a = "ls ~/.draft"
                    b = "git diff HEAD~ '~' a~b"
                    [post-deploy]
                    c = "sh -c 'ls ~'"
            "#]],
        );
    }

    #[test]
    fn is_the_home_of_a_user() {
        let text = "[pre-up]\na = \"ls ~deploy/app ~\"\nb = \"grep ~1 ~= ~$X ~'x' '~deploy/a' ~de'p'/a\"\nc = \"ctest ~slow\"\nd = \"expr 1 ~ 2\"\n";
        testing::check(
            DiagnosticCode::Tilde,
            text,
            expect![[r#"
                warning "~deploy": `~deploy/app` stays as it is: only a shell knows `~deploy`: wrap it in `sh -c '…'`; no shell reads the command, nor does one in Draft
                  fix: Wrap in `sh -c '…'`
                    [pre-up]
                    a = "sh -c 'ls ~deploy/app ~'"
                    b = "grep ~1 ~= ~$X ~'x' '~deploy/a' ~de'p'/a"
                    c = "ctest ~slow"
                    d = "expr 1 ~ 2"
            "#]],
        );
    }
}
