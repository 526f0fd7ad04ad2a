//! What can be typed inside of a command: which kind of thing belongs to the cursor, and how it must be written there.
//!
//! Must not know which programs, files or variables there are: candidates come in.

use text_size::{TextRange, TextSize};

use super::{Completion, CompletionKind, escape_snippet};
use crate::command::{self, Semantics};
use crate::edit;
use crate::links::Tool;
use crate::parsed::Parsed;
use crate::project_files::{ProjectFile, make_takes_next};
use crate::syntax::StrStyle;
use crate::words::Words;

/// A place inside of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    /// What belongs there.
    pub wanted: Wanted,
    /// What was typed of it, decoded; candidates begin with it.
    pub typed: String,
    /// What a candidate replaces, in the text.
    range: TextRange,
    /// That and the rest of the word.
    whole: TextRange,
    /// How the string is written.
    style: StrStyle,
    /// The quote of the command that is open there.
    quote: Option<char>,
    /// Whether the command knows quotes at all.
    semantics: Semantics,
}

/// What belongs to a place inside of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// A variable of the environment; with braces when `${` was typed.
    Variable {
        /// Whether the name stands in braces.
        braces: bool,
    },
    /// A program of the PATH or a script of the project.
    Program,
    /// A script in a directory below that of the tasks file, which was typed.
    ScriptIn(String),
    /// A file or directory in a directory that was typed, empty for that of the tasks file.
    FileIn(String),
    /// A target of a Makefile, or a script of a `package.json`.
    Offered(ProjectFile),
}

/// Something that fits a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// What the command would get.
    pub text: String,
    /// What it is.
    pub kind: CompletionKind,
    /// A few words beside it.
    pub detail: String,
}

impl Candidate {
    /// A variable with its value as it may be shown.
    pub fn variable(name: &str, value: &str) -> Candidate {
        let shown = match value {
            "" => "empty".to_owned(),
            value => value.chars().take(60).map(|c| if c.is_control() { ' ' } else { c }).collect(),
        };
        Candidate { text: name.to_owned(), kind: CompletionKind::Variable, detail: shown }
    }
}

/// The place at an offset, when it is inside of a command.
pub fn site(parsed: &Parsed, offset: TextSize) -> Option<Site> {
    let (section, task) = parsed.file.task_at(offset)?;
    let written = task.command()?;
    let inner = written.inner_range();
    let phase = section.phase.filter(|_| section.form.has_tasks())?;
    if !inner.contains_inclusive(offset) || offset == written.range.start() {
        return None;
    }
    let words = parsed.words_of(task)?;
    let at = words.to_content(offset);
    if !is_between_characters(words, at, offset) {
        return None;
    }
    let typing = Typing::new(parsed, &words.content[..usize::from(at)]);
    let (wanted, start, end) = match typing.variable() {
        Some((start, braces)) => {
            (Wanted::Variable { braces }, start, variable_end(&words.content, at, braces))
        }
        None if !phase.is_local() => return None,
        None => {
            let (wanted, start) = typing.word()?;
            (wanted, start, at)
        }
    };
    let range = words.range(TextRange::new(start, end));
    // Where nothing is replaced, an escape beside the cursor must not lead astray.
    let range = if start == end { TextRange::empty(offset) } else { range };
    if parsed.text[range].contains(['\n', '\r']) {
        return None;
    }
    let whole = words.range(TextRange::new(start, end.max(word_end(&words.content, at))));
    let is_whole = whole.contains_range(range) && !parsed.text[whole].contains(['\n', '\r']);
    let whole = if is_whole { whole } else { range };
    let typed = match wanted {
        Wanted::Variable { .. } => {
            typing.before[usize::from(start)..].trim_start_matches(['$', '{']).to_owned()
        }
        _ => typing.segment(),
    };
    Some(Site {
        wanted,
        typed,
        range,
        whole,
        style: written.style,
        quote: typing.quote,
        semantics: parsed.options.semantics,
    })
}

/// Whether the cursor is beside a character of the command, not inside of an escape.
fn is_between_characters(words: &Words, at: TextSize, offset: TextSize) -> bool {
    let before = words.content[..usize::from(at)].chars().next_back().map_or(0.into(), TextSize::of);
    let last = TextRange::new(at - before, at);
    words.range(TextRange::empty(at)).start() == offset || words.range(last).end() == offset
}

/// Where the name that the cursor stands in ends, with its brace.
fn variable_end(content: &str, at: TextSize, braces: bool) -> TextSize {
    let rest = &content[usize::from(at)..];
    let name = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
    let brace = usize::from(braces && rest[name..].starts_with('}'));
    at + TextSize::new((name + brace) as u32)
}

/// Where the piece of a word ends that the cursor stands in.
fn word_end(content: &str, at: TextSize) -> TextSize {
    let rest = &content[usize::from(at)..];
    let end = rest.find(|c: char| c.is_whitespace() || "\"'\\$/=;&|<>".contains(c));
    at + TextSize::new(end.unwrap_or(rest.len()) as u32)
}

/// A command up to the cursor.
struct Typing<'a> {
    before: &'a str,
    semantics: Semantics,
    /// The words without variables; the last is the one that is being typed, perhaps empty.
    words: Vec<Option<String>>,
    /// Where the last word begins.
    start: usize,
    quote: Option<char>,
}

impl<'a> Typing<'a> {
    fn new(parsed: &Parsed, before: &'a str) -> Typing<'a> {
        let options = parsed.options;
        let split = |text: &str| command::split(text, options.semantics, options.draft_version);
        let (words, quote) = match split(before) {
            Ok(words) => (words, None),
            Err(error) => {
                let quote = before[usize::from(error.range.start())..].chars().next();
                let closed = quote.filter(|quote| matches!(quote, '\'' | '"'));
                let closed = closed.map(|quote| split(&format!("{before}{quote}")).unwrap_or_default());
                (closed.unwrap_or_default(), quote)
            }
        };
        let length = before.len() + usize::from(quote.is_some());
        let start = match words.last() {
            Some(last) if usize::from(last.range.end()) >= length => last.range.start().into(),
            _ => before.len(),
        };
        let literal = |word: &command::Word| word.literal().map(str::to_owned);
        let mut words: Vec<Option<String>> = words.iter().map(literal).collect();
        if start == before.len() && quote.is_none() && !(before.is_empty() && words.len() == 1) {
            words.push(Some(String::new()));
        }
        Typing { before, semantics: options.semantics, words, start, quote }
    }

    /// Where the `$` of the variable stands that is being typed, and whether it has a brace.
    fn variable(&self) -> Option<(TextSize, bool)> {
        if self.quote == Some('\'') || self.quote == Some('\\') {
            return None;
        }
        let name = self.before.trim_end_matches(command::is_of_name);
        let (start, braces) = match name.strip_suffix("${") {
            Some(start) if self.semantics == Semantics::Standard => (start, true),
            _ => (name.strip_suffix('$')?, false),
        };
        let dollars = start.len() - start.trim_end_matches('$').len();
        let backslashes = start.len() - start.trim_end_matches('\\').len();
        let escaped = dollars > 0 || backslashes % 2 == 1;
        (!escaped).then(|| (TextSize::of(start), braces))
    }

    /// What belongs to the place of the word that is being typed, and where the replaced piece of it begins.
    fn word(&self) -> Option<(Wanted, TextSize)> {
        if self.quote == Some('\\') {
            return None;
        }
        let index = self.words.len().checked_sub(1)?;
        let typed = self.words[index].as_deref()?;
        let (directory, start) = (self.directory(typed), TextSize::new(self.segment_start() as u32));
        let earlier = &self.words[..index];
        let flag = typed.starts_with('-') && !typed.contains('=');
        let wanted = match (Tool::of(earlier), directory) {
            _ if flag => return None,
            (_, Some(directory)) if index == 0 => Wanted::ScriptIn(directory),
            (_, None) if index == 0 => Wanted::Program,
            (Tool::Make(makefile), None) if !names_a_file(earlier) => {
                Wanted::Offered(ProjectFile::Makefile(makefile))
            }
            (Tool::Npm { script, directory }, None) if script == index => {
                Wanted::Offered(ProjectFile::Package(directory))
            }
            (_, directory) => Wanted::FileIn(directory.unwrap_or_default()),
        };
        Some((wanted, start))
    }

    /// The directory that was typed of the word, with its last slash.
    fn directory(&self, typed: &str) -> Option<String> {
        let path = value_of_flag(typed);
        path.rfind('/').map(|at| path[..=at].to_owned())
    }

    /// Where the last piece of the path begins that is being typed.
    fn segment_start(&self) -> usize {
        let word = &self.before[self.start..];
        let quote = self.quote.and_then(|quote| word.rfind(quote)).map_or(0, |at| at + 1);
        let slash = word.rfind('/').map_or(0, |at| at + 1);
        let value = word.find('=').filter(|_| word.starts_with('-')).map_or(0, |at| at + 1);
        self.start + quote.max(slash).max(value)
    }

    /// What was typed of the last piece, as the command would get it.
    fn segment(&self) -> String {
        let typed = self.words.last().and_then(|word| word.as_deref()).unwrap_or_default();
        let path = value_of_flag(typed);
        path.rsplit('/').next().unwrap_or_default().to_owned()
    }
}

/// `x` of `--flag=x`, else the whole word.
fn value_of_flag(word: &str) -> &str {
    match word.split_once('=') {
        Some((flag, value)) if flag.starts_with('-') => value,
        _ => word,
    }
}

/// Whether the next argument of make is no target.
fn names_a_file(earlier: &[Option<String>]) -> bool {
    let last = earlier.last().and_then(|word| word.as_deref()).unwrap_or_default();
    make_takes_next(last)
}

/// The candidates that begin with what was typed, as completions in their order; what cannot be written at the place
/// is left out.
pub fn offer(site: &Site, candidates: impl IntoIterator<Item = Candidate>) -> Vec<Completion> {
    let fitting = candidates.into_iter().filter(|candidate| candidate.text.starts_with(&site.typed));
    fitting.filter_map(|candidate| completion(site, candidate)).collect()
}

fn completion(site: &Site, candidate: Candidate) -> Option<Completion> {
    let written = match site.wanted {
        Wanted::Variable { braces: true } => format!("${{{}}}", candidate.text),
        Wanted::Variable { braces: false } => format!("${}", candidate.text),
        _ => quoted(&candidate.text, site)?,
    };
    let label = match site.wanted {
        Wanted::Variable { .. } => written.clone(),
        _ => candidate.text.clone(),
    };
    Some(Completion {
        label,
        kind: candidate.kind,
        detail: candidate.detail,
        documentation: None,
        range: site.range,
        overwrites: (site.whole != site.range).then_some(site.whole),
        snippet: escape_snippet(&edit::inside(site.style, &written)?),
    })
}

/// A text as it must stand in the command to be just this text.
fn quoted(text: &str, site: &Site) -> Option<String> {
    if text.contains(['\n', '\r']) {
        return None;
    }
    if site.semantics == Semantics::Draft {
        return (!text.contains([' ', '$', '\\'])).then(|| text.to_owned());
    }
    let special: &[char] = match site.quote {
        Some('\'') => return (!text.contains('\'')).then(|| text.to_owned()),
        Some(_) => &['"', '\\', '$'],
        None => &['"', '\\', '$', '\'', ' ', '\t'],
    };
    let mut written = String::with_capacity(text.len());
    for character in text.chars() {
        if special.contains(&character) {
            written.push('\\');
        }
        written.push(character);
    }
    Some(written)
}

#[cfg(test)]
mod tests;
