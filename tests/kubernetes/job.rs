//! Tasks that run as one Job, on the double: what the Job is like, what is told of it, and how it is taken up and ended.
//!
//! Must not look inside of the program. What Kubernetes makes of a Job, the tests do.

use std::collections::HashSet;

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::application::tool;
use crate::double::Double;
pub(crate) use crate::job_pod::{deploy, ended, name, pod, pod_name, runs, waits};
use crate::rollout::deployment;
use crate::tool::{Tool, assert_says};
use crate::vectors::{Numbers, VARIABLES, commands, planned, replaced, task, words};

pub(crate) const TASKS: &str =
    "[post-deploy]\ncreate = \"create --url=$URL '$HOME'\"\n\"fill it\" = \"fill on 1e3 ': '\"\n";

pub(crate) const RUN: [&str; 4] = ["run", "post-deploy", "--as", "job"];

/// An application whose Deployment has this pod, and the program beside a tasks file.
pub(crate) fn application(spec: Value) -> (Double, Tool) {
    let double = Double::start();
    deploy(&double, spec);
    let tool = tool(&double, TASKS);
    (double, tool)
}

/// A container `app` that has the variable `URL`, with more fields.
pub(crate) fn container(more: &Value) -> Value {
    let mut container = json!({
        "name": "app", "image": "web:1", "ports": [{ "containerPort": 80 }],
        "env": [{ "name": "URL", "valueFrom": { "secretKeyRef": { "name": "db", "key": "url" } } }],
    });
    container.as_object_mut().expect("fields").extend(more.as_object().cloned().unwrap_or_default());
    json!({ "serviceAccountName": "web", "containers": [container, { "name": "proxy", "image": "proxy:1" }] })
}

pub(crate) fn simple() -> (Double, Tool) {
    application(container(&Value::Null))
}

/// The Job, once the program looks for its pod.
pub(crate) fn made(double: &Double) -> Value {
    made_after(double, 0)
}

/// The same of a Job after so many others, which are gone.
pub(crate) fn made_after(double: &Double, others: usize) -> Value {
    double.wait_for("a look for the Job's pod", |seen| {
        let selectors = seen.calls.iter().filter_map(|call| call.parameter("labelSelector"));
        let of_jobs: HashSet<_> =
            selectors.filter(|selector| selector.starts_with("draft-tasks/run=")).collect();
        of_jobs.len() > others
    });
    double.objects("jobs").pop().expect("a Job")
}

#[test]
fn each_task_is_a_container_of_one_job_made_after_the_workload() {
    let (double, tool) = simple();
    let mut started = tool.start(&RUN);
    started.wait_for("post-deploy · 2 tasks · Job draft-tasks-post-deploy-web-");
    started.wait_for("made after container `app` of deployment web, without its `proxy`");
    let job = made(&double);
    double.put(pod(&job, &[runs(), waits()]));
    double.log(&pod_name(&job), "01-create", "tables made\n");
    started.wait_for("tables made");
    double.put(pod(&job, &[ended(0), runs()]));
    double.log(&pod_name(&job), "02-fill-it", "filled\n");
    started.wait_for("filled");
    double.put(pod(&job, &[ended(0), ended(0)]));
    assert_says(&started.end(), 0, &["✓ fill it · x7k2p  3.0 s", "2 passed"]);

    assert_eq!(job["spec"]["backoffLimit"], 0);
    let metadata = &job["spec"]["template"]["metadata"];
    let labels = json!({ "draft-tasks/run": name(&job), "draft-tasks/phase": "post-deploy" });
    assert_eq!((&job["metadata"]["labels"], &metadata["labels"]), (&labels, &labels));
    assert_eq!(metadata["annotations"]["draft-tasks/tasks"], "[\"create\",\"fill it\"]");
    // Of [["create","create","--url=$(URL)","$$HOME"],["fill it","fill","on","1e3",": "]]
    let sha256 = "496b565b3a22aa8436fbcfe2c3c6ad0c529c3a860ce1a084cde4cfc93256d428";
    assert_eq!(metadata["annotations"]["draft-tasks/tasks-sha256"], sha256);
    let spec = &job["spec"]["template"]["spec"];
    assert_eq!((&spec["restartPolicy"], &spec["serviceAccountName"]), (&json!("Never"), &json!("web")));
    assert_eq!(spec["initContainers"][0]["command"], json!(["create", "--url=$(URL)", "$$HOME"]));
    let last = &spec["containers"];
    assert_eq!(last.as_array().map(Vec::len), Some(1));
    assert_eq!(last[0]["command"], json!(["fill", "on", "1e3", ": "]));
    assert_eq!((&last[0]["image"], &last[0]["ports"]), (&json!("web:1"), &Value::Null));
    assert_eq!(last[0]["env"][0]["valueFrom"]["secretKeyRef"]["name"], "db");
}

#[test]
fn a_thousand_argument_vectors_are_in_the_job_as_in_the_plan() {
    let env: Vec<_> = VARIABLES.iter().map(|(name, value)| json!({ "name": name, "value": value })).collect();
    let (double, tool) = application(container(&json!({ "env": env })));
    let tool = VARIABLES.iter().fold(tool, |tool, (name, value)| tool.with(name, value));
    let mut numbers = Numbers(0x94d0_49bb_1331_11eb);
    let mut vector = |name: usize| {
        let count = numbers.below(6);
        task(name, &format!("printf{}", words(&mut numbers, count)))
    };
    let tasks: String = (0..1000).map(&mut vector).collect();
    tool.write(".draft-tasks.toml", format!("[post-deploy]\n{tasks}").as_bytes());
    let planned = planned(&tool.call(&["explain", "post-deploy", "--format", "json"]).stdout, "post-deploy");
    assert_eq!(planned.len(), 1000);
    let started = tool.start(&RUN);
    let job = made(&double);
    started.signal(Signal::KILL);
    started.end();
    let value = |name: &str| VARIABLES.iter().find(|(known, _)| *known == name).expect("a variable").1;
    let made: Vec<Vec<String>> =
        commands(&job).iter().map(|argv| argv.iter().map(|word| replaced(word, value)).collect()).collect();
    let different = made.iter().zip(&planned).find(|(made, planned)| made != planned);
    assert!(different.is_none() && made.len() == planned.len(), "{different:?}");
}

#[test]
fn a_task_that_fails_is_the_last_and_all_of_it_runs_again_as_a_job() {
    let (double, tool) = simple();
    let tool = tool.with("URL", "of-this-machine");
    let started = tool.start(&RUN);
    let job = made(&double);
    double.log(&pod_name(&job), "01-create", "error: no such table\n");
    double.put(pod(&job, &[ended(3), waits()]));
    let said = ["✗ create", "exit code 3", "- fill it · x7k2p  skipped", "1 failed, 1 skipped", "--failed"];
    assert_says(&started.end(), 1, &said);
    assert_says(&tool.call(&["runs", "show"]), 0, &["Job draft-tasks-post-deploy-web-", "no such table"]);
    assert!(tool.records().contains("--url=$URL"), "no value of this machine");
    double.remove("jobs", name(&job));
    double.remove("pods", &pod_name(&job));
    let elsewhere = ["run", "post-deploy", "--failed", "--namespace", "other"];
    assert_says(&tool.call(&elsewhere), 2, &["the earlier run was in", "namespace other"]);
    let mut started = tool.start(&["run", "post-deploy", "--failed"]);
    started.wait_for("2 tasks · Job draft-tasks-post-deploy-web-");
    started.wait_for("made after container");
    double.wait_for("another Job", |seen| seen.count("create", "jobs") == 2);
    started.signal(Signal::KILL);
    started.end();
}

#[test]
fn a_job_goes_on_when_the_program_is_killed_and_is_taken_up_from_anywhere() {
    let (double, tool) = simple();
    let mut started = tool.start(&RUN);
    let job = made(&double);
    double.put(pod(&job, &[runs(), waits()]));
    double.log(&pod_name(&job), "01-create", "begun\n");
    started.wait_for("begun");
    started.signal(Signal::KILL);
    started.end();
    assert_eq!(double.seen().count("delete", "jobs"), 0);
    for again in [&["rerun"][..], &["run", "post-deploy", "--failed"], &RUN] {
        let told = format!("made the Job {}, which still runs", name(&job));
        assert_says(&tool.call(again), 2, &[&told, "runs attach", "runs stop"]);
    }
    assert_eq!(double.seen().count("create", "jobs"), 1);

    let elsewhere = Tool::empty().with("KUBECONFIG", double.kubeconfig().to_str().expect("UTF-8"));
    let mut attached = elsewhere.start(&["runs", "attach", name(&job)]);
    attached.wait_for("begun");
    double.log(&pod_name(&job), "01-create", "begun\nmade\n");
    attached.wait_for("made");
    double.put(pod(&job, &[ended(0), ended(4)]));
    assert_says(&attached.end(), 1, &["✗ fill it", "exit code 4", "1 passed, 1 failed"]);

    // How it ended is known elsewhere alone: what has passed must not run again.
    let failed =
        json!([{ "type": "Failed", "status": "True", "reason": "BackoffLimitExceeded", "message": "said" }]);
    let mut over = job.clone();
    over["status"] = json!({ "conditions": failed });
    double.put(over);
    let unseen = format!("has not seen how its Job {} ended", name(&job));
    for again in [&["rerun", "--failed"][..], &["run", "post-deploy", "--failed"]] {
        assert_says(&tool.call(again), 2, &[&unseen, "runs attach", "--as job"]);
    }
    assert_eq!(double.seen().count("create", "jobs"), 1);
    let here = tool.call(&["runs", "attach", "last"]);
    assert_says(&here, 1, &["✓ create", "✗ fill it", "log: "]);
    assert_says(&tool.call(&["run", "post-deploy", "--failed", "--dry-run"]), 0, &["fill it"]);
    assert_says(&tool.call(&["runs", "--failed"]), 0, &["interrupted", "failed"]);
}

#[test]
fn secrets_that_stand_in_the_workload_are_masked_in_what_its_job_writes() {
    let env = json!([
        { "name": "URL", "value": "postgres://ann:s3cr3t-of-url@db" },
        { "name": "DB_PASSWORD", "value": "hunter22" },
        { "name": "VERIFY_TOKEN", "value": "true" },
    ]);
    let (double, tool) = application(container(&json!({ "env": env })));
    let mut started = tool.start(&RUN);
    let job = made(&double);
    double.put(pod(&job, &[runs(), waits()]));
    let written = "as hunter22 at postgres://ann:s3cr3t-of-url@db: true\n";
    double.log(&pod_name(&job), "01-create", written);
    let shown = "as *** at postgres://ann:***@db: true";
    started.wait_for(shown);
    started.signal(Signal::KILL);
    started.end();
    let kept = tool.records();
    assert!(!kept.contains("hunter22") && !kept.contains("s3cr3t-of-url"), "{kept}");

    let elsewhere = Tool::empty().with("KUBECONFIG", double.kubeconfig().to_str().expect("UTF-8"));
    let mut attached = elsewhere.start(&["runs", "attach", name(&job)]);
    attached.wait_for(shown);
    double.put(pod(&job, &[ended(0), ended(0)]));
    let called = attached.end();
    assert_says(&called, 0, &["2 passed"]);
}

#[test]
fn a_value_of_the_workload_is_shown_or_masked_as_the_user_says_also_when_its_job_is_taken_up() {
    let env = json!([{ "name": "A_TOKEN", "value": "shown-1" }, { "name": "PLAIN", "value": "hidden-1" }]);
    let (double, tool) = application(container(&json!({ "env": env })));
    let mut started = tool.start(&[&RUN[..], &["--public", "A_TOKEN", "--secret", "PLAIN"]].concat());
    let job = made(&double);
    double.put(pod(&job, &[runs(), waits()]));
    double.log(&pod_name(&job), "01-create", "as shown-1 and hidden-1\n");
    started.wait_for("as shown-1 and ***");
    started.signal(Signal::KILL);
    started.end();
    let mut attached = tool.start(&["runs", "attach", "last"]);
    attached.wait_for("as shown-1 and ***");
    double.put(pod(&job, &[ended(0), ended(0)]));
    assert_says(&attached.end(), 0, &["2 passed"]);
}

#[test]
fn nothing_is_cleaned_up_deployed_or_deleted_beside_a_job_that_goes_on() {
    let (double, tool) = simple();
    tool.write(
        ".draft-tasks.toml",
        format!("{TASKS}[pre-up]\na = \"touch a\"\n[cleanup]\nb = \"touch b\"\n").as_bytes(),
    );
    let mut started = tool.start(&RUN);
    let job = made(&double);
    double.put(pod(&job, &[runs(), waits()]));
    started.wait_for("in 1 pod");
    started.signal(Signal::KILL);
    started.end();
    let told = format!("made the Job {}, which still runs", name(&job));
    let run = ["run", "post-deploy"];
    for beside in
        [&run[..], &["run", "cleanup"], &["up", "--", "touch", "c"], &["delete", "--", "touch", "d"]]
    {
        assert_says(&tool.call(beside), 2, &[&told, "runs attach", "runs stop"]);
    }
    assert!(["a", "b", "c", "d"].iter().all(|file| !tool.path(file).exists()));
    assert_says(&tool.call(&["run", "pre-up"]), 0, &["1 passed"]);

    double.deny("get", "jobs");
    let said = ["run cleanup, though the Job", "may still run", "runs rm ", "--yes"];
    assert_says(&tool.call(&["run", "cleanup"]), 2, &said);
    assert!(!tool.path("b").exists());
}

#[test]
fn a_variable_of_a_label_has_the_value_of_the_applications_pods() {
    let source = json!({ "fieldRef": { "fieldPath": "metadata.labels['app']" } });
    let (double, tool) = application(container(&json!({ "env": [{ "name": "URL", "valueFrom": source }] })));
    let started = tool.start(&RUN);
    let job = made(&double);
    double.put(pod(&job, &[ended(0), ended(0)]));
    assert_says(&started.end(), 0, &["2 passed"]);
    let spec = &job["spec"]["template"]["spec"]["containers"][0];
    assert_eq!(spec["env"], json!([{ "name": "URL", "value": "web" }]));
    assert_eq!(job["spec"]["template"]["metadata"]["labels"]["app"], Value::Null);
}

#[test]
fn who_ends_the_program_leaves_the_job_and_who_stops_the_run_ends_it() {
    for (signal, deleted, said) in
        [(Signal::TERM, 0, "goes on: `draft-tasks runs attach"), (Signal::INT, 1, "stopped")]
    {
        let (double, tool) = simple();
        let mut started = tool.start(&RUN);
        let job = made(&double);
        double.put(pod(&job, &[runs(), waits()]));
        double.log(&pod_name(&job), "01-create", "begun\n");
        started.wait_for("begun");
        started.signal(signal);
        if deleted == 1 {
            double.wait_for("its end", |seen| seen.count("delete", "jobs") == 1);
            double.remove("pods", &pod_name(&job));
        }
        assert_says(&started.end(), 128 + signal.as_raw(), &[said]);
        assert_eq!(double.seen().count("delete", "jobs"), deleted);
    }
}

#[test]
fn a_stop_is_told_in_time_where_neither_the_pod_nor_its_log_ends() {
    let (double, tool) = simple();
    let mut started = tool.start(&RUN);
    let job = made(&double);
    double.put(pod(&job, &[runs(), waits()]));
    double.log(&pod_name(&job), "01-create", "begun\n");
    started.wait_for("begun");
    started.signal(Signal::INT);
    assert_says(&started.end(), 130, &["its pod had not ended yet", "1 stopped, 1 skipped"]);
}

#[test]
fn a_job_is_left_by_who_only_looks_at_it_and_ended_by_its_name() {
    let (double, tool) = simple();
    let started = tool.start(&RUN);
    let job = made(&double);
    double.put(pod(&job, &[runs(), waits()]));
    let mut attached = tool.start(&["runs", "attach", name(&job)]);
    attached.wait_for("in 1 pod");
    attached.signal(Signal::INT);
    let left = attached.end();
    let ways = format!(
        "the Job goes on: `draft-tasks runs attach {0}` takes it up, `draft-tasks runs stop {0}`",
        name(&job)
    );
    assert_says(
        &left,
        130,
        &[&ways, "■ create · x7k2p  not followed any more", "- fill it", "the Job was followed for"],
    );
    for said in [format!("{}{}", left.stdout, left.stderr), tool.call(&["runs", "show"]).stdout] {
        assert!(said.contains("the Job goes on") && said.contains("not followed any more"), "{said}");
        assert!(!said.contains("stopped") && !said.contains("skipped") && !said.contains("again:"), "{said}");
    }
    assert_says(&tool.call(&["runs"]), 0, &["post-deploy  left", "post-deploy  running"]);
    assert_eq!(double.seen().count("delete", "jobs"), 0);
    assert_says(&tool.call(&["runs", "stop", name(&job)]), 0, &["is deleted, and its pod is asked to end"]);
    assert!(double.objects("jobs").is_empty());
    double.remove("pods", &pod_name(&job));
    assert_says(&started.end(), 1, &["result unknown: Job `draft-tasks-", "was deleted while the task ran"]);
    let said = ["there is no Job `", "how it ended is not known here", "--namespace"];
    assert_says(&tool.call(&["runs", "attach", name(&job)]), 1, &said);
    assert_says(&tool.call(&["runs", "stop", name(&job)]), 1, &said[..1]);
}

#[test]
fn nothing_runs_in_the_pod_of_a_job_however_wide_a_selector_is() {
    let (double, tool) = simple();
    let job = json!({
        "kind": "Job", "metadata": { "name": "draft-tasks-x" },
        "spec": { "template": {
            "metadata": { "labels": { "draft-tasks/run": "draft-tasks-x", "draft": "web" } },
            "spec": { "containers": [{ "name": "01-a" }] },
        } },
    });
    double.put(pod(&job, &[runs()]).change(|pod| {
        pod["status"]["conditions"] = json!([{ "type": "Ready", "status": "True" }]);
    }));
    tool.write(".draft-tasks.toml", b"[post-deploy]\na = \"a\"\n");
    let called = tool.call(&["run", "post-deploy", "--selector", "draft!=other"]);
    assert_says(&called, 0, &["in 1 pod: web-a-0", "1 passed"]);
    assert!(double.seen().commands("draft-tasks-x-x7k2p").is_empty());
}

#[test]
fn other_phases_need_an_image_and_ask() {
    let (double, tool) = simple();
    tool.write(".draft-tasks.toml", b"[pre-up]\na = \"one\"\n[cleanup]\nb = \"two\"\n");
    assert_says(&tool.call(&["run", "pre-up", "--as", "job"]), 2, &["name its image by --image"]);
    let arguments = ["run", "pre-up", "--as", "job", "--image", "tools:1"];
    let said = ["run pre-up as a Job of image `tools:1` in context double, namespace default: `a`", "--yes"];
    assert_says(&tool.call(&arguments), 2, &said);
    let said = ["nothing runs in a Job after a task that failed", "--on-failure stop"];
    assert_says(&tool.call(&["run", "cleanup", "--as", "job", "--image", "tools:1"]), 2, &said);
    assert_eq!(double.seen().count("create", "jobs"), 0);
    let started = tool.start(&[&arguments[..], &["--yes"]].concat());
    let job = made(&double);
    double.put(pod(&job, &[ended(0)]));
    assert_says(&started.end(), 0, &["✓ a", "1 passed"]);
    let spec = &job["spec"]["template"]["spec"];
    let told = json!([{ "name": "DRAFT_TASKS_PHASE", "value": "pre-up" }]);
    let expected = json!([{ "name": "01-a", "image": "tools:1", "command": ["one"], "env": told }]);
    assert_eq!((&spec["containers"], &spec["serviceAccountName"]), (&expected, &Value::Null));
}

#[test]
fn an_image_that_is_another_one_is_told_before_it_runs_again() {
    let (double, tool) = simple();
    let started = tool.start(&RUN);
    let job = made(&double);
    double.put(pod(&job, &[ended(3), waits()]));
    assert_says(&started.end(), 1, &["✗ create"]);
    for (others, image, said) in [(1, "web:1", false), (2, "web:2", true)] {
        let job = double.objects("jobs").pop().expect("a Job");
        double.remove("jobs", name(&job));
        double.remove("pods", &pod_name(&job));
        let mut spec = container(&Value::Null);
        spec["containers"][0]["image"] = json!(image);
        let labels = json!({ "draft": "web", "app": "web" });
        let template = json!({ "metadata": { "labels": labels }, "spec": spec });
        double.put(deployment("a", 1).spec(json!({ "template": template })));
        let started = tool.start(&["rerun"]);
        let job = made_after(&double, others);
        double.put(pod(&job, &[ended(3), waits()]));
        let called = started.end();
        assert_says(&called, 1, &["✗ create"]);
        let told = format!("{}{}", called.stdout, called.stderr);
        let change = "the image of container `app` of deployment web has changed since: web:2, it was web:1";
        assert_eq!(told.contains(change), said, "{called:?}");
    }
}

#[test]
fn what_passed_as_a_job_does_not_run_again_on_this_machine() {
    let (double, tool) = simple();
    tool.write(".draft-tasks.toml", b"[pre-up]\na = \"touch a\"\nb = \"touch b\"\nc = \"false\"\n");
    for (before, task) in ["a", "b"].into_iter().enumerate() {
        let started = tool.start(&["run", "pre-up", task, "--as", "job", "--image", "tools:1", "--yes"]);
        let job = made_after(&double, before);
        double.put(pod(&job, &[ended(0)]).change(|pod| pod["metadata"]["uid"] = json!(task)));
        assert_says(&started.end(), 0, &["1 passed"]);
        double.remove("jobs", name(&job));
        double.remove("pods", &pod_name(&job));
    }
    assert_says(&tool.call(&["run", "pre-up", "c"]), 1, &["✗ c"]);
    assert_says(&tool.call(&["run", "pre-up", "--failed"]), 1, &["pre-up · 1 task", "✗ c"]);
    assert!(!tool.path("a").exists() && !tool.path("b").exists());
}

#[test]
fn a_job_that_was_taken_up_runs_again_as_it_was_made() {
    let (double, tool) = simple();
    let mut started = tool.start(&[&RUN[..], &["--image", "tools:1"]].concat());
    let job = made(&double);
    double.put(pod(&job, &[runs(), waits()]));
    double.log(&pod_name(&job), "01-create", "begun\n");
    started.wait_for("begun");
    started.signal(Signal::KILL);
    started.end();
    double.put(pod(&job, &[ended(3), waits()]));
    assert_says(&tool.call(&["runs", "attach", "last"]), 1, &["✗ create"]);
    double.remove("jobs", name(&job));
    double.remove("pods", &pod_name(&job));
    let started = tool.start(&["rerun"]);
    let again = made_after(&double, 1);
    started.signal(Signal::KILL);
    started.end();
    assert_eq!(again["spec"]["template"]["spec"]["containers"][0]["image"], "tools:1");
}
