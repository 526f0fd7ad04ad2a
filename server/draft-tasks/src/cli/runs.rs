//! `draft-tasks runs`: lists, shows and removes the records of runs.
//!
//! Must not touch the record of a run that goes on.

use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};
use draft_tasks_analysis::phase::Phase;
use draft_tasks_analysis::plan::Subject;
use draft_tasks_analysis::printable::printable;
use draft_tasks_executor::describe_duration;
use draft_tasks_executor::record::schema::ProcessEntry;
use draft_tasks_executor::record::{Event, RecordState, Records, StoredRun, is_last};
use serde_json::{Value, json};

use self::job::JobArguments;
use self::remove::Removal;
pub(super) use self::table::beginning;
use self::transcript::Transcript;
use super::named::{NamedTasks, shown_words};
use super::terminal::{self, Paint};
use super::{ColorOptions, UNUSABLE, paths};
use crate::interrupted;
use crate::settings;
use crate::source;
use crate::world::environment::{Environment, NO_PLACE};

mod job;
mod remove;
mod table;
mod transcript;

#[derive(Debug, Args)]
pub(super) struct RunsArguments {
    #[command(subcommand)]
    command: Option<Command>,
    /// The tasks file whose runs are meant, or the directory that has it; without it the one of this directory, else the
    /// nearest above it, up to the root of the Git repository; without any, those of all are shown
    #[arg(long, value_name = "PATH", global = true)]
    file: Option<PathBuf>,
    /// The runs of all tasks files
    #[arg(long, global = true, conflicts_with = "file")]
    all: bool,
    /// Only runs that did not pass
    #[arg(long, global = true)]
    failed: bool,
    /// Only runs of this phase; or of `deploy`, `delete`, `pods-ready` or `pods-gone`, the steps between phases
    #[arg(long, value_name = "PHASE", global = true, value_parser = phase)]
    phase: Option<String>,
    /// How it is written
    #[arg(long, value_enum, default_value_t, global = true)]
    format: Format,
    #[command(flatten)]
    look: ColorOptions,
}

#[derive(Clone, Debug, Subcommand)]
enum Command {
    /// List the runs that are kept, newest first
    List,
    /// Show the tasks of a run, what they wrote, how they ended
    Show {
        /// The run, by the beginning of its name; without it the last one
        #[arg(default_value = "last")]
        id: String,
        /// Only these of its tasks: by description, by a pattern such as `build*`, or on a terminal by how one begins
        #[arg(value_name = "TASK")]
        tasks: Vec<String>,
    },
    /// Show what a Job of `run --as job` writes, from its beginning, and how it ends; Ctrl-C leaves it as it is
    Attach(JobArguments),
    /// End a Job of `run --as job` that goes on, or remove one that is over
    Stop(JobArguments),
    /// Remove records, except of runs that go on
    Rm {
        /// The runs, by the beginnings of their names, or `last`; without them options say which: --older-than, --failed and
        /// --phase of this tasks file or that of --file, or with --all of every one
        ids: Vec<String>,
        /// All that are older, such as 12h, 7d, 2weeks
        #[arg(long, value_name = "TIME", conflicts_with = "ids", value_parser = age)]
        older_than: Option<Duration>,
        /// Do not ask before records of all tasks files are removed
        #[arg(long, short)]
        yes: bool,
    },
    /// Write the folder of a run's record
    Path {
        /// The run, by the beginning of its name; without it the last one
        #[arg(default_value = "last")]
        id: String,
    },
}

/// Reads the name of a phase, or of a step between phases.
fn phase(name: &str) -> Result<String, String> {
    let is_one = phases().any(|known| known.eq_ignore_ascii_case(name));
    match settings::nearest(name, &phases().map(str::to_owned).collect::<Vec<_>>()) {
        _ if is_one => Ok(name.to_owned()),
        Some(near) => Err(format!("did you mean `{near}`?")),
        None => Err(format!("expected one of {}", phases().collect::<Vec<_>>().join(", "))),
    }
}

/// Reads an age. What is removed is gone: a number alone may be of days as well as of seconds.
fn age(text: &str) -> Result<Duration, String> {
    let text = text.trim();
    if text.parse::<f64>().is_ok() {
        return Err(format!(
            "its unit is missing: write {text}d for days, {text}h for hours or {text}m for minutes"
        ));
    }
    humantime::parse_duration(text)
        .map_err(|_| "expected a number with its unit, such as 12h, 7d or 2weeks".into())
}

/// What a run can be of.
pub(super) fn phases() -> impl Iterator<Item = &'static str> {
    let steps = [Subject::Deploy, Subject::Delete, Subject::PodsReady, Subject::PodsGone];
    Phase::ALL.into_iter().map(Subject::from).chain(steps).map(Subject::name)
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    /// for people
    #[default]
    Human,
    /// for programs: one JSON document; `show` writes the events, and `rm` the runs that it removed, each as a line of JSON
    Json,
}

/// Does what the arguments say.
pub(super) fn runs(arguments: &RunsArguments) -> ExitCode {
    let environment = Environment::of_process();
    environment.why_not_state().iter().for_each(|said| terminal::warning(format_args!("{said}")));
    let Some(directory) = environment.records() else {
        terminal::error(format_args!("{NO_PLACE}"));
        return UNUSABLE.into();
    };
    let records = Records::at(directory);
    let mut code = ExitCode::SUCCESS;
    let done = match &arguments.command {
        None | Some(Command::List) => list(arguments, &records),
        Some(Command::Show { id, tasks }) => arguments.show(&records, id, tasks),
        Some(Command::Rm { ids, older_than, yes }) => {
            let removal = Removal { arguments, records: &records, older_than: *older_than, yes: *yes };
            removal.remove(ids).map(|removed| code = removed)
        }
        Some(Command::Attach(job)) => job::attach(arguments, &records, job).map(|ended| code = ended),
        Some(Command::Stop(job)) => job::stop(arguments, &records, job).map(|ended| code = ended),
        Some(Command::Path { id }) => {
            arguments.with(&records, id, |kept| terminal::written(arguments.tell_path(kept)))
        }
    };
    match done {
        Ok(()) => code,
        Err(problem) => {
            terminal::error(format_args!("{problem}"));
            UNUSABLE.into()
        }
    }
}

/// Says where a record cannot be read.
fn unreadable(folder: &Path) -> impl Fn(io::Error) -> String {
    move |error| format!("{}: {error}", folder.display())
}

/// The record of this name or beginning of a name; `last` is the newest one of a tasks file, else of all.
///
/// # Errors
///
/// As [`Records::find`].
pub(super) fn find(records: &Records, id: &str, file: Option<&Path>) -> io::Result<Option<StoredRun>> {
    match file {
        Some(file) if is_last(id) => Ok(records.list()?.into_iter().find(|kept| source::is_of(kept, file))),
        _ => records.find(id),
    }
}

impl RunsArguments {
    /// The runs that are meant, newest first.
    fn chosen(&self, records: &Records) -> Result<Vec<StoredRun>, String> {
        self.chosen_of(records, self.file_to_look()?.as_deref())
    }

    /// The tasks file whose runs are looked at; where there is none, those of all are no harm.
    fn file_to_look(&self) -> Result<Option<PathBuf>, String> {
        let file = self.file();
        if let (Some(named), Ok(Some(found))) = (&self.file, &file)
            && !source::is_there(found)
        {
            // Those of a file that is gone are kept.
            terminal::remark(format_args!("{}: there is no such file now", named.display()));
        }
        if self.file.is_some() || file.is_ok() {
            return file;
        }
        terminal::remark(format_args!("there is no tasks file here: these are the runs of all tasks files"));
        Ok(None)
    }

    /// The tasks file whose runs are meant, unless those of all are.
    fn file(&self) -> Result<Option<PathBuf>, String> {
        if self.all {
            return Ok(None);
        }
        let found = paths::find(self.file.as_deref());
        let file = found.map_err(|error| format!("{error}\n  `--all` means the runs of all tasks files"))?;
        Ok(Some(file.path))
    }

    fn chosen_of(&self, records: &Records, file: Option<&Path>) -> Result<Vec<StoredRun>, String> {
        let all = records.list().map_err(unreadable(&records.directory))?;
        let is_of = |kept: &StoredRun| file.is_none_or(|file| source::is_of(kept, file));
        Ok(all.into_iter().filter(|kept| is_of(kept) && self.is_wanted(kept)).collect())
    }

    /// Whether it fits to the options but that of the file.
    fn is_wanted(&self, kept: &StoredRun) -> bool {
        let has_failed = || !matches!(state(kept).0, "passed" | "running");
        let is_of = |phase: &String| told(kept).is_some_and(|told| told.0.eq_ignore_ascii_case(phase));
        (!self.failed || has_failed()) && self.phase.as_ref().is_none_or(is_of)
    }

    /// The run of a name or the beginning of one, or the last of those that are meant.
    fn find(&self, records: &Records, id: &str) -> Result<Option<StoredRun>, String> {
        if is_last(id) {
            return Ok(self.chosen(records)?.into_iter().next());
        }
        records.find(id).map_err(unreadable(&records.directory))
    }

    fn with(
        &self,
        records: &Records,
        id: &str,
        what: impl FnOnce(&StoredRun) -> Result<(), String>,
    ) -> Result<(), String> {
        match self.find(records, id)? {
            Some(kept) => what(&kept),
            None if is_last(id) => {
                let all = records.names().map_err(unreadable(&records.directory))?;
                Err(format!("no run is kept{}", others(all.len())))
            }
            None => Err(format!("there is no run `{id}`; `draft-tasks runs` lists those that are kept")),
        }
    }

    fn show(&self, records: &Records, id: &str, tasks: &[String]) -> Result<(), String> {
        if !is_last(id) && tasks.is_empty() && self.find(records, id)?.is_none() {
            let last = self.find(records, "last").ok().flatten();
            if last.is_some_and(|last| task_names(&last).iter().any(|name| name == id)) {
                let words = shown_words([id]);
                return Err(format!(
                    "there is no run `{id}`\n  `draft-tasks runs show last{words}` shows this task of the last run"
                ));
            }
        }
        self.with(records, id, |kept| show(self, kept, tasks))
    }

    fn tell_path(&self, kept: &StoredRun) -> io::Result<()> {
        match self.format {
            Format::Human => writeln!(io::stdout(), "{}", kept.folder.display()),
            Format::Json => writeln!(io::stdout(), "{}", summary(kept)),
        }
    }
}

fn list(arguments: &RunsArguments, records: &Records) -> Result<(), String> {
    let file = arguments.file_to_look()?;
    let chosen = arguments.chosen_of(records, file.as_deref())?;
    if arguments.format == Format::Json {
        let listed = Value::Array(chosen.iter().map(summary).collect());
        return terminal::written(writeln!(io::stdout(), "{listed}"));
    }
    let all = records.names().map_err(unreadable(&records.directory))?;
    if chosen.is_empty() {
        let said = format!("no runs are kept in {}{}", records.directory.display(), others(all.len()));
        return terminal::written(writeln!(io::stdout(), "{said}"));
    }
    let paint = Paint(terminal::colors(arguments.look.color(), &io::stdout()));
    terminal::written(table::write(&chosen, &all, file.is_none(), paint))
}

/// That there are runs which are not meant.
fn others(count: usize) -> String {
    match count {
        0 => String::new(),
        1 => "; 1 other with other options (--all: of all tasks files)".to_owned(),
        count => format!("; {count} others with other options (--all: of all tasks files)"),
    }
}

/// The phase, the file and the time of day of a run.
fn told(kept: &StoredRun) -> Option<(&str, &str, &str)> {
    match (&kept.state, &kept.began) {
        (RecordState::Finished(result), _) => Some((&result.phase, &result.file, &result.at)),
        (_, Some(Event::RunStarted { phase, file, at, .. })) => Some((phase, file, at)),
        _ => None,
    }
}

fn state(kept: &StoredRun) -> (&'static str, Option<f64>) {
    match &kept.state {
        RecordState::Running => ("running", None),
        RecordState::Interrupted => ("interrupted", None),
        RecordState::Unreadable(_) => ("unreadable", None),
        RecordState::Finished(result) => {
            let is_left = kept.job().is_some_and(|job| job.is_left(result.outcome, false));
            (if is_left { "left" } else { result.outcome.name() }, Some(result.seconds))
        }
    }
}

fn summary(kept: &StoredRun) -> Value {
    let (state, seconds) = state(kept);
    let told = told(kept);
    json!({
        "id": kept.id,
        "path": kept.folder,
        "state": state,
        "phase": told.map(|it| it.0),
        "file": told.map(|it| it.1),
        "at": told.map(|it| it.2),
        "partOf": kept.part_of(),
        "seconds": seconds,
        "complete": !kept.is_incomplete(),
        "kubeconfig": kept.kubeconfig(),
        "leftRunning": kept.left_running().iter().map(ProcessEntry::from).collect::<Vec<_>>(),
    })
}

fn show(arguments: &RunsArguments, kept: &StoredRun, tasks: &[String]) -> Result<(), String> {
    let names = task_names(kept);
    let chosen = NamedTasks::exactly(tasks.to_vec()).among(&names, io::stdout().is_terminal());
    let chosen = chosen.map_err(|_| {
        let names: Vec<String> = names.iter().map(|name| format!("`{}`", printable(name))).collect();
        format!("run {} has no such task; it has {}", kept.id, names.join(", "))
    })?;
    let is_meant =
        |task: usize| chosen.is_empty() || names.get(task).is_some_and(|name| chosen.contains(name));
    let events: Box<dyn Iterator<Item = Event>> = match kept.events() {
        // What the result tells is shown all the same.
        Err(error) if error.kind() == io::ErrorKind::NotFound => Box::new(std::iter::empty()),
        events => Box::new(events.map_err(unreadable(&kept.folder))?),
    };
    let events = events.filter(|event| event.task().is_none_or(is_meant));
    terminal::written(write_run(arguments, kept, events))
}

/// The descriptions of the tasks that a run was to run.
fn task_names(kept: &StoredRun) -> Vec<String> {
    let Some(Event::RunStarted { tasks, .. }) = &kept.began else { return Vec::new() };
    tasks.iter().map(|task| task.name.clone()).collect()
}

fn write_run(
    arguments: &RunsArguments,
    kept: &StoredRun,
    events: impl Iterator<Item = Event>,
) -> io::Result<()> {
    let mut out = io::stdout().lock();
    if arguments.format == Format::Json {
        for event in events {
            writeln!(out, "{}", serde_json::to_string(&event)?)?;
        }
        return out.flush();
    }
    let paint = Paint(terminal::colors(arguments.look.color(), &io::stdout()));
    Transcript::new(&mut out, paint, kept).write(events)?;
    let (state, seconds) = state(kept);
    let took = seconds.map(|seconds| format!(" in {}", describe_seconds(seconds))).unwrap_or_default();
    let took = took + incomplete(kept);
    let left = interrupted::describe(&kept.left_running()).map(|left| format!("\n  {left}"));
    let copy = kept.kubeconfig().map(|path| describe_copy(&path));
    writeln!(
        out,
        "\n{}{took}{}{}\n  {}",
        colored(paint, state),
        left.unwrap_or_default(),
        copy.unwrap_or_default(),
        paint.dim(&format!("log: {}", kept.folder.display()))
    )
}

/// What is to be said of a record beside how its run ended.
fn incomplete(kept: &StoredRun) -> &'static str {
    if kept.is_incomplete() { ", record incomplete" } else { "" }
}

/// That its tasks' copy of the kubeconfig is kept.
fn with_copy(kept: &StoredRun) -> &'static str {
    if kept.kubeconfig().is_some() { ", kubeconfig kept" } else { "" }
}

fn describe_copy(path: &Path) -> String {
    let path = printable(&path.to_string_lossy());
    let about = "its tasks' copy of the kubeconfig is kept with this record";
    format!("\n  {about}: {path}; to use it, set KUBECONFIG to this path")
}

fn colored(paint: Paint, state: &str) -> String {
    match state {
        "passed" => paint.green(state),
        "failed" => paint.red(state),
        "running" => paint.bold(state),
        _ => paint.yellow(state),
    }
}

fn describe_seconds(seconds: f64) -> String {
    describe_duration(Duration::try_from_secs_f64(seconds).unwrap_or_default())
}
