//! What is said before tasks run of what `check` knows of them.
//!
//! Must not keep anything from running but where `--strict` asks for it.

use std::collections::HashSet;

use draft_tasks_analysis::Parsed;
use draft_tasks_analysis::command::quote_argument;
use draft_tasks_analysis::diagnostic::{Diagnostic, DiagnosticCode, Severity};
use draft_tasks_analysis::phase::Phase;
use draft_tasks_analysis::plan::{Plan, Step};
use draft_tasks_analysis::printable::printable;
use draft_tasks_executor::search;
use serde_json::Value;

use super::Prepared;
use crate::cli::{check, terminal};
use crate::lifecycle::{Part, Undertaking};

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
        self.tell_severe(self.analysis.severe_of_phase(phase, &names), told, &|found| {
            self.tell_finding(found)
        })?;
        self.tell_errors_beside(phase, told);
        Ok(())
    }

    /// Says in one line that the file is broken elsewhere: what is not read there may have been meant for the phase.
    fn tell_errors_beside(&self, phase: Phase, told: Told) {
        let is_of_phase = |found: &&Diagnostic| {
            let section = self.analysis.parsed.file.section_at(found.range.start());
            section.is_some_and(|section| section.phase == Some(phase))
        };
        let errors = self.analysis.diagnostics.iter().filter(|found| found.code == DiagnosticCode::Syntax);
        let beside: Vec<&Diagnostic> = errors.filter(|found| !is_of_phase(found)).collect();
        let (Some(first), false) = (beside.first(), told.is_quiet) else { return };
        let (line, column) = self.place(first.range);
        let path = self.loaded.path.display();
        let count = if beside.len() == 1 {
            "an error of syntax that is not in".to_owned()
        } else {
            format!("the first of {} errors of syntax that are not in", beside.len())
        };
        terminal::warning(format_args!(
            "{path}:{line}:{column}: {count} `{phase}`; `draft-tasks check` shows what is not read"
        ));
    }

    /// Tells the findings about all that runs around a command, and about what may be meant to.
    ///
    /// # Errors
    ///
    /// As [`Prepared::tell_findings`].
    pub(in crate::cli) fn tell_findings_of(&self, part: Part, told: Told) -> Result<(), String> {
        self.tell_unmatched(part.phases(), told);
        let severe = self.analysis.severe_of_phases(part.phases());
        self.tell_severe(severe, told, &|found| self.tell_finding(found))
    }

    /// Says what `check` would know of the command around which they run, were it a task behind them. Answers
    /// whether it said that its program is not there, which keeps nothing from running: `pre-up` may bring it.
    ///
    /// # Errors
    ///
    /// As [`Prepared::tell_findings`].
    pub(in crate::cli) fn tell_findings_of_command(
        &self,
        undertaking: &Undertaking,
        told: Told,
    ) -> Result<bool, String> {
        let command = undertaking.part.command();
        let before = undertaking.steps.steps().iter().take_while(|step| **step != command);
        let before: Vec<Plan> = before.map(|step| undertaking.plan(*step)).collect();
        let plan = undertaking.plan(command);
        if let Some(words) = self.only_word(&plan) {
            terminal::warning(format_args!(
                "the {command} command: `{words}` is one word, and no program is called so: leave out the quotes around it"
            ));
            let problem = format!("nothing runs, as --strict is given and the {command} command cannot run");
            return if told.is_strict { Err(problem) } else { Ok(true) };
        }
        let text = as_tasks(before.iter().flat_map(|plan| &plan.steps), &plan);
        let parsed = Parsed::new(text.as_str(), self.settings.options());
        let analysis = check::judge(&self.loaded.path, parsed, &self.environment);
        let tell = |found: &Diagnostic| {
            let note = found.note.iter().map(|note| format!(": {note}"));
            let message: String = std::iter::once(found.message.clone()).chain(note).collect();
            let (message, code) = (self.secrets().mask(&message).into_owned(), found.code.name());
            terminal::warning(format_args!("the {command} command: {} [{code}]", printable(&message)));
        };
        let names = [COMMAND.to_owned()];
        let severe = analysis.severe_of_phase(Phase::PreUp, &names);
        // What looks secret in it is in no file.
        let codes = [DiagnosticCode::LiteralSecret, DiagnosticCode::ProgramNotFound];
        let severe: Vec<_> = severe.filter(|found| !codes.contains(&found.code)).collect();
        self.tell_severe(severe.into_iter(), told, &tell)?;
        let tasks = &analysis.parsed.file;
        let is_command = |found: &&Diagnostic| {
            let task = tasks.task_at(found.range.start());
            task.is_some_and(|(_, task)| task.name(&analysis.parsed.text) == COMMAND)
        };
        let missing = analysis.diagnostics.iter().filter(|it| it.code == DiagnosticCode::ProgramNotFound);
        let missing = missing.filter(|_| !before.is_empty() && !told.is_quiet).find(is_command);
        missing.into_iter().for_each(tell);
        Ok(missing.is_some())
    }

    /// A whole command that was given as one word, if no program is called so.
    fn only_word(&self, plan: &Plan) -> Option<String> {
        let [word] = plan.steps.first()?.argv.as_slice() else { return None };
        let is_found = || search::find(word, &self.directory, self.variables()).is_ok();
        let is_one = word.trim().contains(char::is_whitespace) && !is_found();
        is_one.then(|| printable(&self.secrets().mask(word)))
    }

    /// Says which tasks are to run once and are not in the file.
    fn tell_unmatched(&self, phases: &[Phase], told: Told) {
        let runs = phases.contains(&Phase::PostDeploy) && !self.tasks(Phase::PostDeploy).is_empty();
        let said = self.unmatched_once.iter().filter(|_| runs && !told.is_quiet);
        said.for_each(|said| terminal::remark(format_args!("{said}")));
    }

    fn tell_severe<'f>(
        &self,
        all: impl Iterator<Item = &'f Diagnostic>,
        told: Told,
        tell: &dyn Fn(&Diagnostic),
    ) -> Result<(), String> {
        let Told { is_strict, is_quiet, has_terminal } = told;
        let mut count = 0;
        for found in all.filter(|found| !(has_terminal && found.code == DiagnosticCode::InteractiveCommand)) {
            count += 1;
            if is_strict || !is_quiet {
                tell(found);
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
                "  `draft-tasks run {phase} --tty TASK` lends it to one task, on its own"
            ));
        }
    }

    fn tell_finding(&self, found: &Diagnostic) {
        let (line, column) = self.place(found.range);
        let (path, secrets) = (self.loaded.path.display(), self.secrets());
        let message = secrets.mask(&found.message);
        // It runs all the same.
        let level = if found.severity == Severity::Error { ", which is an error for `check`" } else { "" };
        let code = found.code.name();
        terminal::warning(format_args!("{path}:{line}:{column}: {} [{code}]{level}", printable(&message)));
    }
}

/// What the command of `up` or `delete` is called as a task.
const COMMAND: &str = "the command of up or delete";

/// A tasks file with these tasks, and the user's command behind them. Operators of shells have no quotes: to a program they
/// are words as others are, which nobody means.
fn as_tasks<'s>(before: impl Iterator<Item = &'s Step>, command: &Plan) -> String {
    let line = |name: &str, command: &str| format!("{} = {}\n", Value::from(name), Value::from(command));
    let word = |word: &String| match word.as_str() {
        "&&" | "||" | "|" | ";" | ">" | ">>" | "<" => word.clone(),
        _ => quote_argument(word),
    };
    let argv = command.steps.iter().flat_map(|step| &step.argv);
    let command = argv.map(word).collect::<Vec<_>>().join(" ");
    let before: String = before.map(|step| line(&step.task, &step.command)).collect();
    format!("[{}]\n{before}{}", Phase::PreUp, line(COMMAND, &command))
}
