//! What tasks on this machine are told of what they run for.
//!
//! Must not look at clusters.

use crate::lifecycle::{alone, kubeconfig};
use crate::tool::{Called, Tool, assert_says};

/// A script that writes all that a task is told, but for the marks of runs and of tests.
const TELL: &str = "env | grep -E '^DRAFT_TASKS_(CONTEXT|NAMESPACE|APPLICATION|ENVIRONMENT|BUILD|PHASE)=' | sort | cut -c 13-";

const NAMES: [&str; 6] = [
    "DRAFT_TASKS_CONTEXT",
    "DRAFT_TASKS_NAMESPACE",
    "DRAFT_TASKS_APPLICATION",
    "DRAFT_TASKS_ENVIRONMENT",
    "DRAFT_TASKS_BUILD",
    "DRAFT_TASKS_PHASE",
];

/// A tasks file whose tasks write what they are told, called by a task of another run.
fn telling(phases: &[&str]) -> Tool {
    let tables: String =
        phases.iter().map(|phase| format!("[{phase}]\ntold = '''sh -c \"{TELL}\"'''\n")).collect();
    NAMES.into_iter().fold(alone(&tables), |tool, name| tool.with(name, "outer"))
}

/// What the task of this name wrote.
fn told(called: &Called, task: &str) -> Vec<String> {
    let prefix = format!("  {task} │ ");
    called.stdout.lines().filter_map(|line| Some(line.strip_prefix(&prefix)?.to_owned())).collect()
}

#[test]
fn what_is_not_known_is_not_what_an_outer_run_told() {
    let tool = telling(&["pre-up"]);
    let called = tool.call(&["run", "pre-up"]);
    assert_eq!(told(&called, "told"), ["PHASE=pre-up"], "{called:?}");
}

#[test]
fn what_is_known_is_told_and_stands_in_commands() {
    let tool = telling(&["pre-up"]);
    let draft = "[environments.staging]\nname = \"shop\"\nnamespace = \"demo\"\n";
    tool.write("draft.toml", draft.as_bytes());
    tool.write("config", kubeconfig("127.0.0.1").as_bytes());
    let config = tool.path("config").display().to_string();
    let tool = tool.with("KUBECONFIG", &config);
    let options = ["run", "pre-up", "--environment", "staging", "--context", "other"];
    let all = ["APPLICATION=shop", "CONTEXT=other", "ENVIRONMENT=staging", "NAMESPACE=demo", "PHASE=pre-up"];
    let called = tool.call(&options);
    assert_eq!(told(&called, "told"), all, "{called:?}");
    let called = tool.call(&[&options[..], &["--namespace", "own"]].concat());
    assert_eq!(told(&called, "told")[3], "NAMESPACE=own", "{called:?}");
    let words = "echo $DRAFT_TASKS_PHASE/${DRAFT_TASKS_APPLICATION}/$DRAFT_TASKS_CONTEXT/$DRAFT_TASKS_BUILD.";
    tool.write(".draft-tasks.toml", format!("[pre-up]\nwords = \"{words}\"\n").as_bytes());
    assert_says(&tool.call(&options), 0, &["words │ pre-up/shop/other/.\n"]);
    let shown = tool.call(&["explain"]);
    assert_says(
        &shown,
        0,
        &["runs exactly this: echo pre-up///.\n", "not set, so empty: $DRAFT_TASKS_APPLICATION,"],
    );
    let found = tool.call(&["check", ".draft-tasks.toml"]);
    assert_says(&found, 0, &["`$DRAFT_TASKS_CONTEXT` is not set here", "where a context is chosen"]);
    assert!(!found.stdout.contains("`$DRAFT_TASKS_PHASE`"), "{found:?}");
}

#[test]
fn each_step_around_a_command_is_told_its_own() {
    let tool = telling(&["pre-up", "post-up", "cleanup"]);
    tool.write("config", kubeconfig("127.0.0.1").as_bytes());
    let config = tool.path("config").display().to_string();
    let tool = tool.with("KUBECONFIG", &config);
    let context = ["CONTEXT=dev", "NAMESPACE=default"];
    let called = tool.call(&["up", "--", "sh", "-c", TELL]);
    assert_eq!(
        told(&called, "told"),
        [&context[..], &["PHASE=pre-up"], &context, &["PHASE=post-up"]].concat()
    );
    assert_eq!(told(&called, "sh"), [&context[..], &["PHASE=deploy"]].concat(), "{called:?}");
    let called = tool.call(&["delete", "--", "sh", "-c", TELL]);
    assert_eq!(told(&called, "told"), [&context[..], &["PHASE=cleanup"]].concat(), "{called:?}");
    assert_eq!(told(&called, "sh"), [&context[..], &["PHASE=delete"]].concat());
}

#[test]
fn nobody_else_sets_what_tasks_are_told() {
    let tool = telling(&["pre-up"]);
    let called = tool.call(&["run", "pre-up", "--env", "DRAFT_TASKS_PHASE=mine"]);
    assert_says(&called, 2, &["draft-tasks sets DRAFT_TASKS_PHASE itself, where it is known"]);
    tool.write(".env", b"DRAFT_TASKS_CONTEXT=mine\n");
    let called = tool.call(&["run", "pre-up", "--env-file", ".env"]);
    assert_says(
        &called,
        0,
        &["draft-tasks sets DRAFT_TASKS_CONTEXT itself, where it is known; this value is left out"],
    );
    assert_eq!(told(&called, "told"), ["PHASE=pre-up"], "{called:?}");
}
