//! One bad object never fails its page: it is unsynced with its reason, and everybody else arrives.

use okta_sim::{Fault, FaultKind, Malformed, Match};
use rollcall_shared::model::RejectionReason;
use rollcall_shared::report::RunState;
use test_support::truth;
use test_support::world::{CUSTODIANS, PEOPLE, World, assert_adds_up, counts};

const NAMED: [(Malformed, RejectionReason); 5] = [
    (Malformed::NullProfile, RejectionReason::Malformed),
    (Malformed::WrongTypes, RejectionReason::Malformed),
    (Malformed::HugeString, RejectionReason::TooLarge),
    (Malformed::BadEscape, RejectionReason::Malformed),
    (Malformed::BadUtf8, RejectionReason::Malformed),
];
const NAMELESS: [Malformed; 2] = [Malformed::NoId, Malformed::NotAnObject];

/// The next page of the list of people has one bad object.
fn spoil(world: &World, how: Malformed) {
    let page = Match::path("/api/v1/users?").query("search=").skip(1);
    world.sim.inject(Fault::new(page, FaultKind::MalformedObject(how)));
}

#[tokio::test]
async fn a_bad_object_is_unsynced_with_its_reason_and_the_others_arrive() {
    for (how, reason) in NAMED {
        let world = World::of(30).await;
        spoil(&world, how);
        let report = world.import().await;
        assert_eq!(report.state, RunState::Succeeded, "{how:?}: {:?}", report.problem);
        assert_eq!(counts(&report, PEOPLE).created, 29, "{how:?}");
        assert_adds_up(&report, 30);
        assert!(report.mappings.values().all(|counts| counts.unsynced == 1), "{how:?}: {report:?}");
        let rows = world.unsynced().await;
        let found: Vec<_> = rows.iter().map(|row| (row.mapping.as_str(), row.reason, row.attempts)).collect();
        assert_eq!(found, [(CUSTODIANS, reason, 1), (PEOPLE, reason, 1)], "{how:?}");
        assert!(world.record(PEOPLE, &rows[0].id).await.is_none());
        let report = world.import().await;
        assert_eq!((counts(&report, PEOPLE).created, counts(&report, PEOPLE).unchanged), (1, 29), "{how:?}");
        assert_eq!(world.unsynced().await, [], "{how:?}");
        world.assert_true().await;
    }
}

#[tokio::test]
async fn a_bad_object_without_a_name_is_reported_until_it_is_gone() {
    for how in NAMELESS {
        let world = World::of(30).await;
        spoil(&world, how);
        let report = world.import().await;
        assert_eq!(report.state, RunState::Succeeded, "{how:?}: {:?}", report.problem);
        assert_eq!((counts(&report, PEOPLE).created, counts(&report, PEOPLE).unsynced), (29, 1), "{how:?}");
        assert!(world.unsynced().await.iter().all(|row| row.reason == RejectionReason::Malformed), "{how:?}");
        world.import().await;
        assert_eq!(world.unsynced().await, [], "{how:?}");
        world.assert_true().await;
    }
}

#[tokio::test]
async fn a_known_person_who_comes_malformed_stays_as_they_are() {
    for (how, reason) in NAMED {
        let world = World::of(30).await;
        world.import().await;
        let before = world.directory().await;
        spoil(&world, how);
        let report = world.import().await;
        assert_eq!(report.state, RunState::Succeeded, "{how:?}: {:?}", report.problem);
        assert_eq!(world.directory().await, before, "{how:?}");
        assert_adds_up(&report, 30);
        assert!(report.mappings.values().all(|counts| counts.unsynced == 1), "{how:?}: {report:?}");
        assert!(world.unsynced().await.iter().all(|row| row.reason == reason), "{how:?}");
        world.import().await;
        assert_eq!(world.unsynced().await, [], "{how:?}");
        assert_eq!(world.directory().await, before, "{how:?}");
    }
}

#[tokio::test]
async fn a_known_person_whose_name_cannot_be_read_is_asked_for_by_id() {
    for how in NAMELESS {
        let world = World::of(30).await;
        world.import().await;
        let before = world.directory().await;
        spoil(&world, how);
        let report = world.import().await;
        assert_eq!(report.state, RunState::Succeeded, "{how:?}: {:?}", report.problem);
        assert_eq!(counts(&report, PEOPLE).unchanged, 30, "{how:?}");
        assert_eq!(world.directory().await, before, "{how:?}");
        world.import().await;
        assert_eq!(world.unsynced().await, [], "{how:?}");
    }
}

#[tokio::test]
async fn what_a_mapping_needs_and_somebody_lacks_keeps_only_them_out() {
    let mut world = World::of(30).await;
    world.reconnect(|document| document["mappings"][0]["required"] = serde_json::json!(["department"])).await;
    let without: Vec<String> = world.people(|user| user.text("department").is_none_or(|name| name.trim().is_empty()));
    let report = world.import().await;
    assert_eq!(report.state, RunState::Succeeded);
    assert_eq!(counts(&report, PEOPLE).unsynced, without.len() as u64);
    assert_eq!(counts(&report, PEOPLE).created, 30 - without.len() as u64);
    let rows = world.unsynced().await;
    assert!(rows.iter().all(|row| row.reason == RejectionReason::MissingRequired && without.contains(&row.id)));
    world.sim.with(|org| without.iter().for_each(|id| assert!(org.move_department(id, "Legal"))));
    world.import().await;
    assert_eq!(world.unsynced().await, []);
    world.assert_true().await;
}

#[tokio::test]
async fn who_was_unsynced_and_left_the_org_is_reported_no_longer() {
    let mut world = World::of(30).await;
    let person = world.active()[0].clone();
    world.sim.with(|org| org.unset_profile(&person, "department"));
    world.reconnect(|document| document["mappings"][0]["required"] = serde_json::json!(["department"])).await;
    world.import().await;
    assert!(world.unsynced().await.iter().any(|row| row.id == person));
    world.sim.with(|org| org.delete(&person));
    world.import().await;
    assert!(world.unsynced().await.iter().all(|row| row.id != person));
    let differences = truth::compare(&world.context, &world.connection, &world.sim).await;
    assert!(differences.iter().all(|line| !line.contains(&person)), "{differences:?}");
}
