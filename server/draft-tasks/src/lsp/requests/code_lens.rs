//! `textDocument/codeLens`.
//!
//! Must not let a lens come or go because of a run: lines would jump.

use draft_tasks_analysis::lens::{self, Runnable, RunnableKind};
use tower_lsp::gen_lsp_types::*;

use super::run_command::{run_command, run_phase_title, stop_command};
use crate::lsp::session::Session;

impl Session {
    pub(crate) fn code_lens(&mut self, uri: &Uri) -> Option<Vec<CodeLens>> {
        let (session, document, analysis) = self.opened(uri)?;
        if !session.may_run(document) || !document.config.code_lens {
            return None;
        }
        let context = session.context(document, &analysis);
        let lenses =
            lens::runnables(&analysis.parsed).into_iter().filter(is_worth_a_lens).map(|runnable| CodeLens {
                range: context.range(runnable.range),
                command: Some(session.lens_command(uri, &runnable)),
                data: None,
            });
        Some(lenses.collect())
    }

    fn lens_command(&self, uri: &Uri, runnable: &Runnable) -> Command {
        let run = self.runs.running(uri, runnable.phase);
        match (&runnable.what, run) {
            (RunnableKind::Phase { .. }, Some(run)) => {
                let task = run.awaited.as_ref().or_else(|| run.current_task());
                let task = task.map(|task| format!(" · {task}")).unwrap_or_default();
                stop_command(format!("■ Stop {}{task}", runnable.phase), &run.id)
            }
            (RunnableKind::Task { name, .. }, Some(run)) if run.current_task() == Some(name) => {
                stop_command("■ Stop".into(), &run.id)
            }
            (RunnableKind::Phase { tasks }, None) => {
                let last = self.runs.results.last_of_phase(uri, runnable.phase);
                let last =
                    last.map(|run| format!(" · last: {}", run.describe(self.clock))).unwrap_or_default();
                run_command(format!("▶ {}{last}", run_phase_title(runnable.phase, *tasks)), uri, runnable)
            }
            (RunnableKind::Task { name, command }, _) => {
                let result = self.runs.results.task(uri, runnable.phase, name, command);
                let result = result.map(|it| format!(" · {}", it.describe())).unwrap_or_default();
                run_command(format!("▶ Run{result}"), uri, runnable)
            }
        }
    }
}

/// A phase without tasks has nothing to run; its lens comes with its first task.
fn is_worth_a_lens(runnable: &Runnable) -> bool {
    runnable.what != RunnableKind::Phase { tasks: 0 }
}
