//! ApplicationSets: the applications that their generators and template make.
//!
//! Never: an application left out because its name is not known; what its sources say counts.

use std::collections::BTreeMap;

use super::application::{Application, Asked, Controller};
use super::generator::{Element, Generators, Language};
use super::reader::{Reader, written};
use super::template_patch;
use crate::base::{Problem, ProblemKind, Span};
use crate::grammar::Gap;
use crate::model::{ARGO_GROUP, ArgoApplication, ArgoApplicationSet, Object, ObjectKey, Value, View};

/// What is gathered while a set is read.
#[derive(Default)]
struct Gathered {
    asked: Asked,
    /// The rows of the applications, by name and destination.
    rows: BTreeMap<String, usize>,
    /// The first thing that some elements lack.
    lacks: Option<(Span, String)>,
}

impl Reader<'_> {
    /// The applications of a set, each name once with all that the elements of this name ask for, and one problem where
    /// the sources of some are not known.
    pub(super) fn application_set(&self, object: &Object) -> Asked {
        let set = ArgoApplicationSet::new(object.view(self.trees));
        let Some(template) = set.template() else { return Asked::default() };
        let language = if set.is_go_template() {
            Language::Go { stops_at_missing: set.stops_at_missing() }
        } else {
            Language::Names
        };
        let mut gathered = Gathered::default();
        for (elements, own) in (Generators { reader: self, set: &object.key, language }).all(set.generators()) {
            let template = match own {
                None => template.value(),
                Some(own) => template_patch::with_own(self.trees, &template.value(), own),
            };
            for element in &elements {
                self.add_element(object, (&template, set.template_patch()), (language, element), &mut gathered);
            }
        }
        let lacks = gathered.lacks.map(|(at, why)| Problem::new(ProblemKind::NotRendered, at, why));
        gathered.asked.problems.extend(lacks);
        gathered.asked
    }

    fn add_element(
        &self,
        object: &Object,
        (template, patch): (&Value, Option<View<'_>>),
        (language, element): (Language, &Element),
        gathered: &mut Gathered,
    ) {
        let fill = |text: &str| language.fill(text, element);
        let document = match patch.map(|patch| self.patched(template, patch, &fill)) {
            None => template.clone(),
            Some(Ok(patched)) => patched,
            Some(Err(why)) => {
                gathered.lacks.get_or_insert_with(|| (element.at, why_not(element, &why)));
                template.clone()
            }
        };
        let view = self.trees.view(&document);
        // A name that is not known is told by its template.
        let name = written(view.path(["metadata", "name"])).unwrap_or_default();
        let key = key(object, &fill(&name).unwrap_or_else(|_| name.to_string()));
        let mut application = Application::new(self.trees, Controller::ArgoCd, key, object);
        application.document = document.clone();
        if let Err(gap) = self.argo(&mut application, ArgoApplication::new(view), Some(&fill)) {
            let why = format!("their sources need {gap}");
            gathered.lacks.get_or_insert_with(|| (element.at, why_not(element, &why)));
        }
        application.sought.iter_mut().for_each(|sought| sought.is_sure = element.is_sure);
        let identity = format!("{} {:?}", application.key, application.destination);
        if let Some(row) = gathered.rows.get(&identity) {
            merge(&mut gathered.asked.applications[*row], application);
        } else {
            gathered.rows.insert(identity, gathered.asked.applications.len());
            gathered.asked.applications.push(application);
        }
    }

    /// The template with the set's patch, filled for one element.
    fn patched(
        &self,
        template: &Value,
        patch: View<'_>,
        fill: &dyn Fn(&str) -> Result<String, Gap>,
    ) -> Result<Value, String> {
        let text = fill(patch.as_str().unwrap_or_default());
        let text = text.map_err(|gap| format!("their `templatePatch` needs {gap}"))?;
        template_patch::patched(self.trees, template, &text, patch.place())
    }
}

fn key(set: &Object, name: &str) -> ObjectKey {
    ObjectKey {
        group: ARGO_GROUP.into(),
        kind: "Application".into(),
        namespace: set.key.namespace.clone(),
        name: name.into(),
    }
}

fn why_not(element: &Element, why: &str) -> String {
    match &element.lacks {
        Some(lacks) => format!("these applications are not judged: {why}, and {lacks}"),
        None => format!("these applications are not judged: {why}, which nothing here gives"),
    }
}

fn merge(known: &mut Application, other: Application) {
    for (build, at) in other.builds {
        if known.builds.iter().all(|(one, _)| *one != build) {
            known.builds.push((build, at));
        }
    }
    for unrendered in other.unrendered {
        if known.unrendered.iter().all(|one| one.at != unrendered.at) {
            known.unrendered.push(unrendered);
        }
    }
    known.sought.extend(other.sought);
    known.is_root |= other.is_root;
}
