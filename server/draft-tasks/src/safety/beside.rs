//! Scripts, recipes and texts beside a command, as far as they tell that it reaches a cluster.
//!
//! Must not be taken for more than a hint: what a file calls may never run.

mod dotenv;
mod ground;
mod spread;

use std::rc::Rc;

use draft_tasks_analysis::calls::{self, Beside, Call, Calls, Neighbour};
use draft_tasks_analysis::file_names::{MAKEFILES, PACKAGE_JSON, PNPM_WORKSPACE};
use draft_tasks_analysis::project_files::{self, included_files};
use draft_tasks_executor::cluster::Target;
use draft_tasks_executor::file;

use self::ground::{Current, Ground, Queue};
use super::choice::{self, CalledCluster, CalledNames};
use super::taskfile::{self, TaskScript};
use super::tool::{self, TOOLS};
use super::{Led, Whereabouts, given};

/// Larger files are no scripts.
const LARGEST: u64 = 256 * 1024;

/// How many scripts, recipes and texts are read of one command, and how many files that one of these includes.
const MOST: usize = 256;

/// How many folders up a runner looks for its file.
const FOLDERS: usize = 16;

/// How the names of files end that are no scripts of a shell.
const IN_OTHER_LANGUAGES: [&str; 22] = [
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
    "Procfile",
    ".toml",
    ".gradle",
    ".ps1",
    ".bat",
    ".cmd",
];

/// The shell that the one of Task itself reads scripts as.
const TASK_SHELL: &str = "bash";

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
    /// What calls it, for people: "`deploy.sh` calls `kubectl`".
    pub(super) said: String,
    /// The cluster, or why it is unknown.
    pub(super) target: Result<Target, String>,
}

/// The calls of programs of clusters by what is beside a command.
pub(super) fn calls(
    calls: &Calls,
    whereabouts: Whereabouts<'_>,
    current: &dyn Fn() -> Option<Result<Target, String>>,
) -> Vec<CallBeside> {
    let changed = choice::changed(calls, &|name| whereabouts.variable(name));
    let given = calls.called.iter().filter(|call| is_script(call, calls)).find_map(chosen_for);
    let own =
        Ground::below(&Ground::of(whereabouts.environment, given), calls, changed, whereabouts.directory);
    let (mut queue, mut found) = (Queue::default(), Vec::new());
    queue.add(&own, calls.beside.iter().cloned());
    let mut search = |ground: &Rc<Ground>, queue: &mut Queue, look: &dyn Fn(&mut Search<'_>)| {
        let pinned = whereabouts.pinned.filter(|_| !ground.has_own_file);
        let whereabouts = Whereabouts { environment: &ground.environment, pinned, ..whereabouts };
        let lookup: Lookup<'_> = &|name| whereabouts.variable(name);
        let current: Current<'_> = &|| ground.current(current);
        look(&mut Search { whereabouts, lookup, current, ground, queue, found: &mut found });
    };
    search(&own, &mut queue, &|search| calls.called.iter().for_each(|call| search.given("", call)));
    let mut at = 0;
    while let Some((beside, ground)) = queue.wanted.get(at).filter(|_| at <= MOST).cloned() {
        at += 1;
        search(&ground, &mut queue, &|search| {
            if at > MOST {
                search.add("more scripts are beside it than are read".into(), (search.current)());
            } else {
                search.read(&beside);
            }
        });
    }
    found
}

/// Why what a program reads may lead to any cluster, where a text names a tool that may be piped into it.
pub(super) fn in_pipe(calls: &Calls) -> Option<String> {
    let named = calls.piped.iter().flat_map(|text| calls::mentions(text, &TOOLS)).next()?;
    Some(format!("`{}` is in what is piped", calls::stem(named.first()?)))
}

/// Whether what is known of the arguments of a program names a cluster.
fn is_chosen(call: &Call) -> bool {
    chosen_for(call).is_some()
}

fn chosen_for(call: &Call) -> Option<String> {
    let words: Vec<&str> = call.arguments().collect();
    given::chosen(&words.join(" "))
}

/// Whether a call runs a file that is read.
fn is_script(call: &Call, calls: &Calls) -> bool {
    let is_of = |it: &Neighbour| match &it.beside {
        Beside::File { path, .. } => call.program() == path || call.arguments().any(|word| word == path),
        _ => false,
    };
    calls.beside.iter().any(is_of)
}

/// What one of them calls.
struct Search<'a> {
    whereabouts: Whereabouts<'a>,
    lookup: Lookup<'a>,
    current: Current<'a>,
    ground: &'a Rc<Ground>,
    queue: &'a mut Queue,
    found: &'a mut Vec<CallBeside>,
}

/// A file that a runner of tasks reads.
struct RunnerFile {
    /// As it is called.
    name: String,
    /// Where it is, as seen from the directory of the command.
    directory: String,
    text: String,
}

impl Search<'_> {
    fn read(&mut self, beside: &Beside) {
        match beside {
            Beside::File { path, directory } => self.script(path, directory),
            Beside::Recipes { tool, directory, file, targets } => {
                self.recipes(tool, directory, file.as_deref(), targets);
            }
            Beside::Npm { directory, script, in_workspace } => self.npm(directory, script, *in_workspace),
            Beside::Code(text) => self.mentions("code in it", text, &TOOLS),
            // Of a command that names one it is asked anyway; those of scripts became files.
            Beside::Near(_) => {}
        }
    }

    /// What a text calls that stands in a directory.
    fn of(&mut self, name: &str, folder: &str, text: &str, calls: Calls) {
        let mut calls = self.whereabouts.unlinked(calls);
        self.move_there(&mut calls);
        let calls = &calls;
        let place = format!("`{name}`");
        let before = self.found.len();
        let all = calls.beside.iter().cloned();
        let all: Vec<_> = all.map(|it| Neighbour { beside: self.near(folder, it.beside), ..it }).collect();
        let changed = self.changed(calls, &all);
        for call in &calls.called {
            let hidden = choice::hidden(call).filter(|_| tool::reaches(call));
            let hidden = hidden.filter(|_| spread::holds_choice(text, calls, self.lookup));
            self.call(&place, call, calls, changed.as_deref().or(hidden.as_deref()));
        }
        let is_changed = self.ground.has_own_file || self.ground.changed.is_some();
        let is_chosen =
            || calls.assigned.contains_key("KUBECONFIG") || calls.of_unknown.iter().any(is_chosen);
        if self.found.len() == before && !calls.of_unknown.is_empty() && (is_changed || is_chosen()) {
            let target = given::chosen(text).map(Err).or_else(self.current);
            self.add(format!("{place} runs a program that is known only then"), target);
        }
        // One of a text that names a tool.
        let named = calls::mentions(text, &TOOLS).into_iter().next();
        if let Some(named) = named.filter(|_| calls.unclear.is_some() && self.found.len() == before) {
            let tool = named.first().map(|name| calls::stem(name)).unwrap_or_default();
            let target = given::chosen(text).map(Err).or_else(self.current);
            self.add(format!("{place} calls `{tool}`"), target);
        }
        let ground = Ground::below(self.ground, calls, changed, self.whereabouts.directory);
        self.queue.add(&ground, all);
    }

    /// A file that is known by the end of its path, or is not where it should be, as one that is there: in the folder of
    /// who names it, in the one above, or in that of the command.
    fn near(&self, folder: &str, beside: Beside) -> Beside {
        let is_there = |path: &str| self.whereabouts.directory.join(path).is_file();
        let path = match &beside {
            // What comes behind those that are read is not looked for.
            _ if self.queue.wanted.len() > MOST => return beside,
            Beside::Near(path) => path,
            Beside::File { path, .. } if !calls::is_absolute(path) && !is_there(path) => path,
            _ => return beside,
        };
        let folders = [folder.to_owned(), below(folder, ".."), String::new()];
        let found = folders.iter().map(|folder| below(folder, path)).find(|file| is_there(file));
        found.map_or(beside, |path| Beside::File { path, directory: String::new() })
    }

    /// Why any cluster may be meant by what a script calls. What it reads may do anything, and most often it does nothing
    /// about clusters: its text has to name the variable.
    fn changed(&self, calls: &Calls, beside: &[Neighbour]) -> Option<String> {
        let names_file = |it: &Neighbour| match &it.beside {
            Beside::File { path, .. } => self.text(path).is_some_and(|text| text.contains("KUBECONFIG")),
            _ => false,
        };
        let is_certain = || calls.assigned.get("KUBECONFIG").is_some_and(Option::is_none);
        let is_meant = || calls.unsettled.is_none() || is_certain() || beside.iter().any(names_file);
        choice::changed(calls, self.lookup).filter(|_| is_meant())
    }

    /// What runs elsewhere calls others there.
    fn move_there(&self, calls: &mut Calls) {
        if let Some(why) = &self.ground.elsewhere {
            for call in &mut calls.called {
                call.elsewhere.get_or_insert_with(|| why.clone());
            }
        }
    }

    fn mentions(&mut self, place: &str, text: &str, programs: &[&str]) {
        let own = sets_kubeconfig(text).then_some("the code chooses its own kubeconfig");
        let takes_arguments = ["argv", "ARGV", "os.Args", "Deno.args"].iter().any(|it| text.contains(it));
        let given = self.ground.given.clone().filter(|_| takes_arguments);
        let why = own.or(given.as_deref());
        for words in calls::mentions(text, programs) {
            self.named(words, why, &|tool| format!("{place} calls `{tool}`"));
        }
    }

    /// What a program that is not known is given.
    fn given(&mut self, place: &str, call: &Call) {
        if let Some(words) = given::words(call) {
            self.named(words, None, &|tool| format!("{place}`{}` may call `{tool}`", call.name()));
        }
    }

    /// Words that look like a call, which may have more in it than they tell.
    fn named(&mut self, words: Vec<String>, changed: Option<&str>, said: &dyn Fn(&str) -> String) {
        let mut calls = Calls::of(words.into_iter(), self.lookup);
        self.move_there(&mut calls);
        let Some(call) = calls.called.first() else { return };
        if tool::of_accounts().any(|name| name == call.name()) && !tool::is_of_account(call) {
            return;
        }
        let named = CalledNames::of(call, &calls, self.lookup);
        let target = match CalledCluster::of(&named) {
            CalledCluster::Current if changed.is_some() => changed.map(|why| Err(why.to_owned())),
            CalledCluster::Unknown(_) if !named.is_own_choice() => (self.current)(),
            choice => self.whereabouts.target_of(choice, self.current),
        };
        self.add(said(call.name()), target);
    }

    fn call(&mut self, place: &str, call: &Call, calls: &Calls, changed: Option<&str>) {
        let named = CalledNames::of(call, calls, self.lookup);
        let is_open =
            || matches!(CalledCluster::of(&named), CalledCluster::Unknown(_)) && !named.is_own_choice();
        // What a script is given may be anything, most likely the context that the user has chosen.
        let led = if tool::reaches(call) && is_open() {
            let led = |target| Led { target, more: String::new() };
            let changed = changed.or(self.ground.given.as_deref());
            let meant = changed.map_or_else(self.current, |why| Some(Err(why.to_owned())));
            meant.map(led).into_iter().collect()
        } else {
            self.whereabouts.led(&named, self.current)
        };
        for Led { target, more } in led {
            self.add(format!("{place} calls `{}`{more}", call.name()), Some(target));
        }
        self.given(&format!("in {place} "), call);
    }

    /// Nothing where no cluster is reached.
    fn add(&mut self, said: String, target: Option<Result<Target, String>>) {
        self.found.extend(target.map(|target| CallBeside { said, target }));
    }

    fn script(&mut self, path: &str, directory: &str) {
        let Some(text) = self.text(path) else { return };
        let first = text.lines().next().unwrap_or_default();
        let program = first.strip_prefix("#!").map(|program| program.trim_end().trim_end_matches(" -e"));
        let is_shell = match program {
            Some(program) => program.ends_with("sh"),
            None => !IN_OTHER_LANGUAGES.iter().any(|end| path.ends_with(end)),
        };
        if is_shell {
            let shell = program.and_then(|program| program.rsplit([' ', '/']).next()).unwrap_or_default();
            let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
            self.of(path, folder, &text, Calls::of_script_in(directory, shell, &text, self.lookup));
        } else {
            let programs: Vec<&str> = TOOLS.into_iter().chain(MODULES).chain(tool::of_accounts()).collect();
            self.mentions(&format!("`{path}`"), &text, &programs);
        }
    }

    fn recipes(&mut self, tool: &str, directory: &str, file: Option<&str>, targets: &[String]) {
        let usual: &[&str] = match tool {
            "just" => &["justfile", "Justfile", ".justfile"],
            "task" => &taskfile::NAMES,
            _ => &MAKEFILES,
        };
        let found = match file {
            Some(file) => self.file_in(directory, file),
            None if tool == "make" => usual.iter().find_map(|name| self.file_in(directory, name)),
            None => self.file_above(directory, usual),
        };
        let Some(RunnerFile { name, directory, text }) = found else { return };
        if tool == "task" {
            let read = |path: &str| self.text(&below(&directory, path));
            for TaskScript { directory: own, script } in taskfile::scripts(&text, targets, &read) {
                let own = below(&directory, &own);
                let calls = Calls::of_script_in(&own, TASK_SHELL, &script, self.lookup);
                self.of(&name, &own, &script, calls);
            }
        } else {
            let text = if tool == "make" { self.with_makefiles(text, targets, &directory) } else { text };
            let text = self.with_included(&text, &directory);
            let text = if tool == "just" { self.with_variables(text, &directory) } else { text };
            let calls = calls::of_recipes(&text, targets, &directory, self.lookup);
            self.of(&name, &directory, &text, calls);
        }
    }

    /// A Makefile with those that a variable names, which are read before it; none of their targets is the first one.
    fn with_makefiles(&self, text: String, targets: &[String], directory: &str) -> String {
        let names = (self.lookup)("MAKEFILES").unwrap_or_default();
        let all = names.split_whitespace().filter_map(|name| self.text(&below(directory, name)));
        let before: String = all.map(|text| text + "\n").collect();
        let is_named = targets.iter().any(|target| !target.contains('='));
        if is_named { before + &text } else { format!("{text}\n{before}") }
    }

    /// The text with those of the files that it includes in their places.
    fn with_included(&self, text: &str, directory: &str) -> String {
        let mut whole = String::new();
        let mut files = 0;
        // What is still to be read, the next text last.
        let mut rest: Vec<String> = vec![text.to_owned()];
        while let Some(text) = rest.pop() {
            let Some((line, more)) =
                text.split_once('\n').or(Some((&*text, ""))).filter(|_| !text.is_empty())
            else {
                continue;
            };
            rest.push(more.to_owned());
            let included: Vec<String> =
                included_files(line).iter().flat_map(|name| self.files_like(directory, name)).collect();
            files += included.len();
            if included.is_empty() || files > MOST || whole.len() as u64 > LARGEST {
                whole += line;
                whole.push('\n');
            }
            let read = |name: &String| self.text(&below(directory, name));
            rest.extend(included.iter().rev().filter(|_| files <= MOST).filter_map(read));
        }
        whole
    }

    /// A justfile with the kubeconfig that its file of variables sets.
    fn with_variables(&self, text: String, directory: &str) -> String {
        // A run that is to meet a cluster has a kubeconfig of its own.
        let is_set = (self.lookup)("KUBECONFIG").is_some() || self.whereabouts.pinned.is_some();
        let beside = |folder: &str, path: &str| self.text(&below(&below(directory, folder), path));
        let above =
            |folder: &str, name: &str| Some(self.file_above(&below(directory, folder), &[name])?.text);
        dotenv::exported(&text, is_set, &beside, &above).map_or(text.clone(), |line| line + &text)
    }

    /// The files that a name stands for that may have a `*` in it.
    fn files_like(&self, directory: &str, name: &str) -> Vec<String> {
        let (place, last) = name.rsplit_once('/').unwrap_or(("", name));
        let Some((begin, end)) = last.split_once('*') else { return vec![name.to_owned()] };
        let entries = self.whereabouts.directory.join(below(directory, place)).read_dir();
        let names = entries.into_iter().flatten().flatten().map(|entry| entry.file_name());
        let mut names: Vec<String> = names.map(|name| name.to_string_lossy().into_owned()).collect();
        names.retain(|name| name.starts_with(begin) && name.ends_with(end));
        names.sort_unstable();
        names.iter().map(|name| below(place, name)).collect()
    }

    fn npm(&mut self, directory: &str, script: &str, in_workspace: bool) {
        let runs = |name: &str| {
            name == script
                || name.strip_prefix("pre").or(name.strip_prefix("post")) == Some(script)
                || script == "install" && name == "prepare"
        };
        let packages = if in_workspace { self.workspace_above(directory) } else { Vec::new() };
        let nearest = packages.is_empty().then(|| self.file_above(directory, &[PACKAGE_JSON])).flatten();
        for RunnerFile { name, directory, text } in packages.into_iter().chain(nearest) {
            let scripts = project_files::npm_scripts(&text);
            for named in scripts.iter().filter(|named| runs(&named.name)) {
                let calls = Calls::of_script_in(&directory, "sh", &named.detail, self.lookup);
                self.of(&below(&directory, &name), &directory, &named.detail, calls);
            }
        }
    }

    /// The `package.json` of the nearest workspace, and those of its packages; nothing where there is none.
    fn workspace_above(&self, directory: &str) -> Vec<RunnerFile> {
        let mut directory = directory.to_owned();
        for _ in 0..FOLDERS {
            let root = self.file_in(&directory, PACKAGE_JSON);
            let mut places = root.as_ref().map(|it| project_files::workspaces(&it.text)).unwrap_or_default();
            let of_pnpm = self.file_in(&directory, PNPM_WORKSPACE);
            places.extend(of_pnpm.iter().flat_map(|it| project_files::pnpm_workspaces(&it.text)));
            if !places.is_empty() {
                // What is deeper than one folder below a `**` is not read.
                let places = places.iter().map(|place| place.trim_end_matches('/').replace("**", "*"));
                let folders = places.flat_map(|place| self.files_like(&directory, &place));
                let packages = folders.filter_map(|it| self.file_in(&below(&directory, &it), PACKAGE_JSON));
                return root.into_iter().chain(packages).take(MOST).collect();
            }
            directory = below(&directory, "..");
        }
        Vec::new()
    }

    fn file_in(&self, directory: &str, name: &str) -> Option<RunnerFile> {
        let text = self.text(&below(directory, name))?;
        Some(RunnerFile { name: name.to_owned(), directory: directory.to_owned(), text })
    }

    /// The nearest of these files in a directory or in one above.
    fn file_above(&self, directory: &str, names: &[&str]) -> Option<RunnerFile> {
        let mut directory = directory.to_owned();
        (0..FOLDERS).find_map(|_| {
            let found = names.iter().find_map(|name| self.file_in(&directory, name));
            directory = below(&directory, "..");
            found
        })
    }

    fn text(&self, path: &str) -> Option<String> {
        let text = file::text(&self.whereabouts.directory.join(path), LARGEST).ok()?;
        let text = text.strip_prefix('\u{feff}').map_or_else(|| text.clone(), str::to_owned);
        (!text.contains('\0')).then_some(text)
    }
}

/// Whether code in any language gives the variable a value: `os.environ["KUBECONFIG"] = x`, `{ KUBECONFIG: x }`,
/// `setenv("KUBECONFIG", x)`, `.env("KUBECONFIG", x)`.
fn sets_kubeconfig(text: &str) -> bool {
    text.match_indices("KUBECONFIG").any(|(at, name)| {
        let (before, rest) = (&text[..at], &text[at + name.len()..]);
        let line = before.rsplit('\n').next().unwrap_or_default().trim_start();
        if line.starts_with("//") || line.starts_with('#') && !line.starts_with("#{") {
            return false;
        }
        let rest = rest.trim_start_matches(['"', '\'', '`', ']', ' ']);
        // A shell gives a variable a value by `${NAME:=value}`, and asks for it by the like.
        let sign = if before.ends_with("${") { ":=" } else { ":" };
        rest.starts_with(sign)
            || rest.starts_with('=') && !rest.starts_with("==")
            || rest.starts_with(',') && is_given_to_set(before)
    })
}

/// Whether what stands before the name of a variable is a call that gives it the value behind the next comma.
fn is_given_to_set(before: &str) -> bool {
    let before = before.trim_end_matches(['"', '\'', '`', ' ']);
    let called = before.strip_suffix('(');
    let name = called.unwrap_or(before).trim_end();
    let name = name.rsplit(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default();
    let name = name.to_ascii_lowercase();
    match called {
        Some(_) => !name.starts_with("get") && name != "fetch",
        None => name.ends_with("setenv") || name.ends_with("putenv"),
    }
}

fn below(directory: &str, path: &str) -> String {
    if directory.is_empty() || calls::is_absolute(path) {
        return path.to_owned();
    }
    if path.is_empty() { directory.to_owned() } else { format!("{directory}/{path}") }
}
