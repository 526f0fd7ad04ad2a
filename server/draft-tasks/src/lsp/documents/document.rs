//! One open document: its text as the client edits it, and the analysis of it, made when somebody asks.
//!
//! Must not publish anything.

use std::borrow::Cow;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use draft_tasks_analysis::facts::FactsWanted;
use draft_tasks_analysis::{Analysis, Facts, Parsed};
use tower_lsp::gen_lsp_types::{Range, TextDocumentContentChangeEvent, Uri};

use crate::lines::LineIndex;
use crate::lsp::documents::look::Turns;
use crate::lsp::documents::surroundings::Surroundings;
use crate::lsp::documents::text::Text;
use crate::lsp::protocol::position::{self, Encoding};
use crate::settings::Config;
use crate::source::FileKind;

/// A document that the client has open.
#[derive(Debug)]
pub(crate) struct Document {
    pub(crate) uri: Uri,
    /// The file, if it is one.
    pub(crate) path: Option<PathBuf>,
    pub(crate) kind: FileKind,
    pub(crate) version: i32,
    pub(crate) text: Text,
    /// What it is read with.
    pub(crate) config: Config,
    /// What is known of the world around it.
    facts: Arc<Facts>,
    /// What was last read around it.
    pub(crate) surroundings: Surroundings,
    pub(crate) looking: Looking,
    pub(crate) turns: Turns,
    /// Whether somebody waits until typing pauses.
    pub(crate) awaits_pause: bool,
    /// The present text, read and not yet judged.
    parsed: Option<Parsed>,
    /// Of the present text; `None` after an edit.
    analysed: Option<Arc<Analysed>>,
}

/// Whether somebody looks at a disk, who may be held up by it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Looking {
    #[default]
    No,
    Yes,
    /// What is found may be old by then.
    AndAgain,
}

impl Looking {
    /// Whether somebody is to look now: not while somebody does.
    pub(crate) fn begin(&mut self) -> bool {
        let begins = *self == Looking::No;
        *self = if begins { Looking::Yes } else { Looking::AndAgain };
        begins
    }

    /// Somebody has looked; tells whether it is to be done again.
    pub(crate) fn end(&mut self) -> bool {
        std::mem::take(self) == Looking::AndAgain
    }
}

/// The analysis of a text, and its lines once somebody wants to know where something is.
#[derive(Debug)]
pub(crate) struct Analysed {
    analysis: Analysis,
    lines: OnceLock<LineIndex>,
}

impl Analysed {
    pub(crate) fn new(analysis: Analysis) -> Analysed {
        Analysed { analysis, lines: OnceLock::new() }
    }

    pub(crate) fn lines(&self) -> &LineIndex {
        self.lines.get_or_init(|| LineIndex::new(&self.analysis.parsed.text))
    }
}

impl Deref for Analysed {
    type Target = Analysis;

    fn deref(&self) -> &Analysis {
        &self.analysis
    }
}

impl Document {
    pub(crate) fn new(uri: Uri, kind: FileKind, version: i32, text: impl Into<Arc<str>>) -> Document {
        let path = path_of(&uri);
        Document {
            uri,
            path,
            kind,
            version,
            text: Text::new(text),
            config: Config::default(),
            facts: Arc::default(),
            surroundings: Surroundings::default(),
            looking: Looking::default(),
            turns: Turns::default(),
            awaits_pause: false,
            parsed: None,
            analysed: None,
        }
    }

    /// Applies the client's edits in order.
    pub(crate) fn change(
        &mut self,
        version: i32,
        changes: Vec<TextDocumentContentChangeEvent>,
        encoding: Encoding,
    ) {
        apply(&mut self.text, changes, encoding);
        self.version = version;
        self.forget_analysis();
    }

    /// The analysis of the present text.
    pub(crate) fn analysed(&mut self) -> Arc<Analysed> {
        if let Some(analysed) = &self.analysed {
            return analysed.clone();
        }
        let analysis = Analysis::judge(Parsed { facts: self.facts.clone(), ..self.read() });
        self.analysed.insert(Arc::new(Analysed::new(analysis))).clone()
    }

    /// The present text, read once by whoever comes first.
    fn read(&mut self) -> Parsed {
        self.parsed.take().unwrap_or_else(|| Parsed::new(self.text.whole(), self.config.options()))
    }

    /// What is to be found out of the world for the present text.
    pub(crate) fn wanted(&mut self) -> FactsWanted {
        if let Some(analysed) = &self.analysed {
            return FactsWanted::of(&analysed.parsed);
        }
        let parsed = self.read();
        FactsWanted::of(self.parsed.insert(parsed))
    }

    /// Reads the text with these settings from now on; tells whether they are others.
    pub(crate) fn read_with(&mut self, config: &Config) -> bool {
        let changed = self.config != *config;
        if changed {
            self.config = config.clone();
            self.forget_analysis();
        }
        changed
    }

    /// Makes the next analysis a new one, since the last one broke off.
    pub(crate) fn forget_analysis(&mut self) {
        (self.parsed, self.analysed) = (None, None);
    }

    /// Whether everything is known of the world that the present text makes one want to know.
    pub(crate) fn knows_what_it_wants(&mut self) -> bool {
        self.wanted().are_in(&self.facts)
    }

    /// Takes facts; tells whether they change what was found in the text.
    pub(crate) fn take_facts(&mut self, facts: Facts) -> bool {
        if *self.facts == facts {
            return false;
        }
        self.facts = facts.into();
        let Some(before) = self.analysed.take() else { return false };
        self.analysed().diagnostics != before.diagnostics
    }

    /// The directory in which the tasks of this file run.
    pub(crate) fn directory(&self) -> Option<PathBuf> {
        Some(self.path.as_ref()?.parent()?.to_owned())
    }

    /// Whether it is a file of this directory.
    pub(crate) fn is_in(&self, directory: &Path) -> bool {
        self.path.as_ref().and_then(|path| path.parent()) == Some(directory)
    }
}

/// Applies the client's edits to a text, in order.
pub(crate) fn apply(text: &mut Text, changes: Vec<TextDocumentContentChangeEvent>, encoding: Encoding) {
    for change in changes {
        match change {
            TextDocumentContentChangeEvent::TextDocumentContentChangePartial(change) => {
                replace(text, change.range, &change.text, encoding);
            }
            TextDocumentContentChangeEvent::TextDocumentContentChangeWholeDocument(change) => {
                *text = Text::new(change.text);
            }
        }
    }
}

fn replace(text: &mut Text, range: Range, with: &str, encoding: Encoding) {
    let start = position::char_index(text, range.start, encoding);
    let end = position::char_index(text, range.end, encoding);
    let (start, end) = (start.min(end), start.max(end));
    text.replace(start..end, with);
}

/// The path of a `file:` URI.
pub(crate) fn path_of(uri: &Uri) -> Option<PathBuf> {
    let url = url::Url::parse(&uri.0).ok()?;
    if url.scheme() == "file" { url.to_file_path().ok() } else { None }
}

/// The name of a document, however its URI is spelled.
pub(crate) fn name_of(uri: &Uri) -> Cow<'_, str> {
    let of_file = path_of(uri).and_then(|path| Some(path.file_name()?.to_string_lossy().into_owned()));
    of_file.map_or_else(|| uri.0.rsplit('/').next().unwrap_or_default().into(), Cow::Owned)
}

#[cfg(test)]
mod tests {
    use tower_lsp::gen_lsp_types::{Position, TextDocumentContentChangePartial};

    use super::*;

    fn edit(line: u32, from: u32, to: u32, text: &str) -> TextDocumentContentChangeEvent {
        let at = |character| Position { line, character };
        TextDocumentContentChangeEvent::TextDocumentContentChangePartial(TextDocumentContentChangePartial {
            range: Range { start: at(from), end: at(to) },
            text: text.to_owned(),
            ..Default::default()
        })
    }

    #[test]
    fn edits_apply_in_order_each_to_the_text_before_it() {
        let mut document =
            Document::new("file:///a/.draft-tasks.toml".into(), FileKind::Tasks, 1, "é🚀 = \"x\"\n");
        document.change(
            2,
            vec![edit(0, 1, 3, "b"), edit(0, 2, 2, "c"), edit(9, 0, 0, "end")],
            Encoding::Utf16,
        );
        assert_eq!(document.text.to_string(), "ébc = \"x\"\nend");
        document.change(3, vec![edit(0, 99, 0, "")], Encoding::Utf16);
        assert_eq!(document.text.to_string(), "\nend", "a range upside down and beyond the line");
    }

    #[test]
    fn facts_are_wanted_for_the_text_after_an_edit() {
        let uri = "file:///a/.draft-tasks.toml".into();
        let mut document = Document::new(uri, FileKind::Tasks, 1, "[pre-up]\na = \"x\"\n");
        assert!(document.wanted().programs.contains("x"));
        document.change(2, vec![edit(1, 5, 6, "y")], Encoding::Utf16);
        assert!(document.wanted().programs.contains("y"));
        document.change(3, vec![edit(1, 5, 6, "z")], Encoding::Utf16);
        assert_eq!(&*document.analysed().parsed.text, "[pre-up]\na = \"z\"\n");
        assert!(document.wanted().programs.contains("z"));
    }

    #[test]
    fn paths_of_uris() {
        assert_eq!(path_of(&"file:///a%20b/c".into()), Some("/a b/c".into()));
        assert_eq!(path_of(&"untitled:Untitled-1".into()), None);
        for uri in ["file:///a/%2Ex%2dy", "file:///a%2F.x%2Dy", "file:///a/.x-y?z#L1", "untitled:/.x-y"] {
            assert_eq!(name_of(&uri.into()), ".x-y", "{uri}");
        }
    }
}
