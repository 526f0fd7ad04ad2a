//! `draft-tasks up` and `draft-tasks delete`: run the phases around a command that deploys or deletes the application.
//!
//! Must not decide which step comes next: `lifecycle` does.

use std::io;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Args;
use draft_tasks_analysis::phase::Phase;
use draft_tasks_analysis::plan::{Plan, Subject};
use draft_tasks_analysis::printable::printable;
use draft_tasks_executor::PodsRequest;
use draft_tasks_executor::cluster::Target;
use draft_tasks_executor::record::RunHeader;
use draft_tasks_executor::{Pinned, PodsBefore, RunRequest};

use super::execute::{Ended, Format, Signals, execute, serve};
use super::prepare::{Prepared, block_on};
use super::run::{self, Options};
use super::{FOUND, STOPPED, UNUSABLE, terminal};
use crate::claim::Claim;
use crate::lifecycle::{Lifecycle, LifecycleFacts, Next, Part};
use crate::safety::{self, Awaited, Guard};
use crate::settings::run::Limit;

/// How long to wait until an application's pods are gone unless it is said.
const GONE_TIMEOUT: Duration = Duration::from_secs(300);

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
    /// How long to wait until the application's pods are gone; without it 5m
    #[arg(long, value_name = "TIME")]
    gone_timeout: Option<Limit>,
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

/// What is asked for.
struct Wanted<'a> {
    part: Part,
    argv: &'a [String],
    gone_timeout: Option<Duration>,
}

/// Everything that is known before the first step.
struct Whole<'a> {
    part: Part,
    prepared: Prepared<'a>,
    options: &'a Options,
    steps: Lifecycle,
    plans: Vec<Plan>,
    /// The application's pods, where they are known.
    pods: Option<PodsRequest>,
    /// Why they are not, where their tasks are only shown.
    unknown: Option<String>,
    /// The cluster of all local tasks, where one is known.
    pinned: Option<Pinned>,
    begun: Instant,
    /// Held until the last step is over.
    _claim: Claim,
}

fn run(options: &Options, wanted: &Wanted<'_>) -> ExitCode {
    let whole = match Whole::prepare(options, wanted) {
        Ok(whole) => whole,
        Err(problem) => {
            terminal::error(format_args!("{problem}"));
            return UNUSABLE.into();
        }
    };
    let done = if options.dry_run {
        whole.show().or_else(terminal::forgive_closed).map(|()| ExitCode::SUCCESS)
    } else {
        serve(async |signals| whole.walk(signals).await)
    };
    done.unwrap_or_else(|error| {
        terminal::error(format_args!("the tasks cannot be run: {error}"));
        UNUSABLE.into()
    })
}

impl<'a> Whole<'a> {
    fn prepare(options: &'a Options, wanted: &Wanted<'_>) -> Result<Whole<'a>, String> {
        let prepared = options.prepare()?;
        let Wanted { part, argv, gone_timeout } = *wanted;
        let plans = part.phases().iter().map(|phase| prepared.plan_if_any(*phase));
        let mut plans: Vec<Plan> = plans.filter_map(Result::transpose).collect::<Result<_, _>>()?;
        let phases: Vec<Phase> = plans.iter().filter_map(|plan| plan.subject.phase()).collect();
        plans.push(part.plan(argv));
        prepared.tell_findings(&plans.iter().collect::<Vec<_>>(), options.strict, options.quiet)?;
        // Before anything is looked at that the other one may change.
        let claim =
            if options.dry_run { Claim::default() } else { prepared.claim(part.into(), options.wait)? };
        let guard = if part == Part::Delete { prepared.guard() } else { None };
        let chosen = prepared.application();
        let (awaited, unknown) = match Awaited::of(part, &chosen, &phases, guard.as_ref()) {
            Err(problem) if options.dry_run => (None, Some(problem.message)),
            awaited => (Some(awaited.map_err(|problem| problem.describe())?), None),
        };
        let warning = awaited.as_ref().and_then(|awaited| awaited.warning.as_ref());
        warning.into_iter().for_each(|said| terminal::warning(format_args!("{said}")));
        let (pods, target) = awaited.map(|awaited| (awaited.pods, awaited.target)).unwrap_or_default();
        let pods = pods.map(|pods| match part {
            Part::Up => pods,
            Part::Delete => PodsRequest { wait_timeout: gone_timeout.unwrap_or(GONE_TIMEOUT), ..pods },
        });
        let pinned = match chosen.pinned_to(target) {
            Err(_) if options.dry_run => None,
            pinned => pinned.map_err(|problem| problem.describe())?,
        };
        let mut steps =
            Lifecycle::new(part, &LifecycleFacts { phases: &phases, has_application: pods.is_some() });
        if !options.dry_run {
            confirm(options, &prepared, part, &plans, pinned.as_ref().map(|pinned| &pinned.target))?;
            if !confirm_delete(options, &prepared, guard.as_ref())? {
                let said = steps.without_end_of_pods();
                said.iter().for_each(|said| terminal::warning(format_args!("{said}")));
            }
        }
        // Inside of a cluster there is no kubeconfig to be copied.
        let pinned = pinned.filter(|pinned| pinned.target.context.is_some());
        let begun = Instant::now();
        Ok(Whole { part, prepared, options, steps, plans, pods, unknown, pinned, begun, _claim: claim })
    }

    /// What a step runs.
    fn request(&self, step: Subject) -> RunRequest {
        let plan = self.plans.iter().find(|plan| plan.subject == step).cloned();
        let plan = plan.unwrap_or(Plan { subject: step, steps: Vec::new() });
        let pinned = self.pinned.clone().filter(|_| step.is_local());
        let mut request = self.prepared.request_with(plan, self.options.policy(), pinned);
        if !step.is_local() {
            request.pods.clone_from(&self.pods);
        }
        request.limits = request.limits.left_after(self.begun.elapsed());
        if step.phase().is_none() {
            // The limit is one of tasks.
            request.limits.task = None;
        }
        request
    }

    fn show(&self) -> io::Result<()> {
        for step in self.steps.steps() {
            let request = self.request(*step);
            let about = RunHeader::of(&request, String::new(), &self.prepared.file);
            let unknown = self.unknown.as_deref().filter(|_| !step.is_local());
            run::show_dry(self.options, &request, &about, &[], unknown)?;
        }
        Ok(())
    }

    async fn walk(mut self, signals: &mut Signals) -> io::Result<ExitCode> {
        let records = self.prepared.records();
        run::tell_interrupted(records.as_ref());
        self.tell_where();
        let mut before = PodsBefore::NotDeployed;
        let mut next = self.steps.steps().first().map_or(Next::Done, |step| Next::Step(*step));
        if self.part == Part::Up && !self.tell_lacking(signals).await {
            next = self.steps.cannot_begin(true);
        }
        loop {
            let step = match next {
                Next::Step(step) => step,
                Next::Done => return Ok(ExitCode::SUCCESS),
                Next::Ended { message, stopped } => {
                    terminal::error(format_args!("{message}"));
                    return Ok(if stopped { STOPPED } else { FOUND }.into());
                }
            };
            if step == Subject::Deploy {
                let Some(pods) = self.pods_before(signals).await else {
                    next = self.steps.cannot_begin(true);
                    continue;
                };
                before = pods;
            }
            let mut request = self.request(step);
            if let Some(pods) = &mut request.pods {
                pods.before.clone_from(&before);
            }
            let view = self.options.view(&self.prepared.file, records.as_ref(), self.prepared.given());
            let Ended { summary, was_stopped } = execute(request, &view, signals).await?;
            next = self.steps.after(&summary, was_stopped);
        }
    }

    /// Says what `up` lacks before its first step; answers whether it goes on, as nobody stopped it.
    async fn tell_lacking(&self, signals: &mut Signals) -> bool {
        let has_pre_up = self.steps.steps().contains(&Phase::PreUp.into());
        let environment = self.prepared.variables();
        let deploy = self.request(Subject::Deploy);
        let program = safety::lacking::program(&deploy.plan, &deploy.directory, environment);
        let say = |said: String| terminal::warning(format_args!("{said}"));
        program.filter(|_| has_pre_up).map(say);
        self.prepared.tell_errors_of_cleanup();
        let Some(pods) = &self.pods else { return true };
        tokio::select! {
            lacking = safety::lacking::ground(pods, environment, has_pre_up) => {
                lacking.map(say);
                true
            }
            Some(()) = signals.recv() => false,
        }
    }

    /// Which pods there are before something is deployed; nothing where it was stopped.
    async fn pods_before(&self, signals: &mut Signals) -> Option<PodsBefore> {
        let Some(pods) = &self.pods else { return Some(PodsBefore::NotDeployed) };
        tokio::select! {
            before = safety::lacking::pods_before(pods, self.prepared.variables()) => {
                Some(before.unwrap_or_else(|said| {
                    terminal::warning(format_args!("{said}"));
                    PodsBefore::Unknown
                }))
            }
            Some(()) = signals.recv() => None,
        }
    }

    /// Says which cluster everything reaches.
    fn tell_where(&self) {
        if self.options.format == Format::Json || self.options.quiet {
            return;
        }
        if let Some(Pinned { target, .. }) = &self.pinned {
            let names: Vec<_> = self.steps.steps().iter().map(|step| step.name()).collect();
            let line = format!("{} · {}", printable(&target.describe()), names.join(", "));
            // Who does not read it need not: the steps are told one by one.
            let _ = io::Write::write_all(&mut io::stdout(), format!("{line}\n").as_bytes());
        }
    }
}

/// Asks once for everything that reaches a cluster that is not local.
fn confirm(
    options: &Options,
    prepared: &Prepared<'_>,
    part: Part,
    plans: &[Plan],
    target: Option<&Target>,
) -> Result<(), String> {
    if let Some(target) = target.filter(|target| !prepared.accepts(target)) {
        let answer = "to go on, name the context by --context, or give --yes";
        options.cluster.confirm(&safety::foreign_part(part, target), answer)?;
    }
    let asked = |other: &Target| target.is_some_and(|target| target.is_same_cluster(other));
    let accepts = |other: &Target| asked(other) || prepared.accepts(other);
    for plan in plans.iter().filter(|plan| plan.subject.is_local()) {
        let foreign = safety::foreign_commands(plan, prepared.whereabouts(target), &accepts);
        options.cluster.confirm_foreign(&foreign)?;
    }
    Ok(())
}

/// Asks whether to delete where there are no pods, or it is not known which there are; answers whether their end can be
/// awaited.
fn confirm_delete(options: &Options, prepared: &Prepared<'_>, guard: Option<&Guard>) -> Result<bool, String> {
    let Some(guard) = guard else { return Ok(true) };
    let found = block_on(guard.before_delete(prepared.variables()))?;
    let is_known = found.is_ok();
    if let Some(question) = found.unwrap_or_else(Some) {
        options.cluster.confirm(&question, "to go on, give --yes")?;
    }
    Ok(is_known)
}
