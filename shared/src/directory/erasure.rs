//! Erasing all that is kept of a connection: its records, and what its jobs remember. For a removed connection alone.
//!
//! Its leases stay, because a token must never fall back; its runs go with time, and name nobody.

use futures::stream::{self, StreamExt, TryStreamExt};
use tokio::time::Instant;

use super::keys::{self, Key, Table};
use super::lease::Lease;
use super::search::Search;
use super::{Directory, DirectoryError};

/// Partitions that are erased beside each other.
const PARTITIONS_AT_ONCE: usize = 16;
/// Items that are deleted before it is looked whether there is time for more.
const DELETED_AT_ONCE: usize = 100;

impl Directory {
    /// Erases what is kept of a connection under these mappings, and beside them, for as long as there is time. Whether
    /// nothing is left.
    ///
    /// The leases of all its jobs have to be held: no run may write what is being erased.
    ///
    /// # Errors
    /// Retryable when a lease has lapsed, or DynamoDB throttles or is out of reach; fatal when it refuses.
    pub async fn erase(
        &self,
        connection: &str,
        mappings: &[String],
        (leases, until): (&[Lease], Instant),
    ) -> Result<bool, DirectoryError> {
        let partitions = stream::iter(keys::partitions_of(connection, mappings));
        let erased = partitions.map(|(table, pk)| self.erase_partition((table, pk), leases, until));
        erased.buffer_unordered(PARTITIONS_AT_ONCE).try_fold(true, async |all, this| Ok(all && this)).await
    }

    async fn erase_partition(
        &self,
        (table, pk): (Table, String),
        leases: &[Lease],
        until: Instant,
    ) -> Result<bool, DirectoryError> {
        let search = Search { attributes: &["pk", "sk"], ..Search::of(table, pk) };
        let mut chunks = self.rows(search).try_chunks(DELETED_AT_ONCE);
        loop {
            if Instant::now() >= until {
                return Ok(false);
            }
            let Some(items) = chunks.try_next().await.map_err(|broken_off| broken_off.1)? else { return Ok(true) };
            let key = |item: &super::item::Item| {
                let (pk, sk) = (item.text("pk")?.to_owned(), item.text("sk")?.to_owned());
                Ok::<_, DirectoryError>(Key { table, pk, sk })
            };
            let found: Vec<Key> = items.iter().map(key).collect::<Result<_, _>>()?;
            leases.iter().try_for_each(Lease::permit)?;
            self.batch_delete(table, found.into_iter().filter(|key| !keys::is_lease(key)).collect()).await?;
        }
    }
}
