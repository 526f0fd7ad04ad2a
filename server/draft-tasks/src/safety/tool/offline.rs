//! Which commands of the tools of clusters reach none, as their documentation says.
//!
//! Must not guess: what is not listed here reaches a cluster.

use draft_tasks_analysis::calls::Call;

use super::{KUBECTL, TOOLS};
use crate::safety::switch;

/// Commands that reach no cluster.
struct Offline {
    tools: &'static [&'static str],
    /// Their first words; several where one has subcommands.
    commands: &'static [&'static [&'static str]],
    /// The option without which they do; one with a value ends with `=`.
    only_with: Option<&'static str>,
    /// How options begin with which they do, or run something of the user's choice.
    never_with: &'static [&'static str],
}

const PLAIN: Offline = Offline { tools: &[], commands: &[], only_with: None, never_with: &[] };

const OFFLINE: [Offline; 54] = [
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
        commands: &[
            &["lint"],
            &["deps"],
            &["list"],
            &["build"],
            &["template"],
            &["repos"],
            &["fetch"],
            &["write-values"],
            &["show-dag"],
            &["cache"],
        ],
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
            // A plugin that is about plugins.
            &["krew"],
            // They show what is chosen, or how they are used.
            &["ctx", "-h"],
            &["ctx", "--help"],
            &["ctx", "-c"],
            &["ctx", "--current"],
            &["ns", "-h"],
            &["ns", "--help"],
            &["ns", "-c"],
            &["ns", "--current"],
        ],
        ..PLAIN
    },
    Offline { tools: &["oc"], commands: &[&["process"]], only_with: Some("--local"), ..PLAIN },
    Offline {
        tools: &[
            "kubectl",
            "kubecolor",
            "oc",
            "argocd",
            "crossplane",
            "flux",
            "linkerd",
            "cilium",
            "draft",
            "virtctl",
            "odo",
            "cmctl",
            "calicoctl",
        ],
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
        commands: &[
            &["build"],
            &["cfg"],
            &["create"],
            &["edit"],
            &["localize"],
            &["openapi"],
            &["version"],
            &["completion"],
            &["help"],
        ],
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
            &["schema"],
            &["schema-gen"],
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
    Offline {
        tools: &["draft"],
        commands: &[&["create"], &["home"], &["help"], &["info"], &["version"]],
        ..PLAIN
    },
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
    Offline {
        tools: &["skaffold"],
        commands: &[
            &["init"],
            &["fix"],
            &["schema"],
            &["config", "list"],
            &["credits"],
            &["options"],
            &["inspect"],
        ],
        ..PLAIN
    },
    Offline { tools: &["skaffold"], commands: &[&["render"]], only_with: Some("--offline"), ..PLAIN },
    Offline { tools: &["istioctl"], commands: &[&["validate"]], ..PLAIN },
    Offline { tools: &["istioctl"], commands: &[&["analyze"]], only_with: Some("--use-kube=false"), ..PLAIN },
    Offline { tools: &["argo"], commands: &[&["lint"]], only_with: Some("--offline"), ..PLAIN },
    Offline {
        tools: &["flux"],
        commands: &[&["build", "kustomization"], &["build", "ks"]],
        only_with: Some("--dry-run"),
        ..PLAIN
    },
    Offline {
        tools: &["flux"],
        commands: &[
            &["envsubst"],
            &["build", "artifact"],
            &["push", "artifact"],
            &["pull", "artifact"],
            &["tag", "artifact"],
            &["list", "artifacts"],
            &["diff", "artifact"],
        ],
        ..PLAIN
    },
    Offline {
        tools: &["kluctl"],
        commands: &[&["render"]],
        only_with: Some("--offline-kubernetes"),
        ..PLAIN
    },
    Offline { tools: &["timoni"], commands: &[&["mod"], &["artifact"], &["registry"]], ..PLAIN },
    Offline { tools: &["okteto"], commands: &[&["validate"]], ..PLAIN },
    Offline { tools: &["velero"], commands: &[&["client", "config"]], ..PLAIN },
    Offline {
        tools: &["tkn"],
        commands: &[&["hub", "search"], &["hub", "get"], &["hub", "info"], &["bundle"]],
        ..PLAIN
    },
    Offline { tools: &["k9s", "eksctl"], commands: &[&["info"]], ..PLAIN },
    Offline { tools: &["eksctl"], commands: &[&["utils", "schema"]], ..PLAIN },
    Offline {
        tools: &["kubeadm"],
        commands: &[
            &["config", "print"],
            &["config", "validate"],
            &["config", "migrate"],
            &["config", "images"],
        ],
        ..PLAIN
    },
    Offline {
        tools: &["clusterctl"],
        commands: &[&["config", "repositories"], &["generate", "yaml"]],
        ..PLAIN
    },
    Offline { tools: &["calicoctl", "cmctl"], commands: &[&["convert"]], ..PLAIN },
    Offline { tools: &["operator-sdk"], commands: &[&["bundle", "validate"]], ..PLAIN },
    Offline { tools: &["sonobuoy"], commands: &[&["results"]], ..PLAIN },
    Offline {
        tools: &["tk"],
        commands: &[&["fmt"], &["lint"], &["init"], &["tool"], &["eval"], &["export"]],
        ..PLAIN
    },
    Offline { tools: &["chainsaw"], commands: &[&["lint"], &["create"], &["docs"], &["build"]], ..PLAIN },
    Offline { tools: &["mirrord"], commands: &[&["verify-config"], &["completions"]], ..PLAIN },
    Offline { tools: &["helmwave"], commands: &[&["schema"]], ..PLAIN },
    Offline { tools: &["kubescape"], commands: &[&["list"], &["download"]], ..PLAIN },
    Offline { tools: &["hubble"], commands: &[&["config"]], ..PLAIN },
    Offline { tools: &["stern"], commands: &[&["--completion"], &["-v"]], ..PLAIN },
    Offline { tools: &["kubectx", "kubens"], commands: &[&["-V"]], ..PLAIN },
    // Their `version` is about a cluster, too.
    Offline {
        tools: &[
            "flux",
            "argocd",
            "argo",
            "istioctl",
            "linkerd",
            "cilium",
            "velero",
            "tkn",
            "sonobuoy",
            "odo",
            "virtctl",
            "vela",
            "cmctl",
            "calicoctl",
            "rancher",
            "jx",
            "tk",
        ],
        commands: &[&["help"], &["completion"]],
        ..PLAIN
    },
    Offline { tools: &["kpt"], commands: &[&["fn"], &["pkg"]], ..PLAIN },
    Offline {
        tools: &["kubeseal"],
        commands: &[&[]],
        only_with: Some("--cert="),
        never_with: &["--fetch-cert", "--re-encrypt", "--validate"],
    },
    Offline {
        tools: &["crossplane"],
        commands: &[
            &["render"],
            &["beta", "render"],
            &["beta", "validate"],
            &["beta", "convert"],
            &["xpkg", "build"],
            &["xpkg", "init"],
            &["xpkg", "push"],
            &["xpkg", "login"],
            &["xpkg", "logout"],
            &["beta", "xpkg", "init"],
        ],
        ..PLAIN
    },
    Offline { tools: &["polaris"], commands: &[&["audit"]], only_with: Some("--audit-path="), ..PLAIN },
    // What is chosen stands in the kubeconfig.
    Offline { tools: &["kubectx", "kubens"], commands: &[&["-c"], &["--current"]], ..PLAIN },
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
            "kots",
            "polaris",
            "telepresence",
            "okteto",
            "nelm",
            "timoni",
            "kctrl",
            "chainsaw",
            "helmwave",
            "kubescape",
            "hubble",
            "k8sgpt",
            "subctl",
            "loft",
            "garden",
            "kubefwd",
        ],
        commands: &[&["version"], &["help"], &["completion"]],
        ..PLAIN
    },
];

/// Whether a call reaches no cluster.
pub(super) fn is_offline(name: &str, call: &Call) -> bool {
    OFFLINE.iter().any(|offline| offline.has(name, call))
}

impl Offline {
    fn has(&self, name: &str, call: &Call) -> bool {
        let known: Vec<&str> = call.known().collect();
        let arguments = without_target(name, &known);
        let is_command = |words: &&[&str]| {
            arguments.len() >= words.len() && arguments.iter().zip(*words).all(|(one, other)| one == other)
        };
        self.tools.contains(&name)
            && self.commands.iter().any(is_command)
            && self.only_with.is_none_or(|option| has_only(call, option))
            && (self.never_with.is_empty() || !call.hides_options(&[]))
            && !self.never_with.iter().any(|option| call.arguments().any(|it| it.starts_with(option)))
    }
}

/// The arguments behind options that only say which cluster is meant, and how much is to be told.
pub(super) fn without_target<'c>(tool: &str, mut arguments: &'c [&'c str]) -> &'c [&'c str] {
    const TARGET: [&str; 6] =
        ["-n", "--namespace", "--context", "--kube-context", "--kubeconfig", "--environment"];
    // Elsewhere these may be switches.
    const OF_HELMFILE: [&str; 5] = ["-e", "-f", "--file", "-l", "--selector"];
    while let Some((first, rest)) = arguments.split_first() {
        if *first == "--debug" {
            arguments = rest;
            continue;
        }
        let (name, has_value) = first.split_once('=').map_or((*first, false), |(name, _)| (name, true));
        let is_of_target = TARGET.contains(&name) || tool == "helmfile" && OF_HELMFILE.contains(&name);
        if !is_of_target {
            break;
        }
        arguments = rest.get(usize::from(!has_value)..).unwrap_or_default();
    }
    arguments
}

/// Whether an option is given, and not also with another value; one that ends with `=` with any.
pub(super) fn has_only(call: &Call, option: &str) -> bool {
    let name = option.split('=').next().unwrap_or(option);
    if option.ends_with('=') {
        let value = call.last_option(name).flatten();
        return value.is_some_and(|value| !value.is_empty()) && !switch::is_swallowed(call, name);
    }
    let is_named = |argument: &&str| argument.split('=').next() == Some(name);
    // A switch is the same with `=true`.
    let is_it = |argument: &str| argument.strip_suffix("=true").unwrap_or(argument) == option;
    let mut own = call.arguments().take_while(|argument| *argument != "--");
    own.any(is_it)
        && !switch::is_swallowed(call, name)
        && call.is_known()
        && call.arguments().filter(is_named).all(is_it)
}
