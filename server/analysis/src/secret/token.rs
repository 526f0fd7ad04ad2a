//! Secrets that are known by how they begin, whatever variable they are in.

use std::ops::Range;
use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind, BuildError};

/// A kind of token.
#[derive(Debug)]
pub struct KnownToken {
    /// What all of them begin with.
    pub prefix: &'static str,
    /// What stands between the prefix and the rest, where they have several parts.
    first_part: Option<FirstPart>,
    /// At least so many letters follow.
    least: usize,
    /// What a letter may be beside those of the alphabet and digits.
    other: &'static [u8],
    /// Whether the alphabet has capital letters alone.
    is_upper: bool,
}

/// The first of several parts of a token.
#[derive(Debug)]
struct FirstPart {
    /// The fewest letters of it.
    least: usize,
    /// What ends it.
    end: &'static str,
}

/// The most letters of a first part: no more is waited for.
const LONGEST_PART: usize = 512;

/// What a text begins with.
#[derive(Debug, PartialEq, Eq)]
pub enum TokenStart {
    /// No token.
    Nothing,
    /// What may become a token.
    Unfinished,
    /// A token, of which so many bytes are certain.
    Certain(usize),
}

impl KnownToken {
    /// Whether a text begins with one of this kind.
    pub fn at_start(&self, written: &[u8]) -> TokenStart {
        let prefix = self.prefix.as_bytes();
        let Some(mut behind) = written.strip_prefix(prefix) else {
            return unfinished(prefix.starts_with(written));
        };
        if let Some(FirstPart { least, end }) = &self.first_part {
            let in_part = |byte: &&u8| self.has(**byte) && !end.as_bytes().starts_with(&[**byte]);
            let letters = behind.iter().take(LONGEST_PART).take_while(in_part).count();
            let rest = &behind[letters..];
            if letters < *least || !rest.starts_with(end.as_bytes()) {
                return unfinished(letters < LONGEST_PART && end.as_bytes().starts_with(rest));
            }
            behind = &rest[end.len()..];
        }
        let letters = behind.iter().take(self.least).take_while(|byte| self.has(**byte)).count();
        if letters == self.least {
            return TokenStart::Certain(written.len() - behind.len() + letters);
        }
        unfinished(letters == behind.len())
    }

    /// The fewest bytes of one.
    const fn shortest(&self) -> usize {
        let first_part = match &self.first_part {
            Some(part) => part.least + part.end.len(),
            None => 0,
        };
        self.prefix.len() + first_part + self.least
    }

    /// The length of the one that a text begins with, in bytes.
    fn length_of(&self, written: &[u8]) -> Option<usize> {
        let TokenStart::Certain(length) = self.at_start(written) else { return None };
        Some(length + written[length..].iter().take_while(|byte| self.has(**byte)).count())
    }

    /// Whether a byte may be in the token behind its prefix.
    pub fn has(&self, byte: u8) -> bool {
        let is_letter = if self.is_upper { byte.is_ascii_uppercase() } else { byte.is_ascii_alphabetic() };
        is_letter || byte.is_ascii_digit() || self.other.contains(&byte)
    }
}

fn unfinished(is_unfinished: bool) -> TokenStart {
    if is_unfinished { TokenStart::Unfinished } else { TokenStart::Nothing }
}

const fn kind(prefix: &'static str, least: usize, other: &'static [u8]) -> KnownToken {
    KnownToken { prefix, first_part: None, least, other, is_upper: false }
}

const fn upper(prefix: &'static str, least: usize) -> KnownToken {
    KnownToken { prefix, first_part: None, least, other: b"", is_upper: true }
}

const fn in_parts(prefix: &'static str, first: usize, end: &'static str, least: usize) -> KnownToken {
    let first_part = Some(FirstPart { least: first, end });
    KnownToken { prefix, first_part, least, other: b"-_.", is_upper: false }
}

/// The kinds of tokens: of GitHub, GitLab, Slack, AWS, Google, Stripe, SendGrid, Anthropic, OpenAI, Hugging Face, PyPI, npm,
/// Docker, Vault, DigitalOcean, Shopify and age, and web tokens of JSON.
pub static KNOWN_TOKENS: [KnownToken; 43] = [
    kind("ghp_", 36, b""),
    kind("gho_", 36, b""),
    kind("ghu_", 36, b""),
    kind("ghs_", 36, b""),
    kind("ghr_", 36, b""),
    kind("github_pat_", 22, b"_"),
    kind("glpat-", 20, b"-_."),
    kind("glrt-", 20, b"-_."),
    kind("gldt-", 20, b"-_."),
    kind("glptt-", 20, b"-_."),
    kind("xoxa-", 10, b"-"),
    kind("xoxb-", 10, b"-"),
    kind("xoxp-", 10, b"-"),
    kind("xoxr-", 10, b"-"),
    kind("xoxs-", 10, b"-"),
    kind("xapp-", 10, b"-"),
    upper("AKIA", 16),
    upper("ASIA", 16),
    kind("AIza", 35, b"-_"),
    kind("GOCSPX-", 20, b"-_"),
    kind("ya29.", 20, b"-_."),
    kind("sk_live_", 16, b"_"),
    kind("sk_test_", 16, b"_"),
    kind("rk_live_", 16, b"_"),
    kind("rk_test_", 16, b"_"),
    kind("whsec_", 24, b""),
    in_parts("SG.", 16, ".", 16),
    kind("sk-ant-", 20, b"-_"),
    kind("sk-proj-", 20, b"-_"),
    kind("sk-svcacct-", 20, b"-_"),
    kind("hf_", 34, b""),
    kind("pypi-", 40, b"-_"),
    kind("npm_", 36, b""),
    kind("dckr_pat_", 20, b"-_"),
    kind("dckr_oat_", 20, b"-_"),
    kind("hvs.", 24, b"-_"),
    kind("hvb.", 24, b"-_"),
    kind("dop_v1_", 64, b""),
    kind("shpat_", 32, b""),
    kind("shpss_", 32, b""),
    kind("tskey-", 16, b"-"),
    upper("AGE-SECRET-KEY-1", 50),
    in_parts("eyJ", 4, ".eyJ", 4),
];

/// The fewest bytes of any token: most words are shorter.
const SHORTEST: usize = {
    let (mut shortest, mut at) = (usize::MAX, 0);
    while at < KNOWN_TOKENS.len() {
        let length = KNOWN_TOKENS[at].shortest();
        shortest = if length < shortest { length } else { shortest };
        at += 1;
    }
    shortest
};

/// Finds all places of the prefixes of [`KNOWN_TOKENS`]. What would read faster takes longer to build than a file to judge.
static PREFIXES: LazyLock<Result<AhoCorasick, BuildError>> = LazyLock::new(|| {
    let mut search = AhoCorasick::builder();
    search.kind(Some(AhoCorasickKind::ContiguousNFA));
    search.build(KNOWN_TOKENS.iter().map(|token| token.prefix))
});

/// The tokens of a text in order; none of them overlap.
pub fn tokens_in(text: &str) -> impl Iterator<Item = Range<usize>> {
    let search = if text.len() < SHORTEST { None } else { PREFIXES.as_ref().ok() };
    let prefixes = search.map(|it| it.find_overlapping_iter(text)).into_iter().flatten();
    let mut end = 0;
    prefixes.filter_map(move |prefix| {
        let start = prefix.start();
        if start < end {
            return None;
        }
        end = start + KNOWN_TOKENS[prefix.pattern()].length_of(&text.as_bytes()[start..])?;
        Some(start..end)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_among_other_text() {
        let token = format!("ghp_{}", "a1B2".repeat(9));
        let text = format!("https://é:{token}@x?a={token}z&b=ghp_short,{token}");
        let found: Vec<&str> = tokens_in(&text).map(|place| &text[place]).collect();
        assert_eq!(found, [token.as_str(), &format!("{token}z"), &token]);
        // A token hides none that follows in the same letters, nor does what only begins like one.
        let text = format!("{token}-gho_short.{token}-{token}");
        let found: Vec<&str> = tokens_in(&text).map(|place| &text[place]).collect();
        assert_eq!(found, [token.as_str(); 3]);
    }

    /// Where the token ends that a text begins with.
    fn token_at(text: &str) -> Option<usize> {
        tokens_in(text).next().filter(|place| place.start == 0).map(|place| place.end)
    }

    #[test]
    fn tokens_by_their_prefixes() {
        let long = "a1".repeat(20);
        for KnownToken { prefix, .. } in
            KNOWN_TOKENS.iter().filter(|it| it.first_part.is_none() && !it.is_upper)
        {
            let long = long.repeat(2);
            assert_eq!(token_at(&format!("{prefix}{long} and more")), Some(prefix.len() + 80), "{prefix}");
            assert_eq!(token_at(&format!("{prefix}short")), None, "{prefix}");
        }
        assert_eq!(token_at(&format!("SG.{}.{long}, x", &long[..22])), Some(66));
        assert_eq!(token_at("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.a-b_c x"), Some(42));
        assert_eq!(token_at("ASIAIOSFODNN7EXAMPLE"), Some(20));
        for shortest in ["xoxb-a1b2c3d4e5", "eyJabcd.eyJabcd"] {
            assert_eq!(token_at(shortest), Some(SHORTEST), "{shortest}");
        }
        assert_eq!(token_at(&format!("AGE-SECRET-KEY-1{}", long.to_uppercase())), None);
        for prose in [
            "eyJ",
            "eyJhbGciOiJIUzI1NiJ9",
            "eyJhbGciOiJIUzI1NiJ9.abc",
            "ASIA and the Pacific of all places",
            "ASIApacificregionalteam",
            "SG. In a sentence",
            "SG.module.function_of_it",
            "hvs.service",
            "sk-ant-hill",
            "pypi-publish-action",
            "xapp-x",
        ] {
            assert_eq!(token_at(prose), None, "{prose}");
        }
        assert_eq!(token_at("AKIAIOSFODNN7EXAMPLE\""), Some(20));
        assert_eq!(token_at("npm_config_registry_of_the_whole_company_here"), None);
    }
}
