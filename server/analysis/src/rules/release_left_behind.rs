//! `release-left-behind`: a release that `pre-up` installs and no task of `cleanup` removes.
//!
//! Must not report it when a task of `cleanup` mentions the release in any way.

use foldhash::HashMap;
use text_size::TextRange;

use super::add_task::NewTasks;
use super::command::Command;
use super::helm::Helm;
use crate::analysis::Analysis;
use crate::diagnostic::{Diagnostic, DiagnosticCode};
use crate::edit::Fix;
use crate::phase::Phase;

/// The releases that `pre-up` installs, until the commands of `cleanup` are looked through, once for all of them.
#[derive(Default)]
pub(super) struct Releases(HashMap<String, Installed>);

/// How a release is installed.
struct Installed {
    /// Where, in the file.
    place: TextRange,
    /// The flag for its namespace as it is written.
    namespace: Option<String>,
}

impl Releases {
    /// Takes the release of a call that installs one, and forgets those that a call of `cleanup` is about: mostly that
    /// is all of them, and then the other commands need no look.
    pub(super) fn take(&mut self, command: &Command<'_>, helm: &Helm<'_>) {
        match command.phase {
            Phase::PreUp if helm.installs() => self.add(command, helm),
            Phase::Cleanup => {
                helm.arguments.iter().filter_map(|(_, it)| *it).for_each(|it| drop(self.0.remove(it)))
            }
            _ => {}
        }
    }

    fn add(&mut self, command: &Command<'_>, helm: &Helm<'_>) {
        let Some(release) = helm.release() else { return };
        let place = command.place(helm.range);
        let namespace = helm.flag(&["--namespace", "-n"]).map(|flag| command.text[flag.range].to_owned());
        self.0.entry(release.to_owned()).or_insert(Installed { place, namespace });
    }

    /// Reports those that no command of `cleanup` mentions.
    pub(super) fn report(mut self, analysis: &Analysis, fixes: bool, found: &mut Vec<Diagnostic>) {
        if self.0.is_empty() {
            return;
        }
        for (_, written) in analysis.file.commands_of(Phase::Cleanup) {
            let command = written.decode(&analysis.text);
            for word in command.as_bytes().split(|byte| !is_part_of_name(*byte)) {
                if let Ok(word) = std::str::from_utf8(word) {
                    self.0.remove(word);
                }
            }
            if self.0.is_empty() {
                return;
            }
        }
        let cleanup = fixes.then(|| NewTasks::of(analysis, Phase::Cleanup));
        found.extend(self.0.iter().map(|(release, installed)| installed.report(release, cleanup.as_ref())));
    }
}

impl Installed {
    /// `cleanup` is there where the fix is wanted, too.
    fn report(&self, release: &str, cleanup: Option<&NewTasks<'_>>) -> Diagnostic {
        let message = format!("no task of `cleanup` removes the release `{release}`");
        let mut diagnostic = Diagnostic::new(DiagnosticCode::ReleaseLeftBehind, self.place, message)
            .note("`draft delete` removes the application only");
        let Some(cleanup) = cleanup else {
            diagnostic.fixes_on_demand = true;
            return diagnostic;
        };
        let namespace = self.namespace.as_ref().map(|flag| format!(" {flag}")).unwrap_or_default();
        let removal = format!("helm uninstall {release}{namespace}");
        match cleanup.add(&format!("remove {release}"), &removal) {
            Some(edit) => {
                let title = format!("Add a task to `cleanup` that removes `{release}`");
                diagnostic.fix(Fix { title, edits: vec![edit], preferred: false })
            }
            None => diagnostic,
        }
    }
}

/// Characters of a release's name, and no others than one byte long.
fn is_part_of_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_')
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
            hint "helm install": no task of `cleanup` removes the release `db`: `draft delete` removes the application only
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
            hint "helm upgrade": no task of `cleanup` removes the release `db`: `draft delete` removes the application only
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
