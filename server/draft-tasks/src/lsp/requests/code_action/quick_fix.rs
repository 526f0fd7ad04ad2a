//! The fixes of what is found on the lines of a range.

use std::collections::HashSet;

use draft_tasks_analysis::TextRange;
use draft_tasks_analysis::diagnostic::Diagnostic;
use draft_tasks_analysis::edit;
use draft_tasks_analysis::suppression::Suppressions;
use tower_lsp::gen_lsp_types::*;

use crate::lsp::protocol::to_proto;
use crate::lsp::session::{DocumentView, Session, TextsAround};
use crate::settings::project::Project;

impl DocumentView {
    pub(super) fn quick_fixes(&self, texts: &TextsAround, range: TextRange) -> Vec<CodeActionResponse> {
        let (context, analysis) = (self.context(), &self.analysed);
        // Whoever is on the line wants its fixes: most editors ask only for the place of the cursor.
        let text = &analysis.parsed.text;
        let lines = TextRange::new(edit::line_start(text, range.start()), edit::line_stop(text, range.end()));
        let touched = || analysis.diagnostics.iter().filter(|found| found.range.intersect(lines).is_some());
        let action = |found: &Diagnostic, fix: &edit::Fix| {
            CodeActionResponse::CodeAction(CodeAction {
                title: fix.title.clone(),
                kind: Some(CodeActionKind::QuickFix),
                diagnostics: Some(vec![to_proto::diagnostic(context, found)]),
                is_preferred: fix.preferred.then_some(true),
                edit: Some(to_proto::workspace_edit(context, &fix.edits)),
                ..Default::default()
            })
        };
        let mut actions = Vec::new();
        touched().for_each(|found| actions.extend(found.fixes.iter().map(|fix| action(found, fix))));
        // Findings of one code are fixed by one change of another file.
        let mut fixed = HashSet::new();
        let around = touched().filter(|found| fixed.insert(found.code));
        actions.extend(around.filter_map(|found| self.fix_around(found, texts)));
        let suppressions = Suppressions::new(&analysis.parsed);
        // Whoever ignores a code on a line or in the file ignores all its findings there: one action is enough.
        let mut seen = HashSet::new();
        let ignores =
            touched().flat_map(|found| suppressions.fixes(found).into_iter().map(move |fix| (found, fix)));
        let ignores = ignores
            .filter(|(found, fix)| seen.insert((found.code, fix.edits.first().map(|edit| edit.range))));
        actions.extend(ignores.map(|(found, fix)| action(found, &fix)));
        actions
    }
}

impl Session {
    /// The fixes of what is wrong with settings on the lines of a range.
    pub(super) fn fix_settings(&mut self, uri: &Uri, range: Range) -> Option<Vec<CodeActionResponse>> {
        let (session, document, analysed) = self.opened_settings(uri)?;
        let context = session.context(document, &analysed);
        let problems = Project::of_tree(&analysed.parsed.tree, &analysed.parsed.text).problems;
        let near = problems.iter().filter(|problem| {
            let place = context.range(problem.range);
            place.start.line <= range.end.line && range.start.line <= place.end.line
        });
        Some(near.filter_map(|problem| to_proto::setting_fix(context, problem)).collect())
    }
}
