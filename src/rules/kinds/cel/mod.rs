//! The kind `cel`: a condition that every object of some kinds must meet, as an expression.
//!
//! Never: an object converted for its expression; a fault of an expression taken for an answer.

mod delivery;
mod subject;

use std::borrow::Cow;

use serde_json::Value as Json;

use self::delivery::Delivery;
pub(in crate::rules) use self::subject::pod_of;
use self::subject::{Each, Target};
use super::{CheckKind, Need, ParamDesc, Params, Takes};
use crate::base::Side;
use crate::grammar::cel::{Document, Mistake, Program, Shape, Text, Val};
use crate::grammar::{FieldStep, field_path};
use crate::model::{Object, Trees, View};
use crate::rules::{Check, Facts, Hit, ObjectName, Sink};

/// The variables of every expression, then those that `each` adds.
const VARIABLES: &[&str] = &["object", "oldObject", "params", "delivery", "pod", "container", "item"];
/// How many of them every expression has.
const COMMON: usize = 4;

pub(super) const KIND: CheckKind = CheckKind {
    name: "cel",
    about: "a condition that objects must meet, as a CEL expression with the words of Kubernetes' admission policies",
    params: &[
        ParamDesc {
            name: "of",
            takes: Takes::Texts,
            need: Need::Optional,
            about: "the kinds of object, each as `group/Kind`, in any version (`/Pod` for the core group); with `each: pod` or `each: container` every kind that holds a pod where it is left out",
        },
        ParamDesc {
            name: "each",
            takes: Takes::Text,
            need: Need::Optional,
            about: "what is judged by itself: `pod` (the pod's spec), `container` (init and ephemeral ones too), or the items of a list (`spec.rules[*]`); the object as a whole where it is left out",
        },
        ParamDesc {
            name: "expression",
            takes: Takes::Expression(VARIABLES),
            need: Need::Required,
            about: "what must hold: `object`, `oldObject` (the same object in the base; null where it is new), `params`, `delivery` (application, cluster, environment, tier, prune; null where unknown), and `pod`, `container`, `item` by `each`",
        },
        ParamDesc {
            name: "at",
            takes: Takes::Text,
            need: Need::Optional,
            about: "the field that a finding points at, in what is judged: `securityContext.privileged`; the nearest parent where it is missing",
        },
        ParamDesc {
            name: "where",
            takes: Takes::Expression(VARIABLES),
            need: Need::Optional,
            about: "the same as an expression that gives the path as text, where the path depends on the object; with `each: container` a path that begins with `pod.` is one of the pod",
        },
        ParamDesc {
            name: "worse",
            takes: Takes::Expression(VARIABLES),
            need: Need::Optional,
            about: "where it holds, the fact `worse` does, for `raise`",
        },
        ParamDesc {
            name: "because",
            takes: Takes::Text,
            need: Need::Optional,
            about: "why that is worse, in a few words",
        },
        ParamDesc { name: "params", takes: Takes::Map, need: Need::Optional, about: "values for the expression" },
    ],
    facts: &[("worse", "the expression `worse` holds")],
    words: &[
        ("kind", "the object's kind"),
        ("name", "the object's name"),
        ("path", "the path of the field that the finding points at"),
        ("value", "the value there; empty where it is missing, or holds others"),
        ("container", "the container's name; empty where no container is judged"),
    ],
    build,
};

struct Condition {
    of: Vec<(String, String)>,
    each: Each,
    program: Program,
    at: Vec<FieldStep>,
    by: Option<Program>,
    worse: Option<(Program, String)>,
    params: Json,
}

type Values<'t> = Vec<Val<'t, Doc<'t>>>;

fn build(params: &Params<'_>) -> Result<Check, Vec<String>> {
    let condition = Condition::read(params)?;
    if condition.names("oldObject") {
        return Ok(Check::Change(Box::new(move |facts, sink| condition.judge_change(facts, sink))));
    }
    if condition.names("delivery") {
        return Ok(Check::Object(Box::new(move |trees, subject, sink| {
            if condition.takes(subject.object) {
                let delivery = Delivery::of(trees, subject.world, subject.at);
                condition.judge(trees, subject.object, (None, &delivery), &mut |hit| hit, sink);
            }
        })));
    }
    let is_of_pods = condition.each.is_of_pods() && !condition.programs().any(|program| program.names_more("object"));
    let check = Box::new(move |trees: &Trees, object: &Object, sink: &mut Sink| {
        if condition.takes(object) {
            condition.judge(trees, object, (None, &Delivery::none()), &mut |hit| hit, sink);
        }
    });
    Ok(if is_of_pods { Check::Pod(check) } else { Check::Value(check) })
}

impl Condition {
    fn read(params: &Params<'_>) -> Result<Self, Vec<String>> {
        let mut wrong = Vec::new();
        let mut of = Vec::new();
        for kind in params.texts("of") {
            match kind.rsplit_once('/') {
                Some((group, kind)) => of.push((group.to_owned(), kind.to_owned())),
                None => wrong.push(format!("`{kind}` is no `group/Kind`")),
            }
        }
        let each = Each::read(params.text("each")).unwrap_or_else(|message| {
            wrong.push(message);
            Each::Object
        });
        if of.is_empty() && wrong.is_empty() && !each.is_of_pods() {
            wrong.push("`of` must name the kinds of object".into());
        }
        let at = field_path(params.text("at")).filter(|at| !at.contains(&FieldStep::Each));
        if at.is_none() {
            wrong.push(format!(
                "`{}` is no path of one field; the items of a list are named by `each`",
                params.text("at")
            ));
        }
        let known: Vec<&str> = VARIABLES[..COMMON].iter().chain(each.variables()).copied().collect();
        let mut compiled = |name: &str| {
            let text = Some(params.text(name)).filter(|text| !text.is_empty())?;
            let mistake = |mistake: Mistake| wrong.push(format!("in `{name}`: {}", mistake.message));
            Program::compile(text, &known).map_err(mistake).ok()
        };
        let (program, by, worse) = (compiled("expression"), compiled("where"), compiled("worse"));
        match (program, at) {
            (Some(program), Some(at)) if wrong.is_empty() => {
                let worse = worse.map(|program| (program, params.text("because").to_owned()));
                let params = Json::Object(params.map("params").clone());
                Ok(Self { of, each, program, at, by, worse, params })
            }
            _ => Err(wrong),
        }
    }

    fn programs(&self) -> impl Iterator<Item = &Program> {
        let worse = self.worse.as_ref().map(|(program, _)| program);
        [Some(&self.program), self.by.as_ref(), worse].into_iter().flatten()
    }

    /// Whether one of its expressions names a variable.
    fn names(&self, variable: &str) -> bool {
        self.programs().any(|program| program.names(variable))
    }

    fn takes(&self, object: &Object) -> bool {
        self.of.is_empty() || self.of.iter().any(|(group, kind)| object.is(group, kind))
    }

    fn judge_change(&self, facts: &Facts<'_>, sink: &mut Sink) {
        let Some(base) = facts.base else { return };
        for (at, object) in facts.head.objects().filter(|(_, object)| self.takes(object)) {
            let was = facts.changes.base_of(at).map(|at| base.object(at));
            let is_same = was.is_some_and(|was| was.value.is_same(&object.value));
            let needs_delivery = self.names("delivery");
            if is_same && !needs_delivery {
                continue;
            }
            let delivery = if needs_delivery { Delivery::of(facts.trees, facts.head, at) } else { Delivery::none() };
            let mut complete =
                |hit: Hit| Hit { side: Side::Head, build: Some(at.build), object: Some(ObjectName::of(object)), ..hit };
            self.judge(facts.trees, object, (was, &delivery), &mut complete, sink);
        }
    }

    fn judge(
        &self,
        trees: &Trees,
        object: &Object,
        (was, delivery): (Option<&Object>, &Delivery<'_>),
        complete: &mut dyn FnMut(Hit) -> Hit,
        sink: &mut Sink,
    ) {
        for target in self.each.targets(object.view(trees), object) {
            let old = was.map_or(Val::Null, |was| Doc::View(was.view(trees)).value());
            let variables = || {
                let common = [
                    Doc::View(object.view(trees)).value(),
                    old.clone(),
                    Doc::Json(&self.params).value(),
                    Doc::Delivery(delivery).value(),
                ];
                common.into_iter().chain(target.variables.iter().map(|view| Doc::View(*view).value())).collect()
            };
            match self.program.holds(variables()) {
                Ok(true) => {}
                Ok(false) => match self.hit(trees, object, &target, &variables()) {
                    Some(hit) => sink.report(complete(hit)),
                    None => sink.undecided(),
                },
                Err(_) => sink.undecided(),
            }
        }
    }

    /// The finding; `None` where the value is one that somebody fills in later.
    fn hit<'t>(&'t self, trees: &Trees, object: &Object, target: &Target<'t>, values: &Values<'t>) -> Option<Hit> {
        let found = target.find(&self.path(values)?);
        let value = found.value.filter(View::is_scalar);
        if value.is_some_and(|value| is_template(&value.written())) {
            return None;
        }
        let shown = value.map(|_| trees.sources().shown_slice(found.at).trim_matches(['\'', '"']).to_owned());
        let hit = Hit::at(found.at)
            .word("kind", &*object.key.kind)
            .word("name", &*object.key.name)
            .word("path", found.path)
            .word("value", shown.unwrap_or_default())
            .word("container", target.container);
        let hit = if found.pointer.is_empty() { hit } else { hit.field(found.pointer) };
        let because = self.worse.as_ref().filter(|(program, _)| program.holds(values.clone()) == Ok(true));
        Some(match because {
            Some((_, because)) if because.is_empty() => hit.fact("worse"),
            Some((_, because)) => hit.word("worse", because).fact("worse"),
            None => hit,
        })
    }

    /// The path of the field to point at; `None` where the rule's expression gives none.
    fn path<'t>(&'t self, values: &Values<'t>) -> Option<Cow<'t, [FieldStep]>> {
        let Some(by) = &self.by else { return Some(Cow::Borrowed(&self.at)) };
        let path = by.run(values.clone()).ok()?;
        field_path(path.as_text()?).map(Cow::Owned)
    }
}

fn is_template(text: &str) -> bool {
    text.contains("${") || text.contains("{{") || text.contains("$(")
}

/// What expressions look at: a document of the repository, or values of the rule.
#[derive(Clone)]
enum Doc<'t> {
    View(View<'t>),
    Json(&'t Json),
    Delivery(&'t Delivery<'t>),
}

/// The same value in these documents.
fn lifted<'t, D>(value: Val<'t, D>, tree: impl FnOnce(D) -> Doc<'t>) -> Val<'t, Doc<'t>> {
    match value {
        Val::Tree(found) => Val::Tree(tree(found)),
        Val::Bool(value) => Val::Bool(value),
        Val::Int(value) => Val::Int(value),
        Val::Uint(value) => Val::Uint(value),
        Val::Double(value) => Val::Double(value),
        Val::Text(text) => Val::Text(text),
        _ => Val::Null,
    }
}

impl<'t> Document<'t> for Doc<'t> {
    fn value(self) -> Val<'t, Self> {
        match self {
            Self::View(view) => lifted(view.value(), Doc::View),
            Self::Json(json) => lifted(json.value(), Doc::Json),
            Self::Delivery(delivery) if delivery.is_some() => Val::Tree(self),
            Self::Delivery(_) => Val::Null,
        }
    }

    fn shape(&self) -> Shape {
        match self {
            Self::View(view) => view.shape(),
            Self::Json(json) => json.shape(),
            Self::Delivery(_) => Shape::Map,
        }
    }

    fn field(&self, key: &str) -> Option<Self> {
        match self {
            Self::View(view) => view.get(key).map(Doc::View),
            Self::Json(json) => json.get(key).map(Doc::Json),
            Self::Delivery(delivery) => delivery.field(key).map(Doc::Json),
        }
    }

    fn fields(&self) -> Vec<(Text<'t>, Self)> {
        match self {
            Self::View(view) => {
                Document::fields(view).into_iter().map(|(key, value)| (key, Doc::View(value))).collect()
            }
            Self::Json(json) => {
                Document::fields(json).into_iter().map(|(key, value)| (key, Doc::Json(value))).collect()
            }
            Self::Delivery(delivery) => {
                delivery.fields().map(|(key, value)| (Text::Stands(key), Doc::Json(value))).collect()
            }
        }
    }

    fn items(&self) -> Vec<Self> {
        match self {
            Self::View(view) => view.items().map(Doc::View).collect(),
            Self::Json(json) => Document::items(json).into_iter().map(Doc::Json).collect(),
            Self::Delivery(_) => Vec::new(),
        }
    }

    fn size(&self) -> usize {
        match self {
            Self::View(view) => view.size(),
            Self::Json(json) => json.size(),
            Self::Delivery(delivery) => delivery.fields().count(),
        }
    }
}

#[cfg(test)]
mod tests;
