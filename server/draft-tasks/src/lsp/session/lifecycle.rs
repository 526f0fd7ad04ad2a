//! `up` and `delete` in an editor: the runs of their steps, one after another.
//!
//! Must not decide which step comes next: `lifecycle` does.

use draft_tasks_analysis::phase::Phase;
use draft_tasks_analysis::plan::{self, Plan, PlanError, Subject};
use draft_tasks_executor::PodsRequest;
use draft_tasks_executor::cluster::Target;
use draft_tasks_executor::{Pinned, RunSummary};
use serde::{Deserialize, Serialize};
use tower_lsp::gen_lsp_types::*;
use tower_lsp::jsonrpc::Error;

use super::Session;
use super::reading::{Source, blocking, source};
use super::running::{Place, Started, refusal};
use super::target::Questions;
use crate::lifecycle::{Known, Lifecycle, Next, Part};
use crate::lsp::SharedSession;
use crate::safety::{self, Foreign, Whereabouts};
use crate::world::environment::Environment;

/// A part of an application's life that goes on.
pub(super) struct Walk {
    uri: Uri,
    part: Part,
    steps: Lifecycle,
    plans: Vec<Plan>,
    /// The application's pods, where they are known.
    pods: Option<PodsRequest>,
    /// Why no pods are awaited.
    warning: Option<String>,
    /// The cluster of all local steps, where one is known.
    pinned: Option<Pinned>,
    source: Source,
    environment: Environment,
    /// The run of the step that goes on.
    run: String,
}

/// A command that deploys or deletes an application, around which phases run.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Live {
    /// The tasks file.
    #[cfg_attr(test, schemars(with = "String"))]
    pub(crate) uri: Uri,
    /// The program that deploys or deletes the application, and its arguments; it runs without a shell, in the directory
    /// of the tasks file.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) command: Vec<String>,
    /// The command as a user types it, in place of `command`: split as the commands of a tasks file are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) line: Option<String>,
}

/// Runs the phases around a command that deploys or deletes the application; answers the run of the first step.
///
/// # Errors
///
/// Why nothing runs.
pub(crate) async fn live(session: &SharedSession, part: Part, wanted: Live) -> Result<Started, Error> {
    session.with(|session| session.may_start())?;
    if wanted.line.is_none() && wanted.command.first().is_none_or(String::is_empty) {
        return Err(Error::invalid_params("no command is given"));
    }
    let uri = wanted.uri.clone();
    if let Some(started) = session.with(|session| session.walks_already(&uri, part))? {
        return Ok(started);
    }
    let source = source(session, &uri).await?;
    let walk = blocking(move || Walk::new(part, wanted, source)).await??;
    session.with(|session| match session.walks_already(&uri, part)? {
        Some(started) => Ok(started),
        None => Ok(session.set_out(walk)),
    })
}

impl Walk {
    fn new(part: Part, wanted: Live, source: Source) -> Result<Walk, Error> {
        let Live { uri, command, line } = wanted;
        let environment = source.environment.clone().map_err(refusal)?;
        let command = match line {
            Some(line) => plan::typed(&line, &|name| environment.get(name)).map_err(refusal)?,
            None => command,
        };
        let mut plans = plans(part, &source, &environment)?;
        let phases: Vec<Phase> = plans.iter().filter_map(|plan| plan.subject.phase()).collect();
        plans.push(part.plan(&command));
        let application = source.application(&environment);
        let (pods, warning) = match application.pods(Vec::new()) {
            Ok(pods) => (Some(pods), None),
            Err(problem) if phases.contains(&Phase::PostDeploy) => return Err(refusal(problem.describe())),
            Err(problem) => (None, Some(format!("no pods are awaited: {}", problem.message))),
        };
        let pinned = pods.as_ref().map(|pods| application.pin(pods.target.clone()));
        // Inside of a cluster there is no kubeconfig to be copied.
        let pinned = pinned.filter(|pinned| pinned.target.context.is_some());
        let is_selected = source.config.kubernetes.selector.is_some();
        let pods = pods.filter(|_| !is_selected || part.awaits_selected(&phases));
        let steps = Lifecycle::new(part, &Known { phases: &phases, has_application: pods.is_some() });
        let run = String::new();
        Ok(Walk { uri, part, steps, plans, pods, warning, pinned, source, environment, run })
    }
}

impl Session {
    /// The run of a part that goes on.
    fn walks_already(&mut self, uri: &Uri, part: Part) -> Result<Option<Started>, Error> {
        self.may_start()?;
        if let Some(walk) = self.walks.iter().find(|walk| walk.uri == *uri) {
            let (run, name) = (walk.run.clone(), walk.part.name());
            if walk.part != part {
                let wanted = part.name();
                return Err(refusal(format!(
                    "{name} is running: wait for its end or stop it before {wanted}"
                )));
            }
            self.show(MessageType::Info, format!("{name} is already running"));
            return Ok(Some(Started { run }));
        }
        let mut phases = part.phases().iter();
        if let Some(phase) = phases.find(|phase| self.runs.running(uri, **phase).is_some()) {
            let name = part.name();
            return Err(refusal(format!("{phase} is running: wait for its end or stop it before {name}")));
        }
        Ok(None)
    }

    fn set_out(&mut self, mut walk: Walk) -> Started {
        if let Some(warning) = walk.warning.take() {
            self.show(MessageType::Warning, warning);
        }
        let foreign = self.foreign_of_walk(&walk);
        let first = walk.steps.steps().first().copied().unwrap_or(walk.part.command());
        Started { run: self.begin(walk, first, Questions { foreign, ..Questions::default() }) }
    }

    /// The clusters that all steps together reach and that are to be asked about.
    fn foreign_of_walk(&self, walk: &Walk) -> Vec<Foreign> {
        let settings = &walk.source.config.kubernetes;
        let pinned = walk.pinned.as_ref().map(|pinned| &pinned.target);
        let target = pinned.or_else(|| walk.pods.as_ref().map(|pods| &pods.target));
        let asked = target.filter(|target| !self.accepts(target, settings)).map(|target| Foreign {
            target: Some(target.clone()),
            question: safety::foreign_part(walk.part, target),
            is_hint: false,
        });
        let directory = walk.source.directory.as_path();
        let whereabouts =
            Whereabouts { directory, environment: walk.environment.variables(), pinned: target };
        let same = |other: &Target| target.is_some_and(|target| target.context == other.context);
        let accepts = |other: &Target| same(other) || self.accepts(other, settings);
        let local = walk.plans.iter().filter(|plan| plan.subject.is_local());
        let others = local.flat_map(|plan| safety::foreign_commands(plan, whereabouts, &accepts));
        asked.into_iter().chain(others).collect()
    }

    fn begin(&mut self, mut walk: Walk, step: Subject, mut questions: Questions) -> String {
        let plan = walk.plans.iter().find(|plan| plan.subject == step).cloned();
        let plan = plan.unwrap_or(Plan { subject: step, steps: Vec::new() });
        if step == Subject::Delete {
            let records = self.run_settings().records(walk.environment.records());
            questions.guard = walk.source.guard(&walk.environment, records.as_ref());
        }
        if step == Subject::Deploy {
            questions.before = walk.pods.clone().map(Box::new);
        }
        let place = Place {
            pods: walk.pods.clone().filter(|_| !step.is_local()),
            pinned: walk.pinned.clone().filter(|_| step.is_local()),
            guard: None,
        };
        let (uri, source, environment) = (walk.uri.clone(), walk.source.clone(), walk.environment.clone());
        let planned = (plan, Vec::new());
        let id = self.start_with(&uri, planned, source, &environment, place, Some(questions));
        walk.run.clone_from(&id);
        self.walks.push(walk);
        id
    }

    /// These pods were there before something is deployed.
    pub(crate) fn pods_before(&mut self, run: &str, pods: Vec<String>) {
        let walk = self.walks.iter_mut().find(|walk| walk.run == run);
        if let Some(pods_of_walk) = walk.and_then(|walk| walk.pods.as_mut()) {
            pods_of_walk.before = Some(pods);
        }
    }

    /// Why a phase cannot run alone: it is a step of something that goes on.
    pub(super) fn is_step_of(&self, uri: &Uri, phase: Phase) -> Option<String> {
        let walk = self.walks.iter().find(|walk| walk.uri == *uri)?;
        let name = walk.part.name();
        walk.steps
            .steps()
            .contains(&phase.into())
            .then(|| format!("{name} is running, and {phase} is a step of it: wait for its end or stop it"))
    }

    /// A run is over; if it was a step, the next one begins. If it was the last one, answers what is to be said.
    pub(super) fn walk_on(&mut self, run: &str, summary: &RunSummary) -> Option<(MessageType, String)> {
        let mut walk = self.take_walk(run)?;
        match walk.steps.after(summary, false) {
            Next::Step(_) if self.client_left => None,
            Next::Step(step) => {
                self.begin(walk, step, Questions::default());
                None
            }
            Next::Done => Some((MessageType::Info, format!("{}: all steps passed", walk.part.name()))),
            Next::Ended { message, stopped } => {
                Some((if stopped { MessageType::Info } else { MessageType::Error }, message))
            }
        }
    }

    /// A step did not begin, so no other one does.
    pub(super) fn walk_declined(&mut self, run: &str) {
        let Some(walk) = self.take_walk(run) else { return };
        if let Next::Ended { message, .. } = walk.steps.cannot_begin(false) {
            self.show(MessageType::Info, message);
        }
    }

    fn take_walk(&mut self, run: &str) -> Option<Walk> {
        let index = self.walks.iter().position(|walk| walk.run == run)?;
        Some(self.walks.remove(index))
    }
}

/// The plans of the phases of a part that have tasks which run.
fn plans(part: Part, source: &Source, environment: &Environment) -> Result<Vec<Plan>, Error> {
    let lookup = |name: &str| environment.get(name);
    let planned =
        part.phases().iter().map(|phase| match Plan::for_phase(&source.analysis, *phase, &[], &lookup) {
            Ok(plan) => Ok(Some(plan)),
            Err(PlanError::NoTasks { .. } | PlanError::Ignored { .. }) => Ok(None),
            Err(error) => Err(refusal(error.describe())),
        });
    planned.filter_map(Result::transpose).collect()
}
