//! What the server finds by the files around a tasks file, and when it looks.

use serde_json::json;

use crate::client::{Client, codes};
use crate::project::{self, Project};

const DRAFT_TOML: &str =
    "[environments.development]\nname = \"app\"\nnamespace = \"default\"\nauto-connect = true\n";

#[test]
fn are_looked_at_when_a_file_is_opened_saved_or_something_around_it_changes() {
    let project = Project::new("[pre-up]\na = \"./prepare.sh\"\n[post-deploy]\nb = \"true\"\n");
    let mut client = Client::start();
    client.open(&project);
    client.diagnostics_that(&project.uri, |params| codes(&params["diagnostics"]) == ["script-not-found"]);
    let script = project.write("prepare.sh", "");
    client.notify("workspace/didChangeWatchedFiles", json!({ "changes": [{ "uri": script, "type": 1 }] }));
    client.diagnostics_that(&project.uri, |params| {
        params["diagnostics"][0]["message"].as_str().is_some_and(|it| it.contains("may not be run"))
    });
    project.write("draft.toml", DRAFT_TOML);
    client.notify("textDocument/didSave", json!({ "textDocument": { "uri": project.uri } }));
    let both = ["script-not-found", "auto-connect"];
    client.diagnostics_that(&project.uri, |params| codes(&params["diagnostics"]) == both);
}

#[test]
fn are_looked_at_for_each_of_many_files() {
    let projects: Vec<Project> =
        (0..5).map(|number| Project::new(&format!("[pre-up]\na = \"./none-{number}.sh\"\n"))).collect();
    let mut client = Client::start();
    for (number, project) in projects.iter().enumerate() {
        client.open(project);
        client.diagnostics_that(&project.uri, |params| {
            let message = params["diagnostics"][0]["message"].as_str().unwrap_or_default();
            message.contains(&format!("`./none-{number}.sh`"))
        });
    }
}

#[test]
fn of_a_directory_that_is_not_there_yet_come_once_it_is() {
    let project = Project::new("");
    let file = project.file("later/.draft-tasks.toml");
    let text = "[pre-up]\na = \"./prepare.sh\"\nb = \"x && y\"\nc = \"echo $NO_SUCH_VARIABLE\"\n";
    let mut client = Client::start();
    let uri = project::uri(&file);
    client.open_text(&uri, text);
    // What is known without it is said at once.
    assert_eq!(codes(&client.diagnostics(&uri, 1)), ["shell-operator", "unset-variable"]);
    project.write("later/.draft-tasks.toml", text);
    client.notify("textDocument/didSave", json!({ "textDocument": { "uri": uri } }));
    client.diagnostics_that(&uri, |params| {
        let found = codes(&params["diagnostics"]);
        found.contains(&"script-not-found") && found.contains(&"unset-variable")
    });
}
