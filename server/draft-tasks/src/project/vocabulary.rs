//! The settings of a project with their documentation, as their JSON Schema has them.
//!
//! Must not add to it: the schema is rendered from `config`, and a test keeps it so.

use std::sync::LazyLock;

use serde_json::Value;

static SCHEMA: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(include_str!("schema.json")).unwrap_or_default());

/// A setting, or a table of settings.
#[derive(Clone, Copy, Debug)]
pub(super) struct Setting<'a> {
    pub(super) name: &'a str,
    /// How it stands in its table.
    property: &'a Value,
    /// What it refers to.
    kind: &'a Value,
}

/// The setting of a path, if there is one.
pub(super) fn setting<'a>(path: &[&'a str]) -> Option<Setting<'a>> {
    path.iter().try_fold(root(), |setting, name| setting.get(name))
}

/// The table of all settings.
pub(super) fn root<'a>() -> Setting<'a> {
    Setting { name: "", property: &SCHEMA, kind: &SCHEMA }
}

impl<'a> Setting<'a> {
    fn of(name: &'a str, property: &'a Value) -> Setting<'a> {
        let reference = property["$ref"].as_str().and_then(|it| it.strip_prefix("#/$defs/"));
        Setting { name, property, kind: reference.map_or(property, |name| &SCHEMA["$defs"][name]) }
    }

    fn get(self, name: &'a str) -> Option<Setting<'a>> {
        Some(Setting::of(name, self.kind["properties"].get(name)?))
    }

    /// What it is for, as Markdown.
    pub(super) fn documentation(self) -> &'a str {
        self.property["description"].as_str().unwrap_or_default()
    }

    /// The values that it can have, each with what it means.
    pub(super) fn values(self) -> Vec<(String, &'a str)> {
        let values = self.kind["oneOf"].as_array().into_iter().flatten();
        let text = |value: &'a Value| value.as_str().unwrap_or_default();
        values.map(|value| (text(&value["const"]).to_owned(), text(&value["description"]))).collect()
    }

    /// Its value where nobody sets it.
    pub(super) fn default(self) -> Option<&'a str> {
        self.property["default"].as_str()
    }

    /// The settings in it, when it is a table.
    pub(super) fn settings(self) -> Vec<Setting<'a>> {
        let settings = self.kind["properties"].as_object().into_iter().flatten();
        settings.map(|(name, property)| Setting::of(name, property)).collect()
    }

    pub(super) fn is_table(self) -> bool {
        self.kind["properties"].is_object()
    }

    /// Everything about it, as Markdown.
    pub(super) fn markdown(self) -> String {
        let mut text = self.documentation().to_owned();
        let values = self.values();
        if !values.is_empty() {
            text += "\n";
        }
        for (value, meaning) in values {
            text += &format!("\n- `\"{value}\"`: {meaning}");
        }
        if let Some(default) = self.default() {
            text += &format!("\n\nDefault: `\"{default}\"`");
        }
        text
    }
}
