//! From a device as Okta lists it to its record, by the fields of the preset `sekoia-devices`.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::model::{Kind, Reason, Record, State, Time};

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

/// The record of a device.
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
        fields: fields(device, directory),
        okta_status: text("status"),
        source_updated: text("lastUpdated").parse().unwrap(),
        first_synced: directory.first_synced,
        last_changed: directory.last_changed,
        source_created: text("created").parse().unwrap(),
        previous_ids: Vec::new(),
        revision: directory.revision,
    }
}

fn fields(device: &Value, directory: &Directory) -> Map<String, Value> {
    let profile = &device["profile"];
    let holders: Vec<Value> = device["_embedded"]["users"].as_array().into_iter().flatten().map(holder).collect();
    let holder = holders.first().cloned().unwrap_or_default();
    let is_encrypted = |kind: &str| ["FULL", "USER", "ALL_INTERNAL_VOLUMES"].contains(&kind);
    let fields = json!({
        "name": profile["displayName"],
        "platform": profile["platform"],
        "os_version": profile["osVersion"],
        "manufacturer": profile["manufacturer"],
        "model": profile["model"],
        "serial_number": profile["serialNumber"],
        "udid": profile["udid"],
        "imei": profile["imei"],
        "meid": profile["meid"],
        "sid": profile["sid"],
        "tpm_public_key_hash": profile["tpmPublicKeyHash"],
        "registered": profile["registered"],
        "managed": if profile["managed"].is_null() { &holder["managed"] } else { &profile["managed"] },
        "secure_hardware": profile["secureHardwarePresent"],
        "disk_encryption": profile["diskEncryptionType"],
        "disk_encrypted": profile["diskEncryptionType"].as_str().map(is_encrypted),
        "jailbroken": profile["integrityJailbreak"],
        "screen_lock": holder["screen_lock"],
        "holder": holder,
        "holders": holders,
        "last_holder": directory.last_holder,
        "assurance": directory.assurance,
    });
    fields.as_object().unwrap().clone()
}

fn holder(link: &Value) -> Value {
    let profile = &link["user"]["profile"];
    let name = |key: &str| profile[key].as_str().unwrap_or_default();
    json!({
        "id": link["user"]["id"],
        "login": profile["login"],
        "email": profile["email"],
        "name": format!("{} {}", name("firstName"), name("lastName")),
        "since": link["created"],
        "managed": link["managementStatus"].as_str().map(|status| status == "MANAGED"),
        "screen_lock": link["screenLockType"],
    })
}
