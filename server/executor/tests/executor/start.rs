//! What a task is started with, and what it is told as when it does not start.

use std::path::PathBuf;
use std::time::Duration;

use draft_tasks_executor::{Failure, OnFailure, Outcome, OutcomeName, RunEvent, StartError, Stream};

use super::support::*;

fn not_started(error: StartError) -> Outcome {
    Outcome::Failed(Failure::NotStarted(error))
}

#[tokio::test(flavor = "multi_thread")]
async fn tasks_run_in_order_in_their_directory_with_their_environment_and_nothing_to_read() {
    let mut run = setup(&[
        &["pwd"],
        &["env"],
        &["cat"],
        &["sh", "-c", "echo err >&2"],
        &["sh", "-c", "ps -o sid= -p $$; echo $$"],
    ])
    .start();
    let summary = run.finish_clean().await;
    assert_eq!((summary.passed, summary.outcome()), (5, OutcomeName::Passed));
    assert_eq!(run.stdout().trim_end(), run.directory.path().canonicalize().unwrap().to_str().unwrap());
    let mark = run.mark.pair().1.into_string().unwrap();
    let mut environment: Vec<_> = run.text(1, Stream::Stdout).lines().map(str::to_owned).collect();
    environment.sort();
    assert_eq!(environment, [format!("DRAFT_TASKS_TEST={mark}"), format!("PATH={PATH}")]);
    assert_eq!(run.text(2, Stream::Stdout), "");
    assert_eq!(run.text(3, Stream::Stderr), "err\n");
    let session = run.text(4, Stream::Stdout);
    let ids: Vec<_> = session.split_whitespace().collect();
    assert_eq!(ids[0], ids[1], "a task leads a session of its own");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_shell_touches_the_arguments() {
    let mut run = setup(&[&["printf", "<%s>", "a b", "", "*", "$PATH", "\"x\" && y"]]).start();
    run.finish_clean().await;
    assert_eq!(run.stdout(), "<a b><><*><$PATH><\"x\" && y>");
}

#[tokio::test(flavor = "multi_thread")]
async fn programs_are_sought_from_the_directory_of_the_tasks() {
    let setup = setup(&[&["./hello.sh", "x"]]);
    write_script(&setup.path("hello.sh"), "755", "#!/bin/sh\necho \"$0 $1\"\n");
    let mut run = setup.start();
    run.finish_clean().await;
    assert_eq!(run.stdout(), "./hello.sh x\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn exit_codes_and_signals_are_told() {
    let mut setup = setup(&[&["true"], &["sh", "-c", "exit 3"], &["sh", "-c", "kill -9 $$"], &["false"]]);
    setup.on_failure = OnFailure::Continue;
    let mut run = setup.start();
    let summary = run.finish_clean().await;
    assert_eq!((summary.passed, summary.failed), (1, 3));
    let failed = [Failure::ExitCode(3), Failure::Signal(9), Failure::ExitCode(1)].map(Outcome::Failed);
    assert_eq!(run.outcomes()[0], Outcome::Passed);
    assert_eq!(run.outcomes()[1..], failed);
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_failure_the_rest_is_skipped() {
    let mut run = setup(&[&["true"], &["false"], &["touch", "never"], &["true"]]).start();
    let summary = run.finish_clean().await;
    assert_eq!((summary.passed, summary.failed, summary.skipped), (1, 1, 2));
    assert_eq!(run.outcomes()[2..], [Outcome::Skipped, Outcome::Skipped]);
    assert!(!run.path("never").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_started_is_told_with_its_reason() {
    let mut setup = setup(&[
        &["draft-tasks-no-such-program"],
        &["./missing"],
        &["./plain"],
        &["./directory"],
        &["./text"],
        &["./empty"],
        &["./no-interpreter"],
        &["./carriage-return"],
        &["./fifo"],
        &["sh", "-c", "exit 0", "a\0b"],
        &[],
    ]);
    setup.on_failure = OnFailure::Continue;
    std::fs::create_dir(setup.path("directory")).unwrap();
    write_script(&setup.path("plain"), "644", "#!/bin/sh\n");
    write_script(&setup.path("text"), "755", "echo a shell must not run this\n");
    write_script(&setup.path("empty"), "755", "");
    write_script(&setup.path("no-interpreter"), "755", "#!/no/such/interpreter -x\n");
    write_script(&setup.path("carriage-return"), "755", "#!/bin/sh\r\n");
    make_fifo(&setup.path("fifo"));
    let root = setup.directory.path().to_owned();
    let mut run = setup.start();
    assert_eq!(run.finish_clean().await.failed, 11);

    let not_executable = |name: &str, reason: &str| {
        not_started(StartError::NotExecutable { path: root.join(name), reason: reason.into() })
    };
    let program = |name: &str| name.to_owned();
    let searched = Some(PATH.split(':').map(PathBuf::from).collect());
    let outcomes = run.outcomes();
    let expected = [
        not_started(StartError::NotFound { program: program("draft-tasks-no-such-program"), searched }),
        not_started(StartError::NotFound { program: program("./missing"), searched: None }),
        not_executable("./plain", "permission denied"),
        not_executable("./directory", "it is a directory"),
        not_executable("./text", "exec format error: it is text without a `#!` line"),
        not_executable("./empty", "the file is empty"),
        not_executable("./no-interpreter", "its interpreter `/no/such/interpreter` does not exist"),
        not_executable(
            "./carriage-return",
            "its first line names the interpreter `/bin/sh` and ends with a carriage return",
        ),
        not_executable("./fifo", "it is not a regular file"),
    ];
    assert_eq!(outcomes[..9], expected);
    assert!(
        matches!(&outcomes[9], Outcome::Failed(Failure::NotStarted(StartError::Other { program, .. })) if program == "sh")
    );
    assert!(matches!(&outcomes[10], Outcome::Failed(Failure::NotStarted(StartError::Other { .. }))));
    assert!(!run.told.iter().any(|event| matches!(event, RunEvent::TaskStarted { .. })));
    let durations = run.told.iter().filter_map(|event| match event {
        RunEvent::TaskFinished { duration, .. } => Some(*duration),
        _ => None,
    });
    assert!(durations.into_iter().all(|duration| duration == Duration::ZERO));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_directory_is_told_as_such() {
    let mut setup = setup(&[&["true"]]);
    setup.below = "gone".into();
    let directory = setup.path("gone");
    let mut run = setup.start();
    run.finish_clean().await;
    let reason = format!("the directory `{}` does not exist", directory.display());
    assert_eq!(run.outcomes(), [not_started(StartError::Other { program: "true".into(), reason })]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_is_being_written_is_awaited() {
    let setup = setup(&[&["./busy"]]);
    let path = setup.path("busy");
    std::fs::copy("/bin/true", &path).unwrap();
    let writer = std::fs::OpenOptions::new().append(true).open(&path).unwrap();
    let mut run = setup.start();
    // No event tells that it was tried; if it is tried only after this, the test is merely easier.
    tokio::time::sleep(Duration::from_millis(30)).await;
    drop(writer);
    assert_eq!(run.finish_clean().await.outcome(), OutcomeName::Passed);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_without_tasks_begins_and_ends() {
    let mut run = setup(&[]).start();
    assert_eq!(run.finish_clean().await.outcome(), OutcomeName::Passed);
    assert_eq!(run.told.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_short_tasks() {
    let steps: Vec<&[&str]> = vec![&["true"]; 200];
    let mut run = setup(&steps).start();
    let summary = run.finish_clean().await;
    assert_eq!(summary.passed, 200);
    println!("200 tasks in {:?}", summary.duration);
}
