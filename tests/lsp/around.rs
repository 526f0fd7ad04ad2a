//! Quick fixes in the files around a tasks file, applied to real files as an editor would.

use serde_json::{Value, json};

use crate::client::{Client, codes};
use crate::features::{actions, titles};
use crate::project::{Project, uri};
use crate::text::apply;

const TASKS: &str = "[post-deploy]\na = \"true\"\n";

const DRAFT_TOML: &str =
    "# é🚀\r\n[environments.development]\r\nname = \"🚀\" # é\r\nauto-connect = true # 🚀";

const DEPLOYMENT: &str = "kind: Deployment\nspec:\n  template:\n    metadata:\n      labels:\n        app: \"é🚀\"\n    spec:\n      containers:\n      - name: x\n";

/// The fixes of other files than the tasks file, for its first line.
#[track_caller]
fn fixes(client: &mut Client, project: &Project) -> Vec<Value> {
    let mut fixes = actions(client, &project.uri, 0, json!(["quickfix"]));
    fixes.retain(|fix| !fix["title"].as_str().expect("a title").starts_with("Ignore "));
    fixes
}

/// The fix of one file, which an editor without versions gets as plain changes.
fn change<'a>(fix: &'a Value, file: &str) -> &'a Value {
    let changes = fix["edit"]["documentChanges"].as_array().unwrap_or_else(|| panic!("no changes in {fix}"));
    let of_file = |change: &&Value| change["textDocument"]["uri"] == file;
    changes.iter().find(of_file).unwrap_or_else(|| panic!("no change of {file} in {fix}"))
}

/// Waits for the findings of a tasks file that has just been opened.
#[track_caller]
fn open(client: &mut Client, project: &Project, expected: &[&str]) {
    client.open(project);
    client.diagnostics_that(&project.uri, |params| codes(&params["diagnostics"]) == expected);
}

#[test]
fn each_fix_makes_its_finding_go_away() {
    for encoding in ["utf-8", "utf-16", "utf-32"] {
        let mut client = Client::with(|setup| setup.encodings = vec![encoding]);
        let project = Project::new(TASKS);
        project.write("Dockerfile", "COPY . .\n");
        project.write(".dockerignore", "# é🚀\n!.draft-tasks.toml");
        project.write("draft.toml", DRAFT_TOML);
        project.write("charts/app/templates/deployment.yaml", DEPLOYMENT);
        let mut left = vec!["tasks-file-in-image", "auto-connect", "draft-namespace", "chart-labels"];
        open(&mut client, &project, &left);
        while let Some(code) = left.first().copied() {
            let offered = fixes(&mut client, &project);
            assert_eq!(offered.len(), left.len(), "{:?}", titles(&offered));
            let of_code = |fix: &&Value| fix["diagnostics"][0]["code"] == code;
            let fix = offered.iter().find(of_code).unwrap_or_else(|| panic!("no fix of {code}"));
            assert_eq!(
                fix["isPreferred"],
                Value::Null,
                "it changes another file than the one that is looked at"
            );
            let file = fix["edit"]["documentChanges"][0]["textDocument"]["uri"].as_str().expect("a file");
            assert_eq!(change(fix, file)["textDocument"]["version"], Value::Null, "the text on disk counts");
            let path = url::Url::parse(file).expect("a URI").to_file_path().expect("a path");
            let text = std::fs::read_to_string(&path).expect("a text");
            std::fs::write(&path, apply(&text, &change(fix, file)["edits"], encoding))
                .expect("it is written");
            client.notify(
                "workspace/didChangeWatchedFiles",
                json!({ "changes": [{ "uri": file, "type": 2 }] }),
            );
            left.remove(0);
            client.diagnostics_that(&project.uri, |params| codes(&params["diagnostics"]) == left);
        }
        let read = |name: &str| std::fs::read_to_string(project.file(name)).expect("a text");
        assert_eq!(read(".dockerignore"), "# é🚀\n!.draft-tasks.toml\n.draft-tasks.toml\n");
        let named = DRAFT_TOML.replace("# é\r\n", "# é\r\nnamespace = \"default\"\r\n");
        assert_eq!(read("draft.toml"), named.replace("= true", "= false"));
        let labels = "labels:\n        draft: {{ default \"draft-app\" .Values.draft }}";
        let annotations = "annotations:\n        buildID: {{ .Values.buildID }}";
        let labelled = DEPLOYMENT
            .replace("labels:", labels)
            .replace("metadata:", &format!("metadata:\n      {annotations}"));
        assert_eq!(read("charts/app/templates/deployment.yaml"), labelled);
        assert_eq!(read(".draft-tasks.toml"), TASKS);
    }
}

#[test]
fn the_text_in_the_editor_counts() {
    let mut client = Client::start();
    let project = Project::new(TASKS);
    let draft_toml =
        project.write("draft.toml", "[environments.development]\nnamespace = \"a\"\nauto-connect = true\n");
    open(&mut client, &project, &["auto-connect"]);
    let open = "# 1\n[environments.development]\nauto-connect = true\n";
    client.open_text(&draft_toml, open);
    let at = |line: u64| json!({ "line": line, "character": 0 });
    let typed = json!({ "range": { "start": at(0), "end": at(0) }, "text": "# 2\n" });
    client.change(&draft_toml, 7, vec![typed]);
    let offered = fixes(&mut client, &project);
    let edit = change(&offered[0], &draft_toml);
    assert_eq!(edit["textDocument"]["version"], 7);
    let text = format!("# 2\n{open}");
    let after = apply(&text, &edit["edits"], "utf-16");
    assert_eq!(after, text.replace("true", "false"));
    client.replace(&draft_toml, 8, &after);
    assert_eq!(titles(&fixes(&mut client, &project)), Vec::<&str>::new(), "it is fixed, though not saved");
    client.close(&draft_toml);
    let offered = fixes(&mut client, &project);
    assert_eq!(change(&offered[0], &draft_toml)["textDocument"]["version"], Value::Null);
}

#[test]
fn a_saved_file_is_looked_at_also_where_nothing_is_watched() {
    let mut client = Client::with(|setup| setup.watches_files = false);
    let project = Project::new(TASKS);
    let text = "[environments.development]\nnamespace = \"a\"\nauto-connect = true\n";
    let draft_toml = project.write("draft.toml", text);
    open(&mut client, &project, &["auto-connect"]);
    client.open_text(&draft_toml, text);
    project.write("draft.toml", &text.replace("true", "false"));
    client.notify("textDocument/didSave", json!({ "textDocument": { "uri": draft_toml } }));
    client.diagnostics_that(&project.uri, |params| codes(&params["diagnostics"]).is_empty());
}

#[test]
fn a_dockerignore_is_created_where_that_can_be_done() {
    let offered = |creates_files, trusted: bool| {
        let mut client = Client::with(|setup| {
            setup.creates_files = creates_files;
            setup.initialization_options = json!({ "trusted": trusted });
        });
        let project = Project::new(TASKS);
        project.write("Dockerfile", "COPY . .\n");
        open(&mut client, &project, &["tasks-file-in-image"]);
        (fixes(&mut client, &project), uri(&project.file(".dockerignore")))
    };
    let (fixes, dockerignore) = offered(true, true);
    let create = &fixes[0]["edit"]["documentChanges"][0];
    assert_eq!((&create["kind"], &create["uri"]), (&json!("create"), &json!(dockerignore)));
    assert_eq!(create["options"], json!({ "overwrite": false, "ignoreIfExists": false }));
    assert_eq!(change(&fixes[0], &dockerignore)["edits"][0]["newText"], ".draft-tasks.toml\n");
    for (creates_files, trusted) in [(false, true), (true, false)] {
        assert_eq!(titles(&offered(creates_files, trusted).0), Vec::<&str>::new());
    }
}

#[test]
fn a_client_without_versions_gets_plain_changes() {
    let mut client = Client::with(|setup| {
        setup.versions_edits = false;
        setup.creates_files = false;
    });
    let project = Project::new(TASKS);
    let text = "[environments.staging]\nname = \"é\"\n";
    let draft_toml = project.write("draft.toml", text);
    open(&mut client, &project, &["draft-environment"]);
    let offered = fixes(&mut client, &project);
    let edits = &offered[0]["edit"]["changes"][&draft_toml];
    let added = "\n[environments.development]\nname = \"é\"\nnamespace = \"default\"\nwait = true\n";
    assert_eq!(apply(text, edits, "utf-16"), format!("{text}{added}"));
}

#[test]
fn texts_are_asked_for_where_a_client_can_be_asked() {
    let mut client = Client::with(|setup| setup.registers_documents = true);
    let mut registered = |method: &str| loop {
        let registration = client.asked("client/registerCapability")["registrations"][0].clone();
        if registration["method"] == method {
            return registration["registerOptions"].clone();
        }
    };
    let opened = registered("textDocument/didOpen");
    let patterns: Vec<_> =
        opened["documentSelector"].as_array().expect("a list").iter().map(|it| &it["pattern"]).collect();
    assert_eq!(patterns, ["**/{draft.toml,.dockerignore}", "**/charts/*/templates/*.{yaml,yml}"]);
    assert_eq!(registered("textDocument/didChange")["syncKind"], 2);
    assert_eq!(registered("textDocument/didClose"), opened);
}
