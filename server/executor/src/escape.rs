//! Which bytes of a text a terminal does not show: escapes and control characters.
//!
//! Whoever takes them out of a text and whoever looks for something between them must ask here: a secret with colours
//! inside is whole again once they are gone.

use std::borrow::Cow;

use draft_tasks_analysis::printable::printable_but;

/// More than this is no escape but text behind a stray byte, so that nobody waits for its end.
const LONGEST: usize = 4096;

const ESCAPE: u8 = 0x1b;

/// Whether a byte may begin something that is not shown. Blanks and line ends are shown.
fn may_hide(byte: u8) -> bool {
    // Branches would keep it from being asked of many bytes at once.
    (byte < b'\t') | (byte == 0xb) | (0xe..b' ').contains(&byte) | (byte == 0x7f)
}

/// How many bytes there are before the first one that may begin something that is not shown.
pub(crate) fn shown_length(text: &[u8]) -> usize {
    length_without(text, may_hide)
}

/// The most bytes that are looked at together.
const BLOCK: usize = 64;

/// How many bytes there are before the first one of a kind. Blocks begin small: where bytes of the kind are close to each
/// other, what stands behind one must not be looked at again for each of them.
fn length_without(text: &[u8], is_of_kind: impl Fn(u8) -> bool) -> usize {
    let (mut rest, mut size) = (text, 1);
    loop {
        let (block, behind) = rest.split_at(size.min(rest.len()));
        let before = text.len() - rest.len();
        // Without a way out of the loop many bytes are looked at at once.
        if block.iter().fold(false, |found, byte| found | is_of_kind(*byte)) {
            return before + block.iter().position(|byte| is_of_kind(*byte)).unwrap_or(block.len());
        }
        if behind.is_empty() {
            return text.len();
        }
        (rest, size) = (behind, BLOCK.min(2 * size));
    }
}

/// How many of the bytes that a text begins with are not shown as one of them; nothing when that depends on what follows.
pub(crate) fn hidden(text: &[u8]) -> Option<usize> {
    match text.first() {
        Some(&ESCAPE) if text.len() < LONGEST => escape(text),
        Some(&ESCAPE) => Some(escape(&text[..LONGEST]).unwrap_or(1)),
        Some(first) if may_hide(*first) => Some(1),
        _ => Some(0),
    }
}

/// Bytes that are not shown, without the escapes that are ended by what follows them alone.
pub(crate) fn ended(bytes: &[u8]) -> Vec<u8> {
    let (mut ended, mut rest) = (Vec::with_capacity(bytes.len()), bytes);
    while let Some(length) = hidden(rest).filter(|length| *length > 0) {
        let (escape, behind) = rest.split_at(length);
        ended.extend_from_slice(if hidden(escape).is_some() { escape } else { &[] });
        rest = behind;
    }
    ended
}

/// Whether an escape has text of any kind inside, such as a title or a link.
pub(crate) fn has_text(escape: &[u8]) -> bool {
    matches!(escape.get(1), Some(b']' | b'P' | b'X' | b'^' | b'_'))
}

fn escape(text: &[u8]) -> Option<usize> {
    match *text.get(1)? {
        b'[' => sequence(text, 2, 0x20..=0x3f, 0x40..=0x7e),
        _ if has_text(text) => string(text),
        0x20..=0x2f => sequence(text, 1, 0x20..=0x2f, 0x30..=0x7e),
        0x30..=0x7e => Some(2),
        _ => Some(1),
    }
}

/// The length of a sequence with its last byte; what cannot be in one ends it.
fn sequence(
    text: &[u8],
    start: usize,
    inside: std::ops::RangeInclusive<u8>,
    last: std::ops::RangeInclusive<u8>,
) -> Option<usize> {
    let end = start + text[start..].iter().position(|byte| !inside.contains(byte))?;
    Some(if last.contains(&text[end]) { end + 1 } else { end })
}

/// The length of a string with its end: a bell, `ESC \`, or what cannot be in one.
fn string(text: &[u8]) -> Option<usize> {
    let end = 2 + text[2..].iter().position(|byte| matches!(byte, 7 | b'\n' | 0x18 | 0x1a | 0x1b))?;
    match text[end] {
        b'\n' => Some(end),
        ESCAPE => Some(if *text.get(end + 1)? == b'\\' { end + 2 } else { end }),
        _ => Some(end + 1),
    }
}

/// A text without what is not shown; an escape without an end is not shown either.
pub(crate) fn shown(text: &str) -> String {
    with_escapes(text, |_| false)
}

/// A text of which these escapes stay and all else that is not shown goes.
fn with_escapes(text: &str, stays: impl Fn(&[u8]) -> bool) -> String {
    let bytes = text.as_bytes();
    let mut left = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let length = shown_length(&bytes[at..]);
        left.extend_from_slice(&bytes[at..at + length]);
        at += length;
        let rest = &bytes[at..];
        let (escape, _) = rest.split_at(hidden(rest).unwrap_or(rest.len()));
        left.extend_from_slice(if stays(escape) { escape } else { &[] });
        at += escape.len();
    }
    String::from_utf8_lossy(&left).into_owned()
}

/// A text as a person would see it in the end: terminal escapes removed, of lines that were overwritten after carriage
/// returns only what they said last, and what else steers a terminal or is not seen as [`printable_but`] writes it.
pub fn plain(text: &str) -> String {
    let seen = text.split_inclusive('\n').map(|line| match line.strip_suffix('\n') {
        Some(line) => as_seen(line) + "\n",
        None => as_seen(line),
    });
    seen.collect()
}

/// A line as a terminal shows it in the end.
pub(crate) fn as_seen(line: &str) -> String {
    let shown = shown(line);
    let last = shown.split('\r').rfind(|segment| !segment.is_empty()).unwrap_or_default();
    written_out(last)
}

/// A line for a terminal that shows colours, which end with it: [`colored`], and of what was overwritten after carriage
/// returns only what it said last.
pub fn colored_line(line: &str) -> String {
    let text = colored(line);
    let last = text.split('\r').rfind(|segment| !shown(segment).is_empty()).unwrap_or_default();
    let end = if last.contains('\x1b') && !last.ends_with("\x1b[0m") { "\x1b[0m" } else { "" };
    last.to_owned() + end
}

/// A text with its colours for who shows them: of the escapes only those stay. Controls beyond ASCII, which some terminals
/// obey as escapes, other directions of writing and what is not seen are as [`printable_but`] writes them.
pub fn colored(text: &str) -> Cow<'_, str> {
    // Nearly all text is such.
    if text.is_ascii() && shown_length(text.as_bytes()) == text.len() {
        return Cow::Borrowed(text);
    }
    let is_color = |escape: &[u8]| escape.starts_with(b"\x1b[") && escape.ends_with(b"m");
    Cow::Owned(written_out(&with_escapes(text, is_color)))
}

/// A text without escapes but for colours, with what else steers a terminal written out.
fn written_out(text: &str) -> String {
    if text.is_ascii() {
        text.to_owned()
    } else {
        printable_but(text, |character| character.is_ascii()).into_owned()
    }
}

/// The length of a text without an escape at its end of which more must come.
pub(crate) fn length_of_whole(text: &str) -> usize {
    let from = text.ceil_char_boundary(text.len().saturating_sub(LONGEST));
    let begins = text.as_bytes()[from..].iter().rposition(|byte| *byte == ESCAPE).map(|at| from + at);
    begins.filter(|at| hidden(&text.as_bytes()[*at..]).is_none()).unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_text_of_colours_and_progress_bars() {
        assert_eq!(plain("\u{1b}[31mred\u{1b}[0m\r\n 1 %\r99 %\n\nend"), "red\n99 %\n\nend");
    }

    #[test]
    fn controls_beyond_ascii_and_what_is_not_seen_are_written_out() {
        let text = "\x1b[1mé\u{9b}31m\u{202e}x\x1b[m\u{200b}\r\n";
        assert_eq!(plain(text), "é\\u{9b}31m\\u{202e}x\\u{200b}\n");
        assert_eq!(plain("a\u{9b}b"), "a\\u{9b}b");
        assert_eq!(colored(text), "\x1b[1mé\\u{9b}31m\\u{202e}x\x1b[m\\u{200b}\r\n");
    }

    #[test]
    fn a_text_has_its_colours_and_carriage_returns_and_nothing_else_that_steers() {
        for (text, seen) in [
            ("10 %\r\x1b[K20 %\r\n\x1b[1;31mred\x1b[m\x07", "10 %\r20 %\r\n\x1b[1;31mred\x1b[m"),
            ("\x1b]0;title\x07\x1b[2J\x1b[1;1Ha\x1b[?1049h\x08b\x1bc", "ab"),
            ("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\ \x1bPq\x1b\\\tend", "link \tend"),
        ] {
            assert_eq!(colored(text), seen, "{text:?}");
        }
        assert!(matches!(colored("plain\r\n\ttext"), Cow::Borrowed(_)));
    }

    #[test]
    fn a_text_is_whole_without_the_escape_that_goes_on() {
        for (text, whole) in [
            ("a\x1b", "a"),
            ("a\x1b[3", "a"),
            ("\x1b[3", ""),
            ("a\x1b]0;title", "a"),
            ("\x1b[1ma\x1b[", "\x1b[1ma"),
            ("a\x1b[31m", "a\x1b[31m"),
            ("\x1b[3\n", "\x1b[3\n"),
            ("é", "é"),
        ] {
            assert_eq!(&text[..length_of_whole(text)], whole, "{text:?}");
        }
    }

    #[test]
    fn a_line_has_its_colours_and_no_other_escape() {
        for (line, seen) in [
            ("plain é", "plain é"),
            ("\x1b[31mred\x1b[0m", "\x1b[31mred\x1b[0m"),
            ("\x1b[1;38:5:1mred", "\x1b[1;38:5:1mred\x1b[0m"),
            ("\x1b[2J\x1b[1A\x1b]0;title\x07\x08x\x1b[K", "x"),
            (" 10 %\r\x1b[K\x1b[32m 99 %\x1b[m\r\x1b[K", "\x1b[32m 99 %\x1b[m\x1b[0m"),
            ("x\x1b[31", "x"),
        ] {
            assert_eq!(colored_line(line), seen, "{line:?}");
        }
    }

    #[test]
    fn escapes_are_not_shown() {
        for text in [
            "\x1b[31mred\x1b[0m",
            "\x1b[38;5;1mr\x1b[Ke\x1b[?25ld",
            "\x1b]8;;http://x\x1b\\red\x1b]8;;\x07",
            "\x1b]0;a title\x07red",
            "\x1b(Bred\x1b7\x1b\x1b[m",
            "r\0e\x08d\x7f\x1b[31",
            "\x1b]0;no endr\nred",
        ] {
            assert_eq!(shown(text).trim_start(), "red", "{text:?}");
        }
        assert_eq!(shown("a\tb\r\nc\x0cé"), "a\tb\r\nc\x0cé");
        // What cannot be in a sequence is text.
        assert_eq!(shown("\x1b[3é\x1bé"), "éé");
    }

    #[test]
    fn no_byte_is_looked_at_often() {
        for (text, most) in
            [("\0".repeat(1000), 2), ("\x08|\x08/".repeat(1000), 3), ("x".repeat(999) + "\0", 2)]
        {
            let looks = std::cell::Cell::new(0);
            let looked_at = |byte| {
                looks.set(looks.get() + 1);
                may_hide(byte)
            };
            let mut rest = text.as_bytes();
            while !rest.is_empty() {
                rest = &rest[(length_without(rest, looked_at) + 1).min(rest.len())..];
            }
            assert!(looks.get() <= most * text.len(), "{} looks at {} bytes", looks.get(), text.len());
        }
    }

    #[test]
    fn what_has_no_end_for_long_is_text() {
        let text = format!("\x1b]{}\x07", "x".repeat(LONGEST));
        assert_eq!(shown(&text).len(), 1 + LONGEST);
        let text = format!("\x1b]{}\x07", "x".repeat(LONGEST - 3));
        assert_eq!(shown(&text), "");
    }

    #[test]
    fn it_is_said_when_the_end_is_not_known() {
        for (text, length) in [
            ("", Some(0)),
            ("x", Some(0)),
            ("\x1b", None),
            ("\x1b[", None),
            ("\x1b[31", None),
            ("\x1b[31mx", Some(5)),
            ("\x1b]0;x", None),
            ("\x1b]0;x\x1b", None),
            ("\x1b]0;x\x1b\\", Some(7)),
            ("\x1b]0;x\x1b[", Some(5)),
            ("\x1b(", None),
        ] {
            assert_eq!(hidden(text.as_bytes()), length, "{text:?}");
        }
    }
}
