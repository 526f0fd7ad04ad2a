//! `draft-tasks up` and `draft-tasks delete`: run the phases around a command that deploys or deletes the application.
//!
//! Must not decide which step comes next: `lifecycle` does.

use std::io::{self, Write as _};
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use draft_tasks_analysis::phase::Phase;
use draft_tasks_analysis::plan::{Plan, Subject};
use draft_tasks_analysis::printable::printable;
use draft_tasks_analysis::task_variable::TaskVariable;
use draft_tasks_executor::cluster::Target;
use draft_tasks_executor::record::schema::WholeEntry;
use draft_tasks_executor::record::{self, RunHeader};
use draft_tasks_executor::{OutcomeName, PodsBefore, PodsRequest, RunRequest, describe_duration, halt};
use serde::Serialize;
use serde_json::json;
use tokio::time::Instant;

use super::execute::{Format, code_after, execute, serve};
use super::junit::Suite;
use super::prepare::{Prepared, block_on};
use super::run::{self, BesidePlan, Options};
use super::signals::{self, Signals};
use super::{FOUND, UNUSABLE, terminal};
use crate::claim::Claim;
use crate::lifecycle::{LifecycleEnd, LifecycleSite, Next, Part, Undertaking, WayOn};
use crate::safety::lacking::LackingGround;
use crate::safety::{self, Crossing, Foreign, Guard};
use crate::settings::run::Patience;

#[derive(Debug, Args)]
pub(super) struct UpArguments {
    #[command(flatten)]
    options: Options,
    /// The command that deploys the application, such as `helm upgrade --install …`; it runs without a shell, in the
    /// directory of the tasks file
    #[arg(last = true, required = true, value_name = "COMMAND")]
    command: Vec<String>,
}

#[derive(Debug, Args)]
pub(super) struct DeleteArguments {
    /// How long to wait until the application's pods are gone; without it as the project says, else 5m
    #[arg(long, value_name = "TIME")]
    gone_timeout: Option<Patience>,
    #[command(flatten)]
    options: Options,
    /// The command that deletes the application, such as `helm uninstall …`; it runs without a shell, in the directory of
    /// the tasks file
    #[arg(last = true, required = true, value_name = "COMMAND")]
    command: Vec<String>,
}

/// Runs `pre-up`, the command, `post-deploy` in the pods of the new rollout, and `post-up`.
pub(super) fn up(arguments: &UpArguments) -> ExitCode {
    run(&arguments.options, &Wanted { part: Part::Up, argv: &arguments.command, gone_timeout: None })
}

/// Runs the command, waits until the application's pods are gone, and runs `cleanup`.
pub(super) fn delete(arguments: &DeleteArguments) -> ExitCode {
    let gone_timeout = arguments.gone_timeout.map(|limit| limit.0);
    run(&arguments.options, &Wanted { part: Part::Delete, argv: &arguments.command, gone_timeout })
}

/// How a step ended.
#[derive(Serialize)]
struct StepEnd {
    /// The name of its record.
    id: String,
    phase: &'static str,
    outcome: OutcomeName,
    seconds: f64,
}

/// What is asked for.
struct Wanted<'a> {
    part: Part,
    argv: &'a [String],
    gone_timeout: Option<Duration>,
}

/// Everything that is known before the first step.
struct Whole<'a> {
    prepared: Prepared<'a>,
    options: &'a Options,
    undertaking: Undertaking,
    /// Those of its local steps; none where the user wants no question.
    crossings: Vec<Crossing>,
    begun: Instant,
    whole: WholeEntry,
    /// Whether it was told that the program of its command is not there.
    lacks_program: bool,
    /// What was told of its cluster before the first step.
    lacking: Option<LackingGround>,
    /// How its steps ended.
    ended: Vec<StepEnd>,
    suites: Vec<Suite>,
    /// Held until the last step is over.
    _claim: Claim,
}

fn run(options: &Options, wanted: &Wanted<'_>) -> ExitCode {
    signals::begin();
    let whole = match Whole::prepare(options, wanted) {
        Ok(whole) => whole,
        Err(problem) => {
            terminal::error(format_args!("{problem}"));
            return UNUSABLE.into();
        }
    };
    let done = if options.dry_run {
        terminal::written(whole.show()).map(|()| ExitCode::SUCCESS)
    } else {
        serve(async |signals| whole.walk(signals).await).map_err(|error| run::cannot_run(&error))
    };
    done.unwrap_or_else(|problem| {
        terminal::error(format_args!("{problem}"));
        UNUSABLE.into()
    })
}

impl<'a> Whole<'a> {
    fn prepare(options: &'a Options, wanted: &Wanted<'_>) -> Result<Whole<'a>, String> {
        let Wanted { part, argv, gone_timeout } = *wanted;
        if argv.first().is_none_or(|program| program.trim().is_empty()) {
            return Err("the command behind `--` is empty: look where it comes from".into());
        }
        let mut prepared = options.prepare()?.hiding_in(argv);
        prepared.check_application(part.into(), None, options.told(false))?;
        prepared.tell_findings_of(part, options.told(false))?;
        // Before anything is looked at that the other one may change.
        let mut claim = Claim::default();
        if !options.dry_run {
            claim = prepared.claim(part.into(), options.wait)?;
            run::check_left_jobs(options, &prepared, part.into(), false)?;
        }
        let site = LifecycleSite::of(part, &prepared.application(), &prepared.file);
        prepared.tell(&prepared.application().told_in(site.target()));
        let phases = part.phases().iter().map(|phase| prepared.plan_if_any(*phase));
        let phases: Vec<Plan> = phases.filter_map(Result::transpose).collect::<Result<_, _>>()?;
        let mut undertaking = Undertaking::new(site, phases, argv, prepared.application().settings);
        if !options.dry_run {
            undertaking = undertaking.ready().map_err(|problem| prepared.describe_missing(&problem))?;
        } else if let Some(problem) = undertaking.obstacle() {
            if prepared.application().cannot_be_met() {
                return Err(prepared.describe_missing(problem));
            }
            terminal::warning(format_args!("nothing would run: {}", problem.describe()));
        }
        let lacks_program = prepared.tell_findings_of_command(&undertaking, options.told(false))?;
        undertaking.warning.iter().for_each(|said| terminal::warning(format_args!("{said}")));
        if let (Some(limit), Some(pods)) = (gone_timeout, &mut undertaking.pods) {
            pods.wait_timeout = limit;
        }
        if !options.dry_run {
            confirm(options, &prepared, &mut undertaking)?;
        }
        let is_asked = !options.dry_run && !options.cluster.yes;
        let crossings = if is_asked { prepared.crossings(&undertaking) } else { Vec::new() };
        let whole = WholeEntry { id: record::next_id(part.name()), name: part.name().to_owned() };
        let (begun, ended, suites) = (halt::now(), Vec::new(), Vec::new());
        Ok(Whole {
            prepared,
            options,
            undertaking,
            crossings,
            begun,
            whole,
            lacks_program,
            lacking: None,
            ended,
            suites,
            _claim: claim,
        })
    }

    /// What a step runs.
    fn request(&self, step: Subject) -> RunRequest {
        let (plan, pinned) = (self.undertaking.plan(step), self.undertaking.pinned(step));
        let mut request = self.prepared.request_with(plan, self.options.policy(), pinned);
        request.pods = self.undertaking.pods(step);
        request.limits = request.limits.left_after(halt::now() - self.begun);
        if step.phase().is_none() {
            // The limit is one of tasks.
            request.limits.task = None;
        }
        request
    }

    fn show(&self) -> io::Result<()> {
        // All is asked before the first step.
        let mut asks = self.asks();
        for step in self.undertaking.steps.steps() {
            let request = self.request(*step);
            let about = RunHeader::of(&request, String::new(), &self.prepared.file);
            let unknown =
                self.undertaking.unknown(*step).map(|problem| self.prepared.summarize_missing(problem));
            let beside = BesidePlan { unknown: unknown.as_deref(), asks: &asks, ..BesidePlan::default() };
            run::show_dry(self.options, &request, &about, &beside)?;
            asks.clear();
        }
        Ok(())
    }

    /// What would be asked before all steps.
    fn asks(&self) -> Vec<String> {
        let Whole { prepared, undertaking, options, .. } = self;
        let foreign = foreign(prepared, undertaking);
        let guard = undertaking.guard.as_ref().filter(|_| !options.cluster.yes);
        let asks = prepared.asks_of_file().into_iter().chain(options.cluster.asks_of_foreign(&foreign));
        asks.chain(guard.map(Guard::when_before_delete)).collect()
    }

    async fn walk(mut self, signals: &mut Signals) -> io::Result<ExitCode> {
        let records = self.prepared.records();
        run::tell_interrupted(records.as_ref());
        self.tell_where();
        let mut next = self.undertaking.steps.steps().first().map_or(Next::Done, |step| Next::Step(*step));
        if self.undertaking.part == Part::Up && !self.tell_lacking(signals).await {
            next = self.undertaking.steps.cannot_begin(true);
        }
        loop {
            let step = match next {
                Next::Step(step) => step,
                Next::Done => {
                    let told = self.tell_over(OutcomeName::Passed);
                    return Ok(code_after(told, ExitCode::SUCCESS));
                }
                Next::Ended(end) => {
                    let stopped = end.was_stopped;
                    let told =
                        self.tell_over(if stopped { OutcomeName::Stopped } else { OutcomeName::Failed });
                    terminal::error(format_args!("{}", end.describe()));
                    way_on(&end).iter().for_each(|said| terminal::remark(format_args!("{said}")));
                    let code = if stopped { signals.exit_code() } else { FOUND };
                    return Ok(code_after(told, code.into()));
                }
            };
            if step == Subject::Deploy {
                let Some(before) = self.pods_before(signals).await else {
                    next = self.undertaking.steps.cannot_begin(true);
                    continue;
                };
                self.undertaking.pods.iter_mut().for_each(|of| of.before = before.clone());
            }
            let request = self.request(step);
            let crossing = self.crossings.iter().find(|crossing| crossing.subject == step).cloned();
            let mut view = self.options.view(&self.prepared.file, records.as_ref(), self.prepared.given());
            view.part_of = Some(self.whole.clone());
            let mut ended = execute(request, crossing, &view, signals).await?;
            self.suites.extend(ended.suite.take());
            let (outcome, seconds) = (ended.outcome(), ended.took().as_millis() as f64 / 1000.0);
            self.ended.push(StepEnd { id: ended.id.clone(), phase: step.name(), outcome, seconds });
            if ended.is_untold {
                return Ok(ended.code(signals));
            }
            if let Some(build) = ended.build.take() {
                self.tell_build(build);
            }
            next = self.undertaking.steps.after(ended.outcome(), ended.was_stopped);
        }
    }

    /// Tells the tasks that are still to come of which build the pods are.
    fn tell_build(&mut self, build: String) {
        self.prepared.tell(&[(TaskVariable::Build, build)].into());
        // It was planned before, so it can be planned.
        if let Ok(Some(plan)) = self.prepared.plan_if_any(Phase::PostUp) {
            self.undertaking.replan(plan);
        }
    }

    /// What all steps came to.
    fn tell_over(&self, outcome: OutcomeName) -> io::Result<()> {
        let told = match self.options.format {
            Format::Human | Format::Github => io::stdout().write_all(self.describe_end(outcome).as_bytes()),
            Format::Junit => {
                // A standard error that is gone is nothing to worry about.
                let _ = io::stderr().write_all(self.describe_end(outcome).as_bytes());
                self.options.write_report(&self.suites)
            }
            Format::Json => {
                let seconds = (halt::now() - self.begun).as_millis() as f64 / 1000.0;
                let WholeEntry { id, name } = &self.whole;
                let told = json!({
                    "event": "wholeFinished", "id": id, "name": name, "outcome": outcome, "seconds": seconds,
                    "runs": self.ended,
                });
                writeln!(io::stdout(), "{told}")
            }
        };
        if self.options.format == Format::Human {
            self.options.tell_over(self.undertaking.part.name(), outcome, self.begun);
        }
        told
    }

    /// A line for all, and one for each step.
    fn describe_end(&self, outcome: OutcomeName) -> String {
        let paint = self.options.paint();
        let took = describe_duration(halt::now() - self.begun);
        let mut text = format!("\n{} · {} in {took}\n", paint.bold(&self.whole.name), outcome.name());
        if self.options.quiet {
            return text.trim_start().to_owned();
        }
        let steps = self.undertaking.steps.steps();
        let widest = steps.iter().map(|step| step.name().len()).max().unwrap_or_default();
        for step in steps {
            let ended = self.ended.iter().find(|ended| ended.phase == step.name());
            let outcome = ended.map_or(OutcomeName::Skipped, |ended| ended.outcome);
            let took = ended.map_or_else(
                || "did not run".to_owned(),
                |ended| describe_duration(Duration::from_secs_f64(ended.seconds)),
            );
            text += &format!("  {} {:widest$}  {took}\n", paint.sign(outcome), step.name());
        }
        text
    }

    /// Says what `up` lacks before its first step; answers whether it goes on, as nobody stopped it.
    async fn tell_lacking(&mut self, signals: &mut Signals) -> bool {
        let has_pre_up = self.undertaking.steps.steps().contains(&Phase::PreUp.into());
        let (directory, environment) = (self.prepared.directory(), self.prepared.variables());
        let say = |said: String| terminal::warning(format_args!("{said}"));
        if !self.lacks_program {
            self.undertaking.lacks_program(directory, environment).map(say);
        }
        self.prepared.tell_errors_of_cleanup();
        let Some(pods) = &self.undertaking.pods else { return true };
        tokio::select! {
            lacking = self.asked(pods, safety::lacking::ground(pods, environment, has_pre_up)) => {
                lacking.iter().map(LackingGround::describe).for_each(say);
                self.lacking = lacking;
                true
            }
            () = signals.asked_to_end() => false,
        }
    }

    /// Which pods there are before something is deployed; nothing where it was stopped.
    async fn pods_before(&self, signals: &mut Signals) -> Option<PodsBefore> {
        let Some(pods) = &self.undertaking.pods else { return Some(PodsBefore::NotDeployed) };
        tokio::select! {
            before = self.asked(pods, safety::lacking::pods_before(pods, self.prepared.variables())) => {
                Some(before.unwrap_or_else(|lacking| {
                    let said = lacking.describe_after(self.lacking.as_ref());
                    terminal::warning(format_args!("{said}"));
                    PodsBefore::Unknown
                }))
            }
            () = signals.asked_to_end() => None,
        }
    }

    async fn asked<T>(&self, pods: &PodsRequest, asking: impl Future<Output = T>) -> T {
        terminal::said_if_slow(Some(&pods.target), self.options.is_silent(), asking).await
    }

    /// Says which cluster everything reaches.
    fn tell_where(&self) {
        if self.options.is_silent() {
            return;
        }
        if let Some(target) = self.undertaking.target() {
            let names: Vec<_> = self.undertaking.steps.steps().iter().map(|step| step.name()).collect();
            let line = format!("{} · {}", printable(&target.describe()), names.join(", "));
            // Who does not read it need not: the steps are told one by one.
            let _ = match self.options.format {
                Format::Junit => writeln!(io::stderr(), "{line}"),
                Format::Human | Format::Json | Format::Github => writeln!(io::stdout(), "{line}"),
            };
        }
    }
}

/// How to go on after an end; a phase that failed says itself how it runs again.
fn way_on(end: &LifecycleEnd) -> Option<String> {
    Some(match end.way_on()? {
        WayOn::FromTheFirst => "again: the same command, which runs all steps from the first".to_owned(),
        WayOn::Behind(phase, left) => {
            let left: Vec<String> = left.iter().map(|phase| format!("`draft-tasks run {phase}`")).collect();
            format!("once {phase} has passed: {}", left.join(", then "))
        }
        WayOn::ByThePods => "before you go on: `draft-tasks doctor` shows which pods there are".to_owned(),
    })
}

/// The clusters that are reached and that are not accepted.
fn foreign(prepared: &Prepared<'_>, undertaking: &Undertaking) -> Vec<Foreign> {
    let accepts = |target: &Target| prepared.accepts(target);
    undertaking.foreign(prepared.whereabouts(&prepared.secrets()), &accepts)
}

/// Asks for what reaches a cluster that is not local, and before something is destroyed.
fn confirm(options: &Options, prepared: &Prepared<'_>, undertaking: &mut Undertaking) -> Result<(), String> {
    prepared.confirm_file(undertaking.part.name())?;
    options.cluster.confirm_foreign(&foreign(prepared, undertaking))?;
    let Some(guard) = &undertaking.guard else { return Ok(()) };
    let asking = guard.before_delete(prepared.variables());
    let found = block_on(terminal::said_if_slow(guard.target(), options.is_silent(), asking))?;
    let elsewhere = guard.elsewhere();
    if let Some(question) = found.question {
        let answer = match elsewhere {
            Some(earlier) if !earlier.is_chosen => {
                "to go on, name the place by --context and --namespace, or give --yes"
            }
            _ => "to go on, give --yes",
        };
        options.cluster.confirm(&question, answer)?;
    }
    if let (Some(earlier), Some(target)) = (elsewhere, guard.target())
        && (earlier.is_chosen || options.cluster.yes)
    {
        let (said, place) = (&earlier.said, target.describe());
        terminal::warning(format_args!("{}", printable(&format!("{said}; this is in {place}"))));
    }
    let is_known = found.before != PodsBefore::Unknown;
    undertaking.pods.iter_mut().for_each(|pods| pods.before = found.before.clone());
    if !is_known {
        // The end of pods of which nothing is known cannot be awaited.
        let said = undertaking.steps.without_end_of_pods();
        said.iter().for_each(|said| terminal::warning(format_args!("{said}")));
    }
    Ok(())
}
