//! Running again where an earlier run ran, on the double.
//!
//! Must not look at how pods of the present rollout are found.

use serde_json::json;

use crate::application::tool;
use crate::client::{Client, Setup};
use crate::double::{Answer, Double, Pod, Step, When};
use crate::project::Project;
use crate::rollout::{deployment, pod, replica_set, roll_out};
use crate::tool::{Tool, assert_says};

const THREE: &str = "[post-deploy]\none = \"one\"\ntwo = \"two\"\nthree = \"three\"\n";

/// A pod that is the same one however often it is told.
fn same(index: usize) -> Pod {
    pod("a", index).change(|pod| pod["metadata"]["uid"] = json!(format!("uid-{index}")))
}

/// Three pods, of which the second one's `two` failed once.
pub(crate) fn failed_in_one() -> (Double, Tool) {
    let double = Double::start();
    roll_out(&double, "a", 3);
    (0..3).for_each(|index| double.put(same(index)));
    let in_one = When { argument: Some("two".to_owned()), ..When::pod("web-a-1") };
    double.on_exec(in_one.once(), Answer::Run(vec![Step::Exit(1)]));
    let tool = tool(&double, THREE);
    let rerun = "again: draft-tasks run post-deploy --failed";
    assert_says(&tool.call(&["run", "post-deploy"]), 1, &["1 failed", "1 skipped", rerun]);
    (double, tool)
}

fn commands(double: &Double, pod: &str) -> Vec<String> {
    double.seen().commands(pod).into_iter().map(|argv| argv.join(" ")).collect()
}

#[test]
fn failed_tasks_run_again_where_they_failed_with_those_that_did_not_run() {
    let (double, tool) = failed_in_one();
    let called = tool.call(&["rerun", "--failed"]);
    assert_says(&called, 0, &["post-deploy · 2 tasks", "in 1 pod: web-a-1 (app)", "2 passed"]);
    assert_eq!(commands(&double, "web-a-1"), ["one", "two", "two", "three"]);
    assert_eq!(commands(&double, "web-a-0"), ["one", "two", "three"]);
    assert_says(&tool.call(&["rerun", "--failed"]), 0, &["all of its tasks passed"]);
    // What ran last ran in that pod alone.
    assert_says(&tool.call(&["rerun"]), 0, &["in 1 pod: web-a-1 (app)", "2 passed"]);
}

#[test]
fn a_run_of_some_tasks_or_pods_hides_no_failure_of_the_others() {
    let (double, tool) = failed_in_one();
    assert_says(&tool.call(&["run", "post-deploy", "one"]), 0, &["3 pods passed"]);
    assert_says(&tool.call(&["run", "post-deploy", "--pod", "web-a-0"]), 0, &["1 pod passed"]);
    let failed = ["run", "post-deploy", "--failed"];
    assert_says(&tool.call(&failed), 0, &["post-deploy · 2 tasks", "in 1 pod: web-a-1 (app)", "2 passed"]);
    assert_eq!(commands(&double, "web-a-1"), ["one", "two", "one", "two", "three"]);
    assert_says(&tool.call(&failed), 0, &["all of its tasks passed"]);
}

#[test]
fn failures_of_an_earlier_rollout_are_over() {
    let (double, tool) = failed_in_one();
    double.put(pod("b", 0));
    double.put(deployment("b", 1));
    double.put(replica_set("b", 1));
    double.put(replica_set("a", 0));
    (0..3).for_each(|index| double.remove("pods", &format!("web-a-{index}")));
    assert_says(&tool.call(&["run", "post-deploy", "one"]), 0, &["in 1 pod: web-b-0"]);
    assert_says(&tool.call(&["run", "post-deploy", "--failed"]), 0, &["all of its tasks passed"]);
}

#[test]
fn each_failed_task_runs_again_only_where_it_failed() {
    let double = Double::start();
    roll_out(&double, "a", 3);
    for (task, pod) in [("two", "web-a-0"), ("three", "web-a-2")] {
        let when = When { argument: Some(task.to_owned()), ..When::pod(pod) };
        double.on_exec(when.once(), Answer::Run(vec![Step::Exit(1)]));
    }
    let tool = tool(&double, THREE);
    assert_says(&tool.call(&["run", "post-deploy", "--keep-going"]), 1, &["7 passed, 2 failed"]);
    let called = tool.call(&["rerun", "--failed"]);
    assert_says(&called, 0, &["in 2 pods: web-a-0 (app), web-a-2 (app)", "2 passed", "2 pods passed"]);
    assert_eq!(commands(&double, "web-a-0"), ["one", "two", "three", "two"]);
    assert_eq!(commands(&double, "web-a-1"), ["one", "two", "three"]);
    assert_eq!(commands(&double, "web-a-2"), ["one", "two", "three", "three"]);
}

#[test]
fn a_dry_run_names_the_pods_and_asks_no_cluster() {
    let (double, tool) = failed_in_one();
    let before = double.seen().calls.len();
    let called = tool.call(&["rerun", "--failed", "--dry-run"]);
    assert_says(
        &called,
        0,
        &["nothing runs", "in web-a-1, if it is still there: two, three", "- one  left out"],
    );
    assert_eq!(double.seen().calls.len(), before);
}

#[test]
fn pods_that_are_gone_are_named_and_left_out() {
    let (double, tool) = failed_in_one();
    double.remove("pods", "web-a-0");
    let called = tool.call(&["rerun"]);
    assert_says(&called, 0, &["web-a-0 is gone: not run again", "in 2 pods: web-a-1 (app), web-a-2 (app)"]);
    assert_eq!(commands(&double, "web-a-0"), ["one", "two", "three"]);
    // A pod of the present rollout that was not there is not reached.
    double.put(pod("a", 9));
    assert_says(&tool.call(&["rerun"]), 0, &["in 2 pods: web-a-1 (app), web-a-2 (app)"]);
}

#[test]
fn where_no_pod_is_left_it_is_said_at_once() {
    let (double, tool) = failed_in_one();
    double.remove("pods", "web-a-1");
    let called = tool.call(&["rerun", "--failed"]);
    let said = [
        "no pod of the earlier run is left: web-a-1 is gone",
        "run post-deploy to reach the pods that are there now",
    ];
    assert_says(&called, 1, &said);
    assert!(!called.stdout.contains("waiting"), "{called:?}");
    // One that could not reach its pods is none to be run again.
    assert_says(&tool.call(&["rerun"]), 0, &["in 2 pods: web-a-0 (app), web-a-2 (app)"]);
}

#[test]
fn pods_that_were_replaced_are_not_guessed() {
    let (double, tool) = failed_in_one();
    // Another pod of the same name, as a StatefulSet makes them.
    double.remove("pods", "web-a-1");
    double.put(pod("a", 1).change(|pod| pod["metadata"]["uid"] = json!("another")));
    assert_says(&tool.call(&["rerun", "--failed"]), 1, &["web-a-1 is another pod now"]);
    // A new rollout, while a pod of the earlier one is still there.
    double.put(pod("b", 0));
    double.put(deployment("b", 1));
    double.put(replica_set("b", 1));
    double.put(replica_set("a", 0));
    let called = tool.call(&["rerun", "--failed"]);
    assert_says(&called, 1, &["no pod of the earlier run is left: web-a-1 is another pod now"]);
    let called = tool.call(&["rerun"]);
    assert_says(&called, 1, &["web-a-0, web-a-2 are of an earlier rollout"]);
    assert_eq!(commands(&double, "web-b-0"), Vec::<String>::new());
}

#[test]
fn a_pod_that_is_not_ready_is_awaited() {
    let (double, tool) = failed_in_one();
    double.put(same(1).not_ready());
    let mut started = tool.start(&["rerun", "--failed"]);
    started.wait_for("waiting for pods: 0/1 ready · web-a-1");
    double.put(same(1));
    assert_says(&started.end(), 0, &["2 passed"]);
    double.put(same(1).not_ready());
    let called = tool.call(&["rerun", "--ready-timeout", "1s"]);
    assert_says(&called, 1, &["the only pod was not ready within 1.0 s"]);
}

#[test]
fn a_command_that_was_repaired_runs_where_the_old_one_failed() {
    let (double, tool) = failed_in_one();
    tool.write(".draft-tasks.toml", THREE.replace("\"two\"", "\"two more\"").as_bytes());
    let said = "the command of `two` has changed since then: the new runs";
    assert_says(&tool.call(&["rerun", "--failed"]), 0, &[said, "2 passed"]);
    assert_eq!(commands(&double, "web-a-1"), ["one", "two", "two more", "three"]);
}

#[test]
fn what_only_options_named_is_reached_again() {
    let (double, tool) = failed_in_one();
    std::fs::remove_file(tool.path("draft.toml")).expect("a file");
    double.on_exec(When::pod("web-a-2").once(), Answer::Run(vec![Step::Exit(1)]));
    let up = ["up", "-l", "draft=web", "-n", "default", "--on-failure", "continue", "--", "true"];
    assert_says(&tool.call(&up), 1, &["8 passed, 1 failed"]);
    let called = tool.call(&["rerun", "--failed"]);
    assert_says(
        &called,
        0,
        &["pods of draft=web · context double, namespace default", "in 1 pod: web-a-2 (app)", "1 passed"],
    );
}

#[test]
fn only_what_is_behind_a_phase_that_failed_is_named() {
    let double = Double::start();
    roll_out(&double, "a", 1);
    double.on_exec(When::any(), Answer::Run(vec![Step::Exit(1)]));
    let tool = tool(&double, "[post-deploy]\none = \"one\"\n[post-up]\nlast = \"touch last\"\n");
    let called = tool.call(&["up", "--", "true"]);
    assert_says(&called, 1, &["again: draft-tasks run post-deploy --failed\n"]);
    let end = "error: post-deploy failed, so post-up did not run\n\
        once post-deploy has passed: `draft-tasks run post-up`\n";
    assert!(called.stderr.ends_with(end), "{called:?}");
    assert!(!tool.path("last").exists());
}

#[test]
fn a_cleanup_is_not_advised_while_pods_exist() {
    let double = Double::start();
    roll_out(&double, "a", 1);
    let tool = tool(&double, "[cleanup]\nclean = \"touch cleaned\"\n");
    let called = tool.call(&["delete", "--yes", "--gone-timeout", "1ms", "--", "true"]);
    let end = "error: waiting for the end of the pods failed, so cleanup did not run\n\
        before you go on: `draft-tasks doctor` shows which pods there are\n";
    assert!(called.code == Some(1) && called.stderr.ends_with(end), "{called:?}");
    assert!(!tool.path("cleaned").exists());
}

#[test]
fn another_place_is_not_reached() {
    let (double, tool) = failed_in_one();
    let before = double.seen().execs.len();
    let called = tool.call(&["rerun", "--failed", "-l", "app=other"]);
    let said = ["the earlier run was in pods of draft=web · context double", "and now pods of app=other"];
    assert_says(&called, 2, &said);
    assert_eq!(double.seen().execs.len(), before);
}

#[test]
fn what_failed_in_some_pods_runs_again_in_those() {
    let (double, tool) = failed_in_one();
    let in_one = When { argument: Some("one".to_owned()), ..When::pod("web-a-0") };
    double.on_exec(in_one.once(), Answer::Run(vec![Step::Exit(1)]));
    let called = tool.call(&["run", "post-deploy", "--pod", "web-a-0"]);
    assert_says(&called, 1, &["✗ one", "again: draft-tasks rerun --failed\n"]);
    let called = tool.call(&["rerun", "--failed"]);
    assert_says(&called, 0, &["in 1 pod: web-a-0 (app)", "3 passed"]);
}

#[test]
fn another_environment_has_labels_of_its_own() {
    let (double, tool) = failed_in_one();
    tool.write(
        "draft.toml",
        b"[environments.development]\nname = \"web\"\n[environments.staging]\nname = \"shop\"\n",
    );
    let before = double.seen().execs.len();
    let called = tool.call(&["rerun", "--environment", "staging"]);
    let said = ["the earlier run was in pods of draft=web", "and now pods of draft=shop"];
    assert_says(&called, 2, &said);
    assert_eq!(double.seen().execs.len(), before);
}

/// An editor with the tasks.
struct Editor {
    client: Client,
    project: Project,
}

impl Editor {
    fn open(kubeconfig: &std::path::Path, change: impl FnOnce(&mut Setup)) -> Editor {
        let project = Project::new(THREE);
        project.write("draft.toml", "[environments.development]\nname = \"web\"\n");
        let mut client = Client::with(|setup| {
            setup.old_output = true;
            let kubeconfig = kubeconfig.to_str().expect("a path of UTF-8").to_owned();
            setup.environment = vec![("KUBECONFIG", kubeconfig), ("DRAFT_ENV", String::new())];
            change(setup);
        });
        client.open_and_wait(&project);
        Editor { client, project }
    }

    /// Starts something, of whose end this is told; where it asks, that is answered.
    #[track_caller]
    fn ends(&mut self, command: &str, more: serde_json::Value, answer: Option<&str>, said: &str) {
        let mut argument = json!({ "uri": self.project.uri });
        argument.as_object_mut().expect("fields").extend(more.as_object().cloned().unwrap_or_default());
        let run = self.client.execute(command, argument)["run"].as_str().expect("a run").to_owned();
        if let Some(title) = answer {
            let id = self.client.asked_by("window/showMessageRequest");
            self.client.send(&json!({ "jsonrpc": "2.0", "id": id, "result": { "title": title } }));
        }
        let told = self.client.eventually("the end", |client| {
            Some(client.told_of_run(&run)).filter(|told| told["state"] == "finished")
        });
        assert!(told.to_string().contains(said), "{told}");
        self.client.take_all("window/showMessage");
    }
}

#[test]
fn an_editor_reaches_the_same_pods_again() {
    let double = Double::start();
    roll_out(&double, "a", 2);
    (0..2).for_each(|index| double.put(same(index)));
    let mut editor = Editor::open(&double.kubeconfig(), |_| {});
    let phase = json!({ "phase": "post-deploy", "pods": ["web-a-1"] });
    editor.ends("draft-tasks.runPhase", phase, None, "passed");
    editor.ends("draft-tasks.rerun", json!({}), None, "passed");
    assert_eq!(commands(&double, "web-a-1").len(), 6);
    assert_eq!(commands(&double, "web-a-0").len(), 0);
}

#[test]
fn what_failed_is_not_forgotten_by_a_run_that_is_declined() {
    let double = Double::start();
    roll_out(&double, "a", 1);
    double.put(same(0));
    let two = When { argument: Some("two".to_owned()), ..When::pod("web-a-0") };
    double.on_exec(two.once(), Answer::Run(vec![Step::Exit(1)]));
    let mut editor = Editor::open(&double.kubeconfig(), |setup| setup.answers = false);
    let phase = json!({ "phase": "post-deploy" });
    editor.ends("draft-tasks.runPhase", phase.clone(), None, "failed");
    // The same by a way that is not local, as behind a tunnel.
    let mut config = double.kubeconfig_value();
    config["clusters"][0]["cluster"]["server"] = json!(double.address().replace("127.0.0.1", "0.0.0.0"));
    config["clusters"][0]["cluster"]["tls-server-name"] = json!("localhost");
    double.write_kubeconfig("kubeconfig", &config);
    editor.ends("draft-tasks.runPhase", phase, Some("Cancel"), "it was not confirmed");
    double.kubeconfig();
    editor.ends("draft-tasks.rerunFailed", json!({}), None, "passed");
    assert_eq!(commands(&double, "web-a-0"), ["one", "two", "two", "three"]);
}
