//! What editors show around the text: colours, folds, selections and hints.

use serde_json::{Value, json};

use crate::client::{Client, at};
use crate::project::Project;
use crate::text::{Text, length};

const TEXT: &str =
    "[pre-up]\r\n\"é🚀\" = \"echo \\\"$X\\\" \\u00e9 🚀 --é=$Y\"\r\nb = '''\r\n./é '🚀\r\nx' && $$Z'''\r\n";

/// Tokens as their text and type, which are looked for where the client would paint them.
#[track_caller]
fn painted(client: &Client, answer: &Value, encoding: &'static str) -> Vec<(String, String)> {
    let legend = &client.initialized["capabilities"]["semanticTokensProvider"]["legend"]["tokenTypes"];
    let numbers: Vec<u64> =
        answer["data"].as_array().expect("tokens").iter().map(|it| it.as_u64().expect("a number")).collect();
    let (mut line, mut start, mut shown) = (0, 0, Vec::new());
    for token in numbers.chunks(5) {
        start = if token[0] == 0 { start + token[1] } else { token[1] };
        line += token[0];
        let model = Text::new(TEXT, encoding);
        let from = *model
            .places()
            .iter()
            .find(|place| model.position(**place) == json!({ "line": line, "character": start }))
            .unwrap_or_else(|| panic!("no place {line}:{start}"));
        let text = TEXT[from..].char_indices().map(|(at, c)| &TEXT[from..from + at + c.len_utf8()]);
        let text = text.into_iter().find(|text| length(text, encoding) as u64 == token[2]).expect("a text");
        let kind = legend[token[3] as usize].as_str().expect("a type of the legend");
        shown.push((text.to_owned(), kind.to_owned()));
    }
    shown
}

#[test]
fn colours_are_exact_in_every_encoding_and_through_escapes() {
    for encoding in ["utf-8", "utf-16", "utf-32"] {
        let mut client = Client::with(|setup| setup.encodings = vec![encoding]);
        let project = Project::new(TEXT);
        client.open(&project);
        let answer = client.about("textDocument/semanticTokens/full", &project.uri);
        let painted = painted(&client, &answer, encoding);
        let painted: Vec<_> = painted.iter().map(|(text, kind)| (text.as_str(), kind.as_str())).collect();
        assert_eq!(
            painted,
            [
                ("pre-up", "namespace"),
                ("\"é🚀\"", "property"),
                ("echo", "function"),
                ("\\\"", "string"),
                ("$X", "variable"),
                ("\\\"", "string"),
                ("\\u00e9", "string"),
                ("🚀", "string"),
                ("--é", "parameter"),
                ("=", "string"),
                ("$Y", "variable"),
                ("b", "property"),
                ("./é", "function"),
                ("'🚀", "string"),
                ("x'", "string"),
                ("&&", "operator"),
                ("$$Z", "escapeSequence"),
            ],
            "{encoding}"
        );
    }
}

#[test]
fn a_token_of_two_lines_is_one_where_the_client_knows_such() {
    let mut client = Client::with(|setup| setup.multiline_tokens = true);
    let project = Project::new(TEXT);
    client.open(&project);
    let answer = client.about("textDocument/semanticTokens/full", &project.uri);
    let painted = painted(&client, &answer, "utf-16");
    assert!(painted.contains(&("'🚀\r\nx'".into(), "string".into())), "{painted:?}");
}

#[test]
fn colours_of_a_range_are_those_of_its_tasks() {
    let (mut client, project) = (Client::start(), Project::new(TEXT));
    client.open(&project);
    let lines = json!({ "start": { "line": 1, "character": 0 }, "end": { "line": 1, "character": 4 } });
    let params = json!({ "textDocument": { "uri": project.uri }, "range": lines });
    let answer = client.request("textDocument/semanticTokens/range", params);
    let painted = painted(&client, &answer, "utf-16");
    assert!(painted.iter().any(|(text, _)| text == "$Y") && painted.iter().all(|(text, _)| text != "b"));
}

#[test]
fn folds_are_whole_lines() {
    let text = "# a\n# b\n[pre-up]\na = '''\nx\n'''\n\n[cleanup]\nb = 'x'\n";
    let (mut client, project) = (Client::start(), Project::new(text));
    client.open(&project);
    let folds = client.about("textDocument/foldingRange", &project.uri);
    assert_eq!(
        folds,
        json!([
            { "startLine": 0, "endLine": 1, "kind": "comment" },
            { "startLine": 2, "endLine": 5, "kind": "region" },
            { "startLine": 3, "endLine": 5 },
            { "startLine": 7, "endLine": 8, "kind": "region" },
        ])
    );
}

#[test]
fn a_selection_grows_from_the_word_to_the_file() {
    let (mut client, project) = (Client::start(), Project::new("[pre-up]\na = \"echo é x\"\n"));
    client.open(&project);
    let positions = json!([{ "line": 1, "character": 7 }, { "line": 9, "character": 9 }]);
    let params = json!({ "textDocument": { "uri": project.uri }, "positions": positions });
    let answer = client.request("textDocument/selectionRange", params);
    let mut starts = Vec::new();
    let mut step = &answer[0];
    while !step.is_null() {
        starts.push((step["range"]["start"]["line"].clone(), step["range"]["start"]["character"].clone()));
        step = &step["parent"];
    }
    assert_eq!(starts, [(1, 5), (1, 5), (1, 4), (1, 0), (0, 0), (0, 0)].map(|(a, b)| (json!(a), json!(b))));
    assert_eq!(answer.as_array().map(Vec::len), Some(2));
}

#[test]
fn values_of_variables_stand_behind_the_line() {
    let mut client = Client::with(|setup| {
        setup.environment = vec![("GREETING", "hello".into()), ("API_TOKEN", "hunter2".into())];
    });
    let project = Project::new("[pre-up]\nhello = \"echo é🚀 $GREETING $API_TOKEN $NOT_SET_AT_ALL\" # x\n");
    client.open(&project);
    let range = json!({ "start": { "line": 0, "character": 0 }, "end": { "line": 9, "character": 0 } });
    let params = json!({ "textDocument": { "uri": project.uri }, "range": range });
    let hints = client.request("textDocument/inlayHint", params.clone());
    assert_eq!(hints[0]["label"], "GREETING = hello · API_TOKEN = *** · NOT_SET_AT_ALL: not set");
    let end = length("hello = \"echo é🚀 $GREETING $API_TOKEN $NOT_SET_AT_ALL\"", "utf-16");
    assert_eq!(hints[0]["position"], json!({ "line": 1, "character": end }));
    assert!(!hints.to_string().contains("hunter2"));

    client.set_settings(json!({ "inlayHints": false }));
    client.notify("workspace/didChangeConfiguration", json!({ "settings": null }));
    client.asked("workspace/inlayHint/refresh");
    assert_eq!(client.request("textDocument/inlayHint", params), Value::Null);
}

#[test]
fn a_client_of_the_bare_protocol_is_offered_none_of_it() {
    let client = Client::with(|setup| setup.plain());
    let capabilities = &client.initialized["capabilities"];
    for provider in
        ["semanticTokensProvider", "foldingRangeProvider", "selectionRangeProvider", "inlayHintProvider"]
    {
        assert_eq!(capabilities[provider], Value::Null, "{provider}");
    }
    assert_eq!(capabilities["renameProvider"], true);
}

#[test]
fn documents_that_are_not_open_have_nothing() {
    let mut client = Client::start();
    for method in ["textDocument/semanticTokens/full", "textDocument/foldingRange"] {
        assert_eq!(client.about(method, "file:///none/.draft-tasks.toml"), Value::Null, "{method}");
    }
    let params = at("file:///none/.draft-tasks.toml", 0, 0);
    assert_eq!(client.request("textDocument/prepareRename", params), Value::Null);
}
