//! When an answer is lost, the SDK sends the request again: what was done once must not look, or count, like twice.

use futures::TryStreamExt;

use super::wire::losing_answers;
use super::{NOON, at, creation, database, lease, place, time};
use crate::directory::{Acquired, ConnectionState, Directory, UnsyncedNote, Written};
use crate::model::{Job, LastWrite, Outcome, Rejection, RejectionReason, UnsyncedRow};

/// A directory behind a bad line, and the same behind a good one.
async fn directories() -> (Directory, Directory) {
    let database = database().await;
    (at(&losing_answers(&database).await), at(&database))
}

#[tokio::test]
async fn a_lease_is_new_all_the_same() {
    let (bad, good) = directories().await;
    let lease = lease(&bad, "run-1").await;
    assert_eq!(lease.run(), "run-1");
    lease.permit().unwrap();
    let joined = good.acquire("acme", Job::FullImport, "run-2").await.unwrap();
    assert!(matches!(joined, Acquired::Joined { run } if run == "run-1"));
    lease.clone().pause().await.unwrap();
    let taken_up = bad.acquire("acme", Job::FullImport, "run-1").await.unwrap();
    assert!(matches!(&taken_up, Acquired::TakenUp(next) if next.token() > lease.token()), "{taken_up:?}");
    let Acquired::TakenUp(next) = taken_up else { return };
    next.start_anew("run-3").await.unwrap().finish().await.unwrap();
}

#[tokio::test]
async fn a_write_that_lost_to_itself_finds_its_own_run() {
    let (bad, good) = directories().await;
    let lease = lease(&good, "run-1").await;
    assert_eq!(bad.write(&lease, &place(), &creation("00u1", NOON), time(NOON)).await.unwrap(), Written::Lost);
    let known = good.find("acme", "employees", "00u1").await.unwrap().unwrap();
    assert_eq!(known.current.last_write, LastWrite { run: "run-1".to_owned(), outcome: Outcome::Created });
}

#[tokio::test]
async fn the_state_of_a_connection_knows_its_own_write() {
    let (bad, _) = directories().await;
    let written = bad.put_connection_state(None, "acme", &ConnectionState::default()).await.unwrap();
    assert_eq!(written, Written::Done);
    assert_eq!(bad.connection_state("acme").await.unwrap().revision, 1);
}

#[tokio::test]
async fn an_attempt_counts_once() {
    let (bad, good) = directories().await;
    let lease = lease(&good, "run-1").await;
    let rejection =
        Rejection { reason: RejectionReason::Malformed, message: "odd".to_owned(), identifier: Some("ada".to_owned()) };
    let note = UnsyncedNote { mapping: "employees".to_owned(), id: "00u1".to_owned(), rejection };
    bad.add_unsynced(&lease, &note, time(NOON)).await.unwrap();
    let rows: Vec<UnsyncedRow> = good.unsynced("acme").try_collect().await.unwrap();
    assert!(matches!(&rows[..], [row] if row.attempts == 1), "{rows:?}");
}
