//! A phase, offered to be run as a Job; a Job of it that may go on, offered to be taken up.

use draft_tasks_analysis::TextRange;
use draft_tasks_analysis::lens::{self, RunnableKind};
use tower_lsp::gen_lsp_types::*;

use super::rerun::phase_at;
use crate::job::belongs_to_workload;
use crate::lsp::commands::RunAsJob;
use crate::lsp::documents::document::{Analysed, Document};
use crate::lsp::protocol::ext;
use crate::lsp::requests::run_command::{attach_command, attach_title, command};
use crate::lsp::session::Session;

impl Session {
    /// On the header of a phase: of one of what is deployed, where an application is known.
    pub(super) fn job_actions(
        &self,
        document: &Document,
        analysis: &Analysed,
        range: TextRange,
    ) -> Vec<CodeActionResponse> {
        let (uri, is_task) = (&document.uri, analysis.parsed.file.task_at(range.start()).is_some());
        let Some(phase) = phase_at(analysis, range).filter(|_| !is_task) else { return Vec::new() };
        if self.runs.running(uri, phase).is_some() {
            return Vec::new();
        }
        let left = self.left_job(uri, phase).map(|left| attach_command(attach_title(""), left));
        let is_runnable = lens::runnables(&analysis.parsed).into_iter().any(|runnable| {
            let has_tasks = matches!(runnable.what, RunnableKind::Phase { tasks: 1.. });
            runnable.phase == phase && has_tasks && runnable.obstacle.is_none()
        });
        let is_offered = belongs_to_workload(phase)
            && is_runnable
            && document.surroundings.has_application
            && !self.has_wrong_settings(uri);
        let run = is_offered.then(|| {
            let argument = RunAsJob { uri: uri.clone(), phase: phase.name().into(), tasks: Vec::new() };
            command(format!("Run {phase} as a Job"), &argument)
        });
        let actions = left.into_iter().chain(run);
        actions.map(|command| self.command_action(ext::RUN_KIND, command)).collect()
    }
}
