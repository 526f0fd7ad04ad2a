//! `draft-tasks rerun`: what ran, from its record. Pods are the business of `tests/kubernetes`.

use rustix::process::Signal;
use serde_json::Value;

use crate::lifecycle::with_cluster;
use crate::run::{assert_in_order, tasks};
use crate::tool::{Tool, assert_says};

/// The second of three tasks fails as long as there is no file `well`.
fn flaky() -> Tool {
    tasks("cleanup", &[("one", "echo 1"), ("two", "test -e well"), ("three", "echo 3")])
}

fn runs(tool: &Tool) -> Vec<String> {
    let list: Value =
        serde_json::from_str(&tool.call(&["runs", "--all", "--format", "json"]).stdout).expect("JSON");
    let ids =
        list.as_array().expect("a list").iter().map(|run| run["id"].as_str().expect("an id").to_owned());
    ids.collect()
}

#[test]
fn runs_again_what_ran_last_or_only_what_failed() {
    let tool = flaky();
    assert_says(&tool.call(&["rerun"]), 2, &["no run of ", "is recorded"]);
    assert_says(&tool.call(&["run", "cleanup"]), 1, &["2 passed, 1 failed"]);
    assert_says(&tool.call(&["rerun", "--failed"]), 1, &["cleanup · 1 task", "✗ two", "1 failed"]);
    assert_says(&tool.call(&["rerun"]), 1, &["cleanup · 1 task", "✗ two"]);
    tool.write("well", b"");
    assert_says(&tool.call(&["rerun", "--failed"]), 0, &["cleanup · 1 task", "✓ two"]);
    assert_says(&tool.call(&["rerun", "--failed"]), 0, &["nothing runs: run ", "all of its tasks passed"]);
    let first = runs(&tool).pop().expect("a run");
    assert_says(&tool.call(&["rerun", &first]), 0, &["cleanup · 3 tasks", "3 passed"]);
    assert_says(&tool.call(&["rerun", &first, "--failed"]), 0, &["cleanup · 1 task", "✓ two"]);
    assert_says(&tool.call(&["rerun", "none"]), 2, &["there is no run `none`"]);
}

#[test]
fn a_run_of_some_tasks_hides_no_failure_of_the_others() {
    let tool = flaky();
    assert_says(&tool.call(&["run", "cleanup"]), 1, &["2 passed, 1 failed"]);
    assert_says(&tool.call(&["run", "cleanup", "one"]), 0, &["1 passed"]);
    assert_says(&tool.call(&["rerun", "--failed"]), 0, &["nothing runs: run ", "all of its tasks passed"]);
    assert_says(&tool.call(&["run", "cleanup", "--failed"]), 1, &["cleanup · 1 task", "✗ two"]);
    tool.write("well", b"");
    assert_says(&tool.call(&["run", "cleanup", "two"]), 0, &["✓ two"]);
    assert_says(&tool.call(&["run", "cleanup", "--failed"]), 0, &["all of its tasks passed"]);
    std::fs::remove_file(tool.path("well")).expect("a file");
    assert_says(&tool.call(&["run", "cleanup", "two"]), 1, &["✗ two"]);
    assert_says(&tool.call(&["run", "cleanup", "one", "three"]), 0, &["2 passed"]);
    tool.write(".draft-tasks.toml", b"[cleanup]\none = \"echo 1\"\nthree = \"echo 3\"\n");
    let called = tool.call(&["run", "cleanup", "--failed"]);
    assert_says(&called, 0, &["all of its tasks passed"]);
}

#[test]
fn who_is_in_no_folder_of_a_tasks_file_is_led_on() {
    let tool = Tool::empty();
    for again in [&["rerun"][..], &["rerun", "last"], &["rerun", "--failed"]] {
        let said = ["name it by --file PATH", "`draft-tasks runs --all` lists the runs of all tasks files"];
        assert_says(&tool.call(again), 2, &said);
    }
    assert_says(&tool.call(&["runs", "rm", "last"]), 2, &["`--all` means the runs of all tasks files"]);
}

#[test]
fn is_of_this_tasks_file() {
    let tool = flaky();
    tool.call(&["run", "cleanup"]);
    let id = runs(&tool).pop().expect("a run");
    tool.write("other/.draft-tasks.toml", b"[cleanup]\none = \"echo other\"\n");
    assert_says(
        &tool.call(&["rerun", "--file", "other"]),
        2,
        &["no run of ", "other/.draft-tasks.toml is recorded"],
    );
    assert_says(&tool.call(&["rerun", "--file", "other", &id]), 2, &["was of ", "give it by --file"]);
}

#[test]
fn a_failed_task_that_was_repaired_runs_and_that_is_said() {
    let tool = flaky();
    tool.call(&["run", "cleanup"]);
    tool.write(
        ".draft-tasks.toml",
        b"[cleanup]\none = \"echo 1\"\ntwo = \"touch repaired\"\nthree = \"echo 3\"\n",
    );
    let said = "the command of `two` has changed since then: the new runs\n";
    let called = tool.call(&["rerun", "--failed"]);
    assert_says(&called, 0, &["cleanup · 1 task", said]);
    assert_eq!(called.stderr.lines().count(), 1, "{called:?}");
    assert!(tool.path("repaired").exists());
    assert!(!tool.call(&["rerun"]).stderr.contains("changed"), "it is the same as last time");
}

#[test]
fn the_last_run_is_one_of_the_tasks_file_here() {
    let tool = flaky();
    tool.call(&["run", "cleanup"]);
    let own = runs(&tool).pop().expect("a run");
    tool.write("other/.draft-tasks.toml", b"[pre-up]\nelse = \"echo other\"\n");
    tool.call(&["run", "pre-up", "--file", "other"]);
    assert_says(&tool.call(&["runs", "path", "last"]), 0, &[&own]);
    assert_says(&tool.call(&["runs", "show", "latest"]), 0, &["cleanup · "]);
    assert_says(&tool.call(&["rerun", "last"]), 1, &["cleanup · 3 tasks"]);
    assert_says(&tool.call(&["rerun", "last", "--file", "other"]), 0, &["pre-up · 1 task"]);
    let newest = |tool: &Tool| tool.call(&["runs", "--all"]).stdout.lines().nth(1).expect("a run").to_owned();
    let id = newest(&tool).split_whitespace().next().expect("a name").to_owned();
    let removed = tool.call(&["runs", "rm", "last", "last"]);
    assert_says(&removed, 0, &[&format!("removed {id}"), ".draft-tasks.toml"]);
    assert_eq!((removed.stdout.lines().count(), removed.stderr.as_str()), (1, ""), "it is one run");
    assert_eq!(runs(&tool).len(), 3);
}

#[test]
fn a_task_that_is_gone_is_named_with_those_that_are_there() {
    let tool = flaky();
    tool.call(&["run", "cleanup"]);
    tool.write(".draft-tasks.toml", b"[cleanup]\none = \"echo 1\"\nzwei = \"touch never\"\n");
    for again in [&["rerun", "--failed"][..], &["rerun"]] {
        let said =
            ["error: task `two` of run ", "is no longer in the file", "`cleanup` has `one`, `zwei` now"];
        assert_says(&tool.call(again), 2, &said);
    }
    tool.write(".draft-tasks.toml", b"");
    assert_says(&tool.call(&["rerun"]), 2, &["task `one` of run ", "`cleanup` has no tasks now"]);
    assert!(!tool.path("never").exists());
}

#[test]
fn a_run_that_goes_on_is_awaited_where_that_is_wanted() {
    let wait = "sh -c 'echo begun; for i in $(seq 600); do test -e go && exit; sleep 0.1; done; exit 1'";
    let tool = tasks("pre-up", &[("wait", wait), ("count", "sh -c 'echo >>count'")]);
    let mut first = tool.start(&["run", "pre-up"]);
    first.wait_for("begun");
    assert_says(&tool.call(&["rerun"]), 2, &["error: run ", "is still running: ", "with --wait"]);
    let mut second = tool.start(&["rerun", "--wait"]);
    second.wait_for_warning("waiting: run ");
    assert!(second.lives() && !tool.path("count").exists());
    tool.write("go", b"");
    assert_eq!(first.end().code, Some(0));
    assert_says(&second.end(), 0, &["pre-up · 2 tasks", "2 passed"]);
    assert_eq!(tool.read("count"), "\n\n");
}

#[test]
fn a_task_never_waits_for_its_own_run() {
    // The record says so a moment after the task began.
    let again = "sh -c 'until grep -qs taskStarted .state/runs/*/events.jsonl; do sleep 0.05; done; \"$PROGRAM\" rerun --wait'";
    let tool = tasks("pre-up", &[("again", again)]);
    let tool = tool.with("PROGRAM", env!("CARGO_BIN_EXE_draft-tasks"));
    let called = tool.call(&["run", "pre-up", "--total-timeout", "60"]);
    assert_says(&called, 1, &["it cannot be awaited: this is one of its tasks"]);
}

#[test]
fn a_run_that_is_declined_is_not_recorded() {
    let tool = flaky();
    tool.call(&["run", "cleanup"]);
    let before = runs(&tool);
    tool.write("draft.toml", b"[environments.development]\nname = \"web\"\n");
    let tool = tool.with("KUBECONFIG", "/none");
    assert_says(
        &tool.call(&["run", "cleanup"]),
        2,
        &["nobody can be asked whether to clean up without knowing whether pods", "--yes"],
    );
    assert_says(&tool.call(&["run", "cleanup", "none"]), 2, &["none"]);
    assert_eq!(runs(&tool), before);
    assert_says(&tool.call(&["rerun", "--failed", "--yes"]), 1, &["cleanup · 1 task"]);
}

#[test]
fn what_did_not_run_because_of_a_failure_runs_with_what_failed() {
    let tool = tasks("pre-up", &[("one", "echo 1"), ("two", "test -e well"), ("three", "echo 3")]);
    assert_says(&tool.call(&["run", "pre-up"]), 1, &["1 passed, 1 failed, 1 skipped"]);
    tool.write("well", b"");
    assert_says(&tool.call(&["rerun", "--failed"]), 0, &["pre-up · 2 tasks", "✓ two", "✓ three", "2 passed"]);
}

#[test]
fn has_the_context_and_the_variables_of_the_run() {
    let command = "sh -c 'echo got $A $B; grep current-context $KUBECONFIG'";
    let tool = tasks("pre-up", &[("show", command)]);
    let context = |name: &str| format!("- {{name: {name}, context: {{cluster: c, user: u}}}}\n");
    let kubeconfig = format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: first\ncontexts:\n{}{}clusters: [{{name: c, cluster: {{server: 'https://127.0.0.1:1'}}}}]\n\
         users: [{{name: u, user: {{}}}}]\n",
        context("first"),
        context("second")
    );
    tool.write("config", kubeconfig.as_bytes());
    tool.write("vars", b"B=old\n");
    let path = tool.path("config").display().to_string();
    let tool = tool.with("KUBECONFIG", &path);
    let options = ["--context", "second", "--env-file", "vars", "--env", "A=given"];
    let run = [&["run", "pre-up", "--public", "B"], &options[..]].concat();
    assert_says(&tool.call(&run), 0, &["got given old", "second"]);
    assert!(!tool.records().contains("A=given"), "values are in no record");
    tool.write("vars", b"B=new\n");
    assert_says(
        &tool.call(&["rerun"]),
        2,
        &["had --env A=…, of which the record has the names alone: give them again"],
    );
    for _ in 0..2 {
        assert_says(&tool.call(&["rerun", "--env", "A=again"]), 0, &["got again new", "second"]);
    }
    assert_says(&tool.call(&["rerun", "--env", "A=x", "--context", "first"]), 0, &["got x new", "first"]);
}

#[test]
fn finds_a_run_whichever_way_leads_to_the_file_and_by_the_beginning_of_its_name() {
    let tool = flaky();
    tool.write("sub/x", b"");
    std::os::unix::fs::symlink(tool.path(".draft-tasks.toml"), tool.path("link")).expect("a link");
    tool.call(&["run", "cleanup"]);
    for file in ["sub/..", "link"] {
        assert_says(&tool.call(&["rerun", "--file", file]), 1, &["cleanup · 3 tasks"]);
    }
    let first = runs(&tool).pop().expect("a run");
    let beginning = &first[..first.len() - 2];
    assert_says(&tool.call(&["rerun", beginning]), 1, &["cleanup · 3 tasks"]);
    assert_says(&tool.call(&["rerun", "last"]), 1, &["cleanup · 3 tasks"]);
    assert_says(&tool.call(&["runs", "show", "last"]), 0, &["cleanup"]);
    assert_says(
        &tool.call(&["runs", "show", "20"]),
        2,
        &["runs have names that begin with `20`, so give more of it: 20"],
    );
}

#[test]
fn a_step_that_is_no_phase_says_what_to_do() {
    let tool = flaky();
    tool.call(&["up", "--", "true"]);
    let deploy = runs(&tool).into_iter().find(|id| id.contains("-deploy-")).expect("a run");
    let said = "is the step `deploy` of `draft-tasks up` or `delete`, which does not run again alone: give that command";
    assert_says(&tool.call(&["rerun", &deploy]), 2, &[said]);
}

#[test]
fn a_project_whose_path_is_not_unicode_has_its_runs() {
    use std::os::unix::ffi::OsStringExt;
    let tool = tasks("pre-up", &[("a", "sh -c 'test -e ok'")]);
    let project = |name: &[u8]| {
        let folder = tool.path("").join(std::ffi::OsString::from_vec(name.to_vec()));
        std::fs::create_dir(&folder).expect("a folder");
        std::fs::copy(tool.path(".draft-tasks.toml"), folder.join(".draft-tasks.toml")).expect("a file");
        folder
    };
    // All of them look the same in a record.
    let (one, other, third) = (project(b"x\xff"), project(b"x\xfe"), project("x\u{fffd}".as_bytes()));
    let call = |folder: &std::path::Path, arguments: &[&str]| {
        let output = tool.command(arguments).current_dir(folder).output().expect("the program starts");
        (output.status.code(), String::from_utf8(output.stderr).expect("UTF-8"))
    };
    assert_eq!(call(&one, &["run", "pre-up"]).0, Some(1));
    for elsewhere in [&other, &third] {
        let (code, said) = call(elsewhere, &["rerun"]);
        assert!(code == Some(2) && said.contains("no run of"), "{said}");
    }
    std::fs::write(one.join("ok"), "").expect("a file");
    assert_eq!(call(&one, &["rerun", "--failed"]), (Some(0), String::new()));
    assert_eq!(call(&one, &["rerun", "last"]), (Some(0), String::new()));
}

#[test]
fn a_failed_deploy_command_is_not_passed_over_for_an_earlier_phase() {
    let tool = tasks("pre-up", &[("one", "echo 1")]);
    tool.call(&["up", "--", "false"]);
    let parts = ["the step `deploy` of `draft-tasks up`", "give that command again"];
    assert_says(&tool.call(&["rerun", "--failed"]), 2, &parts);
    assert_says(&tool.call(&["rerun"]), 2, &parts);
    assert_says(&tool.call(&["run", "pre-up", "--failed"]), 0, &["all of its tasks passed"]);
}

#[test]
fn a_deploy_command_that_was_stopped_or_killed_is_not_passed_over_for_an_earlier_phase() {
    let wait = "echo begun; while kill -0 $PPID 2>/dev/null; do sleep 0.05; done";
    for (signal, how) in
        [(Signal::INT, "what was stopped last is"), (Signal::KILL, "what was interrupted last is")]
    {
        let tool = tasks("pre-up", &[("one", "sh -c 'echo >>count'")]);
        let mut started = tool.start(&["up", "--", "sh", "-c", wait]);
        started.wait_for("begun");
        started.signal(signal);
        started.end();
        let last = tool.call(&["runs", "path", "last"]);
        let id = last.stdout.trim().rsplit('/').next().expect("a name").to_owned();
        let parts = [how, "the step `deploy` of `draft-tasks up`", "give that command again"];
        for again in [&["rerun"][..], &["rerun", "--failed"]] {
            assert_says(&tool.call(again), 2, &parts);
        }
        assert_says(
            &tool.call(&["rerun", "last"]),
            2,
            &[&id, "is the step `deploy`", "give that command again"],
        );
        assert_eq!(tool.read("count"), "\n");
    }
}

#[test]
fn a_phase_in_which_no_task_could_run_is_not_passed_over_for_an_earlier_one() {
    let tool = with_cluster("[pre-up]\none = \"true\"\n[post-deploy]\nmigrate = \"true\"\n", "127.0.0.1");
    assert_eq!(tool.call(&["run", "pre-up"]).code, Some(0));
    let called = tool.call(&["run", "post-deploy", "--selector", "app=web", "--ready-timeout", "0"]);
    assert_eq!(called.code, Some(1), "{called:?}");
    let parts = [
        "in `post-deploy`, which is what failed last, no task ran: ",
        "`draft-tasks run post-deploy` runs it",
    ];
    for again in [&["rerun"][..], &["rerun", "--failed"], &["run", "post-deploy", "--failed"]] {
        assert_says(&tool.call(again), 2, &parts);
    }
    let pre_up = tool.record_folders()[0].file_name().expect("a name").to_string_lossy().into_owned();
    assert_says(&tool.call(&["rerun", &pre_up]), 0, &["pre-up · 1 task"]);
}

#[test]
fn the_line_that_runs_again_can_be_typed_where_the_run_was() {
    let tool = Tool::empty();
    tool.write("apps/web/.draft-tasks.toml", b"[pre-up]\nbad = \"test -e $MARK\"\n");
    let called = tool.call(&["-C", "apps", "-C", "web", "run", "pre-up", "--env", "MARK=none"]);
    let line = "again: draft-tasks run pre-up --failed -C apps -C web --env MARK=…\n";
    assert!(called.code == Some(1) && called.stdout.ends_with(line), "{called:?}");
    let again = ["run", "pre-up", "--failed", "-C", "apps", "-C", "web", "--env", "MARK=."];
    assert_says(&tool.call(&again), 0, &["✓ bad"]);
}

#[test]
fn what_had_other_options_is_not_run_again_without_them() {
    let tool = Tool::new("[pre-up]\na = \"test $MARK = x\"\nb = \"true\"\n");
    assert_says(&tool.call(&["run", "pre-up", "a", "--env", "MARK=y"]), 1, &["✗ a"]);
    assert_says(&tool.call(&["run", "pre-up", "b"]), 0, &["✓ b"]);
    let called = tool.call(&["run", "pre-up", "--failed"]);
    assert_says(&called, 2, &["has tasks that have not passed since, and had other options", "rerun 2"]);
    assert_says(&tool.call(&["run", "pre-up", "a"]), 1, &["✗ a"]);
    assert_says(&tool.call(&["run", "pre-up", "b"]), 0, &["✓ b"]);
    assert_says(&tool.call(&["run", "pre-up", "--failed"]), 1, &["✗ a"]);
}

#[test]
fn what_was_left_out_stays_so_where_what_failed_runs_again() {
    let tool = Tool::new("[pre-up]\na = \"true\"\ndb = \"test -e well\"\nwipe = \"touch wiped\"\n");
    assert_says(&tool.call(&["run", "pre-up"]), 1, &["again: draft-tasks run pre-up --failed\n"]);
    let called = tool.call(&["run", "pre-up", "--skip", "wipe", "--file", "./.draft-tasks.toml"]);
    assert_says(&called, 1, &["again: draft-tasks rerun --failed\n"]);
    tool.write("well", b"");
    assert_says(&tool.call(&["rerun", "--failed"]), 0, &["pre-up · 1 task", "✓ db"]);
    assert!(!tool.path("wiped").exists());
}

#[test]
fn what_was_said_of_meaning_failures_and_limits_holds_again() {
    let tool = Tool::new(
        "[pre-up]\nb = \"sh -c 'exit 3'\"\nc = \"echo 'x y'\"\nd = \"sleep 600\"\ne = \"test -e well\"\n",
    );
    let options = ["--semantics", "draft", "--on-failure", "continue", "--timeout", "1s"];
    let called = tool.call(&[&["run", "pre-up", "d", "e"][..], &options].concat());
    assert_says(&called, 1, &["✗ d", "timed out after 1.0 s", "✗ e"]);
    for again in [&["rerun", "--failed"][..], &["rerun"]] {
        assert_says(&tool.call(again), 1, &["✗ d", "timed out after 1.0 s", "✗ e"]);
    }
    let called = tool.call(&[&["run", "pre-up", "b", "c"][..], &options].concat());
    assert_says(&called, 1, &["✗ b", "c │ 'x y'"]);
    let again = tool.call(&["rerun"]);
    assert_says(&again, 1, &["✗ b", "c │ 'x y'"]);
    assert!(!again.stderr.contains("has changed"), "{again:?}");
    assert_says(
        &tool.call(&["rerun", "--semantics", "standard", "--fail-fast"]),
        1,
        &["exit code 3", "c  skipped"],
    );
    assert_says(&tool.call(&["rerun", "last"]), 1, &["exit code 3", "c  skipped"]);
}

#[test]
fn no_directory_is_forgotten_that_stands_before_the_command() {
    let tool = Tool::empty();
    tool.write("x/y/.draft-tasks.toml", b"[pre-up]\nright = \"true\"\n");
    tool.write("y/.draft-tasks.toml", b"[pre-up]\nwrong = \"true\"\n");
    let refused = tool.call(&["-C", "x", "run", "-C", "y", "pre-up"]);
    assert!(
        refused.code == Some(2) && refused.stderr.contains("-C stands before the command"),
        "{refused:?}"
    );
    for once in [&["-C", "x", "-C", "y", "run", "pre-up"][..], &["run", "-Cx", "-C", "y", "pre-up"]] {
        assert_says(&tool.call(once), 0, &["✓ right"]);
    }
}

#[test]
fn the_line_that_runs_again_names_a_folder_like_an_option_as_a_path() {
    let tool = Tool::empty();
    tool.write("-dash/.draft-tasks.toml", b"[pre-up]\nbad = \"false\"\n");
    let called = tool.call(&["run", "pre-up", "--file", "./-dash"]);
    assert_says(&called, 1, &["again: draft-tasks run pre-up --failed --file ./-dash/.draft-tasks.toml\n"]);
}

#[test]
fn a_run_that_is_named_runs_again_where_there_is_no_tasks_file() {
    let tool = tasks("pre-up", &[("one", "echo 1")]);
    tool.call(&["run", "pre-up"]);
    let file = tool.path(".draft-tasks.toml").display().to_string();
    std::fs::create_dir(tool.path("elsewhere")).unwrap();
    let run = tool.record_folders()[0].file_name().unwrap().to_string_lossy().into_owned();
    let called = tool.call_after("cd elsewhere", &["rerun", &run]);
    assert_says(&called, 0, &["pre-up · 1 task", " was of ", &file]);
    for last in [&["rerun"][..], &["rerun", "last"], &["rerun", "--failed", "last"]] {
        assert_says(&tool.call_after("cd elsewhere", last), 2, &["there is no .draft-tasks.toml"]);
    }
    for all in [&["runs", "rm", "last"][..], &["runs", "rm", "--older-than", "0s"]] {
        let called = tool.call_after("cd elsewhere", all);
        assert_says(
            &called,
            2,
            &["there is no .draft-tasks.toml", "`--all` means the runs of all tasks files"],
        );
    }
    assert_eq!(tool.record_folders().len(), 2);
}

#[test]
fn what_failed_of_a_phase_runs_again_though_another_one_ran_since() {
    let tool = Tool::new(
        "[pre-up]\none = \"echo 1\"\ntwo = \"test -e well\"\nthree = \"echo 3\"\n[cleanup]\nx = \"true\"\n",
    );
    assert_says(
        &tool.call(&["run", "pre-up", "--failed"]),
        2,
        &["no run of `pre-up` of .draft-tasks.toml is recorded"],
    );
    let failed = tool.call(&["run", "pre-up"]);
    assert_says(&failed, 1, &["again: draft-tasks run pre-up --failed\n"]);
    assert_says(&tool.call(&["run", "cleanup"]), 0, &["1 passed"]);
    assert_says(&tool.call(&["rerun", "--failed"]), 0, &["nothing runs: run ", "all of its tasks passed"]);
    tool.write(
        ".draft-tasks.toml",
        b"[pre-up]\none = \"echo 1\"\nthree = \"echo 3\"\ntwo = \"test ! -e well\"\n[cleanup]\nx = \"true\"\n",
    );
    let said = ["pre-up · 2 tasks", "✓ two", "✓ three", "the command of `two` has changed since then"];
    assert_says(&tool.call(&["run", "pre-up", "--failed"]), 0, &said);
    assert_says(&tool.call(&["run", "pre-up", "--failed"]), 0, &["all of its tasks passed"]);
    assert_says(&tool.call(&["run", "preup", "--failed"]), 2, &["did you mean `pre-up`"]);
    assert_says(&tool.call(&["run", "pre-up", "two", "--failed"]), 2, &["cannot be used with"]);
    tool.call(&["run", "pre-up", "one"]);
    tool.write(".draft-tasks.toml", b"[pre-up]\nother = \"true\"\n");
    assert_says(&tool.call(&["rerun"]), 2, &["task `one` of run ", "is no longer in the file"]);
}

#[test]
fn a_failure_tells_its_command_its_place_its_log_and_how_it_runs_again() {
    let tool = Tool::new("\n[pre-up]\na = \"true\"\n\"b c\" = \"sh -c 'echo why; exit 3'\"\n");
    let folder = |tool: &Tool| tool.record_folders().pop().expect("a record").display().to_string();
    for option in ["--color=never", "--quiet"] {
        let called = tool.call(&["run", "pre-up", option]);
        let log = format!("    log: {}/02-b-c.log\n", folder(&tool));
        let command = "    .draft-tasks.toml:4: sh -c 'echo why; exit 3'\n";
        assert_says(
            &called,
            1,
            &[command, &log, "1 failed in ", "\nagain: draft-tasks run pre-up --failed\n"],
        );
    }
    let called = tool.call(&["run", "pre-up", "--no-record"]);
    // Options that no record keeps would be missing: where it runs, and how often.
    assert!(!called.stdout.contains("again:") && !called.stdout.contains("log:"), "{called:?}");
    std::fs::create_dir(tool.path("else where")).unwrap();
    let file = "../.draft-tasks.toml";
    let elsewhere = tool.call_after("cd 'else where'", &["run", "pre-up", "--file", ".."]);
    let again = format!("again: draft-tasks run pre-up --failed --file {file}\n");
    assert_says(&elsewhere, 1, &[&format!("    {file}:4: sh -c "), &again]);
    assert!(!tool.call(&["run", "pre-up", "a"]).stdout.contains("again"));
}

#[test]
fn the_environment_of_draft_toml_is_met_again() {
    let tool = tasks("cleanup", &[("one", "false")]);
    tool.write("draft.toml", b"[environments.staging]\nname = \"web\"\n");
    let tool = tool.with("KUBECONFIG", "/none");
    tool.call(&["run", "cleanup", "--environment", "staging", "--yes"]);
    let said = ["whether to clean up without knowing whether pods "];
    assert_says(&tool.call(&["run", "cleanup", "--failed"]), 2, &said);
}

#[test]
fn a_record_of_a_newer_version_is_neither_run_again_nor_shown_as_one_of_this() {
    let tool = Tool::new("[pre-up]\na = \"sh -c 'echo >>ran; test -e well'\"\n");
    assert_says(&tool.call(&["run", "pre-up"]), 1, &["✗ a"]);
    assert_says(&tool.call(&["run", "pre-up"]), 1, &["✗ a"]);
    let newest = tool.record_folders().pop().expect("a record");
    let id = newest.file_name().expect("a name").to_string_lossy().into_owned();
    let said = "a newer draft-tasks wrote it (version 99 of records, of which this one knows 2)";
    for name in ["events.jsonl", "result.json"] {
        let text = std::fs::read_to_string(newest.join(name)).expect("a file");
        let newer = text.replacen("\"version\":2", "\"version\":99", 1);
        let newer = newer.replacen("\"version\": 2", "\"version\": 99", 1);
        assert_ne!(newer, text);
        std::fs::write(newest.join(name), newer).expect("a file");
        for again in [&["rerun"][..], &["rerun", "--failed"], &["rerun", &id], &["run", "pre-up", "--failed"]]
        {
            assert_says(&tool.call(again), 2, &[said]);
        }
        let shown = tool.call(&["runs", "show", "--format", "json"]);
        assert_says(&shown, 2, &[said]);
        assert!(shown.stdout.is_empty(), "{shown:?}");
        assert_in_order(&tool.call(&["runs"]), &["unreadable", said, "failed"]);
        std::fs::write(newest.join(name), text).expect("a file");
    }
    assert_eq!(tool.read("ran").lines().count(), 2);
    assert_says(&tool.call(&["rerun"]), 1, &["✗ a"]);
}

/// Makes a record that of a run whose program was killed behind so many of its events.
fn interrupt(record: &std::path::Path, events: usize) {
    let path = record.join("events.jsonl");
    let text = std::fs::read_to_string(&path).expect("events");
    let kept: String = text.split_inclusive('\n').take(events).collect();
    std::fs::write(&path, kept).expect("a file");
    std::fs::remove_file(record.join("result.json")).expect("a result");
}

#[test]
fn a_run_that_was_killed_before_its_first_task_is_told_so() {
    let tool = Tool::new("[pre-up]\na = \"test -e well\"\nb = \"true\"\n[post-up]\nc = \"true\"\n");
    assert_says(&tool.call(&["run", "pre-up"]), 1, &["✗ a"]);
    interrupt(&tool.record_folders()[0], 1);
    for again in [&["rerun"][..], &["rerun", "--failed"], &["run", "pre-up", "--failed"]] {
        let said = ["`pre-up` was interrupted before a task ran", "`draft-tasks run pre-up` runs it"];
        assert_says(&tool.call(again), 2, &said);
    }
    assert_says(&tool.call(&["run", "post-up"]), 0, &["1 passed"]);
    assert_says(&tool.call(&["rerun"]), 0, &["✓ c"]);
}

#[test]
fn a_record_that_does_not_tell_what_ran_is_not_passed_over() {
    let tool = Tool::new("[pre-up]\na = \"sh -c 'echo >>ran; test -e well'\"\n");
    assert_says(&tool.call(&["run", "pre-up"]), 1, &["✗ a"]);
    assert_says(&tool.call(&["run", "pre-up"]), 1, &["✗ a"]);
    let newest = tool.record_folders().pop().expect("a record");
    let id = newest.file_name().expect("a name").to_string_lossy().into_owned();
    let events = std::fs::read_to_string(newest.join("events.jsonl")).expect("events");
    let (first, rest) = events.split_once('\n').expect("two lines");
    let at = first.find("\"pid\":").expect("a process") + "\"pid\":".len();
    let of_no_process = format!("{}-{}\n{rest}", &first[..at], &first[at..]);
    let said = [&*format!("the record of run {id} is incomplete and does not tell what it ran"), "runs rm"];
    for damaged in ["", rest, &format!("\0\0\0\0{events}"), &of_no_process] {
        std::fs::write(newest.join("events.jsonl"), damaged).expect("a file");
        for again in [&["rerun"][..], &["rerun", "--failed"], &["rerun", &id], &["run", "pre-up", "--failed"]]
        {
            assert_says(&tool.call(again), 2, &said);
        }
        assert_in_order(&tool.call(&["runs"]), &["failed", ", record incomplete", "failed"]);
    }
    assert_eq!(tool.read("ran").lines().count(), 2);
    assert_says(&tool.call(&["runs", "rm", &id]), 0, &["removed"]);
    assert_says(&tool.call(&["rerun", "--failed"]), 1, &["✗ a"]);
}

#[test]
fn what_failed_of_a_phase_runs_again_by_one_line_that_asks_for_nothing_without_need() {
    let tool = Tool::empty();
    let text = "[pre-up]\none = \"true\"\ntwo = \"test -e well$X\"\n";
    tool.write("app/.draft-tasks.toml", text.as_bytes());
    tool.write("app/.git/HEAD", b"");
    tool.write("app/below/file", b"");
    let called = tool.call(&["-C", "app/below", "run", "pre-up", "--env", "X="]);
    let line = "\nagain: draft-tasks run pre-up --failed -C app/below --env X=…\n";
    assert_says(&called, 1, &[line]);
    let again = ["-C", "app/below", "run", "pre-up", "--failed", "--env", "X="];
    assert_says(&tool.call(&again), 1, &["pre-up · 1 task", line]);
    let untold = ["-C", "app/below", "run", "pre-up", "--failed"];
    assert_says(&tool.call(&untold), 2, &["run 2", " had --env X=…", "give them again"]);
    tool.write("app/well", b"");
    assert_says(&tool.call(&again), 0, &["✓ two"]);
    assert_says(&tool.call(&untold), 0, &["nothing runs: run 2", "all of its tasks passed"]);
}
