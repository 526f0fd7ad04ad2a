//! Programs that are not known here and are given what looks like the call of a tool, as in `foo --bar kubectl apply`.
//!
//! Must not be taken for more than a hint: the words may be for anything.

use draft_tasks_analysis::calls::{Call, is_absolute, stem};

use super::tool::TOOLS;

/// Tools whose names are also words of their own.
const WORDS: [&str; 12] =
    ["argo", "chainsaw", "ct", "draft", "flux", "garden", "kn", "ko", "rancher", "stern", "tilt", "tk"];

/// Programs that run none of their arguments.
const QUIET: [&str; 120] = [
    ":",
    "[",
    "ack",
    "ag",
    "apk",
    "apt",
    "apt-get",
    "awk",
    "basename",
    "brew",
    "cargo",
    "cat",
    "cd",
    "chgrp",
    "chmod",
    "choco",
    "chown",
    "cmp",
    "code",
    "cp",
    "curl",
    "cut",
    "date",
    "diff",
    "dirname",
    "dnf",
    "du",
    "echo",
    "egrep",
    "emacs",
    "eslint",
    "export",
    "expr",
    "false",
    "fd",
    "fgrep",
    "file",
    "gawk",
    "gem",
    "gh",
    "git",
    "glab",
    "go",
    "grep",
    "gzip",
    "hash",
    "head",
    "hg",
    "info",
    "install",
    "jq",
    "kill",
    "killall",
    "less",
    "ln",
    "locate",
    "logger",
    "ls",
    "make",
    "man",
    "mawk",
    "mkdir",
    "mktemp",
    "more",
    "mv",
    "nano",
    "notify-send",
    "nvim",
    "pacman",
    "pgrep",
    "pip",
    "pkill",
    "popd",
    "prettier",
    "printf",
    "pushd",
    "pytest",
    "python",
    "read",
    "readlink",
    "realpath",
    "rg",
    "rm",
    "rmdir",
    "rsync",
    "say",
    "scoop",
    "scp",
    "sed",
    "seq",
    "set",
    "shellcheck",
    "sleep",
    "sort",
    "ssh-keygen",
    "stat",
    "svn",
    "tac",
    "tail",
    "tee",
    "test",
    "touch",
    "tr",
    "tree",
    "true",
    "type",
    "uniq",
    "unset",
    "vim",
    "wall",
    "wc",
    "wget",
    "whereis",
    "which",
    "winget",
    "yamllint",
    "yq",
    "yum",
    "zip",
    "zypper",
];

/// The command in an argument that is the value of an option, or behind one, of programs that run what stands there.
fn command_of<'c>(program: &str, before: &str, argument: &'c str) -> Option<&'c str> {
    let behind = |options: &[&str]| options.contains(&before).then_some(argument);
    match program {
        "ssh" | "scp" | "sftp" => {
            let (_, command) = argument.split_once("Command")?;
            Some(command.trim_start_matches(['=', ' ']))
        }
        "git" => behind(&["-c"]).and_then(|setting| Some(setting.split_once('=')?.1)),
        "rsync" => behind(&["-e", "--rsh", "--rsync-path"])
            .or_else(|| argument.strip_prefix("--rsh=").or_else(|| argument.strip_prefix("-e"))),
        "socat" => {
            argument.split_once(':').filter(|(kind, _)| is_run_by_socat(kind)).map(|(_, command)| command)
        }
        "start-stop-daemon" => {
            behind(&["-x", "--exec", "-a", "--startas"]).or_else(|| argument.strip_prefix("--exec="))
        }
        _ => None,
    }
}

fn is_run_by_socat(kind: &str) -> bool {
    ["EXEC", "SYSTEM", "SHELL"].iter().any(|it| kind.eq_ignore_ascii_case(it))
}

/// The first tool that a call runs because an option says so.
fn in_option(call: &Call) -> Option<String> {
    let before = std::iter::once("").chain(call.arguments());
    let mut commands =
        before.zip(call.arguments()).filter_map(|(before, it)| command_of(call.name(), before, it));
    commands.find_map(|command| {
        let name = stem(command.split_whitespace().next()?);
        TOOLS.contains(&name.as_str()).then(|| name.into())
    })
}

/// The first tool that a program runs by an option, or that one of which nothing is known is given with what looks like a
/// command for it.
pub(super) fn tool(call: &Call) -> Option<String> {
    let name = call.name();
    if let Some(tool) = in_option(call) {
        return Some(tool);
    }
    if call.is_understood() || QUIET.contains(&name) || TOOLS.contains(&name) || name.starts_with("kubectl-")
    {
        return None;
    }
    // A script may stand in one argument, also behind the name of an option.
    let words = || {
        let scripts = call.arguments().map(|argument| match argument.rsplit_once('=') {
            Some((_, value)) if argument.starts_with('-') => value,
            _ => argument,
        });
        scripts.flat_map(|script| script.split_whitespace().take(2))
    };
    let mut tools = words().zip(words().skip(1)).filter_map(|(program, command)| {
        let is_path = program.contains('/') && !is_absolute(program);
        let name = stem(program);
        let is_tool = TOOLS.contains(&name.as_str()) && !WORDS.contains(&name.as_str());
        let letters = |c: char| c.is_ascii_lowercase() || c == '-';
        let is_command =
            command.starts_with(|c: char| c.is_ascii_lowercase()) && command.chars().all(letters);
        (is_tool && !is_path && is_command).then(|| name.into())
    });
    tools.next()
}
