//! Values as documents of expressions: nothing is converted but the scalars that an expression reads.
//!
//! Never: a type beyond what stands there; schemas know more, and have documents of their own.

use std::borrow::Cow;

use super::View;
use crate::grammar::cel::{Document, Shape, Text, Val};
use crate::parse::Scalar;

impl<'t> Document<'t> for View<'t> {
    fn value(self) -> Val<'t, Self> {
        if !self.is_scalar() {
            return Val::Tree(self);
        }
        match self.scalar() {
            Scalar::Null => Val::Null,
            Scalar::Bool(value) => Val::Bool(value),
            Scalar::Int(value) => Val::Int(value),
            Scalar::Uint(value) => Val::Uint(value),
            Scalar::Float(value) => Val::Double(value),
            Scalar::Timestamp(Cow::Borrowed(text)) | Scalar::Str(Cow::Borrowed(text)) => Val::Text(Text::Stands(text)),
            Scalar::Timestamp(Cow::Owned(text)) | Scalar::Str(Cow::Owned(text)) => Val::text(text),
        }
    }

    fn shape(&self) -> Shape {
        if self.is_seq() { Shape::List } else { Shape::Map }
    }

    fn field(&self, key: &str) -> Option<Self> {
        self.get(key)
    }

    fn fields(&self) -> Vec<(Text<'t>, Self)> {
        View::fields(self).map(|field| (Text::Stands(field.name()), field.value)).collect()
    }

    fn items(&self) -> Vec<Self> {
        View::items(self).collect()
    }

    fn size(&self) -> usize {
        if self.is_seq() { View::items(self).count() } else { View::fields(self).count() }
    }
}
