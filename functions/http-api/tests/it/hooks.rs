//! Okta's event hooks over HTTP.

use reqwest::Method;
use serde_json::json;
use test_support::world::World;

use super::served::Served;
use test_support::invocations::Invocations;

const SECRET: &str = "Bearer hook-secret-4711";
const HOOK: &str = "/hooks/acme";

async fn hooked() -> Served {
    let mut world = World::of(5).await;
    world.reconnect(|document| document["okta"]["event_hook"] = json!({ "secret": "rollcall/acme-hook" })).await;
    world.context.secrets.put("rollcall/acme-hook", SECRET).await.unwrap();
    Served::with(world, Invocations::listen().await).await
}

#[tokio::test]
async fn okta_is_told_that_the_route_is_meant_for_it() {
    let served = hooked().await;
    let challenge = served.request(Method::GET, HOOK).header("x-okta-verification-challenge", "abc");
    let answer = served.send(challenge).await;
    assert_eq!((answer.status, answer.body), (200, json!({ "verification": "abc" })));
    assert_eq!(served.get(HOOK).await.status, 400);
    for nobody in ["/hooks/beta", "/hooks/No%20Name", &format!("/hooks/{}", "x".repeat(3_000))] {
        assert_eq!(served.get(nobody).await.status, 404);
    }
}

#[tokio::test]
async fn a_delivery_wakes_deprovisioning_if_it_comes_with_the_secret() {
    let served = hooked().await;
    let leaver = served.world.active()[0].clone();
    let event = json!({ "uuid": "1", "published": "2026-11-20T10:00:00.000Z", "eventType": "user.lifecycle.deactivate",
        "target": [{ "type": "User", "id": leaver }] });
    let delivery = json!({ "data": { "events": [event] } });
    let deliver = |secret: &str| served.request(Method::POST, HOOK).header("authorization", secret).json(&delivery);
    // From wherever Okta calls: a tunnel to this machine has a name of its own.
    let taken_in = served.send(deliver(SECRET).header("host", "tunnel.example")).await;
    assert_eq!((taken_in.status, taken_in.text.as_str()), (204, ""));
    assert_eq!(served.invocations.take(), [("deprovisioning".to_owned(), json!({ "connection": "acme" }))]);

    let forged = served.send(deliver("Bearer hook-secret-4712")).await;
    assert_eq!((forged.status, forged.problem()), (401, "hook-secret"));
    assert!(!forged.text.contains("4711"));
    let large = served.request(Method::POST, HOOK).header("authorization", SECRET).body(vec![b' '; 1_100_000]);
    assert_eq!(served.send(large).await.status, 413);
    assert_eq!(served.invocations.take(), []);
}

#[tokio::test]
async fn what_is_wrong_with_a_connection_is_not_told_to_whoever_asks() {
    let served = hooked().await;
    served.world.break_the_document().await;
    let answer = served.send(served.request(Method::POST, HOOK).json(&json!({}))).await;
    assert_eq!((answer.status, answer.problem()), (503, "hook-unavailable"));
    assert!(!answer.text.contains("document"), "{answer:?}");
}
