//! What can be run from a place.

use draft_tasks_analysis::TextRange;
use draft_tasks_analysis::lens::{self, Runnable, RunnableKind};
use tower_lsp::gen_lsp_types::*;

use crate::lsp::documents::document::{Analysed, Document};
use crate::lsp::protocol::ext;
use crate::lsp::requests::run_command::{run_command, run_phase_title, stop_command, stop_title};
use crate::lsp::session::Session;

impl Session {
    /// What can be run from here: the task under the cursor, its phase, and where the cursor is in no table or runs
    /// were asked for by name, all phases.
    pub(super) fn run_actions(
        &self,
        document: &Document,
        analysis: &Analysed,
        range: TextRange,
        asked_for: bool,
    ) -> Vec<CodeActionResponse> {
        let nothing_runs = self.has_wrong_settings(&document.uri);
        let section = analysis.parsed.file.section_at(range.start());
        let here = section.and_then(|section| section.phase);
        let task = analysis.parsed.file.task_at(range.start()).map(|(_, task)| task.name.range);
        let mut chosen: Vec<Runnable> = lens::runnables(&analysis.parsed)
            .into_iter()
            // One that would be refused is not offered.
            .filter(|runnable| {
                let is_refused = nothing_runs || runnable.obstacle.is_some();
                !is_refused || self.runs.running(&document.uri, runnable.phase).is_some()
            })
            .filter(|runnable| match runnable.what {
                RunnableKind::Task { .. } => Some(runnable.range) == task,
                RunnableKind::Phase { tasks } => {
                    tasks > 0 && (section.is_none() || asked_for || here == Some(runnable.phase))
                }
            })
            .collect();
        // The nearest first: the task, its phase, the other phases.
        chosen.sort_by_key(|runnable| match runnable.what {
            RunnableKind::Task { .. } => 0,
            RunnableKind::Phase { .. } if Some(runnable.phase) == here => 1,
            RunnableKind::Phase { .. } => 2,
        });
        let mut actions: Vec<CodeActionResponse> = Vec::new();
        for runnable in &chosen {
            let action = self.run_action(&document.uri, runnable);
            // A task of a phase that runs, and the phase: both would stop the run.
            if !actions.contains(&action) {
                actions.push(action);
            }
        }
        actions
    }

    fn run_action(&self, uri: &Uri, runnable: &Runnable) -> CodeActionResponse {
        let command = match (&runnable.what, self.runs.running(uri, runnable.phase)) {
            (_, Some(run)) => stop_command(stop_title(runnable.phase, run), &run.id),
            (RunnableKind::Phase { tasks }, None) => {
                run_command(run_phase_title(runnable.phase, *tasks), uri, runnable)
            }
            (RunnableKind::Task { name, .. }, None) => run_command(format!("Run \"{name}\""), uri, runnable),
        };
        self.command_action(ext::RUN_KIND, command)
    }
}
