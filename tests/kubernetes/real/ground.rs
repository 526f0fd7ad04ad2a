//! The test ground itself: what tests of the program take for granted of workloads, pods and permissions.
//!
//! Must not call the program.

use kube::{Api, ResourceExt};
use serde_json::json;

use super::cluster::cluster;
use super::namespace::{Namespace, is_ready, is_terminating};
use super::workload::Workload;

#[test]
#[ignore = "needs a cluster: tests/kubernetes/run"]
fn workloads_roll_out() {
    let namespace = Namespace::new();
    let deployment = Workload::deployment("web").replicas(2).build("01A").container("proxy");
    let first = namespace.roll_out(&deployment);
    assert_eq!(first.len(), 2);
    assert!(first.iter().all(|pod| pod.annotations().get("buildID").is_some_and(|id| id == "01A")));

    let second = namespace.roll_out(&deployment.clone().build("01B"));
    assert_eq!(second.len(), 2);
    assert!(second.iter().all(|pod| first.iter().all(|old| old.name_any() != pod.name_any())));

    let stateful = namespace.roll_out(&Workload::stateful_set("db"));
    assert_eq!(stateful[0].name_any(), "db-0");
    assert!(stateful[0].labels().contains_key("controller-revision-hash"));
    assert!(!namespace.roll_out(&Workload::daemon_set("agent")).is_empty());
    assert!(second[0].labels().contains_key("pod-template-hash"));
}

#[test]
#[ignore = "needs a cluster: tests/kubernetes/run"]
fn pods_are_ready_when_a_command_says_so() {
    let namespace = Namespace::new();
    let pod = Workload::pod("web").ready_when(&["test", "-e", "/tmp/ready"]).grace(300);
    namespace.apply(&pod);
    namespace.wait("a container that runs", || {
        (namespace.exec("web", None, &["true"]).code == Some(0)).then_some(())
    });
    assert!(!is_ready(&namespace.pods("draft=web")[0]));
    assert_eq!(namespace.exec("web", None, &["touch", "/tmp/ready"]).code, Some(0));
    namespace.ready_pods("draft=web", 1);

    // It ends as late as it may, and says to be ready until then.
    namespace.delete_pod("web", None);
    let pods =
        namespace.wait_for_pods("a pod that ends", "draft=web", |pods| pods.iter().all(is_terminating));
    assert!(is_ready(&pods[0]));
    namespace.delete_pod("web", Some(0));
    namespace.wait_for_pods("its end", "draft=web", <[_]>::is_empty);
}

#[test]
#[ignore = "needs a cluster: tests/kubernetes/run"]
fn commands_run_in_containers() {
    let namespace = Namespace::new();
    namespace.roll_out(&Workload::pod("web").starting("echo begun >/tmp/marker"));
    namespace.wait("the marker", || namespace.read("web", "/tmp/marker").filter(|text| text == "begun\n"));
    let ran = namespace.exec("web", None, &["sh", "-c", "echo out; echo err >&2; exit 42"]);
    assert_eq!((ran.stdout.as_str(), ran.stderr.as_str(), ran.code), ("out\n", "err\n", Some(42)));
    assert_eq!(namespace.read("web", "/tmp/none"), None);
    assert_eq!(namespace.processes("web", None), ["sleep 1000000"]);
}

#[test]
#[ignore = "needs a cluster: tests/kubernetes/run"]
fn users_may_do_what_they_are_given() {
    let namespace = Namespace::new();
    let client = namespace.client(&namespace.kubeconfig_for("reader", &[("get,list", "pods")]));
    let pods: Api<k8s_openapi::api::core::v1::Pod> = Api::namespaced(client, &namespace.name);
    assert!(cluster().block_on(pods.list(&Default::default())).is_ok());
    let Err(kube::Error::Api(status)) = cluster().block_on(pods.delete("web", &Default::default())) else {
        panic!("it may delete");
    };
    assert_eq!(status.code, 403);
}

#[test]
#[ignore = "needs a cluster: tests/kubernetes/run"]
fn a_rollout_stays_as_it_is_told_to() {
    let namespace = Namespace::new();
    let deployment = Workload::deployment("web").build("01A");
    let strategy = json!({ "rollingUpdate": { "maxSurge": 1, "maxUnavailable": 0 } });
    let deployment = deployment.spec("strategy", strategy);
    let old = namespace.roll_out(&deployment).remove(0).name_any();
    namespace.apply(&deployment.build("01B").ready_when(&["test", "-e", "/tmp/ready"]));
    let pods = namespace.wait_for_pods("a new pod beside the old", "draft=web", |pods| pods.len() == 2);
    assert!(pods.iter().any(|pod| pod.name_any() == old && is_ready(pod) && !is_terminating(pod)));
}
