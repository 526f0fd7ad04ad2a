//! Settings of runs: limits, variables, secrets and records.

use std::path::Path;

use serde_json::{Value, json};

use crate::client::{Client, codes};
use crate::project::Project;
use crate::runs::{run, story, wait_for_output};

/// A client that shows output itself and says its settings in a notification, so that they are there when it is sent.
fn client(settings: Value, environment: &[(&'static str, &str)]) -> Client {
    let client = Client::with(|setup| {
        (setup.own_output, setup.configuration) = (true, false);
        setup.environment = environment.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
    });
    client.notify(
        "workspace/didChangeConfiguration",
        json!({ "settings": { "draftTasks": { "run": settings } } }),
    );
    client
}

/// Waits for the end of a run and gives what is told of it.
#[track_caller]
fn end(client: &mut Client, run: &str) -> Value {
    loop {
        let told = client.told_of_run(run);
        if told["state"] == "finished" {
            return told;
        }
    }
}

#[track_caller]
fn take_failure(client: &mut Client, project: &Project) -> String {
    let failed = |params: &Value| codes(&params["diagnostics"]).contains(&"task-failed");
    let found = client.diagnostics_that(&project.uri, failed);
    let found: Vec<_> =
        found.as_array().into_iter().flatten().filter(|it| it["code"] == "task-failed").collect();
    client.notified("window/showMessage", |_| true);
    found[0]["message"].as_str().expect("a text").to_owned()
}

#[test]
fn a_task_that_takes_too_long_has_failed() {
    for (setting, text) in
        [("timeout", "timed out after 0.2 s"), ("totalTimeout", "after the 0.2 s of the whole run")]
    {
        let mut client = client(json!({ setting: "200ms" }), &[]);
        let project = Project::with_tasks("pre-up", &[("slow", "sleep 600"), ("next", "echo")]);
        client.open_and_wait(&project);
        let run = run(&mut client, &project, "pre-up");
        let story = story(&mut client, &run);
        assert!(
            story.ends_with(&[
                "taskFinished slow failed".into(),
                "taskFinished next skipped".into(),
                "finished failed".into()
            ]),
            "{story:?}"
        );
        let message = take_failure(&mut client, &project);
        assert!(message.contains(text) && message.matches(" after ").count() <= 1, "{message}");
    }
}

#[test]
fn variables_reach_commands_tasks_and_hover() {
    let settings =
        json!({ "env": { "A": "setting" }, "envFile": ["app.env", "more.env"], "secrets": ["NAME"] });
    let mut client = client(settings, &[("A", "outside"), ("B", "outside"), ("NAME", "ann lee")]);
    let project = Project::with_tasks("pre-up", &[("show", "sh -c 'echo $A,$1,$B,$2' sh $A $NAME $B")]);
    project.write("app.env", "A='unused value'\nB='from first'\n");
    project.write("more.env", "B='from file'\n");
    client.open_and_wait(&project);
    let hover = client.hover(&project.uri, 1, 12).to_string();
    assert!(hover.contains("`setting` `***` `***`"), "{hover}");
    let range = json!({ "start": { "line": 0, "character": 0 }, "end": { "line": 2, "character": 0 } });
    let asked = json!({ "textDocument": { "uri": project.uri }, "range": range });
    let hints = client.request("textDocument/inlayHint", asked).to_string();
    assert!(
        hints.contains("A = setting") && !hints.contains("ann") && !hints.contains("from file"),
        "{hints}"
    );
    let run = run(&mut client, &project, "pre-up");
    let story = story(&mut client, &run);
    assert!(story.contains(&"show stdout: setting,setting,***,***".to_owned()), "{story:?}");
}

#[test]
fn a_file_of_variables_that_cannot_be_read_keeps_tasks_from_running_and_nothing_else() {
    let mut client = client(json!({ "envFile": "app.env" }), &[("API_TOKEN", "hunter2")]);
    let project = Project::with_tasks("pre-up", &[("show", "echo $API_TOKEN")]);
    client.open_and_wait(&project);
    let argument = json!({ "uri": project.uri, "phase": "pre-up" });
    let error = client.execute_error("draft-tasks.runPhase", argument.clone());
    assert!(
        error["message"].as_str().is_some_and(|text| text.contains("app.env: there is no such file")),
        "{error}"
    );
    assert!(client.hover(&project.uri, 1, 12).to_string().contains("`echo` `***`"));
    project.write("app.env", "A=1\nnonsense hunter2\n");
    let error = client.execute_error("draft-tasks.runPhase", argument).to_string();
    assert!(error.contains("app.env:2: expected NAME=value") && !error.contains("hunter2"), "{error}");
}

#[test]
fn a_file_whose_name_is_a_secret_has_its_problem() {
    let command = "echo src/main-x.c:3: no hunter2-here in src/main-x.c";
    let mut client = client(Value::Null, &[("A_TOKEN", "hunter2-here"), ("B_TOKEN", "main-x")]);
    let project = Project::with_tasks("pre-up", &[("build", command)]);
    std::fs::create_dir(project.file("src")).expect("a folder");
    project.write("src/main-x.c", "");
    client.open_and_wait(&project);
    let uri = project.uri.replace(".draft-tasks.toml", "src/main-x.c");
    let run = run(&mut client, &project, "pre-up");
    let params = client.notified("textDocument/publishDiagnostics", |params| params["uri"] == uri);
    assert_eq!(params["diagnostics"][0]["message"], "no *** in src/***.c");
    let story = story(&mut client, &run);
    assert!(story.contains(&"build stdout: src/***.c:3: no *** in src/***.c".to_owned()), "{story:?}");
}

#[test]
fn a_public_variable_is_shown_and_a_password_in_a_url_is_not() {
    let environment = [("A_TOKEN", "hunter2"), ("B_TOKEN", "hunter3"), ("DB", "postgres://ann:hunter4@db")];
    let mut client = client(json!({ "public": ["A_TOKEN"] }), &environment);
    let command = "echo $A_TOKEN $B_TOKEN $DB --password=hunter5-long";
    let project = Project::with_tasks("pre-up", &[("build", command)]);
    client.open_and_wait(&project);
    let place = json!({ "uri": project.uri });
    let range = json!({ "start": { "line": 0, "character": 0 }, "end": { "line": 9, "character": 0 } });
    for (method, params) in [
        ("textDocument/hover", json!({ "textDocument": place, "position": { "line": 1, "character": 1 } })),
        ("textDocument/inlayHint", json!({ "textDocument": place, "range": range })),
        (
            "workspace/executeCommand",
            json!({ "command": "draft-tasks.plan", "arguments": [{ "uri": project.uri, "phase": "pre-up", "show": false }] }),
        ),
    ] {
        let answer = client.request(method, params).to_string();
        let shown = ["hunter2", "hunter3", "hunter4", "ann:***@db"].map(|text| answer.contains(text));
        assert_eq!(shown, [true, false, false, true], "{method}: {answer}");
        assert!(!answer.contains("hunter5") || method == "textDocument/hover", "{method}: {answer}");
    }
}

#[test]
fn secrets_are_in_no_message_and_no_record() {
    let mut client = client(Value::Null, &[("API_TOKEN", "hunter2")]);
    let project = Project::with_tasks(
        "pre-up",
        &[("show", "sh -c 'printf hunt; sleep 0.4; echo er2; echo $1 >&2; exit 1' sh $API_TOKEN")],
    );
    client.open_and_wait(&project);
    let run = run(&mut client, &project, "pre-up");
    let mut told = Vec::new();
    let record = loop {
        let next = client.told_of_run(&run);
        told.push(next.to_string());
        if let Some(record) = next["record"].as_str() {
            break record.to_owned();
        }
    };
    told.push(take_failure(&mut client, &project));
    told.push(read_all(Path::new(&record)));
    let all = told.join("\n");
    assert!(all.contains("***") && !all.contains("hunter2") && !all.contains("er2\\n"), "{all}");
}

fn read_all(folder: &Path) -> String {
    let files = std::fs::read_dir(folder).expect("a folder").flatten();
    files.map(|file| std::fs::read_to_string(file.path()).expect("UTF-8")).collect()
}

#[test]
fn records_are_named_at_the_end_and_in_diagnostics() {
    let mut client = client(Value::Null, &[]);
    let project = Project::with_tasks("pre-up", &[("good", "echo 1"), ("bad", "sh -c 'echo oh no; exit 3'")]);
    client.open_and_wait(&project);
    let run = run(&mut client, &project, "pre-up");
    let record = end(&mut client, &run)["record"].as_str().expect("a record").to_owned();
    assert!(record.starts_with(&client.state.path().display().to_string()), "{record}");
    let message = take_failure(&mut client, &project);
    assert_eq!(message.lines().last(), Some(format!("log: {record}/02-bad.log").as_str()));
    let read = |name: &str| std::fs::read_to_string(Path::new(&record).join(name)).expect("a file");
    assert_eq!((read("01-good.log").as_str(), read("02-bad.log").as_str()), ("1\n", "oh no\n"));
    let result: Value = serde_json::from_str(&read("result.json")).expect("JSON");
    assert_eq!((&result["outcome"], &result["complete"]), (&json!("failed"), &json!(true)));
}

#[test]
fn the_record_of_a_run_that_ends_with_the_server_is_whole() {
    let mut client = client(Value::Null, &[]);
    let project = Project::with_tasks("pre-up", &[("wait", "sh -c 'echo ready; sleep 600'")]);
    client.open_and_wait(&project);
    run(&mut client, &project, "pre-up");
    wait_for_output(&mut client, "ready");
    client.shut_down();
    let folder = std::fs::read_dir(client.state.path().join("runs")).expect("records").flatten().next();
    let result = std::fs::read_to_string(folder.expect("a record").path().join("result.json"));
    let result: Value = serde_json::from_str(&result.expect("a result")).expect("JSON");
    assert_eq!((&result["outcome"], &result["complete"]), (&json!("stopped"), &json!(true)));
}

#[test]
fn no_more_records_are_kept_than_wanted() {
    let project = Project::with_tasks("pre-up", &[("good", "echo 1")]);
    for (keep, kept) in [(0, 0), (2, 2)] {
        let mut client = client(json!({ "keep": keep }), &[]);
        client.open_and_wait(&project);
        for _ in 0..4 {
            let run = run(&mut client, &project, "pre-up");
            assert_eq!(end(&mut client, &run)["record"].is_string(), keep > 0);
        }
        let folders =
            std::fs::read_dir(client.state.path().join("runs")).map_or(0, |it| it.flatten().count());
        assert_eq!(folders, kept);
    }
}

#[test]
fn records_that_cannot_be_kept_are_said_in_the_log_and_fail_nothing() {
    let mut client = client(Value::Null, &[("DRAFT_TASKS_STATE_DIR", "/proc/none")]);
    let project = Project::with_tasks("pre-up", &[("good", "echo 1")]);
    client.open_and_wait(&project);
    let run = run(&mut client, &project, "pre-up");
    assert_eq!(end(&mut client, &run)["outcome"], "passed");
    let next = self::run(&mut client, &project, "pre-up");
    assert_eq!(end(&mut client, &next)["outcome"], "passed");
    let all = client.take_all("window/logMessage");
    let warnings: Vec<_> = all.iter().filter(|params| params["type"] == 2).collect();
    let said = ["it is not known whether", "no record is kept of this run: /proc/none/runs"];
    assert_eq!(warnings.len(), said.len(), "{warnings:#?}");
    for (warning, part) in warnings.iter().zip(said) {
        assert!(warning["message"].as_str().is_some_and(|text| text.contains(part)), "{warnings:#?}");
    }
}

#[test]
fn records_keep_no_more_output_than_is_set() {
    let mut client = client(json!({ "keepMiB": 1 }), &[]);
    let project = Project::with_tasks("pre-up", &[("much", "seq 200000")]);
    client.open_and_wait(&project);
    let run = run(&mut client, &project, "pre-up");
    let ended = end(&mut client, &run);
    let log = std::path::Path::new(ended["record"].as_str().expect("a record")).join("01-much.log");
    let text = std::fs::read_to_string(log).expect("a log");
    assert!((500_000..=1 << 19).contains(&text.len()), "{}", text.len());
    assert!(text.starts_with("1\n") && text.ends_with("\n200000\n") && text.contains("left out here"));
    // Where it took long, a message says so: it is there before a later answer is.
    client.hover(&project.uri, 1, 0);
    client.take_all("window/showMessage");
}

#[test]
fn a_record_that_is_deleted_during_the_run_fails_nothing() {
    let mut client = client(Value::Null, &[]);
    let project = Project::with_tasks(
        "pre-up",
        &[("wait", "sh -c 'echo ready; until test -e go; do sleep 0.05; done'"), ("next", "echo 2")],
    );
    client.open_and_wait(&project);
    let run = run(&mut client, &project, "pre-up");
    wait_for_output(&mut client, "ready");
    std::fs::remove_dir_all(client.state.path().join("runs")).expect("it can be removed");
    project.write("go", "");
    assert_eq!(end(&mut client, &run)["outcome"], "passed");
    let warning = client.notified("window/logMessage", |params| params["type"] == 2)["message"].to_string();
    assert!(warning.contains("is not complete"), "{warning}");
}

#[test]
fn a_server_that_is_killed_leaves_a_record_that_can_be_read() {
    let mut client = client(Value::Null, &[]);
    let project = Project::with_tasks(
        "pre-up",
        &[("wait", "sh -c 'echo ready; until test -e go; do sleep 0.05; done'")],
    );
    client.open_and_wait(&project);
    run(&mut client, &project, "pre-up");
    wait_for_output(&mut client, "ready");
    client.server_mut().kill().expect("it can be killed");
    client.wait_for_end();
    let folder = std::fs::read_dir(client.state.path().join("runs")).expect("records").flatten().next();
    let folder = folder.expect("a record").path();
    let events = std::fs::read_to_string(folder.join("events.jsonl")).expect("events");
    let last: Value = serde_json::from_str(events.lines().last().expect("a line")).expect("JSON");
    assert_eq!(last["event"], "taskStarted");
    assert_eq!(std::fs::read_to_string(folder.join("01-wait.log")).expect("a log"), "ready\n");
    assert!(!folder.join("result.json").exists());
    project.write("go", "");
    client.eventually("the task ends", |client| (client.living() == 0).then_some(()));
}

#[test]
fn values_of_a_file_hide_no_problem_whether_they_are_masked_or_shown() {
    let mut client = client(json!({ "envFile": ".env" }), &[]);
    let project =
        Project::with_tasks("pre-up", &[("lint", "sh -c 'echo src/test/hunter2-22/x.c:1:1: error: boom'")]);
    project.write(".env", "MODE=test\nKEY=hunter2-22\n");
    project.write("src/test/hunter2-22/x.c", "");
    client.open_and_wait(&project);
    run(&mut client, &project, "pre-up");
    let uri = project.uri.replace(".draft-tasks.toml", "src/test/hunter2-22/x.c");
    let params = client.notified("textDocument/publishDiagnostics", |params| params["uri"] == uri);
    assert_eq!(params["diagnostics"][0]["message"], "boom");
}

#[test]
fn tasks_are_asked_for_colours_where_the_client_shows_them() {
    let asked = "sh -c 'echo asked ${FORCE_COLOR-none} ${CLICOLOR_FORCE-none}'";
    for (colors, variable, expected) in [
        (true, "OTHER", "asked 1 1"),
        (false, "OTHER", "asked none none"),
        (true, "NO_COLOR", "asked none none"),
    ] {
        let mut client = Client::with(|setup| {
            (setup.own_output, setup.colors) = (true, colors);
            setup.environment = vec![(variable, "1".into())];
        });
        let project = Project::with_tasks("pre-up", &[("a", asked)]);
        client.open_and_wait(&project);
        let run = run(&mut client, &project, "pre-up");
        wait_for_output(&mut client, expected);
        assert_eq!(end(&mut client, &run)["outcome"], "passed");
    }
}
