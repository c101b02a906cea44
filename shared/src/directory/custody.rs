//! Who holds which device, and who held it last, as it was last seen.
//!
//! It is state of its own, beside the records: it outlives the link in Okta, and does not depend on what mappings make of a
//! device. What did not change costs no write, and an older look never overwrites.

use std::collections::HashMap;

use futures::stream::{self, StreamExt, TryStreamExt};

use super::keys::{self, Table};
use super::lease::Lease;
use super::update::{Update, text};
use super::{Directory, DirectoryError};
use crate::model::Time;
use crate::model::device::Custody;

/// Writes that are under way beside each other.
const WRITES_AT_ONCE: usize = 24;

impl Directory {
    /// What is known of these devices, by id; those that nobody ever held are not in it.
    ///
    /// # Errors
    /// Retryable when DynamoDB throttles or is out of reach; fatal when it refuses, or an item is damaged.
    pub async fn custodies(
        &self,
        connection: &str,
        devices: &[&str],
    ) -> Result<HashMap<String, Custody>, DirectoryError> {
        let keys = devices.iter().map(|device| keys::custody(connection, device)).collect();
        let items = self.batch_get(Table::State, keys, &["device", "custody"]).await?;
        items.iter().map(|item| Ok((item.text("device")?.to_owned(), item.value("custody")?))).collect()
    }

    /// Keeps who holds these devices, as Okta said at a time, unless a later look was kept before.
    ///
    /// # Errors
    /// Retryable when the lease has lapsed, or DynamoDB throttles or is out of reach; fatal when it refuses.
    pub async fn put_custodies(
        &self,
        lease: &Lease,
        custodies: &[(String, Custody)],
        at: Time,
    ) -> Result<(), DirectoryError> {
        let writes = custodies.iter().map(|(device, custody)| async move {
            let value = self.state_value(custody, || format!("who holds device {device}"))?;
            let update = Update::new().set("device", text(device)).set("custody", value).set("at", text(at));
            let is_newer = update.if_absent_or([("at", "<=", text(at))]);
            self.update_under(lease, &keys::custody(lease.connection(), device), is_newer).await.map(drop)
        });
        let writes: Vec<_> = writes.collect();
        stream::iter(writes).buffer_unordered(WRITES_AT_ONCE).try_collect().await
    }
}
