//! Transactions: all or nothing, over both tables, and which condition failed.

use std::collections::HashMap;

use super::wire::{answering, error};
use super::{NOON, at, directory, lease, time};
use crate::directory::keys::{self, Key};
use crate::directory::transaction::{Transacted, Transaction};
use crate::directory::update::{Update, text, whole};
use crate::directory::{Directory, DirectoryError};
use crate::error::Fate;

fn record(id: &str) -> Key {
    keys::record("acme", "employees", time(NOON), id)
}

async fn number(directory: &Directory, key: &Key) -> Option<u64> {
    directory.get(key).await.unwrap().map(|item| item.whole("number").unwrap())
}

fn set(number: u64) -> Update {
    Update::new().set("id", text("x")).set("number", whole(number))
}

#[tokio::test]
async fn all_writes_of_both_tables_happen_together_or_none_does() {
    let directory = directory().await;
    let lease = lease(&directory, "run-1").await;
    let [first, second, third] = [record("00u1"), keys::connection("one"), keys::connection("two")];
    let put = || HashMap::from([("number".to_owned(), whole(2))]);
    let begin = Transaction::new().update(first.clone(), set(1).if_absent("pk")).put(second.clone(), put());
    assert!(matches!(directory.transact_under(&lease, &begin).await.unwrap(), Transacted::Done));
    assert_eq!((number(&directory, &first).await, number(&directory, &second).await), (Some(1), Some(2)));

    // Of four writes the second and the last must not happen, so the others do not either.
    let refused = Transaction::new()
        .update(first.clone(), set(10))
        .update(second.clone(), set(20).if_absent("pk"))
        .update(third.clone(), set(30))
        .delete(keys::connection("nobody"), Update::new().if_present("pk"));
    let Transacted::Refused(refused) = directory.transact_under(&lease, &refused).await.unwrap() else {
        panic!("it was carried out")
    };
    assert_eq!(refused.keys().copied().collect::<Vec<_>>(), [1, 3]);
    assert_eq!(refused[&1].whole("number").unwrap(), 2);
    assert!(refused[&3].is_empty());
    assert_eq!((number(&directory, &first).await, number(&directory, &third).await), (Some(1), None));

    let end = Transaction::new().delete(second.clone(), Update::new().if_compares("number", "=", whole(2)));
    assert!(matches!(directory.transact_under(&lease, &end).await.unwrap(), Transacted::Done));
    assert_eq!(number(&directory, &second).await, None);
}

#[tokio::test]
async fn capacity_is_counted_twice_over() {
    let directory = directory().await;
    let lease = lease(&directory, "run-1").await;
    let before = directory.used().write_units;
    let two = Transaction::new()
        .update(keys::connection("one"), set(1))
        .put(keys::connection("two"), HashMap::from([("number".to_owned(), whole(2))]));
    assert!(matches!(directory.transact_under(&lease, &two).await.unwrap(), Transacted::Done));
    assert_eq!(directory.used().write_units - before, 4.0);
}

#[tokio::test]
async fn an_item_that_grows_too_large_is_said_so() {
    let directory = directory().await;
    let lease = lease(&directory, "run-1").await;
    let large = Transaction::new().update(record("00u1"), set(1).set("large", text("x".repeat(420_000))));
    let error = directory.transact_under(&lease, &large).await.unwrap_err();
    assert!(error.to_string().contains("maximum allowed size"), "{error}");
}

#[tokio::test]
async fn a_lapsed_lease_sends_nothing() {
    let directory = directory().await;
    let lease = lease(&directory, "run-1").await;
    lease.clone().finish().await.unwrap();
    let one = Transaction::new().update(keys::connection("one"), set(1));
    let error = directory.transact_under(&lease, &one).await.unwrap_err();
    assert!(matches!(error, DirectoryError::LeaseLapsed { .. }), "{error}");
    assert_eq!(number(&directory, &keys::connection("one")).await, None);
}

fn cancelled(codes: &[&str]) -> (u16, String) {
    let reasons: Vec<_> = codes.iter().map(|code| serde_json::json!({ "Code": code, "Message": "in words" })).collect();
    let body = serde_json::json!({
        "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
        "Message": "Transaction cancelled",
        "CancellationReasons": reasons,
    });
    (400, body.to_string())
}

#[tokio::test]
async fn what_others_are_in_the_way_of_is_sent_again() {
    let real = directory().await;
    let lease = lease(&real, "run-1").await;
    let (endpoint, heard) = answering(vec![
        cancelled(&["None", "TransactionConflict"]),
        cancelled(&["ThrottlingError", "None"]),
        (200, "{}".to_owned()),
    ])
    .await;
    let two = Transaction::new().update(record("00u1"), set(1)).update(record("00u2"), set(1));
    assert!(matches!(at(&endpoint).transact_under(&lease, &two).await.unwrap(), Transacted::Done));
    let operations: Vec<String> = heard.lock().unwrap().iter().map(|(operation, _)| operation.clone()).collect();
    assert_eq!(operations, ["TransactWriteItems"; 3]);
}

#[tokio::test]
async fn other_refusals_keep_their_fates() {
    let real = directory().await;
    let lease = lease(&real, "run-1").await;
    for (answer, fate) in [
        (cancelled(&["ValidationError"]), Fate::Fatal),
        (cancelled(&["ItemCollectionSizeLimitExceeded"]), Fate::Fatal),
        (error(400, "AccessDeniedException"), Fate::Fatal),
    ] {
        let (endpoint, _) = answering(vec![answer]).await;
        let one = Transaction::new().update(record("00u1"), set(1));
        let error = at(&endpoint).transact_under(&lease, &one).await.unwrap_err();
        assert_eq!(error.fate(), fate, "{error}");
    }
}
