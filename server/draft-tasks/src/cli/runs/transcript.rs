//! What happened in a run that is over, for people: its record, event by event.
//!
//! Must not look at anything but the record.

use std::collections::BTreeMap;
use std::io::{self, Write};

use draft_tasks_analysis::printable::printable;
use draft_tasks_executor::output::{OpenLines, plain};
use draft_tasks_executor::record::schema::{FailureEntry, PlannedTask, PodEntry};
use draft_tasks_executor::record::{Event, StoredRun};
use draft_tasks_executor::{LeftProcess, OutcomeName, UNFOLLOWED, describe_left_running};

use super::describe_seconds;
use crate::cli::terminal::Paint;
use crate::clock::Clock;
use crate::settings::audience::Audience;

/// A task of the run, and the pod in which it ran if it ran inside of one.
type Place = (usize, Option<usize>);

/// A record that is being written out.
pub(super) struct Transcript<'a, W> {
    out: &'a mut W,
    paint: Paint,
    kept: &'a StoredRun,
    tasks: Vec<PlannedTask>,
    pods: Vec<PodEntry>,
    /// Of each task that runs, what is open of its output; nothing as long as that is only in its log.
    running: BTreeMap<Place, Option<OpenLines>>,
    has_failed: bool,
}

impl<'a, W: Write> Transcript<'a, W> {
    pub(super) fn new(out: &'a mut W, paint: Paint, kept: &'a StoredRun) -> Transcript<'a, W> {
        let (tasks, pods, running) = (Vec::new(), Vec::new(), BTreeMap::new());
        Transcript { out, paint, kept, tasks, pods, running, has_failed: false }
    }

    /// Writes the events, and what tasks wrote of whose end there is no event.
    pub(super) fn write(mut self, events: impl IntoIterator<Item = Event>) -> io::Result<()> {
        events.into_iter().try_for_each(|event| self.event(event))?;
        let places: Vec<Place> = self.running.keys().copied().collect();
        places.into_iter().try_for_each(|place| self.rest(place))
    }

    fn event(&mut self, event: Event) -> io::Result<()> {
        let paint = self.paint;
        match event {
            Event::RunStarted { phase, tasks, file, at, cluster, .. } => {
                let (phase, file) = (paint.bold(&printable(&phase)), printable(&file));
                let at = match humantime::parse_rfc3339(&at) {
                    Ok(at) => Clock::of_system().describe(at),
                    Err(_) => printable(&at).to_string(),
                };
                writeln!(self.out, "{phase} · {file} · {at}")?;
                self.tasks = tasks;
                cluster.map_or(Ok(()), |it| self.line(&printable(&it.describe())))
            }
            Event::Waiting { ready, pods, message, .. } => {
                self.line(&paint.dim(&format!("{ready}/{pods} pods ready · {}", printable(&message))))
            }
            Event::PodsLeft { pods, message, .. } => {
                self.line(&paint.dim(&format!("{pods} pods are left · {}", printable(&message))))
            }
            Event::PodsFound { pods, note, .. } => {
                self.pods = pods;
                note.map_or(Ok(()), |note| self.line(&paint.yellow(&printable(&note))))
            }
            Event::Blocked { message, help, .. } => {
                let said = |text: &str| printable(&Audience::CommandLine.words(text));
                self.line(&format!("{} {}", paint.red("✗"), paint.red(&said(&message))))?;
                help.iter().try_for_each(|help| self.line(&format!("  {}", said(help))))
            }
            Event::Note { message, .. } => self.line(&paint.yellow(&printable(&message))),
            Event::TaskStarted { task, pod, .. } => self.started((task, pod)),
            Event::Output { task, pod, pieces, .. } => {
                let open = self.running.entry((task, pod)).or_default();
                let open = open.get_or_insert_with(|| OpenLines::new(usize::MAX));
                let lines: String = pieces.iter().map(|piece| open.push(piece)).collect();
                self.output((task, pod), &lines)
            }
            Event::TaskFinished { task, pod, outcome, failure, seconds, left_running, note, .. } => {
                self.rest((task, pod))?;
                let name = self.label((task, pod));
                self.has_failed |= outcome == OutcomeName::Failed;
                let is_left = self.kept.job().is_some_and(|job| job.is_left(outcome, self.has_failed));
                let said = if is_left {
                    format!("{} {name}  {UNFOLLOWED}", paint.yellow(outcome.sign()))
                } else {
                    ended(paint, &name, outcome, failure.as_ref(), seconds)
                };
                self.line(&said)?;
                let left: Vec<_> = left_running.into_iter().map(LeftProcess::from).collect();
                let left = describe_left_running(&left);
                left.map_or(Ok(()), |left| self.line(&format!("  {}", printable(&left))))?;
                note.map_or(Ok(()), |note| self.line(&format!("  {}", printable(&note))))
            }
            Event::RunFinished { .. } => Ok(()),
        }
    }

    fn line(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.out, "  {text}")
    }

    fn started(&mut self, place: Place) -> io::Result<()> {
        self.running.insert(place, None);
        let Some(command) = self.tasks.get(place.0).map(PlannedTask::command) else { return Ok(()) };
        self.line(&self.label(place))?;
        self.line(&format!("  {}", self.paint.dim(&command)))
    }

    /// What a task wrote that was not shown yet: all of its log, unless its output was among the events, as in version 1.
    fn rest(&mut self, place: Place) -> io::Result<()> {
        let Some(open) = self.running.remove(&place) else { return Ok(()) };
        let name = self.tasks.get(place.0).map_or("", |task| &task.name);
        let pod = place.1.and_then(|pod| self.pods.get(pod)).map(|pod| pod.name.as_str());
        let rest = match open {
            Some(mut open) => open.finish(),
            // Of a record that was cut off it may be missing.
            None => self.kept.log(place.0, name, pod).unwrap_or_default(),
        };
        self.output(place, &rest)
    }

    /// What a task is called, with the pod in which it ran.
    fn label(&self, (task, pod): Place) -> String {
        let task = self.tasks.get(task).map(|task| printable(&task.name)).unwrap_or_default();
        match pod.and_then(|pod| self.pods.get(pod)) {
            Some(pod) => format!("{task} · {}", printable(&pod.name)),
            None => task,
        }
    }

    /// Lines that a task wrote, behind its name where it is not the only one that writes.
    fn output(&mut self, place: Place, text: &str) -> io::Result<()> {
        let name = place.1.map(|_| self.label(place));
        let prefix = self.paint.dim(&name.map_or_else(|| "│".to_owned(), |name| format!("{name} │")));
        plain(text).lines().try_for_each(|line| writeln!(self.out, "    {prefix} {line}"))
    }
}

/// How a task ended, behind its name.
fn ended(
    paint: Paint,
    name: &str,
    outcome: OutcomeName,
    failure: Option<&FailureEntry>,
    seconds: f64,
) -> String {
    let (sign, took) = (outcome.sign(), describe_seconds(seconds));
    match outcome {
        OutcomeName::Passed => format!("{} {name}  {took}", paint.green(sign)),
        OutcomeName::Failed => {
            let what = failure.map(|failure| printable(&failure.describe())).unwrap_or_default();
            format!("{} {name}  {took}  {}", paint.red(sign), paint.red(&what))
        }
        OutcomeName::Stopped => format!("{} {name}  stopped after {took}", paint.yellow(sign)),
        OutcomeName::Skipped => paint.dim(&format!("{sign} {name}  skipped")),
    }
}
