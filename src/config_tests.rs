//! Configurations: every mistake at its line as people see it, and what right ones resolve to.
//!
//! Never: a tree on disk; `testdata/config/*.yaml` are the mistakes, each with its snapshot beside it.

use super::*;
use crate::base::Side;
use crate::report::{self, Color};
use crate::testkit;

/// The configuration that `text` is, in a tree with one pack.
fn resolved(text: &str) -> (Trees, Result<Configuration, Vec<Mistake>>) {
    let trees = testkit::trees();
    let rule = "check: problem\nwith: {of: unparsable}\nseverity: info\nsince: 0.1.0\nsays: x\nwhy: x\nfix: x\n";
    let files = [(NAME, text), ("guards/own/odd-name.yaml", rule), ("guards/README.md", "x\n")];
    let snapshot = testkit::snapshot(&trees, Side::Head, &files);
    let file = file_of(&snapshot).expect("it is there");
    let read = read(&trees, file, &snapshot);
    (trees, read)
}

fn settled(text: &str) -> Result<(RuleSet, Settings, Configuration), String> {
    let (trees, read) = resolved(text);
    let told = |wrong: Vec<Mistake>| report::mistakes(trees.sources(), &wrong, Color::Off, 100);
    let configuration = read.map_err(told)?;
    let mut rules = RuleSet::embedded();
    rules.add(&trees, &configuration.packs, &crate::secrets::RunKey::fresh());
    let mut settings = Settings::default();
    configuration.settle(&rules, &mut settings).map_err(told)?;
    Ok((rules, settings, configuration))
}

#[test]
fn all_mistakes_are_told_at_their_lines() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/config");
    insta::glob!(folder, "*.yaml", |path| {
        #[expect(clippy::disallowed_methods, reason = "a test reads its fixtures")]
        let text = std::fs::read_to_string(path).expect("a fixture can be read");
        let told = settled(&text).err().expect("the fixtures are wrong");
        assert!(!told.contains("tooshort"), "the salt is shown");
        let mut snapshots = insta::Settings::clone_current();
        snapshots.set_snapshot_path(folder);
        snapshots.set_prepend_module_to_snapshot(false);
        snapshots.set_omit_expression(true);
        snapshots.remove_input_file();
        snapshots.remove_snapshot_suffix();
        let name = path.file_stem().and_then(|stem| stem.to_str()).expect("a name").to_owned();
        snapshots.bind(|| insta::assert_snapshot!(name, told));
    });
}

#[test]
fn everything_that_is_documented_is_taken() {
    let text = "
repositories: [https://example.com/fleet.git]
tiers: {root: [bootstrap/*], core: [core-platform/**], stable: ['**/stable/**'], beta: ['**/beta/**'], workloads: [teams/**]}
environments:
  enforce: true
  order:
  - {name: dev, paths: ['apps/*/overlays/dev/**']}
  - {name: prod, paths: ['apps/*/overlays/prod/**', clusters/production/**]}
roots: [argocd/platform-root]
packs: [guards]
rules: {odd-name: {severity: warning}, plaintext-secret: off, pod-security: on, strct: on}
ignore: [{rule: plaintext-secret, path: 'test/**', reason: test fixtures, until: 2027-06-30}, {rule: nix}]
exclude: ['vendor/**']
secrets: {salt: 0123456789abcdef, allow: [0123456789abcdef0123456789abcdef]}
deprecation: {mark: acme/deprecated, message: acme/instead, sunset: acme/until, version_label: release, notice_days: 30}
targets: {kubernetes: '1.34', flux: '2.8', crossplane: v2.1}
";
    let (rules, settings, configuration) = settled(text).expect("it is right");
    assert!(rules.problems.is_empty());
    let lifecycle = &configuration.lifecycle;
    assert_eq!((&*lifecycle.mark, &*lifecycle.sunset, lifecycle.notice), ("acme/deprecated", "acme/until", 30));
    assert_eq!(rules.get("odd-name").map(|rule| &*rule.pack), Some("own"));
    assert_eq!(settings.rules["odd-name"], Setting::Severity(Severity::Warning));
    assert_eq!((settings.rules["plaintext-secret"], settings.rules["pod-security"]), (Setting::Off, Setting::On));
    let unknown: Vec<&str> = settings.problems.iter().map(|problem| &*problem.message).collect();
    assert_eq!(unknown, ["no rule is called `strct`", "no rule is called `nix`"]);
    assert_eq!(settings.ignores[0].until, Some("2027-06-30".parse()));
    assert_eq!((settings.ignores[0].explained, settings.ignores[1].explained), (true, false));
    assert_eq!((settings.exclude.len(), settings.allowed.len()), (1, 1));
    assert_eq!((configuration.layout.tiers.len(), configuration.layout.environments.len()), (5, 2));
    assert_eq!(configuration.salt.as_deref(), Some("0123456789abcdef"));
    assert_eq!((configuration.repositories.len(), configuration.roots.len()), (1, 1));
}

#[test]
fn nothing_and_merged_maps_are_configurations() {
    for text in ["", "# nothing yet\n", "---\n"] {
        assert!(settled(text).is_ok(), "{text:?}");
    }
    let merged = "secrets: &a {salt: 0123456789abcdef}\ntiers: {core: &b [x/**], root: *b}\n";
    let (_, _, configuration) = settled(merged).expect("it is right");
    assert_eq!(configuration.layout.tiers.len(), 2);
    assert!(settled("ignore: [&a {rule: plaintext-secret, reason: x}, {<<: *a, path: a}]\n").is_ok());
}

#[test]
fn what_a_change_adds_is_told_from_what_was_there() {
    let before = resolved("exclude: [a]\nignore: [{rule: x, reason: y}]\n").1.expect("it is right");
    let text =
        "exclude: [b, a]\nrules: {plaintext-secret: off}\nignore: [{rule: x, reason: y}, {rule: x, reason: z}]\n";
    let (trees, after) = resolved(text);
    let after = after.expect("it is right");
    let added: Vec<&str> = after.added(&before).into_iter().map(|at| trees.sources().slice(at)).collect();
    assert_eq!(added, ["{rule: x, reason: z}", "b", "plaintext-secret: off"]);
    assert!(after.added(&after).is_empty());
}
