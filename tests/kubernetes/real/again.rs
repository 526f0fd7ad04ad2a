//! Running again where an earlier run ran, in the pods of a real cluster.
//!
//! Must not disturb the cluster.

use kube::ResourceExt;

use super::namespace::Namespace;
use super::workload::Workload;
use crate::tool::{Called, Tool};

/// Counts its runs, and fails where there is no file `well`.
const TASKS: &str = "[post-deploy]\nwork = \"sh -c 'echo ran >>/tmp/runs; test -e /tmp/well'\"\n";

/// Three pods, in the first of which the task failed, and their names.
fn failed_in_the_first(namespace: &Namespace) -> (Tool, [String; 3]) {
    let pods = namespace.roll_out(&Workload::deployment("web").replicas(3));
    let mut names: Vec<String> = pods.iter().map(ResourceExt::name_any).collect();
    names.sort_unstable();
    let names: [String; 3] = names.try_into().expect("three pods");
    for pod in &names[1..] {
        assert_eq!(namespace.exec(pod, None, &["touch", "/tmp/well"]).code, Some(0));
    }
    let tool = namespace.tool("web", TASKS);
    assert_says(&tool.call(&["run", "post-deploy"]), 1, "2 of 3 pods passed");
    (tool, names)
}

#[track_caller]
fn assert_says(called: &Called, code: i32, said: &str) {
    assert_eq!(called.code, Some(code), "{called:#?}");
    assert!(called.stdout.contains(said), "{said:?} is not in {called:#?}");
}

/// How often the task ran in a pod.
fn runs(namespace: &Namespace, pod: &str) -> usize {
    namespace.read(pod, "/tmp/runs").map_or(0, |text| text.lines().count())
}

#[test]
#[ignore = "needs a cluster: tests/kubernetes/run"]
fn one_pod_that_failed_of_three_is_the_only_one() {
    let namespace = Namespace::new();
    let (tool, names) = failed_in_the_first(&namespace);
    assert_eq!(namespace.exec(&names[0], None, &["touch", "/tmp/well"]).code, Some(0));
    assert_says(&tool.call(&["rerun", "--failed"]), 0, &format!("in 1 pod: {} (app)", names[0]));
    assert_eq!(names.each_ref().map(|pod| runs(&namespace, pod)), [2, 1, 1]);
}

#[test]
#[ignore = "needs a cluster: tests/kubernetes/run"]
fn a_pod_that_was_deleted_is_left_out_and_the_one_in_its_place_too() {
    let namespace = Namespace::new();
    let (tool, names) = failed_in_the_first(&namespace);
    namespace.delete_pod(&names[1], Some(0));
    let now = namespace.ready_pods("draft=web", 3);
    let new = now.iter().map(ResourceExt::name_any).find(|name| !names.contains(name)).expect("a new pod");
    let called = tool.call(&["rerun"]);
    assert_says(&called, 1, &format!("{} is gone: not run again", names[1]));
    assert_says(&called, 1, &format!("in 2 pods: {} (app), {} (app)", names[0], names[2]));
    assert_eq!([&names[0], &names[2], &new].map(|pod| runs(&namespace, pod)), [2, 2, 0]);
}

#[test]
#[ignore = "needs a cluster: tests/kubernetes/run"]
fn where_all_pods_are_gone_nothing_runs_in_those_of_a_new_rollout() {
    let namespace = Namespace::new();
    let (tool, names) = failed_in_the_first(&namespace);
    let now = namespace.roll_out(&Workload::deployment("web").replicas(3).build("01B"));
    let called = tool.call(&["rerun"]);
    assert_says(&called, 1, "no pod of the earlier run is left: ");
    assert_says(&called, 1, "run post-deploy to reach the pods that are there now");
    let now: Vec<String> = now.iter().map(ResourceExt::name_any).collect();
    assert!(now.iter().all(|pod| !names.contains(pod) && runs(&namespace, pod) == 0), "{now:?}");
}
