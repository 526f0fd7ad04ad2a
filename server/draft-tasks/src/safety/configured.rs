//! The contexts that files of a tool name in place of the current one, such as `kubeContext` in a `helmfile.yaml`.
//!
//! Must not take a file that cannot be read, or is a template there, for one that names none.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

use draft_tasks_analysis::calls::Call;
use draft_tasks_executor::cluster::Node;
use draft_tasks_executor::file;

use super::choice::CalledNames;

/// Larger files are not read.
const LARGEST: u64 = 1024 * 1024;

/// How many files that name each other are read.
const MOST: usize = 64;

/// What stands for an expression of a template; no name has it.
const EXPRESSION: char = '\u{E000}';

/// The tool whose files are read.
struct Configured {
    tool: &'static str,
    /// Its files where no option names one.
    files: &'static [&'static str],
    /// Options that name a file.
    file_options: &'static [&'static str],
    /// The option that names the directory in which they are.
    directory_option: &'static str,
    /// Options and the variable that choose among entries with names, and the name without them.
    chosen_by: &'static [&'static str],
    variable: &'static str,
    chosen: &'static str,
    /// Where contexts stand that hold for all that the file has. `*` is any entry of a list, `?` one that is chosen.
    all: &'static [&'static [&'static str]],
    /// Where those stand that hold for some of it.
    some: &'static [&'static [&'static str]],
    /// Where further files are named.
    further: &'static [&'static [&'static str]],
    /// Whether an option of the command that names the context goes before.
    yields: bool,
}

const CONFIGURED: [Configured; 5] = [
    // <https://helmfile.readthedocs.io>; releases keep their contexts whatever `--kube-context` says.
    Configured {
        tool: "helmfile",
        files: &["helmfile.yaml.gotmpl", "helmfile.yaml", "helmfile.d"],
        file_options: &["-f", "--file"],
        directory_option: "",
        chosen_by: &["-e", "--environment"],
        variable: "HELMFILE_ENVIRONMENT",
        chosen: "default",
        all: &[&["kubeContext"], &["helmDefaults", "kubeContext"], &["environments", "?", "kubeContext"]],
        some: &[&["context"], &["releases", "*", "kubeContext"], &["templates", "*", "kubeContext"]],
        further: &[&["bases", "*"], &["helmfiles", "*"], &["helmfiles", "*", "path"]],
        yields: false,
    },
    // <https://skaffold.dev/docs/environment/kube-context/>
    Configured {
        tool: "skaffold",
        files: &["skaffold.yaml", "skaffold.yml"],
        file_options: &["-f", "--filename"],
        directory_option: "",
        chosen_by: &["-p", "--profile"],
        variable: "SKAFFOLD_PROFILE",
        chosen: "",
        all: &[&["deploy", "kubeContext"]],
        some: &[&["profiles", "?", "deploy", "kubeContext"]],
        further: &[&["requires", "*", "path"]],
        yields: true,
    },
    // <https://kluctl.io/docs/kluctl/kluctl-project/targets/>
    Configured {
        tool: "kluctl",
        files: &[".kluctl.yaml", ".kluctl.yml"],
        file_options: &["-c", "--project-config"],
        directory_option: "--project-dir",
        chosen_by: &["-t", "--target"],
        variable: "KLUCTL_TARGET",
        chosen: "",
        all: &[&["targets", "?", "context"]],
        some: &[],
        further: &[],
        yields: true,
    },
    // <https://github.com/Praqma/helmsman/blob/master/docs/desired_state_specification.md>; also in TOML.
    Configured {
        tool: "helmsman",
        files: &[],
        file_options: &["-f"],
        directory_option: "",
        chosen_by: &[],
        variable: "",
        chosen: "",
        all: &[&["settings", "kubeContext"]],
        some: &[],
        further: &[],
        yields: false,
    },
    // In the language CUE: <https://timoni.sh/bundle-runtime/>.
    Configured {
        tool: "timoni",
        files: &[],
        file_options: &["-r", "--runtime"],
        directory_option: "",
        chosen_by: &[],
        variable: "",
        chosen: "",
        all: &[&["kubeContext"]],
        some: &[],
        further: &[],
        yields: true,
    },
];

/// A context that a file names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct NamedContext {
    pub(super) context: String,
    /// The file, for people.
    pub(super) file: String,
}

/// The contexts that the files of a tool name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Naming {
    pub(super) contexts: Vec<NamedContext>,
    /// Whether something is reached by the context of the command, too.
    pub(super) leaves_some: bool,
}

/// What the files of a called tool name; `is_named` tells whether the command names a context.
///
/// # Errors
///
/// Why it is unknown which ones, without a full stop.
pub(super) fn contexts(named: &CalledNames<'_>, directory: &Path, is_named: bool) -> Result<Naming, String> {
    let call = named.call;
    let Some(tool) = CONFIGURED.iter().find(|configured| configured.tool == call.name()) else {
        return Ok(Naming { leaves_some: true, ..Naming::default() });
    };
    if tool.yields && is_named {
        return Ok(Naming { leaves_some: true, ..Naming::default() });
    }
    let value = |option: &&str| call.last_option(option);
    let unknown = || format!("which files `{}` reads is known only when it runs", tool.tool);
    let own = directory.join(call.directory.as_ref().ok_or_else(unknown)?);
    let own = match Some(&tool.directory_option).filter(|option| !option.is_empty()).and_then(value) {
        Some(named) => own.join(named.ok_or_else(unknown)?),
        None => own,
    };
    let mut reading = Reading {
        tool,
        chosen: named.value(tool.chosen_by, tool.variable).map_or(Some(None), |chosen| chosen.map(Some)),
        own: own.clone(),
        seen: BTreeSet::new(),
        naming: Naming::default(),
    };
    match tool.file_options.iter().find_map(value) {
        Some(Some("-")) | Some(None) => return Err(unknown()),
        Some(Some(named)) => reading.place(&own.join(named))?,
        None => reading.files_in(&own)?,
    }
    reading.naming.leaves_some |= reading.naming.contexts.is_empty();
    Ok(reading.naming)
}

/// The files of a call as far as they were read.
struct Reading<'a> {
    tool: &'a Configured,
    /// What an option chooses; nothing inside where that is unknown.
    chosen: Option<Option<String>>,
    /// What the shown paths are relative to.
    own: PathBuf,
    seen: BTreeSet<PathBuf>,
    naming: Naming,
}

impl Reading<'_> {
    /// The usual files of a directory.
    fn files_in(&mut self, directory: &Path) -> Result<(), String> {
        let found = self.tool.files.iter().map(|name| directory.join(name)).find(|path| path.exists());
        found.map_or(Ok(()), |path| self.place(&path))
    }

    /// A file, or the files of a directory: all where it is one for files of the tool.
    fn place(&mut self, path: &Path) -> Result<(), String> {
        if !path.is_dir() {
            return self.file(path);
        }
        if path.extension().is_none_or(|end| end != "d") {
            return self.files_in(path);
        }
        self.listed(path, "", "")
    }

    /// The files of a directory whose names begin and end so.
    fn listed(&mut self, directory: &Path, begin: &str, end: &str) -> Result<(), String> {
        let entries = directory.read_dir().map_err(|error| self.unreadable(directory, &error))?;
        let names: Vec<_> = entries.flatten().map(|entry| entry.file_name()).collect();
        let mut names: Vec<&str> = names.iter().filter_map(|name| name.to_str()).collect();
        names.sort_unstable();
        names.retain(|name| name.starts_with(begin) && name.ends_with(end));
        names.retain(|name| [".yaml", ".yml", ".gotmpl"].iter().any(|end| name.ends_with(end)));
        names.into_iter().try_for_each(|name| self.file(&directory.join(name)))
    }

    fn unreadable(&self, path: &Path, error: &io::Error) -> String {
        format!("`{}` may name it, and cannot be read: {error}", self.shown(path))
    }

    fn shown(&self, path: &Path) -> String {
        path.strip_prefix(&self.own).unwrap_or(path).display().to_string()
    }

    fn file(&mut self, path: &Path) -> Result<(), String> {
        if !self.seen.insert(path.to_owned()) {
            return Ok(());
        }
        if self.seen.len() > MOST {
            return Err(format!("more files may name it than are read, among them `{}`", self.shown(path)));
        }
        let text = match file::text(path, LARGEST) {
            Ok(text) => without_expressions(&text),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(self.unreadable(path, &error)),
        };
        let shown = self.shown(path);
        let only_there = || format!("`{shown}` names it in a way that only its tool reads");
        let key = |paths: &[&[&'static str]]| paths.first().and_then(|path| path.last()).copied();
        let Ok(documents) = Node::documents(&text) else {
            let is_named = key(self.tool.all).is_some_and(|key| text.contains(key));
            return if is_named { Err(only_there()) } else { Ok(()) };
        };
        let find = |paths: &[&[&str]]| {
            let mut found = Vec::new();
            for document in &documents {
                paths.iter().for_each(|path| self.find(document, path, &mut found));
            }
            found
        };
        let (all, some, further) = (find(self.tool.all), find(self.tool.some), find(self.tool.further));
        self.naming.leaves_some |= all.is_empty();
        for context in all.into_iter().chain(some) {
            if context.contains(EXPRESSION) {
                return Err(only_there());
            }
            let named = NamedContext { context, file: shown.clone() };
            self.naming.contexts.extend(Some(named).filter(|named| !self.naming.contexts.contains(named)));
        }
        let directory = path.parent().unwrap_or(Path::new("")).to_owned();
        further.iter().try_for_each(|name| self.further(&directory, name))
    }

    /// A file that another one names, or several by a pattern.
    fn further(&mut self, directory: &Path, name: &str) -> Result<(), String> {
        let (place, last) = name.rsplit_once('/').unwrap_or(("", name));
        if name.contains(EXPRESSION) || name.contains("::") || name.contains("://") || place.contains('*') {
            let name = name.replace(EXPRESSION, "…");
            return Err(format!("files that are not read here may name it, by `{name}`"));
        }
        match last.split_once('*') {
            Some((begin, end)) => self.listed(&directory.join(place), begin, end.trim_start_matches('*')),
            None => self.place(&directory.join(name)),
        }
    }

    /// The texts that stand at a path; of keys that stand there twice both, as a template may choose.
    fn find(&self, node: &Node, path: &[&str], found: &mut Vec<String>) {
        let Some((first, rest)) = path.split_first() else {
            return found.extend(node.text().filter(|text| !text.is_empty()).map(str::to_owned));
        };
        let items = node.list().into_iter().flatten();
        let pairs = node.map().into_iter().flatten();
        let plain = |key: &String| key.trim_matches(EXPRESSION).to_owned();
        match *first {
            "*" => items.chain(pairs.map(|(_, node)| node)).for_each(|node| self.find(node, rest, found)),
            "?" => {
                let items = items.filter(|node| {
                    // It may choose itself.
                    node.get("activation").is_some()
                        || node.get("name").and_then(Node::text).is_none_or(|name| self.chooses(name))
                });
                let pairs = pairs.filter(|(key, _)| self.chooses(&plain(key))).map(|(_, node)| node);
                items.chain(pairs).for_each(|node| self.find(node, rest, found));
            }
            key => pairs
                .filter(|(name, _)| plain(name) == key)
                .for_each(|(_, node)| self.find(node, rest, found)),
        }
    }

    fn chooses(&self, name: &str) -> bool {
        let is_open = name.contains(EXPRESSION);
        let is = |chosen: &str| chosen.split(',').any(|chosen| chosen.trim_start_matches('-') == name);
        match &self.chosen {
            None => is_open || is(self.tool.chosen),
            Some(chosen) => is_open || chosen.as_deref().is_none_or(is),
        }
    }
}

/// A text with a sign in place of each expression of a template, and without the lines that have nothing else.
fn without_expressions(text: &str) -> String {
    let (mut plain, mut rest) = (String::new(), text);
    while let Some(at) = rest.find("{{").into_iter().chain(rest.find("{%")).min() {
        plain.push_str(&rest[..at]);
        let close = if rest[at..].starts_with("{{") { "}}" } else { "%}" };
        plain.push(EXPRESSION);
        rest = rest[at..].find(close).map_or("", |length| &rest[at + length + close.len()..]);
    }
    plain.push_str(rest);
    let has_more = |line: &&str| line.replace(EXPRESSION, "").trim().is_empty() <= line.trim().is_empty();
    plain.lines().filter(has_more).fold(String::new(), |text, line| text + line + "\n")
}

/// Tools whose programs tell which clusters they reach, if they do.
const PROVISIONERS: [Provisioner; 2] = [
    Provisioner {
        tools: &["terraform", "tofu", "terragrunt"],
        commands: &["apply", "destroy", "plan", "refresh", "import", "test", "console", "run-all", "run"],
        directory_option: "-chdir",
        ends: &[".tf", ".tf.json", ".tofu", ".hcl"],
        signs: &[
            "\"kubernetes\"",
            "\"helm\"",
            "\"kubectl\"",
            "\"kustomization\"",
            "kubernetes_",
            "helm_release",
        ],
    },
    Provisioner {
        tools: &["pulumi"],
        commands: &["up", "update", "destroy", "refresh", "preview", "import", "watch", "cancel"],
        directory_option: "--cwd",
        ends: &[
            "Pulumi.yaml",
            "package.json",
            "requirements.txt",
            "pyproject.toml",
            "go.mod",
            ".csproj",
            ".py",
        ],
        signs: &["kubernetes"],
    },
];

struct Provisioner {
    tools: &'static [&'static str],
    /// The commands that reach something.
    commands: &'static [&'static str],
    directory_option: &'static str,
    /// How the names of its files end.
    ends: &'static [&'static str],
    /// By what these say that they are about clusters.
    signs: &'static [&'static str],
}

/// Whether a program is a tool whose program tells which clusters it reaches.
pub(super) fn is_provisioner(name: &str) -> bool {
    PROVISIONERS.iter().any(|it| it.tools.contains(&name))
}

/// Why a call reaches a cluster that its own program names; nothing where that is about none.
pub(super) fn provisions(call: &Call, directory: &Path) -> Option<String> {
    let tool = PROVISIONERS.iter().find(|it| it.tools.contains(&call.name()))?;
    if !call.arguments().any(|word| tool.commands.contains(&word)) {
        return None;
    }
    let Some(own) = call.directory.as_ref().map(|own| directory.join(own)) else {
        return Some(format!("which files `{}` reads is known only when it runs", call.name()));
    };
    let own = match call.last_option(tool.directory_option).flatten() {
        Some(named) => own.join(named),
        None => own,
    };
    let entries = own.read_dir().ok()?.flatten();
    let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    let mut files: Vec<String> =
        names.filter(|name| tool.ends.iter().any(|end| name.ends_with(end))).collect();
    files.sort_unstable();
    let is_about = |name: &String| {
        let text = file::text(&own.join(name), LARGEST).unwrap_or_default();
        tool.signs.iter().any(|sign| text.contains(sign))
    };
    let found = files.into_iter().find(is_about)?;
    Some(format!("`{}` takes it from its own program (`{found}`)", call.name()))
}
