//! Tells what comes out of a task as bounded pieces of text, in order and at a bounded rate.
//!
//! Must not know processes: a stream is anything that can be read.

use std::collections::VecDeque;
use std::path::Path;

use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

use self::arrival::Chunk;
use self::batch::Batch;
pub use self::batch::{BATCH, MAX_OUTPUT, PART};
use self::headline::headline;
pub use self::lines::OpenLines;
pub use self::tail::Tail;
pub use crate::escape::{colored, colored_line, plain};
use crate::event::{OutputPiece, RunEvent, Stream};
use crate::mask::{Masker, Secrets, Told};
use crate::problems::ProblemReader;
use crate::report::{Heard, Place, Report};

pub(crate) mod arrival;
mod batch;
mod headline;
mod lines;
mod tail;

/// The last lines among which the headline of a failure is sought: a longer trace of calls is not worth more memory.
const LAST: usize = 50;

/// In how many of the last bytes these are sought. They are kept as they came, and lines are made of them only in the end:
/// much output must not cost more than it is worth.
const LAST_BYTES: usize = 8 * 1024;

/// Tells what comes out of a task.
pub(crate) struct Listener<'a> {
    pub(crate) report: &'a Report,
    pub(crate) secrets: &'a Secrets,
    pub(crate) place: Place,
    /// The task's directory, where problems in files are looked for.
    pub(crate) directory: Option<&'a Path>,
}

/// What a task wrote, on its way to those who listen.
struct Telling {
    place: Place,
    events: mpsc::Sender<RunEvent>,
    maskers: [Masker; 2],
    problems: Option<ProblemReader>,
    batch: Batch,
    /// What was told last.
    recent: VecDeque<OutputPiece>,
    /// How many bytes of text this is.
    recent_bytes: usize,
}

impl Listener<'_> {
    /// Tells everything that comes, in its order; a full channel of events makes it wait.
    pub(crate) async fn forward(&self, mut chunks: mpsc::Receiver<Chunk>) -> Heard {
        let mut telling = Telling {
            place: self.place,
            events: self.report.events.clone(),
            maskers: Stream::BOTH.map(|_| self.secrets.masker()),
            problems: self.directory.map(ProblemReader::new),
            batch: Batch::default(),
            recent: VecDeque::new(),
            recent_bytes: 0,
        };
        loop {
            let due = telling.batch.due();
            let wait = async {
                match due {
                    Some(due) => sleep_until(due).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                chunk = chunks.recv() => match chunk {
                    Some(Chunk { stream, bytes }) => telling.read(stream, &bytes).await,
                    None => return telling.finish().await,
                },
                () = wait => {}
            }
            telling.tell_due().await;
        }
    }
}

impl Telling {
    async fn read(&mut self, stream: Stream, bytes: &[u8]) {
        let told = self.maskers[stream as usize].push(bytes);
        self.take(stream, &told).await;
    }

    async fn take(&mut self, stream: Stream, told: &Told) {
        if let Some(problems) = &mut self.problems {
            problems.read(stream, told).await;
        }
        self.batch.push(stream, &told.text, Instant::now());
        while self.batch.is_full() {
            self.tell().await;
        }
    }

    async fn tell_due(&mut self) {
        if self.batch.gather_due(Instant::now()) {
            self.tell().await;
        }
    }

    async fn tell(&mut self) {
        let Place { task, pod } = self.place;
        let pieces = self.batch.take();
        self.remember(&pieces);
        // When nobody listens any more the streams are read all the same: a full pipe would stop the task.
        let _ = self.events.send(RunEvent::Output { task, pod, pieces }).await;
        self.batch.told(Instant::now());
    }

    fn remember(&mut self, pieces: &[OutputPiece]) {
        for OutputPiece { stream, text } in pieces {
            let text = text[text.ceil_char_boundary(text.len().saturating_sub(LAST_BYTES))..].to_owned();
            self.recent_bytes += text.len();
            self.recent.push_back(OutputPiece { stream: *stream, text });
            while let Some(oldest) =
                self.recent.pop_front_if(|oldest| self.recent_bytes - oldest.text.len() >= LAST_BYTES)
            {
                self.recent_bytes -= oldest.text.len();
            }
        }
    }

    fn headline(&self) -> Option<String> {
        let (mut open, mut tail) = (OpenLines::new(LAST_BYTES), Tail::new(LAST, LAST_BYTES));
        self.recent.iter().for_each(|piece| tail.push(&open.push(piece)));
        tail.push(&open.finish());
        headline(&tail.lines())
    }

    /// The streams are over.
    async fn finish(mut self) -> Heard {
        for stream in Stream::BOTH {
            let told = self.maskers[stream as usize].finish();
            self.take(stream, &told).await;
        }
        self.batch.finish();
        while !self.batch.is_empty() {
            self.tell().await;
        }
        let headline = self.headline();
        let problems = match self.problems {
            Some(problems) => problems.finish().await,
            None => Vec::new(),
        };
        Heard { headline, problems }
    }
}
