//! Which script of which `package.json` npm and its kind run.
//!
//! Must not read files: a script is named, with where it may stand.

use super::beside::Beside;
use super::{Argument, Walk, last_option};
use crate::project_files::NPM_DIRECTORY;

/// The options that have packages of the workspace behind them. `-w` of pnpm has nothing behind it; what follows it is
/// then taken for a package, and the script is still the last word.
const SOME_PACKAGES: [&str; 4] = ["-w", "--workspace", "--filter", "-F"];

/// The options that mean all packages of the workspace.
const ALL_PACKAGES: [&str; 4] = ["-ws", "--workspaces", "-r", "--recursive"];

impl Walk<'_> {
    pub(super) fn npm(&mut self, program: &str, arguments: &[Argument]) {
        let has_value = |option: &str| NPM_DIRECTORY.contains(&option) || SOME_PACKAGES.contains(&option);
        let is_value = |at: usize| at > 0 && has_value(&arguments[at - 1].text);
        let own =
            arguments.iter().enumerate().filter(|(at, word)| !word.text.starts_with('-') && !is_value(*at));
        let words: Vec<&str> = own.map(|(_, word)| word.text.as_str()).collect();
        let (words, is_of_yarn) = match words.as_slice() {
            ["workspace", _, words @ ..]
            | ["workspaces", "foreach", words @ ..]
            | ["workspaces", words @ ..] => (words, true),
            words => (words, false),
        };
        let script = match words {
            ["run" | "run-script" | "rum" | "urn", script, ..] => script,
            ["i" | "ci" | "add" | "install-test" | "it", ..] => "install",
            ["t" | "tst", ..] => "test",
            [script, ..] => script,
            [] => return,
        };
        let of_option = |name: &&str| last_option(arguments, name).flatten();
        let directory = NPM_DIRECTORY.iter().find_map(of_option).unwrap_or_default();
        let in_workspace = is_of_yarn
            || matches!(program, "lerna" | "turbo")
            || SOME_PACKAGES.iter().any(|name| last_option(arguments, name).is_some())
            || arguments.iter().any(|word| ALL_PACKAGES.contains(&word.text.as_str()));
        self.script_of_package(directory, script, in_workspace);
    }

    /// A script of the nearest `package.json`.
    pub(super) fn npm_script(&mut self, script: &str) {
        self.script_of_package("", script, false);
    }

    fn script_of_package(&mut self, directory: &str, script: &str, in_workspace: bool) {
        let directory =
            if directory.is_empty() { self.directory.path.clone() } else { self.directory.join(directory) };
        self.stands_beside(Beside::Npm { directory, script: script.to_owned(), in_workspace });
    }
}
