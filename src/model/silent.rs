//! What kustomize loses or adds without a word: facts of a build, to be judged elsewhere.
//!
//! Never: a severity; a build that loses something still builds.

use crate::base::Span;

/// What one build did without a word.
#[derive(Clone, Debug, Default)]
pub struct Silent {
    /// Every patch that was applied, also those that lost nothing: what one build loses another may need.
    pub patches: Vec<AppliedPatch>,
    /// The `tagSuffix` scalars that were added twice to an image.
    pub doubled_suffixes: Vec<Span>,
}

/// A patch with what became of it in one build.
#[derive(Clone, Debug)]
pub struct AppliedPatch {
    /// The entry of the kustomization.
    pub by: Span,
    /// The patch, or the `target` that chooses its objects.
    pub at: Span,
    /// How many objects it was applied to.
    pub objects: usize,
    /// The parts of it that were lost.
    pub lost: Vec<Lost>,
}

/// A part of a patch that is not in the result as it is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Lost {
    /// The part.
    pub at: Span,
    /// What happened to it.
    pub loss: Loss,
    /// In how many of the objects.
    pub objects: usize,
}

/// The ways in which kustomize departs from what a patch says.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Loss {
    /// A list element without its merge key; what stands in the list under other keys is lost with it.
    ElementWithoutKey,
    /// A list element that is not in the result.
    ElementDropped,
    /// A directive that kustomize does not act on where it stands, or that finds nothing to act on.
    Directive,
    /// A `replace` of what is not there, which adds it.
    ReplaceAdded,
}

impl Silent {
    /// Adds what a kustomize base did.
    pub fn extend(&mut self, other: &Self) {
        self.patches.extend(other.patches.iter().cloned());
        self.doubled_suffixes.extend(&other.doubled_suffixes);
    }
}

impl AppliedPatch {
    /// Takes note of a part that one object lost.
    pub fn lose(&mut self, at: Span, loss: Loss) {
        match self.lost.iter_mut().find(|lost| (lost.at, lost.loss) == (at, loss)) {
            Some(known) => known.objects += 1,
            None => self.lost.push(Lost { at, loss, objects: 1 }),
        }
    }
}
