//! What options and `draft.toml` choose, where that is not there or not known: nothing runs elsewhere instead.

use crate::lifecycle::kubeconfig;
use crate::tool::{Tool, assert_says};

const TASKS: &str =
    "[pre-up]\na = \"echo app=$DRAFT_TASKS_APPLICATION\"\n[cleanup]\nb = \"echo cleaned up\"\n";

/// One whose present context is not local, with this `draft.toml`.
fn far(draft: Option<&str>) -> Tool {
    at("cluster.example", draft)
}

/// One whose present context is local.
fn near(draft: Option<&str>) -> Tool {
    at("127.0.0.1", draft)
}

fn at(host: &str, draft: Option<&str>) -> Tool {
    let tool = Tool::new(TASKS);
    tool.write("config", kubeconfig(host).as_bytes());
    draft.iter().for_each(|draft| tool.write("draft.toml", draft.as_bytes()));
    let config = tool.path("config").display().to_string();
    tool.with("KUBECONFIG", &config).with("DRAFT_ENV", "")
}

const ALL: [&[&str]; 4] = [
    &["run", "pre-up", "a"],
    &["run", "cleanup", "--yes"],
    &["up", "--yes", "--", "true"],
    &["delete", "--yes", "--", "true"],
];

/// A command with more options in front of its `--`.
fn with<'a>(arguments: &[&'a str], more: &[&'a str]) -> Vec<&'a str> {
    [&arguments[..1], more, &arguments[1..]].concat()
}

#[test]
fn an_empty_name_chooses_nothing_and_nothing_runs() {
    let tool = far(None);
    for option in ["--context", "--namespace", "-n", "--environment", "-e"] {
        for arguments in ALL.iter().chain([&["doctor"][..]].iter()) {
            assert_says(
                &tool.call(&with(arguments, &[option, ""])),
                2,
                &["the name is empty: leave the option out"],
            );
        }
    }
    for option in ["--context", "--namespace"] {
        let called = tool.call(&["runs", "stop", "draft-tasks-x", option, " "]);
        assert_says(&called, 2, &["the name is empty"]);
    }
}

#[test]
fn options_about_pods_that_do_nothing_on_this_machine_are_said() {
    let tool = far(None);
    let called = tool.call(&["run", "pre-up", "-l", "a=b", "-c", "d", "--ready-timeout", "1"]);
    let said = "warning: --selector, --container, --ready-timeout: no effect, as tasks of `pre-up` run on this machine, not in pods\n";
    assert_eq!((called.code, called.stderr.as_str()), (Some(0), said), "{called:?}");
    // Pods with these labels are looked for before it.
    let called = tool.call(&["run", "cleanup", "-l", "a=b", "--concurrency", "1", "--yes"]);
    assert_says(&called, 0, &["warning: --concurrency: no effect"]);
    assert!(!called.stderr.contains("--selector"), "{called:?}");
    let called = tool.call(&["run", "pre-up", "-n", "demo"]);
    assert!(!called.stderr.contains("no effect"), "{called:?}");
}

#[test]
fn nothing_runs_for_an_environment_that_is_not_there() {
    let tool = far(Some("[environments.development]\nname = \"web\"\n"));
    let said = ["draft.toml has no environment `nope`\n  it has `development`\n"];
    for arguments in ALL {
        for more in [&["-e", "nope"][..], &["-e", "nope", "-l", "app=web", "-n", "demo"]] {
            let called = tool.call(&with(arguments, more));
            assert_says(&called, 2, &said);
            assert_eq!(called.stdout, "", "{arguments:?}: it is said once");
            assert_eq!(called.stderr.matches("`nope`").count(), 1, "{called:?}");
        }
    }
    let tool = tool.with("DRAFT_ENV", "nope");
    ALL.iter().for_each(|arguments| assert_says(&tool.call(arguments), 2, &said));
    // Where nobody names one, the usual one need not be there.
    let tool = far(Some("[environments.staging]\nname = \"web\"\n"));
    assert_says(&tool.call(&["run", "pre-up"]), 0, &["1 passed"]);
}

#[test]
fn what_a_broken_draft_toml_says_is_not_nothing() {
    let tool = far(Some("a = [\n"));
    let said = "is not TOML: ";
    let called = tool.call(&["run", "pre-up"]);
    assert_says(&called, 0, &[said, "the tasks are told nothing of the application", "app=\n"]);
    assert_says(&tool.call(&["run", "pre-up", "--strict"]), 2, &[said, "as --strict is given"]);
    for arguments in &ALL[1..] {
        for more in [&[][..], &["-l", "app=web", "-n", "demo"]] {
            let called = tool.call(&with(arguments, more));
            assert_says(&called, 2, &[said]);
            assert_eq!(called.stderr.matches(said).count(), 1, "{called:?}");
        }
    }
}

#[test]
fn what_a_broken_draft_toml_keeps_unknown_is_said_once() {
    let tool = near(Some("a = [\n"));
    let quiet = tool.call(&["run", "pre-up", "--quiet"]);
    assert_eq!((quiet.code, quiet.stderr.as_str()), (Some(0), ""));
    let task = "a = \"sh -c 'false && kubectl get; true'\"\n";
    tool.write(".draft-tasks.toml", format!("[pre-up]\n{task}[cleanup]\n{task}").as_bytes());
    let refused = tool.call(&["run", "cleanup", "--yes"]);
    assert_eq!((refused.code, refused.stderr.lines().count()), (Some(2), 1), "{refused:?}");
    let called = tool.call(&["run", "pre-up"]);
    assert_says(&called, 0, &["is not TOML: ", "1 passed"]);
    assert_eq!(called.stderr.matches("is not TOML: ").count(), 1, "{called:?}");
    assert!(called.stderr.contains("namespace"), "{called:?}");
}

#[test]
fn a_draft_toml_that_leads_nowhere_is_not_none() {
    let tool = near(None);
    std::os::unix::fs::symlink("gone", tool.path("draft.toml")).expect("a link");
    for arguments in &ALL[1..] {
        assert_says(&tool.call(arguments), 2, &["draft.toml cannot be read: "]);
    }
}

#[test]
fn nothing_runs_again_for_an_environment_that_is_gone() {
    let tool = near(Some("[environments.staging]\nname = \"web\"\n"));
    for phase in ["pre-up", "cleanup"] {
        assert_says(&tool.call(&["run", phase, "-e", "staging", "--yes"]), 0, &["1 passed"]);
        tool.write("draft.toml", b"[environments.development]\nname = \"web\"\n");
        assert_says(&tool.call(&["rerun", "--yes"]), 2, &["draft.toml has no environment `staging`"]);
        tool.write("draft.toml", b"[environments.staging]\nname = \"web\"\n");
    }
}

#[test]
fn a_command_that_is_empty_is_none() {
    let tool = far(None);
    for part in ["up", "delete"] {
        for command in ["", " "] {
            let called = tool.call(&[part, "--yes", "--", command]);
            assert_says(&called, 2, &["the command behind `--` is empty"]);
            assert_eq!(called.stdout, "");
        }
    }
}

#[test]
fn where_nothing_names_an_application_only_tools_of_clusters_are_asked_for() {
    let tool = far(None);
    assert_says(&tool.call(&["up", "--", "echo", "up"]), 0, &["echo │ up", "up · passed"]);
    assert_says(&tool.call(&["delete", "--", "echo", "down"]), 0, &["cleaned up"]);
    let asked = "on a cluster that is not local";
    assert_says(&tool.call(&["up", "--", "helm", "upgrade", "x"]), 2, &[asked, "`helm upgrade x`"]);
    // What is deployed into a cluster that is named may be by any command.
    for more in [&["-l", "app=web"][..], &["-n", "demo", "-l", "app=web"]] {
        let called = tool.call(&with(&["up", "--", "echo", "up"], more));
        assert_says(&called, 2, &[asked]);
    }
    let tool = far(Some("[environments.development]\nname = \"web\"\n"));
    assert_says(&tool.call(&["up", "--", "echo", "up"]), 2, &[asked]);
}

#[test]
fn a_run_that_is_mistyped_is_no_job() {
    let tool = far(None);
    for what in ["attach", "stop"] {
        let called = tool.call(&["runs", what, "nope"]);
        assert_says(&called, 2, &["there is no run `nope`", "--context or --namespace"]);
    }
    let tool = near(None);
    for named in [&["draft-tasks-web-1"][..], &["nope", "--namespace", "demo"], &["nope", "--context", "dev"]]
    {
        assert_says(&tool.call(&[&["runs", "stop"], named].concat()), 1, &["cannot reach the cluster"]);
    }
}

#[test]
fn a_job_that_was_certainly_not_made_is_not_said_to_run() {
    let tool = near(None);
    let called = tool.call(&["run", "pre-up", "--as", "job", "--image", "x", "--yes"]);
    assert_says(&called, 1, &["    is the cluster up?\n", "nothing runs: no Job was made"]);
    assert!(!called.stdout.contains("post-deploy"), "{called:?}");
    assert_says(&tool.call(&["run", "pre-up"]), 0, &["1 passed"]);
}

#[test]
fn a_file_that_is_broken_elsewhere_is_said_to_be() {
    let tool = Tool::new("[pre-up]\na = \"ls\nb = \"ls\n[cleanup]\nc = \"true\"\n");
    let said = "the first of 2 errors of syntax";
    let called = tool.call(&["run", "cleanup"]);
    assert_says(&called, 0, &[said, "that are not in `cleanup`", "1 passed"]);
}

#[test]
fn units_that_are_no_time_of_a_task_are_refused() {
    let tool = Tool::new(TASKS);
    for (time, meant) in [("5M", "; did you mean `5m`?"), ("1month", ""), ("1y", ""), ("1h 5M", "`1h 5m`?")] {
        for option in ["--timeout", "--total-timeout", "--grace-period", "--ready-timeout"] {
            let called = tool.call(&["run", "pre-up", option, time]);
            assert_says(&called, 2, &[&format!("`{time}` is not a duration"), meant]);
        }
    }
    tool.write(".draft-tasks.config.toml", b"[run]\ntimeout = \"5M\"\n");
    assert_says(&tool.call(&["check"]), 1, &["error[setting]: `5M` is not a duration", "did you mean `5m`?"]);
    assert_says(&tool.call(&["run", "pre-up"]), 2, &["`5M` is not a duration"]);
}

#[test]
fn a_short_secret_of_the_file_is_masked_wherever_its_command_is_shown() {
    let tool = Tool::new(
        "[pre-up]\nb    = \"env DB_PASSWORD=hunter2 sh -c 'echo =$DB_PASSWORD; exit 1'\"\n[post-up]\na = \"mysql -pSw0rd9 x &\"\n",
    );
    for (arguments, code) in [
        (&["fmt", "--diff"][..], 1),
        (&["check", "--diff"], 0),
        (&["check"], 1),
        (&["list"], 0),
        (&["explain"], 0),
        (&["run", "pre-up", "--dry-run"], 0),
        (&["run", "pre-up"], 1),
        (&["runs", "show"], 0),
    ] {
        let called = tool.call(arguments);
        let all = format!("{}{}", called.stdout, called.stderr);
        assert!(!all.contains("hunter2") && !all.contains("Sw0rd9"), "{arguments:?}: {all}");
        assert_eq!(called.code, Some(code), "{called:?}");
    }
    assert!(!tool.records().contains("hunter2"));
}

#[test]
fn what_cannot_be_read_again_is_in_the_line_that_runs_it_again() {
    let tool = Tool::new("[pre-up]\na = \"false\"\n");
    let failed = ["run", "pre-up", "--failed"];
    for (file, what) in [("-", "standard input"), ("/dev/fd/0", "a pipe")] {
        let called = tool.call_with_input(&["run", "pre-up", "--env-file", file], b"A=b\n");
        assert_says(&called, 1, &["again: draft-tasks run pre-up --failed --env-file …\n"]);
        let said = format!("read variables from {what}: give --env-file again");
        assert_says(&tool.call(&failed), 2, &[&said]);
    }
    let untold = [&failed[..], &["--env-file", "…"]].concat();
    assert_says(&tool.call(&untold), 2, &["`…` stands for what cannot be read a second time"]);
}
