//! What there is to know of each setting, taken from its declaration.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::LazyLock;

use serde::Serialize;
use serde_json::Value;

use super::Config;
use super::choice::{Choice, Named, Word};

/// A setting, or a table of settings.
#[derive(Debug)]
pub(crate) struct Setting {
    pub(crate) name: &'static str,
    /// What it is for, as Markdown.
    pub(crate) documentation: String,
    /// Its value where nobody sets it.
    pub(crate) default: Value,
    /// The values that it can have, where they are few.
    pub(crate) words: Vec<Word>,
    /// The settings in it, when it is a table.
    pub(crate) settings: Vec<Setting>,
    pub(crate) chooser: Chooser,
    #[cfg_attr(not(test), expect(dead_code, reason = "the manifests of clients have it"))]
    pub(crate) group: Group,
    pub(crate) marks: &'static [Mark],
}

/// Among which settings a person looks for one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Group {
    Run,
    Kubernetes,
    Output,
    Editor,
    Rules,
}

/// Who can make a setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Chooser {
    /// A project for everybody who works on it, and each user.
    Project,
    /// Each user alone; why a project cannot.
    User(&'static str),
}

/// What else is true of a setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mark {
    /// A workspace does not make it while it is not trusted.
    Restricted,
    /// Only a user's own settings make it in an editor, and no workspace: with it something is reached without asking.
    Machine,
    /// Hints are shown again when it changes.
    Hints,
    /// Lenses are.
    Lenses,
    /// Diagnostics are published again.
    Results,
}

/// What a setting's type says of it.
pub(crate) trait Kind {
    fn words() -> Vec<Word> {
        Vec::new()
    }

    fn settings() -> Vec<Setting> {
        Vec::new()
    }
}

impl Kind for bool {}
impl Kind for u32 {}
impl Kind for usize {}
impl Kind for NonZeroUsize {}
impl Kind for String {}
impl<T> Kind for Vec<T> {}
impl Kind for BTreeMap<String, String> {}

impl<T: Kind> Kind for Option<T> {
    fn words() -> Vec<Word> {
        T::words()
    }
}

impl<C: Choice> Kind for Named<C> {
    fn words() -> Vec<Word> {
        Named::<C>::words()
    }
}

/// Declares a table of settings. Each has its documentation, its name, its type, its default, who can make it, its
/// group, and marks.
macro_rules! settings {
    (
        $(#[doc = $about:tt])+
        $table:ident {
            $(
                $(#[doc = $doc:tt])+
                $(#[serde($($serde:tt)+)])?
                $(#[schemars($($schemars:tt)+)])?
                $name:literal $field:ident: $kind:ty = $default:expr, $chooser:expr, $group:ident $(, $mark:ident)*;
            )+
        }
    ) => {
        $(#[doc = $about])+
        #[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
        #[cfg_attr(test, derive(schemars::JsonSchema))]
        #[serde(default)]
        pub(crate) struct $table {
            $(
                $(#[doc = $doc])+
                #[serde(rename = $name)]
                $(#[serde($($serde)+)])?
                $(#[cfg_attr(test, schemars($($schemars)+))])?
                pub(crate) $field: $kind,
            )+
        }

        impl Default for $table {
            fn default() -> $table {
                $table { $($field: $default,)+ }
            }
        }

        impl $crate::settings::declaration::Kind for $table {
            fn settings() -> Vec<$crate::settings::declaration::Setting> {
                use $crate::settings::declaration::{Chooser::*, Kind, Setting, json, markdown};
                let defaults = $table::default();
                let mut settings = vec![$(Setting {
                    name: $name,
                    documentation: markdown(&[$($doc),+]),
                    default: json(&defaults.$field),
                    words: <$kind as Kind>::words(),
                    settings: <$kind as Kind>::settings(),
                    chooser: $chooser,
                    group: $crate::settings::declaration::Group::$group,
                    marks: &[$($crate::settings::declaration::Mark::$mark),*],
                }),+];
                settings.sort_by_key(|setting| setting.name);
                settings
            }
        }
    };
}
pub(crate) use settings;

static ALL: LazyLock<Setting> = LazyLock::new(|| Setting {
    name: "",
    documentation: String::new(),
    default: Value::Null,
    words: Vec::new(),
    settings: Config::settings(),
    chooser: Chooser::Project,
    group: Group::Run,
    marks: &[],
});

/// The setting of a path, if there is one; the table of all for none.
pub(crate) fn setting(path: &[&str]) -> Option<&'static Setting> {
    path.iter().try_fold(&*ALL, |table, name| table.settings.iter().find(|setting| setting.name == *name))
}

/// Why a project cannot make a setting of this name, in whatever table.
pub(crate) fn not_for_projects(name: &str) -> Option<&'static str> {
    let in_tables = ALL.settings.iter().flat_map(|table| &table.settings);
    let mut named = ALL.settings.iter().chain(in_tables).filter(|setting| setting.name == name);
    named.find_map(|setting| match setting.chooser {
        Chooser::User(why) => Some(why),
        Chooser::Project => None,
    })
}

/// Lines of a comment as Markdown.
pub(crate) fn markdown(lines: &[&str]) -> String {
    let lines: Vec<_> = lines.iter().map(|line| line.strip_prefix(' ').unwrap_or(line)).collect();
    lines.join("\n")
}

pub(crate) fn json(value: &impl Serialize) -> Value {
    serde_json::to_value(value).unwrap_or_default()
}

impl Setting {
    pub(crate) fn is_table(&self) -> bool {
        !self.settings.is_empty()
    }

    /// Whether a project can make it, or a setting in it.
    pub(crate) fn is_for_projects(&self) -> bool {
        self.chooser == Chooser::Project
            && (!self.is_table() || self.settings.iter().any(Setting::is_for_projects))
    }

    /// Everything about it, as Markdown.
    pub(crate) fn markdown(&self) -> String {
        let mut text = self.documentation.clone();
        if !self.words.is_empty() {
            text += "\n";
        }
        for Word { name, meaning } in &self.words {
            text += &format!("\n- `\"{name}\"`: {meaning}");
        }
        if let Some(default) = self.default.as_str() {
            text += &format!("\n\nDefault: `\"{default}\"`");
        }
        text
    }

    /// Whether something with a mark in this table differs between two values of it.
    fn differs(&self, mark: Mark, one: &Value, other: &Value) -> bool {
        self.settings.iter().any(|setting| {
            let (one, other) = (&one[setting.name], &other[setting.name]);
            setting.differs(mark, one, other) || setting.marks.contains(&mark) && one != other
        })
    }
}

impl Config {
    /// Whether a setting with a mark has another value in the other.
    pub(crate) fn differs(&self, mark: Mark, other: &Config) -> bool {
        ALL.differs(mark, &json(self), &json(other))
    }
}
