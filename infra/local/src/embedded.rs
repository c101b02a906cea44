//! The embedded DynamoDB: an emulator in this process, on a free port of the loopback interface.
//!
//! It runs on a thread and a runtime of its own. Its operations block the thread they run on, and on the
//! caller's runtime they would delay the timers that leases are renewed by; a test may even have paused them.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::mpsc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use dynoxide::{Database, server};
use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::oneshot;
use tokio::time::MissedTickBehavior;

/// How often expired items are removed; the emulator does not do it by itself.
const SWEEP_EVERY: Duration = Duration::from_secs(5);

/// How long [`Embedded::close`] waits for requests that are still running.
const CLOSE_WITHIN: Duration = Duration::from_secs(5);

/// Why the embedded DynamoDB could not be started.
#[derive(Debug, thiserror::Error)]
pub enum EmbeddedError {
    /// The database file could not be opened.
    #[error("the embedded DynamoDB could not open its database: {0}")]
    Database(#[from] dynoxide::DynoxideError),
    /// No port or no thread was to be had.
    #[error("the embedded DynamoDB could not be served: {0}")]
    Serve(#[from] std::io::Error),
}

/// A running embedded DynamoDB. Dropping it stops it; [`Embedded::close`] waits until it has stopped.
#[derive(Debug)]
pub struct Embedded {
    url: String,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Embedded {
    /// Serves the tables kept in `file`, which is created when it is not there.
    pub fn open(file: &Path) -> Result<Embedded, EmbeddedError> {
        Embedded::serve(Database::new(&file.to_string_lossy())?)
    }

    /// Serves tables that live as long as this value.
    pub fn in_memory() -> Result<Embedded, EmbeddedError> {
        Embedded::serve(Database::memory()?)
    }

    /// The endpoint's URL, without a trailing slash.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Stops it and waits until the database is closed.
    pub async fn close(mut self) {
        self.stop.take();
        if let Some(thread) = self.thread.take() {
            // A panic in that thread has been printed by then, and there is nothing left to stop.
            let _ = tokio::task::spawn_blocking(move || thread.join()).await;
        }
    }

    fn serve(database: Database) -> Result<Embedded, EmbeddedError> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("embedded-dynamodb")
            .enable_all()
            .build()?;
        let (bound, address) = mpsc::channel();
        let (stop, stopped) = oneshot::channel();
        let thread = thread::Builder::new().name("embedded-dynamodb".to_owned()).spawn(move || {
            runtime.block_on(async {
                let listener = listen();
                let _ = bound.send(listener.as_ref().map_or_else(|error| Err(copy(error)), TcpListener::local_addr));
                if let Ok(listener) = listener {
                    run(listener, database, stopped).await;
                }
            });
            runtime.shutdown_timeout(CLOSE_WITHIN);
        })?;
        let address = address.recv().map_err(io::Error::other)??;
        Ok(Embedded { url: format!("http://{address}"), stop: Some(stop), thread: Some(thread) })
    }
}

/// A listener on a free loopback port, whose connections do not wait to fill a packet.
///
/// The emulator's server leaves the sockets it accepts as they are; they take this option from the listener.
fn listen() -> io::Result<TcpListener> {
    let socket = TcpSocket::new_v4()?;
    socket.set_nodelay(true)?;
    socket.bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
    socket.listen(1024)
}

/// Serves, and sweeps, until the other end of `stopped` is dropped.
async fn run(listener: TcpListener, database: Database, stopped: oneshot::Receiver<()>) {
    let stopped = async {
        let _ = stopped.await;
    };
    let sweep = sweep(database.clone());
    tokio::select! {
        served = server::serve_with_shutdown(listener, database, stopped) => {
            if let Err(error) = served {
                tracing::error!(%error, "the embedded DynamoDB stopped");
            }
        }
        () = sweep => {}
    }
}

/// Removes expired items, for ever.
async fn sweep(database: Database) {
    let mut ticks = tokio::time::interval(SWEEP_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let database = database.clone();
        match tokio::task::spawn_blocking(move || database.sweep_ttl()).await {
            Ok(Ok(removed)) if removed > 0 => tracing::debug!(removed, "expired items removed"),
            Ok(Ok(_)) => {}
            Ok(Err(error)) => tracing::warn!(%error, "expired items could not be removed"),
            Err(error) => tracing::warn!(%error, "expired items could not be removed"),
        }
    }
}

/// An `io::Error` cannot be cloned; this is the same for whoever reads it.
fn copy(error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), error.to_string())
}

#[cfg(test)]
mod tests {
    use super::Embedded;
    use crate::raw_http::{Answer, post};

    async fn dynamodb(embedded: &Embedded, operation: &str, body: &str) -> Answer {
        let target = format!("DynamoDB_20120810.{operation}");
        post(embedded.url(), &target, "application/x-amz-json-1.0", body).await
    }

    const TABLE: &str = r#"{"TableName":"things","BillingMode":"PAY_PER_REQUEST",
        "AttributeDefinitions":[{"AttributeName":"pk","AttributeType":"S"}],
        "KeySchema":[{"AttributeName":"pk","KeyType":"HASH"}]}"#;

    #[tokio::test]
    async fn keeps_items_in_its_file_across_a_restart() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("dynamodb.sqlite");
        let embedded = Embedded::open(&file).unwrap();
        assert_eq!(dynamodb(&embedded, "CreateTable", TABLE).await.status, 200);
        let put = r#"{"TableName":"things","Item":{"pk":{"S":"a"}}}"#;
        assert_eq!(dynamodb(&embedded, "PutItem", put).await.status, 200);
        embedded.close().await;

        let embedded = Embedded::open(&file).unwrap();
        let got = dynamodb(&embedded, "GetItem", r#"{"TableName":"things","Key":{"pk":{"S":"a"}}}"#).await;
        assert_eq!(got.body["Item"]["pk"]["S"], "a");
        embedded.close().await;
    }

    #[tokio::test]
    async fn expired_items_go_away() {
        let embedded = Embedded::in_memory().unwrap();
        dynamodb(&embedded, "CreateTable", TABLE).await;
        let ttl = r#"{"TableName":"things","TimeToLiveSpecification":{"AttributeName":"ttl","Enabled":true}}"#;
        assert_eq!(dynamodb(&embedded, "UpdateTimeToLive", ttl).await.status, 200);
        // Older than five years would be left alone, as by DynamoDB itself.
        let expired = jiff::Timestamp::now().as_second() - 60;
        let put = format!(r#"{{"TableName":"things","Item":{{"pk":{{"S":"a"}},"ttl":{{"N":"{expired}"}}}}}}"#);
        assert_eq!(dynamodb(&embedded, "PutItem", &put).await.status, 200);
        for _ in 0..80 {
            let count = dynamodb(&embedded, "Scan", r#"{"TableName":"things"}"#).await.body["Count"].clone();
            if count == 0 {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
        panic!("the item outlived its time by 8 seconds");
    }
}
