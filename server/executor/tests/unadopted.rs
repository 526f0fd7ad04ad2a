//! What a stop finds while the executor was not told to adopt orphans: a process of its own, since that is for ever.
#![cfg(target_os = "linux")]

use std::time::Duration;

use draft_tasks_analysis::phase::Phase;
use draft_tasks_analysis::plan::{Plan, Step};
use draft_tasks_executor::mask::Secrets;
use draft_tasks_executor::{Limits, OnFailure, Outcome, RunEvent, RunRequest, start};
use tokio::sync::mpsc;

/// It leaves the session, its parent ends at the request, and then nothing but memory links it to the task.
const SCRIPT: &str =
    "setsid sh -c 'trap : TERM; echo $$; while :; do sleep 0.02; done' & wait; echo parent has ended";

#[tokio::test(flavor = "multi_thread")]
async fn what_was_seen_once_is_not_lost_with_its_parent() {
    let argv = ["sh", "-c", SCRIPT].map(str::to_owned).to_vec();
    let step = Step { task: "task".into(), command: argv.join(" "), argv, ..Step::default() };
    let request = RunRequest {
        plan: Plan { subject: Phase::PreUp.into(), steps: vec![step] },
        directory: std::env::temp_dir(),
        environment: vec![("PATH".into(), "/usr/local/bin:/usr/bin:/bin".into())],
        on_failure: OnFailure::Stop,
        grace: Duration::from_secs(1),
        limits: Limits::default(),
        secrets: Secrets::default(),
        finds_problems: false,
        on_terminal: false,
        pods: None,
        pinned: None,
    };
    let (sender, mut events) = mpsc::channel(64);
    let handle = start(request, None, sender);
    let mut pid = String::new();
    let mut outcomes = Vec::new();
    while let Some(event) = events.recv().await {
        match event {
            RunEvent::Output { pieces, .. } => {
                pid.push_str(pieces[0].text.trim_end());
                handle.stop(Duration::from_millis(300));
            }
            RunEvent::TaskFinished { outcome, left_running, .. } => outcomes.push((outcome, left_running)),
            _ => {}
        }
    }
    assert_eq!(outcomes, [(Outcome::Stopped, vec![])]);
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    assert!(status.is_empty() || status.contains("State:\tZ"), "{status}");
}
