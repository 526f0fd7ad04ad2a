//! `draft-tasks runs` where those of several tasks files are meant: what is said and asked.

use std::io::Write;

use crate::run::tasks;
use crate::terminal::{read_until, terminal};

#[test]
fn on_a_terminal_it_is_asked_before_those_of_all_files_are_removed() {
    let tool = tasks("pre-up", &[("one", "true")]);
    assert_eq!(tool.call(&["run", "pre-up"]).code, Some(0));
    for (answer, code, left) in [("n\r", 2, 1), ("y\r", 0, 0)] {
        let (mut ours, theirs) = terminal();
        let mut started = tool.start_asking(&["runs", "rm", "--all"], theirs);
        let mut text = String::new();
        read_until(
            &mut ours,
            &mut text,
            Some("remove the records of 1 run, those of every tasks file? [y/N] "),
        );
        ours.write_all(answer.as_bytes()).expect("the terminal is open");
        assert_eq!(started.end_unread(), Some(code), "{text}");
        assert_eq!(tool.record_folders().len(), left);
    }
}

#[test]
fn without_a_tasks_file_those_of_all_are_listed_with_their_files() {
    let tool = tasks("pre-up", &[("one", "true")]);
    tool.write("elsewhere/file", b"");
    assert_eq!(tool.call(&["run", "pre-up"]).code, Some(0));
    let file = tool.path(".draft-tasks.toml").display().to_string();
    let called = tool.call(&["-C", "elsewhere", "runs"]);
    assert_eq!(called.stderr, "there is no tasks file here: these are the runs of all tasks files\n");
    assert!(called.code == Some(0) && called.stdout.contains(&file), "{called:?}");
    let called = tool.call(&["runs"]);
    assert!(called.stderr.is_empty() && !called.stdout.contains(&file), "{called:?}");
    assert!(tool.call(&["runs", "--all"]).stdout.contains(&file));
}
