//! Programs that are links to programs of other names.
//!
//! Must not start anything, and must not take a file for a link whose name is all that is known of it.

use std::ffi::OsString;
use std::path::Path;

use draft_tasks_analysis::calls::{Call, stem};
use draft_tasks_executor::search;

/// As many links may lead to each other on Linux.
const MOST: usize = 40;

/// The program that is known, by its file's name, to which the one of a call is a link, directly or through others.
pub(super) fn known(
    call: &Call,
    directory: &Path,
    environment: &[(OsString, OsString)],
    is_known: &dyn Fn(&str) -> bool,
) -> Option<String> {
    if is_known(call.name()) {
        return None;
    }
    let directory = directory.join(call.directory.as_deref().unwrap_or_default());
    let mut file = search::find(call.program(), &directory, environment).ok()?;
    for _ in 0..MOST {
        let target = file.read_link().ok()?;
        file = file.parent().unwrap_or(Path::new("")).join(target);
        let name = file.file_name()?.to_str()?;
        if is_known(&stem(name)) {
            return Some(name.to_owned());
        }
    }
    None
}
