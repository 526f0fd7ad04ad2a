//! Tasks that run in one pod alone, on the double.
//!
//! Must not look at how pods are found.

use hyper::StatusCode;
use hyper::body::Bytes;
use serde_json::json;

use crate::application::tool;
use crate::double::{Answer, Double, Gate, Pod, Refusal, Step, When};
use crate::rollout::{pod, roll_out};
use crate::tool::{Tool, assert_says};

const TASKS: &str = "[post-deploy]\nbefore = \"before\"\nmigrate = \"migrate\"\nafter = \"after\"\n";

const SETTINGS: &[u8] = b"[kubernetes]\nonce = [\"migrate\"]\n";

/// Two pods of an application whose settings say that `migrate` runs once.
fn two() -> (Double, Tool) {
    let double = Double::start();
    roll_out(&double, "a", 2);
    (0..2).for_each(|index| double.put(same(index)));
    let tool = tool(&double, TASKS);
    tool.write(".draft-tasks.config.toml", SETTINGS);
    (double, tool)
}

/// A pod that is the same one however often it is told.
fn same(index: usize) -> Pod {
    pod("a", index).change(|pod| pod["metadata"]["uid"] = json!(format!("uid-{index}")))
}

fn commands(double: &Double, pod: &str) -> Vec<String> {
    double.seen().commands(pod).into_iter().map(|argv| argv.join(" ")).collect()
}

#[test]
fn all_tasks_run_in_the_first_pod_alone_where_that_is_asked_for() {
    let double = Double::start();
    roll_out(&double, "a", 3);
    let tool = tool(&double, TASKS);
    let called = tool.call(&["run", "post-deploy", "--once", "migrate", "after"]);
    assert_says(&called, 0, &["in 1 pod: web-a-0 (app)", "2 passed", "1 pod passed"]);
    let called = tool.call(&["run", "post-deploy", "--once", "--pod", "web-a-2", "--pod", "web-a-1"]);
    assert_says(&called, 0, &["in 1 pod: web-a-1 (app)", "3 passed"]);
    assert!(commands(&double, "web-a-2").is_empty());
    assert_says(&tool.call(&["rerun"]), 0, &["in 1 pod: web-a-1 (app)", "3 passed"]);
    let shown = tool.call(&["run", "post-deploy", "--once", "--dry-run"]);
    assert_says(&shown, 0, &["migrate  once, in the first ready pod\n"]);
    tool.write(".draft-tasks.toml", b"[pre-up]\na = \"true\"\n");
    assert_says(
        &tool.call(&["run", "pre-up", "--once"]),
        2,
        &["run on this machine, and so once: leave --once out"],
    );
}

#[test]
fn a_task_that_an_option_names_runs_once_in_place_of_those_of_the_settings() {
    let (double, tool) = two();
    let called = tool.call(&["run", "post-deploy", "--once=before", "--once=after"]);
    assert_says(&called, 0, &["in 2 pods: ", "4 passed"]);
    assert_eq!(commands(&double, "web-a-0"), ["before", "migrate", "after"]);
    assert_eq!(commands(&double, "web-a-1"), ["migrate"]);
    let misspelt = tool.call(&["run", "post-deploy", "--once=migrat"]);
    assert_says(&misspelt, 2, &["--once=migrat: `post-deploy` has no task of this name"]);
}

#[test]
fn a_task_of_which_the_settings_say_so_runs_once_and_others_wait_for_it() {
    let (double, tool) = two();
    let gate = Gate::new();
    let steps = vec![Step::Stdout(Bytes::from("begun\n")), Step::Until(gate.clone()), Step::Exit(0)];
    double.on_exec(When::argument("migrate"), Answer::Run(steps));
    // Also where not all pods have their turn at once.
    let mut started = tool.start(&["run", "post-deploy", "--concurrency", "2"]);
    started.wait_for("begun");
    assert_eq!(commands(&double, "web-a-0"), ["before", "migrate"]);
    gate.open();
    let called = started.end();
    assert_says(&called, 0, &["5 passed", "all 2 pods passed"]);
    assert_eq!(commands(&double, "web-a-0"), ["before", "migrate", "after"]);
    assert_eq!(commands(&double, "web-a-1"), ["before", "after"]);
    let last = |argument: &str| double.seen().execs.iter().rposition(|exec| exec.argv == [argument]);
    let first = double.seen().execs.iter().position(|exec| exec.argv == ["after"]);
    assert!(last("migrate") < first, "{:?}", double.seen().execs.len());
    assert_says(&tool.call(&["run", "post-deploy", "--concurrency", "1"]), 0, &["5 passed"]);
}

#[test]
fn what_comes_after_a_task_that_failed_once_runs_in_no_pod() {
    let (double, tool) = two();
    double.on_exec(When::argument("migrate").once(), Answer::Run(vec![Step::Exit(1)]));
    assert_says(&tool.call(&["run", "post-deploy"]), 1, &["2 passed, 1 failed, 2 skipped"]);
    let called = tool.call(&["run", "post-deploy", "--failed"]);
    assert_says(&called, 0, &["3 passed", "all 2 pods passed"]);
    assert_eq!(commands(&double, "web-a-0"), ["before", "migrate", "migrate", "after"]);
    assert_eq!(commands(&double, "web-a-1"), ["before", "after"]);
    double.on_exec(When::argument("migrate").once(), Answer::Run(vec![Step::Exit(1)]));
    assert_says(&tool.call(&["run", "post-deploy", "--keep-going"]), 1, &["4 passed, 1 failed"]);
}

#[test]
fn how_it_ended_in_a_pod_that_is_gone_is_unknown_and_no_other_pod_tries_it() {
    let (double, tool) = two();
    let steps = vec![Step::Stdout(Bytes::from("begun\n")), Step::Stall];
    double.on_exec(When::argument("migrate"), Answer::Run(steps));
    let mut started = tool.start(&["run", "post-deploy"]);
    started.wait_for("begun");
    double.remove("pods", "web-a-0");
    let called = started.end();
    let said = [
        "✗ migrate",
        "result unknown: pod `web-a-0` was deleted while the task ran; it runs once, so in no other pod",
        "the command may still be running, or may have ended well",
    ];
    assert_says(&called, 1, &said);
    let said = ["`migrate` runs once, and the pod in which it ran is not left: web-a-0 is gone"];
    assert_says(&tool.call(&["run", "post-deploy", "--failed"]), 1, &said);
    assert_eq!(commands(&double, "web-a-1"), ["before"]);
    assert!(!commands(&double, "web-a-1").contains(&"migrate".to_owned()));
}

#[test]
fn what_comes_after_it_does_not_run_where_its_pod_went_before_it_began() {
    let (double, tool) = two();
    let gone = Refusal::Http(StatusCode::NOT_FOUND, "pods \"web-a-0\" not found".into());
    double.on_exec(When::argument("migrate"), Answer::Refuse(gone));
    let said = ["✗ migrate", "pod `web-a-0` is not there any more", "2 passed, 1 failed, 2 skipped"];
    assert_says(&tool.call(&["run", "post-deploy"]), 1, &said);
    double.remove("pods", "web-a-0");
    let said = ["`migrate` runs once, and the pod in which it ran is not left: web-a-0 is gone"];
    assert_says(&tool.call(&["run", "post-deploy", "--failed"]), 1, &said);
    assert_eq!(commands(&double, "web-a-1"), ["before"]);
}

#[test]
fn a_name_that_no_task_has_keeps_all_from_running() {
    let (double, tool) = two();
    tool.write(".draft-tasks.config.toml", b"[kubernetes]\nonce = [\"migrat\"]\n");
    let said = ".draft-tasks.config.toml:2:9: `post-deploy` has no task `migrat`: did you mean `migrate`?";
    assert_says(&tool.call(&["run", "post-deploy"]), 2, &["nothing runs, as ", said]);
    let said = "`post-deploy` has no task `migrat`: did you mean `migrate`?";
    assert_says(&tool.call(&["check"]), 1, &[said]);
    assert!(double.seen().execs.is_empty());
    tool.write(".draft-tasks.config.toml", SETTINGS);
    let said = "runs exactly this once, in the first ready pod: migrate";
    assert_says(&tool.call(&["explain", "post-deploy"]), 0, &[said, "runs exactly this: before"]);
}
