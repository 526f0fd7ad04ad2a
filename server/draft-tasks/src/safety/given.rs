//! Programs that are not known here and are given what looks like the call of a tool, as in `foo --bar kubectl apply`.
//!
//! Must not be taken for more than a hint: the words may be for anything.

use draft_tasks_analysis::calls::{Call, Calls, is_absolute, mentions, stem};

use super::choice::{self, Lookup};
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

/// Options, variables and commands that choose a cluster, as they stand in any text.
const CHOICES: [&str; 10] = [
    "--context",
    "--kube",
    "--server",
    "--cluster",
    "-s http",
    "-shttp",
    "KUBECONFIG",
    "HELM_KUBE",
    "use-context",
    "kubectx",
];

/// Why a command that is not understood may reach any cluster: it names something that chooses one.
pub(super) fn chosen(command: &str) -> Option<String> {
    let choice = CHOICES.iter().find(|choice| command.contains(**choice))?;
    Some(format!("`{choice}` in it may choose it"))
}

/// Why programs that are known only when they run may reach any cluster, if they are tools.
pub(super) fn chosen_of_unknown(calls: &Calls, lookup: Lookup<'_>) -> Option<String> {
    let unsettled = calls.of_unknown.first().and_then(|_| choice::unsettled(calls, lookup));
    unsettled.or_else(|| calls.of_unknown.iter().find_map(chosen_by))
}

/// Why one may by what is known of its call.
pub(super) fn chosen_by(call: &Call) -> Option<String> {
    let words: Vec<&str> = call.arguments().collect();
    let is_address = |word: &str| word.contains(':') && word.contains('.');
    let names_server = || words.windows(2).any(|pair| pair[0] == "-s" && is_address(pair[1]));
    let named = || names_server().then(|| "`-s` in it may choose it".to_owned());
    chosen(&words.join(" ")).or_else(named).or_else(|| choice::hidden(call))
}

fn is_run_by_socat(kind: &str) -> bool {
    ["EXEC", "SYSTEM", "SHELL"].iter().any(|it| kind.eq_ignore_ascii_case(it))
}

/// What a call runs because an option says so.
fn in_option(call: &Call) -> Option<Vec<String>> {
    let before = std::iter::once("").chain(call.arguments());
    let mut commands =
        before.zip(call.arguments()).filter_map(|(before, it)| command_of(call.name(), before, it));
    commands.find_map(|command| {
        let words: Vec<String> = command.split_whitespace().map(str::to_owned).collect();
        TOOLS.contains(&&*stem(words.first()?)).then_some(words)
    })
}

/// What looks like the call of a tool: that which a program runs by an option, or which one of which nothing is known is
/// given.
pub(super) fn words(call: &Call) -> Option<Vec<String>> {
    let name = call.name();
    if let Some(words) = in_option(call) {
        return Some(words);
    }
    if call.is_understood() || QUIET.contains(&name) || TOOLS.contains(&name) || name.starts_with("kubectl-")
    {
        return None;
    }
    let arguments: Vec<&str> = call.arguments().collect();
    let all = (0..arguments.len()).filter(|at| !arguments[*at].starts_with('-'));
    let spread = all.map(|at| arguments[at..].iter().map(|word| (*word).to_owned()).collect());
    if let Some(words) = in_code(&arguments) {
        return Some(words);
    }
    // A script may stand in one argument, also behind the name of an option.
    let scripts = arguments.iter().map(|argument| match argument.rsplit_once('=') {
        Some((_, value)) if argument.starts_with('-') && !value.starts_with(' ') => value,
        _ => argument,
    });
    let own = scripts.map(|script| script.split_whitespace().map(str::to_owned).collect());
    spread.chain(own).find(|words: &Vec<String>| is_call(words))
}

/// Options behind which many programs are given code.
const CODE: [&str; 14] = [
    "-e",
    "-c",
    "-E",
    "-x",
    "-r",
    "-p",
    "--eval",
    "-eval",
    "--exec",
    "--execute",
    "--command",
    "--cmd",
    "--bind",
    "--preview",
];

/// A tool in code that an option gives.
fn in_code(arguments: &[&str]) -> Option<Vec<String>> {
    let code = |at: usize| match arguments[at].split_once('=') {
        Some((option, code)) if CODE.contains(&option) => Some(code),
        _ => arguments.get(at + 1).copied().filter(|_| CODE.contains(&arguments[at])),
    };
    let all = (0..arguments.len()).filter_map(code).filter(|code| code.contains(char::is_whitespace));
    let mut named = all.flat_map(|code| mentions(code, &TOOLS));
    named.find(|words| words.first().is_some_and(|name| !WORDS.contains(&&*stem(name))))
}

/// Whether words are a tool with a command or an option, and no file of that name.
fn is_call(words: &[String]) -> bool {
    let [program, command, ..] = words else { return false };
    let is_path = program.contains('/') && !is_absolute(program);
    let name = stem(program);
    let is_tool = TOOLS.contains(&name.as_str()) && !WORDS.contains(&name.as_str());
    let letters = |c: char| c.is_ascii_lowercase() || c == '-';
    let is_word = |command: &str| command.starts_with(|c: char| c.is_ascii_lowercase());
    let is_option = command.strip_prefix('-').is_some_and(|option| is_word(option.trim_start_matches('-')));
    is_tool && !is_path && (is_option || is_word(command) && command.chars().all(letters))
}
