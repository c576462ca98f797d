//! The entries of `patches`, `patchesStrategicMerge` and `patchesJson6902`: what they hold and which objects they are for
//! (`kustomize api/internal/builtins/PatchTransformer.go` and its two older kin).
//!
//! Never: the patching of one object; that is `patch`'s.

use std::collections::HashSet;

use super::context::{Context, Missing};
use super::emit;
use super::finish::text_annotations;
use super::load::{self, Target, Wanted, does_not_build};
use super::patch::{self, Outcome, Passed, PatchError};
use super::resource::{Id, Resource, Source};
use super::select::Selector;
use super::set::ResourceSet;
use super::shared;
use super::transform;
use crate::base::{FileId, Problem, ProblemKind, RepoPath, Span};
use crate::model::{AppliedPatch, Entry, Field, Key, MadeScalar, Origin, Silent, Trees, Value, View};
use crate::parse::{ParseProblemKind, Scalar};

/// Applies patches to the objects of one accumulation.
pub(super) struct Patcher<'p> {
    pub(super) cx: &'p Context<'p>,
    /// The folder of the kustomization.
    pub(super) root: &'p RepoPath,
    pub(super) set: &'p mut ResourceSet,
    /// The files that were read.
    pub(super) files: &'p mut Vec<FileId>,
    pub(super) missing: Missing,
    /// What is lost without a word.
    pub(super) silent: &'p mut Silent,
}

/// Whether the identity before a JSON patch is remembered.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Memory {
    Kept,
    /// `patchesJson6902` forgets it.
    Lost,
}

/// What becomes of the blank end of an inline text: a block at the end of a trimmed one has no last line break.
#[derive(Clone, Copy)]
enum Ends {
    Kept,
    Trimmed,
}

impl Ends {
    fn embedded(self, trees: &Trees, text: View<'_>) -> Option<FileId> {
        match self {
            Self::Kept => trees.embedded(text),
            Self::Trimmed => trees.embedded_trimmed(text),
        }
    }
}

/// What a patch text is.
enum Patch<'t> {
    Strategic(Vec<Value>),
    Json(Vec<View<'t>>),
    /// No operations, of which kustomize has the same as of none.
    Nothing,
}

/// What a strategic patch may change beyond the rest.
struct Allowed {
    name: bool,
    kind: bool,
}

impl<'p> Patcher<'p> {
    /// One entry of `patches`.
    ///
    /// # Errors
    /// What kustomize refuses, in the patch or at the entry.
    pub(super) fn entry(&mut self, entry: View<'_>) -> Result<(), Problem> {
        let (file, by) = self.text(entry, ["path", "patch"], Ends::Trimmed)?;
        let target = entry.get("target").filter(|target| !target.is_null());
        match self.classify(file, by)? {
            Patch::Strategic(patches) => {
                let allows = |name| entry.path(["options", name]).and_then(|v| v.as_bool()) == Some(true);
                let allowed = Allowed { name: allows("allowNameChange"), kind: allows("allowKindChange") };
                match target {
                    Some(_) if patches.len() > 1 => Err(does_not_build(
                        by,
                        "multiple strategic merge patches in one `patches` entry are not allowed to set `patches.target`",
                    )
                    .with_help("give each patch an entry of its own")),
                    Some(target) => self.targeted(&patches[0], target, &allowed, by),
                    None => patches.iter().try_for_each(|patch| self.by_identity(patch, &allowed, by)),
                }
            }
            Patch::Json(operations) => match target {
                Some(target) => self.json(&operations, target, Memory::Kept, by),
                None => Err(no_target(by)),
            },
            Patch::Nothing => match target {
                Some(target) => self.json(&[], target, Memory::Kept, by),
                None => Err(no_target(by)),
            },
        }
    }

    /// One entry of `patchesStrategicMerge`: a path, or the patch itself.
    ///
    /// # Errors
    /// As [`Self::entry`].
    pub(super) fn strategic(&mut self, entry: View<'_>) -> Result<(), Problem> {
        let by = entry.place();
        for patch in self.strategic_texts(entry)? {
            self.by_identity(&with_text_metadata(self.cx.trees, &patch), &Allowed { name: false, kind: false }, by)?;
        }
        Ok(())
    }

    fn strategic_texts(&mut self, entry: View<'_>) -> Result<Vec<Value>, Problem> {
        let text = entry.as_str().unwrap_or_default();
        // For legacy reasons the text may be the patch: whatever parses as objects is one.
        if text.contains(':')
            && let Some(file) = self.cx.trees.embedded(entry)
            && let Ok(patches) = load::documents(self.cx.trees, file)
        {
            return Ok(patches);
        }
        match self.file(text, entry.place())? {
            Some(file) => load::documents(self.cx.trees, file),
            None => Ok(Vec::new()),
        }
    }

    /// One entry of `patchesJson6902`, or of a plugin configuration that calls the inline text `inline`.
    ///
    /// # Errors
    /// As [`Self::entry`].
    pub(super) fn json6902(&mut self, entry: View<'_>, inline: &str) -> Result<(), Problem> {
        let Some(target) = entry.get("target").filter(|target| !target.is_null()) else {
            return Err(does_not_build(entry.place(), "must specify a target for patch"));
        };
        if target.str_at(["name"]).is_none_or(str::is_empty) {
            return Err(does_not_build(target.place(), "must specify the target name"));
        }
        let (file, by) = self.text(entry, ["path", inline], Ends::Kept)?;
        match self.classify(file, by)? {
            Patch::Json(operations) if !operations.is_empty() => self.json(&operations, target, Memory::Lost, by),
            Patch::Json(_) | Patch::Nothing => Err(does_not_build(by, "patch appears to be empty")),
            Patch::Strategic(_) => Err(does_not_build(by, "a JSON patch is a list of operations, this is an object")),
        }
    }

    /// The text of an entry as a file, and the place that stands for the entry.
    fn text(&mut self, entry: View<'_>, [path, inline]: [&str; 2], ends: Ends) -> Result<(FileId, Span), Problem> {
        let given = |name| entry.field(name).filter(|f| f.value.as_str().is_some_and(|text| !text.trim().is_empty()));
        match (given(path), given(inline)) {
            (None, None) => Err(does_not_build(entry.place(), format!("must specify one of {inline} and {path}"))),
            (Some(field), Some(_)) => {
                Err(does_not_build(field.key_place(), format!("{inline} and {path} can't be set at the same time")))
            }
            (None, Some(field)) => match ends.embedded(self.cx.trees, field.value) {
                Some(file) => Ok((file, field.key_place())),
                None => Err(does_not_build(field.value.place(), "the patch must be text")),
            },
            (Some(field), None) => {
                let name = field.value.as_str().unwrap_or_default();
                let at = field.value.place();
                match self.file(name, at)? {
                    Some(file) => Ok((file, at)),
                    None => Err(does_not_build(at, format!("'{name}' must resolve to a file"))),
                }
            }
        }
    }

    fn file(&mut self, name: &str, at: Span) -> Result<Option<FileId>, Problem> {
        let explain = |problem: Problem| Problem {
            message: format!("failed to get the patch file from path({name}): {}", problem.message),
            ..problem
        };
        let found = load::find(self.cx.snapshot, self.cx.options.load, self.root, (name, at), Wanted::File);
        match found.map_err(explain)? {
            Target::File(file) => {
                load::content(self.cx.trees, file, at)?;
                self.files.push(file);
                Ok(Some(file))
            }
            Target::Folder(_) => Ok(None),
            Target::Elsewhere(why) => Err(Problem::new(ProblemKind::NotRendered, at, why)),
        }
    }

    /// Whether a text is operations or objects; kustomize tries both.
    fn classify(&self, file: FileId, by: Span) -> Result<Patch<'p>, Problem> {
        let trees: &'p Trees = self.cx.trees;
        let parsed = trees.parsed(file);
        let unreadable = |at, why: &str| {
            does_not_build(at, format!("unable to parse SM or JSON patch: {why}")).with_related(by, "patched here")
        };
        let text = trees.sources().content(file).text().unwrap_or_default();
        // The first document is read as operations, whatever comes behind it; objects are read from all.
        let end = first_end(text);
        let mut broken = parsed.problems().iter().filter(|p| p.kind != ParseProblemKind::DuplicateKey);
        if let Some(broken) = broken.find(|problem| problem.at.start < end) {
            let at = trees.sources().outermost(Span { file, range: broken.at });
            return Err(unreadable(at, &broken.message));
        }
        let first = parsed.documents().first().and_then(|document| document.root);
        let Some(view) = first.map(|root| trees.node(file, root)).filter(|view| !view.is_null()) else {
            return Ok(match load::documents(trees, file) {
                Ok(patches) if !patches.is_empty() => Patch::Strategic(patches),
                _ => Patch::Nothing,
            });
        };
        // What starts so is JSON to kustomize, and no YAML beyond it.
        if text.starts_with('[')
            && let Err(error) = serde_json::from_str::<serde::de::IgnoredAny>(text)
        {
            let why = format!("what starts with `[` must be JSON: {error}");
            return Err(unreadable(view.place(), &why).with_help("write the operations as a YAML list, or as JSON"));
        }
        if view.is_seq() {
            if !text.starts_with('[') {
                load::no_json_escapes(trees, file).map_err(|problem| problem.with_related(by, "patched here"))?;
            }
            if let Some(item) = view.items().find(|item| !item.is_map()) {
                return Err(unreadable(item.place(), "an operation is a map"));
            }
            return match null_key(view) {
                None => Ok(Patch::Json(view.items().collect())),
                Some(at) => Err(unreadable(at, "a key may not be `null`")),
            };
        }
        match load::documents(trees, file) {
            Ok(patches) if patches.is_empty() => Ok(Patch::Nothing),
            Ok(patches) => Ok(Patch::Strategic(patches)),
            Err(problem) => Err(unreadable(problem.at, &problem.message)),
        }
    }

    /// Lays a patch over the one object that has or had its identity.
    fn by_identity(&mut self, patch: &Value, allowed: &Allowed, by: Span) -> Result<(), Problem> {
        let cx = self.cx;
        let view = cx.trees.view(patch);
        let id = Id::of(view);
        let row = match self.set.rows(cx.schema(), &id) {
            [row] => *row,
            [] if self.missing == Missing::Unknown => return Ok(()),
            rows => {
                let found = if rows.is_empty() { "no" } else { "multiple" };
                let at = view.path(["metadata", "name"]).unwrap_or(view).place();
                let message =
                    format!("no resource matches strategic merge patch \"{id}\": {found} matches for Id {id}");
                return Err(does_not_build(at, message).with_related(by, "patched here").with_help(
                    "group, version, kind, name and namespace must be those of an object; or use a `target`",
                ));
            }
        };
        self.merge(&[row], patch, allowed, (view.place(), by))
    }

    fn targeted(&mut self, patch: &Value, target: View<'_>, allowed: &Allowed, by: Span) -> Result<(), Problem> {
        let rows = self.select(target)?;
        let patch = &with_text_metadata(self.cx.trees, patch);
        self.merge(&rows, patch, allowed, (target.place(), by))?;
        if let Some(id) = self.set.duplicate(self.cx.schema()).filter(|_| allowed.name || allowed.kind) {
            return Err(does_not_build(by, format!("may not add resource with an already registered id: {id}")));
        }
        Ok(())
    }

    fn select(&self, target: View<'_>) -> Result<Vec<usize>, Problem> {
        let selector = Selector::new(target)?;
        let meant = |resource: &Resource| selector.matches(self.cx.trees, self.cx.schema(), resource);
        Ok(self.set.list().iter().enumerate().filter(|(_, held)| meant(held)).map(|(row, _)| row).collect())
    }

    fn merge(
        &mut self,
        rows: &[usize],
        whole: &Value,
        allowed: &Allowed,
        (at, by): (Span, Span),
    ) -> Result<(), Problem> {
        let trees = self.cx.trees;
        let patch = stripped(self.cx, whole, allowed);
        let (patch, whole) = (trees.view(&patch), trees.view(whole));
        let mut applied = AppliedPatch { by, at, objects: rows.len(), lost: Vec::new() };
        let mut deleted = Vec::new();
        for row in rows {
            let resource = self.set.touch(*row);
            let how = patch::Laying { trees, schema: self.cx.schema(), by, before: &resource.patched };
            // One that is known is a scalar.
            if resource.id.namespace.is_empty() {
                same_kind_of_namespace(trees.view(&resource.value), whole).map_err(|error| failed(error, by))?;
            }
            let (outcome, silent) =
                patch::strategic(how, &mut resource.value, patch, whole).map_err(|error| failed(error, by))?;
            resource.patched.strategic.push(by);
            if resource.patched.json {
                resource.patched.files.extend(whole.fields().find_map(|field| match field.key() {
                    Key::Source(file, _) => Some(file),
                    Key::Made(_) => None,
                }));
            }
            self.cx.schemas.read();
            silent.iter().for_each(|silent| applied.lose(silent.at, silent.loss));
            shared::settle(trees, resource);
            name_without_type(trees, resource, whole, allowed);
            if drops_annotations(patch) {
                resource.forget();
            }
            if outcome == Outcome::Deleted {
                deleted.push(*row);
            } else if allowed.name || allowed.kind {
                self.set.edit()[*row].refresh(trees);
            }
        }
        self.note(applied);
        if !deleted.is_empty() {
            let mut row = 0;
            self.set.edit().retain(|_| {
                row += 1;
                deleted.binary_search(&(row - 1)).is_err()
            });
        }
        Ok(())
    }

    fn json(&mut self, operations: &[View<'_>], target: View<'_>, memory: Memory, by: Span) -> Result<(), Problem> {
        let trees = self.cx.trees;
        let mut renamed = false;
        let rows = self.select(target)?;
        let mut applied = AppliedPatch { by, at: target.place(), objects: rows.len(), lost: Vec::new() };
        for row in rows {
            let resource = self.set.touch(row);
            if let Some(misfit) = resource.misfit(trees) {
                return Err(misfit.clone());
            }
            refuse_duplicates(trees, resource).map_err(|problem| problem.with_related(by, "patched here"))?;
            let silent = patch::json(trees, &mut resource.value, operations, by).map_err(|error| failed(error, by))?;
            silent.iter().for_each(|silent| applied.lose(silent.at, silent.loss));
            text_annotations(trees, &mut resource.value);
            // The object went through JSON, where every value stands for itself.
            resource.shared.clear();
            let quoted_names = NAMES.map(|name| is_in_need_of_quotes(trees, &resource.value, name));
            resource.patched = Passed { json: true, quoted_names, ..Passed::default() };
            if operations.iter().copied().any(replaces_annotations) {
                // kustomize keeps its notes there.
                resource.disown();
            }
            let before = resource.id.clone();
            match memory {
                Memory::Kept => resource.refresh(trees),
                Memory::Lost => resource.reread(trees),
            }
            // A list needs no name.
            if resource.id.name.is_empty() && !before.name.is_empty() && !resource.id.kind.ends_with("List") {
                let message = format!("missing metadata.name in object {before}");
                let at = operations.first().map_or(by, View::place);
                return Err(does_not_build(at, message).with_related(by, "patched here"));
            }
            renamed |= before != resource.id;
        }
        if !operations.is_empty() {
            self.note(applied);
        }
        if renamed {
            self.set.edit();
        }
        Ok(())
    }

    /// Where parts are not rendered, a patch that finds nothing may be theirs.
    fn note(&mut self, applied: AppliedPatch) {
        if applied.objects > 0 || self.missing == Missing::Fails {
            self.silent.patches.push(applied);
        }
    }
}

/// A strategic patch without what kustomize puts back after merging: the identity.
fn stripped(cx: &Context<'_>, patch: &Value, allowed: &Allowed) -> Value {
    let trees = cx.trees;
    let mut bare = patch.clone();
    bare.remove_field(trees, "apiVersion");
    // Go reads the patch into a map by text, and passes over such a key.
    let is_nothing = |field: &Field<'_>| {
        matches!(field.name(), "~" | "null" | "Null" | "NULL") && field.key_scalar() == Scalar::Null
    };
    for field in trees.view(patch).fields().filter(is_nothing) {
        bare.remove_field(trees, field.name());
    }
    if !allowed.kind {
        bare.remove_field(trees, "kind");
    }
    bare.update_field(trees, "metadata", |metadata| {
        metadata.remove_field(trees, "namespace");
        if !allowed.name {
            metadata.remove_field(trees, "name");
        }
    });
    bare
}

/// The namespace is merged too before it is put back.
fn same_kind_of_namespace(object: View<'_>, patch: View<'_>) -> Result<(), PatchError> {
    let Some(said) = patch.path(["metadata", "namespace"]).filter(|said| !said.is_null()) else { return Ok(()) };
    object
        .path(["metadata", "namespace"])
        .filter(|namespace| !namespace.is_null())
        .map_or(Ok(()), |namespace| patch::same_kind(namespace, said))
}

/// A patch with a target, or one of `patchesStrategicMerge`, as kustomize copies it for each object: labels and
/// annotations go through maps of text, so that `null` there is a word and deletes nothing (`kustomize api/resource Resource.CopyMergeMetaDataFieldsFrom`).
fn with_text_metadata(trees: &Trees, patch: &Value) -> Value {
    let mut copy = patch.clone();
    copy.update_field(trees, "metadata", |metadata| {
        for name in ["labels", "annotations"] {
            let Some(pairs) = trees.view(metadata).get(name) else { continue };
            let texts = pairs.fields().map(|pair| {
                let text = if pair.value.is_scalar() { pair.value.written() } else { "".into() };
                let at = if pair.value.is_unwritten() { pair.key_place() } else { pair.value.place() };
                Entry { key: pair.key(), value: Value::text(&text, Origin::within(at)) }
            });
            let mut texts: Vec<Entry> = texts.collect();
            texts.sort_by(|a, b| a.key.text(trees).cmp(b.key.text(trees)));
            if texts.is_empty() {
                metadata.remove_field(trees, name);
            } else {
                let map = Value::map(texts, Origin::within(pairs.place()));
                metadata.update_field(trees, name, |field| *field = map);
            }
        }
    });
    copy
}

/// Whether an operation puts something in the place of all annotations.
fn replaces_annotations(operation: View<'_>) -> bool {
    let writes = operation.str_at(["op"]).is_some_and(|op| op != "test" && op != "copy");
    writes && operation.str_at(["path"]).is_some_and(|path| matches!(path, "/metadata/annotations" | "/metadata"))
}

/// Whether a strategic patch deletes or replaces all annotations.
fn drops_annotations(patch: View<'_>) -> bool {
    let Some(annotations) = patch.path(["metadata", "annotations"]) else { return false };
    // Of a whole object nothing is replaced.
    if patch.str_at(["$patch"]) == Some("replace") {
        return false;
    }
    let directive = annotations.str_at(["$patch"]);
    annotations.is_null() || matches!(directive, Some("delete" | "replace"))
}

/// What kustomize writes anew after a strategic patch.
pub(super) const NAMES: [&str; 2] = ["namespace", "name"];

/// Whether a name is text that would be none without quotes.
pub(super) fn is_in_need_of_quotes(trees: &Trees, object: &Value, name: &str) -> bool {
    let named = trees.view(object).path(["metadata", name]);
    named.is_some_and(|named| named.as_str().is_some() && patch::is_quoted_in_passing(named))
}

/// Whether a name has taken the place of one in quotes, which stay; JSON has chosen them anew.
fn is_quoted(trees: &Trees, resource: &Resource, name: &str) -> bool {
    let named = resource.value.field(trees, "metadata").and_then(|metadata| metadata.field(trees, name));
    let Some(named) = named else { return false };
    let from = |value: &Value| value.origin()?.set.as_ref()?.from.clone();
    match std::iter::successors(from(&named), from).last() {
        None => false,
        Some(first) if resource.patched.json => trees.view(&first).as_str().is_some_and(|text| !emit::is_plain(text)),
        Some(_) => transform::is_quoted(trees, &named),
    }
}

/// kustomize writes the name and namespace anew after a patch, without a type: what looks like a number is one then, but
/// for text that is in quotes. A patch that says nothing of it has put it in quotes.
fn name_without_type(trees: &Trees, resource: &mut Resource, patch: View<'_>, allowed: &Allowed) {
    for (row, name) in NAMES.into_iter().enumerate() {
        if name == "name" && allowed.name {
            continue;
        }
        let Some(view) = trees.view(&resource.value).path(["metadata", name]).filter(View::is_scalar) else { continue };
        if name == "namespace" && (view.is_null() || view.written().is_empty()) {
            resource.value.update_field(trees, "metadata", |metadata| {
                metadata.remove_field(trees, name);
            });
            continue;
        }
        let is_text = matches!(view.scalar(), Scalar::Str(_));
        if view.is_bare() || is_text && (view.notation().is_some() || !patch::is_quoted_in_passing(view)) {
            continue;
        }
        let is_said = patch.path(["metadata", name]).is_some_and(|said| !said.is_null());
        let in_quotes = resource.patched.quoted_names[row];
        if is_text && (!is_said || in_quotes || is_quoted(trees, resource, name)) {
            resource.patched.quoted_names[row] = true;
            continue;
        }
        let (bare, at) = (MadeScalar::Bare((&*view.written()).into()), view.place());
        resource.value.update_field(trees, "metadata", |metadata| {
            metadata.update_field(trees, name, |field| {
                let set = field.origin().and_then(|origin| origin.set.clone());
                *field = Value::scalar(bare, Origin { at, set });
            });
        });
    }
}

/// Where the first document of a text ends.
fn first_end(text: &str) -> u32 {
    let (mut at, mut has_begun) = (0, false);
    for line in text.split_inclusive('\n') {
        if has_begun && line.starts_with("---") {
            return at as u32;
        }
        has_begun |= line.starts_with("---") || !line.trim().is_empty() && !line.starts_with('#');
        at += line.len();
    }
    u32::MAX
}

/// The first key below that is `null`, which JSON has not.
fn null_key(view: View<'_>) -> Option<Span> {
    let field = |field: Field<'_>| match field.key_scalar() {
        Scalar::Null => Some(field.key_place()),
        _ => null_key(field.value),
    };
    view.fields().find_map(field).or_else(|| view.items().find_map(null_key))
}

/// kustomize cannot read an object whose map has a key twice as JSON.
fn refuse_duplicates(trees: &Trees, resource: &Resource) -> Result<(), Problem> {
    let Some(Source::File(file)) = resource.source else { return Ok(()) };
    let mut problems = trees.parsed(file).problems().iter();
    if problems.all(|problem| problem.kind != ParseProblemKind::DuplicateKey) {
        return Ok(());
    }
    match second_key(trees.view(&resource.value)) {
        Some(field) => {
            let message = format!("the key `{}` is given twice in this map", field.name());
            Err(does_not_build(field.key_place(), message))
        }
        None => Ok(()),
    }
}

/// The first field below whose key is there before.
fn second_key(view: View<'_>) -> Option<Field<'_>> {
    let mut names = HashSet::new();
    let own = view.fields().find(|field| !names.insert(field.name()));
    own.or_else(|| view.fields().map(|field| field.value).chain(view.items()).find_map(second_key))
}

fn failed(error: PatchError, by: Span) -> Problem {
    let problem = does_not_build(error.at, error.message);
    if error.at == by { problem } else { problem.with_related(by, "patched here") }
}

fn no_target(by: Span) -> Problem {
    does_not_build(by, "must specify a target for JSON patch").with_help("add a `target` to this entry")
}
