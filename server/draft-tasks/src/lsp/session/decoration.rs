//! What editors show around a text: colours, folds, what encloses the cursor, and hints behind lines.
//!
//! Must not change anything.

use draft_tasks_analysis::TextRange;
use draft_tasks_analysis::folding;
use draft_tasks_analysis::hints;
use draft_tasks_analysis::phase::Phase;
use draft_tasks_analysis::selection;
use draft_tasks_analysis::tokens;
use tower_lsp::gen_lsp_types::*;

use super::Session;
use crate::lsp::protocol::position;
use crate::lsp::protocol::to_proto::{self, Context};

impl Session {
    /// The tokens of a range, or of all.
    pub(crate) fn semantic_tokens(&mut self, uri: &Uri, range: Option<Range>) -> Option<SemanticTokens> {
        let (session, document, analysis) = self.opened(uri)?;
        let within = match range {
            Some(range) => position::text_range(&document.text, range, session.encoding),
            None => TextRange::up_to((analysis.text.len() as u32).into()),
        };
        let found = if session.flags.multiline_tokens {
            tokens::whole(&analysis, within)
        } else {
            tokens::tokens(&analysis, within)
        };
        let data = to_proto::semantic_tokens(session.context(document, &analysis), &found);
        Some(SemanticTokens { result_id: None, data })
    }

    pub(crate) fn folding_range(&mut self, uri: &Uri) -> Option<Vec<FoldingRange>> {
        let (session, document, analysis) = self.opened(uri)?;
        let context = session.context(document, &analysis);
        Some(
            folding::folds(&analysis)
                .into_iter()
                .map(|fold| to_proto::folding_range(context, fold))
                .collect(),
        )
    }

    pub(crate) fn selection_range(&mut self, params: SelectionRangeParams) -> Option<Vec<SelectionRange>> {
        let (session, document, analysis) = self.opened(&params.text_document.uri)?;
        let context = session.context(document, &analysis);
        let ranges = params.positions.into_iter().map(|position| {
            let offset = position::offset(&document.text, position, session.encoding);
            to_proto::selection_range(context, &selection::enclosing(&analysis, offset), offset)
        });
        Some(ranges.collect())
    }

    pub(crate) fn inlay_hint(&mut self, uri: &Uri, range: Range) -> Option<Vec<InlayHint>> {
        if !self.config.inlay_hints {
            return None;
        }
        let (session, document, analysis) = self.opened(uri)?;
        let within = position::text_range(&document.text, range, session.encoding);
        let context = session.context(document, &analysis);
        let environment = session.environment_to_show(document);
        let found = hints::hints(&analysis, within, &|name| environment.shown(name));
        let values = found.into_iter().map(|hint| to_proto::inlay_hint(context, hint));
        Some(values.chain(session.result_hints(context, within)).collect())
    }

    /// How the tasks that touch a range ended when they last ran.
    fn result_hints(&self, context: Context<'_>, within: TextRange) -> Vec<InlayHint> {
        let (text, file) = (&context.analysed.text, &context.analysed.file);
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
