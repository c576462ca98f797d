//! Random kustomizations: bases, overlays over them, components beside them, from a seed.
//!
//! What kustomize does by panic or by the order of a hash map cannot be asked of anybody; such cases are made rarely, and
//! who compares sees them by asking twice. Left out altogether: remote bases, charts, functions (they need a network or a
//! container).
//!
//! Also left out, each because kustomize's answer is by an accident of its own, with what this library does there:
//!
//! - text of several lines that starts with a tab: kustomize cannot read the block it makes of it, and whether it makes
//!   one depends on what came by before; here it is printed, but where a patch puts it over a block;
//! - a tag with a comma right behind it between brackets (`[!!str, a]`): go-yaml takes the comma for a part of the tag, as
//!   YAML 1.1 has it; here it is the tag of an empty text;
//! - whole `metadata` as the source of a replacement, or it and whole `metadata/annotations` as what a JSON patch copies:
//!   the notes are copied with it, and printed; here there are none;
//! - whole `metadata.annotations` as the target of a replacement: the notes are gone with it, and the object is no more
//!   found by the names that it had; here it is;
//! - folded text (`>`) with lines that are indented deeper: it grows each time kustomize writes and reads the object, which
//!   depends on what came by; here it grows once at the end, and once for each JSON patch;
//! - two plugin configurations of one name, and annotations of a kustomization that are no text: kustomize refuses them;
//!   here they are taken as they are;
//! - JSON patches that make `metadata/annotations` no map: the notes make a map of it again, at the next step that needs
//!   some; here it stays what the patch says;
//! - replacements of `metadata.name` and `metadata.namespace`: kustomize writes both anew without a type after some steps,
//!   so that `8080` is a number; here that is known of strategic patches alone;
//! - numbers as `sourceValue`: kustomize writes them without quotes, as names too, and takes them for text at some later
//!   steps; here they are what they say;
//! - `<<` over what is no map: go-yaml refuses it, and the parser here reads it as a key;
//! - comments that hold a schema (`# {"type": "integer"}`), which kyaml reads and this library does not.
//!
//! Known differences, which are generated and still found, each about once in some thousand cases; `testdata/differences`
//! holds a case of each, with both outputs:
//!
//! - the namespaces `1` and `true` of objects that were laid over each other by generators: whether they are in quotes;
//! - `null` that is not written between the brackets of a JSON patch's value (`{a, b}`): it becomes an empty text here;
//! - a map that a transformer made in the place of `null`, as the source of a replacement: in kustomize it still has the
//!   word for nothing as its text;
//! - a list of a patch in the place of one in brackets: kustomize keeps the brackets, between which no text is folded;
//! - a number from a patch over text that a label or a variable made, or over an empty block: whether it is quoted;
//! - comments behind brackets in patches, which kustomize misplaces until it cannot read its own text;
//! - a replacement with a delimiter whose source is one of its targets: kustomize reads it anew for each;
//! - a patch that takes all annotations of a generated object: kustomize forgets the name before, here it still counts;
//! - a name that a JSON patch removes, which kustomize misses only where nothing else gives one;
//! - a number with a tag that it does not fit (`!!int 1.0`) in a strategic patch, which is refused here;
//! - breaks behind a tab at the end of a text that comes by twice; `null` over a text in a list of expressions; a day that
//!   kustomize writes as a time after a replacement; lists whose keys a schema of a component takes away.
//!
//! Not compared: what this library says it does not render, which is the hash of an object that is neither a ConfigMap nor
//! a Secret (kustomize hashes the nodes of its own parser then, with their lines and columns).
//!
//! Never: a disk, a process.

mod fields;
mod layers;
mod node;
mod objects;
mod patches;
mod plugins;
mod random;
mod replacements;
mod scalar;
mod walk;
mod writer;

use std::collections::BTreeMap;

use random::Random;

/// A tree of files and the folder in it that is built.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Case {
    /// The files by path.
    pub files: BTreeMap<String, Vec<u8>>,
    /// The folder.
    pub build: String,
}

/// The case of a number in the stream of a seed.
pub fn case(seed: u64, number: u64) -> Case {
    let mut random = Random::new(seed.wrapping_mul(0x1000_0000_01B3).wrapping_add(number));
    layers::Layers::new(&mut random).case()
}
