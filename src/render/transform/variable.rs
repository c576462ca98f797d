//! `vars`: `$(NAME)` in the fields that may refer to variables (`kustomize api/filters/refvar`).
//!
//! Never: an environment variable; an unknown name stays as it is written.

use std::collections::HashMap;

use super::super::resource::Resource;
use super::field_spec::{Seen, Steps, follow, made_of, visit};
use super::replacement_path::{Lookup, lookup, split_dotted};
use super::specs::SpecKind;
use super::{Cx, broken, or_default, text_of};
use crate::base::{Problem, Span};
use crate::model::{How, MadeScalar, Origin, Value, View, split_api_version};
use crate::parse::Scalar;

/// Resolves the entries of all `vars:` lists of a build, at the root and at the end.
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
    for resource in resources.iter_mut() {
        for spec in cx.specs.set(SpecKind::VarReference).selecting(&resource.id) {
            let mut changes: Vec<(Steps, MadeScalar, Span)> = Vec::new();
            let mut wrong: Option<(Span, String)> = None;
            let view = cx.trees.view(&resource.value);
            let result = visit(spec, view, &mut |steps, seen| {
                if let Seen::Value(value) = seen
                    && let Err(message) = collect(value, steps, &known, &mut changes)
                {
                    wrong.get_or_insert((value.place(), message));
                }
            });
            if let Some((at, message)) = wrong.or_else(|| result.err().map(|message| (view.place(), message))) {
                return Err(broken(at, message));
            }
            for (steps, scalar, at) in changes {
                if let Some(value) = follow(cx.trees, &mut resource.value, &steps) {
                    *value = Value::scalar(scalar, Origin::set(at, How::Variable, at, Some(value.clone())));
                }
            }
        }
    }
    Ok(())
}

/// A variable's value and where it is written.
struct Known {
    scalar: MadeScalar,
    at: Span,
}

/// The value that an entry of `vars:` takes from its object.
fn value_of(cx: &Cx<'_>, resources: &[Resource], entry: View<'_>, name: &str) -> Result<Known, Problem> {
    let object = entry.get("objref").unwrap_or(entry);
    let (group, version) = split_api_version(object.str_at(["apiVersion"]).unwrap_or_default());
    let read = |field| object.str_at([field]).unwrap_or_default();
    let (kind, wanted, namespace) = (read("kind"), read("name"), read("namespace"));
    let is_scoped = cx.schema.is_cluster_scoped(group, version, kind).unwrap_or(false);
    let matches = |resource: &&Resource| {
        resource.ids().any(|id| {
            *id.group == *group
                && *id.version == *version
                && *id.kind == *kind
                && *id.name == *wanted
                && (namespace.is_empty() || is_scoped || or_default(&id.namespace) == or_default(namespace))
        })
    };
    let mut found = resources.iter().filter(matches);
    let resource = found.next().ok_or_else(|| {
        let message = format!("var '{name}' cannot be mapped to a field in the set of known resources");
        broken(object.place(), message)
    })?;
    let others = found.count();
    if others > 0 {
        let message = format!("found {} resId matches for var {name} (unable to disambiguate)", others + 1);
        return Err(broken(object.place(), message));
    }
    let path = entry.path(["fieldref", "fieldpath"]).or_else(|| entry.path(["fieldref", "fieldPath"]));
    let written = path.map(|path| path.written()).filter(|path| !path.is_empty());
    let segments = split_slices(split_dotted(written.as_deref().unwrap_or("metadata.name")));
    match lookup(cx.trees.view(&resource.value), &segments) {
        Ok(Lookup::Found(value)) => Ok(Known { scalar: scalar_of(value, name), at: value.place() }),
        _ => {
            let message = format!("field specified in var '{name}' not found in corresponding resource");
            Err(broken(path.unwrap_or(entry).place(), message))
        }
    }
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
    changes: &mut Vec<(Steps, MadeScalar, Span)>,
) -> Result<(), String> {
    let mut add = |value: View<'_>, step: Option<usize>| {
        if let Some(text) = value.as_str()
            && let Some((scalar, at)) = expand(text, known)
        {
            let mut steps = steps.to_vec();
            steps.extend(step.map(|step| step as u32));
            changes.push((steps, scalar, at));
        }
    };
    if value.is_map() {
        value.fields().enumerate().for_each(|(at, field)| add(field.value, Some(at)));
    } else if value.is_seq() {
        for (at, item) in value.items().enumerate() {
            if item.as_str().is_none() {
                return Err("invalid value type expect a string".to_owned());
            }
            add(item, Some(at));
        }
    } else {
        add(value, None);
    }
    Ok(())
}

/// The text with its variables replaced, and where the first of them is written; `None` where nothing changes.
/// A text that is one variable takes that variable's type; `$$` is an escaped `$` (`kustomize refvar.DoReplacements`).
fn expand(text: &str, known: &HashMap<String, Known>) -> Option<(MadeScalar, Span)> {
    let mut expanded = String::new();
    let mut first: Option<Span> = None;
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
            Some(found) if text.len() == name.len() + 3 => return Some((found.scalar.clone(), found.at)),
            Some(found) => {
                first.get_or_insert(found.at);
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
    let any = known.values().next()?;
    (expanded != text).then(|| (MadeScalar::Str(expanded.into()), first.unwrap_or(any.at)))
}

fn shown_scalar(scalar: &MadeScalar) -> String {
    match scalar {
        MadeScalar::Null => String::new(),
        MadeScalar::Bool(value) => value.to_string(),
        MadeScalar::Int(value) => value.to_string(),
        MadeScalar::Uint(value) => value.to_string(),
        MadeScalar::Float(value) => value.to_string(),
        MadeScalar::Str(text) => text.to_string(),
    }
}
