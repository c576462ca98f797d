//! What conditions cost an object: a field, a macro over two containers, and what the same costs written in Rust.
//!
//! Never: a timed test; it prints figures.

#![expect(clippy::print_stdout, reason = "a benchmark prints")]

use std::fmt::Write as _;
use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use gitops_guard::base::{BlobId, LoadError, Loader, RepoPath, Sources};
use gitops_guard::model::{Object, Trees, View};
use gitops_guard::rules::{Check, RuleFile, RuleSet, Sink, ValueCheck};
use gitops_guard::secrets::RunKey;

/// So few that a run fits into a slice of time on a busy machine.
const OBJECTS: usize = 100;
const RUNS: usize = 1_000;

/// A text in memory.
struct Text(String);

impl Loader for Text {
    fn load(&self, _: &RepoPath, _: Option<BlobId>) -> Result<Vec<u8>, LoadError> {
        Ok(self.0.clone().into_bytes())
    }
}

fn main() {
    let sources = Arc::new(Sources::default());
    let trees = Trees::new(sources.clone());
    let add = |path: &str, text: String| {
        let loader: Arc<dyn Loader> = Arc::new(Text(text));
        sources.intern(&RepoPath::new(path).expect("a path"), None, &loader)
    };
    let file = add("objects.yaml", deployments());
    let objects: Vec<Object> = trees.documents(file).filter_map(|value| Object::new(&trees, value)).collect();
    assert_eq!(objects.len(), OBJECTS);
    let rule = |id: &str, with: &str| RuleFile {
        pack: "own".into(),
        id: id.into(),
        file: add(
            &format!("own/{id}.yaml"),
            format!("check: cel\nwith:\n{with}\nseverity: error\nsince: 0.1.0\nsays: a\nwhy: b\nfix: c\n"),
        ),
    };
    let files = [
        rule("field", "  of: [apps/Deployment]\n  expression: object.spec.replicas <= 50"),
        rule(
            "macro",
            "  of: [apps/Deployment]\n  expression: >-\n    object.spec.template.spec.containers.all(c,\n    \
             c.?securityContext.?privileged.orValue(false) != true && c.image.contains(':'))",
        ),
        rule("other", "  of: [batch/Job]\n  expression: object.spec.parallelism <= 50"),
        rule("each", "  each: container\n  expression: container.?securityContext.?privileged.orValue(false) != true"),
    ];
    let mut rules = RuleSet::default();
    rules.add(&trees, &files, &RunKey::fresh());
    assert!(rules.problems.is_empty(), "{:?}", rules.problems);
    let check = |id: &str| match &rules.get(id).expect("the rule").check {
        Check::Value(check) => check,
        _ => unreachable!("the rules look at objects alone"),
    };
    let native_field =
        |object: View<'_>| object.path(["spec", "replicas"]).and_then(|n| n.as_int()).is_some_and(|n| n <= 50);
    let native_macro = |object: View<'_>| {
        let containers = object.path(["spec", "template", "spec", "containers"]).into_iter();
        containers.flat_map(|list| list.items()).all(|container| {
            let privileged = container.path(["securityContext", "privileged"]).and_then(|value| value.as_bool());
            privileged != Some(true) && container.str_at(["image"]).is_some_and(|image| image.contains(':'))
        })
    };
    let field = time(&objects, |object| run(check("field"), &trees, object));
    let by_hand = time(&objects, |object| usize::from(!native_field(object.view(&trees))));
    println!("one field: {field:.0} ns an object, in Rust {by_hand:.0} ns, ratio {:.1}", field / by_hand);
    let two = time(&objects, |object| run(check("macro"), &trees, object));
    let by_hand = time(&objects, |object| usize::from(!native_macro(object.view(&trees))));
    println!("a macro over two containers: {two:.0} ns an object, in Rust {by_hand:.0} ns, ratio {:.1}", two / by_hand);
    let each = time(&objects, |object| run(check("each"), &trees, object));
    println!("`each: container`, two of them: {each:.0} ns an object");
    let other = time(&objects, |object| run(check("other"), &trees, object));
    println!("a rule of another kind: {other:.1} ns an object");
}

fn run(check: &ValueCheck, trees: &Trees, object: &Object) -> usize {
    let mut sink = Sink::default();
    check(trees, object, &mut sink);
    usize::from(sink.is_empty())
}

/// The nanoseconds that an object takes in the fastest run.
fn time(objects: &[Object], mut look: impl FnMut(&Object) -> usize) -> f64 {
    let mut best = f64::MAX;
    for _ in 0..RUNS {
        let began = Instant::now();
        let mut sum = 0;
        for object in objects {
            sum += look(black_box(object));
        }
        black_box(sum);
        best = best.min(began.elapsed().as_secs_f64() * 1e9 / objects.len() as f64);
    }
    best
}

fn deployments() -> String {
    let mut all = String::new();
    for row in 0..OBJECTS {
        let _ = write!(
            all,
            "---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web-{row}
  namespace: shop
  labels: {{app: web, team: shop}}
spec:
  replicas: {}
  selector:
    matchLabels: {{app: web}}
  template:
    metadata:
      labels: {{app: web}}
    spec:
      serviceAccountName: web
      containers:
      - name: web
        image: registry.example.org/web:1.4.{row}
        ports: [{{containerPort: 8080}}]
        securityContext:
          allowPrivilegeEscalation: false
          privileged: false
      - name: proxy
        image: registry.example.org/proxy:2.0.1
        resources:
          limits: {{cpu: 100m, memory: 64Mi}}
",
            row % 50
        );
    }
    all
}
