//! What a text says: its tree, its model, and what is known of the world around it.
//!
//! Must not judge it.

use std::sync::Arc;

use text_size::TextRange;

use crate::facts::Facts;
use crate::options::Options;
use crate::syntax::{self, SyntaxTree};
use crate::task_file::{Section, TaskFile};

/// One text, read. Ranges are byte offsets into [`Parsed::text`].
#[derive(Clone, Debug)]
pub struct Parsed {
    /// The text.
    pub text: Arc<str>,
    /// What the user chose.
    pub options: Options,
    /// Its syntax.
    pub tree: SyntaxTree,
    /// Its meaning.
    pub file: TaskFile,
    /// What is known of the world.
    pub facts: Arc<Facts>,
}

impl Parsed {
    /// Reads any text, with nothing known of the world; never fails.
    pub fn new(text: impl Into<Arc<str>>, options: Options) -> Parsed {
        let text = text.into();
        let tree = syntax::parse(&text);
        let file = TaskFile::lower(&tree, &text);
        Parsed { text, options, tree, file, facts: Arc::default() }
    }

    /// The lines of a section, up to the next one.
    pub(crate) fn lines_of(&self, section: &Section) -> TextRange {
        let later = self.file.sections.iter().map(|section| section.range.start());
        let next = later.filter(|start| *start >= section.range.end()).min();
        TextRange::new(section.range.start(), next.unwrap_or((self.text.len() as u32 + 1).into()))
    }
}
