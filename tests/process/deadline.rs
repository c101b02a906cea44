//! Lambda's time limit: a run goes on over as many invocations as it takes.

use std::time::Duration;

use okta_sim::{Fault, FaultKind, Match, Options};
use serde_json::Value;
use test_support::lambda::Function;
use test_support::world::{PEOPLE, Setup, World};

use crate::deployment::{deploy, event};

/// The run reports that the invocations answered; panics where one failed.
fn reports(function: &Function) -> Vec<Value> {
    let ended = function.ended();
    ended.into_iter().map(|invocation| invocation.answer.unwrap()["run"].take()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_import_longer_than_the_time_limit_is_one_run_over_many_invocations() {
    let latency = Duration::from_millis(500);
    let okta = Options { page_size_cap: 10, limit_per_minute: 60_000, latency, ..Options::default() };
    let world = World::new(Setup { people: 600, okta, ..Setup::default() }).await;
    let function = deploy(&world, Duration::from_secs(4)).await;

    function.invoke(event(&world)).await.unwrap();
    function.settle().await;

    let reports = reports(&function);
    let last = reports.last().unwrap();
    assert!(reports.len() > 2, "{last}");
    assert_eq!(last["state"], "succeeded", "{last}\n{}", function.logs());
    assert_eq!(last["invocations"], reports.len());
    assert!(reports.iter().all(|report| report["run"] == last["run"]));
    assert_eq!(last["mappings"][PEOPLE]["created"], world.headcount(), "{last}");
    assert_eq!(last["mappings"][PEOPLE]["read"], world.headcount(), "{last}");
    world.assert_true().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_org_that_hangs_costs_an_invocation_and_not_the_run() {
    let okta = Options { page_size_cap: 50, limit_per_minute: 60_000, ..Options::default() };
    let world = World::new(Setup { people: 300, okta, ..Setup::default() }).await;
    world.sim.inject(Fault::new(Match::path("/api/v1/users?").skip(2), FaultKind::Hang));
    let function = deploy(&world, Duration::from_secs(4)).await;

    function.invoke(event(&world)).await.unwrap();
    function.settle().await;

    let reports = reports(&function);
    let last = reports.last().unwrap();
    assert_eq!(last["state"], "succeeded", "{last}");
    assert!(reports.len() >= 2, "{last}");
    assert_eq!(last["invocations"], reports.len());
    assert!(reports.iter().all(|report| report["run"] == last["run"]));
    world.assert_true().await;
}
