//! `draft-tasks runs attach` and `runs stop`: a Job that a run has made, from wherever its cluster is reached.
//!
//! Must not end a Job that nobody named, and needs neither the tasks file nor the record of the run.

use std::path::Path;
use std::process::ExitCode;

use clap::Args;
use draft_tasks_executor::cluster::Target;
use draft_tasks_executor::job::{PresentJob, delete, find, none_there};
use draft_tasks_executor::record::schema::{ClusterEntry, GivenEntry};
use draft_tasks_executor::record::{Records, StoredRun};
use draft_tasks_executor::stop::GRACE;
use draft_tasks_executor::{Limits, OnFailure, Problem, RunRequest};

use super::{Format, RunsArguments, unreadable};
use crate::cli::execute::{self, Presentation, execute, serve};
use crate::cli::prepare::block_on;
use crate::cli::report::Amount;
use crate::cli::run::cannot_run;
use crate::cli::terminal::{self, Paint};
use crate::cli::{FOUND, paths, signals};
use crate::job;
use crate::settings::audience::Audience;
use crate::settings::kubernetes::KubernetesSettings;
use crate::settings::run::RunSettings;
use crate::world::application::ApplicationLookup;
use crate::world::environment::Environment;

/// Which Job is meant.
#[derive(Clone, Debug, Args)]
pub(super) struct JobArguments {
    /// The Job by its name, or the run that made it: the beginning of its name, or `last`
    id: String,
    /// The context of the kubeconfig; without it that of the run, else the current one
    #[arg(long, value_name = "NAME")]
    context: Option<String>,
    /// The namespace; without it that of the run, else that of the application in this directory, else the context's
    #[arg(long, short, value_name = "NAME")]
    namespace: Option<String>,
}

/// A Job, and what this machine knows of it.
struct Meant {
    name: String,
    target: Target,
    environment: Environment,
    /// The run that made it, where that was on this machine.
    made_by: Option<StoredRun>,
}

/// Tells what a Job writes, from its beginning, and how it ends.
///
/// # Errors
///
/// When it is not known which Job is meant, or nothing can be run.
pub(super) fn attach(
    arguments: &RunsArguments,
    records: &Records,
    wanted: &JobArguments,
) -> Result<ExitCode, String> {
    signals::begin();
    let meant = Meant::of(arguments, records, wanted)?;
    let job = match meant.find()? {
        Ok(Some(job)) => job,
        Ok(None) => return Ok(told(&meant.gone(records)?)),
        Err(problem) => return Ok(told(&problem)),
    };
    let file = meant.made_by.as_ref().and_then(|run| Some(run.file()?.to_owned()));
    let records = match &file {
        Some(_) => meant.environment.records_by(&RunSettings::default())?,
        None => None,
    };
    let color = terminal::colors(arguments.look.color(), &std::io::stdout());
    let view = Presentation {
        file: file.as_deref().unwrap_or(Path::new("")),
        records: records.as_ref(),
        given: GivenEntry { context: meant.target.context.clone(), ..GivenEntry::default() },
        is_partial: false,
        part_of: None,
        format: if arguments.format == Format::Json { execute::Format::Json } else { execute::Format::Human },
        amount: if terminal::can_move(arguments.look.color()) { Amount::Moving } else { Amount::Everything },
        paint: Paint(color),
    };
    terminal::remark(format_args!("{}", job::MASKED));
    let request = meant.request(job);
    serve(async |signals| {
        let ended = execute(request, None, &view, signals).await?;
        Ok(ended.code(signals))
    })
    .map_err(|error| cannot_run(&error))
}

/// Ends a Job and its pod.
///
/// # Errors
///
/// When it is not known which Job is meant.
pub(super) fn stop(
    arguments: &RunsArguments,
    records: &Records,
    wanted: &JobArguments,
) -> Result<ExitCode, String> {
    let meant = Meant::of(arguments, records, wanted)?;
    let job = match meant.find()? {
        Ok(Some(job)) => job,
        Ok(None) => return Ok(told(&meant.gone(records)?)),
        Err(problem) => return Ok(told(&problem)),
    };
    let done = delete(&meant.target, meant.environment.variables(), &job);
    if let Err(problem) = block_on(terminal::said_if_slow(Some(&meant.target), false, done))? {
        return Ok(told(&problem));
    }
    terminal::remark(format_args!("Job {} is deleted, and its pod is asked to end", meant.name));
    meant.keep_end(records)?;
    Ok(ExitCode::SUCCESS)
}

fn told(problem: &Problem) -> ExitCode {
    terminal::error(format_args!("{}", problem.describe()));
    FOUND.into()
}

impl Meant {
    fn of(arguments: &RunsArguments, records: &Records, wanted: &JobArguments) -> Result<Meant, String> {
        let made_by = match arguments.find(records, &wanted.id)? {
            Some(kept) => Some(kept),
            None => maker(records, &wanted.id)?,
        };
        let cluster = made_by.as_ref().and_then(StoredRun::cluster);
        let job = cluster.and_then(|cluster| cluster.job.as_deref());
        if let (Some(kept), None) = (&made_by, job) {
            return Err(format!(
                "run {} was no Job: `draft-tasks runs show` shows what is kept of it",
                kept.id
            ));
        }
        let name = job.map_or(wanted.id.clone(), |job| job.name.clone());
        let environment = Environment::of_process();
        let target = wanted.target(cluster, &environment).map_err(|problem| problem.describe())?;
        Ok(Meant { name, target, environment, made_by })
    }

    fn find(&self) -> Result<Result<Option<PresentJob>, Problem>, String> {
        let asking = find(&self.target, self.environment.variables(), &self.name);
        block_on(terminal::said_if_slow(Some(&self.target), false, asking))
    }

    /// That there is no such Job any more, which records keep.
    fn gone(&self, records: &Records) -> Result<Problem, String> {
        self.keep_end(records)?;
        Ok(none_there(&self.target, &self.name))
    }

    fn keep_end(&self, records: &Records) -> Result<(), String> {
        job::keep_end(records, &self.target, &self.name).map_err(unreadable(&records.directory))
    }

    fn request(&self, job: PresentJob) -> RunRequest {
        let pods = job::taken_up(self.target.clone(), job.name);
        RunRequest {
            plan: job.plan,
            directory: std::env::current_dir().unwrap_or_default(),
            environment: self.environment.variables().to_vec(),
            on_failure: OnFailure::Stop,
            grace: GRACE,
            limits: Limits::default(),
            secrets: self.environment.secrets(),
            finds_problems: false,
            on_terminal: false,
            pods: Some(pods),
            pinned: None,
        }
    }
}

/// The newest run on this machine that has made a Job of a name.
fn maker(records: &Records, name: &str) -> Result<Option<StoredRun>, String> {
    let all = records.list().map_err(unreadable(&records.directory))?;
    let has_made = |kept: &StoredRun| {
        kept.cluster().and_then(|cluster| cluster.job.as_deref()).is_some_and(|job| job.name == name)
    };
    Ok(all.into_iter().find(has_made))
}

impl JobArguments {
    fn target(&self, of_run: Option<&ClusterEntry>, environment: &Environment) -> Result<Target, Problem> {
        let context = self.context.clone().or_else(|| of_run?.context.clone());
        let namespace = self.namespace.clone().or_else(|| Some(of_run?.namespace.clone()));
        if namespace.is_some() {
            return Target::read(environment.variables(), context.as_deref(), namespace.as_deref());
        }
        let file = paths::find_silently(None);
        let directory = file.as_deref().and_then(|file| file.parent()).unwrap_or_else(|| ".".as_ref());
        let settings = KubernetesSettings { context, ..KubernetesSettings::default() };
        let audience = Audience::CommandLine;
        let lookup = ApplicationLookup { directory, environment, name: None, settings: &settings, audience };
        lookup.pinned().map(|pinned| pinned.target)
    }
}
