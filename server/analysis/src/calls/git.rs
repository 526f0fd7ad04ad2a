//! What Git runs: aliases, editors and helpers of its configuration, and what its commands are told to run.
//!
//! Must not read the configuration: what a repository has there is not known.

use super::wrapper::behind;
use super::{Argument, CallWords, Input, Walk, inner};

/// The last words of settings whose values a shell runs.
const COMMANDS: [&str; 19] = [
    "askpass",
    "clean",
    "cmd",
    "command",
    "difffilter",
    "driver",
    "editor",
    "external",
    "fsmonitor",
    "gitproxy",
    "packobjectshook",
    "pager",
    "process",
    "program",
    "receivepack",
    "smudge",
    "sshcommand",
    "textconv",
    "uploadpack",
];

/// An option of one of its commands whose value a shell runs.
struct ScriptOption {
    /// The commands; none for all.
    commands: &'static [&'static str],
    word: &'static str,
    letter: char,
}

const SCRIPT_OPTIONS: [ScriptOption; 8] = [
    ScriptOption { commands: &["difftool"], word: "extcmd", letter: 'x' },
    ScriptOption { commands: &["rebase"], word: "exec", letter: 'x' },
    ScriptOption {
        commands: &["archive", "send-pack", "fetch-pack", "ls-remote"],
        word: "exec",
        letter: '\0',
    },
    ScriptOption { commands: &["clone"], word: "upload-pack", letter: 'u' },
    ScriptOption { commands: &[], word: "upload-pack", letter: '\0' },
    ScriptOption { commands: &[], word: "receive-pack", letter: '\0' },
    ScriptOption { commands: &["grep"], word: "open-files-in-pager", letter: 'O' },
    ScriptOption { commands: &["daemon"], word: "access-hook", letter: '\0' },
];

impl Walk<'_> {
    pub(super) fn git(&mut self, line: &CallWords, input: &Input) {
        let arguments = line.arguments();
        let scripts = [of_settings(arguments), of_options(arguments)].concat();
        let program = program(arguments);
        if scripts.is_empty() && program.is_none() {
            return;
        }
        self.in_own_directory(|walk| {
            // They run at the top of the working tree, or of a submodule's.
            walk.directory.doubt();
            scripts.iter().for_each(|script| walk.script_of_shell(std::slice::from_ref(script)));
            let Some(at) = program else { return };
            if at + 1 == arguments.len() {
                walk.script_of_shell(&arguments[at..]);
            } else {
                walk.deeper(|walk| walk.command(&line.inner(at), input));
            }
        });
    }
}

/// The program that a command runs with the arguments behind it; a script where it is the last one.
fn program(arguments: &[Argument]) -> Option<usize> {
    let place = |command: &str| arguments.iter().position(|word| word.text == command).map(|at| at + 1);
    let of = |command: &str, own: &[&str]| {
        let at = place(command)?;
        Some(at + behind(&arguments[at..], own, &[])?)
    };
    let begin = of("bisect", &["run"]).or_else(|| of("submodule", &["foreach"]));
    let begin = begin.or_else(|| place("for-each-repo"))?;
    (begin..arguments.len()).find(|at| !arguments[*at].text.starts_with('-'))
}

fn of_options(arguments: &[Argument]) -> Vec<Argument> {
    let has = |command: &str| arguments.iter().any(|word| word.text == command);
    let is_given =
        |it: &&ScriptOption| it.commands.is_empty() || it.commands.iter().any(|command| has(command));
    let values = SCRIPT_OPTIONS.iter().filter(is_given);
    let values = values.flat_map(|it| inner::scripts_of_option(arguments, it.word, it.letter));
    let mut scripts: Vec<Argument> = values.flatten().collect();
    for (at, word) in arguments.iter().enumerate() {
        // `--tree-filter SCRIPT` of `filter-branch`, `--to-cmd=SCRIPT` of `send-email`.
        let (name, value) = word.text.split_once('=').unwrap_or((&word.text, ""));
        let is_of = |end: &str, command: &str| name.ends_with(end) && has(command);
        let is_script = is_of("-filter", "filter-branch") || is_of("-cmd", "send-email");
        if !name.starts_with("--") || !is_script {
            continue;
        }
        match arguments.get(at + 1) {
            _ if !value.is_empty() => scripts.push(Argument { text: value.into(), ..word.clone() }),
            next => scripts.extend(next.cloned()),
        }
    }
    // A transport of its own: `ext::SCRIPT`, in which `% ` is a blank of a word.
    scripts.extend(arguments.iter().filter_map(|word| {
        let script = word.text.strip_prefix("ext::")?.replace("% ", "\\ ");
        Some(Argument { text: script.into(), ..word.clone() })
    }));
    scripts
}

/// Scripts among settings: `-c NAME=SCRIPT`, `config NAME SCRIPT`.
fn of_settings(arguments: &[Argument]) -> Vec<Argument> {
    let is_config = arguments.iter().any(|word| word.text == "config");
    let of = |(at, word): (usize, &Argument)| {
        let is_set = at > 0 && arguments[at - 1].text == "-c";
        let (name, value) = match word.text.split_once('=').filter(|_| is_set) {
            Some((name, value)) => (name, Argument { text: value.into(), ..word.clone() }),
            None if is_config && word.text.contains('.') => (&*word.text, arguments.get(at + 1)?.clone()),
            None => return None,
        };
        let text = script_of_setting(name, &value.text)?;
        Some(Argument { text: text.into(), ..value.clone() })
    };
    arguments.iter().enumerate().filter_map(of).collect()
}

/// The script that a setting is.
fn script_of_setting<'v>(name: &str, value: &'v str) -> Option<&'v str> {
    let name = name.to_ascii_lowercase();
    let (section, last) = (name.split('.').next()?, name.rsplit('.').next()?);
    let script = value.strip_prefix('!');
    match (section, last) {
        ("alias", _) | ("submodule", "update") => script,
        ("credential", "helper") => script.or(Some(value).filter(|value| value.starts_with('/'))),
        // `true` and `false` are no programs there.
        ("pager", _) | ("core", "fsmonitor") => {
            Some(value).filter(|value| !matches!(*value, "true" | "false"))
        }
        (_, last) => (COMMANDS.contains(&last) || last.ends_with("cmd")).then_some(value),
    }
}
