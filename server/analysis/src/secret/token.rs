//! Secrets that are known by how they begin, whatever variable they are in.

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

/// The length of the token that a text begins with.
pub fn token_at(text: &str) -> Option<usize> {
    KNOWN_TOKENS.iter().find_map(|token| {
        let letters = text.strip_prefix(token.prefix)?.bytes().take_while(|byte| token.has(*byte)).count();
        (letters >= token.least).then_some(token.prefix.len() + letters)
    })
}

#[cfg(test)]
mod tests {
    use super::token_at;

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
