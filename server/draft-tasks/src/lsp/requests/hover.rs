//! `textDocument/hover`.

use draft_tasks_analysis::TextSize;
use draft_tasks_analysis::hover::{self, HoverContext};
use draft_tasks_analysis::markdown::text_span;
use draft_tasks_executor::OnFailure;
use tower_lsp::gen_lsp_types::*;

use crate::lsp::documents::document::{Analysed, Document};
use crate::lsp::protocol::{position, to_proto};
use crate::lsp::session::Session;
use crate::settings::project;

impl Session {
    pub(crate) fn hover(&mut self, at: TextDocumentPositionParams) -> Option<Hover> {
        if let Some(setting) = self.hover_setting(&at) {
            return Some(setting);
        }
        let (session, document, analysis) = self.opened(&at.text_document.uri)?;
        let offset = position::offset(&document.text, at.position, session.encoding);
        let directory = document.directory();
        let directory = match &directory {
            Some(directory) => directory.display().to_string(),
            None => "the directory of this file".into(),
        };
        let environment = session.environment_to_show(document);
        let lookup = |name: &str| environment.shown(name);
        let once = &document.config.kubernetes.once;
        let goes_on = &|phase| document.config.on_failure(phase) == OnFailure::Continue;
        let context = HoverContext { directory: &directory, lookup: &lookup, once, goes_on };
        let mut found = hover::hover(&analysis.parsed, offset, &context)?;
        for more in session.hover_of_runs(document, &analysis, offset) {
            found.markdown += "\n\n";
            found.markdown += &more;
        }
        let range = Some(session.context(document, &analysis).range(found.range));
        let hover = Hover { contents: Contents::MarkupContent(to_proto::markdown(found.markdown)), range };
        // What is known of the world is shown; what is found now is shown when it is asked for again.
        self.look_again(&at.text_document.uri);
        Some(hover)
    }

    /// What hover says of runs: in which pods a phase would run, and how it or a task last ended.
    fn hover_of_runs(&self, document: &Document, analysis: &Analysed, offset: TextSize) -> Vec<String> {
        let text = &analysis.parsed.text;
        if let Some((section, task)) = analysis.parsed.file.task_at(offset) {
            let last = section.phase.zip(task.command()).and_then(|(phase, command)| {
                self.runs.results.task(&document.uri, phase, &task.name(text), &command.decode(text))
            });
            return last.map(|result| text_span(&result.tooltip(self.clock))).into_iter().collect();
        }
        let Some(phase) = analysis.parsed.file.section_at(offset).and_then(|section| section.phase) else {
            return Vec::new();
        };
        let pods = document.surroundings.pods.clone().filter(|_| !phase.is_local());
        let last = self.runs.results.last_of_phase(&document.uri, phase);
        let last = last.map(|run| format!("last run: {}", run.describe(self.clock)));
        pods.into_iter().chain(last).collect()
    }

    fn hover_setting(&mut self, at: &TextDocumentPositionParams) -> Option<Hover> {
        let (session, document, analysed) = self.opened_settings(&at.text_document.uri)?;
        let offset = position::offset(&document.text, at.position, session.encoding);
        let found = project::hover(&analysed.parsed.tree, &analysed.parsed.text, offset)?;
        let contents = Contents::MarkupContent(to_proto::markdown(found.markdown));
        Some(Hover { contents, range: Some(session.context(document, &analysed).range(found.range)) })
    }
}
