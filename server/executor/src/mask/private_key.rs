//! Private keys in PEM, also where something stands around each of their lines, as in logs.

const BEGINS: &[u8] = b"-----BEGIN ";
const ENDS: &[u8] = b"-----END ";
const DASHES: &[u8] = b"-----";

/// The longest name of a kind of key.
const LONGEST_NAME: usize = 64;

/// A key is shorter than this; so much is hidden where no end is found.
const LONGEST: usize = 16 << 10;

/// A line with so many letters of base64 in a row is one of the key: programs end lines behind 64 letters or more.
const BODY: usize = 32;

/// So many lines in a row may be of something else: what the key begins with, its last line, and what others write
/// meanwhile into the same log.
const MOST_OTHER_LINES: usize = 8;

/// What all keys begin with.
pub(super) const BEGINNING: &[u8] = BEGINS;

/// What stands at a place.
pub(super) enum KeyStart {
    Nothing,
    /// It depends on what follows.
    Perhaps,
    /// A key, whose first line has so many bytes.
    Begun(usize),
}

/// What begins at the start of what was written; `ended` says that nothing more follows.
pub(super) fn at_start(written: &[u8], ended: bool) -> KeyStart {
    match marker(written, BEGINS) {
        Marker::Unfinished if !ended => KeyStart::Perhaps,
        Marker::Of { name, length } if is_private(name) => KeyStart::Begun(length),
        _ => KeyStart::Nothing,
    }
}

fn is_private(name: &[u8]) -> bool {
    name.ends_with(b"PRIVATE KEY") || name.ends_with(b"PRIVATE KEY BLOCK")
}

enum Marker<'a> {
    None,
    Unfinished,
    Of { name: &'a [u8], length: usize },
}

/// `-----BEGIN NAME-----` at the start of a text.
fn marker<'a>(text: &'a [u8], begin: &[u8]) -> Marker<'a> {
    let Some(behind) = text.strip_prefix(begin) else {
        return if begin.starts_with(text) { Marker::Unfinished } else { Marker::None };
    };
    let of_name = |byte: &&u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || **byte == b' ';
    let length = behind.iter().take(LONGEST_NAME).take_while(of_name).count();
    let (name, rest) = behind.split_at(length);
    if rest.starts_with(DASHES) {
        return Marker::Of { name, length: begin.len() + length + DASHES.len() };
    }
    if DASHES.starts_with(rest) { Marker::Unfinished } else { Marker::None }
}

/// A key of which a part was read.
#[derive(Clone, Copy, Debug)]
pub(super) struct BegunKey {
    /// How many bytes of it may follow.
    left: usize,
    /// Whether its first line has ended.
    is_in_lines: bool,
    /// Whether the last byte was a backslash: `\n` is a line end of JSON.
    is_escaping: bool,
    /// How many letters of base64 were in a row.
    run: usize,
    /// Whether the line has enough of them.
    has_body: bool,
    /// How many lines had not.
    others: usize,
}

/// How far a key goes.
pub(super) struct KeyPart {
    pub(super) length: usize,
    /// The key that may go on; nothing when it is over.
    pub(super) begun: Option<BegunKey>,
}

impl BegunKey {
    /// A key whose first line was read up to its end.
    pub(super) fn new() -> BegunKey {
        BegunKey { left: LONGEST, is_in_lines: false, is_escaping: false, run: 0, has_body: false, others: 0 }
    }

    /// How much of what was written belongs to it; `ended` says that nothing more follows.
    pub(super) fn continues(mut self, written: &[u8], ended: bool) -> KeyPart {
        for (at, byte) in written.iter().enumerate() {
            if *byte == b'-' {
                match marker(&written[at..], ENDS) {
                    Marker::Of { length, .. } => return KeyPart { length: at + length, begun: None },
                    Marker::Unfinished if !ended => return KeyPart { length: at, begun: Some(self) },
                    _ => {}
                }
            }
            if !self.takes(*byte) {
                return KeyPart { length: at, begun: None };
            }
        }
        KeyPart { length: written.len(), begun: Some(self).filter(|_| !ended) }
    }

    fn takes(&mut self, byte: u8) -> bool {
        // In the line of the first marker a sentence may go on.
        if self.left == 0 || !self.is_in_lines && !may_be_in_key(byte) || self.others > MOST_OTHER_LINES {
            return false;
        }
        self.left -= 1;
        let is_letter = byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
        self.run = if is_letter { self.run + 1 } else { 0 };
        self.has_body |= self.run >= BODY;
        if byte == b'\n' || self.is_escaping && byte == b'n' {
            self.end_line();
        }
        self.is_escaping = byte == b'\\';
        true
    }

    fn end_line(&mut self) {
        self.others = if self.has_body || !self.is_in_lines { 0 } else { self.others + 1 };
        (self.is_in_lines, self.has_body, self.run) = (true, false, 0);
    }
}

/// Base64, the lines in front of it, and line ends as they stand in JSON.
fn may_be_in_key(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"+/= \t\r\n\\:,-".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::super::Secrets;

    const BODY: &str = "MIIEvgIBADANBgkqhkiG9w0BAQEFAASCBKgwggSkAgEAAoIBAQC7VJTUt9Us8cKj\n";

    fn key() -> String {
        format!("-----BEGIN PRIVATE KEY-----\n{}Ab3=\n-----END PRIVATE KEY-----\n", BODY.repeat(20))
    }

    fn masked(text: &str) -> String {
        Secrets::default().mask(text).into_owned()
    }

    #[test]
    fn something_stands_around_each_line() {
        for (before, behind) in [
            ("web-1  | ", ""),
            ("[pod/web-7f8b9c6d5-x2x4z/web] ", ""),
            ("2026-11-29T21:30:00.123456789Z stdout F ", "\r"),
            ("      ", ""),
            ("> \"", "\\n\" +"),
            ("{\"log\":\"", "\\n\",\"stream\":\"stdout\"}"),
        ] {
            let text: String = key().lines().map(|line| format!("{before}{line}{behind}\n")).collect();
            let expected = format!("a\n{before}***{behind}\nb.");
            assert_eq!(masked(&format!("a\n{text}b.")), expected);
        }
    }

    #[test]
    fn other_lines_come_between() {
        let text = format!("-----BEGIN RSA PRIVATE KEY-----\nProc-Type: x.\n\n{BODY}");
        assert_eq!(masked(&format!("{text}db-1 | ready.\n{BODY}-----END RSA PRIVATE KEY-----.")), "***.");
    }

    #[test]
    fn a_key_without_an_end_hides_few_lines_of_others() {
        let lines: String = (0..20).map(|line| format!("[{line}]\n")).collect();
        let shown = masked(&format!("-----BEGIN PRIVATE KEY-----\n{BODY}{lines}"));
        assert!(shown.starts_with("***[9]\n") && shown.ends_with("[19]\n"), "{shown}");
    }

    #[test]
    fn a_sentence_goes_on() {
        let text = "it begins with `-----BEGIN PRIVATE KEY-----` or similar\nand more";
        assert_eq!(masked(text), "it begins with `***` or similar\nand more");
    }
}
