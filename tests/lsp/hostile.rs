//! A folder that somebody made to do harm: opening and looking at it starts nothing, connects to nothing, waits for
//! nothing, and shows nothing that an editor would obey.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::Command;

use serde_json::{Value, json};

use crate::client::{Client, at};
use crate::project::Project;

const TEXT: &str = "[pre-up]\n\"\\u001b[2J\\u009b\\u200b\\u2066![x](http://127.0.0.1:9/x.png)[run](command:evil)\" = \"./evil [go](command:evil) \u{200b}\u{202e}\\u001b]0;x\\u0007 `x` <img src=x>\"\n\
    helm = \"helm install ./evil\"\nmake = \"make all\"\nnpm = \"npm run x\"\nsh = \"sh pipe $X\"\n\
    [post-deploy]\na = \"./evil\"\n[cleanup]\nb = \"kubectl delete ns x\"\n";

/// Everything beside the tasks file is something else than it should be.
fn folder() -> Project {
    let project = Project::new(TEXT);
    let file = |name: &str| project.file(name);
    for pipe in ["pipe", ".draft-tasks.config.toml", "package.json", "Dockerfile"] {
        assert!(Command::new("mkfifo").arg(file(pipe)).status().expect("mkfifo").success());
    }
    for (link, target) in [
        ("draft.toml", "/dev/zero"),
        ("Makefile", "/dev/zero"),
        (".dockerignore", "/dev/urandom"),
        ("charts", "/etc"),
        (".env", "/dev/zero"),
        ("loop", "loop"),
    ] {
        symlink(target, file(link)).expect("a link");
    }
    for program in ["evil", "helm", "kubectl", "make", "npm", "git", "sh"] {
        project.write(program, &format!("#!/bin/sh\ntouch {}\n", file("started").display()));
        fs::set_permissions(file(program), fs::Permissions::from_mode(0o755)).expect("permissions");
    }
    project
}

/// Asks for all that an editor shows without being told to run something.
fn look(client: &mut Client, project: &Project) -> Vec<Value> {
    client.open_and_wait(project);
    let told = client.notified("window/showMessage", |_| true);
    assert!(told["message"].as_str().is_some_and(|it| it.contains("config.toml: it is not a regular file")));
    let uri = &project.uri;
    let mut shown = Vec::new();
    for (line, text) in TEXT.lines().enumerate() {
        for character in (0..text.encode_utf16().count()).step_by(3) {
            let place = at(uri, line as u64, character as u64);
            for method in ["hover", "completion", "definition", "documentHighlight"] {
                shown.push(client.request(&format!("textDocument/{method}"), place.clone()));
            }
        }
    }
    for method in
        ["documentSymbol", "codeLens", "documentLink", "foldingRange", "semanticTokens/full", "formatting"]
    {
        let mut params = json!({ "textDocument": { "uri": uri } });
        if method == "formatting" {
            params["options"] = json!({ "tabSize": 2, "insertSpaces": true });
        }
        shown.push(client.request(&format!("textDocument/{method}"), params));
    }
    let all = json!({ "start": { "line": 0, "character": 0 }, "end": { "line": 99, "character": 0 } });
    let mut params = json!({ "textDocument": { "uri": uri }, "range": all });
    shown.push(client.request("textDocument/inlayHint", params.clone()));
    params["context"] = json!({ "diagnostics": [] });
    shown.push(client.request("textDocument/codeAction", params));
    client.notify("textDocument/didSave", json!({ "textDocument": { "uri": uri } }));
    shown.push(client.hover(uri, 0, 3));
    shown
}

/// All Markdown in an answer.
fn markdown(answer: &Value, found: &mut Vec<String>) {
    match answer {
        Value::Object(object) if object.get("kind") == Some(&json!("markdown")) => {
            found.extend(object["value"].as_str().map(str::to_owned));
        }
        Value::Object(object) => object.values().for_each(|value| markdown(value, found)),
        Value::Array(list) => list.iter().for_each(|value| markdown(value, found)),
        _ => {}
    }
}

fn settings() -> Value {
    json!({ "run": { "envFile": [".env"] }, "kubernetes": { "selector": "app=x" } })
}

#[test]
fn shows_nothing_that_an_editor_would_obey() {
    let project = folder();
    let mut client = Client::with(|setup| setup.settings = settings());
    let shown = look(&mut client, &project);
    let mut texts = Vec::new();
    shown.iter().for_each(|answer| markdown(answer, &mut texts));
    assert!(texts.len() > 20, "{texts:?}");
    for text in texts {
        assert!(!text.contains(steers), "{text:?}");
        let outside = outside_of_code(&text);
        for active in ["](command:", "](http", "<img"] {
            assert!(!outside.contains(active), "{active} in {text}");
        }
    }
    assert!(!project.file("started").exists());
}

#[test]
fn nothing_that_is_told_steers_a_terminal() {
    let project = Project::new(
        "\"\\u001bs\" = \"x\"\n[\"\\u001b[31mx\\u009b\\u202e\\u200b\"]\n\"\\u001ba\" = \"b\\u009b\\u2066\"\n\
         [pre-up]\n\"[x](command:evil) ![i](http://e/x.png) <b>\\u001b\" = \"false x\"\n",
    );
    project.write(".draft-tasks.config.toml", "\"\\u001b[31mx\\u009b\" = 1\n");
    let mut client = Client::start();
    client.open_and_wait(&project);
    let uri = &project.uri;
    let mut told = vec![
        client.notified("window/showMessage", |_| true),
        client.hover(uri, 1, 3),
        client.hover(uri, 4, 3),
        client.request("textDocument/documentSymbol", json!({ "textDocument": { "uri": uri } })),
        client.request("workspace/symbol", json!({ "query": "" })),
        client.execute_error("draft-tasks.runPhase", json!({ "uri": uri, "phase": "pre-up" })),
    ];
    let plan = client.execute("draft-tasks.plan", json!({ "uri": uri, "phase": "pre-up" }));
    told.push(client.notified("window/showMessage", |_| true));
    let markdown = plan["markdown"].as_str().expect("Markdown");
    for active in ["](", "<b>"] {
        assert!(!outside_of_code(markdown).contains(active), "{markdown}");
    }
    told.push(plan["markdown"].clone());
    for answer in told {
        assert_steers_nothing(&answer);
    }
}

fn steers(character: char) -> bool {
    character.is_control() && character != '\n' || ['\u{200b}', '\u{202e}', '\u{2066}'].contains(&character)
}

#[track_caller]
fn assert_steers_nothing(answer: &Value) {
    match answer {
        Value::String(text) => {
            assert!(!text.contains(steers), "{text:?}");
        }
        Value::Object(object) => object.values().for_each(assert_steers_nothing),
        Value::Array(list) => list.iter().for_each(assert_steers_nothing),
        _ => {}
    }
}

/// Markdown without what stands between backticks.
fn outside_of_code(text: &str) -> String {
    let mut outside = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('`') {
        outside += &rest[..at];
        let ticks = rest[at..].len() - rest[at..].trim_start_matches('`').len();
        let fence = &rest[at..at + ticks];
        let inner = &rest[at + ticks..];
        match inner.find(fence) {
            Some(end) => rest = &inner[end + ticks..],
            None => {
                outside += fence;
                rest = inner;
            }
        }
    }
    outside + rest
}

/// `strace` tells it, which is a program of its own: where there is none, `make test-all` has installed one.
#[test]
#[ignore = "needs strace"]
fn starts_nothing_and_connects_to_nothing() {
    for trusted in [true, false] {
        let project = folder();
        let folder_of_trace = tempfile::TempDir::new().expect("a directory");
        let trace = folder_of_trace.path().join("trace");
        let mut client = Client::with(|setup| {
            setup.settings = settings();
            setup.initialization_options = json!({ "trusted": trusted });
            setup.trace = Some(trace.clone());
        });
        look(&mut client, &project);
        client.shut_down();
        let trace = fs::read_to_string(trace).expect("strace wrote it");
        let calls = |name: &str| trace.lines().filter(|line| line.contains(name)).collect::<Vec<_>>();
        let [started] = calls("execve(")[..] else { panic!("{trace}") };
        assert!(started.contains("draft-tasks\""), "{started}");
        assert_eq!(calls("connect("), [""; 0]);
        assert!(!project.file("started").exists());
    }
}
