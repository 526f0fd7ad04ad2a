//! Programs that run other programs: which of their arguments are those.
//!
//! Must not read scripts.

use super::{Argument, Walk};

/// A program that runs the one behind its options.
pub(super) struct Wrapper {
    pub(super) names: &'static [&'static str],
    /// Its options of one letter that have a value.
    letters: &'static str,
    /// Its long options that have a value.
    words: &'static [&'static str],
    /// How many arguments stand between the options and the program.
    operands: usize,
    /// With one of these options of one letter it runs nothing.
    idle: &'static str,
}

const PLAIN: Wrapper = Wrapper { names: &[], letters: "", words: &[], operands: 0, idle: "" };

const WRAPPERS: [Wrapper; 26] = [
    Wrapper {
        names: &[
            "nohup",
            "setsid",
            "builtin",
            "busybox",
            "toybox",
            "chronic",
            "unbuffer",
            "fakeroot",
            "torsocks",
            "caffeinate",
            "winpty",
            "dumb-init",
            "coproc",
            "shell",
        ],
        ..PLAIN
    },
    Wrapper {
        names: &["env"],
        letters: "uCSa",
        words: &["unset", "chdir", "split-string", "argv0"],
        ..PLAIN
    },
    Wrapper {
        names: &["sudo"],
        letters: "ughpCrtTUDRa",
        words: &[
            "user",
            "group",
            "host",
            "prompt",
            "close-from",
            "role",
            "type",
            "command-timeout",
            "other-user",
            "chdir",
            "chroot",
            "auth-type",
            "login-class",
        ],
        ..PLAIN
    },
    Wrapper { names: &["doas"], letters: "uCa", ..PLAIN },
    Wrapper {
        names: &["timeout", "gtimeout"],
        letters: "ks",
        words: &["kill-after", "signal"],
        operands: 1,
        ..PLAIN
    },
    Wrapper { names: &["nice"], letters: "n", words: &["adjustment"], ..PLAIN },
    Wrapper { names: &["ionice"], letters: "cnpPu", words: &["class", "classdata"], ..PLAIN },
    Wrapper { names: &["stdbuf", "gstdbuf"], letters: "ioe", words: &["input", "output", "error"], ..PLAIN },
    Wrapper { names: &["time", "gtime"], letters: "fo", words: &["format", "output"], ..PLAIN },
    Wrapper { names: &["exec"], letters: "a", ..PLAIN },
    Wrapper { names: &["command"], idle: "vV", ..PLAIN },
    Wrapper {
        names: &["xargs", "gxargs"],
        letters: "IELnPsdaJRS",
        words: &["arg-file", "delimiter", "max-args", "max-procs", "max-chars", "process-slot-var"],
        ..PLAIN
    },
    Wrapper { names: &["chroot"], words: &["userspec", "groups"], operands: 1, ..PLAIN },
    Wrapper {
        names: &["flock"],
        letters: "wE",
        words: &["timeout", "conflict-exit-code"],
        operands: 1,
        ..PLAIN
    },
    Wrapper { names: &["taskset"], operands: 1, ..PLAIN },
    Wrapper { names: &["chrt"], letters: "TPD", operands: 1, ..PLAIN },
    Wrapper { names: &["runuser"], letters: "ugGw", words: &["user", "group", "supp-group"], ..PLAIN },
    Wrapper { names: &["pkexec"], words: &["user"], ..PLAIN },
    Wrapper { names: &["gosu", "su-exec", "faketime"], operands: 1, ..PLAIN },
    Wrapper { names: &["proxychains", "proxychains4"], letters: "f", ..PLAIN },
    Wrapper { names: &["watch"], letters: "nq", words: &["interval", "equexit"], ..PLAIN },
    Wrapper {
        names: &["parallel"],
        letters: "jPaCdEILlnNsS",
        words: &[
            "jobs",
            "max-procs",
            "arg-file",
            "colsep",
            "delay",
            "timeout",
            "retries",
            "joblog",
            "max-args",
        ],
        ..PLAIN
    },
    Wrapper { names: &["tini"], letters: "pe", ..PLAIN },
    Wrapper { names: &["setarch"], operands: 1, ..PLAIN },
    Wrapper { names: &["ssh"], letters: "BbcDEeFIiJLlmOopPQRSWw", operands: 1, ..PLAIN },
    Wrapper {
        names: &["numactl"],
        letters: "NmCp",
        words: &["cpunodebind", "membind", "physcpubind"],
        ..PLAIN
    },
];

/// Programs of which any argument may be a program, and after which of their own words.
const RUNNERS: [(&[&str], &[&str]); 9] = [
    (&["docker", "podman", "nerdctl", "lxc"], &["run", "exec"]),
    (&["bundle", "asdf", "direnv", "aws-vault", "chamber", "npm", "pnpm", "yarn"], &["exec", "x", "dlx"]),
    (
        &["poetry", "pipenv", "uv", "pdm", "hatch", "rye", "conda", "pipx", "op", "doppler", "infisical"],
        &["run"],
    ),
    (&["teller", "dotenvx", "devbox", "toolbox", "snap", "flatpak", "dagger"], &["run"]),
    (&["mise", "rtx"], &["exec", "x"]),
    (&["nix"], &["run", "shell", "develop"]),
    (&["sops"], &["exec-env", "exec-file"]),
    (&["tsh", "rancher", "k3s", "minikube", "microk8s"], &["kubectl", "helm", "helm3"]),
    (
        &[
            "npx",
            "bunx",
            "uvx",
            "dotenv",
            "envchain",
            "summon",
            "wsl",
            "systemd-run",
            "bwrap",
            "firejail",
            "nsenter",
            "unshare",
            "strace",
            "ltrace",
            "valgrind",
            "prlimit",
            "setpriv",
            "xvfb-run",
            "dbus-run-session",
            "start-stop-daemon",
            "entr",
            "watchexec",
            "retry",
            "hyperfine",
            "concurrently",
        ],
        &[],
    ),
];

impl Wrapper {
    pub(super) fn of(name: &str) -> Option<&'static Wrapper> {
        WRAPPERS.iter().find(|wrapper| wrapper.names.contains(&name))
    }

    /// Which argument is the program that is run, behind the last one where none is named; nothing where it runs none.
    pub(super) fn inner(&self, walk: &mut Walk<'_>, arguments: &[Argument]) -> Option<usize> {
        for script in inner_scripts(self.names[0], arguments) {
            walk.script_of(&script);
        }
        let mut at = 0;
        while let Some(word) = arguments.get(at) {
            match word.text.as_str() {
                "--" => at += 1,
                text if is_assignment(text) => {
                    walk.assign_word(word);
                    at += 1;
                }
                text if text.starts_with('-') => {
                    if self.is_idle(text) {
                        return None;
                    }
                    at += 1 + usize::from(self.takes_next(text));
                }
                _ => break,
            }
        }
        let operands = arguments.get(at..).unwrap_or_default();
        if operands.iter().take(self.operands).any(|operand| !operand.certain) {
            walk.unclear("an argument of a wrapper in it is known only when it runs");
        }
        Some((at + self.operands).min(arguments.len()))
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
        "sudo" | "doas" | "su" | "runuser" | "pkexec" | "gosu" | "run0" | "gsudo" | "pfexec" | "chroot" => {
            "with another environment"
        }
        "env" if has(drops_environment) || drops_kubeconfig(options) => "with another environment",
        "docker" | "docker-compose" | "podman" | "podman-compose" | "nerdctl" | "lxc" | "toolbox"
        | "flatpak" => "in a container",
        _ => return None,
    };
    Some(format!("`{name}` runs it {why}"))
}

fn keeps_environment(option: &str) -> bool {
    let is_short = option.starts_with('-') && !option.starts_with("--");
    let of_names = option.strip_prefix("--preserve-env=");
    is_short && option.contains('E')
        || option == "--preserve-env"
        || of_names.is_some_and(|names| names.split(',').any(|name| name == "KUBECONFIG"))
}

fn drops_environment(option: &str) -> bool {
    let is_short = option.starts_with('-') && !option.starts_with("--");
    option == "-"
        || is_short && option.contains('i')
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
    let inner = |c: char| c.is_ascii_alphanumeric() || c == '_';
    !name.is_empty() && name.chars().all(inner) && !name.starts_with(|c: char| c.is_ascii_digit())
}

pub(super) fn is_shell(name: &str) -> bool {
    matches!(
        name,
        "sh" | "bash"
            | "dash"
            | "ash"
            | "zsh"
            | "ksh"
            | "mksh"
            | "yash"
            | "rbash"
            | "fish"
            | "csh"
            | "tcsh"
            | "posh"
    )
}

/// What the options of a shell say.
#[derive(Debug, Default)]
pub(super) struct ShellOptions {
    /// The first argument that is no option.
    pub(super) end: usize,
    /// Whether that is a script rather than a file.
    pub(super) is_script: bool,
    /// Whether the script is its input.
    pub(super) reads_input: bool,
}

impl ShellOptions {
    pub(super) fn read(arguments: &[Argument]) -> ShellOptions {
        let mut options = ShellOptions::default();
        while let Some(word) = arguments.get(options.end).filter(|word| word.text.starts_with(['-', '+'])) {
            let text = word.text.as_str();
            options.end += 1;
            match text {
                "--" | "-" => break,
                "--rcfile" | "--init-file" => options.end += 1,
                "--command" => options.is_script = true,
                text if text.starts_with("--") => {}
                text => {
                    options.is_script |= text.starts_with('-') && text.contains('c');
                    options.reads_input |= text.starts_with('-') && text.contains('s');
                    options.end += text.matches(['o', 'O']).count();
                }
            }
        }
        options
    }
}

/// The arguments of a program that are scripts of a shell.
pub(super) fn inner_scripts(name: &str, arguments: &[Argument]) -> Vec<Vec<Argument>> {
    let behind = |options: &[&str]| {
        let at = arguments
            .iter()
            .position(|word| options.iter().any(|option| word.text.eq_ignore_ascii_case(option)));
        at.map(|at| arguments[at + 1..].to_vec()).unwrap_or_default()
    };
    match name {
        "su" | "runuser" | "script" | "flock" | "sg" => scripts_of_option(arguments, "command", 'c'),
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
        let value = |text: &str| vec![Argument { text: text.to_owned(), ..argument.clone() }];
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
    let read = |word: Argument| Argument { text: word.text.replace('\\', "/").replace('^', ""), ..word };
    words.into_iter().map(read).collect()
}

/// The arguments of a program that may be programs.
pub(super) fn inner_programs(name: &str, arguments: &[Argument]) -> Vec<usize> {
    let Some((_, own)) = RUNNERS.iter().find(|(names, _)| names.contains(&name)) else { return Vec::new() };
    let begin = if own.is_empty() {
        Some(0)
    } else {
        arguments.iter().position(|word| own.contains(&word.text.as_str())).map(|at| at + 1)
    };
    // The words of `tsh kubectl` are the program itself.
    let begin = begin.map(|at| if own.contains(&"kubectl") { at - 1 } else { at });
    let Some(begin) = begin else { return Vec::new() };
    (begin..arguments.len()).filter(|at| !arguments[*at].text.starts_with('-')).collect()
}
