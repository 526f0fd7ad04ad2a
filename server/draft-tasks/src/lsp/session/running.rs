//! Runs as the session sees them: commands start and stop them, their events become effects.
//!
//! Must not start processes: the outbox does, when it performs `StartRun`.

use draft_tasks_analysis::file_names::TASKS_FILE;
use std::borrow::Cow;
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use draft_tasks_analysis::Analysis;
use draft_tasks_analysis::phase::Phase;
use draft_tasks_analysis::plan::{self, Plan};
use draft_tasks_executor::PodsRequest;
use draft_tasks_executor::record::Records;
use draft_tasks_executor::{Limits, OnFailure, Pinned, Problem, RunRequest};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tower_lsp::gen_lsp_types::*;
use tower_lsp::jsonrpc::{Error, ErrorCode};

use super::Session;
use super::target::Questions;
use crate::lifecycle::Part;
use crate::lsp::document::{self, Analysed, Document};
use crate::lsp::effect::{Effect, ProgressValue};
use crate::lsp::ext::{self, RunState};
use crate::lsp::runs::{Run, RunningTask};
use crate::lsp::surroundings;
use crate::safety::Guard;
use crate::settings::Config;
use crate::settings::project;
use crate::settings::run::{RunDiagnostics, RunSettings};
use crate::source::{self, FileKind};
use crate::world::application;
use crate::world::environment::Environment;

/// How long a stopped task may take to end before it is killed.
const GRACE: Duration = Duration::from_secs(5);

/// The same when the server ends: the client waits for it.
pub(crate) const GRACE_AT_END: Duration = Duration::from_secs(1);

/// A task that is to be run.
pub(super) struct Chosen {
    pub(super) task: String,
    /// The command that the user saw.
    pub(super) command: Option<String>,
}

/// What is to be run, and where its text comes from.
#[derive(Clone)]
pub(super) struct Source {
    pub(super) analysis: Arc<Analysed>,
    /// The tasks file.
    pub(super) path: PathBuf,
    pub(super) config: Config,
    pub(super) directory: PathBuf,
    /// Whether the text differs from the file on disk.
    unsaved: bool,
}

/// Where tasks run.
pub(super) struct Place {
    /// In these pods; on this machine without them.
    pub(super) pods: Option<PodsRequest>,
    /// The cluster that tasks on this machine are to meet.
    pub(super) pinned: Option<Pinned>,
    /// What is to be asked about before the tasks run.
    pub(super) guard: Option<Guard>,
}

impl Source {
    /// The application, as settings and `draft.toml` say.
    pub(super) fn application<'a>(&'a self, environment: &'a Environment) -> application::Chosen<'a> {
        application::Chosen {
            directory: &self.directory,
            environment,
            name: self.config.environment.as_deref(),
            settings: &self.config.kubernetes,
        }
    }

    /// What is to be asked about before something is destroyed.
    pub(super) fn guard(&self, environment: &Environment, records: Option<&Records>) -> Option<Guard> {
        Guard::of(&self.application(environment), records, &self.path)
    }

    fn place(&self, phase: Phase, environment: &Environment, only: Vec<String>) -> Result<Place, Problem> {
        let application = self.application(environment);
        if !phase.is_local() {
            return Ok(Place { pods: Some(application.pods(only)?), pinned: None, guard: None });
        }
        let pinned = match self.config.kubernetes.context {
            Some(_) => Some(application.pinned()?),
            None => None,
        };
        Ok(Place { pods: None, pinned, guard: None })
    }
}

impl Session {
    pub(crate) fn execute_command(&mut self, params: ExecuteCommandParams) -> Result<Value, Error> {
        // Some clients send `null` where there is no argument.
        let argument = params.arguments.unwrap_or_default().into_iter().next().filter(|it| !it.is_null());
        match ext::Command::from_name(&params.command) {
            Some(ext::Command::RunPhase) => {
                let ext::RunPhase { uri, phase, pods } = read(argument)?;
                self.run(&uri, &phase, &[], pods)
            }
            Some(ext::Command::RunTask) => {
                let ext::RunTask { uri, phase, task, command, pods } = read(argument)?;
                self.run(&uri, &phase, &[Chosen { task, command }], pods)
            }
            Some(ext::Command::Stop) => self.stop(read_or_default(argument)?),
            Some(ext::Command::Rerun) => self.rerun(&read_or_default(argument)?),
            Some(ext::Command::RerunFailed) => self.rerun_failed(&read(argument)?),
            Some(ext::Command::Clear) => Ok(self.clear(&read_or_default(argument)?)),
            Some(ext::Command::Plan) => self.plan(&read(argument)?),
            Some(ext::Command::Up) => self.live(Part::Up, read(argument)?),
            Some(ext::Command::Delete) => self.live(Part::Delete, read(argument)?),
            Some(ext::Command::Target) => self.target(&read(argument)?),
            // Its answer is awaited where no lock is held.
            Some(ext::Command::Doctor) => Err(Error::internal_error()),
            Some(ext::Command::ShowLog) => self.show_log(&read_or_default(argument)?),
            None => Err(Error {
                code: ErrorCode::MethodNotFound,
                message: format!("there is no command `{}`", params.command).into(),
                data: None,
            }),
        }
    }

    /// Whether anything may be started.
    pub(super) fn may_start(&self) -> Result<(), Error> {
        if !self.trusted {
            return Err(refusal("nothing runs in a workspace that is not trusted"));
        }
        if self.client_left {
            return Err(refusal("nothing is started: the client has closed the connection"));
        }
        Ok(())
    }

    /// Runs the chosen tasks of a phase, all of them when none is chosen; and likewise in the chosen pods.
    pub(super) fn run(
        &mut self,
        uri: &Uri,
        phase: &str,
        chosen: &[Chosen],
        pods: Vec<String>,
    ) -> Result<Value, Error> {
        self.may_start()?;
        let source = self.source(uri)?;
        let phase = plan::phase_named(&source.analysis, phase).map_err(|error| refusal(error.describe()))?;
        if let Some(run) = self.runs.running(uri, phase) {
            let id = run.id.clone();
            self.show(MessageType::Info, format!("{phase} is already running"));
            return Ok(json!({ "run": id }));
        }
        if let Some(step) = self.is_step_of(uri, phase) {
            return Err(refusal(step));
        }
        let only: Vec<String> = chosen.iter().map(|it| it.task.clone()).collect();
        let environment = self.environment_of(Some(&source.directory)).map_err(refusal)?;
        let plan = Plan::for_phase(&source.analysis, phase, &only, &|name| environment.get(name))
            .map_err(|error| refusal(error.describe()))?;
        check_unchanged(&plan, chosen)?;
        if phase.is_local() && !pods.is_empty() {
            return Err(refusal(format!("tasks of `{phase}` run on this machine, not in pods")));
        }
        let mut place = source.place(phase, &environment, pods).map_err(|it| refusal(it.describe()))?;
        if phase == Phase::Cleanup {
            place.guard = source.guard(&environment, self.run_settings().records(&environment).as_ref());
        }
        Ok(json!({ "run": self.start(uri, plan, only, source, &environment, place) }))
    }

    /// The text that would run: the editor's, or the file's where the editor has it not open.
    pub(super) fn source(&mut self, uri: &Uri) -> Result<Source, Error> {
        let Some(document) = self.documents.get_mut(uri) else {
            let path = document::path_of(uri)
                .ok_or_else(|| refusal(format!("`{}` is neither open nor a file", uri.0)))?;
            let kind = source::FileKind::of_path(&path);
            let text = source::read(&path).map_err(|error| refusal(error.to_string()))?;
            let settings = path.parent().map(|directory| project::load(directory).0).unwrap_or_default();
            let config = Config::of(&[&settings, &self.editor]);
            let analysed = Arc::new(Analysed::new(Analysis::new(text, config.options())));
            return source_of(kind, Some(path), analysed, config, false);
        };
        let analysis = document.analysed();
        let on_disk = document.path.as_ref().and_then(|path| std::fs::read(path).ok());
        let unsaved = on_disk.as_deref() != Some(analysis.text.as_bytes());
        source_of(Some(document.kind), document.path.clone(), analysis, document.config.clone(), unsaved)
    }

    /// What the editor says of runs; a project has no say in it.
    pub(super) fn run_settings(&self) -> RunSettings {
        self.config.run.clone()
    }

    /// The environment of tasks of a directory.
    pub(super) fn environment_of(&self, directory: Option<&Path>) -> Result<Environment, String> {
        self.environment.with(&self.run_settings(), directory.unwrap_or(Path::new("")))
    }

    /// The environment of tasks, as far as it is known, for looking at commands.
    pub(crate) fn environment_to_show(&self, document: &Document) -> Environment {
        let known =
            document.surroundings.environment.as_ref().filter(|_| !self.config.run.env_files.is_empty());
        known.cloned().unwrap_or_else(|| surroundings::without_files(&self.environment, &self.config.run))
    }

    /// Starts a run of its own.
    fn start(
        &mut self,
        uri: &Uri,
        plan: Plan,
        chosen: Vec<String>,
        source: Source,
        environment: &Environment,
        place: Place,
    ) -> String {
        self.start_with(uri, (plan, chosen), source, environment, place, None)
    }

    /// Starts a run, as a step of something larger if its questions are given.
    pub(super) fn start_with(
        &mut self,
        uri: &Uri,
        (plan, chosen): (Plan, Vec<String>),
        source: Source,
        environment: &Environment,
        place: Place,
        questions: Option<Questions>,
    ) -> String {
        let (id, subject) = (self.runs.next_id(), plan.subject);
        let tasks: Vec<_> =
            plan.steps.iter().map(|step| RunningTask::new(step.task.clone(), step.command.clone())).collect();
        let failed = self.runs.failures.forget(uri, subject, &tasks);
        let ran = self.runs.results.forget(uri, subject, &tasks);
        let reported = self.runs.problems.forget(uri, subject, &tasks);
        self.publish_problems(reported);
        if ran {
            self.refresh_result_hints();
        }
        if failed || ran && self.config.run.diagnostics.0 == RunDiagnostics::All {
            self.publish_unless_stale(uri);
        }
        let unsaved = if source.unsaved { ", with unsaved changes" } else { "" };
        let count = match tasks.len() {
            0 => String::new(),
            1 => " · 1 task".to_owned(),
            many => format!(" · {many} tasks"),
        };
        let place_name = match &place.pods {
            Some(pods) => format!("pods of {}, {}", pods.application.name, pods.target.describe()),
            None => format!("in {}", source.directory.display()),
        };
        let message = format!("{subject}{count} · {place_name}{unsaved}");
        let settings = self.run_settings();
        let phase = subject.phase();
        let limits = source.config.run.limits();
        let request = RunRequest {
            on_failure: phase.map_or(OnFailure::Stop, |phase| source.config.on_failure(phase)),
            plan,
            directory: source.directory,
            environment: environment.for_run(&id),
            grace: GRACE,
            // The limit of a task is none of a command that deploys.
            limits: Limits { task: limits.task.filter(|_| phase.is_some()), ..limits },
            secrets: environment.secrets(),
            pods: place.pods,
            pinned: place.pinned,
        };
        let questions =
            questions.unwrap_or_else(|| self.questions(&request, place.guard, &source.config.kubernetes));
        let run = Run {
            id: id.clone(),
            uri: uri.clone(),
            subject,
            tasks,
            chosen,
            pods: Vec::new(),
            current: None,
            awaited: None,
            started: Instant::now(),
            record: None,
            shown_logs: HashSet::new(),
        };
        self.progress(&run, ProgressValue::Begin { title: subject.to_string(), message: "starts".into() });
        self.tell(&run, RunState::Started, (None, None), None, message);
        let masked = environment.masked_names().join(", ");
        if !masked.is_empty() {
            let said =
                format!("masked in the output: {masked}; to show one, name it in `draftTasks.run.public`");
            self.tell(&run, RunState::Waiting, (None, None), None, said);
        }
        let records = settings.records(environment);
        let (request, file) = (Box::new(request), source.path);
        self.effect(Effect::StartRun { run: id.clone(), request, file, records, questions });
        self.runs.active.push(run);
        self.refresh_lenses();
        id
    }

    fn stop(&mut self, stop: ext::Stop) -> Result<Value, Error> {
        let wanted = |run: &&Run| {
            stop.run.as_ref().is_none_or(|id| run.id == *id)
                && stop.uri.as_ref().is_none_or(|uri| run.uri == *uri)
                && stop.phase.as_ref().is_none_or(|phase| phase.eq_ignore_ascii_case(run.subject.name()))
                && stop.task.as_ref().is_none_or(|task| run.current_task() == Some(task))
        };
        let runs: Vec<String> = self.runs.active.iter().filter(wanted).map(|run| run.id.clone()).collect();
        for run in &runs {
            self.effect(Effect::StopRun { run: run.clone(), grace: GRACE });
        }
        Ok(json!({ "stopped": runs.len() }))
    }

    /// Progress was cancelled in the client.
    pub(crate) fn cancel_progress(&mut self, token: &ProgressToken) {
        let ProgressToken::String(token) = token else { return };
        if let Some(run) = token.strip_prefix(ext::PROGRESS) {
            self.effect(Effect::StopRun { run: run.to_owned(), grace: GRACE });
        }
    }

    pub(crate) fn did_change_trust(&mut self, trust: &ext::TrustParams) {
        if self.trusted != trust.trusted {
            self.trusted = trust.trusted;
            self.refresh_lenses();
        }
    }

    /// Behind their lines stands how tasks ended.
    pub(super) fn refresh_result_hints(&self) {
        if self.flags.refresh_hints && self.config.inlay_hints {
            self.effect(Effect::RefreshHints);
        }
    }

    pub(super) fn refresh_lenses(&self) {
        if self.flags.refresh_lenses {
            self.effect(Effect::RefreshLenses);
        }
    }
}

fn source_of(
    kind: Option<FileKind>,
    path: Option<PathBuf>,
    analysis: Arc<Analysed>,
    config: Config,
    unsaved: bool,
) -> Result<Source, Error> {
    match kind {
        Some(FileKind::Tasks) => {}
        Some(FileKind::Pack) => return Err(refusal("a pack's tasks are a template and do not run")),
        Some(FileKind::Settings) | None => {
            return Err(refusal(format!("only tasks of a `{}` run", TASKS_FILE)));
        }
    }
    let place = path.and_then(|path| Some((path.parent()?.to_owned(), path)));
    let (directory, path) =
        place.ok_or_else(|| refusal("tasks run in the directory of their file: save it first"))?;
    Ok(Source { analysis, config, path, directory, unsaved })
}

/// The user saw a command and clicked on it; another one must not run in its place.
fn check_unchanged(plan: &Plan, chosen: &[Chosen]) -> Result<(), Error> {
    let changed = plan.steps.iter().find(|step| {
        let seen = chosen.iter().find(|it| it.task == step.task).and_then(|it| it.command.as_ref());
        seen.is_some_and(|seen| *seen != step.command)
    });
    let Some(name) = changed.map(|step| &step.task) else { return Ok(()) };
    Err(refusal(format!("the command of `{name}` has changed since then; run it again to run the new one")))
}

pub(super) fn read<T: DeserializeOwned>(argument: Option<Value>) -> Result<T, Error> {
    serde_json::from_value(argument.unwrap_or_default())
        .map_err(|error| Error::invalid_params(error.to_string()))
}

/// The same for commands that need no argument.
fn read_or_default<T: DeserializeOwned + Default>(argument: Option<Value>) -> Result<T, Error> {
    argument.map_or_else(|| Ok(T::default()), |argument| read(Some(argument)))
}

/// The error of something that the server understood and does not do (LSP's `RequestFailed`).
pub(super) fn refusal(message: impl Into<Cow<'static, str>>) -> Error {
    Error { code: ErrorCode::ServerError(-32803), message: message.into(), data: None }
}
