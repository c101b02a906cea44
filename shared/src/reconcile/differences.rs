//! What a change changes, field by field: for people to read before anything is written.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::model::{Change, Record, State};

/// One field of a record that would become another.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Difference {
    /// The attribute of the record, such as `state` or `okta_status`; a mapped one with `fields.` before its name.
    pub field: String,
    /// What it is; null where there is nothing.
    pub from: Value,
    /// What it would be; null where there would be nothing.
    pub to: Value,
}

/// What a change would change in a record, in the record's order and the fields by name; what stays is left out.
pub fn differences(record: &Record, change: &Change) -> Vec<Difference> {
    let mut found = Vec::new();
    let mut compare = |field: &str, from: Value, to: Value| {
        if from != to {
            found.push(Difference { field: field.to_owned(), from, to });
        }
    };
    let state = if change.standing.is_none() { State::Active } else { State::Inactive };
    if let Some(content) = &change.content {
        compare("identifier", json!(record.identifier), json!(content.identifier));
        if record.identifier == content.identifier {
            // Written before the mapping's identifiers were claimed, or the other way round.
            compare("claim", json!(change.held_claim), json!(content.claim));
        }
    }
    compare("state", json!(record.state), json!(state));
    compare("reason", json!(record.reason), json!(change.standing));
    if let Some(content) = &change.content {
        compare("role", json!(record.role), json!(content.role));
        let names: BTreeSet<&String> = record.fields.keys().chain(content.fields.keys()).collect();
        for name in names {
            let value = |fields: &serde_json::Map<String, Value>| fields.get(name).cloned().unwrap_or_default();
            compare(&format!("fields.{name}"), value(&record.fields), value(&content.fields));
        }
    }
    if let Some(observed) = &change.observed {
        compare("okta_status", json!(record.okta_status), json!(observed.okta_status));
        compare("source_updated", json!(record.source_updated), json!(observed.source_updated));
    }
    found
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, json};

    use super::{Difference, differences};
    use crate::model::{Change, Content, Kind, Observed, Outcome, Reason, Record, State, Time};

    fn record() -> Record {
        Record {
            connection: "acme".to_owned(),
            mapping: "people".to_owned(),
            kind: Kind::Record,
            id: "00u1".to_owned(),
            identifier: "ada".to_owned(),
            state: State::Active,
            reason: None,
            role: None,
            fields: Map::from_iter([("old".to_owned(), json!(1)), ("same".to_owned(), json!(null))]),
            okta_status: "ACTIVE".to_owned(),
            source_updated: Time::from_millis(1_000),
            first_synced: Time::from_millis(1_000),
            last_changed: Time::from_millis(1_000),
            source_created: Time::from_millis(1_000),
            previous_ids: Vec::new(),
            revision: 1,
        }
    }

    fn change(content: Option<Content>) -> Change {
        Change {
            id: "00u1".to_owned(),
            source_created: Time::from_millis(1_000),
            expected: Some(1),
            standing: None,
            observed: Some(Observed { okta_status: "ACTIVE".to_owned(), source_updated: Time::from_millis(1_000) }),
            content,
            held_claim: None,
            predecessor: None,
            outcome: Outcome::Updated,
        }
    }

    #[test]
    fn every_field_that_changes_is_named_once_and_no_other() {
        let fields = Map::from_iter([("new".to_owned(), json!([2])), ("same".to_owned(), json!(null))]);
        let content = Content { identifier: "ida".to_owned(), claim: None, role: None, fields };
        let found = differences(&record(), &change(Some(content)));
        let names: Vec<&str> = found.iter().map(|difference| difference.field.as_str()).collect();
        assert_eq!(names, ["identifier", "fields.new", "fields.old"]);
        assert_eq!(found[1], Difference { field: "fields.new".to_owned(), from: json!(null), to: json!([2]) });
    }

    #[test]
    fn who_leaves_scope_keeps_identifier_and_fields() {
        let leaving = Change { standing: Some(Reason::OutOfScope), outcome: Outcome::Deactivated, ..change(None) };
        let found = differences(&record(), &leaving);
        assert_eq!(found[0].to, json!("inactive"));
        assert_eq!((found.len(), &found[1].to), (2, &json!("out_of_scope")));
    }
}
