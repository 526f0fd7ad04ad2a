//! Files beside a command, in all ways in which they call others.

use super::*;

/// What files a command finds beside it, and the command.
type Beside<'a> = (&'a [(&'a str, &'a str)], &'a str);

const CALLS: [Beside<'_>; 70] = [
    // Makefiles.
    (
        &[("Makefile", ".PHONY: a deploy \\\n  b\na:\n\techo\ndeploy b:\n\t@kubectl \\\n\t  apply -f x\n")],
        "make deploy",
    ),
    (&[("Makefile", "deploy: push\n\ttrue\npush:\n\thelm upgrade a .\n")], "make -s -j 4 deploy"),
    (&[("Makefile", "include mk/*.mk\n"), ("mk/a.mk", "deploy:\n\tkubectl apply -f x\n")], "make deploy"),
    (&[("Makefile", "-include a.mk b.mk\nall: deploy\n"), ("b.mk", "deploy:\n\thelm list\n")], "make"),
    (&[("GNUmakefile", "include a.mk\nx:\n\ttrue\n"), ("a.mk", "first:\n\thelm list\n")], "make"),
    (
        &[("sub/Makefile", "deploy:\n\t./run.sh\n"), ("sub/run.sh", "kubectl apply -f x\n")],
        "make -C sub deploy",
    ),
    (&[("Makefile", "a:\n\t$(MAKE) -C sub b\n"), ("sub/Makefile", "b:\n\thelm list\n")], "make a"),
    (&[("Makefile", "a:\n\tcd sub && ${MAKE} b\n"), ("sub/Makefile", "b:\n\thelm list\n")], "make a"),
    (&[("Makefile", "deploy-%:\n\tkubectl --context $* apply -f x\n")], "make deploy-prod"),
    (&[("Makefile", "prod dev:\n\tkubectl --context $@ apply -f x\n")], "make prod"),
    (&[("Makefile", "X := $(shell kubectl get ns)\na:\n\ttrue\n")], "make a"),
    (&[("Makefile", "X != kubectl get ns\na:\n\ttrue\n")], "make a"),
    (&[("Makefile", "a:\n\techo $(shell kubectl get ns)\n")], "make a"),
    (
        &[("Makefile", "define up\n\tkubectl apply -f $(1)\nendef\na:\n\t$(call up,x)\nb:\n\ttrue\n")],
        "make a",
    ),
    (&[("Makefile", ".DEFAULT_GOAL := b\na:\n\ttrue\nb:\n\thelm list\n")], "make"),
    (&[("Makefile", "ifdef X\n  K = kubectl\nelse\n  K = oc\nendif\na:\n\t$(K) apply -f x\n")], "make a"),
    (&[("x.mk", "a:\n\tbash deploy.sh\n"), ("deploy.sh", "helm list\n")], "make -f x.mk a"),
    (&[("Makefile", "a:\n\t((kubectl get x))\n")], "make a"),
    (&[("package.json", r#"{"scripts": {"x": "((kubectl get x) | cat)"}}"#)], "npm run x"),
    // Scripts.
    (&[("a.sh", "./b.sh\n"), ("b.sh", "exec kubectl get x\n")], "bash a.sh"),
    (&[("s/a.sh", "./b.sh\n"), ("s/b.sh", "kubectl get x\n")], "sh -c 'cd s && ./a.sh'"),
    (&[("a.sh", "cd s\n./b.sh\n"), ("s/b.sh", "./c.sh"), ("s/c.sh", "helm list")], "./a.sh"),
    (&[("a.sh", ". ./lib.sh\n"), ("lib.sh", "kubectl get x\n")], "./a.sh"),
    (&[("a.sh", "kubectl \\\n  get \\\n  x\n")], "env X=y ./a.sh"),
    (&[("a.sh", "foo --bar kubectl apply -f x\n")], "./a.sh"),
    (&[("a.sh", "terraform apply\n"), ("main.tf", "provider \"kubernetes\" {}")], "./a.sh"),
    (&[("a.sh", "python3 b.py\n"), ("b.py", "run(['kubectl', 'get'])\n")], "./a.sh"),
    (&[("a.sh", "kubectl get x\n")], "rg --pre ./a.sh x"),
    (&[("a.sh", "kubectl get x\n")], "tar --checkpoint-action=exec=./a.sh -cf x y"),
    (&[("a.sh", "kubectl get x\n")], "npm --script-shell ./a.sh run x"),
    (&[("s/a.sh", ". \"$(dirname \"$0\")/lib.sh\"\n"), ("s/lib.sh", "kubectl get x\n")], "./s/a.sh"),
    (&[("s/a.sh", "source \"${BASH_SOURCE%/*}/lib/b.sh\"\n"), ("s/lib/b.sh", "kubectl get x\n")], "./s/a.sh"),
    (&[("s/a.sh", "D=\"$(pwd)\"\n\"$D/../b.sh\" x\n"), ("b.sh", "kubectl get x\n")], "./s/a.sh"),
    (&[("s/a.sh", "cd \"$(dirname \"$0\")\"\n./b.sh\n"), ("s/b.sh", "kubectl get x\n")], "./s/a.sh"),
    (&[("s/a.sh", "\"$ROOT/t/b.sh\"\n"), ("t/b.sh", "kubectl get x\n")], "./s/a.sh"),
    (&[("a.sh", "\u{feff}kubectl get x\r\n")], "bash a.sh"),
    // Of Windows.
    (&[("a.ps1", "param($x)\r\n& kubectl apply -f $x\r\n")], "pwsh -File a.ps1 -x y"),
    (&[("a.ps1", "kubectl apply -f x\n")], "powershell.exe .\\a.ps1"),
    (&[("a.cmd", "@echo off\r\ncall kubectl.exe apply -f x\r\n")], "cmd /c a.cmd"),
    (&[("s/a.bat", "@kubectl apply -f x\r\n")], "s\\a.bat"),
    // Modules and other files that interpreters look for.
    (&[("a/b.py", "run(['kubectl', 'get'])\n")], "python3 -m a.b"),
    (&[("a/__main__.py", "run(['kubectl', 'get'])\n")], "python -m a x"),
    (&[("a/index.js", "exec('kubectl get x')\n")], "node a"),
    (&[("a.ts", "exec('kubectl get x')\n")], "deno run -A a.ts"),
    (&[("pyproject.toml", "[tool.poe.tasks]\nup = 'kubectl get x'\n")], "poe up"),
    (&[("Procfile", "web: kubectl get x\n")], "foreman start"),
    (&[("build.gradle", "commandLine 'kubectl', 'get'\n")], "./gradlew up"),
    // Scripts of packages.
    (&[("package.json", "\u{feff}{\"scripts\": {\"x\": \"helm list\"}}")], "npm run x"),
    (&[("package.json", r#"{"scripts": {"x": "bash a.sh"}}"#), ("a.sh", "helm list\n")], "npm run x"),
    (
        &[
            ("package.json", r#"{"scripts": {"x": "npm run y", "y": "make z"}}"#),
            ("Makefile", "z:\n\thelm list"),
        ],
        "yarn x",
    ),
    (
        &[("w/package.json", r#"{"scripts": {"x": "./a.sh"}}"#), ("w/a.sh", "helm list\n")],
        "npm --prefix w run x",
    ),
    (
        &[
            ("package.json", r#"{"workspaces": ["packages/*"]}"#),
            ("packages/web/package.json", r#"{"scripts": {"x": "./a.sh"}}"#),
            ("packages/web/a.sh", "helm list\n"),
        ],
        "npm run x -w web",
    ),
    (
        &[
            ("package.json", r#"{"workspaces": {"packages": ["web/"]}}"#),
            ("web/package.json", r#"{"scripts": {"x": "helm list"}}"#),
        ],
        "sh -c 'cd web && yarn workspace web x'",
    ),
    (
        &[
            ("pnpm-workspace.yaml", "packages:\n  - 'apps/**' # all\n"),
            ("apps/a/package.json", r#"{"scripts": {"x": "helm list"}}"#),
        ],
        "pnpm -r x",
    ),
    (&[("package.json", r#"{"scripts": {"postinstall": "kubectl get x"}}"#)], "npm ci"),
    (&[("package.json", r#"{"scripts": {"prepare": "kubectl get x"}}"#)], "npm install"),
    (&[("package.json", r#"{"scripts": {"pretest": "kubectl get x"}}"#)], "npm t"),
    (&[("package.json", r#"{"scripts": {"x": "run-s y", "y": "kubectl get x"}}"#)], "npm run x"),
    (&[("package.json", r#"{"scripts": {"y": "kubectl get x"}}"#)], "node --run y"),
    (&[("package.json", r#"{"scripts": {"y": "kubectl get x"}}"#), ("w/x", "")], "sh -c 'cd w && npm run y'"),
    // Recipes of justfiles.
    (
        &[(
            "justfile",
            "deploy env='dev' *args: build\n    kubectl --context {{env}} apply {{args}}\nbuild:\n    true\n",
        )],
        "just deploy prod",
    ),
    (&[("justfile", "alias d := deploy\ndeploy:\n    helm list\n")], "just d"),
    (&[("justfile", "up: (deploy \"prod\")\ndeploy env:\n    helm list\n")], "just up"),
    (&[("justfile", "import 'a.just'\n"), ("a.just", "deploy:\n    helm list\n")], "just deploy"),
    (&[("justfile", "mod infra\n"), ("infra.just", "deploy:\n    helm list\n")], "just infra::deploy"),
    (
        &[("justfile", "deploy:\n    #!/usr/bin/env bash\n    kubectl get x\n"), ("w/x", "")],
        "sh -c 'cd w && just deploy'",
    ),
    // Taskfiles.
    (
        &[("Taskfile.yml", "tasks:\n  a:\n    cmds:\n    - cmd: kubectl get x\n      silent: true\n")],
        "task a",
    ),
    (&[("Taskfile.yml", "tasks:\n  a: {dir: s, cmds: [./b.sh]}\n"), ("s/b.sh", "helm list\n")], "task a"),
    (
        &[
            ("Taskfile.yml", "includes: {infra: ./infra}\n"),
            ("infra/Taskfile.yml", "tasks: {up: {deps: [x]}, x: helm list}\n"),
        ],
        "task infra:up",
    ),
    (
        &[("Taskfile.yml", "tasks:\n  'deploy-*': {aliases: [d], vars: {X: {sh: kubectl get x}}}\n")],
        "task deploy-prod",
    ),
];

const CALLS_NOTHING: [Beside<'_>; 14] = [
    (&[("Makefile", "a:\n\techo\ndeploy:\n\tkubectl apply -f x\n")], "make a"),
    (&[("Makefile", "X = $(shell kubectl get ns)\na:\n\ttrue\n")], "make a"),
    (&[("Makefile", "include $(X)\na:\n\ttrue\n"), ("sub/Makefile", "a:\n\thelm list\n")], "make a"),
    (&[("Makefile", "a:\n\t./run.sh\n"), ("sub/run.sh", "kubectl apply -f x\n")], "make a"),
    (&[("a.sh", "echo kubectl\n# kubectl get\n")], "./a.sh"),
    (&[("a.sh", "helm lint .\nkubectl version --client\n")], "bash a.sh"),
    (&[("package.json", r#"{"scripts": {"x": "tsc", "y": "kubectl get x"}}"#)], "npm run x"),
    (&[("package.json", r#"{"scripts": {"prepare": "kubectl get x"}}"#)], "npm test"),
    (&[("justfile", "a:\n    true\ndeploy:\n    helm list\n")], "just"),
    (&[("Taskfile.yml", "tasks: {a: 'echo helm', b: 'helm list'}\n")], "task a"),
    (
        &[
            ("Taskfile.yml", "includes: {infra: ./infra}\ntasks: {up: 'true'}\n"),
            ("infra/Taskfile.yml", "tasks: {up: helm list}\n"),
        ],
        "task up",
    ),
    (&[("a.sh", "./a.sh\n./a.sh\n./a.sh\n")], "./a.sh"),
    (&[("a.sh", "\"$(dirname \"$0\")/b.sh\"\n"), ("b.sh", "echo kubectl\n")], "./a.sh"),
    (&[("kubectl.py", "print('kubectl')\n")], "python3 -m pytest -k kubectl"),
];

fn asked_beside(current: &str, (files, command): &Beside<'_>) -> Vec<Foreign> {
    let dir = directory(current);
    for (name, text) in *files {
        let path = dir.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let argv: Vec<&str> = match command.split_once(" -c ") {
        Some((shell, script)) => vec![shell, "-c", script.trim_matches('\'')],
        None => command.split(' ').collect(),
    };
    asked(dir.path(), &argv)
}

#[test]
fn whatever_stands_beside_a_command_and_calls_a_tool_is_a_hint() {
    let mut missed = Vec::new();
    for case in &CALLS {
        let asked = asked_beside("prod", case);
        if asked.is_empty() || asked.iter().any(|it| !it.is_hint) {
            missed.push((case, said(&asked)));
        }
    }
    assert!(missed.is_empty(), "{missed:#?}");
}

#[test]
fn what_stands_beside_a_command_and_does_not_run_is_none() {
    for case in &CALLS_NOTHING {
        assert_eq!(said(&asked_beside("prod", case)), "", "{case:?}");
    }
}

#[test]
fn a_context_that_a_recipe_gets_as_its_target_is_known() {
    for case in [
        (&[("Makefile", "deploy-%:\n\tkubectl --context $* apply -f x\n")][..], "make deploy-prod"),
        (&[("Makefile", "prod dev:\n\tkubectl --context $@ apply -f x\n")], "make prod"),
    ] {
        assert!(said(&asked_beside("dev", &case)).contains("context prod"), "{case:?}");
        let near = case.1.replace("prod", "dev");
        assert_eq!(said(&asked_beside("prod", &(case.0, near.as_str()))), "", "{case:?}");
    }
}

#[test]
fn what_stands_beside_a_command_has_its_kubeconfig() {
    let dir = directory("dev");
    let write = |name: &str, text: &str| std::fs::write(dir.path().join(name), text).unwrap();
    write("prod.yaml", &CONFIG.replace("CURRENT", "prod"));
    write("deploy.sh", "kubectl get x\n");
    write("tool.sh", "\"$TOOL\" apply -f x\n");
    write("own.sh", "kubectl --context dev --kubeconfig=config get x\n");
    write("Makefile", "deploy:\n\t./deploy.sh\n");
    let said = |script: &str| {
        let asked = asked(dir.path(), &["sh", "-c", script]);
        assert!(asked.iter().all(|it| it.is_hint), "{script}: {}", said(&asked));
        said(&asked)
    };
    for script in ["./deploy.sh", "make deploy", "./tool.sh"] {
        assert_eq!(said(script), "", "{script}");
        for (before, place) in [
            ("KUBECONFIG=prod.yaml", "context prod"),
            ("export KUBECONFIG=$PWD/prod.yaml;", "context prod"),
            ("export KUBECONFIG=$(x);", "on an unknown cluster: a command chooses its own kubeconfig"),
            (". ./prod.env;", "on an unknown cluster: what `.` reads may choose it"),
            ("cp prod.yaml config;", "on an unknown cluster: the command changes the kubeconfig"),
        ] {
            let script = format!("{before} {script}");
            assert!(said(&script).contains(place), "{script}: {}", said(&script));
        }
        assert_eq!(said(&format!("KUBECONFIG=config {script}")), "", "{script}");
    }
    assert_eq!(said("X=y ./own.sh"), "");
    write("tool.sh", "export KUBECONFIG=prod.yaml\n$TOOL get\n");
    assert!(said("./tool.sh").contains("`./tool.sh` runs a program that is known only then"));
}

#[test]
fn what_runs_elsewhere_meets_a_cluster_that_is_not_known() {
    let dir = directory("dev");
    let write = |name: &str, text: &str| std::fs::write(dir.path().join(name), text).unwrap();
    write("deploy.sh", "kubectl get x\n");
    write("near.sh", "kubectl --context dev get x\n");
    write("code.py", "run(['kubectl', '--context', 'dev', 'get'])\n");
    write("outer.sh", "sudo ./deploy.sh\n");
    write("Makefile", "deploy:\n\t./deploy.sh\n");
    write("package.json", r#"{"scripts": {"deploy": "make deploy"}}"#);
    let all =
        ["./deploy.sh", "sh deploy.sh", "./near.sh", "python3 code.py", "make deploy", "npm run deploy"];
    for what in all {
        assert_eq!(said(&asked(dir.path(), &["sh", "-c", what])), "", "{what}");
        for wrapper in ["sudo", "op run --", "doppler run --", "env -i", "env HOME=/x", "sudo -u x timeout 5"]
        {
            let command = format!("{wrapper} {what}");
            let asked = asked(dir.path(), &["sh", "-c", &command]);
            assert!(asked.iter().all(|it| it.is_hint), "{command}: {}", said(&asked));
            assert!(said(&asked).contains("on an unknown cluster: `"), "{command}: {}", said(&asked));
        }
        for wrapper in ["sudo -E", "timeout 5", "nice", "env A=b"] {
            assert_eq!(
                said(&asked(dir.path(), &["sh", "-c", &format!("{wrapper} {what}")])),
                "",
                "{wrapper} {what}"
            );
        }
    }
    assert!(said(&asked(dir.path(), &["./outer.sh"])).contains("on an unknown cluster: `sudo` runs it"));
}

#[test]
fn a_kubeconfig_that_is_chosen_on_the_way_counts_for_what_follows() {
    let dir = directory("dev");
    let write = |name: &str, text: &str| std::fs::write(dir.path().join(name), text).unwrap();
    write("prod.yaml", &CONFIG.replace("CURRENT", "prod"));
    write("deploy.sh", "kubectl get x\n");
    write("named.sh", "kubectl --context \"$CONTEXT\" get x\n");
    write("export.sh", "export KUBECONFIG=prod.yaml\n./deploy.sh\n");
    write("unknown.sh", "export KUBECONFIG=$(x)\n./deploy.sh\n");
    write("name.sh", "CONTEXT=prod ./named.sh\n");
    write("again.sh", "X=1$X ./again.sh\n");
    write("lib.sh", "set -e\n");
    write("lib.env", "KUBECONFIG=prod.yaml\n");
    write("quiet.sh", ". ./lib.sh\nkubectl get x\n./deploy.sh\n");
    write("read.sh", "set -a\n. ./lib.env\nkubectl get x\n");
    write("below.sh", ". \"$(dirname \"$0\")/lib.env\"\n./deploy.sh\n");
    write("own.sh", "export KUBECONFIG=\"$(dirname \"$0\")/prod.yaml\"\nkubectl get x\n");
    write("copy.sh", "cp prod.yaml ~/.kube/config\nkubectl get x\n");
    write("justfile", "context := 'dev'\nnamed:\n    kubectl --context {{context}} get\n");
    write("Makefile", "CONTEXT ?= dev\ndeploy:\n\t./deploy.sh\nnamed:\n\tkubectl --context $(CONTEXT) get\n");
    write(
        "prod.mk",
        "export KUBECONFIG := prod.yaml\nCONTEXT = dev\ndeploy:\n\tkubectl get\nbelow:\n\t./deploy.sh\n\
        named:\n\tkubectl --kubeconfig config --context $(CONTEXT) get\n",
    );
    let said = |command: &str| {
        let asked = asked(dir.path(), &command.split(' ').collect::<Vec<_>>());
        assert!(asked.iter().all(|it| it.is_hint), "{command}: {}", said(&asked));
        said(&asked)
    };
    for command in [
        "./export.sh",
        "./name.sh",
        "make KUBECONFIG=prod.yaml deploy",
        "make deploy KUBECONFIG=prod.yaml",
        "make CONTEXT=prod named",
        "env CONTEXT=prod make named",
        "make -f prod.mk deploy",
        "make -f prod.mk below",
        "make -f prod.mk named CONTEXT=prod",
        "just context=prod named",
        "just --set context prod named",
    ] {
        assert!(said(command).contains("context prod"), "{command}: {}", said(command));
    }
    for command in [
        "make deploy",
        "make A=b deploy",
        "make named",
        "make -f prod.mk named",
        "./again.sh",
        "./quiet.sh",
        "just named",
        "just --set a b named",
    ] {
        assert_eq!(said(command), "", "{command}");
    }
    for (command, why) in [
        ("./read.sh", "what `.` reads may choose it"),
        ("./below.sh", "what `.` reads may choose it"),
        ("./own.sh", "a command chooses its own kubeconfig"),
        ("./copy.sh", "the command changes the kubeconfig"),
    ] {
        assert!(
            said(command).contains(&format!("on an unknown cluster: {why}")),
            "{command}: {}",
            said(command)
        );
    }
    assert!(said("./unknown.sh").contains("on an unknown cluster: a command chooses its own kubeconfig"));
}

#[test]
fn scripts_that_call_each_other_are_read_within_bounds() {
    let dir = directory("prod");
    let calls: String = (0..1000).map(|number| format!("./{number}.sh\n")).collect();
    for number in 0..1000 {
        std::fs::write(dir.path().join(format!("{number}.sh")), &calls).unwrap();
    }
    let asked = said(&asked(dir.path(), &["sh", "0.sh"]));
    assert!(asked.contains("more scripts are beside it than are read"), "{asked}");
}

#[test]
fn a_script_that_hands_its_arguments_on_reaches_what_they_name() {
    let dir = directory("dev");
    let write = |name: &str, text: &str| std::fs::write(dir.path().join(name), text).unwrap();
    write("a.sh", "kubectl get x \"$@\"\n");
    write("b.sh", "./a.sh \"$@\"\n");
    write("own.sh", "kubectl --context dev get x\n");
    write("build.sh", "docker build \"$@\"\n");
    let said = |command: &str| said(&asked(dir.path(), &command.split(' ').collect::<Vec<_>>()));
    for command in [
        "./a.sh --context prod",
        "bash a.sh --context=prod",
        "./b.sh --kubeconfig x",
        "env A=b ./a.sh --context prod",
    ] {
        assert!(said(command).contains("on an unknown cluster: `--"), "{command}: {}", said(command));
    }
    for command in ["./a.sh", "./a.sh -n demo", "./own.sh --context prod", "./build.sh --context prod"] {
        assert_eq!(said(command), "", "{command}");
    }
}

#[test]
fn code_and_files_of_variables_choose_the_kubeconfig_for_what_they_run() {
    let dir = directory("dev");
    let write = |name: &str, text: &str| std::fs::write(dir.path().join(name), text).unwrap();
    let said = |command: &str| said(&asked(dir.path(), &command.split(' ').collect::<Vec<_>>()));
    for (sets, code) in [
        (true, "os.environ['KUBECONFIG'] = 'prod.yaml'"),
        (true, "run(x, env={\"KUBECONFIG\": 'prod.yaml'})"),
        (true, "os.Setenv(\"KUBECONFIG\", x)"),
        (true, "process.env.KUBECONFIG = x"),
        (true, "os.putenv('KUBECONFIG', x)"),
        (true, "os.environ.setdefault('KUBECONFIG', x)"),
        (true, "Command::new(x).env(\"KUBECONFIG\", x)"),
        (true, "environment.set(\"KUBECONFIG\", x)"),
        (true, "dict([('KUBECONFIG', x)])"),
        (true, "sh(': ${KUBECONFIG:=x}')"),
        (false, "sh('echo ${KUBECONFIG:-none}')"),
        (false, "  # KUBECONFIG: the file"),
        (false, "// KUBECONFIG = the file"),
        (false, "os.getenv('KUBECONFIG', x)"),
        (false, "ENV.fetch('KUBECONFIG', x)"),
        (false, "['HOME', 'KUBECONFIG', 'PATH']"),
        (false, "os.environ.get('KUBECONFIG', 'x')"),
        (false, "if os.environ['KUBECONFIG'] == 'x': pass"),
    ] {
        write(
            "b.py",
            &format!("{code}\nrun(['kubectl', 'get'])\nrun(['kubectl', '--context', 'dev', 'get'])\n"),
        );
        let asked = said("python3 b.py");
        assert_eq!(
            asked.contains("on an unknown cluster: the code chooses its own kubeconfig"),
            sets,
            "{code}: {asked}"
        );
        assert!(sets || asked.is_empty(), "{code}: {asked}");
    }
}

#[test]
fn a_justfile_has_the_kubeconfig_of_its_file_of_variables_where_the_environment_has_none() {
    let dir = directory("dev");
    let write = |name: &str, text: &str| std::fs::write(dir.path().join(name), text).unwrap();
    let path = |name: &str| dir.path().join(name).display().to_string();
    for (name, current) in [("prod.yaml", "prod"), ("dev.yaml", "dev")] {
        write(name, &CONFIG.replace("CURRENT", current));
    }
    std::fs::create_dir_all(dir.path().join(".kube")).unwrap();
    let home = |current: &str| write(".kube/config", &CONFIG.replace("CURRENT", current));
    let said = |kubeconfig: Option<&str>| {
        let mut request = request(dir.path(), &["just", "deploy"]);
        request.environment = vec![("HOME".into(), dir.path().into())];
        request.environment.extend(kubeconfig.map(|name| ("KUBECONFIG".into(), path(name).into())));
        said(&foreign(&request, &Target::is_local))
    };
    let just = |settings: &str| write("justfile", &format!("{settings}\n\ndeploy:\n    kubectl get x\n"));
    let (loaded, unknown) = ("context prod", "on an unknown cluster");
    for (settings, variables, unset, set) in [
        ("set dotenv-load", "A=b\nKUBECONFIG=\"prod.yaml\"", loaded, ""),
        ("set dotenv-load := true # x", "export KUBECONFIG=prod.yaml", loaded, ""),
        ("set dotenv-required", "KUBECONFIG='prod.yaml'", loaded, ""),
        ("set dotenv-override", "KUBECONFIG=prod.yaml", loaded, loaded),
        ("set dotenv-override := true", "KUBECONFIG=prod.yaml", loaded, loaded),
        ("set dotenv-filename := '.env'", "KUBECONFIG=prod.yaml", loaded, ""),
        ("set dotenv-path := \".env\"\nset dotenv-override", "KUBECONFIG=prod.yaml", loaded, loaded),
        ("set dotenv-load\nset dotenv-override := false", "KUBECONFIG=prod.yaml", loaded, ""),
        ("set dotenv-load := false # x", "KUBECONFIG=prod.yaml", "", ""),
        ("", "KUBECONFIG=prod.yaml", "", ""),
        ("deploy2:\n    set dotenv-load", "KUBECONFIG=prod.yaml", "", ""),
        ("set dotenv-load", "A=b", "", ""),
        ("set dotenv-load", "KUBECONFIG=$X", unknown, ""),
        ("set dotenv-override", "KUBECONFIG=x # y", unknown, unknown),
        ("set dotenv-path := env('X')", "KUBECONFIG=dev.yaml", unknown, ""),
        ("set dotenv-load := x", "KUBECONFIG=dev.yaml", unknown, ""),
    ] {
        home("dev");
        just(settings);
        write(".env", &format!("{variables}\n"));
        for (kubeconfig, expected) in [(None, unset), (Some("dev.yaml"), set)] {
            let said = said(kubeconfig);
            let is_so = if expected.is_empty() { said.is_empty() } else { said.contains(expected) };
            assert!(is_so, "{settings}, {variables}, {kubeconfig:?}: {said}");
        }
    }
    // It never takes a question away.
    just("set dotenv-load");
    write(".env", "KUBECONFIG=dev.yaml\n");
    assert!(said(Some("prod.yaml")).contains("context prod"), "{}", said(Some("prod.yaml")));
    just("set dotenv-load := false # x");
    home("prod");
    assert!(said(None).contains("context prod"), "{}", said(None));
}
