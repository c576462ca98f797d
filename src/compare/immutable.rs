//! Fields of managed resources that their providers cannot change in place: the external API has no call for it, and the
//! resource reports an error until somebody deletes it. A small table of what platforms compose; each row is marked
//! "Forces new resource" (`ForceNew`) in the Terraform provider that the Crossplane provider is generated from.
//!
//! Never: a field that is only slow to change; a kind that nobody composes.

/// The end of the API group, the kind, and fields below `spec.forProvider`.
type Row = (&'static str, &'static str, &'static [&'static str]);

/// By group and kind. Sources: `registry.terraform.io/providers/hashicorp/{aws,google,azurerm}`, the resource's page.
const TABLE: [Row; 21] = [
    ("ec2.aws.upbound.io", "EBSVolume", &["availabilityZone", "encrypted", "kmsKeyId"]),
    ("ec2.aws.upbound.io", "Subnet", &["availabilityZone", "cidrBlock", "vpcId"]),
    ("ec2.aws.upbound.io", "VPC", &["cidrBlock"]),
    ("dynamodb.aws.upbound.io", "Table", &["hashKey", "rangeKey"]),
    ("ecr.aws.upbound.io", "Repository", &["encryptionConfiguration"]),
    ("efs.aws.upbound.io", "FileSystem", &["encrypted", "kmsKeyId", "performanceMode"]),
    ("eks.aws.upbound.io", "Cluster", &["roleArn"]),
    (
        "eks.aws.upbound.io",
        "NodeGroup",
        &["amiType", "capacityType", "diskSize", "instanceTypes", "nodeRoleArn", "subnetIds"],
    ),
    ("elasticache.aws.upbound.io", "ReplicationGroup", &["atRestEncryptionEnabled", "kmsKeyId", "subnetGroupName"]),
    ("rds.aws.upbound.io", "Cluster", &["databaseName", "engine", "kmsKeyId", "masterUsername", "storageEncrypted"]),
    ("rds.aws.upbound.io", "Instance", &["dbName", "engine", "kmsKeyId", "storageEncrypted", "username"]),
    ("sqs.aws.upbound.io", "Queue", &["fifoQueue"]),
    ("cache.azure.upbound.io", "RedisCache", &["location", "subnetId"]),
    ("containerservice.azure.upbound.io", "KubernetesCluster", &["dnsPrefix", "location"]),
    ("dbforpostgresql.azure.upbound.io", "FlexibleServer", &["administratorLogin", "delegatedSubnetId", "location"]),
    ("network.azure.upbound.io", "VirtualNetwork", &["location"]),
    ("storage.azure.upbound.io", "Account", &["isHnsEnabled", "location"]),
    ("compute.gcp.upbound.io", "Subnetwork", &["network"]),
    ("container.gcp.upbound.io", "Cluster", &["location", "network", "subnetwork"]),
    ("sql.gcp.upbound.io", "DatabaseInstance", &["encryptionKeyName", "region"]),
    ("storage.gcp.upbound.io", "Bucket", &["location"]),
];

/// The fields below `spec.forProvider` that nobody can change in place; none of a kind that is not in the table. The
/// namespaced kinds of newer providers have `.m.` in their group and the same fields.
pub(super) fn fields(group: &str, kind: &str) -> impl Iterator<Item = &'static str> {
    let group = group.replacen(".m.upbound.io", ".upbound.io", 1);
    let row = TABLE.iter().find(|(known, of, _)| **known == group && *of == kind);
    let of_aws = group.ends_with(".aws.upbound.io").then_some("region");
    row.into_iter().flat_map(|(_, _, fields)| fields.iter().copied()).chain(of_aws)
}
