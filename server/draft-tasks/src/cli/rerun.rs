//! `draft-tasks rerun`: runs again what a run ran, as its record tells, or what failed of it.
//!
//! Must not run a command that has changed since without a word.

use std::fmt::Display;
use std::path::Path;
use std::process::ExitCode;

use clap::Args;
use draft_tasks_analysis::phase::Phase;
use draft_tasks_executor::record::schema::{ClusterEntry, GivenEntry, PlannedTask};
use draft_tasks_executor::record::{Event, RecordState, Records, RunHeader, StoredRun, is_last};
use draft_tasks_executor::{EarlierPod, RunRequest};
use serde::de::{DeserializeOwned, IntoDeserializer};

use super::SemanticOptions;
use super::named::shown_words;
use super::paths::TasksFile;
use super::prepare::PhaseSelection;
use super::run::{self, Options, PlannedRun, carry_out};
use super::variables::UNTOLD;
use super::{runs, signals, terminal};
use crate::again;
use crate::again::earlier::{EarlierRun, TaskEnd, seen};
use crate::reach::{self, WantedPods};
use crate::settings::env_file::EnvFile;
use crate::settings::run::RunSettings;
use crate::source;
use crate::world::env_file;
use crate::world::environment::{Environment, NO_PLACE};
use passed_over::no_phase;

mod job;
mod passed_over;
mod remembered;

#[derive(Debug, Args)]
pub(super) struct RerunArguments {
    /// The run, by the beginning of its name in `draft-tasks runs`, or `last`; without it the newest run of this tasks file in
    /// which a task of a phase ran; where something else failed after it, nothing runs and that is said
    run: Option<String>,
    /// Run only the tasks of that run that did not pass: those that failed or were stopped or skipped; in pods, each task only
    /// in the pods in which it has not passed. `draft-tasks run PHASE --failed` runs all of a phase that has not passed since
    #[arg(long)]
    failed: bool,
    #[command(flatten)]
    options: Options,
}

/// Runs the tasks again; the exit code tells how it went.
pub(super) fn rerun(arguments: &RerunArguments) -> ExitCode {
    signals::begin();
    let RerunArguments { run, failed, options } = arguments;
    carry_out_again(&Again { run: run.as_deref(), phase: None, failed: *failed, options })
}

fn carry_out_again(again: &Again<'_>) -> ExitCode {
    match again.wanted().transpose() {
        Some(wanted) => carry_out(again.options, wanted),
        None => ExitCode::SUCCESS,
    }
}

/// Runs what did not pass in the last run of a phase.
pub(super) fn failed_of(phase: &str, options: &Options) -> ExitCode {
    signals::begin();
    if let Some(phase) = Phase::from_name_in_any_case(phase) {
        return carry_out_again(&Again { run: None, phase: Some(phase), failed: true, options });
    }
    let problem = options
        .prepare()
        .map_or_else(|problem| problem, |prepared| prepared.phase(phase).err().unwrap_or_default());
    carry_out(options, Err(problem))
}

/// What is asked to run again.
struct Again<'a> {
    /// The run that is named.
    run: Option<&'a str>,
    /// Only a run of this phase.
    phase: Option<Phase>,
    /// Only what did not pass.
    failed: bool,
    options: &'a Options,
}

/// A run that ran elsewhere.
struct Elsewhere {
    id: String,
    /// "on this machine", "pods of draft=web · context dev, namespace default".
    place: String,
}

impl Again<'_> {
    /// What is to run; nothing, which is said, where all of it has passed.
    fn wanted(&self) -> Result<Option<PlannedRun>, String> {
        let options = self.options;
        let directory = Environment::of_process().records().ok_or(NO_PLACE)?;
        let records = Records::at(directory);
        let here = self.named_file()?;
        let kept = self.find(&records, here.as_ref().map(|here| here.path.as_path()))?;
        let kept = job::with_end(&records, ended(&records, kept, options.wait)?)?;
        let mut earlier = EarlierRun::read(&kept).ok_or_else(|| no_phase(&kept))?;
        earlier.take_maker(&records)?;
        if !options.dry_run {
            earlier.check_job_is_over(&records)?;
        }
        if self.failed {
            earlier.check_end_of_job()?;
        }
        let settings = options.settings().map_err(|error| error.to_string())?;
        let file = here.unwrap_or_else(|| {
            terminal::remark(format_args!("run {} was of {}", earlier.id, earlier.file));
            TasksFile::named(earlier.file.clone().into())
        });
        let untold = earlier.untold(&settings);
        let settings = earlier.given_again(settings)?;
        let meaning = earlier.meaning(options.meaning)?;
        let mut prepared = options.load(file, settings, meaning)?;
        let policy = options.policy().or(earlier.option("onFailure", &earlier.given.on_failure)?);
        prepared.meet_again(&earlier.given, earlier.cluster.as_ref());
        let phase = prepared.phase(&earlier.phase)?;
        let elsewhere = match self.phase {
            Some(_) => earlier.remember(self.before(&records, &kept)?, &prepared.tasks(phase))?,
            None => None,
        };
        if self.failed && earlier.has_none_left(phase, elsewhere)? {
            return Ok(None);
        }
        untold.map_or(Ok(()), Err)?;
        let (tasks, pods) = if self.failed { earlier.failed(phase)? } else { earlier.all(phase)? };
        earlier.check_present(&tasks, &prepared.tasks(phase))?;
        let lends = earlier.lends(&tasks)?;
        if !lends {
            options.tell_masked(&prepared);
        }
        let chosen = PhaseSelection { tasks: &tasks, pods: &[], policy };
        let mut request = match earlier.job() {
            Some(job) => run::job_request(options, &prepared, (phase, &chosen), job.image.as_deref())?,
            None => prepared.request(phase, &chosen)?,
        };
        if let Some(job) = request.pods.as_mut().and_then(|pods| pods.job.as_mut()) {
            job.earlier_image.clone_from(&earlier.image);
        }
        earlier.tell_changes(&request);
        match request.pods.as_mut() {
            Some(request) if request.job.is_some() => {
                earlier.cluster.iter().try_for_each(|cluster| reach::check_place(cluster, request))?;
            }
            Some(request) => pods.narrow(request)?,
            None => {}
        }
        if lends {
            let id = &earlier.id;
            let had = |error| format!("the task of run {id} had the terminal, and gets it again\n  {error}");
            run::check_loan(options, phase).map_err(had)?;
            request.on_terminal = true;
        }
        let mut planned = PlannedRun::new(options, prepared, (phase, request), None)?;
        planned.keep_policy(policy);
        planned.is_of_phase = self.phase.is_some();
        Ok(Some(planned))
    }

    /// What ran of the same phase and file before a run, the last first.
    fn before(
        &self,
        records: &Records,
        kept: &StoredRun,
    ) -> Result<impl Iterator<Item = EarlierRun> + use<>, String> {
        let all = records.list().map_err(|error| format!("{}: {error}", records.directory.display()))?;
        let before = all.into_iter().skip_while({
            let id = kept.id.clone();
            move |other| other.id != id
        });
        let (file, phase) = (kept.file().map(Path::to_owned), self.phase.map(Phase::name));
        let is_of = move |other: &StoredRun| file.as_ref().is_some_and(|file| source::is_of(other, file));
        let before = before.skip(1).filter(is_of).filter_map(|other| EarlierRun::read(&other));
        Ok(before.filter(move |earlier| phase == Some(earlier.phase.as_str()) && earlier.may_have_run()))
    }

    /// The tasks file that is meant; nothing where a run is named by itself where there is none, as its record tells.
    fn named_file(&self) -> Result<Option<TasksFile>, String> {
        match self.options.find_file() {
            Err(_) if self.options.file.file.is_none() && self.run.is_some_and(|it| !is_last(it)) => Ok(None),
            Err(problem) => Err(format!(
                "{problem}\n  `draft-tasks runs --all` lists the runs of all tasks files, which `rerun` takes by name"
            )),
            found => found.map(Some),
        }
    }

    /// The run that is named; without a name the last of the file.
    fn find(&self, records: &Records, file: Option<&Path>) -> Result<StoredRun, String> {
        let (id, file) = match (self.run, file) {
            (None, Some(file)) => return self.newest(records, file),
            (id, file) => (id.unwrap_or_default(), file),
        };
        let found = runs::find(records, id, file)
            .map_err(|error| format!("{}: {error}", records.directory.display()))?;
        let kept = found
            .ok_or_else(|| format!("there is no run `{id}`; `draft-tasks runs` lists those that are kept"))?;
        let earlier = EarlierRun::read(&kept).ok_or_else(|| no_phase(&kept))?;
        if file.is_some_and(|file| !source::is_of(&kept, file)) {
            return Err(format!("run {} was of {}: give it by --file", kept.id, earlier.file));
        }
        Ok(kept)
    }

    /// The last run of a phase of the file in which tasks ran, or that may still run some where its end is awaited.
    fn newest(&self, records: &Records, file: &Path) -> Result<StoredRun, String> {
        let Again { phase, options, .. } = self;
        let all = records.list().map_err(|error| format!("{}: {error}", records.directory.display()))?;
        let of_file = all.into_iter().filter(|kept| source::is_of(kept, file));
        let found = again::last(of_file, *phase, |kept| seen(kept, options.wait));
        let found = found.map_err(|hindrance| passed_over::describe(&hindrance))?;
        let of_phase = phase.map(|phase| format!("`{phase}` of ")).unwrap_or_default();
        found.ok_or_else(|| {
            let file = file.display();
            format!("no run of {of_phase}{file} is recorded\n  `draft-tasks run PHASE` runs a phase, and `draft-tasks runs --all` lists all that is recorded")
        })
    }
}

/// The record at the end of its run, which may be awaited.
fn ended(records: &Records, kept: StoredRun, waits: bool) -> Result<StoredRun, String> {
    if kept.state != RecordState::Running {
        return Ok(kept);
    }
    let process = match &kept.began {
        Some(Event::RunStarted { pid, .. }) => Some(*pid),
        _ => None,
    };
    let said = format!("run {} is still running", kept.id);
    if !waits {
        return Err(format!("{said}: stop it, or wait for its end with --wait"));
    }
    let fails = |why: &dyn Display| format!("{said}\n  it cannot be awaited: {why}");
    if Environment::of_process().is_task_of(process) {
        return Err(fails(&"this is one of its tasks"));
    }
    terminal::remark(format_args!("waiting: {said}"));
    let over = kept.wait().and_then(|()| records.find(&kept.id)).map_err(|error| fails(&error))?;
    let over = over.ok_or_else(|| format!("run {} is over, and its record is gone", kept.id))?;
    if over.state == RecordState::Running { Err(fails(&"its record is not locked")) } else { Ok(over) }
}

impl EarlierRun {
    /// Whether it ran once, and not in each of an application's pods.
    fn is_single(&self, phase: Phase) -> bool {
        phase.is_local() || self.job().is_some()
    }

    /// Whether the only task that is to run again had the terminal.
    ///
    /// # Errors
    ///
    /// Where others are to run with it.
    fn lends(&self, tasks: &[String]) -> Result<bool, String> {
        let Some(lent) = tasks.iter().find(|task| self.lent.contains(task)) else { return Ok(false) };
        if tasks.len() == 1 {
            return Ok(true);
        }
        let (phase, words) = (&self.phase, shown_words([lent.as_str()]));
        Err(format!(
            "task `{lent}` had the terminal, which is lent to one task alone, and others are left\n  \
             `draft-tasks run {phase} --tty{words}` runs it, then `draft-tasks run {phase} --failed` the others"
        ))
    }

    /// Where it ran.
    fn place(&self) -> String {
        self.cluster.as_ref().map_or_else(|| "on this machine".to_owned(), ClusterEntry::describe)
    }

    fn name(&self, task: usize) -> String {
        self.tasks.get(task).map(|task| task.name.clone()).unwrap_or_default()
    }

    /// Which variables have to be given again before anything runs, since no record keeps their values.
    fn untold(&self, now: &RunSettings) -> Option<String> {
        let is_missing = |name: &&String| !now.env.contains_key(*name);
        let missing = self.given.env.iter().filter(is_missing);
        let missing: Vec<String> = missing.map(|name| format!("--env {name}={UNTOLD}")).collect();
        let (id, names) = (&self.id, missing.join(" "));
        let said =
            || format!("run {id} had {names}, of which the record has the names alone: give them again");
        (!missing.is_empty()).then(said)
    }

    /// The variables of the run, files read now, with those that are given now before them.
    ///
    /// # Errors
    ///
    /// What has to be given again, since no record keeps it.
    fn given_again(&self, now: RunSettings) -> Result<RunSettings, String> {
        let GivenEntry { env_files, secrets, public, timeout, total_timeout, .. } = &self.given;
        let id = &self.id;
        let mut files = now.env_files;
        if files.is_empty() {
            if let Some(what) = env_files.iter().find_map(|path| env_file::passing(path)) {
                return Err(format!("run {id} read variables from {what}: give --env-file again"));
            }
            files = env_files.iter().map(|path| EnvFile { path: path.clone(), may_wait: true }).collect();
        }
        let secrets = [secrets.clone(), now.secrets].concat();
        let public = [public.clone(), now.public].concat();
        let timeout = now.timeout.or(self.option("timeout", timeout)?);
        let total_timeout = now.total_timeout.or(self.option("totalTimeout", total_timeout)?);
        Ok(RunSettings { env_files: files, secrets, public, timeout, total_timeout, ..now })
    }

    /// What its commands meant, where no option says it now.
    fn meaning(&self, now: SemanticOptions) -> Result<SemanticOptions, String> {
        let GivenEntry { semantics, draft_version, .. } = &self.given;
        Ok(SemanticOptions {
            semantics: now.semantics.or(self.option("semantics", semantics)?),
            draft_version: now.draft_version.or(self.option("draftVersion", draft_version)?),
        })
    }

    /// Reads an option that a record keeps as people write it.
    ///
    /// # Errors
    ///
    /// Where another version of this program wrote it: without it something else would run.
    fn option<T: DeserializeOwned>(&self, name: &str, kept: &Option<String>) -> Result<Option<T>, String> {
        let Some(kept) = kept else { return Ok(None) };
        let read = T::deserialize(kept.as_str().into_deserializer());
        read.map(Some).map_err(|error: serde::de::value::Error| {
            format!("run {} had an option `{name}` that is not known here: {error}", self.id)
        })
    }

    /// All that ran, and where.
    fn all(&self, phase: Phase) -> Result<(Vec<String>, WantedPods), String> {
        let tasks: Vec<String> = self.tasks.iter().map(|task| task.name.clone()).collect();
        if self.is_single(phase) {
            return Ok((tasks, WantedPods::Present(Vec::new())));
        }
        let of_task = |task: usize| (self.name(task), self.pods_of(task));
        Ok((tasks, self.wanted(reach::by_pod((0..self.tasks.len()).map(of_task)))?))
    }

    /// Whether all of it has passed, with a word.
    ///
    /// # Errors
    ///
    /// Where something of it has not, elsewhere.
    fn has_none_left(&self, phase: Phase, elsewhere: Option<Elsewhere>) -> Result<bool, String> {
        let mut all = 0..self.tasks.len();
        let is_left = if self.is_single(phase) {
            all.any(|task| self.ends.get(&(task, None)) != Some(&TaskEnd::Passed))
        } else {
            all.any(|task| !self.left(task).is_empty())
                || self.ends.values().any(|end| *end == TaskEnd::PodGone)
        };
        if is_left {
            return Ok(false);
        }
        let said = format!("run {}: all of its tasks passed, and none is left from before it", self.id);
        match elsewhere {
            None => {
                terminal::remark(format_args!("nothing runs: {said}"));
                Ok(true)
            }
            Some(Elsewhere { id, place }) => Err(format!(
                "{said} in its place\n  run {id} before it has tasks that have not passed: {place}; \
                 `draft-tasks rerun {id} --failed` runs those"
            )),
        }
    }

    /// What has not passed, and where.
    fn failed(&self, phase: Phase) -> Result<(Vec<String>, WantedPods), String> {
        let all = 0..self.tasks.len();
        if self.is_single(phase) {
            let left = all.filter(|task| self.ends.get(&(*task, None)) != Some(&TaskEnd::Passed));
            let left: Vec<String> = left.map(|task| self.name(task)).collect();
            return Ok((left, WantedPods::Present(Vec::new())));
        }
        let of_tasks: Vec<_> = all.map(|task| (self.name(task), self.left(task))).collect();
        let tasks =
            of_tasks.iter().filter(|(_, pods)| !pods.is_empty()).map(|(task, _)| task.clone()).collect();
        Ok((tasks, self.wanted(reach::by_pod(of_tasks))?))
    }

    fn wanted(&self, pods: Vec<EarlierPod>) -> Result<WantedPods, String> {
        let (id, phase) = (&self.id, &self.phase);
        if self.pods.iter().any(|pod| pod.uid.is_empty()) {
            return Err(format!(
                "the record of run {id} does not tell the identities of its pods: run {phase}, in some pods by --pod"
            ));
        }
        let is_any = !pods.is_empty();
        match self.with_place(pods) {
            Some(earlier) if is_any => Ok(WantedPods::Earlier(earlier)),
            _ if self.pods.is_empty() => Err(format!("run {id} reached no pod: run {phase}")),
            _ => Err(reach::all_gone(phase)),
        }
    }

    /// What is no longer in the file cannot run again.
    fn check_present(&self, tasks: &[String], present: &[String]) -> Result<(), String> {
        let Some(missing) = tasks.iter().find(|task| !present.contains(task)) else { return Ok(()) };
        let (id, phase) = (&self.id, &self.phase);
        let present: Vec<_> = present.iter().map(|task| format!("`{task}`")).collect();
        let there = match present.as_slice() {
            [] => "has no tasks now".to_owned(),
            present => format!("has {} now: run those by `draft-tasks run {phase}`", present.join(", ")),
        };
        Err(format!("task `{missing}` of run {id} is no longer in the file\n  `{phase}` {there}"))
    }

    /// Says which commands are not those that ran. Both are compared with secrets masked.
    fn tell_changes(&self, request: &RunRequest) {
        let now = RunHeader::of(request, String::new(), Path::new(""));
        let is_new = |task: &&PlannedTask| !self.tasks.iter().any(|of| of.is_same_command(task));
        let changed = now.tasks().iter().filter(is_new).map(|it| it.name.as_str());
        if let Some(said) = reach::describe_changed(&changed.collect::<Vec<_>>()) {
            terminal::remark(format_args!("{said}"));
        }
    }
}
