//! Levels, a project's own settings, and comments that ignore: what `check` and `run` make of them.

use serde_json::{Value, json};

use crate::tool::Tool;

const FILE: &str = ".draft-tasks.config.toml";

const TEXT: &str = "[pre-upp]\na = \"echo\"\n[Cleanup]\nb = \"echo\"\n";

/// The codes and severities that are reported.
fn found(tool: &Tool, arguments: &[&str]) -> Vec<String> {
    let called = tool.call(&[&["check"], arguments].concat());
    let heads = called.stdout.lines().filter(|line| line.contains("]: "));
    heads.map(|line| line.split("]: ").next().unwrap_or_default().to_owned() + "]").collect()
}

#[test]
fn levels_are_given_by_options() {
    let tool = Tool::new(TEXT);
    assert_eq!(found(&tool, &[]), ["warning[unknown-phase]", "hint[phase-case]"]);
    let levels = ["--rule", "unknown-phase=off", "--rule", "phase-case=error"];
    assert_eq!(found(&tool, &levels), ["error[phase-case]"]);
    let called = tool.call(&["check", "--rule", "unknown-phase=information"]);
    assert_eq!(called.code, Some(0), "{called:?}");
    assert_eq!(tool.call(&["check", "--rule", "phase-case=warning"]).code, Some(1));
}

#[test]
fn the_word_that_findings_are_told_with_is_a_level() {
    let tool = Tool::new("[pre-up]\na = \"ls ~\"\n");
    let called = tool.call(&["check", "--rule", "tilde=info", "--min-severity", "info"]);
    assert!(called.code == Some(0) && called.stdout.contains("info[tilde]"), "{called:?}");
}

#[test]
fn wrong_levels_are_refused() {
    let tool = Tool::new(TEXT);
    for (rule, said) in [
        ("unknown-phse=off", "did you mean `unknown-phase`?"),
        ("E501=off", "there is no diagnostic `E501`"),
        ("phase-case=fatal", "there is no level `fatal`"),
        ("phase-case", "expected CODE=LEVEL"),
        ("syntax=off", "keeps its level"),
    ] {
        let called = tool.call(&["check", "--rule", rule]);
        assert!(called.code == Some(2) && called.stderr.contains(said), "{rule}: {called:?}");
    }
}

#[test]
fn a_project_has_settings_and_options_go_before_them() {
    let tool = Tool::empty();
    tool.write("app/.draft-tasks.toml", TEXT.as_bytes());
    tool.write(&format!("app/{FILE}"), b"[rules]\nunknown-phase = \"off\"\nphase-case = \"off\"\n");
    tool.write("other/.draft-tasks.toml", TEXT.as_bytes());
    for path in ["app", "app/.draft-tasks.toml"] {
        assert_eq!(found(&tool, &[path]), [""; 0]);
    }
    assert_eq!(found(&tool, &["app", "--rule", "phase-case=error"]), ["error[phase-case]"]);
    assert_eq!(found(&tool, &["app", "other"]), ["warning[unknown-phase]", "hint[phase-case]"]);
}

#[test]
fn what_is_wrong_in_them_is_said_with_its_place_and_the_rest_is_taken() {
    let tool = Tool::new(TEXT);
    tool.write(
        FILE,
        "# é🚀\n[rules]\nunknown-phase = \"of\"\nphase-case = \"off\"\n[environment]\nA = \"b\"\n".as_bytes(),
    );
    let called = tool.call(&["check", ".", ".draft-tasks.toml"]);
    let lines: Vec<&str> = called.stdout.lines().filter(|line| line.contains("[setting]")).collect();
    assert_eq!((lines.len(), called.stderr.as_str()), (2, ""), "once for both: {called:?}");
    assert!(called.stdout.contains("\n2 errors, 1 warning; 2 files, 2 with findings\n"), "{called:?}");
    let json: Value = serde_json::from_str(&tool.call(&["check", "--format", "json"]).stdout).unwrap();
    let first = &json["files"][1]["diagnostics"][0];
    assert_eq!(json["files"][1]["path"], FILE, "{json}");
    assert_eq!((&first["code"], &first["range"]["start"]["line"]), (&json!("setting"), &json!(3)), "{json}");
    tool.write(".draft-tasks.toml", b"[pre-up]\na = \"echo\"\n");
    assert_eq!(tool.call(&["check"]).code, Some(1), "a mistake, although nothing else is found");
    let place = |line: &str| format!("\u{2500} {FILE}:{line}\n");
    assert!(
        lines[0].ends_with("did you mean `\"off\"`?") && called.stdout.contains(&place("3:17")),
        "{called:?}"
    );
    assert!(lines[1].contains("`environment` cannot be set here"), "{called:?}");
    assert!(called.stdout.contains(&place("5:2")), "{called:?}");
    assert!(called.stdout.contains("unknown-phase") && !called.stdout.contains("phase-case"), "{called:?}");
}

#[test]
fn a_setting_that_stands_elsewhere_is_named_where_it_is() {
    let tool = Tool::new("[pre-up]\na = \"true\"\n");
    tool.write(FILE, b"timeout = \"1s\"\n[run]\non-failure = \"continue\"\nsemantics = \"draft\"\n");
    let called = tool.call(&["check", "--format", "short"]);
    for said in [
        ":1:1: error: there is no setting `timeout`: it is `run.timeout` [setting]",
        ":3:1: error: there is no setting `on-failure`: it is the table `[onFailure]` [setting]",
        ":4:1: error: there is no setting `semantics`: `semantics` stands before all tables [setting]",
    ] {
        assert!(called.stdout.contains(said), "{said} is not in {called:?}");
    }
}

#[test]
fn settings_that_cannot_be_read_are_named() {
    let tool = Tool::new("[pre-up]\na = \"echo\"\n");
    std::fs::create_dir(tool.path(FILE)).expect("a directory");
    let called = tool.call(&["check"]);
    assert_eq!(
        (called.code, called.stdout.as_str(), called.stderr.as_str()),
        (Some(2), "nothing to report in 1 file, 1 not read\n", &*format!("error: {FILE}: is a directory\n"))
    );
    std::fs::remove_dir(tool.path(FILE)).expect("it is empty");
    tool.write(FILE, b"# \xff\n");
    let called = tool.call(&["check"]);
    assert!(called.stderr.contains("is not UTF-8: byte 0xff at line 1, column 3"), "{called:?}");
}

#[test]
fn nothing_runs_with_settings_that_are_wrong() {
    let tool = Tool::new("[pre-up]\na = \"touch ran\"\n");
    assert_eq!(tool.call(&["run", "pre-up"]).code, Some(0), "a run that could run again");
    std::fs::remove_file(tool.path("ran")).expect("it ran");
    tool.write(FILE, b"[run]\ntimeout = \"10x\"\n");
    let problem = format!(
        "error: nothing runs, as {FILE} has settings that are wrong\n  \
         {FILE}:2:11: `10x` is not a duration: write 90s, 5m, 1h 30m or a number of seconds\n"
    );
    for arguments in
        [&["run", "pre-up"][..], &["rerun"], &["up", "--", "touch", "ran"], &["delete", "--", "touch", "ran"]]
    {
        let called = tool.call(arguments);
        assert_eq!((called.code, called.stderr.as_str()), (Some(2), problem.as_str()), "{arguments:?}");
    }
    assert!(!tool.path("ran").exists());
}

#[test]
fn a_file_of_settings_is_no_tasks_file() {
    let tool = Tool::empty();
    tool.write(FILE, b"");
    for command in ["check", "fmt"] {
        let called = tool.call(&[command, FILE]);
        assert!(called.code == Some(2) && called.stderr.contains("has settings and no tasks"), "{called:?}");
    }
}

#[test]
fn comments_ignore() {
    let tool = Tool::new(
        "# draft-tasks: ignore[phase-case]\n[pre-upp] # draft-tasks: ignore[unknown-phase] ours\n[Cleanup] # draft-tasks: ignore[post-up]\n",
    );
    assert_eq!(found(&tool, &[]), ["info[unused-suppression]"]);
}

#[test]
fn a_failure_stops_the_run_or_not() {
    let tool = Tool::new("[pre-up]\nno = \"false\"\nyes = \"touch ran\"\n");
    let ran = |arguments: &[&str]| {
        let called = tool.call(&[&["run", "pre-up"], arguments].concat());
        assert_eq!(called.code, Some(1), "{called:?}");
        std::fs::remove_file(tool.path("ran")).is_ok()
    };
    assert!(!ran(&[]));
    assert!(ran(&["--on-failure", "continue"]));
    tool.write(FILE, b"[onFailure]\npre-up = \"continue\"\n");
    assert!(ran(&[]));
    assert!(!ran(&["--on-failure", "stop"]));
}

#[test]
fn commands_mean_what_the_project_says() {
    let tool = Tool::new("[pre-up]\na = \"echo 'a  b'\"\n");
    assert!(tool.call(&["run", "pre-up"]).stdout.contains("│ a  b\n"));
    tool.write(FILE, b"semantics = \"draft\"\n");
    assert!(tool.call(&["run", "pre-up"]).stdout.contains("│ 'a  b'\n"));
    let called = tool.call(&["run", "pre-up", "--semantics", "standard"]);
    assert!(called.stdout.contains("│ a  b\n"), "{called:?}");
}

#[test]
fn a_project_limits_the_time_of_its_tasks_and_options_go_before_it() {
    let tool = Tool::new("[pre-up]\na = \"sleep 1\"\n");
    tool.write(".draft-tasks.config.toml", b"[run]\ntimeout = 0.1\n");
    let called = tool.call(&["run", "pre-up"]);
    assert_eq!(called.code, Some(1), "{called:?}");
    assert_eq!(tool.call(&["run", "pre-up", "--timeout", "1h"]).code, Some(0));
}

#[test]
fn those_of_a_folder_above_hold_behind_nearer_ones_up_to_the_root_of_the_repository() {
    let tool = Tool::empty();
    tool.write(FILE, b"[rules]\nunknown-phase = \"off\"\nphase-case = \"off\"\n");
    tool.write(&format!("apps/{FILE}"), b"[rules]\nphase-case = \"error\"\n");
    tool.write("apps/web/.draft-tasks.toml", TEXT.as_bytes());
    assert_eq!(
        found(&tool, &["apps/web"]),
        ["warning[unknown-phase]", "hint[phase-case]"],
        "in no repository"
    );
    tool.write(".git/HEAD", b"");
    assert_eq!(found(&tool, &["apps/web"]), ["error[phase-case]"]);
    tool.write("apps/.git", b"gitdir: elsewhere\n");
    assert_eq!(found(&tool, &["apps/web"]), ["warning[unknown-phase]", "error[phase-case]"]);
}

#[test]
fn those_of_a_folder_above_that_are_wrong_keep_everything_from_running() {
    let tool = Tool::empty();
    tool.write(FILE, b"[run]\ntimeout = \"10x\"\n[kubernetes]\ncontext = \"prod\"\n");
    tool.write(".git/HEAD", b"");
    tool.write("web/.draft-tasks.toml", b"[pre-up]\na = \"touch ran\"\n");
    for (folder, file) in [("web", "../.draft-tasks.config.toml"), (".", ".draft-tasks.config.toml")] {
        let path = if folder == "." { "web" } else { "." };
        let called = tool.call(&["-C", folder, "run", "pre-up", "--file", path]);
        let said = [
            format!("nothing runs, as {file} has settings that are wrong\n  {file}:2:11: `10x` is not"),
            "`context` cannot be set here".into(),
        ];
        assert_eq!(called.code, Some(2), "{called:?}");
        said.iter().for_each(|said| assert!(called.stderr.contains(said), "{said}: {called:?}"));
        let checked = tool.call(&["-C", folder, "check", path]);
        assert!(
            checked.code == Some(1) && checked.stdout.contains(&format!("\u{2500} {file}:2:11\n")),
            "{checked:?}"
        );
    }
    assert!(!tool.path("web/ran").exists());
    if std::os::unix::fs::chown(tool.path(FILE), Some(12345), None).is_err() {
        // Only root can give something away.
        return;
    }
    for (command, code, said) in [
        (&["run", "pre-up", "--file", "web"][..], 2, "error: nothing runs: "),
        (&["list", "--file", "web"], 0, "warning: nothing runs: "),
        (&["check", "web"], 0, "warning: "),
    ] {
        let called = tool.call(command);
        assert!(called.code == Some(code) && called.stderr.starts_with(said), "{called:?}");
        assert_eq!(called.stderr.matches(&format!("{FILE} is not used, as ")).count(), 1, "{called:?}");
    }
    assert!(!tool.path("web/ran").exists());
}

#[test]
fn a_name_that_no_tasks_file_below_has_is_noted_where_all_are_known() {
    let tool = Tool::empty();
    tool.write(".git/HEAD", b"");
    tool.write("web/.draft-tasks.toml", b"[post-deploy]\nmigrate = \"true\"\n");
    tool.write("api/.draft-tasks.toml", b"[post-deploy]\nseed = \"true\"\n");
    tool.write(FILE, b"[kubernetes]\nonce = [\"migrate\", \"seed\", \"index everything\"]\n");
    let said = "info: no tasks file below that was looked at has a task `index everything` in `post-deploy` [setting]";
    let called = tool.call(&["check", "--format", "short"]);
    assert!(
        called.code == Some(0) && called.stdout.starts_with(&format!("{FILE}:2:28: {said}\n")),
        "{called:?}"
    );
    for some in [&["check", "web"][..], &["-C", "web", "check"]] {
        let called = tool.call(some);
        assert!(called.code == Some(0) && !called.stdout.contains("no tasks file below"), "{called:?}");
    }
    // What a broken file has is not known.
    tool.write("api/.draft-tasks.toml", b"[post-deploy\n");
    let called = tool.call(&["check"]);
    assert!(called.code == Some(1) && !called.stdout.contains("no tasks file below"), "{called:?}");
}

#[test]
fn a_run_in_pods_says_which_names_from_above_are_none_of_its_tasks() {
    let tool = Tool::empty();
    tool.write(".git/HEAD", b"");
    tool.write(FILE, b"[kubernetes]\nonce = [\"migrate\", \"index everything\"]\n");
    tool.write("web/.draft-tasks.toml", b"[pre-up]\na = \"true\"\n[post-deploy]\nmigrate = \"true\"\n");
    let said = format!("{FILE}: `once` names `index everything`, which `post-deploy` here does not have");
    let dry = ["run", "post-deploy", "--file", "web", "--dry-run", "--selector", "app=web"];
    let called = tool.call(&dry);
    assert!(called.code == Some(0) && called.stderr.contains(&said), "{called:?}");
    let called = tool.call(&["up", "--file", "web", "--dry-run", "--selector", "app=web", "--", "true"]);
    assert!(called.stderr.contains(&said), "{called:?}");
    assert!(!tool.call(&[&dry[..], &["--quiet"]].concat()).stderr.contains("`once`"));
    assert!(!tool.call(&["run", "pre-up", "--file", "web"]).stderr.contains("`once`"));
    tool.write(FILE, b"[kubernetes]\nonce = [\"migrate\"]\n");
    assert!(!tool.call(&dry).stderr.contains("`once`"));
}

#[test]
fn tasks_that_a_folder_above_names_are_those_of_the_file_that_runs() {
    let tool = Tool::empty();
    tool.write(".git/HEAD", b"");
    tool.write(".draft-tasks.toml", b"[post-deploy]\nother = \"true\"\n");
    tool.write("web/.draft-tasks.toml", b"[pre-up]\na = \"true\"\n[post-deploy]\nmigrate = \"true\"\n");
    let runs = |file: &str, once: &str, code: i32| {
        tool.write(file, format!("[kubernetes]\nonce = [\"{once}\"]\n").as_bytes());
        let called = tool.call(&["run", "pre-up", "--file", "web"]);
        let said = format!("2:9: `post-deploy` has no task `{once}`");
        assert_eq!((called.code, called.stderr.contains(&said)), (Some(code), code == 2), "{called:?}");
    };
    runs(FILE, "migrate", 0);
    // It may be of another tasks file below.
    runs(FILE, "seed", 0);
    runs(FILE, "migrat", 2);
    assert!(tool.call(&["check", "web"]).stdout.contains("did you mean `migrate`?"));
    let nearer = format!("web/{FILE}");
    runs(&nearer, "seed", 2);
    // What is farther away does not count.
    runs(&nearer, "migrate", 0);
}

#[test]
fn the_levels_of_findings_are_found_by_the_names_that_others_give_them() {
    let tool = Tool::new(TEXT);
    for text in [
        "[diagnostics]\nunknown-phase = \"off\"\n",
        "diagnostics = {}\n",
        "diagnostics.x = 1\n",
        "[lint.rules]\n",
    ] {
        tool.write(FILE, text.as_bytes());
        let called = tool.call(&["check", "--format", "short"]);
        let name = if text.contains("lint") { "lint" } else { "diagnostics" };
        let said = format!("there is no setting `{name}`: did you mean `rules`? [setting]");
        assert!(called.code == Some(1) && called.stdout.contains(&said), "{called:?}");
    }
}

#[test]
fn settings_that_lead_to_nothing_keep_all_from_running() {
    let tool = Tool::new("[pre-up]\na = \"touch ran\"\n");
    std::os::unix::fs::symlink("none", tool.path(FILE)).expect("a link");
    for arguments in [&["check"][..], &["run", "pre-up"]] {
        let called = tool.call(arguments);
        assert!(called.code == Some(2), "{called:?}");
        assert!(called.stderr.contains(".draft-tasks.config.toml: is a link to nothing"), "{called:?}");
    }
    assert!(!tool.path("ran").exists());
}
