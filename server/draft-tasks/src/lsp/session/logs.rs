//! The logs of runs as documents that the client opens.

use std::path::Path;

use draft_tasks_executor::record::Records;
use tower_lsp::gen_lsp_types::Uri;

use super::Session;
use crate::lsp::effect::Effect;
use crate::lsp::protocol::ext;

impl Session {
    /// The document that has the text of a log: a virtual one where the client can show it, else the file.
    pub(crate) fn log_document(&self, log: &Path) -> Option<Uri> {
        self.log_uri(log).or_else(|| Some(Uri(url::Url::from_file_path(log).ok()?.to_string())))
    }

    fn log_uri(&self, log: &Path) -> Option<Uri> {
        let name = log.file_name()?.to_str()?;
        let record = log.parent()?.file_name()?.to_str()?;
        self.flags.asks_for_contents.then(|| Uri(format!("{}:/{record}/{name}", ext::LOG_SCHEME)))
    }

    /// Has the client refresh the logs of a run that it shows.
    pub(super) fn refresh_logs(&self, run: &str) {
        let shown = self.runs.active.iter().filter(|it| it.id == run).flat_map(|it| &it.shown_logs);
        for uri in shown {
            self.effect(Effect::RefreshContent { uri: uri.clone() });
        }
    }

    /// The records of all runs.
    pub(crate) fn records(&self) -> Option<Records> {
        Some(Records::at(self.environment.records()?))
    }
}
