//! The text of a document: as it came, until somebody edits it or asks for a place in it.
//!
//! Must not know the protocol's positions.

use std::ops::Deref;
use std::sync::{Arc, OnceLock};

use ropey::Rope;

/// A text that is opened in one piece and edited in small ones. Most are never edited: the rope is made on demand.
#[derive(Debug)]
pub(crate) struct Text {
    /// The text in one piece; `None` after an edit, when the rope is there.
    whole: Option<Arc<str>>,
    rope: OnceLock<Rope>,
}

impl Text {
    pub(crate) fn new(text: impl Into<Arc<str>>) -> Text {
        Text { whole: Some(text.into()), rope: OnceLock::new() }
    }

    /// The text in one piece.
    pub(crate) fn whole(&self) -> Arc<str> {
        self.whole.clone().unwrap_or_else(|| String::from(&**self).into())
    }

    /// How many bytes it has.
    pub(crate) fn size(&self) -> usize {
        self.whole.as_ref().map_or_else(|| self.len_bytes(), |whole| whole.len())
    }

    /// Replaces characters by their indexes.
    pub(crate) fn replace(&mut self, characters: std::ops::Range<usize>, text: &str) {
        let mut rope = self.rope.take().unwrap_or_else(|| self.made());
        rope.remove(characters.clone());
        rope.insert(characters.start, text);
        *self = Text { whole: None, rope: rope.into() };
    }

    fn made(&self) -> Rope {
        Rope::from_str(self.whole.as_deref().unwrap_or_default())
    }
}

impl Deref for Text {
    type Target = Rope;

    fn deref(&self) -> &Rope {
        self.rope.get_or_init(|| self.made())
    }
}
