//! What an answer may not hold, whatever the operation and whether it succeeded.

use reqwest::header::HeaderMap;
use serde_json::{Value, json};

use crate::scene::{Asked, Caller, NOTES, Scene};
use crate::support::Reply;
use crate::table::Row;

/// The operations that hand out tokens.
const SIGNING_IN: &[&str] = &["POST /auth/register", "POST /auth/login", "POST /auth/refresh-token"];

/// The operation that shows an API key, once.
const MAKING_A_KEY: &str = "POST /auth/api-keys";

/// Each thing in the answer that its caller may not see.
pub fn shown(scene: &Scene, row: &Row, caller: Caller, asked: &Asked) -> Vec<String> {
    let mut found = Vec::new();
    let text = asked.reply.body.to_string();
    let own = asked.by.as_ref().map_or("", |(_, address)| address);
    for address in addresses(&text) {
        // Whoever signs in is told which address they signed in with.
        let told_by_caller = asked.sent.contains(&address);
        let signs_in = SIGNING_IN.contains(&row.operation);
        if address != own && !told_by_caller && !signs_in {
            found.push(format!("the mail address {address}"));
        }
    }
    for hash in ["$2a$", "$2b$", "$2y$", "$argon2"] {
        if text.contains(hash) {
            found.push(format!("a password hash ({hash})"));
        }
    }
    for word in ["sqlx", "panicked at", "SELECT ", "select ", ".rs:", "/crates/"] {
        if asked.reply.status >= 400 && text.contains(word) {
            found.push(format!("the inside of the host ({word})"));
        }
    }
    let moderates = matches!(caller, Caller::Moderator | Caller::Admin);
    let id = asked.by.as_ref().map_or("", |(id, _)| id);
    if text.contains(NOTES) && !moderates && id != scene.owner.id {
        found.push("the owner's notes on a book".to_owned());
    }
    fields(&asked.reply.body, &mut |object, name, value| {
        let owner = object.get("owner").and_then(|owner| owner["id"].as_str());
        let is_owner = owner.is_some_and(|owner| owner == id);
        match name {
            "key" if value.as_str().is_some_and(|text| text.starts_with("fsk_")) && row.operation != MAKING_A_KEY => {
                found.push("an API key".to_owned());
            }
            "refreshToken" | "accessToken" if !SIGNING_IN.contains(&row.operation) => {
                found.push(format!("a token in {name}"));
            }
            // The notes of an import are a list, and its owner's alone like the import.
            "notes" if value.is_string() && !is_owner && !moderates => found.push("notes on a book".to_owned()),
            "handOverCode" if !value.is_null() && !is_owner => found.push("a hand-over code".to_owned()),
            "password" | "passwordHash" | "tokenHash" => found.push(format!("a field {name}")),
            _ => {}
        }
    });
    found.into_iter().map(|what| format!("{} as {caller:?} shows {what}: {text}", row.operation)).collect()
}

/// A search that finds nothing must be able to find: each secret, shown to a stranger, is told.
pub fn must_find_each_secret(scene: &Scene, row: &Row) {
    let owner = json!({"id": scene.owner.id});
    for secret in [
        json!({"email": "somebody.else@example.org"}),
        json!([{"note": "$2b$04$abcdefghijklmnopqrstuv"}]),
        json!({"data": [{"description": NOTES}]}),
        json!({"data": {"notes": "third shelf", "owner": owner}}),
        json!({"data": {"handOverCode": "123456", "owner": owner}}),
        json!({"data": {"refreshToken": "x"}}),
        json!({"data": [{"key": "fsk_x"}]}),
        json!({"data": {"user": {"passwordHash": "x"}}}),
    ] {
        let reply = Reply { status: 200, headers: HeaderMap::new(), body: secret };
        let asked = Asked { sent: String::new(), by: None, reply };
        assert!(!shown(scene, row, Caller::Stranger, &asked).is_empty(), "{:#}", asked.reply.body);
    }
}

fn addresses(text: &str) -> Vec<String> {
    let part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '+');
    text.match_indices('@')
        .map(|(at, _)| {
            let before: String = text[..at].chars().rev().take_while(|c| part(*c)).collect();
            let after: String = text[at + 1..].chars().take_while(|c| part(*c)).collect();
            format!("{}@{after}", before.chars().rev().collect::<String>())
        })
        .filter(|address| !address.starts_with('@') && !address.ends_with('@'))
        .collect()
}

/// Every field of every object, with the object it is in.
fn fields(value: &Value, look: &mut impl FnMut(&serde_json::Map<String, Value>, &str, &Value)) {
    match value {
        Value::Object(object) => {
            for (name, value) in object {
                look(object, name, value);
                fields(value, look);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| fields(item, look)),
        _ => {}
    }
}
