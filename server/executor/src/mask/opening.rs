//! Secrets that are known by how they begin: tokens of well-known kinds, and private keys.

use draft_tasks_analysis::secret::token::{KNOWN_TOKENS, KnownToken, TokenStart};

use super::private_key::{self, BegunKey, KeyStart};

/// What such a secret all begins with.
pub(super) fn beginnings<'a>() -> impl Iterator<Item = &'a [u8]> {
    KNOWN_TOKENS.iter().map(|token| token.prefix.as_bytes()).chain([private_key::BEGINNING])
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
    Key(BegunKey),
}

/// What begins at the start of what was written; `ended` says that nothing more follows.
pub(super) fn at_start(written: &[u8], ended: bool) -> Opening {
    if written.first() == Some(&b'-') {
        return match private_key::at_start(written, ended) {
            KeyStart::Nothing => Opening::Nothing,
            KeyStart::Perhaps => Opening::Perhaps,
            KeyStart::Begun(length) => Opening::Begun(length, Remainder::Key(BegunKey::new())),
        };
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
            Remainder::Key(key) => {
                let part = key.continues(written, ended);
                Continuation { length: part.length, remainder: part.begun.map(Remainder::Key) }
            }
        }
    }
}
