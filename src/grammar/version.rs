//! Semantic versions, with or without a `v`.
//!
//! Never: a range of versions.

/// A version that can be compared: its numbers, whether it is final, and the parts of a pre-release.
#[must_use]
pub fn semantic_version(text: &str) -> Option<SemanticVersion> {
    let text = text.trim();
    let text = text.strip_prefix(['v', 'V']).unwrap_or(text);
    let text = text.split_once('+').map_or(text, |(text, _)| text);
    let (numbers, early) = text.split_once('-').map_or((text, None), |(numbers, early)| (numbers, Some(early)));
    let mut parts = numbers.split('.').map(|part| part.parse::<u64>().ok());
    let mut next = || parts.next().unwrap_or(Some(0));
    let numbers = [next()?, next()?, next()?];
    if parts.next().is_some() {
        return None;
    }
    let part = |part: &str| match part.parse::<u64>() {
        Ok(number) => Part::Number(number),
        Err(_) => Part::Word(part.to_owned()),
    };
    let stage = match early {
        None => Stage::Final,
        Some(early) => Stage::Early(early.split('.').map(part).collect()),
    };
    Some(SemanticVersion { numbers, stage })
}

/// A version that can be compared.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SemanticVersion {
    /// Major, minor and patch.
    pub numbers: [u64; 3],
    stage: Stage,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    Early(Vec<Part>),
    Final,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Number(u64),
    Word(String),
}

/// The order of Kubernetes' versions: `v2` before `v1`, both before `v2beta1`, that before `v2alpha1`. The greatest is
/// the one that clients should use; what is no such version is less than all of them.
#[must_use]
pub fn api_version_rank(text: &str) -> (u8, u64, u64) {
    let parsed = || {
        let rest = text.strip_prefix('v')?;
        let digits = rest.find(|char: char| !char.is_ascii_digit()).unwrap_or(rest.len());
        let major: u64 = rest[..digits].parse().ok()?;
        let stage = &rest[digits..];
        if stage.is_empty() {
            return Some((3, major, 0));
        }
        let (rank, minor) = match (stage.strip_prefix("beta"), stage.strip_prefix("alpha")) {
            (Some(minor), _) => (2, minor),
            (_, Some(minor)) => (1, minor),
            _ => return None,
        };
        Some((rank, major, minor.parse().ok()?))
    };
    parsed().unwrap_or((0, 0, 0))
}

#[cfg(test)]
mod tests {
    use super::{api_version_rank, semantic_version};

    #[test]
    fn versions_are_in_their_order() {
        let order =
            ["v0.9", "1.0.0-alpha.2", "v1.0.0-alpha.10", "v1.0.0-beta", "1.0.0", "v1.0.1+build", "v1.10.0", "2"];
        let versions: Vec<_> = order.iter().map(|text| semantic_version(text).expect("a version")).collect();
        assert!(versions.is_sorted());
        assert_eq!(semantic_version("v1.0.0"), semantic_version("1.0.0+other"));
        for text in ["latest", "1.2.3.4", "v1.x", ""] {
            assert_eq!(semantic_version(text), None, "{text}");
        }
    }

    #[test]
    fn stable_versions_of_an_api_come_first() {
        let order = ["foo", "v1alpha1", "v2alpha1", "v1beta2", "v2beta1", "v1", "v10"];
        let ranks: Vec<_> = order.iter().map(|text| api_version_rank(text)).collect();
        assert!(ranks.is_sorted());
    }
}
