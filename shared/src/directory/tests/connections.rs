//! Connections and what they remember.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::AttributeValue;

use super::{NOON, directory, overtaken, time};
use crate::directory::{CompleteImport, ConnectionState, DayCount, DirectoryError, Written};
use crate::error::Fate;
use crate::model::Connection;

fn connection(name: &str) -> Connection {
    let document = serde_json::json!({
        "name": name,
        "okta": { "url": "https://acme.okta.com", "auth": { "kind": "api_token", "secret": "rollcall/acme" } },
        "guard": { "max_deactivations": 20, "max_deactivations_percent": 2.5 },
        "mappings": [{
            "name": "custodians",
            "source": "users",
            "target": { "kind": "record", "entity": "Custodian", "collection": "Okta users" },
            "identifier": "id",
            "fields": { "name": "profile.displayName", "title": "profile.title" },
        }],
    });
    Connection::parse(&document.to_string()).unwrap()
}

#[tokio::test]
async fn connections_come_back_and_a_broken_one_stands_alone() {
    let directory = directory().await;
    assert!(directory.connection("acme").await.unwrap().is_none());
    let (acme, other) = (connection("acme"), connection("other"));
    directory.put_connection(&other).await.unwrap();
    directory.put_connection(&acme).await.unwrap();
    assert_eq!(directory.connection("acme").await.unwrap().unwrap().document(), acme.document());

    // Somebody edits one in the console.
    let client = &directory.link.client;
    client
        .put_item()
        .table_name("rollcall-state")
        .item("pk", AttributeValue::S("connections".to_owned()))
        .item("sk", AttributeValue::S("broken".to_owned()))
        .item("name", AttributeValue::S("broken".to_owned()))
        .item("document", AttributeValue::M(Default::default()))
        .send()
        .await
        .unwrap();
    let error = directory.connection("broken").await.unwrap_err();
    assert!(matches!(&error, DirectoryError::BadConnection { name, .. } if name == "broken"));
    assert_eq!(error.fate(), Fate::Fatal);
    let all = directory.connections().await.unwrap();
    let names: Vec<(&str, bool)> = all.iter().map(|(name, parsed)| (name.as_str(), parsed.is_ok())).collect();
    assert_eq!(names, [("acme", true), ("broken", false), ("other", true)]);
}

#[tokio::test]
async fn the_state_of_a_connection_is_written_on_what_was_read() {
    let directory = directory().await;
    let empty = directory.connection_state("acme").await.unwrap();
    assert_eq!(empty, ConnectionState::default());
    let complete = CompleteImport {
        run: "run-1".to_owned(),
        t0: time(NOON),
        mappings_digest: "digest".to_owned(),
        active: BTreeMap::from([("employees".to_owned(), 7)]),
        users: 9,
    };
    let state = ConnectionState { last_complete: Some(complete), watermark: Some(time(NOON)), ..empty.clone() };
    assert_eq!(directory.put_connection_state(None, "acme", &state).await.unwrap(), Written::Done);
    assert_eq!(directory.put_connection_state(None, "acme", &empty).await.unwrap(), Written::Lost);
    let read = directory.connection_state("acme").await.unwrap();
    assert_eq!(read, ConnectionState { revision: 1, ..state });

    let next = ConnectionState { org_id: Some("00o1".to_owned()), ..read.clone() };
    assert_eq!(directory.put_connection_state(None, "acme", &next).await.unwrap(), Written::Done);
    assert_eq!(directory.put_connection_state(None, "acme", &next).await.unwrap(), Written::Lost);
    assert_eq!(directory.connection_state("acme").await.unwrap().org_id.as_deref(), Some("00o1"));
}

#[tokio::test]
async fn changes_made_at_the_same_time_all_arrive() {
    let directory = directory().await;
    let changes = (0..4).map(|count| {
        let directory = directory.clone();
        let add = move |state: &mut ConnectionState| {
            state.deactivated.push(DayCount {
                at: time(NOON),
                mapping: "employees".to_owned(),
                count,
                run: "run-1".to_owned(),
            });
        };
        async move { directory.change_connection_state(None, "acme", add).await.unwrap() }
    });
    futures::future::join_all(changes).await;
    let state = directory.connection_state("acme").await.unwrap();
    assert_eq!((state.deactivated.len(), state.revision), (4, 4));
}

#[tokio::test]
async fn an_overtaken_holder_does_not_move_the_watermark() {
    let directory = directory().await;
    let (old, new) = overtaken(&directory).await;
    let moved = |state: &mut ConnectionState| state.watermark = Some(time(NOON));
    directory.change_connection_state(Some(&new), "acme", moved).await.unwrap();
    let error = directory.change_connection_state(Some(&old), "acme", |state| state.watermark = None).await;
    assert!(matches!(error, Err(DirectoryError::Fenced { .. })), "{error:?}");
    assert_eq!(directory.connection_state("acme").await.unwrap().watermark, Some(time(NOON)));
}
