//! Credentials that are replaced while a run is at work: no deployment, no failed run.

use std::time::Duration;

use okta_sim::{Options, keys};
use rollcall_shared::report::{RunReport, RunState};
use test_support::service_app::{CLIENT, after_calls, sign_in_with, tokens_asked_for};
use test_support::world::{Setup, World, assert_adds_up, problem};

const SECRET: &str = "rollcall/acme";

/// A world whose import takes some hundred milliseconds: time to do something meanwhile.
async fn slow() -> World {
    let okta = Options {
        latency: Duration::from_millis(15),
        page_size_cap: 5,
        limit_per_minute: 600_000,
        ..Options::default()
    };
    World::new(Setup { people: 60, okta, ..Setup::default() }).await
}

/// An import during which this happens, after its first pages.
async fn import_while(world: &World, midway: impl Future<Output = ()>) -> RunReport {
    let midway = async {
        after_calls(world, 8).await;
        midway.await;
    };
    tokio::join!(world.import(), midway).0
}

fn statuses(world: &World, status: u16) -> usize {
    world.sim.calls().iter().filter(|call| call.status == status).count()
}

#[tokio::test]
async fn a_token_that_is_replaced_midway_is_taken_up_by_the_run() {
    let world = slow().await;
    let report = import_while(&world, async {
        world.stack.context.secrets.put(SECRET, "00newer").await.unwrap();
        world.sim.set_token("00newer");
    })
    .await;
    assert_eq!(report.state, RunState::Succeeded, "{:?}", report.problem);
    assert_adds_up(&report, 60);
    world.assert_true().await;
    assert!(statuses(&world, 401) > 0, "the old token was refused in the middle of the run");
}

#[tokio::test]
async fn a_token_that_is_revoked_and_not_replaced_stops_the_run() {
    let world = slow().await;
    let report = import_while(&world, async { world.sim.revoke_token() }).await;
    assert_eq!((report.state, problem(&report)), (RunState::Failed, "okta-invalid-token"));
    // The next run, with a new one, needs nothing else.
    world.stack.context.secrets.put(SECRET, "00newer").await.unwrap();
    world.sim.set_token("00newer");
    assert_adds_up(&world.imported().await, 60);
}

#[tokio::test]
async fn a_key_that_is_replaced_midway_is_taken_up_by_the_run() {
    let mut world = slow().await;
    sign_in_with(&mut world, keys::RSA.jwk).await;
    let report = import_while(&world, async {
        world.stack.context.secrets.put(SECRET, keys::EC.jwk).await.unwrap();
        world.sim.change_app(CLIENT, |app| app.public_keys = vec![keys::EC.public()]);
        world.sim.revoke_access_tokens();
    })
    .await;
    assert_eq!(report.state, RunState::Succeeded, "{:?}", report.problem);
    assert_adds_up(&report, 60);
    world.assert_true().await;
    // The first; one with the old key, refused; one with the new.
    assert_eq!(tokens_asked_for(&world), 3);
}

#[tokio::test]
async fn a_secret_that_cannot_be_read_again_is_told_as_that() {
    let world = slow().await;
    let report = import_while(&world, async {
        world.stack.context.secrets.put(SECRET, " ").await.unwrap();
        world.sim.set_token("00newer");
    })
    .await;
    assert_eq!((report.state, problem(&report)), (RunState::Failed, "bad-secret"));
}
