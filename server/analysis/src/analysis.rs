//! Everything that is known of one text, its findings included.
//!
//! Must not keep anything between two texts.

use std::ops::Deref;
use std::sync::Arc;

use crate::diagnostic::Diagnostic;
use crate::facts::Facts;
use crate::options::Options;
use crate::parsed::Parsed;
use crate::rules;
use crate::suppression;

/// One text and what is found in it.
#[derive(Clone, Debug)]
pub struct Analysis {
    /// The text, read.
    pub parsed: Parsed,
    /// What was found, in the order of the file.
    pub diagnostics: Vec<Diagnostic>,
}

impl Deref for Analysis {
    type Target = Parsed;

    fn deref(&self) -> &Parsed {
        &self.parsed
    }
}

impl Analysis {
    /// Analyses any text, with nothing known of the world; never fails.
    pub fn new(text: impl Into<Arc<str>>, options: Options) -> Analysis {
        Analysis::with_facts(text, options, Arc::default())
    }

    /// Analyses any text with what is known of the world; never fails.
    pub fn with_facts(text: impl Into<Arc<str>>, options: Options, facts: Arc<Facts>) -> Analysis {
        Analysis::judge(Parsed { facts, ..Parsed::new(text, options) })
    }

    /// Looks for everything that there is to find.
    pub fn judge(parsed: Parsed) -> Analysis {
        let mut diagnostics = rules::check(&parsed);
        // First what the file ignores: a comment for a code that is off is no unused one.
        suppression::apply(&parsed, &mut diagnostics);
        parsed.options.levels.apply(&mut diagnostics);
        Analysis { parsed, diagnostics }
    }
}
