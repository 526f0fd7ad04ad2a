//! One command of a phase as the rules see it: decoded and split once for all of them.
//!
//! Must not judge it; each rule does.

use std::borrow::Cow;
use std::cell::OnceCell;

use text_size::{TextRange, TextSize};

use crate::analysis::Analysis;
pub(super) use crate::command::Argument;
use crate::command::{self, Arguments, Part, Semantics, SplitError};
use crate::diagnostic::{Diagnostic, DiagnosticCode};
use crate::edit::{self, Fix, TextEdit};
use crate::phase::Phase;
use crate::syntax::{Str, StrStyle};

/// See the module. Ranges count in the decoded command unless said otherwise.
pub(super) struct Command<'a> {
    pub(super) analysis: &'a Analysis,
    pub(super) phase: Phase,
    /// How it stands in the file.
    pub(super) written: Str,
    /// The decoded command.
    pub(super) text: Cow<'a, str>,
    /// Many rules are about the program alone: a command that spaces split is split on demand.
    words: OnceCell<Arguments>,
    /// Which characters of ASCII there are in the text, a bit for each.
    characters: OnceCell<u128>,
    /// Whether the fixes of what is found are wanted, too.
    pub(super) fixes: bool,
    quoting: OnceCell<Vec<Quoting>>,
}

/// What quotes and backslashes make of a character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Quoting {
    /// Nothing: a shell would give it its meaning.
    Bare,
    /// In single quotes, or one of them.
    Single,
    /// In double quotes, or one of them.
    Double,
    /// Behind a backslash that takes its meaning, or that backslash.
    Escaped,
}

impl<'a> Command<'a> {
    /// The command of a task.
    ///
    /// # Errors
    ///
    /// When it cannot be split.
    pub(super) fn new(
        analysis: &'a Analysis,
        phase: Phase,
        written: Str,
        fixes: bool,
    ) -> Result<Command<'a>, SplitError> {
        let command = Command::of_words(analysis, phase, written, fixes);
        if !command.has(SPECIAL) && command.knows_quotes() {
            return Ok(command);
        }
        let words =
            command::arguments(&command.text, analysis.options.semantics, analysis.options.draft_version)?;
        Ok(Command { words: OnceCell::from(words), ..command })
    }

    /// A command that nothing but spaces splits: who calls it has looked.
    pub(super) fn of_words(analysis: &'a Analysis, phase: Phase, written: Str, fixes: bool) -> Command<'a> {
        let text = written.decode(&analysis.text);
        let (words, characters, quoting) = Default::default();
        Command { analysis, phase, written, text, words, characters, fixes, quoting }
    }

    /// The program and its arguments as they are written.
    pub(super) fn words(&self) -> &[Argument] {
        self.words.get_or_init(|| plain_words(&self.text))
    }

    /// What an argument will be, unless variables decide it.
    pub(super) fn literal<'c>(&'c self, argument: &'c Argument) -> Option<&'c str> {
        match argument {
            Argument::Plain(range) => Some(&self.text[*range]),
            Argument::Split(word) => match word.parts.as_slice() {
                [] => Some(""),
                [Part::Literal(text)] => Some(text),
                _ => None,
            },
        }
    }

    /// The arguments behind the program; those that variables decide are `None`.
    pub(super) fn arguments(&self) -> impl Iterator<Item = (&Argument, Option<&str>)> {
        self.words().iter().skip(1).map(|word| (word, self.literal(word)))
    }

    /// The program and where it stands, unless a variable decides it.
    pub(super) fn program_at(&self) -> Option<(&str, TextRange)> {
        let (program, range) = match self.words.get() {
            Some(words) => words.first().and_then(|word| Some((self.literal(word)?, word.range())))?,
            None => first_plain_word(&self.text).map(|range| (&self.text[range], range))?,
        };
        (!program.is_empty()).then_some((program, range))
    }

    /// The program, unless a variable decides it.
    pub(super) fn program(&self) -> Option<&str> {
        self.program_at().map(|(program, _)| program)
    }

    /// The program without its directory.
    pub(super) fn name(&self) -> Option<&str> {
        self.program().map(without_directory)
    }

    /// The variables of the command, each with where it stands.
    pub(super) fn variables(&self) -> impl Iterator<Item = (&str, TextRange)> {
        let words = self.words().iter().filter_map(|word| match word {
            Argument::Plain(_) => None,
            Argument::Split(word) => Some(&word.parts),
        });
        words.flatten().filter_map(|part| match part {
            Part::Literal(_) => None,
            Part::Variable { name, range } => Some((name.as_str(), *range)),
        })
    }

    /// Whether quotes and backslashes mean something.
    pub(super) fn knows_quotes(&self) -> bool {
        self.analysis.options.semantics == Semantics::Standard
    }

    /// Whether the program is a shell that is given a script: what the script says is for that shell.
    pub(super) fn is_shell(&self) -> bool {
        let shell = matches!(self.name(), Some("sh" | "bash" | "dash" | "ash" | "zsh" | "ksh" | "busybox"));
        shell && self.arguments().any(|(_, literal)| literal.is_some_and(is_script_flag))
    }

    /// What quotes and backslashes make of each byte.
    pub(super) fn quoting(&self) -> &[Quoting] {
        self.quoting.get_or_init(|| match self.analysis.options.semantics {
            Semantics::Standard => quoting(&self.text),
            Semantics::Draft => vec![Quoting::Bare; self.text.len()],
        })
    }

    /// Whether neither quotes nor backslashes take the meaning of the character of an argument at an offset.
    pub(super) fn is_bare(&self, argument: &Argument, at: usize) -> bool {
        self.bare(argument).is_some() || self.quoting()[at] == Quoting::Bare
    }

    /// The characters of an argument when neither quotes nor backslashes take the meaning of any of them.
    pub(super) fn bare(&self, argument: &Argument) -> Option<&str> {
        let text = &self.text[argument.range()];
        // Spaces separate words where they are not quoted: no quote reaches from one word into another.
        let is_quoted = || memchr::memchr3(b'"', b'\'', b'\\', text.as_bytes()).is_some();
        let is_split = matches!(argument, Argument::Split(_));
        (!(is_split && self.knows_quotes() && is_quoted())).then_some(text)
    }

    /// Where a piece of the command stands in the file.
    pub(super) fn place(&self, range: TextRange) -> TextRange {
        if self.written.plain {
            return range + self.written.inner_range().start();
        }
        self.written.map(&self.analysis.text).range(range)
    }

    /// Whether the text has one of these characters: most rules are about a few.
    ///
    /// Inlined, as their bits are known there when it is compiled.
    #[inline(always)]
    pub(super) fn has(&self, characters: &[u8]) -> bool {
        let wanted = characters.iter().fold(0, |bits, byte| bits | bit(*byte));
        self.characters() & wanted != 0
    }

    fn characters(&self) -> u128 {
        let of_text = || self.text.bytes().fold(0, |found, byte| found | BITS[usize::from(byte)]);
        *self.characters.get_or_init(of_text)
    }

    /// A finding about a piece of the command.
    pub(super) fn finding(
        &self,
        code: DiagnosticCode,
        range: TextRange,
        message: impl Into<String>,
    ) -> Diagnostic {
        Diagnostic { fixes_on_demand: !self.fixes, ..Diagnostic::new(code, self.place(range), message) }
    }

    /// What to do about a piece of a shell's language, for a note.
    pub(super) fn ask_for_a_shell(&self) -> &'static str {
        match self.analysis.options.semantics {
            Semantics::Standard => {
                "no shell reads the command, nor does one in Draft; `sh -c '…'` asks for one"
            }
            Semantics::Draft => "Draft asks no shell; put the line into a script and run that",
        }
    }

    /// The fix that hands the whole command to a shell, where quotes make that possible.
    pub(super) fn wrap(&self) -> Option<Fix> {
        if !self.fixes || !self.knows_quotes() {
            return None;
        }
        let command = format!("sh -c {}", shell_word(&self.as_script()));
        Some(self.rewrite("Wrap in `sh -c '…'`", &command, true))
    }

    /// The command as a shell must read it: there `$$NAME` would be the number of a process.
    pub(super) fn as_script(&self) -> String {
        if memchr::memmem::find(self.text.as_bytes(), b"$$").is_none() {
            return self.text.clone().into_owned();
        }
        let mut script = String::with_capacity(self.text.len());
        let bytes = self.text.as_bytes();
        for (at, character) in self.text.char_indices() {
            let read = matches!(self.quoting().get(at), Some(Quoting::Bare | Quoting::Double));
            let name = |byte: &u8| byte.is_ascii_alphabetic() || matches!(byte, b'_' | b'{');
            let doubled = bytes.get(at + 1) == Some(&b'$') && bytes.get(at + 2).is_some_and(name);
            script.push(if character == '$' && read && doubled { '\\' } else { character });
        }
        script
    }

    /// The fix that puts another command in the place of this one.
    pub(super) fn rewrite(&self, title: impl Into<String>, command: &str, preferred: bool) -> Fix {
        let written = in_style(command, self.written.style);
        Fix { title: title.into(), edits: vec![TextEdit::replace(self.written.range, written)], preferred }
    }

    /// The command with a piece replaced.
    pub(super) fn replaced(&self, range: TextRange, text: &str) -> String {
        edit::apply(&self.text, &[TextEdit::replace(range, text)])
    }
}

/// What splitting a command is about beside spaces.
const SPECIAL: &[u8] = b"\"'\\$\t\n";

/// The bit of a character of ASCII; other bytes have none.
const fn bit(byte: u8) -> u128 {
    if byte < 128 { 1 << byte } else { 0 }
}

/// The bits of all bytes: for a whole text a look into a table is faster.
static BITS: [u128; 256] = {
    let mut bits = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        bits[byte] = bit(byte as u8);
        byte += 1;
    }
    bits
};

fn first_plain_word(text: &str) -> Option<TextRange> {
    let start = text.bytes().position(|byte| byte != b' ')?;
    let length = text[start..].bytes().position(|byte| byte == b' ').unwrap_or(text.len() - start);
    Some(range(start, start + length))
}

fn plain_words(text: &str) -> Arguments {
    let mut words = Arguments::new();
    let mut start = 0;
    for (at, byte) in text.bytes().enumerate() {
        if byte == b' ' {
            if at > start {
                words.push(Argument::Plain(range(start, at)));
            }
            start = at + 1;
        }
    }
    if text.len() > start {
        words.push(Argument::Plain(range(start, text.len())));
    }
    words
}

/// The name of a program that may be written with its directory.
pub(super) fn without_directory(program: &str) -> &str {
    &program[memchr::memrchr(b'/', program.as_bytes()).map_or(0, |slash| slash + 1)..]
}

/// `-c`, and flags that end with it as in `sh -ec`.
fn is_script_flag(argument: &str) -> bool {
    argument.len() > 1 && argument.starts_with('-') && !argument.starts_with("--") && argument.ends_with('c')
}

/// A range from offsets of a text that is known to be of at most 32 bits.
pub(super) fn range(start: usize, end: usize) -> TextRange {
    TextRange::new(TextSize::new(start as u32), TextSize::new(end as u32))
}

/// Text as one argument that looks like a script: in single quotes where it has none itself.
pub(super) fn shell_word(script: &str) -> String {
    if script.contains('\'') { command::show_argument(script) } else { format!("'{script}'") }
}

/// A string in the style in which it was written, if it can be written so.
fn in_style(content: &str, style: StrStyle) -> String {
    let control = content.contains(|c: char| c.is_control());
    match style {
        StrStyle::Basic if !control && !content.contains(['"', '\\']) => format!("\"{content}\""),
        StrStyle::Literal if !control && !content.contains('\'') => format!("'{content}'"),
        StrStyle::Basic if !control && content.contains('\'') => {
            format!("\"{}\"", content.replace('\\', "\\\\").replace('"', "\\\""))
        }
        _ => edit::string(content),
    }
}

fn quoting(text: &str) -> Vec<Quoting> {
    let bytes = text.as_bytes();
    let mut result = Vec::with_capacity(bytes.len());
    let mut state = Quoting::Bare;
    while let Some(byte) = bytes.get(result.len()) {
        let next = bytes.get(result.len() + 1);
        let escapes = match state {
            Quoting::Bare => next.is_some(),
            Quoting::Double => matches!(next, Some(b'$' | b'`' | b'"' | b'\\')),
            _ => false,
        };
        match (byte, state) {
            (b'\\', _) if escapes => result.extend([Quoting::Escaped; 2]),
            (b'\'', Quoting::Bare) => {
                state = Quoting::Single;
                result.push(state);
            }
            (b'"', Quoting::Bare) => {
                state = Quoting::Double;
                result.push(state);
            }
            (b'\'', Quoting::Single) | (b'"', Quoting::Double) => {
                result.push(state);
                state = Quoting::Bare;
            }
            _ => result.push(state),
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::Options;
    use crate::command::{DraftVersion, split};

    /// What the fix that asks for a shell makes of a command, decoded.
    fn wrapped(command: &str) -> String {
        let text = format!("[pre-up]\na = {}\n", edit::string(command));
        let analysis = Analysis::new(text.as_str(), Options::default());
        let (_, written) = analysis.file.commands_of(Phase::PreUp).next().unwrap();
        let command = Command::new(&analysis, Phase::PreUp, written, true).unwrap();
        let fixed = Analysis::new(edit::apply(&text, &command.wrap().unwrap().edits), Options::default());
        let (_, written) = fixed.file.commands_of(Phase::PreUp).next().unwrap();
        assert!(fixed.tree.errors.is_empty(), "{}", fixed.text);
        written.decode(&fixed.text).into_owned()
    }

    #[test]
    fn arguments_are_bare_where_all_their_characters_are() {
        let pieces = ["a", " ", "'", "\"", "\\", "$A", "&&", "\t"];
        let mut seen = [0; 2];
        for number in 0..pieces.len().pow(4) {
            let text: String =
                (0..4).map(|at| pieces[number / pieces.len().pow(at) % pieces.len()]).collect();
            let text = format!("[pre-up]\na = {}\n", edit::string(&text));
            let analysis = Analysis::new(text.as_str(), Options::default());
            let (_, written) = analysis.file.commands_of(Phase::PreUp).next().unwrap();
            let Ok(command) = Command::new(&analysis, Phase::PreUp, written, false) else { continue };
            for word in command.words() {
                let quoting = &command.quoting()[std::ops::Range::<usize>::from(word.range())];
                let expected = quoting.iter().all(|it| *it == Quoting::Bare);
                assert_eq!(command.bare(word).is_some(), expected, "{} {word:?}", command.text);
                seen[usize::from(expected)] += 1;
            }
        }
        assert!(seen[0] > 500 && seen[1] > 500, "{seen:?}");
    }

    #[test]
    fn a_wrapped_command_is_one_argument_of_the_shell() {
        for command in [
            "cd a && make",
            "echo 'it is' | cat",
            "echo \"it's $HOME\" > \"a b\"",
            "echo `date` \\$HOME 'x\\y' \"\\\\\"",
            "printf 'a\tb' | cat",
        ] {
            let wrapped = wrapped(command);
            let words = split(&wrapped, Semantics::Standard, DraftVersion::default()).unwrap();
            let argv: Vec<String> = words.iter().map(|word| word.expand(&|_| panic!("a variable"))).collect();
            assert_eq!(argv, ["sh", "-c", command], "{wrapped}");
        }
        assert_eq!(wrapped("cd a && make"), "sh -c 'cd a && make'");
        assert_eq!(wrapped("echo $$HOME | cat"), "sh -c 'echo \\$HOME | cat'");
    }

    #[test]
    fn what_quotes_and_backslashes_take() {
        let shown = |text: &str| -> String {
            let letter = |it: &Quoting| match it {
                Quoting::Bare => 'b',
                Quoting::Single => 's',
                Quoting::Double => 'd',
                Quoting::Escaped => 'e',
            };
            quoting(text).iter().map(letter).collect()
        };
        assert_eq!(shown("a 'b' \"c\\\"d\\e\" \\f\\"), "bbsssbddeeddddbeeb");
    }
}
