//! That what a Job does is not done twice: what is told of one that may go on, and when another one is made.
//!
//! Must not look inside of the program. What Kubernetes makes of a Job, the tests do.

use hyper::StatusCode;
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::double::{Answer, Double, Fault, Refusal, Step, When};
use crate::job::{
    RUN, application, container, ended, made, made_after, name, pod, pod_name, runs, simple, waits,
};
use crate::tool::{Tool, assert_says};

const FAILED: [&str; 3] = ["run", "post-deploy", "--failed"];

/// A Job whose first task has begun, and the program that follows it.
fn begun(double: &Double, tool: &Tool) -> (Value, crate::tool::Started) {
    let mut started = tool.start(&RUN);
    let job = made(double);
    double.put(pod(&job, &[runs(), waits()]));
    double.log(&pod_name(&job), "01-create", "begun\n");
    started.wait_for("begun");
    (job, started)
}

fn silence(double: &Double, verb: &'static str) {
    double.fault(Fault { verb, resource: "jobs", times: None, refusal: Refusal::Silence });
}

fn over(double: &Double, job: &Value) {
    let condition =
        json!({ "type": "Failed", "status": "True", "reason": "BackoffLimitExceeded", "message": "said" });
    let mut over = job.clone();
    over["status"] = json!({ "conditions": [condition] });
    double.put(over);
}

#[test]
fn a_stop_that_the_cluster_does_not_answer_is_told_so_and_no_second_job_is_made() {
    let (double, tool) = simple();
    let (job, started) = begun(&double, &tool);
    silence(&double, "delete");
    started.signal(Signal::INT);
    let ways = format!("whether the Job goes on is not known: `draft-tasks runs attach {}`", name(&job));
    let called = started.end();
    assert_says(&called, 130, &[&ways, "1 stopped, 1 skipped"]);
    assert!(!called.stdout.contains("though it was asked to"), "{called:?}");
    for again in [&RUN[..], &["rerun"], &FAILED] {
        assert_says(&tool.call(again), 2, &[&format!("made the Job {}, which still runs", name(&job))]);
    }
    assert_eq!(double.seen().count("create", "jobs"), 1);
}

#[test]
fn a_stop_while_a_job_is_made_does_not_wait_for_the_cluster() {
    let (double, tool) = simple();
    silence(&double, "create");
    let started = tool.start(&RUN);
    double.wait_for("the creation", |seen| seen.count("create", "jobs") == 1);
    started.signal(Signal::INT);
    let said = [
        "asking the cluster … (context ",
        "whether the Job was made is not known, so it may run",
        "runs stop draft-tasks-",
    ];
    assert_says(&started.end(), 130, &said);
}

#[test]
fn what_is_masked_hides_neither_a_job_nor_that_it_may_run() {
    let (double, tool) = simple();
    let tool = tool.with("APP_PASSWORD", "web");
    let refusal = Refusal::Http(StatusCode::FORBIDDEN, String::new());
    double.fault(Fault { verb: "list", resource: "pods", times: None, refusal });
    let started = tool.start(&[&RUN[..], &["--image", "tools:1"]].concat());
    let job = made(&double);
    let told = format!("`draft-tasks runs attach {}` takes it up", name(&job));
    assert_says(&started.end(), 1, &[&told]);
    assert_says(&tool.call(&RUN), 2, &[&format!("made the Job {}, which still runs", name(&job))]);
    assert_eq!(double.seen().count("create", "jobs"), 1);
}

#[test]
fn a_job_that_was_deleted_is_over_with_its_pod() {
    let (double, tool) = simple();
    let (job, mut started) = begun(&double, &tool);
    started.signal(Signal::KILL);
    started.end();
    assert_says(&tool.call(&["runs", "stop", name(&job)]), 0, &["is deleted, and its pod is asked to end"]);
    assert_says(&tool.call(&["runs", "attach", name(&job)]), 1, &["there is no Job `"]);
    let told = format!(
        "made the Job {}, which was deleted, but its pod {} has not yet: try again when it has",
        name(&job),
        pod_name(&job)
    );
    for again in [&RUN[..], &["rerun"]] {
        let called = tool.call(again);
        assert_says(&called, 2, &[&told]);
        assert!(
            !called.stderr.contains("still runs") && !called.stderr.contains("takes it up"),
            "{called:?}"
        );
    }
    assert_eq!(double.seen().count("create", "jobs"), 1);
    double.remove("pods", &pod_name(&job));
    started = tool.start(&RUN);
    let other = made_after(&double, 1);
    double.put(pod(&other, &[ended(0), ended(0)]).change(|pod| pod["metadata"]["uid"] = json!("other")));
    assert_says(&started.end(), 0, &["2 passed"]);
}

#[test]
fn a_job_that_may_go_on_is_known_however_many_runs_follow() {
    let (double, tool) = simple();
    tool.write(".draft-tasks.toml", format!("[pre-up]\none = \"true\"\n{}", crate::job::TASKS).as_bytes());
    let (job, started) = begun(&double, &tool);
    started.signal(Signal::KILL);
    started.end();
    for _ in 0..3 {
        assert_says(&tool.call(&["run", "pre-up", "--keep", "1"]), 0, &["1 passed"]);
    }
    assert_says(&tool.call(&RUN), 2, &[&format!("made the Job {}, which still runs", name(&job))]);
}

#[test]
fn a_job_whose_end_nobody_saw_is_not_passed_over_for_an_earlier_one() {
    let (double, tool) = simple();
    let started = tool.start(&RUN);
    let first = made(&double);
    double.put(pod(&first, &[ended(3), waits()]));
    assert_says(&started.end(), 1, &["✗ create"]);
    double.remove("jobs", name(&first));
    double.remove("pods", &pod_name(&first));
    // Its program is killed before anything has begun, so that its record tells of no task.
    let started = tool.start(&RUN);
    let second = made_after(&double, 1);
    started.signal(Signal::KILL);
    started.end();
    over(&double, &second);
    let unseen = format!("has not seen how its Job {} ended", name(&second));
    for again in [&FAILED[..], &["rerun", "--failed"]] {
        assert_says(
            &tool.call(again),
            2,
            &[&unseen, "`draft-tasks run post-deploy --as job` makes another one"],
        );
    }
    // Neither is it where a task ran since that the first had, too.
    double.remove("jobs", name(&second));
    let started = tool.start(&["run", "post-deploy", "fill it", "--as", "job"]);
    let third = made_after(&double, 2);
    double.put(pod(&third, &[ended(0)]).change(|pod| pod["metadata"]["uid"] = json!("third")));
    assert_says(&started.end(), 0, &["1 passed"]);
    over(&double, &third);
    assert_says(&tool.call(&FAILED), 2, &[&unseen]);
    assert_eq!(double.seen().count("create", "jobs"), 3);
}

#[test]
fn what_another_run_has_seen_of_a_job_counts() {
    let (double, tool) = simple();
    let (job, started) = begun(&double, &tool);
    let mut attached = tool.start(&["runs", "attach", name(&job)]);
    attached.wait_for("in 1 pod");
    attached.signal(Signal::INT);
    assert_eq!(attached.end().code, Some(130));
    double.put(pod(&job, &[ended(0), ended(4)]));
    assert_says(&started.end(), 1, &["✗ fill it"]);
    over(&double, &job);
    let dry = [&FAILED[..], &["--dry-run"]].concat();
    assert_says(&tool.call(&dry), 0, &["fill it", "- create  left out"]);
}

#[test]
fn a_job_of_an_image_is_made_again_with_it() {
    let (double, tool) = simple();
    tool.write(".draft-tasks.toml", b"[pre-up]\na = \"one\"\n");
    let started = tool.start(&["run", "pre-up", "--as", "job", "--image", "tools:1", "--yes"]);
    let job = made(&double);
    started.signal(Signal::KILL);
    started.end();
    over(&double, &job);
    let way = "`draft-tasks run pre-up --as job --image tools:1` makes another one";
    assert_says(&tool.call(&["run", "pre-up", "--failed"]), 2, &[way]);
}

#[test]
fn what_failed_elsewhere_is_named_where_nothing_is_left() {
    let (double, tool) = simple();
    double.on_exec(When::any(), Answer::Run(vec![Step::Exit(1)]));
    assert_says(&tool.call(&["run", "post-deploy"]), 1, &["1 failed"]);
    let started = tool.start(&["run", "post-deploy", "fill it", "--as", "job"]);
    let job = made(&double);
    double.put(pod(&job, &[ended(0)]));
    assert_says(&started.end(), 0, &["1 passed"]);
    over(&double, &job);
    let said = [
        "all of its tasks passed",
        "has tasks that have not passed: pods of draft=web",
        "--failed` runs those",
    ];
    assert_says(&tool.call(&FAILED), 2, &said);
}

#[test]
fn a_container_that_never_began_is_no_proof_that_the_one_before_it_passed() {
    let (double, tool) = simple();
    let (job, started) = begun(&double, &tool);
    // What a kubelet makes of a pod that it ends.
    let unknown =
        json!({ "terminated": { "exitCode": 137, "reason": "ContainerStatusUnknown", "message": "gone" } });
    double.remove("jobs", name(&job));
    double.put(pod(&job, &[ended(0), unknown]).change(|pod| {
        pod["metadata"]["deletionTimestamp"] = json!("2024-01-01T00:00:08Z");
        pod["metadata"]["deletionGracePeriodSeconds"] = json!(5);
    }));
    assert_says(&started.end(), 1, &["✗ create", "was deleted while the task ran", "1 failed, 1 skipped"]);
}

#[test]
fn a_secret_in_a_description_does_not_get_into_the_cluster() {
    let (double, tool) = simple();
    let tool = tool.with("APP_PASSWORD", "hunter22");
    tool.write(".draft-tasks.toml", b"[post-deploy]\n\"as hunter22\" = \"one\"\n");
    let called = tool.call(&RUN);
    assert_says(&called, 1, &["task `as ***` has a value in its description that is masked"]);
    assert_eq!(double.seen().count("create", "jobs"), 0);
}

#[test]
fn what_is_taken_up_is_masked_as_it_was_for_who_made_it() {
    let (double, tool) = simple();
    tool.write("vars", b"TOLD=hunter22-of-a-file\n");
    let mut started = tool.start(&[&RUN[..], &["--env-file", "vars"]].concat());
    let job = made(&double);
    double.put(pod(&job, &[runs(), waits()]));
    double.log(&pod_name(&job), "01-create", "begun hunter22-of-a-file\n");
    started.wait_for("begun ***");
    started.signal(Signal::KILL);
    started.end();
    double.put(pod(&job, &[ended(0), ended(0)]));
    let called = tool.call(&["runs", "attach", "last"]);
    assert_says(&called, 0, &["begun ***", "of the files that the run was given"]);
    std::fs::remove_file(tool.path("vars")).expect("a file");
    assert_says(&tool.call(&["runs", "attach", "last"]), 0, &["not known here, and not masked", "vars"]);
}

#[test]
fn a_job_without_an_application_has_the_name_of_its_folder() {
    let (double, tool) = application(container(&Value::Null));
    tool.write("Shop 1/.draft-tasks.toml", b"[post-deploy]\nmigrate = \"migrate\"\n");
    let started = tool.start(&[&RUN[..], &["-C", "Shop 1", "-l", "draft=web"]].concat());
    let job = made(&double);
    assert!(name(&job).starts_with("draft-tasks-post-deploy-shop-1-"), "{job}");
    double.put(pod(&job, &[ended(0)]));
    assert_says(&started.end(), 0, &["1 passed"]);
    over(&double, &job);
    let said = "`x y` is no name of a Job or run; `draft-tasks runs` lists";
    assert_says(&tool.call(&["runs", "attach", "x y"]), 2, &[said]);
}

#[test]
fn labels_that_no_pod_has_are_to_be_checked() {
    let (_double, tool) = simple();
    let said = ["✗ pods", "no pod has label app=none", "the labels are those of --selector"];
    assert_says(&tool.call(&["doctor", "-l", "app=none"]), 1, &said);
}
