//! What this server adds to the protocol: commands, notifications and announcements, the only source for the clients.
//!
//! Must not do anything: it is the vocabulary.

use std::borrow::Cow;
use std::path::Path;

use draft_tasks_executor::OutputPiece;
use draft_tasks_executor::output::colored;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tower_lsp::gen_lsp_types::{
    CodeActionKind, Command, Location, LocationLink, LspNotificationMethod, MessageDirection, Notification,
    Position, Range, TextDocumentIdentifier, Uri,
};

/// The kind of code actions that run something.
pub(crate) const RUN_KIND: CodeActionKind = CodeActionKind::Custom(Cow::Borrowed(RUN_KIND_NAME));

/// The name of [`RUN_KIND`].
pub(crate) const RUN_KIND_NAME: &str = "draft-tasks.run";

/// The kind of code actions that show something of runs.
pub(crate) const SHOW_KIND: CodeActionKind = CodeActionKind::Custom(Cow::Borrowed(SHOW_KIND_NAME));

/// The name of [`SHOW_KIND`].
pub(crate) const SHOW_KIND_NAME: &str = "draft-tasks.show";

/// The kind of code actions that write a phase as what runs elsewhere.
pub(crate) const EXPORT_KIND: CodeActionKind = CodeActionKind::Custom(Cow::Borrowed(EXPORT_KIND_NAME));

/// The name of [`EXPORT_KIND`].
pub(crate) const EXPORT_KIND_NAME: &str = "draft-tasks.export";

/// The kind of code actions that ignore a finding: quick fixes that come last.
pub(crate) const IGNORE_KIND: CodeActionKind = CodeActionKind::Custom(Cow::Borrowed(IGNORE_KIND_NAME));

/// The name of [`IGNORE_KIND`].
pub(crate) const IGNORE_KIND_NAME: &str = "quickfix.ignore";

/// The kind of the code action that applies all fixes that need no decision: the same runs after them.
pub(crate) const FIX_ALL_KIND: CodeActionKind = CodeActionKind::Custom(Cow::Borrowed(FIX_ALL_KIND_NAME));

/// The name of [`FIX_ALL_KIND`].
pub(crate) const FIX_ALL_KIND_NAME: &str = "source.fixAll.draft-tasks";

/// The `source` of all diagnostics.
pub(crate) const SOURCE: &str = "draft-tasks";

/// The code of the diagnostic of a task that failed.
pub(crate) const TASK_FAILED: &str = "task-failed";

/// The code of the diagnostic of a task that passed.
pub(crate) const TASK_PASSED: &str = "task-passed";

/// The code of the diagnostics of a project's settings.
pub(crate) const SETTING: &str = "setting";

/// What that code means, as Markdown.
const SETTING_EXPLANATION: &str = "Something in a project's `.draft-tasks.config.toml` is not TOML, is not a setting, has \
    no such value, or is not for a project to choose. See the settings in docs/configuration.md.";

/// The code of what is wrong in a `draft.toml`.
pub(crate) const BROKEN_DRAFT_TOML: &str = "broken-draft-toml";

/// What that code means, as Markdown.
const BROKEN_DRAFT_TOML_EXPLANATION: &str = "The `draft.toml` beside a tasks file is not TOML, or has a value that Draft \
    does not take there: an environment that is no table, a name or a namespace that is no string, an `auto-connect` that \
    is no boolean, a key in two spellings. It is reported in the `draft.toml` itself. What depends on the file is not \
    checked, and what needs it does not run.";

/// The codes of diagnostics that no rule finds, with their severities and explanations.
pub(crate) const OTHER_CODES: [(&str, &str, &str); 4] = [
    (TASK_FAILED, "error", TASK_FAILED_EXPLANATION),
    (TASK_PASSED, "information", TASK_PASSED_EXPLANATION),
    (SETTING, "error", SETTING_EXPLANATION),
    (BROKEN_DRAFT_TOML, "error", BROKEN_DRAFT_TOML_EXPLANATION),
];

/// What that code means, as Markdown.
const TASK_PASSED_EXPLANATION: &str = "The task passed when it last ran: after which time, and the last line that it \
    wrote. Only with `draftTasks.run.diagnostics = \"all\"`. It goes away like `task-failed`.";

/// What that code means, as Markdown.
const TASK_FAILED_EXPLANATION: &str = "The task failed when it last ran: how, after which time, and the last \
    lines that it wrote. It goes away when the task runs again, and while its command is another one.";

/// The language of tasks files, in clients that have one of their own for them.
pub(crate) const LANGUAGE: &str = "draft-tasks";

/// The files around a tasks file that quick fixes change; their texts are wanted while they are open.
pub(crate) const AROUND: [&str; 2] = ["**/{draft.toml,.dockerignore}", "**/charts/*/templates/*.{yaml,yml}"];

/// What the progress tokens of runs begin with; the run follows.
pub(crate) const PROGRESS: &str = "draft-tasks/";

/// A request that only builds for development answer, with a panic.
#[cfg(debug_assertions)]
pub(crate) const TEST_PANIC: &str = "draft-tasks/test/panic";

/// The scheme of the documents that have what tasks wrote, for clients that ask for `workspace/textDocumentContent`.
pub(crate) const LOG_SCHEME: &str = "draft-tasks-log";

/// A notification after which such builds panic outside of a handler.
#[cfg(debug_assertions)]
pub(crate) const TEST_PANIC_OUTSIDE: &str = "draft-tasks/test/panicOutside";

/// The section of the settings.
pub(crate) const SETTINGS: &str = "draftTasks";

/// The form of [`OutputParams`]: what clients announce as `experimental.draftTasks.output` that show output themselves.
pub(crate) const OUTPUT_VERSION: u64 = 2;

/// `draft-tasks/output`: text that a task wrote, to clients that announce `experimental.draftTasks.output`.
pub(crate) enum OutputNotification {}

/// The parameters of [`OutputNotification`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct OutputParams {
    /// The run, as its command answered it.
    pub(crate) run: String,
    /// The tasks file.
    #[cfg_attr(test, schemars(with = "String"))]
    pub(crate) uri: Uri,
    /// The phase's name.
    pub(crate) phase: String,
    /// The task's description.
    pub(crate) task: String,
    /// The pod, of a task that runs inside of pods.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) pod: Option<String>,
    /// What it wrote with both streams, in order; none in version 1.
    pub(crate) pieces: Vec<PieceOfOutput>,
    /// In version 1, in place of `pieces`: `stdout` or `stderr`, of each piece in a notification of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) stream: Option<Cow<'static, str>>,
    /// In version 1: the text of the piece.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) text: Option<String>,
}

impl OutputParams {
    /// For a client of version 1: a notification for each piece.
    pub(crate) fn one_by_one(mut self) -> impl Iterator<Item = OutputParams> {
        let pieces = std::mem::take(&mut self.pieces);
        pieces.into_iter().map(move |piece| OutputParams {
            stream: Some(piece.stream),
            text: Some(piece.text),
            ..self.clone()
        })
    }
}

/// A piece of [`OutputParams`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct PieceOfOutput {
    /// `stdout` or `stderr`.
    pub(crate) stream: Cow<'static, str>,
    /// Whole lines with their ends, where the task did not leave a line unfinished; of the escapes only colours.
    pub(crate) text: String,
}

impl From<OutputPiece> for PieceOfOutput {
    fn from(piece: OutputPiece) -> PieceOfOutput {
        PieceOfOutput { stream: Cow::Borrowed(piece.stream.name()), text: colored(&piece.text).into_owned() }
    }
}

/// `draft-tasks/run`: a run or a task of it began or ended, to clients that announce `experimental.draftTasks.output`.
pub(crate) enum RunNotification {}

/// The parameters of [`RunNotification`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct RunParams {
    /// The run, as its command answered it.
    pub(crate) run: String,
    /// The tasks file.
    #[cfg_attr(test, schemars(with = "String"))]
    pub(crate) uri: Uri,
    /// The phase's name.
    pub(crate) phase: String,
    /// What happened.
    pub(crate) state: RunState,
    /// The task's description, where it is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) task: Option<String>,
    /// The pod, where it is about a task in one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) pod: Option<String>,
    /// The Job of Kubernetes that the run is, which goes on where the server ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) job: Option<String>,
    /// How the task or the run ended: `passed`, `failed`, `stopped`, or `skipped` where it did not begin, such as a run
    /// that the user did not confirm.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) outcome: Option<Cow<'static, str>>,
    /// The folder of the run's record, once it is over and where one is kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) record: Option<String>,
    /// The outcome in words, for people; of the last step of `up` or `delete` that of all steps.
    pub(crate) message: String,
    /// Whether another step of `up` or `delete` follows, so that nobody is to be disturbed with this end.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) followed: bool,
    /// What helps where it is blocked, as in the data of an error.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(skip))]
    pub(crate) remedy: Option<Remedy>,
}

/// What helps where a command is refused or a run is blocked: the data of its error.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Remedy {
    /// Where what is wrong stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) location: Option<Location>,
    /// A command of the server that tells more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) command: Option<Command>,
    /// The tasks file for which another context of the kubeconfig could be chosen: the client keeps that as a setting of
    /// the user.
    #[serde(rename = "contextOf", skip_serializing_if = "Option::is_none")]
    pub(crate) context_of: Option<Uri>,
}

impl Remedy {
    /// To look at the beginning of a line, counted from 0, of a file.
    pub(crate) fn look_at(file: &Path, line: usize) -> Remedy {
        let at = Position { line: line as u32, character: 0 };
        let uri = url::Url::from_file_path(file).ok().map(|url| Uri(url.to_string()));
        let location = uri.map(|uri| Location { uri, range: Range { start: at, end: at } });
        Remedy { location, ..Remedy::default() }
    }

    /// To check application and cluster of a tasks file, and to choose another context where there is one.
    pub(crate) fn check(tasks_file: &Uri, has_other_contexts: bool) -> Remedy {
        let arguments = vec![json!({ "uri": tasks_file })];
        let command = DOCTOR.to_owned();
        let command =
            Command { title: DOCTOR_TITLE.into(), tooltip: None, command, arguments: Some(arguments) };
        let context_of = has_other_contexts.then(|| tasks_file.clone());
        Remedy { location: None, command: Some(command), context_of }
    }
}

/// The command that walks the way to an application's pods.
pub(crate) const DOCTOR: &str = "draft-tasks.doctor";

/// What it is called wherever an editor offers it, as messages name it.
pub(crate) const DOCTOR_TITLE: &str = "Check Application and Cluster";

/// What happened to a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) enum RunState {
    Started,
    // Pods are awaited, or the run has something else to say.
    Waiting,
    // None of its tasks can run, for a reason that the client tells the user.
    Blocked,
    TaskStarted,
    TaskFinished,
    Finished,
}

impl Notification for OutputNotification {
    type Params = OutputParams;
    const METHOD: LspNotificationMethod<'static> = LspNotificationMethod::Custom("draft-tasks/output");
    const MESSAGE_DIRECTION: MessageDirection = MessageDirection::ServerToClient;
}

impl Notification for RunNotification {
    type Params = RunParams;
    const METHOD: LspNotificationMethod<'static> = LspNotificationMethod::Custom("draft-tasks/run");
    const MESSAGE_DIRECTION: MessageDirection = MessageDirection::ServerToClient;
}

/// `draft-tasks/didChangeTarget`: what `draft-tasks.target` answers may be another thing now, to the same clients.
pub(crate) enum TargetNotification {}

/// The parameters of [`TargetNotification`]: none.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct TargetParams {}

impl Notification for TargetNotification {
    type Params = TargetParams;
    const METHOD: LspNotificationMethod<'static> =
        LspNotificationMethod::Custom("draft-tasks/didChangeTarget");
    const MESSAGE_DIRECTION: MessageDirection = MessageDirection::ServerToClient;
}

/// `draft-tasks/didChangeJobs`: what `draft-tasks.jobs` answers may be another thing now, to the same clients.
pub(crate) enum JobsNotification {}

/// The parameters of [`JobsNotification`]: none.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct JobsParams {}

impl Notification for JobsNotification {
    type Params = JobsParams;
    const METHOD: LspNotificationMethod<'static> = LspNotificationMethod::Custom("draft-tasks/didChangeJobs");
    const MESSAGE_DIRECTION: MessageDirection = MessageDirection::ServerToClient;
}

/// `draft-tasks/didChangeTrust`: the user trusts the workspace now, or no longer.
pub(crate) const DID_CHANGE_TRUST: &str = "draft-tasks/didChangeTrust";

/// The parameters of [`DID_CHANGE_TRUST`].
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct TrustParams {
    /// Whether tasks may run.
    pub(crate) trusted: bool,
}

/// What can be run in a terminal, as rust-analyzer's clients ask for it:
/// <https://rust-analyzer.github.io/book/contributing/lsp-extensions.html#runnables>.
pub(crate) const RUNNABLES: &str = "experimental/runnables";

/// The kind of runnables that are a program and its arguments.
pub(crate) const SHELL_RUNNABLE: &str = "shell";

/// The parameters of [`RUNNABLES`].
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RunnablesParams {
    pub(crate) text_document: TextDocumentIdentifier,
    /// Only what can be run from here.
    pub(crate) position: Option<Position>,
}

/// Something of the answer to [`RUNNABLES`].
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct TerminalRunnable {
    pub(crate) label: String,
    pub(crate) location: LocationLink,
    pub(crate) kind: &'static str,
    pub(crate) args: TerminalCommand,
}

/// A program and its arguments.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct TerminalCommand {
    /// The directory in which it runs.
    pub(crate) cwd: String,
    pub(crate) program: String,
    pub(crate) args: Vec<String>,
}

/// The version of `draft-tasks/output` that a client understands, by its experimental capabilities; `true` is the first.
pub(crate) fn output_version(experimental: &Value) -> Option<u64> {
    match experimental.pointer("/draftTasks/output")? {
        Value::Bool(shows) => shows.then_some(1),
        version => version.as_u64().filter(|version| *version > 0).map(|version| version.min(OUTPUT_VERSION)),
    }
}

/// Whether a client shows colours in `draft-tasks/output`, by its experimental capabilities.
pub(crate) fn shows_colors(experimental: &Value) -> bool {
    experimental.pointer("/draftTasks/colors") == Some(&Value::Bool(true))
}

/// What the server announces beside the standard.
pub(crate) fn server_capabilities() -> Value {
    let runnables = json!({ "kinds": [SHELL_RUNNABLE] });
    json!({ "draftTasks": { "output": OUTPUT_VERSION, "trust": true }, "runnables": runnables })
}
