//! Code lenses: the buttons above phases and tasks.

use serde_json::{Value, json};

use crate::client::Client;
use crate::project::Project;

/// Each lens as its line and title.
#[track_caller]
pub(crate) fn shown(client: &mut Client, uri: &str) -> Vec<String> {
    let lenses = client.about("textDocument/codeLens", uri);
    let lenses = lenses.as_array().cloned().unwrap_or_default();
    lenses
        .iter()
        .map(|lens| {
            format!(
                "{} {}",
                lens["range"]["start"]["line"],
                lens["command"]["title"].as_str().expect("a title")
            )
        })
        .collect()
}

#[test]
fn stand_above_phases_and_tasks() {
    let text =
        "[pre-up]\na = \"echo\"\nb = 5\n[tool]\nc = \"echo\"\n[post-deploy]\nd = \"echo\"\n[cleanup]\n";
    let (mut client, project) = (Client::start(), Project::new(text));
    client.open(&project);
    assert_eq!(
        shown(&mut client, &project.uri),
        ["0 ⚠ pre-up does not run: see line 3", "1 ▶ Run", "5 ▶ Run post-deploy (1 task)", "6 ▶ Run"]
    );
    let lenses = client.about("textDocument/codeLens", &project.uri);
    assert_eq!(lenses[0]["command"]["arguments"], json!([{ "uri": project.uri, "phase": "pre-up" }]));
    assert_eq!(
        lenses[1]["command"]["arguments"],
        json!([{ "uri": project.uri, "phase": "pre-up", "task": "a", "command": "echo" }])
    );
}

#[test]
fn name_commands_that_the_server_has_announced() {
    let (mut client, project) = (Client::start(), Project::new("[pre-up]\na = \"echo\"\n"));
    client.open(&project);
    let announced = client.initialized["capabilities"]["executeCommandProvider"]["commands"].clone();
    let lenses = client.about("textDocument/codeLens", &project.uri);
    for lens in lenses.as_array().expect("a list") {
        assert!(announced.as_array().is_some_and(|all| all.contains(&lens["command"]["command"])), "{lens}");
    }
}

#[test]
fn can_be_switched_off() {
    let (mut client, project) = (Client::start(), Project::new("[pre-up]\na = \"echo\"\n"));
    client.open(&project);
    assert_eq!(shown(&mut client, &project.uri).len(), 2);
    client.set_settings(json!({ "codeLens": false }));
    client.notify("workspace/didChangeConfiguration", json!({ "settings": null }));
    client.asked("workspace/codeLens/refresh");
    assert_eq!(client.about("textDocument/codeLens", &project.uri), Value::Null);
}

#[test]
fn are_not_there_where_nothing_runs() {
    let mut client = Client::with(|setup| setup.initialization_options = json!({ "trusted": false }));
    let project = Project::new("[pre-up]\na = \"echo\"\n");
    client.open(&project);
    assert_eq!(client.about("textDocument/codeLens", &project.uri), Value::Null);
    client.notify("draft-tasks/didChangeTrust", json!({ "trusted": true }));
    client.asked("workspace/codeLens/refresh");
    assert_eq!(shown(&mut client, &project.uri).len(), 2);
    client.notify("draft-tasks/didChangeTrust", json!({ "trusted": false }));
    client.asked("workspace/codeLens/refresh");
    assert_eq!(client.about("textDocument/codeLens", &project.uri), Value::Null);
}

#[test]
fn results_come_back_with_the_next_server() {
    let project = Project::new("[pre-up]\na = \"echo one\"\nb = \"false\"\n[post-up]\nc = \"true\"\n");
    let state = tempfile::TempDir::new().expect("a directory for records");
    let state = || ("DRAFT_TASKS_STATE_DIR", state.path().display().to_string());
    let mut first = Client::with(|setup| setup.environment.push(state()));
    first.open_and_wait(&project);
    let run = first.execute("draft-tasks.runPhase", json!({ "uri": project.uri, "phase": "pre-up" }));
    first.notified("window/showMessage", |it| {
        it["message"].as_str().is_some_and(|it| it.starts_with("pre-up:"))
    });
    assert!(run["run"].is_string());
    first.shut_down();
    let mut client = Client::with(|setup| setup.environment.push(state()));
    client.open_and_wait(&project);
    let lenses = client.eventually("the records are read", |client| {
        Some(shown(client, &project.uri)).filter(|lenses| lenses[0].contains("last"))
    });
    assert!(lenses[0].contains("0 ▶ Run pre-up (2 tasks) · last: ✗ b: exit code 1, "), "{lenses:?}");
    assert!(lenses[1].starts_with("1 ▶ Run · ✓ ") && lenses[2] == "2 ▶ Run · ✗ exit code 1", "{lenses:?}");
    assert_eq!(lenses[3..], ["3 ▶ Run post-up (1 task)", "4 ▶ Run"]);
    let found =
        client.diagnostics_that(&project.uri, |params| params.to_string().contains("\"task-failed\""));
    let failed = found.as_array().and_then(|found| found.last()).expect("a failure");
    assert_eq!(failed["message"], "exit code 1, when it last ran");
    assert_eq!(failed["range"]["start"]["line"], 2);
    let again = client.execute("draft-tasks.rerunFailed", json!({ "uri": project.uri }));
    assert!(again["run"].is_string(), "{again}");
    client.notified("window/showMessage", |it| {
        it["message"].as_str().is_some_and(|it| it.starts_with("pre-up:"))
    });
}

#[test]
fn are_refreshed_once_for_a_client_that_does_not_answer() {
    const REFRESH: &str = "workspace/codeLens/refresh";
    let mut client = Client::with(|setup| setup.answers = false);
    let project = Project::new("[pre-up]\na = \"echo\"\n");
    client.open(&project);
    let trust = |client: &mut Client, trusted: bool| {
        client.notify("draft-tasks/didChangeTrust", json!({ "trusted": trusted }));
        client.about("textDocument/codeLens", &project.uri);
    };
    trust(&mut client, false);
    let first = client.asked_by(REFRESH);
    [true, false, true].into_iter().for_each(|trusted| trust(&mut client, trusted));
    client.send(&json!({ "jsonrpc": "2.0", "id": first, "result": null }));
    client.asked(REFRESH);
    client.shut_down();
    assert_eq!(client.take_all(REFRESH), Vec::<Value>::new());
}
