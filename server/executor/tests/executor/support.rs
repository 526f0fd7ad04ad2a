//! Runs, and a mark by which everything that a test started is found again.

use std::collections::HashSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use draft_tasks_analysis::phase::Phase;
use draft_tasks_analysis::plan::{Plan, Step};
use draft_tasks_executor::mask::Secrets;
use draft_tasks_executor::{
    LeftProcess, Limits, OnFailure, Outcome, OutputPiece, RunEvent, RunHandle, RunRequest, RunSummary,
    Stream, TaskGate,
};
use rustix::process::{Pid, Signal, kill_process};
use tokio::sync::mpsc;

/// Long enough for a machine that does much else; nothing waits for it unless something is wrong.
pub(crate) const DEADLINE: Duration = Duration::from_secs(15);

/// The path of the tests: not that of whoever runs them.
pub(crate) const PATH: &str = "/usr/local/bin:/usr/bin:/bin";

/// A variable that all processes of a test inherit.
pub(crate) struct Mark(String);

impl Mark {
    fn new() -> Mark {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        Mark(format!("{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed)))
    }

    /// Another one for the same processes.
    pub(crate) fn twin(&self) -> Mark {
        Mark(self.0.clone())
    }

    pub(crate) fn pair(&self) -> (OsString, OsString) {
        ("DRAFT_TASKS_TEST".into(), self.0.clone().into())
    }

    /// How many of them sleep.
    pub(crate) fn sleepers(&self) -> usize {
        self.alive().iter().filter(|(_, command)| command.starts_with("sleep")).count()
    }

    /// The processes of the test that run, with their commands.
    pub(crate) fn alive(&self) -> Vec<(i32, String)> {
        let variable = format!("DRAFT_TASKS_TEST={}", self.0);
        let has_mark = |pid: &i32| {
            let environment = std::fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
            environment.split(|byte| *byte == 0).any(|pair| pair == variable.as_bytes())
        };
        let entries = std::fs::read_dir("/proc").unwrap().flatten();
        let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
        let command = |pid: i32| {
            let words = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            (pid, String::from_utf8_lossy(&words).replace('\0', " "))
        };
        pids.filter(has_mark).map(command).collect()
    }

    #[track_caller]
    pub(crate) fn assert_nothing_left(&self) {
        assert_eq!(self.alive(), [], "processes were left");
    }
}

/// Whatever happens in a test, its processes end with it.
impl Drop for Mark {
    fn drop(&mut self) {
        for (pid, _) in self.alive() {
            let _ = kill_process(Pid::from_raw(pid).unwrap(), Signal::KILL);
        }
    }
}

/// A run under test with everything that it told so far.
pub(crate) struct Run {
    pub(crate) handle: Option<RunHandle>,
    pub(crate) events: mpsc::Receiver<RunEvent>,
    pub(crate) told: Vec<RunEvent>,
    pub(crate) mark: Mark,
    pub(crate) directory: tempfile::TempDir,
}

/// What a test wants to run.
pub(crate) struct Setup {
    pub(crate) steps: Vec<Vec<String>>,
    pub(crate) on_failure: OnFailure,
    pub(crate) grace: Duration,
    pub(crate) limits: Limits,
    pub(crate) secrets: Secrets,
    pub(crate) capacity: usize,
    pub(crate) directory: tempfile::TempDir,
    /// Relative to the temporary directory.
    pub(crate) below: PathBuf,
    pub(crate) mark: Mark,
    pub(crate) gate: Option<TaskGate>,
}

/// A run of these commands, as words.
pub(crate) fn setup(steps: &[&[&str]]) -> Setup {
    let words = |step: &&[&str]| step.iter().map(|word| (*word).to_owned()).collect();
    Setup {
        steps: steps.iter().map(words).collect(),
        on_failure: OnFailure::Stop,
        grace: Duration::from_secs(5),
        limits: Limits::default(),
        secrets: Secrets::default(),
        capacity: 64,
        directory: tempfile::tempdir().unwrap(),
        below: PathBuf::new(),
        mark: Mark::new(),
        gate: None,
    }
}

/// A run of one shell script.
pub(crate) fn script(text: &str) -> Run {
    setup(&[&["sh", "-c", text]]).start()
}

impl Setup {
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub(crate) fn start(self) -> Run {
        // As the server does; all tests of this binary share its orphans.
        draft_tasks_executor::adopt_orphans().unwrap();
        let mark = self.mark;
        let step = |(index, argv): (usize, Vec<String>)| Step {
            task: format!("task {index}"),
            command: argv.join(" "),
            argv,
            ..Step::default()
        };
        let steps = self.steps.into_iter().enumerate().map(step).collect();
        let request = RunRequest {
            plan: Plan { subject: Phase::PreUp.into(), steps },
            directory: self.directory.path().join(self.below),
            environment: vec![("PATH".into(), PATH.into()), mark.pair()],
            on_failure: self.on_failure,
            grace: self.grace,
            limits: self.limits,
            secrets: self.secrets,
            finds_problems: false,
            on_terminal: false,
            pods: None,
            pinned: None,
        };
        let (sender, events) = mpsc::channel(self.capacity);
        let handle = draft_tasks_executor::start(request, self.gate, sender);
        let directory = self.directory;
        Run { handle: Some(handle), events, told: Vec::new(), mark, directory }
    }
}

impl Run {
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub(crate) fn stop(&self, grace: Duration) {
        self.handle.as_ref().expect("a run that goes on").stop(grace);
    }

    pub(crate) async fn next(&mut self) -> RunEvent {
        let event = tokio::time::timeout(DEADLINE, self.events.recv()).await;
        let event = event.unwrap_or_else(|_| panic!("nothing came after {:?}", self.told.last()));
        let event = event.expect("the events ended");
        self.told.push(event.clone());
        event
    }

    /// Until this text was told by any stream of any task.
    pub(crate) async fn until_text(&mut self, text: &str) {
        while !self.told.iter().any(|event| text_of(event).contains(text)) {
            let event = self.next().await;
            assert!(
                !matches!(event, RunEvent::RunFinished { .. }),
                "ended without {text:?}: {:?}",
                self.told
            );
        }
    }

    pub(crate) async fn until_started(&mut self) -> u32 {
        loop {
            if let RunEvent::TaskStarted { pid: Some(pid), .. } = self.next().await {
                return pid;
            }
        }
    }

    /// To the end of the run; checks what is true of every run.
    pub(crate) async fn finish(&mut self) -> RunSummary {
        loop {
            if let RunEvent::RunFinished { summary } = self.next().await {
                if let Some(handle) = self.handle.take() {
                    tokio::time::timeout(DEADLINE, handle.finished()).await.expect("the run goes on");
                }
                assert_eq!(self.events.recv().await, None, "an event after the last");
                check_order(&self.told);
                return summary;
            }
        }
    }

    /// To the end of a run that leaves nothing running.
    pub(crate) async fn finish_clean(&mut self) -> RunSummary {
        let summary = self.finish().await;
        self.mark.assert_nothing_left();
        assert_eq!(self.left_running(), []);
        summary
    }

    pub(crate) fn outcomes(&self) -> Vec<Outcome> {
        let outcome = |event: &RunEvent| match event {
            RunEvent::TaskFinished { outcome, .. } => Some(outcome.clone()),
            _ => None,
        };
        self.told.iter().filter_map(outcome).collect()
    }

    pub(crate) fn left_running(&self) -> Vec<LeftProcess> {
        let left = |event: &RunEvent| match event {
            RunEvent::TaskFinished { left_running, .. } => left_running.clone(),
            _ => Vec::new(),
        };
        self.told.iter().flat_map(left).collect()
    }

    pub(crate) fn text(&self, wanted: usize, of: Stream) -> String {
        self.pieces(wanted).filter(|piece| piece.stream == of).map(|piece| piece.text.as_str()).collect()
    }

    /// What a task wrote, in order.
    pub(crate) fn pieces(&self, wanted: usize) -> impl Iterator<Item = &OutputPiece> {
        let pieces = move |event| match event {
            &RunEvent::Output { task, ref pieces, .. } if task == wanted => pieces.as_slice(),
            _ => &[],
        };
        self.told.iter().flat_map(pieces)
    }

    pub(crate) fn stdout(&self) -> String {
        self.text(0, Stream::Stdout)
    }
}

/// What a task wrote with both streams.
pub(crate) fn text_of(event: &RunEvent) -> String {
    match event {
        RunEvent::Output { pieces, .. } => pieces.iter().map(|piece| piece.text.as_str()).collect(),
        _ => String::new(),
    }
}

/// Begins with the start, ends with the end, tasks one after another, output only of the one that runs.
fn check_order(told: &[RunEvent]) {
    let [RunEvent::RunStarted { tasks, .. }, rest @ .., RunEvent::RunFinished { summary }] = told else {
        panic!("no start or no end: {told:?}");
    };
    let (mut running, mut finished) = (None, 0);
    for event in rest {
        match event {
            RunEvent::TaskStarted { task, pid, .. } => {
                assert_eq!((running, *task), (None, finished), "{told:?}");
                assert!(pid.is_some_and(|pid| pid > 0));
                running = Some(*task);
            }
            RunEvent::Output { task, .. } => {
                assert_eq!(running, Some(*task), "output of a task that does not run");
                let text = text_of(event);
                assert!(!text.is_empty() && text.len() <= draft_tasks_executor::output::MAX_OUTPUT);
            }
            RunEvent::TaskFinished { task, .. } => {
                assert_eq!(*task, finished, "{told:?}");
                running = None;
                finished += 1;
            }
            RunEvent::RunStarted { .. } | RunEvent::RunFinished { .. } => panic!("in the middle: {told:?}"),
            RunEvent::Waiting { .. }
            | RunEvent::PodsLeft { .. }
            | RunEvent::PodsFound { .. }
            | RunEvent::Blocked { .. }
            | RunEvent::Note { .. } => panic!("not on this machine: {told:?}"),
        }
    }
    assert_eq!(finished, tasks.len());
    assert_eq!(summary.passed + summary.failed + summary.stopped + summary.skipped, tasks.len());
}

/// Waits for something that no event tells.
#[track_caller]
pub(crate) fn eventually(what: &str, mut is_true: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_true() {
        assert!(begun.elapsed() < DEADLINE, "never came true: {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// An executable file. It is written by a process of its own: were it written here, a fork of another test at that
/// moment would hold it open for writing.
pub(crate) fn write_script(path: &Path, mode: &str, text: &str) {
    let status = std::process::Command::new("sh")
        .args(["-c", "printf %s \"$1\" > \"$2\" && chmod \"$3\" \"$2\"", "sh", text])
        .arg(path)
        .arg(mode)
        .status();
    assert!(status.unwrap().success());
}

pub(crate) fn make_fifo(path: &Path) {
    assert!(std::process::Command::new("mkfifo").arg(path).status().unwrap().success());
}

pub(crate) fn names(left: &[LeftProcess]) -> HashSet<&str> {
    left.iter().map(|left| left.name.as_str()).collect()
}
