//! `draft-toml`: what TOML allows today and the reader in Draft, of TOML 0.4, refuses.
//!
//! Must not report what is inside of a task that is no command: Draft stops at that anyway, and `task_not_string` says so.

use super::declaration::{Check, Rule};
use text_size::{TextRange, TextSize};

use super::command::range;
use crate::command::{DraftVersion, Semantics};
use crate::diagnostic::{Diagnostic, DiagnosticCode, Severity};
use crate::draft_toml;
use crate::edit::{Fix, TextEdit};
use crate::parsed::Parsed;
use crate::syntax::{Entry, Str, StrStyle, Value, ValueKind};
use crate::task_file::TaskValue;

pub(super) const RULE: Rule = Rule {
    name: "draft-toml",
    severity: Severity::Warning,
    needs_facts: false,
    page: include_str!("draft_toml.md"),
    check: Check::File(check),
};

fn check(parsed: &Parsed, found: &mut Vec<Diagnostic>) {
    let before = found.len();
    find(parsed, found);
    let options = parsed.options;
    if options.semantics == Semantics::Draft || options.draft_version != DraftVersion::Dep8 {
        // Who names the Draft that reads the file wants to hear what stops it.
        found[before..].iter_mut().for_each(|found| found.severity = Severity::Error);
    }
}

fn find(parsed: &Parsed, found: &mut Vec<Diagnostic>) {
    if parsed.text.starts_with('\u{feff}') {
        let bom = range(0, '\u{feff}'.len_utf8());
        let edits = vec![TextEdit::delete(bom)];
        found.push(report(bom, "the file begins with a byte order mark").fix(Fix {
            title: "Remove the byte order mark".into(),
            edits,
            preferred: true,
        }));
    }
    let before = found.len();
    let mut reader = Reader { text: &parsed.text, in_phase: false, has_date: false, has_lines: false, found };
    for (index, table) in parsed.tree.tables.iter().enumerate() {
        reader.in_phase = index > 0 && is_phase(parsed, table.range.start());
        for entry in &table.entries {
            if index == 0 {
                reader.in_phase = is_phase(parsed, entry.range.start());
            }
            reader.entry(entry, index > 0);
        }
    }
    let may_be_rare = reader.has_date || reader.has_lines;
    if may_be_rare && found.len() == before && parsed.tree.errors.is_empty() {
        found.extend(rare(parsed));
    }
}

/// What only Draft's own reader finds: some ends of multi-line strings and of their lines, and some dates.
fn rare(parsed: &Parsed) -> Option<Diagnostic> {
    let text = &parsed.text;
    // What is no command may be what the reader stops at first, and has a rule of its own.
    let phases = parsed.file.sections.iter().filter(|section| section.phase.is_some());
    let mut tasks = phases.flat_map(|section| parsed.file.tasks_of(section));
    if tasks.any(|task| matches!(task.value, TaskValue::NotString(..))) {
        return None;
    }
    let error = draft_toml::check(text).err()?;
    let start = usize::from(error.offset);
    let length = text[start..].chars().next().map_or(0, char::len_utf8);
    let message = format!("Draft's reader stops here: {}", error.message);
    Some(report(range(start, start + length), &message))
}

/// Whether a phase begins at an offset whose tasks Draft would find.
fn is_phase(parsed: &Parsed, at: TextSize) -> bool {
    let sections = &parsed.file.sections;
    let index = sections.binary_search_by_key(&at, |section| section.range.start());
    index.is_ok_and(|index| sections[index].phase.is_some() && sections[index].form.has_tasks())
}

fn report(range: TextRange, message: &str) -> Diagnostic {
    Diagnostic::new(DiagnosticCode::DraftToml, range, message)
        .note("Draft, which reads TOML 0.4, refuses the whole file; draft-tasks reads it")
}

struct Reader<'a> {
    text: &'a str,
    /// Whether the entries are tasks, which have a rule of their own for what is no command.
    in_phase: bool,
    /// Whether there is a date outside of the phases.
    has_date: bool,
    /// Whether there is a string of several lines.
    has_lines: bool,
    found: &'a mut Vec<Diagnostic>,
}

impl Reader<'_> {
    fn push(&mut self, range: TextRange, message: &str) {
        self.found.push(report(range, message));
    }

    fn entry(&mut self, entry: &Entry, in_table: bool) {
        if let [first, .., last] = entry.path.as_slice()
            && !(in_table && self.in_phase)
        {
            self.push(first.range.cover(last.range), "a key with a dot");
        }
        for key in entry.path.iter().filter(|key| !key.plain) {
            self.escapes(*key);
        }
        match &entry.value {
            Some(Value { kind: ValueKind::String(string), .. }) => self.string(*string),
            Some(value) if !(in_table && self.in_phase) => self.value(value),
            _ => {}
        }
    }

    fn string(&mut self, string: Str) {
        self.has_lines |= matches!(string.style, StrStyle::MultilineBasic | StrStyle::MultilineLiteral);
        if !string.plain {
            self.escapes(string);
        }
    }

    fn value(&mut self, value: &Value) {
        match &value.kind {
            ValueKind::String(string) => self.string(*string),
            ValueKind::Array(values) => self.array(value.range, values),
            ValueKind::InlineTable(entries) => self.inline_table(value.range, entries),
            ValueKind::Integer if self.text[value.range].contains(['x', 'o', 'b']) => {
                self.push(value.range, "a number that is not decimal");
            }
            ValueKind::Float if self.text[value.range].ends_with(['f', 'n']) => {
                self.push(value.range, "a number without digits");
            }
            ValueKind::DateTime if self.text[value.range].contains('-') => self.has_date = true,
            ValueKind::DateTime => self.push(value.range, "a time without a date"),
            _ => {}
        }
    }

    fn array(&mut self, range: TextRange, values: &[Value]) {
        let kind = |value: &Value| std::mem::discriminant(&value.kind);
        if values.windows(2).any(|two| kind(&two[0]) != kind(&two[1])) {
            self.push(range, "an array with values of more than one kind");
        }
        values.iter().for_each(|value| self.value(value));
    }

    fn inline_table(&mut self, range: TextRange, entries: &[Entry]) {
        let after = entries.last().map_or(range.start() + TextSize::new(1), |entry| entry.range.end());
        let tail = &self.text[TextRange::new(after.min(range.end()), range.end())];
        // A line feed in a multi-line string belongs to the string.
        let mut at = range.start();
        let mut gaps = entries.iter().map(|entry| {
            let gap = TextRange::new(at, entry.range.start().max(at));
            at = entry.range.end();
            gap
        });
        if gaps.any(|gap| self.text[gap].contains('\n')) || tail.contains('\n') {
            self.push(range, "an inline table of several lines");
        }
        entries.iter().for_each(|entry| self.entry(entry, true));
    }

    /// `\e` and `\xHH`, which came with TOML 1.1.
    fn escapes(&mut self, string: Str) {
        if !matches!(string.style, StrStyle::Basic | StrStyle::MultilineBasic) {
            return;
        }
        let inner = string.inner_range();
        let bytes = self.text[inner].as_bytes();
        let mut at = 0;
        while let Some(found) = bytes.get(at..).unwrap_or_default().iter().position(|byte| *byte == b'\\') {
            at += found;
            let digits = self.text[inner].get(at + 2..at + 4);
            let digits = digits.filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
            let (length, code) = match (bytes.get(at + 1), digits) {
                (Some(b'e'), _) => (2, "001b".to_owned()),
                (Some(b'x'), Some(digits)) => (4, format!("00{digits}")),
                // An unfinished one is an error of its own.
                _ => {
                    at += 2;
                    continue;
                }
            };
            let place = range(at, at + length) + inner.start();
            let edits = vec![TextEdit::replace(place, format!("\\u{code}"))];
            let fix = Fix { title: format!("Write `\\u{code}`"), edits, preferred: true };
            self.found.push(report(place, "an escape of TOML 1.1").fix(fix));
            at += length;
        }
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::analysis::Analysis;
    use crate::options::Options;
    use crate::rules::testing;

    #[test]
    fn what_came_after_toml_0_4() {
        let text = "\u{feff}pre-up.a = \"x\"\ncleanup = { b = \"y\",\n c = \"z\" }\n[post-deploy]\nc = \"echo \\e[1m \\x41 \\\\x\"\n";
        testing::check(
            DiagnosticCode::DraftToml,
            text,
            expect![[r#"
                warning "\u{feff}": the file begins with a byte order mark: Draft, which reads TOML 0.4, refuses the whole file; draft-tasks reads it
                  fix: Remove the byte order mark (preferred)
                    pre-up.a = "x"
                    cleanup = { b = "y",
                     c = "z" }
                    [post-deploy]
                    c = "echo \e[1m \x41 \\x"
                warning "pre-up.a": a key with a dot: Draft, which reads TOML 0.4, refuses the whole file; draft-tasks reads it
                warning "{ b = \"y\",\n c = \"z\" }": an inline table of several lines: Draft, which reads TOML 0.4, refuses the whole file; draft-tasks reads it
                warning "\\e": an escape of TOML 1.1: Draft, which reads TOML 0.4, refuses the whole file; draft-tasks reads it
                  fix: Write `\u001b` (preferred)
                    ﻿pre-up.a = "x"
                    cleanup = { b = "y",
                     c = "z" }
                    [post-deploy]
                    c = "echo \u001b[1m \x41 \\x"
                warning "\\x41": an escape of TOML 1.1: Draft, which reads TOML 0.4, refuses the whole file; draft-tasks reads it
                  fix: Write `\u0041` (preferred)
                    ﻿pre-up.a = "x"
                    cleanup = { b = "y",
                     c = "z" }
                    [post-deploy]
                    c = "echo \e[1m \u0041 \\x"
            "#]],
        );
    }

    #[test]
    fn stops_the_draft_that_somebody_chose() {
        let semantics = Options { semantics: Semantics::Draft, ..Options::default() };
        let version = Options { draft_version: DraftVersion::V0_16, ..Options::default() };
        for options in [semantics, version] {
            testing::check_with(
                options,
                DiagnosticCode::DraftToml,
                "cleanup.a = \"x\"\n",
                expect![[r#"
                    error "cleanup.a": a key with a dot: Draft, which reads TOML 0.4, refuses the whole file; draft-tasks reads it
                "#]],
            );
        }
    }

    #[test]
    fn also_in_tables_that_draft_ignores() {
        let text = "[tool]\na = [1, \"x\"]\nb = 0xff\nc = inf\nd.e = 1\nf = { g = 1,\n}\nh = [[1], [\"\\e\"]]\ni = 07:32:00\n";
        testing::check(
            DiagnosticCode::DraftToml,
            text,
            expect![[r#"
                warning "[1, \"x\"]": an array with values of more than one kind: Draft, which reads TOML 0.4, refuses the whole file; draft-tasks reads it
                warning "0xff": a number that is not decimal: Draft, which reads TOML 0.4, refuses the whole file; draft-tasks reads it
                warning "inf": a number without digits: Draft, which reads TOML 0.4, refuses the whole file; draft-tasks reads it
                warning "d.e": a key with a dot: Draft, which reads TOML 0.4, refuses the whole file; draft-tasks reads it
                warning "{ g = 1,\n}": an inline table of several lines: Draft, which reads TOML 0.4, refuses the whole file; draft-tasks reads it
                warning "\\e": an escape of TOML 1.1: Draft, which reads TOML 0.4, refuses the whole file; draft-tasks reads it
                  fix: Write `\u001b` (preferred)
                    [tool]
                    a = [1, "x"]
                    b = 0xff
                    c = inf
                    d.e = 1
                    f = { g = 1,
                    }
                    h = [[1], ["\u001b"]]
                    i = 07:32:00
                warning "07:32:00": a time without a date: Draft, which reads TOML 0.4, refuses the whole file; draft-tasks reads it
            "#]],
        );
    }

    #[test]
    fn what_only_its_own_reader_finds() {
        for text in [
            "[pre-up]\na = \"\"\"echo \"x\"\"\"\"\n",
            "[pre-up]\na = \"\"\"echo \\ \n x\"\"\"\n",
            "[pre-up]\r\na = \"\"\"echo \\\r\n x\"\"\"\r\n",
            "[tool]\na = [1979-05-27 07:32:00]\n",
        ] {
            let found = Analysis::new(text, Options::default()).diagnostics;
            let found = found.iter().filter(|found| found.code == DiagnosticCode::DraftToml);
            assert_eq!(found.count(), 1, "{text:?}");
        }
        let text = "[pre-up]\na = \"\"\"echo \"x\"\"\"\"\n";
        testing::check(
            DiagnosticCode::DraftToml,
            text,
            expect![[r#"
                warning "\"": Draft's reader stops here: expected the end of the line, found `"`: Draft, which reads TOML 0.4, refuses the whole file; draft-tasks reads it
            "#]],
        );
    }

    #[test]
    fn what_draft_reads_is_left_alone() {
        let text = "pre-up = { c.d = \"x\", a = \"x\", \"b\" = '''y\nz''' }\n[cleanup]\nc = \"\\u0041 \\t\"\nd = [1, \"x\"]\ne.f = \"g\"\n[tool]\nh = [1, 2]\ni = 1979-05-27T07:32:00Z\nj = 1.5\nk = '\\e'\n";
        testing::check(DiagnosticCode::DraftToml, text, expect![[""]]);
    }
}
