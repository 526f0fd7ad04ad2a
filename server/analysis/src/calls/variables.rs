//! What is known of variables while a command is read.
//!
//! Must not take a value for known that depends on what ran before.

use super::wrapper::is_assignment;
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

/// Whether all of a value is known, or at least how many jobs make runs at once: `MAKEFLAGS=-j$(nproc)`.
pub(super) fn is_settled(name: &str, word: &Argument) -> bool {
    let value = word.text.strip_prefix(name).and_then(|value| value.strip_prefix('='));
    let value = value.unwrap_or(&word.text);
    word.certain || name == "MAKEFLAGS" && value.starts_with("-j") && !value.contains([' ', '='])
}

/// The variables among flags of make, in which a backslash keeps a blank from ending a word.
fn assignments(flags: &str) -> Vec<Argument> {
    let kept = flags.replace("\\ ", "\0");
    let words = kept.split_whitespace().map(|word| word.replace('\0', " ").replace("$$", "$"));
    words.filter(|word| is_assignment(word)).map(Argument::known).collect()
}

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

    /// A variable as programs find it; nothing inside where its value is not known.
    fn exported(&self, name: &str) -> Option<Option<String>> {
        let assigned = self.calls.assigned.get(name).cloned();
        let value = assigned.or_else(|| (self.lookup)(name).map(Some));
        value.filter(|value| value.as_deref() != Some(""))
    }

    /// What a shell reads before its script since a variable names it; others than bash, also by the name `sh`, do not.
    pub(super) fn reads_first(&mut self, shell: &str) {
        let Some(file) = self.exported("BASH_ENV").filter(|_| matches!(shell, "bash" | "rbash")) else {
            return;
        };
        self.unsettle(format!("what `{shell}` reads first may choose it"));
        let is_assigned = self.calls.assigned.contains_key("BASH_ENV");
        if let Some(file) = file.filter(|_| !is_assigned) {
            self.file(&Argument::known(file));
        }
    }

    /// The variables that make finds in its environment as if they were its arguments.
    pub(super) fn flags_of_make(&mut self) -> Vec<Argument> {
        if self.exported("MAKEFILES").is_some_and(|files| files.is_none()) {
            self.unsettle(SET_UNKNOWN);
        }
        let mut given = Vec::new();
        for name in ["GNUMAKEFLAGS", "MAKEFLAGS"] {
            let Some(value) = self.exported(name) else { continue };
            match value {
                Some(flags) => given.extend(assignments(&flags)),
                None => self.unsettle(SET_UNKNOWN),
            }
        }
        given
    }

    /// `NAME=value`, or what may be that.
    pub(super) fn assign_word(&mut self, word: &Argument) {
        match word.text.split_once('=') {
            Some((name, value)) => self.assign(name, is_settled(name, word).then(|| value.to_owned())),
            None if !word.certain => self.unsettle(SET_UNKNOWN),
            None => {}
        }
    }

    /// A variable gets a value that is not known.
    pub(super) fn forget(&mut self, name: &Argument) {
        if name.certain { self.assign(&name.text, None) } else { self.unsettle(SET_UNKNOWN) }
    }
}
