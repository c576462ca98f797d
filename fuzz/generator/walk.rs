//! Places inside an object: which there are, and how the languages of patches and replacements write them.
//!
//! Never: a change; a place is only named here.

use super::node::Node;
use super::random::Random;

/// A step into a value.
#[derive(Clone, Debug)]
pub enum Step {
    /// Into a field of a mapping.
    Field(String),
    /// Into an item of a sequence; where the item has a name, that too.
    Item(usize, Option<String>),
}

/// What a walk is for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Until {
    /// It ends at a scalar.
    Scalar,
    /// It may end anywhere.
    Anywhere,
}

/// A random way into the object, without `apiVersion` and `kind`. Empty where there is none.
pub fn walk(random: &mut Random, tree: &Node, until: Until) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut at = tree;
    loop {
        let next = match at {
            Node::Map(entries) => {
                let fields: Vec<&(String, Node)> = entries
                    .iter()
                    .filter(|(key, value)| is_simple(key) && (until == Until::Anywhere || !value.is_empty()))
                    .collect();
                random.any(&fields).map(|(key, value)| (Step::Field(unquoted(key).to_owned()), value))
            }
            Node::List(items) if !items.is_empty() => {
                let row = random.below(items.len());
                let name = items[row].get("name").and_then(Node::as_text).map(str::to_owned);
                Some((Step::Item(row, name), &items[row]))
            }
            _ => None,
        };
        let Some((step, value)) = next else { return steps };
        let is_head = steps.is_empty() && matches!(&step, Step::Field(name) if name == "apiVersion" || name == "kind");
        if is_head {
            continue;
        }
        steps.push(step);
        at = value;
        if until == Until::Anywhere && random.percent(25) {
            return steps;
        }
    }
}

/// Whether the key is itself where it stands in a path.
fn is_simple(key: &str) -> bool {
    let key = unquoted(key);
    !key.is_empty() && key.chars().all(|char| char.is_ascii_alphanumeric() || "._-/~".contains(char))
}

fn unquoted(key: &str) -> &str {
    key.trim_matches(['"', '\''])
}

/// The value at the end of the steps.
pub fn at<'n>(tree: &'n Node, steps: &[Step]) -> Option<&'n Node> {
    steps.iter().try_fold(tree, |at, step| match (at, step) {
        (Node::Map(entries), Step::Field(name)) => {
            entries.iter().find(|(key, _)| unquoted(key) == name).map(|(_, value)| value)
        }
        (Node::List(items), Step::Item(row, _)) => items.get(*row),
        _ => None,
    })
}

/// As a JSON pointer.
pub fn pointer(steps: &[Step]) -> String {
    let parts = steps.iter().map(|step| match step {
        Step::Field(name) => name.replace('~', "~0").replace('/', "~1"),
        Step::Item(row, _) => row.to_string(),
    });
    parts.fold(String::new(), |path, part| path + "/" + &part)
}

/// As a field path of replacements.
pub fn dotted(random: &mut Random, steps: &[Step]) -> String {
    let mut parts = Vec::new();
    for step in steps {
        parts.push(match step {
            Step::Field(name) if name.contains('.') => {
                if random.percent(50) {
                    format!("[{name}]")
                } else {
                    name.replace('.', "\\.")
                }
            }
            Step::Field(name) => name.clone(),
            Step::Item(_, Some(name)) if random.percent(70) => format!("[name={name}]"),
            Step::Item(_, _) if random.percent(20) => "*".to_owned(),
            Step::Item(row, _) => row.to_string(),
        });
    }
    parts.join(".")
}
