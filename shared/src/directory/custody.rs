//! Who holds which device, and who held it last, as it was last seen.
//!
//! It is state of its own, beside the records: it outlives the link in Okta, and does not depend on what mappings make of a
//! device. What did not change costs no write.

use std::collections::HashMap;

use futures::stream::{self, StreamExt, TryStreamExt};

use super::item::Item;
use super::keys::{self, Table};
use super::lease::Lease;
use super::search::Search;
use super::update::{Update, text, whole};
use super::{Directory, DirectoryError, Rows};
use crate::model::device::Custody;

/// Writes that are under way beside each other.
const WRITES_AT_ONCE: usize = 24;

/// What is kept of a device.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stored {
    /// Who holds it.
    pub custody: Custody,
    /// The optimistic lock: 0 for what is not kept yet.
    pub revision: u64,
}

impl Directory {
    /// What is known of these devices, by id; those that nobody ever held are not in it.
    ///
    /// # Errors
    /// Retryable when DynamoDB throttles or is out of reach; fatal when it refuses, or an item is damaged.
    pub async fn custodies(
        &self,
        connection: &str,
        devices: &[&str],
    ) -> Result<HashMap<String, Stored>, DirectoryError> {
        let keys = devices.iter().map(|device| keys::custody(connection, device)).collect();
        let items = self.batch_get(Table::State, keys, &["device", "custody", "revision"]).await?;
        let stored = |item: &Item| Ok(Stored { custody: item.value("custody")?, revision: item.whole("revision")? });
        items.iter().map(|item| Ok((item.text("device")?.to_owned(), stored(item)?))).collect()
    }

    /// What is known of all devices that anybody ever held, in no order.
    pub fn all_custodies(&self, connection: &str) -> Rows<(String, Custody)> {
        let connection = connection.to_owned();
        let search = move |shard| Search::of(Table::State, keys::custody_shard(&connection, shard));
        let rows = self.rows_of_shards(search);
        rows.and_then(async |item| Ok((item.text("device")?.to_owned(), item.value("custody")?))).boxed()
    }

    /// Keeps who holds these devices, unless others kept it since it was read: then they saw as much, or more.
    ///
    /// # Errors
    /// Retryable when the lease has lapsed, or DynamoDB throttles or is out of reach; fatal when it refuses.
    pub async fn put_custodies(&self, lease: &Lease, custodies: &[(String, Stored)]) -> Result<(), DirectoryError> {
        let writes = custodies.iter().map(|(device, Stored { custody, revision })| async move {
            let value = self.state_value(custody, || format!("who holds device {device}"))?;
            let update = Update::new().set("device", text(device)).set("custody", value);
            let update = update.set("revision", whole(revision + 1));
            let update = match revision {
                0 => update.if_absent("pk"),
                _ => update.if_compares("revision", "=", whole(revision)),
            };
            self.update_under(lease, &keys::custody(lease.connection(), device), update).await.map(drop)
        });
        let writes: Vec<_> = writes.collect();
        stream::iter(writes).buffer_unordered(WRITES_AT_ONCE).try_collect().await
    }
}
