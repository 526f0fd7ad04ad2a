//! Several folders, packs, and files that do not concern the server.

use serde_json::{Value, json};

use crate::client::{Client, at, codes};
use crate::lenses;
use crate::project::{Project, uri};

#[test]
fn each_folder_has_its_own_tasks() {
    let (one, two) =
        (Project::new("[pre-up]\na = \"echo one\"\n"), Project::new("[pre-upp]\na = \"echo two\"\n"));
    let mut client = Client::with(|setup| setup.folders = vec![uri(one.path()), uri(two.path())]);
    assert_eq!(client.open_and_wait(&one), json!([]));
    assert_eq!(codes(&client.open_and_wait(&two)), ["unknown-phase"]);
    client.replace(&two.uri, 2, "[cleanup]\na = \"echo two\"\n");
    client.diagnostics(&two.uri, 2);
    for (project, command) in [(&one, "`one`"), (&two, "`two`")] {
        let hover = client.hover(&project.uri, 1, 0);
        let text = hover["contents"]["value"].as_str().expect("a text");
        assert!(text.contains(command) && text.contains(&project.path().display().to_string()), "{text}");
    }
}

#[test]
fn each_folder_has_its_own_settings() {
    let text = "[pre-up]\nv = \"echo $V\"\n";
    let [one, two, other] = [(); 3].map(|()| Project::new(text));
    let of = |value: &str| json!({ "run": { "env": { "V": value } } });
    let mut client = Client::with(|setup| {
        setup.folders = vec![uri(one.path())];
        setup.settings = of("window");
        setup.folder_settings = vec![(uri(one.path()), of("one")), (uri(two.path()), of("two"))];
    });
    let added = json!([{ "uri": uri(two.path()), "name": "two" }]);
    client
        .notify("workspace/didChangeWorkspaceFolders", json!({ "event": { "added": added, "removed": [] } }));
    for (project, value) in [(&one, "one"), (&two, "two"), (&other, "window")] {
        client.open_and_wait(project);
        client.eventually("the hover has the folder's value", |client| {
            let hover = client.hover(&project.uri, 1, 8);
            hover["contents"]["value"].as_str().filter(|text| text.contains(&format!("`{value}`"))).map(drop)
        });
        client.execute("draft-tasks.runPhase", json!({ "uri": project.uri, "phase": "pre-up" }));
        let is_output = |told: &Value| told["message"].as_str() == Some(&format!("v │ {value}"));
        client.notified("window/logMessage", is_output);
        client.notified("window/showMessage", |told| told.to_string().contains("1 passed"));
    }
}

#[test]
fn folders_come_and_go() {
    let project = Project::new("[pre-up]\na = \"echo one\"\n");
    let mut client = Client::start();
    let folder = json!({ "uri": uri(project.path()), "name": "app" });
    client.notify(
        "workspace/didChangeWorkspaceFolders",
        json!({ "event": { "added": [folder], "removed": [] } }),
    );
    client.open_and_wait(&project);
    client.notify(
        "workspace/didChangeWorkspaceFolders",
        json!({ "event": { "added": [], "removed": [folder] } }),
    );
    client.replace(&project.uri, 2, "[pre-upp]\n");
    assert_eq!(codes(&client.diagnostics(&project.uri, 2)), ["unknown-phase"]);
}

#[test]
fn a_pack_has_the_language_and_no_run() {
    let project = Project::new("");
    project.write("pack/charts/Chart.yaml", "");
    let pack = project.write("pack/tasks.toml", "[pre-upp]\na = \"echo\"\n[cleanup]\nb = \"echo\"\n");
    let mut client = Client::start();
    client.open_text(&pack, "[pre-upp]\na = \"echo\"\n[cleanup]\nb = \"echo\"\n");
    assert_eq!(codes(&client.diagnostics(&pack, 1)), ["unknown-phase"]);
    assert_ne!(client.hover(&pack, 3, 0), Value::Null);
    assert_eq!(lenses::shown(&mut client, &pack), Vec::<String>::new());
    let here = json!({ "line": 3, "character": 0 });
    let actions = client.request(
        "textDocument/codeAction",
        json!({
            "textDocument": { "uri": pack },
            "range": { "start": here, "end": here },
            "context": { "diagnostics": [], "only": ["draft-tasks.run"] },
        }),
    );
    assert_eq!(actions, json!([]));
    let refused = client.execute_error("draft-tasks.runPhase", json!({ "uri": pack, "phase": "cleanup" }));
    assert!(refused["message"].as_str().is_some_and(|text| text.contains("template")), "{refused}");
}

#[test]
fn other_files_are_left_alone() {
    let project = Project::new("[pre-up]\na = \"echo\"\n");
    let mut client = Client::start();
    for name in ["Cargo.toml", "tasks.toml", "draft.toml", "sub/.draft-tasks.toml.bak"] {
        let other = project.write(name, "not toml [");
        client.open_text(&other, "not toml [");
        client.replace(&other, 2, "[pre-upp]\nstill = none\n");
        for method in ["textDocument/hover", "textDocument/completion"] {
            assert_eq!(client.request(method, at(&other, 0, 1)), Value::Null, "{method} in {name}");
        }
        for method in ["textDocument/documentSymbol", "textDocument/formatting", "textDocument/codeLens"] {
            assert_eq!(client.about(method, &other), Value::Null, "{method} in {name}");
        }
        let refused =
            client.execute_error("draft-tasks.runPhase", json!({ "uri": other, "phase": "pre-up" }));
        assert!(refused["message"].to_string().contains("only tasks of"), "{name}: {refused}");
        client.close(&other);
        // A draft.toml beside a tasks file that is open is looked at.
        std::fs::remove_file(project.file(name)).expect("it is there");
    }
    // Whatever was to be published about them would have come before these.
    client.open_and_wait(&project);
    client.replace(&project.uri, 2, "[pre-upp]\n");
    client.diagnostics(&project.uri, 2);
    assert_eq!(client.take_all("textDocument/publishDiagnostics"), Vec::<Value>::new());
}

#[test]
fn a_document_that_is_no_file_has_the_language_and_no_run() {
    let mut client = Client::start();
    let uri = "untitled:.draft-tasks.toml";
    let document =
        json!({ "uri": uri, "languageId": "draft-tasks", "version": 1, "text": "[pre-upp]\na = \"b\"\n" });
    client.notify("textDocument/didOpen", json!({ "textDocument": document }));
    assert_eq!(codes(&client.diagnostics(uri, 1)), ["unknown-phase"]);
    assert_eq!(lenses::shown(&mut client, uri), Vec::<String>::new());
    let refused = client.execute_error("draft-tasks.runPhase", json!({ "uri": uri, "phase": "pre-up" }));
    assert!(refused["message"].to_string().contains("save it first"), "{refused}");
}

#[test]
fn paths_with_spaces_and_other_characters_are_the_same_file() {
    let project = Project::new("");
    let text = "[pre-upp]\n";
    let file = project.write("ein Ordner/é 🚀#%20/.draft-tasks.toml", text);
    let mut client = Client::start();
    client.open_text(&file, text);
    assert_eq!(codes(&client.diagnostics(&file, 1)), ["unknown-phase"]);
}
