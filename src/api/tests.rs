//! What compiled APIs make of instances.
//!
//! Never: a test of a private step; each goes through `compile` and `judge`.

use super::{Flavor, Judgement, Scope, compile};
use crate::model::Object;
use crate::testkit;

/// The version `v1` of the API that the first document defines, and what it says of the second.
fn judged(text: &str) -> Judgement {
    let (trees, file) = testkit::file("api.yaml", text);
    let mut objects = trees.documents(file).filter_map(|value| Object::new(&trees, value));
    let definition = compile(&trees, &objects.next().expect("a definition")).expect("an API").definition;
    let schema = definition.version("v1").expect("its version").schema(&trees).expect("a schema");
    schema.judge(objects.next().expect("an instance").view(&trees))
}

fn database(properties: &str, spec: &str) -> Judgement {
    judged(&format!(
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
    schema: {{openAPIV3Schema: {{type: object, properties: {{spec: {{type: object, {properties}}}}}}}}}
---
apiVersion: example.com/v1
kind: Database
metadata: {{name: orders, labels: {{any: thing}}}}
spec: {spec}
"
    ))
}

/// The faults of an instance, each as its path and keyword.
fn faults(properties: &str, spec: &str) -> Vec<String> {
    let found = database(&format!("properties: {{{properties}}}"), spec).violations;
    found.iter().map(|violation| format!("{} {}", violation.path, violation.keyword)).collect()
}

#[test]
fn instances_are_judged_as_the_api_server_does() {
    let cases: &[(&str, &str, &[&str])] = &[
        ("a: {type: integer}", "{a: 1.0}", &[]),
        ("a: {type: integer}", "{a: 1.5}", &["spec.a type"]),
        ("a: {type: string}", "{a: 1}", &["spec.a type"]),
        ("a: {type: string}", "{a: 2026-01-02}", &[]),
        ("a: {type: number}", "{a: 1}", &[]),
        ("a: {type: boolean}", "{a: 'true'}", &["spec.a type"]),
        ("a: {x-kubernetes-int-or-string: true}", "{a: http}", &[]),
        ("a: {x-kubernetes-int-or-string: true}", "{a: true}", &["spec.a type"]),
        ("a: {type: string}", "{a: null}", &[]),
        ("a: {type: array, items: {type: string}}", "{a: [null]}", &["spec.a[*] type"]),
        ("a: {type: string, enum: [x, y]}", "{a: z}", &["spec.a enum"]),
        ("a: {type: number, enum: [1]}", "{a: 1.0}", &[]),
        ("a: {type: integer, minimum: 1, exclusiveMinimum: true}", "{a: 1}", &["spec.a minimum"]),
        ("a: {type: integer, multipleOf: 5}", "{a: 12}", &["spec.a multipleOf"]),
        ("a: {type: string, maxLength: 2}", "{a: äö}", &[]),
        ("a: {type: string, minLength: 3}", "{a: äö}", &["spec.a minLength"]),
        ("a: {type: array, maxItems: 1, items: {type: string}}", "{a: [x, y]}", &["spec.a maxItems"]),
        ("a: {type: object, required: [b], properties: {b: {type: string}}}", "{a: {}}", &["spec.a.b required"]),
        ("a: {type: object, required: [b], properties: {b: {type: string}}}", "{}", &[]),
        ("a: {type: object, required: [b], properties: {b: {type: string, default: x}}}", "{a: {}}", &[]),
        ("a: {type: object, additionalProperties: {type: integer}}", "{a: {x: 1, y: z}}", &["spec.a[*] type"]),
        (
            "a: {type: array, x-kubernetes-list-type: set, items: {type: string}}",
            "{a: [x, x]}",
            &["spec.a x-kubernetes-list-type"],
        ),
        (
            "a: {type: array, x-kubernetes-list-type: set, items: {type: number}}",
            "{a: [1, 1.0]}",
            &["spec.a x-kubernetes-list-type"],
        ),
        (
            "a: {type: array, x-kubernetes-list-type: set, items: {type: object, x-kubernetes-map-type: atomic, \
             additionalProperties: {type: string}}}",
            "{a: [{x: a, y: b}, {y: b, x: a}]}",
            &["spec.a x-kubernetes-list-type"],
        ),
        (
            "a: {type: array, x-kubernetes-list-type: map, x-kubernetes-list-map-keys: [k], items: {type: object, \
             properties: {k: {type: string, default: x}}}}",
            "{a: [{k: null}, {k: y}, {}]}",
            &["spec.a x-kubernetes-list-type"],
        ),
        (
            "a: {type: array, x-kubernetes-list-type: map, x-kubernetes-list-map-keys: [k], items: {type: object, \
             nullable: true, properties: {k: {type: string, default: x}}}}",
            "{a: [null, {k: x}]}",
            &[],
        ),
        (
            "a: {type: object, x-kubernetes-embedded-resource: true}",
            "{a: {kind: X}}",
            &["spec.a.apiVersion x-kubernetes-embedded-resource"],
        ),
        ("a: {type: string, anyOf: [{enum: [x]}, {pattern: '^y'}]}", "{a: yes}", &[]),
        ("a: {type: string, oneOf: [{enum: [x]}, {pattern: '^x'}]}", "{a: x}", &["spec.a oneOf"]),
        ("a: {type: string, not: {enum: [x]}}", "{a: x}", &["spec.a not"]),
        // A default fills the field before a branch asks for it.
        ("a: {type: object, properties: {b: {type: string, default: x}}, oneOf: [{required: [b]}]}", "{a: {}}", &[]),
    ];
    for (properties, spec, expected) in cases {
        assert_eq!(faults(properties, spec), *expected, "{properties} with {spec}");
    }
}

#[test]
fn rules_are_run_as_the_api_server_runs_them() {
    let ruled = |properties: &str, rule: &str| {
        format!("properties: {{{properties}}}, x-kubernetes-validations: [{{rule: '{}'}}]", rule.replace('\'', "''"))
    };
    let nested = "a: {type: object, properties: {b: {type: integer, default: 7}}}";
    let cases: &[(&str, &str, &str, &[&str])] = &[
        ("a: {type: integer}, b: {type: integer}", "self.a <= self.b", "{a: 1, b: 2}", &[]),
        ("a: {type: integer}, b: {type: integer}", "self.a <= self.b", "{a: 3, b: 2}", &["spec broken"]),
        // A field that is missing is a fault, and decides nothing.
        ("a: {type: integer}, b: {type: integer}", "self.a <= self.b", "{a: 3}", &["unknown"]),
        ("a: {type: integer}", "!has(self.a) || self.a > 1", "{}", &[]),
        ("a: {type: integer}", "!has(self.a) || self.a > 1", "{a: null}", &[]),
        ("a: {type: integer, nullable: true}", "has(self.a) && self.a == null", "{a: null}", &[]),
        ("a: {type: integer, default: 7}", "self.a == 7", "{}", &[]),
        (nested, "self.a.b == 7", "{a: {}}", &[]),
        (nested, "!has(self.a)", "{}", &[]),
        ("a: {type: integer}", "!has(self.other)", "{a: 1, other: 2}", &[]),
        ("a: {type: number}", "self.a == 1.0 && type(self.a) == double", "{a: 1}", &[]),
        ("a: {type: integer}", "type(self.a) == int", "{a: 1.0}", &[]),
        ("a: {x-kubernetes-int-or-string: true}", "type(self.a) == int ? self.a > 1 : self.a == 'x'", "{a: x}", &[]),
        (
            "a: {type: string, format: date-time}",
            "self.a > timestamp('2026-01-01T00:00:00Z')",
            "{a: '2026-02-03T04:05:06Z'}",
            &[],
        ),
        ("a: {type: string, format: date}", "self.a.getFullYear() == 2026", "{a: 2026-02-03}", &[]),
        ("a: {type: string, format: duration}", "self.a < duration('1h')", "{a: 5m}", &[]),
        ("a: {type: string, format: byte}", "self.a == b'hello'", "{a: aGVsbG8=}", &[]),
        ("a: {type: string}", "self.a.matches('^x')", "{a: y}", &["spec broken"]),
        (
            "a-b: {type: integer}, namespace: {type: integer}",
            "self.a__dash__b == self.__namespace__",
            "{a-b: 1, namespace: 1}",
            &[],
        ),
        (
            "a: {type: object, additionalProperties: {type: integer}}",
            "self.a.all(k, self.a[k] > 0)",
            "{a: {x: 1, y: 0}}",
            &["spec broken"],
        ),
        // Rules run only on what has the right form.
        ("a: {type: integer}", "self.a > 1", "{a: x}", &["spec.a type"]),
        // Without an old value there is nothing that it could differ from.
        ("a: {type: integer}", "self.a == oldSelf.a", "{a: 1}", &[]),
        ("a: {type: integer}", "self.nonsense(", "{a: 1}", &["unknown"]),
        ("a: {type: integer, x-kubernetes-validations: [{rule: self < 5}]}", "true", "{a: 7}", &["spec.a broken"]),
    ];
    for (properties, rule, spec, expected) in cases {
        let judged = database(&ruled(properties, rule), spec);
        let word =
            |keyword: &str| if keyword == "x-kubernetes-validations" { "broken".into() } else { keyword.to_owned() };
        let mut found: Vec<String> = judged
            .violations
            .iter()
            .map(|violation| format!("{} {}", violation.path, word(violation.keyword)))
            .collect();
        found.extend(judged.undecided.then(|| "unknown".to_owned()));
        assert_eq!(found, *expected, "{rule} on {spec} with {properties}");
    }
}

#[test]
fn broken_rules_speak_without_the_text_of_an_instance() {
    let said = |rule: &str| {
        let properties = "properties: {a: {type: string}, n: {type: integer}}";
        let judged = database(&format!("{properties}, x-kubernetes-validations: [{rule}]"), "{a: hunter2, n: 5}");
        let violation = judged.violations.into_iter().next().expect("a broken rule");
        format!("{}: {}", violation.path, violation.message)
    };
    assert_eq!(said("{rule: self.n < 5}"), "spec: breaks the rule `self.n < 5`");
    assert_eq!(said("{rule: self.n < 5, message: Be small.}"), "spec: breaks the rule `self.n < 5`: Be small");
    assert_eq!(
        said("{rule: self.n < 5, message: x, messageExpression: \"self.a + ' has ' + string(self.n)\", fieldPath: .n}"),
        "spec.n: breaks the rule `self.n < 5`: … has 5"
    );
    assert_eq!(
        said("{rule: self.n < 5, message: small, messageExpression: self.b}"),
        "spec: breaks the rule `self.n < 5`: small"
    );
}

#[test]
fn an_update_is_compared_with_what_it_replaces() {
    let crd = |rules: &str| {
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
    schema: {{openAPIV3Schema: {{type: object, properties: {{spec: {{type: object, properties: {{
      a: {{type: integer{rules}}},
      s: {{type: array, x-kubernetes-list-type: set, items: {{type: string}}, x-kubernetes-validations: [{{rule: self == oldSelf}}]}},
      l: {{type: array, x-kubernetes-list-type: map, x-kubernetes-list-map-keys: [k], items: {{type: object, properties: {{
        k: {{type: string}}, v: {{type: integer, x-kubernetes-validations: [{{rule: self >= oldSelf}}]}}}}}}}}}}}}}}}}}}
"
        )
    };
    let faults = |rules: &str, was: &str, is: &str| -> Vec<String> {
        let instance =
            |spec| format!("---\napiVersion: example.com/v1\nkind: Database\nmetadata: {{name: x}}\nspec: {spec}\n");
        let (trees, file) = testkit::file("api.yaml", &format!("{}{}{}", crd(rules), instance(was), instance(is)));
        let objects: Vec<Object> = trees.documents(file).filter_map(|value| Object::new(&trees, value)).collect();
        let definition = compile(&trees, &objects[0]).expect("an API").definition;
        let schema = definition.version("v1").expect("its version").schema(&trees).expect("a schema");
        let judged = schema.judge_update(objects[2].view(&trees), objects[1].view(&trees));
        assert!(!judged.undecided);
        judged.violations.into_iter().map(|violation| violation.pointer).collect()
    };
    let same = ", x-kubernetes-validations: [{rule: self == oldSelf}]";
    assert_eq!(faults(same, "{a: 1}", "{a: 2}"), ["/spec/a"]);
    assert_eq!(faults(same, "{a: 1}", "{a: 1}"), [""; 0]);
    // A field that comes or goes is no change of it.
    assert_eq!(faults(same, "{}", "{a: 2}"), [""; 0]);
    let optional = ", x-kubernetes-validations: [{rule: 'oldSelf.hasValue() || self == 1', optionalOldSelf: true}]";
    assert_eq!(faults(optional, "{}", "{a: 2}"), ["/spec/a"]);
    assert_eq!(faults(optional, "{a: 1}", "{a: 2}"), [""; 0]);
    assert_eq!(faults("", "{s: [x, y]}", "{s: [y, x]}"), [""; 0]);
    assert_eq!(faults("", "{s: [x, y]}", "{s: [y]}"), ["/spec/s"]);
    assert_eq!(faults("", "{l: [{k: x, v: 1}, {k: y, v: 5}]}", "{l: [{k: y, v: 4}, {k: x, v: 2}]}"), ["/spec/l/0/v"]);
}

#[test]
fn a_pattern_beyond_this_engine_decides_nothing() {
    let judged = database("properties: {a: {type: string, pattern: '^(?!x)'}}", "{a: x}");
    assert!(judged.violations.is_empty() && judged.undecided);
}

#[test]
fn defaults_reach_what_is_there_and_no_further() {
    let of = |properties: &str, spec: &str| -> Vec<String> {
        let found = database(&format!("properties: {{{properties}}}"), spec).defaults;
        found.iter().map(|default| format!("{} {}", default.pointer, default.value)).collect()
    };
    let nested = "a: {type: object, properties: {b: {type: integer, default: 7}}}";
    assert_eq!(of(nested, "{a: {}}"), ["/spec/a/b 7"]);
    assert_eq!(of(nested, "{a: {b: 1}}"), [""; 0]);
    assert_eq!(of(nested, "{a: {b: null}}"), ["/spec/a/b 7"]);
    assert_eq!(of(nested, "{}"), [""; 0]);
    let whole = "a: {type: object, default: {}, properties: {b: {type: integer, default: 7}}}";
    assert_eq!(of(whole, "{}"), ["/spec/a {}", "/spec/a/b 7"]);
    let listed = "a: {type: array, items: {type: object, properties: {b: {type: integer, default: 7}}}}";
    assert_eq!(of(listed, "{a: [{b: 1}, {}]}"), ["/spec/a/1/b 7"]);
    let nullable = "a: {type: integer, default: 7, nullable: true}";
    assert_eq!(of(nullable, "{a: null}"), [""; 0]);
    // Of a map's values and a list's items it is what a null becomes.
    let values = "a: {type: object, additionalProperties: {type: integer, default: 7}}";
    assert_eq!(of(values, "{a: {x: null, y: 1}}"), ["/spec/a/x 7"]);
    assert_eq!(of(values, "{a: {}}"), [""; 0]);
    let items = "a: {type: array, items: {type: integer, default: 7}}";
    assert_eq!(of(items, "{a: [1, null]}"), ["/spec/a/1 7"]);
    assert_eq!(faults(items, "{a: [1, null]}"), [""; 0]);
    assert_eq!(faults(&items.replace("default: 7", "nullable: true"), "{a: [1, null]}"), [""; 0]);
}

/// What the API server's own validation says of the same definitions (apiextensions v0.34).
#[test]
fn a_branch_says_nothing_of_the_structure() {
    let of = |root: &str| -> Vec<String> {
        let text = format!(
            "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {{name: things.example.com}}\n\
             spec:\n  versions: [{{name: v1, schema: {{openAPIV3Schema: {{type: object, {root}}}}}}}]\n"
        );
        let (trees, file) = testkit::file("api.yaml", &text);
        let object = trees.documents(file).find_map(|value| Object::new(&trees, value)).expect("a definition");
        let found = super::schema_faults(&trees, &object);
        found.into_iter().map(|fault| format!("{}: {}", fault.path, fault.words)).collect()
    };
    let spec = |more: &str| {
        of(&format!("properties: {{spec: {{type: object, properties: {{a: {{type: string}}}}, {more}}}}}"))
    };
    let either = |more: &str| of(&format!("properties: {{a: {{x-kubernetes-int-or-string: true, {more}}}}}"));
    let no = [""; 0];
    assert_eq!(spec("anyOf: [{properties: {b: {minLength: 1}}}]"), no);
    assert_eq!(spec("anyOf: [{nullable: false, description: '', title: '', default: null, example: x}]"), no);
    assert_eq!(spec("anyOf: [{additionalProperties: false}]"), no);
    assert_eq!(
        spec("anyOf: [{additionalProperties: true}]"),
        ["spec: `additionalProperties` is forbidden inside `anyOf`"]
    );
    assert_eq!(spec("not: {properties: {a: {default: false}}}"), ["spec.a: `default` is forbidden inside `not`"]);
    assert_eq!(spec("not: {anyOf: [{title: x}]}"), ["spec: `title` is forbidden inside `not`"]);
    assert_eq!(spec("oneOf: [{$ref: '#/x'}]"), ["spec: `$ref` is forbidden inside `oneOf`"]);
    assert_eq!(spec("allOf: [{items: [{minLength: 1}]}]"), ["spec: `items` must be one schema"]);
    let types = "{type: integer}, {type: string}";
    assert_eq!(either(&format!("anyOf: [{types}]")), no);
    assert_eq!(either(&format!("allOf: [{{anyOf: [{types}]}}, {{pattern: x}}]")), no);
    assert_eq!(either("anyOf: [{type: string}, {type: integer}]").len(), 2);
    assert_eq!(either(&format!("oneOf: [{types}]")).len(), 2);
    assert_eq!(either(&format!("allOf: [{{pattern: x}}, {{anyOf: [{types}]}}]")).len(), 2);
    assert_eq!(either("anyOf: [{type: integer, description: x}, {type: string}]").len(), 3);
    let root =
        |named: &str| of(&format!("properties: {{spec: {{type: object}}}}, anyOf: [{{properties: {{{named}}}}}]"));
    let lacks = |path: &str| [format!("{path}: `anyOf` speaks of it, and the schema around does not define it")];
    assert_eq!(root("spec: {minProperties: 1}"), no);
    assert_eq!(root("status: {}"), lacks("status"));
    assert_eq!(root("spec: {properties: {b: {}}}"), lacks("spec.b"));
    assert_eq!(root("spec: {items: {}}"), lacks("spec[*]"));
}

#[test]
fn unknown_fields_are_pruned_and_not_refused() {
    let of = |properties: &str, spec: &str| -> Vec<String> {
        let judged = database(properties, spec);
        assert!(judged.violations.is_empty());
        judged.pruned.into_iter().map(|field| field.pointer).collect()
    };
    assert_eq!(of("properties: {a: {type: string}}", "{a: x, 'b/c': {d: 1}}"), ["/spec/b~1c"]);
    assert_eq!(of("x-kubernetes-preserve-unknown-fields: true", "{b: {c: 1}}"), [""; 0]);
    let inner = "x-kubernetes-preserve-unknown-fields: true, properties: {a: {type: object}}";
    assert_eq!(of(inner, "{a: {b: 1}, c: 1}"), ["/spec/a/b"]);
    let embedded = "properties: {a: {type: object, x-kubernetes-embedded-resource: true}}";
    assert_eq!(of(embedded, "{a: {apiVersion: v1, kind: X, metadata: {name: x}, spec: {}}}"), ["/spec/a/spec"]);
}

const XRD: &str = "apiVersion: apiextensions.crossplane.io/v1
kind: CompositeResourceDefinition
metadata: {name: xdatabases.example.com}
spec:
  group: example.com
  names: {kind: XDatabase, plural: xdatabases}
  claimNames: {kind: Database, plural: databases}
  versions:
  - name: v1
    served: true
    referenceable: true
    schema:
      openAPIV3Schema:
        type: object
        required: [spec, nonsense]
        properties:
          nonsense: {type: string}
          spec:
            type: object
            maxProperties: 1
            required: [size]
            properties: {size: {type: string}, resourceRefs: {type: string}}
";

#[test]
fn an_xrd_is_what_crossplane_makes_of_it() {
    let instance = "---
apiVersion: example.com/v1
kind: Database
metadata: {name: orders}
nonsense: x
spec: {size: small, resourceRefs: [{name: a}], compositionRef: {name: b}, other: c}
status: {conditions: []}
";
    let judged = judged(&format!("{XRD}{instance}"));
    assert_eq!(judged.violations, []);
    let pruned: Vec<&str> = judged.pruned.iter().map(|field| &*field.pointer).collect();
    assert_eq!(pruned, ["/nonsense", "/spec/other"]);
}

#[test]
fn definitions_say_who_their_instances_are() {
    let compiled = |text: &str| {
        let (trees, file) = testkit::file("api.yaml", text);
        let object = trees.documents(file).find_map(|value| Object::new(&trees, value)).expect("an object");
        compile(&trees, &object).map(|compiled| compiled.definition)
    };
    let xrd = compiled(XRD).expect("an API");
    assert_eq!((xrd.flavor, &*xrd.kind, xrd.scope), (Flavor::Xrd, "Database", Some(Scope::Cluster)));
    assert!(xrd.has_instances("example.com", "XDatabase") && xrd.has_instances("example.com", "Database"));
    let v2 = XRD
        .replace("crossplane.io/v1", "crossplane.io/v2")
        .replace("  claimNames: {kind: Database, plural: databases}\n", "");
    let v2 = compiled(&v2).expect("an API");
    assert_eq!((&*v2.kind, v2.scope), ("XDatabase", Some(Scope::Namespaced)));
    let promise = "apiVersion: platform.kratix.io/v1alpha1\nkind: Promise\nmetadata: {name: x}\nspec:\n  api: {}\n";
    assert!(compiled(promise).is_none());
    assert!(compiled("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n").is_none());
}
