//! Devices over the wire.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};

use super::client::{all, encoded, get, sim};
use crate::{
    Device, DeviceStatus, Fault, FaultKind, Feature, Match, NewDevice, Options, Pipeline, Role, ScreenLock, Sim,
};

async fn small() -> Sim {
    let sim = sim(60, Options::default()).await;
    sim.with(|org| org.generate_devices(90));
    sim
}

/// A laptop of the first active person: their ids.
fn enrolled(sim: &Sim) -> (String, String) {
    sim.with(|org| {
        let user = org.users().find(|user| user.status == crate::Status::Active).unwrap().id.clone();
        let laptop = NewDevice::new("MACOS", "GW3M2TP2DH").with("serialNumber", "GW3M2TP2DH").with("osVersion", "15.6");
        let device = org.enroll_device(&user, laptop.managed().screen_lock(ScreenLock::Biometric)).unwrap();
        (device, user)
    })
}

fn text(device: &Device, name: &str) -> String {
    device.text(name).unwrap_or_default()
}

fn search(text: &str) -> String {
    format!("/api/v1/devices?search={}", encoded(text))
}

#[tokio::test]
async fn a_device_looks_like_okta_s() {
    let sim = sim(10, Options::default()).await;
    let (id, user) = enrolled(&sim);
    let listed = get(&sim, "/api/v1/devices").await.json()[0].clone();
    let keys: Vec<_> = listed.as_object().unwrap().keys().map(String::as_str).collect();
    let expected = [
        "_links",
        "created",
        "id",
        "lastUpdated",
        "profile",
        "resourceAlternateId",
        "resourceDisplayName",
        "resourceId",
        "resourceType",
        "status",
    ];
    assert_eq!(keys, expected);
    assert_eq!((&listed["id"], &listed["status"]), (&json!(id), &json!("ACTIVE")));
    assert_eq!(
        listed["profile"],
        json!({"displayName": "GW3M2TP2DH", "platform": "MACOS", "registered": true,
               "serialNumber": "GW3M2TP2DH", "osVersion": "15.6"})
    );
    assert_eq!(listed["resourceType"], "UDDevice");
    assert_eq!(listed["resourceDisplayName"], json!({"value": "GW3M2TP2DH", "sensitive": false}));
    assert!(listed["lastUpdated"].as_str().unwrap().ends_with(".000Z"));
    let users = listed["_links"]["users"]["href"].as_str().unwrap().replace(&sim.url(), "");
    let entry = get(&sim, &users).await.json()[0].clone();
    assert_eq!((&entry["managementStatus"], &entry["screenLockType"]), (&json!("MANAGED"), &json!("BIOMETRIC")));
    assert_eq!(entry["user"], get(&sim, &format!("/api/v1/users/{user}")).await.json());
    let one = get(&sim, &format!("/api/v1/devices/{id}")).await.json();
    assert!(one["_embedded"]["users"].is_null() && one["_embedded"]["originatedFrom"].is_object());
    let mine = get(&sim, &format!("/api/v1/users/{user}/devices")).await.json();
    assert_eq!(mine[0]["device"], listed);
}

#[tokio::test]
async fn users_are_embedded_whole_or_in_summary() {
    let sim = sim(10, Options::default()).await;
    let (id, user) = enrolled(&sim);
    let summary = get(&sim, "/api/v1/devices?expand=userSummary").await.json()[0]["_embedded"]["users"][0].clone();
    assert_eq!(summary["user"]["id"], user.as_str());
    let keys: Vec<_> = summary["user"]["profile"].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(keys, ["email", "firstName", "lastName", "login"]);
    let whole = get(&sim, "/api/v1/devices?expand=user").await.json()[0]["_embedded"]["users"][0].clone();
    assert!(whole["user"]["status"].is_string());
    assert_eq!(get(&sim, "/api/v1/devices?expand=users").await.status, 400);
    sim.with(|org| org.set_screen_lock(&id, &user, None) && org.delete(&user));
    assert_eq!(get(&sim, "/api/v1/devices?expand=user").await.json()[0]["_embedded"]["users"], json!([]));
}

#[tokio::test]
async fn pages_show_every_device_once_whatever_its_status() {
    let sim = small().await;
    let ids: Vec<String> = sim.with(|org| org.devices().map(|device| device.id.clone()).collect());
    for path in ["/api/v1/devices", "/api/v1/devices?limit=7&expand=userSummary", &search("status pr")] {
        assert_eq!(all(&sim, path).await, ids, "{path}");
    }
    let statuses: BTreeSet<DeviceStatus> = sim.with(|org| org.devices().map(|device| device.status).collect());
    assert!(statuses.contains(&DeviceStatus::Deactivated));
    let first = get(&sim, "/api/v1/devices?limit=500").await;
    assert!(first.link("self").unwrap().contains("limit=200") && first.link("next").is_none());
    for after in ["garbled", "00", &"ab".repeat(40)] {
        let refused = get(&sim, &format!("/api/v1/devices?after={after}")).await;
        assert_eq!((refused.status, refused.error_code().as_str()), (400, "E0000031"));
        assert_eq!(refused.json()["errorCauses"][0]["errorSummary"], "Invalid cursor.");
    }
}

#[tokio::test]
async fn search_takes_what_okta_documents() {
    let sim = small().await;
    let (id, _) = enrolled(&sim);
    let expect = |keep: fn(&Device) -> bool| -> Vec<String> {
        sim.with(|org| org.devices().filter(|device| keep(device)).map(|device| device.id.clone()).collect())
    };
    let moment = sim.with(|org| org.device(&id).unwrap().last_updated);
    for (expression, ids) in [
        ("status eq \"deactivated\"".to_owned(), expect(|device| device.status == DeviceStatus::Deactivated)),
        (
            "profile.platform eq \"WINDOWS\" or profile.platform eq \"MACOS\"".to_owned(),
            expect(|device| ["WINDOWS", "MACOS"].contains(&text(device, "platform").as_str())),
        ),
        (
            "profile.platform eq \"windows\" and (profile.osVersion sw \"10.0.2\" and status eq \"ACTIVE\")".to_owned(),
            expect(|device| {
                text(device, "platform") == "WINDOWS"
                    && text(device, "osVersion").starts_with("10.0.2")
                    && device.status == DeviceStatus::Active
            }),
        ),
        ("profile.sid sw \"S-1\"".to_owned(), expect(|device| device.attribute("sid").is_some())),
        ("profile.imei pr".to_owned(), expect(|device| device.attribute("imei").is_some())),
        (
            "profile.secureHardwarePresent eq false".to_owned(),
            expect(|device| device.attribute("secureHardwarePresent") == Some(Value::Bool(false))),
        ),
        ("profile.serialNumber co \"3m2t\"".to_owned(), vec![id.clone()]),
        (format!("id eq \"{id}\""), vec![id.clone()]),
        (format!("lastUpdated ge \"{moment}\""), vec![id.clone()]),
        (format!("lastUpdated gt \"{moment}\""), vec![]),
        (format!("lastUpdated lt \"{moment}\" and id eq \"{id}\""), vec![]),
    ] {
        assert!(!ids.is_empty() || expression.contains("lastUpdated"), "{expression} finds nobody");
        assert_eq!(all(&sim, &format!("{}&limit=5", search(&expression))).await, ids, "{expression}");
    }
    for refused in ["created pr", "status ne \"ACTIVE\"", "profile.model co \"x\"", "not (status pr)", "status"] {
        let reply = get(&sim, &search(refused)).await;
        assert_eq!((reply.status, reply.error_code().as_str()), (400, "E0000031"), "{refused}");
    }
    for query in ["filter=status+eq+%22ACTIVE%22", "q=x", "sortBy=lastUpdated"] {
        assert_eq!(get(&sim, &format!("/api/v1/devices?{query}")).await.status, 400, "{query}");
    }
}

#[tokio::test]
async fn lists_lag_and_reads_do_not() {
    let lag = Duration::from_millis(250);
    let sim = sim(10, Options { index_lag: lag, ..Options::default() }).await;
    let (id, _) = enrolled(&sim);
    assert_eq!(get(&sim, "/api/v1/devices").await.body, b"[]");
    tokio::time::sleep(lag).await;
    assert_eq!(all(&sim, "/api/v1/devices").await, std::slice::from_ref(&id));
    sim.with(|org| org.deactivate_device(&id) && org.delete_device(&id));
    assert_eq!(get(&sim, "/api/v1/devices").await.json()[0]["status"], "ACTIVE");
    assert_eq!(get(&sim, &format!("/api/v1/devices/{id}")).await.status, 404);
    tokio::time::sleep(lag).await;
    assert_eq!(get(&sim, "/api/v1/devices").await.body, b"[]");
}

#[tokio::test]
async fn deactivated_devices_have_no_users_and_deleted_ones_are_not_found() {
    let sim = sim(10, Options::default()).await;
    let (id, user) = enrolled(&sim);
    let (path, users) = (format!("/api/v1/devices/{id}"), format!("/api/v1/devices/{id}/users"));
    assert!(!sim.with(|org| org.delete_device(&id)), "only a deactivated one");
    assert!(sim.with(|org| org.deactivate_device(&id)));
    let device = get(&sim, &path).await.json();
    assert_eq!(device["status"], "DEACTIVATED");
    assert!(device["_links"]["users"].is_null());
    assert_eq!(get(&sim, &users).await.body, b"[]");
    assert_eq!(get(&sim, &format!("/api/v1/users/{user}/devices")).await.body, b"[]");
    assert!(sim.with(|org| org.delete_device(&id)));
    for (path, kind) in [(&path, "(Device)"), (&users, "(GenericUDObject)")] {
        let gone = get(&sim, path).await;
        assert_eq!((gone.status, gone.error_code().as_str()), (404, "E0000007"));
        assert!(gone.json()["errorSummary"].as_str().unwrap().ends_with(kind), "{path}");
    }
}

#[tokio::test]
async fn some_orgs_and_roles_have_no_devices() {
    let sim = small().await;
    let id = sim.with(|org| org.devices().next().unwrap().id.clone());
    let paths = ["/api/v1/devices".to_owned(), format!("/api/v1/devices/{id}"), format!("/api/v1/devices/{id}/users")];
    let refusals = async || {
        let mut refusals = BTreeSet::new();
        for path in &paths {
            let reply = get(&sim, path).await;
            refusals.insert((reply.status, reply.error_code()));
        }
        refusals
    };
    sim.set_role(Role::NoDevices);
    assert_eq!(refusals().await, BTreeSet::from([(403, "E0000006".to_owned())]));
    sim.set_role(Role::ReadOnlyAdmin);
    sim.with(|org| org.disable(Feature::Devices));
    assert_eq!(refusals().await, BTreeSet::from([(401, "E0000015".to_owned())]));
    sim.with(|org| org.enable(Feature::Devices));
    assert_eq!(get(&sim, &paths[0]).await.status, 200);
    assert_eq!(get(&sim, "/.well-known/okta-organization").await.json()["pipeline"], "idx");
    sim.with(|org| org.set_pipeline(Pipeline::Classic));
    assert_eq!(get(&sim, "/.well-known/okta-organization").await.json()["pipeline"], "v1");
    assert_eq!(refusals().await, BTreeSet::from([(401, "E0000015".to_owned())]));
    sim.with(|org| org.set_pipeline(Pipeline::IdentityEngine));
    sim.set_role(Role::None);
    assert_eq!(get(&sim, &paths[0]).await.body, b"[]");
    assert_eq!(get(&sim, &paths[1]).await.status, 404);
    sim.set_role(Role::Only([id.clone()].into()));
    assert_eq!(all(&sim, &paths[0]).await, [id]);
}

#[tokio::test]
async fn a_device_s_users_have_a_bucket_of_their_own() {
    let limits = [("/api/v1/devices".to_owned(), 2)].into();
    let sim = sim(10, Options { bucket_limits: limits, ..Options::default() }).await;
    let (id, _) = enrolled(&sim);
    let list = get(&sim, "/api/v1/devices").await;
    assert_eq!(list.header("x-rate-limit-limit"), Some("2"));
    assert_eq!(get(&sim, &format!("/api/v1/devices/{id}")).await.header("x-rate-limit-remaining"), Some("0"));
    assert_eq!(get(&sim, "/api/v1/devices").await.status, 429);
    let users = get(&sim, &format!("/api/v1/devices/{id}/users")).await;
    assert_eq!((users.status, users.header("x-rate-limit-limit")), (200, Some("600")));
}

#[tokio::test]
async fn pages_of_devices_break_like_pages_of_people() {
    let sim = small().await;
    let path = "/api/v1/devices?limit=40";
    let second = Match::path("/api/v1/devices").query("after=");
    for (what, count) in [
        (FaultKind::DuplicateObject, 91),
        (FaultKind::MissingObject, 89),
        (FaultKind::EmptyPage, 90),
        (FaultKind::EmptyList, 40),
    ] {
        sim.inject(Fault::new(second.clone(), what.clone()));
        assert_eq!(all(&sim, path).await.len(), count, "{what:?}");
    }
    sim.inject(Fault::new(second, FaultKind::MalformedObject(crate::Malformed::NullProfile)));
    let next = get(&sim, path).await.link("next").unwrap();
    assert!(get(&sim, &next).await.json()[20]["profile"].is_null());
    sim.inject(Fault::new(Match::any(), FaultKind::ExpiredCursor));
    assert_eq!(get(&sim, &next).await.error_code(), "E0000031");
}
