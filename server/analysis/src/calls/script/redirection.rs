//! Redirections of a script, with the texts of here-documents.
//!
//! Must not judge files: which one is read or written is nothing that is called.

use super::word::ScriptWords;
use super::{Input, Read, Script};
use crate::calls::Argument;
use crate::calls::shell::is_input;
use crate::command::name_length;

impl Script<'_, '_> {
    /// Takes `>file`, `2>&1`, `<<END` and the like.
    pub(super) fn redirection(&mut self, input: &mut Input) -> Read<bool> {
        let rest = self.rest();
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count().max(descriptor_length(rest));
        let behind = &rest[digits..];
        let begins = behind.starts_with(['<', '>', '&']);
        if !begins || behind.starts_with("<(") || behind.starts_with(">(") {
            return Ok(false);
        }
        const OPERATORS: [&str; 12] =
            ["<<<", "<<-", "<<", "<>", "<&", "<", "&>>", "&>", ">>", ">|", ">&", ">"];
        let Some(operator) = OPERATORS.into_iter().find(|operator| behind.starts_with(operator)) else {
            return Ok(false);
        };
        if operator.starts_with('&') && digits > 0 {
            return Ok(false);
        }
        self.at += digits + operator.len();
        self.blanks();
        match operator {
            "<<" | "<<-" => *input = self.document(operator == "<<-")?,
            _ => {
                let mut words = ScriptWords::default();
                self.word(&mut words)?;
                match operator {
                    "<<<" => {
                        let word = words.done.pop().unwrap_or_else(Argument::unknown);
                        self.walk.calls.piped.push(word.text.to_string());
                        *input = as_input(word);
                    }
                    "<" => {
                        let file = words.done.pop().filter(|file| file.certain && !is_input(&file.text));
                        *input = file.map_or(Input::Unknown, |file| Input::File(file.text));
                    }
                    "<>" | "<&" => *input = Input::Unknown,
                    _ => self.walk.calls.written.extend(words.done.pop().map(|file| file.text.into())),
                }
            }
        }
        Ok(true)
    }

    /// A here-document, whose text begins with the next line.
    fn document(&mut self, is_indented: bool) -> Read<Input> {
        let start = self.at;
        let mut words = ScriptWords::default();
        self.word(&mut words)?;
        // A continued line quotes nothing.
        let is_quoted = self.text[start..self.at].replace("\\\n", "").contains(['\'', '"', '\\']);
        let delimiter = words.done.pop().filter(|word| word.certain && !word.text.contains('\n'));
        // Shells are not of one opinion where a text ends whose delimiter has several lines.
        let Some(delimiter) = delimiter.map(|word| word.text) else {
            return Err("a here-document in it cannot be read".into());
        };
        let line_end = self.at + self.rest().find('\n').unwrap_or(self.rest().len());
        let (line_end, begin) = self.documents.unwrap_or((line_end, (line_end + 1).min(self.text.len())));
        let body = self.text.get(begin..).unwrap_or_default();
        let mut lines = body.split_inclusive('\n');
        let last = lines.find(|line| {
            let line = line.trim_end_matches(['\n', '\r']);
            if is_indented { line.trim_start_matches('\t') == delimiter } else { line == delimiter }
        });
        let length =
            body.len().min(last.map_or(body.len(), |last| last.as_ptr() as usize - body.as_ptr() as usize));
        self.again(length)?;
        self.documents = Some((line_end, begin + length + last.map_or(0, str::len)));
        let text = &body[..length];
        self.walk.calls.piped.push(text.to_owned());
        if is_quoted { Ok(Input::Text(text.to_owned())) } else { self.text_inside(text).map(as_input) }
    }
}

fn as_input(word: Argument) -> Input {
    if word.certain { Input::Text(word.text.into()) } else { Input::Unknown }
}

/// The length of `{NAME}` in front of a redirection.
fn descriptor_length(rest: &str) -> usize {
    let Some(inner) = rest.strip_prefix('{') else { return 0 };
    let length = name_length(inner);
    let behind = inner[length..].strip_prefix('}').filter(|_| length > 0);
    if behind.is_some_and(|behind| behind.starts_with(['<', '>'])) { length + 2 } else { 0 }
}
