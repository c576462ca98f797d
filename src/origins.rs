//! Where rendered values come from, for people: `render --origins` and `blame`.
//!
//! Never: a value of a Secret; a place without the file and line that have to be edited.

use std::collections::HashMap;
use std::fmt::{Display, Write as _};
use std::sync::Arc;

use crate::base::{FileId, Problem, RepoPath, Span, TextRange};
use crate::blanked::extent;
use crate::model::{Entry, How, MadeNode, MadeScalar, Object, Origin, Set, Trees, Value, View};
use crate::render::{self, Rendered};
use crate::report::{self, Color};
use crate::rules;
use crate::secrets;

/// What stands for a value that must not be shown.
const BLANK: &str = "[redacted]";

/// The widest gutter; a path that is longer loses segments from its middle.
const GUTTER: usize = 48;

/// How many names an error lists.
const LISTED: usize = 10;

/// One build to be told of.
#[derive(Clone, Copy)]
pub struct Told<'a> {
    /// The parsed contents.
    pub trees: &'a Trees,
    /// The folder that is built; paths are told from it.
    pub folder: &'a RepoPath,
    /// What it gives.
    pub built: &'a Rendered,
}

/// What a build prints, with `file:line` to the left of each line.
///
/// # Errors
/// What kustomize cannot print, at the key or value.
pub fn beside(told: Told<'_>, color: Color) -> Result<String, Problem> {
    let hidden = Hidden::of(told);
    let blanked = |object: &Object| match hidden.blanked(object.view(told.trees)) {
        Some(value) => Object { value, ..object.clone() },
        None => object.clone(),
    };
    let shown: Vec<Object> = told.built.objects.iter().map(blanked).collect();
    let lines = render::print_with_places(told.trees, &shown)?;
    let mut paths: HashMap<FileId, Vec<String>> = HashMap::new();
    let mut place = |at: Span| {
        let path = paths.entry(at.file).or_insert_with(|| told.way_to(at.file));
        shortened(path, told.line(at))
    };
    let places: Vec<String> = lines.iter().map(|(_, at)| at.map_or_else(String::new, &mut place)).collect();
    let width = places.iter().map(|place| place.chars().count()).filter(|width| *width <= GUTTER).max().unwrap_or(0);
    let (dim, plain) = if color == Color::On { ("\x1b[2m", "\x1b[0m") } else { ("", "") };
    let mut out = String::new();
    for ((line, _), place) in lines.iter().zip(&places) {
        let _ = writeln!(out, "{dim}{place:<width$} |{plain} {line}");
    }
    Ok(out)
}

/// `path:line` in the width of the gutter: the first segment and as many of the last as fit, the others are `…`. A file
/// name is never shortened.
fn shortened(path: &[String], line: u32) -> String {
    let whole = format!("{}:{line}", path.join("/"));
    if whole.chars().count() <= GUTTER || path.len() < 3 {
        return whole;
    }
    let cut = |from: usize| format!("{}/…/{}:{line}", path[0], path[from..].join("/"));
    (2..path.len()).map(cut).find(|cut| cut.chars().count() <= GUTTER).unwrap_or_else(|| cut(path.len() - 1))
}

/// Where each field of an object was set, and over what. `asked` is `Kind/name`, `Kind/namespace/name` or either with
/// `Kind.group`; `field` limits what is told.
///
/// # Errors
/// There is no such object or field, or there are several such objects.
pub fn blame(told: Told<'_>, asked: &str, field: Option<&str>, color: Color) -> Result<String, String> {
    let object = find(&told.built.objects, asked)?;
    let mut walk = Walk { told, hidden: Hidden::of(told), rows: Vec::new() };
    walk.value(&object.value, &mut Vec::new(), &[], None);
    let rows: Vec<&Row> = walk.rows.iter().filter(|row| field.is_none_or(|field| row.is_within(field))).collect();
    if rows.is_empty() {
        return Err(no_field(asked, field.unwrap_or_default(), &walk.rows));
    }
    let paint = |text: &str, code: &str| match color {
        Color::On => format!("\x1b[{code}m{text}\x1b[0m"),
        Color::Off => text.to_owned(),
    };
    let mut out = paint(&object.key.to_string(), "1") + "\n";
    for row in rows {
        let _ = write!(out, "\n{}: {}\n{}", paint(&row.dotted, "36"), row.shown, row.history);
    }
    Ok(out)
}

/// The one object that is asked for.
fn find<'o>(objects: &'o [Object], asked: &str) -> Result<&'o Object, String> {
    let parts: Vec<&str> = asked.splitn(3, '/').collect();
    let (kind, namespace, name) = match parts[..] {
        [kind, name] => (kind, None, name),
        [kind, namespace, name] => (kind, Some(namespace), name),
        _ => return Err(format!("`{asked}` is no object; write `KIND/NAME` or `KIND/NAMESPACE/NAME`")),
    };
    let of_kind = |object: &&Object| {
        let key = &object.key;
        let with_group = || format!("{}.{}", key.kind, key.group);
        key.kind.eq_ignore_ascii_case(kind) || with_group().eq_ignore_ascii_case(kind)
    };
    let is_meant = |object: &&Object| {
        *object.key.name == *name && namespace.is_none_or(|namespace| *object.key.namespace == *namespace)
    };
    let found: Vec<&Object> = objects.iter().filter(of_kind).filter(is_meant).collect();
    match found[..] {
        [object] => Ok(object),
        [] => Err(no_object(objects, asked, &objects.iter().filter(of_kind).collect::<Vec<_>>())),
        _ => {
            let names: Vec<String> = found.iter().map(|object| exact_name(object)).collect();
            Err(format!("`{asked}` is the name of several objects; write one of {}", listed(&names)))
        }
    }
}

/// The words that name an object and, in nearly all builds, no other: of the core group `Kind./namespace/name`.
fn exact_name(object: &Object) -> String {
    let key = &object.key;
    format!("{}.{}/{}/{}", key.kind, key.group, key.namespace, key.name)
}

/// Why nothing is found, with what is near: a name of this kind that is like it or holds it, or a kind like it.
fn no_object(objects: &[Object], asked: &str, of_kind: &[&Object]) -> String {
    let name = asked.rsplit('/').next().unwrap_or(asked);
    let names: Vec<&str> = of_kind.iter().map(|object| &*object.key.name).collect();
    let like = rules::near(name, &names).or_else(|| names.iter().copied().find(|known| known.contains(name)));
    let like = like.filter(|like| *like != name);
    let mut kinds: Vec<&str> = objects.iter().map(|object| &*object.key.kind).collect();
    kinds.sort_unstable();
    kinds.dedup();
    let kind = asked.split('/').next().unwrap_or(asked);
    let hint = match (like.and_then(|like| of_kind.iter().find(|object| *object.key.name == *like)), of_kind) {
        (Some(object), _) => format!("did you mean `{}/{}`?", object.key.kind, object.key.name),
        (None, []) => match rules::near(kind, &kinds) {
            Some(near) => format!("no kind `{kind}`, did you mean `{near}`?"),
            None => format!("the kinds here are {}", listed(&kinds)),
        },
        (None, _) => format!("of this kind there is {}", listed(&names_of(of_kind))),
    };
    format!("no object `{asked}` is rendered; {hint}")
}

fn names_of(objects: &[&Object]) -> Vec<String> {
    let name = |object: &&Object| object.key.to_string().replacen(' ', "/", 1);
    objects.iter().map(name).collect()
}

fn no_field(asked: &str, field: &str, rows: &[Row]) -> String {
    let is_pointer = field.starts_with('/');
    let mut known: Vec<&str> = Vec::new();
    for row in rows {
        let path = if is_pointer { &row.pointer } else { &row.dotted };
        let marks: &[char] = if is_pointer { &['/'] } else { &['.', '['] };
        let ends = path.match_indices(marks).map(|(at, _)| at).filter(|at| *at > 0);
        known.extend(ends.chain([path.len()]).map(|end| &path[..end]));
    }
    known.sort_unstable();
    known.dedup();
    let hint = match rules::near(field, &known) {
        Some(near) => format!("; did you mean `{near}`?"),
        None => {
            let top: Vec<String> = known
                .iter()
                .filter(|path| !path.trim_start_matches('/').contains(['.', '/', '[']))
                .map(|path| (*path).to_owned())
                .collect();
            format!("; it has {}", listed(&top))
        }
    };
    format!("`{asked}` has no field `{field}`{hint}")
}

/// Names in quotes, not too many.
fn listed<T: Display>(names: &[T]) -> String {
    let some: Vec<String> = names.iter().take(LISTED).map(|name| format!("`{name}`")).collect();
    let more = names.len().saturating_sub(LISTED);
    some.join(", ") + &if more > 0 { format!(" and {more} more") } else { String::new() }
}

impl Told<'_> {
    /// The way from the folder to a file, in segments fit for a terminal.
    fn way_to(self, file: FileId) -> Vec<String> {
        let path = self.trees.sources().path(file);
        let (from, to): (Vec<&str>, Vec<&str>) = (self.folder.segments().collect(), path.segments().collect());
        let shared = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
        let way = std::iter::repeat_n("..", from.len() - shared).chain(to[shared..].iter().copied());
        way.map(report::log).collect()
    }

    fn line(self, at: Span) -> u32 {
        self.trees.sources().positions(at).0.line
    }

    /// `file:line`, from the folder that is built.
    fn place(self, at: Span) -> String {
        format!("{}:{}", self.way_to(at.file).join("/"), self.line(at))
    }
}

/// What must not be shown, by file: sorted ranges that do not touch.
struct Hidden(HashMap<FileId, Vec<TextRange>>);

impl Hidden {
    /// The values of all Secrets of a build and what looks like a credential elsewhere, wherever it is written: also
    /// what a replacement took from a Secret.
    fn of(told: Told<'_>) -> Self {
        let Told { trees, built, .. } = told;
        let objects = built.objects.iter().flat_map(|object| secrets::redactions(trees, object));
        let files = built.files.iter().flat_map(|file| secrets::redactions_of_file(trees, *file));
        let mut ranges: HashMap<FileId, Vec<TextRange>> = HashMap::new();
        for at in objects.chain(files).map(|at| trees.sources().outermost(at)) {
            ranges.entry(at.file).or_default().push(at.range);
        }
        Self(ranges.into_iter().map(|(file, ranges)| (file, joined(ranges))).collect())
    }

    fn covers(&self, at: Span) -> bool {
        let Some(ranges) = self.0.get(&at.file) else { return false };
        let end = at.range.end.max(at.range.start + 1);
        let first = ranges.partition_point(|range| range.end <= at.range.start);
        ranges.get(first).is_some_and(|range| range.start < end)
    }

    /// The value without what must not be shown; `None` where all of it may be.
    fn blanked(&self, view: View<'_>) -> Option<Value> {
        let origin = Origin::within(view.place());
        if view.is_map() {
            let shown: Vec<_> = view.fields().map(|field| (field, self.blanked(field.value))).collect();
            let any = shown.iter().any(|(_, blank)| blank.is_some());
            let entry = |(field, blank): (crate::model::Field<'_>, Option<Value>)| Entry {
                key: field.key(),
                value: blank.unwrap_or_else(|| field.value.value()),
            };
            return any.then(|| Value::map(shown.into_iter().map(entry).collect(), origin));
        }
        if view.is_seq() {
            let shown: Vec<_> = view.items().map(|item| (item, self.blanked(item))).collect();
            let any = shown.iter().any(|(_, blank)| blank.is_some());
            let item = |(item, blank): (View<'_>, Option<Value>)| blank.unwrap_or_else(|| item.value());
            return any.then(|| Value::seq(shown.into_iter().map(item).collect(), origin));
        }
        self.covers(extent(view)).then(|| Value::scalar(MadeScalar::Str(BLANK.into()), origin))
    }
}

/// The ranges sorted, and one where several touch.
fn joined(mut ranges: Vec<TextRange>) -> Vec<TextRange> {
    ranges.sort_unstable();
    ranges.dedup_by(|next, held| {
        let joins = next.start <= held.end;
        held.end = if joins { held.end.max(next.end) } else { held.end };
        joins
    });
    ranges
}

/// A field with its history.
struct Row {
    dotted: String,
    pointer: String,
    shown: String,
    history: String,
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

/// A step that put a container here which holds the value that is looked at.
#[derive(Clone)]
struct Around {
    set: Arc<Set>,
    /// How many segments lead to the container.
    depth: usize,
}

fn set_of(value: &Value) -> Option<&Arc<Set>> {
    value.origin()?.set.as_ref()
}

struct Walk<'a> {
    told: Told<'a>,
    hidden: Hidden,
    rows: Vec<Row>,
}

impl Walk<'_> {
    /// Tells of a value and all that is in it. `key` is where its key is written: the place of what is not.
    fn value(&mut self, value: &Value, path: &mut Vec<Segment>, around: &[Around], key: Option<Span>) {
        let trees = self.told.trees;
        let view = trees.view(value);
        let mut within = around.to_vec();
        within.extend(set_of(value).map(|set| Around { set: set.clone(), depth: path.len() }));
        let before = self.rows.len();
        for field in view.fields() {
            path.push(Segment::Field(field.name().to_owned()));
            let own = value.field(trees, field.name()).unwrap_or_else(|| field.value.value());
            self.value(&own, path, &within, Some(field.key_place()));
            path.pop();
        }
        for (at, item) in view.items().enumerate() {
            path.push(Segment::Item(at));
            let own = value.item(trees, at).unwrap_or_else(|| item.value());
            self.value(&own, path, &within, Some(view.place()));
            path.pop();
        }
        if self.rows.len() == before {
            self.row(value, path, around, key);
        }
    }

    fn row(&mut self, value: &Value, path: &[Segment], around: &[Around], key: Option<Span>) {
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
        let mut history = String::new();
        self.history(value.clone(), path, (around.to_vec(), key), "  ", &mut history);
        self.rows.push(Row { dotted: report::log(&dotted), pointer, shown: self.shown(value), history });
    }

    /// The steps, the last one first, down to what is written in a file.
    fn history(
        &self,
        mut value: Value,
        path: &[Segment],
        (mut around, key): (Vec<Around>, Option<Span>),
        indent: &str,
        out: &mut String,
    ) {
        let mut key = key;
        loop {
            let view = self.told.trees.view(&value);
            let at = key.take().filter(|_| view.is_unwritten()).unwrap_or_else(|| view.place());
            let before = if let Some(set) = set_of(&value).cloned() {
                self.step(&set, at, indent, out);
                self.brought(&value, &set, indent, out);
                set.from.clone()
            } else if let Some(Around { set, depth }) = around.pop() {
                self.step(&set, at, indent, out);
                let below = set.from.as_ref().and_then(|from| self.below(from, path, depth));
                below.map(|(before, inner)| {
                    around.extend(inner);
                    before
                })
            } else {
                let _ = writeln!(out, "{indent}{:<18} {}", "written", self.told.place(at));
                return;
            };
            let Some(before) = before else { return };
            let _ = writeln!(out, "{indent}  over {}", self.shown(&before));
            value = before;
        }
    }

    fn step(&self, set: &Set, at: Span, indent: &str, out: &mut String) {
        let (place, by) = (self.told.place(at), self.told.place(set.by));
        let by = if by == place { String::new() } else { format!(" by {by}") };
        let _ = writeln!(out, "{indent}{:<18} {place}{by}", set.how.words());
    }

    /// What a step brought along, where that has a history of its own.
    fn brought(&self, value: &Value, set: &Set, indent: &str, out: &mut String) {
        let linked = match value {
            Value::Made(made) => match &made.node {
                MadeNode::Link(inner) => Some(inner),
                _ => None,
            },
            Value::Source(..) => None,
        };
        let Some(with) = set.with.as_ref().or(linked) else { return };
        let deeper = format!("{indent}    ");
        let mut tell = |words: &str, value: &Value| {
            let _ = writeln!(out, "{indent}  {words} {}", self.shown(value));
            self.history(value.clone(), &[], (Vec::new(), None), &deeper, out);
        };
        match set.how {
            How::Variable => {
                for field in self.told.trees.view(with).fields() {
                    let own = with.field(self.told.trees, field.name()).unwrap_or_else(|| field.value.value());
                    tell(&format!("where {} is", report::log(field.name())), &own);
                }
            }
            // What is only written has the place of the step.
            _ if set_of(with).is_none() => {}
            How::NameReference => tell("follows", with),
            _ => tell("takes", with),
        }
    }

    /// What stands at a path of what was there before at `depth`, and the steps that put containers around it.
    fn below(&self, from: &Value, path: &[Segment], depth: usize) -> Option<(Value, Vec<Around>)> {
        let (mut at, mut around) = (from.clone(), Vec::new());
        for (depth, segment) in path.iter().enumerate().skip(depth) {
            around.extend(set_of(&at).map(|set| Around { set: set.clone(), depth }));
            at = match segment {
                Segment::Field(name) => at.field(self.told.trees, name)?,
                Segment::Item(row) => at.item(self.told.trees, *row)?,
            };
        }
        Some((at, around))
    }

    fn shown(&self, value: &Value) -> String {
        let view = self.told.trees.view(value);
        if view.is_scalar() && self.hidden.covers(view.place()) {
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
    use super::shortened;

    #[test]
    fn a_long_path_keeps_its_start_and_its_file() {
        let short = |path: &str| shortened(&path.split('/').map(str::to_owned).collect::<Vec<_>>(), 12);
        assert_eq!(short("../base/web.yaml"), "../base/web.yaml:12");
        assert_eq!(
            short("../../../platform/components/monitoring/overlays/production/rules.yaml"),
            "../…/overlays/production/rules.yaml:12"
        );
        let name = "x".repeat(60);
        assert_eq!(short(&format!("a/b/c/{name}")), format!("a/…/{name}:12"));
        assert_eq!(short(&format!("a/{name}")), format!("a/{name}:12"));
    }
}
