//! What is wrong in the `draft.toml` beside tasks files that are open, shown where it stands.
//!
//! Must not show it of a text that the editor does not have.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use draft_tasks_analysis::file_names::DRAFT_TOML;
use draft_tasks_analysis::project::{DraftFault, DraftToml};
use tower_lsp::gen_lsp_types::*;

use super::Session;
use crate::lines::{LineIndex, line_and_column};
use crate::lsp::effect::Effect;
use crate::lsp::protocol::to_proto::{self, Context};

/// The files beside open tasks files, and of each what is wrong in the text that was judged last.
pub(super) type KnownDrafts = HashMap<PathBuf, JudgedDraft>;

/// What is known of such a file.
#[derive(Debug, Default)]
pub(super) struct JudgedDraft {
    text: Arc<str>,
    faults: Vec<DraftFault>,
}

impl Session {
    /// Takes what stands beside the tasks files of a directory; nothing where there is no such file.
    pub(super) fn take_draft(&mut self, directory: &Path, text: Option<Arc<str>>) {
        let path = directory.join(DRAFT_TOML);
        let Some(text) = text else { return self.forget_draft(directory) };
        let open = self.around.get(&path).map(|open| open.text.whole());
        let was_right = self.drafts.get(&path).is_none_or(|known| known.faults.is_empty());
        self.judge_draft(&path, open.unwrap_or(text));
        let Some(known) = self.drafts.get(&path).filter(|_| was_right) else { return };
        if let Some(first) = known.faults.first() {
            let lines = LineIndex::new(&known.text);
            let (line, column) = line_and_column(&known.text, &lines, usize::from(first.range.start()));
            let place = path.display();
            let message = format!("draft-tasks: {place}:{line}:{column}: {}; {}", first.message, first.help);
            self.show(MessageType::Warning, message);
        }
    }

    /// The editor has another text of such a file now.
    pub(super) fn draft_edited(&mut self, uri: &Uri) {
        let edited = self.around.iter().find(|(_, open)| open.uri == *uri);
        if let Some((path, text)) = edited.map(|(path, open)| (path.clone(), open.text.whole()))
            && self.drafts.contains_key(&path)
        {
            self.judge_draft(&path, text);
        }
    }

    /// No tasks file of a directory is open any more, or there is no such file beside them.
    pub(super) fn forget_draft(&mut self, directory: &Path) {
        let path = directory.join(DRAFT_TOML);
        if self.drafts.remove(&path).is_some_and(|known| !known.faults.is_empty()) {
            self.publish_draft(&path, &JudgedDraft::default());
        }
    }

    fn judge_draft(&mut self, path: &Path, text: Arc<str>) {
        let known = self.drafts.entry(path.to_owned()).or_default();
        if known.text == text {
            return;
        }
        let faults = DraftToml::faults(&text);
        let is_news = !(faults.is_empty() && known.faults.is_empty());
        *known = JudgedDraft { text, faults };
        if is_news && let Some(known) = self.drafts.get(path) {
            self.publish_draft(path, known);
        }
    }

    fn publish_draft(&self, path: &Path, JudgedDraft { text, faults }: &JudgedDraft) {
        let open = self.around.get(path);
        let spelled = || Some(Uri::from(url::Url::from_file_path(path).ok()?.to_string()));
        let Some(uri) = open.map(|open| open.uri.clone()).or_else(spelled) else { return };
        let (lines, encoding) = (&LineIndex::new(text), self.encoding);
        let context = Context { uri: &uri, text, lines, encoding, flags: self.flags, pages: &self.pages };
        let diagnostics = faults.iter().map(|fault| to_proto::draft_fault(context, fault)).collect();
        let version = open.map(|open| open.version);
        self.effect(Effect::Publish { uri: uri.clone(), version, diagnostics });
    }
}
