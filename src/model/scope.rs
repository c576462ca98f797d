//! Which kinds of Kubernetes itself live in a namespace.
//!
//! Never: a kind that a custom resource definition brings; its definition says it.

/// Whether objects of a built-in kind live in a namespace; `None` for a kind that is not Kubernetes' own.
#[must_use]
pub fn is_namespaced(group: &str, kind: &str) -> Option<bool> {
    let (cluster, namespaced): (&[&str], &[&str]) = match group {
        "" => (
            &["Namespace", "Node", "PersistentVolume"],
            &[
                "ConfigMap",
                "Endpoints",
                "Event",
                "LimitRange",
                "PersistentVolumeClaim",
                "Pod",
                "PodTemplate",
                "ReplicationController",
                "ResourceQuota",
                "Secret",
                "Service",
                "ServiceAccount",
            ],
        ),
        "admissionregistration.k8s.io" => (
            &[
                "MutatingAdmissionPolicy",
                "MutatingAdmissionPolicyBinding",
                "MutatingWebhookConfiguration",
                "ValidatingAdmissionPolicy",
                "ValidatingAdmissionPolicyBinding",
                "ValidatingWebhookConfiguration",
            ],
            &[],
        ),
        "apiextensions.k8s.io" => (&["CustomResourceDefinition"], &[]),
        "apiregistration.k8s.io" => (&["APIService"], &[]),
        "apps" => (&[], &["ControllerRevision", "DaemonSet", "Deployment", "ReplicaSet", "StatefulSet"]),
        "autoscaling" => (&[], &["HorizontalPodAutoscaler"]),
        "batch" => (&[], &["CronJob", "Job"]),
        "coordination.k8s.io" => (&[], &["Lease"]),
        "networking.k8s.io" => (&["IngressClass"], &["Ingress", "NetworkPolicy"]),
        "policy" => (&[], &["PodDisruptionBudget"]),
        "rbac.authorization.k8s.io" => (&["ClusterRole", "ClusterRoleBinding"], &["Role", "RoleBinding"]),
        "scheduling.k8s.io" => (&["PriorityClass"], &[]),
        "storage.k8s.io" => (&["CSIDriver", "CSINode", "StorageClass", "VolumeAttachment"], &["CSIStorageCapacity"]),
        _ => return None,
    };
    if cluster.contains(&kind) {
        return Some(false);
    }
    namespaced.contains(&kind).then_some(true)
}

#[cfg(test)]
mod tests {
    use super::is_namespaced;

    #[test]
    fn only_what_is_known_is_said() {
        assert_eq!(is_namespaced("", "ConfigMap"), Some(true));
        assert_eq!(is_namespaced("rbac.authorization.k8s.io", "ClusterRole"), Some(false));
        assert_eq!(is_namespaced("example.com", "Namespace"), None);
        assert_eq!(is_namespaced("apps", "Unknown"), None);
    }
}
