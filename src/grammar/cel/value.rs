//! The values of CEL. Those of a document stay where they are: a [`Document`] is asked for what an expression names.
//!
//! Never: a document converted as a whole.

use std::cmp::Ordering;
use std::net::IpAddr;
use std::sync::Arc;

use super::format::Format;
use super::net::Cidr;
use super::quantity::Quantity;
use super::semver::Semver;
use super::time::{Duration, Timestamp};
use super::url::Url;

/// A value in a document, which whoever owns the document implements. `'t` is how long the document lives.
pub trait Document<'t>: Clone {
    /// The value as CEL has it; containers as [`Val::Tree`].
    fn value(self) -> Val<'t, Self>;
    /// Whether it is a map or a list; asked of containers only.
    fn shape(&self) -> Shape;
    /// The value of a key, `None` where the map has no such key.
    fn field(&self, key: &str) -> Option<Self>;
    /// The entries of a map, in order.
    fn fields(&self) -> Vec<(Text<'t>, Self)>;
    /// The items of a list.
    fn items(&self) -> Vec<Self>;
    /// How many entries or items there are.
    fn size(&self) -> usize;
    /// Whether two containers are equal, where that is not a matter of their entries or items in order.
    fn is_equal(&self, other: &Self) -> Option<bool> {
        let _ = other;
        None
    }
}

/// What a container of a document is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Shape {
    /// A map.
    Map,
    /// A list.
    List,
}

/// Text: of a document or a program, or made by an evaluation.
#[derive(Clone, Debug)]
pub enum Text<'t> {
    /// Where it stands.
    Stands(&'t str),
    /// Made.
    Made(Arc<str>),
}

impl Text<'_> {
    /// The characters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Stands(text) => text,
            Self::Made(text) => text,
        }
    }
}

impl From<String> for Text<'_> {
    fn from(text: String) -> Self {
        Self::Made(text.into())
    }
}

/// A value of CEL.
#[derive(Clone, Debug)]
pub enum Val<'t, D> {
    /// `null`
    Null,
    /// `true`, `false`
    Bool(bool),
    /// An integer.
    Int(i64),
    /// An unsigned integer.
    Uint(u64),
    /// A float.
    Double(f64),
    /// Text.
    Text(Text<'t>),
    /// Bytes.
    Bytes(Arc<[u8]>),
    /// A list that an evaluation made.
    List(Arc<Vec<Val<'t, D>>>),
    /// A map that an evaluation made.
    Map(Arc<Vec<(Val<'t, D>, Val<'t, D>)>>),
    /// A map or a list of a document.
    Tree(D),
    /// A type.
    Type(Type),
    /// An optional value.
    Optional(Option<Arc<Val<'t, D>>>),
    /// A value of one of Kubernetes' own types.
    Other(Other),
}

/// The entries of a map, or the items of a list with their positions.
pub(super) type Pairs<'t, D> = Vec<(Val<'t, D>, Val<'t, D>)>;

/// The values that are neither JSON nor CEL's own containers.
#[derive(Clone, Debug)]
pub enum Other {
    /// A length of time.
    Duration(Duration),
    /// A point in time.
    Timestamp(Timestamp),
    /// An amount of a resource.
    Quantity(Quantity),
    /// An address on the web.
    Url(Arc<Url>),
    /// An IP address.
    Ip(IpAddr),
    /// A range of IP addresses.
    Cidr(Cidr),
    /// A version.
    Semver(Arc<Semver>),
    /// A named format.
    Format(Format),
}

/// The types of CEL and of Kubernetes' libraries.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Type {
    /// `null`
    Null,
    /// `true`, `false`
    Bool,
    /// Integers.
    Int,
    /// Unsigned integers.
    Uint,
    /// Floats.
    Double,
    /// Text.
    Text,
    /// Bytes.
    Bytes,
    /// Lists.
    List,
    /// Maps.
    Map,
    /// Types.
    Type,
    /// Optional values.
    Optional,
    /// Lengths of time.
    Duration,
    /// Points in time.
    Timestamp,
    /// Amounts.
    Quantity,
    /// Addresses on the web.
    Url,
    /// IP addresses.
    Ip,
    /// Ranges of IP addresses.
    Cidr,
    /// Versions.
    Semver,
    /// Named formats.
    Format,
}

impl Type {
    /// Every type by the name that expressions give it.
    const NAMED: [(&'static str, Type); 22] = [
        ("null_type", Type::Null),
        ("bool", Type::Bool),
        ("int", Type::Int),
        ("uint", Type::Uint),
        ("double", Type::Double),
        ("string", Type::Text),
        ("bytes", Type::Bytes),
        ("list", Type::List),
        ("map", Type::Map),
        ("type", Type::Type),
        ("optional_type", Type::Optional),
        ("google.protobuf.Duration", Type::Duration),
        ("google.protobuf.Timestamp", Type::Timestamp),
        ("kubernetes.Quantity", Type::Quantity),
        ("kubernetes.URL", Type::Url),
        ("net.IP", Type::Ip),
        ("net.CIDR", Type::Cidr),
        ("kubernetes.Semver", Type::Semver),
        ("kubernetes.NamedFormat", Type::Format),
        ("google.protobuf.BoolValue", Type::Bool),
        ("google.protobuf.Int64Value", Type::Int),
        ("google.protobuf.StringValue", Type::Text),
    ];

    /// The type of this name.
    pub(super) fn named(name: &str) -> Option<Self> {
        Self::NAMED.iter().find(|(known, _)| *known == name).map(|(_, kind)| *kind)
    }

    /// As expressions name it.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::NAMED.iter().find(|(_, kind)| *kind == self).map_or("dyn", |(name, _)| name)
    }
}

impl<'t, D: Document<'t>> Val<'t, D> {
    /// Text that an evaluation made.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(Text::from(text.into()))
    }

    /// A list that an evaluation made.
    pub fn list(items: Vec<Self>) -> Self {
        Self::List(Arc::new(items))
    }

    /// A number of things.
    pub(super) fn count(count: usize) -> Self {
        Self::Int(i64::try_from(count).unwrap_or(i64::MAX))
    }

    pub(super) fn some(value: Self) -> Self {
        Self::Optional(Some(Arc::new(value)))
    }

    /// The type, as `type()` gives it.
    #[must_use]
    pub fn kind(&self) -> Type {
        match self {
            Self::Null => Type::Null,
            Self::Bool(_) => Type::Bool,
            Self::Int(_) => Type::Int,
            Self::Uint(_) => Type::Uint,
            Self::Double(_) => Type::Double,
            Self::Text(_) => Type::Text,
            Self::Bytes(_) => Type::Bytes,
            Self::List(_) => Type::List,
            Self::Map(_) => Type::Map,
            Self::Tree(tree) => match tree.shape() {
                Shape::Map => Type::Map,
                Shape::List => Type::List,
            },
            Self::Type(_) => Type::Type,
            Self::Optional(_) => Type::Optional,
            Self::Other(other) => other.kind(),
        }
    }

    /// The characters, where it is text.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text.as_str()),
            _ => None,
        }
    }

    /// The items, where it is a list.
    #[must_use]
    pub fn items(&self) -> Option<Vec<Self>> {
        match self {
            Self::List(items) => Some(items.to_vec()),
            Self::Tree(tree) if tree.shape() == Shape::List => {
                Some(tree.items().into_iter().map(Document::value).collect())
            }
            _ => None,
        }
    }

    /// The entries, where it is a map.
    pub(super) fn entries(&self) -> Option<Vec<(Self, Self)>> {
        match self {
            Self::Map(entries) => Some(entries.to_vec()),
            Self::Tree(tree) if tree.shape() == Shape::Map => {
                Some(tree.fields().into_iter().map(|(key, value)| (Self::Text(key), value.value())).collect())
            }
            _ => None,
        }
    }

    /// How many entries, items or characters it has.
    pub(super) fn size(&self) -> Option<usize> {
        Some(match self {
            Self::Text(text) => text.as_str().chars().count(),
            Self::Bytes(bytes) => bytes.len(),
            Self::List(items) => items.len(),
            Self::Map(entries) => entries.len(),
            Self::Tree(tree) => tree.size(),
            _ => return None,
        })
    }

    /// The value of a key, where it is a map that has it.
    pub(super) fn field(&self, key: &str) -> Option<Self> {
        match self {
            Self::Tree(tree) if tree.shape() == Shape::Map => tree.field(key).map(Document::value),
            Self::Map(entries) => {
                entries.iter().find(|(name, _)| name.as_text() == Some(key)).map(|(_, value)| value.clone())
            }
            _ => None,
        }
    }

    /// Equal as CEL has it: numbers by value, whatever their type; maps in any order.
    #[must_use]
    pub fn equals(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Null, Self::Null) => true,
            (Self::Bool(a), Self::Bool(b)) => a == b,
            (Self::Text(a), Self::Text(b)) => a.as_str() == b.as_str(),
            (Self::Bytes(a), Self::Bytes(b)) => a == b,
            (Self::Type(a), Self::Type(b)) => a == b,
            (Self::Other(a), Self::Other(b)) => a.compare(b) == Some(Ordering::Equal),
            (Self::Optional(a), Self::Optional(b)) => match (a, b) {
                (Some(a), Some(b)) => a.equals(b),
                (a, b) => a.is_none() && b.is_none(),
            },
            (Self::Int(_) | Self::Uint(_) | Self::Double(_), _) => self.compare(other) == Some(Ordering::Equal),
            (Self::List(_) | Self::Map(_) | Self::Tree(_), _) => self.equal_container(other),
            _ => false,
        }
    }

    fn equal_container(&self, other: &Self) -> bool {
        if self.kind() != other.kind() || self.size() != other.size() {
            return false;
        }
        if let (Self::Tree(mine), Self::Tree(theirs)) = (self, other)
            && let Some(equal) = mine.is_equal(theirs)
        {
            return equal;
        }
        if let (Some(mine), Some(theirs)) = (self.items(), other.items()) {
            return mine.iter().zip(&theirs).all(|(a, b)| a.equals(b));
        }
        let (Some(mine), Some(theirs)) = (self.entries(), other.entries()) else { return false };
        let has = |key: &Self, value: &Self| theirs.iter().any(|(name, other)| name.equals(key) && other.equals(value));
        mine.iter().all(|(key, value)| has(key, value))
    }

    /// The order of two values; `None` where their types have none.
    #[must_use]
    pub fn compare(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Bool(a), Self::Bool(b)) => Some(a.cmp(b)),
            (Self::Int(a), Self::Int(b)) => Some(a.cmp(b)),
            (Self::Uint(a), Self::Uint(b)) => Some(a.cmp(b)),
            (Self::Double(a), Self::Double(b)) => a.partial_cmp(b),
            (Self::Int(a), Self::Uint(b)) => Some(i128::from(*a).cmp(&i128::from(*b))),
            (Self::Uint(a), Self::Int(b)) => Some(i128::from(*a).cmp(&i128::from(*b))),
            (Self::Int(a), Self::Double(b)) => mixed(i128::from(*a), *b),
            (Self::Uint(a), Self::Double(b)) => mixed(i128::from(*a), *b),
            (Self::Double(a), Self::Int(b)) => mixed(i128::from(*b), *a).map(Ordering::reverse),
            (Self::Double(a), Self::Uint(b)) => mixed(i128::from(*b), *a).map(Ordering::reverse),
            (Self::Text(a), Self::Text(b)) => Some(a.as_str().cmp(b.as_str())),
            (Self::Bytes(a), Self::Bytes(b)) => Some(a.cmp(b)),
            (Self::Other(Other::Duration(a)), Self::Other(Other::Duration(b))) => Some(a.cmp(b)),
            (Self::Other(Other::Timestamp(a)), Self::Other(Other::Timestamp(b))) => Some(a.cmp(b)),
            _ => None,
        }
    }
}

/// The order of an integer and a float, exactly.
fn mixed(int: i128, double: f64) -> Option<Ordering> {
    if double.is_nan() {
        return None;
    }
    if double >= 1e19 {
        return Some(Ordering::Less);
    }
    if double <= -1e19 {
        return Some(Ordering::Greater);
    }
    #[expect(clippy::cast_possible_truncation, reason = "the float is below 1e19 here")]
    let whole = double.trunc() as i128;
    Some(int.cmp(&whole).then_with(|| 0.0f64.partial_cmp(&double.fract()).unwrap_or(Ordering::Equal)))
}

impl Other {
    fn kind(&self) -> Type {
        match self {
            Self::Duration(_) => Type::Duration,
            Self::Timestamp(_) => Type::Timestamp,
            Self::Quantity(_) => Type::Quantity,
            Self::Url(_) => Type::Url,
            Self::Ip(_) => Type::Ip,
            Self::Cidr(_) => Type::Cidr,
            Self::Semver(_) => Type::Semver,
            Self::Format(_) => Type::Format,
        }
    }

    fn compare(&self, other: &Self) -> Option<Ordering> {
        let same = |equal: bool| equal.then_some(Ordering::Equal);
        match (self, other) {
            (Self::Duration(a), Self::Duration(b)) => Some(a.cmp(b)),
            (Self::Timestamp(a), Self::Timestamp(b)) => Some(a.cmp(b)),
            (Self::Quantity(a), Self::Quantity(b)) => Some(a.cmp(b)),
            (Self::Semver(a), Self::Semver(b)) => Some(a.as_ref().cmp(b)),
            (Self::Url(a), Self::Url(b)) => same(a == b),
            (Self::Ip(a), Self::Ip(b)) => same(a == b),
            (Self::Cidr(a), Self::Cidr(b)) => same(a == b),
            (Self::Format(a), Self::Format(b)) => same(a == b),
            _ => None,
        }
    }
}
