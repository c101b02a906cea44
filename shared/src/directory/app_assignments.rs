//! Who is assigned to which application, as the last complete listing of the application's people had it.
//!
//! Beside the records, because a person may have many applications and an application many people: whoever has left and is
//! still assigned, and whoever is assigned and never comes, is found here. A listing is versioned by the `Date` of its
//! first page, and an older one never overwrites. What a listing does not change costs no write.

use std::collections::BTreeMap;

use futures::stream::{self, StreamExt, TryStreamExt};

use super::calls::Conditional;
use super::keys::{self, Shelf, Table};
use super::lease::Lease;
use super::parts::{LARGEST, Part, part_update};
use super::search::{Direction, Search};
use super::update::{Update, text, whole};
use super::{Directory, DirectoryError, Rows};
use crate::model::Time;
use crate::model::app::{Assignment, Person, belonging, cut};

/// Writes of one listing that are under way beside each other.
const WRITES_AT_ONCE: usize = 24;

/// The complete list of an application's people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppListing {
    /// The application's id.
    pub app: String,
    /// Okta's clock on the first page.
    pub at: Time,
    /// Who is assigned and how, by user id.
    pub people: BTreeMap<String, Assignment>,
    /// How many groups are assigned, if they could be listed.
    pub groups: Option<u64>,
}

/// What is known of the last complete listing of an application's people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AppListed {
    /// Okta's clock on its first page.
    pub at: Time,
    /// How many groups were assigned, if they could be listed.
    pub groups: Option<u64>,
}

impl Directory {
    /// Stores who is assigned to an application, unless a later listing was stored before. One that broke off is completed
    /// by the same one or a newer one; until then it may have somebody twice, and nobody less than it had.
    ///
    /// # Errors
    /// Retryable when the lease has lapsed, or DynamoDB throttles or is out of reach; fatal when it refuses, or a part is
    /// damaged.
    pub async fn put_app_listing(&self, lease: &Lease, listing: AppListing) -> Result<(), DirectoryError> {
        let AppListing { app, at, people, groups } = listing;
        let version = newer(Update::new(), at).set("app", text(&app));
        let version = match groups {
            Some(groups) => version.set("groups", whole(groups)),
            None => version.remove("groups"),
        };
        if let Conditional::Refused(_) =
            self.update_under(lease, &keys::app_listing(lease.connection(), &app), version).await?
        {
            return Ok(());
        }
        let people: Vec<Person<Assignment>> = people.into_iter().collect();
        let mut rest = people.as_slice();
        // The last part first: what is written lies behind what is still to be read.
        let mut parts = self.parts((Shelf::Assignments, lease.connection()), &app, Direction::Descending);
        while let Some(part) = parts.try_next().await? {
            let (before, share) = belonging(rest, &part.from, usize::MAX);
            self.replace(lease, (&app, at), (&part, share)).await?;
            rest = before;
        }
        self.replace(lease, (&app, at), (&Part::first(), rest)).await
    }

    /// When an application's people were listed; `None` if they never were.
    ///
    /// # Errors
    /// Retryable when DynamoDB throttles or is out of reach; fatal when it refuses, or the item is damaged.
    pub async fn app_listed(&self, connection: &str, app: &str) -> Result<Option<AppListed>, DirectoryError> {
        let Some(item) = self.get(&keys::app_listing(connection, app)).await? else { return Ok(None) };
        let at: Option<Time> = item.value("at")?;
        Ok(at.map(|at| AppListed { at, groups: item.optional_whole("groups") }))
    }

    /// The people assigned to an application and how, in order of id.
    pub fn app_assignments(&self, connection: &str, app: &str) -> Rows<Person<Assignment>> {
        let parts = self.parts::<Assignment>((Shelf::Assignments, connection), app, Direction::Ascending);
        parts.map_ok(|part| stream::iter(part.people.into_iter().map(Ok))).try_flatten().boxed()
    }

    /// All assignments of a connection: the application's id, and somebody assigned to it. The people of an application
    /// come in order of id, though not all at once.
    pub fn assignments(&self, connection: &str) -> Rows<(String, Person<Assignment>)> {
        let connection = connection.to_owned();
        let search = move |shard| Search::of(Table::State, keys::parts_shard(Shelf::Assignments, &connection, shard));
        let parts = self.rows_of_shards(search).and_then(async |item| {
            let app = item.text("app")?.to_owned();
            let people = Part::<Assignment>::of(&item)?.people;
            Ok(stream::iter(people.into_iter().map(move |person| Ok((app.clone(), person)))))
        });
        parts.try_flatten().boxed()
    }

    /// Puts people in the place of a part's, if they are others.
    async fn replace(
        &self,
        lease: &Lease,
        (app, at): (&str, Time),
        (part, people): (&Part<Assignment>, &[Person<Assignment>]),
    ) -> Result<(), DirectoryError> {
        if part.people == people {
            return Ok(());
        }
        let key = |from: &str| keys::part(Shelf::Assignments, lease.connection(), (app, from));
        if people.is_empty() {
            // The part before it is now the one of whoever belongs here.
            return self.delete_under(lease, &key(&part.from), newer_only(Update::new(), at)).await.map(drop);
        }
        let mut pieces = cut(people, LARGEST).into_iter();
        let first = pieces.next().map(|(_, text)| text).unwrap_or_default();
        let put = async |from: &str, text: &str| {
            // Refused only by a later listing: as it should be.
            self.update_under(lease, &key(from), newer(part_update(app, text), at)).await.map(drop)
        };
        // Who moves into a part of their own is in both for a moment, rather than in none.
        let writes: Vec<_> = pieces
            .map(|(people, text)| {
                let from = people.first().map(|(user, _)| user.clone()).unwrap_or_default();
                let put = &put;
                async move { put(&from, &text).await }
            })
            .collect();
        stream::iter(writes).buffer_unordered(WRITES_AT_ONCE).try_collect::<()>().await?;
        put(&part.from, &first).await
    }
}

/// Only if no later listing has written it; and keeps older ones off from now on.
fn newer(update: Update, at: Time) -> Update {
    newer_only(update, at).set("at", text(at))
}

fn newer_only(update: Update, at: Time) -> Update {
    update.if_absent_or([("at", "<=", text(at))])
}
