//! Tasks that run as a Job of a real cluster: it outlives the program, is taken up and ended, and is nobody else's.
//!
//! Must not look inside of the program.

use kube::ResourceExt;
use rustix::process::Signal;
use serde_json::{Value, json};

use super::namespace::Namespace;
use super::workload::Workload;
use crate::block::pages;
use crate::tool::{Tool, assert_says};

const RUN: [&str; 4] = ["run", "post-deploy", "--as", "job"];

/// By this the pods of Jobs are known.
const OF_JOBS: &str = "draft-tasks/run";

/// A migration that waits in its middle until the test lets it go on, and a task after it.
const TASKS: &str = "[post-deploy]\n\
    migrate = \"sh -c 'echo begun $1; until test -e /tmp/go; do sleep 0.2; done; echo made' sh $URL\"\n\
    check = \"sh -c 'exit 3'\"\n";

fn application() -> Workload {
    Workload::deployment("web").variable("URL", "of-the-workload")
}

/// The pod of the only Job, and the Job's name.
fn pod_of_job(namespace: &Namespace) -> (String, String) {
    let pods = namespace.wait_for_pods("the pod of a Job", OF_JOBS, |pods| pods.len() == 1);
    (pods[0].name_any(), pods[0].labels()[OF_JOBS].clone())
}

fn let_go_on(namespace: &Namespace, pod: &str) {
    assert_eq!(namespace.exec(pod, Some("01-migrate"), &["touch", "/tmp/go"]).code, Some(0));
}

#[test]
#[ignore = "needs a cluster: tests/kubernetes/run"]
fn a_migration_outlives_the_program_and_its_result_is_told_elsewhere() {
    let namespace = Namespace::new();
    let pods = namespace.roll_out(&application());
    namespace.create_object(json!({
        "apiVersion": "v1", "kind": "Service", "metadata": { "name": "web" },
        "spec": { "selector": { "draft": "web" }, "ports": [{ "port": 80 }] },
    }));
    let tool = namespace.tool("web", TASKS);
    let mut started = tool.start(&RUN);
    started.wait_for("begun of-the-workload");
    started.signal(Signal::KILL);
    started.end();
    let (pod, job) = pod_of_job(&namespace);

    let kubeconfig = namespace.kubeconfig();
    let elsewhere = Tool::empty().with("KUBECONFIG", kubeconfig.to_str().expect("UTF-8"));
    let mut attached = elsewhere.start(&["runs", "attach", &job]);
    attached.wait_for("begun of-the-workload");
    let behind = namespace.wait("the pods behind the Service", || {
        let names = namespace.behind_service("web");
        (!names.is_empty()).then_some(names)
    });
    assert_eq!(behind, [pods[0].name_any()], "no traffic for {pod}");
    let_go_on(&namespace, &pod);
    let said = ["made", "✓ migrate", "✗ check", "exit code 3", "1 passed, 1 failed"];
    assert_says(&attached.end(), 1, &said);
    assert_says(
        &tool.call(&["runs", "attach", "last"]),
        1,
        &["begun of-the-workload", "✓ migrate", "✗ check"],
    );
    assert_says(&tool.call(&["runs", "stop", &job]), 0, &["is deleted"]);
    namespace.wait_for_pods("the end of its pod", OF_JOBS, <[_]>::is_empty);
    assert_says(&elsewhere.call(&["runs", "attach", &job]), 1, &["there is no Job `", "is not known here"]);
}

#[test]
#[ignore = "needs a cluster: tests/kubernetes/run"]
fn who_stops_the_run_ends_the_job() {
    let namespace = Namespace::new();
    namespace.roll_out(&application());
    let tool = namespace.tool("web", TASKS);
    let mut started = tool.start(&RUN);
    started.wait_for("begun");
    started.signal(Signal::INT);
    assert_says(&started.end(), 130, &["■ migrate", "1 stopped, 1 skipped"]);
    namespace.wait_for_pods("the end of its pod", OF_JOBS, <[_]>::is_empty);
}

#[test]
#[ignore = "needs a cluster: tests/kubernetes/run"]
fn a_pod_that_is_deleted_is_no_success_and_the_migration_does_not_run_again() {
    let namespace = Namespace::new();
    namespace.roll_out(&application());
    let tool = namespace.tool("web", TASKS);
    let mut started = tool.start(&RUN);
    started.wait_for("begun");
    let (pod, _) = pod_of_job(&namespace);
    namespace.delete_pod(&pod, None);
    let said = ["✗ migrate", "result unknown: ", "was deleted while the task ran", "1 failed, 1 skipped"];
    assert_says(&started.end(), 1, &said);
    namespace.wait_for_pods("the end of all pods of the Job", OF_JOBS, <[_]>::is_empty);
}

#[test]
#[ignore = "needs a cluster: tests/kubernetes/run"]
fn a_pod_that_is_evicted_is_no_success_and_what_has_not_passed_runs_again_as_another_job() {
    let namespace = Namespace::new();
    namespace.roll_out(&application());
    // The migration ends well where it is asked to end: that is no success of what was evicted.
    let tasks = TASKS
        .replace("echo begun", "end() { exit 0; }; trap end TERM; echo begun")
        .replace("exit 3", "exit 0");
    let tool = namespace.tool("web", &tasks);
    let mut started = tool.start(&RUN);
    started.wait_for("begun");
    let (pod, job) = pod_of_job(&namespace);
    namespace.evict_pod(&pod);
    let said =
        ["✗ migrate", "result unknown: ", &pod, "was deleted while the task ran", "1 failed, 1 skipped"];
    let called = started.end();
    assert_says(&called, 1, &said);
    namespace.wait_for_pods("the end of all pods of the Job", OF_JOBS, <[_]>::is_empty);

    // Where another pod of the Job has begun meanwhile, its end may not have been seen.
    let way = called.stdout.lines().find_map(|line| line.strip_prefix("again: draft-tasks "));
    let mut again = tool.start(&way.expect("the next step").split(' ').collect::<Vec<_>>());
    again.wait_for("begun");
    let (pod, another) = pod_of_job(&namespace);
    assert_ne!(another, job);
    let_go_on(&namespace, &pod);
    assert_says(&again.end(), 0, &["✓ migrate", "✓ check", "2 passed"]);
}

#[test]
#[ignore = "needs a cluster: tests/kubernetes/run"]
fn a_quota_and_a_missing_program_are_named() {
    let namespace = Namespace::new();
    namespace.roll_out(&application());
    let tool = namespace.tool("web", "[post-deploy]\na = \"no-such-program\"\n");
    assert_says(&tool.call(&RUN), 1, &["✗ a", "no-such-program", "not found in $PATH"]);
    namespace.create_object(json!({
        "apiVersion": "v1", "kind": "ResourceQuota", "metadata": { "name": "none" }, "spec": { "hard": { "pods": "1" } },
    }));
    let mut started = tool.start(&[&RUN[..], &["--ready-timeout", "20"]].concat());
    started.wait_for("exceeded quota: none");
    assert_says(&started.end(), 1, &["no task of Job `", "so nothing runs later"]);
}

#[test]
#[ignore = "needs a cluster: tests/kubernetes/run"]
fn the_permissions_that_the_page_names_are_enough() {
    let namespace = Namespace::new();
    namespace.roll_out(&application());
    let kubeconfig = namespace.kubeconfig_by("runner", &rules_of_the_page());
    let tool = namespace.tool("web", "[post-deploy]\na = \"sh -c 'echo $URL'\"\n");
    let tool = tool.with("KUBECONFIG", kubeconfig.to_str().expect("UTF-8"));
    // The role comes into force a moment after it is made.
    let called = namespace.wait("the role", || {
        let called = tool.call(&RUN);
        (called.code == Some(0)).then_some(called)
    });
    assert_says(&called, 0, &["of-the-workload", "✓ a", "1 passed"]);
    assert_says(&tool.call(&["run", "post-deploy"]), 0, &["of-the-workload", "1 pod passed"]);
    namespace.create_object(json!({
        "apiVersion": "v1", "kind": "ResourceQuota", "metadata": { "name": "none" }, "spec": { "hard": { "pods": "1" } },
    }));
    let mut started = tool.start(&[&RUN[..], &["--ready-timeout", "20"]].concat());
    started.wait_for("exceeded quota: none");
    assert_says(&started.end(), 1, &["so nothing runs later"]);
}

/// Of the Role that the page about pods shows.
fn rules_of_the_page() -> Value {
    let blocks = pages().into_iter().flat_map(|page| page.blocks);
    let roles: Vec<_> = blocks.filter(|block| block.text.contains("kind: Role\n")).collect();
    assert_eq!(roles.len(), 1, "a Role on the pages");
    let role: Value = serde_saphyr::from_str(&roles[0].text).expect("YAML");
    role["rules"].clone()
}

/// Pieces of arguments that YAML, JSON, shells or Kubernetes might change.
const ODD: [&str; 20] = [
    "on", "1e3", ": ", "\n", "\t", "$", "$$", "$(URL)", "$(NONE)", "${URL}", "$URL", "'", "\"", "\\", "é",
    "🚀", " ", "*", "a", "-",
];

#[test]
#[ignore = "needs a cluster: tests/kubernetes/run"]
fn a_thousand_arguments_come_through_as_they_are() {
    const SHOW: &str = "for word; do printf %s \"$word\" | hexdump -ve '1/1 \"%02x\"'; echo .; done";
    let namespace = Namespace::new();
    namespace.roll_out(&application());
    let quoted = |text: &str| format!("'{}'", text.replace('\'', "'\\''"));
    let mut state = 1_u64;
    let mut next = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below
    };
    let (mut tasks, mut expected) = ("[post-deploy]\n".to_owned(), Vec::new());
    for task in 0..10 {
        let words: Vec<String> =
            (0..100).map(|_| (0..next(6)).map(|_| ODD[next(ODD.len())]).collect()).collect();
        let all = ["sh", "-c", SHOW, "sh"].into_iter().chain(words.iter().map(String::as_str));
        let command = all.map(quoted).collect::<Vec<_>>().join(" ");
        tasks += &format!("t{task} = {}\n", Value::from(command));
        let hex = |word: &String| word.bytes().map(|byte| format!("{byte:02x}")).collect::<String>() + ".";
        expected.extend(words.iter().map(hex));
    }
    let tool = namespace.tool("web", &tasks);
    let called = tool.call(&[&RUN[..], &["--format", "json"]].concat());
    assert_eq!(called.code, Some(0), "{called:?}");
    let events = called.stdout.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    let pieces = events.filter_map(|event| event["pieces"].as_array().cloned()).flatten();
    let text: String = pieces.map(|piece| piece["text"].as_str().expect("a text").to_owned()).collect();
    assert_eq!(text.lines().collect::<Vec<_>>(), expected);
}
