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
    let argv = argv.iter().map(|word| (*word).to_owned()).collect();
    let step = Step { task: "a".into(), command: String::new(), argv };
    RunRequest {
        plan: Plan { subject: Phase::PreUp.into(), steps: vec![step] },
        directory: dir.to_owned(),
        environment: vec![("KUBECONFIG".into(), dir.join("config").into())],
        on_failure: OnFailure::Stop,
        grace: std::time::Duration::ZERO,
        limits: Limits::default(),
        secrets: Secrets::default(),
        finds_problems: false,
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
    asked.into_iter().map(|foreign| foreign.question).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_call_of_a_tool_is_asked_for_where_the_cluster_is_not_local() {
    let place =
        "on a cluster that is not local: context prod, namespace default (https://cluster.example:6443)?";
    assert_eq!(question("prod", &["helm", "list"]), format!("run pre-up (`helm`) {place}"));
    assert_eq!(
        question("prod", &["sh", "-c", "true&&kubectl version"]),
        format!("run pre-up (`kubectl`) {place}")
    );
    assert_eq!(
        question("prod", &["sh", "-c", "echo $(x"]),
        format!("run pre-up (`a`: a `(` or `case` is not closed) {place}")
    );
    assert_eq!(question("prod", &["echo", "kubectl"]), "");
    assert_eq!(question("dev", &["helm", "list"]), "");
    assert_eq!(question("dev", &["sh", "-c", "$X"]), "");
}

/// What the question before one shell script says.
fn asked_before(script: &str) -> String {
    question("prod", &["sh", "-c", script])
}

#[test]
fn commands_that_reach_no_cluster_are_not_asked_for() {
    for script in [
        "helm lint charts/web",
        "for chart in charts/*; do helm lint $chart; done",
        "helm template web charts/web -f values.yaml > out.yaml",
        "helm -n a --kube-context=prod template web .",
        "helm dependency update charts/web",
        "helm dep build",
        "helm package charts/web --version 1.2.3",
        "helm repo add stable https://charts.example && helm repo update",
        "helm pull bitnami/redis",
        "helm show values bitnami/redis",
        "helm version --short",
        "helm plugin list",
        "kubectl version --client -o json",
        "kubectl --context prod version --client",
        "kubectl config view --minify",
        "test \"$(kubectl config current-context)\" = prod",
        "kubectl config get-contexts",
        "kubectl create secret generic a --from-literal=b=c --dry-run=client -o yaml",
        "kubectl create ns demo --dry-run=client -o yaml | tee ns.yaml",
        "kubectl kustomize overlays/dev",
        "kubectl completion bash",
        "oc version --client",
        "kustomize build overlays/dev",
        "kustomize edit set image web=web:1",
        "skaffold version",
        "k9s version",
        "argocd version --client",
        "draft create --app web",
        "docker run --rm alpine/helm:3.15 lint .",
        "timeout 5 helm lint .",
    ] {
        assert_eq!(asked_before(script), "", "{script}");
    }
}

#[test]
fn commands_that_may_reach_a_cluster_are_asked_for() {
    for script in [
        "helm list",
        "helm template web . --validate",
        "helm template web . --dry-run=server",
        "helm template web . --post-renderer ./x",
        "helm template web . $MORE",
        "xargs helm template web .",
        "helm $OPTIONS lint",
        "helm lint$MORE",
        "helm -f lint upgrade web .",
        "helm lint . && helm upgrade web .",
        "helm template web . | kubectl apply -f -",
        "helm upgrade web . --dry-run",
        "helm secrets lint",
        "helm plugin install x",
        "kubectl version",
        "kubectl version $CLIENT",
        "kubectl version --client --client=false",
        "kubectl -n version get pods",
        "kubectl config use-context prod",
        "kubectl config set-context --current --namespace=a",
        "kubectl apply -f x --dry-run=client",
        "kubectl create -f x --dry-run=client",
        "kubectl create ns demo",
        "kubectl create ns demo --dry-run=server",
        "kubectl create ns demo --dry-run=client --dry-run=none",
        "kubectl create deployment a --image=b -- sh --dry-run=client",
        "kubectl create role a --verb=get --resource=pods --dry-run=client",
        "kubectl kustomize . --enable-alpha-plugins",
        "kubectl lint",
        "kubectl-version --client",
        "kubectl",
        "kustomize build . --enable-exec",
        "k9s",
        "k9s --context prod",
        "tilt up",
        "flux check --pre",
        "argocd version",
        "stern web",
        "kubectx prod",
        "minikube kubectl -- get pods",
    ] {
        assert!(asked_before(script).contains(" on a cluster that is not local: "), "{script}");
    }
}

#[test]
fn nobody_knows_which_cluster_another_machine_reaches() {
    for current in ["dev", "prod"] {
        assert_eq!(
            question(current, &["ssh", "build", "kubectl", "delete", "ns", "a"]),
            "run pre-up (`kubectl`) on a cluster that is not known: it runs on another machine?"
        );
        assert_eq!(question(current, &["ssh", "build", "kubectl version --client; ./deploy.sh"]), "");
    }
}

#[test]
fn a_cluster_that_a_command_names_goes_before_the_current_one() {
    for argv in [
        &["kubectl", "--context", "prod", "get"][..],
        &["sudo", "kubectl", "get", "--context=prod"],
        &["helm", "--kube-context", "prod", "list"],
        &["env", "HELM_KUBECONTEXT=prod", "helm", "list"],
    ] {
        assert!(question("dev", argv).contains("context prod"), "{argv:?}");
    }
    assert_eq!(question("prod", &["kubectl", "--context", "dev", "get"]), "");
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
        assert!(asked(dir.path(), argv)[0].question.contains("context prod"), "{argv:?}");
    }
    for argv in
        [&["kubectl", "--kubeconfig", "none", "get"][..], &["sh", "-c", "KUBECONFIG=$(x) kubectl get"]]
    {
        let asked = asked(dir.path(), argv);
        assert!(asked[0].question.contains("on a cluster that is not known: "), "{asked:?}");
    }
    assert!(asked(dir.path(), &["kubectl", "--kubeconfig", "config", "get"]).is_empty());
}

#[test]
fn each_cluster_is_asked_for_once() {
    let script = "kubectl get; helm list; kubectl --context dev get";
    assert_eq!(question("prod", &["sh", "-c", script]).lines().count(), 1);
}

#[test]
fn files_beside_a_command_are_hints() {
    let dir = directory("prod");
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
        asked.into_iter().map(|foreign| foreign.question).next().unwrap_or_default()
    };
    assert!(hint(&["./deploy.sh"]).starts_with("run pre-up (`./inner` calls `helm`) on a cluster"));
    assert!(hint(&["sh", "-e", "deploy.sh"]).contains("`helm`"));
    assert!(hint(&["python3", "tool.py"]).contains("(`tool.py` calls `kubectl`)"));
    assert!(hint(&["python", "-c", "x('kubectl')"]).contains("`kubectl`"));
    assert!(hint(&["make", "deploy"]).contains("(`Makefile` calls `kubectl`)"));
    assert!(hint(&["npm", "run", "up"]).contains("(`package.json` calls `helm`)"));
    for quiet in [
        &["sh", "quiet.sh"][..],
        &["sh", "lint.sh"],
        &["make"],
        &["npm", "run", "lint"],
        &["./none"],
        &["sh", "."],
    ] {
        assert_eq!(hint(quiet), "", "{quiet:?}");
    }
}
