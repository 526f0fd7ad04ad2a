//! Fixes of other files: for which text and version they are.

use draft_tasks_analysis::facts::FactsWanted;

use super::*;
use crate::world::facts;

const DRAFT_TOML: &str = "[environments.development]\nnamespace = \"a\"\nauto-connect = true\n";

/// A session with a tasks file in a directory with a `draft.toml`.
struct Around {
    fixture: Fixture,
    directory: tempfile::TempDir,
}

impl Around {
    fn new(capabilities: Value) -> Around {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("draft.toml"), DRAFT_TOML).unwrap();
        let mut around = Around { fixture: Fixture::new(capabilities, Value::Null), directory };
        around.open(".draft-tasks.toml", "[post-deploy]\na = \"true\"\n");
        let facts =
            facts::gather(Some(around.directory.path()), &Environment::of(&[]), &FactsWanted::default());
        let uri = around.uri(".draft-tasks.toml");
        around.fixture.session.take_facts(&uri, facts);
        around
    }

    fn uri(&self, name: &str) -> Uri {
        url::Url::from_file_path(self.directory.path().join(name)).unwrap().to_string().into()
    }

    fn open(&mut self, name: &str, text: &str) {
        let document = json!({ "uri": self.uri(name), "languageId": "toml", "version": 3, "text": text });
        self.fixture.session.did_open(serde_json::from_value(document).unwrap());
    }

    fn change(&mut self, version: i32, text: &str) {
        let params = json!({
            "textDocument": { "uri": self.uri("draft.toml"), "version": version },
            "contentChanges": [{ "text": text }],
        });
        self.fixture.session.did_change(serde_json::from_value(params).unwrap());
    }

    /// The edits of the fixes of the first line, without those that ignore a finding.
    fn edits(&mut self) -> String {
        let at = json!({ "line": 0, "character": 0 });
        let params = json!({
            "textDocument": { "uri": self.uri(".draft-tasks.toml") },
            "range": { "start": at, "end": at },
            "context": { "diagnostics": [], "only": ["quickfix"] },
        });
        let actions =
            self.fixture.session.code_action(serde_json::from_value(params).unwrap()).now().unwrap();
        let folder = self.uri("").0;
        let shown = actions.into_iter().filter_map(|action| match action {
            CodeActionResponse::CodeAction(action) if !action.title.starts_with("Ignore") => {
                Some(json!(action.edit).to_string().replace(&folder, "") + "\n")
            }
            _ => None,
        });
        shown.collect()
    }
}

#[test]
fn a_fix_is_for_the_text_in_the_editor_else_for_that_on_disk() {
    let mut versions = rich_client();
    versions["workspace"]["workspaceEdit"] = json!({ "documentChanges": true });
    let mut around = Around::new(versions);
    check(
        around.edits(),
        expect![[r#"
        {"documentChanges":[{"edits":[{"newText":"false","range":{"end":{"character":19,"line":2},"start":{"character":15,"line":2}}}],"textDocument":{"uri":"/draft.toml","version":null}}]}
    "#]],
    );
    around.open("draft.toml", &format!("# one\n{DRAFT_TOML}"));
    check(
        around.edits(),
        expect![[r#"
        {"documentChanges":[{"edits":[{"newText":"false","range":{"end":{"character":19,"line":3},"start":{"character":15,"line":3}}}],"textDocument":{"uri":"/draft.toml","version":3}}]}
    "#]],
    );
    around.change(4, &format!("# one\n# two\n{DRAFT_TOML}"));
    check(
        around.edits(),
        expect![[r#"
        {"documentChanges":[{"edits":[{"newText":"false","range":{"end":{"character":19,"line":4},"start":{"character":15,"line":4}}}],"textDocument":{"uri":"/draft.toml","version":4}}]}
    "#]],
    );
    for text in ["[environments.development]\n", "[", ""] {
        around.change(5, text);
        assert_eq!(around.edits(), "", "the finding is about another text: {text}");
    }
    let uri = around.uri("draft.toml");
    around.fixture.session.did_close(uri);
    std::fs::write(around.directory.path().join("draft.toml"), format!("\n{DRAFT_TOML}")).unwrap();
    check(
        around.edits(),
        expect![[r#"
        {"documentChanges":[{"edits":[{"newText":"false","range":{"end":{"character":19,"line":3},"start":{"character":15,"line":3}}}],"textDocument":{"uri":"/draft.toml","version":null}}]}
    "#]],
    );
    std::fs::remove_file(around.directory.path().join("draft.toml")).unwrap();
    assert_eq!(around.edits(), "");
}

#[test]
fn a_client_that_knows_no_versions_gets_changes() {
    let mut around = Around::new(rich_client());
    check(
        around.edits(),
        expect![[r#"
        {"changes":{"/draft.toml":[{"newText":"false","range":{"end":{"character":19,"line":2},"start":{"character":15,"line":2}}}]}}
    "#]],
    );
}

#[test]
fn files_around_are_no_tasks_files() {
    let mut around = Around::new(rich_client());
    around.fixture.session.settle();
    around.fixture.effects();
    around.open("draft.toml", DRAFT_TOML);
    around.fixture.session.settle();
    assert_eq!(around.fixture.effects(), "");
    let uri = around.uri("draft.toml");
    assert!(around.fixture.session.code_lens(&uri).is_none());
    around.fixture.session.did_save(&uri);
    assert!(around.fixture.effects().starts_with("GatherFacts"));
}
