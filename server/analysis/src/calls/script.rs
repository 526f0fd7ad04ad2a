//! A script of a shell, read as far as it must be known which programs it calls.
//!
//! Must not judge: a script that a shell would refuse may be read, but nothing that a shell would run may be missed
//! without an error.

mod compound;
mod redirection;
mod word;

use super::variables::is_settled;
use super::{Argument, CallWords, DEPTH, Input, TOO_DEEP, TOO_MUCH, Walk};
use crate::command::name_length;
use word::ScriptWords;

/// Why a script cannot be read further, in lower case without a full stop.
type Read<T> = Result<T, String>;

/// Where a list of commands ends.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Text,
    Parenthesis,
    /// `;;` or `esac`.
    Arm,
}

/// What came last of a list.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Last {
    Command,
    Esac,
}

pub(super) struct Script<'w, 'a> {
    walk: &'w mut Walk<'a>,
    text: &'w str,
    at: usize,
    /// Behind this line end here-documents stand, up to there.
    documents: Option<(usize, usize)>,
    /// Whether a pipe may be what programs read.
    piped: bool,
}

impl<'w, 'a> Script<'w, 'a> {
    pub(super) fn new(walk: &'w mut Walk<'a>, text: &'w str) -> Script<'w, 'a> {
        Script { walk, text, at: 0, documents: None, piped: false }
    }

    pub(super) fn read(mut self) -> Read<()> {
        self.list(End::Text).map(drop)
    }

    fn rest(&self) -> &'w str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn deeper<T>(&mut self, read: impl FnOnce(&mut Self) -> Read<T>) -> Read<T> {
        if self.walk.depth >= DEPTH {
            return Err(TOO_DEEP.into());
        }
        self.walk.depth += 1;
        let read = read(self);
        self.walk.depth -= 1;
        read
    }

    /// Whether so much more is read, of what is not read for the first time.
    fn again(&mut self, length: usize) -> Read<()> {
        if self.walk.spend(length) { Ok(()) } else { Err(TOO_MUCH.into()) }
    }

    /// Commands up to an end, which is taken.
    fn list(&mut self, end: End) -> Read<Last> {
        self.deeper(|script| script.commands(end))
    }

    fn commands(&mut self, end: End) -> Read<Last> {
        loop {
            self.blanks();
            let rest = self.rest();
            match self.peek() {
                None if end == End::Text => return Ok(Last::Command),
                None => return Err("a `(` or `case` is not closed".into()),
                Some(b'\n') => self.line_end(),
                Some(b')') if end == End::Parenthesis => {
                    self.at += 1;
                    return Ok(Last::Command);
                }
                Some(b')') => return Err("a `)` closes nothing".into()),
                Some(b';') if end == End::Arm && (rest.starts_with(";;") || rest.starts_with(";&")) => {
                    self.at += rest.bytes().take_while(|byte| matches!(byte, b';' | b'&')).count();
                    return Ok(Last::Command);
                }
                Some(b'&') if rest.starts_with("&>") => drop(self.simple(end)?),
                Some(b';') => self.at += 1,
                Some(b'&' | b'|') => self.operator(),
                Some(b'(') => self.parenthesis()?,
                Some(_) => {
                    if self.simple(end)? == Last::Esac {
                        return Ok(Last::Esac);
                    }
                }
            }
        }
    }

    /// Blanks, line continuations and a comment.
    fn blanks(&mut self) {
        loop {
            let rest = self.rest();
            if rest.starts_with([' ', '\t']) || self.is_at_return() {
                self.at += 1;
            } else if rest.starts_with("\\\n") {
                self.at += 2;
            } else if rest.starts_with('#') {
                self.at += rest.find('\n').unwrap_or(rest.len());
            } else {
                return;
            }
        }
    }

    /// Whether the end of a line follows as Windows writes it; elsewhere this letter is one of a word.
    fn is_at_return(&self) -> bool {
        self.rest().strip_prefix('\r').is_some_and(|rest| rest.is_empty() || rest.starts_with('\n'))
    }

    fn blanks_and_lines(&mut self) {
        self.blanks();
        while self.peek() == Some(b'\n') {
            self.line_end();
            self.blanks();
        }
    }

    fn line_end(&mut self) {
        match self.documents.take_if(|(line_end, _)| *line_end <= self.at) {
            Some((_, end)) => self.at = end,
            None => self.at += 1,
        }
    }

    /// `(( … ))` or `( … )`.
    fn parenthesis(&mut self) -> Read<()> {
        let begin = self.at;
        if !self.rest().starts_with("((") || !self.arithmetic()? {
            self.at += 1;
            return self.subshell();
        }
        let end = self.at;
        if self.walk.has_arithmetic {
            return Ok(());
        }
        self.at = begin + 1;
        match self.subshell() {
            Err(why) if why == TOO_MUCH || why == TOO_DEEP => Err(why),
            // A shell that reads commands there refuses it.
            Err(_) => {
                self.at = end;
                Ok(())
            }
            Ok(()) => Ok(()),
        }
    }

    /// What stands in front of a `)`, in a process of its own.
    fn subshell(&mut self) -> Read<()> {
        let before = self.walk.directory.clone();
        let read = self.list(End::Parenthesis).map(drop);
        self.walk.directory = before;
        read
    }

    /// `&&`, `||`, `&` or `|`: what follows may not run, or run in a process of its own, as what stands before it.
    fn operator(&mut self) {
        let rest = self.rest();
        let is_list = rest.starts_with("&&") || rest.starts_with("||");
        if !is_list && (rest.starts_with('&') || self.walk.has_just_entered()) {
            self.walk.directory.doubt_entered();
        }
        if rest.starts_with('|') {
            self.piped = true;
            self.walk.is_fed = true;
        }
        if is_list || rest.starts_with('|') {
            self.walk.directory.doubt_next();
        }
        self.at += if is_list { 2 } else { 1 };
    }

    /// Takes `(( … ))`, if it is that, and looks at the commands in it.
    fn arithmetic(&mut self) -> Read<bool> {
        let rest = self.rest();
        let mut depth = 0_usize;
        let closes = |byte: u8| {
            depth = match byte {
                b'(' => depth + 1,
                b')' => depth - 1,
                _ => depth,
            };
            depth == 0
        };
        let length = rest.bytes().position(closes);
        self.again(length.unwrap_or(rest.len()))?;
        let Some(length) = length else { return Ok(false) };
        let Some(inner) = rest[..length].strip_prefix("((").and_then(|inner| inner.strip_suffix(')')) else {
            return Ok(false);
        };
        let mut depth = 0_isize;
        let is_balanced = inner.bytes().all(|byte| {
            depth += isize::from(byte == b'(') - isize::from(byte == b')');
            depth >= 0
        });
        if !is_balanced {
            return Ok(false);
        }
        self.text_inside(inner)?;
        self.at += length + 1;
        Ok(true)
    }

    /// Looks at the commands in a text in which quotes mean nothing.
    fn text_inside(&mut self, text: &'w str) -> Read<Argument> {
        self.deeper(|script| {
            let mut inner = Script::new(script.walk, text);
            let mut words = ScriptWords::default();
            inner.double_quoted(&mut words, None)?;
            Ok(words.current.unwrap_or_else(|| Argument::known("")))
        })
    }

    /// A command up to an operator, or the beginning of one that is made of several.
    fn simple(&mut self, end: End) -> Read<Last> {
        let mut words = ScriptWords::default();
        let mut input = if self.piped { Input::Unknown } else { Input::Inherited };
        loop {
            self.blanks();
            if self.redirection(&mut input)? {
                continue;
            }
            match self.peek() {
                Some(b'(') if words.done.len() == 1 => {
                    self.walk.functions.insert(words.done.remove(0).text);
                    self.function_parentheses()?;
                    words = ScriptWords::default();
                    continue;
                }
                Some(b'(') if !words.done.is_empty() => return Err("a `(` stands where none may".into()),
                None | Some(b'\n' | b';' | b'&' | b'|' | b'(' | b')') => break,
                Some(_) => {}
            }
            if words.done.is_empty() {
                if self.assignment()? {
                    continue;
                }
                match self.reserved(end)? {
                    Some(Last::Esac) => return Ok(Last::Esac),
                    Some(Last::Command) => continue,
                    None => {}
                }
            } else if self.array_argument()? {
                continue;
            }
            self.word(&mut words)?;
        }
        // Several commands read it, or the one that a function runs.
        let program = words.done.first().map(|program| program.text.as_str());
        let is_compound = program.is_none_or(|program| self.walk.functions.contains(program));
        self.walk.is_fed |= is_compound && input != Input::Inherited;
        if !words.done.is_empty() {
            self.walk.command(&CallWords::new(words.done), &input);
        }
        Ok(Last::Command)
    }

    /// `()` behind the name of a function, whose parameters are others.
    fn function_parentheses(&mut self) -> Read<()> {
        self.at += 1;
        self.blanks();
        if self.peek() != Some(b')') {
            return Err("a `(` stands where none may".into());
        }
        self.at += 1;
        self.walk.parameters = None;
        self.walk.directory.doubt_next();
        Ok(())
    }

    /// `NAME=value` or `NAME=(values)`.
    fn assignment(&mut self) -> Read<bool> {
        let rest = self.rest();
        let length = name_length(rest);
        let behind = &rest[length..];
        let operator = ["=", "+="].into_iter().find(|operator| behind.starts_with(operator));
        let Some(operator) = operator.filter(|_| length > 0) else { return Ok(false) };
        self.at += length + operator.len();
        if self.peek() == Some(b'(') {
            self.array()?;
            self.walk.assign(&rest[..length], None);
            return Ok(true);
        }
        let mut words = ScriptWords::default();
        if !self.rest().chars().next().is_none_or(is_word_end) {
            self.word(&mut words)?;
        }
        let value = match words.done.as_slice() {
            [] => Some(String::new()),
            words if operator == "=" && words.iter().all(|word| is_settled(&rest[..length], word)) => {
                Some(words.iter().map(|word| word.text.as_str()).collect::<Vec<_>>().join(" "))
            }
            _ => None,
        };
        self.walk.assign(&rest[..length], value);
        Ok(true)
    }

    /// `NAME=(values)` as an argument, such as that of `declare`.
    fn array_argument(&mut self) -> Read<bool> {
        let rest = self.rest();
        let length = name_length(rest);
        if length == 0 || !rest[length..].starts_with("=(") {
            return Ok(false);
        }
        self.walk.assign(&rest[..length], None);
        self.at += length + 1;
        self.array().map(|()| true)
    }

    fn array(&mut self) -> Read<()> {
        self.at += 1;
        loop {
            self.blanks_and_lines();
            match self.peek() {
                None => return Err("a `(` is not closed".into()),
                Some(b')') => {
                    self.at += 1;
                    return Ok(());
                }
                Some(b';' | b'&' | b'|' | b'(') => return Err("an array in it cannot be read".into()),
                Some(_) => self.word(&mut ScriptWords::default())?,
            }
        }
    }
}

fn is_word_end(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r' | '\n' | ';' | '&' | '|' | '<' | '>' | '(' | ')')
}
