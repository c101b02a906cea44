//! The feed of changes: every write of a record, in order, at least once, for those who follow a connection.
//!
//! What a handle writes it also notes, and [`Directory::publish_changes`] appends what is noted: many entries an item,
//! because DynamoDB counts kilobytes. A batch's sequence number and the feed's end move in one transaction, so batch
//! n + 1 is there only when batch n is, and no reader passes one by. A batch is kept for 90 days.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::str::FromStr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use futures::TryStreamExt;

use super::batch::wait;
use super::item::Item;
use super::keys::{self, Table};
use super::lease::Lease;
use super::search::Search;
use super::transaction::{Transacted, Transaction};
use super::update::{Update, text, whole};
use super::{Directory, DirectoryError, expiry};
use crate::model::FeedEntry;

/// How large a batch is at most, in bytes of its entries: an item has 400 KB for everything, and one entry up to 150.
const LARGEST_BATCH: usize = 190_000;
/// How often a batch is appended anew because others appended meanwhile: some 15 seconds.
const TRIES: u32 = 10;

/// What was written and is not in the feed yet.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    waiting: Mutex<VecDeque<FeedEntry>>,
}

impl Outbox {
    pub(super) fn add(&self, entry: FeedEntry) {
        self.waiting().push_back(entry);
    }

    fn is_empty(&self) -> bool {
        self.waiting().is_empty()
    }

    /// The first entries, as many as a batch holds: how many, and their JSON. They stay until they are appended.
    fn batch(&self) -> Option<(usize, String)> {
        let waiting = self.waiting();
        let (mut count, mut batch) = (0, String::new());
        for entry in waiting.iter() {
            let entry = serde_json::to_string(entry).unwrap_or_default();
            if count > 0 && batch.len() + entry.len() > LARGEST_BATCH {
                break;
            }
            batch.push(if count == 0 { '[' } else { ',' });
            batch.push_str(&entry);
            count += 1;
        }
        (count > 0).then(|| (count, batch + "]"))
    }

    fn drop_first(&self, count: usize) {
        self.waiting().drain(..count);
    }

    fn waiting(&self) -> MutexGuard<'_, VecDeque<FeedEntry>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The sequence number of each feed's last batch, as far as this process knows; appends wait for each other here.
pub(super) type Ends = tokio::sync::Mutex<HashMap<String, u64>>;

/// A place in a feed: the batch, and the entry in it, that come next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct FeedCursor {
    sequence: u64,
    place: usize,
}

impl fmt::Display for FeedCursor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:x}.{:x}", self.sequence, self.place)
    }
}

impl FromStr for FeedCursor {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<FeedCursor, Self::Err> {
        let (sequence, place) = text.split_once('.').unwrap_or((text, ""));
        Ok(FeedCursor { sequence: u64::from_str_radix(sequence, 16)?, place: usize::from_str_radix(place, 16)? })
    }
}

/// What follows a place in a feed.
#[derive(Debug, Clone, PartialEq)]
pub enum FeedPage {
    /// The entries, in order; none when nothing is new.
    Entries {
        /// The entries, each with the cursor that follows it.
        entries: Vec<FeedEntry>,
        /// Where to go on.
        next: FeedCursor,
    },
    /// What came next is not kept any more.
    Expired {
        /// The end of the feed.
        newest: FeedCursor,
    },
    /// The place lies beyond the end: it is of another feed.
    Unknown,
}

impl Directory {
    /// Appends what this handle and its clones wrote to the feed of the lease's connection; what could not be appended
    /// stays noted.
    ///
    /// # Errors
    /// Retryable when the lease has lapsed, others appended at every try, or DynamoDB throttles or is out of reach;
    /// fatal when it refuses.
    pub async fn publish_changes(&self, lease: &Lease) -> Result<(), DirectoryError> {
        if self.outbox.is_empty() {
            return Ok(());
        }
        let mut ends = self.link.feeds.lock().await;
        while let Some((count, batch)) = self.outbox.batch() {
            self.append(lease, &mut ends, &batch).await?;
            self.outbox.drop_first(count);
        }
        Ok(())
    }

    async fn append(&self, lease: &Lease, ends: &mut HashMap<String, u64>, batch: &str) -> Result<(), DirectoryError> {
        let connection = lease.connection();
        for attempt in 0..TRIES {
            let last = match ends.get(connection) {
                Some(last) => *last,
                None => self.feed_end(connection).await?,
            };
            let end = match last {
                0 => Update::new().if_absent("pk"),
                last => Update::new().if_compares("last", "=", whole(last)),
            };
            let item = [("entries", text(batch)), ("sequence", whole(last + 1))];
            let item = item.into_iter().chain([(expiry::EXPIRES, expiry::of_feed_batch())]);
            let transaction = Transaction::new()
                .update(keys::feed_end(connection), end.set("last", whole(last + 1)))
                .put(keys::feed_batch(connection, last + 1), item.map(|(name, it)| (name.to_owned(), it)).collect());
            if let Transacted::Done = self.transact_under(lease, &transaction).await? {
                ends.insert(connection.to_owned(), last + 1);
                return Ok(());
            }
            ends.remove(connection);
            wait(attempt).await;
        }
        Err(DirectoryError::Contended { what: format!("the feed of changes of connection {connection}") })
    }

    /// What follows a place in a connection's feed, or its oldest entries; at most so many. Strongly consistent.
    ///
    /// # Errors
    /// Retryable when DynamoDB throttles or is out of reach; fatal when it refuses, or a batch is damaged.
    pub async fn changes(
        &self,
        connection: &str,
        since: Option<FeedCursor>,
        limit: usize,
    ) -> Result<FeedPage, DirectoryError> {
        // Read first: a batch up to here that is not found below is not kept any more.
        let end = self.feed_end(connection).await?;
        let newest = FeedCursor { sequence: end + 1, place: 0 };
        let from = since.unwrap_or(FeedCursor { sequence: 0, place: 0 });
        if from >= newest {
            let known = from == newest;
            return Ok(if known { FeedPage::Entries { entries: Vec::new(), next: from } } else { FeedPage::Unknown });
        }
        let search = Search {
            range: Some(keys::feed_from(from.sequence)),
            page: Some(4),
            ..Search::of(Table::State, keys::feed(connection))
        };
        let (mut batches, mut entries, mut next) = (self.rows(search), Vec::new(), from);
        while let Some(batch) = batches.try_next().await? {
            let sequence = batch.whole("sequence")?;
            if sequence != next.sequence && (since.is_some() || !entries.is_empty()) {
                return Ok(FeedPage::Expired { newest });
            }
            let first = if sequence == from.sequence { from.place } else { 0 };
            next = take(&batch, (sequence, first), limit, &mut entries)?;
            if entries.len() >= limit {
                break;
            }
        }
        match (next == from, since) {
            (true, Some(_)) => Ok(FeedPage::Expired { newest }),
            (true, None) => Ok(FeedPage::Entries { entries, next: newest }),
            (false, _) => Ok(FeedPage::Entries { entries, next }),
        }
    }

    /// The sequence number of a feed's last batch; 0 before the first.
    async fn feed_end(&self, connection: &str) -> Result<u64, DirectoryError> {
        let item = self.get(&keys::feed_end(connection)).await?;
        item.map_or(Ok(0), |item| item.whole("last"))
    }
}

/// Adds a batch's entries from a place on, up to the limit; where the feed goes on then.
fn take(
    batch: &Item,
    (sequence, first): (u64, usize),
    limit: usize,
    entries: &mut Vec<FeedEntry>,
) -> Result<FeedCursor, DirectoryError> {
    let all: Vec<FeedEntry> = batch.json("entries")?;
    let after = FeedCursor { sequence: sequence + 1, place: 0 };
    let count = all.len();
    for (place, entry) in all.into_iter().enumerate().skip(first) {
        if entries.len() >= limit {
            return Ok(FeedCursor { sequence, place });
        }
        let next = if place + 1 == count { after } else { FeedCursor { sequence, place: place + 1 } };
        entries.push(FeedEntry { cursor: next.to_string(), ..entry });
    }
    Ok(after)
}
