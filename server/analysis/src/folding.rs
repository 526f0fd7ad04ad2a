//! What can be folded: sections, blocks of comments and values of many lines.
//!
//! Must not fold what stands on one line.

use text_size::TextRange;

use crate::parsed::Parsed;
use crate::syntax::Entry;

/// Something that can be folded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fold {
    /// From the first to the last character; on more than one line.
    pub range: TextRange,
    /// What it is.
    pub kind: FoldKind,
}

/// The kinds of folds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FoldKind {
    /// A header with what stands under it.
    Section,
    /// Comments on lines of their own, one directly below the other.
    Comments,
    /// A string, array or inline table.
    Value,
}

/// Everything that can be folded, in the order of the file.
pub fn folds(parsed: &Parsed) -> Vec<Fold> {
    let tables = parsed.tree.tables.iter();
    let mut folds: Vec<Fold> = tables
        .clone()
        .filter(|table| table.header.is_some())
        .map(|table| Fold { range: table.range, kind: FoldKind::Section })
        .chain(comment_blocks(parsed))
        .chain(tables.flat_map(|table| &table.entries).filter_map(value))
        .filter(|fold| parsed.text[fold.range].contains('\n'))
        .collect();
    folds.sort_by_key(|fold| (fold.range.start(), std::cmp::Reverse(fold.range.end())));
    folds
}

fn value(entry: &Entry) -> Option<Fold> {
    entry.value.as_ref()?;
    Some(Fold { range: entry.range, kind: FoldKind::Value })
}

fn comment_blocks(parsed: &Parsed) -> Vec<Fold> {
    let text = &parsed.text;
    let mut blocks: Vec<Fold> = Vec::new();
    for &comment in &parsed.tree.comments {
        let line = TextRange::new(crate::edit::line_start(text, comment.start()), comment.start());
        if !text[line].trim().is_empty() {
            continue;
        }
        match blocks.last_mut() {
            Some(last) if is_next_line(&text[TextRange::new(last.range.end(), comment.start())]) => {
                last.range = last.range.cover(comment);
            }
            _ => blocks.push(Fold { range: comment, kind: FoldKind::Comments }),
        }
    }
    blocks
}

/// Whether nothing but one line end stands between two comments.
fn is_next_line(between: &str) -> bool {
    between.trim().is_empty() && between.matches('\n').count() == 1
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;
    use crate::options::Options;

    fn check(text: &str, expect: Expect) {
        let shown = folds(&Parsed::new(text, Options::default()))
            .into_iter()
            .map(|fold| format!("{:?} {:?}\n", fold.kind, &text[fold.range]));
        expect.assert_eq(&shown.collect::<String>());
    }

    #[test]
    fn sections_comments_and_values() {
        check(
            "# a\n# b\n\n# c\n[pre-up] # d\n# e\n  # f\na = '''\nx\n'''\nb = [ # g\n # h\n # i\n]\n[cleanup]\n[x]\ny = 1\n",
            expect![[r##"
                Comments "# a\n# b"
                Section "[pre-up] # d\n# e\n  # f\na = '''\nx\n'''\nb = [ # g\n # h\n # i\n]"
                Comments "# e\n  # f"
                Value "a = '''\nx\n'''"
                Value "b = [ # g\n # h\n # i\n]"
                Comments "# h\n # i"
                Section "[x]\ny = 1"
            "##]],
        );
    }

    #[test]
    fn unfinished_text() {
        check(
            "[pre-up\na = \"\"\"x\ny\n[",
            expect![[r#"
            Section "[pre-up\na = \"\"\"x\ny\n["
            Value "a = \"\"\"x\ny\n["
        "#]],
        );
        check("", expect![[""]]);
    }
}
