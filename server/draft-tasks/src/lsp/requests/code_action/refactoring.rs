//! Code actions that write something in another way.
//!
//! Must not create files: that is for the client, which shows what it does and can undo it.

use draft_tasks_analysis::completion::PackFile;
use draft_tasks_analysis::edit;
use draft_tasks_analysis::file_names::TASKS_FILE;
use draft_tasks_analysis::refactor::{self, NewFile, Refactor, RefactorKind};
use draft_tasks_analysis::{TextRange, TextSize};
use tower_lsp::gen_lsp_types::*;

use super::wants;
use crate::lsp::documents::nearby::Nearby;
use crate::lsp::protocol::to_proto;
use crate::lsp::session::DocumentView;
use crate::world::packs;

impl DocumentView {
    pub(super) fn refactorings(
        &self,
        range: TextRange,
        only: Option<&[CodeActionKind]>,
    ) -> Vec<CodeActionResponse> {
        if !to_proto::REFACTORING_KINDS.iter().any(|kind| wants(only, kind)) {
            return Vec::new();
        }
        let directory = self.directory.clone().filter(|_| self.flags.creates_files && self.may_run);
        let nearby = directory.map(Nearby::new);
        let is_free = |path: &str| nearby.as_ref().is_some_and(|nearby| nearby.is_free(path));
        let found = refactor::refactors(&self.analysed, range, &is_free).into_iter();
        let found = found.chain(self.packs_as_refactorings());
        let wanted = found.filter(|found| wants(only, &to_proto::refactoring_kind(found.kind)));
        wanted.filter_map(|found| self.refactoring(found)).collect()
    }

    /// An empty tasks file as that of a pack.
    fn packs_as_refactorings(&self) -> Vec<Refactor> {
        if !self.may_run || !self.analysed.parsed.text.trim().is_empty() {
            return Vec::new();
        }
        let all = TextRange::up_to(TextSize::of(&*self.analysed.parsed.text));
        let files =
            packs::files(&packs::of_user(&self.environment)).into_iter().filter(|file| !file.text.is_empty());
        let refactor = |file: PackFile| Refactor {
            title: format!("Create `{TASKS_FILE}` from pack {}", file.pack),
            kind: RefactorKind::Rewrite,
            edits: vec![edit::TextEdit::replace(all, file.text)],
            new_file: None,
        };
        files.map(refactor).collect()
    }

    fn refactoring(&self, found: Refactor) -> Option<CodeActionResponse> {
        let context = self.context();
        let edit = match &found.new_file {
            None => to_proto::workspace_edit(context, &found.edits),
            Some(NewFile { path, text }) => {
                let path = self.directory.as_ref()?.join(path);
                let file = Uri::from(url::Url::from_file_path(path).ok()?.to_string());
                to_proto::creating_edit(context, self.version, &found.edits, file, text)
            }
        };
        Some(CodeActionResponse::CodeAction(CodeAction {
            title: to_proto::shown(&found.title),
            kind: Some(to_proto::refactoring_kind(found.kind)),
            edit: Some(edit),
            ..Default::default()
        }))
    }
}
