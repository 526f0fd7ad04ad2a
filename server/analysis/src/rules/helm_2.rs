//! `helm-2`: a call of Helm in the words of its second version, which the third rejects or calls otherwise.
//!
//! Must not report `-n`, which is the name in one version and the namespace in the other.

use super::declaration::{Check, Rule};
use text_size::TextRange;

use super::command::Command;
use super::helm::{Flag, Helm};
use crate::diagnostic::{Diagnostic, DiagnosticCode, Severity};
use crate::edit::{self, TextEdit};

pub(super) const RULE: Rule = Rule {
    name: "helm-2",
    severity: Severity::Information,
    needs_facts: false,
    page: include_str!("helm_2.md"),
    check: Check::Command(check),
};

fn check(command: &Command<'_>, found: &mut Vec<Diagnostic>) {
    let Some(helm) = Helm::of(command) else { return };
    let Some((range, message, note)) = first(&helm) else { return };
    let mut diagnostic = command.finding(DiagnosticCode::Helm2, range, message).note(note);
    if matches!(helm.verb, "delete" | "del") && helm.flag(&["--purge"]).is_none() {
        diagnostic.severity = Severity::Hint;
    }
    if let Some(fixed) = in_helm_3(command, &helm) {
        let title = format!("Write it for Helm 3: `{}`", shortened(&fixed));
        diagnostic = diagnostic.fix(command.rewrite(title, &fixed));
    }
    found.push(diagnostic);
}

/// The first thing that Helm 3 rejects or calls otherwise.
fn first(helm: &Helm<'_>) -> Option<(TextRange, String, String)> {
    let flag = |flag: &Flag<'_>, note: &str| {
        Some((flag.range, format!("Helm 3 has no `{}`", flag.name), note.to_owned()))
    };
    match helm.verb {
        "install" => {
            if let Some(name) = helm.flag(&["--name"]) {
                return flag(name, "the name stands before the chart");
            }
            let named = helm.flag(&["--generate-name", "-g", "--name-template", "--help"]).is_some();
            if helm.arguments.len() == 1 && !named && helm.flag(&["-n"]).is_none() {
                let message = "Helm 3 wants a name for the release".to_owned();
                return Some((helm.verb_range, message, "or `--generate-name`".into()));
            }
        }
        "delete" | "del" => {
            if let Some(purge) = helm.flag(&["--purge"]) {
                return flag(purge, "`helm uninstall` removes everything");
            }
            let message = format!("`helm {}` is `helm uninstall` since Helm 3", helm.verb);
            return Some((helm.verb_range, message, "the old word still works".into()));
        }
        "init" | "reset" | "serve" | "home" => {
            let message = format!("Helm 3 has no `helm {}`", helm.verb);
            return Some((helm.verb_range, message, "it needs nothing in the cluster".into()));
        }
        _ => {}
    }
    if let Some(tiller) = helm.flag(&["--tiller-namespace", "--tls"]) {
        return flag(tiller, "there is no Tiller to reach");
    }
    let seconds = seconds(helm)?;
    let message = "Helm 3 wants a unit for the time".to_owned();
    Some((seconds.value_range, message, "such as `300s`".into()))
}

/// `--timeout 300`, which means seconds in Helm 2 only.
fn seconds<'h, 'c>(helm: &'h Helm<'c>) -> Option<&'h Flag<'c>> {
    let flag = helm.flag(&["--timeout"])?;
    let value = flag.value.flatten()?;
    let bare = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
    bare.then_some(flag)
}

/// The command as Helm 3 wants it.
fn in_helm_3(command: &Command<'_>, helm: &Helm<'_>) -> Option<String> {
    let mut edits = Vec::new();
    let remove = |range: TextRange| TextEdit::delete(TextRange::new(range.start() - one(), range.end()));
    match helm.verb {
        "delete" | "del" => edits.push(TextEdit::replace(helm.verb_range, "uninstall")),
        "install" => match (helm.flag(&["--name"]), helm.arguments.first()) {
            (Some(name), Some((chart, _))) if name.value.is_some() && helm.arguments.len() == 1 => {
                edits.push(remove(name.range));
                edits
                    .push(TextEdit::insert(chart.start(), format!("{} ", &command.text()[name.value_range])));
            }
            (Some(_), _) => return None,
            (None, Some(_)) if helm.arguments.len() == 1 => {
                edits.push(TextEdit::insert(helm.verb_range.end(), " --generate-name"));
            }
            _ => {}
        },
        "init" | "reset" | "serve" | "home" => return None,
        _ => {}
    }
    let gone = ["--purge", "--tiller-namespace", "--tls"];
    edits.extend(helm.flags.iter().filter(|flag| gone.contains(&flag.name)).map(|flag| remove(flag.range)));
    edits.extend(seconds(helm).map(|flag| TextEdit::insert(flag.value_range.end(), "s")));
    Some(edit::apply(command.text(), &edits))
}

fn one() -> text_size::TextSize {
    text_size::TextSize::new(1)
}

/// The begin of a long command.
fn shortened(command: &str) -> String {
    match command.char_indices().nth(60) {
        Some((end, _)) => format!("{}…", &command[..end]),
        None => command.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::rules::testing;

    #[test]
    fn installs() {
        let text = "[pre-up]\na = \"helm install mysql --name mysql-service\"\nb = \"helm install --name=db --wait --timeout 300 charts/db\"\nc = \"helm install charts/db\"\nd = \"helm install --name $NAME charts/db\"\n";
        testing::check(
            DiagnosticCode::Helm2,
            text,
            expect![[r#"
                info "--name mysql-service": Helm 3 has no `--name`: the name stands before the chart
                  fix: Write it for Helm 3: `helm install mysql-service mysql`
                    [pre-up]
                    a = "helm install mysql-service mysql"
                    b = "helm install --name=db --wait --timeout 300 charts/db"
                    c = "helm install charts/db"
                    d = "helm install --name $NAME charts/db"
                info "--name=db": Helm 3 has no `--name`: the name stands before the chart
                  fix: Write it for Helm 3: `helm install --wait --timeout 300s db charts/db`
                    [pre-up]
                    a = "helm install mysql --name mysql-service"
                    b = "helm install --wait --timeout 300s db charts/db"
                    c = "helm install charts/db"
                    d = "helm install --name $NAME charts/db"
                info "install": Helm 3 wants a name for the release: or `--generate-name`
                  fix: Write it for Helm 3: `helm install --generate-name charts/db`
                    [pre-up]
                    a = "helm install mysql --name mysql-service"
                    b = "helm install --name=db --wait --timeout 300 charts/db"
                    c = "helm install --generate-name charts/db"
                    d = "helm install --name $NAME charts/db"
                info "--name $NAME": Helm 3 has no `--name`: the name stands before the chart
                  fix: Write it for Helm 3: `helm install $NAME charts/db`
                    [pre-up]
                    a = "helm install mysql --name mysql-service"
                    b = "helm install --name=db --wait --timeout 300 charts/db"
                    c = "helm install charts/db"
                    d = "helm install $NAME charts/db"
            "#]],
        );
    }

    #[test]
    fn deletes_and_the_rest() {
        let text = "[cleanup]\na = \"helm delete mysql-service --purge\"\nb = \"helm delete db\"\nc = \"helm init\"\nd = \"helm ls --tls\"\n";
        testing::check(
            DiagnosticCode::Helm2,
            text,
            expect![[r#"
                info "--purge": Helm 3 has no `--purge`: `helm uninstall` removes everything
                  fix: Write it for Helm 3: `helm uninstall mysql-service`
                    [cleanup]
                    a = "helm uninstall mysql-service"
                    b = "helm delete db"
                    c = "helm init"
                    d = "helm ls --tls"
                hint "delete": `helm delete` is `helm uninstall` since Helm 3: the old word still works
                  fix: Write it for Helm 3: `helm uninstall db`
                    [cleanup]
                    a = "helm delete mysql-service --purge"
                    b = "helm uninstall db"
                    c = "helm init"
                    d = "helm ls --tls"
                info "init": Helm 3 has no `helm init`: it needs nothing in the cluster
                info "--tls": Helm 3 has no `--tls`: there is no Tiller to reach
                  fix: Write it for Helm 3: `helm ls`
                    [cleanup]
                    a = "helm delete mysql-service --purge"
                    b = "helm delete db"
                    c = "helm init"
                    d = "helm ls"
            "#]],
        );
    }

    #[test]
    fn what_helm_3_knows_is_left_alone() {
        let text = "[pre-up]\na = \"helm install db charts/db -n shop --wait --timeout 5m\"\nb = \"helm install charts/db --generate-name\"\nc = \"helm upgrade --install db charts/db\"\nd = \"helm uninstall db\"\ne = \"helm\"\nf = \"helm install\"\ng = \"helm repo add x https://example.com\"\n";
        testing::check(DiagnosticCode::Helm2, text, expect![[""]]);
    }
}
