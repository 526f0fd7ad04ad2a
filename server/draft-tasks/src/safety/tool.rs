//! The tools of clusters, and which of their commands choose one for those behind them.
//!
//! Must not guess: what is not listed here reaches a cluster, plugins among it.

mod cloud;
mod offline;

use draft_tasks_analysis::calls::Call;

use self::offline::{has_only, without_target};

/// Programs that change what a context leads to.
pub(super) const TOOLS: [&str; 79] = [
    "kubectl",
    "helm",
    "helmfile",
    "helmsman",
    "kustomize",
    "skaffold",
    "oc",
    "argocd",
    "argo",
    "flux",
    "draft",
    "tilt",
    "kubecolor",
    "kubectx",
    "kubens",
    "kubeseal",
    "stern",
    "kapp",
    "kpt",
    "kluctl",
    "werf",
    "nelm",
    "timoni",
    "okteto",
    "devspace",
    "istioctl",
    "linkerd",
    "cilium",
    "velero",
    "tkn",
    "kn",
    "k9s",
    "telepresence",
    "rancher",
    "garden",
    "calicoctl",
    "eksctl",
    "kops",
    "clusterctl",
    "vcluster",
    "kubeadm",
    "popeye",
    "sonobuoy",
    "ko",
    "jx",
    "odo",
    "operator-sdk",
    "virtctl",
    "vela",
    "consul-k8s",
    "cmctl",
    "tk",
    "kubecfg",
    "ct",
    "chainsaw",
    "mirrord",
    "kubefwd",
    "kubent",
    "helmwave",
    "kots",
    "crossplane",
    "kubetail",
    "kail",
    "polaris",
    "kctrl",
    "subctl",
    "kubeshark",
    "k8sgpt",
    "kubescape",
    "hubble",
    "kubevpn",
    "gefyra",
    "loft",
    "acorn",
    "ktunnel",
    "rakkess",
    "ketall",
    "rbac-lookup",
    "kubespy",
];

const KUBECTL: &[&str] = &["kubectl", "kubecolor", "oc"];

/// Those of them that have another way to their cluster, or server, than the current context.
const OWN_WAY: [&str; 13] = [
    "argocd",
    "rancher",
    "garden",
    "calicoctl",
    "eksctl",
    "kops",
    "jx",
    "okteto",
    "consul-k8s",
    "tk",
    "mirrord",
    "kubefwd",
    "helmwave",
];

/// Whether it is not the current context that tells which cluster a tool reaches.
pub(super) fn has_own_way(call: &Call) -> bool {
    let is_of_kubeconfig = call.name() == "argocd" && has_only(call, "--core");
    OWN_WAY.contains(&call.name()) && !is_of_kubeconfig
}

/// Whether a call changes a cluster of an account, whatever context, server or kubeconfig there is.
pub(super) fn is_of_account(call: &Call) -> bool {
    cloud::changes(call)
}

/// The programs that can.
pub(super) fn of_accounts() -> impl Iterator<Item = &'static str> {
    cloud::names()
}

/// Whether a program is one of which something is known here.
pub(super) fn is_known(name: &str) -> bool {
    TOOLS.contains(&name)
        || name.starts_with("kubectl-")
        || of_accounts().any(|it| it == name)
        || SOMETIMES.iter().any(|(tool, _)| *tool == name)
        || CHOOSERS.iter().any(|(tools, _)| tools.contains(&name))
}

/// Programs that reach a cluster only with one of these options or commands.
const SOMETIMES: [(&str, &[&str]); 5] = [
    // Without these options it is about the machine alone.
    ("dapr", &["-k", "--kubernetes"]),
    // Without it the inner one asks itself.
    ("draft-tasks", &["--yes", "--context"]),
    ("kyverno", &["--cluster", "-c"]),
    ("pluto", &["detect-helm", "detect-api-resources", "detect-all-in-cluster"]),
    ("trivy", &["k8s", "kubernetes"]),
];

/// Whether a call may reach a cluster.
pub(super) fn reaches(call: &Call) -> bool {
    let name = call.name();
    let is_tool = TOOLS.contains(&name) || name.starts_with("kubectl-");
    let does_here = SOMETIMES.iter().any(|(tool, words)| *tool == name && is_given(call, words));
    let is_one = (is_tool || does_here) && !only_helps(name, call) && !offline::is_offline(name, call);
    is_one || cloud::changes(call) || agrees(call) || has_module(call)
}

/// Whether an inner draft-tasks is told to ask nothing: `-y`, `-qy`.
fn agrees(call: &Call) -> bool {
    let is_switch = |word: &str| word.starts_with('-') && !word.starts_with("--") && word.contains('y');
    call.name() == "draft-tasks" && call.arguments().take_while(|word| *word != "--").any(is_switch)
}

/// Whether Ansible is told to run one of its modules for clusters.
fn has_module(call: &Call) -> bool {
    let module = || call.last_option_of(&["-m", "--module-name"]).and_then(|(_, module)| module);
    let is_of_cluster = |module: &str| {
        let name = module.rsplit('.').next().unwrap_or(module);
        name.starts_with("k8s") || name.starts_with("helm")
    };
    call.name() == "ansible" && module().is_some_and(is_of_cluster)
}

/// What may be the context in `trivy k8s [CONTEXT]`. Earlier releases took what to look at there.
pub(super) fn context_of_trivy(call: &Call) -> Option<&str> {
    let mut words = call.arguments().skip_while(|word| !matches!(*word, "k8s" | "kubernetes")).skip(1);
    let mut may_be_value = false;
    words.find(|word| {
        let is_option = word.starts_with('-');
        let is_it = !is_option && !may_be_value && !matches!(*word, "cluster" | "all");
        may_be_value = is_option && !word.contains('=');
        is_it
    })
}

/// Whether one of these options is among the arguments, or one of these commands before others.
fn is_given(call: &Call, words: &[&str]) -> bool {
    let arguments: Vec<&str> = call.arguments().collect();
    let is_option = |at: usize| arguments[at].starts_with('-');
    let may_be_command = |at: usize| (0..at).all(|at| is_option(at) || at > 0 && is_option(at - 1));
    arguments.iter().enumerate().any(|(at, argument)| {
        words.contains(&argument.split('=').next().unwrap_or(argument))
            && (is_option(at) || may_be_command(at))
    })
}

/// Commands of `kubectl` that hand no arguments to other programs; others may be plugins.
const KUBECTL_COMMANDS: [&str; 38] = [
    "annotate",
    "api-resources",
    "api-versions",
    "apply",
    "attach",
    "auth",
    "autoscale",
    "certificate",
    "cluster-info",
    "config",
    "cordon",
    "cp",
    "create",
    "delete",
    "describe",
    "diff",
    "drain",
    "edit",
    "events",
    "explain",
    "expose",
    "get",
    "krew",
    "kustomize",
    "label",
    "logs",
    "patch",
    "port-forward",
    "proxy",
    "replace",
    "rollout",
    "scale",
    "set",
    "taint",
    "top",
    "uncordon",
    "version",
    "wait",
];

/// Those of `helm` that reach a cluster; others may be plugins.
const HELM_COMMANDS: [&str; 11] = [
    "get",
    "history",
    "install",
    "list",
    "ls",
    "rollback",
    "status",
    "template",
    "test",
    "uninstall",
    "upgrade",
];

/// Tools that take `--help` anywhere, and have no plugins to which it could go.
const HELPERS: [&str; 21] = [
    "flux", "helmfile", "istioctl", "kapp", "skaffold", "stern", "tilt", "velero", "cilium", "kubeseal",
    "argo", "linkerd", "kops", "vcluster", "helmwave", "kots", "nelm", "timoni", "werf", "draft", "kluctl",
];

/// Whether a call only shows how to use the tool.
fn only_helps(name: &str, call: &Call) -> bool {
    let arguments: Vec<&str> = call.known().take_while(|argument| *argument != "--").collect();
    if !call.is_known() {
        return false;
    }
    let command = without_target(name, &arguments).first().copied();
    let takes_help = match name {
        "kubectl" | "kubecolor" | "oc" => command.is_some_and(|it| KUBECTL_COMMANDS.contains(&it)),
        "helm" => command.is_some_and(|it| HELM_COMMANDS.contains(&it)),
        _ => HELPERS.contains(&name),
    };
    // Behind an option it may be the value of that.
    let asks = |pair: &[&str]| matches!(pair[1], "-h" | "--help") && !pair[0].starts_with('-');
    let is_alone = matches!(name, "kubectl" | "helm") && call.arguments().next().is_none();
    is_alone || takes_help && arguments.windows(2).any(asks)
}

/// Commands that choose the cluster that later ones reach, as words that follow each other among others.
const CHOOSERS: [(&[&str], &[&str]); 43] = [
    (KUBECTL, &["config", "use-context"]),
    (KUBECTL, &["config", "use"]),
    (KUBECTL, &["config", "set"]),
    (KUBECTL, &["config", "set-cluster"]),
    (KUBECTL, &["config", "unset"]),
    (KUBECTL, &["config", "rename-context"]),
    (KUBECTL, &["config", "delete-context"]),
    (&["oc"], &["login"]),
    (&["oc"], &["project"]),
    (&["oc"], &["new-project"]),
    (&["gcloud"], &["container", "get-credentials"]),
    (&["gcloud"], &["container", "clusters", "create"]),
    (&["gcloud"], &["container", "clusters", "create-auto"]),
    (&["aws"], &["eks", "update-kubeconfig"]),
    (&["az"], &["get-credentials"]),
    (&["doctl"], &["kubeconfig", "save"]),
    (&["doctl"], &["kubeconfig", "remove"]),
    (&["doctl"], &["cluster", "create"]),
    (&["scw"], &["kubeconfig", "install"]),
    (&["civo"], &["config"]),
    (&["ibmcloud"], &["cluster", "config"]),
    (&["oci"], &["create-kubeconfig"]),
    (&["talosctl"], &["kubeconfig"]),
    (&["tkgi", "pks"], &["get-credentials"]),
    (&["yc"], &["get-credentials"]),
    (&["upctl"], &["config"]),
    (&["eksctl"], &["create", "cluster"]),
    (&["tsh"], &["kube", "login"]),
    (&["kubectx", "kubectl-ctx"], &[]),
    (KUBECTL, &["ctx"]),
    (KUBECTL, &["switch"]),
    (&["kubie", "kubeswitch", "switcher", "kubelogin"], &[]),
    (&["eksctl"], &["utils", "write-kubeconfig"]),
    (&["rancher"], &["context", "switch"]),
    (&["vcluster"], &["connect"]),
    (&["devspace"], &["use", "context"]),
    (&["kubecm", "kubectl-kubecm"], &[]),
    (&["konf"], &["set"]),
    (&["kconf"], &["use"]),
    (&["loft"], &["use"]),
    (&["gardenctl"], &["target"]),
    (&["az"], &["connectedk8s", "proxy"]),
    (&["k3sup"], &["install"]),
];

/// Whether the first word of a call is a command of kubectl, so that no other word names a plugin.
pub(super) fn has_own_command(call: &Call) -> bool {
    let known: Vec<&str> = call.known().collect();
    let command = without_target(call.name(), &known).first();
    KUBECTL.contains(&call.name()) && command.is_some_and(|it| KUBECTL_COMMANDS.contains(it))
}

/// Whether a call chooses the cluster that later ones reach.
pub(super) fn chooses(call: &Call) -> bool {
    let name = call.name();
    let has_own_command = has_own_command(call);
    let follows = |words: &[&str]| {
        let mut arguments = call.arguments();
        let is_plugin = matches!(words, ["ctx" | "switch"]);
        !(is_plugin && has_own_command)
            && words.iter().all(|word| arguments.any(|argument| argument == *word))
    };
    let is_help = call.is_known() && call.arguments().eq(["--help"]);
    // They only show which one is chosen, or what would be.
    let is_question = call.is_known()
        && match name {
            "kubectx" => matches!(only(call), Some("-c" | "--current" | "-h" | "-V" | "--version")),
            "kubectl" | "kubecolor" | "oc" => {
                let words: Vec<&str> = call.arguments().collect();
                matches!(words.as_slice(), ["ctx", "-c" | "--current" | "-h" | "--help"])
            }
            "upctl" => !call.arguments().any(|argument| argument.starts_with("--write")),
            _ => false,
        };
    !is_help && !is_question && CHOOSERS.iter().any(|(tools, words)| tools.contains(&name) && follows(words))
}

/// The argument of a call that has just one.
fn only(call: &Call) -> Option<&str> {
    let mut arguments = call.arguments();
    arguments.next().filter(|_| arguments.next().is_none())
}

/// The context that such a call makes the current one.
///
/// # Errors
///
/// Why its cluster is unknown, without a full stop.
pub(super) fn chosen_context(call: &Call) -> Result<String, String> {
    let known: Vec<&str> = call.known().collect();
    let words = match known.as_slice() {
        [_, "use-context" | "use", rest @ ..] => rest,
        rest if call.name() == "kubectx" => rest,
        _ => &[],
    };
    match words {
        [context] if !context.starts_with('-') && call.is_known() => Ok((*context).to_owned()),
        _ => Err("it chooses the cluster of what follows".into()),
    }
}
