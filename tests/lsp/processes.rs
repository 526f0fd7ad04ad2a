//! Processes that a program under test has started, known by a variable that they inherit.
//!
//! Must not end any process: to find one is a failure of the test.

use std::path::Path;
use std::process::{Child, ExitStatus};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// The variable that marks the processes of one test.
const VARIABLE: &str = "DRAFT_TASKS_TEST";

/// What was killed may take this long to vanish.
const VANISHING: Duration = Duration::from_millis(1000);

/// The mark of one program under test and of everything that it starts.
pub(crate) struct Mark(String);

impl Mark {
    /// A mark unlike that of any other test, also of an earlier one that had the same number.
    pub(crate) fn new() -> Mark {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
        Mark(format!("{}-{since}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed)))
    }

    /// The variable and its value.
    pub(crate) fn variable(&self) -> (&'static str, &str) {
        (VARIABLE, &self.0)
    }

    /// The processes that live and have the mark, with their command lines.
    pub(crate) fn living(&self) -> Vec<String> {
        let marked = format!("{VARIABLE}={}", self.0).into_bytes();
        let Ok(entries) = std::fs::read_dir("/proc") else { return Vec::new() };
        let processes = entries.filter_map(Result::ok).map(|entry| entry.path());
        let living = processes.filter(|process| {
            let environment = std::fs::read(process.join("environ")).unwrap_or_default();
            environment.split(|byte| *byte == 0).any(|variable| variable == marked)
        });
        living.map(|process| describe(&process)).collect()
    }

    /// Fails when something lives on.
    #[track_caller]
    pub(crate) fn assert_nothing_lives(&self) {
        self.assert_lives(0);
    }

    /// Fails when more processes live on than this.
    #[track_caller]
    pub(crate) fn assert_lives(&self, count: usize) {
        let deadline = Instant::now() + VANISHING;
        while self.living().len() > count && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(5));
        }
        let living = self.living();
        assert!(living.len() <= count, "still running: {living:#?}");
    }
}

fn describe(process: &Path) -> String {
    let arguments = std::fs::read(process.join("cmdline")).unwrap_or_default();
    format!("{}: {}", process.display(), String::from_utf8_lossy(&arguments).replace('\0', " "))
}

/// How a process ended, if it did within a time.
pub(crate) fn wait(child: &mut Child, limit: Duration) -> Option<ExitStatus> {
    let deadline = Instant::now() + limit;
    loop {
        if let Some(status) = child.try_wait().expect("the process can be waited for") {
            return Some(status);
        }
        if Instant::now() > deadline {
            return None;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Sends a signal to a process.
pub(crate) fn signal(child: &Child, signal: rustix::process::Signal) {
    let process = rustix::process::Pid::from_child(child);
    rustix::process::kill_process(process, signal).expect("the process gets the signal");
}
