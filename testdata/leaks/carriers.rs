//! The carriers that values are planted in, good and broken, each with faults of other rules beside the values.
//!
//! Never: the same value twice; a value that some text of the repository has by itself.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

/// A planted value.
pub struct Value {
    /// The part of it by which it is found: letters and digits.
    pub core: String,
    /// Where it is.
    pub carrier: String,
}

/// A repository with values.
#[derive(Default)]
pub struct Planted {
    pub values: Vec<Value>,
    /// Files of the base, which the head has too unless it changes them.
    pub base: Vec<(String, String)>,
    /// Files of a commit in between.
    pub passing: Vec<(String, String)>,
    pub head: Vec<(String, String)>,
    /// Folders that can be rendered, or not.
    pub kustomizations: Vec<String>,
    /// Objects in folders.
    pub objects: Vec<(String, String)>,
}

/// What a value looks like around its core.
const SHAPES: &[fn(&str) -> String] = &[
    str::to_owned,
    |core| format!("{core}-7/x+y="),
    |core| format!("p%{core}\\\"'q"),
    |core| format!("ghp_{core}{}", &digits(core, 36 - core.len())),
    |core| format!("glpat-{core}"),
    |core| format!("sk_live_{core}"),
    |core| format!("hvs.{core}{}", &digits(core, 24)),
    |core| format!("postgres://app:{core}@db.example.com:5432/app"),
    |core| format!("https://bot:{core}@git.example.com/a.git"),
    |core| format!("Server=tcp:db;User ID=sa;Password={core};Encrypt=True"),
    |core| format!("Bearer {core}"),
    |core| format!("-----BEGIN PRIVATE KEY-----\n{}{core}\n-----END PRIVATE KEY-----\n", digits(core, 40)),
    |core| format!("$2y$10${core}{}", digits(core, 38)),
    |core| format!("{{\"auths\":{{\"ghcr.io\":{{\"auth\":\"{}\"}}}}}}", STANDARD.encode(format!("me:{core}"))),
];

/// Letters and digits that a text decides.
fn digits(of: &str, count: usize) -> String {
    let digest = Sha256::digest(of);
    digest
        .iter()
        .cycle()
        .map(|byte| char::from(b"k7Qw2m9Zx4LpT8vB3nH6sJ5dF1gYcRa0"[usize::from(*byte) % 32]))
        .take(count)
        .collect()
}

/// A repository with so many values at least.
pub fn plant(least: usize) -> Planted {
    let mut planted = Planted::default();
    let mut round = 0;
    while planted.values.len() < least {
        Round { planted: &mut planted, round }.plant();
        round += 1;
    }
    planted.base.push(("base-folder/readme.yaml".to_owned(), "a: b\n".to_owned()));
    planted
}

struct Round<'p> {
    planted: &'p mut Planted,
    round: usize,
}

/// A header of an object, with a fault of other rules.
fn object(api: &str, kind: &str, name: &str) -> String {
    format!("apiVersion: {api}\nkind: {kind}\nmetadata:\n  name: {name}\n  namespace: shop\n")
}

fn indented(text: &str, by: usize) -> String {
    text.lines().map(|line| format!("{}{line}\n", " ".repeat(by))).collect()
}

impl Round<'_> {
    /// The next value: the shapes go round, faster than the carriers.
    fn next(&mut self, carrier: &str) -> String {
        let row = self.planted.values.len();
        let core = digits(&format!("core {row}"), 16);
        self.planted.values.push(Value { core: core.clone(), carrier: format!("{carrier} {}", self.round) });
        SHAPES[(row + self.round) % SHAPES.len()](&core)
    }

    /// The same as a scalar of JSON, which is one of YAML.
    fn quoted(&mut self, carrier: &str) -> String {
        let value = self.next(carrier);
        serde_json::to_string(&value).expect("a text")
    }

    /// A value of one word: for lines.
    fn word(&mut self, carrier: &str) -> String {
        let row = self.planted.values.len();
        let core = digits(&format!("core {row}"), 18);
        self.planted.values.push(Value { core: core.clone(), carrier: format!("{carrier} {}", self.round) });
        core
    }

    fn put(&mut self, name: &str, text: String) {
        let name = format!("r{}/{name}", self.round);
        if name.ends_with("kustomization.yaml") {
            self.planted.kustomizations.push(name.trim_end_matches("/kustomization.yaml").to_owned());
        }
        match self.round % 4 {
            // What the base has too, with another value or the same.
            0 => self.planted.base.push((name, text)),
            _ => self.planted.head.push((name, text)),
        }
    }

    fn plant(&mut self) {
        self.secrets();
        self.nested();
        self.generated();
        self.manifests();
        self.charts();
        self.sources();
        self.files();
        self.encrypted();
        self.broken();
        self.passing();
    }

    fn secrets(&mut self) {
        let (a, b) = (self.quoted("stringData"), self.next("data"));
        let text = format!("stringData:\n  password: {a}\n  user: me\ndata:\n  token: {}\n", STANDARD.encode(b));
        self.put("secret.yaml", object("v1", "Secret", "a") + &text);
        let a = self.quoted("list");
        let item = object("v1", "Secret", "b") + &format!("stringData: {{password: {a}}}\n");
        self.put("list.yaml", format!("apiVersion: v1\nkind: List\nitems:\n- {}", indented(&item, 2).trim_start()));
        let a = self.quoted("last-applied");
        let applied = serde_json::json!({"kind": "Secret", "stringData": {"password": serde_json::from_str::<String>(&a).expect("a text")}});
        let text = object("bitnami.com/v1alpha1", "SealedSecret", "c").replace(
            "  namespace",
            &format!(
                "  annotations:\n    kubectl.kubernetes.io/last-applied-configuration: '{}'\n  namespace",
                applied.to_string().replace('\'', "''")
            ),
        );
        self.put("sealed.yaml", text + "spec: {encryptedData: {password: AgB4x9}}\n");
        let a = self.quoted("cluster Secret");
        let config = serde_json::json!({"bearerToken": serde_json::from_str::<String>(&a).expect("a text")});
        let text = object("v1", "Secret", "d")
            + &format!("stringData:\n  server: https://x\n  config: '{}'\n", config.to_string().replace('\'', "''"));
        self.put("cluster.yaml", text);
    }

    fn nested(&mut self) {
        let a = self.quoted("policy");
        let generate = format!(
            "  rules:\n  - name: a\n    generate:\n      apiVersion: v1\n      kind: Secret\n      name: x\n      data:\n        stringData: {{password: {a}}}\n"
        );
        self.put("policy.yaml", object("kyverno.io/v1", "ClusterPolicy", "a") + "spec:\n" + &generate);
        let (a, b) = (self.quoted("template"), self.quoted("object"));
        let secret = |value: &str| {
            format!("apiVersion: v1\nkind: Secret\nmetadata: {{name: x}}\nstringData:\n  password: {value}\n")
        };
        self.put(
            "graph.yaml",
            object("kro.run/v1alpha1", "ResourceGraphDefinition", "a")
                + "spec:\n  resources:\n  - id: a\n    template:\n"
                + &indented(&secret(&a), 6),
        );
        self.put(
            "object.yaml",
            object("kubernetes.crossplane.io/v1alpha2", "Object", "a")
                + "spec:\n  forProvider:\n    manifest:\n"
                + &indented(&secret(&b), 6),
        );
        let a = self.quoted("resource set");
        self.put("set.yaml", object("v1", "ConfigMap", "set") + "data:\n  a.yaml: |\n" + &indented(&secret(&a), 4));
    }

    fn generated(&mut self) {
        let (literal, other) = (self.word("literal"), self.word("literal"));
        let (from_env, from_file) = (self.word("env file"), self.word("generator file"));
        let (patch, json_patch) = (self.word("patch of a Secret"), self.word("JSON patch of a Secret"));
        let base = self.word("patched Secret");
        self.put("generated/kustomization.yaml", format!(
            "resources: [base.yaml]\nsecretGenerator:\n- name: a\n  literals:\n  - password={literal}\n  - 'token={other}'\n- name: b\n  envs: [b.env]\nconfigMapGenerator:\n- name: c\n  files: [c.ini]\npatches:\n- path: patch.yaml\n- target: {{kind: Secret, name: base}}\n  patch: |-\n    - op: replace\n      path: /stringData/token\n      value: {json_patch}\n"
        ));
        self.put("generated/b.env", format!("USER=me\nPASSWORD={from_env}\n"));
        self.put("generated/c.ini", format!("[db]\nuser = me\npassword = {from_file}\n"));
        self.put(
            "generated/base.yaml",
            format!(
                "apiVersion: v1\nkind: Secret\nmetadata: {{name: base}}\nstringData:\n  password: {base}\n  token: x\n"
            ),
        );
        self.put(
            "generated/patch.yaml",
            format!("apiVersion: v1\nkind: Secret\nmetadata: {{name: base}}\nstringData:\n  password: {patch}\n"),
        );
        for name in ["Secret/a", "Secret/base", "ConfigMap/c"] {
            self.planted.objects.push((format!("r{}/generated", self.round), name.to_owned()));
        }
    }

    fn manifests(&mut self) {
        let (a, b, c) = (self.quoted("config map"), self.word("config file"), self.word("URL"));
        self.put("config.yaml", object("v1", "ConfigMap", "a") + &format!("data:\n  password: {a}\n  app.conf: |\n    a = 1\n    db.password={b}\n    url = amqp://me:{c}@mq/x\n"));
        let (a, b, c) = (self.quoted("variable"), self.word("argument"), self.word("command"));
        let pod = format!(
            "spec:\n  selector: {{matchLabels: {{app: a}}}}\n  template:\n    metadata: {{labels: {{app: a}}}}\n    spec:\n      containers:\n      - name: a\n        image: a:latest\n        securityContext: {{privileged: true}}\n        args: [--token={b}, '--password', {c}]\n        env:\n        - name: DB_PASSWORD\n          value: {a}\n"
        );
        self.put("web/kustomization.yaml", "resources: [web.yaml]\nnamePrefix: x-\n".to_owned());
        self.put("web/web.yaml", object("apps/v1", "Deployment", "a") + &pod);
        self.planted.objects.push((format!("r{}/web", self.round), "Deployment/x-a".to_owned()));
    }

    fn charts(&mut self) {
        let (a, b, c) = (self.quoted("HelmRelease"), self.word("Helm parameter"), self.quoted("valuesObject"));
        self.put(
            "release.yaml",
            object("helm.toolkit.fluxcd.io/v2", "HelmRelease", "a")
                + &format!("spec:\n  validation: x\n  values:\n    adminPassword: {a}\n"),
        );
        let d = self.word("Helm values");
        self.put("application.yaml", object("argoproj.io/v1alpha1", "Application", "a") + &format!("spec:\n  project: default\n  source:\n    repoURL: https://example.com/x.git\n    path: x\n    helm:\n      parameters:\n      - name: db.password\n        value: {b}\n      valuesObject: {{auth: {{rootPassword: {c}}}}}\n      values: |\n        auth:\n          password: {d}\n"));
        let a = self.quoted("values file");
        self.put("chart/values.yaml", format!("image: {{tag: latest}}\nauth:\n  rootPassword: {a}\n"));
    }

    fn sources(&mut self) {
        let (a, b) = (self.word("source URL"), self.word("repository URL"));
        self.put(
            "source.yaml",
            object("source.toolkit.fluxcd.io/v1", "GitRepository", "a")
                + &format!("spec:\n  interval: 1m\n  url: https://bot:{a}@git.example.com/a.git\n"),
        );
        self.put("project.yaml", object("argoproj.io/v1alpha1", "Application", "p") + &format!("spec:\n  project: default\n  source: {{repoURL: 'https://bot:{b}@git.example.com/a.git', path: x, targetRevision: HEAD}}\n"));
    }

    fn files(&mut self) {
        let (a, b, c) = (self.word("shell"), self.word("env"), self.word("terraform"));
        let token = |core: &str| format!("ghp_{core}{}", digits(core, 36 - core.len()));
        let mut script = String::new();
        writeln!(script, "#!/bin/sh\nexport DB_PASSWORD={a}\nexport GITHUB_TOKEN={}", token(&c))
            .expect("a string takes all");
        self.put("run.sh", script);
        self.put("local.env", format!("API_TOKEN={}\n", token(&b)));
        let a = self.word("key file");
        self.put(
            "id_rsa",
            format!("-----BEGIN RSA PRIVATE KEY-----\n{}{a}\n-----END RSA PRIVATE KEY-----\n", digits(&a, 40)),
        );
    }

    fn encrypted(&mut self) {
        let (a, b) = (self.quoted("partly encrypted"), self.quoted("not encrypted"));
        let stanza = "sops:\n  age: [{recipient: age1x, enc: x}]\n  encrypted_regex: ^(data|stringData)$\n  mac: ENC[AES256_GCM,data:aWQ=,iv:aXY=,tag:dGFn,type:str]\n  lastmodified: x\n";
        self.put("partly.sops.yaml", object("v1", "Secret", "s") + &format!("stringData:\n  password: {a}\n{stanza}"));
        self.put("open.sops.yaml", object("v1", "Secret", "o") + &format!("stringData:\n  password: {b}\n"));
    }

    fn broken(&mut self) {
        let (a, b, c) = (self.word("broken YAML"), self.word("broken kustomization"), self.word("duplicate key"));
        self.put(
            "broken.yaml",
            format!("apiVersion: v1\nkind: Secret\nmetadata: {{name: a}}\nstringData:\n  password: {a}\n bad: [\n"),
        );
        self.put(
            "broken/kustomization.yaml",
            format!("resources: [none.yaml]\nsecretGenerator:\n- name: a\n  literals:\n  - {b}\n"),
        );
        self.put(
            "twice.yaml",
            object("v1", "Secret", "t") + &format!("stringData:\n  password: {c}\n  password: {c}\n"),
        );
        let a = self.word("template");
        self.put(
            "templates/secret.yaml",
            format!(
                "{{{{ if .Values.a }}}}\napiVersion: v1\nkind: Secret\nstringData:\n  password: {a}\n{{{{ end }}}}\n"
            ),
        );
        if self.round == 0 {
            let salt = self.word("salt of a wrong configuration");
            self.planted.head.push((
                "broken/config.yaml".to_owned(),
                format!("secrets: {{salt: {salt}, allow: 3}}\nrules: {{none: maybe}}\n"),
            ));
        }
    }

    fn passing(&mut self) {
        let (a, b) = (self.quoted("passing Secret"), self.word("passing script"));
        let name = |name: &str| format!("passing{}/{name}", self.round);
        let files = [
            (name("secret.yaml"), object("v1", "Secret", "p") + &format!("stringData:\n  password: {a}\n")),
            (name("run.sh"), format!("export T=ghp_{b}{}\n", digits(&b, 36 - b.len()))),
        ];
        self.planted.passing.extend(files);
    }
}
