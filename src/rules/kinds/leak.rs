//! The kind `leak`: tokens and private keys in files of any type, by their formats.
//!
//! Never: a value, in no word of a hit.

use super::plaintext_secret::is_test;
use super::{CheckKind, Need, ParamDesc, Params, Takes};
use crate::rules::{Check, Hit};
use crate::secrets::{Leak, Strength, private_keys_in, tokens_in};

pub(super) const KIND: CheckKind = CheckKind {
    name: "leak",
    about: "tokens of known formats, or private keys, in a file of any type; binary files by their names, and others \
            above 1 MiB that are no YAML or JSON, are not searched",
    params: &[ParamDesc {
        name: "of",
        takes: Takes::OneOf(&["token", "private-key"]),
        need: Need::Required,
        about: "tokens of known formats; or private keys, age identities and keystores",
    }],
    facts: &[
        ("weak", "it opens nothing by itself: an id, an unsigned token, a key behind a passphrase"),
        ("test-folder", "it is written in a folder of tests"),
    ],
    words: &[("what", "what it is: the issuer and the kind of token, or the kind of key"), ("file", "the file's name")],
    build,
};

#[expect(clippy::unnecessary_wraps, reason = "the signature that all kinds share")]
fn build(params: &Params<'_>) -> Result<Check, Vec<String>> {
    let search = if params.text("of") == "token" { tokens_in } else { private_keys_in };
    let key = params.key();
    Ok(Check::Text(Box::new(move |trees, file, sink| {
        let path = trees.sources().path(file);
        for Leak { what, at, strength, mark, .. } in search(trees.sources(), file, &key) {
            let mut hit = Hit::at(at).word("what", article(what)).word("file", path.name()).secret(&key, mark);
            if strength == Strength::Weak {
                hit = hit.fact("weak");
            }
            if is_test(path) {
                hit = hit.fact("test-folder");
            }
            sink.report(hit);
        }
    })))
}

/// The words with their article, which they have already or not.
pub(super) fn article(what: &str) -> String {
    let has_one = what.starts_with("a ") || what.starts_with("an ");
    let vowel = what.starts_with(['A', 'E', 'I', 'O']) || what.starts_with("npm");
    match (has_one, vowel) {
        (true, _) => what.to_owned(),
        (false, true) => format!("an {what}"),
        (false, false) => format!("a {what}"),
    }
}
