//! What ran in pods, run again in an editor by a server that did not run it: its records are those of the command line.
//!
//! Must not look inside of the program.

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::again::failed_in_one;
use crate::job::{RUN, made, name, simple};
use crate::job_in_editor::Editor;
use crate::job_pod::{ended, pod, pod_name, waits};
use crate::tool::{Tool, assert_says};

const AGAIN: &str = "draft-tasks.rerun";
const FAILED: &str = "draft-tasks.rerunFailed";

/// An editor that knows what records tell.
fn open(tool: &Tool, lens: &str) -> Editor {
    let mut editor = Editor::open(tool);
    editor.lens(0, lens);
    editor
}

fn end(editor: &mut Editor, run: &str) -> Value {
    editor.hear(run, "\"finished\"").pop().expect("its end")
}

#[test]
fn what_failed_in_a_pod_runs_again_there_with_what_did_not_run_and_nowhere_else() {
    let (double, tool) = failed_in_one();
    let mut editor = open(&tool, "last: ✗");
    let uri = editor.uri.clone();
    let found = editor.client.diagnostics_that(&uri, |it| it.to_string().contains("task-failed"));
    assert!(found.to_string().contains("pod web-a-1: exit code 1"), "{found}");
    let run = editor.start(FAILED, json!({ "uri": uri }));
    assert_eq!(end(&mut editor, &run)["outcome"], "passed");
    let commands = |pod: &str| double.seen().commands(pod).concat();
    assert_eq!(commands("web-a-1"), ["one", "two", "two", "three"]);
    assert_eq!(commands("web-a-0"), ["one", "two", "three"]);
    assert_says(&tool.call(&["run", "post-deploy", "--failed"]), 0, &["all of its tasks passed"]);
}

#[test]
fn a_run_of_chosen_pods_runs_again_in_those_and_in_no_new_one() {
    let (double, tool) = failed_in_one();
    assert_says(&tool.call(&["run", "post-deploy", "one", "--pod", "web-a-0"]), 0, &["1 pod passed"]);
    let mut editor = open(&tool, "last:");
    let run = editor.start(AGAIN, json!({ "uri": editor.uri }));
    assert_eq!(end(&mut editor, &run)["outcome"], "passed");
    assert_eq!(double.seen().commands("web-a-0").concat(), ["one", "two", "three", "one", "one"]);
    assert_eq!(double.seen().commands("web-a-2").concat(), ["one", "two", "three"]);
}

#[test]
fn where_the_pods_are_gone_nothing_runs_in_their_place() {
    let (double, tool) = failed_in_one();
    (0..3).for_each(|index| double.remove("pods", &format!("web-a-{index}")));
    crate::rollout::roll_out(&double, "b", 1);
    for again in [AGAIN, FAILED] {
        let mut editor = open(&tool, "last: ✗");
        let execs = double.seen().execs.len();
        let run = editor.start(again, json!({ "uri": editor.uri }));
        let heard = editor.hear(&run, "\"finished\"");
        let heard = Value::from(heard).to_string();
        assert!(heard.contains("web-a-1") && heard.contains("gone"), "{heard}");
        assert_eq!(double.seen().execs.len(), execs);
        editor.client.take_all("window/showMessage");
        // Its record says that no task ran in it, so the one before it is meant.
    }
}

#[test]
fn a_record_that_cannot_be_read_hides_what_ran_before_it() {
    let (double, tool) = failed_in_one();
    assert_says(&tool.call(&["run", "post-deploy", "one"]), 0, &["3 pods passed"]);
    let newest = tool.record_folders().into_iter().max().expect("a record");
    std::fs::write(newest.join("events.jsonl"), "{\"event\":\"runStarted\",\"version\":99}\n")
        .expect("written");
    std::fs::remove_file(newest.join("result.json")).expect("removed");
    let execs = double.seen().execs.len();
    assert_says(&tool.call(&["rerun"]), 2, &["cannot be read", "version 99"]);
    let mut editor = open(&tool, "last: its record cannot be read");
    for again in [AGAIN, FAILED] {
        let told = ["run post-deploy: the record of its last run cannot be read", "version 99"];
        editor.refused(again, json!({ "uri": editor.uri }), &told);
    }
    assert_eq!(double.seen().execs.len(), execs);
}

#[test]
fn a_job_whose_end_nobody_saw_hides_what_ran_before_it() {
    let (double, tool) = simple();
    let started = tool.start(&RUN);
    let first = made(&double);
    double.put(pod(&first, &[ended(3), waits()]));
    assert_says(&started.end(), 1, &["✗ create"]);
    double.remove("jobs", name(&first));
    double.remove("pods", &pod_name(&first));
    // What failed in a Job makes another one, also after a restart.
    let mut editor = open(&tool, "last: ✗");
    let run = editor.start(FAILED, json!({ "uri": editor.uri }));
    let second = crate::job::made_after(&double, 1);
    double.put(pod(&second, &[ended(0), ended(3)]).change(|pod| pod["metadata"]["uid"] = json!("second")));
    assert_eq!(end(&mut editor, &run)["outcome"], "failed");
    editor.client.notified("window/showMessage", |said| said["message"].to_string().contains("exit code 3"));
    editor.client.take_all("window/showMessage");
    drop(editor);
    double.remove("jobs", name(&second));
    double.remove("pods", &pod_name(&second));

    let started = tool.start(&RUN);
    let third = crate::job::made_after(&double, 2);
    started.signal(Signal::KILL);
    started.end();
    let unseen = "ended was not seen, so what of it did not pass is not known";
    let mut editor = open(&tool, "↻ Job may go on · attach");
    editor.refused(FAILED, json!({ "uri": editor.uri }), &[unseen, name(&third), "\"Attach to a Job\""]);
    editor.refused(AGAIN, json!({ "uri": editor.uri }), &["made the Job", name(&third), "still runs"]);
    assert_eq!(double.seen().count("create", "jobs"), 3);
    editor.client.take_all("window/showMessage");
}
