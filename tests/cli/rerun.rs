//! `draft-tasks rerun`: what ran, from its record. Pods are the business of `tests/kubernetes`.

use serde_json::Value;

use crate::run::tasks;
use crate::tool::{Called, Tool};

#[track_caller]
fn assert_says(called: &Called, code: i32, parts: &[&str]) {
    assert_eq!(called.code, Some(code), "{called:#?}");
    let all = format!("{}{}", called.stdout, called.stderr);
    for part in parts {
        assert!(all.contains(part), "{part:?} is not in {called:#?}");
    }
}

/// The second of three tasks fails as long as there is no file `well`.
fn flaky() -> Tool {
    tasks("cleanup", &[("one", "echo 1"), ("two", "test -e well"), ("three", "echo 3")])
}

fn runs(tool: &Tool) -> Vec<String> {
    let list: Value = serde_json::from_str(&tool.call(&["runs", "--format", "json"]).stdout).expect("JSON");
    let ids =
        list.as_array().expect("a list").iter().map(|run| run["id"].as_str().expect("an id").to_owned());
    ids.collect()
}

#[test]
fn runs_again_what_ran_last_or_only_what_failed() {
    let tool = flaky();
    assert_says(&tool.call(&["rerun"]), 2, &["no run of ", "is recorded"]);
    assert_says(&tool.call(&["run", "cleanup"]), 1, &["2 passed, 1 failed"]);
    assert_says(&tool.call(&["rerun", "--failed"]), 1, &["cleanup · 1 task", "✗ two", "1 failed"]);
    assert_says(&tool.call(&["rerun"]), 1, &["cleanup · 1 task", "✗ two"]);
    tool.write("well", b"");
    assert_says(&tool.call(&["rerun", "--failed"]), 0, &["cleanup · 1 task", "✓ two"]);
    assert_says(&tool.call(&["rerun", "--failed"]), 2, &["no task of it failed"]);
    let first = runs(&tool).pop().expect("a run");
    assert_says(&tool.call(&["rerun", &first]), 0, &["cleanup · 3 tasks", "3 passed"]);
    assert_says(&tool.call(&["rerun", &first, "--failed"]), 0, &["cleanup · 1 task", "✓ two"]);
    assert_says(&tool.call(&["rerun", "none"]), 2, &["there is no run `none`"]);
}

#[test]
fn is_of_this_tasks_file() {
    let tool = flaky();
    tool.call(&["run", "cleanup"]);
    let id = runs(&tool).pop().expect("a run");
    tool.write("other/.draft-tasks.toml", b"[cleanup]\none = \"echo other\"\n");
    assert_says(
        &tool.call(&["rerun", "--file", "other"]),
        2,
        &["no run of ", "other/.draft-tasks.toml is recorded"],
    );
    assert_says(&tool.call(&["rerun", "--file", "other", &id]), 2, &["was of ", "give it by --file"]);
}

#[test]
fn a_failed_task_that_has_changed_is_not_run() {
    let tool = flaky();
    tool.call(&["run", "cleanup"]);
    tool.write(".draft-tasks.toml", b"[cleanup]\none = \"echo 1\"\ntwo = \"touch never\"\n");
    let said = "the command of `two` has changed since then: run it to run the new one";
    assert_says(&tool.call(&["rerun", "--failed"]), 2, &[said]);
    assert!(!tool.path("never").exists());
}

#[test]
fn a_run_that_is_declined_is_not_recorded() {
    let tool = flaky();
    tool.call(&["run", "cleanup"]);
    let before = runs(&tool);
    tool.write("draft.toml", b"[environments.development]\nname = \"web\"\n");
    let tool = tool.with("KUBECONFIG", "/none");
    assert_says(&tool.call(&["run", "cleanup"]), 2, &["not known whether pods", "--yes"]);
    assert_says(&tool.call(&["run", "cleanup", "--task", "none"]), 2, &["none"]);
    assert_eq!(runs(&tool), before);
    assert_says(&tool.call(&["rerun", "--failed", "--yes"]), 1, &["cleanup · 1 task"]);
}
