//! Event hooks: whoever knows the secret has somebody looked at within seconds, and nobody else anything at all.

use std::time::Duration;

use okta_sim::{Fault, FaultKind, Match};
use rollcall_shared::Context;
use rollcall_shared::handlers::event_hook::{Answer, receive, verify};
use rollcall_shared::model::Reason;
use rollcall_shared::report::RunState;
use serde_json::{Value, json};
use test_support::invocations::Invocations;
use test_support::world::{Job, PEOPLE, World, counts, deprovision, problem};

use super::delta::{Scene, usual};

const SECRET: &str = "Bearer hook-secret-4711";

/// A scene whose connection has a hook, and a process that may wake deprovisioning.
async fn hooked() -> (Scene, Invocations, Context) {
    let mut scene = usual().await;
    scene.world.reconnect(|document| document["okta"]["event_hook"] = json!({ "secret": "rollcall/acme-hook" })).await;
    scene.world.context.secrets.put("rollcall/acme-hook", SECRET).await.unwrap();
    let invocations = Invocations::listen().await;
    let context = invocations.context(&scene.world).await;
    (scene, invocations, context)
}

/// What Okta's hook delivers of the events since a place in the log.
fn delivery(world: &World, since: usize) -> Vec<u8> {
    let events: Vec<Value> = world.sim.with(|org| org.events()[since..].iter().map(okta_sim::Event::json).collect());
    let delivery = json!({
        "eventType": "com.okta.event_hook", "eventId": "b5a188b9", "contentType": "application/json",
        "data": { "events": events },
    });
    delivery.to_string().into_bytes()
}

fn events(world: &World) -> usize {
    world.sim.with(|org| org.events().len())
}

async fn delivered(context: &Context, body: &[u8]) -> Answer {
    receive(context, "acme", Some(SECRET), body).await.unwrap()
}

#[tokio::test]
async fn a_leaver_is_inactive_as_soon_as_the_hook_comes_and_the_log_does_not_look_again() {
    let (Scene { world, people, .. }, invocations, context) = hooked().await;
    let before = events(&world);
    // The log has it a minute later; the hook comes at once.
    world.sim.with(|org| {
        org.set_log_delay(Duration::from_secs(60));
        assert!(org.deactivate(&people[15]));
    });
    assert_eq!(delivered(&context, &delivery(&world, before)).await, Answer { status: 204, body: None });
    assert_eq!(invocations.take(), [("deprovisioning".to_owned(), json!({ "connection": "acme" }))]);
    let report = deprovision(&context, "acme").await.unwrap();
    assert_eq!((report.state, counts(&report, PEOPLE).deactivated), (RunState::Succeeded, 1));
    assert!(report.lag_seconds.unwrap().max < 5.0, "{:?}", report.lag_seconds);
    assert_eq!(world.standing(PEOPLE, &people[15]).await, Some(Reason::Deactivated));
    world.later(Duration::from_secs(120));
    world.sim.clear_calls();
    let quiet = deprovision(&context, "acme").await.unwrap();
    assert!(quiet.mappings.values().all(|counts| counts.read == 0), "{quiet:?}");
    assert!(world.sim.calls().iter().all(|call| !call.path_and_query.contains(&people[15])));
    world.assert_true().await;
}

#[tokio::test]
async fn a_hook_that_comes_while_a_run_is_at_work_is_not_left_for_the_next_poll() {
    let (Scene { world, people, .. }, invocations, context) = hooked().await;
    world.sim.with(|org| org.set_log_delay(Duration::from_secs(600)));
    let before = events(&world);
    let slow = FaultKind::Slow(Duration::from_millis(600));
    world.sim.inject(Fault::new(Match::path("/api/v1/logs"), slow).times(1));
    let (run, hook) = tokio::join!(deprovision(&context, "acme"), async {
        tokio::time::sleep(Duration::from_millis(250)).await;
        world.sim.with(|org| assert!(org.deactivate(&people[15])));
        let answer = delivered(&context, &delivery(&world, before)).await;
        // The invocation that it wakes finds the job at work.
        (answer.status, deprovision(&context, "acme").await.unwrap().state)
    });
    assert_eq!(hook, (204, RunState::Running));
    assert_eq!(run.unwrap().state, RunState::Succeeded);
    assert_eq!(world.standing(PEOPLE, &people[15]).await, Some(Reason::Deactivated));
    assert_eq!(invocations.take().len(), 1);
}

#[tokio::test]
async fn a_forged_hint_changes_nothing() {
    let (Scene { world, people, .. }, _, context) = hooked().await;
    let forged = |event_type: &str, user: &str| {
        json!({ "uuid": user, "published": "2026-11-20T10:00:00.000Z", "eventType": event_type,
                "target": [{ "type": "User", "id": user }] })
    };
    let events: Vec<Value> = ["user.lifecycle.deactivate", "user.lifecycle.delete.completed", "user.lifecycle.suspend"]
        .into_iter()
        .zip([people[15].as_str(), &people[16], "00uNobodyAtAll000001"])
        .map(|(event_type, user)| forged(event_type, user))
        .collect();
    let body = json!({ "data": { "events": events } }).to_string();
    assert_eq!(delivered(&context, body.as_bytes()).await.status, 204);
    let report = deprovision(&context, "acme").await.unwrap();
    assert_eq!(report.state, RunState::Succeeded);
    assert!(report.mappings.values().all(|counts| counts.deactivated == 0), "{report:?}");
    world.assert_true().await;
}

#[tokio::test]
async fn whoever_does_not_know_the_secret_is_refused_and_wakes_nobody() {
    let (Scene { world, people, .. }, invocations, context) = hooked().await;
    let before = events(&world);
    world.sim.with(|org| assert!(org.deactivate(&people[15])));
    let body = delivery(&world, before);
    for secret in [None, Some(""), Some("Bearer hook-secret-4712"), Some("Bearer hook-secret-47110")] {
        let answer = receive(&context, "acme", secret, &body).await.unwrap();
        assert_eq!(answer.status, 401, "{secret:?}");
        assert!(!answer.body.unwrap().to_string().contains("4711"));
    }
    assert_eq!(receive(&context, "elsewhere", Some(SECRET), &body).await.unwrap().status, 404);
    for (body, status) in [(b"{}".to_vec(), 400), (b"not json".to_vec(), 400), (vec![b' '; 2_000_000], 413)] {
        assert_eq!(delivered(&context, &body).await.status, status);
    }
    // What is no hint wakes nobody either.
    let other = json!({ "data": { "events": [{ "uuid": "1", "eventType": "user.session.start" }, 7] } }).to_string();
    assert_eq!(delivered(&context, other.as_bytes()).await.status, 204);
    assert_eq!(invocations.take(), []);
    // The hook was lost, and the poll finds it.
    assert_eq!(counts(&deprovision(&context, "acme").await.unwrap(), PEOPLE).deactivated, 1);
}

#[tokio::test]
async fn okta_verifies_the_route_by_a_challenge() {
    let (_scene, _, context) = hooked().await;
    let answer = verify(&context, "acme", Some("a-challenge")).await.unwrap();
    assert_eq!(answer, Answer { status: 200, body: Some(json!({ "verification": "a-challenge" })) });
    let long = "x".repeat(2_000);
    for (connection, challenge, status) in
        [("acme", None, 400), ("acme", Some(long.as_str()), 400), ("elsewhere", Some("a-challenge"), 404)]
    {
        assert_eq!(verify(&context, connection, challenge).await.unwrap().status, status);
    }
}

#[tokio::test]
async fn that_somebody_was_deleted_only_the_log_says() {
    let (Scene { world, people, .. }, _, context) = hooked().await;
    world.sim.with(|org| assert!(org.vanish(&people[15])));
    let event = json!({ "uuid": "forged", "published": "2026-11-20T10:00:00.000Z",
        "eventType": "user.lifecycle.delete.completed", "target": [{ "type": "User", "id": people[15] }] });
    let body = json!({ "data": { "events": [event] } }).to_string();
    assert_eq!(delivered(&context, body.as_bytes()).await.status, 204);
    let report = deprovision(&context, "acme").await.unwrap();
    assert_eq!((counts(&report, PEOPLE).unsynced, counts(&report, PEOPLE).deactivated), (1, 0));
    assert_eq!(world.standing(PEOPLE, &people[15]).await, None);
    // A true one comes with the log as well, though the hook was first.
    let before = events(&world);
    world.sim.with(|org| assert!(org.delete(&people[16])));
    assert_eq!(delivered(&context, &delivery(&world, before)).await.status, 204);
    deprovision(&context, "acme").await.unwrap();
    assert_eq!(world.standing(PEOPLE, &people[16]).await, Some(Reason::Deleted));
}

#[tokio::test]
async fn a_hook_before_the_first_import_waits_for_it_and_does_not_run_in_circles() {
    let mut world = World::of(10).await;
    world.reconnect(|document| document["okta"]["event_hook"] = json!({ "secret": "rollcall/acme-hook" })).await;
    world.context.secrets.put("rollcall/acme-hook", SECRET).await.unwrap();
    let leaver = world.active()[0].clone();
    let before = events(&world);
    world.sim.with(|org| assert!(org.suspend(&leaver)));
    assert_eq!(delivered(&world.context, &delivery(&world, before)).await.status, 204);
    let lease = world.context.directory.acquire("acme", Job::FullImport, "01JD0000000000000000000000").await.unwrap();
    let early = deprovision(&world.context, "acme").await.unwrap();
    assert_eq!((early.state, early.invocations, early.warnings.len()), (RunState::Succeeded, 1, 1));
    drop(lease);
    world.let_the_lease_lapse(Job::FullImport).await;
    let none = deprovision(&world.context, "acme").await.unwrap();
    assert_eq!((none.state, problem(&none)), (RunState::Failed, "never-imported"));
}
