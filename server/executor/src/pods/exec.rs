//! One task in one pod: its command is executed in a container, its output told, its end awaited or brought about.
//!
//! Must not take anything but a `Status` for a result: a connection that ends without one says nothing of the command.

use std::time::Duration;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Status;
use kube::api::{AttachParams, AttachedProcess};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep, timeout};

use super::remote::{Remote, RemoteSession, Signal};
use super::selection::{PodState, Restarts};
use super::spool::pump;
use super::status::CommandResult;
use super::{PodsRun, doctor, watching};
use crate::cluster::in_words;
use crate::event::{Failure, Outcome, Pod, Problem, StartError};
use crate::halt;
use crate::output::Listener;
use crate::output::arrival::Streams;
use crate::report::{Place, TaskEnd};
use crate::stop::{Deadline, KILL_LIMIT, StopRequest, overdue, reached, stopped};

/// How long the server may take to begin a command.
const BEGIN: Duration = Duration::from_secs(30);

/// What is kept of each stream until it is read. At the end all that the command wrote is in it.
const BUFFER: usize = 64 * 1024;

/// How long the result is awaited of a command whose pod is gone: the connection may never end by itself.
const AFTER_POD: Duration = Duration::from_secs(5);

/// How long the server may take to tell what became of a pod.
const ASK: Duration = Duration::from_secs(2);

/// The pause between two looks for a process that is to end.
const LOOK_AGAIN: Duration = Duration::from_millis(500);

/// What is to be executed, and where.
pub(crate) struct TaskInPod<'a> {
    pub(crate) shared: &'a PodsRun<'a>,
    pub(crate) place: Place,
    pub(crate) pod: &'a Pod,
    pub(crate) stop: &'a mut watch::Receiver<Option<StopRequest>>,
    pub(crate) limit: Option<Deadline>,
}

/// How the command came to an end.
enum End {
    /// Its connection did, with or without a result.
    Result(Option<Box<Status>>),
    PodGone,
}

/// What the life of a command comes to.
struct Ended {
    /// How it ended, if it did.
    end: Option<End>,
    /// How it counts if it was asked to end.
    asked: Option<Outcome>,
    /// A remark.
    note: Option<String>,
}

/// How a command is brought to its end.
struct Ending<'a> {
    remote: Remote<'a>,
    /// When everything is killed after the limit was reached.
    killed_at: Option<Instant>,
    /// The session that was found.
    session: Option<RemoteSession>,
    /// Why it was not sent last.
    said: Option<String>,
}

impl<'a> TaskInPod<'a> {
    /// Executes the command and tells its output; it may take as long as the command, the limit or a stop says.
    pub(crate) async fn run(self) -> TaskEnd {
        let started = halt::now();
        let end = self.until_told().await;
        TaskEnd { duration: halt::now() - started, ..end }
    }

    async fn until_told(mut self) -> TaskEnd {
        let started = {
            let mut stop = self.stop.clone();
            let start = timeout(BEGIN, async {
                self.check_identity().await?;
                self.start().await
            });
            tokio::select! {
                biased;
                started = start => started.unwrap_or_else(|_| {
                    Err(Failure::Unknown(format!("the cluster did not begin within {} s", BEGIN.as_secs())))
                }),
                // It may have begun at the other end, so it is waited for as long as a stop allows: then it can be ended.
                () = overdue(&mut stop) => {
                    let note = Some(self.may_run("it was stopped while it began"));
                    return TaskEnd { note, ..TaskEnd::without_start(Outcome::Stopped) };
                }
            }
        };
        let process = match started {
            Ok(process) => process,
            Err(failure) => return TaskEnd::without_start(Outcome::Failed(self.explain(failure).await)),
        };
        // What runs in a pod goes on while the program is halted, and so grows older.
        self.live(process, Instant::now()).await
    }

    fn argv(&self) -> &'a [String] {
        &self.shared.request.plan.steps[self.place.task].argv
    }

    /// A server executes by name, and another pod may have the name by now, as one of a StatefulSet.
    async fn check_identity(&self) -> Result<(), Failure> {
        let pods =
            self.shared.connection.pods().await.map_err(|problem| self.not_started(problem.message))?;
        let uid = match timeout(ASK, pods.get_opt(&self.pod.name)).await {
            Ok(Ok(pod)) => pod.and_then(|pod| pod.metadata.uid),
            // It may not be gotten, or the server is gone for a moment.
            _ => self.seen_uid().await.map_err(|problem| self.not_started(problem.message))?,
        };
        match uid {
            Some(uid) if uid != self.pod.uid => {
                Err(Failure::PodGone(format!("pod `{}` is another pod now", self.pod.name)))
            }
            _ => Ok(()),
        }
    }

    async fn seen_uid(&self) -> Result<Option<String>, Problem> {
        let seen = self.shared.pods.borrow().clone();
        if seen.trouble.is_none() {
            return Ok(seen.seen.get(&self.pod.name).map(|pod| pod.uid.clone()));
        }
        let PodsRun { request, connection, .. } = *self.shared;
        let Some(wanted) = &request.pods else { return Ok(None) };
        let pods = connection.pods().await?;
        let listed = watching::list::<PodState>(connection, &pods, &wanted.application, ASK).await?;
        Ok(listed.get(&self.pod.name).map(|pod| pod.uid.clone()))
    }

    async fn start(&self) -> Result<AttachedProcess, Failure> {
        let pods =
            self.shared.connection.pods().await.map_err(|problem| self.not_started(problem.message))?;
        // Never standard input: on older servers its end would end the connection before the output.
        let parameters = AttachParams::default()
            .container(&self.pod.container)
            .stdin(false)
            .stdout(true)
            .stderr(true)
            .max_stdout_buf_size(BUFFER)
            .max_stderr_buf_size(BUFFER);
        let started = pods.exec(&self.pod.name, self.argv().to_vec(), &parameters).await;
        let error = match started {
            Ok(process) => return Ok(process),
            Err(error) => error,
        };
        Err(match &error {
            kube::Error::Api(status) if status.code == 404 => {
                Failure::PodGone(format!("pod `{}` is not there any more", self.pod.name))
            }
            // As a server answers that knows none of the protocols that are offered, or a proxy in front of it.
            kube::Error::Api(status) if status.code == 403 && status.message.is_empty() => {
                self.not_started(self.refused_without_a_word().await)
            }
            kube::Error::Api(_) => {
                let action = "execute commands in pods (get and create of pods/exec)";
                self.not_started(self.shared.connection.problem(&error, action).describe())
            }
            _ => Failure::Unknown(in_words(&error)),
        })
    }

    /// Since 1.35 a server asks for the verb `create`, and does not say so.
    async fn refused_without_a_word(&self) -> String {
        let connection = self.shared.connection;
        if doctor::may_execute(connection, "create").await != Some(false) {
            return "the server refuses to execute commands (403 without a reason)".into();
        }
        let target = connection.target();
        Problem::new(format!(
            "the user may not create pods/exec in {}, which this cluster asks for",
            target.describe()
        ))
        .help("ask for a role with the verbs get and create on pods/exec")
        .help("`draft-tasks doctor` tells which permissions are missing")
        .describe()
    }

    fn not_started(&self, reason: String) -> Failure {
        let secrets = &self.shared.request.secrets;
        let program = self.argv().first().cloned().unwrap_or_default();
        Failure::NotStarted(secrets.mask_error(StartError::InPod {
            program,
            container: self.pod.container.clone(),
            pod: self.pod.name.clone(),
            reason,
        }))
    }

    async fn live(&mut self, mut process: AttachedProcess, begun: Instant) -> TaskEnd {
        let (stdout, stderr) = (process.stdout(), process.stderr());
        let status = process.take_status();
        let before = self.restarts(self.shared.pods.borrow().seen.get(&self.pod.name)).map(|it| it.count);
        let (give_up, given_up) = watch::channel(false);
        let PodsRun { report, request, .. } = *self.shared;
        // What is said of files in a pod is not about files of this machine.
        let listener = Listener { report, secrets: &request.secrets, place: self.place, directory: None };
        // What waits is in the spool.
        let (to, from) = mpsc::channel(1);
        let output = async {
            let streams = Streams::new(stdout, stderr);
            let (heard, kept) = tokio::join!(listener.forward(from), pump(streams, to, given_up));
            (heard, kept.err())
        };
        let life = async {
            let status = async {
                match status {
                    Some(status) => status.await.map(Box::new),
                    None => None,
                }
            };
            let ended = self.until_end(status, begun).await;
            // What the command wrote before its result is in the buffers by now.
            give_up.send_replace(true);
            ended
        };
        let (Ended { end, asked, note }, (heard, lost)) = tokio::join!(life, output);
        let lost = lost.map(|error| format!("not all of its output could be kept: {error}"));
        let note = note.or(lost);
        let outcome = self.outcome(end, asked, process).await;
        let fate = match &outcome {
            Outcome::Failed(Failure::ExitCode(137) | Failure::Unknown(_)) if note.is_none() => {
                self.fate(before.unwrap_or(0), &outcome).await
            }
            _ => None,
        };
        TaskEnd { note: note.or(fate), heard, ..TaskEnd::without_start(outcome) }
    }

    async fn outcome(&self, end: Option<End>, asked: Option<Outcome>, process: AttachedProcess) -> Outcome {
        match (end, asked) {
            (Some(End::PodGone), _) => Outcome::Failed(self.pod_gone("")),
            (_, Some(outcome)) => outcome,
            (Some(End::Result(Some(status))), None) => self.result(&status).await,
            _ => {
                let reason = why_closed(process).await;
                Outcome::Failed(self.explain(Failure::Unknown(reason)).await)
            }
        }
    }

    /// Until the command has ended, by itself, by a stop or a limit, or its pod is gone.
    async fn until_end(
        &mut self,
        status: impl Future<Output = Option<Box<Status>>>,
        begun: Instant,
    ) -> Ended {
        tokio::pin!(status);
        let gone = self.until_gone();
        let by_itself = |end| Ended { end: Some(end), asked: None, note: None };
        let (asked, killed_at) = tokio::select! {
            biased;
            status = &mut status => return by_itself(End::Result(status)),
            () = gone => {
                let result = timeout(AFTER_POD, &mut status).await;
                return by_itself(result.map_or(End::PodGone, End::Result));
            }
            failure = reached(self.limit.as_ref()) => {
                (Outcome::Failed(failure), halt::now().checked_add(self.shared.request.grace))
            }
            () = stopped(self.stop) => (Outcome::Stopped, None),
        };
        let remote = Remote { connection: self.shared.connection, pod: self.pod, argv: self.argv(), begun };
        let mut ending = Ending { remote, killed_at, session: None, said: None };
        for signal in [Signal::Term, Signal::Kill] {
            tokio::select! {
                biased;
                status = &mut status => {
                    let note = self.after_end(&ending, status.is_some()).await;
                    return Ended { end: Some(End::Result(status)), asked: Some(asked), note };
                }
                () = self.ask(&mut ending, signal) => {}
            }
        }
        let why = ending.said.unwrap_or_else(|| "it did not end when it was killed".into());
        Ended { end: None, asked: Some(asked), note: Some(self.may_run(&why)) }
    }

    /// Sends a signal, again and again until the container's shell has sent it; until the time is over for it.
    async fn ask(&mut self, ending: &mut Ending<'_>, signal: Signal) {
        let mut sent = false;
        loop {
            let limit = match signal {
                Signal::Term => self.killed_at(ending),
                Signal::Kill | Signal::Look => halt::now() + KILL_LIMIT,
            };
            let mut stop = self.stop.clone();
            let found = tokio::select! {
                biased;
                // Once only: some programs take a second request for impatience.
                found = ending.remote.signal(signal, ending.session), if !sent => found,
                () = halt::until(limit) => return,
                // A second stop may leave less time, also while the container's shell does not answer.
                () = overdue(&mut stop), if signal == Signal::Term => return,
            };
            sent = found.is_ok();
            ending.session = found.as_ref().ok().copied().flatten().or(ending.session);
            let again = if sent { limit } else { limit.min(halt::now() + LOOK_AGAIN) };
            ending.said = found.err().or(ending.said.take());
            tokio::select! {
                () = halt::until(again) => {}
                // A second stop may leave less time.
                changed = self.stop.changed() => if changed.is_err() { halt::until(again).await },
            }
            if halt::now() >= limit || signal == Signal::Kill {
                return;
            }
        }
    }

    /// When the command is killed: when the stop or the limit says so that comes first.
    fn killed_at(&self, ending: &Ending<'_>) -> Instant {
        let stopped = self.stop.borrow().map(|request| request.kill_at);
        [stopped, ending.killed_at].into_iter().flatten().min().unwrap_or_else(halt::now)
    }

    /// The connection has ended after the command was asked to: with its result, or without one, which says nothing.
    async fn after_end(&self, ending: &Ending<'_>, has_result: bool) -> Option<String> {
        if ending.session.is_none() && !has_result {
            return Some(self.may_run("the connection to the pod ended without a result"));
        }
        self.end_rest(ending).await
    }

    /// The command has ended; what it started may take the rest of the time, and is killed then. Gives what is to be
    /// known of it.
    async fn end_rest(&self, ending: &Ending<'_>) -> Option<String> {
        let (remote, session) = (&ending.remote, ending.session?);
        loop {
            let mut stop = self.stop.clone();
            let looked = tokio::select! {
                biased;
                looked = remote.signal(Signal::Look, Some(session)) => looked,
                () = overdue(&mut stop) => break,
            };
            match looked {
                Ok(None) => return None,
                Ok(Some(_)) => {}
                Err(why) => return Some(self.rest_may_run(&why)),
            }
            let (now, limit) = (halt::now(), self.killed_at(ending));
            if now >= limit {
                break;
            }
            halt::until(limit.min(now + LOOK_AGAIN)).await;
        }
        let killed = remote.signal(Signal::Kill, Some(session)).await;
        killed.err().map(|why| self.rest_may_run(&why))
    }

    fn rest_may_run(&self, why: &str) -> String {
        let Pod { name, container, .. } = self.pod;
        format!("what it started may still be running in container `{container}` of pod `{name}`: {why}")
    }

    fn may_run(&self, why: &str) -> String {
        let Pod { name, container, .. } = self.pod;
        format!("it may still be running in container `{container}` of pod `{name}`: {why}")
    }

    /// Until the pod is deleted, is being deleted and has ended, or is another one.
    fn until_gone(&self) -> impl Future<Output = ()> + use<> {
        let (mut pods, name, uid) = (self.shared.pods.clone(), self.pod.name.clone(), self.pod.uid.clone());
        async move {
            let gone = pods.wait_for(|pods| {
                // Nothing is known while the watch is in trouble.
                pods.trouble.is_none() && pods.seen.get(&name).is_none_or(|pod| pod.uid != uid)
            });
            if gone.await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }

    async fn result(&self, status: &Status) -> Outcome {
        let failure = match CommandResult::of(status) {
            CommandResult::Passed => return Outcome::Passed,
            // So it ends when its pod is deleted, and when something else kills it.
            CommandResult::ExitCode(137) if self.is_ending().await => self.pod_gone(" (exit code 137)"),
            CommandResult::ExitCode(code) => Failure::ExitCode(code),
            CommandResult::NotStarted(reason) => self.explain(self.not_started(reason)).await,
        };
        Outcome::Failed(failure)
    }

    fn restarts<'b>(&self, seen: Option<&'b PodState>) -> Option<&'b Restarts> {
        seen?.restarts.iter().find(|it| it.container == self.pod.container)
    }

    /// What became of the container, where the command may have been killed with it. Its node tells that a little later.
    async fn fate(&self, before: i32, outcome: &Outcome) -> Option<String> {
        let container = &self.pod.container;
        for _ in 0..3 {
            let pods = self.shared.connection.pods().await.ok()?;
            let pod = timeout(ASK, pods.get_opt(&self.pod.name)).await.ok()?.ok()??;
            let seen = PodState::of(&pod);
            if let Some(now) = self.restarts(seen.as_ref()).filter(|now| now.count > before) {
                let why = match now.reason.as_deref() {
                    Some("OOMKilled") => ": it was out of memory (OOMKilled)".to_owned(),
                    Some(reason) => format!(": it had ended ({reason})"),
                    None => String::new(),
                };
                return Some(format!("container `{container}` was started again while the task ran{why}"));
            }
            sleep(LOOK_AGAIN).await;
        }
        let killed = matches!(outcome, Outcome::Failed(Failure::ExitCode(_)));
        killed.then(|| "it was killed (SIGKILL), as happens when memory runs out".into())
    }

    /// Of what runs once it is not known whether it ended well, and it is tried nowhere else.
    fn pod_gone(&self, how: &str) -> Failure {
        let said = format!("pod `{}` was deleted while the task ran{how}", self.pod.name);
        if self.shared.once.contains(self.place.task) {
            return Failure::Unknown(format!("{said}; it runs once, so in no other pod"));
        }
        Failure::PodGone(said)
    }

    /// A failure, or that the pod is not there any more.
    async fn explain(&self, failure: Failure) -> Failure {
        if !matches!(failure, Failure::PodGone(_)) && self.is_ending().await {
            return self.pod_gone("");
        }
        failure
    }

    /// Whether the pod is being deleted or gone. The watch may not have told yet, so the server is asked.
    async fn is_ending(&self) -> bool {
        let Ok(pods) = self.shared.connection.pods().await else { return false };
        match timeout(ASK, pods.get_opt(&self.pod.name)).await {
            Ok(Ok(Some(pod))) => {
                pod.metadata.deletion_timestamp.is_some()
                    || pod.metadata.uid.as_deref() != Some(self.pod.uid.as_str())
            }
            Ok(Ok(None)) => true,
            _ => false,
        }
    }
}

/// Why a connection ended without a result.
async fn why_closed(process: AttachedProcess) -> String {
    const SOON: Duration = Duration::from_secs(1);
    match timeout(SOON, process.join()).await {
        Ok(Err(error)) => format!("the connection to the pod was lost: {}", in_words(&error)),
        Ok(Ok(())) => "the connection to the pod was closed before the command's result came".into(),
        Err(_) => "the connection to the pod gave no result".into(),
    }
}
