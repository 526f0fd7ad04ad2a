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
        let sections = &self.file.sections;
        let next = sections.partition_point(|other| other.range.start() < section.range.end());
        let end = sections.get(next).map(|next| next.range.start());
        TextRange::new(section.range.start(), end.unwrap_or((self.text.len() as u32 + 1).into()))
    }
}
