//! Sizes and costs of an estimate: numbers that stop at the greatest instead of passing it.
//!
//! Never: an overflow.

/// How many characters, items or entries a value has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Size {
    pub(super) least: u64,
    pub(super) most: u64,
}

impl Size {
    pub(super) const UNKNOWN: Self = Self { least: 0, most: u64::MAX };
    pub(super) const ONE: Self = Self { least: 1, most: 1 };

    pub(super) const fn exactly(size: u64) -> Self {
        Self { least: size, most: size }
    }

    pub(super) const fn upto(most: u64) -> Self {
        Self { least: 0, most }
    }

    pub(super) const fn plus(self, other: Self) -> Self {
        Self { least: self.least.saturating_add(other.least), most: self.most.saturating_add(other.most) }
    }

    pub(super) const fn times(self, other: Self) -> Self {
        Self { least: self.least.saturating_mul(other.least), most: self.most.saturating_mul(other.most) }
    }

    /// A size that holds for both.
    pub(super) fn or(self, other: Self) -> Self {
        Self { least: self.least.min(other.least), most: self.most.max(other.most) }
    }
}

/// What the entries of a container are like that an expression makes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Entries {
    pub(super) holds: Held,
    pub(super) keys: Size,
    pub(super) values: Size,
}

impl Entries {
    pub(super) fn or(self, other: Self) -> Self {
        Self { holds: self.holds, keys: self.keys.or(other.keys), values: self.values.or(other.values) }
    }
}

/// What a container holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Held {
    /// The items of a list.
    Items,
    /// The entries of a map.
    Entries,
}

/// A share of a size, rounded up.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the API server computes with floats too, and the cast stops at the greatest number"
)]
pub(super) fn times(size: u64, factor: f64) -> u64 {
    (size as f64 * factor).ceil() as u64
}
