//! Runs requests one after another, records and shows them, and heeds signals: what `run`, `up` and `delete` share.
//!
//! Must not decide what runs.

use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Once;
use std::time::Duration;

use clap::ValueEnum;
use draft_tasks_executor::record::schema::{GivenEntry, WholeEntry};
use draft_tasks_executor::record::{self, Recorder, Records, RunHeader};
use draft_tasks_executor::{
    Failure, JobRequest, JobSource, Outcome, OutcomeName, Pod, RunEvent, RunHandle, RunRequest, RunSummary,
    StopSignal,
};
use tokio::runtime::Handle;
use tokio::sync::mpsc;

use super::FOUND;
use super::cluster;
use super::junit::Suite;
use super::loan::{self, Loan};
use super::report::{Amount, Report};
use super::repository_path::Root;
use super::screen::Screen;
use super::signals::{self, Overdue, Request, Signals};
use super::terminal::{self, Paint};
use crate::safety::{Asker, Crossing, TaskQuestion};
use crate::world::environment::ask_for_colors;

/// How a run is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// for people
    #[default]
    Human,
    /// for programs: each event as a line of JSON, as docs/records.md tells
    Json,
    /// for CI systems: a report in JUnit's XML, at the end; what people read goes to standard error
    Junit,
    /// for GitHub Actions: as for people, each of several tasks folded, and failures as annotations
    Github,
}

/// How long after the last kill it may take until that is told.
const TELLING: Duration = Duration::from_secs(2);

/// Events that wait to be shown; a full channel slows the tasks.
const EVENTS: usize = 64;

/// How runs are shown, and where they are recorded.
pub(super) struct Presentation<'a> {
    /// The tasks file.
    pub(super) file: &'a Path,
    pub(super) records: Option<&'a Records>,
    /// The options that its record keeps.
    pub(super) given: GivenEntry,
    /// Whether tasks of its phase or pods were left out.
    pub(super) is_partial: bool,
    /// The `up` or `delete` of which it is a step.
    pub(super) part_of: Option<WholeEntry>,
    pub(super) format: Format,
    pub(super) amount: Amount,
    pub(super) paint: Paint,
}

/// How a run came to its end.
pub(super) struct Ended {
    /// The name of its record, or what would be.
    pub(super) id: String,
    /// What a report of it has, where one is wanted.
    pub(super) suite: Option<Suite>,
    /// The build of the pods in which it ran, where they tell one.
    pub(super) build: Option<String>,
    /// Nothing where nobody told the end.
    summary: Option<RunSummary>,
    /// Whether it was asked to end.
    pub(super) was_stopped: bool,
    /// Whether what was to be told could not be written, which was said.
    pub(super) is_untold: bool,
    /// The exit code of a task that had the terminal and was ended by a key.
    key: Option<u8>,
}

impl Ended {
    /// An end that is not known is none that anything may follow.
    pub(super) fn outcome(&self) -> OutcomeName {
        self.summary.map_or(OutcomeName::Failed, |summary| summary.outcome())
    }

    /// How long it took, where that was told.
    pub(super) fn took(&self) -> Duration {
        self.summary.map_or(Duration::ZERO, |summary| summary.duration)
    }

    pub(super) fn code(&self, signals: &Signals) -> ExitCode {
        match self.outcome() {
            _ if self.is_untold => FOUND.into(),
            _ if self.was_stopped => signals.exit_code().into(),
            OutcomeName::Stopped | OutcomeName::Skipped => signals.exit_code().into(),
            OutcomeName::Failed => self.key.unwrap_or(FOUND).into(),
            OutcomeName::Passed => ExitCode::SUCCESS,
        }
    }
}

/// Does what runs tasks, with everything that it needs, and gives it the signals.
///
/// # Errors
///
/// When the system does not give what is needed, or what is done fails.
pub(super) fn serve(what: impl AsyncFnOnce(&mut Signals) -> io::Result<ExitCode>) -> io::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let done = runtime.block_on(async {
        draft_tasks_executor::adopt_orphans()?;
        let mut signals = Signals::watch()?;
        what(&mut signals).await
    });
    // A question that was not answered, or a disk that does not answer, must not hold the end.
    runtime.shutdown_background();
    done
}

/// What a command ends with whose tasks have run, once what is told of them all was to be written.
pub(super) fn code_after(written: io::Result<()>, code: ExitCode) -> ExitCode {
    let Err(problem) = terminal::written(written) else { return code };
    terminal::error(format_args!("{problem}"));
    FOUND.into()
}

/// Runs a request to its end.
///
/// # Errors
///
/// When nobody can be made to show it, or the terminal cannot be lent.
pub(super) async fn execute(
    mut request: RunRequest,
    crossing: Option<Crossing>,
    view: &Presentation<'_>,
    signals: &mut Signals,
) -> io::Result<Ended> {
    let (is_lent, grace) = (request.on_terminal, request.grace);
    signals::grant(grace);
    let _loan = if is_lent { Some(lend(&request)?) } else { None };
    let (sender, events) = mpsc::channel(EVENTS);
    if view.paint.0 && view.format == Format::Human && !is_lent {
        ask_for_colors(&mut request.environment);
    }
    let readers = Readers::new(&request, view);
    let (screen, id) = (readers.report.screen(), readers.about.id.clone());
    let mut shown = show(readers, events, is_lent)?;
    let job = request.pods.as_ref().and_then(|pods| pods.job.clone());
    let goes_on_in_pods = request.pods.is_some() && request.plan.subject.phase().is_some();
    let mut children = signals::Children::watch()?;
    let asker = if is_lent { None } else { asker(&sender, &screen) };
    let gate = crossing.map(|crossing| crossing.gate(&mut request, asker));
    let handle = draft_tasks_executor::start(request, gate, sender);
    let stop = Stop { handle: &handle, grace, overdue: Overdue::default() };
    let mut course = Course {
        stop,
        screen,
        is_lent,
        goes_on_in_pods,
        job,
        build: None,
        summary: None,
        suite: None,
        is_untold: false,
        is_left: false,
        key: None,
    };
    course.follow(signals, &mut children, &mut shown).await;
    let is_left = course.is_left;
    let ended = course.end(id);
    if is_left {
        handle.leave();
    }
    Ok(ended)
}

/// A run that goes on, and what is known of its end.
struct Course<'a> {
    stop: Stop<'a>,
    screen: Screen,
    is_lent: bool,
    goes_on_in_pods: bool,
    /// The Job that it is, if it is one.
    job: Option<JobRequest>,
    build: Option<String>,
    summary: Option<RunSummary>,
    suite: Option<Suite>,
    is_untold: bool,
    /// Whether what runs in a cluster is left as it is.
    is_left: bool,
    key: Option<u8>,
}

impl Course<'_> {
    /// Until its end was shown, or is not awaited any more.
    async fn follow(
        &mut self,
        signals: &mut Signals,
        children: &mut signals::Children,
        shown: &mut mpsc::UnboundedReceiver<Shown>,
    ) {
        loop {
            tokio::select! {
                request = signals.asked() => match request {
                    // Whoever ends the program has not said that of the Job.
                    Request::Terminate | Request::HangUp if self.job.is_some() => {
                        self.is_left = true;
                        return;
                    }
                    request => self.heed(request),
                },
                // By the key, or by itself alone, as ssh does: the shell has to see that, or nobody could let it go on.
                () = children.halted(), if self.is_lent => signals::halt_alone(),
                news = shown.recv() => match news {
                    Some(Shown::Unread(error)) if self.job.is_some() => {
                        self.is_left = true;
                        self.is_untold = error.kind() != io::ErrorKind::BrokenPipe;
                        return;
                    }
                    Some(news) => self.hear(news),
                    None => return,
                },
                // What ran was killed by now, and nobody reads how it ended.
                () = self.stop.overdue.reached() => return,
            }
        }
    }

    fn heed(&mut self, request: Request) {
        match request {
            // The key is for the task, and what the task does then is seen.
            Request::Halt if self.is_lent => {}
            Request::Halt => self.screen.without_moving(|| halt(self.goes_on_in_pods)),
            Request::Terminate | Request::HangUp => self.stop.ask(StopSignal::Terminate),
            Request::Interrupt | Request::Quit => {
                let is_first = !self.stop.overdue.is_asked();
                // The other key is for those that do not heed the first one.
                let signal =
                    if request == Request::Interrupt { StopSignal::Interrupt } else { StopSignal::Terminate };
                self.stop.ask(signal);
                let leaves = self.job.as_ref().is_some_and(|job| job.source == JobSource::Present);
                if is_first && !leaves && io::stderr().is_terminal() {
                    tell_stop(self.screen.clone(), self.stop.grace);
                }
            }
        }
    }

    fn hear(&mut self, news: Shown) {
        match news {
            Shown::Key(code) => self.key = Some(code),
            Shown::Build(build) => self.build = Some(build),
            Shown::Over(summary, suite) => {
                (self.summary, self.suite) = (Some(summary), suite.map(|suite| *suite));
            }
            // A task whose output is lost must not go on.
            Shown::Unread(error) => {
                self.is_untold |= !self.stop.overdue.is_asked() && tell_untold(&error);
                self.stop.ask_once();
            }
        }
    }

    fn end(self, id: String) -> Ended {
        self.screen.end();
        let was_stopped = self.is_left || self.stop.overdue.is_asked();
        if let Some(JobRequest { name: job, .. }) = &self.job {
            if self.is_left {
                terminal::remark(format_args!(
                    "if it was made, Job {job} goes on: `draft-tasks runs attach {job}` shows how it ends"
                ));
            } else if self.summary.is_none() {
                terminal::remark(format_args!(
                    "whether Job {job} was made and goes on is not known: `draft-tasks runs stop {job}` ends it"
                ));
            }
        }
        if self.summary.is_none() && !was_stopped {
            terminal::error(format_args!("how the run ended is not known: a defect in draft-tasks"));
        }
        Ended {
            id,
            suite: self.suite,
            build: self.build,
            summary: self.summary,
            was_stopped,
            is_untold: self.is_untold,
            key: self.key,
        }
    }
}

/// What asks while a run goes on, once all that was told before is shown.
fn asker(events: &mpsc::Sender<RunEvent>, screen: &Screen) -> Option<Asker> {
    if !cluster::can_ask() {
        return None;
    }
    // The run is over for its reader when nobody has the sender any more.
    let (events, screen, runtime) = (events.downgrade(), screen.clone(), Handle::current());
    Some(Box::new(move |TaskQuestion { text, .. }| {
        if let Some(events) = events.upgrade() {
            // Whoever takes this has shown what came before it.
            let nothing = RunEvent::Output { task: 0, pod: None, pieces: Vec::new() };
            let _ = runtime.block_on(async {
                events.send(nothing).await.map_err(drop)?;
                events.reserve_many(EVENTS).await.map(drop).map_err(drop)
            });
        }
        let mut agreed = Ok(false);
        screen.without_moving(|| agreed = cluster::is_agreed(text));
        match agreed {
            Ok(true) => Ok(()),
            Ok(false) => Err("it was not confirmed".into()),
            Err(error) => Err(format!("the answer cannot be read: {error}")),
        }
    }))
}

/// Says why the output cannot be written; a reader that has seen enough is no error.
fn tell_untold(error: &io::Error) -> bool {
    let is_told = error.kind() != io::ErrorKind::BrokenPipe;
    if is_told {
        terminal::error(format_args!("the output cannot be written, so the run is stopped: {error}"));
    } else {
        terminal::remark(format_args!("nobody reads the output any more, so the run is stopped"));
    }
    is_told
}

fn lend(request: &RunRequest) -> io::Result<Loan> {
    let loan = Loan::begin().map_err(io::Error::other)?;
    let task = request.plan.steps.first().map(|step| step.task.as_str()).unwrap_or_default();
    terminal::remark(format_args!(
        "the terminal is lent to `{task}`: what it shows is neither masked nor recorded"
    ));
    Ok(loan)
}

/// In a thread of its own: a terminal whose output is stopped must not keep the stop from going on.
fn tell_stop(screen: Screen, grace: Duration) {
    let grace = humantime::format_duration(grace);
    let tell = move || {
        screen.without_moving(|| {
            terminal::remark(format_args!("stopping … killed in {grace}; Ctrl-C again kills at once"));
        });
    };
    // Without a thread it is not said.
    let _ = std::thread::Builder::new().name("remark".into()).spawn(tell);
}

fn halt(goes_on_in_pods: bool) {
    if goes_on_in_pods && signals::can_halt() {
        terminal::remark(format_args!("what runs in pods goes on"));
    }
    signals::halt();
}

/// What the thread that shows a run tells; it is over when there is nothing more to come.
enum Shown {
    /// Standard output cannot be written any more.
    Unread(io::Error),
    /// A task that had the terminal was ended by a key, which a shell tells by this exit code.
    Key(u8),
    /// The pods in which it runs are of this build.
    Build(String),
    /// The run is over, with what a report of it has.
    Over(RunSummary, Option<Box<Suite>>),
}

/// Who reads the events of a run.
struct Readers {
    about: RunHeader,
    recorder: Option<Recorder>,
    format: Format,
    report: Report,
    suite: Option<Suite>,
}

impl Readers {
    fn new(request: &RunRequest, view: &Presentation<'_>) -> Readers {
        let &Presentation { file, records, format, .. } = view;
        let recorder = records.and_then(|records| match records.begin(request, file) {
            Ok(recorder) => Some(recorder),
            Err(error) => {
                let place = records.directory.display();
                // Once for all steps of `up` and `delete`.
                static TOLD: Once = Once::new();
                TOLD.call_once(|| {
                    terminal::warning(format_args!("no record is kept of this run: {place}: {error}"));
                });
                None
            }
        });
        let mut about = match &recorder {
            Some(recorder) => recorder.about().clone(),
            None => RunHeader::of(request, record::next_id(request.plan.subject.name()), file),
        };
        about.given = view.given.clone();
        about.part_of = view.part_of.clone();
        let folder = recorder.as_ref().map(|recorder| recorder.folder().to_owned());
        let amount = match format {
            Format::Human | Format::Github | Format::Junit => view.amount,
            Format::Json => Amount::Failures,
        };
        let is_beside = format == Format::Junit;
        let mut report = Report::new(view.paint, amount, (&about, file), folder, is_beside);
        report.is_partial = view.is_partial;
        if format == Format::Github {
            report.annotate(Root::find().path(file));
        }
        let suite = (format == Format::Junit).then(Suite::default);
        Readers { about, recorder, format, report, suite }
    }

    /// Records an event, and shows it unless nobody reads any more.
    fn take(&mut self, event: RunEvent, read: bool) -> io::Result<()> {
        if matches!(&event, RunEvent::Output { pieces, .. } if pieces.is_empty()) {
            return Ok(());
        }
        let is_shown = matches!(self.format, Format::Human | Format::Github);
        if self.recorder.is_none() && is_shown {
            return if read { self.report.show(event) } else { Ok(()) };
        }
        let told = self.about.tell(&event);
        if let Some(trouble) = self.recorder.as_mut().and_then(|recorder| recorder.take(&told)) {
            terminal::warning(format_args!("{trouble}"));
        }
        if let Some(suite) = &mut self.suite {
            suite.take(&told);
        }
        match self.format {
            _ if !read => Ok(()),
            Format::Human | Format::Github | Format::Junit => self.report.show(event),
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
    is_lent: bool,
) -> io::Result<mpsc::UnboundedReceiver<Shown>> {
    let (news, shown) = mpsc::unbounded_channel();
    std::thread::Builder::new().name("report".into()).spawn(move || {
        let mut read = true;
        while let Some(event) = events.blocking_recv() {
            // What is said of its end is said on our terminal again.
            match &event {
                RunEvent::TaskStarted { .. } if is_lent => loan::begin_task(),
                RunEvent::TaskFinished { outcome, .. } if is_lent => {
                    loan::take_back();
                    if let Some(code) = code_of_key(outcome) {
                        // The terminal shows the key where the line ended.
                        let _ = writeln!(io::stdout());
                        let _ = news.send(Shown::Key(code));
                    }
                }
                RunEvent::PodsFound { pods, .. } => {
                    if let Some(build) = Pod::build_of(pods) {
                        let _ = news.send(Shown::Build(build.to_owned()));
                    }
                }
                _ => {}
            }
            let over = if let RunEvent::RunFinished { summary } = &event { Some(*summary) } else { None };
            if let Err(error) = readers.take(event, read) {
                read = false;
                let _ = news.send(Shown::Unread(error));
            }
            if let Some(summary) = over {
                let _ = news.send(Shown::Over(summary, readers.suite.take().map(Box::new)));
            }
        }
    })?;
    Ok(shown)
}

/// The exit code by which shells tell that a program was ended by Ctrl-C or Ctrl-\, if that is how a task ended.
fn code_of_key(outcome: &Outcome) -> Option<u8> {
    const KEYS: [u8; 2] = [2, 3];
    KEYS.into_iter().find_map(|signal| match outcome {
        Outcome::Failed(Failure::Signal(by)) if *by == i32::from(signal) => Some(128 + signal),
        Outcome::Failed(Failure::ExitCode(code)) if *code == i32::from(128 + signal) => Some(128 + signal),
        _ => None,
    })
}

/// A run is asked to end once, and killed when it is asked again.
struct Stop<'a> {
    handle: &'a RunHandle,
    grace: Duration,
    /// When the run is over even if nobody has read so.
    overdue: Overdue,
}

impl Stop<'_> {
    fn ask(&mut self, signal: StopSignal) {
        self.handle.stop_by(signal, self.overdue.ask(self.grace, TELLING));
    }

    fn ask_once(&mut self) {
        if !self.overdue.is_asked() {
            self.ask(StopSignal::Terminate);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_that_nobody_told_is_no_success() {
        let ended = |summary| Ended {
            id: String::new(),
            suite: None,
            build: None,
            summary,
            was_stopped: false,
            is_untold: false,
            key: None,
        };
        assert_eq!(ended(None).outcome(), OutcomeName::Failed);
        assert_eq!(ended(Some(RunSummary::default())).outcome(), OutcomeName::Passed);
    }
}
