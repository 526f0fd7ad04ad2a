//! The explanations of all diagnostics as a file that any editor can open, kept in the user's state directory.
//!
//! Must not be needed: where it cannot be written, diagnostics have no link.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use draft_tasks_analysis::diagnostic::DiagnosticCode;
use draft_tasks_executor::private;
use tower_lsp::gen_lsp_types::{CodeDescription, Uri};

use crate::lsp::protocol::ext;

static PAGE: LazyLock<String> = LazyLock::new(|| format!("# Diagnostics\n{}", explanations()));

/// What each code means, below a heading of the second level with its name, as Markdown.
pub(crate) fn explanations() -> String {
    let mut text = String::new();
    for code in DiagnosticCode::ALL {
        let _ = write!(text, "\n## {code}\n\n*{}*\n\n{}", code.severity().name(), code.explanation());
    }
    for (code, severity, explanation) in ext::OTHER_CODES {
        let _ = write!(text, "\n## {code}\n\n*{severity}*\n\n{explanation}\n");
    }
    text
}

#[derive(Debug, Default)]
pub(crate) struct Pages {
    /// The address of the line of the file on which each code is explained.
    addresses: HashMap<&'static str, Uri>,
}

impl Pages {
    /// The file in a directory, which [`keep`] writes.
    pub(crate) fn in_directory(directory: &Path) -> Pages {
        let Ok(file) = url::Url::from_file_path(file_in(directory)) else { return Pages::default() };
        let address = |(line, text): (usize, &'static str)| {
            Some((text.strip_prefix("## ")?, Uri::from(format!("{file}#L{}", line + 1))))
        };
        Pages { addresses: PAGE.lines().enumerate().filter_map(address).collect() }
    }

    /// Where a code is explained.
    pub(crate) fn of(&self, code: &str) -> Option<CodeDescription> {
        self.addresses.get(code).map(|href| CodeDescription { href: href.clone() })
    }
}

fn file_in(directory: &Path) -> PathBuf {
    directory.join(concat!("diagnostics-", env!("CARGO_PKG_VERSION"), ".md"))
}

/// Writes the file into a directory, unless it is there.
///
/// # Errors
///
/// When it cannot be written.
pub(crate) fn keep(directory: &Path) -> io::Result<()> {
    let path = file_in(directory);
    let present = fs::metadata(&path).is_ok_and(|file| file.len() == PAGE.len() as u64);
    if present { Ok(()) } else { write(directory, &path) }
}

/// In one step: another server may read it at the same time.
fn write(directory: &Path, path: &Path) -> io::Result<()> {
    // Records are kept below it.
    private::create_all(directory)?;
    let mut new = tempfile::NamedTempFile::new_in(directory)?;
    new.write_all(PAGE.as_bytes())?;
    new.persist(path)?;
    Ok(())
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn the_folder_in_which_records_will_be_is_made_for_the_user_alone() {
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path().join("state");
        keep(&state).unwrap();
        assert_eq!(fs::metadata(&state).unwrap().permissions().mode() & 0o777, 0o700);
        assert_eq!(fs::read_to_string(file_in(&state)).unwrap(), *PAGE);
    }
}
