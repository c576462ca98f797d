//! Label and annotation selectors (`kustomize kyaml/yaml/internal/k8sgen/pkg/labels`).
//!
//! Never: a selector that could not be read and therefore matches everything.

use crate::model::View;

/// A selector: all requirements must hold. Without any it selects everything.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(in crate::render) struct Requirements(Vec<Requirement>);

#[derive(Clone, PartialEq, Eq, Debug)]
struct Requirement {
    key: String,
    test: Test,
}

#[derive(Clone, PartialEq, Eq, Debug)]
enum Test {
    Exists,
    Missing,
    In(Vec<String>),
    /// Also where the key is missing.
    NotIn(Vec<String>),
    Above(i64),
    Below(i64),
}

impl Requirements {
    /// Reads `a=b,c!=d,e in (f,g),h notin (i),j,!k,l>1`.
    pub(in crate::render) fn parse(text: &str) -> Result<Self, String> {
        let refuse = |part: &str| format!("unable to parse requirement: `{}` in `{text}`", part.trim());
        let mut requirements = Vec::new();
        for part in split_outside(text) {
            if !part.trim().is_empty() {
                requirements.push(Requirement::parse(part.trim()).ok_or_else(|| refuse(part))?);
            } else if !text.trim().is_empty() {
                return Err(refuse(part));
            }
        }
        Ok(Self(requirements))
    }

    /// Whether a map of labels or annotations is selected; `None` is an empty map.
    pub(in crate::render) fn matches(&self, labels: Option<View<'_>>) -> bool {
        self.0.iter().all(|requirement| {
            let value = labels.and_then(|labels| labels.get(&requirement.key)).map(|value| value.written());
            let number = || value.as_deref().and_then(|value| value.parse::<i64>().ok());
            match &requirement.test {
                Test::Exists => value.is_some(),
                Test::Missing => value.is_none(),
                Test::In(values) => value.is_some_and(|value| values.iter().any(|wanted| *wanted == *value)),
                Test::NotIn(values) => value.is_none_or(|value| values.iter().all(|wanted| *wanted != *value)),
                Test::Above(bound) => number().is_some_and(|value| value > *bound),
                Test::Below(bound) => number().is_some_and(|value| value < *bound),
            }
        })
    }
}

impl Requirement {
    fn parse(text: &str) -> Option<Self> {
        if let Some(key) = text.strip_prefix('!') {
            return Self::with(key, Test::Missing);
        }
        if let Some(list) = text.strip_suffix(')') {
            let (head, values) = list.split_once('(')?;
            let values = values.split(',').map(|value| value.trim().to_owned()).collect();
            let (key, operator) = head.trim().rsplit_once(char::is_whitespace)?;
            return match operator {
                "in" => Self::with(key, Test::In(values)),
                "notin" => Self::with(key, Test::NotIn(values)),
                _ => None,
            };
        }
        let operators = ["!=", "==", "=", ">", "<"];
        let Some((operator, (key, value))) =
            operators.iter().find_map(|operator| Some((*operator, text.split_once(operator)?)))
        else {
            return Self::with(text, Test::Exists);
        };
        let value = value.trim();
        if value.contains(['=', '!', '<', '>', ' ']) {
            return None;
        }
        match operator {
            "!=" => Self::with(key, Test::NotIn(vec![value.to_owned()])),
            ">" => Self::with(key, Test::Above(value.parse().ok()?)),
            "<" => Self::with(key, Test::Below(value.parse().ok()?)),
            _ => Self::with(key, Test::In(vec![value.to_owned()])),
        }
    }

    fn with(key: &str, test: Test) -> Option<Self> {
        let key = key.trim();
        let is_key = !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || "-_./".contains(c));
        is_key.then(|| Self { key: key.to_owned(), test })
    }
}

/// Splits at commas that are not within parentheses.
fn split_outside(text: &str) -> Vec<&str> {
    let (mut parts, mut start, mut depth) = (Vec::new(), 0, 0_i32);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'(' => depth += 1,
            b')' => depth -= 1,
            b',' if depth == 0 => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requirements_are_read_or_refused() {
        let reads = |text| Requirements::parse(text).map(|found| found.0.len());
        assert_eq!(reads(""), Ok(0));
        assert_eq!(reads("app=web, tier in (a, b),!old,x notin (c),y,n>1"), Ok(6));
        assert!(reads("app=web,").is_err());
        assert!(reads("a=b=c").is_err());
        assert!(reads("a over (b)").is_err());
        assert!(reads("a b").is_err());
    }
}
