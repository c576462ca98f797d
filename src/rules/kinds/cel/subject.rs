//! What a condition is about: an object, its pod, each of its containers, or each item of a list; and the fields of it.
//!
//! Never: a list of kinds beside the one of those that hold pods.

use std::fmt::Write as _;

use crate::base::Span;
use crate::grammar::{FieldStep, field_path};
use crate::model::{Object, View};

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
    pub(super) fn targets<'t>(&self, view: View<'t>, object: &Object) -> Vec<Target<'t>> {
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
    pointer: String,
    path: String,
    /// The values of the variables of [`Each::variables`].
    pub(super) variables: Vec<View<'t>>,
    /// The container's name.
    pub(super) container: &'t str,
    /// The pod of a container.
    pod: Option<Box<Target<'t>>>,
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
        Self { view, at, pointer: String::new(), path: String::new(), variables: Vec::new(), container: "", pod: None }
    }

    /// The same as a value of the expression, behind others.
    fn with(self, before: &[View<'t>]) -> Self {
        let variables = before.iter().copied().chain([self.view]).collect();
        Self { variables, ..self }
    }

    fn field(&self, name: &str) -> Option<Self> {
        let field = self.view.field(name)?;
        let mut next = Self { view: field.value, ..self.clone() };
        next.at = if field.value.is_scalar() { field.value.place() } else { field.key_place() };
        next.named(name);
        Some(next)
    }

    fn named(&mut self, name: &str) {
        let _ = write!(self.pointer, "/{}", name.replace('~', "~0").replace('/', "~1"));
        if name.contains(['.', '/']) {
            let _ = write!(self.path, "['{name}']");
        } else {
            self.path.push_str(if self.path.is_empty() { "" } else { "." });
            self.path.push_str(name);
        }
    }

    fn item(&self, row: usize, view: View<'t>) -> Self {
        let at = view.get("name").filter(View::is_scalar).unwrap_or(view).place();
        let (pointer, path) = (format!("{}/{row}", self.pointer), format!("{}[{row}]", self.path));
        Self { view, at, pointer, path, ..self.clone() }
    }

    /// The field behind some steps.
    pub(super) fn find(&self, steps: &[FieldStep]) -> Found<'t> {
        let (mut at, steps) = match (&self.pod, steps) {
            (Some(pod), [FieldStep::Name(first), rest @ ..]) if first == "pod" => ((**pod).clone(), rest),
            _ => (self.clone(), steps),
        };
        for (depth, step) in steps.iter().enumerate() {
            let next = match step {
                FieldStep::Name(name) => at.field(name),
                FieldStep::Item(row) => at.view.item(*row).map(|item| at.item(*row, item)),
                FieldStep::Each => None,
            };
            let Some(next) = next else {
                let pointer = at.pointer.clone();
                let mut path = at.clone();
                for step in &steps[depth..] {
                    match step {
                        FieldStep::Name(name) => path.named(name),
                        FieldStep::Item(row) => {
                            let _ = write!(path.path, "[{row}]");
                        }
                        FieldStep::Each => path.path.push_str("[*]"),
                    }
                }
                return Found { value: None, at: at.at, pointer, path: path.path };
            };
            at = next;
        }
        Found { value: Some(at.view), at: at.at, pointer: at.pointer, path: at.path }
    }
}

fn pod<'t>(root: Target<'t>, object: &Object) -> Option<Target<'t>> {
    pod_path(&object.key.group, &object.key.kind)?.iter().try_fold(root, |at, name| at.field(name))
}

fn containers<'t>(pod: &Target<'t>) -> Vec<Target<'t>> {
    let lists = ["containers", "initContainers", "ephemeralContainers"];
    let mut found = Vec::new();
    for list in lists.into_iter().filter_map(|list| pod.field(list)) {
        for (row, item) in list.view.items().enumerate() {
            let container = item.str_at(["name"]).unwrap_or("without a name");
            let pod_of = Some(Box::new(pod.clone()));
            found.push(Target { container, pod: pod_of, ..list.item(row, item) }.with(&[pod.view]));
        }
    }
    found
}

fn items<'t>(root: Target<'t>, steps: &[FieldStep]) -> Vec<Target<'t>> {
    let mut found = vec![root];
    for step in steps {
        found = match step {
            FieldStep::Name(name) => found.iter().filter_map(|at| at.field(name)).collect(),
            FieldStep::Item(row) => found.iter().filter_map(|at| Some(at.item(*row, at.view.item(*row)?))).collect(),
            FieldStep::Each => {
                let each = |at: &Target<'t>| {
                    let at = at.clone();
                    at.view.items().enumerate().map(move |(row, item)| at.item(row, item))
                };
                found.iter().flat_map(each).collect()
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
