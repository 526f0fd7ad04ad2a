//! `draft-tasks up` and `draft-tasks delete` as far as they need no cluster: order, what does not run, records, signals.

use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde_json::Value;

use crate::run::{assert_in_order, assert_unusable};
use crate::tool::Tool;

/// A kubeconfig whose server is not there; its address is one of this machine or not.
pub(crate) fn kubeconfig(host: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: dev\n\
         clusters: [{{name: c, cluster: {{server: 'https://{host}:1'}}}}]\n\
         contexts: [{{name: dev, context: {{cluster: c, user: u}}}}, {{name: other, context: {{cluster: c, user: u}}}}]\n\
         users: [{{name: u, user: {{}}}}]\n"
    )
}

/// A tasks file without a cluster.
pub(crate) fn alone(tasks: &str) -> Tool {
    let tool = Tool::new(tasks);
    let home = tool.path("home").display().to_string();
    tool.with("HOME", &home).with("KUBECONFIG", "").with("DRAFT_ENV", "")
}

/// The same with a kubeconfig.
pub(crate) fn with_cluster(tasks: &str, host: &str) -> Tool {
    let tool = Tool::new(tasks);
    tool.write("kubeconfig", kubeconfig(host).as_bytes());
    let file = tool.path("kubeconfig").display().to_string();
    tool.with("KUBECONFIG", &file).with("DRAFT_ENV", "")
}

const TASKS: &str = "[pre-up]\nfirst = \"sh -c 'echo 1 >> order'\"\n\
    [post-up]\nlast = \"sh -c 'echo 3 >> order'\"\n[cleanup]\nclean = \"sh -c 'echo 4 >> order'\"\n";

#[test]
fn phases_run_around_the_command_with_its_arguments_as_they_are() {
    let tool = alone(TASKS);
    let called =
        tool.call(&["up", "--", "sh", "-c", "echo 2 >> order; printf '%s\\n' \"$@\"", "sh", "a  b", "$HOME"]);
    assert_eq!(called.code, Some(0), "{called:?}");
    assert_eq!(tool.read("order"), "1\n2\n3\n");
    let parts = [
        "pre-up · 1 task",
        "✓ first",
        "deploy · sh -c",
        "sh │ a  b",
        "sh │ $HOME",
        "✓ sh",
        "post-up · 1 task",
    ];
    assert_in_order(&called, &parts);
    assert!(called.stderr.starts_with("warning: no pods are awaited: there is no draft.toml"), "{called:?}");
    assert_eq!(tool.call(&["delete", "--", "sh", "-c", "echo 5 >> order"]).code, Some(0));
    assert_eq!(tool.read("order"), "1\n2\n3\n5\n4\n");
}

#[test]
fn each_step_is_recorded() {
    let tool = alone(TASKS);
    assert_eq!(tool.call(&["up", "--quiet", "--", "true"]).code, Some(0));
    let listed = tool.call(&["runs", "--format", "json"]);
    let runs: Value = serde_json::from_str(&listed.stdout).unwrap();
    let phases: Vec<_> = runs.as_array().unwrap().iter().map(|run| run["phase"].as_str().unwrap()).collect();
    assert_eq!(phases, ["post-up", "deploy", "pre-up"]);
}

#[test]
fn a_step_that_fails_is_the_last_and_it_is_said_what_did_not_run() {
    let tool = alone("[pre-up]\nbad = \"false\"\n[post-up]\nlast = \"touch never\"\n");
    let called = tool.call(&["up", "--", "touch", "never"]);
    assert_eq!(called.code, Some(1), "{called:?}");
    assert!(
        called.stderr.ends_with("error: pre-up failed, so the deploy command and post-up did not run\n"),
        "{called:?}"
    );
    let called = alone(TASKS).call(&["up", "--", "no-such-program"]);
    assert_eq!(called.code, Some(1), "{called:?}");
    assert!(called.stdout.contains("program `no-such-program` not found"), "{called:?}");
    assert!(
        called.stderr.ends_with("error: the deploy command failed, so post-up did not run\n"),
        "{called:?}"
    );
    let called = alone(TASKS).call(&["delete", "--", "false"]);
    assert_eq!(called.code, Some(1), "{called:?}");
    assert!(
        called.stderr.ends_with("error: the delete command failed, so cleanup did not run\n"),
        "{called:?}"
    );
    assert!(!tool.path("never").exists());
}

#[test]
fn a_stop_ends_the_command_and_what_follows() {
    let tool = alone("[post-up]\nlast = \"touch never\"\n");
    let mut started = tool.start(&["up", "--", "sh", "-c", "echo begun; sleep 600"]);
    started.wait_for("begun");
    let asked = Instant::now();
    started.signal(Signal::INT);
    let called = started.end();
    assert_eq!(called.code, Some(130), "{called:?}");
    assert!(asked.elapsed() < Duration::from_secs(7), "{:?}", asked.elapsed());
    assert!(
        called.stderr.ends_with("error: the deploy command was stopped, so post-up did not run\n"),
        "{called:?}"
    );
    assert!(!tool.path("never").exists());
}

#[test]
fn all_phases_are_planned_before_anything_runs() {
    let tool = alone("[pre-up]\nfirst = \"touch never\"\n[post-up]\nlast = \"echo 'x\"\n");
    assert_unusable(&tool, &["up", "--", "true"], &[".draft-tasks.toml:4:", "`last`"]);
    let tool = alone("[pre-up]\nfirst = \"touch never\"\n[post-deploy]\na = \"true\"\n");
    assert_unusable(&tool, &["up", "--", "true"], &["there is no draft.toml", "--selector"]);
    assert!(!tool.path("never").exists());
    assert_unusable(&tool, &["up"], &["COMMAND"]);
}

#[test]
fn without_an_answer_of_the_cluster_nothing_is_deployed() {
    let tasks =
        "[pre-up]\nfirst = \"touch first\"\n[post-deploy]\na = \"true\"\n[post-up]\nlast = \"touch never\"\n";
    let tool = with_cluster(tasks, "127.0.0.1");
    let called = tool.call(&["up", "-l", "app=web", "--", "touch", "never"]);
    assert_eq!(called.code, Some(1), "{called:?}");
    let said = "error: cannot reach the cluster of context `dev` (https://127.0.0.1:1)";
    assert!(called.stderr.starts_with(said), "{called:?}");
    let rest = "error: the deploy command, post-deploy and post-up did not run\n";
    assert!(called.stderr.ends_with(rest), "{called:?}");
    assert!(tool.path("first").exists() && !tool.path("never").exists());
}

#[test]
fn cleanup_does_not_run_where_it_is_not_known_whether_pods_are_left() {
    let tool = with_cluster("[cleanup]\nclean = \"touch never\"\n", "127.0.0.1");
    let called = tool.call(&["delete", "-l", "app=web", "--", "touch", "deleted"]);
    assert_eq!(called.code, Some(1), "{called:?}");
    assert_in_order(
        &called,
        &["✓ touch", "pods-gone", "✗ cannot reach the cluster of context `dev`", "failed after"],
    );
    let said = "error: waiting for the end of the pods failed, so cleanup did not run\n";
    assert!(called.stderr.ends_with(said), "{called:?}");
    assert!(tool.path("deleted").exists() && !tool.path("never").exists());
}

/// Prints the current context of the copy of the kubeconfig, and where it is.
const LOOK: &str = "sed -n 's/.*\"current-context\": *\"\\([^\"]*\\)\".*/context is \\1/p' \"$KUBECONFIG\"; \
    stat -c 'mode %a' \"$KUBECONFIG\"; test \"$KUBECONFIG\" != \"$OWN\" && echo a copy";

#[test]
fn tasks_and_the_command_get_a_private_copy_of_the_kubeconfig() {
    let tool = with_cluster("[pre-up]\na = \"sh -c \\\"$LOOK\\\"\"\n", "127.0.0.1");
    let own = tool.path("kubeconfig").display().to_string();
    let tool = tool.with("OWN", &own).with("LOOK", LOOK);
    for context in [&[][..], &["--context", "other"]] {
        let mut arguments = vec!["up"];
        arguments.extend(context);
        arguments.extend(["--", "sh", "-c", LOOK]);
        let called = tool.call(&arguments);
        assert_eq!(called.code, Some(0), "{called:?}");
        let name = if context.is_empty() { "context is dev" } else { "context is other" };
        assert_in_order(&called, &["a │ ", name, "mode 600", "a copy", "sh │ ", name, "mode 600", "a copy"]);
    }
    let left = std::fs::read_dir(tool.path(".state/kubeconfigs")).unwrap().count();
    assert_eq!(left, 0, "a copy that nothing changed stays");
    assert_eq!(tool.read("kubeconfig"), kubeconfig("127.0.0.1"));
}

#[test]
fn what_a_task_changes_in_the_copy_reaches_the_command_and_is_kept() {
    let tool = with_cluster("[pre-up]\na = \"sh -c \\\"$CHANGE\\\"\"\n", "127.0.0.1");
    let tool = tool.with("CHANGE", "echo '# changed' >> \"$KUBECONFIG\"");
    let called = tool.call(&["up", "--", "sh", "-c", "tail -n 1 \"$KUBECONFIG\""]);
    assert_eq!(called.code, Some(0), "{called:?}");
    assert_in_order(
        &called,
        &["tasks changed their copy of the kubeconfig, which is kept: ", "sh │ ", "# changed"],
    );
    assert_eq!(tool.read("kubeconfig"), kubeconfig("127.0.0.1"));
}

#[test]
fn a_cluster_that_is_not_local_is_asked_for_once() {
    let tool = with_cluster("[pre-up]\na = \"touch never\"\n", "cluster.example");
    assert_unusable(
        &tool,
        &["up", "--", "true"],
        &["run up on a cluster that is not local", "cluster.example", "--yes"],
    );
    assert!(!tool.path("never").exists());
    for answer in [&["--yes"][..], &["--context", "dev"]] {
        let arguments = [&["up"], answer, &["--", "true"]].concat();
        let called = tool.call(&arguments);
        assert_eq!(called.code, Some(0), "{called:?}");
    }
}

#[test]
fn a_limit_for_everything_ends_the_command_too() {
    let tool = alone("[post-up]\nlast = \"touch never\"\n");
    let called = tool.call(&["up", "--total-timeout", "1", "--timeout", "1", "--", "sleep", "600"]);
    assert_eq!(called.code, Some(1), "{called:?}");
    assert!(called.stdout.contains("no end when the run's 1.0 s were over"), "{called:?}");
    assert!(!tool.path("never").exists());
}

#[test]
fn a_dry_run_shows_every_step_and_runs_none() {
    let tool = alone(TASKS);
    let called = tool.call(&["up", "--dry-run", "--", "helm", "upgrade", "a b"]);
    assert_eq!(called.code, Some(0), "{called:?}");
    assert_in_order(
        &called,
        &["pre-up · 1 task", "first", "deploy · 1 task", "helm upgrade 'a b'", "post-up · 1 task"],
    );
    assert!(!tool.path("order").exists() && tool.record_folders().is_empty());
}
