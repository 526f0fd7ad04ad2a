//! Settings: where they come from, what they change, and what is said about wrong ones.

use serde_json::{Value, json};

use crate::client::{Client, codes};
use crate::project::Project;

const BROKEN: &str = "[pre-upp]\na = \"echo\n";

#[test]
fn are_asked_for_when_the_server_starts() {
    let mut client = Client::with(|setup| setup.settings = json!({ "syntaxErrors": false }));
    let project = Project::new(BROKEN);
    client.open(&project);
    assert_eq!(client.asked("workspace/configuration"), json!({ "items": [{ "section": "draftTasks" }] }));
    let registered = client.asked("client/registerCapability");
    assert_eq!(registered["registrations"][0]["method"], "workspace/didChangeConfiguration");
    let without_syntax = |params: &Value| codes(&params["diagnostics"]) == ["unknown-phase"];
    client.diagnostics_that(&project.uri, without_syntax);
}

#[test]
fn are_asked_for_again_when_they_change() {
    let (mut client, project) = (Client::start(), Project::new(BROKEN));
    client.asked("workspace/configuration");
    assert!(codes(&client.open_and_wait(&project)).contains(&"syntax"));
    client.set_settings(json!({ "syntaxErrors": false }));
    client.notify("workspace/didChangeConfiguration", json!({ "settings": null }));
    client.asked("workspace/configuration");
    client.diagnostics_that(&project.uri, |params| codes(&params["diagnostics"]) == ["unknown-phase"]);
    client.set_settings(Value::Null);
    client.notify("workspace/didChangeConfiguration", json!({ "settings": null }));
    client.diagnostics_that(&project.uri, |params| codes(&params["diagnostics"]).contains(&"syntax"));
}

#[test]
fn come_with_their_notification_from_clients_that_cannot_be_asked() {
    let mut client = Client::with(|setup| setup.plain());
    let project = Project::new(BROKEN);
    client.open_and_wait(&project);
    let settings = json!({ "settings": { "draftTasks": { "syntaxErrors": false } } });
    client.notify("workspace/didChangeConfiguration", settings);
    client.diagnostics_that(&project.uri, |params| codes(&params["diagnostics"]) == ["unknown-phase"]);
    client.notify("workspace/didChangeConfiguration", json!({ "settings": {} }));
    client.diagnostics_that(&project.uri, |params| codes(&params["diagnostics"]).contains(&"syntax"));
}

#[test]
fn change_what_a_command_means() {
    let (mut client, project) = (Client::start(), Project::new("[pre-up]\na = \"echo 'a b'\"\n"));
    client.asked("workspace/configuration");
    client.open(&project);
    let shown = |client: &mut Client| {
        let hover = client.hover(&project.uri, 1, 0);
        hover["contents"]["value"].as_str().expect("a text").to_owned()
    };
    let before = shown(&mut client);
    assert!(before.contains("a b") && before.contains("Draft 0.16 would run"), "{before}");
    client.set_settings(json!({ "semantics": "draft" }));
    client.notify("workspace/didChangeConfiguration", json!({ "settings": null }));
    client.eventually("a hover in Draft's semantics", |client| {
        let text = shown(client);
        (!text.contains("Draft 0.16 would run")).then_some(())
    });
}

#[test]
fn that_are_wrong_are_named_once_and_the_others_are_taken() {
    let (mut client, project) = (Client::start(), Project::new(BROKEN));
    client.asked("workspace/configuration");
    client.open_and_wait(&project);
    client.set_settings(
        json!({ "semantics": "bash", "syntaxErrors": false, "draftVersio": "0.16", "theme": "dark" }),
    );
    client.notify("workspace/didChangeConfiguration", json!({ "settings": null }));
    let message = client.notified("window/showMessage", |_| true);
    let text = message["message"].as_str().expect("a text");
    assert!(text.contains("`semantics`") && text.contains("bash"), "{text}");
    assert!(text.contains("`draftVersio`") && text.contains("`draftVersion`"), "{text}");
    assert!(!text.contains("theme"), "it may be the client's own: {text}");
    client.diagnostics_that(&project.uri, |params| codes(&params["diagnostics"]) == ["unknown-phase"]);
}

#[test]
fn that_never_come_are_not_waited_for() {
    let mut client = Client::with(|setup| setup.answers = false);
    let project = Project::new(BROKEN);
    assert!(codes(&client.open_and_wait(&project)).contains(&"syntax"));
    assert_ne!(client.hover(&project.uri, 0, 3), Value::Null);
}
