//! `textDocument/codeLens`.
//!
//! Must not let a lens come or go because of a run: lines would jump.

use draft_tasks_analysis::Parsed;
use draft_tasks_analysis::command::{self as words, show_argument};
use draft_tasks_analysis::file_names::SETTINGS_FILE;
use draft_tasks_analysis::lens::{self, Runnable, RunnableKind};
use draft_tasks_analysis::phase::Phase;
use draft_tasks_analysis::plan::PlanError;
use tower_lsp::gen_lsp_types::*;

use super::run_command::{
    attach_command, attach_title, command, run_command, run_phase_title, stop_command, stop_title,
};
use crate::lsp::commands::AddPhase;
use crate::lsp::protocol::to_proto::{Context, shown};
use crate::lsp::runs::Awaited;
use crate::lsp::session::Session;
use crate::world::environment::Environment;

impl Session {
    pub(crate) fn code_lens(&mut self, uri: &Uri) -> Option<Vec<CodeLens>> {
        let (session, document, analysis) = self.opened(uri)?;
        if !session.may_run(document) || !document.config.code_lens {
            return None;
        }
        let context = session.context(document, &analysis);
        let environment = session.environment_to_show(document);
        let lens = Lens { session, context, parsed: &analysis.parsed, environment };
        let found = lens::runnables(&analysis.parsed).into_iter().filter(is_worth_a_lens);
        let lenses = found.map(|runnable| CodeLens {
            range: context.range(runnable.range),
            command: Some(lens.command(&runnable)),
            data: None,
        });
        let empty = analysis.parsed.text.trim().is_empty() && session.flags.applies_edits;
        let added = Phase::DEP_8.into_iter().filter(|_| empty).map(|phase| {
            let argument = AddPhase { uri: uri.clone(), phase: phase.name().into() };
            let command = command(format!("+ Add {phase}"), &argument);
            CodeLens { range: Range::default(), command: Some(command), data: None }
        });
        let jobs = lens::runnables(&analysis.parsed).into_iter().filter_map(|runnable| {
            let command = lens.attach(&runnable)?;
            Some(CodeLens { range: context.range(runnable.range), command: Some(command), data: None })
        });
        let lenses: Vec<CodeLens> = lenses.chain(jobs).chain(added).collect();
        Some(lenses)
    }
}

/// What the lenses of a document are made from.
struct Lens<'a> {
    session: &'a Session,
    context: Context<'a>,
    parsed: &'a Parsed,
    environment: Environment,
}

impl Lens<'_> {
    fn command(&self, runnable: &Runnable) -> Command {
        let (uri, phase) = (self.context.uri, runnable.phase);
        let Session { runs, clock, .. } = self.session;
        match (&runnable.what, runs.running(uri, phase)) {
            (RunnableKind::Phase { .. }, Some(run)) if run.is_stopping => {
                stop_command("■ Stopping…".into(), &run.id)
            }
            (RunnableKind::Phase { .. }, Some(run)) => {
                let stop = stop_title(phase, run);
                let awaited = run.awaited.as_ref().map(Awaited::title);
                let task = awaited.or_else(|| run.current_task().cloned());
                let task = task.map(|task| format!(" · {task}")).unwrap_or_default();
                stop_command(format!("■ {stop}{task}"), &run.id)
            }
            (RunnableKind::Task { name, .. }, Some(run)) if run.current_task() == Some(name) => {
                let title = if run.is_stopping { "■ Stopping…" } else { "■ Stop" };
                stop_command(title.into(), &run.id)
            }
            (RunnableKind::Phase { tasks }, None) => {
                let last = runs.results.describe_phase(uri, phase, self.parsed, *clock);
                let last = last.map(|last| format!(" · last: {last}")).unwrap_or_default();
                let title = self
                    .obstacle(runnable)
                    .unwrap_or_else(|| format!("▶ {}{last}", run_phase_title(phase, *tasks)));
                run_command(title, uri, runnable)
            }
            (RunnableKind::Task { name, command }, _) => {
                let result = runs.results.task(uri, phase, name, command);
                let result = result.map(|it| format!(" · {}", it.describe())).unwrap_or_default();
                let title = self.obstacle(runnable).unwrap_or_else(|| format!("▶ Run{result}"));
                Command {
                    tooltip: self.arguments(command).as_deref().map(shown),
                    ..run_command(title, uri, runnable)
                }
            }
        }
    }

    /// Beside the lens of a phase, which is there anyway, that of its Job of which no record says that it is over.
    fn attach(&self, runnable: &Runnable) -> Option<Command> {
        let is_phase = matches!(runnable.what, RunnableKind::Phase { tasks: 1.. });
        let left = self.session.left_job(self.context.uri, runnable.phase).filter(|_| is_phase)?;
        Some(Command {
            tooltip: Some(shown(&self.session.describe_job(left))),
            ..attach_command(attach_title("↻ "), left)
        })
    }

    /// In place of a lens that would be refused.
    fn obstacle(&self, runnable: &Runnable) -> Option<String> {
        let what = match runnable.what {
            RunnableKind::Phase { .. } => format!("{} does not run", runnable.phase),
            RunnableKind::Task { .. } => "Does not run".to_owned(),
        };
        match &runnable.obstacle {
            Some(PlanError::Invalid { range, .. }) => {
                Some(format!("⚠ {what}: see line {}", self.context.range(*range).start.line + 1))
            }
            Some(_) => Some(format!("⚠ {what}")),
            None if self.session.has_wrong_settings(self.context.uri) => {
                Some(format!("⚠ {what}: see {SETTINGS_FILE}"))
            }
            None => None,
        }
    }

    /// Exactly what a command runs, secrets masked.
    fn arguments(&self, command: &str) -> Option<String> {
        let options = self.parsed.options;
        let split = words::split(command, options.semantics, options.draft_version).ok()?;
        let shown = split.iter().map(|word| word.expand::<String>(&|name| self.environment.shown(name)));
        Some(shown.map(|word| show_argument(&word)).collect::<Vec<_>>().join(" "))
    }
}

/// A phase without tasks has nothing to run; its lens comes with its first task.
fn is_worth_a_lens(runnable: &Runnable) -> bool {
    runnable.what != RunnableKind::Phase { tasks: 0 }
}
