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
fn strings_and_numbers_are_printed_as_kustomize_does() {
    let printed = print(include_str!("../../../testdata/emit/strings.yaml"));
    assert_lines(&printed.expect("kustomize prints it"), include_str!("../../../testdata/emit/strings.expected"));
}

fn assert_lines(printed: &str, expected: &str) {
    for (row, (mine, theirs)) in printed.lines().zip(expected.lines()).enumerate() {
        assert_eq!(mine, theirs, "line {}", row + 1);
    }
    assert_eq!(printed, expected);
}

#[test]
fn documents_are_joined() {
    assert_eq!(print("b: 1\na: |+\n  x\n\n---\nc: {}\n").as_deref(), Ok("a: |+\n  x\n\nb: 1\n---\nc: {}\n"));
}

#[test]
fn what_kustomize_refuses_is_refused_at_its_place() {
    let long = format!("a: 1\n{}: 2\n", "k".repeat(1023));
    let rows = [
        ("a: {5: x}\n", "5"),
        ("a:\n  true: x\n", "true"),
        ("a: {~: x}\n", "~"),
        ("a: [.inf]\n", ".inf"),
        ("a: -.Inf\n", "-.Inf"),
        ("a: .nan\n", ".nan"),
        ("a: 1\nb: 2\na: 3\n", "a"),
        ("a: \"x\\x7f\"\n", "\"x\\x7f\""),
        ("a: \"x\\u0080\"\n", "\"x\\u0080\""),
        ("a: 2001-01-01T00:00:00+24:00\n", "2001-01-01T00:00:00+24:00"),
        ("\"a\\x85\": 1\n", "\"a\\x85\""),
        (&long, &long[5..1028]),
    ];
    for (text, refused) in rows {
        let error = print(text).expect_err(text);
        assert_eq!(&text[error.at.range.bytes()], refused, "{text}");
    }
}

#[test]
fn many_keys_are_sorted() {
    let text: String = (0..300).map(|number| format!("k{}: 1\n", (number * 7) % 300)).collect();
    let sorted: String = (0..300).map(|number| format!("k{number}: 1\n")).collect();
    assert_eq!(print(&text), Ok(sorted));
}
