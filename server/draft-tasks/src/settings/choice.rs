//! Values that are chosen from a few: their names and meanings, for settings, options and documentation alike.

use clap::builder::PossibleValue;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A type with few values, each of which has a name.
pub(crate) trait Choice: Copy + PartialEq + Send + Sync + 'static {
    const ALL: &'static [Named<Self>];
    const NAMES: &'static [&'static str];
    /// Its name in schemas, and what it is about.
    #[cfg(test)]
    const SCHEMA: (&'static str, &'static str);

    fn name(self) -> &'static str;
    fn meaning(self) -> &'static str;
}

/// A value as a user chooses it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Named<C>(pub(crate) C);

/// A value's name, and what it means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Word {
    pub(crate) name: &'static str,
    pub(crate) meaning: &'static str,
}

/// Gives names and meanings to all values of a type; one that is missing does not compile.
macro_rules! choices {
    ($kind:ident, $schema:literal, $about:literal, { $([$($value:tt)+] $name:expr => $meaning:literal,)+ }) => {
        impl $crate::settings::choice::Choice for $kind {
            const ALL: &'static [$crate::settings::choice::Named<$kind>] =
                &[$($crate::settings::choice::Named($($value)+)),+];
            const NAMES: &'static [&'static str] = &[$($name),+];
            #[cfg(test)]
            const SCHEMA: (&'static str, &'static str) = ($schema, $about);

            fn name(self) -> &'static str {
                match self {
                    $($($value)+ => $name,)+
                }
            }

            fn meaning(self) -> &'static str {
                match self {
                    $($($value)+ => $meaning,)+
                }
            }
        }
    };
}
pub(crate) use choices;

impl<C: Choice> Named<C> {
    pub(crate) fn words() -> Vec<Word> {
        C::ALL.iter().map(|Named(value)| Word { name: value.name(), meaning: value.meaning() }).collect()
    }
}

impl<C: Choice> clap::ValueEnum for Named<C> {
    fn value_variants<'a>() -> &'a [Named<C>] {
        C::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.0.name()).help(self.0.meaning()))
    }
}

impl<C: Choice> Serialize for Named<C> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.name())
    }
}

impl<'de, C: Choice> Deserialize<'de> for Named<C> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Named<C>, D::Error> {
        let name = String::deserialize(deserializer)?;
        let found = C::ALL.iter().find(|Named(value)| value.name() == name);
        found.copied().ok_or_else(|| D::Error::unknown_variant(&name, C::NAMES))
    }
}

#[cfg(test)]
impl<C: Choice> schemars::JsonSchema for Named<C> {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        C::SCHEMA.0.into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let word = |Word { name, meaning }| serde_json::json!({ "const": name, "description": meaning, "type": "string" });
        let words: Vec<_> = Named::<C>::words().into_iter().map(word).collect();
        schemars::json_schema!({ "description": C::SCHEMA.1, "oneOf": words })
    }
}
