//! The settings of tasks that run inside of pods: which pods, which container, and how long to wait for them.
//!
//! Must not choose a cluster: that is for each user, and these settings may come with a checkout.

use std::fmt;
use std::str::FromStr;

use draft_tasks_executor::cluster::{Target, is_label};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::settings::Kind;
pub(crate) use crate::settings::KubernetesSettings;

/// How long to wait for pods unless it is set.
pub(crate) const READY_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(300);

/// How long to wait until an application's pods are gone unless it is set.
pub(crate) const GONE_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(300);

/// In how many pods tasks run at the same time unless it is set.
pub(crate) const CONCURRENCY: usize = 32;

impl KubernetesSettings {
    /// Whether runs reach a cluster without asking: it runs on this machine, or the user says that it is as good as that.
    pub(crate) fn is_local(&self, target: &Target) -> bool {
        let named = |context: &String| self.local_contexts.contains(context);
        target.is_local() || target.context.as_ref().is_some_and(named)
    }
}

/// A text that has the form of a kind of name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Name<K> {
    text: String,
    kind: K,
}

impl<K> Kind for Name<K> {}

/// What a name must look like.
pub(crate) trait Form: Default {
    /// Why a text is not one.
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
    const WRONG: &'static str = "is not a label selector: write `app=web`, `app!=web`, `app in (a, b)`, `app` or `!app`, with commas \
         between several";

    fn fits(text: &str) -> bool {
        requirements(text).into_iter().all(is_requirement)
    }
}

impl Form for Container {
    const WRONG: &'static str =
        "is not a container name: it has lower-case letters, digits and `-`, at most 63 of them";

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
        if K::fits(text) {
            Ok(Name { text: text.to_owned(), kind: K::default() })
        } else {
            Err(format!("`{text}` {}", K::WRONG))
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
