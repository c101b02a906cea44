//! The device of an event.
//!
//! Left unset on purpose, because Okta does not know: `hostname` (a display name may be anything), `last_seen_time`
//! (`lastUpdated` also moves when an administrator suspends a device), `is_trusted`, `is_personal`, `is_shared`.

use serde_json::{Value, json};

use super::compliance::is_compliant;
use super::fields::{Fields, said};
use super::owner::owner;
use super::platform::Platform;
use crate::model::Record;

/// The device, taking out of the fields what it says.
pub(super) fn device(record: &Record, fields: &mut Fields) -> Value {
    let platform = Platform::of(fields.text("platform"));
    let (manufacturer, model) = (fields.text("manufacturer"), fields.text("model"));
    let device_type = platform.device_type(model.as_deref());
    said(json!({
        "uid": record.id,
        "uid_alt": other_identifier(record, fields),
        "name": fields.text("name"),
        "type_id": device_type.id(),
        "type": device_type.caption(),
        "os": platform.system(fields.text("os_version")),
        "owner": owner(fields),
        "vendor_name": manufacturer,
        "model": model,
        "hw_info": said(json!({
            "serial_number": fields.text("serial_number"),
            "vendor_name": manufacturer,
        })),
        // The schema's UDID is the one that Apple assigns; Okta has ids of this name on other platforms too.
        "udid": if platform.is_of_apple() { fields.text("udid") } else { None },
        "imei_list": fields.text("imei").map(|imei| [imei]),
        "meid": fields.text("meid"),
        "is_managed": fields.flag("managed"),
        "is_compliant": is_compliant(record, fields.get("assurance")),
        "created_time": record.source_created.millis(),
        "modified_time": record.source_updated.millis(),
        "first_seen_time": record.first_synced.millis(),
    }))
}

/// The mapping's identifier, where that is not Okta's id; else the identifier that Windows has for the device.
fn other_identifier(record: &Record, fields: &mut Fields) -> Option<String> {
    if record.identifier == record.id { fields.text("sid") } else { Some(record.identifier.clone()) }
}
