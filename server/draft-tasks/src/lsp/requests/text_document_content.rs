//! `workspace/textDocumentContent`: logs as virtual documents, which an editor shows read-only, and again when a task is
//! over.
//!
//! Must not read anything but logs of records.

use tower_lsp::gen_lsp_types::*;
use tower_lsp::jsonrpc::{Error, Result};

use crate::lsp::protocol::ext;
use crate::lsp::runs::log_text;
use crate::lsp::session::{Session, is_log, refusal};

impl Session {
    /// The text of a virtual document.
    pub(crate) fn text_document_content(&mut self, uri: &Uri) -> Result<TextDocumentContentResult> {
        let (record, name) =
            parts(uri).ok_or_else(|| Error::invalid_params(format!("`{}` is no log", uri.0)))?;
        let found = self.kept(record).map(|kept| kept.folder.join(name)).filter(|log| log.is_file());
        let log = found.ok_or_else(|| refusal(format!("the log `{record}/{name}` has been removed")))?;
        let text = log_text::read(&log).map_err(|error| refusal(format!("{}: {error}", log.display())))?;
        if let Some(run) = self.runs.active.iter_mut().find(|run| run.record.as_deref() == log.parent()) {
            run.shown_logs.insert(uri.clone());
        }
        Ok(TextDocumentContentResult { text })
    }
}

/// The record and the file that a document is of. Some clients leave out an empty authority, others write it.
fn parts(uri: &Uri) -> Option<(&str, &str)> {
    let path = uri.0.strip_prefix(ext::LOG_SCHEME)?.strip_prefix(':')?;
    let (record, name) = path.trim_start_matches('/').split_once('/')?;
    is_log(name).then_some((record, name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_logs_and_nothing_else() {
        let parts = |uri: &str| parts(&Uri(uri.into())).map(|(record, name)| format!("{record} {name}"));
        for uri in
            ["draft-tasks-log:/2026Z-pre-up-1-1/01-a.log", "draft-tasks-log:///2026Z-pre-up-1-1/01-a.log"]
        {
            assert_eq!(parts(uri).unwrap(), "2026Z-pre-up-1-1 01-a.log");
        }
        for uri in [
            "file:///a/b.log",
            "draft-tasks-log:/a/events.jsonl",
            "draft-tasks-log:/a/../../b.log",
            "draft-tasks-log:/a.log",
        ] {
            assert_eq!(parts(uri), None, "{uri}");
        }
    }
}
