//! Two programs that run the same phases of a file at once: refused or awaited, as the user says.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::process::Command;

use rustix::process::Signal;

use crate::lifecycle::alone;
use crate::run::assert_unusable;
use crate::tool::{Started, Tool};

/// A command that goes on until the test lets it go; not for ever, as a test that fails may wait for its end.
const WAITS: &str = "sh -c 'echo begun; for i in $(seq 600); do test -e go && exit; sleep 0.1; done; exit 1'";

/// A file whose tasks of `pre-up` and `cleanup` wait, and those of `post-up` do not.
fn waiting() -> Tool {
    alone(&format!("[pre-up]\nwait = \"{WAITS}\"\n[post-up]\na = \"true\"\n[cleanup]\nclean = \"{WAITS}\"\n"))
}

#[track_caller]
fn begun(tool: &Tool, arguments: &[&str]) -> Started {
    let mut started = tool.start(arguments);
    started.wait_for("begun");
    started
}

#[track_caller]
fn let_go(tool: &Tool, started: Started) {
    tool.write("go", b"");
    let called = started.end();
    assert_eq!(called.code, Some(0), "{called:?}");
    std::fs::remove_file(tool.path("go")).expect("it is there");
}

#[test]
fn a_phase_that_runs_is_refused_to_another_program_and_the_other_phases_are_not() {
    let tool = waiting();
    let first = begun(&tool, &["run", "pre-up"]);
    let process = format!("process {})", first.process());
    let said = [
        "pre-up is already running for this file (started at ",
        &process,
        "): stop it, or wait for its end with --wait",
    ];
    assert_unusable(&tool, &["run", "pre-up", "--no-record"], &said);
    let file = tool.path(".draft-tasks.toml").display().to_string();
    assert_unusable(&tool, &["run", "pre-up", "--file", &file], &said);
    assert_eq!(tool.call(&["run", "pre-up", "--dry-run"]).code, Some(0));
    assert_eq!(tool.call(&["run", "post-up"]).code, Some(0));
    let_go(&tool, first);
    let_go(&tool, begun(&tool, &["run", "pre-up"]));
}

#[test]
fn up_and_what_cleans_up_are_refused_to_each_other() {
    let tool = waiting();
    let up = ["up", "--", "true"];
    let first = begun(&tool, &up);
    assert_unusable(&tool, &up, &["up is already running for this file"]);
    assert_unusable(&tool, &["run", "pre-up"], &["up is running for this file", "with --wait"]);
    assert_unusable(&tool, &["run", "cleanup"], &["up is running for this file", "with --wait"]);
    let delete = ["delete", "--", "touch", "deleted"];
    assert_unusable(&tool, &delete, &["up is running for this file", "with --wait"]);
    let_go(&tool, first);
    assert!(!tool.path("deleted").exists());
    for cleans in [&["run", "cleanup"][..], &delete] {
        let first = begun(&tool, cleans);
        for others in [&up[..], &["run", "pre-up"], &["run", "post-up"]] {
            assert_unusable(&tool, others, &["is running for this file (started at ", "with --wait"]);
        }
        let_go(&tool, first);
    }
}

#[test]
fn nothing_is_cleaned_up_or_deleted_beside_a_phase_unless_it_waits_for_its_end() {
    let tool = waiting();
    for cleans in [&["run", "cleanup"][..], &["delete", "--", "true"]] {
        let first = begun(&tool, &["run", "pre-up"]);
        let process = format!("process {})", first.process());
        let said = ["pre-up is running for this file (started at ", &process, "with --wait"];
        assert_unusable(&tool, cleans, &said);
        let (command, rest) = cleans.split_first().expect("a command");
        let mut waits = tool.start(&[&[*command, "--wait"], rest].concat());
        assert!(waits.wait_for_warning("waiting: ").contains("pre-up is running for this file"));
        let_go(&tool, first);
        waits.wait_for("begun");
        let_go(&tool, waits);
    }
}

#[test]
fn who_says_so_waits_for_the_end_of_the_other() {
    let tool = waiting();
    let first = begun(&tool, &["run", "pre-up"]);
    let mut second = tool.start(&["up", "--wait", "--", "touch", "deployed"]);
    let said = second.wait_for_warning("waiting: ");
    assert!(said.contains("pre-up is running for this file (started at "), "{said}");
    assert!(!said.contains("wait for its end"), "{said}");
    assert!(second.lives() && !tool.path("deployed").exists());
    let_go(&tool, first);
    second.wait_for("begun");
    let_go(&tool, second);
    assert!(tool.path("deployed").exists());
}

#[test]
fn who_waits_can_be_stopped_and_a_task_never_waits_for_its_own_run() {
    let tool = waiting();
    let first = begun(&tool, &["run", "pre-up"]);
    let mut second = tool.start(&["run", "pre-up", "--wait"]);
    second.wait_for_warning("waiting: ");
    second.signal(Signal::INT);
    assert_stopped(second, 130);
    for (signal, code) in [(Signal::TERM, 143), (Signal::HUP, 129), (Signal::QUIT, 131)] {
        for arguments in [&["rerun", "--wait"][..], &["up", "--wait", "--", "true"]] {
            let mut waits = tool.start(arguments);
            waits.wait_for_warning("waiting: ");
            waits.signal(signal);
            assert_stopped(waits, code);
        }
    }
    let_go(&tool, first);
    tool.write("go", b"");
    let program = env!("CARGO_BIN_EXE_draft-tasks");
    let called = tool.call(&["up", "--total-timeout", "60", "--", program, "run", "post-up", "--wait"]);
    assert_eq!(called.code, Some(1), "{called:?}");
    assert!(called.stdout.contains("it cannot be awaited: this is one of its tasks"), "{called:?}");
}

#[track_caller]
fn assert_stopped(started: Started, code: i32) {
    let called = started.end();
    assert_eq!((called.code, called.stderr.as_str()), (Some(code), "error: stopped; no task has run\n"));
}

#[test]
fn who_waits_for_variables_can_be_stopped() {
    let tool = waiting();
    let pipe = tool.path("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().expect("mkfifo").success());
    for (signal, code) in [(Signal::INT, 130), (Signal::QUIT, 131)] {
        let mut started = tool.start(&["run", "pre-up", "--env-file", "pipe"]);
        let _writer = writer(&pipe, &mut started);
        started.signal(signal);
        assert_stopped(started, code);
    }
}

/// The other end of a pipe, as soon as the program has opened its own.
#[track_caller]
fn writer(pipe: &Path, started: &mut Started) -> File {
    let flags = rustix::fs::OFlags::NONBLOCK.bits() as i32;
    while started.lives() {
        if let Ok(writer) = OpenOptions::new().write(true).custom_flags(flags).open(pipe) {
            return writer;
        }
        std::thread::yield_now();
    }
    panic!("the program has ended")
}

#[test]
fn a_program_that_is_killed_leaves_nothing_claimed() {
    let tool = waiting();
    let mut first = begun(&tool, &["run", "pre-up"]);
    first.signal(Signal::KILL);
    first.end_unread();
    let second = begun(&tool, &["run", "pre-up"]);
    let_go(&tool, second);
    tool.write("go", b"");
    tool.wait_for_what_was_left();
}

#[test]
fn where_nothing_can_be_locked_it_is_said_once_and_runs() {
    let tool = waiting();
    tool.write("file", b"");
    let nowhere = tool.path("file/state").display().to_string();
    let tool = tool.with("DRAFT_TASKS_STATE_DIR", &nowhere);
    tool.write("go", b"");
    let called = tool.call(&["up", "--no-record", "--", "true"]);
    assert_eq!(called.code, Some(0), "{called:?}");
    assert_eq!(
        called.stderr.matches("it is not known whether another program runs").count(),
        1,
        "{called:?}"
    );
}

#[test]
fn applications_that_share_the_text_of_a_tasks_file_run_at_the_same_time() {
    let tool = waiting();
    for app in ["one", "two"] {
        std::fs::create_dir(tool.path(app)).expect("a folder");
        let link = tool.path(app).join(".draft-tasks.toml");
        std::os::unix::fs::symlink("../.draft-tasks.toml", link).expect("a link");
    }
    let one = begun(&tool, &["-C", "one", "run", "pre-up"]);
    let two = begun(&tool, &["-C", "two", "run", "pre-up"]);
    let refused = tool.call(&["-C", "one", "run", "pre-up"]);
    assert!(
        refused.code == Some(2) && refused.stderr.contains("already running for this file"),
        "{refused:?}"
    );
    for (started, app) in [(one, "one"), (two, "two")] {
        tool.write(&format!("{app}/go"), b"");
        assert_eq!(started.end().code, Some(0));
    }
}
