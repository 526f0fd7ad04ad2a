//! What goes wrong with a Job, on the double: never a wrong success, always the reason and what to do.
//!
//! Must not look inside of the program.

use hyper::StatusCode;
use serde_json::{Value, json};

use crate::double::{Fault, Refusal, Watches};
use crate::job::{RUN, TASKS, application, container, ended, made, name, pod, pod_name, runs, simple, waits};
use crate::tool::assert_says;

fn failed(job: &Value, reason: &str) -> Value {
    let mut job = job.clone();
    job["status"] = json!({ "conditions": [{ "type": "Failed", "status": "True", "reason": reason, "message": "said" }] });
    job
}

fn warning(job: &Value, message: &str) -> Value {
    json!({
        "kind": "Event", "metadata": { "name": "e" }, "type": "Warning", "message": message,
        "involvedObject": { "kind": "Job", "name": name(job) },
    })
}

#[test]
fn a_job_is_not_made_of_a_masked_value_or_a_volume_of_one_pod() {
    let (double, tool) = simple();
    let tool = tool.with("DB_PASSWORD", "hunter22");
    tool.write(".draft-tasks.toml", b"[post-deploy]\na = \"one\"\nb = \"two $DB_PASSWORD\"\n");
    let said = ["task `b` has the value of `$DB_PASSWORD` in its arguments that is masked on this machine"];
    assert_says(&tool.call(&RUN), 1, &said);

    let tool = tool.with("API_TOKEN", "correct horse battery");
    tool.write(".draft-tasks.toml", b"[post-deploy]\nc = \"echo the correct horse 'battery'\"\n");
    assert_says(&tool.call(&RUN), 1, &["task `c` has a value in its arguments that is masked"]);

    tool.write(".draft-tasks.toml", TASKS.as_bytes());
    let claim = |mode: &str| json!({ "kind": "PersistentVolumeClaim", "metadata": { "name": "c" }, "spec": { "accessModes": [mode] } });
    let mut spec = container(&json!({ "volumeMounts": [{ "name": "data", "mountPath": "/data" }] }));
    spec["volumes"] = json!([{ "name": "data", "persistentVolumeClaim": { "claimName": "c" } }]);
    let (shared, other) = application(spec);
    assert_says(
        &other.call(&RUN),
        1,
        &["a Job cannot have volume `data` of deployment web: there is no claim `c`"],
    );
    shared.put(claim("ReadWriteOnce"));
    let said = [
        "a Job cannot have volume `data` of deployment web: its claim `c` is ReadWriteOnce",
        "without --as job",
    ];
    assert_says(&other.call(&RUN), 1, &said);
    shared.deny("get", "persistentvolumeclaims");
    assert_says(&other.call(&RUN), 1, &["it is not known whether several pods can have it"]);
    assert_eq!(double.seen().count("create", "jobs") + shared.seen().count("create", "jobs"), 0);
    shared.permit_all();
    shared.put(claim("ReadWriteMany"));
    for volume in [json!({ "awsElasticBlockStore": { "volumeID": "v" } }), json!({ "rbd": { "image": "i" } })]
    {
        let mut spec = container(&json!({ "volumeMounts": [{ "name": "data", "mountPath": "/data" }] }));
        spec["volumes"] = json!([volume]);
        spec["volumes"][0]["name"] = json!("data");
        let (double, disk) = application(spec);
        let said = ["a Job cannot have volume `data` of deployment web: it is of the kind ", "one node"];
        assert_says(&disk.call(&RUN), 1, &said);
        assert_eq!(double.seen().count("create", "jobs"), 0);
    }
    let spec = container(&json!({ "volumeDevices": [{ "name": "raw", "devicePath": "/dev/x" }] }));
    let said = ["a Job cannot have volume `raw` of deployment web: each of its pods has one of its own"];
    assert_says(&application(spec).1.call(&RUN), 1, &said);
    let started = other.start(&RUN);
    let job = made(&shared);
    assert_eq!(job["spec"]["template"]["spec"]["volumes"][0]["name"], "data");
    shared.put(pod(&job, &[ended(0), ended(0)]));
    assert_says(&started.end(), 0, &["2 passed"]);
}

#[test]
fn a_variable_that_the_container_may_lack_is_no_reference() {
    for kind in ["secretKeyRef", "configMapKeyRef"] {
        let source = json!({ kind: { "name": "db", "key": "url", "optional": true } });
        let env = json!([{ "name": "URL", "valueFrom": source }]);
        let (double, tool) = application(container(&json!({ "env": env })));
        let said = [
            "task `create`: it is not known whether the container has `$URL`, since it is `optional` there",
            "name `URL` in the `env` of the workload's container, not as `optional`",
        ];
        assert_says(&tool.call(&RUN), 1, &said);
        assert_eq!(double.seen().count("create", "jobs"), 0);
    }
}

#[test]
fn what_a_job_would_have_otherwise_than_the_applications_pods_is_refused() {
    let label = json!({ "fieldRef": { "fieldPath": "metadata.labels['pod-template-hash']" } });
    let mut volume = container(&json!({ "volumeMounts": [{ "name": "own", "mountPath": "/own" }] }));
    let items = json!([{ "path": "labels", "fieldRef": { "fieldPath": "metadata.labels" } }]);
    volume["volumes"] = json!([{ "name": "own", "downwardAPI": { "items": items } }]);
    let variable = container(&json!({ "env": [{ "name": "URL", "valueFrom": label }] }));
    let variable_said =
        "a Job cannot have variable `URL` of deployment web: it is label `pod-template-hash` of its pods";
    let volume_said =
        "a Job cannot have volume `own` of deployment web: it tells `metadata.labels` of its pod";
    for (spec, said) in [(variable, variable_said), (volume, volume_said)] {
        let (double, tool) = application(spec);
        assert_says(&tool.call(&RUN), 1, &[said, "without --as job"]);
        assert_eq!(double.seen().count("create", "jobs"), 0);
    }
    let (double, tool) = simple();
    tool.write(".draft-tasks.toml", b"[post-deploy]\na = \"one $DB_SERVICE_HOST\"\n");
    let said = [
        "it is not known whether the container has `$DB_SERVICE_HOST`, since Kubernetes gives it variables of its Services",
        "name `DB_SERVICE_HOST` in the `env`",
    ];
    assert_says(&tool.call(&RUN), 1, &said);
    assert_eq!(double.seen().count("create", "jobs"), 0);
}

#[test]
fn a_job_is_made_after_one_workload() {
    let double = crate::double::Double::start();
    let tool = crate::application::tool(&double, TASKS);
    let said = ["no Deployment, StatefulSet or DaemonSet has pods with label draft=web", "--image"];
    assert_says(&tool.call(&RUN), 1, &said);
    let (double, tool) = simple();
    assert_says(&tool.call(&[&RUN[..], &["--container", "none"]].concat()), 1, &["has no container `none`"]);
    double.deny("get", "deployments");
    assert_says(&tool.call(&RUN), 1, &["may not get deployments in namespace `default`"]);
}

#[test]
fn a_refusal_of_the_job_is_told_and_an_answer_that_is_lost_makes_no_second_job() {
    let (double, tool) = simple();
    let status = json!({
        "kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "Forbidden", "code": 403,
        "message": "admission webhook \"policy\" denied the request: no limits",
    });
    let refusal = Refusal::Http(StatusCode::FORBIDDEN, status.to_string());
    double.fault(Fault { verb: "create", resource: "jobs", times: Some(1), refusal });
    assert_says(&tool.call(&RUN), 1, &["denied the request: no limits", "nothing runs: no Job was made"]);
    double.fault(Fault { verb: "create", resource: "jobs", times: Some(1), refusal: Refusal::Hangup });
    let started = tool.start(&RUN);
    let job = made(&double);
    double.put(pod(&job, &[ended(0), ended(0)]));
    assert_says(&started.end(), 0, &["2 passed"]);
    assert_eq!(double.objects("jobs").len(), 1);
}

#[test]
fn a_job_that_does_not_begin_is_deleted_at_the_limit_with_the_reason() {
    let (double, tool) = simple();
    let arguments = [&RUN[..], &["--ready-timeout", "12"]].concat();
    let mut started = tool.start(&arguments);
    let job = made(&double);
    double.put(warning(&job, "Error creating: exceeded quota: pods=1"));
    started.wait_for("has no pod yet: Error creating: exceeded quota: pods=1");
    let said =
        ["no task of Job `draft-tasks-", "began: not within 12.0 s", "so nothing runs later", "failed: "];
    assert_says(&started.end(), 1, &said);
    assert!(double.objects("jobs").is_empty());

    // An old server replaces a pod as soon as it is deleted.
    let (double, tool) = simple();
    let mut started = tool.start(&RUN);
    let job = made(&double);
    double.put(pod(&job, &[runs(), waits()]));
    started.wait_for("in 1 pod");
    double.put(pod(&job, &[runs(), waits()]).change(|pod| {
        pod["metadata"]["name"] = json!("another");
        pod["metadata"]["uid"] = json!("another");
    }));
    double.remove("pods", &pod_name(&job));
    assert_says(
        &started.end(),
        1,
        &["✗ create", "it has begun again in pod `another`, and the Job was deleted"],
    );

    let (double, tool) = simple();
    let mut started = tool.start(&arguments);
    let job = made(&double);
    let pulls =
        json!({ "waiting": { "reason": "ImagePullBackOff", "message": "Back-off pulling image \"web:1\"" } });
    double.put(pod(&job, &[pulls, waits()]));
    started.wait_for("ImagePullBackOff: Back-off pulling image \"web:1\"");
    assert_says(
        &started.end(),
        1,
        &["began: not within 12.0 s", "ImagePullBackOff", "so nothing runs later"],
    );
    assert!(double.objects("jobs").is_empty());
}

#[test]
fn a_pod_that_goes_while_a_task_runs_is_no_success_and_nothing_runs_again() {
    let (double, tool) = simple();
    let mut started = tool.start(&RUN);
    let job = made(&double);
    double.put(pod(&job, &[runs(), waits()]));
    started.wait_for("in 1 pod");
    double.remove("pods", &pod_name(&job));
    let said = [
        "✗ create",
        "result unknown: pod `draft-tasks-",
        "was deleted while the task ran",
        "the Job was deleted",
    ];
    assert_says(&started.end(), 1, &said);
    assert!(double.objects("jobs").is_empty());

    let (double, tool) = simple();
    let mut started = tool.start(&RUN);
    let job = made(&double);
    double.put(pod(&job, &[runs(), waits()]));
    started.wait_for("in 1 pod");
    let evicted = pod(&job, &[runs(), waits()]).change(|pod| {
        pod["status"] =
            json!({ "phase": "Failed", "reason": "Evicted", "message": "The node was low on memory" });
    });
    double.put(failed(&job, "BackoffLimitExceeded"));
    double.put(evicted);
    assert_says(
        &started.end(),
        1,
        &["✗ create", "(Evicted: The node was low on memory)", "1 failed, 1 skipped"],
    );
}

#[test]
fn a_task_that_is_killed_with_its_pod_is_no_success_whatever_its_code_is() {
    let (double, tool) = simple();
    let mut started = tool.start(&RUN);
    let job = made(&double);
    double.put(pod(&job, &[runs(), waits()]));
    started.wait_for("in 1 pod");
    double.put(failed(&job, "DeadlineExceeded"));
    double.put(pod(&job, &[ended(0), waits()]).change(|pod| {
        // Its grace began before the container ended.
        pod["metadata"]["deletionTimestamp"] = json!("2024-01-01T00:00:08Z");
        pod["metadata"]["deletionGracePeriodSeconds"] = json!(5);
    }));
    assert_says(
        &started.end(),
        1,
        &["✗ create", "the time of Job `draft-tasks-", "was over while the task ran"],
    );
}

#[test]
fn a_program_that_is_not_there_and_a_lack_of_memory_are_named() {
    let (double, tool) = simple();
    let started = tool.start(&RUN);
    let job = made(&double);
    let message = "failed to create: unable to start container process: exec: \"create\": not found in $PATH";
    let missing = json!({ "terminated": { "exitCode": 128, "reason": "StartError", "message": message } });
    double.put(pod(&job, &[missing, waits()]));
    assert_says(&started.end(), 1, &["✗ create", "exec: \"create\": not found in $PATH"]);

    let (double, tool) = simple();
    let started = tool.start(&RUN);
    let job = made(&double);
    double.put(pod(&job, &[json!({ "terminated": { "exitCode": 137, "reason": "OOMKilled" } }), waits()]));
    assert_says(&started.end(), 1, &["exit code 137", "it was out of memory (OOMKilled)"]);
}

#[test]
fn a_server_that_goes_and_comes_back_loses_nothing_and_tells_nothing_twice() {
    let (double, tool) = simple();
    let mut started = tool.start(&[&RUN[..], &["--format", "json"]].concat());
    let job = made(&double);
    double.put(pod(&job, &[runs(), waits()]));
    double.log(&pod_name(&job), "01-create", "line 1\n");
    started.wait_for("line 1");
    double.stop();
    double.log(&pod_name(&job), "01-create", "line 1\nline 2\n");
    double.put(pod(&job, &[ended(0), ended(0)]));
    double.resume();
    let called = started.end();
    assert_says(&called, 0, &["line 2", "\"passed\":2"]);
    assert!(!called.stdout.contains("line 1"), "{called:?}");
}

#[test]
fn what_a_node_has_rotated_away_is_told_as_lost() {
    let (double, tool) = simple();
    let mut started = tool.start(&RUN);
    let job = made(&double);
    double.put(pod(&job, &[runs(), waits()]));
    double.log(&pod_name(&job), "01-create", "first\nsecond\n");
    started.wait_for("second");
    double.stop();
    double.log(&pod_name(&job), "01-create", "a third line\n");
    double.put(pod(&job, &[ended(0), ended(0)]));
    double.resume();
    let said = ["a third line", "✓ create", "its node has rotated its log", "2 passed"];
    assert_says(&started.end(), 0, &said);
}

#[test]
fn a_result_without_a_pod_is_that_of_the_job() {
    let (double, tool) = simple();
    let mut started = tool.start(&RUN);
    let job = made(&double);
    double.put(pod(&job, &[runs(), waits()]));
    started.wait_for("in 1 pod");
    started.signal(rustix::process::Signal::KILL);
    started.end();
    double.remove("pods", &pod_name(&job));
    double.put(failed(&job, "BackoffLimitExceeded"));
    let said = [
        "✗ create",
        "✗ fill it",
        "result unknown: Job",
        "failed (BackoffLimitExceeded: said), and its pod is gone",
    ];
    assert_says(&tool.call(&["runs", "attach", name(&job)]), 1, &said);
    let mut complete = job.clone();
    complete["status"] = json!({ "conditions": [{ "type": "Complete", "status": "True" }] });
    double.put(complete);
    let said = ["✓ create", "its pod is gone, and with it what the task wrote", "2 passed"];
    assert_says(&tool.call(&["runs", "attach", name(&job)]), 0, &said);
}

#[test]
fn a_container_that_keeps_the_job_going_is_named() {
    let (double, tool) = simple();
    let started = tool.start(&RUN);
    let job = made(&double);
    double.put(pod(&job, &[ended(0), ended(0)]).change(|pod| {
        let statuses = pod["status"]["containerStatuses"].as_array_mut().expect("statuses");
        statuses.push(json!({ "name": "istio-proxy", "state": { "running": {} } }));
        pod["status"]["phase"] = json!("Running");
    }));
    let said = [
        "`istio-proxy`, which the cluster has added to its pod, goes on",
        "runs stop draft-tasks-",
        "2 passed",
    ];
    assert_says(&started.end(), 0, &said);
}

#[test]
fn who_may_not_read_logs_learns_the_result_all_the_same() {
    let (double, tool) = simple();
    double.deny("get", "pods/log");
    let started = tool.start(&RUN);
    let job = made(&double);
    double.put(pod(&job, &[ended(0), ended(2)]));
    let said =
        ["✓ create", "its output is not seen: user", "may not get pods/log", "✗ fill it", "exit code 2"];
    assert_says(&started.end(), 1, &said);
    let said =
        ["✓ permissions", "not permitted: get pods/log; without it nothing runs as a Job (`run --as job`)"];
    assert_says(&tool.call(&["doctor"]), 0, &said);
}

#[test]
fn a_success_in_a_pod_that_was_evicted_or_deleted_is_none_unless_the_job_has_it() {
    let (double, tool) = simple();
    let mut started = tool.start(&RUN);
    let job = made(&double);
    double.put(pod(&job, &[runs(), waits()]));
    started.wait_for("in 1 pod");
    double.put(failed(&job, "BackoffLimitExceeded"));
    double.put(pod(&job, &[ended(0), waits()]).change(|pod| {
        pod["status"]["phase"] = json!("Failed");
        pod["status"]["reason"] = json!("Evicted");
    }));
    assert_says(&started.end(), 1, &["✗ create", "(Evicted)", "1 failed, 1 skipped"]);

    // By the node's clock the container ended before its pod was deleted.
    let deleted = |job: &Value| {
        pod(job, &[ended(0), ended(0)]).change(|pod| {
            pod["metadata"]["deletionTimestamp"] = json!("2024-01-01T00:10:00Z");
            pod["metadata"]["deletionGracePeriodSeconds"] = json!(5);
        })
    };
    let (double, tool) = simple();
    let mut started = tool.start(&RUN);
    let job = made(&double);
    double.put(pod(&job, &[ended(0), runs()]));
    started.wait_for("in 1 pod");
    double.put(failed(&job, "BackoffLimitExceeded"));
    double.put(deleted(&job));
    assert_says(
        &started.end(),
        1,
        &["✓ create", "✗ fill it", "was deleted while the task ran (exit code 0)"],
    );

    let (double, tool) = simple();
    let mut started = tool.start(&RUN);
    let mut job = made(&double);
    double.put(pod(&job, &[ended(0), runs()]));
    started.wait_for("in 1 pod");
    job["status"] = json!({ "conditions": [{ "type": "Complete", "status": "True" }] });
    double.put(job.clone());
    double.put(deleted(&job));
    assert_says(&started.end(), 0, &["2 passed"]);
}

#[test]
fn a_job_that_nobody_may_watch_any_more_is_left_and_its_result_is_unknown() {
    let (double, tool) = simple();
    let mut started = tool.start(&RUN);
    let job = made(&double);
    double.put(pod(&job, &[runs(), waits()]));
    started.wait_for("in 1 pod");
    double.deny("*", "pods");
    double.watches(Watches::End);
    assert_says(&started.end(), 1, &["✗ create", "result unknown", "may not watch pods", "runs attach"]);
    assert_eq!(double.seen().count("delete", "jobs"), 0);
}

#[test]
fn a_refusal_of_the_only_try_is_proof_that_no_job_was_made() {
    for status in [StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN] {
        let (double, tool) = simple();
        double.deny("get", "jobs");
        let refusal = Refusal::Http(status, String::new());
        double.fault(Fault { verb: "create", resource: "jobs", times: Some(1), refusal });
        let called = tool.call(&RUN);
        assert_says(&called, 1, &["nothing runs: no Job was made"]);
        assert!(!called.stderr.contains("it may run"), "{called:?}");
    }
}

#[test]
fn no_job_is_made_whose_pod_may_not_be_awaited() {
    let (double, tool) = simple();
    let arguments = [&RUN[..], &["--ready-timeout", "0"]].concat();
    assert_says(
        &tool.call(&arguments),
        1,
        &["no Job is made whose pod may not be awaited", "--ready-timeout"],
    );
    assert_eq!(double.seen().count("create", "jobs"), 0);
}

#[test]
fn a_refusal_after_which_the_job_cannot_be_asked_for_is_no_proof_that_none_was_made() {
    let (double, tool) = simple();
    double.deny("get", "jobs");
    let refusal = Refusal::Http(StatusCode::FORBIDDEN, String::new());
    // The client itself asks again after the first answer, which may have been too late.
    let late = Refusal::Http(StatusCode::SERVICE_UNAVAILABLE, String::new());
    // The last one is the first.
    for refusal in [refusal, late] {
        double.fault(Fault { verb: "create", resource: "jobs", times: Some(1), refusal });
    }
    let called = tool.call(&RUN);
    assert_says(
        &called,
        1,
        &["whether the Job was made is not known, so it may run", "runs attach draft-tasks-"],
    );
}
