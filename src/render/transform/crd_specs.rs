//! The field specifications that the `crds` of a kustomization bring: definitions of OpenAPI, by name, with kustomize's
//! extensions (`kustomize api/internal/accumulator/loadconfigfromcrds.go`).
//!
//! Never: a schema to merge or validate by; that is what `openapi` brings.

use super::super::schema::owned;
use super::broken;
use super::field_spec::{Create, FieldSpec, Gvk};
use super::specs::{SpecKind, Specs, Target};
use crate::base::Problem;
use crate::model::View;

/// How deep definitions may lie in one another. A definition that holds itself ends kustomize without a word.
const DEEPEST: usize = 64;

/// What a file of definitions says of the fields of its kinds.
///
/// # Errors
/// What is no map of definitions, or one without end.
pub(in crate::render) fn crd_specs(file: View<'_>) -> Result<Specs, Problem> {
    let refuse = |at: View<'_>, what: &str| {
        Err(broken(at.place(), format!("unable to parse open API definition: {what}"))
            .with_help("list a file of OpenAPI definitions; a CustomResourceDefinition belongs under `resources`"))
    };
    if !file.is_map() {
        return refuse(file, "the file must be a map of definitions");
    }
    let mut gathered = Gathered::default();
    for definition in file.fields() {
        if !definition.value.is_map() && !definition.value.is_null() {
            return refuse(definition.value, "a definition must be a map");
        }
        let Some(properties) = properties(definition.value) else { continue };
        let is_object = ["kind", "apiVersion", "metadata"].iter().all(|name| properties.get(name).is_some());
        if is_object {
            let name = definition.name();
            let kind = Gvk { kind: owned(name.rsplit('.').next().unwrap_or(name)), ..Gvk::default() };
            gathered.walk(file, &kind, properties, &mut Vec::new())?;
        }
    }
    Specs::empty().adding(gathered.specs, gathered.references, file.place())
}

/// What was found on the way.
#[derive(Default)]
struct Gathered {
    specs: Vec<(SpecKind, FieldSpec)>,
    references: Vec<Target>,
}

impl Gathered {
    fn walk<'t>(
        &mut self,
        file: View<'t>,
        kind: &Gvk,
        properties: View<'t>,
        path: &mut Vec<&'t str>,
    ) -> Result<(), Problem> {
        if path.len() > DEEPEST {
            return Err(broken(
                properties.place(),
                "this definition holds itself, which kustomize follows without end",
            ));
        }
        for property in properties.fields() {
            path.push(property.name());
            self.property(kind, property.value, path);
            let target = property.value.str_at(["$ref"]).filter(|target| !target.is_empty());
            if let Some(below) = target.and_then(|target| properties_of(file, target)) {
                self.walk(file, kind, below, path)?;
            }
            path.pop();
        }
        Ok(())
    }

    fn property(&mut self, kind: &Gvk, property: View<'_>, path: &[&str]) {
        let path = path.join("/");
        let spec = |path: &str| FieldSpec::new(kind.clone(), owned(path), Create::Never);
        for (name, set) in [
            ("x-kubernetes-annotation", SpecKind::CommonAnnotations),
            ("x-kubernetes-label-selector", SpecKind::CommonLabels),
            ("x-kubernetes-identity", SpecKind::NamePrefix),
        ] {
            if extension(property, name).is_some() {
                self.specs.push((set, spec(&path)));
            }
        }
        let version = extension(property, "x-kubernetes-object-ref-api-version");
        let named = extension(property, "x-kubernetes-object-ref-kind");
        if let (Some(version), Some(named)) = (version, named) {
            let key = extension(property, "x-kubernetes-object-ref-name-key").unwrap_or("name");
            let gvk = Gvk { version: owned(version), kind: owned(named), ..Gvk::default() };
            self.references.push(Target { gvk, referrers: vec![spec(&format!("{path}/{key}"))] });
        }
    }
}

fn properties_of<'t>(file: View<'t>, name: &str) -> Option<View<'t>> {
    properties(file.get(name)?)
}

/// The properties of a definition; Go finds its fields in any case.
fn properties(definition: View<'_>) -> Option<View<'_>> {
    let schema = definition.fields().filter(|field| field.name().eq_ignore_ascii_case("Schema")).last()?.value;
    schema.get("properties").filter(View::is_map)
}

/// The text of an extension.
fn extension<'t>(property: View<'t>, name: &str) -> Option<&'t str> {
    property.str_at([name])
}
