//! Paths as programs that know a repository want them: from its root.
//!
//! Must not invent one for a file outside.

use std::path::{Path, PathBuf};

use crate::repository::Ascent;
use crate::source;

/// The root of the repository of the present directory, else that directory.
pub(super) struct Root(PathBuf);

impl Root {
    pub(super) fn find() -> Root {
        let here = Path::new(".");
        Root(Ascent::from(here).root.unwrap_or_else(|| source::canonical(here)))
    }

    /// The path of a file from here, with `/` between its parts; outside the whole path.
    pub(super) fn path(&self, file: &Path) -> String {
        let real = self.real(file);
        let below = real.strip_prefix(&self.0).unwrap_or(&real);
        let parts: Vec<_> = below.components().map(|part| part.as_os_str().to_string_lossy()).collect();
        parts.join("/").replacen("//", "/", 1)
    }

    /// The same as a reference of a URI.
    pub(super) fn uri(&self, file: &Path) -> String {
        let real = self.real(file);
        let [whole, root] = [&real, &self.0].map(|path| url::Url::from_file_path(path).map(String::from));
        let Ok(whole) = whole else { return self.path(file) };
        let below = root.ok().and_then(|root| {
            let root = format!("{}/", root.trim_end_matches('/'));
            // That of the root itself has slashes alone behind its scheme.
            let root = if root == "file:/" { "file:///" } else { &root };
            Some(whole.strip_prefix(root)?.to_owned())
        });
        below.unwrap_or(whole)
    }

    /// Links on the way are resolved, and not the file itself: it is known by the name that it has in the repository.
    fn real(&self, file: &Path) -> PathBuf {
        let absolute = source::absolute(file).unwrap_or_else(|_| file.to_owned());
        match (absolute.parent(), absolute.file_name()) {
            (Some(folder), Some(name)) => source::canonical(folder).join(name),
            _ => absolute,
        }
    }
}
