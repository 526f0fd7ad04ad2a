//! Findings with the lines that they are about, for people.
//!
//! Must not decide which findings there are.

use codespan_reporting::diagnostic::{Diagnostic as Shown, Label, LabelStyle, Severity as ShownSeverity};
use codespan_reporting::files::{Files, SimpleFile};
use codespan_reporting::term::{self, Config, termcolor};
use draft_tasks_analysis::TextRange;
use draft_tasks_analysis::diagnostic::Severity;
use draft_tasks_analysis::printable::{self, printable};
use draft_tasks_analysis::secret::token::tokens_in;
use draft_tasks_executor::mask::Secrets;

use super::finding::{CheckedFile, Finding};

/// A longer line is not shown: it would be once for each finding in it.
const LONGEST_LINE: usize = 2000;

/// The findings of one file.
pub(super) struct Excerpts<'a> {
    file: SimpleFile<&'a str, String>,
    secrets: &'a Secrets,
    colors: bool,
}

impl<'a> Excerpts<'a> {
    /// `path` is how the user named the file.
    pub(super) fn new(path: &'a str, file: &'a CheckedFile, colors: bool) -> Excerpts<'a> {
        Excerpts {
            file: SimpleFile::new(path, drawable(&without_secrets(file))),
            secrets: &file.secrets,
            colors,
        }
    }

    /// One finding with its source lines and the titles of its fixes.
    pub(super) fn render(&self, found: &Finding, fixes: &[String]) -> String {
        let place = self.place_in_a_long_line(found);
        let (config, shown) = (Config::default(), shown(found, fixes, place));
        let rendered = if self.colors {
            let mut buffer = termcolor::Ansi::new(Vec::new());
            let written = term::emit_to_write_style(&mut buffer, &config, &self.file, &shown);
            written.map(|()| String::from_utf8_lossy(&buffer.into_inner()).into_owned())
        } else {
            term::emit_into_string(&config, &self.file, &shown)
        };
        // The library's words for the two lower severities are others than everybody else's.
        let own_word = |text: String| text.replacen("note[", "info[", 1).replacen("help[", "hint[", 1);
        let text = match rendered {
            Ok(text) if found.severity > Severity::Warning => own_word(text),
            Ok(text) => text,
            // Only a range outside of the text cannot be drawn.
            Err(error) => format!("{}: {} ({error})\n", found.severity.name(), found.message),
        };
        self.secrets.mask(&text).into_owned()
    }
}

impl Excerpts<'_> {
    /// Where a finding is whose lines are too long to show.
    fn place_in_a_long_line(&self, found: &Finding) -> Option<String> {
        let is_long = |range: TextRange| {
            [range.start(), range.end()].into_iter().any(|offset| {
                let line = self.file.line_index((), offset.into());
                let range = line.and_then(|line| self.file.line_range((), line));
                range.is_ok_and(|range| range.len() > LONGEST_LINE)
            })
        };
        let mut ranges = found.related.iter().map(|(range, _)| *range).chain([found.range]);
        if !ranges.any(is_long) {
            return None;
        }
        let start = usize::from(found.range.start());
        let place = self.file.location((), start).ok()?;
        Some(format!("at {}:{}:{}", self.file.name(), place.line_number, place.column_number))
    }
}

/// The text of a file, with as many stars as a secret has bytes where one stands: what is below a line stays there.
fn without_secrets(file: &CheckedFile) -> String {
    let text = &file.text;
    let found = file.literals.iter().cloned();
    let mut shown = text.as_bytes().to_vec();
    for secret in found.chain(tokens_in(text)) {
        shown[secret]
            .iter_mut()
            .filter(|byte| !matches!(**byte, b'\n' | b'\r'))
            .for_each(|byte| *byte = b'*');
    }
    String::from_utf8_lossy(&shown).into_owned()
}

/// The text with other characters, of the same length each, where one would steer the terminal.
fn drawable(text: &str) -> String {
    let mut before = None;
    text.char_indices().fold(String::with_capacity(text.len()), |mut drawn, (at, character)| {
        let before = before.replace(character);
        let is_shown = match character {
            '\n' | '\t' => true,
            '\r' => text[at..].starts_with("\r\n"),
            _ => !printable::steers(before, character),
        };
        match character.len_utf8() {
            _ if is_shown => drawn.push(character),
            1 => drawn.push('?'),
            2 => drawn.push('\u{bf}'),
            3 => drawn.push('\u{fffd}'),
            _ => drawn.push_str("\u{fffd}?"),
        }
        drawn
    })
}

/// `place` stands for the lines where these are not shown.
fn shown(found: &Finding, fixes: &[String], place: Option<String>) -> Shown<()> {
    let mut label = Label::new(LabelStyle::Primary, (), found.range);
    if let Some(note) = &found.note {
        label = label.with_message(printable(note));
    }
    let related = found.related.iter().map(|(range, message)| {
        Label::new(LabelStyle::Secondary, (), *range).with_message(printable(message))
    });
    let fixes = fixes.iter().map(|title| format!("help: {}", printable(&lower_first(title))));
    let shown =
        Shown::new(severity(found.severity)).with_code(found.code).with_message(printable(&found.message));
    match place {
        None => {
            shown.with_labels(std::iter::once(label).chain(related).collect()).with_notes(fixes.collect())
        }
        Some(place) => {
            let note = found.note.as_ref().map(|note| format!("note: {}", printable(note)));
            shown.with_notes(std::iter::once(place).chain(note).chain(fixes).collect())
        }
    }
}

fn severity(severity: Severity) -> ShownSeverity {
    match severity {
        Severity::Error => ShownSeverity::Error,
        Severity::Warning => ShownSeverity::Warning,
        Severity::Information => ShownSeverity::Note,
        Severity::Hint => ShownSeverity::Help,
    }
}

/// A title as the end of a sentence.
pub(super) fn lower_first(title: &str) -> String {
    let mut chars = title.chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}
