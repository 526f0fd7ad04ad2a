//! The way to the cluster as an editor asks for it: answered when the cluster is, and nothing waits for it.

use std::net::TcpListener;

use serde_json::{Value, json};

use crate::client::{Client, at};
use crate::project::Project;

const TEXT: &str = "[post-deploy]\na = \"true\"\n";

/// A project whose kubeconfig leads to a server at this port.
fn project(port: u16) -> Project {
    let project = Project::new(TEXT);
    project.write("draft.toml", "[environments.development]\nname = \"web\"\n");
    let kubeconfig = json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "dev",
        "clusters": [{ "name": "c", "cluster": { "server": format!("https://127.0.0.1:{port}") } }],
        "contexts": [{ "name": "dev", "context": { "cluster": "c", "user": "u" } }],
        "users": [{ "name": "u", "user": {} }],
    });
    project.write("kubeconfig", &kubeconfig.to_string());
    project
}

fn client(project: &Project, options: Value) -> Client {
    let kubeconfig = project.file("kubeconfig").display().to_string();
    Client::with(|setup| {
        setup.environment = vec![("KUBECONFIG", kubeconfig), ("DRAFT_ENV", String::new())];
        setup.initialization_options = options;
    })
}

#[test]
fn nothing_waits_for_a_cluster_that_does_not_answer() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let project = project(listener.local_addr().expect("an address").port());
    let mut client = client(&project, Value::Null);
    client.open(&project);
    let argument = json!({ "uri": project.uri, "show": false });
    let asked = client
        .ask("workspace/executeCommand", json!({ "command": "draft-tasks.doctor", "arguments": [argument] }));
    // The server has begun to wait, and says nothing until the connection is gone.
    let (connection, _) = listener.accept().expect("a connection");
    let hover = client.request("textDocument/hover", at(&project.uri, 0, 2));
    assert!(hover["contents"].to_string().contains("post-deploy"), "{hover}");
    drop((connection, listener));
    let answer = client.answer(asked).expect("an answer");
    assert_eq!(answer["ok"], json!(false), "{answer}");
    let markdown = answer["markdown"].as_str().expect("Markdown");
    assert!(markdown.contains("- ✓ **context**: dev, namespace default"), "{markdown}");
    assert!(markdown.contains("- ✗ **server**: cannot reach the cluster of context `dev`"), "{markdown}");
}

#[test]
fn the_doctor_comes_as_an_action_and_only_with_trust() {
    let project = project(1);
    let mut client = client(&project, json!({ "trusted": false }));
    client.open(&project);
    let argument = json!({ "uri": project.uri });
    let refused = client.execute_error("draft-tasks.doctor", argument.clone());
    assert!(refused["message"].as_str().expect("a message").contains("not trusted"), "{refused}");
    client.notify("draft-tasks/didChangeTrust", json!({ "trusted": true }));
    let place = json!({ "line": 0, "character": 2 });
    let actions = client.request(
        "textDocument/codeAction",
        json!({
            "textDocument": argument, "range": { "start": place, "end": place },
            "context": { "diagnostics": [], "only": ["draft-tasks.show"] },
        }),
    );
    let actions = actions.as_array().expect("actions");
    let is_doctor = |action: &&Value| action["command"]["command"] == "draft-tasks.doctor";
    let action = actions.iter().find(is_doctor).expect("the action");
    let answer = client.execute("draft-tasks.doctor", action["command"]["arguments"][0].clone());
    assert_eq!(answer["ok"], json!(false), "{answer}");
    let shown = client.notified("window/showMessage", |_| true);
    assert!(shown["message"].as_str().expect("a text").contains("✗ server"), "{shown}");
}
