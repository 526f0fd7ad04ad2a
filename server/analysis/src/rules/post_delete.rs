//! `post-delete`: the name that early documents gave to `cleanup`, and no Draft ever read.
//!
//! Must not report any other table.

use super::declaration::{Check, Rule};
use super::unknown_phase::{present, suggest};
use crate::diagnostic::{Diagnostic, DiagnosticCode, Severity};
use crate::parsed::Parsed;
use crate::phase::{POST_DELETE, Phase};

pub(super) const RULE: Rule = Rule {
    name: "post-delete",
    severity: Severity::Warning,
    needs_facts: false,
    page: include_str!("post_delete.md"),
    check: Check::File(check),
};

fn check(parsed: &Parsed, found: &mut Vec<Diagnostic>) {
    let present = present(parsed);
    for section in &parsed.file.sections {
        if section.name(&parsed.text) == POST_DELETE {
            let message = format!("the table `{POST_DELETE}` is ignored, in Draft too");
            let diagnostic = Diagnostic::new(DiagnosticCode::PostDelete, section.name.range, message)
                .note("the phase after deletion is `cleanup`");
            found.push(suggest(&present, section, Phase::Cleanup, diagnostic));
        }
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::rules::testing;

    #[test]
    fn is_renamed_to_cleanup() {
        testing::check(
            DiagnosticCode::PostDelete,
            "[post-delete]\na = \"echo\"\n",
            expect![[r#"
            warning "post-delete": the table `post-delete` is ignored, in Draft too: the phase after deletion is `cleanup`
              fix: Rename to `cleanup`
                [cleanup]
                a = "echo"
        "#]],
        );
    }

    #[test]
    fn is_not_renamed_beside_a_cleanup() {
        testing::check(
            DiagnosticCode::PostDelete,
            "[cleanup]\n[post-delete]\n",
            expect![[r#"
            warning "post-delete": the table `post-delete` is ignored, in Draft too: the phase after deletion is `cleanup`
        "#]],
        );
    }
}
