//! What a client's own views are made from: the tasks of a file, some of them run as one run, and templates.

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::client::Client;
use crate::project::{Project, uri};
use crate::runs::{own_output, story};
use crate::text::apply;

const TASKS: &str = "draft-tasks.tasks";
const RUN_TASKS: &str = "draft-tasks.runTasks";

const TEXT: &str = "# first\n[pre-up]\na = \"echo 1\"\n\"the b\" = 'echo 2'\nwrong = 5\n\n[post-up]\n\n[other]\nx = \"y\"\n\n\
                    [Cleanup]\nc = \"true\"\n";

fn outline(text: &str) -> Value {
    let (project, mut client) = (Project::new(text), Client::start());
    let answer = client.execute(TASKS, json!({ "uri": project.uri }));
    client.open(&project);
    assert_eq!(client.execute(TASKS, json!({ "uri": project.uri })), answer, "open as on disk");
    answer
}

#[test]
fn phases_that_have_tasks_with_their_lines() {
    let pre_up = json!({ "phase": "pre-up", "line": 1, "tasks": [
        { "task": "a", "command": "echo 1", "line": 2 },
        { "task": "the b", "command": "echo 2", "line": 3 },
    ] });
    let cleanup =
        json!({ "phase": "cleanup", "line": 11, "tasks": [{ "task": "c", "command": "true", "line": 12 }] });
    assert_eq!(outline(TEXT), json!({ "phases": [pre_up, cleanup] }));
    assert_eq!(outline(""), json!({ "phases": [] }));
}

#[test]
fn a_phase_without_a_header_is_where_its_first_task_is() {
    let task = json!({ "task": "a", "command": "true", "line": 1 });
    let phase = json!({ "phase": "pre-up", "line": 1, "tasks": [task] });
    assert_eq!(outline("\npre-up.a = \"true\"\n"), json!({ "phases": [phase] }));
}

#[test]
fn the_text_of_the_editor_goes_before_that_of_the_file() {
    let (project, mut client) = (Project::new(""), Client::start());
    client.open_text(&project.uri, "[pre-up]\na = \"true\"\n");
    let answer = client.execute(TASKS, json!({ "uri": project.uri }));
    assert_eq!(answer["phases"][0]["tasks"][0]["task"], "a");
}

#[test]
fn some_tasks_are_one_run_in_the_order_of_the_file() {
    let (project, mut client) =
        (Project::new("[pre-up]\na = \"echo 1\"\nb = \"echo 2\"\nc = \"echo 3\"\n"), own_output());
    client.open(&project);
    let tasks = json!([{ "task": "c", "command": "echo 3" }, { "task": "a" }]);
    let answer = client.execute(RUN_TASKS, json!({ "uri": project.uri, "phase": "pre-up", "tasks": tasks }));
    let run = answer["run"].as_str().expect("a run").to_owned();
    assert_eq!(
        story(&mut client, &run),
        [
            "started",
            "taskStarted a",
            "a stdout: 1",
            "taskFinished a passed",
            "taskStarted c",
            "c stdout: 3",
            "taskFinished c passed",
            "finished passed",
        ]
    );
}

#[test]
fn tasks_that_are_not_those_that_were_seen_do_not_run() {
    let (project, mut client) = (Project::new("[pre-up]\na = \"echo 1\"\nb = \"echo 2\"\n"), own_output());
    client.open(&project);
    for (tasks, code, message) in [
        (json!([{ "task": "a" }, { "task": "b", "command": "echo 5" }]), -32803, "has changed"),
        (json!([{ "task": "x" }]), -32803, "x"),
        (json!([]), -32602, "no task is named"),
    ] {
        let argument = json!({ "uri": project.uri, "phase": "pre-up", "tasks": tasks });
        let error = client.execute_error(RUN_TASKS, argument);
        assert_eq!(error["code"], code, "{error}");
        assert!(error["message"].as_str().is_some_and(|it| it.contains(message)), "{error}");
    }
    let mut client = Client::with(|setup| setup.initialization_options = json!({ "trusted": false }));
    let argument = json!({ "uri": project.uri, "phase": "pre-up", "tasks": [{ "task": "a" }] });
    let error = client.execute_error(RUN_TASKS, argument);
    assert!(error["message"].as_str().is_some_and(|it| it.contains("not trusted")), "{error}");
}

#[test]
fn each_template_makes_a_file() {
    let (home, folder) = (TempDir::new().expect("a directory"), TempDir::new().expect("a directory"));
    let pack = home.path().join("packs/github.com/Azure/draft/packs/go");
    std::fs::create_dir_all(&pack).expect("a directory");
    std::fs::write(pack.join("tasks.toml"), "[pre-up]\na = \"from the pack\"\n").expect("a file");
    let mut client = Client::with(|setup| {
        setup.environment.push(("DRAFT_HOME", home.path().display().to_string()));
    });
    let answer = client.execute("draft-tasks.templates", json!({}));
    let templates = answer["templates"].as_array().expect("templates").clone();
    let mut texts = Vec::new();
    for template in &templates {
        let argument =
            json!({ "uri": uri(folder.path()), "pack": template["pack"], "example": template["example"] });
        client.execute("draft-tasks.create", argument);
        let asked = client.asked("workspace/applyEdit");
        texts.push(apply("", &asked["edit"]["documentChanges"][1]["edits"], "utf-16"));
    }
    let titles: Vec<_> = templates.iter().map(|it| it["title"].as_str().unwrap_or_default()).collect();
    assert_eq!(
        titles,
        ["The phases, with comments", "The example of DEP-8", "Pack github.com/Azure/draft/go"]
    );
    for (text, wanted) in
        texts.iter().zip(["# There is no shell", "friendly msg for no reason", "from the pack"])
    {
        assert!(text.contains(wanted), "{text}");
    }
}
