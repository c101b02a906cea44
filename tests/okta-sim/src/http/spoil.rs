//! What faults do to an answer.

use serde_json::{Value, json};

use super::answer::{Answer, Payload};
use super::{Shared, lock};
use crate::fault::{FaultKind, Malformed};

/// The answer as the fault leaves it. The last object of every page is remembered, for the fault
/// that repeats it on the next one.
pub(super) fn spoil(shared: &Shared, path: &str, mut answer: Answer, fault: Option<&FaultKind>) -> Answer {
    let mut memory = lock(&shared.last_objects);
    let previous = memory.get(path).cloned();
    if let Payload::List(items) = &answer.payload
        && let Some(last) = items.last()
    {
        memory.insert(path.to_owned(), last.clone());
    }
    match fault {
        Some(FaultKind::MalformedObject(how)) => malform(&mut answer.payload, *how),
        Some(FaultKind::DuplicateObject) => {
            if let Payload::List(items) = &mut answer.payload
                && let Some(again) = previous.or_else(|| items.last().cloned())
            {
                items.insert(0, again);
            }
        }
        Some(FaultKind::MissingObject) => {
            if let Payload::List(items) = &mut answer.payload
                && !items.is_empty()
            {
                let left_out = items.remove(items.len() / 2);
                lock(&shared.left_out).extend(id(&left_out));
            }
        }
        Some(FaultKind::EmptyPage) => empty_page(&mut answer),
        _ => {}
    }
    answer
}

/// The id of an object as it is sent, if it has one.
fn id(object: &[u8]) -> Option<String> {
    let object: Value = serde_json::from_slice(object).ok()?;
    object["id"].as_str().map(str::to_owned)
}

/// Empties the page and lets `next` lead to what was on it: the same place, under a link of its own.
fn empty_page(answer: &mut Answer) {
    if !matches!(answer.payload, Payload::List(_)) {
        return;
    }
    answer.payload = Payload::List(Vec::new());
    answer.links.truncate(1);
    if let Some(own) = answer.links.first() {
        let again = own.replace("; rel=\"self\"", "; rel=\"next\"");
        // An unknown parameter makes it a link never seen before, which a client must follow.
        let again = again.replacen('?', "?page=again&", 1);
        answer.links.push(again);
    }
}

/// Breaks the object in the middle of a list, or the only one.
fn malform(payload: &mut Payload, how: Malformed) {
    let object = match payload {
        Payload::List(items) => {
            let middle = items.len() / 2;
            items.get_mut(middle)
        }
        Payload::One(object) => Some(object),
        Payload::Html(_) | Payload::Empty => None,
    };
    if let Some(object) = object {
        *object = broken(object, how);
    }
}

fn broken(object: &[u8], how: Malformed) -> Vec<u8> {
    let Ok(Value::Object(mut map)) = serde_json::from_slice(object) else {
        return b"17".to_vec();
    };
    match how {
        Malformed::NullProfile => {
            map.insert("profile".to_owned(), Value::Null);
        }
        Malformed::WrongTypes => {
            for (key, value) in &mut map {
                if key != "id" && key != "uuid" {
                    *value = wrong_type(value);
                }
            }
        }
        Malformed::HugeString => return with_raw(map, &format!("\"{}\"", "x".repeat(1 << 20)).into_bytes()),
        Malformed::BadEscape => return with_raw(map, br#""\ud800""#),
        Malformed::BadUtf8 => return with_raw(map, b"\"\xff\xfe\xc3\x28\""),
        Malformed::NoId => {
            map.remove("id");
            map.remove("uuid");
        }
        Malformed::NotAnObject => return b"17".to_vec(),
    }
    Value::Object(map).to_string().into_bytes()
}

fn wrong_type(value: &Value) -> Value {
    match value {
        Value::Null => json!([]),
        Value::Bool(_) => json!("yes"),
        Value::Number(_) => json!({}),
        Value::String(text) if text.ends_with('Z') => json!(true),
        Value::String(_) => json!(42),
        Value::Array(_) => json!("list"),
        Value::Object(map) => map.keys().map(|key| (key.clone(), json!({"unexpected": [1, null]}))).collect(),
    }
}

/// The object with a raw value as its `nickName`: in the profile when there is one.
fn with_raw(mut map: serde_json::Map<String, Value>, raw: &[u8]) -> Vec<u8> {
    const MARK: &str = "\"the raw value goes here\"";
    let mark = json!("the raw value goes here");
    match map.get_mut("profile") {
        Some(Value::Object(profile)) => profile.insert("nickName".to_owned(), mark),
        _ => map.insert("nickName".to_owned(), mark),
    };
    let text = Value::Object(map).to_string();
    let (before, after) = text.split_once(MARK).unwrap_or((&text, ""));
    [before.as_bytes(), raw, after.as_bytes()].concat()
}
