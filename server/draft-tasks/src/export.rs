//! Phases handed over to what runs them elsewhere: the plan as text, with variables as references and without secrets.
//!
//! Must not read or contact anything, must not write the value of a variable that nobody gave for it, and must not leave
//! out silently what the target cannot express.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

use clap::ValueEnum;
use draft_tasks_analysis::Analysis;
use draft_tasks_analysis::command::Part;
use draft_tasks_analysis::phase::Phase;
use draft_tasks_analysis::plan::{Plan, PlanError, Step};
use draft_tasks_analysis::printable::printable;
use draft_tasks_analysis::task_variable::TaskVariable;
use draft_tasks_executor::mask::Secrets;
use draft_tasks_executor::{Limits, OnFailure};
use serde::{Deserialize, Serialize};

use self::container::{ContainerTerms, VariableSource};
use crate::settings::Config;
use crate::settings::audience::Audience;

pub(crate) mod container;
pub(crate) mod helm_hook;
pub(crate) mod kubernetes_job;
mod origin;
pub(crate) mod sh;
mod yaml;

/// What a phase becomes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub(crate) enum ExportTarget {
    /// a Job for one phase: its tasks one after another, in a pod of the image
    KubernetesJob,
    /// hooks of a chart for Helm: a Job for each task, in the order of their weights
    HelmHook,
    /// a script for any POSIX shell, for make, just and the steps of a pipeline; one of several phases takes the name of
    /// the one to run
    #[default]
    Sh,
}

impl ExportTarget {
    /// As the command line takes it.
    pub(crate) fn name(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }

    /// Writes phases so, with what the user says of the containers.
    ///
    /// # Errors
    ///
    /// Why they cannot be written so.
    pub(crate) fn write(
        self,
        handover: &Handover,
        image: Option<&str>,
        sources: &[VariableSource],
        audience: Audience,
    ) -> Result<Exported, String> {
        let terms = || ContainerTerms::of(self, image, sources, audience);
        match self {
            ExportTarget::Sh if image.is_some() || !sources.is_empty() => {
                Err("a script has no image, and no variables of a cluster's objects: leave them out".into())
            }
            ExportTarget::Sh => sh::script(handover),
            ExportTarget::KubernetesJob => kubernetes_job::manifest(handover, &terms()?),
            ExportTarget::HelmHook => helm_hook::template(handover, &terms()?),
        }
    }
}

/// What is handed over.
pub(crate) struct Handover {
    /// The tasks file. Of the folders that it is in no more than its own is written: they are of this machine.
    pub(crate) file: PathBuf,
    pub(crate) phases: Vec<HandedPhase>,
    pub(crate) limits: Limits,
    /// How long a task that takes longer than its limit has to end, where that is set.
    pub(crate) grace: Option<Duration>,
    /// Variables whose values are handed over, too.
    pub(crate) given: BTreeMap<String, String>,
}

/// A phase that is handed over.
pub(crate) struct HandedPhase {
    pub(crate) phase: Phase,
    /// In the order of the file; what stands for variables in their arguments only shows them.
    pub(crate) steps: Vec<Step>,
    pub(crate) on_failure: OnFailure,
    /// The descriptions of tasks that run once, not in each pod.
    pub(crate) once: Vec<String>,
}

/// What the target reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Exported {
    pub(crate) text: String,
    /// What the target cannot express, as sentences without a full stop; the text says it, too.
    pub(crate) unexpressed: Vec<String>,
}

/// Why nothing is handed over where a secret stands in a task.
pub(crate) const EXPOSES: &str =
    "nothing is exported, as secrets are not written into files that others read";

/// A task that is not handed over, as a secret stands in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ExposedTask {
    pub(crate) phase: Phase,
    pub(crate) task: String,
    /// Counted from 1.
    pub(crate) line: usize,
    /// Whether a finding says so; else it is a value that runs mask.
    pub(crate) is_found: bool,
}

impl ExposedTask {
    pub(crate) fn describe(&self, secrets: &Secrets) -> String {
        // What is secret may be its name.
        let task = secrets.mask(&self.task);
        format!("the task `{}` of `{}` has a secret in it", printable(&task), self.phase)
    }

    /// What to do.
    pub(crate) fn way_out(&self, audience: Audience) -> String {
        let is_none = if self.is_found {
            "say so with `# draft-tasks: ignore[literal-secret]`".to_owned()
        } else {
            format!("{} the variable that has this value", audience.publishing())
        };
        format!("take it from a variable, to which the export refers; or, where it is none, {is_none}")
    }
}

impl HandedPhase {
    /// A phase with all its tasks.
    ///
    /// # Errors
    ///
    /// When it does not run.
    pub(crate) fn of(analysis: &Analysis, settings: &Config, phase: Phase) -> Result<HandedPhase, PlanError> {
        let mut plan = Plan::for_phase(&analysis.parsed, phase, &[], &|name| Some(format!("${name}")))?;
        // Each run knows its phase, so the target need not.
        for part in plan.steps.iter_mut().flat_map(|step| &mut step.words).flat_map(|word| &mut word.parts) {
            if let Part::Variable { name, .. } = part
                && TaskVariable::named(name.as_str()) == Some(TaskVariable::Phase)
            {
                *part = Part::Literal(phase.name().into());
            }
        }
        let once = if phase.is_local() { Vec::new() } else { settings.kubernetes.once.clone() };
        Ok(HandedPhase { phase, steps: plan.steps, on_failure: settings.on_failure(phase), once })
    }

    /// The tasks that have a secret in them: one that is found, or a value that runs mask.
    pub(crate) fn exposed(&self, analysis: &Analysis, secrets: &Secrets) -> Vec<ExposedTask> {
        let found = analysis.literal_secrets().filter_map(|range| {
            let (section, task) = analysis.parsed.file.task_at(range.start())?;
            (section.phase == Some(self.phase)).then(|| task.name(&analysis.parsed.text).into_owned())
        });
        let found: BTreeSet<String> = found.collect();
        let exposed = self.steps.iter().filter_map(|step| {
            let is_found = found.contains(&step.task);
            (is_found || stands_in(secrets, step)).then(|| ExposedTask {
                phase: self.phase,
                task: step.task.clone(),
                line: step.line.unwrap_or_default(),
                is_found,
            })
        });
        exposed.collect()
    }

    /// That its tasks run also after one that failed, where none does.
    fn unexpressed_policy(&self, ends: &str) -> Option<String> {
        let goes_on = self.on_failure == OnFailure::Continue && self.steps.len() > 1;
        goes_on.then(|| format!("{}: its tasks run also after one that failed; {ends}", self.phase))
    }

    /// That a phase of pods runs in each of them, where it is run once.
    fn unexpressed_pods(&self, runs: &str) -> Option<String> {
        let is_fanned_out = |step: &&Step| !self.phase.is_local() && !self.once.contains(&step.task);
        let count = self.steps.iter().filter(is_fanned_out).count();
        let tasks = if count == 1 { "1 task runs".to_owned() } else { format!("{count} tasks run") };
        (count > 0).then(|| format!("{}: {tasks} in every ready pod of the application; {runs}", self.phase))
    }
}

/// Whether a secret stands in a task of the file; one with blanks may be several words.
fn stands_in(secrets: &Secrets, step: &Step) -> bool {
    let words: Vec<String> = step.words.iter().map(|word| word.expand(&|_| None)).collect();
    [&words.join(" "), &step.task].into_iter().any(|text| secrets.mask(text) != *text)
}

impl Handover {
    fn steps(&self) -> impl Iterator<Item = &Step> {
        self.phases.iter().flat_map(|phase| &phase.steps)
    }

    /// The variables that stand in commands and have no value here.
    pub(crate) fn references(&self) -> BTreeSet<&str> {
        self.references_in(self.steps())
    }

    /// Those of some tasks.
    fn references_in<'s>(&self, steps: impl Iterator<Item = &'s Step>) -> BTreeSet<&'s str> {
        let parts = steps.flat_map(|step| &step.words).flat_map(|word| &word.parts);
        let names = parts.filter_map(|part| match part {
            Part::Variable { name, .. } => Some(name.as_str()),
            Part::Literal(_) => None,
        });
        names.filter(|name| !self.given.contains_key(*name)).collect()
    }
}
