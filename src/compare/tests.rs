//! The comparison over pairs of definitions, and its laws.
//!
//! Never: a severity.

#![expect(clippy::disallowed_methods, reason = "tests read their fixtures")]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use super::testworld::{Sides, files, sides};
use super::worlds;

fn testdata() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata")
}

fn folders(root: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(root).expect("the fixtures are there");
    let mut found: Vec<PathBuf> = entries.map(|entry| entry.expect("it can be read").path()).collect();
    found.sort();
    found
}

/// `a.yaml` against `b.yaml`, as one file of both sides.
fn pair(folder: &Path) -> Sides {
    let read = |name: &str| {
        let text = std::fs::read_to_string(folder.join(name)).expect("a text");
        vec![("api.yaml".to_owned(), text)]
    };
    sides(&read("a.yaml"), &read("b.yaml"))
}

fn shown(sides: &Sides) -> String {
    let changes = worlds(&sides.trees, &sides.base, &sides.head);
    let sources = sides.trees.sources();
    let mut out = String::new();
    for change in changes.apis() {
        let (line, _) = sources.positions(change.at);
        let version = change.version.as_deref().unwrap_or("-");
        let words = sources.slice(change.at).lines().next().unwrap_or_default();
        let _ = writeln!(out, "{version} {} {:?} at {}: {words}", change.path, change.what, line.line);
    }
    out
}

#[test]
fn each_kind_of_difference_has_its_name_and_line() {
    for folder in folders(&testdata().join("compare")) {
        let name = folder.file_name().expect("a name").to_string_lossy().into_owned();
        insta::assert_snapshot!(name, shown(&pair(&folder)));
    }
}

#[test]
fn a_world_does_not_differ_from_itself() {
    let mut trees: Vec<Vec<(String, String)>> = Vec::new();
    for folder in folders(&testdata().join("compare")) {
        trees.push(files(&folder));
    }
    for folder in folders(&testdata().join("breaking-changes")) {
        trees.extend(["fail/base", "fail/head", "pass/base", "pass/head"].map(|part| files(&folder.join(part))));
    }
    for tree in trees {
        let same = sides(&tree, &tree);
        assert_eq!(shown(&same), "");
        // The same again in other bytes: nothing is compared by its address only.
        let moved: Vec<_> = tree.iter().map(|(path, text)| (path.clone(), format!("# moved\n{text}"))).collect();
        assert_eq!(shown(&sides(&tree, &moved)), "");
    }
}

#[test]
fn objects_are_paired_by_identity_and_then_by_file() {
    let object = |name: &str| format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\n");
    let file = |path: &str, text: String| (path.to_owned(), text);
    let base = [file("a.yaml", object("one") + "---\n" + &object("two")), file("b.yaml", object("one"))];
    let head = [file("a.yaml", object("two") + "---\n" + &object("new")), file("c.yaml", object("one"))];
    let sides = sides(&base, &head);
    let changes = worlds(&sides.trees, &sides.base, &sides.head);
    let name = |world: &crate::world::World, at| {
        let at: crate::world::ObjectAt = at;
        let path = &world.builds[at.build].build.path;
        format!("{path} {}", world.object(at).key.name)
    };
    let pairs: Vec<_> = changes
        .objects
        .iter()
        .map(|pair| (pair.base.map(|at| name(&sides.base, at)), pair.head.map(|at| name(&sides.head, at))))
        .collect();
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(
        pairs,
        [
            (some("a.yaml two"), some("a.yaml two")),
            (None, some("a.yaml new")),
            (some("a.yaml one"), some("c.yaml one")),
            (some("b.yaml one"), None),
        ]
    );
}

#[test]
fn the_list_of_names_is_that_of_the_variants() {
    let names: std::collections::BTreeSet<&str> = super::What::NAMES.into_iter().collect();
    assert_eq!(names.len(), super::What::NAMES.len());
    for folder in folders(&testdata().join("compare")) {
        let sides = pair(&folder);
        for change in worlds(&sides.trees, &sides.base, &sides.head).apis() {
            assert!(names.contains(change.what.name()), "{}", change.what.name());
        }
    }
}
