//! `draft-tasks run`: order, output, exit codes, and signals.

use rustix::process::Signal;
use serde_json::Value;

use crate::terminal::{read_until, terminal};
use crate::tool::{Called, Tool, assert_says, not_tested};

pub(crate) fn tasks(phase: &str, tasks: &[(&str, &str)]) -> Tool {
    let lines = tasks.iter().map(|(name, command)| format!("\"{name}\" = {}\n", Value::from(*command)));
    Tool::new(&format!("[{phase}]\n{}", lines.collect::<String>()))
}

/// Fails unless the lines that have these parts come in this order.
#[track_caller]
pub(crate) fn assert_in_order(called: &Called, parts: &[&str]) {
    let mut rest = called.stdout.as_str();
    for part in parts {
        let at = rest
            .find(part)
            .unwrap_or_else(|| panic!("{part:?} is missing or too early in\n{}", called.stdout));
        rest = &rest[at + part.len()..];
    }
}

#[test]
fn tasks_run_in_the_order_of_the_file_with_their_names_before_their_output() {
    let tool = tasks(
        "pre-up",
        &[("z first", "echo 1"), ("a second", "sh -c 'echo 2; echo 3 >&2'"), ("quiet", "true")],
    );
    let called = tool.call(&["run", "pre-up"]);
    assert_eq!((called.code, called.stderr.as_str()), (Some(0), ""), "{called:?}");
    let parts = [
        "pre-up · 3 tasks",
        "z first │ 1",
        "✓ z first",
        "a second │ ",
        "✓ a second",
        "✓ quiet",
        "3 passed in",
    ];
    assert_in_order(&called, &parts);
    assert!(called.stdout.contains("a second │ 2") && called.stdout.contains("a second │ 3"), "{called:?}");
    assert!(!called.stdout.contains('\u{1b}'));
}

#[test]
fn output_is_in_the_order_in_which_it_was_written() {
    let writer = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/tools/alternate.py");
    let tool = tasks("pre-up", &[("turns", &format!("python3 {writer} 1000"))]);
    let numbers = |lines: &mut dyn Iterator<Item = &str>| {
        lines.map(|line| line.parse().expect("a number")).collect::<Vec<usize>>()
    };
    let expected: Vec<usize> = (0..1000).collect();
    let called = tool.call(&["run", "pre-up"]);
    let mut shown = called.stdout.lines().filter_map(|line| line.strip_prefix("  turns │ "));
    assert_eq!(numbers(&mut shown), expected);
    let log = tool.record_folders()[0].join("01-turns.log");
    assert_eq!(numbers(&mut std::fs::read_to_string(log).expect("a log").lines()), expected);
    let shown = tool.call(&["runs", "show", "last"]);
    assert_eq!(
        numbers(&mut shown.stdout.lines().filter_map(|line| line.trim().strip_prefix("│ "))),
        expected
    );
    let called = tool.call(&["run", "pre-up", "--format", "json"]);
    let mut told = Vec::new();
    for event in called.stdout.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON")) {
        for piece in event["pieces"].as_array().into_iter().flatten() {
            let lines = numbers(&mut piece["text"].as_str().expect("a text").lines());
            let stream = ["stdout", "stderr"].iter().position(|name| piece["stream"] == *name);
            assert!(lines.iter().all(|line| Some(line % 2) == stream), "{piece}");
            told.extend(lines);
        }
    }
    assert_eq!(told, expected);
}

#[test]
fn output_reaches_a_terminal_in_the_order_in_which_it_was_written() {
    let writer = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/tools/alternate.py");
    let tool = tasks("pre-up", &[("turns", &format!("python3 {writer} 1000"))]);
    for (options, before) in [(&[][..], "turns │\u{1b}[0m "), (&["--no-color"], "turns │ ")] {
        let (mut ours, theirs) = terminal();
        let started = tool.start_on(&[&["run", "pre-up"], options].concat(), theirs);
        let mut text = String::new();
        read_until(&mut ours, &mut text, None);
        assert_eq!(started.end().code, Some(0));
        let numbers = text.split(before).skip(1).map(|rest| rest.split("\r\n").next()?.parse().ok());
        assert!(numbers.eq((0..1000).map(Some)), "{text:?}");
    }
}

#[test]
fn a_failure_is_told_with_the_line_that_says_why() {
    let script = "sh -c 'echo error: no such table >&2; echo bye; exit 3'";
    let tool = tasks("pre-up", &[("bad", script)]);
    let why = "exit code 3: error: no such table";
    assert_in_order(&tool.call(&["run", "pre-up"]), &["│ bye\n", "✗ bad", why]);
    assert_in_order(&tool.call(&["run", "pre-up", "--quiet"]), &["✗ bad", why, "│ bye\n"]);
    assert_in_order(&tool.call(&["runs", "show", "last"]), &["✗ bad", why]);
    let folder = tool.record_folders().pop().expect("a record");
    let result = std::fs::read_to_string(folder.join("result.json")).expect("a result");
    let result: Value = serde_json::from_str(&result).expect("JSON");
    assert_eq!(result["tasks"][0]["failure"]["headline"], "error: no such table");
}

#[test]
fn a_command_of_several_lines_has_line_feeds_whatever_editor_wrote_the_file() {
    let tool = Tool::new("[pre-up]\r\na = \"\"\"sh -c '\r\nprintf %s one\r\necho two'\"\"\"\r\n");
    let called = tool.call(&["run", "pre-up", "--format", "json"]);
    assert_eq!(called.code, Some(0), "{called:?}");
    assert!(called.stdout.contains(r#""onetwo\n""#) && !called.stdout.contains(r"\r"), "{called:?}");
}

#[test]
fn lines_are_whole_however_a_task_writes_them() {
    let tool = tasks(
        "pre-up",
        &[("parts", "sh -c 'printf he; sleep 0.2; printf \"llo\\nwor\"; sleep 0.2; printf ld'")],
    );
    let called = tool.call(&["run", "pre-up"]);
    assert_in_order(&called, &["parts │ hello\n", "parts │ world\n", "✓ parts"]);
}

#[test]
fn a_failed_task_stops_pre_up_and_not_cleanup() {
    let all = [("good", "echo 1"), ("bad", "sh -c 'echo oh no >&2; exit 3'"), ("last", "echo 2")];
    let called = tasks("pre-up", &all).call(&["run", "pre-up"]);
    assert_eq!(called.code, Some(1), "{called:?}");
    assert_in_order(
        &called,
        &["✓ good", "bad │ oh no", "✗ bad", "exit code 3", "last  skipped", "1 passed, 1 failed, 1 skipped"],
    );
    let called = tasks("cleanup", &all).call(&["run", "cleanup"]);
    assert_eq!(called.code, Some(1), "{called:?}");
    assert_in_order(&called, &["✗ bad", "last │ 2", "✓ last", "2 passed, 1 failed"]);
}

#[test]
fn only_the_tasks_that_are_named() {
    let tool = tasks("pre-up", &[("one", "echo 1"), ("two", "echo 2"), ("three", "echo 3")]);
    let called = tool.call(&["run", "pre-up", "three", "one"]);
    assert_eq!(called.code, Some(0), "{called:?}");
    assert_in_order(&called, &["2 tasks", "one │ 1", "three │ 3", "2 passed"]);
    assert!(!called.stdout.contains("two"), "{called:?}");
}

/// The exit code and the error of a command line that cannot be run.
#[track_caller]
pub(crate) fn assert_unusable(tool: &Tool, arguments: &[&str], parts: &[&str]) {
    let called = tool.call(arguments);
    assert_eq!((called.code, called.stdout.as_str()), (Some(2), ""), "{called:?}");
    for part in parts {
        assert!(called.stderr.contains(part), "{part:?} is not in {}", called.stderr);
    }
}

#[test]
fn what_is_not_there_is_answered_with_what_is() {
    let tool = tasks("pre-up", &[("one", "echo 1"), ("two", "echo 2")]);
    assert_unusable(&tool, &["run", "preup"], &["`preup`", "`pre-up`"]);
    assert_unusable(&tool, &["run", "cleanup"], &["`cleanup`", "`pre-up`"]);
    assert_unusable(&tool, &["run", "pre-up", "three"], &["`three`", "`one`", "`two`"]);
    assert_unusable(&tool, &["run", "pre-up", "--file", "none"], &["none: there is no such file"]);
    assert_unusable(&Tool::empty(), &["run", "pre-up"], &["there is no .draft-tasks.toml"]);
    assert_unusable(&Tool::new(""), &["run", "pre-up"], &["the file has no tasks\n"]);
}

#[test]
fn what_is_broken_is_said_with_its_place() {
    let tool = Tool::new("[pre-up]\na = \"echo 'x\"\n[cleanup]\nb = \"echo\n");
    assert_unusable(&tool, &["run", "pre-up"], &[".draft-tasks.toml:2:", "`a`"]);
    assert_unusable(&tool, &["run", "cleanup"], &[".draft-tasks.toml:4:", "syntax error"]);
    let called = tool.call(&["run", "pre-up", "--semantics", "draft"]);
    assert!(called.code == Some(0) && called.stdout.contains("a │ 'x"), "{called:?}");
}

#[test]
fn post_deploy_needs_an_application_and_packs_do_not_run() {
    let tool = tasks("post-deploy", &[("migrate", "rake db:migrate")])
        .with("KUBECONFIG", "")
        .with("HOME", "/nowhere");
    assert_unusable(&tool, &["run", "post-deploy"], &["pods", "no draft.toml", "/nowhere/.kube/config"]);
    tool.write("pack/tasks.toml", b"[pre-up]\na = \"echo\"\n");
    tool.write("pack/charts/Chart.yaml", b"");
    assert_unusable(&tool, &["run", "pre-up", "--file", "pack"], &["pack/tasks.toml", "template"]);
}

#[test]
fn a_program_that_is_not_there_is_named_with_the_path() {
    let tool =
        tasks("pre-up", &[("rake", "no-such-program-anywhere db:migrate")]).with("PATH", "/nowhere/bin:/bin");
    let called = tool.call(&["run", "pre-up"]);
    assert_eq!(called.code, Some(1), "{called:?}");
    assert_in_order(&called, &["✗ rake", "`no-such-program-anywhere`", "/nowhere/bin", "1 failed"]);
}

#[test]
fn tasks_run_beside_their_file_with_the_environment_and_no_input() {
    let tool = Tool::empty().with("GREETING", "hello  world");
    tool.write(
        "app/.draft-tasks.toml",
        b"[pre-up]\nwhere = \"pwd -P\"\nprint = \"printf %s. $GREETING\"\ninput = \"cat\"\n",
    );
    let called = tool.call(&["run", "pre-up", "--file", "app"]);
    assert_eq!(called.code, Some(0), "{called:?}");
    let directory = tool.path("app").canonicalize().expect("a directory");
    assert_in_order(
        &called,
        &[&format!("where │ {}\n", directory.display()), "print │ hello  world.\n", "✓ input"],
    );
}

const WAITS: &str = "sh -c 'sleep 600 & echo ready; sleep 600'";

#[test]
fn signals_stop_the_run_and_everything_that_it_started() {
    for (signal, code) in [(Signal::QUIT, 131), (Signal::INT, 130), (Signal::TERM, 143), (Signal::HUP, 129)] {
        let tool = tasks("pre-up", &[("wait", WAITS), ("next", "echo 2")]);
        let mut started = tool.start(&["run", "pre-up"]);
        started.wait_for("ready");
        started.signal(signal);
        let called = started.end();
        assert_eq!((called.code, called.stderr.as_str()), (Some(code), ""), "{signal:?}: {called:?}");
        assert_in_order(&called, &["■ wait", "next  skipped", "1 stopped, 1 skipped"]);
    }
}

#[test]
fn a_task_that_is_stopped_has_the_time_to_clean_up() {
    for (signal, name) in [(Signal::INT, "INT"), (Signal::TERM, "TERM"), (Signal::HUP, "TERM")] {
        let task = format!(
            "sh -c 'trap \"sleep 0.3; echo cleaned up; exit 0\" {name}; echo ready; while :; do sleep 0.05; done'"
        );
        let tool = tasks("cleanup", &[("wait", &task), ("next", "echo 2")]);
        let mut started = tool.start(&["run", "cleanup"]);
        started.wait_for("ready");
        started.signal(signal);
        let called = started.end();
        assert_eq!(called.code, Some(128 + signal.as_raw()), "{called:?}");
        assert_in_order(&called, &["wait │ cleaned up", "■ wait", "next  skipped"]);
    }
}

#[test]
fn what_does_not_heed_an_interrupt_is_asked_as_the_system_does() {
    // A shell starts what it starts in the background so that it ignores the key.
    let deaf = "sh -c 'sh -c \"trap \\\"echo asked; exit\\\" TERM; echo ready; while :; do sleep 0.05; done\" & wait'";
    let stays = "sh -c 'trap \"echo stays\" INT; trap \"echo asked; exit\" TERM; echo ready; while :; do sleep 0.05; done'";
    for (task, words) in [(deaf, &["asked"][..]), (stays, &["stays", "asked"])] {
        let tool = tasks("pre-up", &[("wait", task)]);
        let mut started = tool.start(&["run", "pre-up"]);
        started.wait_for("ready");
        started.signal(Signal::INT);
        let called = started.end();
        assert_eq!(called.code, Some(130), "{called:?}");
        assert_in_order(&called, words);
    }
}

#[test]
fn a_second_signal_kills_at_once() {
    let task = "sh -c 'trap \"echo stays\" INT; echo ready; while :; do sleep 0.05; done'";
    let tool = tasks("pre-up", &[("wait", task)]);
    let mut started = tool.start(&["run", "pre-up", "--grace-period", "1d"]);
    started.wait_for("ready");
    started.signal(Signal::INT);
    started.wait_for("stays");
    started.signal(Signal::INT);
    assert_eq!(started.end().code, Some(130));
}

#[test]
fn a_task_that_does_not_end_is_killed_in_the_end() {
    let tool = tasks("pre-up", &[("wait", "sh -c 'trap \"\" INT TERM; echo ready; sleep 600; sleep 600'")]);
    let mut started = tool.start(&["run", "pre-up"]);
    started.wait_for("ready");
    started.signal(Signal::INT);
    assert_eq!(started.end().code, Some(130));
}

#[test]
fn what_a_task_leaves_behind_is_named() {
    let tool = tasks("pre-up", &[("daemon", "sh -c 'sleep 2 & echo started'")]);
    let called = tool.call(&["run", "pre-up"]);
    assert_eq!(called.code, Some(0), "{called:?}");
    assert_in_order(&called, &["daemon │ started", "left running", "sleep"]);
    let shown = tool.call(&["runs", "show", "last"]);
    assert_in_order(&shown, &["✓ daemon", "left running: sleep (process "]);
    tool.wait_for_what_was_left();
}

#[test]
fn a_reader_that_is_gone_stops_the_run_with_time_to_clean_up() {
    let task = "sh -c 'trap \"echo last; sleep 0.3; echo words; touch cleaned; exit 0\" TERM; echo ready; while :; do echo more; sleep 0.05; done'";
    let tool = tasks("pre-up", &[("wait", task), ("next", "touch next")]);
    let mut started = tool.start(&["run", "pre-up"]);
    started.wait_for("ready");
    started.close_stdout();
    let called = started.end();
    assert_eq!(called.code, Some(130), "{called:?}");
    assert!(called.stderr.contains("nobody reads the output any more, so the run is stopped"), "{called:?}");
    assert!(tool.path("cleaned").exists() && !tool.path("next").exists());
}

#[test]
fn a_reader_that_does_not_read_does_not_keep_the_run_from_being_stopped() {
    let tool = tasks("pre-up", &[("much", "yes")]);
    let mut started = tool.start(&["run", "pre-up"]);
    started.wait_for("y");
    started.signal(Signal::TERM);
    assert_eq!(started.end_unread(), Some(143));
}

#[test]
fn very_much_output_is_complete_and_in_order() {
    let tool = tasks("pre-up", &[("much", "seq 300000")]);
    let called = tool.call(&["run", "pre-up"]);
    assert_eq!(called.code, Some(0));
    let numbers =
        called.stdout.lines().filter_map(|line| line.trim().strip_prefix("much │ ")?.parse::<u32>().ok());
    assert!(numbers.eq(1..=300_000));
}

#[test]
fn output_that_is_not_text_does_no_harm() {
    let tool = tasks("pre-up", &[("bytes", r"printf '\377\033[31mred\033[0m\r\n\0end'")]);
    let called = tool.call(&["run", "pre-up"]);
    assert_eq!(called.code, Some(0), "{called:?}");
    assert!(called.stdout.contains("red") && !called.stdout.contains('\u{1b}'), "{called:?}");
    let called = tool.call(&["run", "pre-up", "--color", "always"]);
    assert!(called.stdout.contains("\u{1b}[31mred"), "{called:?}");
}

#[test]
fn output_has_colours_and_does_nothing_else_to_a_terminal() {
    let script = r"printf '\033]0;title\007\033[2J10 percent\r\033[Kdone \033[32mwell\n'";
    let tool = tasks("pre-up", &[("bar", script)]);
    let called = tool.call(&["run", "pre-up", "--color", "always"]);
    assert!(called.stdout.contains(" done \u{1b}[32mwell\u{1b}[0m\n"), "{called:?}");
    for other in ["title", "percent", "\u{1b}[2J", "\u{1b}[K", "\r"] {
        assert!(!called.stdout.contains(other), "{other:?} {called:?}");
    }
}

#[test]
fn output_that_is_not_seen_or_steers_beyond_ascii_is_written_out() {
    // A control of eight bits, another direction of writing, a space without width; and a word of Persian.
    let octal = r"printf 'a\302\2332Jb\342\200\256c\342\200\213d \333\214\342\200\214\330\256\n'; exit 3";
    let tool = Tool::new("[pre-up]\nbytes = \"sh -c \\\"$SCRIPT\\\"\"\n").with("SCRIPT", octal);
    let shown = r"a\u{9b}2Jb\u{202e}c\u{200b}d ".to_owned() + "\u{6cc}\u{200c}\u{62e}";
    for arguments in [
        &["run", "pre-up"][..],
        &["run", "pre-up", "--color", "always"],
        &["run", "pre-up", "--quiet"],
        &["runs", "show", "last"],
    ] {
        let called = tool.call(arguments);
        assert!(called.stdout.contains(&shown), "{arguments:?} {called:?}");
        assert!(!called.stdout.contains(['\u{9b}', '\u{202e}', '\u{200b}']), "{arguments:?} {called:?}");
    }
    let folder = tool.record_folders().pop().expect("a record");
    assert_eq!(std::fs::read_to_string(folder.join("01-bytes.log")).expect("a log"), shown + "\n");
}

/// As where a container's runtime starts the program from outside: the leader of its session is in another namespace,
/// and the number of its session is 0.
#[cfg(target_os = "linux")]
#[test]
fn a_session_from_outside_of_the_namespace_is_as_good_as_any() {
    const NAMESPACE: &str = "unshare --pid --fork --mount-proc";
    let tool = tasks("pre-up", &[("hello", "echo hello"), ("tree", "sh -c 'sleep 600 & wait'")]);
    if tool.call_after(&format!("{NAMESPACE} true || exit 77"), &["--version"]).code == Some(77) {
        return not_tested("a session from outside: this user may make no namespace of processes");
    }
    let called = tool.call_after(&format!("exec {NAMESPACE} \"$@\""), &["run", "pre-up", "--timeout", "1s"]);
    assert_eq!((called.code, called.stderr.as_str()), (Some(1), ""), "{called:?}");
    assert_in_order(&called, &["✓ hello", "✗ tree", "timed out after 1.0 s", "1 passed, 1 failed"]);
}

#[test]
fn a_file_that_cannot_run_says_what_check_says() {
    for (text, said) in [
        ("pre-up:\n  a: ls\n", ":1:1: this is YAML, not TOML"),
        ("{\"pre-up\": {}}\n", ":1:1: this is JSON"),
        ("[[pre-up]]\na = \"ls\"\n", ":1:1: `pre-up` is an array of tables"),
        ("pre-up = \"make\"\n", ":1:1: `pre-up` is a string"),
        ("\0\0", ":1:1: a key without quotes"),
    ] {
        let tool = Tool::new(text);
        assert_unusable(
            &tool,
            &["run", "pre-up"],
            &[".draft-tasks.toml", said, "]\n  `draft-tasks check` shows all"],
        );
    }
    let tool = Tool::new("[preup]\na = \"ls\"\n");
    let said = ":1:2: the file has no tasks; `[preup]` is probably meant\n  `draft-tasks check` shows all";
    assert_unusable(&tool, &["run", "pre-up"], &[said]);
    assert_unusable(&tool, &["run", "preup"], &["did you mean `pre-up`?"]);
    assert_unusable(&Tool::new("pre-up:\n"), &["fmt"], &["this is YAML", "`draft-tasks check` shows all"]);
    assert_unusable(
        &Tool::new("pre-up:\n"),
        &["explain", "pre-up"],
        &["this is YAML", "`draft-tasks check` shows all"],
    );
    assert_unusable(&Tool::new(""), &["run", "pre-up"], &["the file has no tasks\n"]);
}

#[test]
fn a_variable_that_leaves_no_program_is_named() {
    let tool = Tool::new("[pre-up]\na = \"$NO_SUCH_TOOL get pods\"\nb = \"${EMPTY} x\"\n").with("EMPTY", "");
    let said = "the task `a` has no program to run: `$NO_SUCH_TOOL` is not set";
    assert_unusable(&tool, &["run", "pre-up"], &[said]);
    let said = "the task `b` has no program to run: `$EMPTY` is empty";
    assert_unusable(&tool, &["run", "pre-up", "b"], &[said]);
}

#[test]
fn what_has_no_time_to_end_is_not_asked_to() {
    let tool = tasks(
        "pre-up",
        &[("asked", "sh -c 'trap \"echo was asked\" TERM INT; echo begun; while :; do sleep 0.05; done'")],
    );
    let called = tool.call(&["run", "pre-up", "--timeout", "0.3", "--grace-period", "0"]);
    assert_says(&called, 1, &["timed out", "killed at once"]);
    assert!(!called.stdout.contains("│ was asked"), "{called:?}");
}

/// Ends by a kill alone.
const DEAF: &str = "sh -c 'trap \"\" INT TERM; echo begun; while :; do sleep 0.05; done'";

#[test]
fn what_had_to_be_killed_is_told_where_its_end_is() {
    let tool = tasks("pre-up", &[("deaf", DEAF)]);
    let mut started = tool.start(&["run", "pre-up", "--grace-period", "0.2"]);
    started.wait_for("begun");
    started.signal(Signal::INT);
    let called = started.end();
    let said = "killed, as it did not end within 0.";
    assert_says(&called, 130, &[said]);
    assert_says(&tool.call(&["runs", "show", "last"]), 0, &[said]);
    let limited = ["run", "pre-up", "--timeout", "0.2", "--grace-period", "0.1", "--format", "json"];
    let called = tool.call(&limited);
    assert_says(&called, 1, &["\"timedOut\"", &format!("\"note\":\"{said}")]);
    tool.write(".draft-tasks.config.toml", b"[run]\ngracePeriod = 0\n");
    assert_says(&tool.call(&["run", "pre-up", "--timeout", "0.2"]), 1, &["timed out", "killed at once"]);
    let command =
        ["up", "--total-timeout", "0.5", "--", "sh", "-c", "trap '' INT TERM; while :; do sleep 0.05; done"];
    let tool = Tool::new("");
    tool.write(".draft-tasks.config.toml", b"[run]\ngracePeriod = 0.1\n");
    assert_says(&tool.call(&command), 1, &["timed out", "killed, as"]);
    let heeds = tasks("pre-up", &[("slow", "sleep 600")]);
    let called = heeds.call(&["run", "pre-up", "--timeout", "0.1"]);
    assert!(called.code == Some(1) && !called.stdout.contains("killed, as"), "{called:?}");
}

#[cfg(target_os = "linux")]
#[test]
fn what_was_ignored_when_it_began_stays_ignored() {
    let all = "for s in HUP INT QUIT TERM; do kill -$s $PPID; kill -$s $$; done; sleep 0.2; echo goes on";
    let tool = tasks("pre-up", &[("one", &format!("sh -c '{all}'")), ("two", "true")]);
    let called = tool.call_after("trap '' HUP INT QUIT TERM", &["run", "pre-up"]);
    assert_says(&called, 0, &["goes on", "2 passed"]);
    // One that is not ignored is heeded all the same.
    let tool = tasks("pre-up", &[("one", "sh -c 'kill -TERM $PPID; sleep 600'")]);
    assert_eq!(tool.call_after("trap '' HUP INT", &["run", "pre-up"]).code, Some(143));
}

#[test]
fn what_is_no_number_no_name_and_no_level_is_said_in_plain_words() {
    let tool = tasks("pre-up", &[("one", "true")]);
    let run = |arguments: &[&str]| tool.call(&[&["run", "pre-up"], arguments].concat());
    assert_says(&run(&["--concurrency", "0"]), 2, &["at least 1 pod"]);
    assert_says(&run(&["--concurrency", "x"]), 2, &["expected a number of pods"]);
    let called = run(&["--env", "A B=hunter22"]);
    assert_says(&called, 2, &["--env: `A B` is not the name of a variable"]);
    assert!(!called.stderr.contains("hunter22"), "{called:?}");
    let twice = ["--env-file", "-", "--env-file", "-"];
    assert_says(&run(&twice), 2, &["standard input can be read once"]);
    let with = |name, value| tasks("pre-up", &[("one", "true")]).with(name, value).call(&["run", "pre-up"]);
    assert_says(
        &with("DRAFT_TASKS_KEEP", "-1"),
        0,
        &["`-1` in DRAFT_TASKS_KEEP is not a whole number from 0 on"],
    );
    let called = with("DRAFT_TASKS_LOG", "loud");
    assert_says(&called, 0, &["warning: DRAFT_TASKS_LOG: there is no level `loud`"]);
    let nowhere = tasks("pre-up", &[("one", "true")]).with("DRAFT_TASKS_STATE_DIR", "").with("HOME", "");
    let called = nowhere.with("XDG_STATE_HOME", "").call(&["run", "pre-up"]);
    assert_says(&called, 0, &["no record is kept of this run, and it is not known whether"]);
    assert_eq!(called.stderr.matches("warning: ").count(), 1, "{called:?}");
}

#[test]
fn a_log_tells_what_was_read_and_started_and_no_values() {
    let tool = tasks("pre-up", &[("one", "sh -c 'exit 3'")]);
    let log = tool.path("log").display().to_string();
    assert_eq!(tool.call(&["--log", &log, "run", "pre-up", "--env", "A=no-word-of-it"]).code, Some(1));
    let log = tool.read("log");
    let parts = [".draft-tasks.toml", "a program was started program=\"sh\"", "outcome=\"failed\""];
    assert!(parts.iter().all(|part| log.contains(part)) && !log.contains("no-word-of-it"), "{log}");
}
