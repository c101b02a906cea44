//! Writes and reads of records.

use std::collections::HashMap;

use futures::TryStreamExt;
use serde_json::json;

use super::{NOON, creation, directory, lease, place, time};
use crate::directory::{Directory, DirectoryError, Known, Place, Written};
use crate::error::Fate;
use crate::model::{Change, Content, Kind, LastWrite, Observed, Outcome, Reason, Record, RejectionReason, State, Time};

const MORNING: &str = "2020-01-01T08:00:00.000Z";

#[tokio::test]
async fn a_created_record_reads_as_the_contract_says() {
    let directory = directory().await;
    let lease = lease(&directory, "run-1").await;
    let change = creation("00u1", MORNING);

    assert_eq!(directory.write(&lease, &place(), &change, time(NOON)).await.unwrap(), Written::Done);

    let record = directory.record("acme", "employees", "00u1").await.unwrap().unwrap();
    assert_eq!(
        serde_json::to_value(record).unwrap(),
        json!({
            "connection": "acme", "mapping": "employees", "kind": "login_user",
            "id": "00u1", "identifier": "00u1@acme.example",
            "state": "active", "reason": null, "role": null,
            "fields": { "email": "00u1@acme.example", "floor": 3, "nothing": null, "empty": "" },
            "okta_status": "ACTIVE", "source_updated": MORNING, "source_created": MORNING,
            "first_synced": NOON, "last_changed": NOON, "previous_ids": [], "revision": 1,
        })
    );
    let used = directory.used();
    assert!(used.write_units >= 1.0 && used.read_units >= 0.5, "{used:?}");
    assert_eq!(directory.metered().used().write_units, 0.0);
}

#[tokio::test]
async fn only_one_of_two_writes_on_the_same_revision_is_done() {
    let directory = directory().await;
    let lease = lease(&directory, "run-1").await;
    let change = creation("00u1", MORNING);
    assert_eq!(directory.write(&lease, &place(), &change, time(NOON)).await.unwrap(), Written::Done);
    assert_eq!(directory.write(&lease, &place(), &change, time(NOON)).await.unwrap(), Written::Lost);

    let gone = Change { expected: Some(1), outcome: Outcome::Deactivated, ..standing_only(&change) };
    assert_eq!(directory.write(&lease, &place(), &gone, time(NOON)).await.unwrap(), Written::Done);
    assert_eq!(directory.write(&lease, &place(), &gone, time(NOON)).await.unwrap(), Written::Lost);

    let known = directory.find("acme", "employees", "00u1").await.unwrap().unwrap();
    assert_eq!(known.current.revision, 2);
    assert_eq!(known.current.standing, Some(Reason::Deleted));
    assert_eq!(known.current.last_write, LastWrite { run: "run-1".to_owned(), outcome: Outcome::Deactivated });
}

#[tokio::test]
async fn a_write_needs_the_record_that_it_was_diffed_against() {
    let directory = directory().await;
    let lease = lease(&directory, "run-1").await;
    let nobody = Change { expected: Some(7), ..creation("00u1", MORNING) };
    assert_eq!(directory.write(&lease, &place(), &nobody, time(NOON)).await.unwrap(), Written::Lost);
    assert_eq!(directory.record("acme", "employees", "00u1").await.unwrap(), None);
}

#[tokio::test]
async fn what_a_change_does_not_say_stays() {
    let directory = directory().await;
    let first = lease(&directory, "run-1").await;
    let change = creation("00u1", MORNING);
    assert_eq!(directory.write(&first, &place(), &change, time(NOON)).await.unwrap(), Written::Done);
    first.finish().await.unwrap();
    let second = lease(&directory, "run-2").await;
    let before = directory.record("acme", "employees", "00u1").await.unwrap().unwrap();

    let later = time("2026-11-21T00:00:00.000Z");
    let gone = Change { expected: Some(1), ..standing_only(&change) };
    assert_eq!(directory.write(&second, &place(), &gone, later).await.unwrap(), Written::Done);

    let after = directory.record("acme", "employees", "00u1").await.unwrap().unwrap();
    let expected =
        Record { state: State::Inactive, reason: Some(Reason::Deleted), revision: 2, last_changed: later, ..before };
    assert_eq!(after, expected);
    let current = directory.find("acme", "employees", "00u1").await.unwrap().unwrap().current;
    assert_eq!(current.digest, change.content.unwrap().digest());
    assert_eq!((current.created_by.as_str(), current.last_write.run.as_str()), ("run-1", "run-2"));

    // And back, with a new status and content.
    let content = Content {
        identifier: "new".to_owned(),
        claim: None,
        rejoin: None,
        role: Some("viewer".to_owned()),
        fields: Default::default(),
        manager: None,
    };
    let observed = Observed { okta_status: "RECOVERY".to_owned(), source_updated: later };
    let back = Change {
        expected: Some(2),
        standing: None,
        observed: Some(observed),
        content: Some(content),
        outcome: Outcome::Reactivated,
        ..gone
    };
    assert_eq!(directory.write(&second, &place(), &back, later).await.unwrap(), Written::Done);
    let record = directory.record("acme", "employees", "00u1").await.unwrap().unwrap();
    assert_eq!((record.state, record.reason, record.role.as_deref()), (State::Active, None, Some("viewer")));
    assert_eq!((record.identifier.as_str(), record.okta_status.as_str()), ("new", "RECOVERY"));
    assert!(record.fields.is_empty() && record.first_synced == time(NOON));
}

#[tokio::test]
async fn ranges_of_created_are_half_open() {
    let directory = directory().await;
    let times = ["2020-01-01T00:00:00.000Z", "2020-01-01T00:00:01.000Z", "2020-01-02T00:00:00.000Z"];
    fill(&directory, &times.map(|created| (format!("u{created}"), created))).await;

    let [first, second, third] = times.map(time);
    for (from, to, expected) in [
        (None, None, 3),
        (Some(first), Some(second), 1),
        (Some(first), Some(third), 2),
        (Some(second), None, 2),
        (None, Some(second), 1),
        (Some(second), Some(second), 0),
        (Some(third), Some(first), 0),
    ] {
        let known: Vec<Known> = directory.known("acme", "employees", from, to).try_collect().await.unwrap();
        assert_eq!(known.len(), expected, "{from:?} to {to:?}");
        assert!(known.iter().all(|known| from.is_none_or(|from| known.source_created >= from)));
    }
}

#[tokio::test]
async fn current_reads_any_number_of_keys_and_finds_those_that_are_there() {
    let directory = directory().await;
    let people: Vec<(String, &str)> = (0..250).map(|number| (format!("00u{number}"), MORNING)).collect();
    fill(&directory, &people).await;

    let mut keys: Vec<(Time, String)> = people.iter().map(|(id, created)| (time(created), id.clone())).collect();
    keys.push((time(MORNING), "nobody".to_owned()));
    keys.push(keys[0].clone());
    keys.push((time(MORNING), String::new()));
    let current = directory.current("acme", "employees", &keys).await.unwrap();
    assert_eq!(current.len(), 250);
    assert!(current.values().all(|current| current.revision == 1 && current.created_by == "run-1"));
    assert_eq!(directory.current("acme", "employees", &[]).await.unwrap(), HashMap::new());

    let records: Vec<Record> = directory.records("acme", "employees").try_collect().await.unwrap();
    assert_eq!(records.len(), 250);
}

#[tokio::test]
async fn names_with_separators_do_not_meet() {
    let directory = directory().await;
    let lease = lease(&directory, "run-1").await;
    let places = [("a", "b#c"), ("a#b", "c"), ("a", "b%23c"), ("ä ö/..", "\"'\n")];
    for (number, (connection, mapping)) in places.iter().enumerate() {
        let place = Place { connection: (*connection).to_owned(), mapping: (*mapping).to_owned(), kind: Kind::Record };
        let mut change = creation("id#%23ü", MORNING);
        change.content.as_mut().unwrap().identifier = number.to_string();
        assert_eq!(directory.write(&lease, &place, &change, time(NOON)).await.unwrap(), Written::Done);
    }
    for (number, (connection, mapping)) in places.iter().enumerate() {
        let records: Vec<Record> = directory.records(connection, mapping).try_collect().await.unwrap();
        let [record] = &records[..] else { panic!("{connection} {mapping}: {records:?}") };
        assert_eq!(record.identifier, number.to_string());
        assert_eq!(directory.record(connection, mapping, "id#%23ü").await.unwrap().as_ref(), Some(record));
    }
}

#[tokio::test]
async fn a_record_that_dynamodb_cannot_hold_is_a_matter_of_that_record() {
    let directory = directory().await;
    let lease = lease(&directory, "run-1").await;
    let deep = (0..40).fold(json!(1), |inner, _| json!([inner]));
    for (id, field, reason) in [
        ("00u1", json!(1e300), RejectionReason::TooLarge),
        ("00u2", deep, RejectionReason::TooLarge),
        ("00u3", json!("x".repeat(500_000)), RejectionReason::TooLarge),
        ("00u4", json!({ "": 1 }), RejectionReason::TooLarge),
        ("", json!(1), RejectionReason::Malformed),
        (&"x".repeat(2_000), json!(1), RejectionReason::Malformed),
    ] {
        let mut change = creation(id, MORNING);
        change.content.as_mut().unwrap().fields.insert("odd".to_owned(), field);
        let error = directory.write(&lease, &place(), &change, time(NOON)).await.unwrap_err();
        assert_eq!(error.fate(), Fate::OfOneRecord, "{error}");
        assert_eq!(error.rejection().unwrap().reason, reason);
    }
    let mut largest = creation("00u5", MORNING);
    largest.content.as_mut().unwrap().fields.insert("large".to_owned(), json!("x".repeat(379_000)));
    assert_eq!(directory.write(&lease, &place(), &largest, time(NOON)).await.unwrap(), Written::Done);
}

#[tokio::test]
async fn a_write_needs_a_lease_that_is_held() {
    let directory = directory().await;
    let lease = lease(&directory, "run-1").await;
    lease.clone().finish().await.unwrap();
    let error = directory.write(&lease, &place(), &creation("00u1", MORNING), time(NOON)).await.unwrap_err();
    assert!(matches!(error, DirectoryError::LeaseLapsed { .. }) && error.fate() == Fate::Retryable);
    assert_eq!(directory.find("acme", "employees", "00u1").await.unwrap(), None);
}

fn standing_only(change: &Change) -> Change {
    Change {
        standing: Some(Reason::Deleted),
        observed: None,
        content: None,
        outcome: Outcome::Deactivated,
        ..change.clone()
    }
}

async fn fill(directory: &Directory, people: &[(String, &str)]) {
    let lease = lease(directory, "run-1").await;
    for (id, created) in people {
        let written = directory.write(&lease, &place(), &creation(id, created), time(NOON)).await.unwrap();
        assert_eq!(written, Written::Done);
    }
}
