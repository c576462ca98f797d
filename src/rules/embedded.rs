//! The packs that are in the binary. One line a rule: its pack, its id, and the file of its `fail` fixture that
//! `explain` shows. A test holds that the table is the folder `rules/`.
//!
//! Never: a rule that is not a file.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::pack::{self, RuleFile};
use super::rule::RuleSet;
use crate::base::{BlobId, LoadError, Loader, RepoPath, Sources};
use crate::model::Trees;
use crate::secrets::RunKey;

/// A rule of the binary.
pub(crate) struct Embedded {
    /// Its pack.
    pub(crate) pack: &'static str,
    /// Its id.
    pub(crate) id: &'static str,
    /// The text of its file.
    pub(crate) text: &'static str,
    /// The path and the text of a file that it finds fault with.
    pub(crate) example: Option<(&'static str, &'static str)>,
}

macro_rules! rule {
    ($pack:literal, $id:literal) => {
        Embedded {
            pack: $pack,
            id: $id,
            text: include_str!(concat!("../../rules/", $pack, "/", $id, ".yaml")),
            example: None,
        }
    };
    ($pack:literal, $id:literal, $example:literal) => {
        Embedded {
            pack: $pack,
            id: $id,
            text: include_str!(concat!("../../rules/", $pack, "/", $id, ".yaml")),
            example: Some((
                $example,
                include_str!(concat!("../../testdata/", $pack, "/", $id, "/fail/head/", $example)),
            )),
        }
    };
}

/// All of them, sorted by pack and id.
pub(crate) const RULES: &[Embedded] = &[
    rule!("breaking-changes", "api-identity-changed", "api.yaml"),
    rule!("breaking-changes", "api-removed", "claims.yaml"),
    rule!("breaking-changes", "api-short-names-removed", "api.yaml"),
    rule!("breaking-changes", "composition-ambiguous-selection", "api.yaml"),
    rule!("breaking-changes", "composition-anonymous-removed", "api.yaml"),
    rule!("breaking-changes", "composition-anonymous-shifted", "api.yaml"),
    rule!("breaking-changes", "composition-auto-ready-removed", "api.yaml"),
    rule!("breaking-changes", "composition-connection-detail-removed", "api.yaml"),
    rule!("breaking-changes", "composition-deletion-policy-changed", "api.yaml"),
    rule!("breaking-changes", "composition-function-missing", "api.yaml"),
    rule!("breaking-changes", "composition-labels-changed", "api.yaml"),
    rule!("breaking-changes", "composition-metadata-only", "api.yaml"),
    rule!("breaking-changes", "composition-mode-changed", "api.yaml"),
    rule!("breaking-changes", "composition-mode-resources", "api.yaml"),
    rule!("breaking-changes", "composition-patch-optional-source", "api.yaml"),
    rule!("breaking-changes", "composition-patch-required-policy-added", "api.yaml"),
    rule!("breaking-changes", "composition-patch-unknown-field", "api.yaml"),
    rule!("breaking-changes", "composition-removed", "claims.yaml"),
    rule!("breaking-changes", "composition-resource-gvk-changed", "api.yaml"),
    rule!("breaking-changes", "composition-resource-immutable-field", "api.yaml"),
    rule!("breaking-changes", "composition-resource-metadata-name-changed", "api.yaml"),
    rule!("breaking-changes", "composition-resource-removed", "api.yaml"),
    rule!("breaking-changes", "composition-resource-renamed", "api.yaml"),
    rule!("breaking-changes", "composition-secret-namespace-changed", "api.yaml"),
    rule!("breaking-changes", "composition-step-function-changed", "api.yaml"),
    rule!("breaking-changes", "composition-step-removed", "api.yaml"),
    rule!("breaking-changes", "composition-step-renamed", "api.yaml"),
    rule!("breaking-changes", "composition-step-reordered", "api.yaml"),
    rule!("breaking-changes", "composition-type-ref-changed", "api.yaml"),
    rule!("breaking-changes", "conversion-weakened", "api.yaml"),
    rule!("breaking-changes", "destination-labels-changed", "destinations.yaml"),
    rule!("breaking-changes", "instance-invalid", "claims.yaml"),
    rule!("breaking-changes", "instance-pruned", "orders.yaml"),
    rule!("breaking-changes", "instance-unserved", "claims.yaml"),
    rule!("breaking-changes", "promise-api-identity-changed", "api.yaml"),
    rule!("breaking-changes", "promise-api-invalid-crd", "api.yaml"),
    rule!("breaking-changes", "promise-api-not-namespaced", "api.yaml"),
    rule!("breaking-changes", "promise-api-removed", "api.yaml"),
    rule!("breaking-changes", "promise-delete-workflow-removed", "api.yaml"),
    rule!("breaking-changes", "promise-dependency-removed", "api.yaml"),
    rule!("breaking-changes", "promise-destination-selectors-changed", "api.yaml"),
    rule!("breaking-changes", "promise-pipeline-duplicate-name", "api.yaml"),
    rule!("breaking-changes", "promise-pipeline-image-changed", "api.yaml"),
    rule!("breaking-changes", "promise-pipeline-name-too-long", "api.yaml"),
    rule!("breaking-changes", "promise-pipeline-namespace-changed", "api.yaml"),
    rule!("breaking-changes", "promise-pipeline-rbac-narrowed", "api.yaml"),
    rule!("breaking-changes", "promise-pipeline-removed", "api.yaml"),
    rule!("breaking-changes", "promise-pipeline-renamed", "api.yaml"),
    rule!("breaking-changes", "promise-reconciliation-interval-low", "api.yaml"),
    rule!("breaking-changes", "promise-release-version-mismatch", "release.yaml"),
    rule!("breaking-changes", "promise-required-promise-added", "api.yaml"),
    rule!("breaking-changes", "promise-required-promise-removed-elsewhere", "api.yaml"),
    rule!("breaking-changes", "promise-required-promise-version-changed", "api.yaml"),
    rule!("breaking-changes", "promise-selectors-match-nothing", "api.yaml"),
    rule!("breaking-changes", "promise-spec-changed-same-version", "api.yaml"),
    rule!("breaking-changes", "promise-storage-version-changed", "api.yaml"),
    rule!("breaking-changes", "promise-version-downgraded", "api.yaml"),
    rule!("breaking-changes", "promise-version-removed", "api.yaml"),
    rule!("breaking-changes", "promise-version-rereleased", "api.yaml"),
    rule!("breaking-changes", "referenceable-count", "api.yaml"),
    rule!("breaking-changes", "rgd-allow-breaking-left", "api.yaml"),
    rule!("breaking-changes", "rgd-allow-breaking-set", "api.yaml"),
    rule!("breaking-changes", "rgd-external-ref-changed", "api.yaml"),
    rule!("breaking-changes", "rgd-foreach-changed", "api.yaml"),
    rule!("breaking-changes", "rgd-identity-changed", "api.yaml"),
    rule!("breaking-changes", "rgd-include-when-changed", "api.yaml"),
    rule!("breaking-changes", "rgd-marker-invalid", "api.yaml"),
    rule!("breaking-changes", "rgd-namespace-missing", "api.yaml"),
    rule!("breaking-changes", "rgd-namespace-on-cluster-scoped", "api.yaml"),
    rule!("breaking-changes", "rgd-ready-when-changed", "api.yaml"),
    rule!("breaking-changes", "rgd-removed", "app.yaml"),
    rule!("breaking-changes", "rgd-resource-id-renamed", "api.yaml"),
    rule!("breaking-changes", "rgd-resource-identity-changed", "api.yaml"),
    rule!("breaking-changes", "rgd-resource-removed", "api.yaml"),
    rule!("breaking-changes", "rgd-schema-blocked", "api.yaml"),
    rule!("breaking-changes", "rgd-schema-silent", "api.yaml"),
    rule!("breaking-changes", "rgd-status-changed", "api.yaml"),
    rule!("breaking-changes", "rgd-unresolved-reference", "api.yaml"),
    rule!("breaking-changes", "schema-additional-properties-changed", "api.yaml"),
    rule!("breaking-changes", "schema-bound-loosened", "api.yaml"),
    rule!("breaking-changes", "schema-bound-tightened", "api.yaml"),
    rule!("breaking-changes", "schema-cel-rule-added", "api.yaml"),
    rule!("breaking-changes", "schema-cel-transition-added", "api.yaml"),
    rule!("breaking-changes", "schema-combiner-relaxed", "api.yaml"),
    rule!("breaking-changes", "schema-combiner-tightened", "api.yaml"),
    rule!("breaking-changes", "schema-default-added", "api.yaml"),
    rule!("breaking-changes", "schema-default-changed", "api.yaml"),
    rule!("breaking-changes", "schema-default-invalid", "api.yaml"),
    rule!("breaking-changes", "schema-default-removed", "api.yaml"),
    rule!("breaking-changes", "schema-description-changed", "api.yaml"),
    rule!("breaking-changes", "schema-embedded-resource-changed", "api.yaml"),
    rule!("breaking-changes", "schema-enum-constraint-added", "api.yaml"),
    rule!("breaking-changes", "schema-enum-constraint-removed", "api.yaml"),
    rule!("breaking-changes", "schema-enum-value-added", "api.yaml"),
    rule!("breaking-changes", "schema-enum-value-removed", "api.yaml"),
    rule!("breaking-changes", "schema-field-became-untyped", "api.yaml"),
    rule!("breaking-changes", "schema-field-removed", "api.yaml"),
    rule!("breaking-changes", "schema-field-renamed", "api.yaml"),
    rule!("breaking-changes", "schema-format-tightened", "api.yaml"),
    rule!("breaking-changes", "schema-int-or-string-narrowed", "api.yaml"),
    rule!("breaking-changes", "schema-keyword-ignored", "api.yaml"),
    rule!("breaking-changes", "schema-list-map-keys-changed", "api.yaml"),
    rule!("breaking-changes", "schema-list-type-changed", "api.yaml"),
    rule!("breaking-changes", "schema-map-type-changed", "api.yaml"),
    rule!("breaking-changes", "schema-name-limit-tightened", "api.yaml"),
    rule!("breaking-changes", "schema-not-structural", "api.yaml"),
    rule!("breaking-changes", "schema-nullable-added", "api.yaml"),
    rule!("breaking-changes", "schema-nullable-removed", "api.yaml"),
    rule!("breaking-changes", "schema-pattern-added", "api.yaml"),
    rule!("breaking-changes", "schema-pattern-changed", "api.yaml"),
    rule!("breaking-changes", "schema-pattern-removed", "api.yaml"),
    rule!("breaking-changes", "schema-preserve-unknown-added", "api.yaml"),
    rule!("breaking-changes", "schema-preserve-unknown-removed", "api.yaml"),
    rule!("breaking-changes", "schema-printer-column-changed", "api.yaml"),
    rule!("breaking-changes", "schema-required-added", "api.yaml"),
    rule!("breaking-changes", "schema-required-added-with-default", "api.yaml"),
    rule!("breaking-changes", "schema-required-default-removed", "api.yaml"),
    rule!("breaking-changes", "schema-required-field-added", "api.yaml"),
    rule!("breaking-changes", "schema-required-removed", "api.yaml"),
    rule!("breaking-changes", "schema-scale-removed", "api.yaml"),
    rule!("breaking-changes", "schema-selectable-field-removed", "api.yaml"),
    rule!("breaking-changes", "schema-status-field-removed", "api.yaml"),
    rule!("breaking-changes", "schema-type-changed", "api.yaml"),
    rule!("breaking-changes", "schema-type-widened", "api.yaml"),
    rule!("breaking-changes", "version-divergent-without-conversion", "api.yaml"),
    rule!("breaking-changes", "version-removed", "api.yaml"),
    rule!("breaking-changes", "version-storage-count", "api.yaml"),
    rule!("breaking-changes", "version-storage-moved", "api.yaml"),
    rule!("breaking-changes", "version-stored-history-removed", "api.yaml"),
    rule!("breaking-changes", "version-unserved", "api.yaml"),
    rule!("breaking-changes", "xrd-claim-name-conflict", "api.yaml"),
    rule!("breaking-changes", "xrd-claim-names-added", "api.yaml"),
    rule!("breaking-changes", "xrd-claim-names-changed", "api.yaml"),
    rule!("breaking-changes", "xrd-claim-names-removed", "api.yaml"),
    rule!("breaking-changes", "xrd-connection-keys-narrowed", "api.yaml"),
    rule!("breaking-changes", "xrd-conversion-none-explicit", "api.yaml"),
    rule!("breaking-changes", "xrd-crd-labels-changed", "api.yaml"),
    rule!("breaking-changes", "xrd-default-composition-changed", "api.yaml"),
    rule!("breaking-changes", "xrd-default-composition-removed", "api.yaml"),
    rule!("breaking-changes", "xrd-delete-policy-changed", "api.yaml"),
    rule!("breaking-changes", "xrd-enforced-composition-added", "api.yaml"),
    rule!("breaking-changes", "xrd-enforced-composition-changed", "api.yaml"),
    rule!("breaking-changes", "xrd-enforced-composition-removed", "api.yaml"),
    rule!("breaking-changes", "xrd-implicit-scope-change", "api.yaml"),
    rule!("breaking-changes", "xrd-name-mismatch", "api.yaml"),
    rule!("breaking-changes", "xrd-names-changed", "api.yaml"),
    rule!("breaking-changes", "xrd-referenceable-orphans-composition", "api.yaml"),
    rule!("breaking-changes", "xrd-reserved-field", "api.yaml"),
    rule!("breaking-changes", "xrd-revision-selector-changed", "api.yaml"),
    rule!("breaking-changes", "xrd-scope-changed", "api.yaml"),
    rule!("breaking-changes", "xrd-update-policy-changed", "api.yaml"),
    rule!("breaking-changes", "xrd-v2-legacy-field", "api.yaml"),
    rule!("breaking-changes", "xrd-version-schema-missing", "api.yaml"),
    rule!("deprecated-apis", "deprecated-kustomize-field", "overlay/kustomization.yaml"),
    rule!("exposure", "allow-all-network-policy", "open.yaml"),
    rule!("exposure", "dangerous-ingress-setting", "web.yaml"),
    rule!("exposure", "exposed-data-store", "db.yaml"),
    rule!("exposure", "ingress-without-tls", "web.yaml"),
    rule!("exposure", "namespace-without-network-policy", "shop/web.yaml"),
    rule!("guard", "duplicate-key", "settings.yaml"),
    rule!("guard", "expired-suppression", "apps/db/secret.yaml"),
    rule!("guard", "internal-error"),
    rule!("guard", "invalid-rule"),
    rule!("guard", "limit-exceeded", "settings.yaml"),
    rule!("guard", "not-compared", "apps/shop/kustomization.yaml"),
    rule!("guard", "not-rendered", "apps/web/kustomization.yaml"),
    rule!("guard", "overlay-does-not-build", "apps/web/kustomization.yaml"),
    rule!("guard", "unclassified-change", "api.yaml"),
    rule!("guard", "unexplained-suppression", "apps/db/secret.yaml"),
    rule!("guard", "unknown-rule", "apps/db/secret.yaml"),
    rule!("guard", "unparsable-file", "notes/settings.yaml"),
    rule!("guard", "unreadable-file"),
    rule!("guard", "unused-suppression", "apps/db/settings.yaml"),
    rule!("operations", "dangling-notification", "argocd/notifications.yaml"),
    rule!("operations", "left-suspended", "clusters/a/apps.yaml"),
    rule!("platform-safety", "composition-without-api", "api.yaml"),
    rule!("pod-security", "dangerous-capability", "vpn.yaml"),
    rule!("pod-security", "host-namespaces", "agent.yaml"),
    rule!("pod-security", "host-path-volume", "collector.yaml"),
    rule!("pod-security", "privileged-container", "apps/web/overlays/prod/debug.yaml"),
    rule!("pod-security", "root-container", "web.yaml"),
    rule!("pod-security", "unenforced-pod-security", "shop.yaml"),
    rule!("pod-security", "unhardened-container", "web.yaml"),
    rule!("pod-security", "unsafe-sysctl", "cache.yaml"),
    rule!("promotion", "beta-targets-production", "promises/postgres.yaml"),
    rule!("promotion", "loose-version-range", "clusters/dev/sources.yaml"),
    rule!("promotion", "missing-sunset", "api.yaml"),
    rule!("promotion", "removed-before-sunset", "api.yaml"),
    rule!("promotion", "source-tracks-feature-branch", "clusters/development/platform.yaml"),
    rule!("promotion", "sunset-passed", "api.yaml"),
    rule!("secrets", "cluster-wide-sealing", "apps/sealed.yaml"),
    rule!("secrets", "credential-in-manifest", "apps/web/deployment.yaml"),
    rule!("secrets", "leaked-token", "scripts/deploy.sh"),
    rule!("secrets", "long-lived-cloud-key", "platform/store.yaml"),
    rule!("secrets", "loose-sops-rule", ".sops.yaml"),
    rule!("secrets", "missing-decryption", "clusters/dev/apps.yaml"),
    rule!("secrets", "partly-encrypted-secret", "apps/db/secret.sops.yaml"),
    rule!("secrets", "plain-secret-object", "apps/settings.yaml"),
    rule!("secrets", "plaintext-secret", "apps/db/secret.yaml"),
    rule!("secrets", "private-key-in-repository", "clusters/dev/kubeconfig"),
    rule!("secrets", "secret-in-annotation", "apps/db.yaml"),
    rule!("secrets", "secret-in-history"),
    rule!("secrets", "shared-decryption-key", "clusters/prod/db.yaml"),
    rule!("secrets", "unencrypted-sops-file", "clusters/prod/db.sops.yaml"),
    rule!("strict", "policy-composition-target", "composition.yaml"),
    rule!("strict", "policy-conversion-declared", "api.yaml"),
    rule!("strict", "policy-deprecate-before-remove", "api.yaml"),
    rule!("strict", "policy-manual-in-prod", "clusters/production/claims.yaml"),
    rule!("strict", "policy-one-storage", "api.yaml"),
    rule!("strict", "policy-replacement-served", "api.yaml"),
    rule!("strict", "policy-selector-explicit", "claims.yaml"),
    rule!("strict", "policy-sunset-passed", "api.yaml"),
    rule!("strict", "policy-sunset-required", "api.yaml"),
    rule!("strict", "policy-sunset-shortened", "api.yaml"),
    rule!("strict", "policy-sunset-too-soon", "api.yaml"),
    rule!("strict", "policy-version-immutable", "api.yaml"),
    rule!("strict", "policy-version-label", "composition.yaml"),
    rule!("structure", "adding-replace", "apps/web/kustomization.yaml"),
    rule!("structure", "contradictory-source", "argocd/both.yaml"),
    rule!("structure", "dependency-cycle", "clusters/a/apps.yaml"),
    rule!("structure", "dependency-not-found", "clusters/a/apps.yaml"),
    rule!("structure", "doubled-tag-suffix", "apps/web/kustomization.yaml"),
    rule!("structure", "duplicate-object", "apps/shop/settings.yaml"),
    rule!("structure", "flux-sync-path-mismatch", "clusters/b/flux-system/gotk-sync.yaml"),
    rule!("structure", "ignored-patch-directive", "apps/web/patch.yaml"),
    rule!("structure", "legacy-annotation", "apps/settings.yaml"),
    rule!("structure", "lossy-merge-patch", "apps/web/patch.yaml"),
    rule!("structure", "misplaced-sync-wave", "argocd/shop.yaml"),
    rule!("structure", "namespaced-cluster-scoped", "platform/xrd.yaml"),
    rule!("structure", "patch-matches-nothing", "apps/web/kustomization.yaml"),
    rule!("structure", "path-not-found", "argocd/shop.yaml"),
    rule!("structure", "schema-violation", "apps/databases.yaml"),
    rule!("structure", "source-not-found", "clusters/a/apps.yaml"),
    rule!("structure", "unapplied-overlay", "apps/shop/overlays/prod/kustomization.yaml"),
    rule!("structure", "unknown-field", "argocd/shop.yaml"),
    rule!("structure", "unknown-sync-option", "argocd/shop.yaml"),
    rule!("supply-chain", "floating-chart-version", "clusters/production/web.yaml"),
    rule!("supply-chain", "image-without-digest", "apps/web.yaml"),
    rule!("supply-chain", "insecure-source-url", "sources.yaml"),
    rule!("supply-chain", "mutable-image-tag", "apps/web.yaml"),
    rule!("supply-chain", "unpinned-remote-base", "web/kustomization.yaml"),
    rule!("sync-policy", "automated-production", "clusters/production/shop.yaml"),
    rule!("sync-policy", "automated-root", "bootstrap/root.yaml"),
    rule!("sync-policy", "broad-ignore-differences", "clusters/ingress.yaml"),
    rule!("sync-policy", "cascading-root", "bootstrap/root.yaml"),
    rule!("sync-policy", "deleting-application-set", "clusters/teams.yaml"),
    rule!("sync-policy", "empty-sync-allowed", "clusters/production/shop.yaml"),
    rule!("sync-policy", "endless-retry", "clusters/ingress.yaml"),
    rule!("sync-policy", "flux-root-prunes", "clusters/staging/tenants.yaml"),
    rule!("sync-policy", "forced-replace", "clusters/ingress.yaml"),
    rule!("sync-policy", "prune-deletes-application", "argocd/teams.yaml"),
    rule!("sync-policy", "prune-deletes-stateful", "apps/shop/db/kustomization.yaml"),
    rule!("sync-policy", "prune-handover", "databases/pvc.yaml"),
    rule!("sync-policy", "prune-on-core", "clusters/ingress.yaml"),
    rule!("sync-policy", "prune-on-root", "bootstrap/root.yaml"),
    rule!("sync-policy", "prune-orphans", "clusters/a/apps.yaml"),
    rule!("sync-policy", "skipped-validation", "clusters/ingress.yaml"),
    rule!("sync-policy", "unordered-custom-resource", "platform/claim.yaml"),
    rule!("sync-policy", "unprotected-stateful-object", "apps/shop/data.yaml"),
    rule!("sync-policy", "unready-dependency", "clusters/staging/operators.yaml"),
    rule!("tenancy", "any-cluster-resource", "platform.yaml"),
    rule!("tenancy", "any-destination", "shop.yaml"),
    rule!("tenancy", "any-source-repository", "shop.yaml"),
    rule!("tenancy", "cluster-admin-binding", "ci.yaml"),
    rule!("tenancy", "cluster-scoped-in-workloads", "teams/shop/roles.yaml"),
    rule!("tenancy", "contested-object", "clusters/a/apps.yaml"),
    rule!("tenancy", "cross-namespace-reference", "tenants/shop/web.yaml"),
    rule!("tenancy", "crossed-environments", "clusters/production/shop.yaml"),
    rule!("tenancy", "default-project", "argocd/shop.yaml"),
    rule!("tenancy", "tenant-without-service-account", "tenants/shop/sync.yaml"),
    rule!("tenancy", "unlimited-tenant", "tenants/shop/namespace.yaml"),
    rule!("tenancy", "wildcard-role", "operator.yaml"),
];

impl RuleSet {
    /// The rules of the binary, for one run.
    #[must_use]
    pub fn embedded() -> Self {
        Self::embedded_for(&RunKey::fresh())
    }

    /// The same with the key under which values are compared that must not be shown.
    ///
    /// # Panics
    /// Never: packs and ids are plain names, which the table's test holds.
    #[must_use]
    pub fn embedded_for(key: &RunKey) -> Self {
        let sources = Arc::new(Sources::default());
        let loader: Arc<dyn Loader> = Arc::new(Texts::new());
        let files: Vec<RuleFile> = RULES
            .iter()
            .map(|rule| {
                let path = RepoPath::new(&format!("{}/{}", rule.pack, rule.id)).expect("packs and ids are plain names");
                RuleFile { pack: rule.pack.into(), id: rule.id.into(), file: sources.intern(&path, None, &loader) }
            })
            .collect();
        let (rules, problems) = pack::load_proven(&Trees::new(sources), &files.iter().collect::<Vec<_>>(), key);
        debug_assert!(problems.is_empty(), "the embedded packs are right: {problems:?}");
        // A place of an embedded file means nothing in the sources of a run.
        Self::new(rules, Vec::new())
    }
}

struct Texts(BTreeMap<String, &'static str>);

impl Texts {
    fn new() -> Self {
        Self(RULES.iter().map(|rule| (format!("{}/{}", rule.pack, rule.id), rule.text)).collect())
    }
}

impl Loader for Texts {
    fn load(&self, path: &RepoPath, _: Option<BlobId>) -> Result<Vec<u8>, LoadError> {
        let text = self.0.get(path.as_str()).ok_or_else(|| LoadError("no such rule".to_owned()))?;
        Ok(text.as_bytes().to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::schema;

    #[test]
    fn the_embedded_packs_are_right() {
        let set = RuleSet::embedded();
        assert_eq!(set.rules.len(), RULES.len());
        let ids: std::collections::BTreeSet<&str> = RULES.iter().map(|rule| rule.id).collect();
        assert_eq!(ids.len(), RULES.len(), "an id is given twice");
        let order: Vec<(&str, &str)> = RULES.iter().map(|rule| (rule.pack, rule.id)).collect();
        assert!(order.is_sorted(), "the table is sorted by pack and id");
    }

    #[test]
    fn the_embedded_files_pass_the_schema() {
        let schema = schema::rule_schema();
        let validator = jsonschema::validator_for(&schema).expect("a schema");
        for rule in RULES {
            let (trees, file) = crate::testkit::file(rule.id, rule.text);
            let root = trees.documents(file).next().expect("a document");
            let value = trees.view(&root).to_json();
            let errors: Vec<String> = validator.iter_errors(&value).map(|error| error.to_string()).collect();
            assert!(errors.is_empty(), "{}: {errors:?}", rule.id);
        }
    }
}
