//! Device assurance policies over the wire.

use std::collections::BTreeSet;

use serde_json::json;

use super::client::{get, sim};
use crate::{Feature, Options, Role};

const PATH: &str = "/api/v1/device-assurances";

#[tokio::test]
async fn policies_come_and_change_and_go() {
    let sim = sim(5, Options::default()).await;
    assert_eq!(get(&sim, PATH).await.body, b"[]");
    let id = sim.with(|org| org.add_policy("Macs", "MACOS", json!({"osVersion": {"minimum": "15.5"}})));
    let list = get(&sim, PATH).await;
    assert!(list.link("self").is_none() && list.link("next").is_none());
    let policy = list.json()[0].clone();
    assert_eq!((&policy["id"], &policy["platform"]), (&json!(id), &json!("MACOS")));
    assert_eq!(policy["osVersion"], json!({"minimum": "15.5"}));
    assert_eq!(policy["displayRemediationMode"], "HIDE");
    assert!(policy["createdDate"].is_string() && policy["lastUpdate"].is_string() && policy["lastUpdated"].is_null());
    sim.with(|org| {
        org.set_now(org.now() + jiff::SignedDuration::from_secs(60));
        assert!(org.change_policy(&id, json!({"screenLockType": {"include": ["BIOMETRIC"]}})));
    });
    let changed = get(&sim, &format!("{PATH}/{id}")).await.json();
    assert!(changed["osVersion"].is_null() && changed["lastUpdate"] != changed["createdDate"]);
    assert!(sim.with(|org| org.delete_policy(&id) && !org.delete_policy(&id)));
    assert_eq!(get(&sim, &format!("{PATH}/{id}")).await.status, 404);
    let types: Vec<_> = sim.with(|org| org.events().iter().map(|event| event.event_type.clone()).collect());
    assert_eq!(types, ["add", "update", "delete"].map(|end| format!("device.assurance.policy.{end}")));
}

#[tokio::test]
async fn some_orgs_and_roles_have_no_policies() {
    let sim = sim(5, Options::default()).await;
    sim.with(|org| {
        org.generate_policies();
        org.disable(Feature::DeviceAssurance);
    });
    let refused = get(&sim, PATH).await;
    assert_eq!((refused.status, refused.error_code().as_str()), (401, "E0000015"));
    assert_eq!(get(&sim, "/api/v1/devices").await.status, 200);
    sim.with(|org| org.enable(Feature::DeviceAssurance));
    let policies = get(&sim, PATH).await.json();
    let platforms: BTreeSet<_> =
        policies.as_array().unwrap().iter().map(|policy| policy["platform"].as_str().unwrap()).collect();
    assert_eq!(platforms, BTreeSet::from(["ANDROID", "CHROMEOS", "IOS", "MACOS", "WINDOWS"]));
    sim.set_role(Role::NoDeviceAssurances);
    let refused = get(&sim, PATH).await;
    assert_eq!((refused.status, refused.error_code().as_str()), (403, "E0000006"));
    sim.set_role(Role::None);
    assert_eq!(get(&sim, PATH).await.body, b"[]");
    assert_eq!(sim.calls()[0].bucket, PATH);
}
