//! What of a text people may see as it is, and what would steer their terminal.
//!
//! Must not be asked about what tasks write, which has its colours.

/// Whether a terminal does something else with a character than show it: line ends, escapes, other directions of writing.
pub fn steers(character: char) -> bool {
    character.is_control() || matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A text in one line that does nothing to a terminal.
pub fn printable(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut shown, character| {
        if steers(character) {
            shown.extend(character.escape_debug());
        } else {
            shown.push(character);
        }
        shown
    })
}

/// A text of several lines that does nothing to a terminal.
pub fn printable_lines(text: &str) -> String {
    text.split('\n').map(printable).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terminals_are_left_alone() {
        assert_eq!(
            printable("a\u{1b}[0m\té\n\u{7f}\u{9b}\u{202e}"),
            "a\\u{1b}[0m\\té\\n\\u{7f}\\u{9b}\\u{202e}"
        );
        assert_eq!(printable_lines("a\u{1b}\n\nb\r\n"), "a\\u{1b}\n\nb\\r\n");
    }
}
