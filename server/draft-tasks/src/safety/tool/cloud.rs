//! Programs that make, change and delete whole clusters, as those of clouds do, by the account that they are logged in with.
//!
//! Must not guess: what is not known to read changes a cluster.

use draft_tasks_analysis::calls::Call;

/// How such a program is told to.
struct CloudTool {
    names: &'static [&'static str],
    /// Words that may stand in front of the next ones.
    passing: &'static [&'static str],
    /// One of these is about clusters; where there are none, all is.
    about: &'static [&'static str],
    /// What stands between that and the command.
    groups: &'static [&'static str],
    /// Commands that only read; those that end or begin with `-` stand for all that begin or end so.
    reads: &'static [&'static str],
}

const PLAIN: CloudTool = CloudTool { names: &[], passing: &[], about: &[], groups: &[], reads: &[] };

/// Options of these tools that have no value.
const SWITCHES: [&str; 6] =
    ["--quiet", "--debug", "--verbose", "--no-cli-pager", "--no-paginate", "--no-verify-ssl"];

/// Options of these tools that always have a value.
const VALUED: [&str; 28] = [
    "--project",
    "--zone",
    "-z",
    "--region",
    "--location",
    "--account",
    "--configuration",
    "--format",
    "--filter",
    "--profile",
    "--output",
    "-o",
    "--query",
    "--endpoint-url",
    "--subscription",
    "--resource-group",
    "-g",
    "--name",
    "-n",
    "--cluster-name",
    "--context",
    "--access-token",
    "--nodes",
    "--endpoints",
    "-e",
    "--talosconfig",
    "--dir",
    "--log-level",
];

const CLOUD_TOOLS: [CloudTool; 22] = [
    // <https://cloud.google.com/sdk/gcloud/reference/container>
    CloudTool {
        names: &["gcloud"],
        passing: &["alpha", "beta", "edge-cloud"],
        about: &["container"],
        groups: &[
            "clusters",
            "node-pools",
            "operations",
            "fleet",
            "hub",
            "memberships",
            "attached",
            "aws",
            "azure",
            "bare-metal",
            "vmware",
        ],
        reads: &["list", "describe", "wait", "get-", "list-", "images", "artifacts", "binauthz"],
    },
    // <https://docs.aws.amazon.com/cli/latest/reference/eks/>
    CloudTool {
        // By the second name as an image.
        names: &["aws", "aws-cli"],
        about: &["eks"],
        reads: &["list-", "describe-", "get-token", "wait", "help", "update-kubeconfig"],
        ..PLAIN
    },
    // <https://learn.microsoft.com/cli/azure/aks>
    CloudTool {
        names: &["az"],
        about: &["aks", "aro", "fleet", "connectedk8s", "k8s-extension", "k8s-configuration"],
        groups: &[
            "nodepool",
            "machine",
            "snapshot",
            "maintenanceconfiguration",
            "member",
            "updaterun",
            "extension-types",
            "flux",
            "kustomization",
            "deployed-object",
        ],
        reads: &["list", "show", "wait", "get-", "list-", "install-cli"],
        ..PLAIN
    },
    // <https://docs.digitalocean.com/reference/doctl/reference/kubernetes/>
    CloudTool {
        names: &["doctl"],
        about: &["kubernetes", "kube", "k8s", "k"],
        groups: &["cluster", "clusters", "c", "node-pool", "node-pools", "nodepool", "pool", "np", "p"],
        reads: &["list", "ls", "get", "g", "list-", "get-", "options", "opts", "o", "kubeconfig"],
        ..PLAIN
    },
    CloudTool {
        names: &["scw"],
        about: &["k8s"],
        groups: &["cluster", "pool", "node", "version", "kubeconfig"],
        reads: &["list", "get", "wait", "list-", "install", "uninstall"],
        ..PLAIN
    },
    CloudTool {
        names: &["civo"],
        about: &["kubernetes", "k8s", "k3s"],
        groups: &["node-pool", "applications"],
        reads: &["list", "ls", "show", "get", "inspect", "config", "versions", "size"],
        ..PLAIN
    },
    CloudTool { names: &["linode-cli"], about: &["lke"], reads: &["-list", "-view", "types"], ..PLAIN },
    CloudTool {
        names: &["ibmcloud"],
        about: &["ks", "oc", "cs"],
        groups: &["cluster", "worker", "worker-pool", "zone"],
        reads: &["ls", "get", "config", "versions", "locations", "flavors", "init", "help"],
        ..PLAIN
    },
    CloudTool {
        names: &["oci"],
        about: &["ce"],
        groups: &["cluster", "node-pool", "virtual-node-pool", "cluster-options", "node-pool-options"],
        reads: &["list", "get", "list-", "get-", "create-kubeconfig", "generate-token"],
        ..PLAIN
    },
    CloudTool {
        names: &["exo"],
        passing: &["compute"],
        about: &["sks"],
        groups: &["nodepool"],
        reads: &["list", "ls", "show", "versions", "kubeconfig"],
    },
    CloudTool {
        names: &["openstack"],
        about: &["coe"],
        groups: &["cluster", "template", "nodegroup", "ca"],
        reads: &["list", "show", "config"],
        ..PLAIN
    },
    CloudTool {
        names: &["vultr-cli"],
        about: &["kubernetes", "k"],
        groups: &["node-pool"],
        reads: &["list", "get", "config", "versions", "upgrades"],
        ..PLAIN
    },
    CloudTool {
        names: &["tanzu"],
        about: &["cluster", "management-cluster", "mc"],
        groups: &["node-pool", "machinehealthcheck"],
        reads: &["list", "get", "kubeconfig", "available-upgrades"],
        ..PLAIN
    },
    CloudTool {
        names: &["yc"],
        about: &["managed-kubernetes", "k8s"],
        groups: &["cluster", "node-group", "marketplace", "helm-release"],
        reads: &["list", "get", "list-", "get-"],
        ..PLAIN
    },
    CloudTool {
        names: &["upctl"],
        about: &["kubernetes", "k8s", "uks"],
        groups: &["nodegroup"],
        reads: &["list", "show", "config", "plans", "versions"],
        ..PLAIN
    },
    CloudTool {
        names: &["ionosctl"],
        about: &["k8s"],
        groups: &["cluster", "nodepool", "node", "kubeconfig", "version", "lan"],
        reads: &["list", "get"],
        ..PLAIN
    },
    CloudTool {
        names: &["rosa"],
        reads: &[
            "list",
            "describe",
            "whoami",
            "verify",
            "logs",
            "token",
            "login",
            "logout",
            "version",
            "help",
            "completion",
        ],
        ..PLAIN
    },
    CloudTool {
        names: &["openshift-install"],
        groups: &["create"],
        reads: &[
            // These are made as files.
            "install-config",
            "manifests",
            "manifest-templates",
            "ignition-configs",
            "single-node-ignition-config",
            "wait-for",
            "gather",
            "graph",
            "explain",
            "version",
            "help",
            "completion",
        ],
        ..PLAIN
    },
    // <https://docs.siderolabs.com/talos/v1.11/reference/cli>
    CloudTool {
        names: &["talosctl"],
        reads: &[
            "get",
            "list",
            "ls",
            "read",
            "logs",
            "dmesg",
            "dashboard",
            "containers",
            "processes",
            "health",
            "stats",
            "memory",
            "mounts",
            "time",
            "usage",
            "netstat",
            "pcap",
            "events",
            "inspect",
            "support",
            "copy",
            "cp",
            "kubeconfig",
            // These are about files, or machines and containers on this one.
            "config",
            "gen",
            "machineconfig",
            "validate",
            "cluster",
            "version",
            "help",
            "completion",
        ],
        ..PLAIN
    },
    CloudTool {
        names: &["kubeone", "rke"],
        reads: &["status", "config", "init", "kubeconfig", "document", "version", "help", "completion"],
        ..PLAIN
    },
    CloudTool {
        names: &["k0sctl", "hetzner-k3s"],
        reads: &["init", "kubeconfig", "releases", "version", "help", "completion"],
        ..PLAIN
    },
    CloudTool {
        names: &["tkgi", "pks"],
        reads: &[
            "cluster",
            "clusters",
            "plans",
            "network-profile",
            "network-profiles",
            "kubernetes-profiles",
            "compute-profiles",
            "get-credentials",
            "get-kubeconfig",
            "login",
            "logout",
            "version",
            "help",
        ],
        ..PLAIN
    },
];

/// What they are called.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    CLOUD_TOOLS.iter().flat_map(|tool| tool.names).copied()
}

/// Whether a call may change a cluster.
pub(super) fn changes(call: &Call) -> bool {
    let Some(tool) = CLOUD_TOOLS.iter().find(|tool| tool.names.contains(&call.name())) else { return false };
    if asks_for_help(call) {
        return false;
    }
    if tool.about.is_empty() {
        return !tool.only_reads_by(call.arguments(), call.is_known());
    }
    call.behind(tool.about, tool.passing).is_some_and(|words| !tool.only_reads_by(words, false))
}

/// Behind an option it may be the value of that.
fn asks_for_help(call: &Call) -> bool {
    let words: Vec<&str> = call.arguments().collect();
    let is_help = |at: usize| {
        let is_last = at + 1 == words.len();
        let is_it = words[at] == "--help" || call.name().starts_with("aws") && is_last && words[at] == "help";
        is_it && !(at > 0 && words[at - 1].starts_with('-'))
    };
    call.is_known() && (0..words.len()).any(is_help)
}

impl CloudTool {
    /// Whether the command among words only reads, and so does each word that may be the command or the value of an option;
    /// `otherwise` where there is none of both.
    fn only_reads_by<'a>(&self, words: impl Iterator<Item = &'a str>, otherwise: bool) -> bool {
        let (mut option, mut reads) = (None, otherwise);
        for word in words {
            if word.starts_with('-') {
                option = Some(word).filter(|option| !option.contains('=') && !SWITCHES.contains(option));
                continue;
            }
            let before = option.take();
            if self.groups.contains(&word) || before.is_some_and(|option| VALUED.contains(&option)) {
                continue;
            }
            reads = self.only_reads(word);
            if before.is_none() || !reads {
                return reads;
            }
        }
        reads
    }

    fn only_reads(&self, command: &str) -> bool {
        self.reads.iter().any(|read| {
            let begins = read.ends_with('-') && command.starts_with(read);
            let ends = read.starts_with('-') && command.ends_with(read);
            command == *read || begins || ends
        })
    }
}
