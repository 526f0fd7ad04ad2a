//! Runs the tasks of a plan inside of an application's pods, through the Kubernetes API.
//!
//! Must not decide which cluster or application that is, nor run anything in a pod of an earlier rollout.

use std::sync::Arc;
use std::time::Duration;

use draft_tasks_analysis::plan::Subject;
use futures::StreamExt;
use tokio::sync::watch;
use tokio::time::Instant;

pub use self::connection::Connection;
pub use self::selection::{Application, BUILD_ANNOTATION};
pub use self::target::Target;
use self::wait::Found;
use crate::event::{Outcome, Pod, Problem};
use crate::report::{Ended, Report};
use crate::run::{Limits, OnFailure, RunRequest, reached, stopped};

pub mod connection;
pub mod doctor;
mod exec;
mod gone;
mod kubeconfig;
pub mod local_copy;
mod object;
mod plugin;
mod remote;
mod selection;
mod target;
mod wait;
mod watching;
mod workload;

/// In which pods the tasks of a run run, and how.
#[derive(Clone, Debug)]
pub struct PodsRequest {
    /// The cluster and the namespace, read once.
    pub target: Target,
    /// Which pods are the application's.
    pub application: Application,
    /// The container; without it the one that the pod's annotation `kubectl.kubernetes.io/default-container` names,
    /// else the first.
    pub container: Option<String>,
    /// How long to wait until the pods are ready; or until they are gone, where that is awaited.
    pub wait_timeout: Duration,
    /// In how many pods tasks run at the same time.
    pub concurrency: usize,
    /// Only in these pods; in all when it is empty.
    pub only: Vec<String>,
    /// The identities (`metadata.uid`) of the pods that were there before something was deployed: newer ones are waited
    /// for.
    pub before: Option<Vec<String>>,
}

/// The names and identities (`metadata.uid`) of an application's pods that are neither ending nor over.
///
/// # Errors
///
/// When the cluster cannot be reached or does not permit it.
pub async fn living(
    connection: &Connection,
    application: &Application,
) -> Result<Vec<(String, String)>, Problem> {
    let seen = watching::list(connection, &connection.pods().await?, application).await?;
    Ok(seen.into_values().filter(|pod| !pod.over).map(|pod| (pod.name, pod.uid)).collect())
}

/// What all pods of a run share.
pub(crate) struct Shared<'a> {
    request: &'a RunRequest,
    report: &'a Report,
    connection: &'a Connection,
    run_limit: Option<(Instant, Duration)>,
    pods: watch::Receiver<Arc<watching::Pods>>,
}

/// Runs the plan of a request in its pods, from the first contact to the last task's end.
pub(crate) async fn run(
    request: &RunRequest,
    report: &Report,
    stop: watch::Receiver<Option<Instant>>,
    run_limit: Option<(Instant, Duration)>,
) {
    let Some(wanted) = &request.pods else { return };
    let mut asked = stop.clone();
    let over = run_limit.map(|(at, limit)| (at, crate::event::Failure::RunTimedOut(limit)));
    let prepared = tokio::select! {
        biased;
        prepared = prepare(request, wanted, report) => prepared,
        () = stopped(&mut asked) => return report.stopped_waiting(),
        failure = reached(over.as_ref()) => {
            let what = if request.plan.subject == Subject::PodsGone { "pods are left" } else { "no pod was ready" };
            Err(Problem::new(format!("{what}: {}", failure.describe())))
        }
    };
    let (connection, watching, found) = match prepared {
        Ok(Some(prepared)) => prepared,
        Ok(None) => return,
        Err(problem) => return report.blocked(mask(request, problem)).await,
    };
    report.pods_found(found.pods.iter().map(|(pod, _)| pod.clone()).collect(), found.note).await;
    let shared = Shared { request, report, connection: &connection, run_limit, pods: watching.pods() };
    let walks = found.pods.iter().enumerate().map(|(index, (pod, uid))| {
        let walk = PodWalk { shared: &shared, index, pod, uid, stop: stop.clone() };
        walk.run()
    });
    let limit = wanted.concurrency.max(1);
    futures::stream::iter(walks).for_each_concurrent(limit, |walk| walk).await;
}

fn mask(request: &RunRequest, problem: Problem) -> Problem {
    let text = |text: String| request.secrets.mask(&text).into_owned();
    Problem { message: text(problem.message), help: problem.help.into_iter().map(text).collect() }
}

/// The pods in which the tasks run, once they are ready; nothing where they were awaited to be gone, and are.
async fn prepare(
    request: &RunRequest,
    wanted: &PodsRequest,
    report: &Report,
) -> Result<Option<(Connection, watching::Watching, Found)>, Problem> {
    let connection = Connection::open(&wanted.target, &request.environment).await?;
    if request.plan.subject == Subject::PodsGone {
        return gone::until_gone(&connection, wanted, report).await.map(|()| None);
    }
    let watching = watching::Watching::start(&connection, &wanted.application).await?;
    let found = wait::until_ready(&connection, wanted, watching.pods(), report).await?;
    Ok(Some((connection, watching, found)))
}

/// The tasks of one pod, one after another.
struct PodWalk<'a> {
    shared: &'a Shared<'a>,
    index: usize,
    pod: &'a Pod,
    uid: &'a str,
    stop: watch::Receiver<Option<Instant>>,
}

impl PodWalk<'_> {
    async fn run(mut self) {
        let Shared { request, report, run_limit, .. } = *self.shared;
        let mut go_on = true;
        for task in 0..request.plan.steps.len() {
            let over = run_limit.is_some_and(|(over, _)| over <= Instant::now());
            let ended = if go_on && !over && self.stop.borrow().is_none() {
                report.task_started((task, Some(self.index)), None).await;
                let Limits { task: limit, .. } = request.limits;
                let life = exec::TaskInPod {
                    shared: self.shared,
                    place: (task, Some(self.index)),
                    pod: self.pod,
                    uid: self.uid,
                    stop: &mut self.stop,
                    limit: crate::run::nearest(limit, run_limit),
                };
                life.run().await
            } else {
                Ended::without_start(Outcome::Skipped)
            };
            let failed = matches!(ended.outcome, Outcome::Failed(_));
            go_on &= !failed || request.on_failure == OnFailure::Continue;
            report.task_finished((task, Some(self.index)), ended).await;
        }
    }
}
