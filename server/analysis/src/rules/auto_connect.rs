//! `auto-connect`: an environment of `draft.toml` that keeps Draft from running the tasks after the deployment.
//!
//! Must not report phases without a task.

use super::declaration::{Check, Rule};
use super::draft_environment::first_with_tasks;
use crate::diagnostic::{Diagnostic, DiagnosticCode, Severity};
use crate::parsed::Parsed;
use crate::phase::Phase;

pub(super) const RULE: Rule = Rule {
    name: "auto-connect",
    severity: Severity::Information,
    needs_facts: true,
    page: include_str!("auto_connect.md"),
    check: Check::File(check),
};

fn check(parsed: &Parsed, found: &mut Vec<Diagnostic>) {
    let facts = &parsed.facts;
    let (Some(environment), Some(name)) = (facts.environment(), &facts.environment) else { return };
    if !environment.auto_connect {
        return;
    }
    for phase in [Phase::PostDeploy, Phase::PostUp] {
        let Some(place) = first_with_tasks(parsed, phase) else { continue };
        let message = format!("`auto-connect` of `{name}` makes Draft skip `{phase}`");
        found.push(
            Diagnostic::new(DiagnosticCode::AutoConnect, place, message)
                .note("remove it from draft.toml; Draft connects to the application and returns, draft-tasks runs the tasks"),
        );
    }
}
