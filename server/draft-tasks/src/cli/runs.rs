//! `draft-tasks runs`: lists, shows and removes the records of runs.
//!
//! Must not touch the record of a run that goes on.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};
use draft_tasks_analysis::printable::printable;
use draft_tasks_executor::output::OpenLines;
use draft_tasks_executor::record::schema::{FailureEntry, PlannedTask, PodEntry, ProcessEntry};
use draft_tasks_executor::record::{Event, RecordState, Records, StoredRun};
use draft_tasks_executor::{OutcomeName, describe_duration};
use serde_json::{Value, json};

use super::terminal::{self, Paint};
use super::{ColorOptions, FOUND, UNUSABLE};
use crate::interrupted;
use crate::world::environment::{Environment, NO_PLACE};

#[derive(Debug, Args)]
pub(super) struct RunsArguments {
    #[command(subcommand)]
    command: Option<Command>,
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
        /// The run, as the list names it, or `latest`
        id: String,
    },
    /// Remove records, except of runs that go on
    Rm {
        /// The runs, as the list names them
        #[arg(required = true)]
        ids: Vec<String>,
    },
    /// Write the folder of a run's record
    Path {
        /// The run, as the list names it, or `latest`
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
    let Some(directory) = Environment::of_process().records() else {
        terminal::error(format_args!("{NO_PLACE}"));
        return UNUSABLE.into();
    };
    let records = Records::at(directory);
    let done = match &arguments.command {
        None | Some(Command::List) => list(arguments, &records),
        Some(Command::Show { id }) => with(&records, id, |kept| show(arguments, kept)),
        Some(Command::Rm { ids }) => return remove(&records, ids),
        Some(Command::Path { id }) => {
            with(&records, id, |kept| writeln!(io::stdout(), "{}", kept.folder.display()))
        }
    };
    match done {
        Ok(code) => code,
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            terminal::error(format_args!("{}: {error}", records.directory.display()));
            UNUSABLE.into()
        }
    }
}

fn with(
    records: &Records,
    id: &str,
    what: impl FnOnce(&StoredRun) -> io::Result<()>,
) -> io::Result<ExitCode> {
    match records.find(id)? {
        Some(kept) => what(&kept).map(|()| ExitCode::SUCCESS),
        None => {
            terminal::error(format_args!(
                "there is no run `{id}`; `draft-tasks runs` lists those that are kept"
            ));
            Ok(UNUSABLE.into())
        }
    }
}

fn list(arguments: &RunsArguments, records: &Records) -> io::Result<ExitCode> {
    let all = records.list()?;
    let mut out = io::stdout().lock();
    if arguments.format == Format::Json {
        writeln!(out, "{}", Value::Array(all.iter().map(summary).collect()))?;
        return Ok(ExitCode::SUCCESS);
    }
    if all.is_empty() {
        writeln!(out, "no runs are kept in {}", records.directory.display())?;
    }
    let paint = Paint(terminal::colors(arguments.look.color(), &io::stdout()));
    for kept in &all {
        let (state, seconds) = state(kept);
        let took = seconds.map(|seconds| format!("  {}", describe_seconds(seconds))).unwrap_or_default();
        let took = took + incomplete(kept);
        let file = told(kept).map(|told| told.1).unwrap_or_default();
        writeln!(
            out,
            "{}  {}{took}  {}",
            printable(&kept.id),
            colored(paint, state),
            paint.dim(&printable(file))
        )?;
    }
    Ok(ExitCode::SUCCESS)
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
        "leftRunning": kept.left_running().iter().map(ProcessEntry::from).collect::<Vec<_>>(),
    })
}

fn show(arguments: &RunsArguments, kept: &StoredRun) -> io::Result<()> {
    let mut out = io::stdout().lock();
    let events = kept.events()?;
    if arguments.format == Format::Json {
        for event in events {
            writeln!(out, "{}", serde_json::to_string(&event)?)?;
        }
        return out.flush();
    }
    let paint = Paint(terminal::colors(arguments.look.color(), &io::stdout()));
    let (mut tasks, mut pods) = (Vec::new(), Vec::new());
    // Of each task that runs, what is open of its output; nothing as long as that is only in its log.
    let mut running: BTreeMap<(usize, Option<usize>), Option<OpenLines>> = BTreeMap::new();
    for event in events {
        match event {
            Event::RunStarted { phase, tasks: planned, file, at, cluster, .. } => {
                writeln!(
                    out,
                    "{} · {} · at {}",
                    paint.bold(&printable(&phase)),
                    printable(&file),
                    printable(&at)
                )?;
                if let Some(cluster) = cluster {
                    writeln!(out, "  {}", printable(&cluster.describe()))?;
                }
                tasks = planned;
            }
            Event::Waiting { ready, pods, message, .. } => {
                writeln!(
                    out,
                    "  {}",
                    paint.dim(&format!("{ready}/{pods} pods ready · {}", printable(&message)))
                )?;
            }
            Event::PodsLeft { pods, message, .. } => {
                writeln!(out, "  {}", paint.dim(&format!("{pods} pods are left · {}", printable(&message))))?;
            }
            Event::PodsFound { pods: found, note, .. } => {
                pods = found;
                note.map_or(Ok(()), |note| writeln!(out, "  {}", paint.yellow(&printable(&note))))?;
            }
            Event::Blocked { message, help, .. } => {
                writeln!(out, "  {} {}", paint.red("✗"), paint.red(&printable(&message)))?;
                help.iter().try_for_each(|help| writeln!(out, "    {}", printable(help)))?;
            }
            Event::Note { message, .. } => writeln!(out, "  {}", paint.yellow(&printable(&message)))?,
            Event::TaskStarted { task, pod, .. } => {
                running.insert((task, pod), None);
                if let Some(planned) = tasks.get(task) {
                    let name = label(&tasks, &pods, (task, pod));
                    writeln!(out, "  {name}\n    {}", paint.dim(&planned.command()))?;
                }
            }
            Event::Output { task, pod, pieces, .. } => {
                let open = running.entry((task, pod)).or_default();
                let open = open.get_or_insert_with(|| OpenLines::new(usize::MAX));
                let lines: String = pieces.iter().map(|piece| open.push(piece)).collect();
                let name = pod.map(|_| label(&tasks, &pods, (task, pod)));
                write_lines(&mut out, paint, name.as_deref(), &lines)?;
            }
            Event::TaskFinished { task, pod, outcome, failure, seconds, note, .. } => {
                let name = label(&tasks, &pods, (task, pod));
                if let Some(open) = running.remove(&(task, pod)) {
                    let rest = rest_of(kept, open, (&tasks, &pods), (task, pod));
                    write_lines(&mut out, paint, pod.map(|_| name.as_str()), &rest)?;
                }
                writeln!(out, "  {}", ended(paint, &name, outcome, failure.as_ref(), seconds))?;
                note.map_or(Ok(()), |note| writeln!(out, "    {}", printable(&note)))?;
            }
            Event::RunFinished { .. } => {}
        }
    }
    for ((task, pod), open) in running {
        let rest = rest_of(kept, open, (&tasks, &pods), (task, pod));
        let name = pod.map(|_| label(&tasks, &pods, (task, pod)));
        write_lines(&mut out, paint, name.as_deref(), &rest)?;
    }
    let (state, seconds) = state(kept);
    let took = seconds.map(|seconds| format!(" in {}", describe_seconds(seconds))).unwrap_or_default();
    let took = took + incomplete(kept);
    let left = interrupted::describe(&kept.left_running()).map(|left| format!("\n  {left}"));
    writeln!(
        out,
        "\n{}{took}{}\n  {}",
        colored(paint, state),
        left.unwrap_or_default(),
        paint.dim(&format!("log: {}", kept.folder.display()))
    )
}

/// What a task is called, with the pod in which it ran.
fn label(tasks: &[PlannedTask], pods: &[PodEntry], (task, pod): (usize, Option<usize>)) -> String {
    let task = tasks.get(task).map(|task| printable(&task.name)).unwrap_or_default();
    match pod.and_then(|pod| pods.get(pod)) {
        Some(pod) => format!("{task} · {}", printable(&pod.name)),
        None => task,
    }
}

/// What a task wrote that was not shown yet: all of its log, unless its output was among the events, as in version 1.
fn rest_of(
    kept: &StoredRun,
    open: Option<OpenLines>,
    (tasks, pods): (&[PlannedTask], &[PodEntry]),
    (task, pod): (usize, Option<usize>),
) -> String {
    if let Some(mut open) = open {
        return open.finish();
    }
    let name = tasks.get(task).map_or("", |task| &task.name);
    let pod = pod.and_then(|pod| pods.get(pod)).map(|pod| pod.name.as_str());
    // Of a record that was cut off it may be missing.
    kept.log(task, name, pod).unwrap_or_default()
}

/// What is to be said of a record beside how its run ended.
fn incomplete(kept: &StoredRun) -> &'static str {
    match &kept.state {
        RecordState::Finished(result) if !result.complete => ", record incomplete",
        _ => "",
    }
}

fn write_lines(out: &mut impl Write, paint: Paint, name: Option<&str>, text: &str) -> io::Result<()> {
    let text = draft_tasks_executor::output::plain(text);
    let prefix = paint.dim(&name.map_or_else(|| "│".to_owned(), |name| format!("{name} │")));
    text.lines().try_for_each(|line| writeln!(out, "    {prefix} {line}"))
}

fn ended(
    paint: Paint,
    name: &str,
    outcome: OutcomeName,
    failure: Option<&FailureEntry>,
    seconds: f64,
) -> String {
    let took = describe_seconds(seconds);
    match outcome {
        OutcomeName::Passed => format!("{} {name}  {took}", paint.green("✓")),
        OutcomeName::Failed => {
            let what = failure.map(|failure| printable(&failure.describe())).unwrap_or_default();
            format!("{} {name}  {took}  {}", paint.red("✗"), paint.red(&what))
        }
        OutcomeName::Stopped => format!("{} {name}  stopped after {took}", paint.yellow("■")),
        OutcomeName::Skipped => paint.dim(&format!("- {name}  skipped")),
    }
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

fn remove(records: &Records, ids: &[String]) -> ExitCode {
    let mut code = ExitCode::SUCCESS;
    for id in ids {
        let problem = match records.find(id).and_then(|kept| kept.map(|kept| kept.remove()).transpose()) {
            Ok(Some(true)) => continue,
            Ok(Some(false)) => "the run goes on".to_owned(),
            Ok(None) => "there is no such run".to_owned(),
            Err(error) => error.to_string(),
        };
        terminal::error(format_args!("`{id}` is not removed: {problem}"));
        code = FOUND.into();
    }
    code
}
