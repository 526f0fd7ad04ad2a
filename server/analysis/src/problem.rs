//! Places in files that tools complain about, found in what tasks write.
//!
//! Must not look whether a file exists, and must not guess: a line that is of no known form says nothing.

use crate::diagnostic::Severity;

/// Longer lines are data, not messages.
const LONGEST: usize = 4096;

/// Something that a tool says of a place in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The file as the tool wrote it.
    pub file: String,
    /// The line, counted from 1.
    pub line: u32,
    /// The column, counted from 1 in units of the tool, where it tells one.
    pub column: Option<u32>,
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong.
    pub message: String,
}

/// Reads the lines of one stream, one after another; some problems take several.
#[derive(Clone, Debug, Default)]
pub struct Matcher(State);

#[derive(Clone, Debug, Default)]
enum State {
    #[default]
    Idle,
    /// rustc said what; where stands on the next line.
    Rustc(Severity, String),
    /// Python says where, frame by frame, and then what.
    Traceback(Option<(String, u32)>),
}

struct Place<'a> {
    file: &'a str,
    line: u32,
    column: Option<u32>,
}

impl Place<'_> {
    fn problem(self, severity: Severity, message: &str) -> Problem {
        let message = message.trim().to_owned();
        Problem { file: self.file.to_owned(), line: self.line, column: self.column, severity, message }
    }
}

impl Matcher {
    /// Takes a line without its end and without escapes of the terminal; gives the problem that it completes. The place
    /// is read from the line as it is, the message from what may be `shown` of it.
    pub fn line(&mut self, line: &str, shown: &str) -> Option<Problem> {
        if line.len() > LONGEST {
            self.0 = State::Idle;
            return None;
        }
        match std::mem::take(&mut self.0) {
            State::Rustc(severity, message) => {
                if let Some(place) = line.trim_start().strip_prefix("--> ") {
                    return Some(place_of(place)?.problem(severity, &message));
                }
            }
            State::Traceback(frame) => {
                if let Some(frame) = python_frame(line) {
                    self.0 = State::Traceback(Some(frame));
                    return None;
                }
                if line.is_empty() || line.starts_with(' ') {
                    self.0 = State::Traceback(frame);
                    return None;
                }
                let (file, number) = frame?;
                let place = Place { file: &file, line: number, column: None };
                return Some(place.problem(Severity::Error, shown));
            }
            State::Idle => {}
        }
        self.first_line(line, shown)
    }

    fn first_line(&mut self, line: &str, shown: &str) -> Option<Problem> {
        if line == "Traceback (most recent call last):" {
            self.0 = State::Traceback(None);
            return None;
        }
        if let Some(frame) = python_frame(line) {
            self.0 = State::Traceback(Some(frame));
            return None;
        }
        if let Some((severity, _)) = rustc(line) {
            let message = rustc(shown).map_or(shown, |(_, message)| message);
            self.0 = State::Rustc(severity, message.to_owned());
            return None;
        }
        let found = of_one_line(line)?;
        // What hides the place from sight leaves the whole line as the message.
        let message = of_one_line(shown).map_or_else(|| shown.trim().to_owned(), |seen| seen.message);
        Some(Problem { message, ..found })
    }
}

fn of_one_line(line: &str) -> Option<Problem> {
    make(line).or_else(|| helm(line)).or_else(|| general(line))
}

/// `error[E0425]: cannot find value`, `warning: unused`.
fn rustc(line: &str) -> Option<(Severity, &str)> {
    let (what, message) = line.split_once(": ")?;
    let name = what.split('[').next()?;
    match name {
        "error" if name == what || what.ends_with(']') => Some((Severity::Error, message)),
        "warning" if name == what || what.ends_with(']') => Some((Severity::Warning, message)),
        _ => None,
    }
}

/// `  File "app.py", line 3, in main`.
fn python_frame(line: &str) -> Option<(String, u32)> {
    let (file, rest) = line.strip_prefix("  File \"")?.split_once("\", line ")?;
    let (number, _) = number(rest)?;
    (!file.is_empty()).then(|| (file.to_owned(), number))
}

/// `make: *** [Makefile:12: target] Error 2`.
fn make(line: &str) -> Option<Problem> {
    let (program, rest) = line.split_once(": *** [")?;
    if !program.starts_with("make") && !program.starts_with("gmake") {
        return None;
    }
    let (inside, error) = rest.rsplit_once(']')?;
    let (place, target) = inside.split_once(": ")?;
    let place = place_of(place)?;
    Some(place.problem(Severity::Error, &format!("{target}: {}", error.trim())))
}

/// `Error: … (app/templates/x.yaml:3): …` and `Error: template: app/templates/x.yaml:3:5: …`.
fn helm(line: &str) -> Option<Problem> {
    let message = line.strip_prefix("Error: ")?;
    if let Some(template) = message.split_once("template: ").and_then(|(_, rest)| general(rest)) {
        return Some(template);
    }
    let inside = message.split('(').skip(1).filter_map(|rest| rest.split(')').next());
    let place = inside.filter_map(place_of).next()?;
    Some(place.problem(Severity::Error, message))
}

/// `file:line: message`, `file:line:column: severity: message`, and `file: line 3: message` of shells.
fn general(line: &str) -> Option<Problem> {
    let line = line.trim_start();
    let (place, rest) = place_before(line)?;
    let message = rest.strip_prefix(':')?.trim();
    let (severity, message) = severity(message);
    if message.is_empty() { None } else { Some(place.problem(severity, message)) }
}

/// The severity that a message begins with, and the rest of it.
fn severity(message: &str) -> (Severity, &str) {
    let Some((word, rest)) = message.split_once(':') else { return (Severity::Error, message) };
    let severity = match word.trim().to_ascii_lowercase().as_str() {
        "error" | "fatal error" | "fatal" => Severity::Error,
        "warning" | "warn" => Severity::Warning,
        "note" | "info" | "information" | "style" | "hint" => Severity::Information,
        _ => return (Severity::Error, message),
    };
    (severity, rest.trim())
}

/// A text that is a place and nothing else.
fn place_of(text: &str) -> Option<Place<'_>> {
    let (place, rest) = place_before(text.trim())?;
    rest.is_empty().then_some(place)
}

/// The place that a text begins with, and what follows it.
fn place_before(text: &str) -> Option<(Place<'_>, &str)> {
    // The letter of a drive has a colon, too.
    let after_drive = if text.as_bytes().get(1..3) == Some(b":\\") { 2 } else { 0 };
    let colon = after_drive + text.get(after_drive..)?.find(':')?;
    let file = &text[..colon];
    if file.is_empty() || file.contains(char::is_whitespace) {
        return None;
    }
    let rest = text[colon + 1..].trim_start_matches(' ');
    let (line, rest) = number(rest.strip_prefix("line ").unwrap_or(rest))?;
    let column = rest.strip_prefix(':').and_then(number);
    let (column, rest) = column.map_or((None, rest), |(column, rest)| (Some(column), rest));
    Some((Place { file, line, column }, rest))
}

/// The number above 0 that a text begins with, and what follows it.
fn number(text: &str) -> Option<(u32, &str)> {
    let end = text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
    let number = text[..end].parse().ok().filter(|number| *number > 0)?;
    Some((number, &text[end..]))
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn check(output: &str, expect: Expect) {
        let mut matcher = Matcher::default();
        let found = output.lines().filter_map(|line| matcher.line(line, line));
        let shown = found.map(|it| {
            let column = it.column.map(|column| format!(":{column}")).unwrap_or_default();
            format!("{}:{}{column} {}: {}\n", it.file, it.line, it.severity.name(), it.message)
        });
        expect.assert_eq(&shown.collect::<String>());
    }

    #[test]
    fn what_names_no_file_is_no_place() {
        check("Traceback (most recent call last):\n  File \"\", line 3, in f\nE: x\n:3: x\n", expect![""]);
    }

    #[test]
    fn compilers_and_shells() {
        check(
            "main.c:3:5: error: expected ';'\nmain.c:9: warning: unused\nlib/a.go:7:2: undefined: x\n    \
             a_test.go:12: got 1\n./x.sh: line 3: foo: command not found\n./y.sh: 4: foo: not found\n\
             C:\\a\\b.cs:3: note: here\nMakefile:2: *** missing separator.  Stop.\n",
            expect![[r#"
                main.c:3:5 error: expected ';'
                main.c:9 warning: unused
                lib/a.go:7:2 error: undefined: x
                a_test.go:12 error: got 1
                ./x.sh:3 error: foo: command not found
                ./y.sh:4 error: foo: not found
                C:\a\b.cs:3 info: here
                Makefile:2 error: *** missing separator.  Stop.
            "#]],
        );
    }

    #[test]
    fn rustc_over_two_lines() {
        check(
            "error[E0425]: cannot find value `x`\n  --> src/main.rs:2:5\n   |\nwarning: unused\n --> src/lib.rs:1:1\n\
             error: could not compile\nerror: aborting\n\nerror: lost\nmain.c:1: found\n",
            expect![[r#"
                src/main.rs:2:5 error: cannot find value `x`
                src/lib.rs:1:1 warning: unused
                main.c:1 error: found
            "#]],
        );
    }

    #[test]
    fn python_make_and_helm() {
        check(
            "Traceback (most recent call last):\n  File \"a.py\", line 9, in <module>\n    f()\n  File \"lib/b.py\", line 3, in f\n    \
             1/0\nZeroDivisionError: division by zero\n  File \"c.py\", line 1\n    (\n    ^\nSyntaxError: never closed\n\
             make[1]: *** [Makefile:12: all] Error 2\nmake: *** [all] Error 2\n\
             Error: parse error at (app/templates/x.yaml:3): unexpected EOF\n\
             Error: template: app/templates/y.yaml:4:7: executing \"y\"\n",
            expect![[r#"
                lib/b.py:3 error: ZeroDivisionError: division by zero
                c.py:1 error: SyntaxError: never closed
                Makefile:12 error: all: Error 2
                app/templates/x.yaml:3 error: parse error at (app/templates/x.yaml:3): unexpected EOF
                app/templates/y.yaml:4:7 error: executing "y"
            "#]],
        );
    }

    #[test]
    fn other_lines_say_nothing() {
        check(
            "\n12:30\nlistening on localhost:8080: ready\nhttp://x: 5\na.c:0: none\na.c:3:\n: 3: x\nerror: no place\n\
             Traceback (most recent call last):\nKeyError: 1\n--> a.rs:1:1\nü:\nx:99999999999: much\n",
            expect![[""]],
        );
        let long = format!("a.c:1: {}", "x".repeat(LONGEST));
        assert_eq!(Matcher::default().line(&long, &long), None);
    }

    #[test]
    fn messages_are_what_is_shown() {
        let mut matcher = Matcher::default();
        for (line, shown, expected) in [
            ("src/a.c:3: no x", "***/a.c:3: no ***", Some("src/a.c:3: no ***")),
            ("src/a.c:345: no x", "src/a.c:***: no ***", Some("src/a.c:345: src/a.c:***: no ***")),
            ("make: *** [Makefile:12: x] Error 2", "***", Some("Makefile:12: ***")),
            ("error: no x", "error: no ***", None),
            (" --> a.rs:3:5", " --> ***", Some("a.rs:3: no ***")),
            ("error: no x", "***", None),
            (" --> a.rs:3:5", " --> a.rs:3:5", Some("a.rs:3: ***")),
            ("  File \"a.py\", line 3", "***", None),
            ("E: x", "E: ***", Some("a.py:3: E: ***")),
        ] {
            let found = matcher.line(line, shown);
            let found = found.map(|it| format!("{}:{}: {}", it.file, it.line, it.message));
            assert_eq!(found.as_deref(), expected, "{line}");
        }
    }
}
