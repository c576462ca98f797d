//! Whole sides in memory: which builds there are, who applies them, what is shared.
//!
//! Never: a rule.

use std::sync::Arc;

use super::gather;
use crate::base::{ProblemKind, Side};
use crate::delivery::Here;
use crate::model::Trees;
use crate::testkit::{snapshot, trees};
use crate::world::World;

const SETTINGS: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n";

fn world(trees: &Trees, side: Side, files: &[(&str, &str)], base: Option<&World>) -> World {
    gather(Arc::new(snapshot(trees, side, files)), trees, &Here::default(), base)
}

fn head(files: &[(&str, &str)]) -> World {
    world(&trees(), Side::Head, files, None)
}

fn argo(name: &str, path: &str) -> String {
    let meta = format!("apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {{name: {name}}}\n");
    format!("{meta}spec: {{source: {{repoURL: https://git.example.org/a/b, path: {path}}}}}\n")
}

fn flux(name: &str, path: &str) -> String {
    let meta = format!("apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {{name: {name}}}\n");
    format!("{meta}spec: {{path: {path}, prune: true, sourceRef: {{kind: GitRepository, name: flux-system}}}}\n")
}

fn set(generators: &str, go: bool, path: &str) -> String {
    format!(
        "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {{name: set}}\nspec:\n  goTemplate: {go}\n  \
         generators: {generators}\n  template:\n    metadata: {{name: x}}\n    spec: {{source: {{repoURL: \
         https://git.example.org/a/b, path: '{path}'}}}}\n"
    )
}

/// Each build with the applications that apply it: "apps: web shop".
fn builds(world: &World) -> Vec<String> {
    let line = |built: &super::super::Built| {
        let names = built.applied_by.iter().map(|row| format!(" {}", world.applications[*row].key.name));
        format!("{}:{}", built.build.path, names.collect::<String>())
    };
    world.builds.iter().map(line).collect()
}

fn roots(world: &World) -> Vec<&str> {
    world.applications.iter().filter(|found| found.is_root).map(|found| &*found.key.name).collect()
}

#[test]
fn applications_of_applications_to_any_depth() {
    let world = head(&[
        ("root.yaml", &argo("root", "one")),
        ("one/a.yaml", &argo("a", "two")),
        ("two/b.yaml", &argo("b", "three")),
        ("three/settings.yaml", SETTINGS),
    ]);
    assert_eq!(builds(&world), ["one: root", "root.yaml:", "three: b", "two: a"]);
    assert_eq!(roots(&world), ["a", "root"]);
}

#[test]
fn circles_end_and_an_application_that_holds_itself_is_no_root() {
    let world = head(&[
        ("a/b.yaml", &argo("b", "b")),
        ("b/a.yaml", &argo("a", "a")),
        ("own/own.yaml", &argo("own", "own")),
        ("lost.yaml", &argo("lost", "nowhere")),
    ]);
    assert_eq!(builds(&world), ["a: a", "b: b", "lost.yaml:", "own: own"]);
    assert_eq!(roots(&world), ["b", "a"]);
}

#[test]
fn one_build_may_have_several_applications_and_be_a_root_kustomization() {
    let world = head(&[
        ("apps.yaml", &format!("{}---\n{}", argo("one", "web"), argo("two", "web"))),
        ("web/kustomization.yaml", "resources: [settings.yaml]\n"),
        ("web/settings.yaml", SETTINGS),
    ]);
    assert_eq!(builds(&world), ["apps.yaml:", "web: one two"]);
}

#[test]
fn flux_in_flux_reads_folders_as_flux_does() {
    let world = head(&[
        ("clusters/a/sync.yaml", &flux("sync", "./apps")),
        ("apps/web/ks.yaml", &flux("web", "./web")),
        ("web/settings.yaml", SETTINGS),
    ]);
    assert_eq!(builds(&world), ["apps: sync", "clusters/a/sync.yaml:", "web: web"]);
    assert_eq!(roots(&world), ["sync"]);
    assert!(world.applications.iter().all(|found| found.cluster.as_deref() == Some("a")));
}

#[test]
fn flux_lets_a_kustomization_read_beside_itself() {
    let files = |apply: &str| {
        head(&[
            ("apply.yaml", apply),
            ("web/kustomization.yaml", "resources: [../base/settings.yaml]\n"),
            ("base/settings.yaml", SETTINGS),
        ])
    };
    let problems = |world: &World| -> Vec<ProblemKind> {
        world.builds.iter().flat_map(|built| built.rendered.problems.iter().map(|problem| problem.kind)).collect()
    };
    assert_eq!(problems(&files(&flux("web", "./web"))), []);
    assert_eq!(problems(&files(&argo("web", "web"))), [ProblemKind::DoesNotBuild]);
}

#[test]
fn a_path_in_an_artifact_is_the_one_folder_that_fits() {
    let oci = |path| flux("sync", path).replace("GitRepository", "OCIRepository");
    let files = |apply: &str| head(&[("sync.yaml", apply), ("kubernetes/apps/prod/settings.yaml", SETTINGS)]);
    assert_eq!(builds(&files(&oci("./apps/prod"))), ["kubernetes/apps/prod: sync", "sync.yaml:"]);
    assert_eq!(builds(&files(&oci("./prod"))), ["kubernetes/apps/prod/settings.yaml:", "sync.yaml:"]);
}

#[test]
fn tests_and_circles_of_kustomizations() {
    let world = head(&[
        ("base/kustomization.yaml", "resources: [settings.yaml]\n"),
        ("base/settings.yaml", SETTINGS),
        ("tests/kustomization.yaml", "resources: [../base]\n"),
        ("x/kustomization.yaml", "resources: [../y]\n"),
        ("y/kustomization.yaml", "resources: [../x]\n"),
    ]);
    assert_eq!(builds(&world), ["base:", "x:"]);
    assert!(world.builds[1].rendered.problems.iter().any(|problem| problem.kind == ProblemKind::DoesNotBuild));
    let reached = head(&[("app.yaml", &argo("t", "tests")), ("tests/settings.yaml", SETTINGS)]);
    assert_eq!(builds(&reached), ["app.yaml:", "tests: t"]);
}

#[test]
fn application_sets_are_what_their_generators_give() {
    let files = [
        ("apps/one/settings.yaml", SETTINGS),
        ("apps/two/settings.yaml", SETTINGS),
        ("env/a.json", "{\"at\": \"two\"}"),
    ];
    let applied = |generators: &str, go: bool, path: &str| -> Vec<String> {
        let set = set(generators, go, path);
        let mut files = files.to_vec();
        files.push(("set.yaml", &set));
        let world = head(&files);
        let applied = world.builds.iter().filter(|built| !built.applied_by.is_empty());
        let problems = world.problems.iter().map(|problem| problem.message.clone());
        applied.map(|built| built.build.path.to_string()).chain(problems).collect()
    };
    let git =
        "git: {repoURL: 'https://git.example.org/a/b', directories: [{path: apps/*}, {path: apps/two, exclude: true}]}";
    let read = "git: {repoURL: 'https://git.example.org/a/b', files: [{path: env/*.json}]}";
    assert_eq!(applied("[{list: {elements: [{at: one}]}}]", false, "apps/{{at}}"), ["apps/one"]);
    assert_eq!(applied(&format!("[{{{git}}}]"), false, "{{path}}"), ["apps/one"]);
    assert_eq!(applied(&format!("[{{{git}}}]"), true, "{{ .path.path }}"), ["apps/one"]);
    assert_eq!(applied(&format!("[{{{read}}}]"), true, "apps/{{ .at }}"), ["apps/two"]);
    let matrix = format!("[{{matrix: {{generators: [{{clusters: {{}}}}, {{{git}}}]}}}}]");
    assert_eq!(applied(&matrix, true, "{{ .path.path }}"), ["apps/one"]);
    let merge = "[{merge: {mergeKeys: [name], generators: [{clusters: {values: {at: one}}}, {list: {elements: [{name: c, \
                 values.at: two}]}}]}}]";
    assert_eq!(applied(merge, false, "apps/{{values.at}}"), ["apps/one", "apps/two"]);
    let lacking = applied("[{clusters: {}}]", true, "apps/{{ .name }}");
    assert_eq!(
        lacking,
        [
            "these applications are not judged: their sources need `.name`, and a `clusters` generator takes them from Argo CD (tell them in `clusters`)"
        ]
    );
}

#[test]
fn what_did_not_change_is_shared() {
    let trees = trees();
    let apps = format!("{}---\n{}", argo("one", "one"), argo("two", "two"));
    let files = |text: &'static str| {
        [("apps.yaml", apps.as_str()), ("one/settings.yaml", SETTINGS), ("two/settings.yaml", text)]
    };
    let base = world(&trees, Side::Base, &files(SETTINGS), None);
    let changed = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: b}\n";
    let head = world(&trees, Side::Head, &files(changed), Some(&base));
    let shared: Vec<(String, bool)> = base
        .builds
        .iter()
        .zip(&head.builds)
        .map(|(before, after)| (after.build.path.to_string(), Arc::ptr_eq(&before.rendered, &after.rendered)))
        .collect();
    let expected = [("apps.yaml", true), ("one", true), ("two", false)];
    assert_eq!(shared, expected.map(|(path, shared)| (path.to_owned(), shared)));
    let mut more = files(SETTINGS).to_vec();
    more.push(("one/more.yaml", changed));
    let head = world(&trees, Side::Head, &more, Some(&base));
    assert_eq!(head.builds[1].rendered.objects.len(), 2, "a file that came is read");
}

/// The folders of the head's builds that were rendered anew though the base has them.
fn rendered_twice(base: &World, head: &World) -> Vec<String> {
    let before = |built: &crate::world::Built| base.builds.iter().find(|other| other.build == built.build);
    let is_twice = |built: &&crate::world::Built| {
        before(built).is_some_and(|other| !Arc::ptr_eq(&other.rendered, &built.rendered))
    };
    head.builds.iter().filter(is_twice).map(|built| built.build.path.to_string()).collect()
}

#[test]
fn only_the_overlay_that_differs_is_rendered_twice() {
    let trees = trees();
    let overlay = "resources: [../../base]\nnamespace: a\n";
    let changed = "resources: [../../base]\nnamespace: b\n";
    let files = |two: &'static str| {
        [
            ("base/kustomization.yaml", "resources: [settings.yaml]\n"),
            ("base/settings.yaml", SETTINGS),
            ("overlays/one/kustomization.yaml", overlay),
            ("overlays/three/kustomization.yaml", overlay),
            ("overlays/two/kustomization.yaml", two),
        ]
    };
    let base = world(&trees, Side::Base, &files(overlay), None);
    let head = world(&trees, Side::Head, &files(overlay), Some(&base));
    assert_eq!((rendered_twice(&base, &head), head.builds.len()), (Vec::new(), 3));
    let head = world(&trees, Side::Head, &files(changed), Some(&base));
    assert_eq!((rendered_twice(&base, &head), head.builds.len()), (vec!["overlays/two".to_owned()], 3));
    let mut more = files(overlay).to_vec();
    more.push(("overlays/four/kustomization.yaml", overlay));
    let head = world(&trees, Side::Head, &more, Some(&base));
    assert_eq!((rendered_twice(&base, &head), head.builds.len()), (Vec::new(), 4), "an overlay more changes no other");
    more.push(("base/kustomization.yml", overlay));
    let head = world(&trees, Side::Head, &more, Some(&base));
    assert_eq!(rendered_twice(&base, &head).len(), 3, "a second kustomization of the base breaks all of its overlays");
}
