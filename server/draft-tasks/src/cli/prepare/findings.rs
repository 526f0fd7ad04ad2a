//! What is said before tasks run of what `check` knows of them.
//!
//! Must not keep anything from running but where `--strict` asks for it.

use std::collections::HashSet;

use draft_tasks_analysis::diagnostic::{Diagnostic, DiagnosticCode, Severity};
use draft_tasks_analysis::phase::Phase;
use draft_tasks_analysis::plan::Plan;
use draft_tasks_analysis::printable::printable;

use super::Prepared;
use crate::cli::terminal;
use crate::lifecycle::Part;

/// How it is told what `check` knows of tasks that are about to run.
#[derive(Clone, Copy, Debug)]
pub(in crate::cli) struct Told {
    /// Whether they do not run then.
    pub(in crate::cli) is_strict: bool,
    pub(in crate::cli) is_quiet: bool,
    /// Whether the tasks have a terminal, so that it is not missing.
    pub(in crate::cli) has_terminal: bool,
}

impl Prepared<'_> {
    /// Says what `check` knows of tasks that are about to run, a line each.
    ///
    /// # Errors
    ///
    /// Where there is something and `is_strict` forbids it.
    pub(in crate::cli) fn tell_findings(&self, plan: &Plan, told: Told) -> Result<(), String> {
        let Some(phase) = plan.subject.phase() else { return Ok(()) };
        self.tell_unmatched(&[phase], told);
        let names: Vec<String> = plan.steps.iter().map(|step| step.task.clone()).collect();
        self.tell_severe(self.analysis.severe_of_phase(phase, &names), told)
    }

    /// The same of all that runs around a command, and of what may be meant to.
    ///
    /// # Errors
    ///
    /// As [`Prepared::tell_findings`].
    pub(in crate::cli) fn tell_findings_of(&self, part: Part, told: Told) -> Result<(), String> {
        self.tell_unmatched(part.phases(), told);
        self.tell_severe(self.analysis.severe_of_phases(part.phases()), told)
    }

    /// Says which tasks are to run once and are not in the file.
    fn tell_unmatched(&self, phases: &[Phase], told: Told) {
        let runs = phases.contains(&Phase::PostDeploy) && !self.tasks(Phase::PostDeploy).is_empty();
        let said = self.unmatched_once.iter().filter(|_| runs && !told.is_quiet);
        said.for_each(|said| terminal::remark(format_args!("{said}")));
    }

    fn tell_severe<'f>(&self, all: impl Iterator<Item = &'f Diagnostic>, told: Told) -> Result<(), String> {
        let Told { is_strict, is_quiet, has_terminal } = told;
        let mut count = 0;
        for found in all.filter(|found| !(has_terminal && found.code == DiagnosticCode::InteractiveCommand)) {
            count += 1;
            if is_strict || !is_quiet {
                self.tell_finding(found);
                self.tell_loan(found);
            }
        }
        if !is_strict || count == 0 {
            return Ok(());
        }
        let there_are =
            if count == 1 { "there is 1 finding".to_owned() } else { format!("there are {count} findings") };
        Err(format!(
            "nothing runs, as --strict is given and {there_are} about these tasks\n  `draft-tasks check` shows how to fix them"
        ))
    }

    /// Says what keeps tasks of `cleanup` from running later.
    pub(in crate::cli) fn tell_errors_of_cleanup(&self) {
        let of_up = self.analysis.severe_of_phases(Part::Up.phases()).map(std::ptr::from_ref);
        let of_up: HashSet<*const Diagnostic> = of_up.collect();
        let cleanup = self.analysis.severe_of_phases(Part::Delete.phases());
        let is_ignored = |found: &Diagnostic| {
            matches!(found.code, DiagnosticCode::PostDelete | DiagnosticCode::UnknownPhase)
        };
        let keeping = cleanup.filter(|found| found.severity == Severity::Error || is_ignored(found));
        // Those were told with its own tasks.
        keeping
            .filter(|found| !of_up.contains(&std::ptr::from_ref(*found)))
            .for_each(|found| self.tell_finding(found));
    }

    /// Says how a task gets the terminal that it needs.
    fn tell_loan(&self, found: &Diagnostic) {
        if found.code != DiagnosticCode::InteractiveCommand {
            return;
        }
        let section = self.analysis.parsed.file.section_at(found.range.start());
        if let Some(phase) = section.and_then(|section| section.phase).filter(|phase| phase.is_local()) {
            terminal::remark(format_args!(
                "`draft-tasks run {phase} --tty TASK` lends it to one task, on its own"
            ));
        }
    }

    fn tell_finding(&self, found: &Diagnostic) {
        let (line, column) = self.place(found.range);
        let (path, secrets) = (self.loaded.path.display(), self.secrets());
        let message = secrets.mask(&found.message);
        let said = format_args!("{path}:{line}:{column}: {} [{}]", printable(&message), found.code.name());
        terminal::warning(said);
    }
}
