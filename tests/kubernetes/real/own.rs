//! Tests that need the cluster of `tests/kubernetes/cluster`: they know its release, or disturb all of it.
//!
//! Must not leave it disturbed: each has the cluster alone until it runs again.

use serde_json::json;

use super::cluster::cluster;
use super::namespace::{Namespace, is_ready};
use super::workload::Workload;
use crate::conversation::{self, Partner};
use crate::double::Release;
use crate::same;

/// The pods that the conversation is about.
fn start_pods(namespace: &Namespace) {
    let pod = |name: &str| Workload::pod(name).label("same", "yes");
    namespace.apply(&pod("one"));
    namespace.apply(&pod("two").container("proxy"));
    namespace.apply(&pod("waiting").image("localhost/no-such-image:1"));
    namespace.apply(&pod("homeless").pod_spec("nodeSelector", json!({ "no-such": "node" })));
    namespace.wait_for_pods("the pods of the conversation", "same=yes", |pods| {
        let waiting = pods.iter().any(|pod| {
            let statuses = pod.status.iter().flat_map(|status| status.container_statuses.iter().flatten());
            let states =
                statuses.filter_map(|status| status.state.as_ref()?.waiting.as_ref()?.reason.as_deref());
            states.into_iter().any(|reason| reason == "ErrImageNeverPull")
        });
        let homeless = pods.iter().any(|pod| {
            let conditions = pod.status.iter().flat_map(|status| status.conditions.iter().flatten());
            conditions.into_iter().any(|condition| condition.reason.as_deref() == Some("Unschedulable"))
        });
        waiting && homeless && pods.iter().filter(|pod| is_ready(pod)).count() == 2
    });
}

#[test]
#[ignore = "needs a cluster: tests/kubernetes/run"]
fn answers_as_the_double_does() {
    let namespace = Namespace::alone();
    start_pods(&namespace);
    let partner =
        |kubeconfig| Partner { client: namespace.client(&kubeconfig), namespace: namespace.name.clone() };
    let admin = partner(namespace.kubeconfig());
    let questions = cluster().block_on(conversation::questions(&admin));
    let user = partner(namespace.kubeconfig_for("restricted", &[("get,list", "pods")]));
    let restricted = cluster().block_on(conversation::restricted(&user, &namespace.user("restricted")));
    // A server that has just started keeps no old version.
    cluster().call(&["api", "kill"]);
    cluster().call(&["api", "start"]);
    let expired = cluster().block_on(conversation::expired(&admin));
    let said = same::report(&questions, &restricted, &expired);
    let double = same::said_by_double(Release::Old);
    let differing: Vec<_> =
        said.lines().zip(double.lines()).filter(|(real, double)| real != double).collect();
    assert_eq!(differing, [], "what the cluster and what the double said");
    assert_eq!(said, double);
}

/// The image that has no shell, for tasks that cannot be ended in their container.
pub(super) const NO_SHELL: &str = "localhost/noshell:1";

#[test]
#[ignore = "needs a cluster: tests/kubernetes/run"]
fn an_image_has_no_shell() {
    let namespace = Namespace::new();
    let pod = Workload::pod("bare").image(NO_SHELL).command(&["sleep", "1000000"]);
    namespace.roll_out(&pod);
    let echo = namespace.exec("bare", None, &["echo", "here"]);
    assert_eq!((echo.stdout.as_str(), echo.code), ("here\n", Some(0)));
    for shell in ["sh", "/bin/sh", "ash", "busybox"] {
        assert_eq!(namespace.exec("bare", None, &[shell, "-c", "true"]).code, None, "{shell}");
    }
}

#[test]
#[ignore = "needs a cluster: tests/kubernetes/run"]
fn the_api_server_goes_and_comes_back() {
    let namespace = Namespace::alone();
    let pods = namespace.roll_out(&Workload::deployment("web"));
    for end in ["kill", "term"] {
        cluster().call(&["api", end]);
        cluster().call(&["api", "start"]);
        let same = namespace.ready_pods("draft=web", 1);
        assert_eq!(same[0].metadata.uid, pods[0].metadata.uid, "all else went on");
        assert_eq!(namespace.exec(same[0].metadata.name.as_deref().unwrap(), None, &["true"]).code, Some(0));
    }
}

#[test]
#[ignore = "needs a cluster: tests/kubernetes/run"]
fn a_stop_says_that_a_command_may_still_be_running_where_no_shell_is() {
    super::stop::assert_says_so_where_no_shell_is();
}

const MARK: &str = "[post-deploy]\nmark = \"touch /tmp/mark\"\n";

#[test]
#[ignore = "needs a cluster: tests/kubernetes/run"]
fn a_wait_goes_on_after_the_api_server_was_killed() {
    let namespace = Namespace::alone();
    namespace.apply(&Workload::deployment("web").ready_when(&["test", "-e", "/tmp/ready"]));
    let tool = namespace.tool("web", MARK);
    let mut started = tool.start(&["run", "post-deploy"]);
    started.wait_for("runs and is not ready yet");
    cluster().call(&["api", "kill"]);
    started.wait_for("cannot be read");
    cluster().call(&["api", "start"]);
    let pod = namespace.wait_for_pods("a pod", "draft=web", |pods| pods.len() == 1);
    let pod = pod[0].metadata.name.clone().expect("a name");
    namespace.wait("a container that runs", || {
        (namespace.exec(&pod, None, &["touch", "/tmp/ready"]).code == Some(0)).then_some(())
    });
    let called = started.end();
    assert_eq!(called.code, Some(0), "{called:?}");
    assert!(namespace.read(&pod, "/tmp/mark").is_some());
}

#[test]
#[ignore = "needs a cluster: tests/kubernetes/run"]
fn the_result_is_unknown_where_the_api_server_is_killed_during_a_task() {
    let namespace = Namespace::alone();
    namespace.roll_out(&Workload::deployment("web"));
    let tool = namespace.tool("web", "[post-deploy]\nwait = \"sh -c 'echo begun; sleep 600'\"\n");
    let mut started = tool.start(&["run", "post-deploy"]);
    started.wait_for("begun");
    cluster().call(&["api", "kill"]);
    let called = started.end();
    cluster().call(&["api", "start"]);
    assert_eq!(called.code, Some(1), "{called:?}");
    assert!(called.stdout.contains("result unknown"), "{called:?}");
    assert!(called.stdout.contains("the command may still be running, or may have ended well"), "{called:?}");
}
