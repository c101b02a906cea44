//! Witnesses: a few people who are known to be active, found without looking through everybody.

use futures::{StreamExt, TryStreamExt};

use super::keys::{self, SHARDS, Table};
use super::records::{KNOWN, is_record, known};
use super::search::{Consistency, Search};
use super::{Directory, DirectoryError};
use crate::model::is_adopted;

/// How many records of a shard are looked at, and how many at a time.
const LOOKED_AT: usize = 50;
const A_FEW: i32 = 10;

impl Directory {
    /// A few people who have an active record, by Okta id, beginning at a shard; fewer where they are not found soon.
    ///
    /// # Errors
    /// Retryable when DynamoDB throttles or is out of reach; fatal when it refuses, or a record is damaged.
    pub async fn some_active(
        &self,
        (connection, mapping): (&str, &str),
        first_shard: u64,
        count: usize,
    ) -> Result<Vec<String>, DirectoryError> {
        let mut found = Vec::new();
        for shard in (0..SHARDS).map(|shard| (first_shard + shard) % SHARDS) {
            let search = Search {
                attributes: KNOWN,
                consistency: Consistency::Eventual,
                page: Some(A_FEW),
                ..Search::of(Table::Directory, keys::records(connection, mapping, shard))
            };
            let mut rows = self.rows(search).take(LOOKED_AT);
            while let Some(item) = rows.try_next().await? {
                let known = known(&item)?;
                if known.current.standing.is_none() && is_record(&item) && !is_adopted(&known.id) {
                    found.push(known.id);
                }
                if found.len() == count {
                    return Ok(found);
                }
            }
        }
        Ok(found)
    }
}
