use std::ffi::OsStr;
use std::path::Path;

use draft_tasks_analysis::phase::Phase;
use draft_tasks_analysis::plan::{Plan, Step};
use draft_tasks_executor::mask::Secrets;
use draft_tasks_executor::{Limits, OnFailure};
use tempfile::TempDir;

use super::*;

const CONFIG: &str = "apiVersion: v1
kind: Config
current-context: CURRENT
contexts:
- {name: prod, context: {cluster: far, user: u}}
- {name: dev, context: {cluster: near, user: u}}
clusters:
- {name: far, cluster: {server: 'https://cluster.example:6443'}}
- {name: near, cluster: {server: 'https://127.0.0.1:6443'}}
users: [{name: u, user: {}}]
";

/// A directory whose kubeconfig has this current context.
fn directory(current: &str) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("config"), CONFIG.replace("CURRENT", current)).unwrap();
    dir
}

fn request(dir: &Path, argv: &[&str]) -> RunRequest {
    let argv: Vec<String> = argv.iter().map(|word| (*word).to_owned()).collect();
    let step = Step { task: "a".into(), command: argv.join(" "), argv, ..Step::default() };
    RunRequest {
        plan: Plan { subject: Phase::PreUp.into(), steps: vec![step] },
        directory: dir.to_owned(),
        environment: vec![("KUBECONFIG".into(), dir.join("config").into())],
        on_failure: OnFailure::Stop,
        grace: std::time::Duration::ZERO,
        limits: Limits::default(),
        secrets: Secrets::default(),
        finds_problems: false,
        on_terminal: false,
        pods: None,
        pinned: None,
    }
}

fn asked(dir: &Path, argv: &[&str]) -> Vec<Foreign> {
    foreign(&request(dir, argv), &Target::is_local)
}

fn question(current: &str, argv: &[&str]) -> String {
    let dir = directory(current);
    let asked = asked(dir.path(), argv);
    said(&asked)
}

/// The question, without a word where nothing is asked.
fn said(asked: &[Foreign]) -> String {
    if asked.is_empty() { String::new() } else { super::question(&asked.iter().collect::<Vec<_>>()) }
}

#[test]
fn a_call_of_a_tool_is_asked_for_where_the_cluster_is_not_local() {
    let place =
        "on a cluster that is not local: context prod, namespace default (https://cluster.example:6443)?";
    assert_eq!(question("prod", &["helm", "list"]), format!("run pre-up: `a` (`helm list`) {place}"));
    assert_eq!(
        question("prod", &["sh", "-c", "true&&kubectl version"]),
        format!("run pre-up: `a` (`sh -c true&&kubectl version`) {place}")
    );
    assert_eq!(
        question("prod", &["sh", "-c", "echo $(x"]),
        format!("run pre-up: `a` (`sh -c echo $(x`; a `(` or `case` is not closed) {place}")
    );
    assert_eq!(question("prod", &["echo", "kubectl"]), "");
    assert_eq!(question("dev", &["helm", "list"]), "");
    assert_eq!(question("dev", &["sh", "-c", "$X"]), "");
}

#[test]
fn a_kubeconfig_is_looked_for_where_the_call_runs() {
    let dir = directory("dev");
    let prod = dir.path().join("prod");
    std::fs::create_dir(&prod).unwrap();
    std::fs::write(prod.join("config"), CONFIG.replace("CURRENT", "prod")).unwrap();
    let asked = |script: &str| said(&asked(dir.path(), &["sh", "-c", script]));
    for script in [
        "kubectl --kubeconfig=config apply",
        "kubectl --kubeconfig=./config apply",
        "(cd prod && ls); kubectl --kubeconfig=config apply",
    ] {
        assert_eq!(asked(script), "", "{script}");
    }
    for script in [
        "cd prod && kubectl --kubeconfig=config apply",
        "cd prod && KUBECONFIG=config helm list",
        "cd prod; kubectl --kubeconfig=./config apply",
    ] {
        assert!(asked(script).contains("context prod"), "{script}: {}", asked(script));
    }
    for script in [
        "cd \"$(ls -d p*)\" && kubectl --kubeconfig=config apply",
        "if true; then cd prod; fi; kubectl --kubeconfig=config apply",
        "env -C prod kubectl --kubeconfig=config apply",
        ". ./f; kubectl --kubeconfig config --context dev get",
    ] {
        let unknown = "the directory of its kubeconfig is known only when it runs";
        assert!(asked(script).contains(unknown), "{script}: {}", asked(script));
    }
}

/// What the question before one shell script says.
fn asked_before(script: &str) -> String {
    question("prod", &["sh", "-c", script])
}

#[test]
fn commands_that_reach_no_cluster_are_not_asked_for() {
    for script in [
        "helm lint charts/web",
        "for chart in charts/*; do helm lint $chart; done",
        "helm template web charts/web -f values.yaml > out.yaml",
        "helm -n a --kube-context=prod template web .",
        "helm dependency update charts/web",
        "helm dep build",
        "helm package charts/web --version 1.2.3",
        "helm repo add stable https://charts.example && helm repo update",
        "helm pull bitnami/redis",
        "helm show values bitnami/redis",
        "helm version --short",
        "helm plugin list",
        "kubectl version --client -o json",
        "kubectl version --client=true",
        "kubectl --help",
        "kubectl -h",
        "helm --help",
        "stern --help",
        "helm --debug lint charts/web",
        "helm --debug --kube-context prod template web .",
        "helmfile lint",
        "kubectl label --local -f x.yaml a=b -o yaml",
        "kubectl set image -f x.yaml web=web:1 --local -o yaml",
        "kubectl -n a patch --local=true -f x.yaml -p x",
        "docker run --name helm x",
        "docker run -v ./helm:/helm x ls /helm",
        "uv run pytest tests/helm",
        "sh -n deploy.sh",
        "find . -name '*.sh' -exec sh -n {} ';'",
        "trap - EXIT",
        "yamllint helm",
        "foo kubectl",
        "foo helm/values.yaml x",
        "brew install kubectl helm",
        "echo kubectl apply",
        "write draft post",
        "kubectl --context prod version --client",
        "kubectl config view --minify",
        "test \"$(kubectl config current-context)\" = prod",
        "kubectl config get-contexts",
        "kubectl create secret generic a --from-literal=b=c --dry-run=client -o yaml",
        "kubectl create ns demo --dry-run=client -o yaml | tee ns.yaml",
        "kubectl kustomize overlays/dev",
        "kubectl completion bash",
        "oc version --client",
        "kustomize build overlays/dev",
        "kustomize edit set image web=web:1",
        "skaffold version",
        "k9s version",
        "argocd version --client",
        "draft create --app web",
        "docker run --rm alpine/helm:3.15 lint .",
        "timeout 5 helm lint .",
        "kubectl",
        "helm",
        "kubectl get pods --help",
        "kubectl -n a apply -h",
        "helm upgrade --help",
        "kubectl create job a --image=b --dry-run=client -o yaml",
        "kubectl create pdb a --selector=b --min-available=1 --dry-run=client",
        "helm plugin install https://git.example/x",
        "helm diff version",
        "helm unittest charts/web",
        "helmfile deps",
        "helmfile --environment prod template",
        "helmfile --version",
        "istioctl manifest generate -f x.yaml",
        "istioctl profile list",
        "flux --version",
        "flux create source git a --url=b --export",
        "kubeseal --version",
        "stern --version",
        "velero version --client-only",
        "kubectx --help",
        "skaffold init --force",
        "skaffold schema list",
        "eksctl version",
        "sudo -l",
        "$JAVA_HOME/bin/java -version",
        "${VIRTUAL_ENV}/bin/pytest",
        "\"$(dirname x)/bin/tool\" x",
        "$PWD/scripts/lint",
        "$(npm bin)/eslint .",
        "fd . -x helm lint",
        "vim -c 'w !cat' -c q",
        "dapr run --app-id a -- ./a",
        "terraform apply -auto-approve",
        "pulumi up --yes",
        "ansible-playbook site.yml",
    ] {
        assert_eq!(asked_before(script), "", "{script}");
    }
}

#[test]
fn commands_that_may_reach_a_cluster_are_asked_for() {
    for script in [
        "virtctl start x",
        "ct install",
        "helm list",
        "helm template web . --validate",
        "helm template web . --dry-run=server",
        "helm template web . --post-renderer ./x",
        "helm template web . $MORE",
        "xargs helm template web .",
        "helm $OPTIONS lint",
        "helm lint$MORE",
        "helm -f lint upgrade web .",
        "helm lint . && helm upgrade web .",
        "helm template web . | kubectl apply -f -",
        "helm upgrade web . --dry-run",
        "helm secrets lint",
        "kubectl version",
        "kubectl version $CLIENT",
        "kubectl version --client=true --client=false",
        "kubectl exec web --help",
        "kubectl exec web -- ls -h",
        "kubectl label pod web a=b",
        "kubectl label -f x a=b --local=false",
        "kubectl annotate pod web -- --local",
        "kubectl delete ns a --local",
        "kubectl set env --local -f x --from=configmap/a",
        "helm --debug upgrade web .",
        "helmfile apply",
        "ssh -o ProxyCommand='kubectl port-forward x' host true",
        "rsync -e 'kubectl exec -i' a b",
        "rsync --rsh='kubectl exec -i' a b",
        "socat EXEC:'kubectl exec x' -",
        "start-stop-daemon --start --exec /usr/bin/kubectl",
        "git -c core.sshCommand='kubectl x' fetch",
        "foo --bar kubectl apply -f x",
        "unheard-of -- /usr/bin/kubectl get pods",
        "kubectl version --client --client=false",
        "kubectl -n version get pods",
        "kubectl config use-context prod",
        "kubectl config set-context --current --namespace=a",
        "kubectl apply -f x --dry-run=client",
        "kubectl create -f x --dry-run=client",
        "kubectl create ns demo",
        "kubectl create ns demo --dry-run=server",
        "kubectl create ns demo --dry-run=client --dry-run=none",
        "kubectl create deployment a --image=b -- sh --dry-run=client",
        "kubectl create role a --verb=get --resource=pods --dry-run=client",
        "kubectl kustomize . --enable-alpha-plugins",
        "kubectl lint",
        "kubectl-version --client",
        "kubectl-version --help",
        "kubectl ctx --help",
        "kubectl get pods -n --help",
        "kubectl run web --help",
        "kubectl create cm a --from-literal --dry-run=client",
        "kubectl create job a --from=cronjob/b --dry-run=client",
        "kubectl get $X --help",
        "helm secrets upgrade --help",
        "xargs kubectl",
        "alias k=kubectl; k get pods",
        "docker run bitnami/kubectl",
        "flux create source git a",
        "istioctl manifest generate --cluster-specific",
        "istioctl manifest install",
        "velero version",
        "helmfile template --args --validate",
        "skaffold run",
        "rancher clusters ls",
        "garden deploy",
        "calicoctl get nodes",
        "eksctl get cluster",
        "fd . -x kubectl apply -f",
        "$RUNNER/deploy",
        "$RUNNER/bin/deploy.sh",
        "$RUNNER/bin/kubectl get",
        "$RUNNER/bin/sh -c 'kubectl get'",
        "kustomize build . --enable-exec",
        "k9s",
        "k9s --context prod",
        "tilt up",
        "flux check --pre",
        "argocd version",
        "stern web",
        "kubectx prod",
        "minikube kubectl -- get pods",
        "k3s kubectl get pods",
        "microk8s kubectl get pods",
        "dapr status -k",
        "dapr uninstall --kubernetes",
    ] {
        let asked = asked_before(script);
        assert!(
            asked.contains(" on a cluster that is not local") || asked.contains(" on an unknown cluster"),
            "{script}: {asked}"
        );
    }
}

#[test]
fn nobody_knows_which_cluster_another_machine_reaches() {
    for script in [
        "ssh build <deploy.sh",
        "cat deploy.sh | ssh build sh -s",
        "vagrant ssh <deploy.sh",
        "echo $(x; ssh build \"$X\")",
        "$X; ssh build \"$X\"",
    ] {
        let question = question("dev", &["sh", "-c", script]);
        assert!(
            question.ends_with(" on an unknown cluster: it runs on another machine?"),
            "{script}: {question}"
        );
    }
    let without = tempfile::tempdir().unwrap();
    assert_eq!(asked(without.path(), &["sh", "-c", "ssh build <deploy.sh"]).len(), 1);
    for current in ["dev", "prod"] {
        assert_eq!(
            question(current, &["ssh", "build", "kubectl", "delete", "ns", "a"]),
            "run pre-up: `a` (`ssh build kubectl delete ns a`) on an unknown cluster: it runs on another machine?"
        );
        assert_eq!(question(current, &["ssh", "build", "kubectl version --client; ./deploy.sh"]), "");
    }
}

#[test]
fn a_cluster_that_a_command_names_goes_before_the_current_one() {
    for argv in [
        &["kubectl", "--context", "prod", "get"][..],
        &["sudo", "-E", "kubectl", "get", "--context=prod"],
        &["kubectl", "--context", "dev", "get", "--context", "prod"],
        &["kubectl", "config", "use-context", "prod"],
        &["kubectx", "prod"],
        &["tkn", "-c", "prod", "list"],
        &["kubetail", "web", "-t", "prod"],
        &["crossplane", "beta", "trace", "x", "y", "-c", "prod"],
        &["helm", "--kube-context", "prod", "list"],
        &["env", "HELM_KUBECONTEXT=prod", "helm", "list"],
        &["sh", "-c", ": ${HELM_KUBECONTEXT:=prod}; helm list"],
        &["kapp", "list", "--kubeconfig-context", "prod"],
        &["velero", "--kubecontext=prod", "get", "backups"],
        &["vim", "-c", "!kubectl --context prod get", "-c", "q"],
        &["nvim", "--headless", "+silent !kubectl --context prod get", "+q"],
        &["vim", "-c", "call system('kubectl --context prod get')"],
        &["expect", "-c", "spawn kubectl --context prod get; expect eof"],
        &["script", "-q", "/dev/null", "kubectl", "--context", "prod", "get"],
        &["sh", "-c", "compgen -C 'kubectl --context prod get'"],
        &["sh", "-c", "$SUDO kubectl --context prod get"],
        &["watch", "kubectl --context prod get"],
        &["entr", "-s", "kubectl --context prod get"],
        &["unshare", "-r", "kubectl", "--context", "prod", "get"],
    ] {
        assert!(question("dev", argv).contains("context prod"), "{argv:?}");
    }
    assert_eq!(question("prod", &["kubectl", "--context", "dev", "get"]), "");
}

/// Scripts that reach an unknown cluster.
const NOT_KNOWN: [&str; 134] = [
    "oc project prod && helm list",
    "tk apply x",
    "kubefwd svc -x prod",
    "consul-k8s -context=prod uninstall",
    "kubectl get ns -ws https://10.0.0.5:6443",
    "kubectl get ns -wshttps://10.0.0.5:6443",
    "kubectl logs -fs https://10.0.0.5:6443 x",
    "kubectl delete ns a -n $NS --context=dev",
    "helm upgrade x y --set $MORE --kube-context=dev",
    "kubectl delete ns a -n --context=dev",
    "helm upgrade x y --description --kube-context=dev",
    "kubectl delete pod -l --context dev",
    "kubectl delete pod -Rl --context dev",
    "kubectl delete ns a -n --server=https://127.0.0.1:6443",
    "kubectl delete ns a -n --kubeconfig=config",
    "kubectl --context \"$(echo prod)\" delete ns a",
    "for c in dev prod; do kubectl --context $c delete ns a; done",
    "for c in dev prod; do helm --kube-context=$c uninstall a; done",
    "kubectl $(echo --context prod) delete ns a",
    "kubectl delete \"$X\"",
    "kubectl delete ns \"-$X\"",
    "read A <x; kubectl $A delete ns a",
    "echo prod | xargs kubectl delete ns a --context",
    "echo prod | xargs kubectl delete ns",
    "echo prod | xargs -I{} kubectl --context {} delete ns a",
    "echo prod | xargs -I% kubectl --context % delete ns a",
    "echo prod | xargs --replace kubectl --context {} delete ns a",
    "parallel kubectl --context {} delete ns a ::: dev prod",
    "parallel -I% kubectl --context % delete ns a ::: dev prod",
    "find . -exec kubectl --context {} get ';'",
    "kubectl --context nosuch delete ns a",
    "kubectl --context dev get; kubectl --context nosuch get",
    "kubectl --cluster far delete ns a",
    "kubectl --cluster=far delete ns a",
    "kubectl --server https://10.0.0.5:6443 delete ns a",
    "kubectl -s https://10.0.0.5:6443 delete ns a",
    "kubectl -shttps://10.0.0.5:6443 delete ns a",
    "kubectl --server $S delete ns a",
    "helm --kube-apiserver https://10.0.0.5:6443 list",
    "HELM_KUBEAPISERVER=https://10.0.0.5:6443 helm list",
    "HELM_KUBECONTEXT=$(x) helm list",
    "KUBERNETES_MASTER=https://10.0.0.5:6443 kubectl get",
    "kubectl config use-context $X",
    "kubectl config set-cluster near --server https://10.0.0.5:6443",
    "kubectl config set-context dev --cluster far",
    "kubectl config set contexts.dev.cluster far",
    "kubectx",
    "kubectx -",
    "oc login https://10.0.0.5:6443",
    "gcloud --project x container clusters get-credentials prod",
    "aws eks update-kubeconfig --name prod",
    "az aks get-credentials -n prod",
    "doctl kubernetes cluster kubeconfig save prod",
    "kubelogin convert-kubeconfig",
    "kubie ctx prod",
    "kubeswitch prod",
    "KUBECONFIG= kubectl get",
    "export KUBECONFIG=$(mktemp); kubectl get",
    "unset KUBECONFIG; kubectl get",
    "env -u KUBECONFIG kubectl get",
    "env --unset=KUBECONFIG kubectl get",
    "env -i PATH=/bin kubectl get",
    "env - kubectl get",
    "sudo kubectl get",
    "sudo --preserve-env=PATH kubectl get",
    "sudo sh -c 'kubectl get'",
    "doas kubectl get",
    "su - ann -c 'kubectl get'",
    "docker run --rm bitnami/kubectl get",
    "docker run -v ~/.kube:/root/.kube --entrypoint kubectl img get",
    "docker exec kind-control-plane kubectl get",
    "podman run img sh -c 'kubectl get'",
    "ssh build kubectl get",
    "ssh -t build -- kubectl get",
    "ssh build sh -s <<E\nkubectl get\nE\n",
    "sshpass -p x ssh build kubectl get",
    "mosh build -- kubectl get",
    "vagrant ssh -c 'kubectl get'",
    "multipass exec web -- kubectl get",
    "limactl shell default kubectl get",
    "colima ssh -- kubectl get",
    "gcloud compute ssh web --command='kubectl get'",
    "docker run --entrypoint kubectl img get",
    "docker run --entrypoint '[\"sh\", \"-c\", \"echo a,b; kubectl get\"]' img",
    "docker compose run --entrypoint 'kubectl get' tools",
    "sh -c 'kubectl ctx prod && kubectl get'",
    "kubectl switch prod",
    "docker run -i img sh <<E\nkubectl get\nE\n",
    "docker-compose run tools kubectl get",
    "sudo -s <<E\nkubectl get\nE\n",
    "sudo --login <<E\nkubectl get\nE\n",
    "su ann --session-command 'kubectl get'",
    "sudo --unheard x kubectl get",
    "chroot /mnt kubectl get",
    "gosu ann kubectl get",
    "set -a; . ./f; kubectl get",
    ". ./f; kubectl get",
    "source f && kubectl get",
    "eval \"$(cat f)\"; kubectl get",
    "eval \"$(x env)\" && helm list",
    "printf -v KUBECONFIG %s x; kubectl get",
    "declare -n R=KUBECONFIG; R=x; kubectl get",
    "typeset -nx R=KUBECONFIG; R=x; kubectl get",
    "env $(cat f) kubectl get",
    "env A=b $(cat f) kubectl get",
    "export $(cat f); kubectl get",
    "export \"$(cat f)\" && kubectl get",
    "read -r KUBECONFIG <f; kubectl get",
    "read -r \"$X\" <f; kubectl get",
    "set -x KUBECONFIG f; kubectl get",
    "setenv KUBECONFIG f; kubectl get",
    "cmd /c 'set KUBECONFIG=f&& kubectl get'",
    "pwsh -c '$env:KUBECONFIG = \"f\"; kubectl get'",
    "kubectl --{context,namespace}=x get",
    "kubectl -{n,-context}=x get",
    "kubectl {--context=prod,get}",
    "alias k=kubectl; k --context prod get",
    "cp prod ~/.kube/config && kubectl get",
    "cat prod >$KUBECONFIG; kubectl get",
    "x | tee \"$KUBECONFIG\"; helm list",
    "argocd app list",
    "rancher clusters ls",
    "garden deploy",
    "calicoctl get nodes",
    "eksctl get cluster",
    "tmux send-keys -t x 'kubectl get' Enter",
    "tmux send-keys kubectl Space get C-m",
    "tmux new-window 'kubectl get'",
    "tmux new -d x \\; send-keys 'kubectl get' Enter",
    "screen -S x -X stuff 'kubectl get\n'",
    "aws ssm send-command --instance-ids i --parameters 'commands=[\"x\",\"kubectl get\"]'",
    "az vm run-command invoke -n x --scripts 'kubectl get'",
    "ansible all -m shell -a 'kubectl get'",
    "docker run --entrypoint '' img kubectl get",
];

#[test]
fn what_is_not_known_is_never_the_current_cluster() {
    for script in NOT_KNOWN {
        let question = question("dev", &["sh", "-c", script]);
        assert!(question.contains(" on an unknown cluster: "), "{script}: {question}");
    }
}

#[test]
fn what_is_not_known_of_a_call_may_say_nothing_of_its_cluster() {
    for script in [
        "for f in *.yaml; do kubectl apply -f $f; done",
        "kubectl get pods -n \"$N\"",
        "kubectl delete \"pod/$X\"",
        "kubectl exec web -- sh -c \"$X\"",
        "kubectl create secret generic a --from-literal=a=$(x)",
        "find . -name '*.yaml' -exec kubectl apply -f {} ';'",
        "kubectl --server https://127.0.0.1:6443 get",
        "kubectl config use-context dev && kubectl get",
        "kubectl config set-context --current --namespace=a",
        "sudo -E kubectl get",
        "sudo --preserve-env=KUBECONFIG kubectl get",
        "sudo apt install x; kubectl get",
        "env -u X kubectl get",
        "HOME=/x kubectl get",
        "docker run --rm alpine/helm lint .",
        "argocd --core app list",
        ": ${KUBECONFIG:=x}; kubectl get",
        "kubectl get -n \"$N\" -wA --context=dev",
        "helm upgrade -i --wait --kube-context dev a b --set c=$D",
        "kubectl apply -f $F --context=dev",
        "kubectl get -na --context=dev",
        "kubectl apply -fsite.yaml",
        "kubectl get -nws -wA",
        "echo >out; kubectl get",
        "cat \"$KUBECONFIG\"; kubectl get",
    ] {
        assert_eq!(question("dev", &["sh", "-c", script]), "", "{script}");
    }
}

#[test]
fn a_tool_in_what_is_piped_may_reach_any_cluster() {
    for script in [
        "echo kubectl --context prod delete ns a | sh",
        "echo 'kubectl get' | sed 's/get/& --context prod/' | bash -s",
        "printf 'helm list --kube-context %s\\n' $X | sh",
        "cat <<E | bash\nkubectl --context $X get\nE",
        "cat <<'E' | sed s/a/b/ | sh -e\nset -x\n/usr/bin/kubectl --context prod get\nE",
        "cat <<<'kubectl --context prod get' | sh",
        "echo '--context prod get' | xargs -I{} sh -c 'echo kubectl {}' | sh",
        "echo 'kubectl --context prod get' | xargs -I{} sh -c '{}'",
        "echo kubectl | xargs -I{} {} --context prod get",
        "echo 'kubectl --context prod get' | (read x; eval \"$x\")",
        "echo 'kubectl --context prod get' | while read x; do $x; done",
        "(echo set -e; echo helm list) | sh",
        "{ echo kubectl get; } | tee log | sh",
    ] {
        let question = question("dev", &["sh", "-c", script]);
        assert!(question.contains(" on an unknown cluster: `"), "{script}: {question}");
        assert!(question.contains("` is in what is piped?"), "{script}: {question}");
    }
    for script in [
        "echo npm test | sh",
        "curl -fsSL https://x/install.sh | sh",
        "echo kubectl get; curl -fsSL https://x/install.sh >x; $X",
        "cat <<E | sh\nnpm ci\nE",
        "echo \"kubectl get\" | tee log",
        "echo y | ./install.sh --with-kubectl",
        "echo kubectl | grep k",
    ] {
        assert_eq!(question("dev", &["sh", "-c", script]), "", "{script}");
    }
}

#[test]
fn only_a_kubeconfig_that_is_not_there_leads_nowhere() {
    let dir = directory("nosuch");
    let words = &["kubectl", "get"][..];
    let asked_with = |text: &str| {
        std::fs::write(dir.path().join("config"), text).unwrap();
        let asked = asked(dir.path(), words);
        said(&asked)
    };
    for text in ["{ not: [yaml", "contexts: []", "current-context: x", &CONFIG.replace("CURRENT", "")] {
        assert!(asked_with(text).contains("on an unknown cluster: the kubeconfig "), "{text}");
    }
    std::fs::remove_file(dir.path().join("config")).unwrap();
    assert!(asked(dir.path(), words).is_empty());
    for argv in [
        &["kubectl", "--server", "https://10.0.0.5:6443", "get"][..],
        &["kubectl", "--kubeconfig", "none", "get"],
        &["oc", "login", "https://10.0.0.5:6443"],
        &["sh", "-c", "KUBERNETES_MASTER=https://10.0.0.5 kubectl get"],
    ] {
        assert_eq!(asked(dir.path(), argv).len(), 1, "{argv:?}");
    }
}

#[test]
fn another_home_has_another_kubeconfig() {
    let dir = directory("dev");
    std::fs::create_dir(dir.path().join(".kube")).unwrap();
    std::fs::rename(dir.path().join("config"), dir.path().join(".kube/config")).unwrap();
    let mut request = request(dir.path(), &["env", "HOME=/x", "kubectl", "get"]);
    request.environment = vec![("HOME".into(), dir.path().into())];
    assert_eq!(foreign(&request, &Target::is_local).len(), 1);
    request.plan.steps[0].argv.remove(1);
    assert!(foreign(&request, &Target::is_local).is_empty());
}

#[test]
fn a_kubeconfig_that_a_command_names_goes_before_the_users_own() {
    let dir = directory("dev");
    std::fs::write(dir.path().join("other"), CONFIG.replace("CURRENT", "prod")).unwrap();
    for argv in [
        &["kubectl", "--kubeconfig", "other", "get"][..],
        &["env", "KUBECONFIG=other", "kubectl", "get"],
        &["sh", "-c", "export KUBECONFIG=other; kubectl get"],
    ] {
        assert!(said(&asked(dir.path(), argv)).contains("context prod"), "{argv:?}");
    }
    for argv in
        [&["kubectl", "--kubeconfig", "none", "get"][..], &["sh", "-c", "KUBECONFIG=$(x) kubectl get"]]
    {
        let asked = asked(dir.path(), argv);
        assert!(said(&asked).contains("on an unknown cluster: "), "{asked:?}");
    }
    assert!(asked(dir.path(), &["kubectl", "--kubeconfig", "config", "get"]).is_empty());
}

#[test]
fn each_cluster_is_asked_for_once() {
    let script = "kubectl get; helm list; kubectl --context dev get";
    assert_eq!(question("prod", &["sh", "-c", script]).matches("sh -c").count(), 1);
}

#[test]
fn a_question_names_all_that_it_covers_and_no_secret() {
    let dir = directory("prod");
    std::fs::write(dir.path().join("Makefile"), "deploy:\n\tkubectl apply -f x\n").unwrap();
    let mut request = request(dir.path(), &[]);
    let long = format!("kubectl get {}", "x".repeat(100));
    let commands = [
        ("make", "make deploy"),
        ("plain", "kubectl get pods"),
        ("sudo", "sudo helm list"),
        ("echo", "echo kubectl"),
        ("token", "helm list --token hunter22"),
        ("long", long.as_str()),
        ("far", "ssh build helm list"),
    ];
    let step = |(task, command): (&str, &str)| Step {
        task: task.into(),
        command: command.into(),
        argv: command.split(' ').map(str::to_owned).collect(),
        ..Step::default()
    };
    request.plan.steps = commands.into_iter().map(step).collect();
    request.secrets = Secrets::new([OsStr::new("hunter22")]);
    let place =
        "on a cluster that is not local: context prod, namespace default (https://cluster.example:6443)";
    let asked = said(&foreign(&request, &Target::is_local));
    let short = format!("kubectl get {}…", "x".repeat(67));
    let expected = [
        "run pre-up: `make` (`make deploy`; `Makefile` calls `kubectl`), `plain` (`kubectl get pods`), "
            .into(),
        format!("`token` (`helm list --token ***`), `long` (`{short}`) {place}; "),
        "`sudo` (`sudo helm list`) on an unknown cluster: ".into(),
        "`far` (`ssh build helm list`) on an unknown cluster: it runs on another machine?".into(),
    ];
    for part in expected {
        assert!(asked.contains(&part), "{part} is not in {asked}");
    }
    assert!(!asked.contains("`echo`"), "{asked}");
}

#[test]
fn an_address_of_this_machine_that_is_not_its_own_says_why() {
    for (key, why) in [
        ("proxy-url: 'http://p:1'", "by its `proxy-url`"),
        ("tls-server-name: x", "with its `tls-server-name`"),
    ] {
        let dir = directory("dev");
        let config = CONFIG
            .replace("CURRENT", "dev")
            .replace("server: 'https://127", &format!("{key}, server: 'https://127"));
        std::fs::write(dir.path().join("config"), config).unwrap();
        let asked = said(&asked(dir.path(), &["kubectl", "get"]));
        assert!(asked.contains(&format!("(https://127.0.0.1:6443, {why}")), "{asked}");
    }
}

#[test]
fn files_beside_a_command_ask_for_no_local_cluster() {
    let dir = directory("dev");
    std::fs::write(dir.path().join("deploy.sh"), "kubectl delete \"$1\"\nkubectl $OPTIONS get\n").unwrap();
    for argv in [&["sh", "deploy.sh", "pod/x"][..], &["./deploy.sh"], &["foo", "kubectl", "get"]] {
        assert!(asked(dir.path(), argv).is_empty(), "{argv:?}");
    }
}

#[test]
fn files_beside_a_command_lead_to_the_contexts_that_they_name() {
    let dir = directory("dev");
    let write = |name: &str, text: &str| std::fs::write(dir.path().join(name), text).unwrap();
    write("Makefile", "prod:\n\tkubectl --context prod get x\ndev:\n\tkubectl --context dev get x\n");
    write("d.sh", "kubectl get x\nkubectl --context prod delete ns x\n");
    write("use.sh", "kubectl config use-context prod\n");
    write("package.json", r#"{"scripts": {"prod": "helm --kube-context prod list"}}"#);
    for argv in [
        &["make", "-s", "prod"][..],
        &["sh", "d.sh"],
        &["sh", "use.sh"],
        &["npm", "run", "prod"],
        &["python3", "-c", "import os; os.system(\"kubectl --context prod get\")"],
        &["python3", "-c", "run(['kubectl', '--context=prod', 'get'])"],
    ] {
        let asked = asked(dir.path(), argv);
        assert_eq!(asked.len(), 1, "{argv:?}: {asked:?}");
        assert!(said(&asked).contains("context prod"), "{argv:?}: {asked:?}");
    }
    assert!(asked(dir.path(), &["make", "dev"]).is_empty());
}

#[test]
fn files_beside_a_command_are_hints() {
    let dir = directory(&std::env::var("CURRENT").unwrap_or("prod".into()));
    let write = |name: &str, text: &str| std::fs::write(dir.path().join(name), text).unwrap();
    write("deploy.sh", "#!/bin/sh -e\n./inner\n");
    write("inner", "set -e\nhelm upgrade web .\n");
    write("quiet.sh", "echo kubectl\n");
    write("tool.py", "#!/usr/bin/env python3\nrun(['kubectl'])\n");
    write("Makefile", "all:\n\techo\ndeploy:\n\tkubectl apply -f x\n");
    write("lint.sh", "helm lint .\n");
    write("package.json", r#"{"scripts": {"up": "helm list", "lint": "eslint"}}"#);
    let hint = |argv: &[&str]| {
        let asked = asked(dir.path(), argv);
        assert!(asked.iter().all(|foreign| foreign.is_hint), "{asked:?}");
        said(&asked)
    };
    assert!(
        hint(&["./deploy.sh"])
            .starts_with("run pre-up: `a` (`./deploy.sh`; `./inner` calls `helm`) on a cluster")
    );
    assert!(hint(&["sh", "-e", "deploy.sh"]).contains("`helm`"));
    assert!(hint(&["python3", "tool.py"]).contains("; `tool.py` calls `kubectl`)"));
    assert!(hint(&["python", "-c", "x('kubectl')"]).contains("`kubectl`"));
    assert!(hint(&["make", "deploy"]).contains("; `Makefile` calls `kubectl`)"));
    assert!(hint(&["npm", "run", "up"]).contains("; `package.json` calls `helm`)"));
    write(
        "Taskfile.yml",
        "tasks:\n  default: [{task: up}]\n  up:\n    deps: [build]\n    cmds: ['helm upgrade {{.NAME}} .']\n  \
         build: {cmds: [{cmd: docker build .}]}\n  quiet: echo kubectl\n",
    );
    write("Rakefile", "task(:up) { sh 'kubectl apply -f x' }\n");
    write("book.yml", "- hosts: localhost\n  tasks: [{kubernetes.core.k8s: {state: present}}]\n");
    assert!(hint(&["task"]).contains("; `Taskfile.yml` calls `helm`)"));
    assert!(hint(&["task", "-s", "build", "up", "X=y"]).contains("; `Taskfile.yml` calls `helm`)"));
    assert!(hint(&["rake", "up"]).contains("; `Rakefile` calls `kubectl`)"));
    assert!(hint(&["ansible-playbook", "book.yml"]).contains("; `book.yml` calls `kubernetes.core.k8s`)"));
    for argv in [
        &["perl", "-ne", "system('kubectl get')"][..],
        &["awk", "{ system(\"kubectl get \" $1) }"],
        &["sed", "1e kubectl get", "x"],
        &["make", "--eval", "x: ; kubectl get"],
        &["sh", "-c", "make -f - <<E\nx:\n\tkubectl get\nE\n"],
        &["sh", "-c", "python3 - <<E\nrun(['kubectl'])\nE\n"],
    ] {
        assert!(hint(argv).contains("; code in it calls `kubectl`)"), "{argv:?}");
    }
    assert!(hint(&["nodemon", "--exec", "kubectl apply -f x"]).contains("; `nodemon` may call `kubectl`)"));
    assert!(hint(&["tar", "--checkpoint-action=exec=kubectl get"]).contains("; `tar` may call `kubectl`)"));
    assert!(hint(&["foo", "--bar", "kubectl", "apply"]).contains("; `foo` may call `kubectl`)"));
    for quiet in [
        &["sh", "quiet.sh"][..],
        &["sh", "lint.sh"],
        &["make"],
        &["npm", "run", "lint"],
        &["./none"],
        &["task", "quiet"],
        &["task", "none"],
        &["task", "build", "--", "up"],
        &["sh", "."],
    ] {
        assert_eq!(hint(quiet), "", "{quiet:?}");
    }
}

mod configured;
mod crossing;
mod written;
