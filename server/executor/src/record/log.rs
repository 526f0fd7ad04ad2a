//! What a task wrote, as a file of plain text: both streams, line by line; of much the beginning and the end.
//!
//! Must not take more room than it is given, and must leave a whole text whenever the program is killed.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::PathBuf;

use crate::event::OutputPiece;
use crate::output::{OpenLines, plain};

/// The most bytes that are kept of what a task wrote, on this machine or in a pod: 1 MiB of the beginning and 4 of the
/// end.
pub(super) const LONGEST_LOG: u64 = 5 << 20;

/// A line that is longer is written before it is complete.
const LONGEST_LINE: usize = 64 << 10;

/// The room for the line that says how much is left out.
const NOTICE: u64 = 64;

/// A log that is being written.
#[derive(Debug)]
pub(super) struct TaskLog {
    path: PathBuf,
    file: File,
    open: OpenLines,
    /// How many bytes it may have in the end. While the task runs the end may be twice as long.
    most: u64,
    length: u64,
    /// Where the end of the text begins; nothing while all is there.
    end: Option<u64>,
    left_out: u64,
}

impl TaskLog {
    /// Makes the file.
    pub(super) fn create(path: PathBuf, most: u64) -> io::Result<TaskLog> {
        let file = OpenOptions::new().append(true).create_new(true).open(&path)?;
        let open = OpenLines::new(LONGEST_LINE);
        Ok(TaskLog { path, file, open, most, length: 0, end: None, left_out: 0 })
    }

    /// How many bytes it may have in the end.
    pub(super) fn most(&self) -> u64 {
        self.most
    }

    pub(super) fn push(&mut self, piece: &OutputPiece) -> io::Result<()> {
        let lines = self.open.push(piece);
        self.write(&lines)?;
        let end = self.end.unwrap_or(self.head());
        if self.length > end + 2 * self.tail() { self.shorten() } else { Ok(()) }
    }

    /// The task writes no more. Gives how many bytes there are.
    pub(super) fn finish(mut self) -> io::Result<u64> {
        let lines = self.open.finish();
        self.write(&lines)?;
        if self.length > self.most {
            self.shorten()?;
        }
        Ok(self.length)
    }

    fn head(&self) -> u64 {
        self.most / 5
    }

    fn tail(&self) -> u64 {
        (self.most - self.head()).saturating_sub(NOTICE)
    }

    fn write(&mut self, lines: &str) -> io::Result<()> {
        let text = plain(lines);
        self.file.write_all(text.as_bytes())?;
        self.length += text.len() as u64;
        Ok(())
    }

    /// Leaves out what stands between beginning and end. Written apart, so that the text is whole at any time.
    fn shorten(&mut self) -> io::Result<()> {
        let mut old = File::open(&self.path)?;
        let (head, begun) = match self.end {
            Some(end) => (end - notice(self.left_out).len() as u64, end),
            None => {
                let head = line_end(&mut old, 0, self.head())?;
                (head, head)
            }
        };
        let from = next_line(&mut old, self.length - self.tail().min(self.length))?;
        self.left_out += from.saturating_sub(begun);
        let notice = notice(self.left_out);
        let part = self.path.with_extension("part");
        let mut new = OpenOptions::new().append(true).create(true).open(&part)?;
        new.set_len(0)?;
        old.seek(SeekFrom::Start(0))?;
        io::copy(&mut (&old).take(head), &mut new)?;
        new.write_all(notice.as_bytes())?;
        old.seek(SeekFrom::Start(from))?;
        let rest = io::copy(&mut old, &mut new)?;
        std::fs::rename(part, &self.path)?;
        let end = head + notice.len() as u64;
        (self.file, self.end, self.length) = (new, Some(end), end + rest);
        Ok(())
    }
}

fn notice(left_out: u64) -> String {
    format!("… {left_out} bytes are left out here …\n")
}

/// Where the last line ends in a part of a file; the end of the part where none does.
fn line_end(file: &mut File, start: u64, most: u64) -> io::Result<u64> {
    let bytes = part(file, start, most)?;
    let end = bytes.iter().rposition(|byte| *byte == b'\n').map_or(bytes.len(), |at| at + 1);
    Ok(start + letter_start(&bytes, end) as u64)
}

/// Where the next line begins in a file; where none does soon, the next letter.
fn next_line(file: &mut File, start: u64) -> io::Result<u64> {
    let bytes = part(file, start, LONGEST_LINE as u64)?;
    // A line that fills the whole end of the text is cut, not left out.
    let inner = &bytes[..bytes.len().saturating_sub(1)];
    let begin = inner.iter().position(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    let begin = (begin..bytes.len()).find(|at| is_letter_start(bytes[*at])).unwrap_or(begin);
    Ok(start + begin as u64)
}

fn part(file: &mut File, start: u64, most: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(start))?;
    file.take(most).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The end of the last whole letter in front of `end`, where a text is cut that goes on.
fn letter_start(bytes: &[u8], end: usize) -> usize {
    if end > 0 && bytes[end - 1] == b'\n' {
        return end;
    }
    (0..end).rev().find(|at| is_letter_start(bytes[*at])).unwrap_or(end)
}

fn is_letter_start(byte: u8) -> bool {
    byte & 0xc0 != 0x80
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Stream;

    /// What is kept of a text that comes in pieces, and the most that the file had meanwhile.
    fn kept(text: &str, most: u64, piece: usize) -> (String, u64) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("01-a.log");
        let mut log = TaskLog::create(path.clone(), most).unwrap();
        let mut longest = 0;
        for text in text.as_bytes().chunks(piece) {
            let text = String::from_utf8(text.to_vec()).unwrap();
            log.push(&OutputPiece { stream: Stream::Stdout, text }).unwrap();
            longest = longest.max(std::fs::metadata(&path).unwrap().len());
            assert_eq!(log.length, std::fs::metadata(&path).unwrap().len());
        }
        let length = log.finish().unwrap();
        let text = std::fs::read_to_string(path).unwrap();
        assert_eq!(length, text.len() as u64);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        (text, longest)
    }

    fn numbers(count: usize) -> String {
        (0..count).map(|number| format!("{number:09}\n")).collect()
    }

    #[test]
    fn a_text_that_fits_is_kept_whole() {
        assert_eq!(kept(&numbers(100), 1000, 30).0, numbers(100));
    }

    #[test]
    fn of_a_long_text_beginning_and_end_are_kept_and_how_much_is_left_out_is_said() {
        for piece in [10, 70, 5000] {
            let (text, longest) = kept(&numbers(10_000), 1000, piece);
            let (head, rest) = text.split_once("… ").unwrap();
            let (left_out, tail) = rest.split_once(" bytes are left out here …\n").unwrap();
            assert!(numbers(10_000).starts_with(head) && head.len() == 200, "{head}");
            assert!(numbers(10_000).ends_with(tail) && (700..=800).contains(&tail.len()), "{tail}");
            assert_eq!(left_out.parse(), Ok(100_000 - head.len() - tail.len()));
            assert!(text.len() <= 1000 && longest <= 2000 + piece as u64, "{longest}");
        }
    }

    #[test]
    fn a_line_longer_than_the_end_leaves_its_end() {
        let text = format!("begin\n{}\n", "x".repeat(50_000));
        let (kept, _) = kept(&text, 1000, 5000);
        assert!(kept.starts_with("begin\n") && kept.ends_with("xxx\n"), "{kept}");
        assert!(kept.len() > 700, "{kept}");
    }

    #[test]
    fn a_line_without_an_end_is_cut_between_letters() {
        let (text, _) = kept(&"ä".repeat(400_000), 100_001, 65_536 + 2);
        assert!(text.starts_with("ää") && text.contains("ä… ") && text.ends_with("ä\n"));
        assert!(text.len() <= 100_001, "{}", text.len());
    }
}
