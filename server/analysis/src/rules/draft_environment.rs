//! `draft-environment`: an environment that `draft.toml` does not have.
//!
//! Must not report anything where there is no `draft.toml`, or no task in a pod.

use super::declaration::{Check, Rule};
use text_size::TextRange;

use crate::diagnostic::{Diagnostic, DiagnosticCode, Severity};
use crate::parsed::Parsed;
use crate::phase::Phase;

pub(super) const RULE: Rule = Rule {
    name: "draft-environment",
    severity: Severity::Information,
    needs_facts: true,
    page: include_str!("draft_environment.md"),
    check: Check::File(check),
};

fn check(parsed: &Parsed, found: &mut Vec<Diagnostic>) {
    let facts = &parsed.facts;
    let (Some(_), None, Some(name)) = (&facts.draft_toml, facts.environment(), &facts.environment) else {
        return;
    };
    let Some(place) = first_with_tasks(parsed, Phase::PostDeploy) else { return };
    found.push(
        Diagnostic::new(
            DiagnosticCode::DraftEnvironment,
            place,
            format!("draft.toml has no environment `{name}`"),
        )
        .note("add it, or name another by `DRAFT_ENV`; Draft finds the application's pods by it"),
    );
}

/// Where the name of the first section of a phase stands that has tasks.
pub(super) fn first_with_tasks(parsed: &Parsed, phase: Phase) -> Option<TextRange> {
    let mut sections = parsed.file.sections_of(phase);
    sections.find(|section| !section.tasks.is_empty()).map(|section| section.name.range)
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
                info "post-deploy": draft.toml has no environment `development`: add it, or name another by `DRAFT_ENV`; Draft finds the application's pods by it
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
                info "post-deploy": `auto-connect` of `development` makes Draft skip `post-deploy`: remove it from draft.toml; Draft connects to the application and returns, draft-tasks runs the tasks
                info "post-up": `auto-connect` of `development` makes Draft skip `post-up`: remove it from draft.toml; Draft connects to the application and returns, draft-tasks runs the tasks
            "#]],
        );
        check(
            DiagnosticCode::DraftNamespace,
            TEXT,
            draft_toml,
            expect![[r#"
                hint "post-deploy": `development` in draft.toml names no namespace: name one; Draft looks for the application's pods in all namespaces, but runs the tasks in the current one
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
