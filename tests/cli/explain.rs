//! `draft-tasks explain`: what is shown of a file for people and programs, and what the exit code says of it.

use expect_test::{Expect, expect};
use serde_json::{Value, json};

use crate::tool::{Called, Tool, assert_says};

const FILE: &str = r#"hello = "echo"
[pre-up]
greet = "echo $GREETING $UNSET_HERE '' $SOME_TOKEN"
plain = "ls -l"
"" = "sh -c 'exit 0'"
[post-up]
late = "make"
[post-delete]
gone = "true"
"#;

fn tool(text: &str) -> Tool {
    Tool::new(text).with("GREETING", "good day").with("SOME_TOKEN", "hunter2")
}

#[track_caller]
fn check(called: &Called, code: i32, expect: Expect) {
    assert_eq!((called.code, called.stderr.as_str()), (Some(code), ""), "{called:?}");
    expect.assert_eq(&called.stdout);
}

#[test]
fn what_this_tool_runs() {
    check(
        &tool(FILE).call(&["explain"]),
        0,
        expect![[r#"
            .draft-tasks.toml · what draft-tasks runs, compared with Draft 0.16 (dep-8)

            pre-up · before the application is built and deployed
              greet
                runs exactly this: echo 'good day' "" "" ***
                not set, so empty: $UNSET_HERE
                Draft 0.16 would run: echo 'good day' "" "''" ***
              plain
                runs exactly this: ls -l
              ""
                runs exactly this: sh -c 'exit 0'
                Draft 0.16 would run: sh -c "'exit" "0'"

            post-up · after the application was deployed and `post-deploy` is done
              neither DEP-8 nor Draft up to 0.16 has `post-up`
              late
                runs exactly this: make

            ignored, by Draft silently
              [post-delete]: it is not a phase; the phases are `pre-up`, `post-deploy` and `cleanup`
              hello: it is in no phase
        "#]],
    );
}

#[test]
fn one_phase_with_secrets() {
    let called = tool(FILE).call(&["explain", "Pre-Up", "--show-secrets", "--draft-version", "0.15"]);
    check(
        &called,
        0,
        expect![[r#"
        .draft-tasks.toml · what draft-tasks runs, compared with Draft 0.15

        pre-up · before the application is built and deployed
          greet
            runs exactly this: echo 'good day' "" "" hunter2
            not set, so empty: $UNSET_HERE
            Draft 0.15 would run: echo 'good day' "" "''" hunter2
          plain
            runs exactly this: ls -l
          ""
            runs exactly this: sh -c 'exit 0'
            Draft 0.15 would run: sh -c "'exit" "0'"
    "#]],
    );
}

#[test]
fn what_draft_runs() {
    let called = tool(FILE).call(&["explain", "--semantics", "draft", "--draft-version", "0.16"]);
    check(
        &called,
        0,
        expect![[r#"
        .draft-tasks.toml · what Draft 0.16 runs, in an order that it leaves to chance

        pre-up · before the application is built and deployed
          greet
            Draft 0.16 runs: echo 'good day' "" "''" ***
            not set, so empty: $UNSET_HERE
          plain
            Draft 0.16 runs: ls -l
          ""
            Draft 0.16 runs: sh -c "'exit" "0'"

        post-up · after the application was deployed and `post-deploy` is done
          does not run: Draft 0.16 ignores `post-up`, as every release does

        ignored silently
          [post-delete]: it is not a phase; the phases are `pre-up`, `post-deploy` and `cleanup`
          hello: it is in no phase
    "#]],
    );
}

#[test]
fn what_draft_stops_at() {
    let tool = tool("[pre-up]\na = \"ls\"\n[cleanup]\nb = 5\n");
    check(
        &tool.call(&["explain", "pre-up"]),
        0,
        expect![[r#"
        .draft-tasks.toml · what draft-tasks runs, compared with Draft 0.16 (dep-8)

        pre-up · before the application is built and deployed
          a
            runs exactly this: ls

        Draft 0.16 stops at this file: 4:1: the task `b` is an integer, not a string
          `draft up` before it builds anything, `draft delete` after the release is gone
    "#]],
    );
    check(
        &tool.call(&["explain", "--semantics", "draft"]),
        1,
        expect![[r#"
            .draft-tasks.toml · what Draft 0.16 (dep-8) runs, in an order that it leaves to chance

            Draft 0.16 stops at this file: 4:1: the task `b` is an integer, not a string
              `draft up` before it builds anything, `draft delete` after the release is gone
        "#]],
    );
    check(
        &tool.call(&["explain", "cleanup"]),
        1,
        expect![[r#"
        .draft-tasks.toml · what draft-tasks runs, compared with Draft 0.16 (dep-8)

        cleanup · after the application was deleted from the cluster
          does not run: the task `b` is an integer, not a command

        Draft 0.16 stops at this file: 4:1: the task `b` is an integer, not a string
          `draft up` before it builds anything, `draft delete` after the release is gone
    "#]],
    );
}

#[test]
fn a_file_that_does_not_parse() {
    let tool = tool("[pre-up]\na = \n[cleanup]\nb = \"ls\"\nc = =\n");
    check(
        &tool.call(&["explain"]),
        1,
        expect![[r#"
            .draft-tasks.toml · what draft-tasks runs, compared with Draft 0.16 (dep-8)

            the file does not parse: 2:5: expected a value after `=`; there are 2 more

            pre-up · before the application is built and deployed
              does not run while the file has a syntax error in it: expected a value after `=`

            cleanup · after the application was deleted from the cluster
              does not run while the file has a syntax error in it: expected a value, not another `=`

            Draft 0.16 stops at this file: 2:5: expected a value, found the end of the line
              `draft up` before it builds anything, `draft delete` after the release is gone
        "#]],
    );
}

#[test]
fn an_empty_file() {
    check(
        &tool("").call(&["explain"]),
        0,
        expect![[r#"
        .draft-tasks.toml · what draft-tasks runs, compared with Draft 0.16 (dep-8)

        there is nothing to run
    "#]],
    );
    check(
        &tool("").call(&["explain", "--format", "json"]),
        0,
        expect![[r#"
        {
          "draft_version": "dep-8",
          "semantics": "standard",
          "error": null,
          "phases": {}
        }
    "#]],
    );
}

#[test]
fn two_spellings_of_a_phase() {
    let tool = tool("[pre-up]\na = \"ls 1\"\n[Pre-Up]\na = \"ls 2\"\n");
    check(
        &tool.call(&["explain", "--semantics", "draft"]),
        0,
        expect![[r#"
            .draft-tasks.toml · what Draft 0.16 (dep-8) runs, in an order that it leaves to chance

            pre-up · before the application is built and deployed
              a
                Draft 0.16 runs one of these, by chance:
                  ls 1
                  ls 2
        "#]],
    );
}

#[test]
fn nothing_of_a_file_reaches_the_terminal_as_it_is() {
    let called = tool("[pre-up]\n\"a\\u001b[0m\" = \"echo \\u001b[31m\"\n").call(&["explain"]);
    assert!(called.code == Some(0) && !called.stdout.contains('\u{1b}'), "{called:?}");
}

fn report(tool: &Tool, arguments: &[&str]) -> (Option<i32>, Value) {
    let called = tool.call(&[&["explain", "--format", "json"], arguments].concat());
    assert_eq!(called.stderr, "", "{called:?}");
    (called.code, serde_json::from_str(&called.stdout).expect("one JSON document"))
}

#[test]
fn for_programs() {
    let (code, found) = report(&tool(FILE), &["--semantics", "draft", "--draft-version", "0.16"]);
    let expected = json!({
        "draft_version": "0.16",
        "semantics": "draft",
        "error": null,
        "phases": {
            "pre-up": { "runs": true, "tasks": {
                "greet": ["echo", "good day", "", "''", "***"],
                "plain": ["ls", "-l"],
                "": ["sh", "-c", "'exit", "0'"],
            } },
            "post-up": { "runs": false, "reason": "Draft 0.16 ignores `post-up`, as every release does" },
            "post-delete": {
                "runs": false,
                "reason": "it is not a phase; the phases are `pre-up`, `post-deploy` and `cleanup`",
            },
        },
    });
    assert_eq!((code, found), (Some(0), expected));
    let (_, found) = report(&tool(FILE), &["--semantics", "draft", "--draft-version", "master"]);
    assert_eq!(found["phases"]["post-up"], json!({ "runs": true, "tasks": { "late": ["make"] } }));
    let (_, found) = report(&tool(FILE), &["pre-up", "--show-secrets"]);
    assert_eq!(found["phases"]["pre-up"]["tasks"]["greet"], json!(["echo", "good day", "", "", "hunter2"]));
    assert_eq!(found["phases"].as_object().map(|phases| phases.len()), Some(1));
}

#[test]
fn errors_for_programs() {
    let tool = tool("pre-up.a = \"ls\"\n");
    let (code, found) = report(&tool, &["--semantics", "draft"]);
    assert_eq!((code, &found["phases"]), (Some(1), &json!({})));
    assert!(found["error"].as_str().is_some_and(|error| error.starts_with("1:7: expected")), "{found}");
    let (code, found) = report(&tool, &[]);
    assert_eq!((code, &found["phases"]["pre-up"]["tasks"]), (Some(0), &json!({ "a": ["ls"] })));
    assert!(found["error"].is_string(), "{found}");
}

#[test]
fn what_cannot_be_explained() {
    let tool = tool("[pre-up]\na = \"ls\"\n");
    for (arguments, said) in [
        (
            &["explain", "cleanup"][..],
            ".draft-tasks.toml: the file has no tasks in `cleanup`; it has tasks in `pre-up`",
        ),
        (
            &["explain", "preup"],
            ".draft-tasks.toml: there is no phase `preup`; the file has tasks in `pre-up`; did you mean `pre-up`?",
        ),
        (&["explain", "--file", "none.toml"], "none.toml: there is no such file"),
        (
            &["explain", "--code", "unknown-phas"],
            "there is no code `unknown-phas`; did you mean `unknown-phase`?",
        ),
    ] {
        let called = tool.call(arguments);
        assert_eq!((called.code, called.stdout.as_str()), (Some(2), ""), "{called:?}");
        assert_eq!(called.stderr, format!("error: {said}\n"));
    }
}

#[test]
fn a_code_in_the_place_of_a_phase_is_explained_unless_it_is_a_phase() {
    let empty = Tool::empty();
    let called = empty.call(&["explain", "tilde"]);
    assert!(called.code == Some(0) && called.stdout.starts_with("tilde ("), "{called:?}");
    let called = empty.call(&["explain", "tild"]);
    assert!(called.code == Some(2) && called.stderr.contains("did you mean `tilde`?"), "{called:?}");
    let called = tool("[post-up]\na = \"true\"\n").call(&["explain", "post-up"]);
    assert!(called.stdout.contains("runs exactly this: true"), "{called:?}");
}

#[test]
fn a_code_is_explained_without_any_file() {
    let called = Tool::empty().call(&["explain", "--code", "post-delete"]);
    assert!(called.code == Some(0) && called.stdout.starts_with("post-delete (warning)\n\n"), "{called:?}");
    assert!(called.stdout.contains("cleanup"), "{called:?}");
}

#[test]
fn the_page_of_a_code_is_no_document_for_programs() {
    let tool = Tool::empty();
    let called = tool.call(&["explain", "tilde", "--format", "json"]);
    assert_says(&called, 2, &["the page of `tilde` is Markdown: leave --format out"]);
    assert_eq!(called.stdout, "");
}

#[test]
fn what_is_ignored_in_draft_semantics_does_not_run() {
    let tool = tool("[post-up]\na = \"true\"\n");
    let called = tool.call(&["run", "post-up", "--semantics", "draft"]);
    assert_eq!(called.code, Some(2), "{called:?}");
    assert!(called.stderr.contains("Draft 0.16 ignores `post-up`"), "{called:?}");
    let master = ["run", "post-up", "--semantics", "draft", "--draft-version", "master"];
    assert_eq!(tool.call(&master).code, Some(0));
    assert_eq!(tool.call(&["run", "post-up"]).code, Some(0));
}

#[test]
fn the_projects_settings_count_until_something_else_is_said() {
    let tool = tool("[pre-up]\na = \"echo 'x y'\"\n");
    tool.write(".draft-tasks.config.toml", b"semantics = \"draft\"\ndraftVersion = \"master\"\n");
    let (_, found) = report(&tool, &[]);
    assert_eq!((&found["semantics"], &found["draft_version"]), (&json!("draft"), &json!("master")));
    let (_, found) = report(&tool, &["--semantics", "standard"]);
    assert_eq!(found["phases"]["pre-up"]["tasks"]["a"], json!(["echo", "x y"]));
}

#[test]
fn variables_are_given_as_to_a_run() {
    let tool = tool("[pre-up]\na = \"echo $DT_SET $DT_FILE $DT_MORE\"\n");
    tool.write("variables", b"DT_FILE=hunter2-2\nDT_SET=file\n");
    let options =
        ["--env", "DT_SET=ann", "--env", "DT_MORE=x", "--env-file", "variables", "--secret", "DT_MORE"];
    let (_, found) = report(&tool, &options);
    assert_eq!(found["phases"]["pre-up"]["tasks"]["a"], json!(["echo", "ann", "***", "***"]));
    let (_, found) = report(&tool, &[&options[..], &["--show-secrets"]].concat());
    assert_eq!(found["phases"]["pre-up"]["tasks"]["a"], json!(["echo", "ann", "hunter2-2", "x"]));
    let called = tool.call(&["explain", "--env-file", "none"]);
    assert_eq!(called.code, Some(2), "{called:?}");
}

#[test]
fn a_token_in_the_file_is_masked_as_in_a_run() {
    let token = format!("ghp_{}", "a1B2".repeat(9));
    let tool = tool(&format!("[pre-up]\na = \"echo {token}\"\n"));
    for arguments in [&["explain"][..], &["explain", "--format", "json"], &["run", "pre-up", "--dry-run"]] {
        let called = tool.call(arguments);
        assert!(called.stdout.contains("***") && !called.stdout.contains(&token), "{called:?}");
    }
    assert!(tool.call(&["explain", "--show-secrets"]).stdout.contains(&token));
}

#[test]
fn settings_that_keep_all_from_running_are_told() {
    let tool = tool("[pre-up]\na = \"ls\"\n");
    tool.write(".draft-tasks.config.toml", b"nonsense = 1\n");
    let called = tool.call(&["explain"]);
    assert_eq!(called.code, Some(1), "{called:?}");
    assert!(called.stderr.starts_with("warning: nothing runs, as "), "{called:?}");
    assert!(called.stderr.contains(".draft-tasks.config.toml:1:1: "), "{called:?}");
}
