//! Random structural schemas, changes of them, and instances.
//!
//! Never: two runs that differ; everything comes from a seed.

use serde_json::{Map, Value, json};

/// A source of numbers that look random (splitmix64).
pub(super) struct Dice(pub(super) u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// One of `0..count`.
    pub(super) fn roll(&mut self, count: usize) -> usize {
        (self.next() % count as u64) as usize
    }

    /// Whether something of so many percent happens.
    fn chance(&mut self, percent: usize) -> bool {
        self.roll(100) < percent
    }

    fn pick<T: Copy>(&mut self, among: &[T]) -> T {
        among[self.roll(among.len())]
    }
}

const NAMES: [&str; 5] = ["a", "b", "size", "sizeGb", "name"];
const TEXTS: [&str; 9] = ["", "a", "b", "ab", "abc", "x-1", "12", "10.0.0.1", "Abc"];
const PATTERNS: [&str; 4] = ["^[a-z]+$", "^[a-z0-9-]*$", "^.{0,2}$", "[0-9]"];
const FORMATS: [&str; 3] = ["ipv4", "int32", "password"];
const DEEPEST: usize = 3;

type Node = Map<String, Value>;

/// An object with a few properties, as `spec` is.
pub(super) fn root(dice: &mut Dice) -> Value {
    let mut node = Node::new();
    node.insert("type".into(), "object".into());
    object(dice, &mut node, 0);
    node.into()
}

fn node(dice: &mut Dice, depth: usize) -> Value {
    let mut node = Node::new();
    let scalar = depth >= DEEPEST || dice.chance(60);
    let kind = match if scalar { dice.roll(5) } else { 5 + dice.roll(5) } {
        0 | 1 => "string",
        2 => "integer",
        3 => "boolean",
        4 => dice.pick(&["number", "either"]),
        5..=7 => "object",
        8 => "map",
        _ => "array",
    };
    match kind {
        "either" => {
            node.insert("x-kubernetes-int-or-string".into(), true.into());
        }
        "map" => {
            node.insert("type".into(), "object".into());
            let values = if dice.chance(20) { true.into() } else { self::node(dice, depth + 1) };
            node.insert("additionalProperties".into(), values);
        }
        "object" if dice.chance(10) => {
            node.insert("x-kubernetes-preserve-unknown-fields".into(), true.into());
        }
        _ => {
            node.insert("type".into(), kind.into());
        }
    }
    match kind {
        "object" => object(dice, &mut node, depth),
        "array" => array(dice, &mut node, depth),
        _ => {}
    }
    for _ in 0..dice.roll(3) {
        constrain(dice, &mut node);
    }
    if dice.chance(15) {
        node.insert("nullable".into(), true.into());
        node.remove("enum");
    }
    if dice.chance(20) {
        set_default(dice, &mut node);
    }
    node.into()
}

fn object(dice: &mut Dice, node: &mut Node, depth: usize) {
    let mut properties = Node::new();
    for _ in 0..=dice.roll(3) {
        properties.insert(dice.pick(&NAMES).into(), self::node(dice, depth + 1));
    }
    let required: Vec<Value> = properties.keys().filter(|_| dice.chance(30)).map(|name| name.as_str().into()).collect();
    if !required.is_empty() {
        node.insert("required".into(), required.into());
    }
    node.insert("properties".into(), properties.into());
    if dice.chance(10) {
        node.insert("x-kubernetes-preserve-unknown-fields".into(), true.into());
    }
    if dice.chance(5) {
        node.insert("x-kubernetes-embedded-resource".into(), true.into());
    }
    if dice.chance(10) {
        combine(dice, node);
    }
}

fn array(dice: &mut Dice, node: &mut Node, depth: usize) {
    match dice.roll(3) {
        0 => {
            let mut item = Node::new();
            item.insert("type".into(), "object".into());
            object(dice, &mut item, depth + 1);
            node.insert("items".into(), item.into());
            list_type(dice, node);
        }
        1 => {
            node.insert("items".into(), json!({"type": dice.pick(&["string", "integer"])}));
            list_type(dice, node);
        }
        _ => {
            node.insert("items".into(), self::node(dice, depth + 1));
        }
    }
}

/// A list of scalars may be a set, one of objects a map by some of its scalar fields that are always there.
fn list_type(dice: &mut Dice, node: &mut Node) {
    node.remove("x-kubernetes-list-type");
    node.remove("x-kubernetes-list-map-keys");
    let Some(item) = node.get("items") else { return };
    if item.get("properties").is_none() {
        let is_scalar = matches!(item["type"].as_str(), Some("string" | "integer"));
        if is_scalar && item.get("nullable").is_none() && dice.chance(50) {
            node.insert("x-kubernetes-list-type".into(), "set".into());
        }
        return;
    }
    let always = |name: &&str| {
        let required = item["required"].as_array().is_some_and(|list| list.iter().any(|other| other == name));
        let key = &item["properties"][name];
        let is_scalar = matches!(key["type"].as_str(), Some("string" | "integer" | "boolean"));
        required && is_scalar && key.get("nullable").is_none()
    };
    let keys: Vec<&str> = NAMES.into_iter().filter(always).collect();
    if !keys.is_empty() && dice.chance(60) {
        let keys = if dice.chance(50) { vec![keys[0]] } else { keys };
        let keys = json!(keys);
        node.insert("x-kubernetes-list-type".into(), "map".into());
        node.insert("x-kubernetes-list-map-keys".into(), keys);
    }
}

/// Another constraint, fitting the type, in place of one of the same keyword.
fn constrain(dice: &mut Dice, node: &mut Node) {
    let small = |dice: &mut Dice| Value::from(dice.roll(4));
    let kind = node.get("type").and_then(Value::as_str).unwrap_or("any").to_owned();
    let either = node.contains_key("x-kubernetes-int-or-string");
    match (&*kind, dice.roll(6)) {
        ("string", 0) if node.get("nullable").is_none() => {
            let members: Vec<&str> = (0..=dice.roll(3)).map(|_| dice.pick(&TEXTS)).collect();
            node.insert("enum".into(), distinct(members.into_iter().map(Value::from)));
        }
        ("string", 1 | 2) => {
            node.insert("pattern".into(), dice.pick(&PATTERNS).into());
        }
        ("string", 3) => {
            node.insert("format".into(), dice.pick(&FORMATS).into());
        }
        ("string", _) => {
            node.insert(dice.pick(&["minLength", "maxLength"]).into(), small(dice));
        }
        ("integer", 0) if node.get("nullable").is_none() => {
            let members: Vec<usize> = (0..=dice.roll(3)).map(|_| dice.roll(5)).collect();
            node.insert("enum".into(), distinct(members.into_iter().map(Value::from)));
        }
        ("integer" | "number", 1) => {
            node.insert("multipleOf".into(), (1 + dice.roll(3)).into());
        }
        ("integer" | "number", roll) => {
            let (bound, strict) = dice.pick(&[("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")]);
            node.insert(bound.into(), small(dice));
            if roll == 2 {
                node.insert(strict.into(), dice.chance(70).into());
            }
        }
        ("object", _) => {
            node.insert(dice.pick(&["minProperties", "maxProperties"]).into(), small(dice));
        }
        ("array", _) => {
            node.insert(dice.pick(&["minItems", "maxItems"]).into(), small(dice));
        }
        _ if either => {
            node.insert(dice.pick(&["pattern", "minLength", "maximum"]).into(), Value::Null);
            for (name, value) in
                [("pattern", json!(dice.pick(&PATTERNS))), ("minLength", small(dice)), ("maximum", small(dice))]
            {
                if let Some(place) = node.get_mut(name).filter(|place| place.is_null()) {
                    *place = value;
                }
            }
        }
        _ => {}
    }
}

fn distinct(values: impl Iterator<Item = Value>) -> Value {
    let mut found: Vec<Value> = Vec::new();
    for value in values {
        if !found.contains(&value) {
            found.push(value);
        }
    }
    found.into()
}

/// A logical keyword over the node's own properties.
fn combine(dice: &mut Dice, node: &mut Node) {
    let branches: Vec<Value> = (0..=dice.roll(3)).map(|_| branch(dice, node)).collect();
    match dice.roll(4) {
        0 => node.insert("not".into(), branches.into_iter().next().unwrap_or_default()),
        roll => node.insert(["allOf", "anyOf", "oneOf"][roll - 1].into(), branches.into()),
    };
}

fn branch(dice: &mut Dice, node: &Node) -> Value {
    let empty = Node::new();
    let properties = node.get("properties").and_then(Value::as_object).unwrap_or(&empty);
    let names: Vec<&String> = properties.keys().collect();
    if names.is_empty() {
        return json!({"minProperties": dice.roll(3)});
    }
    let name = dice.pick(&names);
    if dice.chance(50) {
        return json!({"required": [name]});
    }
    let kind = properties[name].get("type").and_then(Value::as_str).unwrap_or("any");
    let inner = match kind {
        "string" => json!({"enum": [dice.pick(&TEXTS), dice.pick(&TEXTS)]}),
        "integer" | "number" => json!({"minimum": dice.roll(4)}),
        "array" => json!({"maxItems": dice.roll(3)}),
        "object" => json!({"minProperties": dice.roll(3)}),
        _ => json!({"description": "anything"}),
    };
    json!({"properties": {name: inner}})
}

fn set_default(dice: &mut Dice, node: &mut Node) {
    let kind = node.get("type").and_then(Value::as_str).unwrap_or("any").to_owned();
    let value = match &*kind {
        "string" => node.get("enum").map_or_else(|| json!(dice.pick(&TEXTS)), |members| members[0].clone()),
        "integer" | "number" => node.get("enum").map_or_else(|| json!(dice.roll(5)), |members| members[0].clone()),
        "boolean" => dice.chance(50).into(),
        "object" => json!({}),
        "array" => json!([]),
        _ => return,
    };
    node.insert("default".into(), value);
}

/// A change of a schema, somewhere.
pub(super) fn mutate(dice: &mut Dice, schema: &mut Value) {
    let mut paths = Vec::new();
    collect(schema, String::new(), &mut paths);
    let path = &paths[dice.roll(paths.len())];
    let depth = path.matches("/properties").count();
    let found = schema.pointer_mut(path).expect("it was found there");
    let is_root = path.is_empty();
    if !is_root && dice.chance(8) {
        *found = node(dice, depth);
        return;
    }
    let Some(map) = found.as_object_mut() else { return };
    match dice.roll(if map.contains_key("properties") { 16 } else { 8 }) {
        0 | 1 => constrain(dice, map),
        2 => {
            let loose: Vec<String> = map.keys().filter(|key| is_constraint(key)).cloned().collect();
            if !loose.is_empty() {
                map.remove(&loose[dice.roll(loose.len())]);
            }
        }
        3 if !is_root => {
            if map.remove("default").is_none() || dice.chance(50) {
                set_default(dice, map);
            }
        }
        4 if !is_root && !map.contains_key("enum") => {
            if map.remove("nullable").is_none() {
                map.insert("nullable".into(), true.into());
            }
        }
        5 => structure(dice, map, depth, is_root),
        6 => alter_enum(dice, map),
        7 => {
            map.insert("description".into(), dice.pick(&TEXTS).into());
        }
        8..=13 => alter_properties(dice, map, depth),
        14 => alter_combiner(dice, map),
        _ => {
            if map.remove("x-kubernetes-embedded-resource").is_none() && dice.chance(30) {
                map.insert("x-kubernetes-embedded-resource".into(), true.into());
            }
        }
    }
}

fn is_constraint(key: &str) -> bool {
    const KEYS: [&str; 19] = [
        "allOf",
        "anyOf",
        "default",
        "enum",
        "exclusiveMaximum",
        "exclusiveMinimum",
        "format",
        "maxItems",
        "maxLength",
        "maxProperties",
        "maximum",
        "minItems",
        "minLength",
        "minProperties",
        "minimum",
        "multipleOf",
        "not",
        "oneOf",
        "pattern",
    ];
    KEYS.contains(&key)
}

fn collect(schema: &Value, path: String, found: &mut Vec<String>) {
    for (name, property) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
        collect(property, format!("{path}/properties/{name}"), found);
    }
    for key in ["items", "additionalProperties"] {
        if let Some(below) = schema.get(key).filter(|below| below.is_object()) {
            collect(below, format!("{path}/{key}"), found);
        }
    }
    found.push(path);
}

/// Another type, or another way to take what is not named.
fn structure(dice: &mut Dice, map: &mut Node, depth: usize, is_root: bool) {
    let kind = map.get("type").and_then(Value::as_str).unwrap_or("any").to_owned();
    match &*kind {
        "object" if map.contains_key("additionalProperties") => {
            let values = if dice.chance(30) { true.into() } else { node(dice, depth + 1) };
            if dice.chance(30) {
                map.remove("additionalProperties");
                object(dice, map, depth);
            } else {
                map.insert("additionalProperties".into(), values);
            }
        }
        "object" => {
            let keeps = "x-kubernetes-preserve-unknown-fields";
            if map.remove(keeps).is_none() && dice.chance(60) {
                map.insert(keeps.into(), true.into());
            } else if !is_root && dice.chance(30) {
                for key in [
                    "properties",
                    "required",
                    "allOf",
                    "anyOf",
                    "oneOf",
                    "not",
                    keeps,
                    "x-kubernetes-embedded-resource",
                ] {
                    map.remove(key);
                }
                map.insert("additionalProperties".into(), node(dice, depth + 1));
            }
        }
        "array" => list_type(dice, map),
        "integer" if dice.chance(50) => {
            map.insert("type".into(), "number".into());
        }
        "integer" | "string" if dice.chance(40) => {
            for key in ["type", "enum", "default", "format", "multipleOf"] {
                map.remove(key);
            }
            map.insert("x-kubernetes-int-or-string".into(), true.into());
        }
        _ => {
            let nullable = map.get("nullable").cloned();
            *map = node(dice, depth + 1).as_object().cloned().unwrap_or_default();
            if let Some(nullable) = nullable.filter(|_| !map.contains_key("enum")) {
                map.insert("nullable".into(), nullable);
            }
        }
    }
}

fn alter_enum(dice: &mut Dice, map: &mut Node) {
    let Some(members) = map.get_mut("enum").and_then(Value::as_array_mut) else { return constrain(dice, map) };
    if members.len() > 1 && dice.chance(50) {
        members.remove(dice.roll(members.len()));
    } else {
        let more = if members[0].is_string() { json!(dice.pick(&TEXTS)) } else { json!(dice.roll(6)) };
        if !members.contains(&more) {
            members.push(more);
        }
    }
}

fn alter_properties(dice: &mut Dice, map: &mut Node, depth: usize) {
    let Some(properties) = map.get_mut("properties").and_then(Value::as_object_mut) else { return };
    let names: Vec<String> = properties.keys().cloned().collect();
    let new = dice.pick(&NAMES);
    let roll = dice.roll(5);
    match roll {
        0 if !names.is_empty() => {
            properties.remove(&names[dice.roll(names.len())]);
        }
        1 if !names.is_empty() && !names.iter().any(|name| name == new) => {
            let moved = properties.remove(&names[dice.roll(names.len())]).unwrap_or_default();
            properties.insert(new.into(), moved);
        }
        2 | 3 if !names.iter().any(|name| name == new) => {
            properties.insert(new.into(), node(dice, depth + 1));
        }
        _ => {}
    }
    let named: Vec<String> = properties.keys().cloned().collect();
    let mut required: Vec<Value> = map.get("required").and_then(Value::as_array).cloned().unwrap_or_default();
    if roll == 4 || (roll == 2 && dice.chance(50)) {
        let name = if roll == 4 && !named.is_empty() { &*named[dice.roll(named.len())] } else { new };
        match required.iter().position(|other| other == name) {
            Some(at) => drop(required.remove(at)),
            None => required.push(name.into()),
        }
    }
    if required.is_empty() {
        map.remove("required");
    } else {
        map.insert("required".into(), required.into());
    }
}

fn alter_combiner(dice: &mut Dice, map: &mut Node) {
    let Some(key) = ["allOf", "anyOf", "oneOf"].into_iter().find(|key| map.contains_key(*key)) else {
        if map.remove("not").is_none() {
            combine(dice, map);
        }
        return;
    };
    let more = branch(dice, map);
    let Some(branches) = map.get_mut(key).and_then(Value::as_array_mut) else { return };
    match dice.roll(3) {
        0 if branches.len() > 1 => drop(branches.remove(dice.roll(branches.len()))),
        1 => {
            let at = dice.roll(branches.len());
            branches[at] = more;
        }
        _ => branches.push(more),
    }
}

/// A value that a schema probably takes.
pub(super) fn value(dice: &mut Dice, schema: &Value) -> Value {
    if dice.chance(2) {
        return dice.pick(&[&json!("a"), &json!(1), &json!({}), &json!([]), &Value::Null, &json!(true)]).clone();
    }
    if schema.get("nullable").is_some() && dice.chance(20) {
        return Value::Null;
    }
    if let Some(members) = schema.get("enum").and_then(Value::as_array) {
        return members[dice.roll(members.len())].clone();
    }
    match schema.get("type").and_then(Value::as_str) {
        Some("string") => text(dice, schema),
        Some("integer") => dice.roll(6).into(),
        Some("number") => {
            if dice.chance(50) {
                dice.roll(6).into()
            } else {
                json!(dice.roll(6) as f64 / 2.0 + 0.25)
            }
        }
        Some("boolean") => dice.chance(50).into(),
        Some("array") => {
            let items = schema.get("items").cloned().unwrap_or_default();
            let least = schema.get("minItems").and_then(Value::as_u64).unwrap_or_default() as usize;
            (0..least.max(dice.roll(4))).map(|_| value(dice, &items)).collect::<Vec<_>>().into()
        }
        Some("object") => map(dice, schema),
        _ if schema.get("x-kubernetes-int-or-string").is_some() => {
            if dice.chance(50) {
                dice.roll(5).into()
            } else {
                text(dice, schema)
            }
        }
        _ if schema.get("properties").is_some() => map(dice, schema),
        _ => dice.pick(&[&json!("a"), &json!(1), &json!({"a": 1}), &json!(["b"])]).clone(),
    }
}

fn text(dice: &mut Dice, schema: &Value) -> Value {
    let fits = |text: &str| match schema.get("pattern").and_then(Value::as_str) {
        Some("^[a-z]+$") => !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_lowercase()),
        Some("[0-9]") => text.bytes().any(|byte| byte.is_ascii_digit()),
        Some("^.{0,2}$") => text.len() < 3,
        _ => true,
    };
    let mut found = dice.pick(&TEXTS);
    for _ in 0..6 {
        if fits(found) {
            break;
        }
        found = dice.pick(&TEXTS);
    }
    found.into()
}

fn map(dice: &mut Dice, schema: &Value) -> Value {
    let mut out = Map::new();
    let required = schema.get("required").and_then(Value::as_array);
    for (name, property) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
        let needed = required.is_some_and(|list| list.iter().any(|other| other == name));
        if dice.chance(if needed { 97 } else { 65 }) {
            out.insert(name.clone(), value(dice, property));
        }
    }
    match schema.get("additionalProperties") {
        Some(Value::Bool(true)) => {
            out.insert(dice.pick(&NAMES).into(), json!(dice.roll(3)));
        }
        Some(values) => {
            for _ in 0..dice.roll(3) {
                out.insert(dice.pick(&NAMES).into(), value(dice, values));
            }
        }
        None if dice.chance(if schema.get("x-kubernetes-preserve-unknown-fields").is_some() { 60 } else { 6 }) => {
            let other = dice.pick(&[&json!("a"), &json!(3), &json!({"a": "b"}), &json!([1])]).clone();
            out.entry(dice.pick(&NAMES)).or_insert(other);
        }
        None => {}
    }
    if schema.get("x-kubernetes-embedded-resource").is_some() && dice.chance(95) {
        out.insert("apiVersion".into(), "v1".into());
        out.insert("kind".into(), "ConfigMap".into());
    }
    out.into()
}
