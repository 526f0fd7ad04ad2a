//! The session's effects and answers, without a runtime, a client or a process.
//!
//! Must not start anything: events of runs are made up.

use std::time::{Duration, SystemTime};

use draft_tasks_analysis::Facts;
use draft_tasks_analysis::program::ProgramFact;
use draft_tasks_executor::{Failure, Outcome, OutputPiece, RunEvent, RunSummary, Stream};
use expect_test::{Expect, expect};
use serde_json::{Value, json};
use tokio::sync::mpsc::{self, UnboundedReceiver};
use tower_lsp::gen_lsp_types::*;

use super::Session;
use crate::clock::Clock;
use crate::lsp::commands;
use crate::lsp::effect::Effect;
use crate::lsp::protocol::ext;
use crate::lsp::session::SharedSession;
use crate::settings::audience::{self, Audience};
use crate::world::environment::Environment;

mod around;
mod editing;
mod lifecycle;
mod pods;
mod results;

const URI: &str = "file:///app/.draft-tasks.toml";

const TEXT: &str =
    "[pre-up]\nhello = \"echo hello\"\nbye = \"echo bye\"\n[post-deploy]\nmigrate = \"rake\"\n";

struct Fixture {
    session: Session,
    effects: UnboundedReceiver<Effect>,
}

/// A client that knows everything that the server can use.
fn rich_client() -> Value {
    json!({
        "general": { "positionEncodings": ["utf-8"] },
        "window": { "workDoneProgress": true },
        "workspace": { "configuration": true, "codeLens": { "refreshSupport": true } },
        "textDocument": {
            "completion": { "completionItem": { "snippetSupport": true } },
            "codeAction": { "codeActionLiteralSupport": { "codeActionKind": { "valueSet": [] } } },
            "publishDiagnostics": { "relatedInformation": true },
            "documentSymbol": { "hierarchicalDocumentSymbolSupport": true },
        },
        "experimental": { "draftTasks": { "output": ext::OUTPUT_VERSION } },
    })
}

impl Fixture {
    fn new(capabilities: Value, options: Value) -> Fixture {
        Fixture::in_environment(capabilities, options, Environment::of(&[("NAME", "ann lee")]))
    }

    fn in_environment(capabilities: Value, options: Value, environment: Environment) -> Fixture {
        let (sender, effects) = mpsc::unbounded_channel();
        let mut session = Session::new(sender, environment);
        let params =
            json!({ "capabilities": capabilities, "initializationOptions": options, "processId": null });
        session.clock = Clock {
            now: || SystemTime::UNIX_EPOCH + seconds(67_500),
            local: |time| chrono::DateTime::<chrono::Utc>::from(time).naive_utc(),
        };
        session.initialize(serde_json::from_value(params).unwrap(), &commands::NAMES);
        session.initialized();
        Fixture { session, effects }
    }

    fn rich() -> Fixture {
        let mut fixture = Fixture::new(rich_client(), Value::Null);
        fixture.effects();
        fixture
    }

    fn plain() -> Fixture {
        Fixture::new(json!({}), Value::Null)
    }

    /// Opens the file with nothing known of the world.
    fn open(&mut self, text: &str) {
        self.open_and_wait(text);
        self.session.facts_are_late(&Uri::from(URI));
    }

    fn open_and_wait(&mut self, text: &str) {
        let document = json!({ "uri": URI, "languageId": "toml", "version": 1, "text": text });
        self.session.did_open(serde_json::from_value(document).unwrap());
        self.session.settle();
    }

    /// Reads what is around the file.
    fn look_around(&mut self) {
        let uri = Uri::from(URI);
        let (surroundings, facts) = self.session.outlook(&uri).unwrap().read();
        self.session.take_surroundings(&uri, surroundings, facts);
    }

    fn change(&mut self, version: i32, text: &str) {
        let params = json!({
            "textDocument": { "uri": URI, "version": version },
            "contentChanges": [{ "text": text }],
        });
        self.session.did_change(serde_json::from_value(params).unwrap());
    }

    /// Has somebody ask who shares the session.
    fn shared<T>(&mut self, ask: impl AsyncFnOnce(&SharedSession) -> T) -> T {
        let (nobody, _) = mpsc::unbounded_channel();
        let nothing = Session::new(nobody, Environment::of(&[]));
        let shared = SharedSession::of(std::mem::replace(&mut self.session, nothing));
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let answer = runtime.block_on(ask(&shared));
        self.session = shared.into_session();
        answer
    }

    fn execute(&mut self, command: &str, argument: Value) -> String {
        let params = json!({ "command": format!("draft-tasks.{command}"), "arguments": [argument] });
        let params = serde_json::from_value(params).unwrap();
        match self.shared(async |session| commands::execute(session, params).await) {
            Ok(answer) => answer.to_string(),
            Err(error) => format!("{}: {}", error.code.code(), error.message),
        }
    }

    fn run_pre_up(&mut self) -> String {
        self.execute("runPhase", json!({ "uri": URI, "phase": "pre-up" }))
    }

    /// What was asked for since the last time, a line each.
    fn effects(&mut self) -> String {
        let effects = std::iter::from_fn(|| self.effects.try_recv().ok());
        effects.filter(is_shown).map(|effect| shown(&effect) + "\n").collect()
    }

    fn lenses(&mut self) -> String {
        let lenses = self.session.code_lens(&URI.into()).unwrap_or_default();
        let shown = lenses.iter().map(|lens| {
            let command = lens.command.as_ref().unwrap();
            format!("{}: {} {}\n", lens.range.start.line, command.title, command.command)
        });
        shown.collect()
    }

    fn actions(&mut self, line: u32, only: Option<Value>) -> String {
        let at = json!({ "line": line, "character": 0 });
        let params = json!({
            "textDocument": { "uri": URI },
            "range": { "start": at, "end": at },
            "context": { "diagnostics": [], "only": only },
        });
        let actions =
            self.session.code_action(serde_json::from_value(params).unwrap()).now().unwrap_or_default();
        let shown = actions.into_iter().map(|action| match action {
            CodeActionResponse::CodeAction(action) => {
                format!("{:?}: {}\n", action.kind.unwrap(), action.title)
            }
            CodeActionResponse::Command(command) => format!("command: {}\n", command.title),
        });
        shown.collect()
    }
}

/// What tests look at; that somebody waits for a pause comes with every edit.
fn is_shown(effect: &Effect) -> bool {
    !matches!(effect, Effect::AwaitPause { .. })
}

fn shown(effect: &Effect) -> String {
    match effect {
        Effect::Publish { version, diagnostics, .. } => {
            let found = diagnostics.iter().map(|it| {
                let Some(Code::String(code)) = &it.code else { return "no code".to_owned() };
                format!(
                    "\n  {}:{code}: {}",
                    it.range.start.line,
                    json!(it.message).as_str().unwrap_or_default()
                )
            });
            format!("publish {version:?}{}", found.collect::<String>())
        }
        Effect::Output(params) => {
            let pieces = params.pieces.iter().map(|piece| format!(" {} {:?}", piece.stream, piece.text));
            format!("output {}{}", params.task, pieces.collect::<String>())
        }
        Effect::Run(params) => format!("run {:?} {:?} {}", params.state, params.outcome, params.message),
        Effect::StartRun { run, request, .. } => {
            let steps: Vec<_> = request.plan.steps.iter().map(|step| step.argv.join(" ")).collect();
            format!("start {run} in {}: {steps:?}, {:?}", request.directory.display(), request.on_failure)
        }
        other => format!("{other:?}"),
    }
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// The first task wrote this.
fn wrote(pod: Option<usize>, stream: Stream, text: &str) -> RunEvent {
    RunEvent::Output { task: 0, pod, pieces: vec![OutputPiece { stream, text: text.into() }] }
}

fn finished(task: usize, outcome: Outcome) -> RunEvent {
    RunEvent::TaskFinished {
        task,
        pod: None,
        outcome,
        headline: None,
        duration: seconds(1),
        left_running: Vec::new(),
        note: None,
        problems: Vec::new(),
    }
}

/// The first task failed, and this line of what it wrote says why.
fn failed(pod: Option<usize>, failure: Failure, why: &str) -> RunEvent {
    RunEvent::TaskFinished {
        task: 0,
        pod,
        outcome: Outcome::Failed(failure),
        headline: Some(why.to_owned()),
        duration: seconds(1),
        left_running: Vec::new(),
        note: None,
        problems: Vec::new(),
    }
}

fn failed_run(fixture: &mut Fixture) {
    fixture.run_pre_up();
    for event in [
        RunEvent::TaskStarted { task: 0, pod: None, pid: Some(1) },
        wrote(None, Stream::Stderr, "one\ntwo\n"),
        failed(None, Failure::ExitCode(3), "two"),
        finished(1, Outcome::Skipped),
        RunEvent::RunFinished {
            summary: RunSummary { failed: 1, skipped: 1, duration: seconds(1), ..Default::default() },
        },
    ] {
        fixture.session.run_event("run-1", event);
    }
}

fn check(shown: String, expect: Expect) {
    expect.assert_eq(&shown);
}

#[test]
fn a_burst_of_edits_is_published_once_with_the_last_version() {
    let mut fixture = Fixture::rich();
    fixture.open("[pre-up]\na = 1\n");
    check(
        fixture.effects(),
        expect![[r#"
            GatherFacts { uri: Uri("file:///app/.draft-tasks.toml"), directory: Some("/app") }
            publish Some(1)
              1:task-not-string: the task `a` is an integer, not a command: a task is a string; Draft stops at it, draft-tasks does not run the phase
        "#]],
    );
    for version in 2..200 {
        fixture.change(version, "[pre-up]\na = \"\"\n");
    }
    check(fixture.effects(), expect![[""]]);
    assert!(fixture.session.is_dirty());
    fixture.session.settle();
    assert!(!fixture.session.is_dirty());
    check(
        fixture.effects(),
        expect![[r#"
            publish Some(199)
              1:empty-command: the task `a` has an empty command: write what is to run; Draft goes on silently, draft-tasks does not run the phase
        "#]],
    );
    fixture.session.did_close(URI.into());
    check(
        fixture.effects(),
        expect![[r#"
        publish None
    "#]],
    );
}

fn facts(programs: &[(&str, bool)]) -> Facts {
    let fact = |there: bool| if there { ProgramFact::Found } else { ProgramFact::Missing(None) };
    let programs = programs.iter().map(|(name, there)| ((*name).to_owned(), fact(*there))).collect();
    Facts { programs, ..Facts::default() }
}

#[test]
fn an_opened_file_waits_for_the_facts() {
    let mut fixture = Fixture::rich();
    let uri = Uri::from(URI);
    fixture.open_and_wait("[pre-up]\na = \"lss\"\n");
    check(
        fixture.effects(),
        expect![[r#"
            GatherFacts { uri: Uri("file:///app/.draft-tasks.toml"), directory: Some("/app") }
        "#]],
    );
    assert_eq!(Vec::from_iter(fixture.session.outlook(&uri).unwrap().facts.programs), ["lss"]);
    // What is typed meanwhile waits, too.
    fixture.change(2, "[pre-up]\na = \"lss\"\nb = 1\n");
    fixture.session.settle();
    assert!(!fixture.session.is_dirty());
    check(fixture.effects(), expect![""]);
    fixture.session.take_facts(&uri, facts(&[("lss", false)]));
    check(
        fixture.effects(),
        expect![[r#"
            publish Some(2)
              1:program-not-found: there is no program `lss` on the PATH: it would fail
              2:task-not-string: the task `b` is an integer, not a command: a task is a string; Draft stops at it, draft-tasks does not run the phase
        "#]],
    );
    fixture.session.facts_are_late(&uri);
    fixture.session.settle();
    check(fixture.effects(), expect![""]);
    // Other facts may change nothing.
    fixture.session.take_facts(&uri, facts(&[("lss", false), ("ls", true)]));
    check(fixture.effects(), expect![""]);
    fixture.session.take_facts(&uri, facts(&[("lss", true)]));
    check(
        fixture.effects(),
        expect![[r#"
            publish Some(2)
              2:task-not-string: the task `b` is an integer, not a command: a task is a string; Draft stops at it, draft-tasks does not run the phase
        "#]],
    );
}

#[test]
fn facts_about_what_is_typed_are_asked_for_when_typing_pauses() {
    let mut fixture = Fixture::rich();
    let uri = Uri::from(URI);
    fixture.open_and_wait("[pre-up]\na = \"l\"\n");
    fixture.session.take_facts(&uri, facts(&[("l", false), ("ls", true)]));
    let mut type_in = |version, text: &str| {
        fixture.change(version, text);
        fixture.session.settle();
        fixture.effects();
        fixture.session.typing_paused(&uri, version - 1);
        assert_eq!(fixture.effects(), "", "more was typed");
        fixture.session.typing_paused(&uri, version);
        fixture.effects()
    };
    check(type_in(2, "[pre-up]\na = \"ls\"\n"), expect![""]);
    check(
        type_in(3, "[pre-up]\na = \"lss\"\n"),
        expect![[r#"
            GatherFacts { uri: Uri("file:///app/.draft-tasks.toml"), directory: Some("/app") }
        "#]],
    );
}

#[test]
fn an_opened_file_does_not_wait_for_ever() {
    let mut fixture = Fixture::rich();
    let uri = Uri::from(URI);
    fixture.open_and_wait("[pre-up]\na = \"lss\"\n");
    fixture.effects();
    fixture.session.facts_are_late(&uri);
    check(
        fixture.effects(),
        expect![[r#"
            publish Some(1)
        "#]],
    );
    fixture.session.take_facts(&uri, facts(&[("lss", false)]));
    check(
        fixture.effects(),
        expect![[r#"
            publish Some(1)
              1:program-not-found: there is no program `lss` on the PATH: it would fail
        "#]],
    );
}

#[test]
fn other_files_are_left_alone() {
    let mut fixture = Fixture::rich();
    let document =
        json!({ "uri": "file:///app/Cargo.toml", "languageId": "toml", "version": 1, "text": "a" });
    fixture.session.did_open(serde_json::from_value(document).unwrap());
    fixture.session.settle();
    assert_eq!(fixture.effects(), "");
    assert!(fixture.session.code_lens(&"file:///app/Cargo.toml".into()).is_none());
}

#[test]
fn a_file_of_another_name_is_one_when_its_language_says_so() {
    let mut fixture = Fixture::rich();
    let document =
        json!({ "uri": "untitled:1", "languageId": "draft-tasks", "version": 1, "text": "[pre-up]\na = 1" });
    fixture.session.did_open(serde_json::from_value(document).unwrap());
    fixture.session.facts_are_late(&"untitled:1".into());
    assert!(fixture.effects().contains("task-not-string"));
    assert!(fixture.session.code_lens(&"untitled:1".into()).is_none(), "there is no directory to run in");
}

#[test]
fn a_run_as_a_rich_client_sees_it() {
    let mut fixture = Fixture::rich();
    fixture.open(TEXT);
    fixture.effects();
    check(fixture.run_pre_up(), expect![[r#"{"run":"run-1"}"#]]);
    check(
        fixture.effects(),
        expect![[r#"
            Log { kind: Warning, message: "it is not known whether another program runs tasks of this file: there is no folder for locks; set DRAFT_TASKS_STATE_DIR" }
            Progress { token: "draft-tasks/run-1", value: Begin { title: "pre-up", message: "starts" } }
            run Started None pre-up · 2 tasks · in /app, with unsaved changes
            Log { kind: Warning, message: "no record is kept of this run: no place is known where records are kept; set HOME, XDG_STATE_HOME or DRAFT_TASKS_STATE_DIR" }
            run Waiting None no record is kept of this run: no place is known where records are kept; set HOME, XDG_STATE_HOME or DRAFT_TASKS_STATE_DIR
            start run-1 in /app: ["echo hello", "echo bye"], Stop
            RefreshLenses
        "#]],
    );
    fixture.session.run_event("run-1", RunEvent::TaskStarted { task: 0, pod: None, pid: Some(1) });
    fixture.session.run_event("run-1", wrote(None, Stream::Stdout, "hello\n"));
    check(
        fixture.lenses(),
        expect![[r#"
        0: ■ Stop pre-up · hello draft-tasks.stop
        1: ■ Stop draft-tasks.stop
        2: ▶ Run draft-tasks.runTask
        3: ▶ Run post-deploy (1 task) draft-tasks.runPhase
        4: ▶ Run draft-tasks.runTask
    "#]],
    );
    fixture.session.run_event("run-1", finished(0, Outcome::Passed));
    fixture.session.run_event("run-1", RunEvent::TaskStarted { task: 1, pod: None, pid: Some(2) });
    fixture.session.run_event("run-1", finished(1, Outcome::Passed));
    let summary = RunSummary { passed: 2, duration: seconds(2), ..Default::default() };
    fixture.session.run_event("run-1", RunEvent::RunFinished { summary });
    check(
        fixture.effects(),
        expect![[r#"
            Progress { token: "draft-tasks/run-1", value: Report { message: "hello (1 of 2)", percentage: 0 } }
            run TaskStarted None hello
            RefreshLenses
            output hello stdout "hello\n"
            run TaskFinished Some("passed") ✓ hello 1.0 s
            Progress { token: "draft-tasks/run-1", value: Report { message: "bye (2 of 2)", percentage: 50 } }
            run TaskStarted None bye
            RefreshLenses
            run TaskFinished Some("passed") ✓ bye 1.0 s
            Progress { token: "draft-tasks/run-1", value: End { message: "pre-up: 2 passed in 2.0 s" } }
            run Finished Some("passed") pre-up: 2 passed in 2.0 s
            RefreshLenses
        "#]],
    );
    check(
        fixture.lenses(),
        expect![[r#"
            0: ▶ Run pre-up (2 tasks) · last: ✓ 2 tasks, 2.0 s, at 18:45 draft-tasks.runPhase
            1: ▶ Run · ✓ 1.0 s draft-tasks.runTask
            2: ▶ Run · ✓ 1.0 s draft-tasks.runTask
            3: ▶ Run post-deploy (1 task) draft-tasks.runPhase
            4: ▶ Run draft-tasks.runTask
        "#]],
    );
}

#[test]
fn a_run_as_a_plain_client_sees_it() {
    let mut fixture = Fixture::plain();
    fixture.open(TEXT);
    fixture.effects();
    failed_run(&mut fixture);
    check(
        fixture.effects(),
        expect![[r#"
            Log { kind: Warning, message: "it is not known whether another program runs tasks of this file: there is no folder for locks; set DRAFT_TASKS_STATE_DIR" }
            Log { kind: Info, message: "pre-up · 2 tasks · in /app, with unsaved changes" }
            Log { kind: Warning, message: "no record is kept of this run: no place is known where records are kept; set HOME, XDG_STATE_HOME or DRAFT_TASKS_STATE_DIR" }
            start run-1 in /app: ["echo hello", "echo bye"], Stop
            Log { kind: Info, message: "hello │ one\nhello │ two" }
            Log { kind: Info, message: "✗ hello 1.0 s exit code 3: two" }
            publish Some(1)
              1:task-failed: exit code 3 after 1.0 s: two
            one
            two
            Log { kind: Info, message: "- bye skipped" }
            Log { kind: Info, message: "pre-up: hello: exit code 3: two · 1 failed, 1 skipped in 1.0 s" }
            Show { kind: Error, message: "pre-up: hello: exit code 3: two · 1 failed, 1 skipped in 1.0 s" }
        "#]],
    );
}

#[test]
fn a_failure_follows_its_task_and_goes_with_another_command() {
    let mut fixture = Fixture::rich();
    fixture.open(TEXT);
    failed_run(&mut fixture);
    fixture.effects();
    fixture.change(2, &format!("# moved\n{TEXT}"));
    fixture.session.settle();
    check(
        fixture.effects(),
        expect![[r#"
            publish Some(2)
              2:task-failed: exit code 3 after 1.0 s: two
            one
            two
        "#]],
    );
    fixture.change(3, &TEXT.replace("echo hello", "echo hallo"));
    fixture.session.settle();
    check(
        fixture.effects(),
        expect![[r#"
        publish Some(3)
    "#]],
    );
    fixture.change(4, TEXT);
    fixture.session.settle();
    assert!(fixture.effects().contains("task-failed"), "it is still true of that command");
    fixture.run_pre_up();
    check(
        fixture.effects(),
        expect![[r#"
            Progress { token: "draft-tasks/run-2", value: Begin { title: "pre-up", message: "starts" } }
            run Started None pre-up · 2 tasks · in /app, with unsaved changes
            start run-2 in /app: ["echo hello", "echo bye"], Stop
            RefreshLenses
        "#]],
    );
}

#[test]
fn an_edit_that_waits_keeps_a_run_from_publishing_the_old_text() {
    let mut fixture = Fixture::rich();
    fixture.open(TEXT);
    fixture.run_pre_up();
    fixture.effects();
    fixture.change(2, "[pre-up]\n");
    fixture.session.run_event("run-1", finished(0, Outcome::Failed(Failure::ExitCode(1))));
    assert!(!fixture.effects().contains("publish"));
    fixture.session.settle();
    check(
        fixture.effects(),
        expect![[r#"
        publish Some(2)
    "#]],
    );
}

#[test]
fn a_phase_runs_once_at_a_time() {
    let mut fixture = Fixture::rich();
    fixture.open(TEXT);
    let first = fixture.run_pre_up();
    fixture.effects();
    assert_eq!(fixture.run_pre_up(), first);
    check(
        fixture.effects(),
        expect![[r#"
        Show { kind: Info, message: "pre-up is already running" }
    "#]],
    );
}

#[test]
fn stopping_by_run_by_file_and_by_progress() {
    let mut fixture = Fixture::rich();
    fixture.open(TEXT);
    fixture.run_pre_up();
    fixture.effects();
    check(fixture.execute("stop", json!({ "run": "run-7" })), expect![[r#"{"stopped":0}"#]]);
    check(fixture.execute("stop", json!({ "uri": "file:///other" })), expect![[r#"{"stopped":0}"#]]);
    assert_eq!(fixture.effects(), "");
    check(fixture.execute("stop", json!({ "run": "run-1" })), expect![[r#"{"stopped":1}"#]]);
    check(fixture.execute("stop", json!({ "uri": URI })), expect![[r#"{"stopped":1}"#]]);
    fixture.session.cancel_progress(&ProgressToken::String("draft-tasks/run-1".into()));
    fixture.session.cancel_progress(&ProgressToken::String("other".into()));
    check(
        fixture.effects(),
        expect![[r#"
            RefreshLenses
            StopRun { run: "run-1", grace: 10s }
            RefreshLenses
            StopRun { run: "run-1", grace: 0ns }
            RefreshLenses
            StopRun { run: "run-1", grace: 0ns }
        "#]],
    );
}

#[test]
fn what_does_not_run_says_why() {
    let mut fixture = Fixture::rich();
    fixture.open(TEXT);
    fixture.effects();
    let mut run = |argument| fixture.execute("runTask", argument);
    check(
        run(json!({ "uri": URI, "phase": "pre-upp", "task": "hello" })),
        expect![
            "-32803: there is no phase `pre-upp`; the file has tasks in `pre-up`, `post-deploy`; did you mean `pre-up`?"
        ],
    );
    check(
        run(json!({ "uri": URI, "phase": "cleanup", "task": "hello" })),
        expect!["-32803: the file has no tasks in `cleanup`; it has tasks in `pre-up`, `post-deploy`"],
    );
    check(
        run(json!({ "uri": URI, "phase": "pre-up", "task": "hallo" })),
        expect!["-32803: `pre-up` has no task `hallo`; did you mean `hello`?"],
    );
    check(
        run(json!({ "uri": URI, "phase": "pre-up", "task": "hello", "command": "echo" })),
        expect!["-32803: the command of `hello` has changed since then; run it again to run the new one"],
    );
    check(
        run(json!({ "uri": "file:///none/.draft-tasks.toml", "phase": "pre-up", "task": "x" })),
        expect!["-32803: /none/.draft-tasks.toml: there is no such file"],
    );
    check(run(json!({ "phase": "pre-up" })), expect!["-32602: missing field `uri`"]);
    let refused = run(json!({ "uri": URI, "phase": "post-deploy", "task": "migrate" }));
    assert!(refused.starts_with("-32803: there is no draft.toml in "), "{refused}");
    let effects = fixture.effects();
    assert!(effects.lines().all(|effect| effect.starts_with("Log")), "nothing was started: {effects}");
    assert!(effects.contains("there is no phase `pre-upp`"), "{effects}");
}

#[test]
fn nothing_runs_without_trust() {
    let mut fixture = Fixture::new(rich_client(), json!({ "trusted": false }));
    fixture.open(TEXT);
    fixture.effects();
    assert_eq!(fixture.lenses(), "");
    assert_eq!(fixture.actions(0, Some(json!(["draft-tasks.run"]))), "");
    check(fixture.run_pre_up(), expect!["-32803: nothing runs in a workspace that is not trusted"]);
    fixture.session.did_change_trust(&ext::TrustParams { trusted: true });
    check(
        fixture.effects(),
        expect![[r#"
            Log { kind: Info, message: "nothing runs in a workspace that is not trusted" }
            RefreshLenses
        "#]],
    );
    assert!(fixture.run_pre_up().contains("run-1"));
}

#[test]
fn below_a_phase_that_cannot_run_no_other_is_offered() {
    let mut fixture = Fixture::rich();
    fixture.open("[post_deploy]\na = \"echo\"\n[pre-up]\nb = \"echo\"\n");
    for line in [0, 1] {
        assert!(!fixture.actions(line, None).contains("Run pre-up"), "{line}");
    }
    assert!(fixture.actions(0, Some(json!(["draft-tasks.run"]))).contains("Run pre-up"), "asked for by name");
}

#[test]
fn actions_run_what_is_near() {
    let mut fixture = Fixture::rich();
    fixture.open(&format!("\n{TEXT}"));
    check(
        fixture.actions(0, None),
        expect![[r#"
            Custom("draft-tasks.run"): Run pre-up (2 tasks)
            Custom("draft-tasks.run"): Run post-deploy (1 task)
            RefactorRewrite: Add `cleanup`, which runs after the application was deleted from the cluster
        "#]],
    );
    check(
        fixture.actions(1, None),
        expect![[r#"
            Custom("draft-tasks.run"): Run pre-up (2 tasks)
            Custom("draft-tasks.show"): Show plan
            RefactorRewrite: Add `cleanup`, which runs after the application was deleted from the cluster
        "#]],
    );
    check(
        fixture.actions(2, None),
        expect![[r#"
            Custom("draft-tasks.run"): Run "hello"
            Custom("draft-tasks.run"): Run pre-up (2 tasks)
            Custom("draft-tasks.show"): Show plan
            RefactorRewrite: Wrap in `sh -c '…'`
            RefactorRewrite: Write as a literal string, '…'
        "#]],
    );
    check(
        fixture.actions(2, Some(json!(["draft-tasks.run"]))),
        expect![[r#"
        Custom("draft-tasks.run"): Run "hello"
        Custom("draft-tasks.run"): Run pre-up (2 tasks)
        Custom("draft-tasks.run"): Run post-deploy (1 task)
    "#]],
    );
    check(fixture.actions(2, Some(json!(["quickfix"]))), expect![[""]]);
    fixture.run_pre_up();
    check(
        fixture.actions(1, None),
        expect![[r#"
            Custom("draft-tasks.run"): Stop pre-up
            Custom("draft-tasks.show"): Show plan
            RefactorRewrite: Add `cleanup`, which runs after the application was deleted from the cluster
        "#]],
    );
    let mut plain = Fixture::plain();
    plain.open(TEXT);
    check(
        plain.actions(1, None),
        expect![[r#"
            command: Run "hello"
            command: Run pre-up (2 tasks)
            command: Show plan
        "#]],
    );
}

#[test]
fn what_checks_the_way_to_the_pods_is_called_the_same_in_messages_and_menus() {
    let words = Audience::Editor.words(audience::DOCTOR);
    assert_eq!(words, format!("\"{}\"", ext::DOCTOR_TITLE));
    let mut fixture = Fixture::rich();
    fixture.open("[post-deploy]\na = \"b\"\n");
    let offered = fixture.actions(0, Some(json!([ext::SHOW_KIND_NAME])));
    assert!(offered.contains(ext::DOCTOR_TITLE), "{offered}");
}

#[test]
fn fixes_come_with_their_diagnostics() {
    let mut fixture = Fixture::rich();
    fixture.open("[post-delete]\na = \"x\"\n");
    check(
        fixture.actions(0, Some(json!(["quickfix"]))),
        expect![[r#"
            QuickFix: Rename to `cleanup`
            Custom("quickfix.ignore"): Ignore `post-delete` on this line
            Custom("quickfix.ignore"): Ignore `post-delete` in this file
        "#]],
    );
}

#[test]
fn settings_are_asked_for_and_taken() {
    let mut fixture = Fixture::new(rich_client(), Value::Null);
    check(
        fixture.effects(),
        expect![[r#"
        AskForSettings { folders: [] }
    "#]],
    );
    fixture.open("[pre-up]\na = \"x\n");
    assert!(fixture.effects().contains("syntax"));
    fixture.session.take_settings(&[], &[json!({ "syntaxErrors": false })]);
    check(
        fixture.effects(),
        expect![[r#"
            publish Some(1)
            TargetChanged
        "#]],
    );
    fixture.session.take_settings(&[], &[json!({ "syntaxErrors": 5 })]);
    check(
        fixture.effects(),
        expect![[r#"
            Show { kind: Warning, message: "draft-tasks: settings below `draftTasks`: `syntaxErrors`: invalid type: integer `5`, expected a boolean" }
            publish Some(1)
              1:syntax: this string is not closed: expected `"` at its end
            TargetChanged
        "#]],
    );
    fixture.session.did_change_configuration(Value::Null);
    check(
        fixture.effects(),
        expect![[r#"
        AskForSettings { folders: [] }
    "#]],
    );
}

#[test]
fn settings_come_unasked_from_clients_that_cannot_be_asked() {
    let mut fixture = Fixture::plain();
    fixture.open("[pre-up]\na = \"x\n");
    assert!(fixture.effects().contains("syntax"));
    fixture.session.did_change_configuration(json!({ "draftTasks": { "syntaxErrors": false } }));
    check(
        fixture.effects(),
        expect![[r#"
        publish Some(1)
    "#]],
    );
}

#[test]
fn a_defect_leaves_nothing_stale() {
    let mut fixture = Fixture::rich();
    fixture.open(TEXT);
    fixture.effects();
    fixture.session.recover();
    assert!(fixture.session.is_dirty());
    fixture.session.settle();
    check(
        fixture.effects(),
        expect![[r#"
        publish Some(1)
    "#]],
    );
}

#[test]
fn a_look_that_broke_off_is_not_waited_for() {
    let mut fixture = Fixture::rich();
    fixture.open(TEXT);
    let looks = |fixture: &mut Fixture| {
        let effects = std::iter::from_fn(|| fixture.effects.try_recv().ok());
        effects.filter(|effect| matches!(effect, Effect::GatherFacts { .. })).count()
    };
    assert_eq!(looks(&mut fixture), 1);
    fixture.session.did_save(&Uri::from(URI));
    assert_eq!(looks(&mut fixture), 0, "somebody looks");
    fixture.session.look_broke_off(&Uri::from(URI));
    assert_eq!(looks(&mut fixture), 1);
    fixture.session.look_broke_off(&Uri::from(URI));
    fixture.session.did_save(&Uri::from(URI));
    assert_eq!(looks(&mut fixture), 1);
}
