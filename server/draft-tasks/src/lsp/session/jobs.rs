//! Jobs of Kubernetes that go on without the program that made them: which ones records know, and how one is taken up.
//!
//! Must not contact a cluster, nor call a Job over of which only this server has heard nothing.

use std::io;

use draft_tasks_analysis::phase::Phase;
use draft_tasks_analysis::plan::Plan;
use draft_tasks_executor::cluster::{Target, said_if_slow};
use draft_tasks_executor::job::{ENDS_WITH_FAILURE, JobRest, PresentJob, find, none_there, rest};
use draft_tasks_executor::record::schema::ClusterEntry;
use draft_tasks_executor::record::{LeftJob, Records, StoredRun, left_jobs};
use draft_tasks_executor::{OnFailure, Problem};
use tower_lsp::gen_lsp_types::Uri;
use tower_lsp::jsonrpc::Error;

use super::running::{PreparedRun, RunPlace};
use super::{Session, SharedSession, Source, Started, source, uri_as_opened};
use crate::job;
use crate::lifecycle::Activity;
use crate::lsp::documents::look::off_thread;
use crate::lsp::effect::{Effect, Questions};
use crate::lsp::protocol::to_proto::refusal;
use crate::lsp::runs::Run;
use crate::world::environment::Environment;

/// A Job of which records say that it may go on.
pub(crate) struct JobAtHand {
    pub(crate) left: LeftJob,
    /// The tasks file, as the editor has it open.
    pub(crate) uri: Option<Uri>,
}

impl JobAtHand {
    /// The name of its phase.
    pub(crate) fn phase(&self) -> &str {
        phase_of(&self.left).unwrap_or_default()
    }
}

fn phase_of(left: &LeftJob) -> Option<&str> {
    left.kept.phase()
}

/// A Job that is named, and what this machine knows of it.
pub(crate) struct NamedJob {
    pub(crate) name: String,
    pub(crate) target: Target,
    pub(crate) environment: Environment,
    uri: Uri,
    source: Source,
    records: Option<Records>,
}

/// The Jobs that may go on, as records tell it, newest first; without those that this server follows.
///
/// # Errors
///
/// When the records cannot be read.
pub(crate) async fn jobs_at_hand(session: &SharedSession) -> Result<Vec<JobAtHand>, Error> {
    let Some(records) = session.with(|session| session.records()) else { return Ok(Vec::new()) };
    let kept = off_thread(move || records.list().map_err(unreadable(&records))).await??;
    let mut found = Vec::new();
    for left in left_jobs(&kept) {
        if session.with(|session| session.follows(&left.name)).is_none() {
            let uri = uri_of(session, &left.kept).await?;
            found.push(JobAtHand { left, uri });
        }
    }
    Ok(found)
}

fn unreadable(records: &Records) -> impl Fn(io::Error) -> Error + use<> {
    let folder = records.directory.clone();
    move |error| refusal(format!("{}: {error}", folder.display()))
}

/// The tasks file of a record.
async fn uri_of(session: &SharedSession, kept: &StoredRun) -> Result<Option<Uri>, Error> {
    let url = kept.file().and_then(|file| url::Url::from_file_path(file).ok());
    match url {
        Some(url) => uri_as_opened(session, Uri(url.into())).await.map(Some),
        None => Ok(None),
    }
}

/// The Job of a name, where it was made as records tell it, else where the application of a tasks file is.
///
/// # Errors
///
/// When it is not known where that is.
pub(crate) async fn job_at_hand(
    session: &SharedSession,
    name: String,
    uri: Option<Uri>,
) -> Result<NamedJob, Error> {
    let records = session.with(|session| session.records());
    let made_by = match records.clone() {
        Some(records) => {
            let name = name.clone();
            off_thread(move || records.of_job(&name).map_err(unreadable(&records))).await??.into_iter().next()
        }
        None => None,
    };
    let of_record = match &made_by {
        Some(run) => uri_of(session, run).await?,
        None => None,
    };
    let Some(uri) = of_record.or(uri) else {
        return Err(refusal(format!("no run on this machine has made a Job `{name}`: name its tasks file")));
    };
    let source = source(session, &uri).await?;
    let cluster = made_by.as_ref().and_then(|run| run.cluster().cloned());
    off_thread(move || NamedJob::of(name, (uri, source), cluster.as_ref(), records)).await?
}

impl NamedJob {
    fn of(
        name: String,
        (uri, source): (Uri, Source),
        cluster: Option<&ClusterEntry>,
        records: Option<Records>,
    ) -> Result<NamedJob, Error> {
        let environment = source.environment.clone().map_err(refusal)?;
        let target = match cluster {
            Some(cluster) => job::place(cluster, &environment),
            None => source.application(&environment).pinned().map(|pinned| pinned.target),
        };
        let target = target.map_err(|problem| source.refuse_cluster(&environment, &problem, &uri))?;
        Ok(NamedJob { name, target, environment, uri, source, records })
    }

    /// Why it is not taken up or ended.
    pub(crate) fn refuse(&self, problem: &Problem) -> Error {
        self.source.refuse_cluster(&self.environment, problem, &self.uri)
    }

    /// The Job, as the cluster has it; where there is none, that is kept once nothing of it runs.
    ///
    /// # Errors
    ///
    /// When there is none, or the cluster does not tell.
    pub(crate) async fn find(&self, session: &SharedSession) -> Result<PresentJob, Error> {
        let asking = find(&self.target, self.environment.variables(), &self.name);
        match said_if_slow(&self.target, asking, async |said| session.with(|it| it.log(said))).await {
            Ok(Some(job)) => Ok(job),
            Ok(None) => {
                self.keep_end_if_over(session).await?;
                Err(self.refuse(&none_there(&self.target, &self.name)))
            }
            Err(problem) => Err(self.refuse(&problem)),
        }
    }

    /// Keeps that it is over or gone, where nothing of it runs any more.
    ///
    /// # Errors
    ///
    /// When a defect broke it off.
    pub(crate) async fn keep_end_if_over(&self, session: &SharedSession) -> Result<(), Error> {
        let asking = rest(&self.target, self.environment.variables(), &self.name);
        if asking.await != Ok(JobRest::Nothing) {
            return Ok(());
        }
        if let Some(records) = self.records.clone() {
            let (target, name) = (self.target.clone(), self.name.clone());
            // Where it cannot be kept, the cluster is asked again.
            let _ = off_thread(move || job::keep_end(&records, &target, &name)).await?;
        }
        session.with(|session| session.job_is_gone(&self.name));
        Ok(())
    }

    /// The run that takes it up; tasks that stand in the file are known by their commands there.
    fn prepared(self, job: PresentJob) -> PreparedRun {
        let NamedJob { name, target, environment, source, .. } = self;
        let (mut plan, lookup) = (job.plan, |name: &str| environment.get(name));
        let in_file = plan
            .subject
            .phase()
            .and_then(|phase| Plan::for_phase(&source.analysis.parsed, phase, &[], &lookup).ok());
        if let Some(in_file) = in_file {
            job::find_in_file(&mut plan, &in_file, &lookup);
        }
        let place = RunPlace { pods: Some(job::taken_up(target, name, &environment)), ..RunPlace::default() };
        let (chosen, questions) = (Vec::new(), Questions::default());
        PreparedRun { plan, chosen, source, environment, place, questions }
    }
}

/// Takes up a Job that is there, as a run of its tasks file.
///
/// # Errors
///
/// When its phase runs already.
pub(crate) async fn take_up(
    session: &SharedSession,
    named: NamedJob,
    job: PresentJob,
) -> Result<Started, Error> {
    let (uri, name) = (named.uri.clone(), named.name.clone());
    let prepared = off_thread(move || named.prepared(job)).await?;
    session.with(|session| {
        session.may_start()?;
        if let Some(started) = session.follows(&name) {
            return Ok(started);
        }
        let subject = prepared.plan.subject;
        if session.runs.running(&uri, subject).is_some() {
            return Err(refusal(format!(
                "another run of {subject} of this file goes on: wait for its end or stop it first"
            )));
        }
        Ok(Started { run: session.start(&uri, prepared) })
    })
}

impl Source {
    /// Whether tasks of a phase can be a Job, of the application's workload.
    pub(super) fn check_may_be_job(&self, phase: Phase) -> Result<(), Error> {
        if !job::belongs_to_workload(phase) {
            return Err(refusal(format!(
                "tasks of `{phase}` do not belong to what is deployed, so a Job of them needs an image: it runs on the command line alone"
            )));
        }
        if self.config.on_failure(phase) != OnFailure::Stop {
            return Err(refusal(format!(
                "{ENDS_WITH_FAILURE}: set `{phase}` of draftTasks.onFailure to \"stop\""
            )));
        }
        Ok(())
    }

    /// Whether all Jobs are over that records know and beside which something cannot go on.
    pub(super) async fn check_left_jobs(
        &self,
        session: &SharedSession,
        wanted: Activity,
        is_job: bool,
    ) -> Result<(), Error> {
        let Some(records) = session.with(|session| session.records()) else { return Ok(()) };
        let file = self.path.clone();
        let left =
            off_thread(move || job::left_behind(&records, &file, wanted).map_err(unreadable(&records)));
        let left = match left.await? {
            Err(why) if !is_job => {
                let said = format!("{}: {}", job::LEFT_UNKNOWN, why.message);
                session.with(|session| session.record_trouble(&said));
                return Ok(());
            }
            left => left?,
        };
        for left in left {
            let Some(why) = self.why_not_over(&left.cluster, &left.name).await? else { continue };
            let phase = phase_of(&left).unwrap_or_default();
            return Err(refusal(format!(
                "an earlier run of {phase} made the Job {}, which {why}",
                left.name
            )));
        }
        Ok(())
    }

    /// What of a Job may still run, and what helps; nothing where it is over.
    async fn why_not_over(&self, cluster: &ClusterEntry, name: &str) -> Result<Option<String>, Error> {
        let environment = self.environment.clone().map_err(refusal)?;
        let rest = job::rest_of(cluster, name, &environment).await;
        let ways = match rest {
            Ok(JobRest::Nothing | JobRest::Pod { .. }) => "",
            Ok(JobRest::All) => "; \"Attach to a Job\" shows how it ends, \"End a Job\" ends it",
            Err(_) => {
                "; \"Attach to a Job\" shows how it ends, \"End a Job\" ends it; where its cluster is gone, remove the record of its run"
            }
        };
        Ok(job::describe_rest(&rest).map(|why| why + ways))
    }

    /// Whether the Job of an earlier run is over.
    pub(super) async fn check_job_is_over(&self, phase: Phase, earlier: &ClusterEntry) -> Result<(), Error> {
        let Some(job) = &earlier.job else { return Ok(()) };
        let name = &job.name;
        if job.attached {
            return Err(refusal(format!(
                "the last run took up the Job {name}, and what that was made of is not known here: \"Run Phase as a Job\" makes another one"
            )));
        }
        match self.why_not_over(earlier, name).await? {
            None => Ok(()),
            Some(why) => Err(refusal(format!("the last run of {phase} made the Job {name}, which {why}"))),
        }
    }
}

impl Session {
    /// The run of this server that has made a Job or taken it up.
    pub(crate) fn follows(&self, job: &str) -> Option<Started> {
        let is_it = |run: &&Run| run.job().is_some_and(|it| it.name == job);
        self.runs.active.iter().find(is_it).map(|run| Started { run: run.id.clone() })
    }

    /// Stops the run of this server that has made a Job; tells whether there is one.
    pub(crate) fn stop_maker(&mut self, job: &str) -> bool {
        let is_maker = |run: &&Run| run.job().is_some_and(|it| it.name == job && !it.attached);
        let maker = self.runs.active.iter().find(is_maker).map(|run| run.id.clone());
        maker.is_some_and(|run| {
            self.stop_run(&run);
            true
        })
    }

    /// "draft-tasks-… · context kind-dev, namespace demo · since 18:45".
    pub(crate) fn describe_job(&self, left: &LeftJob) -> String {
        let since = left.kept.at().map(|at| format!(" · started {}", self.clock.describe(at)));
        format!("{}{}", left.cluster.describe(), since.unwrap_or_default())
    }

    /// The newest Job of a phase that may go on and that nobody here follows.
    pub(crate) fn left_job(&self, uri: &Uri, phase: Phase) -> Option<&LeftJob> {
        let of_phase = |job: &&LeftJob| phase_of(job) == Some(phase.name());
        let mut left = self.runs.left_jobs.get(uri)?.iter().filter(of_phase);
        left.find(|job| self.follows(&job.name).is_none())
    }

    /// Takes which Jobs of a file may go on.
    pub(super) fn take_left_jobs(&mut self, uri: &Uri, left: Vec<LeftJob>) {
        if self.runs.left_jobs.get(uri).map_or(&[][..], Vec::as_slice) == left {
            return;
        }
        self.runs.left_jobs.insert(uri.clone(), left);
        self.jobs_changed();
    }

    /// A Job does not go on.
    pub(crate) fn job_is_gone(&mut self, name: &str) {
        self.runs.left_jobs.values_mut().for_each(|left| left.retain(|job| job.name != name));
        self.jobs_changed();
    }

    /// Other Jobs may go on that nobody here follows.
    pub(super) fn jobs_changed(&self) {
        self.refresh_lenses();
        if self.flags.output_version.is_some() {
            self.effect(Effect::JobsChanged);
        }
    }

    /// The run of a Job has ended: records tell whether the Job has.
    pub(super) fn job_run_is_over(&mut self, run: &Run) {
        if let Some(job) = run.job() {
            self.job_is_gone(&job.name);
            self.gather_facts(&run.uri);
        }
    }
}
