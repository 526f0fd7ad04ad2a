//! Tasks of somebody who may do no more than is needed, on a real cluster.
//!
//! Must not disturb the cluster.

use super::namespace::Namespace;
use super::workload::Workload;

const MARK: &str = "[post-deploy]\nmark = \"echo marked\"\n";

#[test]
#[ignore = "needs a cluster: tests/kubernetes/run"]
fn who_may_only_see_pods_and_execute_commands_in_them_can_run_tasks() {
    let namespace = Namespace::new();
    namespace.roll_out(&Workload::deployment("web").replicas(2));
    let rules = [("get,list,watch", "pods"), ("get,create", "pods/exec")];
    let kubeconfig = namespace.kubeconfig_for("runner", &rules);
    let tool = namespace.tool("web", MARK).with("KUBECONFIG", kubeconfig.to_str().expect("UTF-8"));
    // The role comes into force a moment after it is made.
    let called = namespace.wait("the role", || {
        let called = tool.call(&["run", "post-deploy"]);
        (called.code == Some(0)).then_some(called)
    });
    assert!(called.stdout.contains("all 2 pods passed"), "{called:?}");
    let note = "workloads may not be read, so these are the pods of the newest template that was seen";
    assert!(called.stdout.contains(note), "{called:?}");
}

#[test]
#[ignore = "needs a cluster: tests/kubernetes/run"]
fn who_may_not_execute_commands_is_told_so() {
    let namespace = Namespace::new();
    namespace.roll_out(&Workload::deployment("web"));
    let kubeconfig = namespace.kubeconfig_for("reader", &[("get,list,watch", "pods")]);
    let tool = namespace.tool("web", MARK).with("KUBECONFIG", kubeconfig.to_str().expect("UTF-8"));
    let said = namespace.wait("the role", || {
        let called = tool.call(&["run", "post-deploy"]);
        assert_eq!(called.code, Some(1), "{called:?}");
        called.stdout.contains("✗ mark").then_some(called.stdout)
    });
    assert!(said.contains("may not execute commands in pods (get and create of pods/exec)"), "{said}");
}
