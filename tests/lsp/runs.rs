//! Runs as a client has them: started by commands, told by notifications, progress, messages and diagnostics.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::client::{Client, codes};
use crate::lenses;
use crate::project::Project;

/// The error of what the server understands and does not do.
const REFUSED: i64 = -32803;

/// A client that shows output itself.
pub(crate) fn own_output() -> Client {
    Client::with(|setup| setup.own_output = true)
}

/// Starts a phase and gives the run.
#[track_caller]
pub(crate) fn run(client: &mut Client, project: &Project, phase: &str) -> String {
    let answer = client.execute("draft-tasks.runPhase", json!({ "uri": project.uri, "phase": phase }));
    answer["run"].as_str().unwrap_or_else(|| panic!("no run: {answer}")).to_owned()
}

/// What a notification says that a task wrote: nothing where it says something else.
fn pieces(output: &Value) -> &[Value] {
    output["pieces"].as_array().map_or(&[], Vec::as_slice)
}

/// The same as one text.
fn text_of(output: &Value) -> String {
    pieces(output).iter().map(|piece| piece["text"].as_str().expect("a text")).collect()
}

/// All that is told about a run up to its end, a line for each.
#[track_caller]
pub(crate) fn story(client: &mut Client, run: &str) -> Vec<String> {
    let mut story = Vec::new();
    loop {
        let told = client.told_of_run(run);
        let text = |field: &str| told[field].as_str().unwrap_or_default().to_owned();
        match told["state"].as_str() {
            None => story.extend(pieces(&told).iter().map(|piece| {
                let (stream, wrote) = (piece["stream"].as_str(), piece["text"].as_str());
                format!(
                    "{} {}: {}",
                    text("task"),
                    stream.expect("a stream"),
                    wrote.expect("a text").trim_end()
                )
            })),
            Some(state) => {
                let words = [state.to_owned(), text("task"), text("outcome")];
                story.push(words.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" "));
                if state == "finished" {
                    return story;
                }
            }
        }
    }
}

/// Waits until a task has written a text.
#[track_caller]
pub(crate) fn wait_for_output(client: &mut Client, wanted: &str) {
    client.notified("draft-tasks/output", |params| text_of(params).contains(wanted));
}

/// The message that a client without its own output, or one whose run failed, gets in the end.
#[track_caller]
fn last_message(client: &mut Client) -> (i64, String) {
    let params = client.notified("window/showMessage", |_| true);
    let text = params["message"].as_str().expect("a text").to_owned();
    (params["type"].as_i64().expect("a type"), text)
}

#[track_caller]
fn assert_refused(error: &Value, parts: &[&str]) {
    assert!(error["code"].is_null() || error["code"] == REFUSED, "{error}");
    let text = error["message"].as_str().expect("a text");
    for part in parts {
        assert!(text.contains(part), "{part:?} is not in {text:?}");
    }
}

#[test]
fn are_told_in_order() {
    let (mut client, project) = (
        own_output(),
        Project::with_tasks(
            "pre-up",
            &[("one", "echo 1"), ("two", "sh -c 'echo 2; echo 3'"), ("three", "sh -c 'echo 4 >&2'")],
        ),
    );
    client.open_and_wait(&project);
    let run = run(&mut client, &project, "pre-up");
    assert_eq!(
        story(&mut client, &run).join("\n").replace("two stdout: 2\ntwo stdout: 3", "two stdout: 2\n3"),
        "started\ntaskStarted one\none stdout: 1\ntaskFinished one passed\ntaskStarted two\ntwo stdout: 2\n3\n\
         taskFinished two passed\ntaskStarted three\nthree stderr: 4\ntaskFinished three passed\nfinished passed"
    );
}

#[test]
fn show_progress_to_clients_that_have_it() {
    let (mut client, project) =
        (own_output(), Project::with_tasks("pre-up", &[("one", "echo 1"), ("two", "echo 2")]));
    client.open(&project);
    let run = run(&mut client, &project, "pre-up");
    let token = format!("draft-tasks/{run}");
    assert_eq!(client.asked("window/workDoneProgress/create"), json!({ "token": token }));
    let mut shown = Vec::new();
    loop {
        let params = client.notified("$/progress", |params| params["token"] == token);
        let value = params["value"].clone();
        shown.push(value["kind"].as_str().expect("a kind").to_owned());
        match shown.last().map(String::as_str) {
            Some("begin") => {
                assert_eq!((&value["title"], &value["cancellable"]), (&json!("pre-up"), &json!(true)))
            }
            Some("report") => {
                assert!(value["message"].as_str().is_some_and(|text| text.contains("of 2")), "{value}")
            }
            _ => {
                break assert!(
                    value["message"].as_str().is_some_and(|text| text.contains("2 passed")),
                    "{value}"
                );
            }
        }
    }
    assert_eq!(shown, ["begin", "report", "report", "end"]);
}

#[test]
fn do_without_progress_where_the_client_refuses_it() {
    let mut client = Client::with(|setup| (setup.own_output, setup.agrees_to_progress) = (true, false));
    let project = Project::with_tasks("pre-up", &[("one", "echo 1")]);
    client.open(&project);
    for _ in 0..2 {
        let run = run(&mut client, &project, "pre-up");
        story(&mut client, &run);
        client.asked("window/workDoneProgress/create");
    }
    assert_eq!(client.take_all("$/progress"), Vec::<Value>::new());
}

#[test]
fn are_in_the_log_of_a_plain_client_with_one_message_at_the_end() {
    let mut client = Client::with(|setup| setup.plain());
    let project = Project::with_tasks("pre-up", &[("one", "echo 1"), ("two", "sh -c 'echo 2; echo 3'")]);
    client.open(&project);
    run(&mut client, &project, "pre-up");
    let (kind, text) = last_message(&mut client);
    assert!(kind == 3 && text.contains("pre-up") && text.contains("2 passed"), "{kind} {text}");
    let log = client.take_all("window/logMessage");
    let log: Vec<_> = log.iter().map(|params| params["message"].as_str().expect("a text")).collect();
    let log = log.join("\n");
    let places: Vec<_> =
        ["one │ 1", "✓ one", "two │ 2", "two │ 3", "✓ two", "2 passed"].map(|part| log.find(part)).into();
    assert!(places.is_sorted() && places.iter().all(Option::is_some), "{places:?} in\n{log}");
    assert_eq!(client.take_all("window/showMessage"), Vec::<Value>::new());
}

const FAILS_WITHOUT_FLAG: &str =
    "sh -c 'echo out; echo first >&2; echo last words >&2; test -e flag || exit 3'";

#[test]
fn that_fail_leave_a_diagnostic_on_their_task_until_it_runs_again() {
    let (mut client, project) = (
        own_output(),
        Project::with_tasks("pre-up", &[("good", "echo"), ("bad", FAILS_WITHOUT_FLAG), ("late", "echo")]),
    );
    client.open_and_wait(&project);
    let first = run(&mut client, &project, "pre-up");
    let story = story(&mut client, &first);
    assert_eq!(
        story[story.len() - 3..],
        ["taskFinished bad failed", "taskFinished late skipped", "finished failed"]
    );
    let found =
        client.diagnostics_that(&project.uri, |params| codes(&params["diagnostics"]) == ["task-failed"]);
    assert_eq!((&found[0]["severity"], &found[0]["source"]), (&json!(1), &json!("draft-tasks")));
    assert_eq!(found[0]["range"]["start"]["line"], 2);
    assert_eq!(found[0]["range"]["start"]["line"], found[0]["range"]["end"]["line"]);
    let text = found[0]["message"].as_str().expect("a text");
    assert!(
        text.starts_with("exit code 3 after ") && text.contains(" s: last words\nout\nfirst\n"),
        "{text}"
    );
    let (kind, text) = last_message(&mut client);
    assert!(kind == 1 && text.contains("1 passed, 1 failed, 1 skipped"), "{kind} {text}");
    assert!(text.starts_with("pre-up: bad: exit code 3: last words · 1 passed"), "{text}");

    project.write("flag", "");
    let second = run(&mut client, &project, "pre-up");
    assert_ne!(first, second);
    assert_eq!(client.diagnostics(&project.uri, 1), json!([]));
    assert_eq!(self::story(&mut client, &second).last().map(String::as_str), Some("finished passed"));
}

#[test]
fn that_fail_say_how_much_came_before_and_lead_to_their_log() {
    let (mut client, project) =
        (own_output(), Project::with_tasks("pre-up", &[("much", "sh -c 'seq 2000 >&2; exit 1'")]));
    client.open_and_wait(&project);
    let run = run(&mut client, &project, "pre-up");
    story(&mut client, &run);
    let found =
        client.diagnostics_that(&project.uri, |params| codes(&params["diagnostics"]) == ["task-failed"]);
    let text = found[0]["message"].as_str().expect("a text");
    assert!(text.contains("\n… 1,995 lines before\n1996\n1997\n1998\n1999\n2000\n"), "{text}");
    let link = &found[0]["relatedInformation"][0];
    assert_eq!(link["message"], "what it wrote");
    let log = link["location"]["uri"].as_str().and_then(|uri| uri.strip_prefix("file://")).expect("a file");
    assert_eq!(std::fs::read_to_string(log).expect("a log").lines().count(), 2000);
    last_message(&mut client);
}

#[test]
fn that_failed_are_forgotten_when_their_command_changes_and_only_then() {
    let (mut client, project) =
        (own_output(), Project::new("[pre-up]\nbad = \"sh -c 'exit 3'\"\nother = \"echo\"\n"));
    client.open_and_wait(&project);
    let run = run(&mut client, &project, "pre-up");
    story(&mut client, &run);
    last_message(&mut client);
    for (version, text, line) in [
        (2, "[pre-up]\nbad = \"sh -c 'exit 3'\"\nother = \"echo changed\"\n", Some(1)),
        (3, "# moved\n\n[pre-up]\nbad = \"sh -c 'exit 3'\"\n", Some(3)),
        (4, "[pre-up]\nbad = \"sh -c 'exit 4'\"\n", None),
        (5, "[pre-up]\nbad = \"sh -c 'exit 3'\"\n", Some(1)),
        (6, "[pre-up]\nrenamed = \"sh -c 'exit 3'\"\n", None),
        (7, "[cleanup]\nbad = \"sh -c 'exit 3'\"\n", None),
    ] {
        client.replace(&project.uri, version, text);
        let found = client.diagnostics(&project.uri, version);
        match line {
            Some(line) => assert_eq!(found[0]["range"]["start"]["line"], line, "{text}"),
            None => assert_eq!(found, json!([]), "{text}"),
        }
    }
}

#[test]
fn of_cleanup_go_on_after_a_failure() {
    let (mut client, project) =
        (own_output(), Project::with_tasks("cleanup", &[("bad", "false"), ("good", "echo bye")]));
    client.open(&project);
    let run = run(&mut client, &project, "cleanup");
    let story = story(&mut client, &run);
    assert!(story.contains(&"taskFinished good passed".to_owned()), "{story:?}");
    assert_eq!(story.last().map(String::as_str), Some("finished failed"));
    assert_eq!(last_message(&mut client).0, 1);
}

#[test]
fn of_post_up_run_too() {
    let (mut client, project) = (own_output(), Project::with_tasks("post-up", &[("hello", "echo up")]));
    client.open(&project);
    let run = run(&mut client, &project, "post-up");
    assert!(story(&mut client, &run).contains(&"hello stdout: up".to_owned()));
}

#[test]
fn take_the_text_of_the_editor() {
    let (mut client, project) = (own_output(), Project::with_tasks("pre-up", &[("hello", "echo disk")]));
    client.open(&project);
    let saved = run(&mut client, &project, "pre-up");
    assert!(!client.told_of_run(&saved)["message"].as_str().is_some_and(|text| text.contains("unsaved")));
    assert!(story(&mut client, &saved).contains(&"hello stdout: disk".to_owned()));
    client.replace(&project.uri, 2, "[pre-up]\nhello = \"echo editor\"\n");
    let unsaved = run(&mut client, &project, "pre-up");
    assert!(client.told_of_run(&unsaved)["message"].as_str().is_some_and(|text| text.contains("unsaved")));
    assert!(story(&mut client, &unsaved).contains(&"hello stdout: editor".to_owned()));
    client.close(&project.uri);
    let closed = run(&mut client, &project, "pre-up");
    assert!(story(&mut client, &closed).contains(&"hello stdout: disk".to_owned()));
}

#[test]
fn are_in_the_directory_of_the_file_with_the_environment_and_no_input() {
    let mut client = Client::with(|setup| {
        setup.own_output = true;
        setup.environment = vec![("GREETING", "hello  $HOME world".into())];
    });
    let project = Project::with_tasks(
        "pre-up",
        &[("where", "pwd -P"), ("variable", "printf %s,%s $GREETING ${GREETING}"), ("input", "cat")],
    );
    client.open(&project);
    let run = run(&mut client, &project, "pre-up");
    let story = story(&mut client, &run);
    let directory = project.path().canonicalize().expect("a directory");
    assert!(story.contains(&format!("where stdout: {}", directory.display())), "{story:?}");
    assert!(
        story.contains(&"variable stdout: hello  $HOME world,hello  $HOME world".to_owned()),
        "{story:?}"
    );
    assert!(story.contains(&"taskFinished input passed".to_owned()), "{story:?}");
}

#[test]
fn of_one_task_leave_the_others_alone() {
    let (mut client, project) =
        (own_output(), Project::with_tasks("pre-up", &[("one", "echo 1"), ("two", "echo 2")]));
    client.open(&project);
    let argument = json!({ "uri": project.uri, "phase": "pre-up", "task": "two", "command": "echo 2" });
    let run = client.execute("draft-tasks.runTask", argument)["run"].as_str().expect("a run").to_owned();
    assert_eq!(
        story(&mut client, &run),
        ["started", "taskStarted two", "two stdout: 2", "taskFinished two passed", "finished passed"]
    );
}

#[test]
fn of_what_is_not_there_are_refused_with_what_is() {
    let (mut client, project) =
        (Client::start(), Project::with_tasks("pre-up", &[("one", "echo 1"), ("two", "echo 2")]));
    client.open(&project);
    let uri = &project.uri;
    let error = client.execute_error("draft-tasks.runPhase", json!({ "uri": uri, "phase": "deploy" }));
    assert_refused(&error, &["`deploy`", "`pre-up`"]);
    let error = client.execute_error("draft-tasks.runPhase", json!({ "uri": uri, "phase": "cleanup" }));
    assert_refused(&error, &["`cleanup`", "`pre-up`"]);
    let error = client
        .execute_error("draft-tasks.runTask", json!({ "uri": uri, "phase": "pre-up", "task": "three" }));
    assert_refused(&error, &["`three`", "`one`", "`two`"]);
    let stale = json!({ "uri": uri, "phase": "pre-up", "task": "one", "command": "echo 0" });
    assert_refused(&client.execute_error("draft-tasks.runTask", stale), &["`one`", "changed"]);
    let error =
        client.execute_error("draft-tasks.runPhase", json!({ "uri": "file:///no/where", "phase": "pre-up" }));
    assert_refused(&error, &["/no/where"]);
    let error = client.execute_error("draft-tasks.runPhase", json!({ "uri": uri }));
    assert_eq!(error["code"], -32602, "{error}");
    let error = client.execute_error("draft-tasks.format", json!({}));
    assert!(error["message"].as_str().is_some_and(|text| text.contains("draft-tasks.format")), "{error}");
}

#[test]
fn of_broken_files_are_refused_where_the_phase_is_broken() {
    let text = "[pre-up]\na = \"echo 'x\"\n[cleanup]\nb = \"echo ok\"\n[post-up]\nc = \"echo\nd = 5\n";
    let (mut client, project) = (own_output(), Project::new(text));
    client.open(&project);
    let uri = &project.uri;
    let error = client.execute_error("draft-tasks.runPhase", json!({ "uri": uri, "phase": "pre-up" }));
    assert_refused(&error, &["`a`"]);
    let error = client.execute_error("draft-tasks.runPhase", json!({ "uri": uri, "phase": "post-up" }));
    assert_refused(&error, &["`post-up`", "syntax error"]);
    let run = run(&mut client, &project, "cleanup");
    assert!(story(&mut client, &run).contains(&"b stdout: ok".to_owned()));
}

#[test]
fn of_post_deploy_are_refused_with_what_they_need() {
    let project = Project::with_tasks("post-deploy", &[("migrate", "rake db:migrate")]);
    let mut client = Client::with(|setup| {
        setup.environment =
            vec![("KUBECONFIG", String::new()), ("HOME", project.path().display().to_string())];
    });
    client.open(&project);
    let error =
        client.execute_error("draft-tasks.runPhase", json!({ "uri": project.uri, "phase": "post-deploy" }));
    assert_refused(&error, &["pods", "no draft.toml", ".kube/config", "KUBECONFIG"]);
    project.write("draft.toml", "");
    project.write(".kube/config", "");
    let error =
        client.execute_error("draft-tasks.runPhase", json!({ "uri": project.uri, "phase": "post-deploy" }));
    assert_refused(&error, &["no environment `development`", "no current context"]);
}

#[test]
fn of_an_untrusted_workspace_are_refused_until_it_is_trusted() {
    let mut client = Client::with(|setup| {
        setup.own_output = true;
        setup.initialization_options = json!({ "trusted": false });
    });
    let project = Project::with_tasks("pre-up", &[("one", "echo 1")]);
    client.open(&project);
    let argument = json!({ "uri": project.uri, "phase": "pre-up" });
    assert_refused(&client.execute_error("draft-tasks.runPhase", argument.clone()), &["trusted"]);
    client.notify("draft-tasks/didChangeTrust", json!({ "trusted": true }));
    let run = run(&mut client, &project, "pre-up");
    assert!(story(&mut client, &run).contains(&"one stdout: 1".to_owned()));
    client.notify("draft-tasks/didChangeTrust", json!({ "trusted": false }));
    assert_refused(&client.execute_error("draft-tasks.runPhase", argument), &["trusted"]);
}

#[test]
fn of_programs_that_are_not_there_name_them_and_the_path() {
    let mut client = Client::with(|setup| {
        setup.own_output = true;
        setup.environment = vec![("PATH", "/nowhere/bin:/usr/bin:/bin".into())];
    });
    let project =
        Project::with_tasks("pre-up", &[("rake", "no-such-program-anywhere db:migrate"), ("next", "echo")]);
    client.open_and_wait(&project);
    let run = run(&mut client, &project, "pre-up");
    assert_eq!(story(&mut client, &run).last().map(String::as_str), Some("finished failed"));
    let found = client
        .diagnostics_that(&project.uri, |params| codes(&params["diagnostics"]).contains(&"task-failed"));
    let failed = found.as_array().into_iter().flatten().find(|found| found["code"] == "task-failed");
    let text = failed.and_then(|failed| failed["message"].as_str()).expect("a text");
    assert!(text.contains("`no-such-program-anywhere`") && text.contains("/nowhere/bin"), "{text}");
    last_message(&mut client);
}

#[test]
fn that_go_on_are_not_started_again() {
    let (mut client, project) =
        (own_output(), Project::with_tasks("pre-up", &[("wait", "sh -c 'echo ready; sleep 600'")]));
    client.open(&project);
    let run = run(&mut client, &project, "pre-up");
    wait_for_output(&mut client, "ready");
    assert_eq!(self::run(&mut client, &project, "pre-up"), run);
    let (_, text) = last_message(&mut client);
    assert!(text.contains("already running"), "{text}");
    client.execute("draft-tasks.stop", json!({ "run": run }));
    story(&mut client, &run);
}

#[test]
fn of_two_files_go_on_side_by_side() {
    let mut client = own_output();
    // Each waits for the other.
    let meeting = Project::new("");
    let task = |own: &str, other: &str| {
        let (own, other) = (meeting.file(own), meeting.file(other));
        let command = format!(
            "sh -c 'touch {}; until test -e {}; do sleep 0.01; done'",
            own.display(),
            other.display()
        );
        Project::with_tasks("pre-up", &[("meet", command.as_str())])
    };
    let (one, two) = (task("one", "two"), task("two", "one"));
    client.open(&one);
    client.open(&two);
    let (first, second) = (run(&mut client, &one, "pre-up"), run(&mut client, &two, "pre-up"));
    assert_eq!(story(&mut client, &first).last().map(String::as_str), Some("finished passed"));
    assert_eq!(story(&mut client, &second).last().map(String::as_str), Some("finished passed"));
}

#[test]
fn change_the_lenses_while_they_go_on() {
    let (mut client, project) =
        (own_output(), Project::with_tasks("pre-up", &[("wait", "sh -c 'echo ready; cat gate'")]));
    client.open(&project);
    let before = lenses::shown(&mut client, &project.uri);
    let gate = project.file("gate");
    let made = std::process::Command::new("mkfifo").arg(&gate).status().expect("mkfifo runs");
    assert!(made.success());
    let run = run(&mut client, &project, "pre-up");
    wait_for_output(&mut client, "ready");
    client.asked("workspace/codeLens/refresh");
    assert_eq!(lenses::shown(&mut client, &project.uri), ["0 ■ Stop pre-up · wait", "1 ■ Stop"]);
    std::fs::write(&gate, "through\n").expect("the task reads");
    assert!(story(&mut client, &run).contains(&"wait stdout: through".to_owned()));
    let after = lenses::shown(&mut client, &project.uri);
    assert_eq!(after.len(), before.len());
    for (before, after) in before.iter().zip(&after) {
        assert!(after.starts_with(before) && after.contains('✓'), "{after}");
    }
}

#[test]
fn that_failed_run_again_alone_and_leave_a_log() {
    let (mut client, project) =
        (own_output(), Project::with_tasks("cleanup", &[("bad", FAILS_WITHOUT_FLAG), ("good", "echo")]));
    client.open(&project);
    let first = run(&mut client, &project, "cleanup");
    story(&mut client, &first);
    let answer = client.execute("draft-tasks.showLog", json!({ "uri": project.uri }));
    let log = std::path::PathBuf::from(answer["log"].as_str().expect("a path"));
    assert!(std::fs::read_to_string(&log).expect("a log").contains("last words"), "{}", log.display());
    last_message(&mut client);
    assert_eq!(last_message(&mut client), (3, log.display().to_string()));
    project.write("flag", "");
    let answer = client.execute("draft-tasks.rerunFailed", json!({ "uri": project.uri }));
    let story = story(&mut client, answer["run"].as_str().expect("a run"));
    assert!(story.contains(&"taskFinished bad passed".to_owned()), "{story:?}");
    assert!(!story.iter().any(|line| line.contains("good")), "{story:?}");
}

#[test]
fn that_complain_about_a_file_leave_a_diagnostic_in_it() {
    let command = "sh -c 'test -e flag || echo main.c:3:5: warning: odd'";
    let (mut client, project) = (own_output(), Project::with_tasks("pre-up", &[("build", command)]));
    project.write("main.c", "");
    client.open_and_wait(&project);
    let uri = project.uri.replace(".draft-tasks.toml", "main.c");
    for (flag, messages) in [(false, vec!["odd"]), (true, vec![])] {
        if flag {
            project.write("flag", "");
        }
        let run = run(&mut client, &project, "pre-up");
        let params = client.notified("textDocument/publishDiagnostics", |params| params["uri"] == uri);
        let found = params["diagnostics"].as_array().expect("diagnostics");
        assert_eq!(found.iter().map(|it| it["message"].clone()).collect::<Vec<_>>(), messages);
        story(&mut client, &run);
    }
}

#[test]
#[cfg(debug_assertions)]
fn go_on_after_a_defect_in_a_handler() {
    let (mut client, project) = (
        own_output(),
        Project::with_tasks("pre-up", &[("wait", "sh -c 'echo ready; cat gate'"), ("next", "echo 2")]),
    );
    client.open(&project);
    let gate = project.file("gate");
    std::process::Command::new("mkfifo").arg(&gate).status().expect("mkfifo runs");
    let run = run(&mut client, &project, "pre-up");
    wait_for_output(&mut client, "ready");
    for _ in 0..3 {
        client.request_error("draft-tasks/test/panic", Value::Null);
    }
    std::fs::write(&gate, "through\n").expect("the task reads");
    let story = story(&mut client, &run);
    assert!(
        story.contains(&"wait stdout: through".to_owned()) && story.contains(&"next stdout: 2".to_owned()),
        "{story:?}"
    );
    assert_eq!(story.last().map(String::as_str), Some("finished passed"));
}

#[test]
fn keep_their_plan_while_the_text_changes() {
    let (mut client, project) = (
        own_output(),
        Project::with_tasks("pre-up", &[("wait", "sh -c 'echo ready; cat gate'"), ("next", "echo old")]),
    );
    client.open(&project);
    let gate = project.file("gate");
    std::process::Command::new("mkfifo").arg(&gate).status().expect("mkfifo runs");
    let run = run(&mut client, &project, "pre-up");
    wait_for_output(&mut client, "ready");
    client.replace(&project.uri, 2, "[pre-up]\nnext = \"echo new\"\n");
    client.close(&project.uri);
    std::fs::write(&gate, "").expect("the task reads");
    assert!(story(&mut client, &run).contains(&"next stdout: old".to_owned()));
}

#[test]
fn reach_a_client_that_answers_nothing() {
    let mut client = Client::with(|setup| (setup.own_output, setup.answers) = (true, false));
    let project = Project::with_tasks("pre-up", &[("one", "echo 1"), ("bad", "sh -c 'exit 5'")]);
    client.open_and_wait(&project);
    // More of them than any queue of questions has room for.
    for _ in 0..20 {
        let run = run(&mut client, &project, "pre-up");
        let story = story(&mut client, &run);
        assert!(story.contains(&"one stdout: 1".to_owned()), "{story:?}");
        client.diagnostics_that(&project.uri, |params| codes(&params["diagnostics"]) == ["task-failed"]);
        last_message(&mut client);
    }
    client.replace(&project.uri, 2, "[pre-upp]\n");
    assert_eq!(codes(&client.diagnostics(&project.uri, 2)), ["unknown-phase"]);
    assert_eq!(client.take_all("$/progress"), Vec::<Value>::new());
}

#[test]
fn that_steer_a_terminal_reach_the_client_with_their_colours_alone() {
    let script = r"printf '\033]0;title\007\033[2J10 %%\r\033[Kdone \033[32mwell\033[m\033[1A\n'";
    let (mut client, project) = (own_output(), Project::with_tasks("pre-up", &[("bar", script)]));
    client.open(&project);
    let run = run(&mut client, &project, "pre-up");
    let story = story(&mut client, &run);
    assert!(story.contains(&"bar stdout: 10 %\rdone \u{1b}[32mwell\u{1b}[m".to_owned()), "{story:?}");
}

#[test]
fn that_write_very_much_are_complete_and_stop_nobody() {
    const LINES: usize = 200_000;
    let task = format!("sh -c 'yes {} | head -n {LINES} | nl -ba'", "x".repeat(92));
    let (mut client, project) = (own_output(), Project::with_tasks("pre-up", &[("much", task.as_str())]));
    client.open(&project);
    let run = run(&mut client, &project, "pre-up");
    let (mut text, mut slowest) = (String::new(), Duration::ZERO);
    'run: loop {
        let asked = Instant::now();
        assert_ne!(client.hover(&project.uri, 1, 0), Value::Null);
        slowest = slowest.max(asked.elapsed());
        let told = client.told_of_run(&run);
        match told["state"].as_str() {
            None => text += &text_of(&told),
            Some("finished") => break assert_eq!(told["outcome"], "passed"),
            Some(_) => {}
        }
        while let Some(told) = client.told_of_run_by_now(&run) {
            text += &text_of(&told);
            if told["state"] == "finished" {
                assert_eq!(told["outcome"], "passed");
                break 'run;
            }
        }
    }
    assert_whole(&text, LINES, slowest);
    // On a slow machine it took so long that it is worth a message.
    client.take_all("window/showMessage");
}

fn assert_whole(text: &str, lines: usize, slowest: Duration) {
    assert!(text.len() > 19_000_000, "{} bytes", text.len());
    for (index, line) in text.lines().enumerate() {
        let number = line.split_whitespace().next().and_then(|number| number.parse().ok());
        assert_eq!(number, Some(index + 1), "{line}");
    }
    assert_eq!(text.lines().count(), lines);
    assert!(slowest < Duration::from_secs(2), "a hover took {slowest:?}");
}

#[test]
fn that_write_very_much_wait_for_a_client_that_does_not_read() {
    // Lines of 1000 bytes: what is looked for in each line costs more than to pass it on.
    const BEGUN: usize = 2_500;
    const LINES: usize = 12_000;
    let numbers = |from, to| format!("seq -f %0999.0f {from} {to}");
    let (first, rest) = (numbers(1, BEGUN), numbers(BEGUN + 1, LINES));
    let numbers = format!("sh -c '{first}; touch begun; {rest}; touch done'");
    let (mut client, project) = (own_output(), Project::with_tasks("pre-up", &[("much", numbers.as_str())]));
    client.open(&project);
    let run = run(&mut client, &project, "pre-up");
    client.asked("window/workDoneProgress/create");
    client.set_reading(false);
    // So much fits into what the server keeps for a slow client; the rest, with all that is on its way, does not.
    client.eventually("much output", |_| project.file("begun").exists().then_some(()));
    assert!(!project.file("done").exists(), "the server does not keep all of it");
    client.set_reading(true);
    let mut text = String::new();
    loop {
        let told = client.told_of_run(&run);
        text += &text_of(&told);
        if told["state"] == "finished" {
            break;
        }
    }
    assert_eq!(text.len(), LINES * 1000);
    assert!(text.lines().map(|line| line.parse().ok()).eq((1..=LINES).map(Some)));
    // Where it took long, a message says so: it is there before a later answer is.
    client.hover(&project.uri, 1, 0);
    client.take_all("window/showMessage");
}

#[test]
fn that_write_to_both_streams_are_told_in_the_order_in_which_they_did() {
    let writer = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/tools/alternate.py");
    let command = format!("python3 {writer} 1000");
    let (mut client, project) = (own_output(), Project::with_tasks("pre-up", &[("turns", &command)]));
    client.open_and_wait(&project);
    let run = run(&mut client, &project, "pre-up");
    let told = story(&mut client, &run);
    let wrote = told.iter().filter_map(|line| line.strip_prefix("turns std"));
    let lines = wrote.flat_map(|piece| {
        let (stream, text) = piece.split_once(": ").expect("a stream");
        text.lines().map(move |line| (stream, line.parse().expect("a number")))
    });
    let lines: Vec<(&str, usize)> = lines.collect();
    let expected = (0..1000).map(|number| (if number % 2 == 0 { "out" } else { "err" }, number));
    assert!(lines.iter().copied().eq(expected), "{lines:?}");
    // Where it took long, a message says so: it is there before a later answer is.
    client.hover(&project.uri, 1, 0);
    client.take_all("window/showMessage");
}

#[test]
fn that_write_without_a_pause_make_few_updates() {
    /// No task makes more updates.
    const PACE: Duration = Duration::from_millis(50);
    let command = "sh -c 'yes | head -c 10000000'";
    let (mut client, project) = (own_output(), Project::with_tasks("pre-up", &[("much", command)]));
    client.open_and_wait(&project);
    let begun = Instant::now();
    let run = run(&mut client, &project, "pre-up");
    let (mut updates, mut bytes) = (0, 0);
    loop {
        let told = client.told_of_run(&run);
        if told["state"].is_null() {
            (updates, bytes) = (updates + 1, bytes + text_of(&told).len());
        }
        if told["state"] == "finished" {
            break;
        }
    }
    assert_eq!(bytes, 10_000_000);
    // The first and the last wait for nothing.
    let most = 2 + begun.elapsed().as_millis() / PACE.as_millis();
    assert!(updates <= most, "{updates} updates, at most {most} were expected");
    // Where it took long, a message says so: it is there before a later answer is.
    client.hover(&project.uri, 1, 0);
    client.take_all("window/showMessage");
}

#[test]
fn are_told_piece_by_piece_to_clients_of_the_first_version() {
    let mut client = Client::with(|setup| setup.old_output = true);
    let project = Project::with_tasks("pre-up", &[("a", "sh -c 'echo 1; echo 2 >&2; echo 3'")]);
    client.open_and_wait(&project);
    client.execute("draft-tasks.runPhase", json!({ "uri": project.uri, "phase": "pre-up" }));
    let finished = client.notified("draft-tasks/run", |told| told["state"] == "finished");
    assert_eq!(finished["outcome"], "passed");
    let told = client.take_all("draft-tasks/output");
    let of = |stream: &str| -> String {
        let pieces = told.iter().filter(|it| it["stream"] == stream);
        pieces.map(|it| it["text"].as_str().expect("a text")).collect()
    };
    assert_eq!((of("stdout").as_str(), of("stderr").as_str()), ("1\n3\n", "2\n"));
    assert!(told.iter().all(|it| it["pieces"] == json!([])), "{told:?}");
}

#[test]
fn are_of_the_text_in_the_editor_however_its_uri_is_spelled() {
    let mut client = own_output();
    let project = Project::new("");
    let opened = project.write("a b/.draft-tasks.toml", "[pre-up]\na = \"echo old\"\n");
    client.open_text(&opened, "[pre-up]\na = \"echo new\"\n");
    for uri in [
        opened.clone(),
        opened.replace("/.draft", "/%2Edraft"),
        opened.replace("file:///", "file://localhost/"),
        opened.replace("%20", " "),
    ] {
        let run = client.execute("draft-tasks.runPhase", json!({ "uri": uri, "phase": "pre-up" }));
        let told = story(&mut client, run["run"].as_str().expect("a run"));
        assert!(told.iter().any(|it| it.ends_with(": new")), "{uri}: {told:?}");
    }
}
