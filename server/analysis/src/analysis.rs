//! Everything that is known of one text: its tree, its model and its findings.
//!
//! Must not keep anything between two texts.

use std::borrow::Cow;
use std::sync::Arc;

use crate::command::{DraftVersion, Semantics};
use crate::diagnostic::Diagnostic;
use crate::edit::Fix;
use crate::facts::Facts;
use crate::level::Levels;
use crate::phase::Phase;
use crate::rules;
use crate::suppression;
use crate::syntax::{self, Changed, SyntaxTree};
use crate::task_file::TaskFile;

/// What the user chose about the meaning of the file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// How commands become argument vectors.
    pub semantics: Semantics,
    /// The Draft that messages speak of.
    pub draft_version: DraftVersion,
    /// The levels of codes.
    pub levels: Levels,
}

impl Options {
    /// Whether the tasks of a phase run at all: who asks for exactly what a Draft does gets nothing of what it ignores.
    pub fn runs(&self, phase: Phase) -> bool {
        self.semantics == Semantics::Standard || self.draft_version.knows(phase)
    }
}

/// One text, analysed. Ranges are byte offsets into [`Analysis::text`].
#[derive(Clone, Debug)]
pub struct Analysis {
    /// The text.
    pub text: Arc<str>,
    /// What the user chose.
    pub options: Options,
    /// Its syntax.
    pub tree: SyntaxTree,
    /// Its meaning.
    pub file: TaskFile,
    /// What was known of the world.
    pub facts: Arc<Facts>,
    /// What was found, in the order of the file.
    pub diagnostics: Vec<Diagnostic>,
    /// What was found in the text before the edit that made this one of it, until this one is judged.
    before: Option<Before>,
}

/// What was found in a text that differs in some lines only.
#[derive(Clone, Debug)]
pub(crate) struct Before {
    pub(crate) changed: Changed,
    /// The changed lines as they were.
    pub(crate) lines: Box<str>,
    pub(crate) diagnostics: Vec<Diagnostic>,
    options: Options,
    facts: Arc<Facts>,
}

impl Analysis {
    /// Analyses any text, with nothing known of the world; never fails.
    pub fn new(text: impl Into<Arc<str>>, options: Options) -> Analysis {
        Analysis::with_facts(text, options, Arc::default())
    }

    /// Analyses any text with what is known of the world; never fails.
    pub fn with_facts(text: impl Into<Arc<str>>, options: Options, facts: Arc<Facts>) -> Analysis {
        let mut analysis = Analysis::read(text, options);
        analysis.judge(facts);
        analysis
    }

    /// Reads any text and looks for nothing in it yet: to find out which facts are of interest.
    pub fn read(text: impl Into<Arc<str>>, options: Options) -> Analysis {
        let text = text.into();
        let tree = syntax::parse(&text);
        Analysis::of_tree(text, tree, options)
    }

    /// The same for a text that this one has become by edits: only lines that changed are read.
    pub fn reread(self, text: impl Into<Arc<str>>, options: Options) -> Analysis {
        let text = text.into();
        let Analysis { text: old, tree, facts, diagnostics, .. } = self;
        let (tree, changed) = syntax::reparse(tree, &old, &text);
        let before = changed.map(|changed| {
            let lines = old[changed.start..changed.before_end].into();
            Before { changed, lines, diagnostics, options: self.options, facts }
        });
        Analysis { before, ..Analysis::of_tree(text, tree, options) }
    }

    fn of_tree(text: Arc<str>, tree: SyntaxTree, options: Options) -> Analysis {
        let file = TaskFile::lower(&tree, &text);
        Analysis { text, options, tree, file, facts: Arc::default(), diagnostics: Vec::new(), before: None }
    }

    /// Looks at the text with what is known of the world now.
    pub fn judge(&mut self, facts: Arc<Facts>) {
        let before = self.before.take().filter(|before| {
            let marked = || [&self.text, &*before.lines].into_iter().any(suppression::has_any);
            before.options == self.options && Arc::ptr_eq(&before.facts, &facts) && !marked()
        });
        self.facts = facts;
        self.diagnostics = Vec::new();
        let mut found = rules::check(self, before);
        // First what the file ignores: a comment for a code that is off is no unused one.
        suppression::apply(self, &mut found);
        self.options.levels.apply(&mut found);
        self.diagnostics = found;
    }

    /// Changes that mend one of the findings, the best first.
    pub fn fixes<'a>(&self, found: &'a Diagnostic) -> Cow<'a, [Fix]> {
        match found.fixes_on_demand {
            true => rules::fixes(self, found).into(),
            false => Cow::Borrowed(&found.fixes),
        }
    }
}
