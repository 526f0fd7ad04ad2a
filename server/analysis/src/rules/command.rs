//! One command of a phase as the rules see it: decoded and split once for all of them.
//!
//! Must not judge it; each rule does.

use std::cell::LazyCell;
use std::ops::Range;
use std::sync::OnceLock;

use compact_str::CompactString;
use text_size::{TextRange, TextSize};

use crate::calls::{self, Calls};
pub(super) use crate::command::Quoting;
use crate::command::{self, Part, Semantics, SplitError, Word};
use crate::diagnostic::{Diagnostic, DiagnosticCode};
use crate::edit::{self, Fix, TextEdit};
use crate::links::{self, Link};
use crate::parsed::Parsed;
use crate::phase::Phase;
use crate::syntax::{Str, StrStyle};
use crate::task_file::Task;
use crate::words::Words;

/// What to do about a piece of a shell's language, why it means nothing, and what else is to be said of that.
macro_rules! no_shell {
    ($remedy:literal $(, $more:literal)?) => {
        concat!($remedy, "; no shell reads the command, nor does one in Draft" $(, $more)?)
    };
}
pub(super) use no_shell;

/// A command of a phase. Ranges count in the decoded command unless said otherwise.
pub(super) struct Command<'a> {
    pub(super) parsed: &'a Parsed,
    pub(super) phase: Phase,
    pub(super) task: &'a Task,
    split: &'a Words,
    /// How long the directory of the program is, with its slash.
    directory: usize,
    calls: OnceLock<Calls>,
}

impl<'a> Command<'a> {
    /// The command of a task, where it has one.
    pub(super) fn new(parsed: &'a Parsed, phase: Phase, task: &'a Task) -> Option<Command<'a>> {
        Some(Command::of(parsed, phase, task, parsed.words_of(task)?))
    }

    fn of(parsed: &'a Parsed, phase: Phase, task: &'a Task, split: &'a Words) -> Command<'a> {
        let directory =
            split.literal(0).map_or(0, |program| program.len() - without_directory(program).len());
        Command { parsed, phase, task, split, directory, calls: OnceLock::new() }
    }

    /// What it names that stands elsewhere, where it takes names that a file beside it offers.
    pub(super) fn offered_links(&self) -> Vec<Link> {
        links::offered_links(self.split)
    }

    /// Looks at each command that it is: itself, or those of the script that a shell has as an argument.
    pub(super) fn each(&self, mut look: impl FnMut(&Command<'_>)) {
        let script = self.split.of_script();
        if script.is_empty() {
            return look(self);
        }
        let (parsed, phase, task) = (self.parsed, self.phase, self.task);
        script.iter().for_each(|split| look(&Command::of(parsed, phase, task, split)));
    }

    /// How it stands in the file.
    pub(super) fn written(&self) -> Str {
        self.split.written
    }

    /// The decoded command.
    pub(super) fn text(&self) -> &str {
        &self.split.content
    }

    /// The program and its arguments as they are written.
    pub(super) fn words(&self) -> &[Word] {
        &self.split.words
    }

    /// What it calls, with the names of variables for their values.
    pub(super) fn calls(&self) -> &Calls {
        let named = |name: &str| Some(format!("${name}"));
        let argv = || self.words().iter().map(|word| word.expand::<CompactString>(&named));
        self.calls.get_or_init(|| Calls::of(argv(), &named))
    }

    /// Why it cannot be split.
    pub(super) fn error(&self) -> Option<&SplitError> {
        self.split.error.as_ref()
    }

    /// The arguments behind the program; those that variables decide are `None`.
    pub(super) fn arguments(&self) -> impl Iterator<Item = (&Word, Option<&str>)> {
        self.words().iter().skip(1).map(|word| (word, word.literal()))
    }

    /// The program and where it stands, unless a variable decides it.
    pub(super) fn program_at(&self) -> Option<(&str, TextRange)> {
        let word = self.words().first()?;
        word.literal().filter(|program| !program.is_empty()).map(|program| (program, word.range))
    }

    /// The program, unless a variable decides it.
    pub(super) fn program(&self) -> Option<&str> {
        self.program_at().map(|(program, _)| program)
    }

    /// The program without its directory.
    pub(super) fn name(&self) -> Option<&str> {
        self.program().map(|program| &program[self.directory..])
    }

    /// The variables of the command, each with where it stands.
    pub(super) fn variables(&self) -> impl Iterator<Item = (&str, TextRange)> {
        self.words().iter().flat_map(|word| &word.parts).filter_map(|part| match part {
            Part::Literal(_) => None,
            Part::Variable { name, range } => Some((name.as_str(), *range)),
        })
    }

    /// Whether quotes and backslashes mean something.
    pub(super) fn knows_quotes(&self) -> bool {
        self.parsed.options.semantics == Semantics::Standard
    }

    /// Whether there are quotes where they mean nothing: then they are what is wrong.
    pub(super) fn has_idle_quotes(&self) -> bool {
        !self.knows_quotes() && self.text().contains(['"', '\''])
    }

    /// Whether the program is a shell that is given a script: what the script says is for that shell.
    pub(super) fn is_shell(&self) -> bool {
        calls::script_of(self.words(), 0).is_some()
    }

    /// What quotes and backslashes make of each byte.
    pub(super) fn quoting(&self) -> &[Quoting] {
        &self.split.quoting
    }

    /// What they make of each byte of a word.
    pub(super) fn quoting_of(&self, word: &Word) -> &[Quoting] {
        self.split.quoting_of(word)
    }

    /// The characters of a word when neither quotes nor backslashes take the meaning of any of them.
    pub(super) fn bare(&self, word: &Word) -> Option<&str> {
        self.quoting_of(word).iter().all(|it| *it == Quoting::Bare).then(|| &self.text()[word.range])
    }

    /// Whether a line end that no backslash takes away stands in front of a word.
    pub(super) fn begins_line(&self, word: usize) -> bool {
        let Some(before) = word.checked_sub(1) else { return true };
        let gap = TextRange::new(self.words()[before].range.end(), self.words()[word].range.start());
        let gap = &self.text()[gap];
        gap.match_indices('\n').any(|(at, _)| !gap[..at].ends_with('\\'))
    }

    /// Where a piece of the command stands in the file.
    pub(super) fn place(&self, range: TextRange) -> TextRange {
        self.split.range(range)
    }

    /// A finding about a piece of the command.
    pub(super) fn finding(
        &self,
        code: DiagnosticCode,
        range: TextRange,
        message: impl Into<String>,
    ) -> Diagnostic {
        Diagnostic::new(code, self.place(range), message)
    }

    /// The command as a shell must read it: there `$$NAME` would be the number of a process, a bare variable any number
    /// of arguments, and `source` is a word of Bash alone.
    pub(super) fn as_script(&self) -> String {
        self.script_with(Vec::new())
    }

    /// That, with changes of what stands between the words.
    pub(super) fn script_with(&self, mut edits: Vec<TextEdit>) -> String {
        edits.extend(self.escaped_dollars());
        edits.extend(self.quoted_variables());
        edits.extend(self.portable_sources());
        edit::apply(self.text(), &edits)
    }

    fn escaped_dollars(&self) -> Vec<TextEdit> {
        let bytes = self.text().as_bytes();
        let is_name = |byte: &u8| byte.is_ascii_alphabetic() || matches!(byte, b'_' | b'{');
        let doubled = |at: &usize| {
            let read = matches!(self.split.quoting[*at], Quoting::Bare | Quoting::Double);
            read && bytes.get(at + 1) == Some(&b'$') && bytes.get(at + 2).is_some_and(is_name)
        };
        let dollars = self.text().match_indices('$').map(|(at, _)| at).filter(doubled);
        dollars.map(|at| TextEdit::replace(range(at, at + 1), "\\")).collect()
    }

    fn quoted_variables(&self) -> Vec<TextEdit> {
        let arithmetic = LazyCell::new(|| self.arithmetic());
        let is_arithmetic = |start: usize| {
            let after = arithmetic.partition_point(|range| range.end <= start);
            arithmetic.get(after).is_some_and(|range| range.start < start)
        };
        let is_split = |place: &TextRange| {
            let start = usize::from(place.start());
            self.split.quoting[start] == Quoting::Bare && !is_arithmetic(start)
        };
        let bare = self.variables().map(|(_, place)| place).filter(is_split);
        bare.map(|place| TextEdit::replace(place, format!("\"{}\"", &self.text()[place]))).collect()
    }

    /// Where `$((…))` stands, which knows no quotes.
    fn arithmetic(&self) -> Vec<Range<usize>> {
        let mut found: Vec<Range<usize>> = Vec::new();
        for (begin, _) in self.text().match_indices("$((") {
            let is_inside = found.last().is_some_and(|last| begin < last.end);
            if is_inside || self.split.quoting[begin] != Quoting::Bare {
                continue;
            }
            let mut depth = 0;
            let closes = |byte| {
                depth += isize::from(byte == b'(') - isize::from(byte == b')');
                depth == 0 && byte == b')'
            };
            let length = self.text()[begin..].bytes().position(closes);
            found.push(begin..length.map_or(self.text().len(), |length| begin + length));
        }
        found
    }

    /// Whether a command of a script begins with this word.
    fn begins_command(&self, mut at: usize) -> bool {
        const KEYWORDS: [&str; 9] = ["{", "!", "if", "then", "elif", "else", "while", "until", "do"];
        let words = self.words();
        while let Some(before) = at.checked_sub(1) {
            let gap = TextRange::new(words[before].range.end(), words[at].range.start());
            let written = self.bare(&words[before]).unwrap_or_default();
            let separates = matches!(written, "&&" | "||" | "|" | "&" | "(") || written.ends_with(';');
            if separates || self.text()[gap].contains('\n') {
                return true;
            }
            if !KEYWORDS.contains(&written) {
                return false;
            }
            at = before;
        }
        true
    }

    /// `source FILE` as POSIX has it: `. ./FILE`, as without a slash the file is looked for in the PATH.
    fn portable_sources(&self) -> Vec<TextEdit> {
        let words = self.words();
        let mut edits = Vec::new();
        for (at, word) in words.iter().enumerate() {
            let Some(bare) = self.bare(word) else { continue };
            let is_source = bare.trim_start_matches('(') == "source";
            if !is_source || !self.begins_command(at) {
                continue;
            }
            let name = TextRange::at(word.range.end() - TextSize::of("source"), TextSize::of("source"));
            edits.push(TextEdit::replace(name, "."));
            let file = words.get(at + 1).filter(|file| file.literal().is_some_and(|it| !it.contains('/')));
            edits.extend(file.map(|file| TextEdit::insert(file.range.start(), "./")));
        }
        edits
    }

    /// The fix that puts another command in the place of this one; what runs is then another, so the user chooses it.
    pub(super) fn rewrite(&self, title: impl Into<String>, command: &str) -> Fix {
        let written = in_style(command, self.written().style);
        let edits = vec![TextEdit::replace(self.written().range, written)];
        Fix { title: title.into(), edits, preferred: false }
    }

    /// The fix that removes one of the arguments.
    pub(super) fn without(&self, argument: TextRange) -> Fix {
        let with_space = TextRange::new(argument.start() - TextSize::of(' '), argument.end());
        self.rewrite(format!("Remove `{}`", &self.text()[argument]), &self.replaced(with_space, ""))
    }

    /// The command with a piece replaced.
    pub(super) fn replaced(&self, range: TextRange, text: &str) -> String {
        edit::apply(self.text(), &[TextEdit::replace(range, text)])
    }
}

/// The name of a program that may be written with its directory.
pub(super) fn without_directory(program: &str) -> &str {
    program.rsplit('/').next().unwrap_or(program)
}

/// A range from offsets of a text that is known to be of at most 32 bits.
pub(super) fn range(start: usize, end: usize) -> TextRange {
    TextRange::new(TextSize::new(start as u32), TextSize::new(end as u32))
}

/// Text as one argument that looks like a script: in single quotes where it has none itself.
pub(super) fn shell_word(script: &str) -> String {
    if script.contains('\'') { command::show_argument(script) } else { ["'", script, "'"].concat() }
}

/// A string in the style in which it was written, if it can be written so.
fn in_style(content: &str, style: StrStyle) -> String {
    let control = content.contains(|c: char| c.is_control());
    match style {
        StrStyle::Basic if !control && !content.contains(['"', '\\']) => ["\"", content, "\""].concat(),
        StrStyle::Literal if !control && !content.contains('\'') => ["'", content, "'"].concat(),
        StrStyle::Basic if !control && content.contains('\'') => {
            format!("\"{}\"", content.replace('\\', "\\\\").replace('"', "\\\""))
        }
        _ => edit::string(content),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::{DraftVersion, split};
    use crate::options::Options;

    /// What the fix that asks for a shell makes of a command, decoded.
    fn wrapped(command: &str) -> String {
        let text = format!("[pre-up]\na = {}\n", edit::string(command));
        let analysis = Parsed::new(text.as_str(), Options::default());
        let (task, _) = analysis.file.commands_of(Phase::PreUp).next().unwrap();
        let command = Command::new(&analysis, Phase::PreUp, task).unwrap();
        let fixed = Parsed::new(edit::apply(&text, &command.wrap().unwrap().edits), Options::default());
        let (_, written) = fixed.file.commands_of(Phase::PreUp).next().unwrap();
        assert!(fixed.tree.errors.is_empty(), "{}", fixed.text);
        written.decode(&fixed.text).into_owned()
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
    fn a_wrapped_variable_stays_one_argument() {
        for (command, script) in [
            ("ls $SRC/* | wc", "sh -c 'ls \"$SRC\"/* | wc'"),
            ("cp \"$A\" ${B} > $LOG", "sh -c 'cp \"$A\" \"${B}\" > \"$LOG\"'"),
            ("echo $((1+$N)) | cat", "sh -c 'echo $((1+$N)) | cat'"),
            ("echo $((2*(1+$N)+$M)) $N | cat", "sh -c 'echo $((2*(1+$N)+$M)) \"$N\" | cat'"),
            ("echo \"((\" $A | cat", "sh -c 'echo \"((\" \"$A\" | cat'"),
            ("(cd x; (ls $A))", "sh -c '(cd x; (ls \"$A\"))'"),
        ] {
            assert_eq!(wrapped(command), script);
        }
    }

    #[test]
    fn a_wrapped_source_is_one_of_any_shell() {
        for (command, script) in [
            ("source .env && make", "sh -c '. ./.env && make'"),
            ("true; source ./env && echo source", "sh -c 'true; . ./env && echo source'"),
            ("if true; then source env; fi", "sh -c 'if true; then . ./env; fi'"),
            ("for i in 1; do ! source env; done", "sh -c 'for i in 1; do ! . ./env; done'"),
            ("{ source ./env; } && (source env; make)", "sh -c '{ . ./env; } && (. ./env; make)'"),
            ("( source ./env )\nsource x/y", "sh -c '( . ./env )\n. x/y'"),
            ("echo then source x | cat", "sh -c 'echo then source x | cat'"),
        ] {
            assert_eq!(wrapped(command), script);
        }
    }
}
