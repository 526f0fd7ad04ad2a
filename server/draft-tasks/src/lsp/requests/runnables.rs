//! `experimental/runnables`: phases and tasks as commands for a terminal, for editors that have no lenses.
//!
//! Must not run anything, and must not offer what would be refused.

use draft_tasks_analysis::TextSize;
use draft_tasks_analysis::lens::{self, Runnable, RunnableKind};
use tower_lsp::gen_lsp_types::*;

use super::run_command::run_phase_title;
use crate::lsp::documents::document::Analysed;
use crate::lsp::protocol::ext::{RunnablesParams, SHELL_RUNNABLE, TerminalCommand, TerminalRunnable};
use crate::lsp::protocol::position;
use crate::lsp::protocol::to_proto::shown;
use crate::lsp::session::Session;

impl Session {
    pub(crate) fn runnables(&mut self, params: &RunnablesParams) -> Vec<TerminalRunnable> {
        let uri = &params.text_document.uri;
        let Some((session, document, analysis)) = self.opened(uri) else { return Vec::new() };
        let path = document.path.as_ref().filter(|_| session.may_run(document));
        let (Some(path), Some(directory)) = (path, document.directory()) else { return Vec::new() };
        let at = params.position.map(|at| position::offset(&document.text, at, session.encoding));
        let context = session.context(document, &analysis);
        let program = std::env::current_exe()
            .map_or_else(|_| env!("CARGO_PKG_NAME").into(), |it| it.display().to_string());
        let found = lens::runnables(&analysis.parsed).into_iter().filter(|runnable| {
            let is_empty = runnable.what == RunnableKind::Phase { tasks: 0 };
            let is_here = at.is_none_or(|offset| is_at(&analysis, runnable, offset));
            is_here && !is_empty && runnable.obstacle.is_none() && !session.has_wrong_settings(uri)
        });
        let terminal = |runnable: Runnable| {
            let range = context.range(runnable.range);
            let mut args = vec!["run".to_owned(), runnable.phase.name().to_owned()];
            args.push(format!("--file={}", path.display()));
            let label = match &runnable.what {
                RunnableKind::Phase { tasks } => run_phase_title(runnable.phase, *tasks),
                RunnableKind::Task { name, .. } => {
                    args.extend(["--".to_owned(), name.clone()]);
                    shown(&format!("Run \"{name}\""))
                }
            };
            let location = LocationLink {
                origin_selection_range: None,
                target_uri: uri.clone(),
                target_range: range,
                target_selection_range: range,
            };
            let cwd = directory.display().to_string();
            let args = TerminalCommand { cwd, program: program.clone(), args };
            TerminalRunnable { label, location, kind: SHELL_RUNNABLE, args }
        };
        found.map(terminal).collect()
    }
}

/// Whether something can be run from a place: a task from its lines, a phase from all of its own.
fn is_at(analysis: &Analysed, runnable: &Runnable, offset: TextSize) -> bool {
    let file = &analysis.parsed.file;
    match runnable.what {
        RunnableKind::Task { .. } => {
            file.task_at(offset).is_some_and(|(_, task)| task.name.range == runnable.range)
        }
        RunnableKind::Phase { .. } => {
            file.section_at(offset).is_some_and(|section| section.phase == Some(runnable.phase))
        }
    }
}
