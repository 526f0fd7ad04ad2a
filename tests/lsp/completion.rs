//! What can be typed, as the client shows and inserts it.

use serde_json::{Value, json};

use crate::client::{Client, at};
use crate::project::Project;
use crate::text::{apply, length};

#[track_caller]
fn complete(client: &mut Client, uri: &str, line: u64, character: u64) -> Vec<Value> {
    let answer = client.request("textDocument/completion", at(uri, line, character));
    answer.as_array().unwrap_or_else(|| panic!("no list: {answer}")).clone()
}

fn labels(items: &[Value]) -> Vec<&str> {
    items.iter().map(|item| item["label"].as_str().expect("a label")).collect()
}

#[test]
fn an_empty_file_offers_the_phases_of_the_specification_first() {
    let (mut client, project) = (Client::start(), Project::new(""));
    client.open(&project);
    let items = complete(&mut client, &project.uri, 0, 0);
    assert_eq!(labels(&items)[..3], ["[pre-up]", "[post-deploy]", "[cleanup]"]);
    assert!(!labels(&items).contains(&"[post-up]"), "no Draft runs it");
    let mut sorted = items.clone();
    sorted.sort_by_key(|item| item["sortText"].as_str().expect("a text to sort by").to_owned());
    assert_eq!(sorted, items, "clients that sort show the same order");
}

#[test]
fn snippets_are_only_for_clients_that_know_them() {
    for snippets in [true, false] {
        let mut client = Client::with(|setup| setup.snippets = snippets);
        let project = Project::new("");
        client.open(&project);
        for item in complete(&mut client, &project.uri, 0, 0) {
            let text = item["textEdit"]["newText"].as_str().expect("a text");
            assert_eq!(item["insertTextFormat"], if snippets { 2 } else { 1 });
            assert_eq!(text.contains("${1:"), snippets && item["label"] != "the example of DEP-8", "{item}");
        }
        let first = &complete(&mut client, &project.uri, 0, 0)[0];
        let text = if snippets {
            "[pre-up]\n\"${1:description}\" = \"${2:command}\""
        } else {
            "[pre-up]\n\"description\" = \"command\""
        };
        assert_eq!(first["textEdit"]["newText"], text);
    }
}

#[test]
fn what_is_inserted_is_a_valid_file() {
    let mut client = Client::with(|setup| setup.snippets = false);
    let project = Project::new("");
    client.open(&project);
    let mut version = 1;
    for item in complete(&mut client, &project.uri, 0, 0) {
        version += 1;
        let text = apply("", &json!([item["textEdit"]]), "utf-16");
        client.replace(&project.uri, version, &text);
        // The example of the specification is of the time of Helm 2, and is told so.
        let found = client.diagnostics(&project.uri, version);
        let worth_fixing = |found: &Value| found["severity"].as_u64() < Some(3);
        assert!(!found.as_array().unwrap().iter().any(worth_fixing), "{text}: {found}");
    }
}

#[test]
fn what_was_typed_is_replaced() {
    for (text, line, character, inserted) in [
        ("[cl", 0, 3, "[cleanup]"),
        ("[cl]\n", 0, 3, "[cleanup]"),
        ("cl", 0, 2, "[cleanup]"),
        ("# é🚀\r\n  [cl", 1, 5, "[cleanup]"),
        ("[", 0, 1, "[cleanup]"),
        ("[\"cl\"]", 0, 4, "[cleanup]"),
        ("['cl' ]\n", 0, 4, "[cleanup]"),
    ] {
        let mut client = Client::with(|setup| setup.snippets = false);
        let project = Project::new(text);
        client.open(&project);
        let items = complete(&mut client, &project.uri, line, character);
        let item = items
            .iter()
            .find(|item| item["label"] == "[cleanup]")
            .unwrap_or_else(|| panic!("{text}: {items:?}"));
        let after = apply(text, &json!([item["textEdit"]]), "utf-16");
        assert!(
            after.contains(inserted) && !after.contains("[[") && !after.contains("]]"),
            "{text:?} became {after:?}"
        );
        assert_eq!(after.matches("cl").count(), 1, "{text:?} became {after:?}");
        assert!(toml::from_str::<toml::Table>(&after).is_ok(), "{text:?} became {after:?}");
    }
}

#[test]
fn follows_the_edits() {
    let (mut client, project) = (Client::start(), Project::new(""));
    client.open(&project);
    let text = "[pre-up]\na = \"b\"\n\n[cleanup]\nc = \"d\"\n\n";
    client.replace(&project.uri, 2, text);
    let items = complete(&mut client, &project.uri, 6, 0);
    assert!(labels(&items).contains(&"[post-deploy]"), "{items:?}");
    assert!(!labels(&items).contains(&"[pre-up]") && !labels(&items).contains(&"[cleanup]"), "{items:?}");
    client.replace(&project.uri, 3, "# \n");
    assert_eq!(complete(&mut client, &project.uri, 0, 2), Vec::<Value>::new(), "inside of a comment");
}

/// What is offered inside of a command, each with the line that it makes.
#[track_caller]
fn complete_command(
    client: &mut Client,
    project: &Project,
    line: u64,
    before: &str,
    encoding: &'static str,
) -> Vec<(String, String)> {
    let text = project.text.lines().nth(line as usize).expect("a line");
    let end = text.find(before).expect("the text") + before.len();
    let character = length(&text[..end], encoding) as u64;
    let answer = client.request("textDocument/completion", at(&project.uri, line, character));
    let items = answer["items"].as_array().unwrap_or_else(|| panic!("no list: {answer}"));
    let shown = items.iter().map(|item| {
        let after = apply(&project.text, &json!([item["textEdit"]]), encoding);
        let filter = item["filterText"].as_str().or(item["label"].as_str()).expect("a text");
        assert_eq!(
            item["textEdit"]["newText"], filter,
            "what is typed is compared with what will stand there"
        );
        (
            item["label"].as_str().expect("a label").to_owned(),
            after.lines().nth(line as usize).expect("a line").to_owned(),
        )
    });
    shown.collect()
}

fn executable(project: &Project, name: &str) {
    use std::os::unix::fs::PermissionsExt;
    project.write(name, "#!/bin/sh\n");
    std::fs::set_permissions(project.file(name), std::fs::Permissions::from_mode(0o755)).expect("a mode");
}

const COMMANDS: &str = "[pre-up]\na = \"make é🚀 te\"\nb = 'npm run b'\nc = \"cat 'é🚀' d/\"\nd = \"dt-\"\ne = \"./r\"\nf = \"echo 🚀 $DT_\"\ng = \"\"\n";

fn commands() -> (Project, Project) {
    let project = Project::new(COMMANDS);
    project.write("Makefile", "test: x\ntest2:\nother:\n");
    project.write("package.json", r#"{ "scripts": { "build": "tsc", "x": "y" } }"#);
    project.write("d/it's \"é\".txt", "");
    project.write("d/.hidden", "");
    project.write("d/sub/x", "");
    executable(&project, "run.sh");
    project.write("read.txt", "");
    let path = Project::new("");
    executable(&path, "dt-program");
    path.write("dt-text", "");
    (project, path)
}

#[test]
fn inside_of_a_command_is_offered_what_there_is() {
    for encoding in ["utf-8", "utf-16", "utf-32"] {
        let (project, path) = commands();
        let mut client = Client::with(|setup| {
            setup.encodings = vec![encoding];
            setup.environment = vec![
                ("PATH", path.path().display().to_string()),
                ("DT_TOKEN", "hunter2".into()),
                ("DT_NAME", "ann".into()),
            ];
        });
        client.open(&project);
        let mut offered = |line, before| {
            let found = complete_command(&mut client, &project, line, before, encoding);
            found.into_iter().map(|(_, line)| line).collect::<Vec<_>>()
        };
        assert_eq!(offered(1, " te"), ["a = \"make é🚀 test\"", "a = \"make é🚀 test2\""], "{encoding}");
        assert_eq!(offered(2, "run b"), ["b = 'npm run build'"]);
        assert_eq!(
            offered(3, "d/"),
            ["c = \"cat 'é🚀' d/it\\\\'s\\\\ \\\\\\\"é\\\\\\\".txt\"", "c = \"cat 'é🚀' d/sub/\""]
        );
        assert_eq!(offered(4, "dt-"), ["d = \"dt-program\""]);
        assert_eq!(offered(5, "./r"), ["e = \"./run.sh\""]);
        assert_eq!(offered(6, "$DT_"), ["f = \"echo 🚀 $DT_NAME\"", "f = \"echo 🚀 $DT_TOKEN\""]);
        assert_eq!(offered(7, "g = \""), ["g = \"./run.sh\"", "g = \"dt-program\""]);
        let answer = client.request("textDocument/completion", at(&project.uri, 6, 17));
        assert!(!answer.to_string().contains("hunter2"), "{answer}");
    }
}

#[test]
fn a_space_asks_only_for_targets_and_scripts() {
    let project = Project::new(
        "# a \n[pre-up]\na = \"make \"\nb = 'npm run '\nc = \"cat \"\nd = \" \"\n\n[post-deploy]\ne = \"make \"\n",
    );
    project.write("Makefile", "test: x\n");
    project.write("package.json", r#"{ "scripts": { "build": "tsc" } }"#);
    let mut client = Client::start();
    client.open(&project);
    let mut offered = |line, character| {
        let mut params = at(&project.uri, line, character);
        params["context"] = json!({ "triggerKind": 2, "triggerCharacter": " " });
        let answer = client.request("textDocument/completion", params);
        answer["items"]
            .as_array()
            .map(|items| labels(items).iter().map(|it| it.to_string()).collect::<Vec<_>>())
    };
    assert_eq!(offered(2, 10), Some(vec!["test".into()]));
    assert_eq!(offered(3, 13), Some(vec!["build".into()]));
    for (line, character) in [(0, 4), (2, 2), (2, 4), (4, 9), (5, 6), (6, 0), (8, 10)] {
        assert_eq!(offered(line, character), None, "{line}:{character}");
    }
}

#[test]
fn variables_of_settings_are_offered_and_those_of_the_file_only_with_trust() {
    for trusted in [true, false] {
        let project = Project::new("[pre-up]\na = \"echo $DT_\"\n");
        project.write(".env", "DT_FILE=hunter2-2\n");
        let mut client = Client::with(|setup| {
            setup.configuration = false;
            setup.initialization_options = json!({ "trusted": trusted });
        });
        let run = json!({ "env": { "DT_SET": "ann" }, "envFile": ".env" });
        let settings = json!({ "settings": { "draftTasks": { "run": run } } });
        client.notify("workspace/didChangeConfiguration", settings);
        client.open_and_wait(&project);
        let expected = if trusted { vec!["$DT_FILE", "$DT_SET"] } else { vec!["$DT_SET"] };
        let answer = client.eventually("the variables", |client| {
            let answer = client.request("textDocument/completion", at(&project.uri, 1, 14));
            (labels(answer["items"].as_array().expect("a list")) == expected).then_some(answer)
        });
        assert!(answer.to_string().contains("ann") && !answer.to_string().contains("hunter2"), "{answer}");
    }
}

#[test]
fn what_tasks_are_told_is_offered_with_its_value_or_its_meaning() {
    let project = Project::new("[pre-up]\na = \"echo $DRAFT_TASKS_\"\n");
    project.write("draft.toml", "[environments.development]\nname = \"shop\"\n");
    let mut client =
        Client::with(|setup| setup.environment = vec![("DRAFT_TASKS_BUILD", "of an outer run".into())]);
    client.open_and_wait(&project);
    let items = client.eventually("the application", |client| {
        let answer = client.request("textDocument/completion", at(&project.uri, 1, 23));
        answer.to_string().contains("shop").then_some(answer)
    });
    let items = items["items"].as_array().expect("a list");
    for name in ["CONTEXT", "NAMESPACE", "APPLICATION", "ENVIRONMENT", "BUILD", "PHASE"] {
        assert!(labels(items).contains(&format!("$DRAFT_TASKS_{name}").as_str()), "{name}: {items:?}");
    }
    let shown = json!(items).to_string();
    assert!(shown.contains("the build of the pods") && !shown.contains("outer run"), "{shown}");
}

#[test]
fn a_program_that_comes_later_is_found() {
    let (project, path) = commands();
    let mut client = Client::with(|setup| {
        setup.environment = vec![("PATH", path.path().display().to_string())];
    });
    client.open(&project);
    assert_eq!(complete_command(&mut client, &project, 4, "dt-", "utf-16").len(), 1);
    executable(&path, "dt-later");
    client.eventually("the new program", |client| {
        (complete_command(client, &project, 4, "dt-", "utf-16").len() == 2).then_some(())
    });
}

#[test]
fn without_trust_nothing_of_the_workspace_is_looked_at() {
    let (project, path) = commands();
    let mut client = Client::with(|setup| {
        setup.initialization_options = json!({ "trusted": false });
        setup.environment = vec![("PATH", path.path().display().to_string()), ("DT_NAME", "ann".into())];
    });
    client.open(&project);
    for (line, before) in [(1, " te"), (2, "run b"), (3, "d/"), (4, "dt-"), (5, "./r"), (7, "g = \"")] {
        assert_eq!(complete_command(&mut client, &project, line, before, "utf-16"), [], "{line}");
    }
    assert_eq!(complete_command(&mut client, &project, 6, "$DT_", "utf-16").len(), 1);
}

#[test]
fn an_empty_file_offers_the_tasks_files_of_packs() {
    let home = tempfile::TempDir::new().expect("a directory");
    let pack = home.path().join("packs/github.com/Azure/draft/packs/go");
    std::fs::create_dir_all(&pack).expect("a directory");
    std::fs::write(pack.join("tasks.toml"), "[pre-up]\na = \"echo $HOME\"\n").expect("a file");
    let mut client = Client::with(|setup| {
        setup.environment.push(("DRAFT_HOME", home.path().display().to_string()));
        setup.snippets = false;
    });
    let project = Project::new("");
    client.open(&project);
    let items = complete(&mut client, &project.uri, 0, 0);
    let last = items.last().expect("completions");
    assert_eq!(last["label"], "copy from pack github.com/Azure/draft/go");
    assert_eq!(last["textEdit"]["newText"], "[pre-up]\na = \"echo $HOME\"\n");
}
