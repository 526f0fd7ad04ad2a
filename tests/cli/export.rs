//! `draft-tasks export sh`: what real shells make of the script, and what is refused.

use std::process::{Command, Output, Stdio};

use crate::tool::{Called, Tool, absent, assert_says};
use crate::vectors::{Numbers, planned, task, words};
use expect_test::expect;

/// Each as its program and arguments.
const SHELLS: [&[&str]; 7] = [
    &["sh"],
    &["dash"],
    &["bash"],
    &["bash", "--posix"],
    &["busybox", "sh"],
    &["zsh"],
    &["zsh", "--emulate", "sh"],
];

/// The shells of this machine.
fn shells() -> Vec<&'static [&'static str]> {
    let can_run = |shell: &&&[&str]| {
        let tried = Command::new(shell[0]).args(&shell[1..]).args(["-c", "exit 42"]).output();
        tried.is_ok_and(|tried| tried.status.code() == Some(42))
    };
    let (here, missing): (Vec<_>, Vec<_>) = SHELLS.iter().copied().partition(|shell| can_run(&shell));
    missing.iter().for_each(|shell| absent(shell[0]));
    here
}

/// What a shell makes of a script, in the directory of the tasks file.
fn run(tool: &Tool, shell: &[&str], script: &str, arguments: &[&str]) -> Output {
    tool.write("exported.sh", script.as_bytes());
    let mut command = Command::new(shell[0]);
    command.args(&shell[1..]).arg("exported.sh").args(arguments).current_dir(tool.path(""));
    command.env("GREETING", "good  day").env("EMPTY", "").env_remove("UNSET_HERE").stdin(Stdio::null());
    command.output().expect("the shell starts")
}

fn exported(tool: &Tool, arguments: &[&str]) -> String {
    let Called { code, stdout, stderr } = tool.call(&[&["export", "sh"], arguments].concat());
    assert_eq!((code, stderr.as_str()), (Some(0), ""), "{stdout}");
    stdout
}

const FILE: &str = r#"[pre-up]
greet = "echo \"$GREETING\" ${UNSET_HERE} it\\'s 'a b'"
"two\nlines" = "printf %s 'a\nb\u001b[31m'"

[cleanup]
one = "sh -c 'echo 1; exit 3'"
two = "echo 2"
"#;

#[test]
fn a_phase_is_a_script() {
    expect![[r#"
        #!/bin/sh
        # Written by `draft-tasks export sh pre-up` from .draft-tasks.toml; start it in the directory of that file.
        # From the environment, empty where it has none: $GREETING, $UNSET_HERE
        [ -z "${ZSH_VERSION-}" ] || emulate sh
        set -eu

        # A task: what it is called, its program and arguments. It has no input.
        task() {
          (shift && exec "$@") </dev/null || failed "$1" "$?"
        }

        failed() {
          printf 'task %s failed with exit code %s\n' "$1" "$2" >&2
          return "$2"
        }

        pre_up() {
          export DRAFT_TASKS_PHASE=pre-up
          task greet echo "${GREETING-}" "${UNSET_HERE-}" "it's" 'a b'
          task 'two\nlines' printf %s "a
        b$(printf '\033')[31m"
        }

        pre_up
    "#]]
    .assert_eq(&exported(&Tool::new(FILE), &["pre-up"]));
}

#[test]
fn a_script_of_several_phases_takes_the_name_of_one() {
    let tool = Tool::new(FILE);
    let script = exported(&tool, &[]);
    for shell in shells() {
        let said = run(&tool, shell, &script, &["pre-up"]);
        let expected = b"good  day  it's a b\na\nb\x1b[31m";
        assert_eq!((said.status.code(), said.stdout.as_slice()), (Some(0), &expected[..]), "{shell:?}");
        let said = run(&tool, shell, &script, &[]);
        assert_eq!((said.status.code(), said.stdout.len()), (Some(2), 0), "{shell:?}");
        assert_eq!(
            String::from_utf8_lossy(&said.stderr),
            "usage: sh exported.sh pre-up|cleanup\n",
            "{shell:?}"
        );
    }
}

#[test]
fn tasks_of_a_script_are_told_their_phase_as_in_a_run() {
    let tool = Tool::new(
        "[pre-up]\na = \"echo a $DRAFT_TASKS_PHASE\"\nb = \"sh -c 'echo b $DRAFT_TASKS_PHASE'\"\n[post-deploy]\nc = \"echo c ${DRAFT_TASKS_PHASE}\"\n",
    );
    let script = exported(&tool, &["pre-up"]);
    assert!(!script.contains("From the environment"), "{script}");
    for shell in shells() {
        let said = run(&tool, shell, &script, &[]);
        assert_eq!(String::from_utf8_lossy(&said.stdout), "a pre-up\nb pre-up\n", "{shell:?}: {said:?}");
    }
    let told = "- name: DRAFT_TASKS_PHASE\n";
    let job = tool.call(&["export", "kubernetes-job", "post-deploy", "--image", "web:1"]);
    assert!(job.code == Some(0) && job.stdout.contains("- post-deploy\n"), "{job:?}");
    assert!(!job.stdout.contains(told), "{job:?}");
    for (target, containers) in [("kubernetes-job", 2), ("helm-hook", 2)] {
        let job = tool.call(&["export", target, "pre-up", "--image", "web:1"]);
        let count = job.stdout.matches(told).count();
        assert!(count == containers && job.stdout.contains("value: pre-up\n"), "{job:?}");
    }
}

#[test]
fn a_task_that_fails_ends_the_script_or_not_as_the_plan_has_it() {
    let tool = Tool::new(FILE);
    let stopping = Tool::new(&FILE.replace("[cleanup]", "[post-up]"));
    for shell in shells() {
        let said = run(&tool, shell, &exported(&tool, &["cleanup"]), &[]);
        assert_eq!((said.status.code(), said.stdout.as_slice()), (Some(1), &b"1\n2\n"[..]), "{shell:?}");
        assert_eq!(String::from_utf8_lossy(&said.stderr), "task one failed with exit code 3\n");
        let said = run(&stopping, shell, &exported(&stopping, &["post-up"]), &[]);
        assert_eq!((said.status.code(), said.stdout.as_slice()), (Some(3), &b"1\n"[..]), "{shell:?}");
        assert_eq!(String::from_utf8_lossy(&said.stderr), "task one failed with exit code 3\n");
    }
}

#[test]
fn what_a_shell_has_built_in_is_not_the_program_that_a_task_names() {
    let tool = Tool::new(
        "[cleanup]\na = \"echo 'a\\\\nb'\"\nb = \"exit 0\"\nc = \"$UNSET_HERE x\"\nd = \"task e true\"\n",
    );
    for shell in shells() {
        let said = run(&tool, shell, &exported(&tool, &["cleanup"]), &[]);
        let errors = String::from_utf8_lossy(&said.stderr);
        assert_eq!(
            (said.status.code(), said.stdout.as_slice()),
            (Some(1), &b"a\\nb\n"[..]),
            "{shell:?}: {errors}"
        );
        let failed: Vec<_> = errors.lines().filter(|line| line.starts_with("task ")).collect();
        assert_eq!(failed.len(), 3, "{shell:?}: {errors}");
    }
}

#[test]
fn a_script_from_a_pipe_is_not_read_by_its_tasks() {
    let tool = Tool::new("[pre-up]\nreads = \"cat\"\nlast = \"echo last\"\n");
    tool.write("exported.sh", exported(&tool, &["pre-up"]).as_bytes());
    for shell in shells() {
        let input = std::fs::File::open(tool.path("exported.sh")).expect("the script");
        let said = Command::new(shell[0]).args(&shell[1..]).stdin(input).output().expect("the shell starts");
        assert_eq!((said.status.code(), said.stdout.as_slice()), (Some(0), &b"last\n"[..]), "{shell:?}");
    }
}

#[test]
fn shellcheck_finds_nothing() {
    if Command::new("shellcheck").arg("--version").output().is_err() {
        return absent("shellcheck");
    }
    let tool = Tool::new(FILE);
    tool.write(".draft-tasks.config.toml", b"[run]\ntimeout = \"2s\"\n");
    for arguments in [&[][..], &["pre-up"], &["cleanup", "--env", "A=b c"]] {
        tool.write("exported.sh", exported(&tool, arguments).as_bytes());
        let said = Command::new("shellcheck").arg(tool.path("exported.sh")).output().expect("it starts");
        assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stdout));
    }
}

#[test]
fn limits_are_kept_or_said() {
    let tool = Tool::new("[pre-up]\nlong = \"sleep 60\"\n");
    tool.write(".draft-tasks.config.toml", b"[run]\ntimeout = 0.5\ntotalTimeout = \"5m\"\n");
    let called = tool.call(&["export", "sh", "pre-up"]);
    assert_eq!(called.code, Some(0), "{called:?}");
    expect![[r#"
        warning: not in it: the limit of the whole run, 5m: start the script as `timeout 300 sh SCRIPT`
        warning: not in it: the limit of 500ms, which is rounded up to whole seconds: not every `timeout` takes others
    "#]]
    .assert_eq(&called.stderr);
    for said in called.stderr.lines() {
        assert!(called.stdout.contains(&said.replace("warning: not in it: ", "# Not in it: ")), "{called:?}");
    }
    let strict = tool.call(&["export", "sh", "pre-up", "--strict"]);
    assert_eq!((strict.code, strict.stdout), (Some(1), called.stdout.clone()));
    let said = run(&tool, &["sh"], &called.stdout, &[]);
    assert_eq!(said.status.code(), Some(124), "{said:?}");
    assert_eq!(String::from_utf8_lossy(&said.stderr), "task long failed with exit code 124\n");
    let path = std::env::var_os("PATH").expect("a PATH");
    let mut busybox = std::env::split_paths(&path).map(|folder| folder.join("busybox"));
    if let Some(busybox) = busybox.find(|program| program.exists()) {
        for name in ["sh", "sleep", "timeout"] {
            std::os::unix::fs::symlink(&busybox, tool.path(name)).expect("a link");
        }
        let mut command = Command::new("sh");
        command.arg("exported.sh").current_dir(tool.path("")).env("PATH", ".").stdin(Stdio::null());
        assert_eq!(command.output().expect("the shell starts").status.code(), Some(143));
    }
}

#[test]
fn the_grace_period_of_the_project_is_kept() {
    let tool = Tool::new("[pre-up]\nlong = \"sh -c 'trap : TERM; while :; do sleep 0.1; done'\"\n");
    for (grace, written) in
        [("1s", "timeout -k 1 1 "), ("0.2", "timeout -k 1 1 "), ("0", "timeout -s KILL 1 ")]
    {
        let settings = format!("[run]\ntimeout = \"1s\"\ngracePeriod = \"{grace}\"\n");
        tool.write(".draft-tasks.config.toml", settings.as_bytes());
        let called = tool.call(&["export", "sh", "pre-up"]);
        assert!(called.stdout.contains(written), "{called:?}");
        assert_eq!(called.stderr.contains("the grace period of 200ms, which is rounded up"), grace == "0.2");
        assert_eq!(run(&tool, &["sh"], &called.stdout, &[]).status.code(), Some(137));
    }
}

#[test]
fn what_a_script_cannot_express_is_said() {
    let tool = Tool::new("[post-deploy]\na = \"echo $UID $BASH_X\"\nmigrate = \"true\"\n");
    tool.write(".draft-tasks.config.toml", b"[kubernetes]\nonce = [\"migrate\"]\n");
    let called = tool.call(&["export", "sh", "--strict"]);
    let parts = [
        "post-deploy: 1 task runs in every ready pod of the application; this script runs them where it is started",
        "the value of `$BASH_X`: shells give it one of their own",
        "the value of `$UID`: shells give it one of their own",
    ];
    assert_says(&called, 1, &parts);
}

#[test]
fn secrets_are_not_written() {
    let token = "ghp_0123456789abcdefghijklmnopqrstuvwxyzAB";
    let tool = Tool::new(&format!(
        "[pre-up]\na = \"curl -H 'Authorization: Bearer {token}' x\"\nb = \"echo hunter22\"\nc = \"echo $API_TOKEN\"\n"
    ))
    .with("API_TOKEN", "hunter22");
    let called = tool.call(&["export", "sh"]);
    let parts = [
        "error: nothing is exported, as secrets are not written into files that others read",
        ".draft-tasks.toml:2: the task `a` of `pre-up` has a secret in it",
        ".draft-tasks.toml:3: the task `b` of `pre-up` has a secret in it",
    ];
    assert_says(&called, 2, &parts);
    assert!(called.stdout.is_empty() && !called.stderr.contains("`c`"), "{called:?}");
    assert!(!called.stderr.contains("hunter22") && !called.stderr.contains(token), "{called:?}");

    let tool = Tool::new("[pre-up]\na = \"echo hunter22 $API_TOKEN $PLAIN\"\n").with("API_TOKEN", "hunter22");
    let called = tool.call(&["export", "sh"]);
    assert_says(&called, 2, &["give --public NAME for the variable that has this value"]);
    let called = tool.call(&["export", "sh", "--env", "API_TOKEN=other", "--public", "OTHER"]);
    assert_says(&called, 2, &["--env API_TOKEN: its value looks secret"]);
    let script = exported(&tool, &["--public", "API_TOKEN", "--env", "PLAIN=a'b c"]);
    let parts = ["\nPLAIN=\"a'b c\"\nexport PLAIN\n", "echo hunter22 \"${API_TOKEN-}\" \"${PLAIN-}\"\n"];
    assert!(parts.iter().all(|part| script.contains(part)), "{script}");
    assert!(script.contains("# From the environment, empty where it has none: $API_TOKEN\n"), "{script}");

    let tool = Tool::new("[pre-up]\na = \"echo the correct  'horse' battery $API_TOKEN\"\n")
        .with("API_TOKEN", "correct horse battery");
    let said = ["the task `a` of `pre-up` has a secret in it", "take it from a variable"];
    assert_says(&tool.call(&["export", "sh"]), 2, &said);

    let tool = Tool::new("[pre-up]\na = \"echo s3cr3t-of-file\"\n");
    tool.write("vars", b"SOMETHING=s3cr3t-of-file\n");
    exported(&tool, &[]);
    assert_says(&tool.call(&["export", "sh", "--env-file", "vars"]), 2, &["the task `a` of `pre-up`"]);
}

#[test]
fn what_cannot_be_exported_is_said() {
    let refused = |text: &str, arguments: &[&str], part: &str| {
        let called = Tool::new(text).call(&[&["export", "sh"], arguments].concat());
        assert!(called.stdout.is_empty(), "{called:?}");
        assert_says(&called, 2, &[part]);
    };
    refused("", &[], "the file has no tasks");
    refused(FILE, &["post-up"], "the file has no tasks in `post-up`; it has tasks in `pre-up`, `cleanup`");
    refused(FILE, &["pre-up", "pre-up"], "`pre-up` is named twice");
    refused(FILE, &["prup"], "did you mean `pre-up`?");
    refused(
        "[pre-up]\na = \"-a x ls\"\n",
        &[],
        "the task `a` of `pre-up` runs a program whose name begins with `-`",
    );
    refused("[pre-up]\na = \n", &[], "does not run while the file has a syntax error in it");
    refused("[pre-up]\na = \"echo \\u0000\"\n", &[], "NUL");
    let draft = ["--semantics", "draft", "--draft-version", "0.15"];
    refused("[pre-up]\na = \"echo $a-b\"\n", &draft, "has the variable `a-b`, which no shell can name");
}

#[allow(clippy::print_stdout, reason = "it prints its figures")]
mod bench {
    use super::*;

    #[test]
    #[ignore = "a measurement: make bench"]
    fn of_1000_tasks() {
        let task = |index: usize| {
            format!(
                "\"task {index}\" = \"sh -c 'echo {index} && exit 0' $HOME --to=\\\"$UNSET_HERE\\\" some words\"\n"
            )
        };
        let tool = Tool::new(&format!("[cleanup]\n{}", (0..1000).map(task).collect::<String>()));
        let containers = ["--image", "a", "--env-from", "secret/a"];
        for target in ["sh", "kubernetes-job", "helm-hook"] {
            let options = if target == "sh" { &[][..] } else { &containers };
            let times = (0..10).map(|_| {
                let begun = std::time::Instant::now();
                assert_eq!(tool.call(&[&["export", target], options].concat()).code, Some(0));
                begun.elapsed()
            });
            let best = times.min().unwrap_or_default();
            println!("export {target} of 1,000 tasks: {best:.1?}, of a development build");
        }
    }
}

#[test]
fn shells_give_programs_exactly_the_arguments_of_the_plan() {
    let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15);
    let mut command = |name: usize| {
        let count = numbers.below(6);
        task(name, &format!("printf '{name}:%s\\0'{}", words(&mut numbers, count)))
    };
    let text: String = (0..1000).map(&mut command).collect();
    let tool = Tool::new(&format!("[cleanup]\n{text}")).with("GREETING", "good  day").with("EMPTY", "");
    let planned = planned(&tool.call(&["explain", "cleanup", "--format", "json"]).stdout, "cleanup");
    assert_eq!(planned.len(), 1000);
    // Each argument with the number of its task; without one the format is written once.
    let written = |(name, argv): (usize, &Vec<String>)| {
        let arguments = if argv.len() == 2 { vec![String::new()] } else { argv[2..].to_vec() };
        arguments.iter().map(|argument| format!("{name}:{argument}\0")).collect::<String>()
    };
    let expected: String = planned.iter().enumerate().map(written).collect();
    let script = exported(&tool, &["cleanup"]);
    for shell in shells() {
        let said = run(&tool, shell, &script, &[]);
        assert_eq!(said.status.code(), Some(0), "{shell:?}: {}", String::from_utf8_lossy(&said.stderr));
        let found: Vec<_> = said.stdout.split(|byte| *byte == 0).map(String::from_utf8_lossy).collect();
        let wanted: Vec<_> = expected.split('\0').collect();
        let different = found.iter().zip(&wanted).find(|(found, wanted)| found != *wanted);
        assert!(different.is_none() && found.len() == wanted.len(), "{shell:?}: {different:?}");
    }
}
