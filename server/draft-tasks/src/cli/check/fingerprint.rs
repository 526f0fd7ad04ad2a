//! By what a finding is known again when lines before it come or go: GitHub's hash of its line.
//!
//! Must be the hash that the action computes which uploads SARIF: it warns of another one.

use std::collections::HashMap;

/// So many characters of a line and what follows count.
const WINDOW: usize = 100;

const FACTOR: u64 = 37;

/// Stands behind a text, before as many zeros as are needed.
const END: u16 = 0xffff;

/// The fingerprints of the lines of a text: a hash, and how many lines up to this one have it.
pub(super) struct Fingerprints(Vec<String>);

impl Fingerprints {
    pub(super) fn of(text: &str) -> Fingerprints {
        let (units, starts) = units(text);
        let mut seen: HashMap<u64, usize> = HashMap::new();
        let lines = starts.into_iter().map(|start| {
            let behind = units[start..].iter().copied().chain(std::iter::repeat(0));
            let hash = behind
                .take(WINDOW)
                .fold(0_u64, |hash, unit| hash.wrapping_mul(FACTOR).wrapping_add(unit.into()));
            let count = seen.entry(hash).or_default();
            *count += 1;
            format!("{hash:x}:{count}")
        });
        Fingerprints(lines.collect())
    }

    /// That of a line, counted from 1.
    pub(super) fn line(&self, line: usize) -> &str {
        self.0.get(line.saturating_sub(1)).or(self.0.last()).map_or("", String::as_str)
    }
}

/// The UTF-16 units that count, blanks left out and each line end one LF, and where lines begin among them.
fn units(text: &str) -> (Vec<u16>, Vec<usize>) {
    let (mut units, mut starts) = (Vec::new(), Vec::new());
    let (mut begins, mut was_cr) = (true, false);
    for unit in text.encode_utf16().chain([END]) {
        let is_lf_of_cr =
            std::mem::replace(&mut was_cr, unit == u16::from(b'\r')) && unit == u16::from(b'\n');
        if is_lf_of_cr || unit == u16::from(b' ') || unit == u16::from(b'\t') {
            continue;
        }
        if std::mem::take(&mut begins) {
            starts.push(units.len());
        }
        begins = unit == u16::from(b'\n') || was_cr;
        units.push(if was_cr { b'\n'.into() } else { unit });
    }
    (units, starts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_are_those_of_the_action() {
        for (text, expected) in [
            ("", &["c129715d7a2bc9a3:1"][..]),
            (
                " a\nb\n  \t\tc\n d",
                &["271789c17abda88f:1", "54703d4cd895b18:1", "180aee12dab6264:1", "a23a3dc5e078b07b:1"],
            ),
            (
                " hello; \t\nworld!!!\r\n\n\r  \t\tGreetings\r End\r\n",
                &[
                    "e9496ae3ebfced30:1",
                    "fb7c023a8b9ccb3f:1",
                    "ce8ba1a563dcdaca:1",
                    "e20e36e16fcb0cc8:1",
                    "b3edc88f2938467e:1",
                    "c8e28b0b4002a3a0:1",
                    "c129715d7a2bc9a3:1",
                ],
            ),
        ] {
            assert_eq!(Fingerprints::of(text).0, expected, "{text:?}");
        }
        let repeated = Fingerprints::of(&"Lorem ipsum dolor sit amet.\n".repeat(10));
        assert_eq!(
            [1, 6, 7, 10].map(|line| repeated.line(line)),
            ["a7f2ff13bc495cf2:1", "a7f2ff13bc495cf2:6", "a7f2ff1481e87703:1", "cc97dc7b1d7d8f7b:1"]
        );
    }
}
