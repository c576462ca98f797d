//! The kind `partly-encrypted`: documents with a SOPS stanza whose own selectors ask for more than was encrypted.
//!
//! Never: a value, in no word of a hit; whether the MAC is right, which takes the key.

use super::{CheckKind, Params};
use crate::base::FileId;
use crate::model::{Object, Trees};
use crate::rules::{Check, Hit, ObjectName, Sink};
use crate::secrets::{GapFault, RunKey, gaps};

pub(super) const KIND: CheckKind = CheckKind {
    name: "partly-encrypted",
    about: "a document with a SOPS stanza in which a value that the stanza's selectors cover is in the clear, or whose \
            stanza has no MAC or no recipient",
    params: &[],
    facts: &[],
    words: &[("fault", "what is wrong, in words")],
    build,
};

#[expect(clippy::unnecessary_wraps, reason = "the signature that all kinds share")]
fn build(params: &Params<'_>) -> Result<Check, Vec<String>> {
    let key = params.key();
    Ok(Check::Text(Box::new(move |trees, file, sink| judge(trees, file, &key, sink))))
}

fn judge(trees: &Trees, file: FileId, key: &RunKey, sink: &mut Sink) {
    let name = trees.sources().path(file).name();
    if ![".yaml", ".yml", ".json"].iter().any(|end| name.ends_with(end)) {
        return;
    }
    for document in trees.documents(file) {
        let view = trees.view(&document);
        let Ok(found) = gaps(view, key) else {
            sink.undecided();
            continue;
        };
        let object = Object::new(trees, document.clone()).map(|object| ObjectName::of(&object));
        for gap in found {
            let fault = match &gap.fault {
                GapFault::Plain(path) => format!("`{path}` is in the clear, though SOPS encrypted this document"),
                GapFault::NoMac => "the SOPS stanza has no `mac`, so that nobody can decrypt this document".to_owned(),
                GapFault::NoRecipient => {
                    "the SOPS stanza names no recipient, so that nobody can decrypt this document".to_owned()
                }
            };
            let mut hit = Hit::at(gap.at).word("fault", fault).field(gap.field).secret(key, gap.mark);
            hit.object.clone_from(&object);
            sink.report(hit);
        }
    }
}
