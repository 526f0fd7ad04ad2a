//! Scripts, recipes and texts beside a command, as far as they tell that it reaches a cluster.
//!
//! Must not be taken for more than a hint: what a file calls may never run.

use std::path::Path;

use draft_tasks_analysis::calls::{self, Beside, Call, Calls};
use draft_tasks_analysis::file_names::{MAKEFILES, PACKAGE_JSON};
use draft_tasks_analysis::project_files;
use draft_tasks_executor::file;

use super::choice::{CalledCluster, CalledNames};
use super::taskfile;
use super::tool::{self, TOOLS};

/// Larger files are no scripts.
const LARGEST: u64 = 256 * 1024;

/// How many scripts that call each other are followed.
const DEPTH: usize = 4;

/// How the names of files end that are no scripts of a shell.
const IN_OTHER_LANGUAGES: [&str; 16] = [
    ".py",
    ".js",
    ".mjs",
    ".cjs",
    ".ts",
    ".rb",
    ".php",
    ".pl",
    ".go",
    ".lua",
    ".ini",
    ".json",
    ".yml",
    ".yaml",
    "Rakefile",
    "Earthfile",
];

/// Modules of Ansible that reach a cluster.
const MODULES: [&str; 6] = [
    "kubernetes.core.k8s",
    "kubernetes.core.k8s_exec",
    "kubernetes.core.k8s_scale",
    "kubernetes.core.helm",
    "community.kubernetes.k8s",
    "community.kubernetes.helm",
];

type Lookup<'a> = &'a dyn Fn(&str) -> Option<String>;

/// A call of a program of clusters by something beside a command.
pub(super) struct CallBeside {
    /// What calls it, for people.
    pub(super) place: String,
    pub(super) tool: String,
    pub(super) cluster: CalledCluster,
}

/// The calls of programs of clusters by what is beside a command.
pub(super) fn calls(calls: &Calls, directory: &Path, lookup: Lookup<'_>) -> Vec<CallBeside> {
    let mut search = Search { directory, lookup, found: Vec::new() };
    search.calls(calls, DEPTH);
    search.found
}

/// Why what a program reads may lead to any cluster, where a text names a tool that may be piped into it.
pub(super) fn in_pipe(calls: &Calls) -> Option<String> {
    let named = calls.piped.iter().flat_map(|text| calls::mentions(text, &TOOLS)).next()?;
    Some(format!("`{}` is in what is piped", calls::stem(named.first()?)))
}

struct Search<'a> {
    directory: &'a Path,
    lookup: Lookup<'a>,
    found: Vec<CallBeside>,
}

impl Search<'_> {
    fn calls(&mut self, calls: &Calls, depth: usize) {
        let Some(depth) = depth.checked_sub(1) else { return };
        for beside in &calls.beside {
            match beside {
                Beside::File(path) => self.script(path, depth),
                Beside::Recipes { tool, directory, file, targets } => {
                    let Some((name, text)) = self.recipes(tool, directory, file.as_deref()) else { continue };
                    let calls = match tool.as_str() {
                        "task" => Calls::of_script(&taskfile::script(&text, targets), self.lookup),
                        _ => calls::of_recipes(&text, targets, self.lookup),
                    };
                    self.of(&name, &calls, depth);
                }
                Beside::Npm { directory, script } => self.npm(directory, script, depth),
                Beside::Code(text) => self.mentions("code in it", text, &TOOLS),
            }
        }
    }

    fn of(&mut self, name: &str, calls: &Calls, depth: usize) {
        for call in calls.called.iter().filter(|call| tool::reaches(call) || tool::chooses(call)) {
            self.add(&format!("`{name}`"), call, calls);
        }
        self.calls(calls, depth);
    }

    fn mentions(&mut self, place: &str, text: &str, programs: &[&str]) {
        for argv in calls::mentions(text, programs) {
            let calls = Calls::of(argv.into_iter(), self.lookup);
            calls.called.first().into_iter().for_each(|call| self.add(place, call, &calls));
        }
    }

    fn add(&mut self, place: &str, call: &Call, calls: &Calls) {
        let cluster = match CalledCluster::of(&CalledNames::of(call, calls, self.lookup)) {
            // What a script is given may be anything, most likely the context that the user has chosen.
            CalledCluster::Unknown(_) => CalledCluster::Current,
            known => known,
        };
        let (place, tool) = (place.to_owned(), call.name().to_owned());
        self.found.push(CallBeside { place, tool, cluster });
    }

    fn script(&mut self, path: &str, depth: usize) {
        let Some(text) = self.read(path) else { return };
        let first = text.lines().next().unwrap_or_default();
        let is_shell = match first.strip_prefix("#!") {
            Some(program) => program.trim_end().trim_end_matches(" -e").ends_with("sh"),
            None => !IN_OTHER_LANGUAGES.iter().any(|end| path.ends_with(end)),
        };
        if is_shell {
            self.of(path, &Calls::of_script(&text, self.lookup), depth);
        } else {
            let programs: Vec<&str> = TOOLS.into_iter().chain(MODULES).collect();
            self.mentions(&format!("`{path}`"), &text, &programs);
        }
    }

    fn recipes(&self, tool: &str, directory: &str, file: Option<&str>) -> Option<(String, String)> {
        let usual: &[&str] = match tool {
            "just" => &["justfile", "Justfile", ".justfile"],
            "task" => &taskfile::NAMES,
            _ => &MAKEFILES,
        };
        let files = file.map_or_else(|| usual.to_vec(), |file| vec![file]);
        let path =
            |file: &str| if directory.is_empty() { file.to_owned() } else { format!("{directory}/{file}") };
        files.into_iter().find_map(|file| Some((file.to_owned(), self.read(&path(file))?)))
    }

    fn npm(&mut self, directory: &str, script: &str, depth: usize) {
        let Some(text) = self.read(&Path::new(directory).join(PACKAGE_JSON).to_string_lossy()) else {
            return;
        };
        let scripts = project_files::npm_scripts(&text);
        let runs = |name: &str| {
            name == script || name.strip_prefix("pre").or(name.strip_prefix("post")) == Some(script)
        };
        for named in scripts.iter().filter(|named| runs(&named.name)) {
            self.of(PACKAGE_JSON, &Calls::of_script(&named.detail, self.lookup), depth);
        }
    }

    fn read(&self, path: &str) -> Option<String> {
        file::text(&self.directory.join(path), LARGEST).ok().filter(|text| !text.contains('\0'))
    }
}
