//! The kind `cloud-key`: static keys of a cloud where its workload identity would do.
//!
//! Never: a value; that there is a key says enough.

use super::{CheckKind, Params};
use crate::base::Span;
use crate::model::{Object, Trees, View};
use crate::rules::{Check, Hit, Sink};

pub(super) const KIND: CheckKind = CheckKind {
    name: "cloud-key",
    about: "secret stores, issuers, provider configurations and containers that sign in to a cloud with a static key",
    params: &[],
    facts: &[],
    words: &[("kind", "the object's kind"), ("name", "its name"), ("cloud", "the cloud")],
    build,
};

/// Where kinds name a static key: group, kinds, path, cloud. `*` stands for the items of a list.
const FIELDS: &[(&str, &[&str], &[&str], &str)] = &[
    ("external-secrets.io", STORES, &["spec", "provider", "aws", "auth", "secretRef"], AWS),
    ("external-secrets.io", STORES, &["spec", "provider", "gcpsm", "auth", "secretRef"], GOOGLE),
    ("external-secrets.io", STORES, &["spec", "provider", "azurekv", "authSecretRef"], AZURE),
    (
        "cert-manager.io",
        ISSUERS,
        &["spec", "acme", "solvers", "*", "dns01", "route53", "secretAccessKeySecretRef"],
        AWS,
    ),
    (
        "cert-manager.io",
        ISSUERS,
        &["spec", "acme", "solvers", "*", "dns01", "cloudDNS", "serviceAccountSecretRef"],
        GOOGLE,
    ),
    (
        "cert-manager.io",
        ISSUERS,
        &["spec", "acme", "solvers", "*", "dns01", "azureDNS", "clientSecretSecretRef"],
        AZURE,
    ),
    ("aws.upbound.io", CONFIGS, &["spec", "credentials", "secretRef"], AWS),
    ("aws.crossplane.io", CONFIGS, &["spec", "credentials", "secretRef"], AWS),
    ("gcp.upbound.io", CONFIGS, &["spec", "credentials", "secretRef"], GOOGLE),
    ("gcp.crossplane.io", CONFIGS, &["spec", "credentials", "secretRef"], GOOGLE),
    ("azure.upbound.io", CONFIGS, &["spec", "credentials", "secretRef"], AZURE),
    ("azure.crossplane.io", CONFIGS, &["spec", "credentials", "secretRef"], AZURE),
];

const STORES: &[&str] = &["SecretStore", "ClusterSecretStore"];
const ISSUERS: &[&str] = &["Issuer", "ClusterIssuer"];
const CONFIGS: &[&str] = &["ProviderConfig", "ClusterProviderConfig"];

const AWS: &str = "AWS";
const GOOGLE: &str = "Google Cloud";
const AZURE: &str = "Azure";

/// Variables by which the clouds' libraries take a static key.
const VARIABLES: &[(&str, &str)] = &[("AWS_SECRET_ACCESS_KEY", AWS), ("AZURE_CLIENT_SECRET", AZURE)];

#[expect(clippy::unnecessary_wraps, reason = "the signature that all kinds share")]
fn build(_: &Params<'_>) -> Result<Check, Vec<String>> {
    Ok(Check::Value(Box::new(judge)))
}

fn judge(trees: &Trees, object: &Object, sink: &mut Sink) {
    let view = object.view(trees);
    let mut found: Vec<(Span, &'static str)> = Vec::new();
    for (group, kinds, path, cloud) in FIELDS {
        if *object.key.group == **group && kinds.contains(&&*object.key.kind) {
            at(view, path, cloud, &mut found);
        }
    }
    if let Some(spec) = view.get("spec") {
        variables(spec, 0, &mut found);
    }
    for (place, cloud) in found {
        let hit = Hit::at(place).word("kind", &*object.key.kind).word("name", &*object.key.name);
        sink.report(hit.word("cloud", cloud));
    }
}

fn at(view: View<'_>, path: &[&str], cloud: &'static str, out: &mut Vec<(Span, &'static str)>) {
    match path {
        [] => {}
        ["*", rest @ ..] => view.items().for_each(|item| at(item, rest, cloud, out)),
        [last] => out.extend(view.field(last).map(|field| (field.key_place(), cloud))),
        [name, rest @ ..] => {
            if let Some(view) = view.get(name) {
                at(view, rest, cloud, out);
            }
        }
    }
}

/// The deepest path that is followed to a container.
const DEEPEST: usize = 12;

/// The environments of containers, wherever a kind has them.
fn variables(view: View<'_>, depth: usize, out: &mut Vec<(Span, &'static str)>) {
    if depth > DEEPEST {
        return;
    }
    for field in view.fields() {
        if field.name() == "env" {
            for entry in field.value.items() {
                let name = entry.get("name");
                let known = name.and_then(|name| VARIABLES.iter().find(|(known, _)| name.as_str() == Some(*known)));
                out.extend(name.zip(known).map(|(name, (_, cloud))| (name.place(), *cloud)));
            }
        } else {
            variables(field.value, depth + 1, out);
        }
    }
    view.items().for_each(|item| variables(item, depth + 1, out));
}
