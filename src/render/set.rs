//! The objects of one accumulation, in order, found by identity through hash indices.
//!
//! Never: a search over all objects for one identity; kustomize's makes it quadratic.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use super::resource::{Id, Resource};
use super::schema::Schema;

/// The namespace that stands for objects of the cluster, and the one that an empty namespace means
/// (`kustomize kyaml/resid.ResId.EffectiveNamespace`).
static CLUSTER: LazyLock<Arc<str>> = LazyLock::new(|| Arc::from("_non_namespaceable_"));
static DEFAULT: LazyLock<Arc<str>> = LazyLock::new(|| Arc::from("default"));

/// The namespace by which identities are compared.
pub(super) fn effective_namespace(schema: &Schema, id: &Id) -> Arc<str> {
    if schema.is_cluster_scoped(&id.group, &id.version, &id.kind) == Some(true) {
        CLUSTER.clone()
    } else if id.namespace.is_empty() {
        DEFAULT.clone()
    } else {
        id.namespace.clone()
    }
}

/// The objects of one accumulation.
#[derive(Clone, Default)]
pub(super) struct ResourceSet {
    list: Vec<Resource>,
    /// Rows by present identity; none after an edit.
    current: Option<HashMap<Id, usize>>,
    /// Rows by all identities; none after an edit.
    any: Option<HashMap<Id, Vec<usize>>>,
}

impl ResourceSet {
    /// The objects, in order.
    pub(super) fn list(&self) -> &[Resource] {
        &self.list
    }

    /// The objects, to be changed in any way.
    pub(super) fn edit(&mut self) -> &mut Vec<Resource> {
        self.current = None;
        self.any = None;
        &mut self.list
    }

    /// One object, to be changed without a change of its identity.
    pub(super) fn touch(&mut self, row: usize) -> &mut Resource {
        &mut self.list[row]
    }

    /// The objects, given away.
    pub(super) fn into_list(self) -> Vec<Resource> {
        self.list
    }

    /// Adds an object.
    ///
    /// # Errors
    /// The identity, where an object already has it.
    pub(super) fn push(&mut self, schema: &Schema, resource: Resource) -> Result<(), Id> {
        let row = self.list.len();
        let key = key(schema, &resource.id);
        let current = self.current.get_or_insert_with(|| {
            self.list.iter().enumerate().map(|(row, held)| (self::key(schema, &held.id), row)).collect()
        });
        if current.contains_key(&key) {
            return Err(resource.id);
        }
        current.insert(key, row);
        if let Some(any) = &mut self.any {
            register(any, schema, &resource, row);
        }
        self.list.push(resource);
        Ok(())
    }

    /// Puts an object in the place of the one at `row`.
    pub(super) fn replace(&mut self, schema: &Schema, row: usize, resource: Resource) {
        if let Some(current) = &mut self.current {
            current.insert(key(schema, &resource.id), row);
        }
        if let Some(any) = &mut self.any {
            register(any, schema, &resource, row);
        }
        self.list[row] = resource;
    }

    /// The rows of the objects that have or had this identity.
    pub(super) fn rows(&mut self, schema: &Schema, id: &Id) -> &[usize] {
        let any = self.any.get_or_insert_with(|| {
            let mut any = HashMap::new();
            for (row, resource) in self.list.iter().enumerate() {
                register(&mut any, schema, resource, row);
            }
            any
        });
        any.get(&key(schema, id)).map(Vec::as_slice).unwrap_or_default()
    }

    /// Two objects of one present identity, if there are such.
    pub(super) fn duplicate(&self, schema: &Schema) -> Option<&Id> {
        let mut seen = std::collections::HashSet::with_capacity(self.list.len());
        self.list.iter().map(|resource| &resource.id).find(|id| !seen.insert(key(schema, id)))
    }
}

/// An identity as it is compared.
fn key(schema: &Schema, id: &Id) -> Id {
    Id { namespace: effective_namespace(schema, id), ..id.clone() }
}

fn register(any: &mut HashMap<Id, Vec<usize>>, schema: &Schema, resource: &Resource, row: usize) {
    for id in resource.ids() {
        let rows = any.entry(key(schema, id)).or_default();
        if !rows.contains(&row) {
            rows.push(row);
        }
    }
}
