//! `backslash-path`: a path as Windows writes it, whose backslashes are gone when the command is split.
//!
//! Must not report a backslash that takes a meaning away, nor arguments that may be patterns: only what begins as a path.

use super::command::{Command, Quoting, range};
use super::declaration::{Check, Rule};
use crate::command::{Word, show_argument};
use crate::diagnostic::{Diagnostic, DiagnosticCode, Severity};
use crate::edit::{self, TextEdit};

pub(super) const RULE: Rule = Rule {
    name: "backslash-path",
    severity: Severity::Warning,
    needs_facts: false,
    page: include_str!("backslash_path.md"),
    check: Check::Command(check),
};

fn check(command: &Command<'_>, found: &mut Vec<Diagnostic>) {
    if !command.knows_quotes() || !command.text().contains('\\') {
        return;
    }
    for (at, word) in command.words().iter().enumerate() {
        let lost = lost_separators(command, word);
        let written = &command.text()[word.range];
        if lost.is_empty() || at > 0 && !begins_as_path(written) {
            continue;
        }
        let Some(read) = word.literal() else { continue };
        let what = if at == 0 { "the program is" } else { "the argument is" };
        let message = format!("`{written}` loses its backslashes: {what} `{}`", show_argument(read));
        let edits: Vec<_> = lost.iter().map(|at| TextEdit::replace(range(*at, *at + 1), "/")).collect();
        let fixed = edit::apply(command.text(), &edits);
        let note = "write `/`, which Windows takes as well, or put it between single quotes";
        let fix = command.rewrite("Write `/`", &fixed);
        found.push(command.finding(DiagnosticCode::BackslashPath, word.range, message).note(note).fix(fix));
    }
}

/// Where a word has a backslash in front of what needs none.
fn lost_separators(command: &Command<'_>, word: &Word) -> Vec<usize> {
    let begin = usize::from(word.range.start());
    let bytes = command.text()[word.range].as_bytes();
    let quoting = command.quoting_of(word);
    let is_lost = |at: &usize| {
        let goes = bytes[*at] == b'\\' && quoting[*at] == Quoting::Escaped;
        goes && bytes.get(at + 1).is_some_and(|next| next.is_ascii_alphanumeric() || b"_.".contains(next))
    };
    // In front of a word it is how shells pass by an alias.
    (1..bytes.len()).filter(is_lost).map(|at| begin + at).collect()
}

/// `C:\…`, `.\…`, `..\…`.
fn begins_as_path(written: &str) -> bool {
    let drive = written.trim_start_matches(|c: char| c.is_ascii_alphabetic());
    let is_drive = written.len() == drive.len() + 1 && drive.starts_with(":\\");
    is_drive || written.starts_with(".\\") || written.starts_with("..\\")
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::rules::testing;

    #[test]
    fn is_written_with_slashes() {
        let text = "[pre-up]\na = 'bin\\tool.bat C:\\data\\x \\d+'\nb = '''\"bin\\tool.bat\" 'C:\\x' a\\ b \\.\\$x'''\n";
        testing::check(
            DiagnosticCode::BackslashPath,
            text,
            expect![[r#"
            warning "bin\\tool.bat": `bin\tool.bat` loses its backslashes: the program is `bintool.bat`: write `/`, which Windows takes as well, or put it between single quotes
              fix: Write `/`
                [pre-up]
                a = 'bin/tool.bat C:\data\x \d+'
                b = '''"bin\tool.bat" 'C:\x' a\ b \.\$x'''
            warning "C:\\data\\x": `C:\data\x` loses its backslashes: the argument is `C:datax`: write `/`, which Windows takes as well, or put it between single quotes
              fix: Write `/`
                [pre-up]
                a = 'bin\tool.bat C:/data/x \d+'
                b = '''"bin\tool.bat" 'C:\x' a\ b \.\$x'''
        "#]],
        );
    }
}
