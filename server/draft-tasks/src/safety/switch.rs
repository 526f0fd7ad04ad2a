//! Which options of the tools of clusters have no value, so that what stands behind one is an option of its own.
//!
//! Must not list what has a value with any of the tools: what it takes would count as a choice of the cluster.

use draft_tasks_analysis::calls::Call;

const SWITCHES: &str = " --all --all-containers --all-namespaces --atomic --cascade --cleanup-on-fail --client \
    --create-namespace --debug --delete-emptydir-data --dependency-update --devel --dry-run --follow --force \
    --force-conflicts --help --hide-notes --ignore-daemonsets --ignore-not-found --include-crds --install --keep-history \
    --list --local --minify --no-headers --no-hooks --now --overwrite --previous --prune --quiet --recursive --reset-values \
    --reuse-values --rm --save-config --server-side --short --show-labels --skip-crds --stdin --timestamps --tty --verify \
    --wait --wait-for-jobs --watch --watch-only ";

/// Short ones. What `-f` takes is a file, and none has the name of an option.
const LETTERS: &str = "ARfhiqtw";

/// Letters of options whose value may stand in the same word.
const WITH_VALUE: &str = "cklnopsv";

/// Whether the last of an option may be the value of the option in front of it.
pub(super) fn is_swallowed(call: &Call, name: &str) -> bool {
    call.before_option(name).is_some_and(takes_next)
}

/// Whether the first `--` may be the value of the option before it, and options behind it name a cluster.
pub(super) fn hides_end(call: &Call) -> bool {
    const NAMES: [&str; 6] = ["--context", "--kube", "--server", "--cluster", "-s", "--user"];
    let arguments: Vec<&str> = call.arguments().collect();
    let end = arguments.iter().position(|argument| *argument == "--").filter(|end| *end > 0);
    end.is_some_and(|end| {
        let names = |argument: &&str| NAMES.iter().any(|name| argument.starts_with(name));
        takes_next(arguments[end - 1]) && arguments[end + 1..].iter().any(names)
    })
}

/// Whether the server stands behind other letters of an option, as in `-ws https://…`.
pub(super) fn hide_server(call: &Call) -> bool {
    // Elsewhere these have a value.
    let follows = call.known().any(|argument| argument == "logs");
    let is_switch =
        |letter: char| LETTERS.contains(letter) && letter != 'f' || follows && matches!(letter, 'f' | 'p');
    let hides = |argument: &str| {
        let letters = argument.strip_prefix('-').unwrap_or_default();
        let behind = letters.trim_start_matches(is_switch);
        behind.len() < letters.len() && behind.starts_with('s')
    };
    let is_kubectl = matches!(call.name(), "kubectl" | "kubecolor" | "oc");
    is_kubectl && call.arguments().take_while(|argument| *argument != "--").any(hides)
}

/// Whether an argument is an option that may take the next one as its value.
fn takes_next(argument: &str) -> bool {
    let Some(short) = argument.strip_prefix('-').filter(|short| !short.is_empty()) else { return false };
    if short.starts_with('-') {
        return !argument.contains('=') && !SWITCHES.contains(&format!(" {argument} "));
    }
    let own = short.trim_start_matches(|letter| LETTERS.contains(letter));
    own.len() == 1 || !own.is_empty() && !own.starts_with(|letter| WITH_VALUE.contains(letter))
}
