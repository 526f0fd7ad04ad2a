//! What of a script is made of several commands, and the words that begin and end it.
//!
//! Must not judge whether it ends as it began: what a shell would refuse may be read.

use super::word::ScriptWords;
use super::{End, Last, Read, Script, is_word_end};
use crate::calls::Argument;
use crate::command::name_length;

impl Script<'_, '_> {
    /// A word that means something to the shell where a command begins.
    pub(super) fn reserved(&mut self, end: End) -> Read<Option<Last>> {
        let rest = self.rest();
        let length = rest.find(is_word_end).unwrap_or(rest.len());
        let word = &rest[..length];
        if matches!(word, "if" | "while" | "until" | "for" | "select" | "case" | "function" | "coproc") {
            self.walk.directory.doubt_next();
        }
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
                self.coprocess();
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
                self.function()?;
            }
            "[[" => {
                self.at += length;
                self.condition()?;
            }
            _ => return Ok(None),
        }
        Ok(Some(Last::Command))
    }

    /// The name behind `coproc`, which has one only where what follows is no program.
    fn coprocess(&mut self) {
        self.blanks();
        let name = name_length(self.rest());
        if name > 0 && compound_behind(&self.rest()[name..]).is_some() {
            self.at += name;
        }
    }

    /// The name behind `function`.
    fn function(&mut self) -> Read<()> {
        self.blanks();
        let mut name = ScriptWords::default();
        self.word(&mut name)?;
        self.walk.functions.extend(name.done.pop().map(|name| name.text));
        self.walk.parameters = None;
        self.blanks();
        if self.peek() == Some(b'(') { self.function_parentheses() } else { Ok(()) }
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
            let words = self.words_of_line()?;
            let is_plain =
                |word: &Argument| word.certain && !word.text.is_empty() && !word.text.starts_with('-');
            if words.iter().all(is_plain) {
                self.walk.plain.insert(name.to_owned());
            }
        }
        Ok(())
    }

    fn words_of_line(&mut self) -> Read<Vec<Argument>> {
        let mut words = ScriptWords::default();
        loop {
            self.blanks();
            match self.peek() {
                None | Some(b'\n' | b';' | b'&' | b'|') => return Ok(words.done),
                Some(b'(' | b')') => return Err("a `for` in it cannot be read".into()),
                Some(_) => self.word(&mut words)?,
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
