//! The fixes of what is found on the lines of a range.

use std::collections::HashSet;

use draft_tasks_analysis::TextRange;
use draft_tasks_analysis::diagnostic::Diagnostic;
use draft_tasks_analysis::edit;
use draft_tasks_analysis::suppression::Suppressions;
use tower_lsp::gen_lsp_types::*;

use crate::lsp::protocol::{ext, to_proto};
use crate::lsp::session::{DocumentView, Session, TextsAround};
use crate::settings::project::Project;

impl DocumentView {
    /// What is found on the lines of a range: most editors ask only for the place of the cursor.
    fn touched(&self, range: TextRange) -> impl Iterator<Item = &Diagnostic> {
        let text = &self.analysed.parsed.text;
        let lines = TextRange::new(edit::line_start(text, range.start()), edit::line_stop(text, range.end()));
        self.analysed.diagnostics.iter().filter(move |found| found.range.intersect(lines).is_some())
    }

    fn fix_action(&self, kind: CodeActionKind, found: &Diagnostic, fix: &edit::Fix) -> CodeActionResponse {
        CodeActionResponse::CodeAction(CodeAction {
            title: fix.title.clone(),
            kind: Some(kind),
            diagnostics: Some(vec![to_proto::diagnostic(self.context(), found)]),
            is_preferred: fix.preferred.then_some(true),
            edit: Some(to_proto::workspace_edit(self.context(), &fix.edits)),
            ..Default::default()
        })
    }

    pub(super) fn quick_fixes(&self, texts: &TextsAround, range: TextRange) -> Vec<CodeActionResponse> {
        let mut actions = Vec::new();
        for found in self.touched(range) {
            let fixes = found.fixes.iter();
            actions.extend(fixes.map(|fix| self.fix_action(CodeActionKind::QuickFix, found, fix)));
        }
        // Findings of one code are fixed by one change of another file.
        let mut fixed = HashSet::new();
        let around = self.touched(range).filter(|found| fixed.insert(found.code));
        actions.extend(around.filter_map(|found| self.fix_around(found, texts)));
        actions
    }

    /// The comments that ignore what is found on the lines of a range.
    pub(super) fn ignores(&self, range: TextRange) -> Vec<CodeActionResponse> {
        let suppressions = Suppressions::new(&self.analysed.parsed);
        // Whoever ignores a code on a line or in the file ignores all its findings there: one action is enough.
        let mut seen = HashSet::new();
        let ignores = self
            .touched(range)
            .flat_map(|found| suppressions.fixes(found).into_iter().map(move |fix| (found, fix)));
        let ignores = ignores
            .filter(|(found, fix)| seen.insert((found.code, fix.edits.first().map(|edit| edit.range))));
        ignores.map(|(found, fix)| self.fix_action(ext::IGNORE_KIND, found, &fix)).collect()
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
