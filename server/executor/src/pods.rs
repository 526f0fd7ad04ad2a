//! Runs the tasks of a plan inside of an application's pods, through the Kubernetes API.
//!
//! Must not decide which cluster or application that is, nor run anything in a pod of an earlier rollout.

use std::sync::Arc;
use std::time::Duration;

use draft_tasks_analysis::plan::Subject;
use futures::StreamExt;
use tokio::sync::watch;

use self::once::OnceTasks;
pub use self::selection::BUILD_ANNOTATION;
#[cfg(any(test, fuzzing))]
pub(crate) use self::status::fuzzed;
use self::wait::ReadyPods;
use crate::cluster::{self, Connection};
use crate::event::{Failure, Outcome, OutcomeName, Pod, Problem, RunEvent};
use crate::report::{Place, Report, TaskEnd};
use crate::request::{Application, OnFailure, PodChoice, PodsRequest, RunRequest};
use crate::stop::{Deadline, StopRequest, reached, stopped};

pub mod doctor;
mod earlier;
mod exec;
mod gone;
mod once;
mod remote;
pub(crate) mod selection;
mod spool;
pub(crate) mod status;
pub(crate) mod wait;
pub(crate) mod watching;
pub(crate) mod workload;

/// A pod that has an application's labels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabelledPod {
    /// Its name.
    pub name: String,
    /// Its identity (`metadata.uid`).
    pub uid: String,
    /// It is being deleted, or has ended.
    pub is_over: bool,
}

/// An application's pods, whatever they do, if they are told within a limit.
///
/// # Errors
///
/// When the cluster cannot be reached or does not permit it.
pub async fn labelled(
    connection: &Connection,
    application: &Application,
    limit: Duration,
) -> Result<Vec<LabelledPod>, Problem> {
    let seen = watching::list(connection, &connection.pods().await?, application, limit).await?;
    let pod = |pod: selection::PodState| LabelledPod { name: pod.name, uid: pod.uid, is_over: pod.over };
    Ok(seen.into_values().map(pod).collect())
}

/// What all pods of a run share.
pub(crate) struct PodsRun<'a> {
    request: &'a RunRequest,
    report: &'a Report,
    connection: &'a Connection,
    deadline: Option<&'a Deadline>,
    pods: watch::Receiver<Arc<watching::Pods>>,
    found: &'a [Pod],
    once: &'a OnceTasks,
}

/// Runs the plan of a request in its pods, from the first contact to the last task's end.
pub(crate) async fn run(
    request: &RunRequest,
    report: &Report,
    stop: watch::Receiver<Option<StopRequest>>,
    deadline: Option<&Deadline>,
) {
    let Some(wanted) = &request.pods else { return };
    let mut asked = stop.clone();
    let prepared = tokio::select! {
        biased;
        prepared = prepare(request, wanted, report) => prepared,
        () = stopped(&mut asked) => return report.stopped_waiting(),
        failure = reached(deadline) => Err(run_over(request, &failure, report))
    };
    let (connection, watching, mut found) = match prepared {
        Ok(Some(prepared)) => prepared,
        Ok(None) => return,
        Err(problem) => return report.blocked(mask(request, problem)).await,
    };
    let once = OnceTasks::of(&request.plan, &wanted.once);
    once.leave_first(&mut found.pods);
    report.pods_found(found.pods.clone(), found.note).await;
    let mut request = request.clone();
    request.mask(&connection.confidential().await);
    let shared = PodsRun {
        request: &request,
        report,
        connection: &connection,
        deadline,
        pods: watching.pods(),
        found: &found.pods,
        once: &once,
    };
    // Others may wait for those in which something runs that runs once.
    let (first, others): (Vec<_>, Vec<_>) =
        found.pods.iter().enumerate().partition(|(_, pod)| once.runs_in(pod));
    let limit = wanted.concurrency.max(first.len()).max(1);
    let walks = first.into_iter().chain(others).map(|(index, pod)| {
        let walk = PodWalk { shared: &shared, index, pod, stop: stop.clone() };
        walk.run()
    });
    futures::stream::iter(walks).for_each_concurrent(limit, |walk| walk).await;
}

/// The time of the run was over while it waited.
fn run_over(request: &RunRequest, failure: &Failure, report: &Report) -> Problem {
    let what =
        if request.plan.subject == Subject::PodsGone { "pods are left" } else { "the pods were not ready" };
    let problem = Problem::new(format!("{what}: {}", failure.describe()));
    let problem = report.awaited().into_iter().fold(problem, Problem::help);
    problem.help("the limit is draftTasks.run.totalTimeout or --total-timeout")
}

pub(crate) fn mask(request: &RunRequest, problem: Problem) -> Problem {
    let masked = |text: &str| request.secrets.mask(text).into_owned();
    // Without the name of our own Job nobody could take it up.
    let text = |text: String| match request.pods.as_ref().and_then(|pods| pods.job.as_ref()) {
        Some(job) => text.split(&job.name).map(masked).collect::<Vec<_>>().join(&job.name),
        None => masked(&text),
    };
    Problem { message: text(problem.message), help: problem.help.into_iter().map(text).collect() }
}

/// The pods in which the tasks run, once they are ready; nothing where they were awaited to be gone, and are.
async fn prepare(
    request: &RunRequest,
    wanted: &PodsRequest,
    report: &Report,
) -> Result<Option<(Connection, watching::Watching, ReadyPods)>, Problem> {
    let is_end = request.plan.subject == Subject::PodsGone;
    let (connection, watching) = begin(request, wanted, report, is_end).await?;
    if is_end {
        return gone::until_gone(&connection, wanted, watching.pods(), report).await.map(|()| None);
    }
    let pods = watching.pods();
    let found = match &wanted.choice {
        PodChoice::Present(only) => wait::until_ready(&connection, wanted, only, pods, report).await?,
        PodChoice::Again(earlier) => {
            let earlier =
                earlier::EarlierRun { connection: &connection, wanted, earlier, plan: &request.plan };
            earlier.until_ready(pods, report).await?
        }
    };
    Ok(Some((connection, watching, found)))
}

/// The first contact.
async fn begin(
    request: &RunRequest,
    wanted: &PodsRequest,
    report: &Report,
    is_end: bool,
) -> Result<(Connection, watching::Watching), Problem> {
    let asking = async {
        let connection = Connection::open(&wanted.target, &request.environment).await?;
        let watching =
            watching::Watching::start(&connection, &wanted.application, wanted.wait_timeout).await?;
        Ok((connection, watching))
    };
    cluster::said_if_slow(&wanted.target, asking, async |message| {
        let (ready, pods) = (0, 0);
        let waits = RunEvent::Waiting { ready, pods, message: message.clone(), time: None };
        report.tell(if is_end { RunEvent::PodsLeft { pods, message, time: None } } else { waits }).await;
    })
    .await
}

/// The tasks of one pod, one after another.
struct PodWalk<'a> {
    shared: &'a PodsRun<'a>,
    index: usize,
    pod: &'a Pod,
    stop: watch::Receiver<Option<StopRequest>>,
}

impl PodWalk<'_> {
    async fn run(mut self) {
        let PodsRun { request, report, deadline, .. } = *self.shared;
        let mut go_on = true;
        for &task in &self.pod.tasks {
            let place = Place { task, pod: Some(self.index) };
            go_on &= self.is_free(task).await;
            let over = deadline.is_some_and(Deadline::is_over);
            let ended = if go_on && !over && self.stop.borrow().is_none() {
                report.task_started(place, None).await;
                let life = exec::TaskInPod {
                    shared: self.shared,
                    place,
                    pod: self.pod,
                    stop: &mut self.stop,
                    limit: Deadline::of_task(request.limits.task, deadline),
                };
                life.run().await
            } else {
                TaskEnd::without_start(Outcome::Skipped)
            };
            go_on &= request.on_failure.goes_on_after(&ended.outcome);
            let outcome = ended.outcome.clone();
            report.task_finished(place, ended).await;
            self.shared.once.ended(task, &outcome);
        }
    }

    /// Waits for tasks before this one that run once, in another pod; tells whether it may run after them.
    async fn is_free(&mut self, task: usize) -> bool {
        let PodsRun { request, deadline, found, once, .. } = *self.shared;
        let ended = tokio::select! {
            biased;
            ended = once.before(task, found) => ended,
            () = stopped(&mut self.stop) => return false,
            _ = reached(deadline) => return false,
        };
        ended == OutcomeName::Passed || request.on_failure == OnFailure::Continue
    }
}
