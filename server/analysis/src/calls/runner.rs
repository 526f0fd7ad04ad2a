//! Programs with options of which not all are known here, and that run one of their arguments.
//!
//! Must not miss a program: what may be the value of an option may be the program, too.

use super::wrapper::{Inner, behind};
use super::{Argument, is_absolute};

/// Programs that run one of their arguments.
struct Runner {
    names: &'static [&'static str],
    /// The words of their own behind one of which that stands, where they have such words.
    own: &'static [&'static str],
    /// How many arguments stand between the options and the program.
    operands: usize,
}

const RUNNERS: [Runner; 15] = [
    Runner {
        names: &["bundle", "asdf", "npm", "pnpm", "yarn", "bun"],
        own: &["exec", "x", "dlx"],
        operands: 0,
    },
    Runner { names: &["direnv", "aws-vault", "aws-okta", "chamber"], own: &["exec"], operands: 1 },
    Runner {
        names: &[
            "poetry",
            "pipenv",
            "uv",
            "pdm",
            "hatch",
            "rye",
            "conda",
            "pipx",
            "op",
            "doppler",
            "infisical",
            "teller",
            "dotenvx",
            "devbox",
            "toolbox",
            "snap",
            "flatpak",
            "dagger",
            "pixi",
            "proto",
            "honcho",
            "overmind",
        ],
        own: &["run"],
        operands: 0,
    },
    Runner { names: &["mise", "rtx", "aqua"], own: &["exec", "x"], operands: 0 },
    Runner { names: &["saml2aws"], own: &["exec"], operands: 0 },
    Runner { names: &["guix"], own: &["shell", "environment"], operands: 0 },
    Runner { names: &["nix"], own: &["run"], operands: 0 },
    Runner { names: &["sops"], own: &["exec-env", "exec-file"], operands: 1 },
    Runner { names: &["gdb"], own: &["--args"], operands: 0 },
    Runner { names: &["envchain"], own: &[], operands: 1 },
    // Behind an option, which may be a switch, stands a socket or a name.
    Runner { names: &["dtach", "abduco"], own: &[], operands: 0 },
    Runner { names: &["zellij", "go"], own: &["run"], operands: 0 },
    // `ip netns exec NAME`.
    Runner { names: &["ip"], own: &["netns"], operands: 2 },
    // Elsewhere than on Linux the program stands behind the file.
    Runner { names: &["script"], own: &[], operands: 1 },
    Runner {
        names: &[
            "npx",
            "bunx",
            "uvx",
            "dotenv",
            "summon",
            "wsl",
            "bwrap",
            "firejail",
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
            "ssh-agent",
            "dockerize",
            "wait-for-it",
            "wait-for-it.sh",
            "wait-for",
            "pkgx",
            "viddy",
            "cgexec",
            "rlwrap",
            "daemonize",
            "runcon",
            "choom",
        ],
        own: &[],
        operands: 0,
    },
];

/// The tools that others bring with them: the words of `tsh kubectl` are the program itself.
const BRINGERS: [&str; 6] = ["tsh", "rancher", "k3s", "k0s", "minikube", "microk8s"];

pub(super) fn is_runner(name: &str) -> bool {
    BRINGERS.contains(&name) || RUNNERS.iter().any(|runner| runner.names.contains(&name))
}

/// The arguments of a program that may be the one that it runs.
pub(super) fn programs(name: &str, arguments: &[Argument]) -> Vec<Inner> {
    if BRINGERS.contains(&name) {
        let tool =
            arguments.iter().position(|word| matches!(word.text.as_str(), "kubectl" | "helm" | "helm3"));
        return tool.into_iter().map(certain).collect();
    }
    if name == "nix" && behind(arguments, &["shell", "develop"], &[]).is_some() {
        let command = arguments.iter().position(|word| matches!(word.text.as_str(), "-c" | "--command"));
        return command
            .map(|at| at + 1)
            .filter(|at| *at < arguments.len())
            .map(certain)
            .into_iter()
            .collect();
    }
    let Some(runner) = RUNNERS.iter().find(|runner| runner.names.contains(&name)) else {
        return Vec::new();
    };
    let begin = if runner.own.is_empty() { Some(0) } else { behind(arguments, runner.own, &[]) };
    let Some(begin) = begin else { return Vec::new() };
    // Its options have up to two paths as values.
    let is_value = |word: &Argument| name == "bwrap" && is_absolute(&word.text);
    let mut found = candidates(arguments, begin, runner.operands, is_value);
    // Behind these stands the program, whatever was in front of them.
    let behind_end = arguments.iter().skip(begin).position(|word| word.text == "--").map(|at| begin + at + 1);
    let last = found.last().map(|inner| inner.at);
    found.extend(behind_end.filter(|at| *at < arguments.len() && last != Some(*at)).map(certain));
    if matches!(name, "concurrently" | "hyperfine") {
        let others = last.map_or(begin, |at| at + 1)..arguments.len();
        found.extend(others.filter(|at| is_script(&arguments[*at])).map(certain));
    }
    found
}

fn certain(at: usize) -> Inner {
    Inner { at, is_doubtful: false }
}

/// Whether an argument is a whole script.
pub(super) fn is_script(word: &Argument) -> bool {
    word.text.contains(char::is_whitespace)
}

/// The program behind options, and what may be values of these.
fn candidates(
    arguments: &[Argument],
    begin: usize,
    mut operands: usize,
    is_value: impl Fn(&Argument) -> bool,
) -> Vec<Inner> {
    let mut found = Vec::new();
    let mut may_be_value = false;
    for (at, word) in arguments.iter().enumerate().skip(begin) {
        let text = word.text.as_str();
        if is_value(word) {
            continue;
        }
        if text.starts_with('-') {
            may_be_value = !text.contains('=') && text != "--";
            continue;
        }
        let is_path = text.contains('/') && !is_absolute(text);
        if !(may_be_value && (is_path || !word.certain)) {
            found.push(Inner { at, is_doubtful: may_be_value });
        }
        if !may_be_value {
            if operands == 0 {
                break;
            }
            operands -= 1;
        }
        may_be_value = false;
    }
    found
}
