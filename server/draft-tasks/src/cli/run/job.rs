//! `draft-tasks run PHASE --as job`: what the Job of a run is, and what is asked before one is made.
//!
//! Must not make one.

use clap::ValueEnum;
use draft_tasks_analysis::phase::Phase;
use draft_tasks_analysis::plan::Step;
use draft_tasks_executor::job::{ENDS_WITH_FAILURE, JobRest, again};
use draft_tasks_executor::record::schema::ClusterEntry;
use draft_tasks_executor::record::{LeftJob, Records};
use draft_tasks_executor::{Application, JobSource, OnFailure, PodsRequest, Problem, RunRequest};

use super::Options;
use crate::cli::prepare::{PhaseSelection, Prepared, block_on};
use crate::cli::terminal;
use crate::job;
use crate::lifecycle::Activity;
use crate::world::environment::Environment;

/// What the tasks of a run become.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum RunKind {
    /// one Job of Kubernetes
    Job,
}

/// What is to be executed as a Job; without an image it is made after the application's workload.
///
/// # Errors
///
/// When there is no such plan, it cannot be a Job, its cluster is not known, or it was not confirmed.
pub(in crate::cli) fn request(
    options: &Options,
    prepared: &Prepared<'_>,
    (phase, chosen): (Phase, &PhaseSelection<'_>),
    image: Option<&str>,
) -> Result<RunRequest, String> {
    let is_after_deployment = job::belongs_to_workload(phase);
    if image.is_none() && !is_after_deployment {
        return Err(format!(
            "tasks of `{phase}` do not belong to what is deployed, so a Job of them takes nothing of it: name its image by --image"
        ));
    }
    let mut request = prepared.request_without_pods(phase, chosen)?;
    if request.on_failure != OnFailure::Stop {
        return Err(format!("{ENDS_WITH_FAILURE}: give --on-failure stop, or leave --as job out"));
    }
    job::tell_as_written(&mut request.plan);
    let pods = if image.is_some() { place(prepared)? } else { prepared.pods(&[])? };
    let source = image.map_or(JobSource::Workload, |image| JobSource::Image(image.to_owned()));
    let pods = job::made_in(pods, (phase, prepared.directory()), source, prepared.environment());
    if !options.dry_run {
        if !options.quiet && !prepared.masked_names().is_empty() {
            terminal::remark(format_args!("{}", job::VARIABLES));
        }
        if !is_after_deployment {
            confirm(options, &request.plan.steps, &pods, (phase, image.unwrap_or_default()))?;
        }
    }
    (request.pods, request.pinned) = (Some(pods), None);
    Ok(request)
}

/// Fails where an earlier Job still runs beside which something cannot go on, and asks where that is not known. To be called
/// once the phases are claimed, as it may be waited for until a program leaves its Job.
pub(in crate::cli) fn check_left(
    options: &Options,
    prepared: &Prepared<'_>,
    wanted: Activity,
    is_job: bool,
) -> Result<(), String> {
    let Some(records) = prepared.environment().records().map(Records::at) else { return Ok(()) };
    let left = job::left_behind(&records, prepared.file(), wanted);
    let left = match left.map_err(|error| format!("{}: {error}", records.directory.display())) {
        Err(why) if !is_job => {
            terminal::warning(format_args!("{}: {why}", job::LEFT_UNKNOWN));
            return Ok(());
        }
        left => left?,
    };
    for LeftJob { kept, cluster, name, .. } in left {
        let (id, ways) = (&kept.id, again(&name));
        let rest = rest_of(&records, &cluster, &name)?;
        let Some(why) = job::describe_rest(&rest) else { continue };
        match rest {
            Ok(JobRest::All) => return Err(format!("run {id} made the Job {name}, which {why}\n  {ways}")),
            Ok(_) => return Err(format!("run {id} made the Job {name}, which {why}")),
            Err(_) => {
                let wanted = wanted.name();
                let question = format!("run {wanted}, though the Job {name} of run {id} {why}?");
                let ways = format!("{ways}, `draft-tasks runs rm {id}` forgets it; to go on, give --yes");
                options.cluster.confirm(&question, &ways)?;
            }
        }
    }
    Ok(())
}

/// Asks the cluster in which a Job was made what of it still runs; that it is over is kept.
///
/// # Errors
///
/// When the system does not give what is needed to ask.
pub(in crate::cli) fn rest_of(
    records: &Records,
    cluster: &ClusterEntry,
    name: &str,
) -> Result<Result<JobRest, Problem>, String> {
    let environment = Environment::of_process();
    let target = job::place(cluster, &environment).ok();
    let asking = job::rest_of(cluster, name, &environment);
    let rest = block_on(terminal::said_if_slow(target.as_ref(), false, asking))?;
    if let (Ok(JobRest::Nothing), Some(target)) = (&rest, target) {
        // Where it cannot be kept, it is asked again.
        let _ = job::keep_end(records, &target, name);
    }
    Ok(rest)
}

/// Where a Job is made that takes nothing of an application; without one in the namespace that is named, or the context's.
fn place(prepared: &Prepared<'_>) -> Result<PodsRequest, String> {
    let lookup = prepared.application();
    let namespace = lookup.settings.namespace.as_deref().filter(|namespace| !namespace.is_empty());
    let without = || {
        let target = lookup.target(namespace)?;
        let application = Application { name: String::new(), selector: String::new() };
        Ok(lookup.request(application, target, Vec::new()))
    };
    let found = if lookup.is_named() { lookup.pods(Vec::new()) } else { without() };
    found.map_err(|problem: Problem| problem.describe())
}

/// Asks whether what usually runs on this machine may run in a cluster.
fn confirm(
    options: &Options,
    steps: &[Step],
    pods: &PodsRequest,
    (phase, image): (Phase, &str),
) -> Result<(), String> {
    let tasks: Vec<_> = steps.iter().map(|step| format!("`{}`", step.task)).collect();
    let (tasks, place) = (tasks.join(", "), pods.target.describe());
    let question = format!("run {phase} as a Job of image `{image}` in {place}: {tasks}?");
    options.cluster.confirm(&question, "to go on, give --yes")
}
