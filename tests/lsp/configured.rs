//! A project's own settings: how they reach its tasks file, and what helps where they are written.

use serde_json::{Value, json};

use crate::client::{Client, at, codes};
use crate::lenses::shown;
use crate::project::Project;
use crate::runs::{own_output, run, story};

const FILE: &str = ".draft-tasks.config.toml";

const TEXT: &str = "[pre-upp]\na = \"echo\"\n[Cleanup]\nb = \"echo\"\n";

/// A project whose own settings have this text, and their URI.
fn configured(settings: &str) -> (Project, String) {
    let project = Project::new(TEXT);
    let uri = project.write(FILE, settings);
    (project, uri)
}

fn changed(uri: &str) -> Value {
    json!({ "changes": [{ "uri": uri, "type": 2 }] })
}

#[test]
fn give_diagnostics_their_levels() {
    let (project, _) = configured("[rules]\nunknown-phase = \"off\"\nphase-case = \"error\"\n");
    let mut client = Client::start();
    let found = client.open_and_wait(&project);
    assert_eq!((codes(&found), &found[0]["severity"]), (vec!["phase-case"], &json!(1)));
}

#[test]
fn are_watched() {
    let (project, uri) = configured("[rules]\nunknown-phase = \"off\"\n");
    let mut client = Client::start();
    client.asked("client/registerCapability");
    let registered = &client.asked("client/registerCapability")["registrations"][0];
    assert_eq!(registered["method"], "workspace/didChangeWatchedFiles");
    let watchers = registered["registerOptions"]["watchers"].as_array().unwrap();
    assert!(
        watchers.contains(&json!({ "globPattern": format!("**/{{.draft-tasks.toml,{FILE}}}") })),
        "{watchers:?}"
    );
    assert_eq!(codes(&client.open_and_wait(&project)), ["phase-case"]);
    project.write(FILE, "[rules]\nphase-case = \"off\"\n");
    client.notify("workspace/didChangeWatchedFiles", changed(&uri));
    client.diagnostics_that(&project.uri, |params| codes(&params["diagnostics"]) == ["unknown-phase"]);
    std::fs::remove_file(project.file(FILE)).expect("the file can be removed");
    client.notify("workspace/didChangeWatchedFiles", changed(&uri));
    client.diagnostics_that(&project.uri, |params| codes(&params["diagnostics"]).len() == 2);
}

#[test]
fn are_read_again_when_a_file_is_saved() {
    let (project, _) = configured("");
    let mut client = Client::with(|setup| setup.watches_files = false);
    assert_eq!(codes(&client.open_and_wait(&project)).len(), 2);
    project.write(FILE, "[rules]\nphase-case = \"off\"\n");
    client.notify("textDocument/didSave", json!({ "textDocument": { "uri": project.uri } }));
    client.diagnostics_that(&project.uri, |params| codes(&params["diagnostics"]) == ["unknown-phase"]);
}

#[test]
fn that_are_open_count_as_they_are_in_the_editor() {
    let (project, uri) = configured("[rules]\nunknown-phase = \"off\"\n");
    let mut client = Client::start();
    assert_eq!(codes(&client.open_and_wait(&project)), ["phase-case"]);
    client.open_text(&uri, "[rules]\nphase-case = \"off\"\n");
    client.diagnostics_that(&project.uri, |params| codes(&params["diagnostics"]) == ["unknown-phase"]);
    client.replace(&uri, 2, "[rules]\nphase-case = \"off\"\nunknown-phase = \"off\"\n");
    client.diagnostics_that(&project.uri, |params| codes(&params["diagnostics"]).is_empty());
    // What is on disk does not matter meanwhile, and does again afterwards.
    client.notify("workspace/didChangeWatchedFiles", changed(&uri));
    client.close(&uri);
    client.diagnostics_that(&project.uri, |params| codes(&params["diagnostics"]) == ["phase-case"]);
}

#[test]
fn stand_behind_those_of_the_editor() {
    let (project, _) = configured("[rules]\nunknown-phase = \"off\"\nphase-case = \"off\"\n");
    let mut client = Client::with(|setup| setup.settings = json!({ "rules": { "phase-case": "warning" } }));
    client.asked("workspace/configuration");
    client.open(&project);
    let warned = |params: &Value| {
        codes(&params["diagnostics"]) == ["phase-case"] && params["diagnostics"][0]["severity"] == 2
    };
    client.diagnostics_that(&project.uri, warned);
}

#[test]
fn that_are_wrong_are_named_once_and_the_others_are_taken() {
    let (project, uri) =
        configured("context = \"prod\"\n[rules]\nphase_case = \"off\"\nunknown-phase = \"off\"\n");
    let mut client = Client::start();
    assert_eq!(codes(&client.open_and_wait(&project)), ["phase-case"]);
    let message = client.notified("window/showMessage", |_| true);
    let text = message["message"].as_str().expect("a text");
    for part in [".draft-tasks.config.toml:1:1: `context`", "toml:3:1: there is no diagnostic `phase_case`"] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
    client.notify("workspace/didChangeWatchedFiles", changed(&uri));
    client.notify("textDocument/didSave", json!({ "textDocument": { "uri": project.uri } }));
    assert_ne!(client.hover(&project.uri, 0, 3), Value::Null, "and no other message came");
}

#[test]
fn are_checked_completed_and_explained_where_they_are_written() {
    let (project, uri) = configured("");
    let mut client = Client::start();
    client.open_text(&uri, "# 🚀\nsemantic = \"draft\"\n[rules]\nphase-case = \n");
    let found = client.diagnostics(&uri, 1);
    assert_eq!(codes(&found), ["setting", "setting"]);
    assert!(found[0]["message"].as_str().expect("a text").contains("did you mean `semantics`"), "{found}");
    let params = json!({
        "textDocument": { "uri": uri },
        "range": { "start": { "line": 1, "character": 0 }, "end": { "line": 1, "character": 0 } },
        "context": { "diagnostics": [], "only": ["quickfix"] },
    });
    let fixes = client.request("textDocument/codeAction", params);
    assert_eq!(fixes[0]["edit"]["changes"][&uri][0]["newText"], "semantics");
    let values = client.request("textDocument/completion", at(&uri, 3, 13));
    let labels: Vec<&str> =
        values.as_array().expect("a list").iter().map(|it| it["label"].as_str().expect("a label")).collect();
    assert_eq!(labels, ["\"error\"", "\"warning\"", "\"information\"", "\"hint\"", "\"off\""]);
    let hover = client.hover(&uri, 3, 2);
    assert!(hover["contents"]["value"].as_str().expect("a text").contains("`[Pre-Up]`"), "{hover}");
    for method in ["textDocument/documentSymbol", "textDocument/codeLens", "textDocument/formatting"] {
        assert_eq!(client.about(method, &uri), Value::Null, "{method} is for tasks");
    }
    client.close(&uri);
    drop(project);
}

#[test]
fn tell_what_happens_after_a_failure() {
    let tasks = [("no", "false"), ("yes", "touch ran")];
    for (policy, ran) in [("stop", false), ("continue", true)] {
        let project = Project::with_tasks("pre-up", &tasks);
        project.write(FILE, &format!("[onFailure]\npre-up = \"{policy}\"\n"));
        let mut client = Client::start();
        // It need not be open.
        client.execute("draft-tasks.runPhase", json!({ "uri": project.uri, "phase": "pre-up" }));
        client.notified("window/showMessage", |params| params["message"].to_string().contains("1 failed"));
        assert_eq!(project.file("ran").exists(), ran, "{policy}");
    }
}

#[test]
fn that_are_wrong_keep_tasks_from_running_and_their_file_is_named() {
    let project = Project::with_tasks("pre-up", &[("a", "touch ran")]);
    let uri = project.write(FILE, "[run]\ntimeout = \"10x\"\n");
    let mut client = Client::start();
    let refused = |client: &mut Client, part: &str| {
        let argument = json!({ "uri": project.uri, "phase": "pre-up" });
        let error = client.execute_error("draft-tasks.runPhase", argument).to_string();
        assert!(error.contains("nothing runs") && error.contains(part), "{error}");
    };
    refused(&mut client, ".draft-tasks.config.toml:2:11: `10x` is not a duration");
    client.open_and_wait(&project);
    client.notified("window/showMessage", |_| true);
    refused(&mut client, ".draft-tasks.config.toml:2:11: `10x` is not a duration");
    client.open_text(&uri, "[run]\ntimeout = \"11x\"\n");
    client.diagnostics(&uri, 1);
    refused(&mut client, ".draft-tasks.config.toml:2:11: `11x` is not a duration");
    assert!(!project.file("ran").exists());
}

#[test]
fn on_disk_are_read_before_each_run_though_nobody_tells_that_they_have_changed() {
    let project = Project::with_tasks("pre-up", &[("a", "touch ran")]);
    project.write(FILE, "[run]\ntimeout = \"10x\"\n");
    let mut client = own_output();
    client.open_and_wait(&project);
    let argument = json!({ "uri": project.uri, "phase": "pre-up" });
    client.execute_error("draft-tasks.runPhase", argument.clone());
    std::fs::remove_file(project.file(FILE)).expect("it is there");
    let run = run(&mut client, &project, "pre-up");
    assert_eq!(story(&mut client, &run).last().map(String::as_str), Some("finished passed"));
    project.write(FILE, "[run]\ntimeout = \"11x\"\n");
    let error = client.execute_error("draft-tasks.runPhase", argument).to_string();
    assert!(error.contains("`11x` is not a duration"), "{error}");
    for wrong in ["`10x`", "`11x`"] {
        let is_it = |it: &Value| it["message"].as_str().is_some_and(|text| text.contains(wrong));
        client.notified("window/showMessage", is_it);
    }
}

#[test]
fn that_become_wrong_or_right_renew_the_lenses() {
    let (project, uri) = configured("");
    let mut client = Client::start();
    client.open_and_wait(&project);
    client.open_text(&uri, "[run]\ntimeout = \"10x\"\n");
    client.asked("workspace/codeLens/refresh");
    let is_refused = |client: &mut Client| {
        let refusal = "2 ⚠ cleanup does not run: see .draft-tasks.config.toml";
        shown(client, &project.uri).iter().any(|lens| lens == refusal)
    };
    assert!(is_refused(&mut client));
    client.replace(&uri, 2, "[run]\ntimeout = \"10s\"\n");
    client.asked("workspace/codeLens/refresh");
    assert!(!is_refused(&mut client));
}

#[test]
fn that_name_tasks_are_held_to_the_tasks_as_they_are_typed() {
    let project = Project::with_tasks("post-deploy", &[("migrate", "a")]);
    let uri = project.write(FILE, "[kubernetes]\nonce = [\"migrate\"]\n");
    let mut client = Client::start();
    client.open_and_wait(&project);
    client.open_text(&uri, "[kubernetes]\nonce = [\"migrate\"]\n");
    client.diagnostics_that(&uri, |params| codes(&params["diagnostics"]).is_empty());
    client.replace(&project.uri, 2, "[post-deploy]\nseed = \"a\"\n");
    client.diagnostics_that(&uri, |params| codes(&params["diagnostics"]) == ["setting"]);
    let refused = |client: &mut Client| {
        let argument = json!({ "uri": project.uri, "phase": "post-deploy" });
        let error = client.execute_error("draft-tasks.runPhase", argument).to_string();
        let said = "`post-deploy` has no task `migrate`; it has `seed`";
        assert!(error.contains("nothing runs") && error.contains(said), "{error}");
    };
    refused(&mut client);
    // The file on disk still has the task, what would run has not.
    client.close(&uri);
    client.diagnostics_that(&uri, |params| codes(&params["diagnostics"]).is_empty());
    refused(&mut client);
}

/// A repository with settings in its root, and the tasks file of an application below it.
fn repository(settings: &str) -> (Project, String, String) {
    let (project, root) = configured(settings);
    project.write(".git/HEAD", "ref: refs/heads/main\n");
    let tasks = project
        .write("apps/web/.draft-tasks.toml", "[pre-upp]\na = \"touch ran\"\n[Cleanup]\nb = \"echo\"\n");
    (project, root, tasks)
}

fn open(client: &mut Client, project: &Project, uri: &str) {
    client.open_text(
        uri,
        &std::fs::read_to_string(project.file("apps/web/.draft-tasks.toml")).expect("a text"),
    );
}

#[test]
fn of_folders_above_hold_behind_nearer_ones_up_to_the_root_of_the_repository() {
    let (project, root, tasks) = repository("[rules]\nunknown-phase = \"off\"\nphase-case = \"off\"\n");
    let near = project.write(&format!("apps/{FILE}"), "[rules]\nphase-case = \"error\"\n");
    let mut client = Client::start();
    open(&mut client, &project, &tasks);
    assert_eq!(codes(&client.diagnostics(&tasks, 1)), ["phase-case"]);
    project.write(&format!("apps/{FILE}"), "[rules]\nunknown-phase = \"error\"\n");
    client.notify("workspace/didChangeWatchedFiles", changed(&near));
    client.diagnostics_that(&tasks, |params| codes(&params["diagnostics"]) == ["unknown-phase"]);
    // Where it is open, the editor's text counts, and what is wrong is shown there.
    client.open_text(&root, "[rules]\nphase_case = \"off\"\n");
    assert_eq!(codes(&client.diagnostics(&root, 1)), ["setting"]);
    client.diagnostics_that(&tasks, |params| codes(&params["diagnostics"]).len() == 2);
    client.close(&root);
    client.diagnostics_that(&tasks, |params| codes(&params["diagnostics"]) == ["unknown-phase"]);
    project.write("apps/.git", "gitdir: elsewhere\n");
    client.notify("workspace/didChangeWatchedFiles", changed(&near));
    client.diagnostics_that(&tasks, |params| codes(&params["diagnostics"]).len() == 2);
}

#[test]
fn of_a_folder_above_that_are_wrong_are_named_once_and_nothing_runs() {
    let (project, root, tasks) = repository("[run]\ntimeout = \"10x\"\n");
    let other = project.write("apps/other/.draft-tasks.toml", "[pre-up]\na = \"touch ran\"\n");
    let wrong = project.file(FILE).display().to_string() + ":2:11: `10x` is not a duration";
    let mut client = Client::start();
    client.open_text(&other, "[pre-up]\na = \"touch ran\"\n");
    client.diagnostics(&other, 1);
    let message = client.notified("window/showMessage", |_| true);
    assert!(message["message"].as_str().expect("a text").contains(&wrong), "{message}");
    open(&mut client, &project, &tasks);
    client.diagnostics(&tasks, 1);
    let error = client.execute_error("draft-tasks.runPhase", json!({ "uri": other, "phase": "pre-up" }));
    assert!(error.to_string().contains(&wrong), "{error}");
    client.diagnostics_that(&root, |params| {
        codes(&params["diagnostics"]) == ["setting"]
            && params["diagnostics"][0]["range"]["start"]["line"] == 1
    });
    assert!(client.take_all("window/showMessage").iter().all(|it| !it.to_string().contains("10x")));
    project.write(FILE, "[run]\ntimeout = \"10s\"\n");
    client.notify("workspace/didChangeWatchedFiles", changed(&root));
    client.diagnostics_that(&root, |params| codes(&params["diagnostics"]).is_empty());
}

#[test]
fn outside_of_the_workspace_are_watched_once() {
    let (project, _, tasks) = repository("");
    let folder = crate::project::uri(&project.file("apps/web"));
    let mut client = Client::with(|setup| {
        setup.watches_elsewhere = true;
        setup.folders = vec![folder];
    });
    client.asked("client/registerCapability");
    client.asked("client/registerCapability");
    open(&mut client, &project, &tasks);
    client.diagnostics(&tasks, 1);
    let mut watched: Vec<Value> = ["apps", ""]
        .map(|_| {
            client.asked("client/registerCapability")["registrations"][0]["registerOptions"]["watchers"]
                .clone()
        })
        .into();
    watched.sort_by_key(Value::to_string);
    let expected = ["", "apps"].map(|folder| {
        let base = url::Url::from_file_path(project.file(folder)).expect("a path").to_string();
        json!([{ "globPattern": { "baseUri": base.trim_end_matches('/'), "pattern": FILE } }])
    });
    assert_eq!(watched, expected);
    client.notify("textDocument/didSave", json!({ "textDocument": { "uri": tasks } }));
    client.hover(&tasks, 0, 3);
    assert_eq!(client.take_all("client/registerCapability"), [Value::Null; 0]);
}

#[test]
fn of_a_folder_above_that_belong_to_another_user_are_named_and_nothing_runs() {
    let (project, root, tasks) = repository("");
    // Nobody owns what is not there: so it looks to whoever asks for its owner.
    std::fs::remove_file(project.file(FILE)).expect("the file can be removed");
    std::os::unix::fs::symlink("none", project.file(FILE)).expect("a link");
    let text = "[pre-up]\na = \"touch ran\"\n";
    project.write("apps/web/.draft-tasks.toml", text);
    let mut client = Client::start();
    let refused = |client: &mut Client| {
        let argument = json!({ "uri": tasks, "phase": "pre-up" });
        let error = client.execute_error("draft-tasks.runPhase", argument).to_string();
        let said =
            error.contains("nothing runs: ") && error.contains("belongs to another user; run as its owner");
        assert!(said && error.contains(FILE), "{error}");
    };
    // It need not be open.
    refused(&mut client);
    client.open_text(&tasks, text);
    client.diagnostics(&tasks, 1);
    let message = client.notified("window/showMessage", |_| true);
    assert!(message["message"].to_string().contains("nothing runs: "), "{message}");
    refused(&mut client);
    let lenses = client.about("textDocument/codeLens", &tasks).to_string();
    assert!(lenses.contains("does not run: see"), "{lenses}");
    std::fs::remove_file(project.file(FILE)).expect("the file can be removed");
    client.notify("workspace/didChangeWatchedFiles", changed(&root));
    client.eventually("it runs", |client| {
        let lenses = client.about("textDocument/codeLens", &tasks).to_string();
        (!lenses.contains("does not run")).then_some(())
    });
    client.execute("draft-tasks.runPhase", json!({ "uri": tasks, "phase": "pre-up" }));
    client.notified("window/showMessage", |params| params["message"].to_string().contains("1 passed"));
    assert!(project.file("apps/web/ran").exists());
}
