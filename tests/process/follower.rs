//! A function that follows an import, deployed for itself: what holds of each of them. Which it is, and how many leavers are
//! too many for one invocation, the crate says.

use std::time::Duration;

use okta_sim::{Fault, FaultKind, Match, Options};
use serde_json::{Value, json};
use test_support::lambda::{Function, environment};
use test_support::world::{PEOPLE, Setup, World};

use crate::{BINARY, LEAVERS};

const LONG: Duration = Duration::from_secs(60);
/// Where the function's schedule brings it to.
const OFTEN: &str = "rate(1 minute)";

/// An org that was imported, and its people who are active.
async fn arrived() -> (World, Vec<String>) {
    let okta = Options { page_size_cap: 20, limit_per_minute: 60_000, ..Options::default() };
    let world = World::new(Setup { people: 300, max_deactivations: 1_000, okta, ..Setup::default() }).await;
    world.imported().await;
    world.later(Duration::from_secs(3_600));
    let active = world.active();
    (world, active)
}

/// Deploys a binary on a world's stack.
async fn deploy(world: &World, binary: &str, time_limit: Duration) -> Function {
    let mut environment = environment(&world.stack);
    environment.insert("ROLLCALL_SCHEDULE".to_owned(), OFTEN.to_owned());
    Function::deploy(binary.as_ref(), environment, time_limit).await.unwrap()
}

/// A trigger for all connections, and the reports of the runs that came of it, in the order of their ends.
async fn trigger(function: &Function) -> Vec<Value> {
    let started = function.invoke(json!({})).await.unwrap();
    assert_eq!(started["started"], json!(["acme"]), "{}", function.logs());
    tokio::time::timeout(Duration::from_secs(120), function.settle()).await.unwrap();
    let answers = function.ended().into_iter().filter_map(|invocation| invocation.answer.ok());
    answers.filter(|answer| answer["run"].is_object()).map(|mut answer| answer["run"].take()).collect()
}

/// A trigger after which the directory is right, in so many invocations of one run at least; and whom it deactivated.
async fn follows(world: &World, function: &Function, invocations: u64) -> u64 {
    let reports = trigger(function).await;
    let last = reports.last().unwrap();
    assert_eq!(last["state"], "succeeded", "{last}\n{}", function.logs());
    assert!(last["invocations"].as_u64().unwrap() >= invocations, "{last}");
    assert!(reports.iter().all(|report| report["run"] == last["run"]), "{reports:#?}");
    world.assert_true().await;
    last["mappings"][PEOPLE]["deactivated"].as_u64().unwrap()
}

/// A trigger before anything was imported, where no function of the import is known: the error says what has to come
/// first.
async fn asks_for_an_import(function: &Function) {
    function.invoke(json!({})).await.unwrap();
    tokio::time::timeout(Duration::from_secs(120), function.settle()).await.unwrap();
    let errors: Vec<_> = function.ended().into_iter().filter_map(|invocation| invocation.answer.err()).collect();
    let [error] = &errors[..] else { panic!("one error, not {errors:?}") };
    assert_eq!(error.kind, "urn:rollcall:problem:never-imported", "{error}");
    assert!(error.message.contains("has never been imported"), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn leavers_are_inactive_after_a_trigger() {
    let (world, people) = arrived().await;
    let function = deploy(&world, BINARY, LONG).await;
    world.sim.with(|org| people[..12].iter().for_each(|id| assert!(org.deactivate(id))));
    assert_eq!(follows(&world, &function, 1).await, 12);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_takes_longer_than_the_time_limit_is_one_run_over_many_invocations() {
    let (world, people) = arrived().await;
    let slow = FaultKind::Slow(Duration::from_millis(700));
    world.sim.inject(Fault::new(Match::any(), slow).times(10_000));
    let function = deploy(&world, BINARY, Duration::from_secs(4)).await;
    world.sim.with(|org| people[..LEAVERS].iter().for_each(|id| assert!(org.suspend(id))));
    assert_eq!(follows(&world, &function, 2).await, LEAVERS as u64);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn before_the_first_import_it_says_what_has_to_come_first() {
    let world = World::of(10).await;
    asks_for_an_import(&deploy(&world, BINARY, LONG).await).await;
}
