//! Where values come from: the law of origins over every kustomization of the fixtures and over random ones, and what
//! `render --origins` and `blame` say of one overlay per operation.
//!
//! Never: a value of a corpus; those are only counted.

#![expect(clippy::disallowed_methods, reason = "a test reads its cases")]

#[path = "origins_law.rs"]
mod law;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use gitops_guard::base::{RepoPath, Sources};
use gitops_guard::model::Trees;
use gitops_guard::origins::{Told, beside, blame};
use gitops_guard::read;
use gitops_guard::render::{Build, BuildKind, LoadRestriction, Options, Rendered, Renderer};
use gitops_guard::report::Color;
use law::Law;

const NAMES: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// All folders below one that hold a kustomization, sorted.
fn kustomizations(root: &Path) -> Vec<PathBuf> {
    let files = walkdir::WalkDir::new(root).sort_by_file_name().into_iter().filter_map(Result::ok);
    let mut found: Vec<PathBuf> = files
        .filter(|file| file.file_name().to_str().is_some_and(|name| NAMES.contains(&name)))
        .filter_map(|file| file.path().parent().map(Path::to_owned))
        .collect();
    found.dedup();
    found
}

/// One build of a folder on the disk.
fn build(folder: &Path) -> (Trees, RepoPath, Rendered) {
    let sources = Arc::new(Sources::default());
    let snapshot = read::on_demand(&sources);
    let trees = Trees::new(sources);
    let folder = folder.canonicalize().expect("the folder is there");
    let path = folder.to_str().and_then(|text| RepoPath::new(text.trim_start_matches('/'))).expect("a path in UTF-8");
    let asked = Build::plain(path.clone(), BuildKind::Kustomize);
    let options = Options { load: LoadRestriction::None, ..Options::default() };
    let built = Renderer::new(&snapshot, &trees, options).build(&asked);
    (trees, path, built)
}

/// What the law says of many builds.
#[derive(Default)]
struct Verdict {
    built: usize,
    nodes: usize,
    steps: BTreeMap<&'static str, usize>,
    broken: Vec<String>,
}

impl Verdict {
    /// Builds a folder, if it can be built, and holds the law over each of its objects.
    fn add(&mut self, folder: &Path) {
        let (trees, _, built) = build(folder);
        if built.objects.is_empty() {
            return;
        }
        self.built += 1;
        let mut law = Law::new(&trees);
        built.objects.iter().for_each(|object| law.check(&object.value));
        self.nodes += law.nodes;
        law.steps.into_iter().for_each(|(how, count)| *self.steps.entry(how).or_default() += count);
        self.broken.extend(law.broken.into_iter().map(|line| format!("{}\n    {line}", folder.display())));
    }

    fn holds(&self) {
        let some: Vec<&str> = self.broken.iter().map(String::as_str).take(40).collect();
        assert!(some.is_empty(), "{} broken\n{}", self.broken.len(), some.join("\n"));
    }
}

/// What is told of `testdata/origins/prod`, which has one of each operation.
fn told(tell: impl FnOnce(Told<'_>) -> String) {
    let (trees, folder, built) = build(&Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/origins/prod"));
    assert!(built.problems.is_empty(), "{:?}", built.problems);
    let text = tell(Told { trees: &trees, folder: &folder, built: &built });
    assert!(!text.contains("never-shown") && !text.contains("hidden"), "a secret is shown\n{text}");
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("origins");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    let name = std::thread::current().name().unwrap_or_default().to_owned();
    settings.bind(|| insta::assert_snapshot!(name, text));
}

#[test]
fn beside_each_line_is_its_place() {
    told(|told| beside(told, Color::Off).expect("it can be printed"));
}

#[test]
fn each_field_has_its_whole_chain() {
    told(|told| {
        let names = told
            .built
            .objects
            .iter()
            .map(|object| (format!("{}.{}", object.key.kind, object.key.group), &object.key.name));
        let texts =
            names.map(|(kind, name)| blame(told, &format!("{kind}/{name}"), None, Color::Off).expect("it is there"));
        texts.collect::<Vec<_>>().join("\n")
    });
}

#[test]
fn what_is_not_there_is_told_with_what_is_near() {
    let asked = [
        ("deploymnt/prod-web-eu", None),
        ("Deployment/nothing-like-it", None),
        ("Widget/a", None),
        ("Deployment", None),
        ("Deployment/shop/prod-web-eu", Some("spec.replica")),
        ("Deployment.apps/prod-web-eu", Some("/spec/templates")),
        ("deployment/prod-web-eu", Some("qqqq")),
        ("deployment/prod-web-eu", Some("")),
        ("ConfigMap/settings", None),
        ("Service/prod-web-eu", None),
        ("service./shop/prod-web-eu", None),
        ("service.serving.knative.dev/prod-web-eu", Some("metadata.name")),
        ("Service/dev/prod-web-eu", None),
    ];
    told(|told| {
        let mut text = String::new();
        for (object, field) in asked {
            let said = blame(told, object, field, Color::Off).unwrap_or_else(|error| format!("error: {error}"));
            let first = said.lines().next().unwrap_or_default();
            let _ = writeln!(text, "{object} {}\n    {first}", field.unwrap_or_default());
        }
        text
    });
}

#[test]
fn every_value_of_every_fixture_comes_from_where_its_origin_says() {
    let mut verdict = Verdict::default();
    for folder in kustomizations(&Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata")) {
        verdict.add(&folder);
    }
    assert!(verdict.built > 40, "only {} fixtures build", verdict.built);
    verdict.holds();
}

/// Numbers that look random and are the same in each run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((mixed ^ (mixed >> 31)) % sides as u64) as usize
    }

    fn any<'a>(&mut self, words: &[&'a str]) -> &'a str {
        words[self.roll(words.len())]
    }
}

/// What an overlay may do to the base of [`BASE`], each with its alternatives where a word is `|`.
const STEPS: [&str; 15] = [
    "namePrefix: A|a-|'b-'|\"c\\x2d\"",
    "nameSuffix: Z|-z|\"-1\"|'-0x1f'",
    "namespace: N|shop|\"8080\"",
    "commonLabels: {team: T}|{team: \"1\", tier: 'a b'}|{\"app\": web}",
    "labels: [{pairs: {a: b}, includeTemplates: true}]|[{pairs: {c: 'd'}, includeSelectors: true}]",
    "commonAnnotations: {note: \"a\\nb\"}|{note: 'it''s'}|{note: plain}",
    "images: [{name: nginx, newTag: v2}]|[{name: nginx, newName: r.io/n, digest: 'sha256:0a'}]|[{name: nginx, tagSuffix: -x}]",
    "replicas: [{name: web, count: 4}]|[{name: web, count: 0}]",
    "configMapGenerator: [{name: conf, behavior: merge, literals: [k=v, 'm=\"q\"', \"e=x\\ty\"]}]|[{name: own, envs: [a.env], files: [a.txt, b=a.txt]}]",
    "secretGenerator: [{name: login, literals: [user=me, empty=]}]|[{name: login, files: [a.txt], type: x/y, options: {disableNameSuffixHash: true}}]",
    "generatorOptions: {labels: {from: here}, immutable: true}|{annotations: {nil: null}, disableNameSuffixHash: true}",
    "patches: [{path: p.yaml}]|[{patch: '[{\"op\": \"add\", \"path\": \"/spec/paused\", \"value\": true}]', target: {kind: Deployment}}]",
    "patches:\n- patch: |-\n    - op: replace\n      path: /spec/replicas\n      value: 3\n    - {op: copy, from: /spec/template/spec, path: /spec/x}\n  target: {kind: Deployment}",
    "replacements: [{source: {kind: Service, fieldPath: spec.ports.0.port}, targets: [{select: {kind: Deployment}, fieldPaths: [spec.template.spec.containers.0.env.0.value]}]}]|[{source: {kind: ConfigMap, name: conf, fieldPath: data.url, options: {delimiter: ':', index: 1}}, targets: [{select: {kind: Deployment}, fieldPaths: [spec.template.spec.containers.0.image], options: {delimiter: ':', index: 1}}]}]",
    "vars: [{name: V, objref: {kind: Service, name: web, apiVersion: v1}}]|[{name: V, objref: {kind: Deployment, name: web, apiVersion: apps/v1}, fieldref: {fieldpath: spec.replicas}}]",
];

const BASE: [(&str, &str); 4] = [
    (
        "base/kustomization.yaml",
        "resources: [web.yaml]\nconfigMapGenerator:\n- name: conf\n  literals:\n  - url=a:b:c\n  - k=old\n",
    ),
    (
        "base/web.yaml",
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, annotations: {empty: , n: 1}}\nspec:\n  replicas: 2\n  \
         selector: {matchLabels: {app: web}}\n  template:\n    metadata: {labels: {app: web}}\n    spec:\n      containers:\n      \
         - name: web\n        image: nginx:1.0\n        args: [$(V), \"a $(V) $$(V) $(W)\"]\n        env:\n        \
         - {name: P, value: \"1\"}\n        - {name: U, valueFrom: {configMapKeyRef: {name: conf, key: url}}}\n---\n\
         apiVersion: v1\nkind: Service\nmetadata:\n  name: web\nspec: {selector: {app: web}, ports: [{port: 80}]}\n",
    ),
    ("a.env", "# comment\nA=1\nB=\n  C=x y\nD\n"),
    ("a.txt", "\nline\nother: \u{e9}\n"),
];

const PATCH: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, labels: {new: label}}\nspec:\n  replicas: 5\n  \
                     template:\n    spec:\n      containers:\n      - name: web\n        command: [run, |\n";

/// Writes an overlay over the base, or over another overlay: each step is taken or left.
fn write_overlay(root: &Path, name: &str, below: &str, dice: &mut Dice) {
    let write = |path: &str, text: &str| {
        let file = root.join(path);
        std::fs::create_dir_all(file.parent().expect("it is below the root")).expect("a folder can be made");
        std::fs::write(file, text).expect("a file can be written");
    };
    BASE[..2].iter().for_each(|(path, text)| write(path, text));
    BASE[2..].iter().for_each(|(path, text)| write(&format!("{name}/{path}"), text));
    write(&format!("{name}/p.yaml"), &PATCH.replace("[run, |", dice.any(&["[run]", "[]", "null"])));
    let mut text = format!("resources: [../{below}]\n");
    let mut met: Vec<&str> = Vec::new();
    for step in STEPS {
        let (field, choices) = step.split_once(':').expect("a field");
        let choices = choices.trim_start();
        if dice.roll(3) > 0 || met.contains(&field) {
            continue;
        }
        met.push(field);
        // A block text has a bar of its own.
        let is_block = choices.contains("patch: |-");
        let chosen = if is_block { choices } else { dice.any(&choices.split('|').collect::<Vec<_>>()) };
        text = text + field + if is_block { ":\n" } else { ": " } + chosen + "\n";
    }
    write(&format!("{name}/kustomization.yaml"), &text);
}

#[test]
fn every_value_of_random_overlays_comes_from_where_its_origin_says() {
    let root = tempfile::tempdir().expect("a temporary folder");
    let mut verdict = Verdict::default();
    let mut dice = Dice(7);
    for _ in 0..300 {
        write_overlay(root.path(), "one", "base", &mut dice);
        write_overlay(root.path(), "two", "one", &mut dice);
        verdict.add(&root.path().join("one"));
        verdict.add(&root.path().join("two"));
    }
    assert!(verdict.built > 200, "only {} overlays build", verdict.built);
    assert!(verdict.steps.len() >= 13, "some steps are never taken: {:?}", verdict.steps);
    verdict.holds();
}

/// For a folder of real overlays: `LAW=<folder> cargo test --test origins -- --ignored --nocapture`.
#[test]
#[ignore = "needs a folder of kustomizations"]
#[expect(clippy::print_stderr, reason = "its figures are what it is run for")]
fn every_value_below_a_folder_comes_from_where_its_origin_says() {
    let root = std::env::var_os("LAW").expect("`LAW` names a folder");
    let mut verdict = Verdict::default();
    for folder in kustomizations(Path::new(&root)) {
        verdict.add(&folder);
    }
    let Verdict { built, nodes, steps, broken } = &verdict;
    eprintln!("{built} builds, {nodes} nodes, {} broken, steps: {steps:?}", broken.len());
    verdict.holds();
}
