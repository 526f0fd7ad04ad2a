//! `draft-tasks run`: runs the tasks of a phase and shows what they write, with the same plan and executor as editors.
//!
//! Must not decide what a task runs.

use std::fmt::Arguments;
use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use draft_tasks_analysis::phase::Phase;
use draft_tasks_analysis::plan;
use draft_tasks_executor::job::again;
use draft_tasks_executor::record::schema::GivenEntry;
use draft_tasks_executor::record::{Records, RunHeader};
use draft_tasks_executor::{OnFailure, RunRequest, halt};

use super::cluster;
use super::execute::{Format, code_after, execute, serve};
use super::list::{self, Listing};
use super::loan;
use super::named::{AbsentTasks, NamedTasks, Unnamed};
use super::paths::{self, TasksFile};
use super::pick::{self, Picked};
use super::plan as dry_run;
use super::prepare::{PhaseSelection, Prepared};
use super::report::Amount;
use super::signals;
use super::terminal;
use super::{STOPPED, UNUSABLE};
use crate::claim::Claim;
use crate::interrupted::{self, Notice};
use crate::safety::Crossing;
use crate::settings::Named;
use crate::settings::choice::Choice;

mod job;
mod options;

use job::RunKind;
pub(super) use job::{check_left as check_left_jobs, request as job_request, rest_of};
pub(super) use options::Options;

const KEYS: &str = "\
Keys on a terminal:
  Ctrl-C  the tasks get the signal INT, as in any shell, and what does not heed it gets TERM; again: they
          are killed. In pods they get TERM
  Ctrl-\\  the tasks get TERM, and the exit code is 131
  Ctrl-Z  the tasks halt until `fg`, and their time limits with them; what runs in pods goes on, and
          elsewhere than on Linux what has left a task's own process group
With --tty they are the task's own. As under any shell, a script that is halted while it starts a
program waits for that program, and does not halt itself: `kill -CONT` to the program helps.";

#[derive(Debug, Args)]
#[command(after_help = KEYS)]
pub(super) struct RunArguments {
    /// pre-up, post-deploy, post-up or cleanup; without it the phases and tasks are listed, and on a terminal
    /// what runs can be picked
    pub(super) phase: Option<String>,
    #[command(flatten)]
    named: NamedTasks,
    /// Do nothing where there is no tasks file, phase or task: that is no failure then, nor is a --skip of no task; a --from of
    /// no task is one, where the phase has others
    #[arg(long, requires = "phase")]
    if_present: bool,
    /// Lend the terminal to the task, for `sudo` or `ssh`; one task on this machine; what it shows is
    /// neither masked nor recorded, and Ctrl-C is its own
    #[arg(long)]
    tty: bool,
    /// Run only in this pod; may be given several times
    #[arg(long = "pod", value_name = "NAME")]
    pods: Vec<String>,
    /// Run the tasks in the first ready pod alone, with =TASK this one in place of those of the settings, also several times: by
    /// the names of pods, as migrations of a database should; how one ends whose pod is deleted is unknown, and it runs in no
    /// other pod
    #[arg(long, value_name = "TASK", num_args = 0..=1, require_equals = true, default_missing_value = "")]
    once: Vec<String>,
    /// Run the tasks as one Job of Kubernetes, which goes on where this program ends; it has the image, environment, service
    /// account and volumes of the application's workload
    #[arg(long = "as", value_name = "KIND", value_enum, requires = "phase", conflicts_with_all = ["tty", "pods", "once"])]
    kind: Option<RunKind>,
    /// The image of that Job, which then has nothing of the application's workload
    #[arg(long, value_name = "IMAGE", requires = "kind")]
    image: Option<String>,
    /// Run only the tasks that did not pass when they last ran; in pods of the present rollout, where they did not.
    /// A run of some tasks in between leaves the others as they were; `rerun --failed` is of one run
    #[arg(long, requires = "phase", conflicts_with_all = ["tasks", "skip", "from", "if_present", "tty", "pods", "once", "kind"])]
    pub(super) failed: bool,
    #[command(flatten)]
    pub(super) options: Options,
}

/// What is to be done.
pub(super) struct PlannedRun {
    request: RunRequest,
    /// Nothing where the user wants no question.
    crossing: Option<Crossing>,
    /// The tasks file.
    file: PathBuf,
    /// Tasks of the phase that were not asked for.
    left_out: Vec<String>,
    /// Why the pods in which they would run are unknown.
    unknown: Option<String>,
    /// What a dry run would ask.
    asks: Vec<String>,
    records: Option<Records>,
    given: GivenEntry,
    /// Whether it is all of its phase that has not passed.
    pub(super) is_of_phase: bool,
    /// Held until the run is over.
    claim: Claim,
}

/// Runs the tasks; the exit code tells how it went.
pub(super) fn run(mut arguments: RunArguments) -> ExitCode {
    match arguments.phase.take() {
        Some(phase) => run_phase(&arguments, &phase, None),
        None => match arguments.options.find_file() {
            Ok(file) => run_picked(arguments, file),
            Err(problem) => carry_out(&arguments.options, Err(problem)),
        },
    }
}

fn run_phase(arguments: &RunArguments, phase: &str, file: Option<TasksFile>) -> ExitCode {
    signals::begin();
    match wanted(arguments, phase, file).transpose() {
        Some(wanted) => carry_out(&arguments.options, wanted),
        None => ExitCode::SUCCESS,
    }
}

/// Runs what the user picks.
fn run_picked(mut arguments: RunArguments, file: TasksFile) -> ExitCode {
    match picked(&arguments.options, file.clone()) {
        Ok(Some(Picked { phase, tasks })) => {
            arguments.named = NamedTasks::exactly(tasks);
            run_phase(&arguments, phase.name(), Some(file))
        }
        Ok(None) => STOPPED.into(),
        Err(problem) => carry_out(&arguments.options, Err(problem)),
    }
}

/// What the user picks of a file; nothing where that is nothing.
fn picked(options: &Options, file: TasksFile) -> Result<Option<Picked>, String> {
    signals::begin();
    let listing = Listing::read(file, options.meaning)?;
    if !pick::can_pick() {
        if options.format == Format::Human {
            terminal::written(listing.write(&mut io::stdout().lock(), options.look))?;
        }
        if listing.phases.is_empty() {
            return Err("nothing runs, as there is no task to run".into());
        }
        return Err("nothing runs: name a phase, as in `draft-tasks run pre-up`".into());
    }
    let picked = pick::pick(&listing)?;
    match &picked {
        Some(picked) => terminal::remark(format_args!("{}", picked.describe())),
        None => terminal::remark(format_args!("nothing runs; `draft-tasks list` shows what there is")),
    }
    Ok(picked)
}

/// Lists what a file has, and on a terminal offers to run it.
pub(super) fn offer(arguments: RunArguments, file: TasksFile) -> ExitCode {
    if pick::can_pick() {
        return run_picked(arguments, file);
    }
    let Options { meaning, look, .. } = arguments.options;
    list::tell(
        Listing::read(file, meaning)
            .and_then(|listing| terminal::written(listing.write(&mut io::stdout().lock(), look))),
    )
}

/// Runs what is wanted, or shows it; says why nothing is.
pub(super) fn carry_out(options: &Options, wanted: Result<PlannedRun, String>) -> ExitCode {
    let done = wanted.and_then(|wanted| {
        if options.dry_run {
            return terminal::written(show_plan(options, &wanted)).map(|()| ExitCode::SUCCESS);
        }
        tell_interrupted(wanted.records.as_ref());
        execute_one(options, wanted).map_err(|error| cannot_run(&error))
    });
    done.unwrap_or_else(|problem| {
        terminal::error(format_args!("{problem}"));
        UNUSABLE.into()
    })
}

/// Says that the system does not give what a run needs.
pub(super) fn cannot_run(error: &io::Error) -> String {
    format!("the tasks cannot be run: {error}")
}

/// What is to run; nothing where that need not be there.
fn wanted(
    arguments: &RunArguments,
    phase: &str,
    found: Option<TasksFile>,
) -> Result<Option<PlannedRun>, String> {
    let options = &arguments.options;
    let file = match found {
        None if arguments.if_present => find_any(options)?,
        None => Some(options.find_file()?),
        found => found,
    };
    let Some(file) = file else { return Ok(absent(format_args!("no tasks file"))) };
    let settings = options.settings().map_err(|error| error.to_string())?;
    let prepared = if arguments.tty {
        // On the terminal nothing is masked.
        options.load(file, settings, options.meaning)?
    } else {
        options.prepare_with(file, settings, options.meaning)?
    };
    let phase = prepared.phase(phase)?;
    if arguments.if_present && prepared.has_none(phase) {
        return Ok(absent(format_args!("no tasks in `{phase}`")));
    }
    let (mut named, present) = (arguments.named.clone(), prepared.tasks(phase));
    if arguments.if_present && lacks_all(&mut named, &present, phase) {
        return Ok(None);
    }
    let tasks = tasks(named.among(&present, cluster::can_ask()), phase)?;
    if let Some(RunKind::Job) = arguments.kind {
        let chosen = PhaseSelection { tasks: &tasks, pods: &[], policy: options.policy() };
        let request = job::request(options, &prepared, (phase, &chosen), arguments.image.as_deref())?;
        return PlannedRun::new(options, prepared, (phase, request), None).map(Some);
    }
    check_place(arguments, &prepared, phase)?;
    let chosen = PhaseSelection { tasks: &tasks, pods: &arguments.pods, policy: options.policy() };
    let (mut request, unknown) = request(options, &prepared, phase, &chosen)?;
    if let Some(pods) = request.pods.as_mut().filter(|_| !arguments.once.is_empty()) {
        let is_once =
            |task: &String| arguments.once.contains(&String::new()) || arguments.once.contains(task);
        pods.once = request.plan.steps.iter().map(|step| step.task.clone()).filter(is_once).collect();
    }
    if arguments.tty {
        lend(&mut request, phase)?;
    }
    PlannedRun::new(options, prepared, (phase, request), unknown).map(Some)
}

fn find_any(options: &Options) -> Result<Option<TasksFile>, String> {
    paths::find_if_present(options.file.file.as_deref()).map_err(|error| error.to_string())
}

/// Says in a word that there is nothing to do.
fn absent(what: Arguments<'_>) -> Option<PlannedRun> {
    terminal::remark(format_args!("nothing runs: {what}"));
    None
}

/// Leaves out what need not be there and is not, with a word; whether nothing is left of what was to run.
fn lacks_all(named: &mut NamedTasks, present: &[String], phase: Phase) -> bool {
    let has_terminal = cluster::can_ask();
    for word in named.take_absent_skips(present, has_terminal) {
        terminal::remark(format_args!("--skip {word}: no task `{word}` in `{phase}`"));
    }
    let AbsentTasks { words, are_all } = named.take_absent(present, has_terminal);
    for word in words {
        let near = plan::meant(&word, present);
        let meant = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
        let what = if are_all { "nothing runs: " } else { "" };
        terminal::remark(format_args!("{what}no task `{word}` in `{phase}`{meant}"));
    }
    are_all
}

fn tasks(named: Result<Vec<String>, Unnamed>, phase: Phase) -> Result<Vec<String>, String> {
    match named {
        Ok(tasks) => Ok(tasks),
        // The plan knows what is wrong with it.
        Err(Unnamed::Word(word)) => Ok(vec![word]),
        Err(Unnamed::All) => Err(format!("nothing runs: --skip leaves no task of `{phase}`")),
        Err(Unnamed::Several(word)) => {
            Err(format!("--from {word}: several tasks of `{phase}` are called so: name one"))
        }
    }
}

/// Whether what is asked for fits to where the tasks of the phase run.
fn check_place(arguments: &RunArguments, prepared: &Prepared<'_>, phase: Phase) -> Result<(), String> {
    let options = &arguments.options;
    if !phase.is_local() && !options.quiet && !prepared.masked_names().is_empty() {
        terminal::remark(format_args!(
            "tasks in pods do not get the variables of files, only what stands for `$NAME` in their commands"
        ));
    }
    if phase.is_local() && !arguments.pods.is_empty() {
        return Err(format!("tasks of `{phase}` run on this machine, not in pods: leave --pod out"));
    }
    let present = prepared.tasks(phase);
    if let Some(name) = arguments.once.iter().find(|name| !name.is_empty() && !present.contains(name)) {
        return Err(format!(
            "--once={name}: `{phase}` has no task of this name, and one that is misspelt would run in all pods"
        ));
    }
    if phase.is_local() && !arguments.once.is_empty() {
        return Err(format!("tasks of `{phase}` run on this machine, and so once: leave --once out"));
    }
    if arguments.tty { check_loan(options, phase) } else { Ok(()) }
}

/// What the executor is asked to do, and why the pods in which a dry run would do it are unknown.
fn request(
    options: &Options,
    prepared: &Prepared<'_>,
    phase: Phase,
    chosen: &PhaseSelection<'_>,
) -> Result<(RunRequest, Option<String>), String> {
    if phase.is_local() || !options.dry_run {
        return Ok((prepared.request(phase, chosen)?, None));
    }
    let mut request = prepared.request_without_pods(phase, chosen)?;
    let application = prepared.application();
    let pods = application.pods(chosen.pods.to_vec());
    let unknown = match &pods {
        Err(problem) if application.cannot_be_met() => {
            return Err(prepared.describe_missing(problem));
        }
        pods => pods.as_ref().err().map(|problem| prepared.summarize_missing(problem)),
    };
    request.pods = pods.ok();
    Ok((request, unknown))
}

/// Has the only task that would run get the terminal.
fn lend(request: &mut RunRequest, phase: Phase) -> Result<(), String> {
    let count = request.plan.steps.len();
    if count != 1 {
        return Err(format!(
            "--tty lends the terminal to one task, and `{phase}` would run {count}: name one, as in --tty TASK"
        ));
    }
    request.on_terminal = true;
    Ok(())
}

/// Whether the terminal can be lent to a task of a phase.
///
/// # Errors
///
/// Why not.
pub(super) fn check_loan(options: &Options, phase: Phase) -> Result<(), String> {
    if !phase.is_local() {
        return Err(format!(
            "tasks of `{phase}` run in pods, and --tty lends the terminal of this machine: leave it out"
        ));
    }
    if options.format != Format::Human {
        return Err("with --tty the output is the task's own: leave --format out".into());
    }
    if options.dry_run { Ok(()) } else { loan::check() }
}

impl PlannedRun {
    /// What a run that runs again was told about failures, where no option is.
    pub(super) fn keep_policy(&mut self, policy: Option<Named<OnFailure>>) {
        self.given.on_failure = policy.map(|policy| policy.0.name().into());
    }

    /// Says what is known of the tasks, and asks what has to be asked before they run.
    ///
    /// # Errors
    ///
    /// Why they do not.
    pub(super) fn new(
        options: &Options,
        prepared: Prepared<'_>,
        (phase, request): (Phase, RunRequest),
        unknown: Option<String>,
    ) -> Result<PlannedRun, String> {
        let told = options.told(request.on_terminal);
        if request.pods.is_none() && phase.is_local() {
            options.cluster.tell_unused(phase);
        }
        prepared.check_application(phase.into(), Some(&request.plan), told)?;
        prepared.tell_findings(&request.plan, told)?;
        let mut claim = Claim::default();
        if !options.dry_run {
            claim = prepared.claim(phase.into(), options.wait)?;
            let is_job = request.pods.as_ref().is_some_and(|pods| pods.job.is_some());
            check_left_jobs(options, &prepared, phase.into(), is_job)?;
            prepared.confirm(&request, options.is_silent())?;
        }
        let crossing = if options.dry_run { None } else { prepared.crossing(&request) };
        Ok(PlannedRun {
            claim,
            crossing,
            unknown,
            asks: if options.dry_run { prepared.asks(&request) } else { Vec::new() },
            left_out: prepared.left_out(&request),
            is_of_phase: false,
            given: GivenEntry { tty: request.on_terminal, ..prepared.given() },
            records: if options.dry_run { None } else { prepared.records() },
            file: prepared.file,
            request,
        })
    }
}

/// Warns of what earlier runs left running whose program was killed.
pub(super) fn tell_interrupted(records: Option<&Records>) {
    let directory = records.map(|records| records.directory.clone());
    let notices = directory.map(interrupted::notices).unwrap_or_default();
    for notice in notices.iter().filter(|notice| notice.is_running) {
        terminal::warning(format_args!("{}", notice.message));
    }
    for Notice { message, job, .. } in &notices {
        if let Some(job) = job {
            terminal::remark(format_args!("{message}: {}", again(job)));
        }
    }
}

fn show_plan(options: &Options, wanted: &PlannedRun) -> io::Result<()> {
    let PlannedRun { request, file, left_out, unknown, asks, .. } = wanted;
    let about = RunHeader::of(request, String::new(), file);
    let beside = BesidePlan { left_out, unknown: unknown.as_deref(), asks };
    show_dry(options, request, &about, &beside)
}

/// What a dry run says beside its plan.
#[derive(Default)]
pub(super) struct BesidePlan<'a> {
    /// Tasks of the phase that were not asked for.
    pub(super) left_out: &'a [String],
    /// Why the pods in which they would run are unknown.
    pub(super) unknown: Option<&'a str>,
    /// What would be asked before.
    pub(super) asks: &'a [String],
}

/// Shows a run that does not happen.
///
/// # Errors
///
/// When standard output cannot be written.
pub(super) fn show_dry(
    options: &Options,
    request: &RunRequest,
    about: &RunHeader,
    beside: &BesidePlan<'_>,
) -> io::Result<()> {
    let BesidePlan { left_out, unknown, asks } = *beside;
    let phase = request.plan.subject.name();
    let choice = request.pods.as_ref().map(|pods| &pods.choice);
    let target = request.pinned.as_ref().map(|pinned| &pinned.target);
    let shown = dry_run::Shown {
        phase,
        directory: &request.directory,
        about,
        left_out,
        unknown,
        choice,
        target,
        asks,
    };
    match options.format {
        Format::Json => dry_run::write_json(&shown),
        Format::Human | Format::Github | Format::Junit => dry_run::write(&shown, options.paint()),
    }
}

fn execute_one(options: &Options, wanted: PlannedRun) -> io::Result<ExitCode> {
    let PlannedRun { request, crossing, file, records, given, left_out, is_of_phase, claim: _claim, .. } =
        wanted;
    let mut view = options.view(&file, records.as_ref(), given);
    let has_some_pods = || request.pods.as_ref().is_some_and(|pods| !pods.choice.is_all());
    view.is_partial = !is_of_phase && (!left_out.is_empty() || has_some_pods());
    if request.on_terminal {
        view.amount = Amount::Failures;
    }
    let (subject, begun) = (request.plan.subject, halt::now());
    let is_human = options.format == Format::Human;
    serve(async |signals| {
        let ended = execute(request, crossing, &view, signals).await?;
        if is_human {
            options.tell_over(subject.name(), ended.outcome(), begun);
        }
        let written = options.write_report(ended.suite.as_slice());
        Ok(code_after(written, ended.code(signals)))
    })
}
