//! `draft-tasks runs attach` and `runs stop`: a Job that a run has made, from wherever its cluster is reached.
//!
//! Must not end a Job that nobody named, and needs neither the tasks file nor the record of the run.

use std::path::Path;
use std::process::ExitCode;

use clap::Args;
use draft_tasks_analysis::printable::printable;
use draft_tasks_executor::cluster::Target;
use draft_tasks_executor::job::{JobRest, PresentJob, delete, find, none_there, rest};
use draft_tasks_executor::record::schema::{ClusterEntry, GivenEntry};
use draft_tasks_executor::record::{Event, Records, StoredRun};
use draft_tasks_executor::stop::GRACE;
use draft_tasks_executor::{Limits, OnFailure, Problem, RunRequest};

use super::{Format, RunsArguments, unreadable};
use crate::cli::cluster::given_name;
use crate::cli::execute::{self, Presentation, execute, serve};
use crate::cli::prepare::block_on;
use crate::cli::report::Amount;
use crate::cli::run::cannot_run;
use crate::cli::terminal::{self, Paint};
use crate::cli::{FOUND, paths, signals};
use crate::job;
use crate::settings::audience::Audience;
use crate::settings::env_file::EnvFile;
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
    #[arg(long, value_name = "NAME", value_parser = given_name)]
    context: Option<String>,
    /// The namespace; without it that of the run, else that of the application in this directory, else the context's
    #[arg(long, short, value_name = "NAME", value_parser = given_name)]
    namespace: Option<String>,
}

/// A Job, and what this machine knows of it.
struct Meant {
    name: String,
    target: Target,
    environment: Environment,
    /// The run that made it, where that was on this machine.
    made_by: Option<StoredRun>,
    /// What of its output is masked, for people.
    masked: String,
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
    let mut meant = Meant::of(arguments, records, wanted)?;
    let job = match meant.find(records)? {
        Ok(job) => job,
        Err(problem) => return Ok(told(&problem)),
    };
    for step in &job.plan.steps {
        meant.environment = meant.environment.hiding_in(&step.argv);
    }
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
    terminal::remark(format_args!("{}", meant.masked));
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
    let job = match meant.find(records)? {
        Ok(job) => job,
        Err(problem) => return Ok(told(&problem)),
    };
    let done = delete(&meant.target, meant.environment.variables(), &job);
    if let Err(problem) = block_on(terminal::said_if_slow(Some(&meant.target), false, done))? {
        return Ok(told(&problem));
    }
    terminal::remark(format_args!("Job {} is deleted, and its pod is asked to end", meant.name));
    meant.keep_end_if_over(records)?;
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
        if made_by.is_none() {
            wanted.check_unrecorded(&name)?;
        }
        let Masking { environment, said: masked } = Masking::of(maker(records, &name)?.as_ref());
        let target = wanted.target(cluster, &environment).map_err(|problem| problem.describe())?;
        Ok(Meant { name, target, environment, made_by, masked })
    }

    /// The Job as the cluster has it; where there is none, records keep that once nothing of it runs.
    fn find(&self, records: &Records) -> Result<Result<PresentJob, Problem>, String> {
        let asking = find(&self.target, self.environment.variables(), &self.name);
        match block_on(terminal::said_if_slow(Some(&self.target), false, asking))? {
            Ok(Some(job)) => Ok(Ok(job)),
            Ok(None) => {
                self.keep_end_if_over(records)?;
                Ok(Err(none_there(&self.target, &self.name)))
            }
            Err(problem) => Ok(Err(problem)),
        }
    }

    /// Keeps that it is over or gone, where nothing of it runs any more.
    fn keep_end_if_over(&self, records: &Records) -> Result<(), String> {
        let asking = rest(&self.target, self.environment.variables(), &self.name);
        if block_on(asking)? != Ok(JobRest::Nothing) {
            return Ok(());
        }
        job::keep_end(records, &self.target, &self.name).map_err(unreadable(&records.directory))
    }

    fn request(&self, job: PresentJob) -> RunRequest {
        let pods = job::taken_up(self.target.clone(), job.name, &self.environment);
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

/// The newest run on this machine that has made a Job of a name, or took it up.
fn maker(records: &Records, name: &str) -> Result<Option<StoredRun>, String> {
    let of_job = records.of_job(name).map_err(unreadable(&records.directory))?;
    let has_made = |run: &&StoredRun| run.job().is_some_and(|job| !job.attached);
    Ok(of_job.iter().find(has_made).or(of_job.first()).cloned())
}

/// What the names of Jobs begin with that a run makes.
const OWN: &str = "draft-tasks-";

/// Whether a cluster can have an object of this name.
fn may_be_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.'))
}

/// The environment by which the output of a Job is masked.
struct Masking {
    environment: Environment,
    /// What of it is, for people.
    said: String,
}

impl Masking {
    /// That of the run which made it, as far as it can be had again, else that of this program.
    fn of(made_by: Option<&StoredRun>) -> Masking {
        let own = Environment::of_process();
        let Some((Event::RunStarted { given, .. }, file)) =
            made_by.and_then(|run| Some((run.began.as_ref()?, run.file()?)))
        else {
            return Masking { environment: own, said: job::MASKED.to_owned() };
        };
        let files = given.env_files.iter().filter(|path| path.as_os_str() != "-");
        let settings = RunSettings {
            env_files: files.map(|path| EnvFile { path: path.clone(), may_wait: false }).collect(),
            secrets: given.secrets.clone(),
            public: given.public.clone(),
            ..RunSettings::default()
        };
        let mut unknown: Vec<String> = given.env.iter().map(|name| format!("--env {name}")).collect();
        unknown
            .extend((given.env_files.len() > settings.env_files.len()).then(|| "standard input".to_owned()));
        let directory = file.parent().unwrap_or(Path::new(""));
        let environment = own.with(&settings, directory).unwrap_or_else(|problem| {
            unknown.push(problem);
            let settings = RunSettings { env_files: Vec::new(), ..settings };
            own.with(&settings, directory).unwrap_or(own)
        });
        let unknown = match unknown.join(", ") {
            none if none.is_empty() => none,
            unknown => format!("; not known here, and not masked, is what the run had of {unknown}"),
        };
        let said = format!(
            "masked are the secrets of this environment and of the files that the run was given, and tokens of known kinds{unknown}"
        );
        Masking { environment, said }
    }
}

impl JobArguments {
    /// Whether a name that no record has is meant as that of a Job: what is mistyped must reach no cluster.
    fn check_unrecorded(&self, name: &str) -> Result<(), String> {
        let shown = printable(name);
        let listed = "`draft-tasks runs` lists the runs that are kept";
        if !may_be_name(name) {
            return Err(format!("`{shown}` is no name of a Job or run; {listed}"));
        }
        let is_named = self.context.is_some() || self.namespace.is_some();
        if is_named || name.starts_with(OWN) {
            return Ok(());
        }
        Err(format!(
            "there is no run `{shown}`; {listed}\n  for a Job of this name, say where it is by --context or --namespace"
        ))
    }

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
