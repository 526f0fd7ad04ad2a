//! The files that people read first: clean examples have no warnings, and what documents a code triggers it.

use std::fs;
use std::path::{Path, PathBuf};

use draft_tasks_analysis::command::Semantics;
use draft_tasks_analysis::diagnostic::{BEFORE_NOTE, Diagnostic, DiagnosticCode, Severity};
use draft_tasks_analysis::edit::{self, TextEdit};
use draft_tasks_analysis::facts::{Names, PathFact};
use draft_tasks_analysis::phase::Phase;
use draft_tasks_analysis::program::ProgramFact;
use draft_tasks_analysis::project::{DEVELOPMENT, DraftToml, Template};
use draft_tasks_analysis::project_files::{Makefile, NameFact, OfferedName, ProjectFile};
use draft_tasks_analysis::syntax::{Str, StrStyle};
use draft_tasks_analysis::{Analysis, Facts, Options, Parsed, TextRange};

fn project(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}

fn found(text: &str, options: Options) -> Vec<Diagnostic> {
    Analysis::new(text, options).diagnostics
}

fn missing(file: ProjectFile, name: &str) -> Facts {
    let name = OfferedName { file, name: name.into() };
    let offered = [(name, NameFact::Missing(None))].into();
    Facts { offered, variables: Some(Names::default()), ..Facts::default() }
}

/// What is around the example of a code: what its page says in words.
fn world(code: DiagnosticCode) -> Facts {
    let draft_toml = |text: &str| Facts {
        draft_toml: DraftToml::parse(text),
        environment: Some(DEVELOPMENT.into()),
        ..Facts::default()
    };
    match code {
        DiagnosticCode::AutoConnect => {
            draft_toml("[environments.development]\nnamespace = \"a\"\nauto-connect = true\n")
        }
        DiagnosticCode::DraftEnvironment => draft_toml("[environments.staging]\nnamespace = \"a\"\n"),
        DiagnosticCode::DraftNamespace => draft_toml("[environments.development]\nname = \"a\"\n"),
        DiagnosticCode::ChartLabels => {
            let text = "  template:\n    metadata:\n    spec:\n      containers:\n".to_owned();
            Facts { chart_templates: Some(vec![Template { path: None, text }]), ..Facts::default() }
        }
        DiagnosticCode::TasksFileInImage => Facts {
            dockerfile: Some("COPY . .\n".into()),
            dockerignore: Some(String::new()),
            ..Facts::default()
        },
        DiagnosticCode::ProgramNotFound => Facts {
            programs: [("no-such-program".to_owned(), ProgramFact::Missing(None))].into(),
            ..Facts::default()
        },
        DiagnosticCode::ScriptNotFound => {
            let path = "./scripts/no-such-script.sh".to_owned();
            Facts { paths: [(path, PathFact::Missing)].into(), ..Facts::default() }
        }
        DiagnosticCode::MakeTargetNotFound => {
            missing(ProjectFile::Makefile(Makefile::default()), "no-such-target")
        }
        DiagnosticCode::NpmScriptNotFound => missing(ProjectFile::Package(String::new()), "no-such-script"),
        DiagnosticCode::UnsetVariable => Facts { variables: Some(Names::default()), ..Facts::default() },
        _ => Facts::default(),
    }
}

/// What is found in a text, in the world of a code.
fn found_in_world(code: DiagnosticCode, text: &str, options: Options) -> Vec<Diagnostic> {
    Analysis::with_facts(text, options, world(code).into()).diagnostics
}

/// The codes of what is found in a text, in the world of one of them.
fn codes(code: DiagnosticCode, text: &str, options: Options) -> Vec<DiagnosticCode> {
    found_in_world(code, text, options).iter().map(|found| found.code).collect()
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
        let mut codes = codes(code, text, options);
        codes.dedup();
        assert_eq!(codes, [code], "{code}: {text}");
        if code.needs_facts() {
            assert_eq!(found(text, options), [], "{code} without facts: {text}");
        }
    }
}

#[test]
fn what_to_do_is_within_the_first_90_characters() {
    let mut long = String::new();
    for code in DiagnosticCode::ALL {
        let (text, options) = code.example();
        let found = found_in_world(code, text, options);
        assert!(!found.is_empty(), "{code}");
        for found in found {
            // What is to be done stands first in the note, before the reasons.
            let note = found.note.as_deref().unwrap_or_default();
            let remedy = note.split([';', ',']).next().unwrap_or_default();
            let read = found.message.chars().count() + BEFORE_NOTE.len() + remedy.chars().count();
            if read > 90 {
                long += &format!("{code}, {read} characters: {}\n", found.full_message());
            }
        }
    }
    assert!(long.is_empty(), "{long}");
}

/// The programs of all commands as they stand in the text, with the string that each is in.
///
/// Only where no shell reads anything into the word: a quoted `A=b` is no assignment and a quoted `~` no home.
fn programs(parsed: &Parsed) -> Vec<(Str, TextRange)> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./".contains(c);
    let commands = Phase::ALL.into_iter().flat_map(|phase| parsed.file.commands_of(phase));
    let programs = commands.filter_map(|(task, written)| {
        let words = parsed.words_of(task)?;
        Some((written, words.range(words.words.first()?.range)))
    });
    programs.filter(|(_, range)| parsed.text[*range].chars().all(plain)).collect()
}

/// What must be written in front of and behind a word in a string of this style to quote it; `None` where the string
/// cannot hold that.
fn quotes(style: StrStyle) -> [Option<(&'static str, &'static str)>; 3] {
    match style {
        StrStyle::Basic | StrStyle::MultilineBasic | StrStyle::Bare => {
            [Some(("'", "'")), Some(("\\\"", "\\\"")), Some(("\\\\", ""))]
        }
        StrStyle::Literal | StrStyle::MultilineLiteral => [None, Some(("\"", "\"")), Some(("\\", ""))],
    }
}

#[test]
fn a_program_in_quotes_is_the_program_without_them() {
    let mut compared = 0;
    for code in DiagnosticCode::ALL {
        let (text, options) = code.example();
        // In Draft's own semantics quotes mean nothing.
        if options.semantics == Semantics::Draft {
            continue;
        }
        let expected = codes(code, text, options);
        for (written, program) in programs(&Parsed::new(text, options)) {
            for (before, behind) in quotes(written.style).into_iter().flatten() {
                let quoted =
                    [TextEdit::insert(program.start(), before), TextEdit::insert(program.end(), behind)];
                let quoted = edit::apply(text, &quoted);
                assert_eq!(codes(code, &quoted, options), expected, "{code}: {quoted}");
                compared += 1;
            }
        }
    }
    assert!(compared >= 80, "{compared}");
}
