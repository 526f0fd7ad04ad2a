//! `cluster-tool`: a tool of the developer's machine in `post-deploy`, whose tasks run inside the container.
//!
//! Must not report it in the phases that run on this machine.

use super::command::{Command, without_directory};
use super::declaration::{Check, Rule};
use crate::diagnostic::{Diagnostic, DiagnosticCode, Severity};
use crate::phase::Phase;

pub(super) const RULE: Rule = Rule {
    name: "cluster-tool",
    severity: Severity::Hint,
    needs_facts: false,
    page: include_str!("cluster_tool.md"),
    check: Check::Command(check),
};

fn check(command: &Command<'_>, found: &mut Vec<Diagnostic>) {
    if command.phase != Phase::PostDeploy {
        return;
    }
    let Some((program, range)) = command.program_at() else { return };
    let name = without_directory(program);
    if !matches!(name, "kubectl" | "helm" | "docker" | "draft" | "minikube" | "kind") {
        return;
    }
    let message = format!("`{name}` would run inside the application's container");
    found.push(command.finding(DiagnosticCode::ClusterTool, range, message).note(
        "run it in `pre-up` or `cleanup`; their tasks run on this machine, and it is seldom installed there",
    ));
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::rules::testing;

    #[test]
    fn belongs_to_this_machine() {
        let text =
            "[pre-up]\na = \"kubectl get pods\"\n[post-deploy]\nb = \"kubectl get pods\"\nc = \"rake\"\n";
        testing::check(
            DiagnosticCode::ClusterTool,
            text,
            expect![[r#"
                hint "kubectl": `kubectl` would run inside the application's container: run it in `pre-up` or `cleanup`; their tasks run on this machine, and it is seldom installed there
            "#]],
        );
    }
}
