//! What is asked before a run: before which commands, and what a dry run says of it.

use std::io::Write;
use std::os::unix::fs::{PermissionsExt, symlink};

use crate::lifecycle::{kubeconfig, with_cluster};
use crate::terminal::{read_until, terminal};
use crate::tool::{Called, Tool, assert_says};

/// A kubeconfig whose cluster is nowhere near.
fn far(tasks: &str) -> Tool {
    let tool = Tool::new(tasks);
    tool.write("config", kubeconfig("cluster.example").as_bytes());
    let config = tool.path("config").display().to_string();
    tool.with("KUBECONFIG", &config)
}

const PLACE: &str = "on a cluster that is not local: context ";

#[test]
fn a_link_to_a_tool_of_clusters_is_asked_for_as_that() {
    let tool = far("[pre-up]\na = \"k get pods\"\nb = \"bin/k version --client\"\n");
    tool.write("bin/kubectl", b"#!/bin/sh\ntouch ran\n");
    std::fs::set_permissions(tool.path("bin/kubectl"), PermissionsExt::from_mode(0o755)).expect("a mode");
    symlink("kubectl", tool.path("bin/k")).expect("a link");
    let path = format!("{}:/usr/bin:/bin", tool.path("bin").display());
    let tool = tool.with("PATH", &path);
    assert_says(
        &tool.call(&["run", "pre-up"]),
        2,
        &["nobody can be asked whether to run pre-up: `a` (`k get pods`)", PLACE],
    );
    assert!(!tool.path("ran").exists());
    assert_says(&tool.call(&["run", "pre-up", "b"]), 0, &["1 passed"]);
    assert!(tool.path("ran").exists());
}

#[test]
fn what_deletes_a_cluster_of_an_account_is_asked_for_without_a_kubeconfig() {
    let tool = Tool::new("[cleanup]\na = \"gcloud container clusters delete web --quiet\"\n")
        .with("KUBECONFIG", "/dev/null");
    let said = "`a` (`gcloud container clusters delete web --quiet`) on an unknown cluster: `gcloud` has a way of its own to it";
    assert_says(&tool.call(&["run", "cleanup"]), 2, &[said, "give --yes"]);
}

#[track_caller]
fn assert_asks(called: &Called, asks: &[&str]) {
    assert_eq!(called.code, Some(0), "{called:?}");
    let said: Vec<&str> =
        called.stdout.lines().filter_map(|line| line.strip_prefix("  would ask ")).collect();
    assert_eq!(said.len(), asks.len(), "{called:?}");
    for (said, asks) in said.iter().zip(asks) {
        assert!(said.starts_with(asks), "{asks:?} is not the beginning of {said:?}");
    }
}

#[test]
fn a_dry_run_says_what_would_be_asked() {
    let tasks = "[pre-up]\na = \"helm list\"\nb = \"true\"\nc = \"sh deploy.sh\"\n[post-deploy]\nd = \"true\"\n[cleanup]\ne = \"true\"\n";
    let tool = far(tasks);
    tool.write("deploy.sh", b"kubectl get pods\n");
    let pre_up = format!("before `a` (`helm list`) {PLACE}");
    let hint = "on a terminal before `c` (`sh deploy.sh`; `deploy.sh` calls `kubectl`) on a cluster";
    assert_asks(&tool.call(&["run", "pre-up", "--dry-run", "a", "b"]), &[&pre_up]);
    assert_asks(&tool.call(&["run", "pre-up", "--dry-run", "c"]), &[hint]);
    assert_asks(&tool.call(&["run", "pre-up", "--dry-run", "b"]), &[]);
    assert_asks(&tool.call(&["run", "pre-up", "--dry-run", "--yes"]), &[]);
    let pods = format!("before `d` (`true`) {PLACE}");
    assert_asks(&tool.call(&["run", "post-deploy", "--dry-run", "-l", "app=web"]), &[&pods]);
    assert_asks(&tool.call(&["run", "cleanup", "--dry-run"]), &[]);
    let left = "unless it is known that no pods of app=web are left";
    assert_asks(&tool.call(&["run", "cleanup", "--dry-run", "-l", "app=web"]), &[left]);
    let called = tool.call(&["run", "pre-up", "a", "--dry-run", "--format", "json"]);
    let document: serde_json::Value = serde_json::from_str(&called.stdout).expect("JSON");
    let first = document["wouldAsk"][0].as_str().expect("a text");
    assert!(first.starts_with(&pre_up), "{document}");
}

#[test]
fn a_dry_run_from_a_folder_below_says_that_the_file_would_be_asked_for() {
    let tool = far("[pre-up]\na = \"true\"\n[cleanup]\ne = \"true\"\n");
    tool.write(".git/HEAD", b"");
    std::fs::create_dir(tool.path("web")).expect("a directory");
    let below = |arguments: &[&str]| {
        let output = tool.command(arguments).current_dir(tool.path("web")).output().expect("an end");
        let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
        Called { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
    };
    let file = "whether ../.draft-tasks.toml, from a folder above, is meant";
    assert_asks(&below(&["run", "cleanup", "--dry-run"]), &[file]);
    let up = ["up", "--dry-run", "-l", "app=web", "--", "true"];
    assert_asks(&below(&up), &[file, "before pre-up (1 task), `true`"]);
    assert_asks(&below(&["up", "--dry-run", "--", "true"]), &[file]);
    assert_asks(&below(&["run", "pre-up", "--dry-run"]), &[]);
    assert_asks(&below(&["run", "cleanup", "--dry-run", "--yes"]), &[]);
}

#[test]
fn a_dry_run_of_several_steps_says_once_what_would_be_asked() {
    let tool = far("[pre-up]\na = \"helm list\"\n[post-deploy]\nd = \"true\"\n[cleanup]\ne = \"true\"\n");
    let up = format!("before pre-up (1 task), `helm upgrade web`, post-deploy (1 task) {PLACE}");
    let asked = tool.call(&["up", "--dry-run", "-l", "app=web", "--", "helm", "upgrade", "web"]);
    assert_asks(&asked, &[&up]);
    let asked = tool.call(&["delete", "--dry-run", "-l", "app=web", "--", "helm", "uninstall", "web"]);
    assert_asks(&asked, &["before ", "unless pods of app=web are there to be deleted"]);
    let asked =
        tool.call(&["delete", "--dry-run", "--yes", "-l", "app=web", "--", "helm", "uninstall", "web"]);
    assert_asks(&asked, &[]);
}

#[test]
fn a_dry_run_names_what_is_not_there_as_the_run_does() {
    let tool = far("[pre-up]\na = \"true\"\n[post-deploy]\nd = \"true\"\n");
    tool.write("draft.toml", b"[environments.development]\nname = \"web\"\n");
    for arguments in [
        &["run", "post-deploy", "--environment", "developmnt"][..],
        &["up", "--environment", "developmnt", "--", "true"],
    ] {
        let dry = [&[arguments[0], "--dry-run"], &arguments[1..]].concat();
        let called = tool.call(&dry);
        let said = "draft.toml has no environment `developmnt`; did you mean `development`?\n  it has `development`\n";
        assert_says(&called, 2, &[said]);
        assert_eq!(
            (called.stdout.as_str(), &called.stderr),
            ("", &tool.call(arguments).stderr),
            "{called:?}"
        );
    }
    let called = tool.call(&["run", "post-deploy", "--context", "none", "--dry-run"]);
    assert_says(&called, 2, &["the kubeconfig has no context `none`"]);
    // Where it runs is a matter of the machine.
    let tool = tool.with("KUBECONFIG", "/dev/null");
    assert_says(&tool.call(&["run", "post-deploy", "--dry-run"]), 0, &["pods not known, since "]);
}

#[test]
fn a_dry_run_without_a_terminal_says_that_nobody_could_be_asked() {
    let tool = far("[pre-up]\na = \"helm list\"\nb = \"true\"\nc = \"sh deploy.sh\"\n");
    tool.write("deploy.sh", b"kubectl get pods\n");
    let said = "  where nobody can be asked, as here, nothing would run then; --yes agrees\n";
    assert_says(&tool.call(&["run", "pre-up", "a", "--dry-run"]), 0, &["  would ask before ", said]);
    for arguments in [&["b"][..], &["c"], &["a", "--yes"]] {
        let called = tool.call(&[&["run", "pre-up", "--dry-run"], arguments].concat());
        assert!(called.code == Some(0) && !called.stdout.contains(said), "{called:?}");
    }
    let (_ours, theirs) = terminal();
    let mut started = tool.start_asking(&["run", "pre-up", "a", "--dry-run"], theirs);
    started.wait_for("  would ask before ");
    assert_eq!(started.end_unread(), Some(0));
}

#[test]
fn what_a_script_calls_is_asked_for_where_somebody_can_answer_also_behind_what_changes_its_environment() {
    let unknown = "on an unknown cluster: `env` runs it with another environment";
    for (host, command, place) in [
        ("cluster.example", "./deploy.sh", PLACE),
        ("cluster.example", "timeout 60 ./deploy.sh", PLACE),
        ("127.0.0.1", "env -u KUBECONFIG ./deploy.sh", unknown),
    ] {
        for (answer, code) in [("y\n", 0), ("n\n", 2), ("\n", 2)] {
            let tool = with_cluster(&format!("[pre-up]\na = \"{command}\"\n"), host);
            tool.write("deploy.sh", b"#!/bin/sh\nfalse && kubectl get\ntouch done\n");
            std::fs::set_permissions(tool.path("deploy.sh"), PermissionsExt::from_mode(0o755))
                .expect("a mode");
            let (mut ours, theirs) = terminal();
            let mut started = tool.start_asking(&["run", "pre-up"], theirs);
            let mut text = String::new();
            read_until(&mut ours, &mut text, Some("? [y/N] "));
            let asked = format!("run pre-up: `a` (`{command}`; `./deploy.sh` calls `kubectl`) {place}");
            assert!(text.replace("\r\n", " ").starts_with(&asked), "{text}");
            ours.write_all(answer.as_bytes()).expect("the terminal is open");
            assert_eq!(started.end_unread(), Some(code), "{command} {answer:?}");
            assert_eq!(tool.path("done").exists(), code == 0, "{command} {answer:?}");
        }
    }
}
