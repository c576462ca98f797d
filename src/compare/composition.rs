//! The composed resources of a Crossplane Composition, by the names that Crossplane knows them by.
//!
//! Never: what a function makes of its input; names in templates are compared with their expressions masked.

use super::composition_parts;
use super::part::{Left, Part, Parts, key_place};
use crate::base::Span;
use crate::model::{View, split_api_version};

/// What differs in a Composition.
pub(super) fn compare(old: View<'_>, new: View<'_>, parts: &mut Parts) {
    let (was, is) = (Composed::all(old), Composed::all(new));
    named(old, new, &was, &is, parts);
    anonymous(new, &was, &is, parts);
    details(new, &was, &is, parts, old);
    steps(old, new, parts);
    metadata(old, new, parts);
}

/// A new revision comes of labels and annotations too, though nothing else is made of it.
fn metadata(old: View<'_>, new: View<'_>, parts: &mut Parts) {
    let same = |name: &str| match (old.get(name), new.get(name)) {
        (Some(was), Some(is)) => was.is_equal(&is),
        (was, is) => was.is_none() && is.is_none(),
    };
    let of =
        |object: View<'_>| ["labels", "annotations"].map(|name| object.path(["metadata", name]).map(|v| v.to_json()));
    if same("spec") && of(old) != of(new) {
        let place = key_place(new, &["metadata", "labels"]);
        parts.push(Part::MetadataOnly, ("", ""), place, Some(key_place(old, &["metadata", "labels"])));
    }
}

/// One composed resource.
pub(super) struct Composed<'t> {
    /// Its name, expressions masked; `None` where it goes by its position.
    name: Option<String>,
    pub(super) at: Span,
    pub(super) group: String,
    pub(super) kind: String,
    /// The template, and the entry that holds it; `None` where a text says it.
    pub(super) base: Option<View<'t>>,
    pub(super) entry: Option<View<'t>>,
}

impl<'t> Composed<'t> {
    fn all(object: View<'t>) -> Vec<Self> {
        let mut found: Vec<Self> = Vec::new();
        found.extend(object.path(["spec", "resources"]).into_iter().flat_map(|list| list.items()).map(Self::of));
        let steps = object.path(["spec", "pipeline"]).into_iter().flat_map(|list| list.items());
        found.extend(steps.flat_map(Self::of_step));
        found
    }

    fn of_step(step: View<'t>) -> Vec<Self> {
        let Some(input) = step.get("input") else { return Vec::new() };
        let mut found: Vec<Self> =
            input.get("resources").into_iter().flat_map(|list| list.items()).map(Self::of).collect();
        let template = input.get("inline").and_then(|inline| inline.field("template"));
        let source = input.get("spec").and_then(|spec| spec.field("source"));
        for text in template.into_iter().chain(source) {
            found.extend(inline(&text.value.written(), text.key_place()));
        }
        found
    }

    fn of(entry: View<'t>) -> Self {
        let base = entry.get("base");
        let (group, kind) = base.map(gvk).unwrap_or_default();
        let name = entry.get("name").map(|name| name.written().into_owned());
        let at = entry.get("name").or_else(|| base?.get("kind")).unwrap_or(entry).place();
        Self { name, at, group, kind, base, entry: Some(entry) }
    }
}

fn gvk(base: View<'_>) -> (String, String) {
    let (group, _) = split_api_version(base.str_at(["apiVersion"]).unwrap_or_default());
    (group.to_owned(), base.str_at(["kind"]).unwrap_or_default().to_owned())
}

/// The words behind which a template or a program writes the name of a resource.
const NAMES: [&str; 5] = [
    "gotemplating.fn.crossplane.io/composition-resource-name",
    "krm.kcl.dev/composition-resource-name",
    "crossplane.io/composition-resource-name",
    "setResourceNameAnnotation",
    "ptf.crossplane.io/composition-resource-name",
];

/// The resources that a text makes: one for each name in it. A document of a template has its `kind` beside the name.
fn inline<'t>(text: &str, at: Span) -> Vec<Composed<'t>> {
    let mut found: Vec<Composed<'t>> = Vec::new();
    for document in text.split("\n---") {
        let line_of =
            |word: &str| document.lines().find_map(|line| line.strip_prefix(word)).map(|rest| rest.trim().to_owned());
        let (api, kind) = (line_of("apiVersion:").unwrap_or_default(), line_of("kind:").unwrap_or_default());
        for line in document.lines().map(str::trim).filter(|line| !line.starts_with('#')) {
            let Some((word, position)) = NAMES.iter().find_map(|word| Some((word, line.find(word)?))) else { continue };
            let name = masked(&line[position + word.len()..]);
            if !name.is_empty() && !found.iter().any(|known| known.name.as_deref() == Some(&*name)) {
                let group = split_api_version(api.trim_matches(['"', '\''])).0.to_owned();
                let kind = kind.trim_matches(['"', '\'']).to_owned();
                found.push(Composed { name: Some(name), at, group, kind, base: None, entry: None });
            }
        }
    }
    found
}

/// The name at the start of what follows its key, with every expression as `{}`.
fn masked(rest: &str) -> String {
    let rest = rest.trim_start_matches(['"', '\'', ' ', ':', '=', '(', ',']);
    let mut name = String::new();
    let mut depth = 0_usize;
    for char in rest.chars() {
        match char {
            '{' => {
                depth += 1;
                if depth == 1 {
                    name.push_str("{}");
                }
            }
            '}' => depth = depth.saturating_sub(1),
            _ if depth > 0 => {}
            '"' | '\'' | ' ' | ')' | ',' | '#' => break,
            _ => name.push(char),
        }
    }
    name
}

/// Whether a masked name may come out as this one: each `{}` stands for any text.
fn may_be(masked: &str, name: &str) -> bool {
    let mut pieces = masked.split("{}");
    let Some(mut rest) = pieces.next().and_then(|first| name.strip_prefix(first)) else { return false };
    let pieces: Vec<&str> = pieces.collect();
    let Some((last, between)) = pieces.split_last() else { return rest.is_empty() };
    for piece in between {
        let Some(at) = rest.find(piece) else { return false };
        rest = &rest[at + piece.len()..];
    }
    rest.ends_with(last)
}

fn list_place(object: View<'_>) -> Span {
    let step = object.path(["spec", "pipeline"]).into_iter().flat_map(|list| list.items());
    let of_step = step.into_iter().find_map(|step| Some(step.get("input")?.field("resources")?.key_place()));
    of_step.unwrap_or_else(|| {
        let of_mode = if object.path(["spec", "resources"]).is_some() { "resources" } else { "pipeline" };
        key_place(object, &["spec", of_mode])
    })
}

fn named(old: View<'_>, new: View<'_>, was: &[Composed<'_>], is: &[Composed<'_>], parts: &mut Parts) {
    let is_opaque = joins_opaque(old, new);
    let by_name = |list: &[Composed<'_>], name: &str| list.iter().position(|c| c.name.as_deref() == Some(name));
    let mut joined: Vec<&Composed<'_>> =
        is.iter().filter(|c| c.name.as_deref().is_some_and(|name| by_name(was, name).is_none())).collect();
    for before in was {
        let Some(name) = before.name.as_deref() else { continue };
        if let Some(row) = by_name(is, name) {
            same_name(before, &is[row], name, parts);
            continue;
        }
        // Resources that were named after all: the name is a new one, what it names is not.
        let alike = |now: &&Composed<'_>| match (before.base, now.base) {
            (Some(a), Some(b)) => a.is_equal(&b),
            (None, None) => !before.kind.is_empty() && before.kind == now.kind && before.group == now.group,
            _ => false,
        };
        match joined.iter().position(alike) {
            Some(row) => {
                let now = joined.remove(row);
                let to = now.name.as_deref().unwrap_or_default();
                let left = if before.base.is_some_and(|base| !deletes(base)) { Left::External } else { Left::Nothing };
                parts.push_left(Part::ResourceRenamed, (name, to), now.at, Some(before.at), left);
            }
            None => {
                // A name that a template makes may be this one, and so may what a program gives.
                let masked = |now: &&Composed<'_>| now.name.as_deref().is_some_and(|masked| may_be(masked, name));
                let left = match () {
                    () if is_opaque || joined.iter().any(masked) => Left::Unknown,
                    () if before.base.is_some_and(|base| !deletes(base)) => Left::External,
                    () => Left::Nothing,
                };
                parts.push_left(Part::ResourceRemoved, (name, ""), list_place(new), Some(before.at), left);
            }
        }
    }
}

fn same_name(was: &Composed<'_>, is: &Composed<'_>, name: &str, parts: &mut Parts) {
    let known = |text: &str| !text.is_empty() && !text.contains('{');
    let other_kind = known(&was.kind) && known(&is.kind) && was.kind != is.kind;
    let other_group = was.base.is_some() && is.base.is_some() && was.group != is.group;
    if other_kind || other_group {
        let place = is.base.and_then(|base| base.get(if other_kind { "kind" } else { "apiVersion" }));
        let words = format!("{} of {}", is.kind, is.group);
        parts.push(Part::ResourceKindChanged, (name, &words), place.map_or(is.at, |v| v.place()), Some(was.at));
        return;
    }
    composition_parts::resource(was, is, name, parts);
    if let (Some(old), Some(new)) = (was.base, is.base)
        && !deletes(old)
        && deletes(new)
    {
        let spec = new.get("spec");
        let set = spec.and_then(|spec| spec.get("deletionPolicy").or_else(|| spec.get("managementPolicies")));
        let place = set.map_or_else(|| key_place(new, &["spec"]), |set| set.place());
        parts.push(Part::DeletionAllowed, (name, ""), place, Some(key_place(old, &["spec"])));
    }
}

/// Whether the external resource goes with its object.
fn deletes(base: View<'_>) -> bool {
    let spec = base.get("spec");
    let is_orphan = spec.and_then(|spec| spec.str_at(["deletionPolicy"])) == Some("Orphan");
    let policies = spec.and_then(|spec| spec.get("managementPolicies"));
    let may = policies.is_none_or(|list| list.items().any(|item| matches!(&*item.written(), "*" | "Delete")));
    !is_orphan && may
}

/// Resources without names go by their position (Crossplane v1 without a pipeline).
fn anonymous(new: View<'_>, was: &[Composed<'_>], is: &[Composed<'_>], parts: &mut Parts) {
    let only = |list: &[Composed<'_>]| -> Vec<(String, String, Span)> {
        let lone = list.iter().filter(|c| c.name.is_none());
        lone.map(|c| (c.group.clone(), c.kind.clone(), c.at)).collect()
    };
    let (old, now) = (only(was), only(is));
    if old.is_empty() || now.is_empty() {
        return;
    }
    let shifted = old.iter().zip(&now).find(|(a, b)| a.1 != b.1);
    if let Some((a, b)) = shifted {
        parts.push(Part::AnonymousShifted, (&a.1, &b.1), b.2, Some(a.2));
    } else if let Some(gone) = old.get(now.len()) {
        parts.push(Part::AnonymousRemoved, (&gone.1, ""), list_place(new), Some(gone.2));
    }
}

/// The keys that all resources together write to the connection secret.
fn details(new: View<'_>, was: &[Composed<'_>], is: &[Composed<'_>], parts: &mut Parts, old: View<'_>) {
    let keys = |list: &[Composed<'_>]| -> Vec<(String, Span)> {
        let details = list.iter().filter_map(|c| c.entry?.get("connectionDetails")).flat_map(|list| list.items());
        let named = |item: View<'_>| {
            let key = item.get("name").or_else(|| item.get("fromConnectionSecretKey"))?;
            Some((key.written().into_owned(), key.place()))
        };
        details.filter_map(named).collect()
    };
    let (before, now) = (keys(was), keys(is));
    // A pipeline may write the secret in another way that nobody can read here.
    let steps = |object: View<'_>| object.path(["spec", "pipeline"]).into_iter().flat_map(|l| l.items()).count();
    if now.is_empty() && steps(new) > 0 && steps(old) != steps(new) {
        return;
    }
    let mut told: Vec<&str> = Vec::new();
    for (key, at) in before.iter().filter(|(key, _)| !now.iter().any(|(other, _)| other == key)) {
        if !told.contains(&&**key) {
            parts.push(Part::ConnectionDetailRemoved, (key, ""), list_place(new), Some(*at));
            told.push(key);
        }
    }
}

/// What functions are called that make resources.
const MAKERS: [&str; 8] =
    ["patch-and-transform", "go-templating", "kcl", "python", "cue", "pythonic", "starlark", "helm"];

struct Step<'t> {
    name: String,
    at: Span,
    function: String,
    entry: View<'t>,
}

impl Step<'_> {
    /// Whether its function makes resources, as far as the name tells.
    fn makes(&self) -> bool {
        MAKERS.iter().any(|maker| self.function.contains(maker))
    }
}

fn steps_of(object: View<'_>) -> Vec<Step<'_>> {
    let items = object.path(["spec", "pipeline"]).into_iter().flat_map(|list| list.items());
    let read = |entry: View<'_>| -> Option<(String, Span, String)> {
        let name = entry.get("step")?;
        let function = entry.path(["functionRef", "name"]).map(|name| name.written().into_owned()).unwrap_or_default();
        Some((name.written().into_owned(), name.place(), function))
    };
    items.filter_map(|entry| read(entry).map(|(name, at, function)| Step { name, at, function, entry })).collect()
}

fn steps(old: View<'_>, new: View<'_>, parts: &mut Parts) {
    let (was, is) = (steps_of(old), steps_of(new));
    let mut joined: Vec<&Step<'_>> = is.iter().filter(|s| !was.iter().any(|other| other.name == s.name)).collect();
    for step in &was {
        if let Some(now) = is.iter().find(|other| other.name == step.name) {
            if short(&now.function) != short(&step.function) {
                let place = now.entry.path(["functionRef", "name"]).map_or(now.at, |name| name.place());
                let words = (&*step.name, &*now.function);
                parts.push(Part::StepFunctionChanged, words, place, Some(step.at));
            }
            continue;
        }
        // The same function under another step's name does the same.
        if let Some(row) = joined.iter().position(|other| short(&other.function) == short(&step.function)) {
            let now = joined.remove(row);
            parts.push(Part::StepRenamed, (&step.name, &now.name), now.at, Some(step.at));
        } else if !is.is_empty() {
            removed_step(step, &is, new, parts);
        }
    }
    reordered(&was, &is, parts);
}

/// Whether the head runs a step that makes resources which nobody can read here, and the base does not run it so.
fn joins_opaque(old: View<'_>, new: View<'_>) -> bool {
    let was = steps_of(old);
    let known = |step: &Step<'_>| was.iter().any(|other| other.name == step.name && other.entry.is_equal(&step.entry));
    let mut steps = steps_of(new).into_iter();
    steps.any(|step| step.makes() && Composed::of_step(step.entry).is_empty() && !known(&step))
}

fn removed_step(step: &Step<'_>, is: &[Step<'_>], new: View<'_>, parts: &mut Parts) {
    let place = key_place(new, &["spec", "pipeline"]);
    if short(&step.function).contains("auto-ready") {
        // Patch-and-transform checks what it makes by itself; texts have to say so, and other programs may.
        let is_text = |step: &&Step<'_>| ["go-templating", "kcl"].iter().any(|name| step.function.contains(name));
        let is_unknown =
            |step: &Step<'_>| step.makes() && !is_text(&step) && !step.function.contains("patch-and-transform");
        let says = |step: &Step<'_>| step.entry.get("input").is_some_and(composition_parts::marks_ready);
        let is_left = is.iter().any(|step| step.function.contains("auto-ready") || is_unknown(step));
        if !is_left && is.iter().filter(is_text).any(|step| !says(step)) {
            parts.push(Part::AutoReadyRemoved, (&step.name, ""), place, Some(step.at));
        }
        return;
    }
    // Each resource that goes with it is told by its name.
    if Composed::of_step(step.entry).is_empty() {
        let what = if step.makes() { Part::StepRemoved } else { Part::HelperStepRemoved };
        parts.push(what, (&step.name, ""), place, Some(step.at));
    }
}

/// The steps that both sides have and that do not follow each other as before: the fewest that can have moved.
fn reordered(was: &[Step<'_>], is: &[Step<'_>], parts: &mut Parts) {
    let before: Vec<&Step<'_>> = was.iter().filter(|step| is.iter().any(|other| other.name == step.name)).collect();
    let rows: Vec<(usize, &Step<'_>)> =
        is.iter().filter_map(|step| Some((before.iter().position(|other| other.name == step.name)?, step))).collect();
    let stays = longest_rising(&rows.iter().map(|(row, _)| *row).collect::<Vec<_>>());
    for (row, step) in rows.iter().filter(|(row, _)| !stays.contains(row)) {
        let makes = step.makes() || !Composed::of_step(step.entry).is_empty();
        let what = if makes { Part::StepReordered } else { Part::HelperStepReordered };
        parts.push(what, (&step.name, ""), step.at, Some(before[*row].at));
    }
}

/// The longest run of rising numbers, not always neighbors; pipelines are short.
fn longest_rising(rows: &[usize]) -> Vec<usize> {
    let mut best: Vec<Vec<usize>> = Vec::new();
    for (at, row) in rows.iter().enumerate() {
        let longest =
            best[..at].iter().filter(|run| run.last().is_some_and(|last| last < row)).max_by_key(|run| run.len());
        let mut run = longest.cloned().unwrap_or_default();
        run.push(*row);
        best.push(run);
    }
    best.into_iter().rev().max_by_key(Vec::len).unwrap_or_default()
}

/// The name of a function without its owner's: `crossplane-contrib-function-kcl` is `function-kcl`.
fn short(function: &str) -> &str {
    function.find("function-").map_or(function, |at| &function[at..])
}

#[cfg(test)]
mod tests {
    use super::{longest_rising, may_be};

    #[test]
    fn a_masked_name_may_come_out_as_many() {
        assert!(may_be("{}", "bucket") && may_be("{}-bucket", "logs-bucket") && may_be("a-{}-b-{}", "a-1-b-2"));
        assert!(!may_be("bucket", "buckets") && !may_be("{}-bucket", "bucket") && !may_be("a{}b", "abc"));
        assert!(may_be("bucket", "bucket") && !may_be("a-{}-a", "a-a"));
    }

    #[test]
    fn the_fewest_steps_moved() {
        assert_eq!(longest_rising(&[1, 0, 2]).len(), 2);
        assert_eq!(longest_rising(&[3, 0, 1, 2]), [0, 1, 2]);
        assert!(longest_rising(&[]).is_empty());
    }
}
