//! A Job that is there: what it runs, how it ended, and its end by whoever asks for it.
//!
//! Must not touch a Job that draft-tasks did not make.

use std::ffi::OsString;

use draft_tasks_analysis::command::show_command;
use draft_tasks_analysis::phase::Phase;
use draft_tasks_analysis::plan::{Plan, Step};
use kube::api::{Api, DeleteParams, ListParams, Preconditions, Request};
use serde_json::Value;
use tokio::sync::watch;
use tokio::time::timeout;

use super::manifest::text_of_literal;
use super::seen::JobPod;
use super::{LIMIT, TASKS_ANNOTATION, pods_of, read};
use crate::cluster::object::{Object, ObjectKind};
use crate::cluster::{Connection, Target};
use crate::event::Problem;
use crate::pods::watching::list;
use crate::request::{JobRequest, JobSource, PHASE_LABEL, RUN_LABEL};
use crate::stop::{StopRequest, overdue};

/// A Job that draft-tasks made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PresentJob {
    /// Its name.
    pub name: String,
    /// What it runs, as far as the cluster tells it: the tasks file is not known.
    pub plan: Plan,
    uid: String,
}

/// What of a Job is not over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JobRest {
    /// It has ended or there is none, and so has its pod.
    Nothing,
    /// Its pod, which ends.
    Pod {
        /// Its name.
        pod: String,
        /// Whether the Job was deleted.
        is_deleted: bool,
    },
    /// It goes on.
    All,
}

/// How a Job ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum JobEnd {
    Complete,
    /// The reason and the message.
    Failed(String, String),
    /// There is none, or it is being deleted.
    Gone,
}

/// How it is taken up or ended, for people. Said where a run ends and its Job may go on, and nowhere else.
pub fn again(job: &str) -> String {
    format!("`draft-tasks runs attach {job}` takes it up, `draft-tasks runs stop {job}` ends it")
}

/// That it outlives the run, for people.
pub(super) fn goes_on(job: &str) -> String {
    format!("the Job goes on: {}", again(job))
}

/// The Job of a name; nothing where there is none.
///
/// # Errors
///
/// When the cluster cannot be asked, or draft-tasks did not make it.
pub async fn find(
    target: &Target,
    environment: &[(OsString, OsString)],
    name: &str,
) -> Result<Option<PresentJob>, Problem> {
    let connection = Connection::open(target, environment).await?;
    let Some(job) = read(&connection, ObjectKind::JOB, name).await? else { return Ok(None) };
    let of_others =
        || Problem::new(format!("Job `{name}` in {} was not made by draft-tasks", target.describe()));
    PresentJob::of(name, &job).map(Some).ok_or_else(of_others)
}

/// That there is no Job of a name.
pub fn none_there(target: &Target, name: &str) -> Problem {
    Problem::new(format!("there is no Job `{name}` in {}", target.describe()))
        .help("it was deleted, or its time after its end was over: how it ended is not known here")
        .help("it may be in another namespace or cluster: --namespace, --context")
}

/// What of a Job still runs, or may begin to.
///
/// # Errors
///
/// When the cluster cannot be asked.
pub async fn rest(
    target: &Target,
    environment: &[(OsString, OsString)],
    name: &str,
) -> Result<JobRest, Problem> {
    let connection = Connection::open(target, environment).await?;
    let Some(end) = end(&connection, name).await? else { return Ok(JobRest::All) };
    let pods = connection.pods().await?;
    let left = list::<JobPod>(&connection, &pods, &pods_of(name), LIMIT).await?;
    let living = left.into_iter().find(|(_, pod)| pod.over.is_none());
    let is_deleted = end == JobEnd::Gone;
    Ok(living.map_or(JobRest::Nothing, |(pod, _)| JobRest::Pod { pod, is_deleted }))
}

impl JobRest {
    /// "still runs", behind the Job's name and "which"; nothing where it is over.
    pub fn describe(&self) -> Option<String> {
        match self {
            JobRest::Nothing => None,
            JobRest::All => Some("still runs".to_owned()),
            JobRest::Pod { pod, is_deleted } => {
                let end = if *is_deleted { "was deleted" } else { "has ended" };
                Some(format!("{end}, but its pod {pod} has not yet: try again when it has"))
            }
        }
    }

    /// How it is taken up or ended, where it is not over.
    pub fn ways(&self, job: &str) -> Option<String> {
        (*self == JobRest::All).then(|| again(job))
    }
}

/// Ends a Job and its pod, and removes both.
///
/// # Errors
///
/// When the cluster does not do it.
pub async fn delete(
    target: &Target,
    environment: &[(OsString, OsString)],
    job: &PresentJob,
) -> Result<(), Problem> {
    let connection = Connection::open(target, environment).await?;
    delete_by(&connection, &job.name, Some(job.uid.clone())).await
}

/// Ends a Job and its pod by a connection that is there, and removes both.
pub(super) async fn delete_by(
    connection: &Connection,
    name: &str,
    uid: Option<String>,
) -> Result<(), Problem> {
    let client = connection.client().await?;
    let jobs: Api<Object> = Api::namespaced_with(client, &connection.target().namespace, &ObjectKind::JOB);
    let only = uid.map(|uid| Preconditions { uid: Some(uid), resource_version: None });
    let parameters = DeleteParams { preconditions: only, ..DeleteParams::background() };
    match timeout(LIMIT, jobs.delete(name, &parameters)).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(kube::Error::Api(status))) if status.code == 404 => Ok(()),
        Ok(Err(error)) => Err(connection.problem(&error, "delete jobs")),
        Err(_) => Err(connection.unanswered("delete jobs", LIMIT)),
    }
}

/// What is said of a Job that was deleted and whose pod has not ended.
pub(super) const NOT_ENDED: &str = "its pod had not ended yet, though it was asked to";

/// Ends a Job, unless it is another run's, as long as a stop leaves time.
///
/// # Errors
///
/// Why it may go on, for people.
pub(super) async fn end_in_time(
    connection: &Connection,
    job: &JobRequest,
    mut stop: watch::Receiver<Option<StopRequest>>,
) -> Result<(), String> {
    let name = &job.name;
    if job.source == JobSource::Present {
        return Err(goes_on(name));
    }
    let again = again(name);
    tokio::select! {
        biased;
        ended = delete_by(connection, name, None) => ended.map_err(|problem: Problem| {
            format!("the Job goes on, as it could not be deleted ({}): {again}", problem.message)
        }),
        () = overdue(&mut stop) => Err(format!("whether the Job goes on is not known: {again}")),
    }
}

impl PresentJob {
    fn of(name: &str, job: &Value) -> Option<PresentJob> {
        let metadata = &job["metadata"];
        let phase = metadata["labels"][PHASE_LABEL].as_str().and_then(Phase::from_name_in_any_case)?;
        metadata["labels"][RUN_LABEL].as_str().filter(|label| *label == name)?;
        let names: Vec<String> =
            serde_json::from_str(metadata["annotations"][TASKS_ANNOTATION].as_str()?).ok()?;
        let spec = &job["spec"]["template"]["spec"];
        let containers = [&spec["initContainers"], &spec["containers"]];
        let commands = containers.into_iter().filter_map(Value::as_array).flatten().map(command);
        let steps: Vec<Step> = names.into_iter().zip(commands).map(|(task, argv)| step(task, argv)).collect();
        let uid = metadata["uid"].as_str()?.to_owned();
        (!steps.is_empty()).then(|| PresentJob {
            name: name.to_owned(),
            plan: Plan { subject: phase.into(), steps },
            uid,
        })
    }
}

/// The arguments of a container; references stay as they are written.
fn command(container: &Value) -> Vec<String> {
    let words = container["command"].as_array().into_iter().flatten().filter_map(Value::as_str);
    words.map(text_of_literal).collect()
}

fn step(task: String, argv: Vec<String>) -> Step {
    Step { task, command: show_command(&argv).join(" "), argv, ..Step::default() }
}

/// How a Job ended; nothing while it goes on.
pub(super) async fn end(connection: &Connection, name: &str) -> Result<Option<JobEnd>, Problem> {
    let job = read(connection, ObjectKind::JOB, name).await?;
    Ok(job.map_or(Some(JobEnd::Gone), |job| JobEnd::of(&job)))
}

impl JobEnd {
    fn of(job: &Value) -> Option<JobEnd> {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let conditions = job["status"]["conditions"].as_array().into_iter().flatten();
        let told =
            conditions.filter(|it| it["status"] == "True").find_map(|it| match it["type"].as_str()? {
                "Complete" => Some(JobEnd::Complete),
                "Failed" => Some(JobEnd::Failed(text(&it["reason"]), text(&it["message"]))),
                _ => None,
            });
        let is_deleted = !job["metadata"]["deletionTimestamp"].is_null();
        told.or(is_deleted.then_some(JobEnd::Gone))
    }
}

/// What the cluster last said of a Job that has no pod, such as that a quota refuses it; nothing where it said nothing, or
/// may not be asked.
pub(super) async fn last_warning(connection: &Connection, name: &str) -> Option<String> {
    let client = connection.client().await.ok()?;
    let events = Request::new(format!("/api/v1/namespaces/{}/events", connection.target().namespace));
    let only = ListParams::default().fields(&format!("involvedObject.name={name}"));
    let asked = client.request::<Value>(events.list(&only).ok()?);
    let listed = timeout(LIMIT, asked).await.ok()?.ok()?;
    let warnings = listed["items"].as_array()?.iter().filter(|event| event["type"] == "Warning");
    let time = |event: &&Value| event["lastTimestamp"].as_str().unwrap_or_default().to_owned();
    warnings.max_by_key(time)?["message"].as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn job() -> Value {
        json!({
            "metadata": {
                "uid": "u", "labels": { RUN_LABEL: "j", PHASE_LABEL: "post-deploy" },
                "annotations": { TASKS_ANNOTATION: "[\"a\",\"b c\"]" },
            },
            "spec": { "template": { "spec": {
                "initContainers": [{ "command": ["one", "$$X", "$(Y)"] }], "containers": [{ "command": ["two"] }],
            } } },
        })
    }

    #[test]
    fn what_it_runs_is_read_from_it() {
        let found = PresentJob::of("j", &job()).unwrap();
        let steps: Vec<_> =
            found.plan.steps.iter().map(|step| (step.task.as_str(), step.argv.join(" "))).collect();
        assert_eq!(steps, [("a", "one $X $(Y)".to_owned()), ("b c", "two".to_owned())]);
    }

    #[test]
    fn what_others_made_is_none_of_ours() {
        let without = |pointer: &str| {
            let mut job = job();
            *job.pointer_mut(pointer).unwrap() = Value::Null;
            PresentJob::of("j", &job)
        };
        assert_eq!(without("/metadata/labels"), None);
        assert_eq!(without("/metadata/annotations"), None);
        assert_eq!(PresentJob::of("other", &job()), None);
    }
}
