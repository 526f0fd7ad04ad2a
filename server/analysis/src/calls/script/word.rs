//! The words of a script: quotes, escapes, and what is replaced in them.
//!
//! Must not know commands: what a substitution runs is read as any list of commands.

use super::{Read, Script, is_word_end};
use crate::calls::{Argument, READ_CALL};
use crate::command::name_length;

/// A substitution that gives the directory of the programs of a Node.js project.
const NPM_BIN: &str = "(npm bin)";

/// The words of a command as they grow.
#[derive(Default)]
pub(super) struct ScriptWords {
    pub(super) done: Vec<Argument>,
    pub(super) current: Option<Argument>,
    /// Whether the current one is no word if it stays empty: `"$@"` without parameters.
    vanishes: bool,
    /// Whether something stands in the current one that is not known and is not empty.
    is_plain: bool,
}

impl ScriptWords {
    fn current(&mut self) -> &mut Argument {
        self.current.get_or_insert_with(|| Argument::known(""))
    }

    pub(super) fn push(&mut self, text: &str) {
        self.current().text.push_str(text);
    }

    pub(super) fn unknown(&mut self) {
        let word = self.current();
        let is_value = word.text.contains('=') || !word.text.starts_with('-') && !word.text.is_empty();
        word.open |= word.certain && !is_value;
        word.certain = false;
        word.known_from = word.text.len();
        word.assigns = false;
    }

    /// What is one word, and no option.
    fn unknown_plain(&mut self) {
        let open = self.current().open;
        self.unknown();
        self.current().open = open || self.current().text.starts_with('-');
        self.is_plain = true;
    }

    /// What a substitution printed, of which it is known whether it only assigns variables.
    fn printed(&mut self, assigns: bool) {
        let is_all = self.current.as_ref().is_none_or(|word| word.certain && word.text.is_empty());
        self.unknown();
        self.current().assigns = is_all && assigns;
    }

    fn end(&mut self) {
        let vanishes = std::mem::take(&mut self.vanishes);
        self.is_plain = false;
        let word = self.current.take();
        self.done.extend(word.filter(|word| !vanishes || !word.certain || !word.text.is_empty()));
    }

    /// The value of a variable that stands in no quotes.
    fn split(&mut self, value: &str) {
        let blank = |c: char| matches!(c, ' ' | '\t' | '\n');
        let mut parts = value.split(blank).peekable();
        while let Some(part) = parts.next() {
            if !part.is_empty() {
                self.push(part);
            }
            if parts.peek().is_some() {
                self.end();
            }
        }
    }

    fn parameters(&mut self, values: &[Argument]) {
        self.vanishes |= values.is_empty();
        let mut values = values.iter();
        if let Some(first) = values.next() {
            self.push(&first.text);
            self.current().certain &= first.certain;
        }
        for value in values {
            self.end();
            self.current = Some(value.clone());
        }
    }
}

impl Script<'_, '_> {
    /// A word up to a character that ends it, with everything that it runs.
    pub(super) fn word(&mut self, words: &mut ScriptWords) -> Read<()> {
        let start = self.at;
        let (mut brace, mut several, mut pattern) = (false, false, false);
        while let Some(next) = self.rest().chars().next() {
            match next {
                '<' | '>' if self.at == start && self.rest()[1..].starts_with('(') => {
                    self.at += 2;
                    let since = self.walk.calls.called.len();
                    self.subshell()?;
                    words.printed(self.walk.prints_assignments(since));
                }
                next if is_word_end(next) && (next != '\r' || self.is_at_return()) => break,
                '~' if self.is_home(start) => {
                    let home = self.walk.value("HOME").unwrap_or_else(|| "~".to_owned());
                    words.push(&home);
                    self.at += 1;
                }
                '\\' => self.escape(words),
                '\'' => self.single_quoted(words)?,
                '"' => {
                    self.at += 1;
                    words.push("");
                    self.double_quoted(words, Some('"'))?;
                }
                '$' => self.dollar(words, false)?,
                '`' => self.backticks(words, false)?,
                next => {
                    pattern |= matches!(next, '*' | '?' | '[');
                    several |= brace && (next == ',' || self.rest().starts_with(".."));
                    brace |= next == '{';
                    words.push(next.encode_utf8(&mut [0; 4]));
                    self.at += next.len_utf8();
                }
            }
        }
        if self.at == start {
            return Err("it cannot be read as the script of a shell".into());
        }
        let written = &self.text[start..self.at];
        if several || pattern && !matches!(written, "[" | "[[") {
            words.unknown();
            // `--{context,namespace}=x` is two options.
            words.current().open |= several && written.starts_with(['-', '{']);
        }
        let is_quoted = written.starts_with(['"', '\'']) && !written.contains('@');
        let is_plain = words.is_plain;
        if let Some(word) = words.current.as_mut().filter(|_| !is_plain) {
            word.vanishes |= !word.certain && word.text.is_empty() && !is_quoted;
        }
        words.end();
        Ok(())
    }

    /// Whether `~/` here, in a word that begins there, is the home directory: at its beginning and that of a value.
    fn is_home(&self, start: usize) -> bool {
        let before = &self.text[start..self.at];
        let of_value = before[name_length(before)..].strip_prefix('=');
        let of_value = of_value.or_else(|| self.text[..start].ends_with('=').then_some(before));
        let begins = before.is_empty() || of_value.is_some_and(|it| it.is_empty() || it.ends_with(':'));
        begins && self.rest().starts_with("~/")
    }

    fn escape(&mut self, words: &mut ScriptWords) {
        self.at += 1;
        match self.rest().chars().next() {
            Some('\n') => self.at += 1,
            Some(next) => {
                words.push(next.encode_utf8(&mut [0; 4]));
                self.at += next.len_utf8();
            }
            None => words.push("\\"),
        }
    }

    fn single_quoted(&mut self, words: &mut ScriptWords) -> Read<()> {
        let rest = &self.rest()[1..];
        let length = rest.find('\'').ok_or("a `'` is not closed")?;
        words.push(&rest[..length]);
        self.at += length + 2;
        Ok(())
    }

    /// Text up to a quote, or all of it; quotes in it mean nothing.
    pub(super) fn double_quoted(&mut self, words: &mut ScriptWords, end: Option<char>) -> Read<()> {
        loop {
            let rest = self.rest();
            let Some(next) = rest.chars().next() else {
                return if end.is_none() { Ok(()) } else { Err("a `\"` is not closed".into()) };
            };
            match next {
                next if Some(next) == end => {
                    self.at += 1;
                    return Ok(());
                }
                '\\' => {
                    let escaped =
                        rest[1..].chars().next().filter(|it| matches!(it, '$' | '`' | '"' | '\\' | '\n'));
                    self.at += 1 + escaped.map_or(0, char::len_utf8);
                    match escaped {
                        Some('\n') => {}
                        Some(escaped) => words.push(escaped.encode_utf8(&mut [0; 4])),
                        None => words.push("\\"),
                    }
                }
                '$' => self.dollar(words, true)?,
                '`' => self.backticks(words, true)?,
                _ => {
                    let length = rest.find(['"', '\\', '$', '`']).filter(|length| *length > 0);
                    let length = length.unwrap_or_else(|| if rest.starts_with('"') { 1 } else { rest.len() });
                    words.push(&rest[..length]);
                    self.at += length;
                }
            }
        }
    }

    /// What a command substitution in backticks runs.
    fn backticks(&mut self, words: &mut ScriptWords, in_quotes: bool) -> Read<()> {
        let mut script = String::new();
        let mut rest = self.rest()[1..].chars();
        loop {
            match rest.next().ok_or("a backtick is not closed")? {
                '`' => break,
                '\\' => match rest.next() {
                    Some(next @ ('$' | '`' | '\\')) => script.push(next),
                    Some('"') if in_quotes => script.push('"'),
                    Some(next) => script.extend(['\\', next]),
                    None => script.push('\\'),
                },
                next => script.push(next),
            }
        }
        self.again(script.len())?;
        self.at = self.text.len() - rest.as_str().len();
        let since = self.walk.calls.called.len();
        self.deeper(|this| {
            let piped = this.piped;
            this.walk.in_own_directory(|walk| Script { piped, ..Script::new(walk, &script) }.read())
        })?;
        words.printed(self.walk.prints_assignments(since));
        Ok(())
    }

    fn dollar(&mut self, words: &mut ScriptWords, in_quotes: bool) -> Read<()> {
        self.at += 1;
        let rest = self.rest();
        let length = name_length(rest);
        if length > 0 {
            self.at += length;
            let value = self.walk.value(&rest[..length]);
            return self.put_variable(words, &rest[..length], value, in_quotes);
        }
        match rest.chars().next() {
            Some('(') => self.substitution(words),
            Some('{') => self.deeper(|script| script.braces(words, in_quotes)),
            Some('\'') if !in_quotes => self.c_quoted(words),
            // The quotes of a text that may be translated.
            Some('"') if !in_quotes => Ok(()),
            Some(c @ ('0'..='9' | '@' | '*' | '#' | '?' | '$' | '!' | '-')) => {
                self.at += 1;
                self.parameter(words, c, in_quotes)
            }
            _ => {
                words.push("$");
                Ok(())
            }
        }
    }

    fn parameter(&mut self, words: &mut ScriptWords, name: char, in_quotes: bool) -> Read<()> {
        let Some(parameters) = self.walk.parameters.clone() else {
            words.unknown();
            return Ok(());
        };
        match name {
            '@' | '*' if name == '@' || !in_quotes => {
                let values = parameters.get(1..).unwrap_or_default();
                self.again(values.iter().map(|value| READ_CALL + value.text.len()).sum())?;
                words.parameters(values);
            }
            '0'..='9' => match parameters.get(name as usize - '0' as usize) {
                Some(value) if value.certain => {
                    return self.put(words, Some(value.text.to_string()), in_quotes);
                }
                Some(_) => words.unknown(),
                None if name == '0' => words.unknown(),
                None => return self.put(words, Some(String::new()), in_quotes),
            },
            _ => words.unknown(),
        }
        Ok(())
    }

    /// `$( … )` or `$(( … ))`.
    fn substitution(&mut self, words: &mut ScriptWords) -> Read<()> {
        if self.rest().starts_with(NPM_BIN) {
            self.at += NPM_BIN.len();
            words.push("node_modules/.bin");
            return Ok(());
        }
        let documents = self.documents.take();
        let since = self.walk.calls.called.len();
        // Each shell calculates there.
        let is_arithmetic = self.rest().starts_with("((") && self.arithmetic()?;
        if !is_arithmetic {
            self.at += 1;
            self.subshell()?;
        }
        words.printed(self.walk.prints_assignments(since));
        self.documents = documents.or(self.documents);
        Ok(())
    }

    /// `${ … }`.
    fn braces(&mut self, words: &mut ScriptWords, in_quotes: bool) -> Read<()> {
        self.at += 1;
        let rest = self.rest();
        let name = &rest[..name_length(rest)];
        self.at += name.len();
        let behind = &rest[name.len()..];
        let operator = [":-", "-", ":=", "=", "}"].into_iter().find(|it| behind.starts_with(it));
        self.at += operator.filter(|operator| *operator != "}").map_or(0, str::len);
        let other = self.up_to_brace()?;
        let value = self.walk.value(name).filter(|value| !value.is_empty());
        match operator.filter(|_| !name.is_empty()) {
            Some("}") => {
                let value = self.walk.value(name);
                self.put_variable(words, name, value, in_quotes)?;
            }
            Some(_) if value.is_some() => self.put(words, value, in_quotes)?,
            Some(_) => {
                let assigned = other.certain.then(|| other.text.to_string());
                self.put(words, Some(other.text.into()), in_quotes)?;
                // Whether it is unset or empty is not known of what scripts assign.
                let is_assigned = self.walk.calls.assigned.contains_key(name);
                if !other.certain || is_assigned {
                    words.unknown();
                }
                if matches!(operator, Some(":=" | "=")) {
                    self.walk.assign(name, assigned);
                }
            }
            None => words.unknown(),
        }
        Ok(())
    }

    fn put_variable(
        &mut self,
        words: &mut ScriptWords,
        name: &str,
        value: Option<String>,
        in_quotes: bool,
    ) -> Read<()> {
        let has_separators = self.walk.calls.assigned.contains_key("IFS");
        if value.is_none() && !has_separators && self.walk.plain.contains(name) {
            words.unknown_plain();
            return Ok(());
        }
        self.put(words, value, in_quotes)
    }

    fn put(&mut self, words: &mut ScriptWords, value: Option<String>, in_quotes: bool) -> Read<()> {
        self.again(value.as_ref().map_or(0, String::len))?;
        // It says where values are cut into words.
        let has_separators = self.walk.calls.assigned.contains_key("IFS");
        match value {
            Some(value) if in_quotes => words.push(&value),
            Some(value) if !has_separators || value.is_empty() => words.split(&value),
            _ => words.unknown(),
        }
        Ok(())
    }

    fn up_to_brace(&mut self) -> Read<Argument> {
        let mut words = ScriptWords::default();
        while let Some(next) = self.rest().chars().next() {
            match next {
                '}' => {
                    self.at += 1;
                    return Ok(words.current.unwrap_or_else(|| Argument::known("")));
                }
                '\\' => self.escape(&mut words),
                // Inside of double quotes it is no quote.
                '\'' => {
                    if self.single_quoted(&mut words).is_err() {
                        self.at += 1;
                        words.unknown();
                    }
                }
                '"' => {
                    self.at += 1;
                    self.double_quoted(&mut words, Some('"'))?;
                }
                '$' => self.dollar(&mut words, true)?,
                '`' => self.backticks(&mut words, true)?,
                next => {
                    words.push(next.encode_utf8(&mut [0; 4]));
                    self.at += next.len_utf8();
                }
            }
        }
        Err("a `${` is not closed".into())
    }

    /// `$'…'`, with the escapes of C.
    fn c_quoted(&mut self, words: &mut ScriptWords) -> Read<()> {
        self.at += 1;
        words.push("");
        loop {
            let rest = self.rest();
            let next = rest.chars().next().ok_or("a `'` is not closed")?;
            self.at += next.len_utf8();
            match next {
                '\'' => return Ok(()),
                '\\' => {
                    let (c, length) = c_escape(&rest[1..]).ok_or("a `'` is not closed")?;
                    words.push(c.encode_utf8(&mut [0; 4]));
                    self.at += length;
                }
                next => words.push(next.encode_utf8(&mut [0; 4])),
            }
        }
    }
}

/// The character that an escape stands for, and the length of what is written behind its backslash.
fn c_escape(text: &str) -> Option<(char, usize)> {
    let first = text.chars().next()?;
    let number = |from: usize, most: usize, radix: u32| {
        let digits = text[from..].chars().take(most).take_while(|c| c.is_digit(radix)).count();
        let value = u32::from_str_radix(&text[from..from + digits], radix).ok()?;
        Some((char::from_u32(value).unwrap_or(char::REPLACEMENT_CHARACTER), from + digits))
    };
    Some(match first {
        'n' => ('\n', 1),
        't' => ('\t', 1),
        'r' => ('\r', 1),
        'a' => ('\u{7}', 1),
        'b' => ('\u{8}', 1),
        'e' | 'E' => ('\u{1b}', 1),
        'f' => ('\u{c}', 1),
        'v' => ('\u{b}', 1),
        'x' => number(1, 2, 16).unwrap_or(('x', 1)),
        'u' => number(1, 4, 16).unwrap_or(('u', 1)),
        'U' => number(1, 8, 16).unwrap_or(('U', 1)),
        '0'..='7' => number(0, 3, 8)?,
        other => (other, other.len_utf8()),
    })
}
