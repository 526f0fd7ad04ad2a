//! What can be typed in the settings of a project: tables, settings and their values.
//!
//! Must not offer what the text has already.

use draft_tasks_analysis::completion::{Completion, CompletionKind, is_blank};
use draft_tasks_analysis::syntax::{SyntaxTree, Table};
use draft_tasks_analysis::{TextRange, TextSize, edit};

use crate::settings::{Setting, setting};

/// Everything that can be typed at an offset.
pub(crate) fn complete(tree: &SyntaxTree, text: &str, offset: TextSize) -> Vec<Completion> {
    let start = edit::line_start(text, offset);
    let (before, after) = (
        &text[TextRange::new(start, offset)],
        &text[TextRange::new(offset, edit::line_stop(text, offset).max(offset))],
    );
    let next = tree.comments.partition_point(|comment| comment.start() < offset);
    if tree.comments[..next].last().is_some_and(|comment| comment.end() >= offset) {
        return Vec::new();
    }
    let indent = TextSize::of(&before[..before.len() - before.trim_start().len()]);
    let before = before.trim_start();
    let table = tree.tables.iter().rev().find(|table| table.range.start() < start || table.header.is_none());
    let names = table.map(|table| names(table, text)).unwrap_or_default();
    if let Some((key, typed)) = before.split_once('=') {
        let path: Vec<&str> = names.iter().map(String::as_str).chain(key.split('.').map(unquoted)).collect();
        return values(&path, typed, after, offset);
    }
    let (in_header, word) = (before.starts_with('['), word(before, after));
    let range = TextRange::new(start + indent, offset + TextSize::of(word));
    // What was typed to its end has nothing more to offer, so that Enter is a new line.
    let is_word = before.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_'));
    if !is_blank(&after[word.len()..]) || !(is_word || in_header && !before.contains(']')) {
        return Vec::new();
    }
    if in_header {
        return tables(tree, text, start, range);
    }
    let path: Vec<&str> = names.iter().map(String::as_str).collect();
    let present: Vec<String> = table
        .iter()
        .flat_map(|table| &table.entries)
        .filter(|entry| !entry.range.contains_inclusive(offset))
        .filter_map(|entry| Some(entry.path.first()?.decode(text).into_owned()))
        .collect();
    let mut found = settings(&path, &present, range);
    found.extend(tables(tree, text, start, range));
    found
}

/// The characters of a word, and of the end of a header, that the cursor stands in or before.
fn word<'t>(before: &str, after: &'t str) -> &'t str {
    let quotes: &[char] = if before.starts_with('[') { &['"', '\''] } else { &[] };
    let is_word = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | ']') || quotes.contains(&c);
    let rest = after.trim_start_matches(is_word);
    let rest = match rest.trim_start().strip_prefix(']') {
        Some(behind) if !quotes.is_empty() => behind.trim_start_matches(']'),
        _ => rest,
    };
    &after[..after.len() - rest.len()]
}

fn names(table: &Table, text: &str) -> Vec<String> {
    let path = table.header.iter().flat_map(|header| &header.path);
    path.map(|key| key.decode(text).into_owned()).collect()
}

fn unquoted(key: &str) -> &str {
    key.trim().trim_matches(['"', '\''])
}

/// The settings of a table that are not there yet.
fn settings(table: &[&str], present: &[String], range: TextRange) -> Vec<Completion> {
    let Some(table) = setting(table) else { return Vec::new() };
    let settings = table.settings.iter().filter(|setting| !setting.is_table() && setting.is_for_projects());
    let missing = settings.filter(|setting| !present.iter().any(|name| name == setting.name));
    missing
        .map(|setting| {
            let default = setting.default.as_str().unwrap_or_default();
            completion(
                setting,
                setting.name.to_owned(),
                range,
                format!("{} = \"${{1:{default}}}\"", setting.name),
            )
        })
        .collect()
}

/// The headers that are not there yet; that of the present line counts as not there.
fn tables(tree: &SyntaxTree, text: &str, line: TextSize, range: TextRange) -> Vec<Completion> {
    let others = tree.tables.iter().filter(|table| {
        table.header.is_some() && table.range.start() < line || table.range.start() > range.end()
    });
    let present: Vec<String> = others.filter_map(|table| names(table, text).into_iter().next()).collect();
    let all = setting(&[]).into_iter().flat_map(|all| &all.settings);
    let tables = all.filter(|setting| setting.is_table() && setting.is_for_projects());
    tables
        .filter(|table| !present.iter().any(|name| name == table.name))
        .map(|table| completion(table, format!("[{}]", table.name), range, format!("[{}]", table.name)))
        .collect()
}

/// The values of a setting, when no other than the one that is being typed stands there.
fn values(path: &[&str], typed: &str, after: &str, offset: TextSize) -> Vec<Completion> {
    let Some(setting) = setting(path) else { return Vec::new() };
    let value = typed.trim_start();
    let quoted = value.strip_prefix(['"', '\'']);
    let complete = quoted.is_some_and(|inner| inner.contains(['"', '\'']));
    if complete || (quoted.is_none() && !value.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '.')))
    {
        return Vec::new();
    }
    let rest = after
        .find(|c: char| !(c.is_alphanumeric() || matches!(c, '-' | '.' | '"' | '\'')))
        .unwrap_or(after.len());
    if !is_blank(&after[rest..]) {
        return Vec::new();
    }
    let range = TextRange::new(offset - TextSize::of(value), offset + TextSize::of(&after[..rest]));
    let space = if typed.is_empty() { " " } else { "" };
    let offered = setting.words.iter().map(|word| Completion {
        label: format!("\"{}\"", word.name),
        kind: CompletionKind::Task,
        detail: word.meaning.to_owned(),
        documentation: None,
        range,
        overwrites: None,
        snippet: format!("{space}\"{}\"", word.name),
    });
    offered.collect()
}

fn completion(setting: &Setting, label: String, range: TextRange, snippet: String) -> Completion {
    let kind = if setting.is_table() { CompletionKind::Phase } else { CompletionKind::Task };
    let detail = setting.default.as_str().map(|default| format!("else \"{default}\"")).unwrap_or_default();
    let documentation = Some(setting.markdown());
    Completion { label, kind, detail, documentation, range, overwrites: None, snippet }
}

#[cfg(test)]
mod tests {
    use draft_tasks_analysis::completion::strip_placeholders;
    use draft_tasks_analysis::edit::TextEdit;
    use draft_tasks_analysis::syntax;
    use expect_test::{Expect, expect};

    use super::*;

    fn check(marked: &str, expect: Expect) {
        let offset = TextSize::new(marked.find("$0").unwrap() as u32);
        let text = marked.replacen("$0", "", 1);
        let found = complete(&syntax::parse(&text), &text, offset);
        let mut shown = found.iter().map(|it| it.label.clone()).collect::<Vec<_>>().join(" ");
        if let Some(first) = found.first() {
            let edit = TextEdit::replace(first.range, strip_placeholders(&first.snippet));
            shown += &format!("\n---\n{}", edit::apply(&text, &[edit]));
        }
        expect.assert_eq(&shown);
    }

    #[test]
    fn settings_and_tables_that_are_missing() {
        check(
            "$0",
            expect![[r#"
                draftVersion semantics [kubernetes] [onFailure] [rules] [run]
                ---
                draftVersion = "dep-8""#]],
        );
        check(
            "semantics = \"draft\"\ndr$0",
            expect![[r#"
                draftVersion [kubernetes] [onFailure] [rules] [run]
                ---
                semantics = "draft"
                draftVersion = "dep-8""#]],
        );
        check(
            "[on$0\n",
            expect![[r#"
                [kubernetes] [onFailure] [rules] [run]
                ---
                [kubernetes]
            "#]],
        );
        check(
            "[onFailure]\np$0\n[rules]\n",
            expect![[r#"
                cleanup post-deploy post-up pre-up [kubernetes] [run]
                ---
                [onFailure]
                cleanup = "continue"
                [rules]
            "#]],
        );
    }

    #[test]
    fn only_settings_that_a_project_can_make() {
        check(
            "[run]\n$0",
            expect![[r#"
                gracePeriod timeout totalTimeout [kubernetes] [onFailure] [rules]
                ---
                [run]
                gracePeriod = """#]],
        );
        check(
            "[kubernetes]\nselector = \"a=b\"\n$0",
            expect![[r#"
                container goneTimeout once readyTimeout [onFailure] [rules] [run]
                ---
                [kubernetes]
                selector = "a=b"
                container = """#]],
        );
    }

    #[test]
    fn codes_that_are_missing() {
        let text = "[rules]\npost-up = \"off\"\n";
        let found = complete(&syntax::parse(text), text, TextSize::of(text));
        let has = |label: &str| found.iter().any(|it| it.label == label);
        assert!(
            has("phase-case") && has("[onFailure]") && !has("post-up") && !has("syntax") && !has("[rules]")
        );
        let phase_case = found.iter().find(|it| it.label == "phase-case").unwrap();
        assert_eq!(phase_case.snippet, "phase-case = \"${1:hint}\"");
        assert!(phase_case.documentation.as_ref().unwrap().contains("[Pre-Up]"));
    }

    #[test]
    fn values() {
        check(
            "semantics =$0",
            expect![[r#"
            "standard" "draft"
            ---
            semantics = "standard""#]],
        );
        check(
            "semantics = \"dr$0\"\n",
            expect![[r#"
            "standard" "draft"
            ---
            semantics = "standard"
        "#]],
        );
        check(
            "semantics = dr$0\n",
            expect![[r#"
            "standard" "draft"
            ---
            semantics = "standard"
        "#]],
        );
        check(
            "[rules]\npost-up = $0\n",
            expect![[r#"
            "error" "warning" "information" "hint" "off"
            ---
            [rules]
            post-up = "error"
        "#]],
        );
        check(
            "onFailure.cleanup = '$0",
            expect![[r#"
            "stop" "continue"
            ---
            onFailure.cleanup = "stop""#]],
        );
    }

    #[test]
    fn nothing_elsewhere() {
        check("# $0", expect![[""]]);
        check("semantics = \"draft\" $0", expect![[""]]);
        check("theme = $0", expect![[""]]);
        check(
            "[theme]\n$0",
            expect![[r#"
                [kubernetes] [onFailure] [rules] [run]
                ---
                [theme]
                [kubernetes]"#]],
        );
    }
}
