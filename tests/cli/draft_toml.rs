//! `draft-tasks check` where the `draft.toml` beside a tasks file is broken: it is a finding like others.

use serde_json::Value;

use crate::tool::{Tool, assert_says};

const TASKS: &str = "[post-deploy]\na = \"true\"\n";

const BROKEN: [(&str, &str); 3] = [
    ("[environments.development]\nname = web\n", "draft.toml:2:8"),
    ("[environments.development]\nname = \"web\"\nnamespace = 3\n", "draft.toml:3:13"),
    (
        "[environments.development]\nname = \"web\"\nnamespace = \"a\"\nauto-connect = \"yes\"\n",
        "draft.toml:4:16",
    ),
];

fn with(draft: &str) -> Tool {
    let tool = Tool::new(TASKS);
    tool.write("draft.toml", draft.as_bytes());
    tool
}

#[test]
fn what_is_wrong_in_it_is_counted_and_makes_the_exit_code() {
    for (draft, place) in BROKEN {
        let called = with(draft).call(&["check"]);
        assert_says(&called, 1, &["error[broken-draft-toml]", place, "\n1 error; 2 files, 1 with findings"]);
        assert!(!called.stdout.contains("names no namespace"), "{called:?}");
        assert_eq!(called.stderr, "");
    }
    let right = "[environments.development]\nname = \"web\"\nnamespace = \"a\"\nauto-connect = false\n";
    assert_says(&with(right).call(&["check"]), 0, &["nothing to report in 1 file"]);
}

#[test]
fn it_is_in_all_forms_for_programs() {
    let tool = with(BROKEN[1].0);
    let called = tool.call(&["check", "--format", "json"]);
    let report: Value = serde_json::from_str(&called.stdout).expect("JSON");
    let files = report["files"].as_array().expect("a list");
    let file = files.iter().find(|file| file["path"] == "draft.toml").expect("it is there");
    assert_eq!(
        file["diagnostics"][0]["message"],
        "`namespace` of the environment `development` is not a string"
    );
    let github = tool.call(&["check", "--format", "github"]);
    assert_says(&github, 1, &["::error file=draft.toml,line=3,endLine=3,col=13,"]);
    let sarif: Value =
        serde_json::from_str(&tool.call(&["check", "--format", "sarif"]).stdout).expect("JSON");
    let result = &sarif["runs"][0]["results"][0];
    assert_eq!(result["ruleId"], "broken-draft-toml");
    let index = result["ruleIndex"].as_u64().expect("it is listed") as usize;
    assert_eq!(sarif["runs"][0]["tool"]["driver"]["rules"][index]["id"], "broken-draft-toml");
}

#[test]
fn one_that_cannot_be_read_is_an_error() {
    let tool = Tool::new(TASKS);
    std::os::unix::fs::symlink("nowhere", tool.path("draft.toml")).expect("a link");
    assert_says(&tool.call(&["check"]), 2, &["error: draft.toml: is a link to nothing", "1 not read"]);
}

#[test]
fn a_dry_run_refuses_what_the_run_refuses() {
    for (draft, _) in BROKEN {
        let tool = with(draft);
        for arguments in [&["up", "--dry-run", "--", "true"][..], &["run", "post-deploy", "--dry-run"]] {
            let called = tool.call(arguments);
            assert!(called.code == Some(2) && called.stderr.contains("draft.toml"), "{called:?}");
        }
    }
}
