//! What goes wrong between the program and the API server, on the double: nothing of it may count as success.
//!
//! Must not look at what waits or ends as it should.

use hyper::StatusCode;
use hyper::body::Bytes;
use serde_json::{Value, json};

use crate::application::{WORK, tool};
use crate::double::{Answer, Double, Fault, Gate, Pod, Refusal, Step, Watches, When};
use crate::rollout::{deployment, pod, replica_set, roll_out};
use crate::tool::{Called, Tool, assert_says};

/// Runs one task in one pod, where it writes something and this comes next.
fn run_until(last: Step) -> Called {
    let double = Double::start();
    roll_out(&double, "a", 1);
    let written = Step::Stdout(Bytes::from("written\n"));
    double.on_exec(When::any(), Answer::Run(vec![written, last]));
    tool(&double, WORK).call(&["run", "post-deploy"])
}

const UNKNOWN: &str = "the command may still be running, or may have ended well";

#[test]
fn a_connection_that_is_cut_leaves_the_result_unknown() {
    let called = run_until(Step::Cut);
    assert_says(&called, 1, &["written\n", "result unknown: the connection to the pod was lost", UNKNOWN]);
}

#[test]
fn a_stream_that_is_closed_without_a_status_leaves_the_result_unknown() {
    let called = run_until(Step::Close);
    assert_says(&called, 1, &["written\n", "result unknown: the connection to the pod was closed", UNKNOWN]);
}

#[test]
fn a_status_is_the_result() {
    assert_says(&run_until(Step::Exit(0)), 0, &["written\n", "1 passed"]);
    assert_says(&run_until(Step::Exit(7)), 1, &["written\n", "exit code 7"]);
}

#[test]
fn a_status_that_says_nothing_is_no_success() {
    assert_says(&run_until(Step::Status(json!({ "metadata": {} }))), 1, &["✗ work"]);
    assert_says(&run_until(Step::Status(json!({ "metadata": {}, "status": "Failure" }))), 1, &["✗ work"]);
}

#[test]
fn a_server_that_goes_away_during_a_task_leaves_the_result_unknown() {
    let double = Double::start();
    roll_out(&double, "a", 1);
    double.on_exec(When::any(), Answer::Run(vec![Step::Stdout(Bytes::from("begun\n")), Step::Stall]));
    let tool = tool(&double, WORK);
    let mut started = tool.start(&["run", "post-deploy"]);
    started.wait_for("begun");
    double.stop();
    assert_says(&started.end(), 1, &["result unknown", UNKNOWN]);
}

#[test]
fn a_pod_that_is_deleted_during_a_task_is_told_as_such() {
    let double = Double::start();
    roll_out(&double, "a", 2);
    double
        .on_exec(When::pod("web-a-1"), Answer::Run(vec![Step::Stdout(Bytes::from("begun\n")), Step::Stall]));
    let tool = tool(&double, WORK);
    let mut started = tool.start(&["run", "post-deploy"]);
    started.wait_for("begun");
    double.remove("pods", "web-a-1");
    let said = ["pod `web-a-1` was deleted while the task ran", "1 of 2 pods passed"];
    assert_says(&started.end(), 1, &said);
}

#[test]
fn a_command_that_is_killed_with_its_pod_is_told_as_such() {
    let double = Double::start();
    roll_out(&double, "a", 1);
    let gate = Gate::new();
    let steps = vec![Step::Stdout(Bytes::from("begun\n")), Step::Until(gate.clone()), Step::Exit(137)];
    double.on_exec(When::any(), Answer::Run(steps));
    let tool = tool(&double, WORK);
    let mut started = tool.start(&["run", "post-deploy"]);
    started.wait_for("begun");
    double.put(pod("a", 0).terminating());
    gate.open();
    assert_says(&started.end(), 1, &["pod `web-a-0` was deleted while the task ran (exit code 137)"]);
}

#[test]
fn the_rest_does_not_run_in_another_pod_that_has_taken_the_name() {
    let double = Double::start();
    roll_out(&double, "a", 1);
    let gate = Gate::new();
    let steps = vec![Step::Stdout(Bytes::from("begun\n")), Step::Until(gate.clone()), Step::Exit(1)];
    double.on_exec(When::any(), Answer::Run(steps));
    let tool = tool(&double, "[post-deploy]\none = \"one\"\ntwo = \"two\"\n");
    let mut started = tool.start(&["run", "post-deploy", "--on-failure", "continue"]);
    started.wait_for("begun");
    double.put(pod("a", 0));
    gate.open();
    assert_says(&started.end(), 1, &["pod `web-a-0` is another pod now", "2 failed"]);
    assert_eq!(double.seen().commands("web-a-0"), [["one"]]);
}

fn refused(refusal: Refusal) -> Called {
    let double = Double::start();
    roll_out(&double, "a", 1);
    double.on_exec(When::any(), Answer::Refuse(refusal));
    tool(&double, WORK).call(&["run", "post-deploy"])
}

#[test]
fn a_refusal_without_a_word_is_not_taken_for_a_missing_permission() {
    let called = refused(Refusal::Http(StatusCode::FORBIDDEN, String::new()));
    assert_says(&called, 1, &["could not be started", "403 without a reason"]);
    assert!(!called.stdout.contains("may not"), "{called:?}");
}

#[test]
fn a_connection_that_is_closed_instead_of_an_answer_leaves_the_result_unknown() {
    assert_says(&refused(Refusal::Hangup), 1, &["result unknown", UNKNOWN]);
}

#[test]
fn who_may_not_execute_commands_is_told_so() {
    let double = Double::start();
    roll_out(&double, "a", 1);
    double.deny("get", "pods/exec");
    let called = tool(&double, WORK).call(&["run", "post-deploy"]);
    let said = [
        "user `double` may not execute commands in pods (get and create of pods/exec)",
        "draft-tasks doctor",
    ];
    assert_says(&called, 1, &said);
    assert_eq!(double.seen().execs.len(), 0);
}

#[test]
fn a_wait_goes_on_after_its_watch_has_stalled() {
    let double = Double::start();
    double.put(deployment("a", 1).status(json!({ "availableReplicas": 0 })));
    double.put(replica_set("a", 1));
    double.put(pod("a", 0).not_ready());
    let tool = tool(&double, WORK);
    let mut started = tool.start(&["run", "post-deploy"]);
    started.wait_for("waiting for pods");
    double.wait_for("a watch", |seen| seen.open_watches == 1);
    double.watches(Watches::Stall);
    double.put(deployment("a", 1));
    double.put(pod("a", 0));
    assert_says(&started.end(), 0, &["1 passed"]);
}

#[test]
fn a_list_that_an_overloaded_server_refuses_at_first_is_asked_for_again() {
    let double = Double::start();
    roll_out(&double, "a", 1);
    let refusal = Refusal::Http(StatusCode::SERVICE_UNAVAILABLE, "overloaded".to_owned());
    double.fault(Fault { verb: "list", resource: "pods", times: Some(1), refusal });
    let called = tool(&double, WORK).call(&["run", "post-deploy"]);
    assert_says(&called, 0, &["1 passed"]);
}

/// The program with a plugin for its credentials, a script of the shell that is called as `plugin`.
fn with_plugin(double: &Double, script: &str) -> Tool {
    let tool = tool(double, WORK);
    tool.write("plugin.sh", script.as_bytes());
    let mut config = double.kubeconfig_value();
    let token = config["users"][0]["user"]["token"].as_str().expect("a token").to_owned();
    tool.write("token", token.as_bytes());
    config["users"][0]["user"] = json!({ "exec": {
        "apiVersion": "client.authentication.k8s.io/v1", "command": "sh", "args": [tool.path("plugin.sh")],
        "env": [{ "name": "FOLDER", "value": tool.path("") }, { "name": "API_TOKEN", "value": "s3cr3t-Tok9x" }],
        "interactiveMode": "IfAvailable",
    }});
    let path = double.write_kubeconfig("with-plugin", &config);
    tool.with("KUBECONFIG", path.to_str().expect("a path of UTF-8"))
}

/// Notes each call, and answers with the token; `$expires` is added to the status.
const ANSWER: &str = r#"cd "$FOLDER"
read line && exit 9
echo call >>calls
printf '{"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": {"token": "%s"%s}}' "$(cat token)" "$expires"
"#;

fn calls(tool: &Tool) -> usize {
    tool.read("calls").lines().count()
}

#[test]
fn a_credential_plugin_is_called_once_and_without_input() {
    let double = Double::start();
    roll_out(&double, "a", 2);
    let tool = with_plugin(&double, ANSWER);
    assert_says(&tool.call(&["run", "post-deploy"]), 0, &["all 2 pods passed"]);
    assert_eq!(calls(&tool), 1);
}

#[test]
fn what_a_credential_plugin_answers_is_masked_in_what_tasks_write() {
    let double = Double::start();
    roll_out(&double, "a", 1);
    let tool = with_plugin(&double, ANSWER);
    let token = tool.read("token");
    let wrote = format!("the token is {token}\n").into_bytes();
    double.on_exec(When::any(), Answer::Run(vec![Step::Stdout(wrote.into()), Step::Exit(0)]));
    let called = tool.call(&["run", "post-deploy"]);
    assert_says(&called, 0, &["the token is ***", "1 passed"]);
    assert!(token.len() > 8 && !format!("{called:?}{}", tool.records()).contains(&token), "{called:?}");
    assert!(tool.records().contains("the token is ***"));
}

#[test]
fn a_credential_plugin_that_fails_is_named_with_its_words() {
    let double = Double::start();
    roll_out(&double, "a", 1);
    let called = with_plugin(&double, "echo 'please log in' >&2; exit 3").call(&["run", "post-deploy"]);
    let said = ["the credential plugin `sh` of the kubeconfig failed: exit code 3", "please log in"];
    assert_says(&called, 1, &said);
    assert_eq!(double.seen().calls.len(), 0);
}

#[test]
fn what_a_credential_plugin_says_of_its_secrets_is_shown_by_no_command() {
    let double = Double::start();
    let tool = with_plugin(&double, "echo \"denied for $API_TOKEN\" >&2; exit 3");
    for call in [
        &["doctor", "-l", "a=b"][..],
        &["doctor", "--format", "json"],
        &["runs", "attach", "draft-tasks-x"],
        &["runs", "stop", "draft-tasks-x"],
    ] {
        let called = tool.call(call);
        assert_says(&called, 1, &["denied for ***"]);
        assert!(!format!("{called:?}").contains("s3cr3t"), "{called:?}");
    }
}

#[test]
fn a_stop_ends_a_credential_plugin_that_hangs() {
    let double = Double::start();
    let tool = with_plugin(&double, "cd \"$FOLDER\"; touch begun; sleep 1000");
    let started = tool.start(&["run", "post-deploy"]);
    while !tool.path("begun").exists() {
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    started.signal(rustix::process::Signal::INT);
    assert_eq!(started.end().code, Some(130));
}

/// The program with a user of the auth provider `oidc`.
fn with_issuer(double: &Double, refresh_token: Option<&str>) -> Tool {
    let path = double.write_kubeconfig("with-issuer", &double.kubeconfig_of_issuer(refresh_token));
    tool(double, WORK).with("KUBECONFIG", path.to_str().expect("a path of UTF-8"))
}

#[test]
fn an_id_token_that_has_ended_is_renewed_by_its_issuer() {
    let double = Double::start();
    roll_out(&double, "a", 1);
    assert_says(&with_issuer(&double, None).call(&["run", "post-deploy"]), 0, &["1 passed"]);
}

#[test]
fn an_issuer_that_refuses_is_told_of_without_what_it_was_given() {
    let double = Double::start();
    let called = with_issuer(&double, Some("s3cr3t-refresh")).call(&["run", "post-deploy"]);
    let said =
        "user `double` has the auth provider `oidc`: its id-token was not renewed: its issuer answered 400";
    assert_says(&called, 1, &[said]);
    assert!(!format!("{called:?}").contains("s3cr3t"), "{called:?}");
    assert_eq!(double.seen().calls.len(), 0);
}

#[test]
fn credentials_that_expire_are_renewed_before_they_are_used_again() {
    let double = Double::start();
    roll_out(&double, "a", 1);
    let tool = with_plugin(
        &double,
        &format!("expires=', \"expirationTimestamp\": \"2020-01-01T00:00:00Z\"'\n{ANSWER}"),
    );
    assert_says(&tool.call(&["run", "post-deploy"]), 0, &["1 passed"]);
    assert!(calls(&tool) > 1);
}

#[test]
fn credentials_that_the_server_does_not_accept_any_more_are_renewed() {
    let double = Double::start();
    double.put(deployment("a", 1).status(json!({ "availableReplicas": 0 })));
    double.put(replica_set("a", 1));
    double.put(pod("a", 0).not_ready());
    let tool = with_plugin(&double, ANSWER);
    let mut started = tool.start(&["run", "post-deploy"]);
    started.wait_for("waiting for pods");
    double.wait_for("a watch", |seen| seen.open_watches == 1);
    let body = json!({ "kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "Unauthorized", "code": 401, "message": "Unauthorized" });
    let refusal = Refusal::Http(StatusCode::UNAUTHORIZED, body.to_string());
    double.fault(Fault { verb: "watch", resource: "pods", times: Some(1), refusal });
    double.watches(Watches::End);
    double.wait_for("another watch", |seen| seen.count("watch", "pods") >= 3 && seen.open_watches == 1);
    double.put(deployment("a", 1));
    double.put(pod("a", 0));
    assert_says(&started.end(), 0, &["1 passed"]);
    assert_eq!(calls(&tool), 2);
}

/// A kubeconfig that calls the double by a name that is not local; nobody answers there.
fn foreign(double: &Double) -> Value {
    let mut config = double.kubeconfig_value();
    config["clusters"][0]["cluster"]["server"] = json!("https://cluster.invalid:6443");
    config
}

#[test]
fn a_cluster_that_is_not_local_is_asked_for() {
    let double = Double::start();
    let path = double.write_kubeconfig("foreign", &foreign(&double));
    let tool = tool(&double, WORK).with("KUBECONFIG", path.to_str().expect("a path of UTF-8"));
    let called = tool.call(&["run", "post-deploy"]);
    let question = "run post-deploy: `work` (`work`) on a cluster that is not local: context double, namespace default (https://cluster.invalid:6443)";
    assert_says(&called, 2, &[question, "--context", "--yes"]);
    assert_eq!(called.stdout, "");
    for answer in [&["--yes"][..], &["--context", "double"]] {
        let called = tool.call(&[&["run", "post-deploy"], answer].concat());
        assert_says(
            &called,
            1,
            &["cannot reach the cluster of context `double` (https://cluster.invalid:6443)"],
        );
    }
}

#[test]
fn a_server_that_puts_off_is_quoted_within_the_limit() {
    let double = Double::start();
    roll_out(&double, "a", 1);
    let refusal = Refusal::Http(StatusCode::SERVICE_UNAVAILABLE, String::new());
    double.fault(Fault { verb: "list", resource: "pods", times: None, refusal });
    let called = tool(&double, WORK).call(&["run", "post-deploy", "--ready-timeout", "1s"]);
    assert_says(&called, 1, &["does not list pods within 1.0 s: it answered 503 Service Unavailable"]);
}

#[test]
fn an_answer_without_a_word_is_told_by_its_status() {
    let double = Double::start();
    roll_out(&double, "a", 1);
    let tool = tool(&double, WORK);
    for (status, said) in [
        (StatusCode::NOT_FOUND, "it answered 404 Not Found without a word"),
        (StatusCode::INTERNAL_SERVER_ERROR, "it answered 500 Internal Server Error without a word"),
        (StatusCode::FORBIDDEN, "it answered 403 Forbidden without a word"),
    ] {
        let refusal = Refusal::Http(status, String::new());
        double.fault(Fault { verb: "list", resource: "pods", times: Some(1), refusal });
        assert_says(&tool.call(&["run", "post-deploy"]), 1, &[said]);
    }
}

#[test]
fn the_limit_of_the_whole_run_is_the_one_that_was_given() {
    let double = Double::start();
    double.put(Pod::new("web-a-0").label("draft", "web").not_ready());
    let called = tool(&double, WORK).call(&["up", "--total-timeout", "2s", "--", "sleep", "0.5"]);
    let said = [
        "the pods were not ready: timed out after the 2.0 s of the whole run",
        "web-a-0",
        "the limit is --total-timeout, or",
    ];
    assert_says(&called, 1, &said);
}

const CLEANUP: &str = "[cleanup]\nclean = \"touch cleaned\"\n";

#[test]
fn a_cleanup_is_asked_for_while_pods_are_there() {
    let double = Double::start();
    roll_out(&double, "a", 2);
    let tool = tool(&double, CLEANUP);
    let called = tool.call(&["run", "cleanup"]);
    let question =
        "clean up although web still has 2 pods (web-a-0, web-a-1) in context double, namespace default";
    assert_says(&called, 2, &[question, "--yes"]);
    assert!(!tool.path("cleaned").exists());
    assert_says(&tool.call(&["run", "cleanup", "--yes"]), 0, &["1 passed"]);
    assert!(tool.path("cleaned").exists());
}

#[test]
fn a_cleanup_is_not_asked_for_when_pods_are_gone() {
    let double = Double::start();
    double.put(pod("a", 0).terminating());
    double.put(pod("a", 1).ended("Succeeded", 0));
    let tool = tool(&double, CLEANUP);
    assert_says(&tool.call(&["run", "cleanup"]), 0, &["1 passed"]);
    assert!(tool.path("cleaned").exists());
}

#[test]
fn a_cleanup_is_asked_for_where_pods_cannot_be_listed() {
    let double = Double::start();
    roll_out(&double, "a", 1);
    double.deny("list", "pods");
    let said = ["clean up without knowing whether pods", "may not list pods", "give --yes"];
    let tool = tool(&double, CLEANUP);
    assert_says(&tool.call(&["run", "cleanup"]), 2, &said);
    assert!(!tool.path("cleaned").exists());
    assert_says(&tool.call(&["run", "cleanup", "--yes"]), 0, &["1 passed"]);
}

/// Whatever a cleanup is asked for, it has not run.
#[track_caller]
fn assert_asked(tool: &Tool, options: &[&str], said: &[&str]) {
    assert_says(&tool.call(&[&["run", "cleanup"], options].concat()), 2, &[said, &["--yes"]].concat());
    assert!(!tool.path("cleaned").exists());
}

#[test]
fn a_part_of_a_list_and_a_list_of_something_else_say_nothing_of_pods() {
    for (answer, said) in [
        (
            r#"{"kind":"PodList","apiVersion":"v1","metadata":{"continue":"0"},"items":[]}"#,
            "although web still has 2 pods",
        ),
        (
            r#"{"kind":"ConfigMapList","apiVersion":"v1","metadata":{},"items":[]}"#,
            "something else than it was asked for (ConfigMapList)",
        ),
    ] {
        let double = Double::start();
        roll_out(&double, "a", 2);
        let refusal = Refusal::Http(StatusCode::OK, answer.to_owned());
        double.fault(Fault { verb: "list", resource: "pods", times: Some(1), refusal });
        let tool = tool(&double, CLEANUP);
        assert_says(&tool.call(&["run", "cleanup"]), 2, &[said]);
        assert!(!tool.path("cleaned").exists());
    }
}

#[test]
fn a_cleanup_that_runs_again_is_asked_for_again() {
    let double = Double::start();
    roll_out(&double, "a", 2);
    let tool = tool(&double, CLEANUP);
    std::fs::remove_file(tool.path("draft.toml")).expect("a draft.toml");
    let named = ["run", "cleanup", "--selector", "draft=web", "--yes"];
    assert_says(&tool.call(&named), 0, &["1 passed"]);
    // Where nothing failed there is nothing to ask about.
    for (again, code) in [(&["rerun"][..], 2), (&["rerun", "last"], 2), (&["rerun", "--failed"], 0)] {
        std::fs::remove_file(tool.path("cleaned")).ok();
        let called = tool.call(again);
        assert_eq!(called.code, Some(code), "{called:?}");
        assert!(!tool.path("cleaned").exists(), "{called:?}");
    }
}

#[test]
fn a_cleanup_with_a_typo_is_asked_for() {
    let double = Double::start();
    let shop = |name: &str| Pod::new(name).namespace("shop").label("app", "shop");
    let names = ["shop-0", "shop-1"];
    names.into_iter().for_each(|name| double.put(shop(name)));
    double.put(Pod::new("other").namespace("other"));
    let kubeconfig = double.kubeconfig().display().to_string();
    let tasks = format!("[pre-up]\na = \"true\"\n{WORK}{CLEANUP}");
    let tool = Tool::new(&tasks).with("KUBECONFIG", &kubeconfig);
    let unseen = |selector: &str, namespace: &str| {
        format!(
            "clean up although there are no pods of {selector} in context double, namespace {namespace}, and no earlier run \
             of this file saw any there"
        )
    };
    assert_asked(&tool, &["-l", "app=shpo", "-n", "shop"], &[&unseen("app=shpo", "shop")]);
    assert_asked(&tool, &["-l", "app=shop", "-n", "other"], &[&unseen("app=shop", "other")]);
    assert_asked(&tool, &["-l", "app=shop"], &[&unseen("app=shop", "default")]);
    let missing = "clean up although there is no namespace `shpo` in the cluster of context `double`";
    assert_asked(&tool, &["-l", "app=shop", "-n", "shpo"], &[missing]);

    assert_says(&tool.call(&["run", "post-deploy", "-l", "app=shop", "-n", "shop"]), 0, &["2 pods passed"]);
    let left = "app=shop still has 2 pods (shop-0, shop-1) in context double, namespace shop";
    assert_asked(&tool, &[], &[&unseen("app=shop", "default"), left]);
    assert_asked(&tool, &["-n", "shop"], &[&format!("clean up although {left}")]);
    let both = format!("{}, and although {left}", unseen("app=shpo", "shop"));
    assert_asked(&tool, &["-l", "app=shpo", "-n", "shop"], &[&both]);
    let mistyped = ["up", "-l", "app=shpo", "-n", "shop", "--ready-timeout", "1ms", "--", "true"];
    assert_eq!(tool.call(&mistyped).code, Some(1));
    assert_asked(&tool, &[], &[left]);
    assert_asked(&tool, &["-l", "app=shpo", "-n", "shop"], &[&both]);

    for keep in ["1", "2"] {
        assert_asked(&tool, &["--keep", keep], &[left]);
        assert_says(&tool.call(&["run", "pre-up", "--keep", keep]), 0, &["1 passed"]);
    }
    assert_asked(&tool, &[], &[left]);
    names.into_iter().for_each(|name| double.put(shop(name).terminating()));
    assert_says(&tool.call(&["run", "cleanup", "-n", "shop"]), 0, &["1 passed"]);
    assert_says(&tool.call(&["run", "cleanup", "-l", "app=shop", "-n", "shop"]), 0, &["1 passed"]);
}

#[test]
fn a_deletion_that_finds_no_pods_is_asked_for() {
    let double = Double::start();
    roll_out(&double, "a", 1);
    let tool = tool(&double, CLEANUP);
    let delete = |options: &[&str]| tool.call(&[&["delete"], options, &["--", "touch", "deleted"]].concat());
    assert_says(
        &delete(&["-l", "app=typo"]),
        2,
        &["delete although there are no pods of app=typo in", "--yes"],
    );
    let nowhere = "delete although there is no namespace `nowhere` in the cluster of context `double`";
    assert_says(&delete(&["-n", "nowhere"]), 2, &[nowhere, "--yes"]);
    assert!(!tool.path("deleted").exists() && !tool.path("cleaned").exists());
    assert_says(&delete(&["-l", "app=typo", "--yes"]), 0, &["1 passed"]);
    assert!(tool.path("deleted").exists());
}

#[test]
fn after_a_deletion_that_awaits_the_end_itself_nothing_is_asked() {
    let double = Double::start();
    roll_out(&double, "a", 2);
    let tool = tool(&double, "[cleanup]\nclean = \"false\"\n");
    let command = "echo ready; until test -e go; do sleep 0.05; done";
    let mut started = tool.start(&["delete", "--", "sh", "-c", command]);
    started.wait_for("ready");
    ["web-a-0", "web-a-1"].into_iter().for_each(|name| double.remove("pods", name));
    tool.write("go", b"");
    assert_says(&started.end(), 1, &["waiting for the end of 2 pods · looks whether they are gone"]);
    tool.write(".draft-tasks.toml", CLEANUP.as_bytes());
    assert_says(&tool.call(&["run", "cleanup"]), 0, &["1 passed"]);
    assert!(tool.path("cleaned").exists());
}

/// The folders of copies of the kubeconfig that are kept.
fn kept(tool: &Tool) -> usize {
    std::fs::read_dir(tool.path(".state/kubeconfigs")).map_or(0, Iterator::count)
}

#[test]
fn local_tasks_get_a_copy_of_the_kubeconfig_where_the_context_is_pinned() {
    let double = Double::start();
    let tasks = "[pre-up]\nlook = \"sh -c 'stat -c %a $KUBECONFIG; cat $KUBECONFIG >seen; echo $KUBECONFIG >path'\"\n";
    let tool = tool(&double, tasks);
    let mut config = double.kubeconfig_value();
    config["current-context"] = json!("another");
    let path = double.write_kubeconfig("two-contexts", &config);
    let tool = tool.with("KUBECONFIG", path.to_str().expect("a path of UTF-8"));
    assert_says(&tool.call(&["run", "pre-up", "--context", "double"]), 0, &["600\n"]);
    let seen: Value = serde_json::from_str(&tool.read("seen")).expect("a kubeconfig");
    assert_eq!(seen["current-context"], "double");
    assert!(!std::path::Path::new(tool.read("path").trim()).exists());
    assert_eq!(kept(&tool), 0, "an unchanged copy is removed with its folder");

    // Without a pinned context it is the user's own.
    assert_says(&tool.call(&["run", "pre-up"]), 0, &[]);
    assert_eq!(tool.read("path").trim(), path.to_str().expect("a path of UTF-8"));
}

#[test]
fn what_a_task_changes_in_its_copy_is_kept_and_told() {
    let double = Double::start();
    let tool = tool(
        &double,
        "[pre-up]\nchange = \"sh -c 'echo \\\"# more\\\" >>$KUBECONFIG; echo $KUBECONFIG >path'\"\n",
    );
    let own = std::fs::read(double.kubeconfig()).expect("a kubeconfig");
    let called = tool.call(&["run", "pre-up", "--context", "double"]);
    let path = tool.read("path");
    assert_says(&called, 0, &[path.trim(), "1 passed"]);
    assert!(std::fs::read_to_string(path.trim()).expect("the copy is kept").ends_with("# more\n"));
    assert_eq!(std::fs::read(double.kubeconfig()).expect("a kubeconfig"), own);
    assert_eq!(kept(&tool), 1);
}

#[test]
fn a_connection_that_ends_without_a_result_after_a_stop_says_nothing_of_the_command() {
    let double = Double::start();
    roll_out(&double, "a", 1);
    let gate = crate::double::Gate::new();
    let begun = Step::Stdout(Bytes::from("begun\n"));
    double.on_exec(When::argument("work"), Answer::Run(vec![begun, Step::Until(gate.clone()), Step::Cut]));
    let tool = tool(&double, WORK);
    let mut started = tool.start(&["run", "post-deploy"]);
    started.wait_for("begun");
    started.signal(rustix::process::Signal::INT);
    double.wait_for("the request to end", |seen| seen.execs.len() == 2);
    gate.open();
    assert_says(&started.end(), 130, &["stopped after", "it may still be running in container `app`"]);
}
