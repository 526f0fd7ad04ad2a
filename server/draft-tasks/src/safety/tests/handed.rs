//! What a command hands on: arguments, variables of the environment, options in variables, and files that it makes.

use super::*;

fn asked_with(dir: &Path, command: &[&str], environment: &[(&str, &str)]) -> String {
    let mut request = request(dir, command);
    request.environment.extend(environment.iter().map(|(name, value)| (name.into(), value.into())));
    said(&foreign(&request, &Target::is_local))
}

fn words(command: &str) -> Vec<&str> {
    command.split(' ').collect()
}

fn write(dir: &Path, files: &[(&str, &str)]) {
    for (name, text) in files {
        std::fs::write(dir.join(name), text).unwrap();
    }
}

#[test]
fn what_bash_reads_first_may_choose_the_cluster() {
    let dir = directory("dev");
    write(
        dir.path(),
        &[
            ("first", "export KUBECONFIG=prod.yaml\n"),
            ("deploy.sh", "kubectl get x\n"),
            ("own.sh", "#!/bin/bash\nkubectl get x\n"),
            ("plain.sh", "npm test\n"),
        ],
    );
    let first: &[(&str, &str)] = &[("BASH_ENV", "first")];
    let reads = "on an unknown cluster: what `bash` reads first may choose it";
    for (command, environment) in [
        (&["bash", "-c", "kubectl get x"][..], first),
        (&["bash", "deploy.sh"], first),
        (&["./own.sh"], first),
        (&["env", "BASH_ENV=first", "bash", "-c", "kubectl get x"], &[]),
        (&["sh", "-c", "BASH_ENV=first bash -c 'kubectl get x'"], &[]),
        (&["sh", "-c", "BASH_ENV=first bash deploy.sh"], &[]),
    ] {
        let asked = asked_with(dir.path(), command, environment);
        assert!(asked.contains(reads), "{command:?}: {asked}");
    }
    for command in [
        &["bash", "-c", "npm test"][..],
        &["bash", "plain.sh"],
        &["sh", "-c", "kubectl get x"],
        &["kubectl", "get", "x"],
        &["bash", "-n", "deploy.sh"],
    ] {
        assert_eq!(asked_with(dir.path(), command, first), "", "{command:?}");
    }
    assert_eq!(asked_with(dir.path(), &["bash", "-c", "kubectl get x"], &[("BASH_ENV", "")]), "");
}

#[test]
fn make_takes_variables_and_files_from_its_environment() {
    let dir = directory("dev");
    let prod = CONFIG.replace("CURRENT", "prod");
    write(
        dir.path(),
        &[
            ("prod.yaml", &prod),
            ("more.mk", "export KUBECONFIG := prod.yaml\nother:\n\ttrue\n"),
            ("plain.mk", "X = y\n"),
            ("Makefile", "dep:\n\tkubectl get x\nplain:\n\tnpm test\n"),
        ],
    );
    let set =
        |command: &str, name: &str, value: &str| asked_with(dir.path(), &words(command), &[(name, value)]);
    for (command, name, value) in [
        ("make dep", "MAKEFLAGS", "KUBECONFIG=prod.yaml"),
        ("make dep", "MAKEFLAGS", "-j4 -- A=b\\ c KUBECONFIG=prod.yaml"),
        ("gmake dep", "GNUMAKEFLAGS", "KUBECONFIG=prod.yaml"),
        ("make", "MAKEFILES", "absent.mk more.mk"),
        ("make dep", "MAKEFILES", "more.mk"),
        ("env MAKEFLAGS=KUBECONFIG=prod.yaml make dep", "A", "b"),
        ("env MAKEFILES=more.mk make dep", "A", "b"),
    ] {
        let asked = set(command, name, value);
        assert!(asked.contains("context prod"), "{command} {name}={value}: {asked}");
    }
    for (command, name, value) in [
        ("make plain", "MAKEFLAGS", "KUBECONFIG=prod.yaml"),
        ("make dep", "MAKEFLAGS", "-j4 A=b"),
        ("make dep", "MAKEFLAGS", "kw"),
        ("make dep", "MAKEFILES", "plain.mk"),
        ("just dep", "MAKEFLAGS", "KUBECONFIG=prod.yaml"),
    ] {
        assert_eq!(set(command, name, value), "", "{command} {name}={value}");
    }
    let asked = |script: &str| asked_with(dir.path(), &["sh", "-c", script], &[]);
    assert!(asked("MAKEFLAGS=$(x) make dep").contains("on an unknown cluster"));
    assert_eq!(asked("export MAKEFLAGS=-j$(nproc); make dep"), "");
    assert_eq!(asked("MAKEFLAGS=\"-j$(nproc)\"; make dep"), "");
}

#[test]
fn options_in_variables_of_a_script_may_choose_the_cluster() {
    let dir = directory("dev");
    let asked = |script: &str, command: &str| {
        write(dir.path(), &[("a.sh", script)]);
        asked_with(dir.path(), &words(command), &[])
    };
    let unknown = "on an unknown cluster: its arguments are known only when it runs";
    for (script, command) in [
        (
            "while getopts c: o; do case $o in c) ARGS=\"--context $OPTARG\";; esac; done\nkubectl $ARGS apply -f k8s/",
            "./a.sh -c prod",
        ),
        ("kubectl ${CTX:+--context \"$CTX\"} apply", "env CTX=prod ./a.sh"),
        ("kubectl ${1:+--context \"$1\"} apply", "./a.sh prod"),
        ("args=(--context prod)\nkubectl \"${args[@]}\" apply", "./a.sh"),
        ("args=(apply\n  --kubeconfig x)\nkubectl \"${args[@]}\"", "bash a.sh"),
        ("args+=(-s \"$1\")\nhelm \"${args[@]}\" list\nkubectl \"${args[@]}\" get", "./a.sh"),
        ("X=; [ -n \"$1\" ] && X='--server='$1; kubectl $X get", "./a.sh"),
    ] {
        let said = asked(script, command);
        assert!(said.contains(unknown), "{script}: {said}");
    }
    for (script, command) in [
        ("kubectl apply -f $FILE", "./a.sh"),
        ("kubectl $ARGS apply", "./a.sh"),
        ("ARGS=\"-n $1\"; kubectl $ARGS apply", "./a.sh x"),
        ("args=(-f x --wait); kubectl apply \"${args[@]}\"", "./a.sh"),
        ("kubectl ${CTX:+--context \"$CTX\"} apply", "./a.sh"),
        ("D=\"--context=$X\"; docker $D build; kubectl apply -f $FILE", "./a.sh"),
        ("K=\"kubectl --context dev\"; $K get; kubectl get $X", "./a.sh"),
        ("A=\"--context dev\"; kubectl $A get", "./a.sh"),
        ("U=\"--context $1\"; kubectl get $X", "./a.sh"),
    ] {
        assert_eq!(asked(script, command), "", "{script}");
    }
}

#[test]
fn a_program_or_script_that_a_command_makes_or_prints_is_read_or_unknown() {
    let dir = directory("dev");
    write(
        dir.path(),
        &[("f", "kubectl --context prod get x\n"), ("plain", "npm test\n"), ("near", "kubectl get x\n")],
    );
    let asked = |script: &str| asked_with(dir.path(), &["sh", "-c", script], &[]);
    for script in [
        "ln -sf /x/kubectl ./kd && ./kd --context prod get",
        "cp /x/kubectl kd && ./kd --context prod get",
        "install -m755 /x/kubectl ./bin/ && ./bin/kubectl2 --context prod get",
        "mv /x/k ./kd; ./kd --context=prod get",
        "cat x | tee kd; ./kd --context prod get",
        "cat x >kd; ./kd --context prod get",
    ] {
        assert!(asked(script).contains("on an unknown cluster"), "{script}: {}", asked(script));
    }
    for script in ["eval \"$(cat f)\"", "cat f | sh", "sh < f", "sh <f -s x", "bash -c 'sh <f'"] {
        assert!(asked(script).contains("context prod"), "{script}: {}", asked(script));
    }
    for script in [
        "cp a.sh b.sh && ./b.sh",
        "cp a b; ./near",
        "eval \"$(cat plain)\"",
        "cat plain | sh",
        "sh < plain",
        "sh < near",
        "cat near | sh",
        "cat f | grep x",
        "wc <f",
    ] {
        assert_eq!(asked(script), "", "{script}");
    }
}

#[test]
fn scripts_and_code_hand_their_arguments_on() {
    let dir = directory("dev");
    let asked = |script: &str, command: &str| {
        write(dir.path(), &[("a.sh", script), ("a.py", script)]);
        asked_with(dir.path(), &words(command), &[])
    };
    let mut missed = Vec::new();
    for (script, command) in [
        ("exec kubectl \"$@\"", "./a.sh --context prod get"),
        ("kubectl $*", "./a.sh --context prod get"),
        ("kubectl \"$1\" \"$2\"", "./a.sh --context=prod get"),
        ("main() { kubectl \"$@\"; }\nmain \"$@\"", "./a.sh --context prod get"),
        ("kubectl \"$@\"", "sh a.sh --context=prod get"),
        ("kubectl \"$@\"", "./a.sh --kubeconfig x get"),
        ("import sys\nrun([\"kubectl\"] + sys.argv[1:])", "python3 a.py --context prod get"),
    ] {
        let said = asked(script, command);
        if !said.contains("on an unknown cluster: `--") {
            missed.push((script, command, said));
        }
    }
    assert!(missed.is_empty(), "{missed:#?}");
    for (script, command) in [
        ("import sys\nrun([\"kubectl\", \"get\"] + sys.argv[1:])", "python3 a.py -n demo"),
        ("run([\"kubectl\", \"get\"])", "python3 a.py --context prod"),
    ] {
        assert_eq!(asked(script, command), "", "{script}");
    }
}

#[test]
fn a_home_directory_is_that_of_the_environment() {
    let dir = directory("dev");
    write(dir.path(), &[("prod.yaml", &CONFIG.replace("CURRENT", "prod"))]);
    let home = dir.path().to_string_lossy().into_owned();
    let asked = |script: &str| asked_with(dir.path(), &["sh", "-c", script], &[("HOME", &home)]);
    for script in [
        "KUBECONFIG=~/prod.yaml kubectl get x",
        "KUBECONFIG=~/absent:~/prod.yaml kubectl get x",
        "export KUBECONFIG=~/prod.yaml; kubectl get x",
        "export KUBECONFIG=~/absent:~/prod.yaml; kubectl get x",
        "kubectl --kubeconfig ~/prod.yaml get x",
    ] {
        assert!(asked(script).contains("context prod"), "{script}: {}", asked(script));
    }
    assert_eq!(asked("KUBECONFIG=~/config kubectl get x"), "");
}

#[test]
fn runners_have_variables_of_their_files() {
    let dir = directory("dev");
    write(dir.path(), &[("mise.toml", "[env]\nKUBECONFIG = 'prod.yaml'\n[tasks]\nx = 'kubectl get x'\n")]);
    let asked = |command: &str| asked_with(dir.path(), &words(command), &[]);
    for command in ["mise run x", "uv run --env-file f -- kubectl get x", "uv run --env-file=f kubectl get x"]
    {
        assert!(asked(command).contains("on an unknown cluster"), "{command}: {}", asked(command));
    }
    for command in ["mise install", "uv run kubectl get x", "uv run -- kubectl get x"] {
        assert_eq!(asked(command), "", "{command}");
    }
    write(dir.path(), &[("mise.toml", "[tasks]\nx = 'kubectl get x'\n")]);
    assert_eq!(asked("mise run x"), "");
}
