//! What is known of runs that are over, forgotten when the user asks or closes the folder.

use std::collections::HashSet;
use std::path::PathBuf;

use tower_lsp::gen_lsp_types::*;

use super::Session;
use crate::lsp::documents::document::path_of;
use crate::lsp::runs::Runs;

impl Session {
    /// Forgets how the tasks of a file ended, or all.
    pub(crate) fn clear(&mut self, uri: Option<&Uri>) {
        self.runs.results.clear(uri);
        self.runs.failures.clear(uri);
        let reported = self.runs.problems.clear(uri);
        self.publish_problems(reported);
        for published in self.published().iter().filter(|it| uri.is_none_or(|uri| uri == *it)) {
            self.publish_unless_stale(published);
        }
        self.refresh_lenses();
        self.refresh_result_hints();
    }

    /// Forgets what ran in folders that the client has closed, and asks for the settings of the others.
    pub(crate) fn did_change_folders(&mut self, change: WorkspaceFoldersChangeEvent) {
        let removed = |uri: &Uri| change.removed.iter().any(|folder| folder.uri == *uri);
        self.folders.retain(|folder| !removed(folder));
        self.folders.extend(change.added.into_iter().map(|folder| folder.uri));
        self.ask_for_settings();
        let folders: Vec<PathBuf> = change.removed.iter().filter_map(|folder| path_of(&folder.uri)).collect();
        let Runs { failures, results, problems, .. } = &self.runs;
        let known = failures.tasks_files().chain(results.tasks_files()).chain(problems.tasks_files());
        let is_closed = |uri: &&Uri| {
            path_of(uri).is_some_and(|file| folders.iter().any(|folder| file.starts_with(folder)))
        };
        let closed: HashSet<Uri> = known.filter(is_closed).cloned().collect();
        for uri in closed {
            self.clear(Some(&uri));
        }
    }
}
