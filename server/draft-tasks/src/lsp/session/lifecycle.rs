//! `up` and `delete` in an editor: the runs of their steps, one after another.
//!
//! Must not decide which step comes next: `lifecycle` does.

use std::time::Duration;

use draft_tasks_analysis::phase::Phase;
use draft_tasks_analysis::plan::{self, Plan, Subject};
use draft_tasks_analysis::task_variable::TaskVariable;
use draft_tasks_executor::cluster::Target;
use draft_tasks_executor::{OutcomeName, PodsBefore, RunSummary};
use serde::{Deserialize, Serialize};
use tower_lsp::gen_lsp_types::*;
use tower_lsp::jsonrpc::Error;

use super::Session;
use super::reading::{Source, source};
use super::running::{PreparedRun, RunPlace, Started};
use crate::claim::Claim;
use crate::lifecycle::{Activity, LifecycleSite, Next, Part, Undertaking};
use crate::lsp::documents::look::off_thread;
use crate::lsp::effect::Questions;
use crate::lsp::protocol::to_proto::refusal;
use crate::lsp::session::SharedSession;
use crate::plan_refusal::plan_if_any;
use crate::safety::{Crossing, Foreign, Whereabouts};
use crate::world::environment::Environment;

/// A part of an application's life that goes on.
pub(super) struct Walk {
    uri: Uri,
    undertaking: Undertaking,
    /// That the program of the deploy command is not there yet.
    lacking: Option<String>,
    source: Source,
    environment: Environment,
    /// The clusters that are to be asked about before the first step.
    foreign: Vec<Foreign>,
    /// What was known of the clusters of its local steps by then.
    crossings: Vec<Crossing>,
    /// The runs of the steps that began; that of the last one goes on.
    runs: Vec<String>,
    /// Whether somebody has asked for the end of all of it.
    was_stopped: bool,
    /// How long the steps took that are over.
    spent: Duration,
    /// Whether another context of the kubeconfig could be chosen.
    has_other_contexts: bool,
    /// Held until the last step is over.
    claim: Claim,
}

/// A part that has come to the end of a step.
pub(super) struct Walked {
    walk: Walk,
    next: Next,
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
    let mut walk = off_thread(move || Walk::new(part, wanted, source)).await?;
    // Once the phases are claimed nobody else makes a Job of one.
    if let Ok(claimed) = &walk
        && let Err(why) = claimed.source.check_left_jobs(session, part.into(), false).await
    {
        let unused = std::mem::replace(&mut walk, Err(why));
        off_thread(move || drop(unused)).await?;
    }
    // It may be this server that has claimed the phases meanwhile.
    let mut walk = Some(walk);
    let answer = session.with(|session| match session.walks_already(&uri, part)? {
        Some(started) => Ok(started),
        None => walk.take().ok_or_else(Error::internal_error)?.map(|walk| session.set_out(walk)),
    });
    if let Some(unused) = walk {
        // It gives back its claim, which may wait for a disk.
        off_thread(move || drop(unused)).await?;
    }
    answer
}

impl Walk {
    fn new(part: Part, wanted: Live, source: Source) -> Result<Walk, Error> {
        source.has_right_settings()?;
        let Live { uri, command, line } = wanted;
        let environment = source.environment.clone().map_err(refusal)?;
        let command = match line {
            Some(line) => plan::typed(&line, &|name| environment.get(name)).map_err(refusal)?,
            None => command,
        };
        let environment = environment.hiding_in(&command);
        // Before anything is looked at that another program may change.
        let claim = source.claim(part.into())?;
        let application = source.application(&environment);
        if let Some(problem) = application.refusal(Activity::from(part).is_grave()) {
            return Err(source.refuse_cluster(&environment, &problem, &uri));
        }
        let site = LifecycleSite::of(part, &application, &source.path);
        let told = application.told_in(site.target());
        let has_other_contexts = application.has_other_contexts();
        let environment = environment.telling(&told);
        let phases = plans(part, &source, &environment)?;
        let undertaking = Undertaking::new(site, phases, &command, &source.config.kubernetes);
        let undertaking =
            undertaking.ready().map_err(|problem| source.refuse_cluster(&environment, &problem, &uri))?;
        let (directory, variables) = (source.directory.as_path(), environment.variables());
        let is_local = |target: &Target| source.config.kubernetes.is_local(target);
        let secrets = &environment.secrets();
        // The gates of the steps follow links.
        let whereabouts =
            Whereabouts { directory, environment: variables, secrets, pinned: None, follows_links: false };
        let foreign = undertaking.foreign(whereabouts, &is_local);
        let lacking = undertaking.lacks_program(directory, variables);
        let crossings = undertaking.crossings(whereabouts, &source.config.kubernetes);
        Ok(Walk {
            uri,
            undertaking,
            lacking,
            foreign,
            crossings,
            source,
            environment,
            runs: Vec::new(),
            was_stopped: false,
            spent: Duration::ZERO,
            has_other_contexts,
            claim,
        })
    }

    /// Whether this is the run of the step that goes on.
    fn is_at(&self, run: &str) -> bool {
        self.runs.last().is_some_and(|last| last == run)
    }
}

impl Walked {
    /// Whether another step follows.
    pub(super) fn goes_on(&self) -> bool {
        matches!(self.next, Next::Step(_))
    }

    /// What is to be said of all steps where this one was the last; `why` says how it failed.
    pub(super) fn end(&self, why: Option<&str>) -> Option<String> {
        let Undertaking { part, .. } = self.walk.undertaking;
        let application = self.walk.undertaking.application();
        match &self.next {
            Next::Step(_) => None,
            Next::Done => Some(format!("{}: all steps passed", part.of(application))),
            Next::Ended(end) => Some(end.describe_alone(application, why)),
        }
    }
}

impl Session {
    /// The run of a part that goes on.
    fn walks_already(&mut self, uri: &Uri, part: Part) -> Result<Option<Started>, Error> {
        self.may_start()?;
        if let Some(walk) = self.walks.iter().find(|walk| walk.uri == *uri && walk.undertaking.part == part) {
            let run = walk.runs.last().cloned().unwrap_or_default();
            self.show(MessageType::Info, format!("{} is already running", part.name()));
            return Ok(Some(Started { run }));
        }
        self.check_beside(uri, part.into()).map(|()| None)
    }

    fn set_out(&mut self, mut walk: Walk) -> Started {
        let earlier = walk.undertaking.guard.as_ref().and_then(|guard| guard.elsewhere());
        let earlier = earlier.filter(|earlier| earlier.is_chosen).map(|earlier| earlier.said.clone());
        let warnings = walk.undertaking.warning.take().into_iter().chain(walk.lacking.take()).chain(earlier);
        for warning in warnings {
            self.show(MessageType::Warning, warning);
        }
        self.tell_claim(&walk.claim);
        let foreign = std::mem::take(&mut walk.foreign);
        let Undertaking { part, steps, pods, .. } = &walk.undertaking;
        let first = steps.steps().first().copied().unwrap_or(part.command());
        let after = steps.steps().iter().skip(1).map(|step| walk.undertaking.plan(*step)).collect();
        let ground = pods.clone().filter(|_| *part == Part::Up).map(Box::new);
        Started { run: self.begin(walk, first, Questions { foreign, ground, after, ..Questions::default() }) }
    }

    fn begin(&mut self, mut walk: Walk, step: Subject, mut questions: Questions) -> String {
        if step == Subject::Delete {
            questions.guard = walk.undertaking.guard.take().map(Box::new);
        }
        if step == Subject::Deploy {
            questions.before = walk.undertaking.pods.clone().map(Box::new);
        }
        let crossing = walk.crossings.iter().find(|crossing| crossing.subject == step);
        questions.crossing = crossing.cloned().map(Box::new);
        let place = RunPlace {
            pods: walk.undertaking.pods(step),
            pinned: walk.undertaking.pinned(step),
            unknown: None,
            claim: Claim::default(),
            spent: walk.spent,
            has_other_contexts: walk.has_other_contexts,
        };
        let (plan, chosen) = (walk.undertaking.plan(step), Vec::new());
        let (source, environment) = (walk.source.clone(), walk.environment.clone());
        let id = self.start(&walk.uri, PreparedRun { plan, chosen, source, environment, place, questions });
        walk.runs.push(id.clone());
        self.walks.push(walk);
        id
    }

    /// What a run is of.
    pub(crate) fn activity(&self, run: &str, subject: Subject) -> Activity {
        let walk = self.walks.iter().find(|walk| walk.is_at(run));
        let phase = subject.phase().filter(|_| walk.is_none());
        phase.map_or_else(|| walk.map_or(Part::Up, |walk| walk.undertaking.part).into(), Activity::from)
    }

    /// These pods are there before something is deployed or deleted.
    pub(crate) fn pods_before(&mut self, run: &str, before: PodsBefore) {
        let walk = self.walks.iter_mut().find(|walk| walk.is_at(run));
        if let Some(pods_of_walk) = walk.and_then(|walk| walk.undertaking.pods.as_mut()) {
            pods_of_walk.before = before;
        }
    }

    /// The pods in which a step runs are of this build: tells it to the tasks that are still to come.
    pub(super) fn tell_build(&mut self, run: &str, build: &str) {
        let Some(walk) = self.walks.iter_mut().find(|walk| walk.is_at(run)) else { return };
        let told = [(TaskVariable::Build, build.to_owned())].into();
        walk.environment = walk.environment.clone().telling(&told);
        let lookup = |name: &str| walk.environment.get(name);
        // It was planned before, so it can be planned.
        if let Ok(Some(plan)) = plan_if_any(&walk.source.analysis.parsed, Phase::PostUp, &lookup) {
            walk.undertaking.replan(plan);
        }
    }

    /// Nothing is known of the pods that a deletion would end: their end is not awaited.
    pub(crate) fn pods_unknown(&mut self, run: &str) {
        let walk = self.walks.iter_mut().find(|walk| walk.is_at(run));
        if let Some(said) = walk.and_then(|walk| walk.undertaking.steps.without_end_of_pods()) {
            self.show(MessageType::Warning, said);
        }
    }

    /// A file has another name now.
    pub(super) fn walks_renamed(&mut self, renamed: &dyn Fn(&Uri) -> Option<Uri>) {
        for walk in &mut self.walks {
            walk.uri = renamed(&walk.uri).unwrap_or_else(|| walk.uri.clone());
        }
    }

    /// Whether something can go on beside what this server runs of a file.
    pub(crate) fn check_beside(&self, uri: &Uri, wanted: Activity) -> Result<(), Error> {
        let walks = self.walks.iter().filter(|walk| walk.uri == *uri);
        let runs = self.runs.active.iter().filter(|run| run.uri == *uri);
        let parts = walks.map(|walk| Activity::from(walk.undertaking.part));
        let phases = runs.filter_map(|run| run.subject.phase().map(Activity::from));
        match parts.chain(phases).find(|running| wanted.excludes(*running)) {
            Some(running) => Err(refusal(wanted.refusal(running.name(), ""))),
            None => Ok(()),
        }
    }

    /// Says once that other programs may run the same phases, as no lock can be had.
    pub(super) fn tell_claim(&mut self, claim: &Claim) {
        let Some(trouble) = &claim.trouble else { return };
        if !std::mem::replace(&mut self.claim_trouble_told, true) {
            self.record_trouble(trouble);
        }
    }

    /// The part of which a run is the step that goes on.
    pub(super) fn part_of(&self, run: &str) -> Option<Part> {
        Some(self.walks.iter().find(|walk| walk.is_at(run))?.undertaking.part)
    }

    /// Takes out what the last step of a part leaves behind: what all steps had claimed. A run that was declined has no
    /// summary.
    pub(super) fn claim_of_walk(&mut self, run: &str, summary: Option<&RunSummary>) -> Option<Claim> {
        let walk = self.walks.iter_mut().find(|walk| walk.is_at(run))?;
        let mut steps = walk.undertaking.steps.clone();
        let next = summary.map(|summary| steps.after(summary.outcome(), walk.was_stopped));
        (!matches!(next, Some(Next::Step(_)))).then(|| std::mem::take(&mut walk.claim))
    }

    /// A run is over; what follows, if it was a step.
    pub(super) fn walked(&mut self, run: &str, summary: &RunSummary) -> Option<Walked> {
        let mut walk = self.take_walk(run)?;
        walk.spent += summary.duration;
        let next = walk.undertaking.steps.after(summary.outcome(), walk.was_stopped);
        Some(Walked { walk, next })
    }

    /// Begins the next step, if there is one.
    pub(super) fn walk_on(&mut self, Walked { walk, next }: Walked) {
        if let Next::Step(step) = next
            && !self.client_left
        {
            self.begin(walk, step, Questions::default());
        }
    }

    /// What is to be said of all steps where this one cannot run, and is the last.
    pub(super) fn walk_blocked(&self, run: &str, why: &str) -> Option<String> {
        let walk = self.walks.iter().find(|walk| walk.is_at(run))?;
        match walk.undertaking.steps.clone().after(OutcomeName::Failed, false) {
            Next::Ended(end) => Some(end.describe_alone(walk.undertaking.application(), Some(why))),
            _ => None,
        }
    }

    /// A step did not begin, so no other one does; answers which did not run.
    pub(super) fn walk_declined(&mut self, run: &str) -> Option<String> {
        match self.take_walk(run)?.undertaking.steps.cannot_begin(false) {
            Next::Ended(end) => Some(end.describe()),
            _ => None,
        }
    }

    /// The run that goes on where a step is named that is over; else the run itself.
    pub(crate) fn run_in_place_of(&self, run: &str) -> String {
        let walk = self.walks.iter().find(|walk| walk.runs.iter().any(|of_walk| of_walk == run));
        walk.and_then(|walk| walk.runs.last()).map_or(run, String::as_str).to_owned()
    }

    /// No step follows this one, however it ends.
    pub(super) fn walk_stopped(&mut self, run: &str) {
        self.walks.iter_mut().filter(|walk| walk.is_at(run)).for_each(|walk| walk.was_stopped = true);
    }

    fn take_walk(&mut self, run: &str) -> Option<Walk> {
        let index = self.walks.iter().position(|walk| walk.is_at(run))?;
        Some(self.walks.remove(index))
    }
}

/// The plans of the phases of a part that have tasks which run.
fn plans(part: Part, source: &Source, environment: &Environment) -> Result<Vec<Plan>, Error> {
    let lookup = |name: &str| environment.get(name);
    let parsed = &source.analysis.parsed;
    let planned = part.phases().iter().map(|phase| plan_if_any(parsed, *phase, &lookup));
    let planned = planned.map(|plan| plan.map_err(|error| source.refuse(&error)));
    planned.filter_map(Result::transpose).collect()
}
