//! Everything that is known of one text, its findings included.
//!
//! Must not keep anything between two texts.

use std::collections::HashSet;
use std::sync::Arc;

use text_size::TextRange;

use crate::diagnostic::{Diagnostic, DiagnosticCode, Severity};
use crate::facts::Facts;
use crate::options::Options;
use crate::parsed::Parsed;
use crate::phase::Phase;
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

    /// What `literal-secret` finds, as it is written, and what it would find in the texts that are no commands: where the
    /// file ignores a finding, the user says that it is no secret.
    pub fn literal_secrets(&self) -> impl Iterator<Item = TextRange> {
        let found = self.diagnostics.iter().filter(|found| found.code == DiagnosticCode::LiteralSecret);
        found.map(|found| found.range).chain(rules::literal_secrets_outside(&self.parsed))
    }

    /// The errors and warnings about the tasks of a phase and about what stands around them in its sections. Where
    /// descriptions of tasks are given, those about other tasks are left out.
    pub fn severe_of_phase(&self, phase: Phase, only: &[String]) -> impl Iterator<Item = &Diagnostic> {
        let severe = self.diagnostics.iter().filter(|found| found.severity <= Severity::Warning);
        let only: HashSet<&str> = only.iter().map(String::as_str).collect();
        let Parsed { text, file, .. } = &self.parsed;
        severe.filter(move |found| {
            let at = found.range.start();
            let is_of_phase = file.section_at(at).is_some_and(|section| section.phase == Some(phase));
            let is_asked_for =
                || file.task_at(at).is_none_or(|(_, task)| only.contains(task.name(text).as_ref()));
            is_of_phase && (only.is_empty() || is_asked_for())
        })
    }

    /// The errors and warnings about what runs for some phases: about their sections, about those that may be meant as
    /// one of them, and about broken lines, any of which may be a header.
    pub fn severe_of_phases(&self, phases: &[Phase]) -> impl Iterator<Item = &Diagnostic> {
        let severe = self.diagnostics.iter().filter(|found| found.severity <= Severity::Warning);
        severe.filter(move |found| {
            let may_be_of = |section| self.parsed.phase_meant(section).is_none_or(|it| phases.contains(&it));
            match (found.code, self.parsed.file.section_at(found.range.start())) {
                (DiagnosticCode::Syntax | DiagnosticCode::TaskOutsidePhase, _) => true,
                (_, section) => section.is_some_and(may_be_of),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Plan;

    #[test]
    fn findings_of_many_tasks() {
        let names: Vec<String> = (0..30_000).map(|it| format!("t{it}")).collect();
        let tasks: String = names.iter().map(|name| format!("{name} = \"ls | wc\"\n")).collect();
        let analysis = Analysis::new(format!("[pre-up]\n{tasks}"), Options::default());
        assert_eq!(analysis.severe_of_phase(Phase::PreUp, &names).count(), names.len());
        let plan = Plan::for_phase(&analysis.parsed, Phase::PreUp, &names, &|_| None);
        assert_eq!(plan.map(|plan| plan.steps.len()), Ok(names.len()));
    }

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

    #[test]
    fn severe_findings_of_phases_are_also_those_of_what_may_be_meant_as_one() {
        let codes = |text: &str, phases: &[Phase]| {
            let analysis = Analysis::new(text, Options::default());
            let found = analysis.severe_of_phases(phases).map(|found| found.code.name());
            found.collect::<Vec<_>>().join(" ")
        };
        for (text, code) in [
            ("[[cleanup]]\nname = 'a'\ncommand = 'b'\n", "phase-not-table"),
            ("[clean-up]\na = 'b'\n", "unknown-phase"),
            ("cleanup = 'b'\n", "phase-not-table"),
            ("[post-delete]\na = 'b'\n", "post-delete"),
            ("[pre-up]\na = 'b'\ncleanup]\nc = 'd'\n", "syntax"),
            ("[whatever]\na = 'b'\n", "unknown-phase"),
            ("a = 'b'\n", "task-outside-phase"),
        ] {
            assert_eq!(codes(text, &[Phase::Cleanup]), code, "{text}");
        }
        assert_eq!(codes("[preup]\na = 'b'\n[pre-up]\nc = 'ls *.c'\n", &[Phase::Cleanup]), "");
    }
}
