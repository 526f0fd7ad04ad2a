//! From a tasks file and options to what the executor runs, and the questions that come before it.
//!
//! Must not run anything; it looks at a cluster only to ask before something is cleaned up.

use std::borrow::Cow;
use std::collections::HashSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use draft_tasks_analysis::diagnostic::{Diagnostic, DiagnosticCode, Severity};
use draft_tasks_analysis::phase::Phase;
use draft_tasks_analysis::plan::{self, Plan, PlanError};
use draft_tasks_analysis::printable::printable;
use draft_tasks_analysis::{Analysis, TextRange};
use draft_tasks_executor::cluster::Target;
use draft_tasks_executor::mask::Secrets;
use draft_tasks_executor::record::Records;
use draft_tasks_executor::record::schema::{ClusterEntry, GivenEntry};
use draft_tasks_executor::stop::GRACE;
use draft_tasks_executor::{OnFailure, Pinned, RunRequest};
use draft_tasks_executor::{PodsRequest, Problem};

use super::check;
use super::cluster::Cluster;
use super::paths::{Loaded, TasksFile};
use super::{SemanticOptions, terminal};
use crate::claim::Claim;
use crate::clock::Clock;
use crate::lifecycle::{Activity, Part, Undertaking};
use crate::lines::{LineIndex, line_and_column};
use crate::plan_refusal::{PlanRefusal, plan_if_any, runnable};
use crate::safety::{self, Crossing, Guard, Whereabouts};
use crate::settings::audience::Audience;
use crate::settings::kubernetes::KubernetesSettings;
use crate::settings::run::RunSettings;
use crate::settings::{Config, Named};
use crate::source::{self, FileKind};
use crate::world::application;
use crate::world::environment::Environment;

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

/// How it is told what `check` knows of tasks that are about to run.
#[derive(Clone, Copy, Debug)]
pub(super) struct Told {
    /// Whether they do not run then.
    pub(super) is_strict: bool,
    pub(super) is_quiet: bool,
    /// Whether the tasks have a terminal, so that it is not missing.
    pub(super) has_terminal: bool,
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
        let settings = super::settings_to_run(&loaded.path, &meaning.settings())?;
        let analysis = check::analyse(&loaded.path, &loaded.text, settings.options(), &environment);
        let environment = environment.hiding(&analysis, &directory);
        let kubernetes = cluster.settings(&settings.kubernetes);
        Ok(Prepared {
            is_above,
            lines: LineIndex::new(&loaded.text),
            loaded,
            file,
            directory,
            analysis,
            settings,
            run,
            environment,
            kubernetes,
            named: cluster.meant.environment.clone(),
            cluster,
        })
    }

    /// The same, also hiding what looks secret in a command that the user gave.
    pub(super) fn hiding_in(mut self, argv: &[String]) -> Prepared<'a> {
        self.environment = self.environment.hiding_in(argv, &self.directory);
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
            tty: false,
        }
    }

    /// Meets the cluster, and the application whose pods an earlier run reached, where no option names others; the cluster
    /// is asked for as if nothing had named it.
    pub(super) fn meet_again(&mut self, given: &GivenEntry, reached: Option<&ClusterEntry>) {
        self.named = self.named.take().or_else(|| given.environment.clone());
        let KubernetesSettings { context: named, namespace, selector, .. } = &mut self.kubernetes;
        *named = named.take().or_else(|| given.context.clone());
        if let Some(reached) = reached {
            *namespace = namespace.take().or_else(|| Some(reached.namespace.clone()));
            *selector = selector.take().or_else(|| reached.selector.parse().ok());
        }
    }

    /// Says what `check` knows of tasks that are about to run, a line each.
    ///
    /// # Errors
    ///
    /// Where there is something and `is_strict` forbids it.
    pub(super) fn tell_findings(&self, plan: &Plan, told: Told) -> Result<(), String> {
        let Some(phase) = plan.subject.phase() else { return Ok(()) };
        let names: Vec<String> = plan.steps.iter().map(|step| step.task.clone()).collect();
        self.tell_severe(self.analysis.severe_of_phase(phase, &names), told)
    }

    /// The same of all that runs around a command, and of what may be meant to.
    ///
    /// # Errors
    ///
    /// As [`Prepared::tell_findings`].
    pub(super) fn tell_findings_of(&self, part: Part, told: Told) -> Result<(), String> {
        self.tell_severe(self.analysis.severe_of_phases(part.phases()), told)
    }

    fn tell_severe<'f>(&self, all: impl Iterator<Item = &'f Diagnostic>, told: Told) -> Result<(), String> {
        let Told { is_strict, is_quiet, has_terminal } = told;
        let mut count = 0;
        for found in all.filter(|found| !(has_terminal && found.code == DiagnosticCode::InteractiveCommand)) {
            count += 1;
            if is_strict || !is_quiet {
                self.tell_finding(found);
                self.tell_loan(found);
            }
        }
        if !is_strict || count == 0 {
            return Ok(());
        }
        let there_are =
            if count == 1 { "there is 1 finding".to_owned() } else { format!("there are {count} findings") };
        Err(format!(
            "nothing runs, as --strict is given and {there_are} about these tasks\n  `draft-tasks check` shows how to fix them"
        ))
    }

    /// Says what keeps tasks of `cleanup` from running later.
    pub(super) fn tell_errors_of_cleanup(&self) {
        let of_up = self.analysis.severe_of_phases(Part::Up.phases()).map(std::ptr::from_ref);
        let of_up: HashSet<*const Diagnostic> = of_up.collect();
        let cleanup = self.analysis.severe_of_phases(Part::Delete.phases());
        let is_ignored = |found: &Diagnostic| {
            matches!(found.code, DiagnosticCode::PostDelete | DiagnosticCode::UnknownPhase)
        };
        let keeping = cleanup.filter(|found| found.severity == Severity::Error || is_ignored(found));
        // Those were told with its own tasks.
        keeping
            .filter(|found| !of_up.contains(&std::ptr::from_ref(*found)))
            .for_each(|found| self.tell_finding(found));
    }

    /// Says how a task gets the terminal that it needs.
    fn tell_loan(&self, found: &Diagnostic) {
        if found.code != DiagnosticCode::InteractiveCommand {
            return;
        }
        let section = self.analysis.parsed.file.section_at(found.range.start());
        if let Some(phase) = section.and_then(|section| section.phase).filter(|phase| phase.is_local()) {
            terminal::remark(format_args!(
                "`draft-tasks run {phase} --tty TASK` lends it to one task, on its own"
            ));
        }
    }

    fn tell_finding(&self, found: &Diagnostic) {
        let (line, column) = self.place(found.range);
        let (path, secrets) = (self.loaded.path.display(), self.secrets());
        let message = secrets.mask(&found.message);
        let said = format_args!("{path}:{line}:{column}: {} [{}]", printable(&message), found.code.name());
        terminal::warning(said);
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
                    claim.trouble.iter().for_each(|trouble| terminal::warning(format_args!("{trouble}")));
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
    pub(super) fn application(&self) -> application::ApplicationLookup<'_> {
        application::ApplicationLookup {
            directory: &self.directory,
            environment: &self.environment,
            name: self.named.as_deref(),
            settings: &self.kubernetes,
            audience: Audience::CommandLine,
        }
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

    /// The same in one line.
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
    /// When the context that is pinned is not known.
    pub(super) fn request_of(
        &self,
        plan: Plan,
        policy: Option<Named<OnFailure>>,
    ) -> Result<RunRequest, String> {
        let pinned = if plan.subject.is_local() && self.is_pinned() {
            Some(self.application().pinned().map_err(|problem| problem.describe())?)
        } else {
            None
        };
        Ok(self.request_with(plan, policy, pinned))
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
        RunRequest {
            on_failure: policy.map_or_else(usual, |policy| policy.0),
            plan,
            directory: self.directory.clone(),
            environment: self.environment.for_run("run"),
            grace: GRACE,
            limits: self.run.limits().or(self.settings.run.limits()),
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

    /// Whether a setting or an option names the context.
    pub(super) fn is_pinned(&self) -> bool {
        self.kubernetes.context.is_some()
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

    /// Asks whether what destroys or deploys means a tasks file that nobody named.
    ///
    /// # Errors
    ///
    /// As [`Prepared::confirm`].
    pub(super) fn confirm_file(&self, what: &str) -> Result<(), String> {
        if !self.is_above {
            return Ok(());
        }
        let question = format!("run {what} with {}, from a folder above?", self.loaded.path.display());
        let answer = "to go on, name it by --file PATH or its directory by -C DIR, or give --yes";
        self.cluster.confirm(&question, answer)
    }

    /// Asks what has to be asked before a run.
    ///
    /// # Errors
    ///
    /// When the answer is no, or nobody can be asked.
    pub(super) fn confirm(&self, request: &RunRequest, is_silent: bool) -> Result<(), String> {
        if self.cluster.yes {
            return Ok(());
        }
        if request.plan.subject == Phase::Cleanup.into() {
            self.confirm_file(Phase::Cleanup.name())?;
        }
        self.cluster.confirm_foreign(&safety::foreign(request, &|target| self.accepts(target)))?;
        if request.plan.subject != Phase::Cleanup.into() {
            return Ok(());
        }
        let Some(guard) = self.guard() else { return Ok(()) };
        let asking = guard.before_cleanup(self.variables());
        match block_on(terminal::said_if_slow(guard.target(), is_silent, asking))? {
            Some(question) => self.cluster.confirm(&question, "to go on, give --yes"),
            None => Ok(()),
        }
    }

    /// What is known by now of the clusters that a run on this machine reaches; nothing where no question is wanted.
    pub(super) fn crossing(&self, request: &RunRequest) -> Option<Crossing> {
        let is_asked = !self.cluster.yes && request.pods.is_none();
        let whereabouts = Whereabouts {
            directory: &self.directory,
            environment: &request.environment,
            secrets: &request.secrets,
            pinned: request.pinned.as_ref().map(|pinned| &pinned.target),
        };
        is_asked.then(|| Crossing::of(&request.plan, whereabouts, &self.kubernetes))
    }

    /// The same of `up` or `delete`.
    pub(super) fn crossings(&self, undertaking: &Undertaking) -> Vec<Crossing> {
        undertaking.crossings(&self.directory, self.variables(), &self.secrets(), &self.kubernetes)
    }

    /// Whether runs reach this cluster without asking: who names its context knows it.
    pub(super) fn accepts(&self, target: &Target) -> bool {
        let is_named = || {
            let named = self.application().target(None);
            self.cluster.meant.context.is_some() && named.is_ok_and(|named| named.is_same_cluster(target))
        };
        self.kubernetes.is_local(target) || is_named()
    }

    /// What is to be asked about before something is destroyed.
    pub(super) fn guard(&self) -> Option<Guard> {
        Guard::of(&self.application(), &self.file)
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
