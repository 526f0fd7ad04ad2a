//! A log as an editor can take it: the whole text, or of a large one the beginning and the end.
//!
//! Must not read more than it gives.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

/// How much of the beginning of a large log is shown, and how much of its end.
const PART: u64 = 1 << 20;

/// A file of a record that has what a task wrote, and no way out of the record.
pub(crate) fn is_log(name: &str) -> bool {
    let stem = name.strip_suffix(".log").unwrap_or_default();
    // The name of a pod may have dots, too.
    stem.starts_with(|letter: char| letter.is_ascii_alphanumeric())
        && stem.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.'))
}

/// The text of a log; what is left out of a large one is said in its place.
///
/// # Errors
///
/// When the file cannot be read.
pub(crate) fn read(log: &Path) -> io::Result<String> {
    read_parts(log, PART)
}

fn read_parts(log: &Path, part: u64) -> io::Result<String> {
    let mut file = File::open(log)?;
    let length = file.metadata()?.len();
    if length <= 2 * part {
        return text(&mut file, 2 * part);
    }
    let mut head = text(&mut file, part)?;
    // Whole lines where there are such.
    head.truncate(head.rfind('\n').map_or(head.len(), |end| end + 1));
    file.seek(SeekFrom::Start(length - part))?;
    // The file may grow meanwhile.
    let tail = text(&mut file, part)?;
    let tail = tail.find('\n').map_or(tail.as_str(), |end| &tail[end + 1..]);
    let left_out = length.saturating_sub((head.len() + tail.len()) as u64);
    let ended = if head.ends_with('\n') { "" } else { "\n" };
    Ok(format!("{head}{ended}… {left_out} bytes are left out here; the log: {} …\n{tail}", log.display()))
}

fn text(file: &mut File, most: u64) -> io::Result<String> {
    let mut bytes = Vec::new();
    file.take(most).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        let dir = tempfile::tempdir().unwrap();
        let log = dir.path().join("01-a.log");
        std::fs::write(&log, text).unwrap();
        read_parts(&log, 10).unwrap().replace(&log.display().to_string(), "LOG")
    }

    #[test]
    fn a_small_log_is_whole() {
        assert_eq!(shown(""), "");
        assert_eq!(shown("0123456789\n12345678\n"), "0123456789\n12345678\n");
    }

    #[test]
    fn of_a_large_one_whole_lines_of_both_ends_and_a_count_of_the_rest() {
        let lines = "one\ntwo\nthree\nfour\nfive\nsix\n";
        assert_eq!(shown(lines), "one\ntwo\n… 11 bytes are left out here; the log: LOG …\nfive\nsix\n");
        assert_eq!(
            shown(&"x".repeat(50)),
            format!("{0}\n… 30 bytes are left out here; the log: LOG …\n{0}", "x".repeat(10))
        );
    }
}
