//! Sekoia.io's Okta integration: a device inventory with trust signals, as OCSF Device Inventory Info events.

use std::time::Duration;

use okta_sim::{NewDevice, ScreenLock};
use rollcall_shared::handlers::verify::verify;
use rollcall_shared::model::{Reason, device_inventory};
use serde_json::{Value, json};
use test_support::devices::{DEVICES, collected};
use test_support::world::{Setup, World};

/// The connection has nothing but devices: the credential of a security product sees no more.
async fn connected() -> (World, String, String) {
    let mut world = World::new(Setup { people: 20, ..Setup::default() }).await;
    world.map(json!([{ "preset": DEVICES }])).await;
    let person = world.active().remove(0);
    let device = world.sim.with(|org| {
        let laptop = NewDevice::new("MACOS", "GW3M2TP2DH")
            .with("osVersion", "15.6.1")
            .with("serialNumber", "GW3M2TP2DH")
            .with("manufacturer", "APPLE")
            .with("model", "Mac15,9")
            .with("secureHardwarePresent", true)
            .with("diskEncryptionType", "ALL_INTERNAL_VOLUMES")
            .screen_lock(ScreenLock::Biometric);
        let minimum = json!({ "osVersion": { "minimum": "15.7" }, "screenLockType": { "include": ["BIOMETRIC"] } });
        org.add_policy("Macs", "MACOS", minimum);
        let device = org.enroll_device(&person, laptop);
        // Enrolled a while ago, as far as anybody looks back for what reaches the index late.
        org.set_now(org.now() + Duration::from_secs(7_200));
        device.unwrap()
    });
    (world, device, person)
}

async fn event(world: &World, device: &str) -> Value {
    device_inventory(&world.record(DEVICES, device).await.unwrap())
}

/// Test connector: what the mappings need, and no more, a line each.
#[tokio::test]
async fn the_connector_is_tested_for_devices_alone() {
    let (world, ..) = connected().await;
    let checks = verify(&world.context, "acme").await.unwrap();
    let lines: Vec<(&str, bool)> = checks.iter().map(|check| (check.api.as_str(), check.ok)).collect();
    let expected = ["/.well-known/okta-organization", "/api/v1/devices", "/api/v1/device-assurances", "/api/v1/logs"];
    assert_eq!(lines, expected.map(|api| (api, true)));
    world.sim.set_role(okta_sim::Role::NoDevices);
    let checks = verify(&world.context, "acme").await.unwrap();
    let refused: Vec<&str> = checks.iter().filter(|check| !check.ok).map(|check| check.api.as_str()).collect();
    assert_eq!(refused, ["/api/v1/devices"]);
}

/// The inventory: hardware, system, owner and trust of a device, and what becomes of it until it is gone.
#[tokio::test]
async fn a_device_is_inventoried_from_enrolment_to_deletion() {
    let (world, device, person) = connected().await;
    collected(&world).await;
    let login = world.sim.with(|org| org.user(&person).and_then(|user| user.text("login"))).unwrap();
    let enrolled = event(&world, &device).await;
    assert_eq!((&enrolled["class_uid"], &enrolled["type_uid"]), (&json!(5001), &json!(500_102)));
    assert_eq!(enrolled["device"]["os"]["version"], "15.6.1");
    assert!(enrolled["device"].to_string().contains("GW3M2TP2DH"), "{enrolled}");
    assert!(enrolled["device"]["owner"].to_string().contains(&login), "{enrolled}");
    let record = world.record(DEVICES, &device).await.unwrap();
    assert_eq!(record.fields["assurance"][0]["verdict"], "not_met");
    assert!(record.fields["assurance"][0]["reasons"][0].as_str().unwrap().contains("below 15.7"));

    world.later(Duration::from_secs(3_600));
    world.sim.with(|org| assert!(org.update_os(&device, "15.7")));
    collected(&world).await;
    assert_eq!(event(&world, &device).await["device"]["os"]["version"], "15.7");
    assert_eq!(world.record(DEVICES, &device).await.unwrap().fields["assurance"][0]["verdict"], "met");

    for (what, reason) in [("suspended", Reason::Suspended), ("deactivated", Reason::Deactivated)] {
        world.later(Duration::from_secs(3_600));
        world.sim.with(|org| match reason {
            Reason::Suspended => assert!(org.suspend_device(&device)),
            _ => assert!(org.unsuspend_device(&device) && org.deactivate_device(&device)),
        });
        collected(&world).await;
        assert_eq!(world.standing(DEVICES, &device).await, Some(reason));
        let told = event(&world, &device).await.to_string().to_lowercase();
        assert!(told.contains(what), "{what} is told: {told}");
    }
    // Okta has cut the link, and the inventory still says whose it was.
    assert!(event(&world, &device).await.to_string().contains(&login));

    world.later(Duration::from_secs(3_600));
    world.sim.with(|org| assert!(org.delete_device(&device)));
    collected(&world).await;
    assert_eq!(world.standing(DEVICES, &device).await, Some(Reason::Deleted));
    assert!(event(&world, &device).await.to_string().to_lowercase().contains("deleted"));
}
