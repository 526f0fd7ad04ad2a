//! The files that people read first: clean examples have no warnings, and what documents a code triggers it.

use std::fs;
use std::path::{Path, PathBuf};

use draft_tasks_analysis::diagnostic::{Diagnostic, DiagnosticCode, Severity};
use draft_tasks_analysis::{Analysis, Options};

fn project(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}

fn found(text: &str, options: Options) -> Vec<Diagnostic> {
    Analysis::new(text, options).diagnostics
}

#[test]
fn clean_examples_have_no_warnings() {
    let folders = fs::read_dir(project("examples/clean")).unwrap().map(|entry| entry.unwrap().path());
    let more = ["examples", "examples/go-app", "examples/failing"].map(project);
    let mut files = 0;
    for folder in folders.chain(more) {
        let file = folder.join(".draft-tasks.toml");
        let text = fs::read_to_string(&file).unwrap();
        let severe: Vec<_> = found(&text, Options::default())
            .into_iter()
            .filter(|found| found.severity <= Severity::Warning)
            .collect();
        assert!(severe.is_empty(), "{}: {severe:#?}", file.display());
        files += 1;
    }
    assert!(files > 8, "{files}");
}

#[test]
fn the_example_of_the_specification_has_no_warnings() {
    let text = fs::read_to_string(project("examples/dep-8/.draft-tasks.toml")).unwrap();
    let codes: Vec<_> = found(&text, Options::default()).iter().map(|found| found.code).collect();
    assert_eq!(codes, [DiagnosticCode::HelmChart, DiagnosticCode::Helm2, DiagnosticCode::Helm2]);
}

#[test]
fn the_example_of_each_code_triggers_it_alone() {
    for code in DiagnosticCode::ALL {
        let (text, options) = code.example();
        assert!(!text.is_empty(), "{code} has no example");
        let mut codes: Vec<_> = found(text, options).iter().map(|found| found.code).collect();
        codes.dedup();
        if code.needs_facts() {
            assert_eq!(codes, [], "{code} without facts: {text}");
        } else {
            assert_eq!(codes, [code], "{code}: {text}");
        }
    }
}
