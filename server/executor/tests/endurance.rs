//! Many runs in a row leave nothing behind: a process of its own, since what is open is common to all of it.
#![allow(clippy::unwrap_used)]
#![cfg(target_os = "linux")]

use std::path::Path;
use std::time::{Duration, Instant};

use draft_tasks_analysis::phase::Phase;
use draft_tasks_analysis::plan::{Plan, Step};
use draft_tasks_executor::mask::Secrets;
use draft_tasks_executor::record::Records;
use draft_tasks_executor::{Limits, OnFailure, Outcome, RunEvent, RunRequest, adopt_orphans, start};
use tokio::sync::mpsc;

const RUNS: usize = 500;

/// Long enough for a machine that does much else.
const DEADLINE: Duration = Duration::from_secs(15);

fn request(directory: &Path) -> RunRequest {
    let argv = ["sh", "-c", "echo started; sleep 600 & sleep 601"].map(str::to_owned).to_vec();
    let step = Step { task: "task".into(), command: argv.join(" "), argv, ..Step::default() };
    RunRequest {
        plan: Plan { subject: Phase::PreUp.into(), steps: vec![step] },
        directory: directory.to_owned(),
        environment: vec![("PATH".into(), "/usr/local/bin:/usr/bin:/bin".into())],
        on_failure: OnFailure::Stop,
        grace: DEADLINE,
        limits: Limits { task: Some(DEADLINE), run: None },
        secrets: Secrets::new(["hunter2".as_ref()]),
        finds_problems: false,
        on_terminal: false,
        pods: None,
        pinned: None,
    }
}

/// Starts a run, stops it when its task has begun, and records it.
async fn start_and_stop(directory: &Path, records: &Records) {
    let request = request(directory);
    let mut recorder = records.begin(&request, &directory.join("file")).unwrap();
    let (sender, mut events) = mpsc::channel(8);
    let handle = start(request, None, sender);
    let mut outcome = None;
    while let Some(event) = events.recv().await {
        assert_eq!(recorder.take(&recorder.about().tell(&event)), None);
        match event {
            RunEvent::TaskStarted { .. } => handle.stop(DEADLINE),
            RunEvent::TaskFinished { outcome: told, .. } => outcome = Some(told),
            _ => {}
        }
    }
    handle.finished().await;
    assert_eq!(outcome, Some(Outcome::Stopped));
}

/// How many files are open, how many threads there are, and how many children, ended ones too.
fn held() -> [usize; 3] {
    let count = |path: &str| std::fs::read_dir(path).unwrap().count();
    let children = std::fs::read_dir("/proc/self/task").unwrap().flatten().map(|thread| {
        let children = std::fs::read_to_string(thread.path().join("children")).unwrap_or_default();
        children.split_whitespace().count()
    });
    [count("/proc/self/fd"), count("/proc/self/task"), children.sum()]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn many_starts_and_stops_leave_nothing_behind() {
    adopt_orphans().unwrap();
    let directory = tempfile::tempdir().unwrap();
    let records = Records { keep: 5, ..Records::at(directory.path().join("runs")) };
    for _ in 0..10 {
        start_and_stop(directory.path(), &records).await;
    }
    let before = held();
    for _ in 0..RUNS {
        start_and_stop(directory.path(), &records).await;
    }
    // Orphans are collected a moment after they have ended.
    let begun = Instant::now();
    while held().iter().zip([before[0], before[1], 0]).any(|(now, before)| *now > before) {
        assert!(begun.elapsed() < DEADLINE, "before {before:?}, now {:?}", held());
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(records.list().unwrap().len(), 5);
}
