//! Run reports and their fencing.

use std::collections::BTreeMap;

use serde_json::json;

use super::{directory, lease, overtaken, time};
use crate::directory::{Acquired, DirectoryError};
use crate::error::Fate;
use crate::model::Job;
use crate::report::{Counts, DynamoDbUse, OktaUse, Problem, Progress, RunReport, RunState};

fn report(run: &str, started: &str) -> RunReport {
    RunReport {
        run: run.to_owned(),
        connection: "acme".to_owned(),
        job: Job::FullImport,
        state: RunState::Running,
        started: time(started),
        ended: None,
        invocations: 1,
        mappings: BTreeMap::from([("employees".to_owned(), Counts { read: 3, created: 3, ..Counts::default() })]),
        progress: Progress { done: 3, expected: Some(10), per_second: 12.34, calls_left: 480 },
        lag_seconds: None,
        okta: OktaUse { calls: 2, throttled: 0, retried: 0, bytes: 123_456 },
        dynamodb: DynamoDbUse { read_units: 1.5, write_units: 3.0 },
        problem: None,
        warnings: vec!["".to_owned(), "odd".to_owned()],
    }
}

#[tokio::test]
async fn a_report_comes_back_as_it_was_and_is_listed_once() {
    let directory = directory().await;
    let lease = lease(&directory, "run-1").await;
    let mut first = report("run-1", "2026-11-20T10:00:00.000Z");
    assert_eq!(directory.run("run-1").await.unwrap(), None);
    directory.open_run(&lease, &first).await.unwrap();
    assert_eq!(directory.run("run-1").await.unwrap().as_ref(), Some(&first));

    let metered = directory.metered();
    first.state = RunState::Failed;
    first.ended = Some(time("2026-11-20T10:30:00.000Z"));
    first.problem = Some(Problem::new("slug", "Title", "detail", "hint").with_status(403));
    metered.put_run(&lease, &first).await.unwrap();
    assert_eq!(metered.used().write_units, 1.0, "an update is one write");

    let second = report("run-2", "2026-11-20T11:00:00.000Z");
    let lease = lease.start_anew("run-2").await.unwrap();
    directory.open_run(&lease, &second).await.unwrap();
    assert_eq!(directory.runs("acme").await.unwrap(), [second, first]);
    assert_eq!(directory.runs("other").await.unwrap(), []);
}

#[tokio::test]
async fn of_a_run_that_has_ended_only_a_later_holder_says_that_it_is_at_work() {
    let directory = directory().await;
    let lease = lease(&directory, "run-1").await;
    let at_work = report("run-1", "2026-11-20T10:00:00.000Z");
    directory.open_run(&lease, &at_work).await.unwrap();
    directory.put_run(&lease, &at_work).await.unwrap();
    let ended = Some(time("2026-11-20T10:30:00.000Z"));
    let failed = RunReport { state: RunState::Failed, ended, ..at_work.clone() };
    directory.put_run(&lease, &failed).await.unwrap();

    // As one that was sent before, and was long on its way.
    let late = directory.put_run(&lease, &at_work).await;
    assert!(matches!(late, Err(DirectoryError::Fenced { .. })), "{late:?}");
    assert_eq!(directory.run("run-1").await.unwrap(), Some(failed));

    lease.pause().await.unwrap();
    let Acquired::TakenUp(lease) = directory.acquire("acme", Job::FullImport, "run-2").await.unwrap() else {
        panic!("not taken up")
    };
    directory.put_run(&lease, &at_work).await.unwrap();
    assert_eq!(directory.run("run-1").await.unwrap(), Some(at_work));
}

#[tokio::test]
async fn the_list_has_the_last_hundred_runs() {
    let directory = directory().await;
    let lease = lease(&directory, "run").await;
    for number in 0..105 {
        let started = format!("2026-11-20T{:02}:{:02}:00.000Z", number / 60, number % 60);
        directory.open_run(&lease, &report(&format!("run-{number:03}"), &started)).await.unwrap();
    }
    let runs: Vec<String> = directory.runs("acme").await.unwrap().into_iter().map(|report| report.run).collect();
    assert_eq!((runs.len(), runs[0].as_str(), runs[99].as_str()), (100, "run-104", "run-005"));
}

#[tokio::test]
async fn a_wish_to_cancel_is_heard_at_the_next_report() {
    let directory = directory().await;
    let lease = lease(&directory, "run-1").await;
    let report = report("run-1", "2026-11-20T10:00:00.000Z");
    assert!(!directory.request_cancel("run-1").await.unwrap());
    assert!(!directory.put_run(&lease, &report).await.unwrap().cancel_requested);
    assert!(directory.request_cancel("run-1").await.unwrap());
    assert!(directory.put_run(&lease, &report).await.unwrap().cancel_requested);
    assert_eq!(directory.run("run-1").await.unwrap(), Some(report));
}

#[tokio::test]
async fn an_overtaken_holder_writes_neither_report_nor_checkpoint() {
    let directory = directory().await;
    let (old, new) = overtaken(&directory).await;
    let mut report = report("run-1", "2026-11-20T10:00:00.000Z");
    // Before its successor wrote anything, its token is the largest known; then no more.
    directory.put_run(&old, &report).await.unwrap();
    directory.put_checkpoint(&old, &json!({ "page": 1 })).await.unwrap();
    report.invocations = 2;
    directory.put_run(&new, &report).await.unwrap();
    directory.put_checkpoint(&new, &json!({ "page": 2, "exact": 0.1 })).await.unwrap();

    report.invocations = 1;
    let error = directory.put_run(&old, &report).await.unwrap_err();
    assert!(matches!(error, DirectoryError::Fenced { .. }) && error.fate() == Fate::Retryable);
    let error = directory.put_checkpoint(&old, &json!({ "page": 1 })).await.unwrap_err();
    assert!(matches!(error, DirectoryError::Fenced { .. }));

    assert_eq!(directory.run("run-1").await.unwrap().unwrap().invocations, 2);
    assert_eq!(directory.checkpoint("run-1").await.unwrap(), Some(json!({ "page": 2, "exact": 0.1 })));
    assert_eq!(directory.checkpoint("run-2").await.unwrap(), None);
}
