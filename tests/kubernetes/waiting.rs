//! Waiting for the pods of the present rollout, on the double: which pods count, and what may go wrong meanwhile.
//!
//! Must not look at how commands end in a pod.

use serde_json::json;

use crate::application::{WORK, tool};
use crate::double::{Double, Pod, Seen, Watches, Workload};
use crate::rollout::{deployment, pod, replica_set, roll_out};
use crate::tool::{Called, Started};

/// The pods in which something was run.
fn pods(seen: &Seen) -> Vec<&str> {
    let mut pods: Vec<_> = seen.execs.iter().map(|exec| exec.pod.as_str()).collect();
    pods.sort_unstable();
    pods
}

#[track_caller]
fn assert_passed_in(double: &Double, called: &Called, expected: &[&str]) {
    assert_eq!(called.code, Some(0), "{called:?}");
    assert_eq!(pods(&double.seen()), expected, "{called:?}");
}

/// A deployment whose one pod is not ready, and the program that waits for it.
fn start_waiting(double: &Double) -> (crate::tool::Tool, Started) {
    double.put(deployment("a", 1).status(json!({ "availableReplicas": 0 })));
    double.put(replica_set("a", 1));
    double.put(pod("a", 0).not_ready());
    let tool = tool(double, WORK);
    let mut started = tool.start(&["run", "post-deploy"]);
    started.wait_for("waiting for pods");
    double.wait_for("a watch", |seen| seen.open_watches == 1);
    (tool, started)
}

/// All is ready now.
fn get_ready(double: &Double) {
    double.put(deployment("a", 1));
    double.put(pod("a", 0));
}

#[test]
fn a_pod_that_becomes_ready_late_is_awaited() {
    let double = Double::start();
    let (_tool, started) = start_waiting(&double);
    assert_eq!(double.seen().execs.len(), 0);
    get_ready(&double);
    assert_passed_in(&double, &started.end(), &["web-a-0"]);
}

#[test]
fn a_wait_goes_on_after_its_watch_expired() {
    let double = Double::start();
    let (_tool, started) = start_waiting(&double);
    double.compact();
    double.watches(Watches::Expire);
    double.wait_for("a new list", |seen| seen.count("list", "pods") == 3);
    get_ready(&double);
    assert_passed_in(&double, &started.end(), &["web-a-0"]);
}

#[test]
fn a_wait_goes_on_after_its_watch_was_cut() {
    let double = Double::start();
    let (_tool, started) = start_waiting(&double);
    double.watches(Watches::Cut);
    double.wait_for("a new watch", |seen| seen.count("watch", "pods") == 2);
    get_ready(&double);
    assert_passed_in(&double, &started.end(), &["web-a-0"]);
}

#[test]
fn a_wait_goes_on_after_its_watch_ended() {
    let double = Double::start();
    let (_tool, started) = start_waiting(&double);
    double.watches(Watches::End);
    double.wait_for("a new watch", |seen| seen.count("watch", "pods") == 2);
    get_ready(&double);
    assert_passed_in(&double, &started.end(), &["web-a-0"]);
}

#[test]
fn a_wait_goes_on_while_the_server_is_away_and_back() {
    let double = Double::start();
    let (_tool, mut started) = start_waiting(&double);
    double.stop();
    started.wait_for("cannot be read");
    assert!(started.lives());
    double.resume();
    get_ready(&double);
    assert_passed_in(&double, &started.end(), &["web-a-0"]);
}

#[test]
fn pods_that_no_workload_made_are_not_taken_for_ready_while_the_server_is_away() {
    let double = Double::start();
    double.put(Pod::new("one").label("draft", "web").not_ready());
    let tool = tool(&double, WORK);
    let mut started = tool.start(&["run", "post-deploy"]);
    started.wait_for("waiting for pods");
    double.wait_for("a watch", |seen| seen.open_watches == 1);
    double.put(Pod::new("one").label("draft", "web"));
    started.wait_for("looks whether more pods come");
    double.stop();
    started.wait_for("the cluster does not answer");
    double.put(Pod::new("two").label("draft", "web"));
    double.resume();
    assert_passed_in(&double, &started.end(), &["one", "two"]);
}

/// A deployment by a command that goes on once the cluster answers, which it does not before.
fn deploy_what_brings_the_cluster(double: &Double) -> Called {
    double.stop();
    let tool = tool(double, WORK);
    let mut started = tool.start(&["up", "--", "sh", "-c", "mkfifo answers; echo deploying; cat answers"]);
    started.wait_for("deploying");
    double.resume();
    tool.write("answers", b"");
    started.end()
}

#[test]
fn where_the_pods_of_before_are_not_known_none_is_taken_for_new() {
    let double = Double::start();
    roll_out(&double, "a", 1);
    let called = deploy_what_brings_the_cluster(&double);
    assert!(
        called.stderr.contains("up goes on, though it cannot tell afterwards which pods are new"),
        "{called:?}"
    );
    assert!(called.stdout.contains("cannot tell whether these pods are new"), "{called:?}");
    assert_passed_in(&double, &called, &["web-a-0"]);
}

#[test]
fn tasks_after_the_pods_are_told_of_which_build_they_are() {
    for pods in ["", "[post-deploy]\nwork = \"work\"\n"] {
        let double = Double::start();
        let tasks = "[pre-up]\nbefore = \"echo built $DRAFT_TASKS_BUILD.\"\n\
            [post-up]\nafter = \"sh -c 'echo $DRAFT_TASKS_BUILD and '$DRAFT_TASKS_BUILD\"\n";
        let tool = tool(&double, &format!("{tasks}{pods}"));
        let mut started =
            tool.start(&["up", "--", "sh", "-c", "mkfifo deployed; echo deploying; cat deployed"]);
        started.wait_for("before │ built .");
        started.wait_for("sh │ deploying");
        double.put(Pod::new("new").label("draft", "web").build("01BX5ZZKBKACTAV9WEVGEMMVRZ"));
        tool.write("deployed", b"");
        let called = started.end();
        assert_eq!(called.code, Some(0), "{called:?}");
        let said = "after │ 01BX5ZZKBKACTAV9WEVGEMMVRZ and 01BX5ZZKBKACTAV9WEVGEMMVRZ\n";
        assert!(called.stdout.contains(said), "{called:?}");
        assert!(called.stdout.contains("in 1 pod: new ("), "{called:?}");
    }
}

#[test]
fn the_end_of_pods_is_awaited_as_long_as_the_project_or_an_option_says() {
    let double = Double::start();
    roll_out(&double, "a", 1);
    let tool = tool(&double, WORK);
    tool.write(".draft-tasks.config.toml", b"[kubernetes]\nreadyTimeout = \"1h\"\ngoneTimeout = 1\n");
    for (options, limit) in [(&[][..], "within 1.0 s"), (&["--gone-timeout", "2"], "within 2.0 s")] {
        let called = tool.call(&[&["delete"], options, &["--", "true"]].concat());
        assert_eq!(called.code, Some(1), "{called:?}");
        let said = format!("1 pod of web had not come to an end {limit} in context double");
        assert!(called.stdout.contains(&said) && called.stdout.contains("--gone-timeout"), "{called:?}");
    }
}

#[test]
fn pods_that_end_do_not_count_though_they_say_that_they_are_ready() {
    let double = Double::start();
    roll_out(&double, "a", 1);
    double.put(pod("a", 7).terminating());
    double.put(pod("a", 8).ended("Succeeded", 0));
    double.put(pod("a", 9).ended("Failed", 1));
    let called = tool(&double, WORK).call(&["run", "post-deploy"]);
    assert_passed_in(&double, &called, &["web-a-0"]);
}

#[test]
fn only_pods_of_the_newest_build_count() {
    let double = Double::start();
    let draft = |name: &str| Pod::new(name).label("draft", "web");
    double.put(draft("old").build("01ARZ3NDEKTSV4RRFFQ69G5FAV"));
    double.put(draft("new").build("01BX5ZZKBKACTAV9WEVGEMMVRZ"));
    double.put(draft("older").build("01AN4Z07BY79KA1307SR9X4MV3"));
    double.put(draft("none"));
    let called = tool(&double, WORK).call(&["run", "post-deploy"]);
    assert_passed_in(&double, &called, &["new"]);
    assert!(called.stdout.contains("build 01BX5ZZKBKACTAV9WEVGEMMVRZ"), "{called:?}");
}

/// A rollout from one template to another, told in steps; in between, the pods of the old one are ready, too.
fn assert_only_in_new_pods(build: impl Fn(Pod, &str) -> Pod) {
    let double = Double::start();
    double.put(deployment("b", 2).generation(2));
    double.put(replica_set("a", 2));
    double.put(replica_set("b", 0).status(json!({ "availableReplicas": 0 })));
    double.put(build(pod("a", 0), "01A"));
    double.put(build(pod("a", 1), "01A"));
    let tool = tool(&double, WORK);
    let mut started = tool.start(&["run", "post-deploy"]);
    started.wait_for("rollout of deployment web has not begun");

    let status = |updated: u32, all: u32| json!({ "observedGeneration": 2, "replicas": all, "updatedReplicas": updated });
    double.put(build(pod("b", 0).created("2024-01-01T02:00:00Z"), "01B"));
    double.put(deployment("b", 2).generation(2).status(status(1, 3)));
    started.wait_for("1 of 2 pods updated");
    double.remove("pods", "web-a-0");
    double.put(build(pod("b", 1).created("2024-01-01T03:00:00Z"), "01B"));
    double.put(deployment("b", 2).generation(2).status(status(2, 3)));
    started.wait_for("1 pod of an earlier template is left");
    double.put(build(pod("a", 1).terminating(), "01A"));
    assert_eq!(double.seen().execs.len(), 0);
    double.put(deployment("b", 2).generation(2).status(status(2, 2)));
    assert_passed_in(&double, &started.end(), &["web-b-0", "web-b-1"]);
}

#[test]
fn pods_of_an_earlier_template_get_no_command_during_a_rollout() {
    assert_only_in_new_pods(|pod, _| pod);
}

#[test]
fn pods_of_an_earlier_build_get_no_command_during_a_rollout() {
    assert_only_in_new_pods(Pod::build);
}

#[test]
fn pods_that_are_replaced_during_the_wait_are_followed() {
    let double = Double::start();
    let (_tool, mut started) = start_waiting(&double);
    double.put(pod("a", 5).not_ready());
    double.remove("pods", "web-a-0");
    started.wait_for("web-a-5");
    double.put(pod("a", 5));
    double.put(deployment("a", 1));
    assert_passed_in(&double, &started.end(), &["web-a-5"]);
}

#[test]
fn a_pod_that_the_watch_has_not_told_of_yet_is_not_left_out() {
    let double = Double::start();
    let (_tool, started) = start_waiting(&double);
    double.put(pod("a", 0));
    double.wait_for("workloads to be read again", |seen| seen.count("get", "deployments") > 2);
    double.watches(Watches::Stall);
    double.put(pod("a", 1));
    double.put(deployment("a", 2));
    assert_passed_in(&double, &started.end(), &["web-a-0", "web-a-1"]);
}

#[test]
fn a_stateful_set_runs_in_the_pods_of_its_present_revision() {
    let double = Double::start();
    let set = |updated: u32| {
        let status = json!({
            "updatedReplicas": updated, "currentRevision": "web-1", "updateRevision": "web-2",
        });
        Workload::new("StatefulSet", "web", 2).status(status)
    };
    let pod = |index: usize, revision: &str| {
        let pod = Pod::new(&format!("web-{index}")).label("draft", "web");
        pod.label("controller-revision-hash", revision).owned_by("StatefulSet", "web")
    };
    double.put(set(1));
    double.put(pod(0, "web-1"));
    double.put(pod(1, "web-2"));
    let tool = tool(&double, WORK);
    let mut started = tool.start(&["run", "post-deploy"]);
    started.wait_for("rollout of stateful set web: 1 of 2 pods updated");
    double.remove("pods", "web-0");
    double.put(pod(0, "web-2"));
    double.put(set(2));
    assert_passed_in(&double, &started.end(), &["web-0", "web-1"]);
}

#[test]
fn the_newest_template_counts_where_workloads_may_not_be_read() {
    let double = Double::start();
    roll_out(&double, "a", 1);
    double.put(pod("b", 0).created("2024-01-01T02:00:00Z"));
    double.deny("get", "replicasets");
    double.deny("get", "deployments");
    let called = tool(&double, WORK).call(&["run", "post-deploy"]);
    assert_passed_in(&double, &called, &["web-b-0"]);
    let note = "workloads may not be read, so these are the pods of the newest template that was seen";
    assert!(called.stdout.contains(note), "{called:?}");
}

#[test]
fn the_newest_template_counts_where_only_deployments_may_not_be_read() {
    let double = Double::start();
    roll_out(&double, "a", 1);
    double.put(replica_set("b", 1));
    double.put(pod("b", 0).created("2024-01-01T02:00:00Z"));
    double.deny("get", "deployments");
    let called = tool(&double, WORK).call(&["run", "post-deploy"]);
    assert_passed_in(&double, &called, &["web-b-0"]);
    assert!(called.stdout.contains("workloads may not be read"), "{called:?}");
}

/// The run cannot begin, and says this.
#[track_caller]
fn assert_blocked(double: &Double, called: &Called, said: &[&str]) {
    assert_eq!(called.code, Some(1), "{called:?}");
    for part in said {
        assert!(called.stdout.contains(part), "{part:?} is not in {called:#?}");
    }
    assert_eq!(double.seen().execs.len(), 0);
}

#[test]
fn no_pod_within_the_time_is_a_failure() {
    let double = Double::start();
    let called = tool(&double, WORK).call(&["run", "post-deploy", "--ready-timeout", "1"]);
    let said = [
        "no pod was ready within 1.0 s in context double, namespace default",
        "no pod of web (label draft=web)",
        "--ready-timeout",
        "\n\nfailed: no pod was ready after 1",
    ];
    assert_blocked(&double, &called, &said);
}

#[test]
fn a_time_of_zero_looks_once() {
    let double = Double::start();
    roll_out(&double, "a", 1);
    assert_eq!(tool(&double, WORK).call(&["run", "post-deploy", "--ready-timeout", "0"]).code, Some(0));
    let (other, ready) = (Double::start(), double.seen().execs.len());
    roll_out(&other, "a", 1);
    other.put(pod("a", 1).waiting("ImagePullBackOff", "Back-off pulling image"));
    let called = tool(&other, WORK).call(&["run", "post-deploy", "--ready-timeout", "0"]);
    assert_blocked(&other, &called, &["web-a-1 ImagePullBackOff", "failed: not all pods were ready after "]);
    assert_eq!(ready, 1);
}

#[test]
fn pods_that_are_not_ready_within_the_time_are_told_with_their_reasons() {
    let double = Double::start();
    roll_out(&double, "a", 1);
    double.put(pod("a", 1).waiting("ImagePullBackOff", "Back-off pulling image"));
    double.put(pod("a", 2).unscheduled("0/1 nodes are available"));
    let called = tool(&double, WORK).call(&["run", "post-deploy", "--ready-timeout", "1"]);
    let said = [
        "waiting for pods: 1/3 ready",
        " s of 1 s)",
        "1 of 3 pods were ready within 1.0 s",
        "web-a-1 ImagePullBackOff, web-a-2 Unschedulable: 0/1 nodes are available",
    ];
    assert_blocked(&double, &called, &said);
}

#[test]
fn who_may_not_list_pods_is_told_so() {
    let double = Double::start();
    roll_out(&double, "a", 1);
    double.deny("list", "pods");
    let called = tool(&double, WORK).call(&["run", "post-deploy"]);
    let said =
        ["user `double` may not list pods in namespace `default` of context `double`", "draft-tasks doctor"];
    assert_blocked(&double, &called, &said);
}

#[test]
fn who_may_not_watch_pods_is_told_so_instead_of_waiting() {
    let double = Double::start();
    double.put(pod("a", 0).not_ready());
    double.deny("watch", "pods");
    let called = tool(&double, WORK).call(&["run", "post-deploy", "--ready-timeout", "20"]);
    let said =
        ["user `double` may not watch pods in namespace `default` of context `double`", "draft-tasks doctor"];
    assert_blocked(&double, &called, &said);
}

#[test]
fn a_server_that_is_not_there_is_named() {
    let double = Double::start();
    double.stop();
    let called = tool(&double, WORK).call(&["run", "post-deploy"]);
    let server = double.address();
    assert_blocked(&double, &called, &["cannot reach the cluster of context `double`", &server]);
}

#[test]
fn the_namespace_is_that_of_the_option() {
    let double = Double::start();
    roll_out(&double, "a", 1);
    double.put(Pod::new("other").namespace("staging").label("draft", "web"));
    let called = tool(&double, WORK).call(&["run", "post-deploy", "--namespace", "staging"]);
    assert_passed_in(&double, &called, &["other"]);
    assert_eq!(double.seen().execs[0].namespace, "staging");
    assert!(called.stdout.contains("namespace staging"), "{called:?}");
}

#[test]
fn a_wait_can_be_stopped() {
    let double = Double::start();
    let (_tool, started) = start_waiting(&double);
    started.signal(rustix::process::Signal::INT);
    let called = started.end();
    assert_eq!(called.code, Some(130), "{called:?}");
    assert_eq!(double.seen().execs.len(), 0);
}
