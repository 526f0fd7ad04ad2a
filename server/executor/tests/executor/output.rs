//! Output is complete, bounded, and told while the task goes on.

use std::io::Write;
use std::time::Duration;

use draft_tasks_executor::output::{BATCH, MAX_OUTPUT};
use draft_tasks_executor::{Failure, Outcome, RunEvent, Stream};

use super::support::*;

#[tokio::test(flavor = "multi_thread")]
async fn ten_megabytes_of_both_streams_are_complete() {
    let text = "seq 1 1000000 & seq 1 1000000 >&2; wait";
    let mut run = script(text);
    run.finish_clean().await;
    let expected: String = (1..=1_000_000).map(|number| format!("{number}\n")).collect();
    for stream in [Stream::Stdout, Stream::Stderr] {
        assert!(run.text(0, stream) == expected, "{stream:?} differs");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_words_are_complete_however_often_they_are_said() {
    let steps: Vec<&[&str]> = vec![&["sh", "-c", "printf 'a\nb'; printf 'c\nd' >&2"]; 100];
    let mut run = setup(&steps).start();
    run.finish_clean().await;
    for task in 0..100 {
        assert_eq!(run.text(task, Stream::Stdout), "a\nb");
        assert_eq!(run.text(task, Stream::Stderr), "c\nd");
    }
}

fn resident_bytes() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<usize>().unwrap() * 1024
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endless_line_is_passed_in_parts() {
    const LENGTH: usize = 100_000_000;
    let mut run = script("head -c 100000000 /dev/zero | tr '\\0' x");
    let before = resident_bytes();
    let (mut length, mut most) = (0, 0);
    loop {
        let event = run.events.recv().await.unwrap();
        match event {
            RunEvent::Output { .. } => {
                let text = text_of(&event);
                assert!(text.len() <= MAX_OUTPUT && text.bytes().all(|byte| byte == b'x'));
                length += text.len();
                most = most.max(resident_bytes());
            }
            RunEvent::RunFinished { .. } => break,
            _ => {}
        }
    }
    assert_eq!(length, LENGTH);
    // Other tests run in this process, with their 10 MB; the line has ten times that.
    assert!(most.saturating_sub(before) < LENGTH * 3 / 4, "{before} grew to {most}");
    run.mark.assert_nothing_left();
}

#[tokio::test(flavor = "multi_thread")]
async fn letters_are_joined_over_reads_and_invalid_bytes_replaced() {
    let setup =
        setup(&[&["sh", "-c", "printf 'a\\303'; read go < fifo; printf '\\244\\377b\\r\\n\\342\\202'"]]);
    make_fifo(&setup.path("fifo"));
    let mut run = setup.start();
    // The part of a line is told while the task waits, but not the half letter.
    run.until_text("a").await;
    std::fs::OpenOptions::new().write(true).open(run.path("fifo")).unwrap().write_all(b"go\n").unwrap();
    run.finish_clean().await;
    assert_eq!(run.stdout(), "aä\u{fffd}b\r\n\u{fffd}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_that_closes_its_output_is_waited_for() {
    let mut run = script("echo before; exec >&- 2>&-; sleep 0.3; exit 3");
    run.finish_clean().await;
    assert_eq!(run.outcomes(), [Outcome::Failed(Failure::ExitCode(3))]);
    assert_eq!(run.stdout(), "before\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn output_comes_while_the_task_goes_on() {
    let setup = setup(&[&["sh", "-c", "echo one; read go < after-one; echo two >&2; read go < after-two"]]);
    // One for each, since a reader that opens it while the last writer closes it reads nothing.
    ["after-one", "after-two"].iter().for_each(|fifo| make_fifo(&setup.path(fifo)));
    let mut run = setup.start();
    for (text, fifo) in [("one\n", "after-one"), ("two\n", "after-two")] {
        // The task cannot go on before it was heard.
        run.until_text(text).await;
        std::fs::OpenOptions::new().write(true).open(run.path(fifo)).unwrap().write_all(b"go\n").unwrap();
    }
    run.finish_clean().await;
    assert_eq!((run.stdout(), run.text(0, Stream::Stderr)), ("one\n".into(), "two\n".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn many_lines_make_few_events() {
    let mut run = script("i=0; while [ $i -lt 30000 ]; do echo $i; i=$((i+1)); done");
    let summary = run.finish_clean().await;
    let pieces = run.told.iter().filter(|event| matches!(event, RunEvent::Output { .. })).count();
    let text = run.stdout();
    assert_eq!(text.lines().count(), 30_000);
    let allowed = summary.duration.as_millis() / BATCH.as_millis() + (text.len() / MAX_OUTPUT) as u128 + 2;
    assert!(pieces as u128 <= allowed, "{pieces} events in {:?}", summary.duration);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_reader_slows_the_task() {
    let mut setup = setup(&[&["sh", "-c", "echo begin; seq 1 1000000; touch done"]]);
    setup.capacity = 1;
    let mut run = setup.start();
    run.until_text("begin").await;
    // Not a wait for anything: however long it takes, a task that nobody hears cannot come to its end.
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(!run.path("done").exists());
    run.finish_clean().await;
    assert!(run.path("done").exists());
    assert_eq!(run.stdout().lines().count(), 1_000_001);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_is_slower_than_the_end_of_the_task_gets_everything() {
    let mut setup = setup(&[&["sh", "-c", "seq 1 10000; touch done"]]);
    setup.capacity = 1;
    let mut run = setup.start();
    // Nothing is read before somebody listens, so all of it stays in the pipe, for longer than a held pipe is awaited.
    eventually("the task is done", || run.path("done").exists());
    tokio::time::sleep(draft_tasks_executor::run::HELD_OPEN * 3 / 2).await;
    run.finish_clean().await;
    assert!(run.stdout().ends_with("\n10000\n"));
    assert_eq!(run.stdout().lines().count(), 10_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_goes_on_when_nobody_listens() {
    let mut run = script("seq 1 100000; touch done");
    run.events.close();
    run.handle.take().unwrap().finished().await;
    assert!(run.path("done").exists());
    run.mark.assert_nothing_left();
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_are_told_in_the_order_in_which_they_were_written() {
    let writer = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/tools/alternate.py");
    let mut run = setup(&[&["python3", writer, "1000"]]).start();
    run.finish_clean().await;
    let told = run.pieces(0).flat_map(|piece| piece.text.lines().map(|line| (piece.stream, line)));
    for (number, (stream, line)) in told.enumerate() {
        assert_eq!((stream, line.parse()), (Stream::BOTH[number % 2], Ok(number)));
    }
    assert_eq!(run.pieces(0).flat_map(|piece| piece.text.lines()).count(), 1000);
}
