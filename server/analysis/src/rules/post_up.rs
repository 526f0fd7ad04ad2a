//! `post-up`: a phase that no released Draft runs.
//!
//! Must not report it when the user chose the Draft that runs it.

use super::declaration::{Check, Rule};
use crate::command::Semantics;
use crate::diagnostic::{Diagnostic, DiagnosticCode, Severity};
use crate::parsed::Parsed;
use crate::phase::Phase;

pub(super) const RULE: Rule = Rule {
    name: "post-up",
    severity: Severity::Warning,
    needs_facts: false,
    page: include_str!("post_up.md"),
    check: Check::File(check),
};

fn check(parsed: &Parsed, found: &mut Vec<Diagnostic>) {
    let Some(message) = parsed.options.draft_version.ignores_post_up() else { return };
    let note = match parsed.options.semantics {
        Semantics::Standard => {
            "draft-tasks runs it after `post-deploy`; where no Draft reads the file, \
             `draftVersion = \"master\"` in .draft-tasks.config.toml says so"
        }
        Semantics::Draft => "with `semantics = \"draft\"` draft-tasks does not run it either",
    };
    for section in parsed.file.sections_of(Phase::PostUp) {
        found.push(Diagnostic::new(DiagnosticCode::PostUp, section.name.range, message).note(note));
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::analysis::Analysis;
    use crate::command::DraftVersion;
    use crate::options::Options;
    use crate::rules::testing;

    #[test]
    fn follows_the_chosen_draft() {
        let mut shown = String::new();
        for semantics in [Semantics::Standard, Semantics::Draft] {
            for draft_version in [DraftVersion::V0_15, DraftVersion::V0_16, DraftVersion::Master] {
                let options = Options { semantics, draft_version, ..Options::default() };
                let analysis = Analysis::new("[post-up]\na = \"echo\"\n", options);
                let found = analysis.diagnostics.iter().map(Diagnostic::full_message);
                shown += &format!("{semantics:?} {draft_version:?} {:?}\n", found.collect::<Vec<_>>());
            }
        }
        expect![[r#"
            Standard V0_15 ["Draft 0.15 ignores `post-up`, as every release does: draft-tasks runs it after `post-deploy`; where no Draft reads the file, `draftVersion = \"master\"` in .draft-tasks.config.toml says so"]
            Standard V0_16 ["Draft 0.16 ignores `post-up`, as every release does: draft-tasks runs it after `post-deploy`; where no Draft reads the file, `draftVersion = \"master\"` in .draft-tasks.config.toml says so"]
            Standard Master []
            Draft V0_15 ["Draft 0.15 ignores `post-up`, as every release does: with `semantics = \"draft\"` draft-tasks does not run it either"]
            Draft V0_16 ["Draft 0.16 ignores `post-up`, as every release does: with `semantics = \"draft\"` draft-tasks does not run it either"]
            Draft Master []
        "#]].assert_eq(&shown);
    }

    #[test]
    fn is_reported_with_what_this_tool_does() {
        testing::check(
            DiagnosticCode::PostUp,
            "[post-up]\na = \"echo\"\n",
            expect![[r#"
                warning "post-up": neither DEP-8 nor Draft up to 0.16 has `post-up`: draft-tasks runs it after `post-deploy`; where no Draft reads the file, `draftVersion = "master"` in .draft-tasks.config.toml says so
            "#]],
        );
    }
}
