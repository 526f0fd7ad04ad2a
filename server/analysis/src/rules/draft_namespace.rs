//! `draft-namespace`: an environment of `draft.toml` without a namespace.
//!
//! Must not report it where no task runs in a pod.

use super::declaration::{Check, Rule};
use super::draft_environment::first_with_tasks;
use crate::diagnostic::{Diagnostic, DiagnosticCode, Severity};
use crate::parsed::Parsed;
use crate::phase::Phase;

pub(super) const RULE: Rule = Rule {
    name: "draft-namespace",
    severity: Severity::Hint,
    needs_facts: true,
    page: include_str!("draft_namespace.md"),
    check: Check::File(check),
};

fn check(parsed: &Parsed, found: &mut Vec<Diagnostic>) {
    let facts = &parsed.facts;
    let (Some(environment), Some(name)) = (facts.environment(), &facts.environment) else { return };
    let Some(place) = first_with_tasks(parsed, Phase::PostDeploy) else { return };
    if environment.namespace.is_some() {
        return;
    }
    found.push(
        Diagnostic::new(
            DiagnosticCode::DraftNamespace,
            place,
            format!("`{name}` in draft.toml names no namespace"),
        )
        .note(
            "name one; Draft looks for the application's pods in all namespaces, but runs the tasks in the current one",
        ),
    );
}
