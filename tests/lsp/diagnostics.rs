//! Diagnostics as the client gets them: of which text, when, and in which order.

use serde_json::{Value, json};

use crate::client::{Client, codes, did_change};
use crate::project::Project;
use crate::wire::frame;

#[test]
fn belong_to_the_version_of_the_text() {
    let (mut client, project) = (Client::start(), Project::new("[pre-upp]\nhello = \"echo\"\n"));
    let found = client.open_and_wait(&project);
    assert_eq!(codes(&found), ["unknown-phase"]);
    assert_eq!(found[0]["source"], "draft-tasks");
    assert_eq!(found[0]["severity"], 2);
    client.replace(&project.uri, 7, "[pre-up]\nhello = 5\n");
    assert_eq!(codes(&client.diagnostics(&project.uri, 7)), ["task-not-string"]);
    client.replace(&project.uri, 8, "[pre-up]\nhello = \"echo\"\n");
    assert_eq!(client.diagnostics(&project.uri, 8), json!([]));
}

#[test]
fn of_a_broken_file_are_all_there_at_once() {
    let text = "[pre-up]\na = \"echo\nb = \"x\"\nb = \"y\"\n[cleanup\nc = 5\n";
    let (mut client, project) = (Client::start(), Project::new(text));
    let found = client.open_and_wait(&project);
    let of_syntax = codes(&found).into_iter().filter(|code| *code == "syntax").count();
    assert!(of_syntax >= 2, "{found:#}");
    assert!(
        codes(&found).contains(&"duplicate-task") && codes(&found).contains(&"task-not-string"),
        "{found:#}"
    );
}

#[test]
fn point_at_related_places_where_the_client_knows_them() {
    for related in [true, false] {
        let mut client = Client::with(|setup| setup.related_information = related);
        let project = Project::new("[pre-up]\na = \"echo\"\na = \"ls\"\n");
        let found = client.open_and_wait(&project);
        let place = &found[0]["relatedInformation"][0]["location"];
        if related {
            assert_eq!((&place["uri"], &place["range"]["start"]["line"]), (&json!(project.uri), &json!(1)))
        } else {
            assert_eq!(found[0].get("relatedInformation"), None)
        }
    }
}

#[test]
fn lead_to_their_explanations_where_the_client_shows_links() {
    for shows in [true, false] {
        let mut client = Client::with(|setup| setup.shows_more = shows);
        let project = Project::new("[pre-upp]\na = 5\n[pre-up]\nb = \"x\nc = \"echo a && b\"\n");
        let found = client.open_and_wait(&project);
        assert_eq!(codes(&found), ["unknown-phase", "syntax", "shell-operator"]);
        for found in found.as_array().unwrap() {
            let href = &found["codeDescription"]["href"];
            if !shows {
                assert_eq!(*href, Value::Null);
                continue;
            }
            let url = url::Url::parse(href.as_str().unwrap()).unwrap();
            let line: usize = url.fragment().unwrap().strip_prefix('L').unwrap().parse().unwrap();
            let path = url.to_file_path().unwrap();
            assert!(path.starts_with(client.state.path()), "{url}");
            let page = client.eventually("the explanations", |_| std::fs::read_to_string(&path).ok());
            assert_eq!(
                page.lines().nth(line - 1).unwrap(),
                format!("## {}", found["code"].as_str().unwrap())
            );
        }
    }
}

#[test]
fn go_when_the_document_is_closed_and_come_back_with_it() {
    let (mut client, project) = (Client::start(), Project::new("[pre-upp]\n"));
    client.open_and_wait(&project);
    client.close(&project.uri);
    let gone = client.diagnostics_that(&project.uri, |params| params.get("version").is_none());
    assert_eq!(gone, json!([]));
    assert_eq!(client.hover(&project.uri, 0, 1), Value::Null);
    assert_eq!(codes(&client.open_and_wait(&project)), ["unknown-phase"]);
}

#[test]
fn of_a_closed_document_never_come_late() {
    let (mut client, project) = (Client::start(), Project::new("[pre-upp]\n"));
    let last = Project::new("[cleanupp]\n");
    for _ in 0..50 {
        client.open(&project);
        client.replace(&project.uri, 2, "[post-deployy]\n");
        client.close(&project.uri);
    }
    client.open_and_wait(&last);
    let published = client.take_all("textDocument/publishDiagnostics");
    let of_project: Vec<_> = published.iter().filter(|params| params["uri"] == project.uri).collect();
    assert_eq!(of_project.last().map(|params| &params["diagnostics"]), Some(&json!([])));
}

#[test]
fn of_a_burst_of_edits_are_published_once_or_a_little_more() {
    let (mut client, project) = (Client::start(), Project::new("[pre-upp]\nhello = \"echo\"\n"));
    client.open_and_wait(&project);
    let edits = (2..=201).map(|version| {
        let text =
            if version == 201 { "[cleanup]\na = 5\n".to_owned() } else { format!("[phase-{version}]\n") };
        did_change(&project.uri, version, vec![json!({ "text": text })])
    });
    client.write(&edits.flat_map(|edit| frame(&edit)).collect::<Vec<_>>());
    let mut published = Vec::new();
    while published.last().is_none_or(|params: &Value| params["version"] != 201) {
        published.push(client.notified("textDocument/publishDiagnostics", |_| true));
    }
    assert!(published.len() <= 5, "{} times", published.len());
    assert_eq!(codes(&published.last().expect("the last")["diagnostics"]), ["task-not-string"]);
}

#[test]
fn come_while_somebody_types_without_a_pause() {
    let (mut client, project) = (Client::start(), Project::new("[pre-up]\n"));
    client.open_and_wait(&project);
    // Each edit follows the answer to the one before, which is faster than anybody types.
    let mut version = 1;
    client.eventually("diagnostics in the middle of a burst", |client| {
        version += 1;
        client.replace(&project.uri, version, &format!("[phase-{version}]\n"));
        client.hover(&project.uri, 0, 1);
        (!client.take_all("textDocument/publishDiagnostics").is_empty()).then_some(())
    });
}

#[test]
fn what_is_unnecessary_is_tagged_where_the_client_knows_tags() {
    for tags in [true, false] {
        let mut client = Client::with(|setup| setup.shows_more = tags);
        let project = Project::new("[pre-up] # draft-tasks: ignore[post-up]\na = 5\n");
        let found = client.open_and_wait(&project);
        assert_eq!(codes(&found), ["unused-suppression", "task-not-string"]);
        assert_eq!(found[0]["tags"], if tags { json!([1]) } else { Value::Null });
        assert_eq!(found[1]["tags"], Value::Null);
    }
}
