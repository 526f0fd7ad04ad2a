//! A task that would reach another cluster than the user was asked about, since an earlier one has changed something.

use serde_json::{Value, json};

use crate::client::{Client, Setup};
use crate::project::Project;
use crate::runs::{run, story};

/// Its first task makes the cluster another one, its second leaves the file `ran`.
const TASKS: &str =
    "[pre-up]\nswitch = \"cp other kubeconfig\"\nuse = \"sh -c 'touch ran; false && kubectl get; true'\"\n";

fn kubeconfig(host: &str) -> String {
    format!(
        "current-context: dev\nclusters: [{{name: c, cluster: {{server: 'https://{host}:1'}}}}]\n\
         contexts: [{{name: dev, context: {{cluster: c, user: u}}}}]\nusers: [{{name: u, user: {{}}}}]\n"
    )
}

fn switching(change: impl FnOnce(&mut Setup)) -> (Project, Client) {
    let project = Project::new(TASKS);
    project.write("kubeconfig", &kubeconfig("127.0.0.1"));
    project.write("other", &kubeconfig("cluster.example"));
    let file = project.file("kubeconfig").display().to_string();
    let client = Client::with(|setup| {
        setup.own_output = true;
        setup.environment = vec![("KUBECONFIG", file)];
        change(setup);
    });
    client.open(&project);
    (project, client)
}

#[track_caller]
fn assert_about_the_cluster(question: &Value) {
    let said = question["message"].as_str().expect("a text");
    assert!(
        said.starts_with("Run `use` although it would reach a cluster that nobody was asked about"),
        "{said}"
    );
    assert!(said.contains("(https://cluster.example:1); before the run it was context dev"), "{said}");
    assert_eq!(
        question["actions"],
        json!([{ "title": "Cancel", "isCloseAffordance": true }, { "title": "Run" }])
    );
}

/// What the message at the end of a run says that failed.
#[track_caller]
fn failure(client: &mut Client) -> String {
    let params = client.notified("window/showMessage", |_| true);
    params["message"].as_str().expect("a text").to_owned()
}

#[test]
fn is_asked_for_and_runs_only_with_a_yes() {
    for (chosen, ran) in [(Some("Run"), true), (Some("Cancel"), false), (None, false)] {
        let (project, mut client) = switching(|setup| setup.chooses = chosen);
        let run = run(&mut client, &project, "pre-up");
        let story = story(&mut client, &run);
        assert_eq!(
            story.last().map(String::as_str),
            Some(if ran { "finished passed" } else { "finished failed" })
        );
        assert_about_the_cluster(&client.asked("window/showMessageRequest"));
        assert_eq!(project.file("ran").exists(), ran, "{chosen:?}: {story:?}");
        if !ran {
            let why = failure(&mut client);
            assert!(
                why.contains("nobody was asked about") && why.contains("; it was not confirmed"),
                "{why}"
            );
        }
    }
}

#[test]
fn does_not_start_where_the_client_cannot_ask() {
    let (project, mut client) = switching(|setup| setup.answers = false);
    let run = run(&mut client, &project, "pre-up");
    let id = client.asked_by("window/showMessageRequest");
    let error = json!({ "code": -32601, "message": "no questions here" });
    client.send(&json!({ "jsonrpc": "2.0", "id": id, "error": error }));
    assert_eq!(story(&mut client, &run).last().map(String::as_str), Some("finished failed"));
    let why = failure(&mut client);
    assert!(why.contains("nobody was asked about"), "{why}");
    assert!(why.contains("; the editor cannot ask whether to run `use` although"), "{why}");
    assert!(!project.file("ran").exists(), "{why}");
}

#[test]
fn is_stopped_while_it_is_asked_for() {
    let (project, mut client) = switching(|setup| setup.answers = false);
    let run = run(&mut client, &project, "pre-up");
    let id = client.asked_by("window/showMessageRequest");
    assert_eq!(client.execute("draft-tasks.stop", json!({ "run": run })), json!({ "stopped": 1 }));
    assert_eq!(story(&mut client, &run).last().map(String::as_str), Some("finished stopped"));
    // A yes that comes too late.
    client.send(&json!({ "jsonrpc": "2.0", "id": id, "result": { "title": "Run" } }));
    assert!(client.shut_down().success());
    assert!(!project.file("ran").exists());
}
