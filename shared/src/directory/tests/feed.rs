//! The feed of changes: in order, without gaps, at least once.

use std::collections::BTreeSet;

use serde_json::json;

use super::wire::losing_answers;
use super::{NOON, at, creation, database, directory, lease, place, time};
use crate::directory::{Acquired, Directory, FeedCursor, FeedPage, Lease, Written, keys};
use crate::model::{Change, FeedEntry, Job, Outcome};

async fn create(directory: &Directory, lease: &Lease, id: &str) {
    let written = directory.write(lease, &place(), &creation(id, NOON), time(NOON)).await.unwrap();
    assert_eq!(written, Written::Done);
}

/// A page of at most so many entries, and where to go on.
async fn page(directory: &Directory, since: Option<FeedCursor>, limit: usize) -> (Vec<FeedEntry>, FeedCursor) {
    match directory.changes("acme", since, limit).await.unwrap() {
        FeedPage::Entries { entries, next } => (entries, next),
        other => panic!("{other:?}"),
    }
}

fn ids(entries: &[FeedEntry]) -> Vec<&str> {
    entries.iter().map(|entry| entry.id.as_str()).collect()
}

#[tokio::test]
async fn tells_what_was_written_in_order_and_only_once_published() {
    let directory = directory().await.metered();
    let lease = lease(&directory, "run-1").await;
    let (entries, start) = page(&directory, None, 10).await;
    assert_eq!(entries, []);
    create(&directory, &lease, "00u1").await;
    create(&directory, &lease, "00u2").await;
    assert_eq!(page(&directory, Some(start), 10).await, (Vec::new(), start));
    directory.publish_changes(&lease).await.unwrap();
    directory.publish_changes(&lease).await.unwrap();
    let mut renamed = Change { expected: Some(1), outcome: Outcome::Updated, ..creation("00u1", NOON) };
    renamed.content.as_mut().unwrap().identifier = "ada".to_owned();
    assert_eq!(directory.write(&lease, &place(), &renamed, time(NOON)).await.unwrap(), Written::Done);
    directory.publish_changes(&lease).await.unwrap();

    let (entries, end) = page(&directory, Some(start), 10).await;
    assert_eq!(ids(&entries), ["00u1", "00u2", "00u1"]);
    let told = serde_json::to_value(&entries[2]).unwrap();
    let expected = json!({
        "cursor": end.to_string(), "at": NOON, "run": "run-1", "job": "full-import", "mapping": "employees",
        "kind": "login_user", "id": "00u1", "identifier": "ada", "change": "updated", "state": "active",
        "reason": null, "revision": 2, "changed": { "identifier": { "from": "00u1@acme.example", "to": "ada" } }
    });
    assert_eq!(told, expected);
    assert_eq!(page(&directory, Some(end), 10).await, (Vec::new(), end));

    // By ones, and from the cursor of every entry.
    let mut at = Some(start);
    for entry in &entries {
        let (one, next) = page(&directory, at, 1).await;
        assert_eq!(&one, std::slice::from_ref(entry));
        assert_eq!(next.to_string(), entry.cursor);
        at = Some(entry.cursor.parse().unwrap());
    }
}

#[tokio::test]
async fn two_processes_that_append_leave_no_gap_and_lose_nothing() {
    let endpoint = database().await;
    let first = at(&endpoint);
    let lease = lease(&first, "run-1").await;
    let writers = (0..4).map(|number| {
        let (directory, lease) = (at(&endpoint), lease.clone());
        async move {
            for round in 0..6 {
                create(&directory, &lease, &format!("00u{number}-{round}")).await;
                directory.publish_changes(&lease).await.unwrap();
            }
        }
    });
    futures::future::join_all(writers).await;
    let (entries, end) = page(&first, None, 1_000).await;
    assert_eq!(ids(&entries).into_iter().collect::<BTreeSet<_>>().len(), 24);
    assert_eq!(entries.len(), 24);
    assert_eq!(end.to_string(), "19.0", "24 batches, one after the other");
    for number in 0..4 {
        let mine: Vec<_> = ids(&entries).into_iter().filter(|id| id.starts_with(&format!("00u{number}-"))).collect();
        assert_eq!(mine, (0..6).map(|round| format!("00u{number}-{round}")).collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn a_lost_answer_appends_once() {
    let endpoint = database().await;
    let (bad, good) = (at(&losing_answers(&endpoint).await), at(&endpoint));
    let lease = lease(&good, "run-1").await;
    create(&good, &lease, "00u1").await;
    bad.retell(&lease, "employees", (time(NOON), "00u1")).await.unwrap();
    bad.publish_changes(&lease).await.unwrap();
    let (entries, _) = page(&good, None, 10).await;
    assert_eq!(ids(&entries), ["00u1"]);
}

#[tokio::test]
async fn many_entries_share_a_batch_and_no_batch_is_too_large() {
    let directory = directory().await;
    let lease = lease(&directory, "run-1").await;
    for number in 0..60 {
        let mut change = creation(&format!("00u{number:02}"), NOON);
        change.content.as_mut().unwrap().identifier = "x".repeat(10_000);
        assert_eq!(directory.write(&lease, &place(), &change, time(NOON)).await.unwrap(), Written::Done);
    }
    directory.publish_changes(&lease).await.unwrap();
    let (entries, end) = page(&directory, None, 1_000).await;
    assert_eq!(entries.len(), 60);
    assert_eq!(end.to_string(), "5.0", "four batches of up to 190 KB");
}

#[tokio::test]
async fn a_cursor_whose_batch_is_gone_says_so() {
    let directory = directory().await;
    let lease = lease(&directory, "run-1").await;
    let (_, start) = page(&directory, None, 10).await;
    for id in ["00u1", "00u2", "00u3"] {
        create(&directory, &lease, id).await;
        directory.publish_changes(&lease).await.unwrap();
    }
    let (_, second) = page(&directory, None, 1).await;
    let (_, end) = page(&directory, None, 10).await;
    let expire = async |sequence| {
        let key = keys::feed_batch("acme", sequence);
        directory.delete_under(&lease, &key, crate::directory::update::Update::new()).await.unwrap();
    };
    expire(1).await;
    let gone = FeedPage::Expired { newest: end };
    assert_eq!(directory.changes("acme", Some(start), 10).await.unwrap(), gone);
    assert_eq!(ids(&page(&directory, Some(second), 10).await.0), ["00u2", "00u3"]);
    assert_eq!(ids(&page(&directory, None, 10).await.0), ["00u2", "00u3"]);
    expire(2).await;
    expire(3).await;
    assert_eq!(directory.changes("acme", Some(second), 10).await.unwrap(), gone);
    assert_eq!(page(&directory, Some(end), 10).await, (Vec::new(), end));
    assert_eq!(page(&directory, None, 10).await, (Vec::new(), end));
    let beyond = "99.0".parse().unwrap();
    assert_eq!(directory.changes("acme", Some(beyond), 10).await.unwrap(), FeedPage::Unknown);
}

#[tokio::test]
async fn whoever_takes_a_run_up_knows_whose_writes_may_be_untold() {
    let directory = directory().await;
    let first = lease(&directory, "run-1").await;
    assert!(!first.broke_off("run-1"));
    first.pause().await.unwrap();
    let Acquired::TakenUp(next) = directory.acquire("acme", Job::FullImport, "run-2").await.unwrap() else {
        panic!("not taken up")
    };
    assert!(next.broke_off("run-1") && !next.broke_off("run-2"));
    let anew = next.start_anew("run-3").await.unwrap();
    assert!(anew.broke_off("run-1") && !anew.broke_off("run-3"));
    anew.pause().await.unwrap();
    let Acquired::TakenUp(last) = directory.acquire("acme", Job::FullImport, "run-4").await.unwrap() else {
        panic!("not taken up")
    };
    assert!(last.broke_off("run-1") && last.broke_off("run-3"));
    last.finish().await.unwrap();
    assert!(!lease(&directory, "run-5").await.broke_off("run-1"));
}
