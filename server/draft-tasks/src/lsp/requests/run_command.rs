//! The commands that lenses and code actions carry.

use draft_tasks_analysis::lens::{Runnable, RunnableKind};
use draft_tasks_analysis::phase::Phase;
use draft_tasks_executor::record::LeftJob;
use serde_json::json;
use tower_lsp::gen_lsp_types::{Command, Uri};

use crate::lsp::commands::{Attach, RunPhase, RunTask, ServerCommand, Stop};
use crate::lsp::protocol::to_proto::shown;
use crate::lsp::runs::Run;

pub(super) fn run_phase_title(phase: Phase, tasks: usize) -> String {
    match tasks {
        1 => format!("Run {phase} (1 task)"),
        tasks => format!("Run {phase} ({tasks} tasks)"),
    }
}

pub(super) fn run_command(title: String, uri: &Uri, runnable: &Runnable) -> Command {
    let (uri, phase, pods) = (uri.clone(), runnable.phase.name().to_owned(), Vec::new());
    match &runnable.what {
        RunnableKind::Phase { .. } => command(title, &RunPhase { uri, phase, pods }),
        RunnableKind::Task { name, command: text } => {
            let (task, text) = (name.clone(), Some(text.clone()));
            command(title, &RunTask { uri, phase, task, command: text, pods })
        }
    }
}

pub(super) fn stop_command(title: String, run: &str) -> Command {
    command(title, &Stop { run: Some(run.to_owned()), ..Stop::default() })
}

/// Whoever stops the run of a Job that another run has made leaves it.
pub(super) fn stop_title(phase: Phase, run: &Run) -> String {
    match run.job() {
        Some(job) if job.attached => format!("Stop following {phase}"),
        _ => format!("Stop {phase}"),
    }
}

/// What takes up a Job of which no record says that it is over: a program that has followed it may have lost it.
pub(super) fn attach_title(sign: &str) -> String {
    format!("{sign}Job may go on · attach")
}

pub(super) fn attach_command(title: String, left: &LeftJob) -> Command {
    command(title, &Attach { job: left.name.clone(), uri: None })
}

pub(super) fn command<C: ServerCommand>(title: String, argument: &C) -> Command {
    Command {
        title: shown(&title),
        tooltip: None,
        command: C::NAME.into(),
        arguments: Some(vec![json!(argument)]),
    }
}
