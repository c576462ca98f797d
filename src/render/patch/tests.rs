//! The cases of `testdata/patch`, whose results are what kustomize v5.7.1 prints for them; and what it does not print:
//! where values come from, what stays shared, what was lost.
//!
//! Never: an expectation that kustomize does not share.

use std::sync::Arc;

use super::*;
use crate::base::{BlobId, FileId, LoadError, Loader, RepoPath, Sources};
use crate::model::{How, Trees, Value, View};
use crate::render::schema::Schema;

struct Fixed(&'static str);

impl Loader for Fixed {
    fn load(&self, _: &RepoPath, _: Option<BlobId>) -> Result<Vec<u8>, LoadError> {
        Ok(self.0.into())
    }
}

/// An object with a patch applied.
struct Patched {
    trees: Trees,
    base: Value,
    value: Value,
    by: Span,
    result: Result<(Outcome, Vec<Silent>), PatchError>,
}

fn file(trees: &Trees, path: &str, text: &'static str) -> FileId {
    let loader: Arc<dyn Loader> = Arc::new(Fixed(text));
    trees.sources().intern(&RepoPath::new(path).expect("a path"), None, &loader)
}

fn document(trees: &Trees, path: &str, text: &'static str) -> Value {
    trees.documents(file(trees, path, text)).next().expect("a document")
}

fn patched(base: &'static str, patch: &'static str) -> Patched {
    let trees = Trees::new(Arc::new(Sources::default()));
    let (base, patch) = (document(&trees, "base.yaml", base), document(&trees, "patch.yaml", patch));
    let by = trees.top(file(&trees, "kustomization.yaml", "patches: [{path: patch.yaml}]\n"));
    let mut value = base.clone();
    let view = trees.view(&patch);
    let result = if view.is_seq() {
        json(&trees, &mut value, &view.items().collect::<Vec<_>>(), by).map(|silent| (Outcome::Changed, silent))
    } else {
        strategic(
            Laying { trees: &trees, schema: Schema::builtin(), by, before: &Passed::default() },
            &mut value,
            view,
            view,
        )
    };
    Patched { trees, base, value, by, result }
}

impl Patched {
    fn view(&self) -> View<'_> {
        self.trees.view(&self.value)
    }

    fn words(&self, span: Span) -> &str {
        self.trees.sources().slice(span)
    }

    fn lost(&self) -> Vec<(Loss, &str)> {
        let (_, silent) = self.result.as_ref().expect("the patch applies");
        silent.iter().map(|silent| (silent.loss, self.words(silent.at))).collect()
    }
}

/// Maps in any order, and numbers by value, since kustomize prints `1.0` as `1`.
fn comparable(view: View<'_>) -> serde_json::Value {
    let mut value = view.to_json();
    by_value(&mut value);
    value
}

fn by_value(value: &mut serde_json::Value) {
    match value {
        serde_json::Value::Number(number) => *value = serde_json::json!({ "number": number.as_f64() }),
        serde_json::Value::Array(items) => items.iter_mut().for_each(by_value),
        serde_json::Value::Object(entries) => entries.values_mut().for_each(by_value),
        _ => {}
    }
}

macro_rules! case {
    ($name:literal, $file:literal) => {
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/patch/", $name, "/", $file))
    };
    ($name:literal) => {
        ($name, case!($name, "base.yaml"), case!($name, "patch.yaml"), case!($name, "result.yaml"))
    };
}

macro_rules! failing {
    ($name:literal) => {
        ($name, case!($name, "base.yaml"), case!($name, "patch.yaml"), case!($name, "error.txt"))
    };
}

#[test]
fn patches_give_what_kustomize_gives() {
    let cases = [
        case!("containers"),
        case!("directive-met-twice"),
        case!("directives-in-new-lists"),
        case!("duplicates-in-target"),
        case!("element-replace"),
        case!("element-without-key"),
        case!("embedded-object"),
        case!("finalizers"),
        case!("finalizers-repeated"),
        case!("json-operations"),
        case!("json-yaml-1.1"),
        case!("list-of-a-custom-kind"),
        case!("map-directives"),
        case!("not-acted-on"),
        case!("nulls"),
        case!("ports-partly-with-protocol"),
        case!("quoted-target"),
        case!("services"),
    ];
    for (name, base, patch, expected) in cases {
        let patched = patched(base, patch);
        assert!(patched.result.is_ok(), "{name}: {:?}", patched.result);
        let expected = document(&patched.trees, "result.yaml", expected);
        assert_eq!(comparable(patched.view()), comparable(patched.trees.view(&expected)), "{name}");
    }
}

#[test]
fn patches_fail_where_kustomize_fails() {
    let cases = [
        failing!("json-index"),
        failing!("json-missing-parent"),
        failing!("json-remove-missing"),
        failing!("json-test"),
        failing!("json-unknown"),
        failing!("unknown-directive"),
        failing!("wrong-kind"),
    ];
    for (name, base, patch, expected) in cases {
        let error = patched(base, patch).result.expect_err(name);
        assert_eq!(error.message, expected.trim_end(), "{name}");
    }
}

#[test]
fn what_is_lost_is_recorded_at_its_place() {
    let lost = |base, patch| {
        let patched = patched(base, patch);
        patched.lost().into_iter().map(|(loss, words)| (loss, words.to_owned())).collect::<Vec<_>>()
    };
    let words = |words: &str| words.to_owned();
    assert_eq!(
        lost(case!("element-without-key", "base.yaml"), case!("element-without-key", "patch.yaml")),
        [(Loss::ElementWithoutKey, words("image: lost"))]
    );
    assert_eq!(
        lost(case!("not-acted-on", "base.yaml"), case!("not-acted-on", "patch.yaml")),
        [(Loss::Directive, words("$retainKeys"))]
    );
    assert_eq!(
        lost(case!("list-of-a-custom-kind", "base.yaml"), case!("list-of-a-custom-kind", "patch.yaml")),
        [(Loss::Directive, words("$patch"))]
    );
    assert_eq!(
        lost(case!("json-operations", "base.yaml"), case!("json-operations", "patch.yaml")),
        [(Loss::ReplaceAdded, words("/spec/new"))]
    );
    assert_eq!(lost(case!("containers", "base.yaml"), case!("containers", "patch.yaml")), []);
    let (kind, at_root) = ("kind: A\na: 1\n", "kind: A\n$patch: replace\nb: 2\n");
    assert_eq!(lost(kind, at_root), [(Loss::Directive, words("$patch"))]);
}

#[test]
fn a_patched_value_is_at_the_patch_and_knows_what_was_there() {
    let patched = patched("kind: A\nspec: {n: 1, m: {x: 1}}\n", "spec: {n: 22, m: {y: {z: 3}}}\n");
    let spec = patched.view().get("spec").expect("a field");
    assert_eq!(patched.words(spec.place()), "{n: 1, m: {x: 1}}");
    assert_eq!(patched.words(spec.path(["n"]).expect("a field").place()), "22");
    assert_eq!(patched.words(spec.path(["m", "y", "z"]).expect("a field").place()), "3");
    let mut value = patched.value.clone();
    let set = value.update_field(&patched.trees, "spec", |spec| {
        spec.update_field(&patched.trees, "n", |n| n.origin().and_then(|origin| origin.set.clone()))
    });
    let set = set.flatten().flatten().expect("a step");
    assert_eq!((set.how, set.by), (How::Patch, patched.by));
    assert_eq!(set.from.as_ref().and_then(|old| patched.trees.view(old).as_int()), Some(1));
}

#[test]
fn an_operation_puts_its_own_bytes_there() {
    let patched = patched("kind: A\nspec: {n: 1}\n", "- {op: replace, path: /spec/n, value: 22}\n");
    let n = patched.view().path(["spec", "n"]).expect("a field");
    assert_eq!(patched.words(n.place()), "22");
}

#[test]
fn what_no_patch_touches_stays_shared() {
    let base = case!("containers", "base.yaml");
    for patch in ["metadata: {labels: {a: b}}\n", "- {op: add, path: /metadata/labels, value: {a: b}}\n"] {
        let patched = patched(base, patch);
        let spec = |value| patched.trees.view(value).get("spec").map(|view| view.value());
        let (before, after) = (spec(&patched.base).expect("a field"), spec(&patched.value).expect("a field"));
        assert!(before.is_same(&after), "{patch}");
    }
}

#[test]
fn a_patch_can_delete_the_object() {
    let patched = patched("kind: A\nmetadata: {name: a}\n", "$patch: delete\nmetadata: {name: a}\n");
    assert_eq!(patched.result, Ok((Outcome::Deleted, Vec::new())));
}
