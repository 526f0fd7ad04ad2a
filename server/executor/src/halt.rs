//! The program halted with all that its runs have started on this machine, and the time of runs, which stands still
//! meanwhile.
//!
//! Must not decide when to halt.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use crate::tree;

/// The time of all runs of this process: it halts as a whole.
static STANDSTILL: Mutex<Standstill> = Mutex::new(Standstill { lost: Duration::ZERO, since: None });

/// How long the time of runs has stood still.
#[derive(Debug)]
struct Standstill {
    /// Until it last went on.
    lost: Duration,
    /// Since when it stands still again.
    since: Option<Instant>,
}

impl Standstill {
    /// What the clock of runs shows at a time.
    fn shown(&self, at: Instant) -> Instant {
        let at = self.since.map_or(at, |since| since.min(at));
        at.checked_sub(self.lost).unwrap_or(at)
    }

    fn end(&mut self, at: Instant) {
        if let Some(since) = self.since.take() {
            self.lost += at.saturating_duration_since(since);
        }
    }
}

fn standstill() -> MutexGuard<'static, Standstill> {
    STANDSTILL.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The time that limits and durations of runs count: that of a monotonic clock, which stands still while the program is
/// halted.
pub fn now() -> Instant {
    standstill().shown(Instant::now())
}

/// Until a time of [`now`].
pub async fn until(time: Instant) {
    loop {
        let left = time.saturating_duration_since(now());
        if left.is_zero() {
            return;
        }
        // While time stands still it has to be looked again.
        sleep_until(Instant::now() + left).await;
    }
}

/// All that runs have started on this machine, halted. What runs in pods goes on. Dropping it lets everything go on.
#[derive(Debug)]
#[must_use]
pub struct Halted(Option<tree::HaltedProcesses>);

/// Halts all that the runs of this process have started on this machine, and their time. Nothing of them may be polled
/// until it goes on.
pub fn halt() -> Halted {
    standstill().since.get_or_insert_with(Instant::now);
    Halted(Some(tree::halt()))
}

/// Halts the time of runs alone: what has the terminal halts by itself.
pub fn stand_still() -> Halted {
    standstill().since.get_or_insert_with(Instant::now);
    Halted(None)
}

impl Drop for Halted {
    fn drop(&mut self) {
        standstill().end(Instant::now());
        self.0.iter_mut().for_each(tree::HaltedProcesses::go_on);
    }
}

/// Whether somebody can let a halted program go on: a shell that sees its job halt. Where it cannot tell, there is nobody.
pub fn can_go_on() -> bool {
    tree::is_job()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_stands_still_and_goes_on() {
        let begun = Instant::now() + Duration::from_secs(1000);
        let at = |seconds| begun + Duration::from_secs(seconds);
        let mut clock = Standstill { lost: Duration::ZERO, since: None };
        assert_eq!(clock.shown(at(1)), at(1));
        clock.since = Some(at(2));
        assert_eq!(clock.shown(at(9)), at(2));
        clock.end(at(12));
        assert_eq!(clock.shown(at(13)), at(3));
        clock.since = Some(at(20));
        assert_eq!(clock.shown(at(30)), at(10));
        clock.end(at(40));
        assert_eq!(clock.shown(at(41)), at(11));
    }
}
