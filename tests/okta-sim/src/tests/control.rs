//! The simulator's own door: scenarios of devices and applications from outside the process.

use serde_json::{Value, json};

use super::client::{get, post, sim};
use crate::{Options, Sim};

async fn created(sim: &Sim, path: &str, body: Value) -> String {
    let reply = post(sim, path, &body).await;
    assert_eq!(reply.status, 200, "{path}");
    reply.json()["id"].as_str().unwrap().to_owned()
}

async fn done(sim: &Sim, path: &str, body: Value) {
    assert_eq!(post(sim, path, &body).await.status, 200, "{path}");
}

#[tokio::test]
async fn devices_are_enrolled_and_change() {
    let sim = sim(5, Options::default()).await;
    let person = |name: &str| json!({"first": name, "last": "Byron", "email": format!("{name}@acme.example")});
    let ada = created(&sim, "/sim/users", person("ada")).await;
    let bob = created(&sim, "/sim/users", person("bob")).await;
    let device = json!({"user": ada, "platform": "IOS", "name": "iPhone", "osVersion": "18.5", "imei": "35",
                        "managementStatus": "MANAGED", "screenLockType": "PASSCODE"});
    let phone = created(&sim, "/sim/devices", device).await;
    let path = format!("/sim/devices/{phone}");
    done(&sim, &format!("{path}/profile"), json!({"osVersion": "18.6.2", "imei": null})).await;
    done(&sim, &format!("{path}/users/{bob}/add"), json!({})).await;
    done(&sim, &format!("{path}/users/{ada}/remove"), json!({})).await;
    done(&sim, &format!("{path}/users/{bob}/link"), json!({"screenLockType": "BIOMETRIC"})).await;
    done(&sim, &format!("{path}/signals"), json!({})).await;
    let shown = get(&sim, "/api/v1/devices?expand=userSummary").await.json()[0].clone();
    assert_eq!((&shown["profile"]["osVersion"], &shown["profile"]["imei"]), (&json!("18.6.2"), &Value::Null));
    let users = &shown["_embedded"]["users"];
    assert_eq!((users.as_array().unwrap().len(), &users[0]["user"]["id"]), (1, &json!(bob)));
    assert_eq!((&users[0]["managementStatus"], &users[0]["screenLockType"]), (&json!("MANAGED"), &json!("BIOMETRIC")));
    for action in ["suspend", "unsuspend", "deactivate", "activate", "deactivate", "delete"] {
        done(&sim, &format!("{path}/{action}"), json!({})).await;
    }
    assert_eq!(post(&sim, &format!("{path}/vanish"), &json!({})).await.status, 404);
    done(&sim, "/sim/org/pipeline", json!({"pipeline": "v1"})).await;
    assert_eq!(get(&sim, "/api/v1/devices").await.error_code(), "E0000015");
}

#[tokio::test]
async fn applications_and_policies_come_and_go() {
    let sim = sim(5, Options::default()).await;
    let user = sim.with(|org| org.users().find(|user| user.status == crate::Status::Active).unwrap().id.clone());
    let group = created(&sim, "/sim/groups", json!({"name": "Writers"})).await;
    let app =
        created(&sim, "/sim/apps", json!({"label": "Wiki", "signOnMode": null, "features": ["GROUP_PUSH"]})).await;
    let path = format!("/sim/apps/{app}");
    let shown = get(&sim, &format!("/api/v1/apps/{app}")).await.json();
    assert_eq!((&shown["signOnMode"], &shown["features"]), (&Value::Null, &json!(["GROUP_PUSH"])));
    done(&sim, &format!("{path}/rename"), json!({"label": "Wiki of writers"})).await;
    for action in ["assign", "sign-on", "unassign"] {
        done(&sim, &format!("{path}/users/{user}/{action}"), json!({})).await;
    }
    for action in ["assign", "unassign"] {
        done(&sim, &format!("{path}/groups/{group}/{action}"), json!({})).await;
    }
    for action in ["deactivate", "activate", "deactivate", "delete"] {
        done(&sim, &format!("{path}/{action}"), json!({})).await;
    }
    assert_eq!(get(&sim, &format!("/api/v1/apps/{app}")).await.status, 404);
    let policy = json!({"name": "Macs", "platform": "MACOS", "osVersion": {"minimum": "15.5"}});
    let policy = created(&sim, "/sim/policies", policy).await;
    assert_eq!(get(&sim, "/api/v1/device-assurances").await.json()[0]["osVersion"]["minimum"], "15.5");
    done(&sim, &format!("/sim/policies/{policy}/delete"), json!({})).await;
    assert_eq!(get(&sim, "/api/v1/device-assurances").await.body, b"[]");
}
