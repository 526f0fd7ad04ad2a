//! What of a text people may see as it is, and what would steer their terminal.
//!
//! Must not know colours: who shows what tasks write says what stays.

use std::borrow::Cow;

/// Whether a terminal or an editor does something else with a character than show it, behind the one before it: line
/// ends, escapes, other directions of writing, and what is not seen at all, as Unicode's Default_Ignorable_Code_Point has
/// it.
pub fn steers(before: Option<char>, character: char) -> bool {
    match character {
        ' '..='~' => false,
        // They belong to words of some scripts, and to emoji.
        '\u{200c}' | '\u{200d}' => before.is_none_or(|before| before.is_ascii()),
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180e}' | '\u{3164}' => true,
        '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' => true,
        '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}' => true,
        _ => character.is_control(),
    }
}

/// A text in one line that does nothing to a terminal.
pub fn printable(text: &str) -> String {
    printable_but(text, |_| false).into_owned()
}

/// A text without what steers, but for the characters that are to stay; itself where it has nothing else.
pub fn printable_but(text: &str, stays: impl Fn(char) -> bool) -> Cow<'_, str> {
    let mut shown = Cow::Borrowed("");
    let (mut before, mut copied) = (None, 0);
    for (at, character) in text.char_indices() {
        if steers(before, character) && !stays(character) {
            let shown = shown.to_mut();
            shown.push_str(&text[copied..at]);
            match character {
                '\0' | '\t' | '\n' | '\r' => shown.extend(character.escape_default()),
                _ => shown.extend(character.escape_unicode()),
            }
            copied = at + character.len_utf8();
        }
        before = Some(character);
    }
    if copied == 0 { Cow::Borrowed(text) } else { shown + &text[copied..] }
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
        assert_eq!(
            printable("a\u{200b}b\u{feff}\u{2066}\u{e0041}\u{3164}\u{2028}"),
            "a\\u{200b}b\\u{feff}\\u{2066}\\u{e0041}\\u{3164}\\u{2028}"
        );
        assert_eq!(printable_lines("a\u{1b}\n\nb\r\n"), "a\\u{1b}\n\nb\\r\n");
    }

    #[test]
    fn what_belongs_to_words_and_emoji_stays() {
        let text = "\u{645}\u{6cc}\u{200c}\u{62e} \u{2764}\u{fe0f}\u{200d}\u{1f525}";
        assert_eq!(printable(text), text);
        assert_eq!(printable("rm\u{200d} -r"), "rm\\u{200d} -r");
    }
}
