//! What there is to say about a setting of a project, or a value of one.
//!
//! Must not say anything that its documentation does not.

use draft_tasks_analysis::hover::Hover;
use draft_tasks_analysis::syntax::{Entry, Str, SyntaxTree, Value, ValueKind};
use draft_tasks_analysis::{TextRange, TextSize};

use crate::settings::{Setting, setting};

/// The hover at an offset.
pub(crate) fn hover(tree: &SyntaxTree, text: &str, offset: TextSize) -> Option<Hover> {
    tree.tables.iter().find_map(|table| {
        let path: Vec<Str> = table.header.iter().flat_map(|header| header.path.iter().copied()).collect();
        of_key(&path, 0, text, offset).or_else(|| in_entries(&path, &table.entries, text, offset))
    })
}

fn in_entries(table: &[Str], entries: &[Entry], text: &str, offset: TextSize) -> Option<Hover> {
    let entry = entries.iter().find(|entry| entry.range.contains_inclusive(offset))?;
    let path: Vec<Str> = table.iter().chain(&entry.path).copied().collect();
    of_key(&path, table.len(), text, offset).or_else(|| of_value(&path, entry.value.as_ref()?, text, offset))
}

/// The documentation of the key under the cursor, beginning with the given depth of the path.
fn of_key(path: &[Str], first: usize, text: &str, offset: TextSize) -> Option<Hover> {
    let at = (first..path.len()).find(|at| path[*at].range.contains_inclusive(offset))?;
    Some(Hover { range: path[at].range, markdown: found(&path[..=at], text, Setting::markdown)? })
}

fn of_value(path: &[Str], value: &Value, text: &str, offset: TextSize) -> Option<Hover> {
    match &value.kind {
        ValueKind::InlineTable(entries) if path.len() == 1 => in_entries(path, entries, text, offset),
        ValueKind::String(string) => {
            said(value.range, found(path, text, |setting| meaning(setting, &string.decode(text)))?)
        }
        _ => None,
    }
}

fn meaning(setting: &Setting, value: &str) -> String {
    let word = setting.words.iter().find(|word| word.name == value);
    word.map(|word| word.meaning.to_owned()).unwrap_or_default()
}

fn said(range: TextRange, markdown: String) -> Option<Hover> {
    (!markdown.is_empty()).then_some(Hover { range, markdown })
}

fn found(path: &[Str], text: &str, say: impl Fn(&Setting) -> String) -> Option<String> {
    let names: Vec<_> = path.iter().map(|key| key.decode(text)).collect();
    let names: Vec<&str> = names.iter().map(|name| &**name).collect();
    setting(&names).filter(|setting| setting.is_for_projects()).map(say)
}

#[cfg(test)]
mod tests {
    use draft_tasks_analysis::syntax;
    use expect_test::{Expect, expect};

    use super::*;

    fn check(marked: &str, expect: Expect) {
        let offset = TextSize::new(marked.find("$0").unwrap() as u32);
        let text = marked.replacen("$0", "", 1);
        let shown = hover(&syntax::parse(&text), &text, offset);
        expect.assert_eq(
            &shown.map(|it| format!("{:?}\n{}\n", &text[it.range], it.markdown)).unwrap_or_default(),
        );
    }

    #[test]
    fn settings_and_their_values() {
        check(
            "sem$0antics = \"draft\"\n",
            expect![[r#"
            "semantics"
            How commands become argument vectors.

            - `"standard"`: words with quotes and backslashes as in a POSIX shell, `$VAR` and `${VAR}` replaced, nothing else of a shell
            - `"draft"`: exactly as Draft: split at every space

            Default: `"standard"`
        "#]],
        );
        check(
            "semantics = \"dr$0aft\"\n",
            expect![[r#"
            "\"draft\""
            exactly as Draft: split at every space
        "#]],
        );
        check(
            "[ru$0les]\n",
            expect![[r#"
            "rules"
            The levels of diagnostics: a severity, or `off`. A code that is not named keeps its own. A comment in the tasks
            file ignores a single place: `# draft-tasks: ignore[code]`.
        "#]],
        );
        check(
            "[rules]\npost$0-up = \"off\"\n",
            expect![[r#"
            "post-up"
            The phase `post-up` was added to Draft's master branch in December 2018 and is in no release: DEP-8 does not have it, and every Draft up to 0.16.0, the last one, ignores the table.

            - `"error"`: makes `draft-tasks check` fail
            - `"warning"`: makes `draft-tasks check` fail, too
            - `"information"`: worth to know
            - `"hint"`: shown discreetly
            - `"off"`: not reported

            Default: `"warning"`
        "#]],
        );
        check(
            "rules = { post-up = \"of$0f\" }\n",
            expect![[r#"
            "\"off\""
            not reported
        "#]],
        );
        check(
            "onFailure.pre$0-up = \"stop\"\n",
            expect![[r#"
            "pre-up"
            What happens after a task of `pre-up` failed.

            - `"stop"`: the other tasks are skipped
            - `"continue"`: the other tasks run

            Default: `"stop"`
        "#]],
        );
    }

    #[test]
    fn nothing_elsewhere() {
        check("# sem$0antics\n", expect![[""]]);
        check("theme$0 = \"dark\"\n", expect![[""]]);
        check("semantics = \"ba$0sh\"\n", expect![[""]]);
        check("rules = { a = { b$0 = 1 } }\n", expect![[""]]);
    }
}
