//! The history of records: written with the change, bounded, and what it says.

use serde_json::json;

use super::{NOON, creation, database, directory, lease, place, time};
use crate::directory::{Directory, Lease, Written};
use crate::model::{Change, Observed, Outcome, Reason, Step};

/// The change after so many: another name, another status time.
fn rename(revision: u64) -> Change {
    let mut change = Change { expected: Some(revision), outcome: Outcome::Updated, ..creation("00u1", NOON) };
    change.content.as_mut().unwrap().fields.insert("floor".to_owned(), json!(100 + revision));
    change
}

async fn write(directory: &Directory, lease: &Lease, change: &Change) -> Written {
    directory.write(lease, &place(), change, time(NOON)).await.unwrap()
}

async fn history(directory: &Directory) -> Vec<Step> {
    directory.history("acme", "employees", "00u1").await.unwrap()
}

#[tokio::test]
async fn a_record_remembers_what_each_run_did_to_it() {
    let directory = directory().await;
    let first = lease(&directory, "run-1").await;
    assert_eq!(history(&directory).await, []);
    assert_eq!(write(&directory, &first, &creation("00u1", NOON)).await, Written::Done);
    first.finish().await.unwrap();
    let second = lease(&directory, "run-2").await;
    assert_eq!(write(&directory, &second, &rename(1)).await, Written::Done);
    let observed = Some(Observed { okta_status: "SUSPENDED".to_owned(), source_updated: time(NOON) });
    let (standing, outcome) = (Some(Reason::Suspended), Outcome::Deactivated);
    let leave = Change { expected: Some(2), standing, observed, content: None, outcome, ..creation("00u1", NOON) };
    assert_eq!(write(&directory, &second, &leave).await, Written::Done);

    let steps = history(&directory).await;
    let told: Vec<_> = steps.iter().map(|step| (step.revision, step.run.as_str(), step.change)).collect();
    let expected = [(1, "run-1", Outcome::Created), (2, "run-2", Outcome::Updated), (3, "run-2", Outcome::Deactivated)];
    assert_eq!(told, expected);
    assert_eq!(serde_json::to_value(&steps[1].changed).unwrap(), json!({ "fields.floor": { "from": 3, "to": 101 } }));
    let expected = json!({
        "state": { "from": "active", "to": "inactive" },
        "reason": { "from": null, "to": "suspended" },
        "okta_status": { "from": "ACTIVE", "to": "SUSPENDED" },
    });
    assert_eq!(serde_json::to_value(&steps[2].changed).unwrap(), expected);
}

#[tokio::test]
async fn the_last_64_changes_are_kept() {
    let directory = directory().await;
    let lease = lease(&directory, "run-1").await;
    assert_eq!(write(&directory, &lease, &creation("00u1", NOON)).await, Written::Done);
    for revision in 1..=70 {
        assert_eq!(write(&directory, &lease, &rename(revision)).await, Written::Done);
    }
    let revisions: Vec<u64> = history(&directory).await.iter().map(|step| step.revision).collect();
    assert_eq!(revisions, [1].into_iter().chain(8..=71).collect::<Vec<u64>>());
}

#[tokio::test]
async fn who_loses_the_race_leaves_no_step() {
    let endpoint = database().await;
    let (one, other) = (super::at(&endpoint), super::at(&endpoint));
    let lease = lease(&one, "run-1").await;
    assert_eq!(write(&one, &lease, &creation("00u1", NOON)).await, Written::Done);
    let mut mine = rename(1);
    mine.content.as_mut().unwrap().identifier = "other".to_owned();
    let (theirs, change) = (rename(1), rename(1));
    let (first, second, third) =
        tokio::join!(write(&one, &lease, &change), write(&other, &lease, &mine), write(&other, &lease, &theirs));
    let done = [first, second, third].into_iter().filter(|written| *written == Written::Done).count();
    assert_eq!(done, 1);
    let steps = history(&one).await;
    assert_eq!(steps.iter().map(|step| step.revision).collect::<Vec<_>>(), [1, 2]);
    let record = one.record("acme", "employees", "00u1").await.unwrap().unwrap();
    assert_eq!(record.revision, 2);
    assert_eq!(steps[1].changed.contains_key("identifier"), record.identifier == "other");
}

#[tokio::test]
async fn a_creation_costs_one_write_and_an_update_a_transaction() {
    let directory = directory().await;
    let lease = lease(&directory, "run-1").await;
    let units = || directory.used().write_units;
    let before = units();
    assert_eq!(write(&directory, &lease, &creation("00u1", NOON)).await, Written::Done);
    // The item and its entry in the index by id.
    assert_eq!(units() - before, 2.0);
    let before = units();
    assert_eq!(write(&directory, &lease, &rename(1)).await, Written::Done);
    assert_eq!(units() - before, 4.0);
}
