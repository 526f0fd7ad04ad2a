//! The settings of runs: limits, variables and records; the command line fills the same type from its options.
//!
//! Must not read them from anywhere or run anything.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use draft_tasks_executor::Limits;
use draft_tasks_executor::record::Records;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use crate::env_file::{self, EnvFile};
use crate::environment::Environment;

/// How many records of runs are kept unless it is set.
pub(crate) const KEEP: usize = 50;

/// How long runs may take: the settings below `run` that a project can make, too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct RunLimits {
    /// How long a task may take before it is ended and counts as failed: `"90s"`, `"5m"`, `"1h 30m"`, or a number of
    /// seconds. Without it a task may take for ever.
    #[cfg_attr(test, schemars(schema_with = "limit_schema"))]
    pub(crate) timeout: Option<Limit>,
    /// How long a whole run may take, in the same form. The task that runs then fails, and the rest is skipped.
    #[cfg_attr(test, schemars(schema_with = "limit_schema"))]
    pub(crate) total_timeout: Option<Limit>,
}

/// All settings below `run`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct RunSettings {
    #[serde(flatten)]
    pub(crate) limits: RunLimits,
    /// Variables that tasks get beside those of the environment, and that `$VAR` in commands means; they win.
    pub(crate) env: BTreeMap<String, String>,
    /// A file of such variables, or a list of files of which later ones win, relative to the tasks file. They are read by
    /// the grammar of Docker Compose, but a `$` that begins no name stays as it is, and text behind a closing quote is an
    /// error; `$$` is one `$`. Their variables win over those of the environment, and `env` over both. All their values
    /// are taken for secrets.
    #[serde(rename = "envFile", deserialize_with = "env_file::one_or_more")]
    #[cfg_attr(test, schemars(schema_with = "env_file::one_or_more_schema"))]
    pub(crate) env_files: Vec<EnvFile>,
    /// Names of variables whose values are masked as `***` in all that is shown and kept of a run, beside those whose
    /// names look like it (`…TOKEN`, `…PASSWORD`, `…SECRET`, `…KEY`). Values shorter than 3 bytes are not masked.
    pub(crate) secrets: Vec<String>,
    /// Which results of runs are diagnostics.
    pub(crate) diagnostics: RunDiagnostics,
    /// How many records of runs are kept; 0 keeps none and writes none.
    pub(crate) keep: usize,
}

impl Default for RunSettings {
    fn default() -> RunSettings {
        RunSettings {
            limits: RunLimits::default(),
            env: BTreeMap::new(),
            env_files: Vec::new(),
            secrets: Vec::new(),
            diagnostics: RunDiagnostics::default(),
            keep: KEEP,
        }
    }
}

/// Which results of runs are diagnostics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub(crate) enum RunDiagnostics {
    /// tasks that failed, and what their output reports of files
    #[default]
    Failures,
    /// also tasks that passed, with the last line that they wrote
    All,
    /// none
    Off,
}

impl RunSettings {
    /// Where and how many records of runs are kept, if any.
    pub(crate) fn records(&self, environment: &Environment) -> Option<Records> {
        let directory = environment.records().filter(|_| self.keep > 0)?;
        Some(Records { directory, keep: self.keep })
    }

    pub(crate) fn limits(&self) -> Limits {
        self.limits_or(RunLimits::default())
    }

    /// These limits, and others where there are none.
    pub(crate) fn limits_or(&self, others: RunLimits) -> Limits {
        let timeout = self.limits.timeout.or(others.timeout);
        let total = self.limits.total_timeout.or(others.total_timeout);
        Limits { task: timeout.map(|it| it.0), run: total.map(|it| it.0) }
    }
}

/// What a limit may be in a file of settings.
#[cfg(test)]
pub(crate) fn limit_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({ "type": ["string", "number", "null"] })
}

/// A time that something may take: more than none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limit(pub(crate) Duration);

impl FromStr for Limit {
    type Err = String;

    /// A number is one of seconds.
    fn from_str(text: &str) -> Result<Limit, String> {
        let wrong = || format!("`{text}` is no time: write 90s, 5m, 1h 30m or a number of seconds");
        let duration = match text.trim().parse::<f64>() {
            Ok(seconds) => Duration::try_from_secs_f64(seconds).map_err(|_| wrong())?,
            Err(_) => humantime::parse_duration(text.trim()).map_err(|_| wrong())?,
        };
        if duration.is_zero() {
            return Err("a time of 0 would end every task at once; leave it out for no limit".into());
        }
        Ok(Limit(duration))
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        humantime::format_duration(self.0).fmt(f)
    }
}

impl Serialize for Limit {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Limit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Limit, D::Error> {
        let text = match Value::deserialize(deserializer)? {
            Value::String(text) => text,
            other => other.to_string(),
        };
        text.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn limits() {
        let seconds =
            |value: Value| serde_json::from_value::<Limit>(value).map(|limit| limit.0.as_secs_f64());
        assert_eq!(seconds(json!("90s")).unwrap(), 90.0);
        assert_eq!(seconds(json!("1h 30m")).unwrap(), 5400.0);
        assert_eq!(seconds(json!("1.5")).unwrap(), 1.5);
        assert_eq!(seconds(json!(2)).unwrap(), 2.0);
        for wrong in [json!(0), json!("0s"), json!(-1), json!("soon"), json!(""), json!(true), json!([])] {
            assert!(seconds(wrong.clone()).is_err(), "{wrong}");
        }
        assert_eq!(Limit(Duration::from_secs(90)).to_string(), "1m 30s");
    }
}
