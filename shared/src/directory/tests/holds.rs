//! The hold.

use futures::TryStreamExt;

use super::{NOON, creation, directory, lease, overtaken, time};
use crate::directory::{Acquired, Directory, DirectoryError, HeldEntry, Hold};
use crate::model::{Change, Job, Reason};

async fn held(directory: &Directory) -> Vec<HeldEntry> {
    directory.held("acme").try_collect().await.unwrap()
}

#[tokio::test]
async fn a_hold_opens_grows_shrinks_and_closes() {
    let directory = directory().await;
    let import = lease(&directory, "run-1").await;
    assert_eq!(directory.hold("acme").await.unwrap(), None);
    assert!(directory.close_hold(&import).await.unwrap());

    let mut change = creation("00u1", NOON);
    // Exactly as it was, also what DynamoDB has no number for.
    change.content.as_mut().unwrap().fields.insert("huge".to_owned(), serde_json::json!([1e300, 0.1, u64::MAX, 1.0]));
    directory.add_held(&import, "employees", &change).await.unwrap();
    directory.open_hold(&import, time(NOON)).await.unwrap();
    let Acquired::New(delta) = directory.acquire("acme", Job::DeltaSync, "run-2").await.unwrap() else { panic!() };
    let other = creation("00u2", NOON);
    directory.add_held(&delta, "employees", &other).await.unwrap();
    directory.open_hold(&delta, time("2026-11-21T00:00:00.000Z")).await.unwrap();

    let hold = directory.hold("acme").await.unwrap();
    assert_eq!(hold, Some(Hold { opened: time(NOON), run: "run-2".to_owned(), alarmed: None }));
    let mut entries = held(&directory).await;
    entries.sort_by(|one, other| one.change.id.cmp(&other.change.id));
    let entry = |run: &str, change: &Change| HeldEntry {
        mapping: "employees".to_owned(),
        run: run.to_owned(),
        change: change.clone(),
    };
    assert_eq!(entries, [entry("run-1", &change), entry("run-2", &other)]);

    assert!(directory.remove_held(&delta, "employees", "00u1").await.unwrap());
    assert!(!directory.remove_held(&delta, "employees", "00u1").await.unwrap());
    assert!(!directory.close_hold(&delta).await.unwrap(), "one is left");
    assert!(directory.hold("acme").await.unwrap().is_some());
    assert!(directory.remove_held(&import, "employees", "00u2").await.unwrap());
    assert!(directory.close_hold(&delta).await.unwrap());
    assert_eq!((directory.hold("acme").await.unwrap(), held(&directory).await), (None, vec![]));

    directory.open_hold(&import, time("2026-11-22T00:00:00.000Z")).await.unwrap();
    assert_eq!(directory.hold("acme").await.unwrap().unwrap().opened, time("2026-11-22T00:00:00.000Z"));
}

#[tokio::test]
async fn what_waits_as_gone_is_not_replaced_by_what_was_seen_before() {
    let directory = directory().await;
    let import = lease(&directory, "run-1").await;
    let suspended = Change { standing: Some(Reason::Suspended), ..creation("00u1", NOON) };
    let deleted = Change { standing: Some(Reason::Deleted), observed: None, content: None, ..suspended.clone() };
    for (next, waits) in [(&suspended, &suspended), (&deleted, &deleted), (&suspended, &deleted)] {
        directory.add_held(&import, "employees", next).await.unwrap();
        assert_eq!(held(&directory).await[0].change, *waits);
    }
}

#[tokio::test]
async fn an_overtaken_holder_does_not_touch_the_hold() {
    let directory = directory().await;
    let (old, new) = overtaken(&directory).await;
    directory.add_held(&new, "employees", &creation("00u1", NOON)).await.unwrap();
    directory.open_hold(&new, time(NOON)).await.unwrap();

    let fenced = |result| matches!(result, Err(DirectoryError::Fenced { .. }));
    assert!(fenced(directory.open_hold(&old, time(NOON)).await));
    assert!(fenced(directory.add_held(&old, "employees", &creation("00u1", NOON)).await));
    assert!(fenced(directory.remove_held(&old, "employees", "00u1").await.map(|_| ())));
    assert_eq!(held(&directory).await.len(), 1);
    directory.remove_held(&new, "employees", "00u1").await.unwrap();
    assert!(!directory.close_hold(&old).await.unwrap());
    assert!(directory.hold("acme").await.unwrap().is_some());
}
