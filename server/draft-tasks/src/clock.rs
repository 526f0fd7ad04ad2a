//! The time of day, in the words and the zone of whoever sits before the screen.
//!
//! Must not be asked by what keeps or shows runs in the server: it is told the time.

use std::time::SystemTime;

use chrono::{DateTime, Local, NaiveDateTime, Timelike};

/// Where the time comes from; tests have one that stands still.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    pub(crate) now: fn() -> SystemTime,
    /// A moment in the time zone of this machine.
    pub(crate) local: fn(SystemTime) -> NaiveDateTime,
}

impl Clock {
    /// The clock and the zone of the system.
    pub(crate) fn of_system() -> Clock {
        Clock { now: SystemTime::now, local: |time| DateTime::<Local>::from(time).naive_local() }
    }

    pub(crate) fn now(&self) -> SystemTime {
        (self.now)()
    }

    /// "at 18:45", and of another day "on 2026-11-22 at 18:45".
    pub(crate) fn describe(&self, time: SystemTime) -> String {
        let (time, now) = ((self.local)(time), (self.local)(self.now()));
        let day = if time.date() == now.date() { String::new() } else { format!("on {} ", time.date()) };
        format!("{day}at {:02}:{:02}", time.hour(), time.minute())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn other_days_are_named() {
        let clock = Clock {
            now: || SystemTime::UNIX_EPOCH + Duration::from_secs(86_400 + 67_500),
            local: |time| DateTime::<chrono::Utc>::from(time).naive_utc(),
        };
        assert_eq!(clock.describe(clock.now()), "at 18:45");
        assert_eq!(clock.describe(SystemTime::UNIX_EPOCH), "on 1970-01-01 at 00:00");
    }
}
