//! The validator's teeth: one thing broken, one fault found.

use serde_json::{Value, json};

use super::okta_device::{Directory, record};
use super::schema::faults;
use crate::model::device_inventory;

fn event() -> Value {
    let device = json!({
        "id": "guo1", "status": "ACTIVE", "created": "2026-01-05T08:00:00.000Z", "lastUpdated": "2026-11-20T08:00:00.000Z",
        "profile": { "displayName": "LT-1", "platform": "MACOS", "osVersion": "26.1", "imei": "1", "serialNumber": "S1" },
        "_embedded": { "users": [{ "created": "2026-01-05T08:00:00.000Z", "managementStatus": "MANAGED", "user": {
            "id": "00u1", "profile": { "firstName": "Ada", "lastName": "Byron", "login": "ada", "email": "ada@acme.example" } } }] }
    });
    device_inventory(&record(&device, &Directory::default()))
}

/// Sets or, with null, removes what is at a pointer's parent, and wants exactly this one fault.
fn check(pointer: &str, value: Value, fault: &str) {
    let mut event = event();
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    let object = event.pointer_mut(parent).unwrap().as_object_mut().unwrap();
    match value {
        Value::Null => object.remove(name),
        value => object.insert(name.to_owned(), value),
    };
    assert_eq!(faults(&event), [fault], "{pointer}");
}

#[test]
fn an_event_is_valid() {
    assert_eq!(faults(&event()), Vec::<String>::new());
}

#[test]
fn what_is_missing_is_found() {
    check("/severity_id", Value::Null, " lacks severity_id");
    check("/device", Value::Null, " lacks device");
    check("/metadata/product", Value::Null, "metadata lacks product");
    check("/device/type_id", Value::Null, "device lacks type_id");
    check("/device/os/name", Value::Null, "device.os lacks name");
    check(
        "/device/owner",
        json!({ "full_name": "Ada" }),
        "device.owner has none of those that it needs at least one of",
    );
}

#[test]
fn what_is_of_another_type_is_found() {
    check("/time", json!("2026-11-20T08:00:00Z"), "time is no timestamp_t");
    check("/time", json!(1.5), "time is no timestamp_t");
    check("/message", json!(1), "message is no string_t");
    check("/device/is_managed", json!("true"), "device.is_managed is no boolean_t");
    check("/device/imei_list", json!("1"), "device.imei_list is no array");
    check("/device/imei_list", json!([1]), "device.imei_list is no string_t");
    check("/device/owner", json!("ada"), "device.owner is no object");
    check("/metadata/sequence", json!(1_u64 << 40), "metadata.sequence is no integer_t");
    check("/unmapped", json!([]), "unmapped is no object");
    check("/device/owner/email_addr", json!("ada at acme"), "device.owner.email_addr does not look like email_t");
    check("/device/hw_info/uuid", json!("1"), "device.hw_info.uuid does not look like uuid_t");
    check("/device/subnet", json!("1".repeat(50)), "device.subnet is too long");
    check("/device/udid", json!({}), "device.udid is no string_t");
}

#[test]
fn null_is_no_value() {
    let mut event = event();
    event["device"]["hostname"] = Value::Null;
    event["device"]["owner"]["uid"] = Value::Null;
    assert_eq!(faults(&event), ["device.hostname is no hostname_t", "device.owner.uid is no string_t"]);
}

#[test]
fn what_the_schema_does_not_know_is_found() {
    check("/okta_status", json!("ACTIVE"), "okta_status is unknown");
    check("/device/serial_number", json!("S1"), "device.serial_number is unknown");
    check("/device/os/patch", json!("2026"), "device.os.patch is unknown");
    check("/device/imei", json!("1"), "device.imei is deprecated");
    check("/is_alert", json!(true), "is_alert is of a profile");
    check("/device/agent_list", json!([{}]), "device.agent_list is of an object not kept here");
}

#[test]
fn numbers_that_do_not_fit_together_are_found() {
    check("/type_uid", json!(500_101), "type_uid is not class_uid * 100 + activity_id");
    check("/metadata/version", json!("1.7.0"), "metadata.version is not the schema's");
    check("/device/os/type", json!("Windows"), "device.os.type_id has another caption beside it");
    check("/severity", json!("High"), "severity_id has another caption beside it");
    check("/status", Value::Null, "status_id is 99 without a word of the source");
    let mut event = event();
    event["device"]["type_id"] = json!(16);
    event["category_uid"] = json!(6);
    let found = faults(&event);
    for fault in ["device.type_id is none of the values", "category_uid is none of the values"] {
        assert!(found.iter().any(|found| found == fault), "{found:?}");
    }
}
