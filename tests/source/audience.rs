//! Messages have the words of the place where they are read: options and commands on the command line, settings and
//! titles in editors.

use std::fmt::Write as _;
use std::path::Path;

use crate::{code, server, sources};

/// A part of the source, and what no text in it says.
struct Speaker {
    /// A folder or file below `server`.
    place: &'static str,
    /// What it may not say.
    foreign: &'static [&'static str],
    /// Files of it that say words for several places.
    except: &'static [&'static str],
}

const COMMAND: &str = "`draft-tasks ";
const SETTING: &str = "draftTasks.";

const SPEAKERS: [Speaker; 4] = [
    Speaker { place: "draft-tasks/src/lsp", foreign: &[COMMAND, " --", "`--"], except: &[] },
    Speaker { place: "draft-tasks/src/cli", foreign: &[SETTING], except: &[] },
    Speaker { place: "analysis/src", foreign: &[COMMAND, SETTING], except: &[] },
    // What both have they say to an audience, which has the words.
    Speaker {
        place: "draft-tasks/src",
        foreign: &[COMMAND, SETTING],
        except: &[
            "draft-tasks/src/cli",
            "draft-tasks/src/cli.rs",
            // What is exported says how it is made again.
            "draft-tasks/src/export",
            "draft-tasks/src/lsp",
            "draft-tasks/src/generated",
            "draft-tasks/src/generated.rs",
            "draft-tasks/src/settings/audience.rs",
            // What levels mean to the check of a project's CI.
            "draft-tasks/src/settings.rs",
            // The text of a new file, which people read everywhere.
            "draft-tasks/src/world/packs.rs",
        ],
    },
];

impl Speaker {
    fn slips(&self) -> String {
        let mut slips = String::new();
        for file in sources(&server().join(self.place)) {
            let shown = file.strip_prefix(server()).unwrap();
            if self.except.iter().any(|except| shown.starts_with(except)) {
                continue;
            }
            for text in texts(&code(&file)) {
                if self.foreign.iter().any(|foreign| text.contains(foreign)) {
                    let _ = writeln!(slips, "{}: {text:?}", shown.display());
                }
            }
        }
        slips
    }
}

/// The string literals of a file.
fn texts(code: &str) -> Vec<String> {
    let (mut texts, mut text, mut signs) = (Vec::new(), None::<String>, code.chars());
    while let Some(sign) = signs.next() {
        match (sign, &mut text) {
            ('\\', Some(text)) => text.extend(signs.next()),
            ('"', Some(_)) => texts.extend(text.take()),
            ('"', None) => text = Some(String::new()),
            (sign, Some(text)) => text.push(sign),
            // A sign alone, which may be a quote.
            ('\'', None) if signs.as_str().starts_with("\"'") => drop(signs.nth(1)),
            _ => {}
        }
    }
    texts
}

#[test]
fn messages_have_the_words_of_their_place() {
    let slips: String = SPEAKERS.iter().map(Speaker::slips).collect();
    assert_eq!(slips, "");
}

#[test]
fn texts_are_found_between_quotes() {
    let code = r#"let a = "x \"y\" --z"; let b = '"'; call("draftTasks.c")"#;
    assert_eq!(texts(code), ["x \"y\" --z", "draftTasks.c"]);
    assert!(Path::new(&server()).join(SPEAKERS[0].place).is_dir());
}
