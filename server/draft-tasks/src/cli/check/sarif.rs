//! Findings as SARIF 2.1.0, as GitHub's code scanning takes it.
//!
//! Must not leave a field empty that GitHub wants, and must not tell a path that is not of the repository as if it were.

use std::collections::HashMap;
use std::io::{self, Write};

use draft_tasks_analysis::TextRange;
use draft_tasks_analysis::diagnostic::Severity;
use draft_tasks_analysis::edit::Fix;
use serde_json::{Value, json};

use super::finding::{CheckedFile, Finding};
use super::fingerprint::Fingerprints;
use super::rule_list::ListedRule;
use crate::cli::repository_path::Root;

/// A longer text is refused where a short one is wanted, in characters.
const LONGEST: usize = 1024;

pub(super) fn write(checked: &[CheckedFile]) -> io::Result<()> {
    let root = Root::find();
    let rules = ListedRule::all();
    let indexes: HashMap<&str, usize> = rules.iter().enumerate().map(|(at, rule)| (rule.code, at)).collect();
    let results: Vec<Value> = checked.iter().flat_map(|file| results(file, &root, &indexes)).collect();
    let errors: Vec<Value> = checked.iter().filter_map(|file| notification(file, &root)).collect();
    let document = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "draft-tasks",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": rules.iter().map(rule).collect::<Vec<_>>(),
            } },
            "automationDetails": { "id": "draft-tasks/" },
            "columnKind": "unicodeCodePoints",
            "invocations": [{
                "executionSuccessful": errors.is_empty(),
                "toolExecutionNotifications": errors,
            }],
            "results": results,
        }],
    });
    // In one piece: standard output looks for line ends in each.
    let text = serde_json::to_string_pretty(&document)?;
    writeln!(io::stdout(), "{text}")
}

fn rule(rule: &ListedRule) -> Value {
    let summary: String = rule.summary().chars().take(LONGEST).collect();
    let problem = match rule.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Information | Severity::Hint => "recommendation",
    };
    json!({
        "id": rule.code,
        "shortDescription": { "text": summary },
        "fullDescription": { "text": summary },
        "help": { "text": rule.page, "markdown": rule.page },
        "defaultConfiguration": { "level": level(rule.severity) },
        "properties": { "problem.severity": problem, "precision": "high", "tags": ["draft"] },
    })
}

/// There is nothing below a note that is shown.
fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Information | Severity::Hint => "note",
    }
}

fn results(file: &CheckedFile, root: &Root, indexes: &HashMap<&str, usize>) -> Vec<Value> {
    if file.findings.is_empty() {
        return Vec::new();
    }
    let fingerprints = Fingerprints::of(&file.text);
    let at = Located { file, uri: root.uri(&file.path) };
    let result = |found: &Finding| {
        let [start, _] = file.place(found.range);
        let related = found.related.iter().map(|(range, message)| {
            json!({ "message": { "text": message }, "physicalLocation": at.location(*range) })
        });
        json!({
            "ruleId": found.code,
            "ruleIndex": indexes.get(found.code),
            "level": level(found.severity),
            "message": { "text": found.full_message() },
            "locations": [{ "physicalLocation": at.location(found.range) }],
            "relatedLocations": related.collect::<Vec<_>>(),
            "fixes": file.told_fixes(found).map(|fix| at.fix(fix)).collect::<Vec<_>>(),
            "partialFingerprints": { "primaryLocationLineHash": fingerprints.line(start.line) },
        })
    };
    file.findings.iter().map(result).collect()
}

/// That a file has no text, or was not fixed.
fn notification(file: &CheckedFile, root: &Root) -> Option<Value> {
    let error = file.error.as_ref()?;
    let place = json!({ "physicalLocation": { "artifactLocation": artifact(&root.uri(&file.path)) } });
    let message = format!("{}: {error}", root.path(&file.path));
    Some(json!({ "level": "error", "message": { "text": message }, "locations": [place] }))
}

fn artifact(uri: &str) -> Value {
    if uri.contains("://") {
        return json!({ "uri": uri });
    }
    json!({ "uri": uri, "uriBaseId": "%SRCROOT%" })
}

/// A file with the way to it.
struct Located<'a> {
    file: &'a CheckedFile,
    uri: String,
}

impl Located<'_> {
    fn location(&self, range: TextRange) -> Value {
        json!({ "artifactLocation": artifact(&self.uri), "region": self.region(range) })
    }

    fn region(&self, range: TextRange) -> Value {
        let [start, end] = self.file.place(range);
        json!({ "startLine": start.line, "startColumn": start.column, "endLine": end.line, "endColumn": end.column })
    }

    fn fix(&self, fix: &Fix) -> Value {
        let replacements = fix.edits.iter().map(|edit| {
            json!({ "deletedRegion": self.region(edit.range), "insertedContent": { "text": edit.text } })
        });
        json!({
            "description": { "text": fix.title },
            "artifactChanges": [{
                "artifactLocation": artifact(&self.uri),
                "replacements": replacements.collect::<Vec<_>>(),
            }],
        })
    }
}
