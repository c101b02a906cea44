//! Deactivations of a run, kept back until its end, when the guard sees how many they are.
//!
//! An entry stays until it expires, even when its object turns out to be there after all: it then says where the
//! object ended. So what was collected is counted once, at the end, however often a page is replayed before it.

use aws_sdk_dynamodb::types::AttributeValue;
use futures::{StreamExt, TryStreamExt};

use super::calls::Conditional;
use super::fence::Fence;
use super::item::Item;
use super::keys::{self, Table};
use super::lease::Lease;
use super::search::Search;
use super::update::{Update, text, text_or_null};
use super::write::word;
use super::{Directory, DirectoryError, Rows, expiry};
use crate::model::{Change, Outcome, Time};

/// A deactivation that a run collected.
#[derive(Debug, Clone, PartialEq)]
pub struct Collected {
    /// The record's mapping.
    pub mapping: String,
    /// The object's Okta id.
    pub id: String,
    /// The bucket that the run had counted the object in before; `None` when it was not counted yet.
    pub counted: Option<Outcome>,
    /// When Okta's log reported it, if it did.
    pub reported: Option<Time>,
    /// What is to become of it.
    pub fate: Fate,
}

/// What a run notes of a deactivation that it keeps back.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Noted {
    /// The bucket that the object is counted in already.
    pub counted: Option<Outcome>,
    /// When Okta's log reported it, if it did.
    pub reported: Option<Time>,
}

/// What is to become of a collected deactivation.
#[derive(Debug, Clone, PartialEq)]
pub enum Fate {
    /// The guard decides on it.
    Waits(Box<Change>),
    /// It was withdrawn: the object ended in this bucket.
    Withdrawn(Outcome),
}

impl Directory {
    /// Keeps a deactivation back; a later one of the same object takes its place, and what was noted of the first of them
    /// stands.
    ///
    /// # Errors
    /// Retryable when the lease has lapsed, a later holder has written, or DynamoDB throttles or is out of reach; fatal
    /// when it refuses.
    pub async fn add_deactivation(
        &self,
        lease: &Lease,
        mapping: &str,
        change: &Change,
        Noted { counted, reported }: Noted,
    ) -> Result<(), DirectoryError> {
        let mut update = Update::new()
            .fenced(&Fence::of(lease))
            .set("mapping", text(mapping))
            .set("id", text(&change.id))
            .set("change", self.change_text(change)?)
            .set("withdrawn", AttributeValue::Null(true))
            .set_once("counted", text_or_null(counted.map(word)))
            .set(expiry::EXPIRES, expiry::of_working_item());
        if let Some(reported) = reported {
            update = update.set_once("reported", text(reported));
        }
        let written = self.update_under(lease, &keys::deactivation(lease.run(), mapping, &change.id), update).await?;
        written.or_fenced(|| deactivation_of(lease))?;
        Ok(())
    }

    /// Withdraws a deactivation, if there is one: its object ended in this bucket. Whether there was one.
    ///
    /// # Errors
    /// Retryable when the lease has lapsed, a later holder has written, or DynamoDB throttles or is out of reach; fatal
    /// when it refuses.
    pub async fn withdraw_deactivation(
        &self,
        lease: &Lease,
        mapping: &str,
        id: &str,
        outcome: Outcome,
    ) -> Result<bool, DirectoryError> {
        let update = Update::new().fenced(&Fence::of(lease)).if_present("pk").set("withdrawn", text(word(outcome)));
        match self.update_under(lease, &keys::deactivation(lease.run(), mapping, id), update).await? {
            Conditional::Done(_) => Ok(true),
            Conditional::Refused(item) if item.is_empty() => Ok(false),
            Conditional::Refused(_) => Err(DirectoryError::Fenced { what: deactivation_of(lease) }),
        }
    }

    /// What is to become of an object whose deactivation a run collected; `None` where it did not.
    ///
    /// # Errors
    /// Retryable when DynamoDB throttles or is out of reach; fatal when it refuses, or the item is damaged.
    pub async fn deactivation(&self, run: &str, mapping: &str, id: &str) -> Result<Option<Fate>, DirectoryError> {
        let item = self.get(&keys::deactivation(run, mapping, id)).await?;
        Ok(item.map(|item| collected(&item)).transpose()?.map(|collected| collected.fate))
    }

    /// The collected deactivations of a run in one shard.
    pub fn deactivations(&self, run: &str, shard: u64) -> Rows<Collected> {
        let rows = self.rows(Search::of(Table::State, keys::deactivations_shard(run, shard)));
        rows.and_then(async |item| collected(&item)).boxed()
    }
}

fn collected(item: &Item) -> Result<Collected, DirectoryError> {
    let fate = match item.value::<Option<Outcome>>("withdrawn")? {
        Some(outcome) => Fate::Withdrawn(outcome),
        None => Fate::Waits(Box::new(item.json("change")?)),
    };
    let (mapping, id) = (item.text("mapping")?.to_owned(), item.text("id")?.to_owned());
    let reported = item.optional_text("reported").is_some().then(|| item.value("reported")).transpose()?;
    Ok(Collected { mapping, id, counted: item.value("counted")?, reported, fate })
}

fn deactivation_of(lease: &Lease) -> String {
    format!("a deactivation of run {}", lease.run())
}
