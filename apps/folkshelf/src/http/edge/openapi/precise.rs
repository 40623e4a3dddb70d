//! What the routes' own descriptions leave vague and is the same for all: bodies take no unknown fields, text holds no
//! control characters, headers have a form. Said once here, so that no route can forget it.

use serde_json::{Map, Value, json};

/// What Rust's `trim` takes away.
const SPACE: &str = r"\u0009-\u000D\u0020\u0085\u00A0\u1680\u2000-\u200A\u2028\u2029\u202F\u205F\u3000";
const CONTROL: &str = r"\u0000-\u001F\u007F-\u009F";

/// One line that is not empty once it is trimmed, as `kernel::Line` takes it.
fn line() -> String {
    let end = format!("[^{CONTROL}{SPACE}]");
    format!("^[{SPACE}]*{end}([^{CONTROL}]*{end})?[{SPACE}]*$")
}

/// As [`line`], or nothing.
fn line_or_nothing() -> String {
    let end = format!("[^{CONTROL}{SPACE}]");
    format!("^[{SPACE}]*({end}([^{CONTROL}]*{end})?[{SPACE}]*)?$")
}

/// The longest text that is one line; what may be longer may have several.
const LONGEST_LINE: u64 = 500;

/// Text that may be empty, of several lines, as an optional `kernel::Prose` takes it.
fn prose() -> String {
    let end = format!("[^{CONTROL}{SPACE}]");
    format!(r"^[{SPACE}]*({end}(([^{CONTROL}]|\n|\t|\r\n)*{end})?[{SPACE}]*)?$")
}

/// The document with all of that in it.
pub(super) fn precise(mut value: Value) -> Value {
    let mut bodies = Vec::new();
    if let Some(paths) = value["paths"].as_object_mut() {
        for operation in paths.values_mut().filter_map(Value::as_object_mut).flat_map(Map::values_mut) {
            bodies.extend(body(operation));
            parameters(operation);
            headers(operation);
            descriptions(operation);
        }
    }
    for name in bodies {
        if let Some(schema) = value["components"]["schemas"].get_mut(&name).and_then(Value::as_object_mut) {
            schema.insert("additionalProperties".to_owned(), json!(false));
            if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
                properties.values_mut().for_each(text);
            }
        }
    }
    value
}

/// The name of an operation's JSON body. A body that may be left out is left out, and not null.
fn body(operation: &mut Value) -> Option<String> {
    let content = operation.get_mut("requestBody")?.get_mut("content")?.get_mut("application/json")?;
    if let Some(alternatives) = content["schema"]["oneOf"].as_array() {
        let one = alternatives.iter().find(|alternative| alternative.get("$ref").is_some())?.clone();
        content["schema"] = one;
    }
    content["schema"]["$ref"].as_str()?.rsplit('/').next().map(str::to_owned)
}

/// A pattern for text that says nothing of its form.
fn text(schema: &mut Value) {
    if let Some(items) = schema.get_mut("items") {
        text(items);
        return;
    }
    let optional = schema["type"].as_array().is_some_and(|types| types.contains(&json!("string")));
    let plain = ["format", "pattern", "enum", "$ref"].iter().all(|keyword| schema.get(keyword).is_none());
    if plain && (optional || schema["type"] == "string") {
        let one_line = schema["maxLength"].as_u64().is_some_and(|longest| longest <= LONGEST_LINE);
        schema["pattern"] = json!(match optional && schema.get("minLength").is_none() {
            true if one_line => line_or_nothing(),
            true => prose(),
            false => line(),
        });
    }
}

fn parameters(operation: &mut Value) {
    for parameter in operation.get_mut("parameters").and_then(Value::as_array_mut).into_iter().flatten() {
        let (name, place) = (parameter["name"].clone(), parameter["in"].clone());
        let schema = &mut parameter["schema"];
        // A parameter that is not there is not null.
        if let Some(types) = schema["type"].as_array() {
            schema["type"] = types.iter().find(|kind| **kind != "null").cloned().unwrap_or(json!("string"));
        }
        if name == "order" {
            schema["enum"] = json!(["asc", "desc"]);
        } else if let Some(words) = words(schema["pattern"].as_str()) {
            schema["enum"] = json!(words);
        } else if place == "query"
            && schema["type"] == "string"
            && ["format", "pattern"].iter().all(|it| schema.get(it).is_none())
        {
            schema["pattern"] = json!(format!("^[^{CONTROL}\\uFFFD]*$"));
        }
    }
}

/// The words of a pattern that is nothing but a choice among them, as in `^(name|memberSince)$`.
fn words(pattern: Option<&str>) -> Option<Vec<&str>> {
    let choice = pattern?.strip_prefix("^(")?.strip_suffix(")$")?;
    choice.chars().all(|c| c.is_ascii_alphabetic() || c == '|').then(|| choice.split('|').collect())
}

/// The tag that readers' answers carry.
fn headers(operation: &mut Value) {
    let reads = operation["operationId"].as_str().is_some_and(|id| id.starts_with("get_") || id.starts_with("list_"));
    let within_api = operation["tags"].as_array().is_some_and(|tags| !tags.contains(&json!("operations")));
    let Some(responses) = operation.get_mut("responses").and_then(Value::as_object_mut) else { return };
    if reads && within_api {
        responses.entry("304").or_insert_with(|| json!({"description": "What If-None-Match names is still right"}));
    }
    for (status, response) in responses {
        if reads && within_api && matches!(status.as_str(), "200" | "304") {
            let description = "For If-None-Match; of one book and of one's profile also for If-Match";
            response["headers"] = json!({"ETag": header(description, "^\"[^\"]+\"$")});
        }
    }
}

/// OpenAPI wants a description of each answer; where a route has no more to say than its schema, the status says it.
fn descriptions(operation: &mut Value) {
    for (status, response) in operation.get_mut("responses").and_then(Value::as_object_mut).into_iter().flatten() {
        let description = match status.as_str() {
            "201" => "It is made",
            "202" => "It has begun",
            _ => "As asked",
        };
        if response.get("$ref").is_none() && response["description"].as_str().is_none_or(str::is_empty) {
            response["description"] = json!(description);
        }
    }
}

fn header(description: &str, pattern: &str) -> Value {
    json!({"description": description, "schema": {"type": "string", "pattern": pattern}})
}
