//! The settings of tasks that run inside of pods: which pods, which container, and how long to wait for them.
//!
//! Must not choose a cluster: that is for each user, and these settings may come with a checkout.

use std::fmt;
use std::str::FromStr;

use draft_tasks_executor::cluster::is_label;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::run_settings::Limit;

/// Which pods, and how long to wait for them: the settings below `kubernetes` that a project can make, too.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct PodSettings {
    /// The label selector of the pods in which tasks of `post-deploy` run, such as `"app=web,tier in (api, jobs)"`.
    /// Without it the application of `draft.toml`: `draft=` and its name.
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    pub(crate) selector: Option<Name<Selector>>,
    /// The container of these pods in which the tasks run. Without it the one that a pod's annotation
    /// `kubectl.kubernetes.io/default-container` names, else its first.
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    pub(crate) container: Option<Name<Container>>,
    /// How long to wait until all pods are ready: `"90s"`, `"5m"`, or a number of seconds. Without it 5 minutes.
    #[cfg_attr(test, schemars(schema_with = "crate::run_settings::limit_schema"))]
    pub(crate) ready_timeout: Option<Limit>,
}

/// All settings below `kubernetes`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct KubernetesSettings {
    #[serde(flatten)]
    pub(crate) pods: PodSettings,
    /// The context of the kubeconfig. Without it the current one. With it, tasks on this machine get a copy of the
    /// kubeconfig in which it is the current one.
    pub(crate) context: Option<String>,
    /// The namespace of the pods. Without it that of `draft.toml`, else `default`; with a selector that of the context.
    pub(crate) namespace: Option<String>,
    /// In how many pods tasks run at the same time. Without it in 32.
    #[cfg_attr(test, schemars(range(min = 1)))]
    pub(crate) concurrency: Option<std::num::NonZeroUsize>,
}

/// How long to wait for pods unless it is set.
pub(crate) const READY_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(300);

/// In how many pods tasks run at the same time unless it is set.
pub(crate) const CONCURRENCY: usize = 32;

impl KubernetesSettings {
    /// These settings, and others where there are none.
    pub(crate) fn or(&self, others: &KubernetesSettings) -> KubernetesSettings {
        let pods = PodSettings {
            selector: self.pods.selector.clone().or_else(|| others.pods.selector.clone()),
            container: self.pods.container.clone().or_else(|| others.pods.container.clone()),
            ready_timeout: self.pods.ready_timeout.or(others.pods.ready_timeout),
        };
        KubernetesSettings {
            pods,
            context: self.context.clone().or_else(|| others.context.clone()),
            namespace: self.namespace.clone().or_else(|| others.namespace.clone()),
            concurrency: self.concurrency.or(others.concurrency),
        }
    }
}

/// A text that has the form of a kind of name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Name<K> {
    text: String,
    kind: K,
}

/// What a name must look like.
pub(crate) trait Form: Default {
    /// What is wrong with a text that is none.
    const WRONG: &'static str;

    fn fits(text: &str) -> bool;
}

/// The selector of labels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Selector;

/// The name of a container.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Container;

impl Form for Selector {
    const WRONG: &'static str = "is no label selector: write `app=web`, `app!=web`, `app in (a, b)`, `app` or `!app`, with commas \
         between several";

    fn fits(text: &str) -> bool {
        requirements(text).into_iter().all(is_requirement)
    }
}

impl Form for Container {
    const WRONG: &'static str =
        "is no name of a container: it has lower-case letters, digits and `-`, at most 63 of them";

    fn fits(text: &str) -> bool {
        is_label(text)
    }
}

/// A selector at its commas that stand in no brackets.
fn requirements(selector: &str) -> Vec<&str> {
    let mut depth = 0;
    let at_comma = |c: char| {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        c == ',' && depth == 0
    };
    selector.split(at_comma).map(str::trim).collect()
}

fn is_requirement(text: &str) -> bool {
    if let Some(key) = text.strip_prefix('!') {
        return is_key(key.trim());
    }
    if let Some((key, value)) = ["!=", "==", "="].iter().find_map(|operator| text.split_once(operator)) {
        return is_key(key.trim()) && is_value(value.trim());
    }
    let Some((key, rest)) = text.split_once(char::is_whitespace) else { return is_key(text) };
    let set = ["in", "notin"].iter().find_map(|word| rest.trim().strip_prefix(word));
    let values = set.and_then(|set| set.trim().strip_prefix('(')?.strip_suffix(')'));
    is_key(key) && values.is_some_and(|values| values.split(',').all(|value| is_value(value.trim())))
}

/// The key of a label, which may have a domain in front.
fn is_key(key: &str) -> bool {
    let (domain, name) = key.split_once('/').map_or((None, key), |(domain, name)| (Some(domain), name));
    !name.is_empty() && is_value(name) && domain.is_none_or(|it| !it.is_empty() && it.bytes().all(is_inner))
}

pub(crate) fn is_value(value: &str) -> bool {
    let ends = |byte: Option<u8>| byte.is_none_or(|byte| byte.is_ascii_alphanumeric());
    value.len() <= 63
        && value.bytes().all(is_inner)
        && ends(value.bytes().next())
        && ends(value.bytes().next_back())
}

fn is_inner(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.')
}

impl<K: Form> FromStr for Name<K> {
    type Err = String;

    fn from_str(text: &str) -> Result<Name<K>, String> {
        match K::fits(text) {
            true => Ok(Name { text: text.to_owned(), kind: K::default() }),
            false => Err(format!("`{text}` {}", K::WRONG)),
        }
    }
}

impl<K> fmt::Display for Name<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.text.fmt(f)
    }
}

impl<K> Serialize for Name<K> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de, K: Form> Deserialize<'de> for Name<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Name<K>, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn selectors() {
        let fits = |text: &str| text.parse::<Name<Selector>>().is_ok();
        for right in [
            "app=web",
            "app==web",
            "a != b",
            "app",
            "!app",
            "a in (b, c),d",
            "x.io/a notin (b)",
            "a=",
            "a,!b,c=d",
        ] {
            assert!(fits(right), "{right}");
        }
        for wrong in ["", "a=b,", "a b", "=b", "a in b", "a=(b)", "a in (b", "-a", "a=b c", "a=é", "/a", "!"]
        {
            assert!(!fits(wrong), "{wrong}");
        }
    }

    #[test]
    fn containers() {
        let fits = |text: &str| text.parse::<Name<Container>>().is_ok();
        assert!(fits("web") && fits("web-1") && fits(&"x".repeat(63)));
        for wrong in ["", "Web", "-web", "web-", "a.b", "a b", &"x".repeat(64)] {
            assert!(!fits(wrong), "{wrong}");
        }
    }
}
