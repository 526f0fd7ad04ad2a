//! Secrets that are known by how they begin: tokens of well-known kinds, and private keys.

use draft_tasks_analysis::secret::token::{KNOWN_TOKENS, KnownToken, TokenStart};

const KEY_BEGINS: &[u8] = b"-----BEGIN ";
const KEY_ENDS: &[u8] = b"-----END ";
const DASHES: &[u8] = b"-----";

/// The longest name of a kind of key.
const LONGEST_NAME: usize = 64;

/// A key is shorter than this; so much is hidden where no end is found.
const LONGEST_KEY: usize = 16 << 10;

/// What such a secret all begins with.
pub(super) fn beginnings<'a>() -> impl Iterator<Item = &'a [u8]> {
    KNOWN_TOKENS.iter().map(|token| token.prefix.as_bytes()).chain([KEY_BEGINS])
}

/// What stands at a place.
pub(super) enum Opening {
    Nothing,
    /// It depends on what follows.
    Perhaps,
    /// A secret, of which so many bytes are certain.
    Begun(usize, Remainder),
}

/// How a secret goes on whose beginning was seen.
#[derive(Clone, Copy, Debug)]
pub(super) enum Remainder {
    Token(&'static KnownToken),
    /// So many bytes at most.
    Key(usize),
}

/// What begins at the start of what was written; `ended` says that nothing more follows.
pub(super) fn at_start(written: &[u8], ended: bool) -> Opening {
    if written.first() == Some(&b'-') {
        return key(written, ended);
    }
    // Several kinds may begin alike: what is certain goes before what may follow.
    let mut is_unfinished = false;
    for token in &KNOWN_TOKENS {
        match token.at_start(written) {
            TokenStart::Certain(length) => return Opening::Begun(length, Remainder::Token(token)),
            TokenStart::Unfinished => is_unfinished |= !ended,
            TokenStart::Nothing => {}
        }
    }
    if is_unfinished {
        return Opening::Perhaps;
    }
    Opening::Nothing
}

fn key(written: &[u8], ended: bool) -> Opening {
    match marker(written, KEY_BEGINS) {
        Marker::Unfinished if !ended => Opening::Perhaps,
        Marker::Of { name, length } if is_private(name) => {
            Opening::Begun(length, Remainder::Key(LONGEST_KEY))
        }
        _ => Opening::Nothing,
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

/// How much of what was written belongs to a secret that has begun.
pub(super) struct Continuation {
    pub(super) length: usize,
    /// What still may follow; nothing when the secret is over.
    pub(super) remainder: Option<Remainder>,
}

impl Remainder {
    pub(super) fn continues(self, written: &[u8], ended: bool) -> Continuation {
        match self {
            Remainder::Token(token) => {
                let length = written.iter().take_while(|byte| token.has(**byte)).count();
                let is_over = ended || length < written.len();
                Continuation { length, remainder: (!is_over).then_some(self) }
            }
            Remainder::Key(most) => key_continues(written, most, ended),
        }
    }
}

fn key_continues(written: &[u8], most: usize, ended: bool) -> Continuation {
    let over = |length| Continuation { length, remainder: None };
    for (at, byte) in written.iter().enumerate() {
        if at == most || !may_be_in_key(*byte) {
            return over(at);
        }
        if *byte != b'-' {
            continue;
        }
        match marker(&written[at..], KEY_ENDS) {
            Marker::Of { length, .. } => return over(at + length),
            Marker::Unfinished if !ended => {
                return Continuation { length: at, remainder: Some(Remainder::Key(most - at)) };
            }
            _ => {}
        }
    }
    let remainder = (!ended).then_some(Remainder::Key(most - written.len()));
    Continuation { length: written.len(), remainder }
}

/// Base64, the lines in front of it, and line ends as they stand in JSON.
fn may_be_in_key(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"+/= \t\r\n\\:,-".contains(&byte)
}
