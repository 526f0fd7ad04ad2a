//! Edits: the server's text is always the client's, in whatever units, order and number they come.

use draft_tasks_analysis::printable::printable_lines;
use serde_json::{Value, json};

use crate::client::{Client, at, did_change};
use crate::project::Project;
use crate::text::Text;
use crate::wire::{frame, frame_bytes};

/// The server's whole text: put into a string of a task, it is what the outline shows as the command.
///
/// Its line ends come as line feeds, and it must not hold three single quotes.
#[track_caller]
fn text_of_server(client: &mut Client, uri: &str, version: i64) -> String {
    let position = |line: u64| json!({ "start": { "line": line, "character": 0 }, "end": { "line": line, "character": 0 } });
    let (before, after) = (position(0), position(1_000_000));
    let edits = vec![
        json!({ "range": before, "text": "[pre-up]\nall = '''\n" }),
        json!({ "range": after, "text": "|'''\n" }),
    ];
    client.change(uri, version, edits);
    let symbols = client.about("textDocument/documentSymbol", uri);
    let text = symbols[0]["children"][0]["detail"].as_str().unwrap_or_else(|| panic!("no text in {symbols}"));
    text.strip_suffix('|').expect("the mark at the end").to_owned()
}

/// Numbers without a pattern, the same ones for the same seed.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit as u64) as usize
    }

    fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }
}

const PIECES: [&str; 16] = [
    "é",
    "🚀",
    "👩‍💻",
    "x",
    " ",
    "\n",
    "\r\n",
    "\n\n",
    "[pre-up]\n",
    "[cleanup]",
    "hello = \"echo 🚀\"\n",
    "\"é\" = ",
    "\u{2028}",
    "'",
    "= \"",
    "",
];

#[test]
fn at_random_places_give_the_same_text_in_every_encoding() {
    for (seed, encoding) in
        (1..=4).flat_map(|seed| ["utf-8", "utf-16", "utf-32"].map(|encoding| (seed, encoding)))
    {
        let mut client = Client::with(|setup| setup.encodings = vec![encoding]);
        let project = Project::new("# é🚀\r\n[pre-up]\n\"🚀\" = \"echo é\"\n");
        let mut text = Text::new(&project.text, encoding);
        let mut random = Random(seed * 7919);
        client.open(&project);
        for version in 2..200 {
            let changes = (0..1 + random.below(3)).map(|_| change(&mut text, &mut random)).collect();
            client.change(&project.uri, version, changes);
        }
        let expected = printable_lines(&text.content.replace("\r\n", "\n"));
        assert_eq!(text_of_server(&mut client, &project.uri, 200), expected, "{encoding}, seed {seed}");
    }
}

fn change(text: &mut Text, random: &mut Random) -> Value {
    let places = text.places();
    let start = random.below(places.len());
    let end = (start + random.below(6)).min(places.len() - 1);
    let piece = *random.pick(&PIECES);
    // Two single quotes must not become three.
    let piece = if piece == "'" && text.content.contains('\'') { "" } else { piece };
    if random.below(50) == 0 {
        text.content = format!("{piece}\n{}", &text.content[..places[start]]);
        return json!({ "text": text.content });
    }
    text.replace(places[start], places[end], piece)
}

#[test]
fn and_questions_in_one_stream_see_the_text_of_their_moment() {
    const COUNT: i64 = 5_000;
    let (mut client, project) = (Client::start(), Project::new("[pre-up]\nhello = \"echo 0\"\n"));
    let mut text = Text::new(&project.text, "utf-16");
    client.open(&project);
    let (mut bytes, mut questions) = (Vec::new(), Vec::new());
    for number in 1..=COUNT {
        let start = text.content.find("echo ").expect("the command") + "echo ".len();
        let end = start + (number - 1).to_string().len();
        let edit = text.replace(start, end, &number.to_string());
        bytes.extend(frame(&did_change(&project.uri, number + 1, vec![edit])));
        let (method, params) = match number % 5 {
            0 => ("textDocument/documentSymbol", json!({ "textDocument": { "uri": project.uri } })),
            _ => ("textDocument/hover", at(&project.uri, 1, 0)),
        };
        let (id, question) = client.request_message(method, params);
        bytes.extend(frame(&question));
        questions.push((id, number));
    }
    client.write(&bytes);
    for (id, number) in questions {
        let answer = client.answer(id).expect("an answer");
        let seen = match number % 5 {
            0 => answer[0]["children"][0]["detail"] == format!("echo {number}"),
            _ => answer["contents"]["value"]
                .as_str()
                .is_some_and(|it| it.contains(&format!("`echo` `{number}`"))),
        };
        assert!(seen, "edit {number} was answered with {answer}");
    }
    client.diagnostics(&project.uri, COUNT + 1);
    assert_eq!(text_of_server(&mut client, &project.uri, COUNT + 2), text.content);
}

#[test]
fn beyond_the_text_go_to_its_nearest_place() {
    let (mut client, project) = (Client::start(), Project::new("[pre-up]\na = \"x\"\n"));
    client.open(&project);
    let range = |line: u32, from: u32, to: u32| json!({ "start": { "line": line, "character": from }, "end": { "line": line, "character": to } });
    let changes = vec![
        json!({ "range": range(0, 999, 1_000_000), "text": " # end" }),
        json!({ "range": range(4_000_000_000, 0, 7), "text": "b = \"y\"" }),
        json!({ "range": range(1, 1, 0), "text": "c" }),
    ];
    client.change(&project.uri, 2, changes);
    assert_eq!(text_of_server(&mut client, &project.uri, 3), "[pre-up] # end\nc = \"x\"\nb = \"y\"");
}

#[test]
fn of_documents_that_are_not_open_are_ignored() {
    let (mut client, project) = (Client::start(), Project::new("[pre-up]\na = \"x\"\n"));
    client.replace(&project.uri, 2, "[cleanup]\n");
    client.close(&project.uri);
    client.open_and_wait(&project);
    assert_eq!(text_of_server(&mut client, &project.uri, 2), project.text);
}

#[test]
fn of_a_document_that_is_opened_again_start_from_nothing() {
    let (mut client, project) = (Client::start(), Project::new("[pre-up]\na = \"x\"\n"));
    client.open_and_wait(&project);
    client.replace(&project.uri, 9, "[cleanup]\n");
    client.close(&project.uri);
    client.open(&project);
    assert_eq!(text_of_server(&mut client, &project.uri, 2), project.text);
}

#[test]
fn half_a_character_loses_no_edit() {
    let mut client = Client::start();
    let project = Project::new("[pre-up]\na = \"echo one\" # \n");
    client.open(&project);
    let uri = &project.uri;
    let end = json!({ "line": 1, "character": 17 });
    let half = did_change(uri, 2, vec![json!({ "range": { "start": end, "end": end }, "text": "HALF" })]);
    client.write(&frame_bytes(half.to_string().replace("HALF", r"\ud83d").as_bytes()));
    let more = json!({ "start": { "line": 1, "character": 10 }, "end": { "line": 1, "character": 13 } });
    client.change(uri, 3, vec![json!({ "range": more, "text": "two" })]);
    let behind = json!({ "start": { "line": 1, "character": 18 }, "end": { "line": 1, "character": 18 } });
    client.change(uri, 4, vec![json!({ "range": behind, "text": "!" })]);
    assert_eq!(text_of_server(&mut client, uri, 5), "[pre-up]\na = \"echo two\" # \u{fffd}!\n");
}
