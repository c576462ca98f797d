//! ApplicationSets: the applications that their generators and template make.
//!
//! Never: an application left out because its name is not known; what its sources say counts.

use std::collections::BTreeMap;

use super::application::{Application, Asked, Controller};
use super::generator::{Element, Generators};
use super::reader::{Reader, written};
use crate::base::{Problem, ProblemKind, Span};
use crate::grammar::{Gap, go_template, name_template};
use crate::model::{ARGO_GROUP, ArgoApplication, ArgoApplicationSet, Object, ObjectKey};

impl Reader<'_> {
    /// The applications of a set, each name once with all that the elements of this name ask for, and one problem where
    /// the sources of some are not known.
    pub(super) fn application_set(&self, object: &Object) -> Asked {
        let set = ArgoApplicationSet::new(object.view(self.trees));
        let Some(template) = set.template() else { return Asked::default() };
        let render = if set.is_go_template() { go_template } else { name_template };
        let elements = Generators { reader: self, render }.all(set.generators());
        let name = written(template.path(["metadata", "name"])).unwrap_or_default();
        let mut asked = Asked::default();
        let mut rows: BTreeMap<String, usize> = BTreeMap::new();
        let mut lacks: Option<(Span, String)> = None;
        for element in &elements {
            let fill = |text: &str| render(text, &element.values);
            // A name that is not known is told by its template.
            let key = key(object, &fill(&name).unwrap_or_else(|_| name.to_string()));
            let mut application = Application::new(self.trees, Controller::ArgoCd, key, object);
            application.document = template.value();
            if let Err(gap) = self.argo(&mut application, ArgoApplication::new(template), Some(&fill)) {
                lacks.get_or_insert_with(|| (element.at, why(element, &gap)));
            }
            let identity = format!("{} {:?}", application.key, application.destination);
            if let Some(row) = rows.get(&identity) {
                merge(&mut asked.applications[*row], application);
            } else {
                rows.insert(identity, asked.applications.len());
                asked.applications.push(application);
            }
        }
        asked.problems.extend(lacks.map(|(at, why)| Problem::new(ProblemKind::NotRendered, at, why)));
        asked
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

fn why(element: &Element, gap: &Gap) -> String {
    match &element.lacks {
        Some(lacks) => format!("these applications are not judged: their sources need {gap}, and {lacks}"),
        None => format!("these applications are not judged: their sources need {gap}, which nothing here gives"),
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
