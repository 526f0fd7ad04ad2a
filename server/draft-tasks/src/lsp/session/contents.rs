//! Logs as virtual documents: their text comes from the server (`workspace/textDocumentContent`), so that an editor shows
//! them read-only, and again when a task is over.
//!
//! Must not read anything but logs of records.

use std::path::{Path, PathBuf};

use draft_tasks_executor::record::{RecordState, Records, StoredRun};
use tower_lsp::gen_lsp_types::*;
use tower_lsp::jsonrpc::{Error, Result};

use super::Session;
use super::running::refusal;
use crate::lsp::effect::Effect;
use crate::lsp::protocol::ext;
use crate::lsp::runs::log_text;

impl Session {
    /// The document that has the text of a log: a virtual one where the client can show it, else the file.
    pub(super) fn log_document(&self, log: &Path) -> Option<Uri> {
        self.log_uri(log).or_else(|| Some(Uri(url::Url::from_file_path(log).ok()?.to_string())))
    }

    fn log_uri(&self, log: &Path) -> Option<Uri> {
        let name = log.file_name()?.to_str()?;
        let record = log.parent()?.file_name()?.to_str()?;
        self.flags.asks_for_contents.then(|| Uri(format!("{}:/{record}/{name}", ext::LOG_SCHEME)))
    }

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

    /// Has the client refresh the logs of a run that it shows.
    pub(super) fn refresh_logs(&self, run: &str) {
        let shown = self.runs.active.iter().filter(|it| it.id == run).flat_map(|it| &it.shown_logs);
        for uri in shown {
            self.effect(Effect::RefreshContent { uri: uri.clone() });
        }
    }

    /// The record of this name.
    fn kept(&self, id: &str) -> Option<StoredRun> {
        let records = Records { directory: self.environment.records()?, keep: usize::MAX };
        // A record that cannot be read has nothing to show.
        records.find(id).ok().flatten()
    }

    /// The log of a run that this server did not run, as its record has it: of a task, or of the first that failed, else
    /// of the last.
    pub(super) fn log_of_record(&self, id: &str, task: Option<&str>) -> Option<PathBuf> {
        let kept = self.kept(id)?;
        let RecordState::Finished(result) = &kept.state else { return None };
        let mut with_log = result.tasks.iter().filter(|it| it.log.is_some());
        let found = match task {
            Some(name) => with_log.find(|it| it.name == name),
            None => with_log.clone().find(|it| it.failure.is_some()).or_else(|| with_log.next_back()),
        };
        let name = found?.log.as_ref().filter(|name| is_log(name))?;
        Some(kept.folder.join(name))
    }
}

/// The record and the file that a document is of. Some clients leave out an empty authority, others write it.
fn parts(uri: &Uri) -> Option<(&str, &str)> {
    let path = uri.0.strip_prefix(ext::LOG_SCHEME)?.strip_prefix(':')?;
    let (record, name) = path.trim_start_matches('/').split_once('/')?;
    is_log(name).then_some((record, name))
}

/// A file of a record that has what a task wrote, and no way out of the record.
fn is_log(name: &str) -> bool {
    let stem = name.strip_suffix(".log").unwrap_or_default();
    !stem.is_empty() && stem.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
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
