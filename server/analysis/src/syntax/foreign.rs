//! Texts that were not written as TOML, and those of which two versions are mixed: one error says so, in place of many.
//!
//! Must not be sure of a text that has a table, as somebody may be typing in it.

use text_size::{TextLen, TextRange};

use super::{SyntaxError, SyntaxErrorKind, SyntaxTree};

/// What a text with errors is, where that is certain.
pub(super) fn recognize(text: &str, tree: &SyntaxTree) -> Option<SyntaxError> {
    let first = tree.errors.first()?;
    if let Some(marker) = conflict(text, tree) {
        let message = "a merge left a conflict here: keep one of its versions, and remove the lines that begin with \
            `<<<<<<<`, `=======` and `>>>>>>>`";
        return Some(error(SyntaxErrorKind::Conflict, marker, message.into()));
    }
    let is_header = |header: TextRange| !tree.has_error_in(header);
    if tree.tables.iter().filter_map(|table| table.header.as_ref()).any(|header| is_header(header.range)) {
        return None;
    }
    if is_utf_16(text) {
        let message = "this is text in UTF-16: save the file as UTF-8";
        return Some(error(SyntaxErrorKind::Encoding, first.range, message.into()));
    }
    let language = other_language(text)?;
    Some(error(SyntaxErrorKind::Language, first.range, format!("this is {language}, not TOML")))
}

fn error(kind: SyntaxErrorKind, range: TextRange, message: String) -> SyntaxError {
    SyntaxError { kind, range, message, related: None }
}

/// The first line that a merge leaves around two versions, outside of strings.
fn conflict(text: &str, tree: &SyntaxTree) -> Option<TextRange> {
    let line = |error: &SyntaxError| {
        let (before, rest) = text.split_at(error.range.start().into());
        let is_marker = ["<<<<<<< ", ">>>>>>> "].iter().any(|marker| rest.starts_with(marker));
        let line = rest.lines().next().filter(|_| is_marker && (before.is_empty() || before.ends_with('\n')));
        line.map(|line| TextRange::at(error.range.start(), line.text_len()))
    };
    tree.errors.iter().find_map(line)
}

/// Whether every other byte of the beginning is none, as in Latin text in UTF-16 without its mark.
fn is_utf_16(text: &str) -> bool {
    const LOOKED_AT: usize = 16;
    let pairs = text.as_bytes()[..text.len().min(LOOKED_AT)].chunks_exact(2);
    let is_zero = |at: usize| pairs.len() > 1 && pairs.clone().all(|pair| pair[at] == 0 && pair[1 - at] != 0);
    is_zero(0) || is_zero(1)
}

/// The language of a text whose first statement can be no TOML.
fn other_language(text: &str) -> Option<&'static str> {
    if text.starts_with("#!") {
        return Some("a script");
    }
    let is_statement = |line: &&str| !line.is_empty() && !line.starts_with('#');
    let first = text.lines().map(str::trim).find(is_statement)?;
    let begins = |with: &str| first.get(..with.len()).is_some_and(|start| start.eq_ignore_ascii_case(with));
    match first {
        _ if first.starts_with('{') => Some("JSON"),
        _ if begins("<!doctype html") || begins("<html") => Some("HTML"),
        _ if first.starts_with('<') => Some("XML"),
        _ if first == "---" || first.starts_with("- ") || is_yaml_key(first) => Some("YAML"),
        _ if begins("version https://git-lfs") => {
            Some("a pointer of Git LFS to a file that was not fetched (`git lfs pull`)")
        }
        _ => None,
    }
}

/// Whether a line is a key of YAML, with or without a value.
fn is_yaml_key(line: &str) -> bool {
    let key = line.split_once(':').filter(|(_, value)| value.is_empty() || value.starts_with(' '));
    key.is_some_and(|(key, _)| {
        let name = key.trim_matches(['"', '\'']);
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_ .".contains(&byte))
    })
}

#[cfg(test)]
mod tests {
    use super::super::parse;

    fn said(text: &str) -> String {
        let errors = parse(text).errors;
        assert_eq!(errors.len(), 1, "{text:?}: {errors:?}");
        format!("{:?} {}", &text[errors[0].range], errors[0].message)
    }

    #[test]
    fn what_it_is_is_said_once() {
        for (text, language) in [
            ("{\n  \"pre-up\": {\"a\": \"b\"},\n  \"x\": [\n[1, 2]\n]\n}\n", "JSON"),
            ("# tasks\n---\npre-up:\n  a: b\n", "YAML"),
            ("pre-up:\n  - name: a\n    run: b\n", "YAML"),
            ("\"pre-up\": {a: b}\n", "YAML"),
            ("<!DOCTYPE html>\n<body>x = 1\n", "HTML"),
            ("<?xml version=\"1.0\"?>\n<a b=\"c\"/>\n", "XML"),
            ("#!/bin/sh\nset -e\necho hi\n", "a script"),
            ("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n", "Git LFS"),
            ("[\0p\0r\0e\0-\0u\0p\0]\0\n\0a\0 \0=\0 \0'\0b\0'\0\n\0", "UTF-16"),
            ("\0[\0p\0r\0e\0-\0u\0p\0]\0\n\0a\0=\0'\0b\0'", "UTF-16"),
        ] {
            let said = said(text);
            assert!(said.contains(" this is ") && said.contains(language), "{said}");
        }
    }

    #[test]
    fn a_conflict_is_said_at_its_first_line() {
        for text in [
            "<<<<<<< HEAD\n[a]\nx = 1\n=======\n[a]\nx = 2\n>>>>>>> other\n",
            "[a]\nx = 1\n<<<<<<< HEAD\r\ny = 1\n||||||| base\n=======\ny = 3\n>>>>>>> other\n[b]\n",
            "[a]\nx = 1\n>>>>>>> other\n",
        ] {
            let said = said(text);
            assert!(
                said.starts_with("\"<<<<<<< HEAD\" a merge") || said.starts_with("\">>>>>>> other\" a m"),
                "{said}"
            );
        }
        let in_string = "a = '''\n<<<<<<< HEAD\n=======\n>>>>>>> other\n'''\n";
        assert!(parse(in_string).errors.is_empty());
    }

    #[test]
    fn what_may_be_toml_with_mistakes_is_taken_for_it() {
        for text in
            ["a = \"b: c\"\n1 2\n", "[pre-up\na: b\n", "a:b\n", "http://x: y\n", "- a\n[pre-up]\n", "a\0b\n"]
        {
            let errors = parse(text).errors;
            assert!(
                !errors.is_empty() && !errors.iter().any(|it| it.message.contains("this is")),
                "{errors:?}"
            );
        }
    }
}
