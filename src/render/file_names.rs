//! The names of the files that `kustomize build -o FOLDER` writes, one an object (`kustomize commands/build/writer.go`).
//!
//! Never: a file; who asks for names writes it.

use std::collections::BTreeSet;

use super::schema::Schema;
use crate::model::Object;

/// A name for each object, in their order. The namespace is part of it where objects are in several; an object of the
/// same name, but for upper case, has the same.
#[must_use]
pub fn file_names(objects: &[Object]) -> Vec<String> {
    let namespaces: Vec<Option<&str>> = objects.iter().map(namespace).collect();
    let several = namespaces.iter().flatten().collect::<BTreeSet<_>>().len() > 1;
    objects
        .iter()
        .zip(namespaces)
        .map(|(object, namespace)| {
            let key = &object.key;
            let parts = [namespace.filter(|_| several).unwrap_or_default(), &key.group, &object.version, &key.kind];
            let parts = parts.into_iter().filter(|part| !part.is_empty()).chain([&*key.name]);
            let name = parts.collect::<Vec<_>>().join("_");
            format!("{}.yaml", name.to_lowercase())
        })
        .collect()
}

/// The namespace that an object is in; `None` outside of all.
fn namespace(object: &Object) -> Option<&str> {
    let key = &object.key;
    let is_in_none = Schema::builtin().is_cluster_scoped(&key.group, &object.version, &key.kind) == Some(true);
    let namespace = if key.namespace.is_empty() { "default" } else { &key.namespace };
    (!is_in_none).then_some(namespace)
}
