//! Holds back output so that a client gets it at a pace that it can show: at most one piece of each stream in a while,
//! and then all that came meanwhile.
//!
//! Must not lose or reorder what a stream wrote, nor hold back anything but output.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use draft_tasks_executor::RunEvent;
use draft_tasks_executor::output::BATCH;
use tokio::time::Instant;

/// How long the next piece of a stream waits after the last one; as long as lines are gathered.
const PACE: Duration = BATCH;

/// When so much waits, no more is taken, and in the end the task waits, too.
const MOST: usize = 1 << 20;

/// Events on their way to a client.
#[derive(Debug, Default)]
pub(crate) struct Pace {
    /// What may go on at once.
    ready: VecDeque<RunEvent>,
    /// By their pods, of tasks inside of some, and what they are.
    streams: BTreeMap<(Option<usize>, u8), Stream>,
}

#[derive(Debug, Default)]
struct Stream {
    waiting: Option<RunEvent>,
    /// When the last piece went on.
    last: Option<Instant>,
}

impl Pace {
    /// Takes an event. What waits goes before it, unless both are output.
    pub(crate) fn push(&mut self, event: RunEvent) {
        let RunEvent::Output { task, pod, stream, text } = event else {
            self.flush();
            self.ready.push_back(event);
            return;
        };
        match &mut self.streams.entry((pod, stream as u8)).or_default().waiting {
            Some(RunEvent::Output { text: waiting, .. }) => waiting.push_str(&text),
            waiting => *waiting = Some(RunEvent::Output { task, pod, stream, text }),
        }
    }

    /// Lets everything go on.
    pub(crate) fn flush(&mut self) {
        self.ready.extend(self.streams.values_mut().filter_map(|stream| stream.waiting.take()));
    }

    /// Whether no more is to be taken before something has gone on.
    pub(crate) fn is_full(&self) -> bool {
        self.streams.values().any(
            |stream| matches!(&stream.waiting, Some(RunEvent::Output { text, .. }) if text.len() >= MOST),
        )
    }

    /// The next event that may go on now.
    pub(crate) fn take(&mut self, now: Instant) -> Option<RunEvent> {
        if let Some(ready) = self.ready.pop_front() {
            return Some(ready);
        }
        let due = self.streams.values_mut().find(|stream| stream.is_due(now))?;
        due.last = Some(now);
        due.waiting.take()
    }

    /// When the next event may go on that may not yet, if nothing more comes.
    pub(crate) fn due(&self) -> Option<Instant> {
        self.streams.values().filter_map(Stream::due).min()
    }
}

impl Stream {
    fn is_due(&self, now: Instant) -> bool {
        // The first piece goes on at once.
        self.waiting.is_some() && self.last.is_none_or(|last| last + PACE <= now)
    }

    fn due(&self) -> Option<Instant> {
        self.waiting.as_ref()?;
        Some(self.last? + PACE)
    }
}

#[cfg(test)]
mod tests {
    use draft_tasks_executor::{RunSummary, Stream};

    use super::*;

    fn output(stream: Stream, text: &str) -> RunEvent {
        RunEvent::Output { task: 0, pod: None, stream, text: text.into() }
    }

    fn taken(pace: &mut Pace, now: Instant) -> Vec<String> {
        let events = std::iter::from_fn(|| pace.take(now));
        let shown = events.map(|event| match event {
            RunEvent::Output { stream, text, .. } => format!("{stream:?} {text}"),
            _ => "end".into(),
        });
        shown.collect()
    }

    #[tokio::test(start_paused = true)]
    async fn a_stream_goes_on_at_once_and_then_at_the_pace() {
        let (mut pace, begun) = (Pace::default(), Instant::now());
        pace.push(output(Stream::Stdout, "a"));
        pace.push(output(Stream::Stderr, "b"));
        assert_eq!(taken(&mut pace, begun), ["Stdout a", "Stderr b"]);
        for text in ["c", "d", "e"] {
            pace.push(output(Stream::Stdout, text));
        }
        assert_eq!(pace.due(), Some(begun + PACE));
        assert_eq!(taken(&mut pace, begun + PACE / 2), [""; 0]);
        assert_eq!(taken(&mut pace, begun + PACE), ["Stdout cde"]);
        assert_eq!(pace.due(), None);
    }

    #[tokio::test(start_paused = true)]
    async fn the_end_waits_for_nothing_and_comes_last() {
        let (mut pace, begun) = (Pace::default(), Instant::now());
        pace.push(output(Stream::Stdout, "a"));
        assert_eq!(taken(&mut pace, begun), ["Stdout a"]);
        pace.push(output(Stream::Stderr, "b"));
        pace.push(output(Stream::Stdout, "c"));
        pace.push(RunEvent::RunFinished { summary: RunSummary::default() });
        assert_eq!(taken(&mut pace, begun), ["Stdout c", "Stderr b", "end"]);
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
