//! `chart-labels`: a chart whose pods lack the label and annotation by which Draft finds them.
//!
//! Must not report it when the chart's templates take these from elsewhere.

use super::declaration::{Check, Rule};
use super::draft_environment::first_with_tasks;
use crate::diagnostic::{Diagnostic, DiagnosticCode, Severity};
use crate::parsed::Parsed;
use crate::phase::Phase;
use crate::project;

pub(super) const RULE: Rule = Rule {
    name: "chart-labels",
    severity: Severity::Information,
    needs_facts: true,
    page: include_str!("chart_labels.md"),
    check: Check::File(check),
};

fn check(parsed: &Parsed, found: &mut Vec<Diagnostic>) {
    let Some(marks) = parsed.facts.chart_templates.as_deref().and_then(project::pod_marks) else { return };
    let missing = match (marks.label, marks.build_id) {
        (true, true) => return,
        (false, true) => "label `draft`",
        (true, false) => "annotation `buildID`",
        (false, false) => "label `draft` and no annotation `buildID`",
    };
    let Some(place) = first_with_tasks(parsed, Phase::PostDeploy) else { return };
    let message = format!("the chart gives its pods no {missing}");
    found.push(Diagnostic::new(DiagnosticCode::ChartLabels, place, message).note(
        "add what is missing; Draft finds the pods of a build by it, and would run these tasks nowhere",
    ));
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::facts::Facts;
    use crate::rules::testing;

    #[test]
    fn pods_that_draft_does_not_find() {
        let text = "[post-deploy]\na = \"ls\"\n";
        let facts = |text: &str| {
            let template = project::Template { path: None, text: text.to_owned() };
            Facts { chart_templates: Some(vec![template]), ..Facts::default() }
        };
        let bare = "  template:\n    metadata:\n    spec:\n      containers:\n        draft:\n";
        testing::check_facts(
            facts(bare),
            DiagnosticCode::ChartLabels,
            text,
            expect![[r#"
                info "post-deploy": the chart gives its pods no label `draft` and no annotation `buildID`: add what is missing; Draft finds the pods of a build by it, and would run these tasks nowhere
            "#]],
        );
        let marked = "  template:\n    metadata:\n      draft: x\n      buildID: y\n";
        testing::check_facts(facts(marked), DiagnosticCode::ChartLabels, text, expect![[""]]);
        testing::check_facts(facts(bare), DiagnosticCode::ChartLabels, "[post-deploy]\n", expect![[""]]);
    }
}
