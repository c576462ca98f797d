//! Which objects a patch's `target` means (`kustomize api/types/selector.go`, `api/resmap.Select`).
//!
//! Never: a match on part of a name; patterns are anchored.

use regex::Regex;

use super::load::does_not_build;
use super::resource::Resource;
use super::schema::Schema;
use super::set::effective_namespace;
use super::transform::Requirements;
use crate::base::Problem;
use crate::model::{Trees, View};

/// A `target`, compiled.
pub(super) struct Selector {
    group: Pattern,
    version: Pattern,
    kind: Pattern,
    name: Pattern,
    namespace: Pattern,
    labels: Requirements,
    annotations: Requirements,
}

enum Pattern {
    Any,
    /// Each character means itself, but for dots, which mean any.
    Plain(Box<str>, Behind),
    Regex(Box<Regex>),
}

/// What may stand behind a plain pattern.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Behind {
    Nothing,
    /// `.*`
    Anything,
}

impl Pattern {
    fn new(target: View<'_>, field: &str) -> Result<Self, Problem> {
        let Some(value) = target.get(field) else { return Ok(Self::Any) };
        let text = value.as_str().unwrap_or_default();
        if text.is_empty() {
            return Ok(Self::Any);
        }
        // Compiling an expression costs more than all that such a pattern is compared with.
        let (plain, behind) = text.strip_suffix(".*").map_or((text, Behind::Nothing), |text| (text, Behind::Anything));
        if plain.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'/' | b'.')) {
            return Ok(Self::Plain(plain.into(), behind));
        }
        match Regex::new(&format!("^(?:{})$", without_bare_braces(text))) {
            Ok(regex) => Ok(Self::Regex(Box::new(regex))),
            Err(_) => {
                Err(does_not_build(value.place(), format!("error parsing regexp: `{text}` is no regular expression"))
                    .with_help("the fields of a patch's target are regular expressions"))
            }
        }
    }

    fn matches(&self, text: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Plain(plain, behind) => {
                let mut rest = text.chars();
                let is_start = plain
                    .chars()
                    .all(|wanted| rest.next().is_some_and(|found| found == wanted || wanted == '.' && found != '\n'));
                is_start && (*behind == Behind::Anything && !rest.as_str().contains('\n') || rest.as_str().is_empty())
            }
            Self::Regex(regex) => regex.is_match(text),
        }
    }
}

/// The pattern with every `{` escaped that starts no repetition: Go takes such a brace as it is.
fn without_bare_braces(pattern: &str) -> String {
    let is_repetition = |rest: &str| {
        rest.split_once('}').is_some_and(|(inner, _)| {
            let (low, high) = inner.split_once(',').unwrap_or((inner, ""));
            !low.is_empty() && low.bytes().chain(high.bytes()).all(|byte| byte.is_ascii_digit())
        })
    };
    let mut escaped = String::with_capacity(pattern.len());
    let mut after_backslash = false;
    for (at, c) in pattern.char_indices() {
        // `\p{…}` and `\x{…}` are classes, not braces.
        let class = pattern[..at].ends_with("\\p") || pattern[..at].ends_with("\\P") || pattern[..at].ends_with("\\x");
        if c == '{' && !after_backslash && !class && !is_repetition(&pattern[at + 1..]) {
            escaped.push('\\');
        }
        escaped.push(c);
        after_backslash = c == '\\' && !after_backslash;
    }
    escaped
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
            && self.labels.matches(trees.view(&resource.value).path(["metadata", "labels"]))
            && self.annotations.matches(trees.view(&resource.value).path(["metadata", "annotations"]))
    }
}

fn requirements(selector: Option<View<'_>>) -> Result<Requirements, Problem> {
    let Some(selector) = selector else { return Ok(Requirements::default()) };
    Requirements::parse(selector.as_str().unwrap_or_default()).map_err(|message| {
        does_not_build(selector.place(), message).with_help("write `key=value`, `key in (a,b)`, `key` or `!key`")
    })
}

#[cfg(test)]
mod tests {
    use super::{Behind, Pattern, without_bare_braces};

    #[test]
    fn a_plain_pattern_matches_as_the_expression_does() {
        for (pattern, behind) in [("ab", Behind::Nothing), ("a.c", Behind::Nothing), ("a", Behind::Anything)] {
            let written = if behind == Behind::Anything { format!("{pattern}.*") } else { pattern.to_owned() };
            let regex = regex::Regex::new(&format!("^(?:{})$", without_bare_braces(&written))).expect("it is one");
            let plain = Pattern::Plain(pattern.into(), behind);
            for text in ["", "a", "ab", "abc", "a.c", "aéc", "a\nc", "xab", "ab\n", "a\n"] {
                assert_eq!(plain.matches(text), regex.is_match(text), "{written:?} on {text:?}");
            }
        }
    }
}
