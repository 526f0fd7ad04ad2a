//! What is wrong in the `draft.toml` beside an open tasks file: a finding there, as of `draft-tasks check`.

use serde_json::{Value, json};

use crate::client::{Client, codes};
use crate::project::{Project, uri};

const BROKEN: &str = "[environments.development]\nname = \"web\"\nnamespace = 3\n";

const RIGHT: &str = "[environments.development]\nname = \"web\"\nnamespace = \"a\"\n";

fn found(client: &mut Client, uri: &str, count: usize) -> Value {
    client.diagnostics_that(uri, |params| codes(&params["diagnostics"]).len() == count)
}

/// The message that says so to who does not look at `draft.toml`.
#[track_caller]
fn is_told(client: &mut Client) {
    let said = client.notified("window/showMessage", |_| true)["message"].to_string();
    assert!(said.contains("draft.toml:3:13: `namespace`"), "{said}");
}

#[test]
fn is_shown_where_it_stands_and_goes_when_it_is_right() {
    let project = Project::new("[post-deploy]\na = \"true\"\n");
    project.write("draft.toml", BROKEN);
    let draft = uri(&project.file("draft.toml"));
    let mut client = Client::start();
    client.open(&project);
    let said = found(&mut client, &draft, 1)[0].clone();
    assert_eq!(said["code"], "broken-draft-toml");
    assert_eq!(said["severity"], json!(1));
    assert_eq!(said["range"]["start"], json!({ "line": 2, "character": 12 }));
    let message = said["message"].as_str().expect("a message");
    assert!(message.starts_with("`namespace` of the environment `development` is not a string"), "{message}");
    is_told(&mut client);
    client.open_text(&draft, RIGHT);
    found(&mut client, &draft, 0);
    client.replace(&draft, 2, "[environments");
    let said = found(&mut client, &draft, 1);
    assert!(said[0]["message"].to_string().contains("is not TOML"), "{said}");
    client.close(&draft);
    found(&mut client, &draft, 1);
    project.write("draft.toml", RIGHT);
    let changes = json!({ "changes": [{ "uri": draft, "type": 2 }] });
    client.notify("workspace/didChangeWatchedFiles", changes.clone());
    found(&mut client, &draft, 0);
    project.write("draft.toml", BROKEN);
    client.notify("workspace/didChangeWatchedFiles", changes);
    found(&mut client, &draft, 1);
    is_told(&mut client);
    client.close(&project.uri);
    found(&mut client, &draft, 0);
}
