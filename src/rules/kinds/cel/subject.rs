//! What a condition is about: an object, its pod, each of its containers, or each item of a list; and the fields of it.
//!
//! Never: a list of kinds beside the one of those that hold pods.

use std::fmt::Write as _;

use crate::base::Span;
use crate::grammar::{FieldStep, field_path};
use crate::model::{Object, Trees, View};

/// What is judged by itself.
pub(super) enum Each {
    /// The object.
    Object,
    /// The spec of the pod that it is or makes.
    Pod,
    /// Each container of that pod.
    Container,
    /// What a path with `[*]` leads to.
    Item(Vec<FieldStep>),
}

impl Each {
    pub(super) fn read(text: &str) -> Result<Self, String> {
        match text {
            "" => Ok(Self::Object),
            "pod" => Ok(Self::Pod),
            "container" => Ok(Self::Container),
            _ => match field_path(text) {
                Some(steps) if steps.contains(&FieldStep::Each) => Ok(Self::Item(steps)),
                _ => Err(format!(
                    "`{text}` is neither `pod` nor `container` nor the path of a list's items (`spec.rules[*]`)"
                )),
            },
        }
    }

    pub(super) fn is_of_pods(&self) -> bool {
        matches!(self, Self::Pod | Self::Container)
    }

    /// The variables that the expression has beside those of every expression.
    pub(super) fn variables(&self) -> &'static [&'static str] {
        match self {
            Self::Object => &[],
            Self::Pod => &["pod"],
            Self::Container => &["pod", "container"],
            Self::Item(_) => &["item"],
        }
    }

    /// What is judged in an object.
    pub(super) fn targets<'t>(&'t self, view: View<'t>, object: &Object) -> Vec<Target<'t>> {
        let root = Target::root(view);
        match self {
            Self::Object => vec![root],
            Self::Pod => pod(root, object).into_iter().map(|pod| pod.with(&[])).collect(),
            Self::Container => pod(root, object).as_ref().map(containers).unwrap_or_default(),
            Self::Item(steps) => items(root, steps).into_iter().map(|item| item.with(&[])).collect(),
        }
    }
}

/// A value that is judged, with its place in the object.
#[derive(Clone)]
pub(super) struct Target<'t> {
    view: View<'t>,
    /// What stands for it where a field is missing: its key, or a list item's name.
    at: Span,
    /// From the object to it. Texts are made of it for those that are found wrong, which are few.
    way: Vec<Way<'t>>,
    /// The values of the variables of [`Each::variables`].
    pub(super) variables: Vec<View<'t>>,
    /// The container's name.
    pub(super) container: &'t str,
    /// The pod of a container.
    pod: Option<Box<Target<'t>>>,
}

/// A step to a value.
#[derive(Clone, Copy)]
enum Way<'t> {
    Name(&'t str),
    Row(usize),
    Each,
}

/// A field that is looked for, or the nearest parent that is there.
pub(super) struct Found<'t> {
    pub(super) value: Option<View<'t>>,
    pub(super) at: Span,
    pub(super) pointer: String,
    /// As people write it, to the field itself.
    pub(super) path: String,
}

impl<'t> Target<'t> {
    fn root(view: View<'t>) -> Self {
        let at = view.get("kind").unwrap_or(view).place();
        Self { view, at, way: Vec::new(), variables: Vec::new(), container: "", pod: None }
    }

    /// The same as a value of the expression, behind others.
    fn with(self, before: &[View<'t>]) -> Self {
        let variables = before.iter().copied().chain([self.view]).collect();
        Self { variables, ..self }
    }

    fn field(mut self, name: &'t str) -> Option<Self> {
        (self.view, self.at) = field(self.view, name)?;
        self.way.push(Way::Name(name));
        Some(self)
    }

    fn item(mut self, row: usize, view: View<'t>) -> Self {
        (self.view, self.at) = (view, place_of_item(view));
        self.way.push(Way::Row(row));
        self
    }

    /// The field behind some steps.
    pub(super) fn find(&self, steps: &[FieldStep]) -> Found<'t> {
        let (start, steps) = match (&self.pod, steps) {
            (Some(pod), [FieldStep::Name(first), rest @ ..]) if first == "pod" => (&**pod, rest),
            _ => (self, steps),
        };
        let mut way: Vec<Way<'_>> = start.way.clone();
        let (mut view, mut at) = (start.view, start.at);
        for (depth, step) in steps.iter().enumerate() {
            let next = match step {
                FieldStep::Name(name) => field(view, name),
                FieldStep::Item(row) => view.item(*row).map(|item| (item, place_of_item(item))),
                FieldStep::Each => None,
            };
            let Some(next) = next else {
                let pointer = pointer(&way);
                way.extend(steps[depth..].iter().map(Way::of));
                return Found { value: None, at, pointer, path: path(&way) };
            };
            (view, at) = next;
            way.push(Way::of(step));
        }
        Found { value: Some(view), at, pointer: pointer(&way), path: path(&way) }
    }
}

impl<'t> Way<'t> {
    fn of(step: &'t FieldStep) -> Self {
        match step {
            FieldStep::Name(name) => Self::Name(name),
            FieldStep::Item(row) => Self::Row(*row),
            FieldStep::Each => Self::Each,
        }
    }
}

/// A field's value, and what stands for it where a field in it is missing.
fn field<'t>(view: View<'t>, name: &str) -> Option<(View<'t>, Span)> {
    let field = view.field(name)?;
    let at = if field.value.is_scalar() { field.value.place() } else { field.key_place() };
    Some((field.value, at))
}

fn place_of_item(item: View<'_>) -> Span {
    item.get("name").filter(View::is_scalar).unwrap_or(item).place()
}

fn pointer(way: &[Way<'_>]) -> String {
    let mut pointer = String::new();
    for step in way {
        let _ = match step {
            Way::Name(name) => write!(pointer, "/{}", name.replace('~', "~0").replace('/', "~1")),
            Way::Row(row) => write!(pointer, "/{row}"),
            Way::Each => Ok(()),
        };
    }
    pointer
}

/// The way as people write it.
fn path(way: &[Way<'_>]) -> String {
    let mut path = String::new();
    for step in way {
        let _ = match step {
            Way::Name(name) if name.contains(['.', '/']) => write!(path, "['{name}']"),
            Way::Name(name) if path.is_empty() => write!(path, "{name}"),
            Way::Name(name) => write!(path, ".{name}"),
            Way::Row(row) => write!(path, "[{row}]"),
            Way::Each => write!(path, "[*]"),
        };
    }
    path
}

/// The spec of the pod that an object is or makes.
pub(in crate::rules) fn pod_of<'t>(trees: &'t Trees, object: &'t Object) -> Option<View<'t>> {
    pod_path(&object.key.group, &object.key.kind)?.iter().try_fold(object.view(trees), |at, name| at.get(name))
}

fn pod<'t>(root: Target<'t>, object: &Object) -> Option<Target<'t>> {
    pod_path(&object.key.group, &object.key.kind)?.iter().try_fold(root, |at, name| at.field(name))
}

fn containers<'t>(pod: &Target<'t>) -> Vec<Target<'t>> {
    let lists = ["containers", "initContainers", "ephemeralContainers"];
    let mut found = Vec::new();
    let there = lists.into_iter().filter(|list| pod.view.get(list).is_some());
    for list in there.filter_map(|list| pod.clone().field(list)) {
        for (row, item) in list.view.items().enumerate() {
            let container = item.str_at(["name"]).unwrap_or("without a name");
            let pod_of = Some(Box::new(pod.clone()));
            found.push(Target { container, pod: pod_of, ..list.clone().item(row, item) }.with(&[pod.view]));
        }
    }
    found
}

fn items<'t>(root: Target<'t>, steps: &'t [FieldStep]) -> Vec<Target<'t>> {
    let mut found = vec![root];
    for step in steps {
        found = match step {
            FieldStep::Name(name) => found.into_iter().filter_map(|at| at.field(name)).collect(),
            FieldStep::Item(row) => {
                let item = |at: Target<'t>| at.view.item(*row).map(|item| at.item(*row, item));
                found.into_iter().filter_map(item).collect()
            }
            FieldStep::Each => {
                let each = |at: Target<'t>| {
                    let rows: Vec<View<'t>> = at.view.items().collect();
                    rows.into_iter().enumerate().map(move |(row, item)| at.clone().item(row, item))
                };
                found.into_iter().flat_map(each).collect()
            }
        };
    }
    found
}

/// Where a kind holds its pod's spec.
fn pod_path(group: &str, kind: &str) -> Option<&'static [&'static str]> {
    match (group, kind) {
        ("", "Pod") => Some(&["spec"]),
        ("", "PodTemplate") => Some(&["template", "spec"]),
        ("batch", "CronJob") => Some(&["spec", "jobTemplate", "spec", "template", "spec"]),
        ("apps" | "extensions", "Deployment" | "DaemonSet" | "StatefulSet" | "ReplicaSet")
        | ("", "ReplicationController")
        | ("batch", "Job")
        | ("argoproj.io", "Rollout") => Some(&["spec", "template", "spec"]),
        _ => None,
    }
}
