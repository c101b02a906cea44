//! What the failures of a call mean.

use aws_sdk_dynamodb::config::retry::RetryConfig;
use futures::TryStreamExt;
use serde_json::json;

use super::wire::{answering, error};
use super::{NOON, at, configuration, directory, tables, time};
use crate::directory::{Directory, DirectoryError, Suspect};
use crate::error::Fate;

/// The directory behind an endpoint, by an SDK that does not repeat calls.
fn asked_once(endpoint: &str) -> Directory {
    let configuration = at(endpoint).link.client.config().to_builder().retry_config(RetryConfig::disabled()).build();
    Directory::new(aws_sdk_dynamodb::Client::from_conf(configuration), tables())
}

#[tokio::test]
async fn every_failure_has_its_fate_and_names_operation_and_table() {
    for (status, code, slug, fate) in [
        (400, "ThrottlingException", "directory-throttled", Fate::Retryable),
        (400, "ProvisionedThroughputExceededException", "directory-throttled", Fate::Retryable),
        (500, "InternalServerError", "directory-unavailable", Fate::Retryable),
        (503, "SomethingNew", "directory-unavailable", Fate::Retryable),
        (400, "ResourceNotFoundException", "missing-table", Fate::Fatal),
        (400, "AccessDeniedException", "aws-denied", Fate::Fatal),
        (400, "UnrecognizedClientException", "aws-credentials", Fate::Fatal),
        (400, "ExpiredTokenException", "aws-credentials", Fate::Fatal),
        (400, "ValidationException", "directory-refused", Fate::Fatal),
    ] {
        let (endpoint, _) = answering(vec![error(status, code)]).await;
        let error = asked_once(&endpoint).connection_state("acme").await.unwrap_err();
        let problem = error.problem();
        assert_eq!(problem.kind, format!("urn:rollcall:problem:{slug}"), "{code}: {error}");
        assert_eq!(error.fate(), fate, "{code}");
        assert!(problem.detail.contains("GetItem on table rollcall-state"), "{}", problem.detail);
        assert!(!problem.hint.is_empty());
    }
}

#[tokio::test]
async fn a_service_that_is_not_there_is_asked_again_later() {
    let error = asked_once("http://127.0.0.1:9").connection_state("acme").await.unwrap_err();
    assert!(matches!(error, DirectoryError::Unavailable { .. }), "{error}");
    assert_eq!(error.fate(), Fate::Retryable);
}

#[tokio::test]
async fn without_credentials_somebody_has_to_act() {
    let client = aws_sdk_dynamodb::Client::from_conf(configuration("http://127.0.0.1:9").build());
    let error = Directory::new(client, tables()).connection_state("acme").await.unwrap_err();
    assert!(matches!(error, DirectoryError::Credentials { .. }), "{error}");
}

#[tokio::test]
async fn a_missing_table_is_said_by_its_name() {
    let real = directory().await;
    let tables = crate::directory::Tables { directory: "no-such".to_owned(), state: "nor-this".to_owned() };
    let directory = Directory::new(real.link.client.clone(), tables);
    let error = directory.record("acme", "employees", "00u1").await.unwrap_err();
    assert!(matches!(&error, DirectoryError::MissingTable { call } if call.target == "table no-such"), "{error}");
}

#[tokio::test]
async fn creating_the_tables_again_changes_nothing() {
    let directory = directory().await;
    directory.create_tables().await.unwrap();
    let client = &directory.link.client;
    let described = client.describe_time_to_live().table_name("rollcall-state").send().await.unwrap();
    let described = described.time_to_live_description.unwrap();
    assert_eq!(described.attribute_name.as_deref(), Some("expires"));
}

#[tokio::test]
async fn what_a_batch_leaves_undone_is_sent_again() {
    let item = |id: &str| json!({ "pk": { "S": "run#run-1#suspects#00" }, "sk": { "S": id } });
    let left = json!({ "UnprocessedItems": { "rollcall-state": [{ "PutRequest": { "Item": item("a#1") } }] } });
    let (endpoint, heard) = answering(vec![(200, left.to_string()), (200, "{}".to_owned())]).await;
    let suspect = |id: &str| Suspect { id: id.to_owned(), source_created: time(NOON), mapping: "a".to_owned() };
    at(&endpoint).add_suspects("run-1", &[suspect("1"), suspect("2")]).await.unwrap();
    let heard = heard.lock().unwrap();
    assert_eq!(heard.len(), 2);
    assert!(heard[1].1.contains("a#1") && !heard[1].1.contains("a#2"), "{heard:?}");
}

#[tokio::test]
async fn keys_that_a_batch_leaves_unread_are_asked_for_again() {
    let left = json!({
        "Responses": { "rollcall-directory": [] },
        "UnprocessedKeys": { "rollcall-directory": { "Keys": [{ "pk": { "S": "p" }, "sk": { "S": "s" } }] } },
    });
    let done = json!({ "Responses": { "rollcall-directory": [] },
        "ConsumedCapacity": [{ "TableName": "rollcall-directory", "CapacityUnits": 1.5 }] });
    let (endpoint, heard) = answering(vec![(200, left.to_string()), (200, done.to_string())]).await;
    let directory = at(&endpoint);
    let current = directory.current("acme", "employees", &[(time(NOON), "00u1".to_owned())]).await.unwrap();
    assert!(current.is_empty());
    assert_eq!(directory.used().read_units, 1.5);
    let heard = heard.lock().unwrap();
    assert!(heard.len() == 2 && heard.iter().all(|(_, body)| body.contains("\"ConsistentRead\":true")), "{heard:?}");
    assert!(heard[1].1.contains("ProjectionExpression"), "{heard:?}");
}

#[tokio::test]
async fn the_sdk_repeats_a_throttled_call_by_itself() {
    let (endpoint, heard) = answering(vec![error(400, "ThrottlingException"), (200, "{}".to_owned())]).await;
    at(&endpoint).connection_state("acme").await.unwrap();
    assert_eq!(heard.lock().unwrap().len(), 2);
}

#[tokio::test]
async fn everything_can_be_done_by_a_task_of_its_own() {
    let directory = directory().await;
    let task = tokio::spawn(async move {
        let lease = super::lease(&directory, "run-1").await;
        let change = super::creation("00u1", NOON);
        let written = directory.write(&lease, &super::place(), &change, time(NOON)).await?;
        let keys = [(time(NOON), "00u1".to_owned())];
        let current = directory.current("acme", "employees", &keys).await?;
        directory.add_seen("run-1", 0, 0, &["00u1".to_owned()]).await?;
        directory.add_suspects("run-1", &[]).await?;
        directory.close_hold(&lease).await?;
        let known: Vec<_> = directory.known("acme", "employees", None, None).try_collect().await?;
        lease.finish().await?;
        Ok::<_, DirectoryError>((written, current.len(), known.len()))
    });
    assert_eq!(task.await.unwrap().unwrap(), (crate::directory::Written::Done, 1, 1));
}
