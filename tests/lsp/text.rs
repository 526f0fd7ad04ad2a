//! A text that is edited as the protocol says, the slow and obvious way: what the server's text must be.
//!
//! Must not share code with the server.

use serde_json::{Value, json};

/// A text and the unit in which its columns are counted.
pub(crate) struct Text {
    pub(crate) content: String,
    encoding: &'static str,
}

impl Text {
    pub(crate) fn new(content: &str, encoding: &'static str) -> Text {
        Text { content: content.to_owned(), encoding }
    }

    /// Replaces bytes, and gives the edit that tells the server so.
    pub(crate) fn replace(&mut self, start: usize, end: usize, text: &str) -> Value {
        let range = json!({ "start": self.position(start), "end": self.position(end) });
        self.content.replace_range(start..end, text);
        json!({ "range": range, "text": text })
    }

    /// The position of a byte offset.
    pub(crate) fn position(&self, offset: usize) -> Value {
        let line_start = self.line_starts().rfind(|start| *start <= offset).expect("there is a first line");
        let line = self.line_starts().filter(|start| *start <= offset).count() - 1;
        json!({ "line": line, "character": length(&self.content[line_start..offset], self.encoding) })
    }

    /// Where edits may begin and end: between characters, and not within a CRLF.
    pub(crate) fn places(&self) -> Vec<usize> {
        let ends = self.content.char_indices().map(|(at, _)| at).chain([self.content.len()]);
        ends.filter(|at| !self.content[..*at].ends_with('\r') || !self.content[*at..].starts_with('\n'))
            .collect()
    }

    fn line_starts(&self) -> impl DoubleEndedIterator<Item = usize> {
        let text = self.content.as_bytes();
        let ends = move |at: usize| match text[at] {
            b'\n' => true,
            b'\r' => text.get(at + 1) != Some(&b'\n'),
            _ => false,
        };
        (0..=text.len()).filter(move |at| *at == 0 || ends(at - 1))
    }
}

/// The length of a text in the units of an encoding.
pub(crate) fn length(text: &str, encoding: &str) -> usize {
    match encoding {
        "utf-8" => text.len(),
        "utf-16" => text.encode_utf16().count(),
        _ => text.chars().count(),
    }
}

/// Applies the edits of an answer, all of them relative to the same text.
pub(crate) fn apply(text: &str, edits: &Value, encoding: &'static str) -> String {
    let model = Text::new(text, encoding);
    let offset = |position: &Value| {
        let mut places = model.places().into_iter();
        places
            .find(|at| model.position(*at) == *position)
            .unwrap_or_else(|| panic!("no place {position} in {text:?}"))
    };
    let mut spans: Vec<(usize, usize, &str)> = edits
        .as_array()
        .expect("a list of edits")
        .iter()
        .map(|edit| {
            let new = edit["newText"].as_str().expect("a new text");
            (offset(&edit["range"]["start"]), offset(&edit["range"]["end"]), new)
        })
        .collect();
    spans.sort_by_key(|(start, end, _)| (*start, *end));
    let mut result = text.to_owned();
    for (start, end, new) in spans.into_iter().rev() {
        result.replace_range(start..end, new);
    }
    result
}
