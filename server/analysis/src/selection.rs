//! What encloses a place, step by step: the word, the command, the task, the section, the file.
//!
//! Must not give a step that is no larger than the one before.

use text_size::{TextRange, TextSize};

use crate::parsed::Parsed;

/// The ranges around an offset, from the smallest to the whole file.
pub fn enclosing(parsed: &Parsed, offset: TextSize) -> Vec<TextRange> {
    let mut ranges = Vec::new();
    if let Some((_, task)) = parsed.file.task_at(offset) {
        for string in [Some(task.name), task.command()].into_iter().flatten() {
            ranges.extend([string.inner_range(), string.range]);
        }
        if let Some(words) = parsed.words_of(task) {
            ranges.extend(words.variables().map(|(_, range)| range));
            ranges.extend(words.words.iter().map(|word| words.range(word.range)));
        }
        ranges.push(task.range);
    }
    for section in &parsed.file.sections {
        ranges.extend([section.name.range, section.header, section.range]);
    }
    ranges.extend(parsed.tree.comments.iter().copied());
    ranges.push(TextRange::up_to(TextSize::of(&*parsed.text)));
    ranges.retain(|range| range.contains_inclusive(offset));
    ranges.sort_by_key(|range| range.len());
    let mut steps: Vec<TextRange> = Vec::new();
    for range in ranges {
        // Where two words touch the cursor, the first one that was found stands for both.
        if steps.last().is_none_or(|last| range.contains_range(*last) && range != *last) {
            steps.push(range);
        }
    }
    steps
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;
    use crate::options::Options;

    fn check(marked: &str, expect: Expect) {
        let offset = TextSize::new(marked.find("$0").expect("a cursor") as u32);
        let text = marked.replacen("$0", "", 1);
        let steps = enclosing(&Parsed::new(text.as_str(), Options::default()), offset);
        expect.assert_eq(&steps.into_iter().map(|range| format!("{:?}\n", &text[range])).collect::<String>());
    }

    #[test]
    fn from_the_word_to_the_file() {
        check(
            "[pre-up]\na = \"echo x$0$Y z\"\n[cleanup]\n",
            expect![[r#"
            "$Y"
            "x$Y"
            "echo x$Y z"
            "\"echo x$Y z\""
            "a = \"echo x$Y z\""
            "[pre-up]\na = \"echo x$Y z\""
            "[pre-up]\na = \"echo x$Y z\"\n[cleanup]\n"
        "#]],
        );
        check(
            "[pre-up]\n'a$0 b' = \"echo\"\n",
            expect![[r#"
            "a b"
            "'a b'"
            "'a b' = \"echo\""
            "[pre-up]\n'a b' = \"echo\""
            "[pre-up]\n'a b' = \"echo\"\n"
        "#]],
        );
        check(
            "[pre$0-up]\n",
            expect![[r#"
            "pre-up"
            "[pre-up]"
            "[pre-up]\n"
        "#]],
        );
        check(
            "# com$0ment\n[pre-up]\n",
            expect![[r##"
            "# comment"
            "# comment\n[pre-up]\n"
        "##]],
        );
        check(
            "$0",
            expect![[r#"
            ""
        "#]],
        );
    }
}
