//! Findings as GitLab's code quality report.
//!
//! Must not give two findings one fingerprint.

use std::collections::HashMap;
use std::io::{self, Write};

use draft_tasks_analysis::diagnostic::Severity;
use serde_json::{Value, json};

use super::finding::CheckedFile;
use super::fingerprint::Fingerprints;
use crate::cli::repository_path::Root;

pub(super) fn write(checked: &[CheckedFile]) -> io::Result<()> {
    let root = Root::find();
    let all: Vec<Value> = checked.iter().flat_map(|file| issues(file, &root.path(&file.path))).collect();
    // In one piece: standard output looks for line ends in each.
    let text = serde_json::to_string_pretty(&all)?;
    writeln!(io::stdout(), "{text}")
}

fn issues(file: &CheckedFile, path: &str) -> Vec<Value> {
    let fingerprints = Fingerprints::of(&file.text);
    let mut seen: HashMap<String, usize> = HashMap::new();
    let issue = |found: &super::finding::Finding| {
        let [start, end] = file.place(found.range);
        let known = format!("{path}:{}:{}", found.code, fingerprints.line(start.line));
        let count = seen.entry(known.clone()).or_default();
        *count += 1;
        let severity = match found.severity {
            Severity::Error => "major",
            Severity::Warning => "minor",
            Severity::Information | Severity::Hint => "info",
        };
        json!({
            "description": found.full_message(),
            "check_name": found.code,
            "fingerprint": format!("{known}:{count}"),
            "severity": severity,
            "location": { "path": path, "lines": { "begin": start.line, "end": end.line } },
        })
    };
    let unread = file.error.as_ref().map(|error| {
        json!({
            "description": format!("{path}: {error}"),
            "check_name": "draft-tasks",
            "fingerprint": format!("{path}:draft-tasks"),
            "severity": "major",
            "location": { "path": path, "lines": { "begin": 1, "end": 1 } },
        })
    });
    file.findings.iter().map(issue).chain(unread).collect()
}
