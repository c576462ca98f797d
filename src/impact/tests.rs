//! Instances under both definitions.
//!
//! Never: a severity.

use super::{Counts, Impact};
use crate::compare;
use crate::compare::testworld::sides;

const PROPERTIES: &str = "size: {type: string}, zone: {type: string}, days: {type: integer, default: 7}";

fn api(properties: &str) -> String {
    format!(
        "apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {{name: databases.example.com}}
spec:
  group: example.com
  names: {{kind: Database, plural: databases}}
  scope: Namespaced
  versions:
  - name: v1
    served: true
    storage: true
    schema: {{openAPIV3Schema: {{type: object, properties: {{spec: {{type: object, properties: {{{properties}}}}}}}}}}}
"
    )
}

fn database(name: &str, spec: &str) -> String {
    format!("---\napiVersion: example.com/v1\nkind: Database\nmetadata: {{name: {name}}}\nspec: {{{spec}}}\n")
}

/// The impact of another schema, with the objects of both sides.
fn impact(properties: &str, base: &[String], head: &[String]) -> Impact {
    let tree = |api: String, objects: &[String]| {
        vec![("api.yaml".to_owned(), api), ("objects.yaml".to_owned(), objects.concat())]
    };
    let sides = sides(&tree(api(PROPERTIES), base), &tree(api(properties), head));
    let changes = compare::worlds(&sides.trees, &sides.base, &sides.head);
    super::of(&sides.trees, &sides.base, &sides.head, &changes, crate::base::History::default())
}

fn counts(properties: &str, base: &[String], head: &[String]) -> Counts {
    impact(properties, base, head).apis.first().expect("the API changes").counts()
}

#[test]
fn only_instances_that_the_base_has_are_hit() {
    let narrow = "size: {type: string, enum: [small]}, days: {type: integer, default: 30}";
    let large = database("large", "size: large, zone: a");
    let hit = Counts { total: 1, invalid: 1, changed: 1, pruned: 1, ..Counts::default() };
    assert_eq!(counts(narrow, std::slice::from_ref(&large), std::slice::from_ref(&large)), hit);
    assert_eq!(counts(narrow, &[], &[large]), Counts { total: 1, ..Counts::default() });
}

#[test]
fn an_instance_that_was_refused_before_or_is_mended_is_not_to_blame() {
    let narrow = "size: {type: string, enum: [small]}, zone: {type: string}, days: {type: integer, default: 7}";
    let before = database("a", "size: 12");
    assert_eq!(counts(narrow, std::slice::from_ref(&before), std::slice::from_ref(&before)).invalid, 0);
    let mended = counts(narrow, &[database("a", "size: large")], &[database("a", "size: small")]);
    assert_eq!(mended, Counts { total: 1, ..Counts::default() });
    let turned = counts(narrow, &[database("a", "size: 12")], &[database("a", "size: large")]);
    assert_eq!(turned.invalid, 0);
}

#[test]
fn a_value_that_is_set_does_not_change_with_its_default() {
    let other = "size: {type: string}, zone: {type: string}, days: {type: integer, default: 30}";
    let objects = [database("set", "days: 7"), database("left", "")];
    let found = impact(other, &objects, &objects);
    let counted = found.apis[0].counts();
    assert_eq!((counted.total, counted.changed), (2, 1));
    let moved = &found.apis[0].instances[1].outcome.defaults[0];
    assert_eq!((&*moved.pointer, &*moved.path), ("/spec/days", "spec.days"));
}

#[test]
fn a_definition_that_only_moves_its_words_hits_nobody() {
    let objects = [database("a", "")];
    assert!(impact(&format!("{PROPERTIES}, # words\n    "), &objects, &objects).apis.is_empty());
}

#[test]
fn one_definition_in_two_builds_is_one_entry() {
    let other = PROPERTIES.replace("days: {type: integer, default: 7}", "days: {type: integer, default: 8}");
    let (was, is) = (api(PROPERTIES), api(&other));
    let tree = |api: String| vec![("api.yaml".to_owned(), api), ("objects.yaml".to_owned(), database("a", ""))];
    let mut sides = sides(&tree(was), &tree(is));
    for world in [&mut sides.base, &mut sides.head] {
        let again = crate::world::Built {
            build: crate::render::Build::plain(crate::base::RepoPath::root(), crate::render::BuildKind::Kustomize),
            rendered: world.builds[0].rendered.clone(),
            applied_by: Vec::new(),
            place: world.builds[0].place,
            cluster: None,
        };
        let from = crate::world::ObjectAt { build: world.builds.len(), object: 0 };
        let definition = world.definitions[0].definition.clone();
        world.builds.push(again);
        world.definitions.push(crate::world::DefinedApi { from, definition });
    }
    let changes = compare::worlds(&sides.trees, &sides.base, &sides.head);
    let found = super::of(&sides.trees, &sides.base, &sides.head, &changes, crate::base::History::default());
    assert_eq!(found.apis.len(), 1);
    assert_eq!(found.apis[0].counts(), Counts { total: 1, changed: 1, ..Counts::default() });
}

/// What becomes of the instances of the only API that changes.
fn only(base: &str, head: &str) -> Counts {
    let tree = |text: &str| vec![("all.yaml".to_owned(), text.to_owned())];
    let sides = sides(&tree(base), &tree(head));
    let changes = compare::worlds(&sides.trees, &sides.base, &sides.head);
    let found = super::of(&sides.trees, &sides.base, &sides.head, &changes, crate::base::History::default());
    assert!(found.apis.len() < 2, "{:?}", found.apis);
    found.apis.first().map(super::ApiImpact::counts).unwrap_or_default()
}

#[test]
fn an_api_that_is_gone_is_told_apart_from_a_version_that_is_not_served() {
    let left = database("a", "");
    let unserved = api(PROPERTIES).replace("served: true", "served: false");
    let (before, not_served) = (format!("{}{left}", api(PROPERTIES)), format!("{unserved}{left}"));
    assert_eq!(only(&before, &not_served), Counts { total: 1, unserved: 1, ..Counts::default() });
    assert_eq!(only(&before, &left), Counts { total: 1, gone: 1, ..Counts::default() });
}

const GRAPHS: &str = "apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
metadata: {name: database}
spec:
  schema: {apiVersion: v1alpha1, kind: Database, spec: {size: 'string | enum=\"small,large\"'}}
  resources: []
---
apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
metadata: {name: shop}
spec:
  schema: {apiVersion: v1alpha1, kind: Shop, spec: {name: string}}
  resources:
  - {id: db, template: {apiVersion: kro.run/v1alpha1, kind: Database, metadata: {name: db}, spec: {size: large}}}
  - {id: other, template: {apiVersion: kro.run/v1alpha1, kind: Database, metadata: {name: db2}, spec: {size: small}}}
";

#[test]
fn an_instance_that_another_graph_makes_is_judged() {
    let hit = only(GRAPHS, &GRAPHS.replace("small,large", "small"));
    assert_eq!(hit, Counts { total: 2, invalid: 1, ..Counts::default() });
}

const COMPOSED: &str = "apiVersion: apiextensions.crossplane.io/v1
kind: CompositeResourceDefinition
metadata: {name: xdbs.example.com}
spec:
  group: example.com
  names: {kind: XDb, plural: xdbs}
  claimNames: {kind: Db, plural: dbs}
  defaultCompositionRef: {name: aws}
  versions: [{name: v1, served: true, referenceable: true, schema: {openAPIV3Schema: {type: object}}}]
---
apiVersion: example.com/v1
kind: Db
metadata: {name: open}
---
apiVersion: example.com/v1
kind: Db
metadata: {name: manual}
spec: {compositionRef: {name: aws}, compositionUpdatePolicy: Manual}
---
apiVersion: apiextensions.crossplane.io/v1
kind: Composition
metadata: {name: aws}
spec: {compositeTypeRef: {apiVersion: example.com/v1, kind: XDb}, mode: Pipeline, pipeline: []}
";

#[test]
fn instances_that_choose_another_composition_or_are_made_again_are_counted() {
    let other =
        only(COMPOSED, &COMPOSED.replace("defaultCompositionRef: {name: aws}", "defaultCompositionRef: {name: b}"));
    assert_eq!(other, Counts { total: 2, rerouted: 1, ..Counts::default() });
    let default = "defaultCompositionRef: {name: aws}";
    let forced =
        only(COMPOSED, &COMPOSED.replace(default, &format!("{default}\n  enforcedCompositionRef: {{name: b}}")));
    assert_eq!(forced, Counts { total: 2, rerouted: 2, ..Counts::default() });
    let revised = only(COMPOSED, &COMPOSED.replace("pipeline: []", "pipeline: [{step: a, functionRef: {name: f}}]"));
    assert_eq!(revised, Counts { total: 2, rerun: 1, ..Counts::default() });
    assert_eq!(only(COMPOSED, &format!("# words\n{COMPOSED}")), Counts::default());
}
