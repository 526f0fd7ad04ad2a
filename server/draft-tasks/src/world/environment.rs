//! The environment that tasks get and that variables are taken from: that of the program, read once when it starts, and
//! what settings add.
//!
//! Must not change the program's own environment.

use std::collections::HashSet;
use std::ffi::{OsStr, OsString};
use std::hash::{BuildHasher, RandomState};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::{Arc, LazyLock, OnceLock};
use std::time::SystemTime;

use draft_tasks_analysis::facts::{Names, is_same_variable};
use draft_tasks_analysis::plan::Subject;
use draft_tasks_analysis::secret::{self, is_plain};
use draft_tasks_analysis::task_variable::{TaskValues, TaskVariable};
use draft_tasks_analysis::{Analysis, literal_secrets_in};
use draft_tasks_executor::ListedVariables;
use draft_tasks_executor::mask::{SHORTEST, Secrets, sent_login};
use draft_tasks_executor::public_value::is_public;
use draft_tasks_executor::record::{MOST, RUN_VARIABLE as RUN, Records};
use draft_tasks_executor::search::variable;

use crate::settings::run::RunSettings;
use crate::world::env_file::{FileVariable, FileVariables};

/// The variable that names another folder for what the program keeps.
const STATE: &str = "DRAFT_TASKS_STATE_DIR";

/// How many records of runs are kept of a tasks file unless it is set.
const KEEP: usize = 50;

/// Why there is no place for records.
pub(crate) const NO_PLACE: &str =
    "no place is known where records are kept; set HOME, XDG_STATE_HOME or DRAFT_TASKS_STATE_DIR";

/// Whether tasks may have a value in their commands. All but the build are of the user's own files and choices; that is of
/// whoever may annotate pods, and commands may hand it to a shell. As the value of a label it is, which Draft's always are:
/// <https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#syntax-and-character-set>.
fn may_be_told(variable: TaskVariable, value: &str) -> bool {
    const LONGEST: usize = 63;
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    match variable {
        TaskVariable::Build => {
            value.len() <= LONGEST
                && value.starts_with(|c: char| c.is_ascii_alphanumeric())
                && value.chars().all(is_plain)
        }
        _ => !value.is_empty() && !value.contains('\0'),
    }
}

/// Why no program can be started with a variable: Linux takes none that has more bytes with its name and what parts and ends
/// them. <https://man7.org/linux/man-pages/man2/execve.2.html>
fn too_long(name: &str, value: &str) -> Option<String> {
    const MOST: usize = 128 << 10;
    let length = name.len() + value.len() + 2;
    (cfg!(target_os = "linux") && length > MOST).then(|| {
        format!(
            "`{name}` has {} bytes; Linux starts no program with a variable of more than 128 KiB",
            value.len()
        )
    })
}

/// What is said of a value for a variable that is not the user's.
fn told_itself(name: &str) -> String {
    format!("draft-tasks sets {name} itself, where it is known")
}

/// What is said of a variable that is not there.
pub(crate) const NO_VARIABLE: &str = "no such variable on this machine";

/// The variable that names the files of the kubeconfig.
pub(crate) const KUBECONFIG: &str = "KUBECONFIG";

/// By these variables users ask for colours, or ask for none, of all programs: <https://no-color.org>,
/// <https://force-color.org>, <https://bixense.com/clicolors>.
pub(crate) const NO_COLOR: &str = "NO_COLOR";
pub(crate) const CLICOLOR: &str = "CLICOLOR";
pub(crate) const FORCES: [&str; 2] = ["FORCE_COLOR", "CLICOLOR_FORCE"];

/// Asks tasks for colours, which they see no terminal for, unless the user has said something of colours to them.
pub(crate) fn ask_for_colors(environment: &mut Vec<(OsString, OsString)>) {
    let says = |(name, _): &(OsString, OsString)| {
        name == NO_COLOR || name == CLICOLOR || FORCES.iter().any(|force| name == *force)
    };
    if !environment.iter().any(says) {
        environment.extend(FORCES.map(|name| (name.into(), "1".into())));
    }
}

/// The variables of this process. What they tell a task is of the run that started this program, not of its own runs.
fn own_variables() -> impl Iterator<Item = (OsString, OsString)> {
    std::env::vars_os().filter(|(name, _)| TaskVariable::named(name).is_none())
}

/// Variables with their values.
#[derive(Clone, Debug, Default)]
struct Variables {
    all: Vec<(OsString, OsString)>,
    /// The names that are Unicode, once somebody has asked for them.
    names: OnceLock<Names>,
}

impl FromIterator<(OsString, OsString)> for Variables {
    fn from_iter<T: IntoIterator<Item = (OsString, OsString)>>(variables: T) -> Variables {
        Variables { all: variables.into_iter().collect(), names: OnceLock::new() }
    }
}

/// The variables of the environment.
#[derive(Clone, Debug, Default)]
pub(crate) struct Environment {
    /// Shared, as whoever looks at commands takes a copy.
    variables: Arc<Variables>,
    /// Variables that the user calls secret or public.
    listed: ListedVariables,
    /// Variables with a value of a file that is secret.
    from_files: HashSet<String>,
    /// The variables of files that are secret, with their values, also where these are not so in the end.
    masked: Vec<FileVariable>,
    /// What stands in a tasks file, or in a command that the user gave, and looks secret.
    literals: Vec<String>,
    /// The values that must not be seen, once somebody has asked for them.
    secrets: OnceLock<Secrets>,
    /// What the user may not have meant in files of variables.
    warnings: Vec<String>,
}

impl Environment {
    /// The environment of this process.
    pub(crate) fn of_process() -> Environment {
        let mut environment =
            Environment { variables: Arc::new(own_variables().collect()), ..Environment::default() };
        if let Ok(directory) = std::env::current_dir() {
            environment.anchor_kubeconfig(&directory);
        }
        environment.warnings.extend(environment.why_not_state());
        environment
    }

    /// Makes the paths of `KUBECONFIG` absolute: tasks run in another directory than this program.
    fn anchor_kubeconfig(&mut self, directory: &Path) {
        let found = self.variables().iter().rfind(|(name, _)| name == KUBECONFIG);
        let Some((_, value)) = found.filter(|(_, value)| !value.is_empty()) else { return };
        if std::env::split_paths(value).all(|path| path.as_os_str().is_empty() || path.is_absolute()) {
            return;
        }
        let anchored = std::env::split_paths(value).map(|path| {
            if path.as_os_str().is_empty() {
                path
            } else {
                std::path::absolute(directory.join(&path)).unwrap_or(path)
            }
        });
        if let Ok(anchored) = std::env::join_paths(anchored) {
            self.set(KUBECONFIG, &anchored);
        }
    }

    /// This environment with what the settings say, for tasks in `directory`.
    ///
    /// # Errors
    ///
    /// What is wrong with the file of variables or a variable's name.
    pub(crate) fn with(&self, settings: &RunSettings, directory: &Path) -> Result<Environment, String> {
        let mut environment = Environment { secrets: OnceLock::new(), ..self.clone() };
        environment.listed.secret.extend(settings.secrets.iter().cloned());
        environment.listed.public.extend(settings.public.iter().cloned());
        for file in &settings.env_files {
            let FileVariables { variables, warnings } =
                file.read(directory, &|name| environment.get(name))?;
            environment.warnings.extend(warnings);
            for variable in variables {
                if TaskVariable::named(&variable.name).is_some() {
                    let (path, told) = (file.path.display(), told_itself(&variable.name));
                    environment.warnings.push(format!("{path}: {told}; this value is left out"));
                    continue;
                }
                if let Some(problem) = too_long(&variable.name, &variable.value) {
                    return Err(format!("{}: {problem}", file.path.display()));
                }
                environment.set(&variable.name, &variable.value);
                environment.judge(variable, directory);
            }
            environment.anchor_kubeconfig(directory.join(&file.path).parent().unwrap_or(directory));
        }
        for (name, value) in &settings.env {
            if name.is_empty() || name.contains(['=', '\0']) || value.contains('\0') {
                return Err(format!("`{}` cannot be set as a variable", name.escape_default()));
            }
            if TaskVariable::named(name).is_some() {
                return Err(told_itself(name));
            }
            if let Some(problem) = too_long(name, value) {
                return Err(problem);
            }
            environment.set(name, value);
            environment.from_files.remove(name);
        }
        environment.anchor_kubeconfig(directory);
        Ok(environment)
    }

    /// This environment with what tasks are told of what they run for.
    pub(crate) fn telling(mut self, values: &TaskValues) -> Environment {
        for (variable, value) in values.iter().filter(|(variable, value)| may_be_told(**variable, value)) {
            self.set(variable.name(), value);
        }
        self
    }

    /// This environment for a tasks file in a directory: what looks secret in the file must not be seen in what its tasks
    /// write either, which is read by more people.
    pub(crate) fn hiding(self, file: &Analysis) -> Environment {
        let text = &file.parsed.text;
        self.hide(file.literal_secrets().map(|range| text[range].to_owned()))
    }

    /// This environment for a command that the user gave with its arguments: what looks secret in it is hidden, too.
    pub(crate) fn hiding_in(self, argv: &[String]) -> Environment {
        self.hide(literal_secrets_in(argv).into_iter())
    }

    /// A value counts as that of a variable whose name looks secret.
    fn hide(mut self, values: impl Iterator<Item = String>) -> Environment {
        self.literals.extend(values.filter(|value| !is_plain(value)));
        Environment { secrets: OnceLock::new(), ..self }
    }

    /// Keeps in mind whether the value that a file gives to a variable is a secret.
    fn judge(&mut self, variable: FileVariable, directory: &Path) {
        let FileVariable { name, value } = &variable;
        self.from_files.remove(name);
        if !self.is_secret(name, value) && (self.listed.public.contains(name) || is_public(value, directory))
        {
            return;
        }
        self.from_files.insert(name.clone());
        self.masked.push(variable);
    }

    /// The variables of files whose values are masked, each once.
    pub(crate) fn masked_names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        for FileVariable { name, value } in &self.masked {
            if !value.is_empty() && !names.contains(&name.as_str()) {
                names.push(name);
            }
        }
        names
    }

    /// What the user may not have meant in files of variables, each with its place.
    pub(crate) fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// Why the value of a variable that is called secret is not masked, if it is not.
    pub(crate) fn why_not_masked(&self, name: &str) -> Option<&'static str> {
        match self.get(name) {
            None => Some(NO_VARIABLE),
            Some(value) if value.is_empty() => Some("its value is empty"),
            Some(value) if value.len() < SHORTEST => Some("its value is too short to be masked"),
            Some(_) => None,
        }
    }

    fn set(&mut self, name: &str, value: impl AsRef<OsStr>) {
        let variables = Arc::make_mut(&mut self.variables);
        variables.all.retain(|(variable, _)| !is_same_variable(variable, name));
        variables.all.push((name.into(), value.as_ref().into()));
        variables.names = OnceLock::new();
        self.secrets = OnceLock::new();
    }

    /// Variables that the user calls secret or public.
    pub(crate) fn listed(&self) -> &ListedVariables {
        &self.listed
    }

    /// All variables.
    pub(crate) fn variables(&self) -> &[(OsString, OsString)] {
        &self.variables.all
    }

    /// The value of a variable; what is not Unicode in it is replaced.
    pub(crate) fn get(&self, name: &str) -> Option<String> {
        Some(variable(self.variables(), name)?.to_string_lossy().into_owned())
    }

    /// The value of a variable as it may be seen: as in the output of a task that prints it.
    pub(crate) fn shown(&self, name: &str) -> Option<String> {
        let value = self.get(name)?;
        if self.is_secret(name, &value) && !value.is_empty() {
            return Some(secret::MASK.into());
        }
        Some(self.secrets().mask(&value).into_owned())
    }

    fn is_secret(&self, name: &str, value: &str) -> bool {
        let is_from_file = || !self.listed.public.contains(name) && self.from_files.contains(name);
        self.listed.is_secret(name, value) || is_from_file()
    }

    /// The values that must not be seen, and passwords within others.
    pub(crate) fn secrets(&self) -> Secrets {
        self.secrets.get_or_init(|| self.find_secrets()).clone()
    }

    fn find_secrets(&self) -> Secrets {
        let mut values: Vec<&OsStr> =
            self.masked.iter().map(|variable| OsStr::new(&variable.value)).collect();
        let mut with_urls = values.clone();
        values.extend(self.literals.iter().map(OsStr::new));
        let mut proxies = Vec::new();
        for (name, value) in self.variables() {
            let name = name.to_string_lossy();
            let is_secret = self.is_secret(&name, &value.to_string_lossy());
            if is_secret {
                values.push(value);
            }
            if self.listed.hides_passwords(&name) {
                with_urls.push(value);
                // The address of a proxy needs no scheme.
                let is_proxy = name.to_ascii_lowercase().ends_with("_proxy");
                proxies.extend(value.to_str().filter(|_| is_proxy).map(|value| format!("http://{value}")));
            }
        }
        let mut passwords = Vec::new();
        let with_urls = with_urls.iter().filter_map(|value| value.to_str());
        for value in with_urls.chain(proxies.iter().map(String::as_str)) {
            passwords.extend(secret::passwords_of_urls(value));
            passwords.extend(secret::passwords_of_connections(value));
            passwords.extend(secret::logins_of_urls(value).iter().map(|login| sent_login(login)));
        }
        values.extend(passwords.iter().map(OsStr::new));
        Secrets::new(values)
    }

    /// A number that is set, else that of a variable, where it has a value.
    ///
    /// # Errors
    ///
    /// When the variable has no number.
    pub(crate) fn given<T: FromStr>(&self, name: &str, set: Option<T>) -> Result<Option<T>, String> {
        match self.get(name).filter(|value| set.is_none() && !value.is_empty()) {
            None => Ok(set),
            Some(value) => match value.parse() {
                Ok(number) => Ok(Some(number)),
                Err(_) => {
                    Err(format!("`{}` in {name} is not a whole number from 0 on", value.escape_debug()))
                }
            },
        }
    }

    /// Where and how many records of runs are kept by settings, if any are to be.
    ///
    /// # Errors
    ///
    /// Why none can be, for people.
    pub(crate) fn records_by(&self, settings: &RunSettings) -> Result<Option<Records>, String> {
        let keep = self.given("DRAFT_TASKS_KEEP", settings.keep)?.unwrap_or(KEEP);
        let mib = self.given::<u32>("DRAFT_TASKS_KEEP_MIB", settings.keep_mib)?;
        let most = mib.map_or(MOST, |mib| u64::from(mib) << 20);
        if keep == 0 {
            return Ok(None);
        }
        let directory = self.records().ok_or(NO_PLACE)?;
        Ok(Some(Records { directory, keep, most }))
    }

    /// Where records of runs are kept; nothing, which [`NO_PLACE`] explains, where the system has no place for them.
    pub(crate) fn records(&self) -> Option<PathBuf> {
        Some(self.state()?.join("runs"))
    }

    /// Folders for a run's copy of the kubeconfig, the best first: where the state folder cannot be used, one whose name
    /// nobody else can know before it is there.
    pub(crate) fn kubeconfigs(&self, id: &str) -> Vec<PathBuf> {
        let random = RandomState::new().hash_one(id);
        let elsewhere = std::env::temp_dir().join(format!("draft-tasks-{id}-{random:016x}"));
        self.state().map(|state| state.join("kubeconfigs").join(id)).into_iter().chain([elsewhere]).collect()
    }

    /// Why the folder that the user named is not the one of what is kept.
    pub(crate) fn why_not_state(&self) -> Option<String> {
        let named = self.get(STATE).filter(|named| !named.is_empty() && !Path::new(named).is_absolute())?;
        Some(format!("{STATE} is not used, as it is not an absolute path: {named}"))
    }

    /// The directory of what is kept for the user.
    pub(crate) fn state(&self) -> Option<PathBuf> {
        let absolute = |name: &str| {
            let path = PathBuf::from(self.get(name)?);
            path.is_absolute().then_some(path)
        };
        let own = absolute(STATE);
        let shared =
            || absolute("XDG_STATE_HOME").or_else(|| absolute("LOCALAPPDATA").filter(|_| cfg!(windows)));
        let home = || Some(absolute("HOME")?.join(".local/state"));
        own.or_else(|| Some(shared().or_else(home)?.join("draft-tasks")))
    }

    /// The names of all variables that are Unicode.
    pub(crate) fn names(&self) -> Names {
        let name = |(name, _): &(OsString, OsString)| name.to_str().map(str::to_owned);
        let names = || Arc::new(self.variables().iter().filter_map(name).collect());
        self.variables.names.get_or_init(names).clone()
    }

    /// All variables, with what runs, and [`RUN`] with a value that no other run on this machine has had: by it a process
    /// that has left its task is known to be of this run, also after this program was killed.
    pub(crate) fn for_run(&self, run: &str, subject: Subject) -> Vec<(OsString, OsString)> {
        let mut variables = self.variables().to_vec();
        variables.retain(|(name, _)| name != RUN);
        variables.push((TaskVariable::Phase.name().into(), subject.name().into()));
        // Process ids are given again.
        static STARTED: LazyLock<SystemTime> = LazyLock::new(SystemTime::now);
        let started = STARTED.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_millis();
        variables.push((RUN.into(), format!("{}-{started}/{run}", std::process::id()).into()));
        variables
    }

    /// Whether this program was started by a task of another one.
    pub(crate) fn is_task_of(&self, process: Option<u32>) -> bool {
        let mark = self.get(RUN).unwrap_or_default();
        process.is_some_and(|process| mark.starts_with(&format!("{process}-")))
    }

    #[cfg(test)]
    pub(crate) fn of(variables: &[(&str, &str)]) -> Environment {
        let variables = variables.iter().map(|(name, value)| (name.into(), value.into()));
        Environment { variables: Arc::new(variables.collect()), ..Environment::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::env_file::EnvFile;

    #[test]
    fn settings_win_over_the_file_and_the_file_over_the_environment() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join(".env"), "A=first one\nB=file\nD=$A $C\n").unwrap();
        std::fs::write(dir.path().join("more.env"), "A=file two\nE=$D\nF=file\n").unwrap();
        let settings = RunSettings {
            env: [("B".to_owned(), "set".to_owned())].into(),
            env_files: [".env", "more.env"].map(|path| EnvFile { path: path.into(), may_wait: false }).into(),
            secrets: vec!["NAME".into()],
            ..RunSettings::default()
        };
        let environment = Environment::of(&[("A", "old"), ("B", "old"), ("C", "old"), ("NAME", "ann")]);
        let environment = environment.with(&settings, dir.path()).unwrap();
        let value = |name| environment.get(name).unwrap();
        assert_eq!([value("A"), value("B"), value("C")], ["file two", "set", "old"]);
        assert_eq!([value("D"), value("E")], ["first one old", "first one old"]);
        let shown = |name| environment.shown(name).unwrap();
        assert_eq!([shown("A"), shown("C"), shown("F"), shown("NAME")], ["***", "old", "file", "***"]);
        assert_eq!(environment.shown("NONE"), None);
        assert_eq!(environment.secrets().mask("file two set old first one ann"), "*** set old *** ***");
        assert_eq!(environment.masked_names(), ["A", "D", "E"]);
    }

    #[test]
    fn a_build_that_is_no_plain_name_is_not_told() {
        let told = |variable: TaskVariable, value: &str| {
            let told = Environment::default().telling(&[(variable, value.to_owned())].into());
            told.get(variable.name())
        };
        for build in ["01j9x2.A_b-3", "a", &"a".repeat(63)] {
            assert_eq!(told(TaskVariable::Build, build).as_deref(), Some(build));
        }
        let too_long = "a".repeat(64);
        let foreign = ["", "a b", "a;id", "$(id)", "`id`", "a\nb", "a\0", "ä", "--all'", "-n", &too_long];
        let passed: Vec<&str> =
            foreign.into_iter().filter(|it| told(TaskVariable::Build, it).is_some()).collect();
        assert!(passed.is_empty(), "{passed:?}");
        assert_eq!(told(TaskVariable::Context, ""), None);
        assert_eq!(told(TaskVariable::Context, "a\0b"), None);
        assert_eq!(told(TaskVariable::Context, "ann@shop (old)").as_deref(), Some("ann@shop (old)"));
    }

    #[test]
    fn the_password_of_a_proxy_is_masked_with_and_without_a_scheme() {
        for proxy in ["ann:pr0xy-Pw9@127.0.0.1:3", "http://ann:pr0xy-Pw9@127.0.0.1:3"] {
            for name in ["HTTPS_PROXY", "http_proxy"] {
                let shown = Environment::of(&[(name, proxy)]).secrets().mask(proxy).into_owned();
                assert!(!shown.contains("pr0xy-Pw9") && shown.contains("127.0.0.1"), "{name}: {shown}");
            }
        }
    }

    #[test]
    fn a_kubeconfig_is_relative_to_where_it_was_named() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("vars");
        std::fs::create_dir(&folder).unwrap();
        std::fs::write(folder.join("env"), "KUBECONFIG=./file:/abs::../up\n").unwrap();
        let file = EnvFile { path: "vars/env".into(), may_wait: false };
        let with = |env_files: Vec<EnvFile>, env: &[(&str, &str)]| {
            let env = env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            let settings = RunSettings { env_files, env, ..RunSettings::default() };
            let outer = Environment::of(&[("KUBECONFIG", "/outer")]);
            let value = outer.with(&settings, dir.path()).unwrap().get("KUBECONFIG").unwrap();
            value.replace(&dir.path().display().to_string(), "DIR")
        };
        assert_eq!(with(vec![], &[]), "/outer");
        assert_eq!(with(vec![file.clone()], &[]), "DIR/vars/file:/abs::DIR/vars/../up");
        assert_eq!(with(vec![file], &[("KUBECONFIG", "set")]), "DIR/set");
        assert_eq!(with(vec![], &[("KUBECONFIG", "")]), "");
    }

    #[test]
    fn records_are_kept_in_the_state_directory() {
        let of = |variables: &[(&str, &str)]| Environment::of(variables).records();
        let all = [("HOME", "/home/ann"), ("XDG_STATE_HOME", "/state"), ("DRAFT_TASKS_STATE_DIR", "/own")];
        assert_eq!(of(&all).unwrap(), Path::new("/own/runs"));
        assert_eq!(of(&all[..2]).unwrap(), Path::new("/state/draft-tasks/runs"));
        assert_eq!(of(&all[..1]).unwrap(), Path::new("/home/ann/.local/state/draft-tasks/runs"));
        assert_eq!(of(&[("XDG_STATE_HOME", "relative")]), None);
    }

    #[test]
    fn what_is_secret_is_for_the_user_to_say() {
        let dir = tempfile::tempdir().unwrap();
        let file = "A_TOKEN=short\nB=no-word-1\nC=no-word-2\nD=letters\nE_KEY=other\n";
        std::fs::write(dir.path().join(".env"), file).unwrap();
        let settings = RunSettings {
            env_files: vec![EnvFile { path: ".env".into(), may_wait: false }],
            secrets: vec!["D".into()],
            public: ["B", "D", "E_KEY", "F_TOKEN", "URL"].map(str::to_owned).into(),
            ..RunSettings::default()
        };
        let url = "http://ann:hunter2@x";
        let outside = [
            ("F_TOKEN", "outside"),
            ("G_TOKEN", "hidden"),
            ("URL", url),
            ("OTHER", "http://a:pass@x"),
            ("TOKENIZERS_PARALLELISM", "false"),
            ("H_TOKEN", "80800"),
        ];
        let environment = Environment::of(&outside).with(&settings, dir.path()).unwrap();
        assert_eq!(environment.masked_names(), ["A_TOKEN", "C", "D"]);
        let text = "short no-word-1 no-word-2 outside hidden http://ann:hunter2@x http://a:pass@x";
        let masked = "*** no-word-1 *** outside *** http://ann:hunter2@x http://a:***@x";
        assert_eq!(environment.secrets().mask(text), masked);
        let shown = |name| environment.shown(name).unwrap();
        assert_eq!(
            [shown("B"), shown("C"), shown("D"), shown("E_KEY")],
            ["no-word-1", "***", "***", "other"]
        );
        assert_eq!([shown("URL"), shown("OTHER")], [url, "http://a:***@x"]);
        assert_eq!([shown("TOKENIZERS_PARALLELISM"), shown("H_TOKEN")], ["false", "80800"]);
        let named = RunSettings { secrets: vec!["H_TOKEN".into()], ..RunSettings::default() };
        let environment = Environment::of(&outside).with(&named, dir.path()).unwrap();
        assert_eq!(environment.shown("H_TOKEN").unwrap(), "***");
    }

    #[test]
    fn what_only_tells_of_a_secret_is_shown() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a-file.1").display().to_string();
        std::fs::write(&path, "").unwrap();
        for (name, value) in [
            ("BYPASS", "all"),
            ("COMPASS", "north-west"),
            ("GIT_ASKPASS", &path),
            ("SSH_AUTH_SOCK", &path),
            ("DB_PASSWORD_FILE", &path),
            ("KEY_FILE", &path),
            ("GOOGLE_APPLICATION_CREDENTIALS", &path),
            ("AUTH_URL", "http://localhost:3000"),
            ("JWT_ISSUER", "https://login.example.com/"),
            ("PRIVATE_SUBNET", "10.0.0.0/8"),
            ("AUTH_TYPE", "basic-auth"),
            ("TOKEN_TTL", "3600s"),
            ("API_KEY_HEADER", "X-Api-Key"),
            ("SECRET_NAME", "web-secrets"),
        ] {
            assert_eq!(Environment::of(&[(name, value)]).shown(name).as_deref(), Some(value), "{name}");
        }
        for (name, value) in [
            ("DB_PASSWORD_FILE", "hunter2-9x"),
            ("AUTH_URL", "https://h/services/T00000000/a1b2c3d4e5f6"),
            ("ACCESS_KEY_ID", "a1b2c3d4e5f6"),
            ("GOOGLE_CREDENTIALS", path.as_str()),
            ("DB_PASSWORD", "word"),
        ] {
            let shown = Environment::of(&[(name, value)]).shown(name).unwrap();
            assert!(!shown.contains(value), "{name}: {shown}");
        }
    }

    #[test]
    fn the_password_of_a_url_is_secret_also_where_the_whole_value_is() {
        let dir = tempfile::tempdir().unwrap();
        let file = "DATABASE_URL=postgres://ann:hunter2@db/shop\nA_TOKEN=http://bob:pa%40ss@x\n";
        std::fs::write(dir.path().join(".env"), file).unwrap();
        let settings = RunSettings {
            env_files: vec![EnvFile { path: ".env".into(), may_wait: false }],
            ..RunSettings::default()
        };
        let outside = Environment::of(&[("B_TOKEN", "http://eve:pa55wd@x")]);
        let secrets = outside.with(&settings, dir.path()).unwrap().secrets();
        assert_eq!(secrets.mask("hunter2 pa%40ss pa@ss pa55wd"), "*** *** *** ***");
        // `ann:hunter2` as a program sends it.
        assert_eq!(secrets.mask("Basic YW5uOmh1bnRlcjI="), "Basic ***=");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_variable_with_which_no_program_starts_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let most = (128 << 10) - "A=".len() - 1;
        for (length, wrong) in [(most, false), (most + 1, true)] {
            let value = "x".repeat(length);
            let started = std::process::Command::new("true").env_clear().env("A", &value).status();
            assert_eq!(started.is_err(), wrong);
            std::fs::write(dir.path().join(".env"), format!("A={value}\n")).unwrap();
            let env_files = vec![EnvFile { path: ".env".into(), may_wait: false }];
            let settings = RunSettings { env_files, ..RunSettings::default() };
            let error = Environment::default().with(&settings, dir.path()).err();
            let of_file = format!(
                ".env: `A` has {length} bytes; Linux starts no program with a variable of more than 128 KiB"
            );
            assert_eq!(error, wrong.then_some(of_file));
            let settings = RunSettings { env: [("A".to_owned(), value)].into(), ..RunSettings::default() };
            assert_eq!(Environment::default().with(&settings, dir.path()).is_err(), wrong);
        }
    }

    #[test]
    fn what_cannot_be_set_is_said() {
        let settings =
            RunSettings { env: [("A=B".to_owned(), String::new())].into(), ..RunSettings::default() };
        let error = Environment::default().with(&settings, Path::new("/")).unwrap_err();
        assert_eq!(error, "`A=B` cannot be set as a variable");
    }
}
