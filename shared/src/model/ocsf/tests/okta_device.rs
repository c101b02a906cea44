//! From a device as Okta lists it to its record, by the fields of the preset `sekoia-devices`.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::model::device::{Background, Custody, complete};
use crate::model::{Connection, Kind, Memberships, ObjectKind, RawObject, Reason, Record, State, Time, decode_object};

/// What the directory adds of its own.
#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Directory {
    reason: Option<Reason>,
    first_synced: Time,
    last_changed: Time,
    revision: u64,
    last_holder: Value,
    assurance: Value,
}

impl Default for Directory {
    fn default() -> Directory {
        let first_synced = "2026-11-20T10:05:00.000Z".parse().unwrap();
        Directory {
            reason: None,
            first_synced,
            last_changed: first_synced,
            revision: 1,
            last_holder: Value::Null,
            assurance: json!([]),
        }
    }
}

/// The record of a device; without fields where it has no profile, for a test to say them.
pub(super) fn record(device: &Value, directory: &Directory) -> Record {
    let text = |name: &str| device[name].as_str().unwrap().to_owned();
    let reason = directory.reason.or(match device["status"].as_str() {
        Some("SUSPENDED") => Some(Reason::Suspended),
        Some("DEACTIVATED") => Some(Reason::Deactivated),
        _ => None,
    });
    Record {
        connection: "acme".to_owned(),
        mapping: "sekoia-devices".to_owned(),
        kind: Kind::Device,
        id: text("id"),
        identifier: text("id"),
        state: if reason.is_none() { State::Active } else { State::Inactive },
        reason,
        role: None,
        fields: if device["profile"].is_object() { fields(device, directory) } else { Map::new() },
        okta_status: text("status"),
        source_updated: text("lastUpdated").parse().unwrap(),
        first_synced: directory.first_synced,
        last_changed: directory.last_changed,
        source_created: text("created").parse().unwrap(),
        previous_ids: Vec::new(),
        revision: directory.revision,
    }
}

/// The fields as the preset has them; the verdicts are the directory's, for a device listed alone says nothing of policies.
fn fields(device: &Value, directory: &Directory) -> Map<String, Value> {
    let connection = json!({
        "name": "acme", "mappings": [{ "preset": "sekoia-devices" }],
        "okta": { "url": "https://acme.okta.com", "auth": { "kind": "api_token", "secret": "s" } },
    });
    let connection = Connection::parse(&connection.to_string()).unwrap();
    let decoded = decode_object(ObjectKind::Device, &RawObject::intact(device.to_string())).unwrap();
    let custody = Custody { holders: Vec::new(), last: serde_json::from_value(directory.last_holder.clone()).unwrap() };
    let background = Background { custody, policies: None, now: directory.last_changed };
    let (completed, _) = complete(decoded, background).unwrap();
    let desired = connection.mappings[0].desired(&completed, &Memberships::default()).unwrap();
    let mut fields = desired.content.unwrap().fields;
    fields.insert("assurance".to_owned(), directory.assurance.clone());
    fields
}
