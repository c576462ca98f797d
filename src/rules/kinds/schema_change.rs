//! The kind `schema-change`: one difference of two versions of an API definition, with the instances that it hits.
//!
//! Never: what a difference is; that is the comparison's word.

use std::collections::{BTreeMap, BTreeSet};

use super::{CheckKind, Need, ParamDesc, Params, Takes, way_out};
use crate::api::{Definition, Violation};
use crate::base::{FileId, Side, Span, TextRange};
use crate::compare::{ApiChange, Offered, What};
use crate::impact::{ApiImpact, Instance, Outcome};
use crate::model::{CompositionTarget, Flow, Missing, Object, Trees, Way, flows, split_api_version};
use crate::rules::{Check, Facts, Hit, Label, Node, ObjectName, Rewritten, Sink};
use crate::world::{DefinedApi, World};

/// How many instances of a finding are named.
const NAMED: usize = 5;

pub(super) const KIND: CheckKind = CheckKind {
    name: "schema-change",
    about: "a difference of an API definition (CRD, XRD, Promise) from the base",
    params: &[
        ParamDesc {
            name: "change",
            takes: Takes::OneOf(&What::NAMES),
            need: Need::Required,
            about: "the kind of difference",
        },
        ParamDesc {
            name: "versions",
            takes: Takes::OneOf(&["any", "served", "stored"]),
            need: Need::Optional,
            about: "which versions of the base count: any that was served or stored (the default), served, or only stored",
        },
        ParamDesc {
            name: "of",
            takes: Takes::SomeOf(&["crd", "xrd", "promise", "rgd"]),
            need: Need::Optional,
            about: "how the API is written; any where it is left out",
        },
        ParamDesc {
            name: "part",
            takes: Takes::OneOf(&["any", "spec", "status"]),
            need: Need::Optional,
            about: "which part of an object: all but its status (the default), its status, or any",
        },
    ],
    facts: &[
        ("instance-hit", "an instance in this repository is hit"),
        ("single-value", "the rule looks at one value, as a keyword does"),
        ("one-of-branch", "a branch joined `oneOf`"),
        ("of-status", "whoever reads the status may not know it"),
        ("over-default", "`null` kept the default until now"),
        ("scaled", "an autoscaler of this repository targets it"),
        ("read-unguarded", "a Composition of this repository reads it and does not ask whether it is there"),
    ],
    words: &[
        ("path", "the path of the field in an instance"),
        ("field", "the last part of that path"),
        ("kind", "the kind people write"),
        ("version", "the version of the API"),
        ("from", "what it was"),
        ("to", "what it is"),
        ("keyword", "the keyword of the schema"),
        (
            "story",
            "what else goes with a move between the cluster and namespaces, after a comma; empty where nothing does",
        ),
        ("instances", "the instances that are hit, after a semicolon; empty where there are none"),
    ],
    build,
};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Any,
    Spec,
    Status,
}

struct Wanted {
    change: String,
    versions: String,
    part: Part,
    of: Vec<String>,
}

#[expect(clippy::unnecessary_wraps, reason = "the signature that all kinds share")]
fn build(params: &Params<'_>) -> Result<Check, Vec<String>> {
    let part = match params.text("part") {
        "any" => Part::Any,
        "status" => Part::Status,
        _ => Part::Spec,
    };
    let (change, versions) = (params.text("change").into(), params.text("versions").into());
    let wanted = Wanted { change, versions, part, of: params.texts("of") };
    Ok(Check::Change(Box::new(move |facts, sink| report(&wanted, facts, sink))))
}

impl Wanted {
    fn takes(&self, facts: &Facts<'_>, change: &ApiChange) -> bool {
        if change.what.name() != self.change {
            return false;
        }
        let of_status = is_of_status(change);
        let offered = match &*self.versions {
            "served" => change.offered == Offered::Served,
            "stored" => change.offered == Offered::StoredOnly,
            _ => true,
        };
        let flavor = subject(facts, change).0.definition.flavor.name();
        let of = self.of.is_empty() || self.of.iter().any(|of| of == flavor);
        of && offered && (self.part == Part::Any || (self.part == Part::Status) == of_status)
    }
}

/// What tells differences apart: one file's line seen through several builds is one.
type Place<'a> = (FileId, TextRange, &'a str, Option<&'a str>, String);

fn report(wanted: &Wanted, facts: &Facts<'_>, sink: &mut Sink) {
    let mut order: Vec<Vec<&ApiChange>> = Vec::new();
    let mut rows: std::collections::HashMap<Place<'_>, usize> = std::collections::HashMap::new();
    for change in facts.changes.apis().filter(|change| wanted.takes(facts, change)) {
        let detail = format!("{:?}", change.what);
        let key = (change.at.file, change.at.range, &*change.path, change.version.as_deref(), detail);
        if let Some(row) = rows.get(&key) {
            order[*row].push(change);
        } else {
            rows.insert(key, order.len());
            order.push(vec![change]);
        }
    }
    for changes in order {
        sink.report(hit(facts, &changes));
    }
}

fn hit(facts: &Facts<'_>, changes: &[&ApiChange]) -> Hit {
    let change = changes[0];
    let (defined, world, side) = subject(facts, change);
    let touched = Touched::of(facts, changes);
    let (from, to) = change.what.from_to();
    let mut hit = Hit::at(change.at)
        .word("path", change.path.clone())
        .word("field", change.path.rsplit('.').next().unwrap_or_default())
        .word("kind", &*defined.definition.kind)
        .word("version", change.version.as_deref().unwrap_or_default())
        .word("from", from)
        .word("to", to)
        .word("keyword", change.what.keyword())
        .word("story", story(facts, change))
        .word("instances", touched.words())
        .mark(format!("{} {}", change.version.as_deref().unwrap_or_default(), change.path));
    let scope = change.version.as_deref().unwrap_or_default().to_owned();
    hit.node = Some(Node { scope, path: change.path.clone() });
    hit.side = side;
    hit.object = Some(ObjectName::of(world.object(defined.from)));
    hit.build = Some(defined.from.build);
    if !touched.hit.is_empty() {
        hit.facts.push("instance-hit");
    }
    match change.what {
        What::CelValueRuleAdded(_) => hit.facts.push("single-value"),
        What::CombinerBranchAdded(_) => hit.facts.push("one-of-branch"),
        What::NullableAddedOverDefault => hit.facts.push("over-default"),
        What::ScaleRemoved => scalers(facts, &defined.definition, &mut hit),
        What::RequiredRemoved => readers(facts, &defined.definition, change, &mut hit),
        _ => {}
    }
    if is_of_status(change) {
        hit.facts.push("of-status");
    }
    if let Some(was) = change.was.filter(|_| side == Side::Head) {
        hit.related.push(Label { at: was, side: Side::Base, says: "as it was".into() });
    }
    hit.related.extend(touched.labels());
    hit.rewritten = change.was.and_then(|was| rewritten(change, was));
    if let Some(version) = change.version.as_deref().filter(|_| breaks(&change.what)) {
        hit.steps = way_out::steps(&defined.definition, version, &touched.names());
    }
    hit
}

/// What becomes of an XRD's claim where the XRD moves into namespaces.
fn story(facts: &Facts<'_>, change: &ApiChange) -> String {
    let Some((was, is)) = moved(facts, change) else { return String::new() };
    let (Some(claim), None) = (was.kinds.get(1), is.kinds.get(1)) else { return String::new() };
    if is.kinds.first() == Some(claim) {
        let composite = was.kinds.first().map(|kind| &**kind).unwrap_or_default();
        return format!(
            ", as its claim {claim} becomes the composite resource: the definition of {composite} goes, and all \
             composite resources and claims with it"
        );
    }
    format!(", and its claim {claim} is not offered any more")
}

/// Both definitions, where the scope differs.
fn moved<'a>(facts: &Facts<'a>, change: &ApiChange) -> Option<(&'a Definition, &'a Definition)> {
    let is_move = matches!(change.what, What::ScopeChanged | What::ScopeImplied);
    let (was, is) = (change.definition.0?, change.definition.1?);
    is_move.then_some((&facts.base?.definitions[was].definition, &facts.head.definitions[is].definition))
}

fn is_of_status(change: &ApiChange) -> bool {
    change.path == "status" || change.path.starts_with("status.")
}

/// Autoscalers of the head that scale instances of an API.
fn scalers(facts: &Facts<'_>, definition: &Definition, hit: &mut Hit) {
    let scales =
        |object: &Object| object.is("autoscaling", "HorizontalPodAutoscaler") || object.is("keda.sh", "ScaledObject");
    for (_, object) in facts.head.objects().filter(|(_, object)| scales(object)) {
        let Some(target) = object.view(facts.trees).path(["spec", "scaleTargetRef"]) else { continue };
        let group = split_api_version(target.str_at(["apiVersion"]).unwrap_or_default()).0;
        if target.str_at(["kind"]).is_some_and(|kind| definition.has_instances(group, kind)) {
            hit.facts.push("scaled");
            let says = format!("scaled by this {}", object.key.kind);
            hit.related.push(Label { at: target.place(), side: Side::Head, says });
        }
    }
}

/// Compositions of the head that read a field and stop, or make something else, where it is missing.
fn readers(facts: &Facts<'_>, definition: &Definition, change: &ApiChange, hit: &mut Hit) {
    for (_, object) in
        facts.head.objects().filter(|(_, object)| object.is("apiextensions.crossplane.io", "Composition"))
    {
        let view = object.view(facts.trees);
        let Some(target) = CompositionTarget::of(view) else { continue };
        if *target.group != *definition.group || Some(target.kind) != definition.kinds.first().map(|kind| &**kind) {
            continue;
        }
        let stops = |flow: &Flow| flow.way == Way::Reads && flow.missing == Missing::Breaks;
        let below = |path: &str| {
            path.strip_prefix(&*change.path).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
        };
        for flow in flows(view).into_iter().filter(|flow| stops(flow) && below(&flow.path)) {
            hit.facts.push("read-unguarded");
            hit.related.push(Label { at: flow.at, side: Side::Head, says: "read here".into() });
        }
    }
}

/// The lines of the base that a difference is about, and those that stand for them.
fn rewritten(change: &ApiChange, was: Span) -> Option<Rewritten> {
    match change.what {
        What::PropertyRemoved | What::PropertyBecameUntyped | What::VersionRemoved | What::ApiRemoved => {
            Some(Rewritten { was, is: None })
        }
        // The base's line is that of the field, the head's that of the list of required ones.
        What::RequiredAdded | What::RequiredAddedWithDefault | What::RequiredRemoved => None,
        _ => Some(Rewritten { was, is: Some(change.at) }),
    }
}

/// Whether objects in use are refused or lose data, so that a new version is the way.
fn breaks(what: &What) -> bool {
    matches!(
        what,
        What::PropertyRemoved
            | What::PropertyRenamed(_)
            | What::RequiredPropertyAdded
            | What::RequiredAdded
            | What::RequiredDefaultRemoved
            | What::TypeChanged(..)
            | What::IntOrStringNarrowed(_)
            | What::EnumValueRemoved(_)
            | What::EnumConstraintAdded(_)
            | What::BoundTightened(..)
            | What::PatternAdded(_)
            | What::PatternChanged(..)
            | What::FormatTightened(..)
            | What::NullableRemoved
            | What::AdditionalPropertiesTightened
            | What::PreserveUnknownRemoved
            | What::EmbeddedResourceChanged
            | What::ListMapKeysChanged
            | What::CombinerTightened(_)
    )
}

fn subject<'a>(facts: &Facts<'a>, change: &ApiChange) -> (&'a DefinedApi, &'a World, Side) {
    match (change.definition, facts.base) {
        ((_, Some(row)), _) => (&facts.head.definitions[row], facts.head, Side::Head),
        ((Some(row), None), Some(base)) => (&base.definitions[row], base, Side::Base),
        _ => unreachable!("a change has a side, and there is none without a base"),
    }
}

/// The instances by path, range and name: where one shows that it is hit, and its name. One manifest that overlays
/// bring into several namespaces is several instances.
type Seen = BTreeMap<(String, u32, u32, String), Option<(Span, String)>>;

/// The instances that a difference hits, each once.
struct Touched {
    total: usize,
    /// Those that the repository holds itself, hit or not, in the versions that differ.
    names: BTreeSet<String>,
    /// Where the instance shows it, and the instance's name.
    hit: Vec<(Span, String)>,
}

impl Touched {
    fn of(facts: &Facts<'_>, changes: &[&ApiChange]) -> Self {
        let mut seen = Seen::new();
        let mut names = BTreeSet::new();
        for change in changes {
            let apis = facts.impact.apis.iter();
            for api in
                apis.filter(|api| api.pairs.iter().any(|pair| facts.changes.definitions[*pair] == change.definition))
            {
                Self::add(facts, change, api, &mut seen);
                let users = api.instances.iter().filter(|instance| {
                    instance.part.is_none() && change.version.as_deref() == Some(&*instance.object.version)
                });
                names.extend(users.map(|instance| instance.title(facts.head)));
            }
        }
        Self { names, total: seen.len(), hit: seen.into_values().flatten().collect() }
    }

    fn add(facts: &Facts<'_>, change: &ApiChange, api: &ApiImpact, seen: &mut Seen) {
        for instance in &api.instances {
            let place = instance.object.place(facts.trees);
            let left = moved(facts, change)
                .and_then(|(was, _)| was.kinds.get(1))
                .is_some_and(|claim| *claim == instance.object.key.kind);
            let shown = if left { Some(place) } else { shows(facts.trees, change, instance) };
            let path = facts.trees.sources().path(place.file).as_str().to_owned();
            let name = instance.title(facts.head);
            let entry = seen.entry((path, place.range.start, place.range.end, name.clone())).or_default();
            if entry.is_none() {
                *entry = shown.map(|at| (at, name));
            }
        }
    }

    /// "; it hits 2 of 3 instances: team-a/a, team-b/b".
    fn words(&self) -> String {
        if self.hit.is_empty() {
            return String::new();
        }
        let names: Vec<&str> = self.hit.iter().take(NAMED).map(|(_, name)| &**name).collect();
        let more = match self.hit.len().saturating_sub(NAMED) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let plural = if self.total == 1 { "" } else { "s" };
        format!("; it hits {} of {} instance{plural}: {}{more}", self.hit.len(), self.total, names.join(", "))
    }

    /// All instances, each once.
    fn names(&self) -> Vec<String> {
        self.names.iter().cloned().collect()
    }

    fn labels(&self) -> Vec<Label> {
        let more = self.hit.len().saturating_sub(NAMED);
        let label = |(row, (at, name)): (usize, &(Span, String))| {
            let says = match more {
                more if more > 0 && row + 1 == NAMED => format!("hits {name}, and {more} more"),
                _ => format!("hits {name}"),
            };
            Label { at: *at, side: Side::Head, says }
        };
        self.hit.iter().take(NAMED).enumerate().map(label).collect()
    }
}

/// Where an instance shows that a difference hits it.
fn shows(trees: &Trees, change: &ApiChange, instance: &Instance) -> Option<Span> {
    let object = &instance.object;
    if change.version.as_deref().is_some_and(|version| *version != *object.version) {
        return None;
    }
    let Outcome { unserved, violations, pruned, defaults, .. } = &instance.outcome;
    let is_at = |path: &str, pointer: &str| is_below(path, &change.path) || leads_to(&change.path, pointer);
    match &change.what {
        What::ApiRemoved | What::VersionRemoved | What::VersionUnserved => {
            let view = object.view(trees);
            unserved.then(|| view.get("apiVersion").unwrap_or(view).place())
        }
        What::DefaultAdded(_) | What::DefaultChanged(..) | What::DefaultRemoved(_) => {
            defaults.iter().any(|moved| is_at(&moved.path, &moved.pointer)).then(|| object.place(trees))
        }
        What::PropertyRemoved
        | What::PropertyRenamed(_)
        | What::PropertyBecameTyped
        | What::PreserveUnknownRemoved
        | What::AdditionalPropertiesTightened => {
            let lost = pruned.iter().find(|field| is_at(&field.path, &field.pointer)).map(|field| field.at);
            lost.or_else(|| refused(violations, is_at))
        }
        What::CelRuleAdded(rule) | What::CelValueRuleAdded(rule) | What::CelTransitionAdded(rule) => {
            let mut broken = violations.iter().filter(|violation| violation.rule.as_deref() == Some(&**rule));
            broken.find(|violation| is_at(&violation.path, &violation.pointer)).map(|violation| violation.at)
        }
        _ => refused(violations, is_at),
    }
}

fn refused(violations: &[Violation], is_at: impl Fn(&str, &str) -> bool) -> Option<Span> {
    violations.iter().find(|violation| is_at(&violation.path, &violation.pointer)).map(|violation| violation.at)
}

/// Whether a path is another one, or below it.
pub(super) fn is_below(path: &str, other: &str) -> bool {
    path.strip_prefix(other).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}

/// Whether a pointer into an instance is at a path or below it: a field of the one side may be a key of the other's map.
fn leads_to(path: &str, pointer: &str) -> bool {
    let mut steps = pointer.split('/').skip(1);
    let mut parts = path.split('.').flat_map(|part| {
        let name = part.trim_end_matches("[*]");
        let stars = (part.len() - name.len()) / "[*]".len();
        std::iter::once(Some(name)).filter(|name| *name != Some("")).chain(std::iter::repeat_n(None, stars))
    });
    parts.all(|part| steps.next().is_some_and(|step| part.is_none_or(|part| part == step)))
}
