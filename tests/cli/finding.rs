//! Which tasks file a command is about: in the folders above, by `-C` and by `--file`.

use std::io::Write;
use std::os::unix::fs::chown;

use crate::lifecycle::alone;
use crate::terminal::{read_until, terminal};
use crate::tool::{Called, Tool};

const TASKS: &str = "[pre-up]\na = \"echo ran a\"\n[cleanup]\nc = \"touch cleaned\"\n";

/// A repository with a tasks file in its root and folders below it.
fn repository() -> Tool {
    let tool = alone(TASKS);
    tool.write(".git/HEAD", b"ref: refs/heads/main\n");
    tool.write("a/b/file", b"");
    tool
}

fn below(tool: &Tool, arguments: &[&str]) -> Called {
    tool.call_after("cd a/b", arguments)
}

fn assert_refused(called: &Called, parts: &[&str]) {
    assert!(called.code == Some(2) && called.stdout.is_empty(), "{called:?}");
    parts.iter().for_each(|part| assert!(called.stderr.contains(part), "{part}: {called:?}"));
}

#[test]
fn a_tasks_file_of_a_folder_above_is_used_and_named() {
    let tool = repository();
    let commands: [&[&str]; 7] = [
        &["run", "pre-up"],
        &["explain"],
        &["fmt"],
        &["rerun"],
        &["runs", "show", "last"],
        &["run", "pre-up", "--dry-run"],
        &["doctor"],
    ];
    for arguments in commands {
        let called = below(&tool, arguments);
        let code = if arguments == ["doctor"] { 1 } else { 0 };
        assert_eq!(called.code, Some(code), "{arguments:?}: {called:?}");
        assert_eq!(called.stderr.matches("using ../../.draft-tasks.toml\n").count(), 1, "{called:?}");
    }
    let recorded = tool.path(".draft-tasks.toml").canonicalize().unwrap();
    let listed = below(&tool, &["runs", "--format", "json"]).stdout;
    assert!(listed.contains(&format!("\"{}\"", recorded.display())), "{listed}");
    assert!(!below(&tool, &["runs", "show", "2"]).stderr.contains("using"), "nobody asked for the last one");
    tool.write("a/.draft-tasks.toml", b"[pre-up]\nnear = \"echo ran near\"\n");
    let called = below(&tool, &["run", "pre-up"]);
    assert!(called.stdout.contains("ran near") && called.stderr.contains("using ../.draft-tasks.toml\n"));
    tool.write("a/b/.draft-tasks.toml", b"[pre-up]\nhere = \"echo ran here\"\n");
    let called = below(&tool, &["run", "pre-up"]);
    assert!(called.stdout.contains("ran here") && !called.stderr.contains("using"), "{called:?}");
}

#[test]
fn it_is_looked_for_up_to_the_root_of_the_repository_and_nowhere_else() {
    let tool = alone(TASKS);
    tool.write("a/b/file", b"");
    let outside = below(&tool, &["run", "pre-up"]);
    let advice = "`draft-tasks create` makes one here; to use another one, name it by --file PATH or its directory by -C DIR";
    assert_refused(
        &outside,
        &["a/b: there is no .draft-tasks.toml in this directory, which is in no Git repository", advice],
    );
    assert!(outside.stderr.contains("\n  a folder above that has one: /"), "{outside:?}");
    // That of a worktree or a submodule is a file.
    tool.write("a/.git", b"gitdir: elsewhere\n");
    let beyond = below(&tool, &["run", "pre-up"]);
    assert_refused(&beyond, &["or above it up to the root of its Git repository, ", "/a\n", advice]);
    let at_root = tool.call_after("cd a", &["run", "pre-up"]);
    assert_refused(&at_root, &["in this directory, the root of its Git repository\n"]);
    assert!(!at_root.stderr.contains("folders below"), "there is none: {at_root:?}");
    let (names, list) = (
        ["api", "b/web", "c", "d", "e", "f"],
        "folders below that have one: api, b/web, c, d, e, and 1 more\n",
    );
    names.iter().for_each(|name| tool.write(&format!("a/{name}/.draft-tasks.toml"), TASKS.as_bytes()));
    for arguments in [&["run", "pre-up"][..], &["list"], &[]] {
        assert_refused(
            &tool.call_after("cd a", arguments),
            &["the root of its Git repository\n", advice, list],
        );
    }
    assert_eq!(tool.call_after("cd a", &["create", "--skeleton"]).code, Some(0));
    assert!(tool.path("a/.draft-tasks.toml").exists(), "nothing above keeps it from being created");
}

#[test]
fn nothing_of_another_user_is_used_from_a_folder_below() {
    let tool = repository();
    if chown(tool.path("a"), Some(12345), None).is_err() {
        // Only root can give something away.
        return;
    }
    assert_eq!(below(&tool, &["run", "pre-up"]).code, Some(2));
    let give = |name: &str, user: u32| chown(tool.path(name), Some(user), None).expect("root may");
    let own = rustix::process::geteuid().as_raw();
    give("a", own);
    assert_eq!(below(&tool, &["run", "pre-up"]).code, Some(0));
    for (name, said) in [
        (".draft-tasks.toml", "../../.draft-tasks.toml: belongs to another user"),
        (".git", "/.git belongs to another user"),
        ("", " belongs to another user"),
    ] {
        give(name, 12345);
        assert_refused(&below(&tool, &["run", "pre-up"]), &[said]);
        let named = below(&tool, &["run", "pre-up", "--file", "../.."]);
        assert_eq!(named.code, Some(0), "who names it wants it: {named:?}");
        give(name, own);
    }
}

#[test]
fn what_deploys_or_destroys_wants_its_file_named() {
    let commands: [(&str, &[&str], &str); 3] = [
        ("cleanup", &["run", "cleanup"], "cleaned"),
        ("up", &["up"], "a/b/done"),
        ("delete", &["delete"], "cleaned"),
    ];
    for (what, arguments, left) in commands {
        let tool = repository();
        let with = |more: &[&'static str]| {
            let command: &[&str] = if arguments.len() == 1 { &["--", "touch", "a/b/done"] } else { &[] };
            below(&tool, &[arguments, more, command].concat())
        };
        let asked = format!("whether to run {what} with ../../.draft-tasks.toml, from a folder above");
        assert_refused(
            &with(&[]),
            &[&asked, "name it by --file PATH or its directory by -C DIR, or give --yes"],
        );
        assert!(!tool.path(left).exists());
        assert_eq!(with(&["--dry-run"]).code, Some(0));
        for more in [&["--yes"][..], &["--file", "../.."], &["-C", "../.."]] {
            let called = with(more);
            assert!(called.code == Some(0) && tool.path(left).exists(), "{what} {more:?}: {called:?}");
            std::fs::remove_file(tool.path(left)).expect("it is there");
        }
        // What ran once is no yes.
        if what == "cleanup" {
            assert_refused(&below(&tool, &["rerun"]), &[&asked]);
        }
    }
}

#[test]
fn who_can_answer_is_asked_about_a_file_from_above() {
    for (answer, code) in [("y\n", 0), ("\n", 2)] {
        let tool = repository();
        let (mut ours, theirs) = terminal();
        let script = "cd a/b; draft_tasks run cleanup; exit $?";
        let mut shell = tool.start_shell(script, theirs);
        let mut text = String::new();
        let question = "run cleanup with ../../.draft-tasks.toml, from a folder above? [y/N] ";
        read_until(&mut ours, &mut text, Some(question));
        ours.write_all(answer.as_bytes()).expect("the terminal is open");
        assert_eq!(shell.end_unread(), Some(code), "{text}");
        assert_eq!(tool.path("cleaned").exists(), code == 0);
    }
}

#[test]
fn a_directory_is_entered_before_anything_is_looked_at() {
    let tool = repository();
    tool.write("other/.draft-tasks.toml", b"[pre-up]\no = \"cat $FILE\"\n");
    tool.write("other/env", b"FILE=of-other\n");
    tool.write("other/of-other", b"read there\n");
    for arguments in [
        &["-C", "other", "run", "pre-up", "--env-file", "env"][..],
        &["run", "pre-up", "-C", "a", "-C", "../other", "--env-file", "env"],
        &["run", "pre-up", "--file", "other", "--env-file", "other/env"],
        &["-C", "a", "run", "pre-up", "--file", "../other/.draft-tasks.toml", "--env-file", "../other/env"],
    ] {
        let called = tool.call(arguments);
        assert!(called.code == Some(0) && called.stdout.contains("read there"), "{arguments:?}: {called:?}");
    }
    for arguments in [&["check"][..], &["fmt"], &["explain"], &["runs", "show", "last"], &["doctor"]] {
        let by_directory = tool.call(&[&["-C", "other"], arguments].concat());
        let by_file = tool.call(&[arguments, &["--file", "other"]].concat());
        assert_eq!(by_directory.code, by_file.code, "{arguments:?}: {by_directory:?} {by_file:?}");
        assert!(!by_directory.stderr.contains("using"), "{by_directory:?}");
    }
    assert_refused(&tool.call(&["-C", "none", "check"]), &["error: -C none: there is no such directory\n"]);
    assert_refused(&tool.call(&["runs", "show", "last", "--file", "none"]), &["no run is kept"]);
    assert_refused(
        &tool.call(&["runs", "show", "last", "--file", "none"]),
        &["none: there is no such file now"],
    );
    let gone = tool.call_after("mkdir gone; cd gone; rmdir ../gone", &["list"]);
    assert_refused(&gone, &["this directory was removed: change to one that is there"]);
    assert_refused(&tool.call(&["check", "--file", "none"]), &["none: there is no such file"]);
}
