//! `syntax`: the file is not TOML.
//!
//! Must not report tasks that are defined twice; `duplicate_task` does.

use text_size::{TextRange, TextSize};

use super::declaration::{Check, Rule};
use super::duplicate_task::is_duplicate_task;
use crate::diagnostic::{Diagnostic, DiagnosticCode, Severity};
use crate::draft_toml;
use crate::edit::{self, Fix, TextEdit};
use crate::parsed::Parsed;
use crate::syntax::{SyntaxErrorKind, parse};

/// A longer text with errors is not read a second time, as Draft would: somebody may be typing.
const LONGEST_FOR_DRAFT: usize = 1 << 20;

/// For those who never saw one.
const FORM: &str =
    "a phase of a tasks file begins with `[pre-up]`, and a task is `\"description\" = \"command\"`";

pub(super) const RULE: Rule = Rule {
    name: "syntax",
    severity: Severity::Error,
    needs_facts: false,
    page: include_str!("syntax.md"),
    check: Check::File(check),
};

fn check(parsed: &Parsed, found: &mut Vec<Diagnostic>) {
    let before = found.len();
    if let Some(error) = parsed.tree.foreign() {
        let mut diagnostic = Diagnostic::new(DiagnosticCode::Syntax, error.range, error.message.clone());
        if error.kind == SyntaxErrorKind::Language {
            diagnostic = diagnostic.note(FORM);
        }
        found.push(diagnostic);
        return;
    }
    let mut quoted = None;
    for error in parsed.tree.errors.iter().filter(|error| !is_duplicate_task(parsed, error)) {
        let mut diagnostic = Diagnostic::new(DiagnosticCode::Syntax, error.range, error.message.clone());
        let line = edit::line_start(&parsed.text, error.range.start());
        if quoted.replace(line) != Some(line) {
            diagnostic.fixes.extend(line_fix(parsed, line));
        }
        if let Some(first) = error.related {
            diagnostic = diagnostic.related(first, "first defined here");
        }
        found.push(diagnostic);
    }
    if found.len() > before && draft_accepts(parsed) {
        for diagnostic in &mut found[before..] {
            diagnostic.note = Some("Draft's own reader accepts this file".into());
        }
    }
}

/// What makes a line one of TOML, where one thing is wrong with it. That its task is to run is for the user to say.
fn line_fix(parsed: &Parsed, start: TextSize) -> Option<Fix> {
    let range = TextRange::new(start, edit::line_stop(&parsed.text, start));
    let goes_on = parsed.tree.entry_before(range.end()).is_some_and(|entry| entry.range.end() > range.end());
    if goes_on {
        return None;
    }
    let line = &parsed.text[range];
    quote_key(line, start).or_else(|| quote_value(line, start)).or_else(|| put_equals(line, start))
}

/// A fix that is no more than a proposal, if the line is one of TOML with it.
fn proposal(title: &str, line: &str, start: TextSize, edit: TextEdit) -> Option<Fix> {
    let here = TextEdit { range: edit.range - start, ..edit.clone() };
    let is_right = parse(&edit::apply(line, &[here])).errors.is_empty();
    is_right.then(|| Fix { title: title.into(), edits: vec![edit], preferred: false })
}

/// Gives the value of a line the quotes that it lacks, or others than those that it holds.
fn quote_value(line: &str, start: TextSize) -> Option<Fix> {
    let (key, rest) = line.split_once('=')?;
    let value = rest.trim();
    let before = key.len() + 1 + rest.len() - rest.trim_start().len();
    let range = TextRange::at(start + TextSize::of(&line[..before]), TextSize::of(value));
    let quote = value.chars().next()?;
    if !matches!(quote, '"' | '\'') {
        let is_plain = !value.contains('#') && !matches!(quote, '[' | '{');
        let edit = is_plain.then(|| TextEdit::replace(range, edit::string(without_typography(value))))?;
        return proposal("Put the command into quotes", line, start, edit);
    }
    if !value[1..].contains(quote) {
        return proposal("Close the string", line, start, TextEdit::insert(range.end(), quote.to_string()));
    }
    let inner = value[1..].strip_suffix(quote).filter(|inner| inner.contains(quote))?;
    let edit = TextEdit::replace(range, edit::string(inner));
    proposal("Quote what is inside of the quotes", line, start, edit)
}

/// What stands between the quotes that a word processor or a web page makes of `"` and `'`.
fn without_typography(text: &str) -> &str {
    const QUOTES: [char; 8] = ['“', '”', '„', '‟', '‘', '’', '‚', '‛'];
    let inner = text.strip_prefix(QUOTES).and_then(|text| text.strip_suffix(QUOTES));
    inner.filter(|inner| !inner.contains(&QUOTES[..4])).unwrap_or(text)
}

/// Puts `=` between a key and its value, instead of `:` or of nothing.
fn put_equals(line: &str, start: TextSize) -> Option<Fix> {
    let indent = line.len() - line.trim_start().len();
    let key = &line[indent..];
    let end = match key.chars().next()? {
        quote @ ('"' | '\'') => key[1..].find(quote)? + 2,
        _ => key.find(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '-' | '_'))?,
    };
    let behind = &key[end..];
    let value = behind.trim_start().trim_start_matches(':').trim_start();
    let length = TextSize::of(behind) - TextSize::of(value);
    let gap = TextRange::at(start + TextSize::of(&line[..indent + end]), length);
    proposal("Write `=` between key and command", line, start, TextEdit::replace(gap, " = "))
}

/// Puts the key of a line into quotes.
fn quote_key(line: &str, start: TextSize) -> Option<Fix> {
    let (before, value) = line.split_once('=')?;
    let key = before.trim();
    if let Some(quote) = key.chars().next().filter(|first| matches!(first, '"' | '\'')) {
        let end = start + TextSize::of(before.trim_end());
        let is_open = !key[1..].contains(['"', '\'']);
        let closes = || parse(&format!("{key}{quote} ={value}")).errors.is_empty();
        let edits = vec![TextEdit::insert(end, quote.to_string())];
        let title = "Close the quote of the key".into();
        return (is_open && closes()).then_some(Fix { title, edits, preferred: false });
    }
    if key.is_empty() || key.contains(['"', '\'', '[', ']', '{', '}', '#']) {
        return None;
    }
    let quoted = edit::key(without_typography(key));
    if quoted == key || !parse(&format!("{quoted} ={value}")).errors.is_empty() {
        return None;
    }
    let indent = TextSize::of(before) - TextSize::of(before.trim_start());
    let range = TextRange::at(start + indent, TextSize::of(key));
    let edits = vec![TextEdit::replace(range, quoted)];
    Some(Fix { title: "Put the key into quotes".into(), edits, preferred: false })
}

/// Whether Draft reads a file that is not TOML.
fn draft_accepts(parsed: &Parsed) -> bool {
    parsed.text.len() <= LONGEST_FOR_DRAFT
        && draft_toml::read(&parsed.text, parsed.options.draft_version).is_ok()
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::analysis::Analysis;
    use crate::rules::testing;

    #[test]
    fn all_errors_at_once() {
        let text = "[pre-up]\nhello = \"echo\nbye = \n[cleanup]\nx = 1 2\n";
        testing::check(
            DiagnosticCode::Syntax,
            text,
            expect![[r#"
                error "\"echo": this string is not closed: expected `"` at its end
                  fix: Close the string
                    [pre-up]
                    hello = "echo"
                    bye =
                    [cleanup]
                    x = 1 2
                error "": expected a value after `=`
                error "1 2": expected a value: a string must stand in quotes
                  fix: Put the command into quotes
                    [pre-up]
                    hello = "echo
                    bye =
                    [cleanup]
                    x = "1 2"
            "#]],
        );
    }

    #[test]
    fn a_key_is_put_into_quotes_where_that_helps() {
        let text = "[pre-up]\nsync database = \"x\"\n  caf\u{e9} = 'y'\na b = z\n\"a\" b = \"c\"\n[a b]\n";
        testing::check(
            DiagnosticCode::Syntax,
            text,
            expect![[r#"
                error "database = \"x\"": expected `=` after the key: a key of several words must stand in quotes
                  fix: Put the key into quotes
                    [pre-up]
                    "sync database" = "x"
                      café = 'y'
                    a b = z
                    "a" b = "c"
                    [a b]
                error "café": a key without quotes holds only letters from a to z, digits, `-` and `_`: expected quotes around it
                  fix: Put the key into quotes
                    [pre-up]
                    sync database = "x"
                      "café" = 'y'
                    a b = z
                    "a" b = "c"
                    [a b]
                error "b = z": expected `=` after the key: a key of several words must stand in quotes
                error "b = \"c\"": expected `=` after the key
                error "b]": expected `]` after the name: a name of several words must stand in quotes
            "#]],
        );
    }

    #[test]
    fn a_value_gets_the_quotes_that_it_lacks_and_a_key_its_equals_sign() {
        let fixed = |line: &str| {
            let text = format!("[pre-up]\n{line}\n[cleanup]\n");
            let found = Analysis::new(text.clone(), crate::Options::default()).diagnostics;
            let mut errors = found.iter().filter(|found| found.code == DiagnosticCode::Syntax);
            let fix = errors.find_map(|found| found.fixes.first())?;
            assert!(!fix.preferred, "{line}");
            Some(format!("{}: {}", fix.title, edit::apply(&text, &fix.edits).lines().nth(1)?))
        };
        for (line, right) in [
            ("migrate = make all", r#"Put the command into quotes: migrate = "make all""#),
            (r#"a = echo "x""#, r#"Put the command into quotes: a = 'echo "x"'"#),
            ("smart = “echo hi”", r#"Put the command into quotes: smart = "echo hi""#),
            ("smart = ‘echo hi’", r#"Put the command into quotes: smart = "echo hi""#),
            ("smart = „echo hi“", r#"Put the command into quotes: smart = "echo hi""#),
            ("smart = “a” and “b”", r#"Put the command into quotes: smart = "“a” and “b”""#),
            ("“sync db” = \"rake\"", r#"Put the key into quotes: "sync db" = "rake""#),
            (r#"c = "rm x"#, r#"Close the string: c = "rm x""#),
            ("c = 'rm x", "Close the string: c = 'rm x'"),
            (r#"d = "echo "hi there"""#, r#"Quote what is inside of the quotes: d = 'echo "hi there"'"#),
            ("e = 'it's'", r#"Quote what is inside of the quotes: e = "it's""#),
            (r#""d": "echo""#, r#"Write `=` between key and command: "d" = "echo""#),
            (r#"d "echo""#, r#"Write `=` between key and command: d = "echo""#),
        ] {
            assert_eq!(fixed(line).as_deref(), Some(right), "{line}");
        }
        for line in ["a = b # c", "a b", r#"a = "x" y "z"#, "a =", r#""a""#] {
            assert_eq!(fixed(line), None, "{line}");
        }
        // A line that is not all of its value.
        for lines in ["[[x]]\na = 'b'\na = \"\"\"\n\"\"\"", "a = \"\"\"\nb = c \\q\n\"\"\""] {
            assert_eq!(fixed(lines), None, "{lines}");
        }
    }

    #[test]
    fn a_quote_that_is_missing_behind_a_key_is_named() {
        testing::check(
            DiagnosticCode::Syntax,
            "[pre-up]\n\"hello = \"echo hi\"\n'a b ='c'\n\"x\" y = \"z\"\n",
            expect![[r#"
                error "\"hello": expected `"` behind `hello`: the quote at the end of the key is missing
                  fix: Close the quote of the key
                    [pre-up]
                    "hello" = "echo hi"
                    'a b ='c'
                    "x" y = "z"
                error "'a b": expected `'` behind `a b`: the quote at the end of the key is missing
                  fix: Close the quote of the key
                    [pre-up]
                    "hello = "echo hi"
                    'a b' ='c'
                    "x" y = "z"
                error "y = \"z\"": expected `=` after the key
            "#]],
        );
    }

    #[test]
    fn of_what_is_no_tasks_file_nothing_else_is_said() {
        for (text, message) in [
            ("pre-up:\n  a: b\n", format!("this is YAML, not TOML: {FORM}")),
            ("<html>\nx = 1\n", format!("this is HTML, not TOML: {FORM}")),
            (
                "x = 1\n[pre-up]\n<<<<<<< HEAD\na = 'ls | wc'\n=======\na = 'ls'\n>>>>>>> other\n",
                "a merge left a conflict here: keep one of its versions, and remove the lines that begin with \
                `<<<<<<<`, `=======` and `>>>>>>>`"
                    .into(),
            ),
        ] {
            let found = Analysis::new(text, crate::Options::default()).diagnostics;
            let messages: Vec<String> = found.iter().map(Diagnostic::full_message).collect();
            assert_eq!(messages, [message], "{text}");
        }
    }

    #[test]
    fn what_draft_takes_all_the_same() {
        testing::check(
            DiagnosticCode::Syntax,
            "[pre-up]\na = \"echo \u{7f}\"\n",
            expect![[r#"
                error "\u{7f}": expected the control character 007F to be written as `\u007F`: Draft's own reader accepts this file
            "#]],
        );
        let long = format!("[pre-up]\na = \"echo \u{7f}\"\n#{}\n", "x".repeat(LONGEST_FOR_DRAFT));
        let found = Analysis::new(long, crate::Options::default()).diagnostics;
        assert_eq!(found[0].note, None);
    }
}
