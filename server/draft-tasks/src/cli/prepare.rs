//! From a tasks file and options to what the executor runs, and what is said and asked before it.
//!
//! Must not run anything; it looks at a cluster only to ask before something is cleaned up.

use std::borrow::Cow;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use draft_tasks_analysis::phase::Phase;
use draft_tasks_analysis::plan::{self, Plan, PlanError, Subject};
use draft_tasks_analysis::task_variable::TaskValues;
use draft_tasks_analysis::{Analysis, Parsed, TextRange};
use draft_tasks_executor::mask::Secrets;
use draft_tasks_executor::record::Records;
use draft_tasks_executor::record::schema::{ClusterEntry, GivenEntry};
use draft_tasks_executor::{Limits, OnFailure, Pinned, PodsRequest, Problem, RunRequest};

use super::check;
use super::cluster::Cluster;
use super::paths::{Loaded, TasksFile};
use super::{SemanticOptions, terminal};
use crate::claim::Claim;
use crate::clock::Clock;
use crate::export::{ExposedTask, HandedPhase};
use crate::lifecycle::Activity;
use crate::lines::{LineIndex, line_and_column};
use crate::plan_refusal::{PlanRefusal, plan_if_any, runnable};
use crate::safety;
use crate::settings::audience::Audience;
use crate::settings::kubernetes::KubernetesSettings;
use crate::settings::run::RunSettings;
use crate::settings::{Config, Named};
use crate::source::{self, FileKind};
use crate::world::application::ApplicationLookup;
use crate::world::environment::Environment;

mod findings;
mod questions;

pub(super) use findings::Told;

/// A tasks file with everything that its runs depend on.
pub(super) struct Prepared<'a> {
    loaded: Loaded,
    /// Whether nobody named it, and it is in a folder above.
    is_above: bool,
    /// The lines of its text.
    lines: LineIndex,
    /// The tasks file.
    pub(super) file: PathBuf,
    directory: PathBuf,
    analysis: Analysis,
    settings: Config,
    /// What settings say of tasks in pods that are not in the file.
    unmatched_once: Option<String>,
    meaning: SemanticOptions,
    run: RunSettings,
    environment: Environment,
    kubernetes: KubernetesSettings,
    /// The environment of `draft.toml` that is named.
    named: Option<String>,
    cluster: &'a Cluster,
}

/// What of a phase is to run, and how.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct PhaseSelection<'a> {
    /// Only these tasks; all when it is empty.
    pub(super) tasks: &'a [String],
    /// Only in these pods; in all when it is empty.
    pub(super) pods: &'a [String],
    pub(super) policy: Option<Named<OnFailure>>,
}

impl<'a> Prepared<'a> {
    /// Reads a tasks file, and the settings that hold for it.
    ///
    /// # Errors
    ///
    /// What is wrong with them, for people.
    pub(super) fn load(
        file: TasksFile,
        meaning: SemanticOptions,
        run: RunSettings,
        cluster: &'a Cluster,
    ) -> Result<Prepared<'a>, String> {
        let is_above = file.is_above;
        let loaded = file.load().map_err(|error| error.to_string())?;
        if FileKind::of_path(&loaded.path) == Some(FileKind::Pack) {
            return Err(format!("{}: a pack's tasks are a template and do not run", loaded.path.display()));
        }
        let file =
            source::absolute(&loaded.path).map_err(|error| format!("{}: {error}", loaded.path.display()))?;
        let directory = file.parent().unwrap_or(&file).to_owned();
        let environment = Environment::of_process().with(&run, &directory)?;
        let (settings, project) = super::settings_to_run(&loaded.path, &meaning.settings())?;
        tracing::info!(file = %file.display(), settings = ?project.files.iter().map(|file| &file.path).collect::<Vec<_>>(), "a tasks file was read");
        let kubernetes = cluster.settings(&settings.kubernetes);
        let named = cluster.meant.environment.clone();
        let application = ApplicationLookup {
            directory: &directory,
            environment: &environment,
            name: named.as_deref(),
            settings: &kubernetes,
            audience: Audience::CommandLine,
        };
        let environment = application.telling();
        let analysis =
            check::judge(&loaded.path, Parsed::new(loaded.text.as_str(), settings.options()), &environment);
        let environment = environment.hiding(&analysis);
        let unmatched_once = project.unmatched_once(&analysis.parsed);
        Ok(Prepared {
            is_above,
            lines: LineIndex::new(&loaded.text),
            loaded,
            file,
            directory,
            analysis,
            settings,
            unmatched_once,
            meaning,
            run,
            environment,
            kubernetes,
            named,
            cluster,
        })
    }

    /// Also hides what looks secret in a command that the user gave.
    pub(super) fn hiding_in(mut self, argv: &[String]) -> Prepared<'a> {
        self.environment = self.environment.hiding_in(argv);
        self
    }

    /// The options that decide what tasks meet.
    pub(super) fn given(&self) -> GivenEntry {
        GivenEntry {
            context: self.kubernetes.context.clone(),
            env_files: self.run.env_files.iter().map(|file| file.path.clone()).collect(),
            env: self.run.env.keys().cloned().collect(),
            secrets: self.run.secrets.clone(),
            public: self.run.public.clone(),
            environment: self.named.clone(),
            selector: self.kubernetes.selector.as_ref().map(ToString::to_string),
            namespace: self.kubernetes.namespace.clone(),
            semantics: self.meaning.semantics.map(|semantics| semantics.0.name().into()),
            draft_version: self.meaning.draft_version.map(|version| version.0.name().into()),
            timeout: self.run.timeout.map(|limit| limit.to_string()),
            total_timeout: self.run.total_timeout.map(|limit| limit.to_string()),
            ..GivenEntry::default()
        }
    }

    /// Meets the cluster, and the application whose pods an earlier run reached, where no option names others; the cluster
    /// is asked for as if nothing had named it.
    pub(super) fn meet_again(&mut self, given: &GivenEntry, reached: Option<&ClusterEntry>) {
        let is_elsewhere = self.named.is_some() && self.named != given.environment;
        self.named = self.named.take().or_else(|| given.environment.clone());
        let KubernetesSettings { context: named, namespace, selector, container, .. } = &mut self.kubernetes;
        *named = named.take().or_else(|| given.context.clone());
        if is_elsewhere {
            // Its pods have labels and a namespace of their own.
            self.environment = self.application().telling();
            return;
        }
        *namespace = namespace.take().or_else(|| given.namespace.clone());
        *selector = selector.take().or_else(|| given.selector.as_ref()?.parse().ok());
        if let Some(reached) = reached {
            *namespace = namespace.take().or_else(|| Some(reached.namespace.clone()));
            *selector = selector.take().or_else(|| reached.selector.parse().ok());
            let of_job = reached.job.as_ref().and_then(|job| job.container.as_ref());
            *container = container.take().or_else(|| of_job?.parse().ok());
        }
        self.environment = self.application().telling();
    }

    /// Tells the tasks what they run for.
    pub(super) fn tell(&mut self, values: &TaskValues) {
        self.environment = self.environment.clone().telling(values);
    }

    /// Claims what is to run.
    ///
    /// # Errors
    ///
    /// Who runs it already, unless that is awaited.
    pub(super) fn claim(&self, wanted: Activity, waits: bool) -> Result<Claim, String> {
        let state = Environment::of_process().state();
        let mut is_told = false;
        loop {
            let rival = match Claim::take(wanted, state.as_deref(), &self.file) {
                Ok(claim) => {
                    // Without a folder for locks there is none for records.
                    let unkept = if state.is_none() { "no record is kept of this run, and " } else { "" };
                    let said = |trouble| terminal::warning(format_args!("{unkept}{trouble}"));
                    claim.trouble.iter().for_each(said);
                    return Ok(claim);
                }
                Err(rival) => rival,
            };
            let said = rival.obstacle(Clock::of_system());
            if !waits {
                return Err(format!("{said}: stop it, or wait for its end with --wait"));
            }
            if self.environment.is_task_of(rival.process()) {
                return Err(format!("{said}\n  it cannot be awaited: this is one of its tasks"));
            }
            if !std::mem::replace(&mut is_told, true) {
                terminal::remark(format_args!("waiting: {said}"));
            }
            rival.end().map_err(|error| format!("{said}\n  it cannot be awaited: {error}"))?;
        }
    }

    /// The phase of this name.
    ///
    /// # Errors
    ///
    /// When there is none.
    pub(super) fn phase(&self, name: &str) -> Result<Phase, String> {
        plan::phase_named(&self.analysis.parsed, name).map_err(|error| self.describe(&error))
    }

    /// The application, as options, settings and `draft.toml` say.
    pub(super) fn application(&self) -> ApplicationLookup<'_> {
        ApplicationLookup {
            directory: &self.directory,
            environment: &self.environment,
            name: self.named.as_deref(),
            settings: &self.kubernetes,
            audience: Audience::CommandLine,
        }
    }

    /// Whether it is known what tasks run for, as far as it must be; says what is not known.
    ///
    /// # Errors
    ///
    /// Why nothing runs.
    pub(super) fn check_application(
        &self,
        wanted: Activity,
        plan: Option<&Plan>,
        told: Told,
    ) -> Result<(), String> {
        let application = self.application();
        if let Some(problem) = application.refusal(wanted.is_grave()) {
            return Err(problem.describe());
        }
        let Some(problem) = application.senseless() else { return Ok(()) };
        if told.is_strict {
            return Err(format!("nothing runs, as --strict is given: {}", problem.describe()));
        }
        // That tools of clusters meet another namespace is said with the reason.
        let is_told = |plan| application.pinned_if_named().is_err() && self.calls_tools(plan);
        if !told.is_quiet && !plan.is_some_and(is_told) {
            terminal::warning(format_args!(
                "{}; the tasks are told nothing of the application",
                problem.message
            ));
        }
        Ok(())
    }

    fn calls_tools(&self, plan: &Plan) -> bool {
        safety::calls_tools(plan, self.whereabouts(&self.secrets()))
    }

    /// The pods of the application.
    ///
    /// # Errors
    ///
    /// When the application or the cluster is not known.
    pub(super) fn pods(&self, only: &[String]) -> Result<PodsRequest, String> {
        self.application().pods(only.to_vec()).map_err(|problem| self.describe_missing(&problem))
    }

    /// Why pods are not known; where that is two things, two errors.
    pub(super) fn describe_missing(&self, problem: &Problem) -> String {
        match self.application().missing().as_slice() {
            [one, other] => format!("{}\nerror: {}", one.describe(), other.describe()),
            _ => problem.describe(),
        }
    }

    /// Why pods are not known, in one line.
    pub(super) fn summarize_missing(&self, problem: &Problem) -> String {
        let missing = self.application().missing();
        let messages: Vec<&str> = missing.iter().map(|problem| problem.message.as_str()).collect();
        if messages.len() == 2 { messages.join(", and ") } else { problem.message.clone() }
    }

    /// What is to be executed.
    ///
    /// # Errors
    ///
    /// When there is no such plan, or where it is to run is unknown.
    pub(super) fn request(&self, phase: Phase, chosen: &PhaseSelection<'_>) -> Result<RunRequest, String> {
        let mut request = self.request_without_pods(phase, chosen)?;
        if !phase.is_local() {
            request.pods = Some(self.pods(chosen.pods)?);
        }
        Ok(request)
    }

    /// The request of a dry run: pods that are not known are left out.
    ///
    /// # Errors
    ///
    /// When there is no such plan.
    pub(super) fn request_without_pods(
        &self,
        phase: Phase,
        chosen: &PhaseSelection<'_>,
    ) -> Result<RunRequest, String> {
        let plan =
            Plan::for_phase(&self.analysis.parsed, phase, chosen.tasks, &|name| self.environment.get(name))
                .map_err(|error| self.describe(&error))?;
        self.request_of(plan, chosen.policy)
    }

    /// What is to be executed on this machine.
    ///
    /// # Errors
    ///
    /// When the context that is chosen is not known.
    pub(super) fn request_of(
        &self,
        plan: Plan,
        policy: Option<Named<OnFailure>>,
    ) -> Result<RunRequest, String> {
        let pinned = if plan.subject.is_local() { self.pinned_if_named(&plan)? } else { None };
        Ok(self.request_with(plan, policy, pinned))
    }

    /// The cluster that tasks on this machine meet, where that is another one than their kubeconfig says. Where it is not
    /// known which namespace they meet, that is said if they call a tool of clusters.
    fn pinned_if_named(&self, plan: &Plan) -> Result<Option<Pinned>, String> {
        let application = self.application();
        let is_grave = plan.subject.phase().is_none_or(|phase| Activity::from(phase).is_grave());
        if let Some(problem) = application.refusal(is_grave) {
            return Err(problem.describe());
        }
        match application.pinned_if_named() {
            Err(problem) if self.kubernetes.context.is_some() => Err(problem.describe()),
            Err(problem) => {
                if self.calls_tools(plan) {
                    let message = problem.message;
                    terminal::warning(format_args!("{}", safety::unknown_namespace(&message)));
                }
                Ok(None)
            }
            Ok(pinned) => Ok(pinned),
        }
    }

    /// The request, with the cluster that local tasks meet.
    pub(super) fn request_with(
        &self,
        plan: Plan,
        policy: Option<Named<OnFailure>>,
        pinned: Option<Pinned>,
    ) -> RunRequest {
        let usual = || match plan.subject.phase() {
            Some(phase) => self.settings.on_failure(phase),
            None => OnFailure::Stop,
        };
        let target = pinned.as_ref().map(|pinned| pinned.target.describe());
        tracing::info!(runs = %plan.subject, tasks = plan.steps.len(), kubeconfig = ?target, "a run is planned");
        RunRequest {
            on_failure: policy.map_or_else(usual, |policy| policy.0),
            environment: self.environment.for_run("run", plan.subject),
            grace: self.grace(plan.subject),
            plan,
            directory: self.directory.clone(),
            limits: self.limits(),
            secrets: self.environment.secrets(),
            finds_problems: false,
            on_terminal: false,
            pods: None,
            pinned,
        }
    }

    /// What of a phase runs before or after a deployment: nothing where it has no tasks, or the chosen Draft ignores it.
    ///
    /// # Errors
    ///
    /// When it cannot be run.
    pub(super) fn plan_if_any(&self, phase: Phase) -> Result<Option<Plan>, String> {
        let plan = plan_if_any(&self.analysis.parsed, phase, &|name| self.environment.get(name));
        plan.map_err(|error| self.describe(&error))
    }

    /// A phase as it is handed over to another tool.
    ///
    /// # Errors
    ///
    /// When it cannot be run.
    pub(super) fn handed(&self, phase: Phase) -> Result<HandedPhase, String> {
        HandedPhase::of(&self.analysis, &self.settings, phase).map_err(|error| self.describe(&error))
    }

    /// The tasks of a phase that have a secret in them.
    pub(super) fn exposed(&self, phase: &HandedPhase) -> Vec<ExposedTask> {
        phase.exposed(&self.analysis, &self.secrets())
    }

    /// How long tasks may take.
    pub(super) fn limits(&self) -> Limits {
        self.run.limits().or(self.settings.run.limits())
    }

    /// How long what is stopped has to end, where that is set.
    pub(super) fn grace_period(&self) -> Option<Duration> {
        self.run.grace_period.or(self.settings.run.grace_period).map(|grace| grace.0)
    }

    /// How long what is stopped has to end.
    fn grace(&self, subject: Subject) -> Duration {
        let run = if self.run.grace_period.is_some() { &self.run } else { &self.settings.run };
        run.grace(subject)
    }

    /// The tasks file.
    pub(super) fn file(&self) -> &Path {
        &self.file
    }

    /// The environment of the tasks.
    pub(super) fn environment(&self) -> &Environment {
        &self.environment
    }

    /// The variables of files whose values are masked.
    pub(super) fn masked_names(&self) -> Vec<&str> {
        self.environment.masked_names()
    }

    /// The variables that tasks get.
    pub(super) fn variables(&self) -> &[(OsString, OsString)] {
        self.environment.variables()
    }

    pub(super) fn secrets(&self) -> Secrets {
        self.environment.secrets()
    }

    /// The directory of the tasks file, where commands run.
    pub(super) fn directory(&self) -> &Path {
        &self.directory
    }

    /// The descriptions of a phase's tasks.
    pub(super) fn tasks(&self, phase: Phase) -> Vec<String> {
        plan::descriptions(&self.analysis.parsed, phase).map(Cow::into_owned).collect()
    }

    /// Whether it is certain that the file has no task of a phase.
    pub(super) fn has_none(&self, phase: Phase) -> bool {
        runnable(&self.analysis, phase, &|name| self.environment.get(name)) == Ok(0)
    }

    /// The tasks of the phase that do not run.
    pub(super) fn left_out(&self, request: &RunRequest) -> Vec<String> {
        let names = request.plan.subject.phase().into_iter().flat_map(|phase| self.tasks(phase));
        names.filter(|name| request.plan.steps.iter().all(|step| step.task != *name)).collect()
    }

    /// Where the run is recorded; it is said where it should be and cannot.
    pub(super) fn records(&self) -> Option<Records> {
        // That there is no folder for it is said where nothing can be claimed.
        Environment::of_process().state()?;
        self.environment.records_by(&self.run).unwrap_or_else(|problem| {
            terminal::warning(format_args!("no record is kept of this run: {problem}"));
            None
        })
    }

    /// Line and column, from 1.
    fn place(&self, range: TextRange) -> (usize, usize) {
        line_and_column(&self.loaded.text, &self.lines, range.start().into())
    }

    fn describe(&self, error: &PlanError) -> String {
        let path = self.loaded.path.display();
        let PlanRefusal { range, message, help } = PlanRefusal::of(error, &self.analysis);
        let place = range.map(|range| self.place(range));
        let place = place.map(|(line, column)| format!(":{line}:{column}")).unwrap_or_default();
        let help = help.map(|help| format!("\n  {help}")).unwrap_or_default();
        format!("{path}{place}: {message}{help}")
    }
}

/// Waits for something where nothing else goes on.
///
/// # Errors
///
/// When the system does not give what is needed.
pub(super) fn block_on<T>(what: impl Future<Output = T>) -> Result<T, String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    Ok(runtime.map_err(|error| error.to_string())?.block_on(what))
}
