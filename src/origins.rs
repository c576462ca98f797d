//! Where rendered values come from, for people: `render --origins` and `blame`.
//!
//! Never: a value of a Secret; a place without the file and line that have to be edited.

use std::fmt::Write as _;
use std::sync::Arc;

use crate::base::{Problem, RepoPath, Span};
use crate::model::{Entry, Made, MadeNode, MadeScalar, Object, Origin, Set, Trees, Value, View};
use crate::render;
use crate::secrets;

/// What stands for a value that must not be shown.
const BLANK: &str = "[redacted]";

/// The widest gutter; a longer place moves its line.
const GUTTER: usize = 48;

/// What a build prints, with `file:line` to the left of each line.
///
/// # Errors
/// What kustomize cannot print, at the key or value.
pub fn beside(trees: &Trees, folder: &RepoPath, objects: &[Object]) -> Result<String, Problem> {
    let shown: Vec<Object> = objects.iter().map(|object| blanked(trees, object)).collect();
    let lines = render::print_with_places(trees, &shown)?;
    let places: Vec<String> =
        lines.iter().map(|(_, at)| at.map_or_else(String::new, |at| place(trees, folder, at))).collect();
    let width = places.iter().map(|place| place.chars().count()).filter(|width| *width <= GUTTER).max().unwrap_or(0);
    let mut out = String::new();
    for ((line, _), place) in lines.iter().zip(&places) {
        let _ = writeln!(out, "{place:<width$} | {line}");
    }
    Ok(out)
}

/// Where each field of an object was set, and over what. `asked` is `Kind/name`, `field` limits what is told.
///
/// # Errors
/// There is no such object, or it has no such field.
pub fn blame(
    trees: &Trees,
    folder: &RepoPath,
    objects: &[Object],
    asked: &str,
    field: Option<&str>,
) -> Result<String, String> {
    let Some((kind, name)) = asked.split_once('/') else {
        return Err(format!("`{asked}` is no object; write `Kind/name`"));
    };
    let of_kind = |object: &&Object| object.key.kind.eq_ignore_ascii_case(kind);
    let found: Vec<&Object> = objects.iter().filter(of_kind).filter(|object| *object.key.name == *name).collect();
    if found.is_empty() {
        let names: Vec<&str> = objects.iter().filter(of_kind).map(|object| &*object.key.name).collect();
        let known = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
        return Err(format!("no object `{asked}` is rendered; of this kind: {known}"));
    }
    let mut out = String::new();
    for object in found {
        let mut walk = Walk { trees, folder, hidden: secrets::redactions(trees, object), rows: Vec::new() };
        walk.value(&object.value, &mut Vec::new(), None);
        let rows = walk.rows.iter().filter(|row| field.is_none_or(|field| row.is_within(field)));
        let told: String = rows.map(|row| row.text.as_str()).collect();
        if told.is_empty() {
            return Err(format!("`{asked}` has no field `{}`", field.unwrap_or_default()));
        }
        let _ = write!(out, "{}\n{told}", object.key);
    }
    Ok(out)
}

/// `file:line`, from the folder that is built.
fn place(trees: &Trees, folder: &RepoPath, at: Span) -> String {
    let sources = trees.sources();
    let line = sources.positions(at).0.line;
    let (from, to): (Vec<&str>, Vec<&str>) = (folder.segments().collect(), sources.path(at.file).segments().collect());
    let shared = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    let way = std::iter::repeat_n("..", from.len() - shared).chain(to[shared..].iter().copied());
    format!("{}:{line}", way.collect::<Vec<_>>().join("/"))
}

fn is_hidden(hidden: &[Span], at: Span) -> bool {
    hidden.iter().any(|span| {
        span.file == at.file
            && span.range.start < at.range.end.max(at.range.start + 1)
            && at.range.start < span.range.end
    })
}

/// The object without the values that must not be shown.
fn blanked(trees: &Trees, object: &Object) -> Object {
    let hidden = secrets::redactions(trees, object);
    if hidden.is_empty() {
        return object.clone();
    }
    Object { value: blank(trees.view(&object.value), &hidden), ..object.clone() }
}

fn blank(view: View<'_>, hidden: &[Span]) -> Value {
    let origin = Origin::within(view.place());
    if view.is_map() {
        let entries =
            view.fields().map(|field| Entry { key: field.key(), value: blank(field.value, hidden) }).collect();
        return Value::map(entries, origin);
    }
    if view.is_seq() {
        return Value::seq(view.items().map(|item| blank(item, hidden)).collect(), origin);
    }
    if is_hidden(hidden, view.place()) {
        return Value::scalar(MadeScalar::Str(BLANK.into()), origin);
    }
    view.value()
}

/// A field with its history.
struct Row {
    dotted: String,
    pointer: String,
    text: String,
}

impl Row {
    /// Whether the field is `asked`, or below it.
    fn is_within(&self, asked: &str) -> bool {
        let below = |path: &str, marks: &[char]| {
            path.strip_prefix(asked).is_some_and(|rest| rest.is_empty() || rest.starts_with(marks))
        };
        below(&self.dotted, &['.', '[']) || below(&self.pointer, &['/'])
    }
}

/// One segment of a path.
#[derive(Clone)]
enum Segment {
    Field(String),
    Item(usize),
}

/// A step that put a value here which holds the one that is looked at.
#[derive(Clone, Copy)]
struct Around<'v> {
    set: &'v Arc<Set>,
    /// How many segments lead to the value that was put here.
    depth: usize,
}

struct Walk<'a> {
    trees: &'a Trees,
    folder: &'a RepoPath,
    hidden: Vec<Span>,
    rows: Vec<Row>,
}

impl Walk<'_> {
    fn value(&mut self, value: &Value, path: &mut Vec<Segment>, around: Option<Around<'_>>) {
        let around = match value.origin().and_then(|origin| origin.set.as_ref()) {
            Some(set) => Some(Around { set, depth: path.len() }),
            None => around,
        };
        if let Value::Made(made) = value
            && let MadeNode::Link(inner) = &made.node
            && around.is_none_or(|around| around.depth == path.len())
            && inner.origin().is_none_or(|origin| origin.set.is_none())
            && !self.trees.view(inner).is_scalar()
        {
            return self.value(inner, path, around);
        }
        let view = self.trees.view(value);
        let mut children = 0;
        for field in view.fields() {
            children += 1;
            path.push(Segment::Field(field.name().to_owned()));
            self.value(&self.own(value, field.name()).unwrap_or_else(|| field.value.value()), path, around);
            path.pop();
        }
        for (at, item) in view.items().enumerate() {
            children += 1;
            path.push(Segment::Item(at));
            let own = match value {
                Value::Made(made) => match &**made {
                    Made { node: MadeNode::Seq(items), .. } => items.get(at).cloned(),
                    Made { .. } => None,
                },
                Value::Source(..) => None,
            };
            self.value(&own.unwrap_or_else(|| item.value()), path, around);
            path.pop();
        }
        if children == 0 {
            self.row(value, path, around);
        }
    }

    /// An entry of a made map with its links, which a view follows.
    fn own(&self, value: &Value, name: &str) -> Option<Value> {
        let Value::Made(made) = value else { return None };
        let MadeNode::Map(entries) = &made.node else { return None };
        entries.iter().rfind(|entry| entry.key.text(self.trees) == name).map(|entry| entry.value.clone())
    }

    fn row(&mut self, value: &Value, path: &[Segment], around: Option<Around<'_>>) {
        let (mut dotted, mut pointer) = (String::new(), String::new());
        for segment in path {
            match segment {
                Segment::Field(name) => {
                    let dot = if dotted.is_empty() { "" } else { "." };
                    let _ = write!(dotted, "{dot}{name}");
                    let _ = write!(pointer, "/{}", name.replace('~', "~0").replace('/', "~1"));
                }
                Segment::Item(at) => {
                    let _ = write!(dotted, "[{at}]");
                    let _ = write!(pointer, "/{at}");
                }
            }
        }
        let mut text = format!("\n{dotted}: {}\n", self.shown(value));
        self.history(value, path, around, &mut text);
        self.rows.push(Row { dotted, pointer, text });
    }

    /// The steps, the last one first, down to what is written in a file.
    fn history(&self, value: &Value, path: &[Segment], around: Option<Around<'_>>, text: &mut String) {
        let set_here = value.origin().and_then(|origin| origin.set.as_ref());
        let step = match (set_here, around) {
            (Some(set), _) => Some((set, path.len())),
            (None, Some(around)) => Some((around.set, around.depth)),
            (None, None) => None,
        };
        let at = self.trees.view(value).place();
        let Some((set, depth)) = step else {
            let _ = writeln!(text, "  {:<18} {}", "written", place(self.trees, self.folder, at));
            return;
        };
        let _ = write!(text, "  {:<18} {}", set.how.words(), place(self.trees, self.folder, at));
        if set.by != at && place(self.trees, self.folder, set.by) != place(self.trees, self.folder, at) {
            let _ = write!(text, " by {}", place(self.trees, self.folder, set.by));
        }
        text.push('\n');
        let before = set.from.as_ref().and_then(|from| self.below(from, &path[depth..]));
        if let Some(before) = before {
            let _ = writeln!(text, "    over {}", self.shown(&before));
            self.history(&before, &[], None, text);
        }
    }

    /// What stands at a path of what was there before.
    fn below(&self, from: &Value, path: &[Segment]) -> Option<Value> {
        let Some((first, rest)) = path.split_first() else { return Some(from.clone()) };
        let view = self.trees.view(from);
        let next = match first {
            Segment::Field(name) => self.own(from, name).or_else(|| view.get(name).map(|found| found.value())),
            Segment::Item(at) => view.item(*at).map(|found| found.value()),
        };
        self.below(&next?, rest)
    }

    fn shown(&self, value: &Value) -> String {
        let view = self.trees.view(value);
        if is_hidden(&self.hidden, view.place()) {
            return BLANK.to_owned();
        }
        match view {
            view if view.is_map() => if view.fields().next().is_none() { "{}" } else { "{…}" }.to_owned(),
            view if view.is_seq() => if view.items().next().is_none() { "[]" } else { "[…]" }.to_owned(),
            view if view.is_null() => "null".to_owned(),
            view => view.written().escape_debug().to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Side;
    use crate::render::{Build, BuildKind, Options, Renderer};
    use crate::testkit;

    const BASE: &str = "resources: [web.yaml]\nsecretGenerator:\n- name: login\n  literals:\n  - key=hidden-text\n";
    const WEB: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\nspec:\n  replicas: 1\n";
    const PROD: &str = "resources: [../base]\nnamePrefix: shop-\npatches:\n- path: more.yaml\n";
    const MORE: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\nspec:\n  replicas: 3\n";

    fn with_build(look: impl FnOnce(&Trees, &RepoPath, &[Object])) {
        let trees = testkit::trees();
        let files = [
            ("base/kustomization.yaml", BASE),
            ("base/web.yaml", WEB),
            ("prod/kustomization.yaml", PROD),
            ("prod/more.yaml", MORE),
        ];
        let snapshot = testkit::snapshot(&trees, Side::Head, &files);
        let path = testkit::path("prod");
        let asked = Build { path: path.clone(), kind: BuildKind::Kustomize };
        let built = Renderer::new(&snapshot, &trees, Options::default()).build(&asked);
        assert!(built.problems.is_empty(), "{:?}", built.problems);
        look(&trees, &path, &built.objects);
    }

    #[test]
    fn each_line_has_its_place_and_no_secret_is_shown() {
        with_build(|trees, path, objects| {
            let text = beside(trees, path, objects).expect("it can be printed");
            for line in [
                "../base/kustomization.yaml:5 |   key: '[redacted]'\n",
                "kustomization.yaml:2         |   name: shop-web\n",
                "more.yaml:6                  |   replicas: 3\n",
                "../base/web.yaml:2           | kind: Deployment\n",
            ] {
                assert!(text.contains(line), "{text}");
            }
            assert!(!text.contains("aGlkZGVu"), "{text}");
        });
    }

    #[test]
    fn a_field_tells_who_set_it_over_what() {
        with_build(|trees, path, objects| {
            let told = blame(trees, path, objects, "Deployment/shop-web", Some("/spec/replicas"));
            let steps = "\nspec.replicas: 3\n  patched            more.yaml:6 by kustomization.yaml:4\n    over 1\n  \
                         written            ../base/web.yaml:6\n";
            assert_eq!(told.as_deref().map(|told| told.ends_with(steps)), Ok(true), "{told:?}");
            let missing = blame(trees, path, objects, "Deployment/web", None);
            assert_eq!(
                missing.expect_err("it has a prefix"),
                "no object `Deployment/web` is rendered; of this kind: shop-web"
            );
        });
    }
}
