//! All that can be found: the list of codes.
//!
//! Must not tell of a code what its declaration tells otherwise.

use std::io::{self, Write};

use draft_tasks_analysis::diagnostic::{DiagnosticCode, Severity};
use serde_json::json;

use crate::lsp::protocol::ext::{BROKEN_DRAFT_TOML, OTHER_CODES, SETTING};

/// A kind of findings of `check`.
pub(super) struct ListedRule {
    pub(super) code: &'static str,
    pub(super) severity: Severity,
    /// Its page, as Markdown.
    pub(super) page: &'static str,
}

impl ListedRule {
    /// All kinds, in the order of the documentation.
    pub(super) fn all() -> Vec<ListedRule> {
        let own = DiagnosticCode::ALL.into_iter().map(|code| ListedRule {
            code: code.name(),
            severity: code.severity(),
            page: code.explanation(),
        });
        let others = OTHER_CODES.iter().filter(|(code, ..)| [SETTING, BROKEN_DRAFT_TOML].contains(code));
        let others = others.map(|(code, _, page)| ListedRule { code, severity: Severity::Error, page });
        own.chain(others).collect()
    }

    /// Its first paragraph in one line.
    pub(super) fn summary(&self) -> String {
        let first = self.page.split("\n\n").next().unwrap_or_default();
        first.split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

pub(super) fn write() -> io::Result<()> {
    let mut out = io::stdout().lock();
    let all = ListedRule::all();
    let width = all.iter().map(|rule| rule.code.len()).max().unwrap_or_default();
    for rule in &all {
        writeln!(out, "{:width$}  {:7}  {}", rule.code, rule.severity.name(), rule.summary())?;
    }
    writeln!(out, "\n`draft-tasks explain --code CODE` says more of one")
}

pub(super) fn write_json() -> io::Result<()> {
    let rules: Vec<_> = ListedRule::all()
        .iter()
        .map(|rule| {
            let (code, severity, summary) = (rule.code, rule.severity.name(), rule.summary());
            json!({ "code": code, "severity": severity, "summary": summary, "page": rule.page })
        })
        .collect();
    let mut out = io::stdout().lock();
    serde_json::to_writer_pretty(&mut out, &json!({ "rules": rules }))?;
    writeln!(out)
}
