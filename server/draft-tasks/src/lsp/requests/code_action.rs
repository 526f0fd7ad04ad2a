//! `textDocument/codeAction`: what is offered, in its order.

use draft_tasks_analysis::fix_all::fix_all;
use tower_lsp::gen_lsp_types::*;

use crate::lsp::documents::document::{Analysed, Document};
use crate::lsp::protocol::{ext, position, to_proto};
use crate::lsp::session::Session;

mod around;
mod quick_fix;
pub(crate) mod refactoring;
mod rerun;
mod run;
mod show;

impl Session {
    pub(crate) fn code_action(&mut self, params: CodeActionParams) -> Option<Vec<CodeActionResponse>> {
        let only = params.context.only.as_deref();
        let fixes = self.flags.code_action_literals && wants(only, &CodeActionKind::QuickFix);
        if fixes && let Some(actions) = self.fix_settings(&params.text_document.uri, params.range) {
            return Some(actions);
        }
        let (session, document, analysis) = self.opened(&params.text_document.uri)?;
        let range = position::text_range(&document.text, params.range, session.encoding);
        let mut actions = Vec::new();
        if fixes {
            actions.extend(session.quick_fixes(document, &analysis, range));
        }
        // It looks at the whole file, so only where somebody asks for it.
        let all = only.is_some() && wants(only, &ext::FIX_ALL_KIND);
        if all && session.flags.code_action_literals {
            actions.extend(session.fix_all(document, &analysis));
        }
        if wants(only, &ext::RUN_KIND) && session.may_run(document) {
            let asked_for = only.is_some_and(|only| only.contains(&ext::RUN_KIND));
            actions.extend(session.run_actions(document, &analysis, range, asked_for));
            actions.extend(session.rerun_failed_action(document, &analysis, range));
        }
        if wants(only, &ext::SHOW_KIND) && session.may_run(document) {
            actions.extend(session.show_actions(document, &analysis, range));
        }
        if session.flags.code_action_literals {
            actions.extend(session.refactorings(document, &analysis, range, only));
        }
        Some(actions)
    }

    /// All fixes that need no decision, as one change.
    fn fix_all(&self, document: &Document, analysis: &Analysed) -> Option<CodeActionResponse> {
        let fixed = fix_all(analysis)?;
        let title = match fixed.fixed.len() {
            1 => "Fix 1 problem".to_owned(),
            many => format!("Fix {many} problems"),
        };
        Some(CodeActionResponse::CodeAction(CodeAction {
            title,
            kind: Some(ext::FIX_ALL_KIND),
            edit: Some(to_proto::workspace_edit(self.context(document, analysis), &fixed.edits)),
            ..Default::default()
        }))
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
