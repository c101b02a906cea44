//! Leases: who may run, and for how long.

use std::time::Duration;

use super::{SHORT, directory, lease, overtaken};
use crate::clock;
use crate::directory::{Acquired, Directory, DirectoryError, LeaseTimes};
use crate::error::Fate;
use crate::model::{Job, LastTry};

#[tokio::test]
async fn a_second_start_joins_and_one_after_the_end_is_new() {
    let directory = directory().await;
    let first = lease(&directory, "run-1").await;
    assert_eq!((first.run(), first.connection(), first.token()), ("run-1", "acme", 1));
    first.permit().unwrap();

    let second = directory.acquire("acme", Job::FullImport, "run-2").await.unwrap();
    assert!(matches!(second, Acquired::Joined { run } if run == "run-1"));
    // Other jobs, and other connections, have leases of their own.
    for (connection, job) in [("acme", Job::DeltaSync), ("other", Job::FullImport)] {
        let other = directory.acquire(connection, job, "run-3").await.unwrap();
        assert!(matches!(other, Acquired::New(lease) if lease.run() == "run-3" && lease.token() == 1));
    }

    first.finish().await.unwrap();
    let third = lease(&directory, "run-4").await;
    assert_eq!((third.run(), third.token()), ("run-4", 2));
}

#[tokio::test]
async fn a_paused_run_is_taken_up_at_once_under_its_own_id() {
    let directory = directory().await;
    let first = lease(&directory, "run-1").await;
    let clone = first.clone();
    first.pause().await.unwrap();
    assert!(clone.permit().is_err());

    // The one that goes on may well name the run itself.
    for name in ["run-2", "run-1"] {
        let Acquired::TakenUp(lease) = directory.acquire("acme", Job::FullImport, name).await.unwrap() else {
            panic!("not taken up")
        };
        assert_eq!(lease.run(), "run-1");
        lease.permit().unwrap();
        lease.pause().await.unwrap();
    }
}

#[tokio::test]
async fn a_lease_is_renewed_while_it_is_held_and_lapses_when_forgotten() {
    let directory = directory().await.with_lease_times(SHORT);
    let first = lease(&directory, "run-1").await;
    tokio::time::sleep(SHORT.lasts * 2).await;
    first.permit().unwrap();
    let joined = directory.acquire("acme", Job::FullImport, "run-2").await.unwrap();
    assert!(matches!(joined, Acquired::Joined { .. }));

    drop(first);
    let at_once = directory.acquire("acme", Job::FullImport, "run-2").await.unwrap();
    assert!(matches!(at_once, Acquired::Joined { .. }), "a crash is not noticed before the lease lapses");
    tokio::time::sleep(SHORT.lasts + Duration::from_millis(100)).await;
    let lapsed = directory.acquire("acme", Job::FullImport, "run-2").await.unwrap();
    assert!(matches!(lapsed, Acquired::TakenUp(lease) if lease.run() == "run-1" && lease.token() == 2));
}

#[tokio::test]
async fn a_holder_that_cannot_renew_starts_no_write() {
    let times = LeaseTimes { renewed_every: Duration::from_secs(60), ..SHORT };
    let directory = directory().await.with_lease_times(times);
    let lease = lease(&directory, "run-1").await;
    lease.permit().unwrap();
    tokio::time::sleep(times.write_limit + Duration::from_millis(50)).await;
    let error = lease.permit().unwrap_err();
    assert!(matches!(error, DirectoryError::LeaseLapsed { .. }) && error.fate() == Fate::Retryable);
}

#[tokio::test]
async fn a_holder_that_was_overtaken_finds_out_at_its_next_renewal() {
    let directory = directory().await.with_lease_times(SHORT);
    let (old, new) = overtaken(&directory).await;
    old.permit().unwrap();
    tokio::time::sleep(SHORT.renewed_every * 2).await;
    assert!(old.permit().is_err());
    new.permit().unwrap();
    // It cannot end the run of its successor either.
    assert!(matches!(old.finish().await, Err(DirectoryError::LeaseLapsed { .. })));
    let joined = directory.acquire("acme", Job::FullImport, "run-3").await.unwrap();
    assert!(matches!(joined, Acquired::Joined { run } if run == "run-1"));
    assert!(matches!(new.clone().start_anew("run-3").await, Ok(lease) if lease.run() == "run-3"));
}

#[tokio::test]
async fn a_run_can_start_anew_under_the_same_lease() {
    let directory = directory().await;
    let old = lease(&directory, "run-1").await;
    let clone = old.clone();
    let new = old.start_anew("run-2").await.unwrap();
    assert!(clone.permit().is_err());
    new.permit().unwrap();
    let joined = directory.acquire("acme", Job::FullImport, "run-3").await.unwrap();
    assert!(matches!(joined, Acquired::Joined { run } if run == "run-2"));
    drop(clone);
    new.pause().await.unwrap();
    let next = directory.acquire("acme", Job::FullImport, "run-3").await.unwrap();
    assert!(matches!(next, Acquired::TakenUp(lease) if lease.run() == "run-2"));
}

#[tokio::test]
async fn of_many_that_ask_at_once_one_begins() {
    let directory = directory().await;
    let asked = (0..20).map(|number| {
        let directory = directory.clone();
        async move { directory.acquire("acme", Job::DeltaSync, &format!("run-{number}")).await.unwrap() }
    });
    let answers = futures::future::join_all(asked).await;
    let new: Vec<_> = answers.iter().filter(|answer| matches!(answer, Acquired::New(_))).collect();
    let [Acquired::New(lease)] = &new[..] else { panic!("{new:?}") };
    let joined = |answer: &Acquired| matches!(answer, Acquired::Joined { run } if run == lease.run());
    assert_eq!(answers.iter().filter(|answer| joined(answer)).count(), 19);
}

async fn last_try(directory: &Directory) -> LastTry {
    directory.last_try("acme", Job::FullImport).await.unwrap()
}

#[tokio::test]
async fn it_is_known_when_a_run_last_began_and_how_many_tries_failed() {
    let directory = directory().await;
    assert_eq!(last_try(&directory).await, LastTry::default());
    let before = clock::now();
    let first = lease(&directory, "run-1").await;
    let known = last_try(&directory).await;
    assert!(known.begun >= Some(before) && known.begun <= Some(clock::now()), "{known:?}");
    assert!(known.is_at_work(clock::now()) && known.held_until > Some(before.after(Duration::from_secs(25))));
    assert_eq!((known.unfinished.as_deref(), known.failures), (Some("run-1"), 1));

    // Going on in a further invocation is no failure, breaking off is one.
    first.hand_over().await.unwrap();
    let known = last_try(&directory).await;
    assert!(!known.is_at_work(clock::now()));
    assert_eq!((known.unfinished.as_deref(), known.failures), (Some("run-1"), 0));
    for failures in 1..4 {
        let Acquired::TakenUp(lease) = directory.acquire("acme", Job::FullImport, "run-2").await.unwrap() else {
            panic!("not taken up")
        };
        lease.pause().await.unwrap();
        let known = last_try(&directory).await;
        assert_eq!((known.unfinished.as_deref(), known.failures), (Some("run-1"), failures));
    }

    let Acquired::TakenUp(lease) = directory.acquire("acme", Job::FullImport, "run-2").await.unwrap() else {
        panic!("not taken up")
    };
    lease.fail().await.unwrap();
    let known = last_try(&directory).await;
    assert_eq!((known.unfinished.as_deref(), known.failures), (None, 4));
    directory.forget_failures("acme").await.unwrap();
    assert_eq!(last_try(&directory).await, LastTry { failures: 0, ..known });
}

#[tokio::test]
async fn a_good_end_forgets_failures_and_what_a_person_does_beside_is_no_try() {
    let directory = directory().await;
    lease(&directory, "run-1").await.fail().await.unwrap();
    let failed = last_try(&directory).await;
    let Acquired::New(aside) = directory.acquire_aside("acme", Job::FullImport, "run-1").await.unwrap() else {
        panic!("not free")
    };
    let beside = last_try(&directory).await;
    assert!(beside.is_at_work(clock::now()));
    assert_eq!((beside.begun, beside.failures), (failed.begun, 1));
    aside.pause().await.unwrap();
    assert_eq!(last_try(&directory).await.failures, 1);
    let Acquired::TakenUp(again) = directory.acquire("acme", Job::FullImport, "run-2").await.unwrap() else {
        panic!("not taken up")
    };
    again.finish().await.unwrap();
    let known = last_try(&directory).await;
    assert_eq!((known.unfinished, known.failures), (None, 0));
}

#[tokio::test]
async fn a_connection_is_served_when_a_run_succeeds_and_waits_from_the_first_try_on() {
    let directory = directory().await;
    let before = clock::now();
    lease(&directory, "run-1").await.fail().await.unwrap();
    let waiting = last_try(&directory).await;
    assert!(waiting.served >= Some(before), "{waiting:?}");
    tokio::time::sleep(Duration::from_millis(5)).await;
    lease(&directory, "run-2").await.finish().await.unwrap();
    assert_eq!(last_try(&directory).await.served, waiting.served);
    lease(&directory, "run-3").await.succeed().await.unwrap();
    assert!(last_try(&directory).await.served > waiting.served);
}
