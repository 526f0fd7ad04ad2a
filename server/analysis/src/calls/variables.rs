//! What is known of variables while a command is read.
//!
//! Must not take a value for known that depends on what ran before.

use super::{Argument, VALUE, Walk};
use crate::command::is_name;

/// Variables whose values programs run.
pub(super) const SCRIPTS_IN: [&str; 18] = [
    "BROWSER",
    "EDITOR",
    "FZF_DEFAULT_COMMAND",
    "GIT_ASKPASS",
    "GIT_EDITOR",
    "GIT_EXTERNAL_DIFF",
    "GIT_PAGER",
    "GIT_SEQUENCE_EDITOR",
    "GIT_SSH_COMMAND",
    "LESSCLOSE",
    "LESSOPEN",
    "MANPAGER",
    "PAGER",
    "PROMPT_COMMAND",
    "SSH_ASKPASS",
    "SUDO_ASKPASS",
    "SUDO_EDITOR",
    "VISUAL",
];

/// The script that a program or shell runs since a variable has a value.
pub(super) fn script_in(name: &str, value: &str) -> Option<String> {
    if name == "PS4" {
        return value.contains(['$', '`']).then(|| format!(": \"{value}\""));
    }
    SCRIPTS_IN.contains(&name).then(|| value.to_owned())
}

/// Why a variable may have any value where the name of one that is set is not known.
pub(super) const SET_UNKNOWN: &str = "it sets variables that are known only when it runs";

impl Walk<'_> {
    /// What is known of variables does not hold any more.
    pub(super) fn unsettle(&mut self, why: impl Into<String>) {
        self.calls.unsettled.get_or_insert_with(|| why.into());
    }

    pub(super) fn value(&mut self, name: &str) -> Option<String> {
        // Each shell sets it.
        if name == "PWD" {
            return self.directory.known().map(|path| if path.is_empty() { "." } else { path }.to_owned());
        }
        if let Some(value) = self.calls.assigned.get(name) {
            return value.clone();
        }
        // `$1` and `${#NAME}` are of the shell.
        if is_name(name) {
            self.calls.inherited.insert(name.to_owned());
        }
        (self.lookup)(name)
    }

    pub(super) fn assign(&mut self, name: &str, value: Option<String>) {
        // Shells that run a script read this file first.
        if name == "BASH_ENV" && value.as_deref() != Some("") {
            self.file(&value.clone().map_or_else(Argument::unknown, Argument::known));
        }
        if let Some(script) = value.as_deref().and_then(|value| script_in(name, value)) {
            self.script_of_shell(&[Argument::known(script)]);
        }
        self.plain.remove(name);
        // Which of several values it has depends on what ran before.
        let same = self.calls.assigned.get(name).is_none_or(|earlier| *earlier == value);
        let value = value.filter(|value| same && value.len() <= VALUE);
        self.calls.assigned.insert(name.to_owned(), value);
    }

    /// `NAME=value`, or what may be that.
    pub(super) fn assign_word(&mut self, word: &Argument) {
        match word.text.split_once('=') {
            Some((name, value)) => self.assign(name, word.certain.then(|| value.to_owned())),
            None if !word.certain => self.unsettle(SET_UNKNOWN),
            None => {}
        }
    }

    /// A variable gets a value that is not known.
    pub(super) fn forget(&mut self, name: &Argument) {
        if name.certain { self.assign(&name.text, None) } else { self.unsettle(SET_UNKNOWN) }
    }
}
