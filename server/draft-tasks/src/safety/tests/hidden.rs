//! Clusters that commands choose in ways that are easily missed.

use super::*;

/// Scripts that reach another cluster than the current one.
const CHOSEN: [&str; 103] = [
    // A program that is known only when it runs, or behind what cannot be read.
    "T=$(which kubectl); $T --context prod delete ns x",
    "K=$(command -v kubectl); \"$K\" --context prod delete ns x",
    "$(echo kubectl) --context prod get",
    "`echo kubectl` --context prod get",
    "kube{ctl,ctl} --context prod get",
    "{kubectl,--context,prod,get}",
    "/opt/bin/kubect[l] --context prod get",
    "printf -v x kubectl; $x --context prod get",
    "read x <<< kubectl; $x --context prod get",
    "a=(kubectl --context prod get); \"${a[@]}\"",
    "x=xkubectl; ${x#x} --context prod get",
    "y=kubectl; x=y; ${!x} --context prod get",
    "source <(echo kubectl --context prod get)",
    "shopt -s extglob; rm -rf zz/!(keep); kubectl --context prod delete ns x",
    "IFS=,; x=kubectl,--context,prod,get; $x",
    "hash -p /opt/kubectl ls; ls --context prod get",
    "bash /dev/fd/3 3<<< 'kubectl --context prod get'",
    "PS4='$(kubectl --context prod get)'; set -x; true",
    "sh -c '((kubectl --context prod delete ns x))'",
    "dash -c 'true; ((kubectl --context prod get) | cat)'",
    "declare -n y=x; x=kubectl; $y --context prod get",
    "f() { local -n y=x; x=--context; kubectl $y prod get; }; f",
    "typeset -n y=x; x=prod; kubectl --context \"$y\" get",
    "echo a\r#b; kubectl --context prod get",
    "K=$(command -v kubectl); cp prod.yaml config; $K delete ns x",
    "K=$(command -v kubectl); . ./prod.env; $K delete ns x",
    "K=$(command -v kubectl); sed -i s,127.0.0.1,203.0.113.7, config; \"$K\" get",
    "$K --\"context\" prod get",
    "$K -s 203.0.113.1:443 delete ns x",
    // Options that are one, or that only one tool has.
    "kubectl --server https://127.0.0.1:1 -s https://203.0.113.7:6443 get pods",
    "tkn -c dev --context prod pipeline list",
    "tkn --context dev -c prod pipeline list",
    "istioctl -c prod.yaml install",
    "tkn -k prod.yaml pipeline list",
    "kubent -k prod.yaml",
    "kubent -x prod",
    "trivy k8s prod --report summary",
    "trivy k8s --report summary prod",
    // Clusters beside the current one.
    "clusterctl move --to-kubeconfig=prod.yaml",
    "cilium clustermesh connect --context dev --destination-context prod",
    "helmfile --args '--kube-context prod' apply",
    "werf converge --kube-config-base64=x",
    "WERF_KUBE_CONFIG_BASE64=x werf converge",
    // What ends options may be the value of one.
    "kubectl get pods -l -- --context prod",
    "kubectl get pods -n -- --context prod",
    // Other variables than those that are known.
    "export -n KUBECONFIG; kubectl get pods",
    "declare +x KUBECONFIG; kubectl get pods",
    "exec -c kubectl get pods",
    "direnv exec prod kubectl get pods",
    "dotenv -e prod.env -- kubectl get pods",
    "foreman run -e prod.env kubectl get pods",
    "op run --env-file=prod.env -- kubectl get pods",
    "chpst -e proddir kubectl get pods",
    "mise exec -- kubectl get pods",
    "systemd-run --user kubectl get pods",
    "bash -lc 'kubectl get pods'",
    "bash -ic 'kubectl get pods'",
    "bash --rcfile x -c 'kubectl get pods'",
    // The kubeconfig by another name.
    "cp prod.yaml config; kubectl get pods",
    "cat prod.yaml >config; kubectl get pods",
    "cd x; cp prod.yaml ../y/config; kubectl get pods",
    "ln -sf prod.yaml ./config; kubectl get pods",
    "sed -i s,127.0.0.1,203.0.113.7, ./config; kubectl get pods",
    "dd if=prod.yaml of=config; kubectl get pods",
    "perl -pi -e s,127.0.0.1,203.0.113.7, config; kubectl get pods",
    "cat prod.yaml | sponge config; kubectl get pods",
    "patch config prod.diff; kubectl get pods",
    "git checkout prod -- config; kubectl get pods",
    // A script that it writes.
    "echo 'kubectl --context prod get' >x.sh && sh x.sh",
    "cat >x.sh <<< 'kubectl --context prod get'; . ./x.sh",
    "printf 'kubectl get' >/tmp/x.sh; sh /tmp/x.sh",
    "cat <<E >x.sh\nkubectl --context prod get\nE\nsh x.sh",
    "shopt -s extglob\nrm -f !(.*|p*)zz\nkubectl --context prod get",
    "shopt -s extglob\ncase x in @(a|b)) ;; *) kubectl --context prod get;; esac",
    "fish -c 'echo (kubectl --context prod get)'",
    "cat <<'a\nb'\nx\na\nb\nkubectl --context prod get",
    "cat <<E\\\nOF\n$(kubectl --context prod get)\nEOF",
    "cat <<$(x)\nkubectl\nx\nkubectl --context prod get",
    "watch '((kubectl --context prod get))'",
    "git -c alias.x='!((kubectl --context prod get))' x",
    // Ways of tools' own.
    "argo --argo-server prod:2746 list",
    "argo --argo-server=prod:2746 list",
    "trivy kubernetes prod",
    "WERF_KUBECONFIG=prod.yaml werf converge",
    "KAPP_KUBECONFIG_YAML=x kapp deploy -a x",
    "TRIVY_KUBECONFIG=prod.yaml trivy k8s",
    "HELMFILE_FILE_PATH=sub/h.yaml helmfile apply",
    "oc --config=prod.yaml get pods",
    "kubectl foreach /prod/ -- delete ns x",
    "kubectl mc -r prod -- get pods",
    "kubectl allctx get pods",
    "kubectl-foreach /prod/ -- get pods",
    "kubectl --kuberc=./rc getprod",
    "KUBERC=./rc kubectl getprod",
    // What chooses the cluster of what follows.
    "devspace use context prod && kubectl delete ns x",
    "kubecm switch prod && kubectl delete ns x",
    "konf set prod",
    "kconf use prod",
    "gardenctl target --garden x",
    "az connectedk8s proxy -n x -g y",
    "k3sup install --merge --context prod",
    // An inner run that asks nothing.
    "draft-tasks -C sub run pre-up --context prod",
    "draft-tasks run pre-up --context=prod",
];

#[test]
fn a_cluster_that_is_chosen_is_asked_for_whatever_the_current_one_is() {
    let is_asked = |script: &str| {
        let dir = directory("dev");
        asked(dir.path(), &["bash", "-c", script]).iter().any(|foreign| !foreign.is_hint)
    };
    let missed: Vec<&str> = CHOSEN.into_iter().filter(|script| !is_asked(script)).collect();
    assert!(missed.is_empty(), "{missed:#?}");
}

#[test]
fn what_names_no_cluster_is_as_before() {
    for script in [
        "$X build",
        "\"$(which node)\" x.js",
        "kubectl --server https://10.0.0.5:6443 -s https://127.0.0.1:1 get",
        "tkn -c prod --context dev pipeline list",
        "trivy k8s cluster",
        "trivy image --severity HIGH k8s",
        "kubectl exec -it web -- ls -s",
        "kubectl exec web -i -t -- psql --server x",
        "systemd-run --user --scope kubectl get pods",
        "IFS=, read -r a b <x",
        "bash -c 'kubectl get pods'",
        "bash -lc 'npm test'",
        "cp a/config /etc/x/config; kubectl get pods",
        "echo 'npm test' >x.sh && sh x.sh",
        "PAGER=less git log",
        "ansible all -m ping",
        "draft-tasks run pre-up -q",
        "kyverno apply p.yaml -r x.yaml",
        "kubectl get svc switch",
        "kubectl --context dev get pod ctx",
        "kubectl logs ctx",
        "kubectl get pods mc",
        "bash -c '((i++)); ((n = (1 + 2) * i > 3)); kubectl get'",
        "git config user.name x; kubectl get",
        "perl -ne print config; kubectl get",
        "cp a b; . ./x.env; npm test",
        "$X build; cp a b",
    ] {
        assert_eq!(question("dev", &["bash", "-c", script]), "", "{script}");
    }
}

#[test]
fn what_runs_by_a_variable_or_by_another_name_is_asked_for() {
    let mut missed = Vec::new();
    for script in [
        "draft-tasks -C sub run pre-up -y",
        "draft-tasks -C sub run pre-up -qy",
        "DRAFT_TASKS_LOCAL_CONTEXTS=prod draft-tasks -C sub run pre-up",
        "env DRAFT_TASKS_LOCAL_CONTEXTS=prod draft-tasks -C sub run pre-up",
        "IFS=,; x=kubectl,get; $x",
        "bash /dev/fd/3 3<<< 'kubectl get'",
        "hash -p /opt/kubectl ls; ls get",
        "PS4=\"\\$(kubectl get)\"; set -x; true",
        "env GIT_EXTERNAL_DIFF='kubectl delete ns x' git diff --no-index a b",
        "GIT_SSH_COMMAND='kubectl exec x' git fetch",
        "zsh -c '=kubectl get'",
        "zsh -c 'noglob kubectl get'",
        "zsh -c 'repeat 1 kubectl get'",
        "fish -C 'kubectl get' -c true",
        "fish --init-command 'kubectl get' -c true",
        "pwsh -EncodedCommand a3ViZWN0bCBnZXQ=",
        "kctrl app delete -a x",
        "subctl join x",
        "kubeshark tap",
        "kyverno apply p.yaml --cluster",
        "k8sgpt analyze",
        "kubevpn connect",
        "k0s kubectl get pods",
        "ansible localhost -m kubernetes.core.k8s -a 'state=absent kind=Namespace name=x'",
        "ansible localhost -m k8s",
    ] {
        let dir = directory("prod");
        if asked(dir.path(), &["bash", "-c", script]).iter().all(|foreign| foreign.is_hint) {
            missed.push(script);
        }
    }
    assert!(missed.is_empty(), "{missed:#?}");
}

#[test]
fn a_script_that_chooses_its_cluster_is_a_hint_whatever_the_current_one_is() {
    for script in [
        "gcloud container clusters get-credentials prod --region eu\nkubectl delete ns x\n",
        "aws eks update-kubeconfig --name prod\nhelm upgrade x y\n",
        "ssh host kubectl delete ns x\n",
        "kubectl --context \"$1\" delete ns x\n",
        "K=$(command -v kubectl)\n$K --context prod delete ns x\n",
    ] {
        let dir = directory("dev");
        std::fs::write(dir.path().join("deploy.sh"), script).unwrap();
        let asked = asked(dir.path(), &["./deploy.sh", "prod"]);
        assert!(!asked.is_empty() && asked.iter().all(|it| it.is_hint), "{script}: {}", said(&asked));
    }
    let dir = directory("prod");
    std::fs::write(dir.path().join("deploy.sh"), "K=$(command -v kubectl)\n$K delete ns x\n").unwrap();
    assert!(said(&asked(dir.path(), &["./deploy.sh"])).contains("`./deploy.sh` calls `kubectl`"));
}

/// Ways to tell an inner run that it shall ask nothing.
const UNASKED: [&str; 22] = [
    "draft-tasks -y run pre-up",
    "draft-tasks run pre-up -y",
    "draft-tasks run pre-up -qy",
    "draft-tasks run pre-up --yes",
    "draft-tasks up --yes -- true",
    "./bin/draft-tasks run pre-up --yes",
    "draft-tasks.exe run pre-up --yes",
    "draft-tasks run pre-up --context prod",
    "draft-tasks run pre-up --context=prod",
    "DRAFT_TASKS_LOCAL_CONTEXTS=prod draft-tasks run pre-up",
    "DRAFT_TASKS_LOCAL_CONTEXTS=prod sudo -E draft-tasks run pre-up",
    "env DRAFT_TASKS_LOCAL_CONTEXTS=prod draft-tasks run pre-up",
    "env -i DRAFT_TASKS_LOCAL_CONTEXTS=prod draft-tasks run pre-up",
    "export DRAFT_TASKS_LOCAL_CONTEXTS=prod; draft-tasks run pre-up",
    "sudo -E DRAFT_TASKS_LOCAL_CONTEXTS=prod draft-tasks run pre-up",
    "sudo draft-tasks run pre-up -y",
    "sh -c 'draft-tasks run pre-up --yes'",
    "bash -ec 'cd x && draft-tasks up -y -- make'",
    "sh -c 'DRAFT_TASKS_LOCAL_CONTEXTS=prod draft-tasks run pre-up'",
    "xargs draft-tasks run --yes <phases",
    "find . -name x -execdir draft-tasks run pre-up -y ';'",
    "nohup draft-tasks rerun --failed -y &",
];

#[test]
fn an_inner_run_that_shall_ask_nothing_is_asked_for_wherever_it_stands() {
    let dir = directory("prod");
    let write = |name: &str, text: String| std::fs::write(dir.path().join(name), text).unwrap();
    for script in UNASKED {
        let own = asked(dir.path(), &["sh", "-c", script]);
        assert!(own.iter().any(|it| !it.is_hint), "{script}: {}", said(&own));
        write("deploy.sh", format!("{script}\n"));
        write("Makefile", format!("a:\n\t{}\n", script.replace('$', "$$")));
        for argv in [&["./deploy.sh"][..], &["make", "a"]] {
            let beside = asked(dir.path(), argv);
            assert!(
                !beside.is_empty() && beside.iter().all(|it| it.is_hint),
                "{script}, {argv:?}: {}",
                said(&beside)
            );
            assert!(said(&beside).contains("calls `draft-tasks`"), "{script}, {argv:?}: {}", said(&beside));
        }
    }
    for script in ["draft-tasks run pre-up", "draft-tasks check -q", "draft-tasks run pre-up --dry-run"] {
        write("deploy.sh", format!("{script}\n"));
        assert_eq!(said(&asked(dir.path(), &["./deploy.sh"])), "", "{script}");
        assert_eq!(said(&asked(dir.path(), &["sh", "-c", script])), "", "{script}");
    }
}

#[test]
fn commands_in_each_other_are_read_within_bounds() {
    for inner in ["find -exec ", "fd -x ", "find . -exec sudo ", "xargs find -exec ", "npx find -exec "] {
        let command = format!("{}kubectl get", inner.repeat(40));
        let argv: Vec<&str> = command.split(' ').collect();
        assert!(!question("prod", &argv).is_empty(), "{inner}");
    }
}

#[test]
fn a_private_address_behind_a_proxy_of_the_environment_is_that_of_its_network() {
    let dir = directory("dev");
    let config = CONFIG
        .replace("CURRENT", "kind-x")
        .replace("name: dev", "name: kind-x")
        .replace("127.0.0.1", "10.0.0.5");
    std::fs::write(dir.path().join("config"), config).unwrap();
    let asked = |variables: &[(&str, &str)], argv: &[&str]| {
        let mut request = request(dir.path(), argv);
        request.environment.extend(variables.iter().map(|(name, value)| (name.into(), value.into())));
        said(&foreign(&request, &Target::is_local))
    };
    let get = &["kubectl", "get"][..];
    let proxy = ("HTTPS_PROXY", "http://203.0.113.9:3128");
    assert_eq!(asked(&[], get), "");
    for argv in [get, &["kubectl", "--kubeconfig", "config", "get"]] {
        assert!(asked(&[proxy], argv).contains("(https://10.0.0.5:6443, by the proxy of the environment)"));
    }
    assert_eq!(asked(&[proxy, ("NO_PROXY", "10.0.0.0/8")], get), "");
}
