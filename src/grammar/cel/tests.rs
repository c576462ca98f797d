//! What expressions mean, as tables: a line an expression.
//!
//! Never: a test of how an expression is run.

use serde_json::{Value, json};

use super::{Kind, Program, Val};

fn document() -> Value {
    json!({
        "replicas": 3, "half": 0.5, "on": true, "none": null, "name": "shop-web", "ip": "10.1.2.3",
        "labels": {"app": "web", "app.kubernetes.io/name": "shop", "a-b": 1},
        "hosts": ["a.example.com", "b.example.com"],
        "ports": [{"name": "http", "port": 80}, {"name": "https", "port": 443}],
        "numbers": [3, 1, 2, 3],
        "my__field": 1, "namespace": "team",
    })
}

/// The value of an expression on [`document`] as a test shows it; of a fault, its kind.
fn shown(text: &str) -> String {
    let document = document();
    let program = match Program::compile(text, &["self", "max"]) {
        Ok(program) => program,
        Err(mistake) => return format!("{}..{}: {}", mistake.at.start, mistake.at.end, mistake.message),
    };
    match program.run(vec![Val::Tree(&document), Val::Int(5)]) {
        Ok(value) => word(&value),
        Err(fault) => format!("{:?} {}", fault.kind, &text[fault.at.bytes()]),
    }
}

fn word(value: &Val<'_, &Value>) -> String {
    match value {
        Val::Text(text) => text.as_str().to_owned(),
        Val::Optional(None) => "nothing".into(),
        Val::Optional(Some(value)) => format!("some {}", word(value)),
        other => {
            let mut out = String::new();
            match super::library::to_text(other) {
                Ok(Val::Text(text)) => out.push_str(text.as_str()),
                _ => {
                    let list = [other.clone()];
                    let shown = super::printf::format("%s", &list, &mut super::meter::Meter::new());
                    out.push_str(&shown.unwrap_or_else(|_| format!("{other:?}")));
                }
            }
            out
        }
    }
}

fn table(rows: &[(&str, &str)]) {
    let wrong: Vec<String> = rows
        .iter()
        .filter_map(|(text, expected)| {
            let found = shown(text);
            (found != *expected).then(|| format!("{text}\n  gives    {found}\n  expected {expected}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn operators() {
    table(&[
        ("1 + 2 * 3", "7"),
        ("(1 + 2) * 3 - -4", "13"),
        ("-9223372036854775808", "-9223372036854775808"),
        ("9223372036854775807 + 1", "Value 9223372036854775807 + 1"),
        ("1 / 0", "Value 1 / 0"),
        ("-7 / 2", "-3"),
        ("-7 % 3", "-1"),
        ("7u - 8u", "Value 7u - 8u"),
        ("1.5 * 2.0", "3"),
        ("1 + 1.0", "Type 1 + 1.0"),
        ("1 == 1.0 && 1u == 1 && 1 < 1.5", "true"),
        ("0.0 / 0.0 == 0.0 / 0.0", "false"),
        ("'a' + \"b\" + '''c'''", "abc"),
        (r#"'\x41\u0042\103\n' == "ABC\n""#, "true"),
        (r"r'\d' == '\\d'", "true"),
        ("b'ab' == b'\\x61b'", "true"),
        ("0x1F", "31"),
        ("1e3", "1000"),
        ("true ? 'x' : 'y'", "x"),
        ("[1, 2] + [3]", "[1, 2, 3]"),
        ("2 in [1, 2]", "true"),
        ("'a' in {'a': 1}", "true"),
        ("{'a': [1, {'b': null}]} == {'a': [1, {'b': null}]}", "true"),
        ("[1, 2] == [2, 1]", "false"),
        ("'a' < 'b' && false < true", "true"),
        ("1 < 'a'", "Type 1 < 'a'"),
        ("!true || !!true", "true"),
        ("// a comment\n1", "1"),
    ]);
}

#[test]
fn an_answer_wins_over_a_fault() {
    table(&[
        ("self.missing == 1 || true", "true"),
        ("true || self.missing == 1", "true"),
        ("self.missing == 1 && false", "false"),
        ("self.missing == 1 || false", "Missing self.missing"),
        ("[1, 2].exists(x, 1 / (x - 1) == 1)", "true"),
        ("[1, 2].all(x, 1 / (x - 1) == 1)", "Value 1 / (x - 1)"),
        ("[1, 3].all(x, 1 / (x - 1) == 1)", "false"),
    ]);
}

#[test]
fn fields_and_types() {
    table(&[
        ("self.replicas <= max", "true"),
        ("type(self.replicas) == int && type(self.half) == double", "true"),
        ("type(self.labels) == map && type(self.hosts) == list && type(self.none) == null_type", "true"),
        ("type(type(1)) == type && type('') == string", "true"),
        ("type(timestamp('2026-01-02T03:04:05Z')) == google.protobuf.Timestamp", "true"),
        ("has(self.replicas) && !has(self.missing) && has(self.none)", "true"),
        ("has(self.missing.deeper)", "Missing self.missing"),
        ("self.name.deeper", "Missing self.name.deeper"),
        ("self.labels['app.kubernetes.io/name']", "shop"),
        ("self.labels.app__dot__kubernetes__dot__io__slash__name", "shop"),
        ("self.labels.a__dash__b", "1"),
        ("self.my__underscores__field + self.my__field", "2"),
        ("self.__namespace__ == self.namespace", "true"),
        ("self.`namespace`", "team"),
        ("self.hosts[1]", "b.example.com"),
        ("self.hosts[2]", "Missing self.hosts[2]"),
        ("self.?missing.deeper.orValue('x')", "x"),
        ("self.?labels.app", "some web"),
        ("self.?labels.?app.value()", "web"),
        ("self.labels[?'app'].hasValue()", "true"),
        ("self.hosts[?9].or(optional.of('y')).value()", "y"),
        ("optional.ofNonZeroValue('')", "nothing"),
        ("self.?name.optMap(n, n.size())", "some 8"),
        ("self.?missing.optMap(n, n.size())", "nothing"),
        ("self.?name.optFlatMap(n, optional.of(n + '!')).orValue('')", "shop-web!"),
        ("[?self.?missing, ?self.?name]", "[shop-web]"),
        ("{?'a': self.?missing, 'b': 1}", "{b: 1}"),
        ("size(self.hosts) + self.labels.size() + size('äö')", "7"),
        ("int('12') + int(3.9) + int(2u)", "17"),
        ("double('1.5')", "1.5"),
        ("string(1) + string(true) + string(1.5)", "1true1.5"),
        ("bool('true')", "true"),
        ("int('x')", "Value int('x')"),
        ("uint(-1)", "Value uint(-1)"),
        ("dyn(1) == 1", "true"),
    ]);
}

#[test]
fn macros() {
    table(&[
        ("self.ports.all(p, p.port > 0 && p.port < max * 100)", "true"),
        ("self.ports.exists(p, p.name == 'https')", "true"),
        ("self.ports.exists_one(p, p.port == 80)", "true"),
        ("self.ports.existsOne(p, p.port > 0)", "false"),
        ("self.ports.map(p, p.port)", "[80, 443]"),
        ("self.ports.map(p, p.port > 100, p.name)", "[https]"),
        ("self.ports.filter(p, p.port > 100)[0].name", "https"),
        ("self.labels.all(k, k.size() > 2)", "true"),
        ("self.labels.exists(k, v, k == 'app' && v == 'web')", "true"),
        ("self.hosts.all(i, h, i < 2 && h.endsWith('.com'))", "true"),
        ("[1, 2].existsOne(i, v, v == 2)", "true"),
        ("self.hosts.transformList(i, h, i)", "[0, 1]"),
        ("self.numbers.transformList(i, n, n > 2, i)", "[0, 3]"),
        ("{'a': 1, 'b': 2}.transformMap(k, v, v * 2)", "{a: 2, b: 4}"),
        ("{'a': 1, 'b': 2}.transformMap(k, v, v > 1, v)", "{b: 2}"),
        ("{'a': 1}.transformMapEntry(k, v, {string(v): k})", "{1: a}"),
        ("cel.bind(n, self.name, n + '!')", "shop-web!"),
        ("[[1, 2], [3]].map(x, x.map(y, y * size(x)))", "[[2, 4], [3]]"),
        ("self.name.all(x, true)", "Type self.name"),
    ]);
}

#[test]
fn text() {
    table(&[
        ("'tacocat'.indexOf('c')", "2"),
        ("'tacocat'.indexOf('c', 3)", "4"),
        ("'tacocat'.indexOf('x')", "-1"),
        ("'tacocat'.lastIndexOf('c')", "4"),
        ("'tacocat'.lastIndexOf('c', 3)", "2"),
        ("'tacocat'.substring(4)", "cat"),
        ("'täcöcat'.substring(1, 4)", "äcö"),
        ("'abc'.substring(2, 1)", "Value 'abc'.substring(2, 1)"),
        ("'abc'.charAt(1) + 'abc'.charAt(3)", "b"),
        ("'a,b,c'.split(',')", "[a, b, c]"),
        ("'a,b,c'.split(',', 2)", "[a, b,c]"),
        ("'abc'.split('')", "[a, b, c]"),
        ("['a', 'b'].join('-') + ['c'].join()", "a-bc"),
        ("'hello'.replace('l', 'L')", "heLLo"),
        ("'hello'.replace('l', 'L', 1)", "heLlo"),
        ("' a '.trim() + 'B'.lowerAscii() + 'c'.upperAscii() + 'abc'.reverse()", "abCcba"),
        ("'abc'.contains('b') && 'abc'.startsWith('a') && 'abc'.endsWith('c')", "true"),
        ("'a1'.matches('^[a-z][0-9]$') && matches('x', '^x')", "true"),
        (r"'١'.matches(r'^\d$')", "false"),
        ("'a12b3'.find('[0-9]+') + 'a'.find('[0-9]')", "12"),
        ("'a12b3'.findAll('[0-9]+')", "[12, 3]"),
        ("'a12b3'.findAll('[0-9]+', 1)", "[12]"),
        (
            "'%s has %d, %.2f, %x, %X, %b, %o, %e, 100%%'.format(['a', 3, 1.5, 255, 'hi', 5, 8, 1234.5])",
            "a has 3, 1.50, ff, 6869, 101, 10, 1.234500e+03, 100%",
        ),
        ("'%s'.format([[1, 'a', null, {'b': true}]])", "[1, a, null, {b: true}]"),
        ("'%d'.format(['a'])", "Type '%d'.format(['a'])"),
        ("strings.quote('a\"b')", "\"a\\\"b\""),
        ("'(?!x)'.matches(self.name + '(?!x)')", "Value '(?!x)'.matches(self.name + '(?!x)')"),
    ]);
}

#[test]
fn lists_and_sets() {
    table(&[
        ("self.numbers.isSorted() || [1, 2].isSorted()", "true"),
        ("self.numbers.sum() + self.numbers.min() + self.numbers.max()", "13"),
        ("[1.5, 2.5].sum()", "4"),
        ("[].sum()", "0"),
        ("[].min()", "Value [].min()"),
        ("self.numbers.indexOf(3) + self.numbers.lastIndexOf(3)", "3"),
        ("self.numbers.slice(1, 3)", "[1, 2]"),
        ("[1, [2, [3]]].flatten()", "[1, 2, [3]]"),
        ("[1, [2, [3]]].flatten(2)", "[1, 2, 3]"),
        ("self.numbers.distinct()", "[3, 1, 2]"),
        ("self.numbers.sort()", "[1, 2, 3, 3]"),
        ("self.numbers.reverse()", "[3, 2, 1, 3]"),
        ("self.hosts.first().value() + [].last().orValue('!')", "a.example.com!"),
        ("lists.range(3)", "[0, 1, 2]"),
        ("sets.contains([1, 2, 3], [1, 3]) && !sets.contains([1], [2])", "true"),
        ("sets.equivalent([1, 2, 2], [2, 1]) && sets.intersects([1, 2], [2, 3])", "true"),
        ("math.greatest(1, 3, 2) + math.least([4, 2])", "5"),
    ]);
}

#[test]
fn quantities_and_versions() {
    table(&[
        ("quantity('500m').isLessThan(quantity('1')) && quantity('1Gi').isGreaterThan(quantity('1G'))", "true"),
        ("quantity('1.5Gi').compareTo(quantity('1536Mi'))", "0"),
        ("quantity('50k') == quantity('50000')", "true"),
        ("quantity('1').add(quantity('500m')).asApproximateFloat()", "1.5"),
        ("quantity('10').sub(3).asInteger() + quantity('-5').sign()", "6"),
        ("quantity('500m').isInteger() || isQuantity('1 Gi') || isQuantity('Gi')", "false"),
        ("quantity('1e3').asInteger()", "1000"),
        ("quantity('500m').asInteger()", "Value quantity('500m').asInteger()"),
        ("quantity('x')", "Value quantity('x')"),
        ("type(quantity('1')) == kubernetes.Quantity", "true"),
        ("semver('1.2.3-rc.1').isLessThan(semver('1.2.3')) && !isSemver('v1.2')", "true"),
        ("semver('1.2.3').major() + semver('1.2.3').minor() + semver('1.2.3').patch()", "6"),
        ("semver('v01.2', true).compareTo(semver('1.2.0'))", "0"),
        ("semver('1.10.0').isGreaterThan(semver('1.9.0'))", "true"),
    ]);
}

#[test]
fn addresses() {
    table(&[
        ("url('https://user@example.com:8080/a%20b?x=1&x=2&y').getHost()", "example.com:8080"),
        ("url('https://example.com:80/').getHostname() + url('https://[::1]:80/').getHostname()", "example.com::1"),
        ("url('https://example.com:80/').getPort() + url('HTTPS://a/').getScheme()", "80https"),
        ("url('https://a/a%20b?x').getEscapedPath()", "/a%20b"),
        ("url('https://a/?x=1&x=2&y').getQuery()", "{x: [1, 2], y: []}"),
        ("isURL('https://a') && isURL('/path') && !isURL('a/b') && !isURL('') && !isURL('../x')", "true"),
        ("ip(self.ip).family() + ip('::1').family()", "10"),
        ("isIP('127.0.0.1') && !isIP('127.0.0.256') && !isIP('::ffff:1.2.3.4')", "true"),
        ("ip('127.0.0.1').isLoopback() && ip('0.0.0.0').isUnspecified() && ip('8.8.8.8').isGlobalUnicast()", "true"),
        ("ip('224.0.0.1').isLinkLocalMulticast() && ip('fe80::1').isLinkLocalUnicast()", "true"),
        ("ip.isCanonical('2001:db8::1') && !ip.isCanonical('2001:DB8::1')", "true"),
        ("cidr('10.0.0.0/8').containsIP(self.ip) && !cidr('10.0.0.0/16').containsIP(ip(self.ip))", "true"),
        ("cidr('10.0.0.0/8').containsCIDR('10.1.0.0/16') && !cidr('10.0.0.0/16').containsCIDR('10.0.0.0/8')", "true"),
        ("string(cidr('10.1.2.3/8').masked()) + string(cidr('10.1.2.3/8').ip())", "10.0.0.0/810.1.2.3"),
        ("cidr('::/0').prefixLength()", "0"),
        ("isCIDR('10.0.0.0/33') || isCIDR('10.0.0.0')", "false"),
    ]);
}

#[test]
fn time_and_formats() {
    table(&[
        ("duration('1h30m') > duration('89m') && duration('1.5s') == duration('1500ms')", "true"),
        ("duration('1h30m').getMinutes()", "90"),
        ("string(duration('1h') + duration('1ms'))", "3600.001s"),
        ("timestamp('2024-02-29T23:30:00+01:00').getDate() + timestamp('2024-03-01T00:00:00Z').getDayOfYear()", "89"),
        ("timestamp('2024-02-29T23:30:00Z').getHours('+02:00')", "1"),
        ("timestamp('2026-11-21T00:00:00Z').getDayOfWeek()", "6"),
        ("timestamp('2024-01-01T00:00:00Z') + duration('24h') == timestamp('2024-01-02T00:00:00Z')", "true"),
        ("string(timestamp('2024-01-31T10:00:00.5Z') + duration('24h'))", "2024-02-01T10:00:00.5Z"),
        ("timestamp('2023-02-29T00:00:00Z')", "Value timestamp('2023-02-29T00:00:00Z')"),
        (
            "format.dns1123Label().validate('web').hasValue() || format.named('uuid').value().validate('x').hasValue()",
            "true",
        ),
        (
            "!format.dns1123Subdomain().validate('a.b-c').hasValue() && format.dns1035Label().validate('1a').hasValue()",
            "true",
        ),
        (
            "!format.qualifiedName().validate('a.b/C_d').hasValue() && !format.labelValue().validate('').hasValue()",
            "true",
        ),
        ("!format.dns1123LabelPrefix().validate('web-').hasValue()", "true"),
        ("format.named('nonsense').hasValue()", "false"),
        ("base64.encode(b'hi') + string(base64.decode('aGk='))", "aGk=hi"),
    ]);
}

#[test]
fn mistakes_have_their_place() {
    table(&[
        ("", "0..0: the expression ends where a value is expected"),
        ("self.a ==", "9..9: the expression ends where a value is expected"),
        ("self.replicas > min", "16..19: there is no variable `min`; known here: `self`, `max`"),
        ("self.name.starts('a')", "0..21: there is no function `starts`"),
        ("self.name.startsWith()", "0..22: `startsWith` does not take 0 arguments"),
        ("size(1, 2)", "0..10: there is no function `size`"),
        ("'a'.matches('(')", "12..15: this is no regular expression of RE2"),
        ("has(self)", "4..8: `has` takes a selected field: `has(object.field)`"),
        ("[1].all(x.y, true)", "8..11: a variable's name belongs here"),
        ("a = 1", "2..3: `=` is no operator; equality is `==`"),
        ("'a", "0..2: the quote is not closed"),
        ("1 2", "2..3: a literal stands where an operator or the end is expected"),
        ("self.if", "Missing self.if"),
        ("if", "0..2: `if` is a reserved word"),
        ("99999999999999999999", "0..20: this number is too large"),
        ("sets.contain([1], [1])", "0..22: there is no function `sets.contain`"),
        ("ä", "0..2: `ä` does not belong here"),
    ]);
}

#[test]
fn runaways_end() {
    let long = format!("[{}]", vec!["1"; 400].join(","));
    let nested = format!("{long}.all(a, {long}.all(b, {long}.all(c, a + b + c > 0)))");
    let document = document();
    let program = Program::compile(&nested, &["self"]).expect("it compiles");
    let fault = program.run(vec![Val::Tree(&document)]).expect_err("it costs too much");
    assert_eq!(fault.kind, Kind::Cost);
    let doubling = format!("cel.bind(a, 'aaaaaaaaaaaaaaaa', {}", "cel.bind(a, a + a, ".repeat(40));
    let doubling = format!("{doubling}a.size(){}", ")".repeat(41));
    let program = Program::compile(&doubling, &["self"]).expect("it compiles");
    assert_eq!(program.run(vec![Val::Tree(&document)]).expect_err("it costs too much").kind, Kind::Cost);
    for deep in ["(".repeat(5000), "!".repeat(5000), "[".repeat(5000), "1+".repeat(5000), "a.".repeat(5000)] {
        assert!(Program::compile(&deep, &["a"]).is_err());
    }
}

#[test]
fn variables_are_known_by_use() {
    let program = Program::compile("self.a > 1 && [1].all(max, max > 0)", &["self", "max"]).expect("it compiles");
    assert!(program.names("self") && !program.names("max"));
}

#[test]
fn an_expression_says_what_it_looks_at() {
    let cases = [
        ("max > 3", false),
        ("self.metadata.namespace == 'a'", false),
        ("has(self.metadata.namespace) && self.metadata.namespace.startsWith('a')", false),
        ("self.metadata.?namespace.orValue('') == 'a'", false),
        ("cel.bind(n, self.metadata.namespace, n == 'a')", false),
        ("[{'x': 1}].all(self, self.x == 1)", false),
        ("self == null", true),
        ("self.metadata.name == 'a'", true),
        ("self.metadata['namespace'] == 'a'", true),
        ("self['metadata'].namespace == 'a'", true),
        ("self.spec.namespace == 'a'", true),
        ("self.namespace == 'a'", true),
        ("self.metadata.namespace == 'a' && self.metadata.name == 'b'", true),
        ("self.metadata.name == 'b' && self.metadata.namespace == 'a'", true),
        ("cel.bind(o, self, o.metadata.namespace == 'a')", true),
        ("[self.metadata].all(m, m.namespace == 'a')", true),
        ("[1].all(n, self.spec.count == n)", true),
    ];
    for (text, more) in cases {
        let program = Program::compile(text, &["self", "max"]).expect(text);
        assert_eq!(program.names_more("self"), more, "{text}");
        assert!(!more || program.names("self"), "{text}");
    }
}
