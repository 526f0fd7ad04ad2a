//! Tasks wait for the pods of the present rollout of a real cluster, and run in no other.
//!
//! Must not disturb the cluster.

use kube::ResourceExt;
use serde_json::json;

use super::namespace::{Namespace, is_ready, is_terminating, waiting_reason};
use super::workload::Workload;

const MARK: &str = "[post-deploy]\nmark = \"touch /tmp/mark\"\n";

#[test]
#[ignore = "needs a cluster: tests/kubernetes/run"]
fn pods_that_become_ready_late_are_awaited() {
    let namespace = Namespace::new();
    let late = Workload::deployment("web").replicas(2).ready_when(&["test", "-e", "/tmp/ready"]);
    namespace.apply(&late);
    let tool = namespace.tool("web", MARK);
    let mut started = tool.start(&["run", "post-deploy"]);
    started.wait_for("runs and is not ready yet");
    let pods = namespace.wait_for_pods("two pods that run", "draft=web", |pods| {
        let runs = |name: &str| namespace.exec(name, None, &["true"]).code == Some(0);
        pods.len() == 2 && pods.iter().all(|pod| runs(&pod.name_any()))
    });
    let names: Vec<_> = pods.iter().map(ResourceExt::name_any).collect();
    assert!(names.iter().all(|name| namespace.read(name, "/tmp/mark").is_none()));
    for name in &names {
        assert_eq!(namespace.exec(name, None, &["touch", "/tmp/ready"]).code, Some(0));
    }
    let called = started.end();
    assert_eq!(called.code, Some(0), "{called:?}");
    assert!(called.stdout.contains("all 2 pods passed"), "{called:?}");
    assert!(names.iter().all(|name| namespace.read(name, "/tmp/mark").is_some()));
}

/// Changes a workload of three pods while the program waits, and asserts that tasks ran in all of the new pods and in
/// none of the old ones. Old ones take a minute to end, so they are all there to be looked at.
#[track_caller]
fn assert_only_in_new_pods(first: &Workload, second: &Workload) {
    let namespace = Namespace::new();
    let old: Vec<_> = namespace.roll_out(first).iter().map(ResourceExt::name_any).collect();
    namespace.apply(second);
    let tool = namespace.tool("web", MARK);
    let mut started = tool.start(&["run", "post-deploy"]);
    started.wait_for("waiting for pods");
    let called = started.end();
    assert_eq!(called.code, Some(0), "{called:?}");
    assert!(called.stdout.contains("all 3 pods passed"), "{called:?}");
    let pods = namespace.pods("draft=web");
    for pod in &pods {
        let name = pod.name_any();
        assert_eq!(namespace.read(&name, "/tmp/mark").is_some(), !old.contains(&name), "{name}");
    }
    assert_eq!(pods.len(), 6, "the old ones take a minute to go");
    assert!(
        pods.iter().any(|pod| is_terminating(pod) && is_ready(pod)),
        "they say that they are ready until then"
    );
}

/// Becomes ready late, so that its rollout takes a while.
fn slow() -> Workload {
    let workload = Workload::deployment("web").replicas(3).grace(60);
    workload.starting("sleep 2; touch /tmp/ready").ready_when(&["test", "-e", "/tmp/ready"])
}

#[test]
#[ignore = "needs a cluster: tests/kubernetes/run"]
fn pods_of_an_earlier_build_get_no_command_during_a_rollout() {
    assert_only_in_new_pods(&slow().build("01A"), &slow().build("01B"));
}

#[test]
#[ignore = "needs a cluster: tests/kubernetes/run"]
fn pods_of_an_earlier_template_get_no_command_during_a_rollout() {
    assert_only_in_new_pods(&slow().annotation("version", "1"), &slow().annotation("version", "2"));
}

#[test]
#[ignore = "needs a cluster: tests/kubernetes/run"]
fn pods_that_end_get_no_command_though_they_say_that_they_are_ready() {
    let namespace = Namespace::new();
    namespace.roll_out(&Workload::deployment("web").replicas(2).grace(60));
    let ending = namespace.pods("draft=web")[0].name_any();
    namespace.delete_pod(&ending, None);
    namespace.wait_for_pods("a pod that ends", "draft=web", |pods| {
        pods.iter().any(|pod| pod.name_any() == ending && is_terminating(pod) && is_ready(pod))
    });
    let called = namespace.tool("web", MARK).call(&["run", "post-deploy"]);
    assert_eq!(called.code, Some(0), "{called:?}");
    assert!(called.stdout.contains("all 2 pods passed"), "{called:?}");
    let pods = namespace.pods("draft=web");
    assert!(pods.iter().any(|pod| pod.name_any() == ending), "it takes a minute to go");
    for pod in pods {
        let name = pod.name_any();
        assert_eq!(namespace.read(&name, "/tmp/mark").is_some(), name != ending, "{name}");
    }
}

#[test]
#[ignore = "needs a cluster: tests/kubernetes/run"]
fn a_pod_that_cannot_start_is_told_with_its_reason() {
    let namespace = Namespace::new();
    let strategy = json!({ "rollingUpdate": { "maxSurge": 1, "maxUnavailable": 0 } });
    let deployment = Workload::deployment("web").spec("strategy", strategy);
    let old = namespace.roll_out(&deployment).remove(0).name_any();
    namespace.apply(&deployment.image("localhost/no-such-image:1"));
    let reasons = ["ErrImageNeverPull", "ErrImagePull", "ImagePullBackOff"];
    namespace.wait_for_pods("a reason why the new pod waits", "draft=web", |pods| {
        pods.iter().any(|pod| waiting_reason(pod).is_some_and(|reason| reasons.contains(&reason)))
    });
    let called = namespace.tool("web", MARK).call(&["run", "post-deploy", "--ready-timeout", "5"]);
    assert_eq!(called.code, Some(1), "{called:?}");
    assert!(called.stdout.contains("the only pod was not ready within 5.0 s"), "{called:?}");
    assert!(reasons.iter().any(|reason| called.stdout.contains(reason)), "{called:?}");
    assert_eq!(namespace.read(&old, "/tmp/mark"), None);
}
