//! `unset-variable`: a variable that the tool's own environment does not have.
//!
//! Must not report it where the environment is not known, or what Draft, a run, a shell or a script sets itself.

use text_size::TextRange;

use super::command::{Command, range};
use super::declaration::{Check, Rule};
use crate::calls::Call;
use crate::command::is_of_name;
use crate::diagnostic::{Diagnostic, DiagnosticCode, Severity};
use crate::task_variable::TaskVariable;

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
    let unset = |name: &str| {
        let is_told = TaskVariable::named(name) == Some(TaskVariable::Phase);
        facts.lacks_variable(name) && !set.contains(&name) && !is_told
    };
    for (name, place) in command.variables().filter(|(name, _)| unset(name)) {
        let message = format!("`${name}` is not set here, so nothing takes its place");
        let note = match TaskVariable::named(name) {
            Some(variable) => is_set(variable),
            None => "set it; a word that is only this becomes an empty argument, here as in Draft".into(),
        };
        found.push(command.finding(DiagnosticCode::UnsetVariable, place, message).note(note));
    }
    let has_inherited = || !command.calls().inherited.is_empty();
    if command.phase.is_local() && has_inherited() && command.is_shell() {
        let of_script = read_by_script(command).into_iter().filter(|(name, _)| unset(name));
        found.extend(of_script.map(|(name, place)| in_script(command, &name, place)));
    }
}

/// When a variable has a value that nobody else may set.
fn is_set(variable: TaskVariable) -> String {
    format!("draft-tasks sets it {}", variable.known())
}

fn in_script(command: &Command<'_>, name: &str, place: TextRange) -> Diagnostic {
    let message = format!("`${name}` is not set here, and the script goes on with nothing in its place");
    let otherwise = format!("`${{{name}:?}}` ends the script instead");
    let note = match TaskVariable::named(name) {
        Some(variable) => format!("{}; {otherwise}", is_set(variable)),
        None => otherwise,
    };
    command.finding(DiagnosticCode::UnsetVariable, place, message).note(note)
}

/// The variables that the script of a shell has from its environment, each with where it stands; none where files or
/// texts that are not known may set them.
fn read_by_script(command: &Command<'_>) -> Vec<(String, TextRange)> {
    let calls = command.calls();
    let sets_more = |call: &Call| matches!(call.program(), "." | "source" | "eval");
    if calls.unclear.is_some() || calls.called.iter().any(sets_more) {
        return Vec::new();
    }
    let is_replaced_before = |name: &str| command.variables().any(|(variable, _)| variable == name);
    let names = calls.inherited.iter().filter(|name| {
        !calls.assigned.contains_key(*name) && !is_of_shell(name) && !is_replaced_before(name)
    });
    let placed = names.filter_map(|name| place(command, name).map(|place| (name.clone(), place)));
    placed.collect()
}

/// Where `$NAME` or `${NAME}` stands first; `${NAME:-…}` says itself what takes its place.
fn place(command: &Command<'_>, name: &str) -> Option<TextRange> {
    let text = command.text();
    let (plain, braced) = (format!("${name}"), format!("${{{name}}}"));
    let mut plain =
        text.match_indices(&plain).filter(|(at, it)| !text[at + it.len()..].starts_with(is_of_name));
    let (at, found) = plain.next().or_else(|| text.match_indices(&braced).next())?;
    Some(range(at, at + found.len()))
}

/// Whether shells set a variable themselves.
fn is_of_shell(name: &str) -> bool {
    const OF_SHELLS: [&str; 14] = [
        "PWD", "OLDPWD", "IFS", "PPID", "OPTIND", "OPTARG", "LINENO", "RANDOM", "SECONDS", "HOSTNAME", "UID",
        "EUID", "SHLVL", "REPLY",
    ];
    OF_SHELLS.contains(&name) || name.starts_with("BASH")
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use expect_test::expect;

    use super::*;
    use crate::facts::Facts;
    use crate::rules::testing;
    use crate::{Analysis, Options, edit};

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
                info "${NONE}": `$NONE` is not set here, so nothing takes its place: set it; a word that is only this becomes an empty argument, here as in Draft
                info "$NONE": `$NONE` is not set here, so nothing takes its place: set it; a word that is only this becomes an empty argument, here as in Draft
            "#]],
        );
        testing::check(DiagnosticCode::UnsetVariable, text, expect![[""]]);
    }

    #[test]
    fn a_script_has_its_variables_from_the_environment() {
        let facts = Facts { variables: Some(Arc::default()), ..Facts::default() };
        let text =
            "[pre-up]\na = \"sh -c 'rm -rf $BUILD_DIR/*'\"\nb = \"bash -c 'rm -rf ${OUT}/*; ls $OUTER'\"\n";
        testing::check_facts(
            facts.clone(),
            DiagnosticCode::UnsetVariable,
            text,
            expect![[r#"
            info "$BUILD_DIR": `$BUILD_DIR` is not set here, and the script goes on with nothing in its place: `${BUILD_DIR:?}` ends the script instead
            info "${OUT}": `$OUT` is not set here, and the script goes on with nothing in its place: `${OUT:?}` ends the script instead
            info "$OUTER": `$OUTER` is not set here, and the script goes on with nothing in its place: `${OUTER:?}` ends the script instead
        "#]],
        );
        let silent = r#"[pre-up]
a = "sh -c 'X=1; echo $X $PWD ${Y:-z} ${Y:?}'"
b = "sh -c '. ./env && echo $X'"
c = "sh -c 'for i in 1 2; do echo $i; done'"
d = "sh -c 'read line; echo $line'"
e = "echo 'sh -c $X'"
f = "bash -c 'p=1; a=(b c); echo ${#p} ${1} $1 ${#a[@]}'"
[post-deploy]
g = "sh -c 'echo $X'"
"#;
        testing::check_facts(facts, DiagnosticCode::UnsetVariable, silent, expect![[""]]);
    }

    #[test]
    fn what_tasks_are_told_is_said_to_be_set_elsewhere() {
        let variables = Some(Arc::new(["DRAFT_TASKS_NAMESPACE".to_owned()].into_iter().collect()));
        let facts = Facts { variables, ..Facts::default() };
        let text = r#"[pre-up]
a = "echo $DRAFT_TASKS_PHASE $DRAFT_TASKS_NAMESPACE $DRAFT_TASKS_CONTEXT"
b = "sh -c 'echo $DRAFT_TASKS_PHASE $DRAFT_TASKS_BUILD'"
"#;
        testing::check_facts(
            facts,
            DiagnosticCode::UnsetVariable,
            text,
            expect![[r#"
                info "$DRAFT_TASKS_CONTEXT": `$DRAFT_TASKS_CONTEXT` is not set here, so nothing takes its place: draft-tasks sets it where a context is chosen, and in `up` and `delete`
                info "$DRAFT_TASKS_BUILD": `$DRAFT_TASKS_BUILD` is not set here, and the script goes on with nothing in its place: draft-tasks sets it in `post-up` of `up`, where the pods have the annotation `buildID`; `${DRAFT_TASKS_BUILD:?}` ends the script instead
            "#]],
        );
    }

    #[test]
    fn the_hint_stays_when_a_command_is_wrapped() {
        let facts = Facts { variables: Some(Arc::default()), ..Facts::default() };
        let analysis = |text: &str| Analysis::with_facts(text, Options::default(), facts.clone().into());
        let text = "[pre-up]\na = \"rm -rf $BUILD_DIR/*\"\n";
        let before = analysis(text);
        let wrap = before.diagnostics.iter().flat_map(|found| &found.fixes).next().expect("a fix");
        let after = analysis(&edit::apply(text, &wrap.edits));
        assert!(after.parsed.text.contains("sh -c"), "{}", after.parsed.text);
        for analysis in [before, after] {
            let mut codes = analysis.diagnostics.iter().map(|found| found.code);
            assert!(codes.any(|code| code == DiagnosticCode::UnsetVariable), "{}", analysis.parsed.text);
        }
    }
}
