//! Problems that tasks report of files, published in those files.
//!
//! Must not replace what is published of an open tasks file: there they are one more layer.

use std::path::{Path, PathBuf};

use draft_tasks_executor::FileProblem;
use tower_lsp::gen_lsp_types::*;

use super::Session;
use crate::lsp::runs;
use crate::settings::run::RunDiagnostics;
use crate::source::FileKind;

impl Session {
    /// The output of a task reported problems.
    pub(super) fn found_problems(&mut self, run: &str, task: usize, found: Vec<FileProblem>) {
        if found.is_empty() {
            return;
        }
        let Some(run) = self.runs.active.iter().find(|it| it.id == run) else { return };
        let Some(task) = run.tasks.get(task) else { return };
        let (task, command) = (task.name.clone(), task.command.clone());
        let (uri, subject) = (run.uri.clone(), run.subject);
        let is_open = self.documents.contains_key(&uri);
        let place = self.opened(&uri).and_then(|(session, document, analysis)| {
            let found = runs::find(&analysis.parsed, subject, &task, &command)?;
            Some(session.context(document, &analysis).range(found.name.range))
        });
        if is_open && place.is_none() {
            // It was edited while it ran.
            return;
        }
        let paths = found.iter().map(|found| found.path.clone()).collect();
        for found in found {
            self.runs.problems.add(&uri, subject, (&task, &command), found, place);
        }
        self.publish_problems(paths);
    }

    /// Publishes again what is reported of files.
    pub(super) fn publish_problems(&mut self, mut paths: Vec<PathBuf>) {
        paths.sort_unstable();
        paths.dedup();
        for path in paths {
            let open = self.documents.values().find(|document| document.path.as_ref() == Some(&path));
            match open.map(|document| (document.uri.clone(), document.kind)) {
                // Its diagnostics are those of its settings.
                Some((_, FileKind::Settings)) => {}
                Some((uri, _)) => self.publish_unless_stale(&uri),
                None => {
                    let Ok(url) = url::Url::from_file_path(&path) else { continue };
                    self.publish_closed(Uri(url.to_string()));
                }
            }
        }
    }

    /// What tasks reported of a file, as diagnostics.
    pub(super) fn problems_of(&self, path: &Path, shown: RunDiagnostics) -> Vec<Diagnostic> {
        match shown {
            RunDiagnostics::Off => Vec::new(),
            _ => self.runs.problems.diagnostics(path, self.flags.related),
        }
    }
}
