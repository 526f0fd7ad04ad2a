//! A task that would reach another cluster than the user was asked about, since an earlier one has changed something or its
//! program is a link to a tool of clusters.

use std::os::unix::fs::{PermissionsExt, symlink};

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
    let details = question["actions"][0]["details"].as_str().expect("all that would run");
    assert!(details.starts_with("pre-up:\n\n- switch: `cp other kubeconfig`\n- use: "), "{details}");
    assert_eq!(
        question["actions"],
        json!([{ "title": "Cancel", "isCloseAffordance": true, "details": details }, { "title": "Run" }])
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
fn a_link_to_a_tool_is_asked_for_right_before_its_task() {
    for (chosen, ran) in [("Run", true), ("Cancel", false)] {
        let project = Project::new("[pre-up]\nbefore = \"touch before\"\nuse = \"k get pods\"\n");
        project.write("bin/kubectl", "#!/bin/sh\ntouch ran\n");
        let kubectl = project.file("bin/kubectl");
        std::fs::set_permissions(&kubectl, PermissionsExt::from_mode(0o755)).expect("a mode");
        symlink("kubectl", project.file("bin/k")).expect("a link");
        project.write("kubeconfig", &kubeconfig("cluster.example"));
        let path = format!("{}:/usr/bin:/bin", project.file("bin").display());
        let mut client = Client::with(|setup| {
            setup.own_output = true;
            setup.chooses = Some(chosen);
            let file = project.file("kubeconfig").display().to_string();
            setup.environment = vec![("KUBECONFIG", file), ("PATH", path)];
        });
        client.open(&project);
        let run = run(&mut client, &project, "pre-up");
        let story = story(&mut client, &run);
        let question = client.asked("window/showMessageRequest")["message"].to_string();
        for said in ["Run `use` although", "as `k` is a link to `kubectl`", "(https://cluster.example:1)"] {
            assert!(question.contains(said), "{said}: {question}");
        }
        assert_eq!(project.file("ran").exists(), ran, "{chosen}: {story:?}");
        assert!(project.file("before").exists(), "{story:?}");
        if !ran {
            let why = failure(&mut client);
            assert!(why.contains("`k` is a link") && why.contains("; it was not confirmed"), "{why}");
        }
    }
}

#[test]
fn the_cluster_of_a_link_is_asked_for_once_and_what_its_user_is_known_by_is_masked() {
    let project = Project::new("[pre-up]\nuse = \"k --kubeconfig other get pods\"\n");
    project.write("bin/kubectl", "#!/bin/sh\necho token of-the-other-one\n");
    let kubectl = project.file("bin/kubectl");
    std::fs::set_permissions(&kubectl, PermissionsExt::from_mode(0o755)).expect("a mode");
    symlink("kubectl", project.file("bin/k")).expect("a link");
    project.write("kubeconfig", &kubeconfig("127.0.0.1"));
    let user = "{name: u, user: {token: of-the-other-one}}";
    project.write("other", &kubeconfig("cluster.example").replace("{name: u, user: {}}", user));
    let path = format!("{}:/usr/bin:/bin", project.file("bin").display());
    let mut client = Client::with(|setup| {
        setup.own_output = true;
        setup.chooses = Some("Run");
        let file = project.file("kubeconfig").display().to_string();
        setup.environment = vec![("KUBECONFIG", file), ("PATH", path)];
    });
    client.open(&project);
    for asked in [1, 0] {
        let run = run(&mut client, &project, "pre-up");
        let story = story(&mut client, &run).join("\n");
        assert!(story.contains("token ***") && story.ends_with("finished passed"), "{story}");
        assert_eq!(client.take_all("window/showMessageRequest").len(), asked, "{story}");
    }
}

#[test]
fn a_cleanup_asks_each_time_for_the_cluster_of_a_link() {
    let project = Project::new(
        "[pre-up]\nuse = \"k --kubeconfig other get pods\"\n[cleanup]\nclean = \"k --kubeconfig other get pods\"\n",
    );
    project.write("bin/kubectl", "#!/bin/sh\ntrue\n");
    let kubectl = project.file("bin/kubectl");
    std::fs::set_permissions(&kubectl, PermissionsExt::from_mode(0o755)).expect("a mode");
    symlink("kubectl", project.file("bin/k")).expect("a link");
    project.write("kubeconfig", &kubeconfig("127.0.0.1"));
    project.write("other", &kubeconfig("cluster.example"));
    let path = format!("{}:/usr/bin:/bin", project.file("bin").display());
    let mut client = Client::with(|setup| {
        setup.own_output = true;
        setup.chooses = Some("Run");
        let file = project.file("kubeconfig").display().to_string();
        setup.environment = vec![("KUBECONFIG", file), ("PATH", path)];
    });
    client.open(&project);
    for (phase, asked) in [("pre-up", 1), ("pre-up", 0), ("cleanup", 1), ("cleanup", 1), ("pre-up", 0)] {
        let run = run(&mut client, &project, phase);
        let story = story(&mut client, &run).join("\n");
        assert!(story.ends_with("finished passed"), "{story}");
        assert_eq!(client.take_all("window/showMessageRequest").len(), asked, "{phase}: {story}");
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
