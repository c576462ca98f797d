//! A second opinion on an instance: pruned and defaulted here, on plain JSON, and validated by the `jsonschema` crate.
//!
//! Never: the code that it is compared with.

use serde_json::{Map, Value, json};

/// Whether a schema takes a value, after pruning and defaulting.
pub(super) struct Oracle {
    schema: Value,
    validator: jsonschema::Validator,
}

impl Oracle {
    /// For a structural schema.
    pub(super) fn new(schema: &Value) -> Self {
        let plain = plain(schema);
        let options = jsonschema::options().with_draft(jsonschema::Draft::Draft4);
        let validator = options.build(&plain).expect("the generator makes schemas");
        Self { schema: schema.clone(), validator }
    }

    /// Whether it takes the value.
    pub(super) fn takes(&self, value: &Value) -> bool {
        let mut value = value.clone();
        settle(&self.schema, &mut value);
        self.validator.is_valid(&value) && are_items_apart(&self.schema, &value)
    }

    /// Whether each default is one that its own node takes.
    pub(super) fn has_good_defaults(schema: &Value) -> bool {
        let own = schema.get("default").is_none_or(|value| {
            let mut settled = value.clone();
            settle(schema, &mut settled);
            Self::new(schema).takes(value) && is_kept(value, &settled)
        });
        own && children(schema).all(Self::has_good_defaults)
    }
}

/// Whether nothing of a value was pruned.
fn is_kept(value: &Value, settled: &Value) -> bool {
    match (value, settled) {
        (Value::Object(a), Value::Object(b)) => {
            a.iter().all(|(key, value)| b.get(key).is_some_and(|other| is_kept(value, other)))
        }
        (Value::Array(a), Value::Array(b)) => a.iter().zip(b).all(|(a, b)| is_kept(a, b)),
        _ => value == settled,
    }
}

/// The structural nodes right below one.
pub(super) fn children(schema: &Value) -> impl Iterator<Item = &Value> {
    let properties = schema.get("properties").and_then(Value::as_object).into_iter().flat_map(Map::values);
    let others = ["items", "additionalProperties"].into_iter().filter_map(|key| schema.get(key));
    properties.chain(others.filter(|value| value.is_object()))
}

fn flag(schema: &Value, name: &str) -> bool {
    schema.get(name) == Some(&Value::Bool(true))
}

/// Prunes what is unknown, drops a `null` that may not be, and fills in defaults.
fn settle(schema: &Value, value: &mut Value) {
    match value {
        Value::Object(map) => settle_map(schema, map),
        Value::Array(items) => {
            if let Some(schema) = schema.get("items") {
                items.iter_mut().for_each(|item| settle_element(schema, item));
            }
        }
        _ => {}
    }
}

/// An item of a list or a value of a map: a null that may not be takes the default.
fn settle_element(schema: &Value, value: &mut Value) {
    if let Some(default) = schema.get("default").filter(|_| value.is_null() && !flag(schema, "nullable")) {
        *value = default.clone();
    }
    settle(schema, value);
}

fn settle_map(schema: &Value, map: &mut Map<String, Value>) {
    let empty = Map::new();
    let properties = schema.get("properties").and_then(Value::as_object).unwrap_or(&empty);
    let values = schema.get("additionalProperties");
    let keeps = flag(schema, "x-kubernetes-preserve-unknown-fields") || values == Some(&Value::Bool(true));
    let embedded = flag(schema, "x-kubernetes-embedded-resource");
    let below = |name: &str| properties.get(name).or(values.filter(|values| values.is_object()));
    map.retain(|name, value| {
        let known = below(name);
        let kept =
            known.is_some() || keeps || (embedded && matches!(name.as_str(), "apiVersion" | "kind" | "metadata"));
        let is_filled = |schema: &Value| !properties.contains_key(name) && schema.get("default").is_some();
        kept && !(value.is_null() && known.is_some_and(|schema| !flag(schema, "nullable") && !is_filled(schema)))
    });
    for (name, property) in properties {
        if let Some(default) = property.get("default").filter(|default| !default.is_null()) {
            map.entry(name).or_insert_with(|| default.clone());
        }
    }
    for (name, value) in map {
        if let Some(schema) = below(name) {
            settle_element(schema, value);
        }
    }
}

/// The same schema in the words of JSON Schema's draft 4.
fn plain(schema: &Value) -> Value {
    let Some(map) = schema.as_object() else { return schema.clone() };
    let mut out = Map::new();
    for (name, value) in map {
        let list = |value: &Value| value.as_array().into_iter().flatten().map(plain).collect::<Vec<_>>();
        match name.as_str() {
            "properties" => {
                let properties = value.as_object().into_iter().flatten();
                let properties: Map<_, _> = properties.map(|(name, value)| (name.clone(), plain(value))).collect();
                out.insert(name.clone(), properties.into());
            }
            "items" | "additionalProperties" | "not" => {
                out.insert(name.clone(), plain(value));
            }
            "allOf" | "anyOf" | "oneOf" => {
                out.insert(name.clone(), list(value).into());
            }
            "nullable" | "default" => {}
            "required" if flag(schema, "x-kubernetes-embedded-resource") => {}
            // Alone it says nothing, and draft 4 does not take it.
            "exclusiveMinimum" if !map.contains_key("minimum") => {}
            "exclusiveMaximum" if !map.contains_key("maximum") => {}
            "x-kubernetes-int-or-string" => {
                out.insert("type".into(), json!(["integer", "string"]));
            }
            "x-kubernetes-embedded-resource" => {
                let mut required: Vec<Value> = schema["required"].as_array().cloned().unwrap_or_default();
                required.extend(["apiVersion".into(), "kind".into()]);
                required.sort_by_key(ToString::to_string);
                required.dedup();
                out.insert("required".into(), required.into());
            }
            "x-kubernetes-list-type" if value == "set" => {
                out.insert("uniqueItems".into(), true.into());
            }
            _ if name.starts_with("x-kubernetes-") => {}
            _ => {
                out.insert(name.clone(), value.clone());
            }
        }
    }
    // Of a null only the type and the members of an enumeration are looked at (kube-openapi `SchemaValidator.Validate`),
    // and without a type nothing refuses it.
    if flag(schema, "nullable") || !map.contains_key("type") {
        let mut nothing = json!({"type": "null"});
        if let Some(members) = schema.get("enum") {
            nothing["enum"] = members.clone();
        }
        return json!({"anyOf": [nothing, out]});
    }
    out.into()
}

/// Whether the items of each list that is a map differ in its keys.
fn are_items_apart(schema: &Value, value: &Value) -> bool {
    let keys = schema.get("x-kubernetes-list-map-keys").and_then(Value::as_array);
    match value {
        Value::Object(map) => map.iter().all(|(name, value)| {
            let property = schema.get("properties").and_then(|properties| properties.get(name));
            property.or_else(|| schema.get("additionalProperties")).is_none_or(|schema| are_items_apart(schema, value))
        }),
        Value::Array(items) => {
            let own = keys.is_none_or(|keys| {
                let id = |item: &Value| keys.iter().map(|key| item.get(key.as_str()?).cloned()).collect::<Vec<_>>();
                let ids: Vec<_> = items.iter().map(id).collect();
                (1..ids.len()).all(|row| !ids[..row].contains(&ids[row]))
            });
            own && schema.get("items").is_none_or(|schema| items.iter().all(|item| are_items_apart(schema, item)))
        }
        _ => true,
    }
}
