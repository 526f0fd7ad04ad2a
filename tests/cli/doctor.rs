//! `draft-tasks doctor` as far as it needs no cluster.

use serde_json::Value;

use crate::lifecycle::{alone, kubeconfig, with_cluster};
use crate::run::assert_in_order;
use crate::tool::Tool;

const TASKS: &str = "[post-deploy]\na = \"true\"\n";

#[test]
fn what_to_do_stands_in_lines_of_its_own() {
    let tool = Tool::empty().with("KUBECONFIG", "").with("DRAFT_ENV", "");
    let said = tool.call(&["doctor"]).stdout;
    assert!(said.contains("\n    `draft-tasks create` makes one here") && !said.contains("\\n"), "{said}");
}

#[test]
fn the_first_broken_link_is_named_with_what_to_do() {
    let called = alone(TASKS).call(&["doctor"]);
    assert_eq!((called.code, called.stderr.as_str()), (Some(1), ""), "{called:?}");
    let parts = [
        "✓ tasks file",
        "1 post-deploy task",
        "✗ draft.toml",
        "there is no draft.toml",
        "--selector",
        "- environment",
        "✗ kubeconfig",
        "home/.kube/config",
        "- server",
        "broken first: draft.toml",
    ];
    assert_in_order(&called, &parts);
}

#[test]
fn settings_that_are_wrong_break_the_chain_as_nothing_runs_with_them() {
    let tool = alone(TASKS);
    tool.write(".draft-tasks.config.toml", b"timeot = 3\n");
    let called = tool.call(&["doctor"]);
    assert_eq!((called.code, called.stderr.as_str()), (Some(1), ""), "{called:?}");
    let parts = [
        "✗ tasks file",
        "nothing runs, as ",
        "has settings that are wrong",
        "timeot",
        "broken first: tasks file",
    ];
    assert_in_order(&called, &parts);
}

#[test]
fn a_server_that_is_not_there_is_the_broken_link() {
    let tool = with_cluster(TASKS, "127.0.0.1");
    tool.write("draft.toml", b"[environments.staging]\nname = \"web\"\nnamespace = \"demo\"\n");
    let called = tool.call(&["doctor", "--environment", "staging"]);
    assert_eq!(called.code, Some(1), "{called:?}");
    let parts = [
        "✓ draft.toml",
        "✓ environment   staging",
        "✓ name          web, namespace demo",
        "✓ kubeconfig",
        "✓ context       dev, namespace demo (https://127.0.0.1:1), a local cluster",
        "✗ server        cannot reach the cluster of context `dev` (https://127.0.0.1:1): ",
        "- permissions",
        "broken first: server",
    ];
    assert_in_order(&called, &parts);
    assert!(!called.stdout.contains("draft-tasks doctor"), "{called:?}");
}

#[test]
fn a_kubeconfig_that_can_be_read_once_is_read_once() {
    let tool = with_cluster(TASKS, "127.0.0.1");
    let path = tool.path("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
    let pipe = path.display().to_string();
    let tool = tool.with("KUBECONFIG", &pipe);
    let writer = std::thread::spawn(move || std::fs::write(path, kubeconfig("127.0.0.1")).unwrap());
    let called = tool.call(&["doctor", "-l", "app=web"]);
    writer.join().unwrap();
    assert_in_order(&called, &["✓ kubeconfig", "✓ context       dev, namespace default", "✗ server"]);
}

#[test]
fn programs_get_one_document() {
    let called = with_cluster(TASKS, "127.0.0.1").call(&["doctor", "-l", "app=web", "--format", "json"]);
    assert_eq!(called.code, Some(1), "{called:?}");
    let document: Value = serde_json::from_str(&called.stdout).unwrap();
    assert_eq!((&document["ok"], &document["broken"]), (&Value::from(false), &Value::from("server")));
    let links = document["links"].as_array().unwrap();
    assert_eq!((links.len(), &links[0]["state"]), (14, &Value::from("holds")));
}

#[test]
fn without_a_tasks_file_the_rest_is_looked_at_all_the_same() {
    let tool = Tool::empty().with("KUBECONFIG", "").with("HOME", "/nowhere").with("DRAFT_ENV", "");
    tool.write("draft.toml", b"[environments.development]\nname = \"web\"\n");
    let called = tool.call(&["doctor"]);
    assert_eq!(called.code, Some(1), "{called:?}");
    assert_in_order(
        &called,
        &["✗ tasks file", "✓ name          web", "✗ kubeconfig", "broken first: tasks file"],
    );
}

#[test]
fn what_is_wrong_in_draft_toml_is_said_with_its_line_or_key() {
    let tool = with_cluster(TASKS, "127.0.0.1");
    tool.write("draft.toml", b"[environments.development]\nname = \"web\"\nnamespace = \"Demo Space\"\n");
    let called = tool.call(&["doctor"]);
    let parts = ["✗ name          `namespace` in", "`Demo Space` is not the name of a namespace"];
    assert_in_order(&called, &parts);
    assert!(!called.stdout.contains("give it a `name`"), "{called:?}");
    tool.write("draft.toml", b"a = 1\nnonsense = [\n");
    for arguments in [&["doctor"][..], &["check"], &["up", "--", "true"]] {
        let called = tool.call(arguments);
        let all = called.stdout + &called.stderr;
        assert!(all.contains("draft.toml:2:13") && all.contains("is not TOML: "), "{arguments:?}: {all}");
    }
    let tool = tool.with("KUBECONFIG", ":");
    let called = tool.call(&["doctor", "-l", "app=web"]);
    assert!(called.stdout.contains("KUBECONFIG is set and names no file"), "{called:?}");
}

#[test]
fn a_file_that_cannot_run_is_broken() {
    for (text, said) in [
        ("post-deploy:\n  a: ls\n", ":1:1: this is YAML"),
        ("[[post-deploy]]\na = \"ls\"\n", "`post-deploy` is an array of tables"),
        ("[post-deploy]\na = [\"ls\"]\n", "an array"),
        ("[post-deploy]\na = \"ls\n", ":2:5: "),
        ("[post-deploy]\na = \"\"\n", "has no program to run"),
    ] {
        let called = Tool::new(text).with("KUBECONFIG", "/none").call(&["doctor", "-l", "app=web"]);
        assert_eq!(called.code, Some(1), "{called:?}");
        let line = called.stdout.lines().find(|line| line.contains("tasks file")).expect("the link");
        assert!(line.starts_with("✗ tasks file") && line.contains(said), "{called:?}");
        assert!(called.stdout.contains("broken first: tasks file"), "{called:?}");
    }
}

#[test]
fn what_is_of_no_use_to_it_is_no_option() {
    for option in ["--yes", "--ready-timeout=1", "--concurrency=1", "--secret=A", "--public=A"] {
        let called = Tool::new(TASKS).call(&["doctor", option]);
        assert!(called.code == Some(2) && called.stderr.contains("unexpected argument"), "{called:?}");
    }
}
