//! Changes of the files around a tasks file that fix a finding about them: texts in, edits out.
//!
//! Must not read these files, and must not change what it does not understand: then there is no change. It is asked
//! when somebody asks for code actions, never while a text is analysed.

use std::sync::Arc;

use text_size::TextSize;

use crate::diagnostic::{Diagnostic, DiagnosticCode};
use crate::edit::{self, TextEdit};
use crate::file_names::{DOCKERIGNORE, DRAFT_TOML, TASKS_FILE};
use crate::parsed::Parsed;
use crate::printable::printable;
use crate::project::{self, DraftToml};

mod chart;
mod draft_toml;

/// A change of another file than the tasks file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileFix {
    /// What it does, as a command: "Add `.draft-tasks.toml` to .dockerignore".
    pub title: String,
    /// The file, relative to the directory of the tasks file, with `/` between its parts.
    pub path: String,
    /// The text that the edits were made for; `None` when there is no such file, and it must come to be.
    pub before: Option<Arc<str>>,
    /// Edits that do not overlap.
    pub edits: Vec<TextEdit>,
}

/// What is at the path of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// Nothing.
    Nothing,
    /// A file with this text.
    Text(Arc<str>),
}

/// The change of another file that fixes a finding; `None` where none is certain to be right.
///
/// `read` tells what is at a path, relative to the directory of the tasks file, or `None` when that is not known.
pub fn fix(parsed: &Parsed, found: &Diagnostic, read: &dyn Fn(&str) -> Option<Found>) -> Option<FileFix> {
    let mut fix = match found.code {
        DiagnosticCode::TasksFileInImage => ignored_by_docker(read(DOCKERIGNORE)?)?,
        DiagnosticCode::DraftEnvironment | DiagnosticCode::AutoConnect | DiagnosticCode::DraftNamespace => {
            in_draft_toml(found.code, parsed.facts.environment.as_deref()?, read(DRAFT_TOML)?)?
        }
        DiagnosticCode::ChartLabels => chart::fix(parsed.facts.chart_templates.as_deref()?, read)?,
        _ => return None,
    };
    fix.title = printable(&fix.title);
    Some(fix)
}

/// The tasks file in the last line, which counts more than all before it.
fn ignored_by_docker(found: Found) -> Option<FileFix> {
    let (title, before) = match found {
        Found::Nothing => (format!("Create {DOCKERIGNORE} with `{TASKS_FILE}`"), None),
        Found::Text(text) => (format!("Add `{TASKS_FILE}` to {DOCKERIGNORE}"), Some(text)),
    };
    let text = before.as_deref().unwrap_or_default();
    if project::is_ignored(text, TASKS_FILE) {
        return None;
    }
    let newline = edit::line_end(text);
    let open = if text.is_empty() || text.ends_with('\n') { "" } else { newline };
    let line = TextEdit::insert(TextSize::of(text), format!("{open}{TASKS_FILE}{newline}"));
    Some(FileFix { title, path: DOCKERIGNORE.into(), before, edits: vec![line] })
}

fn in_draft_toml(code: DiagnosticCode, name: &str, found: Found) -> Option<FileFix> {
    let Found::Text(text) = found else { return None };
    let known = DraftToml::parse(&text)?;
    let (title, edit) = match (code, known.environments.get(name)) {
        (DiagnosticCode::DraftEnvironment, None) => (
            format!("Add the environment `{name}` to {DRAFT_TOML}"),
            draft_toml::add_environment(&text, name)?,
        ),
        (DiagnosticCode::AutoConnect, Some(environment)) if environment.auto_connect => (
            format!("Set `auto-connect = false` for `{name}` in {DRAFT_TOML}"),
            draft_toml::set_auto_connect(&text, name)?,
        ),
        (DiagnosticCode::DraftNamespace, Some(environment)) if environment.namespace.is_none() => (
            format!("Add `namespace = \"default\"` to `{name}` in {DRAFT_TOML}"),
            draft_toml::add_namespace(&text, name)?,
        ),
        _ => return None,
    };
    Some(FileFix { title, path: DRAFT_TOML.into(), before: Some(text), edits: vec![edit] })
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    /// Shows what becomes of a `.dockerignore`, with its line ends.
    fn check(before: Found, expect: Expect) {
        let shown = match ignored_by_docker(before) {
            None => "nothing".to_owned(),
            Some(fix) => {
                let after = edit::apply(fix.before.as_deref().unwrap_or_default(), &fix.edits);
                assert!(project::is_ignored(&after, TASKS_FILE), "{after:?}");
                format!("{}: {after:?}", fix.title)
            }
        };
        expect.assert_eq(&shown);
    }

    #[test]
    fn the_last_line_of_a_dockerignore() {
        let text = |text: &str| Found::Text(text.into());
        check(
            text("charts/\n"),
            expect![[r#"Add `.draft-tasks.toml` to .dockerignore: "charts/\n.draft-tasks.toml\n""#]],
        );
        check(
            text("é\r\ncharts/"),
            expect![[r#"Add `.draft-tasks.toml` to .dockerignore: "é\r\ncharts/\r\n.draft-tasks.toml\r\n""#]],
        );
        check(
            text("*\n!*.toml\n"),
            expect![[r#"Add `.draft-tasks.toml` to .dockerignore: "*\n!*.toml\n.draft-tasks.toml\n""#]],
        );
        check(
            text(".draft-tasks.toml\n!.draft-tasks.toml"),
            expect![[
                r#"Add `.draft-tasks.toml` to .dockerignore: ".draft-tasks.toml\n!.draft-tasks.toml\n.draft-tasks.toml\n""#
            ]],
        );
        check(text(""), expect![[r#"Add `.draft-tasks.toml` to .dockerignore: ".draft-tasks.toml\n""#]]);
        check(
            Found::Nothing,
            expect![[r#"Create .dockerignore with `.draft-tasks.toml`: ".draft-tasks.toml\n""#]],
        );
        check(text("*\n"), expect!["nothing"]);
    }
}
