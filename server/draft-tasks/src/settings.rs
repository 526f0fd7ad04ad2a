//! The settings: their names, types, defaults and documentation, and which source goes before which.
//!
//! Must not read them from anywhere, and must not know which reader they are for.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;

use draft_tasks_analysis::Options;
use draft_tasks_analysis::command::{DraftVersion, Semantics};
use draft_tasks_analysis::diagnostic::{DiagnosticCode, Severity};
use draft_tasks_analysis::level::{Level, Levels};
use draft_tasks_analysis::phase::Phase;
use draft_tasks_executor::OnFailure;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use self::choice::choices;
use self::declaration::{json, settings};
use crate::settings::env_file::EnvFile;
use crate::settings::kubernetes::{Container, Name, Selector};
use crate::settings::run::{Limit, Patience, RunDiagnostics};

pub(crate) mod audience;
pub(crate) mod choice;
pub(crate) mod declaration;
pub(crate) mod env_file;
pub(crate) mod kubernetes;
pub(crate) mod project;
pub(crate) mod run;

pub(crate) use self::choice::Named;
pub(crate) use self::declaration::{Chooser, Group, Kind, Mark, Setting, setting};

/// Why a project cannot make a setting.
const EDITOR: &str = "it is about how an editor shows things: set it there";
const CLUSTER: &str =
    "which cluster is meant is for each user to choose, not for a file that comes with a checkout";
const VARIABLES: &str = "values of the environment do not belong into a file that is checked in; they come from the user's environment";
const SECRETS: &str =
    "which variables are secrets depends on each user's environment: it is for each user to say";

settings! {
    /// All settings, below `draftTasks` in an editor.
    Config {
        /// Whether syntax errors are reported; switch it off where another TOML server reports them, too.
        "syntaxErrors" syntax_errors: bool = true, User(EDITOR), Editor;
        /// Whether the values that a command's variables have, and how a task ended when it last ran, are shown behind its
        /// line; values of variables that look like secrets never are.
        "inlayHints" inlay_hints: bool = true, User(EDITOR), Editor, Hints;
        /// Whether these hints say how a task ended, too: of no use in an editor that says it beside the line.
        "resultHints" result_hints: bool = true, User(EDITOR), Editor, Hints;
        /// Whether phases and tasks have lenses that run them; what they do, code actions do as well.
        "codeLens" code_lens: bool = true, User(EDITOR), Editor, Lenses;
        /// Whether findings are shown of the tasks files of the workspace that are not open, too: of 256 at most, and of none
        /// that Git ignores.
        "workspaceDiagnostics" workspace_diagnostics: bool = true, User(EDITOR), Editor;
        /// How commands become argument vectors.
        "semantics" semantics: Named<Semantics> = Named::default(), Project, Rules;
        /// The Draft that messages speak of and that `semantics = "draft"` reproduces.
        "draftVersion" draft_version: Named<DraftVersion> = Named::default(), Project, Rules;
        /// The levels of diagnostics: a severity, or `off`. A code that is not named keeps its own. A comment in the tasks
        /// file ignores a single place: `# draft-tasks: ignore[code]`.
        "rules" rules: Rules = Rules::default(), Project, Rules;
        /// What happens after a task failed.
        "onFailure" on_failure: FailurePolicies = FailurePolicies::default(), Project, Run;
        /// The environment of `draft.toml` that is meant. Without it the variable `DRAFT_ENV`, else `development`.
        "environment" environment: Option<String> = None, User(VARIABLES), Kubernetes, Restricted;
        /// How tasks run.
        "run" run: RunSettings = RunSettings::default(), Project, Run;
        /// Where tasks of `post-deploy` run.
        "kubernetes" kubernetes: KubernetesSettings = KubernetesSettings::default(), Project, Kubernetes;
    }
}

settings! {
    /// What happens after a task of a phase failed.
    FailurePolicies {
        /// What happens after a task of `pre-up` failed.
        "pre-up" pre_up: Named<OnFailure> = Named(Phase::PreUp.into()), Project, Run;
        /// What happens after a task of `post-deploy` failed: to the tasks that follow in that pod, other pods go on.
        "post-deploy" post_deploy: Named<OnFailure> = Named(Phase::PostDeploy.into()), Project, Run;
        /// What happens after a task of `post-up` failed.
        "post-up" post_up: Named<OnFailure> = Named(Phase::PostUp.into()), Project, Run;
        /// What happens after a task of `cleanup` failed.
        "cleanup" cleanup: Named<OnFailure> = Named(Phase::Cleanup.into()), Project, Run;
    }
}

settings! {
    /// All settings below `run`.
    RunSettings {
        /// How long a task may take before it is ended and counts as failed: `"90s"`, `"5m"`, `"1h 30m"`, or a number of
        /// seconds. Without it a task may take for ever.
        #[schemars(schema_with = "crate::settings::run::limit_schema")]
        "timeout" timeout: Option<Limit> = None, Project, Run;
        /// How long a whole run may take, in the same form. The task that runs then fails, and the rest is skipped.
        #[schemars(schema_with = "crate::settings::run::limit_schema")]
        "totalTimeout" total_timeout: Option<Limit> = None, Project, Run;
        /// How long what is stopped has to end before it is killed, in the same form; 0 kills at once. Without it 10 seconds,
        /// and 30 seconds for the command that deploys or deletes, which may have to roll back.
        #[schemars(schema_with = "crate::settings::run::limit_schema")]
        "gracePeriod" grace_period: Option<Patience> = None, Project, Run;
        /// Variables that tasks get beside those of the environment, and that `$VAR` in commands means; they win.
        "env" env: BTreeMap<String, String> = BTreeMap::new(), User(VARIABLES), Run, Restricted;
        /// A file of such variables, or a list of files of which later ones win, relative to the tasks file. They are read
        /// by the grammar of Docker Compose, but a `$` that begins no name stays as it is, text behind a closing quote is
        /// an error, `$NAME` means an earlier line of the files before it means the environment, a line may end in
        /// `${NAME:-…}`, and of `"\012"` nothing is left out; `$$` is one `$`. Their variables win over those of the
        /// environment, and `env` over both. Their values are masked, too, but for those of less than 8 bytes, numbers,
        /// words of letters alone, hosts with or without a port, lists of these, networks (`10.0.0.0/8`), regions
        /// (`eu-central-1`), time zones (`Europe/Berlin`), locales (`en_US.UTF-8`), versions (`1.2.3-rc.1`), images with
        /// one (`node:20-alpine`), dates and times, MIME types, URLs without user, query and fragment whose path has only
        /// words and parts of less than 8 bytes, and paths that exist, unless the name looks secret; each run says which
        /// are masked. Tasks in pods do not get them, only what stands for `$NAME` in their commands.
        #[serde(deserialize_with = "env_file::one_or_more")]
        #[schemars(schema_with = "env_file::one_or_more_schema")]
        "envFile" env_files: Vec<EnvFile> = Vec::new(), User(VARIABLES), Run, Restricted;
        /// Names of variables whose values are masked as `***` in all that is shown and kept of a run, beside those whose
        /// names look secret (docs/configuration.md lists which do). Values shorter than 3 bytes are not masked, and of
        /// variables that only look secret no booleans and no numbers of less than 8 bytes.
        "secrets" secrets: Vec<String> = Vec::new(), User(SECRETS), Output;
        /// Names of variables whose values are shown, though their names look secret or a file of variables has them.
        "public" public: Vec<String> = Vec::new(), User(SECRETS), Output, Restricted;
        /// Which results of runs are diagnostics.
        "diagnostics" diagnostics: Named<RunDiagnostics> = Named::default(), User(EDITOR), Output, Results;
        /// How many records of runs are kept of each tasks file; 0 keeps none and writes none. Without it the variable
        /// `DRAFT_TASKS_KEEP`, else 50.
        "keep" keep: Option<usize> = None, User("how many records are kept is for the user of each machine to choose"), Output;
        /// How many MiB are kept at most of what the tasks of a run wrote. Of a task it is the first MiB and the last 4,
        /// less where many tasks write much; its log says how much is left out. Without it the variable
        /// `DRAFT_TASKS_KEEP_MIB`, else 32.
        "keepMiB" keep_mib: Option<u32> = None, User("how much is kept is for the user of each machine to choose"), Output;
    }
}

settings! {
    /// All settings below `kubernetes`.
    KubernetesSettings {
        /// The label selector of the pods in which tasks of `post-deploy` run, such as `"app=web,tier in (api, jobs)"`.
        /// Without it the application of `draft.toml`: `draft=` and its name.
        #[schemars(with = "Option<String>")]
        "selector" selector: Option<Name<Selector>> = None, Project, Kubernetes;
        /// The container of these pods in which the tasks run. Without it the one that a pod's annotation
        /// `kubectl.kubernetes.io/default-container` names, else its first.
        #[schemars(with = "Option<String>")]
        "container" container: Option<Name<Container>> = None, Project, Kubernetes;
        /// Descriptions of tasks of `post-deploy` that run in the first ready pod alone, by the names of pods, as migrations of
        /// a database should; tasks of other pods that come after one wait for its end. A pod that is deleted meanwhile
        /// leaves it unknown how it ended, and no other pod tries it.
        "once" once: Vec<String> = Vec::new(), Project, Kubernetes;
        /// How long to wait until all pods are ready: `"90s"`, `"5m"`, or a number of seconds; 0 looks once. Without it 5
        /// minutes.
        #[schemars(schema_with = "crate::settings::run::limit_schema")]
        "readyTimeout" ready_timeout: Option<Patience> = None, Project, Kubernetes;
        /// How long `delete` waits until the application's pods are gone, in the same form. Without it 5 minutes.
        #[schemars(schema_with = "crate::settings::run::limit_schema")]
        "goneTimeout" gone_timeout: Option<Patience> = None, Project, Kubernetes;
        /// The context of the kubeconfig. Without it the current one. With it, tasks on this machine get a copy of the
        /// kubeconfig in which it is the current one.
        "context" context: Option<String> = None, User(CLUSTER), Kubernetes, Restricted;
        /// The namespace of the pods. Without it that of `draft.toml`, else `default`; with a selector that of the context.
        "namespace" namespace: Option<String> = None, User(CLUSTER), Kubernetes, Restricted;
        /// In how many pods tasks run at the same time. Without it in 32.
        #[schemars(range(min = 1))]
        "concurrency" concurrency: Option<NonZeroUsize> = None, User("how much runs at the same time is for the user of each machine to choose"), Kubernetes;
        /// Contexts of clusters that are for you alone, though their addresses do not tell: runs reach them without asking.
        /// The command line takes them from the variable `DRAFT_TASKS_LOCAL_CONTEXTS`, with commas between them.
        "localContexts" local_contexts: Vec<String> = Vec::new(), User("which clusters are reached without asking is for each user to say"), Kubernetes, Restricted, Machine;
    }
}

/// Levels by the codes of diagnostics.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Rules(BTreeMap<String, Named<Level>>);

choices!(Level, "Level", "The level of a diagnostic.", {
    [Level::As(Severity::Error)] "error" => "makes `draft-tasks check` fail",
    [Level::As(Severity::Warning)] "warning" => "makes `draft-tasks check` fail, too",
    [Level::As(Severity::Information)] "information" => "worth to know",
    [Level::As(Severity::Hint)] "hint" => "shown discreetly",
    [Level::Off] "off" => "not reported",
});

choices!(OnFailure, "Policy", "What happens after a task failed.", {
    [OnFailure::Stop] "stop" => "the other tasks are skipped",
    [OnFailure::Continue] "continue" => "the other tasks run",
});

choices!(Semantics, "Semantics", "How commands become argument vectors.", {
    [Semantics::Standard] Semantics::Standard.name() => "words with quotes and backslashes as in a POSIX shell, `$VAR` and `${VAR}` replaced, nothing else of a shell",
    [Semantics::Draft] Semantics::Draft.name() => "exactly as Draft: split at every space",
});

choices!(DraftVersion, "DraftVersion", "A version of Draft.", {
    [DraftVersion::Dep8] DraftVersion::Dep8.name() => "the specification",
    [DraftVersion::V0_15] DraftVersion::V0_15.name() => "the releases before 0.16",
    [DraftVersion::V0_16] DraftVersion::V0_16.name() => "the last release",
    [DraftVersion::Master] DraftVersion::Master.name() => "the head of the master branch, never released",
});

impl Kind for Rules {
    fn settings() -> Vec<Setting> {
        let rule = |code: DiagnosticCode| Setting {
            name: code.name(),
            documentation: code.explanation().split("\n\n").next().unwrap_or_default().to_owned(),
            default: json(&Named(Level::As(code.severity()))),
            words: Named::<Level>::words(),
            settings: Vec::new(),
            chooser: Chooser::Project,
            group: Group::Rules,
            marks: &[],
        };
        let mut rules: Vec<_> = rule_codes().map(rule).collect();
        rules.sort_by_key(|rule| rule.name);
        rules
    }
}

/// What one source says: settings that exist, with values that they can have.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Layer(Map<String, Value>);

/// Why a source cannot say something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// There is no such setting; which name is meant very likely.
    Unknown(Option<String>),
    /// It cannot have this value; why.
    Value(String),
}

impl Layer {
    /// Takes the value of a setting, named by one key or by a key and one in the table that it is.
    ///
    /// # Errors
    ///
    /// When there is no such setting, or it cannot have this value; then the layer is as it was.
    pub(crate) fn set(&mut self, path: &[&str], value: Value) -> Result<(), Refused> {
        let known = known(path.split_last().map_or(&[], |(_, table)| table));
        let Some(name) = path.last().filter(|name| known.iter().any(|known| known == *name)) else {
            return Err(Refused::Unknown(path.last().and_then(|name| nearest(name, &known))));
        };
        let mut alone = Map::from_iter([((*name).to_owned(), value)]);
        for table in path[..path.len() - 1].iter().rev() {
            alone = Map::from_iter([((*table).to_owned(), Value::Object(alone))]);
        }
        match serde_json::from_value::<Config>(Value::Object(alone.clone())) {
            Ok(_) => merge(&mut self.0, alone),
            Err(error) => return Err(Refused::Value(error.to_string())),
        }
        Ok(())
    }

    /// What several layers say, each going before those in front of it.
    pub(crate) fn merged<'a>(layers: impl Iterator<Item = &'a Layer>) -> Layer {
        let mut all = Map::new();
        layers.for_each(|layer| merge(&mut all, layer.0.clone()));
        Layer(all)
    }

    /// Reads what an editor sends, and tells what is wrong with it, for people; `null`, an empty text and nothing leave a
    /// setting to the project, and so does a wrong value.
    ///
    /// Unknown settings are the clients' own, unless they look like a misspelt one.
    pub(crate) fn from_json(settings: &Value) -> (Layer, Vec<String>) {
        let (mut layer, mut problems) = (Layer::default(), Vec::new());
        match settings {
            Value::Null => {}
            Value::Object(settings) => {
                for (name, value) in settings.iter().filter(|(_, value)| is_made(value)) {
                    layer.take_json(name, value, &mut problems);
                }
            }
            other => problems.push(format!("expected an object, found `{other}`")),
        }
        (layer, problems)
    }

    fn take_json(&mut self, name: &str, value: &Value, problems: &mut Vec<String>) {
        match value {
            Value::Object(table) if is_table(name) => {
                for (key, value) in table.iter().filter(|(_, value)| is_made(value)) {
                    if let Err(refused) = self.set(&[name, key], value.clone()) {
                        problems.push(refused.describe(&format!("{name}.{key}")));
                    }
                }
            }
            value => match self.set(&[name], value.clone()) {
                Err(Refused::Unknown(None)) | Ok(()) => {}
                Err(refused) => problems.push(refused.describe(name)),
            },
        }
    }
}

/// Whether an editor says something: a text box that is empty does not.
fn is_made(value: &Value) -> bool {
    !value.is_null() && value != ""
}

impl Refused {
    /// What is wrong with the setting of this name, for people.
    fn describe(&self, name: &str) -> String {
        match self {
            Refused::Unknown(Some(near)) => {
                format!("`{name}`: there is no such setting; did you mean `{near}`?")
            }
            Refused::Unknown(None) => format!("`{name}`: there is no such setting"),
            Refused::Value(problem) => format!("`{name}`: {problem}"),
        }
    }
}

/// The names of the settings in a table of settings; of all settings in none.
pub(crate) fn known(table: &[&str]) -> Vec<String> {
    let settings = setting(table).into_iter().flat_map(|table| &table.settings);
    settings.map(|setting| setting.name.to_owned()).collect()
}

/// Whether a setting is a table of settings.
pub(crate) fn is_table(name: &str) -> bool {
    setting(&[name]).is_some_and(Setting::is_table)
}

/// The codes whose level can be set.
pub(crate) fn rule_codes() -> impl Iterator<Item = DiagnosticCode> {
    DiagnosticCode::ALL.into_iter().filter(|code| code.has_free_level())
}

/// The name that somebody very likely meant.
pub(crate) fn nearest(name: &str, known: &[String]) -> Option<String> {
    let nearest = known.iter().max_by(|a, b| strsim::jaro(name, a).total_cmp(&strsim::jaro(name, b)))?;
    (strsim::jaro(name, nearest) > 0.85).then(|| nearest.clone())
}

/// Puts one table over another.
fn merge(below: &mut Map<String, Value>, above: Map<String, Value>) {
    for (name, value) in above {
        match (below.get_mut(&name), value) {
            (Some(Value::Object(below)), Value::Object(above)) => merge(below, above),
            (_, value) => drop(below.insert(name, value)),
        }
    }
}

impl Config {
    /// What several sources say, each going before those in front of it, and the defaults for the rest.
    pub(crate) fn of(layers: &[&Layer]) -> Config {
        let Layer(all) = Layer::merged(layers.iter().copied());
        serde_json::from_value(Value::Object(all)).unwrap_or_default()
    }

    /// What of it concerns the meaning of the file.
    pub(crate) fn options(&self) -> Options {
        let mut levels = Levels::default();
        for (name, level) in &self.rules.0 {
            if let Some(code) = DiagnosticCode::from_name(name) {
                levels.set(code, level.0);
            }
        }
        Options { semantics: self.semantics.0, draft_version: self.draft_version.0, levels }
    }

    /// What happens after a task of a phase failed.
    pub(crate) fn on_failure(&self, phase: Phase) -> OnFailure {
        let FailurePolicies { pre_up, post_deploy, post_up, cleanup } = self.on_failure;
        let policy = match phase {
            Phase::PreUp => pre_up,
            Phase::PostDeploy => post_deploy,
            Phase::PostUp => post_up,
            Phase::Cleanup => cleanup,
        };
        policy.0
    }
}

#[cfg(test)]
impl schemars::JsonSchema for Rules {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Rules".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let level = generator.subschema_for::<Named<Level>>();
        let property = |rule: Setting| {
            let about = serde_json::json!({
                "description": rule.documentation, "$ref": level.get("$ref"), "default": rule.default,
            });
            (rule.name.to_owned(), about)
        };
        let properties: Map<String, Value> = Rules::settings().into_iter().map(property).collect();
        schemars::json_schema!({ "type": "object", "additionalProperties": false, "properties": properties })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn editor(settings: &Value) -> (Config, Vec<String>) {
        let (layer, problems) = Layer::from_json(settings);
        (Config::of(&[&layer]), problems)
    }

    #[test]
    fn nothing_means_the_defaults() {
        for nothing in [
            Value::Null,
            json!({}),
            json!({ "semantics": null, "rules": { "post-up": null } }),
            json!({ "environment": "", "run": { "timeout": "" }, "kubernetes": { "selector": "", "context": "" } }),
            json!({ "server": { "path": "x" } }),
        ] {
            assert_eq!(editor(&nothing), (Config::default(), Vec::new()), "{nothing}");
        }
        assert_eq!(editor(&Value::Null).0.on_failure.cleanup, Named(OnFailure::Continue));
    }

    #[test]
    fn settings_are_read() {
        let all = json!({
            "syntaxErrors": false, "inlayHints": false, "resultHints": false, "codeLens": false,
            "workspaceDiagnostics": false,
            "semantics": "draft", "draftVersion": "0.15",
            "rules": { "post-up": "off", "phase-case": "error" },
            "onFailure": { "pre-up": "continue", "post-deploy": "stop", "post-up": "stop", "cleanup": "stop" },
            "environment": "staging",
            "kubernetes": {
                "selector": "app=web", "container": "web", "readyTimeout": "5m", "once": ["migrate"], "goneTimeout": "2m",
                "context": "kind-dev", "namespace": "demo", "concurrency": 4, "localContexts": ["far"],
            },
        });
        let (config, problems) = editor(&all);
        let mut read = serde_json::to_value(&config).unwrap();
        read.as_object_mut().unwrap().remove("run");
        assert_eq!(read, all);
        assert!(problems.is_empty(), "{problems:?}");
        let levels = config.options().levels;
        assert_eq!(levels.get(DiagnosticCode::PostUp), Some(Level::Off));
        assert_eq!(levels.get(DiagnosticCode::PhaseCase), Some(Level::As(Severity::Error)));
        assert_eq!(config.on_failure(Phase::PreUp), OnFailure::Continue);
        assert_eq!(config.on_failure(Phase::Cleanup), OnFailure::Stop);
    }

    #[test]
    fn a_source_goes_before_those_in_front_of_it() {
        let layer = |settings: Value| Layer::from_json(&settings).0;
        let project = layer(json!({
            "semantics": "draft", "rules": { "post-up": "off", "phase-case": "off" },
            "run": { "timeout": "5m", "totalTimeout": "1h" },
            "kubernetes": { "selector": "a=b", "container": "c" },
        }));
        let editor = layer(json!({
            "draftVersion": "0.16", "rules": { "post-up": "hint" }, "run": { "timeout": 30 },
            "kubernetes": { "container": "d" },
        }));
        let merged = serde_json::to_value(Config::of(&[&project, &editor])).unwrap();
        assert_eq!(merged["semantics"], "draft");
        assert_eq!(merged["draftVersion"], "0.16");
        assert_eq!(merged["rules"], json!({ "post-up": "hint", "phase-case": "off" }));
        assert_eq!(merged["run"]["timeout"], "30s");
        assert_eq!(merged["run"]["totalTimeout"], "1h");
        assert_eq!(merged["kubernetes"]["selector"], "a=b");
        assert_eq!(merged["kubernetes"]["container"], "d");
    }

    #[test]
    fn what_is_shown_again_depends_on_what_differs() {
        let differs = |settings: Value, mark| editor(&settings).0.differs(mark, &Config::default());
        assert!(differs(json!({ "run": { "diagnostics": "all" } }), Mark::Results));
        assert!(!differs(json!({ "run": { "diagnostics": "failures", "keep": 1 } }), Mark::Results));
        assert!(differs(json!({ "codeLens": false }), Mark::Lenses));
        assert!(!differs(json!({ "codeLens": false }), Mark::Hints));
    }

    #[test]
    fn settings_of_runs_are_read_each_by_itself() {
        let run = json!({ "timeout": "soon", "totalTimeout": 90, "envFil": ".env", "env": { "A": "b" } });
        let (config, problems) = editor(&json!({ "run": run }));
        let env = [("A".to_owned(), "b".to_owned())].into();
        let total_timeout = Some("90s".parse().unwrap());
        assert_eq!(config.run, RunSettings { env, total_timeout, ..RunSettings::default() });
        assert_eq!(
            problems,
            [
                "`run.envFil`: there is no such setting; did you mean `envFile`?",
                "`run.timeout`: `soon` is not a duration: write 90s, 5m, 1h 30m or a number of seconds",
            ]
        );
    }

    #[test]
    fn what_is_wrong_is_said_and_the_rest_is_taken() {
        let wrong = json!({
            "semantics": "bash", "syntaxErrors": false, "draftVersio": "0.16",
            "rules": { "post_up": "off", "E501": "off", "syntax": "off", "phase-case": "fatal", "post-up": "off" },
        });
        let (config, problems) = editor(&wrong);
        assert!(!config.syntax_errors);
        assert_eq!(serde_json::to_value(config.rules).unwrap(), json!({ "post-up": "off" }));
        assert_eq!(
            problems,
            [
                "`draftVersio`: there is no such setting; did you mean `draftVersion`?",
                "`rules.E501`: there is no such setting",
                "`rules.phase-case`: unknown variant `fatal`, expected one of `error`, `warning`, `information`, `hint`, `off`",
                "`rules.post_up`: there is no such setting; did you mean `post-up`?",
                "`rules.syntax`: there is no such setting",
                "`semantics`: unknown variant `bash`, expected `standard` or `draft`",
            ]
        );
        assert_eq!(editor(&json!(5)).1, ["expected an object, found `5`"]);
        for wrong in [
            json!({ "rules": 5 }),
            json!({ "rules": [] }),
            json!({ "onFailure": "stop" }),
            json!({ "semantics": {} }),
            json!({ "semantics": 1 }),
        ] {
            assert_eq!(editor(&wrong).1.len(), 1, "{:?}", editor(&wrong));
        }
    }
}
