//! `check` and `fmt` of many files: those below folders, patterns, standard input, and what cannot be read among them.

use std::os::unix::fs::{PermissionsExt, symlink};

use crate::lifecycle::alone;
use crate::tool::{Called, Tool};

const RIGHT: &[u8] = b"[pre-up]\na = \"true\"\n";
const WRONG: &[u8] = b"[Pre-Up]\na = \"true\"\n[pre-upp]\n";

/// Three applications, one of them with findings, and what is not checked.
fn monorepo() -> Tool {
    let tool = alone("");
    std::fs::remove_file(tool.path(".draft-tasks.toml")).expect("it is there");
    tool.write("apps/web/.draft-tasks.toml", RIGHT);
    tool.write("apps/api/.draft-tasks.toml", WRONG);
    tool.write("pack/tasks.toml", RIGHT);
    tool.write("pack/charts/Chart.yaml", b"");
    tool.write("other/tasks.toml", WRONG);
    tool.write("built/.draft-tasks.toml", WRONG);
    tool.write(".gitignore", b"/built\n");
    tool
}

fn last_line(called: &Called) -> &str {
    called.stdout.lines().last().unwrap_or_default()
}

#[test]
fn all_below_a_folder_are_checked_and_without_a_path_those_below_or_else_the_nearest_above() {
    let tool = monorepo();
    for arguments in [&["check"][..], &["check", "."], &["-C", "apps", "check", "..", "../apps/web"]] {
        let called = tool.call(arguments);
        assert_eq!((called.code, called.stderr.as_str()), (Some(1), ""), "{called:?}");
        assert_eq!(last_line(&called), "1 warning, 1 hint; 3 files, 1 with findings", "{called:?}");
    }
    assert!(tool.call(&["check"]).stdout.contains("\u{2500} apps/api/.draft-tasks.toml:1:2\n"));
    assert_eq!(last_line(&tool.call(&["check", "built"])), "1 warning, 1 hint in 1 file", "named is named");
    tool.write(".git/HEAD", b"");
    tool.write("apps/web/deep/file", b"");
    let called = tool.call(&["-C", "apps/web/deep", "check"]);
    assert_eq!(
        (called.code, called.stderr.as_str()),
        (Some(0), "using ../.draft-tasks.toml\n"),
        "{called:?}"
    );
    let called = tool.call(&["check", "other"]);
    assert_eq!(called.code, Some(2));
    assert_eq!(called.stderr, "error: other: there is no .draft-tasks.toml in or below this directory\n");
}

#[test]
fn without_a_path_nothing_is_changed_but_the_file_of_the_folder() {
    let tool = monorepo();
    tool.write(".git/HEAD", b"");
    tool.write(".draft-tasks.toml", WRONG);
    for arguments in [&["-C", "apps", "check", "--fix"][..], &["-C", "apps", "fmt"]] {
        let called = tool.call(arguments);
        assert_eq!(called.code, Some(2), "{called:?}");
        assert!(called.stderr.contains("apps: has no tasks file, and those below change only"), "{called:?}");
    }
    assert_eq!(tool.read(".draft-tasks.toml").as_bytes(), WRONG);
    // What only shows what would change takes the same files as who looks.
    for arguments in
        [&["check", "--diff"][..], &["check", "--fix", "--diff"], &["fmt", "--check"], &["fmt", "--diff"]]
    {
        let called = tool.call(&[&["-C", "apps"], arguments].concat());
        assert!(called.code != Some(2) && !called.stderr.contains("change only"), "{called:?}");
    }
    assert!(tool.call(&["-C", "apps", "check", "--diff"]).stdout.contains("+++ b/api/.draft-tasks.toml"));
    assert_eq!(tool.call(&["-C", "apps", "check", "--fix", "."]).code, Some(1));
    assert_ne!(tool.read("apps/api/.draft-tasks.toml").as_bytes(), WRONG);
    assert_eq!(tool.read(".draft-tasks.toml").as_bytes(), WRONG);
}

#[test]
fn patterns_name_files_and_folders_and_one_that_matches_nothing_is_an_error() {
    let tool = monorepo();
    for (pattern, said) in [
        ("apps/*", "1 warning, 1 hint; 2 files, 1 with findings"),
        ("./apps/w?b/", "nothing to report in 1 file"),
        ("**/.draft-tasks.toml", "1 warning, 1 hint; 2 files, 1 with findings"),
        ("apps/{web,none}/*", "nothing to report in 1 file"),
    ] {
        assert_eq!(last_line(&tool.call(&["check", pattern])), said, "{pattern}");
    }
    for (pattern, said) in [("apps/x*", "matches no tasks file"), ("apps/[", "is not a pattern: ")] {
        for command in ["check", "fmt"] {
            let called = tool.call(&[command, pattern, "apps/web"]);
            assert_eq!(called.code, Some(2), "{called:?}");
            assert!(called.stderr.starts_with(&format!("error: {pattern}: {said}")), "{called:?}");
        }
    }
    tool.write("[x]/.draft-tasks.toml", RIGHT);
    assert_eq!(tool.call(&["check", "[x]"]).code, Some(0), "what is there is no pattern");
}

#[test]
fn what_cannot_be_read_is_told_and_passed_over() {
    let tool = monorepo();
    tool.write("bad/utf8/.draft-tasks.toml", b"\xff");
    symlink(".draft-tasks.toml", tool.path("bad/.draft-tasks.toml")).expect("a link");
    symlink("../..", tool.path("bad/utf8/circle")).expect("a link");
    let closed = tool.path("apps/closed");
    std::fs::create_dir(&closed).expect("a folder");
    std::fs::set_permissions(&closed, std::fs::Permissions::from_mode(0o000)).expect("it is ours");
    let called = tool.call_as_user(&["check"]);
    std::fs::set_permissions(&closed, std::fs::Permissions::from_mode(0o755)).expect("it is ours");
    let Some(called) = called else { return };
    assert_eq!(called.code, Some(2), "{called:?}");
    let said = [
        "error: bad/.draft-tasks.toml: Too many levels of symbolic links",
        "error: bad/utf8/.draft-tasks.toml: is not UTF-8",
        "error: apps/closed: may not be read (permission denied)\n",
    ];
    said.iter().for_each(|said| assert!(called.stderr.contains(said), "{said}: {called:?}"));
    let summary = "1 warning, 1 hint; 3 files, 1 with findings, 3 not read";
    assert_eq!(last_line(&called), summary, "{called:?}");
}

#[test]
fn only_below_folders_that_are_named_anything_is_changed_and_nothing_behind_links() {
    let tool = monorepo();
    let unformatted = b"[pre-up]\na=\"true\"\n";
    tool.write("apps/web/.draft-tasks.toml", unformatted);
    tool.write("elsewhere/file", unformatted);
    std::fs::create_dir(tool.path("apps/link")).expect("a folder");
    symlink("../../elsewhere/file", tool.path("apps/link/.draft-tasks.toml")).expect("a link");
    for command in [&["fmt"][..], &["check", "--fix"]] {
        let called = tool.call(command);
        assert!(
            called.code == Some(2) && called.stderr.contains("has no tasks file, and those below change"),
            "{called:?}"
        );
    }
    tool.write("apps/api/.draft-tasks.toml", b"[Pre-Up]\na = \"true\"\n");
    let called = tool.call(&["fmt", "apps"]);
    assert_eq!((called.code, called.stdout.as_str()), (Some(1), "formatted apps/web/.draft-tasks.toml\n"));
    assert!(
        called.stderr.starts_with("apps/link/.draft-tasks.toml is a link, and not changed"),
        "{called:?}"
    );
    assert_eq!(tool.read("elsewhere/file").as_bytes(), unformatted);
    tool.write("elsewhere/file", b"[Pre-Up]\na=\"true\"\n");
    let called = tool.call(&["check", "--fix", "apps"]);
    assert!(called.stdout.contains("apps/api/.draft-tasks.toml: fixed phase-case"), "{called:?}");
    let said = |arguments: &[&str]| tool.call(arguments).stderr.contains("is a link");
    assert!(said(&["check", "--fix", "apps/*"]), "it matches");
    assert!(!said(&["check", "--fix", "apps/a*"]), "it does not");
    assert!(!said(&["check", "apps/*"]) && !said(&["check", "apps/a*"]), "nothing is changed");
    assert_eq!(tool.call(&["fmt", "apps/link"]).code, Some(0));
    assert_eq!(tool.read("elsewhere/file"), "[Pre-Up]\na = \"true\"\n", "it was named");
}

#[test]
fn what_is_behind_a_link_keeps_its_findings_and_its_exit_code() {
    let tool = Tool::empty();
    tool.write("elsewhere/file", b"[Pre-Up]\na=\"true\"\n[pre-upp]\n");
    for folder in ["link", "app"] {
        std::fs::create_dir(tool.path(folder)).expect("a folder");
    }
    symlink("../elsewhere/file", tool.path("link/.draft-tasks.toml")).expect("a link");
    for arguments in [&["check"][..], &["check", "."], &["check", "--fix", "."]] {
        let called = tool.call(arguments);
        assert_eq!(called.code, Some(1), "{called:?}");
        assert!(called.stdout.contains("1 warning, 1 hint in 1 file"), "{called:?}");
    }
    let called = tool.call(&["check", "--fix", "."]);
    assert!(called.stdout.contains("1 finding that --fix fixes is left"), "{called:?}");
    assert!(called.stderr.contains("is a link, and not changed"), "{called:?}");
    let called = tool.call(&["check", "--fix", "--diff"]);
    assert_eq!((called.code, called.stdout.as_str()), (Some(0), ""), "{called:?}");
    assert!(
        called.stderr.ends_with("change nothing; 2 findings are left, which `draft-tasks check` shows\n")
    );
    assert_eq!(tool.call(&["fmt", "--check"]).stdout, "link/.draft-tasks.toml is not formatted\n");
    for arguments in [&["fmt", "--check"][..], &["fmt", "--check", "link"], &["fmt", "--diff"], &["fmt", "."]]
    {
        assert_eq!(tool.call(arguments).code, Some(1), "{arguments:?}");
    }
    // The file itself is changed, whichever way it was met first.
    symlink("../own/.draft-tasks.toml", tool.path("app/.draft-tasks.toml")).expect("a link");
    tool.write("own/.draft-tasks.toml", b"[Pre-Up]\na=\"true\"\n");
    let called = tool.call(&["check", "--fix", "app/..", "."]);
    assert!(called.stdout.contains("own/.draft-tasks.toml: fixed phase-case"), "{called:?}");
    for (target, said) in [("nowhere", "is a link to nothing"), (".draft-tasks.toml", "Too many levels")] {
        std::fs::remove_file(tool.path("link/.draft-tasks.toml")).expect("it is there");
        symlink(target, tool.path("link/.draft-tasks.toml")).expect("a link");
        for arguments in [&["check", "."][..], &["check", "--fix", "."], &["check", "--diff"], &["fmt", "."]]
        {
            let called = tool.call(arguments);
            assert!(called.code == Some(2) && called.stderr.contains(said), "{arguments:?}: {called:?}");
        }
    }
}

#[test]
fn who_sees_what_would_change_is_told_what_has_to_be_named_for_it() {
    let tool = monorepo();
    tool.write("apps/web/.draft-tasks.toml", b"[pre-up]\na=\"true\"\n");
    for (arguments, command) in [
        (&["check", "--diff"][..], "check --fix"),
        (&["check", "--fix", "--diff"], "check --fix"),
        (&["fmt", "--check"], "fmt"),
        (&["fmt", "--diff"], "fmt"),
    ] {
        let said = format!("without a path `draft-tasks {command}` changes nothing below this folder");
        let called = tool.call(arguments);
        assert!(called.code == Some(1) && called.stderr.contains(&said), "{called:?}");
        let called = tool.call(&[arguments, &["."]].concat());
        assert!(called.code == Some(1) && !called.stderr.contains("without a path"), "{called:?}");
    }
}

#[test]
fn standard_input_is_read_under_a_name() {
    let tool = monorepo();
    tool.write("apps/.draft-tasks.config.toml", b"[rules]\nunknown-phase = \"off\"\n");
    let called = tool.call_with_input(&["check", "-"], WRONG);
    assert!(called.code == Some(1) && called.stdout.contains(" .draft-tasks.toml:3:2\n"), "{called:?}");
    let name = ["--stdin-filename", "apps/.draft-tasks.toml"];
    let called = tool.call_with_input(&[&["check", "-"], &name[..]].concat(), WRONG);
    assert!(called.code == Some(0) && called.stdout.contains(" apps/.draft-tasks.toml:1:2\n"), "{called:?}");
    let called = tool.call_with_input(&[&["fmt", "-"], &name[..]].concat(), b"[pre-up]\na=\"true\"\n");
    assert_eq!((called.code, called.stdout.as_str()), (Some(0), "[pre-up]\na = \"true\"\n"));
    let called = tool.call_with_input(&["fmt", "-"], RIGHT);
    assert_eq!(called.stdout.as_bytes(), RIGHT, "also what is formatted is written");
    let called = tool.call_with_input(&["fmt", "-", "--check"], b"[pre-up]\na=\"true\"\n");
    assert_eq!((called.code, called.stdout.as_str()), (Some(1), ".draft-tasks.toml is not formatted\n"));
    let called = tool.call_with_input(&["check", "-"], b"\xff");
    assert_eq!(
        (called.code, called.stderr.as_str()),
        (Some(2), "error: -: is not UTF-8: byte 0xff at line 1, column 1\n")
    );
    let called = tool.call_with_input(&["check", "--fix", "-"], WRONG);
    assert!(called.code == Some(2) && called.stderr.contains("standard input cannot be fixed"), "{called:?}");
    let called = tool.call(&[&["check"], &name[..]].concat());
    assert!(called.code == Some(2) && called.stderr.contains("`-` is not given"), "{called:?}");
    let called = tool.call(&["check", "--rule", "unknown-phase=off", "-"]);
    assert_eq!(
        (called.code, last_line(&called)),
        (Some(0), "nothing to report in 1 file; it has no task to run"),
        "nothing is no file"
    );
}

#[test]
fn a_file_of_another_name_is_checked_only_if_it_has_tasks() {
    let tool = monorepo();
    tool.write("Makefile", b"all:\n\techo\n");
    tool.write("Cargo.toml", b"[package]\nname = \"x\"\n");
    tool.write("copy.toml", WRONG);
    for name in ["Makefile", "Cargo.toml"] {
        for command in ["check", "fmt"] {
            let called = tool.call(&[command, name]);
            let said = format!(
                "error: {name}: not a tasks file: it has no phase, and is not named .draft-tasks.toml\n"
            );
            assert_eq!((called.code, called.stderr), (Some(2), said));
        }
    }
    assert_eq!(last_line(&tool.call(&["check", "copy.toml"])), "1 warning, 1 hint in 1 file");
}

#[test]
fn what_only_has_the_name_of_a_tasks_file_is_named_for_what_it_is() {
    let tool = Tool::empty();
    tool.write("all/right/.draft-tasks.toml", RIGHT);
    tool.write("all/folder/.draft-tasks.toml/file", b"");
    let pipe = tool.path("all/pipe/.draft-tasks.toml");
    std::fs::create_dir(tool.path("all/pipe")).expect("a directory");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().expect("mkfifo").success());
    for command in [&["fmt"][..], &["fmt", "--check"], &["check", "--fix"], &["check", "--diff"], &["check"]]
    {
        let called = tool.call(&[command, &["all"]].concat());
        assert_eq!(called.code, Some(2), "{called:?}");
        for said in [
            "error: all/folder/.draft-tasks.toml: is a directory\n",
            "error: all/pipe/.draft-tasks.toml: it is not a regular file but a pipe\n",
        ] {
            assert!(
                called.stderr.contains(said) && !called.stderr.contains("a link"),
                "{command:?}: {called:?}"
            );
        }
    }
    let called = tool.call(&["fmt", "all/folder/.draft-tasks.toml"]);
    assert_eq!((called.code, called.stdout.as_str()), (Some(2), ""), "{called:?}");
    assert_eq!(called.stderr, "error: all/folder/.draft-tasks.toml: is a directory\n");
}

#[test]
fn standard_input_is_checked_once_and_never_fixed() {
    let tool = Tool::empty();
    let called = tool.call_with_input(&["check", "-", "-"], RIGHT);
    assert_eq!(
        (called.code, called.stdout.as_str()),
        (Some(0), "nothing to report in 1 file\n"),
        "{called:?}"
    );
    let called = tool.call_with_input(&["check", "--fix", "-"], WRONG);
    assert_eq!((called.code, called.stdout.as_str()), (Some(2), ""), "{called:?}");
    let said =
        "error: standard input cannot be fixed, as --fix writes files: name a file, or give --diff too\n";
    assert_eq!(called.stderr, said);
    let called = tool.call_with_input(&["check", "--fix", "--diff", "-"], WRONG);
    assert!(called.code == Some(1) && called.stdout.contains("\n+[pre-up]\n"), "{called:?}");
}

#[test]
fn a_sign_of_a_pattern_stands_for_a_character() {
    let tool = Tool::empty();
    tool.write("apps/mün/.draft-tasks.toml", RIGHT);
    for pattern in ["apps/m?n", "apps/m[ä-ü]n", "apps/m[!a]n"] {
        let called = tool.call(&["check", pattern]);
        assert_eq!((called.code, last_line(&called)), (Some(0), "nothing to report in 1 file"), "{called:?}");
    }
    assert_eq!(tool.call(&["check", "apps/m??n"]).code, Some(2));
}
