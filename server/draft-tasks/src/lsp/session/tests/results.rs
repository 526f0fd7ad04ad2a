//! What stays of runs: on lenses, behind lines, in diagnostics and for commands.

use std::path::Path;

use draft_tasks_analysis::diagnostic::Severity;
use draft_tasks_executor::{FileProblem, Problem};

use super::*;
use crate::lsp::session::source;

/// What stands behind the lines of tasks.
fn hints(fixture: &mut Fixture) -> String {
    let range = serde_json::from_value(json!({
        "start": { "line": 0, "character": 0 }, "end": { "line": 99, "character": 0 },
    }));
    let hints = fixture.session.inlay_hint(&URI.into(), range.unwrap()).unwrap_or_default();
    let shown = hints.into_iter().map(|hint| {
        let Label::String(label) = hint.label else { return "parts\n".into() };
        let tooltip = hint.tooltip.map(|it| json!(it).to_string()).unwrap_or_default();
        format!("{}: {label} {tooltip}\n", hint.position.line)
    });
    shown.collect()
}

fn begin(fixture: &mut Fixture, run: &str) {
    fixture.session.run_event(run, RunEvent::TaskStarted { task: 0, pod: None, pid: Some(1) });
}

fn passed_run(fixture: &mut Fixture, run: &str) {
    begin(fixture, run);
    for event in [
        wrote(None, Stream::Stdout, "one\ntwo\n\n"),
        finished(0, Outcome::Passed),
        RunEvent::TaskStarted { task: 1, pod: None, pid: Some(2) },
        finished(1, Outcome::Passed),
        RunEvent::RunFinished {
            summary: RunSummary { passed: 2, duration: seconds(2), ..Default::default() },
        },
    ] {
        fixture.session.run_event(run, event);
    }
}

#[test]
fn do_not_stand_behind_lines_where_the_editor_says_them_beside() {
    let mut fixture = Fixture::rich();
    fixture.open(TEXT);
    failed_run(&mut fixture);
    assert_ne!(hints(&mut fixture), "");
    fixture.session.take_settings(&[], &[json!({ "resultHints": false })]);
    assert_eq!(hints(&mut fixture), "");
    assert!(fixture.lenses().contains("exit code 3"));
}

#[test]
fn stand_on_lenses_and_behind_lines() {
    let mut fixture = Fixture::rich();
    fixture.open(TEXT);
    check(hints(&mut fixture), expect![[""]]);
    failed_run(&mut fixture);
    check(
        fixture.lenses(),
        expect![[r#"
            0: ▶ Run pre-up (2 tasks) · last: ✗ hello: exit code 3: two, 1.0 s, at 18:45 draft-tasks.runPhase
            1: ▶ Run · ✗ exit code 3 draft-tasks.runTask
            2: ▶ Run draft-tasks.runTask
            3: ▶ Run post-deploy (1 task) draft-tasks.runPhase
            4: ▶ Run draft-tasks.runTask
        "#]],
    );
    check(
        hints(&mut fixture),
        expect![[r#"
        1: ✗ exit code 3 "last run: failed: exit code 3 after 1.0 s, at 18:45"
    "#]],
    );
    fixture.change(2, &TEXT.replace("echo hello", "echo hell"));
    check(
        fixture.lenses(),
        expect![[r#"
            0: ▶ Run pre-up (2 tasks) · last: ✗ hello: exit code 3: two, 1.0 s, at 18:45 draft-tasks.runPhase
            1: ▶ Run draft-tasks.runTask
            2: ▶ Run draft-tasks.runTask
            3: ▶ Run post-deploy (1 task) draft-tasks.runPhase
            4: ▶ Run draft-tasks.runTask
        "#]],
    );
    check(hints(&mut fixture), expect![[""]]);
    fixture.change(3, &TEXT.replace("hello", "other"));
    assert!(!fixture.lenses().contains("last:"), "the task that failed is gone: {}", fixture.lenses());
    fixture.change(4, TEXT);
    fixture.run_pre_up();
    assert!(hints(&mut fixture).contains("exit code 3"), "it has not begun");
    begin(&mut fixture, "run-2");
    assert_eq!(hints(&mut fixture), "");
    passed_run(&mut fixture, "run-2");
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
    check(
        hints(&mut fixture),
        expect![[r#"
        1: ✓ 1.0 s at 18:45 "last run: passed after 1.0 s, at 18:45"
        2: ✓ 1.0 s at 18:45 "last run: passed after 1.0 s, at 18:45"
    "#]],
    );
    fixture.execute("clear", json!({ "uri": "file:///other" }));
    assert!(fixture.lenses().contains("last"));
    fixture.execute("clear", Value::Null);
    assert!(!fixture.lenses().contains("last"));
    assert_eq!(hints(&mut fixture), "");
}

#[test]
fn are_diagnostics_as_the_setting_says() {
    let mut fixture = Fixture::rich();
    fixture.open(TEXT);
    failed_run(&mut fixture);
    fixture.effects();
    fixture.session.take_settings(&[], &[json!({ "run": { "diagnostics": "off" } })]);
    check(
        fixture.effects(),
        expect![[r#"
            publish Some(1)
            TargetChanged
        "#]],
    );
    fixture.session.take_settings(&[], &[json!({ "run": { "diagnostics": "all" } })]);
    check(
        fixture.effects(),
        expect![[r#"
            publish Some(1)
              1:task-failed: exit code 3 after 1.0 s: two
            one
            two
            TargetChanged
        "#]],
    );
    fixture.run_pre_up();
    fixture.effects();
    passed_run(&mut fixture, "run-2");
    let effects = fixture.effects();
    check(
        effects[effects.rfind("publish").unwrap()..].to_owned(),
        expect![[r#"
        publish Some(1)
          1:task-passed: passed in 1.0 s: two
          2:task-passed: passed in 1.0 s
        Progress { token: "draft-tasks/run-2", value: End { message: "pre-up: 2 passed in 2.0 s" } }
        run Finished Some("passed") pre-up: 2 passed in 2.0 s
        RefreshLenses
    "#]],
    );
}

#[test]
fn run_again() {
    let mut fixture = Fixture::rich();
    fixture.open(TEXT);
    check(fixture.execute("rerun", json!({ "uri": URI })), expect!["-32803: nothing has run yet"]);
    check(
        fixture.execute("rerunFailed", json!({ "uri": URI })),
        expect!["-32803: no task failed when it last ran"],
    );
    failed_run(&mut fixture);
    fixture.effects();
    check(
        fixture.actions(0, Some(json!(["draft-tasks.run"]))),
        expect![[r#"
            Custom("draft-tasks.run"): Run pre-up (2 tasks)
            Custom("draft-tasks.run"): Run post-deploy (1 task)
            Custom("draft-tasks.run"): Run pre-up, failed tasks only
        "#]],
    );
    check(fixture.execute("rerunFailed", json!({ "uri": URI })), expect![[r#"{"run":"run-2"}"#]]);
    check(
        fixture.effects(),
        expect![[r#"
            Progress { token: "draft-tasks/run-2", value: Begin { title: "pre-up", message: "starts" } }
            run Started None pre-up · 2 tasks · in /app, with unsaved changes
            start run-2 in /app: ["echo hello", "echo bye"], Stop
            RefreshLenses
        "#]],
    );
    check(fixture.execute("rerun", json!({ "run": "run-1" })), expect![[r#"{"run":"run-2"}"#]]);
    for event in [
        RunEvent::TaskStarted { task: 0, pod: None, pid: Some(1) },
        finished(0, Outcome::Failed(Failure::ExitCode(1))),
        finished(1, Outcome::Skipped),
        RunEvent::RunFinished { summary: RunSummary { failed: 1, ..Default::default() } },
    ] {
        fixture.session.run_event("run-2", event);
    }
    fixture.change(2, "[pre-up]\n");
    check(
        fixture.execute("rerunFailed", json!({ "uri": URI })),
        expect!["-32803: the tasks that failed are no longer in the file"],
    );
    fixture.change(3, &TEXT.replace("echo hello", "echo hell"));
    fixture.effects();
    check(fixture.execute("rerunFailed", json!({ "uri": URI })), expect![[r#"{"run":"run-3"}"#]]);
    check(fixture.execute("rerun", Value::Null), expect![[r#"{"run":"run-3"}"#]]);
    check(
        fixture.effects(),
        expect![[r#"
            publish Some(3)
            Show { kind: Info, message: "the command of `hello` has changed since then: the new runs" }
            Progress { token: "draft-tasks/run-3", value: Begin { title: "pre-up", message: "starts" } }
            run Started None pre-up · 2 tasks · in /app, with unsaved changes
            start run-3 in /app: ["echo hell", "echo bye"], Stop
            RefreshLenses
            Show { kind: Info, message: "pre-up is already running" }
        "#]],
    );
    check(
        fixture.execute("rerun", json!({ "run": "run-9" })),
        expect!["-32803: there is no run `run-9` of a phase"],
    );
}

#[test]
fn of_tasks_that_could_not_run_say_nothing_new() {
    let mut fixture = Fixture::rich();
    fixture.open(TEXT);
    failed_run(&mut fixture);
    for run in ["run-2", "run-3"] {
        fixture.run_pre_up();
        for event in [
            RunEvent::Blocked { problem: Problem { message: "no".into(), help: Vec::new() } },
            finished(0, Outcome::Skipped),
            finished(1, Outcome::Skipped),
            RunEvent::RunFinished { summary: RunSummary { blocked: true, skipped: 2, ..Default::default() } },
        ] {
            fixture.session.run_event(run, event);
        }
    }
    fixture.effects();
    fixture.change(2, TEXT);
    fixture.session.settle();
    assert!(fixture.effects().contains("task-failed: exit code 3"), "it has not run since");
    fixture.execute("rerunFailed", json!({ "uri": URI }));
    let effects = fixture.effects();
    assert!(effects.contains(r#"start run-4 in /app: ["echo hello", "echo bye"], Stop"#), "{effects}");
}

#[test]
fn plans_are_shown_with_secrets_masked() {
    let mut fixture = Fixture::rich();
    fixture.open("[pre-up]\na = \"echo $NAME 'b c' $API_TOKEN\"\nb = \"ls\"\n");
    fixture.effects();
    fixture.session.take_settings(&[], &[json!({ "run": { "env": { "API_TOKEN": "hunter2" } } })]);
    let plan = json!({ "uri": URI, "phase": "pre-up" });
    check(
        fixture.execute("plan", plan),
        expect![[
            r#"{"directory":"/app","markdown":"pre-up in `/app`\n1. `a`: `echo` `'ann lee'` `'b c'` `***`\n2. `b`: `ls`","phase":"pre-up","tasks":[{"argv":["echo","ann lee","b c","***"],"command":"echo $NAME 'b c' $API_TOKEN","task":"a"},{"argv":["ls"],"command":"ls","task":"b"}]}"#
        ]],
    );
    check(
        fixture.effects(),
        expect![[r#"
            publish Some(1)
            TargetChanged
            Show { kind: Info, message: "pre-up in /app\n1. a: echo 'ann lee' 'b c' ***\n2. b: ls" }
        "#]],
    );
    let quiet = json!({ "uri": URI, "phase": "pre-up", "show": false });
    fixture.execute("plan", quiet);
    assert_eq!(fixture.effects(), "");
    check(
        fixture.execute("plan", json!({ "uri": URI, "phase": "cleanup" })),
        expect!["-32803: the file has no tasks in `cleanup`; it has tasks in `pre-up`"],
    );
    fixture.change(2, "pre-up]\na = \"ls\"\n");
    let said = fixture.execute("plan", json!({ "uri": URI, "phase": "pre-up" }));
    assert!(said.ends_with(" [task-outside-phase]") && !said.contains("no tasks"), "{said}");
}

#[test]
fn logs_are_opened_or_named() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("01-hello.log"), "").unwrap();
    let shown = |text: String| text.replace(&folder.path().display().to_string(), "FOLDER");
    let mut client = rich_client();
    for opens in [true, false] {
        client["window"]["showDocument"] = json!({ "support": opens });
        let mut fixture = Fixture::new(client.clone(), Value::Null);
        fixture.open(TEXT);
        assert!(fixture.execute("showLog", json!({})).contains("there is no log"));
        fixture.run_pre_up();
        fixture.session.recorded("run-1", folder.path());
        passed_run(&mut fixture, "run-1");
        fixture.effects();
        let log = |task: Option<&str>| json!({ "uri": URI, "phase": "pre-up", "task": task });
        let answer = fixture.execute("showLog", log(Some("hello")));
        assert_eq!(shown(answer), r#"{"log":"FOLDER/01-hello.log","uri":"file://FOLDER/01-hello.log"}"#);
        let effects = shown(fixture.effects());
        if opens {
            check(
                effects,
                expect![[r#"
            ShowDocument { uri: Uri("file://FOLDER/01-hello.log"), path: "FOLDER/01-hello.log" }
        "#]],
            )
        } else {
            check(
                effects,
                expect![[r#"
            Show { kind: Info, message: "FOLDER/01-hello.log" }
        "#]],
            )
        }
        assert!(fixture.execute("showLog", log(None)).contains("has been removed"));
        let actions = fixture.actions(1, Some(json!(["draft-tasks.show"]))).lines().count();
        assert_eq!(actions, 2, "the plan, and the log of the task");
        let actions = fixture.actions(3, Some(json!(["draft-tasks.show"]))).lines().count();
        assert_eq!(actions, 2, "the plan and the doctor: `post-deploy` has not run");
    }
}

#[test]
fn problems_are_published_in_their_files_and_go_when_the_task_runs_again() {
    let mut fixture = Fixture::rich();
    fixture.open(TEXT);
    fixture.run_pre_up();
    begin(&mut fixture, "run-1");
    fixture.effects();
    let found = vec![
        FileProblem { column: Some(5), ..problem("/app/main.c", "one") },
        FileProblem { line: 1, ..problem("/app/.draft-tasks.toml", "three") },
    ];
    fixture.session.run_event("run-1", reporting(0, found));
    let mut published = Vec::new();
    while let Ok(Effect::Publish { uri, diagnostics, .. }) = fixture.effects.try_recv() {
        published.push((uri.0, json!(diagnostics)));
    }
    check(
        serde_json::to_string_pretty(&published).unwrap(),
        expect![[r#"
            [
              [
                "file:///app/.draft-tasks.toml",
                [
                  {
                    "message": "three",
                    "range": {
                      "end": {
                        "character": 2147483647,
                        "line": 0
                      },
                      "start": {
                        "character": 0,
                        "line": 0
                      }
                    },
                    "relatedInformation": [
                      {
                        "location": {
                          "range": {
                            "end": {
                              "character": 5,
                              "line": 1
                            },
                            "start": {
                              "character": 0,
                              "line": 1
                            }
                          },
                          "uri": "file:///app/.draft-tasks.toml"
                        },
                        "message": "reported by the task `hello` of pre-up"
                      }
                    ],
                    "severity": 1,
                    "source": "draft-tasks"
                  }
                ]
              ],
              [
                "file:///app/main.c",
                [
                  {
                    "message": "one",
                    "range": {
                      "end": {
                        "character": 4,
                        "line": 2
                      },
                      "start": {
                        "character": 4,
                        "line": 2
                      }
                    },
                    "relatedInformation": [
                      {
                        "location": {
                          "range": {
                            "end": {
                              "character": 5,
                              "line": 1
                            },
                            "start": {
                              "character": 0,
                              "line": 1
                            }
                          },
                          "uri": "file:///app/.draft-tasks.toml"
                        },
                        "message": "reported by the task `hello` of pre-up"
                      }
                    ],
                    "severity": 1,
                    "source": "draft-tasks"
                  }
                ]
              ]
            ]"#]],
    );
    passed_run(&mut fixture, "run-1");
    fixture.effects();
    fixture.run_pre_up();
    assert!(!fixture.effects().contains("publish"), "it has not begun");
    begin(&mut fixture, "run-2");
    let effects = fixture.effects();
    assert_eq!(effects.matches("publish").count(), 2, "{effects}");
    assert!(!effects.contains("three"), "{effects}");
}

fn problem(path: &str, message: &str) -> FileProblem {
    let (line, column, severity) = (3, None, Severity::Error);
    FileProblem { path: path.into(), line, column, severity, message: message.into() }
}

/// The end of a task that reported problems.
fn reporting(task: usize, problems: Vec<FileProblem>) -> RunEvent {
    let (outcome, duration, left_running) = (Outcome::Passed, seconds(1), Vec::new());
    RunEvent::TaskFinished {
        task,
        pod: None,
        outcome,
        headline: None,
        duration,
        left_running,
        note: None,
        problems,
    }
}

/// A run of which `hello` failed and reported a problem in `main.c`.
fn reported(fixture: &mut Fixture) {
    failed_run(fixture);
    fixture.run_pre_up();
    begin(fixture, "run-2");
    fixture.session.run_event("run-2", reporting(0, vec![problem("/app/main.c", "odd")]));
    fixture.effects();
}

/// How many problems were published last of `main.c`, if any were.
fn problems(fixture: &mut Fixture) -> Option<usize> {
    let effects = std::iter::from_fn(|| fixture.effects.try_recv().ok());
    let of_file = effects.filter_map(|effect| match effect {
        Effect::Publish { uri, diagnostics, .. } if uri.0 == "file:///app/main.c" => Some(diagnostics.len()),
        _ => None,
    });
    of_file.last()
}

#[test]
fn problems_go_when_the_command_is_edited_and_only_then() {
    let mut fixture = Fixture::rich();
    fixture.open(TEXT);
    reported(&mut fixture);
    fixture.change(2, &format!("# moved\n{}", TEXT.replace("echo bye", "echo good bye")));
    fixture.session.settle();
    assert_eq!(problems(&mut fixture), None, "another command");
    fixture.change(3, &TEXT.replace("echo hello", "echo hell"));
    fixture.session.settle();
    assert_eq!(problems(&mut fixture), Some(0));
    // What ran is another command by now.
    fixture.session.run_event("run-2", reporting(0, vec![problem("/app/main.c", "odd")]));
    assert_eq!(problems(&mut fixture), None);
}

#[test]
fn are_forgotten_when_their_folder_is_closed() {
    let mut fixture = Fixture::rich();
    fixture.open(TEXT);
    reported(&mut fixture);
    passed_run(&mut fixture, "run-2");
    assert!(fixture.lenses().contains("last"));
    let folder = |uri: &str| WorkspaceFolder { uri: uri.into(), name: "folder".into() };
    let removed = |uris: &[&str]| WorkspaceFoldersChangeEvent {
        added: Vec::new(),
        removed: uris.iter().map(|uri| folder(uri)).collect(),
    };
    fixture.effects();
    fixture.session.did_change_folders(removed(&["file:///ap", "file:///application"]));
    assert!(fixture.lenses().contains("last"), "another folder");
    assert_eq!(problems(&mut fixture), None);
    fixture.session.did_change_folders(removed(&["file:///app/"]));
    assert!(!fixture.lenses().contains("last"));
    assert_eq!(problems(&mut fixture), Some(0));
    assert!(fixture.execute("rerun", json!({})).contains("nothing has run yet"));
}

#[test]
fn the_doctor_looks_at_what_the_editor_has_and_only_with_trust() {
    let mut fixture = Fixture::new(rich_client(), json!({ "trusted": false }));
    fixture.open(TEXT);
    let refused = fixture.execute("doctor", json!({ "uri": URI }));
    assert!(refused.contains("not trusted"), "{refused}");
    fixture.session.did_change_trust(&ext::TrustParams { trusted: true });
    let source = fixture.shared(async |session| source(session, &URI.into()).await).ok().unwrap();
    let (file, tasks) = source.examination().unwrap().tasks.unwrap();
    assert_eq!((file.as_path(), tasks), (Path::new("/app/.draft-tasks.toml"), 1));
    fixture.effects();
    let answer = fixture.session.examined(true, &[]);
    assert_eq!(json!(answer), json!({ "ok": true, "markdown": "Nothing is broken.\n" }));
    assert_eq!(fixture.effects().lines().count(), 1, "it is shown");
}

#[test]
fn a_phase_shows_a_task_that_failed_until_it_runs_again() {
    let mut fixture = Fixture::rich();
    fixture.open(TEXT);
    failed_run(&mut fixture);
    let task = json!({ "uri": URI, "phase": "pre-up", "task": "bye" });
    assert_eq!(fixture.execute("runTask", task), r#"{"run":"run-2"}"#);
    for event in [
        RunEvent::TaskStarted { task: 0, pod: None, pid: Some(1) },
        finished(0, Outcome::Passed),
        RunEvent::RunFinished { summary: RunSummary { passed: 1, ..Default::default() } },
    ] {
        fixture.session.run_event("run-2", event);
    }
    let lenses = fixture.lenses();
    assert!(
        lenses.contains("0: ▶ Run pre-up (2 tasks) · last: ✗ hello: exit code 3, 1.0 s, at 18:45"),
        "{lenses}"
    );
    fixture.change(2, &TEXT.replace("echo hello", "echo hell"));
    let lenses = fixture.lenses();
    assert!(lenses.contains("last: ✓ 1 task,"), "another command has not failed: {lenses}");
}

#[test]
fn a_run_that_is_asked_to_end_says_so() {
    let mut fixture = Fixture::rich();
    fixture.open(TEXT);
    fixture.run_pre_up();
    begin(&mut fixture, "run-1");
    fixture.execute("stop", Value::Null);
    let lenses = fixture.lenses();
    assert!(
        lenses.starts_with("0: ■ Stopping… draft-tasks.stop\n1: ■ Stopping… draft-tasks.stop\n"),
        "{lenses}"
    );
}

#[test]
fn go_along_when_a_folder_is_renamed() {
    let mut fixture = Fixture::rich();
    fixture.open(TEXT);
    failed_run(&mut fixture);
    fixture.run_pre_up();
    let (old, new) = ("file:///app", "file:///new%20app");
    let files = json!({ "files": [{ "oldUri": old, "newUri": new }, { "oldUri": "file:///ap", "newUri": "file:///x" }] });
    fixture.session.did_close(URI.into());
    let document = json!({ "uri": URI.replace(old, new), "languageId": "toml", "version": 1, "text": TEXT });
    fixture.session.did_open(serde_json::from_value(document).unwrap());
    fixture.session.did_rename_files(&serde_json::from_value(files).unwrap());
    let lenses = fixture.session.code_lens(&URI.replace(old, new).into()).unwrap();
    let title = |lens: &CodeLens| lens.command.as_ref().unwrap().title.clone();
    assert_eq!(title(&lenses[0]), "■ Stop pre-up");
    assert_eq!(title(&lenses[1]), "▶ Run · ✗ exit code 3");
}

#[test]
fn what_would_be_refused_has_no_button_and_no_action() {
    let mut fixture = Fixture::rich();
    fixture.open("[pre-up]\na = \"echo 'x\"\nb = \"echo\"\n[cleanup]\nc = \"echo\n");
    check(
        fixture.lenses(),
        expect![[r#"
        0: ⚠ pre-up does not run: see line 2 draft-tasks.runPhase
        1: ⚠ Does not run: see line 2 draft-tasks.runTask
        2: ▶ Run draft-tasks.runTask
        3: ⚠ cleanup does not run: see line 5 draft-tasks.runPhase
        4: ⚠ Does not run: see line 5 draft-tasks.runTask
    "#]],
    );
    check(fixture.actions(1, Some(json!(["draft-tasks.run"]))), expect![[r#""#]]);
}

#[test]
fn lenses_of_tasks_tell_exactly_what_runs() {
    let mut fixture = Fixture::rich();
    fixture.open("[pre-up]\na = \"echo 'a  b' $NAME $NOT\"\n");
    let lenses = fixture.session.code_lens(&URI.into()).unwrap();
    let tooltip = lenses[1].command.as_ref().unwrap().tooltip.as_deref();
    assert_eq!(tooltip, Some("echo 'a  b' 'ann lee' \"\""));
}
