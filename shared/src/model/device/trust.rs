//! Trust signals: what Okta knows of a device's safety, in plain yes, no and "Okta does not say".

use serde_json::{Value, json};

use super::custody::Link;
use crate::model::Object;

/// A device's trust signals.
pub(super) fn trust(device: &Object, links: &[Link]) -> Value {
    json!({
        "registered": signal(device, "registered"),
        "managed": managed(device, links),
        "secure_hardware": signal(device, "secureHardwarePresent"),
        "disk_encrypted": disk_encryption(device).and_then(disk_is_encrypted),
        "jailbroken": signal(device, "integrityJailbreak"),
        "screen_lock": links.first().and_then(|link| link.screen_lock.as_deref()),
    })
}

/// A yes or no of the profile, if it is there and one.
pub(super) fn signal(device: &Object, name: &str) -> Option<bool> {
    device.attribute(name).and_then(Value::as_bool)
}

/// Okta's word for what of the device's disks is encrypted.
pub(super) fn disk_encryption(device: &Object) -> Option<&str> {
    device.attribute("diskEncryptionType").and_then(Value::as_str)
}

/// Whether that counts as encrypted. Okta takes a system volume alone for not encrypted (Okta: Devices); of a word never
/// heard of nothing is known.
fn disk_is_encrypted(word: &str) -> Option<bool> {
    match word {
        "FULL" | "USER" | "ALL_INTERNAL_VOLUMES" => Some(true),
        "NONE" | "SYSTEM_VOLUME" => Some(false),
        _ => None,
    }
}

/// Management shows at the links, and seldom at the device: managed for one of its users is managed.
fn managed(device: &Object, links: &[Link]) -> Option<bool> {
    let by_links = links.iter().filter_map(|link| link.managed).reduce(|one, other| one || other);
    by_links.or_else(|| signal(device, "managed"))
}
