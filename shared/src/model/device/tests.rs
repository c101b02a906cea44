use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Background, Custody, Policies, complete};
use crate::model::{Object, ObjectKind, RawObject, Time, decode_object};

fn time(text: &str) -> Time {
    text.parse().unwrap()
}

fn now() -> Time {
    time("2026-11-20T10:00:00.000Z")
}

/// A device as a list with its users shows it.
fn device(status: &str, profile: Value, users: Value) -> Object {
    let mut object = json!({
        "id": "guo1", "status": status, "created": "2026-01-01T00:00:00.000Z", "lastUpdated": "2026-06-01T00:00:00.000Z",
        "profile": { "displayName": "MAC-1", "platform": "MACOS", "registered": true },
    });
    for (name, value) in profile.as_object().unwrap() {
        object["profile"][name] = value.clone();
    }
    if !users.is_null() {
        object["_embedded"] = json!({ "users": users });
    }
    decode_object(ObjectKind::Device, &RawObject::intact(object.to_string())).unwrap()
}

fn link(id: &str, since: &str, lock: Value) -> Value {
    json!({
        "created": since, "managementStatus": "NOT_MANAGED", "screenLockType": lock,
        "user": { "id": id, "profile": { "firstName": "Ada", "lastName": id, "login": format!("{id}@acme.example") } },
    })
}

fn completed(device: Object, custody: Custody, policies: Option<&Policies>) -> (Value, Custody) {
    let (device, custody) = complete(device, Background { custody, policies, now: now() }).unwrap();
    (device.json, custody)
}

fn policies(conditions: Value) -> Policies {
    let mut policy =
        json!({ "id": "dae1", "name": "Baseline", "platform": "MACOS", "createdDate": "…", "gracePeriod": {} });
    for (name, value) in conditions.as_object().unwrap() {
        policy[name] = value.clone();
    }
    Policies::read(&[RawObject::intact(policy.to_string())]).0
}

#[test]
fn the_last_holder_is_kept_when_okta_cuts_the_link() {
    let held = json!([link("00u1", "2026-02-01T00:00:00.000Z", json!("PASSCODE"))]);
    let (json, custody) = completed(device("ACTIVE", json!({}), held), Custody::default(), None);
    assert_eq!((&json["holder"]["id"], &json["last_holder"]), (&json!("00u1"), &Value::Null));
    assert_eq!(json["holder"]["name"], "Ada 00u1");

    let (json, custody) = completed(device("DEACTIVATED", json!({}), Value::Null), custody, None);
    assert_eq!((&json["holder"], &json["holders"]), (&Value::Null, &json!([])));
    assert_eq!(json["last_holder"]["login"], "00u1@acme.example");
    assert_eq!(json["last_holder"]["since"], "2026-02-01T00:00:00.000Z");
    assert_eq!(json["last_holder"]["until"], "2026-06-01T00:00:00.000Z", "the deactivation cut the link");

    // Looked at again and again it stays, whatever else changes.
    let (json, again) = completed(device("ACTIVE", json!({}), json!([])), custody.clone(), None);
    assert_eq!((json["last_holder"]["id"].as_str(), again), (Some("00u1"), custody));
}

#[test]
fn a_device_that_changes_hands_has_both() {
    let first = json!([link("00u1", "2026-02-01T00:00:00.000Z", json!(null))]);
    let second = json!([link("00u2", "2026-03-01T00:00:00.000Z", json!(null))]);
    let (_, custody) = completed(device("ACTIVE", json!({}), first), Custody::default(), None);
    let (json, _) = completed(device("ACTIVE", json!({}), second), custody, None);
    assert_eq!((json["holder"]["id"].as_str(), json["last_holder"]["id"].as_str()), (Some("00u2"), Some("00u1")));
    assert_eq!(json["last_holder"]["until"], now().to_string(), "all that is known is that it is so by now");
}

#[test]
fn of_several_holders_the_latest_link_comes_first() {
    let links = json!([
        link("00u1", "2026-02-01T00:00:00.000Z", json!("BIOMETRIC")),
        link("00u2", "2026-03-01T00:00:00.000Z", json!("NONE")),
    ]);
    let (json, _) = completed(device("ACTIVE", json!({}), links), Custody::default(), None);
    let ids: Vec<&str> =
        json["holders"].as_array().unwrap().iter().filter_map(|holder| holder["id"].as_str()).collect();
    assert_eq!((ids, json["trust"]["screen_lock"].as_str()), (vec!["00u2", "00u1"], Some("NONE")));
}

#[test]
fn what_the_object_does_not_say_of_its_users_changes_nothing() {
    let held = json!([link("00u1", "2026-02-01T00:00:00.000Z", json!(null))]);
    let (_, custody) = completed(device("ACTIVE", json!({}), held), Custody::default(), None);
    let asked = policies(json!({ "screenLockType": { "include": ["BIOMETRIC"] } }));
    let (json, again) = completed(device("ACTIVE", json!({}), Value::Null), custody.clone(), Some(&asked));
    assert_eq!(again, custody);
    assert_eq!((json["holder"]["id"].as_str(), json["holders"].as_array().unwrap().len()), (Some("00u1"), 1));
    assert_eq!(json["assurance"][0]["reasons"], json!(["Okta does not say how the screen is locked"]));
}

#[test]
fn whoever_has_a_device_again_has_not_had_it_last() {
    let held = || json!([link("00u1", "2026-02-01T00:00:00.000Z", json!(null))]);
    let (_, custody) = completed(device("ACTIVE", json!({}), held()), Custody::default(), None);
    let (json, custody) = completed(device("ACTIVE", json!({}), json!([])), custody, None);
    assert_eq!(json["last_holder"]["id"], "00u1");
    let (json, _) = completed(device("ACTIVE", json!({}), held()), custody, None);
    assert_eq!((json["holder"]["id"].as_str(), &json["last_holder"]), (Some("00u1"), &Value::Null));
}

#[test]
fn a_suspension_cuts_no_link() {
    let held = json!([link("00u1", "2026-02-01T00:00:00.000Z", json!(null))]);
    let (_, custody) = completed(device("SUSPENDED", json!({}), held), Custody::default(), None);
    let (json, _) = completed(device("SUSPENDED", json!({}), json!([])), custody, None);
    assert_eq!(json["last_holder"]["until"], now().to_string());
}

#[test]
fn a_user_that_cannot_be_read_spoils_the_device() {
    for users in [json!([{ "user": {} }]), json!([{}]), json!([null]), json!("many"), json!({ "user": 1 })] {
        let background = Background { custody: Custody::default(), policies: None, now: now() };
        let rejection = complete(device("ACTIVE", json!({}), users.clone()), background).unwrap_err();
        assert!(rejection.message.contains("_embedded.users"), "{users}: {}", rejection.message);
    }
}

#[test]
fn a_signal_that_is_absent_is_unknown() {
    let (json, _) = completed(device("ACTIVE", json!({}), json!([])), Custody::default(), None);
    let unknown = ["managed", "secure_hardware", "disk_encrypted", "jailbroken", "screen_lock"];
    assert!(unknown.iter().all(|signal| json["trust"][signal].is_null()), "{}", json["trust"]);
    assert_eq!((&json["trust"]["registered"], &json["assurance"]), (&json!(true), &Value::Null));
    for (word, encrypted) in [
        ("FULL", json!(true)),
        ("USER", json!(true)),
        ("ALL_INTERNAL_VOLUMES", json!(true)),
        ("SYSTEM_VOLUME", json!(false)),
        ("NONE", json!(false)),
        ("SOME_DAY", json!(null)),
    ] {
        let profile = json!({ "diskEncryptionType": word });
        let (json, _) = completed(device("ACTIVE", profile, json!([])), Custody::default(), None);
        assert_eq!(json["trust"]["disk_encrypted"], encrypted, "{word}");
    }
}

#[test]
fn a_verdict_says_unknown_where_the_data_does_not_decide() {
    let asked = json!({ "osVersion": { "minimum": "15.6" } });
    for (conditions, profile, lock, verdict, reason) in [
        (asked.clone(), json!({ "osVersion": "15.6.1" }), json!(null), "met", ""),
        (asked.clone(), json!({ "osVersion": "15.5" }), json!(null), "not_met", "15.5, below 15.6"),
        (asked.clone(), json!({ "osVersion": "beta" }), json!(null), "unknown", "cannot be compared"),
        (asked, json!({}), json!(null), "unknown", "which version"),
        (
            json!({ "osVersion": { "dynamicVersionRequirement": { "type": "MINIMUM" } } }),
            json!({ "osVersion": "15.6.1" }),
            json!(null),
            "unknown",
            "only Okta knows",
        ),
        (
            json!({ "diskEncryptionType": { "include": ["ALL_INTERNAL_VOLUMES"] } }),
            json!({ "diskEncryptionType": "NONE" }),
            json!(null),
            "not_met",
            "disk encryption is NONE",
        ),
        (
            json!({ "secureHardwarePresent": true }),
            json!({ "secureHardwarePresent": false }),
            json!(null),
            "not_met",
            "secure",
        ),
        (json!({ "secureHardwarePresent": true }), json!({}), json!(null), "unknown", "secure hardware"),
        (json!({ "jailbreak": false }), json!({ "integrityJailbreak": true }), json!(null), "not_met", "jailbroken"),
        (json!({ "jailbreak": false }), json!({ "integrityJailbreak": false }), json!(null), "met", ""),
        (json!({ "screenLockType": { "include": ["BIOMETRIC"] } }), json!({}), json!("BIOMETRIC"), "met", ""),
        (
            json!({ "screenLockType": { "include": ["BIOMETRIC"] } }),
            json!({}),
            json!("NONE"),
            "not_met",
            "NONE, not BIOMETRIC",
        ),
        (json!({ "screenLockType": { "include": ["BIOMETRIC"] } }), json!({}), json!(null), "unknown", "locked"),
        (json!({ "thirdPartySignalProviders": {} }), json!({}), json!(null), "unknown", "other products"),
        (json!({ "quantumSeal": true }), json!({}), json!(null), "unknown", "quantumSeal"),
        (json!({}), json!({}), json!(null), "met", ""),
    ] {
        let users = json!([link("00u1", "2026-02-01T00:00:00.000Z", lock)]);
        let policies = policies(conditions.clone());
        let (json, _) = completed(device("ACTIVE", profile, users), Custody::default(), Some(&policies));
        let found = &json["assurance"][0];
        assert_eq!((found["id"].as_str(), found["verdict"].as_str()), (Some("dae1"), Some(verdict)), "{conditions}");
        assert!(found["reasons"].to_string().contains(reason), "{conditions}: {found}");
        assert_eq!(found["reasons"] == json!([]), verdict == "met", "{conditions}: {found}");
    }
}

#[test]
fn windows_is_asked_by_its_major_version() {
    let asked = json!({ "platform": "WINDOWS", "osVersionConstraints": [
        { "majorVersionConstraint": "WINDOWS_11", "minimum": "10.0.22631" }
    ] });
    for (version, verdict) in [("10.0.22631.1", "met"), ("10.0.22000", "not_met"), ("10.0.19045", "unknown")] {
        let profile = json!({ "platform": "WINDOWS", "osVersion": version });
        let (json, _) =
            completed(device("ACTIVE", profile, json!([])), Custody::default(), Some(&policies(asked.clone())));
        assert_eq!(json["assurance"][0]["verdict"], verdict, "{version}");
    }
}

#[test]
fn policies_of_another_platform_say_nothing() {
    let (json, _) = completed(
        device("ACTIVE", json!({ "platform": "IOS" }), json!([])),
        Custody::default(),
        Some(&policies(json!({}))),
    );
    assert_eq!(json["assurance"], json!([]));
}

#[test]
fn the_digest_follows_what_policies_ask() {
    let digest = |conditions: Value| policies(conditions).digest();
    let original = digest(json!({ "jailbreak": false }));
    assert_eq!(digest(json!({ "jailbreak": false, "lastUpdate": "later" })), original);
    assert_ne!(digest(json!({ "jailbreak": false, "name": "Other" })), original);
    assert_ne!(digest(json!({ "secureHardwarePresent": true })), original);
}

proptest! {
    /// Whoever is gone from the links and was there before is the last holder, unless others left later.
    #[test]
    fn nobody_who_held_a_device_is_forgotten(steps in prop::collection::vec(prop::collection::vec(0..4_u8, 0..3), 1..8)) {
        let mut custody = Custody::default();
        let mut before: Vec<String> = Vec::new();
        for step in steps {
            let mut ids: Vec<String> = step.iter().map(|number| format!("00u{number}")).collect();
            ids.sort();
            ids.dedup();
            let users: Vec<Value> = ids.iter().map(|id| link(id, "2026-02-01T00:00:00.000Z", json!(null))).collect();
            let last_before = custody.last.clone();
            let (_, after) = completed(device("ACTIVE", json!({}), json!(users)), custody, None);
            let gone: Vec<&String> = before.iter().filter(|id| !ids.contains(id)).collect();
            match &after.last {
                Some(last) if !gone.is_empty() => prop_assert!(gone.contains(&&last.holder.id)),
                last => {
                    let kept = last_before.filter(|last| !ids.contains(&last.holder.id));
                    prop_assert!(gone.is_empty() && *last == kept);
                }
            }
            prop_assert_eq!(after.holders.iter().map(|holder| holder.id.clone()).collect::<Vec<_>>(), ids.clone());
            (custody, before) = (after, ids);
        }
    }
}
