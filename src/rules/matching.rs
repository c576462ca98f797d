//! What the base has too: fingerprints, and findings of base and head matched one to one.
//!
//! Never: a line number; lines move.

use std::collections::{BTreeMap, VecDeque};
use std::fmt::Write as _;

use sha2::{Digest, Sha256};

use super::place::Place;
use super::settings::Active;
use super::{Check, Facts, Hit};
use crate::base::{NodeId, ProblemKind, TextRange};
use crate::model::Trees;
use crate::parse::{Kind, Parsed};
use crate::world::{Built, World};

/// What stays the same while lines move: the rule, the object as it is written where the hit points, the field there,
/// and the hit's own mark. 32 hexadecimal digits.
pub(super) fn fingerprint(trees: &Trees, rule: &str, hit: &Hit) -> String {
    let written = Written::at(trees, hit);
    let field = if written.exact { "" } else { hit.field.as_deref().unwrap_or_default() };
    let mark = hit.mark.as_deref().unwrap_or_default();
    let mut hasher = Sha256::new();
    for part in [rule, &written.object, &written.field, field, mark] {
        hasher.update((part.len() as u64).to_le_bytes());
        hasher.update(part);
    }
    let mut digits = String::with_capacity(32);
    for byte in &hasher.finalize()[..16] {
        write!(digits, "{byte:02x}").expect("a string takes all");
    }
    digits
}

/// What is written at a place, in words that do not depend on its line.
struct Written {
    /// The kind and the name in the document; a kustomization goes by its folder, other text by its path.
    object: String,
    /// The path in the document, list items by their names.
    field: String,
    /// Whether the path ends at the place itself, not above it (in a patch that is text in a kustomization).
    exact: bool,
}

impl Written {
    fn at(trees: &Trees, hit: &Hit) -> Self {
        let file = hit.at.file;
        let parsed = trees.parsed(file);
        let path = trees.sources().path(file);
        let root = parsed.documents().iter().filter_map(|document| document.root);
        let Some(root) = root.into_iter().find(|root| parsed.range(*root).contains(hit.at.range)) else {
            return Self { object: path.to_string(), field: String::new(), exact: false };
        };
        let view = trees.node(file, root);
        let (kind, name) = (view.str_at(["kind"]), view.str_at(["metadata", "name"]));
        let folder = || path.parent().unwrap_or_else(crate::base::RepoPath::root).to_string();
        let object = match (kind, name) {
            (Some(kind), Some(name)) => format!("{kind}/{name}"),
            _ if path.name().starts_with("kustomization.") || path.name() == "Kustomization" => folder(),
            _ => path.to_string(),
        };
        let walk = Walk { parsed, text: trees.sources().text(file), to: hit.at.range };
        let (field, exact) = walk.from(root);
        Self { object, field, exact }
    }
}

/// The way from the root of a document to a range.
struct Walk<'t> {
    parsed: &'t Parsed,
    text: &'t str,
    to: TextRange,
}

impl Walk<'_> {
    fn from(&self, root: NodeId) -> (String, bool) {
        let mut field = String::new();
        let mut at = root;
        loop {
            let range = self.parsed.range(at);
            let Some((step, next)) = self.step(at) else { return (field, range == self.to) };
            field.push('/');
            field.push_str(&step);
            match next {
                Some(next) => at = next,
                None => return (field, true),
            }
        }
    }

    /// One level down: the name of the step, and the value; no value where the range is the key itself.
    fn step(&self, at: NodeId) -> Option<(String, Option<NodeId>)> {
        let holds = |node: &NodeId| self.parsed.range(*node).contains(self.to);
        match self.parsed.kind(at) {
            Kind::Seq => {
                let (row, item) = self.parsed.children(at).enumerate().find(|(_, item)| holds(item))?;
                Some((self.name_of(item).unwrap_or_else(|| row.to_string()), Some(item)))
            }
            Kind::Map => {
                let mut children = self.parsed.children(at);
                loop {
                    let (key, value) = (children.next()?, children.next()?);
                    let name = || self.parsed.text(self.text, key).to_owned();
                    if holds(&key) {
                        return Some((format!("{}#key", name()), None));
                    }
                    if holds(&value) {
                        return Some((name(), Some(value)));
                    }
                }
            }
            _ => None,
        }
    }

    /// What an item of a list is called by, so that an item before it does not change its path.
    fn name_of(&self, item: NodeId) -> Option<String> {
        let mut children = self.parsed.children(item);
        if self.parsed.kind(item) != Kind::Map {
            return None;
        }
        while let (Some(key), Some(value)) = (children.next(), children.next()) {
            let key = self.parsed.text(self.text, key);
            if matches!(key, "name" | "path") && self.parsed.kind(value).is_scalar() {
                return Some(format!("[{key}={}]", self.parsed.text(self.text, value)));
            }
        }
        None
    }
}

/// For each place of the head, the row of the base's place that it is, if it is no worse than that: one to one, the
/// same path first, then the same build.
pub(super) fn partners(active: &[Active<'_>], facts: &Facts<'_>, head: &[Place], base: &[Place]) -> Vec<Option<usize>> {
    let Some(base_world) = facts.base else { return vec![None; head.len()] };
    let may = |place: &&Place| comparable(active, facts.head, base_world, place);
    let mut left: Vec<bool> = vec![true; base.len()];
    let mut partner: Vec<Option<usize>> = vec![None; head.len()];
    let paths = |place: &Place, _: &World| vec![place.path.to_string()];
    let builds = |place: &Place, world: &World| {
        place.builds.iter().map(|build| format!("{:?}", world.builds[*build].build)).collect::<Vec<_>>()
    };
    pair(&mut partner, &mut left, (head, facts.head), (base, base_world), &may, paths);
    pair(&mut partner, &mut left, (head, facts.head), (base, base_world), &may, builds);
    let worse = |row: usize, known: usize| head[row].severity > base[known].severity;
    partner.iter().enumerate().map(|(row, known)| known.filter(|known| !worse(row, *known))).collect()
}

/// Pairs what is left on both sides and has the fingerprint, the secret value and one of the names `by` in common.
fn pair<'p>(
    partner: &mut [Option<usize>],
    left: &mut [bool],
    (head, head_world): (&'p [Place], &World),
    (base, base_world): (&'p [Place], &World),
    may: &dyn Fn(&&Place) -> bool,
    by: impl Fn(&Place, &World) -> Vec<String>,
) {
    type Known<'p> = (usize, &'p str, Option<&'p str>, String);
    let key = |place: &'p Place, name| (place.row, &*place.fingerprint, place.hit.value.as_deref(), name);
    let mut open: BTreeMap<Known<'p>, VecDeque<usize>> = BTreeMap::new();
    for (row, place) in base.iter().enumerate().filter(|(row, _)| left[*row]) {
        for name in by(place, base_world) {
            open.entry(key(place, name)).or_default().push_back(row);
        }
    }
    for (row, place) in head.iter().enumerate() {
        if partner[row].is_some() || !may(&place) {
            continue;
        }
        let names = by(place, head_world).into_iter();
        let mut rows = names.filter_map(|name| open.get(&key(place, name))).flatten();
        if let Some(known) = rows.find(|known| left[**known]) {
            left[*known] = false;
            partner[row] = Some(*known);
        }
    }
}

/// Whether a place of the head may be an old one. What a change brings is new, and so is a problem of this tool where
/// the change touches a file that it depends on.
fn comparable(active: &[Active<'_>], head: &World, base: &World, place: &Place) -> bool {
    let Check::Problem(kind) = active[place.row].rule.check else {
        return !matches!(active[place.row].rule.check, Check::Change(_));
    };
    let same_file = || base.snapshot.file(&place.path) == Some(place.hit.at.file);
    match kind {
        ProblemKind::Unparsable
        | ProblemKind::Unreadable
        | ProblemKind::DuplicateKey
        | ProblemKind::InvalidRule
        | ProblemKind::UnexplainedSuppression
        | ProblemKind::ExpiredSuppression
        | ProblemKind::UnusedSuppression
        | ProblemKind::UnknownRule => same_file(),
        ProblemKind::DoesNotBuild | ProblemKind::NotRendered | ProblemKind::LimitExceeded | ProblemKind::Internal => {
            same_file() && place.builds.iter().all(|build| untouched(&head.builds[*build], base))
        }
    }
}

/// Whether the base has this build, of the same files.
fn untouched(built: &Built, base: &World) -> bool {
    base.row_of(&built.build).is_some_and(|row| base.builds[row].rendered.files == built.rendered.files)
}
