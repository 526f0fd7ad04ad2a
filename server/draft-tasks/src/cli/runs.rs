//! `draft-tasks runs`: lists, shows and removes the records of runs.
//!
//! Must not touch the record of a run that goes on.

use std::collections::HashSet;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};
use draft_tasks_analysis::printable::printable;
use draft_tasks_executor::describe_duration;
use draft_tasks_executor::record::schema::ProcessEntry;
use draft_tasks_executor::record::{Event, RecordState, Records, StoredRun, is_last};
use serde_json::{Value, json};

use self::transcript::Transcript;
use super::terminal::{self, Paint};
use super::{ColorOptions, FOUND, UNUSABLE, paths};
use crate::interrupted;
use crate::source;
use crate::world::environment::{Environment, NO_PLACE};

mod transcript;

#[derive(Debug, Args)]
pub(super) struct RunsArguments {
    #[command(subcommand)]
    command: Option<Command>,
    /// The tasks file whose last run `last` is, or the directory that has it; without it the one of this directory, else the
    /// nearest above it, up to the root of the Git repository; without any, `last` is the last of all
    #[arg(long, value_name = "PATH", global = true)]
    file: Option<PathBuf>,
    /// How it is written
    #[arg(long, value_enum, default_value_t, global = true)]
    format: Format,
    #[command(flatten)]
    look: ColorOptions,
}

#[derive(Clone, Debug, Subcommand)]
enum Command {
    /// List all runs that are kept, newest first
    List,
    /// Show a run: its tasks, what they wrote, how they ended
    Show {
        /// The run, as the list names it, or `last`
        id: String,
    },
    /// Remove records, except of runs that go on
    Rm {
        /// The runs, as the list names them, or `last`
        #[arg(required = true)]
        ids: Vec<String>,
    },
    /// Write the folder of a run's record
    Path {
        /// The run, as the list names it, or `last`
        id: String,
    },
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    /// for people
    #[default]
    Human,
    /// for programs: one JSON document; `show` writes the events, each as a line of JSON
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
        Some(Command::Show { id }) => arguments.with(&records, id, |kept| show(arguments, kept)),
        Some(Command::Rm { ids }) => {
            arguments.file_of_last(ids).map(|file| code = remove(&records, ids, file.as_deref()))
        }
        Some(Command::Path { id }) => {
            let tell = |kept: &StoredRun| writeln!(io::stdout(), "{}", kept.folder.display());
            arguments.with(&records, id, |kept| terminal::written(tell(kept)))
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
    /// The tasks file whose last run is meant, where one is; what nobody named need not be there.
    fn file_of_last(&self, ids: &[String]) -> Result<Option<PathBuf>, String> {
        match &self.file {
            None if !ids.iter().any(|id| is_last(id)) => Ok(None),
            None => Ok(paths::find(None).ok().map(|found| found.path)),
            Some(file) => paths::find(Some(file)).map(|found| Some(found.path)).map_err(|it| it.to_string()),
        }
    }

    fn with(
        &self,
        records: &Records,
        id: &String,
        what: impl FnOnce(&StoredRun) -> Result<(), String>,
    ) -> Result<(), String> {
        let file = self.file_of_last(std::slice::from_ref(id))?;
        match find(records, id, file.as_deref()).map_err(unreadable(&records.directory))? {
            Some(kept) => what(&kept),
            None => Err(format!("there is no run `{id}`; `draft-tasks runs` lists those that are kept")),
        }
    }
}

fn list(arguments: &RunsArguments, records: &Records) -> Result<(), String> {
    let all = records.list().map_err(unreadable(&records.directory))?;
    terminal::written(write_list(arguments, records, &all))
}

fn write_list(arguments: &RunsArguments, records: &Records, all: &[StoredRun]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    if arguments.format == Format::Json {
        return writeln!(out, "{}", Value::Array(all.iter().map(summary).collect()));
    }
    if all.is_empty() {
        writeln!(out, "no runs are kept in {}", records.directory.display())?;
    }
    let paint = Paint(terminal::colors(arguments.look.color(), &io::stdout()));
    for kept in all {
        let (state, seconds) = state(kept);
        let took = seconds.map(|seconds| format!("  {}", describe_seconds(seconds))).unwrap_or_default();
        let took = took + incomplete(kept) + with_copy(kept);
        let file = told(kept).map(|told| told.1).unwrap_or_default();
        writeln!(
            out,
            "{}  {}{took}  {}",
            printable(&kept.id),
            colored(paint, state),
            paint.dim(&printable(file))
        )?;
    }
    Ok(())
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
        RecordState::Finished(result) => (result.outcome.name(), Some(result.seconds)),
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
        "seconds": seconds,
        "kubeconfig": kept.kubeconfig(),
        "leftRunning": kept.left_running().iter().map(ProcessEntry::from).collect::<Vec<_>>(),
    })
}

fn show(arguments: &RunsArguments, kept: &StoredRun) -> Result<(), String> {
    let events = kept.events().map_err(unreadable(&kept.folder))?;
    terminal::written(write_run(arguments, kept, events))
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
    match &kept.state {
        RecordState::Finished(result) if !result.complete => ", record incomplete",
        _ => "",
    }
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

fn remove(records: &Records, ids: &[String], file: Option<&Path>) -> ExitCode {
    let mut code = ExitCode::SUCCESS;
    // All are found before any is gone: `last` is the same one each time.
    let found: Vec<_> = ids.iter().map(|id| (id, find(records, id, file))).collect();
    let mut removed = HashSet::new();
    for (id, found) in found {
        if let Ok(Some(kept)) = &found
            && !removed.insert(kept.id.clone())
        {
            continue;
        }
        let problem = match found.and_then(|kept| kept.map(|kept| Ok((kept.remove()?, kept))).transpose()) {
            Ok(Some((true, kept))) => {
                tell_removed(&kept);
                continue;
            }
            Ok(Some((false, _))) => "the run goes on".to_owned(),
            Ok(None) => "there is no such run".to_owned(),
            Err(error) => error.to_string(),
        };
        terminal::error(format_args!("`{id}` is not removed: {problem}"));
        code = FOUND.into();
    }
    code
}

/// Who does not read it need not: the record is gone.
fn tell_removed(kept: &StoredRun) {
    let file = told(kept).map(|told| format!(" of {}", printable(told.1))).unwrap_or_default();
    let _ = writeln!(io::stdout(), "removed {}{file}", printable(&kept.id));
}
