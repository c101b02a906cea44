//! The real `delta-sync` binary, end to end: under an emulated Lambda, against a simulated Okta and an embedded DynamoDB.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop where it is")]

mod follower;

use std::time::Duration;

use okta_sim::{Fault, FaultKind, Match};
use test_support::world::World;

use crate::follower::{arrived, asks_for_an_import, deploy, follows};

const BINARY: &str = env!("CARGO_BIN_EXE_delta-sync");
/// So many pages of changed people are too many for one invocation.
const LEAVERS: usize = 150;
const LONG: Duration = Duration::from_secs(60);

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
