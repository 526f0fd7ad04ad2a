//! What does not answer, a pipe or a disk: whoever waits for it can be ended by a signal.

use std::fs::OpenOptions;
use std::path::Path;
use std::process::Command;

use rustix::process::Signal;

use crate::lifecycle::kubeconfig;
use crate::terminal::{read_until, terminal};
use crate::tool::Tool;

const TASKS: &str = "[pre-up]\na = \"true\"\n[post-deploy]\nb = \"true\"\n";

fn make_pipe(path: &Path) {
    assert!(Command::new("mkfifo").arg(path).status().expect("mkfifo starts").success());
}

#[test]
fn a_signal_ends_the_wait_for_a_pipe() {
    let calls: [&[&str]; 4] = [
        &["run", "post-deploy", "-l", "app=web"],
        &["up", "-l", "app=web", "--", "true"],
        &["doctor", "-l", "app=web"],
        &["run", "pre-up", "--env-file", "pipe"],
    ];
    for arguments in calls {
        for signal in [Signal::INT, Signal::TERM] {
            let tool = Tool::new(TASKS);
            make_pipe(&tool.path("pipe"));
            let pipe = tool.path("pipe").display().to_string();
            let tool = tool.with("KUBECONFIG", &pipe);
            let mut started = tool.start(arguments);
            // It opens when the program has opened its end, and nothing is written.
            let _writer = OpenOptions::new().write(true).open(tool.path("pipe")).expect("the other end");
            assert!(started.lives(), "{arguments:?}");
            started.signal(signal);
            assert_eq!(started.end_for_shell(), Some(128 + signal.as_raw()), "{arguments:?}");
        }
    }
}

#[test]
#[cfg(all(target_os = "linux", target_env = "gnu"))]
fn a_signal_ends_the_wait_for_a_disk() {
    let authority = "clusters: [{name: c, cluster: {certificate-authority: disk/ca, server:";
    let config = kubeconfig("127.0.0.1").replace("clusters: [{name: c, cluster: {server:", authority);
    let calls: [&[&str]; 5] = [
        &["check", "disk/.draft-tasks.toml"],
        &["run", "pre-up", "--env-file", "disk/env"],
        &["doctor", "-l", "app=web"],
        // Here a runtime is at work, which heeds signals itself.
        &["run", "post-deploy", "-l", "app=web"],
        &["up", "-l", "app=web", "--", "true"],
    ];
    for arguments in calls {
        let tool = Tool::new(TASKS);
        tool.write("kubeconfig", config.as_bytes());
        make_pipe(&tool.path("waits"));
        let path = |name: &str| tool.path(name).display().to_string();
        let (config, disk, log) = (path("kubeconfig"), path("disk"), path("waits"));
        let tool = tool.with("KUBECONFIG", &config).with("DEAD_DISK", &disk).with("DEAD_DISK_LOG", &log);
        let arguments: Vec<String> =
            arguments.iter().map(|it| it.replace("disk/", &format!("{disk}/"))).collect();
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let tool = tool.with("LD_PRELOAD", &crate::shim::shim().display().to_string());
        let mut started = tool.start(&arguments);
        let waits = std::fs::read_to_string(tool.path("waits")).expect("the pipe can be read");
        assert!(waits.starts_with("waits\n"), "{arguments:?}");
        assert!(started.lives(), "{arguments:?}");
        started.signal(Signal::INT);
        started.signal(Signal::INT);
        // By the signal, or by the program itself, which gives the same code.
        assert_eq!(started.end_for_shell(), Some(130), "{arguments:?}");
    }
}

#[test]
fn a_pipe_into_which_nobody_writes_is_no_kubeconfig() {
    let calls: [&[&str]; 3] = [
        &["run", "post-deploy", "-l", "app=web"],
        &["up", "-l", "app=web", "--", "true"],
        &["doctor", "-l", "app=web"],
    ];
    for arguments in calls {
        let tool = Tool::new(TASKS);
        make_pipe(&tool.path("pipe"));
        let pipe = tool.path("pipe").display().to_string();
        let called = tool.with("KUBECONFIG", &pipe).call(arguments);
        let all = format!("{}{}", called.stdout, called.stderr);
        assert!(
            called.code != Some(0) && all.contains("it is a pipe into which nobody writes"),
            "{called:?}"
        );
    }
}

#[test]
fn a_task_that_asks_for_a_password_is_told_how_to_get_a_terminal() {
    for (task, file, command) in [
        ("ask", ".", "draft-tasks run pre-up --tty ask"),
        ("-who's", "sub", "draft-tasks run pre-up --tty --file sub/.draft-tasks.toml -- \"-who's\""),
    ] {
        let text = format!(
            "[pre-up]\n\"{task}\" = \"sh -c 'printf \\\"Password: \\\"; read word'\"\nother = \"true\"\n"
        );
        let tool = Tool::empty();
        tool.write(&format!("{file}/.draft-tasks.toml"), text.as_bytes());
        let (mut ours, theirs) = terminal();
        let started = tool.start_on(&["run", "pre-up", "--file", file], theirs);
        let mut text = String::new();
        read_until(&mut ours, &mut text, None);
        assert_eq!(started.end().code, Some(1));
        let said = format!("it may have asked on a terminal: `{command}` lends it one");
        assert_eq!(text.matches(&said).count(), 1, "{text:?}");
    }
}

#[test]
fn which_cluster_is_asked_is_said_where_no_answer_comes_soon() {
    // Nobody accepts a connection, so none is refused.
    let server = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = format!("http://{}", server.local_addr().expect("an address"));
    let word = format!("asking the cluster … (context dev, namespace default, {address})");
    let start = |arguments: &[&str]| {
        let tool = Tool::new("[cleanup]\na = \"true\"\n[post-deploy]\nb = \"true\"\n");
        tool.write("kubeconfig", kubeconfig("127.0.0.1").replace("https://127.0.0.1:1", &address).as_bytes());
        let config = tool.path("kubeconfig").display().to_string();
        let tool = tool.with("KUBECONFIG", &config);
        let started = tool.start(arguments);
        (tool, started)
    };
    let (_quiet, silent) = start(&["run", "cleanup", "-l", "app=web", "--quiet"]);
    let (_json, of_program) = start(&["doctor", "-l", "app=web", "--format", "json"]);
    let before: [&[&str]; 4] = [
        &["run", "cleanup", "-l", "app=web"],
        &["delete", "-l", "app=web", "--", "true"],
        &["up", "-l", "app=web", "--", "true"],
        &["doctor", "-l", "app=web"],
    ];
    let mut all: Vec<_> = before.iter().map(|arguments| start(arguments)).collect();
    for ((_tool, started), arguments) in all.iter_mut().zip(before) {
        assert_eq!(started.wait_for_warning("asking"), word, "{arguments:?}");
        started.signal(Signal::INT);
        started.end_for_shell();
    }
    let (_tool, mut in_run) = start(&["run", "post-deploy", "-l", "app=web"]);
    in_run.wait_for(&format!("  waiting for pods: 0/0 ready · {word}"));
    in_run.signal(Signal::INT);
    in_run.end_for_shell();
    for started in [silent, of_program] {
        started.signal(Signal::INT);
        assert!(!started.end().stderr.contains("asking"));
    }
}
