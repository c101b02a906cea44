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

/// What is stored of somebody in a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredMembership {
    /// The user's id.
    pub user: String,
    /// How they stood to it.
    pub how: HowStored,
}

/// How somebody stood to a group when it was last listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HowStored {
    /// Whether they were a member; otherwise they had left.
    pub is_member: bool,
    /// Okta's clock on the listing that found it so first.
    pub since: Time,
}

/// A group that mappings name, found once for good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResolvedGroup {
    /// As the mappings have it: its name or its id.
    pub name: String,
    /// Its id.
    pub id: String,
    /// Whether it is everybody, and so never listed.
    pub is_everyone: bool,
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
            let update = update.set("user", text(user)).set("group", text(&listing.group)).set("at", text(listing.at));
            let is_newer = update.if_absent_or([("at", "<=", text(listing.at))]);
            self.update_under(lease, &key, is_newer).await.map(drop)
        });
        let writes: Vec<_> = writes.collect();
        stream::iter(writes).buffer_unordered(WRITES_AT_ONCE).try_collect().await
    }

    /// Stores which of these groups a user is in, as Okta said by the user's id at a time, unless a later listing was
    /// stored before. Of a group that they are not in and never were nothing is stored.
    ///
    /// # Errors
    /// Retryable when the lease has lapsed, or DynamoDB throttles or is out of reach; fatal when it refuses.
    pub async fn put_memberships(
        &self,
        lease: &Lease,
        (user, at): (&str, Time),
        groups: &[(&str, bool)],
    ) -> Result<(), DirectoryError> {
        for (group, is_member) in groups {
            let update = Update::new().set("at", text(at)).if_absent_or([("at", "<=", text(at))]);
            let update = match is_member {
                true => update.set("member", yes()).set("user", text(user)).set("group", text(group)),
                false => update.set("member", no()).if_present("pk"),
            };
            // Refused by a later listing, or because there is nothing to correct: as it should be.
            let _ = self.update_under(lease, &keys::membership(lease.connection(), group, user), update).await?;
        }
        Ok(())
    }

    /// What is stored of a group's members and of those who left it, in no order.
    pub fn memberships(&self, connection: &str, group: &str) -> Rows<StoredMembership> {
        let (connection, group) = (connection.to_owned(), group.to_owned());
        let search = move |shard| Search {
            range: Some(keys::members_of(&group)),
            ..Search::of(Table::State, keys::memberships_shard(&connection, shard))
        };
        let rows = self.rows_of_shards(search).and_then(async |item| {
            let (user, is_member) = (item.text("user")?.to_owned(), item.is_true("member"));
            Ok(StoredMembership { user, how: HowStored { is_member, since: item.value("at")? } })
        });
        rows.boxed()
    }

    /// The ids of a group's stored members, in no order.
    pub fn members(&self, connection: &str, group: &str) -> Rows<String> {
        let memberships = self.memberships(connection, group);
        memberships.try_filter_map(async |stored| Ok(stored.how.is_member.then_some(stored.user))).boxed()
    }

    /// Who of these users is stored as a member of which of these groups: pairs of user and group.
    ///
    /// # Errors
    /// Retryable when DynamoDB throttles or is out of reach; fatal when it refuses, or an item is damaged.
    pub async fn stored_groups(
        &self,
        connection: &str,
        users: &[String],
        groups: &[&str],
    ) -> Result<Vec<(String, String)>, DirectoryError> {
        let pairs = users.iter().flat_map(|user| groups.iter().map(move |group| (group, user)));
        let keys = pairs.map(|(group, user)| keys::membership(connection, group, user)).collect();
        let items = self.batch_get(Table::State, keys, &["user", "group", "member"]).await?;
        let members = items.iter().filter(|item| item.is_true("member"));
        members.map(|item| Ok((item.text("user")?.to_owned(), item.text("group")?.to_owned()))).collect()
    }

    /// The group that a configured name was resolved to before.
    ///
    /// # Errors
    /// Retryable when DynamoDB throttles or is out of reach; fatal when it refuses, or the item is damaged.
    pub async fn resolved_group(&self, connection: &str, name: &str) -> Result<Option<ResolvedGroup>, DirectoryError> {
        let Some(item) = self.get(&keys::resolved_group(connection, name)).await? else { return Ok(None) };
        let (id, is_everyone) = (item.text("group")?.to_owned(), item.is_true("everyone"));
        Ok(Some(ResolvedGroup { name: name.to_owned(), id, is_everyone }))
    }

    /// Keeps which group a configured name means, so that it stays the same group when it is renamed.
    ///
    /// # Errors
    /// Retryable when the lease has lapsed, or DynamoDB throttles or is out of reach; fatal when it refuses.
    pub async fn put_resolved_group(&self, lease: &Lease, group: &ResolvedGroup) -> Result<(), DirectoryError> {
        let ResolvedGroup { name, id, is_everyone } = group;
        let everyone = AttributeValue::Bool(*is_everyone);
        let update = Update::new().set("name", text(name)).set("group", text(id)).set("everyone", everyone);
        self.update_under(lease, &keys::resolved_group(lease.connection(), name), update).await.map(drop)
    }
}

fn yes() -> AttributeValue {
    AttributeValue::Bool(true)
}

fn no() -> AttributeValue {
    AttributeValue::Bool(false)
}
