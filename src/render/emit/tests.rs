//! The output against tables, each row of which real kustomize printed.
//!
//! Never: a file; the texts are in the binary.

use std::sync::Arc;

use super::{EmitError, stream};
use crate::base::{BlobId, FileId, LoadError, Loader, RepoPath, Sources};
use crate::model::{Trees, Value};

struct Fixed(String);

impl Loader for Fixed {
    fn load(&self, _: &RepoPath, _: Option<BlobId>) -> Result<Vec<u8>, LoadError> {
        Ok(self.0.clone().into_bytes())
    }
}

/// Parses `text` as the one file of a run.
pub(in crate::render) fn parse(text: &str) -> (Trees, FileId) {
    let sources = Arc::new(Sources::default());
    let path = RepoPath::new("input.yaml").expect("a plain name is a path");
    let loader: Arc<dyn Loader> = Arc::new(Fixed(text.to_owned()));
    let file = sources.intern(&path, None, &loader);
    (Trees::new(sources), file)
}

fn print(text: &str) -> Result<String, EmitError> {
    let (trees, file) = parse(text);
    let values: Vec<Value> = trees.documents(file).collect();
    stream(&trees, values.iter())
}

#[test]
fn zz_oracle() {
    let mut n = (0, 0);
    let dir = std::env::var("ORACLE").unwrap_or_default();
    if dir.is_empty() { return; }
    let mut files: Vec<_> = std::fs::read_dir(&dir).unwrap().map(|e| e.unwrap().path()).filter(|p| p.extension().is_some_and(|e| e == "yaml")).collect();
    files.sort();
    let mut time = std::time::Duration::ZERO; let mut bytes = 0;
    for f in files {
        let want = std::fs::read_to_string(f.with_extension("yaml.want")).unwrap();
        let text = std::fs::read_to_string(&f).unwrap();
        let (trees, file) = parse(&text);
        let values: Vec<Value> = trees.documents(file).filter(|v| !trees.view(v).is_null()).collect();
        let bad = trees.parsed(file).problems().iter().any(|p| p.kind != crate::parse::ParseProblemKind::DuplicateKey);
        let t = std::time::Instant::now();
        let got = stream(&trees, values.iter());
        time += t.elapsed();
        let got = match got { _ if bad => format!("ERR parse {:?}\n", trees.parsed(file).problems()[0].message), Ok(s) => s, Err(e) => format!("ERR {}\n", e.message) };
        bytes += got.len();
        n.0 += 1;
        if got != want && !(got.starts_with("ERR") && want.starts_with("ERR")) {
            n.1 += 1;
            std::fs::write(f.with_extension("yaml.got"), &got).unwrap();
            println!("DIFF {}", f.display());
        }
    }
    println!("{} files, {} differ, {bytes} B in {time:?}", n.0, n.1);
}
