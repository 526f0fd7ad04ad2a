//! Findings with the lines that they are about, for people.
//!
//! Must not decide which findings there are.

use codespan_reporting::diagnostic::{Diagnostic as Shown, Label, LabelStyle, Severity as ShownSeverity};
use codespan_reporting::files::SimpleFile;
use codespan_reporting::term::{self, Config, termcolor};
use draft_tasks_analysis::diagnostic::{Diagnostic, Severity};

/// The findings of one file.
pub(super) struct Excerpts<'a> {
    file: SimpleFile<&'a str, &'a str>,
    colors: bool,
}

impl<'a> Excerpts<'a> {
    /// `path` is how the user named the file.
    pub(super) fn new(path: &'a str, text: &'a str, colors: bool) -> Excerpts<'a> {
        Excerpts { file: SimpleFile::new(path, text), colors }
    }

    /// One finding with its source lines.
    pub(super) fn render(&self, found: &Diagnostic) -> String {
        let (config, shown) = (Config::default(), shown(found));
        let rendered = match self.colors {
            true => {
                let mut buffer = termcolor::Ansi::new(Vec::new());
                let written = term::emit_to_write_style(&mut buffer, &config, &self.file, &shown);
                written.map(|()| String::from_utf8_lossy(&buffer.into_inner()).into_owned())
            }
            false => term::emit_into_string(&config, &self.file, &shown),
        };
        // The library's words for the two lower severities are others than everybody else's.
        let own_word = |text: String| text.replacen("note[", "info[", 1).replacen("help[", "hint[", 1);
        match rendered {
            Ok(text) if found.severity > Severity::Warning => own_word(text),
            Ok(text) => text,
            // Only a range outside of the text cannot be drawn.
            Err(error) => format!("{}: {} ({error})\n", found.severity.name(), found.message),
        }
    }
}

fn shown(found: &Diagnostic) -> Shown<()> {
    let mut label = Label::new(LabelStyle::Primary, (), found.range);
    if let Some(note) = &found.note {
        label = label.with_message(note);
    }
    let related = found
        .related
        .iter()
        .map(|related| Label::new(LabelStyle::Secondary, (), related.range).with_message(&related.message));
    let fixes = found.fixes.iter().map(|fix| format!("help: {}", lower_first(&fix.title)));
    Shown::new(severity(found.severity))
        .with_code(found.code.name())
        .with_message(&found.message)
        .with_labels(std::iter::once(label).chain(related).collect())
        .with_notes(fixes.collect())
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
