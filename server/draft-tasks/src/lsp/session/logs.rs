//! What a phase would run and what it wrote when it last ran, for people.
//!
//! Must not run anything or show a secret.

use std::path::{Path, PathBuf};

use draft_tasks_analysis::command::show_argument;
use draft_tasks_analysis::hover::code_span;
use draft_tasks_analysis::plan::{self, Plan, Step};
use draft_tasks_executor::record::{RecordState, Records};
use serde::Serialize;
use tower_lsp::gen_lsp_types::*;
use tower_lsp::jsonrpc::Error;

use super::Session;
use super::reading::Source;
use super::running::refusal;
use crate::lsp::commands::{ShowLog, ShowPlan};
use crate::lsp::effect::Effect;
use crate::lsp::protocol::ext;
use crate::lsp::runs::Run;
use crate::lsp::runs::log_text::is_log;
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

/// Where a log is to be looked for.
pub(crate) struct LogSearch {
    /// That of a run of this server.
    known: Option<PathBuf>,
    records: Option<Records>,
    run: Option<String>,
    task: Option<String>,
}

impl Session {
    /// What a phase would run.
    pub(crate) fn plan(&mut self, wanted: &ShowPlan, source: &Source) -> Result<PlanShown, Error> {
        let lookup = |name: &str| source.shown.shown(name);
        let of_phase = plan::phase_named(&source.analysis, &wanted.phase)
            .and_then(|phase| Plan::for_phase(&source.analysis, phase, &[], &lookup));
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

    /// Where the log is to be looked for that is asked for.
    pub(crate) fn log_search(&self, wanted: ShowLog) -> LogSearch {
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
        LogSearch {
            known: running.or_else(over),
            records: self.records(),
            run: wanted.run,
            task: wanted.task,
        }
    }

    /// Opens a log.
    pub(crate) fn show_log(&self, log: PathBuf) -> LogShown {
        let uri = self.log_document(&log);
        let answer = LogShown { log: log.display().to_string(), uri: uri.clone() };
        match uri.filter(|_| self.flags.shows_documents) {
            Some(uri) => self.effect(Effect::ShowDocument { uri, path: log }),
            None => self.show(MessageType::Info, log.display().to_string()),
        }
        answer
    }

    /// The document that has the text of a log: a virtual one where the client can show it, else the file.
    pub(super) fn log_document(&self, log: &Path) -> Option<Uri> {
        self.log_uri(log).or_else(|| Some(Uri(url::Url::from_file_path(log).ok()?.to_string())))
    }

    fn log_uri(&self, log: &Path) -> Option<Uri> {
        let name = log.file_name()?.to_str()?;
        let record = log.parent()?.file_name()?.to_str()?;
        self.flags.asks_for_contents.then(|| Uri(format!("{}:/{record}/{name}", ext::LOG_SCHEME)))
    }

    /// Has the client refresh the logs of a run that it shows.
    pub(super) fn refresh_logs(&self, run: &str) {
        let shown = self.runs.active.iter().filter(|it| it.id == run).flat_map(|it| &it.shown_logs);
        for uri in shown {
            self.effect(Effect::RefreshContent { uri: uri.clone() });
        }
    }

    /// The records of all runs.
    pub(crate) fn records(&self) -> Option<Records> {
        Some(Records { directory: self.environment.records()?, keep: usize::MAX })
    }
}

impl LogSearch {
    /// Looks for the log.
    ///
    /// # Errors
    ///
    /// Why there is none.
    pub(crate) fn find(self) -> Result<PathBuf, String> {
        let log = self.known.clone().or_else(|| self.of_record());
        let log = log.ok_or("there is no log: nothing of it has run, or no records are kept")?;
        if !log.exists() {
            return Err(format!("the log {} has been removed", log.display()));
        }
        Ok(log)
    }

    /// The log of a run that this server did not run, as its record has it: of a task, or of the first that failed, else
    /// of the last.
    fn of_record(&self) -> Option<PathBuf> {
        // A record that cannot be read has nothing to show.
        let kept = self.records.as_ref()?.find(self.run.as_ref()?).ok()??;
        let RecordState::Finished(result) = &kept.state else { return None };
        let mut with_log = result.tasks.iter().filter(|it| it.log.is_some());
        let found = match &self.task {
            Some(name) => with_log.find(|it| it.name == *name),
            None => with_log.clone().find(|it| it.failure.is_some()).or_else(|| with_log.next_back()),
        };
        let name = found?.log.as_ref().filter(|name| is_log(name))?;
        Some(kept.folder.join(name))
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
