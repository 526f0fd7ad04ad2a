//! All fixes that need no decision, applied until none is left.
//!
//! Must not apply a fix that is not preferred, and must not leave more syntax errors than there were.

use std::sync::Arc;

use crate::analysis::Analysis;
use crate::diagnostic::Diagnostic;
use crate::edit::{self, Fix, TextEdit};
use crate::options::Options;
use crate::{TextRange, TextSize};

/// How often a text is fixed: a fix may uncover another finding, but two must not undo each other for ever.
const ROUNDS: usize = 10;

/// A text with all preferred fixes applied.
#[derive(Clone, Debug)]
pub struct Fixed {
    /// The findings that were fixed with the titles of their fixes, in the order in which that was done.
    ///
    /// Ranges are those of the text at that time.
    pub fixed: Vec<(Diagnostic, String)>,
    /// What leads from the text to the fixed one; edits that do not overlap.
    pub edits: Vec<TextEdit>,
    /// The fixed text, analysed.
    pub analysis: Analysis,
}

/// Fixes what can be fixed in a text; nothing when there is nothing to fix.
pub fn fix_all(analysis: &Analysis) -> Option<Fixed> {
    let first = round(analysis, analysis.parsed.options)?;
    let mut done = first;
    for _ in 1..ROUNDS {
        let Some(next) = round(&done.analysis, analysis.parsed.options) else { break };
        done.fixed.extend(next.fixed);
        done.edits = vec![difference(&analysis.parsed.text, &next.analysis.parsed.text)];
        done.analysis = next.analysis;
    }
    Some(done)
}

/// Applies the fixes of one text that do not touch each other, or the first alone where they do not go together: two
/// tables that both become `pre-up`.
fn round(analysis: &Analysis, options: Options) -> Option<Fixed> {
    let preferred = |found: &Diagnostic| found.fixes.iter().find(|fix| fix.preferred).cloned();
    let mut chosen: Vec<(&Diagnostic, Fix)> =
        analysis.diagnostics.iter().filter_map(|found| Some((found, preferred(found)?))).collect();
    chosen.sort_by_key(|(_, fix)| start(fix));
    let mut taken: Option<TextSize> = None;
    chosen.retain(|(_, fix)| {
        let free = taken.is_none_or(|taken| start(fix).is_some_and(|start| start > taken));
        if free {
            taken = fix.edits.iter().map(|edit| edit.range.end()).max();
        }
        free
    });
    apply(analysis, &chosen, options).or_else(|| apply(analysis, chosen.get(..1)?, options))
}

fn start(fix: &Fix) -> Option<TextSize> {
    fix.edits.iter().map(|edit| edit.range.start()).min()
}

/// What becomes of a text with some fixes; nothing when that is no change, or more syntax errors.
fn apply(analysis: &Analysis, chosen: &[(&Diagnostic, Fix)], options: Options) -> Option<Fixed> {
    let edits: Vec<TextEdit> = chosen.iter().flat_map(|(_, fix)| fix.edits.iter().cloned()).collect();
    let text: Arc<str> = edit::apply(&analysis.parsed.text, &edits).into();
    if text == analysis.parsed.text {
        return None;
    }
    let after = Analysis::with_facts(text, options, analysis.parsed.facts.clone());
    let fixed = chosen.iter().map(|(found, fix)| ((*found).clone(), fix.title.clone())).collect();
    (after.parsed.tree.errors.len() <= analysis.parsed.tree.errors.len()).then_some(Fixed {
        fixed,
        edits,
        analysis: after,
    })
}

/// One edit that makes one text of another, as short as it can be.
fn difference(before: &str, after: &str) -> TextEdit {
    let same = before.bytes().zip(after.bytes()).take_while(|(a, b)| a == b).count();
    let start = (0..=same).rev().find(|at| before.is_char_boundary(*at)).unwrap_or(0);
    let (rest, new) = (&before[start..], &after[start..]);
    let same = rest.bytes().rev().zip(new.bytes().rev()).take_while(|(a, b)| a == b).count();
    let kept = (0..=same).rev().find(|kept| rest.is_char_boundary(rest.len() - kept)).unwrap_or(0);
    let range = TextRange::new(TextSize::new(start as u32), TextSize::new((before.len() - kept) as u32));
    TextEdit::replace(range, &new[..new.len() - kept])
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn check(text: &str, expect: Expect) {
        let analysis = Analysis::new(text, Options::default());
        let shown = match fix_all(&analysis) {
            None => "nothing".to_owned(),
            Some(done) => {
                assert_eq!(edit::apply(text, &done.edits), *done.analysis.parsed.text, "{:?}", done.edits);
                let titles: String =
                    done.fixed.iter().map(|(found, title)| format!("{}: {title}\n", found.code)).collect();
                format!("{titles}---\n{}", done.analysis.parsed.text)
            }
        };
        expect.assert_eq(&shown);
    }

    #[test]
    fn several_fixes_at_once() {
        check(
            "[Pre-Up]\na = \"ls  x\"\n[Cleanup]\nb = \"c\"\n",
            expect![[r#"
                phase-case: Rename to `pre-up`
                command-blanks: Separate the words by single spaces
                phase-case: Rename to `cleanup`
                ---
                [pre-up]
                a = "ls x"
                [cleanup]
                b = "c"
            "#]],
        );
    }

    #[test]
    fn fixes_of_fixes() {
        check(
            "[Pre-Up] # draft-tasks: ignore[pahse-case, post-up]\na = \"b\"\n",
            expect![[r#"
            phase-case: Rename to `pre-up`
            unused-suppression: Change to `phase-case`
            unused-suppression: Remove the comment
            ---
            [pre-up]
            a = "b"
        "#]],
        );
    }

    #[test]
    fn what_the_user_decides_is_not_fixed() {
        for text in [
            "[pre-upp]\na = \"b\"\n",
            "[post-delete]\na = \"b\"\n",
            "[pre-up]\na = 5\n",
            "pre-up = \"make\"\n",
            "[[pre-up]]\na = \"b\"\n",
            "[[post-deploy]]\nname = \"a\"\ncommand = \"b\"\n",
            "[cleanup]\na = \"rm -rf $BUILD_DIR/*\"\n",
            "[pre-up]\na = \"test -d x && kubectl delete namespace prod\"\n",
            "[pre-up]\na = \"ls ~\"\n",
            "[pre-up]\na = \"A=b make\"\n",
            "[pre-up]\na = \"mkdir {a,b}\"\n",
            "[pre-up]\na = \"helm delete --purge db\"\n",
            "[pre-up]\na = \"kubectl exec -it x sh\"\n",
            "a = \"b\"\n",
        ] {
            check(text, expect!["nothing"]);
        }
    }

    #[test]
    fn nothing_to_fix() {
        check("[pre-up]\na = \"b\"\n", expect!["nothing"]);
        check("[build]\n", expect!["nothing"]);
        check("", expect!["nothing"]);
    }

    #[test]
    fn differences_keep_whole_characters() {
        for (before, after) in
            [("aéb", "aèb"), ("ab", "aab"), ("🚀", "🚁"), ("", "x"), ("abcabc", "abc"), ("é", "")]
        {
            assert_eq!(edit::apply(before, &[difference(before, after)]), after);
        }
    }
}
