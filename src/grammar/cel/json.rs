//! JSON as a document of expressions: the parameters of a rule.
//!
//! Never: a copy of a container.

use serde_json::Value;

use super::value::{Document, Shape, Text, Val};

impl<'t> Document<'t> for &'t Value {
    fn value(self) -> Val<'t, Self> {
        match self {
            Value::Null => Val::Null,
            Value::Bool(value) => Val::Bool(*value),
            Value::Number(number) => match (number.as_i64(), number.as_u64()) {
                (Some(value), _) => Val::Int(value),
                (None, Some(value)) => Val::Uint(value),
                (None, None) => Val::Double(number.as_f64().unwrap_or(f64::NAN)),
            },
            Value::String(text) => Val::Text(Text::Stands(text)),
            Value::Array(_) | Value::Object(_) => Val::Tree(self),
        }
    }

    fn shape(&self) -> Shape {
        if self.is_array() { Shape::List } else { Shape::Map }
    }

    fn field(&self, key: &str) -> Option<Self> {
        self.get(key)
    }

    fn fields(&self) -> Vec<(Text<'t>, Self)> {
        self.as_object().into_iter().flatten().map(|(key, value)| (Text::Stands(key), value)).collect()
    }

    fn items(&self) -> Vec<Self> {
        self.as_array().into_iter().flatten().collect()
    }

    fn size(&self) -> usize {
        match self {
            Value::Array(items) => items.len(),
            Value::Object(fields) => fields.len(),
            _ => 0,
        }
    }
}
