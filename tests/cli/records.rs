//! Records of runs: listed, shown, removed, and what befalls them.

use std::os::unix::fs::PermissionsExt;

use rustix::process::Signal;
use serde_json::Value;

use crate::lifecycle::with_cluster;
use crate::run::{assert_in_order, tasks};
use crate::shim::shim;
use crate::tool::{Called, Tool, assert_says, not_tested};

fn list(tool: &Tool) -> Vec<(String, String)> {
    let called = tool.call(&["runs", "list", "--format", "json"]);
    let list: Value = serde_json::from_str(&called.stdout).unwrap_or_else(|_| panic!("{called:?}"));
    let text = |item: &Value, name: &str| item[name].as_str().unwrap_or_default().to_owned();
    list.as_array().expect("a list").iter().map(|item| (text(item, "id"), text(item, "state"))).collect()
}

#[test]
fn are_listed_shown_and_removed() {
    let tool = tasks("cleanup", &[("good", "echo 1"), ("bad", "sh -c 'echo oh no >&2; exit 3'")]);
    let called = tool.call(&["runs"]);
    assert!(called.code == Some(0) && called.stdout.contains("no runs are kept"), "{called:?}");
    tool.call(&["run", "cleanup", "good"]);
    let called = tool.call(&["run", "cleanup"]);
    let listed = list(&tool);
    let [(failed, failed_state), (passed, passed_state)] = listed.as_slice() else { panic!("{listed:?}") };
    assert_eq!((failed_state.as_str(), passed_state.as_str()), ("failed", "passed"));
    assert!(called.stdout.contains(&format!("/.state/runs/{failed}/02-bad.log\n")), "{called:?}");
    let called = tool.call(&["runs"]);
    let lines: Vec<&str> = called.stdout.lines().collect();
    assert_eq!(lines.len(), 2, "{called:?}");
    for (line, (id, parts)) in
        lines.iter().zip([(failed, ["failed", "good, ✗ bad"]), (passed, ["passed", "echo 1"])])
    {
        let words: Vec<&str> = line.split_whitespace().collect();
        assert!(id.starts_with(words[0]) && words[1] == "cleanup" && words[2] == parts[0], "{called:?}");
        assert!(line.contains(" ago  ") && line.ends_with(parts[1]), "{called:?}");
        assert_eq!(
            tool.call(&["runs", "path", words[0]]).stdout.trim_end().rsplit('/').next(),
            Some(id.as_str())
        );
    }
    let columns = |line: &str| line.find("cleanup").zip(line.find(" ago"));
    assert_eq!(columns(lines[0]), columns(lines[1]), "{called:?}");
    for id in [failed.as_str(), "latest"] {
        let called = tool.call(&["runs", "show", id]);
        let parts = [
            "cleanup · ",
            "good",
            "echo 1",
            "│ 1",
            "✓ good",
            "│ oh no",
            "✗ bad",
            "exit code 3",
            "failed in",
            "log:",
        ];
        assert_in_order(&called, &parts);
    }
    let events = tool.call(&["runs", "show", passed, "--format", "json"]).stdout;
    assert!(
        events.lines().next().is_some_and(|line| line.starts_with("{\"event\":\"runStarted\"")),
        "{events}"
    );
    let path = tool.call(&["runs", "path", "latest"]).stdout;
    assert_eq!(std::fs::read_to_string(format!("{}/01-good.log", path.trim_end())).expect("a log"), "1\n");
    assert_eq!(tool.call(&["runs", "rm", failed, passed]).code, Some(0));
    assert_eq!(list(&tool), []);
}

#[test]
fn are_chosen_by_file_phase_and_end() {
    let tool = Tool::new("[pre-up]\none = \"true\"\n[cleanup]\nbad = \"false\"\n");
    tool.write("other/.draft-tasks.toml", b"[pre-up]\nelse = \"true\"\n");
    for arguments in [&["pre-up"][..], &["cleanup"], &["pre-up"], &["pre-up", "--file", "other"]] {
        tool.call(&[&["run"], arguments].concat());
    }
    let count = |arguments: &[&str]| tool.call(&[&["runs"], arguments].concat()).stdout.lines().count();
    assert_eq!((count(&[]), count(&["--all"]), count(&["--file", "other"])), (3, 4, 1));
    assert_eq!((count(&["--phase", "pre-up"]), count(&["list", "--phase", "pre-up", "--all"])), (2, 3));
    assert_eq!((count(&["--failed"]), count(&["--failed", "--phase", "pre-up"])), (1, 1));
    let none = tool.call(&["runs", "--failed", "--phase", "pre-up"]);
    assert!(none.stdout.contains("no runs are kept in ") && none.stdout.contains("4 others"), "{none:?}");
    assert_in_order(&tool.call(&["runs", "show"]), &["pre-up · ", "one"]);
    assert_in_order(&tool.call(&["runs", "show", "--failed"]), &["cleanup · ", "✗ bad"]);
    assert!(tool.call(&["runs", "path", "--phase", "cleanup"]).stdout.contains("-cleanup-"));
    assert_in_order(
        &tool.call(&["runs", "--all"]),
        &["/other/.draft-tasks.toml  else: true", "/.draft-tasks.toml  one: true"],
    );
}

#[test]
fn one_task_of_a_run_is_shown_by_its_name() {
    let tool = tasks(
        "pre-up",
        &[("build web", "echo built"), ("bad", "sh -c 'echo oh no; exit 3'"), ("last", "true")],
    );
    assert_eq!(tool.call(&["run", "pre-up"]).code, Some(1));
    let id = tool.record_folders()[0].file_name().expect("a name").to_string_lossy().into_owned();
    for run in ["last", "2", &id] {
        let called = tool.call(&["runs", "show", run, "bad"]);
        assert_in_order(&called, &["pre-up · ", "bad", "│ oh no", "✗ bad", "failed in", "log:"]);
        assert!(!called.stdout.contains("built") && !called.stdout.contains("last"), "{called:?}");
    }
    let called = tool.call(&["runs", "show", "last", "b*", "last"]);
    assert_in_order(&called, &["✓ build web", "✗ bad", "- last  skipped"]);
    let events = tool.call(&["runs", "show", "last", "bad", "--format", "json"]).stdout;
    assert!(events.contains("\"task\":1") && !events.contains("\"task\":0"), "{events}");
    assert_says(
        &tool.call(&["runs", "show", "last", "none"]),
        2,
        &["has no such task; it has `build web`, `bad`, `last`"],
    );
    assert_says(
        &tool.call(&["runs", "show", "build web"]),
        2,
        &["there is no run `build web`", "`draft-tasks runs show last 'build web'` shows this task"],
    );
    assert_says(&tool.call(&["last"]), 2, &["`draft-tasks runs show last` shows the last run"]);
}

#[test]
fn what_is_asked_of_them_is_said_on_either_side_of_the_command() {
    let tool = tasks("pre-up", &[("good", "echo 1")]);
    assert_eq!(tool.call(&["run", "pre-up"]).code, Some(0));
    for arguments in [
        &["runs", "list", "--no-color"][..],
        &["runs", "--no-color", "list"],
        &["runs", "show", "--color", "never"],
        &["runs", "path", "--phase", "PRE-UP"],
    ] {
        let called = tool.call(arguments);
        assert!(called.code == Some(0) && called.stdout.contains("pre-up"), "{called:?}");
    }
    assert_says(&tool.call(&["runs", "--phase", "preup"]), 2, &["did you mean `pre-up`?"]);
    assert_says(
        &tool.call(&["runs", "--phase", "x"]),
        2,
        &["pre-up, post-deploy, post-up, cleanup, deploy,"],
    );
    let help = tool.call(&["runs", "list", "--help"]).stdout;
    assert!(help.contains("  draft-tasks runs list --failed") && !help.contains("apps/web"), "{help}");
    let called = tool.call(&["runs", "path", "--format", "json"]);
    let path: Value = serde_json::from_str(&called.stdout).unwrap_or_else(|_| panic!("{called:?}"));
    let called = tool.call(&["runs", "rm", "last", "--format", "json"]);
    let removed: Value = serde_json::from_str(&called.stdout).unwrap_or_else(|_| panic!("{called:?}"));
    assert_eq!((&removed["path"], &removed["state"]), (&path["path"], &Value::from("passed")));
}

#[test]
fn by_which_cleanup_asks_are_removed_only_by_name() {
    let tool = with_cluster("[pre-up]\na = \"true\"\n[post-deploy]\nb = \"true\"\n", "127.0.0.1");
    assert_eq!(tool.call(&["run", "post-deploy", "-l", "app=web"]).code, Some(1), "nobody answers there");
    assert_eq!(tool.call(&["run", "pre-up"]).code, Some(0));
    let called = tool.call(&["runs", "rm", "--older-than", "0s"]);
    assert_eq!((called.code, called.stdout.matches("removed ").count()), (Some(0), 1), "{called:?}");
    let says = " stays: by it is asked before `cleanup` whether its application still has pods; `draft-tasks runs rm ";
    assert!(called.stderr.contains(says), "{called:?}");
    let [left] = tool.record_folders().try_into().expect("one record");
    let name = left.file_name().expect("a name").to_string_lossy().into_owned();
    assert!(called.stderr.starts_with(&name), "{called:?}");
    assert_eq!(tool.call(&["runs", "rm", &name]).code, Some(0));
    assert_eq!(tool.record_folders().len(), 0);
}

#[test]
fn many_are_removed_by_age_or_all() {
    let tool = tasks("pre-up", &[("one", "true")]);
    tool.write("other/.draft-tasks.toml", b"[pre-up]\nelse = \"true\"\n");
    for arguments in [&["run", "pre-up"][..], &["run", "pre-up"], &["run", "pre-up", "--file", "other"]] {
        assert_eq!(tool.call(arguments).code, Some(0));
    }
    let called = tool.call(&["runs", "rm", "--older-than", "1h"]);
    assert_eq!((called.code, called.stderr.as_str()), (Some(0), "no run is removed\n"), "{called:?}");
    let called = tool.call(&["runs", "rm"]);
    assert_eq!(called.code, Some(2), "nothing is removed that nobody named");
    assert!(
        called.stderr.starts_with("error: nothing is removed: name runs, or give --older-than TIME"),
        "{called:?}"
    );
    assert!(!called.stderr.contains("--all"), "it would remove those of every project: {called:?}");
    let called = tool.call(&["runs", "rm", "--failed"]);
    assert_eq!((called.code, called.stderr.as_str()), (Some(0), "no run is removed\n"), "{called:?}");
    for (age, says) in
        [("0", "its unit is missing: write 0d for days"), ("90", "write 90d"), ("x", "such as 12h, 7d")]
    {
        let called = tool.call(&["runs", "rm", "--older-than", age]);
        assert!(called.code == Some(2) && called.stderr.contains(says), "{called:?}");
    }
    let called = tool.call(&["runs", "show", "--failed"]);
    let says = "no run is kept; 3 others with other options";
    assert!(called.code == Some(2) && called.stderr.contains(says), "{called:?}");
    let called = tool.call(&["runs", "rm", "--older-than", "0s"]);
    assert_eq!((called.code, called.stdout.matches("removed ").count()), (Some(0), 2), "{called:?}");
    assert_eq!(tool.record_folders().len(), 1, "that of the other file");
    tool.call(&["run", "pre-up"]);
    for scope in [&["--file", "."][..], &["--file", "other"]] {
        let called = tool.call(&[&["runs", "rm"], scope].concat());
        assert!(called.code == Some(2) && called.stderr.contains("nothing is removed: name"), "{called:?}");
    }
    assert_eq!(tool.record_folders().len(), 2, "a file says whose runs are meant, not which");
    assert_eq!(tool.call(&["runs", "rm", "--file", ".", "--phase", "pre-up"]).code, Some(0));
    assert_eq!(tool.record_folders().len(), 1, "all of this file, and none of the other one");
    let held = tasks("pre-up", &[("wait", "sh -c 'echo begun; until test -e go; do sleep 0.05; done'")]);
    let mut started = held.start(&["run", "pre-up"]);
    started.wait_for("begun");
    assert_eq!(held.call(&["runs", "rm", "--all", "--yes"]).code, Some(0));
    assert_eq!(held.record_folders().len(), 1, "it goes on");
    held.write("go", b"");
    assert_eq!(started.end().code, Some(0));
    let called = tool.call(&["runs", "rm", "--all"]);
    assert_says(&called, 2, &["nothing is removed: --all", "here 1 run, and nobody", "give --yes"]);
    assert_eq!(tool.record_folders().len(), 1);
    assert_eq!((tool.call(&["runs", "rm", "--all", "-y"]).code, tool.record_folders().len()), (Some(0), 0));
}

#[test]
fn of_version_1_are_shown_and_told_as_version_2() {
    let tool = tasks("pre-up", &[("good", "echo 1")]);
    let events = [
        r#"{"event":"runStarted","version":1,"id":"20261122T184501.123Z-pre-up-1-1","phase":"pre-up","file":"/x","directory":"/","tasks":[{"name":"good","argv":["echo","1"]}],"at":"2026-11-22T18:45:01.123Z","pid":1}"#,
        r#"{"event":"taskStarted","elapsed":0.0,"task":0,"pid":2}"#,
        r#"{"event":"output","elapsed":0.0,"task":0,"stream":"stdout","text":"one "}"#,
        r#"{"event":"output","elapsed":0.0,"task":0,"stream":"stderr","text":"two\n"}"#,
        r#"{"event":"output","elapsed":0.0,"task":0,"stream":"stdout","text":"line\n"}"#,
        r#"{"event":"taskFinished","elapsed":0.1,"task":0,"outcome":"passed","seconds":0.1}"#,
    ];
    tool.write(
        ".state/runs/20261122T184501.123Z-pre-up-1-1/events.jsonl",
        (events.join("\n") + "\n").as_bytes(),
    );
    let called = tool.call(&["runs", "show", "2026"]);
    assert_in_order(&called, &["pre-up · /x", "good", "│ two\n", "│ one line\n", "✓ good"]);
    let called = tool.call(&["runs", "show", "2026", "--format", "json"]);
    assert_in_order(&called, &["\"version\":2", r#""pieces":[{"stream":"stderr","text":"two\n"}]"#]);
}

#[test]
fn that_are_not_there_are_said_to_be_so() {
    let tool = tasks("pre-up", &[("good", "echo 1")]);
    tool.call(&["run", "pre-up"]);
    for id in ["none", "../runs", "", "../../.draft-tasks.toml"] {
        let called = tool.call(&["runs", "show", id]);
        assert!(called.code == Some(2) && called.stderr.contains("there is no run"), "{called:?}");
        assert_eq!(tool.call(&["runs", "rm", id]).code, Some(2));
    }
    assert_eq!(list(&tool).len(), 1);
    tool.call(&["run", "pre-up"]);
    for command in ["show", "rm"] {
        let called = tool.call(&["runs", command, "2"]);
        assert!(called.code == Some(2) && called.stderr.contains("names that begin with"), "{called:?}");
    }
    assert_eq!(list(&tool).len(), 2);
}

#[test]
fn of_runs_that_go_on_are_shown_and_not_removed() {
    let tool = tasks("pre-up", &[("wait", "sh -c 'echo ready; until test -e go; do sleep 0.05; done'")]);
    let mut started = tool.start(&["run", "pre-up"]);
    started.wait_for("ready");
    let listed = list(&tool);
    assert_eq!(listed[0].1, "running");
    let called = tool.call(&["runs", "rm", &listed[0].0]);
    assert!(called.code == Some(1) && called.stderr.contains("goes on"), "{called:?}");
    tool.write("go", b"");
    assert_eq!(started.end().code, Some(0));
    assert_eq!(list(&tool), [(listed[0].0.clone(), "passed".to_owned())]);
}

#[test]
fn of_a_program_that_was_killed_are_interrupted() {
    let wait = "sh -c 'echo ready; until test -e go; do sleep 0.05; done'";
    let tool = tasks("pre-up", &[("one", "echo 1"), ("wait", wait)]);
    let mut started = tool.start(&["run", "pre-up"]);
    started.wait_for("ready");
    started.signal(Signal::KILL);
    started.end_unread();
    assert_eq!(list(&tool)[0].1, "interrupted");
    let called = tool.call(&["runs", "show", "latest"]);
    assert_in_order(
        &called,
        &["✓ one", "wait", "│ ready", "interrupted", "left running: sh (process ", "`kill "],
    );
    let called = tool.call(&["run", "pre-up", "one"]);
    assert_eq!(called.code, Some(0));
    let warning = "warning: the run of pre-up of ";
    assert!(called.stderr.starts_with(warning) && called.stderr.contains("left running: sh "), "{called:?}");
    tool.write("go", b"");
    tool.wait_for_what_was_left();
    assert_eq!(tool.call(&["run", "pre-up", "one"]).stderr, "");
    let interrupted = list(&tool).pop().expect("the oldest");
    assert_eq!(interrupted.1, "interrupted");
    assert_eq!(tool.call(&["runs", "rm", &interrupted.0]).code, Some(0));
}

#[test]
fn of_a_program_that_was_killed_do_not_name_processes_by_secrets() {
    let wait = "sh -c 'cp \"$(command -v sh)\" s3cr3tname; exec ./s3cr3tname -c \"echo ready; until test -e go; do sleep 0.05; done\"'";
    let tool = tasks("pre-up", &[("wait", wait), ("ok", "true")])
        .with("API_TOKEN", "s3cr3tname")
        .with("LISTED", "sleep")
        .with("OTHER_TOKEN", "ready");
    let mut started = tool.start(&["run", "pre-up", "--secret", "LISTED", "--public", "OTHER_TOKEN"]);
    started.wait_for("ready");
    started.signal(Signal::KILL);
    started.end_unread();
    let shown = tool.call(&["runs", "show", "latest"]).stdout;
    let json = tool.call(&["runs", "show", "latest", "--format", "json"]).stdout;
    let warned = tool.call(&["run", "pre-up", "ok"]).stderr;
    tool.write("go", b"");
    tool.wait_for_what_was_left();
    for told in [&shown, &json, &warned] {
        assert!(!told.contains("s3cr3tname"), "{told}");
    }
    assert!(
        warned.contains("left running: *** (process ") && shown.contains("left running: *** (process "),
        "{warned}"
    );
}

#[test]
fn are_for_the_user_alone() {
    let tool = tasks("pre-up", &[("good", "echo 1")]);
    // Others may look into a folder that was there before.
    std::fs::create_dir_all(tool.path(".state/runs")).expect("a folder");
    let open = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(tool.path(".state/runs"), open).expect("permissions");
    assert_eq!(tool.call(&["run", "pre-up"]).code, Some(0));
    let folders = tool.record_folders();
    let mode = std::fs::metadata(&folders[0]).expect("a record").permissions().mode();
    assert_eq!((folders.len(), mode & 0o777), (1, 0o700));
}

#[test]
fn that_cannot_be_kept_do_not_fail_the_run() {
    for place in ["/proc/none", "/dev/null/none"] {
        let tool = tasks("pre-up", &[("good", "echo 1")]).with("DRAFT_TASKS_STATE_DIR", place);
        let called = tool.call(&["run", "pre-up"]);
        assert_eq!(called.code, Some(0), "{called:?}");
        let lines: Vec<&str> = called.stderr.lines().collect();
        let [of_locks, of_record] = lines.as_slice() else { panic!("{called:?}") };
        assert!(of_locks.starts_with("warning: it is not known whether another program"), "{called:?}");
        assert!(of_record.starts_with("warning: no record is kept of this run: "), "{called:?}");
        assert!(lines.iter().all(|line| line.contains(place)), "{called:?}");
        assert_in_order(&called, &["good │ 1", "1 passed"]);
    }
}

#[test]
fn are_kept_as_many_and_as_large_as_is_said() {
    let tool = tasks("pre-up", &[("much", "seq 1000000")]);
    for _ in 0..3 {
        tool.call(&["run", "pre-up", "--keep", "2", "--keep-mib", "1", "--quiet"]);
    }
    let folders = tool.record_folders();
    assert_eq!(folders.len(), 2);
    for folder in folders {
        let log = std::fs::metadata(folder.join("01-much.log")).expect("a log").len();
        assert!((500_000..=1 << 19).contains(&log), "{log}");
    }
    let shown = tool.call(&["runs", "show", "last"]);
    assert_in_order(&shown, &["│ 1\n", " bytes are left out here …\n", "│ 1000000\n", "✓ much"]);
}

#[test]
fn have_the_first_mebibyte_of_a_task_and_its_last_four_where_nothing_is_said() {
    const LINES: usize = 10 << 17;
    let line = |number: usize| format!("{number:079}\n");
    let tool = tasks("pre-up", &[("much", &format!("seq -f %079.0f {LINES}"))]);
    assert_eq!(tool.call(&["run", "pre-up", "--quiet"]).code, Some(0));
    let log = std::fs::read_to_string(tool.record_folders()[0].join("01-much.log")).expect("a log");
    assert!((5 << 20) - (64 << 10) <= log.len() && log.len() <= 5 << 20, "{}", log.len());
    let first: String = (1..).map(line).take((1 << 20) / 80 - 1000).collect();
    let last: String = (1..=LINES).skip(LINES - (4 << 20) / 80 + 1000).map(line).collect();
    assert!(log.starts_with(&first) && log.ends_with(&last));
}

#[test]
fn have_32_mebibytes_of_a_run_and_the_end_of_each_task_where_nothing_is_said() {
    let command = format!("seq -f %079.0f {}", (6 << 20) / 80);
    let names: Vec<String> = (1..=9).map(|number| format!("t{number}")).collect();
    let tool = tasks("pre-up", &names.iter().map(|name| (name.as_str(), &*command)).collect::<Vec<_>>());
    assert_eq!(tool.call(&["run", "pre-up", "--quiet"]).code, Some(0));
    let folder = &tool.record_folders()[0];
    let entries = std::fs::read_dir(folder).expect("a folder");
    let sizes = entries.map(|entry| entry.and_then(|it| it.metadata()).expect("a file").len());
    let all: u64 = sizes.sum();
    assert!((31 << 20..33 << 20).contains(&all), "{all}");
    for (at, name) in names.iter().enumerate() {
        let log = std::fs::read(folder.join(format!("0{}-{name}.log", at + 1))).expect("a log");
        assert!(log.ends_with(format!("{:079}\n", (6 << 20) / 80).as_bytes()), "{name}: {}", log.len());
    }
}

#[test]
fn are_kept_as_variables_say_where_no_option_does() {
    let tool = tasks("pre-up", &[("much", "seq 1000000")]);
    let tool = tool.with("DRAFT_TASKS_KEEP", "3").with("DRAFT_TASKS_KEEP_MIB", "1");
    for (options, kept) in [(&[][..], 1), (&[], 2), (&[], 3), (&[], 3), (&["--keep", "2"], 2)] {
        tool.call(&[&["run", "pre-up", "--quiet"], options].concat());
        assert_eq!(tool.record_folders().len(), kept);
    }
    let log = std::fs::metadata(tool.record_folders()[0].join("01-much.log")).expect("a log").len();
    assert!(log <= 1 << 19, "{log}");
    let tool = tool.with("DRAFT_TASKS_KEEP", "many");
    let called = tool.call(&["run", "pre-up", "--quiet"]);
    let said = "warning: no record is kept of this run: `many` in DRAFT_TASKS_KEEP is not a whole number from 0 on\n";
    assert_eq!((called.code, called.stderr.as_str()), (Some(0), said));
}

#[test]
fn of_a_tasks_file_that_is_gone_are_removed_when_they_are_old() {
    let tool = Tool::empty();
    let run = |project: &str| {
        tool.write(&format!("{project}/.draft-tasks.toml"), b"[pre-up]\na = \"true\"\n");
        assert_eq!(tool.call(&["run", "pre-up", "--quiet", "--file", project]).code, Some(0));
    };
    for project in ["gone", "there"] {
        run(project);
        let folder = tool.record_folders().pop().expect("a record");
        let name = folder.file_name().and_then(|name| name.to_str()).expect("a name");
        let old = format!("20200101{}", &name["20261122".len()..]);
        std::fs::rename(&folder, folder.with_file_name(old)).expect("a record is renamed");
    }
    run("gone");
    std::fs::remove_dir_all(tool.path("gone")).expect("the project is removed");
    run("other");
    let left: Vec<_> = tool.record_folders().iter().map(|folder| folder.display().to_string()).collect();
    let old: Vec<_> = left.iter().filter(|name| name.contains("/20200101")).collect();
    assert_eq!((left.len(), old.len()), (3, 1), "{left:?}");
    let list = tool.call(&["runs", "--all"]);
    assert_in_order(&list, &["/other/", "/gone/", "20200101", "/there/"]);
}

#[test]
fn that_a_full_disk_cuts_off_do_not_fail_the_run() {
    let tool = tasks("pre-up", &[("much", "seq 50000"), ("next", "echo 2")]);
    // A file that may not grow is refused like one on a full disk; some shells count in blocks of 512 bytes.
    let called = tool.call_after("ulimit -f 160", &["run", "pre-up"]);
    assert_eq!(called.code, Some(0), "{called:?}");
    assert!(called.stderr.contains("is not complete") && called.stderr.lines().count() == 1, "{called:?}");
    assert_in_order(&called, &["much │ 50000", "✓ much", "✓ next", "2 passed"]);
    assert_eq!(list(&tool)[0].1, "passed");
    assert_in_order(&tool.call(&["runs"]), &["passed", ", record incomplete"]);
    assert!(tool.records().contains("\"complete\": false"));
    let shown = tool.call(&["runs", "show", "last"]);
    assert_in_order(&shown, &["│ 1", "✓ much", "✓ next", "passed in", ", record incomplete"]);
    assert_eq!(shown.stdout.matches("next").count(), 1, "{shown:?}");
}

#[test]
fn that_a_full_disk_cuts_off_tell_what_failed() {
    let tool = tasks("cleanup", &[("much", "seq 50000"), ("good", "true"), ("bad", "false")]);
    assert_eq!(tool.call_after("ulimit -f 160", &["run", "cleanup"]).code, Some(1));
    let called = tool.call(&["rerun", "--failed"]);
    assert_in_order(&called, &["cleanup · 1 task", "✗ bad"]);
}

#[test]
fn on_a_disk_that_becomes_full_say_how_the_run_ended() {
    let shim = shim().display().to_string();
    on_a_small_disk(|tool| {
        let disk = tool.path(".state").canonicalize().expect("a folder").display().to_string();
        let tool = tool.with("LD_PRELOAD", &shim).with("FULL_DISK", &disk).with("FULL_DISK_BYTES", "200000");
        let called = tool.call(&["run", "pre-up"]);
        (tool.with("LD_PRELOAD", ""), called)
    });
}

/// How a place of its own for mounts is made: root needs no other user for it.
fn place_for_mounts() -> Option<&'static str> {
    ["unshare --mount", "unshare --user --map-root-user --mount"].into_iter().find(|place| {
        let made = format!("{place} mount -t tmpfs none /tmp");
        let output = std::process::Command::new("sh").args(["-c", &made]).output();
        output.is_ok_and(|output| output.status.success())
    })
}

/// Where nobody may mount, the test before this one has to be enough.
#[test]
fn on_a_real_disk_that_becomes_full_say_how_the_run_ended() {
    let Some(place) = place_for_mounts() else {
        return not_tested("a real disk that becomes full: this user may mount nothing");
    };
    on_a_small_disk(|tool| {
        let on_small_disk = "sh -c '\
            mount -t tmpfs -o size=256k,mode=700 none .state && \"$@\"; code=$?; cp -r .state/runs kept; exit $code' sh \"$@\"";
        let called = tool.call_after(&format!("exec {place} {on_small_disk}"), &["run", "pre-up"]);
        std::fs::rename(tool.path("kept"), tool.path(".state/runs")).expect("the records");
        (tool, called)
    });
}

/// What holds of a run whose record has no room from somewhere in the middle.
fn on_a_small_disk(run: impl FnOnce(Tool) -> (Tool, Called)) {
    let tool = tasks("pre-up", &[("much", "seq 100000"), ("next", "echo 2")]);
    std::fs::create_dir(tool.path(".state")).expect("a folder");
    let (tool, called) = run(tool);
    assert_eq!(called.code, Some(0), "{called:?}");
    assert!(
        called.stderr.contains("No space left on device") && called.stderr.lines().count() == 1,
        "{called:?}"
    );
    assert_in_order(&called, &["much │ 100000", "✓ much", "✓ next", "2 passed"]);
    assert_in_order(&tool.call(&["runs"]), &["passed", ", record incomplete"]);
    assert!(tool.records().contains("\"complete\": false"));
}

#[test]
fn that_are_deleted_during_the_run_do_not_fail_it() {
    let task = "sh -c 'echo ready; until test -e go; do sleep 0.05; done'";
    let tool = tasks("pre-up", &[("wait", task), ("next", "echo 2")]);
    let mut started = tool.start(&["run", "pre-up"]);
    started.wait_for("ready");
    std::fs::remove_dir_all(tool.path(".state")).expect("the records can be removed");
    tool.write("go", b"");
    let called = started.end();
    assert_eq!(called.code, Some(0), "{called:?}");
    assert!(called.stderr.contains("is not complete"), "{called:?}");
    assert_in_order(&called, &["✓ wait", "next │ 2", "2 passed"]);
}

#[test]
fn of_many_programs_at_once_do_not_collide() {
    let (tool, programs) = (Tool::empty(), ["1", "2", "3", "4", "5", "6", "7", "8"]);
    let start = |file: &&str| {
        tool.write(&format!("{file}/.draft-tasks.toml"), b"[pre-up]\ngood = \"echo 1\"\n");
        tool.start(&["run", "pre-up", "--file", file])
    };
    let started: Vec<_> = programs.iter().map(start).collect();
    for started in started {
        let called = started.end();
        assert_eq!((called.code, called.stderr.as_str()), (Some(0), ""), "{called:?}");
    }
    let states: Vec<_> = list(&tool).into_iter().map(|(_, state)| state).collect();
    assert_eq!(states, ["passed"; 8]);
}

#[test]
fn have_no_place_without_a_home() {
    let tool = tasks("pre-up", &[("good", "echo 1")]);
    let tool = tool.with("DRAFT_TASKS_STATE_DIR", "").with("XDG_STATE_HOME", "").with("HOME", "");
    let called = tool.call(&["run", "pre-up"]);
    assert_eq!(called.code, Some(0), "{called:?}");
    let said = "warning: no record is kept of this run, and it is not known whether another program runs tasks of this file: there is no folder for locks; set DRAFT_TASKS_STATE_DIR\n";
    assert_eq!(called.stderr, said, "it is told once");
    assert_eq!(tool.call(&["run", "pre-up", "--no-record"]).stderr.lines().count(), 1);
    let called = tool.call(&["runs"]);
    assert!(called.code == Some(2) && called.stderr.contains("DRAFT_TASKS_STATE_DIR"), "{called:?}");
}

#[test]
fn a_limit_of_the_size_of_files_ends_no_run_and_leaves_no_half_record() {
    let tool = tasks("pre-up", &[("much", "seq 20000"), ("next", "echo hi")]);
    for (limit, kept) in [(0, 0), (8, 0), (160, 1)] {
        let called = tool.call_after(&format!("ulimit -f {limit}"), &["run", "pre-up", "--quiet"]);
        assert_eq!(called.code, Some(0), "{limit}: {called:?}");
        assert_eq!(tool.record_folders().len(), kept, "{limit}: {called:?}");
    }
}

#[test]
fn that_are_no_files_keep_nothing_waiting() {
    for name in ["events.jsonl", "result.json", "lock"] {
        for device in [None, Some("/dev/zero")] {
            let tool = tasks("pre-up", &[("good", "echo 1")]);
            assert_eq!(tool.call(&["run", "pre-up"]).code, Some(0));
            let path = tool.record_folders()[0].join(name);
            std::fs::remove_file(&path).expect("a file");
            match device {
                Some(device) => std::os::unix::fs::symlink(device, &path).expect("a link"),
                None => assert!(
                    std::process::Command::new("mkfifo").arg(&path).status().expect("mkfifo").success()
                ),
            }
            for arguments in [&["runs"][..], &["runs", "show", "last"], &["rerun"], &["run", "pre-up"]] {
                assert!(tool.call(arguments).code.is_some(), "{name}, {arguments:?}");
            }
            assert_eq!(tool.call(&["run", "pre-up", "--keep", "1"]).code, Some(0), "{name}");
        }
    }
}

#[test]
fn may_have_the_last_number_there_is() {
    let tool = tasks("pre-up", &[("good", "echo 1")]);
    let folder = ".state/runs/20200101T000000.000Z-pre-up-1-18446744073709551615-aaaaaaaa";
    std::fs::create_dir_all(tool.path(folder)).expect("a folder");
    for _ in 0..2 {
        assert_eq!(tool.call(&["run", "pre-up"]).code, Some(0));
    }
    assert_eq!(tool.record_folders().len(), 3);
}

#[test]
fn a_folder_that_is_not_absolute_is_said_once() {
    let tool = tasks("pre-up", &[("good", "true")]);
    let home = tool.path("home").display().to_string();
    let tool = tool.with("DRAFT_TASKS_STATE_DIR", "state").with("XDG_STATE_HOME", "").with("HOME", &home);
    let said = "warning: DRAFT_TASKS_STATE_DIR is not used, as it is not an absolute path: state\n";
    for arguments in [&["run", "pre-up"][..], &["runs"]] {
        let called = tool.call(arguments);
        assert_eq!((called.code, called.stderr.as_str()), (Some(0), said), "{called:?}");
    }
    assert!(tool.path("home/.local/state/draft-tasks/runs").exists());
}

#[test]
fn those_of_a_file_that_is_gone_are_found_by_its_path() {
    let tool = tasks("cleanup", &[("a", "true")]);
    tool.write("app/.draft-tasks.toml", b"[pre-up]\nb = \"true\"\n");
    assert_eq!(tool.call(&["run", "pre-up", "--file", "app"]).code, Some(0));
    let called = tool.call(&["runs"]);
    assert!(called.stdout.contains("; 1 other with other options"), "{called:?}");
    std::fs::remove_dir_all(tool.path("app")).expect("a folder");
    for path in ["app/.draft-tasks.toml", "./app/.draft-tasks.toml"] {
        let called = tool.call(&["runs", "--file", path]);
        assert_eq!((called.code, called.stdout.lines().count()), (Some(0), 1), "{called:?}");
        assert!(called.stdout.ends_with("b: true\n"), "{called:?}");
    }
}

#[test]
fn applications_that_share_the_text_of_a_tasks_file_share_no_runs() {
    let tool = Tool::empty();
    tool.write("shared/tasks", b"[pre-up]\na = \"sh -c 'pwd; echo ran >> ran; test -e well'\"\n");
    for app in ["one", "two"] {
        std::fs::create_dir(tool.path(app)).expect("a folder");
        let link = tool.path(app).join(".draft-tasks.toml");
        std::os::unix::fs::symlink("../shared/tasks", link).expect("a link");
    }
    assert_says(&tool.call(&["-C", "one", "run", "pre-up"]), 1, &["✗ a"]);
    for again in [&["rerun"][..], &["rerun", "--failed"], &["run", "pre-up", "--failed"]] {
        assert_says(&tool.call(&[&["-C", "two"], again].concat()), 2, &["no run of "]);
    }
    let called = tool.call(&["-C", "two", "runs"]);
    assert!(called.code == Some(0) && called.stdout.starts_with("no runs are kept"), "{called:?}");
    assert!(!tool.path("two/ran").exists());
    // Whichever way leads to the folder.
    std::os::unix::fs::symlink("one", tool.path("current")).expect("a link");
    assert_says(&tool.call(&["-C", "current", "rerun", "--failed"]), 1, &["✗ a"]);
    assert_eq!(tool.read("one/ran"), "ran\nran\n");
}

#[test]
fn an_empty_folder_is_an_incomplete_record_and_no_run_that_goes_on() {
    let tool = tasks("pre-up", &[("a", "true")]);
    tool.call(&["run", "pre-up"]);
    let whole = tool.record_folders().pop().expect("a record");
    let empty = std::path::PathBuf::from(whole.display().to_string().replace("-1-", "-2-"));
    std::fs::create_dir(&empty).expect("a folder");
    let long_ago = std::time::SystemTime::now() - std::time::Duration::from_secs(120);
    std::fs::File::open(&empty).and_then(|folder| folder.set_modified(long_ago)).expect("a time");
    let id = empty.file_name().expect("a name").to_string_lossy().into_owned();
    assert_eq!(list(&tool)[0], (id.clone(), "interrupted".to_owned()));
    let called = tool.call(&["runs"]);
    assert_in_order(&called, &["interrupted", ", record incomplete", "passed"]);
    assert!(!called.stdout.contains("running"), "{called:?}");
    assert_in_order(&tool.call(&["runs", "show", &id]), &["interrupted, record incomplete", "log: "]);
    assert_says(&tool.call(&["runs", "rm", &id]), 0, &["removed"]);
}

#[test]
fn events_that_were_cut_off_are_told_as_missing() {
    let tool = tasks("cleanup", &[("a", "echo 1"), ("b", "false")]);
    tool.call(&["run", "cleanup"]);
    let path = tool.record_folders().pop().expect("a record").join("events.jsonl");
    let text = std::fs::read_to_string(&path).expect("events");
    let second = text.match_indices('\n').nth(1).expect("two lines").0;
    std::fs::write(&path, &text[..second + 20]).expect("a file");
    assert_in_order(&tool.call(&["runs"]), &["failed", ", record incomplete"]);
    assert_in_order(&tool.call(&["runs", "show"]), &["✓ a", "✗ b", "failed in", ", record incomplete"]);
}
