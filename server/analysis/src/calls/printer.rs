//! Programs that print assignments of variables for `eval`, of which none says which cluster is reached.
//!
//! Must not list what prints the variables of a file, of packages or of a user's choice: `KUBECONFIG` may be among them.

use super::{Argument, Call, Walk, is_absolute, wrapper};

/// A program that prints them.
struct Printer {
    names: &'static [&'static str],
    /// The commands or options with which it does; none where it always does.
    commands: &'static [&'static str],
}

const PRINTERS: [Printer; 13] = [
    Printer { names: &["minikube", "minishift", "crc"], commands: &["docker-env", "podman-env", "oc-env"] },
    Printer { names: &["docker-machine"], commands: &["env"] },
    Printer {
        names: &[
            "ssh-agent",
            "keychain",
            "dircolors",
            "lesspipe",
            "lesspipe.sh",
            "resize",
            "tset",
            "gpg-agent",
        ],
        commands: &[],
    },
    Printer { names: &["register-python-argcomplete"], commands: &[] },
    Printer { names: &["brew"], commands: &["shellenv"] },
    Printer { names: &["fnm"], commands: &["env"] },
    Printer { names: &["luarocks"], commands: &["path"] },
    // What they print defines functions, for the prompt and the PATH.
    Printer {
        names: &[
            "pyenv", "rbenv", "nodenv", "goenv", "jenv", "plenv", "phpenv", "frum", "starship", "zoxide",
        ],
        commands: &["init", "virtualenv-init"],
    },
    Printer { names: &["atuin", "mcfly", "oh-my-posh"], commands: &["init"] },
    // Its hook sets variables at the next prompt, which a script has not.
    Printer { names: &["direnv"], commands: &["hook"] },
    Printer { names: &["fzf"], commands: &["--bash", "--zsh", "--fish"] },
    Printer { names: &["thefuck", "hub"], commands: &["--alias", "-a", "alias"] },
    // Completions of a shell.
    Printer { names: &["pip", "gh", "kubectl", "helm"], commands: &["completion"] },
];

impl Walk<'_> {
    /// Whether what was called since then is one such program and nothing else.
    pub(super) fn prints_assignments(&self, since: usize) -> bool {
        let Some([call]) = self.calls.called.get(since..) else { return false };
        let Some(printer) = PRINTERS.iter().find(|printer| printer.names.contains(&call.name())) else {
            return false;
        };
        !self.functions.contains(call.program()) && is_installed(call) && printer.is_asked(call)
    }
}

/// Whether the program is not a file of the project that only has its name.
fn is_installed(call: &Call) -> bool {
    let is_known = call.line.program().is_some_and(|word| word.certain);
    is_known && (is_absolute(call.program()) || !call.program().contains(['/', '\\']))
}

impl Printer {
    fn is_asked(&self, call: &Call) -> bool {
        let arguments = call.line.arguments();
        let is_value = |at: usize| at > 0 && arguments[at - 1].text.starts_with('-');
        let is_known = |end: usize| (0..end).all(|at| arguments[at].certain || is_value(at));
        self.commands.is_empty() || wrapper::behind(arguments, self.commands, &[]).is_some_and(is_known)
    }
}

/// Whether arguments are such assignments and nothing else.
pub(super) fn are_assignments(arguments: &[Argument]) -> bool {
    matches!(arguments, [word] if word.assigns && word.text.is_empty())
}
