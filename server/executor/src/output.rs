//! Turns the bytes of a stream into bounded pieces of text at a bounded rate, and keeps the last lines of a text.
//!
//! Must not know processes: a stream is anything that can be read.

use std::collections::VecDeque;
use std::path::Path;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::sync::{mpsc, watch};
use tokio::task::coop::unconstrained;
use tokio::time::Instant;

use crate::escape::as_seen;
pub use crate::escape::plain;
use crate::event::{FileProblem, RunEvent, Stream};
use crate::mask::{Masker, Secrets, Told};
use crate::problems::ProblemReader;
use crate::report::{Place, Report};

/// The most bytes of text in one [`RunEvent::Output`].
pub const MAX_OUTPUT: usize = 64 * 1024;

/// How long a line waits for more lines to come with it. A stream makes an event no more often than that, unless
/// it has a full one.
pub const BATCH: Duration = Duration::from_millis(50);

/// How long a part of a line waits for its end, so that a prompt or a progress bar is seen.
pub const PART: Duration = Duration::from_millis(250);

/// How much is still read of a stream that somebody holds open after its task ended: the most that a pipe keeps,
/// so that everything that the task itself wrote is told.
const REST: usize = 1024 * 1024;

/// Tells what comes out of a task.
pub(crate) struct Listener<'a> {
    pub(crate) report: &'a Report,
    pub(crate) secrets: &'a Secrets,
    pub(crate) place: Place,
    /// The task's directory, where problems in files are looked for.
    pub(crate) directory: Option<&'a Path>,
}

/// One stream of a task and where its text goes.
struct Source<R> {
    place: Place,
    stream: Stream,
    reader: R,
    events: mpsc::Sender<RunEvent>,
    masker: Masker,
    problems: Option<ProblemReader>,
}

impl Listener<'_> {
    /// Tells what comes out of a stream; gives what it says of files.
    pub(crate) async fn forward<R: AsyncRead + Unpin>(
        &self,
        stream: Stream,
        reader: Option<R>,
        given_up: &watch::Receiver<bool>,
    ) -> Vec<FileProblem> {
        let Some(reader) = reader else { return Vec::new() };
        let source = Source {
            place: self.place,
            stream,
            reader,
            events: self.report.events.clone(),
            masker: self.secrets.masker(),
            problems: self.directory.map(ProblemReader::new),
        };
        source.forward(given_up.clone()).await
    }
}

impl<R: AsyncRead + Unpin> Source<R> {
    /// Reads to the end of the stream and tells everything as events; a full channel makes it wait. When `give_up`
    /// becomes true, only what can be read without waiting is.
    async fn forward(mut self, mut give_up: watch::Receiver<bool>) -> Vec<FileProblem> {
        let mut buffer = vec![0; MAX_OUTPUT];
        let mut lines = Lines::default();
        while let Some(read) = self.read_until_due(&mut buffer, &lines, &mut give_up).await {
            let told = self.masker.push(&buffer[..read]);
            self.take(&told, &mut lines).await;
            if let Some(text) = lines.take_due(Instant::now()) {
                self.tell(text, &mut lines).await;
            }
        }
        self.forward_rest(&mut buffer, &mut lines).await;
        let told = self.masker.finish();
        self.take(&told, &mut lines).await;
        lines.finish();
        while let Some(text) = lines.take_full().or_else(|| lines.take_all()) {
            self.tell(text, &mut lines).await;
        }
        match self.problems {
            Some(problems) => problems.finish().await,
            None => Vec::new(),
        }
    }

    async fn take(&mut self, told: &Told, lines: &mut Lines) {
        if let Some(problems) = &mut self.problems {
            problems.read(told).await;
        }
        lines.push(&told.text, Instant::now());
        while let Some(text) = lines.take_full() {
            self.tell(text, lines).await;
        }
    }

    /// The count of bytes read, which is 0 when something is due before there are any; nothing when the stream has
    /// ended or is given up.
    async fn read_until_due(
        &mut self,
        buffer: &mut [u8],
        lines: &Lines,
        give_up: &mut watch::Receiver<bool>,
    ) -> Option<usize> {
        // Looked at first, since a stream may always have something to read.
        if *give_up.borrow() {
            return None;
        }
        let due = lines.due();
        let wait = async {
            match due {
                Some(due) => tokio::time::sleep_until(due).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            // A stream that cannot be read has ended: on Linux no error but an interruption is known for pipes.
            read = self.reader.read(buffer) => read.ok().filter(|read| *read > 0),
            // An error means that nobody will ever give it up, which does not happen while a task runs.
            _ = give_up.wait_for(|given_up| *given_up) => None,
            () = wait => Some(0),
        }
    }

    async fn forward_rest(&mut self, buffer: &mut [u8], lines: &mut Lines) {
        let mut allowed = REST;
        while allowed > 0 {
            // Unconstrained, since a read that waits only for its turn would look like an empty pipe.
            let read = tokio::select! {
                biased;
                read = unconstrained(self.reader.read(buffer)) => read.unwrap_or(0),
                () = std::future::ready(()) => 0,
            };
            if read == 0 {
                return;
            }
            allowed = allowed.saturating_sub(read);
            let told = self.masker.push(&buffer[..read]);
            self.take(&told, lines).await;
        }
    }

    async fn tell(&self, text: String, lines: &mut Lines) {
        let Place { task, pod } = self.place;
        let event = RunEvent::Output { task, pod, stream: self.stream, text };
        // When nobody listens any more the stream is read all the same: a full pipe would stop the task.
        let _ = self.events.send(event).await;
        lines.told(Instant::now());
    }
}

/// Text that was read and not told yet.
#[derive(Default)]
struct Lines {
    text: String,
    /// The length of the complete lines at the beginning of `text`.
    complete: usize,
    /// The bytes of a letter of which more must come.
    letter: Vec<u8>,
    /// When the first byte of `text` came; only meaningful while there is text.
    since: Option<Instant>,
    last_told: Option<Instant>,
}

impl Lines {
    fn push(&mut self, bytes: &[u8], now: Instant) {
        if bytes.is_empty() {
            return;
        }
        let old = self.text.len();
        if self.letter.is_empty() {
            self.decode(bytes);
        } else {
            let mut joined = std::mem::take(&mut self.letter);
            joined.extend_from_slice(bytes);
            self.decode(&joined);
        }
        if let Some(end) = self.text.as_bytes()[old..].iter().rposition(|byte| *byte == b'\n') {
            self.complete = old + end + 1;
        }
        if !self.text.is_empty() {
            self.since.get_or_insert(now);
        }
    }

    /// Appends what can be decoded and keeps an unfinished letter at the end.
    fn decode(&mut self, bytes: &[u8]) {
        let mut rest = bytes;
        loop {
            match std::str::from_utf8(rest) {
                Ok(text) => return self.text.push_str(text),
                Err(error) => {
                    let (valid, after) = rest.split_at(error.valid_up_to());
                    self.text.push_str(&String::from_utf8_lossy(valid));
                    let Some(invalid) = error.error_len() else {
                        self.letter = after.to_vec();
                        return;
                    };
                    self.text.push(char::REPLACEMENT_CHARACTER);
                    rest = &after[invalid..];
                }
            }
        }
    }

    /// An event's worth of text, if there is one.
    fn take_full(&mut self) -> Option<String> {
        if self.text.len() < MAX_OUTPUT {
            return None;
        }
        let bound = self.text.floor_char_boundary(MAX_OUTPUT);
        let line_end = self.text.as_bytes()[..bound].iter().rposition(|byte| *byte == b'\n');
        Some(self.take(line_end.map_or(bound, |end| end + 1)))
    }

    /// What has waited long enough: complete lines, or all of it when the part of a line is old.
    fn take_due(&mut self, now: Instant) -> Option<String> {
        if self.due().is_none_or(|due| now < due) {
            return None;
        }
        if self.complete > 0 { Some(self.take(self.complete)) } else { self.take_all() }
    }

    fn take_all(&mut self) -> Option<String> {
        (!self.text.is_empty()).then(|| self.take(self.text.len()))
    }

    fn take(&mut self, length: usize) -> String {
        let rest = self.text.split_off(length);
        self.complete = self.complete.saturating_sub(length);
        std::mem::replace(&mut self.text, rest)
    }

    /// When there will be something to tell, if nothing more comes.
    fn due(&self) -> Option<Instant> {
        let since = self.since.filter(|_| !self.text.is_empty())?;
        let next = self.last_told.map_or(since, |told| told + BATCH);
        Some(if self.complete > 0 { next } else { next.max(since + PART) })
    }

    fn told(&mut self, now: Instant) {
        self.last_told = Some(now);
        self.since = (!self.text.is_empty()).then_some(now);
    }

    /// The stream is over: an unfinished letter will not be finished.
    fn finish(&mut self) {
        if !std::mem::take(&mut self.letter).is_empty() {
            self.text.push(char::REPLACEMENT_CHARACTER);
        }
    }
}

/// Keeps the last lines of a text within bounds, as a person would see them: terminal escapes removed, and of a
/// line that was overwritten after carriage returns only what it said last.
#[derive(Clone, Debug)]
pub struct Tail {
    max_lines: usize,
    max_bytes: usize,
    lines: VecDeque<String>,
    /// The length of all `lines`.
    bytes: usize,
    /// The line whose end has not come yet, as it came.
    part: String,
    omitted: u64,
}

impl Default for Tail {
    /// 20 lines and 8 KiB: what fits into a diagnostic.
    fn default() -> Tail {
        Tail::new(20, 8 * 1024)
    }
}

impl Tail {
    /// Keeps at most `max_lines` lines (at least one) and `max_bytes` bytes of text, line ends not counted.
    pub fn new(max_lines: usize, max_bytes: usize) -> Tail {
        let max_lines = max_lines.max(1);
        Tail { max_lines, max_bytes, lines: VecDeque::new(), bytes: 0, part: String::new(), omitted: 0 }
    }

    /// Takes more of the text; it may end anywhere but within a letter.
    pub fn push(&mut self, text: &str) {
        let Some(end) = text.rfind('\n') else { return self.push_part(text) };
        let (whole, part) = text.split_at(end);
        let skipped = start_of_last(whole, self.max_lines);
        if skipped > 0 {
            self.forget_all(whole[..skipped].bytes().filter(|byte| *byte == b'\n').count());
        }
        for line in whole[skipped..].split('\n') {
            self.push_part(line);
            self.end_line();
        }
        self.push_part(&part[1..]);
    }

    /// The lines, oldest first, with the one that has no end yet.
    pub fn lines(&self) -> Vec<String> {
        let mut all = self.clone();
        if !all.part.is_empty() {
            all.end_line();
        }
        all.lines.into()
    }

    /// How many lines came before those that are kept.
    pub fn omitted(&self) -> u64 {
        let mut all = self.clone();
        if !all.part.is_empty() {
            all.end_line();
        }
        all.omitted
    }

    fn push_part(&mut self, text: &str) {
        self.part.push_str(text);
        // Twice as much as is kept, so that an endless line is not copied at every piece.
        if self.part.len() > 2 * self.max_bytes.max(MAX_OUTPUT) {
            cut_front(&mut self.part, self.max_bytes);
        }
    }

    fn end_line(&mut self) {
        let mut line = as_seen(&std::mem::take(&mut self.part));
        cut_front(&mut line, self.max_bytes);
        self.bytes += line.len();
        self.lines.push_back(line);
        while self.lines.len() > self.max_lines || self.bytes > self.max_bytes {
            let Some(oldest) = self.lines.pop_front() else { return };
            self.bytes -= oldest.len();
            self.omitted += 1;
        }
    }

    /// So much comes that nothing of the old remains, nor of the first `more` new lines.
    fn forget_all(&mut self, more: usize) {
        self.omitted += (self.lines.len() + more) as u64;
        self.lines.clear();
        self.bytes = 0;
        self.part.clear();
    }
}

/// Where the last `count` lines of a text begin, whose last line has no end.
fn start_of_last(text: &str, count: usize) -> usize {
    text.rmatch_indices('\n').nth(count - 1).map_or(0, |(index, _)| index + 1)
}

fn cut_front(text: &mut String, keep: usize) {
    let start = text.ceil_char_boundary(text.len().saturating_sub(keep));
    text.drain(..start);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tail(pieces: &[&str]) -> Tail {
        let mut tail = Tail::new(3, 20);
        pieces.iter().for_each(|piece| tail.push(piece));
        tail
    }

    #[test]
    fn a_tail_keeps_the_last_lines() {
        let tail = tail(&["a\nb\nc", "c\n\nd"]);
        assert_eq!((tail.lines(), tail.omitted()), (vec!["cc".into(), String::new(), "d".into()], 2));
        let many: String = (0..1000).map(|number| format!("{number}\n")).collect();
        let tail = super::tests::tail(&["begin\nx", &many]);
        assert_eq!((tail.lines(), tail.omitted()), (vec!["997".into(), "998".into(), "999".into()], 998));
        assert_eq!(Tail::default().lines(), Vec::<String>::new());
    }

    #[test]
    fn a_tail_keeps_few_bytes() {
        let tail = tail(&["0123456789\n0123456789\nx\n"]);
        assert_eq!((tail.lines(), tail.omitted()), (vec!["0123456789".into(), "x".into()], 1));
        let tail = super::tests::tail(&["äöüäöüäöüäöü\n"]);
        assert_eq!(tail.lines(), ["üäöüäöüäöü"]);
        let mut endless = Tail::new(3, 20);
        (0..100).for_each(|_| endless.push(&"x".repeat(MAX_OUTPUT)));
        assert!(endless.part.len() <= 2 * MAX_OUTPUT);
        assert_eq!(endless.lines(), ["x".repeat(20)]);
    }

    #[test]
    fn a_tail_is_what_a_person_sees() {
        assert_eq!(tail(&["\x1b[31mred\x1b", "[0m\r\n"]).lines(), ["red"]);
        assert_eq!(tail(&["10%\r50%\r", "100%\r"]).lines(), ["100%"]);
        assert_eq!(tail(&["\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\"]).lines(), ["link"]);
        assert_eq!(tail(&["50%\r\x1b[2Kdone\n"]).lines(), ["done"]);
    }

    fn told(lines: &mut Lines) -> String {
        lines.finish();
        lines.take_all().unwrap_or_default()
    }

    #[test]
    fn letters_are_joined_and_invalid_bytes_replaced() {
        let text = "aä€𝄞\n".as_bytes();
        let now = Instant::now();
        let mut lines = Lines::default();
        text.iter().for_each(|byte| lines.push(&[*byte], now));
        assert_eq!(told(&mut lines), "aä€𝄞\n");
        for (bytes, expected) in [
            (&b"a\xffb"[..], "a\u{fffd}b"),
            (b"\xe2\x82", "\u{fffd}"),
            (b"\xe2\x82x", "\u{fffd}x"),
            (b"\xc3\xc3\xa4", "\u{fffd}ä"),
            (b"\xf0\x9d\x84", "\u{fffd}"),
        ] {
            let mut whole = Lines::default();
            whole.push(bytes, now);
            assert_eq!(told(&mut whole), expected);
            let mut split = Lines::default();
            bytes.iter().for_each(|byte| split.push(&[*byte], now));
            assert_eq!(told(&mut split), expected, "byte by byte");
            assert_eq!(String::from_utf8_lossy(bytes), expected, "as everybody does it");
        }
    }

    #[test]
    fn lines_are_told_at_once_and_then_in_batches() {
        let start = Instant::now();
        let mut lines = Lines::default();
        lines.push(b"a\nb", start);
        assert_eq!(lines.take_due(start).unwrap(), "a\n");
        lines.told(start);
        lines.push(b"\nc\n", start);
        assert_eq!(lines.take_due(start + BATCH / 2), None);
        assert_eq!(lines.due(), Some(start + BATCH));
        assert_eq!(lines.take_due(start + BATCH).unwrap(), "b\nc\n");
        assert_eq!(lines.due(), None);
    }

    #[test]
    fn a_part_of_a_line_waits_for_its_end() {
        let start = Instant::now();
        let mut lines = Lines::default();
        lines.push(b"name? ", start);
        assert_eq!(lines.take_due(start + BATCH), None);
        assert_eq!(lines.due(), Some(start + PART));
        assert_eq!(lines.take_due(start + PART).unwrap(), "name? ");
    }

    #[test]
    fn long_text_is_cut_after_lines_or_between_letters() {
        let now = Instant::now();
        let mut lines = Lines::default();
        lines.push("ä".repeat(MAX_OUTPUT).as_bytes(), now);
        lines.push(b"\nx", now);
        assert_eq!(lines.take_full().unwrap().len(), MAX_OUTPUT);
        assert_eq!(lines.take_full().unwrap().len(), MAX_OUTPUT);
        assert_eq!(lines.take_full(), None);
        assert_eq!(lines.take_due(now).unwrap(), "\n");
        assert_eq!(lines.take_all().unwrap(), "x");
        lines.push("x\n".repeat(MAX_OUTPUT).as_bytes(), now);
        lines.push(b"rest", now);
        assert!(lines.take_full().unwrap().ends_with('\n'));
    }
}
