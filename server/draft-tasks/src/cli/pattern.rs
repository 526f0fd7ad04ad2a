//! Patterns of the command line: `*`, `?`, `[…]`, `{a,b}`, as `globset` reads them.
//!
//! Must not take a part of a character for one, as its own matchers do, which look at bytes.

use std::path::{MAIN_SEPARATOR_STR, Path};

use globset::{Error, Glob, GlobBuilder};
use regex::Regex;

pub(super) struct Pattern(Regex);

impl Pattern {
    /// One of names, in which a slash is a sign as any other.
    ///
    /// # Errors
    ///
    /// When it is none.
    pub(super) fn of_names(text: &str) -> Result<Pattern, String> {
        Pattern::of(GlobBuilder::new(text).build())
    }

    /// One of paths, whose signs stand for no slash.
    ///
    /// # Errors
    ///
    /// When it is none.
    pub(super) fn of_paths(text: &str) -> Result<Pattern, String> {
        Pattern::of(GlobBuilder::new(text).literal_separator(true).build())
    }

    fn of(glob: Result<Glob, Error>) -> Result<Pattern, String> {
        let glob = glob.map_err(|error| error.to_string())?;
        // It has each byte of a character that is none of ASCII as `\xNN`.
        let expression = glob.regex().strip_prefix("(?-u)").unwrap_or(glob.regex());
        let expression = String::from_utf8(with_bytes(expression)).map_err(|error| error.to_string())?;
        Regex::new(&format!("(?s){expression}")).map(Pattern).map_err(|error| error.to_string())
    }

    pub(super) fn is_name(&self, name: &str) -> bool {
        self.0.is_match(name)
    }

    pub(super) fn is_path(&self, path: &Path) -> bool {
        self.0.is_match(&path.to_string_lossy().replace(MAIN_SEPARATOR_STR, "/"))
    }
}

/// A text with `\xNN` replaced by the byte.
fn with_bytes(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        let (plain, escaped) = rest.split_at(at);
        bytes.extend(plain.bytes());
        let code = escaped.strip_prefix("\\x").and_then(|code| code.get(..2));
        let length = match code.and_then(|code| u8::from_str_radix(code, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                4
            }
            None => {
                let length = 1 + escaped[1..].chars().next().map_or(0, char::len_utf8);
                bytes.extend(escaped[..length].bytes());
                length
            }
        };
        rest = &escaped[length..];
    }
    bytes.extend(rest.bytes());
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_stand_for_characters() {
        let is = |pattern: &str, name: &str| Pattern::of_names(pattern).unwrap().is_name(name);
        for (pattern, name) in [
            ("m?n", "mün"),
            ("m[äöü]n", "mün"),
            ("m[ä-ü]n", "mün"),
            ("m[!a]n", "mün"),
            ("m{ü,u}n", "mün"),
            ("m*", "m/ü\n"),
            ("?", "🚀"),
            ("a\\?", "a?"),
            ("[x]41", "x41"),
        ] {
            assert!(is(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in [("m??n", "mün"), ("m[!ü]n", "mün"), ("x41", "A"), ("a\\?", "ab")] {
            assert!(!is(pattern, name), "{pattern} {name}");
        }
        let of_paths = Pattern::of_paths("a/?").unwrap();
        assert!(of_paths.is_path(Path::new("a/ü")) && !of_paths.is_path(Path::new("a/b/c")));
    }
}
