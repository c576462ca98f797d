//! What Flux Kustomizations and Applications add to their builds, seen in the objects of a side.
//!
//! Never: a rule.

use std::sync::Arc;

use super::gather;
use crate::base::Side;
use crate::delivery::Here;
use crate::model::{Object, Trees};
use crate::testkit::{snapshot, trees};
use crate::world::World;

fn world(trees: &Trees, side: Side, files: &[(&str, &str)], base: Option<&World>) -> World {
    gather(Arc::new(snapshot(trees, side, files)), trees, &Here::default(), base)
}

const DEPLOYMENT: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 1
  template:
    spec:
      containers:
      - {name: web, image: web:1}
";
const LISTED: &str = "resources: [web.yaml]\n";

fn flux(spec: &str) -> String {
    let meta =
        "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: web, namespace: flux}\n";
    format!("{meta}spec:\n  path: ./web\n  sourceRef: {{kind: GitRepository, name: flux-system}}\n{spec}")
}

fn argo(settings: &str) -> String {
    let meta = "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: web}\n";
    format!(
        "{meta}spec:\n  source:\n    repoURL: https://git.example.org/a/b\n    path: web\n    kustomize:\n{settings}"
    )
}

/// The objects of the builds of the folder `web`.
fn of_web(world: &World) -> Vec<&Object> {
    let built = world.builds.iter().filter(|built| built.build.path.as_str() == "web");
    built.flat_map(|built| &built.rendered.objects).collect()
}

/// What stands at a path of an object (`/` between its parts), and where it is written: `value file:line`.
fn at(trees: &Trees, object: &Object, path: &str) -> String {
    let step = |view: crate::model::View<'_>, part: &str| match part.parse() {
        Ok(row) => view.item(row).map(|found| found.value()),
        Err(_) => view.get(part).map(|found| found.value()),
    };
    let mut value = object.value.clone();
    for part in path.split('/') {
        let Some(found) = step(trees.view(&value), part) else { return "nothing".to_owned() };
        value = found;
    }
    let view = trees.view(&value);
    let place = view.place();
    let line = trees.sources().positions(place).0.line;
    format!("{} {}:{line}", view.to_json(), trees.sources().path(place.file))
}

fn lines(trees: &Trees, object: &Object, paths: &[&str]) -> Vec<String> {
    paths.iter().map(|path| at(trees, object, path)).collect()
}

const IMAGE: &str = "spec/template/spec/containers/0/image";
const PRIVILEGED: &str = "spec/template/spec/containers/0/securityContext/privileged";

const SETTINGS: &str = "  targetNamespace: shop
  namePrefix: my-
  commonMetadata:
    labels: {team: a}
  images:
  - name: web
    newTag: '2'
  patches:
  - target: {kind: Deployment}
    patch: |
      - op: add
        path: /spec/template/spec/containers/0/securityContext
        value:
          privileged: true
";

#[test]
fn flux_settings_are_in_the_objects_at_their_lines() {
    let listed: &[(&str, &str)] = &[("web/web.yaml", DEPLOYMENT), ("web/kustomization.yaml", LISTED)];
    for files in [listed, &listed[..1]] {
        let trees = trees();
        let sync = flux(SETTINGS);
        let mut files = files.to_vec();
        files.push(("sync.yaml", &sync));
        let world = world(&trees, Side::Head, &files, None);
        let [object] = of_web(&world)[..] else { panic!("the plain build is gone") };
        assert_eq!(object.key.to_string(), "Deployment shop/my-web");
        assert_eq!(
            lines(&trees, object, &["metadata/namespace", "metadata/name", "metadata/labels/team", IMAGE, PRIVILEGED]),
            [
                "\"shop\" sync.yaml:7",
                "\"my-web\" sync.yaml:8",
                "\"a\" sync.yaml:10",
                "\"web:2\" sync.yaml:13",
                "true sync.yaml:20",
            ]
        );
        assert_eq!(world.applications[0].namespace.as_deref(), Some("shop"));
    }
}

const SETTINGS_MAP: &str =
    "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: vars, namespace: flux}\ndata:\n  COUNT: \"3\"\n";
const SECRET: &str = "apiVersion: v1\nkind: Secret\nmetadata: {name: own, namespace: flux}\nstringData: {HOST: x}\n";
const POST_BUILD: &str = "  postBuild:
    substitute:
      TAG: 1.2.3
    substituteFrom:
    - {kind: ConfigMap, name: vars}
    - {kind: Secret, name: own}
";

#[test]
fn variables_are_replaced_by_what_is_known() {
    let trees = trees();
    let text = DEPLOYMENT.replace("replicas: 1", "replicas: ${COUNT}").replace("web:1}", "'web:${TAG}'}");
    let text = format!("{text}      hostname: ${{HOST}}\n      subdomain: ${{NONE}}-$${{TAG}}-${{NONE:=x}}\n");
    let off = "---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: off\n  labels: \
               {kustomize.toolkit.fluxcd.io/substitute: disabled}\ndata: {a: '${TAG}'}\n";
    let sync = flux(POST_BUILD);
    let files = [
        ("web/web.yaml", &*format!("{text}{off}")),
        ("sync.yaml", &sync),
        ("vars.yaml", SETTINGS_MAP),
        ("own.yaml", SECRET),
    ];
    let world = world(&trees, Side::Head, &files, None);
    let [off, web] = of_web(&world)[..] else { panic!("two objects") };
    assert_eq!(at(&trees, off, "data/a"), "\"${TAG}\" web/web.yaml:18");
    assert_eq!(
        lines(&trees, web, &["spec/replicas", IMAGE, "spec/template/spec/hostname", "spec/template/spec/subdomain"]),
        [
            "3 vars.yaml:5",
            "\"web:1.2.3\" web/web.yaml:9",
            "\"${HOST}\" web/web.yaml:10",
            "\"${NONE}-${TAG}-x\" web/web.yaml:11",
        ]
    );
    let problems = world.builds.iter().flat_map(|built| &built.rendered.problems);
    let told: Vec<String> = problems.map(|p| format!("{} {}", trees.sources().path(p.at.file), p.message)).collect();
    assert_eq!(
        told,
        [
            "own.yaml the values of this Secret are not known: texts that use them stay as they are written",
            "sync.yaml nothing gives these variables a value: texts that use them stay as they are written",
        ]
    );
}

/// What is told of the builds, each with its file and line.
fn told(trees: &Trees, world: &World) -> Vec<String> {
    let problems = world.builds.iter().flat_map(|built| &built.rendered.problems);
    let line = |at: crate::base::Span| trees.sources().positions(at).0.line;
    problems.map(|p| format!("{}:{} {}", trees.sources().path(p.at.file), line(p.at), p.message)).collect()
}

const CONTROLLER: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: kustomize-controller}\nspec:\n  template:\n    \
                          spec:\n      containers:\n      - name: manager\n";
const INSTANCE: &str = "apiVersion: fluxcd.controlplane.io/v1\nkind: FluxInstance\nmetadata: {name: flux}\nspec:\n";

#[test]
fn flux_breaks_off_at_a_variable_without_a_value_where_it_is_told_to() {
    let web = DEPLOYMENT.replace("web:1", "'web:${TAG}'").replace("replicas: 1", "replicas: ${COUNT:=2}");
    let strict = "web/web.yaml:9 nothing gives the variable `TAG` a value, and Flux is set to fail then";
    let lax = "sync.yaml:7 nothing gives these variables a value: texts that use them stay as they are written";
    let gate = |on: &str| {
        format!("        args: [--log-level=info, --feature-gates=A=true,StrictPostBuildSubstitutions={on}]\n")
    };
    let image = |tag: &str| format!("        image: ghcr.io/fluxcd/kustomize-controller:{tag}\n");
    let patch = "  kustomize:\n    patches:\n    - target: {kind: Deployment, name: (kustomize-controller|helm-controller)}\n      \
                 patch: '[{op: add, path: /a, value: --feature-gates=StrictPostBuildSubstitutions=true}]'\n";
    let given = "  postBuild: {substitute: {A: b}}\n";
    for (installer, post_build, expected) in [
        (format!("{CONTROLLER}{}", gate("true")), given, vec![strict]),
        (format!("{CONTROLLER}{}{}", image("v1.9.1"), gate("false")), given, vec![lax]),
        (format!("{CONTROLLER}{}", image("v1.9.1")), given, vec![strict]),
        (format!("{CONTROLLER}{}", image("v1.8.4")), given, vec![lax]),
        (format!("{INSTANCE}{patch}"), given, vec![strict]),
        (format!("{INSTANCE}  distribution: {{version: 2.x}}\n"), given, vec![lax]),
        (format!("{INSTANCE}  distribution: {{version: 2.9.0}}\n"), given, vec![strict]),
        // Who gives no variable gets no substitution, unless it is asked for.
        (format!("{CONTROLLER}{}", gate("true")), "  postBuild: {substitute: {}}\n", vec![]),
        (format!("{CONTROLLER}{}", gate("true")), "  postBuild: {substituteStrategy: Always}\n", vec![strict]),
        (
            format!("{CONTROLLER}{}", gate("true")),
            "  postBuild: {substituteFrom: [{kind: Secret, name: elsewhere}]}\n",
            vec![
                "sync.yaml:7 the values that this names are not in the repository: texts that use them stay as they are written",
            ],
        ),
    ] {
        let trees = trees();
        let sync = flux(post_build);
        let files = [
            ("flux.yaml", &*installer),
            ("sync.yaml", &*sync),
            ("web/kustomization.yaml", LISTED),
            ("web/web.yaml", &*web),
        ];
        let world = world(&trees, Side::Head, &files, None);
        assert_eq!(told(&trees, &world), expected, "{installer}{post_build}");
    }
}

#[test]
fn the_settings_of_a_parent_reach_what_its_children_apply() {
    let trees = trees();
    let child = flux("  postBuild: {substitute: {A: b}}\n");
    let parent = "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: all, namespace: flux}\n\
                  spec:\n  path: ./apps\n  sourceRef: {kind: GitRepository, name: flux-system}\n  patches:\n  - target: {kind: \
                  Kustomization}\n    patch: |\n      - {op: add, path: /spec/targetNamespace, value: shop}\n";
    let files = [
        ("apps/web/kustomization.yaml", "resources: [sync.yaml]\n"),
        ("apps/web/sync.yaml", &*child),
        ("clusters/a/all.yaml", parent),
        ("web/kustomization.yaml", LISTED),
        ("web/web.yaml", DEPLOYMENT),
    ];
    let world = world(&trees, Side::Head, &files, None);
    let paths: Vec<&str> = world.builds.iter().map(|built| built.build.path.as_str()).collect();
    assert_eq!(paths, ["apps", "clusters/a/all.yaml", "web"]);
    assert_eq!(of_web(&world)[0].key.to_string(), "Deployment shop/web");
    assert_eq!(world.applications.len(), 2);
}

#[test]
fn adjusted_builds_are_shared_by_both_sides() {
    let trees = trees();
    let (one, other) = (flux("  targetNamespace: a\n"), flux("  targetNamespace: b\n"));
    let below = format!("# one line more\n{one}");
    let files = |sync| [("sync.yaml", sync), ("web/kustomization.yaml", LISTED), ("web/web.yaml", DEPLOYMENT)];
    let base = world(&trees, Side::Base, &files(&*one), None);
    let web = |world: &World| world.builds.iter().find(|b| b.build.path.as_str() == "web").map(|b| b.rendered.clone());
    for (sync, is_shared, namespace) in [(&one, true, "a"), (&other, false, "b"), (&below, false, "a")] {
        let head = world(&trees, Side::Head, &files(&**sync), Some(&base));
        let (before, after) = (web(&base).expect("a build"), web(&head).expect("a build"));
        assert_eq!(Arc::ptr_eq(&before, &after), is_shared);
        assert_eq!(&*after.objects[0].key.namespace, namespace);
        assert_eq!(head.spare.len(), 1, "what the folder is without settings");
    }
}

const ARGO: &str = r#"      namespace: shop
      nameSuffix: -x
      images: [web=registry.example.org/web:3]
      replicas: [{name: web, count: '4'}]
      commonLabels: {team: a}
      labelWithoutSelector: true
      patches:
      - target: {kind: Deployment}
        patch: '[{"op": "add", "path": "/spec/paused", "value": true}]'
"#;

#[test]
fn argo_settings_are_in_the_objects_at_their_lines() {
    let trees = trees();
    let app = argo(ARGO);
    let files = [("app.yaml", &*app), ("web/kustomization.yaml", LISTED), ("web/web.yaml", DEPLOYMENT)];
    let world = world(&trees, Side::Head, &files, None);
    let [object] = of_web(&world)[..] else { panic!("the plain build is gone") };
    assert_eq!(object.key.to_string(), "Deployment shop/web-x");
    assert_eq!(
        lines(&trees, object, &[IMAGE, "spec/replicas", "metadata/labels/team", "spec/paused", "spec/selector"]),
        [
            "\"registry.example.org/web:3\" app.yaml:11",
            "4 app.yaml:12",
            "\"a\" app.yaml:13",
            "true app.yaml:17",
            "nothing",
        ]
    );
}
