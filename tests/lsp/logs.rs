//! What tasks wrote, opened in the editor: as a virtual document where the client has such, else as a file.

use serde_json::{Value, json};

use crate::client::Client;
use crate::project::Project;
use crate::runs::{run, story, wait_for_output};

const WAITS: &str = "sh -c 'echo ready; until test -e go; do sleep 0.05; done; echo end'";

fn client(virtual_documents: bool) -> Client {
    Client::with(|setup| {
        (setup.own_output, setup.opens_documents, setup.virtual_documents) = (true, true, virtual_documents);
    })
}

/// Runs a task that fails to its end; gives the run.
fn failed(client: &mut Client, project: &Project) -> String {
    client.open_and_wait(project);
    let run = run(client, project, "pre-up");
    story(client, &run);
    client.notified("window/showMessage", |params| params["type"] == 1);
    run
}

/// Asks for a log; gives the document that the client is to open, and the file.
fn opened(client: &mut Client, argument: Value) -> (String, String) {
    let answer = client.execute("draft-tasks.showLog", argument);
    let uri = client.asked("window/showDocument")["uri"].as_str().expect("a document").to_owned();
    assert_eq!(answer["uri"], json!(uri));
    (uri, answer["log"].as_str().expect("a file").to_owned())
}

fn content(client: &mut Client, uri: &str) -> Value {
    client.request("workspace/textDocumentContent", json!({ "uri": uri }))["text"].take()
}

#[test]
fn are_virtual_documents_where_the_client_has_such() {
    let project =
        Project::with_tasks("pre-up", &[("bad", "sh -c 'printf \"\\033[31mred\\033[0m\\n\"; exit 1'")]);
    let mut client = client(true);
    let capabilities = &client.initialized["capabilities"]["workspace"];
    assert_eq!(capabilities["textDocumentContent"], json!({ "schemes": ["draft-tasks-log"] }));
    let run = failed(&mut client, &project);
    let (uri, _) = opened(&mut client, json!({ "run": run }));
    assert!(uri.starts_with("draft-tasks-log:/") && uri.ends_with("/01-bad.log"), "{uri}");
    assert_eq!(content(&mut client, &uri), json!("red\n"));
    assert_eq!(content(&mut client, &uri.replace(":/", ":///")), json!("red\n"), "with an empty authority");
}

#[test]
fn are_files_where_it_has_none() {
    let project = Project::with_tasks("pre-up", &[("bad", "sh -c 'echo oh; exit 1'")]);
    let mut client = client(false);
    assert_eq!(client.initialized["capabilities"]["workspace"]["textDocumentContent"], Value::Null);
    let run = failed(&mut client, &project);
    let (uri, log) = opened(&mut client, json!({ "run": run }));
    assert_eq!(uri, format!("file://{log}"));
    assert_eq!(std::fs::read_to_string(log).expect("a file"), "oh\n");
}

#[test]
fn of_a_task_that_runs_are_refreshed_when_it_is_over() {
    let project = Project::with_tasks("pre-up", &[("wait", WAITS)]);
    let mut client = client(true);
    client.open_and_wait(&project);
    let run = run(&mut client, &project, "pre-up");
    wait_for_output(&mut client, "ready");
    let (uri, _) = opened(&mut client, json!({ "uri": project.uri, "phase": "pre-up", "task": "wait" }));
    assert_eq!(content(&mut client, &uri), json!("ready\n"));
    project.write("go", "");
    assert_eq!(client.asked("workspace/textDocumentContent/refresh")["uri"], json!(uri));
    assert_eq!(content(&mut client, &uri), json!("ready\nend\n"));
    story(&mut client, &run);
}

#[test]
fn of_runs_of_another_server_are_opened_by_their_names() {
    let project = Project::with_tasks("pre-up", &[("bad", "sh -c 'echo oh; exit 1'")]);
    let mut first = client(true);
    failed(&mut first, &project);
    let state = first.state.path().to_owned();
    let record = std::fs::read_dir(state.join("runs")).expect("records").flatten().next().expect("a record");
    let record = record.file_name().into_string().expect("UTF-8");
    let mut second = Client::with(|setup| {
        (setup.opens_documents, setup.virtual_documents) = (true, true);
        setup.environment.push(("DRAFT_TASKS_STATE_DIR", state.display().to_string()));
    });
    let (uri, _) = opened(&mut second, json!({ "run": record }));
    assert_eq!(content(&mut second, &uri), json!("oh\n"));
    let error = second.execute_error("draft-tasks.showLog", json!({ "run": "../runs" }));
    assert!(error.to_string().contains("there is no log"), "{error}");
}

#[test]
fn that_are_none_or_were_removed_are_refused() {
    let project = Project::with_tasks("pre-up", &[("bad", "sh -c 'echo oh; exit 1'")]);
    let mut client = client(true);
    let run = failed(&mut client, &project);
    let (uri, log) = opened(&mut client, json!({ "run": run }));
    std::fs::write(std::path::Path::new(&log).with_file_name("secret.txt"), "x").expect("it can be written");
    for (uri, part) in [
        (uri.replace("01-bad.log", "secret.txt"), "is not a log"),
        (uri.replace("01-bad.log", "../../x.log"), "is not a log"),
        (uri.replace("01-bad.log", "02-none.log"), "has been removed"),
        (project.uri.clone(), "is not a log"),
    ] {
        let error = client.request_error("workspace/textDocumentContent", json!({ "uri": uri }));
        assert!(error.to_string().contains(part), "{uri}: {error}");
    }
    std::fs::remove_file(log).expect("it can be removed");
    let error = client.request_error("workspace/textDocumentContent", json!({ "uri": uri }));
    assert!(error.to_string().contains("has been removed"), "{error}");
}
