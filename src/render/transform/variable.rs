//! `vars`: `$(NAME)` in the fields that may refer to variables (`kustomize api/filters/refvar`).
//!
//! Never: an environment variable; an unknown name stays as it is written.

use std::collections::HashMap;

use super::super::resource::Resource;
use super::super::shared;
use super::field_spec::{Seen, Steps, follow, made_of, visit};
use super::replacement_path::{Lookup, lookup, split_dotted};
use super::specs::SpecKind;
use super::{Cx, broken, or_default, text_of};
use crate::base::{Problem, Span};
use crate::model::{Entry, How, Key, MadeScalar, Origin, Trees, Value, View, split_api_version};
use crate::parse::Scalar;

/// Resolves the entries of all `vars:` lists of a build, at the root and at the end. An entry that [`declare_vars`] has
/// not tied to an object is looked up among the objects of the root.
pub(in crate::render) fn vars(cx: &Cx<'_>, resources: &mut [Resource], vars: &[View<'_>]) -> Result<(), Problem> {
    let mut known: HashMap<String, Known> = HashMap::new();
    for entry in vars {
        let name = text_of(*entry, "name")?.into_owned();
        let value = value_of(cx, resources, *entry, &name)?;
        if known.insert(name.clone(), value).is_some() {
            return Err(broken(entry.place(), format!("var '{name}' already encountered")));
        }
    }
    if known.is_empty() {
        return Ok(());
    }
    resources.iter_mut().try_for_each(|resource| replace_all(cx, resource, &known))
}

/// Replaces the variables in all fields of an object that may refer to some.
fn replace_all(cx: &Cx<'_>, resource: &mut Resource, known: &HashMap<String, Known>) -> Result<(), Problem> {
    let id = resource.id.clone();
    for spec in cx.specs.set(SpecKind::VarReference).selecting(&id) {
        let mut changes: Vec<(Steps, Expanded)> = Vec::new();
        let mut wrong: Option<(Span, String)> = None;
        let view = cx.trees.view(&resource.value);
        let result = visit(spec, view, &mut |steps, seen| {
            if let Seen::Value(value) = seen
                && let Err(message) = collect(value, steps, known, &mut changes)
            {
                wrong.get_or_insert((value.place(), message));
            }
        });
        if let Some((at, message)) = wrong.or_else(|| result.err().map(|message| (view.place(), message))) {
            return Err(broken(at, message));
        }
        let is_changed = !changes.is_empty();
        for (steps, expanded) in changes {
            if let Some(value) = follow(cx.trees, &mut resource.value, &steps) {
                *value = expanded.over(cx.trees, value.clone(), known);
            }
        }
        if is_changed && !resource.shared.is_empty() {
            shared::settle(cx.trees, resource);
        }
    }
    Ok(())
}

/// A variable.
struct Known {
    scalar: MadeScalar,
    /// The value that it was read from, with its history.
    value: Value,
    /// Where that is written.
    at: Span,
    /// The entry of `vars:`.
    by: Span,
}

/// A text with its variables replaced.
struct Expanded {
    scalar: MadeScalar,
    /// The variables in it, in order; none where only a `$$` was one.
    names: Vec<String>,
}

impl Expanded {
    /// The new value in the place of `from`. Its bytes are the first variable's.
    fn over(self, trees: &Trees, from: Value, known: &HashMap<String, Known>) -> Value {
        let found: Vec<(&String, &Known)> =
            self.names.iter().filter_map(|name| known.get_key_value(name.as_str())).collect();
        let Some((_, first)) = found.first() else {
            // The text is still written where it was: only its escapes were undone, or it got a type, which is no step.
            let view = trees.view(&from);
            let at = view.place();
            let origin = match &self.scalar {
                MadeScalar::Str(text) if view.is_bare() && view.written() == **text => {
                    Origin { at, set: from.origin().and_then(|origin| origin.set.clone()) }
                }
                _ => Origin::set(at, How::Variable, at, Some(from)),
            };
            return Value::scalar(self.scalar, origin);
        };
        let brought =
            found.iter().map(|(name, known)| Entry { key: Key::made(name, known.by), value: known.value.clone() });
        let brought = Value::map(brought.collect(), Origin::within(first.by));
        Value::scalar(self.scalar, Origin::brought(first.at, How::Variable, first.by, Some(from), brought))
    }
}

/// Ties the entries of one kustomization's `vars:` to the objects that they read, among those that the kustomization
/// has then (`kustomize ResAccumulator.MergeVars`). Runs at the end of each kustomization.
pub(in crate::render) fn declare_vars(cx: &Cx<'_>, resources: &mut [Resource], field: View<'_>) -> Result<(), Problem> {
    for entry in field.items() {
        let name = text_of(entry, "name")?;
        if let Some(row) = row_of(cx, resources, entry, &name)? {
            resources[row].variables.push((&*name).into());
        }
    }
    Ok(())
}

/// The one object that an entry's `objref` names, by any identity it had.
fn row_of(cx: &Cx<'_>, resources: &[Resource], entry: View<'_>, name: &str) -> Result<Option<usize>, Problem> {
    let object = entry.get("objref").unwrap_or(entry);
    let read = |field| object.str_at([field]).unwrap_or_default();
    let (group, version) = match read("apiVersion") {
        "" => (read("group"), read("version")),
        api_version => split_api_version(api_version),
    };
    let (kind, wanted, namespace) = (read("kind"), read("name"), read("namespace"));
    let is_scoped = cx.schema.is_cluster_scoped(group, version, kind).unwrap_or(false);
    let matches = |resource: &Resource| {
        resource.ids().any(|id| {
            *id.group == *group
                && *id.version == *version
                && *id.kind == *kind
                && *id.name == *wanted
                // An object of the whole cluster is in no namespace that an entry could name.
                && (namespace.is_empty() || !is_scoped && or_default(&id.namespace) == or_default(namespace))
        })
    };
    let mut found = resources.iter().enumerate().filter(|(_, resource)| matches(resource)).map(|(row, _)| row);
    let first = found.next();
    match found.count() {
        0 => Ok(first),
        others => {
            let message = format!("found {} resId matches for var {name} (unable to disambiguate)", others + 1);
            Err(broken(object.place(), message))
        }
    }
}

/// The value that an entry of `vars:` takes from its object.
fn value_of(cx: &Cx<'_>, resources: &[Resource], entry: View<'_>, name: &str) -> Result<Known, Problem> {
    let tied = resources.iter().position(|resource| resource.variables.iter().any(|tied| **tied == *name));
    let row = if tied.is_some() { tied } else { row_of(cx, resources, entry, name)? };
    let resource = row.and_then(|row| resources.get(row)).ok_or_else(|| {
        let message = format!("var '{name}' cannot be mapped to a field in the set of known resources");
        broken(entry.get("objref").unwrap_or(entry).place(), message)
    })?;
    let path = entry.path(["fieldref", "fieldpath"]).or_else(|| entry.path(["fieldref", "fieldPath"]));
    let written = path.map(|path| path.written()).filter(|path| !path.is_empty());
    let segments = split_slices(split_dotted(written.as_deref().unwrap_or("metadata.name")));
    let Ok(Lookup::Found(found)) = lookup(cx.trees, &resource.value, &segments) else {
        let message = format!("field specified in var '{name}' not found in corresponding resource");
        return Err(broken(path.unwrap_or(entry).place(), message));
    };
    let view = cx.trees.view(&found);
    Ok(Known { scalar: scalar_of(view, name), at: view.place(), by: entry.place(), value: found.clone() })
}

/// `ports[0]` as two segments (`kustomize kyaml/yaml convertSliceIndex`).
fn split_slices(segments: Vec<String>) -> Vec<String> {
    let mut split = Vec::new();
    for segment in segments {
        match segment.strip_suffix(']').and_then(|rest| rest.rsplit_once('[')) {
            Some((name, index)) if !index.is_empty() && index.bytes().all(|byte| byte.is_ascii_digit()) => {
                split.extend((!name.is_empty()).then(|| name.to_owned()));
                split.push(index.to_owned());
            }
            _ => split.push(segment),
        }
    }
    split
}

/// The variable's value; a map or list cannot be put in, and kustomize leaves the reference as it is.
fn scalar_of(value: View<'_>, name: &str) -> MadeScalar {
    if !value.is_scalar() {
        return MadeScalar::Str(format!("$({name})").into());
    }
    match value.scalar() {
        Scalar::Null => MadeScalar::Str("".into()),
        scalar => made_of(scalar),
    }
}

/// What is to change in the value at a variable reference's path: a text, or the texts of a map or list.
fn collect(
    value: View<'_>,
    steps: &[u32],
    known: &HashMap<String, Known>,
    changes: &mut Vec<(Steps, Expanded)>,
) -> Result<(), String> {
    let mut add = |value: View<'_>, step: Option<usize>| {
        if let Some(expanded) = resolved(value, known) {
            let mut steps = steps.to_vec();
            steps.extend(step.map(|step| step as u32));
            changes.push((steps, expanded));
        }
    };
    if value.is_map() {
        value.fields().enumerate().for_each(|(at, field)| add(field.value, Some(at)));
    } else if value.is_seq() {
        for (at, item) in value.items().enumerate() {
            if item.as_str().is_none() && !item.is_bare() {
                return Err("invalid value type expect a string".to_owned());
            }
            add(item, Some(at));
        }
    } else {
        add(value, None);
    }
    Ok(())
}

/// A text with its variables replaced; `None` where nothing changes. kustomize writes each text anew, so that one without
/// a type gets it (`refvar.updateNodeValue`).
fn resolved(value: View<'_>, known: &HashMap<String, Known>) -> Option<Expanded> {
    let text = if value.is_bare() { Some(value.written()) } else { value.as_str().map(Into::into) }?;
    let rewritten = || Expanded { scalar: MadeScalar::Str((&*text).into()), names: Vec::new() };
    expand(&text, known).or_else(|| value.is_bare().then(rewritten))
}

/// The text with its variables replaced; `None` where nothing changes.
/// A text that is one variable takes that variable's type; `$$` is an escaped `$` (`kustomize refvar.DoReplacements`).
fn expand(text: &str, known: &HashMap<String, Known>) -> Option<Expanded> {
    let mut expanded = String::new();
    let mut names: Vec<String> = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        let behind = &rest[at + 1..];
        expanded.push_str(&rest[..at]);
        if behind.is_empty() {
            rest = &rest[at..];
            break;
        }
        if let Some(escaped) = behind.strip_prefix('$') {
            expanded.push('$');
            rest = escaped;
            continue;
        }
        let Some((name, after)) = behind.strip_prefix('(').and_then(|inner| inner.split_once(')')) else {
            expanded.push('$');
            rest = behind;
            continue;
        };
        rest = after;
        match known.get(name) {
            Some(found) if text.len() == name.len() + 3 => {
                return Some(Expanded { scalar: found.scalar.clone(), names: vec![name.to_owned()] });
            }
            Some(found) => {
                if names.iter().all(|met| met != name) {
                    names.push(name.to_owned());
                }
                expanded.push_str(&shown_scalar(&found.scalar));
            }
            None => {
                expanded.push_str("$(");
                expanded.push_str(name);
                expanded.push(')');
            }
        }
    }
    expanded.push_str(rest);
    (expanded != text).then(|| Expanded { scalar: MadeScalar::Str(expanded.into()), names })
}

fn shown_scalar(scalar: &MadeScalar) -> String {
    match scalar {
        MadeScalar::Null => String::new(),
        MadeScalar::Bool(value) => value.to_string(),
        MadeScalar::Int(value) => value.to_string(),
        MadeScalar::Uint(value) => value.to_string(),
        MadeScalar::Float(value) => value.to_string(),
        MadeScalar::Str(text) | MadeScalar::Bare(text) => text.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::base::{BlobId, LoadError, Loader, RepoPath, Sources, TextRange};

    struct Empty;

    impl Loader for Empty {
        fn load(&self, _: &RepoPath, _: Option<BlobId>) -> Result<Vec<u8>, LoadError> {
            Ok(Vec::new())
        }
    }

    fn known() -> HashMap<String, Known> {
        let loader: Arc<dyn Loader> = Arc::new(Empty);
        let file = Sources::default().intern(&RepoPath::root(), None, &loader);
        let at = Span { file, range: TextRange::new(0, 0) };
        let text = |text: &str| MadeScalar::Str(text.into());
        let values = [
            ("VAR_A", text("A")),
            ("VAR_B", text("B")),
            ("VAR_C", text("C")),
            ("VAR_REF", text("$(VAR_A)")),
            ("EIGHT", MadeScalar::Int(8)),
        ];
        let known = |scalar: MadeScalar| {
            let value = Value::scalar(scalar.clone(), Origin::within(at));
            Known { scalar, value, at, by: at }
        };
        values.into_iter().map(|(name, scalar)| (name.to_owned(), known(scalar))).collect()
    }

    #[test]
    fn variables_are_replaced_once_and_escapes_are_undone() {
        let expanded = |text| expand(text, &known()).map_or(text.to_owned(), |expanded| shown_scalar(&expanded.scalar));
        let rows = [
            ("$(VAR_A)-$(VAR_A)", "A-A"),
            ("$(VAR_REF)-x", "$(VAR_A)-x"),
            ("$$(VAR_A)", "$(VAR_A)"),
            ("$$$(VAR_A)", "$A"),
            ("$(UNKNOWN)", "$(UNKNOWN)"),
            ("$(VAR_A", "$(VAR_A"),
            ("$VAR_A)", "$VAR_A)"),
            ("a $", "a $"),
            ("$(EIGHT)0", "80"),
        ];
        for (text, expected) in rows {
            assert_eq!(expanded(text), expected, "{text}");
        }
        assert_eq!(expand("$(EIGHT)", &known()).map(|expanded| expanded.scalar), Some(MadeScalar::Int(8)));
    }
}
