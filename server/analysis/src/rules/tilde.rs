//! `tilde`: `~` for the home directory, which stays as it is where no shell reads the command.
//!
//! Must not report a `~` within a word.

use super::command::{Command, Quoting, range};
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
    let is_home = |word: &&Word| {
        let written = &command.text()[word.range];
        let prefix = written.len().min("~/".len());
        let is_bare = || command.quoting_of(word)[..prefix].iter().all(|it| *it == Quoting::Bare);
        (written == "~" || written.starts_with("~/")) && is_bare()
    };
    let Some(word) = command.words().iter().find(is_home) else { return };
    let start = usize::from(word.range.start());
    let place = range(start, start + 1);
    let message = format!("`{}` stays as it is: only a shell knows `~`", &command.text()[word.range]);
    let mut diagnostic = command.finding(DiagnosticCode::Tilde, place, message);
    if command.phase.is_local() {
        let fixed = command.replaced(place, "$HOME");
        let fix = command.rewrite("Write `$HOME`", &fixed);
        diagnostic = diagnostic.note("`$HOME` is replaced here and in Draft").fix(fix);
    } else {
        diagnostic = diagnostic.note(command.ask_for_a_shell());
        diagnostic.fixes.extend(command.wrap());
    }
    found.push(diagnostic);
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
            warning "~": `~/"a b"` stays as it is: only a shell knows `~`: `$HOME` is replaced here and in Draft
              fix: Write `$HOME`
                [pre-up]
                a = 'ls $HOME/"a b"'
                b = '''ls ~"/a b" "~/a" \~/a'''
                c = '''ls ~/a\ b'''
            warning "~": `~/a\ b` stays as it is: only a shell knows `~`: `$HOME` is replaced here and in Draft
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
                warning "~": `~/.draft` stays as it is: only a shell knows `~`: `$HOME` is replaced here and in Draft
                  fix: Write `$HOME`
                    [pre-up]
                    a = "ls $HOME/.draft"
                    b = "git diff HEAD~ '~' a~b"
                    [post-deploy]
                    c = "ls ~"
                warning "~": `~` stays as it is: only a shell knows `~`: no shell reads the command, nor does one in Draft; `sh -c '…'` asks for one
                  fix: Wrap in `sh -c '…'`
                    [pre-up]
                    a = "ls ~/.draft"
                    b = "git diff HEAD~ '~' a~b"
                    [post-deploy]
                    c = "sh -c 'ls ~'"
            "#]],
        );
    }
}
