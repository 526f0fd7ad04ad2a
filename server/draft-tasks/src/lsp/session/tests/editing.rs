//! What editors ask for while somebody reads and edits a file.

use super::*;
use crate::lsp::protocol::ext::RunnablesParams;

/// A client that also knows what few do.
fn fixture(environment: &[(&str, &str)]) -> Fixture {
    let mut client = rich_client();
    client["workspace"]["applyEdit"] = json!(true);
    client["workspace"]["didChangeWatchedFiles"] =
        json!({ "dynamicRegistration": true, "relativePatternSupport": true });
    client["textDocument"]["completion"]["completionItem"]["insertReplaceSupport"] = json!(true);
    Fixture::in_environment(client, Value::Null, Environment::of(environment))
}

fn at(line: u32, character: u32) -> TextDocumentPositionParams {
    serde_json::from_value(
        json!({ "textDocument": { "uri": URI }, "position": { "line": line, "character": character } }),
    )
    .unwrap()
}

#[test]
fn a_kubeconfig_is_watched_also_before_it_is_there() {
    let mut fixture = fixture(&[("KUBECONFIG", "/etc/kube/a:/none/b")]);
    let effects = fixture.effects();
    assert!(effects.contains(r#"WatchFiles { elsewhere: ["/etc/kube/a", "/none/b"] }"#), "{effects}");
    fixture.open(TEXT);
    fixture.effects();
    fixture.session.did_change_watched_files();
    let effects = fixture.effects();
    assert_eq!(effects, "TargetChanged\n");
}

#[test]
fn an_empty_file_has_lenses_that_add_phases() {
    let mut fixture = fixture(&[]);
    fixture.open("\n");
    check(
        fixture.lenses(),
        expect![[r#"
        0: + Add pre-up draft-tasks.addPhase
        0: + Add post-deploy draft-tasks.addPhase
        0: + Add cleanup draft-tasks.addPhase
    "#]],
    );
    fixture.effects();
    fixture.execute("addPhase", json!({ "uri": URI, "phase": "cleanup" }));
    let effects = fixture.effects();
    assert!(
        effects.contains(r#"ApplyEdit { label: "Add `cleanup`""#) && effects.contains("[cleanup]"),
        "{effects}"
    );
    fixture.change(2, "[cleanup]\n");
    assert_eq!(fixture.lenses(), "");
    let refused = fixture.execute("addPhase", json!({ "uri": URI, "phase": "cleanup" }));
    assert_eq!(refused, "-32803: the file has `cleanup` already");
}

#[test]
fn only_the_selected_lines_are_formatted() {
    let mut fixture = fixture(&[]);
    fixture.open("[pre-up]\na=\"echo\"\nb=\"echo\"\n");
    let mut edited = |from: u32, to: (u32, u32)| {
        let range =
            json!({ "start": { "line": from, "character": 0 }, "end": { "line": to.0, "character": to.1 } });
        let edits = fixture.session.range_formatting(&URI.into(), serde_json::from_value(range).unwrap());
        let mut lines: Vec<u32> =
            edits.unwrap_or_default().iter().map(|edit| edit.range.start.line).collect();
        lines.dedup();
        lines
    };
    assert_eq!((edited(1, (2, 0)), edited(2, (2, 3)), edited(0, (9, 0))), (vec![1], vec![2], vec![1, 2]));
}

#[test]
fn references_of_names() {
    let mut fixture = fixture(&[]);
    fixture.open(
        "[pre-up]\na = 'make x $X'\nb = \"make -j 4 x y\"\n[cleanup]\na = 'echo ${X}'\nc = 'make -C x x'\n",
    );
    let mut lines = |line, character| {
        let found = fixture.session.references(at(line, character)).unwrap();
        found.iter().map(|it| (it.range.start.line, it.range.start.character)).collect::<Vec<_>>()
    };
    assert_eq!(lines(1, 10), [(1, 10), (2, 15)], "a target");
    assert_eq!(lines(1, 13), [(1, 12), (4, 10)], "a variable");
    assert_eq!(lines(1, 0), [(1, 0), (4, 0)], "a task");
    assert_eq!(lines(0, 2), []);
    fixture.change(
        2,
        "[pre-up]\na = 'sh scripts/a.sh'\n[cleanup]\nb = './scripts/a.sh'\nc = 'scripts//./a.sh'\n",
    );
    let found = fixture.session.references(at(1, 9)).unwrap();
    let lines: Vec<_> = found.iter().map(|it| it.range.start.line).collect();
    assert_eq!(lines, [1, 3, 4], "a script under several spellings");
}

#[test]
fn commands_for_a_terminal() {
    let mut fixture = fixture(&[]);
    fixture.open("[pre-up]\n\"a b\" = 'echo'\nc = \"echo 'x\"\n[cleanup]\nd = 'echo'\n");
    let mut shown = |position: Value| {
        let params = json!({ "textDocument": { "uri": URI }, "position": position });
        let params: RunnablesParams = serde_json::from_value(params).unwrap();
        let found = fixture.session.runnables(&params);
        found
            .iter()
            .map(|it| format!("{} ({}): {:?}\n", it.label, it.args.cwd, it.args.args))
            .collect::<String>()
    };
    check(
        shown(Value::Null),
        expect![[r#"
        Run "a b" (/app): ["run", "pre-up", "--file=/app/.draft-tasks.toml", "--", "a b"]
        Run cleanup (1 task) (/app): ["run", "cleanup", "--file=/app/.draft-tasks.toml"]
        Run "d" (/app): ["run", "cleanup", "--file=/app/.draft-tasks.toml", "--", "d"]
    "#]],
    );
    check(
        shown(json!({ "line": 4, "character": 3 })),
        expect![[r#"
        Run cleanup (1 task) (/app): ["run", "cleanup", "--file=/app/.draft-tasks.toml"]
        Run "d" (/app): ["run", "cleanup", "--file=/app/.draft-tasks.toml", "--", "d"]
    "#]],
    );
    fixture.session.did_change_trust(&ext::TrustParams { trusted: false });
    let params = json!({ "textDocument": { "uri": URI } });
    assert_eq!(fixture.session.runnables(&serde_json::from_value(params).unwrap()), []);
}

#[test]
fn a_completion_inserts_or_replaces_as_the_user_has_chosen() {
    let mut fixture = fixture(&[("HOMES", "x")]);
    fixture.open("[pre-up]\na = \"echo $HOXX y\"\n");
    let params = json!({ "textDocument": { "uri": URI }, "position": { "line": 1, "character": 13 } });
    let answer = fixture.session.completion(serde_json::from_value(params).unwrap()).now();
    let Some(CompletionResponse::CompletionList(list)) = answer else { panic!("{answer:?}") };
    let edit = json!(list.items[0].text_edit);
    assert_eq!(edit["range"]["end"]["character"], 15, "a variable is replaced whole: {edit}");
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("values.yaml"), "").unwrap();
    let uri = url::Url::from_file_path(dir.path().join(".draft-tasks.toml")).unwrap().to_string();
    let text = "[pre-up]\na = \"cat valXX y\"\n";
    let document = json!({ "uri": uri, "languageId": "toml", "version": 1, "text": text });
    fixture.session.did_open(serde_json::from_value(document).unwrap());
    let params = json!({ "textDocument": { "uri": uri }, "position": { "line": 1, "character": 12 } });
    let answer = fixture.session.completion(serde_json::from_value(params).unwrap()).now();
    let Some(CompletionResponse::CompletionList(list)) = answer else { panic!("{answer:?}") };
    let edit = json!(list.items[0].text_edit);
    assert_eq!(edit["insert"]["end"]["character"], 12, "{edit}");
    assert_eq!(edit["replace"]["end"]["character"], 14, "{edit}");
}

#[test]
fn a_text_that_becomes_too_large_is_let_go() {
    let mut fixture = Fixture::rich();
    fixture.open("[pre-upp]\na = \"echo\"\n");
    fixture.effects();
    fixture.change(2, &"#".repeat(crate::source::LARGEST + 1));
    check(
        fixture.effects(),
        expect![[r#"
            Show { kind: Warning, message: ".draft-tasks.toml is too large to be looked at" }
            publish None
        "#]],
    );
    fixture.change(3, TEXT);
    assert!(!fixture.session.is_dirty());
}
