//! `namespace`: the namespace of objects, of the subjects of role bindings, and of configured fields
//! (`kustomize api/filters/namespace`).
//!
//! Never: a namespace on what is known to be cluster-scoped.

use std::collections::HashSet;
use std::sync::{Arc, LazyLock};

use super::super::resource::Resource;
use super::field_spec::{Blank, Create, Edit, FieldSpec, Gvk, SetScalar, Walk, expect_map, expect_scalar, expect_seq};
use super::specs::{SpecKind, Specs};
use super::{Cx, broken, or_default, reread, shown, text};
use crate::base::{Problem, Span};
use crate::model::{How, Key, MadeScalar, Origin, Trees, Value, View};

static OWN: LazyLock<FieldSpec> =
    LazyLock::new(|| FieldSpec::new(Gvk::default(), "metadata/namespace".into(), Create::Missing));
static SUBJECTS: LazyLock<FieldSpec> =
    LazyLock::new(|| FieldSpec::new(Gvk::default(), "subjects".into(), Create::Never));

/// Which subjects of role bindings get the namespace.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(in crate::render) enum SubjectMode {
    /// Those named `default`.
    #[default]
    DefaultOnly,
    /// All service accounts.
    AllServiceAccounts,
    /// None.
    None,
}

impl SubjectMode {
    /// The mode of a `setRoleBindingSubjects`.
    pub(in crate::render) fn parse(value: View<'_>) -> Result<Self, Problem> {
        match &*text(value, "setRoleBindingSubjects")? {
            "" | "defaultOnly" => Ok(Self::DefaultOnly),
            "allServiceAccounts" => Ok(Self::AllServiceAccounts),
            "none" => Ok(Self::None),
            other => Err(broken(
                value.place(),
                format!(
                    "invalid value \"{other}\" for setRoleBindingSubjects: must be one of \"allServiceAccounts\", \
                     \"defaultOnly\" or \"none\""
                ),
            )),
        }
    }
}

/// Which namespaces are set.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(in crate::render) enum Which {
    /// All.
    #[default]
    All,
    /// Only those that are empty: `unsetOnly`.
    Unset,
}

/// What a `NamespaceTransformer` can ask for beyond the kustomization's `namespace`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(in crate::render) struct NamespaceOptions {
    pub(in crate::render) which: Which,
    pub(in crate::render) subjects: SubjectMode,
}

/// Sets the namespace that `field` holds, as a kustomization's `namespace` does.
pub(in crate::render) fn namespace(cx: &Cx<'_>, resources: &mut [Resource], field: View<'_>) -> Result<(), Problem> {
    namespace_with(cx, resources, field, NamespaceOptions::default())
}

/// Sets the namespace that `field` holds, as a `NamespaceTransformer` does.
pub(in crate::render) fn namespace_with(
    cx: &Cx<'_>,
    resources: &mut [Resource],
    field: View<'_>,
    options: NamespaceOptions,
) -> Result<(), Problem> {
    let name = text(field, "namespace")?;
    if name.is_empty() {
        return Ok(());
    }
    let mut set = SetNamespace { text: (&*name).into(), at: field.place(), which: options.which };
    for resource in resources.iter_mut() {
        // kustomize remembers the identity even where it stays: a reference can then find the object.
        resource.previous.push(resource.id.clone());
        set.transform(cx, resource, options.subjects).map_err(|message| {
            broken(set.at, message).with_related(cx.trees.view(&resource.value).place(), "in this object")
        })?;
        reread(cx.trees, resource);
    }
    refuse_conflicts(cx, resources, set.at)
}

/// Sets the namespace of one object, and of nothing that specifications name.
pub(super) fn set_one(cx: &Cx<'_>, resource: &mut Resource, (name, at): (&str, Span)) -> Result<(), String> {
    let mut set = SetNamespace { text: name.into(), at, which: Which::All };
    let specs = Specs::empty();
    set.transform(&Cx { specs: &specs, ..*cx }, resource, SubjectMode::default())
}

fn refuse_conflicts(cx: &Cx<'_>, resources: &[Resource], at: Span) -> Result<(), Problem> {
    let mut seen: HashSet<(&str, &str, &str, &str, &str)> = HashSet::with_capacity(resources.len());
    for Resource { id, value, .. } in resources {
        let namespace = if cx.is_cluster_scoped(id) { "" } else { or_default(&id.namespace) };
        if !seen.insert((&id.group, &id.version, &id.kind, namespace, &id.name)) {
            let message = format!("namespace transformation produces ID conflict: {}", shown(id));
            return Err(broken(at, message).with_related(cx.trees.view(value).place(), "this object"));
        }
    }
    Ok(())
}

/// Sets a namespace, or leaves one that is there if only unset ones are asked for.
struct SetNamespace {
    text: Arc<str>,
    at: Span,
    which: Which,
}

impl SetNamespace {
    fn transform(&mut self, cx: &Cx<'_>, resource: &mut Resource, subjects: SubjectMode) -> Result<(), String> {
        let id = resource.id.clone();
        if !cx.is_cluster_scoped(&id) {
            self.walk(cx, &OWN, resource)?;
        }
        let is_binding = matches!(&*id.kind, "RoleBinding" | "ClusterRoleBinding");
        if is_binding && subjects != SubjectMode::None {
            let mut edit = Subjects { namespace: self, mode: subjects };
            let mut walk = Walk { trees: cx.trees, blank: None, at: edit.namespace.at, edit: &mut edit };
            walk.apply(&SUBJECTS, &mut resource.value)
                .map_err(|message| format!("setting namespace on (cluster)role binding subjects: {message}"))?;
        }
        let is_core = id.group.is_empty() && &*id.version == "v1";
        for spec in cx.specs.set(SpecKind::Namespace).selecting(&id) {
            let of_subjects = matches!(&*spec.gvk.kind, "RoleBinding" | "ClusterRoleBinding");
            let skipped = match &*spec.path {
                "metadata/namespace" => true,
                "metadata/name" => !is_core,
                "subjects/namespace" => is_binding && of_subjects,
                _ => false,
            };
            if !skipped {
                self.walk(cx, spec, resource)?;
            }
        }
        Ok(())
    }

    fn walk(&mut self, cx: &Cx<'_>, spec: &FieldSpec, resource: &mut Resource) -> Result<(), String> {
        let mut walk = Walk { trees: cx.trees, blank: Some(Blank::Scalar), at: self.at, edit: self };
        walk.apply(spec, &mut resource.value).map_err(|message| format!("namespace transformation failed: {message}"))
    }

    fn setter(&self) -> SetScalar {
        SetScalar { scalar: MadeScalar::Str(self.text.clone()), how: How::Namespace, at: self.at }
    }
}

impl Edit for SetNamespace {
    fn wants(&self, view: View<'_>) -> bool {
        if self.which == Which::Unset && view.is_scalar() && !view.is_null() && !view.written().is_empty() {
            return false;
        }
        !view.is_scalar() || view.place() != self.at
    }

    fn change(&mut self, trees: &Trees, value: &mut Value) -> Result<(), String> {
        expect_scalar(trees.view(value))
            .map_err(|message| format!("namespace field specs must target scalar nodes: {message}"))?;
        self.setter().change(trees, value)
    }
}

/// Sets the namespace of the subjects that the mode asks for.
struct Subjects<'a> {
    namespace: &'a SetNamespace,
    mode: SubjectMode,
}

impl Subjects<'_> {
    /// What is wrong with the field that a subject is chosen by.
    fn wrong_kind(&self, item: View<'_>) -> Option<String> {
        let name = match self.mode {
            SubjectMode::DefaultOnly => "name",
            SubjectMode::AllServiceAccounts => "kind",
            SubjectMode::None => return None,
        };
        let wrong = expect_scalar(item.get(name)?).err()?;
        Some(format!("looking up {name} on (cluster)role binding subject: {wrong}"))
    }

    fn wants_item(&self, item: View<'_>) -> bool {
        let is = |name, wanted: &str| item.get(name).is_some_and(|value| value.written() == wanted);
        let chosen = match self.mode {
            SubjectMode::DefaultOnly => is("name", "default"),
            SubjectMode::AllServiceAccounts => is("kind", "ServiceAccount"),
            SubjectMode::None => false,
        };
        if self.wrong_kind(item).is_some() {
            return true;
        }
        let free = item.get("namespace").is_none_or(|value| self.namespace.wants(value));
        !item.is_map() && !item.is_null() || chosen && free
    }
}

impl Edit for Subjects<'_> {
    fn wants(&self, view: View<'_>) -> bool {
        !view.is_null() && (!view.is_seq() || view.items().any(|item| self.wants_item(item)))
    }

    fn change(&mut self, trees: &Trees, value: &mut Value) -> Result<(), String> {
        expect_seq(trees.view(value))?;
        for item in value.items_mut(trees).into_iter().flatten() {
            let view = trees.view(item);
            if !self.wants_item(view) {
                continue;
            }
            expect_map(view)?;
            if let Some(wrong) = self.wrong_kind(view) {
                return Err(wrong);
            }
            if view.get("namespace").is_none() {
                let blank = Value::scalar(MadeScalar::Null, Origin::within(self.namespace.at));
                item.set_field(trees, Key::made("namespace", self.namespace.at), blank);
            }
            let mut setter = self.namespace.setter();
            item.update_field(trees, "namespace", |value| setter.change(trees, value)).unwrap_or(Ok(()))?;
        }
        Ok(())
    }
}
