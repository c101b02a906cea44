//! Parts: what is kept of an application's people, as items of bounded size in order of user id.
//!
//! A part holds everybody from one id on, up to the first id of the application's next part; the first of them begins with
//! no id at all. A part that grows beyond [`LARGEST`] is cut into several. So one person's part is found by one query,
//! however many there are, and who reads an application's parts in order gets its people in order.

use futures::{StreamExt, TryStreamExt};

use super::item::Item;
use super::keys::{self, Shelf, Table};
use super::search::{Direction, Search};
use super::update::{Update, text};
use super::{Directory, DirectoryError, Rows};
use crate::model::Time;
use crate::model::app::{Kept, Person, read};

/// The most that a part holds, in bytes. An item may have 400 KB, but a write costs by the item's size, and most writes
/// touch few people: some 500 of them are in a part.
pub(super) const LARGEST: usize = 16 * 1024;

/// A part as it is stored, or the first one of an application that has none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Part<K> {
    /// The id that it begins with.
    pub(super) from: String,
    /// Its people in order of id.
    pub(super) people: Vec<Person<K>>,
    /// Its optimistic lock, where it has one; 0 for a part that is not stored.
    pub(super) revision: u64,
    /// The latest time that was ever noted in it, where times are.
    pub(super) newest: Option<Time>,
}

impl<K: Kept> Part<K> {
    /// The first part of an application, not stored yet.
    pub(super) fn first() -> Part<K> {
        Part { from: String::new(), people: Vec::new(), revision: 0, newest: None }
    }

    pub(super) fn of(item: &Item) -> Result<Part<K>, DirectoryError> {
        let from = item.text("sk")?.split_once('#').map(|(_, from)| from.to_owned());
        let people = read(item.text("people")?);
        let (Some(from), Some(people)) = (from, people) else {
            return Err(item.damaged("attribute people is not as it was written"));
        };
        let newest = item.optional_text("newest").and_then(|newest| newest.parse().ok());
        Ok(Part { from, people, revision: item.optional_whole("revision").unwrap_or(0), newest })
    }
}

/// Writes a part's people, of an application.
pub(super) fn part_update(app: &str, people: &str) -> Update {
    Update::new().set("app", text(app)).set("people", text(people))
}

impl Directory {
    /// The part in which somebody is or would be.
    pub(super) async fn part_of<K: Kept>(
        &self,
        (shelf, connection): (Shelf, &str),
        (app, user): (&str, &str),
    ) -> Result<Part<K>, DirectoryError> {
        let search = Search {
            range: Some(keys::parts_to(app, user)),
            direction: Direction::Descending,
            page: Some(1),
            ..Search::of(Table::State, keys::parts_of_app(shelf, connection, app))
        };
        let item = self.rows(search).try_next().await?;
        item.map_or_else(|| Ok(Part::first()), |item| Part::of(&item))
    }

    /// All parts of an application.
    pub(super) fn parts<K: Kept + Send + 'static>(
        &self,
        (shelf, connection): (Shelf, &str),
        app: &str,
        direction: Direction,
    ) -> Rows<Part<K>> {
        let search = Search {
            range: Some(keys::parts(app)),
            direction,
            ..Search::of(Table::State, keys::parts_of_app(shelf, connection, app))
        };
        self.rows(search).and_then(async |item| Part::of(&item)).boxed()
    }
}
