//! The options of `draft-tasks run`.

use serde_json::Value;

use crate::run::{assert_in_order, assert_unusable, tasks};
use crate::tool::Tool;

const SOME_FAIL: [(&str, &str); 3] =
    [("good", "echo 1"), ("bad", "sh -c 'echo oh no >&2; exit 3'"), ("last", "echo 2")];

#[cfg(target_os = "linux")]
#[test]
fn output_that_cannot_be_written_is_said_and_stops_the_run() {
    let tool = Tool::new("[pre-up]\na = \"echo one\"\nb = \"touch ran\"\n");
    for arguments in [&["run", "pre-up"][..], &["up", "--", "true"]] {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let ended =
            tool.command(arguments).stdout(full).stderr(std::process::Stdio::piped()).output().unwrap();
        let said = String::from_utf8_lossy(&ended.stderr);
        assert_eq!(ended.status.code(), Some(1), "{said}");
        assert_eq!(said.matches("error: the output cannot be written").count(), 1, "{said}");
    }
}

#[test]
fn a_limit_of_open_files_that_is_too_low_is_said_at_once() {
    let tool = Tool::new("[pre-up]\na = \"true\"\n");
    for limit in [5, 7, 8, 16, 31] {
        let called = tool.call_after(&format!("ulimit -n {limit}"), &["run", "pre-up"]);
        assert_eq!((called.code, called.stdout.as_str()), (Some(2), ""), "{limit}: {called:?}");
        let said = format!("error: only {limit} files may be open at once, and 32 are needed");
        assert!(called.stderr.starts_with(&said), "{called:?}");
    }
    let called = tool.call_after("ulimit -v 60000", &["run", "pre-up"]);
    let said =
        "error: only 58 MiB of memory may be used, and 64 are needed: raise the limit (`ulimit -v 65536`)\n";
    assert_eq!((called.code, called.stderr.as_str()), (Some(2), said));
    let called = tool.call_after("ulimit -n 32", &["run", "pre-up"]);
    assert_eq!(called.code, Some(0), "{called:?}");
}

#[test]
fn keep_going_and_fail_fast_override_the_phase() {
    let called = tasks("pre-up", &SOME_FAIL).call(&["run", "pre-up", "--keep-going"]);
    assert_eq!(called.code, Some(1), "{called:?}");
    assert_in_order(&called, &["✗ bad", "✓ last", "2 passed, 1 failed"]);
    let tool = tasks("cleanup", &SOME_FAIL);
    let called = tool.call(&["run", "cleanup", "--fail-fast"]);
    assert_in_order(&called, &["✗ bad", "last  skipped", "1 passed, 1 failed, 1 skipped"]);
    assert_unusable(&tool, &["run", "cleanup", "--fail-fast", "--keep-going"], &["cannot be used with"]);
}

#[test]
fn a_dry_run_shows_what_would_run_and_runs_nothing() {
    let tool = tasks("pre-up", &[("make", "touch 'a b' $EMPTY $API_TOKEN"), ("other", "touch c")])
        .with("API_TOKEN", "hunter2");
    let called = tool.call(&["run", "pre-up", "--dry-run", "make"]);
    assert_eq!((called.code, called.stderr.as_str()), (Some(0), ""), "{called:?}");
    assert_in_order(
        &called,
        &["pre-up · 1 task", "nothing runs", "make\n", "touch 'a b' \"\" ***\n", "other  left out\n"],
    );
    let called = tool.call(&["run", "pre-up", "--dry-run", "--format", "json"]);
    let plan: Value = serde_json::from_str(&called.stdout).expect("JSON");
    assert_eq!(plan["tasks"][0]["argv"], serde_json::json!(["touch", "a b", "", "***"]));
    assert_eq!(plan["leftOut"], serde_json::json!([]));
    assert!(!tool.path("a b").exists() && !tool.path("c").exists());
    assert_eq!(tool.record_folders().len(), 0);
    assert_unusable(&tool, &["run", "cleanup", "--dry-run"], &["`pre-up`"]);
}

#[test]
fn quiet_shows_only_what_failed() {
    let called = tasks("pre-up", &SOME_FAIL[..1]).call(&["run", "pre-up", "--quiet"]);
    assert!(called.stdout.starts_with("1 passed in ") && called.stdout.lines().count() == 1, "{called:?}");
    let called = tasks("pre-up", &SOME_FAIL).call(&["run", "pre-up", "-q"]);
    assert_eq!(called.code, Some(1));
    assert_in_order(&called, &["✗ bad", "exit code 3", "│ oh no", "log: ", "1 passed, 1 failed, 1 skipped"]);
    assert!(!called.stdout.contains("good") && !called.stdout.contains("last"), "{called:?}");
}

#[test]
fn quiet_shows_the_first_and_last_lines_and_says_how_many_are_left_out() {
    let quiet = |script: &str| {
        let tool = tasks("pre-up", &[("much", &format!("sh -c '{script}; exit 1'"))]);
        let called = tool.call(&["run", "pre-up", "-q"]);
        let log = tool.path(".state/runs").display().to_string();
        let lines = called.stdout.lines().filter_map(|line| line.trim().strip_prefix("│ "));
        let shown: Vec<_> = lines.map(|line| line.split(&log).next().expect("a part").to_owned()).collect();
        (called, shown)
    };
    let (called, shown) = quiet("seq 12345");
    let log = "/01-much.log\n";
    assert_in_order(
        &called,
        &["✗ much", "│ 5\n", "… 12,320 lines left out\n", "│ 12326\n", "    log: ", log],
    );
    assert_eq!(shown.len(), 5 + 1 + 20, "{shown:?}");
    for lines in [1, 20, 25] {
        let (_, shown) = quiet(&format!("seq {lines}"));
        let all: Vec<_> = (1..=lines).map(|line| line.to_string()).collect();
        assert_eq!(shown, all);
    }
    assert_eq!(quiet("seq 26").1[5..7], ["… 1 line left out", "7"]);
}

#[test]
fn the_log_that_is_named_is_there_whatever_the_task_is_called() {
    let tool = Tool::new("[pre-up]\n\"much\\u001b\" = \"sh -c 'seq 99; exit 1'\"\n");
    let called = tool.call(&["run", "pre-up", "-q"]);
    let named = called.stdout.lines().find_map(|line| line.strip_prefix("    log: ")).expect("a log");
    assert!(std::path::Path::new(named).is_file(), "{called:?}");
}

#[test]
fn no_color_is_color_never() {
    let tool = tasks("pre-up", &SOME_FAIL[..1]);
    let called = tool.call(&["run", "pre-up", "--no-color"]);
    assert!(called.code == Some(0) && !called.stdout.contains('\u{1b}'), "{called:?}");
    assert!(tool.call(&["run", "pre-up", "--color", "always"]).stdout.contains('\u{1b}'));
    assert_eq!(tool.call(&["run", "pre-up", "--no-color", "--color", "always"]).code, Some(2));
    let tool = tool.with("FORCE_COLOR", "1");
    for command in ["check", "explain"] {
        let has_colors =
            |options: &[&str]| tool.call(&[&[command], options].concat()).stdout.contains('\u{1b}');
        assert!(!has_colors(&["--no-color"]), "{command}");
        assert_eq!(has_colors(&[]), command == "explain", "{command}");
    }
}

#[test]
fn a_run_without_any_time_has_failed_and_was_not_stopped() {
    let tool = tasks("cleanup", &[("a", "touch ran"), ("b", "touch ran")]);
    let called = tool.call(&["run", "cleanup", "--total-timeout", "1us"]);
    assert_eq!(called.code, Some(1), "{called:?}");
    assert_in_order(&called, &["✗ a", "timed out", "- b", "1 failed, 1 skipped"]);
    assert!(!tool.path("ran").exists());
}

#[test]
fn a_task_that_takes_too_long_has_failed() {
    let tool = tasks("cleanup", &[("slow", "sh -c 'sleep 600 & sleep 600'"), ("next", "echo 2")]);
    let called = tool.call(&["run", "cleanup", "--timeout", "200ms"]);
    assert_eq!(called.code, Some(1), "{called:?}");
    assert_in_order(&called, &["✗ slow", "timed out after 0.2 s", "✓ next", "1 passed, 1 failed"]);
    let called = tool.call(&["run", "cleanup", "--total-timeout", "0.2"]);
    assert_in_order(&called, &["✗ slow", "timed out after the 0.2 s of the whole run", "next  skipped"]);
    for wrong in ["0", "soon", "-1", ""] {
        let option = format!("--timeout={wrong}");
        assert_unusable(&tool, &["run", "cleanup", &option], &["time"]);
    }
}

#[test]
fn variables_reach_commands_and_tasks() {
    let tool = tasks("pre-up", &[("show", "sh -c 'echo $A/$1/$B/$C' sh $A")])
        .with("A", "environment")
        .with("B", "environment")
        .with("C", "environment");
    tool.write("app.env", b"# a comment\nA=file\nexport B=\"from file\"\nC=file\n");
    let called = tool.call(&["run", "pre-up", "--env", "A=o=1"]);
    assert_in_order(&called, &["show │ o=1/o=1/environment/environment\n"]);
    let called = tool.call(&["run", "pre-up", "--env", "A=option", "--env-file", "app.env", "--dry-run"]);
    assert_in_order(&called, &["sh option"]);
    // What comes from a file is masked, and there all the same.
    let called = tool.call(&["run", "pre-up", "--env", "A=option", "--env-file", "app.env"]);
    assert_in_order(&called, &["show │ option/option/***/file\n"]);
    let said = "masked in the output: B; to show one, give --public NAME\n";
    assert_eq!(called.stderr, said);
    let called = tool.call(&["run", "pre-up", "--env-file", "app.env", "--public", "B"]);
    assert_in_order(&called, &["show │ file/file/from file/file\n"]);
    assert_eq!(called.stderr, "");
    assert_unusable(&tool, &["run", "pre-up", "--env", "A"], &["NAME=VALUE"]);
    assert_unusable(
        &tool,
        &["run", "pre-up", "--env", "A=…"],
        &["a value that is not kept: write that of `A`"],
    );
    for wrong in ["DB_PASSWORD s3cr3t-Val9x", "=s3cr3t-Val9x"] {
        let called = tool.call(&["run", "pre-up", "--env", wrong]);
        assert!(called.code == Some(2) && !called.stderr.contains("s3cr3t"), "{called:?}");
    }
    assert_unusable(
        &tool,
        &["run", "pre-up", "--env-file", "none.env"],
        &["none.env: there is no such file"],
    );
    tool.write("bad.env", b"A=1\n\nthis is hunter2\n");
    assert_unusable(&tool, &["run", "pre-up", "--env-file", "bad.env"], &["bad.env:3: expected NAME=value"]);
    assert!(!tool.call(&["run", "pre-up", "--env-file", "bad.env"]).stderr.contains("hunter2"));
}

#[test]
fn a_secret_is_masked_without_its_line_end_with_colours_inside_and_in_a_url() {
    let command =
        "sh -c 'echo pw is hunter2 now; printenv API_TOKEN | sed \"s/./&\\x1b[31m/3\"; echo got pass-word-1'";
    let tool = tasks("pre-up", &[("show", command)])
        .with("DB_PASSWORD", "hunter2\n")
        .with("API_TOKEN", "abcSECRETvalue")
        .with("DATABASE_URL", "postgres://ann:pass-word-1@db/shop");
    let called = tool.call(&["run", "pre-up"]);
    assert_in_order(&called, &["show │ pw is *** now\n", "show │ ***\n", "show │ got ***\n"]);
    let records = tool.records();
    for secret in ["hunter2", "SECRET", "pass-word-1"] {
        assert!(
            !(records.clone() + &called.stdout).contains(secret),
            "{secret} is in\n{called:?}\n{records}"
        );
    }
}

#[test]
fn secrets_are_in_nothing_that_is_shown_or_kept() {
    let text = "sh -c 'echo $A_TOKEN; printf s3cr; sleep 0.4; echo et-name; env | grep NAME; no-such-$1' sh $FROM_FILE";
    let text = text.replace("no-such-$1", "echo $1 >&2; exit 1");
    let tool = tasks("cleanup", &[("show", &text), ("start", "./$A_TOKEN")])
        .with("A_TOKEN", "hunter2")
        .with("NAME", "s3cret-name");
    tool.write(".env", b"FROM_FILE='file secret'\n");
    for format in ["human", "json"] {
        let arguments = ["run", "cleanup", "--secret", "NAME", "--env-file", ".env", "--format", format];
        let called = tool.call(&arguments);
        assert_eq!(called.code, Some(1), "{called:?}");
        let all = called.stdout + &called.stderr + &tool.records();
        assert!(all.contains("***"), "{all}");
        for secret in ["hunter2", "s3cret-name", "file secret"] {
            assert!(!all.contains(secret), "{secret} is in\n{all}");
        }
    }
}

#[test]
fn json_is_what_the_record_has_and_the_output() {
    let tool = tasks("pre-up", &SOME_FAIL);
    let called = tool.call(&["run", "pre-up", "--format", "json"]);
    assert_eq!((called.code, called.stderr.as_str()), (Some(1), ""));
    let folder = tool.record_folders().pop().expect("a record");
    let told = called.stdout.lines().filter(|line| !line.starts_with("{\"event\":\"output\""));
    let kept = std::fs::read_to_string(folder.join("events.jsonl")).expect("events");
    assert_eq!(told.collect::<Vec<_>>(), kept.lines().collect::<Vec<_>>());
    let events: Vec<Value> =
        called.stdout.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let names: Vec<_> = events.iter().map(|event| event["event"].as_str().expect("a name")).collect();
    assert_eq!(
        names,
        [
            "runStarted",
            "taskStarted",
            "output",
            "taskFinished",
            "taskStarted",
            "output",
            "taskFinished",
            "taskFinished",
            "runFinished"
        ]
    );
    assert_eq!(events[0]["id"].as_str(), folder.file_name().and_then(|name| name.to_str()));
    assert_eq!(events[6]["failure"]["code"], 3);
    let without = tool.call(&["run", "pre-up", "--format", "json", "--no-record"]);
    assert_eq!(without.stdout.lines().count(), names.len());
    assert_eq!(tool.record_folders().len(), 1);
}

#[test]
fn what_records_say_is_documented() {
    let tool =
        tasks("cleanup", &[("a", "echo 1"), ("b", "false"), ("c", "sleep 9"), ("d", "sh -c 'kill -9 $$'")]);
    let called = tool.call(&["run", "cleanup", "--format", "json", "--timeout", "300ms"]);
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let page = std::fs::read_to_string(root.join("docs/records.md")).expect("a page");
    let result = tool.record_folders().pop().expect("a record").join("result.json");
    let result = std::fs::read_to_string(result).expect("a result");
    let documents = called.stdout.lines().chain([result.as_str()]);
    for document in documents.map(|text| serde_json::from_str::<Value>(text).expect("JSON")) {
        assert_documented(&document, &page);
    }
}

/// Each field, and each word that is one of few.
fn assert_documented(value: &Value, page: &str) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                assert!(page.contains(&format!("`{name}`")), "`{name}` is not in docs/records.md");
                if let (Some(word), "event" | "kind" | "outcome" | "stream") = (value.as_str(), name.as_str())
                {
                    assert!(page.contains(&format!("`{word}`")), "`{word}` is not in docs/records.md");
                }
                assert_documented(value, page);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| assert_documented(item, page)),
        _ => {}
    }
}

#[test]
fn the_log_for_developers_can_go_to_a_file() {
    let tool = tasks("pre-up", &SOME_FAIL[..1]).with("DRAFT_TASKS_LOG", "trace");
    for arguments in [["--log", "log", "run", "pre-up"], ["run", "pre-up", "--log", "log"]] {
        let called = tool.call(&arguments);
        assert_eq!((called.code, called.stderr.as_str()), (Some(0), ""), "{called:?}");
    }
    assert!(tool.path("log").exists());
    assert_unusable(&tool, &["run", "pre-up", "--log", "no/such/log"], &["no/such/log cannot be written"]);
}

#[test]
fn variables_come_from_files_pipes_and_standard_input_and_later_ones_win() {
    let tool = tasks("pre-up", &[("show", "sh -c 'printenv A B C D E > got'")]);
    tool.write("app.env", b"A={\"a\": \"b c\"}\nB=${NONE:-two words}\nC=first\nD=first\nE=pa$5ss\n");
    let pipe = tool.path("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().is_ok_and(|it| it.success()));
    let writer = std::thread::spawn(|| std::fs::write(pipe, "C=\"from\\ta pipe\"\nD=second\n"));
    let options = ["run", "pre-up", "--env-file", "app.env", "--env-file", "pipe", "--env-file", "-"];
    let called = tool.call_with_input(&options, b"D=$B, it's\n");
    assert_eq!(called.code, Some(0), "{called:?}");
    assert!(writer.join().is_ok_and(|it| it.is_ok()));
    assert_eq!(tool.read("got"), "{\"a\": \"b c\"}\ntwo words\nfrom\ta pipe\ntwo words, it's\npa$5ss\n");
}

#[test]
fn values_of_a_file_are_those_of_compose() {
    let tool = tasks("pre-up", &[("show", "sh -c 'printenv A B C D E F G > got'")]);
    let file = "A={\"a\":\"b\"}\nB=${NONE:-fallback}\nC=pa$5ss\nD=two words\nE={\"a\": \"b c\"}\nF=\"x\\ty\"\nG=it's\n";
    tool.write("app.env", file.as_bytes());
    let called = tool.call(&["run", "pre-up", "--env-file", "app.env"]);
    assert_eq!(called.code, Some(0), "{called:?}");
    let values = "{\"a\":\"b\"}\nfallback\npa$5ss\ntwo words\n{\"a\": \"b c\"}\nx\ty\nit's\n";
    assert_eq!(tool.read("got"), values);
}

#[test]
fn ordinary_words_of_a_file_hide_nothing() {
    let tool = tasks("pre-up", &[("lint", "echo src/test/x.c:1:1: error: true s3cr3t-Tok9x")]);
    tool.write("app.env", b"NODE_ENV=test\nDEBUG=true\nAPI_KEY=s3cr3t-Tok9x\n");
    let called = tool.call(&["run", "pre-up", "--env-file", "app.env"]);
    assert_eq!(called.code, Some(0), "{called:?}");
    assert!(called.stdout.contains("src/test/x.c:1:1: error: true ***\n"), "{called:?}");
}

#[test]
fn a_thousand_tasks_of_one_phase_run_in_order() {
    let names: Vec<_> = (0..1000).map(|number| format!("task{number}")).collect();
    let all: Vec<_> = names.iter().map(|name| (name.as_str(), "true")).collect();
    let called = tasks("pre-up", &all).call(&["run", "pre-up"]);
    assert_eq!(called.code, Some(0), "{called:?}");
    let ended = called.stdout.lines().filter_map(|line| line.trim().strip_prefix("✓ ")?.split(' ').next());
    assert!(ended.eq(names.iter().map(String::as_str)));
    assert!(called.stdout.contains("1000 passed in "), "{called:?}");
}

#[test]
fn a_variable_that_is_not_there_or_not_masked_is_said() {
    let tool = Tool::new("[pre-up]\na = \"true\"\n").with("SHORT_ONE", "ab").with("LONG_ONE", "long enough");
    let secrets = ["--secret", "DB_PWW", "--secret", "SHORT_ONE", "--secret", "LONG_ONE", "--public", "NONE"];
    let called = tool.call(&[&["run", "pre-up"], &secrets[..]].concat());
    let said = "warning: --secret DB_PWW: no such variable on this machine\n\
                warning: --secret SHORT_ONE: its value is too short to be masked\n\
                warning: --public NONE: no such variable on this machine\n";
    assert_eq!((called.code, called.stderr.as_str()), (Some(0), said));
}

#[test]
fn a_dollar_sign_that_vanishes_from_a_file_of_variables_is_said_without_the_value() {
    let tool = Tool::new("[pre-up]\na = \"true\"\n");
    tool.write("app.env", b"A=x\nDB_PASSWORD=s3cr$t!pass\nB='a$b'\n");
    let called = tool.call(&["run", "pre-up", "--quiet", "--env-file", "app.env"]);
    let warning = "app.env:2: a `$` there names a variable that is not set, and nothing takes its place; \
                   write the value in single quotes to keep it\n";
    assert!(called.stderr.starts_with("warning: ") && called.stderr.ends_with(warning), "{called:?}");
    assert_eq!((called.code, called.stderr.lines().count()), (Some(0), 1), "{called:?}");
    assert!(!called.stderr.contains("s3cr"), "{called:?}");
}

#[test]
fn who_lends_the_terminal_is_not_told_that_it_is_missing() {
    let tool = tasks("pre-up", &[("edit", "vi notes")]);
    let strict = ["run", "pre-up", "--strict", "--dry-run"];
    let lent = "`draft-tasks run pre-up --tty TASK` lends it to one task, on its own";
    assert_unusable(&tool, &strict, &["`vi` needs a terminal [interactive-command]", lent]);
    let called = tool.call(&[&strict[..], &["--tty"]].concat());
    assert_eq!((called.code, called.stderr.as_str()), (Some(0), ""), "{called:?}");
}

#[test]
fn what_is_missing_of_application_and_cluster_are_two_errors() {
    let tool = Tool::new("[post-deploy]\na = \"true\"\n").with("KUBECONFIG", "/none");
    for arguments in [&["run", "post-deploy", "--yes"][..], &["up", "--yes", "--", "true"]] {
        let called = tool.call(arguments);
        let errors = ["error: there is no draft.toml in ", "\nerror: there is no kubeconfig"];
        assert!(errors.iter().all(|error| called.stderr.contains(error)), "{called:?}");
    }
    for arguments in [&["run", "post-deploy", "--dry-run"][..], &["up", "--dry-run", "--", "true"]] {
        let called = tool.call(arguments);
        let said = "  pods not known, since there is no draft.toml in ";
        let parts = [said, "and there is no kubeconfig to tell which cluster to use\n"];
        assert!(
            called.code == Some(0) && parts.iter().all(|part| called.stdout.contains(part)),
            "{called:?}"
        );
    }
}

#[test]
fn a_dry_run_tells_where_it_would_be() {
    let tool = Tool::new("[post-deploy]\na = \"true\"\n[pre-up]\nb = \"FOO=bar make\"\n");
    tool.write("draft.toml", b"[environments.development]\nname = \"web\"\nnamespace = \"demo\"\n");
    let config = "apiVersion: v1\nkind: Config\ncurrent-context: here\ncontexts: [{name: here, context: {cluster: c, user: u}}]\n\
        clusters: [{name: c, cluster: {server: 'https://127.0.0.1:1'}}]\nusers: [{name: u, user: {}}]\n";
    tool.write("config", config.as_bytes());
    let path = tool.path("config").display().to_string();
    let tool = tool.with("KUBECONFIG", &path);
    let dry = |arguments: &[&str]| tool.call(&[&["run", "--dry-run"], arguments].concat());
    let called = dry(&["post-deploy", "--pod", "x", "--pod", "y"]);
    let place = "1 task · pods of draft=web · context here, namespace demo · nothing runs\n  a\n    true\n  only in x, y\n";
    assert!(called.stdout.contains(place), "{called:?}");
    let called = dry(&["pre-up", "--context", "here"]);
    assert!(called.stdout.contains(" · context here, namespace demo · nothing runs\n"), "{called:?}");
    assert!(called.stdout.contains("    'FOO=bar' make\n"), "{called:?}");
    let json: Value = serde_json::from_str(&dry(&["post-deploy", "--format", "json"]).stdout).expect("JSON");
    assert_eq!((&json["context"], &json["namespace"]), (&"here".into(), &"demo".into()), "{json}");
}
