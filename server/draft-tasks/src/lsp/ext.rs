//! What this server adds to the protocol: commands, notifications and announcements, the only source for the clients.
//!
//! Must not do anything: it is the vocabulary.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tower_lsp::gen_lsp_types::{CodeActionKind, LspNotificationMethod, MessageDirection, Notification, Uri};

/// The kind of code actions that run something.
pub(crate) const RUN_KIND: CodeActionKind = CodeActionKind::Custom(Cow::Borrowed(RUN_KIND_NAME));

/// The name of [`RUN_KIND`].
pub(crate) const RUN_KIND_NAME: &str = "draft-tasks.run";

/// The kind of code actions that show something of runs.
pub(crate) const SHOW_KIND: CodeActionKind = CodeActionKind::Custom(Cow::Borrowed(SHOW_KIND_NAME));

/// The name of [`SHOW_KIND`].
pub(crate) const SHOW_KIND_NAME: &str = "draft-tasks.show";

/// The kind of the code action that applies all fixes that need no decision.
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
const SETTING_EXPLANATION: &str = "Something in a project's `.draft-tasks.config.toml` is not TOML, is no setting, has \
    no such value, or is not for a project to choose. See the settings in docs/configuration.md.";

/// The codes of diagnostics that no rule finds, with their severities and explanations.
pub(crate) const OTHER_CODES: [(&str, &str, &str); 3] = [
    (TASK_FAILED, "error", TASK_FAILED_EXPLANATION),
    (TASK_PASSED, "information", TASK_PASSED_EXPLANATION),
    (SETTING, "error", SETTING_EXPLANATION),
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

/// The commands that the server executes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Command {
    RunPhase,
    RunTask,
    Stop,
    Rerun,
    RerunFailed,
    Clear,
    Plan,
    ShowLog,
    Target,
    Doctor,
    Up,
    Delete,
}

impl Command {
    pub(crate) const ALL: [Command; 12] = [
        Command::RunPhase,
        Command::RunTask,
        Command::Stop,
        Command::Rerun,
        Command::RerunFailed,
        Command::Clear,
        Command::Plan,
        Command::ShowLog,
        Command::Target,
        Command::Doctor,
        Command::Up,
        Command::Delete,
    ];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Command::RunPhase => "draft-tasks.runPhase",
            Command::RunTask => "draft-tasks.runTask",
            Command::Stop => "draft-tasks.stop",
            Command::Rerun => "draft-tasks.rerun",
            Command::RerunFailed => "draft-tasks.rerunFailed",
            Command::Clear => "draft-tasks.clear",
            Command::Plan => "draft-tasks.plan",
            Command::ShowLog => "draft-tasks.showLog",
            Command::Target => "draft-tasks.target",
            Command::Doctor => "draft-tasks.doctor",
            Command::Up => "draft-tasks.up",
            Command::Delete => "draft-tasks.delete",
        }
    }

    pub(crate) fn from_name(name: &str) -> Option<Command> {
        Command::ALL.into_iter().find(|command| command.name() == name)
    }

    /// What it does and answers, for the documentation.
    #[cfg(test)]
    pub(crate) const fn documentation(self) -> &'static str {
        match self {
            Command::RunPhase => {
                "Runs the tasks of a phase and answers `{ \"run\": … }` at once. When the phase is already running, that \
                 run is answered."
            }
            Command::RunTask => "Runs one task and answers `{ \"run\": … }` at once.",
            Command::Stop => {
                "Stops runs, all of them without an argument, and answers `{ \"stopped\": how many }`."
            }
            Command::Rerun => {
                "Runs again what ran last, of a file or of all, or what a run ran, as it stands in the file now; \
                 answers `{ \"run\": … }` at once."
            }
            Command::RerunFailed => {
                "Runs the tasks that failed when they last ran and whose commands are still the ones that failed; \
                 answers `{ \"run\": … }` at once."
            }
            Command::Clear => "Forgets the results of runs and which tasks failed, and answers `null`.",
            Command::Plan => {
                "Shows what a phase would run, secrets masked, and answers it: `{ \"phase\": …, \"directory\": …, \
                 \"tasks\": [{ \"task\": …, \"command\": …, \"argv\": […] }], \"markdown\": … }`. Nothing runs."
            }
            Command::Target => {
                "Answers in which pods of which cluster tasks of `post-deploy` would run, from `draft.toml`, settings and \
                 the kubeconfig: `{ \"environment\": …, \"environments\": those of draft.toml, \"application\": …, \
                 \"selector\": …, \"context\": …, \"server\": …, \"namespace\": …, \"problem\": … }`; what is not \
                 known is left out. Nothing is contacted."
            }
            Command::Up => {
                "Runs `pre-up`, the command, then `post-deploy` in the pods of the new rollout, and `post-up`, each as a \
                 run of its own, up to the first that fails; answers `{ \"run\": … }` of the first at once."
            }
            Command::Delete => {
                "Runs the command, waits until the application's pods are gone, and runs `cleanup`, each as a run of its \
                 own; answers `{ \"run\": … }` of the first at once."
            }
            Command::Doctor => {
                "Walks the way from the tasks file to the application's pods and answers where it breaks: \
                 `{ \"ok\": …, \"markdown\": … }`. It contacts the cluster and may run a credential plugin of the \
                 kubeconfig, so the answer takes a while, and there is none in a workspace that is not trusted."
            }
            Command::ShowLog => {
                "Opens the plain text of what a task wrote when it last ran or has written until now, where the client \
                 opens documents, else says where it is; answers `{ \"log\": the file, \"uri\": the document that is \
                 opened }`. Where the client has `workspace/textDocumentContent` that is a virtual document, which the \
                 client is asked to refresh when the task is over."
            }
        }
    }
}

/// The command that creates a tasks file; unlike those of [`Command`] it runs nothing.
pub(crate) const CREATE: &str = "draft-tasks.create";

/// What [`CREATE`] does and answers, for the documentation.
const CREATE_DOCUMENTATION: &str = "Creates a tasks file where there is none and answers `{ \"uri\": … }` \
    at once. The file comes as an edit of the workspace (`workspace/applyEdit`), so the client must be able to create \
    files in edits. A file that exists is left as it is, and in a workspace that is not trusted nothing is created.";

/// The command that runs some tasks of a phase as one run.
pub(crate) const RUN_TASKS: &str = "draft-tasks.runTasks";

/// The command that tells which phases and tasks a file has.
pub(crate) const TASKS: &str = "draft-tasks.tasks";

/// The command that tells what [`CREATE`] can make a file from.
pub(crate) const TEMPLATES: &str = "draft-tasks.templates";

/// The commands beside those of [`Command`]: those above, with what they do and answer, for the documentation.
pub(crate) const OTHERS: [(&str, &str); 4] = [
    (CREATE, CREATE_DOCUMENTATION),
    (
        RUN_TASKS,
        "Runs some tasks of a phase, in the order of the file, and answers `{ \"run\": … }` at once. When the phase is \
         already running, that run is answered.",
    ),
    (
        TASKS,
        "Answers the phases of a tasks file that have tasks, with these, as they stand in the editor, or on disk where the \
         file is not open. Nothing runs.",
    ),
    (TEMPLATES, "Answers what `draft-tasks.create` can make a tasks file from."),
];

/// The argument of [`RUN_TASKS`].
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct RunTasks {
    /// The tasks file.
    #[cfg_attr(test, schemars(with = "String"))]
    pub(crate) uri: Uri,
    /// The phase's name.
    pub(crate) phase: String,
    /// The tasks: the description of each, and the command that the user saw.
    pub(crate) tasks: Vec<SeenTask>,
    /// Only in these pods, of a phase that runs inside of pods.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) pods: Vec<String>,
}

/// A task as a user saw it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct SeenTask {
    /// The task's description.
    pub(crate) task: String,
    /// The command that the user saw: when the file has another one by now, nothing runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) command: Option<String>,
}

/// The argument of [`TASKS`].
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct ListTasks {
    /// The tasks file.
    #[cfg_attr(test, schemars(with = "String"))]
    pub(crate) uri: Uri,
}

/// The answer to [`TASKS`].
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Outline {
    /// The phases that have tasks, in the order of the file.
    pub(crate) phases: Vec<OutlinePhase>,
}

/// A phase that has tasks.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct OutlinePhase {
    /// The phase's name.
    pub(crate) phase: String,
    /// Where its header is, from 0.
    pub(crate) line: u32,
    /// Its tasks, in the order of the file.
    pub(crate) tasks: Vec<OutlineTask>,
}

/// A task of a phase.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct OutlineTask {
    /// The task's description.
    pub(crate) task: String,
    /// Its command.
    pub(crate) command: String,
    /// Where it is, from 0.
    pub(crate) line: u32,
}

/// The answer to [`TEMPLATES`].
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Templates {
    /// The arguments that make them, each with a title and what is in them.
    pub(crate) templates: Vec<Template>,
}

/// What a tasks file can be made from.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Template {
    /// What it is, for people.
    pub(crate) title: String,
    /// More about it, for people.
    pub(crate) about: String,
    /// The pack.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) pack: Option<String>,
    /// Whether it is the example of the specification.
    pub(crate) example: bool,
}

/// The argument of [`CREATE`].
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Create {
    /// The folder that gets the file, or the file.
    #[cfg_attr(test, schemars(with = "String"))]
    pub(crate) uri: Uri,
    /// The draft pack whose tasks file is copied, if it has one; without it the file has the phases with comments.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) pack: Option<String>,
    /// Whether the file is the example of the specification (DEP-8).
    #[serde(default)]
    pub(crate) example: bool,
}

/// The argument of [`Command::RunPhase`].
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct RunPhase {
    /// The tasks file.
    #[cfg_attr(test, schemars(with = "String"))]
    pub(crate) uri: Uri,
    /// The phase's name.
    pub(crate) phase: String,
    /// Only in these pods, of a phase that runs inside of pods.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) pods: Vec<String>,
}

/// The argument of [`Command::RunTask`].
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct RunTask {
    /// The tasks file.
    #[cfg_attr(test, schemars(with = "String"))]
    pub(crate) uri: Uri,
    /// The phase's name.
    pub(crate) phase: String,
    /// The task's description.
    pub(crate) task: String,
    /// The command that the user saw: when the file has another one by now, nothing runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) command: Option<String>,
    /// Only in these pods, of a phase that runs inside of pods.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) pods: Vec<String>,
}

/// The argument of [`Command::Up`] and [`Command::Delete`].
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Live {
    /// The tasks file.
    #[cfg_attr(test, schemars(with = "String"))]
    pub(crate) uri: Uri,
    /// The program that deploys or deletes the application, and its arguments; it runs without a shell, in the directory
    /// of the tasks file.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) command: Vec<String>,
    /// The same as a user types it, in place of `command`: split as the commands of a tasks file are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) line: Option<String>,
}

/// The argument of [`Command::Target`].
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct AskTarget {
    /// The tasks file.
    #[cfg_attr(test, schemars(with = "String"))]
    pub(crate) uri: Uri,
}

/// The argument of [`Command::Doctor`].
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct AskDoctor {
    /// The tasks file.
    #[cfg_attr(test, schemars(with = "String"))]
    pub(crate) uri: Uri,
    /// Whether the server shows it as a message, too; it does when nothing is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) show: Option<bool>,
}

/// The argument of [`Command::Stop`].
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Stop {
    /// Only this run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) run: Option<String>,
    /// Only the runs of this tasks file.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    pub(crate) uri: Option<Uri>,
    /// Only runs of this phase.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) phase: Option<String>,
    /// Only runs in which the task of this description runs now; the tasks after it are skipped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) task: Option<String>,
}

/// The argument of [`Command::Rerun`].
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Rerun {
    /// What this run ran.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) run: Option<String>,
    /// What ran last of this tasks file.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    pub(crate) uri: Option<Uri>,
}

/// The argument of [`Command::RerunFailed`].
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct RerunFailed {
    /// The tasks file.
    #[cfg_attr(test, schemars(with = "String"))]
    pub(crate) uri: Uri,
    /// The phase's name; without it the phase in which a task failed last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) phase: Option<String>,
}

/// The argument of [`Command::Clear`].
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Clear {
    /// Only those of this tasks file.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    pub(crate) uri: Option<Uri>,
}

/// The argument of [`Command::Plan`].
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct ShowPlan {
    /// The tasks file.
    #[cfg_attr(test, schemars(with = "String"))]
    pub(crate) uri: Uri,
    /// The phase's name.
    pub(crate) phase: String,
    /// Whether the server shows it as a message, too; it does when nothing is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) show: Option<bool>,
}

/// The argument of [`Command::ShowLog`].
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct ShowLog {
    /// Only of this run, as its command answered it or as `draft-tasks runs` lists it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) run: Option<String>,
    /// Only of this tasks file.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    pub(crate) uri: Option<Uri>,
    /// Only of this phase.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) phase: Option<String>,
    /// The task's description; without it the task that failed first, else the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) task: Option<String>,
}

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
    /// `stdout` or `stderr`.
    pub(crate) stream: Cow<'static, str>,
    /// Whole lines with their ends, where the task did not leave a line unfinished; colours as they came.
    pub(crate) text: String,
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
    /// How the task or the run ended: `passed`, `failed`, `stopped` or `skipped`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) outcome: Option<Cow<'static, str>>,
    /// The folder of the run's record, once it is over and where one is kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) record: Option<String>,
    /// The same for people.
    pub(crate) message: String,
}

/// What happened to a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) enum RunState {
    Started,
    // Pods are awaited, or something else is to be known of the run.
    Waiting,
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

/// `draft-tasks/didChangeTrust`: the user trusts the workspace now, or no longer.
pub(crate) const DID_CHANGE_TRUST: &str = "draft-tasks/didChangeTrust";

/// The parameters of [`DID_CHANGE_TRUST`].
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct TrustParams {
    /// Whether tasks may run.
    pub(crate) trusted: bool,
}

/// Whether the experimental capabilities of a client say that it shows output itself.
pub(crate) fn announces_output(experimental: &Value) -> bool {
    experimental.pointer("/draftTasks/output").and_then(Value::as_bool) == Some(true)
}

/// What the server announces beside the standard.
pub(crate) fn server_capabilities() -> Value {
    json!({ "draftTasks": { "output": true, "trust": true } })
}
