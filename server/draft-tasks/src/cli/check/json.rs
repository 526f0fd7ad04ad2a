//! Findings as one JSON document of our own.
//!
//! Must not leave a file out.

use std::io::{self, Write};

use draft_tasks_analysis::TextRange;
use serde::Serialize;
use serde_json::{Value, json};

use super::finding::{CheckedFile, Finding, Point};

#[derive(Serialize)]
struct Report {
    files: Vec<FileReport>,
}

#[derive(Serialize)]
struct FileReport {
    path: String,
    /// Why the file has no text, or was not fixed.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    /// What was fixed; the diagnostics are what is left.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    fixed: Vec<Value>,
    diagnostics: Vec<FindingReport>,
}

#[derive(Serialize)]
struct FindingReport {
    code: &'static str,
    severity: &'static str,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
    range: Place,
    related: Vec<RelatedPlace>,
    fixes: Vec<FixReport>,
}

#[derive(Serialize)]
struct RelatedPlace {
    message: String,
    range: Place,
}

#[derive(Serialize)]
struct FixReport {
    title: String,
    preferred: bool,
    edits: Vec<EditReport>,
}

#[derive(Serialize)]
struct EditReport {
    range: Place,
    text: String,
}

#[derive(Serialize)]
struct Place {
    start: Point,
    end: Point,
}

pub(super) fn write(checked: &[CheckedFile]) -> io::Result<()> {
    // In one piece: standard output looks for line ends in each.
    let text = serde_json::to_string_pretty(&Report { files: checked.iter().map(file).collect() })?;
    writeln!(io::stdout(), "{text}")
}

fn file(file: &CheckedFile) -> FileReport {
    FileReport {
        path: file.path.display().to_string(),
        error: file.error.clone(),
        fixed: file.fixed.iter().map(|(code, title)| json!({ "code": code, "title": title })).collect(),
        diagnostics: file.findings.iter().map(|found| finding(file, found)).collect(),
    }
}

fn finding(file: &CheckedFile, found: &Finding) -> FindingReport {
    let place = |range: TextRange| {
        let [start, end] = file.place(range);
        Place { start, end }
    };
    let related = found.related.iter();
    let fixes = file.told_fixes(found).map(|fix| FixReport {
        title: fix.title.clone(),
        preferred: fix.preferred,
        edits: fix
            .edits
            .iter()
            .map(|it| EditReport { range: place(it.range), text: it.text.clone() })
            .collect(),
    });
    FindingReport {
        code: found.code,
        severity: found.severity.name(),
        message: found.message.clone(),
        note: found.note.clone(),
        range: place(found.range),
        related: related
            .map(|(range, message)| RelatedPlace { message: message.clone(), range: place(*range) })
            .collect(),
        fixes: fixes.collect(),
    }
}
