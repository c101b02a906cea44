//! What became of records over time: the steps of one record's history, and the entries of a connection's feed.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Change, Job, Kind, Outcome, Reason, Record, State, Time};

/// How much of one value a history keeps, in bytes.
const LONGEST_VALUE: usize = 1_024;
/// How much of all values of one step, in bytes: beyond it, values are kept as their mark alone.
const LONGEST_STEP: usize = 64 * 1_024;

/// A value before a change and after it; null where there was or is none.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FromTo {
    /// Before.
    pub from: Value,
    /// After.
    pub to: Value,
}

/// What changed, by name: `state`, `reason`, `role`, `identifier`, `okta_status`, `source_updated` and, for the mapped
/// fields, `fields.<name>`. A text of more than 1,024 bytes is cut and ends in `… (cut, of N bytes)`; so is the JSON
/// text of a larger list or object. One step keeps about 64 KiB in all.
pub type Changed = BTreeMap<String, FromTo>;

/// One change of one record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// When.
    pub at: Time,
    /// The run that wrote.
    pub run: String,
    /// Its job; null where it is not known any more.
    pub job: Option<Job>,
    /// The Okta id that the record had then.
    pub id: String,
    /// What the write did: created, updated, deactivated or reactivated.
    pub change: Outcome,
    /// The record's revision after it.
    pub revision: u64,
    /// What changed; nothing for a creation.
    pub changed: Changed,
}

/// One change, as those who follow a connection hear of it.
///
/// They hear of each at least once, in the order in which changes were noted. Of two entries of one record the one with
/// the larger `revision` is the later one, whatever their order; an entry whose revision is known already is a repetition.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FeedEntry {
    /// Where the feed goes on after this entry; opaque.
    #[serde(default)]
    pub cursor: String,
    /// When.
    pub at: Time,
    /// The run that wrote.
    pub run: String,
    /// Its job.
    pub job: Job,
    /// The mapping's name.
    pub mapping: String,
    /// What the record describes.
    pub kind: Kind,
    /// The Okta id.
    pub id: String,
    /// The unique identifier after the change.
    pub identifier: String,
    /// What the write did: created, updated, deactivated or reactivated.
    pub change: Outcome,
    /// Active or inactive after it.
    pub state: State,
    /// Why it is inactive; null when active.
    pub reason: Option<Reason>,
    /// The record's revision after it.
    pub revision: u64,
    /// What changed, as far as it is known; nothing for a creation.
    #[cfg_attr(feature = "openapi", schema(value_type = BTreeMap<String, FromTo>))]
    pub changed: Changed,
}

impl FeedEntry {
    /// Whether it is a step of the record's history: a creation is not, for the record says itself when it came.
    pub fn is_of_history(&self) -> bool {
        self.revision > 1
    }
}

/// What a change does to a record that is there.
pub fn changed(before: &Record, change: &Change) -> Changed {
    let state = if change.standing.is_none() { State::Active } else { State::Inactive };
    let mut changed = Differences { changed: Changed::new(), left: LONGEST_STEP };
    changed.note("state", json(before.state), json(state));
    changed.note("reason", json(before.reason), json(change.standing));
    if let Some(observed) = &change.observed {
        changed.note("okta_status", json(&before.okta_status), json(&observed.okta_status));
        changed.note("source_updated", json(before.source_updated), json(observed.source_updated));
    }
    if let Some(content) = &change.content {
        changed.note("identifier", json(&before.identifier), json(&content.identifier));
        changed.note("role", json(&before.role), json(&content.role));
        let gone = before.fields.keys().filter(|name| !content.fields.contains_key(*name));
        for name in content.fields.keys().chain(gone) {
            let value = |fields: &serde_json::Map<String, Value>| fields.get(name).cloned().unwrap_or_default();
            changed.note(&format!("fields.{name}"), value(&before.fields), value(&content.fields));
        }
    }
    changed.changed
}

fn json(value: impl Serialize) -> Value {
    serde_json::to_value(value).unwrap_or_default()
}

struct Differences {
    changed: Changed,
    /// How many bytes of values there is room for.
    left: usize,
}

impl Differences {
    fn note(&mut self, name: &str, from: Value, to: Value) {
        if !same(&from, &to) {
            let (from, to) = (self.cut(from), self.cut(to));
            self.changed.insert(name.to_owned(), FromTo { from, to });
        }
    }

    fn cut(&mut self, value: Value) -> Value {
        let text = match &value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let room = LONGEST_VALUE.min(self.left);
        let kept = if text.len() <= room {
            value
        } else {
            let end = (0..=room).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
            Value::String(format!("{}… (cut, of {} bytes)", &text[..end], text.len()))
        };
        // As it is stored: JSON writes a control character in six bytes.
        self.left = self.left.saturating_sub(kept.to_string().len());
        kept
    }
}

/// Whether two values say the same; numbers may be written in two ways (`1.0` comes back as `1`).
fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => one == other || one.as_f64() == other.as_f64(),
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one.iter().all(|(name, value)| other.get(name).is_some_and(|other| same(value, other)))
        }
        (one, other) => one == other,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Changed, changed};
    use crate::model::{Change, Record};

    fn before(fields: Value) -> Record {
        serde_json::from_value(json!({
            "connection": "acme", "mapping": "staff", "kind": "record", "id": "00u1", "identifier": "ada",
            "state": "active", "reason": null, "role": null, "fields": fields, "okta_status": "ACTIVE",
            "source_updated": "2026-11-20T10:00:00.000Z", "first_synced": "2026-11-20T10:05:00.000Z",
            "last_changed": "2026-11-20T10:05:00.000Z", "source_created": "2026-11-20T10:00:00.000Z",
            "previous_ids": [], "revision": 3
        }))
        .unwrap()
    }

    fn change(fields: Value) -> Change {
        serde_json::from_value(json!({
            "id": "00u1", "source_created": "2026-11-20T10:00:00.000Z", "expected": 3, "standing": "suspended",
            "observed": { "okta_status": "SUSPENDED", "source_updated": "2026-11-21T10:00:00.000Z" },
            "content": { "identifier": "ada", "role": "admin", "fields": fields }, "outcome": "deactivated"
        }))
        .unwrap()
    }

    fn of(from: Value, to: Value) -> Changed {
        changed(&before(from), &change(to))
    }

    #[test]
    fn says_what_changed_and_nothing_else() {
        let changed = of(json!({"a": 1, "b": [1.0], "gone": "x"}), json!({"a": 2, "b": [1], "new": null}));
        let names: Vec<&str> = changed.keys().map(String::as_str).collect();
        let expected = ["fields.a", "fields.gone", "okta_status", "reason", "role", "source_updated", "state"];
        assert_eq!(names, expected);
        assert_eq!((&changed["fields.a"].from, &changed["fields.a"].to), (&json!(1), &json!(2)));
        assert_eq!((&changed["fields.gone"].from, &changed["fields.gone"].to), (&json!("x"), &Value::Null));
        assert_eq!((&changed["reason"].from, &changed["reason"].to), (&Value::Null, &json!("suspended")));
    }

    #[test]
    fn long_values_are_cut_and_say_so() {
        let changed = of(json!({"a": "ä".repeat(5_000)}), json!({"a": ["x".repeat(5_000)]}));
        let (from, to) = (changed["fields.a"].from.as_str().unwrap(), changed["fields.a"].to.as_str().unwrap());
        assert!(from.len() < 1_100 && from.ends_with("ä… (cut, of 10000 bytes)"), "{from}");
        assert!(to.len() < 1_100 && to.ends_with("x… (cut, of 5004 bytes)"), "{to}");
    }

    #[test]
    fn a_step_is_bounded_whatever_the_number_of_fields() {
        let many =
            |letter: &str| Value::Object((0..200).map(|at| (format!("f{at}"), json!(letter.repeat(1_000)))).collect());
        for (from, to) in [("x", "y"), ("\u{1}", "\u{2}")] {
            let size = serde_json::to_string(&of(many(from), many(to))).unwrap().len();
            assert!(size < 100_000, "{size}");
        }
    }
}
