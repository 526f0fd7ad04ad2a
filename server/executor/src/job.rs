//! Runs a phase's tasks as a Job of Kubernetes, and takes up one that runs.
//!
//! Must not take a result from anything but the Job and its pod, run a task a second time, nor leave a Job of which nobody
//! was told.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use kube::api::{GetParams, PostParams, Request};
use kube::client::AuthError;
use kube::{Client, Resource};
use serde_json::Value;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};

use self::confidential::confidential;
use self::manifest::{JobOutline, PodBasis, dns_label};
pub use self::present::{JobRest, PresentJob, again, delete, find, none_there, rest};
use self::seen::JobPod;
use self::walk::JobWalk;
use crate::cluster::object::{Object, ObjectKind};
use crate::cluster::{self, Connection, cause};
use crate::event::{Problem, RunEvent};
use crate::pods::watching::Watching;
use crate::report::Report;
use crate::request::{
    Application, JobRequest, JobSource, Limits, OnFailure, PHASE_LABEL, PodsRequest, RUN_LABEL, RunRequest,
};
use crate::stop::{Deadline, StopRequest, overdue, reached, stopped};

pub mod arguments;
mod basis;
mod confidential;
mod ending;
mod log;
pub mod manifest;
mod present;
mod seen;
mod stopping;
mod walk;

/// The annotation that has the descriptions of the tasks, as a list in JSON.
const TASKS_ANNOTATION: &str = "draft-tasks/tasks";

/// The annotation that has the SHA-256 of what the tasks are called and run: two Jobs that have the same ran the same.
const TASKS_HASH_ANNOTATION: &str = "draft-tasks/tasks-sha256";

/// How long one question may take.
const LIMIT: Duration = Duration::from_secs(15);

/// How long it may take until it is known whether the Job was made.
const MAKING: Duration = Duration::from_secs(30);

/// The pause before something is asked again that was not answered.
const AGAIN: Duration = Duration::from_secs(1);

/// Why tasks that go on after a failure cannot be a Job.
pub const ENDS_WITH_FAILURE: &str = "nothing runs in a Job after a task that failed";

/// What is said where it is certain.
const NOT_MADE: &str = "nothing runs: no Job was made";

/// What is said where it is not.
const MAY_RUN: &str = "whether the Job was made is not known, so it may run";

/// Why a Job was not made, or nobody can tell.
#[derive(Debug)]
struct Unmade {
    problem: Problem,
    may_run: bool,
}

impl Unmade {
    fn certainly(problem: Problem) -> Unmade {
        Unmade { problem: problem.help(NOT_MADE), may_run: false }
    }

    fn perhaps(problem: Problem, job: &JobRequest) -> Unmade {
        Unmade { problem: problem.help(MAY_RUN).help(present::again(&job.name)), may_run: true }
    }
}

/// A name for a new Job, which no other one has.
pub fn new_name(phase: &str, application: &str) -> String {
    // Its keys are random.
    let own = RandomState::new().build_hasher().finish();
    dns_label(&["draft-tasks", phase, application], &format!("{own:016x}")[..10])
}

/// Runs the plan of a request as its Job, from the first contact to the last task's end.
pub(crate) async fn run(
    request: &RunRequest,
    report: &Report,
    stop: watch::Receiver<Option<StopRequest>>,
    deadline: Option<&Deadline>,
) {
    let Some((wanted, job)) = request.pods.as_ref().and_then(|pods| Some((pods, pods.job.as_ref()?))) else {
        return;
    };
    let blocked = async |problem: Problem| report.blocked(crate::pods::mask(request, problem)).await;
    let is_present = job.source == JobSource::Present;
    report.job_left(is_present);
    let mut asked = stop.clone();
    let prepared = tokio::select! {
        biased;
        prepared = prepare(request, wanted, job, report) => prepared,
        () = stopped(&mut asked) => {
            if is_present {
                return stopped_early(report, present::goes_on(&job.name)).await;
            }
            return report.stopped_waiting();
        }
        failure = reached(deadline) => {
            Err(Problem::new(format!("the Job was not made: {}", failure.describe())))
        }
    };
    let (connection, manifest) = match prepared {
        Ok(prepared) => prepared,
        Err(problem) if is_present => {
            return blocked(problem.help(again(&job.name))).await;
        }
        Err(problem) => return blocked(problem).await,
    };
    let wanted_job = manifest.as_ref().filter(|_| !is_present);
    let image = wanted_job.and_then(image_of).map(str::to_owned);
    report.job_left(true);
    if let Some(manifest) = wanted_job {
        let making = made(&connection, job, manifest, &mut asked);
        let made = cluster::said_if_slow(&wanted.target, making, async |message| {
            report.tell(RunEvent::Waiting { ready: 0, pods: 0, message, time: None }).await;
        });
        match made.await {
            Some(Ok(())) => {}
            Some(Err(Unmade { problem, may_run })) => {
                report.job_left(may_run);
                return blocked(problem).await;
            }
            None => {
                let message = format!("{MAY_RUN}: {}", again(&job.name));
                return stopped_early(report, message).await;
            }
        }
    }
    let pods = pods_of(&job.name);
    let watching = tokio::select! {
        biased;
        watching = Watching::<JobPod>::start(&connection, &pods, LIMIT) => watching,
        () = stopped(&mut asked) => {
            let ended = present::end_in_time(&connection, job, stop).await;
            let said = "the Job was deleted, and whether its pod has ended is not known";
            return stopped_early(report, ended.err().unwrap_or_else(|| said.to_owned())).await;
        }
    };
    let watching = match watching {
        Ok(watching) => watching,
        Err(problem) => return blocked(problem.help(again(&job.name))).await,
    };
    let mut request = request.clone();
    request.mask(&connection.confidential().await);
    request.mask(&manifest.as_ref().map(|manifest| confidential(manifest, &job.listed)).unwrap_or_default());
    let walk = JobWalk {
        request: &request,
        wanted,
        job,
        report,
        connection: &connection,
        image,
        pods: watching.pods(),
        stop,
        deadline,
        is_left: AtomicBool::new(false),
    };
    walk.run().await;
}

/// Says what is known of a Job whose run was stopped before its pod was seen.
async fn stopped_early(report: &Report, message: String) {
    report.tell(RunEvent::Note { message }).await;
    report.stopped_waiting();
}

/// The pods of a Job.
fn pods_of(job: &str) -> Application {
    Application { name: format!("Job {job}"), selector: format!("{RUN_LABEL}={job}") }
}

fn image_of(manifest: &Value) -> Option<&str> {
    manifest.pointer("/spec/template/spec/containers/0/image")?.as_str()
}

/// The first contact, and the Job: as it is to be made, or as it is there if it is. Nothing is made.
async fn prepare(
    request: &RunRequest,
    wanted: &PodsRequest,
    job: &JobRequest,
    report: &Report,
) -> Result<(Connection, Option<Value>), Problem> {
    if request.on_failure != OnFailure::Stop {
        return Err(Problem::new(ENDS_WITH_FAILURE)
            .help("run it with --on-failure stop, or in the application's pods"));
    }
    if wanted.wait_timeout.is_zero() && job.source != JobSource::Present {
        return Err(Problem::new("no Job is made whose pod may not be awaited")
            .help("give it time by draftTasks.kubernetes.readyTimeout or --ready-timeout"));
    }
    let asking = async {
        let connection = Connection::open(&wanted.target, &request.environment).await?;
        let basis = match &job.source {
            JobSource::Present => {
                let present = read(&connection, ObjectKind::JOB, &job.name).await?;
                return Ok((connection, present));
            }
            JobSource::Image(image) => PodBasis::of_image(image),
            JobSource::Workload => {
                let found = basis::of_workload(&connection, wanted).await?;
                let changed = found.describe_new_image(job.earlier_image.as_deref());
                for message in [found.describe_left_out(), changed].into_iter().flatten() {
                    report.tell(RunEvent::Note { message }).await;
                }
                found.basis
            }
        };
        let manifest = outline(request, wanted, job, basis)?.manifest();
        Ok((connection, Some(manifest)))
    };
    cluster::said_if_slow(&wanted.target, asking, async |message| {
        report.tell(RunEvent::Waiting { ready: 0, pods: 0, message, time: None }).await;
    })
    .await
}

fn outline(
    request: &RunRequest,
    wanted: &PodsRequest,
    job: &JobRequest,
    basis: PodBasis,
) -> Result<JobOutline, Problem> {
    let names: Vec<&str> = request.plan.steps.iter().map(|step| step.task.as_str()).collect();
    let basis = match request.plan.subject.phase() {
        Some(phase) => basis.telling(phase),
        None => basis,
    };
    let pair = |name: &str, value: String| (name.to_owned(), value);
    let tasks = arguments::of_plan(&request.plan, &basis, &request.environment, &request.secrets)?;
    Ok(JobOutline {
        name: job.name.clone(),
        namespace: Some(wanted.target.namespace.clone()),
        labels: [
            pair(RUN_LABEL, job.name.clone()),
            pair(PHASE_LABEL, request.plan.subject.name().to_owned()),
        ]
        .into(),
        annotations: [
            pair(TASKS_ANNOTATION, serde_json::json!(names).to_string()),
            pair(TASKS_HASH_ANNOTATION, manifest::sha256_of(&tasks)),
        ]
        .into(),
        tasks,
        basis,
        deadline: deadline(request.limits, names.len(), wanted.wait_timeout),
        kept: Some(job.kept),
        awaits_end_of_pod: true,
        grace: Some(request.grace),
    })
}

/// How long the Job may take, also where nobody sees it: as long as the run may, or all of its tasks and the wait before
/// them.
fn deadline(limits: Limits, tasks: usize, wait: Duration) -> Option<Duration> {
    let tasks = u32::try_from(tasks).unwrap_or(u32::MAX);
    let of_tasks = limits.task.map(|limit| limit.saturating_mul(tasks).saturating_add(wait));
    limits.run.map(|limit| limit.left).or(of_tasks)
}

/// Makes the Job as long as a stop leaves time; nothing where that was over, and what was sent may still arrive.
async fn made(
    connection: &Connection,
    job: &JobRequest,
    manifest: &Value,
    stop: &mut watch::Receiver<Option<StopRequest>>,
) -> Option<Result<(), Unmade>> {
    tokio::select! {
        biased;
        made = make(connection, job, manifest) => Some(made),
        () = overdue(stop) => None,
    }
}

/// Makes the Job. Where no answer comes it may have been made, so it is asked for again: its name is its own.
async fn make(connection: &Connection, job: &JobRequest, manifest: &Value) -> Result<(), Unmade> {
    let (begun, put_off) = (Instant::now(), connection.put_off());
    let mut is_in_doubt = false;
    loop {
        let client = match connection.client().await {
            Ok(client) => client,
            Err(problem) if is_in_doubt => return Err(Unmade::perhaps(problem, job)),
            Err(problem) => return Err(Unmade::certainly(problem)),
        };
        let (problem, is_refused, is_unsent) = match timeout(LIMIT, post(&client, connection, manifest)).await
        {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(error)) if is_there(&error, &job.name) => return Ok(()),
            Ok(Err(error)) => {
                (connection.problem(&error, "create jobs"), is_refusal(&error), is_unsent(&error))
            }
            Err(_) => (connection.unanswered("create jobs", LIMIT), false, false),
        };
        // What was put off the client itself has asked again.
        is_in_doubt |= !is_refused && !is_unsent || connection.put_off() > put_off;
        let is_settled = is_refused || is_unsent && !is_in_doubt;
        if is_settled || begun.elapsed() > MAKING {
            return unless_there(connection, job, problem, is_in_doubt).await;
        }
        sleep(AGAIN).await;
    }
}

/// Nobody else has its name, so it was made by an earlier try, also by one of the client's own after 503 or 504.
fn is_there(error: &kube::Error, name: &str) -> bool {
    matches!(error, kube::Error::Api(status) if status.reason == "AlreadyExists" && status.message.contains(name))
}

/// Whether the server has answered that it does not make it, or was not asked for lack of credentials. After a 5xx it may
/// have, or may yet.
fn is_refusal(error: &kube::Error) -> bool {
    let is_answered =
        matches!(error, kube::Error::Api(status) if (400..500).contains(&status.code) && status.code != 408);
    is_answered || cause::<AuthError>(error).is_some()
}

/// Whether no connection was made, so that nothing was sent.
fn is_unsent(error: &kube::Error) -> bool {
    cause::<hyper_util::client::legacy::Error>(error)
        .is_some_and(hyper_util::client::legacy::Error::is_connect)
}

/// The problem, unless the Job was made all the same by a try before the last.
async fn unless_there(
    connection: &Connection,
    job: &JobRequest,
    problem: Problem,
    is_in_doubt: bool,
) -> Result<(), Unmade> {
    match read(connection, ObjectKind::JOB, &job.name).await {
        Ok(Some(_)) => Ok(()),
        Ok(None) | Err(_) if !is_in_doubt => Err(Unmade::certainly(problem)),
        Ok(None) | Err(_) => Err(Unmade::perhaps(problem, job)),
    }
}

async fn post(client: &Client, connection: &Connection, manifest: &Value) -> kube::Result<()> {
    let jobs = Request::new(path(connection, ObjectKind::JOB));
    let request = jobs.create(&PostParams::default(), manifest.to_string().into_bytes());
    client.request_text(request.map_err(kube::Error::BuildRequest)?).await.map(drop)
}

fn path(connection: &Connection, kind: ObjectKind) -> String {
    Object::url_path(&kind, Some(&connection.target().namespace))
}

/// An object of the target's namespace as the server has it; nothing where there is none.
async fn read(connection: &Connection, kind: ObjectKind, name: &str) -> Result<Option<Value>, Problem> {
    let client = connection.client().await?;
    let action = format!("get {}", Object::plural(&kind));
    let request = Request::new(path(connection, kind)).get(name, &GetParams::default());
    let asked = async { client.request(request.map_err(kube::Error::BuildRequest)?).await };
    match timeout(LIMIT, asked).await {
        Ok(Ok(object)) => Ok(Some(object)),
        Ok(Err(kube::Error::Api(status))) if status.code == 404 => Ok(None),
        Ok(Err(error)) => Err(connection.problem(&error, &action)),
        Err(_) => Err(connection.unanswered(&action, LIMIT)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::ListedVariables;

    #[test]
    fn names_are_their_own_and_those_of_dns() {
        let (one, other) = (new_name("post-deploy", "Web"), new_name("post-deploy", "Web"));
        assert_ne!(one, other);
        assert!(one.starts_with("draft-tasks-post-deploy-web-") && one.len() == 38, "{one}");
    }

    #[tokio::test]
    async fn a_credential_that_is_refused_here_is_proof_that_no_job_was_made() {
        let dir = tempfile::tempdir().unwrap();
        let plugin = "test -e called && exit 1; : > called; echo '{\"apiVersion\": \"client.authentication.k8s.io/v1\", \
             \"kind\": \"ExecCredential\", \"status\": {\"token\": \"t\", \"expirationTimestamp\": \"2020-01-01T00:00:00Z\"}}'";
        let text = format!(
            "current-context: dev\ncontexts: [{{name: dev, context: {{cluster: c, user: u}}}}]\n\
             clusters: [{{name: c, cluster: {{server: 'https://127.0.0.1:1'}}}}]\nusers:\n- name: u\n  user:\n    exec:\n      \
             apiVersion: client.authentication.k8s.io/v1\n      command: sh\n      interactiveMode: Never\n      args: [-c, {}]\n",
            serde_json::json!(format!("cd '{}'; {plugin}", dir.path().display())),
        );
        std::fs::write(dir.path().join("config"), text).unwrap();
        let path = std::env::var_os("PATH").unwrap_or_default();
        let environment = [("KUBECONFIG".into(), dir.path().join("config").into()), ("PATH".into(), path)];
        assert_surely_unmade(&environment).await;
    }

    /// That a Job is not made, and that this is certain.
    async fn assert_surely_unmade(environment: &[(std::ffi::OsString, std::ffi::OsString)]) {
        let target = cluster::Target::read(environment, None, None).unwrap();
        let connection = Connection::open(&target, environment).await.unwrap();
        let (source, kept) = (JobSource::Image("a".into()), Duration::ZERO);
        let listed = ListedVariables::default();
        let job = JobRequest { name: "j".into(), source, earlier_image: None, kept, listed };
        let Unmade { problem, may_run } = make(&connection, &job, &Value::Null).await.unwrap_err();
        assert!(!may_run);
        assert_eq!(problem.help.last().map(String::as_str), Some(NOT_MADE), "{problem:?}");
    }

    #[tokio::test]
    async fn a_connection_that_is_refused_is_proof_that_no_job_was_made() {
        let dir = tempfile::tempdir().unwrap();
        let text = "current-context: dev\ncontexts: [{name: dev, context: {cluster: c, user: u}}]\n\
             clusters: [{name: c, cluster: {server: 'https://127.0.0.1:1'}}]\nusers: [{name: u, user: {}}]\n";
        std::fs::write(dir.path().join("config"), text).unwrap();
        let environment = [("KUBECONFIG".into(), dir.path().join("config").into())];
        assert_surely_unmade(&environment).await;
    }

    #[test]
    fn a_job_has_a_limit_where_its_run_or_its_tasks_have_one() {
        let seconds = Duration::from_secs;
        let of = |task, run: Option<u64>| {
            let run = run.map(|run| seconds(run).into());
            deadline(Limits { task, run }, 3, seconds(100))
        };
        assert_eq!(of(None, None), None);
        assert_eq!(of(Some(seconds(5)), None), Some(seconds(115)));
        assert_eq!(of(Some(seconds(5)), Some(30)), Some(seconds(30)));
    }
}
