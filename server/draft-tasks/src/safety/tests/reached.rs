//! Which commands may reach a cluster, and which reach none.

use super::*;

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
        "kubectl ctx prod --help",
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
