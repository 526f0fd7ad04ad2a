//! A server that was killed, and what the next one says of it.

use serde_json::{Value, json};

use crate::client::Client;
use crate::project::Project;
use crate::runs::{own_output, run, wait_for_output};

const WAITS: &str = "sh -c 'echo ready; until test -e go; do sleep 0.05; done'";

/// A server that was killed while a task ran, and the records that it left.
fn killed(project: &Project) -> Client {
    let mut client = own_output();
    client.open_and_wait(project);
    run(&mut client, project, "pre-up");
    wait_for_output(&mut client, "ready");
    client.server_mut().kill().expect("it can be killed");
    client.wait_for_end();
    client
}

/// The next server.
fn after(killed: &Client) -> Client {
    let state = killed.state.path().display().to_string();
    Client::with(|setup| setup.environment.push(("DRAFT_TASKS_STATE_DIR", state)))
}

fn says_so(params: &Value) -> bool {
    params["message"].as_str().is_some_and(|text| text.contains("was interrupted"))
}

#[test]
fn left_a_task_running_and_the_next_one_says_so_until_it_has_ended() {
    let project = Project::with_tasks("pre-up", &[("wait", WAITS)]);
    let mut first = killed(&project);
    for _ in 0..2 {
        let mut next = after(&first);
        let said = next.notified("window/showMessage", says_so);
        assert_eq!(said["type"], json!(2));
        let text = said["message"].as_str().expect("a text");
        let parts = [
            "the run of pre-up of ",
            project.path().to_str().expect("UTF-8"),
            "left running: sh (process ",
            "`kill ",
        ];
        for part in parts.iter().copied().chain([first.state.path().to_str().expect("UTF-8")]) {
            assert!(text.contains(part), "{part}: {text}");
        }
    }
    project.write("go", "");
    first.eventually("the task ends", |client| (client.living() == 0).then_some(()));
    let mut last = after(&first);
    last.shut_down();
    assert_eq!(last.take_all("window/showMessage"), Vec::<Value>::new());
}

fn lenses(client: &mut Client, project: &Project) -> Vec<String> {
    let found = client.about("textDocument/codeLens", &project.uri);
    let titles = found.as_array().into_iter().flatten();
    titles.map(|lens| lens["command"]["title"].as_str().expect("a title").to_owned()).collect()
}

#[test]
fn is_what_lenses_say_of_its_run_and_not_how_an_earlier_one_ended() {
    let tasks = [
        ("first", "true"),
        ("wait", "sh -c 'test -e done || { echo ready; until test -e go; do sleep 0.05; done; }'"),
        ("last", "true"),
    ];
    let project = Project::with_tasks("pre-up", &tasks);
    project.write("done", "");
    let mut first = own_output();
    first.open_and_wait(&project);
    let run_id = run(&mut first, &project, "pre-up");
    first.eventually("it passes", |client| {
        Some(client.told_of_run(&run_id))
            .filter(|told| told["outcome"] == "passed" && told["state"] == "finished")
    });
    std::fs::remove_file(project.file("done")).expect("it is there");
    run(&mut first, &project, "pre-up");
    wait_for_output(&mut first, "ready");
    first.server_mut().kill().expect("it can be killed");
    first.wait_for_end();
    let mut next = after(&first);
    next.open_and_wait(&project);
    let found = next.eventually("the lenses tell it", |client| {
        Some(lenses(client, &project)).filter(|found| found[0].contains("last"))
    });
    assert!(found[0].starts_with("▶ Run pre-up (3 tasks) · last: ■ interrupted, at "), "{found:?}");
    let after_sign = |lens: &str| lens.trim_start_matches("▶ Run · ").to_owned();
    assert!(after_sign(&found[1]).starts_with("✓"), "{found:?}");
    assert_eq!(after_sign(&found[2]), "■ interrupted", "{found:?}");
    next.notified("window/showMessage", says_so);
    project.write("go", "");
    first.eventually("the task ends", |client| (client.living() == 0).then_some(()));
}

#[test]
fn left_nothing_running_which_is_said_once_and_only_in_the_log() {
    let project = Project::with_tasks("pre-up", &[("wait", WAITS)]);
    let mut first = killed(&project);
    project.write("go", "");
    first.eventually("the task ends", |client| (client.living() == 0).then_some(()));
    let mut next = after(&first);
    let said = next.notified("window/logMessage", says_so);
    assert!(!said.to_string().contains("left running"), "{said}");
    assert_eq!(said["type"], json!(3));
    let mut last = after(&first);
    last.shut_down();
    assert!(!last.take_all("window/logMessage").iter().any(says_so));
}

#[test]
fn left_daemons_that_it_had_told_of_before() {
    // The daemon is meant to go on: it was told when its task ended.
    let daemon = "sh -c '(until test -e go; do sleep 0.05; done) >/dev/null 2>&1 &'";
    let project = Project::with_tasks("pre-up", &[("daemon", daemon), ("wait", WAITS)]);
    let mut first = killed(&project);
    let told = first.notified("window/showMessage", |params| params.to_string().contains("left running: sh"));
    let pids = |text: &str| -> Vec<u32> {
        let parts = text.split("process ").skip(1).filter_map(|rest| rest.split(')').next()?.parse().ok());
        parts.collect()
    };
    let mut next = after(&first);
    let said = next.notified("window/showMessage", says_so)["message"].to_string();
    let daemon = pids(&told.to_string());
    assert!(!daemon.is_empty() && !pids(&said).is_empty(), "{told} {said}");
    assert!(daemon.iter().all(|pid| !pids(&said).contains(pid)), "{told} {said}");
    project.write("go", "");
    first.eventually("all ends", |client| (client.living() == 0).then_some(()));
}
