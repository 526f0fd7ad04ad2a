//! `unset-variable`: a variable that the tool's own environment does not have.
//!
//! Must not report it where the environment is not known, or what Draft or a run sets itself.

use super::command::Command;
use super::declaration::{Check, Rule};
use crate::diagnostic::{Diagnostic, DiagnosticCode, Severity};

pub(super) const RULE: Rule = Rule {
    name: "unset-variable",
    severity: Severity::Information,
    needs_facts: true,
    page: include_str!("unset_variable.md"),
    check: Check::Command(check),
};

fn check(command: &Command<'_>, found: &mut Vec<Diagnostic>) {
    let facts = &command.parsed.facts;
    let set = ["DRAFT_HOME", "DRAFT_TASKS_RUN"];
    let unset = |name: &str| facts.lacks_variable(name) && !set.contains(&name);
    for (name, place) in command.variables().filter(|(name, _)| unset(name)) {
        let message = format!("`${name}` is not set here, so nothing takes its place");
        let note = "what is left may be an empty argument, here as in Draft";
        found.push(command.finding(DiagnosticCode::UnsetVariable, place, message).note(note));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use expect_test::expect;

    use super::*;
    use crate::facts::Facts;
    use crate::rules::testing;

    #[test]
    fn is_reported_where_the_environment_is_known() {
        let text = "[pre-up]\na = \"echo $HOME ${NONE}x $$NONE $DRAFT_HOME\"\n[post-deploy]\nb = \"echo '$NONE' $NONE\"\n";
        let facts = Facts {
            variables: Some(Arc::new(["HOME".to_owned()].into_iter().collect())),
            ..Facts::default()
        };
        testing::check_facts(
            facts,
            DiagnosticCode::UnsetVariable,
            text,
            expect![[r#"
            info "${NONE}": `$NONE` is not set here, so nothing takes its place: what is left may be an empty argument, here as in Draft
            info "$NONE": `$NONE` is not set here, so nothing takes its place: what is left may be an empty argument, here as in Draft
        "#]],
        );
        testing::check(DiagnosticCode::UnsetVariable, text, expect![[""]]);
    }
}
