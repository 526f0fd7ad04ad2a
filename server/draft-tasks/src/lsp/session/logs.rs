//! What a phase would run and what it wrote when it last ran, for people.
//!
//! Must not run anything or show a secret.

use draft_tasks_analysis::TextRange;
use draft_tasks_analysis::command::show_argument;
use draft_tasks_analysis::hover::code_span;
use draft_tasks_analysis::phase::Phase;
use draft_tasks_analysis::plan::{self, Plan, Step};
use draft_tasks_analysis::secret;
use serde::Serialize;
use tower_lsp::gen_lsp_types::*;
use tower_lsp::jsonrpc::Error;

use super::Session;
use super::features::command;
use super::reading::Source;
use super::rerun::phase_at;
use super::running::refusal;
use crate::lsp::commands::{AskDoctor, ShowLog, ShowPlan};
use crate::lsp::documents::document::{Analysed, Document};
use crate::lsp::effect::Effect;
use crate::lsp::protocol::ext;
use crate::lsp::runs::Run;
use crate::lsp::runs::results::PastRun;

/// What a phase would run.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct PlanShown {
    /// The phase's name.
    phase: String,
    /// Where its tasks run.
    directory: String,
    /// Its tasks, in the order of the file.
    tasks: Vec<TaskShown>,
    /// All of it for people.
    markdown: String,
}

/// What a task would run.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct TaskShown {
    /// The task's description.
    task: String,
    /// Its command.
    command: String,
    /// The program and its arguments, secrets masked.
    argv: Vec<String>,
}

/// Where a log is.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct LogShown {
    /// The file.
    log: String,
    /// The document that is opened.
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    uri: Option<Uri>,
}

impl Session {
    /// What a phase would run.
    pub(crate) fn plan(&mut self, wanted: &ShowPlan, source: &Source) -> Result<PlanShown, Error> {
        let lookup = |name: &str| source.shown.shown(name);
        let of_phase = plan::phase_named(&source.analysis, &wanted.phase)
            .and_then(|phase| Plan::for_phase(&source.analysis, phase, &[], &secret::masked(&lookup)));
        let plan = of_phase.map_err(|error| refusal(error.describe()))?;
        let directory = source.directory.display().to_string();
        if wanted.show.unwrap_or(true) {
            self.show(MessageType::Info, described(&plan, &directory, |text| text));
        }
        let markdown = described(&plan, &directory, |text| code_span(&text));
        let phase = plan.subject.name().to_owned();
        let shown = |step: Step| TaskShown { task: step.task, command: step.command, argv: step.argv };
        let tasks = plan.steps.into_iter().map(shown).collect();
        Ok(PlanShown { phase, directory, tasks, markdown })
    }

    /// Opens what a task wrote.
    pub(crate) fn show_log(&mut self, wanted: &ShowLog) -> Result<LogShown, Error> {
        let task = wanted.task.as_deref();
        let phase = wanted.phase.as_ref().map(|phase| phase.to_lowercase());
        let matches = |run: &PastRun| {
            wanted.run.as_ref().is_none_or(|id| *id == run.id)
                && wanted.uri.as_ref().is_none_or(|uri| *uri == run.uri)
                && phase.as_ref().is_none_or(|phase| phase == run.subject.name())
        };
        let goes_on = |run: &&Run| {
            wanted.run.as_ref().is_none_or(|id| *id == run.id)
                && wanted.uri.as_ref().is_none_or(|uri| *uri == run.uri)
                && phase.as_ref().is_none_or(|phase| phase == run.subject.name())
        };
        let running = self.runs.active.iter().rev().filter(goes_on).find_map(|run| run.log(task));
        let over = || self.runs.results.last_run(|run| matches(run) && run.has_log(task))?.log(task);
        let kept = || self.log_of_record(wanted.run.as_ref()?, task);
        let Some(log) = running.or_else(over).or_else(kept) else {
            return Err(refusal("there is no log: nothing of it has run, or no records are kept"));
        };
        if !log.exists() {
            return Err(refusal(format!("the log {} has been removed", log.display())));
        }
        let uri = self.log_document(&log);
        let answer = LogShown { log: log.display().to_string(), uri: uri.clone() };
        match uri.filter(|_| self.flags.shows_documents) {
            Some(uri) => self.effect(Effect::ShowDocument { uri, path: log }),
            None => self.show(MessageType::Info, log.display().to_string()),
        }
        Ok(answer)
    }

    /// What can be shown of the phase here, and of the task.
    pub(super) fn show_actions(
        &self,
        document: &Document,
        analysis: &Analysed,
        range: TextRange,
    ) -> Vec<CodeActionResponse> {
        let Some(phase) = phase_at(analysis, range) else { return Vec::new() };
        if analysis.file.commands_of(phase).next().is_none() {
            return Vec::new();
        }
        let (uri, name) = (document.uri.clone(), phase.name().to_owned());
        let plan = ShowPlan { uri: uri.clone(), phase: name.clone(), show: None };
        let mut actions = vec![command("Show plan".into(), &plan)];
        if phase == Phase::PostDeploy {
            let doctor = AskDoctor { uri: uri.clone(), show: None };
            actions.push(command("Look for what keeps tasks from the pods".into(), &doctor));
        }
        let task =
            analysis.file.task_at(range.start()).map(|(_, task)| task.name(&analysis.text).into_owned());
        let has_log =
            |run: &PastRun| run.uri == uri && run.subject == phase.into() && run.has_log(task.as_deref());
        let running = self.runs.running(&uri, phase).and_then(|run| run.log(task.as_deref()));
        if running.is_some() || self.runs.results.last_run(has_log).is_some() {
            let log = ShowLog { run: None, uri: Some(uri.clone()), phase: Some(name), task: task.clone() };
            actions.push(command("Show last log".into(), &log));
        }
        actions.into_iter().map(|command| self.command_action(ext::SHOW_KIND, command)).collect()
    }
}

/// A plan in words: the phase, where, and the arguments of each task.
fn described(plan: &Plan, directory: &str, span: impl Fn(String) -> String) -> String {
    let mut lines = vec![format!("{} in {}", plan.subject, span(directory.to_owned()))];
    for (number, step) in (1..).zip(&plan.steps) {
        let arguments: Vec<_> = step.argv.iter().map(|argument| span(show_argument(argument))).collect();
        lines.push(format!("{number}. {}: {}", step.task, arguments.join(" ")));
    }
    lines.join("\n")
}
