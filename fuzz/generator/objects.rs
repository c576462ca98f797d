//! The kinds of object that cases are made of, as templates, and how a template becomes an object.
//!
//! A template is block YAML of its own small kind: `?` before a key or `-` makes it optional, and a value that starts with
//! `$` is chosen when the object is made. Never: a file; the objects of one are put together by whoever writes it.

use super::node::{Node, map, raw, text};
use super::random::Random;
use super::scalar;

/// A kind and the template of its fields.
pub struct Kind {
    /// The API group; empty for the core's.
    pub group: &'static str,
    /// The version.
    pub version: &'static str,
    /// The kind.
    #[expect(clippy::struct_field_names, reason = "it is what Kubernetes calls it")]
    pub kind: &'static str,
    template: &'static str,
}

impl Kind {
    /// What stands in `apiVersion`.
    pub fn api_version(&self) -> String {
        if self.group.is_empty() { self.version.to_owned() } else { format!("{}/{}", self.group, self.version) }
    }
}

const POD: &str = "
?serviceAccountName: $ref:ServiceAccount
?priorityClassName: $ref:PriorityClass
?imagePullSecrets:
- name: $ref:Secret
?initContainers:
- name: init
  image: $image
  ?command:
  - $arg
?affinity:
  podAffinity:
    requiredDuringSchedulingIgnoredDuringExecution:
    - topologyKey: kubernetes.io/hostname
      labelSelector:
        matchLabels: $labels
?topologySpreadConstraints:
- maxSkew: 1
  topologyKey: zone
  ?whenUnsatisfiable: DoNotSchedule
  ?labelSelector:
    matchLabels: $labels
?tolerations:
- key: a
  operator: Exists
?nodeSelector:
  disk: $odd
?hostAliases:
- ip: 10.0.0.1
  hostnames:
  - a.example
?containers:
- name: main
  image: $image
  ?args:
  - $arg
  ?- $odd
  ?env:
  - name: A
    value: $odd
  ?- name: B
    valueFrom:
      configMapKeyRef:
        name: $ref:ConfigMap
        key: k
  ?- name: C
    valueFrom:
      secretKeyRef:
        name: $ref:Secret
        key: k
        ?optional: true
  ?- name: D
    value: $arg
  ?envFrom:
  ?- configMapRef:
      name: $ref:ConfigMap
  ?- secretRef:
      name: $ref:Secret
  ?ports:
  - containerPort: $port
    ?name: http
    ?protocol: TCP
  ?- containerPort: 9090
    ?protocol: UDP
  ?volumeMounts:
  - name: v
    mountPath: /data
  ?- name: c
    mountPath: /conf
    ?subPath: $odd
  ?resources:
    ?limits:
      cpu: $quantity
      ?memory: $quantity
    ?requests:
      cpu: $quantity
  ?livenessProbe:
    httpGet:
      path: /
      port: $port
?- name: side
  image: $image
  ?command:
  - $arg
  ?env:
  - name: A
    value: $odd
?volumes:
- name: v
  persistentVolumeClaim:
    claimName: $ref:PersistentVolumeClaim
?- name: c
  configMap:
    name: $ref:ConfigMap
    ?items:
    - key: k
      path: p
?- name: s
  secret:
    secretName: $ref:Secret
?- name: p
  projected:
    sources:
    - configMap:
        name: $ref:ConfigMap
    ?- secret:
        name: $ref:Secret
?- name: e
  emptyDir: {}
";

const WORKLOAD: &str = "
spec:
  ?replicas: $int
  ?selector:
    matchLabels: $labels
  ?template:
    metadata:
      ?labels: $labels
      ?annotations: $annotations
    spec: $pod
  ?strategy:
    type: RollingUpdate
";

const STATEFUL: &str = "
spec:
  ?serviceName: $ref:Service
  ?replicas: $int
  selector:
    matchLabels: $labels
  template:
    metadata:
      labels: $labels
    spec: $pod
  ?volumeClaimTemplates:
  - metadata:
      name: data
      ?labels: $labels
    spec:
      ?storageClassName: $ref:StorageClass
      resources:
        requests:
          storage: $quantity
";

const CRON: &str = "
spec:
  schedule: $schedule
  jobTemplate:
    ?metadata:
      labels: $labels
    spec:
      template:
        ?metadata:
          labels: $labels
        spec: $pod
";

const JOB: &str = "
spec:
  ?backoffLimit: $int
  ?selector:
    matchLabels: $labels
  template:
    spec: $pod
";

const SERVICE: &str = "
spec:
  ?selector: $labels
  ?type: ClusterIP
  ?ports:
  - port: $port
    ?name: http
    ?protocol: TCP
    ?targetPort: $port
  ?- port: 443
    ?name: https
    ?protocol: TCP
";

const INGRESS: &str = "
spec:
  ?ingressClassName: $ref:IngressClass
  ?defaultBackend:
    service:
      name: $ref:Service
  ?tls:
  - secretName: $ref:Secret
    ?hosts:
    - a.example
  ?rules:
  - host: a.example
    http:
      paths:
      - path: /
        ?pathType: Prefix
        backend:
          service:
            name: $ref:Service
            port:
              number: $port
";

const BINDING: &str = "
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: $roleKind
  name: $ref:Role
?subjects:
- kind: ServiceAccount
  name: $ref:ServiceAccount
  ?namespace: $namespace
?- kind: ServiceAccount
  name: default
  ?namespace: $namespace
?- kind: User
  name: $ref:ServiceAccount
";

const ROLE: &str = "
rules:
- apiGroups:
  - ''
  resources:
  - $resource
  ?resourceNames:
  - $ref:ConfigMap
  ?- $ref:Secret
  verbs:
  - get
";

const CONFIG_MAP: &str = "
?data: $data
?binaryData:
  b: aGVsbG8=
?immutable: true
";

const SECRET: &str = "
?type: Opaque
?data:
  k: aGVsbG8=
  ?other: $odd
?stringData: $data
";

const HPA: &str = "
spec:
  scaleTargetRef:
    apiVersion: apps/v1
    kind: $scaleKind
    name: $ref:Deployment
  ?minReplicas: $int
  maxReplicas: $int
  ?metrics:
  - type: Resource
    resource:
      name: cpu
";

const CLAIM: &str = "
spec:
  ?storageClassName: $ref:StorageClass
  ?volumeName: $ref:PersistentVolume
  ?accessModes:
  - ReadWriteOnce
  ?selector:
    matchLabels: $labels
  resources:
    requests:
      storage: $quantity
";

const CRD: &str = "
spec:
  group: example.com
  names:
    kind: Widget
    plural: widgets
  scope: $scope
  ?conversion:
    strategy: Webhook
    webhook:
      clientConfig:
        service:
          name: $ref:Service
          ?namespace: $namespace
  versions:
  - name: v1
    served: true
    storage: true
    ?schema:
      openAPIV3Schema:
        type: object
        properties:
          spec:
            type: object
            ?default: $free
";

const WEBHOOK: &str = "
webhooks:
- name: a.example.com
  clientConfig:
    service:
      name: $ref:Service
      namespace: $namespace
      ?path: $arg
  ?rules:
  - operations:
    - '*'
?- name: b.example.com
  ?sideEffects: None
";

const POLICY: &str = "
spec:
  ?podSelector:
    matchLabels: $labels
  ?ingress:
  - from:
    - podSelector:
        matchLabels: $labels
    ?ports:
    - port: $port
";

const BUDGET: &str = "
spec:
  ?minAvailable: $int
  selector:
    matchLabels: $labels
";

const WIDGET: &str = "
?spec:
  ?size: $int
  ?image: $image
  ?configRef:
    name: $ref:ConfigMap
  ?secretName: $ref:Secret
  ?free: $free
  ?items:
  - name: one
    value: $odd
  ?- name: two
    ?value: $odd
  ?template:
    spec: $pod
?data: $data
?status: $free
";

const NOTHING: &str = "";

const FREE: &str = "
?spec: $free
?data: $free
?provisioner: $odd
?value: $int
";

macro_rules! kind {
    ($group:literal, $version:literal, $kind:literal, $template:ident) => {
        Kind { group: $group, version: $version, kind: $kind, template: $template }
    };
}

/// The kinds; those that matter most stand more than once.
pub const KINDS: &[Kind] = &[
    kind!("apps", "v1", "Deployment", WORKLOAD),
    kind!("apps", "v1", "Deployment", WORKLOAD),
    kind!("apps", "v1", "Deployment", WORKLOAD),
    kind!("extensions", "v1beta1", "Deployment", WORKLOAD),
    kind!("apps", "v1", "StatefulSet", STATEFUL),
    kind!("apps", "v1", "DaemonSet", WORKLOAD),
    kind!("apps", "v1", "ReplicaSet", WORKLOAD),
    kind!("", "v1", "ReplicationController", WORKLOAD),
    kind!("batch", "v1", "CronJob", CRON),
    kind!("batch", "v1", "Job", JOB),
    kind!("", "v1", "Pod", JOB),
    kind!("", "v1", "Service", SERVICE),
    kind!("", "v1", "Service", SERVICE),
    kind!("networking.k8s.io", "v1", "Ingress", INGRESS),
    kind!("networking.k8s.io", "v1", "IngressClass", FREE),
    kind!("networking.k8s.io", "v1", "NetworkPolicy", POLICY),
    kind!("policy", "v1", "PodDisruptionBudget", BUDGET),
    kind!("", "v1", "ConfigMap", CONFIG_MAP),
    kind!("", "v1", "ConfigMap", CONFIG_MAP),
    kind!("", "v1", "ConfigMap", CONFIG_MAP),
    kind!("", "v1", "Secret", SECRET),
    kind!("", "v1", "ServiceAccount", NOTHING),
    kind!("", "v1", "Namespace", NOTHING),
    kind!("", "v1", "PersistentVolumeClaim", CLAIM),
    kind!("", "v1", "PersistentVolume", FREE),
    kind!("storage.k8s.io", "v1", "StorageClass", FREE),
    kind!("scheduling.k8s.io", "v1", "PriorityClass", FREE),
    kind!("rbac.authorization.k8s.io", "v1", "Role", ROLE),
    kind!("rbac.authorization.k8s.io", "v1", "ClusterRole", ROLE),
    kind!("rbac.authorization.k8s.io", "v1", "RoleBinding", BINDING),
    kind!("rbac.authorization.k8s.io", "v1", "ClusterRoleBinding", BINDING),
    kind!("autoscaling", "v2", "HorizontalPodAutoscaler", HPA),
    kind!("apiextensions.k8s.io", "v1", "CustomResourceDefinition", CRD),
    kind!("admissionregistration.k8s.io", "v1", "ValidatingWebhookConfiguration", WEBHOOK),
    kind!("admissionregistration.k8s.io", "v1", "MutatingWebhookConfiguration", WEBHOOK),
    kind!("apiregistration.k8s.io", "v1", "APIService", FREE),
    kind!("example.com", "v1", "Widget", WIDGET),
    kind!("example.com", "v1", "Widget", WIDGET),
    kind!("example.com", "v1alpha1", "ClusterWidget", WIDGET),
    kind!("other.example", "v1", "WidgetList", FREE),
];

/// The names that objects have.
pub const NAMES: &[&str] = &["web", "api", "db", "conf", "cred", "web-2", "a.b", "main"];
/// The namespaces, the first of which is none.
pub const NAMESPACES: &[&str] = &["", "", "", "default", "shop", "prod"];

/// An object on its way through the layers.
#[derive(Clone)]
pub struct Known {
    /// Where its kind stands in [`KINDS`].
    pub kind: usize,
    /// The names that it had, its own first.
    pub names: Vec<String>,
    /// The namespaces that it had.
    pub namespaces: Vec<String>,
    /// The object as it was written; a generated one has its data only.
    pub tree: Node,
}

impl Known {
    /// Its kind.
    pub fn kind(&self) -> &'static Kind {
        &KINDS[self.kind]
    }

    /// The name it has at this layer.
    pub fn name(&self) -> &str {
        self.names.last().map_or("", String::as_str)
    }

    /// The namespace it has at this layer; empty where it has none.
    pub fn namespace(&self) -> &str {
        self.namespaces.last().map_or("", String::as_str)
    }
}

/// What a template may refer to.
pub struct Scope<'a> {
    /// The kinds and names of the objects nearby.
    pub names: &'a [(usize, String)],
}

/// The object of a kind.
pub fn object(random: &mut Random, scope: &Scope<'_>, kind: usize, name: &str, namespace: &str) -> Known {
    let of = &KINDS[kind];
    let mut metadata = map([("name", text(name))]);
    if !namespace.is_empty() {
        metadata.set("namespace", text(namespace));
    }
    if random.percent(30) {
        metadata.set("labels", pairs(random, LABELS));
    }
    if random.percent(25) {
        metadata.set("annotations", annotations(random));
    }
    if random.per_mille(8) {
        metadata.set(random.word(&["creationTimestamp", "generateName", "finalizers", "uid"]), raw("null"));
    }
    if random.per_mille(4) {
        metadata.set("labels", raw(random.word(&["null", "{}", "~", "[]", "x"])));
    }
    let head = [("apiVersion", text(of.api_version())), ("kind", text(of.kind)), ("metadata", metadata)];
    let mut tree = map(head);
    if let Node::Map(fields) = expand(random, scope, of.template) {
        for (key, value) in fields {
            tree.set(&key, value);
        }
    }
    if random.percent(3) {
        tree.set(&scalar::odd_key(random), scalar::free(random, 2));
    }
    Known { kind, names: vec![name.to_owned()], namespaces: vec![namespace.to_owned()], tree }
}

/// Labels that selectors may choose by.
pub const LABELS: &[(&str, &[&str])] = &[
    ("app", &["web", "api"]),
    ("tier", &["front", "back"]),
    ("app.kubernetes.io/name", &["web"]),
    ("x", &["1", "true", "y"]),
];

fn pairs(random: &mut Random, of: &[(&str, &[&str])]) -> Node {
    let mut entries = Vec::new();
    for (key, values) in of {
        if random.percent(40) {
            entries.push(((*key).to_owned(), text(*random.pick(values))));
        }
    }
    Node::Map(entries)
}

fn annotations(random: &mut Random) -> Node {
    let mut entries = Vec::new();
    for key in ["note", "example.com/a", "zz"] {
        if random.percent(45) {
            entries.push((key.to_owned(), scalar::odd_text(random)));
        }
    }
    if random.per_mille(15) {
        let special = [
            ("config.kubernetes.io/local-config", text("true")),
            ("config.kubernetes.io/local-config", text("false")),
            ("config.kubernetes.io/index", text("3")),
            ("config.kubernetes.io/path", text("a.yaml")),
            ("internal.config.kubernetes.io/index", text("3")),
            ("kustomize.config.k8s.io/behavior", text("create")),
            ("nginx.ingress.kubernetes.io/auth-secret", text("cred")),
        ];
        let (key, value) = random.pick(&special).clone();
        entries.push((key.to_owned(), value));
    }
    Node::Map(entries)
}

/// Image names of all shapes.
pub const IMAGES: &[&str] = &[
    "nginx",
    "nginx:1.25",
    "nginx:1",
    "app:v1",
    "example.com/team/app",
    "example.com:5000/team/app:v2",
    "app@sha256:abc",
    "nginx:1.25@sha256:abc",
    "docker.io/library/nginx:latest",
    "my-app:1",
    "app",
    "APP:1",
    "app.x:1",
    "$(FOO):1",
];

/// What a `$word` stands for.
fn chosen(random: &mut Random, scope: &Scope<'_>, word: &str) -> Node {
    if let Some(kind) = word.strip_prefix("$ref:") {
        return reference(random, scope, kind);
    }
    match word {
        "$odd" => scalar::odd(random),
        "$int" => raw(random.below(12).to_string()),
        "$port" => raw(random.word(&["80", "8080", "443", "http", "\"80\""])),
        "$image" => text(random.word(IMAGES)),
        "$arg" => match random.below(6) {
            0 => text(random.word(&["$(FOO)", "--x=$(BAR)", "$$(FOO)", "$(FOO)$(BAR)", "$(NOPE)", "$(BAZ)", "$(FOO"])),
            1 => scalar::odd(random),
            _ => text(random.word(&["-v", "--port=80", "sh", "-c", "a b"])),
        },
        "$labels" => pairs(random, LABELS),
        "$annotations" => annotations(random),
        "$pod" => expand(random, scope, POD),
        "$data" => data(random),
        "$free" => scalar::free_map(random, 3),
        "$quantity" => raw(random.word(&["1", "100m", "1Gi", "0.5", "1e3", "\"1\"", "500Mi", "1.0", "010"])),
        "$schedule" => text(random.word(&["* * * * *", "@daily", "0 0 * * 1-5"])),
        "$namespace" => text(random.word(&["default", "shop", "prod"])),
        "$roleKind" => text(random.word(&["Role", "ClusterRole"])),
        "$scaleKind" => text(random.word(&["Deployment", "StatefulSet", "Deployment"])),
        "$scope" => text(random.word(&["Namespaced", "Cluster"])),
        "$resource" => text(random.word(&["configmaps", "secrets", "services"])),
        _ => raw(word),
    }
}

/// The name of an object nearby, or of none.
fn reference(random: &mut Random, scope: &Scope<'_>, kind: &str) -> Node {
    let fitting: Vec<&String> =
        scope.names.iter().filter(|(row, _)| KINDS[*row].kind.ends_with(kind)).map(|(_, name)| name).collect();
    match random.any(&fitting) {
        Some(name) if random.percent(85) => text(name.as_str()),
        _ => text(*random.pick(NAMES)),
    }
}

fn data(random: &mut Random) -> Node {
    let mut entries: Vec<(String, Node)> = Vec::new();
    for _ in 0..random.between(0, 4) {
        let key = scalar::odd_key(random);
        let value = if random.percent(85) { scalar::odd_text(random) } else { scalar::odd(random) };
        let same = |known: &str| known.trim_matches(['"', '\'']) == key.trim_matches(['"', '\'']);
        if !entries.iter().any(|(known, _)| same(known)) {
            entries.push((key, value));
        }
    }
    Node::Map(entries)
}

/// A template's object.
fn expand(random: &mut Random, scope: &Scope<'_>, template: &str) -> Node {
    let lines: Vec<(usize, &str)> = template
        .lines()
        .filter(|line| !line.trim().is_empty())
        .map(|line| (line.len() - line.trim_start().len(), line.trim_start()))
        .collect();
    if lines.is_empty() {
        return Node::Map(Vec::new());
    }
    collection(random, scope, &lines)
}

/// The lines of one collection, which all stand at or right of the first one's column.
fn collection(random: &mut Random, scope: &Scope<'_>, lines: &[(usize, &str)]) -> Node {
    let Some(&(column, first)) = lines.first() else { return Node::Map(Vec::new()) };
    let is_list = first.trim_start_matches('?').starts_with("- ");
    let (mut items, mut entries) = (Vec::new(), Vec::new());
    let mut rest = lines;
    while let Some((&(_, line), behind)) = rest.split_first() {
        let length =
            behind.iter().take_while(|(at, text)| *at > column || (!is_list && is_item(*at, text, column))).count();
        let (children, after) = behind.split_at(length);
        rest = after;
        let (line, optional) = line.strip_prefix('?').map_or((line, false), |line| (line, true));
        if optional && random.percent(55) {
            continue;
        }
        if is_list {
            items.push(item(random, scope, &line[2..], column + 2, children));
        } else {
            let (key, value) = line.split_once(':').unwrap_or((line, ""));
            entries.push((key.to_owned(), value_of(random, scope, value.trim(), children)));
        }
    }
    if is_list { Node::List(items) } else { Node::Map(entries) }
}

fn is_item(at: usize, text: &str, column: usize) -> bool {
    at == column && text.trim_start_matches('?').starts_with("- ")
}

fn item(random: &mut Random, scope: &Scope<'_>, first: &str, column: usize, children: &[(usize, &str)]) -> Node {
    if first.starts_with('$') || !first.contains(':') {
        return value_of(random, scope, first, &[]);
    }
    let lines: Vec<(usize, &str)> = std::iter::once((column, first)).chain(children.iter().copied()).collect();
    collection(random, scope, &lines)
}

fn value_of(random: &mut Random, scope: &Scope<'_>, value: &str, children: &[(usize, &str)]) -> Node {
    if value.is_empty() {
        return collection(random, scope, children);
    }
    if value.starts_with('$') { chosen(random, scope, value) } else { raw(value) }
}
