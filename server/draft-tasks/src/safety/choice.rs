//! Which cluster a call of a tool is led to, by its own options and by variables.
//!
//! Must not take what is not known for the current context.

use std::path::{Component, Path, PathBuf};

use draft_tasks_analysis::calls::{Call, Calls};
use draft_tasks_executor::cluster::is_local_server;

use super::{switch, tool};

/// Options with a value that names no cluster, behind which a value may be unknown.
const WITH_VALUE: [&str; 34] = [
    "-n",
    "--namespace",
    "-f",
    "--filename",
    "-k",
    "--kustomize",
    "-l",
    "--selector",
    "-o",
    "--output",
    "-c",
    "--container",
    "-p",
    "--patch",
    "--patch-file",
    "--field-selector",
    "--type",
    "--for",
    "--timeout",
    "--image",
    "--replicas",
    "--from-literal",
    "--from-file",
    "--from-env-file",
    "--set",
    "--set-string",
    "--set-file",
    "--values",
    "--version",
    "--overrides",
    "--env",
    "--tail",
    "--since",
    "--description",
];

/// Tools that have a short option for the context.
const SHORT_CONTEXT: [(&str, &str); 4] =
    [("tkn", "-c"), ("crossplane", "-c"), ("kubetail", "-t"), ("kubent", "-x")];

/// Those that have one for the kubeconfig.
const SHORT_FILE: [(&str, &str); 4] =
    [("istioctl", "-c"), ("tkn", "-k"), ("kubent", "-k"), ("oc", "--config")];

/// Options that name a cluster in a way of their own, or a second one.
const OTHER_CLUSTERS: [&str; 7] = [
    "--cluster",
    "--to-kubeconfig",
    "--to-kubeconfig-context",
    "--destination-context",
    "--destination-kubeconfig",
    "--kube-config-base64",
    // A file whose aliases and defaults may.
    "--kuberc",
];

/// Variables of tools that name a cluster in a way of their own, or the file that does.
const OTHER_VARIABLES: [(&str, &str); 5] = [
    ("werf", "WERF_KUBE_CONFIG_BASE64"),
    ("werf", "WERF_KUBECONFIG"),
    ("kapp", "KAPP_KUBECONFIG_YAML"),
    ("trivy", "TRIVY_KUBECONFIG"),
    ("helmfile", "HELMFILE_FILE_PATH"),
];

/// Plugins of kubectl that go over several contexts.
const OVER_CONTEXTS: [&str; 5] = ["foreach", "mc", "allctx", "multicluster", "karmada"];

/// Programs that write the files that they are given.
const WRITERS: [&str; 19] = [
    "cp", "mv", "ln", "tee", "install", "rsync", "scp", "curl", "wget", "sed", "yq", "dd", "rm", "sops",
    "truncate", "sponge", "ed", "ex", "patch",
];

/// Whether a program writes the files that it is given.
fn writes(call: &Call) -> bool {
    match call.name() {
        "perl" => call.arguments().any(|word| word.starts_with('-') && word.contains('i')),
        "git" => call.arguments().any(|word| matches!(word, "checkout" | "restore" | "stash" | "apply")),
        name => WRITERS.contains(&name),
    }
}

/// The files that such a program may write.
fn written(call: &Call) -> Vec<String> {
    let all = || call.arguments().map(str::to_owned).collect();
    let names_folder = || call.arguments().any(|word| word.starts_with("-t") || word.starts_with("--target"));
    if !matches!(call.name(), "cp" | "ln" | "install" | "rsync" | "scp") || names_folder() {
        return all();
    }
    // It writes what is not its first argument, or files of its arguments' names there.
    let plain: Vec<&str> = call.arguments().filter(|word| !word.starts_with('-')).collect();
    let [_, places @ ..] = plain.as_slice() else { return all() };
    if places.is_empty() {
        return all();
    }
    let name = |word: &str| Some(Path::new(word).file_name()?.to_string_lossy().into_owned());
    let within = |place: &str| {
        let names = plain.iter().filter_map(|word| name(word));
        names.map(|name| format!("{}/{name}", place.trim_end_matches('/'))).collect::<Vec<_>>()
    };
    let files = places.iter().filter(|place| !place.ends_with('/')).map(|place| (*place).to_owned());
    files.chain(places.iter().flat_map(|place| within(place))).collect()
}

const CHANGED: &str = "the command changes the kubeconfig";

/// The cluster of a call.
#[derive(Debug)]
pub(super) enum CalledCluster {
    /// That of the current context.
    Current,
    Context(String),
    /// That of a file, with its current context unless one is named.
    Kubeconfig {
        file: String,
        context: Option<String>,
    },
    /// A server on this machine.
    Local,
    /// Any, and why, without a full stop.
    Unknown(String),
}

/// The values of variables of the environment.
pub(super) type Lookup<'a> = &'a dyn Fn(&str) -> Option<String>;

impl CalledCluster {
    pub(super) fn of(named: &CalledNames<'_>) -> CalledCluster {
        CalledCluster::read(named).unwrap_or_else(CalledCluster::Unknown)
    }

    /// Whether a context is named.
    pub(super) fn is_named(&self) -> bool {
        matches!(self, CalledCluster::Context(_) | CalledCluster::Kubeconfig { context: Some(_), .. })
    }

    /// That of another context.
    pub(super) fn in_context(&self, context: &str) -> CalledCluster {
        let context = context.to_owned();
        match self {
            CalledCluster::Kubeconfig { file, .. } => {
                CalledCluster::Kubeconfig { file: file.clone(), context: Some(context) }
            }
            _ => CalledCluster::Context(context),
        }
    }

    fn read(named: &CalledNames<'_>) -> Result<CalledCluster, String> {
        let call = named.call;
        if let Some(why) = &call.elsewhere {
            return Err(why.clone());
        }
        if tool::is_of_account(call) {
            return Err(format!("`{}` has a way of its own to it", call.name()));
        }
        if let Some(why) = named.unsettled() {
            return Err(why);
        }
        if let Some(why) = hidden(call) {
            return Err(why);
        }
        let chosen = if tool::chooses(call) { Some(tool::chosen_context(call)?) } else { None };
        if let Some((name, _)) = call.last_option_of(&OTHER_CLUSTERS) {
            return Err(format!("`{name}` names it"));
        }
        if let Some(why) = named.otherwise() {
            return Err(why);
        }
        if let Some(server) = named.server()? {
            let unknown = || format!("its server is {}", without_user(&server));
            return is_local_server(&server).then_some(CalledCluster::Local).ok_or_else(unknown);
        }
        if tool::has_own_way(call) {
            return Err(format!("`{}` has a way of its own to it", call.name()));
        }
        let context = chosen.map_or_else(|| named.context(), |context| Ok(Some(context)))?;
        if let Some(file) = named.file()? {
            return Ok(CalledCluster::Kubeconfig { file: named.seen_from_command(&file)?, context });
        }
        Ok(context.map_or(CalledCluster::Current, CalledCluster::Context))
    }
}

/// Why it may be any that a call names: options that do may be among its arguments.
pub(super) fn hidden(call: &Call) -> Option<String> {
    call.hides_options(&WITH_VALUE).then(|| "its arguments are known only when it runs".to_owned())
}

/// An address without the user in it, whose password may stand there.
fn without_user(address: &str) -> String {
    let (scheme, rest) = address.split_once("://").unwrap_or(("", address));
    let host = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
    if scheme.is_empty() { host.to_owned() } else { format!("{scheme}://{host}") }
}

/// What a call names by its options and by variables.
pub(super) struct CalledNames<'a> {
    pub(super) call: &'a Call,
    calls: &'a Calls,
    lookup: Lookup<'a>,
}

/// The variables in which tools take what their options name; an empty name stands for none.
struct Variables {
    server: &'static str,
    context: &'static str,
    file: &'static str,
}

impl Variables {
    fn of(tool: &str) -> Variables {
        let plain = Variables { server: "KUBERNETES_MASTER", context: "", file: "" };
        let of = |context, file| Variables { context, file, ..plain };
        match tool {
            "argo" => Variables { server: "ARGO_SERVER", ..plain },
            "kapp" => of("KAPP_KUBECONFIG_CONTEXT", "KAPP_KUBECONFIG"),
            "kluctl" => of("KLUCTL_CONTEXT", "KLUCTL_KUBECONFIG"),
            "skaffold" => of("SKAFFOLD_KUBE_CONTEXT", "SKAFFOLD_KUBECONFIG"),
            "werf" => of("WERF_KUBE_CONTEXT", "WERF_KUBE_CONFIG"),
            name if name.starts_with("helm") => {
                Variables { server: "HELM_KUBEAPISERVER", context: "HELM_KUBECONTEXT", file: "" }
            }
            _ => plain,
        }
    }
}

impl<'a> CalledNames<'a> {
    pub(super) fn of(call: &'a Call, calls: &'a Calls, lookup: Lookup<'a>) -> CalledNames<'a> {
        CalledNames { call, calls, lookup }
    }

    fn server(&self) -> Result<Option<String>, String> {
        let options: &[&str] = if self.is_helm() {
            &["--kube-apiserver"]
        } else {
            &["--server", "-s", "--kube-apiserver", "--argo-server"]
        };
        if switch::hide_server(self.call) {
            return Err("an option `-s` among others names its server".into());
        }
        self.value(options, Variables::of(self.call.name()).server)
    }

    fn context(&self) -> Result<Option<String>, String> {
        let variable = Variables::of(self.call.name()).context;
        let long = ["--kube-context", "--context", "--kubeconfig-context", "--kubecontext"];
        self.value(&[&long, self.short(&SHORT_CONTEXT)].concat(), variable)
    }

    /// What a tool has as a short option.
    fn short(&self, all: &'static [(&str, &str)]) -> &'static [&'static str] {
        let own = all.iter().find(|(tool, _)| *tool == self.call.name());
        own.map_or(&[], |(_, option)| std::slice::from_ref(option))
    }

    /// Why a tool reaches a cluster that is named otherwise than by options for that.
    fn otherwise(&self) -> Option<String> {
        let call = self.call;
        let is_set = |name: &str| self.value(&[], name).map_or(true, |value| value.is_some());
        let own = OTHER_VARIABLES.iter().filter(|(tool, _)| *tool == call.name());
        if let Some((_, name)) = own.into_iter().find(|(_, name)| is_set(name)) {
            return Some(format!("{name} names it"));
        }
        let names_plugin = || call.known().any(|word| OVER_CONTEXTS.contains(&word));
        let is_plugin = || !tool::has_own_command(call) && names_plugin();
        match call.name() {
            "kubectl" if self.calls.assigned.contains_key("KUBERC") => {
                Some("KUBERC names a file that may".into())
            }
            "kubectl" if is_plugin() => Some("its plugin may go over several contexts".into()),
            name if name.strip_prefix("kubectl-").is_some_and(|it| OVER_CONTEXTS.contains(&it)) => {
                Some(format!("`{name}` may go over several contexts"))
            }
            "helmfile" if call.last_option("--args").flatten().is_some_and(|it| it.contains("--kube")) => {
                Some("`--args` names it".into())
            }
            "trivy" => tool::context_of_trivy(call).map(|_| "its argument may be the context".into()),
            _ if switch::hides_end(call) => Some("`--` may be the value of the option before it".into()),
            _ => None,
        }
    }

    /// Whether an inner draft-tasks is told which contexts count as local.
    pub(super) fn answers_inner(&self) -> bool {
        self.call.name() == "draft-tasks" && self.calls.assigned.contains_key("DRAFT_TASKS_LOCAL_CONTEXTS")
    }

    /// Whether the call says itself which cluster it reaches, though not so that it is known.
    pub(super) fn is_own_choice(&self) -> bool {
        let names = [
            "--kube-context",
            "--context",
            "--kubeconfig-context",
            "--kubeconfig",
            "--server",
            "--kube-apiserver",
        ];
        let call = self.call;
        tool::is_of_account(call)
            || tool::chooses(call)
            || call.elsewhere.is_some()
            || call.last_option_of(&names).is_some()
    }

    /// The kubeconfig, where it is not that of the whole environment.
    fn file(&self) -> Result<Option<String>, String> {
        let assigned = |name: &str| self.calls.assigned.get(name);
        let variable = Variables::of(self.call.name()).file;
        let long = ["--kubeconfig", "--kube-config"];
        if let Some(file) = self.value(&[&long, self.short(&SHORT_FILE)].concat(), variable)? {
            return Ok(Some(file));
        }
        let is_elsewhere = assigned("HOME").is_some() && (self.lookup)("KUBECONFIG").is_none();
        match assigned("KUBECONFIG") {
            None if !is_elsewhere => Ok(None),
            Some(Some(file)) if !file.is_empty() => Ok(Some(file.clone())),
            _ => Err("a command chooses its own kubeconfig".into()),
        }
    }

    /// The paths of kubeconfigs, as seen from the directory of the command rather than that of the call.
    fn seen_from_command(&self, files: &str) -> Result<String, String> {
        let is_relative = |file: &PathBuf| file.is_relative() && !file.as_os_str().is_empty();
        if !std::env::split_paths(files).any(|file| is_relative(&file)) {
            return Ok(files.to_owned());
        }
        let unknown = || "the directory of its kubeconfig is known only when it runs".to_owned();
        let directory = Path::new(self.call.directory.as_ref().ok_or_else(unknown)?);
        let joined = std::env::split_paths(files).map(|file| directory.join(file));
        let joined =
            std::env::join_paths(joined).map_err(|_| format!("no kubeconfig has the path {files}"))?;
        Ok(joined.to_string_lossy().into_owned())
    }

    /// Why the kubeconfig may have become another one, unless the call names its own.
    fn unsettled(&self) -> Option<String> {
        let names_file = self.call.last_option("--kubeconfig").is_some();
        let is_named = names_file && self.context().is_ok_and(|context| context.is_some());
        if is_named {
            return None;
        }
        unsettled(self.calls, self.lookup)
    }

    fn is_helm(&self) -> bool {
        self.call.name().starts_with("helm")
    }

    /// The last value of an option, else that of a variable; nothing where it is empty.
    pub(super) fn value(&self, options: &[&str], variable: &str) -> Result<Option<String>, String> {
        let option = self.call.last_option_of(options);
        let (name, value) = match option {
            Some((name, _)) if switch::is_swallowed(self.call, name) => {
                return Err(format!("`{name}` may be the value of the option before it"));
            }
            Some((name, value)) => (name, value.map(str::to_owned)),
            None => match self.calls.assigned.get(variable) {
                Some(value) => (variable, value.clone()),
                None => (variable, Some((self.lookup)(variable).unwrap_or_default())),
            },
        };
        let value = value.ok_or_else(|| format!("`{name}` is known only when it runs"))?;
        Ok(Some(value).filter(|value| !value.is_empty()))
    }
}

/// Whether something in the command changes the kubeconfig.
fn changes_file(calls: &Calls, lookup: Lookup<'_>) -> bool {
    let own = lookup("KUBECONFIG").unwrap_or_default();
    let own: Vec<PathBuf> = std::env::split_paths(&own).collect();
    let is_file = |path: &str| {
        let written = Path::new(path);
        let plain: PathBuf = written.components().filter(|part| *part != Component::CurDir).collect();
        // Where a relative one is depends on what ran before.
        let goes_up = plain.components().any(|part| part == Component::ParentDir);
        let is_it = |own: &PathBuf| {
            own == written
                || written.is_relative() && own.ends_with(&plain)
                || goes_up && own.file_name() == written.file_name()
        };
        let is_named = |path: &&PathBuf| path.file_name().is_some();
        path.ends_with(".kube/config") || !path.is_empty() && own.iter().filter(is_named).any(is_it)
    };
    // `dd` names it `of=FILE`.
    let is_named = |word: &str| is_file(word.strip_prefix("of=").unwrap_or(word));
    let changes = |call: &Call| writes(call) && written(call).iter().any(|path| is_named(path));
    calls.written.iter().any(|path| is_file(path)) || calls.called.iter().any(changes)
}

/// Why a command may change which cluster is meant.
pub(super) fn unsettled(calls: &Calls, lookup: Lookup<'_>) -> Option<String> {
    calls.unsettled.clone().or_else(|| changes_file(calls, lookup).then(|| CHANGED.to_owned()))
}

/// Why what a command runs may reach any cluster unless it names one: the command changes which one is meant.
pub(super) fn changed(calls: &Calls, lookup: Lookup<'_>) -> Option<String> {
    let is_unknown = calls.assigned.get("KUBECONFIG").is_some_and(Option::is_none);
    let own = || is_unknown.then(|| "a command chooses its own kubeconfig".to_owned());
    unsettled(calls, lookup).or_else(own)
}
