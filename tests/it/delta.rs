//! The delta-sync: who changed and who joined or left a group is right at once, at little cost, and nothing is missed.

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use okta_sim::{Fault, FaultKind, Match, NewUser, Role};
use rollcall_shared::model::{Reason, Time};
use rollcall_shared::report::{RunReport, RunState};
use serde_json::{Value, json};
use test_support::wire::Wire;
use test_support::world::{CUSTODIANS, LOGINS, PEOPLE, Setup, World, counts, document, problem};

use super::groups::logins;

pub(super) const HOUR: Duration = Duration::from_secs(3_600);

pub(super) struct Scene {
    pub(super) world: World,
    /// All active: four Admins, of whom two are Users as well; from the fifth on only Users; from the fifteenth on neither.
    pub(super) people: Vec<String>,
    pub(super) admins: String,
    pub(super) users: String,
}

/// An org with login users by group beside the usual mappings, imported an hour ago, and quiet since.
pub(super) async fn arrived(setup: Setup) -> Scene {
    let mut mappings = document(&setup, "http://127.0.0.1:1")["mappings"].clone();
    mappings.as_array_mut().expect("a list").push(logins());
    arrived_with(setup, mappings).await
}

async fn arrived_with(setup: Setup, mappings: Value) -> Scene {
    let mut world = World::new(Setup { max_deactivations: 3, ..setup }).await;
    let people = world.active();
    let admins = world.group("Admins", &people[..4]);
    let users = world.group("Users", &[&people[..2], &people[4..14]].concat());
    world.reconnect(|document| document["mappings"] = mappings).await;
    world.later(HOUR);
    assert_eq!(world.import().await.state, RunState::Succeeded);
    world.later(HOUR);
    succeeded(&world).await;
    world.later(HOUR);
    world.sim.clear_calls();
    Scene { world, people, admins, users }
}

pub(super) async fn usual() -> Scene {
    arrived(Setup::default()).await
}

/// Runs a delta that has to succeed and to leave the directory true.
pub(super) async fn succeeded(world: &World) -> RunReport {
    let report = world.delta().await;
    assert_eq!(report.state, RunState::Succeeded, "{:?}", report.problem);
    assert!(report.mappings.values().all(|counts| counts.add_up()), "{report:?}");
    assert_eq!(report.warnings, Vec::<String>::new());
    world.assert_true().await;
    report
}

pub(super) async fn watermark(world: &World) -> Time {
    let state = world.context.directory.connection_state(&world.connection.name).await.expect("the state can be read");
    state.watermark.expect("there is a watermark")
}

fn calls(world: &World, wanted: &str) -> usize {
    world.sim.calls().iter().filter(|call| call.path_and_query.contains(wanted)).count()
}

#[tokio::test]
async fn every_change_of_people_and_groups_is_in_the_directory_after_one_delta() {
    let Scene { world, people, admins, users } = usual().await;
    let [one, other] = [&people[20], &people[21]];
    let sold = world.records(CUSTODIANS).await.into_keys().find(|id| people[4..].contains(id)).expect("a custodian");
    world.sim.with(|org| {
        assert!(org.rename(&people[15], "Grace", "Hopper") && org.move_department(&sold, "Legal"));
        assert!(org.suspend(&people[16]) && org.deactivate(&people[5]) && org.add_to_group(&people[17], &admins));
        assert!(org.remove_from_group(&people[0], &admins) && org.remove_from_group(&people[6], &users));
        assert!(org.add_to_group(&people[7], &admins) && org.remove_from_group(&people[7], &users));
        let logins = [one, other].map(|id| org.user(id).expect("is there").login());
        org.set_login(one, "between@acme.example");
        assert!(org.set_login(other, &logins[0]) && org.set_login(one, &logins[1]));
        let ada = org.create(NewUser::new("Ada", "Byron", "ada@acme.example").department("Sales"));
        assert!(org.add_to_group(&ada, &users));
        org.create(NewUser::new("Not", "Yet", "not.yet@acme.example").staged());
    });
    let report = succeeded(&world).await;
    assert_eq!((counts(&report, LOGINS).created, counts(&report, LOGINS).deactivated), (2, 2));
    assert_eq!(world.standing(LOGINS, &people[6]).await, Some(Reason::OutOfScope));
    assert_eq!(world.record(LOGINS, &people[0]).await.unwrap().role.as_deref(), Some("viewer"));
    assert_eq!(world.standing(CUSTODIANS, &sold).await, Some(Reason::OutOfScope));
    world.later(HOUR);
    world.sim.with(|org| {
        assert!(org.reactivate(&people[5]) && org.unsuspend(&people[16]) && org.add_to_group(&people[6], &users));
        assert!(org.move_department(&sold, "Sales") && org.deactivate(&people[18]));
    });
    let report = succeeded(&world).await;
    assert_eq!((counts(&report, LOGINS).reactivated, counts(&report, PEOPLE).deactivated), (2, 1));
    // An import finds nothing left to do.
    let import = world.import().await;
    let unchanged = import.mappings.values().all(|counts| counts.unchanged + counts.excluded == counts.read);
    assert!(import.state == RunState::Succeeded && unchanged, "{import:?}");
}

#[tokio::test]
async fn where_nothing_changed_three_calls_and_six_writes_suffice() {
    let wire = Wire::default();
    let Scene { world, .. } = arrived(Setup { wire: Some(wire.clone()), ..Setup::default() }).await;
    let before = world.directory().await;
    wire.mend();
    let report = succeeded(&world).await;
    assert_eq!((world.sim.calls().len(), report.okta.calls), (3, 3), "{:?}", world.sim.calls());
    let mut writes = BTreeMap::new();
    for (pk, sk) in wire.writes() {
        let kind = if pk.starts_with("connection#") { sk } else { pk };
        *writes.entry(kind.split('#').next().unwrap_or_default().to_owned()).or_insert(0) += 1;
    }
    // The lease is taken and given back, the run reported when it begins and ends, and listed; the watermark moves.
    let expected = [("lease", 2), ("run", 2), ("runs", 1), ("state", 1)].map(|(kind, count)| (kind.to_owned(), count));
    assert_eq!(writes, BTreeMap::from(expected));
    assert!(report.mappings.values().all(|counts| counts.read == 0));
    assert_eq!(world.directory().await, before);
}

#[tokio::test]
async fn without_mapped_groups_okta_is_not_asked_for_any() {
    let world = World::of(40).await;
    world.import().await;
    world.later(HOUR);
    world.sim.clear_calls();
    succeeded(&world).await;
    assert_eq!((world.sim.calls().len(), calls(&world, "/groups")), (2, 0));
}

#[tokio::test]
async fn only_changed_groups_are_listed_and_nobody_is_asked_for_their_groups_who_did_not_leave_one() {
    let Scene { world, people, admins, users } = usual().await;
    world.sim.with(|org| {
        people[..15].iter().for_each(|id| assert!(org.set_profile(id, "title", "Clerk")));
        assert!(org.add_to_group(&people[20], &admins));
    });
    world.later(HOUR);
    assert_eq!(counts(&succeeded(&world).await, LOGINS).updated, 14);
    assert_eq!(
        (calls(&world, &format!("/groups/{admins}/users")), calls(&world, &format!("/groups/{users}/users"))),
        (1, 0)
    );
    assert_eq!((calls(&world, "/api/v1/users/"), calls(&world, "/api/v1/users?")), (0, 3));
    assert_eq!(world.members(&admins).await.len(), 5);
}

#[tokio::test]
async fn where_every_mapping_uses_groups_nobody_else_is_looked_at() {
    let Scene { world, people, admins, users } = arrived_with(Setup::default(), json!([logins()])).await;
    world.sim.with(|org| {
        people[12..20].iter().for_each(|id| assert!(org.set_profile(id, "title", "Clerk")));
        assert!(org.add_to_group(&people[20], &admins) && org.remove_from_group(&people[13], &users));
    });
    let report = succeeded(&world).await;
    let counts = counts(&report, LOGINS);
    assert_eq!((counts.read, counts.created, counts.updated, counts.deactivated), (3, 1, 1, 1));
}

#[tokio::test]
async fn departments_are_counted_when_somebody_of_theirs_was_met() {
    let departments = "leanix-departments";
    let Scene { world, people, .. } =
        arrived_with(Setup::default(), json!([{ "preset": departments }, logins()])).await;
    world.sim.with(|org| assert!(org.move_department(&people[15], "Difference Engines") && org.suspend(&people[16])));
    assert_eq!(counts(&succeeded(&world).await, departments).created, 1);
    world.later(HOUR);
    // The overlap shows the two once more.
    assert_eq!(counts(&succeeded(&world).await, departments).unchanged, 18);
    world.later(HOUR);
    assert_eq!(counts(&succeeded(&world).await, departments).read, 0);
}

#[tokio::test]
async fn a_role_that_was_lost_is_blind_and_nothing_is_missed() {
    let Scene { world, people, users, .. } = usual().await;
    let (before, mark) = (world.directory().await, watermark(&world).await);
    world.sim.with(|org| assert!(org.suspend(&people[16]) && org.remove_from_group(&people[6], &users)));
    world.sim.set_role(Role::None);
    let report = world.delta().await;
    assert_eq!((report.state, problem(&report)), (RunState::Blind, "blind"), "{report:?}");
    // A list of people alone that came back empty is no better.
    world.sim.set_role(Role::ReadOnlyAdmin);
    world.sim.inject(Fault::new(Match::path("/api/v1/users?"), FaultKind::EmptyList).times(10));
    world.sim.inject(Fault::new(Match::path("/api/v1/users/"), FaultKind::Status(403)).times(10));
    assert_eq!(world.delta().await.state, RunState::Blind);
    assert_eq!((world.directory().await, watermark(&world).await), (before, mark));
    world.sim.clear_faults();
    succeeded(&world).await;
}

#[tokio::test]
async fn who_waits_in_the_hold_as_deleted_is_no_witness() {
    let Scene { world, people, .. } = usual().await;
    // All of whom the log knows, and all but one of them gone: a person is asked.
    world.sim.with(|org| people[1..].iter().for_each(|id| assert!(org.delete(id))));
    world.later(HOUR);
    assert_eq!(world.import().await.state, RunState::Held);
    for _ in 0..4 {
        world.later(HOUR);
        let report = world.delta().await;
        assert_eq!(report.state, RunState::Succeeded, "{:?}", report.problem);
    }
}

#[tokio::test]
async fn witnesses_whom_the_log_has_as_deleted_blind_nobody() {
    let Scene { world, .. } = usual().await;
    world.later(HOUR);
    let (mark, everybody) = (watermark(&world).await, world.people(|_| true));
    world.sim.with(|org| everybody.iter().for_each(|id| assert!(org.delete(id))));
    let report = world.delta().await;
    assert_eq!((report.state, watermark(&world).await), (RunState::Succeeded, mark), "{report:?}");
    assert!(report.warnings.iter().any(|warning| warning.contains("Deleted since are")), "{report:?}");
    // Without the log, nobody can tell that from a role that was lost.
    world.later(HOUR);
    world.sim.set_role(Role::NoLog);
    assert_eq!(world.delta().await.state, RunState::Blind);
}

#[tokio::test]
async fn one_who_is_out_of_sight_blinds_nobody_and_a_part_of_the_org_moves_no_watermark() {
    let Scene { world, people, .. } = usual().await;
    people[30..].iter().take(1).for_each(|id| assert!(world.sim.with(|org| org.delete(id))));
    assert_eq!(world.delta().await.state, RunState::Succeeded);
    world.later(HOUR);
    let mark = watermark(&world).await;
    world.sim.with(|org| assert!(org.rename(&people[15], "Grace", "Hopper") && org.suspend(&people[16])));
    let groups = world.sim.with(|org| org.groups().map(|group| group.id.clone()).collect::<Vec<_>>());
    let part: HashSet<String> = groups.into_iter().chain([people[15].clone()]).collect();
    world.sim.set_role(Role::Only(part));
    let report = world.delta().await;
    assert_eq!((report.state, report.warnings.len()), (RunState::Succeeded, 1), "{report:?}");
    assert_eq!(watermark(&world).await, mark);
    world.sim.set_role(Role::ReadOnlyAdmin);
    assert_eq!(world.delta().await.state, RunState::Succeeded);
    assert_eq!(world.standing(PEOPLE, &people[16]).await, Some(Reason::Suspended));
    assert!(watermark(&world).await > mark);
    // A list that leaves out somebody who is there says nothing of the others either.
    world.later(HOUR);
    world.sim.with(|org| assert!(org.unsuspend(&people[16])));
    world.sim.inject(Fault::new(Match::path("/api/v1/users?"), FaultKind::EmptyList).times(2));
    assert_eq!(world.delta().await.warnings.len(), 1);
    assert_eq!(world.delta().await.warnings.len(), 0);
    assert_eq!(world.standing(PEOPLE, &people[16]).await, None);
}

#[tokio::test]
async fn who_waits_for_an_identifier_and_who_is_hired_again_sync_at_once() {
    let Scene { world, people, users, .. } = usual().await;
    let mail = world.sim.with(|org| org.user(&people[5]).unwrap().text("email").unwrap().to_owned());
    world.sim.with(|org| assert!(org.set_profile(&people[8], "email", &*mail)));
    assert_eq!(counts(&world.delta().await, LOGINS).unsynced, 1);
    world.sim.with(|org| assert!(org.set_profile(&people[5], "email", "countess@acme.example")));
    succeeded(&world).await;
    assert_eq!(world.unsynced().await, []);
    let mail = world.sim.with(|org| {
        assert!(org.deactivate(&people[9]));
        org.user(&people[9]).unwrap().text("email").unwrap().to_owned()
    });
    succeeded(&world).await;
    let again = world.sim.with(|org| {
        let again = org.create(NewUser::new("Back", "Again", &mail));
        assert!(org.add_to_group(&again, &users));
        again
    });
    assert_eq!(world.delta().await.state, RunState::Succeeded);
    assert_eq!(world.record(LOGINS, &again).await.unwrap().previous_ids, [people[9].clone()]);
}
