//! What clusters of today do otherwise, and why a rollout may never end, on the double.
//!
//! Must not look at how commands end in a pod.

use serde_json::json;

use crate::application::{WORK, tool};
use crate::double::{Answer, Double, Pod, Release, Step, When, Workload};
use crate::rollout::{deployment, pod, replica_set, roll_out};
use crate::tool::{Called, assert_says};

const DRAFT: &str = "[environments.development]\nname = \"web\"\n";

fn run(double: &Double, more: &[&str]) -> Called {
    tool(double, WORK).call(&[&["run", "post-deploy"], more].concat())
}

fn doctor(double: &Double) -> Called {
    tool(double, WORK).call(&["doctor"])
}

#[test]
fn a_server_that_asks_for_create_is_known_to_the_doctor_and_to_the_message() {
    let double = Double::start_as(Release::Newest);
    roll_out(&double, "a", 1);
    assert_says(&run(&double, &[]), 0, &["1 passed"]);
    assert_says(&doctor(&double), 0, &["✓ permissions"]);
    double.deny("create", "pods/exec");
    let missing =
        "the user may not create pods/exec in context double, namespace default, which this cluster asks for";
    assert_says(&run(&double, &[]), 1, &[missing, "get and create on pods/exec"]);
    assert_says(
        &doctor(&double),
        1,
        &["✗ permissions", "not permitted in namespace default: create pods/exec"],
    );
}

#[test]
fn an_older_server_does_not_ask_for_create() {
    let double = Double::start_as(Release::New);
    roll_out(&double, "a", 1);
    double.deny("create", "pods/exec");
    assert_says(&run(&double, &[]), 0, &["1 passed"]);
    assert_says(
        &doctor(&double),
        0,
        &["✓ permissions", "create pods/exec; clusters since Kubernetes 1.35 ask"],
    );
}

#[test]
fn a_pod_that_is_deleted_is_gone_when_its_object_is() {
    let double = Double::start();
    double.put(pod("a", 0).ended("Succeeded", 0).terminating());
    // One that nobody deletes may stay, such as a job's.
    double.put(pod("a", 1).ended("Succeeded", 0));
    let tool = tool(&double, "[cleanup]\nclean = \"touch cleaned\"\n");
    let mut started = tool.start(&["delete", "--yes", "--", "true"]);
    started.wait_for("web-a-0 is ending");
    assert!(!tool.path("cleaned").exists());
    double.remove("pods", "web-a-0");
    assert_says(&started.end(), 0, &[]);
    assert!(tool.path("cleaned").exists());
}

#[test]
fn sidecars_and_ephemeral_containers_are_containers() {
    let double = Double::start();
    roll_out(&double, "a", 1);
    let ephemeral = |pod: &mut serde_json::Value| {
        pod["spec"]["ephemeralContainers"] = json!([{ "name": "debug" }, { "name": "over" }]);
        pod["status"]["ephemeralContainerStatuses"] = json!([
            { "name": "debug", "state": { "running": {} } }, { "name": "over", "state": { "terminated": { "exitCode": 0 } } },
        ]);
    };
    double.put(pod("a", 0).sidecar("proxy").change(ephemeral));
    for container in ["proxy", "debug", "app"] {
        assert_says(&run(&double, &["-c", container]), 0, &["1 passed"]);
        assert_eq!(double.seen().execs.last().expect("an exec").container, container);
    }
    assert_says(
        &run(&double, &["-c", "over"]),
        1,
        &["has no container `over`", "it has `app`, `proxy`, `debug`"],
    );
    let annotated =
        |name: &str| pod("a", 0).sidecar("proxy").annotation("kubectl.kubernetes.io/default-container", name);
    double.put(annotated("proxy"));
    assert_says(&run(&double, &[]), 0, &["1 passed"]);
    assert_eq!(double.seen().execs.last().expect("an exec").container, "proxy");
    double.put(annotated("nothing"));
    let said = [
        "pod `web-a-0` has no container `nothing`",
        "its annotation kubectl.kubernetes.io/default-container",
    ];
    assert_says(&run(&double, &[]), 1, &said);
    assert_says(&run(&double, &["-c", "app"]), 0, &["1 passed"]);
}

#[test]
fn a_container_that_is_missing_is_told_before_the_pods_are_ready() {
    let double = Double::start();
    double.put(deployment("a", 1).status(json!({ "availableReplicas": 0 })));
    double.put(replica_set("a", 1));
    double.put(pod("a", 0).not_ready());
    assert_says(&run(&double, &["-c", "nope"]), 1, &["has no container `nope`", "it has `app`"]);
}

#[test]
fn up_says_before_and_after_the_deployment_that_there_is_no_namespace() {
    let double = Double::start();
    let tool = tool(&double, &format!("[pre-up]\na = \"true\"\n{WORK}"));
    let called = tool.call(&["up", "-n", "nowhere", "--", "touch", "deployed"]);
    let missing = "there is no namespace `nowhere` in the cluster of context `double`";
    let before = format!("warning: {missing}; up goes on, as pre-up or the deploy command may change that");
    assert_says(
        &called,
        1,
        &[&before, "the deploy command did not create it: helm does with --create-namespace"],
    );
    assert!(tool.path("deployed").exists());
}

#[test]
fn a_namespace_that_is_missing_or_ends_is_told_at_once() {
    let double = Double::start();
    let said = [
        "there is no namespace `nowhere` in the cluster of context `double`",
        "kubectl create namespace nowhere",
    ];
    assert_says(&run(&double, &["-n", "nowhere"]), 1, &said);
    double.put(json!({
        "kind": "Namespace", "apiVersion": "v1", "status": { "phase": "Terminating" },
        "metadata": { "name": "ending", "deletionTimestamp": "2024-01-01T01:00:00Z" },
    }));
    assert_says(
        &run(&double, &["-n", "ending"]),
        1,
        &["namespace `ending` in the cluster of context `double` is being deleted"],
    );
    // Who may not see it waits.
    double.deny("get", "namespaces");
    assert_says(
        &run(&double, &["-n", "nowhere", "--ready-timeout", "1s"]),
        1,
        &["no pod was ready within 1.0 s"],
    );
}

/// What run and doctor say of a deployment that never gets there.
fn assert_stuck(deployment: Workload, pods: &[Pod], reason: &str) {
    let double = Double::start();
    double.put(deployment);
    double.put(replica_set("a", 1).label("draft", "web"));
    pods.iter().for_each(|pod| double.put(pod.clone()));
    let called = run(&double, &["--ready-timeout", "1s"]);
    assert_says(&called, 1, &[reason, "within 1.0 s in context double"]);
    assert!(
        !called.stderr.contains("was not ready") && !called.stdout.contains("the only pod was not ready"),
        "{called:#?}"
    );
    assert_says(&doctor(&double), 1, &[reason]);
}

#[test]
fn what_keeps_a_rollout_from_its_end_is_named() {
    let quota = "pods \"web-a-1\" is forbidden: exceeded quota: few, requested: pods=1, used: pods=1, limited: pods=1";
    let refused = json!({ "conditions": [
        { "type": "ReplicaFailure", "status": "True", "reason": "FailedCreate", "message": quota },
    ] });
    let short =
        || deployment("a", 2).status(json!({ "updatedReplicas": 1, "availableReplicas": 1, "replicas": 1 }));
    assert_stuck(short().status(refused.clone()), &[pod("a", 0)], quota);
    let none = json!({ "updatedReplicas": 0, "availableReplicas": 0, "replicas": 0 });
    assert_stuck(deployment("a", 2).status(none).status(refused), &[], quota);
    assert_stuck(
        short().spec(json!({ "paused": true })),
        &[pod("a", 0)],
        "the rollout of deployment web is paused",
    );
    assert_stuck(deployment("a", 0), &[], "deployment web is scaled to 0");
    let late = json!({ "conditions": [
        { "type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded", "message": "it took too long" },
    ] });
    assert_stuck(
        short().status(late),
        &[pod("a", 0)],
        "the rollout of deployment web has stopped: it took too long",
    );
}

#[test]
fn workloads_that_have_no_pods_on_purpose_are_named() {
    let none = json!({ "desiredNumberScheduled": 0, "updatedNumberScheduled": 0, "numberAvailable": 0 });
    for (workload, reason) in [
        (Workload::new("StatefulSet", "web", 0), "statefulset web is scaled to 0"),
        (
            Workload::new("DaemonSet", "web", 1).status(none),
            "daemonset web has no pods: no node is one for them",
        ),
    ] {
        let double = Double::start();
        double.put(workload.label("draft", "web"));
        assert_says(&run(&double, &["--ready-timeout", "1s"]), 1, &["no pod was ready within 1.0 s", reason]);
        assert_says(&doctor(&double), 1, &[reason]);
    }
}

#[test]
fn what_a_pod_waits_for_is_named() {
    for (waiting, reason) in [
        (
            pod("a", 0).not_ready().init("migrate").phase("Pending"),
            "waits for its init container `migrate`, which runs",
        ),
        (
            pod("a", 0).not_ready().sidecar("proxy").phase("Pending").change(|pod| {
                pod["status"]["initContainerStatuses"][0]["started"] = json!(false);
            }),
            "waits for its sidecar `proxy`, which has not started yet",
        ),
        (
            pod("a", 0).change(|pod| {
                pod["spec"]["readinessGates"] = json!([{ "conditionType": "example.com/load-balancer" }]);
                pod["status"]["conditions"][1]["status"] = json!("False");
            }),
            "waits for its readiness gate `example.com/load-balancer`",
        ),
    ] {
        let double = Double::start();
        double.put(deployment("a", 1).status(json!({ "availableReplicas": 0 })));
        double.put(replica_set("a", 1));
        double.put(waiting);
        assert_says(
            &run(&double, &["--ready-timeout", "1s"]),
            1,
            &["the only pod was not ready within 1.0 s", reason],
        );
        assert_says(&doctor(&double), 1, &[reason]);
    }
}

#[test]
fn a_container_that_was_started_again_meanwhile_is_told() {
    let double = Double::start();
    roll_out(&double, "a", 1);
    let same = |pod: Pod| pod.change(|pod| pod["metadata"]["uid"] = json!("one"));
    double.put(same(pod("a", 0)));
    let gate = crate::double::Gate::new();
    let begun = Step::Stdout("begun\n".into());
    double.on_exec(When::any(), Answer::Run(vec![begun, Step::Until(gate.clone()), Step::Exit(137)]));
    let tool = tool(&double, WORK);
    let mut started = tool.start(&["run", "post-deploy"]);
    started.wait_for("begun");
    double.put(same(pod("a", 0)).change(|pod| {
        pod["status"]["containerStatuses"][0]["restartCount"] = json!(1);
        pod["status"]["containerStatuses"][0]["lastState"] =
            json!({ "terminated": { "exitCode": 137, "reason": "OOMKilled" } });
    }));
    gate.open();
    let note = "container `app` was started again while the task ran: it was out of memory (OOMKilled)";
    assert_says(&started.end(), 1, &["exit code 137", note]);
}

#[test]
fn what_a_runtime_says_begins_with_why() {
    let double = Double::start();
    roll_out(&double, "a", 1);
    let message = "Internal error occurred: error executing command in container: failed to exec in container: failed to start \
        exec \"1f\": OCI runtime exec failed: exec failed: unable to start container process: exec: \"work\": executable file \
        not found in $PATH";
    let status = json!({ "metadata": {}, "status": "Failure", "reason": "InternalError", "code": 500, "message": message });
    double.on_exec(When::any(), Answer::Run(vec![Step::Status(status)]));
    let called = run(&double, &[]);
    assert_says(&called, 1, &["exec: \"work\": executable file not found in $PATH"]);
    assert!(!called.stdout.contains("OCI runtime"), "{called:?}");
}

#[test]
fn the_doctor_looks_at_all_kinds_of_workloads() {
    let double = Double::start();
    roll_out(&double, "a", 1);
    let all = ["deployments", "replicasets", "statefulsets", "daemonsets"];
    all.iter().for_each(|kind| double.deny("get", kind));
    let said = "not permitted: get deployments, replicasets, statefulsets, daemonsets";
    assert_says(&doctor(&double), 0, &[said]);
}

#[test]
fn the_log_tells_by_which_protocol_commands_run() {
    for (release, protocol) in [(Release::Old, "v4.channel.k8s.io"), (Release::Newest, "v5.channel.k8s.io")] {
        let double = Double::start_as(release);
        roll_out(&double, "a", 1);
        let tool = tool(&double, WORK).with("DRAFT_TASKS_LOG", "trace");
        assert_says(&tool.call(&["run", "post-deploy"]), 0, &["the protocol of commands in pods", protocol]);
    }
}

#[test]
fn a_server_that_is_lost_is_told_without_a_page_of_a_manual() {
    let double = Double::start();
    roll_out(&double, "a", 1);
    double.on_exec(When::any(), Answer::Run(vec![Step::Stdout("begun\n".into()), Step::Stall]));
    let tool = tool(&double, WORK);
    let mut started = tool.start(&["run", "post-deploy"]);
    started.wait_for("begun");
    double.stop();
    let called = started.end();
    assert_says(&called, 1, &["result unknown: the connection to the pod was lost"]);
    assert!(!format!("{called:?}").contains("://docs."), "{called:#?}");
}

#[test]
fn without_watch_tasks_run_where_all_is_ready() {
    let double = Double::start();
    roll_out(&double, "a", 1);
    double.deny("watch", "pods");
    assert_says(&run(&double, &[]), 0, &["1 passed"]);
    assert_says(&doctor(&double), 0, &["✓ permissions", "watch pods; without it pods are not awaited"]);
}

#[test]
fn a_user_that_the_kubeconfig_lacks_is_named() {
    let double = Double::start();
    let mut config = double.kubeconfig_value();
    config["users"] = json!([]);
    let path = double.write_kubeconfig("without-user", &config);
    let tool = tool(&double, WORK).with("KUBECONFIG", path.to_str().expect("UTF-8"));
    tool.write("draft.toml", DRAFT.as_bytes());
    let said = "context `double` names the user `double`, which is not in the kubeconfig";
    assert_says(&tool.call(&["run", "post-deploy"]), 1, &["does not accept the credentials", said]);
}

#[test]
fn output_is_taken_from_the_server_though_nobody_reads_what_is_told() {
    let double = Double::start();
    roll_out(&double, "a", 1);
    let line = format!("{}\n", "x".repeat(99));
    let pieces = (0..200).map(|_| Step::Stdout(line.repeat(1000).into()));
    double.on_exec(When::any(), Answer::Run(pieces.chain([Step::Exit(0)]).collect()));
    let tool = tool(&double, WORK);
    let started = tool.start(&["run", "post-deploy", "--no-record"]);
    // A server that cannot get rid of output may cut its end.
    double.wait_for("the end of the command", |seen| seen.execs.iter().any(|exec| exec.end.is_some()));
    let called = started.end();
    assert_says(&called, 0, &["1 passed"]);
    assert_eq!(called.stdout.matches(line.trim_end()).count(), 200_000);
}
