//! Findings in tasks files of the workspace that are not open.

use std::fs;

use serde_json::{Value, json};

use crate::client::{Client, Setup, codes};
use crate::project::{Project, uri};

const WRONG: &str = "[pre-upp]\na = \"true\"\n";
const RIGHT: &str = "[pre-up]\na = \"true\"\n";

/// A client that has the project's folder open.
fn with_folder(project: &Project, change: impl FnOnce(&mut Setup)) -> Client {
    Client::with(|setup| {
        setup.folders = vec![uri(project.path())];
        change(setup);
    })
}

/// What is found of a file now, as whoever does not have it open is told.
#[track_caller]
fn closed(client: &mut Client, uri: &str) -> Value {
    client.diagnostics_that(uri, |params| params["version"] == Value::Null)
}

fn changed(client: &Client, uri: &str) {
    client.notify("workspace/didChangeWatchedFiles", json!({ "changes": [{ "uri": uri, "type": 2 }] }));
}

#[test]
fn what_is_wrong_in_closed_files_is_told_as_it_stands_on_disk() {
    let project = Project::new(RIGHT);
    let inner = project.write("app/.draft-tasks.toml", WRONG);
    let ignored = project.write("built/.draft-tasks.toml", WRONG);
    project.write(".gitignore", "built\n");
    let mut client = with_folder(&project, |_| {});
    assert_eq!(codes(&closed(&mut client, &inner)), ["unknown-phase"]);
    fs::write(project.file("app/.draft-tasks.toml"), RIGHT).expect("the file can be written");
    changed(&client, &inner);
    assert_eq!(closed(&mut client, &inner), json!([]));
    fs::write(project.file("app/.draft-tasks.toml"), format!("\n{WRONG}")).expect("it can be written");
    changed(&client, &inner);
    assert_eq!(closed(&mut client, &inner)[0]["range"]["start"]["line"], 1);
    fs::remove_file(project.file("app/.draft-tasks.toml")).expect("the file can be removed");
    changed(&client, &inner);
    assert_eq!(closed(&mut client, &inner), json!([]));
    let told = client.take_all("textDocument/publishDiagnostics");
    let of = |uri: &str| told.iter().filter(|told| told["params"]["uri"] == uri).count();
    assert_eq!((of(&ignored), of(&project.uri)), (0, 0), "{told:?}");
}

#[test]
fn facts_and_settings_count_in_closed_files_as_in_open_ones() {
    let project = Project::new("[pre-up]\na = \"./none.sh\"\nb = \"x && y\"\n");
    project.write(".draft-tasks.config.toml", "[rules]\nshell-operator = \"off\"\n");
    let mut client = with_folder(&project, |_| {});
    let found = closed(&mut client, &project.uri);
    let opened = client.open_and_wait(&project);
    assert_eq!(found, opened);
    assert_eq!(codes(&found), ["script-not-found", "program-not-found"]);
}

#[test]
fn an_open_file_is_told_of_as_the_editor_has_it() {
    let project = Project::new(RIGHT);
    let inner = project.write("@app/.draft-tasks.toml", WRONG);
    // As some editors spell it.
    let spelled = inner.replace('@', "%40");
    let mut client = with_folder(&project, |_| {});
    assert_eq!(codes(&closed(&mut client, &inner)), ["unknown-phase"]);
    for opened in [&inner, &spelled] {
        client.open_text(opened, RIGHT);
        assert_eq!(client.diagnostics(opened, 1), json!([]));
        if *opened != inner {
            assert_eq!(closed(&mut client, &inner), json!([]), "it is told of by its other name");
        }
        fs::write(project.file("@app/.draft-tasks.toml"), WRONG.repeat(2)).expect("it can be written");
        changed(&client, &inner);
        // Another file tells when that is read.
        project.write("other/.draft-tasks.toml", WRONG);
        changed(&client, &inner);
        let other = uri(&project.file("other/.draft-tasks.toml"));
        assert_eq!(codes(&closed(&mut client, &other)), ["unknown-phase"]);
        fs::remove_file(project.file("other/.draft-tasks.toml")).expect("the file can be removed");
        changed(&client, &inner);
        assert_eq!(closed(&mut client, &other), json!([]));
        let of_it = |told: &Value| [&inner, &spelled].iter().any(|uri| told["params"]["uri"] == **uri);
        assert!(!client.take_all("textDocument/publishDiagnostics").iter().any(of_it));
        client.close(opened);
        let is_of_disk = |params: &Value| params["diagnostics"].as_array().is_some_and(|it| it.len() > 1);
        client.diagnostics_that(&inner, is_of_disk);
    }
}

#[test]
fn folders_settings_and_trust_decide_what_is_looked_at() {
    let [one, two] = [(); 2].map(|()| Project::new(WRONG));
    let mut client = with_folder(&one, |setup| {
        setup.initialization_options = json!({ "trusted": false });
        setup.folder_settings = vec![(uri(two.path()), json!({ "workspaceDiagnostics": false }))];
    });
    let event = |added: Value, removed: Value| json!({ "event": { "added": added, "removed": removed } });
    let folder = |project: &Project| json!([{ "uri": uri(project.path()), "name": "x" }]);
    client.notify("workspace/didChangeWorkspaceFolders", event(folder(&two), json!([])));
    client.notify("draft-tasks/didChangeTrust", json!({ "trusted": true }));
    assert_eq!(codes(&closed(&mut client, &one.uri)), ["unknown-phase"]);
    client.notify("workspace/didChangeWorkspaceFolders", event(json!([]), folder(&one)));
    assert_eq!(closed(&mut client, &one.uri), json!([]));
    client.set_settings(json!({ "workspaceDiagnostics": false }));
    let told = client.take_all("textDocument/publishDiagnostics");
    assert!(!told.iter().any(|told| told["params"]["uri"] == two.uri), "{told:?}");
}

#[test]
fn a_client_that_watches_no_files_is_told_when_it_saves() {
    let project = Project::new(RIGHT);
    let inner = project.write("app/.draft-tasks.toml", WRONG);
    let mut client = with_folder(&project, |setup| setup.watches_files = false);
    assert_eq!(codes(&closed(&mut client, &inner)), ["unknown-phase"]);
    client.open_and_wait(&project);
    project.write("app/.draft-tasks.toml", RIGHT);
    client.notify("textDocument/didSave", json!({ "textDocument": { "uri": project.uri } }));
    assert_eq!(closed(&mut client, &inner), json!([]));
}

#[test]
fn a_task_that_failed_is_told_of_in_a_closed_file() {
    let project = Project::new("[pre-upp]\n[pre-up]\na = \"false\"\n");
    let mut client = with_folder(&project, |_| {});
    assert_eq!(codes(&closed(&mut client, &project.uri)), ["unknown-phase"]);
    client.execute("draft-tasks.runPhase", json!({ "uri": project.uri, "phase": "pre-up" }));
    let found = client
        .diagnostics_that(&project.uri, |params| params["diagnostics"].to_string().contains("exit code 1"));
    assert_eq!(found[0]["range"]["start"]["line"], 0);
    assert_eq!(found[1]["range"]["start"]["line"], 2);
    client.notified("window/showMessage", |told| told.to_string().contains("1 failed"));
    client.execute("draft-tasks.clear", json!({ "uri": project.uri }));
    assert_eq!(codes(&closed(&mut client, &project.uri)), ["unknown-phase"]);
}
