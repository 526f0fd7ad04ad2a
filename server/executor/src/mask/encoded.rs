//! Values in base64, also twice, in lines and with what other programs escape of it, as UTF-16 in base64, and in
//! hexadecimal digits.
//!
//! What may be one is decoded and looked at, so all that may stand around and in a value is as good as it is elsewhere.

use std::collections::BTreeSet;
use std::ops::Bound;

use super::escaped;
use super::is_line_end;
use super::literal::{LONGEST_BEGINNING, LiteralMatch, Literals};
use crate::base64::encoded;

/// Programs end lines behind whole groups of so many letters: 76 or 64 of them. Were a line end looked through behind a
/// single letter, many a line would wait for the next one.
const GROUP: usize = 4;

/// So many bits of the first letter belong to what stands in front of a value; of the last of them one letter has only bits
/// of a byte that begins before it.
const SHARED_BITS: [u32; 4] = [0, 2, 4, 6];

/// So many bytes are decoded at first: nearly all that begins like a value is then known to be none.
const FEW: usize = 24;

/// The most bytes between two lines of base64.
const LONGEST_GAP: usize = 256;

/// How often base64 is in base64.
const DEPTH: usize = 2;

/// Values that are looked for encoded.
pub(super) struct Encoded {
    /// The values, and what is left of them where a line ends behind their first or second byte, or a letter of base64.
    values: Literals,
    beginnings: BTreeSet<Vec<u8>>,
}

impl Encoded {
    pub(super) fn new(values: &[Vec<u8>]) -> Encoded {
        let tails = |value: &Vec<u8>| [value.clone(), value[1..].to_vec(), value[2..].to_vec()];
        let mut beginnings = BTreeSet::new();
        values.iter().for_each(|value| add_beginnings(value, &mut beginnings));
        Encoded { values: Literals::new(values.iter().flat_map(tails).collect()), beginnings }
    }

    /// What the values may begin with.
    pub(super) fn beginnings(&self) -> impl Iterator<Item = &[u8]> {
        self.beginnings.iter().map(Vec::as_slice)
    }

    /// Whether one of the values may stand at the beginning of what was written.
    fn may_begin(&self, written: &[u8]) -> bool {
        let begin = &written[..written.len().min(LONGEST_BEGINNING)];
        let next = self.beginnings.range::<[u8], _>((Bound::Included(begin), Bound::Unbounded)).next();
        next.is_some_and(|next| next.starts_with(begin))
            || (1..begin.len()).any(|length| self.beginnings.contains(&begin[..length]))
    }

    /// The longest that stands at the beginning of what was written; `ended` says that nothing more follows.
    pub(super) fn at_start(&self, written: &[u8], ended: bool) -> LiteralMatch {
        if !self.may_begin(written) {
            return LiteralMatch::Nothing;
        }
        let text = Text { written, ended };
        self.in_base64(text, DEPTH).max(self.within(text, hexadecimal, |text| self.escaped(text)))
    }

    fn escaped(&self, text: Text<'_>) -> LiteralMatch {
        escaped::at_start(&self.values, text.written, text.ended)
    }

    fn in_base64(&self, text: Text<'_>, depth: usize) -> LiteralMatch {
        if depth == 0 || !text.written.first().is_none_or(|first| may_be_letter(*first)) {
            return LiteralMatch::Nothing;
        }
        let mut longest = LiteralMatch::Nothing;
        for shared in SHARED_BITS {
            let decode = |text: Text<'_>, most| base64(text, shared, most);
            let found = self.within(text, decode, |text| {
                let is_wide = matches!(text.written, [first, 0, ..] if first.is_ascii());
                let wide = || self.within(text, utf16, |text| self.escaped(text));
                let plain = self.escaped(text).max(self.in_base64(text, depth - 1));
                if is_wide { plain.max(wide()) } else { plain }
            });
            longest = longest.max(found);
        }
        longest
    }

    /// What is found in a decoded text, by what is written of it.
    fn within(
        &self,
        text: Text<'_>,
        decode: impl Fn(Text<'_>, usize) -> Decoded,
        find: impl Fn(Text<'_>) -> LiteralMatch,
    ) -> LiteralMatch {
        let mut most = FEW;
        loop {
            let decoded = decode(text, most);
            let is_cut = decoded.bytes.len() >= most;
            let ended = !decoded.is_open && !is_cut;
            let found = match find(Text { written: &decoded.bytes, ended }) {
                LiteralMatch::Whole(length) => decoded.written(text, length, ended),
                other => other,
            };
            if found != LiteralMatch::Perhaps || !is_cut {
                return found;
            }
            if most > self.values.longest() * escaped::LONGEST_SIGN {
                return LiteralMatch::Nothing;
            }
            most *= 4;
        }
    }
}

/// A text from a place on.
#[derive(Clone, Copy)]
struct Text<'t> {
    written: &'t [u8],
    /// Whether nothing more follows.
    ended: bool,
}

/// What a text stands for.
struct Decoded {
    bytes: Vec<u8>,
    /// For each byte how much was written up to its end.
    ends: Vec<usize>,
    /// Whether what follows may belong to it.
    is_open: bool,
    /// The bits of the group that the first byte of base64 does not begin.
    skipped_bits: Option<usize>,
}

impl Decoded {
    fn new() -> Decoded {
        let (bytes, ends) = (Vec::with_capacity(FEW), Vec::with_capacity(FEW));
        Decoded { bytes, ends, is_open: false, skipped_bits: None }
    }

    fn push(&mut self, byte: u8, end: usize) {
        self.bytes.push(byte);
        self.ends.push(end);
    }

    /// How much is written for the first bytes, with a line end behind them and what fills the end of base64.
    fn written(&self, text: Text<'_>, length: usize, ended: bool) -> LiteralMatch {
        let Some(skipped) = self.skipped_bits else { return LiteralMatch::Whole(self.ends[length - 1]) };
        if self.bytes.len() == length && !ended {
            return LiteralMatch::Perhaps;
        }
        let length = length + usize::from(self.bytes.get(length) == Some(&b'\n'));
        let mut end = self.ends[length - 1];
        let letters = (skipped + 8 * length).div_ceil(6);
        for _ in 0..(GROUP - letters % GROUP) % GROUP {
            let rest = &text.written[end..];
            let filling: [&[u8]; 4] = [b"=", b"%3D", b"%3d", br"\u003d"];
            if !text.ended && filling.iter().any(|it| it.len() > rest.len() && it.starts_with(rest)) {
                return LiteralMatch::Perhaps;
            }
            end += filling.iter().find(|it| rest.starts_with(it)).map_or(0, |it| it.len());
        }
        LiteralMatch::Whole(end)
    }
}

fn base64(text: Text<'_>, shared: u32, most: usize) -> Decoded {
    let mut decoded = Decoded { skipped_bits: Some(4 * shared as usize), ..Decoded::new() };
    let (mut at, mut letters, mut held, mut bits) = (0, 0, 0_u32, 0);
    let mut line = 0;
    while decoded.bytes.len() < most {
        let rest = &text.written[at..];
        match letter(rest) {
            Letter::Of { value, length } => {
                at += length;
                letters += 1;
                held = held << 6 | value;
                bits += if letters == 1 { 6 - shared } else { 6 };
                if bits >= 8 {
                    bits -= 8;
                    decoded.push((held >> bits) as u8, at);
                }
            }
            Letter::Unfinished => {
                decoded.is_open = !text.ended;
                return decoded;
            }
            Letter::None if letters < GROUP || line == letters => return decoded,
            Letter::None => match gap(rest) {
                Some(length) => (at, line) = (at + length, letters),
                None => {
                    decoded.is_open = !text.ended;
                    return decoded;
                }
            },
        }
    }
    decoded
}

enum Letter {
    None,
    /// It depends on what follows.
    Unfinished,
    Of {
        value: u32,
        length: usize,
    },
}

/// How other programs escape what is neither letter nor digit in base64.
const ESCAPED: [(&[u8], u32); 9] = [
    (b"%2B", 62),
    (b"%2b", 62),
    (br"\u002B", 62),
    (br"\u002b", 62),
    (b"%2F", 63),
    (b"%2f", 63),
    (br"\u002F", 63),
    (br"\u002f", 63),
    (br"\/", 63),
];

fn may_be_letter(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"+/-_%\\".contains(&byte)
}

/// The letter of base64 that a text begins with, of the standard alphabet or that for URLs.
fn letter(written: &[u8]) -> Letter {
    let Some(first) = written.first() else { return Letter::Unfinished };
    let value = match first {
        b'A'..=b'Z' => first - b'A',
        b'a'..=b'z' => first - b'a' + 26,
        b'0'..=b'9' => first - b'0' + 52,
        b'+' | b'-' => 62,
        b'/' | b'_' => 63,
        b'%' | b'\\' => return escaped_letter(written),
        _ => return Letter::None,
    };
    Letter::Of { value: u32::from(value), length: 1 }
}

fn escaped_letter(written: &[u8]) -> Letter {
    for (text, value) in ESCAPED {
        if written.starts_with(text) {
            return Letter::Of { value, length: text.len() };
        }
        if text.starts_with(written) {
            return Letter::Unfinished;
        }
    }
    Letter::None
}

/// How much stands between two lines: their end, in a text of JSON too, and blanks. Nothing when that depends on what
/// follows.
fn gap(written: &[u8]) -> Option<usize> {
    let mut length = 0;
    while length < LONGEST_GAP {
        let rest = &written[length..];
        let backslashes = rest.iter().take(GROUP).take_while(|byte| **byte == b'\\').count();
        match rest.get(backslashes) {
            None => return None,
            Some(b'n' | b'r') if backslashes > 0 => length += backslashes + 1,
            Some(byte) if backslashes == 0 && is_line_end(*byte) => length += 1,
            Some(b' ' | b'\t') if backslashes == 0 && length > 0 => length += 1,
            Some(_) => return Some(length),
        }
    }
    Some(length)
}

fn hexadecimal(text: Text<'_>, most: usize) -> Decoded {
    let mut decoded = Decoded::new();
    let digit = |byte: u8| (byte as char).to_digit(16);
    for (at, pair) in text.written.chunks(2).take(most).enumerate() {
        match *pair {
            [first, second] => match (digit(first), digit(second)) {
                (Some(high), Some(low)) => decoded.push((high << 4 | low) as u8, 2 * at + 2),
                _ => return decoded,
            },
            [single] if digit(single).is_none() => return decoded,
            _ => {}
        }
    }
    decoded.is_open = !text.ended;
    decoded
}

/// The characters that have one number there.
fn utf16(text: Text<'_>, most: usize) -> Decoded {
    let mut decoded = Decoded::new();
    for (at, pair) in text.written.chunks(2).enumerate() {
        let [low, high] = *pair else { break };
        let Some(character) = char::from_u32(u32::from(u16::from_le_bytes([low, high]))) else {
            return decoded;
        };
        for byte in character.encode_utf8(&mut [0; 4]).bytes() {
            decoded.push(byte, 2 * at + 2);
        }
        if decoded.bytes.len() >= most {
            break;
        }
    }
    decoded.is_open = !text.ended;
    decoded
}

/// What a value may begin with where it is encoded.
fn add_beginnings(value: &[u8], all: &mut BTreeSet<Vec<u8>>) {
    for value in in_json(value) {
        add_base64(&beginnings(&value, Some(b':')), all);
    }
    for inner in beginnings(value, Some(b':')) {
        if inner.contains(['+', '/']) {
            add_base64(&beginnings(&for_urls(&inner), None), all);
        }
        add_base64(&beginnings(inner.as_bytes(), None), all);
    }
    let wide: Vec<u8> = value.iter().take(BEGINNING).flat_map(|byte| [*byte, 0]).collect();
    add_base64(&beginnings(&wide, Some(0)), all);
    let digits: String = value.iter().take(2).map(|byte| format!("{byte:02x}")).collect();
    all.insert(digits.to_ascii_uppercase().into_bytes());
    all.insert(digits.into_bytes());
}

/// So many bytes decide what encoded texts begin with, and these do so in base64 once more.
const BEGINNING: usize = 8;

fn for_urls(text: &str) -> Vec<u8> {
    text.replace('+', "-").replace('/', "_").into_bytes()
}

/// The first letters of base64 that a value alone decides, wherever in a group it begins and wherever a line ends in front
/// of it; and a letter more where such a byte is in front.
fn beginnings(value: &[u8], before: Option<u8>) -> Vec<String> {
    let value = &value[..value.len().min(BEGINNING)];
    let before_it = [before.unwrap_or(b':'); 2];
    let mut all = Vec::new();
    for count in 0..3 {
        let text = encoded(&[&before_it[..count], value].concat());
        let decided = &text[..(count + value.len()) * 8 / 6];
        all.push(decided[(8 * count).div_ceil(6)..].to_owned());
        if count > 0 && before.is_some() {
            all.push(decided[count..].to_owned());
        }
    }
    all.extend([1, 2].map(|begun| encoded(&value[begun..])[..(value.len() - begun) * 8 / 6].to_owned()));
    all
}

fn add_base64(beginnings: &[String], all: &mut BTreeSet<Vec<u8>>) {
    for text in beginnings.iter().map(|text| &text[..LONGEST_BEGINNING]) {
        if let Some(sign) = text.find(['+', '/']) {
            all.insert([&text.as_bytes()[..sign], b"%2"].concat());
            all.insert([&text.as_bytes()[..sign], b"\\"].concat());
            all.insert(for_urls(text));
        }
        all.insert(text.as_bytes().to_vec());
    }
}

/// A value, and as a text of JSON may begin with it.
fn in_json(value: &[u8]) -> Vec<Vec<u8>> {
    let value = &value[..value.len().min(BEGINNING)];
    let mut all = vec![value.to_vec()];
    if value[..LONGEST_BEGINNING].iter().all(u8::is_ascii_alphanumeric) {
        return all;
    }
    for is_upper in [false, true] {
        for is_short in [false, true] {
            let text = String::from_utf8_lossy(value);
            let mut written = String::new();
            for letter in text.chars() {
                match letter {
                    '"' | '\\' | '/' if is_short => written.extend(['\\', letter]),
                    _ if letter.is_ascii_alphanumeric() || is_short && letter.is_ascii_graphic() => {
                        written.push(letter);
                    }
                    _ if is_upper => written += &format!("\\u{:04X}", letter as u32),
                    _ => written += &format!("\\u{:04x}", letter as u32),
                }
            }
            all.push(written.into_bytes());
        }
    }
    all
}
