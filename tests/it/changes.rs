//! Those who follow a connection: every change is told, with what it changed, and remembered with the record.

use std::collections::BTreeSet;
use std::time::Duration;

use okta_sim::NewUser;
use rollcall_shared::handlers::approve::approve;
use rollcall_shared::handlers::changes::changes;
use rollcall_shared::handlers::history::history;
use rollcall_shared::model::{FeedEntry, Outcome, Reason, State};
use rollcall_shared::report::RunState;
use serde_json::json;
use test_support::world::{CUSTODIANS, PEOPLE, Setup, World};

const DAY: Duration = Duration::from_secs(24 * 3_600);

/// The entries of one person under one mapping.
fn of<'a>(changes: &'a [FeedEntry], mapping: &str, id: &str) -> Vec<&'a FeedEntry> {
    changes.iter().filter(|entry| entry.mapping == mapping && entry.id == id).collect()
}

#[tokio::test]
async fn an_import_tells_every_created_record_once() {
    let world = World::of(40).await;
    let report = world.import().await;
    let (changes, next) = world.changes(None).await;
    assert!(changes.iter().all(|entry| entry.change == Outcome::Created && entry.revision == 1));
    assert!(changes.iter().all(|entry| entry.run == report.run && entry.changed.is_empty()));
    for (mapping, records) in [PEOPLE, CUSTODIANS].into_iter().zip(world.directory().await) {
        let told: Vec<&str> =
            changes.iter().filter(|entry| entry.mapping == mapping).map(|entry| entry.id.as_str()).collect();
        assert_eq!(told.len(), records.len(), "{mapping}: each once");
        assert_eq!(told.into_iter().collect::<BTreeSet<_>>(), records.keys().map(String::as_str).collect());
    }
    // Nothing new, nothing told, and nothing written for it.
    let again = world.import().await;
    assert_eq!(again.state, RunState::Succeeded);
    assert_eq!(world.changes(Some(&next)).await, (Vec::new(), next));
}

#[tokio::test]
async fn a_change_of_a_person_is_told_and_remembered_field_by_field() {
    let world = World::of(40).await;
    world.import().await;
    let (_, next) = world.changes(None).await;
    let person = world.active()[0].clone();
    let before = world.record(PEOPLE, &person).await.unwrap();
    world.sim.with(|org| assert!(org.rename(&person, "Grace", "Hopper")));
    world.later(DAY);
    let report = world.import().await;
    let (changes, later) = world.changes(Some(&next)).await;
    let [entry] = of(&changes, PEOPLE, &person)[..] else { panic!("{changes:?}") };
    assert_eq!((entry.change, entry.state, entry.revision), (Outcome::Updated, State::Active, 2));
    let name = json!({ "from": before.fields["name"], "to": "Grace Hopper" });
    assert_eq!(serde_json::to_value(&entry.changed["fields.name"]).unwrap(), name);
    assert!(!entry.changed.contains_key("fields.email"), "{:?}", entry.changed);
    assert!(changes.iter().all(|entry| entry.id == person), "nobody else changed: {changes:?}");

    let steps = history(&world.context, "acme", PEOPLE, &person).await.unwrap();
    assert_eq!(steps.iter().map(|step| step.change).collect::<Vec<_>>(), [Outcome::Created, Outcome::Updated]);
    assert_eq!((&steps[1].run, &steps[1].changed), (&report.run, &entry.changed));

    world.sim.with(|org| assert!(org.deactivate(&person)));
    world.later(DAY);
    world.import().await;
    let (changes, _) = world.changes(Some(&later)).await;
    let [entry] = of(&changes, PEOPLE, &person)[..] else { panic!("{changes:?}") };
    assert_eq!((entry.change, entry.state), (Outcome::Deactivated, State::Inactive));
    assert_eq!((entry.reason, entry.revision), (Some(Reason::Deactivated), 3));
    assert_eq!(serde_json::to_value(&entry.changed["okta_status"].to).unwrap(), "DEPROVISIONED");
    world.assert_true().await;
}

#[tokio::test]
async fn what_was_held_is_told_when_it_is_approved() {
    let world = World::new(Setup { people: 40, max_deactivations: 1, ..Setup::default() }).await;
    world.import().await;
    let leavers = world.active()[..3].to_vec();
    world.sim.with(|org| leavers.iter().for_each(|id| assert!(org.deactivate(id))));
    world.later(DAY);
    let (_, next) = world.changes(None).await;
    let held = world.import().await;
    assert_eq!(held.state, RunState::Held);
    assert_eq!(of(&world.changes(Some(&next)).await.0, PEOPLE, &leavers[0]).len(), 0);
    approve(&world.context, &held.run).await.unwrap();
    let (changes, _) = world.changes(Some(&next)).await;
    for leaver in &leavers {
        let [entry] = of(&changes, PEOPLE, leaver)[..] else { panic!("{changes:?}") };
        assert_eq!((entry.change, &entry.run), (Outcome::Deactivated, &held.run));
    }
}

#[tokio::test]
async fn a_newcomer_is_told_after_those_who_were_there() {
    let world = World::of(20).await;
    world.import().await;
    let (_, next) = world.changes(None).await;
    let mary = world.sim.with(|org| org.create(NewUser::new("Mary", "Somerville", "mary@acme.example")));
    world.later(DAY);
    world.import().await;
    let (changes, _) = world.changes(Some(&next)).await;
    assert_eq!(changes.iter().map(|entry| &entry.id).collect::<Vec<_>>(), [&mary]);
    assert_eq!(changes[0].identifier, "mary@acme.example");
}

#[tokio::test]
async fn what_is_not_there_is_said_so() {
    let world = World::of(5).await;
    world.import().await;
    let kind = |error: rollcall_shared::Error| error.problem().kind;
    for cursor in ["", "x", "ffff.0", "1"] {
        let error = changes(&world.context, "acme", Some(cursor), 10).await.unwrap_err();
        assert_eq!(kind(error), "urn:rollcall:problem:bad-cursor", "{cursor:?}");
    }
    assert!(changes(&world.context, "nobody", None, 10).await.is_err());
    let error = history(&world.context, "acme", PEOPLE, "00uNobody").await.unwrap_err();
    assert_eq!(kind(error), "urn:rollcall:problem:unknown-record");
}
