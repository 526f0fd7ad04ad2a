//! Secrets are in no event, however they come.

use std::ffi::OsStr;

use draft_tasks_executor::Stream;
use draft_tasks_executor::mask::Secrets;

use super::support::*;

fn secrets() -> Secrets {
    Secrets::new([OsStr::new("hunter2")])
}

#[tokio::test(flavor = "multi_thread")]
async fn of_both_streams_also_in_pieces() {
    let text = "printf hunt; sleep 0.4; printf 'er2\\n'; printf 'hunter2 and hunt' >&2";
    let mut setup = setup(&[&["sh", "-c", text]]);
    setup.secrets = secrets();
    let mut run = setup.start();
    run.finish_clean().await;
    assert_eq!((run.stdout().as_str(), run.text(0, Stream::Stderr).as_str()), ("***\n", "*** and hunt"));
    assert!(!format!("{:?}", run.told).contains("hunter"), "{:?}", run.told);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_what_a_task_that_is_killed_had_begun_to_write() {
    let mut setup = setup(&[&["sh", "-c", "echo ready; printf hunt; sleep 600"]]);
    setup.secrets = secrets();
    let mut run = setup.start();
    run.until_text("ready").await;
    eventually("it sleeps", || run.mark.sleepers() == 1);
    run.stop(std::time::Duration::from_secs(3600));
    run.finish_clean().await;
    assert_eq!(run.stdout(), "ready\nhunt");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_programs_that_are_not_there() {
    let mut setup = setup(&[&["./hunter2"]]);
    setup.secrets = secrets();
    let mut run = setup.start();
    run.finish_clean().await;
    assert!(!format!("{:?}", run.outcomes()).contains("hunter2"), "{:?}", run.outcomes());
}

#[tokio::test(flavor = "multi_thread")]
async fn of_very_much_output() {
    let mut setup = setup(&[&["sh", "-c", "yes 'a hunter2 b' | head -n 200000"]]);
    setup.secrets = secrets();
    let mut run = setup.start();
    run.finish_clean().await;
    let text = run.stdout();
    assert!(text.lines().all(|line| line == "a *** b"));
    assert_eq!(text.lines().count(), 200_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_may_become_a_secret_waits_whatever_the_other_stream_writes() {
    // One for each step: whoever reads it again at once may meet its writer before that has closed it.
    let text = "printf 'a hunt'; read go < one; echo other >&2; read go < two; echo er2";
    let mut setup = setup(&[&["sh", "-c", text]]);
    setup.secrets = secrets();
    ["one", "two"].iter().for_each(|step| make_fifo(&setup.path(step)));
    let mut run = setup.start();
    for (told, step) in [("a ", "one"), ("other\n", "two")] {
        run.until_text(told).await;
        std::fs::write(run.path(step), "go\n").unwrap();
    }
    run.finish_clean().await;
    let told: Vec<_> = run.pieces(0).map(|piece| (piece.stream, piece.text.as_str())).collect();
    assert_eq!(told, [(Stream::Stdout, "a "), (Stream::Stderr, "other\n"), (Stream::Stdout, "***\n")]);
}
