//! Schemas of many releases as one table: the fields, their types, and which of them are gone.
//!
//! Never: stricter than any release of the same version: what one of them takes is no mistake.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde_yaml::Value;

/// A version of a kind.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Kind {
    /// Its API group.
    pub group: String,
    /// Its name.
    pub kind: String,
    /// The version.
    pub version: String,
}

/// What a value may be.
#[derive(Clone, Default)]
pub struct Node {
    /// `o`bject, `m`ap, `a`rray, `s`tring, `i`nteger, `n`umber, `b`oolean, `x` integer or string, `*` anything.
    shape: char,
    /// Whether an object keeps fields that it does not name.
    keeps: bool,
    fields: BTreeMap<String, Field>,
    /// The items of an array, the values of a map.
    inner: Option<Box<Node>>,
    /// The only values of a string; empty where it takes others.
    members: BTreeSet<String>,
}

#[derive(Clone)]
struct Field {
    node: Node,
    required: bool,
    /// The first release without it.
    gone: Option<String>,
}

/// The fields of a root that every object has, or that only controllers write.
const OWN: [&str; 4] = ["apiVersion", "kind", "metadata", "status"];

impl Node {
    /// The schema of a whole object.
    pub fn root(schema: &Value) -> Self {
        let mut node = Self::of(schema);
        for name in OWN {
            node.fields.remove(name);
        }
        node
    }

    fn of(schema: &Value) -> Self {
        let flag = |name: &str| schema[name].as_bool() == Some(true);
        let keeps = flag("x-kubernetes-preserve-unknown-fields");
        let properties = schema["properties"].as_mapping().filter(|found| !found.is_empty());
        let leaf = |shape| Self { shape, ..Self::default() };
        if flag("x-kubernetes-int-or-string") {
            return leaf('x');
        }
        match (schema["type"].as_str(), properties) {
            (Some("object") | None, Some(properties)) => {
                let required = schema["required"].as_sequence().into_iter().flatten();
                let required: Vec<&str> = required.filter_map(Value::as_str).collect();
                let field = |(name, schema): (&Value, &Value)| {
                    let name = name.as_str().unwrap_or_default().to_owned();
                    // What has a default is filled in.
                    let required = required.contains(&&*name) && schema.get("default").is_none();
                    (name, Field { node: Self::of(schema), required, gone: None })
                };
                Self { keeps, fields: properties.iter().map(field).collect(), ..leaf('o') }
            }
            (Some("object"), None) if keeps => leaf('*'),
            (Some("object"), None) => match &schema["additionalProperties"] {
                Value::Mapping(values) if !values.is_empty() => {
                    Self { inner: Some(Box::new(Self::of(&schema["additionalProperties"]))), ..leaf('m') }
                }
                Value::Mapping(_) | Value::Bool(true) => leaf('*'),
                _ => leaf('o'),
            },
            // What keeps unknown fields does so in its items too.
            (Some("array"), _) if keeps => leaf('*'),
            (Some("array"), _) => Self { inner: Some(Box::new(Self::of(&schema["items"]))), ..leaf('a') },
            (Some("string"), _) => Self { members: members(schema), ..leaf('s') },
            (Some("integer"), _) => leaf('i'),
            (Some("number"), _) => leaf('n'),
            (Some("boolean"), _) => leaf('b'),
            _ => leaf('*'),
        }
    }

    /// Adds what a newer release says; with an empty name only what it has more.
    fn add(&mut self, newer: Self, release: &str) {
        if self.shape != newer.shape {
            *self = Self { shape: '*', ..Self::default() };
            return;
        }
        self.keeps |= newer.keeps;
        if self.members.is_empty() || newer.members.is_empty() {
            self.members.clear();
        } else {
            self.members.extend(newer.members);
        }
        if let (Some(inner), Some(newer)) = (&mut self.inner, newer.inner) {
            inner.add(*newer, release);
        }
        for (name, field) in &mut self.fields {
            if !newer.fields.contains_key(name) && !release.is_empty() {
                field.gone.get_or_insert_with(|| release.to_owned());
                field.required = false;
            }
        }
        for (name, field) in newer.fields {
            match self.fields.get_mut(&name) {
                Some(known) => {
                    known.gone = None;
                    known.required &= field.required;
                    known.node.add(field.node, release);
                }
                None => {
                    self.fields.insert(name, Field { required: false, ..field });
                }
            }
        }
    }
}

fn members(schema: &Value) -> BTreeSet<String> {
    let list = schema["enum"].as_sequence().into_iter().flatten();
    let list: Option<BTreeSet<String>> = list.map(|member| member.as_str().map(str::to_owned)).collect();
    list.filter(|found| found.iter().all(|member| !member.contains(['|', ' ', '\n']))).unwrap_or_default()
}

/// The kinds of all projects.
#[derive(Default)]
pub struct Table {
    /// The titles, with the first and the last release.
    projects: Vec<(String, String, String)>,
    kinds: BTreeMap<Kind, Known>,
}

struct Known {
    project: usize,
    node: Node,
    /// The last release that had it.
    seen: String,
    /// The first release without it.
    gone: Option<String>,
}

impl Table {
    /// Kinds that are added from now on are this project's.
    pub fn project(&mut self, title: &str, first: &str, last: &str) {
        self.projects.push((title.to_owned(), first.to_owned(), last.to_owned()));
    }

    /// Adds what a release says of a kind; with an empty name what is not released yet.
    pub fn add(&mut self, kind: Kind, node: Node, release: &str) {
        let project = self.projects.len() - 1;
        match self.kinds.get_mut(&kind) {
            Some(known) => {
                known.node.add(node, release);
                if !release.is_empty() {
                    known.seen = release.to_owned();
                    known.gone = None;
                }
            }
            None => {
                self.kinds.insert(kind, Known { project, node, seen: release.to_owned(), gone: None });
            }
        }
    }

    /// All kinds of a release were added.
    pub fn close(&mut self, release: &str) {
        let project = self.projects.len() - 1;
        for known in self.kinds.values_mut().filter(|known| known.project == project && known.seen != release) {
            known.gone.get_or_insert_with(|| release.to_owned());
        }
    }
}

/// The lines of the nodes, each once.
#[derive(Default)]
struct Lines {
    rows: BTreeMap<String, usize>,
    lines: Vec<String>,
}

impl Lines {
    fn row(&mut self, node: &Node) -> usize {
        let mut line = String::from(node.shape);
        if node.keeps {
            line.push('+');
        }
        if let Some(inner) = &node.inner {
            line.push_str(&format!(" {}", self.row(inner)));
        }
        if !node.members.is_empty() {
            let members: Vec<&str> = node.members.iter().map(|member| &**member).collect();
            line.push_str(&format!(" {}", members.join("|")));
        }
        for (name, field) in &node.fields {
            let mark = if field.required { '!' } else { '=' };
            let gone = field.gone.as_ref().map(|release| format!("-{release}")).unwrap_or_default();
            line.push_str(&format!(" {name}{mark}{}{gone}", self.row(&field.node)));
        }
        if let Some(row) = self.rows.get(&line) {
            return *row;
        }
        self.lines.push(line.clone());
        self.rows.insert(line, self.lines.len() - 1);
        self.lines.len() - 1
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "# The fields of the kinds of these releases, and of what is not released yet; made by `fuzz/fields.rs`."
        )?;
        for (title, first, last) in &self.projects {
            writeln!(f, "# {title} {first} to {last}")?;
        }
        let mut lines = Lines::default();
        for (kind, known) in &self.kinds {
            let row = lines.row(&known.node);
            let (title, ..) = &self.projects[known.project];
            let gone = known.gone.as_deref().unwrap_or("-");
            writeln!(f, "@{}/{} {} {row} {gone} {title}", kind.group, kind.kind, kind.version)?;
        }
        lines.lines.iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}
