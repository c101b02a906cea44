//! Runs are started once, taken up under the id that was told, and decided on.

use std::collections::BTreeSet;

use futures::future::join_all;
use reqwest::{Method, RequestBuilder};
use rollcall_shared::directory::Acquired;
use rollcall_shared::report::RunState;
use serde_json::json;
use test_support::invocations::Invocations;
use test_support::world::{Job, PEOPLE, Setup, World, counts};

use super::served::Served;

const IMPORTS: &str = "/connections/acme/jobs/full-import/runs";

fn keyed(served: &Served, path: &str, key: &str) -> RequestBuilder {
    served.request(Method::POST, path).header("idempotency-key", key)
}

#[tokio::test]
async fn a_run_exists_when_it_is_answered_and_is_taken_up_under_its_id() {
    let served = Served::of(12).await;
    let started = served.post(IMPORTS).await;
    assert_eq!((started.status, &started.body["state"]), (202, &json!("running")));
    let run = started.body["run"].as_str().unwrap();
    assert_eq!(started.headers["location"], format!("/runs/{run}"));
    assert_eq!(served.get(&started.headers["location"]).await.body, started.body);
    let event = json!({ "connection": "acme", "run": run });
    assert_eq!(served.invocations.take(), [("full-import".to_owned(), event)]);

    let report = served.work(Job::FullImport).await;
    assert_eq!((report.run.as_str(), report.state, report.invocations), (run, RunState::Succeeded, 1));
    assert_eq!(counts(&report, PEOPLE).created, 12);
    served.world.assert_true().await;
    assert_eq!(served.get(&format!("/runs/{run}")).await.body["state"], "succeeded");
    let next = served.post(IMPORTS).await;
    assert_ne!(next.body["run"], run, "what has ended is not started again");
}

#[tokio::test]
async fn every_job_takes_up_the_run_that_was_announced() {
    let served = Served::of(12).await;
    served.world.imported().await;
    for job in [Job::DeltaSync, Job::Deprovisioning, Job::FullImport] {
        let started = served.post(&format!("/connections/acme/jobs/{}/runs", job.name())).await;
        assert_eq!(started.status, 202, "{started:?}");
        let report = served.work(job).await;
        assert_eq!((json!(report.run), report.state), (started.body["run"].clone(), RunState::Succeeded), "{job:?}");
    }
    let devices = served.post("/connections/acme/jobs/device-collection/runs").await;
    assert_eq!((devices.status, devices.problem()), (409, "no-mapping"));
    let unknown = served.post("/connections/acme/jobs/everything/runs").await;
    assert_eq!((unknown.status, unknown.problem()), (404, "unknown-job"));
    assert_eq!(served.post("/connections/nobody/jobs/full-import/runs").await.status, 404);
}

#[tokio::test]
async fn the_same_key_gives_the_same_run_whatever_became_of_it() {
    let served = Served::of(5).await;
    let first = served.send(keyed(&served, IMPORTS, "night-1")).await;
    assert_eq!(first.status, 202);
    assert_eq!(served.send(keyed(&served, IMPORTS, "night-1")).await.body["run"], first.body["run"]);
    assert_eq!(served.work(Job::FullImport).await.state, RunState::Succeeded);
    let again = served.send(keyed(&served, IMPORTS, "night-1")).await;
    assert_eq!((&again.body["run"], &again.body["state"]), (&first.body["run"], &json!("succeeded")));
    assert_eq!(served.invocations.take().len(), 1, "it is started once");
    assert_ne!(served.send(keyed(&served, IMPORTS, "night-2")).await.body["run"], first.body["run"]);

    let deltas = "/connections/acme/jobs/delta-sync/runs";
    let reused = served.send(keyed(&served, deltas, "night-1")).await;
    assert_eq!((reused.status, reused.problem()), (422, "key-reused"));
    for key in ["", "ä", &"x".repeat(256)] {
        let answer = served.send(served.request(Method::POST, IMPORTS).header("idempotency-key", key)).await;
        assert_eq!(answer.status, 400, "{key:?}");
    }
    assert_eq!(served.send(keyed(&served, IMPORTS, &"#".repeat(255))).await.status, 202);
}

#[tokio::test]
async fn requests_at_the_same_time_start_one_run() {
    let served = Served::of(5).await;
    let same = (0..8).map(|_| served.send(keyed(&served, IMPORTS, "once")));
    let others = (0..4).map(|_| served.post(IMPORTS));
    let (same, others) = tokio::join!(join_all(same), join_all(others));
    let runs: BTreeSet<String> = same.iter().chain(&others).map(|answer| answer.body["run"].to_string()).collect();
    assert!(same.iter().chain(&others).all(|answer| answer.status == 202), "{same:?}{others:?}");
    assert_eq!((runs.len(), served.invocations.take().len()), (1, 1));
}

#[tokio::test]
async fn a_run_that_is_at_work_is_joined() {
    let served = Served::of(5).await;
    let lease =
        served.world.context.directory.acquire("acme", Job::FullImport, "01JD0000000000000000000000").await.unwrap();
    let Acquired::New(lease) = lease else { panic!("nobody is at work") };
    for request in [served.request(Method::POST, IMPORTS), keyed(&served, IMPORTS, "k"), keyed(&served, IMPORTS, "k")] {
        let joined = served.send(request).await;
        assert_eq!((joined.status, &joined.body["run"]), (202, &json!("01JD0000000000000000000000")));
    }
    assert_eq!(served.invocations.take(), [], "somebody is at it");
    lease.finish().await.unwrap();
}

#[tokio::test]
async fn a_run_that_nobody_could_be_started_for_fails_and_the_next_trigger_takes_it_up() {
    let world = World::of(5).await;
    let served = Served::with(world, Invocations::refusing("acme").await).await;
    let refused = served.send(keyed(&served, IMPORTS, "k")).await;
    assert_eq!((refused.status, refused.problem()), (503, "not-started"));
    assert!(refused.headers.contains_key("retry-after"));
    let runs = served.get("/runs?connection=acme").await;
    let run = runs.items()[0].clone();
    assert_eq!((&run["state"], run["ended"].is_string()), (&json!("failed"), true), "it does not hang");

    // The key is free again, and the run the same.
    assert_eq!(served.send(keyed(&served, IMPORTS, "k")).await.status, 503);
    let report = served.work(Job::FullImport).await;
    assert_eq!((json!(report.run), report.state), (run["run"].clone(), RunState::Succeeded));
    assert_eq!(served.get("/runs").await.items().len(), 1);
}

#[tokio::test]
async fn held_deactivations_are_approved_or_discarded() {
    let setup = Setup { max_deactivations: 2, people: 40, ..Setup::default() };
    let served = Served::with(World::new(setup).await, Invocations::listen().await).await;
    served.world.imported().await;
    let leavers = served.world.active()[..8].to_vec();
    let hold = async || {
        let report = served.work(Job::FullImport).await;
        assert_eq!(report.state, RunState::Held, "{:?}", report.problem);
        report.run
    };
    served.world.sim.with(|org| leavers.iter().for_each(|id| assert!(org.deactivate(id))));

    let run = hold().await;
    let discarded = served.post(&format!("/runs/{run}/cancel")).await;
    assert_eq!((discarded.status, &discarded.body["state"]), (200, &json!("cancelled")));
    let late = served.post(&format!("/runs/{run}/approve")).await;
    assert_eq!((late.status, late.problem()), (409, "run-state"));

    let run = hold().await;
    let approved = served.post(&format!("/runs/{run}/approve")).await;
    assert_eq!((approved.status, &approved.body["state"]), (200, &json!("succeeded")), "{approved:?}");
    served.world.assert_true().await;
    let nobody = served.post("/runs/01JD0000000000000000000000/approve").await;
    assert_eq!((nobody.status, nobody.problem()), (404, "unknown-run"));
}

#[tokio::test]
async fn a_run_that_waits_is_cancelled_at_once() {
    let served = Served::of(5).await;
    let started = served.post(IMPORTS).await;
    let path = format!("/runs/{}", started.body["run"].as_str().unwrap());
    let cancelled = served.post(&format!("{path}/cancel")).await;
    assert_eq!((cancelled.status, &cancelled.body["state"]), (200, &json!("cancelled")));
    assert_eq!(served.post(&format!("{path}/cancel")).await.status, 409);
    assert_ne!(json!(served.work(Job::FullImport).await.run), started.body["run"]);
}
