//! What the analysis finds: one code per kind of finding, with its severity and explanation, and fixes that hang on it.
//!
//! Must not know which rule finds what, or how a client shows it.

use std::borrow::Cow;

use text_size::TextRange;

use crate::edit::Fix;

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// What kind of finding it is.
    pub code: DiagnosticCode,
    /// How bad it is.
    pub severity: Severity,
    /// The characters that it is about.
    pub range: TextRange,
    /// What is so: one sentence without a full stop, names in backticks.
    pub message: String,
    /// What to know or do about it, in the same form; shown beside the place or after the message.
    pub note: Option<Cow<'static, str>>,
    /// Other places that belong to it.
    pub related: Vec<Related>,
    /// Its fixes, the best first.
    pub fixes: Vec<Fix>,
}

/// Another place that belongs to a finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Related {
    /// The characters.
    pub range: TextRange,
    /// What is there.
    pub message: String,
}

impl Diagnostic {
    /// Adds what to know or do about it.
    pub fn note(mut self, note: impl Into<Cow<'static, str>>) -> Diagnostic {
        self.note = Some(note.into());
        self
    }

    /// Adds another place.
    pub fn related(mut self, range: TextRange, message: impl Into<String>) -> Diagnostic {
        self.related.push(Related { range, message: message.into() });
        self
    }

    /// Adds a fix.
    pub fn fix(mut self, fix: Fix) -> Diagnostic {
        self.fixes.push(fix);
        self
    }

    /// Message and note in one, for readers that show one text.
    pub fn full_message(&self) -> String {
        match &self.note {
            Some(note) => [&self.message, BEFORE_NOTE, note].concat(),
            None => self.message.clone(),
        }
    }
}

/// What stands between message and note in one text.
pub const BEFORE_NOTE: &str = ": ";

/// How bad a finding is, the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The task or file does not do what it says.
    Error,
    /// It very likely does not do what its author meant.
    Warning,
    /// Worth to know.
    Information,
    /// A remark that is shown discreetly.
    Hint,
}

impl Severity {
    /// The word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Information => "info",
            Severity::Hint => "hint",
        }
    }
}

macro_rules! codes {
    ($($module:ident: $code:ident,)*) => {
        /// The kinds of findings. Their names are stable: users write them into settings.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum DiagnosticCode {
            $(
                #[doc = concat!("Explained in `rules/", stringify!($module), ".md`.")]
                $code,
            )*
        }

        impl DiagnosticCode {
            /// All codes, in the order of the documentation.
            pub const ALL: [DiagnosticCode; [$(DiagnosticCode::$code),*].len()] = [$(DiagnosticCode::$code),*];
        }
    };
}

for_all_rules!(codes);

impl DiagnosticCode {
    /// Whether users may give it another level: not errors of syntax, for what is not TOML is not read at all.
    pub const fn has_free_level(self) -> bool {
        !matches!(self, DiagnosticCode::Syntax)
    }

    /// Whether what it finds is not among the tasks, though it may be meant as one or as a phase of some.
    pub const fn hides_tasks(self) -> bool {
        matches!(
            self,
            DiagnosticCode::Syntax
                | DiagnosticCode::TaskNotString
                | DiagnosticCode::PhaseNotTable
                | DiagnosticCode::UnknownPhase
                | DiagnosticCode::PostDelete
                | DiagnosticCode::TaskOutsidePhase
        )
    }

    /// Whether a comment in the file can ignore it.
    pub const fn is_suppressible(self) -> bool {
        !matches!(self, DiagnosticCode::Syntax | DiagnosticCode::UnusedSuppression)
    }
}

/// Puts findings into the order of the file.
pub(crate) fn sort(found: &mut [Diagnostic]) {
    found.sort_by_key(|diagnostic| (diagnostic.range.start(), diagnostic.code));
}
