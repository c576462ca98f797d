//! A field path of an instance in a schema: whether it is there, and whether a value is sure to be.
//!
//! Never: a guess: where a schema keeps what it does not name, any path may be there.

use super::schema::Schema;
use crate::base::Span;
use crate::model::Trees;

/// What a schema says of a path.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Lookup {
    /// It names the field.
    Known,
    /// It takes any field there, or says nothing of what is there.
    Free,
    /// It prunes the field, or refuses it.
    Unknown,
}

impl Schema {
    /// What this schema, the root of a version, says of a path as Crossplane writes it: `spec.ports[0].name`.
    #[must_use]
    pub fn lookup(&self, path: &str) -> Lookup {
        let mut node = self;
        for step in steps(path) {
            if node.is_opaque() {
                return Lookup::Free;
            }
            node = match (step, node.property(step)) {
                (_, Some(below)) => below,
                (step, None) => match (&node.items, &node.values) {
                    (Some(items), _) if is_index(step) => items,
                    (_, Some(values)) => values,
                    _ if node.is_map() || node.preserves_unknown() || node.is_int_or_string() => return Lookup::Free,
                    _ if node.type_name().is_none() && node.properties.is_empty() => return Lookup::Free,
                    _ => return Lookup::Unknown,
                },
            };
        }
        Lookup::Known
    }

    /// Where a keyword of the node for a value of an instance is written, or else the nearest node above it.
    #[must_use]
    pub fn place_of(&self, pointer: &str, keyword: &str) -> Span {
        let mut node = self;
        for step in pointer.split('/').skip(1) {
            let name = step.replace("~1", "/").replace("~0", "~");
            let below = node.property(&name).or(node.items.as_deref()).or(node.values.as_deref());
            let Some(below) = below else { return node.at };
            node = below;
        }
        let written = node.keywords.iter().find(|known| known.name == keyword);
        written.map_or(node.at, |keyword| keyword.key)
    }

    /// Whether every instance has a value at a path: each step is required or has a default.
    #[must_use]
    pub fn assures(&self, trees: &Trees, path: &str) -> bool {
        let mut node = self;
        for step in steps(path) {
            let Some(below) = node.property(step) else { return false };
            // Crossplane demands the `spec` of a composite resource, whether the definition does or not.
            let is_root = step == "spec" && std::ptr::eq(node, self);
            if !is_root && !node.required().any(|name| name == step) && below.default_value(trees).is_none() {
                return false;
            }
            node = below;
        }
        true
    }
}

/// The parts of a path: fields, keys and indexes in brackets.
fn steps(path: &str) -> impl Iterator<Item = &str> {
    let mut rest = path;
    std::iter::from_fn(move || {
        rest = rest.trim_start_matches('.');
        if rest.is_empty() {
            return None;
        }
        let (step, behind) = match rest.strip_prefix('[') {
            Some(inner) => inner.split_once(']').unwrap_or((inner, "")),
            None => rest.split_at(rest.find(['.', '[']).unwrap_or(rest.len())),
        };
        rest = behind;
        Some(step.trim_matches(['"', '\'']))
    })
}

fn is_index(step: &str) -> bool {
    step == "*" || step.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::steps;

    #[test]
    fn paths_have_fields_keys_and_indexes() {
        let found = |path: &'static str| steps(path).collect::<Vec<_>>();
        assert_eq!(found("spec.a[0].b"), ["spec", "a", "0", "b"]);
        assert_eq!(found("metadata.annotations[example.com/a.b]"), ["metadata", "annotations", "example.com/a.b"]);
        assert_eq!(found("spec[\"a\"][*]"), ["spec", "a", "*"]);
        assert_eq!(found(""), [""; 0]);
    }
}
