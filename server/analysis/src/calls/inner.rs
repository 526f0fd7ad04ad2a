//! Scripts of a shell in the options of programs.
//!
//! Must not read them.

use super::Argument;

/// The arguments of a program that are scripts of a shell.
pub(super) fn scripts(name: &str, arguments: &[Argument]) -> Vec<Vec<Argument>> {
    let behind = |options: &[&str]| {
        let at = arguments
            .iter()
            .position(|word| options.iter().any(|option| word.text.eq_ignore_ascii_case(option)));
        at.map(|at| arguments[at + 1..].to_vec()).unwrap_or_default()
    };
    match name {
        "su" | "runuser" => {
            let mut scripts = scripts_of_option(arguments, "command", 'c');
            scripts.extend(scripts_of_option(arguments, "session-command", '\0'));
            scripts
        }
        "script" | "flock" | "sg" | "vagrant" => scripts_of_option(arguments, "command", 'c'),
        "gcloud" => scripts_of_option(arguments, "command", '\0'),
        "npm" | "npx" | "pnpm" => scripts_of_option(arguments, "call", 'c'),
        "git" => [aliases(arguments), hooks(arguments)].concat(),
        "env" => {
            let scripts = scripts_of_option(arguments, "split-string", 'S');
            let with_name = |mut script: Vec<Argument>| {
                script.insert(0, Argument::known("env"));
                script
            };
            scripts.into_iter().map(with_name).collect()
        }
        "nix-shell" => {
            ["run", "command"].iter().flat_map(|it| scripts_of_option(arguments, it, '\0')).collect()
        }
        "cmd" => vec![for_windows(behind(&["/c", "/k"]))],
        "powershell" | "pwsh" => vec![for_windows(behind(&["-c", "-command"]))],
        _ => Vec::new(),
    }
}

/// The values of an option.
fn scripts_of_option(arguments: &[Argument], word: &str, letter: char) -> Vec<Vec<Argument>> {
    let value = |(at, argument): (usize, &Argument)| {
        let text = argument.text.as_str();
        let value = |text: &str| vec![Argument { text: text.into(), ..argument.clone() }];
        if let Some(long) = text.strip_prefix("--") {
            return match long.split_once('=') {
                Some((name, script)) => (name == word).then(|| value(script)),
                None => (long == word).then(|| arguments.get(at + 1).into_iter().cloned().collect()),
            };
        }
        let letters = text.strip_prefix('-')?;
        let found = letters.find(letter)?;
        match &letters[found + letter.len_utf8()..] {
            "" => Some(arguments.get(at + 1).into_iter().cloned().collect()),
            script => Some(value(script)),
        }
    };
    arguments.iter().enumerate().filter_map(value).collect()
}

/// A backslash is no escape there.
fn for_windows(words: Vec<Argument>) -> Vec<Argument> {
    let read =
        |word: Argument| Argument { text: word.text.replace('\\', "/").replace('^', "").into(), ..word };
    words.into_iter().map(read).collect()
}

/// What commands of Git run for each commit or module.
fn hooks(arguments: &[Argument]) -> Vec<Vec<Argument>> {
    let behind = |words: &[&str]| {
        let at = arguments
            .windows(words.len())
            .position(|own| own.iter().map(|word| &*word.text).eq(words.iter().copied()));
        at.map(|at| arguments[at + words.len()..].to_vec()).unwrap_or_default()
    };
    let mut scripts = vec![behind(&["bisect", "run"]), behind(&["submodule", "foreach"])];
    if arguments.iter().any(|word| word.text == "rebase") {
        scripts.extend(scripts_of_option(arguments, "exec", 'x'));
    }
    scripts.retain(|script| !script.is_empty());
    scripts
}

/// Aliases of Git that are scripts: `-c alias.NAME=!SCRIPT`.
fn aliases(arguments: &[Argument]) -> Vec<Vec<Argument>> {
    let script = |word: &Argument| {
        let (name, script) = word.text.split_once("=!")?;
        name.starts_with("alias.").then(|| vec![Argument { text: script.into(), ..word.clone() }])
    };
    arguments.iter().filter_map(script).collect()
}
