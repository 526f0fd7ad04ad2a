//! What there is to run: `draft-tasks list`, and what is offered where nothing is named.

use rustix::termios::{Winsize, tcsetwinsize};
use serde_json::{Value, json};

use crate::run::assert_unusable;
use crate::terminal::{read_until, terminal};
use crate::tool::Tool;

const FILE: &str = "[pre-up]\n\"build web\" = \"echo web\"\n\"build db\" = \"touch db\"\n\n[post-deploy]\nmigrate = \"rake db:migrate\"\n\
    [cleanup]\ndrop = \"touch drop\"\n";

const LIST: &str = "\
pre-up · on this machine, before the application is built and deployed
  build web  echo web         :2
  build db   touch db         :3

post-deploy · inside every ready pod after the application was deployed
  migrate    rake db:migrate  :6

cleanup · on this machine, after the application was deleted from the cluster
  drop       touch drop       :8
";

#[test]
fn phases_and_tasks_are_listed_with_their_commands() {
    let tool = Tool::new(FILE);
    for arguments in [&["list"][..], &["list", "--file", ".draft-tasks.toml"], &[]] {
        let called = tool.call(arguments);
        assert_eq!((called.code, called.stderr.as_str()), (Some(0), ""), "{arguments:?}: {called:?}");
        assert_eq!(called.stdout, LIST, "{arguments:?}");
    }
    let called = Tool::new("").call(&["list"]);
    assert_eq!((called.code, called.stdout.as_str()), (Some(0), "the file has no tasks\n"), "{called:?}");
    assert_unusable(&Tool::empty(), &["list"], &["there is no .draft-tasks.toml"]);
}

#[test]
fn a_run_of_no_phase_lists_what_there_is_and_runs_nothing() {
    let tool = Tool::new(FILE);
    let called = tool.call(&["run"]);
    assert_eq!((called.code, called.stdout.as_str()), (Some(2), LIST), "{called:?}");
    assert_eq!(called.stderr, "error: nothing runs: name a phase, as in `draft-tasks run pre-up`\n");
    assert!(!tool.path("db").exists() && !tool.path("drop").exists());
    assert_unusable(&tool, &["run", "--format", "json"], &["name a phase"]);
    assert_unusable(&tool, &["run", "--skip", "drop"], &["PHASE"]);
    let called = Tool::new("").call(&["run"]);
    assert_eq!(called.stderr, "error: nothing runs, as there is no task to run\n", "{called:?}");
}

#[test]
fn what_is_wrong_is_counted() {
    let tool = Tool::new("[pre-up]\na = \"ls | wc\"\nb = \"echo 'x\"\nc = \"true\"\n[extra]\nd = \"true\"\n");
    let called = tool.call(&["list"]);
    let lines: Vec<&str> = called.stdout.lines().collect();
    assert_eq!(
        lines,
        [
            "pre-up · on this machine, before the application is built and deployed",
            "  does not run: the task `b` cannot be split: a `'` is not closed",
            "! a  ls | wc  :2",
            "✗ b  echo 'x  :3",
            "  c  true     :4",
            "",
            "also wrong in the file:",
            "! :5  the table `extra` is ignored, in Draft too",
            "",
            "1 error, 2 warnings; `draft-tasks check` shows all",
        ]
    );
    let called = tool.call(&["list", "--format", "json"]);
    let listed: Value = serde_json::from_str(&called.stdout).expect("JSON");
    let task = |task: &str, command: &str, line: u64, errors: u64, warnings: u64| json!({ "task": task, "command": command, "line": line, "errors": errors, "warnings": warnings });
    let tasks = [task("a", "ls | wc", 2, 0, 1), task("b", "echo 'x", 3, 1, 0), task("c", "true", 4, 0, 0)];
    let phase = json!({
        "phase": "pre-up", "place": "machine", "line": 1, "tasks": tasks,
        "doesNotRunSince": "the task `b` cannot be split: a `'` is not closed",
    });
    let broken = json!({
        "line": 5, "code": "unknown-phase", "message": "the table `extra` is ignored, in Draft too",
    });
    assert_eq!(listed, json!({ "phases": [phase], "broken": [broken], "errors": 1, "warnings": 2 }));
}

#[test]
fn what_is_broken_is_listed_as_that() {
    let file = "stray = \"true\"\n[pre-up]\na = \"true\"\nb = echo\nc = 5\n[[post-up]]\nd = \"true\"\n";
    let called = Tool::new(file).call(&["list"]);
    assert_eq!(called.code, Some(0), "{called:?}");
    let broken = called.stdout.split("\nalso wrong in the file:\n").nth(1).expect("what is broken");
    let lines: Vec<&str> = broken.lines().take_while(|line| !line.is_empty()).collect();
    assert_eq!(
        lines,
        [
            "! :1  `stray` is in no phase and ignored, in Draft too",
            "✗ :4  expected a value: a string must stand in quotes",
            "✗ :5  the task `c` is an integer, not a command",
            "✗ :6  `post-up` is an array of tables, and neither Draft nor draft-tasks runs it",
        ],
        "{called:?}"
    );
    let called = Tool::new("[pre-up\n").call(&["list"]);
    assert!(called.stdout.starts_with("no task can be read\n\nalso wrong"), "{called:?}");
}

#[test]
fn a_secret_in_a_command_is_not_listed() {
    let tool = Tool::new("[pre-up]\na = \"curl --header 'Authorization: Bearer abcdef0123456789abcdef'\"\n");
    for arguments in [&["list"][..], &["list", "--format", "json"], &[]] {
        let called = tool.call(arguments);
        assert!(called.stdout.contains("***") && !called.stdout.contains("abcdef012345"), "{called:?}");
    }
}

#[test]
fn a_line_is_not_longer_than_the_terminal_is_wide() {
    let long = "a very long description of a task that does not fit";
    let tool = Tool::new(&format!(
        "[pre-up]\n\"{long}\" = \"echo {}\"\n\"日本語の長い説明です\" = \"ls\"\n",
        "x".repeat(200)
    ));
    for (columns, name) in [(5, "pre-up…"), (40, "a very long …"), (100, "a very long description of a tas…")]
    {
        let (mut ours, theirs) = terminal();
        let size = Winsize { ws_row: 24, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(&ours, size).expect("a size");
        let started = tool.start_on(&["list", "--no-color"], theirs);
        let mut text = String::new();
        read_until(&mut ours, &mut text, None);
        assert_eq!(started.end().code, Some(0));
        assert!(text.contains(name) && text.contains("…  :2"), "{text}");
        if columns == 5 {
            // Signs and line numbers are always there.
            continue;
        }
        let wide =
            |c: char| if c >= '\u{1100}' && !matches!(c, '…' | '·') && !c.is_ascii() { 2 } else { 1 };
        let widest = text.lines().map(|line| line.chars().map(wide).sum::<u16>()).max();
        assert!(widest <= Some(columns), "{widest:?} in {columns}: {text}");
    }
    let called = tool.call(&["list"]);
    assert!(called.stdout.contains(long) && called.stdout.contains(&"x".repeat(200)), "{called:?}");
}

/// What a terminal shows while keys answer what is asked, and the exit code.
#[track_caller]
fn picked(tool: &Tool, script: &str, answers: &[(&str, &[u8])]) -> String {
    use std::io::Write;
    let (mut ours, theirs) = terminal();
    let mut shell = tool.start_shell(&format!("{script}; echo ended $?"), theirs);
    let (mut text, mut all) = (String::new(), String::new());
    for (wanted, keys) in answers {
        read_until(&mut ours, &mut text, Some(wanted));
        all += &std::mem::take(&mut text);
        ours.write_all(keys).expect("the terminal is open");
    }
    read_until(&mut ours, &mut text, Some("ended "));
    read_until(&mut ours, &mut text, None);
    assert_eq!(shell.end_unread(), Some(0));
    all + &text
}

#[test]
fn tasks_are_picked_on_a_terminal() {
    let tool = Tool::new(FILE);
    for script in ["draft_tasks run", "draft_tasks"] {
        let text = picked(
            &tool,
            script,
            &[
                ("letters find", b"db"),
                ("What shall run? db", b" "),
                ("[x]", b"web"),
                ("What shall run? web", b" "),
                ("[x]", b"\r"),
            ],
        );
        assert!(text.contains("draft-tasks run pre-up 'build web' 'build db'"), "{text:?}");
        assert!(text.contains("2 passed") && text.contains("ended 0"), "{text:?}");
        assert!(tool.path("db").exists() && !tool.path("drop").exists());
        std::fs::remove_file(tool.path("db")).expect("it was made");
    }
}

#[test]
fn a_name_that_looks_like_an_option_is_told_as_a_task() {
    let tool = Tool::new("[pre-up]\n-x = \"true\"\nother = \"true\"\n");
    let text =
        picked(&tool, "draft_tasks run", &[("letters find", b"-x"), ("run? -x", b" "), ("[x]", b"\r")]);
    assert!(text.contains("draft-tasks run pre-up -- -x\r\n") && text.contains("1 passed"), "{text:?}");
    assert_eq!(tool.call(&["run", "pre-up", "--", "-x"]).code, Some(0));
}

#[test]
fn a_phase_is_picked_whole_and_alone() {
    let tool = Tool::new("[pre-up]\na = \"touch a\"\nb = \"touch b\"\n[cleanup]\ndrop = \"touch drop\"\n");
    let text = picked(
        &tool,
        "draft_tasks run",
        &[
            ("letters find", b"\r"),
            ("nothing is picked", b" "),
            ("[x]", b"drop"),
            ("What shall run? drop", b" "),
            ("[x]", b"\r"),
            ("one phase runs at a time", b"drop"),
            ("What shall run? drop", b" "),
            ("[ ]", b"\r"),
        ],
    );
    assert!(text.contains("draft-tasks run pre-up\r\n") && text.contains("2 passed"), "{text:?}");
    assert!(tool.path("a").exists() && tool.path("b").exists() && !tool.path("drop").exists());
}

#[test]
fn who_leaves_runs_nothing() {
    for (variable, value) in [("OTHER", "1"), ("NO_COLOR", "1")] {
        let tool = Tool::new("[pre-up]\na = \"touch a\"\n").with(variable, value);
        for (key, said) in [
            (b"\x1b", "nothing runs; `draft-tasks list` shows what there is"),
            (b"\x03", "stopped; no task has run"),
        ] {
            let text = picked(&tool, "draft_tasks run; echo code $?; stty -a", &[("letters find", key)]);
            assert!(text.contains(said), "{text:?}");
            assert!(text.contains("code 130"), "{text:?}");
            assert!(text.contains(" icanon") && text.contains(" echo "), "{text:?}");
            assert!(text.rfind("\u{1b}[?25h") > text.rfind("\u{1b}[?25l"), "the cursor is seen: {text:?}");
            assert_eq!(text.contains("\u{1b}[36m"), variable != "NO_COLOR", "{text:?}");
            assert!(!tool.path("a").exists());
        }
    }
    let tool = Tool::new("[pre-up]\na = \"touch a\"\n");
    let text = picked(&tool, "TERM=dumb draft_tasks run", &[]);
    assert!(
        text.contains("a  touch a") && text.contains("name a phase") && text.contains("ended 2"),
        "{text:?}"
    );
}

#[test]
fn nothing_of_a_file_steers_the_terminal_where_it_is_picked() {
    let tool = Tool::new("[pre-up]\n\"evil\\u001b]0;x\\u0007\" = \"ls \\u001b[2J\"\n");
    let text = picked(&tool, "draft_tasks run", &[("letters find", b"\x1b")]);
    assert!(text.contains("evil") && !text.contains("\u{1b}]0;") && !text.contains("\u{1b}[2J"), "{text:?}");
}

#[test]
fn what_is_listed_of_a_folder_above_is_named_once() {
    let tool = Tool::new(FILE);
    tool.write(".git/HEAD", b"ref: refs/heads/main\n");
    tool.write("sub/x", b"");
    for arguments in [&["list"][..], &[], &["run"]] {
        let output =
            tool.command(arguments).current_dir(tool.path("sub")).output().expect("the program starts");
        let said = String::from_utf8(output.stderr).expect("UTF-8");
        assert_eq!(String::from_utf8(output.stdout).expect("UTF-8"), LIST, "{arguments:?}");
        assert_eq!(said.matches("using ../.draft-tasks.toml\n").count(), 1, "{arguments:?}: {said}");
    }
}
