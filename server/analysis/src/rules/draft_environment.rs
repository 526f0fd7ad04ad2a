//! `draft-environment`, `auto-connect`, `draft-namespace`: what `draft.toml` makes of the tasks after the deployment.
//!
//! Must not report anything where there is no `draft.toml`, or no task that it concerns.

use crate::diagnostic::{Diagnostic, DiagnosticCode};
use crate::parsed::Parsed;
use crate::phase::Phase;

pub(super) fn check(analysis: &Parsed, found: &mut Vec<Diagnostic>) {
    let facts = &analysis.facts;
    let (Some(_), Some(name)) = (&facts.draft_toml, &facts.environment) else { return };
    let mut push = |phase: Phase, code: DiagnosticCode, message: String, note: &'static str| {
        let with_tasks = analysis.file.sections_of(phase).find(|section| !section.tasks.is_empty());
        if let Some(section) = with_tasks {
            found.push(Diagnostic::new(code, section.name.range, message).note(note));
        }
    };
    let Some(environment) = facts.environment() else {
        let message = format!("draft.toml has no environment `{name}`");
        let note = "Draft finds the application's pods by it; `DRAFT_ENV` names another";
        return push(Phase::PostDeploy, DiagnosticCode::DraftEnvironment, message, note);
    };
    if environment.auto_connect {
        for phase in [Phase::PostDeploy, Phase::PostUp] {
            let message = format!("Draft leaves `{phase}` out: `{name}` in draft.toml has `auto-connect`");
            let note = "it connects to the application and returns; draft-tasks runs the tasks";
            push(phase, DiagnosticCode::AutoConnect, message, note);
        }
    }
    if environment.namespace.is_none() {
        let message = format!("`{name}` in draft.toml names no namespace");
        let note =
            "Draft looks for the application's pods in all namespaces, but runs the tasks in the current one";
        push(Phase::PostDeploy, DiagnosticCode::DraftNamespace, message, note);
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;
    use crate::facts::Facts;
    use crate::project::DraftToml;
    use crate::rules::testing;

    const TEXT: &str = "[pre-up]\na = \"ls\"\n[post-deploy]\nb = \"ls\"\n[post-up]\nc = \"ls\"\n";

    fn check(code: DiagnosticCode, text: &str, draft_toml: &str, expect: Expect) {
        let environment = Some("development".to_owned());
        let facts = Facts { draft_toml: DraftToml::parse(draft_toml), environment, ..Facts::default() };
        testing::check_facts(facts, code, text, expect);
    }

    #[test]
    fn an_environment_that_is_missing() {
        let draft_toml = "[environments.staging]\nname = \"x\"\n";
        check(
            DiagnosticCode::DraftEnvironment,
            TEXT,
            draft_toml,
            expect![[r#"
            info "post-deploy": draft.toml has no environment `development`: Draft finds the application's pods by it; `DRAFT_ENV` names another
        "#]],
        );
        check(DiagnosticCode::DraftEnvironment, "[post-deploy]\n", draft_toml, expect![[""]]);
    }

    #[test]
    fn auto_connect_and_no_namespace() {
        let draft_toml = "[environments.development]\nauto-connect = true\n";
        check(
            DiagnosticCode::AutoConnect,
            TEXT,
            draft_toml,
            expect![[r#"
            info "post-deploy": Draft leaves `post-deploy` out: `development` in draft.toml has `auto-connect`: it connects to the application and returns; draft-tasks runs the tasks
            info "post-up": Draft leaves `post-up` out: `development` in draft.toml has `auto-connect`: it connects to the application and returns; draft-tasks runs the tasks
        "#]],
        );
        check(
            DiagnosticCode::DraftNamespace,
            TEXT,
            draft_toml,
            expect![[r#"
            hint "post-deploy": `development` in draft.toml names no namespace: Draft looks for the application's pods in all namespaces, but runs the tasks in the current one
        "#]],
        );
    }

    #[test]
    fn a_draft_toml_as_it_should_be() {
        let draft_toml = "[environments.development]\nauto-connect = false\nnamespace = \"default\"\n";
        for code in
            [DiagnosticCode::DraftEnvironment, DiagnosticCode::AutoConnect, DiagnosticCode::DraftNamespace]
        {
            check(code, TEXT, draft_toml, expect![[""]]);
        }
    }
}
