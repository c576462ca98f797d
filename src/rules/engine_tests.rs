//! The engine over small worlds: what is new, what is folded, what a panic costs, and that threads change nothing.
//!
//! Never: a word of an embedded rule; the rules here are the test's own.

use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::kinds::{self, CheckKind};
use super::{
    Check, Default, Facts, Grade, Hit, Rule, RuleSet, Setting, Settings, Severity, Show, Template, Verdict, judge,
};
use crate::base::{Date, Problem, ProblemKind, Side};
use crate::compare::Changes;
use crate::delivery::Here;
use crate::impact::Impact;
use crate::model::Trees;
use crate::render::BuildKind;
use crate::testkit::{path, plain_build, plain_world, snapshot, trees};
use crate::world::{self, World};

fn rule(id: &str, check: Check) -> Rule {
    let kind: &'static CheckKind = kinds::kind("problem").expect("a kind");
    Rule {
        id: id.into(),
        pack: "test".into(),
        kind,
        check,
        severity: Severity::Warning,
        default: Default::On,
        raise: vec![Grade { when: "unread".into(), to: Severity::Error }],
        lower: Vec::new(),
        since: "0.1.0".into(),
        says: Template::new("{what} is bad"),
        why: "why".into(),
        fix: "mend it\n".into(),
        see: Vec::new(),
    }
}

/// Finds every `bad: true` in a list `items` of an object; worse where `worse: true` stands beside it.
fn bad_items(object: &crate::model::Object, trees: &Trees, sink: &mut super::Sink) {
    let items = object.view(trees).get("items");
    for (row, item) in items.into_iter().flat_map(|items| items.items()).enumerate() {
        let Some(bad) = item.get("bad").filter(|bad| bad.as_bool() == Some(true)) else { continue };
        let hit =
            Hit::at(bad.place()).word("what", item.str_at(["name"]).unwrap_or("?")).field(format!("/items/{row}/bad"));
        sink.report(if item.get("worse").is_some() { hit.fact("unread") } else { hit });
    }
}

fn value_rule() -> Rule {
    rule("bad-item", Check::Value(Box::new(|trees, object, sink| bad_items(object, trees, sink))))
}

/// A rule that counts what it is asked about.
fn counting_rule(count: &Arc<AtomicUsize>) -> Rule {
    let count = count.clone();
    rule(
        "counted",
        Check::Value(Box::new(move |_, _, _| {
            count.fetch_add(1, Ordering::Relaxed);
        })),
    )
}

fn object_rule() -> Rule {
    rule("bad-item", Check::Object(Box::new(|trees, subject, sink| bad_items(subject.object, trees, sink))))
}

fn verdict(rules: Vec<Rule>, trees: &Trees, base: Option<&World>, head: &World, settings: &Settings) -> Verdict {
    let (changes, impact) = (Changes::default(), Impact::default());
    let facts = Facts { trees, base, head, changes: &changes, impact: &impact, today: Date::default() };
    judge(&RuleSet::new(rules, Vec::new()), &facts, settings)
}

/// One line a finding: place, severity, message, related places.
fn lines(trees: &Trees, verdict: &Verdict) -> Vec<String> {
    let at = |span| {
        let start = trees.sources().positions(span).0;
        format!("{}:{}", trees.sources().path(span.file), start.line)
    };
    let line = |finding: &super::Finding| {
        let mut line = format!("{} {:?}: {}", at(finding.primary), finding.severity, finding.message);
        for label in &finding.related {
            write!(line, "; {} {}", at(label.at), label.says).expect("a string takes all");
        }
        line
    };
    verdict.findings.iter().map(line).collect()
}

fn list(kind: &str, items: &[&str]) -> String {
    let items = items.join("}\n- {");
    format!("apiVersion: v1\nkind: {kind}\nmetadata: {{name: a}}\nitems:\n- {{{items}}}\n")
}

#[test]
fn only_what_the_base_lacks_is_open() {
    for make in [value_rule, object_rule] {
        let trees = trees();
        let before = list("A", &["name: x, bad: true", "name: y, bad: true"]);
        let after = list("A", &["name: new", "name: y, bad: true", "name: z, bad: true", "name: x, bad: true"]);
        let base = plain_world(&trees, Side::Base, &[("a.yaml", &before)]);
        let head = plain_world(&trees, Side::Head, &[("a.yaml", &after)]);
        let found = verdict(vec![make()], &trees, Some(&base), &head, &Settings::default());
        assert_eq!(lines(&trees, &found), ["a.yaml:7 Warning: z is bad; a.yaml:2 of this A"]);
        assert_eq!((found.counts.warning, found.counts.unchanged), (1, 1));
        let same = verdict(vec![make()], &trees, Some(&base), &base, &Settings::default());
        assert_eq!(same.findings.len(), 0);
        let all = Settings { show: Show::All, ..Settings::default() };
        assert_eq!(verdict(vec![make()], &trees, Some(&base), &head, &all).findings.len(), 2);
    }
}

#[test]
fn a_fault_that_is_mended_elsewhere_does_not_hide_a_new_one() {
    let trees = trees();
    let (good, bad) = (list("A", &["name: x"]), list("A", &["name: x, bad: true"]));
    let base = plain_world(&trees, Side::Base, &[("dev.yaml", &bad), ("prod.yaml", &good)]);
    let head = plain_world(&trees, Side::Head, &[("dev.yaml", &good), ("prod.yaml", &bad)]);
    let found = verdict(vec![value_rule()], &trees, Some(&base), &head, &Settings::default());
    assert_eq!(lines(&trees, &found), ["prod.yaml:5 Warning: x is bad; prod.yaml:2 of this A"]);
}

/// What is open, what is unchanged, and how many objects of the base a rule is asked about that finds what is bad.
fn of_base(before: &str, after: &str) -> (usize, usize, usize) {
    let trees = trees();
    let count = Arc::new(AtomicUsize::new(0));
    let counted = count.clone();
    let check = move |trees: &Trees, subject: &super::Subject<'_>, sink: &mut super::Sink| {
        counted.fetch_add(usize::from(subject.world.side == Side::Base), Ordering::Relaxed);
        bad_items(subject.object, trees, sink);
    };
    let base = plain_world(&trees, Side::Base, &[("a.yaml", before)]);
    let head = plain_world(&trees, Side::Head, &[("a.yaml", after)]);
    let rules = vec![rule("bad-item", Check::Object(Box::new(check)))];
    let found = verdict(rules, &trees, Some(&base), &head, &Settings::default());
    (found.counts.warning, found.counts.unchanged, count.load(Ordering::Relaxed))
}

#[test]
fn the_base_is_judged_where_that_can_change_what_is_said() {
    let (good, bad) = (list("A", &["name: x"]), list("A", &["name: x, bad: true"]));
    let both = list("A", &["name: x, bad: true", "name: y, bad: true"]);
    let suppressed = format!("{} # gitops-guard: ignore[bad-item] why\n", bad.trim_end());
    assert_eq!(of_base(&bad, &bad), (0, 1, 1), "an old finding is told from a new one");
    assert_eq!(of_base(&bad, &both), (1, 1, 1));
    assert_eq!(of_base(&good, &bad), (1, 0, 1));
    assert_eq!(of_base(&bad, &good), (0, 0, 0), "what only the base has is no matter of the head");
    assert_eq!(of_base(&suppressed, &bad), (1, 0, 1), "the change takes the suppression away");
    assert_eq!(of_base(&suppressed, &good), (0, 0, 1), "what a suppression matches depends on all that is found");
    assert_eq!(of_base(&good, &suppressed), (0, 0, 1));
}

#[test]
fn a_severity_that_rose_is_new_and_says_why() {
    let trees = trees();
    let before = list("A", &["name: x, bad: true"]);
    let after = list("A", &["name: x, bad: true, worse: true"]);
    let base = plain_world(&trees, Side::Base, &[("a.yaml", &before)]);
    let head = plain_world(&trees, Side::Head, &[("a.yaml", &after)]);
    let found = verdict(vec![value_rule()], &trees, Some(&base), &head, &Settings::default());
    assert_eq!(lines(&trees, &found), ["a.yaml:5 Error: x is bad (no build reads the file); a.yaml:2 of this A"]);
    let fixed = Settings {
        rules: [("test".to_owned(), super::Setting::Severity(Severity::Info))].into(),
        ..Settings::default()
    };
    assert_eq!(verdict(vec![value_rule()], &trees, Some(&base), &head, &fixed).findings.len(), 0);
}

#[test]
fn places_of_one_object_and_builds_of_one_place_are_one_finding() {
    let trees = trees();
    let text = list("A", &["name: x, bad: true", "name: y, bad: true"]);
    let mut head = plain_world(&trees, Side::Head, &[("a.yaml", &text)]);
    let file = head.texts[0];
    head.builds.clear();
    let overlays: Vec<String> = (0..7).map(|n| format!("o{n}/kustomization.yaml")).collect();
    let files: Vec<(&str, &str)> = overlays.iter().map(|name| (&**name, "resources: [../a.yaml]\n")).collect();
    let side = plain_world(&trees, Side::Head, &files);
    for (name, kustomization) in side.snapshot.files() {
        let mut built = plain_build(&trees, &name.parent().expect("a folder"), &[file]);
        built.build.kind = BuildKind::Kustomize;
        built.place = trees.top(kustomization);
        head.builds.push(built);
    }
    let found = verdict(vec![value_rule()], &trees, None, &head, &Settings::default());
    assert_eq!(
        lines(&trees, &found),
        ["a.yaml:5 Warning: x is bad; a.yaml:2 of this A; a.yaml:6 and here; \
          o0/kustomization.yaml:1 rendered by this overlay; o1/kustomization.yaml:1 rendered by this overlay; \
          o2/kustomization.yaml:1 rendered by this overlay; o3/kustomization.yaml:1 rendered by this overlay; \
          o4/kustomization.yaml:1 rendered by this overlay, and by 2 more"]
    );
}

#[test]
fn a_problem_that_the_base_has_counts_where_the_change_touches_its_files() {
    let trees = trees();
    let broken = |side, text: &str| {
        let mut world = plain_world(&trees, side, &[("a.yaml", text), ("b.yaml", "b: 1\n")]);
        let file = world.builds[0].rendered.files[0];
        let problem = Problem::new(ProblemKind::DoesNotBuild, trees.top(file), "it does not build");
        let rendered = crate::render::Rendered {
            problems: vec![problem],
            files: vec![file],
            ..crate::render::Rendered::default()
        };
        world.builds[0].rendered = Arc::new(rendered);
        world
    };
    let guard = || Rule {
        pack: "guard".into(),
        says: Template::new("{problem}"),
        ..rule("overlay", Check::Problem(ProblemKind::DoesNotBuild))
    };
    let base = broken(Side::Base, "a: 1\n");
    let ignore = Settings { ignore: vec!["guard".into()], ..Settings::default() };
    let same = verdict(vec![guard()], &trees, Some(&base), &broken(Side::Head, "a: 1\n"), &ignore);
    assert_eq!((same.findings.len(), same.standing[0].count), (0, 1));
    let touched = verdict(vec![guard()], &trees, Some(&base), &broken(Side::Head, "a: 1\nb: 2\n"), &ignore);
    assert_eq!(lines(&trees, &touched), ["a.yaml:1 Error: it does not build (no build reads the file)"]);
}

#[test]
fn a_panic_costs_one_check_and_is_a_finding() {
    let trees = trees();
    let text = list("A", &["name: x, bad: true"]);
    let head = plain_world(&trees, Side::Head, &[("a.yaml", &text)]);
    let internal = Rule {
        says: Template::new("{problem}"),
        raise: Vec::new(),
        ..rule("internal-error", Check::Problem(ProblemKind::Internal))
    };
    let panics = rule("panics", Check::Value(Box::new(|_, _, _| panic!("s3cret"))));
    let found = verdict(vec![value_rule(), panics, internal], &trees, None, &head, &Settings::default());
    assert_eq!(
        lines(&trees, &found),
        ["a.yaml:2 Warning: the rule `panics` failed on A a", "a.yaml:5 Warning: x is bad; a.yaml:2 of this A"]
    );
}

#[test]
fn threads_change_nothing() {
    let trees = trees();
    let texts: Vec<(String, String)> =
        (0..60).map(|n| (format!("f{n}.yaml"), list("A", &["name: x, bad: true", "name: y"]))).collect();
    let files: Vec<(&str, &str)> = texts.iter().map(|(name, text)| (&**name, &**text)).collect();
    let head = plain_world(&trees, Side::Head, &files);
    let with = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
        let rules = || vec![value_rule(), Rule { id: "bad-too".into(), ..object_rule() }];
        pool.install(|| lines(&trees, &verdict(rules(), &trees, None, &head, &Settings::default())))
    };
    let one = with(1);
    assert_eq!(one.len(), 120);
    assert_eq!(one, with(8));
}

#[test]
fn selection_goes_by_ids_and_packs() {
    let trees = trees();
    let text = list("A", &["name: x, bad: true"]);
    let head = plain_world(&trees, Side::Head, &[("dir/a.yaml", &text)]);
    let found = |default: Default, settings: &Settings| {
        let rules = vec![Rule { default, ..value_rule() }];
        verdict(rules, &trees, None, &head, settings).findings.len()
    };
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let select = |list: &[&str]| Settings { select: names(list), ..Settings::default() };
    let ignore = |list: &[&str]| Settings { ignore: names(list), ..Settings::default() };
    let within = |folder: &str| Settings { within: vec![path(folder)], ..Settings::default() };
    assert_eq!(found(Default::Off, &Settings::default()), 0);
    assert_eq!(found(Default::Off, &select(&["bad-item"])), 1);
    assert_eq!(found(Default::Off, &select(&["test"])), 0);
    assert_eq!(found(Default::On, &select(&["other"])), 0);
    assert_eq!(found(Default::On, &ignore(&["test"])), 0);
    assert_eq!(found(Default::On, &within("dir")), 1);
    assert_eq!(found(Default::On, &within("other")), 0);
}

#[test]
fn a_rule_that_is_on_where_it_is_raised_shows_the_rest_where_it_is_asked_for() {
    let trees = trees();
    let text = list("A", &["name: x, bad: true", "name: y, bad: true, worse: true"]);
    let head = plain_world(&trees, Side::Head, &[("a.yaml", &text)]);
    // The findings of one object are one, with the others beside it.
    let others = |settings: &Settings| {
        let rules = vec![Rule { default: Default::Raised, ..value_rule() }];
        let found = verdict(rules, &trees, None, &head, settings).findings;
        assert_eq!((found.len(), found[0].severity), (1, Severity::Error));
        found[0].related.iter().filter(|label| label.says == "and here").count()
    };
    assert_eq!(others(&Settings::default()), 0);
    assert_eq!(others(&Settings { select: vec!["bad-item".to_owned()], ..Settings::default() }), 1);
    assert_eq!(others(&Settings { rules: [("bad-item".to_owned(), Setting::On)].into(), ..Settings::default() }), 1);
}

/// A fleet: two kustomize bases of three objects, and for each cluster an overlay of each with a patch for one of them.
fn fleet(clusters: usize) -> Vec<(String, String)> {
    let mut files = Vec::new();
    for base in ["a", "b"] {
        let object = |kind: &str| format!("apiVersion: v1\nkind: {kind}\nmetadata: {{name: {base}}}\n");
        let all = ["ConfigMap", "Service", "ServiceAccount"].map(object).join("---\n");
        files.push((format!("bases/{base}/all.yaml"), all));
        files.push((format!("bases/{base}/kustomization.yaml"), "resources: [all.yaml]\n".to_owned()));
        for cluster in 0..clusters {
            let folder = format!("clusters/{cluster}/{base}");
            let overlay = format!("resources: [../../../bases/{base}]\npatches: [path: patch.yaml]\n");
            files.push((format!("{folder}/kustomization.yaml"), overlay));
            files.push((format!("{folder}/patch.yaml"), format!("{}data: {{at: c{cluster}}}\n", object("ConfigMap"))));
        }
    }
    files.sort();
    files
}

/// How many objects a rule about objects alone is asked about, and how many there are in the head.
fn asked(before: &[(String, String)], after: &[(String, String)]) -> (usize, usize) {
    let trees = trees();
    let gather = |side, files: &[(String, String)], base: Option<&World>| {
        let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (&**path, &**text)).collect();
        world::gather(Arc::new(snapshot(&trees, side, &files)), &trees, &Here::default(), base)
    };
    let base = gather(Side::Base, before, None);
    let head = gather(Side::Head, after, Some(&base));
    let count = Arc::new(AtomicUsize::new(0));
    let _ = verdict(vec![counting_rule(&count)], &trees, Some(&base), &head, &Settings::default());
    (count.load(Ordering::Relaxed), head.objects().count())
}

#[test]
fn a_shared_object_is_judged_once_in_a_fleet() {
    let fleet = fleet(10);
    // Two of three objects of each base are shared by all overlays and by both sides; each overlay changes one.
    assert_eq!(asked(&fleet, &fleet), (4 + 20, 60));
    let changed = |path: &str, from: &str, to: &str| {
        let mut files = fleet.clone();
        let (_, text) = files.iter_mut().find(|(at, _)| at == path).expect("a file of the fleet");
        *text = text.replacen(from, to, 1);
        files
    };
    let one = changed("clusters/3/a/patch.yaml", "c3", "new");
    assert_eq!(asked(&fleet, &one), (4 + 20 + 1, 60), "the object that the overlay changes");
    let base = changed("bases/a/all.yaml", "Service\n", "Secret\n");
    assert_eq!(asked(&fleet, &base), (4 + 20 + 2 + 10, 60), "the base's objects, and what the overlays make of one");
}
