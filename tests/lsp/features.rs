//! Hover, outline, quick fixes and format, as the client gets them.

use serde_json::{Value, json};

use crate::client::Client;
use crate::project::Project;
use crate::text::apply;

#[track_caller]
fn hovered(client: &mut Client, project: &Project, line: u64, character: u64) -> String {
    let hover = client.hover(&project.uri, line, character);
    assert_eq!(hover["contents"]["kind"], "markdown", "{hover}");
    hover["contents"]["value"].as_str().expect("a text").to_owned()
}

#[test]
fn hover_of_a_phase_tells_when_and_where_it_runs() {
    let (mut client, project) =
        (Client::start(), Project::new("[pre-up]\na = \"b\"\n[post-deploy]\n[tool]\n"));
    client.open(&project);
    let text = hovered(&mut client, &project, 0, 3);
    assert!(text.contains("1 task") && text.contains("before the application is built"), "{text}");
    assert!(text.contains(project.path().to_str().expect("a path in Unicode")), "{text}");
    assert!(hovered(&mut client, &project, 2, 3).contains("pod"));
    assert!(hovered(&mut client, &project, 3, 3).contains("is ignored, in Draft too"));
}

#[test]
fn hover_of_a_command_is_what_would_run() {
    let mut client = Client::with(|setup| {
        setup.environment = vec![("GREETING", "hello world".into()), ("API_TOKEN", "hunter2".into())];
    });
    let project =
        Project::new("[pre-up]\nhello = \"sh -c 'echo $1' $GREETING $API_TOKEN $NOT_SET_AT_ALL\"\n");
    client.open(&project);
    let text = hovered(&mut client, &project, 1, 12);
    for part in ["`sh`", "`-c`", "hello world", "echo $1", "not set, so empty: `$NOT_SET_AT_ALL`"] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
    assert!(!text.contains("hunter2"), "{text}");
}

#[test]
fn hover_elsewhere_is_nothing() {
    let (mut client, project) = (Client::start(), Project::new("# a comment\n\n[pre-up]\na = \"b\"\n"));
    client.open(&project);
    for (line, character) in [(0, 3), (1, 0), (4, 0), (99, 99)] {
        assert_eq!(client.hover(&project.uri, line, character), Value::Null, "{line}:{character}");
    }
}

const OUTLINE: &str = "stray = \"x\"\n[pre-up]\na = \"echo a\"\n\"b c\" = \"echo b\"\n[tool]\n";

#[test]
fn the_outline_is_a_tree() {
    let (mut client, project) = (Client::start(), Project::new(OUTLINE));
    client.open(&project);
    let symbols = client.about("textDocument/documentSymbol", &project.uri);
    let shown: Vec<_> =
        symbols.as_array().expect("a list").iter().map(|it| it["name"].as_str().expect("a name")).collect();
    assert_eq!(shown, ["stray", "pre-up", "tool"]);
    let tasks = &symbols[1]["children"];
    assert_eq!((&tasks[1]["name"], &tasks[1]["detail"]), (&json!("b c"), &json!("echo b")));
    assert_eq!(tasks[1]["selectionRange"]["start"], json!({ "line": 3, "character": 0 }));
}

#[test]
fn the_outline_is_flat_for_clients_that_know_no_trees() {
    let mut client = Client::with(|setup| setup.symbol_tree = false);
    let project = Project::new(OUTLINE);
    client.open(&project);
    let symbols = client.about("textDocument/documentSymbol", &project.uri);
    let shown: Vec<_> = symbols
        .as_array()
        .expect("a list")
        .iter()
        .map(|it| (it["name"].as_str().expect("a name"), it["containerName"].as_str()))
        .collect();
    assert_eq!(
        shown,
        [("stray", None), ("pre-up", None), ("a", Some("pre-up")), ("b c", Some("pre-up")), ("tool", None)]
    );
    assert_eq!(symbols[3]["location"]["uri"], project.uri);
}

/// The code actions for a cursor at the beginning of a line.
#[track_caller]
pub(crate) fn actions(client: &mut Client, uri: &str, line: u64, only: Value) -> Vec<Value> {
    let at = json!({ "line": line, "character": 0 });
    let mut context = json!({ "diagnostics": [] });
    if !only.is_null() {
        context["only"] = only;
    }
    let params =
        json!({ "textDocument": { "uri": uri }, "range": { "start": at, "end": at }, "context": context });
    let answer = client.request("textDocument/codeAction", params);
    answer.as_array().unwrap_or_else(|| panic!("no list: {answer}")).clone()
}

pub(crate) fn titles(actions: &[Value]) -> Vec<&str> {
    actions.iter().map(|action| action["title"].as_str().expect("a title")).collect()
}

#[test]
fn a_quick_fix_changes_the_text() {
    for encoding in ["utf-8", "utf-16", "utf-32"] {
        let mut client = Client::with(|setup| setup.encodings = vec![encoding]);
        let project = Project::new("# é🚀\r\n[pre-upp] # 🚀\r\n\"é\" = \"echo\"\r\n");
        let found = client.open_and_wait(&project);
        let fixes = actions(&mut client, &project.uri, 1, json!(["quickfix"]));
        let ignores = ["Ignore `unknown-phase` on this line", "Ignore `unknown-phase` in this file"];
        assert_eq!(titles(&fixes), [&["Rename to `pre-up`"][..], &ignores].concat());
        assert_eq!((&fixes[0]["isPreferred"], &fixes[1]["isPreferred"]), (&Value::Null, &Value::Null));
        assert_eq!(fixes[0]["kind"], json!("quickfix"));
        assert_eq!(fixes[0]["diagnostics"], found, "the fix names what it fixes");
        let text = apply(&project.text, &fixes[0]["edit"]["changes"][&project.uri], encoding);
        assert_eq!(text, project.text.replace("pre-upp", "pre-up"));
    }
}

#[test]
fn every_fix_that_is_offered_leaves_fewer_errors() {
    let text = "stray = \"echo\"\n[pre-upp]\na = \"echo\"\n[post-delete]\nb = \"echo\"\n[Post-Deploy]\nc = \"echo\"\n";
    let (mut client, project) = (Client::start(), Project::new(text));
    let found = client.open_and_wait(&project).as_array().expect("a list").len();
    let mut version = 1;
    let mut offered = 0;
    for line in 0..text.lines().count() as u64 {
        for fix in actions(&mut client, &project.uri, line, json!(["quickfix"])) {
            let fixed = apply(text, &fix["edit"]["changes"][&project.uri], "utf-16");
            version += 1;
            client.replace(&project.uri, version, &fixed);
            let left = client.diagnostics(&project.uri, version).as_array().expect("a list").len();
            assert!(left < found, "{}: {left} of {found} are left", fix["title"]);
            offered += 1;
            version += 1;
            client.replace(&project.uri, version, text);
        }
    }
    assert!(offered >= 4, "{offered} fixes");
}

#[test]
fn everything_is_fixed_at_once() {
    for encoding in ["utf-8", "utf-16", "utf-32"] {
        let mut client = Client::with(|setup| setup.encodings = vec![encoding]);
        let text = "# é🚀\n[Pre-Up] # 🚀 # draft-tasks: ignore[post-up]\n\"é🚀\" = \"ls  x\"\n[Cleanup]\nb = \"echo\"\n";
        let project = Project::new(text);
        client.open(&project);
        let all = actions(&mut client, &project.uri, 0, json!(["source.fixAll"]));
        assert_eq!(titles(&all), ["Fix 4 problems"]);
        let fixed = apply(text, &all[0]["edit"]["changes"][&project.uri], encoding);
        assert_eq!(fixed, "# é🚀\n[pre-up] # 🚀\n\"é🚀\" = \"ls x\"\n[cleanup]\nb = \"echo\"\n");
        client.replace(&project.uri, 2, &fixed);
        assert_eq!(actions(&mut client, &project.uri, 0, json!(["source.fixAll"])), [Value::Null; 0]);
    }
}

#[test]
fn actions_are_of_the_kinds_that_were_asked_for() {
    let (mut client, project) = (Client::start(), Project::new("[Pre-Up]\na = \"echo\"\n[cleanupp]\n"));
    client.open(&project);
    let mut kinds = |only: Value, line| {
        let found = actions(&mut client, &project.uri, line, only);
        let mut kinds: Vec<String> =
            found.iter().map(|action| action["kind"].as_str().expect("a kind").to_owned()).collect();
        kinds.dedup();
        kinds
    };
    let on_header = ["draft-tasks.run", "draft-tasks.show", "draft-tasks.export", "refactor.rewrite"];
    assert_eq!(kinds(json!(["draft-tasks", "refactor"]), 0), on_header);
    assert_eq!(kinds(Value::Null, 1), ["draft-tasks.run", "draft-tasks.show", "refactor.rewrite"]);
    let with_ignore_last = ["quickfix", "refactor.rewrite", "quickfix.ignore"];
    assert_eq!(kinds(Value::Null, 2), with_ignore_last);
    assert_eq!(kinds(json!(["quickfix"]), 2), ["quickfix", "quickfix.ignore"]);
    assert_eq!(kinds(json!(["draft-tasks"]), 1), ["draft-tasks.run", "draft-tasks.show"]);
    assert_eq!(kinds(json!(["draft-tasks.run"]), 2), ["draft-tasks.run"]);
    let all = ["quickfix", "source.fixAll.draft-tasks", "refactor.rewrite", "quickfix.ignore"];
    assert_eq!(kinds(json!([""]), 2), all);
    for all in ["source", "source.fixAll", "source.fixAll.draft-tasks"] {
        assert_eq!(kinds(json!([all]), 0), ["source.fixAll.draft-tasks"]);
    }
    assert_eq!(kinds(json!(["refactor"]), 2), ["refactor.rewrite"]);
    assert_eq!(kinds(json!(["refactor.extract", "source.fixAll.other", "draft"]), 2), Vec::<String>::new());
    assert_eq!(kinds(json!([]), 2), Vec::<String>::new());
}

#[test]
fn a_command_moves_into_a_shell_or_a_script() {
    for encoding in ["utf-8", "utf-16", "utf-32"] {
        let mut client = Client::with(|setup| setup.encodings = vec![encoding]);
        let project = Project::new("[pre-up]\r\n\"é 🚀 db\" = \"echo \\\"🚀\\\" $X wc\"\r\n");
        project.write("scripts/db.sh", "");
        client.open(&project);
        let found = actions(&mut client, &project.uri, 1, json!(["refactor"]));
        assert_eq!(
            titles(&found),
            ["Wrap in `sh -c '…'`", "Extract to `scripts/db-2.sh`", "Write as a literal string, '…'"]
        );
        let text = |edits: &Value| apply(&project.text, edits, encoding);
        let command = "\"echo \\\"🚀\\\" $X wc\"";
        let wrapped = project.text.replace(command, "\"sh -c 'echo \\\"🚀\\\" \\\"$X\\\" wc'\"");
        assert_eq!(text(&found[0]["edit"]["changes"][&project.uri]), wrapped);
        let literal = project.text.replace(command, "'echo \"🚀\" $X wc'");
        assert_eq!(text(&found[2]["edit"]["changes"][&project.uri]), literal);
        let changes = &found[1]["edit"]["documentChanges"];
        let script = crate::project::uri(&project.file("scripts/db-2.sh"));
        assert_eq!((&changes[0]["kind"], &changes[0]["uri"]), (&json!("create"), &json!(script)));
        assert_eq!(changes[0]["options"], json!({ "overwrite": false, "ignoreIfExists": false }));
        assert_eq!(changes[1]["textDocument"], json!({ "uri": script, "version": null }));
        assert_eq!(changes[1]["edits"][0]["newText"], "#!/bin/sh\nset -e\n\necho \"🚀\" \"$X\" wc\n");
        assert_eq!(changes[2]["textDocument"], json!({ "uri": project.uri, "version": 1 }));
        let extracted = project.text.replace(command, "\"sh scripts/db-2.sh\"");
        assert_eq!(text(&changes[2]["edits"]), extracted);
    }
}

#[test]
fn scripts_are_only_for_clients_that_create_files() {
    let mut client = Client::with(|setup| setup.creates_files = false);
    let project = Project::new("[pre-up]\na = \"ls -l\"\n");
    client.open(&project);
    let found = actions(&mut client, &project.uri, 1, json!(["refactor"]));
    assert_eq!(titles(&found), ["Wrap in `sh -c '…'`", "Write as a literal string, '…'"]);
}

#[test]
fn the_nearest_run_comes_first() {
    let text = "[pre-up]\na = \"echo\"\nb = \"echo\"\n[cleanup]\nc = \"echo\"\n[post-deploy]\n";
    let (mut client, project) = (Client::start(), Project::new(text));
    client.open(&project);
    let at_task = actions(&mut client, &project.uri, 2, Value::Null);
    assert_eq!(titles(&at_task)[..2], ["Run \"b\"", "Run pre-up (2 tasks)"]);
    assert!(at_task[2..].iter().all(|action| action["kind"] != "draft-tasks.run"), "{at_task:?}");
    assert_eq!(
        at_task[0]["command"]["arguments"],
        json!([{ "uri": project.uri, "phase": "pre-up", "task": "b", "command": "echo" }])
    );
    assert_eq!(at_task[1]["command"]["command"], "draft-tasks.runPhase");
    let all = actions(&mut client, &project.uri, 4, json!(["draft-tasks.run"]));
    assert_eq!(titles(&all), ["Run \"c\"", "Run cleanup (1 task)", "Run pre-up (2 tasks)"]);
}

#[test]
fn without_literals_there_are_only_commands() {
    let mut client = Client::with(|setup| setup.code_action_literals = false);
    let project = Project::new("[pre-up]\na = \"echo\"\n[cleanupp]\n");
    client.open(&project);
    let found = actions(&mut client, &project.uri, 0, Value::Null);
    assert!(!found.is_empty());
    for action in found {
        assert!(action["command"].is_string() && action.get("kind").is_none(), "{action}");
    }
}

#[test]
fn formatting_changes_spaces_and_nothing_else() {
    for encoding in ["utf-8", "utf-16", "utf-32"] {
        let mut client = Client::with(|setup| setup.encodings = vec![encoding]);
        let project =
            Project::new("[ pre-up ]\r\n  \"é🚀\"=\"echo 🚀\"   # é\r\n\r\n\r\n\r\n[cleanup]\r\na   =   'b'");
        client.open(&project);
        let edits = client.about("textDocument/formatting", &project.uri);
        let text = apply(&project.text, &edits, encoding);
        assert_eq!(
            text, "[pre-up]\r\n\"é🚀\" = \"echo 🚀\"   # é\r\n\r\n[cleanup]\r\na = 'b'\r\n",
            "{encoding}"
        );
        client.replace(&project.uri, 2, &text);
        assert_eq!(client.about("textDocument/formatting", &project.uri), json!([]));
    }
}

#[test]
fn formatting_leaves_a_broken_file_alone() {
    let (mut client, project) = (Client::start(), Project::new("[pre-up\na   = \"b\"\n"));
    client.open(&project);
    assert_eq!(client.about("textDocument/formatting", &project.uri), Value::Null);
}
