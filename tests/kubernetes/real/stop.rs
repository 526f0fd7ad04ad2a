//! A stop ends what a task started in a real container, or says that it may still be running.
//!
//! Must not disturb the cluster.

use std::time::{Duration, Instant};

use kube::ResourceExt;
use rustix::process::Signal;

use super::namespace::Namespace;
use super::own::NO_SHELL;
use super::workload::Workload;
use crate::tool::{Called, Tool};

/// Stops the program as soon as it has written this and something holds; gives how long it took from then on.
fn stop_after(tool: &Tool, written: &str, holds: impl FnOnce()) -> (Called, Duration) {
    let mut started = tool.start(&["run", "post-deploy"]);
    started.wait_for(written);
    holds();
    let asked = Instant::now();
    started.signal(Signal::INT);
    (started.end(), asked.elapsed())
}

fn stop(tool: &Tool) -> (Called, Duration) {
    stop_after(tool, "begun", || ())
}

fn only_pod(namespace: &Namespace) -> String {
    namespace.ready_pods("draft=web", 1).remove(0).name_any()
}

/// Nothing that a task started is left in the only pod but the dead, which have no command line: nobody buries them.
#[track_caller]
fn assert_nothing_runs(namespace: &Namespace) {
    let mut processes = namespace.processes(&only_pod(namespace), None);
    processes.retain(|process| !process.starts_with('['));
    assert_eq!(processes, ["sleep 1000000"]);
}

#[test]
#[ignore = "needs a cluster: tests/kubernetes/run"]
fn a_command_is_gone_within_five_seconds_after_a_stop_twenty_times_of_twenty() {
    let namespace = Namespace::new();
    namespace.roll_out(&Workload::deployment("web"));
    let tool = namespace.tool("web", "[post-deploy]\nbegin = \"echo begun\"\nwait = \"sleep 600\"\n");
    let pod = only_pod(&namespace);
    for time in 1..=20 {
        // Each second time it may not even have begun in the container.
        let (called, took) = stop_after(&tool, "✓ begin", || {
            if time % 2 == 0 {
                let runs = || namespace.processes(&pod, None).contains(&"sleep 600".to_owned()).then_some(());
                namespace.wait("the command to begin", runs);
            }
        });
        assert_eq!(called.code, Some(130), "{time}: {called:?}");
        assert!(took < Duration::from_secs(5), "{time}: {took:?}, {called:?}");
        assert!(!called.stdout.contains("may still be running"), "{time}: {called:?}");
        assert_nothing_runs(&namespace);
    }
}

#[test]
#[ignore = "needs a cluster: tests/kubernetes/run"]
fn a_stop_also_ends_what_a_command_has_started() {
    let namespace = Namespace::new();
    namespace.roll_out(&Workload::deployment("web"));
    let tasks = "[post-deploy]\nwait = \"sh -c 'sleep 601 & sleep 602 & echo begun; wait'\"\n";
    let (called, _) = stop(&namespace.tool("web", tasks));
    assert_eq!(called.code, Some(130), "{called:?}");
    assert_nothing_runs(&namespace);
}

#[test]
#[ignore = "needs a cluster: tests/kubernetes/run"]
fn a_command_that_ignores_the_request_is_killed() {
    let namespace = Namespace::new();
    namespace.roll_out(&Workload::deployment("web"));
    let script = "trap : TERM; echo begun; while true; do sleep 603; done";
    let tasks = format!("[post-deploy]\nwait = \"sh -c '{script}'\"\n");
    let (called, _) = stop(&namespace.tool("web", &tasks));
    assert_eq!(called.code, Some(130), "{called:?}");
    assert!(!called.stdout.contains("may still be running"), "{called:?}");
    assert_nothing_runs(&namespace);
}

#[test]
#[ignore = "needs a cluster: tests/kubernetes/run"]
fn what_a_command_has_started_and_does_not_end_with_it_is_killed() {
    let namespace = Namespace::new();
    namespace.roll_out(&Workload::deployment("web"));
    let script = "(trap : TERM; while true; do sleep 604; done) & echo begun; wait";
    let tasks = format!("[post-deploy]\nwait = \"sh -c '{script}'\"\n");
    let (called, _) = stop(&namespace.tool("web", &tasks));
    assert_eq!(called.code, Some(130), "{called:?}");
    assert!(!called.stdout.contains("may still be running"), "{called:?}");
    assert_nothing_runs(&namespace);
}

#[test]
#[ignore = "needs a cluster: tests/kubernetes/run"]
fn the_time_limit_ends_a_command() {
    let namespace = Namespace::new();
    namespace.roll_out(&Workload::deployment("web"));
    let tool = namespace.tool("web", "[post-deploy]\nwait = \"sleep 600\"\n");
    let called = tool.call(&["run", "post-deploy", "--timeout", "1"]);
    assert_eq!(called.code, Some(1), "{called:?}");
    assert!(!called.stdout.contains("may still be running"), "{called:?}");
    assert_nothing_runs(&namespace);
}

/// In `own`, since other clusters do not have the image.
pub(super) fn assert_says_so_where_no_shell_is() {
    let namespace = Namespace::new();
    namespace.roll_out(&Workload::deployment("web").image(NO_SHELL).command(&["sleep", "1000000"]));
    let tool = namespace.tool("web", "[post-deploy]\nbegin = \"echo begun\"\nwait = \"sleep 600\"\n");
    let (called, _) = stop_after(&tool, "✓ begin", || ());
    assert_eq!(called.code, Some(130), "{called:?}");
    let pod = only_pod(&namespace);
    let said = format!(
        "it may still be running in container `app` of pod `{pod}`: the container has no shell by which it could be ended"
    );
    assert!(called.stdout.contains(&said), "{called:?}");
}
