//! A stop ends everything that a task started, and tells the truth about it.

use std::time::{Duration, Instant};

use draft_tasks_executor::{Outcome, RunEvent};

use super::support::*;

const LONG: Duration = Duration::from_secs(3600);

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(portable_tree, ignore = "finds only what stays in the group")]
async fn a_stop_ends_the_whole_tree_and_skips_the_rest() {
    let mut run = setup(&[
        &["sh", "-c", "sleep 600 & (sleep 601 & sleep 602) & setsid sleep 603 & echo ready; wait"],
        &["touch", "never"],
    ])
    .start();
    run.until_text("ready").await;
    run.handle.as_ref().unwrap().stop(LONG);
    let summary = run.finish_clean().await;
    assert_eq!((summary.stopped, summary.skipped), (1, 1));
    assert_eq!(run.outcomes(), [Outcome::Stopped, Outcome::Skipped]);
    assert!(!run.path("never").exists());
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(portable_tree, ignore = "finds only what stays in the group")]
async fn a_stop_ends_two_hundred_processes_in_and_out_of_the_session() {
    let many = "for i in $(seq 100); do sleep 600 & setsid sleep 601 & done; echo ready; wait";
    let mut run = script(many);
    run.until_text("ready").await;
    eventually("all of them run", || run.mark.sleepers() == 200);
    run.stop(LONG);
    assert_eq!(run.finish_clean().await.stopped, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_has_a_session_of_its_own_and_no_terminal() {
    // In the session of this process it could take its terminal.
    let fields = "cut -d ' ' -f 1,5,6,7 /proc/$$/stat";
    let mut run = script(&format!("{fields}; (: </dev/tty) 2>/dev/null || echo no terminal"));
    let pid = run.until_started().await;
    run.finish_clean().await;
    // The process, its group, its session, and no terminal.
    assert_eq!(run.stdout(), format!("{pid} {pid} {pid} 0\nno terminal\n"));
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(portable_tree, ignore = "finds only what stays in the group")]
async fn a_stop_ends_what_left_the_session_and_lost_its_parents() {
    let daemons = "setsid -f sleep 600 >/dev/null 2>&1; setsid -f sh -c 'sleep 601; true' >/dev/null 2>&1";
    let mut run = script(&format!("{daemons}; echo ready; sleep 602"));
    run.until_text("ready").await;
    eventually("all of them run", || run.mark.sleepers() == 3);
    run.stop(LONG);
    assert_eq!(run.finish_clean().await.stopped, 1);
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(portable_tree, ignore = "finds only what stays in the group")]
async fn a_stop_of_one_run_leaves_another_alone() {
    let text = "setsid -f sleep 600 >/dev/null 2>&1; sleep 602 & echo ready; wait";
    let (mut one, mut other) = (script(text), script(text));
    for run in [&mut one, &mut other] {
        run.until_text("ready").await;
        eventually("both sleep", || run.mark.sleepers() == 2);
    }
    one.stop(LONG);
    one.finish_clean().await;
    assert_eq!(other.mark.alive().len(), 3, "{:?}", other.mark.alive());
    other.stop(LONG);
    other.finish_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(portable_tree, ignore = "finds only what stays in the group")]
async fn what_may_be_of_either_of_two_runs_ends_with_the_later_one() {
    let text = "setsid -f sleep 600 >/dev/null 2>&1; echo ready; sleep 602";
    let setup = || setup(&[&["sh", "-c", text]]);
    let mut one = setup().start();
    one.until_text("ready").await;
    let mut other = Setup { mark: one.mark.twin(), ..setup() }.start();
    other.until_text("ready").await;
    eventually("all sleep", || one.mark.sleepers() == 4);
    one.stop(LONG);
    one.finish().await;
    // The other run's two, and the daemon of this one if it was started in the same tick of the clock.
    assert!((2..=3).contains(&one.mark.sleepers()), "{:?}", one.mark.alive());
    other.stop(LONG);
    other.finish_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_ignores_the_request_is_killed_after_the_grace() {
    let mut run =
        script("trap '' TERM; sh -c 'while :; do sleep 600; done' & echo ready; while :; do sleep 600; done");
    run.until_text("ready").await;
    let grace = Duration::from_millis(300);
    let begun = Instant::now();
    run.stop(grace);
    run.finish_clean().await;
    assert!(begun.elapsed() >= grace);
    assert_eq!(run.outcomes(), [Outcome::Stopped]);
}

#[tokio::test(flavor = "multi_thread")]
async fn last_words_of_a_stopped_task_are_heard() {
    let mut run =
        script("trap 'seq 1 100000; echo bye; exit 0' TERM; echo ready; while :; do sleep 0.02; done");
    run.until_text("ready").await;
    run.stop(LONG);
    run.finish_clean().await;
    assert!(run.stdout().ends_with("\n100000\nbye\n"));
    assert_eq!(run.outcomes(), [Outcome::Stopped]);
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(portable_tree, ignore = "finds only what stays in the group")]
async fn only_one_request_is_sent() {
    let mut run = script(
        "trap 'echo asked' TERM; setsid sh -c \"trap 'echo asked' TERM; echo inner; while :; do sleep 0.02; done\" &
         until ps -o sid= -p $! | grep -qw $!; do :; done; echo ready; while :; do sleep 0.02; done",
    );
    run.until_text("inner").await;
    run.until_text("ready").await;
    run.stop(Duration::from_millis(500));
    run.finish_clean().await;
    assert_eq!(run.stdout().matches("asked").count(), 2, "{}", run.stdout());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_halted_task_is_stopped_without_waiting_for_the_grace() {
    let mut run = script("echo ready; kill -STOP $$; echo never");
    run.until_text("ready").await;
    let pid = run.told.iter().find_map(|event| match event {
        RunEvent::TaskStarted { pid, .. } => *pid,
        _ => None,
    });
    let stat = format!("/proc/{}/stat", pid.unwrap());
    eventually("it is halted", || std::fs::read_to_string(&stat).unwrap().contains(") T "));
    run.stop(LONG);
    run.finish_clean().await;
    assert_eq!(run.stdout(), "ready\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_stop_shortens_the_grace_and_never_lengthens_it() {
    for graces in [[LONG, Duration::from_millis(50)], [Duration::from_millis(50), LONG]] {
        let mut run = script("trap '' TERM; echo ready; while :; do sleep 0.02; done");
        run.until_text("ready").await;
        graces.iter().for_each(|grace| run.stop(*grace));
        run.finish_clean().await;
        assert_eq!(run.outcomes(), [Outcome::Stopped]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_stop_shortens_a_grace_that_has_begun() {
    let mut run = script("trap 'echo asked' TERM; echo ready; while :; do sleep 0.02; done");
    run.until_text("ready").await;
    run.stop(Duration::MAX);
    run.until_text("asked").await;
    run.stop(Duration::ZERO);
    run.finish_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(portable_tree, ignore = "finds only what stays in the group")]
async fn a_stop_in_the_instant_of_a_start_leaves_nothing() {
    for round in 0..60 {
        let text = "setsid -f sleep 600 >/dev/null 2>&1 & sleep 601 & setsid sleep 602 & sleep 603";
        let mut run = setup(&[&["sh", "-c", text], &["sleep", "604"]]).start();
        if round % 3 > 0 {
            run.until_started().await;
        }
        (0..round % 7 * 2000).for_each(|_| std::hint::spin_loop());
        run.stop(if round % 2 == 0 { Duration::ZERO } else { LONG });
        let summary = run.finish_clean().await;
        assert_eq!((summary.passed, summary.failed), (0, 0), "round {round}: {:?}", run.told);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_while_no_task_runs_skips_the_next() {
    let mut setup = setup(&[&["./missing"], &["touch", "never"]]);
    setup.capacity = 1;
    setup.on_failure = draft_tasks_executor::OnFailure::Continue;
    let mut run = setup.start();
    // The first event fills the channel, so the end of the first task cannot be told before the stop.
    run.stop(LONG);
    let summary = run.finish_clean().await;
    assert_eq!(summary.skipped + summary.failed, 2);
    assert_eq!(run.outcomes()[1], Outcome::Skipped);
    assert!(!run.path("never").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_does_not_read_delays_no_stop() {
    let mut setup = setup(&[&["sh", "-c", "sleep 600 & yes"]]);
    setup.capacity = 1;
    let mut run = setup.start();
    eventually("it runs", || run.mark.alive().iter().any(|(_, command)| command.starts_with("yes")));
    run.stop(LONG);
    eventually("it is stopped", || run.mark.alive().is_empty());
    run.finish_clean().await;
    assert_eq!(run.outcomes(), [Outcome::Stopped]);
}

#[tokio::test(flavor = "multi_thread")]
async fn dropping_the_handle_stops_the_run() {
    let mut setup = setup(&[&["sh", "-c", "trap '' TERM; sleep 600 & echo ready; wait; wait"], &["true"]]);
    setup.grace = Duration::from_millis(50);
    let mut run = setup.start();
    run.until_text("ready").await;
    drop(run.handle.take());
    run.finish_clean().await;
    assert_eq!(run.outcomes(), [Outcome::Stopped, Outcome::Skipped]);
}

#[tokio::test(flavor = "multi_thread")]
async fn dropping_the_future_that_waits_for_the_end_stops_the_run() {
    let mut run = script("echo ready; sleep 600");
    run.until_text("ready").await;
    let finished = run.handle.take().unwrap().finished();
    assert!(tokio::time::timeout(Duration::ZERO, finished).await.is_err());
    run.finish_clean().await;
    assert_eq!(run.outcomes(), [Outcome::Stopped]);
}

#[test]
#[cfg_attr(portable_tree, ignore = "finds only what stays in the group")]
fn nothing_outlives_the_runtime() {
    for round in 0..10 {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let run = runtime.block_on(async {
            let daemon = "setsid -f sh -c \"trap '' TERM; sleep 600; true\" >/dev/null 2>&1";
            let mut run = script(&format!("trap '' TERM; {daemon}; sleep 601 & echo ready; wait; wait"));
            run.until_text("ready").await;
            if round % 2 == 1 {
                run.stop(LONG);
            }
            run
        });
        assert!(!run.mark.alive().is_empty());
        drop(runtime);
        run.mark.assert_nothing_left();
    }
}
