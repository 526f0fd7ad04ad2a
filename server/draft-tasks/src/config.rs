//! The settings: their names, types, defaults and documentation, and which source goes before which.
//!
//! Must not read them from anywhere, and must not know which reader they are for.

use std::collections::BTreeMap;

use draft_tasks_analysis::diagnostic::{DiagnosticCode, Severity};
use draft_tasks_analysis::level::{self, Levels};
use draft_tasks_analysis::phase::Phase;
use draft_tasks_analysis::{Options, command};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::kubernetes_settings::KubernetesSettings;
use crate::run_settings::RunSettings;

/// All settings, below `draftTasks` in an editor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Config {
    /// Whether syntax errors are reported; switch it off where another TOML server reports them, too.
    pub(crate) syntax_errors: bool,
    /// Whether the values that a command's variables have, and how a task ended when it last ran, are shown behind its
    /// line; values of variables that look like secrets never are.
    pub(crate) inlay_hints: bool,
    /// Whether phases and tasks have lenses that run them; what they do, code actions do as well.
    pub(crate) code_lens: bool,
    #[serde(flatten)]
    pub(crate) project: ProjectConfig,
    /// The environment of `draft.toml` that is meant. Without it the variable `DRAFT_ENV`, else `development`.
    pub(crate) environment: Option<String>,
    /// How tasks run.
    pub(crate) run: RunSettings,
    /// Where tasks of `post-deploy` run.
    pub(crate) kubernetes: KubernetesSettings,
}

/// The settings that a project can make but for those of runs, of which it can make some.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct ProjectConfig {
    /// How commands become argument vectors.
    pub(crate) semantics: Semantics,
    /// The Draft that messages speak of and that `semantics = "draft"` reproduces.
    pub(crate) draft_version: DraftVersion,
    /// The levels of diagnostics: a severity, or `off`. A code that is not named keeps its own. A comment in the tasks
    /// file ignores a single place: `# draft-tasks: ignore[code]`.
    pub(crate) rules: Rules,
    /// What happens after a task failed.
    pub(crate) on_failure: OnFailure,
}

/// The settings that a project can make for everybody who works on it, in a `.draft-tasks.config.toml` beside its tasks
/// file; the editor's settings and the options of the command line go before it.
#[cfg(test)]
#[derive(Default, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct ProjectFile {
    #[serde(flatten)]
    project: ProjectConfig,
    /// How long runs may take.
    run: crate::run_settings::RunLimits,
    /// Where tasks of `post-deploy` run.
    kubernetes: crate::kubernetes_settings::PodSettings,
}

/// Levels by the codes of diagnostics.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Rules(BTreeMap<String, Level>);

/// The level of a diagnostic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Level {
    /// makes `draft-tasks check` fail
    Error,
    /// makes `draft-tasks check` fail, too
    Warning,
    /// worth to know
    Information,
    /// shown discreetly
    Hint,
    /// not reported
    Off,
}

/// What happens after a task of a phase failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", default)]
pub(crate) struct OnFailure {
    /// What happens after a task of `pre-up` failed.
    pub(crate) pre_up: Policy,
    /// What happens after a task of `post-deploy` failed; without effect as long as `post-deploy` does not run.
    pub(crate) post_deploy: Policy,
    /// What happens after a task of `post-up` failed.
    pub(crate) post_up: Policy,
    /// What happens after a task of `cleanup` failed.
    pub(crate) cleanup: Policy,
}

/// What happens after a task failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Policy {
    /// the other tasks are skipped
    Stop,
    /// the other tasks run
    Continue,
}

/// How commands become argument vectors.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Semantics {
    /// words with quotes and backslashes as in a POSIX shell, `$VAR` and `${VAR}` replaced, nothing else of a shell
    #[default]
    Standard,
    /// exactly as Draft: split at every space
    Draft,
}

/// A version of Draft.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) enum DraftVersion {
    /// the specification
    #[default]
    #[serde(rename = "dep-8")]
    #[value(name = "dep-8")]
    Dep8,
    /// the releases before 0.16
    #[serde(rename = "0.15")]
    #[value(name = "0.15")]
    V0_15,
    /// the last release
    #[serde(rename = "0.16")]
    #[value(name = "0.16")]
    V0_16,
    /// the head of the master branch, never released
    #[serde(rename = "master")]
    #[value(name = "master")]
    Master,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            syntax_errors: true,
            inlay_hints: true,
            code_lens: true,
            project: ProjectConfig::default(),
            environment: None,
            run: RunSettings::default(),
            kubernetes: KubernetesSettings::default(),
        }
    }
}

impl Default for OnFailure {
    fn default() -> OnFailure {
        let policy = |phase: Phase| draft_tasks_executor::OnFailure::from(phase).into();
        OnFailure {
            pre_up: policy(Phase::PreUp),
            post_deploy: policy(Phase::PostDeploy),
            post_up: policy(Phase::PostUp),
            cleanup: policy(Phase::Cleanup),
        }
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
    /// Whether it says nothing.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

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

    /// Reads what an editor sends, and tells what is wrong with it, for people; `null` and nothing leave a setting to
    /// the project, and so does a wrong value.
    ///
    /// Unknown settings are the clients' own, unless they look like a misspelt one.
    pub(crate) fn from_json(settings: &Value) -> (Layer, Vec<String>) {
        let (mut layer, mut problems) = (Layer::default(), Vec::new());
        match settings {
            Value::Null => {}
            Value::Object(settings) => {
                for (name, value) in settings.iter().filter(|(_, value)| !value.is_null()) {
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
                for (key, value) in table.iter().filter(|(_, value)| !value.is_null()) {
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

impl Refused {
    /// What is wrong with the setting of this name, for people.
    fn describe(&self, name: &str) -> String {
        match self {
            Refused::Unknown(Some(near)) => format!("`{name}`: there is no such setting; is `{near}` meant?"),
            Refused::Unknown(None) => format!("`{name}`: there is no such setting"),
            Refused::Value(problem) => format!("`{name}`: {problem}"),
        }
    }
}

/// The names of the settings in a table of settings; of all settings in none.
pub(crate) fn known(table: &[&str]) -> Vec<String> {
    let Ok(Value::Object(mut all)) = serde_json::to_value(Config::default()) else { return Vec::new() };
    match table {
        [] => all.into_iter().map(|(name, _)| name).collect(),
        ["rules"] => rule_codes().map(|code| code.name().to_owned()).collect(),
        [table] => match all.remove(*table) {
            Some(Value::Object(settings)) => settings.into_iter().map(|(name, _)| name).collect(),
            _ => Vec::new(),
        },
        _ => Vec::new(),
    }
}

/// Whether a setting is a table of settings.
pub(crate) fn is_table(name: &str) -> bool {
    !known(&[name]).is_empty()
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
        let mut all = Map::new();
        layers.iter().for_each(|layer| merge(&mut all, layer.0.clone()));
        serde_json::from_value(Value::Object(all)).unwrap_or_default()
    }

    /// What of it concerns the meaning of the file.
    pub(crate) fn options(&self) -> Options {
        let mut levels = Levels::default();
        for (name, level) in &self.project.rules.0 {
            if let Some(code) = DiagnosticCode::from_name(name) {
                levels.set(code, (*level).into());
            }
        }
        Options {
            semantics: self.project.semantics.into(),
            draft_version: self.project.draft_version.into(),
            levels,
        }
    }

    /// What happens after a task of a phase failed.
    pub(crate) fn on_failure(&self, phase: Phase) -> draft_tasks_executor::OnFailure {
        let OnFailure { pre_up, post_deploy, post_up, cleanup } = self.project.on_failure;
        let policy = match phase {
            Phase::PreUp => pre_up,
            Phase::PostDeploy => post_deploy,
            Phase::PostUp => post_up,
            Phase::Cleanup => cleanup,
        };
        policy.into()
    }
}

impl From<Level> for level::Level {
    fn from(level: Level) -> level::Level {
        match level {
            Level::Error => level::Level::As(Severity::Error),
            Level::Warning => level::Level::As(Severity::Warning),
            Level::Information => level::Level::As(Severity::Information),
            Level::Hint => level::Level::As(Severity::Hint),
            Level::Off => level::Level::Off,
        }
    }
}

impl From<Policy> for draft_tasks_executor::OnFailure {
    fn from(policy: Policy) -> draft_tasks_executor::OnFailure {
        match policy {
            Policy::Stop => draft_tasks_executor::OnFailure::Stop,
            Policy::Continue => draft_tasks_executor::OnFailure::Continue,
        }
    }
}

impl From<draft_tasks_executor::OnFailure> for Policy {
    fn from(policy: draft_tasks_executor::OnFailure) -> Policy {
        match policy {
            draft_tasks_executor::OnFailure::Stop => Policy::Stop,
            draft_tasks_executor::OnFailure::Continue => Policy::Continue,
        }
    }
}

impl From<Semantics> for command::Semantics {
    fn from(semantics: Semantics) -> command::Semantics {
        match semantics {
            Semantics::Standard => command::Semantics::Standard,
            Semantics::Draft => command::Semantics::Draft,
        }
    }
}

impl From<DraftVersion> for command::DraftVersion {
    fn from(version: DraftVersion) -> command::DraftVersion {
        match version {
            DraftVersion::Dep8 => command::DraftVersion::Dep8,
            DraftVersion::V0_15 => command::DraftVersion::V0_15,
            DraftVersion::V0_16 => command::DraftVersion::V0_16,
            DraftVersion::Master => command::DraftVersion::Master,
        }
    }
}

#[cfg(test)]
impl schemars::JsonSchema for Rules {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Rules".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let level = generator.subschema_for::<Level>();
        let property = |code: DiagnosticCode| {
            let first = code.explanation().split("\n\n").next().unwrap_or_default();
            let own = match code.severity() {
                Severity::Information => "information",
                other => other.name(),
            };
            let property =
                serde_json::json!({ "description": first, "$ref": level.get("$ref"), "default": own });
            (code.name().to_owned(), property)
        };
        let properties: Map<String, Value> = rule_codes().map(property).collect();
        schemars::json_schema!({ "type": "object", "additionalProperties": false, "properties": properties })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::run_settings::RunLimits;

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
            json!({ "server": { "path": "x" } }),
        ] {
            assert_eq!(editor(&nothing), (Config::default(), Vec::new()), "{nothing}");
        }
        assert_eq!(editor(&Value::Null).0.project.on_failure.cleanup, Policy::Continue);
    }

    #[test]
    fn settings_are_read() {
        let all = json!({
            "syntaxErrors": false, "inlayHints": false, "codeLens": false, "semantics": "draft", "draftVersion": "0.15",
            "rules": { "post-up": "off", "phase-case": "error" },
            "onFailure": { "pre-up": "continue", "post-deploy": "stop", "post-up": "stop", "cleanup": "stop" },
            "environment": "staging",
            "kubernetes": {
                "selector": "app=web", "container": "web", "readyTimeout": "5m",
                "context": "kind-dev", "namespace": "demo", "concurrency": 4,
            },
        });
        let (config, problems) = editor(&all);
        let mut read = serde_json::to_value(&config).unwrap();
        read.as_object_mut().unwrap().remove("run");
        assert_eq!(read, all);
        assert!(problems.is_empty(), "{problems:?}");
        let levels = config.options().levels;
        assert_eq!(levels.get(DiagnosticCode::PostUp), Some(level::Level::Off));
        assert_eq!(levels.get(DiagnosticCode::PhaseCase), Some(level::Level::As(Severity::Error)));
        assert_eq!(config.on_failure(Phase::PreUp), draft_tasks_executor::OnFailure::Continue);
        assert_eq!(config.on_failure(Phase::Cleanup), draft_tasks_executor::OnFailure::Stop);
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
    fn settings_of_runs_are_read_each_by_itself() {
        let run = json!({ "timeout": "soon", "totalTimeout": 90, "envFil": ".env", "env": { "A": "b" } });
        let (config, problems) = editor(&json!({ "run": run }));
        let env = [("A".to_owned(), "b".to_owned())].into();
        let limits = RunLimits { timeout: None, total_timeout: Some("90s".parse().unwrap()) };
        assert_eq!(config.run, RunSettings { env, limits, ..RunSettings::default() });
        assert_eq!(
            problems,
            [
                "`run.envFil`: there is no such setting; is `envFile` meant?",
                "`run.timeout`: `soon` is no time: write 90s, 5m, 1h 30m or a number of seconds",
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
        assert_eq!(serde_json::to_value(config.project.rules).unwrap(), json!({ "post-up": "off" }));
        assert_eq!(
            problems,
            [
                "`draftVersio`: there is no such setting; is `draftVersion` meant?",
                "`rules.E501`: there is no such setting",
                "`rules.phase-case`: unknown variant `fatal`, expected one of `error`, `warning`, `information`, `hint`, `off`",
                "`rules.post_up`: there is no such setting; is `post-up` meant?",
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
