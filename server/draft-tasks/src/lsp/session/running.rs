//! Runs as the session sees them: commands start and stop them, their events become effects.
//!
//! Must not start processes: the outbox does, when it performs `StartRun`.

use std::borrow::Cow;
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use draft_tasks_analysis::plan::{self, Plan};
use draft_tasks_executor::{
    Outcome, RunEvent, RunRequest, RunSummary, Stream, describe_duration, describe_left_running,
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tower_lsp::gen_lsp_types::*;
use tower_lsp::jsonrpc::{Error, ErrorCode};

use super::Session;
use crate::config::Config;
use crate::environment::Environment;
use crate::lsp::document::{self, Analysed};
use crate::lsp::effect::{Effect, ProgressValue};
use crate::lsp::ext::{self, OutputParams, RunParams, RunState};
use crate::lsp::results::PastRun;
use crate::lsp::runs::{Run, RunningTask, outcome_name};
use crate::post_deploy;
use crate::project;
use crate::run_settings::{RunDiagnostics, RunSettings};
use crate::source::{self, FileKind};

/// How long a stopped task may take to end before it is killed.
const GRACE: Duration = Duration::from_secs(5);

/// The same when the server ends: the client waits for it.
pub(crate) const GRACE_AT_END: Duration = Duration::from_secs(1);

/// Runs that pass within this time need no message: the user is still looking.
const SHORT: Duration = Duration::from_secs(10);

/// A task that is to be run.
pub(super) struct Chosen {
    pub(super) task: String,
    /// The command that the user saw.
    pub(super) command: Option<String>,
}

/// What is to be run, and where its text comes from.
pub(super) struct Source {
    pub(super) analysis: Arc<Analysed>,
    /// The tasks file.
    path: PathBuf,
    config: Config,
    pub(super) directory: PathBuf,
    /// Whether the text differs from the file on disk.
    unsaved: bool,
}

impl Session {
    pub(crate) fn execute_command(&mut self, params: ExecuteCommandParams) -> Result<Value, Error> {
        // Some clients send `null` where there is no argument.
        let argument = params.arguments.unwrap_or_default().into_iter().next().filter(|it| !it.is_null());
        match ext::Command::from_name(&params.command) {
            Some(ext::Command::RunPhase) => {
                let ext::RunPhase { uri, phase } = read(argument)?;
                self.run(&uri, &phase, &[])
            }
            Some(ext::Command::RunTask) => {
                let ext::RunTask { uri, phase, task, command } = read(argument)?;
                self.run(&uri, &phase, &[Chosen { task, command }])
            }
            Some(ext::Command::Stop) => self.stop(read_or_default(argument)?),
            Some(ext::Command::Rerun) => self.rerun(&read_or_default(argument)?),
            Some(ext::Command::RerunFailed) => self.rerun_failed(&read(argument)?),
            Some(ext::Command::Clear) => Ok(self.clear(&read_or_default(argument)?)),
            Some(ext::Command::Plan) => self.plan(&read(argument)?),
            Some(ext::Command::ShowLog) => self.show_log(&read_or_default(argument)?),
            None => Err(Error {
                code: ErrorCode::MethodNotFound,
                message: format!("there is no command `{}`", params.command).into(),
                data: None,
            }),
        }
    }

    /// Runs the chosen tasks of a phase; all of them when none is chosen.
    pub(super) fn run(&mut self, uri: &Uri, phase: &str, chosen: &[Chosen]) -> Result<Value, Error> {
        if !self.trusted {
            return Err(refusal("nothing runs in a workspace that is not trusted"));
        }
        let source = self.source(uri)?;
        let phase = plan::phase_named(&source.analysis, phase).map_err(|error| refusal(error.describe()))?;
        if let Some(run) = self.runs.running(uri, phase) {
            let id = run.id.clone();
            self.show(MessageType::Info, format!("{phase} is already running"));
            return Ok(json!({ "run": id }));
        }
        let only: Vec<String> = chosen.iter().map(|it| it.task.clone()).collect();
        let environment = self.environment_of(Some(&source.directory)).map_err(refusal)?;
        let plan = Plan::for_phase(&source.analysis, phase, &only, &|name| environment.get(name))
            .map_err(|error| refusal(error.describe()))?;
        check_unchanged(&plan, chosen)?;
        if !phase.is_local() {
            return Err(refusal(post_deploy::refusal(&source.directory, &environment)));
        }
        Ok(json!({ "run": self.start(uri, plan, only, source, &environment) }))
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
            let analysed = Arc::new(Analysed::new(text, config.options(), Arc::default()));
            return source_of(kind, Some(path), analysed, config, false);
        };
        let analysis = document.analysed();
        let on_disk = document.path.as_ref().and_then(|path| std::fs::read(path).ok());
        let unsaved = on_disk.as_deref() != Some(analysis.text.as_bytes());
        source_of(Some(document.kind), document.path.clone(), analysis, document.config.clone(), unsaved)
    }

    /// What the editor says of runs; a project has no say in it.
    fn run_settings(&self) -> RunSettings {
        Config::of(&[&self.editor]).run
    }

    /// The environment of tasks of a directory.
    pub(super) fn environment_of(&self, directory: Option<&Path>) -> Result<Environment, String> {
        self.environment.with(&self.run_settings(), directory.unwrap_or(Path::new("")))
    }

    /// The same for looking at commands: a file of variables that cannot be read keeps tasks from running, and nobody
    /// from looking.
    pub(crate) fn environment_to_show(&self, directory: Option<&Path>) -> Environment {
        let without_file = || {
            let settings = RunSettings { env_file: None, ..self.run_settings() };
            self.environment.with(&settings, Path::new(""))
        };
        let environment = self.environment_of(directory).or_else(|_| without_file());
        environment.unwrap_or_else(|_| self.environment.clone())
    }

    fn start(
        &mut self,
        uri: &Uri,
        plan: Plan,
        chosen: Vec<String>,
        source: Source,
        environment: &Environment,
    ) -> String {
        let id = self.runs.next_id();
        let phase = plan.phase;
        let tasks: Vec<_> =
            plan.steps.iter().map(|step| RunningTask::new(step.task.clone(), step.command.clone())).collect();
        let failed = self.runs.failures.forget(uri, phase, &tasks);
        let ran = self.runs.results.forget(uri, phase, &tasks);
        let reported = self.runs.problems.forget(uri, phase, &tasks);
        self.publish_problems(reported);
        if ran {
            self.refresh_result_hints();
        }
        if failed || ran && self.config.run.diagnostics == RunDiagnostics::All {
            self.publish_unless_stale(uri);
        }
        let unsaved = if source.unsaved { ", with unsaved changes" } else { "" };
        let count = match tasks.len() {
            1 => "1 task".to_owned(),
            many => format!("{many} tasks"),
        };
        let message = format!("{phase} · {count} · in {}{unsaved}", source.directory.display());
        let settings = self.run_settings();
        let request = RunRequest {
            on_failure: source.config.on_failure(phase),
            plan,
            directory: source.directory,
            environment: environment.for_run(&id),
            grace: GRACE,
            limits: source.config.run.limits(),
            secrets: environment.secrets(),
        };
        let run = Run {
            id: id.clone(),
            uri: uri.clone(),
            phase,
            tasks,
            chosen,
            current: None,
            started: Instant::now(),
            record: None,
            shown_logs: HashSet::new(),
        };
        self.progress(&run, ProgressValue::Begin { title: phase.to_string(), message: "starts".into() });
        self.tell(&run, RunState::Started, None, None, message);
        let records = settings.records(environment);
        let (request, file) = (Box::new(request), source.path);
        self.effect(Effect::StartRun { run: id.clone(), request, file, records });
        self.runs.active.push(run);
        self.refresh_lenses();
        id
    }

    fn stop(&mut self, stop: ext::Stop) -> Result<Value, Error> {
        let wanted = |run: &&Run| {
            stop.run.as_ref().is_none_or(|id| run.id == *id)
                && stop.uri.as_ref().is_none_or(|uri| run.uri == *uri)
                && stop.phase.as_ref().is_none_or(|phase| phase.eq_ignore_ascii_case(run.phase.name()))
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

    /// Something happened in a run.
    pub(crate) fn run_event(&mut self, id: &str, event: RunEvent) {
        match event {
            RunEvent::RunStarted { .. } => {}
            RunEvent::TaskStarted { task, .. } => self.task_started(id, task),
            RunEvent::Output { task, stream, text } => self.task_wrote(id, task, stream, text),
            RunEvent::TaskFinished { task, outcome, duration, left_running } => {
                self.task_finished(id, task, &outcome, duration);
                if let Some(left) = describe_left_running(&left_running) {
                    self.show(MessageType::Warning, left);
                }
            }
            RunEvent::RunFinished { summary } => self.run_finished(id, &summary),
        }
    }

    /// A run has a record.
    pub(crate) fn recorded(&mut self, id: &str, folder: &Path) {
        if let Some(run) = self.runs.get_mut(id) {
            run.record = Some(folder.to_owned());
        }
    }

    /// A record is not kept or not complete, which is no reason to disturb anybody.
    pub(crate) fn record_trouble(&mut self, message: &str) {
        self.effect(Effect::Log { kind: MessageType::Warning, message: message.to_owned() });
    }

    fn task_started(&mut self, id: &str, task: usize) {
        let Some(run) = self.runs.get_mut(id) else { return };
        run.current = Some(task);
        if let Some(task) = run.tasks.get_mut(task) {
            task.started = true;
        }
        let (number, count) = (task + 1, run.tasks.len());
        let Some(run) = self.runs.active.iter().find(|run| run.id == id) else { return };
        let name = run.tasks[task].name.clone();
        let message = if count > 1 { format!("{name} ({number} of {count})") } else { name.clone() };
        let percentage = (task * 100 / count.max(1)) as u32;
        self.progress(run, ProgressValue::Report { message, percentage });
        self.tell(run, RunState::TaskStarted, Some(task), None, name);
        self.refresh_lenses();
    }

    fn task_wrote(&mut self, id: &str, task: usize, stream: Stream, text: String) {
        let Some(run) = self.runs.get_mut(id) else { return };
        let Some(running) = run.tasks.get_mut(task) else { return };
        running.wrote(stream, &text);
        let task = running.name.clone();
        let params = OutputParams {
            run: id.to_owned(),
            uri: run.uri.clone(),
            phase: run.phase.to_string(),
            task,
            stream: Cow::Borrowed(match stream {
                Stream::Stdout => "stdout",
                Stream::Stderr => "stderr",
            }),
            text,
        };
        if self.flags.own_output {
            self.effect(Effect::Output(params));
        } else {
            self.log(prefixed(&params.task, &params.text));
        }
    }

    fn task_finished(&mut self, id: &str, task: usize, outcome: &Outcome, duration: Duration) {
        let Some(index) = self.runs.active.iter().position(|run| run.id == id) else { return };
        let run = &mut self.runs.active[index];
        run.current = None;
        self.refresh_logs(id);
        let run = &mut self.runs.active[index];
        run.tasks[task].failed = matches!(outcome, Outcome::Failed(_));
        let run = &self.runs.active[index];
        let running = &run.tasks[task];
        self.runs.results.add(run, running, outcome, duration, self.clock.now());
        let message = match outcome {
            Outcome::Passed => format!("✓ {} {}", running.name, describe_duration(duration)),
            Outcome::Failed(failure) => {
                let log = run.log(Some(&running.name)).and_then(|log| self.log_document(&log));
                self.runs.failures.add(
                    &run.uri,
                    run.phase,
                    running,
                    failure,
                    duration,
                    (run.record.as_deref(), log),
                );
                let hint = match failure {
                    draft_tasks_executor::Failure::NotStarted(error) => error.hint(),
                    _ => None,
                };
                let hint = hint.map(|hint| format!("\n  {hint}")).unwrap_or_default();
                format!("✗ {} {} {}{hint}", running.name, describe_duration(duration), failure.describe())
            }
            Outcome::Stopped => format!("■ {} stopped after {}", running.name, describe_duration(duration)),
            Outcome::Skipped => format!("- {} skipped", running.name),
        };
        self.tell(run, RunState::TaskFinished, Some(task), Some(outcome_name(outcome)), message);
        self.refresh_result_hints();
        let all = self.config.run.diagnostics == RunDiagnostics::All;
        if matches!(outcome, Outcome::Failed(_)) || all && *outcome == Outcome::Passed {
            let uri = run.uri.clone();
            self.publish_unless_stale(&uri);
        }
    }

    fn run_finished(&mut self, id: &str, summary: &RunSummary) {
        let Some(run) = self.runs.finish(id) else { return };
        self.runs.results.over(PastRun::of(&run, *summary, self.clock.now()));
        let outcome = match summary {
            RunSummary { stopped: 1.., .. } => "stopped",
            RunSummary { failed: 1.., .. } => "failed",
            RunSummary { skipped: 1.., .. } => "stopped",
            _ => "passed",
        };
        let message = format!("{}: {}", run.phase, summary.describe());
        self.progress(&run, ProgressValue::End { message: message.clone() });
        self.tell(&run, RunState::Finished, None, Some(outcome), message.clone());
        let failed = outcome == "failed";
        let long = outcome == "passed" && run.started.elapsed() > SHORT;
        if failed || long || !self.flags.own_output {
            self.show(if failed { MessageType::Error } else { MessageType::Info }, message);
        }
        self.refresh_lenses();
    }

    fn progress(&self, run: &Run, value: ProgressValue) {
        if self.flags.progress {
            self.effect(Effect::Progress { token: format!("{}{}", ext::PROGRESS, run.id), value });
        }
    }

    /// Tells what happened to a run, in its own notification or in the log.
    fn tell(
        &self,
        run: &Run,
        state: RunState,
        task: Option<usize>,
        outcome: Option<&'static str>,
        message: String,
    ) {
        if !self.flags.own_output {
            return match state {
                // The task's name is in front of each of its lines.
                RunState::TaskStarted => {}
                _ => self.log(message),
            };
        }
        self.effect(Effect::Run(RunParams {
            run: run.id.clone(),
            uri: run.uri.clone(),
            phase: run.phase.to_string(),
            state,
            task: task.map(|task| run.tasks[task].name.clone()),
            outcome: outcome.map(Cow::Borrowed),
            record: run
                .record
                .as_ref()
                .filter(|_| state == RunState::Finished)
                .map(|it| it.display().to_string()),
            message,
        }));
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
            return Err(refusal(format!("only tasks of a `{}` run", source::TASKS_FILE)));
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

fn read<T: DeserializeOwned>(argument: Option<Value>) -> Result<T, Error> {
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

/// Each line with the task's name in front of it.
fn prefixed(task: &str, text: &str) -> String {
    let text = draft_tasks_executor::output::plain(text);
    text.lines().map(|line| format!("{task} │ {line}")).collect::<Vec<_>>().join("\n")
}
