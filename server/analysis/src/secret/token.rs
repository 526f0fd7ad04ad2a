//! Secrets that are known by how they begin, whatever variable they are in.

use std::ops::Range;

/// A kind of token.
#[derive(Debug)]
pub struct KnownToken {
    /// What all of them begin with.
    pub prefix: &'static str,
    /// At least so many letters follow.
    pub least: usize,
    /// What a letter may be beside those of the alphabet and digits.
    other: &'static [u8],
}

impl KnownToken {
    /// The least length of a whole one, in bytes.
    pub fn shortest(&self) -> usize {
        self.prefix.len() + self.least
    }

    /// Whether a byte may be in the token behind its prefix.
    pub fn has(&self, byte: u8) -> bool {
        byte.is_ascii_alphanumeric() || self.other.contains(&byte)
    }
}

const fn kind(prefix: &'static str, least: usize, other: &'static [u8]) -> KnownToken {
    KnownToken { prefix, least, other }
}

/// The kinds of tokens: of GitHub, GitLab, Slack, AWS, Stripe and npm.
pub static KNOWN_TOKENS: [KnownToken; 14] = [
    kind("ghp_", 36, b""),
    kind("gho_", 36, b""),
    kind("ghu_", 36, b""),
    kind("ghs_", 36, b""),
    kind("ghr_", 36, b""),
    kind("github_pat_", 22, b"_"),
    kind("glpat-", 20, b"-_."),
    kind("xoxa-", 10, b"-"),
    kind("xoxb-", 10, b"-"),
    kind("xoxp-", 10, b"-"),
    kind("AKIA", 16, b""),
    kind("sk_live_", 16, b"_"),
    kind("rk_live_", 16, b"_"),
    kind("npm_", 36, b""),
];

/// The first tokens of a text, one of each run of letters that a token may have.
pub fn tokens_in(text: &str) -> impl Iterator<Item = Range<usize>> {
    let mut end = 0;
    let runs = text.split_inclusive(|letter: char| !may_be_in_token(letter));
    runs.filter_map(move |run| {
        let start = end;
        end += run.len();
        let fit = KNOWN_TOKENS.iter().filter(|token| token.shortest() <= run.len());
        let mut begins = fit.flat_map(|token| run.match_indices(token.prefix));
        let found = begins.find_map(|(at, _)| Some(at..at + token_at(&run[at..])?))?;
        Some(start + found.start..start + found.end)
    })
}

fn may_be_in_token(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.')
}

/// The length of the token that a text begins with.
fn token_at(text: &str) -> Option<usize> {
    KNOWN_TOKENS.iter().find_map(|token| {
        let letters = text.strip_prefix(token.prefix)?.bytes().take_while(|byte| token.has(*byte)).count();
        (letters >= token.least).then_some(token.prefix.len() + letters)
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
        for token in &KNOWN_TOKENS {
            let other = token.other.iter().map(|byte| char::from(*byte));
            assert!(token.prefix.chars().chain(other).all(may_be_in_token), "{token:?}");
        }
    }

    #[test]
    fn tokens_by_their_prefixes() {
        let long = "a1".repeat(20);
        for prefix in ["ghp_", "gho_", "github_pat_", "glpat-", "xoxa-", "xoxb-", "xoxp-", "sk_live_", "npm_"]
        {
            assert_eq!(token_at(&format!("{prefix}{long} and more")), Some(prefix.len() + 40), "{prefix}");
            assert_eq!(token_at(&format!("{prefix}short")), None, "{prefix}");
        }
        assert_eq!(token_at("AKIAIOSFODNN7EXAMPLE\""), Some(20));
        assert_eq!(token_at("npm_config_registry_of_the_whole_company_here"), None);
    }
}
