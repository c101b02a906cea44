//! The hold: the deactivations of a connection that wait for somebody's approval.
//!
//! A header says that there is one; its entries are items of their own. Jobs of a connection may add to it at the same
//! time. Whoever adds, adds first and opens (or confirms) then: so a hold is never closed over an entry that was just
//! added, because the header has changed since its entries were looked at.

use aws_sdk_dynamodb::types::AttributeValue;
use futures::{StreamExt, TryStreamExt};

use super::calls::Conditional;
use super::fence::Fence;
use super::keys::{self, Table};
use super::lease::Lease;
use super::search::Search;
use super::update::{Update, text, whole};
use super::{Directory, DirectoryError, Rows};
use crate::model::{Change, Reason, Time};

/// The header of an open hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    /// Since when somebody's approval is waited for.
    pub opened: Time,
    /// The newest run that added to it or confirmed it.
    pub run: String,
    /// How many waited when somebody was alarmed of it last.
    pub alarmed: Option<u64>,
}

/// A deactivation that waits.
#[derive(Debug, Clone, PartialEq)]
pub struct HeldEntry {
    /// The record's mapping.
    pub mapping: String,
    /// The run that last added it.
    pub run: String,
    /// What to do once it is approved and still stands.
    pub change: Change,
}

impl Directory {
    /// The connection's open hold, if it has one.
    ///
    /// # Errors
    /// Retryable when DynamoDB throttles or is out of reach; fatal when it refuses, or the item is damaged.
    pub async fn hold(&self, connection: &str) -> Result<Option<Hold>, DirectoryError> {
        // A closed hold's header stays, for its tokens and its revision.
        let Some(item) = self.get(&keys::hold(connection)).await? else { return Ok(None) };
        if item.optional_text("opened").is_none() {
            return Ok(None);
        }
        let alarmed = item.optional_whole("alarmed");
        Ok(Some(Hold { opened: item.value("opened")?, run: item.text("run")?.to_owned(), alarmed }))
    }

    /// Opens the connection's hold, or confirms the one that is open: call it after the entries were added.
    ///
    /// # Errors
    /// Retryable when the lease has lapsed, a later holder has written, or DynamoDB throttles or is out of reach; fatal
    /// when it refuses.
    pub async fn open_hold(&self, lease: &Lease, now: Time) -> Result<(), DirectoryError> {
        let update = Update::new()
            .fenced(&Fence::of(lease))
            .set_once("opened", text(now))
            .set("run", text(lease.run()))
            .count("revision");
        let written = self.update_under(lease, &keys::hold(lease.connection()), update).await?;
        written.or_fenced(|| hold_of(lease))?;
        Ok(())
    }

    /// Notes that somebody was alarmed of so many who wait.
    ///
    /// # Errors
    /// Retryable when the lease has lapsed, a later holder has written, or DynamoDB throttles or is out of reach; fatal
    /// when it refuses.
    pub async fn note_alarm(&self, lease: &Lease, waiting: u64) -> Result<(), DirectoryError> {
        let update = Update::new().fenced(&Fence::of(lease)).set("alarmed", whole(waiting));
        let written = self.update_under(lease, &keys::hold(lease.connection()), update).await?;
        written.or_fenced(|| hold_of(lease)).map(drop)
    }

    /// What waits in the connection's hold, in no order.
    pub fn held(&self, connection: &str) -> Rows<HeldEntry> {
        let connection = connection.to_owned();
        let search = move |shard| Search::of(Table::State, keys::held_shard(&connection, shard));
        let rows = self.rows_of_shards(search);
        let entry = async |item: super::item::Item| {
            let (mapping, run) = (item.text("mapping")?.to_owned(), item.text("run")?.to_owned());
            Ok(HeldEntry { mapping, run, change: item.json("change")? })
        };
        rows.and_then(entry).boxed()
    }

    /// The change that waits for one record, if one does.
    ///
    /// # Errors
    /// Retryable when DynamoDB throttles or is out of reach; fatal when it refuses, or the item is damaged.
    pub async fn held_change(
        &self,
        connection: &str,
        mapping: &str,
        id: &str,
    ) -> Result<Option<Change>, DirectoryError> {
        let item = self.get(&keys::held(connection, mapping, id)).await?;
        item.map(|item| item.json("change")).transpose()
    }

    /// Adds a deactivation to the hold; a later one of the same object takes its place. One that says that the object is
    /// gone stays before one that was observed: a run that is taken up may bring what it saw long ago, and whoever approves
    /// reads the object again in any case.
    ///
    /// # Errors
    /// Retryable when the lease has lapsed, a later holder has written, or DynamoDB throttles or is out of reach; fatal
    /// when it refuses.
    pub async fn add_held(&self, lease: &Lease, mapping: &str, change: &Change) -> Result<(), DirectoryError> {
        if change.observed.is_some() {
            let before = self.held_change(lease.connection(), mapping, &change.id).await?;
            if let Some(gone) = before.filter(|before| before.standing.is_some_and(Reason::is_gone)) {
                return self.put_held(lease, mapping, &gone).await;
            }
        }
        self.put_held(lease, mapping, change).await
    }

    async fn put_held(&self, lease: &Lease, mapping: &str, change: &Change) -> Result<(), DirectoryError> {
        let update = Update::new()
            .fenced(&Fence::of(lease))
            .set("mapping", text(mapping))
            .set("id", text(&change.id))
            .set("run", text(lease.run()))
            .set("change", self.change_text(change)?);
        let written = self.update_under(lease, &keys::held(lease.connection(), mapping, &change.id), update).await?;
        written.or_fenced(|| hold_of(lease))?;
        Ok(())
    }

    /// Drops an entry: it was carried out, or Okta no longer bears it out. Whether there was one.
    ///
    /// # Errors
    /// Retryable when the lease has lapsed, a later holder has written, or DynamoDB throttles or is out of reach; fatal
    /// when it refuses.
    pub async fn remove_held(&self, lease: &Lease, mapping: &str, id: &str) -> Result<bool, DirectoryError> {
        let condition = Update::new().only_fenced(&Fence::of(lease));
        let deleted = self.delete_under(lease, &keys::held(lease.connection(), mapping, id), condition).await?;
        Ok(!deleted.or_fenced(|| hold_of(lease))?.is_empty())
    }

    /// Closes the hold if nothing waits in it any more; whether it is closed.
    ///
    /// # Errors
    /// Retryable when the lease has lapsed, or DynamoDB throttles or is out of reach; fatal when it refuses, or an item
    /// of the hold is damaged. That a later holder or a new entry keeps it open is no error.
    pub async fn close_hold(&self, lease: &Lease) -> Result<bool, DirectoryError> {
        let Some(header) = self.get(&keys::hold(lease.connection())).await? else { return Ok(true) };
        if header.optional_text("opened").is_none() {
            return Ok(true);
        }
        if self.held(lease.connection()).try_next().await?.is_some() {
            return Ok(false);
        }
        let update = Update::new()
            .fenced(&Fence::of(lease))
            .if_compares("revision", "=", whole(header.whole("revision")?))
            .count("revision")
            .remove("opened")
            .remove("run")
            .remove("alarmed");
        match self.update_under(lease, &keys::hold(lease.connection()), update).await? {
            Conditional::Done(_) => Ok(true),
            // Fenced, or somebody added to it meanwhile: it stays open in both cases.
            Conditional::Refused(now) => Ok(now.optional_text("opened").is_none()),
        }
    }

    /// A change as an attribute: as text, because it must come back exactly as it was.
    pub(super) fn change_text(&self, change: &Change) -> Result<AttributeValue, DirectoryError> {
        let json = serde_json::to_string(change).map_err(|error| DirectoryError::Refused {
            call: self.call("UpdateItem", Table::State),
            detail: error.to_string(),
        })?;
        Ok(text(json))
    }
}

fn hold_of(lease: &Lease) -> String {
    format!("the hold of connection {}", lease.connection())
}
