//! What happens to devices, what the log says of it, and what is generated.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::json;

use super::client::{encoded, get, sim};
use crate::{DeviceStatus, ManagementStatus, NewDevice, Options};

#[tokio::test]
async fn a_phone_lives_a_life() {
    let sim = sim(10, Options::default()).await;
    let (ada, bob) = sim.with(|org| {
        let mut active = org.users().filter(|user| user.status == crate::Status::Active);
        (active.next().unwrap().id.clone(), active.next().unwrap().id.clone())
    });
    let phone = sim.with(|org| org.enroll_device(&ada, NewDevice::new("ANDROID", "Pixel 8"))).unwrap();
    sim.with(|org| {
        org.set_now(org.now() + jiff::SignedDuration::from_secs(60));
        assert!(org.update_os(&phone, "16:2025-09-01") && org.set_device_profile(&phone, "diskEncryptionType", "USER"));
        assert!(org.device(&phone).unwrap().last_updated > org.device(&phone).unwrap().created);
        assert!(org.add_device_user(&phone, &bob) && !org.add_device_user(&phone, &bob));
        assert!(org.set_management(&phone, &bob, ManagementStatus::Managed));
        assert!(org.remove_device_user(&phone, &ada) && !org.remove_device_user(&phone, &ada));
        assert!(org.suspend_device(&phone) && !org.suspend_device(&phone) && org.unsuspend_device(&phone));
        assert!(org.deactivate_device(&phone) && org.activate_device(&phone) && org.deactivate_device(&phone));
        assert!(org.delete_device(&phone) && !org.vanish_device(&phone));
    });
    let events = get(&sim, &format!("/api/v1/logs?limit=100&filter={}", encoded("eventType sw \"device.\""))).await;
    let events = events.json();
    let types: Vec<_> = events.as_array().unwrap().iter().map(|event| event["eventType"].as_str().unwrap()).collect();
    let expected = [
        "device.enrollment.create",
        "device.user.add",
        "device.user.remove",
        "device.lifecycle.suspend",
        "device.lifecycle.unsuspend",
        "device.lifecycle.deactivate",
        "device.lifecycle.activate",
        "device.lifecycle.deactivate",
        "device.lifecycle.delete",
    ];
    assert_eq!(types, expected);
    for event in events.as_array().unwrap() {
        let targets: Vec<_> = event["target"].as_array().unwrap().iter().map(|target| &target["id"]).collect();
        assert!(targets.contains(&&json!(phone)), "{event}");
        assert_eq!((&event["device"]["id"], &event["device"]["os_platform"]), (&json!(phone), &json!("ANDROID")));
    }
    assert_eq!((&events[0]["actor"]["id"], &events[1]["actor"]["id"]), (&json!(ada), &json!(bob)));
    assert_eq!(events[0]["target"][0]["detailEntry"]["device_name"], "Pixel 8");
    assert_eq!(events[1]["device"]["os_version"], "16:2025-09-01");
}

#[tokio::test]
async fn a_generated_fleet_is_believable() {
    let sim = sim(3_000, Options::default()).await;
    let start = std::time::Instant::now();
    sim.with(|org| org.generate_devices(20_000));
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
    sim.with(|org| {
        assert_eq!((org.device_count(), org.events().len()), (20_000, 0));
        let day_ago = org.now() - jiff::SignedDuration::from_hours(24);
        let mut platforms = BTreeSet::new();
        let mut counts = [0; 3];
        for device in org.devices() {
            assert!(device.created <= device.last_updated && device.last_updated < day_ago, "{device:?}");
            let profile = device.profile();
            assert!(profile["displayName"].is_string() && profile["registered"].is_boolean());
            let platform = profile["platform"].as_str().unwrap().to_owned();
            let version = device.text("osVersion").unwrap_or_default();
            assert_eq!(version.contains(':'), platform == "ANDROID", "{version}");
            assert_eq!(profile.contains_key("sid"), platform == "WINDOWS");
            assert!(device.status != DeviceStatus::Deactivated || device.links.is_empty());
            for link in &device.links {
                assert_eq!(org.user(&link.user).unwrap().status, crate::Status::Active);
            }
            counts[device.links.len()] += 1;
            platforms.insert(platform);
        }
        assert!(counts.iter().all(|count| *count > 100), "{counts:?}");
        let expected = ["ANDROID", "CHROMEOS", "IOS", "MACOS", "VISIONOS", "WINDOWS"];
        assert_eq!(platforms.iter().map(String::as_str).collect::<Vec<_>>(), expected);
    });
}
