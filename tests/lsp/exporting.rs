//! Phases as scripts: written as the command line writes them, created by the client, and only where nothing is.

use std::process::Command;

use serde_json::{Value, json};

use crate::client::{Client, Setup};
use crate::creating::created;
use crate::project::{Project, uri};

const EXPORT: &str = "draft-tasks.export";
const TASKS: &str = "[pre-up]\ngreet = \"echo hello $NAME\"\n\n[post-deploy]\na = \"true\"\n";

/// The actions of a place that export.
fn offered(client: &mut Client, project: &Project, line: u64) -> Vec<Value> {
    let place = json!({ "line": line, "character": 2 });
    let actions = client.request(
        "textDocument/codeAction",
        json!({
            "textDocument": { "uri": project.uri }, "range": { "start": place, "end": place },
            "context": { "diagnostics": [], "only": ["draft-tasks.export"] },
        }),
    );
    actions.as_array().expect("actions").clone()
}

#[test]
fn the_action_of_a_header_opens_the_script_that_the_command_line_writes() {
    let project = Project::new(TASKS);
    let mut client = Client::with(|setup| setup.opens_documents = true);
    client.open(&project);
    assert_eq!(offered(&mut client, &project, 1), [Value::Null; 0], "only on the header");
    let actions = offered(&mut client, &project, 0);
    assert_eq!(actions.len(), 1, "{actions:?}");
    assert_eq!(actions[0]["title"], "Export pre-up as script");
    let answer = client.execute(EXPORT, actions[0]["command"]["arguments"][0].clone());
    let script = project.file("pre-up.sh");
    assert_eq!(answer, json!({ "uri": uri(&script), "remarks": [] }));
    let (file, text) = created(&mut client);
    assert_eq!(file, uri(&script));
    let mut tool = Command::new(env!("CARGO_BIN_EXE_draft-tasks"));
    let written =
        tool.args(["export", "sh", "pre-up"]).current_dir(project.path()).output().expect("it runs");
    assert_eq!(text, String::from_utf8(written.stdout).expect("text"));
    assert_eq!(client.asked("window/showDocument")["uri"], json!(file));
    assert!(!script.exists(), "the client writes, not the server");
    std::fs::write(&script, text).expect("a file");
    let mut shell = Command::new("sh");
    let ran =
        shell.arg("pre-up.sh").current_dir(project.path()).env("NAME", "Ann").output().expect("it runs");
    assert_eq!(String::from_utf8_lossy(&ran.stdout), "hello Ann\n");
}

#[test]
fn the_text_of_the_editor_counts() {
    let project = Project::new(TASKS);
    let mut client = Client::start();
    client.open_text(&project.uri, "[cleanup]\na = \"echo not-saved\"\n");
    client.execute(EXPORT, json!({ "uri": project.uri, "phase": "cleanup" }));
    let (_, text) = created(&mut client);
    assert!(text.contains("not-saved"), "{text}");
    let shown = client.notified("window/showMessage", |_| true);
    assert_eq!(shown["message"], json!(project.file("cleanup.sh").display().to_string()));
}

#[test]
fn the_limits_and_the_grace_period_of_the_project_are_kept() {
    let project = Project::new(TASKS);
    project.write(".draft-tasks.config.toml", "[run]\ntimeout = \"60s\"\ngracePeriod = \"7s\"\n");
    let mut client = Client::start();
    client.open_and_wait(&project);
    client.execute(EXPORT, json!({ "uri": project.uri, "phase": "pre-up" }));
    let (_, text) = created(&mut client);
    assert!(text.contains("timeout -k 7 60 "), "{text}");
    client.notified("window/showMessage", |said| said["message"].to_string().contains("pre-up.sh"));
}

#[track_caller]
fn assert_refused(project: &Project, change: impl FnOnce(&mut Setup), parts: &[&str]) -> Value {
    let mut client = Client::with(|setup| {
        setup.own_output = true;
        change(setup);
    });
    client.open_and_wait(project);
    let error = client.execute_error(EXPORT, json!({ "uri": project.uri, "phase": "pre-up" }));
    let message = error["message"].as_str().expect("a message");
    assert!(parts.iter().all(|part| message.contains(part)), "{message}");
    // Settings that are wrong are told, too.
    client.take_all("window/showMessage");
    error
}

#[test]
fn secrets_are_refused_with_the_way_out_of_an_editor() {
    let token = "ghp_0123456789abcdefghijklmnopqrstuvwxyzAB";
    let project = Project::new(&format!(
        "[pre-up]\na = \"echo a\"\nb = \"curl -H 'Authorization: Bearer {token}' x\"\n"
    ));
    let parts = ["the task `b` of `pre-up` has a secret in it", "# draft-tasks: ignore[literal-secret]"];
    let error = assert_refused(&project, |_| {}, &parts);
    assert!(!error.to_string().contains(token), "{error}");
    assert_eq!(error["data"]["location"]["range"]["start"]["line"], 2, "{error}");

    let project = Project::new("[pre-up]\na = \"echo hunter22\"\n");
    let parts = ["the task `a` of `pre-up` has a secret in it", "name in draftTasks.run.public"];
    let error =
        assert_refused(&project, |setup| setup.environment.push(("API_TOKEN", "hunter22".into())), &parts);
    assert!(!error.to_string().contains("--public"), "{error}");

    let project = Project::new(TASKS);
    let mut client = Client::with(|setup| (setup.own_output, setup.configuration) = (true, false));
    let settings = json!({ "settings": { "draftTasks": { "run": { "envFile": "none.env" } } } });
    client.notify("workspace/didChangeConfiguration", settings);
    client.open_and_wait(&project);
    let error = client.execute_error(EXPORT, json!({ "uri": project.uri, "phase": "pre-up" }));
    assert!(error["message"].as_str().is_some_and(|it| it.contains("none.env")), "{error}");
}

#[test]
fn nothing_is_overwritten_and_what_cannot_be_exported_is_refused() {
    let project = Project::new(TASKS);
    project.write("pre-up.sh", "mine");
    assert_refused(&project, |_| {}, &["pre-up.sh already exists; not overwritten"]);
    let options = json!({ "trusted": false });
    assert_refused(&project, |setup| setup.initialization_options = options, &["not trusted"]);
    let by_hand = ["creates no files", "`export sh pre-up`"];
    assert_refused(&project, |setup| setup.creates_files = false, &by_hand);
    assert_refused(&Project::new("[pre-up]\na = \"echo 'x\"\n"), |_| {}, &["`a`"]);
    assert_refused(&Project::new("[pre-up]\na = \"-x\"\n"), |_| {}, &["name it with its folder"]);
    let project = Project::new(TASKS);
    project.write(".draft-tasks.config.toml", "[run]\ntimeout = \"1x\"\n");
    assert_refused(&project, |_| {}, &["has settings that are wrong"]);
}

#[test]
fn other_targets_are_what_the_command_line_writes_and_their_remarks_are_told() {
    let project = Project::new(TASKS);
    for (target, image, name) in [
        ("kubernetes-job", "registry.example/web:1", "post-deploy-job.yaml"),
        ("helm-hook", "{{ .Values.image }}", "post-deploy-hook.yaml"),
    ] {
        let mut client = Client::with(|setup| setup.opens_documents = true);
        client.open_and_wait(&project);
        let argument = json!({
            "uri": project.uri, "phase": "post-deploy", "target": target, "image": image, "envFrom": ["secret/web"],
        });
        let answer = client.execute(EXPORT, argument);
        let (file, text) = created(&mut client);
        assert_eq!(file, uri(&project.file(name)));
        let mut tool = Command::new(env!("CARGO_BIN_EXE_draft-tasks"));
        let arguments = ["export", target, "post-deploy", "--image", image, "--env-from", "secret/web"];
        let written = tool.args(arguments).current_dir(project.path()).output().expect("it runs");
        assert_eq!(text, String::from_utf8(written.stdout).expect("text"));
        let said = client.notified("window/showMessage", |it| it["type"] == 2);
        let remark = answer["remarks"][0].as_str().expect("a remark");
        assert!(remark.contains("1 task runs in every ready pod"), "{remark}");
        assert!(said["message"].as_str().is_some_and(|it| it.contains(remark)), "{said}");
        assert!(String::from_utf8_lossy(&written.stderr).contains(remark));
    }
    let mut client = Client::with(|setup| setup.own_output = true);
    client.open_and_wait(&project);
    for (more, part) in [
        (json!({}), "in which image the tasks run: name it"),
        (json!({ "image": "{{ .Values.image }}" }), "only Helm knows templates"),
        (json!({ "image": "a b" }), "expected the name of an image"),
        (json!({ "target": "sh", "image": "web:1" }), "a script has no image"),
        (json!({ "image": "web:1", "envFrom": ["web"] }), "expected [VARIABLE=]secret/NAME"),
    ] {
        let mut argument = json!({ "uri": project.uri, "phase": "pre-up", "target": "kubernetes-job" });
        argument.as_object_mut().expect("fields").extend(more.as_object().cloned().unwrap_or_default());
        let error = client.execute_error(EXPORT, argument);
        assert!(error["message"].as_str().is_some_and(|it| it.contains(part)), "{error}");
    }
}

#[test]
fn it_is_offered_where_it_can_be_done() {
    let project = Project::new(TASKS);
    for (trusted, creates_files) in [(false, true), (true, false)] {
        let mut client = Client::with(|setup| {
            setup.initialization_options = json!({ "trusted": trusted });
            setup.creates_files = creates_files;
        });
        client.open(&project);
        assert_eq!(offered(&mut client, &project, 0), [Value::Null; 0]);
    }
}
