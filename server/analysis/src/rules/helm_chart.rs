//! `helm-chart`: a chart that is named by one bare word, which Helm 3 takes for a directory.
//!
//! Must not report a chart of a named repository, an archive, a URL, or a directory that is there.

use text_size::TextRange;

use super::command::Command;
use super::declaration::{Check, Rule};
use super::helm::Helm;
use crate::diagnostic::{Diagnostic, DiagnosticCode, Severity};
use crate::facts::FactsWanted;
use crate::facts::PathFact;

pub(super) const RULE: Rule = Rule {
    name: "helm-chart",
    severity: Severity::Information,
    needs_facts: false,
    page: include_str!("helm_chart.md"),
    check: Check::CommandHere { wants, check },
};

fn wants(command: &Command<'_>, wanted: &mut FactsWanted) {
    wanted
        .paths
        .extend(chart(command).filter(|_| command.phase.is_local()).map(|(chart, _)| chart.to_owned()));
}

fn check(command: &Command<'_>, found: &mut Vec<Diagnostic>) {
    let Some((chart, range)) = chart(command) else { return };
    if command.parsed.facts.paths.get(chart) == Some(&PathFact::Directory) {
        return;
    }
    let message = format!("Helm 3 takes the chart `{chart}` for a directory");
    let note = "write its repository in front of it, as in `bitnami/mysql`";
    found.push(command.finding(DiagnosticCode::HelmChart, range, message).note(note));
}

/// The chart, where it is one bare word.
fn chart<'c>(command: &'c Command<'_>) -> Option<(&'c str, TextRange)> {
    let helm = Helm::of(command)?;
    if !matches!(helm.verb, "install" | "upgrade") || helm.flag(&["--repo"]).is_some() {
        return None;
    }
    let names = match helm.flag(&["--name", "--generate-name", "-g", "--name-template"]) {
        Some(_) => 0,
        None => 1,
    };
    // `helm install CHART` of Helm 2 has no name at all.
    let index = if helm.verb == "install" && helm.arguments.len() == 1 { 0 } else { names };
    let (range, chart) = helm.arguments.get(index).and_then(|(range, chart)| Some((*range, (*chart)?)))?;
    (!chart.contains(['/', '.', ':', '\\'])).then_some((chart, range))
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::rules::testing;

    #[test]
    fn needs_a_repository_or_a_path() {
        let text = "[pre-up]\na = \"helm install mysql --name mysql-service\"\nb = \"helm install mysql-service mysql\"\nc = \"helm upgrade -i db mysql --wait\"\nd = \"helm install mysql\"\n";
        testing::check(
            DiagnosticCode::HelmChart,
            text,
            expect![[r#"
                info "mysql": Helm 3 takes the chart `mysql` for a directory: write its repository in front of it, as in `bitnami/mysql`
                info "mysql": Helm 3 takes the chart `mysql` for a directory: write its repository in front of it, as in `bitnami/mysql`
                info "mysql": Helm 3 takes the chart `mysql` for a directory: write its repository in front of it, as in `bitnami/mysql`
                info "mysql": Helm 3 takes the chart `mysql` for a directory: write its repository in front of it, as in `bitnami/mysql`
            "#]],
        );
    }

    #[test]
    fn what_says_where_it_is_is_left_alone() {
        let text = "[pre-up]\na = \"helm install db bitnami/mysql\"\nb = \"helm install db ./mysql\"\nc = \"helm install db mysql --repo https://charts.example.com\"\nd = \"helm install db mysql-1.2.tgz\"\ne = \"helm install db oci://x/mysql\"\nf = \"helm install db $CHART\"\ng = \"helm uninstall db\"\n";
        testing::check(DiagnosticCode::HelmChart, text, expect![[""]]);
    }
}
