//! What holds for any text: no panic, ranges in bounds, nothing lost, formatting that changes no meaning.

use draft_tasks_analysis::completion::complete;
use draft_tasks_analysis::diagnostic::Severity;
use draft_tasks_analysis::fix_all::fix_all;
use draft_tasks_analysis::suppression::Suppressions;
use draft_tasks_analysis::symbols::symbols;
use draft_tasks_analysis::syntax::{ValueKind, parse};
use draft_tasks_analysis::{Analysis, TextSize, edit};
use proptest::prelude::*;

#[path = "../../../fuzz/corpora.rs"]
mod corpora;
mod fuzzed;

use fuzzed::any_text::{analyse, assert_answers, assert_formatting, assert_shape, assert_shown};

const FILES: [&str; 3] = [
    include_str!("files/specification.toml"),
    include_str!("files/every-form.toml"),
    include_str!("files/broken.toml"),
];

/// The files with both kinds of line ends.
fn files() -> impl Iterator<Item = String> {
    FILES.into_iter().flat_map(|text| [text.to_owned(), text.replace('\n', "\r\n")])
}

// --- while a person types ---

/// The headers of whole lines, outside of strings, as a plain reader of lines sees them.
fn completed_headers(text: &str) -> Vec<String> {
    let mut headers = Vec::new();
    let mut string: Option<&str> = None;
    for line in text.split_inclusive('\n').filter(|line| line.ends_with('\n')) {
        let marks = ["\"\"\"", "'''"];
        match string {
            Some(mark) if line.contains(mark) => string = None,
            Some(_) => {}
            None => {
                if let Some(mark) = marks.into_iter().find(|mark| line.matches(mark).count() == 1) {
                    string = Some(mark);
                }
                let line = line.trim_end();
                let name = line.strip_prefix('[').and_then(|line| line.strip_suffix(']'));
                let plain = |name: &&str| name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
                headers.extend(name.filter(plain).filter(|name| !name.is_empty()).map(str::to_owned));
            }
        }
    }
    headers
}

#[test]
fn no_prefix_loses_a_header() {
    for text in files() {
        for (end, _) in text.char_indices().chain([(text.len(), ' ')]) {
            let prefix = &text[..end];
            let analysis = analyse(prefix);
            assert_shape(&analysis.parsed.tree, prefix);
            let outline = symbols(&analysis.parsed);
            for header in completed_headers(prefix) {
                let found = outline.iter().any(|symbol| symbol.name == header);
                assert!(found, "{header} is lost after\n{prefix}");
            }
            complete(&analysis.parsed, TextSize::of(prefix));
            assert_shown(&analysis, TextSize::of(prefix));
        }
    }
}

#[test]
fn no_line_that_is_typed_loses_what_follows() {
    let broken = [
        "key",
        "key =",
        "key = \"unfinished",
        "key = 'x",
        "key = \"\"\"",
        "key = '''",
        "key = [",
        "key = [ \"x\",",
        "key = {",
        "key = { a = ",
        "key = { a = 1",
        "key = [[",
        "[pre-u",
        "[",
        "[[x]",
        "[[",
        "[\"x",
        "= \"x\"",
        "\"",
        "'",
        "a.",
        "a.b",
        ".",
        "=",
        "]",
        "}",
        "{",
        ",",
        "a = b c",
        "a = = 1",
        "a = \"x\" y",
        "a = \\",
        "\"\"\"",
        "'''",
    ];
    for line in broken {
        for text in files().take(2) {
            for (at, _) in text.match_indices('\n') {
                let edited = format!("{}{line}{}", &text[..=at], &text[at..]);
                let analysis = analyse(&edited);
                assert_shape(&analysis.parsed.tree, &edited);
                let outline = symbols(&analysis.parsed);
                let names: Vec<_> = outline.iter().map(|symbol| symbol.name.as_str()).collect();
                let expected: Vec<String> = completed_headers(&text);
                for header in expected {
                    assert!(names.contains(&header.as_str()), "{header} is lost in\n{edited}");
                }
            }
        }
    }
}

#[test]
fn deep_nesting_is_an_error_and_no_crash() {
    for (open, close) in [("[", "]"), ("{a=", "}"), ("[{a=", "}]")] {
        let deep = format!("a = {}{}\n[cleanup]\n", open.repeat(20_000), close.repeat(20_000));
        let analysis = analyse(&deep);
        assert!(analysis.parsed.tree.errors.iter().any(|error| error.message.contains("nested")));
        assert_eq!(
            symbols(&analysis.parsed).last().map(|symbol| symbol.name.clone()),
            Some("cleanup".into())
        );
        let open = format!("a = {}\n[cleanup]\n", open.repeat(20_000));
        assert!(symbols(&analyse(&open).parsed).iter().any(|symbol| symbol.name == "cleanup"));
    }
}

#[test]
fn a_byte_order_mark_is_skipped() {
    let analysis = analyse("\u{feff}[pre-up]\na = 'x'\n");
    assert!(analysis.parsed.tree.errors.is_empty());
    assert_eq!(analysis.parsed.tree.tables[1].range.start(), 3.into());
}

// --- any text ---

/// Pieces that a tasks file is made of, and what breaks one.
fn texts() -> impl Strategy<Value = String> {
    let pieces = proptest::sample::select(vec![
        "[",
        "]",
        "[[",
        "]]",
        "{",
        "}",
        "=",
        " = ",
        ",",
        ".",
        "\"",
        "'",
        "\"\"\"",
        "'''",
        "\\",
        "\\\"",
        "\\u00e9",
        "\\n",
        "#",
        "# c",
        "\n",
        "\n",
        "\r\n",
        "\r",
        "\0",
        "\u{7f}",
        " ",
        "\t",
        "a",
        "pre-up",
        "[pre-up]\n",
        "\n[cleanup]\n",
        "é",
        "🚀",
        "\u{feff}",
        "1",
        "-1",
        "1.5",
        "true",
        "1979-05-27",
        "a = 1\n",
        "b = \"c\"\n",
        "d.e = 'f'\n",
        "\"g h\" = \"\"\"\n  i \\\n  j\"\"\"\n",
        "k = { l = 1 }\n",
        "[[m]]\n",
    ]);
    proptest::collection::vec(pieces, 0..40).prop_map(|pieces| pieces.concat())
}

/// One of the files with some characters taken out and others put in.
fn mutations() -> impl Strategy<Value = String> {
    let change = (any::<prop::sample::Index>(), 0..12_usize, prop_oneof![texts(), Just(String::new())]);
    (0..FILES.len(), any::<bool>(), proptest::collection::vec(change, 1..4)).prop_map(
        |(file, crlf, changes)| {
            let mut text = if crlf { FILES[file].replace('\n', "\r\n") } else { FILES[file].to_owned() };
            for (at, removed, added) in changes {
                let bound = |mut at: usize| {
                    while !text.is_char_boundary(at) {
                        at -= 1;
                    }
                    at
                };
                let start = bound(at.index(text.len() + 1));
                let end = bound((start + removed).min(text.len())).max(start);
                text.replace_range(start..end, &added);
            }
            text
        },
    )
}

fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![texts(), mutations(), any::<String>()]
}

/// Texts with findings and comments about them.
fn commented() -> impl Strategy<Value = String> {
    let piece = proptest::sample::select(vec![
        "[post-up]",
        "[Pre-Up]",
        "[build]",
        "a = \"b\"",
        "c = 5",
        "d = [",
        "1,",
        "]",
        "e = \"\"\"",
        "'",
        "\"\"\"",
        "f =",
        "\n",
        "\n",
        "\r\n",
        " ",
        "#",
        " # draft-tasks: ignore",
        "# draft-tasks: ignore[post-up]",
        " # draft-tasks: ignore[",
        "unknown-phase",
        ", ",
        "task-not-string",
        "]",
    ]);
    proptest::collection::vec(piece, 0..30).prop_map(|pieces| pieces.concat())
}

/// Characters of strings, with those that need care.
fn contents() -> impl Strategy<Value = String> {
    let character = prop_oneof![
        4 => any::<char>(),
        1 => proptest::sample::select(vec!['"', '\'', '\\', '\n', '\r', '\t', '\0', '\u{7f}', ' ', 'é', '🚀']),
    ];
    proptest::collection::vec(character, 0..24).prop_map(|characters| characters.into_iter().collect())
}

#[test]
fn the_files_are_formatted_without_a_change_of_meaning() {
    files().for_each(|text| assert_formatting(&text));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn trees_have_their_shape(text in any_text()) {
        assert_shape(&parse(&text), &text);
    }

    #[test]
    fn what_the_toml_crate_accepts_has_no_errors(text in any_text()) {
        // The crate refuses floats beyond all bounds, and nothing else that is TOML.
        if text.parse::<toml::Table>().is_ok() {
            let errors = parse(&text).errors;
            prop_assert!(errors.is_empty(), "{errors:?}");
        } else {
            prop_assert!(!parse(&text).errors.is_empty());
        }
    }

    #[test]
    fn all_features_answer(text in any_text(), at in any::<prop::sample::Index>(), draft in any::<bool>()) {
        let mut at = at.index(text.len() + 1);
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        assert_answers(&text, TextSize::new(at as u32), draft);
    }

    #[test]
    fn what_is_ignored_is_not_reported(text in commented()) {
        let analysis = analyse(&text);
        let suppressions = Suppressions::new(&analysis.parsed);
        for found in &analysis.diagnostics {
            let fixes = suppressions.fixes(found);
            let is_offered = found.code.is_suppressible() && found.code.severity() != Severity::Error;
            prop_assert_eq!(fixes.is_empty(), !is_offered);
            for fix in fixes {
                let after = analyse(&edit::apply(&text, &fix.edits));
                prop_assert_eq!(after.parsed.tree.errors.len(), analysis.parsed.tree.errors.len(), "{}\n{}", fix.title, after.parsed.text);
                let count = |analysis: &Analysis| analysis.diagnostics.iter().filter(|it| it.code == found.code).count();
                prop_assert!(count(&after) < count(&analysis), "{}\n{}", fix.title, after.parsed.text);
            }
        }
    }

    #[test]
    fn fixing_all_ends_with_nothing_to_fix(text in commented()) {
        let analysis = analyse(&text);
        if let Some(done) = fix_all(&analysis) {
            prop_assert_eq!(&edit::apply(&text, &done.edits), &*done.analysis.parsed.text);
            prop_assert!(done.analysis.parsed.tree.errors.len() <= analysis.parsed.tree.errors.len());
        }
    }

    #[test]
    fn formatting_changes_no_meaning(text in any_text()) {
        assert_formatting(&text);
    }

    #[test]
    fn written_strings_are_read_back(content in contents()) {
        let text = format!("{} = {}\n", edit::key(&content), edit::string(&content));
        let tree = parse(&text);
        prop_assert!(tree.errors.is_empty(), "{:?}", tree.errors);
        assert_shape(&tree, &text);
        let entry = &tree.tables[0].entries[0];
        prop_assert_eq!(&*entry.path[0].decode(&text), content.as_str());
        match entry.value.as_ref().map(|value| &value.kind) {
            Some(ValueKind::String(string)) => prop_assert_eq!(&*string.decode(&text), content.as_str()),
            other => prop_assert!(false, "{:?}", other),
        }
    }

    #[test]
    fn strings_are_as_the_toml_crate_reads_them(inner in contents(), quotes in proptest::sample::select(vec!["\"", "'", "\"\"\"", "'''"])) {
        let text = format!("a = {quotes}{inner}{quotes}\n");
        // That crate leaves the line ends of a string as they are written.
        if let Ok(expected) = text.replace("\r\n", "\n").parse::<toml::Table>() {
            let tree = parse(&text);
            assert_shape(&tree, &text);
            if let Some(ValueKind::String(string)) = tree.tables[0].entries[0].value.as_ref().map(|value| &value.kind) {
                prop_assert_eq!(Some(&*string.decode(&text)), expected["a"].as_str());
            }
        }
    }
}

#[test]
fn inputs_that_were_kept() {
    corpora::replay("syntax", fuzzed::syntax);
    corpora::replay("commands", fuzzed::commands);
    corpora::replay("scripts", fuzzed::scripts);
}
