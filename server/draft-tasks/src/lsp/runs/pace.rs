//! Holds back output so that a client gets it at a pace that it can show: at most one piece of news of each task in a
//! while, and then all that came meanwhile.
//!
//! Must not lose or reorder what a task wrote, nor hold back anything but output.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use draft_tasks_executor::output::BATCH;
use draft_tasks_executor::{OutputPiece, RunEvent};
use tokio::time::Instant;

/// How long the next output of a task waits after the last one; as long as lines are gathered.
const PACE: Duration = BATCH;

/// When so many bytes wait, no more is taken, and in the end the task waits, too.
const MOST: usize = 1 << 20;

/// Events on their way to a client.
#[derive(Debug, Default)]
pub(crate) struct Pace {
    /// What may go on at once.
    ready: VecDeque<RunEvent>,
    /// By their pods, of tasks inside of some.
    writers: BTreeMap<Option<usize>, Writer>,
}

/// A task that runs.
#[derive(Debug, Default)]
struct Writer {
    task: usize,
    waiting: Vec<OutputPiece>,
    /// How many bytes wait.
    length: usize,
    /// When it was last told of.
    last: Option<Instant>,
}

impl Pace {
    /// Takes an event. What waits goes before it, unless both are output.
    pub(crate) fn push(&mut self, event: RunEvent) {
        let RunEvent::Output { task, pod, pieces } = event else {
            self.flush();
            self.ready.push_back(event);
            return;
        };
        let writer = self.writers.entry(pod).or_default();
        writer.task = task;
        pieces.into_iter().for_each(|piece| writer.add(piece));
    }

    /// Lets everything go on.
    pub(crate) fn flush(&mut self) {
        self.ready.extend(self.writers.iter_mut().filter_map(|(pod, writer)| writer.take(*pod)));
    }

    /// Whether no more is to be taken before something has gone on.
    pub(crate) fn is_full(&self) -> bool {
        self.writers.values().any(|writer| writer.length >= MOST)
    }

    /// The next event that may go on now.
    pub(crate) fn take(&mut self, now: Instant) -> Option<RunEvent> {
        if let Some(ready) = self.ready.pop_front() {
            return Some(ready);
        }
        let (pod, due) = self.writers.iter_mut().find(|(_, writer)| writer.is_due(now))?;
        due.last = Some(now);
        due.take(*pod)
    }

    /// When the next event may go on that may not yet, if nothing more comes.
    pub(crate) fn due(&self) -> Option<Instant> {
        self.writers.values().filter_map(Writer::due).min()
    }
}

impl Writer {
    fn add(&mut self, piece: OutputPiece) {
        self.length += piece.text.len();
        match self.waiting.last_mut().filter(|last| last.stream == piece.stream) {
            Some(last) => last.text.push_str(&piece.text),
            None => self.waiting.push(piece),
        }
    }

    fn take(&mut self, pod: Option<usize>) -> Option<RunEvent> {
        let pieces = std::mem::take(&mut self.waiting);
        self.length = 0;
        (!pieces.is_empty()).then_some(RunEvent::Output { task: self.task, pod, pieces })
    }

    fn is_due(&self, now: Instant) -> bool {
        // The first goes on at once.
        !self.waiting.is_empty() && self.last.is_none_or(|last| last + PACE <= now)
    }

    fn due(&self) -> Option<Instant> {
        self.last.filter(|_| !self.waiting.is_empty()).map(|last| last + PACE)
    }
}

#[cfg(test)]
mod tests {
    use draft_tasks_executor::{RunSummary, Stream};

    use super::*;

    fn output(stream: Stream, text: &str) -> RunEvent {
        RunEvent::Output { task: 0, pod: None, pieces: vec![OutputPiece { stream, text: text.into() }] }
    }

    fn taken(pace: &mut Pace, now: Instant) -> Vec<String> {
        let events = std::iter::from_fn(|| pace.take(now));
        let shown = events.map(|event| match event {
            RunEvent::Output { pieces, .. } => {
                let shown = pieces.iter().map(|piece| format!("{} {}", piece.stream.name(), piece.text));
                shown.collect::<Vec<_>>().join(", ")
            }
            _ => "end".into(),
        });
        shown.collect()
    }

    #[tokio::test(start_paused = true)]
    async fn output_goes_on_at_once_and_then_at_the_pace() {
        let (mut pace, begun) = (Pace::default(), Instant::now());
        pace.push(output(Stream::Stdout, "a"));
        pace.push(output(Stream::Stderr, "b"));
        assert_eq!(taken(&mut pace, begun), ["stdout a, stderr b"]);
        for text in ["c", "d"] {
            pace.push(output(Stream::Stderr, text));
        }
        pace.push(output(Stream::Stdout, "e"));
        pace.push(output(Stream::Stderr, "f"));
        assert_eq!(pace.due(), Some(begun + PACE));
        assert_eq!(taken(&mut pace, begun + PACE / 2), [""; 0]);
        assert_eq!(taken(&mut pace, begun + PACE), ["stderr cd, stdout e, stderr f"]);
        assert_eq!(pace.due(), None);
    }

    #[tokio::test(start_paused = true)]
    async fn the_end_waits_for_nothing_and_comes_last() {
        let (mut pace, begun) = (Pace::default(), Instant::now());
        pace.push(output(Stream::Stdout, "a"));
        assert_eq!(taken(&mut pace, begun), ["stdout a"]);
        pace.push(output(Stream::Stderr, "b"));
        pace.push(output(Stream::Stdout, "c"));
        pace.push(RunEvent::RunFinished { summary: RunSummary::default() });
        assert_eq!(taken(&mut pace, begun), ["stderr b, stdout c", "end"]);
    }

    #[tokio::test(start_paused = true)]
    async fn much_output_waits_until_some_has_gone_on() {
        let (mut pace, begun) = (Pace::default(), Instant::now());
        pace.push(output(Stream::Stdout, "a"));
        pace.take(begun);
        pace.push(output(Stream::Stdout, &"x".repeat(MOST)));
        assert!(pace.is_full());
        assert_eq!(taken(&mut pace, begun + PACE).len(), 1);
        assert!(!pace.is_full());
    }
}
