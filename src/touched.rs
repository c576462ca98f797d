//! Who is touched by a change, put together for a report.
//!
//! Never: a fact of its own; the rooms have found them all.

use crate::impact::{self, Impact, NodeChange};
use crate::model::Trees;
use crate::report::{
    ApiImpact, ApplicationRow, AssumedAddress, DeletedObject, DestinationRow, FailedPart, GraphNode, ImpactReport,
    KeptObject, MovedObject, UnrenderedPart,
};
use crate::run::Weighed;
use crate::world::World;

/// What the change deletes.
pub(crate) fn deleted(trees: &Trees, base: &World, impact: &Impact) -> Vec<DeletedObject> {
    let deletions = impact::deletions(trees, base, &impact.pruning);
    deletions.iter().map(|one| DeletedObject::of(trees.sources(), one)).collect()
}

/// What the head asks for and nobody renders.
pub(crate) fn unrendered(trees: &Trees, head: &World) -> Vec<UnrenderedPart> {
    impact::unrendered(trees, head).iter().map(|one| UnrenderedPart::of(trees.sources(), one)).collect()
}

/// All that is told of a change besides findings.
#[must_use]
pub fn told(weighed: &Weighed) -> ImpactReport {
    let Weighed { trees, base, head, changes, impact } = weighed;
    let sources = trees.sources();
    let base_world = base.as_ref().map(|(base, _)| base);
    let reach = base_world.map(|base| impact::reach(trees, base, head, changes)).unwrap_or_default();
    let graph = impact::graph(trees, base_world.map(|base| (base, &reach)), head);
    let nodes: Vec<GraphNode> = graph.nodes.iter().map(|node| GraphNode::of(sources, node)).collect();
    let gone = graph.nodes.iter().enumerate().filter(|(_, node)| node.change == Some(NodeChange::Deleted));
    let mut gone = gone.map(|(row, _)| row);
    let applications = reach.applications.iter().filter_map(|touched| {
        // What only the base has comes last in both, in one order.
        let row = touched.head.or_else(|| gone.next())?;
        Some(ApplicationRow::of(&nodes[row], touched))
    });
    let applications = applications.collect();
    let (kept, moved) = base_world.map_or_else(Default::default, |base| {
        let kept = impact::kept(trees, base, &impact.pruning);
        let moved = impact::moved(trees, base, head, &impact.pruning);
        let kept: Vec<KeptObject> = kept.iter().map(|one| KeptObject::of(sources, one)).collect();
        let moved: Vec<MovedObject> = moved.iter().map(|one| MovedObject::of(sources, one)).collect();
        (kept, moved)
    });
    ImpactReport {
        base: base.as_ref().map(|(_, name)| name.clone()),
        destinations: reach.destinations.iter().map(DestinationRow::of).collect(),
        applications,
        apis: impact.apis.iter().map(|api| ApiImpact::of(sources, api)).collect(),
        deleted: base_world.map_or_else(Vec::new, |base| deleted(trees, base, impact)),
        kept,
        moved,
        failed: reach.failed.iter().map(|one| FailedPart::of(sources, one)).collect(),
        unrendered: unrendered(trees, head),
        assumed: impact::assumed(head).iter().map(AssumedAddress::of).collect(),
        graph: nodes,
        roots: graph.roots,
    }
}
