//! What can be wrong with messages and their frames: the server says so and goes on.

use serde_json::{Value, json};

use crate::client::{Client, Setup, at, notification};
use crate::project::Project;
use crate::wire::{frame, frame_bytes};

const PARSE_ERROR: i64 = -32700;
const INVALID_REQUEST: i64 = -32600;
const METHOD_NOT_FOUND: i64 = -32601;
const INVALID_PARAMS: i64 = -32602;
const NOT_INITIALIZED: i64 = -32002;

const TEXT: &str = "[pre-up]\nhello = \"echo hello\"\n";

/// The server answers about the text that it was given: it goes on, and has missed nothing.
#[track_caller]
fn assert_goes_on(client: &mut Client, project: &Project) {
    let hover = client.hover(&project.uri, 1, 0);
    assert!(hover["contents"]["value"].as_str().is_some_and(|text| text.contains("`hello`")), "{hover}");
}

fn opened() -> (Client, Project) {
    let (client, project) = (Client::start(), Project::new(TEXT));
    client.open(&project);
    (client, project)
}

#[test]
fn bodies_that_are_no_messages_are_refused() {
    let (mut client, project) = opened();
    let deep = [&b"{\"params\":"[..], &b"[".repeat(100_000), &b"]".repeat(100_000), b"}"].concat();
    let wrong: [(&[u8], i64); 14] = [
        (b"{\"jsonrpc\":\"2.0\",,}", PARSE_ERROR),
        (b"{\"jsonrpc\":\"2.0\",\"id\":1", PARSE_ERROR),
        (b"", PARSE_ERROR),
        (b"hello", PARSE_ERROR),
        (b"{\"method\":\"\xff\"}", PARSE_ERROR),
        (&deep, PARSE_ERROR),
        (b"5", INVALID_REQUEST),
        (b"null", INVALID_REQUEST),
        (b"\"shutdown\"", INVALID_REQUEST),
        (b"[]", INVALID_REQUEST),
        (b"[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"shutdown\"}]", INVALID_REQUEST),
        (b"[\"shutdown\",1]", INVALID_REQUEST),
        (b"{}", INVALID_REQUEST),
        (b"{\"jsonrpc\":\"2.0\",\"method\":5,\"id\":1}", INVALID_REQUEST),
    ];
    for (body, code) in wrong {
        client.write(&frame_bytes(body));
        let error = client.refusal();
        assert_eq!(
            error["code"],
            code,
            "{} got {error}",
            String::from_utf8_lossy(&body[..body.len().min(80)])
        );
        assert_goes_on(&mut client, &project);
    }
}

#[test]
fn headers_that_are_none_are_refused() {
    let (mut client, project) = opened();
    for header in
        ["Content-Length: ten\r\n\r\n", "Content-Length: -1\r\n\r\n", "Content-Type: x\r\n\r\n", "\r\n\r\n"]
    {
        client.write(header.as_bytes());
        // What comes next tells that the header was none.
        assert_goes_on(&mut client, &project);
        assert_eq!(client.refusal()["code"], PARSE_ERROR, "{header:?}");
    }
    client.write(b"Content-Length: 99999999999999\r\n\r\n");
    assert_goes_on(&mut client, &project);
    assert_eq!(client.refusal()["code"], PARSE_ERROR);
}

#[test]
fn garbage_between_messages_is_skipped() {
    let (mut client, project) = opened();
    // A line is taken for a header of a name that nobody knows.
    client.write(b"warning: something writes into the stream\n");
    assert_goes_on(&mut client, &project);
    for garbage in
        [&b"something\n\nwrites into\n\nthe stream\n"[..], &[0xf0, 0x9f, 0, b'\r', b'\n', b'\r', b'\n']]
    {
        client.write(garbage);
        assert_goes_on(&mut client, &project);
        assert_eq!(client.refusal()["code"], PARSE_ERROR);
    }
}

#[test]
fn a_length_that_is_too_long_costs_one_message_and_not_the_connection() {
    let (mut client, project) = opened();
    let body =
        notification("textDocument/didSave", json!({ "textDocument": { "uri": project.uri } })).to_string();
    client.write(format!("Content-Length: {}\r\n\r\n{body}", body.len() + 5).as_bytes());
    // Its first bytes are taken for the end of the message before it.
    client.send(&notification("$/lost", Value::Null));
    assert_goes_on(&mut client, &project);
    client.refusal();
    client.refusal();
}

#[test]
fn a_length_that_is_too_short_costs_one_message() {
    let (mut client, project) = opened();
    let body =
        notification("textDocument/didSave", json!({ "textDocument": { "uri": project.uri } })).to_string();
    client.write(format!("Content-Length: {}\r\n\r\n{body}", body.len() - 5).as_bytes());
    assert_goes_on(&mut client, &project);
    client.refusal();
    client.refusal();
}

#[test]
fn header_names_are_in_any_case_and_any_order() {
    let (mut client, project) = opened();
    for header in [
        "content-length: {}\r\n\r\n",
        "CONTENT-LENGTH:{}\r\n\r\n",
        "Content-Type: application/vscode-jsonrpc; charset=utf-8\r\nContent-Length: {}\r\n\r\n",
        "Content-Length:   {}  \r\nX-Unknown: y\r\n\r\n",
        "Content-Length: {}\n\n",
    ] {
        let (id, message) = client.request_message("textDocument/hover", at(&project.uri, 1, 0));
        let body = message.to_string();
        client.write((header.replace("{}", &body.len().to_string()) + &body).as_bytes());
        assert_ne!(client.answer(id), Ok(Value::Null), "{header:?}");
    }
}

#[test]
fn messages_arrive_in_any_pieces() {
    let (mut client, project) = opened();
    let (first, hover) = client.request_message("textDocument/hover", at(&project.uri, 1, 0));
    let (second, again) = client.request_message("textDocument/hover", at(&project.uri, 0, 1));
    let bytes = [frame(&hover), frame(&again)].concat();
    client.write_in_pieces(&bytes, 1);
    assert_ne!(client.answer(first), Ok(Value::Null));
    assert_ne!(client.answer(second), Ok(Value::Null));
    let many: Vec<_> =
        (0..100).map(|_| client.request_message("textDocument/hover", at(&project.uri, 1, 0))).collect();
    client.write(&many.iter().flat_map(|(_, message)| frame(message)).collect::<Vec<_>>());
    for (id, _) in many {
        assert_ne!(client.answer(id), Ok(Value::Null));
    }
}

#[test]
fn whoever_does_not_read_can_still_write() {
    let (mut client, project) = opened();
    client.set_reading(false);
    // Both ways have room for 1 MiB at most.
    let (phases, comment) = ("[phase]\n".repeat(400), "#".repeat(60_000));
    for version in 2..62 {
        client.replace(&project.uri, version, &format!("{phases}{comment}"));
        client
            .ask_and_forget("textDocument/documentSymbol", json!({ "textDocument": { "uri": project.uri } }));
    }
    client.replace(&project.uri, 62, TEXT);
    client.set_reading(true);
    assert_goes_on(&mut client, &project);
}

#[test]
fn methods_that_nobody_knows() {
    let (mut client, project) = opened();
    for method in ["textDocument/unheardOf", "$/unheardOf", "", "rpc.discover"] {
        assert_eq!(client.request_error(method, json!({}))["code"], METHOD_NOT_FOUND, "{method}");
    }
    for method in ["textDocument/didUnheardOf", "$/unheardOf", "$/cancelRequest", "$/setTrace"] {
        client.notify(method, json!({ "id": 12345, "value": "off" }));
    }
    assert_goes_on(&mut client, &project);
}

#[test]
fn requests_that_are_cancelled_are_answered_all_the_same() {
    let (mut client, project) = opened();
    for _ in 0..100 {
        let id = client.ask("textDocument/hover", at(&project.uri, 1, 0));
        client.notify("$/cancelRequest", json!({ "id": id }));
        if let Err(error) = client.answer(id) {
            assert_eq!(error["code"], -32800, "{error}");
        }
    }
    assert_goes_on(&mut client, &project);
}

#[test]
fn parameters_that_are_missing_or_wrong() {
    let (mut client, project) = opened();
    for params in [Value::Null, json!({}), json!([]), json!({ "textDocument": 5 }), json!("x")] {
        let error = client.request_error("textDocument/hover", params.clone());
        assert_eq!(error["code"], INVALID_PARAMS, "{params}: {error}");
        let error = client.request_error("workspace/executeCommand", params.clone());
        assert_eq!(error["code"], INVALID_PARAMS, "{params}: {error}");
    }
    client.send(&json!({ "jsonrpc": "2.0", "id": 1000, "method": "textDocument/hover", "params": null }));
    assert_eq!(client.answer(1000).map_err(|error| error["code"].clone()), Err(json!(INVALID_PARAMS)));
    for params in [Value::Null, json!({}), json!({ "textDocument": { "uri": project.uri } })] {
        client.notify("textDocument/didChange", params.clone());
        client.notify("textDocument/didOpen", params.clone());
        client.notify("workspace/didChangeConfiguration", params);
    }
    assert_goes_on(&mut client, &project);
}

#[test]
fn responses_to_nothing_are_ignored() {
    let (mut client, project) = opened();
    client.send(&json!({ "jsonrpc": "2.0", "id": 4711, "result": null }));
    client.send(&json!({ "jsonrpc": "2.0", "id": "x", "error": { "code": 1, "message": "no" } }));
    assert_goes_on(&mut client, &project);
}

#[test]
fn ids_are_given_back_as_they_came() {
    let (mut client, project) = opened();
    for id in [json!("a"), json!(-7), json!(""), json!(2_147_483_648_i64)] {
        let params = at(&project.uri, 1, 0);
        client.send(&json!({ "jsonrpc": "2.0", "id": id, "method": "textDocument/hover", "params": params }));
        assert_eq!(client.response_with_id(&id)["id"], id);
    }
}

#[test]
fn before_initialize_nothing_is_answered() {
    let mut client = Client::silent();
    let project = Project::new(TEXT);
    client.open(&project);
    assert_eq!(client.request_error("textDocument/hover", at(&project.uri, 1, 0))["code"], NOT_INITIALIZED);
    assert_eq!(client.request_error("shutdown", Value::Null)["code"], NOT_INITIALIZED);
    client.request("initialize", Setup::default().initialize());
    client.notify("initialized", json!({}));
    assert_eq!(client.hover(&project.uri, 1, 0), Value::Null, "what was opened too early is not open");
}

#[test]
fn a_second_initialize_changes_nothing() {
    let (mut client, project) = opened();
    let other = Setup { encodings: vec!["utf-8"], ..Setup::default() };
    assert_eq!(client.request_error("initialize", other.initialize())["code"], INVALID_REQUEST);
    assert_goes_on(&mut client, &project);
}

#[test]
fn after_shutdown_only_exit_is_taken() {
    let (mut client, project) = opened();
    client.request("shutdown", json!({}));
    assert_eq!(client.request_error("textDocument/hover", at(&project.uri, 1, 0))["code"], INVALID_REQUEST);
    assert_eq!(client.request_error("shutdown", Value::Null)["code"], INVALID_REQUEST);
    let run = json!({ "command": "draft-tasks.runPhase", "arguments": [{ "uri": project.uri, "phase": "pre-up" }] });
    assert_eq!(client.request_error("workspace/executeCommand", run)["code"], INVALID_REQUEST);
    client.notify("exit", Value::Null);
    assert_eq!(client.wait_for_end().code(), Some(0));
}

/// Requests whose results take another way out obey the same rules.
#[test]
fn large_results_are_answered_as_any_other() {
    let params = json!({ "textDocument": { "uri": "file:///none/.draft-tasks.toml" } });
    let methods =
        ["textDocument/documentSymbol", "textDocument/codeLens", "textDocument/semanticTokens/full"];
    let mut client = Client::silent();
    for method in methods {
        assert_eq!(client.request_error(method, params.clone())["code"], NOT_INITIALIZED, "{method}");
    }
    client.notify("exit", Value::Null);
    client.wait_for_end();
    let mut client = Client::start();
    for method in methods {
        assert_eq!(client.request(method, params.clone()), Value::Null, "{method}");
        assert_eq!(
            client.request_error(method, json!({ "textDocument": 5 }))["code"],
            INVALID_PARAMS,
            "{method}"
        );
        client.send(&json!({ "jsonrpc": "2.0", "id": "é\"x", "method": method, "params": params }));
        assert_eq!(client.response_with_id(&json!("é\"x"))["result"], Value::Null, "{method}");
    }
    client.request("shutdown", Value::Null);
    for method in methods {
        assert_eq!(client.request_error(method, params.clone())["code"], INVALID_REQUEST, "{method}");
    }
    client.notify("exit", Value::Null);
    client.wait_for_end();
}
