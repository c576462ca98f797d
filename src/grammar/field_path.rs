//! Paths of fields as people write them: `spec.ports[*].name`, `.metadata.labels['app.kubernetes.io/name']`.
//!
//! Never: a value; a path only names steps.

/// One step of a path.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum FieldStep {
    /// The field of this name.
    Name(String),
    /// The item at this position.
    Item(usize),
    /// Every item.
    Each,
}

/// The steps of a path; `None` where it is none.
#[must_use]
pub fn field_path(text: &str) -> Option<Vec<FieldStep>> {
    let mut steps = Vec::new();
    let mut rest = text.strip_prefix('.').unwrap_or(text);
    while !rest.is_empty() {
        if let Some(inner) = rest.strip_prefix("['") {
            let (name, behind) = inner.split_once("']")?;
            steps.push(FieldStep::Name(name.to_owned()));
            rest = behind;
        } else if let Some(inner) = rest.strip_prefix('[') {
            let (item, behind) = inner.split_once(']')?;
            steps.push(if item == "*" { FieldStep::Each } else { FieldStep::Item(item.parse().ok()?) });
            rest = behind;
        } else {
            let (name, behind) = rest.split_at(rest.find(['.', '[']).unwrap_or(rest.len()));
            if name.is_empty() {
                return None;
            }
            steps.push(FieldStep::Name(name.to_owned()));
            rest = behind;
        }
        rest = match rest.strip_prefix('.') {
            Some("") => return None,
            Some(behind) => behind,
            None => rest,
        };
    }
    Some(steps)
}

#[cfg(test)]
mod tests {
    use super::FieldStep::{Each, Item, Name};
    use super::field_path;

    #[test]
    fn paths_have_steps() {
        let name = |text: &str| Name(text.into());
        assert_eq!(field_path("spec.a"), Some(vec![name("spec"), name("a")]));
        assert_eq!(field_path(".a['x.y/z'].b"), Some(vec![name("a"), name("x.y/z"), name("b")]));
        assert_eq!(field_path("a[*].b[2]"), Some(vec![name("a"), Each, name("b"), Item(2)]));
        assert_eq!(field_path(""), Some(vec![]));
        for wrong in ["a..b", "a.", "a[", "a[x]", "a['b"] {
            assert_eq!(field_path(wrong), None, "{wrong}");
        }
    }
}
