//! Requests with a key of their own (`Idempotency-Key`): which run each led to, for a day.

use super::calls::Conditional;
use super::item::Item;
use super::update::{Update, text, whole};
use super::{Directory, DirectoryError, expiry, keys};
use crate::clock;
use crate::model::Job;

/// What a key stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyedRun {
    /// The job that was asked for.
    pub job: Job,
    /// The run that it led to, which may not have been opened yet.
    pub run: String,
}

impl Directory {
    /// Lets a key stand for this run of a job of a connection, unless it stands for something already; what it stands for.
    ///
    /// # Errors
    /// Retryable when DynamoDB throttles or is out of reach; fatal when it refuses, or the item is damaged.
    pub async fn bind_key(&self, connection: &str, key: &str, wanted: KeyedRun) -> Result<KeyedRun, DirectoryError> {
        // DynamoDB may leave an item for days after it has expired.
        let update = Update::new()
            .if_absent_or([(expiry::EXPIRES, "<=", whole(clock::now().epoch_seconds()))])
            .set("job", text(wanted.job.name()))
            .set("run", text(&wanted.run))
            .set(expiry::EXPIRES, expiry::of_request());
        match self.update(&keys::request(connection, key), update).await? {
            Conditional::Done(_) => Ok(wanted),
            Conditional::Refused(item) => keyed_run(&item),
        }
    }

    /// Lets a key stand for another run: the one that was found at work where its own was to begin.
    ///
    /// # Errors
    /// Retryable when DynamoDB throttles or is out of reach; fatal when it refuses.
    pub async fn rebind_key(&self, connection: &str, key: &str, run: &str) -> Result<(), DirectoryError> {
        let update = Update::new().if_present("run").set("run", text(run));
        self.update(&keys::request(connection, key), update).await.map(drop)
    }

    /// Lets a key stand for nothing: what it was given for did not happen, and may be asked for again.
    ///
    /// # Errors
    /// Retryable when DynamoDB throttles or is out of reach; fatal when it refuses.
    pub async fn release_key(&self, connection: &str, key: &str) -> Result<(), DirectoryError> {
        let update = Update::new().if_present("run").set(expiry::EXPIRES, whole(0));
        self.update(&keys::request(connection, key), update).await.map(drop)
    }
}

fn keyed_run(item: &Item) -> Result<KeyedRun, DirectoryError> {
    Ok(KeyedRun { job: item.value("job")?, run: item.text("run")?.to_owned() })
}
