//! Values as programs escape them in URLs and for shells: each sign as it is or in one of several ways, since no two
//! programs escape the same signs.

use std::sync::LazyLock;

use super::literal::{self, LiteralMatch};

/// Shorter values are looked for as they are.
const SHORTEST: usize = 8;

/// All ways to write a byte, the byte itself first.
type Ways = Vec<Vec<u8>>;

/// For each byte, as in URLs, and behind backslashes or between quotes.
static FAMILIES: LazyLock<[Vec<Ways>; 2]> =
    LazyLock::new(|| [percent, backslash].map(|ways| (0..=u8::MAX).map(ways).collect()));

/// Values, each in all ways of one family.
pub(super) struct Escaped(Vec<Vec<u8>>);

impl Escaped {
    pub(super) fn new(values: &[Vec<u8>]) -> Escaped {
        let is_long = |value: &&Vec<u8>| value.iter().filter(|byte| !is_hidden(**byte)).count() >= SHORTEST;
        Escaped(values.iter().filter(is_long).cloned().collect())
    }

    /// What they may begin with.
    pub(super) fn beginnings(&self) -> Vec<Vec<u8>> {
        let mut all = Vec::new();
        for family in &*FAMILIES {
            self.0.iter().for_each(|value| add_beginnings(family, value, &[], &mut all));
        }
        all
    }

    /// The longest of them that stands at the beginning of what was written; `ended` says that nothing more follows.
    pub(super) fn at_start(&self, written: &[u8], ended: bool) -> LiteralMatch {
        let mut longest = LiteralMatch::Nothing;
        for value in &self.0 {
            for family in &*FAMILIES {
                longest = longest.max(value_at_start(family, value, written, ended));
            }
        }
        longest
    }
}

fn add_beginnings(family: &[Ways], value: &[u8], begun: &[u8], all: &mut Vec<Vec<u8>>) {
    if begun.len() >= literal::SHORTEST {
        all.push(begun.to_vec());
        return;
    }
    let Some((byte, rest)) = value.split_first() else { return };
    for way in &family[usize::from(*byte)] {
        add_beginnings(family, rest, &[begun, way].concat(), all);
    }
}

fn value_at_start(family: &[Ways], value: &[u8], written: &[u8], ended: bool) -> LiteralMatch {
    let meets = |way: &Vec<u8>| written.starts_with(way) || way.starts_with(written);
    // Nearly all values are done with here, and nothing was allocated for them.
    if !value.first().is_some_and(|byte| family[usize::from(*byte)].iter().any(meets)) {
        return LiteralMatch::Nothing;
    }
    // A `%25` may be a `%`, or a `%` with `25` behind it.
    let mut ends = vec![0];
    for byte in value {
        let mut next = Vec::new();
        for end in ends {
            let rest = &written[end..];
            for way in &family[usize::from(*byte)] {
                if rest.starts_with(way) {
                    next.push(end + way.len());
                } else if !ended && way.starts_with(rest) {
                    return LiteralMatch::Perhaps;
                }
            }
        }
        if next.is_empty() {
            return LiteralMatch::Nothing;
        }
        next.sort_unstable();
        next.dedup();
        ends = next;
    }
    ends.last().map_or(LiteralMatch::Nothing, |end| LiteralMatch::Whole(*end))
}

fn percent(byte: u8) -> Ways {
    let mut ways = vec![vec![byte]];
    ways.extend(in_hexadecimal(byte).map(|digits| format!("%{digits}").into_bytes()));
    ways.extend((byte == b' ').then(|| b"+".to_vec()));
    add_hidden(byte, &mut ways);
    ways
}

/// In `"…"`, `'…'` and `$'…'` of shells, and without quotes, where nobody escapes letters and digits.
fn backslash(byte: u8) -> Ways {
    let mut ways = vec![vec![byte]];
    if byte.is_ascii_alphanumeric() {
        return ways;
    }
    // Behind a backslash stands a whole letter of UTF-8.
    ways.extend((byte.is_ascii() || byte >= 0xc0).then(|| vec![b'\\', byte]));
    ways.push(format!("\\{byte:03o}").into_bytes());
    ways.extend(in_hexadecimal(byte).map(|digits| format!("\\x{digits}").into_bytes()));
    let named: &[&[u8]] = match byte {
        b'\x07' => &[b"\\a"],
        b'\x08' => &[b"\\b"],
        b'\t' => &[b"\\t"],
        b'\n' => &[b"\\n"],
        b'\x0b' => &[b"\\v"],
        b'\x0c' => &[b"\\f"],
        b'\r' => &[b"\\r"],
        b'\x1b' => &[b"\\e", b"\\E"],
        b'\'' => &[b"'\\''", b"'\"'\"'"],
        _ => &[],
    };
    ways.extend(named.iter().map(|way| way.to_vec()));
    add_hidden(byte, &mut ways);
    ways
}

fn in_hexadecimal(byte: u8) -> [String; 2] {
    [format!("{byte:02X}"), format!("{byte:02x}")]
}

/// Of what is not seen nothing may be left where it is written as it is.
fn add_hidden(byte: u8, ways: &mut Ways) {
    ways.extend(is_hidden(byte).then(Vec::new));
}

fn is_hidden(byte: u8) -> bool {
    byte.is_ascii_control() && !matches!(byte, b'\t' | b'\n' | b'\r')
}

/// A value in ways of one family that a number chooses.
#[cfg(any(test, fuzzing))]
pub(super) fn chosen(value: &[u8], number: usize) -> Vec<u8> {
    let family = &FAMILIES[number % 2];
    let way = |(at, byte): (usize, &u8)| {
        let ways = &family[usize::from(*byte)];
        ways[(number / 2).wrapping_mul(at + 1).wrapping_add(number >> (at % 16)) % ways.len()].clone()
    };
    value.iter().enumerate().flat_map(way).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_escape_different_signs() {
        for (value, written) in [
            // The user of a URL by the URL standard.
            ("p@ss w0rd/x=1&y", "p%40ss%20w0rd%2Fx%3D1&y"),
            // `url.PathEscape` of Go.
            ("p@ss w0rd/x=1&y", "p@ss%20w0rd%2Fx=1&y"),
            // `encodeURI` of JavaScript.
            ("k:l@m/n?o[p]q!r", "k:l@m/n?o%5Bp%5Dq!r"),
            // `printf %q` of bash.
            ("a#b\"c{d}e|f^g~h", r#"a#b\"c\{d\}e\|f\^g~h"#),
            ("tab\tsecret\x01z", r"tab\tsecret\001z"),
            ("100%25+ of it", "100%25+ of it"),
            ("100%25+ of it", "100%2525%2b+of+it"),
        ] {
            let escaped = Escaped::new(&[value.into()]);
            let at = |length: usize, ended| escaped.at_start(&written.as_bytes()[..length], ended);
            assert_eq!(at(written.len(), true), LiteralMatch::Whole(written.len()), "{written}");
            assert_eq!(at(written.len() - 1, false), LiteralMatch::Perhaps, "{written}");
            assert_eq!(at(written.len() - 1, true), LiteralMatch::Nothing, "{written}");
            assert_eq!(super::super::Secrets::new([value.as_ref()]).mask(&format!("<{written}>")), "<***>");
        }
        assert_eq!(Escaped::new(&[b"p@ss w0rd".to_vec()]).at_start(b"p@ss-w", false), LiteralMatch::Nothing);
    }
}
