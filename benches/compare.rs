//! A change of 1,000 CRDs of the size of Argo CD's with 10,000 instances, in one run: time per pair and per instance; and
//! `crdify` on some of the same pairs, where it is installed.
//!
//! Never: a timed test; it prints figures.

#![expect(clippy::disallowed_methods, clippy::print_stdout, reason = "a benchmark writes its input and prints")]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use gitops_guard::base::{BlobId, Entry, History, LoadError, Loader, RepoPath, Side, Snapshot, Sources};
use gitops_guard::delivery::Here;
use gitops_guard::model::Trees;
use gitops_guard::{compare, impact, world};

/// The pairs of one batch, and how many batches: all texts together would only measure memory.
const PAIRS: usize = 100;
const BATCHES: usize = 10;
const INSTANCES: usize = 10;
/// Fields of one level: three of them hold the next level.
const FIELDS: usize = 60;
const LEVELS: usize = 4;
/// How many pairs the other tool gets.
const THEIRS: usize = 25;

struct Texts(BTreeMap<RepoPath, String>);

impl Loader for Texts {
    fn load(&self, path: &RepoPath, _: Option<BlobId>) -> Result<Vec<u8>, LoadError> {
        self.0.get(path).map(|text| text.clone().into_bytes()).ok_or_else(|| LoadError(format!("no {path}")))
    }
}

/// What the batches took, and what came of them.
#[derive(Default)]
struct Spent {
    gathered: Duration,
    compared: Duration,
    judged: Duration,
    differences: usize,
    instances: usize,
    invalid: usize,
}

fn main() {
    let mut spent = Spent::default();
    for batch in 0..BATCHES {
        run(batch, &mut spent);
    }
    let nodes = schema(0, 2, 14).matches("type: ").count();
    let (pairs, Spent { differences, instances, invalid, .. }) = (PAIRS * BATCHES, &spent);
    println!(
        "{pairs} pairs of {nodes} nodes, {differences} differences; {instances} instances, {invalid} become invalid"
    );
    println!("read, parsed and rendered: {:.2?}, {:.0} µs a pair", spent.gathered, micros(spent.gathered, pairs));
    println!("compiled and compared: {:.2?}, {:.0} µs a pair", spent.compared, micros(spent.compared, pairs));
    println!("instances, both schemas: {:.2?}, {:.1} µs an instance", spent.judged, micros(spent.judged, *instances));
    theirs();
}

fn run(batch: usize, spent: &mut Spent) {
    let sources = Arc::new(Sources::default());
    let trees = Trees::new(sources.clone());
    let [base, head] = [Side::Base, Side::Head].map(|side| Arc::new(snapshot(batch, side, &sources)));
    let here = Here::default();
    let began = Instant::now();
    let base = world::gather(base, &trees, &here, None);
    let head = world::gather(head, &trees, &here, Some(&base));
    spent.gathered += began.elapsed();
    let began = Instant::now();
    let changes = compare::worlds(&trees, &base, &head);
    spent.compared += began.elapsed();
    let began = Instant::now();
    let impact = impact::of(&trees, &base, &head, &changes, History::default());
    spent.judged += began.elapsed();
    let counts = || impact.apis.iter().map(impact::ApiImpact::counts);
    spent.differences += changes.changes.len();
    spent.instances += counts().map(|counts| counts.total).sum::<usize>();
    spent.invalid += counts().map(|counts| counts.invalid).sum::<usize>();
}

fn micros(time: Duration, count: usize) -> f64 {
    time.as_secs_f64() * 1e6 / count.max(1) as f64
}

/// `crdify` as a process for each pair, as it is used; ours is the whole run above divided by its pairs.
fn theirs() {
    let Ok(folder) = tempfile::tempdir() else { return };
    let put = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).expect("the folder is ours");
        format!("file://{}", path.display())
    };
    let (old, new) = (put("old.yaml", &definition(0, Side::Base)), put("new.yaml", &definition(0, Side::Head)));
    let began = Instant::now();
    for _ in 0..THEIRS {
        if Command::new("crdify").args([&old, &new]).output().is_err() {
            println!("crdify is not installed");
            return;
        }
    }
    println!("crdify: {:.0} µs a pair, as a process each", micros(began.elapsed(), THEIRS));
}

fn snapshot(batch: usize, side: Side, sources: &Arc<Sources>) -> Snapshot {
    let mut texts: BTreeMap<RepoPath, String> = BTreeMap::new();
    let path = |text: String| RepoPath::new(&text).expect("a path");
    for row in batch * PAIRS..(batch + 1) * PAIRS {
        texts.insert(path(format!("apis/{row}.yaml")), definition(row, side));
        texts.insert(path(format!("objects/{row}.yaml")), objects(row));
    }
    let names: Vec<RepoPath> = texts.keys().cloned().collect();
    let loader: Arc<dyn Loader> = Arc::new(Texts(texts));
    let entries = names.iter().enumerate().map(|(row, name)| {
        let mut id = [0; 20];
        // The definitions differ on both sides, the objects do not.
        let which = if name.as_str().starts_with("apis/") { side as u32 + 1 } else { 0 };
        id[..4].copy_from_slice(&(row as u32).to_be_bytes());
        id[4..8].copy_from_slice(&which.to_be_bytes());
        (name.clone(), Entry::File(sources.intern(name, Some(BlobId(id)), &loader)))
    });
    Snapshot::listed(side, sources.clone(), entries.collect())
}

fn definition(row: usize, side: Side) -> String {
    let most = if side == Side::Head { 20 } else { 40 };
    format!(
        "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata:\n  name: things{row}.example.com\n\
         spec:\n  group: example.com\n  names:\n    kind: Thing{row}\n    plural: things{row}\n  scope: Namespaced\n  \
         versions:\n  - name: v1\n    served: true\n    storage: true\n    schema:\n      openAPIV3Schema:\n        \
         type: object\n        properties:\n          spec:\n            type: object\n            properties:\n{}",
        schema(0, most, 14)
    )
}

/// The properties of one level. `most` is what both sides have differently, once.
fn schema(level: usize, most: usize, indent: usize) -> String {
    let pad = " ".repeat(indent);
    let mut out = String::new();
    for field in 0..FIELDS {
        let holds = field < 3 && level + 1 < LEVELS;
        writeln!(out, "{pad}field{field}:\n{pad}  description: what the field {field} of level {level} is for, in a sentence or two")
            .expect("text grows");
        let rest = match field {
            _ if holds => {
                format!("{pad}  type: object\n{pad}  properties:\n{}", schema(level + 1, most, indent + 4))
            }
            3 => format!("{pad}  type: string\n{pad}  enum: [small, medium, large]\n"),
            4 => format!("{pad}  type: integer\n{pad}  format: int32\n{pad}  minimum: 1\n{pad}  default: 3\n"),
            5 => format!("{pad}  type: array\n{pad}  items:\n{pad}    type: string\n"),
            6 => format!("{pad}  type: object\n{pad}  additionalProperties:\n{pad}    type: string\n"),
            7 if level == 0 => format!("{pad}  type: string\n{pad}  maxLength: {most}\n"),
            _ => format!("{pad}  type: string\n"),
        };
        out.push_str(&rest);
    }
    out
}

fn objects(row: usize) -> String {
    let mut out = String::new();
    for object in 0..INSTANCES {
        // One of ten is too long for the new schema.
        let long = if object == 0 { "a name that is too long by now" } else { "short" };
        writeln!(
            out,
            "---\napiVersion: example.com/v1\nkind: Thing{row}\nmetadata:\n  name: thing-{object}\nspec:\n  field3: small\n  \
             field5: [a, b]\n  field6:\n    a: b\n  field7: {long}\n  field0:\n    field3: large\n    field8: text\n    \
             field1:\n      field4: 5\n      field9: text\n      field2:\n        field10: text\n        field11: text"
        )
        .expect("text grows");
    }
    out
}
