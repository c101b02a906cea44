//! Lambda's time limit: a run goes on over as many invocations as it takes.

use std::time::Duration;

use okta_sim::{Fault, FaultKind, Match, Options};
use serde_json::Value;
use test_support::lambda::Function;
use test_support::world::{Job, PEOPLE, Setup, World};

use crate::deployment::{deploy, event, settled};

/// Triggers the import until it has ended, and gives what the invocations answered.
///
/// One trigger is enough where the machine keeps up. On one that is very busy an invocation may miss its time limit and
/// be killed: then the next trigger takes the run up, as a schedule's would.
async fn import_to_the_end(world: &World, function: &Function) -> Vec<Value> {
    for _ in 0..10 {
        let _ = function.invoke(event(world)).await;
        settled(function).await;
        let last = function.ended().pop().unwrap();
        if !last.answer.is_err_and(|error| error.is_timeout()) {
            break;
        }
        world.let_the_lease_lapse(Job::FullImport).await;
    }
    let answers = function.ended().into_iter().map(|invocation| invocation.answer);
    let answers = answers.filter(|answer| !answer.as_ref().is_err_and(|error| error.is_timeout()));
    answers.map(|answer| answer.unwrap()["run"].take()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_import_longer_than_the_time_limit_is_one_run_over_many_invocations() {
    let latency = Duration::from_millis(400);
    let okta = Options { page_size_cap: 10, limit_per_minute: 60_000, latency, ..Options::default() };
    let world = World::new(Setup { people: 600, okta, ..Setup::default() }).await;
    let function = deploy(&world, Duration::from_secs(4)).await;

    let reports = import_to_the_end(&world, &function).await;

    let last = reports.last().unwrap();
    assert!(reports.len() > 2, "{last}");
    assert_eq!(last["state"], "succeeded", "{last}\n{}", function.logs());
    assert!(last["invocations"].as_u64().unwrap() >= reports.len() as u64, "{last}");
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

    let reports = import_to_the_end(&world, &function).await;

    let last = reports.last().unwrap();
    assert_eq!(last["state"], "succeeded", "{last}");
    assert!(last["invocations"].as_u64().unwrap() >= 2, "{last}");
    assert!(reports.iter().all(|report| report["run"] == last["run"]));
    world.assert_true().await;
}
