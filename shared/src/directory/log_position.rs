//! How far a connection's log was followed. One job writes it, under its lease, after the effects of what it read.

use serde::{Deserialize, Serialize};

use super::fence::Fence;
use super::keys::{self, Key};
use super::lease::Lease;
use super::update::Update;
use super::{Directory, DirectoryError};
use crate::model::Time;

/// How far a connection's log was followed; the default is that of one that was never looked at.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct LogPosition {
    /// Where the log goes on: the link that Okta's last answer had.
    pub next: Option<String>,
    /// What the link asks for, as a hash: of other groups another question has to be asked.
    pub question: u64,
    /// From when on the log is read where there is no link, or it is lost.
    pub since: Option<Time>,
    /// Okta's clock when the log had been read to its end, to the hour or so.
    pub looked: Option<Time>,
    /// The latest events, as hashes of their ids, and when each was published.
    pub recent: Vec<(u64, Time)>,
    /// The run that polls share which find nothing.
    pub polls: Option<SharedRun>,
    /// Since when events wait for a mapping that cannot be worked on.
    pub waits_since: Option<Time>,
    /// Events between two looks at the log are gone, or were looked at without a mapping: the next full import that begins after this makes up for them.
    pub gap: Option<Time>,
}

/// A run that several polls share.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SharedRun {
    /// Its id.
    pub run: String,
    /// When it began.
    pub began: Time,
}

impl Directory {
    /// How far the log of a connection's org was followed.
    ///
    /// # Errors
    /// Retryable when DynamoDB throttles or is out of reach; fatal when it refuses, or the item is damaged.
    pub async fn log_position(&self, connection: &str) -> Result<LogPosition, DirectoryError> {
        let Some(item) = self.get(&keys::log_position(connection)).await? else { return Ok(LogPosition::default()) };
        item.value("position")
    }

    /// Stores how far the log was followed.
    ///
    /// # Errors
    /// Retryable when the lease has lapsed, a later holder has written, or DynamoDB throttles or is out of reach; fatal
    /// when it refuses.
    pub async fn put_log_position(&self, lease: &Lease, position: &LogPosition) -> Result<(), DirectoryError> {
        self.put_position(lease, &keys::log_position(lease.connection()), position).await
    }

    /// Stores a position in the log, unless a later holder of the lease has.
    pub(super) async fn put_position(
        &self,
        lease: &Lease,
        key: &Key,
        position: &impl Serialize,
    ) -> Result<(), DirectoryError> {
        let what = || format!("the log position of connection {}", lease.connection());
        let value = self.state_value(position, what)?;
        let update = Update::new().fenced(&Fence::of(lease)).set("position", value);
        self.update_under(lease, key, update).await?.or_fenced(what).map(drop)
    }
}
