//! Scripts, recipes and texts beside a command, as far as they tell that it reaches a cluster.
//!
//! Must not be taken for more than a hint: what a file calls may never run.

use std::path::Path;

use draft_tasks_analysis::calls::{self, Beside, Calls};
use draft_tasks_analysis::file_names::{MAKEFILES, PACKAGE_JSON};
use draft_tasks_analysis::project_files;
use draft_tasks_executor::file;

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

/// The first of the programs of clusters that something beside a command calls, and what does, for people.
pub(super) fn tool(calls: &Calls, directory: &Path, lookup: Lookup<'_>) -> Option<(String, String)> {
    Search { directory, lookup }.calls(calls, DEPTH)
}

struct Search<'a> {
    directory: &'a Path,
    lookup: Lookup<'a>,
}

impl Search<'_> {
    fn calls(&self, calls: &Calls, depth: usize) -> Option<(String, String)> {
        let depth = depth.checked_sub(1)?;
        calls.beside.iter().find_map(|beside| match beside {
            Beside::File(path) => self.script(path, depth),
            Beside::Recipes { tool, directory, file, targets } => {
                let (name, text) = self.recipes(tool, directory, file.as_deref())?;
                let calls = match tool.as_str() {
                    "task" => Calls::of_script(&taskfile::script(&text, targets), self.lookup),
                    _ => calls::of_recipes(&text, targets, self.lookup),
                };
                self.of(name, &calls, depth)
            }
            Beside::Npm { directory, script } => self.npm(directory, script, depth),
            Beside::Code(text) => {
                calls::mentions(text, &TOOLS).map(|tool| ("code in it".to_owned(), tool.to_owned()))
            }
        })
    }

    fn of(&self, name: String, calls: &Calls, depth: usize) -> Option<(String, String)> {
        match calls.called.iter().find(|call| tool::reaches(call)) {
            Some(call) => Some((format!("`{name}`"), call.name().to_owned())),
            None => self.calls(calls, depth),
        }
    }

    fn script(&self, path: &str, depth: usize) -> Option<(String, String)> {
        let text = self.read(path)?;
        let first = text.lines().next().unwrap_or_default();
        let is_shell = match first.strip_prefix("#!") {
            Some(program) => program.trim_end().trim_end_matches(" -e").ends_with("sh"),
            None => !IN_OTHER_LANGUAGES.iter().any(|end| path.ends_with(end)),
        };
        if is_shell {
            self.of(path.to_owned(), &Calls::of_script(&text, self.lookup), depth)
        } else {
            let programs: Vec<&str> = TOOLS.into_iter().chain(MODULES).collect();
            calls::mentions(&text, &programs).map(|tool| (format!("`{path}`"), tool.to_owned()))
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

    fn npm(&self, directory: &str, script: &str, depth: usize) -> Option<(String, String)> {
        let text = self.read(&Path::new(directory).join(PACKAGE_JSON).to_string_lossy())?;
        let scripts = project_files::npm_scripts(&text);
        let runs = |name: &str| {
            name == script || name.strip_prefix("pre").or(name.strip_prefix("post")) == Some(script)
        };
        let mut run = scripts.iter().filter(|named| runs(&named.name));
        run.find_map(|named| {
            self.of(PACKAGE_JSON.into(), &Calls::of_script(&named.detail, self.lookup), depth)
        })
    }

    fn read(&self, path: &str) -> Option<String> {
        file::text(&self.directory.join(path), LARGEST).ok().filter(|text| !text.contains('\0'))
    }
}
