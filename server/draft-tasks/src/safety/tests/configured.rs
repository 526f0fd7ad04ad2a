//! Clusters that files of tools name.

use super::*;

/// What is asked before a command beside which these files stand; the kubeconfig has `dev`, which is local, and `prod`.
fn asked_beside(current: &str, files: &[(&str, &str)], argv: &[&str]) -> String {
    let dir = directory(current);
    for (name, text) in files {
        let path = dir.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let asked = asked(dir.path(), argv);
    assert!(asked.iter().all(|foreign| !foreign.is_hint), "{asked:?}");
    said(&asked)
}

/// Files of tools and commands that are led to `prod` by them.
const LED: [(&str, &str, &str); 19] = [
    ("helmfile.yaml", "helmDefaults: {kubeContext: prod}", "helmfile apply"),
    ("helmfile.yaml", "kubeContext: prod", "helmfile sync"),
    ("helmfile.yaml", "releases:\n- name: a\n  kubeContext: \"prod\"\n", "helmfile apply"),
    ("helmfile.yaml", "releases:\n- {name: a, kubeContext: prod}\n", "helmfile --kube-context dev apply"),
    ("helmfile.yaml", "environments:\n  live:\n    kubeContext: prod\n", "helmfile -e live apply"),
    ("helmfile.yaml", "environments:\n  default:\n    kubeContext: prod\n", "helmfile apply"),
    ("helmfile.yaml", "a: 1\n---\nhelmDefaults:\n  kubeContext: prod\n", "helmfile apply"),
    (
        "helmfile.yaml",
        "{{ if eq .Environment.Name \"live\" }}\nkubeContext: prod\n{{ else }}\nkubeContext: dev\n{{ end }}\n",
        "helmfile apply",
    ),
    ("helmfile.d/10-a.yaml", "kubeContext: prod", "helmfile apply"),
    ("live/helmfile.yaml", "kubeContext: prod", "helmfile -f live/helmfile.yaml apply"),
    ("live/helmfile.yaml", "kubeContext: prod", "sh -c 'cd live && helmfile apply'"),
    ("skaffold.yaml", "deploy:\n  kubeContext: prod\n", "skaffold run"),
    ("skaffold.yaml", "profiles:\n- name: live\n  deploy: {kubeContext: prod}\n", "skaffold run -p x,live"),
    (
        "skaffold.yaml",
        "profiles:\n- name: live\n  activation: [{env: LIVE=1}]\n  deploy: {kubeContext: prod}\n",
        "skaffold dev",
    ),
    ("skaffold.yml", "deploy:\n  kubeContext: prod\n", "skaffold delete"),
    (".kluctl.yaml", "targets:\n- name: live\n  context: prod\n", "kluctl deploy -t live"),
    ("x/.kluctl.yaml", "targets:\n- {name: live, context: prod}\n", "kluctl deploy -t live --project-dir x"),
    ("a.yaml", "settings:\n  kubeContext: prod\n", "helmsman -apply -f a.yaml"),
    ("skaffold.yaml", "a: 1", "env SKAFFOLD_KUBE_CONTEXT=prod skaffold run"),
];

#[test]
fn a_context_that_a_file_of_the_tool_names_goes_before_the_current_one() {
    for (name, text, command) in LED {
        let argv: Vec<String> = match command.split_once(" -c ") {
            Some((shell, script)) => vec![shell.into(), "-c".into(), script.trim_matches('\'').into()],
            None => command.split(' ').map(str::to_owned).collect(),
        };
        let argv: Vec<&str> = argv.iter().map(String::as_str).collect();
        let asked = asked_beside("dev", &[(name, text)], &argv);
        assert!(asked.contains("context prod"), "{name} {text} {command}: {asked}");
    }
    let asked =
        asked_beside("dev", &[("skaffold.yaml", "deploy: {kubeContext: prod}")], &["skaffold", "run"]);
    assert!(asked.contains("(`skaffold run`; `skaffold.yaml` names the context) on a cluster"), "{asked}");
}

#[test]
fn a_context_that_a_file_of_the_tool_names_and_that_is_local_is_not_asked_for() {
    for (name, text, command) in [
        ("skaffold.yaml", "deploy: {kubeContext: dev}", "skaffold run"),
        ("helmfile.yaml", "helmDefaults: {kubeContext: dev}", "helmfile apply"),
        (
            ".kluctl.yaml",
            "targets: [{name: a, context: dev}, {name: b, context: prod}]",
            "kluctl deploy -t a",
        ),
    ] {
        let argv: Vec<&str> = command.split(' ').collect();
        assert_eq!(asked_beside("prod", &[(name, text)], &argv), "", "{command}");
    }
    for (name, text, command) in [
        ("skaffold.yaml", "deploy: {kubeContext: prod}", "skaffold run --kube-context dev"),
        ("skaffold.yaml", "profiles: [{name: live, deploy: {kubeContext: prod}}]", "skaffold run"),
        ("skaffold.yaml", "profiles: [{name: a, activation: [{kubeContext: prod}]}]", "skaffold run"),
        ("skaffold.yaml", "deploy: {kubeContext: prod}", "skaffold version"),
        ("helmfile.yaml", "environments: {live: {kubeContext: prod}}", "helmfile -e near apply"),
        ("helmfile.yaml", "releases:\n# kubeContext: prod\n- name: a\n", "helmfile apply"),
        ("helmfile.yaml", "releases:\n{{ range .Values.x }}\n- name: {{ . }}\n{{ end }}\n", "helmfile apply"),
        (".kluctl.yaml", "targets: [{name: a, context: prod}]", "kluctl deploy -t a --context dev"),
        ("Tiltfile", "allow_k8s_contexts('prod')", "tilt up"),
        ("a.toml", "[settings]\n", "helmsman --apply -f a.toml"),
    ] {
        let argv: Vec<&str> = command.split(' ').collect();
        assert_eq!(asked_beside("dev", &[(name, text)], &argv), "", "{command}");
    }
}

#[test]
fn what_only_the_tool_reads_in_its_files_is_not_known() {
    for (name, text, command) in [
        ("helmfile.yaml", "kubeContext: {{ .Values.context }}", "helmfile apply"),
        (
            "helmfile.yaml",
            "helmDefaults:\n  kubeContext: \"kind-{{ .Environment.Name }}\"\n",
            "helmfile apply",
        ),
        ("helmfile.yaml", "a: [\nkubeContext: dev", "helmfile apply"),
        ("helmfile.yaml", "bases: ['git::https://git.example/x']", "helmfile apply"),
        ("helmfile.yaml", "helmfiles: [{path: 'https://git.example/x'}]", "helmfile apply"),
        ("helmfile.yaml", "helmfiles: ['{{ .Values.x }}/helmfile.yaml']", "helmfile apply"),
        ("skaffold.yaml", "deploy: {kubeContext: '{{.CONTEXT}}'}", "skaffold run"),
        ("a.toml", "[settings]\nkubeContext = 'prod'", "helmsman --apply -f a.toml"),
        (
            "runtime.cue",
            "clusters: \"a\": kubeContext: \"prod\"",
            "timoni bundle apply -f b.cue -r runtime.cue",
        ),
        ("x", "", "helmfile -f - apply"),
        ("main.tf", "provider \"kubernetes\" {}", "terraform apply"),
        ("x/main.tf", "resource \"helm_release\" \"a\" {}", "tofu -chdir=x destroy -auto-approve"),
        ("package.json", "{\"dependencies\": {\"@pulumi/kubernetes\": \"4\"}}", "pulumi up"),
        ("x", "", "okteto deploy"),
    ] {
        let argv: Vec<&str> = command.split(' ').collect();
        let asked = asked_beside("dev", &[(name, text)], &argv);
        assert!(asked.contains(" on an unknown cluster: "), "{name} {text} {command}: {asked}");
    }
    for (name, text, command) in [
        ("main.tf", "provider \"aws\" {}", "terraform apply"),
        ("main.tf", "provider \"kubernetes\" {}", "terraform fmt"),
        ("package.json", "{}", "pulumi up"),
        ("x", "", "dapr run --app-id x"),
    ] {
        let argv: Vec<&str> = command.split(' ').collect();
        assert_eq!(asked_beside("prod", &[(name, text)], &argv), "", "{command}");
    }
    assert!(asked_beside("prod", &[], &["dapr", "init", "-k"]).contains("context prod"));
}

#[test]
fn files_that_files_of_a_tool_name_are_read_too() {
    let base = ("base.yaml", "helmDefaults: {kubeContext: prod}");
    for (files, command) in [
        ([("helmfile.yaml", "bases: [base.yaml]"), base], "helmfile apply"),
        ([("helmfile.yaml", "helmfiles: ['apps/*.yaml']"), ("apps/a.yaml", base.1)], "helmfile apply"),
        ([("helmfile.yaml", "helmfiles: [{path: apps}]"), ("apps/helmfile.yaml", base.1)], "helmfile apply"),
        (
            [
                ("skaffold.yaml", "requires: [{path: api}]"),
                ("api/skaffold.yaml", "deploy: {kubeContext: prod}"),
            ],
            "skaffold run",
        ),
    ] {
        let argv: Vec<&str> = command.split(' ').collect();
        assert!(asked_beside("dev", &files, &argv).contains("context prod"), "{files:?}");
    }
    let circle =
        [("helmfile.yaml", "bases: [base.yaml]"), ("base.yaml", "bases: [helmfile.yaml, none.yaml]")];
    assert_eq!(asked_beside("dev", &circle, &["helmfile", "apply"]), "");
}
