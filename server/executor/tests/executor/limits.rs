//! Limits end tasks as a stop does, and are told as failures.

use std::time::Duration;

use draft_tasks_executor::{Failure, OnFailure, Outcome};

use super::support::*;

const SHORT: Duration = Duration::from_millis(50);

fn timed_out() -> Outcome {
    Outcome::Failed(Failure::TimedOut(SHORT))
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(portable_tree, ignore = "finds only what stays in the group")]
async fn a_task_that_takes_too_long_fails_and_all_of_it_ends() {
    let mut setup = setup(&[
        &["sh", "-c", "setsid -f sleep 600 >/dev/null 2>&1; sleep 601 & sleep 602"],
        &["touch", "never"],
    ]);
    setup.limits.task = Some(SHORT);
    let mut run = setup.start();
    let summary = run.finish_clean().await;
    assert_eq!((summary.failed, summary.skipped), (1, 1));
    assert_eq!(run.outcomes(), [timed_out(), Outcome::Skipped]);
    assert!(!run.path("never").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn each_task_has_its_own_time() {
    let mut setup = setup(&[&["sleep", "600"], &["true"], &["sleep", "600"]]);
    (setup.limits.task, setup.on_failure) = (Some(Duration::from_secs(1)), OnFailure::Continue);
    let mut run = setup.start();
    run.finish_clean().await;
    let timed_out = Outcome::Failed(Failure::TimedOut(Duration::from_secs(1)));
    assert_eq!(run.outcomes(), [timed_out.clone(), Outcome::Passed, timed_out]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_it_writes_while_it_ends_is_told_and_a_stubborn_one_is_killed() {
    let script = "trap 'echo last words' TERM; touch ready; while :; do sleep 0.02; done";
    let mut setup = setup(&[&["sh", "-c", script]]);
    (setup.limits.task, setup.grace) = (Some(Duration::from_secs(1)), Duration::from_millis(300));
    let mut run = setup.start();
    run.finish_clean().await;
    assert_eq!(run.outcomes(), [Outcome::Failed(Failure::TimedOut(Duration::from_secs(1)))]);
    assert!(run.stdout().contains("last words"), "{:?}", run.told);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_shortens_the_time_that_a_timed_out_task_has_left() {
    let mut setup =
        setup(&[&["sh", "-c", "trap 'echo asked' TERM; while :; do sleep 0.02; done"], &["true"]]);
    (setup.limits.task, setup.grace) = (Some(Duration::from_secs(1)), Duration::from_secs(3600));
    setup.on_failure = OnFailure::Continue;
    let mut run = setup.start();
    run.until_text("asked").await;
    run.stop(Duration::ZERO);
    run.finish_clean().await;
    assert_eq!(
        run.outcomes(),
        [Outcome::Failed(Failure::TimedOut(Duration::from_secs(1))), Outcome::Skipped]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_takes_too_long_is_over() {
    let mut setup = setup(&[&["true"], &["sleep", "600"], &["touch", "never"]]);
    let limit = Duration::from_secs(1);
    (setup.limits.run, setup.on_failure) = (Some(limit.into()), OnFailure::Continue);
    let mut run = setup.start();
    run.finish_clean().await;
    let over = Outcome::Failed(Failure::RunTimedOut(limit));
    assert_eq!(run.outcomes(), [Outcome::Passed, over, Outcome::Skipped]);
    assert!(!run.path("never").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_look_that_is_not_answered_does_not_outlast_the_run() {
    let (answer, unanswered) = std::sync::mpsc::channel::<()>();
    let unanswered = std::sync::Mutex::new(unanswered);
    let mut setup = setup(&[&["touch", "never"]]);
    setup.limits.run = Some(SHORT.into());
    setup.gate = Some(Box::new(move |_, _| {
        let _ = unanswered.lock().unwrap().recv();
        Ok(Vec::new())
    }));
    let mut run = setup.start();
    run.finish_clean().await;
    drop(answer);
    assert_eq!(run.outcomes(), [Outcome::Failed(Failure::RunTimedOut(SHORT))]);
    assert!(!run.path("never").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_that_are_not_reached_and_never_will_be_change_nothing() {
    let mut setup = setup(&[&["true"], &["false"]]);
    (setup.limits.task, setup.limits.run) = (Some(Duration::MAX), Some(Duration::from_secs(3600).into()));
    let mut run = setup.start();
    run.finish_clean().await;
    assert_eq!(run.outcomes(), [Outcome::Passed, Outcome::Failed(Failure::ExitCode(1))]);
}
