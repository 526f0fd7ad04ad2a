//! Runs that are stopped: in every way there is, with everything that they started.

use serde_json::{Value, json};

use crate::client::Client;
use crate::project::Project;
use crate::runs::{own_output, run, story, wait_for_output};

const WAITS: &str = "sh -c 'sleep 600 & echo ready; sleep 600'";

/// A run whose first task waits.
fn waiting() -> (Client, Project, String) {
    let (mut client, project) =
        (own_output(), Project::with_tasks("pre-up", &[("wait", WAITS), ("next", "echo 2")]));
    client.open(&project);
    let run = run(&mut client, &project, "pre-up");
    wait_for_output(&mut client, "ready");
    (client, project, run)
}

#[track_caller]
fn assert_stopped(client: &mut Client, run: &str) {
    let story = story(client, run);
    assert_eq!(
        story[story.len() - 3..],
        ["taskFinished wait stopped", "taskFinished next skipped", "finished stopped"]
    );
    client.assert_only_server_lives();
}

#[test]
fn by_its_name() {
    let (mut client, _project, run) = waiting();
    assert_eq!(client.execute("draft-tasks.stop", json!({ "run": "run-99" })), json!({ "stopped": 0 }));
    assert_eq!(client.execute("draft-tasks.stop", json!({ "run": run })), json!({ "stopped": 1 }));
    assert_stopped(&mut client, &run);
    assert_eq!(client.execute("draft-tasks.stop", json!({ "run": run })), json!({ "stopped": 0 }));
}

#[test]
fn by_its_file() {
    let (mut client, project, run) = waiting();
    assert_eq!(
        client.execute("draft-tasks.stop", json!({ "uri": "file:///other" })),
        json!({ "stopped": 0 })
    );
    assert_eq!(client.execute("draft-tasks.stop", json!({ "uri": project.uri })), json!({ "stopped": 1 }));
    assert_stopped(&mut client, &run);
}

#[test]
fn by_its_phase_and_the_task_that_runs() {
    let (mut client, project, run) = waiting();
    for (phase, task) in [("cleanup", "wait"), ("pre-up", "other")] {
        let argument = json!({ "uri": project.uri, "phase": phase, "task": task });
        assert_eq!(client.execute("draft-tasks.stop", argument), json!({ "stopped": 0 }));
    }
    let argument = json!({ "uri": project.uri, "phase": "Pre-Up", "task": "wait" });
    assert_eq!(client.execute("draft-tasks.stop", argument), json!({ "stopped": 1 }));
    assert_stopped(&mut client, &run);
}

#[test]
fn with_all_others() {
    let (mut client, _project, run) = waiting();
    let stopped = client.request("workspace/executeCommand", json!({ "command": "draft-tasks.stop" }));
    assert_eq!(stopped, json!({ "stopped": 1 }));
    assert_stopped(&mut client, &run);
}

#[test]
fn by_its_progress() {
    let (mut client, _project, run) = waiting();
    client.notify("window/workDoneProgress/cancel", json!({ "token": 5 }));
    client.notify("window/workDoneProgress/cancel", json!({ "token": "draft-tasks/run-99" }));
    client.notify("window/workDoneProgress/cancel", json!({ "token": format!("draft-tasks/{run}") }));
    assert_stopped(&mut client, &run);
}

#[test]
fn while_nobody_shows_progress() {
    let mut client = Client::with(|setup| (setup.own_output, setup.answers) = (true, false));
    let project = Project::with_tasks("pre-up", &[("wait", WAITS), ("next", "echo 2")]);
    client.open(&project);
    let run = run(&mut client, &project, "pre-up");
    wait_for_output(&mut client, "ready");
    client.execute("draft-tasks.stop", json!({ "run": run }));
    assert_stopped(&mut client, &run);
}

#[test]
fn before_its_first_task_has_started() {
    let (mut client, project) =
        (own_output(), Project::with_tasks("pre-up", &[("wait", WAITS), ("next", "echo 2")]));
    client.open(&project);
    for _ in 0..20 {
        let run = run(&mut client, &project, "pre-up");
        client.execute("draft-tasks.stop", json!({ "run": run }));
        assert_eq!(story(&mut client, &run).last().map(String::as_str), Some("finished stopped"));
    }
    client.assert_only_server_lives();
}

#[test]
fn although_it_ignores_being_asked() {
    let (mut client, project) = (
        own_output(),
        Project::with_tasks(
            "pre-up",
            &[("wait", "sh -c 'trap \"\" TERM; sleep 600 & echo ready; sleep 600; sleep 600'")],
        ),
    );
    client.open(&project);
    let run = run(&mut client, &project, "pre-up");
    wait_for_output(&mut client, "ready");
    client.execute("draft-tasks.stop", json!({ "run": run }));
    assert_eq!(story(&mut client, &run).last().map(String::as_str), Some("finished stopped"));
    let killed = client.notified("window/showMessage", |_| true);
    assert_eq!(killed["message"], "wait: killed, as it did not end within 10.0 s");
    client.assert_only_server_lives();
}

#[test]
fn with_its_last_words() {
    let task = "sh -c 'trap \"echo cleaned up; exit 0\" TERM; echo ready; while :; do sleep 0.05; done'";
    let (mut client, project) = (own_output(), Project::with_tasks("pre-up", &[("wait", task)]));
    client.open(&project);
    let run = run(&mut client, &project, "pre-up");
    wait_for_output(&mut client, "ready");
    client.execute("draft-tasks.stop", json!({ "run": run }));
    let story = story(&mut client, &run);
    assert!(story.contains(&"wait stdout: cleaned up".to_owned()), "{story:?}");
    assert_eq!(story.last().map(String::as_str), Some("finished stopped"));
}

#[test]
fn leaves_no_diagnostic_and_says_so_to_a_plain_client() {
    let mut client = Client::with(|setup| setup.plain());
    let project = Project::with_tasks("pre-up", &[("wait", WAITS)]);
    client.open_and_wait(&project);
    run(&mut client, &project, "pre-up");
    client.notified("window/logMessage", |params| {
        params["message"].as_str().is_some_and(|text| text.contains("ready"))
    });
    client.execute("draft-tasks.stop", Value::Null);
    let message = client.notified("window/showMessage", |_| true);
    assert!(message["message"].as_str().is_some_and(|text| text.contains("1 stopped")), "{message}");
    assert_eq!(client.take_all("textDocument/publishDiagnostics"), Vec::<Value>::new());
}

#[test]
fn leaves_other_runs_and_what_they_started_alone() {
    let task = "sh -c 'setsid sleep 600 & echo ready; sleep 600'";
    let (mut client, first) =
        (own_output(), Project::with_tasks("pre-up", &[("wait", task), ("next", "echo 2")]));
    let second = Project::with_tasks("pre-up", &[("wait", task), ("next", "echo 2")]);
    client.open(&first);
    client.open(&second);
    let runs = [&first, &second].map(|project| {
        let run = run(&mut client, project, "pre-up");
        wait_for_output(&mut client, "ready");
        run
    });
    // The server, and a shell and two sleeps for each run.
    client.eventually("both runs", |client| (client.living() == 7).then_some(()));
    client.execute("draft-tasks.stop", json!({ "run": runs[0] }));
    assert_eq!(story(&mut client, &runs[0]).last().map(String::as_str), Some("finished stopped"));
    assert_eq!(client.living(), 4);
    client.execute("draft-tasks.stop", json!({ "run": runs[1] }));
    assert_stopped(&mut client, &runs[1]);
}
