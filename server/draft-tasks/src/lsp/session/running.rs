//! Runs as the session sees them: commands start and stop them, their events become effects.
//!
//! Must not start processes: the outbox does, when it performs `StartRun`.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use draft_tasks_analysis::phase::Phase;
use draft_tasks_analysis::plan::{self, Plan};
use draft_tasks_executor::PodsRequest;
use draft_tasks_executor::cluster::Target;
use draft_tasks_executor::record::schema::ClusterEntry;
use draft_tasks_executor::{JobSource, Limits, OnFailure, Pinned, Problem, RunRequest};
use serde::Serialize;
use tower_lsp::gen_lsp_types::*;
use tower_lsp::jsonrpc::Error;

use super::Session;
use super::reading::{Source, source};
use crate::claim::Claim;
use crate::clock::Clock;
use crate::job;
use crate::lifecycle::Activity;
use crate::lsp::documents::document::Document;
use crate::lsp::documents::look::off_thread;
use crate::lsp::documents::surroundings;
use crate::lsp::effect::{Effect, ProgressValue, Questions};
use crate::lsp::protocol::ext::{self, Remedy, RunState};
use crate::lsp::protocol::to_proto::{refusal, refusal_with};
use crate::lsp::runs::{Run, RunningTask};
use crate::lsp::session::SharedSession;
use crate::reach::{Reach, WantedPods};
use crate::safety::{self, Crossing, Guard, Whereabouts};
use crate::settings::audience::Audience;
use crate::world::environment::{Environment, ask_for_colors};

/// The grace period when the server ends: the client waits for it.
pub(crate) const GRACE_AT_END: Duration = Duration::from_secs(1);

/// A task that is to be run.
pub(crate) struct ChosenTask {
    pub(crate) task: String,
    /// The command that the user saw.
    pub(crate) command: Option<String>,
}

/// Where tasks run, and for how long.
#[derive(Default)]
pub(super) struct RunPlace {
    /// In these pods; on this machine without them.
    pub(super) pods: Option<PodsRequest>,
    /// The cluster that tasks on this machine are to meet.
    pub(super) pinned: Option<Pinned>,
    /// Why it is not known in which namespace, to be said where they call a tool of clusters.
    pub(super) unknown: Option<Problem>,
    /// Held until the run is over; a step has nothing, as what it is a step of has it.
    pub(super) claim: Claim,
    /// What of the limit of the whole run is over already.
    pub(super) spent: Duration,
    /// Whether another context of the kubeconfig could be chosen.
    pub(super) has_other_contexts: bool,
}

impl Source {
    /// What is to be asked about before something is destroyed.
    pub(super) fn guard(&self, environment: &Environment) -> Option<Guard> {
        Guard::of(&self.application(environment), &self.path)
    }

    /// What is to be asked before tasks of a phase run.
    fn questions(&self, plan: &Plan, environment: &Environment, place: &RunPlace) -> Questions {
        let pinned = place.pinned.as_ref().map(|pinned| &pinned.target);
        let whereabouts = Whereabouts {
            directory: &self.directory,
            environment: environment.variables(),
            secrets: &environment.secrets(),
            pinned,
            // The run could not be stopped while a disk is waited for: its gate follows them.
            follows_links: false,
        };
        let is_local = |target: &Target| self.config.kubernetes.is_local(target);
        let foreign = safety::foreign_plan(plan, place.pods.as_ref(), whereabouts, &is_local);
        let guard = if plan.subject == Phase::Cleanup.into() { self.guard(environment) } else { None };
        let guard = guard.map(Box::new);
        let crossing = Crossing::of(plan, whereabouts, &self.config.kubernetes);
        let crossing = place.pods.is_none().then(|| Box::new(crossing));
        Questions { foreign, guard, crossing, ..Questions::default() }
    }

    fn place(
        &self,
        phase: Phase,
        environment: &Environment,
        wanted: WantedPods,
    ) -> Result<RunPlace, Problem> {
        let application = self.application(environment);
        if let Some(problem) = application.refusal(Activity::from(phase).is_grave()) {
            return Err(problem);
        }
        let reaches = |place| RunPlace { has_other_contexts: application.has_other_contexts(), ..place };
        let is_job = matches!(wanted, WantedPods::OfJob(_));
        if is_job || !phase.is_local() {
            let mut pods = application.pods(wanted.names().to_vec())?;
            wanted.narrow(&mut pods).map_err(Problem::new)?;
            if is_job {
                let directory = self.path.parent().unwrap_or(&self.path);
                pods = job::made_in(pods, (phase, directory), JobSource::Workload, environment);
            }
            return Ok(reaches(RunPlace { pods: Some(pods), ..RunPlace::default() }));
        }
        match application.pinned_if_named() {
            Err(problem) if self.config.kubernetes.context.is_some() => Err(problem),
            Err(problem) => Ok(RunPlace { unknown: Some(problem), ..RunPlace::default() }),
            Ok(pinned) => Ok(RunPlace { pinned, ..RunPlace::default() }),
        }
    }

    /// Why a cluster or its pods cannot be reached.
    pub(super) fn refuse_cluster(&self, environment: &Environment, problem: &Problem, uri: &Uri) -> Error {
        let has_others = self.application(environment).has_other_contexts();
        refusal_with(Audience::Editor.words(&problem.describe()), &Remedy::check(uri, has_others))
    }

    /// Claims what is to run.
    pub(super) fn claim(&self, wanted: Activity) -> Result<Claim, Error> {
        let claim = Claim::take(wanted, self.state.as_deref(), &self.path);
        claim.map_err(|rival| refusal(rival.describe(Clock::of_system())))
    }
}

/// The answer of a command that runs something.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Started {
    /// The run.
    pub(crate) run: String,
}

/// What somebody wants to run: chosen tasks of a phase, all of them when none is chosen, in the pods that are wanted.
pub(crate) struct Wish {
    pub(crate) uri: Uri,
    pub(crate) phase: String,
    pub(crate) chosen: Vec<ChosenTask>,
    pub(crate) pods: WantedPods,
}

/// A run that could start.
pub(super) struct PreparedRun {
    pub(super) plan: Plan,
    /// The tasks that were chosen; empty when the whole phase runs.
    pub(super) chosen: Vec<String>,
    pub(super) source: Source,
    pub(super) environment: Environment,
    pub(super) place: RunPlace,
    pub(super) questions: Questions,
}

/// Runs what is wished.
///
/// # Errors
///
/// Why it does not run.
pub(crate) async fn run(session: &SharedSession, wish: Wish) -> Result<Started, Error> {
    session.with(|session| session.may_start())?;
    let source = source(session, &wish.uri).await?;
    run_source(session, source, wish).await
}

/// Runs what is wished of a text that was read.
///
/// # Errors
///
/// Why it does not run.
pub(crate) async fn run_source(
    session: &SharedSession,
    source: Source,
    wish: Wish,
) -> Result<Started, Error> {
    let uri = wish.uri.clone();
    let phase = plan::phase_named(&source.analysis.parsed, &wish.phase);
    let phase = phase.map_err(|error| source.refuse(&error))?;
    if let Some(started) = session.with(|session| session.goes_on(&uri, phase))? {
        return Ok(started);
    }
    let is_job = matches!(wish.pods, WantedPods::OfJob(_));
    if let WantedPods::OfJob(Some(earlier)) = &wish.pods {
        source.check_job_is_over(phase, earlier).await?;
    }
    let mut prepared = off_thread(move || PreparedRun::new(source, phase, wish)).await?;
    // Once the phase is claimed nobody else makes a Job of it.
    if let Ok(claimed) = &prepared
        && let Err(why) = claimed.source.check_left_jobs(session, phase.into(), is_job).await
    {
        let unused = std::mem::replace(&mut prepared, Err(why));
        off_thread(move || drop(unused)).await?;
    }
    // It may be this server that has claimed the phase meanwhile.
    let mut prepared = Some(prepared);
    let answer = session.with(|session| match session.goes_on(&uri, phase)? {
        Some(started) => Ok(started),
        None => prepared.take().ok_or_else(Error::internal_error)?.map(|mut prepared| {
            session.take_answered(phase.into(), &mut prepared.questions);
            Started { run: session.start(&uri, prepared) }
        }),
    });
    if let Some(unused) = prepared {
        // It gives back its claim, which may wait for a disk.
        off_thread(move || drop(unused)).await?;
    }
    answer
}

impl PreparedRun {
    fn new(source: Source, phase: Phase, wish: Wish) -> Result<PreparedRun, Error> {
        source.has_right_settings()?;
        let Wish { uri, chosen, pods, .. } = wish;
        let environment = source.environment.clone().map_err(refusal)?;
        let only: Vec<String> = chosen.iter().map(|it| it.task.clone()).collect();
        let mut plan = Plan::for_phase(&source.analysis.parsed, phase, &only, &|name| environment.get(name))
            .map_err(|error| source.refuse(&error))?;
        check_unchanged(&plan, &chosen)?;
        let is_job = matches!(pods, WantedPods::OfJob(_));
        if is_job {
            source.check_may_be_job(phase)?;
            job::tell_as_written(&mut plan);
        }
        if phase.is_local() && !pods.names().is_empty() {
            return Err(refusal(format!("tasks of `{phase}` run on this machine, not in pods")));
        }
        let mut place = source
            .place(phase, &environment, pods)
            .map_err(|problem| source.refuse_cluster(&environment, &problem, &uri))?;
        let questions = source.questions(&plan, &environment, &place);
        place.claim = source.claim(phase.into())?;
        Ok(PreparedRun { plan, chosen: only, source, environment, place, questions })
    }

    /// Takes the claim.
    fn run(&mut self, id: &str, uri: &Uri) -> Run {
        let steps = self.plan.steps.iter();
        Run {
            id: id.to_owned(),
            uri: uri.clone(),
            subject: self.plan.subject,
            tasks: steps.map(|step| RunningTask::new(step.task.clone(), step.command.clone())).collect(),
            chosen: std::mem::take(&mut self.chosen),
            reach: self.place.pods.as_ref().map(Reach::of),
            has_other_contexts: self.place.has_other_contexts,
            pods: Vec::new(),
            has_begun: false,
            current: None,
            problem: None,
            is_stopping: false,
            is_followed: false,
            grace: self.source.config.run.grace(self.plan.subject),
            awaited: None,
            started: Instant::now(),
            record: None,
            shown_logs: HashSet::new(),
            claim: std::mem::take(&mut self.place.claim),
        }
    }

    /// "pre-up · 2 tasks · in /app, with unsaved changes".
    fn describe(&self) -> String {
        let count = match self.plan.steps.len() {
            0 => String::new(),
            1 => " · 1 task".to_owned(),
            many => format!(" · {many} tasks"),
        };
        let place = match &self.place.pods {
            Some(pods) if pods.job.is_some() => ClusterEntry::of(pods).describe(),
            Some(pods) => format!("pods of {}, {}", pods.application.name, pods.target.describe()),
            None => format!("in {}", self.source.directory.display()),
        };
        let unsaved = if self.source.unsaved { ", with unsaved changes" } else { "" };
        format!("{}{count} · {place}{unsaved}", self.plan.subject)
    }

    fn request(self, id: &str) -> RunRequest {
        let PreparedRun { plan, source, environment, place, .. } = self;
        let phase = plan.subject.phase();
        let job = place.pods.as_ref().and_then(|pods| pods.job.as_ref());
        let limits = match job.map(|job| &job.source) {
            // Those of the run that made it are the Job's own.
            Some(JobSource::Present) => Limits::default(),
            _ => source.config.run.limits().left_after(place.spent),
        };
        RunRequest {
            on_failure: match phase {
                Some(phase) if job.is_none() => source.config.on_failure(phase),
                _ => OnFailure::Stop,
            },
            environment: environment.for_run(id, plan.subject),
            grace: source.config.run.grace(plan.subject),
            plan,
            directory: source.directory,
            // A command that deploys has no limit of tasks.
            limits: Limits { task: limits.task.filter(|_| phase.is_some()), ..limits },
            secrets: environment.secrets(),
            finds_problems: true,
            on_terminal: false,
            pods: place.pods,
            pinned: place.pinned,
        }
    }
}

impl Session {
    /// Whether there is a client for which something may be started.
    pub(crate) fn has_client(&self) -> Result<(), Error> {
        if self.client_left {
            return Err(refusal("nothing is started: the client has closed the connection"));
        }
        Ok(())
    }

    /// Whether anything may be started.
    pub(crate) fn may_start(&self) -> Result<(), Error> {
        if !self.trusted {
            return Err(refusal("nothing runs in a workspace that is not trusted"));
        }
        self.has_client()
    }

    /// The run of a phase that goes on.
    fn goes_on(&mut self, uri: &Uri, phase: Phase) -> Result<Option<Started>, Error> {
        self.may_start()?;
        if let Some(run) = self.runs.running(uri, phase) {
            let run = run.id.clone();
            self.show(MessageType::Info, format!("{phase} is already running"));
            return Ok(Some(Started { run }));
        }
        self.check_beside(uri, phase.into()).map(|()| None)
    }

    /// The environment of tasks, as far as it is known, for looking at commands.
    pub(crate) fn environment_to_show(&self, document: &Document) -> Environment {
        let run = &document.config.run;
        let known = document.surroundings.environment.as_ref().filter(|_| !run.env_files.is_empty());
        let known = known.cloned().unwrap_or_else(|| surroundings::without_files(&self.environment, run));
        known.telling(&document.surroundings.told)
    }

    /// Says which variables that are called secret are not masked, and what may not be meant in files of variables.
    fn tell_variables(&mut self, environment: &Environment, secrets: &[String]) {
        for name in secrets {
            if let Some(why) = environment.why_not_masked(name) {
                self.record_trouble(&format!("draftTasks.run.secrets: {name}: {why}"));
            }
        }
        environment.warnings().iter().for_each(|said| self.record_trouble(said));
    }

    /// Says that tools of clusters may meet another namespace.
    fn tell_unknown_namespace(&mut self, prepared: &mut PreparedRun) {
        let Some(problem) = prepared.place.unknown.take() else { return };
        let PreparedRun { plan, source, environment, .. } = prepared;
        let secrets = &environment.secrets();
        let whereabouts = Whereabouts {
            directory: &source.directory,
            environment: environment.variables(),
            secrets,
            pinned: None,
            follows_links: false,
        };
        if safety::calls_tools(plan, whereabouts) {
            self.show(MessageType::Warning, safety::unknown_namespace(&problem.message));
        }
    }

    /// Starts a run when its questions are answered; answers its name.
    pub(super) fn start(&mut self, uri: &Uri, mut prepared: PreparedRun) -> String {
        let id = self.runs.next_id();
        self.tell_claim(&prepared.place.claim);
        self.tell_unknown_namespace(&mut prepared);
        self.tell_variables(&prepared.environment, &prepared.source.config.run.secrets);
        let run = prepared.run(&id, uri);
        self.tell_start(&run, prepared.describe(), &prepared.environment);
        let questions = std::mem::take(&mut prepared.questions);
        let settings = &prepared.source.config.run;
        let records = prepared.environment.records_by(settings);
        let (file, mut request) = (prepared.source.path.clone(), Box::new(prepared.request(&id)));
        if self.flags.colors {
            ask_for_colors(&mut request.environment);
        }
        let follows_job = run.job().is_some();
        self.runs.active.push(run);
        let records = records.unwrap_or_else(|problem| {
            self.no_record(&id, &problem);
            None
        });
        self.effect(Effect::StartRun { run: id.clone(), request, file, records, questions });
        if follows_job {
            self.jobs_changed();
        } else {
            self.refresh_lenses();
        }
        id
    }

    fn tell_start(&self, run: &Run, message: String, environment: &Environment) {
        let title = run.subject.to_string();
        self.progress(run, ProgressValue::Begin { title, message: "starts".into() });
        self.tell(run, RunState::Started, (None, None), None, message);
        let masked = environment.masked_names().join(", ");
        if !masked.is_empty() {
            let said =
                format!("masked in the output: {masked}; to show one, name it in `draftTasks.run.public`");
            self.tell(run, RunState::Waiting, (None, None), None, said);
        }
        let said = match run.job() {
            Some(job) if job.attached => job::MASKED,
            Some(_) if !masked.is_empty() => job::VARIABLES,
            _ => return,
        };
        self.tell(run, RunState::Waiting, (None, None), None, said.into());
    }

    /// Progress was cancelled in the client.
    pub(crate) fn cancel_progress(&mut self, token: &ProgressToken) {
        let ProgressToken::String(token) = token else { return };
        if let Some(run) = token.strip_prefix(ext::PROGRESS) {
            self.stop_run(&self.run_in_place_of(run));
        }
    }

    /// Asks a run to end, and what it is a step of; one that is asked again is killed.
    pub(crate) fn stop_run(&mut self, run: &str) {
        // It may have passed already, and nobody has heard of it.
        self.walk_stopped(run);
        let mut grace = GRACE_AT_END;
        if let Some(stopping) = self.runs.get_mut(run) {
            grace = stopping.grace;
            if std::mem::replace(&mut stopping.is_stopping, true) {
                grace = Duration::ZERO;
            }
            self.refresh_lenses();
        }
        self.effect(Effect::StopRun { run: run.to_owned(), grace });
    }

    pub(crate) fn did_change_trust(&mut self, trust: &ext::TrustParams) {
        if self.trusted != trust.trusted {
            self.trusted = trust.trusted;
            self.refresh_lenses();
            self.survey();
        }
    }

    /// Behind their lines stands how tasks ended.
    pub(super) fn refresh_result_hints(&self) {
        if self.flags.refresh_hints && self.documents.values().any(|document| document.config.inlay_hints) {
            self.effect(Effect::RefreshHints);
        }
    }

    pub(super) fn refresh_lenses(&self) {
        if self.flags.refresh_lenses {
            self.effect(Effect::RefreshLenses);
        }
    }
}

/// The user saw a command and clicked on it; another one must not run in its place.
fn check_unchanged(plan: &Plan, chosen: &[ChosenTask]) -> Result<(), Error> {
    let changed = plan.steps.iter().find(|step| {
        let seen = chosen.iter().find(|it| it.task == step.task).and_then(|it| it.command.as_ref());
        seen.is_some_and(|seen| *seen != step.command)
    });
    let Some(name) = changed.map(|step| &step.task) else { return Ok(()) };
    Err(refusal(format!("the command of `{name}` has changed since then; run it again to run the new one")))
}
