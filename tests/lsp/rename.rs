//! Names: renaming tasks, where else a name stands, and tasks of all open files.

use serde_json::{Value, json};

use crate::client::{Client, at};
use crate::project::Project;
use crate::text::apply;

const TEXT: &str = "[pre-up]\n\"é🚀\" = \"echo $HOME\"\nb = '$HOME'\n[cleanup]\nb = 'ls'\n";

fn rename(uri: &str, line: u64, character: u64, name: &str) -> Value {
    let mut params = at(uri, line, character);
    params["newName"] = name.into();
    params
}

#[test]
fn a_task_is_renamed() {
    for encoding in ["utf-8", "utf-16", "utf-32"] {
        let mut client = Client::with(|setup| setup.encodings = vec![encoding]);
        let project = Project::new(TEXT);
        client.open(&project);
        let prepared = client.request("textDocument/prepareRename", at(&project.uri, 1, 1));
        assert_eq!(prepared["placeholder"], "é🚀");
        assert_eq!(prepared["range"]["start"], json!({ "line": 1, "character": 0 }));
        let edit = client.request("textDocument/rename", rename(&project.uri, 1, 1, "sync 🚀"));
        let text = apply(TEXT, &edit["changes"][&project.uri], encoding);
        assert_eq!(text, TEXT.replace("\"é🚀\"", "\"sync 🚀\""));
    }
}

#[test]
fn a_name_that_is_taken_is_refused() {
    let (mut client, project) = (Client::start(), Project::new(TEXT));
    client.open(&project);
    let error = client.request_error("textDocument/rename", rename(&project.uri, 1, 1, "b"));
    assert_eq!(error["code"], -32803);
    assert_eq!(error["message"], "`pre-up` has a task `b` already, on line 3");
    let error = client.request_error("textDocument/rename", rename(&project.uri, 1, 1, ""));
    assert_eq!(error["message"], "a task needs a description");
    assert_eq!(client.request("textDocument/prepareRename", at(&project.uri, 1, 10)), Value::Null);
}

#[test]
fn the_same_name_elsewhere_is_highlighted() {
    let (mut client, project) = (Client::start(), Project::new(TEXT));
    client.open(&project);
    let mut lines = |line, character| {
        let found = client.request("textDocument/documentHighlight", at(&project.uri, line, character));
        let found = found.as_array().expect("a list").iter();
        found.map(|it| it["range"]["start"]["line"].as_u64().expect("a line")).collect::<Vec<_>>()
    };
    assert_eq!(lines(2, 6), [1, 2]);
    assert_eq!(lines(2, 0), [2, 4]);
    assert_eq!(lines(0, 2), [] as [u64; 0]);
}

#[test]
fn tasks_of_all_open_files_are_found() {
    let mut client = Client::start();
    let projects = [
        Project::new("[pre-up]\n\"Sync database\" = 'x'\n[cleanup]\nsnow = 'y'\n"),
        Project::new("[pre-up]\nsdb = 'x'\n"),
    ];
    for project in &projects {
        client.open(project);
    }
    let mut found = |query: &str| {
        let found = client.request("workspace/symbol", json!({ "query": query }));
        let found = found.as_array().expect("a list").iter().map(|it| {
            let uri = it["location"]["uri"].as_str().expect("a URI").to_owned();
            let known = projects.iter().any(|project| project.uri == uri);
            assert!(known, "{uri}");
            (it["name"].as_str().expect("a name").to_owned(), it["containerName"].clone())
        });
        let mut found: Vec<_> = found.collect();
        found.sort_by(|a, b| a.0.cmp(&b.0));
        found
    };
    assert_eq!(found("SDB"), [("Sync database".into(), json!("pre-up")), ("sdb".into(), json!("pre-up"))]);
    assert_eq!(found("snow"), [("snow".into(), json!("cleanup"))]);
    assert_eq!(found("clean"), [("cleanup".into(), Value::Null)]);
    assert_eq!(found("").len(), 6);
}
