//! What the program makes of kubeconfigs and of servers that are no clusters, as far as it needs no cluster.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::sync::{Arc, Mutex};

use serde_json::json;

use crate::tool::{Called, Tool};

const TASKS: &str = "[pre-up]\nwhich = \"sh -c 'echo is $KUBECONFIG'\"\n[post-deploy]\na = \"true\"\n";

const SELECTED: [&str; 2] = ["-l", "app=web"];

fn with_kubeconfig(text: &str) -> Tool {
    let tool = Tool::new(TASKS);
    tool.write("kubeconfig", text.as_bytes());
    let (file, home) = (tool.path("kubeconfig"), tool.path("home"));
    ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "NO_PROXY", "no_proxy"]
        .into_iter()
        .fold(tool, |tool, name| tool.with(name, ""))
        .with("KUBECONFIG", file.to_str().expect("UTF-8"))
        .with("HOME", home.to_str().expect("UTF-8"))
}

fn config(server: &str) -> String {
    format!(
        "current-context: dev\ncontexts: [{{name: dev, context: {{cluster: c, user: u}}}}]\n\
         clusters: [{{name: c, cluster: {{server: '{server}'}}}}]\nusers: [{{name: u, user: {{token: t}}}}]\n"
    )
}

fn both(called: &Called) -> String {
    format!("{}{}", called.stdout, called.stderr)
}

#[track_caller]
fn assert_says(called: &Called, parts: &[&str]) {
    let all = both(called);
    for part in parts {
        assert!(all.contains(part), "{part:?} is not in {called:#?}");
    }
}

#[test]
fn a_mistake_in_a_kubeconfig_is_told_without_what_the_file_has() {
    let users = "users:\n- name: u\n  user:\n    token: TOPSECRET\n    password: \"TOPSECRET\n";
    let tool = with_kubeconfig(
        &(config("https://127.0.0.1:1").replace("users: [{name: u, user: {token: t}}]\n", users)),
    );
    for arguments in [
        &["doctor", "-l", "app=web"][..],
        &["doctor", "-l", "app=web", "--format", "json"],
        &["run", "post-deploy", "-l", "app=web"],
        &["run", "post-deploy", "-l", "app=web", "--format", "json"],
        &["run", "pre-up", "--context", "dev"],
        &["up", "-l", "app=web", "--", "true"],
        &["delete", "-l", "app=web", "--", "true"],
    ] {
        let called = tool.call(arguments);
        assert_says(&called, &["kubeconfig cannot be used: line 8, column "]);
        assert!(!both(&called).contains("TOPSECRET"), "{arguments:?} {called:#?}");
    }
    assert!(!tool.records().contains("TOPSECRET"));
}

#[test]
fn credentials_of_a_known_cluster_are_masked_in_what_tasks_write() {
    let user =
        "{token: ab12-token, username: ann, password: word-of-ann, client-key-data: LS0tLS1CRUdJTiBQUklW}";
    let show = "[pre-up]\na = \"sh -c 'cat $KUBECONFIG'\"\n\
        [post-up]\nb = \"sh -c 'cat $KUBECONFIG; true || kubectl get pods'\"\n";
    for arguments in [&["run", "pre-up", "--context", "dev"][..], &["run", "post-up"]] {
        let tool = with_kubeconfig(&config("https://127.0.0.1:1").replace("{token: t}", user));
        tool.write(".draft-tasks.toml", show.as_bytes());
        let called = tool.call(arguments);
        assert_eq!(called.code, Some(0), "{called:?}");
        assert_says(&called, &["ann", "***"]);
        for secret in ["ab12-token", "word-of-ann", "LS0tLS1"] {
            assert!(!both(&called).contains(secret) && !tool.records().contains(secret), "{called:?}");
        }
    }
}

#[test]
fn what_a_kubeconfig_has_is_masked_though_no_cluster_is_reached() {
    let more = "{name: other, user: {token: of-another, exec: {command: ./nosuch, env: [{name: API_KEY, value: of-a-plugin}]}}}, {name: third, user: {tokenFile: token-file}}, {name";
    let text = config("https://127.0.0.1:1").replacen("{name: u", &format!("{more}: u"), 1);
    let tool = with_kubeconfig(&text);
    assert!(text.contains("of-another"), "{text}");
    tool.write("token-file", b"of-a-file\n");
    tool.write(".draft-tasks.toml", b"[pre-up]\na = \"sh -c 'cat $KUBECONFIG token-file'\"\n");
    for arguments in [&["run", "pre-up"][..], &["run", "pre-up", "--yes"]] {
        let called = tool.call(arguments);
        assert_eq!(called.code, Some(0), "{called:?}");
        assert_says(&called, &["other", "***"]);
        for secret in ["of-another", "of-a-plugin", "of-a-file"] {
            assert!(!both(&called).contains(secret) && !tool.records().contains(secret), "{called:?}");
        }
    }
}

#[test]
fn who_gives_a_file_of_variables_to_pods_is_told_that_they_do_not_get_it() {
    let tool = with_kubeconfig(&config("https://127.0.0.1:1"));
    tool.write("vars", b"A_TOKEN=no-word-1\n");
    let with = |phase: &str| tool.call(&["run", phase, "-l", "app=web", "--dry-run", "--env-file", "vars"]);
    let said =
        "tasks in pods do not get the variables of files, only what stands for `$NAME` in their commands\n";
    assert_eq!(with("post-deploy").stderr, said);
    assert!(!with("pre-up").stderr.contains("do not get"));
}

#[test]
fn a_relative_kubeconfig_is_one_file_for_everybody() {
    let tool = with_kubeconfig(&config("https://127.0.0.1:1")).with("KUBECONFIG", "./kubeconfig");
    tool.write("app/.draft-tasks.toml", TASKS.as_bytes());
    let file = tool.path("kubeconfig").display().to_string();
    assert_says(
        &tool.call(&["doctor", "--file", "app", "-l", "app=web"]),
        &[&format!("✓ kubeconfig    {file}")],
    );
    assert_says(&tool.call(&["run", "pre-up", "--file", "app"]), &[&format!("is {file}")]);
    let called = tool.call(&["run", "pre-up", "--file", "app", "--env", "KUBECONFIG=other"]);
    assert_says(&called, &[&format!("is {}", tool.path("other").display())]);
    tool.write("app/vars", b"KUBECONFIG=./own\n");
    let called = tool.call(&["run", "pre-up", "--file", "app", "--env-file", "app/vars", "--format", "json"]);
    assert!(called.code == Some(0), "{called:?}");
}

#[test]
fn what_a_private_copy_names_is_where_the_kubeconfig_has_it() {
    let text =
        config("https://127.0.0.1:1', certificate-authority: 'ca.crt").replace("token: t", "tokenFile: tok");
    let tool = with_kubeconfig(&text).with("KUBECONFIG", "./kubeconfig");
    tool.write("app/.draft-tasks.toml", b"[pre-up]\na = \"sh -c 'cat $KUBECONFIG'\"\n");
    tool.write("ca.crt", b"CA\n");
    tool.write("tok", b"t\n");
    let called = tool.call(&["run", "pre-up", "--file", "app", "--namespace", "demo"]);
    for name in ["ca.crt", "tok"] {
        assert_says(&called, &[&format!("{}", tool.path(name).display())]);
    }
}

#[test]
fn names_that_cannot_be_never_become_an_address() {
    let tool = with_kubeconfig(&config("https://127.0.0.1:1"));
    let doctor = |arguments: &[&str]| tool.call(&[&["doctor"], arguments].concat());
    assert_says(&doctor(&["-l", "app=web"]), &["✓ context       dev, namespace default"]);
    assert_says(
        &doctor(&["-l", "app=web", "-n", "a b"]),
        &["✗ context       `a b` is not the name of a namespace"],
    );
    for (name, namespace) in [("Web App/x", "demo"), ("web", "n/../kube-system")] {
        let draft = format!("[environments.development]\nname = \"{name}\"\nnamespace = \"{namespace}\"\n");
        tool.write("draft.toml", draft.as_bytes());
        assert_says(&doctor(&[]), &["✗ name          `"]);
        assert_says(&tool.call(&["run", "post-deploy"]), &["is not the name of"]);
    }
}

/// Something that listens, answers everything with the same, and remembers the heads of what it is asked.
struct Listener {
    port: u16,
    asked: Arc<Mutex<Vec<String>>>,
}

fn listen(answer: &'static str) -> Listener {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("an address").port();
    let asked = Arc::new(Mutex::new(Vec::new()));
    let seen = asked.clone();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut bytes = [0; 4096];
            let length = stream.read(&mut bytes).unwrap_or(0);
            let text = String::from_utf8_lossy(&bytes[..length]).into_owned();
            seen.lock().expect("no panic").push(text);
            // Who asked may be gone.
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    Listener { port, asked }
}

impl Listener {
    /// The first lines of what it was asked.
    fn take(&self) -> Vec<String> {
        let first = |text: &String| text.lines().next().unwrap_or_default().to_owned();
        self.heads().iter().map(first).collect()
    }

    fn heads(&self) -> Vec<String> {
        std::mem::take(&mut self.asked.lock().expect("no panic"))
    }
}

#[test]
fn a_web_page_is_not_taken_for_a_cluster() {
    for (status, told) in [
        ("200 OK", "the answer was 200 OK with a web page"),
        ("502 Bad Gateway", "502 Bad Gateway with a web page"),
    ] {
        let answer = format!(
            "HTTP/1.1 {status}\r\nContent-Type: text/html\r\nContent-Length: 6\r\nConnection: close\r\n\r\n<html>"
        );
        let listener = listen(answer.leak());
        let tool = with_kubeconfig(&config(&format!("http://127.0.0.1:{}", listener.port)));
        for arguments in [&["doctor"][..], &["run", "post-deploy"]] {
            let called = tool.call(&[arguments, &SELECTED].concat());
            assert_says(
                &called,
                &[
                    "no cluster answered for context `dev` (http://127.0.0.1:",
                    told,
                    "a login page or a proxy",
                ],
            );
        }
    }
}

#[test]
fn the_proxy_of_the_environment_is_asked_as_go_would() {
    let proxy = listen("HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    let place = format!("127.0.0.1:{}", proxy.port);
    let through = |server: &str, extra: &str, variables: &[(&'static str, &str)]| {
        let text = config(server).replace("'}}", &format!("'{extra}}}}}"));
        let tool =
            variables.iter().fold(with_kubeconfig(&text), |tool, (name, value)| tool.with(name, value));
        let called = tool.call(&["doctor", "-l", "app=web"]);
        let asked = proxy.take();
        assert_eq!(
            !asked.is_empty(),
            both(&called).contains(&format!("asked by the proxy {place} of")),
            "{called:?}"
        );
        asked.first().cloned().unwrap_or_else(|| "direct".into())
    };
    let connect = "CONNECT k8s.example.com:6443 HTTP/1.1";
    let server = "https://k8s.example.com:6443";
    assert_eq!(through(server, "", &[("HTTPS_PROXY", &place), ("NO_PROXY", "localhost,127.0.0.1")]), connect);
    assert_eq!(through(server, "", &[("https_proxy", &format!("http://{place}"))]), connect);
    assert_eq!(through("https://127.0.0.1:1", "", &[("HTTPS_PROXY", &place)]), "direct");
    assert_eq!(through("https://localhost:1", "", &[("HTTPS_PROXY", &place)]), "direct");
    assert_eq!(
        through("https://kind.localhost:1", "", &[("HTTPS_PROXY", &place), ("NO_PROXY", ".localhost")]),
        "direct"
    );
    let own = format!(", proxy-url: 'http://{place}'");
    assert_eq!(through(server, &own, &[("NO_PROXY", "*")]), connect);
}

#[test]
fn an_address_without_a_scheme_is_taken_and_an_impossible_one_is_explained() {
    let doctor = |server: &str| with_kubeconfig(&config(server)).call(&["doctor", "-l", "app=web"]);
    assert_says(
        &doctor("127.0.0.1:1"),
        &["✓ context       dev, namespace default (http://127.0.0.1:1), a local cluster"],
    );
    let called = doctor("https://ann:TOPSECRET@127.0.0.1:99999");
    let expected = "✗ context       context `dev` names the cluster `c`, which cannot be reached: its address has a port that";
    assert_says(&called, &[expected]);
    assert!(!both(&called).contains("TOPSECRET"), "{called:?}");
}

#[test]
fn a_plan_needs_no_cluster() {
    let tool = with_kubeconfig("").with("KUBECONFIG", "");
    let called = tool.call(&["run", "post-deploy", "--dry-run", "-l", "app=web"]);
    assert_eq!(called.code, Some(0), "{called:?}");
    assert_says(&called, &["  pods not known, since there is no kubeconfig", "nothing runs", "true"]);
    let called = tool.call(&["up", "--dry-run", "-l", "app=web", "--", "true"]);
    assert_eq!(called.code, Some(0), "{called:?}");
    assert_says(&called, &["pre-up", "deploy", "  pods not known, since there is no kubeconfig"]);
    let called = tool.call(&["run", "post-deploy", "--dry-run", "--format", "json"]);
    let document: serde_json::Value = serde_json::from_str(&called.stdout).expect("JSON");
    assert!(
        document["podsNotKnownSince"].as_str().expect("a text").starts_with("there is no draft.toml"),
        "{document}"
    );
    // What can be known is told.
    let tool = with_kubeconfig(&config("https://127.0.0.1:1"));
    let called = tool.call(&["run", "post-deploy", "--dry-run", "-l", "app=web"]);
    assert_says(
        &called,
        &["post-deploy · 1 task · pods of app=web · context dev, namespace default · nothing runs"],
    );
    let called = tool.call(&["doctor", "-l", "app=web"]);
    assert_says(&called, &["✗ server", "- pods          not known, since the link `server` is broken"]);
}

#[test]
fn a_credential_plugin_gets_the_cluster_as_it_is_specified() {
    let user = "{exec: {apiVersion: client.authentication.k8s.io/v1, command: ./plugin, interactiveMode: Never, \
        provideClusterInfo: true}}";
    let extension = "extensions: [{name: client.authentication.k8s.io/exec, extension: {audience: abc}}]";
    let text = config("https://127.0.0.1:1").replace("{token: t}", user);
    let more = format!("https://127.0.0.1:1', certificate-authority: ca.crt, {extension}");
    let tool = with_kubeconfig(&text.replace("https://127.0.0.1:1'", &more));
    tool.write("ca.crt", b"CA\n");
    tool.write("plugin", b"#!/bin/sh\nprintf %s \"$KUBERNETES_EXEC_INFO\" > \"${0%/*}/info\"; exit 1\n");
    std::fs::set_permissions(tool.path("plugin"), std::fs::Permissions::from_mode(0o755))
        .expect("permissions");
    tool.call(&[&["doctor"][..], &SELECTED].concat());
    let info: serde_json::Value = serde_json::from_str(&tool.read("info")).expect("JSON");
    let cluster = json!({
        "server": "https://127.0.0.1:1", "config": { "audience": "abc" }, "certificate-authority-data": "Q0EK",
    });
    assert_eq!(info["spec"]["cluster"], cluster);
}

#[test]
fn the_first_current_context_that_is_not_empty_counts() {
    let tool = with_kubeconfig(&config("https://127.0.0.1:1"));
    tool.write("first", b"current-context: ''\n");
    let files = format!("{}:{}", tool.path("first").display(), tool.path("kubeconfig").display());
    let tool = tool.with("KUBECONFIG", &files);
    assert_says(
        &tool.call(&[&["doctor"][..], &SELECTED].concat()),
        &["context       dev, namespace default"],
    );
}

#[test]
fn entries_that_are_not_used_do_not_matter() {
    let text = config("https://127.0.0.1:1")
        .replace("users: [", "users: [{name: old, user: {auth-provider: {name: gcp, config: null}}}, ")
        .replace("contexts: [", "contexts: [{name: half, context: {namespace: x}}, ");
    let called = with_kubeconfig(&text).call(&[&["doctor"][..], &SELECTED].concat());
    assert_says(&called, &["✓ kubeconfig", "✓ context       dev"]);
}

#[test]
fn a_token_is_not_sent_without_tls() {
    let listener = listen("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    let text = config(&format!("http://127.0.0.1:{}", listener.port));
    for user in ["{token: abc}", "{tokenFile: token}", "{username: ann, password: abc}"] {
        let tool = with_kubeconfig(&text.replace("{token: t}", user));
        tool.write("token", b"abc\r\n");
        let called = tool.call(&[&["doctor"][..], &SELECTED].concat());
        let heads = listener.heads();
        let sent = |head: &String| head.to_lowercase().contains("authorization:");
        assert!(!heads.is_empty() && !heads.iter().any(sent), "{user}: {heads:?} {called:?}");
    }
}

#[test]
fn what_runs_on_another_machine_is_refused_and_what_may_call_a_tool_is_said() {
    let tool = with_kubeconfig(&config("https://k8s.example.com:6443"));
    tool.write(".draft-tasks.toml", b"[pre-up]\na = \"sh -c 'ssh build <deploy.sh'\"\n");
    let called = tool.call(&["run", "pre-up"]);
    assert_says(&called, &["on an unknown cluster: it runs on another machine"]);
    assert_eq!(called.code, Some(2), "{called:?}");
    tool.write(
        ".draft-tasks.toml",
        b"[pre-up]\na = \"sh ./quiet --bar kubectl apply\"\nb = \"env unheard-of kubectl apply\"\n",
    );
    tool.write("quiet", b"true");
    let called = tool.call(&["run", "pre-up", "--dry-run"]);
    assert_says(
        &called,
        &["  would ask on a terminal before `b` (`env unheard-of kubectl apply`; `unheard-of` may call"],
    );
    assert_eq!(called.stderr, "", "it is no warning of a run");
    let called = tool.call(&["run", "pre-up"]);
    assert_says(&called, &["; `unheard-of` may call `kubectl`)"]);
    assert_eq!(called.code, Some(1), "{called:?}");
}
