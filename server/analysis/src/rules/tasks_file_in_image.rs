//! `tasks-file-in-image`: a Dockerfile that copies the tasks file into the image.
//!
//! Must not report it without having seen the Dockerfile and the `.dockerignore`.

use super::declaration::{Check, Rule};
use crate::diagnostic::{Diagnostic, DiagnosticCode, Severity};
use crate::file_names::TASKS_FILE;
use crate::parsed::Parsed;
use crate::project;

pub(super) const RULE: Rule = Rule {
    name: "tasks-file-in-image",
    severity: Severity::Hint,
    needs_facts: true,
    page: include_str!("tasks_file_in_image.md"),
    check: Check::File(check),
};

fn check(parsed: &Parsed, found: &mut Vec<Diagnostic>) {
    let facts = &parsed.facts;
    let (Some(dockerfile), Some(dockerignore)) = (&facts.dockerfile, &facts.dockerignore) else { return };
    if !project::copies_folder(dockerfile) || project::is_ignored(dockerignore, TASKS_FILE) {
        return;
    }
    let Some(section) = parsed.file.sections.first() else { return };
    found.push(
        Diagnostic::new(
            DiagnosticCode::TasksFileInImage,
            section.header,
            "the Dockerfile copies this file into the image",
        )
        .note("add it to .dockerignore; then edits of tasks build no new image"),
    );
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::facts::Facts;
    use crate::rules::testing;

    #[test]
    fn a_dockerignore_keeps_it_out() {
        let facts = |dockerfile: &str, dockerignore: Option<&str>| Facts {
            dockerfile: Some(dockerfile.to_owned()),
            dockerignore: dockerignore.map(str::to_owned),
            ..Facts::default()
        };
        let check = |facts, expect| {
            testing::check_facts(facts, DiagnosticCode::TasksFileInImage, "[pre-up]\na = \"ls\"\n", expect);
        };
        check(
            facts("COPY . .", Some("charts/\n")),
            expect![[r#"
                hint "[pre-up]": the Dockerfile copies this file into the image: add it to .dockerignore; then edits of tasks build no new image
            "#]],
        );
        check(facts("COPY . .", Some(".draft-tasks.toml\n")), expect![[""]]);
        check(facts("COPY . .", None), expect![[""]]);
        check(facts("COPY a .", Some("")), expect![[""]]);
    }
}
