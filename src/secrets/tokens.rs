//! The formats of well-known tokens.
//!
//! Never: an expression that is tried at each byte; a format begins with a literal, which is searched first.

use std::ops::Range;
use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, MatchKind};

use super::strength::Strength;

/// The bytes that a run of a token may have.
#[derive(Clone, Copy)]
enum Alphabet {
    Digits,
    Hex,
    Alnum,
    /// Capitals and 2 to 7.
    Base32,
    /// Letters, digits, `-` and `_`: base64 for URLs.
    Url,
    /// Letters, digits, `+` and `/`: base64.
    Base64,
    /// Letters, digits, `-`, `_` and `.`.
    Dotted,
    /// Letters, digits, `~`, `-`, `_` and `.`.
    Tilde,
    /// What follows the prefix of an age identity: bech32 in capitals.
    Bech32,
}

impl Alphabet {
    fn has(self, byte: u8) -> bool {
        match self {
            Self::Digits => byte.is_ascii_digit(),
            Self::Hex => byte.is_ascii_hexdigit(),
            Self::Alnum => byte.is_ascii_alphanumeric(),
            Self::Base32 => byte.is_ascii_uppercase() || matches!(byte, b'2'..=b'7'),
            Self::Url => byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'),
            Self::Base64 => byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/'),
            Self::Dotted => byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'),
            Self::Tilde => byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~'),
            Self::Bech32 => b"QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L".contains(&byte),
        }
    }
}

/// A part of a token behind its prefix.
#[derive(Clone, Copy)]
enum Part {
    /// As many bytes of the alphabet as there are, at least and at most.
    Run(Alphabet, usize, usize),
    /// A literal.
    Lit(&'static str),
}

/// One format.
struct Format {
    name: &'static str,
    /// A run before the prefix, with its length.
    before: Option<(Alphabet, usize, usize)>,
    prefix: &'static str,
    parts: &'static [Part],
    strength: Strength,
}

/// A token in a text.
#[derive(Clone)]
pub(super) struct Token {
    /// What it is, in words.
    pub(super) name: &'static str,
    /// How much it protects.
    pub(super) strength: Strength,
    /// Its bytes.
    pub(super) range: Range<usize>,
}

/// The format that is a private key, not a token.
pub(super) const AGE_IDENTITY: &str = "age identity";

const MANY: usize = 4096;

const fn token(name: &'static str, prefix: &'static str, parts: &'static [Part]) -> Format {
    Format { name, before: None, prefix, parts, strength: Strength::Strong }
}

const fn weak(name: &'static str, prefix: &'static str, parts: &'static [Part]) -> Format {
    Format { name, before: None, prefix, parts, strength: Strength::Weak }
}

use Alphabet::{Alnum, Base32, Base64, Bech32, Digits, Dotted, Hex, Tilde, Url};
use Part::{Lit, Run};

const GITHUB: &[Part] = &[Run(Alnum, 36, 255)];
const GITLAB: &[Part] = &[Run(Url, 20, 300)];
const SLACK: &[Part] = &[Run(Url, 10, 250)];
const STRIPE: &[Part] = &[Run(Alnum, 10, 250)];

/// The formats; lengths and alphabets as their issuers document them.
static FORMATS: &[Format] = &[
    weak("AWS access key id", "AKIA", &[Run(Base32, 16, 16)]),
    weak("AWS access key id", "ASIA", &[Run(Base32, 16, 16)]),
    token("Google API key", "AIza", &[Run(Url, 35, 35)]),
    token("Azure storage key", "AccountKey=", &[Run(Base64, 86, 86), Lit("==")]),
    Format {
        name: "Entra client secret",
        before: Some((Tilde, 3, 3)),
        prefix: "8Q~",
        parts: &[Run(Tilde, 34, 34)],
        strength: Strength::Strong,
    },
    Format {
        name: "Telegram bot token",
        before: Some((Digits, 8, 10)),
        prefix: ":AA",
        parts: &[Run(Url, 33, 33)],
        strength: Strength::Strong,
    },
    token("GitHub token", "ghp_", GITHUB),
    token("GitHub token", "gho_", GITHUB),
    token("GitHub token", "ghu_", GITHUB),
    token("GitHub token", "ghs_", GITHUB),
    token("GitHub token", "ghr_", GITHUB),
    token("GitHub token", "github_pat_", &[Run(Url, 82, 82)]),
    token("GitLab token", "glpat-", GITLAB),
    token("GitLab token", "gldt-", GITLAB),
    token("GitLab token", "glrt-", GITLAB),
    token("GitLab token", "glptt-", GITLAB),
    token("GitLab token", "glsoat-", GITLAB),
    token("GitLab token", "glcbt-", GITLAB),
    token("GitLab token", "glagent-", GITLAB),
    token("GitLab token", "glft-", GITLAB),
    token("Slack token", "xoxa-", SLACK),
    token("Slack token", "xoxb-", SLACK),
    token("Slack token", "xoxe-", SLACK),
    token("Slack token", "xoxo-", SLACK),
    token("Slack token", "xoxp-", SLACK),
    token("Slack token", "xoxr-", SLACK),
    token("Slack token", "xoxs-", SLACK),
    token("Slack token", "xapp-", SLACK),
    token(
        "Slack webhook",
        "hooks.slack.com/services/",
        &[Run(Alnum, 8, 14), Lit("/"), Run(Alnum, 8, 14), Lit("/"), Run(Alnum, 20, 40)],
    ),
    token("Discord webhook", "discord.com/api/webhooks/", &[Run(Digits, 16, 20), Lit("/"), Run(Url, 60, 80)]),
    token("Stripe key", "sk_live_", STRIPE),
    token("Stripe key", "sk_test_", STRIPE),
    token("Stripe key", "rk_live_", STRIPE),
    token("Stripe key", "rk_test_", STRIPE),
    token("npm token", "npm_", &[Run(Alnum, 36, 36)]),
    token("PyPI token", "pypi-AgEIcHlwaS5vcmc", &[Run(Url, 50, MANY)]),
    token(
        "JSON web token",
        "eyJ",
        &[Run(Url, 10, MANY), Lit(".eyJ"), Run(Url, 10, MANY), Lit("."), Run(Url, 10, MANY)],
    ),
    token(AGE_IDENTITY, "AGE-SECRET-KEY-1", &[Run(Bech32, 58, 58)]),
    token("Vault token", "hvs.", &[Run(Url, 24, 300)]),
    token("Vault token", "hvb.", &[Run(Url, 24, 300)]),
    token("OpenAI key", "sk-proj-", &[Run(Url, 20, 300)]),
    token("Anthropic key", "sk-ant-", &[Run(Url, 20, 300)]),
    token("OpenAI key", "sk-", &[Run(Alnum, 40, 60)]),
    token("SendGrid key", "SG.", &[Run(Url, 22, 22), Lit("."), Run(Url, 43, 43)]),
    token("1Password token", "ops_eyJ", &[Run(Url, 100, MANY)]),
    token("Doppler token", "dp.pt.", &[Run(Alnum, 40, 48)]),
    token("Databricks token", "dapi", &[Run(Hex, 32, 32)]),
    token("Grafana token", "glsa_", &[Run(Alnum, 32, 32), Lit("_"), Run(Hex, 8, 8)]),
    token("Hugging Face token", "hf_", &[Run(Alnum, 34, 40)]),
    token("DigitalOcean token", "dop_v1_", &[Run(Hex, 64, 64)]),
    token("Linear key", "lin_api_", &[Run(Alnum, 40, 48)]),
    token("Docker Hub token", "dckr_pat_", &[Run(Url, 24, 60)]),
    token("Tailscale key", "tskey-", &[Run(Dotted, 30, 80)]),
    token("Pulumi token", "pul-", &[Run(Hex, 40, 40)]),
];

/// All prefixes in one automaton. Prefixes may begin like others, so it finds overlapping ones.
static PREFIXES: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
    let prefixes = FORMATS.iter().map(|format| format.prefix);
    AhoCorasick::builder().match_kind(MatchKind::Standard).build(prefixes).ok()
});

/// The strongest token of a known format in a text.
pub(super) fn find(text: &str) -> Option<Token> {
    all(text).into_iter().max_by_key(|token| token.strength)
}

/// The tokens of known formats in a text, in one pass; none overlaps another.
pub(super) fn all(text: &str) -> Vec<Token> {
    let Some(prefixes) = &*PREFIXES else { return Vec::new() };
    let mut found: Vec<Token> = prefixes
        .find_overlapping_iter(text)
        .filter_map(|hit| {
            let format = &FORMATS[hit.pattern().as_usize()];
            let range = format.at(text.as_bytes(), hit.start())?;
            Some(Token { name: format.name, strength: format.strength, range })
        })
        .collect();
    found.sort_by_key(|token| (token.range.start, std::cmp::Reverse(token.range.end)));
    let mut end = 0;
    found.retain(|token| {
        let apart = token.range.start >= end;
        end = end.max(token.range.end);
        apart
    });
    found
}

impl Format {
    /// The bytes of the token whose prefix stands at `at`, where it is one.
    fn at(&self, text: &[u8], at: usize) -> Option<Range<usize>> {
        let start = self.start(text, at)?;
        let end = self.end(text, at)?;
        Some(start..end)
    }

    /// The token begins at a word's boundary: `task-…` holds no `sk-…`, and a block of base64 no `/AKIA…`.
    fn start(&self, text: &[u8], at: usize) -> Option<usize> {
        if let Some((alphabet, least, most)) = self.before {
            let run = text[..at].iter().rev().take(most + 1).take_while(|byte| alphabet.has(**byte)).count();
            return (least..=most).contains(&run).then_some(at - run);
        }
        let is_word = self.prefix.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let left = at.checked_sub(1).map(|left| text[left]);
        let bound = left.is_none_or(|left| !Url.has(left) && (!is_word || !matches!(left, b'/' | b'+')));
        bound.then_some(at)
    }

    fn end(&self, text: &[u8], at: usize) -> Option<usize> {
        let mut end = at + self.prefix.len();
        for part in self.parts {
            let rest = &text[end..];
            match part {
                Lit(literal) => {
                    rest.strip_prefix(literal.as_bytes())?;
                    end += literal.len();
                }
                Run(alphabet, least, most) => {
                    let run = rest.iter().take(most + 1).take_while(|byte| alphabet.has(**byte)).count();
                    // A run that is too long is another thing; runs of one character are written by hand.
                    let varied = rest[..run].iter().any(|byte| *byte != rest[0]);
                    if run < *least || run > *most || !varied || is_words(&rest[..run]) {
                        return None;
                    }
                    end += run;
                }
            }
        }
        Some(end)
    }
}

/// `live-slack-token-value`, `123456789abcdef`, or long without one digit: written by somebody who shows how a token looks.
fn is_words(run: &[u8]) -> bool {
    let is_prose = run.contains(&b'-') && run.iter().all(|byte| byte.is_ascii_lowercase() || *byte == b'-');
    let has_digit = run.iter().any(u8::is_ascii_digit);
    let is_capitals = run.iter().all(u8::is_ascii_uppercase);
    let counts = run.len() < 24 && memchr::memmem::find(run, b"123456789").is_some();
    counts || !has_digit && !is_capitals && (is_prose || run.len() >= 30)
}

#[cfg(test)]
mod tests {
    use super::find;

    fn run(alphabet: &str, length: usize) -> String {
        alphabet.chars().cycle().take(length).collect()
    }

    #[test]
    fn formats_by_prefix_alphabet_and_length() {
        let any = |length| run("k7Qw2m9Zx4Lp", length);
        for (text, name) in [
            (format!("ghp_{}", any(36)), "GitHub token"),
            (format!("x=glpat-{} ", any(20)), "GitLab token"),
            (format!("123456789:AA{}", any(33)), "Telegram bot token"),
            (format!("abc8Q~{}", any(34)), "Entra client secret"),
            (format!("https://hooks.slack.com/services/T{0}/B{0}/{1}", any(8), any(24)), "Slack webhook"),
            (format!("eyJ{}.eyJ{}.{}", any(20), any(30), any(43)), "JSON web token"),
            (format!("AKIA{}", run("QZ7XW2", 16)), "AWS access key id"),
        ] {
            assert_eq!(find(&text).map(|token| token.name), Some(name), "{name}");
        }
    }

    #[test]
    fn near_misses() {
        let any = |length| run("k7Qw2m9Zx4Lp", length);
        for text in [
            format!("ghp_{}", any(35)),
            format!("aghp_{}", any(36)),
            format!("desk-{}", any(48)),
            format!("pk_live_{}", any(24)),
            format!("AKIA{}", run("QZ7XW2", 17)),
            format!("ghp_{}", run("x", 36)),
            format!("sha256:{}", run("0123456789abcdef", 64)),
            format!("xoxb-{}", "live-slack-token-value"),
            format!("xoxa-{}", "123456789abcdef"),
            format!("ghp_{}", run("Sample", 36)),
        ] {
            assert!(find(&text).is_none(), "{text}");
        }
    }
}
