//! Hints that an event hook brought, until a run has looked at what they are about.
//!
//! Whoever receives a hook holds no lease: a hint is no record, and a lost or a forged one changes nothing but when
//! somebody is looked at.

use futures::{StreamExt, TryStreamExt};

use super::keys::{self, Table};
use super::lease::Lease;
use super::search::Search;
use super::update::{Update, text};
use super::{Directory, DirectoryError, Rows, expiry};
use crate::model::Hint;

impl Directory {
    /// Keeps a hint for the next look; the same event twice is one.
    ///
    /// # Errors
    /// Retryable when DynamoDB throttles or is out of reach; fatal when it refuses.
    pub async fn add_hint(&self, connection: &str, hint: &Hint) -> Result<(), DirectoryError> {
        let refused = |detail: String| DirectoryError::Refused { call: self.call("UpdateItem", Table::State), detail };
        let json = serde_json::to_string(hint).map_err(|error| refused(error.to_string()))?;
        let update = Update::new().set("hint", text(json)).set(expiry::EXPIRES, expiry::of_hint());
        self.update(&keys::hint(connection, hint.published, &hint.uuid), update).await.map(drop)
    }

    /// The hints that wait, the oldest first.
    pub fn hints(&self, connection: &str) -> Rows<Hint> {
        let rows = self.rows(Search::of(Table::State, keys::hints(connection)));
        rows.and_then(async |item| item.json("hint")).boxed()
    }

    /// Drops a hint: what it is about was looked at.
    ///
    /// # Errors
    /// Retryable when the lease has lapsed, or DynamoDB throttles or is out of reach; fatal when it refuses.
    pub async fn remove_hint(&self, lease: &Lease, hint: &Hint) -> Result<(), DirectoryError> {
        let key = keys::hint(lease.connection(), hint.published, &hint.uuid);
        self.delete_under(lease, &key, Update::new()).await.map(drop)
    }
}
