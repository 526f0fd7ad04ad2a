//! The settings of runs: limits, variables and records; the command line fills the same type from its options.
//!
//! Must not read them from anywhere or run anything.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use draft_tasks_analysis::plan::Subject;
use draft_tasks_executor::Limits;
use draft_tasks_executor::stop::GRACE;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use crate::settings::Kind;
pub(crate) use crate::settings::RunSettings;
use crate::settings::choice::choices;

/// Which results of runs are diagnostics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum RunDiagnostics {
    #[default]
    Failures,
    All,
    Off,
}

choices!(RunDiagnostics, "RunDiagnostics", "Which results of runs are diagnostics.", {
    [RunDiagnostics::Failures] "failures" => "tasks that failed, and what their output reports of files",
    [RunDiagnostics::All] "all" => "also tasks that passed, with the last line that they wrote",
    [RunDiagnostics::Off] "off" => "none",
});

/// How long the command that deploys or deletes has to end unless it is set: it may have to roll back.
const COMMAND_GRACE: Duration = Duration::from_secs(30);

impl RunSettings {
    /// How long what is stopped has to end before it is killed.
    pub(crate) fn grace(&self, subject: Subject) -> Duration {
        let usual = match subject {
            Subject::Deploy | Subject::Delete => COMMAND_GRACE,
            Subject::Phase(_) | Subject::PodsReady | Subject::PodsGone => GRACE,
        };
        self.grace_period.map_or(usual, |grace| grace.0)
    }

    pub(crate) fn limits(&self) -> Limits {
        Limits { task: self.timeout.map(|it| it.0), run: self.total_timeout.map(|it| it.0.into()) }
    }
}

impl Kind for Limit {}

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

    fn from_str(text: &str) -> Result<Limit, String> {
        let duration = duration(text)?;
        if duration.is_zero() {
            return Err("a time of 0 would end every task at once; leave it out for no limit".into());
        }
        Ok(Limit(duration))
    }
}

/// How long something is awaited: 0 is to look once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Patience(pub(crate) Duration);

impl Kind for Patience {}

impl FromStr for Patience {
    type Err = String;

    fn from_str(text: &str) -> Result<Patience, String> {
        duration(text).map(Patience)
    }
}

impl Serialize for Patience {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&humantime::format_duration(self.0))
    }
}

impl<'de> Deserialize<'de> for Patience {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Patience, D::Error> {
        written(deserializer)?.parse().map_err(D::Error::custom)
    }
}

/// A duration as people write it; a number is one of seconds.
fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("`{text}` is not a duration: write 90s, 5m, 1h 30m or a number of seconds");
    match text.trim().parse::<f64>() {
        Ok(seconds) => Duration::try_from_secs_f64(seconds).map_err(|_| wrong()),
        Err(_) => humantime::parse_duration(text.trim())
            .ok()
            .filter(|_| units(text).all(is_short))
            .ok_or_else(|| format!("{}{}", wrong(), meant(text))),
    }
}

/// The units of a duration: a month (`M`, also `1month`) and a year are none that a run may take, and one letter beside minutes.
fn is_short(unit: &str) -> bool {
    !(unit == "M" || unit.starts_with("mo") || unit.starts_with('y'))
}

fn units(text: &str) -> impl Iterator<Item = &str> {
    text.split(|sign: char| !sign.is_alphabetic()).filter(|unit| !unit.is_empty())
}

/// What a text in capitals may mean.
fn meant(text: &str) -> String {
    let small = text.trim().to_lowercase();
    let is_one = humantime::parse_duration(&small).is_ok() && units(&small).all(is_short);
    if is_one { format!("; did you mean `{small}`?") } else { String::new() }
}

/// A value of a setting as it is written.
fn written<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::String(text) => text,
        other => other.to_string(),
    })
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
        written(deserializer)?.parse().map_err(D::Error::custom)
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
        assert_eq!("0".parse(), Ok(Patience(Duration::ZERO)), "what is awaited is looked at once");
        assert!("-1".parse::<Patience>().is_err());
    }
}
