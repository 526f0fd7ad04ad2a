//! Programs that run other programs: which of their arguments are those.
//!
//! Must not read scripts.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::{Argument, Walk};
use crate::command::is_name;

mod table;

use table::WRAPPERS;

/// A program that runs the one behind its options.
pub(super) struct Wrapper {
    pub(super) names: &'static [&'static str],
    /// The words of its own behind one of which that stands, where it has such words.
    own: &'static [&'static str],
    /// Its options of one letter that have a value.
    letters: &'static str,
    /// Its long options that have a value.
    words: &'static [&'static str],
    /// Its long options that have none; of others that is not known.
    switches: &'static [&'static str],
    /// How many arguments stand between the options and the program.
    operands: usize,
    /// With one of these options of one letter it runs nothing.
    idle: &'static str,
    /// Whether without a program it runs a shell that reads its input.
    begins_shell: bool,
    /// The letters of options without which it does not.
    shell_letters: &'static str,
}

const PLAIN: Wrapper = Wrapper {
    names: &[],
    own: &[],
    letters: "",
    words: &[],
    switches: &[],
    operands: 0,
    idle: "",
    begins_shell: false,
    shell_letters: "",
};

/// Where the program stands that a wrapper runs.
#[derive(Clone, Copy)]
pub(super) struct Inner {
    /// Its place among the arguments, behind the last one where none is named.
    pub(super) at: usize,
    /// Whether that may be the value of an option, and the program the next one.
    pub(super) is_doubtful: bool,
}

impl Inner {
    fn within(self, arguments: &[Argument]) -> Inner {
        Inner { at: self.at.min(arguments.len()), ..self }
    }
}

impl Wrapper {
    pub(super) fn of(name: &str) -> Option<&'static Wrapper> {
        static BY_NAME: LazyLock<HashMap<&str, &Wrapper>> = LazyLock::new(|| {
            let named = |wrapper: &'static Wrapper| wrapper.names.iter().map(move |name| (*name, wrapper));
            WRAPPERS.iter().flat_map(named).collect()
        });
        BY_NAME.get(name).copied()
    }

    /// Which argument is the program that is run; nothing where it runs none.
    pub(super) fn inner(&self, walk: &mut Walk<'_>, arguments: &[Argument]) -> Option<Inner> {
        let begin = if self.own.is_empty() { 0 } else { behind(arguments, self.own, &[])? };
        let options = self.options(walk, arguments, begin)?;
        let operands = arguments.get(options.at..).unwrap_or_default();
        if self.operands != usize::MAX && operands.iter().take(self.operands).any(|operand| !operand.certain)
        {
            walk.unclear("an argument of a wrapper in it is known only when it runs");
        }
        let at = options.at.saturating_add(self.operands).min(arguments.len());
        // `ssh` reads options behind the host, too.
        if self.names[0] == "ssh" {
            return self.options(walk, arguments, at).map(|inner| inner.within(arguments));
        }
        let ends = self.operands > 0 && arguments.get(at).is_some_and(|word| word.text == "--");
        Some(Inner { at: at + usize::from(ends), ..options }.within(arguments))
    }

    /// What stands behind the options from here on.
    fn options(&self, walk: &mut Walk<'_>, arguments: &[Argument], begin: usize) -> Option<Inner> {
        let mut inner = Inner { at: begin, is_doubtful: false };
        while let Some(word) = arguments.get(inner.at) {
            match word.text.as_str() {
                "--" => inner = Inner { at: inner.at + 1, is_doubtful: false },
                text if is_assignment(text) => {
                    walk.assign_word(word);
                    inner = Inner { at: inner.at + 1, is_doubtful: false };
                }
                text if text.starts_with('-') => {
                    if self.is_idle(text) {
                        return None;
                    }
                    let takes_next = self.takes_next(text);
                    let is_doubtful = !takes_next && self.may_take_next(text);
                    inner = Inner { at: inner.at + 1 + usize::from(takes_next), is_doubtful };
                }
                _ => break,
            }
        }
        Some(inner)
    }

    /// Whether that is not known of a long option.
    fn may_take_next(&self, option: &str) -> bool {
        let known = |long: &str| self.switches.iter().any(|word| word.starts_with(long));
        option.strip_prefix("--").is_some_and(|long| !long.contains('=') && !known(long))
    }

    /// Whether without a program it runs a shell that reads its input.
    pub(super) fn begins_shell(&self, options: &[Argument]) -> bool {
        let asks = |option: &Argument| match option.text.strip_prefix("--") {
            Some(long) => matches!(long, "shell" | "login"),
            None => {
                option.text.starts_with('-')
                    && option.text.contains(|letter| self.shell_letters.contains(letter))
            }
        };
        self.begins_shell && (self.shell_letters.is_empty() || options.iter().any(asks))
    }

    fn is_idle(&self, option: &str) -> bool {
        !option.starts_with("--") && option.contains(|letter| self.idle.contains(letter))
    }

    /// Whether the value of an option is the next argument.
    fn takes_next(&self, option: &str) -> bool {
        if let Some(long) = option.strip_prefix("--") {
            // Long options may be shortened.
            return !long.contains('=') && self.words.iter().any(|word| word.starts_with(long));
        }
        let letters = &option[1..];
        let first = letters.find(|letter| self.letters.contains(letter));
        first.is_some_and(|at| at + 1 == letters.len())
    }
}

/// Where the arguments begin behind one of these words of a program's own, in front of which others of its own,
/// options with values and words that are not known may stand.
pub(super) fn behind(arguments: &[Argument], own: &[&str], passing: &[&str]) -> Option<usize> {
    let mut may_be_value = false;
    for (at, word) in arguments.iter().enumerate() {
        let text = word.text.as_str();
        if own.contains(&text) {
            return Some(at + 1);
        }
        let is_option = text.starts_with('-');
        if !is_option && !may_be_value && word.certain && !passing.contains(&text) {
            return None;
        }
        may_be_value = is_option && !text.contains('=');
    }
    None
}

/// The text for which a wrapper puts what it reads; nothing where it appends that.
pub(super) fn placeholder(name: &str, options: &[Argument]) -> Option<String> {
    if !matches!(name, "xargs" | "parallel") {
        return None;
    }
    let mut options = options.iter().map(|option| option.text.as_str());
    while let Some(option) = options.next() {
        let value = match option {
            "-i" | "--replace" => "{}",
            "-I" => options.next()?,
            _ => match ["--replace=", "-I", "-i"].iter().find_map(|name| option.strip_prefix(name)) {
                Some(value) => value,
                None => continue,
            },
        };
        return Some(value.to_owned());
    }
    None
}

/// Why a program runs others elsewhere, if it does: with another environment, as another user, in a container.
pub(super) fn elsewhere(name: &str, options: &[Argument]) -> Option<String> {
    let has = |is: fn(&str) -> bool| options.iter().any(|option| is(&option.text));
    let why = match name {
        "sudo" if has(keeps_environment) => return None,
        "sudo" | "doas" | "su" | "runuser" | "pkexec" | "gosu" | "run" | "gsudo" | "pfexec" | "chroot"
        | "tmux" | "screen" | "su-exec" | "foreman" => "with another environment",
        "systemd-run" if !has(|option| option == "--scope") => "with another environment",
        "chpst" if has(|option| option.starts_with("-e")) => "with another environment",
        "exec" if has(|option| is_short_with(option, 'c')) => "with another environment",
        "env" if has(drops_environment) || drops_kubeconfig(options) => "with another environment",
        "docker" | "docker-compose" | "podman" | "podman-compose" | "nerdctl" | "lxc" | "kubectl" | "oc" => {
            "in a container"
        }
        "aws" | "az" | "ansible" => return Some(ANOTHER_MACHINE.into()),
        _ if is_remote(name) => return Some(ANOTHER_MACHINE.into()),
        _ => return None,
    };
    Some(format!("`{name}` runs it {why}"))
}

/// Why what runs there may reach any cluster.
pub(super) const ANOTHER_MACHINE: &str = "it runs on another machine";

/// Whether a program runs others on another machine.
pub(super) fn is_remote(name: &str) -> bool {
    matches!(name, "ssh" | "mosh" | "vagrant" | "multipass" | "limactl" | "lima" | "colima" | "gcloud")
}

fn is_short_with(option: &str, letter: char) -> bool {
    option.starts_with('-') && !option.starts_with("--") && option.contains(letter)
}

fn keeps_environment(option: &str) -> bool {
    let of_names = option.strip_prefix("--preserve-env=");
    is_short_with(option, 'E')
        || option == "--preserve-env"
        || of_names.is_some_and(|names| names.split(',').any(|name| name == "KUBECONFIG"))
}

fn drops_environment(option: &str) -> bool {
    option == "-"
        || is_short_with(option, 'i')
        || "--ignore-environment".starts_with(option) && option.len() > 3
}

fn drops_kubeconfig(options: &[Argument]) -> bool {
    options.iter().any(|option| {
        option.text.ends_with("KUBECONFIG")
            || option.text.ends_with("HOME")
            || option.text.starts_with("HOME=")
    })
}

/// Whether a word is `NAME=value`.
pub(super) fn is_assignment(text: &str) -> bool {
    let Some((name, _)) = text.split_once('=') else { return false };
    is_name(name)
}
