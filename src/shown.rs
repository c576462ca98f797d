//! What changes in the clusters, as texts: the objects that differ are printed without their secrets, compared line by
//! line, and what reads the same is told once.
//!
//! Never: an object that did not change printed; a value of a Secret.

use std::cell::Cell;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt::Write as _;

use similar::{Algorithm, ChangeTag, DiffOp, capture_diff_slices, group_diff_ops};

use crate::base::{FileId, RepoPath, Span};
use crate::blanked::{self, Hidden, Items};
use crate::impact::{self, Applied, Deleted, Difference, Differs, Ending, Impact, Orphaned};
use crate::model::{How, Object, Trees, Value};
use crate::render;
use crate::report::{DiffChange, DiffPlace, DiffReport, FailedPart, Hunk, Move, ObjectDiff};
use crate::run::Weighed;
use crate::touched;
use crate::world::{ObjectAt, World};

/// How many places of one hunk are told.
const CAUSES: usize = 3;

/// How much is compared line by line: the product of the lines of two texts, at most for two, and for all. Beyond that no
/// line of one is sought in the other, since that may take too long.
const MOST_OF_TWO: u64 = 1_000_000_000;
const MOST_OF_ALL: u64 = 10_000_000_000;

/// What is said of an object that moves.
const AT_RISK: &str = "; data goes with it if the old application comes first";

/// What is said of an object that has no text.
const UNPRINTABLE: &str = "it cannot be printed as YAML";
const INVISIBLE: &str = "the texts read the same: they differ in the order or the type of values only";

/// What changes, with so many lines around each change. Of `within`, where it names paths, only what lies there.
#[must_use]
pub fn told(weighed: &Weighed, within: &[RepoPath], context: usize) -> DiffReport {
    let Weighed { trees, base, head, changes, impact } = weighed;
    let mut report = DiffReport {
        base: base.as_ref().map(|(_, name)| name.clone()),
        objects: Vec::new(),
        moves: Vec::new(),
        references: 0,
        unknown: 0,
        failed: Vec::new(),
        unrendered: touched::unrendered(trees, head),
    };
    let Some((base, _)) = base else { return report };
    let found = impact::differences(trees, base, head, changes);
    let failed = impact::reach(trees, base, head, changes).failed;
    report.failed = failed.iter().map(|one| FailedPart::of(trees.sources(), one)).collect();
    report.unknown = found.unknown;
    let telling = Telling { trees, base, head, fates: Fates::of(impact), context, left: Cell::new(MOST_OF_ALL) };
    let mut folds = Folds::default();
    let mut moves: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
    for one in found.objects.iter().filter(|one| telling.is_within(one, within)) {
        match one.what {
            Differs::Hashes => report.references += 1,
            Differs::Moved => {
                let key = (owners(&one.before), owners(&one.after));
                let risk = if telling.is_at_risk(one) { AT_RISK } else { "" };
                let moved = telling.object(one).map(|object| format!("{}{risk}", object.key));
                moves.entry(key).or_default().extend(moved);
            }
            Differs::Added => folds.add(telling.told(one, DiffChange::Added), &mut report.objects),
            Differs::Changed => folds.add(telling.told(one, DiffChange::Changed), &mut report.objects),
            Differs::Deleted => folds.add(telling.told(one, DiffChange::Deleted), &mut report.objects),
        }
    }
    let moves = moves.into_iter().map(|((from, to), mut objects)| {
        objects.sort();
        objects.dedup();
        Move { from, to, objects }
    });
    report.moves = moves.collect();
    report
}

/// Differences that are told already, by what makes them the same.
#[derive(Default)]
struct Folds(HashMap<Vec<String>, usize>);

impl Folds {
    /// Adds a difference, or its places where one like it is there.
    fn add(&mut self, (key, told): (Vec<String>, ObjectDiff), all: &mut Vec<ObjectDiff>) {
        if told.hunks.is_empty() {
            all.push(told);
            return;
        }
        let row = *self.0.entry(key).or_insert(all.len());
        match all.get_mut(row) {
            Some(first) => first.places.extend(told.places),
            None => all.push(told),
        }
    }
}

/// What becomes of objects that leave their applications.
struct Fates<'a> {
    deleted: HashMap<(ObjectAt, usize), &'a Deleted>,
    orphaned: HashMap<(ObjectAt, Option<usize>), &'a Orphaned>,
    /// What moves to another application and loses data if the old one comes first.
    at_risk: HashSet<ObjectAt>,
}

impl<'a> Fates<'a> {
    fn of(impact: &'a Impact) -> Self {
        let deleted = impact.pruning.deleted.iter();
        let orphaned = impact.pruning.orphaned.iter();
        let at_risk = impact.pruning.handed_over.iter().filter(|one| one.stateful).map(|one| one.object);
        Self {
            at_risk: at_risk.collect(),
            deleted: deleted.map(|one| ((one.object, one.owner.base), one)).collect(),
            orphaned: orphaned.map(|one| ((one.object, one.owner.map(|owner| owner.base)), one)).collect(),
        }
    }

    /// In words; `None` where nothing is known.
    fn words(&self, at: ObjectAt, by: Option<usize>) -> Option<String> {
        if let Some(one) = by.and_then(|by| self.deleted.get(&(at, by))) {
            let mut words = match one.ending {
                Ending::Pruned => "pruned from the cluster".to_owned(),
                Ending::WithApplication => "deleted together with its application".to_owned(),
            };
            if one.stateful {
                words.push_str("; data goes with it");
            }
            if one.hanging > 0 {
                let hang = if one.hanging == 1 { "object hangs" } else { "objects hang" };
                write!(words, "; {} {hang} on it", one.hanging).expect("a string takes all");
            }
            return Some(words);
        }
        let one = self.orphaned.get(&(at, by))?;
        Some(format!("stays in the cluster: {}", one.why))
    }
}

/// A text of an object, line by line, each with the bytes that it comes from.
type Lines = Vec<(String, Option<Span>)>;

struct Telling<'a> {
    trees: &'a Trees,
    base: &'a World,
    head: &'a World,
    fates: Fates<'a>,
    context: usize,
    /// How much may still be compared.
    left: Cell<u64>,
}

impl<'a> Telling<'a> {
    /// The object, in the head where that has it.
    fn object(&self, one: &Difference) -> Option<&'a Object> {
        let head = one.pair.head.map(|at| self.head.object(at));
        head.or_else(|| one.pair.base.map(|at| self.base.object(at)))
    }

    /// Whether an object is built or written in one of these folders or files; all where there are none.
    fn is_within(&self, one: &Difference, within: &[RepoPath]) -> bool {
        let sides = [(self.base, one.pair.base), (self.head, one.pair.head)];
        let is_there = |world: &World, at: ObjectAt| {
            let written = self.trees.sources().path(world.object(at).place(self.trees).file);
            let build = &world.builds[at.build].build.path;
            within.iter().any(|path| build.is_within(path) || written.is_within(path))
        };
        within.is_empty() || sides.iter().any(|(world, at)| at.is_some_and(|at| is_there(world, at)))
    }

    fn is_at_risk(&self, one: &Difference) -> bool {
        one.pair.base.is_some_and(|at| self.fates.at_risk.contains(&at))
    }

    /// A difference with its text, and what makes it the same as another one.
    fn told(&self, one: &Difference, change: DiffChange) -> (Vec<String>, ObjectDiff) {
        let object = self.object(one);
        let was = one.pair.base.map(|at| one.was.as_ref().unwrap_or(&self.base.object(at).value));
        let is = one.pair.head.map(|at| one.is.as_ref().unwrap_or(&self.head.object(at).value));
        let texts = self.texts(was, is);
        let (lines, name, namespace) = texts;
        let (hunks, note) = match lines {
            None => (Vec::new(), Some(UNPRINTABLE)),
            Some((before, after)) => {
                let mut hunks = self.hunks(&before, &after);
                if change != DiffChange::Changed {
                    // All of it is where the object is.
                    hunks.iter_mut().for_each(|hunk| hunk.causes.clear());
                }
                let note = hunks.is_empty().then_some(INVISIBLE);
                (hunks, note)
            }
        };
        let mut key = vec![format!("{change:?}")];
        key.extend(object.map(|object| format!("{} {}", object.api_version(), object.key.kind)));
        key.push(object.map_or_else(String::new, |object| first_name(self.trees, object)));
        key.extend(hunks.iter().flat_map(|hunk| alike(hunk, &name, &namespace)));
        let told = ObjectDiff {
            change,
            api_version: object.map_or_else(String::new, Object::api_version),
            kind: object.map_or_else(String::new, |object| object.key.kind.to_string()),
            places: self.places(one, &name, &namespace),
            hunks,
            note,
        };
        (key, told)
    }

    fn places(&self, one: &Difference, name: &str, namespace: &str) -> Vec<DiffPlace> {
        let at = self.object(one).map(|object| object.place(self.trees));
        let sources = self.trees.sources();
        let applied = if one.pair.head.is_some() { &one.after } else { &one.before };
        let place = |applied: &Applied| DiffPlace {
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            application: applied.application.as_ref().map(ToString::to_string),
            environment: applied.environment.as_ref().map(ToString::to_string),
            cluster: applied.cluster.as_ref().map(ToString::to_string),
            build: applied.build.to_string(),
            fate: match (one.pair.base, one.pair.head) {
                (Some(at), None) => self.fates.words(at, applied.row),
                _ if one.is_moved => {
                    let risk = if self.is_at_risk(one) { AT_RISK } else { "" };
                    Some(format!("moved from {}{risk}", owners(&one.before)))
                }
                _ => None,
            },
            path: at.map_or_else(String::new, |at| sources.path(at.file).to_string()),
            line: at.map_or(0, |at| sources.positions(at).0.line),
        };
        applied.iter().map(place).collect()
    }

    /// Both texts without secrets, with the name and the namespace as they may be shown.
    fn texts(&self, was: Option<&Value>, is: Option<&Value>) -> (Option<(Lines, Lines)>, String, String) {
        let mut names = (String::new(), String::new());
        let mut lines = None;
        for items in [Items::ByName, Items::ByNumber] {
            let before = was.map(|was| blanked::copy(self.trees, was, None, items));
            let known = before.as_ref().map(|(_, hidden)| hidden);
            let after = is.map(|is| blanked::copy(self.trees, is, known, items));
            if let Some((value, _)) = after.as_ref().or(before.as_ref()) {
                let metadata = |name| {
                    let value = self.trees.view(value).path(["metadata", name]);
                    value.map(|value| value.written().into_owned()).unwrap_or_default()
                };
                names = (metadata("name"), metadata("namespace"));
            }
            let print = |copy: Option<(Value, Hidden)>| copy.map_or(Some(Vec::new()), |(value, _)| self.print(value));
            lines = print(before).zip(print(after));
            // Where hidden values only changed their places, numbers tell.
            let reads_same = |(before, after): &(Lines, Lines)| {
                before.iter().map(|(line, _)| line).eq(after.iter().map(|(line, _)| line))
            };
            if !lines.as_ref().is_some_and(reads_same) {
                break;
            }
        }
        (lines, names.0, names.1)
    }

    fn print(&self, value: Value) -> Option<Lines> {
        let object = Object::new(self.trees, value)?;
        render::print_with_places(self.trees, &[object]).ok()
    }

    fn hunks(&self, before: &Lines, after: &Lines) -> Vec<Hunk> {
        let texts = |lines: &'_ Lines| lines.iter().map(|(line, _)| line.clone()).collect::<Vec<String>>();
        let (old, new) = (texts(before), texts(after));
        let groups = group_diff_ops(compared(&old, &new, &self.left), self.context);
        groups.iter().map(|ops| self.hunk(ops, before, after, (&old, &new))).collect()
    }

    fn hunk(&self, ops: &[DiffOp], before: &Lines, after: &Lines, (old, new): (&[String], &[String])) -> Hunk {
        let mut lines = Vec::new();
        let (mut gone, mut added) = (Vec::new(), Vec::new());
        let mut first = None;
        for change in ops.iter().flat_map(|op| op.iter_changes(old, new)) {
            let sign = match change.tag() {
                ChangeTag::Equal => ' ',
                ChangeTag::Delete => '-',
                ChangeTag::Insert => '+',
            };
            if change.tag() == ChangeTag::Delete {
                gone.extend(change.old_index().and_then(|row| before[row].1));
                first = first.or(change.old_index().map(|row| (old, row)));
            } else if change.tag() == ChangeTag::Insert {
                added.extend(change.new_index().and_then(|row| after[row].1));
                first = first.or(change.new_index().map(|row| (new, row)));
            }
            lines.push(format!("{sign}{}", change.value()));
        }
        let range = |of: fn(&DiffOp) -> std::ops::Range<usize>| {
            let start = ops.first().map_or(0, |op| of(op).start);
            let end = ops.last().map_or(0, |op| of(op).end);
            (if end > start { start + 1 } else { start }, end - start)
        };
        let ((base_line, base_lines), (head_line, head_lines)) = (range(DiffOp::old_range), range(DiffOp::new_range));
        let field = first.map_or_else(String::new, |(lines, row)| field_of(lines, row));
        let causes = self.causes(&gone, &added);
        Hunk { base_line, base_lines, head_line, head_lines, field, causes, lines }
    }

    /// Where lines that changed are written: in files of the head that changed, else in files of the base that did, else
    /// wherever it is.
    fn causes(&self, gone: &[Span], added: &[Span]) -> Vec<String> {
        let sources = self.trees.sources();
        let is_new = |file: FileId, other: &World| other.snapshot.file(sources.path(file)) != Some(file);
        let written = |spans: &[Span], side: &str| {
            let mut places: Vec<String> = Vec::new();
            for span in spans {
                let at = sources.outermost(*span);
                let place = format!("{}:{}{side}", sources.path(at.file), sources.positions(at).0.line);
                if !places.contains(&place) {
                    places.push(place);
                }
            }
            places
        };
        let changed = |spans: &[Span], other: &World| -> Vec<Span> {
            spans.iter().copied().filter(|span| is_new(sources.outermost(*span).file, other)).collect()
        };
        let ways = [
            written(&changed(added, self.base), ""),
            written(&changed(gone, self.head), " (base)"),
            written(added, ""),
            written(gone, " (base)"),
        ];
        let mut causes = ways.into_iter().find(|places| !places.is_empty()).unwrap_or_default();
        let more = causes.len().saturating_sub(CAUSES);
        if more > 0 {
            causes.truncate(CAUSES);
            causes.push(format!("{more} more"));
        }
        causes
    }
}

/// Who applies something, where.
fn owners(applied: &[Applied]) -> String {
    let one = |applied: &Applied| {
        let cluster = applied.cluster.as_ref().map_or_else(String::new, |cluster| format!(" in {cluster}"));
        match &applied.application {
            Some(key) => format!("{key}{cluster}"),
            None => "no application".to_owned(),
        }
    };
    let mut owners: Vec<String> = applied.iter().map(one).collect();
    owners.sort();
    owners.dedup();
    owners.join(" and ")
}

/// What turns one text into the other. `left` is how much may still be compared.
fn compared(old: &[String], new: &[String], left: &Cell<u64>) -> Vec<DiffOp> {
    let start = old.iter().zip(new).take_while(|(old, new)| old == new).count();
    let (rest_old, rest_new) = (&old[start..], &new[start..]);
    let end = rest_old.iter().rev().zip(rest_new.iter().rev()).take_while(|(old, new)| old == new).count();
    let (old_len, new_len) = (rest_old.len() - end, rest_new.len() - end);
    let cost = (old_len as u64).saturating_mul(new_len as u64);
    if cost <= MOST_OF_TWO.min(left.get()) {
        left.set(left.get() - cost);
        // Numbers are compared faster than lines.
        let mut known = HashMap::new();
        let [old, new] = [old, new].map(|lines| {
            let number = |line| {
                let next = known.len();
                *known.entry(line).or_insert(next)
            };
            lines.iter().map(number).collect::<Vec<usize>>()
        });
        return capture_diff_slices(Algorithm::Myers, &old, &new);
    }
    let equal = |at: usize, behind: usize, len: usize| DiffOp::Equal { old_index: at, new_index: behind, len };
    let replaced = DiffOp::Replace { old_index: start, old_len, new_index: start, new_len };
    let ops = [equal(0, 0, start), replaced, equal(start + old_len, start + new_len, end)];
    ops.into_iter().filter(|op| op.old_range().len() + op.new_range().len() > 0).collect()
}

/// The name that an object has where it is written, before prefixes and suffixes.
fn first_name(trees: &Trees, object: &Object) -> String {
    let Some(mut name) = object.view(trees).path(["metadata", "name"]).map(|name| name.value()) else {
        return String::new();
    };
    loop {
        let set = name.origin().and_then(|origin| origin.set.clone());
        let before = set.filter(|set| matches!(set.how, How::Hash | How::NamePrefix | How::NameSuffix));
        match before.and_then(|set| set.from.clone()) {
            Some(from) => name = from,
            None => break trees.view(&name).written().into_owned(),
        }
    }
}

/// The changed lines of a hunk with the field that holds them; the object's own name and namespace, which differ from one
/// environment to the next, left out.
fn alike(hunk: &Hunk, name: &str, namespace: &str) -> Vec<String> {
    let own = |line: &str| {
        let (sign, text) = line.split_at(1);
        match text.trim().trim_start_matches("- ").split_once(": ") {
            Some(("name", value)) if value == name => format!("{sign}name"),
            Some(("namespace", value)) if value == namespace => format!("{sign}namespace"),
            _ => line.to_owned(),
        }
    };
    let changed = hunk.lines.iter().filter(|line| !line.starts_with(' '));
    std::iter::once(format!("@{}", hunk.field)).chain(changed.map(|line| own(line))).collect()
}

/// The field that holds a line of a printed object: `spec.template.spec.containers`. A line of a long text is told by the
/// text's field.
fn field_of(lines: &[String], row: usize) -> String {
    let mut path: Vec<&str> = Vec::new();
    let mut depth = level(&lines[row]).0;
    for line in lines[..row].iter().rev() {
        let (at, is_item) = level(line);
        if line.trim().is_empty() || at >= depth {
            continue;
        }
        let field = line.trim_start_matches([' ', '-']);
        let (key, value) = field.split_once(':').unwrap_or((field, "-"));
        // The first field of an item stands behind its mark, and its siblings as deep as it does.
        let holds = !is_item || at + 3 < depth;
        depth = at;
        if value.trim_start().starts_with(['|', '>']) && holds {
            // What was taken for fields are lines of this text.
            path = vec![key];
        } else if value.trim().is_empty() && holds {
            path.push(key);
        }
        if depth == 0 {
            break;
        }
    }
    path.reverse();
    path.join(".")
}

/// How deep a line stands, and whether it begins an item of a list: an item's mark stands between its list's key, which is
/// as far to the left, and its fields.
fn level(line: &str) -> (usize, bool) {
    let indent = line.len() - line.trim_start_matches(' ').len();
    let is_item = line[indent..].starts_with("- ") || &line[indent..] == "-";
    (2 * indent + usize::from(is_item), is_item)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_long_is_replaced_as_a_whole() {
        let lines = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<String>>();
        let (old, new) = (lines(&["a", "b", "c", "d"]), lines(&["a", "c", "x", "d"]));
        let some = compared(&old, &new, &Cell::new(4));
        assert_eq!(some.iter().filter(|op| matches!(op, DiffOp::Equal { .. })).count(), 3);
        let ops = compared(&old, &new, &Cell::new(3));
        let replaced = DiffOp::Replace { old_index: 1, old_len: 2, new_index: 1, new_len: 2 };
        assert_eq!(ops[1], replaced);
        assert_eq!((ops[0].new_range(), ops[2].new_range()), (0..1, 3..4));
    }

    #[test]
    fn a_line_is_told_by_the_field_that_holds_it() {
        let text = "spec:\n  containers:\n  - env:\n    - name: A\n      value: b\n    image: x\n  data: |\n    key:\n      \
                    text\n";
        let lines: Vec<String> = text.lines().map(str::to_owned).collect();
        let fields: Vec<String> = (0..lines.len()).map(|row| field_of(&lines, row)).collect();
        let env = "spec.containers.env";
        let expected = ["", "spec", "spec.containers", env, env, "spec.containers", "spec", "spec.data", "spec.data"];
        assert_eq!(fields, expected);
    }
}
