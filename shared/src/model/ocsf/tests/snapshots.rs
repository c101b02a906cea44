//! One device of each platform: what Okta has of it, what the directory adds, and the event, side by side.
//!
//! Each file in `snapshots/` has all three. With `ROLLCALL_UPDATE_SNAPSHOTS=1` in the environment the events in the
//! files are written anew from the other two; read the difference before it is committed.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::okta_device::record;
use super::schema::faults;
use crate::model::device_inventory;

fn check(name: &str) -> Value {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("src/model/ocsf/snapshots/{name}.json"));
    let mut snapshot: Value = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
    let directory = serde_json::from_value(snapshot["directory"].clone()).unwrap();
    let event = device_inventory(&record(&snapshot["okta"], &directory));
    assert_eq!(faults(&event), Vec::<String>::new(), "{name}");
    if std::env::var_os("ROLLCALL_UPDATE_SNAPSHOTS").is_some() {
        snapshot["ocsf"] = event.clone();
        fs::write(&file, format!("{snapshot:#}\n")).unwrap();
    }
    assert_eq!(format!("{:#}", snapshot["ocsf"]), format!("{event:#}"), "{name}");
    event
}

#[test]
fn windows() {
    let event = check("windows");
    assert_eq!(event["device"]["os"]["type_id"], 100);
    assert_eq!(event["device"]["is_compliant"], true);
}

#[test]
fn macos() {
    let event = check("macos");
    assert_eq!(event["device"]["hw_info"]["serial_number"], "GW3M2TP2DH");
    assert_eq!(event["device"]["is_compliant"], Value::Null);
}

#[test]
fn ios() {
    let event = check("ios");
    assert_eq!(event["device"]["type"], "Tablet");
    assert_eq!(event["status"], "suspended");
}

#[test]
fn android() {
    let event = check("android");
    assert_eq!((&event["device"]["os"]["version"], &event["status"]), (&"16".into(), &"deactivated".into()));
    assert_eq!(event["device"]["owner"]["name"], "carol.mora@acme.example");
}

#[test]
fn chromeos() {
    let event = check("chromeos");
    assert_eq!(event["unmapped"]["holders"].as_array().unwrap().len(), 2);
}

#[test]
fn a_platform_never_heard_of() {
    let event = check("unknown_platform");
    assert_eq!((&event["device"]["type_id"], &event["device"]["os"]["type_id"]), (&0.into(), &99.into()));
}
