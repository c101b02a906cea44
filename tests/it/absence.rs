//! Absence is not evidence: who is not listed is asked for, and only the system log makes a 404 a deletion.

use std::time::Duration;

use okta_sim::{Fault, FaultKind, Match, Role};
use rollcall_shared::model::{Reason, RejectionReason};
use rollcall_shared::report::RunState;
use test_support::world::{CUSTODIANS, PEOPLE, World, assert_adds_up, counts, problem};

const DAY: Duration = Duration::from_secs(24 * 3_600);

/// A world whose org has arrived, a day ago.
async fn arrived(people: usize) -> World {
    let world = World::of(people).await;
    assert_eq!(world.import().await.state, RunState::Succeeded);
    world.later(DAY);
    world
}

#[tokio::test]
async fn who_was_deleted_is_inactive_in_every_mapping() {
    let world = arrived(40).await;
    let custodian = world.records(CUSTODIANS).await.into_keys().next().unwrap();
    world.sim.with(|org| org.delete(&custodian));
    world.later(DAY);
    let report = world.import().await;
    assert_eq!(report.state, RunState::Succeeded, "{:?}", report.problem);
    assert_eq!((counts(&report, PEOPLE).deactivated, counts(&report, CUSTODIANS).deactivated), (1, 1));
    assert_eq!(world.standing(PEOPLE, &custodian).await, Some(Reason::Deleted));
    assert_eq!(world.standing(CUSTODIANS, &custodian).await, Some(Reason::Deleted));
    world.assert_true().await;
    let before = world.directory().await;
    let again = world.import().await;
    assert_adds_up(&again, 39);
    assert_eq!(world.directory().await, before);
}

#[tokio::test]
async fn who_was_inactive_before_becomes_deleted_all_the_same() {
    let world = arrived(40).await;
    let person = world.active()[0].clone();
    world.sim.with(|org| org.suspend(&person));
    world.import().await;
    world.sim.with(|org| org.delete(&person));
    let report = world.import().await;
    assert_eq!((report.state, counts(&report, PEOPLE).updated), (RunState::Succeeded, 1));
    assert_eq!(world.standing(PEOPLE, &person).await, Some(Reason::Deleted));
    world.assert_true().await;
}

#[tokio::test]
async fn who_vanished_without_an_event_stays_as_they_are_and_is_reported() {
    let world = arrived(40).await;
    let person = world.active()[0].clone();
    let before = world.record(PEOPLE, &person).await;
    world.sim.with(|org| org.vanish(&person));
    let report = world.import().await;
    assert_eq!(report.state, RunState::Succeeded);
    assert_eq!((counts(&report, PEOPLE).deactivated, counts(&report, PEOPLE).unsynced), (0, 1));
    assert!(counts(&report, PEOPLE).add_up());
    assert_eq!(world.record(PEOPLE, &person).await, before);
    let rows = world.unsynced().await;
    let row = rows.iter().find(|row| row.mapping == PEOPLE).expect("the absence is reported");
    assert_eq!((row.id.as_str(), row.reason), (person.as_str(), RejectionReason::UnexplainedAbsence));
}

#[tokio::test]
async fn an_absence_that_the_log_explains_later_is_no_longer_reported() {
    let world = arrived(40).await;
    let person = world.active()[0].clone();
    world.sim.with(|org| {
        org.set_log_delay(Duration::from_secs(3_600));
        org.delete(&person);
    });
    assert_eq!(counts(&world.import().await, PEOPLE).unsynced, 1);
    world.later(DAY);
    // An import between knows no more than the first did, and forgets nothing.
    let report = world.import().await;
    assert_eq!(report.state, RunState::Succeeded);
    assert_eq!(world.standing(PEOPLE, &person).await, Some(Reason::Deleted));
    assert_eq!(world.unsynced().await, []);
    world.assert_true().await;
}

#[tokio::test]
async fn an_absence_is_explained_however_many_imports_lie_between() {
    let world = arrived(40).await;
    let person = world.active()[0].clone();
    world.sim.with(|org| {
        org.set_log_delay(2 * DAY);
        org.delete(&person);
        org.set_log_delay(Duration::ZERO);
    });
    for _ in 0..2 {
        assert_eq!(counts(&world.import().await, PEOPLE).unsynced, 1);
        world.later(DAY - Duration::from_secs(3_600));
    }
    world.later(DAY);
    let report = world.import().await;
    assert_eq!(report.state, RunState::Succeeded);
    assert_eq!(world.standing(PEOPLE, &person).await, Some(Reason::Deleted));
    assert_eq!(world.unsynced().await, []);
}

#[tokio::test]
async fn who_comes_back_into_sight_is_reported_no_longer() {
    let world = arrived(40).await;
    let person = world.active()[0].clone();
    // Out of sight of the search, of the filter and of the read by id, for one import.
    let hidden = Fault::new(Match::path(&format!("/api/v1/users/{person}")), FaultKind::Status(404)).times(100);
    world.sim.inject(hidden);
    world.sim.inject(Fault::new(Match::path("/api/v1/users?filter=id"), FaultKind::EmptyList).times(100));
    world.sim.inject(Fault::new(Match::path("/api/v1/users?").query("search="), FaultKind::MissingObject).times(1));
    let report = world.import().await;
    assert_eq!(counts(&report, PEOPLE).deactivated, 0);
    world.sim.clear_faults();
    let report = world.import().await;
    assert_eq!(report.state, RunState::Succeeded);
    assert_adds_up(&report, 40);
    assert_eq!(world.unsynced().await, []);
    world.assert_true().await;
}

#[tokio::test]
async fn without_the_log_nobody_can_tell_and_a_person_has_to_agree() {
    let world = arrived(40).await;
    let person = world.active()[0].clone();
    world.sim.with(|org| org.delete(&person));
    world.sim.set_role(Role::NoLog);
    let report = world.import().await;
    assert_eq!((report.state, problem(&report)), (RunState::Held, "held"));
    assert_eq!(counts(&report, PEOPLE).held, 1);
    assert!(!report.warnings.is_empty(), "that the log cannot be read is said");
    assert_eq!(world.standing(PEOPLE, &person).await, None);
    assert!(world.held().await.contains(&(PEOPLE.to_owned(), person.clone())));
}

#[tokio::test]
async fn a_deletion_in_the_log_of_somebody_who_is_there_means_nothing() {
    let world = arrived(40).await;
    let person = world.active()[0].clone();
    let known = world.sim.with(|org| org.user(&person).cloned().unwrap());
    // The org is put back as it was before: only the log remembers.
    world.sim.with(|org| {
        let before = org.clone();
        org.delete(&person);
        let events = org.clone();
        *org = before;
        let _ = events;
    });
    let report = world.import().await;
    assert_eq!(report.state, RunState::Succeeded);
    assert_eq!(world.standing(PEOPLE, &known.id).await, None);
    world.assert_true().await;
}

#[tokio::test]
async fn who_is_deleted_while_the_import_runs_is_deleted_at_its_end() {
    let world = arrived(40).await;
    let last = world.active().pop().unwrap();
    let slow = Fault::new(Match::path("/api/v1/users?filter=lastUpdated"), FaultKind::Slow(Duration::from_secs(1)));
    world.sim.inject(slow);
    let sim = world.sim.clone();
    let person = last.clone();
    let deleting = tokio::spawn(async move {
        // The closing delta is on its way: everybody has been seen.
        while !sim.calls().iter().any(|call| call.path_and_query.contains("filter=lastUpdated")) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        sim.with(|org| org.delete(&person))
    });
    world.sim.clear_calls();
    let report = world.import().await;
    assert!(deleting.await.unwrap());
    assert_eq!(report.state, RunState::Succeeded);
    assert_adds_up(&report, 40);
    assert_eq!(world.standing(PEOPLE, &last).await, Some(Reason::Deleted));
    world.assert_true().await;
}

#[tokio::test]
async fn a_suspect_who_was_met_by_the_closing_delta_and_then_deleted_is_deleted_at_its_end() {
    let world = arrived(40).await;
    // The middle of the first page: neither the search nor the question by id shows them, and the closing delta does.
    let person = world.people(|_| true).swap_remove(3);
    world.sim.with(|org| org.rename(&person, "Grace", "Hopper"));
    let list = Match::path("/api/v1/users?").query("search=");
    world.sim.inject(Fault::new(list, FaultKind::MissingObject));
    world.sim.inject(Fault::new(Match::path("/api/v1/users?filter=id"), FaultKind::EmptyList).times(100));
    let closing = Match::path("/api/v1/users?filter=lastUpdated");
    world.sim.inject(Fault::new(closing, FaultKind::Slow(Duration::from_secs(1))));
    world.sim.clear_calls();
    let (sim, id) = (world.sim.clone(), person.clone());
    let deleting = tokio::spawn(async move {
        // The answer that shows them is on its way.
        while !sim.calls().iter().any(|call| call.path_and_query.contains("filter=lastUpdated")) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        sim.with(|org| org.delete(&id))
    });
    let report = world.import().await;
    assert!(deleting.await.unwrap());
    let asked_by_id = format!("filter=id+eq+%22{person}%22");
    assert!(world.sim.calls().iter().any(|call| call.path_and_query.contains(&asked_by_id)));
    assert_eq!(report.state, RunState::Succeeded, "{:?}", report.problem);
    assert_adds_up(&report, 40);
    assert_eq!(world.standing(PEOPLE, &person).await, Some(Reason::Deleted));
    world.assert_true().await;
}
