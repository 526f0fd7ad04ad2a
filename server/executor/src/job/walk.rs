//! From a Job that is made to the end of its last task: its pod is awaited, each container's log told, its end read.
//!
//! Must not call a task passed of which no container ended with 0, nor delete a Job that another run has made.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep};

use super::LIMIT;
use super::log::ContainerLog;
use super::manifest::container_name;
use super::present::{self, JobEnd, NOT_ENDED};
use super::seen::{Cause, ContainerEnd, ContainerStage, JobPod};
use crate::cluster::Connection;
use crate::describe_duration;
use crate::event::WaitTime;
use crate::event::{Failure, Outcome, Pod, Problem, RunEvent};
use crate::halt;
use crate::output::Listener;
use crate::pods::watching::{Pods, list};
use crate::report::{Heard, Place, Report, TaskEnd};
use crate::request::{JobRequest, JobSource, PodsRequest, RunRequest};
use crate::stop::{Deadline, KILL_LIMIT, StopRequest, late, overdue, reached, stopped};

/// The pause between two looks at a Job that has no pod.
const LOOK: Duration = Duration::from_secs(3);

/// How long what a task wrote is still read after it was asked to end, and a pod awaited that was deleted.
pub(super) const AFTER_STOP: Duration = Duration::from_secs(2);

/// How many chunks of output wait at most until they are told.
const WAITING: usize = 16;

/// Why nothing is told of a task that has passed.
const GONE: &str = "its pod is gone, and with it what the task wrote";

/// A run as a Job that is there.
pub(super) struct JobWalk<'a> {
    pub(super) request: &'a RunRequest,
    pub(super) wanted: &'a PodsRequest,
    pub(super) job: &'a JobRequest,
    /// The image of its tasks, where this run has made it.
    pub(super) image: Option<String>,
    pub(super) report: &'a Report,
    pub(super) connection: &'a Connection,
    pub(super) pods: watch::Receiver<Arc<Pods<JobPod>>>,
    pub(super) stop: watch::Receiver<Option<StopRequest>>,
    pub(super) deadline: Option<&'a Deadline>,
    /// Whether something of the Job may go on when the run is over, as far as that was found by now.
    pub(super) is_left: AtomicBool,
}

/// A task's container.
#[derive(Clone, Copy)]
pub(super) struct TaskContainer<'a> {
    pub(super) pod: &'a JobPod,
    pub(super) name: &'a str,
    pub(super) place: Place,
}

/// How far a task has come.
enum Stage {
    Runs,
    Ended(ContainerEnd, Cause),
    /// Its pod ended as a whole, and what is told of that.
    PodOver(Option<String>),
    PodGone,
    /// Why nobody learns how far it comes.
    Unseen(String),
}

/// Why a Job has no pod of which something has begun.
enum NoPod {
    /// It was not awaited any more.
    Stopped,
    /// None of its tasks runs, or ever did.
    Never(Problem),
    /// It is over, and how its tasks ended is not known.
    Gone(String),
}

/// What the life of a task comes to.
struct Life {
    /// How far it came; nothing where that was not awaited any more.
    stage: Option<Stage>,
    /// How it counts if it was asked to end.
    asked: Option<Outcome>,
    note: Option<String>,
}

impl JobWalk<'_> {
    pub(super) async fn run(mut self) {
        let mut stop = self.stop.clone();
        let begun = tokio::select! {
            biased;
            begun = self.until_begun() => begun,
            () = stopped(&mut stop) => Err(NoPod::Stopped),
            failure = reached(self.deadline) => self.never_begun(&failure.describe()).await,
        };
        match begun {
            Err(NoPod::Stopped) => self.stopped_waiting().await,
            Ok(Some(pod)) => self.run_in(&pod).await,
            Ok(None) => self.ended_without_pod(&Outcome::Passed, Some(GONE)).await,
            Err(NoPod::Never(problem)) => {
                self.report.blocked(crate::pods::mask(self.request, problem)).await;
            }
            Err(NoPod::Gone(why)) => {
                self.ended_without_pod(&Outcome::Failed(Failure::Unknown(why)), None).await;
            }
        }
        self.report.job_left(self.is_left.load(Ordering::Relaxed));
    }

    /// The Job's pod once something of it has begun; nothing where the Job passed and its pod is gone.
    async fn until_begun(&self) -> Result<Option<JobPod>, NoPod> {
        let time = WaitTime::of(self.wanted.wait_timeout);
        let (mut pods, mut told) = (self.pods.clone(), None);
        loop {
            let seen = pods.borrow_and_update().clone();
            let pod = newest(&seen);
            if let Some(pod) = pod.filter(|pod| pod.has_begun()) {
                return Ok(Some(pod.clone()));
            }
            if let Some(refused) = &seen.refused {
                return Err(NoPod::Never(refused.clone().help(self.left(present::again(&self.job.name)))));
            }
            let message = match (pod, &seen.trouble) {
                (_, Some(trouble)) => trouble.clone(),
                (Some(pod), None) => format!("{} {}", pod.name, pod.waits_for),
                (None, None) => match self.without_pod().await? {
                    Some(message) => message,
                    None => return Ok(None),
                },
            };
            let waits = (usize::from(pod.is_some()), message);
            if told.as_ref() != Some(&waits) {
                let (pods, message) = waits.clone();
                let time = Some(time);
                self.report.tell(RunEvent::Waiting { ready: 0, pods, message, time }).await;
                told = Some(waits);
            }
            tokio::select! {
                changed = pods.changed() => if changed.is_err() { sleep(LOOK).await },
                () = sleep(LOOK), if pod.is_none() => {}
                () = until(time.end()) => {
                    let limit = describe_duration(self.wanted.wait_timeout);
                    return self.never_begun(&format!("not within {limit}")).await;
                }
            }
        }
    }

    /// What a Job without a pod waits for; nothing where it has passed.
    ///
    /// # Errors
    ///
    /// When it never gets one.
    async fn without_pod(&self) -> Result<Option<String>, NoPod> {
        let name = &self.job.name;
        match present::end(self.connection, name).await {
            // The server may be back soon.
            Err(problem) => Ok(Some(problem.message)),
            Ok(None) => {
                let why = present::last_warning(self.connection, name).await;
                let why = why.map(|why| format!(": {why}")).unwrap_or_default();
                Ok(Some(format!("Job {name} has no pod yet{why}")))
            }
            Ok(Some(JobEnd::Complete)) => Ok(None),
            Ok(Some(JobEnd::Failed(reason, message))) => {
                Err(NoPod::Gone(format!("Job `{name}` failed ({reason}: {message}), and its pod is gone")))
            }
            Ok(Some(JobEnd::Gone)) => {
                Err(NoPod::Gone(format!("Job `{name}` was deleted, and its pod with it")))
            }
        }
    }

    /// That nothing has begun in time. So that nothing begins later, the Job is deleted, unless its pod has begun by now,
    /// which is given.
    ///
    /// # Errors
    ///
    /// When it has not begun, or that is not known.
    async fn never_begun(&self, why: &str) -> Result<Option<JobPod>, NoPod> {
        let name = &self.job.name;
        let problem = Problem::new(format!("no task of Job `{name}` began: {why}"));
        let problem = self.report.awaited().into_iter().fold(problem, Problem::help);
        if self.job.source == JobSource::Present {
            return Err(NoPod::Never(problem.help(self.left(present::again(name)))));
        }
        match self.look().await {
            Ok(Some(pod)) if pod.has_begun() => return Ok(Some(pod)),
            Ok(_) => {}
            Err(unknown) => {
                let left = format!(
                    "whether one has begun by now is not known, so the Job was left ({})",
                    unknown.message
                );
                return Err(NoPod::Never(problem.help(left).help(self.left(present::again(name)))));
            }
        }
        Err(NoPod::Never(problem.help(match self.end_all().await {
            Ok(true) => "the Job was deleted, so nothing runs later".to_owned(),
            Ok(false) => {
                "the Job was deleted, so nothing runs later than its pod, which has not ended yet".to_owned()
            }
            Err(why) => why,
        })))
    }

    /// The Job's pod as it is now: a watch may be late.
    async fn look(&self) -> Result<Option<JobPod>, Problem> {
        let pods = self.connection.pods().await?;
        let seen = list::<JobPod>(self.connection, &pods, &super::pods_of(&self.job.name), LIMIT).await?;
        Ok(seen.into_values().max_by_key(|pod| pod.created))
    }

    /// The Job is over and its pod is gone: all that is known of its tasks is said of each.
    async fn ended_without_pod(&self, outcome: &Outcome, note: Option<&str>) {
        for task in self.report.all_tasks() {
            let note = note.map(str::to_owned);
            let ended = TaskEnd { note, ..TaskEnd::without_start(outcome.clone()) };
            self.report.task_finished(Place { task, pod: None }, ended).await;
        }
    }

    async fn run_in(&mut self, pod: &JobPod) {
        let tasks: Vec<&str> = self.request.plan.steps.iter().map(|step| step.task.as_str()).collect();
        let names: Vec<String> =
            tasks.iter().enumerate().map(|(index, task)| container_name(index, task)).collect();
        let container = match names.as_slice() {
            [one] => one.clone(),
            all => format!("{} containers", all.len()),
        };
        let (name, uid, tasks) = (pod.name.clone(), pod.uid.clone(), self.report.all_tasks());
        let image = self.image.clone();
        self.report.pods_found(vec![Pod { name, container, build: None, image, uid, tasks }], None).await;
        let mut go_on = true;
        for (task, name) in names.iter().enumerate() {
            let place = Place { task, pod: Some(0) };
            let ended = if go_on {
                self.run_task(TaskContainer { pod, name, place }).await
            } else {
                TaskEnd::without_start(Outcome::Skipped)
            };
            go_on = ended.outcome == Outcome::Passed;
            self.report.task_finished(place, ended).await;
        }
        if go_on {
            self.tell_holding(pod, &names).await;
        }
    }

    /// Names what keeps the pod, and so the Job, from ending though all tasks have.
    async fn tell_holding(&self, pod: &JobPod, own: &[String]) {
        let now = self.now(pod);
        let holding = now.iter().flat_map(|pod| &pod.holding).filter(|name| !own.contains(name));
        let holding: Vec<_> = holding.map(|name| format!("`{name}`")).collect();
        if holding.is_empty() {
            return;
        }
        let (names, job) = (holding.join(", "), &self.job.name);
        let message = format!(
            "all tasks have ended, and the Job has not: {names}, which the cluster has added to its pod, goes on; \
             `draft-tasks runs stop {job}` ends it"
        );
        self.report.tell(RunEvent::Note { message }).await;
    }

    async fn run_task(&mut self, container: TaskContainer<'_>) -> TaskEnd {
        let mut stop = self.stop.clone();
        let stage = tokio::select! {
            biased;
            stage = self.stage(container, false) => stage,
            () = stopped(&mut stop) => {
                let note = self.end_between().await;
                return TaskEnd { note, ..TaskEnd::without_start(Outcome::Skipped) };
            }
            failure = reached(self.deadline) => {
                let note = self.end_between().await;
                return TaskEnd { note, ..TaskEnd::without_start(Outcome::Failed(failure)) };
            }
        };
        match stage {
            Stage::Runs | Stage::Ended(..) => self.told(container).await,
            Stage::PodOver(why) => TaskEnd::without_start(self.pod_over(container, why)),
            Stage::PodGone => {
                let outcome = self.why_gone(container, "before the task began").await;
                let note = (outcome == Outcome::Passed).then(|| GONE.to_owned());
                TaskEnd { note, ..TaskEnd::without_start(outcome) }
            }
            Stage::Unseen(why) => TaskEnd::without_start(self.unseen(&why)),
        }
    }

    /// A task that has begun: what it writes is told beside its life, so that a slow reader delays no stop.
    async fn told(&mut self, container: TaskContainer<'_>) -> TaskEnd {
        let (request, report, connection) = (self.request, self.report, self.connection);
        report.task_started(container.place, None).await;
        let begun = halt::now();
        let (over, is_over) = watch::channel(false);
        let (give_up, mut given_up) = watch::channel(false);
        let (read, is_read) = watch::channel(false);
        let (to, from) = mpsc::channel(WAITING);
        let listener =
            Listener { report, secrets: &request.secrets, place: container.place, directory: None };
        let log = ContainerLog { connection, pod: &container.pod.name, container: container.name };
        let reading = async {
            let lost = tokio::select! {
                biased;
                lost = log.follow(&to, is_over) => lost,
                _ = given_up.wait_for(|it| *it) => None,
            };
            drop(to);
            read.send_replace(true);
            lost
        };
        let life = async {
            let life = self.until_end(container).await;
            over.send_replace(true);
            let is_left = matches!(life.stage, Some(Stage::Unseen(_)));
            self.until_read(is_read, is_left || life.asked.is_some()).await;
            give_up.send_replace(true);
            life
        };
        let (life, heard, lost) = tokio::join!(life, listener.forward(from), reading);
        self.end(container, life, (heard, lost), halt::now() - begun).await
    }

    /// Until its output was read, or it is not awaited any more. Who asked for a stop waits no longer than for a killed
    /// process.
    async fn until_read(&self, mut is_read: watch::Receiver<bool>, is_short: bool) {
        let mut stop = self.stop.clone();
        let too_long = async {
            if !is_short {
                return overdue(&mut stop).await;
            }
            tokio::select! {
                () = sleep(AFTER_STOP) => {}
                () = late(&mut stop) => {}
            }
        };
        tokio::select! {
            _ = is_read.wait_for(|read| *read) => {}
            () = too_long => {}
        }
    }

    /// Until a task has ended, by itself, by a stop or a limit, or its pod is gone.
    async fn until_end(&mut self, container: TaskContainer<'_>) -> Life {
        let limit = Deadline::of_task(self.request.limits.task, self.deadline);
        let mut stop = self.stop.clone();
        let asked = tokio::select! {
            biased;
            stage = self.stage(container, true) => return Life { stage: Some(stage), asked: None, note: None },
            failure = reached(limit.as_ref()) => Outcome::Failed(failure),
            () = stopped(&mut stop) => Outcome::Stopped,
        };
        if let Err(why) = self.end_job().await {
            return Life { stage: None, asked: Some(asked), note: Some(why) };
        }
        let at = halt::now().checked_add(self.request.grace + KILL_LIMIT);
        let (stage, note) = tokio::select! {
            biased;
            stage = self.stage(container, true) => (Some(stage), None),
            () = until(at) => (None, Some(self.left(NOT_ENDED.to_owned()))),
            () = late(&mut stop) => (None, Some(self.left(NOT_ENDED.to_owned()))),
        };
        Life { stage, asked: Some(asked), note }
    }

    async fn end(
        &self,
        container: TaskContainer<'_>,
        life: Life,
        (heard, lost): (Heard, Option<String>),
        lasted: Duration,
    ) -> TaskEnd {
        let Life { stage, asked, note } = life;
        let ended = match &stage {
            Some(Stage::Ended(end, _)) => Some(end.clone()),
            _ => None,
        };
        let outcome = match (asked, stage) {
            (Some(outcome), _) => outcome,
            (None, Some(Stage::Ended(end, cause))) => self.result(container, &end, cause).await,
            (None, Some(Stage::PodOver(why))) => self.pod_over(container, why),
            (None, Some(Stage::Unseen(why))) => self.unseen(&why),
            (None, _) => self.why_gone(container, "while the task ran").await,
        };
        let gone = (ended.is_none() && outcome == Outcome::Passed).then(|| GONE.to_owned());
        let is_out = ended.as_ref().is_some_and(|end| end.reason == "OOMKilled");
        let memory = is_out.then(|| "it was out of memory (OOMKilled)".to_owned());
        // A node tells whole seconds; what began before this run was not seen.
        let duration = ended.and_then(|end| end.took).unwrap_or(lasted);
        let notes = [note, memory, gone, lost].into_iter().flatten();
        let note = notes.reduce(|all, next| format!("{all}; {next}"));
        TaskEnd { note, heard, duration, ..TaskEnd::without_start(outcome) }
    }

    /// How far a task comes: until it runs, or until it has ended.
    async fn stage(&self, container: TaskContainer<'_>, wants_end: bool) -> Stage {
        let mut pods = self.pods.clone();
        loop {
            let seen = pods.borrow_and_update().clone();
            let pod = find(&seen, container.pod);
            match (pod, pod.and_then(|pod| pod.containers.get(container.name))) {
                (Some(pod), Some(ContainerStage::Ended(end))) => {
                    return Stage::Ended(end.clone(), self.cause(container, pod, end));
                }
                (Some(JobPod { over: Some(why), .. }), _) => return Stage::PodOver(why.clone()),
                (_, Some(ContainerStage::Runs)) if !wants_end => return Stage::Runs,
                (None, _) if seen.trouble.is_none() => return Stage::PodGone,
                _ => {}
            }
            if let (Some(refused), true) = (&seen.refused, seen.trouble.is_some()) {
                return Stage::Unseen(refused.message.clone());
            }
            if pods.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }

    fn now(&self, pod: &JobPod) -> Option<JobPod> {
        find(&self.pods.borrow(), pod).cloned()
    }
}

/// The pod itself: another one may have its name.
fn find<'a>(seen: &'a Pods<JobPod>, pod: &JobPod) -> Option<&'a JobPod> {
    seen.seen.get(&pod.name).filter(|now| now.uid == pod.uid)
}

fn newest(seen: &Pods<JobPod>) -> Option<&JobPod> {
    seen.seen.values().max_by_key(|pod| pod.created)
}

async fn until(limit: Option<Instant>) {
    match limit {
        Some(limit) => halt::until(limit).await,
        None => std::future::pending().await,
    }
}
