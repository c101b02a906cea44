//! The real `service-discovery` binary, end to end: under an emulated Lambda, against a simulated Okta and an embedded
//! DynamoDB.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop where it is")]

use std::time::Duration;

use okta_sim::{NewApp, Options};
use serde_json::{Value, json};
use test_support::lambda::{Function, environment};
use test_support::services;
use test_support::world::{Setup, World};

const BINARY: &str = env!("CARGO_BIN_EXE_service-discovery");

/// Deploys the function on a world's stack, lets its schedule wake it once, and gives the runs that came of it, in the order
/// of their ends.
async fn woken(world: &World, time_limit: Duration) -> Vec<Value> {
    let mut environment = environment(&world.stack);
    environment.insert("ROLLCALL_SCHEDULE".to_owned(), "rate(1 minute)".to_owned());
    let function = Function::deploy(BINARY.as_ref(), environment, time_limit).await.unwrap();
    let started = function.invoke(json!({})).await.unwrap();
    assert_eq!(started["started"], json!(["acme"]), "{}", function.logs());
    tokio::time::timeout(Duration::from_secs(120), function.settle()).await.unwrap();
    let answers = function.ended().into_iter().filter_map(|invocation| invocation.answer.ok());
    answers.filter(|answer| answer["run"].is_object()).map(|mut answer| answer["run"].take()).collect()
}

#[tokio::test]
async fn a_trigger_discovers_the_services() {
    let world = services::world(40, Setup::default()).await;
    let began = world.sim.with(|org| org.now());
    let reports = woken(&world, Duration::from_secs(60)).await;
    let [report] = &reports[..] else { panic!("one run, not {reports:#?}") };
    assert_eq!((report["state"].as_str(), report["job"].as_str()), (Some("succeeded"), Some("service-discovery")));
    services::assert_true(&world, began).await;
}

#[tokio::test]
async fn what_is_too_much_for_one_invocation_goes_on_in_the_next() {
    // The log's 150 sign-ons are 15 pages, and the people of one application 12: at a tenth of a second each they take
    // longer than an invocation of less may.
    let okta = Options { page_size_cap: 10, latency: Duration::from_millis(100), ..Options::default() };
    let world = services::world(6, Setup { people: 120, okta, ..Setup::default() }).await;
    world.sim.with(|org| {
        let (app, everyone) = (org.create_app(NewApp::new("bookmark", "Wiki")), org.everyone().to_owned());
        assert!(org.assign_group(&everyone, &app));
    });
    let began = world.sim.with(|org| org.now());
    let reports = woken(&world, Duration::from_millis(2_500)).await;
    let last = reports.last().unwrap();
    assert_eq!(last["state"], "succeeded", "{last}");
    assert!(last["invocations"].as_u64().unwrap() >= 2, "{last}");
    assert!(reports.iter().all(|report| report["run"] == last["run"]), "{reports:#?}");
    services::assert_true(&world, began).await;
}
