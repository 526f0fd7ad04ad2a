//! What holds for any secrets and any stream.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use super::*;

/// Ends a secret; never in UTF-8.
const END: u8 = 0xff;

/// Stands for a form of a secret, whose number is the next byte; never in UTF-8.
const FORM: u8 = 0xfe;

/// Secrets, each with an `0xff` behind it, and an `0xff` more in front of the stream.
///
/// However the stream is cut, the same comes out, with none of the secrets in it.
pub fn masking(input: &[u8]) {
    let Some(case) = Case::read(input) else { return };
    let secrets = Secrets::new(case.values.iter().map(|value| OsStr::from_bytes(value)));
    let whole = told(&secrets, [case.stream.as_slice()].into_iter());
    assert_eq!(told(&secrets, case.stream.chunks(1)), whole, "byte by byte");
    let (first, second) = case.stream.split_at(case.stream.len() / 2);
    assert_eq!(told(&secrets, [first, second].into_iter()), whole, "in two pieces");
    assert_eq!(told(&secrets, case.stream.chunks(7)), whole, "in pieces of seven");
    let shown = seen(&whole);
    for value in case.values.iter().map(|value| trimmed(value)) {
        // Parts of one value may be what is left beside the mask of another, and so may the mask.
        let is_known = value.len() >= SHORTEST && !value.contains(&MASK.as_bytes()[0]);
        let is_seen = is_known && seen(value) == value && has(&shown, value);
        assert!(!is_seen, "{:?} is in {:?}", value.escape_ascii(), shown.escape_ascii());
    }
}

struct Case {
    values: Vec<Vec<u8>>,
    stream: Vec<u8>,
}

impl Case {
    fn read(input: &[u8]) -> Option<Case> {
        let behind = input.windows(2).position(|pair| pair == [END, END])?;
        let values: Vec<Vec<u8>> = input[..behind].split(|byte| *byte == END).map(<[u8]>::to_vec).collect();
        let (mut stream, mut rest) = (Vec::new(), input[behind + 2..].iter());
        while let Some(byte) = rest.next() {
            match (*byte, rest.as_slice().first()) {
                (FORM, Some(number)) => {
                    let value = trimmed(&values[usize::from(*number) % values.len()]);
                    let escaped = forms::chosen(value, usize::from(*number));
                    let forms = [forms::of(value), forms::base64(value), vec![escaped]].concat();
                    stream.extend_from_slice(&forms[usize::from(*number) % forms.len()]);
                    rest.next();
                }
                _ => stream.push(*byte),
            }
        }
        Some(Case { values, stream })
    }
}

/// What comes out of pieces. What is masked in it stands where it is said to stand.
fn told<'a>(secrets: &Secrets, pieces: impl Iterator<Item = &'a [u8]>) -> Vec<u8> {
    let mut masker = secrets.masker();
    let mut all = Vec::new();
    let mut tell = |told: Told| {
        let mut end = 0;
        for secret in &told.secrets {
            assert!(secret.mask.start >= end && !secret.written.is_empty() | secret.mask.is_empty());
            assert!(matches!(&told.text[secret.mask.clone()], b"" | b"***"), "{:?}", secret.mask);
            end = secret.mask.end;
        }
        all.extend(told.text);
    };
    pieces.for_each(|piece| tell(masker.push(piece)));
    tell(masker.finish());
    all
}

/// A value without the line ends around it.
fn trimmed(value: &[u8]) -> &[u8] {
    let start = value.iter().take_while(|byte| is_line_end(**byte)).count();
    let end = value.iter().rposition(|byte| !is_line_end(*byte)).map_or(start, |at| at + 1);
    &value[start..end]
}

fn has(text: &[u8], value: &[u8]) -> bool {
    text.windows(value.len()).any(|part| part == value)
}
