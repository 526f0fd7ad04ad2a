//! What holds for any text: no panic, ranges in bounds, nothing lost, formatting that changes no meaning.

use std::ops::Range;

use draft_tasks_analysis::command::{DraftVersion, Semantics};
use draft_tasks_analysis::completion::command::{Candidate, offer, site};
use draft_tasks_analysis::completion::{CompletionKind, complete, strip_placeholders};
use draft_tasks_analysis::diagnostic::Severity;
use draft_tasks_analysis::fix_all::fix_all;
use draft_tasks_analysis::hover::{HoverContext, hover};
use draft_tasks_analysis::phase::Phase;
use draft_tasks_analysis::plan::Plan;
use draft_tasks_analysis::suppression::Suppressions;
use draft_tasks_analysis::symbols::symbols;
use draft_tasks_analysis::syntax::{Entry, KeyPath, Str, SyntaxTree, Value, ValueKind, parse};
use draft_tasks_analysis::{
    Analysis, Options, TextRange, TextSize, edit, folding, format, hints, lens, links, refactor, rename,
    selection, tokens,
};
use proptest::prelude::*;

const FILES: [&str; 3] = [
    include_str!("files/specification.toml"),
    include_str!("files/every-form.toml"),
    include_str!("files/broken.toml"),
];

/// The files with both kinds of line ends.
fn files() -> impl Iterator<Item = String> {
    FILES.into_iter().flat_map(|text| [text.to_owned(), text.replace('\n', "\r\n")])
}

fn analyse(text: &str) -> Analysis {
    Analysis::new(text, Options::default())
}

// --- the shape of a tree ---

/// Asserts that a range is in its parent and behind what came before it.
fn assert_inside(range: TextRange, parent: TextRange, before: &mut TextSize, text: &str) {
    assert!(parent.contains_range(range), "{range:?} in {parent:?}\n{text}");
    assert!(range.start() >= *before, "{range:?} behind {before:?}\n{text}");
    assert!(text.get(Range::<usize>::from(range)).is_some(), "{range:?} at the bounds of characters\n{text}");
    *before = range.end();
}

fn assert_shape(tree: &SyntaxTree, text: &str) {
    let all = TextRange::up_to(TextSize::of(text));
    let mut before = 0.into();
    assert!(tree.tables[0].header.is_none() && tree.tables[1..].iter().all(|table| table.header.is_some()));
    for table in &tree.tables {
        assert_inside(table.range, all, &mut before, text);
        let mut before = table.range.start();
        if let Some(header) = &table.header {
            assert_inside(header.range, table.range, &mut before, text);
            assert_path(&header.path, header.range, text);
        }
        assert_entries(&table.entries, table.range, before, text);
    }
    let mut before = 0.into();
    tree.comments.iter().for_each(|comment| assert_inside(*comment, all, &mut before, text));
    for pair in tree.errors.windows(2) {
        assert!(pair[0].range.start() <= pair[1].range.start());
    }
    for error in &tree.errors {
        assert_inside(error.range, all, &mut 0.into(), text);
        error.related.iter().for_each(|related| assert_inside(*related, all, &mut 0.into(), text));
        assert!(!error.message.is_empty());
    }
}

fn assert_path(path: &KeyPath, parent: TextRange, text: &str) {
    let mut before = parent.start();
    for key in path {
        assert_inside(key.range, parent, &mut before, text);
        assert_string(*key, text);
    }
}

fn assert_entries(entries: &[Entry], parent: TextRange, mut before: TextSize, text: &str) {
    for entry in entries {
        assert_inside(entry.range, parent, &mut before, text);
        assert!(!entry.path.is_empty());
        assert_path(&entry.path, entry.range, text);
        if let Some(equals) = entry.equals {
            assert_eq!(&text[TextRange::at(equals, 1.into())], "=");
        }
        if let Some(value) = &entry.value {
            assert_value(value, entry.range, &mut entry.range.start(), text);
        }
    }
}

fn assert_value(value: &Value, parent: TextRange, before: &mut TextSize, text: &str) {
    assert_inside(value.range, parent, before, text);
    match &value.kind {
        ValueKind::String(string) => assert_string(*string, text),
        ValueKind::Array(values) => {
            let mut before = value.range.start();
            values.iter().for_each(|inner| assert_value(inner, value.range, &mut before, text));
        }
        ValueKind::InlineTable(entries) => assert_entries(entries, value.range, value.range.start(), text),
        _ => {}
    }
}

/// The map of a string fits to its content.
fn assert_string(string: Str, text: &str) {
    let content = string.decode(text);
    let inner = string.inner_range();
    let map = string.map(text);
    if string.plain {
        assert_eq!(content, &text[inner]);
    }
    let mut written_before = inner.start();
    for (at, character) in content.char_indices() {
        let range = TextRange::at(TextSize::new(at as u32), TextSize::of(character));
        let written = map.range(range);
        assert!(inner.contains_range(written) && !written.is_empty(), "{range:?} is {written:?}\n{text}");
        assert!(written.start() >= written_before);
        written_before = written.end();
        assert_eq!(map.offset(range.start()), written.start());
        assert_eq!(map.to_content(written.start()), range.start());
        let as_written = &text[written];
        let is_escape = as_written.starts_with('\\') || as_written == "\r\n";
        assert!(as_written == character.to_string() || is_escape, "{as_written:?}");
        // A part of an escape is the whole of it.
        if as_written.len() > character.len_utf8() {
            assert_eq!(map.to_content(written.start() + TextSize::new(1)), range.start());
        }
    }
    let end = TextSize::of(&*content);
    let everything = map.range(TextRange::up_to(end));
    assert!(inner.contains_range(everything));
    assert!(map.to_content(inner.end()) == end);
    // Offsets out of bounds must not panic.
    let _ =
        (map.offset(end + TextSize::new(9)), map.to_content(0.into()), map.to_content(TextSize::of(text)));
}

/// What editors show lies in the text, and what they change leaves a text without more errors.
fn assert_shown(analysis: &Analysis, offset: TextSize) {
    let text = &*analysis.parsed.text;
    let all = TextRange::up_to(TextSize::of(text));
    for found in [tokens::tokens(&analysis.parsed, all), tokens::whole(&analysis.parsed, all)] {
        let mut before = 0.into();
        found.iter().for_each(|token| assert_inside(token.range, all, &mut before, text));
        assert!(found.iter().all(|token| !token.range.is_empty()));
    }
    assert!(
        tokens::tokens(&analysis.parsed, all).iter().all(|token| !text[token.range].contains(['\n', '\r']))
    );
    for fold in folding::folds(&analysis.parsed) {
        assert!(text[fold.range].contains('\n'));
    }
    let steps = selection::enclosing(&analysis.parsed, offset);
    assert!(steps.windows(2).all(|pair| pair[1].contains_range(pair[0]) && pair[0] != pair[1]));
    assert_eq!(steps.last(), Some(&all));
    rename::occurrences(&analysis.parsed, offset)
        .iter()
        .for_each(|range| assert_inside(*range, all, &mut 0.into(), text));
    for hint in hints::hints(&analysis.parsed, all, &|_| None) {
        assert!(text.is_char_boundary(hint.offset.into()));
    }
    links::links(&analysis.parsed, all)
        .iter()
        .for_each(|link| assert_inside(link.range, all, &mut 0.into(), text));
    if let Some(site) = site(&analysis.parsed, offset) {
        let kind = CompletionKind::File;
        let candidate = Candidate { text: format!("{}é $X'\"\\", site.typed), kind, detail: String::new() };
        // No cursor stands within a line end.
        let places = !text[..usize::from(offset)].ends_with('\r');
        for found in offer(&site, [candidate]).into_iter().filter(|_| places) {
            let inserted = edit::TextEdit::replace(found.range, strip_placeholders(&found.snippet));
            assert_no_more_errors(analysis, &[inserted]);
        }
    }
    if rename::renameable(&analysis.parsed, offset).is_some()
        && let Ok(edits) = rename::rename(&analysis.parsed, offset, "a new \"name\"")
    {
        assert_no_more_errors(analysis, &edits);
    }
    for refactor in refactor::refactors(analysis, TextRange::empty(offset), &|_| true) {
        assert_no_more_errors(analysis, &refactor.edits);
    }
}

fn assert_no_more_errors(analysis: &Analysis, edits: &[edit::TextEdit]) {
    let edited = edit::apply(&analysis.parsed.text, edits);
    let errors = parse(&edited).errors;
    assert!(
        errors.len() <= analysis.parsed.tree.errors.len(),
        "{errors:?}\n{edits:?}\n{}",
        analysis.parsed.text
    );
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

fn assert_formatting(text: &str) {
    let analysis = analyse(text);
    let Some(edits) = format::format(&analysis.parsed) else {
        assert!(!analysis.parsed.tree.errors.is_empty());
        return;
    };
    for pair in edits.windows(2) {
        assert!(pair[0].range.end() <= pair[1].range.start(), "{edits:?}");
    }
    for edit in &edits {
        let (old, new) = (&text[edit.range], &edit.text);
        let blank = |text: &str| text.bytes().all(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n'));
        assert!(old != new && (blank(old) && blank(new) || new == "."), "{edit:?} of {old:?}");
    }
    let formatted = edit::apply(text, &edits);
    let again = analyse(&formatted);
    assert_eq!(format::format(&again.parsed), Some(vec![]), "not idempotent:\n{text}\n---\n{formatted}");
    let read = |text: &str| text.trim_start_matches('\u{feff}').parse::<toml::Table>().map_err(drop);
    assert_eq!(read(text), read(&formatted));
    let comments = |analysis: &Analysis| {
        let comments = analysis.parsed.tree.comments.iter();
        comments.map(|comment| analysis.parsed.text[*comment].trim_end().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(comments(&analysis), comments(&again));
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
        let semantics = if draft { Semantics::Draft } else { Semantics::Standard };
        let analysis = Analysis::new(text.as_str(), Options { semantics, draft_version: DraftVersion::Dep8, ..Options::default() });
        let mut at = at.index(text.len() + 1);
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        let offset = TextSize::new(at as u32);
        complete(&analysis.parsed, offset);
        let lookup = |_: &str| Some("x".to_owned());
        hover(&analysis.parsed, offset, &HoverContext { directory: "/app", lookup: &lookup });
        symbols(&analysis.parsed);
        lens::runnables(&analysis.parsed);
        assert_shown(&analysis, offset);
        for phase in Phase::ALL {
            let _ = Plan::for_phase(&analysis.parsed, phase, &[], &lookup);
        }
        for found in &analysis.diagnostics {
            prop_assert!(text.get(Range::<usize>::from(found.range)).is_some(), "{:?}", found);
            found.fixes.iter().for_each(|fix| drop(edit::apply(&text, &fix.edits)));
        }
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
