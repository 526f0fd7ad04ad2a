//! Where in a command secrets stand that its programs get behind wrappers or in a script.
//!
//! Must not search a text for each of them: a script may have as many as it has lines.

use std::collections::HashMap;

use aho_corasick::AhoCorasick;

use super::argument::Invocation;
use super::name::{is_literal_secret, is_secret_name};
use super::value::{Secret, unquoted};
use super::{Command, Place};
use crate::calls::{Call, Calls};

/// A secret that is not yet found in the command.
pub(super) struct Given<'a> {
    argument: &'a str,
    secret: Secret,
}

impl<'a> Given<'a> {
    pub(super) fn value(&self) -> &'a str {
        self.argument.get(self.secret.start..self.secret.start + self.secret.length).unwrap_or_default()
    }
}

/// The secrets that stand in a command in one piece; the values of variables are no secrets of the file.
pub(super) fn in_calls(command: &Command<'_>, calls: &Calls) -> Vec<Place> {
    let given: Vec<Given<'_>> = given(calls).collect();
    // Most commands have none, and a search takes longer to build than they take to judge.
    if given.is_empty() {
        return Vec::new();
    }
    let mut starts = HashMap::new();
    for word in command.words() {
        let written = &command.text()[word.range];
        let quotes = written.len() - written.trim_start_matches(['"', '\'']).len();
        starts.entry(unquoted(written)).or_insert(usize::from(word.range.start()) + quotes);
    }
    let mut places = Vec::new();
    let mut rest = Vec::new();
    for given in given {
        match starts.get(given.argument) {
            Some(start) => {
                let start = start + given.secret.start;
                places.push(Place { start, is_in_word: true, secret: given.secret });
            }
            None => rest.push(given),
        }
    }
    places.extend(in_scripts(command.text(), rest));
    places.sort_by_key(|place| place.start);
    places
}

/// The secrets of arguments that are no words of the command: the first place of each in the text counts.
fn in_scripts(text: &str, given: Vec<Given<'_>>) -> Vec<Place> {
    if given.is_empty() {
        return Vec::new();
    }
    let Ok(search) = AhoCorasick::new(given.iter().map(Given::value)) else { return Vec::new() };
    let mut starts = vec![None; given.len()];
    for found in search.find_overlapping_iter(text) {
        starts[found.pattern()].get_or_insert(found.start());
    }
    let place = |(given, start): (Given<'_>, Option<usize>)| {
        Some(Place { start: start?, is_in_word: false, secret: given.secret })
    };
    given.into_iter().zip(starts).filter_map(place).collect()
}

/// The secrets of what a command calls behind its first program.
pub(super) fn given(calls: &Calls) -> impl Iterator<Item = Given<'_>> {
    let called = calls.called.iter().skip(1).flat_map(in_call);
    let assigned = calls.assigned.iter().filter_map(|(name, value)| {
        let value = value.as_deref().filter(|value| is_secret_name(name) && is_literal_secret(value))?;
        Some(Given { argument: value, secret: Secret::new(0, value, name) })
    });
    called.chain(assigned).chain(piped(calls))
}

/// What is piped into a login that reads a password.
fn piped(calls: &Calls) -> impl Iterator<Item = Given<'_>> {
    let reads = |call: &Call| call.arguments().any(|argument| argument == "--password-stdin");
    let texts = calls.piped.iter().filter(move |_| calls.called.iter().any(reads)).map(|text| text.trim());
    let secrets = texts.filter(|text| is_literal_secret(text));
    secrets.map(|text| Given { argument: text, secret: Secret::new(0, text, "password") })
}

fn in_call(call: &Call) -> Vec<Given<'_>> {
    let invocation = Invocation::new(call.name(), call.arguments().collect());
    let all = invocation.arguments.iter().enumerate();
    all.flat_map(|(at, argument)| invocation.secrets(at).into_iter().map(|secret| Given { argument, secret }))
        .collect()
}
