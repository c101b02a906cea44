//! Unsynced rows: rejected objects, each with its reason, until they sync.

use std::collections::HashSet;

use futures::{StreamExt, TryStreamExt};
use serde::Deserialize;

use super::calls::Conditional;
use super::keys::{self, Table};
use super::lease::Lease;
use super::list_page::{ListCursor, ListPage};
use super::search::Search;
use super::update::{Update, text, text_or_null, whole};
use super::write::word;
use super::{Directory, DirectoryError, Rows};
use crate::model::{Rejection, RejectionReason, Time, UnsyncedRow};

/// The longest texts of a row, in characters: whatever was wrong with an object, its row can be stored.
const LONGEST_TEXT: usize = 2_000;

/// A rejection of one object under one mapping.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnsyncedNote {
    /// The mapping's name.
    pub mapping: String,
    /// The Okta id, or a made-up one.
    pub id: String,
    /// Why, and what is wrong.
    pub rejection: Rejection,
}

/// Which objects of a connection are unsynced, in 8 bytes each: enough to know which rows need no deletion.
///
/// It may take one for another, once in many billions; the deletion of a row that is not there does no harm.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UnsyncedIds(HashSet<u64>);

impl UnsyncedIds {
    /// Whether there is a row.
    pub fn contains(&self, mapping: &str, id: &str) -> bool {
        self.0.contains(&keys::hash(&keys::of_mapping(mapping, id)))
    }

    /// Notes a row that was added since.
    pub fn insert(&mut self, mapping: &str, id: &str) {
        self.0.insert(keys::hash(&keys::of_mapping(mapping, id)));
    }

    /// Forgets a row; whether there was one.
    pub fn remove(&mut self, mapping: &str, id: &str) -> bool {
        self.0.remove(&keys::hash(&keys::of_mapping(mapping, id)))
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// What is stored of a row.
#[derive(Deserialize)]
struct Stored {
    mapping: String,
    id: String,
    identifier: Option<String>,
    reason: RejectionReason,
    message: String,
    first_seen: Time,
    last_seen: Time,
    attempts: u64,
}

impl Directory {
    /// Keeps a rejected object with its reason; a run that rejects it again counts as one attempt all the same.
    ///
    /// # Errors
    /// Retryable when the lease has lapsed, or DynamoDB throttles or is out of reach; fatal when it refuses.
    pub async fn add_unsynced(&self, lease: &Lease, note: &UnsyncedNote, now: Time) -> Result<(), DirectoryError> {
        let key = keys::unsynced(lease.connection(), &note.mapping, &note.id);
        let row = || {
            Update::new()
                .set("mapping", text(&note.mapping))
                .set("id", text(shortened(&note.id)))
                .set("identifier", text_or_null(note.rejection.identifier.as_deref().map(shortened)))
                .set("reason", text(word(note.rejection.reason)))
                .set("message", text(shortened(&note.rejection.message)))
                .set_once("first_seen", text(now))
                .set("last_seen", text(now))
                .set("last_run", text(lease.run()))
        };
        let first_of_run = row().if_absent_or([("last_run", "<>", text(lease.run()))]).count("attempts");
        if let Conditional::Refused(_) = self.update_under(lease, &key, first_of_run).await? {
            // Counted in this run already: a replay, or the SDK's second try of the update above.
            self.update_under(lease, &key, row().set_once("attempts", whole(1))).await?;
        }
        Ok(())
    }

    /// Drops the row of an object that synced; none is no error.
    ///
    /// # Errors
    /// Retryable when the lease has lapsed, or DynamoDB throttles or is out of reach; fatal when it refuses.
    pub async fn clear_unsynced(&self, lease: &Lease, mapping: &str, id: &str) -> Result<(), DirectoryError> {
        self.delete_under(lease, &keys::unsynced(lease.connection(), mapping, id), Update::new()).await?;
        Ok(())
    }

    /// Drops the rows of some mappings that nobody has noted since a moment: for a run that met all their objects, and noted
    /// again what still is unsynced.
    ///
    /// # Errors
    /// Retryable when the lease has lapsed, or DynamoDB throttles or is out of reach; fatal when it refuses, or a row
    /// is damaged.
    pub async fn forget_unsynced(
        &self,
        lease: &Lease,
        before: Time,
        is_of: impl Fn(&str) -> bool,
    ) -> Result<(), DirectoryError> {
        let mut rows = self.unsynced(lease.connection());
        while let Some(row) = rows.try_next().await? {
            if row.last_seen < before && is_of(&row.mapping) {
                self.clear_unsynced(lease, &row.mapping, &row.id).await?;
            }
        }
        Ok(())
    }

    /// Which objects of a connection are unsynced.
    ///
    /// # Errors
    /// Retryable when DynamoDB throttles or is out of reach; fatal when it refuses, or a row is damaged.
    pub async fn unsynced_ids(&self, connection: &str) -> Result<UnsyncedIds, DirectoryError> {
        let connection = connection.to_owned();
        let search = move |shard| Search {
            attributes: &["pk", "sk"],
            ..Search::of(Table::State, keys::unsynced_shard(&connection, shard))
        };
        let hashes = self.rows_of_shards(search).and_then(async |item| Ok(keys::hash(item.text("sk")?)));
        hashes.try_collect().await.map(UnsyncedIds)
    }

    /// The unsynced rows of a connection, in no order.
    pub fn unsynced(&self, connection: &str) -> Rows<UnsyncedRow> {
        let (name, connection) = (connection.to_owned(), connection.to_owned());
        let search = move |shard| Search::of(Table::State, keys::unsynced_shard(&connection, shard));
        let rows = self.rows_of_shards(search);
        rows.map(move |item| item?.decode::<Stored>().map(|stored| stored.row(&name))).boxed()
    }

    /// A page of a connection's unsynced rows, from a place on; `None` when that is one of another list.
    ///
    /// # Errors
    /// Retryable when DynamoDB throttles or is out of reach; fatal when it refuses, or a row is damaged.
    pub async fn unsynced_page(
        &self,
        connection: &str,
        (after, limit): (Option<&ListCursor>, usize),
    ) -> Result<Option<ListPage<UnsyncedRow>>, DirectoryError> {
        let search = |shard| Search::of(Table::State, keys::unsynced_shard(connection, shard));
        let list = format!("unsynced#{connection}");
        let Some(items) = self.list_page(&list, (after, limit), search).await? else { return Ok(None) };
        let rows = items.into_iter().map(|(item, at)| Ok((item.decode::<Stored>()?.row(connection), at)));
        Ok(Some(ListPage::of(rows.collect::<Result<_, DirectoryError>>()?, limit)))
    }
}

impl Stored {
    fn row(self, connection: &str) -> UnsyncedRow {
        UnsyncedRow {
            connection: connection.to_owned(),
            mapping: self.mapping,
            id: self.id,
            identifier: self.identifier,
            reason: self.reason,
            message: self.message,
            hint: self.reason.hint().into(),
            first_seen: self.first_seen,
            last_seen: self.last_seen,
            attempts: self.attempts,
        }
    }
}

fn shortened(text: &str) -> String {
    text.chars().take(LONGEST_TEXT).collect()
}
