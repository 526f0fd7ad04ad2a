//! A run as a person reads it: a line for each line that a task wrote and one for each task's end.
//!
//! Must not decide anything about the run.

use std::collections::{BTreeSet, HashMap};
use std::io;
use std::path::{Path, PathBuf};

use draft_tasks_analysis::command::show_argument;
use draft_tasks_analysis::file_names::TASKS_FILE;
use draft_tasks_analysis::phase::Phase;
use draft_tasks_analysis::plan::Subject;
use draft_tasks_analysis::printable::printable;
use draft_tasks_executor::output::{self, OpenLines, Tail};
use draft_tasks_executor::record::schema::{JobEntry, PlannedTask};
use draft_tasks_executor::record::{self, RunHeader};
use draft_tasks_executor::{
    Failure, Outcome, OutcomeName, OutputPiece, Pod, RunEvent, RunSummary, UNFOLLOWED, WaitTime,
    describe_duration, describe_left_running, describe_lines,
};

use super::named::shown_words;
use super::paths;
use super::screen::Screen;
use super::terminal::Paint;
use super::variables::UNTOLD;
use super::workflow::Workflow;
use crate::settings::audience::Audience;
use crate::source;
use crate::world::env_file;

/// A line that is longer is shown before it is complete.
pub(super) const LONGEST_LINE: usize = 8 << 10;

/// How many of the first lines of a failed task are shown, where not everything is: what went wrong first often says why.
const FIRST_LINES: usize = 5;

/// How many of the last lines of a failed task are shown again, where they are not seen any more.
const LINES_AGAIN: usize = 10;

/// How much is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Amount {
    /// All that tasks write, as it comes.
    Everything,
    /// All that tasks write, and below it what goes on.
    Moving,
    /// Only what failed, and the summary.
    Failures,
}

/// A task, and the pod in which it runs if it runs inside of one.
type Place = (usize, Option<usize>);

/// Shows the events of a run on standard output.
pub(super) struct Report {
    paint: Paint,
    amount: Amount,
    screen: Screen,
    /// Where the tasks run, for the first line.
    place: String,
    /// The folder of the record, if there is one.
    record: Option<PathBuf>,
    /// Whether the record has what the tasks wrote.
    has_logs: bool,
    /// The tasks file as it is shown.
    file: PathBuf,
    /// Whether tasks of its phase or pods were left out, which are not to be reached when what failed runs again.
    pub(super) is_partial: bool,
    /// Whether it is one of the steps of `up` or `delete`.
    is_step: bool,
    /// The variables that options gave.
    given: Vec<String>,
    /// The files of variables that it was given, where all have to be given again.
    env_files: Vec<String>,
    /// The tasks with their commands and places.
    planned: Vec<PlannedTask>,
    subject: Option<Subject>,
    tasks: Vec<String>,
    pods: Vec<Pod>,
    /// What pods are called in front of lines.
    short: Vec<String>,
    /// Tasks that can run again where they did not pass: not in pods that are gone.
    left: BTreeSet<usize>,
    /// Tasks whose command was told, since they failed.
    told: BTreeSet<usize>,
    /// How the tasks failed, on a screen that moves what is written away.
    failures: Vec<Shown>,
    /// How many pods were ready of how many, while they were awaited.
    ready: Option<(usize, usize)>,
    running: HashMap<Place, Running>,
    /// Where it is told for GitHub Actions.
    workflow: Option<Workflow>,
    /// The Job that runs the tasks.
    job: Option<JobEntry>,
}

/// A failure that was shown.
struct Shown {
    lines: String,
    /// How many lines were written by its end.
    end: usize,
}

/// What is known of a task that runs.
struct Running {
    open: OpenLines,
    /// The first and the last that it wrote, where not everything is shown.
    head: Vec<String>,
    tail: Tail,
}

/// How a task ended.
struct Ending {
    outcome: Outcome,
    headline: Option<String>,
    took: String,
    notes: Vec<String>,
}

impl Default for Running {
    fn default() -> Running {
        Running { open: OpenLines::new(LONGEST_LINE), head: Vec::new(), tail: Tail::default() }
    }
}

impl Report {
    pub(super) fn new(
        paint: Paint,
        amount: Amount,
        (about, file): (&RunHeader, &Path),
        record: Option<PathBuf>,
        is_beside: bool,
    ) -> Report {
        let place = match about.cluster() {
            Some(cluster) => cluster.describe(),
            None => format!("in {}", about.directory()),
        };
        let place = printable(&place);
        Report {
            paint,
            amount,
            screen: if is_beside { Screen::beside() } else { Screen::new(amount == Amount::Moving) },
            place,
            has_logs: record.is_some() && !about.given.tty,
            record,
            file: source::shown(file),
            is_partial: false,
            is_step: about.part_of.is_some(),
            given: about.given.env.clone(),
            env_files: files_again(&about.given.env_files),
            planned: about.tasks().to_vec(),
            subject: None,
            tasks: Vec::new(),
            pods: Vec::new(),
            short: Vec::new(),
            left: BTreeSet::new(),
            told: BTreeSet::new(),
            failures: Vec::new(),
            ready: None,
            running: HashMap::new(),
            workflow: None,
            job: about.cluster().and_then(|cluster| cluster.job.as_deref().cloned()),
        }
    }

    /// Tells it for GitHub Actions, with this path of the tasks file.
    pub(super) fn annotate(&mut self, file: String) {
        self.workflow = Some(Workflow::new(self.screen.clone(), file));
    }

    /// Where it is shown.
    pub(super) fn screen(&self) -> Screen {
        self.screen.clone()
    }

    /// Shows what happened.
    ///
    /// # Errors
    ///
    /// When standard output cannot be written.
    pub(super) fn show(&mut self, event: RunEvent) -> io::Result<()> {
        match event {
            RunEvent::RunStarted { subject, tasks, .. } => self.started(subject, &tasks),
            RunEvent::Waiting { ready, pods, message, time } => {
                self.ready = Some((ready, pods));
                let what = format!("waiting for pods: {ready}/{pods} ready · {}", printable(&message));
                self.waiting(&what, time)
            }
            RunEvent::PodsLeft { pods, message, time } => {
                let count = if pods == 1 { "1 pod".to_owned() } else { format!("{pods} pods") };
                self.waiting(&format!("waiting for the end of {count} · {}", printable(&message)), time)
            }
            RunEvent::PodsFound { pods, note } => self.pods_found(pods, note),
            RunEvent::Blocked { problem } => {
                self.screen.end();
                let line = |text: String| self.screen.line(format_args!("  {text}"));
                let said = |text: &str| printable(&Audience::CommandLine.words(text));
                line(format!("{} {}", self.paint.red("✗"), self.paint.red(&said(&problem.message))))?;
                problem.help.iter().try_for_each(|help| line(format!("  {}", said(help))))?;
                let (Some(workflow), Some(subject)) = (&self.workflow, self.subject) else { return Ok(()) };
                workflow.failure(subject.name(), None, &said(&problem.message))
            }
            RunEvent::Note { message } => {
                self.screen.line(format_args!("  {}", self.paint.yellow(&printable(&message))))
            }
            RunEvent::TaskStarted { task, pod, .. } => {
                self.running.insert((task, pod), Running::default());
                let label = self.label((task, pod));
                self.screen.begin(&label);
                self.workflow.as_ref().map_or(Ok(()), |workflow| workflow.begin_group(&label))
            }
            RunEvent::Output { task, pod, pieces } => self.wrote((task, pod), &pieces),
            RunEvent::TaskFinished { task, pod, outcome, headline, duration, left_running, note, .. } => {
                let notes = [describe_left_running(&left_running), note].into_iter().flatten().collect();
                let ending = Ending { outcome, headline, took: describe_duration(duration), notes };
                self.finished((task, pod), &ending)
            }
            RunEvent::RunFinished { summary } => self.over(&summary),
        }
    }

    fn started(&mut self, subject: Subject, tasks: &[String]) -> io::Result<()> {
        let what = match (subject, tasks.len()) {
            (Subject::Deploy | Subject::Delete, _) => {
                format!(" · {}", self.planned.iter().map(PlannedTask::command).collect::<String>())
            }
            (Subject::PodsReady | Subject::PodsGone, _) => String::new(),
            (Subject::Phase(_), 1) => " · 1 task".to_owned(),
            (Subject::Phase(_), count) => format!(" · {count} tasks"),
        };
        self.tasks = tasks.to_vec();
        self.subject = Some(subject);
        if let Some(workflow) = &mut self.workflow {
            // In pods they write at the same time.
            workflow.has_groups = subject.is_local() && tasks.len() > 1 && self.amount != Amount::Failures;
            workflow.begin()?;
        }
        if self.amount == Amount::Failures {
            return Ok(());
        }
        let title = self.paint.bold(subject.name());
        self.screen.line(format_args!("{title}{what} · {}", self.place))
    }

    fn waiting(&mut self, message: &str, time: Option<WaitTime>) -> io::Result<()> {
        match self.amount {
            Amount::Failures => Ok(()),
            Amount::Moving => {
                let limit = time.map(|time| format!(" (limit {})", time.describe_limit()));
                self.screen.begin(&format!("{message}{}", limit.unwrap_or_default()));
                time.into_iter().for_each(|time| self.screen.has_gone_on_for(time.spent()));
                Ok(())
            }
            Amount::Everything => {
                let time = time.map(|time| format!(" ({})", time.describe())).unwrap_or_default();
                self.screen.line(format_args!("  {message}{time}"))
            }
        }
    }

    fn pods_found(&mut self, pods: Vec<Pod>, note: Option<String>) -> io::Result<()> {
        self.screen.end();
        self.short = Pod::short_names(&pods).into_iter().map(str::to_owned).collect();
        self.pods = pods;
        if self.amount == Amount::Failures {
            return Ok(());
        }
        let build = Pod::build_of(&self.pods);
        let build = build.map(|build| format!(" · build {}", printable(build))).unwrap_or_default();
        let names = self
            .pods
            .iter()
            .map(|pod| format!("{} ({})", printable(&pod.name), printable(&pod.container)))
            .collect::<Vec<_>>();
        let count = if names.len() == 1 { "1 pod".to_owned() } else { format!("{} pods", names.len()) };
        self.screen.line(format_args!("  in {count}: {}{build}", names.join(", ")))?;
        note.map_or(Ok(()), |note| {
            self.screen.line(format_args!("  {}", self.paint.yellow(&printable(&note))))
        })
    }

    /// What a task is called in front of lines.
    fn label(&self, (task, pod): Place) -> String {
        let task = printable(&self.tasks[task]);
        match pod.and_then(|pod| self.short.get(pod)) {
            Some(pod) => format!("{task} · {pod}"),
            None => task,
        }
    }

    fn wrote(&mut self, place: Place, pieces: &[OutputPiece]) -> io::Result<()> {
        let open = &mut self.running.entry(place).or_default().open;
        let lines: String = pieces.iter().map(|piece| open.push(piece)).collect();
        self.lines(place, &lines)
    }

    /// Shows whole lines, or keeps them for when the task fails.
    fn lines(&mut self, place: Place, text: &str) -> io::Result<()> {
        if text.is_empty() {
            return Ok(());
        }
        let Running { head, tail, .. } = self.running.entry(place).or_default();
        let missing = FIRST_LINES - head.len();
        head.extend(text.split_inclusive('\n').take(missing).map(|line| output::plain(line.trim_end())));
        tail.push(text);
        if !text.ends_with('\n') {
            tail.push("\n");
        }
        if self.amount == Amount::Failures {
            return Ok(());
        }
        let shown = if self.paint.0 { output::colored_line } else { output::plain };
        let prefix = self.paint.dim(&format!("{} │", self.label(place)));
        let lines: String = text.lines().map(|line| format!("  {prefix} {}\n", shown(line))).collect();
        self.screen.write(&lines)
    }

    fn finished(&mut self, place: Place, ending: &Ending) -> io::Result<()> {
        let rest = self.running.get_mut(&place).map(|it| it.open.finish());
        self.lines(place, &rest.unwrap_or_default())?;
        let running = self.running.remove(&place);
        self.screen.end();
        if let Some(workflow) = self.workflow.as_ref().filter(|_| running.is_some()) {
            workflow.end_group()?;
        }
        self.ended(place, ending, &running.unwrap_or_default())?;
        self.tell_failure(place, ending)?;
        ending.notes.iter().try_for_each(|note| self.screen.line(format_args!("    {}", printable(note))))?;
        // The line belongs to whoever still runs.
        if let Some(place) = self.running.keys().min() {
            self.screen.begin(&self.label(*place));
        }
        Ok(())
    }

    /// An annotation at the line of the task.
    fn tell_failure(&self, place: Place, Ending { outcome, headline, .. }: &Ending) -> io::Result<()> {
        let (Some(workflow), Outcome::Failed(failure)) = (&self.workflow, outcome) else { return Ok(()) };
        let line = self.planned.get(place.0).and_then(|task| task.line);
        workflow.failure(&self.label(place), line, &failure.describe_with(headline.as_deref()))
    }

    fn ended(&mut self, place: Place, ending: &Ending, running: &Running) -> io::Result<()> {
        let task = self.label(place);
        let Ending { outcome, headline, took, .. } = ending;
        match (outcome, place.1) {
            (Outcome::Passed, _) | (Outcome::Failed(Failure::PodGone(_)), Some(_)) => {}
            _ => drop(self.left.insert(place.0)),
        }
        let is_new = outcome.is_failed() && self.told.insert(place.0);
        let line = |text: String| self.screen.line(format_args!("  {text}"));
        let sign = outcome.kind().sign();
        match outcome {
            Outcome::Passed | Outcome::Skipped if self.amount == Amount::Failures => Ok(()),
            Outcome::Passed => line(format!("{} {task}  {took}", self.paint.green(sign))),
            Outcome::Failed(failure) => {
                let what = self.paint.red(&printable(&failure.describe_with(headline.as_deref())));
                let title = format!("{} {task}  {took}  {what}", self.paint.red(sign));
                line(title.clone())?;
                self.excerpt(running)?;
                self.tell_command(place, failure, is_new)?;
                match failure {
                    Failure::NotStarted(_) | Failure::Unknown(_) => {
                        failure.hint().map_or(Ok(()), |hint| line(format!("  {}", printable(&hint))))?;
                    }
                    _ => self.tell_loan(place, running)?,
                }
                self.keep(&title, running);
                Ok(())
            }
            Outcome::Stopped | Outcome::Skipped if self.is_left(outcome.kind()) => {
                line(format!("{} {task}  {UNFOLLOWED}", self.paint.yellow(sign)))
            }
            Outcome::Stopped => line(format!("{} {task}  stopped after {took}", self.paint.yellow(sign))),
            Outcome::Skipped => line(self.paint.dim(&format!("{sign} {task}  skipped"))),
        }
    }

    /// Whether what ended so goes on in its Job.
    fn is_left(&self, outcome: OutcomeName) -> bool {
        self.job.as_ref().is_some_and(|job| job.is_left(outcome, !self.told.is_empty()))
    }

    /// Keeps a failure for when it is not seen any more.
    fn keep(&mut self, title: &str, running: &Running) {
        if self.screen.height().is_none() {
            return;
        }
        let all = running.tail.lines();
        let last = all.iter().skip(all.len().saturating_sub(LINES_AGAIN));
        let last = last.map(|line| format!("    {} {line}\n", self.paint.dim("│")));
        let lines = format!("  {title}\n{}", last.collect::<String>());
        self.failures.push(Shown { lines, end: self.screen.written() });
    }

    /// Shows the failures again that are not seen any more.
    fn show_again(&self) -> io::Result<()> {
        let Some(height) = self.screen.height() else { return Ok(()) };
        let written = self.screen.written();
        let is_away = |shown: &&Shown| written - shown.end >= height;
        let away: String = self.failures.iter().filter(is_away).map(|shown| shown.lines.as_str()).collect();
        if away.is_empty() { Ok(()) } else { self.screen.write(&format!("\n{away}")) }
    }

    /// How a task gets a terminal that failed without one.
    fn tell_loan(&self, (task, pod): Place, running: &Running) -> io::Result<()> {
        let phase = self.subject.and_then(Subject::phase).filter(|phase| phase.is_local() && pod.is_none());
        let Some(phase) = phase.filter(|_| running.tail.lines().iter().any(|line| misses_terminal(line)))
        else {
            return Ok(());
        };
        let (file, words) = (self.file_option(), shown_words([&*self.tasks[task]]));
        let command = printable(&format!("draft-tasks run {phase} --tty{file}{words}"));
        self.screen.line(format_args!("    it may have asked on a terminal: `{command}` lends it one"))
    }

    /// What names the tasks file in a command, with a blank before it; nothing where it is found without.
    fn file_option(&self) -> String {
        // One from a folder above is asked about before a cleanup.
        let is_asked = self.subject == Some(Phase::Cleanup.into());
        let nearest = || paths::find_silently(None).filter(|_| !is_asked);
        let is_found = self.file == Path::new(TASKS_FILE)
            || nearest().is_some_and(|found| source::is_same(&found, &self.file));
        let path = (!is_found).then(|| self.file.display().to_string());
        // It must not be taken for an option.
        let path = path.map(|path| if path.starts_with('-') { format!("./{path}") } else { path });
        let file = path.map(|path| format!(" --file {}", show_argument(&path))).unwrap_or_default();
        format!("{}{file}", super::entered())
    }

    /// The first and the last lines of a task that failed, where they were not shown before.
    fn excerpt(&self, Running { head, tail, .. }: &Running) -> io::Result<()> {
        if self.amount != Amount::Failures {
            return Ok(());
        }
        let line = |text: &str| self.screen.line(format_args!("    {} {text}", self.paint.dim("│")));
        let before = usize::try_from(tail.omitted()).unwrap_or(usize::MAX);
        let head = &head[..head.len().min(before)];
        head.iter().try_for_each(|text| line(text))?;
        if before > head.len() {
            let left_out = describe_lines((before - head.len()) as u64);
            line(&self.paint.dim(&format!("… {left_out} left out")))?;
        }
        tail.lines().iter().try_for_each(|text| line(text))
    }

    /// What a task that failed runs, where it stands and where all is that it wrote; the first two once of several pods.
    fn tell_command(&self, (task, pod): Place, failure: &Failure, is_new: bool) -> io::Result<()> {
        let line = |text: String| self.screen.line(format_args!("    {}", self.paint.dim(&text)));
        if let Some(planned) = self.planned.get(task).filter(|_| is_new) {
            let file = printable(&self.file.display().to_string());
            let place = planned.line.map(|number| format!("{file}:{number}: ")).unwrap_or_default();
            line(format!("{place}{}", planned.command()))?;
        }
        if matches!(failure, Failure::NotStarted(_)) || !self.has_logs {
            return Ok(());
        }
        let pod = pod.and_then(|pod| self.pods.get(pod)).map(|pod| &*pod.name);
        let name = record::log_name(task, &self.tasks[task], pod);
        let log = self.record.as_ref().map(|folder| folder.join(name));
        log.map_or(Ok(()), |log| line(format!("log: {}", printable(&log.display().to_string()))))
    }

    fn over(&mut self, summary: &RunSummary) -> io::Result<()> {
        self.screen.end();
        self.show_again()?;
        if let Some(record) = self.record.as_ref().filter(|_| summary.blocked) {
            let log = self.paint.dim(&format!("log: {}", record.display()));
            self.screen.line(format_args!("  {log}"))?;
        }
        let before = match self.subject.filter(|_| self.is_step) {
            _ if self.amount != Amount::Failures => "\n".to_owned(),
            Some(step) => format!("{} · ", step.name()),
            None => String::new(),
        };
        let rerun = self.again(summary).map(|again| format!("\nagain: {again}")).unwrap_or_default();
        let came_to = match self.subject {
            Some(Subject::PodsReady | Subject::PodsGone) => self.waited(summary),
            _ if summary.blocked => self.blocked(summary),
            _ if self.is_left(summary.outcome()) => summary.describe_left(),
            _ => summary.describe(),
        };
        self.screen.line(format_args!("{before}{came_to}{rerun}"))?;
        self.workflow.as_ref().map_or(Ok(()), Workflow::end)
    }

    /// That no task ran, and which pods were missing where some were.
    fn blocked(&self, summary: &RunSummary) -> String {
        let what = match self.ready.filter(|_| self.pods.is_empty()) {
            Some((0, _)) => "no pod was ready",
            Some((ready, pods)) if ready < pods => "not all pods were ready",
            Some(_) => "the rollout was not over",
            None => "no task could run",
        };
        format!("failed: {what} after {}", describe_duration(summary.duration))
    }

    /// What waiting came to.
    fn waited(&self, summary: &RunSummary) -> String {
        let took = describe_duration(summary.duration);
        match (summary.outcome(), self.subject) {
            (OutcomeName::Passed, Some(Subject::PodsGone)) => format!("the pods are gone after {took}"),
            (OutcomeName::Passed, _) => format!("the pods are ready after {took}"),
            (outcome, _) => format!("{} after {took}", outcome.name()),
        }
    }

    /// The command that runs again what did not pass; without a record nothing tells where that was, and how it was called.
    fn again(&self, summary: &RunSummary) -> Option<String> {
        let phase = self.subject.and_then(Subject::phase).filter(|_| !summary.blocked)?;
        if self.left.is_empty() || self.record.is_none() || self.is_left(summary.outcome()) {
            return None;
        }
        // No record keeps their values.
        let given = self.given.iter().map(|name| format!(" --env {name}={UNTOLD}"));
        let files = self.env_files.iter().map(|file| format!(" --env-file {file}"));
        let given: String = files.chain(given).collect();
        let what = match summary.job_left {
            // What of it did not pass is not known: another Job of all tasks, once nothing of this one runs.
            Some(true) => "rerun".to_owned(),
            _ if self.is_partial => "rerun --failed".to_owned(),
            _ => format!("run {phase} --failed"),
        };
        Some(printable(&format!("draft-tasks {what}{}{given}", self.file_option())))
    }
}

/// The files of variables for a command that runs something again: where one of them cannot be read again, all have to be
/// given.
fn files_again(files: &[PathBuf]) -> Vec<String> {
    let again = |path: &PathBuf| match env_file::passing(path) {
        Some(_) => UNTOLD.to_owned(),
        None => show_argument(&path.to_string_lossy()),
    };
    let has_passed = files.iter().any(|path| env_file::passing(path).is_some());
    files.iter().filter(|_| has_passed).map(again).collect()
}

/// Whether a line asks for something that is typed, or says that there is no terminal to ask on.
fn misses_terminal(line: &str) -> bool {
    let line = line.trim().to_lowercase();
    let asks = ["password", "passphrase", "passcode"].iter().any(|what| line.contains(what));
    asks && line.ends_with([':', '?', '>'])
        || [
            "a terminal is required",
            "not a tty",
            "not a terminal",
            "no tty present",
            "inappropriate ioctl for device",
            "eof when reading a line",
        ]
        .iter()
        .any(|said| line.contains(said))
}
