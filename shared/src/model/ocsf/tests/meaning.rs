//! What an event says of a device, and what it does not.

use serde_json::{Value, json};

use super::okta_device::{Directory, record};
use crate::model::{Reason, Record, State, device_inventory};

fn device(fields: Value) -> Record {
    let device = json!({
        "id": "guo1", "status": "ACTIVE", "created": "2026-01-05T08:00:00Z", "lastUpdated": "2026-11-20T08:00:00Z"
    });
    let fields = fields.as_object().unwrap().clone();
    Record { fields, ..record(&device, &Directory::default()) }
}

fn event(fields: Value) -> Value {
    device_inventory(&device(fields))
}

#[test]
fn every_way_of_standing_has_its_word_and_okta_s_word_stays() {
    for (reason, word) in [
        (None, "active"),
        (Some(Reason::Deleted), "deleted"),
        (Some(Reason::Missing), "missing"),
        (Some(Reason::Deactivated), "deactivated"),
        (Some(Reason::Suspended), "suspended"),
        (Some(Reason::Pending), "pending"),
        (Some(Reason::OutOfScope), "out_of_scope"),
    ] {
        let state = if reason.is_none() { State::Active } else { State::Inactive };
        let event = device_inventory(&Record { state, reason, ..device(json!({ "name": "LT-1" })) });
        assert_eq!((&event["status"], &event["status_code"]), (&json!(word), &json!("ACTIVE")));
        assert_eq!(event["message"], json!(format!("Device LT-1 is {word}")));
        assert!(event["status_detail"].as_str().unwrap().ends_with('.'));
    }
}

#[test]
fn a_revision_is_one_event_however_often_it_is_told() {
    let first = device(json!({}));
    let second = Record { revision: 2, ..first.clone() };
    assert_eq!(device_inventory(&first), device_inventory(&first));
    assert_eq!(device_inventory(&first)["metadata"]["uid"], "acme/sekoia-devices/guo1/1");
    assert_ne!(device_inventory(&first)["metadata"]["uid"], device_inventory(&second)["metadata"]["uid"]);
}

#[test]
fn only_what_holds_for_every_policy_is_compliance() {
    for (verdicts, expected) in [
        (&["met", "met"][..], json!(true)),
        (&["not_met"], json!(false)),
        (&["not_met", "not_met"], json!(false)),
        (&["met", "not_met"], Value::Null),
        (&["met", "unknown"], Value::Null),
        (&["not_met", "unknown"], Value::Null),
        (&["perhaps"], Value::Null),
        (&[], Value::Null),
    ] {
        let assurance: Vec<Value> =
            verdicts.iter().map(|verdict| json!({ "id": "dae1", "verdict": verdict })).collect();
        let record = device(json!({ "assurance": assurance }));
        assert_eq!(device_inventory(&record)["device"]["is_compliant"], expected, "{verdicts:?}");
        let gone = Record { state: State::Inactive, reason: Some(Reason::Deactivated), ..record };
        assert_eq!(device_inventory(&gone)["device"]["is_compliant"], Value::Null);
    }
}

#[test]
fn models_tell_what_platforms_do_not() {
    for (platform, model, expected) in [
        ("WINDOWS", "Latitude 5440", "Unknown"),
        ("WINDOWS", "Surface Laptop 5", "Laptop"),
        ("WINDOWS", "VMware Virtual Platform", "Virtual"),
        ("MACOS", "Mac15,9", "Unknown"),
        ("MACOS", "MacBookPro18,3", "Laptop"),
        ("MACOS", "VirtualMac2,1", "Virtual"),
        ("MACOS", "iMac21,1", "Desktop"),
        ("IOS", "iPhone15,2", "Mobile"),
        ("IOS", "iPad13,4", "Tablet"),
        ("ANDROID", "Pixel 8", "Mobile"),
        ("ANDROID", "SM-S911B", "Mobile"),
        ("ANDROID", "SM-X710", "Tablet"),
        ("CHROMEOS", "Chromebook Spin 714", "Laptop"),
        ("CHROMEOS", "Reven", "Unknown"),
        ("VISIONOS", "RealityDevice14,1", "Unknown"),
    ] {
        let event = event(json!({ "platform": platform, "model": model }));
        assert_eq!(event["device"]["type"], expected, "{platform} {model}");
    }
}

#[test]
fn only_android_writes_its_patch_behind_its_version() {
    for (platform, version, expected, patch) in [
        ("ANDROID", "16:2025-09-01", "16", json!("2025-09-01")),
        ("android", "16:2025-09-01", "16", json!("2025-09-01")),
        ("ANDROID", "16", "16", Value::Null),
        ("ANDROID", "16:", "16:", Value::Null),
        ("MACOS", "15:1", "15:1", Value::Null),
    ] {
        let event = event(json!({ "platform": platform, "os_version": version }));
        let system = &event["device"]["os"];
        assert_eq!((&system["version"], &system["sp_name"]), (&json!(expected), &patch), "{platform} {version}");
    }
    assert_eq!(
        event(json!({ "os_version": "9" }))["device"]["os"],
        json!({
            "name": "Unknown", "type_id": 0, "type": "Unknown", "version": "9"
        })
    );
    assert_eq!(event(json!({}))["device"].get("os"), None);
}

#[test]
fn an_id_goes_where_the_schema_means_it() {
    let ids = json!({ "udid": "U1", "sid": "S-1-5-21-1", "imei": "356938035643809", "meid": "A1" });
    let of = |platform: &str| {
        let mut fields = ids.clone();
        fields["platform"] = json!(platform);
        event(fields)
    };
    assert_eq!(of("MACOS")["device"]["udid"], "U1");
    assert_eq!(of("WINDOWS")["device"].get("udid"), None);
    assert_eq!(of("WINDOWS")["unmapped"]["udid"], "U1");
    assert_eq!(of("WINDOWS")["device"]["uid_alt"], "S-1-5-21-1");
    assert_eq!(of("ANDROID")["device"]["imei_list"], json!(["356938035643809"]));
    assert_eq!(of("ANDROID")["device"]["meid"], "A1");
    let named = Record { identifier: "SN-1".to_owned(), ..device(ids) };
    assert_eq!(device_inventory(&named)["device"]["uid_alt"], "SN-1");
    assert_eq!(device_inventory(&named)["unmapped"]["sid"], "S-1-5-21-1");
}

#[test]
fn a_holder_whom_nothing_names_is_no_owner() {
    let nameless = json!({ "name": "Ada Byron", "id": 7, "login": "" });
    let found = event(json!({ "holder": nameless, "holders": [nameless] }));
    assert_eq!(found["device"].get("owner"), None);
    assert_eq!(found["unmapped"], json!({ "holder": nameless }));

    let before = json!({ "id": "00u1", "login": "ada", "email": "ada@localhost", "until": "2026-11-20T08:00:00.000Z" });
    let found = event(json!({ "holder": null, "holders": [], "last_holder": before }));
    assert_eq!(found["device"]["owner"], json!({ "uid": "00u1", "name": "ada" }));
    assert_eq!(found["unmapped"], json!({ "last_holder": before }));
}

#[test]
fn a_field_of_another_type_is_not_guessed_at() {
    let odd = json!({
        "name": 7, "platform": ["MACOS"], "os_version": 26.1, "serial_number": { "value": "S1" }, "managed": "true",
        "holder": "ada", "holders": { "0": "ada" }, "assurance": "met", "imei": ["1"], "cost_center": "4711"
    });
    let found = event(odd.clone());
    assert_eq!(found["unmapped"], odd);
    let known: Vec<&String> = found["device"].as_object().unwrap().keys().collect();
    assert_eq!(known, ["created_time", "first_seen_time", "modified_time", "type", "type_id", "uid"]);
}
