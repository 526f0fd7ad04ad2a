//! Reads files whose paths come from a user, a checkout or another file.
//!
//! Must not wait for ever, nor take more memory than is asked for: a path may be that of a pipe or a device.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Read};
use std::path::Path;

/// The content of a regular file of at most so many bytes.
///
/// # Errors
///
/// When it is none, is larger, or cannot be read; what is wrong with it is a sentence.
pub fn regular(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    whole(open_regular(path)?, most)
}

/// A regular file, to be read.
///
/// # Errors
///
/// When it is none, or cannot be opened.
pub(crate) fn open_regular(path: &Path) -> io::Result<File> {
    let file = open(path)?;
    let metadata = file.metadata()?;
    if metadata.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    if !metadata.is_file() {
        return Err(io::Error::other(format!("it is not a regular file but {}", special(&metadata))));
    }
    Ok(file)
}

/// What something is that is neither a file nor a directory.
#[cfg(unix)]
fn special(metadata: &Metadata) -> &'static str {
    use std::os::unix::fs::FileTypeExt;
    let kind = metadata.file_type();
    match () {
        () if kind.is_fifo() => "a pipe",
        () if kind.is_socket() => "a socket",
        () => "a device",
    }
}

#[cfg(not(unix))]
fn special(_: &Metadata) -> &'static str {
    "something else"
}

/// The text of a regular file of at most so many bytes.
///
/// # Errors
///
/// As [`regular`], and when it is not UTF-8.
pub fn text(path: &Path, most: u64) -> io::Result<String> {
    decode(regular(path, most)?).map_err(|what| io::Error::other(format!("it is {what}")))
}

/// The text of bytes that were read.
///
/// # Errors
///
/// What they are in place of UTF-8, with line and column of the first wrong byte.
pub fn decode(bytes: Vec<u8>) -> Result<String, String> {
    String::from_utf8(bytes).map_err(|cause| {
        let valid = cause.utf8_error().valid_up_to();
        let bytes = cause.as_bytes();
        if let Some(kind) = kind(bytes) {
            return format!("not UTF-8: it is {kind}");
        }
        let line = bytes[..valid].iter().filter(|byte| **byte == b'\n').count() + 1;
        let line_start = bytes[..valid].iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let column = String::from_utf8_lossy(&bytes[line_start..valid]).chars().count() + 1;
        format!("not UTF-8: byte 0x{:02x} at line {line}, column {column}", bytes[valid])
    })
}

/// What bytes are that were not written as UTF-8.
fn kind(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => Some("text in UTF-16, to be saved as UTF-8"),
        [0x1f, 0x8b, ..] => Some("compressed by gzip"),
        _ => bytes.contains(&0).then_some("no text but binary data"),
    }
}

/// Everything that comes, of at most so many bytes.
///
/// # Errors
///
/// When it is more, or cannot be read; then in a sentence.
pub fn whole(reader: impl Read, most: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let length = reader.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
    if length as u64 > most {
        let most = if most < 1 << 20 { format!("{} KiB", most >> 10) } else { format!("{} MiB", most >> 20) };
        return Err(io::Error::other(format!("it is larger than {most}")));
    }
    Ok(bytes)
}

/// To open a pipe takes as long as nobody writes into it, unless nothing is to be waited for.
pub(crate) fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(
        &mut options,
        rustix::fs::OFlags::NONBLOCK.bits().cast_signed(),
    );
    options.open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn not_utf_8_says_where() {
        let problem = decode(b"[pre-up]\n\xc3\xa9 = \"\xff\"\n".to_vec()).unwrap_err();
        assert_eq!(problem, "not UTF-8: byte 0xff at line 2, column 6");
        for (bytes, kind) in [
            (&b"\xff\xfe[\0p\0"[..], "text in UTF-16, to be saved as UTF-8"),
            (b"\x1f\x8b\x08\0", "compressed by gzip"),
            (b"\x7fELF\x02\0\xd0", "no text but binary data"),
        ] {
            assert_eq!(decode(bytes.to_vec()).unwrap_err(), format!("not UTF-8: it is {kind}"));
        }
    }

    #[test]
    #[cfg(unix)]
    fn only_regular_files_of_the_size_are_read() {
        let dir = tempfile::tempdir().unwrap();
        let pipe = dir.path().join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let why = |path: &Path| regular(path, 1 << 20).unwrap_err().to_string();
        for (path, what) in [(pipe.as_path(), "a pipe"), (Path::new("/dev/zero"), "a device")] {
            assert_eq!(why(path), format!("it is not a regular file but {what}"));
        }
        assert_eq!(why(dir.path()), "is a directory");
        let large = dir.path().join("large");
        std::fs::write(&large, vec![b'x'; 1 + (1 << 20)]).unwrap();
        assert_eq!(why(&large), "it is larger than 1 MiB");
        assert_eq!(regular(&large, 2 << 20).unwrap().len(), 1 + (1 << 20));
    }
}
