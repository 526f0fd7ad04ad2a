//! Findings as annotations: workflow commands of GitHub Actions.
//!
//! Must not let a text end a command or begin one.

use std::io::{self, Write};

use draft_tasks_analysis::diagnostic::Severity;
use draft_tasks_analysis::printable::printable;

use super::finding::{CheckedFile, Finding};
use super::human::{self, Manner};
use crate::cli::repository_path::Root;
use crate::cli::workflow::{property, text};

/// The annotations, and between them what is said to people.
pub(super) fn write(checked: &[CheckedFile], manner: Manner) -> io::Result<()> {
    let mut out = io::stdout().lock();
    let root = Root::find();
    for file in checked {
        human::write_fixed(&mut out, file, manner)?;
        let path = root.path(&file.path);
        file.findings.iter().try_for_each(|found| writeln!(out, "{}", command(file, &path, found)))?;
        if let Some(error) = &file.error {
            let title = property("draft-tasks");
            writeln!(out, "::error file={},title={title}::{}", property(&path), text(&printable(error)))?;
        }
    }
    human::write_summary(&mut out, checked, manner)
}

fn command(file: &CheckedFile, path: &str, found: &Finding) -> String {
    let level = match found.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Information | Severity::Hint => "notice",
    };
    let [start, end] = file.place(found.range);
    let mut place = format!("file={},line={},endLine={}", property(path), start.line, end.line);
    // Columns of several lines are refused.
    if start.line == end.line {
        place += &format!(",col={},endColumn={}", start.column, end.column);
    }
    let title = property(&format!("draft-tasks: {}", found.code));
    format!("::{level} {place},title={title}::{}", text(&printable(&found.full_message())))
}
