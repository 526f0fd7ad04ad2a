//! What tasks on this machine write about places in files.
//!
//! Must not read a file: whether there is one is all that is looked at, and only so often. Must not tell a text that is
//! not masked; a path names a file that is there.

use std::collections::HashMap;
use std::path::{Component, Path, PathBuf};
use std::time::Duration;

use draft_tasks_analysis::file_names::CHARTS;
use draft_tasks_analysis::problem::{Matcher, Problem};
use draft_tasks_analysis::secret::MASK;

use crate::escape::{self, plain};
use crate::event::{FileProblem, Stream};
use crate::mask::Told;

#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzed;

/// The problems of a task that are kept.
const MOST: usize = 100;

/// The names in a task's output that are looked for.
const LOOKED_FOR: usize = 1000;

/// How long it is waited for a disk: output and stops wait, too.
const LOOK: Duration = Duration::from_secs(1);

/// More of a line without an end is not kept.
const LONGEST_LINE: usize = 8 << 10;

/// Reads both streams of a task. It sees what is masked in it: a path or a number may look like a secret.
pub(crate) struct ProblemReader {
    /// Names are relative to it.
    directory: PathBuf,
    /// Of each stream, since a problem may take several lines.
    lines: [Line; 2],
    /// What names of files mean.
    known: HashMap<String, Option<PathBuf>>,
    /// Whether a disk has not answered; no other name is looked for then.
    is_stuck: bool,
    found: Vec<FileProblem>,
}

/// The beginning of a line, and what the lines before it say.
#[derive(Default)]
struct Line {
    matcher: Matcher,
    written: Vec<u8>,
    /// As it may be told.
    masked: Vec<u8>,
    /// Whether a mask stands in it for the secret that goes on.
    has_mask: bool,
}

impl Line {
    fn problems(&mut self, told: &Told) -> Vec<Problem> {
        let (mut found, mut at) = (Vec::new(), 0);
        for secret in &told.secrets {
            self.push_seen(&told.text[at..secret.mask.start], &mut found);
            // The next part of a secret may have something between it and the mask that is not seen.
            self.has_mask &= secret.mask.is_empty();
            self.push(&secret.written, true, &mut found);
            at = secret.mask.end;
        }
        self.push_seen(&told.text[at..], &mut found);
        found
    }

    /// Without what is not seen: of that in a secret it depends on the pieces where it is told, also within a letter.
    fn push_seen(&mut self, text: &[u8], found: &mut Vec<Problem>) {
        let mut rest = text;
        while !rest.is_empty() {
            let (shown, behind) = rest.split_at(escape::shown_length(rest));
            self.push(shown, false, found);
            let hidden = escape::hidden(behind).unwrap_or(behind.len());
            rest = &behind[hidden.max(1).min(behind.len())..];
        }
    }

    fn push(&mut self, text: &[u8], is_secret: bool, found: &mut Vec<Problem>) {
        for piece in text.split_inclusive(|byte| *byte == b'\n') {
            let room = LONGEST_LINE.saturating_sub(self.written.len()).min(piece.len());
            self.add(&piece[..room], is_secret);
            if piece.ends_with(b"\n") {
                found.extend(self.end());
            }
        }
    }

    fn add(&mut self, piece: &[u8], is_secret: bool) {
        self.written.extend_from_slice(piece);
        if !is_secret {
            self.masked.extend_from_slice(piece);
        } else if !std::mem::replace(&mut self.has_mask, true) {
            self.masked.extend_from_slice(MASK.as_bytes());
        }
    }

    fn end(&mut self) -> Option<Problem> {
        let written = plain(&String::from_utf8_lossy(&self.written));
        let masked = plain(&String::from_utf8_lossy(&self.masked));
        self.written.clear();
        self.masked.clear();
        self.has_mask = false;
        self.matcher.line(written.trim_end(), masked.trim_end())
    }
}

impl ProblemReader {
    pub(crate) fn new(directory: &Path) -> ProblemReader {
        ProblemReader {
            directory: directory.to_owned(),
            lines: Default::default(),
            known: HashMap::new(),
            is_stuck: false,
            found: Vec::new(),
        }
    }

    pub(crate) async fn read(&mut self, stream: Stream, told: &Told) {
        if self.found.len() >= MOST {
            return;
        }
        for problem in self.lines[stream as usize].problems(told) {
            self.keep(problem).await;
        }
    }

    /// The streams are over.
    pub(crate) async fn finish(mut self) -> Vec<FileProblem> {
        for problem in std::mem::take(&mut self.lines).into_iter().filter_map(|mut line| line.end()) {
            self.keep(problem).await;
        }
        self.found
    }

    async fn keep(&mut self, problem: Problem) {
        if self.found.len() >= MOST {
            return;
        }
        let Problem { file, line, column, severity, message } = problem;
        let Some(path) = self.find(file).await else { return };
        add(&mut self.found, FileProblem { path, line, column, severity, message });
    }

    async fn find(&mut self, name: String) -> Option<PathBuf> {
        if let Some(known) = self.known.get(&name) {
            return known.clone();
        }
        if self.is_stuck || self.known.len() >= LOOKED_FOR {
            return None;
        }
        // Helm names templates by their charts, which stand in `charts`.
        let places = [self.directory.join(&name), self.directory.join(CHARTS).join(&name)];
        let look = move || places.iter().map(|path| without_dots(path)).find(|path| path.is_file());
        let looked = tokio::time::timeout(LOOK, tokio::task::spawn_blocking(look)).await;
        self.is_stuck = looked.is_err();
        let path = looked.ok().and_then(Result::ok).flatten();
        self.known.insert(name, path.clone());
        path
    }
}

/// Tools write the same name in several ways, and the same problem more than once.
fn add(all: &mut Vec<FileProblem>, problem: FileProblem) {
    if !all.contains(&problem) {
        all.push(problem);
    }
}

fn without_dots(path: &Path) -> PathBuf {
    let mut clean = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => drop(clean.pop()),
            part => clean.push(part),
        }
    }
    clean
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;

    use super::*;
    use crate::mask::Secrets;

    /// What is found in a text of which these are secrets, in a folder with `a.c` and `src/a.c`.
    async fn found(secrets: &[&str], pieces: &[&str]) -> String {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("src")).unwrap();
        for name in ["a.c", "src/a.c"] {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        let mut masker = Secrets::new(secrets.iter().map(OsStr::new)).masker();
        let mut reader = ProblemReader::new(folder.path());
        for piece in pieces {
            reader.read(Stream::Stdout, &masker.push(piece.as_bytes())).await;
        }
        reader.read(Stream::Stdout, &masker.finish()).await;
        let shown = reader.finish().await.into_iter().map(|it| {
            let path = it.path.strip_prefix(folder.path()).unwrap().display().to_string();
            format!("{path}:{}: {}", it.line, it.message)
        });
        shown.collect::<Vec<_>>().join("; ")
    }

    #[tokio::test]
    async fn places_that_are_masked_are_found_and_messages_stay_masked() {
        let secrets = ["src/", "1234", "hunter2", "abcdef\nghij"];
        for (text, expected) in [
            ("src/a.c:3: no hunter2 here", "src/a.c:3: no *** here"),
            ("a.c:1234: no hunter2", "a.c:1234: a.c:***: no ***"),
            ("x\na.c:3: x abcdef\nghij\na.c:4: y", "a.c:3: x ***; a.c:4: y"),
            ("a.c:5: a\x1b[1mhun\x1b[0mter2b", "a.c:5: a***b"),
            ("./a.c:3: x\na.c:3: x\r\nnone.c:3: x\n", "a.c:3: x"),
        ] {
            assert_eq!(found(&secrets, &[text]).await, expected, "{text}");
            let (first, second) = text.split_at(text.len() / 2);
            assert_eq!(found(&secrets, &[first, second]).await, expected, "{text}");
        }
        let key = "a.c:1: -----BEGIN PRIVATE KEY-----\nMIIE";
        assert_eq!(found(&[], &[key]).await, "a.c:1: ***");
        // What is not seen of a key is told where the key goes on, which depends on the pieces.
        let key = "a.c:1: -----BEGIN PRIVATE KEY-----\0MI\x08IE!";
        let pieces: Vec<&str> = key.split_inclusive(|_| true).collect();
        for pieces in [vec![key], pieces] {
            assert_eq!(found(&[], &pieces).await, "a.c:1: ***!");
        }
    }

    #[test]
    fn what_is_not_seen_in_a_secret_does_not_change_a_path() {
        for (behind, file) in [("MIIE\0ü\0.c:12: x\n", "MIIEü.c"), ("MI\x1bPx\nIE!\x18.c:12: x\n", "IE!.c")]
        {
            let text = ["-----BEGIN PRIVATE KEY-----\n", behind].concat();
            for length in 1..=text.len() {
                let mut masker = Secrets::default().masker();
                let mut line = Line::default();
                let mut found = Vec::new();
                for piece in text.as_bytes().chunks(length) {
                    found.extend(line.problems(&masker.push(piece)));
                }
                found.extend(line.problems(&masker.finish()));
                let files: Vec<&str> = found.iter().map(|problem| problem.file.as_str()).collect();
                assert_eq!(files, [file], "{length}");
            }
        }
    }

    #[tokio::test]
    async fn problems_of_a_task_are_limited() {
        let text: String = (1..1000).map(|line| format!("a.c:{line}: x\n")).collect();
        assert_eq!(found(&[], &[&text]).await.split("; ").count(), MOST);
    }

    #[tokio::test]
    async fn the_streams_do_not_share_lines_and_their_problems_come_in_order() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a.c"), "").unwrap();
        let mut reader = ProblemReader::new(folder.path());
        for (stream, text) in [
            (Stream::Stdout, "error: no\n"),
            (Stream::Stderr, "a.c:2: x\na.c:"),
            (Stream::Stdout, " --> a.c:1:1\n"),
            (Stream::Stderr, "3: y\n"),
        ] {
            reader.read(stream, &Told { text: text.into(), secrets: Vec::new() }).await;
        }
        let found = reader.finish().await.into_iter().map(|it| (it.line, it.message));
        assert_eq!(found.collect::<Vec<_>>(), [(2, "x".into()), (1, "no".into()), (3, "y".into())]);
    }
}
