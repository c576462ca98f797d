//! Templates as ApplicationSets use them.
//!
//! Never: a template that Argo CD would render otherwise.

use super::*;

fn values() -> Value {
    serde_json::json!({
        "path": {"path": "apps/shop/prod", "basename": "prod", "segments": ["apps", "shop", "prod"]},
        "cluster": {"name": "EU_1", "labels": {"tier-1": "gold"}}, "empty": "", "count": 3,
        "metadata.labels.x": "flat"
    })
}

#[test]
fn go_templates_as_application_sets_use_them() {
    for (template, text) in [
        ("plain", "plain"),
        ("{{ .path.path }}", "apps/shop/prod"),
        ("{{.path.basename}}-{{index .path.segments 1}}", "prod-shop"),
        ("a {{- .count -}} b", "a3b"),
        ("{{ index .cluster.labels \"tier-1\" | upper }}", "GOLD"),
        ("{{ .cluster.name | normalize }}", "eu-1"),
        ("{{ .empty | default \"x\" }}", "x"),
        ("{{ trimPrefix \"EU_\" .cluster.name }}", "1"),
        ("{{ if eq .path.basename \"prod\" }}p{{ else }}n{{ end }}", "p"),
        ("{{ if and (eq .count 3) (not .empty) }}y{{ end }}", "y"),
        ("{{ if .empty }}{{ .nowhere }}{{ end }}z", "z"),
        ("{{ printf \"%s-%d\" .path.basename .count }}", "prod-3"),
    ] {
        assert_eq!(go_template(template, &values(), Missing::Unknown).as_deref(), Ok(text), "{template}");
    }
}

#[test]
fn what_is_not_known_is_a_gap() {
    for template in
        ["{{ .name }}", "{{ range .x }}{{ end }}", "{{ nosuch .count }}", "{{ end }}", "{{ if .count }}", "{{ \"a }}"]
    {
        assert!(go_template(template, &values(), Missing::Unknown).is_err(), "{template}");
    }
    assert_eq!(name_template("{{name}}", &values()), Err(Gap("`name`".to_owned())));
}

#[test]
fn the_older_form_takes_names_alone() {
    for (template, text) in [
        ("{{path}}", "apps/shop/prod"),
        ("{{ path.basename }}", "prod"),
        ("{{path[1]}}", "shop"),
        ("{{cluster.name}}/{{metadata.labels.x}}", "EU_1/flat"),
        ("{{", "{{"),
    ] {
        assert_eq!(name_template(template, &values()).as_deref(), Ok(text), "{template}");
    }
}

#[test]
fn blocks_variables_and_lists() {
    for (template, text) in [
        ("{{ range .path.segments }}{{ . }};{{ end }}", "apps;shop;prod;"),
        ("{{ range $i, $s := .path.segments }}{{ if $i }}-{{ end }}{{ $s }}{{ end }}", "apps-shop-prod"),
        ("{{ range $k, $v := .cluster }}{{ $k }} {{ end }}", "labels name "),
        ("{{ range .nothing }}x{{ else }}none{{ end }}", "none"),
        ("{{ with .cluster }}{{ .name }}{{ $.count }}{{ else }}x{{ end }}", "EU_13"),
        ("{{ $a := .count -}} {{ $a = 4 }}{{ $a }}{{/* words }} */}}", "4"),
        ("{{ if .nothing }}a{{ else if eq .count 3 }}b{{ else }}c{{ end }}", "b"),
        ("{{ (index .path.segments 1) | upper }}{{ (.cluster).name }}", "SHOPEU_1"),
        ("{{ `{{ .kept }}` }}{{ \"}}\" }}", "{{ .kept }}}}"),
        ("{{ default \"argocd\" .metadata.annotations.namespace }}", "argocd"),
        ("{{ dig \"labels\" \"tier-1\" \"none\" .cluster }}{{ dig \"x\" \"none\" .cluster }}", "goldnone"),
        ("{{ hasKey .cluster \"name\" }}{{ hasKey .cluster \"x\" }}", "truefalse"),
        ("{{ replace \"-\" \" \" \"a-bc-d\" | initials }}", "abd"),
        ("{{ trimSuffix \"/vars\" \"x/y/vars\" | base }}", "y"),
        ("{{ add 1 .count | int }}{{ until 3 | join \",\" }}", "40,1,2"),
        ("{{ list \"b\" \"a\" | sortAlpha | first }}{{ splitList \"/\" .path.path | last }}", "aprod"),
        ("{{ (split \"-\" \"a-b\")._1 }}{{ ternary 1 2 true }}", "b1"),
        ("{{ regexReplaceAll \"[^a-z]\" \"a1b2\" \"\" }}{{ printf \"%02d\" 7 }}", "ab07"),
        ("{{ \"Feature/ABC_1 x\" | slugify 11 }}", "feature-abc"),
        ("{{ slugify 12 true \"feat fix the bug\" }}", "feat-fix-the"),
        ("{{ .cluster | toJson }}", "{\"labels\":{\"tier-1\":\"gold\"},\"name\":\"EU_1\"}"),
        (
            "{{ dict \"b\" (list 1 \"x: y\") \"a\" (dict \"c\" true) | toYaml | nindent 2 }}",
            "\n  a:\n    c: true\n  b:\n  - 1\n  - \"x: y\"",
        ),
        ("{{ (fromYaml \"a: {b: 1}\").a.b }}{{ ext \"a.b/c.yaml\" }}{{ dir \"a/b/c\" }}", "1.yamla/b"),
        ("{{ and .empty .nowhere }}{{ or .count .nowhere }}", "3"),
        ("{{ trunc -2 \"abc\" }}{{ substr 0 2 \"abc\" }}", "bcab"),
    ] {
        assert_eq!(go_template(template, &values(), Missing::Nothing).as_deref(), Ok(text), "{template}");
    }
}

#[test]
fn what_has_no_value_is_never_printed() {
    for template in
        ["{{ .nothing }}", "{{ .cluster.nothing.more }}", "{{ index .cluster \"x\" }}", "{{ upper .nothing }}"]
    {
        assert!(go_template(template, &values(), Missing::Nothing).is_err(), "{template}");
    }
    let asks = "{{ if .nothing }}a{{ end }}";
    assert_eq!(go_template(asks, &values(), Missing::Nothing).as_deref(), Ok(""));
    assert!(go_template(asks, &values(), Missing::Error).is_err());
    assert!(go_template("{{ hasKey .cluster \"x\" }}", &values(), Missing::Unknown).is_err());
}

#[test]
fn a_hostile_template_costs_little() {
    let nested = "{{ range until 9999 }}{{ range until 9999 }}x{{ end }}{{ end }}";
    assert!(go_template(nested, &values(), Missing::Nothing).is_err());
    assert!(go_template("{{ repeat 999999999 \"x\" }}", &values(), Missing::Nothing).is_err());
    let deep = "{{ if 1 }}".repeat(5000) + &"{{ end }}".repeat(5000);
    assert!(go_template(&deep, &values(), Missing::Nothing).is_err());
    let brackets = format!("{{{{ {}1{} }}}}", "(".repeat(5000), ")".repeat(5000));
    assert!(go_template(&brackets, &values(), Missing::Nothing).is_err());
    let doubling = "{{ $a := \"xxxxxxxx\" }}{{ range until 9999 }}{{ $a = cat $a $a }}{{ end }}";
    assert!(go_template(doubling, &values(), Missing::Nothing).is_err());
}
