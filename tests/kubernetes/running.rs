//! Running tasks in pods, on the double: which container and server, what ends how, and what is told of it.
//!
//! Must not look at how pods are found.

use std::time::{Duration, Instant};

use hyper::StatusCode;
use hyper::body::Bytes;
use rustix::process::Signal;
use serde_json::json;

use crate::application::{WORK, tool};
use crate::double::{Answer, Double, Gate, Refusal, Release, Step, When};
use crate::rollout::{pod, roll_out};
use crate::tool::{Called, Tool};

fn stdout(text: &'static str) -> Step {
    Step::Stdout(Bytes::from_static(text.as_bytes()))
}

fn stderr(text: &'static str) -> Step {
    Step::Stderr(Bytes::from_static(text.as_bytes()))
}

/// Runs one task in one pod, in which this happens.
fn run(steps: Vec<Step>) -> (Double, Called) {
    let double = Double::start();
    roll_out(&double, "a", 1);
    double.on_exec(When::argument("work"), Answer::Run(steps));
    let called = tool(&double, WORK).call(&["run", "post-deploy"]);
    (double, called)
}

#[track_caller]
fn assert_says(called: &Called, code: i32, said: &[&str]) {
    assert_eq!(called.code, Some(code), "{called:#?}");
    for part in said {
        assert!(called.stdout.contains(part), "{part:?} is not in {called:#?}");
    }
}

#[test]
fn a_command_that_ends_well_has_passed() {
    let (_, called) = run(vec![stdout("out\n"), stderr("err\n"), Step::Exit(0)]);
    assert_says(&called, 0, &["out\n", "err\n", "✓ work", "1 passed", "1 pod passed"]);
}

#[test]
fn the_exit_code_is_that_of_the_command() {
    for (code, said) in [(1, "exit code 1"), (42, "exit code 42"), (137, "exit code 137")] {
        let (_, called) = run(vec![Step::Exit(code)]);
        assert_says(&called, 1, &["✗ work", said, "1 failed"]);
    }
}

#[test]
fn a_program_that_the_container_does_not_have_could_not_be_started() {
    let message = "exec: \"work\": executable file not found in $PATH";
    let status = json!({
        "metadata": {}, "status": "Failure", "reason": "InternalError", "code": 500, "message": message,
    });
    let (_, called) = run(vec![Step::Status(status)]);
    assert_says(&called, 1, &["`work` could not be started in container `app`", message]);
}

#[test]
fn all_output_is_there_in_lines_whole_and_apart() {
    let line = "x".repeat(99) + "\n";
    let many = Bytes::from(line.repeat(10_000));
    let (double, called) = run(vec![Step::Stdout(many.clone()), Step::Stderr(many), Step::Exit(0)]);
    assert_says(&called, 0, &[]);
    assert_eq!(called.stdout.matches(line.trim_end()).count(), 20_000);
    let tool = tool(&double, WORK);
    double.on_exec(When::any(), Answer::Run(vec![stdout("é to out\n"), stderr("to err\n")]));
    let json = tool.call(&["run", "post-deploy", "--format", "json"]);
    let events = json.stdout.lines().map(|line| serde_json::from_str(line).expect("a line of JSON"));
    let of = |stream: &str| -> String {
        let pieces = |event: serde_json::Value| event["pieces"].as_array().cloned().unwrap_or_default();
        let pieces = events.clone().flat_map(pieces).filter(|piece| piece["stream"] == stream);
        pieces.map(|piece| piece["text"].as_str().expect("a text").to_owned()).collect()
    };
    assert_eq!((of("stdout").as_str(), of("stderr").as_str()), ("é to out\n", "to err\n"));
}

#[test]
fn no_server_is_asked_for_a_standard_input_or_a_terminal() {
    for (release, protocol) in [(Release::Old, "v4.channel.k8s.io"), (Release::New, "v5.channel.k8s.io")] {
        let double = Double::start_as(release);
        roll_out(&double, "a", 1);
        double.on_exec(When::any(), Answer::Run(vec![stdout("said\n"), Step::Exit(3)]));
        let called = tool(&double, WORK).call(&["run", "post-deploy"]);
        assert_says(&called, 1, &["said\n", "exit code 3"]);
        let exec = &double.seen().execs[0];
        assert_eq!((exec.protocol, exec.has_stdin, exec.tty), (protocol, false, false));
        assert_eq!(exec.argv, ["work"]);
    }
}

/// A pod with several containers, and perhaps an annotation that names one.
fn containers(annotation: Option<&str>) -> (Double, Tool) {
    let double = Double::start();
    roll_out(&double, "a", 1);
    let mut pod = pod("a", 0).containers(&["proxy", "app", "log"]);
    if let Some(name) = annotation {
        pod = pod.annotation("kubectl.kubernetes.io/default-container", name);
    }
    double.put(pod);
    let tool = tool(&double, WORK);
    (double, tool)
}

#[test]
fn the_container_is_the_first() {
    let (double, tool) = containers(None);
    assert_says(&tool.call(&["run", "post-deploy"]), 0, &["web-a-0 (proxy)"]);
    assert_eq!(double.seen().execs[0].container, "proxy");
}

#[test]
fn the_container_is_that_of_the_annotation() {
    let (double, tool) = containers(Some("app"));
    assert_says(&tool.call(&["run", "post-deploy"]), 0, &["web-a-0 (app)"]);
    assert_eq!(double.seen().execs[0].container, "app");
}

#[test]
fn the_container_is_that_of_the_option() {
    let (double, tool) = containers(Some("app"));
    assert_says(&tool.call(&["run", "post-deploy", "--container", "log"]), 0, &["web-a-0 (log)"]);
    assert_eq!(double.seen().execs[0].container, "log");
}

#[test]
fn a_container_that_is_not_there_is_named_with_those_that_are() {
    let (double, tool) = containers(None);
    let called = tool.call(&["run", "post-deploy", "--container", "none"]);
    let said = ["pod `web-a-0` has no container `none`", "it has `proxy`, `app`, `log`"];
    assert_says(&called, 1, &said);
    assert_eq!(double.seen().execs.len(), 0);
}

#[test]
fn a_pod_that_is_asked_for_is_the_only_one() {
    let double = Double::start();
    roll_out(&double, "a", 3);
    let called = tool(&double, WORK).call(&["run", "post-deploy", "--pod", "web-a-1"]);
    assert_says(&called, 0, &["in 1 pod: web-a-1 (app)"]);
    let pods: Vec<_> = double.seen().execs.iter().map(|exec| exec.pod.clone()).collect();
    assert_eq!(pods, ["web-a-1"]);
}

#[test]
fn a_pod_that_is_asked_for_and_not_there_is_named_with_those_that_are() {
    let double = Double::start();
    roll_out(&double, "a", 2);
    let called = tool(&double, WORK).call(&["run", "post-deploy", "--pod", "web-z"]);
    assert_says(&called, 1, &["there is no ready pod `web-z`", "there are `web-a-0`, `web-a-1`"]);
    assert_eq!(double.seen().execs.len(), 0);
}

const THREE: &str = "[post-deploy]\none = \"one\"\ntwo = \"two\"\nthree = \"three\"\n";

#[test]
fn a_failure_ends_the_tasks_of_its_pod_and_others_go_on() {
    let double = Double::start();
    roll_out(&double, "a", 2);
    let in_one = When { argument: Some("two".to_owned()), ..When::pod("web-a-1") };
    double.on_exec(in_one, Answer::Run(vec![Step::Exit(1)]));
    let called = tool(&double, THREE).call(&["run", "post-deploy"]);
    let rerun = "again: draft-tasks run post-deploy --failed";
    assert_says(&called, 1, &["4 passed", "1 failed", "1 skipped", "1 of 2 pods passed", rerun]);
    let seen = double.seen();
    assert_eq!(seen.commands("web-a-0"), [["one"], ["two"], ["three"]]);
    assert_eq!(seen.commands("web-a-1"), [["one"], ["two"]]);
}

#[test]
fn all_tasks_run_where_it_is_to_go_on() {
    let double = Double::start();
    roll_out(&double, "a", 1);
    double.on_exec(When::argument("two"), Answer::Run(vec![Step::Exit(1)]));
    let called = tool(&double, THREE).call(&["run", "post-deploy", "--keep-going"]);
    assert_says(&called, 1, &["2 passed", "1 failed"]);
    assert_eq!(double.seen().commands("web-a-0"), [["one"], ["two"], ["three"]]);
}

#[test]
fn secrets_are_in_nothing_that_is_shown_or_kept() {
    let double = Double::start();
    roll_out(&double, "a", 1);
    let status = json!({
        "metadata": {}, "status": "Failure", "reason": "InternalError", "code": 500,
        "message": "cannot exec --token=hunter2-secret",
    });
    double.on_exec(
        When::argument("work"),
        Answer::Run(vec![
            // Also where it comes in two pieces.
            stdout("the token is hunter2"),
            Step::Pause(std::time::Duration::from_millis(50)),
            stdout("-secret!\n"),
            stderr("hunter2-secret\n"),
            Step::Status(status),
        ]),
    );
    let refusal = Refusal::Http(StatusCode::INTERNAL_SERVER_ERROR, "no hunter2-secret".to_owned());
    double.on_exec(When::argument("refused"), Answer::Refuse(refusal));
    let tasks = "[post-deploy]\nwork = \"work $API_TOKEN\"\nrefused = \"refused $API_TOKEN\"\n";
    let tool = tool(&double, tasks).with("API_TOKEN", "hunter2-secret");
    for format in ["human", "json"] {
        let called = tool.call(&["run", "post-deploy", "--keep-going", "--format", format]);
        assert_says(&called, 1, &["the token is", "cannot exec"]);
        let kept = called.stdout + &called.stderr + &tool.records();
        assert!(!kept.contains("hunter2"), "{kept}");
    }
    assert_eq!(double.seen().execs[0].argv, ["work", "hunter2-secret"]);
}

#[test]
fn a_command_that_stalls_is_ended_by_a_stop() {
    let double = Double::start();
    roll_out(&double, "a", 1);
    double.on_exec(When::argument("work"), Answer::Run(vec![stdout("begun\n"), Step::Stall]));
    // The shell that is to end it says what it found.
    double.on_exec(When::argument("/proc/uptime"), Answer::Run(vec![stdout("none\n"), Step::Exit(0)]));
    let tool = tool(&double, WORK);
    let mut started = tool.start(&["run", "post-deploy"]);
    started.wait_for("begun");
    started.signal(Signal::INT);
    let called = started.end();
    let said = "it may still be running in container `app` of pod `web-a-0`: its process was not found";
    assert_says(&called, 130, &["■ work", said]);
    double.wait_for("the end of the connection", |seen| seen.at_once == 0);
}

#[test]
fn a_command_is_looked_for_by_its_age_since_the_connection_was_there() {
    let double = Double::start();
    roll_out(&double, "a", 1);
    let gate = Gate::new();
    double.on_exec(When::argument("work"), Answer::Late(gate.clone(), vec![stdout("begun\n"), Step::Stall]));
    double.on_exec(When::argument("/proc/uptime"), Answer::Run(vec![stdout("none\n"), Step::Exit(0)]));
    let tool = tool(&double, WORK);
    let mut started = tool.start(&["run", "post-deploy"]);
    double.wait_for("the request", |seen| seen.count("get", "pods/exec") == 1);
    // Ages are whole seconds; nothing waits for this one.
    std::thread::sleep(Duration::from_secs(3));
    let connected = Instant::now();
    gate.open();
    started.wait_for("begun");
    started.signal(Signal::INT);
    let seen = double.wait_for("the shell", |seen| seen.execs.len() == 2);
    let most = connected.elapsed().as_secs();
    let age: u64 = seen.execs[1].argv[6].parse().expect("an age in seconds");
    assert!(age <= most, "it is {age} s old, and has been connected for {most} s");
    assert_eq!(started.end().code, Some(130));
}

#[test]
fn a_second_stop_is_heard_while_the_shell_that_is_to_end_a_command_does_not_answer() {
    let double = Double::start();
    roll_out(&double, "a", 1);
    double.on_exec(When::argument("work"), Answer::Run(vec![stdout("begun\n"), Step::Stall]));
    double.on_exec(When::argument("/proc/uptime"), Answer::Run(vec![stdout("none\n"), Step::Exit(0)]));
    double.on_exec(When::argument("/proc/uptime").once(), Answer::Run(vec![Step::Stall]));
    let tool = tool(&double, WORK);
    let mut started = tool.start(&["run", "post-deploy"]);
    started.wait_for("begun");
    started.signal(Signal::INT);
    double.wait_for("the shell", |seen| seen.count("get", "pods/exec") == 2);
    started.signal(Signal::INT);
    let said = "it may still be running in container `app` of pod `web-a-0`: its process was not found";
    assert_says(&started.end(), 130, &["■ work", said]);
}

#[test]
fn a_command_that_stalls_is_ended_by_the_time_limit() {
    let double = Double::start();
    roll_out(&double, "a", 1);
    double.on_exec(When::argument("work"), Answer::Run(vec![stdout("begun\n"), Step::Stall]));
    double.on_exec(When::argument("/proc/uptime"), Answer::Run(vec![Step::Exit(127)]));
    let called = tool(&double, WORK).call(&["run", "post-deploy", "--timeout", "1"]);
    let said = "it may still be running in container `app` of pod `web-a-0`: the container has no shell";
    assert_says(&called, 1, &["✗ work", "1.0 s", said]);
    double.wait_for("the end of the connection", |seen| seen.at_once == 0);
}

#[test]
fn a_command_that_was_stopped_before_it_was_answered_may_be_running() {
    let double = Double::start();
    roll_out(&double, "a", 1);
    double.on_exec(When::argument("work"), Answer::Refuse(Refusal::Silence));
    let tool = tool(&double, WORK);
    let started = tool.start(&["run", "post-deploy"]);
    double.wait_for("an exec", |seen| seen.count("get", "pods/exec") == 1);
    started.signal(Signal::INT);
    let said = "it may still be running in container `app` of pod `web-a-0`: it was stopped while it began";
    assert_says(&started.end(), 130, &["■ work", said]);
}
