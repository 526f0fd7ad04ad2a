use std::ffi::OsStr;
use std::path::Path;

use draft_tasks_analysis::phase::Phase;
use draft_tasks_analysis::plan::{Plan, Step};
use draft_tasks_executor::mask::Secrets;
use draft_tasks_executor::{Limits, OnFailure};
use tempfile::TempDir;

use super::*;

const CONFIG: &str = "apiVersion: v1
kind: Config
current-context: CURRENT
contexts:
- {name: prod, context: {cluster: far, user: u}}
- {name: dev, context: {cluster: near, user: u}}
clusters:
- {name: far, cluster: {server: 'https://cluster.example:6443'}}
- {name: near, cluster: {server: 'https://127.0.0.1:6443'}}
users: [{name: u, user: {}}]
";

/// A directory whose kubeconfig has this current context.
fn directory(current: &str) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("config"), CONFIG.replace("CURRENT", current)).unwrap();
    dir
}

fn request(dir: &Path, argv: &[&str]) -> RunRequest {
    let argv: Vec<String> = argv.iter().map(|word| (*word).to_owned()).collect();
    let step = Step { task: "a".into(), command: argv.join(" "), argv, ..Step::default() };
    RunRequest {
        plan: Plan { subject: Phase::PreUp.into(), steps: vec![step] },
        directory: dir.to_owned(),
        environment: vec![("KUBECONFIG".into(), dir.join("config").into())],
        on_failure: OnFailure::Stop,
        grace: std::time::Duration::ZERO,
        limits: Limits::default(),
        secrets: Secrets::default(),
        finds_problems: false,
        on_terminal: false,
        pods: None,
        pinned: None,
    }
}

fn asked(dir: &Path, argv: &[&str]) -> Vec<Foreign> {
    foreign(&request(dir, argv), &Target::is_local)
}

fn question(current: &str, argv: &[&str]) -> String {
    let dir = directory(current);
    let asked = asked(dir.path(), argv);
    said(&asked)
}

#[test]
fn a_step_that_reaches_an_unknown_cluster_is_asked_for_once() {
    let dir = directory("prod");
    let asked = asked(dir.path(), &["docker", "run", "--rm", "x", "kubectl", "get", "pods"]);
    assert_eq!(asked.len(), 1, "{}", said(&asked));
}

/// The question, without a word where nothing is asked.
fn said(asked: &[Foreign]) -> String {
    if asked.is_empty() { String::new() } else { super::question(&asked.iter().collect::<Vec<_>>()) }
}

#[test]
fn a_call_of_a_tool_is_asked_for_where_the_cluster_is_not_local() {
    let place =
        "on a cluster that is not local: context prod, namespace default (https://cluster.example:6443)?";
    assert_eq!(question("prod", &["helm", "list"]), format!("run pre-up: `a` (`helm list`) {place}"));
    assert_eq!(
        question("prod", &["sh", "-c", "true&&kubectl version"]),
        format!("run pre-up: `a` (`sh -c true&&kubectl version`) {place}")
    );
    assert_eq!(
        question("prod", &["sh", "-c", "echo $(x"]),
        format!("run pre-up: `a` (`sh -c echo $(x`; a `(` or `case` is not closed) {place}")
    );
    assert_eq!(question("prod", &["echo", "kubectl"]), "");
    assert_eq!(question("dev", &["helm", "list"]), "");
    assert_eq!(question("dev", &["sh", "-c", "$X"]), "");
}

#[test]
fn a_kubeconfig_is_looked_for_where_the_call_runs() {
    let dir = directory("dev");
    let prod = dir.path().join("prod");
    std::fs::create_dir(&prod).unwrap();
    std::fs::write(prod.join("config"), CONFIG.replace("CURRENT", "prod")).unwrap();
    let asked = |script: &str| said(&asked(dir.path(), &["sh", "-c", script]));
    for script in [
        "kubectl --kubeconfig=config apply",
        "kubectl --kubeconfig=./config apply",
        "(cd prod && ls); kubectl --kubeconfig=config apply",
    ] {
        assert_eq!(asked(script), "", "{script}");
    }
    for script in [
        "cd prod && kubectl --kubeconfig=config apply",
        "cd prod && KUBECONFIG=config helm list",
        "cd prod; kubectl --kubeconfig=./config apply",
    ] {
        assert!(asked(script).contains("context prod"), "{script}: {}", asked(script));
    }
    for script in [
        "cd \"$(ls -d p*)\" && kubectl --kubeconfig=config apply",
        "if true; then cd prod; fi; kubectl --kubeconfig=config apply",
        "env -C prod kubectl --kubeconfig=config apply",
        ". ./f; kubectl --kubeconfig config --context dev get",
    ] {
        let unknown = "the directory of its kubeconfig is known only when it runs";
        assert!(asked(script).contains(unknown), "{script}: {}", asked(script));
    }
}

#[test]
fn a_cluster_that_a_command_names_goes_before_the_current_one() {
    for argv in [
        &["kubectl", "--context", "prod", "get"][..],
        &["sudo", "-E", "kubectl", "get", "--context=prod"],
        &["kubectl", "--context", "dev", "get", "--context", "prod"],
        &["kubectl", "config", "use-context", "prod"],
        &["kubectx", "prod"],
        &["tkn", "-c", "prod", "list"],
        &["kubetail", "web", "-t", "prod"],
        &["crossplane", "beta", "trace", "x", "y", "-c", "prod"],
        &["helm", "--kube-context", "prod", "list"],
        &["env", "HELM_KUBECONTEXT=prod", "helm", "list"],
        &["sh", "-c", ": ${HELM_KUBECONTEXT:=prod}; helm list"],
        &["kapp", "list", "--kubeconfig-context", "prod"],
        &["velero", "--kubecontext=prod", "get", "backups"],
        &["vim", "-c", "!kubectl --context prod get", "-c", "q"],
        &["nvim", "--headless", "+silent !kubectl --context prod get", "+q"],
        &["vim", "-c", "call system('kubectl --context prod get')"],
        &["expect", "-c", "spawn kubectl --context prod get; expect eof"],
        &["script", "-q", "/dev/null", "kubectl", "--context", "prod", "get"],
        &["sh", "-c", "compgen -C 'kubectl --context prod get'"],
        &["sh", "-c", "$SUDO kubectl --context prod get"],
        &["watch", "kubectl --context prod get"],
        &["entr", "-s", "kubectl --context prod get"],
        &["unshare", "-r", "kubectl", "--context", "prod", "get"],
    ] {
        assert!(question("dev", argv).contains("context prod"), "{argv:?}");
    }
    assert_eq!(question("prod", &["kubectl", "--context", "dev", "get"]), "");
}

#[test]
fn only_a_kubeconfig_that_is_not_there_leads_nowhere() {
    let dir = directory("nosuch");
    let words = &["kubectl", "get"][..];
    let asked_with = |text: &str| {
        std::fs::write(dir.path().join("config"), text).unwrap();
        let asked = asked(dir.path(), words);
        said(&asked)
    };
    for text in ["{ not: [yaml", "contexts: []", "current-context: x", &CONFIG.replace("CURRENT", "")] {
        assert!(asked_with(text).contains("on an unknown cluster: the kubeconfig "), "{text}");
    }
    std::fs::remove_file(dir.path().join("config")).unwrap();
    assert!(asked(dir.path(), words).is_empty());
    for argv in [
        &["kubectl", "--server", "https://10.0.0.5:6443", "get"][..],
        &["kubectl", "--kubeconfig", "none", "get"],
        &["oc", "login", "https://10.0.0.5:6443"],
        &["sh", "-c", "KUBERNETES_MASTER=https://10.0.0.5 kubectl get"],
    ] {
        assert_eq!(asked(dir.path(), argv).len(), 1, "{argv:?}");
    }
}

#[test]
fn another_home_has_another_kubeconfig() {
    let dir = directory("dev");
    std::fs::create_dir(dir.path().join(".kube")).unwrap();
    std::fs::rename(dir.path().join("config"), dir.path().join(".kube/config")).unwrap();
    let mut request = request(dir.path(), &["env", "HOME=/x", "kubectl", "get"]);
    request.environment = vec![("HOME".into(), dir.path().into())];
    assert_eq!(foreign(&request, &Target::is_local).len(), 1);
    request.plan.steps[0].argv.remove(1);
    assert!(foreign(&request, &Target::is_local).is_empty());
}

#[test]
fn a_kubeconfig_that_a_command_names_goes_before_the_users_own() {
    let dir = directory("dev");
    std::fs::write(dir.path().join("other"), CONFIG.replace("CURRENT", "prod")).unwrap();
    for argv in [
        &["kubectl", "--kubeconfig", "other", "get"][..],
        &["env", "KUBECONFIG=other", "kubectl", "get"],
        &["sh", "-c", "export KUBECONFIG=other; kubectl get"],
    ] {
        assert!(said(&asked(dir.path(), argv)).contains("context prod"), "{argv:?}");
    }
    for argv in
        [&["kubectl", "--kubeconfig", "none", "get"][..], &["sh", "-c", "KUBECONFIG=$(x) kubectl get"]]
    {
        let asked = asked(dir.path(), argv);
        assert!(said(&asked).contains("on an unknown cluster: "), "{asked:?}");
    }
    assert!(asked(dir.path(), &["kubectl", "--kubeconfig", "config", "get"]).is_empty());
}

#[test]
fn each_cluster_is_asked_for_once() {
    let script = "kubectl get; helm list; kubectl --context dev get";
    assert_eq!(question("prod", &["sh", "-c", script]).matches("sh -c").count(), 1);
}

#[test]
fn a_question_names_all_that_it_covers_and_no_secret() {
    let dir = directory("prod");
    std::fs::write(dir.path().join("Makefile"), "deploy:\n\tkubectl apply -f x\n").unwrap();
    let mut request = request(dir.path(), &[]);
    let long = format!("kubectl get {}", "x".repeat(100));
    let commands = [
        ("make", "make deploy"),
        ("plain", "kubectl get pods"),
        ("sudo", "sudo helm list"),
        ("echo", "echo kubectl"),
        ("token", "helm list --token hunter22"),
        ("long", long.as_str()),
        ("far", "ssh build helm list"),
    ];
    let step = |(task, command): (&str, &str)| Step {
        task: task.into(),
        command: command.into(),
        argv: command.split(' ').map(str::to_owned).collect(),
        ..Step::default()
    };
    request.plan.steps = commands.into_iter().map(step).collect();
    request.secrets = Secrets::new([OsStr::new("hunter22")]);
    let place =
        "on a cluster that is not local: context prod, namespace default (https://cluster.example:6443)";
    let asked = said(&foreign(&request, &Target::is_local));
    let short = format!("kubectl get {}…", "x".repeat(67));
    let expected = [
        "run pre-up: `make` (`make deploy`; `Makefile` calls `kubectl`), `plain` (`kubectl get pods`), "
            .into(),
        format!("`token` (`helm list --token ***`), `long` (`{short}`) {place}; "),
        "`sudo` (`sudo helm list`) on an unknown cluster: ".into(),
        "`far` (`ssh build helm list`) on an unknown cluster: it runs on another machine?".into(),
    ];
    for part in expected {
        assert!(asked.contains(&part), "{part} is not in {asked}");
    }
    assert!(!asked.contains("`echo`"), "{asked}");
}

#[test]
fn an_address_of_this_machine_that_is_not_its_own_says_why() {
    for (key, why) in [
        ("proxy-url: 'http://p:1'", "by its `proxy-url`"),
        ("tls-server-name: x", "with its `tls-server-name`"),
    ] {
        let dir = directory("dev");
        let config = CONFIG
            .replace("CURRENT", "dev")
            .replace("server: 'https://127", &format!("{key}, server: 'https://127"));
        std::fs::write(dir.path().join("config"), config).unwrap();
        let asked = said(&asked(dir.path(), &["kubectl", "get"]));
        assert!(asked.contains(&format!("(https://127.0.0.1:6443, {why}")), "{asked}");
    }
}

#[test]
fn files_beside_a_command_ask_for_no_local_cluster() {
    let dir = directory("dev");
    std::fs::write(dir.path().join("deploy.sh"), "kubectl delete \"$1\"\nkubectl $OPTIONS get\n").unwrap();
    for argv in [&["sh", "deploy.sh", "pod/x"][..], &["./deploy.sh"], &["foo", "kubectl", "get"]] {
        assert!(asked(dir.path(), argv).is_empty(), "{argv:?}");
    }
}

#[test]
fn files_beside_a_command_lead_to_the_contexts_that_they_name() {
    let dir = directory("dev");
    let write = |name: &str, text: &str| std::fs::write(dir.path().join(name), text).unwrap();
    write("Makefile", "prod:\n\tkubectl --context prod get x\ndev:\n\tkubectl --context dev get x\n");
    write("d.sh", "kubectl get x\nkubectl --context prod delete ns x\n");
    write("use.sh", "kubectl config use-context prod\n");
    write("package.json", r#"{"scripts": {"prod": "helm --kube-context prod list"}}"#);
    for argv in [
        &["make", "-s", "prod"][..],
        &["sh", "d.sh"],
        &["sh", "use.sh"],
        &["npm", "run", "prod"],
        &["python3", "-c", "import os; os.system(\"kubectl --context prod get\")"],
        &["python3", "-c", "run(['kubectl', '--context=prod', 'get'])"],
    ] {
        let asked = asked(dir.path(), argv);
        assert_eq!(asked.len(), 1, "{argv:?}: {asked:?}");
        assert!(said(&asked).contains("context prod"), "{argv:?}: {asked:?}");
    }
    assert!(asked(dir.path(), &["make", "dev"]).is_empty());
}

#[test]
fn files_beside_a_command_are_hints() {
    let dir = directory(&std::env::var("CURRENT").unwrap_or("prod".into()));
    let write = |name: &str, text: &str| std::fs::write(dir.path().join(name), text).unwrap();
    write("deploy.sh", "#!/bin/sh -e\n./inner\n");
    write("inner", "set -e\nhelm upgrade web .\n");
    write("quiet.sh", "echo kubectl\n");
    write("tool.py", "#!/usr/bin/env python3\nrun(['kubectl'])\n");
    write("Makefile", "all:\n\techo\ndeploy:\n\tkubectl apply -f x\n");
    write("lint.sh", "helm lint .\n");
    write("package.json", r#"{"scripts": {"up": "helm list", "lint": "eslint"}}"#);
    let hint = |argv: &[&str]| {
        let asked = asked(dir.path(), argv);
        assert!(asked.iter().all(|foreign| foreign.is_hint), "{asked:?}");
        said(&asked)
    };
    assert!(
        hint(&["./deploy.sh"])
            .starts_with("run pre-up: `a` (`./deploy.sh`; `./inner` calls `helm`) on a cluster")
    );
    assert!(hint(&["sh", "-e", "deploy.sh"]).contains("`helm`"));
    assert!(hint(&["python3", "tool.py"]).contains("; `tool.py` calls `kubectl`)"));
    assert!(hint(&["python", "-c", "x('kubectl')"]).contains("`kubectl`"));
    assert!(hint(&["make", "deploy"]).contains("; `Makefile` calls `kubectl`)"));
    assert!(hint(&["npm", "run", "up"]).contains("; `package.json` calls `helm`)"));
    write(
        "Taskfile.yml",
        "tasks:\n  default: [{task: up}]\n  up:\n    deps: [build]\n    cmds: ['helm upgrade {{.NAME}} .']\n  \
         build: {cmds: [{cmd: docker build .}]}\n  quiet: echo kubectl\n",
    );
    write("Rakefile", "task(:up) { sh 'kubectl apply -f x' }\n");
    write("book.yml", "- hosts: localhost\n  tasks: [{kubernetes.core.k8s: {state: present}}]\n");
    assert!(hint(&["task"]).contains("; `Taskfile.yml` calls `helm`)"));
    assert!(hint(&["task", "-s", "build", "up", "X=y"]).contains("; `Taskfile.yml` calls `helm`)"));
    assert!(hint(&["rake", "up"]).contains("; `Rakefile` calls `kubectl`)"));
    assert!(hint(&["ansible-playbook", "book.yml"]).contains("; `book.yml` calls `kubernetes.core.k8s`)"));
    for argv in [
        &["perl", "-ne", "system('kubectl get')"][..],
        &["awk", "{ system(\"kubectl get \" $1) }"],
        &["sed", "1e kubectl get", "x"],
        &["make", "--eval", "x: ; kubectl get"],
        &["sh", "-c", "make -f - <<E\nx:\n\tkubectl get\nE\n"],
        &["sh", "-c", "python3 - <<E\nrun(['kubectl'])\nE\n"],
    ] {
        assert!(hint(argv).contains("; code in it calls `kubectl`)"), "{argv:?}");
    }
    assert!(hint(&["tsup", "--onSuccess", "kubectl apply -f x"]).contains("; `tsup` may call `kubectl`)"));
    assert!(hint(&["foo", "--bar", "kubectl", "apply"]).contains("; `foo` may call `kubectl`)"));
    for quiet in [
        &["sh", "quiet.sh"][..],
        &["sh", "lint.sh"],
        &["make"],
        &["npm", "run", "lint"],
        &["./none"],
        &["task", "quiet"],
        &["task", "none"],
        &["task", "build", "--", "up"],
        &["sh", "."],
    ] {
        assert_eq!(hint(quiet), "", "{quiet:?}");
    }
}

mod account;
mod beside;
mod configured;
mod crossing;
mod elsewhere;
mod handed;
mod hidden;
#[cfg(unix)]
mod link;
mod quiet;
mod reached;
mod runners;
mod unknown;
mod written;
