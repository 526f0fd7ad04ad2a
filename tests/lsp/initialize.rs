//! The first words: what client and server agree upon.

use serde_json::{Value, json};

use crate::client::Client;
use crate::project::Project;
use crate::text::length;

#[test]
fn says_who_it_is_and_what_it_can_do() {
    let client = Client::start();
    let answer = &client.initialized;
    assert_eq!(answer["serverInfo"], json!({ "name": "draft-tasks", "version": env!("CARGO_PKG_VERSION") }));
    let capabilities = &answer["capabilities"];
    assert_eq!(capabilities["textDocumentSync"], json!({ "openClose": true, "change": 2, "save": true }));
    assert_eq!(
        capabilities["executeCommandProvider"]["commands"],
        json!([
            "draft-tasks.addPhase",
            "draft-tasks.runPhase",
            "draft-tasks.runTask",
            "draft-tasks.runAsJob",
            "draft-tasks.stop",
            "draft-tasks.rerun",
            "draft-tasks.rerunFailed",
            "draft-tasks.clear",
            "draft-tasks.plan",
            "draft-tasks.export",
            "draft-tasks.showLog",
            "draft-tasks.jobs",
            "draft-tasks.attach",
            "draft-tasks.endJob",
            "draft-tasks.target",
            "draft-tasks.doctor",
            "draft-tasks.up",
            "draft-tasks.delete",
            "draft-tasks.create",
            "draft-tasks.runTasks",
            "draft-tasks.tasks",
            "draft-tasks.templates"
        ])
    );
    assert_eq!(
        capabilities["codeActionProvider"]["codeActionKinds"],
        json!([
            "quickfix",
            "source.fixAll.draft-tasks",
            "draft-tasks.run",
            "draft-tasks.show",
            "draft-tasks.export",
            "refactor.extract",
            "refactor.rewrite"
        ])
    );
    for provider in ["hoverProvider", "documentSymbolProvider", "documentFormattingProvider"] {
        assert_eq!(capabilities[provider], true, "{provider}");
    }
    assert!(capabilities["codeLensProvider"].is_object() && capabilities["completionProvider"].is_object());
    assert_eq!(capabilities["experimental"]["draftTasks"], json!({ "output": 2, "trust": true }));
    assert_eq!(capabilities["workspace"]["workspaceFolders"]["supported"], true);
}

#[test]
fn a_client_without_literals_is_not_told_of_kinds() {
    let client = Client::with(|setup| setup.plain());
    assert_eq!(client.initialized["capabilities"]["codeActionProvider"], true);
}

#[test]
fn the_encoding_is_one_that_the_client_offers() {
    for (offers, chosen) in [
        (vec![], "utf-16"),
        (vec!["utf-16"], "utf-16"),
        (vec!["utf-8"], "utf-8"),
        (vec!["utf-32"], "utf-32"),
        (vec!["utf-16", "utf-8"], "utf-8"),
        (vec!["utf-32", "utf-16"], "utf-16"),
        (vec!["utf-32", "utf-8"], "utf-8"),
        (vec!["ebcdic"], "utf-16"),
    ] {
        let client = Client::with(|setup| setup.encodings = offers.clone());
        assert_eq!(client.initialized["capabilities"]["positionEncoding"], chosen, "{offers:?}");
    }
}

#[test]
fn positions_count_in_the_units_of_the_encoding() {
    for encoding in ["utf-8", "utf-16", "utf-32"] {
        let mut client = Client::with(|setup| setup.encodings = vec![encoding]);
        let project = Project::new("[pre-up]\n\"é🚀\" = 5\n\"🚀é\" = \"echo é🚀x\"\n");
        let diagnostics = client.open_and_wait(&project);
        let column = length("\"é🚀\" = ", encoding);
        let range = range(1, column, column + 1);
        assert_eq!(diagnostics[0]["range"], range, "{encoding}: {diagnostics}");
        assert_eq!(diagnostics[0]["code"], "task-not-string");
        let line = length("\"🚀é\" = \"echo é🚀x\"", encoding);
        let hover = client.hover(&project.uri, 2, line as u64 - 2);
        assert_eq!(hover["range"], self::range(2, 0, line), "{encoding}: {hover}");
        // The last unit of the first character is still that character.
        let symbols = client.about("textDocument/documentSymbol", &project.uri);
        let name = &symbols[0]["children"][1]["selectionRange"];
        assert_eq!(*name, self::range(2, 0, length("\"🚀é\"", encoding)), "{encoding}: {symbols}");
    }
}

fn range(line: usize, start: usize, end: usize) -> Value {
    json!({ "start": { "line": line, "character": start }, "end": { "line": line, "character": end } })
}

#[test]
fn a_client_of_the_bare_protocol_is_asked_nothing() {
    let mut client = Client::with(|setup| setup.plain());
    let project = Project::new("[pre-up]\nhello = \"echo hello\"\n");
    client.open_and_wait(&project);
    assert_eq!(client.take_all("client/registerCapability"), Vec::<Value>::new());
    assert_eq!(client.take_all("workspace/configuration"), Vec::<Value>::new());
}

#[test]
fn starting_a_server_twice_does_not_matter() {
    let (mut first, mut second) = (Client::start(), Client::start());
    let project = Project::new("[pre-upp]\nhello = \"echo hello\"\n");
    let found = [&mut first, &mut second].map(|client| {
        let mut found = client.open_and_wait(&project);
        // Each has a state directory of its own.
        let link = found[0]["codeDescription"].take();
        assert!(link["href"].is_string(), "{found:#}");
        found
    });
    assert_eq!(found[0], found[1]);
}
