//! Waits until the pods of the application's present rollout are ready.
//!
//! Must not return a pod of an earlier rollout, nor poll the pods: they are watched.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use super::selection::{PodState, Verdict, current, judge, owners};
use super::watching::{Pods, SILENCE, list};
use super::workload::{WorkloadReading, Workloads};
use crate::cluster::Connection;
use crate::describe_duration;
use crate::event::WaitTime;
use crate::event::{Pod, Problem, RunEvent};
use crate::halt;
use crate::report::Report;
use crate::request::{Application, PodsBefore, PodsRequest};

/// The pause between two looks for the namespace while there is no pod.
const LOOK_AT_NAMESPACE: Duration = Duration::from_secs(3);

/// The settling time where nothing was deployed, or a pod is new.
const SETTLE: Duration = Duration::from_secs(2);

/// The settling time where something was deployed and no pod is known to be new.
const SETTLE_UNCHANGED: Duration = Duration::from_secs(10);

/// How soon workloads are read again, while they tell that a rollout goes on: a rollout also goes on without a change
/// of pods. It is doubled each time, up to the second, and starts over when pods changed.
const AGAIN: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(2));

/// The pods in which tasks run.
#[derive(Debug)]
pub(crate) struct ReadyPods {
    pub(crate) pods: Vec<Pod>,
    pub(crate) note: Option<String>,
}

/// Waits until all are ready, and tells what it waits for.
///
/// # Errors
///
/// When the time is over, or a chosen pod or container is not there.
pub(crate) async fn until_ready(
    connection: &Connection,
    wanted: &PodsRequest,
    only: &[String],
    mut pods: watch::Receiver<Arc<Pods>>,
    report: &Report,
) -> Result<ReadyPods, Problem> {
    let mut waiting = Waiting::new(wanted, report);
    let mut namespace = NamespaceLook::default();
    loop {
        let now = pods.borrow_and_update().clone();
        let seen: Vec<PodState> = now.seen.values().cloned().collect();
        if seen.iter().all(|pod| pod.over) {
            namespace.look(connection, wanted.before != PodsBefore::NotDeployed).await?;
        }
        let read = read(connection, &seen, &wanted.application).await?;
        if read.unauthorized {
            connection.credentials_ended().await;
        }
        waiting.check_containers(&seen, &read)?;
        let step = waiting.judge(&seen, &read, now.trouble.as_deref()).await;
        let next = match step {
            Step::Go(found) => match waiting.confirm(connection, &read, found).await? {
                Some(found) => {
                    let pods = waiting.choose(&found, only, connection)?;
                    return Ok(ReadyPods { pods, note: waiting.note(&read, &seen) });
                }
                None => halt::now() + AGAIN.0,
            },
            Step::LookAgain(next) => next,
        };
        if let Some(problem) = &now.refused {
            return Err(problem.clone());
        }
        let limit = waiting.time.end();
        tokio::select! {
            changed = waiting.until_changed(&mut pods, next) => changed?,
            () = over(limit) => return Err(waiting.too_late(connection)),
        }
    }
}

async fn over(limit: Option<Instant>) {
    match limit {
        Some(limit) => halt::until(limit).await,
        None => std::future::pending().await,
    }
}

/// What made the pods; where there are none, what should.
pub(crate) async fn read(
    connection: &Connection,
    seen: &[PodState],
    application: &Application,
) -> Result<WorkloadReading, Problem> {
    let workloads = Workloads::new(connection.client().await?, &connection.target().namespace);
    let owners = if seen.iter().all(|pod| pod.over) {
        workloads.without_pods(&application.selector).await
    } else {
        owners(seen)
    };
    Ok(workloads.read(owners).await)
}

/// When the namespace was looked at last.
#[derive(Default)]
struct NamespaceLook(Option<Instant>);

impl NamespaceLook {
    /// Without a namespace no pod ever comes.
    async fn look(&mut self, connection: &Connection, is_deployed: bool) -> Result<(), Problem> {
        if self.0.is_some_and(|last| halt::now() < last + LOOK_AT_NAMESPACE) {
            return Ok(());
        }
        self.0 = Some(halt::now());
        connection.check_namespace(is_deployed).await
    }
}

enum Step {
    Go(Vec<PodState>),
    /// At this time, unless something changes before.
    LookAgain(Instant),
}

pub(super) struct Waiting<'a> {
    wanted: &'a PodsRequest,
    report: &'a Report,
    pub(super) time: WaitTime,
    /// What was told last.
    told: Option<(usize, usize, String)>,
    /// Since when these pods have been ready.
    settled: Option<(Vec<String>, Instant)>,
    again: Duration,
}

impl<'a> Waiting<'a> {
    pub(super) fn new(wanted: &'a PodsRequest, report: &'a Report) -> Waiting<'a> {
        let time = WaitTime::of(wanted.wait_timeout);
        Waiting { wanted, report, time, told: None, settled: None, again: AGAIN.0 }
    }

    /// Until pods have changed, or what made them is to be read again.
    async fn until_changed(
        &mut self,
        pods: &mut watch::Receiver<Arc<Pods>>,
        next: Instant,
    ) -> Result<(), Problem> {
        tokio::select! {
            changed = pods.changed() => {
                self.again = AGAIN.0;
                // The watch ends only with the run.
                changed.map_err(|_| Problem::new("the pods are no longer watched"))
            }
            () = halt::until(next) => Ok(()),
        }
    }

    async fn judge(&mut self, seen: &[PodState], read: &WorkloadReading, trouble: Option<&str>) -> Step {
        match judge(seen, &read.workloads, &self.wanted.application) {
            Verdict::Wait { ready, pods, message } => {
                self.settled = None;
                let trouble =
                    trouble.map(|it| format!(" · the cluster does not answer: {it}")).unwrap_or_default();
                self.tell(ready, pods, message + &trouble).await;
                self.soon()
            }
            Verdict::Ready { pods, certain: true } => Step::Go(pods),
            // Whether more pods have come is not known.
            Verdict::Ready { pods, certain: false } if trouble.is_some() => {
                self.settled = None;
                let trouble = trouble.unwrap_or_default();
                self.tell(pods.len(), pods.len(), format!("the cluster does not answer: {trouble}")).await;
                self.soon()
            }
            Verdict::Ready { pods, certain: false } => {
                let names: Vec<_> = pods.iter().map(|pod| pod.uid.clone()).collect();
                if self.settled.as_ref().is_none_or(|(settled, _)| *settled != names) {
                    self.settled = Some((names, halt::now()));
                }
                let settle = settle(&pods, &self.wanted.before);
                let since = self.settled.as_ref().map_or_else(halt::now, |(_, since)| *since);
                if halt::now() >= since + settle {
                    return Step::Go(pods);
                }
                self.tell(pods.len(), pods.len(), "looks whether more pods come".into()).await;
                Step::LookAgain(since + settle)
            }
        }
    }

    /// The pods as they are now: a rollout may have come to its end after what the watch has told so far. Nothing where
    /// they are not ready after all, or others than those that were found.
    async fn confirm(
        &mut self,
        connection: &Connection,
        read: &WorkloadReading,
        found: Vec<PodState>,
    ) -> Result<Option<Vec<PodState>>, Problem> {
        let pods = connection.pods().await?;
        let now = match list(connection, &pods, &self.wanted.application, SILENCE).await {
            Ok(now) => now.into_values().collect::<Vec<_>>(),
            Err(problem) => {
                self.tell(found.len(), found.len(), problem.message).await;
                return Ok(None);
            }
        };
        let uids = |pods: &[PodState]| pods.iter().map(|pod| pod.uid.clone()).collect::<Vec<_>>();
        Ok(match judge(&now, &read.workloads, &self.wanted.application) {
            Verdict::Ready { pods, certain } if certain || uids(&pods) == uids(&found) => Some(pods),
            _ => None,
        })
    }

    /// A container that is missing does not come by waiting. Pods that were there before may give way to others.
    fn check_containers(&self, seen: &[PodState], read: &WorkloadReading) -> Result<(), Problem> {
        let present = current(seen, &read.workloads);
        let mut new = present.into_iter().filter(|pod| !self.wanted.before.may_have(&pod.uid));
        new.try_for_each(|pod| container(pod, self.wanted.container.as_deref()).map(drop))
    }

    fn soon(&mut self) -> Step {
        let next = halt::now() + self.again;
        self.again = (self.again * 2).min(AGAIN.1);
        Step::LookAgain(next)
    }

    pub(super) async fn tell(&mut self, ready: usize, pods: usize, message: String) {
        let news = (ready, pods, message);
        if self.told.as_ref() != Some(&news) {
            let (ready, pods, message) = news.clone();
            self.report.tell(RunEvent::Waiting { ready, pods, message, time: Some(self.time) }).await;
            self.told = Some(news);
        }
    }

    fn note(&self, read: &WorkloadReading, seen: &[PodState]) -> Option<String> {
        let alive: Vec<_> = seen.iter().filter(|pod| !pod.over).cloned().collect();
        if may_be_unchanged(&alive, &self.wanted.before) {
            let said = match self.wanted.before {
                PodsBefore::Unknown => {
                    "cannot tell whether these pods are new, as the cluster could not be asked before the deployment"
                }
                _ => "no pod is new: these are the ones that were there before",
            };
            return Some(said.into());
        }
        read.forbidden.then(|| {
            "workloads may not be read, so these are the pods of the newest template that was seen".into()
        })
    }

    /// The pods and containers that were asked for.
    fn choose(
        &self,
        found: &[PodState],
        only: &[String],
        connection: &Connection,
    ) -> Result<Vec<Pod>, Problem> {
        if let Some(missing) = only.iter().find(|name| found.iter().all(|pod| pod.name != **name)) {
            let present: Vec<_> = found.iter().map(|pod| format!("`{}`", pod.name)).collect();
            let place = connection.target().describe();
            let problem = Problem::new(format!("there is no ready pod `{missing}` in {place}"));
            return Err(problem.help(format!("there are {}", present.join(", "))));
        }
        let chosen = found.iter().filter(|pod| only.is_empty() || only.contains(&pod.name));
        let pods = chosen.map(|pod| {
            let container = container(pod, self.wanted.container.as_deref())?;
            Ok(pod.with(container, self.report.all_tasks()))
        });
        pods.collect()
    }

    pub(super) fn too_late(&self, connection: &Connection) -> Problem {
        let limit = describe_duration(self.wanted.wait_timeout);
        let place = connection.target().describe();
        let (ready, pods, message) = self.told.clone().unwrap_or_default();
        let problem = match pods {
            0 => Problem::new(format!("no pod was ready within {limit} in {place}")),
            _ if ready == pods => Problem::new(format!("the rollout was not over within {limit} in {place}")),
            1 => Problem::new(format!("the only pod was not ready within {limit} in {place}")),
            _ => Problem::new(format!("{ready} of {pods} pods were ready within {limit} in {place}")),
        };
        problem.help(message).help("the limit is draftTasks.kubernetes.readyTimeout or --ready-timeout")
    }
}

/// Whether all of these pods may have been there before a deployment.
fn may_be_unchanged(pods: &[PodState], before: &PodsBefore) -> bool {
    !pods.is_empty() && pods.iter().all(|pod| before.may_have(&pod.uid))
}

/// How long the same pods must be ready where no workload tells that there are no more to come.
fn settle(pods: &[PodState], before: &PodsBefore) -> Duration {
    if may_be_unchanged(pods, before) { SETTLE_UNCHANGED } else { SETTLE }
}

pub(crate) fn container(pod: &PodState, wanted: Option<&str>) -> Result<String, Problem> {
    let has = |name: &str| pod.containers.iter().any(|container| container == name);
    let named = wanted.or(pod.default_container.as_deref());
    let first = || pod.containers.first().cloned().unwrap_or_default();
    match named {
        Some(name) if has(name) => Ok(name.to_owned()),
        Some(name) => {
            let containers: Vec<_> = pod.containers.iter().map(|name| format!("`{name}`")).collect();
            let problem = Problem::new(format!("pod `{}` has no container `{name}`", pod.name));
            let problem = problem.help(format!("it has {}", containers.join(", ")));
            Err(match wanted {
                Some(_) => problem,
                None => problem.help(
                    "its annotation kubectl.kubernetes.io/default-container names that one: correct it, or choose one by \
                     draftTasks.kubernetes.container or --container",
                ),
            })
        }
        None => Ok(first()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::selection::tests::pod;
    use super::*;

    #[test]
    fn pods_that_may_be_those_of_before_must_be_ready_longer() {
        let known = |pods: &[&str]| PodsBefore::Known(pods.iter().map(ToString::to_string).collect());
        let pods = [pod("a", 0), pod("b", 0)];
        for (before, expected) in [
            (PodsBefore::NotDeployed, SETTLE),
            (known(&[]), SETTLE),
            (known(&["a"]), SETTLE),
            (known(&["a", "b"]), SETTLE_UNCHANGED),
            (PodsBefore::Unknown, SETTLE_UNCHANGED),
        ] {
            assert_eq!(settle(&pods, &before), expected, "{before:?}");
        }
    }
}
