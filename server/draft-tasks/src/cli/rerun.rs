//! `draft-tasks rerun`: runs again what a run ran, as its record tells, or what failed of it.
//!
//! Must not run a command that has changed since without a word.

use std::collections::HashMap;
use std::fmt::Display;
use std::path::Path;
use std::process::ExitCode;

use clap::Args;
use draft_tasks_analysis::phase::Phase;
use draft_tasks_analysis::plan::Subject;
use draft_tasks_executor::record::schema::{ClusterEntry, FailureKind, GivenEntry, PlannedTask, PodEntry};
use draft_tasks_executor::record::{Event, RecordState, Records, RunHeader, StoredRun, is_last};
use draft_tasks_executor::{EarlierPod, OutcomeName, RunRequest};

use super::paths::TasksFile;
use super::prepare::PhaseSelection;
use super::run::{self, Options, PlannedRun, carry_out};
use super::{runs, signals, terminal};
use crate::reach::{self, EarlierPods, WantedPods};
use crate::settings::env_file::EnvFile;
use crate::settings::run::RunSettings;
use crate::source;
use crate::world::environment::{Environment, NO_PLACE};

#[derive(Debug, Args)]
pub(super) struct RerunArguments {
    /// The run: its name in `draft-tasks runs`, the beginning of that name, or `last`. Without it, the newest run of this
    /// tasks file in which a task of a phase ran
    run: Option<String>,
    /// Run only the tasks that did not pass: those that failed or were stopped or skipped; in pods, each task only in the pods
    /// in which it has not passed. `draft-tasks run PHASE --failed` does it with the last run of that phase
    #[arg(long)]
    failed: bool,
    #[command(flatten)]
    options: Options,
}

/// Runs the tasks again; the exit code tells how it went.
pub(super) fn rerun(arguments: &RerunArguments) -> ExitCode {
    signals::begin();
    let RerunArguments { run, failed, options } = arguments;
    carry_out(options, Again { run: run.as_deref(), phase: None, failed: *failed, options }.wanted())
}

/// Runs what did not pass in the last run of a phase.
pub(super) fn failed_of(phase: &str, options: &Options) -> ExitCode {
    signals::begin();
    let wanted = match Phase::from_name_in_any_case(phase) {
        Some(phase) => Again { run: None, phase: Some(phase), failed: true, options }.wanted(),
        None => Err(options
            .prepare()
            .map_or_else(|problem| problem, |prepared| prepared.phase(phase).err().unwrap_or_default())),
    };
    carry_out(options, wanted)
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

/// What a record tells of a run of a phase.
struct Earlier {
    id: String,
    phase: String,
    file: String,
    tasks: Vec<PlannedTask>,
    cluster: Option<ClusterEntry>,
    given: GivenEntry,
    pods: Vec<PodEntry>,
    /// What became of each task that began or ended, by its index and that of its pod.
    ends: HashMap<(usize, Option<usize>), End>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Passed,
    /// It did not begin.
    Skipped,
    /// Its pod was deleted.
    PodGone,
    /// It failed or was stopped, or nobody saw its end.
    Unfinished,
}

impl Again<'_> {
    fn wanted(&self) -> Result<PlannedRun, String> {
        let options = self.options;
        let directory = Environment::of_process().records().ok_or(NO_PLACE)?;
        let records = Records::at(directory);
        let here = self.named_file()?;
        let kept = self.find(&records, here.as_ref().map(|here| here.path.as_path()))?;
        let kept = ended(&records, kept, options.wait)?;
        let earlier = Earlier::read(&kept).ok_or_else(|| no_phase(&kept))?;
        let settings = options.settings().map_err(|error| error.to_string())?;
        let file = here.unwrap_or_else(|| {
            terminal::remark(format_args!("run {} was of {}", earlier.id, earlier.file));
            TasksFile::named(earlier.file.clone().into())
        });
        let settings = earlier.given_again(settings)?;
        let mut prepared = if earlier.given.tty {
            options.load(file, settings)?
        } else {
            options.prepare_with(file, settings)?
        };
        prepared.meet_again(&earlier.given, earlier.cluster.as_ref());
        let phase = prepared.phase(&earlier.phase)?;
        let (tasks, pods) = if self.failed { earlier.failed(phase)? } else { earlier.all(phase)? };
        earlier.check_present(&tasks, &prepared.tasks(phase))?;
        let chosen = PhaseSelection { tasks: &tasks, pods: &[], policy: options.policy() };
        let mut request = prepared.request(phase, &chosen)?;
        earlier.tell_changes(&request);
        if let Some(request) = &mut request.pods {
            pods.narrow(request)?;
            request.once.extend(earlier.tasks.iter().filter(|task| task.once).map(|task| task.name.clone()));
        }
        if earlier.given.tty {
            let id = &earlier.id;
            let had = |error| format!("the task of run {id} had the terminal, and gets it again\n  {error}");
            run::check_loan(options, phase).map_err(had)?;
            request.on_terminal = true;
        }
        PlannedRun::new(options, prepared, (phase, request), None)
    }

    /// The tasks file that is meant; nothing where a run is named by itself where there is none, as its record tells.
    fn named_file(&self) -> Result<Option<TasksFile>, String> {
        match self.options.find_file() {
            Err(_) if self.options.file.file.is_none() && self.run.is_some_and(|it| !is_last(it)) => Ok(None),
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
        let earlier = Earlier::read(&kept).ok_or_else(|| no_phase(&kept))?;
        if file.is_some_and(|file| !source::is_of(&kept, file)) {
            return Err(format!("run {} was of {}: give it by --file", kept.id, earlier.file));
        }
        Ok(kept)
    }

    /// The last run of a phase of the file in which tasks ran, or that may still run some where its end is awaited. Where
    /// the command of `up` or `delete` failed after it, that is what failed.
    fn newest(&self, records: &Records, file: &Path) -> Result<StoredRun, String> {
        let Again { phase, failed, options, .. } = self;
        let all = records.list().map_err(|error| format!("{}: {error}", records.directory.display()))?;
        let mut of_file = all.into_iter().filter(|kept| source::is_of(kept, file)).peekable();
        if let Some(said) = of_file.peek().and_then(failed_step).filter(|_| *failed && phase.is_none()) {
            return Err(said);
        }
        let is_meant = |earlier: &Earlier| phase.is_none_or(|phase| earlier.phase == phase.name());
        let found = of_file.find(|kept| {
            let runs = options.wait && kept.state == RecordState::Running;
            Earlier::read(kept).is_some_and(|earlier| is_meant(&earlier) && (runs || earlier.has_run()))
        });
        let of_phase = phase.map(|phase| format!("`{phase}` of ")).unwrap_or_default();
        found.ok_or_else(|| format!("no run of {of_phase}{} is recorded", file.display()))
    }
}

/// What to do about a run between phases that failed.
fn failed_step(kept: &StoredRun) -> Option<String> {
    let result = kept.result().filter(|result| result.outcome == OutcomeName::Failed)?;
    let is = |one: Subject, other: Subject| [one, other].iter().any(|step| step.name() == result.phase);
    let part = if is(Subject::Deploy, Subject::PodsReady) {
        "up"
    } else if is(Subject::Delete, Subject::PodsGone) {
        "delete"
    } else {
        return None;
    };
    Some(format!(
        "run {}: what failed last is the step `{}` of `draft-tasks {part}`, which does not run again alone: give that command again",
        kept.id, result.phase
    ))
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

/// Why a run of no phase does not run again, and what does.
fn no_phase(kept: &StoredRun) -> String {
    let id = &kept.id;
    match &kept.began {
        Some(Event::RunStarted { phase, .. }) => format!(
            "run {id} is the step `{phase}` of `draft-tasks up` or `delete`, which does not run again alone: give that command again, or the run of a phase"
        ),
        _ => {
            format!("the record of run {id} does not tell what it ran: `draft-tasks run PHASE` runs a phase")
        }
    }
}

impl Earlier {
    /// Reads a record; nothing where it is of no phase.
    fn read(kept: &StoredRun) -> Option<Earlier> {
        let mut events = kept.events().ok()?;
        let Some(Event::RunStarted { id, phase, file, tasks, cluster, given, .. }) = events.next() else {
            return None;
        };
        Phase::ALL.iter().find(|of| of.name() == phase)?;
        let (pods, ends) = (Vec::new(), HashMap::new());
        let mut earlier = Earlier { id, phase, file, tasks, cluster, given: *given, pods, ends };
        events.for_each(|event| earlier.take(event));
        Some(earlier)
    }

    fn take(&mut self, event: Event) {
        match event {
            Event::PodsFound { pods, .. } => self.pods = pods,
            Event::TaskStarted { task, pod, .. } => drop(self.ends.insert((task, pod), End::Unfinished)),
            Event::TaskFinished { task, pod, outcome, failure, .. } => {
                let is_gone = failure.is_some_and(|failure| failure.kind == FailureKind::PodGone);
                let end = match outcome {
                    OutcomeName::Passed => End::Passed,
                    OutcomeName::Skipped => End::Skipped,
                    _ if is_gone => End::PodGone,
                    _ => End::Unfinished,
                };
                self.ends.insert((task, pod), end);
            }
            _ => {}
        }
    }

    fn has_run(&self) -> bool {
        self.ends.values().any(|end| *end != End::Skipped)
    }

    fn name(&self, task: usize) -> String {
        self.tasks.get(task).map(|task| task.name.clone()).unwrap_or_default()
    }

    /// The variables of the run, files read now, with those that are given now before them.
    ///
    /// # Errors
    ///
    /// What has to be given again, since no record keeps it.
    fn given_again(&self, now: RunSettings) -> Result<RunSettings, String> {
        let GivenEntry { env_files, env, secrets, public, .. } = &self.given;
        let id = &self.id;
        let is_missing = |name: &&String| !now.env.contains_key(*name);
        let missing: Vec<String> =
            env.iter().filter(is_missing).map(|name| format!("--env {name}=…")).collect();
        if !missing.is_empty() {
            let missing = missing.join(" ");
            return Err(format!("run {id} had {missing}, whose values no record keeps: give them again"));
        }
        let mut files = now.env_files;
        if files.is_empty() {
            if env_files.iter().any(|path| path.as_os_str() == "-") {
                return Err(format!("run {id} read variables from standard input: give --env-file again"));
            }
            files = env_files.iter().map(|path| EnvFile { path: path.clone(), may_wait: true }).collect();
        }
        let secrets = [secrets.clone(), now.secrets].concat();
        let public = [public.clone(), now.public].concat();
        Ok(RunSettings { env_files: files, secrets, public, ..now })
    }

    /// All that ran, and where.
    fn all(&self, phase: Phase) -> Result<(Vec<String>, WantedPods), String> {
        let tasks: Vec<String> = self.tasks.iter().map(|task| task.name.clone()).collect();
        if phase.is_local() {
            return Ok((tasks, WantedPods::Present(Vec::new())));
        }
        let of_task = |task: usize| {
            let pods = self.pods.iter().filter(move |pod| pod.tasks.contains(&task));
            (self.name(task), pods.map(earlier_pod).collect())
        };
        Ok((tasks, self.wanted(reach::by_pod((0..self.tasks.len()).map(of_task)))?))
    }

    /// What has not passed, and where.
    fn failed(&self, phase: Phase) -> Result<(Vec<String>, WantedPods), String> {
        let all = 0..self.tasks.len();
        if phase.is_local() {
            let left = all.filter(|task| self.ends.get(&(*task, None)) != Some(&End::Passed));
            let left: Vec<String> = left.map(|task| self.name(task)).collect();
            self.check_any(!left.is_empty())?;
            return Ok((left, WantedPods::Present(Vec::new())));
        }
        let of_tasks: Vec<_> = all.map(|task| (self.name(task), self.left(task))).collect();
        let are_left = of_tasks.iter().any(|(_, pods)| !pods.is_empty());
        self.check_any(are_left || self.ends.values().any(|end| *end == End::PodGone))?;
        let tasks =
            of_tasks.iter().filter(|(_, pods)| !pods.is_empty()).map(|(task, _)| task.clone()).collect();
        Ok((tasks, self.wanted(reach::by_pod(of_tasks))?))
    }

    fn check_any(&self, any: bool) -> Result<(), String> {
        if any { Ok(()) } else { Err(format!("run {}: all of its tasks passed", self.id)) }
    }

    /// The pods in which a task has not passed and that are not known to be gone; of one that runs once, also that one:
    /// what comes after it must not run without it.
    fn left(&self, task: usize) -> Vec<EarlierPod> {
        let is_once = self.tasks[task].once;
        let pods = self.pods.iter().enumerate().filter(|(index, pod)| {
            let is_over = match self.ends.get(&(task, Some(*index))) {
                Some(End::Passed) => true,
                Some(End::PodGone) => !is_once,
                _ => false,
            };
            pod.tasks.contains(&task) && !is_over
        });
        pods.map(|(_, pod)| earlier_pod(pod)).collect()
    }

    fn wanted(&self, pods: Vec<EarlierPod>) -> Result<WantedPods, String> {
        let (id, phase) = (&self.id, &self.phase);
        if self.pods.iter().any(|pod| pod.uid.is_empty()) {
            return Err(format!(
                "the record of run {id} does not tell the identities of its pods: run {phase}, in some pods by --pod"
            ));
        }
        match &self.cluster {
            Some(cluster) if !pods.is_empty() => {
                Ok(WantedPods::Earlier(EarlierPods { cluster: cluster.clone(), pods }))
            }
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

fn earlier_pod(pod: &PodEntry) -> EarlierPod {
    let PodEntry { name, uid, container, .. } = pod.clone();
    EarlierPod { name, uid, container, tasks: Vec::new() }
}
