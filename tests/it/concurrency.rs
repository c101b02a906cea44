//! Several at once: one runs and the others join it, what lapsed is taken up, and who lost the lease harms nobody.

use std::time::Duration;

use futures::future::join_all;
use okta_sim::Options;
use rollcall_shared::directory::Acquired;
use rollcall_shared::model::Reason;
use rollcall_shared::report::{RunReport, RunState};
use test_support::world::{Job, PEOPLE, Setup, World, assert_adds_up, counts, import};

use super::delta::{Scene, usual};

/// A world whose org answers slowly enough to do something meanwhile.
async fn slow() -> World {
    let okta = Options {
        page_size_cap: 5,
        limit_per_minute: 600_000,
        latency: Duration::from_millis(60),
        ..Options::default()
    };
    World::new(Setup { people: 40, okta, ..Setup::default() }).await
}

#[tokio::test]
async fn of_two_imports_started_at_once_one_runs_and_the_other_joins() {
    let world = slow().await;
    let processes = [world.new_process().await, world.new_process().await, world.new_process().await];
    let reports = join_all(processes.iter().map(|process| import(process, &world.connection.name))).await;
    let reports: Vec<RunReport> = reports.into_iter().map(Result::unwrap).collect();
    assert!(reports.iter().all(|report| report.run == reports[0].run), "{reports:?}");
    assert_eq!(reports.iter().filter(|report| report.state == RunState::Succeeded).count(), 1, "{reports:?}");
    assert_eq!(reports.iter().filter(|report| report.state == RunState::Running).count(), 2, "{reports:?}");
    world.assert_true().await;
}

#[tokio::test]
async fn a_holder_who_lost_the_lease_cannot_undo_what_its_successor_wrote() {
    let world = slow().await;
    let (first, second) = (world.new_process().await, world.new_process().await);
    let name = world.connection.name.clone();
    let zombie = tokio::spawn(async move { import(&first, &name).await });
    while world.sim.calls().len() < 4 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    world.let_the_lease_lapse(Job::FullImport).await;
    let report = import(&second, &world.connection.name).await.unwrap();
    assert_eq!(report.state, RunState::Succeeded, "{:?}", report.problem);
    assert_eq!(report.invocations, 2, "it took the run up");
    assert_adds_up(&report, 40);
    let zombie = zombie.await.unwrap();
    assert!(zombie.is_err() || zombie.is_ok_and(|report| report.state == RunState::Failed));
    let stored = world.context.directory.run(&report.run).await.unwrap().unwrap();
    assert_eq!((stored.state, &stored.mappings), (RunState::Succeeded, &report.mappings));
    world.assert_true().await;
    assert_eq!(counts(&world.import().await, PEOPLE).unchanged, 40);
}

#[tokio::test]
async fn what_died_before_it_had_a_report_is_a_run_of_its_own_and_none_that_polls_share() {
    let Scene { world, people, .. } = usual().await;
    let shared = world.deprovision().await;
    let name = &world.connection.name;
    let lease = world.context.directory.acquire(name, Job::Deprovisioning, "01KAE8V5ZJ0000000000000000").await.unwrap();
    let Acquired::New(lease) = lease else { panic!("{} is not finished", shared.run) };
    lease.pause().await.unwrap();
    assert!(world.sim.with(|org| org.deactivate(&people[15])));

    let report = world.deprovision().await;
    assert_eq!((report.run.as_str(), report.state), ("01KAE8V5ZJ0000000000000000", RunState::Succeeded));
    assert_eq!(world.standing(PEOPLE, &people[15]).await, Some(Reason::Deactivated));
    let runs = world.context.directory.runs(name).await.unwrap();
    assert!(runs.iter().all(|run| run.ended.is_some()), "{runs:?}");
    world.assert_true().await;
}

#[tokio::test]
async fn whoever_takes_a_run_up_too_late_does_not_say_that_it_is_at_work() {
    let world = World::of(5).await;
    let (ended, directory) = (world.import().await, &world.context.directory);
    // Its holder lost the lease to another before it could give it up, and that one is slow.
    let slow = directory.acquire(&world.connection.name, Job::FullImport, &ended.run).await.unwrap();
    let Acquired::New(slow) = slow else { panic!("{} is not finished", ended.run) };
    world.let_the_lease_lapse(Job::FullImport).await;
    let next = world.import().await;
    assert_ne!(next.run, ended.run);

    let at_work = RunReport { state: RunState::Running, ended: None, invocations: 2, ..ended.clone() };
    assert!(directory.put_run(&slow, &at_work).await.is_err());
    assert_eq!(directory.run(&ended.run).await.unwrap(), Some(ended));
}

#[tokio::test]
async fn connections_of_one_deployment_do_not_touch_each_others_records() {
    let world = World::of(20).await;
    let stack = Some(std::sync::Arc::clone(&world.stack));
    let setup = Setup { people: 25, seed: 2, connection: "acme-2".to_owned(), stack, ..Setup::default() };
    let other = World::new(setup).await;
    let (one, two) = tokio::join!(world.import(), other.import());
    assert_adds_up(&one, 20);
    assert_adds_up(&two, 25);
    world.assert_true().await;
    other.assert_true().await;
}
