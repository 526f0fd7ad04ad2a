//! `draft-tasks up` and `draft-tasks delete` as far as they need no cluster: order, what does not run, records, signals.

use std::os::unix::fs::PermissionsExt;

use rustix::process::Signal;
use serde_json::Value;

use crate::run::{assert_in_order, assert_unusable};
use crate::tool::{Tool, assert_says};

/// A kubeconfig whose server is not there; its address is one of this machine or not.
pub(crate) fn kubeconfig(host: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: dev\n\
         clusters: [{{name: c, cluster: {{server: 'https://{host}:1'}}}}]\n\
         contexts: [{{name: dev, context: {{cluster: c, user: u}}}}, {{name: other, context: {{cluster: c, user: u}}}}]\n\
         users: [{{name: u, user: {{}}}}]\n"
    )
}

/// A tasks file without a cluster.
pub(crate) fn alone(tasks: &str) -> Tool {
    let tool = Tool::new(tasks);
    let home = tool.path("home").display().to_string();
    tool.with("HOME", &home).with("KUBECONFIG", "").with("DRAFT_ENV", "")
}

/// Tasks with a kubeconfig.
pub(crate) fn with_cluster(tasks: &str, host: &str) -> Tool {
    let tool = Tool::new(tasks);
    tool.write("kubeconfig", kubeconfig(host).as_bytes());
    let file = tool.path("kubeconfig").display().to_string();
    tool.with("KUBECONFIG", &file).with("DRAFT_ENV", "")
}

const TASKS: &str = "[pre-up]\nfirst = \"sh -c 'echo 1 >> order'\"\n\
    [post-up]\nlast = \"sh -c 'echo 3 >> order'\"\n[cleanup]\nclean = \"sh -c 'echo 4 >> order'\"\n";

#[test]
fn phases_run_around_the_command_with_its_arguments_as_they_are() {
    let tool = alone(TASKS);
    let called =
        tool.call(&["up", "--", "sh", "-c", "echo 2 >> order; printf '%s\\n' \"$@\"", "sh", "a  b", "$HOME"]);
    assert_eq!(called.code, Some(0), "{called:?}");
    assert_eq!(tool.read("order"), "1\n2\n3\n");
    let parts = [
        "pre-up · 1 task",
        "✓ first",
        "deploy · sh -c",
        "sh │ a  b",
        "sh │ $HOME",
        "✓ sh",
        "post-up · 1 task",
    ];
    assert_in_order(&called, &parts);
    assert!(called.stderr.contains("\nwarning: no pods are awaited: there is no draft.toml"), "{called:?}");
    assert_eq!(tool.call(&["delete", "--", "sh", "-c", "echo 5 >> order"]).code, Some(0));
    assert_eq!(tool.read("order"), "1\n2\n3\n5\n4\n");
}

#[test]
fn the_steps_have_names_where_nothing_but_their_summaries_is_told() {
    let called = alone(TASKS).call(&["up", "--quiet", "--", "true"]);
    let steps: Vec<&str> =
        called.stdout.lines().filter_map(|line| line.split(" passed in ").next()).collect();
    assert_eq!(steps, ["pre-up · 1", "deploy · 1", "post-up · 1", "up ·"], "{called:?}");
}

#[test]
fn each_step_is_recorded() {
    let tool = alone(TASKS);
    assert_eq!(tool.call(&["up", "--quiet", "--", "true"]).code, Some(0));
    let listed = tool.call(&["runs", "--format", "json"]);
    let runs: Value = serde_json::from_str(&listed.stdout).unwrap();
    let phases: Vec<_> = runs.as_array().unwrap().iter().map(|run| run["phase"].as_str().unwrap()).collect();
    assert_eq!(phases, ["post-up", "deploy", "pre-up"]);
    let of: Vec<&Value> = runs.as_array().unwrap().iter().map(|run| &run["partOf"]).collect();
    assert!(of[0]["name"] == "up" && of.iter().all(|it| *it == of[0]), "{of:?}");
    assert_eq!(tool.call(&["runs"]).stdout.matches("  up · ").count(), 3);
}

#[test]
fn all_steps_have_one_summary_and_one_id() {
    let tool = alone("[pre-up]\na = \"true\"\n[post-up]\nb = \"true\"\n");
    let called = tool.call(&["up", "--", "false"]);
    assert_in_order(
        &called,
        &["\n\nup · failed in ", "\n  ✓ pre-up ", "\n  ✗ deploy ", "\n  - post-up  did not run\n"],
    );
    let called = tool.call(&["up", "--quiet", "--", "true"]);
    assert_eq!(called.stdout.matches("up · passed in ").count(), 1, "{called:?}");
    let called = tool.call(&["up", "--format", "json", "--", "true"]);
    let events: Vec<Value> = called.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let last = events.last().unwrap();
    assert_eq!((&last["event"], &last["outcome"]), (&"wholeFinished".into(), &"passed".into()), "{last}");
    let begun: Vec<&Value> = events.iter().filter(|event| event["event"] == "runStarted").collect();
    assert!(begun.len() == 3 && begun.iter().all(|run| run["partOf"]["id"] == last["id"]), "{begun:?}");
    let ids: Vec<&Value> = begun.iter().map(|run| &run["id"]).collect();
    let ended: Vec<&Value> = last["runs"].as_array().unwrap().iter().map(|run| &run["id"]).collect();
    assert_eq!(ids, ended);
}

/// How to go on where the command has not passed.
const AGAIN: &str = "again: the same command, which runs all steps from the first\n";

#[test]
fn a_step_that_fails_is_the_last_and_it_is_said_what_did_not_run() {
    let tool = alone("[pre-up]\nbad = \"false\"\n[post-up]\nlast = \"touch never\"\n");
    let called = tool.call(&["up", "--", "touch", "never"]);
    assert_eq!(called.code, Some(1), "{called:?}");
    assert!(
        called.stderr.ends_with(&format!(
            "error: pre-up failed, so the deploy command and post-up did not run\n{AGAIN}"
        )),
        "{called:?}"
    );
    let called = alone(TASKS).call(&["up", "--", "no-such-program"]);
    assert_eq!(called.code, Some(1), "{called:?}");
    assert!(called.stdout.contains("program `no-such-program` not found"), "{called:?}");
    assert!(
        called
            .stderr
            .ends_with(&format!("error: the deploy command failed, so post-up did not run\n{AGAIN}")),
        "{called:?}"
    );
    let called = alone(TASKS).call(&["delete", "--", "false"]);
    assert_eq!(called.code, Some(1), "{called:?}");
    assert!(
        called
            .stderr
            .ends_with(&format!("error: the delete command failed, so cleanup did not run\n{AGAIN}")),
        "{called:?}"
    );
    assert!(!tool.path("never").exists());
}

#[test]
fn a_stop_ends_the_command_and_what_follows() {
    let tool = alone("[post-up]\nlast = \"touch never\"\n");
    let mut started = tool.start(&["up", "--", "sh", "-c", "echo begun; sleep 600"]);
    started.wait_for("begun");
    started.signal(Signal::INT);
    let called = started.end();
    assert_eq!(called.code, Some(130), "{called:?}");
    assert!(!called.stderr.contains("killed"), "it ends when it is asked to: {called:?}");
    assert!(
        called
            .stderr
            .ends_with(&format!("error: the deploy command was stopped, so post-up did not run\n{AGAIN}")),
        "{called:?}"
    );
    assert!(!tool.path("never").exists());
}

#[test]
fn all_phases_are_planned_before_anything_runs() {
    let tool = alone("[pre-up]\nfirst = \"touch never\"\n[post-up]\nlast = \"echo 'x\"\n");
    assert_unusable(&tool, &["up", "--", "true"], &[".draft-tasks.toml:4:", "`last`"]);
    let tool = alone("[pre-up]\nfirst = \"touch never\"\n[post-deploy]\na = \"true\"\n");
    assert_unusable(&tool, &["up", "--", "true"], &["there is no draft.toml", "--selector"]);
    assert!(!tool.path("never").exists());
    assert_unusable(&tool, &["up"], &["COMMAND"]);
}

#[test]
fn without_an_answer_of_the_cluster_it_is_deployed_and_the_pods_are_asked_for_after_it() {
    let tasks =
        "[pre-up]\nfirst = \"touch first\"\n[post-deploy]\na = \"true\"\n[post-up]\nlast = \"touch never\"\n";
    let tool = with_cluster(tasks, "127.0.0.1");
    let called = tool.call(&["up", "-l", "app=web", "--", "touch", "deployed"]);
    assert_eq!(called.code, Some(1), "{called:?}");
    let said = "warning: cannot reach the cluster of context `dev` (https://127.0.0.1:1)";
    let warnings: Vec<_> = called.stderr.lines().filter(|line| line.starts_with(said)).collect();
    assert_eq!(warnings.len(), 1, "it is told once: {called:?}");
    assert!(warnings[0].ends_with("up goes on, as pre-up may change that"), "{called:?}");
    let again = "\nwarning: what was said of the cluster has not changed; up goes on, though it cannot tell afterwards which pods are new\n";
    assert!(called.stderr.contains(again), "{called:?}");
    let end = "error: post-deploy failed, so post-up did not run\n\
        once post-deploy has passed: `draft-tasks run post-up`\n";
    assert!(called.stderr.ends_with(end), "{called:?}");
    assert!(tool.path("first").exists() && tool.path("deployed").exists() && !tool.path("never").exists());
}

#[test]
fn pods_of_a_selector_are_awaited_only_for_tasks_in_them() {
    let tool = with_cluster("[post-up]\nlast = \"touch last\"\n", "127.0.0.1");
    let called = tool.call(&["up", "-l", "app=web", "--", "touch", "deployed"]);
    assert_eq!(called.code, Some(0), "{called:?}");
    assert!(!called.stdout.contains("pods-ready"), "{called:?}");
    assert!(tool.path("deployed").exists() && tool.path("last").exists());
}

#[test]
fn nothing_is_destroyed_where_it_is_not_known_whether_pods_are_left() {
    let tool = with_cluster("[cleanup]\nclean = \"touch cleaned\"\n", "127.0.0.1");
    let delete = ["delete", "-l", "app=web", "--", "touch", "deleted"];
    assert_unusable(&tool, &delete, &["delete without knowing which pods", "give --yes"]);
    let cleanup = ["run", "cleanup", "-l", "app=web"];
    assert_unusable(&tool, &cleanup, &["clean up without knowing whether pods", "give --yes"]);
    assert!(!tool.path("deleted").exists() && !tool.path("cleaned").exists());
    let called = tool.call(&["delete", "-l", "app=web", "--yes", "--", "touch", "deleted"]);
    assert_eq!(called.code, Some(0), "{called:?}");
    assert!(called.stderr.contains("the end of the pods is not awaited"), "{called:?}");
    assert!(tool.path("deleted").exists() && tool.path("cleaned").exists());
}

#[test]
fn an_application_without_a_cluster_is_not_taken_for_gone() {
    let tool = alone("[cleanup]\nclean = \"touch cleaned\"\n");
    let called = tool.call(&["run", "cleanup"]);
    assert_eq!(called.code, Some(0), "nothing names an application: {called:?}");
    std::fs::remove_file(tool.path("cleaned")).unwrap();
    tool.write("draft.toml", b"[environments.development]\nname = \"web\"\n");
    assert_unusable(&tool, &["run", "cleanup"], &["clean up without knowing", "kubeconfig"]);
    assert_unusable(&tool, &["delete", "--", "touch", "deleted"], &["delete without knowing"]);
    tool.write("draft.toml", b"[environments.other]\nname = \"web\"\n");
    assert_unusable(&tool, &["run", "cleanup"], &["clean up without knowing", "`development`"]);
    assert!(!tool.path("deleted").exists() && !tool.path("cleaned").exists());
    assert_eq!(tool.call(&["run", "cleanup", "--yes"]).code, Some(0));
}

#[test]
fn an_earlier_run_in_pods_names_the_application() {
    let tool =
        with_cluster("[post-deploy]\na = \"true\"\n[cleanup]\nclean = \"touch cleaned\"\n", "127.0.0.1");
    assert_eq!(tool.call(&["run", "cleanup"]).code, Some(0));
    std::fs::remove_file(tool.path("cleaned")).unwrap();
    assert_eq!(tool.call(&["run", "post-deploy", "-l", "app=web"]).code, Some(1));
    let said = ["clean up without knowing whether pods of app=web, for which run 2", " was, still run ("];
    assert_unusable(&tool, &["run", "cleanup"], &said);
    assert!(!tool.path("cleaned").exists());
}

/// What calls a cluster in another way each.
const WAYS: [&[&str]; 6] = [
    &["sh", "-c", "true&&kubectl version"],
    &["sh", "-c", "echo $(kubectl version)"],
    &["env", "A=b", "./kubectl.exe", "version"],
    &["sh", "-c", "$UNKNOWN version"],
    &["timeout", "5", "helm", "list"],
    &["kubectl", "--context", "other", "get"],
];

#[test]
fn whatever_calls_a_cluster_that_is_not_local_is_asked_for() {
    for way in WAYS {
        let command = way.iter().map(|word| format!("'{word}'")).collect::<Vec<_>>().join(" ");
        let tool = with_cluster(&format!("[pre-up]\na = \"{command}\"\n"), "cluster.example");
        let parts = ["on a cluster that is not local", "https://cluster.example:1", "--yes"];
        assert_unusable(&tool, &["run", "pre-up"], &parts);
    }
    let tool = with_cluster("[pre-up]\na = \"echo kubectl 'helm install'\"\n", "cluster.example");
    assert_eq!(tool.call(&["run", "pre-up"]).code, Some(0));
}

#[test]
fn a_task_does_not_start_where_an_earlier_one_has_led_to_another_cluster() {
    let tasks = "[pre-up]\nswitch = \"cp other kubeconfig\"\nuse = \"sh -c 'echo x > reached; false && kubectl get'\"\n";
    let tool = with_cluster(tasks, "127.0.0.1");
    tool.write("other", kubeconfig("cluster.example").as_bytes());
    let called = tool.call(&["run", "pre-up"]);
    assert_eq!(called.code, Some(1), "{called:?}");
    let said = called.stdout + &called.stderr;
    let parts = [
        "`sh` was not started: ",
        "nobody was asked about",
        "(https://cluster.example:1)",
        "before the run it was context dev",
    ];
    assert!(parts.iter().all(|part| said.contains(part)), "{said}");
    assert!(said.contains("(https://127.0.0.1:1)") && !tool.path("reached").exists(), "{said}");
    // Who wants no question has none here, either.
    tool.write("kubeconfig", kubeconfig("127.0.0.1").as_bytes());
    tool.call(&["run", "pre-up", "--yes"]);
    assert!(tool.path("reached").exists());
}

#[test]
fn no_question_shows_a_secret() {
    for command in [
        "kubectl --server https://u:$DB_PASSWORD@10.0.0.5 get",
        "kubectl --context $DB_PASSWORD get",
        "helm --kube-apiserver https://u:Hunter2hunter!x@10.0.0.5 list",
    ] {
        let tool = with_cluster(&format!("[pre-up]\na = \"{command}\"\n"), "127.0.0.1");
        let called = tool.with("DB_PASSWORD", "Hunter2hunter!x").call(&["run", "pre-up"]);
        assert!(called.code == Some(2) && called.stderr.contains("--yes"), "{called:?}");
        assert!(!called.stderr.contains("Hunter2"), "{called:?}");
    }
}

#[test]
fn what_a_script_calls_is_said_and_runs() {
    let tool = with_cluster("[pre-up]\na = \"sh deploy.sh\"\n", "cluster.example");
    tool.write("deploy.sh", b"false && kubectl get\ntouch done\n");
    let called = tool.call(&["run", "pre-up"]);
    assert_eq!(called.code, Some(0), "{called:?}");
    let said = "warning: nobody can be asked whether to run pre-up: `a` (`sh deploy.sh`; `deploy.sh` calls `kubectl`) on a cluster";
    assert!(called.stderr.starts_with(said), "{called:?}");
    assert!(called.stderr.ends_with("; it runs all the same\n"), "{called:?}");
    assert_eq!(called.stderr.lines().count(), 1, "{called:?}");
    assert!(tool.path("done").exists());
}

#[test]
fn the_user_names_contexts_that_are_as_good_as_local_and_the_project_does_not() {
    let tool = with_cluster("[pre-up]\na = \"sh -c 'false && kubectl get; true'\"\n", "cluster.example");
    tool.write(".draft-tasks.config.toml", b"[kubernetes]\nlocalContexts = [\"dev\"]\n");
    assert_unusable(&tool, &["run", "pre-up"], &["`localContexts` cannot be set here"]);
    tool.write(".draft-tasks.config.toml", b"");
    assert_unusable(&tool, &["run", "pre-up"], &["not local"]);
    let tool = tool.with("DRAFT_TASKS_LOCAL_CONTEXTS", "x, dev");
    assert_eq!(tool.call(&["run", "pre-up"]).code, Some(0));
}

/// Prints the current context of the copy of the kubeconfig, and where it is.
const LOOK: &str = "sed -n 's/.*\"current-context\": *\"\\([^\"]*\\)\".*/context is \\1/p' \"$KUBECONFIG\"; \
    stat -c 'mode %a' \"$KUBECONFIG\"; test \"$KUBECONFIG\" != \"$OWN\" && echo a copy";

#[test]
fn tasks_and_the_command_get_a_private_copy_of_the_kubeconfig() {
    let tool = with_cluster("[pre-up]\na = \"sh -c \\\"$LOOK\\\"\"\n", "127.0.0.1");
    let own = tool.path("kubeconfig").display().to_string();
    let tool = tool.with("OWN", &own).with("LOOK", LOOK);
    for context in [&[][..], &["--context", "other"]] {
        let mut arguments = vec!["up"];
        arguments.extend(context);
        arguments.extend(["--", "sh", "-c", LOOK]);
        let called = tool.call(&arguments);
        assert_eq!(called.code, Some(0), "{called:?}");
        let name = if context.is_empty() { "context is dev" } else { "context is other" };
        assert_in_order(&called, &["a │ ", name, "mode 600", "a copy", "sh │ ", name, "mode 600", "a copy"]);
    }
    let left = std::fs::read_dir(tool.path(".state/kubeconfigs")).unwrap().count();
    assert_eq!(left, 0, "a copy that nothing changed stays");
    assert_eq!(tool.read("kubeconfig"), kubeconfig("127.0.0.1"));
}

/// Prints where the copy of the kubeconfig is, and who can enter its folder.
const WHERE: &str = "echo at \"$KUBECONFIG\"; stat -c 'folder %a' \"${KUBECONFIG%/*}\"";

#[test]
fn without_a_folder_for_the_user_alone_the_copy_is_in_a_private_temporary_one() {
    for state in ["", "file/state", "open"] {
        let tool = with_cluster("[pre-up]\na = \"sh -c \\\"$LOOK\\\"\"\n", "127.0.0.1");
        tool.write("file", b"");
        for (folder, mode) in [("tmp", 0o1777), ("open", 0o777)] {
            std::fs::create_dir(tool.path(folder)).unwrap();
            std::fs::set_permissions(tool.path(folder), std::fs::Permissions::from_mode(mode)).unwrap();
        }
        let place = if state.is_empty() { String::new() } else { tool.path(state).display().to_string() };
        let temporary = tool.path("tmp").display().to_string();
        let tool = tool.with("DRAFT_TASKS_STATE_DIR", &place).with("HOME", "").with("XDG_STATE_HOME", "");
        let tool = tool.with("TMPDIR", &temporary).with("LOOK", WHERE);
        let called =
            tool.call(&["up", "--", "sh", "-c", &format!("{WHERE}; echo '# changed' >>$KUBECONFIG")]);
        assert_eq!(called.code, Some(0), "{called:?}");
        let at = format!("at {temporary}/draft-tasks-");
        assert_in_order(&called, &["a │ ", &at, "folder 700", "sh │ ", &at, "folder 700", "which is kept"]);
        assert_eq!(std::fs::read_dir(tool.path("tmp")).unwrap().count(), 1, "{called:?}");
        let said = format!("not used, as {} can be written by other users", tool.path("open").display());
        assert_eq!(called.stderr.contains(&said), state == "open", "{called:?}");
        assert_eq!(std::fs::read_dir(tool.path("open")).unwrap().count(), 0, "{called:?}");
    }
}

#[test]
fn what_a_task_changes_in_the_copy_reaches_the_command_and_is_kept() {
    let tool = with_cluster("[pre-up]\na = \"sh -c \\\"$CHANGE\\\"\"\n", "127.0.0.1");
    let tool = tool.with("CHANGE", "echo '# changed' >> \"$KUBECONFIG\"");
    let called = tool.call(&["up", "--", "sh", "-c", "tail -n 1 \"$KUBECONFIG\""]);
    assert_eq!(called.code, Some(0), "{called:?}");
    assert_in_order(
        &called,
        &[
            "tasks changed their copy of the kubeconfig, which is kept: ",
            "; to use it, set KUBECONFIG to this path",
            "sh │ ",
            "# changed",
        ],
    );
    assert_eq!(tool.read("kubeconfig"), kubeconfig("127.0.0.1"));
}

#[test]
fn a_copy_that_is_kept_is_listed_with_its_records_and_goes_with_the_last_of_them() {
    let tool = with_cluster("[pre-up]\na = \"sh -c \\\"$CHANGE\\\"\"\n", "127.0.0.1");
    let tool = tool.with("CHANGE", "echo '# changed' >> \"$KUBECONFIG\"").with("DRAFT_TASKS_KEEP", "1");
    let up = ["up", "--", "sh", "-c", "grep changed \"$KUBECONFIG\""];
    assert_eq!(tool.call(&up).code, Some(0));
    let copies = || std::fs::read_dir(tool.path(".state/kubeconfigs")).map_or(0, Iterator::count);
    // The record of the first step stays, though one is kept: the second step goes on with its copy.
    assert_eq!((copies(), tool.record_folders().len()), (1, 2));
    let listed = tool.call(&["runs"]);
    assert_eq!(listed.stdout.matches(", kubeconfig kept").count(), 2, "{listed:?}");
    let shown = tool.call(&["runs", "show", "last"]);
    let copy = tool.path(".state/kubeconfigs").display().to_string();
    assert_in_order(&shown, &["kept with this record: ", &copy, "; to use it, set KUBECONFIG to this path"]);
    let examined = tool.call(&["doctor"]);
    let names =
        tool.record_folders().into_iter().rev().map(|it| it.file_name().unwrap().display().to_string());
    let removal = format!("; `draft-tasks runs rm {}` removes it\n", names.collect::<Vec<_>>().join(" "));
    assert_in_order(&examined, &["kubeconfig", "an earlier run left its tasks' copy: ", &copy, &removal]);
    assert_eq!(tool.call(&["runs", "rm", "last"]).code, Some(0));
    assert_eq!((copies(), tool.record_folders().len()), (1, 1));
    assert_eq!(tool.call(&["runs", "rm", "last"]).code, Some(0));
    assert_eq!((copies(), tool.record_folders().len()), (0, 0));
}

#[test]
fn a_cluster_that_is_not_local_is_asked_for_once() {
    let tool = with_cluster("[pre-up]\na = \"touch never\"\n", "cluster.example");
    assert_unusable(
        &tool,
        &["up", "-l", "app=web", "--", "true"],
        &[
            "error: nothing runs, as nobody can be asked whether to deploy: pre-up (1 task), `true` on a cluster that is not local: context dev",
            "(https://cluster.example:1)\n  to go on, name the context by --context, or give --yes",
        ],
    );
    assert!(!tool.path("never").exists());
    for answer in [&["--yes"][..], &["--context", "dev"]] {
        let arguments = [&["up", "-l", "app=web"], answer, &["--", "true"]].concat();
        let called = tool.call(&arguments);
        assert_eq!(called.code, Some(0), "{called:?}");
    }
}

#[test]
fn a_limit_for_everything_ends_the_command_too() {
    let tool = alone("[post-up]\nlast = \"touch never\"\n");
    let called = tool.call(&["up", "--total-timeout", "1", "--timeout", "1", "--", "sleep", "600"]);
    assert_eq!(called.code, Some(1), "{called:?}");
    assert!(called.stdout.contains("timed out after the 1.0 s of the whole run"), "{called:?}");
    assert!(!tool.path("never").exists());
}

#[test]
fn a_dry_run_shows_every_step_and_runs_none() {
    let tool = alone(TASKS);
    let called = tool.call(&["up", "--dry-run", "--", "helm", "upgrade", "a b"]);
    assert_eq!(called.code, Some(0), "{called:?}");
    assert_in_order(
        &called,
        &["pre-up · 1 task", "first", "deploy · 1 task", "helm upgrade 'a b'", "post-up · 1 task"],
    );
    assert!(!tool.path("order").exists() && tool.record_folders().is_empty());
}

#[test]
fn what_up_lacks_is_said_before_pre_up_and_up_goes_on() {
    let tasks = "[pre-up]\ninstall = \"sh -c 'printf \\\"#!/bin/sh\\\" > deploy; chmod +x deploy'\"\n\
        [cleanup]\nclean = 1\nother = \"ls *.x\"\n[post-delete]\nlast = \"true\"\n";
    let tool = alone(tasks);
    let called = tool.call(&["up", "--", "./deploy"]);
    assert_eq!(called.code, Some(0), "{called:?}");
    let parts = [
        "the deploy command cannot run yet: program `./deploy` not found; up goes on",
        "warning: .draft-tasks.toml:4:9: ",
        "[task-not-string]",
        "warning: .draft-tasks.toml:6:2: ",
        "[post-delete]",
    ];
    for part in parts {
        assert!(called.stderr.contains(part), "{part:?} is not in {called:?}");
    }
    assert!(!called.stderr.contains("[glob]"), "only what keeps tasks of cleanup from running: {called:?}");
    let called = tool.call(&["up", "--", "./deploy"]);
    assert!(!called.stderr.contains("cannot run yet"), "{called:?}");
}

#[test]
fn what_check_knows_of_the_tasks_is_said_and_strict_refuses() {
    let tasks = "[pre-up]\na = \"rm -f tmp/*\"\nb = \"touch ran\"\n[cleanup]\nc = \"echo ~/x\"\n";
    let tool = alone(tasks);
    let said = "warning: .draft-tasks.toml:2:12: ";
    let deploys = ["up", "--", "true"];
    for arguments in [&["run", "pre-up"][..], &["run", "pre-up", "--dry-run"], &deploys] {
        let called = tool.call(arguments);
        assert_eq!(called.code, Some(0), "{called:?}");
        assert_eq!(called.stderr.matches(said).count(), 1, "{called:?}");
        assert!(called.stderr.contains("[glob]\n") && !called.stderr.contains("tilde"), "{called:?}");
    }
    let quiet = tool.call(&["run", "pre-up", "--quiet"]);
    assert_eq!((quiet.code, quiet.stderr.as_str()), (Some(0), ""), "{quiet:?}");
    std::fs::remove_file(tool.path("ran")).unwrap();
    for arguments in
        [&["run", "pre-up", "--strict", "--quiet"][..], &["up", "--strict", "--", "touch", "ran"]]
    {
        assert_unusable(
            &tool,
            arguments,
            &[said, "nothing runs, as --strict is given and there is 1 finding"],
        );
    }
    assert!(!tool.path("ran").exists());
    assert_eq!(tool.call(&["run", "pre-up", "--strict", "b"]).code, Some(0));
}

#[test]
fn what_is_an_error_for_check_is_said_to_be_one_where_it_runs() {
    let tool = alone("[pre-up]\na = \"true\"\n[Pre-up]\nb = \"true\"\n");
    let called = tool.call(&["run", "pre-up"]);
    assert_eq!(called.code, Some(0), "{called:?}");
    let said = "`Pre-up` and `pre-up` are the same phase [phase-case], which is an error for `check`\n";
    assert!(called.stderr.ends_with(said), "{called:?}");
}

#[test]
fn a_phase_that_draft_ignores_is_said_and_strict_refuses() {
    let (up, delete) =
        (["up", "--strict", "--", "touch", "ran"], ["delete", "--strict", "--", "touch", "ran"]);
    for (tasks, code, arguments) in [
        ("[[cleanup]]\nname = \"a\"\ncommand = \"true\"\n", "[phase-not-table]", delete),
        ("[clean-up]\na = \"true\"\n", "[unknown-phase]", delete),
        ("cleanup = \"true\"\n", "[phase-not-table]", delete),
        ("[post-delete]\na = \"true\"\n", "[post-delete]", delete),
        ("cleanup]\na = \"true\"\n", "[syntax]", delete),
        ("[post_deploy]\na = \"true\"\n", "[unknown-phase]", up),
        ("[preup]\na = \"true\"\n", "[unknown-phase]", up),
        ("[[pre-up]]\na = \"true\"\n", "[phase-not-table]", up),
    ] {
        let tool = alone(tasks);
        assert_unusable(
            &tool,
            &arguments,
            &["warning: .draft-tasks.toml:1:", code, "nothing runs, as --strict"],
        );
        assert!(!tool.path("ran").exists());
        let called = tool.call(&[arguments[0], "--dry-run", "--", "true"]);
        assert_eq!((called.code, called.stderr.matches(code).count()), (Some(0), 1), "{called:?}");
    }
}

#[test]
fn a_table_that_is_meant_as_the_phase_is_named() {
    for tasks in ["[post_deploy]\na = \"true\"\n", "[post_deploy]\na = \"true\"\n[pre-up]\nb = \"true\"\n"] {
        let parts = [".draft-tasks.toml:1:2: the file has no tasks", "; `[post_deploy]` is probably meant"];
        assert_unusable(&alone(tasks), &["run", "post-deploy"], &parts);
    }
}

#[test]
fn a_secret_in_the_command_is_seen_nowhere() {
    let tool = alone("[cleanup]\na = \"true\"\n");
    let secret = "Sup3rSecretValue9";
    for part in ["up", "delete"] {
        for more in [&["--dry-run"][..], &["--dry-run", "--format", "json"], &[], &["--format", "json"]] {
            let called =
                tool.call(&[&[part, "-y"], more, &["--", "echo", "to", "--password", secret]].concat());
            assert_eq!(called.code, Some(0), "{called:?}");
            assert!(called.stdout.contains("***"), "{called:?}");
            assert!(!called.stdout.contains(secret) && !called.stderr.contains(secret), "{called:?}");
        }
    }
    let folders = tool.record_folders();
    assert!(!folders.is_empty());
    for file in folders.iter().flat_map(|folder| std::fs::read_dir(folder).unwrap()) {
        let text = std::fs::read(file.unwrap().path()).unwrap();
        assert!(!String::from_utf8_lossy(&text).contains(secret));
    }
}

/// A tasks file with two contexts, each of a server of its own that is not there.
fn with_two_clusters(tasks: &str) -> Tool {
    let tool = with_cluster(tasks, "127.0.0.1");
    let config = "current-context: kind-dev\n\
        clusters: [{name: c, cluster: {server: 'https://127.0.0.1:1'}}, {name: d, cluster: {server: 'https://127.0.0.2:1'}}]\n\
        contexts: [{name: kind-dev, context: {cluster: c, user: u}}, {name: prod, context: {cluster: d, user: u, namespace: team}}]\n\
        users: [{name: u, user: {}}]\n";
    tool.write("kubeconfig", config.as_bytes());
    tool
}

#[test]
fn no_record_chooses_where_something_is_deleted() {
    let clean = "sh -c 'echo clean in $DRAFT_TASKS_CONTEXT $DRAFT_TASKS_NAMESPACE >>where'";
    let tool = with_two_clusters(&format!("[post-deploy]\nm = \"true\"\n[cleanup]\nc = \"{clean}\"\n"));
    assert_eq!(tool.call(&["up", "-l", "app=web", "--context", "prod", "--", "true"]).code, Some(1));
    let show =
        "sed -n 's/.*\"current-context\": *\"\\([^\"]*\\)\".*/delete in \\1/p' \"$KUBECONFIG\" >>where";
    let delete = |options: &[&str]| tool.call(&[&["delete"], options, &["--", "sh", "-c", show]].concat());

    let called = delete(&["--context", "kind-dev", "-n", "other", "--yes"]);
    assert_eq!(called.code, Some(0), "{called:?}");
    assert_eq!(tool.read("where"), "delete in kind-dev\nclean in kind-dev other\n");
    let said = " was in pods of app=web · context prod, namespace team; this is in context kind-dev, namespace other\n";
    assert!(called.stderr.contains(said), "{called:?}");

    let asked = [
        "delete in context kind-dev, namespace default, where the kubeconfig leads, although run 2",
        " was in pods of app=web · context prod, namespace team",
        "name the place by --context and --namespace, or give --yes",
    ];
    let called = delete(&[]);
    assert_says(&called, 2, &asked);
    let called = delete(&["--context", "kind-dev"]);
    assert_says(
        &called,
        2,
        &["delete without knowing whether pods of app=web, for which run 2", "`kind-dev`"],
    );
    assert!(!called.stderr.contains("`prod`"), "{called:?}");
    let shown = delete(&["--dry-run"]);
    assert_says(&shown, 0, &["whether this place is meant, as run 2", "context kind-dev"]);
    assert_eq!(tool.read("where").lines().count(), 2);

    for (options, place) in
        [(&["--yes"][..], "kind-dev default"), (&["--context", "prod", "--yes"], "prod team")]
    {
        std::fs::remove_file(tool.path("where")).unwrap();
        assert_eq!(delete(options).code, Some(0));
        let (context, _) = place.split_once(' ').unwrap();
        assert_eq!(tool.read("where"), format!("delete in {context}\nclean in {place}\n"));
    }
}

/// Prints which namespace tools of clusters meet.
const MEET: &str = "test \"$KUBECONFIG\" = \"$OWN\" && echo meets its own; \
    sed -n 's/.*\"namespace\": *\"\\([^\"]*\\)\".*/meets \\1/p' \"$KUBECONFIG\"; echo told \"$DRAFT_TASKS_NAMESPACE\"";

#[test]
fn tools_meet_the_namespace_that_tasks_are_told_however_a_task_is_started() {
    let task = "sh -c \\\"$MEET\\\"";
    let tool = with_cluster(&format!("[pre-up]\na = \"{task}\"\n[cleanup]\nb = \"{task}\"\n"), "127.0.0.1");
    let config = kubeconfig("127.0.0.1").replacen("user: u}", "user: u, namespace: team}", 1);
    tool.write("kubeconfig", config.as_bytes());
    let own = tool.path("kubeconfig").display().to_string();
    let tool = tool.with("OWN", &own).with("MEET", MEET);
    let meets = |arguments: &[&str], namespace: &str| {
        let called = tool.call(arguments);
        assert_eq!(called.code, Some(0), "{called:?}");
        let told = called.stdout.matches(&format!("told {namespace}\n")).count();
        let met = called.stdout.matches(&format!("meets {namespace}\n")).count();
        assert!(met > 0 && met == told, "{arguments:?} {called:?}");
    };
    let called = tool.call(&["run", "pre-up"]);
    assert_says(&called, 0, &["meets its own", "told \n"]);
    meets(&["run", "pre-up", "-n", "zzz"], "zzz");
    meets(&["up", "-n", "zzz", "--", "sh", "-c", MEET], "zzz");

    tool.write("draft.toml", b"[environments.development]\nname = \"web\"\nnamespace = \"demo\"\n");
    meets(&["run", "pre-up"], "demo");
    meets(&["rerun"], "demo");
    meets(&["run", "pre-up", "a", "--context", "other"], "demo");
    meets(&["run", "pre-up", "-n", "zzz"], "zzz");
    meets(&["run", "cleanup", "--yes"], "demo");
    meets(&["delete", "--yes", "--", "sh", "-c", MEET], "demo");
    let called = tool.call(&["run", "pre-up", "-n", "team"]);
    assert_says(&called, 0, &["meets its own", "told team"]);
    let shown = tool.call(&["run", "pre-up", "--dry-run"]);
    assert_says(&shown, 0, &["context dev, namespace demo"]);

    tool.write(".draft-tasks.toml", b"[pre-up]\na = \"sh -c 'true || kubectl get pods'\"\n");
    tool.write("kubeconfig", config.replace("127.0.0.1", "cluster.example").as_bytes());
    assert_unusable(&tool, &["run", "pre-up"], &["not local: context dev, namespace demo (https://cluster"]);
    std::fs::remove_file(tool.path("kubeconfig")).unwrap();
    let said = "warning: tools of clusters meet the namespace of their kubeconfig, as that of the application cannot be chosen: there is no kubeconfig";
    assert_says(&tool.call(&["run", "pre-up"]), 0, &[said]);
    tool.write("kubeconfig", b"[");
    assert_unusable(&tool, &["run", "pre-up"], &["cannot be chosen: ", "on an unknown cluster"]);
}

#[test]
fn what_check_knows_of_a_command_is_said_of_that_of_up_before_anything_runs() {
    let tool = alone("[pre-up]\nfirst = \"touch first\"\n");
    for (command, said) in [
        (&["echo a b"][..], "`echo a b` is one word, and no program is called so"),
        (&["FOO=1", "true"], "`FOO=…` is taken for the program: set it with `env`"),
        (&["true", "&&", "true"], "`&&` is an argument of `true` here, no operator: wrap it"),
    ] {
        let strict = [&["up", "--strict", "--"], command].concat();
        let called = tool.call(&strict);
        let parts = ["warning: the deploy command: ", said, "nothing runs, as --strict is given"];
        assert_says(&called, 2, &parts);
        assert!(!tool.path("first").exists(), "{called:?}");
        let called = tool.call(&[&["up", "--"], command].concat());
        assert!(called.stderr.starts_with("warning: the deploy command: "), "{called:?}");
        std::fs::remove_file(tool.path("first")).unwrap();
    }
    let called = tool.call(&["up", "--strict", "--", "ech", "a"]);
    let said = "warning: the deploy command: there is no program `ech` on the PATH: did you mean `echo`? [program-not-found]\n";
    assert_says(&called, 1, &[said]);
    assert!(!called.stderr.contains("cannot run yet"), "it is told once: {called:?}");
    for command in [&["sh", "-c", "true && true"][..], &["true", "a b", "*.x", "~/x", "{a,b}", "$HOME"]] {
        let called = tool.call(&[&["up", "--strict", "--"], command].concat());
        assert!(called.code == Some(0) && !called.stderr.contains("the deploy command"), "{called:?}");
    }
}
