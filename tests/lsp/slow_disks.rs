//! A disk that does not answer: whoever waits for it, editing goes on.

use std::process::Command;

use serde_json::{Value, json};

use crate::client::{Client, at, codes};
use crate::project::Project;

const TEXT: &str = "[pre-up]\nhello = \"echo $NAME\"\n[post-deploy]\nb = \"echo\"\n";

/// A file whose reader waits for ever.
fn endless(project: &Project, name: &str) -> String {
    let path = project.file(name);
    let made = Command::new("mkfifo").arg(&path).status().expect("mkfifo starts");
    assert!(made.success(), "{name}");
    path.display().to_string()
}

/// A project of which one of these files is not answered.
fn project(endless_file: &str) -> (Project, Client) {
    let project = Project::new(TEXT);
    let file = endless(&project, endless_file);
    let kubeconfig = if endless_file == "kubeconfig" { file } else { String::new() };
    let env_file = if endless_file == ".env" { json!([".env"]) } else { json!([]) };
    let client = Client::with(|setup| {
        // What is refused is an answer, and no message.
        setup.own_output = true;
        setup.environment = vec![("KUBECONFIG", kubeconfig), ("NAME", "ann".into())];
        setup.settings = json!({ "run": { "envFile": env_file }, "kubernetes": { "selector": "app=web" } });
    });
    (project, client)
}

fn save(client: &Client, project: &Project) {
    client.notify("textDocument/didSave", json!({ "textDocument": { "uri": project.uri } }));
}

const FILES: [&str; 3] = [".draft-tasks.config.toml", ".env", "kubeconfig"];

#[test]
fn does_not_keep_edits_and_questions_from_being_answered() {
    for file in FILES {
        let (project, mut client) = project(file);
        client.open_and_wait(&project);
        if file == FILES[0] {
            let told = client.notified("window/showMessage", |_| true);
            assert!(
                told["message"].as_str().is_some_and(|it| it.contains("is not a regular file")),
                "{told}"
            );
        }
        for version in 2..20 {
            save(&client, &project);
            client.replace(&project.uri, version, &TEXT.replace("pre-up", "pre-upp"));
            assert_eq!(codes(&client.diagnostics(&project.uri, version)), ["unknown-phase"], "{file}");
        }
        client.replace(&project.uri, 20, TEXT);
        let hover = client.hover(&project.uri, 1, 9);
        assert!(hover["contents"]["value"].as_str().is_some_and(|it| it.contains("ann")), "{file}: {hover}");
        assert!(client.hover(&project.uri, 2, 2)["contents"]["value"].is_string(), "{file}");
        assert!(client.about("textDocument/documentSymbol", &project.uri)[1].is_object(), "{file}");
        let completion = client.request("textDocument/completion", at(&project.uri, 1, 15));
        assert_ne!(completion, Value::Null, "{file}");
    }
}

#[test]
fn keeps_only_the_command_waiting_that_needs_it() {
    for file in [".env", "kubeconfig"] {
        let (project, mut client) = project(file);
        client.open_and_wait(&project);
        for (command, phase) in [("runPhase", "post-deploy"), ("target", ""), ("plan", "pre-up")] {
            let argument = json!({ "uri": project.uri, "phase": phase, "show": false });
            let params = json!({ "command": format!("draft-tasks.{command}"), "arguments": [argument] });
            client.ask_and_forget("workspace/executeCommand", params);
            assert!(client.hover(&project.uri, 1, 9)["contents"]["value"].is_string(), "{file}, {command}");
        }
    }
}
