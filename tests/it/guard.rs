//! The guard: more deactivations than a person should be surprised by wait in the hold until one agrees.

use std::time::Duration;

use okta_sim::{Fault, FaultKind, Match, Role};
use rollcall_shared::handlers::approve::approve;
use rollcall_shared::handlers::cancel::cancel;
use rollcall_shared::model::Reason;
use rollcall_shared::report::{RunReport, RunState};
use test_support::world::{PEOPLE, Setup, World, counts, problem};

const DAY: Duration = Duration::from_secs(24 * 3_600);

/// An org that has arrived, whose guard allows so many at a time.
async fn allowing(max_deactivations: u64) -> World {
    let world = World::new(Setup { people: 50, max_deactivations, ..Setup::default() }).await;
    assert_eq!(world.import().await.state, RunState::Succeeded);
    world.later(DAY);
    world
}

fn leave(world: &World, people: &[String]) {
    world.sim.with(|org| people.iter().for_each(|id| assert!(org.deactivate(id))));
    world.later(DAY);
}

/// Who of them waits in the hold of the mapping that admits everyone, in the order given.
async fn waiting(world: &World, people: &[String]) -> Vec<bool> {
    let held = world.held().await;
    people.iter().map(|id| held.contains(&(PEOPLE.to_owned(), id.clone()))).collect()
}

async fn approved(world: &World, run: &RunReport) -> RunReport {
    approve(&world.context, &run.run).await.expect("the run can be approved")
}

#[tokio::test]
async fn as_many_as_allowed_go_and_one_more_holds_them_all() {
    for (leavers, state) in [(3, RunState::Succeeded), (4, RunState::Held)] {
        let world = allowing(3).await;
        let active = world.active();
        leave(&world, &active[..leavers]);
        let report = world.import().await;
        assert_eq!(report.state, state, "{leavers} leavers: {:?}", report.problem);
        let held = state == RunState::Held;
        let expected = if held { (0, leavers as u64) } else { (leavers as u64, 0) };
        assert_eq!((counts(&report, PEOPLE).deactivated, counts(&report, PEOPLE).held), expected);
        assert!(report.mappings.values().all(|counts| counts.add_up() && counts.read == 50), "{report:?}");
        for id in &active[..leavers] {
            assert_eq!(world.standing(PEOPLE, id).await.is_none(), held);
        }
    }
}

#[tokio::test]
async fn everything_but_the_held_is_applied() {
    let world = allowing(1).await;
    let active = world.active();
    leave(&world, &active[..5]);
    world.sim.with(|org| org.rename(&active[6], "Grace", "Hopper"));
    let report = world.import().await;
    assert_eq!((report.state, problem(&report)), (RunState::Held, "held"));
    assert_eq!(world.record(PEOPLE, &active[6]).await.unwrap().fields["name"], "Grace Hopper");
    let again = world.import().await;
    assert_eq!((again.state, counts(&again, PEOPLE).held), (RunState::Held, 5));
}

#[tokio::test]
async fn approval_carries_out_the_list_and_nothing_beyond_it() {
    let world = allowing(2).await;
    let active = world.active();
    leave(&world, &active[..5]);
    let report = world.import().await;
    leave(&world, &active[5..6]);
    let approved = approved(&world, &report).await;
    assert_eq!((approved.state, approved.problem.is_none()), (RunState::Succeeded, true));
    assert_eq!((counts(&approved, PEOPLE).deactivated, counts(&approved, PEOPLE).held), (5, 0));
    assert!(counts(&approved, PEOPLE).add_up());
    for id in &active[..5] {
        assert_eq!(world.standing(PEOPLE, id).await, Some(Reason::Deactivated));
    }
    assert_eq!(world.standing(PEOPLE, &active[5]).await, None, "who left later was not on the list");
    assert_eq!(world.held().await, []);
    assert!(approve(&world.context, &report.run).await.is_err(), "there is nothing to approve any more");
    assert_eq!(world.import().await.state, RunState::Succeeded);
    world.assert_true().await;
}

#[tokio::test]
async fn who_came_back_before_the_approval_stays() {
    let world = allowing(2).await;
    let active = world.active();
    leave(&world, &active[..5]);
    let report = world.import().await;
    world.sim.with(|org| assert!(org.reactivate(&active[0])));
    let approved = approved(&world, &report).await;
    assert_eq!(approved.state, RunState::Succeeded);
    assert_eq!(world.standing(PEOPLE, &active[0]).await, None);
    assert_eq!(world.standing(PEOPLE, &active[1]).await, Some(Reason::Deactivated));
    world.assert_true().await;
}

#[tokio::test]
async fn a_later_run_adds_to_the_hold_and_drops_whom_okta_no_longer_bears_out() {
    let world = allowing(2).await;
    let active = world.active();
    leave(&world, &active[..4]);
    world.import().await;
    world.sim.with(|org| assert!(org.reactivate(&active[0])));
    leave(&world, &active[4..7]);
    let report = world.import().await;
    assert_eq!(report.state, RunState::Held);
    assert_eq!(waiting(&world, &active[..7]).await, [false, true, true, true, true, true, true]);
    assert_eq!(counts(&report, PEOPLE).held, 6);
    approved(&world, &report).await;
    world.assert_true().await;
}

#[tokio::test]
async fn a_hold_that_nothing_bears_out_any_more_is_closed() {
    let world = allowing(2).await;
    let active = world.active();
    leave(&world, &active[..4]);
    assert_eq!(world.import().await.state, RunState::Held);
    world.sim.with(|org| active[..4].iter().for_each(|id| assert!(org.reactivate(id))));
    let report = world.import().await;
    assert_eq!(report.state, RunState::Succeeded);
    assert_eq!(world.held().await, []);
    world.assert_true().await;
}

#[tokio::test]
async fn held_deletions_stay_borne_out_by_the_log() {
    let world = allowing(2).await;
    let active = world.active();
    world.sim.with(|org| active[..6].iter().for_each(|id| assert!(org.delete(id))));
    world.later(DAY);
    let first = world.import().await;
    assert_eq!((first.state, counts(&first, PEOPLE).held), (RunState::Held, 6), "{:?}", first.problem);
    world.later(DAY);
    let second = world.import().await;
    assert_eq!((second.state, counts(&second, PEOPLE).held), (RunState::Held, 6), "{:?}", second.problem);
    assert_eq!(world.unsynced().await, []);
    world.later(DAY);
    assert_eq!(approved(&world, &second).await.state, RunState::Succeeded);
    world.assert_true().await;
    assert_eq!(world.import().await.state, RunState::Succeeded);
}

#[tokio::test]
async fn deletions_that_were_discarded_are_found_again() {
    let world = allowing(2).await;
    let active = world.active();
    world.sim.with(|org| active[..6].iter().for_each(|id| assert!(org.delete(id))));
    world.later(DAY);
    let first = world.import().await;
    cancel(&world.context, &first.run).await.unwrap();
    world.later(DAY);
    let second = world.import().await;
    assert_eq!((second.state, counts(&second, PEOPLE).held), (RunState::Held, 6), "{:?}", second.problem);
    assert_eq!(world.unsynced().await, []);
}

#[tokio::test]
async fn discarding_a_hold_changes_nobody_and_a_later_run_finds_the_same_again() {
    let world = allowing(2).await;
    let active = world.active();
    leave(&world, &active[..4]);
    let report = world.import().await;
    let before = world.directory().await;
    let cancelled = cancel(&world.context, &report.run).await.unwrap();
    assert_eq!(cancelled.state, RunState::Cancelled);
    assert_eq!((world.directory().await, world.held().await), (before, vec![]));
    assert_eq!(world.import().await.state, RunState::Held);
    assert_eq!(waiting(&world, &active[..4]).await, [true; 4]);
}

#[tokio::test]
async fn a_rolling_day_has_three_allowances() {
    let world = allowing(3).await;
    let active = world.active();
    for round in 0..3 {
        leave(&world, &active[round * 3..round * 3 + 3]);
        assert_eq!(world.import().await.state, RunState::Succeeded, "round {round}");
    }
    leave(&world, &active[9..10]);
    let report = world.import().await;
    assert_eq!((report.state, counts(&report, PEOPLE).held), (RunState::Held, 1));
    // Approved ones are no reason for the guard to be wary.
    approved(&world, &report).await;
    world.assert_true().await;
}

#[tokio::test]
async fn what_the_first_import_created_itself_needs_nobodys_approval() {
    let world = World::new(Setup { people: 50, max_deactivations: 1, ..Setup::default() }).await;
    let active = world.active();
    let sim = world.sim.clone();
    let leavers = active[..6].to_vec();
    world.sim.inject(okta_sim::Fault::new(
        okta_sim::Match::path("/api/v1/users?filter=lastUpdated"),
        okta_sim::FaultKind::Slow(Duration::from_millis(1)),
    ));
    let leaving = tokio::spawn(async move {
        while sim.calls().iter().filter(|call| call.path_and_query.contains("search=")).count() < 5 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        sim.with(|org| leavers.iter().for_each(|id| assert!(org.deactivate(id))));
    });
    let report = world.import().await;
    leaving.await.unwrap();
    assert_eq!(report.state, RunState::Succeeded, "{:?}", report.problem);
    assert_eq!(world.import().await.state, RunState::Succeeded);
    world.assert_true().await;
}

#[tokio::test]
async fn missing_always_waits_and_is_approved_like_the_others() {
    let world = allowing(20).await;
    let person = world.active()[0].clone();
    world.sim.with(|org| org.delete(&person));
    world.sim.set_role(Role::NoLog);
    let report = world.import().await;
    assert_eq!((report.state, counts(&report, PEOPLE).held), (RunState::Held, 1));
    let again = world.import().await;
    assert_eq!((again.state, counts(&again, PEOPLE).held), (RunState::Held, 1));
    assert_eq!(approved(&world, &again).await.state, RunState::Succeeded);
    assert_eq!(world.standing(PEOPLE, &person).await, Some(Reason::Missing));
    let next = world.import().await;
    assert_eq!(next.state, RunState::Succeeded);
    assert_eq!(world.standing(PEOPLE, &person).await, Some(Reason::Missing));
}

#[tokio::test]
async fn a_missing_one_waits_on_though_the_log_can_be_read_again() {
    let world = allowing(20).await;
    let person = world.active()[0].clone();
    world.sim.with(|org| org.vanish(&person));
    world.sim.set_role(Role::NoLog);
    assert_eq!(world.import().await.state, RunState::Held);
    world.sim.set_role(Role::ReadOnlyAdmin);
    world.later(DAY);
    let report = world.import().await;
    assert_eq!((report.state, counts(&report, PEOPLE).held), (RunState::Held, 1), "{report:?}");
    assert_eq!(world.standing(PEOPLE, &person).await, None);
}

#[tokio::test]
async fn nothing_is_approved_by_a_credential_that_sees_nobody() {
    let world = allowing(2).await;
    let active = world.active();
    world.sim.with(|org| active[..4].iter().for_each(|id| assert!(org.delete(id))));
    let report = world.import().await;
    assert_eq!(report.state, RunState::Held);
    world.sim.set_role(Role::None);
    let before = world.directory().await;
    assert!(approve(&world.context, &report.run).await.is_err());
    assert_eq!(world.directory().await, before);
    world.sim.set_role(Role::ReadOnlyAdmin);
    approved(&world, &report).await;
    world.assert_true().await;
}

#[tokio::test]
async fn an_alarm_comes_when_a_hold_opens_and_when_it_has_doubled() {
    let world = allowing(2).await;
    let active = world.active();
    let alarmed = async || world.context.directory.hold("acme").await.unwrap().and_then(|hold| hold.alarmed);
    let mut known: Vec<u64> = Vec::new();
    for leavers in [0..3, 3..6, 6..9, 9..12, 12..15] {
        leave(&world, &active[leavers]);
        assert_eq!(world.import().await.state, RunState::Held);
        let waiting = world.held().await.len() as u64;
        let last = known.last().copied();
        known.push(last.filter(|last| waiting < last * 2).unwrap_or(waiting));
        assert_eq!(alarmed().await, known.last().copied(), "{waiting} wait");
    }
    known.dedup();
    assert!((2..5).contains(&known.len()), "not with every run: {known:?}");
    let last = world.import().await;
    approved(&world, &last).await;
    assert_eq!(alarmed().await, None);
}

#[tokio::test]
async fn whom_another_job_holds_meanwhile_waits_and_is_not_carried_out() {
    let world = allowing(2).await;
    let active = world.active();
    world.sim.with(|org| active[..4].iter().for_each(|id| assert!(org.deactivate(id))));
    world.sim.clear_calls();
    // The delta has looked at the hold, and waits for its list while an import holds the same people.
    let list = Match::path("/api/v1/users?filter=lastUpdated");
    world.sim.inject(Fault::new(list, FaultKind::Slow(Duration::from_secs(4))).times(1));
    let import = async {
        while !world.sim.calls().iter().any(|call| call.path_and_query.contains("filter=lastUpdated")) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        world.import().await
    };
    let (delta, import) = tokio::join!(world.delta(), import);
    assert_eq!((import.state, counts(&import, PEOPLE).held), (RunState::Held, 4), "{:?}", import.problem);
    assert_eq!((delta.state, counts(&delta, PEOPLE).held), (RunState::Held, 4), "{:?}", delta.problem);
    assert_eq!(counts(&delta, PEOPLE).deactivated, 0);
    assert_eq!(waiting(&world, &active[..4]).await, [true; 4]);
    for id in &active[..4] {
        assert_eq!(world.standing(PEOPLE, id).await, None);
    }
}
