//! What a user is told of a command that is refused, and what is offered with it.

use std::net::TcpListener;

use serde_json::{Value, json};

use crate::client::Client;
use crate::project::Project;

const BROKEN: &str = "[pre-up]\na = \"true\"\nb = \"echo 'x\"\n[post-deploy]\nc = \"true\"\n";

fn phase(project: &Project, phase: &str) -> Value {
    json!({ "uri": project.uri, "phase": phase })
}

/// The titles of what is offered.
fn offered(asked: &Value) -> Vec<&str> {
    let actions = asked["actions"].as_array().map_or(&[][..], Vec::as_slice);
    actions.iter().map(|action| action["title"].as_str().expect("a title")).collect()
}

#[test]
fn a_client_of_the_bare_protocol_is_told_in_words_and_offered_the_place() {
    let project = Project::new(BROKEN);
    let mut client =
        Client::with(|setup| (setup.opens_documents, setup.chooses) = (true, Some("Show the problem")));
    client.open(&project);
    assert_eq!(client.execute("draft-tasks.runPhase", phase(&project, "pre-up")), Value::Null);
    let asked = client.asked("window/showMessageRequest");
    let message = asked["message"].as_str().expect("a message");
    assert!(message.contains("`b`") && !message.contains("32803"), "{message}");
    assert_eq!(offered(&asked), ["Show the problem"]);
    client.notified("window/logMessage", |told| told["message"] == message);
    let shown = client.asked("window/showDocument");
    assert_eq!((&shown["uri"], &shown["selection"]["start"]["line"]), (&json!(project.uri), &json!(2)));
}

#[test]
fn a_cluster_that_cannot_be_reached_can_be_checked() {
    let project = Project::new("[post-deploy]\nc = \"true\"\n");
    let mut client = Client::with(|setup| {
        setup.chooses = Some("Check Application and Cluster");
        setup.environment = vec![("KUBECONFIG", project.file("none").display().to_string())];
    });
    assert_eq!(client.execute("draft-tasks.runPhase", phase(&project, "post-deploy")), Value::Null);
    assert_eq!(offered(&client.asked("window/showMessageRequest")), ["Check Application and Cluster"]);
    client.notified("window/showMessage", |told| told.to_string().contains("draft.toml"));
}

/// A project whose application is in a cluster that does not answer, of two contexts.
fn unreachable() -> Project {
    let project = Project::new("[post-deploy]\nc = \"true\"\n");
    project.write("draft.toml", "[environments.development]\nname = \"web\"\n");
    let port = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port");
    let config = format!(
        "current-context: one\nclusters: [{{name: c, cluster: {{server: \"https://{port}\"}}}}]\n\
         contexts: [{{name: one, context: {{cluster: c, user: u}}}}, {{name: two, context: {{cluster: c, user: u}}}}]\n\
         users: [{{name: u, user: {{token: t}}}}]\n"
    );
    project.write("config", &config);
    project
}

#[test]
fn a_run_that_is_blocked_tells_why_and_what_helps() {
    let project = unreachable();
    let kubeconfig = ("KUBECONFIG", project.file("config").display().to_string());
    let mut client = Client::with(|setup| {
        setup.own_output = true;
        setup.environment = vec![kubeconfig.clone()];
    });
    client.open(&project);
    let started = client.execute("draft-tasks.runPhase", phase(&project, "post-deploy"));
    let run = started["run"].as_str().expect("a run").to_owned();
    let blocked = client.eventually("it is blocked", |client| {
        Some(client.told_of_run(&run)).filter(|told| told["state"] == "blocked")
    });
    assert!(
        blocked["message"].as_str().is_some_and(|it| it.contains("cannot reach the cluster")),
        "{blocked}"
    );
    let remedy = &blocked["remedy"];
    assert_eq!(remedy["command"]["title"], "Check Application and Cluster");
    assert_eq!(remedy["contextOf"], json!(project.uri));
    client.eventually("it is over", |client| {
        Some(client.told_of_run(&run)).filter(|told| told["state"] == "finished")
    });
    client.shut_down();
    assert_eq!(client.take_all("window/showMessage"), Vec::<Value>::new(), "the client tells it");

    let mut bare = Client::with(|setup| {
        setup.chooses = Some("Check Application and Cluster");
        setup.environment = vec![kubeconfig];
    });
    bare.execute("draft-tasks.runPhase", phase(&project, "post-deploy"));
    let asked = bare.asked("window/showMessageRequest");
    assert!(asked["message"].as_str().is_some_and(|it| it.contains("cannot reach the cluster")), "{asked}");
    assert_eq!(offered(&asked), ["Check Application and Cluster"]);
    bare.notified("window/showMessage", |told| told.to_string().contains("cannot reach the cluster"));
}

#[test]
fn nothing_runs_for_an_application_that_is_not_known() {
    let project = Project::new("[pre-up]\na = \"true\"\n[cleanup]\nb = \"true\"\n");
    let mut client = Client::with(|setup| {
        setup.own_output = true;
        setup.environment = vec![("KUBECONFIG", String::new()), ("DRAFT_ENV", "nope".into())];
    });
    project.write("draft.toml", "[environments.development]\nname = \"web\"\n");
    client.open_and_wait(&project);
    let lasting = json!({ "uri": project.uri, "command": ["true"] });
    let calls = [
        ("draft-tasks.runPhase", phase(&project, "pre-up")),
        ("draft-tasks.runPhase", phase(&project, "cleanup")),
        ("draft-tasks.up", lasting.clone()),
        ("draft-tasks.delete", lasting),
    ];
    let mut refused = |calls: &[(&str, Value)], part: &str| {
        for (command, argument) in calls {
            let error = client.execute_error(command, argument.clone());
            assert!(error.to_string().contains(part), "{command}: {error}");
        }
    };
    refused(&calls, "draft.toml has no environment `nope`");
    project.write("draft.toml", "a = [\n");
    refused(&calls[1..], "is not TOML: ");
}

#[test]
fn another_context_is_offered_where_the_kubeconfig_has_one() {
    let project = Project::new("[post-deploy]\nc = \"true\"\n");
    project.write("draft.toml", "[environments.development]\nname = \"web\"\nnamespace = \"a\"\n");
    let contexts =
        "contexts: [{name: one, context: {cluster: c, namespace: b}}, {name: two, context: {cluster: c}}]\n";
    project.write("config", contexts);
    let mut client = Client::with(|setup| {
        setup.own_output = true;
        setup.environment = vec![("KUBECONFIG", project.file("config").display().to_string())];
    });
    client.open(&project);
    let error = client.execute_error("draft-tasks.runPhase", phase(&project, "post-deploy"));
    assert_eq!(error["data"]["contextOf"], json!(project.uri));
    let target = client.execute("draft-tasks.target", json!({ "uri": project.uri }));
    assert_eq!(target["contexts"], json!(["one", "two"]));
    assert_eq!(target["namespaces"], json!(["a", "b"]));
    // The only one is in use already.
    project.write(
        "config",
        &format!("current-context: one\n{}", contexts.replace(", {name: two, context: {cluster: c}}", "")),
    );
    let error = client.execute_error("draft-tasks.runPhase", phase(&project, "post-deploy"));
    assert_eq!(
        (&error["data"]["contextOf"], &error["data"]["command"]["command"]),
        (&Value::Null, &json!("draft-tasks.doctor"))
    );
}

#[test]
fn without_something_to_offer_it_is_a_message() {
    let project = Project::new(BROKEN);
    let mut client = Client::with(|setup| setup.opens_documents = false);
    for (command, argument, words) in [
        ("draft-tasks.runPhase", phase(&project, "pre-up"), "`b`"),
        ("draft-tasks.runPhase", phase(&project, "cleanup"), "`cleanup`"),
        ("draft-tasks.rerun", json!({}), "nothing has run"),
    ] {
        assert_eq!(client.execute(command, argument), Value::Null);
        client.notified("window/showMessage", |told| told.to_string().contains(words));
    }
}

#[test]
fn a_client_that_shows_runs_has_the_error_and_what_helps() {
    let project = Project::new(BROKEN);
    project.write(".draft-tasks.config.toml", "");
    let mut client = Client::with(|setup| setup.own_output = true);
    client.open(&project);
    let error = client.execute_error("draft-tasks.runPhase", phase(&project, "pre-up"));
    assert_eq!(error["code"], -32803);
    assert_eq!(error["data"]["location"]["range"]["start"]["line"], 2);
    let error = client.execute_error("draft-tasks.runPhase", phase(&project, "post-deploy"));
    let command = &error["data"]["command"];
    assert_eq!(command["command"], "draft-tasks.doctor");
    assert_eq!(command["arguments"], json!([{ "uri": project.uri }]));
    assert_eq!(error["data"]["contextOf"], Value::Null, "without a kubeconfig there is nothing to choose");
    let settings = project.write(".draft-tasks.config.toml", "[run]\ntimeout = \"10x\"\n");
    client.notify("textDocument/didSave", json!({ "textDocument": { "uri": project.uri } }));
    client.notified("window/showMessage", |told| told.to_string().contains("is not a duration"));
    let error = client.execute_error("draft-tasks.runPhase", phase(&project, "pre-up"));
    assert_eq!(error["data"]["location"]["uri"], settings);
}

#[test]
fn no_answer_has_a_value_of_a_kubeconfig_that_cannot_be_read() {
    let project = Project::new("[post-deploy]\nc = \"true\"\n");
    project.write("draft.toml", "[environments.development]\nname = \"web\"\n");
    let (broken, odd) = ("    password: \"not closed\n", "    exec: [zq7Kplugin-9x]\n");
    for rest in [broken, odd] {
        project.write("config", &format!("users:\n- name: u\n  user:\n    token: zq7Ktoken-9x\n{rest}"));
        let mut client = Client::with(|setup| {
            setup.own_output = true;
            setup.environment = vec![("KUBECONFIG", project.file("config").display().to_string())];
        });
        client.open(&project);
        let of_file = json!({ "uri": project.uri, "show": false });
        let mut answers = vec![
            client.execute("draft-tasks.target", of_file.clone()),
            client.execute("draft-tasks.doctor", of_file),
            client.execute_error("draft-tasks.runPhase", phase(&project, "post-deploy")),
        ];
        client.shut_down();
        answers.extend(client.take_all("window/logMessage"));
        let told = Value::from(answers).to_string();
        assert!(told.contains("kubeconfig") && !told.contains("zq7K"), "{told}");
    }
}
