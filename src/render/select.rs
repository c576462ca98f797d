//! Which objects a patch's `target` means (`kustomize api/types/selector.go`, `api/resmap.Select`).
//!
//! Never: a match on part of a name; patterns are anchored.

use regex::Regex;

use super::load::does_not_build;
use super::resource::Resource;
use super::schema::Schema;
use super::set::effective_namespace;
use crate::base::Problem;
use crate::model::{Trees, View};

/// A `target`, compiled.
pub(super) struct Selector {
    group: Pattern,
    version: Pattern,
    kind: Pattern,
    name: Pattern,
    namespace: Pattern,
    labels: Vec<Requirement>,
    annotations: Vec<Requirement>,
}

enum Pattern {
    Any,
    /// No character of it means more than itself.
    Exact(Box<str>),
    Regex(Box<Regex>),
}

impl Pattern {
    fn new(target: View<'_>, field: &str) -> Result<Self, Problem> {
        let Some(value) = target.get(field) else { return Ok(Self::Any) };
        let text = value.as_str().unwrap_or_default();
        if text.is_empty() {
            return Ok(Self::Any);
        }
        if text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'/')) {
            return Ok(Self::Exact(text.into()));
        }
        match Regex::new(&format!("^(?:{text})$")) {
            Ok(regex) => Ok(Self::Regex(Box::new(regex))),
            Err(_) => Err(does_not_build(value.place(), format!("error parsing regexp: `{text}` is no regular expression"))
                .with_help("the fields of a patch's target are regular expressions")),
        }
    }

    fn matches(&self, text: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Exact(exact) => &**exact == text,
            Self::Regex(regex) => regex.is_match(text),
        }
    }
}

impl Selector {
    /// Compiles a `target`.
    ///
    /// # Errors
    /// A pattern or selector that cannot be read, at its value.
    pub(super) fn new(target: View<'_>) -> Result<Self, Problem> {
        Ok(Self {
            group: Pattern::new(target, "group")?,
            version: Pattern::new(target, "version")?,
            kind: Pattern::new(target, "kind")?,
            name: Pattern::new(target, "name")?,
            namespace: Pattern::new(target, "namespace")?,
            labels: requirements(target.get("labelSelector"))?,
            annotations: requirements(target.get("annotationSelector"))?,
        })
    }

    /// Whether an object is meant, by its first or present name and namespace.
    pub(super) fn matches(&self, trees: &Trees, schema: &Schema, resource: &Resource) -> bool {
        let (now, first) = (&resource.id, resource.original());
        (self.name.matches(&first.name) || self.name.matches(&now.name))
            && self.kind.matches(&now.kind)
            && self.group.matches(&now.group)
            && self.version.matches(&now.version)
            && (matches!(self.namespace, Pattern::Any)
                || self.namespace.matches(&effective_namespace(schema, first))
                || self.namespace.matches(&effective_namespace(schema, now)))
            && holds(&self.labels, trees, resource, "labels")
            && holds(&self.annotations, trees, resource, "annotations")
    }
}

/// One term of a label selector (`k8s.io/apimachinery/pkg/labels`).
struct Requirement {
    key: Box<str>,
    test: Test,
}

enum Test {
    In(Vec<Box<str>>),
    NotIn(Vec<Box<str>>),
    Exists,
    Missing,
    Greater(i64),
    Less(i64),
}

fn holds(requirements: &[Requirement], trees: &Trees, resource: &Resource, field: &str) -> bool {
    requirements.iter().all(|requirement| {
        let view = trees.view(&resource.value);
        let map = view.get("metadata").and_then(|metadata| metadata.get(field));
        let value = map.and_then(|map| map.get(&requirement.key)).map(|value| value.written());
        let number = || value.as_deref().and_then(|value| value.parse::<i64>().ok());
        match &requirement.test {
            Test::In(values) => value.as_deref().is_some_and(|value| values.iter().any(|v| &**v == value)),
            Test::NotIn(values) => value.as_deref().is_none_or(|value| values.iter().all(|v| &**v != value)),
            Test::Exists => value.is_some(),
            Test::Missing => value.is_none(),
            Test::Greater(than) => number().is_some_and(|number| number > *than),
            Test::Less(than) => number().is_some_and(|number| number < *than),
        }
    })
}

fn requirements(selector: Option<View<'_>>) -> Result<Vec<Requirement>, Problem> {
    let Some(selector) = selector else { return Ok(Vec::new()) };
    let text = selector.as_str().unwrap_or_default();
    if text.trim().is_empty() {
        return Ok(Vec::new());
    }
    terms(text)
        .into_iter()
        .map(|term| {
            requirement(term.trim()).ok_or_else(|| {
                let message = format!("unable to parse requirement: `{}` is no selector", term.trim());
                does_not_build(selector.place(), message).with_help("write `key=value`, `key in (a,b)`, `key` or `!key`")
            })
        })
        .collect()
}

/// The parts between commas that are not inside parentheses.
fn terms(text: &str) -> Vec<&str> {
    let (mut terms, mut from, mut depth) = (Vec::new(), 0, 0u32);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'(' => depth += 1,
            b')' => depth = depth.saturating_sub(1),
            b',' if depth == 0 => {
                terms.push(&text[from..at]);
                from = at + 1;
            }
            _ => {}
        }
    }
    terms.push(&text[from..]);
    terms
}

fn requirement(term: &str) -> Option<Requirement> {
    let made = |key: &str, test| {
        let key = key.trim();
        let fits = !key.is_empty() && !key.contains(char::is_whitespace);
        fits.then(|| Requirement { key: key.into(), test })
    };
    let one = |value: &str| vec![value.trim().into()];
    if let Some(key) = term.strip_prefix('!') {
        return made(key, Test::Missing);
    }
    if let Some((key, value)) = term.split_once("!=") {
        return made(key, Test::NotIn(one(value)));
    }
    if let Some((key, value)) = term.split_once("==").or_else(|| term.split_once('=')) {
        return made(key, Test::In(one(value)));
    }
    if let Some(inner) = term.strip_suffix(')') {
        let (head, values) = inner.split_once('(')?;
        let values = values.split(',').map(|value| value.trim().into()).collect();
        let (key, word) = head.trim().rsplit_once(char::is_whitespace)?;
        return match word {
            "in" => made(key, Test::In(values)),
            "notin" => made(key, Test::NotIn(values)),
            _ => None,
        };
    }
    if let Some((key, value)) = term.split_once('>') {
        return made(key, Test::Greater(value.trim().parse().ok()?));
    }
    if let Some((key, value)) = term.split_once('<') {
        return made(key, Test::Less(value.trim().parse().ok()?));
    }
    made(term, Test::Exists)
}

#[cfg(test)]
mod tests {
    use super::{requirement, terms};

    #[test]
    fn selectors_are_split_outside_parentheses() {
        assert_eq!(terms("a=b,c in (d,e),!f"), ["a=b", "c in (d,e)", "!f"]);
        assert!(terms("a in (b, c),d notin (e),f,g!=h,i==j,k>3").into_iter().all(|term| requirement(term).is_some()));
        assert!(["", "a b", "a of (b)", "=b", "k>x"].into_iter().all(|term| requirement(term).is_none()));
    }
}
