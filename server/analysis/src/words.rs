//! The words of a written command, with the way from each of them back to the text.
//!
//! Must not judge: a command that cannot be split has the words before the place where it breaks off.

use std::ops::Range;
use std::sync::OnceLock;

use text_size::{TextRange, TextSize};

use crate::calls::script_of;
use crate::command::{self, Part, Quoting, Semantics, Split, SplitError, Word};
use crate::options::Options;
use crate::syntax::{Str, StrMap};

/// A command of the file, split.
#[derive(Clone, Debug)]
pub struct Words {
    /// The decoded command.
    pub content: String,
    /// Its words; those before the error where it has one.
    pub words: Vec<Word>,
    /// What quotes and backslashes make of each byte of the command; nothing behind the error where it has one.
    pub quoting: Vec<Quoting>,
    /// Why the rest has no words.
    pub error: Option<SplitError>,
    /// How it stands in the text.
    pub written: Str,
    map: Option<StrMap>,
    options: Options,
    script: OnceLock<Vec<Words>>,
}

impl Words {
    /// Splits a command of a text.
    pub(crate) fn new(text: &str, written: Str, options: Options) -> Words {
        let content = written.decode(text).into_owned();
        let map = (!written.plain).then(|| written.map(text));
        let (Split { words, quoting }, error) = split(&content, options);
        Words { content, words, quoting, error, written, map, options, script: OnceLock::new() }
    }

    /// What quotes and backslashes make of each byte of a word.
    pub fn quoting_of(&self, word: &Word) -> &[Quoting] {
        &self.quoting[Range::<usize>::from(word.range)]
    }

    /// Where a range of the command stands in the text.
    pub fn range(&self, content: TextRange) -> TextRange {
        match &self.map {
            Some(map) => map.range(content),
            None => {
                let inner = self.written.inner_range();
                let at = |offset: TextSize| (inner.start() + offset).min(inner.end());
                TextRange::new(at(content.start()), at(content.end()))
            }
        }
    }

    /// Which offset of the command stands at an offset of the text.
    pub fn to_content(&self, text: TextSize) -> TextSize {
        match &self.map {
            Some(map) => map.to_content(text),
            None => {
                let inner = self.written.inner_range();
                text.clamp(inner.start(), inner.end()) - inner.start()
            }
        }
    }

    /// The variables in the order of the command: the name, and where it stands in the text.
    pub fn variables(&self) -> impl Iterator<Item = (&str, TextRange)> {
        self.words.iter().flat_map(|word| &word.parts).filter_map(|part| match part {
            Part::Variable { name, range } => Some((name.as_str(), self.range(*range))),
            Part::Literal(_) => None,
        })
    }

    /// Where a word has `$$NAME`, `\$NAME` and the like: what looks like a variable and is not; in order, as ranges of
    /// the command.
    pub fn escaped_variables(&self, word: &Word, semantics: Semantics) -> Vec<TextRange> {
        let variables: Vec<TextSize> = word
            .parts
            .iter()
            .filter_map(|part| match part {
                Part::Variable { range, .. } => Some(range.start()),
                Part::Literal(_) => None,
            })
            .collect();
        let mut found: Vec<TextRange> = Vec::new();
        let (text, quoting) = (&self.content[word.range], self.quoting_of(word));
        for (at, _) in text.match_indices(['$', '\\']).filter(|(at, _)| quoting[*at] != Quoting::Single) {
            let (start, next) = (word.range.start() + TextSize::new(at as u32), &text[at + 1..]);
            let is_name = semantics == Semantics::Standard || !next.starts_with("${");
            let Some((_, length)) = command::variable(next).filter(|_| is_name) else { continue };
            let range = TextRange::at(start, TextSize::new(1 + length as u32));
            let is_variable = variables.binary_search(&(start + TextSize::new(1))).is_ok();
            if !is_variable && found.last().is_none_or(|last| last.end() <= start) {
                found.push(range);
            }
        }
        found
    }

    /// The commands of a script that a shell has as an argument, each as a command of its own; none where it is more than
    /// commands behind each other, leaves the directory, or is written with escapes.
    pub(crate) fn of_script(&self) -> &[Words] {
        self.script.get_or_init(|| self.split_script().unwrap_or_default())
    }

    fn split_script(&self) -> Option<Vec<Words>> {
        let (script, start) = self.script()?;
        // The shell knows quotes whoever starts it.
        let options = Options { semantics: Semantics::Standard, ..self.options };
        let parts = simple_commands(script).into_iter().map(|part| {
            let (Split { words, .. }, error) = split(&script[part.clone()], options);
            let start = start + TextSize::new(part.start as u32);
            let words = words.into_iter().map(|word| word.moved(start)).collect();
            Words { words, error, script: Vec::new().into(), ..self.clone() }
        });
        let parts: Vec<Words> = parts.collect();
        let is_plain = |part: &Words| {
            part.error.is_none() && !part.literal(0).is_some_and(|program| NOT_SIMPLE.contains(&program))
        };
        parts.iter().all(is_plain).then_some(parts)
    }

    /// The script, where the command has it as the shell reads it, and where it stands in the command.
    fn script(&self) -> Option<(&str, TextSize)> {
        let word = self.words.get(script_of(&self.words, 0)?)?;
        let (written, script) = (&self.content[word.range], word.literal()?);
        let quote = written.len().checked_sub(script.len()).filter(|quotes| matches!(quotes, 0 | 2))? / 2;
        // Quotes that stand elsewhere may leave a part of a character.
        let inner = written.get(quote..written.len() - quote)?;
        let is_simple = inner == script && !script.contains(BEYOND_COMMANDS);
        is_simple.then(|| (inner, word.range.start() + TextSize::new(quote as u32)))
    }

    /// The argument of a word, where no variable is in it.
    pub fn literal(&self, index: usize) -> Option<&str> {
        self.words.get(index)?.literal()
    }
}

/// What may make more of a script than commands behind each other.
const BEYOND_COMMANDS: [char; 10] = ['(', ')', '{', '}', '<', '>', '`', '\\', '\n', '#'];

/// What is no command by itself, or has those behind it mean something else.
const NOT_SIMPLE: [&str; 19] = [
    ".", "alias", "case", "cd", "do", "elif", "else", "eval", "exec", "for", "function", "if", "popd",
    "pushd", "source", "then", "trap", "until", "while",
];

/// Where the commands of such a script stand.
fn simple_commands(script: &str) -> Vec<Range<usize>> {
    let (mut found, mut start, mut quote) = (Vec::new(), 0, None);
    for (at, character) in script.char_indices() {
        match (character, quote) {
            ('\'' | '"', None) => quote = Some(character),
            (_, Some(open)) if open == character => quote = None,
            (';' | '|' | '&', None) => {
                found.push(start..at);
                start = at + 1;
            }
            _ => {}
        }
    }
    found.push(start..script.len());
    found.retain(|part| !script[part.clone()].trim().is_empty());
    found
}

fn split(content: &str, options: Options) -> (Split, Option<SplitError>) {
    match Split::new(content, options.semantics, options.draft_version) {
        Ok(whole) => (whole, None),
        Err(error) => {
            // In front of a NUL a quote may be open.
            let (mut before, _) = split(&content[..usize::from(error.range.start())], options);
            before.quoting.resize(content.len(), Quoting::Bare);
            (before, Some(error))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parsed::Parsed;

    fn escaped(content: &str, semantics: Semantics) -> Vec<&str> {
        let text = format!("[pre-up]\na = {}\n", crate::edit::string(content));
        let parsed = Parsed::new(text, Options { semantics, ..Options::default() });
        let words = parsed.words_of(&parsed.file.tasks[0]).expect("a command");
        let ranges = words.words.iter().flat_map(|word| words.escaped_variables(word, semantics));
        ranges.map(|range| &content[range]).collect()
    }

    #[test]
    fn what_looks_like_a_variable_and_is_not() {
        let standard = |content| escaped(content, Semantics::Standard);
        assert_eq!(
            standard(r#"$A $$B \$C "$D$$E \$F" '$G $$H' $${I} \${J}x"#),
            ["$$B", r"\$C", "$$E", r"\$F", "$${I}", r"\${J}"]
        );
        assert_eq!(standard(r#"\\$A \'$$B $$$C é$$D ${A}$$E"#), ["$$B", "$$C", "$$D", "$$E"]);
        let draft = |content| escaped(content, Semantics::Draft);
        assert_eq!(draft(r"$A $$B \$C '$$D $${E}"), ["$$B", r"\$C", "$$D"]);
    }

    #[test]
    fn a_script_has_commands_of_its_own() {
        let of = |command: &str| {
            let text = format!("[pre-up]\na = {}\n", crate::edit::string(command));
            let parsed = Parsed::new(text.as_str(), Options::default());
            let words = parsed.words_of(&parsed.file.tasks[0]).expect("a command");
            let shown = |command: &Words| {
                let words = command.words.iter().map(|word| &text[command.range(word.range)]);
                words.collect::<Vec<_>>().join(" ")
            };
            words.of_script().iter().map(shown).collect::<Vec<_>>().join(" | ")
        };
        assert_eq!(
            of("sh -c 'npm ci &&npm run \"a;b\"; make x|tee $LOG'"),
            "npm ci | npm run \"a;b\" | make x | tee $LOG"
        );
        assert_eq!(of("sudo bash -ec \"make x\""), "");
        assert_eq!(of("bash -ec \"make x\" y"), "make x");
        for other in [
            "make x",
            "sh x.sh",
            "sh -c 'cd x && make y'",
            "sh -c 'make x >log'",
            "sh -c 'if a; then make x; fi'",
            "sh -c 'make $(x)'",
            "sh -c 'make \"x'",
            "sh -c \"make $X\"",
            "sh -c é'make x'",
            "sh -c \"x\"é",
        ] {
            assert_eq!(of(other), "", "{other}");
        }
    }

    #[test]
    fn a_broken_command_has_the_words_before() {
        let analysis = Parsed::new("[pre-up]\na = 'echo \"$A\" b\"c d'\n", Options::default());
        let words = analysis.words_of(&analysis.file.tasks[0]).expect("a command");
        let shown: Vec<_> = words.words.iter().map(|word| &analysis.text[words.range(word.range)]).collect();
        assert_eq!(shown, ["echo", "\"$A\"", "b"]);
        assert_eq!(
            words.error.as_ref().map(|error| words.content[error.range].to_owned()),
            Some("\"".into())
        );
    }
    #[test]
    fn a_nul_within_quotes_leaves_the_words_before_them() {
        let parsed = Parsed::new("[pre-up]\na = \"echo b 'c\\u0000d'\"\n", Options::default());
        let words = parsed.words_of(&parsed.file.tasks[0]).expect("a command");
        let shown: Vec<_> = words.words.iter().map(|word| &words.content[word.range]).collect();
        assert_eq!((shown, words.quoting.len()), (vec!["echo", "b"], words.content.len()));
        assert_eq!(
            words.error.as_ref().map(|error| words.content[error.range].to_owned()),
            Some("\0".into())
        );
    }
}
