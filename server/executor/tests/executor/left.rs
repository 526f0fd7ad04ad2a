//! What a task leaves running on purpose is left alone, and told.

use std::time::{Duration, Instant};

use draft_tasks_executor::mask::Secrets;
use draft_tasks_executor::{Outcome, RunEvent};

use super::support::*;

const LONG: Duration = Duration::from_secs(3600);

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(portable_tree, ignore = "names no processes")]
async fn a_held_pipe_is_awaited_for_a_bounded_time() {
    let mut run = setup(&[&["sh", "-c", "sleep 600 & echo x"], &["true"]]).start();
    let begun = Instant::now();
    let summary = run.finish().await;
    assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", begun.elapsed());
    assert_eq!((summary.passed, run.stdout()), (2, "x\n".into()));
    let left = run.left_running();
    let alive: Vec<_> = run.mark.alive().iter().map(|(pid, _)| pid.unsigned_abs()).collect();
    assert_eq!(left.iter().map(|left| left.pid).collect::<Vec<_>>(), alive);
    assert_eq!(names(&left), ["sleep"].into());
    let first = run.told.iter().find_map(|event| match event {
        RunEvent::TaskFinished { duration, .. } => Some(*duration),
        _ => None,
    });
    assert!(first.unwrap() < draft_tasks_executor::run::HELD_OPEN, "the wait is not the task's time");
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(portable_tree, ignore = "finds only what stays in the group")]
async fn a_name_that_is_a_secret_is_not_told() {
    let mut setup = setup(&[&["sh", "-c", "setsid -f sleep 600 >/dev/null 2>&1"]]);
    setup.secrets = Secrets::new([std::ffi::OsStr::new("sleep")]);
    let mut run = setup.start();
    run.finish().await;
    assert_eq!(names(&run.left_running()), ["***"].into());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endless_writer_on_a_held_pipe_is_not_read_for_ever() {
    let mut setup = setup(&[&["sh", "-c", "yes & echo x"]]);
    setup.capacity = 1;
    let mut run = setup.start();
    let begun = Instant::now();
    // So slow that there is always more to read.
    while !matches!(run.next().await, RunEvent::RunFinished { .. }) {
        run.told.clear();
        assert!(begun.elapsed() < DEADLINE, "it is read for ever");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    eventually("nobody reads, so it ends", || run.mark.alive().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(portable_tree, ignore = "finds only what stays in the group")]
async fn daemons_of_a_finished_run_survive_the_stop_of_an_older_one() {
    let mut older = script("echo ready; sleep 601");
    older.until_text("ready").await;
    let mut run = script("setsid -f sleep 600 >/dev/null 2>&1");
    run.finish().await;
    assert_eq!(run.left_running().len(), 1);
    older.stop(LONG);
    older.finish_clean().await;
    eventually("it sleeps on", || run.mark.sleepers() == 1);
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(portable_tree, ignore = "finds only what stays in the group")]
async fn daemons_are_told_and_survive_later_stops() {
    let mut run = setup(&[
        &["sh", "-c", "setsid -f sleep 600 >/dev/null 2>&1; sleep 601 >/dev/null 2>&1 &"],
        &["sh", "-c", "echo ready; sleep 602"],
    ])
    .start();
    run.until_text("ready").await;
    run.stop(LONG);
    run.finish().await;
    assert_eq!(run.outcomes(), [Outcome::Passed, Outcome::Stopped]);
    eventually("they sleep on", || run.mark.sleepers() == 2);
    let (left, alive) = (run.left_running(), run.mark.alive());
    // Told as soon as they are left, so one may not have become `sleep` yet.
    assert_eq!(left.len(), 2, "{left:?}");
    let mut commands: Vec<_> = alive.iter().map(|(_, command)| command.trim_end()).collect();
    commands.sort_unstable();
    assert_eq!(commands, ["sleep 600", "sleep 601"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_while_a_pipe_is_held_ends_the_holder_and_keeps_the_outcome() {
    let mut run = setup(&[&["sh", "-c", "sleep 600 & echo x"], &["true"]]).start();
    let pid = run.until_started().await;
    eventually("the task itself has ended", || !std::path::Path::new(&format!("/proc/{pid}")).exists());
    run.stop(LONG);
    run.finish_clean().await;
    assert_eq!(run.outcomes(), [Outcome::Passed, Outcome::Skipped]);
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(portable_tree, ignore = "who has ended counts until its parent has waited for it")]
async fn what_ends_a_moment_later_is_not_told() {
    let mut run = script("setsid sh -c 'read x' </dev/null >/dev/null 2>&1 & sleep 0.01 >/dev/null 2>&1 &");
    run.finish_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(portable_tree, ignore = "finds only what stays in the group")]
async fn adopted_processes_are_removed_when_they_end() {
    let setup = setup(&[&["sh", "-c", "setsid -f sh -c 'echo $$ > pid; read go < fifo' >/dev/null 2>&1"]]);
    make_fifo(&setup.path("fifo"));
    let mut run = setup.start();
    run.finish().await;
    assert_eq!(run.left_running().len(), 1, "{:?}", run.left_running());
    let pid = std::fs::read_to_string(run.path("pid")).unwrap();
    let entry = format!("/proc/{}", pid.trim_end());
    let status = std::fs::read_to_string(format!("{entry}/status")).unwrap();
    assert!(status.contains(&format!("PPid:\t{}\n", std::process::id())), "{status}");
    drop(std::fs::OpenOptions::new().write(true).open(run.path("fifo")).unwrap());
    eventually("it is gone", || !std::path::Path::new(&entry).exists());
}
