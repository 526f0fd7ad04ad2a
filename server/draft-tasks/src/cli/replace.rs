//! Puts another text in the place of a file: the only code of the command line that changes one.
//!
//! Must not leave half a file behind, and must not overwrite what something else has written meanwhile.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use super::paths::Loaded;
use crate::source;

/// Puts another text in the place of a file in one step, with the file's permissions; a link stays a link.
///
/// # Errors
///
/// When it cannot be written, or is not as it was read any more; then it is as it was.
pub(super) fn replace(file: &Loaded, text: &str) -> Result<(), String> {
    let error = |problem: io::Error| format!("{}: cannot be written: {problem}", file.path.display());
    let target = fs::canonicalize(&file.path).map_err(error)?;
    let directory = target.parent().unwrap_or(Path::new("."));
    let mut new = tempfile::NamedTempFile::new_in(directory).map_err(error)?;
    new.write_all(text.as_bytes()).map_err(error)?;
    new.as_file().set_permissions(fs::metadata(&target).map_err(error)?.permissions()).map_err(error)?;
    new.as_file().sync_all().map_err(error)?;
    if source::read(&target).map_err(|problem| problem.to_string())? != file.text {
        return Err(format!(
            "{}: was changed by something else meanwhile; nothing is written",
            file.path.display()
        ));
    }
    new.persist(&target).map_err(|problem| error(problem.error))?;
    Ok(())
}
