//! Everything that is known of one text, its findings included.
//!
//! Must not keep anything between two texts.

use std::sync::Arc;

use crate::diagnostic::{Diagnostic, Severity};
use crate::facts::Facts;
use crate::options::Options;
use crate::parsed::Parsed;
use crate::phase::Phase;
use crate::rules;
use crate::suppression;
use crate::task_file::Section;

/// One text and what is found in it.
#[derive(Clone, Debug)]
pub struct Analysis {
    /// The text, read.
    pub parsed: Parsed,
    /// What was found, in the order of the file.
    pub diagnostics: Vec<Diagnostic>,
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

    /// The errors and warnings about the tasks of a phase and about what stands around them in its sections. Where
    /// descriptions of tasks are given, those about other tasks are left out.
    pub fn severe_of_phase(&self, phase: Phase, only: &[String]) -> impl Iterator<Item = &Diagnostic> {
        let severe = self.diagnostics.iter().filter(|found| found.severity <= Severity::Warning);
        severe.filter(move |found| {
            let at = found.range.start();
            let of_phase = |section: &&Section| {
                section.phase == Some(phase) && self.parsed.lines_of(section).contains(at)
            };
            let Some(section) = self.parsed.file.sections.iter().find(of_phase) else { return false };
            let mut tasks = self.parsed.file.tasks_of(section).iter();
            let of_task = tasks.find(|task| task.range.contains_inclusive(at));
            only.is_empty()
                || of_task.is_none_or(|task| only.iter().any(|name| *name == task.name(&self.parsed.text)))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn severe_findings_belong_to_the_tasks_of_their_phase() {
        let text = "[pre-up]\na = \"ls *.c\"\nb = \"cat ~/x\"\n[post-up]\nc = \"true\"\n[cleanup]\nd = 1\ne = \"true\n";
        let analysis = Analysis::new(text, Options::default());
        let codes = |phase, only: &[&str]| {
            let only: Vec<String> = only.iter().map(|name| (*name).to_owned()).collect();
            let found = analysis.severe_of_phase(phase, &only).map(|found| found.code.name());
            found.collect::<Vec<_>>().join(" ")
        };
        assert_eq!(codes(Phase::PreUp, &[]), "glob tilde");
        assert_eq!(codes(Phase::PreUp, &["b"]), "tilde");
        assert_eq!(codes(Phase::PostUp, &["c"]), "post-up", "what is said of the phase is said of each task");
        assert_eq!(codes(Phase::PostDeploy, &[]), "");
        assert_eq!(codes(Phase::Cleanup, &[]), "task-not-string syntax");
    }
}
