//! Fields of managed resources that their providers cannot change in place: the external API has no call for it. Providers
//! that are generated from Terraform's refuse the update ("refuse to update the external resource because the following
//! update requires replacing it", crossplane/upjet `pkg/controller/external_tfpluginsdk.go`), and the resource reports that
//! until somebody deletes it. A small table of what platforms compose.
//!
//! Each field is marked `ForceNew: true` in the source of the Terraform provider; the file is named at its row. What they
//! compare in a way of their own (`StateFunc`, `DiffSuppressFunc`, sets) is compared so here.
//!
//! Never: a field that is only slow to change; a kind that nobody composes; a row without its source.

use serde_json::Value as Json;

/// The end of the API group, the kind, and fields below `spec.forProvider`.
type Row = (&'static str, &'static str, &'static [&'static str]);

/// By group and kind. Sources: hashicorp/terraform-provider-aws `internal/service/`, -azurerm `internal/services/`,
/// -google `google/services/`.
const TABLE: [Row; 21] = [
    // ec2/ebs_volume.go
    ("ec2.aws.upbound.io", "EBSVolume", &["availabilityZone", "encrypted", "kmsKeyId"]),
    // ec2/vpc_subnet.go
    ("ec2.aws.upbound.io", "Subnet", &["availabilityZone", "cidrBlock", "vpcId"]),
    // ec2/vpc_.go
    ("ec2.aws.upbound.io", "VPC", &["cidrBlock"]),
    // dynamodb/table.go
    ("dynamodb.aws.upbound.io", "Table", &["hashKey", "rangeKey"]),
    // ecr/repository.go
    ("ecr.aws.upbound.io", "Repository", &["encryptionConfiguration"]),
    // efs/file_system.go
    ("efs.aws.upbound.io", "FileSystem", &["encrypted", "kmsKeyId", "performanceMode"]),
    // eks/cluster.go
    ("eks.aws.upbound.io", "Cluster", &["roleArn"]),
    // eks/node_group.go
    (
        "eks.aws.upbound.io",
        "NodeGroup",
        &["amiType", "capacityType", "diskSize", "instanceTypes", "nodeRoleArn", "subnetIds"],
    ),
    // elasticache/replication_group.go
    ("elasticache.aws.upbound.io", "ReplicationGroup", &["atRestEncryptionEnabled", "kmsKeyId", "subnetGroupName"]),
    // rds/cluster.go
    ("rds.aws.upbound.io", "Cluster", &["databaseName", "engine", "kmsKeyId", "masterUsername", "storageEncrypted"]),
    // rds/instance.go
    ("rds.aws.upbound.io", "Instance", &["dbName", "engine", "kmsKeyId", "storageEncrypted", "username"]),
    // sqs/queue.go
    ("sqs.aws.upbound.io", "Queue", &["fifoQueue"]),
    // redis/redis_cache_resource.go
    ("cache.azure.upbound.io", "RedisCache", &["location", "subnetId"]),
    // containers/kubernetes_cluster_resource.go
    ("containerservice.azure.upbound.io", "KubernetesCluster", &["dnsPrefix", "location"]),
    // postgres/postgresql_flexible_server_resource.go
    ("dbforpostgresql.azure.upbound.io", "FlexibleServer", &["administratorLogin", "delegatedSubnetId", "location"]),
    // network/virtual_network_resource.go
    ("network.azure.upbound.io", "VirtualNetwork", &["location"]),
    // storage/storage_account_resource.go
    ("storage.azure.upbound.io", "Account", &["isHnsEnabled", "location"]),
    // compute/resource_compute_subnetwork.go
    ("compute.gcp.upbound.io", "Subnetwork", &["network"]),
    // container/resource_container_cluster.go
    ("container.gcp.upbound.io", "Cluster", &["location", "network", "subnetwork"]),
    // sql/resource_sql_database_instance.go
    ("sql.gcp.upbound.io", "DatabaseInstance", &["encryptionKeyName", "region"]),
    // storage/resource_storage_bucket.go
    ("storage.gcp.upbound.io", "Bucket", &["location"]),
];

/// The fields below `spec.forProvider` that nobody can change in place; none of a kind that is not in the table. The
/// namespaced kinds of newer providers have `.m.` in their group and the same fields. The region of an AWS resource is
/// one of them too (`internal/provider/sdkv2`, `forceNewIfRegionChanges`).
pub(super) fn fields(group: &str, kind: &str) -> impl Iterator<Item = &'static str> {
    let group = group.replacen(".m.upbound.io", ".upbound.io", 1);
    let row = TABLE.iter().find(|(known, of, _)| **known == group && *of == kind);
    let of_aws = group.ends_with(".aws.upbound.io").then_some("region");
    row.into_iter().flat_map(|(_, _, fields)| fields.iter().copied()).chain(of_aws)
}

/// Whether a provider sees one value in both.
pub(super) fn is_same(field: &str, old: &Json, new: &Json) -> bool {
    match (old, new) {
        (Json::Array(old), Json::Array(new)) => {
            let has = |list: &[Json], item: &Json| list.iter().any(|other| is_same(field, other, item));
            old.len() == new.len() && old.iter().all(|item| has(new, item))
        }
        (Json::String(old), Json::String(new)) => match field {
            "location" | "region" | "engine" => plain(old) == plain(new),
            // A name stands for the link that ends in it.
            "network" | "subnetwork" if !(old.contains('/') && new.contains('/')) => last(old) == last(new),
            _ => old == new,
        },
        _ => old == new,
    }
}

/// `West Europe` and `westeurope` are one place.
fn plain(text: &str) -> String {
    text.chars().filter(|char| !char.is_whitespace()).flat_map(char::to_lowercase).collect()
}

fn last(link: &str) -> &str {
    link.rsplit('/').next().unwrap_or(link)
}
