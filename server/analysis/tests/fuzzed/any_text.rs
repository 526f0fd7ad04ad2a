//! What holds for any text: ranges lie in it, what editors change breaks nothing, and formatting keeps the meaning.

use std::ops::Range;

use draft_tasks_analysis::command::Semantics;
use draft_tasks_analysis::completion::command::{Candidate, offer, site};
use draft_tasks_analysis::completion::{CompletionKind, complete, strip_placeholders};
use draft_tasks_analysis::hover::{HoverContext, hover};
use draft_tasks_analysis::phase::Phase;
use draft_tasks_analysis::plan::Plan;
use draft_tasks_analysis::symbols::symbols;
use draft_tasks_analysis::syntax::{Entry, KeyPath, Str, SyntaxTree, Value, ValueKind, parse};
use draft_tasks_analysis::{
    Analysis, Options, TextRange, TextSize, edit, folding, format, hints, lens, links, refactor, rename,
    selection, tokens,
};

pub(crate) fn analyse(text: &str) -> Analysis {
    Analysis::new(text, Options::default())
}

/// All features answer, at any place of a text.
pub(crate) fn assert_answers(text: &str, offset: TextSize, draft: bool) {
    let semantics = if draft { Semantics::Draft } else { Semantics::Standard };
    let analysis = Analysis::new(text, Options { semantics, ..Options::default() });
    complete(&analysis.parsed, offset);
    let lookup = |_: &str| Some("x".to_owned());
    hover(
        &analysis.parsed,
        offset,
        &HoverContext { directory: "/app", lookup: &lookup, once: &[], goes_on: &|_| true },
    );
    symbols(&analysis.parsed);
    lens::runnables(&analysis.parsed);
    assert_shown(&analysis, offset);
    for phase in Phase::ALL {
        let _ = Plan::for_phase(&analysis.parsed, phase, &[], &lookup);
    }
    for found in &analysis.diagnostics {
        assert!(text.get(Range::<usize>::from(found.range)).is_some(), "{found:?}");
        found.fixes.iter().for_each(|fix| drop(edit::apply(text, &fix.edits)));
    }
}

pub(crate) fn assert_formatting(text: &str) {
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

/// Asserts that a range is in its parent and behind what came before it.
fn assert_inside(range: TextRange, parent: TextRange, before: &mut TextSize, text: &str) {
    assert!(parent.contains_range(range), "{range:?} in {parent:?}\n{text}");
    assert!(range.start() >= *before, "{range:?} behind {before:?}\n{text}");
    assert!(text.get(Range::<usize>::from(range)).is_some(), "{range:?} at the bounds of characters\n{text}");
    *before = range.end();
}

pub(crate) fn assert_shape(tree: &SyntaxTree, text: &str) {
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
pub(crate) fn assert_string(string: Str, text: &str) {
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
pub(crate) fn assert_shown(analysis: &Analysis, offset: TextSize) {
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
