//! A document as the generator thinks of it, before it has a notation.
//!
//! Never: a style; that is the writer's.

/// A value.
#[derive(Clone, PartialEq, Debug)]
pub enum Node {
    /// A text that matters: written in any style that says it.
    Text(String),
    /// Written on one line as it stands.
    Raw(String),
    /// A scalar of several lines: what stands behind the key, then lines that are indented with it.
    Lines(String, Vec<String>),
    /// A sequence.
    List(Vec<Node>),
    /// A mapping. A key is written as it stands.
    Map(Vec<(String, Node)>),
}

/// A text.
pub fn text(text: impl Into<String>) -> Node {
    Node::Text(text.into())
}

/// What is written as it stands.
pub fn raw(text: impl Into<String>) -> Node {
    Node::Raw(text.into())
}

/// A mapping.
pub fn map<const N: usize>(entries: [(&str, Node); N]) -> Node {
    Node::Map(entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
}

/// A sequence of texts.
pub fn texts<T: Into<String>>(items: impl IntoIterator<Item = T>) -> Node {
    Node::List(items.into_iter().map(text).collect())
}

impl Node {
    /// The value of a field.
    pub fn get(&self, name: &str) -> Option<&Node> {
        match self {
            Node::Map(entries) => entries.iter().find(|(key, _)| key == name).map(|(_, value)| value),
            _ => None,
        }
    }

    /// Sets or adds a field of a mapping.
    pub fn set(&mut self, name: &str, value: Node) {
        if let Node::Map(entries) = self {
            match entries.iter_mut().find(|(key, _)| key == name) {
                Some((_, old)) => *old = value,
                None => entries.push((name.to_owned(), value)),
            }
        }
    }

    /// The same with an entry more.
    #[must_use]
    pub fn with(mut self, name: &str, value: Node) -> Node {
        self.set(name, value);
        self
    }

    /// The text of a scalar that is written plainly.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Node::Text(text) | Node::Raw(text) => Some(text),
            _ => None,
        }
    }

    /// Whether it is neither a sequence nor a mapping.
    pub fn is_scalar(&self) -> bool {
        !matches!(self, Node::List(_) | Node::Map(_))
    }

    /// Whether it is a sequence or mapping without entries.
    pub fn is_empty(&self) -> bool {
        match self {
            Node::List(items) => items.is_empty(),
            Node::Map(entries) => entries.is_empty(),
            _ => false,
        }
    }
}
