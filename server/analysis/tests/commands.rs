//! Commands as Draft's own code splits them, and how both semantics agree.

use draft_tasks_analysis::command::{DraftVersion, Part, Semantics, Word, show_argument, split};
use proptest::prelude::*;

/// What Draft's own code made of commands; the file says how it was obtained.
fn vectors() -> serde_json::Value {
    serde_json::from_str(include_str!("vectors/draft-argv.json")).expect("the file is JSON")
}

fn expand(words: &[Word]) -> Vec<String> {
    let vectors = vectors();
    let lookup = |name: &str| vectors["env"][name].as_str().map(str::to_owned);
    words.iter().map(|word| word.expand(&lookup)).collect()
}

#[test]
fn draft_is_reproduced() {
    let vectors = vectors();
    let versions = [
        ("0.15", DraftVersion::V0_15),
        ("0.16", DraftVersion::V0_16),
        ("0.16", DraftVersion::Dep8),
        ("master", DraftVersion::Master),
    ];
    let commands = vectors["commands"].as_array().expect("a list of commands");
    assert!(commands.len() > 300, "{} commands", commands.len());
    for case in commands {
        let command = case["command"].as_str().expect("a command");
        for (name, version) in versions {
            let words = split(command, Semantics::Draft, version).expect("Draft splits anything");
            let expected: Vec<&str> = case["argv"][name]
                .as_array()
                .expect("arguments")
                .iter()
                .filter_map(|it| it.as_str())
                .collect();
            assert_eq!(expand(&words), expected, "{command:?} in {name}");
        }
    }
}

/// Whether the command has nothing that the two semantics read differently.
fn is_common(command: &str) -> bool {
    !command.is_empty()
        && !command.contains(['\'', '"', '\\', '{', '}', '\t', '\n'])
        && command.split(' ').all(|word| !word.is_empty())
}

/// Words without their ranges.
fn parts(words: Vec<Word>) -> Vec<Vec<(bool, String)>> {
    let plain = |part| match part {
        Part::Literal(text) => (false, text.into()),
        Part::Variable { name, .. } => (true, name.into()),
    };
    words.into_iter().map(|word| word.parts.into_iter().map(plain).collect()).collect()
}

fn assert_agreement(command: &str) {
    let standard = split(command, Semantics::Standard, DraftVersion::default()).expect("nothing to go wrong");
    let draft = split(command, Semantics::Draft, DraftVersion::V0_16).expect("Draft splits anything");
    assert_eq!(standard, draft, "{command:?}");
}

#[test]
fn common_commands_of_the_vectors_agree() {
    let vectors = vectors();
    let commands = vectors["commands"].as_array().expect("a list of commands");
    let commands = commands.iter().filter_map(|case| case["command"].as_str());
    let common: Vec<_> = commands.filter(|command| is_common(command)).collect();
    assert!(common.len() > 50, "{} commands", common.len());
    common.into_iter().for_each(assert_agreement);
}

/// Commands with many of the characters that mean something.
fn commands() -> impl Strategy<Value = String> {
    let pieces = proptest::sample::select(vec![
        " ", " ", "$", "$$", "A", "B_1", "9", "\\", "'", "\"", "{", "}", "${A}", "$A", "é", "🚀", "\t", "\n",
        "`", "|", "-x",
    ]);
    proptest::collection::vec(pieces, 0..16).prop_map(|pieces| pieces.concat())
}

fn common_commands() -> impl Strategy<Value = String> {
    let pieces = proptest::sample::select(vec![
        " a", " ", "$", "$$", "A", "B_1", "9", "$A", "é", "🚀", "`", "|", "-x", "\r",
    ]);
    proptest::collection::vec(pieces, 1..16)
        .prop_map(|pieces| pieces.concat())
        .prop_filter("common", |it| is_common(it))
}

proptest! {
    #[test]
    fn common_commands_agree(command in common_commands()) {
        assert_agreement(&command);
    }

    #[test]
    fn ranges_are_in_order_and_in_bounds(command in commands()) {
        for (semantics, version) in [
            (Semantics::Standard, DraftVersion::Dep8),
            (Semantics::Draft, DraftVersion::V0_15),
            (Semantics::Draft, DraftVersion::V0_16),
        ] {
            match split(&command, semantics, version) {
                Ok(words) => {
                    let mut end = 0.into();
                    for word in &words {
                        prop_assert!(word.range.start() >= end);
                        prop_assert!(command.get(std::ops::Range::<usize>::from(word.range)).is_some());
                        for part in &word.parts {
                            if let Part::Variable { name, range } = part {
                                prop_assert!(word.range.contains_range(*range));
                                prop_assert!(command[*range].contains(name.as_str()));
                            }
                        }
                        end = word.range.end();
                    }
                }
                Err(error) => {
                    prop_assert_eq!(semantics, Semantics::Standard);
                    prop_assert!(matches!(&command[error.range], "'" | "\"" | "\\"));
                }
            }
        }
    }

    #[test]
    fn shown_arguments_are_read_back(argument in prop_oneof![commands(), any::<String>()]) {
        let shown = show_argument(&argument);
        let words = split(&shown, Semantics::Standard, DraftVersion::default()).expect("well formed");
        let expected = if argument.is_empty() { vec![] } else { vec![(false, argument)] };
        prop_assert_eq!(parts(words), vec![expected]);
    }

    #[test]
    fn any_text_is_split_or_refused(command in any::<String>()) {
        let _ = split(&command, Semantics::Standard, DraftVersion::default());
        let _ = split(&command, Semantics::Draft, DraftVersion::V0_15);
        let _ = split(&command, Semantics::Draft, DraftVersion::V0_16);
    }
}
