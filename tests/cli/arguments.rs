//! What can be said on the command line, and what is said about it.

use crate::tool::Tool;

#[test]
fn the_command_of_up_and_delete_is_led_behind_two_dashes() {
    let tool = Tool::new("");
    for part in ["up", "delete"] {
        let said = format!(
            "error: the command that `{part}` runs stands behind `--`: draft-tasks {part} -- helm …\n"
        );
        assert_eq!(tool.call(&[part, "helm", "x"]).stderr, said);
        let said = format!(
            "error: `{part}` needs the command to run, behind `--`: draft-tasks {part} -- COMMAND…\n"
        );
        let called = tool.call(&[part]);
        assert!(called.code == Some(2) && called.stderr.starts_with(&said), "{called:?}");
        assert!(tool.call(&[part, "--nonsense"]).stderr.contains("unexpected argument '--nonsense'"));
    }
}

#[test]
fn nothing_shows_the_help() {
    let called = Tool::empty().call(&[]);
    assert_eq!((called.code, called.stdout.as_str()), (Some(2), ""));
    assert!(called.stderr.contains("Usage: draft-tasks") && called.stderr.contains("check"), "{called:?}");
}

#[test]
fn the_help_names_commands_and_exit_codes() {
    let tool = Tool::empty();
    for argument in ["--help", "-h", "help"] {
        let called = tool.call(&[argument]);
        assert_eq!(called.code, Some(0), "{called:?}");
        for part in ["check", "list", "run", "fmt", "explain", "create", "lsp", "Examples:"] {
            assert!(called.stdout.contains(part), "{part} is not in {}", called.stdout);
        }
        assert_eq!(called.stdout.contains("Exit codes:\n  0"), argument != "-h", "{}", called.stdout);
        assert!(!called.stdout.contains("--stdio"));
    }
    for command in ["check", "list", "run", "fmt", "explain", "create", "lsp"] {
        let called = tool.call(&[command, "--help"]);
        assert!(called.code == Some(0) && called.stdout.contains("Usage: "), "{called:?}");
    }
}

#[test]
fn the_version_is_that_of_the_package() {
    let called = Tool::empty().call(&["--version"]);
    assert_eq!(called.stdout, format!("draft-tasks {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn what_is_wrong_is_named() {
    let tool = Tool::empty();
    for (arguments, named) in [
        (&["chek"][..], "check"),
        (&["check", "--formt", "json"], "--format"),
        (&["check", "--format", "xml"], "human"),
        (&["check", "--semantics", "bash"], "standard"),
        (&["run"], ".draft-tasks.toml"),
        (&["explain", "pre-up", "--code", "syntax"], "--code"),
        (&["create", "--pack", "go", "--skeleton"], "--skeleton"),
        (&["--stdio", "check"], "--stdio"),
    ] {
        let called = tool.call(arguments);
        assert_eq!(called.code, Some(2), "{arguments:?}: {called:?}");
        assert!(called.stderr.contains(named) && called.stdout.is_empty(), "{arguments:?}: {called:?}");
    }
}

#[test]
fn a_word_of_another_tool_leads_to_the_command_and_does_nothing() {
    let tool = Tool::new("[pre-up]\na = \"touch a\"\n[cleanup]\nb = \"touch b\"\n");
    for (word, command) in [
        ("ls", "draft-tasks list"),
        ("plan", "draft-tasks run PHASE --dry-run"),
        ("test", "draft-tasks run PHASE"),
        ("init", "draft-tasks create"),
        ("log", "draft-tasks runs show last"),
        ("logs", "draft-tasks runs"),
        ("fix", "draft-tasks check --fix"),
        ("lint", "draft-tasks check"),
        ("validate", "draft-tasks check"),
        ("format", "draft-tasks fmt"),
        ("exec", "draft-tasks run PHASE TASK"),
        ("deploy", "draft-tasks up -- COMMAND"),
        ("destroy", "draft-tasks delete -- COMMAND"),
        ("cleanup", "draft-tasks run cleanup"),
    ] {
        for arguments in [&[word][..], &[word, "pre-up", "--fast"], &["-C", ".", word]] {
            let called = tool.call(arguments);
            assert_eq!((called.code, called.stdout.as_str()), (Some(2), ""), "{called:?}");
            let said = format!("error: there is no command `{word}`\n  ");
            assert!(called.stderr.starts_with(&said), "{called:?}");
            assert!(called.stderr.contains(command), "{called:?}");
        }
    }
    assert!(!tool.path("a").exists() && !tool.path("b").exists() && !tool.path(".state").exists());
    for (arguments, meant) in [
        (&["chekc"][..], "did you mean `check`?"),
        (&["runs", "ls"], "draft-tasks runs"),
        (&["run", "pre-up", "--dry-rn"], "'--dry-run'"),
        (&["check", "--rule", "post-pu=off"], "`post-up`"),
        (&["explain", "--code", "unknown-phas"], "`unknown-phase`"),
    ] {
        let called = tool.call(arguments);
        assert!(called.code == Some(2) && called.stderr.contains(meant), "{arguments:?}: {called:?}");
    }
}

#[test]
fn what_is_wrong_does_nothing_to_a_terminal() {
    let tool = Tool::empty();
    for arguments in [
        ["run", "pre-up", "--timeout", "\u{9b}31mx"],
        ["check", "--format", "\u{1b}[31mx", "."],
        ["check", "\u{202e}", "--\u{9b}31m", "."],
        ["\u{9b}31m", "", "", ""],
    ] {
        let called = tool.call(&arguments);
        assert_eq!(called.code, Some(2), "{called:?}");
        assert!(
            called.stderr.contains("Usage: draft-tasks") || called.stderr.contains("--help"),
            "{called:?}"
        );
        let steers = |c: char| c.is_control() && c != '\n' || c == '\u{202e}';
        assert!(!called.stderr.contains(steers), "{called:?}");
    }
}

#[test]
fn what_cannot_be_written_is_no_success() {
    let tool = Tool::new("[pre-up]\na = \"echo 1\"\n");
    let run = tool.call_after("exec >/dev/full", &["run", "pre-up"]);
    assert_eq!(run.code, Some(1), "{run:?}");
    assert!(run.stderr.contains("No space left on device"), "{run:?}");
    for arguments in [
        &["--help"][..],
        &["run", "-h"],
        &["--version"],
        &["check"],
        &["explain"],
        &["list"],
        &["list", "--format", "json"],
        &["doctor"],
        &["runs"],
        &["runs", "show", "last"],
        &["runs", "path", "last"],
        &["run", "pre-up", "--dry-run"],
        &["up", "--dry-run", "--", "true"],
    ] {
        let called = tool.call_after("exec >/dev/full", arguments);
        assert_eq!(called.code, Some(2), "{called:?}");
        let said = "error: standard output cannot be written: No space left on device";
        assert!(called.stderr.contains(said), "{arguments:?} {called:?}");
    }
}

#[test]
fn a_file_that_is_created_is_so_where_that_cannot_be_written() {
    let tool = Tool::empty();
    let called = tool.call_after("exec >/dev/full", &["create", "--skeleton"]);
    assert_eq!(called.code, Some(0), "{called:?}");
    assert!(called.stderr.contains("warning: standard output cannot be written"), "{called:?}");
}

#[test]
fn the_limit_of_the_stack_does_not_matter() {
    let tool = Tool::new("[pre-up]\na = \"true\"\n");
    for arguments in [&["check"][..], &["run", "pre-up"], &["explain"], &["run", "--help"]] {
        let called = tool.call_after("ulimit -s 64", arguments);
        assert_eq!((called.code, called.stderr.as_str()), (Some(0), ""), "{called:?}");
    }
}

#[test]
fn both_spellings_serve_an_editor() {
    let tool = Tool::empty();
    let bodies = [
        r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"capabilities":{}}}"#,
        r#"{"jsonrpc":"2.0","id":2,"method":"shutdown"}"#,
        r#"{"jsonrpc":"2.0","method":"exit"}"#,
    ];
    let input: String =
        bodies.iter().map(|body| format!("Content-Length: {}\r\n\r\n{body}", body.len())).collect();
    for arguments in [&["--stdio"][..], &["lsp"], &["lsp", "--stdio"]] {
        let called = tool.call_with_input(arguments, input.as_bytes());
        assert_eq!(called.code, Some(0), "{arguments:?}: {called:?}");
        assert!(
            called.stdout.contains(r#""serverInfo""#) && called.stdout.contains(r#""id":2"#),
            "{called:?}"
        );
    }
}

#[test]
fn a_task_a_path_and_an_option_of_other_tools_lead_to_what_there_is() {
    let tool =
        Tool::new("[pre-up]\nsmoke = \"touch ran\"\nlint = \"true\"\n[cleanup]\nsmoke = \"touch ran\"\n");
    tool.write("apps/web/file", b"");
    for (arguments, said) in [
        (
            &["smoke"][..],
            "error: there is no command `smoke`\n  `draft-tasks run pre-up smoke` or `draft-tasks run cleanup smoke` runs the task of this name\n",
        ),
        // The user's own word goes before that of another tool.
        (&["lint"], "`draft-tasks run pre-up lint` runs the task of this name\n  `draft-tasks check` tells"),
        (&["list", "apps/web"], "unexpected argument `apps/web`\n  `--file apps/web` names the tasks file"),
        (&["run", "pre-up", "-k"], "`--keep-going` goes on"),
        (&["run", "pre-up", "-j4"], "one after another"),
        (&["check", "--select", "tilde"], "`draft-tasks check --rule CODE=LEVEL`"),
        (&["check", "--output-format", "json"], "`--format` says"),
        (&["rule", "tilde"], "`draft-tasks explain --code CODE`"),
        (&["-C", "check", "run", "pre-up", "-k"], "`--keep-going` goes on"),
    ] {
        let called = tool.call(arguments);
        assert_eq!((called.code, called.stdout.as_str()), (Some(2), ""), "{called:?}");
        assert!(called.stderr.contains(said), "{arguments:?}: {called:?}");
    }
    // What leads nowhere there.
    for (arguments, unsaid) in [
        (&["check", "-k"][..], "--keep-going"),
        (&["fmt", "--output-format", "json"], "--format"),
        (&["doctor", "--nocapture"], "--tty"),
        (&["-C", "list", "lsp", "apps/web"], "--file apps/web"),
        (&["-C", "apps", "smoke"], "draft-tasks run"),
        (&["-Capps", "smoke"], "draft-tasks run"),
        (&["-C=apps", "lint"], "draft-tasks run pre-up lint"),
    ] {
        let called = tool.call(arguments);
        assert_eq!((called.code, called.stdout.as_str()), (Some(2), ""), "{called:?}");
        assert!(!called.stderr.contains(unsaid), "{arguments:?}: {called:?}");
    }
    assert!(!tool.path("ran").exists());
}

#[test]
fn a_program_of_another_name_says_the_same() {
    let tool = Tool::new("[pre-up]\na = \"true\"\n");
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_draft-tasks"), tool.path("dt")).expect("a link");
    for arguments in [&["ls"][..], &["up", "helm"], &["run", "--nothing"], &["--help"]] {
        let called = tool.call(arguments);
        let linked = std::process::Command::new(tool.path("dt")).args(arguments).output().expect("it starts");
        assert_eq!(linked.status.code(), called.code);
        assert_eq!(String::from_utf8_lossy(&linked.stderr), called.stderr, "{arguments:?}");
        assert_eq!(String::from_utf8_lossy(&linked.stdout), called.stdout, "{arguments:?}");
    }
}

#[test]
fn a_word_that_is_none_names_all_that_may_be_meant() {
    let called = Tool::empty().call(&["rn"]);
    assert_eq!(called.code, Some(2));
    assert_eq!(called.stderr, "error: there is no command `rn`: did you mean `run` or `runs`?\n");
}

#[test]
fn a_value_that_begins_with_a_dash_is_said_to_be_joined() {
    let tool = Tool::new("[pre-up]\n\"-dash\" = \"false\"\nb = \"true\"\n");
    let called = tool.call(&["run", "pre-up", "--skip", "-dash"]);
    assert_eq!(called.code, Some(2));
    assert!(called.stderr.contains("joined to it: --skip=-dash\n"), "{called:?}");
    assert_eq!(tool.call(&["run", "pre-up", "--skip=-dash"]).code, Some(0));
}
