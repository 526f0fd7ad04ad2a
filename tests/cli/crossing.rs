//! A task that would reach another cluster than the user was asked about, since an earlier one has changed something.

use std::io::Write;

use crate::lifecycle::{kubeconfig, with_cluster};
use crate::terminal::{read_until, terminal_of};
use crate::tool::{Tool, assert_says};

/// Its first task makes the cluster another one, its second leaves the file `ran`.
fn switching() -> Tool {
    let tasks = "[pre-up]\nswitch = \"cp other kubeconfig\"\nuse = \"sh -c 'touch ran; false && kubectl get; true'\"\n";
    let tool = with_cluster(tasks, "127.0.0.1");
    tool.write("other", kubeconfig("cluster.example").as_bytes());
    tool
}

/// How the question ends.
const ASKED: &str = "before the run it was context dev, namespace default (https://127.0.0.1:1)? [y/N] ";

#[test]
fn it_is_asked_for_where_somebody_can_answer() {
    for (answer, code, ran) in [("y\n", 0, true), ("n\n", 1, false), ("\n", 1, false)] {
        let tool = switching();
        let (mut ours, theirs) = terminal_of(400);
        let mut started = tool.start_asking(&["run", "pre-up"], theirs);
        let mut text = String::new();
        read_until(&mut ours, &mut text, Some(ASKED));
        assert!(
            text.contains("run `use` although it would reach a cluster that nobody was asked about"),
            "{text:?}"
        );
        assert!(text.contains("as the kubeconfig has changed since the run began: context dev"), "{text:?}");
        assert!(text.contains("(https://cluster.example:1)") && !tool.path("ran").exists(), "{text:?}");
        ours.write_all(answer.as_bytes()).expect("the terminal is open");
        assert_eq!(started.end_unread(), Some(code), "{answer:?}");
        read_until(&mut ours, &mut text, None);
        assert_eq!(text.matches("[y/N]").count(), 1, "{text:?}");
        assert_eq!(tool.path("ran").exists(), ran, "{answer:?}: {text:?}");
    }
}

#[test]
fn nothing_is_reached_by_what_nobody_can_read_any_more() {
    let tool = switching();
    tool.write("other", b"[\n");
    let called = tool.call(&["run", "pre-up"]);
    let said =
        ["it is not known any more which cluster it reaches (", "), as that has changed since the run began"];
    assert_says(&called, 1, &said);
    assert!(!tool.path("ran").exists(), "{called:?}");
}

#[test]
fn who_halts_a_run_at_a_question_is_asked_again() {
    let tool = switching();
    let (mut ours, theirs) = terminal_of(400);
    let script = "draft_tasks run pre-up; echo halted $?; read line; fg > /dev/null; echo ended $?";
    let mut shell = tool.start_shell(script, theirs);
    let mut text = String::new();
    read_until(&mut ours, &mut text, Some(ASKED));
    ours.write_all(b"\x1a").expect("the terminal is open");
    read_until(&mut ours, &mut text, Some("halted 147"));
    text.clear();
    ours.write_all(b"\n").expect("the terminal is open");
    read_until(&mut ours, &mut text, Some(ASKED));
    ours.write_all(b"y\n").expect("the terminal is open");
    read_until(&mut ours, &mut text, Some("ended 0"));
    assert!(tool.path("ran").exists(), "{text:?}");
    assert_eq!(shell.end_unread(), Some(0));
}

#[test]
fn what_was_shown_before_stands_before_the_question_and_a_key_ends_it() {
    let tool = switching();
    let (mut ours, theirs) = terminal_of(400);
    let mut shell = tool.start_shell("draft_tasks run pre-up; echo ended $?", theirs);
    let mut text = String::new();
    read_until(&mut ours, &mut text, Some(ASKED));
    let switched = text.find("✓").unwrap_or_else(|| panic!("the first task's end is missing: {text:?}"));
    assert!(text.find("run `use`").is_some_and(|at| at > switched), "{text:?}");
    ours.write_all(b"\x03").expect("the terminal is open");
    read_until(&mut ours, &mut text, Some("ended 130"));
    assert_eq!(shell.end_unread(), Some(0), "{text:?}");
    assert!(!tool.path("ran").exists(), "{text:?}");
}

#[test]
fn a_step_of_up_reaches_no_cluster_that_an_earlier_step_has_brought() {
    let tool = with_cluster("[pre-up]\nswitch = \"cp far near\"\n", "127.0.0.1");
    tool.write("far", kubeconfig("cluster.example").as_bytes());
    tool.write("near", kubeconfig("127.0.0.1").as_bytes());
    let script = "touch ran; false && kubectl --kubeconfig near get; true";
    let called = tool.call(&["up", "--", "sh", "-c", script]);
    assert_eq!(called.code, Some(1), "{called:?}");
    let said = called.stdout + &called.stderr;
    assert!(
        said.contains("nobody was asked about") && said.contains("(https://cluster.example:1)"),
        "{said}"
    );
    assert!(!tool.path("ran").exists(), "{said}");
}
