//! `draft-tasks run`: runs the tasks of a phase and shows what they write, with the same plan and executor as editors.
//!
//! Must not decide what a task runs.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, ValueEnum};
use draft_tasks_executor::record::{self, About, Recorder, Records};
use draft_tasks_executor::run::KILL_LIMIT;
use draft_tasks_executor::{RunEvent, RunHandle, RunRequest, RunSummary};
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::cluster::Cluster;
use super::plan as dry_run;
use super::prepare::{Chosen, Prepared};
use super::report::{Amount, Report};
use super::terminal::{self, Paint};
use super::variables::Variables;
use super::{FOUND, Look, Meaning, STOPPED, UNUSABLE};
use crate::config::Policy;
use crate::interrupted;
use crate::run_settings::{self, Limit, RunLimits, RunSettings};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The phase: pre-up, post-deploy, post-up or cleanup
    phase: String,
    /// Run only this task, named by its description; may be given several times
    #[arg(long = "task", value_name = "NAME")]
    tasks: Vec<String>,
    /// The tasks file, or the directory that has it
    #[arg(long, value_name = "PATH", default_value = ".")]
    file: PathBuf,
    /// What happens after a task failed; without it as the project says, else `continue` for cleanup and `stop` for the
    /// others
    #[arg(long, value_enum, conflicts_with_all = ["keep_going", "fail_fast"])]
    on_failure: Option<Policy>,
    /// The same as `--on-failure continue`
    #[arg(long, conflicts_with = "fail_fast")]
    keep_going: bool,
    /// The same as `--on-failure stop`
    #[arg(long)]
    fail_fast: bool,
    /// Show what would run, and run nothing
    #[arg(long)]
    dry_run: bool,
    /// End a task that takes longer, and count it as failed: 90s, 5m, 1h 30m, or a number of seconds
    #[arg(long, value_name = "TIME")]
    timeout: Option<Limit>,
    /// The same for the whole run
    #[arg(long, value_name = "TIME")]
    total_timeout: Option<Limit>,
    /// Run only in this pod; may be given several times
    #[arg(long = "pod", value_name = "NAME")]
    pods: Vec<String>,
    #[command(flatten)]
    cluster: Cluster,
    #[command(flatten)]
    variables: Variables,
    /// Show only tasks that failed, and the summary
    #[arg(long, short, conflicts_with = "verbose")]
    quiet: bool,
    /// Show all that tasks write on a terminal too, not only the last lines of those that failed
    #[arg(long, short)]
    verbose: bool,
    /// How the run is told
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// Keep no record of this run
    #[arg(long)]
    no_record: bool,
    #[command(flatten)]
    meaning: Meaning,
    #[command(flatten)]
    look: Look,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    /// for people
    #[default]
    Human,
    /// for programs: each event as a line of JSON, as docs/records.md tells
    Json,
}

/// How long a stopped task may take to end before it is killed.
pub(super) const GRACE: Duration = Duration::from_secs(5);

/// Events that wait to be shown; a full channel slows the tasks.
const EVENTS: usize = 64;

/// What is to be done.
struct Wanted {
    request: RunRequest,
    /// The tasks file.
    file: PathBuf,
    /// Tasks of the phase that were not asked for.
    left_out: Vec<String>,
    records: Option<Records>,
}

/// Runs the tasks; the exit code tells how it went.
pub(super) fn run(arguments: &Arguments) -> ExitCode {
    let done = match wanted(arguments) {
        Ok(wanted) if arguments.dry_run => show_plan(arguments, &wanted).map(|()| ExitCode::SUCCESS),
        Ok(wanted) => {
            tell_interrupted(wanted.records.as_ref());
            serve(arguments, wanted)
        }
        Err(problem) => {
            terminal::error(format_args!("{problem}"));
            return UNUSABLE.into();
        }
    };
    match done {
        Ok(code) => code,
        Err(error) => {
            terminal::error(format_args!("the tasks cannot be run: {error}"));
            UNUSABLE.into()
        }
    }
}

impl Arguments {
    fn settings(&self) -> io::Result<RunSettings> {
        Ok(RunSettings {
            limits: RunLimits { timeout: self.timeout, total_timeout: self.total_timeout },
            keep: if self.no_record { 0 } else { run_settings::KEEP },
            ..self.variables.settings()?
        })
    }

    fn policy(&self) -> Option<Policy> {
        match (self.keep_going, self.fail_fast) {
            (true, _) => Some(Policy::Continue),
            (_, true) => Some(Policy::Stop),
            _ => self.on_failure,
        }
    }

    fn amount(&self) -> Amount {
        match (self.quiet, self.verbose) {
            (true, _) => Amount::Failures,
            (_, false) if terminal::can_move() => Amount::Moving,
            _ => Amount::Everything,
        }
    }

    fn paint(&self) -> Paint {
        Paint(terminal::colors(self.look.color(), &io::stdout()))
    }
}

fn wanted(arguments: &Arguments) -> Result<Wanted, String> {
    let run = arguments.settings().map_err(|error| error.to_string())?;
    let prepared = Prepared::load(&arguments.file, arguments.meaning, run, &arguments.cluster)?;
    let phase = prepared.phase(&arguments.phase)?;
    let chosen = Chosen { tasks: &arguments.tasks, pods: &arguments.pods, policy: arguments.policy() };
    if phase.is_local() && !arguments.pods.is_empty() {
        return Err(format!("tasks of `{phase}` run on this machine, not in pods: leave --pod out"));
    }
    let request = prepared.request(phase, &chosen)?;
    if !arguments.dry_run {
        prepared.confirm(&request)?;
    }
    Ok(Wanted {
        left_out: prepared.left_out(&request),
        records: prepared.records(),
        file: prepared.file,
        request,
    })
}

/// Warns of what earlier runs left running whose program was killed.
fn tell_interrupted(records: Option<&Records>) {
    let directory = records.map(|records| records.directory.clone());
    let notices = directory.map(interrupted::notices).unwrap_or_default();
    for notice in notices.iter().filter(|notice| notice.is_running) {
        terminal::warning(format_args!("{}", notice.message));
    }
}

fn show_plan(arguments: &Arguments, wanted: &Wanted) -> io::Result<()> {
    let Wanted { request, file, left_out, .. } = wanted;
    let about = About::of(request, String::new(), file);
    let phase = request.plan.phase.name();
    let shown = dry_run::Shown { phase, directory: &request.directory, about: &about, left_out };
    let written = match arguments.format {
        Format::Human => dry_run::write(&shown, arguments.paint()),
        Format::Json => dry_run::write_json(&shown),
    };
    written.or_else(terminal::forgive_closed)
}

fn serve(arguments: &Arguments, wanted: Wanted) -> io::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        draft_tasks_executor::adopt_orphans()?;
        let mut stops = watch_signals()?;
        let (sender, events) = mpsc::channel(EVENTS);
        let mut shown = show(Readers::new(arguments, &wanted), events)?;
        let handle = draft_tasks_executor::start(wanted.request, sender);
        let mut stop = Stop { handle: &handle, overdue: None };
        let mut summary = RunSummary::default();
        loop {
            tokio::select! {
                Some(()) = stops.recv() => stop.ask(),
                news = shown.recv() => match news {
                    Some(Shown::Over(found)) => summary = found,
                    // A task whose output is lost must not go on.
                    Some(Shown::Unread) => stop.ask_once(),
                    None => break,
                },
                // What ran was killed by now, and nobody reads how it ended.
                () = stop.overdue() => break,
            }
        }
        Ok(match summary {
            _ if stop.overdue.is_some() => STOPPED.into(),
            RunSummary { blocked: true, .. } | RunSummary { failed: 1.., .. } => FOUND.into(),
            _ => ExitCode::SUCCESS,
        })
    })
}

/// What the thread that shows a run tells; it is over when there is nothing more to come.
enum Shown {
    /// Nobody reads standard output any more.
    Unread,
    /// The run is over.
    Over(RunSummary),
}

/// Who reads the events of a run.
struct Readers {
    about: About,
    recorder: Option<Recorder>,
    format: Format,
    report: Report,
}

impl Readers {
    fn new(arguments: &Arguments, wanted: &Wanted) -> Readers {
        let Wanted { request, file, records, .. } = wanted;
        let recorder = records.as_ref().and_then(|records| match records.begin(request, file) {
            Ok(recorder) => Some(recorder),
            Err(error) => {
                let place = records.directory.display();
                terminal::warning(format_args!("no record is kept of this run: {place}: {error}"));
                None
            }
        });
        let about = match &recorder {
            Some(recorder) => recorder.about().clone(),
            None => About::of(request, record::next_id(request.plan.phase.name()), file),
        };
        let folder = recorder.as_ref().map(|recorder| recorder.folder().to_owned());
        let amount = match arguments.format {
            Format::Human => arguments.amount(),
            Format::Json => Amount::Failures,
        };
        let report = Report::new(arguments.paint(), amount, &about, folder);
        Readers { about, recorder, format: arguments.format, report }
    }

    /// Records an event, and shows it unless nobody reads any more.
    fn take(&mut self, event: RunEvent, read: bool) -> io::Result<()> {
        if self.recorder.is_none() && self.format == Format::Human {
            return if read { self.report.show(event) } else { Ok(()) };
        }
        let told = self.about.tell(&event);
        if let Some(trouble) = self.recorder.as_mut().and_then(|recorder| recorder.take(&told)) {
            terminal::warning(format_args!("{trouble}"));
        }
        match self.format {
            _ if !read => Ok(()),
            Format::Human => self.report.show(event),
            Format::Json => {
                let mut line = serde_json::to_vec(&told)?;
                line.push(b'\n');
                let mut out = io::stdout().lock();
                out.write_all(&line)?;
                out.flush()
            }
        }
    }
}

/// Reads a run in a thread of its own: a reader that makes it wait must not keep signals from being heeded.
fn show(
    mut readers: Readers,
    mut events: mpsc::Receiver<RunEvent>,
) -> io::Result<mpsc::UnboundedReceiver<Shown>> {
    let (news, shown) = mpsc::unbounded_channel();
    std::thread::Builder::new().name("report".into()).spawn(move || {
        let mut read = true;
        while let Some(event) = events.blocking_recv() {
            let over = if let RunEvent::RunFinished { summary } = &event { Some(*summary) } else { None };
            if readers.take(event, read).is_err() {
                read = false;
                let _ = news.send(Shown::Unread);
            }
            if let Some(summary) = over {
                let _ = news.send(Shown::Over(summary));
            }
        }
    })?;
    Ok(shown)
}

/// A run is asked to end once, and killed when it is asked again.
struct Stop<'a> {
    handle: &'a RunHandle,
    /// When the run is over even if nobody has read so; nothing while it was not asked to end.
    overdue: Option<Instant>,
}

impl Stop<'_> {
    fn ask(&mut self) {
        let grace = if self.overdue.is_some() { Duration::ZERO } else { GRACE };
        self.overdue = Some(Instant::now() + grace + KILL_LIMIT);
        self.handle.stop(grace);
    }

    fn ask_once(&mut self) {
        if self.overdue.is_none() {
            self.ask();
        }
    }

    async fn overdue(&self) {
        match self.overdue {
            Some(overdue) => tokio::time::sleep_until(overdue).await,
            None => std::future::pending().await,
        }
    }
}

/// Gives a message for each signal that asks the program to end.
#[cfg(unix)]
fn watch_signals() -> io::Result<mpsc::UnboundedReceiver<()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let (sender, signals) = mpsc::unbounded_channel();
    for kind in [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()] {
        let (mut signal, sender) = (signal(kind)?, sender.clone());
        tokio::spawn(async move { while signal.recv().await.is_some() && sender.send(()).is_ok() {} });
    }
    Ok(signals)
}

#[cfg(not(unix))]
fn watch_signals() -> io::Result<mpsc::UnboundedReceiver<()>> {
    let (sender, signals) = mpsc::unbounded_channel();
    tokio::spawn(async move { while tokio::signal::ctrl_c().await.is_ok() && sender.send(()).is_ok() {} });
    Ok(signals)
}
