//! Semantic versions, 2.0.0.
//!
//! Never: build metadata in a comparison.

use std::cmp::Ordering;

/// A version.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Semver {
    pub(super) major: u64,
    pub(super) minor: u64,
    pub(super) patch: u64,
    pre: Vec<String>,
}

impl Semver {
    /// The version that `text` is.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (text, build) = text.split_once('+').map_or((text, None), |(text, build)| (text, Some(build)));
        let (core, pre) = text.split_once('-').map_or((text, None), |(core, pre)| (core, Some(pre)));
        let is_word = |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        if !build.is_none_or(|build| build.split('.').all(is_word)) {
            return None;
        }
        let pre: Vec<String> = pre.map(|pre| pre.split('.').map(str::to_owned).collect()).unwrap_or_default();
        if !pre.iter().all(|word| is_word(word) && (!is_number(word) || number(word).is_some())) {
            return None;
        }
        let mut parts = core.split('.');
        let mut next = || parts.next().and_then(number);
        let (major, minor, patch) = (next()?, next()?, next()?);
        parts.next().is_none().then_some(Self { major, minor, patch, pre })
    }

    /// The version that `text` means loosely: a `v` in front, fewer parts, zeros in front.
    pub(super) fn normalized(text: &str) -> Option<Self> {
        let text = text.trim().trim_start_matches('v');
        let (core, rest) = text.split_at(text.find(['-', '+']).unwrap_or(text.len()));
        let trim = |part: &str| match part.trim_start_matches('0') {
            "" if !part.is_empty() => "0".to_owned(),
            trimmed => trimmed.to_owned(),
        };
        let mut parts: Vec<String> = core.split('.').map(trim).collect();
        if rest.is_empty() {
            parts.resize_with(parts.len().max(3), || "0".to_owned());
        }
        Self::parse(&format!("{}{rest}", parts.join(".")))
    }
}

fn is_number(word: &str) -> bool {
    word.bytes().all(|byte| byte.is_ascii_digit())
}

fn number(word: &str) -> Option<u64> {
    if !is_number(word) || (word.len() > 1 && word.starts_with('0')) {
        return None;
    }
    word.parse().ok()
}

impl PartialOrd for Semver {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Semver {
    fn cmp(&self, other: &Self) -> Ordering {
        let core = |version: &Self| (version.major, version.minor, version.patch);
        let word = |a: &str, b: &str| match (number(a), number(b)) {
            (Some(a), Some(b)) => a.cmp(&b),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => a.cmp(b),
        };
        // A version without a pre-release is above those with one.
        let released = self.pre.is_empty().cmp(&other.pre.is_empty());
        core(self).cmp(&core(other)).then(released).then_with(|| {
            let mut words = self.pre.iter().zip(&other.pre).map(|(a, b)| word(a, b));
            let differs = words.find(|order| order.is_ne());
            differs.unwrap_or_else(|| self.pre.len().cmp(&other.pre.len()))
        })
    }
}
