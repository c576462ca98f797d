//! The estimated cost of rules, against the figures that Kubernetes' own tests hold
//! (apiextensions-apiserver `pkg/apiserver/schema/cel/compilation_test.go`, `TestCostEstimation`), and what is refused.
//!
//! Never: a figure that was computed here.

use super::budget::{Reach, dear};
use super::declared::{Level, declared};
use super::rule::VARIABLES;
use crate::grammar::cel::{Old, Program};
use crate::testkit;

/// What a rule may cost on one value of a schema.
fn cost(schema: &str, rule: &str) -> Option<u64> {
    let (trees, file) = testkit::file("schema.yaml", &format!("{{{schema}}}\n"));
    let root = trees.documents(file).next().expect("a document");
    let declared = declared(trees.view(&root), Level::Field).expect("rules can look at it");
    Program::compile(rule, &VARIABLES).expect("it compiles").most_cost(&declared, Old::Value)
}

fn list(item: &str, most: &str) -> String {
    format!("type: array, items: {{{item}}}{most}")
}

fn map(value: &str, most: &str) -> String {
    format!("type: object, additionalProperties: {{{value}}}{most}")
}

#[test]
fn rules_cost_what_kubernetes_estimates() {
    let all = "self.all(x, true)";
    let (number, text) = ("type: number", "type: string");
    let object = "type: object, required: [required], properties: {required: {type: string}, optional: {type: string}}";
    let text10 = "type: string, maxLength: 10";
    let texts = list(text, "");
    let parts = |most: &str| {
        format!(
            "type: object, properties: {{str: {{type: string{most}}}, separator: {{type: string{most}}}, \
             before: {{type: string, maxLength: 2}}, after: {{type: string, maxLength: 4}}}}"
        )
    };
    let cases = [
        (list(number, ""), all, 4_718_591),
        (list(number, ", maxItems: 10"), all, 32),
        (texts.clone(), all, 3_145_727),
        (list("type: boolean", ""), all, 1_887_437),
        (list(&list(number, ""), ""), all, 3_145_727),
        (map(number, ""), all, 1_348_169),
        (map(text, ""), all, 1_179_647),
        (map("type: boolean", ""), all, 943_718),
        (map(object, ""), all, 428_963),
        (map(&map(number, ""), ""), all, 1_179_647),
        (list("type: string, format: duration", ""), all, 2_359_295),
        (list("type: string, format: date", ""), all, 725_936),
        (list("type: string, format: date-time", ""), all, 428_963),
        (list("x-kubernetes-int-or-string: true", ""), all, 4_718_591),
        (list(number, ", maxItems: 10"), "self.all(x, self.all(y, true))", 352),
        (list(number, ", maxItems: 10"), "self.all(x, self.all(y, self.all(z, true)))", 3_552),
        (list(number, ", maxItems: 6291456"), "self.all(x, x == 0.0)", 25_165_826),
        (text.into(), "self.contains('test')", 314_574),
        (text10.into(), "self.contains('test')", 5),
        (text.into(), "self.startsWith('test')", 2),
        (text.into(), "size(self + 'hello') > size('hello')", 314_578),
        ("type: string, maxLength: 4".into(), "size(self + 'hello') > size('hello')", 7),
        (text.into(), "self.matches('x')", 314_574),
        ("type: string, maxLength: 50".into(), "self.matches('x')", 22),
        (text.into(), "self.matches('')", 1),
        (text.into(), "''.matches('(((((((((())))))))))[0-9]')", 7),
        ("type: string, maxLength: 0".into(), "self == 'x'", 1),
        ("type: string, format: byte".into(), "self == b'x'", 2),
        (list(number, ""), "self[1] == 0.0", 2),
        (texts.clone(), "self[1] == self[1]", 314_577),
        (list(&list(number, ""), ""), "self[0][0] == -1.0", 3),
        (list(&map(number, ""), ""), "self.all(x, x.y == 25.2)", 6_291_452),
        (list(&map(number, ""), ""), "self[0].x > 2.0", 4),
        (list("x-kubernetes-int-or-string: true", ""), "self[0] == 5", 3),
        (list("type: string, format: duration", ""), "self[0].getHours() == 2", 4),
        (map(text, ""), "self.all(x, x.contains(self[x]))", 2_752_507),
        (map(text10, ", maxProperties: 10"), "self.all(x, x.contains(self[x]))", 72),
        (list(&map(object, ""), ""), "self.all(x, x['y'].required == 'z')", 7_340_027),
        (map("type: integer", ""), "oldSelf.size() == self.size()", 5),
        (map("type: string, format: date-time", ""), "self['a'] == self['b']", 8),
        (text.into(), "self.find('[0-9]+') == ''", 629_147),
        (texts.clone(), "self.join(' ') == 'aa bb'", 329_853_068_905),
        (list(text10, ", maxItems: 10"), "self.join(' ') == 'aa bb'", 43),
        (texts, "self.isSorted() == true", 329_854_432_052),
        (list(text10, ", maxItems: 10"), "self.isSorted() == true", 52),
        (parts(""), "self.str.replace(self.before, self.after) == 'does not matter'", 629_154),
        (parts(", maxLength: 4"), "self.str.replace(self.before, self.after) == 'does not matter'", 12),
        (parts(""), "self.str.split(self.separator) == []", 629_160),
        (text.into(), "self.lowerAscii() == 'lower!'", 314_575),
        ("type: string, enum: [A, LongValue]".into(), "self.contains('A')", 2),
        ("x-kubernetes-int-or-string: true".into(), "isQuantity(self)", 314_574),
        ("x-kubernetes-int-or-string: true, maxLength: 20".into(), "isQuantity(self)", 9),
    ];
    let wrong: Vec<String> = cases
        .iter()
        .filter(|(schema, rule, expected)| cost(schema, rule) != Some(*expected))
        .map(|(schema, rule, expected)| format!("{schema}\n  {rule}: {expected}, not {:?}", cost(schema, rule)))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_is_not_known_has_no_estimate() {
    assert_eq!(cost("type: object, properties: {a: {type: string}}", "self.b == 'x'"), None);
    assert_eq!(cost("type: array, items: {type: string}", "self.distinct() == []"), None);
}

/// Which rules of a schema are too dear.
fn found(schema: &str) -> Vec<String> {
    let (trees, file) = testkit::file("schema.yaml", &format!("type: object\nproperties: {{{schema}}}\n"));
    let root = trees.documents(file).next().expect("a document");
    dear(trees.view(&root), Reach::Whole).into_iter().map(|dear| format!("{} {}", dear.path, dear.words)).collect()
}

#[test]
fn a_rule_counts_as_often_as_an_object_can_hold_its_value() {
    let rule = "x-kubernetes-validations: [{rule: \"self.matches('^[a-z]+$')\"}]";
    assert!(found(&format!("a: {{type: string, {rule}}}")).is_empty());
    assert!(found(&format!("a: {{type: array, maxItems: 5, items: {{type: string, {rule}}}}}")).is_empty());
    let dear = "has a `rule` whose cost the API server estimates at";
    assert_eq!(
        found(&format!("a: {{type: array, maxItems: 50, items: {{type: string, {rule}}}}}")),
        [format!("a[*] {dear} 3.1 times its limit")]
    );
    assert_eq!(
        found(&format!("a: {{type: array, items: {{type: string, {rule}}}}}")),
        [format!("a[*] {dear} more than 100 times its limit")]
    );
    let many: Vec<String> = (0..40)
        .map(|name| format!("a{name}: {{type: array, maxItems: 10, items: {{type: string, {rule}}}}}"))
        .collect();
    assert_eq!(
        found(&many.join(", ")),
        [
            "a0[*] has the dearest `rule` of the version, 2 % of it: the API server estimates the cost of all together at \
          2.5 times its limit"
        ]
    );
}
