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
        "nu" | "elvish" | "xonsh" => scripts_of_option(arguments, "commands", 'c'),
        "capsh" => scripts_of_option(arguments, "", 'c'),
        "script" | "flock" | "sg" | "vagrant" => scripts_of_option(arguments, "command", 'c'),
        "gcloud" | "doppler" | "infisical" => scripts_of_option(arguments, "command", '\0'),
        "npm" | "npx" | "pnpm" => scripts_of_option(arguments, "call", 'c'),
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
        "vi" | "vim" | "nvim" | "gvim" | "view" | "ex" => of_vim(arguments),
        "expect" => spawned(arguments),
        "tmux" | "screen" => typed(arguments),
        "ansible" => scripts_of_option(arguments, "args", 'a'),
        "aws" | "az" => remote(arguments),
        "cmd" => vec![for_windows(behind(&["/c", "/k"]))],
        "powershell" | "pwsh" => {
            let mut scripts = vec![for_windows(behind(&["-c", "-command"]))];
            let encoded = ["-e", "-ec", "-enc", "-encodedcommand"];
            scripts.extend((!behind(&encoded).is_empty()).then(|| vec![Argument::unknown()]));
            scripts
        }
        _ => Vec::new(),
    }
}

/// An option of a program.
struct ProgramOption {
    program: &'static str,
    /// Without its dashes.
    word: &'static str,
    /// Its short form; NUL where it has none.
    letter: char,
}

/// Options whose values are programs, which get arguments of which nothing is known, or scripts.
static PROGRAM_OPTIONS: [ProgramOption; 24] = [
    ProgramOption { program: "rg", word: "pre", letter: '\0' },
    ProgramOption { program: "tar", word: "to-command", letter: '\0' },
    ProgramOption { program: "tar", word: "use-compress-program", letter: 'I' },
    ProgramOption { program: "tar", word: "checkpoint-action", letter: '\0' },
    ProgramOption { program: "tar", word: "info-script", letter: 'F' },
    ProgramOption { program: "tar", word: "new-volume-script", letter: '\0' },
    ProgramOption { program: "tar", word: "rsh-command", letter: '\0' },
    ProgramOption { program: "npm", word: "script-shell", letter: '\0' },
    ProgramOption { program: "pnpm", word: "script-shell", letter: '\0' },
    ProgramOption { program: "just", word: "shell", letter: '\0' },
    ProgramOption { program: "sort", word: "compress-program", letter: '\0' },
    ProgramOption { program: "split", word: "filter", letter: '\0' },
    ProgramOption { program: "man", word: "pager", letter: 'P' },
    ProgramOption { program: "bat", word: "pager", letter: '\0' },
    ProgramOption { program: "ack", word: "pager", letter: '\0' },
    ProgramOption { program: "ag", word: "pager", letter: '\0' },
    ProgramOption { program: "mysql", word: "pager", letter: '\0' },
    ProgramOption { program: "ncat", word: "exec", letter: 'e' },
    ProgramOption { program: "ncat", word: "sh-exec", letter: 'c' },
    ProgramOption { program: "nc", word: "exec", letter: 'e' },
    ProgramOption { program: "tcpdump", word: "postrotate-command", letter: 'z' },
    ProgramOption { program: "restic", word: "password-command", letter: '\0' },
    ProgramOption { program: "rclone", word: "password-command", letter: '\0' },
    ProgramOption { program: "zip", word: "unzip-command", letter: '\0' },
];

/// Those of a program; `gtar` has the manual of `tar`.
fn program_options(name: &str) -> impl Iterator<Item = &'static ProgramOption> {
    let is_it = move |program: &str| name == program || name.strip_prefix('g') == Some(program);
    PROGRAM_OPTIONS.iter().filter(move |option| is_it(option.program))
}

/// Whether a program has such options.
pub(super) fn is_told_programs(name: &str) -> bool {
    program_options(name).next().is_some()
}

/// The programs and scripts in such options.
pub(super) fn programs_of_options(name: &str, arguments: &[Argument]) -> Vec<Argument> {
    let options = program_options(name);
    let values = options.flat_map(|it| scripts_of_option(arguments, it.word, it.letter));
    let program = |word: Argument| match word.text.strip_prefix("exec=") {
        Some(script) => Argument { text: script.into(), ..word.clone() },
        None => word,
    };
    values.flatten().map(program).collect()
}

/// The values of an option.
pub(super) fn scripts_of_option(arguments: &[Argument], word: &str, letter: char) -> Vec<Vec<Argument>> {
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
    let read = |word: Argument| {
        let text = word.text.replace('\\', "/").replace('^', "");
        // `$env:NAME = 'value'` of PowerShell.
        let text = if text.contains("$env:") { text.replace("$env:", "").replace(" = ", "=") } else { text };
        Argument { text: text.into(), ..word }
    };
    words.into_iter().map(read).collect()
}

/// The arguments as scripts of which only a part is one; what is not known of them is not.
fn parts(arguments: &[Argument], part: impl Fn(&str) -> Option<String>) -> Vec<Vec<Argument>> {
    let of = |word: &Argument| Some(vec![Argument { text: part(&word.text)?.into(), ..word.clone() }]);
    arguments.iter().filter_map(of).collect()
}

/// Commands of Vim that run others: `-c '!SCRIPT'`, `+'silent !SCRIPT'`.
fn of_vim(arguments: &[Argument]) -> Vec<Vec<Argument>> {
    let is_command = |at: usize| {
        arguments[at].text.starts_with('+')
            || at > 0 && matches!(arguments[at - 1].text.as_str(), "-c" | "--cmd" | "-S")
    };
    let commands: Vec<Argument> =
        (0..arguments.len()).filter(|at| is_command(*at)).map(|at| arguments[at].clone()).collect();
    parts(&commands, |text| {
        let of_function = || text.split_once("system(").map(|(_, code)| code.trim_start_matches(['\'', '"']));
        let script = text.split_once('!').map(|(_, script)| script).or_else(of_function)?;
        Some(script.trim_end_matches(['\'', '"', ')']).to_owned())
    })
}

/// What `expect -c` is told to spawn.
fn spawned(arguments: &[Argument]) -> Vec<Vec<Argument>> {
    let spawned = |text: &str| {
        let (_, rest) = text.split_once("spawn ")?;
        rest.split(['\n', ';']).next().map(str::to_owned)
    };
    parts(arguments, spawned)
}

/// What `tmux send-keys` and `screen -X stuff` type, as a script.
fn typed(arguments: &[Argument]) -> Vec<Vec<Argument>> {
    let begins = |word: &Argument| matches!(word.text.as_str(), "send-keys" | "send" | "stuff");
    let of = |(at, _): (usize, &Argument)| {
        let keys = arguments[at + 1..].iter().take_while(|key| key.text != ";");
        let mut typed = keys.clone().next()?.clone();
        let has_value = |option: &str| matches!(option, "-t" | "-N" | "-c");
        let mut text = String::new();
        let mut is_value = false;
        for key in keys {
            let key_text = key.text.as_str();
            match key_text {
                _ if is_value => is_value = false,
                "Enter" | "C-m" | "KPEnter" => text.push('\n'),
                "Space" => text.push(' '),
                option if option.starts_with('-') && text.is_empty() => is_value = has_value(option),
                key => text.push_str(key),
            }
            typed.certain &= key.certain;
        }
        typed.text = text.replace("\\n", "\n").replace('^', "").into();
        Some(vec![typed])
    };
    let begun = arguments.iter().enumerate().filter(|(_, word)| begins(word));
    let is_more = begun.clone().nth(TYPED).map(|_| vec![Argument::unknown()]);
    begun.take(TYPED).filter_map(of).chain(is_more).collect()
}

/// How many commands that type are read: what stands behind the first stands behind the others, too.
const TYPED: usize = 64;

/// What a service of a cloud runs on a machine: `--parameters commands=[…]`, `--scripts …`.
fn remote(arguments: &[Argument]) -> Vec<Vec<Argument>> {
    let runs = |word: &Argument| {
        matches!(word.text.as_str(), "--parameters" | "--scripts" | "--command" | "--exec-command")
    };
    let Some(at) = arguments.iter().position(runs) else { return Vec::new() };
    let own: Vec<Argument> =
        arguments[at + 1..].iter().take_while(|word| !word.text.starts_with("--")).cloned().collect();
    parts(&own, |text| {
        let list = ["commands=", "command="].iter().find_map(|name| text.strip_prefix(name)).unwrap_or(text);
        Some(list.trim_matches(['[', ']']).replace("\",\"", "\n").replace(['"'], ""))
    })
}
