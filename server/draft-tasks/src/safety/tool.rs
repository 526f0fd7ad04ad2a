//! The tools of clusters, and which of their commands reach none, as their documentation says.
//!
//! Must not guess: what is not listed here reaches a cluster, plugins among it.

use draft_tasks_analysis::calls::Call;

/// Programs that change what a context leads to.
pub(super) const TOOLS: [&str; 33] = [
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
];

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

const OFFLINE: [Offline; 13] = [
    Offline { tools: &TOOLS, commands: &[&["--help"], &["-h"]], ..PLAIN },
    Offline {
        tools: KUBECTL,
        commands: &[&["annotate"], &["label"], &["patch"], &["set"]],
        only_with: Some("--local"),
        // Values that it takes from objects of the cluster.
        never_with: &["--from"],
    },
    Offline { tools: &["helmfile"], commands: &[&["lint"]], ..PLAIN },
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
            &["create", "quota"],
        ],
        only_with: Some("--dry-run=client"),
        ..PLAIN
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
            &["plugin", "list"],
            &["plugin", "ls"],
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
        tools: &["helmfile", "skaffold", "k9s", "tilt", "kapp", "kpt", "kluctl", "werf", "devspace", "kn"],
        commands: &[&["version"], &["help"], &["completion"]],
        ..PLAIN
    },
];

/// Whether a call may reach a cluster.
pub(super) fn reaches(call: &Call) -> bool {
    let name = call.name();
    let is_tool = TOOLS.contains(&name) || name.starts_with("kubectl-");
    is_tool && !OFFLINE.iter().any(|offline| offline.has(name, call))
}

/// Commands that choose the cluster that later ones reach, as words that follow each other among others.
const CHOOSERS: [(&[&str], &[&str]); 18] = [
    (KUBECTL, &["config", "use-context"]),
    (KUBECTL, &["config", "use"]),
    (KUBECTL, &["config", "set"]),
    (KUBECTL, &["config", "set-cluster"]),
    (KUBECTL, &["config", "unset"]),
    (KUBECTL, &["config", "rename-context"]),
    (KUBECTL, &["config", "delete-context"]),
    (&["oc"], &["login"]),
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
];

/// Whether a call chooses the cluster that later ones reach.
pub(super) fn chooses(call: &Call) -> bool {
    let name = call.name();
    let follows = |words: &[&str]| {
        let mut arguments = call.arguments();
        words.iter().all(|word| arguments.any(|argument| argument == *word))
    };
    CHOOSERS.iter().any(|(tools, words)| tools.contains(&name) && follows(words))
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
    const TARGET: [&str; 5] = ["-n", "--namespace", "--context", "--kube-context", "--kubeconfig"];
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
    own.any(is_it) && call.is_known() && call.arguments().filter(is_named).all(is_it)
}
