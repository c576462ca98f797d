//! `ValueAddTransformer`: a text put into a field, or between the parts of the file path that a field holds
//! (`kustomize api/filters/valueadd`).
//!
//! Never: an item of a list that is chosen by its number and is not there.

use super::super::resource::Resource;
use super::field_spec::{expect_map, expect_scalar, expect_seq, split_path, untagged};
use super::namespace::set_one;
use super::replacement_path::{Part, part_of};
use super::{Cx, broken, reread};
use crate::base::{Problem, Span};
use crate::model::{Entry, How, Key, Origin, Trees, Value};

/// What is put where.
pub(in crate::render) struct Addition<'a> {
    /// The text, and where it is written.
    pub(in crate::render) text: &'a str,
    pub(in crate::render) at: Span,
    /// The field, with `/`.
    pub(in crate::render) path: &'a str,
    /// Where in the field's file path the text goes, counted from 1; with 0 it takes the place of the whole.
    pub(in crate::render) position: usize,
}

/// Adds a value to an object.
///
/// # Errors
/// The path leads through something else than it says.
pub(in crate::render) fn add_value(
    cx: &Cx<'_>,
    resource: &mut Resource,
    addition: &Addition<'_>,
) -> Result<(), Problem> {
    let segments = split_path(addition.path, '/');
    let segments: Vec<&str> = segments.iter().map(|part| part.trim()).filter(|part| !part.is_empty()).collect();
    let place = cx.trees.view(&resource.value).place();
    let done = if addition.path == "metadata/namespace" {
        set_one(cx, resource, (addition.text, addition.at))
    } else {
        addition.enter(cx.trees, &mut resource.value, &segments)
    };
    done.map_err(|message| broken(addition.at, message).with_related(place, "in this object"))?;
    reread(cx.trees, resource);
    Ok(())
}

impl Addition<'_> {
    fn enter(&self, trees: &Trees, value: &mut Value, path: &[&str]) -> Result<(), String> {
        let Some((first, rest)) = path.split_first() else { return self.set(trees, value) };
        let view = trees.view(value);
        if view.is_null() {
            return Ok(());
        }
        if *first == "-" {
            expect_seq(view)?;
            let last = value.items_mut(trees).and_then(|items| items.last_mut());
            return last.map_or(Ok(()), |item| self.enter(trees, item, rest));
        }
        match part_of(first)? {
            Part::Every => Err("wildcard is not supported in PathGetter".to_owned()),
            Part::Index(index) => {
                expect_seq(view)?;
                let item = value.items_mut(trees).and_then(|items| items.get_mut(index));
                item.map_or(Ok(()), |item| self.enter(trees, item, rest))
            }
            Part::Item(name, wanted) => {
                expect_seq(view)?;
                let fits = |item: &Value| {
                    let item = trees.view(item);
                    let field = if name.is_empty() { Some(item) } else { item.get(name) };
                    field.is_some_and(|field| field.is_scalar() && field.written() == wanted)
                };
                let Some(items) = value.items_mut(trees) else { return Ok(()) };
                let row = items.iter().position(fits).unwrap_or_else(|| {
                    items.push(self.item(trees, name, wanted));
                    items.len() - 1
                });
                self.enter(trees, &mut items[row], rest)
            }
            Part::Field(name) => {
                expect_map(view)?;
                if view.get(name).is_none() {
                    value.set_field(trees, Key::made(name, self.at), self.blank(rest.first().copied()));
                }
                value.update_field(trees, name, |field| self.enter(trees, field, rest)).unwrap_or(Ok(()))
            }
        }
    }

    /// What a missing field starts as, by what follows in the path.
    fn blank(&self, next: Option<&str>) -> Value {
        let origin = Origin::within(self.at);
        match next.map(part_of) {
            None => Value::text("", origin),
            Some(Ok(Part::Index(_) | Part::Item(..))) => Value::seq(Vec::new(), origin),
            Some(_) => Value::map(Vec::new(), origin),
        }
    }

    fn item(&self, trees: &Trees, name: &str, wanted: &str) -> Value {
        let text = Value::scalar(untagged(trees, None, wanted), Origin::set(self.at, How::Transformer, self.at, None));
        if name.is_empty() {
            return text;
        }
        Value::map(vec![Entry { key: Key::made(name, self.at), value: text }], Origin::within(self.at))
    }

    fn set(&self, trees: &Trees, value: &mut Value) -> Result<(), String> {
        let view = trees.view(value);
        expect_scalar(view)?;
        let text = match self.position {
            0 => self.text.to_owned(),
            position => inserted(&view.written(), position - 1, self.text),
        };
        let scalar = untagged(trees, Some(value), &text);
        // What this addition made is nothing that was there before.
        let is_blank = view.written().is_empty() && value.origin().is_some_and(|origin| origin.set.is_none());
        let from = (!is_blank && !view.is_null()).then(|| value.clone());
        *value = Value::scalar(scalar, Origin::set(self.at, How::Transformer, self.at, from));
        Ok(())
    }
}

/// A file path with one part more; the path keeps the slash at its start (`kustomize kyaml/filesys.InsertPathPart`).
fn inserted(path: &str, position: usize, part: &str) -> String {
    let mut parts: Vec<&str> = match path {
        "" => Vec::new(),
        "/" => vec![""],
        path => path.split('/').collect(),
    };
    let mut position = position.min(parts.len());
    if parts.first() == Some(&"") && position < parts.len() {
        position += 1;
    }
    parts.insert(position, part);
    let is_absolute = parts[0].is_empty();
    let mut cleaned: Vec<&str> = Vec::new();
    for part in parts.iter().flat_map(|part| part.split('/')) {
        match part {
            "" | "." => {}
            ".." if cleaned.last().is_some_and(|last| *last != "..") => {
                cleaned.pop();
            }
            ".." if is_absolute => {}
            part => cleaned.push(part),
        }
    }
    format!("{}{}", if is_absolute { "/" } else { "" }, cleaned.join("/"))
}

#[cfg(test)]
mod tests {
    use super::inserted;

    #[test]
    fn a_part_goes_where_it_is_asked_for_and_an_absolute_path_stays_one() {
        for (path, position, new) in [
            ("", 0, "P"),
            ("", 9, "P"),
            ("/", 0, "/P"),
            ("a", 0, "P/a"),
            ("/a", 0, "/P/a"),
            ("a", 1, "a/P"),
            ("/a", 1, "/a/P"),
            ("a/b/c/d", 3, "a/b/c/P/d"),
            ("/a/b/c/d", 3, "/a/b/c/P/d"),
            ("a/b", 9999, "a/b/P"),
        ] {
            assert_eq!(inserted(path, position, "P"), new, "{path} {position}");
        }
    }
}
