//! How far the sign-ons of a connection's log were followed. One job writes it, under its lease, after what it read is
//! stored.

use serde::{Deserialize, Serialize};

use super::keys;
use super::lease::Lease;
use super::{Directory, DirectoryError};
use crate::model::Time;

/// How far the sign-ons of a connection's log were followed; the default is that of one that was never looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SignOnLog {
    /// Where the log goes on: the link that Okta's last answer had.
    pub next: Option<String>,
    /// Up to when events were read, by Okta's clock: where the link is lost, the log is read on from a while before.
    pub looked: Option<Time>,
    /// From when on use is known without a gap.
    pub observed_since: Option<Time>,
}

impl Directory {
    /// How far the sign-ons of a connection's org were followed.
    ///
    /// # Errors
    /// Retryable when DynamoDB throttles or is out of reach; fatal when it refuses, or the item is damaged.
    pub async fn sign_on_log(&self, connection: &str) -> Result<SignOnLog, DirectoryError> {
        let Some(item) = self.get(&keys::sign_on_log(connection)).await? else { return Ok(SignOnLog::default()) };
        item.value("position")
    }

    /// Stores how far they were followed.
    ///
    /// # Errors
    /// As for [`Directory::put_log_position`].
    pub async fn put_sign_on_log(&self, lease: &Lease, log: &SignOnLog) -> Result<(), DirectoryError> {
        self.put_position(lease, &keys::sign_on_log(lease.connection()), log).await
    }
}
