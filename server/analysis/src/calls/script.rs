//! A script of a shell, read as far as it must be known which programs it calls.
//!
//! Must not judge: a script that a shell would refuse may be read, but nothing that a shell would run may be missed
//! without an error.

mod word;

use super::{Argument, DEPTH, Input, Line, Walk};
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
            return Err("it is nested too deeply".into());
        }
        self.walk.depth += 1;
        let read = read(self);
        self.walk.depth -= 1;
        read
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
                Some(b';' | b'&') => self.at += 1,
                Some(b'|') => {
                    self.at += 1;
                    self.piped = true;
                    self.walk.is_fed = true;
                }
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
            if rest.starts_with([' ', '\t', '\r']) {
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
        if self.rest().starts_with("((") && self.arithmetic()? {
            return Ok(());
        }
        self.at += 1;
        self.list(End::Parenthesis).map(drop)
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
        let Some(length) = rest.bytes().position(closes) else { return Ok(false) };
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
            self.walk.command(&Line::new(words.done), &input);
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
            words if operator == "=" && words.iter().all(|word| word.certain) => {
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

    /// A word that means something to the shell where a command begins.
    fn reserved(&mut self, end: End) -> Read<Option<Last>> {
        let rest = self.rest();
        let length = rest.find(is_word_end).unwrap_or(rest.len());
        let word = &rest[..length];
        match word {
            "if" | "then" | "else" | "elif" | "fi" | "while" | "until" | "do" | "done" | "{" | "}" | "!" => {
                self.at += length;
            }
            "time" => match compound_behind(&rest[length..]) {
                Some(skipped) => self.at += length + skipped,
                None => return Ok(None),
            },
            "coproc" => {
                self.at += length;
                self.blanks();
                let name = name_length(self.rest());
                if name > 0 && compound_behind(&self.rest()[name..]).is_some() {
                    self.at += name;
                }
            }
            "esac" if end == End::Arm => {
                self.at += length;
                return Ok(Some(Last::Esac));
            }
            "for" | "select" => {
                self.at += length;
                self.for_head()?;
            }
            "case" => {
                self.at += length;
                self.case()?;
            }
            "function" => {
                self.at += length;
                self.blanks();
                let mut name = ScriptWords::default();
                self.word(&mut name)?;
                self.walk.functions.extend(name.done.pop().map(|name| name.text));
                self.walk.parameters = None;
                self.blanks();
                if self.peek() == Some(b'(') {
                    self.function_parentheses()?;
                }
            }
            "[[" => {
                self.at += length;
                self.condition()?;
            }
            _ => return Ok(None),
        }
        Ok(Some(Last::Command))
    }

    fn for_head(&mut self) -> Read<()> {
        self.blanks();
        if self.peek() == Some(b'(') {
            return if self.arithmetic()? { Ok(()) } else { Err("a `for` in it cannot be read".into()) };
        }
        let rest = self.rest();
        let name = &rest[..name_length(rest)];
        if name.is_empty() {
            return Err("a `for` in it cannot be read".into());
        }
        self.at += name.len();
        self.walk.assign(name, None);
        self.blanks_and_lines();
        if self.rest().starts_with("in") && self.rest()[2..].chars().next().is_none_or(is_word_end) {
            self.at += 2;
            self.words_of_line()?;
        }
        Ok(())
    }

    fn words_of_line(&mut self) -> Read<()> {
        loop {
            self.blanks();
            match self.peek() {
                None | Some(b'\n' | b';' | b'&' | b'|') => return Ok(()),
                Some(b'(' | b')') => return Err("a `for` in it cannot be read".into()),
                Some(_) => self.word(&mut ScriptWords::default())?,
            }
        }
    }

    fn case(&mut self) -> Read<()> {
        self.blanks();
        self.word(&mut ScriptWords::default())?;
        self.blanks_and_lines();
        if !self.rest().starts_with("in") {
            return Err("a `case` in it cannot be read".into());
        }
        self.at += 2;
        loop {
            self.blanks_and_lines();
            let rest = self.rest();
            if let Some(behind) = rest.strip_prefix("esac")
                && behind.chars().next().is_none_or(is_word_end)
            {
                self.at += 4;
                return Ok(());
            }
            self.patterns()?;
            if self.list(End::Arm)? == Last::Esac {
                return Ok(());
            }
        }
    }

    /// The patterns of an arm, with the `)` behind them.
    fn patterns(&mut self) -> Read<()> {
        if self.peek() == Some(b'(') {
            self.at += 1;
        }
        loop {
            self.blanks();
            match self.peek() {
                Some(b')') => {
                    self.at += 1;
                    return Ok(());
                }
                Some(b'|') => self.at += 1,
                None | Some(b'\n' | b';' | b'&' | b'(' | b'<' | b'>') => {
                    return Err("a `case` in it cannot be read".into());
                }
                Some(_) => self.word(&mut ScriptWords::default())?,
            }
        }
    }

    /// `[[ … ]]`, in which operators are others.
    fn condition(&mut self) -> Read<()> {
        loop {
            self.blanks();
            let rest = self.rest();
            match self.peek() {
                None => return Err("a `[[` is not closed".into()),
                Some(b'\n') => self.line_end(),
                Some(b';' | b'&' | b'|' | b'(' | b')' | b'<' | b'>') => self.at += 1,
                Some(_) if rest.starts_with("]]") && rest[2..].chars().next().is_none_or(is_word_end) => {
                    self.at += 2;
                    return Ok(());
                }
                Some(_) => self.word(&mut ScriptWords::default())?,
            }
        }
    }

    /// Takes `>file`, `2>&1`, `<<END` and the like.
    fn redirection(&mut self, input: &mut Input) -> Read<bool> {
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
                    "<<<" => *input = as_input(words.done.pop().unwrap_or_else(Argument::unknown)),
                    "<" | "<>" | "<&" => *input = Input::Unknown,
                    _ => {}
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
        let is_quoted = self.text[start..self.at].contains(['\'', '"', '\\']);
        let delimiter = words.done.pop().map(|word| word.text).unwrap_or_default();
        let line_end = self.at + self.rest().find('\n').unwrap_or(self.rest().len());
        let (line_end, begin) = self.documents.unwrap_or((line_end, (line_end + 1).min(self.text.len())));
        let body = self.text.get(begin..).unwrap_or_default();
        let mut length = 0;
        let mut lines = body.split_inclusive('\n');
        let last = lines.find(|line| {
            let line = line.trim_end_matches(['\n', '\r']);
            let found = if is_indented { line.trim_start_matches('\t') } else { line } == delimiter;
            length += if found { 0 } else { line.len() + 1 };
            found
        });
        let length =
            body.len().min(last.map_or(body.len(), |last| last.as_ptr() as usize - body.as_ptr() as usize));
        self.documents = Some((line_end, begin + length + last.map_or(0, str::len)));
        let text = &body[..length];
        if is_quoted { Ok(Input::Text(text.to_owned())) } else { self.text_inside(text).map(as_input) }
    }
}

fn as_input(word: Argument) -> Input {
    if word.certain { Input::Text(word.text.into()) } else { Input::Unknown }
}

fn is_word_end(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r' | '\n' | ';' | '&' | '|' | '<' | '>' | '(' | ')')
}

/// The length of the options behind `time` where what follows them is no program.
fn compound_behind(rest: &str) -> Option<usize> {
    let mut inner = rest.trim_start_matches([' ', '\t']);
    while let Some(behind) = ["-p ", "-- "].iter().find_map(|option| inner.strip_prefix(option)) {
        inner = behind.trim_start_matches([' ', '\t']);
    }
    let word = &inner[..inner.find(is_word_end).unwrap_or(inner.len())];
    let begins = inner.starts_with('(')
        || matches!(word, "{" | "!" | "if" | "for" | "while" | "until" | "case" | "[[");
    begins.then(|| rest.len() - inner.len())
}

/// The length of `{NAME}` in front of a redirection.
fn descriptor_length(rest: &str) -> usize {
    let Some(inner) = rest.strip_prefix('{') else { return 0 };
    let length = name_length(inner);
    let behind = inner[length..].strip_prefix('}').filter(|_| length > 0);
    if behind.is_some_and(|behind| behind.starts_with(['<', '>'])) { length + 2 } else { 0 }
}

/// The length of the name at the beginning of a text.
fn name_length(text: &str) -> usize {
    if text.starts_with(|c: char| c.is_ascii_digit()) {
        0
    } else {
        text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(text.len())
    }
}
