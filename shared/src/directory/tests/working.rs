//! A run's working items, and unsynced rows.

use std::collections::BTreeSet;

use futures::stream::{self, StreamExt, TryStreamExt};

use super::{NOON, creation, directory, lease, time};
use crate::clock;
use crate::directory::{
    Collected, CollectedFate, Directory, DirectoryError, Noted, SHARDS, Suspect, UnsyncedNote, keys,
};
use crate::model::{Change, Outcome, Rejection, RejectionReason, UnsyncedRow};

#[tokio::test]
async fn seen_ids_are_read_by_slice_up_to_the_checkpointed_chunk() {
    let directory = directory().await;
    let ids = |range: std::ops::Range<u32>| range.map(|number| format!("00u{number}")).collect::<Vec<_>>();
    directory.add_seen("run-1", 7, 0, &ids(0..5_000)).await.unwrap();
    directory.add_seen("run-1", 7, 1, &ids(5_000..5_010)).await.unwrap();
    directory.add_seen("run-1", 7, 1, &ids(5_000..5_010)).await.unwrap();
    directory.add_seen("run-1", 7, 2, &[]).await.unwrap();
    directory.add_seen("run-1", 70, 0, &ids(0..1)).await.unwrap();

    assert_eq!(directory.seen("run-1", 7, 0).await.unwrap().len(), 0);
    assert_eq!(directory.seen("run-1", 7, 1).await.unwrap(), ids(0..5_000));
    assert_eq!(directory.seen("run-1", 7, 3).await.unwrap(), ids(0..5_010));
    for (slice, chunks) in [(7, 4), (8, 1)] {
        let missing = directory.seen("run-1", slice, chunks).await;
        assert!(matches!(missing, Err(DirectoryError::Damaged { .. })), "{missing:?}");
    }
}

#[tokio::test]
async fn working_items_go_after_a_week() {
    let directory = directory().await;
    directory.add_seen("run-1", 7, 0, &[]).await.unwrap();
    let key = keys::seen("run-1", 7, 0, 0).attributes();
    let request = directory.link.client.get_item().table_name("rollcall-state").set_key(Some(key.into()));
    let item = request.send().await.unwrap().item.unwrap();
    let left = item["expires"].as_n().unwrap().parse::<i64>().unwrap() - clock::now().epoch_seconds();
    assert!((7 * 86_400 - 60..=7 * 86_400).contains(&left), "{left} s");
}

#[tokio::test]
async fn a_chunk_larger_than_an_item_is_stored_in_parts() {
    let directory = directory().await;
    let long: Vec<String> = (0..5_000).map(|number| format!("{number}-{}", "x".repeat(200))).collect();
    directory.add_seen("run-1", 0, 0, &long).await.unwrap();
    directory.add_seen("run-1", 0, 1, &["y".repeat(350_000), "z".to_owned()]).await.unwrap();
    let seen = directory.seen("run-1", 0, 2).await.unwrap();
    assert_eq!((seen.len(), &seen[..5_000]), (5_002, &long[..]));
}

async fn suspects(directory: &Directory, run: &str) -> Vec<Suspect> {
    let shards = stream::iter(0..SHARDS).map(|shard| directory.suspects(run, shard));
    shards.flatten().try_collect().await.unwrap()
}

async fn deactivations(directory: &Directory, run: &str) -> Vec<Collected> {
    let shards = stream::iter(0..SHARDS).map(|shard| directory.deactivations(run, shard));
    let mut found: Vec<Collected> = shards.flatten().try_collect().await.unwrap();
    found.sort_by(|one, other| one.mapping.cmp(&other.mapping));
    found
}

#[tokio::test]
async fn suspects_wait_for_the_end_of_their_run() {
    let directory = directory().await;
    let suspect = |number: u32, mapping: &str| Suspect {
        id: format!("00u{number}"),
        source_created: time(NOON),
        mapping: mapping.to_owned(),
    };
    let all: Vec<Suspect> = (0..60).flat_map(|number| [suspect(number, "a"), suspect(number, "b#")]).collect();
    directory.add_suspects("run-1", &all).await.unwrap();
    directory.add_suspects("run-1", &[all[0].clone(), all[0].clone()]).await.unwrap();
    let found: Vec<Suspect> = suspects(&directory, "run-1").await;
    assert_eq!(found.len(), 120);
    assert!(all.iter().all(|suspect| found.contains(suspect)));

    assert!(suspects(&directory, "run-2").await.is_empty());
}

#[tokio::test]
async fn deactivations_wait_for_the_end_of_the_run() {
    let directory = directory().await;
    let lease = lease(&directory, "run-1").await;
    let change = creation("00u1", NOON);
    let later = Change { expected: Some(4), ..change.clone() };
    directory.add_deactivation(&lease, "employees", &change, noted(None)).await.unwrap();
    directory.add_deactivation(&lease, "employees", &later, noted(Some(Outcome::Updated))).await.unwrap();
    directory.add_deactivation(&lease, "custodians", &change, noted(Some(Outcome::Unchanged))).await.unwrap();
    let entry = |mapping: &str, counted, fate| Collected {
        mapping: mapping.to_owned(),
        id: "00u1".to_owned(),
        counted,
        reported: None,
        fate,
    };
    let custodian = entry("custodians", Some(Outcome::Unchanged), CollectedFate::Waits(Box::new(change)));
    let waits = entry("employees", None, CollectedFate::Waits(Box::new(later.clone())));
    assert_eq!(deactivations(&directory, "run-1").await, [custodian.clone(), waits.clone()]);

    let withdraw = |id: &'static str| directory.withdraw_deactivation(&lease, "employees", id, Outcome::Unchanged);
    assert!(withdraw("00u1").await.unwrap() && withdraw("00u1").await.unwrap());
    assert!(!withdraw("00u2").await.unwrap());
    let withdrawn = entry("employees", None, CollectedFate::Withdrawn(Outcome::Unchanged));
    assert_eq!(deactivations(&directory, "run-1").await, [custodian.clone(), withdrawn]);

    directory.add_deactivation(&lease, "employees", &later, noted(Some(Outcome::Updated))).await.unwrap();
    assert_eq!(deactivations(&directory, "run-1").await, [custodian, waits]);
}

fn noted(counted: Option<Outcome>) -> Noted {
    Noted { counted, reported: None }
}

fn note(id: &str, message: &str) -> UnsyncedNote {
    let identifier = (message != "none").then(|| "ada".to_owned());
    let rejection = Rejection { reason: RejectionReason::MissingRequired, message: message.to_owned(), identifier };
    UnsyncedNote { mapping: "employees".to_owned(), id: id.to_owned(), rejection }
}

async fn rows(directory: &Directory) -> Vec<UnsyncedRow> {
    directory.unsynced("acme").try_collect().await.unwrap()
}

#[tokio::test]
async fn attempts_count_runs_and_not_replays() {
    let directory = directory().await;
    let first = lease(&directory, "run-1").await;
    let (noon, one, two) = (time(NOON), time("2026-11-20T13:00:00.000Z"), time("2026-11-20T14:00:00.000Z"));
    directory.add_unsynced(&first, &note("00u1", "none"), noon).await.unwrap();
    directory.add_unsynced(&first, &note("00u1", "first"), one).await.unwrap();
    let [row] = &rows(&directory).await[..] else { panic!() };
    assert_eq!((row.first_seen, row.last_seen, row.attempts), (noon, one, 1));

    first.finish().await.unwrap();
    let second = lease(&directory, "run-2").await;
    directory.add_unsynced(&second, &note("00u1", "second"), two).await.unwrap();
    let [row] = &rows(&directory).await[..] else { panic!() };
    assert_eq!((row.first_seen, row.last_seen, row.attempts), (noon, two, 2));
    assert_eq!((row.message.as_str(), row.identifier.as_deref()), ("second", Some("ada")));
    assert_eq!((row.connection.as_str(), row.mapping.as_str(), row.id.as_str()), ("acme", "employees", "00u1"));
    assert!(row.reason == RejectionReason::MissingRequired && !row.hint.is_empty());

    directory.clear_unsynced(&second, "employees", "00u1").await.unwrap();
    directory.clear_unsynced(&second, "employees", "00u1").await.unwrap();
    assert_eq!(rows(&directory).await, []);
}

#[tokio::test]
async fn whatever_was_wrong_with_an_object_its_row_can_be_stored() {
    let directory = directory().await;
    let lease = lease(&directory, "run-1").await;
    let long = "x".repeat(5_000);
    for id in ["00u1", "#%", "malformed-0a", "ü\n\"", long.as_str(), &format!("{long}y")] {
        directory.add_unsynced(&lease, &note(id, &"é".repeat(500_000)), time(NOON)).await.unwrap();
    }
    assert_eq!(rows(&directory).await.len(), 6);
    let ids = directory.unsynced_ids("acme").await.unwrap();
    assert!(ids.contains("employees", "#%") && ids.contains("employees", &long));
    assert!(!ids.contains("custodians", "#%") && !ids.contains("employees", "00u2"));
    directory.clear_unsynced(&lease, "employees", &long).await.unwrap();
    let left: BTreeSet<usize> = rows(&directory).await.iter().map(|row| row.id.len()).collect();
    assert!(left.contains(&2_000) && rows(&directory).await.len() == 5, "{left:?}");
    let ids = directory.unsynced_ids("acme").await.unwrap();
    assert!(ids.contains("employees", "#%") && !ids.contains("employees", &long));
}
