//! Texts of files, clusters and tasks within Markdown.
//!
//! Must not let them be more than text: no link, no image, no HTML, nothing that steers a terminal.

use crate::printable::printable;

/// A code span, which may hold backticks.
pub fn code_span(text: &str) -> String {
    let text = printable(&text.replace(['\n', '\r'], "␤"));
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    let pad = if longest > 0 { " " } else { "" };
    format!("{fence}{pad}{text}{pad}{fence}")
}

/// A text in one line, in which pairs of single backticks mean code.
pub fn text_span(text: &str) -> String {
    let text = printable(text);
    // Of longer runs others may close than those that come next.
    let has_code = !text.contains("``") && text.matches('`').count().is_multiple_of(2);
    if !has_code {
        return escaped(&text);
    }
    let parts = text.split('`').enumerate();
    let shown = parts.map(|(at, part)| if at % 2 == 0 { escaped(part) } else { part.to_owned() });
    shown.collect::<Vec<_>>().join("`")
}

fn escaped(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut shown, character| {
        if matches!(character, '[' | ']' | '<' | '>' | '!' | '*' | '_' | '\\' | '`' | '&') {
            shown.push('\\');
        }
        shown.push(character);
        shown
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_that_has_backticks() {
        assert_eq!(code_span("a"), "`a`");
        assert_eq!(code_span("`a``[x](y)"), "``` `a``[x](y) ```");
        assert_eq!(code_span("a\n\u{1b}"), "`a␤\\u{1b}`");
    }

    #[test]
    fn text_stays_text() {
        for (text, shown) in [
            ("`a_b` is [x](y)", "`a_b` is \\[x\\](y)"),
            ("a`[x](y)", "a\\`\\[x\\](y)"),
            ("``a`b``[x](y)`", "\\`\\`a\\`b\\`\\`\\[x\\](y)\\`"),
            ("<b> &lt; ![i](j)\u{9b}", "\\<b\\> \\&lt; \\!\\[i\\](j)\\\\u{9b}"),
        ] {
            assert_eq!(text_span(text), shown);
        }
    }
}
