//! What stands beside a command.

use super::*;

#[test]
fn files_that_run_are_named() {
    let file_in =
        |directory: &str, path: &str| vec![Beside::File { path: path.into(), directory: directory.into() }];
    let file = |path: &str| file_in("", path);
    assert_eq!(beside("./deploy.sh a"), file("./deploy.sh"));
    assert_eq!(beside("sh -e deploy.sh a"), file("deploy.sh"));
    assert_eq!(beside("sh -c 'cd x; . ./env.sh'"), file_in("x", "x/./env.sh"));
    assert_eq!(beside("python3 deploy.py"), file("deploy.py"));
    assert_eq!(beside("deno run -A deploy.ts"), file("deploy.ts"));
    assert_eq!(beside("python3 -m a.b"), [file("a/b.py"), file("a/b/__main__.py")].concat());
    assert_eq!(beside("pwsh -File s\\\\deploy.ps1 x"), file("s/deploy.ps1"));
    for near in ["sh -c '$X/a/deploy.sh'", "sh -c '. \"$(dirname \"$0\")/a/deploy.sh\"'"] {
        assert_eq!(beside(near), [Beside::Near("a/deploy.sh".into())], "{near}");
    }
    assert_eq!(beside("bash --rcfile x -c true"), file("x"));
    assert_eq!(beside("sh -c 'BASH_ENV=x bash -c true'"), file("x"));
    for read in ["sh <x", "sh -c sh <x", "sh /dev/stdin <x", "at now <x", "cat x | sh", "eval \"$(cat x)\""] {
        assert_eq!(beside(&format!("sh -c '{read}'")), file("x"), "{read}");
    }
    for command in [
        "python -c 'x y'",
        "perl -lane 'x y'",
        "perl -E 'x y'",
        "ruby -e 'x y'",
        "node -p 'x y'",
        "make --eval='x y' -f Makefile a",
        "sh -c 'make -f - <<E\nx y\nE\n'",
        "sh -c 'python - <<E\nx y\nE\n'",
    ] {
        assert!(
            beside(command).iter().any(|it| matches!(it, Beside::Code(code) if code.trim() == "x y")),
            "{command}"
        );
    }
    for command in ["awk '{ system(\"x\") }'", "sed '1e x'", "sed -n s/a/x/e"] {
        assert!(matches!(beside(command).as_slice(), [Beside::Code(_)]), "{command}");
    }
    let recipes = |directory: &str, targets: &[&str]| {
        let targets = targets.iter().map(|target| (*target).to_owned()).collect();
        vec![Beside::Recipes { tool: "make".into(), directory: directory.into(), file: None, targets }]
    };
    assert_eq!(beside("make -j 4 deploy A=b"), recipes("", &["deploy", "A=b"]));
    assert_eq!(beside("make -C sub"), recipes("sub", &[]));
    assert_eq!(beside("sh -c 'make -f - <x'"), beside("make -f x"));
    let named = Beside::Recipes {
        tool: "make".into(),
        directory: "sub".into(),
        file: Some("x".into()),
        targets: vec!["all".into()],
    };
    assert_eq!(beside("make --makefile=x --directory sub --what-if y all"), [named]);
    let below = Beside::Npm { directory: "web".into(), script: "x".into(), in_workspace: false };
    for command in
        ["npm --prefix web run x", "npm run x --prefix=web", "pnpm -C web x", "sh -c 'cd web; npm run x'"]
    {
        assert_eq!(beside(command), std::slice::from_ref(&below), "{command}");
    }
    let npm = |script: &str, in_workspace| {
        vec![Beside::Npm { directory: String::new(), script: script.into(), in_workspace }]
    };
    assert_eq!(beside("npm run deploy"), npm("deploy", false));
    assert_eq!(beside("yarn deploy"), npm("deploy", false));
    for command in [
        "npm run x -w web",
        "npm --workspace packages/web run x",
        "npm run x --workspace=web",
        "npm run x --workspaces",
        "npm -ws x",
        "pnpm --filter web x",
        "pnpm -F web run x",
        "pnpm -r x",
        "yarn workspace web x",
        "yarn workspace web run x",
        "yarn workspaces run x",
        "yarn workspaces foreach -A run x",
        "npx lerna run x",
        "turbo x",
    ] {
        assert_eq!(beside(command), npm("x", true), "{command}");
    }
}

const MAKEFILE: &str = "K ?= kubectl\nall: lint\n\techo\nlint:\n\t@grep helm x\n\
    deploy: push\n\t@$(K) apply -f \\\n\t  x\npush: ; docker push x\n%.x: y\n\thelm lint\n";

#[test]
fn recipes_of_the_targets_that_run_are_read() {
    let tool = |targets: &[&str]| {
        let targets: Vec<String> = targets.iter().map(|target| (*target).to_owned()).collect();
        tool(&of_recipes(MAKEFILE, &targets, "", &lookup))
    };
    assert_eq!(tool(&[]), None);
    assert_eq!(tool(&["push"]), None);
    assert_eq!(tool(&["all", "deploy"]).as_deref(), Some("kubectl"));
    let justfile = "k := 'helm'\ndeploy env: build\n  helm upgrade {{env}}\nbuild:\n    true\n";
    let read = |target: &str| of_recipes(justfile, &[target.to_owned()], "", &lookup);
    assert_eq!(super::tool(&read("deploy")).as_deref(), Some("helm"));
    assert_eq!(super::tool(&read("build")), None);
}

#[test]
fn a_recipe_is_read_once_however_often_it_is_needed() {
    let calls = of_recipes("K = k k\nall: $(K) k\nk: all\n\thelm list\n", &[], "", &lookup);
    assert_eq!(calls.called.iter().map(Call::name).collect::<Vec<_>>(), ["helm"]);
}

#[test]
fn variables_of_recipes_have_their_values_where_they_are_used() {
    let calls = |text: &str| {
        let calls = of_recipes(text, &[], "", &|name| (name == "ENV").then(|| "oc".to_owned()));
        calls.called.iter().map(|call| call.program().to_owned()).collect::<Vec<_>>().join(" ")
    };
    for (text, called) in [
        ("a:\n\t$(K) x\nK = $(B)/kubectl\nB = bin\n", "bin/kubectl"),
        ("A = $(B)\nB = $(C)\nC = $(D)\nD = helm\na: ; $(A)\n", "helm"),
        ("K = true\nK ?= helm\na:\n\t$(K)\n", "true"),
        ("K := helm\nK := /bin/$(K)\nK += list\na:\n\t@$K; ${K}\n", "/bin/helm"),
        ("a: $(N)\n\techo $$(helm)\nN = b\nb:\n\t$(ENV)\n", "helm echo oc"),
        ("A = $(B)\nB = $(A)\na:\n\techo $(A); helm\n", "A echo helm"),
        ("export K = helm\na:\n\t$(K)\n", "helm"),
        ("ENV ?= true\na:\n\t$(ENV)\n", "oc"),
        ("ENV = true\na:\n\t$(ENV)\n", "true"),
    ] {
        assert_eq!(calls(text), called, "{text}");
    }
}

#[test]
fn variables_of_the_command_and_exported_ones_are_in_the_environment_of_recipes() {
    let assigned = |text: &str, targets: &[&str]| {
        let targets: Vec<String> = targets.iter().map(|target| (*target).to_owned()).collect();
        let calls = of_recipes(text, &targets, "", &lookup);
        let shown = calls.called.iter().map(|call| call.program().to_owned()).collect::<Vec<_>>().join(" ");
        (shown, calls.assigned.get("K").cloned())
    };
    let known = |value: &str| Some(Some(value.to_owned()));
    assert_eq!(assigned("K = x\na:\n\t$(K)\n", &["K=helm", "a"]), ("helm".into(), known("helm")));
    assert_eq!(assigned("K = x\na:\n\t$(K)\n", &["a"]), ("x".into(), None));
    for text in [
        "export K = x\n",
        "K = x\nexport K\n",
        "export K := x\n",
        "K = x\nexport\n",
        ".EXPORT_ALL_VARIABLES:\nK=x\n",
        "a: export K=x\n",
    ] {
        assert_eq!(assigned(&format!("{text}a:\n\ttrue\n"), &["a"]).1, known("x"), "{text}");
    }
    assert_eq!(assigned("export K = $(shell x)\na:\n\ttrue\n", &["a"]).1, Some(None));
    assert_eq!(assigned("export K := 'x'\na:\n  true\n", &["a"]).1, known("x"));
}

#[test]
fn what_runs_elsewhere_is_said_to() {
    let elsewhere = |command: &str| read(command).beside.into_iter().find_map(|it| it.elsewhere);
    for command in ["./a.sh", "sudo -E ./a.sh", "timeout 5 make a", "env X=y npm run x"] {
        assert_eq!(elsewhere(command), None, "{command}");
    }
    for command in
        ["sudo ./a.sh", "op run -- make a", "doppler run --command 'npm run x'", "env -u KUBECONFIG ./a.sh"]
    {
        assert!(elsewhere(command).is_some(), "{command}");
    }
}

#[test]
fn other_languages_mention_programs() {
    let said = |text| mentions(text, &TOOLS).iter().map(|call| call.join(" ")).collect::<Vec<_>>().join("; ");
    assert_eq!(
        said("subprocess.run(['kubectl', '--context',\n  'prod', 'get'])\nx()"),
        "kubectl --context prod get"
    );
    assert_eq!(
        said("os.system('/usr/bin/helm list')\nsystem `kubectl get`\n"),
        "/usr/bin/helm list; kubectl get"
    );
    assert_eq!(said("# kubectl\nprint('helmet')"), "");
}
