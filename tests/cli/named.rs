//! Which tasks the words of `draft-tasks run` name, and what is said of those that name none.

use crate::run::{assert_in_order, assert_unusable};
use crate::terminal::{read_until, terminal};
use crate::tool::Tool;

const FILE: &str = "[pre-up]\n\"build web\" = \"echo web\"\n\"build db\" = \"echo db\"\n\"b*\" = \"echo star\"\nsync = \"echo sync\"\n\
    [cleanup]\ndrop = \"echo drop\"\n";

/// The tasks that run, by what they write.
#[track_caller]
fn written(arguments: &[&str]) -> Vec<String> {
    let called = Tool::new(FILE).call(&[&["run", "pre-up"], arguments].concat());
    assert_eq!((called.code, called.stderr.as_str()), (Some(0), ""), "{arguments:?}: {called:?}");
    let lines = called.stdout.lines().filter_map(|line| line.split_once(" │ "));
    lines.map(|(_, written)| written.to_owned()).collect()
}

#[test]
fn tasks_are_named_behind_their_phase() {
    for (arguments, expected) in [
        (&["sync", "build db"][..], &["db", "sync"][..]),
        (&["b*"], &["star"]),
        (&["bu*"], &["web", "db"]),
        (&["{sync,build web}"], &["web", "sync"]),
        (&["--skip", "b*", "--skip", "sync"], &["web", "db"]),
        (&["--from", "b*"], &["star", "sync"]),
        (&["--from", "build db", "--skip", "sync"], &["db", "star"]),
        (&["bu*", "--skip", "*db"], &["web"]),
    ] {
        assert_eq!(written(arguments), expected, "{arguments:?}");
    }
}

#[test]
fn a_sign_of_a_pattern_stands_for_a_character() {
    let tool =
        Tool::new("[pre-up]\n\"mün\" = \"echo ü\"\nman = \"echo a\"\n\"two\\nlines\" = \"echo two\"\n");
    for (pattern, tasks) in [
        ("m?n", &["✓ mün", "✓ man", "2 passed"][..]),
        ("m[ü]n", &["✓ mün", "1 passed"]),
        ("m[!a]n", &["✓ mün", "1 passed"]),
        ("t*s", &["1 passed"]),
    ] {
        assert_in_order(&tool.call(&["run", "pre-up", pattern]), tasks);
    }
}

#[test]
fn what_names_no_task_runs_nothing() {
    let tool = Tool::new(FILE);
    for (arguments, said) in [
        (&["pre-up", "synk"][..], "`pre-up` has no task `synk`; did you mean `sync`?"),
        (&["pre-up", "web"], "did you mean `build web`?"),
        (&["pre-up", "syn"], "did you mean `sync`?"),
        (&["pre-up", "x*"], "`pre-up` has no task `x*`; it has `build web`, `build db`, `b*`, `sync`"),
        (&["pre-up", "drop"], "`pre-up` has no task `drop`; it is a task of `cleanup`"),
        (&["pre-up", "sync", "--skip", "none"], "`pre-up` has no task `none`"),
        (&["pre-up", "--skip", "*"], "nothing runs: --skip leaves no task of `pre-up`"),
        (&["pre-up", "--from", "bu*"], "--from bu*: several tasks of `pre-up` are called so"),
        (&["pre-up", "--from", "sync", "drop"], "cannot be used with"),
        (&["drop"], "there is no phase `drop`; it is a task of `cleanup`"),
        (&["cleanp"], "did you mean `cleanup`?"),
    ] {
        assert_unusable(&tool, &[&["run"], arguments].concat(), &[said]);
    }
}

#[test]
fn the_beginning_of_a_name_is_enough_on_a_terminal_alone() {
    let tool = Tool::new(FILE);
    let (_ours, theirs) = terminal();
    let called = tool.start_asking(&["run", "pre-up", "syn", "build w"], theirs);
    let mut called = called;
    called.wait_for("2 tasks");
    called.wait_for("web");
    called.wait_for("sync");
    assert_eq!(called.end_unread(), Some(0));
    let (mut ours, theirs) = terminal();
    let mut called = tool.start_asking(&["run", "pre-up", "build"], theirs);
    let mut text = String::new();
    read_until(&mut ours, &mut text, Some("has no task `build`"));
    assert_eq!(called.end_unread(), Some(2));
}

#[test]
fn what_need_not_be_there_is_no_failure_and_is_said() {
    let there = Tool::new(FILE);
    for (tool, arguments, said) in [
        (&Tool::empty(), &["pre-up"][..], "nothing runs: no tasks file\n"),
        (&Tool::empty(), &["pre-up", "--file", "."], "nothing runs: no tasks file\n"),
        (&Tool::empty(), &["pre-up", "--file", ".draft-tasks.toml"], "nothing runs: no tasks file\n"),
        (&there, &["post-up"], "nothing runs: no tasks in `post-up`\n"),
        (&there, &["pre-up", "none"], "nothing runs: no task `none` in `pre-up`\n"),
        (&there, &["post-deploy", "none"], "nothing runs: no tasks in `post-deploy`\n"),
        (&there, &["post-deploy", "--from", "none"], "nothing runs: no tasks in `post-deploy`\n"),
        (&there, &["pre-up", "synk"], "nothing runs: no task `synk` in `pre-up`; did you mean `sync`?\n"),
    ] {
        let called = tool.call(&[&["run", "--if-present"], arguments].concat());
        assert_eq!((called.code, called.stdout.as_str()), (Some(0), ""), "{arguments:?}: {called:?}");
        assert_eq!(called.stderr, said, "{arguments:?}");
    }
    assert_in_order(&there.call(&["run", "--if-present", "pre-up", "sync"]), &["✓ sync"]);
    let called = there.call(&["run", "--if-present", "pre-up", "--skip", "none", "--skip", "b*"]);
    assert_in_order(&called, &["✓ build web", "✓ build db", "✓ sync"]);
    assert_eq!(called.stderr, "--skip none: no task `none` in `pre-up`\n", "{called:?}");
    let called = there.call(&["run", "--if-present", "pre-up", "none", "sync"]);
    assert_in_order(&called, &["✓ sync", "1 passed"]);
    assert_eq!(called.stderr, "no task `none` in `pre-up`\n", "{called:?}");
    assert_unusable(&there, &["run", "--if-present", "pre-up", "--from", "none"], &["has no task `none`"]);
    let from = ["run", "--if-present", "pre-up", "--from", "synk", "--skip", "none"];
    assert_unusable(&there, &from, &["has no task `synk`; did you mean `sync`?"]);
    let misspelt = ["run", "--if-present", "pre-up", "--file", "none/at/all"];
    assert_unusable(&there, &misspelt, &["none/at/all: there is no such file or directory"]);
    // What is there and wrong is not absent.
    assert_unusable(&there, &["run", "--if-present", "preup"], &["did you mean `pre-up`?"]);
    for text in ["[preup]\na = \"ls\"\n", "[pre-up]\na = \"ls\n", "pre-up:\n"] {
        assert_unusable(&Tool::new(text), &["run", "--if-present", "pre-up"], &[".draft-tasks.toml:"]);
    }
}

#[test]
fn what_is_meant_by_a_wrong_word_is_said_as_a_command() {
    let tool = Tool::new(FILE);
    for (arguments, said) in [
        (&["run", "sync"][..], "it is a task of `pre-up`\n  `draft-tasks run pre-up sync` runs it\n"),
        (&["run", "build web"], "\n  `draft-tasks run pre-up 'build web'` runs it\n"),
        (
            &["run", "pre-up", "cleanup"],
            "\n  one phase runs at a time: `draft-tasks run cleanup` runs that one\n",
        ),
        (&["run", "pre"], "did you mean `pre-up`?"),
        (
            &["run", "pre-up", "--except", "sync"],
            "unexpected argument `--except`\n  `--skip TASK` leaves a task out\n",
        ),
        (&["--list"], "\n  `draft-tasks list` lists phases and tasks\n"),
        (&["version"], "\n  `draft-tasks --version` shows the version\n"),
    ] {
        assert_unusable(&tool, arguments, &[said]);
    }
    let called = tool.call(&["export", "--no-colour"]);
    assert!(called.code == Some(2) && !called.stderr.contains("as a value"), "{called:?}");
    assert!(called.stderr.starts_with("error: unexpected argument '--no-colour' found\n\n"), "{called:?}");
}
