//! Fluent typing with accepted completions, in an editor with and without pairs of brackets and quotes.

use serde_json::{Value, json};

use crate::client::{Client, at};
use crate::project::Project;

/// What is typed between completions, in any order.
const KEYS: [&str; 22] = [
    "[",
    "]",
    "\"",
    "'",
    "[pre-up]\n",
    "[cl",
    "pre",
    "[\"po",
    "[run",
    "[on",
    "\n",
    "a",
    "sem",
    "tim",
    " = ",
    "=",
    "\"a\" = \"make",
    "description",
    "x y",
    "# note",
    "$HO",
    " ",
];

/// Numbers that look like chance and are the same each time.
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit
    }
}

/// A text with a cursor; all of it is ASCII.
struct Editor<'c> {
    client: &'c mut Client,
    uri: String,
    version: i64,
    text: String,
    cursor: usize,
    pairs: bool,
}

impl Editor<'_> {
    fn open(client: &mut Client, uri: String, pairs: bool) -> Editor<'_> {
        client.open_text(&uri, "");
        Editor { client, uri, version: 1, text: String::new(), cursor: 0, pairs }
    }

    fn press(&mut self, key: char) {
        let rest = &self.text[self.cursor..];
        let closing = match key {
            '[' => "]",
            '"' => "\"",
            '\'' => "'",
            _ => "",
        };
        if self.pairs && matches!(key, ']' | '"' | '\'') && rest.starts_with(key) {
            self.cursor += 1;
            return;
        }
        let word_follows = rest.starts_with(|next: char| next.is_alphanumeric());
        let typed = if self.pairs && !word_follows { format!("{key}{closing}") } else { key.to_string() };
        self.text.insert_str(self.cursor, &typed);
        self.cursor += 1;
        self.sync();
    }

    fn keys(&mut self, keys: &str) {
        keys.chars().for_each(|key| self.press(key));
    }

    fn sync(&mut self) {
        self.version += 1;
        self.client.replace(&self.uri, self.version, &self.text);
    }

    fn place(&self) -> (usize, usize) {
        let before = &self.text[..self.cursor];
        let line = before.matches('\n').count();
        (line, self.cursor - before.rfind('\n').map_or(0, |at| at + 1))
    }

    fn offset(&self, position: &Value) -> usize {
        let line = position["line"].as_u64().expect("a line") as usize;
        let lines = self.text.split_inclusive('\n').take(line);
        lines.map(str::len).sum::<usize>() + position["character"].as_u64().expect("a character") as usize
    }

    /// What an editor would show: the items that what was typed begins.
    fn shown(&mut self) -> Vec<Value> {
        let (line, character) = self.place();
        let place = at(&self.uri, line as u64, character as u64);
        let answer = self.client.request("textDocument/completion", place);
        let items = answer["items"].as_array().or(answer.as_array()).cloned().unwrap_or_default();
        let fits = |item: &Value| {
            let start = self.offset(&item["textEdit"]["range"]["start"]);
            let filter = item["filterText"].as_str().or(item["label"].as_str()).expect("a label");
            filter.starts_with(&self.text[start..self.cursor])
        };
        items.into_iter().filter(fits).collect()
    }

    fn accept(&mut self, item: &Value) {
        let edit = &item["textEdit"];
        let start = self.offset(&edit["range"]["start"]);
        let end = self.offset(&edit["range"]["end"]);
        assert!(start <= self.cursor && self.cursor <= end, "{item}");
        let new = edit["newText"].as_str().expect("a text");
        self.text.replace_range(start..end, new);
        self.cursor = start + new.len();
        self.sync();
    }

    /// Whether everything but the line of the cursor is TOML.
    fn others_are_right(&self) -> bool {
        let line = self.place().0;
        let others: Vec<_> = self.text.split('\n').enumerate().filter(|(it, _)| *it != line).collect();
        is_toml(&others.iter().map(|(_, line)| *line).collect::<Vec<_>>().join("\n"))
    }
}

fn is_toml(text: &str) -> bool {
    toml::from_str::<toml::Table>(text).is_ok()
}

#[test]
fn what_is_accepted_leaves_a_file_that_parses() {
    let project = Project::new("");
    let mut client = Client::with(|setup| setup.snippets = false);
    let mut accepted = 0;
    for sequence in 0..200 {
        let mut chance = Chance(sequence);
        let name = if sequence % 4 < 3 { ".draft-tasks.toml" } else { ".draft-tasks.config.toml" };
        let uri = project.uri.replace(".draft-tasks.toml", &format!("{sequence}/{name}"));
        let mut editor = Editor::open(&mut client, uri, sequence % 2 == 0);
        for _ in 0..16 {
            editor.keys(KEYS[chance.below(KEYS.len())]);
            if chance.below(2) > 0 {
                continue;
            }
            let (shown, before) = (editor.shown(), editor.text.clone());
            if shown.is_empty() {
                editor.press('\n');
                continue;
            }
            let (item, was_right) = (&shown[chance.below(shown.len())], editor.others_are_right());
            editor.accept(item);
            accepted += 1;
            let structure = item["kind"] != json!(3) && item["kind"] != json!(6);
            assert!(
                !structure || !was_right || is_toml(&editor.text),
                "{} after\n{before}\nmakes\n{}",
                item["label"],
                editor.text
            );
        }
        let uri = editor.uri.clone();
        client.close(&uri);
    }
    assert!(accepted > 200, "{accepted} completions");
}

#[test]
fn enter_after_what_was_typed_to_its_end_is_a_new_line() {
    for (name, typed, begun) in [
        (".draft-tasks.toml", "[pre-up]", "["),
        (".draft-tasks.toml", "[\"pre-up\"]", "[\""),
        (".draft-tasks.config.toml", "[run]", "["),
        (".draft-tasks.config.toml", "semantics = \"draft\"", "semantics = \""),
    ] {
        for pairs in [true, false] {
            let project = Project::new("");
            let mut client = Client::start();
            let uri = project.uri.replace(".draft-tasks.toml", name);
            let mut editor = Editor::open(&mut client, uri, pairs);
            editor.keys(begun);
            // The list of an editor that asked after the first keys, and does not ask again.
            let early = editor.shown();
            assert!(!early.is_empty(), "{typed}");
            editor.keys(&typed[begun.len()..]);
            assert_eq!(editor.text, typed);
            assert_eq!(editor.shown(), Vec::<Value>::new(), "{typed}");
            let range =
                |item: &Value| item["textEdit"]["range"]["start"]["character"].as_u64().unwrap() as usize;
            let still_fits = |item: &&Value| {
                let filter = item["filterText"].as_str().or(item["label"].as_str()).expect("a label");
                filter.starts_with(&typed[range(item)..])
            };
            assert_eq!(early.iter().find(still_fits), None, "{typed}");
        }
    }
}
