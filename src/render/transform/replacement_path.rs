//! The field paths of replacements: `a.b`, `[name=x]`, `0`, `*`, `[a.b/c]` (`kustomize kyaml/yaml/match.go`, `fns.go`).
//!
//! Never: a change; what is missing is reported, and made by the caller.

use regex::Regex;

use super::field_spec::{Steps, expect_map, expect_seq, split_path};
use crate::model::{Trees, Value, View};

/// Splits a path at dots; a bracketed segment is one, and keeps its brackets if it selects list items
/// (`kustomize kyaml/utils.SmarterPathSplitter`).
pub(super) fn split_dotted(path: &str) -> Vec<String> {
    let mut segments = Vec::new();
    let mut parts = split_path(path, '.').into_iter();
    while let Some(part) = parts.next() {
        if !part.starts_with('[') || part.ends_with(']') {
            segments.push(part);
            continue;
        }
        let mut bracketed = part;
        for part in parts.by_ref() {
            bracketed.push('.');
            bracketed.push_str(&part);
            if part.ends_with(']') {
                break;
            }
        }
        let is_selector = bracketed.contains('=');
        segments.push(if is_selector { bracketed } else { bracketed.trim_matches(['[', ']']).to_owned() });
    }
    segments
}

/// What a segment of a path means.
pub(super) enum Part<'p> {
    Field(&'p str),
    Index(usize),
    /// `[name=x]`, or `[=x]` with an empty name.
    Item(&'p str, &'p str),
    Every,
}

pub(super) fn part_of(segment: &str) -> Result<Part<'_>, String> {
    if let Ok(index) = segment.strip_prefix('+').unwrap_or(segment).parse::<usize>() {
        return Ok(Part::Index(index));
    }
    if segment == "*" {
        return Ok(Part::Every);
    }
    let Some(inner) = segment.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) else {
        return Ok(Part::Field(segment));
    };
    let (name, value) =
        inner.split_once('=').ok_or("list path element must contain fieldName=fieldValue for element to match")?;
    Ok(Part::Item(name, value))
}

/// What [`lookup`] found.
pub(super) enum Lookup {
    /// The value with its history.
    Found(Value),
    Missing,
}

/// The one value at a path, as a source is read (`kustomize kyaml/yaml.PathGetter`).
pub(super) fn lookup(trees: &Trees, object: &Value, path: &[String]) -> Result<Lookup, String> {
    let mut found = object.clone();
    for segment in path.iter().map(|segment| segment.trim()).filter(|segment| !segment.is_empty()) {
        let at = trees.view(&found);
        let next = if segment == "-" {
            expect_seq(at)?;
            at.items().count().checked_sub(1).and_then(|last| found.item(trees, last))
        } else {
            match part_of(segment)? {
                Part::Every => return Err("wildcard is not supported in PathGetter".to_owned()),
                Part::Index(index) => {
                    expect_seq(at)?;
                    found.item(trees, index)
                }
                Part::Item(name, value) => {
                    expect_seq(at)?;
                    let is_meant = |item: View<'_>| {
                        let field = if name.is_empty() { Some(item) } else { item.get(name) };
                        field.is_some_and(|field| field.is_scalar() && field.written() == value)
                    };
                    at.items().position(is_meant).and_then(|row| found.item(trees, row))
                }
                Part::Field(name) => {
                    expect_map(at)?;
                    found.field(trees, name)
                }
            }
        };
        match next {
            Some(next) => found = next,
            None => return Ok(Lookup::Missing),
        }
    }
    Ok(Lookup::Found(found))
}

/// What a target's path leads to.
#[derive(Default)]
pub(super) struct Matches {
    /// The way to each value.
    pub(super) found: Vec<Steps>,
    /// The containers in which the path breaks off, each with the number of segments that led there.
    pub(super) missing: Vec<(Steps, usize)>,
    /// Whether the path breaks off at a `null` where it needs a map: what kustomize makes in there is never printed.
    pub(super) ends_in_null: bool,
}

/// All values at a path, as targets are found (`kustomize kyaml/yaml.PathMatcher`).
pub(super) fn matches(view: View<'_>, path: &[String]) -> Result<Matches, String> {
    let mut matches = Matches::default();
    collect(view, path, 0, &mut Steps::new(), &mut matches)?;
    Ok(matches)
}

fn collect(
    view: View<'_>,
    path: &[String],
    depth: usize,
    steps: &mut Steps,
    matches: &mut Matches,
) -> Result<(), String> {
    let Some(segment) = path.get(depth) else {
        matches.found.push(steps.clone());
        return Ok(());
    };
    let next = children(view, segment)?;
    if next.is_empty() && !view.is_null() && !matches!(part_of(segment)?, Part::Every) {
        matches.missing.push((steps.clone(), depth));
    }
    matches.ends_in_null |= next.is_empty() && view.is_null() && matches!(part_of(segment)?, Part::Field(_));
    for (at, child) in next {
        steps.push(at as u32);
        collect(child, path, depth + 1, steps, matches)?;
        steps.pop();
    }
    Ok(())
}

/// The entries or items that a segment leads to, each with its position.
fn children<'t>(view: View<'t>, segment: &str) -> Result<Vec<(usize, View<'t>)>, String> {
    match part_of(segment)? {
        Part::Field(name) => {
            expect_map(view)?;
            let named = view.fields().enumerate().filter(|(_, field)| field.name() == name).last();
            Ok(named.map(|(at, field)| (at, field.value)).into_iter().collect())
        }
        Part::Index(index) => {
            expect_seq(view)?;
            let count = view.items().count();
            if index > count {
                return Err(format!("index {index} specified but only {count} elements found"));
            }
            Ok(view.items().nth(index).map(|item| (index, item)).into_iter().collect())
        }
        Part::Every => {
            expect_seq(view)?;
            Ok(view.items().enumerate().collect())
        }
        Part::Item(name, wanted) => {
            expect_seq(view)?;
            let test = Test::new(wanted)?;
            Ok(view.items().enumerate().filter(|(_, item)| test.fits(*item, name)).collect())
        }
    }
}

/// What an item's field must hold: kustomize takes the value of `[name=value]` as a regular expression.
enum Test<'p> {
    Contains(&'p str),
    Finds(Regex),
}

impl<'p> Test<'p> {
    fn new(wanted: &'p str) -> Result<Self, String> {
        if wanted.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_/:".contains(&byte)) {
            return Ok(Self::Contains(wanted));
        }
        let pattern = Regex::new(wanted).map_err(|_| format!("`{wanted}` is not a valid regular expression"))?;
        Ok(Self::Finds(pattern))
    }

    /// Whether `name` of the item fits, or the item itself where `name` is empty.
    fn fits(&self, item: View<'_>, name: &str) -> bool {
        let field = if name.is_empty() { Some(item) } else { item.get(name) };
        field.filter(View::is_scalar).is_some_and(|field| match self {
            Self::Contains(text) => field.written().contains(text),
            Self::Finds(pattern) => pattern.is_match(field.written().trim()),
        })
    }
}
