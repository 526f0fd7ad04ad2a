//! `unused-suppression`: a comment that ignores what is not reported.
//!
//! Must not find it: [`crate::suppression`] does, when all rules are done.

use super::declaration::{Check, Rule};
use crate::diagnostic::Severity;

pub(super) const RULE: Rule = Rule {
    name: "unused-suppression",
    severity: Severity::Information,
    needs_facts: false,
    page: include_str!("unused_suppression.md"),
    check: Check::Comments,
};
