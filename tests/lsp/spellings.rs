//! One file, however its URI is spelled and whichever links lead to it: the text that counts is the editor's.

use std::os::unix::fs::symlink;

use serde_json::json;

use crate::client::Client;
use crate::project::{Project, uri};
use crate::runs::{own_output, story};

const ON_DISK: &str = "[pre-up]\ndisk = \"false\"\n";

const IN_EDITOR: &str = "[pre-up]\neditor = \"true\"\nlist = \"ls *.c\"\n";

/// Opens a tasks file by another URI than its plain one, and asks and runs by that.
#[track_caller]
fn check(client: &mut Client, project: &Project, opened: &str) {
    client.open_text(opened, IN_EDITOR);
    let published = client.diagnostics(opened, 1);
    assert!(published.to_string().contains("glob"), "{opened}: {published}");
    let hover = client.hover(opened, 1, 2).to_string();
    assert!(hover.contains("Runs exactly this"), "{opened}: {hover}");
    for plain in [&*project.uri, opened] {
        let plan =
            client.execute("draft-tasks.plan", json!({ "uri": plain, "phase": "pre-up", "show": false }));
        assert_eq!(plan["tasks"][0]["task"], "editor", "{opened} by {plain}: {plan}");
        let tasks = client.execute("draft-tasks.tasks", json!({ "uri": plain })).to_string();
        assert!(tasks.contains("editor") && !tasks.contains("disk"), "{opened} by {plain}: {tasks}");
    }
    let run = client
        .execute("draft-tasks.runTask", json!({ "uri": project.uri, "phase": "pre-up", "task": "editor" }));
    let story = story(client, run["run"].as_str().expect("a run"));
    assert_eq!(story.last().map(String::as_str), Some("finished passed"), "{opened}: {story:?}");
    client.close(opened);
}

#[test]
fn a_uri_has_many_spellings() {
    let (mut client, project) = (own_output(), Project::new(ON_DISK));
    let folder = uri(project.path());
    for opened in [
        format!("{folder}/%2Edraft-tasks.toml"),
        format!("{folder}/.draft%2Dtasks.toml"),
        format!("{folder}%2F.draft-tasks.toml"),
        format!("{folder}/.draft-tasks.toml?x"),
        format!("{folder}/.draft-tasks.toml#L1"),
    ] {
        check(&mut client, &project, &opened);
    }
}

#[test]
fn links_lead_to_a_file() {
    let (mut client, project) = (own_output(), Project::new(ON_DISK));
    let elsewhere = tempfile::TempDir::new().expect("a directory");
    let linked = elsewhere.path().join("ln");
    symlink(project.path(), &linked).expect("a link");
    check(&mut client, &project, &uri(&linked.join(".draft-tasks.toml")));
}
