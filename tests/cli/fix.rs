//! `draft-tasks check --fix`: what is fixed, what is left, and how the file is written.

use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

use expect_test::expect;
use serde_json::{Value, json};

use crate::tool::{Tool, assert_says};

const WRONG: &str =
    "[Pre-Up]\r\na = \"ls  x\" # é🚀\r\n[Cleanup] # draft-tasks: ignore[post-up]\r\nb = \"echo\"\r\n";
const RIGHT: &str = "[pre-up]\r\na = \"ls x\" # é🚀\r\n[cleanup]\r\nb = \"echo\"\r\n";

#[test]
fn everything_is_fixed_and_named() {
    let tool = Tool::new(WRONG);
    let fix = ["check", "--fix", "--rule", "program-not-found=off"];
    let called = tool.call(&fix);
    assert_eq!((called.code, called.stderr.as_str()), (Some(0), ""), "{called:?}");
    expect![[r#"
        .draft-tasks.toml: fixed phase-case: rename to `pre-up`
        .draft-tasks.toml: fixed command-blanks: separate the words by single spaces
        .draft-tasks.toml: fixed phase-case: rename to `cleanup`
        .draft-tasks.toml: fixed unused-suppression: remove the comment
        nothing to report in 1 file
    "#]]
    .assert_eq(&called.stdout);
    assert_eq!(tool.read(".draft-tasks.toml"), RIGHT);
    let inode = || tool.path(".draft-tasks.toml").metadata().expect("a file").ino();
    let before = inode();
    assert_eq!(tool.call(&fix).stdout, "nothing to report in 1 file\n");
    assert_eq!(inode(), before, "it is not written again");
}

#[test]
fn what_is_left_is_told_and_decides_the_exit_code() {
    let tool = Tool::new("[Pre-Up]\na = \"echo\"\n[build]\n");
    let called = tool.call(&["check", "--fix"]);
    assert_eq!(called.code, Some(1), "{called:?}");
    assert!(
        called
            .stdout
            .starts_with(".draft-tasks.toml: fixed phase-case: rename to `pre-up`\n\nwarning[unknown-phase]"),
        "{called:?}"
    );
    let called = tool.call(&["check", "--fix", "--rule", "unknown-phase=off"]);
    assert_eq!(called.code, Some(0), "{called:?}");
    tool.write(".draft-tasks.toml", b"[Cleanup]\na = \"echo\"\nb = \n");
    let called = tool.call(&["check", "--fix", "--format", "json"]);
    assert_eq!(called.code, Some(1), "{called:?}");
    let report: Value = serde_json::from_str(&called.stdout).expect("JSON");
    let file = &report["files"][0];
    assert_eq!(file["fixed"], json!([{ "code": "phase-case", "title": "Rename to `cleanup`" }]));
    assert_eq!(file["diagnostics"][0]["code"], "syntax");
    assert_eq!(tool.read(".draft-tasks.toml"), "[cleanup]\na = \"echo\"\nb = \n");
}

#[test]
fn other_files_are_left_to_the_user() {
    let tool = Tool::new("[post-deploy]\na = \"true\"\n");
    let draft_toml = "[environments.development]\nname = \"app\"\n";
    tool.write("draft.toml", draft_toml.as_bytes());
    for (arguments, help) in [
        (&["check"][..], "= help: add `namespace = \"default\"` to `development` in draft.toml\n"),
        (
            &["check", "--fix"],
            "= help: add `namespace = \"default\"` to `development` in draft.toml, which --fix leaves to you\n",
        ),
    ] {
        let called = tool.call(arguments);
        assert_eq!(called.code, Some(0), "{called:?}");
        assert!(called.stdout.contains(help), "{called:?}");
    }
    assert_eq!(tool.read("draft.toml"), draft_toml);
}

#[test]
fn what_is_off_or_ignored_is_not_fixed() {
    let tool =
        Tool::new("[Pre-Up]\na = \"echo\"\n[Cleanup] # draft-tasks: ignore[phase-case]\nb = \"echo\"\n");
    let before = tool.read(".draft-tasks.toml");
    assert_eq!(tool.call(&["check", "--fix", "--rule", "phase-case=off"]).code, Some(0));
    assert_eq!(tool.read(".draft-tasks.toml"), before);
    tool.call(&["check", "--fix"]);
    assert_eq!(tool.read(".draft-tasks.toml"), before.replace("Pre-Up", "pre-up"));
}

#[test]
fn keeps_permissions_and_links() {
    let tool = Tool::empty();
    tool.write("real/tasks", WRONG.as_bytes());
    let file = tool.path("real/tasks");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o640)).expect("permissions");
    symlink("real/tasks", tool.path(".draft-tasks.toml")).expect("a link");
    assert_eq!(tool.call(&["check", "--fix"]).code, Some(0));
    assert_eq!(tool.read("real/tasks"), RIGHT);
    assert_eq!(file.metadata().expect("a file").mode() & 0o777, 0o640);
    assert!(tool.path(".draft-tasks.toml").is_symlink());
}

#[test]
fn a_file_that_cannot_be_written_keeps_its_findings() {
    let tool = Tool::empty();
    tool.write("closed/.draft-tasks.toml", WRONG.as_bytes());
    let directory = tool.path("closed");
    let mode = |mode| {
        std::fs::set_permissions(&directory, std::fs::Permissions::from_mode(mode)).expect("permissions")
    };
    mode(0o555);
    // Root writes wherever it likes.
    let refused = std::fs::write(directory.join("probe"), "").is_err();
    let called = tool.call(&["check", "--fix", "closed"]);
    mode(0o755);
    if refused {
        assert!(called.code == Some(2) && called.stderr.contains("cannot be written"), "{called:?}");
        assert!(called.stdout.contains("command-blanks"), "{called:?}");
        assert_eq!(tool.read("closed/.draft-tasks.toml"), WRONG);
    }
}

#[test]
fn what_would_run_otherwise_is_left_to_the_user() {
    let text = "[pre-up]\na = \"test -d x && kubectl delete namespace prod\"\nb = \"source .env && make\"\n\
        [cleanup]\nc = \"rm -rf $BUILD_DIR/*\"\nd = \"helm delete --purge db\"\n";
    let tool = Tool::new(text);
    let called = tool.call(&["check", "--fix", "--rule", "program-not-found=off"]);
    let end = "4 findings have fixes for you to choose, as what runs or is found may change: see `help:` above; \
        an editor applies it as a quick fix\n";
    assert!(called.stdout.ends_with(end), "{called:?}");
    assert!(called.stdout.contains("= help: wrap in `sh -c '…'`"), "{called:?}");
    assert_eq!(tool.read(".draft-tasks.toml"), text);
    let called = tool.call(&["check"]);
    assert!(!called.stdout.contains("to choose"), "{called:?}");
}

#[test]
fn nothing_becomes_a_task_that_was_not_written_as_one() {
    for text in [
        "[[post-deploy]]\nname = \"migrate\"\ncommand = \"rake db:migrate\"\n",
        "[[pre-up]]\nrun = \"make\"\n",
        "[[pre-up]]\na = \"make\"\n",
        "[pre-up]\na = 5\n",
        "pre-up = \"make\"\n",
        "[preup]\na = \"make\"\n",
        "[post-delete]\na = \"make\"\n",
        "build = \"make\"\n",
    ] {
        let tool = Tool::new(text);
        assert_eq!(tool.call(&["check", "--fix"]).code, Some(1), "{text}");
        assert_eq!(tool.read(".draft-tasks.toml"), text);
    }
}

#[test]
fn what_was_only_not_written_is_not_said_to_be_for_the_user_to_choose() {
    let tool = Tool::new("[Pre-Up]\na = \"true\"\n");
    let file = tool.path(".draft-tasks.toml");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o444)).expect("permissions");
    let called = tool.call(&["check", "--fix"]);
    assert_says(
        &called,
        2,
        &["is read-only", "\n1 finding that --fix fixes is left, as its file was not changed\n"],
    );
    assert!(!called.stdout.contains("to choose"), "{called:?}");
}

#[test]
fn who_sees_no_help_is_told_where_it_is() {
    let tool = Tool::new("[pre-upp]\na = \"true\"\n");
    for format in ["short", "github"] {
        let called = tool.call(&["check", "--fix", "--format", format]);
        assert_says(&called, 1, &["1 finding has a fix for you to choose", "`draft-tasks check` shows"]);
        assert!(!called.stdout.contains("above"), "{called:?}");
    }
}

#[test]
fn what_is_left_is_counted_alike_before_and_after() {
    let tool = Tool::new("[Pre-Up]\na = \"true\"\n[pre-upp]\n");
    tool.write(".draft-tasks.config.toml", b"nonsense = 1\n");
    let called = tool.call(&["check", "--fix", "--diff"]);
    assert_says(&called, 1, &["+[pre-up]", "2 findings are left, which `draft-tasks check` shows"]);
    assert_says(&tool.call(&["check", "--fix"]), 1, &["1 error, 1 warning; 2 files, 2 with findings"]);
}
