//! Records of devices as events of the Open Cybersecurity Schema Framework: OCSF 1.8.0, "Device Inventory Info".
//!
//! The last step of a device's way, after the directory: from the record that readers get to one event, with nothing
//! else known. It must never read anything but the record, never fail, and never say what Okta's data does not say: what
//! is unknown stays unset or "Unknown", and what the schema has no attribute for goes to `unmapped` under its own name.
//!
//! Sources: the class `inventory_info` of ocsf/ocsf-schema 1.8.0 with the descriptions in its dictionary and objects;
//! Okta, Devices API, for what the fields mean. What validation needs of the schema is kept beside the tests.

mod compliance;
mod device;
mod fields;
mod lifecycle;
mod owner;
mod platform;
#[cfg(test)]
mod tests;

use serde_json::{Value, json};

use crate::model::Record;
use fields::{Fields, said};

/// The release of the schema.
const VERSION: &str = "1.8.0";
/// Device Inventory Info.
const CLASS: u32 = 5001;
/// Collect: the device comes from an inventory that was read, not from a log.
const COLLECT: u32 = 2;

/// The event that says what the directory holds of a device.
///
/// The same revision of a record always gives the same event, with the same `metadata.uid`.
pub fn device_inventory(record: &Record) -> Value {
    let mut fields = Fields::of(&record.fields);
    let device = device::device(record, &mut fields);
    let standing = lifecycle::word(record);
    said(json!({
        "category_uid": 5,
        "category_name": "Discovery",
        "class_uid": CLASS,
        "class_name": "Device Inventory Info",
        "activity_id": COLLECT,
        "activity_name": "Collect",
        "type_uid": CLASS * 100 + COLLECT,
        "type_name": "Device Inventory Info: Collect",
        "severity_id": 1,
        "severity": "Informational",
        // When the directory came to say so: Okta's `lastUpdated` does not move when a device is deleted there.
        "time": record.last_changed.millis(),
        "message": format!("Device {} is {standing}", device["name"].as_str().unwrap_or(&record.id)),
        // The schema has no attribute for a device's lifecycle, and of the event's own status only "Other" is free for
        // words of the source.
        "status_id": 99,
        "status": standing,
        "status_code": record.okta_status,
        "status_detail": lifecycle::sentence(record),
        "metadata": metadata(record),
        "device": device,
        "unmapped": fields.rest(),
    }))
}

fn metadata(record: &Record) -> Value {
    let Record { connection, mapping, id, revision, .. } = record;
    said(json!({
        "version": VERSION,
        "product": { "name": "Okta", "vendor_name": "Okta", "feature": { "name": "Devices" } },
        "uid": format!("{connection}/{mapping}/{id}/{revision}"),
        // Orders the events of one device. Many stores keep it in 32 bits.
        "sequence": i32::try_from(*revision).ok(),
        "original_time": record.source_updated.to_string(),
        "log_provider": "Rollcall",
        "log_source": connection,
        "log_name": mapping,
    }))
}
