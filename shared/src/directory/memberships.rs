//! Who is in which mapped group, as the last complete listing of the group had it.
//!
//! It is state of its own, beside the records: every listed member is kept, whatever the status and whether or not there
//! is a record, so that somebody who is reactivated later is judged rightly. A listing is versioned by the `Date` of its
//! first page, and an older one never overwrites. What a listing does not change costs no write.

use std::collections::HashSet;

use aws_sdk_dynamodb::types::AttributeValue;
use futures::stream::{self, StreamExt, TryStreamExt};

use super::calls::Conditional;
use super::keys::{self, Table};
use super::lease::Lease;
use super::search::Search;
use super::update::{Update, text};
use super::{Directory, DirectoryError, Rows};
use crate::model::Time;

/// Writes of one listing that are under way beside each other.
const WRITES_AT_ONCE: usize = 24;

/// The complete list of a group's members.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    /// The group's id.
    pub group: String,
    /// Okta's clock on the first page.
    pub at: Time,
    /// The members' ids.
    pub members: HashSet<String>,
}

impl Directory {
    /// Makes the stored members of a group those of a complete listing, unless a later listing was stored before.
    ///
    /// # Errors
    /// Retryable when the lease has lapsed, or DynamoDB throttles or is out of reach; fatal when it refuses, or an item
    /// is damaged.
    pub async fn put_listing(&self, lease: &Lease, listing: &Listing) -> Result<(), DirectoryError> {
        let at = || text(listing.at);
        let version = Update::new().if_absent_or([("at", "<=", at())]).set("at", at());
        let key = keys::listing(lease.connection(), &listing.group);
        if let Conditional::Refused(_) = self.update_under(lease, &key, version).await? {
            return Ok(());
        }
        let stored: HashSet<String> = self.members(lease.connection(), &listing.group).try_collect().await?;
        let joined = listing.members.difference(&stored).map(|user| (user, Update::new().set("member", yes())));
        let left = stored.difference(&listing.members).map(|user| (user, Update::new().set("member", no())));
        let writes = joined.chain(left).map(|(user, update)| async move {
            let key = keys::membership(lease.connection(), &listing.group, user);
            let update = update.set("user", text(user)).set("at", text(listing.at));
            let is_newer = update.if_absent_or([("at", "<=", text(listing.at))]);
            self.update_under(lease, &key, is_newer).await.map(drop)
        });
        let writes: Vec<_> = writes.collect();
        stream::iter(writes).buffer_unordered(WRITES_AT_ONCE).try_collect().await
    }

    /// The ids of a group's stored members, in no order.
    pub fn members(&self, connection: &str, group: &str) -> Rows<String> {
        let (connection, group) = (connection.to_owned(), group.to_owned());
        let search = move |shard| Search {
            range: Some(keys::members_of(&group)),
            ..Search::of(Table::State, keys::memberships_shard(&connection, shard))
        };
        let rows = self.rows_of_shards(search).try_filter_map(async |item| {
            Ok(if item.is_true("member") { Some(item.text("user")?.to_owned()) } else { None })
        });
        rows.boxed()
    }

    /// Which of these groups a user is stored as a member of.
    ///
    /// # Errors
    /// Retryable when DynamoDB throttles or is out of reach; fatal when it refuses.
    pub async fn stored_groups(
        &self,
        connection: &str,
        user: &str,
        groups: &[String],
    ) -> Result<Vec<String>, DirectoryError> {
        let mut found = Vec::new();
        for group in groups {
            let item = self.get(&keys::membership(connection, group, user)).await?;
            if item.is_some_and(|item| item.is_true("member")) {
                found.push(group.clone());
            }
        }
        Ok(found)
    }

    /// The id that a configured group was resolved to before.
    ///
    /// # Errors
    /// Retryable when DynamoDB throttles or is out of reach; fatal when it refuses.
    pub async fn resolved_group(&self, connection: &str, name: &str) -> Result<Option<String>, DirectoryError> {
        let item = self.get(&keys::resolved_group(connection, name)).await?;
        Ok(item.and_then(|item| item.optional_text("group").map(str::to_owned)))
    }

    /// Keeps the id of a configured group, so that it stays the same group when it is renamed.
    ///
    /// # Errors
    /// Retryable when the lease has lapsed, or DynamoDB throttles or is out of reach; fatal when it refuses.
    pub async fn put_resolved_group(&self, lease: &Lease, name: &str, id: &str) -> Result<(), DirectoryError> {
        let update = Update::new().set("name", text(name)).set("group", text(id));
        self.update_under(lease, &keys::resolved_group(lease.connection(), name), update).await.map(drop)
    }
}

fn yes() -> AttributeValue {
    AttributeValue::Bool(true)
}

fn no() -> AttributeValue {
    AttributeValue::Bool(false)
}
