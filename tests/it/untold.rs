//! Of whom Okta could not tell for a moment, nobody is deactivated, and nobody is forgotten: the next look begins where this
//! one did.

use std::time::Duration;

use okta_sim::{Fault, FaultKind, Match, Role};
use rollcall_shared::directory::Acquired;
use rollcall_shared::handlers::approve::approve;
use rollcall_shared::model::{Change, Job, Reason, RejectionReason};
use rollcall_shared::report::{RunReport, RunState};
use test_support::wire::{Cut, When, Wire};
use test_support::world::{LOGINS, PEOPLE, Setup, World, counts, delta, deprovision, import};

use super::delta::{HOUR, Scene, usual};

const DAY: Duration = Duration::from_secs(24 * 3_600);

#[tokio::test]
async fn an_import_is_not_complete_that_lost_its_role_for_a_moment_and_could_not_ask_for_a_leavers_groups() {
    let Scene { world, people, users, .. } = usual().await;
    world.sim.with(|org| assert!(org.remove_from_group(&people[6], &users)));
    world.later(DAY);
    let groups = Match::path(&format!("/api/v1/users/{}/groups", people[6]));
    world.sim.inject(Fault::new(groups, FaultKind::Status(404)).times(1));
    // Seen when the run began, and at its end.
    let everyone = Match::path("/api/v1/groups?").query("BUILT_IN").skip(1);
    world.sim.inject(Fault::new(everyone, FaultKind::EmptyList).times(1));
    let report = world.import().await;
    assert_eq!((report.state, counts(&report, LOGINS).stale), (RunState::Succeeded, 1), "{report:?}");
    assert!(report.warnings.iter().any(|warning| warning.contains("not complete")), "{:?}", report.warnings);
    world.later(DAY);
    // The delta begins where the one before the import did, and lists the group again.
    assert_eq!(world.delta().await.state, RunState::Succeeded);
    assert_eq!(world.standing(LOGINS, &people[6]).await, Some(Reason::OutOfScope));
    world.assert_true().await;
}

#[tokio::test]
async fn whose_groups_are_withheld_is_unsynced_and_stops_nobody_else() {
    let Scene { world, people, users, .. } = usual().await;
    world.sim.with(|org| assert!(org.remove_from_group(&people[6], &users)));
    world.later(DAY);
    let groups = Match::path(&format!("/api/v1/users/{}/groups", people[6]));
    world.sim.inject(Fault::new(groups, FaultKind::Status(403)).times(100));
    let report = world.import().await;
    assert_eq!((report.state, counts(&report, LOGINS).unsynced), (RunState::Succeeded, 1), "{report:?}");
    assert_eq!(report.warnings, Vec::<String>::new());
    let [row] = world.unsynced().await.try_into().unwrap();
    assert_eq!((row.mapping.as_str(), &row.id, row.reason), (LOGINS, &people[6], RejectionReason::Withheld));
    world.sim.clear_faults();
    assert_eq!(world.import().await.state, RunState::Succeeded);
    assert_eq!(world.standing(LOGINS, &people[6]).await, Some(Reason::OutOfScope));
    assert_eq!(world.unsynced().await, []);
    world.assert_true().await;
}

#[tokio::test]
async fn a_leaver_of_a_group_who_was_out_of_sight_for_a_moment_is_asked_for_once_more() {
    let Scene { world, people, users, .. } = usual().await;
    world.sim.with(|org| assert!(org.remove_from_group(&people[6], &users)));
    world.later(HOUR);
    let person = Match::path(&format!("/api/v1/users/{}", people[6]));
    world.sim.inject(Fault::new(person, FaultKind::Status(404)).times(1));
    assert_eq!(world.delta().await.state, RunState::Succeeded);
    assert_eq!(world.standing(LOGINS, &people[6]).await, Some(Reason::OutOfScope));
    world.assert_true().await;
}

#[tokio::test]
async fn a_list_of_somebodys_groups_without_any_is_asked_for_once_more() {
    let Scene { world, people, admins, .. } = usual().await;
    assert_eq!(world.deprovision().await.state, RunState::Succeeded);
    world.sim.with(|org| assert!(org.add_to_group(&people[6], &admins)));
    let groups = Match::path(&format!("/api/v1/users/{}/groups", people[6]));
    world.sim.inject(Fault::new(groups, FaultKind::EmptyList).times(1));
    let report = world.deprovision().await;
    assert_eq!((report.state, counts(&report, LOGINS).deactivated), (RunState::Succeeded, 0), "{report:?}");
    assert_eq!(world.record(LOGINS, &people[6]).await.unwrap().role.as_deref(), Some("administrator"));
}

/// An org of fifty that has arrived, one of whom was out of sight for one import and waits in the hold: the log was out of
/// reach as well, and could not tell.
async fn one_is_missing() -> (World, String, RunReport) {
    let world = World::new(Setup { people: 50, ..Setup::default() }).await;
    assert_eq!(world.import().await.state, RunState::Succeeded);
    world.later(DAY);
    let list = Match::path("/api/v1/users?").query("search=");
    world.sim.inject(Fault::new(list, FaultKind::MissingObject).times(1));
    world.sim.inject(Fault::new(Match::path("/api/v1/users?filter=id"), FaultKind::EmptyList).times(100));
    world.sim.inject(Fault::new(Match::path("/api/v1/users/"), FaultKind::Status(404)).times(100));
    world.sim.set_role(Role::NoLog);
    let report = world.import().await;
    assert_eq!((report.state, counts(&report, PEOPLE).held), (RunState::Held, 1), "{report:?}");
    world.sim.clear_faults();
    world.sim.set_role(Role::ReadOnlyAdmin);
    let missing = world.sim.left_out().into_iter().next().expect("somebody was left out");
    world.later(HOUR);
    (world, missing, report)
}

#[tokio::test]
async fn somebody_back_in_sight_who_has_left_stays_in_the_hold_until_a_person_decides() {
    let (world, missing, _) = one_is_missing().await;
    world.sim.with(|org| assert!(org.deactivate(&missing)));
    world.later(DAY);
    let report = world.import().await;
    assert_eq!(world.held().await, [(PEOPLE.to_owned(), missing.clone())], "{report:?}");
    let approved = approve(&world.context, &report.run).await.unwrap();
    assert_eq!((approved.state, counts(&approved, PEOPLE).deactivated), (RunState::Succeeded, 1));
    assert_eq!(world.standing(PEOPLE, &missing).await, Some(Reason::Deactivated));
    world.assert_true().await;
}

#[tokio::test]
async fn a_role_that_is_lost_during_an_approval_deactivates_nobody_who_is_back_in_sight() {
    let (world, missing, report) = one_is_missing().await;
    world.sim.inject(Fault::new(Match::path(&format!("/api/v1/users/{missing}")), FaultKind::LoseRole));
    let approved = approve(&world.context, &report.run).await.unwrap();
    assert_eq!((approved.state, world.standing(PEOPLE, &missing).await), (RunState::Held, None));
    world.sim.set_role(Role::ReadOnlyAdmin);
    let approved = approve(&world.context, &report.run).await.unwrap();
    assert_eq!((approved.state, world.standing(PEOPLE, &missing).await), (RunState::Succeeded, None));
    world.assert_true().await;
}

#[tokio::test]
async fn what_somebody_held_after_an_import_had_met_them_is_not_taken_for_refuted() {
    let world = World::new(Setup { people: 50, max_deactivations: 2, ..Setup::default() }).await;
    assert_eq!(world.import().await.state, RunState::Succeeded);
    world.later(DAY);
    let people = world.active();
    world.sim.with(|org| assert!(people[..4].iter().all(|id| org.deactivate(id))));
    world.later(DAY);
    let report = world.import().await;
    // It began before, and is at work still.
    add_to_the_hold(&world, &report, (&people[0], &people[4])).await;
    let next = world.import().await;
    assert_eq!(next.state, RunState::Held);
    assert!(world.held().await.contains(&(PEOPLE.to_owned(), people[4].clone())), "{next:?}");
}

/// A delta that is at work has added somebody to the hold, and has not said so yet.
async fn add_to_the_hold(world: &World, held: &RunReport, (like, id): (&str, &str)) {
    let (directory, name) = (&world.context.directory, &world.connection.name);
    let like = directory.held_change(name, PEOPLE, like).await.unwrap().expect("an entry");
    let run = "00000000000000000000000001";
    let Acquired::New(lease) = directory.acquire(name, Job::DeltaSync, run).await.unwrap() else {
        panic!("a delta is at work");
    };
    let (run, job, state) = (run.to_owned(), Job::DeltaSync, RunState::Running);
    directory.put_run(&lease, &RunReport { run, job, state, ended: None, ..held.clone() }).await.unwrap();
    directory.add_held(&lease, PEOPLE, &Change { id: id.to_owned(), ..like }).await.unwrap();
    lease.pause().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whom_a_run_that_was_taken_up_under_a_lost_role_could_not_tell_of_are_looked_at_again() {
    for job in [Job::FullImport, Job::DeltaSync, Job::Deprovisioning] {
        let wire = Wire::default();
        let world = World::new(Setup { people: 30, wire: Some(wire.clone()), ..Setup::default() }).await;
        assert_eq!(world.import().await.state, RunState::Succeeded);
        let calls = {
            leave(&world);
            wire.mend();
            run(&world, job).await;
            wire.calls()
        };
        let mut undecided = 0;
        for ago in (1..calls).step_by(3).take(30) {
            let leavers = leave(&world);
            killed_at(&world, job, &wire, calls - ago).await;
            // So late that what was collected has to be seen again, which it cannot be.
            world.later(Duration::from_secs(3_600));
            world.sim.set_role(Role::None);
            let report = run(&world, job).await;
            world.sim.set_role(Role::ReadOnlyAdmin);
            let is_told = report.warnings.iter().any(|warning| warning.contains("could not be settled"));
            if report.state == RunState::Succeeded && counts(&report, PEOPLE).stale > 0 {
                assert!(is_told, "{report:?}");
                undecided += 1;
            }
            let next = if job == Job::FullImport { Job::DeltaSync } else { job };
            assert_eq!(run(&world, next).await.state, RunState::Succeeded);
            for leaver in &leavers {
                let standing = world.standing(PEOPLE, leaver).await;
                assert_eq!(
                    standing,
                    Some(Reason::Deactivated),
                    "{job:?} killed {ago} calls before its end: {report:?}"
                );
            }
        }
        world.assert_true().await;
        assert!(undecided > 0, "no kill was between the decision on a deactivation and its write");
    }
}

/// Two people leave, a day after whatever was before.
fn leave(world: &World) -> Vec<String> {
    world.later(DAY);
    let leavers: Vec<String> = world.active().into_iter().take(2).collect();
    world.sim.with(|org| assert!(leavers.iter().all(|id| org.deactivate(id))));
    world.later(DAY);
    leavers
}

async fn run(world: &World, job: Job) -> RunReport {
    match job {
        Job::DeltaSync => world.delta().await,
        Job::Deprovisioning => world.deprovision().await,
        _ => world.import().await,
    }
}

/// A run whose process dies at a call, if it comes to it.
async fn killed_at(world: &World, job: Job, wire: &Wire, call: u64) {
    let (process, connection) = (world.new_process().await, world.connection.name.clone());
    let running = async move {
        match job {
            Job::DeltaSync => delta(&process, &connection).await,
            Job::Deprovisioning => deprovision(&process, &connection).await,
            _ => import(&process, &connection).await,
        }
    };
    wire.kill(Cut { at: call, when: When::BeforeItsEffect }, running).await;
    world.let_the_lease_lapse(job).await;
}
