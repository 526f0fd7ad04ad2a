//! The tools of clusters, and which of their commands reach none, as their documentation says.
//!
//! Must not guess: what is not listed here reaches a cluster, plugins among it.

use draft_tasks_analysis::calls::Call;

use super::switch;

/// Programs that change what a context leads to.
pub(super) const TOOLS: [&str; 59] = [
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
];

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

/// Commands that reach no cluster.
struct Offline {
    tools: &'static [&'static str],
    /// Their first words; several where one has subcommands.
    commands: &'static [&'static [&'static str]],
    /// The option without which they do.
    only_with: Option<&'static str>,
    /// How options begin with which they do, or run something of the user's choice.
    never_with: &'static [&'static str],
}

const KUBECTL: &[&str] = &["kubectl", "kubecolor", "oc"];

const PLAIN: Offline = Offline { tools: &[], commands: &[], only_with: None, never_with: &[] };

const OFFLINE: [Offline; 21] = [
    Offline { tools: &TOOLS, commands: &[&["--help"], &["-h"], &["--version"]], ..PLAIN },
    Offline {
        tools: KUBECTL,
        commands: &[&["annotate"], &["label"], &["patch"], &["set"]],
        only_with: Some("--local"),
        // Values that it takes from objects of the cluster.
        never_with: &["--from"],
    },
    Offline {
        tools: &["helmfile"],
        commands: &[&["lint"], &["deps"], &["list"], &["build"], &["template"], &["repos"]],
        never_with: &["--validate", "--args", "--post-renderer"],
        ..PLAIN
    },
    Offline {
        tools: KUBECTL,
        commands: &[
            &["completion"],
            &["help"],
            &["options"],
            &["plugin", "list"],
            // Others change which cluster the next command reaches.
            &["config", "view"],
            &["config", "current-context"],
            &["config", "get-contexts"],
            &["config", "get-clusters"],
            &["config", "get-users"],
        ],
        ..PLAIN
    },
    Offline {
        tools: &["kubectl", "kubecolor", "oc", "argocd", "flux", "linkerd", "cilium", "draft"],
        commands: &[&["version"]],
        only_with: Some("--client"),
        ..PLAIN
    },
    Offline {
        tools: KUBECTL,
        // With a file it asks the cluster for its schema, for roles what there is, also with this option.
        commands: &[
            &["create", "configmap"],
            &["create", "cm"],
            &["create", "secret"],
            &["create", "namespace"],
            &["create", "ns"],
            &["create", "deployment"],
            &["create", "deploy"],
            &["create", "service"],
            &["create", "svc"],
            &["create", "serviceaccount"],
            &["create", "sa"],
            &["create", "ingress"],
            &["create", "ing"],
            &["create", "quota"],
            &["create", "resourcequota"],
            &["create", "cronjob"],
            &["create", "cj"],
            &["create", "priorityclass"],
            &["create", "pc"],
            &["create", "poddisruptionbudget"],
            &["create", "pdb"],
            &["create", "rolebinding"],
            &["create", "clusterrolebinding"],
        ],
        only_with: Some("--dry-run=client"),
        ..PLAIN
    },
    Offline {
        tools: KUBECTL,
        commands: &[&["create", "job"]],
        only_with: Some("--dry-run=client"),
        // It may be made of an object of the cluster.
        never_with: &["--from"],
    },
    Offline {
        tools: KUBECTL,
        commands: &[&["kustomize"]],
        never_with: &["--enable-exec", "--enable-alpha-plugins"],
        ..PLAIN
    },
    Offline {
        tools: &["kustomize"],
        commands: &[&["build"], &["create"], &["edit"], &["version"], &["completion"], &["help"]],
        never_with: &["--enable-exec", "--enable-alpha-plugins"],
        ..PLAIN
    },
    Offline {
        tools: &["helm"],
        commands: &[
            &["completion"],
            &["create"],
            &["dep"],
            &["dependencies"],
            &["dependency"],
            &["env"],
            &["fetch"],
            &["help"],
            &["inspect"],
            &["lint"],
            &["package"],
            &["plugin"],
            // Plugins that many have.
            &["diff", "version"],
            &["unittest"],
            &["pull"],
            &["push"],
            &["registry"],
            &["repo"],
            &["search"],
            &["show"],
            &["verify"],
            &["version"],
        ],
        ..PLAIN
    },
    Offline {
        tools: &["helm"],
        commands: &[&["template"]],
        never_with: &["--validate", "--dry-run", "--post-renderer"],
        ..PLAIN
    },
    Offline { tools: &["draft"], commands: &[&["create"], &["home"], &["help"]], ..PLAIN },
    Offline { tools: &["istioctl"], commands: &[&["version"]], only_with: Some("--remote=false"), ..PLAIN },
    Offline {
        tools: &["istioctl"],
        commands: &[
            &["manifest", "generate"],
            &["manifest", "translate"],
            &["manifest", "diff"],
            &["profile", "list"],
            &["profile", "dump"],
            &["profile", "diff"],
        ],
        never_with: &["--cluster-specific"],
        ..PLAIN
    },
    Offline {
        tools: &["flux"],
        commands: &[&["create"], &["install"]],
        only_with: Some("--export"),
        ..PLAIN
    },
    Offline { tools: &["velero"], commands: &[&["version"]], only_with: Some("--client-only"), ..PLAIN },
    Offline { tools: &["skaffold"], commands: &[&["init"], &["fix"], &["schema"]], ..PLAIN },
    Offline { tools: &["ct"], commands: &[&["lint"], &["list-changed"], &["version"]], ..PLAIN },
    Offline { tools: &["ko"], commands: &[&["build"], &["publish"], &["resolve"], &["login"]], ..PLAIN },
    Offline {
        tools: &["operator-sdk"],
        commands: &[&["init"], &["create"], &["edit"], &["generate"]],
        ..PLAIN
    },
    Offline {
        tools: &[
            "helmfile",
            "skaffold",
            "k9s",
            "tilt",
            "kapp",
            "kpt",
            "kluctl",
            "werf",
            "devspace",
            "kn",
            "eksctl",
            "clusterctl",
            "kubeadm",
            "popeye",
            "ko",
            "operator-sdk",
            "kops",
            "vcluster",
        ],
        commands: &[&["version"], &["help"], &["completion"]],
        ..PLAIN
    },
];

/// Whether a call may reach a cluster.
pub(super) fn reaches(call: &Call) -> bool {
    let name = call.name();
    let is_tool = TOOLS.contains(&name) || name.starts_with("kubectl-");
    // Without these options it is about the machine alone.
    let mut options = call.arguments().map(|it| it.split('=').next().unwrap_or(it));
    let is_dapr = name == "dapr" && options.any(|it| it == "-k" || it == "--kubernetes");
    (is_tool || is_dapr) && !only_helps(name, call) && !OFFLINE.iter().any(|offline| offline.has(name, call))
}

/// Commands of `kubectl` that hand no arguments to other programs; others may be plugins.
const KUBECTL_COMMANDS: [&str; 37] = [
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
const HELPERS: [&str; 10] =
    ["flux", "helmfile", "istioctl", "kapp", "skaffold", "stern", "tilt", "velero", "cilium", "kubeseal"];

/// Whether a call only shows how to use the tool.
fn only_helps(name: &str, call: &Call) -> bool {
    let arguments: Vec<&str> = call.known().take_while(|argument| *argument != "--").collect();
    if !call.is_known() {
        return false;
    }
    let command = without_target(&arguments).first().copied();
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
const CHOOSERS: [(&[&str], &[&str]); 22] = [
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
    (&["aws"], &["eks", "update-kubeconfig"]),
    (&["az"], &["aks", "get-credentials"]),
    (&["doctl"], &["cluster", "kubeconfig"]),
    (&["tsh"], &["kube", "login"]),
    (&["kubectx", "kubectl-ctx"], &[]),
    (KUBECTL, &["ctx"]),
    (KUBECTL, &["switch"]),
    (&["kubie", "kubeswitch", "switcher", "kubelogin"], &[]),
    (&["eksctl"], &["utils", "write-kubeconfig"]),
    (&["rancher"], &["context", "switch"]),
    (&["vcluster"], &["connect"]),
];

/// Whether a call chooses the cluster that later ones reach.
pub(super) fn chooses(call: &Call) -> bool {
    let name = call.name();
    let follows = |words: &[&str]| {
        let mut arguments = call.arguments();
        words.iter().all(|word| arguments.any(|argument| argument == *word))
    };
    let is_help = call.is_known() && call.arguments().eq(["--help"]);
    !is_help && CHOOSERS.iter().any(|(tools, words)| tools.contains(&name) && follows(words))
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

impl Offline {
    fn has(&self, name: &str, call: &Call) -> bool {
        let known: Vec<&str> = call.known().collect();
        let arguments = without_target(&known);
        let is_command = |words: &&[&str]| {
            arguments.len() >= words.len() && arguments.iter().zip(*words).all(|(one, other)| one == other)
        };
        self.tools.contains(&name)
            && self.commands.iter().any(is_command)
            && self.only_with.is_none_or(|option| has_only(call, option))
            && (self.never_with.is_empty() || call.is_known())
            && !self.never_with.iter().any(|option| call.arguments().any(|it| it.starts_with(option)))
    }
}

/// The arguments behind options that only say which cluster is meant, and how much is to be told.
fn without_target<'c>(mut arguments: &'c [&'c str]) -> &'c [&'c str] {
    const TARGET: [&str; 6] =
        ["-n", "--namespace", "--context", "--kube-context", "--kubeconfig", "--environment"];
    while let Some((first, rest)) = arguments.split_first() {
        if *first == "--debug" {
            arguments = rest;
            continue;
        }
        let (name, has_value) = first.split_once('=').map_or((*first, false), |(name, _)| (name, true));
        if !TARGET.contains(&name) {
            break;
        }
        arguments = rest.get(usize::from(!has_value)..).unwrap_or_default();
    }
    arguments
}

/// Whether an option is given, and not also with another value.
fn has_only(call: &Call, option: &str) -> bool {
    let name = option.split('=').next().unwrap_or(option);
    let is_named = |argument: &&str| argument.split('=').next() == Some(name);
    // A switch is the same with `=true`.
    let is_it = |argument: &str| argument.strip_suffix("=true").unwrap_or(argument) == option;
    let mut own = call.arguments().take_while(|argument| *argument != "--");
    own.any(is_it)
        && !switch::is_swallowed(call, name)
        && call.is_known()
        && call.arguments().filter(is_named).all(is_it)
}
