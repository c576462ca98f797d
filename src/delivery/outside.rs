//! What a configuration tells of the world outside the repository: the clusters that Argo CD knows, and what generators
//! give that ask elsewhere.
//!
//! Never: a request.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::grammar::normalized_name;

/// The address by which Argo CD knows its own cluster.
pub(super) const OWN_SERVER: &str = "https://kubernetes.default.svc";
/// Its name there.
pub(super) const OWN_NAME: &str = "in-cluster";
/// The label that marks the Secret of a cluster.
const SECRET_TYPE: (&str, &str) = ("argocd.argoproj.io/secret-type", "cluster");

/// What is told of the world outside.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outside {
    /// The clusters that Argo CD knows; empty where nobody tells them.
    pub clusters: Vec<ClusterSecret>,
    /// What the generators of some ApplicationSets give.
    pub generated: Vec<Generated>,
}

/// A cluster, as the Secret describes it that Argo CD knows it by.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ClusterSecret {
    /// Its name.
    pub name: String,
    /// The address of its API server; the name again where none is given.
    pub server: String,
    /// The project it is for, where it is for one.
    pub project: String,
    /// The Secret's labels.
    pub labels: BTreeMap<String, String>,
    /// The Secret's annotations.
    pub annotations: BTreeMap<String, String>,
}

/// What one generator of an ApplicationSet gives.
#[derive(Clone, Debug, PartialEq)]
pub struct Generated {
    /// The set: `namespace/name`, or its name alone.
    pub set: String,
    /// The generator: `pullRequest`, `scmProvider`, `clusterDecisionResource`, `plugin`.
    pub generator: String,
    /// Its elements, in the generator's own words.
    pub elements: Vec<Value>,
}

impl Outside {
    /// The elements that a generator of a set gives, where somebody tells them.
    pub(super) fn elements(&self, namespace: &str, name: &str, generator: &str) -> Option<&[Value]> {
        let is_set = |set: &str| match set.split_once('/') {
            Some((known, of)) => known == namespace && of == name,
            None => set == name,
        };
        let found = self.generated.iter().find(|one| one.generator == generator && is_set(&one.set));
        found.map(|found| &*found.elements)
    }

    /// All clusters, with Argo CD's own where no Secret is for it; that one has no labels.
    pub(super) fn all_clusters(&self) -> impl Iterator<Item = (ClusterSecret, Local)> {
        let is_told = self.clusters.iter().any(|one| one.server == OWN_SERVER || one.name == OWN_NAME);
        let own = ClusterSecret { name: OWN_NAME.into(), server: OWN_SERVER.into(), ..ClusterSecret::default() };
        let own = (!is_told).then_some((own, Local::WithoutSecret));
        own.into_iter().chain(self.clusters.iter().map(|one| (one.clone(), Local::No)))
    }
}

/// Whether a cluster is Argo CD's own, which it knows without a Secret.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Local {
    /// It is, and no selector finds it.
    WithoutSecret,
    /// A Secret describes it.
    No,
}

impl ClusterSecret {
    /// A label, also the one that all these Secrets have.
    pub(super) fn label(&self, name: &str) -> Option<&str> {
        let own = self.labels.get(name).map(String::as_str);
        own.or_else(|| (name == SECRET_TYPE.0).then_some(SECRET_TYPE.1))
    }

    /// What a generator gives of it, for templates that go down into maps.
    pub(super) fn values(&self) -> Value {
        let mut labels = self.labels.clone();
        if !self.labels.is_empty() || self.server != OWN_SERVER {
            labels.entry(SECRET_TYPE.0.to_owned()).or_insert_with(|| SECRET_TYPE.1.to_owned());
        }
        serde_json::json!({
            "name": self.name,
            "nameNormalized": normalized_name(&self.name),
            "server": self.server,
            "project": self.project,
            "metadata": {"labels": labels, "annotations": self.annotations},
        })
    }
}
