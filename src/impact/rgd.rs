//! What the instances of a graph lose where a resource is made on other conditions, or for each of other things.
//!
//! Never: an answer for an expression that looks at more than the instance; what it sees is only in the cluster.

use serde_json::Value as Json;

use super::users::{User, Users, users_of};
use crate::api::{self, Definition, Schema};
use crate::compare::{Changes, Part, PartChange};
use crate::model::{Object, Trees, View};
use crate::world::World;

/// The instances that lose an object by a change of a resource's `includeWhen` or `forEach`; `None` for any other change.
/// Those of which nobody can say are counted as unknown. An instance that is new had nothing to lose.
#[must_use]
pub fn losers_of(trees: &Trees, base: &World, head: &World, changes: &Changes, change: &PartChange) -> Option<Users> {
    if !matches!(change.what, Part::IncludeWhenChanged | Part::ForEachChanged) {
        return None;
    }
    let (was, is) = (base.object(change.base), head.object(change.head?));
    let mut losers = Users::default();
    let sides = Side::of(trees, was, &change.name).zip(Side::of(trees, is, &change.name));
    for user in users_of(trees, head, was, Some(is)).hit {
        let Some(before) = changes.base_of(user.at).map(|at| base.object(at)) else { continue };
        let loses = sides.as_ref().and_then(|(old, new)| match change.what {
            Part::IncludeWhenChanged => excluded(old.includes(trees, before), new.includes(trees, &user.object)),
            _ => Some(lacks(&old.lists(trees, before)?, &new.lists(trees, &user.object)?)),
        });
        match loses {
            None => losers.unknown += 1,
            Some(true) => losers.hit.push(User { ..user }),
            Some(false) => {}
        }
    }
    Some(losers)
}

/// Whether what was made is not made any more; an answer of one side may be enough.
fn excluded(was: Option<bool>, is: Option<bool>) -> Option<bool> {
    match (was, is) {
        (Some(false), _) | (_, Some(true)) => Some(false),
        (Some(true), Some(false)) => Some(true),
        _ => None,
    }
}

/// What the expressions of a graph call the instance.
const INSTANCE: &str = "schema";

/// The lists of a resource, each with the name that its items have.
type Lists = Vec<(String, Vec<Json>)>;

/// Whether something that the old lists gave is in none of the new ones.
fn lacks(old: &Lists, new: &Lists) -> bool {
    let is_made = old.iter().all(|(_, items)| !items.is_empty());
    let gone = |(name, items): &(String, Vec<Json>)| {
        let now = new.iter().find(|(other, _)| other == name);
        now.is_none_or(|(_, now)| items.iter().any(|item| !now.contains(item)))
    };
    is_made && old.iter().any(gone)
}

/// A resource of the graph on one side.
struct Side<'t> {
    definition: Definition,
    resource: View<'t>,
}

impl<'t> Side<'t> {
    /// `None` where the graph has no resource of this id, or no schema.
    fn of(trees: &'t Trees, graph: &'t Object, id: &str) -> Option<Self> {
        let resources = graph.view(trees).path(["spec", "resources"])?;
        let resource = resources.items().find(|item| item.str_at(["id"]) == Some(id))?;
        Some(Self { definition: api::compile(trees, graph)?.definition, resource })
    }

    fn schema<'a>(&'a self, trees: &'a Trees, instance: &Object) -> Option<&'a Schema> {
        self.definition.version(&instance.version)?.schema(trees)
    }

    /// Whether the resource is made for an instance.
    fn includes(&self, trees: &Trees, instance: &Object) -> Option<bool> {
        let schema = self.schema(trees, instance)?;
        let conditions = self.resource.get("includeWhen").into_iter().flat_map(|list| list.items());
        let mut all = Some(true);
        for condition in conditions {
            match expression(condition).and_then(|text| schema.holds(trees, (INSTANCE, instance.view(trees)), text)) {
                Some(false) => return Some(false),
                Some(true) => {}
                None => all = None,
            }
        }
        all
    }

    /// What the resource is made for each of; `None` also where it is made once.
    fn lists(&self, trees: &Trees, instance: &Object) -> Option<Lists> {
        let schema = self.schema(trees, instance)?;
        let dimensions = self.resource.get("forEach")?.items().flat_map(|item| item.fields());
        let list = |field: crate::model::Field<'_>| {
            let items = schema.lists(trees, (INSTANCE, instance.view(trees)), expression(field.value)?)?;
            Some((field.name().to_owned(), items))
        };
        let lists: Option<Lists> = dimensions.map(list).collect();
        lists.filter(|lists| !lists.is_empty())
    }
}

/// An expression; where it looks at anything but the instance, it cannot be run here.
fn expression(written: View<'_>) -> Option<&str> {
    written.as_str()?.trim().strip_prefix("${")?.strip_suffix('}')
}
