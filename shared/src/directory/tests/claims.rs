//! Claims: at most one record of a mapping has an identifier, whoever writes first.

use futures::TryStreamExt;

use super::{NOON, creation, directory, lease, place, time};
use crate::directory::{Directory, Lease, Wake, Written};
use crate::model::{Change, Claim, Outcome, Reason};

const MORNING: &str = "2020-01-01T08:00:00.000Z";

/// A new record with an identifier.
fn named(id: &str, identifier: &str) -> Change {
    let mut change = creation(id, MORNING);
    let content = change.content.as_mut().unwrap();
    (content.identifier, content.claim) = (identifier.to_owned(), Some(Claim::on(identifier)));
    change
}

/// The change of a stored record's identifier.
fn renamed(id: &str, (from, to): (&str, &str), revision: u64) -> Change {
    let held_claim = Some(Claim::on(from));
    Change { expected: Some(revision), held_claim, outcome: Outcome::Updated, ..named(id, to) }
}

async fn written(directory: &Directory, lease: &Lease, changes: &[Change]) -> Written {
    directory.write_together(lease, &place(), changes, time(NOON)).await.unwrap()
}

async fn holder(directory: &Directory, identifier: &str) -> Option<String> {
    directory.holder("acme", "employees", &Claim::on(identifier)).await.unwrap().map(|holder| holder.id)
}

async fn wakes(directory: &Directory) -> Vec<Wake> {
    directory.wakes("acme").try_collect().await.unwrap()
}

#[tokio::test]
async fn of_many_who_claim_an_identifier_at_once_one_gets_it() {
    let directory = directory().await;
    let lease = lease(&directory, "run-1").await;
    let ids: Vec<String> = (0..16).map(|number| format!("00u{number}")).collect();
    let claiming = ids.iter().map(|id| {
        let (directory, lease) = (directory.clone(), lease.clone());
        let change = named(id, if id.len() % 2 == 0 { "Ada@acme.example" } else { "ada@ACME.example" });
        async move { written(&directory, &lease, &[change]).await }
    });
    let outcomes = futures::future::join_all(claiming).await;
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == Written::Done).count(), 1);
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == Written::Claimed).count(), ids.len() - 1);
    let records: Vec<_> = directory.records("acme", "employees").try_collect().await.unwrap();
    assert_eq!(records.len(), 1);
    assert_eq!(holder(&directory, "ada@acme.example").await, Some(records[0].id.clone()));
}

#[tokio::test]
async fn a_ring_of_renames_is_one_write() {
    let directory = directory().await;
    let lease = lease(&directory, "run-1").await;
    for (id, name) in [("00u1", "a"), ("00u2", "b"), ("00u3", "c")] {
        assert_eq!(written(&directory, &lease, &[named(id, name)]).await, Written::Done);
    }
    let ring = [renamed("00u1", ("a", "b"), 1), renamed("00u2", ("b", "c"), 1), renamed("00u3", ("c", "a"), 1)];
    assert_eq!(written(&directory, &lease, &ring[..1]).await, Written::Claimed);
    assert_eq!(written(&directory, &lease, &ring).await, Written::Done);
    for (id, name) in [("00u1", "b"), ("00u2", "c"), ("00u3", "a")] {
        assert_eq!(holder(&directory, name).await.as_deref(), Some(id));
    }
    assert_eq!(wakes(&directory).await, []);
    // One of them was written since: then none changes.
    let back = [renamed("00u1", ("b", "a"), 2), renamed("00u3", ("a", "b"), 1)];
    assert_eq!(written(&directory, &lease, &back).await, Written::Lost);
    assert_eq!(holder(&directory, "a").await.as_deref(), Some("00u3"));
}

#[tokio::test]
async fn whoever_lets_go_of_a_claim_wakes_those_who_wait_for_it() {
    let directory = directory().await;
    let lease = lease(&directory, "run-1").await;
    let claim = Claim::on("a");
    assert_eq!(written(&directory, &lease, &[named("00u1", "a")]).await, Written::Done);
    assert!(directory.wait_for(&lease, "employees", &claim, ("00u1", "00u9")).await.unwrap());
    assert!(!directory.wait_for(&lease, "employees", &claim, ("00u7", "00u9")).await.unwrap());

    assert_eq!(written(&directory, &lease, &[renamed("00u1", ("a", "b"), 1)]).await, Written::Done);
    let [wake] = wakes(&directory).await.try_into().unwrap();
    assert_eq!((&*wake.mapping, &wake.claim), ("employees", &claim));
    assert_eq!(directory.waiting("acme", "employees", &claim).await.unwrap(), ["00u9"]);
    assert_eq!(holder(&directory, "a").await, None);

    assert_eq!(written(&directory, &lease, &[named("00u9", "a")]).await, Written::Done);
    directory.stop_waiting(&lease, "employees", &claim, "00u9").await.unwrap();
    directory.finish_wake(&lease, &wake).await.unwrap();
    assert_eq!(wakes(&directory).await, []);
    assert_eq!(holder(&directory, "a").await.as_deref(), Some("00u9"), "a claim that is held stays");
}

#[tokio::test]
async fn of_very_many_who_wait_for_a_claim_the_first_thousand_are_noted() {
    let directory = directory().await;
    let lease = lease(&directory, "run-1").await;
    let claim = Claim::on("a");
    assert_eq!(written(&directory, &lease, &[named("00u1", "a")]).await, Written::Done);
    for waiter in 0..1_002 {
        assert!(directory.wait_for(&lease, "employees", &claim, ("00u1", &format!("00w{waiter}"))).await.unwrap());
    }
    assert!(!directory.wait_for(&lease, "employees", &claim, ("00u7", "00w9")).await.unwrap());
    assert_eq!(directory.waiting("acme", "employees", &claim).await.unwrap().len(), 1_000);
}

#[tokio::test]
async fn a_leaver_keeps_the_claim_and_offers_it() {
    let directory = directory().await;
    let lease = lease(&directory, "run-1").await;
    assert_eq!(written(&directory, &lease, &[named("00u1", "a")]).await, Written::Done);
    let leaves = Change {
        standing: Some(Reason::Deactivated),
        content: None,
        outcome: Outcome::Deactivated,
        ..renamed("00u1", ("a", "a"), 1)
    };
    assert_eq!(written(&directory, &lease, &[leaves]).await, Written::Done);
    assert_eq!(holder(&directory, "a").await.as_deref(), Some("00u1"));
    assert_eq!(wakes(&directory).await.len(), 1);
}
