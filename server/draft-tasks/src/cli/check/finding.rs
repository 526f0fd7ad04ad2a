//! Files that were checked and what was found in them, tasks files and settings alike, as it may be shown.
//!
//! Must not know how it is written.

use std::ops::Range;
use std::path::{Path, PathBuf};

use draft_tasks_analysis::diagnostic::{BEFORE_NOTE, Diagnostic, Severity};
use draft_tasks_analysis::edit::{self, Fix, TextEdit};
use draft_tasks_analysis::project::{DraftFault, DraftToml};
use draft_tasks_analysis::secret::token::tokens_in;
use draft_tasks_analysis::{Analysis, TextRange, TextSize};
use draft_tasks_executor::mask::Secrets;

use super::directory_of;
use crate::lines::{LineIndex, line_and_column};
use crate::lsp::protocol::ext::{BROKEN_DRAFT_TOML, SETTING};
use crate::settings::project::{Problem, ProjectFile};
use crate::source::{self, ReadError};
use crate::world::facts;

/// A longer line is not shown for a fix, in bytes.
const LONGEST_LINE: usize = 200;

/// A file and what came of it.
#[derive(Default)]
pub(super) struct CheckedFile {
    /// How it is shown: relative where the user was relative.
    pub(super) path: PathBuf,
    /// Empty where it cannot be read.
    pub(super) text: String,
    pub(super) lines: Option<LineIndex>,
    pub(super) findings: Vec<Finding>,
    /// Why it has no text, or was not fixed.
    pub(super) error: Option<String>,
    /// The codes of what was fixed, and how.
    pub(super) fixed: Vec<(&'static str, String)>,
    /// What is not shown of it.
    pub(super) secrets: Secrets,
    /// Secrets that stand in the text.
    pub(super) literals: Vec<Range<usize>>,
    /// Whether `--fix` makes its preferred fixes.
    pub(super) is_fixable: bool,
    /// Whether it is as it was, though something in it was to be fixed.
    pub(super) is_kept: bool,
    /// What would be changed in it.
    pub(super) diff: Option<String>,
    /// Whether it is a tasks file that has no task.
    pub(super) has_no_task: bool,
}

/// One finding; in its words secrets are masked.
pub(super) struct Finding {
    pub(super) code: &'static str,
    pub(super) severity: Severity,
    pub(super) range: TextRange,
    pub(super) message: String,
    pub(super) note: Option<String>,
    /// Other places, and what is there.
    pub(super) related: Vec<(TextRange, String)>,
    pub(super) fixes: Vec<Fix>,
    /// What would fix it in another file.
    pub(super) elsewhere: Option<String>,
}

/// A place in a text: line and column count from 1, the column in characters; the offset counts bytes from 0.
#[derive(Clone, Copy, serde::Serialize)]
pub(super) struct Point {
    pub(super) line: usize,
    pub(super) column: usize,
    offset: usize,
}

impl CheckedFile {
    pub(super) fn unreadable(error: ReadError) -> CheckedFile {
        CheckedFile { path: error.path, error: Some(error.problem), ..CheckedFile::default() }
    }

    pub(super) fn of_tasks(path: PathBuf, analysis: &Analysis, secrets: Secrets) -> CheckedFile {
        let finding = |found: &Diagnostic| Finding {
            elsewhere: elsewhere(&path, analysis, found),
            ..Finding::of(found, &secrets)
        };
        let findings: Vec<Finding> = analysis.diagnostics.iter().map(finding).collect();
        let text = analysis.parsed.text.to_string();
        let literals = analysis.literal_secrets().map(Range::<usize>::from).collect();
        let lines = Some(LineIndex::new(&text));
        CheckedFile {
            path,
            lines,
            text,
            findings,
            secrets,
            literals,
            is_fixable: true,
            has_no_task: analysis.parsed.file.sections.iter().all(|section| section.tasks.is_empty()),
            ..CheckedFile::default()
        }
    }

    /// The settings of a project, as far as there is something to say of them.
    pub(super) fn of_settings(file: ProjectFile) -> CheckedFile {
        let ProjectFile { path, text, project, unreadable } = file;
        let of = |severity| move |problem| Finding::of_setting(problem, severity);
        let notes = project.notes.into_iter().map(of(Severity::Information));
        let findings = project.problems.into_iter().map(of(Severity::Error)).chain(notes).collect();
        let lines = unreadable.is_none().then(|| LineIndex::new(&text));
        CheckedFile { path, lines, text, findings, error: unreadable, ..CheckedFile::default() }
    }

    /// A `draft.toml`, where something is wrong with it.
    pub(super) fn of_draft_toml(path: PathBuf) -> Option<CheckedFile> {
        let text = match source::read_some(&path, facts::LARGEST) {
            Ok(Some(text)) => text,
            Ok(None) if source::is_there(&path) => {
                let problem = "is a link to nothing".to_owned();
                return Some(CheckedFile::unreadable(ReadError { path, problem }));
            }
            Ok(None) => return None,
            Err(error) => return Some(CheckedFile::unreadable(error)),
        };
        let findings: Vec<Finding> = DraftToml::faults(&text).into_iter().map(Finding::of_draft).collect();
        let lines = Some(LineIndex::new(&text));
        (!findings.is_empty()).then(|| CheckedFile { path, lines, text, findings, ..CheckedFile::default() })
    }

    /// Whether there is a text in which something can be found.
    pub(super) fn is_read(&self) -> bool {
        self.lines.is_some()
    }

    /// The fixes of a finding that write nothing which may be a secret of the file.
    pub(super) fn told_fixes<'a>(&'a self, found: &'a Finding) -> impl Iterator<Item = &'a Fix> {
        found.fixes.iter().filter(|fix| fix.edits.iter().all(|edit| self.is_told(edit)))
    }

    /// What stands for a secret may be written otherwise than the secret, and so not be known for it.
    fn is_told(&self, TextEdit { range, text }: &TextEdit) -> bool {
        let range = Range::<usize>::from(*range);
        let is_in = |secret: &Range<usize>| secret.start < range.end && range.start < secret.end;
        text.is_empty() || !self.literals.iter().any(is_in) && self.secrets.mask(text) == *text
    }

    /// The line that a fix makes of one, where it changes no other, and nothing of it may be a secret.
    pub(super) fn line_after(&self, fix: &Fix) -> Option<String> {
        let range = fix.edits.iter().map(|edit| edit.range).reduce(TextRange::cover)?;
        let (start, end) = (usize::from(range.start()), usize::from(range.end()));
        let start = self.text.get(..start)?.rfind('\n').map_or(0, |at| at + 1);
        let end = self.text.get(end..)?.find('\n').map_or(self.text.len(), |at| end + at);
        let before = self.text[start..end].trim_end();
        let is_told = fix.edits.iter().all(|edit| self.is_told(edit) && !edit.text.contains('\n'));
        let is_secret = |secret: &Range<usize>| secret.start < end && start < secret.end;
        if before.contains('\n') || !is_told || self.literals.iter().any(is_secret) {
            return None;
        }
        let here =
            |edit: &TextEdit| TextEdit::replace(edit.range - TextSize::of(&self.text[..start]), &*edit.text);
        let after = edit::apply(before, &fix.edits.iter().map(here).collect::<Vec<_>>());
        let is_plain = self.secrets.mask(&after) == after && tokens_in(&after).next().is_none();
        (is_plain && after.len() <= LONGEST_LINE).then(|| after.trim().to_owned())
    }

    /// Where a finding begins and ends.
    pub(super) fn place(&self, range: TextRange) -> [Point; 2] {
        [range.start(), range.end()].map(|offset| {
            let offset = usize::from(offset);
            let place = self.lines.as_ref().map(|lines| line_and_column(&self.text, lines, offset));
            let (line, column) = place.unwrap_or((1, 1));
            Point { line, column, offset }
        })
    }
}

impl Finding {
    fn of(found: &Diagnostic, secrets: &Secrets) -> Finding {
        let masked = |text: &str| secrets.mask(text).into_owned();
        let fix = |fix: &Fix| Fix { title: masked(&fix.title), ..fix.clone() };
        Finding {
            code: found.code.name(),
            severity: found.severity,
            range: found.range,
            message: masked(&found.message),
            note: found.note.as_deref().map(masked),
            related: found.related.iter().map(|it| (it.range, masked(&it.message))).collect(),
            fixes: found.fixes.iter().map(fix).collect(),
            elsewhere: None,
        }
    }

    fn of_draft(fault: DraftFault) -> Finding {
        let DraftFault { range, message, help, .. } = fault;
        Finding {
            code: BROKEN_DRAFT_TOML,
            severity: Severity::Error,
            range,
            message,
            note: Some(help),
            related: Vec::new(),
            fixes: Vec::new(),
            elsewhere: None,
        }
    }

    fn of_setting(problem: Problem, severity: Severity) -> Finding {
        let Problem { range, message, suggestion } = problem;
        let fix = |text: String| Fix {
            title: format!("Change to `{text}`"),
            edits: vec![TextEdit::replace(range, text)],
            preferred: true,
        };
        Finding {
            code: SETTING,
            severity,
            range,
            message,
            note: None,
            related: Vec::new(),
            fixes: suggestion.map(fix).into_iter().collect(),
            elsewhere: None,
        }
    }

    /// Message and note in one.
    pub(super) fn full_message(&self) -> String {
        match &self.note {
            Some(note) => [&self.message, BEFORE_NOTE, note].concat(),
            None => self.message.clone(),
        }
    }
}

/// What would fix a finding in another file; nothing here changes it.
fn elsewhere(path: &Path, analysis: &Analysis, found: &Diagnostic) -> Option<String> {
    let directory = directory_of(path)?;
    let fix = draft_tasks_analysis::around::fix(&analysis.parsed, found, &|path| {
        facts::find(&directory.join(path))
    });
    Some(fix?.title)
}
