//! A run as a Job of Kubernetes, for command line and editors: what of a plan becomes one, and how one is taken up.
//!
//! Must not ask anybody, nor call a Job over of which no cluster or record says so.

use std::io;
use std::path::Path;
use std::time::Duration;

use draft_tasks_analysis::command::{Part, Word};
use draft_tasks_analysis::phase::Phase;
use draft_tasks_analysis::plan::{Plan, Step};
use draft_tasks_executor::cluster::Target;
use draft_tasks_executor::job::JobRest;
use draft_tasks_executor::record::schema::ClusterEntry;
use draft_tasks_executor::record::{LeftJob, Records, StoredRun, left_jobs};
use draft_tasks_executor::{
    Application, JobRequest, JobSource, PodChoice, PodsBefore, PodsRequest, Problem, job,
};

use crate::lifecycle::Activity;
use crate::settings::kubernetes::READY_TIMEOUT;
use crate::source;
use crate::world::application::UNNAMED;
use crate::world::environment::Environment;

/// How long a cluster keeps a Job after its end, so that its output and result can be taken up.
const KEPT: Duration = Duration::from_secs(24 * 60 * 60);

/// That variables of files do not reach a Job.
pub(crate) const VARIABLES: &str = "a Job has the variables of its workload's container, and none of files";

/// That nothing of a Job is known beside what the cluster tells.
pub(crate) const MASKED: &str = "masked are the secrets of this environment and tokens of known kinds; values of files that the run was given are not known here";

/// What is said where records cannot be read: that keeps nothing from running but another Job.
pub(crate) const LEFT_UNKNOWN: &str = "cannot tell whether a Job of an earlier run goes on";

/// Whether tasks of a phase belong to what is deployed, so that a Job of them can be made after its workload.
pub(crate) fn belongs_to_workload(phase: Phase) -> bool {
    matches!(phase, Phase::PostDeploy | Phase::PostUp)
}

/// Has a plan tell its tasks as they are written: which variables are the container's own is not known here.
pub(crate) fn tell_as_written(plan: &mut Plan) {
    for step in &mut plan.steps {
        step.argv = step.words.iter().map(|word| word.expand(&|name| Some(format!("${name}")))).collect();
    }
}

/// Where a phase of a file in a directory is run as a new Job, whose name has that of the application, else the directory's.
pub(crate) fn made_in(
    pods: PodsRequest,
    (phase, directory): (Phase, &Path),
    source: JobSource,
    environment: &Environment,
) -> PodsRequest {
    let directory = directory.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    let name = match pods.application.name.as_str() {
        "" | UNNAMED => job::new_name(phase.name(), &directory),
        name => job::new_name(phase.name(), name),
    };
    let listed = environment.listed().clone();
    PodsRequest { job: Some(JobRequest { name, source, earlier_image: None, kept: KEPT, listed }), ..pods }
}

/// A Job that is there, to be taken up.
pub(crate) fn taken_up(target: Target, name: String, environment: &Environment) -> PodsRequest {
    let (listed, kept) = (environment.listed().clone(), Duration::ZERO);
    PodsRequest {
        target,
        application: Application { name: String::new(), selector: String::new() },
        container: None,
        wait_timeout: READY_TIMEOUT,
        concurrency: 1,
        choice: PodChoice::Present(Vec::new()),
        once: Vec::new(),
        before: PodsBefore::NotDeployed,
        job: Some(JobRequest { name, source: JobSource::Present, earlier_image: None, kept, listed }),
    }
}

/// The place in which a Job was made.
///
/// # Errors
///
/// Why it is not known where that is.
pub(crate) fn place(cluster: &ClusterEntry, environment: &Environment) -> Result<Target, Problem> {
    let namespace = Some(cluster.namespace.as_str());
    let target = Target::read(environment.variables(), cluster.context.as_deref(), namespace)?;
    if target.server == cluster.server {
        return Ok(target);
    }
    Err(Problem::new(format!("it was made at {}, and that context leads elsewhere now", cluster.server)))
}

/// Asks the cluster in which a Job was made what of it still runs, or may.
///
/// # Errors
///
/// When it is not known where that is, or it does not answer.
pub(crate) async fn rest_of(
    cluster: &ClusterEntry,
    name: &str,
    environment: &Environment,
) -> Result<JobRest, Problem> {
    job::rest(&place(cluster, environment)?, environment.variables(), name).await
}

/// Why another Job must not do the same, behind its name and "which"; nothing where it is over.
pub(crate) fn describe_rest(rest: &Result<JobRest, Problem>) -> Option<String> {
    match rest {
        Ok(rest) => rest.describe(),
        Err(problem) => Some(format!("may still run: {}", problem.describe())),
    }
}

/// Keeps that a Job is over or gone which some runs have made or taken up in this place: there may be one of this name elsewhere.
///
/// # Errors
///
/// When the records cannot be read.
pub(crate) fn keep_end(records: &Records, target: &Target, name: &str) -> io::Result<()> {
    let is_here =
        |cluster: &ClusterEntry| cluster.server == target.server && cluster.namespace == target.namespace;
    records.job_is_over(name, &is_here)
}

/// The Jobs of a file that may go on and beside which something cannot.
///
/// # Errors
///
/// When the records cannot be read.
pub(crate) fn left_behind(records: &Records, file: &Path, wanted: Activity) -> io::Result<Vec<LeftJob>> {
    let phases = wanted.phases();
    let is_excluded = |run: &StoredRun| phases.iter().any(|phase| run.phase() == Some(phase.name()));
    let is_meant = |run: &StoredRun| is_excluded(run) && source::is_of(run, file);
    let kept = match records.list() {
        // No folder has ever been there.
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => Vec::new(),
        kept => kept?,
    };
    Ok(left_jobs(&kept.into_iter().filter(is_meant).collect::<Vec<_>>()))
}

/// Gives tasks of a Job the commands and places that they have in a tasks file, where they are the same: each variable is
/// the container's own, or has the value of this machine.
pub(crate) fn find_in_file(of_job: &mut Plan, in_file: &Plan, lookup: &dyn Fn(&str) -> Option<String>) {
    for step in &mut of_job.steps {
        let same =
            in_file.steps.iter().find(|other| other.task == step.task && is_same(&step.argv, other, lookup));
        if let Some(Step { command, line, .. }) = same.cloned() {
            (step.command, step.line) = (command, line);
        }
    }
}

/// Whether a task of a file can have these arguments in a Job, or in the record of one.
pub(crate) fn is_same(arguments: &[String], in_file: &Step, lookup: &dyn Fn(&str) -> Option<String>) -> bool {
    let words = in_file.words.iter().zip(arguments);
    in_file.words.len() == arguments.len()
        && words.into_iter().all(|(Word { parts, .. }, text)| can_be(parts, text, lookup))
}

/// Whether a text is what a Job has of a word.
fn can_be(parts: &[Part], text: &str, lookup: &dyn Fn(&str) -> Option<String>) -> bool {
    let Some((first, rest)) = parts.split_first() else { return text.is_empty() };
    let beginnings = match first {
        Part::Literal(literal) => vec![literal.to_string()],
        Part::Variable { name, .. } => {
            vec![format!("$({name})"), format!("${name}"), lookup(name).unwrap_or_default()]
        }
    };
    let rests = beginnings.iter().filter_map(|beginning| text.strip_prefix(beginning.as_str()));
    rests.into_iter().any(|text| can_be(rest, text, lookup))
}

#[cfg(test)]
mod tests {
    use draft_tasks_analysis::{Options, Parsed};

    use super::*;

    /// The command that a task has which a Job runs by these words.
    fn found(command: &str, argv: &[&str]) -> String {
        let parsed = Parsed::new(format!("[post-deploy]\na = '{command}'\n"), Options::default());
        let lookup = |name: &str| (name == "HERE").then(|| "here".to_owned());
        let in_file = Plan::for_phase(&parsed, Phase::PostDeploy, &[], &lookup).unwrap();
        let argv = argv.iter().map(|&word| word.to_owned()).collect();
        let step = Step { task: "a".into(), command: "of the Job".into(), argv, ..Step::default() };
        let mut of_job = Plan { subject: Phase::PostDeploy.into(), steps: vec![step] };
        find_in_file(&mut of_job, &in_file, &lookup);
        of_job.steps.remove(0).command
    }

    #[test]
    fn a_task_is_that_of_the_file_where_its_arguments_can_be_the_same() {
        let command = "a --x=$HERE-$THERE \"$HOME\"";
        assert_eq!(found(command, &["a", "--x=here-$(THERE)", "$(HOME)"]), command);
        assert_eq!(found(command, &["a", "--x=$(HERE)-", ""]), command);
        assert_eq!(found(command, &["a", "--x=$HERE-$THERE", "$HOME"]), command, "as records have it");
        for other in [&["a", "--x=there-", ""][..], &["a", "--x=here-"], &["a", "--x=here-", "more"]] {
            assert_eq!(found(command, other), "of the Job", "{other:?}");
        }
    }
}
