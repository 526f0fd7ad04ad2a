//! `workspace/textDocumentContent`: logs as virtual documents, which an editor shows read-only, and again when a task is
//! over.
//!
//! Must not read anything but logs of records.

use draft_tasks_executor::record::Records;
use tower_lsp::gen_lsp_types::*;
use tower_lsp::jsonrpc::{Error, Result};

use crate::lsp::documents::look::Reply;
use crate::lsp::protocol::ext;
use crate::lsp::protocol::to_proto::refusal;
use crate::lsp::runs::{Run, log_text};
use crate::lsp::session::Session;

impl Session {
    /// The text of a virtual document.
    pub(crate) fn text_document_content(&mut self, uri: &Uri) -> Reply<Result<TextDocumentContentResult>> {
        let Some((record, name)) = parts(uri) else {
            return Reply::Known(Err(Error::invalid_params(format!("`{}` is not a log", uri.0))));
        };
        let is_of = |run: &&mut Run| run.record.as_ref().is_some_and(|folder| folder.ends_with(record));
        if let Some(run) = self.runs.active.iter_mut().find(is_of) {
            run.shown_logs.insert(uri.clone());
        }
        let (records, record, name) = (self.records(), record.to_owned(), name.to_owned());
        let look = move || {
            let text = text(records, &record, &name).map_err(refusal)?;
            Ok(TextDocumentContentResult { text })
        };
        Reply::Look(self.logs_turn.clone(), Box::new(look))
    }
}

/// The text of a log.
///
/// # Errors
///
/// Why there is none.
fn text(records: Option<Records>, record: &str, name: &str) -> std::result::Result<String, String> {
    // A record that cannot be read has nothing to show.
    let kept = records.and_then(|records| records.find(record).ok().flatten());
    let log = kept.map(|kept| kept.folder.join(name)).filter(|log| log.is_file());
    let log = log.ok_or_else(|| format!("the log `{record}/{name}` has been removed"))?;
    log_text::read(&log).map_err(|error| format!("{}: {error}", log.display()))
}

/// The record and the file that a document is of. Some clients leave out an empty authority, others write it.
fn parts(uri: &Uri) -> Option<(&str, &str)> {
    let path = uri.0.strip_prefix(ext::LOG_SCHEME)?.strip_prefix(':')?;
    let (record, name) = path.trim_start_matches('/').split_once('/')?;
    log_text::is_log(name).then_some((record, name))
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
        let of_a_pod = "draft-tasks-log:/2026Z-post-deploy-1-1/01-a.web-6b9.x-1.log";
        assert_eq!(parts(of_a_pod).unwrap(), "2026Z-post-deploy-1-1 01-a.web-6b9.x-1.log");
        for uri in [
            "file:///a/b.log",
            "draft-tasks-log:/a/events.jsonl",
            "draft-tasks-log:/a/../../b.log",
            "draft-tasks-log:/a.log",
            "draft-tasks-log:/a/..log",
            "draft-tasks-log:/a/...log",
        ] {
            assert_eq!(parts(uri), None, "{uri}");
        }
    }
}
