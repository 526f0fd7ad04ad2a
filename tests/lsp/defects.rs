//! What a defect in a handler does: an error to whoever asked, and nothing to anybody else.

use serde_json::Value;

use crate::client::{Client, codes};
use crate::project::Project;

#[test]
fn a_panic_is_an_error_and_the_server_goes_on() {
    let (mut client, project) = (Client::start(), Project::new("[pre-up]\nhello = \"echo hello\"\n"));
    client.open_and_wait(&project);
    for round in 2..5 {
        let error = client.request_error("draft-tasks/test/panic", Value::Null);
        assert_eq!(error["code"], -32603, "{error}");
        assert!(error["message"].as_str().is_some_and(|text| text.contains("asked to panic")), "{error}");
        client.replace(&project.uri, round, "[pre-upp]\nworld = \"echo world\"\n");
        assert_eq!(codes(&client.diagnostics(&project.uri, round)), ["unknown-phase"]);
    }
    client.replace(&project.uri, 9, "[cleanup]\nworld = \"echo world\"\n");
    let hover = client.hover(&project.uri, 1, 0);
    assert!(hover["contents"]["value"].as_str().is_some_and(|text| text.contains("`world`")), "{hover}");
}

#[test]
fn a_panic_between_edits_loses_none_of_them() {
    let (mut client, project) = (Client::start(), Project::new("[pre-up]\nhello = \"echo 0\"\n"));
    client.open(&project);
    let mut asked = Vec::new();
    for number in 1..=100 {
        client.replace(&project.uri, number + 1, &format!("[pre-up]\nhello = \"echo {number}\"\n"));
        asked.push(client.ask("draft-tasks/test/panic", Value::Null));
    }
    let hover = client.hover(&project.uri, 1, 0);
    assert!(hover["contents"]["value"].as_str().is_some_and(|text| text.contains("`100`")), "{hover}");
    for id in asked {
        assert_eq!(client.answer(id).expect_err("a panic")["code"], -32603);
    }
}
