//! `draft-tasks check`: findings for people and programs, and files that have none because they cannot be read.

use std::os::unix::fs::symlink;
use std::path::Path;

use expect_test::expect;
use serde_json::Value;

use crate::tool::Tool;

const FINDINGS: &str = "[pre-upp]\n\n[cleanup]\n\"é🚀\" = 5\na = \"echo\"\na = \"ls\"\n";

#[test]
fn a_file_without_findings() {
    let tool = Tool::new("[pre-up]\nhello = \"echo hello\"\n");
    for arguments in [&["check"][..], &["check", "."], &["check", ".draft-tasks.toml"]] {
        let called = tool.call(arguments);
        assert_eq!((called.code, called.stderr.as_str()), (Some(0), ""), "{called:?}");
        assert_eq!(called.stdout, "nothing to report in 1 file\n");
    }
}

#[test]
fn findings_for_people() {
    let called = Tool::new(FINDINGS).call(&["check"]);
    assert_eq!((called.code, called.stderr.as_str()), (Some(1), ""), "{called:?}");
    expect![[r#"
        warning[unknown-phase]: the table `pre-upp` is ignored, in Draft too
          ┌─ .draft-tasks.toml:1:2
          │
        1 │ [pre-upp]
          │  ^^^^^^^ did you mean `pre-up`?
          │
          = help: rename to `pre-up`

        error[task-not-string]: the task `é🚀` is an integer, not a command
          ┌─ .draft-tasks.toml:4:8
          │
        4 │ "é🚀" = 5
          │         ^ a task is a string; Draft stops at it, draft-tasks does not run the phase
          │
          = help: put it into quotes: "é🚀" = "5"

        error[duplicate-task]: the task `a` is defined twice in `cleanup`
          ┌─ .draft-tasks.toml:6:1
          │
        5 │ a = "echo"
          │ - `a` is first defined here
        6 │ a = "ls"
          │ ^ give one of them another description; Draft stops at it, draft-tasks does not run the phase
          │
          = help: rename this task to `a-2`

        2 errors, 1 warning in 1 file
    "#]]
    .assert_eq(&called.stdout);
}

#[test]
fn findings_for_programs() {
    let called = Tool::new(FINDINGS).call(&["check", "--format", "json"]);
    assert_eq!((called.code, called.stderr.as_str()), (Some(1), ""), "{called:?}");
    expect![[r#"
        {
          "files": [
            {
              "path": ".draft-tasks.toml",
              "diagnostics": [
                {
                  "code": "unknown-phase",
                  "severity": "warning",
                  "message": "the table `pre-upp` is ignored, in Draft too",
                  "note": "did you mean `pre-up`?",
                  "range": {
                    "start": {
                      "line": 1,
                      "column": 2,
                      "offset": 1
                    },
                    "end": {
                      "line": 1,
                      "column": 9,
                      "offset": 8
                    }
                  },
                  "related": [],
                  "fixes": [
                    {
                      "title": "Rename to `pre-up`",
                      "preferred": false,
                      "edits": [
                        {
                          "range": {
                            "start": {
                              "line": 1,
                              "column": 2,
                              "offset": 1
                            },
                            "end": {
                              "line": 1,
                              "column": 9,
                              "offset": 8
                            }
                          },
                          "text": "pre-up"
                        }
                      ]
                    }
                  ]
                },
                {
                  "code": "task-not-string",
                  "severity": "error",
                  "message": "the task `é🚀` is an integer, not a command",
                  "note": "a task is a string; Draft stops at it, draft-tasks does not run the phase",
                  "range": {
                    "start": {
                      "line": 4,
                      "column": 8,
                      "offset": 32
                    },
                    "end": {
                      "line": 4,
                      "column": 9,
                      "offset": 33
                    }
                  },
                  "related": [],
                  "fixes": [
                    {
                      "title": "Put it into quotes",
                      "preferred": false,
                      "edits": [
                        {
                          "range": {
                            "start": {
                              "line": 4,
                              "column": 8,
                              "offset": 32
                            },
                            "end": {
                              "line": 4,
                              "column": 9,
                              "offset": 33
                            }
                          },
                          "text": "\"5\""
                        }
                      ]
                    }
                  ]
                },
                {
                  "code": "duplicate-task",
                  "severity": "error",
                  "message": "the task `a` is defined twice in `cleanup`",
                  "note": "give one of them another description; Draft stops at it, draft-tasks does not run the phase",
                  "range": {
                    "start": {
                      "line": 6,
                      "column": 1,
                      "offset": 45
                    },
                    "end": {
                      "line": 6,
                      "column": 2,
                      "offset": 46
                    }
                  },
                  "related": [
                    {
                      "message": "`a` is first defined here",
                      "range": {
                        "start": {
                          "line": 5,
                          "column": 1,
                          "offset": 34
                        },
                        "end": {
                          "line": 5,
                          "column": 2,
                          "offset": 35
                        }
                      }
                    }
                  ],
                  "fixes": [
                    {
                      "title": "Rename this task to `a-2`",
                      "preferred": false,
                      "edits": [
                        {
                          "range": {
                            "start": {
                              "line": 6,
                              "column": 1,
                              "offset": 45
                            },
                            "end": {
                              "line": 6,
                              "column": 2,
                              "offset": 46
                            }
                          },
                          "text": "a-2"
                        }
                      ]
                    }
                  ]
                }
              ]
            }
          ]
        }
    "#]]
    .assert_eq(&called.stdout);
}

#[test]
fn remarks_do_not_fail_the_check() {
    let called = Tool::new("[Pre-Up]\nhello = \"echo hello\"\n").call(&["check"]);
    assert_eq!(called.code, Some(0), "{called:?}");
    assert!(
        called.stdout.contains("hint[phase-case]") && called.stdout.contains("1 hint in 1 file"),
        "{called:?}"
    );
}

#[test]
fn colours_are_for_terminals_and_for_who_asks() {
    let tool = Tool::new(FINDINGS);
    assert!(!tool.call(&["check"]).stdout.contains('\u{1b}'));
    assert!(tool.call(&["check", "--color", "always"]).stdout.contains('\u{1b}'));
    assert!(!tool.call(&["check", "--color", "never"]).stdout.contains('\u{1b}'));
}

/// The exit code and what is said of a file that cannot be read.
#[track_caller]
fn assert_unusable(tool: &Tool, arguments: &[&str], said: &str) {
    let called = tool.call(arguments);
    assert_eq!(called.code, Some(2), "{called:?}");
    assert_eq!(called.stderr, said);
    let json = tool.call(&[arguments, &["--format", "json"]].concat());
    assert_eq!(json.code, Some(2));
    let report: Value =
        serde_json::from_str(&json.stdout).expect("JSON on standard output, whatever is wrong");
    let files = report["files"].as_array().expect("files");
    assert!(
        files.iter().any(|file| file["error"].as_str().is_some_and(|error| said.contains(error))),
        "{report}"
    );
}

#[test]
fn a_file_that_is_not_utf_8() {
    let tool = Tool::empty();
    tool.write(".draft-tasks.toml", b"[pre-up]\n\xc3\xa9 = \"\xff\"\n");
    assert_unusable(
        &tool,
        &["check"],
        "error: .draft-tasks.toml: is not UTF-8: byte 0xff at line 2, column 6\n",
    );
}

#[test]
fn a_file_that_is_not_there() {
    let tool = Tool::empty();
    assert_unusable(&tool, &["check", "none.toml"], "error: none.toml: there is no such file\n");
}

#[test]
fn a_directory_without_a_tasks_file() {
    let tool = Tool::empty();
    assert_unusable(
        &tool,
        &["check", "."],
        "error: .: there is no .draft-tasks.toml in or below this directory\n",
    );
    tool.write("tasks.toml", b"[pre-up]\n");
    assert_unusable(
        &tool,
        &["check", "."],
        "error: .: there is no .draft-tasks.toml in or below this directory\n",
    );
}

#[test]
fn a_tasks_file_that_is_a_directory() {
    let tool = Tool::empty();
    tool.write(".draft-tasks.toml/file", b"");
    assert_unusable(&tool, &["check", "."], "error: .draft-tasks.toml: is a directory\n");
}

#[test]
fn a_directory_of_a_pack() {
    let tool = Tool::empty();
    tool.write("pack/tasks.toml", b"[pre-upp]\n");
    tool.write("pack/charts/Chart.yaml", b"");
    let called = tool.call(&["check", "pack"]);
    assert!(called.code == Some(1) && called.stdout.contains("pack/tasks.toml:1:2"), "{called:?}");
}

#[test]
fn one_file_that_fails_does_not_keep_the_others_from_being_checked() {
    let tool = Tool::new("[pre-up]\nhello = \"echo hello\"\n");
    tool.write("other/.draft-tasks.toml", b"[pre-upp]\n");
    let called = tool.call(&["check", "none", "other", "."]);
    assert_eq!(called.code, Some(2), "{called:?}");
    assert_eq!(called.stderr, "error: none: there is no such file\n");
    assert!(called.stdout.contains("other/.draft-tasks.toml:1:2"), "{called:?}");
    assert!(called.stdout.ends_with("1 warning; 2 files, 1 with findings, 1 not read\n"), "{called:?}");
}

#[test]
fn empty_files_byte_order_marks_and_line_ends() {
    for (text, code) in [
        ("", 0),
        ("\n\n", 0),
        ("# only a comment", 0),
        // Draft's reader refuses the mark.
        ("\u{feff}[pre-up]\na = \"b\"\n", 1),
        ("\u{feff}", 1),
        ("[pre-up]\r\na = \"b\"\r\n", 0),
        ("[pre-up]\r\na = 5\r\n", 1),
        ("[pre-up]\ra = \"b\"\r", 1),
    ] {
        let called = Tool::new(text).call(&["check"]);
        assert_eq!((called.code, called.stderr.as_str()), (Some(code), ""), "{text:?}: {called:?}");
    }
    let called = Tool::new("# é\r\n[pre-up]\r\n\"🚀\" = 5\r\n").call(&["check"]);
    assert!(called.stdout.contains(".draft-tasks.toml:3:7"), "{called:?}");
}

#[test]
fn semantics_change_what_is_wrong() {
    let tool = Tool::new("[pre-up]\na = \"echo 'x\"\n");
    let standard = tool.call(&["check"]);
    assert!(standard.code == Some(1) && standard.stdout.contains("error[command-syntax]"), "{standard:?}");
    let draft = tool.call(&["check", "--semantics", "draft"]);
    assert!(!draft.stdout.contains("command-syntax"), "{draft:?}");
}

#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    let text: String = (0..20_000).map(|number| format!("[phase-{number}]\n")).collect();
    let tool = Tool::new(&text);
    for format in ["human", "json"] {
        let mut started = tool.start(&["check", "--format", format]);
        started.wait_for(if format == "json" { "files" } else { "warning" });
        started.close_stdout();
        let called = started.end();
        assert_eq!((called.code, called.stderr.as_str()), (Some(1), ""), "{format}");
    }
}

#[test]
fn what_the_editor_says_is_what_the_command_line_says() {
    let tool = Tool::new(FINDINGS);
    let human = tool.call(&["check"]).stdout;
    let report: Value =
        serde_json::from_str(&tool.call(&["check", "--format", "json"]).stdout).expect("JSON");
    for found in report["files"][0]["diagnostics"].as_array().expect("findings") {
        let message = found["message"].as_str().expect("a message");
        assert!(human.contains(message), "{message} is not in {human}");
    }
}

#[test]
fn a_text_does_not_steer_the_terminal() {
    let tool = Tool::new("[pre-up]\n\"\u{1b}[31mred\" = \"\u{1b}]0;x\u{7} \u{202e}&& \u{9b}\"\n");
    let called = tool.call(&["check"]);
    assert_eq!(called.code, Some(1), "{called:?}");
    let steers = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
    assert!(!called.stdout.contains(steers), "{:?}", called.stdout);
    assert!(called.stdout.contains("\"?[31mred\" = \"?]0;x? \u{fffd}&& \u{bf}\""), "{}", called.stdout);
}

#[test]
fn long_lines_are_not_shown_for_each_finding() {
    let text = format!("[pre-up]\nhello = \"echo {}\"\n", "$NO_SUCH_VARIABLE ".repeat(300));
    let called = Tool::new(&text).call(&["check"]);
    assert_eq!(called.code, Some(0), "{}", called.stderr);
    let findings: Vec<&str> = called.stdout.split("\n\n").collect();
    expect![[r#"
        info[unset-variable]: `$NO_SUCH_VARIABLE` is not set here, so nothing takes its place
         = at .draft-tasks.toml:2:33
         = note: set it; a word that is only this becomes an empty argument, here as in Draft"#]]
    .assert_eq(findings[1]);
    assert_eq!(findings.len(), 301 + 1);
}

#[test]
fn lines_comments_and_dollar_quotes_are_told_before_they_run_as_something_else() {
    let tool = Tool::new(
        "[pre-up]\n\"two lines\" = \"\"\"\nmkdir -p one\nmkdir -p two\n\"\"\"\nb = \"make # all\"\nc = \"printf $'a'\"\n\
        braces = \"rm -rf dist/{x,y}\"\n\
        d = \"sh -c echo hello\"\ne = \"tail -f log\"\n\"\" = \"ls\"\nf = \"ls ~root/a\"\n",
    );
    let called = tool.call(&["check"]);
    assert_eq!(called.code, Some(1), "{called:?}");
    for code in [
        "warning[several-lines]",
        "warning[comment-in-command]",
        "warning[ansi-c-quoting]",
        "warning[brace-expansion]",
        "warning[unquoted-script]",
        "info[endless-command]",
        "warning[empty-task-name]",
        "warning[tilde]",
    ] {
        assert!(called.stdout.contains(code), "{code}: {called:?}");
    }
}

#[test]
fn a_quoted_program_has_the_findings_of_the_program() {
    let codes = |[cd, helm]: [&str; 2]| {
        let tool = Tool::new(&format!("[pre-up]\na = \"{cd} x\"\nb = \"{helm} install --name x y\"\n"));
        let all = tool.call(&["check"]).stdout;
        all.lines().filter_map(|line| Some(line.split_once("]: ")?.0.to_owned())).collect::<Vec<_>>()
    };
    let found = codes(["cd", "helm"]);
    assert!(found.len() >= 2, "{found:?}");
    assert_eq!(codes(["'cd'", "'helm'"]), found);
    assert_eq!(codes(["c\\\"d\\\"", "he'l'm"]), found);
}

#[test]
fn what_no_program_can_be_given_is_an_error() {
    let tool = Tool::new("[pre-up]\na = \"echo \\u0000x\"\n");
    let called = tool.call(&["check"]);
    assert_eq!(called.code, Some(1), "{called:?}");
    let said = "a NUL stands in it, which no program can be given";
    assert!(called.stdout.contains("error[command-syntax]") && called.stdout.contains(said), "{called:?}");
}

#[test]
fn what_is_no_tasks_file_is_told_at_once() {
    let tool = Tool::empty();
    let path = tool.path(".draft-tasks.toml");
    let pipe = tool.path("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().expect("mkfifo").success());
    tool.write("large", &vec![b'#'; (16 << 20) + 1]);
    for (target, problem) in [
        (pipe.as_path(), "it is not a regular file but a pipe"),
        (Path::new("/dev/zero"), "it is not a regular file but a device"),
        (&tool.path("large"), "it is larger than 16 MiB"),
        (&path, "Too many levels of symbolic links"),
    ] {
        symlink(target, &path).expect("a link");
        for arguments in [&["check"][..], &["fmt"], &["explain"], &["run", "pre-up"]] {
            let called = tool.call(arguments);
            assert_eq!(called.code, Some(2), "{arguments:?} {called:?}");
            assert!(called.stderr.contains(problem), "{arguments:?} {called:?}");
        }
        std::fs::remove_file(&path).expect("the link");
    }
}

#[test]
fn a_path_that_would_steer_a_terminal_is_shown_and_does_not() {
    let tool = Tool::empty();
    tool.write("a\u{1b}[31mb/.draft-tasks.toml", FINDINGS.as_bytes());
    for arguments in
        [&["check", "a\u{1b}[31mb"][..], &["check", "--fix", "a\u{1b}[31mb"], &["explain", "a\u{1b}[31mb"]]
    {
        let called = tool.call(arguments);
        assert!(!called.stdout.contains('\u{1b}') && !called.stderr.contains('\u{1b}'), "{called:?}");
    }
    let json = tool.call(&["check", "--format", "json", "a\u{1b}[31mb"]);
    let report: Value = serde_json::from_str(&json.stdout).expect("JSON");
    assert_eq!(report["files"][0]["path"], "a\u{1b}[31mb/.draft-tasks.toml");
}

#[test]
fn what_looks_secret_in_the_file_is_in_no_log() {
    let token = format!("ghp_{}", "a1B2".repeat(9));
    let tool = Tool::new(&format!(
        "[pre-up]\na = \"echo --password hunter2-long {token} *.c\" # {token}\nb = \"printf x-hunter2-long-y\"\n"
    ));
    for arguments in [
        &["check", "--color", "always"][..],
        &["check"],
        &["explain"],
        &["run", "pre-up", "--no-record"],
        &["run", "pre-up", "--dry-run"],
        &["run", "pre-up", "--format", "json"],
    ] {
        let called = tool.call(arguments);
        assert!(called.stdout.contains("***"), "{called:?}");
        for secret in ["hunter2-long", &token] {
            assert!(!called.stdout.contains(secret) && !called.stderr.contains(secret), "{called:?}");
        }
    }
    let line = "a = \"echo --password ************ **************************************** *.c\"";
    assert!(tool.call(&["check"]).stdout.contains(line), "what is below a line stays there");
    tool.write(
        ".draft-tasks.toml",
        b"[pre-up]\na = \"echo --password hunter2-long\" # draft-tasks: ignore[literal-secret]\n",
    );
    let called = tool.call(&["run", "pre-up"]);
    assert!(called.stdout.contains("hunter2-long"), "the user says that it is none: {called:?}");
}

#[test]
fn what_a_shell_would_read_has_one_finding() {
    let tool = Tool::new(
        "[pre-up]\na = \"make test > log\"\nb = \"make test && make lint\"\nc = \"make test # all\"\n",
    );
    tool.write("Makefile", b"test:\n\ttrue\n");
    let called = tool.call(&["check", "--format", "short", "--rule", "program-not-found=off"]);
    assert!(!called.stdout.contains("make-target-not-found"), "{called:?}");
    assert!(called.stdout.ends_with("\n3 warnings in 1 file\n"), "{called:?}");
}

#[test]
fn who_has_no_editor_reads_what_a_fix_writes() {
    let tool = Tool::new("[pre-up]\nb = \"make > log\"\nc = \"make TOKEN=hunter2hunter2 > log\"\n");
    let called = tool.call(&["check"]);
    assert!(
        called.stdout.contains("= help: wrap in `sh -c '…'`: b = \"sh -c 'make > log'\"\n"),
        "{called:?}"
    );
    assert!(!called.stdout.contains("hunter2"), "{called:?}");
}

#[test]
fn a_file_without_a_task_is_said_to_have_none() {
    for text in ["", "[pre-up]\n"] {
        let called = Tool::new(text).call(&["check"]);
        assert_eq!(
            (called.code, called.stdout.as_str()),
            (Some(0), "nothing to report in 1 file; it has no task to run\n")
        );
    }
}
