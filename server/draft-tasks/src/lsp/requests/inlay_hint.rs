//! `textDocument/inlayHint`.

use draft_tasks_analysis::hints;
use draft_tasks_analysis::phase::Phase;
use draft_tasks_analysis::{Parsed, TextRange};
use tower_lsp::gen_lsp_types::*;

use crate::lsp::protocol::position;
use crate::lsp::protocol::to_proto::{self, Context};
use crate::lsp::session::Session;

impl Session {
    pub(crate) fn inlay_hint(&mut self, uri: &Uri, range: Range) -> Option<Vec<InlayHint>> {
        let (session, document, analysis) = self.opened(uri)?;
        if !document.config.inlay_hints {
            return None;
        }
        let within = position::text_range(&document.text, range, session.encoding);
        let context = session.context(document, &analysis);
        let environment = session.environment_to_show(document);
        let found = hints::hints(&analysis.parsed, within, &|name| environment.shown(name));
        let values = found.into_iter().map(|hint| to_proto::inlay_hint(context, hint));
        let results =
            document.config.result_hints.then(|| session.result_hints(context, &analysis.parsed, within));
        Some(values.chain(results.into_iter().flatten()).collect())
    }

    /// How the tasks that touch a range ended when they last ran.
    fn result_hints(&self, context: Context<'_>, parsed: &Parsed, within: TextRange) -> Vec<InlayHint> {
        let (text, file) = (&parsed.text, &parsed.file);
        let tasks = Phase::ALL
            .into_iter()
            .flat_map(|phase| file.commands_of(phase).map(move |(task, command)| (phase, task, command)));
        let tasks = tasks.filter(|(_, task, _)| task.range.intersect(within).is_some());
        let hints = tasks.filter_map(|(phase, task, command)| {
            let result =
                self.runs.results.task(context.uri, phase, &task.name(text), &command.decode(text))?;
            let (offset, label) = (task.range.end(), result.hint(self.clock));
            let hint = hints::Hint { offset, label, tooltip: Some(result.tooltip(self.clock)) };
            Some(to_proto::inlay_hint(context, hint))
        });
        hints.collect()
    }
}
