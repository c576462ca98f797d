//! Whether an object of the base and one of the head are equal as data.
//!
//! Never: the same two values compared twice; overlays share what their kustomize bases hold.

use std::collections::HashMap;
use std::sync::Arc;

use crate::model::{Address, Trees};
use crate::world::{ObjectAt, World};

/// Compares objects of two worlds.
pub struct Same<'a> {
    trees: &'a Trees,
    base: &'a World,
    head: &'a World,
    compared: HashMap<(Address, Address), bool>,
}

impl<'a> Same<'a> {
    /// For these two sides.
    #[must_use]
    pub fn new(trees: &'a Trees, base: &'a World, head: &'a World) -> Self {
        Self { trees, base, head, compared: HashMap::new() }
    }

    /// Whether both hold the same data.
    pub fn holds(&mut self, base: ObjectAt, head: ObjectAt) -> bool {
        let (was, is) = (&self.base.builds[base.build], &self.head.builds[head.build]);
        if Arc::ptr_eq(&was.rendered, &is.rendered) && base.object == head.object {
            return true;
        }
        let (was, is) = (&was.rendered.objects[base.object].value, &is.rendered.objects[head.object].value);
        let equal = || self.trees.view(was).is_equal(&self.trees.view(is));
        was.is_same(is) || *self.compared.entry((Address::of(was), Address::of(is))).or_insert_with(equal)
    }
}
