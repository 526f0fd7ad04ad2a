//! What can be shown of a place: the plan of its phase, the last log, what keeps tasks from the pods.

use draft_tasks_analysis::TextRange;
use draft_tasks_analysis::phase::Phase;
use tower_lsp::gen_lsp_types::*;

use super::rerun::phase_at;
use crate::lsp::commands::{AskDoctor, ShowLog, ShowPlan};
use crate::lsp::documents::document::{Analysed, Document};
use crate::lsp::protocol::ext;
use crate::lsp::requests::run_command::command;
use crate::lsp::runs::results::PastRun;
use crate::lsp::session::Session;

impl Session {
    /// What can be shown of the phase here, and of the task.
    pub(super) fn show_actions(
        &self,
        document: &Document,
        analysis: &Analysed,
        range: TextRange,
    ) -> Vec<CodeActionResponse> {
        let Some(phase) = phase_at(analysis, range) else { return Vec::new() };
        if analysis.parsed.file.commands_of(phase).next().is_none() {
            return Vec::new();
        }
        let (uri, name) = (document.uri.clone(), phase.name().to_owned());
        let plan = ShowPlan { uri: uri.clone(), phase: name.clone(), show: None };
        let mut actions = vec![command("Show plan".into(), &plan)];
        if phase == Phase::PostDeploy {
            let doctor = AskDoctor { uri: uri.clone(), show: None };
            actions.push(command(ext::DOCTOR_TITLE.into(), &doctor));
        }
        let task = analysis
            .parsed
            .file
            .task_at(range.start())
            .map(|(_, task)| task.name(&analysis.parsed.text).into_owned());
        let has_log = |run: &PastRun| {
            run.uri == uri && run.seen.subject == phase.into() && run.has_log(task.as_deref())
        };
        let running = self.runs.running(&uri, phase).and_then(|run| run.log(task.as_deref()));
        if running.is_some() || self.runs.results.last_run(has_log).is_some() {
            let log = ShowLog { run: None, uri: Some(uri.clone()), phase: Some(name), task: task.clone() };
            actions.push(command("Show last log".into(), &log));
        }
        actions.into_iter().map(|command| self.command_action(ext::SHOW_KIND, command)).collect()
    }
}
