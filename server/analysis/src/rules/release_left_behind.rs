//! `release-left-behind`: a release that `pre-up` installs and no task of `cleanup` removes.
//!
//! Must not report it when a task of `cleanup` mentions the release in any way.

use super::declaration::{Check, Rule};
use std::collections::HashMap;

use text_size::TextRange;

use super::add_task::NewTasks;
use super::command::Command;
use super::helm::Helm;
use crate::diagnostic::{Diagnostic, DiagnosticCode, Severity};
use crate::edit::Fix;
use crate::parsed::Parsed;
use crate::phase::Phase;

/// How a release is installed.
struct Installed {
    /// Where, in the file.
    place: TextRange,
    /// The flag for its namespace as it is written.
    namespace: Option<String>,
}

pub(super) const RULE: Rule = Rule {
    name: "release-left-behind",
    severity: Severity::Hint,
    needs_facts: false,
    page: include_str!("release_left_behind.md"),
    check: Check::Commands(check),
};

fn check(parsed: &Parsed, commands: &[Command<'_>], found: &mut Vec<Diagnostic>) {
    let mut releases: HashMap<String, Installed> = HashMap::new();
    for command in commands.iter().filter(|command| command.phase == Phase::PreUp) {
        if let Some((release, installed)) = installed_by(command) {
            releases.entry(release).or_insert(installed);
        }
    }
    // Tasks whose command is broken may be about a release, too.
    for (_, written) in parsed.file.commands_of(Phase::Cleanup) {
        if releases.is_empty() {
            return;
        }
        let command = written.decode(&parsed.text);
        for word in command.split(|character| !is_part_of_name(character)) {
            releases.remove(word);
        }
    }
    let cleanup = NewTasks::of(parsed, Phase::Cleanup);
    found.extend(releases.iter().map(|(release, installed)| report(release, installed, &cleanup)));
}

fn installed_by(command: &Command<'_>) -> Option<(String, Installed)> {
    let helm = Helm::of(command).filter(Helm::installs)?;
    let release = helm.release()?.to_owned();
    let namespace = helm.flag(&["--namespace", "-n"]).map(|flag| command.text()[flag.range].to_owned());
    Some((release, Installed { place: command.place(helm.range), namespace }))
}

fn report(release: &str, installed: &Installed, cleanup: &NewTasks<'_>) -> Diagnostic {
    let message = format!("no task of `cleanup` removes the release `{release}`");
    let diagnostic = Diagnostic::new(DiagnosticCode::ReleaseLeftBehind, installed.place, message)
        .note("add one; `draft delete` removes the application only");
    let namespace = installed.namespace.as_ref().map(|flag| format!(" {flag}")).unwrap_or_default();
    let removal = format!("helm uninstall {release}{namespace}");
    match cleanup.add(&format!("remove {release}"), &removal) {
        Some(edit) => {
            let title = format!("Add a task to `cleanup` that removes `{release}`");
            diagnostic.fix(Fix { title, edits: vec![edit], preferred: false })
        }
        None => diagnostic,
    }
}

/// Characters of a release's name.
fn is_part_of_name(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '-' | '.' | '_')
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::rules::testing;

    #[test]
    fn a_task_is_added() {
        let text = "[pre-up]\na = \"helm install db charts/db -n shop\"";
        testing::check(
            DiagnosticCode::ReleaseLeftBehind,
            text,
            expect![[r#"
                hint "helm install": no task of `cleanup` removes the release `db`: add one; `draft delete` removes the application only
                  fix: Add a task to `cleanup` that removes `db`
                    [pre-up]
                    a = "helm install db charts/db -n shop"

                    [cleanup]
                    "remove db" = "helm uninstall db -n shop"
            "#]],
        );
        let text = "[pre-up]\na = \"helm upgrade --install db charts/db\"\n[cleanup]\n\"remove db\" = \"helm uninstall db-2\" # x\n";
        testing::check(
            DiagnosticCode::ReleaseLeftBehind,
            text,
            expect![[r#"
                hint "helm upgrade": no task of `cleanup` removes the release `db`: add one; `draft delete` removes the application only
                  fix: Add a task to `cleanup` that removes `db`
                    [pre-up]
                    a = "helm upgrade --install db charts/db"
                    [cleanup]
                    "remove db" = "helm uninstall db-2" # x
                    "remove db 2" = "helm uninstall db"
            "#]],
        );
    }

    #[test]
    fn what_is_removed_or_not_known_is_left_alone() {
        let text = "[pre-up]\na = \"helm install db charts/db\"\nb = \"helm install $X charts/db\"\nc = \"helm upgrade x charts/x\"\nd = \"helm install mysql --name it\"\n[cleanup]\ne = \"sh -c 'helm uninstall db it'\"\n[post-up]\nf = \"helm install g charts/g\"\n";
        testing::check(DiagnosticCode::ReleaseLeftBehind, text, expect![[""]]);
    }
}
