//! What holds for any input of the analysis. The fuzzer makes inputs, and a test takes those again that were kept.

use draft_tasks_analysis::calls::{Calls, mentions, of_recipes};
use draft_tasks_analysis::command::{DraftVersion, Quoting, Semantics, Split, Word, show_argument, split};
use draft_tasks_analysis::edit::string;
use draft_tasks_analysis::syntax::parse;
use draft_tasks_analysis::{Options, Parsed, TextSize};

pub(crate) mod any_text;

/// A text, and in front of it two bytes that say where somebody points and in which semantics.
pub(crate) fn syntax(input: &[u8]) {
    let [place, flags, text @ ..] = input else { return };
    let Ok(text) = std::str::from_utf8(text) else { return };
    any_text::assert_shape(&parse(text), text);
    let at = text.floor_char_boundary(usize::from(*place) * text.len() / 255);
    any_text::assert_answers(text, TextSize::new(at as u32), flags % 2 == 1);
    any_text::assert_formatting(text);
}

/// A command.
pub(crate) fn commands(input: &[u8]) {
    let Ok(command) = std::str::from_utf8(input) else { return };
    let version = DraftVersion::default();
    match Split::new(command, Semantics::Standard, version) {
        Ok(split) => {
            assert_words(command, &split);
            let written: Vec<String> = arguments(&split.words).iter().map(|it| show_argument(it)).collect();
            let again = split_again(&written.join(" "));
            assert_eq!(arguments(&again), arguments(&split.words), "{command:?} is {written:?}");
        }
        Err(error) => {
            assert!(!command[error.range].is_empty(), "{error:?}");
            let text = format!("[pre-up]\na = {}\n", string(command));
            let parsed = Parsed::new(text, Options::default());
            let words = parsed.words_of(&parsed.file.tasks[0]).expect("a command");
            assert_eq!((words.error.as_ref(), words.quoting.len()), (Some(&error), command.len()));
            assert!(words.words.iter().all(|word| word.range.end() <= error.range.start()));
        }
    }
    for version in [DraftVersion::V0_15, DraftVersion::V0_16, DraftVersion::Master] {
        let Ok(words) = split(command, Semantics::Draft, version) else {
            assert!(command.contains('\0'));
            continue;
        };
        let written: Vec<&str> = words.iter().map(|word| &command[word.range]).collect();
        assert_eq!(written, command.split(' ').collect::<Vec<_>>());
    }
}

/// The words stand in order, and nothing but blanks and vanishing line ends is between them.
fn assert_words(command: &str, split: &Split) {
    assert_eq!(split.quoting.len(), command.len());
    let mut end = 0;
    for word in &split.words {
        let (start, next) = (usize::from(word.range.start()), usize::from(word.range.end()));
        assert!(start >= end && next > start, "{word:?} of {command:?}");
        assert_between(command, split, end, start);
        end = next;
    }
    assert_between(command, split, end, command.len());
}

fn assert_between(command: &str, split: &Split, start: usize, end: usize) {
    let between = command[start..end].replace("\\\n", "");
    assert!(between.chars().all(|c| matches!(c, ' ' | '\t' | '\n')), "{between:?} of {command:?}");
    let is_plain = |quoting: &Quoting| matches!(quoting, Quoting::Bare | Quoting::Escaped);
    assert!(split.quoting[start..end].iter().all(is_plain), "{command:?}");
}

fn arguments(words: &[Word]) -> Vec<String> {
    words.iter().map(|word| word.expand(&|name| Some(format!("<{name}>")))).collect()
}

fn split_again(command: &str) -> Vec<Word> {
    split(command, Semantics::Standard, DraftVersion::default()).expect("quoted words can be split")
}

/// A script of a shell; as words, and as a Makefile, too.
pub(crate) fn scripts(input: &[u8]) {
    let Ok(script) = std::str::from_utf8(input) else { return };
    let lookup = |name: &str| (name == "A").then(|| "kubectl apply".to_owned());
    assert_calls(&Calls::of_script(script, &lookup));
    assert_calls(&of_recipes(script, &["all".to_owned()], "", &lookup));
    let _ = mentions(script, &["kubectl", "helm"]);
    let Ok(words) = split(script, Semantics::Standard, DraftVersion::default()) else { return };
    let words = arguments(&words);
    assert_calls(&Calls::of(words.iter().cloned(), &lookup));
    if is_simple(script) {
        // Behind a program no word is one of the shell's own.
        let calls = Calls::of_script(&format!("run {script}"), &lookup);
        let read = calls.called.first().map(|call| call.arguments().collect::<Vec<_>>());
        assert_eq!(read.expect("a simple command is a call"), words, "{script:?}");
    }
}

fn assert_calls(calls: &Calls) {
    for call in &calls.called {
        let known = call.known().count();
        assert!(known <= call.arguments().count());
        assert_eq!(call.is_known(), known == call.arguments().count(), "{call:?}");
        let _ = (call.is_understood(), call.last_option("--context"), call.last_option("-n"));
        assert!(call.hides_options(&[]) <= !call.is_known(), "{call:?}");
    }
}

/// Whether nothing in a script means something but to words and quotes.
fn is_simple(script: &str) -> bool {
    let letters = |c: char| c.is_ascii_alphanumeric() || " \t-_./:,@%'\"\\".contains(c);
    script.chars().all(letters)
}
