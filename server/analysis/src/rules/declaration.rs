//! What a rule says of itself, and what follows from it for the code of its findings.
//!
//! Must not know any rule but by the list.

use text_size::TextRange;

use super::RULES;
use super::command::Command;
use crate::command::{Semantics, nearest};
use crate::diagnostic::{Diagnostic, DiagnosticCode, Severity};
use crate::facts::FactsWanted;
use crate::options::Options;
use crate::parsed::Parsed;

/// The declaration of a rule, which finds one code.
pub(crate) struct Rule {
    /// The name of its code in diagnostics, settings and documentation.
    pub(crate) name: &'static str,
    /// The severity that it has unless the rule or the user says otherwise.
    pub(crate) severity: Severity,
    /// Whether it only finds something when something is known of the world around the file.
    pub(crate) needs_facts: bool,
    /// Why it is reported and what to do, as Markdown.
    pub(crate) page: &'static str,
    pub(crate) check: Check,
}

/// What a rule looks at; it adds what it finds.
pub(crate) enum Check {
    /// The whole file.
    File(fn(&Parsed, &mut Vec<Diagnostic>)),
    /// One command that can be split.
    Command(fn(&Command<'_>, &mut Vec<Diagnostic>)),
    /// One command that can be split, with what there is on this machine of what it names.
    CommandHere {
        /// Adds what the rule wants to know for a command.
        wants: fn(&Command<'_>, &mut FactsWanted),
        check: fn(&Command<'_>, &mut Vec<Diagnostic>),
    },
    /// All commands together, with what there is on this machine of what they name.
    CommandsHere {
        /// Adds what the rule wants to know for a command.
        wants: fn(&Command<'_>, &mut FactsWanted),
        check: fn(&Parsed, &[Command<'_>], &mut Vec<Diagnostic>),
    },
    /// One command that cannot be split.
    BrokenCommand(fn(&Command<'_>, &mut Vec<Diagnostic>)),
    /// All commands together.
    Commands(fn(&Parsed, &[Command<'_>], &mut Vec<Diagnostic>)),
    /// The comments that ignore findings, which are read when all rules are done.
    Comments,
}

impl Rule {
    /// Looks at the whole file.
    pub(super) fn look_at_all(&self, parsed: &Parsed, commands: &[Command<'_>], found: &mut Vec<Diagnostic>) {
        match self.check {
            Check::File(check) => check(parsed, found),
            Check::Commands(check) | Check::CommandsHere { check, .. } => check(parsed, commands, found),
            _ => {}
        }
    }

    /// Looks at one command.
    pub(super) fn look_at(&self, command: &Command<'_>, found: &mut Vec<Diagnostic>) {
        match self.check {
            Check::Command(check) | Check::CommandHere { check, .. } if command.error().is_none() => {
                check(command, found);
            }
            Check::BrokenCommand(check) if command.error().is_some() => check(command, found),
            _ => {}
        }
    }

    /// Adds what it wants to know of the world for one command.
    pub(super) fn add_wanted(&self, command: &Command<'_>, wanted: &mut FactsWanted) {
        if let Check::CommandHere { wants, .. } | Check::CommandsHere { wants, .. } = self.check
            && command.error().is_none()
        {
            wants(command, wanted);
        }
    }
}

impl Diagnostic {
    /// A finding of the code's own severity, without note, related places and fixes.
    pub fn new(code: DiagnosticCode, range: TextRange, message: impl Into<String>) -> Diagnostic {
        let (severity, message) = (code.severity(), message.into());
        Diagnostic { code, severity, range, message, note: None, related: Vec::new(), fixes: Vec::new() }
    }
}

impl DiagnosticCode {
    fn rule(self) -> &'static Rule {
        &RULES[self as usize]
    }

    /// The name in diagnostics, settings and documentation.
    pub fn name(self) -> &'static str {
        self.rule().name
    }

    /// The code of exactly this name.
    pub fn from_name(name: &str) -> Option<DiagnosticCode> {
        DiagnosticCode::ALL.into_iter().find(|code| code.name() == name)
    }

    /// The code that somebody very likely meant by an unknown name.
    pub fn near(name: &str) -> Option<DiagnosticCode> {
        let name = name.to_lowercase().replace(['_', ' '], "-");
        nearest(&name, DiagnosticCode::ALL, DiagnosticCode::name)
    }

    /// The severity that it has unless its rule or the user says otherwise.
    pub fn severity(self) -> Severity {
        self.rule().severity
    }

    /// Whether it is only found when something is known of the world around the file.
    pub fn needs_facts(self) -> bool {
        self.rule().needs_facts
    }

    /// Why it is reported and what to do, as Markdown.
    pub fn explanation(self) -> &'static str {
        self.rule().page
    }

    /// A file that has it, the first of its explanation, and what that is to be read with.
    pub fn example(self) -> (&'static str, Options) {
        let blocks = self.explanation().split("```toml\n").nth(1);
        let text = blocks.and_then(|rest| rest.split("```").next()).unwrap_or_default();
        let semantics =
            if text.contains("semantics = \"draft\"") { Semantics::Draft } else { Semantics::Standard };
        (text, Options { semantics, ..Options::default() })
    }
}

impl std::fmt::Display for DiagnosticCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}
