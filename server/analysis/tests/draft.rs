//! Files as Draft's own code reads them: the same tasks where it reads them, an error where it stops.

use std::collections::BTreeMap;

use draft_tasks_analysis::diagnostic::{DiagnosticCode, Severity};
use draft_tasks_analysis::phase::Phase;
use draft_tasks_analysis::{Analysis, Options};
use serde_json::Value;

/// What Draft's own code answered; the file says how it was obtained.
fn vectors() -> Value {
    serde_json::from_str(include_str!("vectors/draft-files.json")).expect("the file is JSON")
}

/// The answer of the last release.
fn released(file: &Value) -> &Value {
    let answers = file["draft"].as_array().expect("answers");
    answers.iter().find(|answer| answer["version"] == "0.16").expect("an answer of 0.16")
}

fn analyses() -> Vec<(String, Analysis, Value)> {
    let vectors = vectors();
    let files = vectors["files"].as_array().expect("files");
    assert!(files.len() > 60, "{} files", files.len());
    let analyse = |file: &Value| {
        let text = file["text"].as_str().expect("a text");
        let name = file["name"].as_str().expect("a name").to_owned();
        (name, Analysis::new(text, Options::default()), released(file).clone())
    };
    files.iter().map(analyse).collect()
}

type Phases = BTreeMap<String, BTreeMap<String, String>>;

fn phases(analysis: &Analysis) -> Phases {
    let text = &analysis.parsed.text;
    let mut phases = Phases::new();
    for phase in Phase::DEP_8 {
        for (task, command) in analysis.parsed.file.commands_of(phase) {
            let tasks = phases.entry(phase.name().to_owned()).or_default();
            tasks.insert(task.name(text).into_owned(), command.decode(text).into_owned());
        }
    }
    phases
}

#[test]
fn tasks_are_the_same() {
    for (name, analysis, draft) in analyses() {
        if draft["error"].is_null() {
            let expected: Phases = match &draft["phases"] {
                Value::Null => Phases::new(),
                phases => serde_json::from_value(phases.clone()).expect("phases"),
            };
            assert_eq!(phases(&analysis), expected, "{name}");
        }
    }
}

#[test]
fn what_stops_draft_is_an_error_and_what_is_said_to_stop_it_does() {
    for (name, analysis, draft) in analyses() {
        let stops = !draft["error"].is_null();
        // What only Draft refuses is worth a warning: here it runs.
        let mut errors = analysis.diagnostics.iter().filter(|found| found.severity <= Severity::Warning);
        assert!(!stops || errors.next().is_some(), "{name}");
        let mut newer = analysis.diagnostics.iter().filter(|found| found.code == DiagnosticCode::DraftToml);
        assert!(stops || newer.next().is_none(), "{name}");
    }
}
