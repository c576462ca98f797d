//! What the commits of a change hold besides its two sides.
//!
//! Never: a content of either side.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::Tiny;
use crate::base::{BlobId, End, Sources};
use crate::read::Reach;

/// The commits, paths and texts between a base and HEAD, without these texts.
fn told(tiny: &Tiny, base: &str, known: &[&str], reach: Reach) -> (Vec<(String, String, String)>, End) {
    let repository = tiny.open();
    let sources = Arc::new(Sources::default());
    let base = repository.resolve(base).expect("a commit");
    let known: BTreeSet<BlobId> = known.iter().filter_map(|text| crate::read::stored::hash(text.as_bytes())).collect();
    let passage = repository.passage(&base, &known, &sources, reach);
    let one = |past: &crate::base::Past| {
        (past.commit.clone(), sources.path(past.file).to_string(), sources.text(past.file).to_owned())
    };
    (passage.contents.iter().map(one).collect(), passage.end)
}

#[test]
fn it_gives_what_neither_side_has_the_oldest_first() {
    let tiny = Tiny::new();
    let base = tiny.committed("a.yaml", "a\n");
    let second = tiny.committed("a.yaml", "b\n");
    let third = tiny.committed("secret.env", "c\n");
    tiny.committed("a.yaml", "d\n");
    tiny.committed("secret.env", "c\n");
    let said = |id: git2::Oid, path: &str, text: &str| (id.to_string(), path.to_owned(), text.to_owned());
    let found = told(&tiny, &base.to_string(), &["a\n", "d\n"], Reach::default());
    assert_eq!(found, (vec![said(second, "a.yaml", "b\n"), said(third, "secret.env", "c\n")], End::FirstCommit));
    assert_eq!(told(&tiny, "HEAD", &[], Reach::default()), (Vec::new(), End::FirstCommit));
    let near = Reach { commits: 1, ..Reach::default() };
    assert_eq!(told(&tiny, &base.to_string(), &[], near).1, End::Limit);
}

#[test]
fn what_a_merge_brings_from_the_base_is_known() {
    let tiny = Tiny::new();
    let fork = tiny.committed("a.yaml", "a\n");
    let main = tiny.committed("b.yaml", "b\n");
    tiny.switch("topic", fork);
    let topic = tiny.committed("a.yaml", "c\n");
    tiny.write("b.yaml", "b\n").add("b.yaml");
    tiny.commit(&[main]);
    let (found, end) = told(&tiny, &main.to_string(), &["a\n", "b\n"], Reach::default());
    assert_eq!((found.len(), &found[0].0, end), (1, &topic.to_string(), End::FirstCommit));
}
