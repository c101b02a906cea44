//! A connection is removed: its jobs stop, and its records stay or go.

use std::time::Duration;

use okta_sim::Options;
use rollcall_shared::report::RunState;
use serde_json::json;
use test_support::invocations::Invocations;
use test_support::world::{Job, PEOPLE, Setup, World, counts, logins};

use super::served::Served;

#[tokio::test]
async fn records_stay_and_a_connection_of_the_same_name_goes_on_with_them() {
    let served = Served::of(20).await;
    served.world.imported().await;
    let document = served.world.connection.document();
    let before = served.world.records(PEOPLE).await;
    assert_eq!(served.delete("/connections/acme").await.status, 204);
    assert_eq!(served.delete("/connections/acme").await.status, 404);
    for path in ["/connections/acme", "/connections/acme/records/people"] {
        assert_eq!(served.get(path).await.status, 404);
    }
    assert!(served.get("/connections").await.items().is_empty());
    assert_eq!(served.world.records(PEOPLE).await, before);
    assert_eq!(served.get("/runs?connection=acme").await.items().len(), 1, "what was done can be looked up");

    assert_eq!(served.put("/connections/acme", &document).await.status, 201);
    let report = served.work(Job::FullImport).await;
    assert_eq!((counts(&report, PEOPLE).unchanged, counts(&report, PEOPLE).created), (20, 0));
}

#[tokio::test]
async fn with_its_records_everything_goes_but_leases_and_runs() {
    let mut world = World::of(30).await;
    let people = world.active();
    world.group("Users", &people[..6]);
    world.group("Admins", &people[..2]);
    world
        .reconnect(|document| {
            document["mappings"].as_array_mut().unwrap().push(logins());
            document["mappings"][0]["rejoin"] = json!("profile.email");
        })
        .await;
    let served = Served::with(world, Invocations::listen().await).await;
    assert_eq!(served.work(Job::FullImport).await.state, RunState::Succeeded);
    served.world.sim.with(|org| people[..12].iter().for_each(|id| assert!(org.deactivate(id))));
    assert_eq!(served.work(Job::DeltaSync).await.state, RunState::Succeeded);
    served.work(Job::Deprovisioning).await;
    let beside = served.world.beside("acme-2", served.world.connection.document()["mappings"].clone()).await;
    beside.import().await;
    let others = beside.kept().await;

    assert_eq!(served.delete("/connections/acme?records=true").await.status, 204);
    let left: Vec<_> = served.world.kept().await;
    let is_expected =
        |(pk, sk): &(String, String)| (pk == "connection#acme" && sk.starts_with("lease#")) || pk == "runs#acme";
    assert!(left.iter().all(is_expected), "{left:#?}");
    assert_eq!(beside.kept().await, others, "nothing of another connection goes");

    assert_eq!(served.put("/connections/acme", &served.world.connection.document()).await.status, 201);
    let report = served.work(Job::FullImport).await;
    assert_eq!((report.state, counts(&report, PEOPLE).created), (RunState::Succeeded, 30));
    served.world.assert_true().await;
}

#[tokio::test]
async fn a_run_that_is_at_work_is_stopped_before_its_records_go() {
    let okta = Options { page_size_cap: 3, latency: Duration::from_millis(150), ..Setup::default().okta };
    let world = World::new(Setup { people: 60, okta, ..Setup::default() }).await;
    let served = Served::with(world, Invocations::listen().await).await;
    let started = served.post("/connections/acme/jobs/full-import/runs").await;
    let (run, removed) = tokio::join!(served.work(Job::FullImport), async {
        tokio::time::sleep(Duration::from_millis(1_500)).await;
        served.delete("/connections/acme?records=true").await
    });
    assert_eq!((json!(run.run), run.state), (started.body["run"].clone(), RunState::Cancelled));
    assert_eq!(removed.status, 204, "{removed:?}");
    assert!(served.world.records(PEOPLE).await.is_empty());
}

#[tokio::test]
async fn a_run_that_waits_for_its_invocation_is_ended() {
    let served = Served::of(5).await;
    let started = served.post("/connections/acme/jobs/full-import/runs").await;
    assert_eq!(served.delete("/connections/acme").await.status, 204);
    let run = served.get(&started.headers["location"]).await;
    assert_eq!(run.body["state"], "cancelled");
}

#[tokio::test]
async fn a_removal_that_broke_off_is_gone_on_with_and_nobody_gets_between() {
    let served = Served::of(10).await;
    served.world.imported().await;
    served.world.context.directory.begin_removal("acme").await.unwrap();
    assert_eq!(served.get("/connections/acme").await.status, 404);
    assert!(served.get("/connections").await.items().is_empty());
    let put = served.put("/connections/acme", &served.world.connection.document()).await;
    assert_eq!((put.status, put.problem()), (409, "being-removed"));
    assert_eq!(served.post("/connections/acme/jobs/full-import/runs").await.status, 404);
    assert_eq!(served.delete("/connections/acme?records=true").await.status, 204);
    assert!(served.world.records(PEOPLE).await.is_empty());
    assert_eq!(served.put("/connections/acme", &served.world.connection.document()).await.status, 201);
}
