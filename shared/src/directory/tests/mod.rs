//! The directory against an embedded DynamoDB, over HTTP and with the real SDK.
//!
//! `ROLLCALL_TEST_DYNAMODB_URL` names another emulator, one that keeps apart what belongs to different AWS accounts: what
//! two emulators agree on is more likely to be so.

mod app_assignments;
mod app_use;
mod attributes;
mod claims;
mod connections;
mod failures;
mod feed;
mod history;
mod holds;
mod leases;
mod lost_answers;
mod memberships;
mod records;
mod runs;
mod secrets;
mod transactions;
mod wire;
mod working;

use std::cell::Cell;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
use aws_smithy_http_client::tls::{self, rustls_provider::CryptoMode};
use serde_json::json;

use super::{Acquired, Directory, Lease, LeaseTimes, Place, Tables};
use crate::model::{Change, Content, Job, Kind, Observed, Outcome, Time};

/// A new, empty database with both tables.
async fn directory() -> Directory {
    at(&database().await)
}

thread_local! {
    /// The AWS account of the test on this thread, which is what an emulator that is shared tells tests apart by.
    static ACCOUNT: Cell<u64> = const { Cell::new(0) };
}

/// The endpoint of a new, empty database with both tables.
async fn database() -> String {
    let endpoint = match std::env::var("ROLLCALL_TEST_DYNAMODB_URL") {
        Ok(endpoint) => endpoint,
        Err(_) => embedded().await,
    };
    ACCOUNT.set(new_account());
    at(&endpoint).create_tables().await.unwrap();
    endpoint
}

/// The endpoint of a new embedded DynamoDB.
async fn embedded() -> String {
    let database = dynoxide::Database::memory().unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(dynoxide::server::serve_with_shutdown(listener, database, std::future::pending()));
    endpoint
}

/// The number of an account that no other test has, this time or the last.
fn new_account() -> u64 {
    static TESTS: AtomicU64 = AtomicU64::new(1);
    let second = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    second % 100_000_000 * 10_000 + TESTS.fetch_add(1, Ordering::Relaxed)
}

/// The directory behind an endpoint.
fn at(endpoint: &str) -> Directory {
    let credentials = Credentials::new(format!("{:012}", ACCOUNT.get()), "test", None, None, "test");
    let configuration = configuration(endpoint).credentials_provider(credentials).build();
    Directory::new(aws_sdk_dynamodb::Client::from_conf(configuration), tables())
}

/// The SDK's configuration for an endpoint, without credentials.
fn configuration(endpoint: &str) -> aws_sdk_dynamodb::config::Builder {
    let http = aws_smithy_http_client::Builder::new().tls_provider(tls::Provider::Rustls(CryptoMode::Ring));
    aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .endpoint_url(endpoint)
        .http_client(http.build_https())
}

fn tables() -> Tables {
    Tables { directory: "rollcall-directory".to_owned(), state: "rollcall-state".to_owned() }
}

/// Leases that live for a second or so.
const SHORT: LeaseTimes = LeaseTimes {
    lasts: Duration::from_millis(1_500),
    renewed_every: Duration::from_millis(300),
    write_limit: Duration::from_millis(1_000),
};

/// The lease on a full import of acme, for this run.
async fn lease(directory: &Directory, run: &str) -> Lease {
    match directory.acquire("acme", Job::FullImport, run).await.unwrap() {
        Acquired::New(lease) => lease,
        other => panic!("{other:?}"),
    }
}

/// A lease that its holder has lost: somebody else has a larger token.
async fn overtaken(directory: &Directory) -> (Lease, Lease) {
    let old = lease(directory, "run-1").await;
    // The clone is paused, as far as DynamoDB knows; a twin that does not know it stays behind.
    let twin = old.unaware_twin();
    old.pause().await.unwrap();
    let Acquired::TakenUp(new) = directory.acquire("acme", Job::FullImport, "run-2").await.unwrap() else {
        panic!("not taken up")
    };
    (twin, new)
}

fn place() -> Place {
    Place { connection: "acme".to_owned(), mapping: "employees".to_owned(), kind: Kind::LoginUser }
}

fn time(text: &str) -> Time {
    text.parse().unwrap()
}

const NOON: &str = "2026-11-20T12:00:00.000Z";

/// A change that creates a record.
fn creation(id: &str, created: &str) -> Change {
    let fields = json!({ "email": format!("{id}@acme.example"), "floor": 3, "nothing": null, "empty": "" });
    let fields = fields.as_object().unwrap().clone();
    Change {
        id: id.to_owned(),
        source_created: time(created),
        expected: None,
        standing: None,
        observed: Some(Observed { okta_status: "ACTIVE".to_owned(), source_updated: time(created) }),
        content: Some(Content {
            identifier: format!("{id}@acme.example"),
            claim: None,
            rejoin: None,
            role: None,
            fields,
            manager: None,
        }),
        held_claim: None,
        held_rejoin: None,
        predecessor: None,
        outcome: Outcome::Created,
    }
}
