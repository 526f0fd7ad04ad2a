//! Files and folders that the user renames in the editor: what runs, and how tasks ended, goes along.
//!
//! Must not change what runs: it goes on in the folder in which it began.

use tower_lsp::gen_lsp_types::{FileRename, RenameFilesParams, Uri};

use super::Session;

impl Session {
    pub(crate) fn did_rename_files(&mut self, params: &RenameFilesParams) {
        let renamed = |uri: &Uri| params.files.iter().find_map(|file| new_name(file, uri));
        for run in &mut self.runs.active {
            run.uri = renamed(&run.uri).unwrap_or_else(|| run.uri.clone());
        }
        self.walks_renamed(&renamed);
        let left = std::mem::take(&mut self.runs.left_jobs).into_iter();
        self.runs.left_jobs = left.map(|(uri, jobs)| (renamed(&uri).unwrap_or(uri), jobs)).collect();
        self.runs.results.rename(&renamed);
        self.runs.failures.rename(&renamed);
        self.runs.problems.rename(&renamed);
        self.survey();
        for uri in self.published() {
            self.publish_unless_stale(&uri);
        }
        self.refresh_lenses();
        self.refresh_result_hints();
    }
}

/// What a file is called now; also of one in a folder that has another name.
fn new_name(renamed: &FileRename, uri: &Uri) -> Option<Uri> {
    let rest = uri.0.strip_prefix(&renamed.old_uri.0)?;
    let is_it = rest.is_empty() || rest.starts_with('/');
    is_it.then(|| Uri(format!("{}{rest}", renamed.new_uri.0)))
}
