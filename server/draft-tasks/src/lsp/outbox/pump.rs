//! The events of a run, on their way to the record and to the session.
//!
//! Must not lose one, and must not be faster than the client reads what comes of them.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::Duration;

use draft_tasks_executor::record::{Recorder, Records};
use draft_tasks_executor::{RunEvent, RunRequest};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, sleep_until};

use super::DEFECT;
use crate::claim::Claim;
use crate::lsp::documents::look::off_thread;
use crate::lsp::runs::pace::Pace;
use crate::lsp::session::{Session, SharedSession};
use crate::lsp::wire::output::Backlog;

/// When this much waits to be written, the tasks' output waits, too.
const BACKLOG: usize = 4 << 20;

/// How often a run looks whether a slow client has caught up.
const CATCHING_UP: Duration = Duration::from_millis(20);

/// How often somebody who waits is told how long it has been.
const TICK: Duration = Duration::from_secs(1);

/// Makes the record of a run and tells the session where it is, or why there is none.
pub(super) fn begin_record(
    run: &str,
    records: &Records,
    request: &RunRequest,
    file: &Path,
    session: &SharedSession,
) -> Option<Recorder> {
    let begun = unless_broken(|| tokio::task::block_in_place(|| records.begin(request, file)));
    match begun.unwrap_or_else(|| Err(std::io::Error::other(DEFECT))) {
        Ok(recorder) => {
            session.with(|it| it.recorded(run, recorder.folder()));
            Some(recorder)
        }
        Err(error) => {
            let place = records.directory.display();
            session.with(|it| it.no_record(run, &format!("{place}: {error}")));
            None
        }
    }
}

/// Records an event; what is not recorded is told once, and nobody hears less of the run.
pub(super) fn record(recorder: &mut Recorder, event: &RunEvent) -> Option<String> {
    tokio::task::block_in_place(|| recorder.take(&recorder.about().tell(event)))
}

/// A defect in the keeping of records keeps nobody from hearing of the run.
fn unless_broken<T>(work: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(work)).ok()
}

/// Brings the events of a run to the session, no faster than the client reads what comes of them. `record` is told of each
/// before, and answers what there is to say of the record.
pub(super) async fn pump(
    run: &str,
    mut events: mpsc::Receiver<RunEvent>,
    session: &SharedSession,
    backlog: &Backlog,
    record: impl FnMut(&RunEvent) -> Option<String>,
) {
    let mut record = Some(record);
    let mut pace = Pace::default();
    let mut waits = false;
    loop {
        if let Some(event) = pace.take(Instant::now()) {
            waits = matches!(event, RunEvent::Waiting { .. } | RunEvent::PodsLeft { .. });
            deliver(run, event, session, backlog).await;
            continue;
        }
        let due = pace.due();
        let event = tokio::select! {
            biased;
            // What is due goes first: there is always something to receive of a task that writes without end.
            () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => continue,
            event = events.recv(), if !pace.is_full() => event,
            () = sleep(TICK), if waits => {
                waits = session.with(|session| session.still_waits(run));
                continue;
            }
        };
        let Some(event) = event else { break };
        // Before anybody hears of it: who is told of the end finds the whole record.
        if let Some(recorder) = &mut record {
            let told = unless_broken(|| recorder(&event)).unwrap_or_else(|| {
                record = None;
                Some(format!("the record of {run} is not complete: {DEFECT}"))
            });
            if let Some(trouble) = told {
                session.with(|it| it.record_trouble(&trouble));
            }
        }
        pace.push(event);
    }
    // Only the end of the server comes without the end of the run before it.
    pace.flush();
    while let Some(event) = pace.take(Instant::now()) {
        deliver(run, event, session, backlog).await;
    }
}

/// Gives back what a run has claimed that does not start, which may wait for a disk.
pub(super) async fn give_back(run: &str, session: &SharedSession) {
    let claims = session.with(|session| session.claims_of(run, None));
    // A defect there keeps nobody from hearing of the end.
    let _ = off_thread(move || drop(claims)).await;
}

/// Brings an event to the session when the client has read what came before.
async fn deliver(run: &str, event: RunEvent, session: &SharedSession, backlog: &Backlog) {
    while backlog.exceeds(BACKLOG) {
        tokio::time::sleep(CATCHING_UP).await;
    }
    let mut event = Some(event);
    while let Some(claims) = hand_over(run, &mut event, session) {
        // A defect there keeps nobody from hearing of the end.
        let _ = off_thread(move || drop(claims)).await;
    }
}

/// Gives an event to the session. One that ends a run waits for what the run has claimed to be given back: that is
/// answered, again and again, as a stop may come meanwhile after which no step follows.
fn hand_over(run: &str, event: &mut Option<RunEvent>, session: &SharedSession) -> Option<Vec<Claim>> {
    let hand_over = |session: &mut Session| {
        if let Some(RunEvent::RunFinished { summary }) = event {
            let claims = session.claims_of(run, Some(summary));
            if !claims.is_empty() {
                return Some(claims);
            }
        }
        session.run_event(run, event.take()?);
        None
    };
    catch_unwind(AssertUnwindSafe(|| session.with(hand_over))).unwrap_or_else(|_| {
        tracing::error!(run, "a defect in the handling of an event; the run goes on");
        None
    })
}

#[cfg(test)]
mod tests {
    use draft_tasks_executor::RunSummary;

    use super::*;
    use crate::lsp::outbox::EVENTS;
    use crate::world::environment::Environment;

    /// A client that reads nothing, and an event that waits for it.
    async fn pump_before_a_full_backlog(abandon: bool) -> bool {
        let (effects, _wanted) = mpsc::unbounded_channel();
        let session = SharedSession::new(effects, Environment::of(&[]));
        let backlog = Backlog::of(BACKLOG + 1);
        let (sender, events) = mpsc::channel(EVENTS);
        sender.send(RunEvent::RunFinished { summary: RunSummary::default() }).await.unwrap();
        drop(sender);
        if abandon {
            backlog.abandon();
        }
        let pump = pump("run-1", events, &session, &backlog, |_| None);
        tokio::time::timeout(5 * CATCHING_UP, pump).await.is_ok()
    }

    #[tokio::test]
    async fn a_defect_in_the_record_keeps_nobody_from_hearing_of_the_run() {
        let (effects, mut wanted) = mpsc::unbounded_channel();
        let session = SharedSession::new(effects, Environment::of(&[]));
        let (sender, events) = mpsc::channel(EVENTS);
        for _ in 0..2 {
            sender.send(RunEvent::Note { message: "n".into() }).await.unwrap();
        }
        drop(sender);
        let mut asked = 0;
        let broken = |_: &RunEvent| {
            asked += 1;
            panic!("asked to")
        };
        pump("run-1", events, &session, &Backlog::of(0), broken).await;
        assert_eq!(asked, 1);
        let said = format!("{:?}", wanted.try_recv().unwrap());
        assert!(said.contains("the record of run-1 is not complete: a defect in draft-tasks"), "{said}");
    }

    #[tokio::test(start_paused = true)]
    async fn output_waits_for_a_slow_client_and_not_for_one_that_is_gone() {
        assert!(!pump_before_a_full_backlog(false).await);
        assert!(pump_before_a_full_backlog(true).await);
    }
}
