use super::*;

/// Programs of clusters, as far as these tests need some.
const TOOLS: [&str; 3] = ["kubectl", "helm", "oc"];

fn lookup(name: &str) -> Option<String> {
    (name == "TOOL").then(|| "/opt/bin/kubectl --context prod".to_owned())
}

fn read(command: &str) -> Calls {
    let words =
        crate::command::split(command, crate::command::Semantics::Standard, Default::default()).unwrap();
    let argv: Vec<String> = words.iter().map(|word| word.expand(&lookup)).collect();
    Calls::of(argv.into_iter(), &lookup)
}

fn tool(calls: &Calls) -> Option<String> {
    calls.called.iter().map(Call::name).find(|name| TOOLS.contains(name)).map(str::to_owned)
}

/// Commands that call a tool, in as many ways as there are.
const WAYS: [&str; 211] = [
    "kubectl get pods",
    "'kubectl' get pods",
    "\"kub\"ectl get pods",
    "ku\\bectl get pods",
    "/usr/local/bin/kubectl get",
    "./kubectl.bat",
    "kubectl.exe version",
    "HELM.CMD list",
    "'C:\\Program Files\\helm.exe' list",
    "kubectl-1.32 version",
    "/usr/bin/kubectl get",
    "'helm' list",
    "env -u X kubectl get",
    "sudo -u me -- helm list",
    "timeout --kill-after=1 5 kubectl get",
    "xargs -n1 kubectl delete",
    "time -p kubectl get",
    "exec -a x kubectl get",
    "busybox sh -c 'kubectl get'",
    "find . -execdir kubectl apply -f '{}' +",
    "parallel kubectl delete pod ::: a b",
    "parallel -j 4 --retries 2 kubectl delete pod '{}' ::: a b",
    "parallel ::: 'kubectl get' 'true'",
    "ssh build kubectl get",
    "ssh -p 22 -o A=b me@build 'cd x && kubectl get'",
    "sh -c 'ssh build <<E\nkubectl get\nE\n'",
    "docker run --rm -it -v a:b --entrypoint kubectl x get",
    "docker run --rm bitnami/kubectl get",
    "docker run --rm bitnami/kubectl:latest get",
    "docker run --rm bitnami/kubectl@sha256:0a1b get",
    "docker compose run --rm tools kubectl get",
    "k3s kubectl get",
    "minikube kubectl -- get pods",
    "microk8s kubectl get",
    "microk8s.kubectl get",
    "microk8s helm3 list",
    "bash -euo pipefail -c 'kubectl get'",
    "sh -c 'until kubectl get; do sleep 1; done'",
    "sh -c 'function f { kubectl get; }; f'",
    "sh -c 'xargs -a list kubectl delete'",
    "sh -c 'command kubectl get'",
    "helm3 list",
    "env A=b kubectl get",
    "env -i A=b kubectl get",
    "env -u A -C /tmp kubectl get",
    "/usr/bin/env kubectl get",
    "env -S 'kubectl get'",
    "env --split-string='-i A=b kubectl get'",
    "sudo kubectl get",
    "sudo -u ann -E A=b kubectl get",
    "sudo --user ann -- kubectl get",
    "doas -u ann kubectl get",
    "timeout 10 kubectl get",
    "timeout -k 5 --signal KILL 10s kubectl get",
    "nice -n 5 kubectl get",
    "nice -5 kubectl get",
    "nohup kubectl get",
    "xargs kubectl delete pod",
    "xargs -n1 -I{} kubectl delete pod {}",
    "xargs -n 1 -P 4 sh -c 'kubectl delete pod $0'",
    "time -f %e kubectl get",
    "sh -c 'time kubectl get'",
    "sh -c 'exec kubectl get'",
    "sh -c 'exec -a x kubectl get'",
    "sh -c 'command -p kubectl get'",
    "setsid -w kubectl get",
    "stdbuf -oL kubectl get",
    "stdbuf -o L kubectl get",
    "ionice -c 3 kubectl get",
    "sudo timeout 5 nice -n 3 env A=b kubectl get",
    "flock -w 5 /tmp/lock kubectl get",
    "flock /tmp/lock -c 'kubectl get'",
    "su - ann -c 'kubectl get'",
    "script -qec 'kubectl get' /dev/null",
    "watch -n 2 'kubectl get pods'",
    "find . -name '*.yaml' -exec kubectl apply -f '{}' ';'",
    "cmd /c 'C:\\bin\\kubectl.exe get'",
    "docker run --rm bitnami/kubectl:1.32 get pods",
    "op run -- kubectl get",
    "sh -c 'true&&kubectl version'",
    "sh -c 'true;kubectl version'",
    "sh -c 'true||kubectl version'",
    "sh -c 'true|kubectl apply -f -'",
    "sh -c 'true&kubectl version'",
    "sh -c 'true\nkubectl version'",
    "bash -ec 'cd x && kubectl apply -f y'",
    "bash -o pipefail -ec 'kubectl get | cat'",
    "bash -lc \"kubectl get\"",
    "sh -c '(kubectl get)'",
    "sh -c '{ kubectl get; }'",
    "sh -c 'echo $(kubectl version)'",
    "sh -c 'echo \"$(kubectl version)\"'",
    "sh -c 'echo `kubectl version`'",
    "sh -c 'echo $((1 + $(kubectl get -o name | wc -l)))'",
    "sh -c 'diff <(kubectl get) x'",
    "sh -c 'echo ${A:-$(kubectl get)}'",
    "sh -c 'if kubectl get; then echo; fi'",
    "sh -c 'if true; then kubectl get; else true; fi'",
    "sh -c 'for i in 1 2; do kubectl get $i; done'",
    "sh -c 'while ! kubectl get; do sleep 1; done'",
    "sh -c 'case $1 in (a|b) true;; *) kubectl get ;; esac'",
    "sh -c 'case x in x) kubectl get; esac'",
    "sh -c 'f() { kubectl \"$@\"; }; f get'",
    "sh -c 'A=b C=\"d e\" kubectl get'",
    "sh -c '>log 2>&1 kubectl get'",
    "sh -c 'K=kubectl; $K get'",
    "sh -c '$TOOL get'",
    "sh -c '${K:-kubectl} get'",
    "sh -c '\"$@\"' x kubectl get",
    "sh -c '\"$@\" kubectl get' x",
    "sh -c \"sh -c 'sh -c \\\"kubectl get\\\"'\"",
    "sh -c \"eval 'kubectl get'\"",
    "sh -c 'cat <<E | true\n$(kubectl get)\nE\n'",
    "bash -c \"$'\\\\x6bubectl' get\"",
    "ssh build -p 22 kubectl get",
    "ssh -t build -- kubectl get",
    "ssh -- build kubectl get",
    "sh -c 'ssh -T build sh -s <<E\nkubectl get\nE\n'",
    "sshpass -p x ssh build kubectl get",
    "mosh --ssh='ssh -p 22' build -- kubectl get",
    "vagrant ssh -c 'kubectl get'",
    "vagrant ssh web --command='kubectl get'",
    "sh -c 'vagrant ssh <<E\nkubectl get\nE\n'",
    "multipass exec web -- kubectl get",
    "limactl shell default kubectl get",
    "lima kubectl get",
    "colima ssh -- kubectl get",
    "colima --profile x ssh kubectl get",
    "gcloud --project x compute ssh web --zone y --command='kubectl get'",
    "gcloud compute ssh web --command 'kubectl get'",
    "gcloud compute ssh web -- -t 'kubectl get'",
    "vagrant ssh -- kubectl get",
    "podman run --entrypoint '[\"kubectl\", \"get\"]' x",
    "parallel --halt now,fail=1 kubectl get ::: a",
    "run0 kubectl get",
    "cross-env A=b kubectl get",
    "foreman run -e x kubectl get",
    "chpst -u x kubectl get",
    "bwrap --ro-bind / / --proc /proc kubectl get",
    "git rebase -x 'kubectl get' HEAD~2",
    "git bisect run kubectl get",
    "git submodule foreach 'kubectl get'",
    "sh -c 'sh /dev/stdin <<E\nkubectl get\nE\n'",
    "sh -c '. /dev/stdin <<E\nkubectl get\nE\n'",
    "sh -c 'bash - <<E\nkubectl get\nE\n'",
    "sh -c 'sh -c sh <<E\nkubectl get\nE\n'",
    "sh -c 'sudo -s <<E\nkubectl get\nE\n'",
    "sh -c 'sudo -u ann -i <<E\nkubectl get\nE\n'",
    "sh -c 'su - ann <<E\nkubectl get\nE\n'",
    "sh -c 'chroot /x <<E\nkubectl get\nE\n'",
    "sh -c 'at now <<E\nkubectl get\nE\n'",
    "bash -c 'batch <<< \"kubectl get\"'",
    "sh -c 'docker run -i x sh <<E\nkubectl get\nE\n'",
    "script -c 'kubectl get' /dev/null",
    "script --command='kubectl get'",
    "flock --wait 5 /tmp/lock kubectl get",
    "flock --timeout 5 --nonblock /tmp/lock kubectl get",
    "setarch -R kubectl get",
    "setarch x86_64 -R kubectl get",
    "setarch --addr-no-randomize linux64 kubectl get",
    "linux64 kubectl get",
    "su --session-command 'kubectl get' ann",
    "su ann --session-command='kubectl get'",
    "sg docker 'kubectl get'",
    "sg docker -c 'kubectl get'",
    "docker run --entrypoint=kubectl x get",
    "docker run --name x -v a:b -e A=b -it --entrypoint sh x -c 'kubectl get'",
    "docker --context x container run --network host x kubectl get",
    "docker run x sh -c 'kubectl get'",
    "docker exec -it -u root web kubectl get",
    "sh -c 'docker run $OPTIONS x kubectl get'",
    "sh -c 'docker run $OPTIONS x sudo kubectl get'",
    "docker-compose -f x.yml run --rm -T tools kubectl get",
    "docker compose --profile x exec tools sh -c 'kubectl get'",
    "nix run nixpkgs#kubectl -- get",
    "nix shell nixpkgs#kubectl -c kubectl get",
    "nix develop --command sh -c 'kubectl get'",
    "nix-shell -p x --run 'kubectl get'",
    "sudo --unheard x kubectl get",
    "sudo --unheard kubectl get",
    "timeout --unheard x 5 kubectl get",
    "tmux new -d 'kubectl get'",
    "tmux new-session -d -s x kubectl get",
    "screen -dmS x kubectl get",
    "gdb -ex run --args kubectl get",
    "perf stat -e x kubectl get",
    "perf record -o x -- kubectl get",
    "strace -f -o x kubectl get",
    "ltrace -o x kubectl get",
    "systemd-run --user --unit x kubectl get",
    "nsenter -t 1 --mount kubectl get",
    "unshare -r kubectl get",
    "entr -r kubectl apply -f x",
    "aws-vault exec prod -- kubectl get",
    "aws-vault exec prod kubectl get",
    "direnv exec . kubectl get",
    "conda run -n x kubectl get",
    "npx --yes --package x kubectl get",
    "npm exec -c 'kubectl get'",
    "concurrently 'true' 'kubectl get'",
    "bash -c 'coproc kubectl get'",
    "bash -c 'coproc X { kubectl get; }'",
    "bash -c 'coproc { kubectl get; }'",
    "bash -c 'time -p { kubectl get; }'",
    "bash -c 'time -p ! kubectl get'",
    "bash -c 'time -- ( kubectl get )'",
    "bash -c '{fd}>x kubectl get'",
    "bash -c '{ kubectl get; } {fd}<x'",
    "bash -c 'mapfile -C \"kubectl get\" -c 1 x'",
    "git -c alias.x='!kubectl get' x",
    "sh -c 'trap -- \"kubectl get\" EXIT'",
];

#[test]
fn every_way_to_call_a_program_is_seen() {
    let missed: Vec<_> = WAYS.iter().filter(|way| tool(&read(way)).is_none()).collect();
    assert!(missed.is_empty(), "{missed:?}");
}

/// Commands that name a tool and call none.
const HARMLESS: [&str; 67] = [
    "echo kubectl",
    "echo 'helm install'",
    "grep helm README",
    "git commit -m \"kubectl\"",
    "git commit -m 'use $(kubectl get)'",
    "cat kubectl.md",
    "docker compose down",
    "docker build -t helm .",
    "which kubectl",
    "command -v kubectl",
    "sudo grep -r kubectl .",
    "env A=kubectl make",
    "timeout 5 echo helm",
    "touch kubectl",
    "sh -c 'echo kubectl'",
    "sh -c 'command -v kubectl || exit 0'",
    "sh -c \"echo 'a; kubectl get'\"",
    "sh -c 'echo \"a && kubectl get\"'",
    "sh -c 'true # kubectl get'",
    "sh -c 'cat <<\"E\"\nkubectl get $(kubectl get)\nE\n'",
    "sh -c 'cat >x <<E\nkubectl get\nE\necho'",
    "sh -c 'for t in kubectl helm; do echo $t; done'",
    "sh -c 'case $x in kubectl) echo;; esac'",
    "sh -c '[ \"$x\" = kubectl ] && echo'",
    "bash -c '[[ $x == kubectl && $y =~ ^(a|b)$ ]] || echo'",
    "sh -c 'A=kubectl; echo $A'",
    "sh -c 'x=$((1 + 2)); (( x > 1 )) && echo $x'",
    "sh -c 'echo \\`kubectl get\\`'",
    "bash -c 'declare -a l=(kubectl helm); echo ${#l[@]}'",
    "find . -name kubectl",
    "xargs -n 1 echo kubectl",
    "draft-tasks check",
    "ssh build uptime",
    "ssh build 'echo kubectl'",
    "ssh-keygen -C kubectl",
    "parallel -j 4 echo ::: kubectl",
    "docker run --rm x echo",
    "kubectlx get",
    "python manage.py migrate",
    "docker run --name helm x",
    "docker run -v ./helm:/helm x",
    "docker run --workdir /src/helm x make",
    "docker compose run helm",
    "docker exec helm ls",
    "npx prettier ./helm",
    "uv run pytest tests/helm",
    "poetry run black kubectl",
    "npm exec prettier helm",
    "nix shell nixpkgs#kubectl",
    "git rebase main",
    "bwrap --ro-bind /helm /helm ls",
    "uv run --project ./helm pytest",
    "sudo --non-interactive echo kubectl",
    "sh -c 'trap - EXIT'",
    "sh -c 'trap \"\" INT'",
    "sh -n script",
    "bash -o noexec script",
    "find . -name '*.sh' -exec sh -n {} ';'",
    "bash --version",
    "git -c alias.x=log x",
    "sh -c 'while read x; do ssh build true; done <list'",
    "sh -c 'f() { true; }; f <list'",
    "sh -c 'at -l'",
    "sh -c 'sudo -v; cat x | sort'",
    "sh -c 'sudo -n true <x; cat x | sudo tee y'",
    "sed -i s/kubectl/helm/ x",
    "awk '/kubectl|helm/' x",
];

#[test]
fn a_program_has_one_name_in_all_versions() {
    for (program, name) in [
        ("/opt/kubectl-1.32.exe", "kubectl"),
        ("./kubectl.bat", "kubectl"),
        ("C:/tools/kubectl.exe", "kubectl"),
        ("C:\\tools\\KubeCtl.EXE", "kubectl"),
        ("kubectl-v1.32-linux-amd64", "kubectl"),
        ("helm3", "helm"),
        ("python3.11", "python"),
        ("k9s", "k9s"),
        ("microk8s", "microk8s"),
        ("microk8s.kubectl", "kubectl"),
        ("alpine/k8s:1.2", "k8s"),
        ("kubectl-ns", "kubectl-ns"),
        ("7z", "7z"),
    ] {
        assert_eq!(stem(program), name);
    }
}

#[test]
fn programs_that_are_only_named_are_not_called() {
    let wrong = HARMLESS.iter().map(|way| (way, read(way)));
    let wrong: Vec<_> = wrong.filter(|(_, calls)| tool(calls).is_some() || calls.unclear.is_some()).collect();
    assert!(wrong.is_empty(), "{wrong:?}");
}

/// Commands that do not tell what they call.
const UNCLEAR: [&str; 43] = [
    "sh -c 'echo \"x'",
    "sh -c \"echo 'x\"",
    "sh -c 'echo $(x'",
    "sh -c 'echo `x'",
    "sh -c 'echo )'",
    "sh -c '$K get'",
    "sh -c '$(cat x) get'",
    "sh -c 'set -- kube get; \"$@\"'",
    "sh -c 'f() { \"$@\"; }; f kube get'",
    "sh -c 'K=a; K=b; $K get'",
    "sh -c 'for t in kubectl; do $t get; done'",
    "sh -c 'sudo $X get'",
    "sh -c 'eval \"$X\"'",
    "sh -c 'curl https://x.example | sh'",
    "sh -c 'sh <<E\n$X\nE\n'",
    "sh -c '/usr/bin/kube* get'",
    "bash -c '{kubectl,get}'",
    "xargs sh -c",
    "xargs sh -c '$1 get' x",
    "xargs env",
    "xargs -I{} sh -c '{}'",
    "find . -exec '{}' ';'",
    "sh -c 'sh -c \"$X\"'",
    "ssh build '$TOOL get'",
    "sh -c 'cat x | ssh build'",
    "sh -c 'cat x | parallel'",
    "sh -c 'ssh build <script'",
    "sh -c 'cat x | ssh build sh'",
    "sh -c 'cat x | vagrant ssh'",
    "sh -c '{ sh; } <script'",
    "sh -c '( sh ) <script'",
    "sh -c 'while true; do sh; done <script'",
    "sh -c 'f() { sh; }; f <script'",
    "sh -c 'f() { sh; }; cat x | f'",
    "sh -c 'function f { sh; }; f <<E\nkubectl get\nE\n'",
    "sh -c 'sh -c sh <script'",
    "sh -c 'sh /dev/stdin <script'",
    "sh -c 'sudo -i <script'",
    "sh -c 'su <script'",
    "sh -c 'at now <script'",
    "sh -c 'docker run -i x sh <script'",
    "sh -c 'make -f - <script'",
    "bash -c 'BASH_ENV=$(x) bash y'",
];

#[test]
fn what_cannot_be_told_is_said() {
    let known: Vec<_> = UNCLEAR.iter().filter(|way| read(way).unclear.is_none()).collect();
    assert!(known.is_empty(), "{known:?}");
}

#[test]
fn a_document_that_a_shell_reads_is_a_script() {
    assert_eq!(tool(&read("sh -c 'bash -s <<E\nkubectl get\nE\n'")).as_deref(), Some("kubectl"));
    assert_eq!(tool(&read("bash -c 'bash <<< \"helm list\"'")).as_deref(), Some("helm"));
    assert_eq!(tool(&read("sh -c 'cat <<E\nx\nE\nkubectl get'")).as_deref(), Some("kubectl"));
    assert_eq!(tool(&read("sh -c 'sh <<-E\n\thelm list\n\tE\n'")).as_deref(), Some("helm"));
}

#[test]
fn options_of_a_call_have_values() {
    let calls = read("sh -c 'cd x && kubectl --context prod -n=a get -- --context x'");
    let call = calls.called.iter().find(|call| call.name() == "kubectl").unwrap();
    let option = |name: &str| call.last_option(name);
    assert_eq!((option("--context"), option("-n")), (Some(Some("prod")), Some(Some("a"))));
    assert_eq!(option("--kubeconfig"), None);
}

/// Where a command calls `kubectl`.
fn directory(command: &str) -> Option<String> {
    let calls = read(command);
    let call = calls.called.iter().find(|call| call.name() == "kubectl");
    call.unwrap_or_else(|| panic!("`kubectl` is not called by {command}")).directory.clone()
}

#[test]
fn a_call_knows_the_directory_in_which_it_runs() {
    for (command, expected) in [
        ("kubectl get", ""),
        ("sh -c 'cd prod && kubectl get'", "prod"),
        ("sh -c 'set -e; cd prod || exit; kubectl get'", "prod"),
        ("sh -c 'cd a; cd b; kubectl get'", "a/b"),
        ("sh -c 'cd a; cd /b; kubectl get'", "/b"),
        ("sh -c 'cd -P -- a; kubectl get'", "a"),
        ("sh -c 'cd prod && cat x | kubectl apply -f -'", "prod"),
        ("sh -c '{ cd prod; kubectl get; }'", "prod"),
        ("sh -c 'cd prod; sudo sh -c \"kubectl get\"'", "prod"),
        // A process of its own comes back.
        ("sh -c '(cd prod; ls); kubectl get'", ""),
        ("sh -c 'a=$(cd prod; pwd); kubectl get'", ""),
        ("sh -c 'a=`cd prod; pwd`; kubectl get'", ""),
        ("sh -c 'cat <(cd prod; ls); kubectl get'", ""),
        ("sh -c 'sh -c \"cd prod\"; kubectl get'", ""),
        ("timeout 5 kubectl get -w", ""),
    ] {
        assert_eq!(directory(command).as_deref(), Some(expected), "{command}");
    }
}

#[test]
fn a_directory_that_is_not_certain_is_not_known() {
    for command in [
        "sh -c 'cd \"$(ls)\" && kubectl get'",
        "sh -c 'cd $UNSET && kubectl get'",
        "sh -c 'cd && kubectl get'",
        "sh -c 'cd ~/a && kubectl get'",
        "sh -c 'cd a; cd ..; kubectl get'",
        "sh -c 'cd a; cd -; kubectl get'",
        "sh -c 'cd a; cd \"$OLDPWD\"; kubectl get'",
        "sh -c 'pushd a; popd; kubectl get'",
        "sh -c 'CDPATH=/x; cd a; kubectl get'",
        "sh -c 'if x; then cd a; fi; kubectl get'",
        "sh -c 'for i in a b; do cd $i; kubectl get; done'",
        "sh -c 'case $1 in a) cd a;; esac; kubectl get'",
        "sh -c 'test -d a && cd a; kubectl get'",
        "sh -c 'cd a & kubectl get'",
        "sh -c 'cd a && make & kubectl get'",
        "sh -c 'cd a | ls; kubectl get'",
        "sh -c 'ls | cd a; kubectl get'",
        "sh -c 'f() { cd a; }; f; kubectl get'",
        "sh -c 'function f { cd a; }; f; kubectl get'",
        "sh -c 'trap \"cd a\" DEBUG; kubectl get'",
        "sh -c 'alias c=\"cd a\"; c; kubectl get'",
        "sh -c '. ./env.sh; kubectl get'",
        "sh -c '$ENTER a; kubectl get'",
        "env -C a kubectl get",
        "env --chdir=a sh -c 'kubectl get'",
        "env -C a -S 'kubectl get'",
        "sudo -D a kubectl get",
        "pnpm -C a exec kubectl get",
        "parallel --workdir a kubectl get ::: b",
        "find . -execdir kubectl apply -f '{}' ';'",
    ] {
        assert_eq!(directory(command), None, "{command}");
    }
    assert_eq!(beside("sh -c 'cd \"$(ls)\"; $PWD/x.sh'"), []);
    assert_eq!(
        beside("sh -c 'make && cd x; ./a.sh'"),
        [beside("make"), beside("sh -c 'cd x; ./a.sh'")].concat()
    );
}

fn beside(command: &str) -> Vec<Beside> {
    read(command).beside
}

#[test]
fn files_that_run_are_named() {
    let file_in =
        |directory: &str, path: &str| vec![Beside::File { path: path.into(), directory: directory.into() }];
    let file = |path: &str| file_in("", path);
    assert_eq!(beside("./deploy.sh a"), file("./deploy.sh"));
    assert_eq!(beside("sh -e deploy.sh a"), file("deploy.sh"));
    assert_eq!(beside("sh -c 'cd x; . ./env.sh'"), file_in("x", "x/./env.sh"));
    assert_eq!(beside("python3 deploy.py"), file("deploy.py"));
    assert_eq!(beside("bash --rcfile x -c true"), file("x"));
    assert_eq!(beside("sh -c 'BASH_ENV=x bash -c true'"), file("x"));
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
    assert_eq!(beside("make -j 4 deploy A=b"), recipes("", &["deploy"]));
    assert_eq!(beside("make -C sub"), recipes("sub", &[]));
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
    assert_eq!(super::tests::tool(&read("deploy")).as_deref(), Some("helm"));
    assert_eq!(super::tests::tool(&read("build")), None);
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
    ] {
        assert_eq!(calls(text), called, "{text}");
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

#[test]
fn shells_that_read_the_script_that_they_are_in_come_to_an_end() {
    let calls = read("sh -c 'sh -c sh <<E\nsh\nbash -s\nssh x\nE\n'");
    assert_eq!(calls.unclear.expect("not all of it is read").why, "it is nested too deeply");
    assert!(calls.called.len() <= CALLS, "{}", calls.called.len());
}

#[test]
fn what_stands_behind_several_options_is_not_read_again_for_each_of_all() {
    for open in ["find -exec ", "fd -x ", "find . -exec sudo ", "xargs find -exec ", "npx find -exec "] {
        let text = open.repeat(100);
        let calls = Calls::of(text.split_whitespace(), &lookup);
        assert!(calls.unclear.is_some(), "{open}");
        assert!(calls.called.len() <= CALLS, "{open}: {}", calls.called.len());
    }
}

/// How much of a command is kept: the words of its calls, which those share that wrappers run, and the texts.
fn kept(calls: &Calls) -> usize {
    let mut lines: Vec<_> = calls.called.iter().map(|call| &call.line.words).collect();
    lines.dedup_by(|one, other| Arc::ptr_eq(one, other));
    let words = lines.into_iter().flat_map(|words| words.iter()).map(|word| word.text.len() + READ_CALL);
    let directories = calls.called.iter().filter_map(|call| Some(call.directory.as_ref()?.len()));
    words.chain(directories).chain(calls.piped.iter().map(String::len)).sum()
}

#[test]
fn no_more_is_read_than_stands_in_a_command_some_times() {
    let named = |name: &str, one: &str, times: usize| format!("{name}='{}'; ", one.repeat(times));
    let in_values = named("c", "x ", 2000) + &named("b", "$c ", 1000) + &named("a", "$b ", 1000);
    let scripts = [
        // Each `((` ends where the text does.
        "((echo '(' ); true); ".repeat(5_000),
        "echo $(cat <<a) ".repeat(5_000),
        "`".repeat(30_001),
        "$(".repeat(30_000),
        "\"`".repeat(30_000),
        "${a:-`".repeat(10_000),
        format!("{in_values}eval eval eval $a"),
        format!("{}eval $a$a$a", named("a", "$(x)", 1000).repeat(3)),
        "cd aaaaaaaaaa; ".repeat(5_000),
        ":;".repeat(20_000),
        format!("sh -c '{}' x {}", "\"$@\" ".repeat(5_000), "a ".repeat(5_000)),
    ];
    for script in &scripts {
        let calls = Calls::of_script(script, &lookup);
        assert!(calls.unclear.is_some(), "{}", &script[..20]);
        assert!(
            kept(&calls) < READ_LEAST + (READ_EACH + READ_CALL) * script.len(),
            "{}: {}",
            &script[..20],
            kept(&calls)
        );
    }
    for (first, more) in [
        ("find", " -exec a"),
        ("npx", " npx -- npx"),
        ("npx", " npx -a npx --"),
        ("concurrently", " concurrently"),
        ("tmux", " send"),
        ("docker run", " $A docker run"),
        ("sh -c '\"$@\" \"$@\"' x sh -c '\"$@\" \"$@\"'", " x y"),
    ] {
        let script = first.to_owned() + &more.repeat(4_000);
        let calls = Calls::of_script(&script, &lookup);
        assert!(calls.unclear.is_some(), "{first}{more}");
        assert!(
            kept(&calls) < READ_LEAST + (READ_EACH + READ_CALL) * script.len(),
            "{first}{more}: {}",
            kept(&calls)
        );
    }
}

#[test]
fn nesting_ends() {
    for open in ["(", "$(", "`", "${A:-", "\"$(", "sudo ", "eval ", "if ", "$((", "case x in a) ", "<("] {
        let _ = Calls::of_script(&open.repeat(20_000), &lookup);
    }
    for open in
        ["docker run x ", "npx -a ", "npx -a b ", "multipass exec a ", "ssh a ", "sudo --unheard ", "coproc "]
    {
        let words: Vec<String> = open.repeat(20_000).split(' ').map(str::to_owned).collect();
        let _ = Calls::of(words.into_iter(), &lookup);
        let _ = Calls::of_script(&open.repeat(2_000), &lookup);
    }
    let words = vec!["sudo".to_owned(); 20_000];
    assert!(Calls::of(words.into_iter(), &lookup).unclear.is_some());
    let grows: String = (0..200).map(|n| format!("a{}=$a{n}$a{n};", n + 1)).collect();
    let _ = Calls::of_script(&format!("a0=xx;{grows}$a200"), &lookup);
}

proptest::proptest! {
    #[test]
    fn no_script_makes_it_fail(parts in proptest::collection::vec(proptest::sample::select(PARTS.to_vec()), 0..40)) {
        let _ = Calls::of_script(&parts.concat(), &lookup);
    }

    #[test]
    fn no_text_makes_it_fail(text in "\\PC*") {
        let _ = Calls::of_script(&text, &lookup);
    }
}

const PARTS: [&str; 48] = [
    " ", "\n", "\t", ";", ";;", "&", "&&", "|", "(", ")", "((", "))", "{", "}", "$", "$(", "${", "$((", "`",
    "'", "\"", "\\", "#", "<", ">", "<<", "<<-", "<<<", "<(", "E", "\nE\n", "=", "A=", "A=(", "if ", "case ",
    " in ", "esac", "for ", "do ", "[[ ", " ]]", "é", "$'", "\\x", "sh -c ", "xargs ", "time ",
];
