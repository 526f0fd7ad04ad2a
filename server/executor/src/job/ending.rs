//! What the end of a task's container, of its pod and of its Job say of the task.
//!
//! Must not call passed what may have been ended from outside.

use super::manifest::container_name;
use super::present::{self, JobEnd};
use super::seen::{Cause, ContainerEnd, ContainerStage, JobPod};
use super::walk::{JobWalk, TaskContainer};
use crate::event::{Failure, Outcome, StartError};
use crate::pods::status::of_runtime;

/// Why a container's runtime says that it did not start a program.
const NOT_STARTED: [&str; 3] = ["StartError", "ContainerCannotRun", "RunContainerError"];

impl JobWalk<'_> {
    /// How a task did whose container has ended.
    pub(super) async fn result(
        &self,
        container: TaskContainer<'_>,
        end: &ContainerEnd,
        cause: Cause,
    ) -> Outcome {
        let failure = match (end.code, cause) {
            (Some(0), Cause::Itself) => return Outcome::Passed,
            (Some(0), Cause::PodOver(why)) => return self.pod_over(container, Some(why)),
            (code, Cause::PodDeleted) | (code @ Some(0), Cause::Deletion) => {
                let code = code.map(|code| format!(" (exit code {code})")).unwrap_or_default();
                return self.why_gone(container, &format!("while the task ran{code}")).await;
            }
            (None, _) => Failure::Unknown(format!("its node does not tell how it ended: {}", end.message)),
            (Some(_), _) if NOT_STARTED.contains(&end.reason.as_str()) => {
                self.not_started(container, &end.message)
            }
            (Some(code), _) => Failure::ExitCode(code),
        };
        Outcome::Failed(failure)
    }

    /// What a container that has ended did so by. A program may take a request to end for a success, so it ended by itself
    /// only where its pod goes on, or the next task has begun.
    pub(super) fn cause(&self, container: TaskContainer<'_>, pod: &JobPod, end: &ContainerEnd) -> Cause {
        let next = container.place.task + 1;
        let next = self.request.plan.steps.get(next).map(|step| container_name(next, &step.task));
        let has_begun = |stage: &ContainerStage| match stage {
            ContainerStage::Runs => true,
            // A node that ends a pod makes up the end of what never began.
            ContainerStage::Ended(end) => end.code.is_some(),
        };
        match &pod.over {
            _ if next.is_some_and(|next| pod.containers.get(&next).is_some_and(has_begun)) => Cause::Itself,
            Some(Some(why)) => Cause::PodOver(why.clone()),
            _ if pod.has_killed(end) => Cause::PodDeleted,
            _ if pod.deleted.is_some() => Cause::Deletion,
            _ => Cause::Itself,
        }
    }

    pub(super) fn unseen(&self, why: &str) -> Outcome {
        let again = self.left(present::again(&self.job.name));
        Outcome::Failed(Failure::Unknown(format!("{why}; {again}")))
    }

    fn not_started(&self, container: TaskContainer<'_>, message: &str) -> Failure {
        let program = self.request.plan.steps[container.place.task].argv.first().cloned().unwrap_or_default();
        Failure::NotStarted(self.request.secrets.mask_error(StartError::InPod {
            program,
            container: container.name.to_owned(),
            pod: container.pod.name.clone(),
            reason: of_runtime(message).to_owned(),
        }))
    }

    pub(super) fn pod_over(&self, container: TaskContainer<'_>, why: Option<String>) -> Outcome {
        let why = why.map(|why| format!(" ({why})")).unwrap_or_default();
        let pod = &container.pod.name;
        Outcome::Failed(Failure::Unknown(format!(
            "pod `{pod}` ended before its node told how the task did{why}"
        )))
    }

    /// Another pod of the Job in which something has begun.
    fn pod_after(&self, pod: &JobPod) -> Option<String> {
        let seen = self.pods.borrow();
        let after = seen.seen.values().find(|other| other.uid != pod.uid && other.has_begun());
        after.map(|other| other.name.clone())
    }

    /// What became of a pod that is gone. Unless the Job has passed it is not known whether its task did, and a Job of a
    /// release before 1.26 may run it again: so that it does not, the Job is deleted.
    pub(super) async fn why_gone(&self, container: TaskContainer<'_>, when: &str) -> Outcome {
        let (job, pod) = (&self.job.name, &container.pod.name);
        Outcome::Failed(match present::end(self.connection, job).await {
            Ok(Some(JobEnd::Complete)) => return Outcome::Passed,
            Ok(Some(JobEnd::Failed(reason, message))) if reason == "DeadlineExceeded" => {
                match self.request.limits.run {
                    Some(limit) => Failure::RunTimedOut(limit.whole),
                    None => Failure::Unknown(format!("the time of Job `{job}` was over {when}: {message}")),
                }
            }
            Ok(Some(JobEnd::Gone)) => Failure::Unknown(format!("Job `{job}` was deleted {when}")),
            Ok(Some(JobEnd::Failed(..))) => Failure::Unknown(format!("pod `{pod}` was deleted {when}")),
            Ok(None) | Err(_) => {
                let note = match (self.end_all().await, self.pod_after(container.pod)) {
                    (Ok(_), None) => "; the Job was deleted, so that nothing runs again".to_owned(),
                    (Ok(_), Some(other)) => {
                        format!("; it has begun again in pod `{other}`, and the Job was deleted to end that")
                    }
                    (Err(why), None) => format!("; {why}"),
                    (Err(why), Some(other)) => format!("; it has begun again in pod `{other}`; {why}"),
                };
                Failure::Unknown(format!("pod `{pod}` was deleted {when}{note}"))
            }
        })
    }
}
