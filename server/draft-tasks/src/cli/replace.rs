//! Puts another text in the place of a file: the only code of the command line that changes one.
//!
//! Must not leave half a file behind, must not overwrite what something else has written meanwhile, and must not change
//! anything but the text: owner, mode, links, access lists.

#[cfg(unix)]
use std::collections::BTreeMap;
use std::fs::{self, File, Metadata};
use std::io::{self, Write};
use std::path::Path;

use tempfile::NamedTempFile;

use super::paths::Loaded;
use crate::source;

/// Puts another text in the place of a file; a link stays a link.
///
/// It is done in one step where a new file can be as the old one was, else the text is written into the old one.
///
/// # Errors
///
/// Why it may not or cannot be written, as the rest of a sentence that its path begins, also where it is not as it was read; then it is as it was, or the error names the
/// file that has the new text.
pub(super) fn replace(file: &Loaded, text: &str) -> Result<(), String> {
    let error = |problem: io::Error| format!("cannot be written: {problem}");
    let target = fs::canonicalize(&file.path).map_err(error)?;
    let metadata = fs::metadata(&target).map_err(error)?;
    if metadata.permissions().readonly() {
        return Err("is read-only; nothing is written".into());
    }
    // Whoever may not write into it must not replace it either.
    let mut old = File::options().write(true).open(&target).map_err(error)?;
    let new = written(&target, &metadata, text).map_err(error)?;
    if source::read(&target).map_err(|error| error.problem)? != file.text {
        return Err("was changed by something else meanwhile; nothing is written".into());
    }
    if is_like(&new, &target, &metadata).map_err(error)? {
        // Windows puts nothing in the place of a file that is open.
        drop(old);
        return new.persist(&target).map(|_| ()).map_err(|problem| error(problem.error));
    }
    overwrite(&mut old, text).map_err(|problem| match new.keep() {
        Ok((_, kept)) => format!("is not complete: {problem}; {} has the new text", kept.display()),
        Err(_) => format!("is not complete: {problem}"),
    })
}

/// A new file beside another one, with the text and the permissions.
fn written(target: &Path, metadata: &Metadata, text: &str) -> io::Result<NamedTempFile> {
    // The library's own messages name a file that nobody knows.
    let mut new = NamedTempFile::new_in(target.parent().unwrap_or(Path::new(".")))
        .map_err(|error| io::Error::other(format!("no file can be made beside it: {}", error.kind())))?;
    new.as_file_mut().write_all(text.as_bytes())?;
    new.as_file().set_permissions(metadata.permissions())?;
    new.as_file().sync_all()?;
    Ok(new)
}

fn overwrite(old: &mut File, text: &str) -> io::Result<()> {
    old.set_len(0)?;
    old.write_all(text.as_bytes())?;
    old.sync_all()
}

/// Whether nothing is lost when a new file takes the place of another one.
#[cfg(unix)]
fn is_like(new: &NamedTempFile, target: &Path, metadata: &Metadata) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;
    let own = new.as_file().metadata()?;
    let is_own = (own.uid(), own.gid(), own.mode()) == (metadata.uid(), metadata.gid(), metadata.mode());
    Ok(is_own && metadata.nlink() == 1 && attributes(new.path())? == attributes(target)?)
}

#[cfg(not(unix))]
fn is_like(_: &NamedTempFile, _: &Path, _: &Metadata) -> io::Result<bool> {
    Ok(true)
}

/// A file's extended attributes, among which access lists are; none where the file system has none.
#[cfg(unix)]
fn attributes(path: &Path) -> io::Result<BTreeMap<Vec<u8>, Vec<u8>>> {
    // Longer lists and values do not exist (`xattr(7)`).
    let mut buffer = vec![0; 1 << 16];
    let length = match rustix::fs::listxattr(path, &mut buffer) {
        Ok(length) => length,
        Err(rustix::io::Errno::NOTSUP) => 0,
        Err(error) => return Err(error.into()),
    };
    let names = buffer[..length].to_vec();
    let mut found = BTreeMap::new();
    for name in names.split(|byte| *byte == 0).filter(|name| !name.is_empty()) {
        let length = rustix::fs::getxattr(path, name, &mut buffer)?;
        found.insert(name.to_vec(), buffer[..length].to_vec());
    }
    Ok(found)
}
