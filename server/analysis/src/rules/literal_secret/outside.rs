//! Secrets in what is no command that runs: tasks outside of a phase, arrays, broken lines, comments.
//!
//! Must not say anything of them, only where they are: reports repeat these texts, too.

use text_size::{TextRange, TextSize};

use super::literal_secrets_in;
use crate::command;
use crate::parsed::Parsed;
use crate::phase::Phase;
use crate::rules::commands_of;
use crate::syntax::{Entry, Value, ValueKind};

/// Where secrets stand outside of the commands that the rule looks at.
pub(crate) fn literal_secrets_outside(parsed: &Parsed) -> Vec<TextRange> {
    let text = &*parsed.text;
    let mut commands: Vec<TextRange> = Vec::new();
    if parsed.tree.foreign().is_none() {
        let of_phases = Phase::ALL.into_iter().flat_map(|phase| commands_of(parsed, phase));
        commands.extend(of_phases.map(|command| command.task.range));
    }
    commands.sort_by_key(|range| range.start());
    let mut found = Vec::new();
    for entry in parsed.tree.tables.iter().flat_map(|table| &table.entries) {
        in_entry(parsed, entry, &commands, &mut found);
    }
    let (mut at, whole) = (TextSize::from(0), TextSize::of(text));
    let ends = commands.iter().copied().chain([TextRange::empty(whole)]);
    for command in ends {
        if at < command.start() {
            in_lines(text, TextRange::new(at, command.start()), &mut found);
        }
        at = at.max(command.end());
    }
    found.sort_by_key(|range| (range.start(), range.end()));
    found.dedup();
    found
}

fn in_entry(parsed: &Parsed, entry: &Entry, commands: &[TextRange], found: &mut Vec<TextRange>) {
    let next = commands.partition_point(|range| range.start() < entry.range.start());
    let is_command = commands.get(next).is_some_and(|range| *range == entry.range);
    if let Some(value) = entry.value.as_ref().filter(|_| !is_command) {
        in_value(parsed, value, commands, found);
    }
}

fn in_value(parsed: &Parsed, value: &Value, commands: &[TextRange], found: &mut Vec<TextRange>) {
    let text = &*parsed.text;
    let argv: Vec<String> = match &value.kind {
        ValueKind::String(written) => {
            let words =
                command::split(&written.decode(text), parsed.options.semantics, parsed.options.draft_version);
            let literal = |word: &command::Word| word.literal().unwrap_or("$X").to_owned();
            words.unwrap_or_default().iter().map(literal).collect()
        }
        ValueKind::Array(values) => {
            values.iter().for_each(|value| in_value(parsed, value, commands, found));
            let word = |value: &Value| match &value.kind {
                ValueKind::String(word) => word.decode(text).into_owned(),
                _ => String::new(),
            };
            values.iter().map(word).collect()
        }
        ValueKind::InlineTable(entries) => {
            return entries.iter().for_each(|entry| in_entry(parsed, entry, commands, found));
        }
        _ => return,
    };
    locate(text, value.range, &literal_secrets_in(&argv), found);
}

/// The secrets of each line, as its words tell, whatever it is.
fn in_lines(text: &str, range: TextRange, found: &mut Vec<TextRange>) {
    let mut start = range.start();
    for line in text[range].split_inclusive('\n') {
        let here = TextRange::at(start, TextSize::of(line));
        start = here.end();
        let comment = line.trim_start().starts_with('#');
        let mut secrets = literal_secrets_in(&joined(line));
        if let Some((_, value)) = line.split_once('=') {
            secrets.extend(literal_secrets_in(&words(value)));
        }
        // The words of a sentence may stand behind the name of an option.
        secrets.retain(|secret| !comment || has_digits_and_letters(secret));
        locate(text, here, &secrets, found);
    }
}

fn has_digits_and_letters(secret: &str) -> bool {
    let has = |is_of_kind: fn(&u8) -> bool| secret.as_bytes().iter().any(is_of_kind);
    secret.len() >= 8 && has(u8::is_ascii_digit) && has(u8::is_ascii_alphabetic)
}

fn words(line: &str) -> Vec<String> {
    let bare =
        |word: &str| word.trim_matches(['"', '\'', '“', '”', '‘', '’', '[', ']', '{', '}', ',']).to_owned();
    line.split_whitespace()
        .flat_map(|word| word.split("\",\"").flat_map(|it| it.split("','")))
        .map(bare)
        .collect()
}

/// The words of a line, `name = value` as `name=value` where the value is one word.
fn joined(line: &str) -> Vec<String> {
    let spaced = line.replace('=', " = ");
    let written: Vec<&str> = spaced.split_whitespace().collect();
    let mut all = words(line);
    for (at, _) in written.iter().enumerate().filter(|(_, word)| **word == "=") {
        let (Some(name), Some(value)) = (at.checked_sub(1).map(|at| written[at]), written.get(at + 1)) else {
            continue;
        };
        let behind = &written[at + 2..];
        let is_last = behind.iter().all(|word| word.starts_with(['#', '}', ',']));
        let is_closed = value.trim_end_matches([',', '}', ']']).ends_with(['"', '\'', '”', '’']);
        if is_last || is_closed || value.ends_with(',') {
            all.push(format!("{}={}", words(name).concat(), words(value).concat()));
        }
    }
    all
}

/// Where values stand in a part of a text; all of it for one that is written otherwise than it is.
fn locate(text: &str, within: TextRange, secrets: &[String], found: &mut Vec<TextRange>) {
    for secret in secrets.iter().filter(|secret| !secret.is_empty()) {
        let before = found.len();
        let places = text[within].match_indices(secret.as_str());
        found.extend(places.map(|(at, secret)| {
            TextRange::at(within.start() + TextSize::from(at as u32), TextSize::of(secret))
        }));
        if found.len() == before {
            found.push(within);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::{Analysis, Options};

    fn found(text: &str) -> String {
        let analysis = Analysis::new(text, Options::default());
        let mut found: Vec<&str> = analysis.literal_secrets().map(|range| &text[range]).collect();
        found.dedup();
        found.join(" ")
    }

    #[test]
    fn whatever_the_text_is_in() {
        for text in [
            "out = \"curl --password Sup3rS3cretA1 https://x\"\n[pre-up]\n",
            "out = \"curl -u ann:Sup3rS3cretA1 https://x\"\n",
            "out = \"sh -c 'curl -u ann:Sup3rS3cretA1 https://x'\"\n",
            "[other]\nx = \"curl --password Sup3rS3cretA1\"\n",
            "[pre-up]\nb = [\"login\", \"--password\", \"Sup3rS3cretA1\"]\n",
            "[pre-up]\nb = [\"login\",\"--password\",\"Sup3rS3cretA1\"]\n",
            "[pre-up]\nb = [\n  \"login\",\n  \"--password\",\n  \"Sup3rS3cretA1\",\n]\n",
            "[pre-up]\nb = [\"login\", \"--password\", \"Sup3rS3cretA1\"\n",
            "[pre-up]\nd = login --password Sup3rS3cretA1\n",
            "[pre-up]\nd = login --password Sup3rS3cretA1 # x\n",
            "[pre-up]\nd = “login --password Sup3rS3cretA1”\n",
            "[pre-up]\nd = \"login --password Sup3rS3cretA1\n",
            "[pre-up]\np = { password = \"Sup3rS3cretA1\" }\n",
            "[pre-up]\np = {password=\"Sup3rS3cretA1\"}\n",
            "[pre-up]\np = { user = \"ann\", password = \"Sup3rS3cretA1\", x = 1 }\n",
            "[pre-up]\np = { password = \"Sup3rS3cretA1\"\n",
            "password = \"Sup3rS3cretA1\"\n",
            "[pre-up.x]\ndb_password = \"Sup3rS3cretA1\"\n",
            "[pre-up]\n# a = \"login --password Sup3rS3cretA1\"\na = \"true\"\n",
            "[pre-up]\na = \"true\" # password=Sup3rS3cretA1\n",
            "<<<<<<< a\n[pre-up]\na = \"login --password Sup3rS3cretA1\"\n=======\n>>>>>>> b\n",
        ] {
            assert_eq!(found(text), "Sup3rS3cretA1", "{text}");
        }
    }

    #[test]
    fn one_that_is_written_otherwise_is_hidden_with_all_around_it() {
        let text = "out = \"curl --password \\u0053up3rS3cretA1\"\n";
        assert!(found(text).contains("\\u0053up3rS3cretA1"), "{}", found(text));
    }

    #[test]
    fn what_is_none() {
        for text in [
            "out = \"curl --password $PASSWORD\"\n",
            "password = \"make deploy\"\n",
            "[pre-up]\n# give it a --password instead, or a token=\na = \"true\"\n",
            "[pre-up]\na = \"docker login --password\"\n[post-up]\nb = [\"x\"]\nc = 5\n",
            "[pre-up]\npassword = \"rotate\"\ntoken = \"rotate\" # x\n",
        ] {
            assert_eq!(found(text), "", "{text}");
        }
    }
}
