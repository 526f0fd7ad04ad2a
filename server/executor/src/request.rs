//! What a run is asked to do.
//!
//! Must stay plain data: no handle, no channel, no process.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::time::Duration;

use draft_tasks_analysis::phase::Phase;
use draft_tasks_analysis::plan::Plan;
use draft_tasks_analysis::secret::{is_plain, looks_secret, may_be_other};

use crate::cluster::Target;
use crate::event::Outcome;
use crate::mask::Secrets;
use crate::public_value::is_public_by_name;

/// Everything that a run needs to know.
#[derive(Clone, Debug)]
pub struct RunRequest {
    /// The tasks.
    pub plan: Plan,
    /// The directory in which every task runs: that of the tasks file.
    pub directory: PathBuf,
    /// The whole environment of the tasks; nothing is inherited beside it. If runs may overlap, give each a
    /// variable of its own: by it a detached process is told to be of this run (see [`adopt_orphans`]).
    ///
    /// [`adopt_orphans`]: crate::adopt_orphans
    pub environment: Vec<(OsString, OsString)>,
    /// What happens after a task failed.
    pub on_failure: OnFailure,
    /// How long a task may take to end after it was asked to, before it is killed, when the handle is dropped or a
    /// limit was reached.
    pub grace: Duration,
    /// How long everything may take.
    pub limits: Limits,
    /// What must not be seen in any event.
    pub secrets: Secrets,
    /// Whether what tasks on this machine write is read for problems in files.
    pub finds_problems: bool,
    /// Whether the tasks on this machine have the standard streams of this program itself, and are of its session, so that
    /// they can ask on its terminal. Then nothing of what they write is seen here.
    pub on_terminal: bool,
    /// In which pods the tasks run; on this machine without it.
    pub pods: Option<PodsRequest>,
    /// The cluster that tasks on this machine are to meet; without it their kubeconfig is the user's own.
    pub pinned: Option<Pinned>,
}

impl RunRequest {
    /// Masks what the kubeconfig of a cluster has that nobody may see; of the clusters that the request names, and of the
    /// kubeconfig of its environment, this is done anyway.
    pub fn mask_credentials(&mut self, target: &Target) {
        self.mask(&target.confidential());
    }

    pub(crate) fn mask(&mut self, values: &[String]) {
        self.secrets = self.secrets.and(values.iter().map(OsStr::new));
    }
}

/// A cluster that the user pinned: tasks on this machine get a private copy of the kubeconfig, in which its context is
/// the current one.
#[derive(Clone, Debug)]
pub struct Pinned {
    /// The cluster.
    pub target: Target,
    /// Folders for the copy, of which the first is made that can be one for the user alone; where tasks change the copy,
    /// it stays.
    pub folders: Vec<PathBuf>,
}

/// How long tasks may take; what is not given is unlimited. Time is that of a monotonic clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// Each task, from the start of its process.
    pub task: Option<Duration>,
    /// The whole run. The tasks that have not started by then are skipped.
    pub run: Option<RunLimit>,
}

/// How long a run may take that may be one of several that count as one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RunLimit {
    /// All of them together.
    pub whole: Duration,
    /// What is left of it for this one.
    pub left: Duration,
}

impl From<Duration> for RunLimit {
    fn from(whole: Duration) -> RunLimit {
        RunLimit { whole, left: whole }
    }
}

/// What happens to the remaining tasks after one failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnFailure {
    /// They are skipped.
    Stop,
    /// They run all the same.
    Continue,
}

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
    /// In which of the application's pods.
    pub choice: PodChoice,
    /// The descriptions of tasks that run in the first of them alone, by their names.
    pub once: Vec<String>,
    /// Newer pods than these are waited for.
    pub before: PodsBefore,
    /// The Job that runs the tasks in a pod of its own, in place of the application's pods.
    pub job: Option<JobRequest>,
}

/// The label by which a Job and its pod are known, with the Job's name; nothing else has it.
pub const RUN_LABEL: &str = "draft-tasks/run";

/// The label that tells the phase of a Job, also of one that is exported.
pub const PHASE_LABEL: &str = "draft-tasks/phase";

/// A Job of Kubernetes that runs the tasks of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobRequest {
    /// Its name, which no other Job of the namespace has.
    pub name: String,
    /// What its pod is like.
    pub source: JobSource,
    /// The image that the workload had when it ran before, where that is known.
    pub earlier_image: Option<String>,
    /// How long the cluster keeps it after its end.
    pub kept: Duration,
    /// Which variables of its containers the user calls secret or public.
    pub listed: ListedVariables,
}

/// Variables that the user calls secret or public, whatever their names look like.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListedVariables {
    /// Those whose values nobody may see, also where they are called public.
    pub secret: BTreeSet<String>,
    /// Those whose values may be seen.
    pub public: BTreeSet<String>,
}

impl ListedVariables {
    /// Whether nobody may see a value of a variable.
    pub fn is_secret(&self, name: &str, value: &str) -> bool {
        let is_named = || looks_secret(name) && !is_plain(value);
        let only_tells = || may_be_other(name) && is_public_by_name(value);
        self.secret.contains(name) || !self.public.contains(name) && is_named() && !only_tells()
    }

    /// Whether nobody may see passwords within the value of a variable.
    pub fn hides_passwords(&self, name: &str) -> bool {
        self.secret.contains(name) || !self.public.contains(name)
    }
}

/// What the pod of a Job is like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JobSource {
    /// Like those of the application's workload: with its image, environment, service account and volumes.
    Workload,
    /// Of this image, and nothing of the application's.
    Image(String),
    /// The Job is there: its output and result are taken up, and it outlives this run.
    Present,
}

/// Which of an application's pods were there before something was deployed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum PodsBefore {
    /// Nothing was deployed or deleted.
    #[default]
    NotDeployed,
    /// Those with these identities (`metadata.uid`).
    Known(Vec<String>),
    /// Any: the cluster could not be asked.
    Unknown,
}

/// In which of an application's pods tasks run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PodChoice {
    /// In those of the present rollout that have these names; in all of it without names.
    Present(Vec<String>),
    /// In those in which an earlier run ran, as far as they are still there.
    Again(Vec<EarlierPod>),
}

impl PodChoice {
    /// Whether it is all of the present rollout.
    pub fn is_all(&self) -> bool {
        matches!(self, PodChoice::Present(names) if names.is_empty())
    }
}

/// A pod in which an earlier run ran.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EarlierPod {
    /// Its name.
    pub name: String,
    /// Its identity (`metadata.uid`): another pod of the same name is not the one that is meant.
    pub uid: String,
    /// The container in which the tasks ran.
    pub container: String,
    /// Only these tasks of the plan; all when it is empty.
    pub tasks: Vec<String>,
}

impl EarlierPod {
    pub(crate) fn runs(&self, task: &String) -> bool {
        self.tasks.is_empty() || self.tasks.contains(task)
    }
}

/// Which pods are an application's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Application {
    /// What to call it.
    pub name: String,
    /// The label selector of its pods.
    pub selector: String,
}

impl PodsBefore {
    /// Whether a pod may have been there before a deployment.
    pub(crate) fn may_have(&self, uid: &str) -> bool {
        match self {
            PodsBefore::NotDeployed => false,
            PodsBefore::Known(pods) => pods.iter().any(|pod| pod == uid),
            PodsBefore::Unknown => true,
        }
    }
}

impl Limits {
    /// These, and others where there are none.
    #[must_use]
    pub fn or(self, others: Limits) -> Limits {
        Limits { task: self.task.or(others.task), run: self.run.or(others.run) }
    }

    /// What is left of them for the next of several runs that count as one, when this time is over.
    #[must_use]
    pub fn left_after(self, spent: Duration) -> Limits {
        let left = |limit: RunLimit| RunLimit { left: limit.left.saturating_sub(spent), ..limit };
        Limits { run: self.run.map(left), ..self }
    }
}

impl OnFailure {
    /// Whether the remaining tasks run after one that ended so.
    pub(crate) fn goes_on_after(self, outcome: &Outcome) -> bool {
        self == OnFailure::Continue || !outcome.is_failed()
    }
}

impl From<Phase> for OnFailure {
    /// What is to be deleted is deleted as far as possible; elsewhere a failed task is what the others rely on.
    fn from(phase: Phase) -> OnFailure {
        match phase {
            Phase::Cleanup => OnFailure::Continue,
            _ => OnFailure::Stop,
        }
    }
}
