//! Commands that change clusters of an account, which no kubeconfig names.

use super::*;

#[test]
fn what_changes_a_cluster_of_an_account_is_asked_for() {
    let mut missed = Vec::new();
    for script in [
        "gcloud container clusters delete web --quiet",
        "gcloud --project p beta container clusters delete web",
        "gcloud container --project=p clusters --zone z delete web",
        "gcloud container node-pools resize a --cluster web --num-nodes 0",
        "gcloud container clusters create web",
        "gcloud container clusters \"$VERB\" web",
        "gcloud container clusters delete list",
        "gcloud container fleet memberships unregister web",
        "gcloud container attached clusters delete web",
        "aws eks delete-cluster --name web",
        "aws --profile p --no-cli-pager eks delete-nodegroup --cluster-name web --nodegroup-name a",
        "aws eks update-cluster-config --name web",
        "docker run --rm amazon/aws-cli eks delete-cluster --name web",
        "docker run --rm google/cloud-sdk gcloud container clusters delete web",
        "xargs -n1 doctl kubernetes cluster delete",
        "for c in a b; do gcloud container clusters delete $c; done",
        "az aks delete -g a -n web --yes",
        "az aks stop -g a -n web",
        "az aks command invoke -g a -n web --command 'kubectl get pods'",
        "az aks nodepool delete -g a --cluster-name web -n b",
        "az aro delete -g a -n web",
        "doctl kubernetes cluster delete web --force",
        "doctl k8s c rm web",
        "doctl -t x kubernetes cluster node-pool delete web a",
        "eksctl delete cluster web",
        "civo kubernetes delete web",
        "scw k8s cluster delete x",
        "linode-cli lke cluster-delete 1",
        "ibmcloud ks cluster rm -c web -f",
        "oci ce cluster delete --cluster-id x",
        "exo compute sks delete web",
        "openstack coe cluster delete web",
        "vultr-cli kubernetes delete x",
        "tanzu cluster delete web",
        "rosa delete cluster -c web",
        "openshift-install destroy cluster",
        "talosctl -n 10.0.0.2 reset",
        "k0sctl reset --force",
        "rke remove",
        "tkgi delete-cluster web",
        "rosa unlink ocm-role",
        "rosa grant user cluster-admin -c web",
        "openshift-install agent x",
        "openshift-install create cluster",
        "upctl kubernetes config web $OPTIONS",
        "openshift-install --log-level debug create cluster --dir manifests",
        "openshift-install create $WHAT",
        "openshift-install create \"$WHAT\"",
        "talosctl rotate-ca",
        "talosctl -n 10.0.0.2 meta write 6 x",
        "talosctl --insecure reset version",
        "xargs talosctl",
        "kubeone migrate to-containerd",
        "k0sctl config edit",
        "hetzner-k3s run --command x",
        "tkgi rotate-certificates web",
        "az k8s-extension delete -n x",
        "az k8s-configuration flux delete -n x",
        "yc managed-kubernetes cluster delete web",
        "yc k8s node-group delete x",
        "upctl kubernetes delete web",
        "ionosctl k8s cluster delete --cluster-id x",
        "aws $(opts) eks delete-cluster --name web",
        "gcloud --project p $OPTS container clusters delete web",
        "gcloud container clusters --quiet delete list",
        "gcloud container clusters --unheard delete list",
        "aws eks --debug delete-cluster wait",
        "aws eks delete-cluster --name help",
        "gcloud container clusters delete web --zone --help",
    ] {
        for context in ["dev", "prod"] {
            let asked = question(context, &["sh", "-c", script]);
            if !asked.contains(" on an unknown cluster: ") {
                missed.push((context, script, asked));
            }
        }
    }
    assert!(missed.is_empty(), "{missed:#?}");
}

#[test]
fn a_server_of_the_environment_is_none_of_an_account() {
    let dir = directory("dev");
    let mut request = request(dir.path(), &["gcloud", "container", "clusters", "delete", "web"]);
    request.environment.push(("KUBERNETES_MASTER".into(), "http://localhost:8080".into()));
    let asked = said(&foreign(&request, &Target::is_local));
    assert!(asked.ends_with("on an unknown cluster: `gcloud` has a way of its own to it?"), "{asked}");
}

#[test]
fn what_only_reads_of_an_account_is_not_asked_for() {
    for script in [
        "gcloud container clusters list",
        "gcloud --project p container clusters describe web",
        "gcloud container clusters list --quiet",
        "gcloud container get-server-config",
        "gcloud container images delete x",
        "gcloud container clusters delete --help",
        "gcloud builds submit .",
        "gcloud run deploy container --image x",
        "aws eks list-clusters",
        "aws eks --region r describe-cluster --name web",
        "aws eks wait cluster-active --name web",
        "aws eks delete-cluster help",
        "aws s3 sync . s3://eks/x",
        "docker run --rm amazon/aws-cli eks list-clusters",
        "aws ecr get-login-password",
        "az aks list",
        "az aks show -g a -n web",
        "az aks get-versions -l x",
        "az acr build .",
        "doctl kubernetes cluster list",
        "doctl k8s c get web",
        "doctl kubernetes cluster kubeconfig show web",
        "doctl kubernetes options versions",
        "linode-cli lke clusters-list",
        "ibmcloud ks cluster ls",
        "civo kubernetes ls",
        "scw k8s cluster list",
        "rosa list clusters",
        "rosa describe cluster -c web",
        "rosa --region r whoami",
        "openshift-install --dir x wait-for install-complete",
        "openshift-install create manifests",
        "openshift-install --dir x --log-level debug create ignition-configs",
        "openshift-install create",
        "upctl kubernetes config web",
        "upctl kubernetes config web --output yaml",
        "talosctl version",
        "talosctl",
        "talosctl -n 10.0.0.2 get members",
        "talosctl gen config web https://10.0.0.2:6443",
        "kubeone config print",
        "k0sctl --version",
        "tkgi cluster web",
        "az k8s-extension list -g a",
        "az k8s-configuration flux show -n x",
        "yc managed-kubernetes cluster list",
        "upctl kubernetes show web",
        "ionosctl k8s cluster list",
        "aws $(opts) s3 ls",
        "aws \"$SERVICE\" list-clusters",
        "gcloud container clusters --quiet describe web",
        "gcloud container clusters --project p describe web",
        "kind delete cluster",
        "k3d cluster delete x",
        "minikube delete",
    ] {
        for context in ["dev", "prod"] {
            assert_eq!(question(context, &["sh", "-c", script]), "", "{script}");
        }
    }
}

#[test]
fn what_gets_credentials_chooses_the_cluster_of_what_follows() {
    let mut missed = Vec::new();
    for script in [
        "gcloud container clusters get-credentials web",
        "gcloud container fleet memberships get-credentials web",
        "aws eks update-kubeconfig --name web",
        "az aks get-credentials -g a -n web",
        "doctl kubernetes cluster kubeconfig save web",
        "doctl k8s c kubeconfig save web",
        "scw k8s kubeconfig install x",
        "oci ce cluster create-kubeconfig --cluster-id x",
        "ibmcloud ks cluster config -c web",
        "talosctl -n 10.0.0.2 kubeconfig",
        "tkgi get-credentials web",
        "pks get-credentials web",
        "yc managed-kubernetes cluster get-credentials web",
        "upctl kubernetes config web --write ~/.kube/config",
        "upctl --write=/k kubernetes config web",
    ] {
        let asked = question("dev", &["sh", "-c", script]);
        let chooses = "on an unknown cluster: it chooses the cluster of what follows?";
        if !asked.ends_with(chooses) {
            missed.push((script, asked));
        }
    }
    assert!(missed.is_empty(), "{missed:#?}");
}

#[test]
fn code_that_names_such_a_program_is_a_hint_only_where_that_changes_a_cluster() {
    for (code, is_asked) in [
        ("subprocess.run(['aws', 'eks', 'delete-cluster', '--name', name])", true),
        ("subprocess.run(['aws', 'eks', 'list-clusters'])", false),
        ("subprocess.run(['aws', 's3', 'ls'])", false),
    ] {
        let dir = directory("dev");
        std::fs::write(dir.path().join("down.py"), code).unwrap();
        let asked = asked(dir.path(), &["python", "down.py"]);
        assert_eq!(asked.iter().any(|it| it.is_hint), is_asked, "{code}: {}", said(&asked));
    }
}

#[test]
fn a_script_that_changes_a_cluster_of_an_account_is_a_hint_whatever_the_context_is() {
    for context in ["dev", "prod"] {
        let dir = directory(context);
        std::fs::write(dir.path().join("down.sh"), "gcloud container clusters list\naws eks delete-cluster")
            .unwrap();
        let asked = asked(dir.path(), &["sh", "down.sh"]);
        assert!(asked.iter().all(|it| it.is_hint), "{}", said(&asked));
        assert!(said(&asked).contains("`down.sh` calls `aws`"), "{}", said(&asked));
    }
}
