//! The setting that names files of variables.
//!
//! Must not read them.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// A file of variables.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct EnvFile {
    pub(crate) path: PathBuf,
    /// Whether it may be a pipe or standard input, for the other end of which reading waits. An editor cannot wait, and
    /// reads a file more than once.
    #[serde(skip)]
    pub(crate) may_wait: bool,
}

/// The files of a setting, which may name one of them without a list.
#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMore {
    One(EnvFile),
    More(Vec<EnvFile>),
}

/// Reads the setting.
pub(crate) fn one_or_more<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<EnvFile>, D::Error> {
    let files = Option::<OneOrMore>::deserialize(deserializer)
        .map_err(|_| serde::de::Error::custom("expected a path or a list of paths"))?;
    Ok(match files {
        None => Vec::new(),
        Some(OneOrMore::One(file)) => vec![file],
        Some(OneOrMore::More(files)) => files,
    })
}

/// What the setting may be.
#[cfg(test)]
pub(crate) fn one_or_more_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({ "type": ["string", "array", "null"], "items": { "type": "string" }, "default": null })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_setting_is_a_path_or_a_list() {
        let read = |value: serde_json::Value| match one_or_more(value) {
            Ok(files) => Ok(files.into_iter().map(|file| file.path).collect::<Vec<_>>()),
            Err(error) => Err(error.to_string()),
        };
        assert_eq!(read(json!("a")), Ok(vec![PathBuf::from("a")]));
        assert_eq!(read(json!(["a", "b"])), Ok(vec![PathBuf::from("a"), PathBuf::from("b")]));
        assert_eq!(read(json!(null)), Ok(vec![]));
        assert_eq!(read(json!(5)).unwrap_err(), "expected a path or a list of paths");
    }
}
