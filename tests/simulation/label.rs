//! What a call asks for, in words that are the same in every replay: without the ids that are drawn anew in each, and
//! without times.

use serde_json::Value;
use test_support::wire::{Call, Message};

/// Letters of a run's or a holder's id.
const ULID: usize = 26;

/// What a call asks for.
pub(crate) fn label(call: &Call, request: &Message) -> String {
    if !call.is_dynamodb {
        return okta(&call.what);
    }
    let mut items: Vec<String> = call.items.iter().map(|(pk, sk)| format!("{pk} {sk}")).collect();
    if items.is_empty() {
        let body: Value = serde_json::from_slice(request.body()).unwrap_or_default();
        let values = body["ExpressionAttributeValues"].as_object();
        items.extend(values.into_iter().flatten().filter_map(|(_, value)| value["S"].as_str().map(str::to_owned)));
    }
    // A batch has its items in any order.
    items.sort();
    let shown = items.iter().take(3).map(|item| masked(item)).collect::<Vec<_>>().join(", ");
    let more = items.len().checked_sub(3).filter(|more| *more > 0);
    let more = more.map(|more| format!(" and {more} more")).unwrap_or_default();
    format!("{} {shown}{more}", call.what)
}

/// `GET /api/v1/users?search=…&after=… HTTP/1.1` in short.
fn okta(line: &str) -> String {
    let target = line.split(' ').nth(1).unwrap_or(line);
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let mut words = vec![path.to_owned()];
    for (name, value) in query.split('&').filter_map(|part| part.split_once('=')) {
        let value = value.replace("%22", "\"").replace("%20", " ").replace("%3A", ":").replace('+', " ");
        match name {
            "search" | "filter" | "q" | "since" => {
                // Besides who changed, a few are asked for who are known to be there, whoever they are.
                let value = value.split(" or id eq").next().unwrap_or(&value);
                words.push(format!("{name}={}", masked(value)));
            }
            "after" => words.push("next page".to_owned()),
            _ => {}
        }
    }
    words.join(" ")
}

/// The text without ids drawn at random and without times.
pub(crate) fn masked(text: &str) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut word = String::new();
    for letter in text.chars().chain(std::iter::once(' ')) {
        if letter.is_ascii_alphanumeric() || ":.-".contains(letter) {
            word.push(letter);
            continue;
        }
        masked.push_str(match () {
            () if is_ulid(&word) => "*",
            () if is_time(&word) => "@",
            () => &word,
        });
        word.clear();
        masked.push(letter);
    }
    masked.truncate(masked.len() - 1);
    masked
}

/// Whether a word is the id of a run or of a holder.
pub(crate) fn is_ulid(word: &str) -> bool {
    word.len() == ULID && word.chars().all(|letter| letter.is_ascii_digit() || letter.is_ascii_uppercase())
}

fn is_time(word: &str) -> bool {
    word.len() >= 20 && word.as_bytes()[4] == b'-' && word.ends_with('Z')
}
