//! The resources of a kro `ResourceGraphDefinition`, by what kro knows the objects by.
//!
//! Never: the id of a resource as its identity; kro keeps the object, whatever the id.

use super::part::{Part, Parts, key_place};
use crate::base::Span;
use crate::model::{View, split_api_version};

struct Resource {
    id: String,
    at: Span,
    name_at: Span,
    kind: String,
    /// Group, kind, namespace and name, expressions in one way.
    identity: String,
}

/// What differs in the resources of a graph.
pub(super) fn compare(old: View<'_>, new: View<'_>, parts: &mut Parts) {
    let (was, is) = (resources(old), resources(new));
    for gone in was.iter().filter(|gone| !is.iter().any(|left| left.identity == gone.identity)) {
        let same = is.iter().find(|now| now.id == gone.id && !was.iter().any(|old| old.identity == now.identity));
        match same {
            Some(now) => parts.push(Part::GraphIdentityChanged, (&gone.id, &now.kind), now.name_at, Some(gone.name_at)),
            None => {
                let place = key_place(new, &["spec", "resources"]);
                parts.push(Part::GraphResourceRemoved, (&gone.id, &gone.kind), place, Some(gone.at));
            }
        }
    }
}

fn resources(object: View<'_>) -> Vec<Resource> {
    let list = object.path(["spec", "resources"]).into_iter().flat_map(|list| list.items());
    let read = |item: View<'_>| {
        let (id, template) = (item.get("id")?, item.get("template")?);
        let kind = template.get("kind")?;
        let (group, _) = split_api_version(template.str_at(["apiVersion"]).unwrap_or_default());
        let of = |name| template.path(["metadata", name]);
        let namespace =
            of("namespace").map_or_else(|| "${schema.metadata.namespace}".to_owned(), |v| settled(&v.written()));
        let name = of("name").map(|v| settled(&v.written())).unwrap_or_default();
        Some(Resource {
            id: id.written().into_owned(),
            at: id.place(),
            name_at: of("name").unwrap_or(kind).place(),
            kind: kind.written().into_owned(),
            identity: format!("{group}/{}/{namespace}/{name}", kind.written()),
        })
    };
    list.filter_map(read).collect()
}

/// An expression in one way: no blanks, and the instance by its long name.
fn settled(text: &str) -> String {
    let flat: String = text.chars().filter(|char| !char.is_whitespace()).collect();
    flat.replace("${spec.", "${schema.spec.").replace("${metadata.", "${schema.metadata.")
}
