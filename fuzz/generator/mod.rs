//! Random kustomizations: bases, overlays over them, components beside them, from a seed.
//!
//! What kustomize does by panic or by the order of a hash map cannot be asked of anybody; such cases are made rarely, and
//! who compares sees them by asking twice. Left out altogether: remote bases, charts, functions (they need a network or a
//! container). Never: a disk, a process.

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
