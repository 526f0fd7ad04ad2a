//! `textDocument/codeAction`: what is offered, in its order.

use draft_tasks_analysis::TextRange;
use draft_tasks_analysis::fix_all::fix_all;
use tower_lsp::gen_lsp_types::*;

use crate::lsp::documents::document::{Analysed, Document};
use crate::lsp::documents::look::Reply;
use crate::lsp::protocol::{ext, position, to_proto};
use crate::lsp::session::{DocumentView, Session, TextsAround};

mod around;
mod export;
mod job;
mod quick_fix;
pub(crate) mod refactoring;
mod rerun;
mod run;
mod show;

impl Session {
    pub(crate) fn code_action(&mut self, params: CodeActionParams) -> Reply<Option<Vec<CodeActionResponse>>> {
        let CodeActionParams { text_document: TextDocumentIdentifier { uri }, range, context, .. } = params;
        let fixes =
            self.flags.code_action_literals && wants(context.only.as_deref(), &CodeActionKind::QuickFix);
        if fixes && let Some(actions) = self.fix_settings(&uri, range) {
            return Reply::Known(Some(actions));
        }
        let Some((session, document, analysis)) = self.opened(&uri) else { return Reply::Known(None) };
        let range = position::text_range(&document.text, range, session.encoding);
        let only = context.only;
        let of_runs = session.actions_of_runs(document, &analysis, range, only.as_deref());
        let (view, texts) = (session.view(document, analysis), session.texts_around(document));
        let look = move || Some(view.actions(&texts, of_runs, range, only.as_deref()));
        Reply::Look(document.turns.actions.clone(), Box::new(look))
    }

    /// What can be run, shown and exported.
    fn actions_of_runs(
        &self,
        document: &Document,
        analysis: &Analysed,
        range: TextRange,
        only: Option<&[CodeActionKind]>,
    ) -> Vec<CodeActionResponse> {
        let mut actions = Vec::new();
        if !self.may_run(document) {
            return actions;
        }
        if wants(only, &ext::RUN_KIND) {
            let asked_for = only.is_some_and(|only| only.contains(&ext::RUN_KIND));
            actions.extend(self.run_actions(document, analysis, range, asked_for));
            actions.extend(self.rerun_failed_action(document, analysis, range));
            actions.extend(self.job_actions(document, analysis, range));
        }
        if wants(only, &ext::SHOW_KIND) {
            actions.extend(self.show_actions(document, analysis, range));
        }
        if wants(only, &ext::EXPORT_KIND) {
            actions.extend(self.export_action(document, analysis, range));
        }
        actions
    }

    /// A command as a code action, or as itself for clients that know no other.
    fn command_action(&self, kind: CodeActionKind, command: Command) -> CodeActionResponse {
        if self.flags.code_action_literals {
            CodeActionResponse::CodeAction(CodeAction {
                title: command.title.clone(),
                kind: Some(kind),
                command: Some(command),
                ..Default::default()
            })
        } else {
            CodeActionResponse::Command(command)
        }
    }
}

impl DocumentView {
    fn actions(
        &self,
        texts: &TextsAround,
        of_runs: Vec<CodeActionResponse>,
        range: TextRange,
        only: Option<&[CodeActionKind]>,
    ) -> Vec<CodeActionResponse> {
        let (mut actions, literals) = (Vec::new(), self.flags.code_action_literals);
        if literals && wants(only, &CodeActionKind::QuickFix) {
            actions.extend(self.quick_fixes(texts, range));
        }
        // It looks at the whole file, so only where somebody asks for it.
        if literals && only.is_some() && wants(only, &ext::FIX_ALL_KIND) {
            actions.extend(self.fix_all());
        }
        actions.extend(of_runs);
        if literals {
            actions.extend(self.refactorings(range, only));
        }
        // Last, as whoever looks for a fix does not look for these.
        if literals && wants(only, &ext::IGNORE_KIND) {
            actions.extend(self.ignores(range));
        }
        actions
    }

    /// All fixes that need no decision, as one change.
    fn fix_all(&self) -> Option<CodeActionResponse> {
        let fixed = fix_all(&self.analysed)?;
        let title = match fixed.fixed.len() {
            1 => "Fix 1 problem".to_owned(),
            many => format!("Fix {many} problems"),
        };
        Some(CodeActionResponse::CodeAction(CodeAction {
            title,
            kind: Some(ext::FIX_ALL_KIND),
            edit: Some(to_proto::workspace_edit(self.context(), &fixed.edits)),
            ..Default::default()
        }))
    }
}

/// Whether a kind is among those that the client asked for; kinds are a tree, told by dots.
fn wants(only: Option<&[CodeActionKind]>, kind: &CodeActionKind) -> bool {
    let Some(only) = only else { return true };
    let name =
        |kind: &CodeActionKind| serde_json::to_value(kind).ok().and_then(|it| it.as_str().map(String::from));
    let (Some(kind), only) = (name(kind), only.iter().filter_map(name)) else { return false };
    only.into_iter().any(|wanted| {
        wanted.is_empty()
            || kind == wanted
            || kind.strip_prefix(&wanted).is_some_and(|rest| rest.starts_with('.'))
    })
}
