//! Two servers that run the same phases of a file, and a deletion of whose pods nothing is known.

use serde_json::{Value, json};

use crate::client::Client;
use crate::project::Project;
use crate::runs::{own_output, run, story, wait_for_output};

const WAITS: &str = "sh -c 'echo ready; until test -e go; do sleep 0.05; done'";

/// Another server with the folder of records of the first.
fn beside(first: &Client) -> Client {
    let state = first.state.path().display().to_string();
    Client::with(|setup| {
        setup.own_output = true;
        setup.environment.push(("DRAFT_TASKS_STATE_DIR", state));
    })
}

#[test]
fn a_phase_that_one_runs_is_refused_by_the_other_with_the_process() {
    let project = Project::with_tasks("pre-up", &[("wait", WAITS)]);
    let (mut first, phase) = (own_output(), json!({ "uri": project.uri, "phase": "pre-up" }));
    first.open_and_wait(&project);
    let going = run(&mut first, &project, "pre-up");
    wait_for_output(&mut first, "ready");
    let mut second = beside(&first);
    second.open_and_wait(&project);
    let process = format!("process {})", first.server().id());
    for (command, argument, before) in [
        ("draft-tasks.runPhase", phase, "pre-up is already running for this file (started at "),
        (
            "draft-tasks.up",
            json!({ "uri": project.uri, "command": ["true"] }),
            "pre-up is running for this file",
        ),
    ] {
        let refused = second.execute_error(command, argument);
        let said = refused["message"].as_str().expect("a text");
        assert!(said.starts_with(before) && said.contains(&process), "{said}");
    }
    project.write("go", "");
    assert_eq!(story(&mut first, &going).last().map(String::as_str), Some("finished passed"));
    let next = run(&mut second, &project, "pre-up");
    assert_eq!(story(&mut second, &next).last().map(String::as_str), Some("finished passed"));
}

#[test]
fn what_deletes_is_refused_while_up_goes_on() {
    let waits = "sh -c 'touch begun; until test -e go; do sleep 0.05; done'";
    let project = Project::with_tasks("pre-up", &[("wait", waits)]);
    let mut client = Client::with(|setup| setup.old_output = true);
    client.open_and_wait(&project);
    let command = json!({ "uri": project.uri, "command": ["true"] });
    client.execute("draft-tasks.up", command.clone());
    client.eventually("it has begun", |_| project.file("begun").exists().then_some(()));
    let refused = client.execute_error("draft-tasks.delete", command);
    let said = refused["message"].as_str().expect("a text");
    assert!(said.contains("up is running: wait for its end or stop it before delete"), "{said}");
    project.write("go", "");
    client.notified("window/showMessage", |told| told["message"].to_string().contains("all steps passed"));
    client.take_all("window/showMessage");
}

/// An application whose cluster does not answer, and a client that answers its questions with yes.
fn unreachable(tasks: &str) -> (Project, Client) {
    let project = Project::new(tasks);
    project.write("draft.toml", "[environments.development]\nname = \"web\"\n");
    let kubeconfig = "current-context: dev\nclusters: [{name: c, cluster: {server: 'https://127.0.0.1:1'}}]\n\
        contexts: [{name: dev, context: {cluster: c, user: u}}]\nusers: [{name: u, user: {}}]\n";
    project.write("kubeconfig", kubeconfig);
    let kubeconfig = project.file("kubeconfig").display().to_string();
    let mut client = Client::with(|setup| {
        (setup.own_output, setup.chooses) = (true, Some("Run"));
        setup.environment = vec![("KUBECONFIG", kubeconfig), ("DRAFT_ENV", String::new())];
    });
    client.open_and_wait(&project);
    (project, client)
}

#[track_caller]
fn assert_said(client: &mut Client, parts: &[&str]) {
    for part in parts {
        let params = client.notified("window/showMessage", |_| true);
        assert!(params["message"].as_str().is_some_and(|it| it.contains(part)), "{part:?}: {params}");
    }
}

#[test]
fn what_up_lacks_is_said_before_pre_up_and_up_goes_on() {
    let (project, mut client) = unreachable("[pre-up]\nfirst = \"touch first\"\n");
    let command = ["no-such-program"];
    client.execute("draft-tasks.up", json!({ "uri": project.uri, "command": command }));
    assert_said(&mut client, &["the deploy command cannot run yet: program `no-such-program` not found"]);
    let cluster = "cannot reach the cluster of context `dev` (https://127.0.0.1:1)";
    assert_said(&mut client, &[cluster, "up goes on, though it cannot tell afterwards which pods are new"]);
    assert_said(
        &mut client,
        &["up of web failed in the deploy command: no-such-program: program `no-such-program` not found"],
    );
    assert!(project.file("first").exists());
}

#[test]
fn the_end_of_pods_that_cannot_be_asked_for_is_not_awaited() {
    let (project, mut client) = unreachable("[cleanup]\nclean = \"touch cleaned\"\n");
    client.execute("draft-tasks.delete", json!({ "uri": project.uri, "command": ["touch", "deleted"] }));
    let asked = client.asked("window/showMessageRequest");
    assert!(asked["message"].as_str().is_some_and(|it| it.contains("without knowing which pods")), "{asked}");
    // Enter and closing the dialog do nothing.
    assert_eq!(
        asked["actions"],
        json!([{ "title": "Cancel", "isCloseAffordance": true, "details": "delete:\n\n- touch: `touch deleted`\n\ncleanup:\n\n- clean: `touch cleaned`\n" }, { "title": "Run" }])
    );
    let said = [
        "the end of the pods is not awaited, as they cannot be asked for",
        "delete of web: all steps passed",
    ];
    assert_said(&mut client, &said);
    assert!(project.file("deleted").exists() && project.file("cleaned").exists());
    assert_eq!(client.take_all("window/showMessage"), Vec::<Value>::new());
}

#[test]
fn which_cluster_is_asked_is_told_where_no_answer_comes_soon() {
    // Nobody accepts a connection, so none is refused.
    let server = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = format!("http://{}", server.local_addr().expect("an address"));
    let (project, mut client) = unreachable("[cleanup]\nclean = \"true\"\n[post-deploy]\np = \"true\"\n");
    let kubeconfig = std::fs::read_to_string(project.file("kubeconfig"))
        .expect("a file")
        .replace("https://127.0.0.1:1", &address);
    project.write("kubeconfig", &kubeconfig);
    let word = format!("asking the cluster … (context dev, namespace default, {address})");
    for phase in ["cleanup", "post-deploy"] {
        let run = run(&mut client, &project, phase);
        loop {
            let told = client.told_of_run(&run);
            if told["message"].as_str().is_some_and(|said| said.ends_with(&word)) {
                assert_eq!(told["state"], "waiting");
                break;
            }
        }
        let progress =
            |params: &Value| params["value"]["message"].as_str().is_some_and(|it| it.ends_with(&word));
        client.notified("$/progress", progress);
        client.execute("draft-tasks.stop", json!({ "run": run }));
        story(&mut client, &run);
    }
}
