//! Lists as they are answered: a page of items, and where the list goes on.

use rollcall_shared::directory::ListPage;
use rollcall_shared::handlers::lists::Wanted;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::refusal::Refusal;

/// How many items a page has where nobody says.
const USUAL: usize = 100;
/// How many items a page has at most.
pub(crate) const MOST: usize = 1_000;
/// The items of one page have about so many bytes at most: Lambda answers with 6 MB and no more, in which JSON stands as
/// text, and in text every quotation mark takes two bytes (AWS: "Lambda quotas").
pub(crate) const LARGEST: usize = 3 * 1_024 * 1_024;

/// A page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Page<T> {
    /// The items. A page may have fewer than were asked for, and there be more all the same.
    pub(crate) items: Vec<T>,
    /// Where the list goes on: the `cursor` of the next request. Null at the end.
    #[schema(required)]
    pub(crate) next: Option<String>,
}

/// Which page of a list.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct PageQuery {
    /// How many items at most.
    #[param(minimum = 1, maximum = 1000, default = 100)]
    pub(crate) limit: Option<usize>,
    /// The `next` of the page before.
    pub(crate) cursor: Option<String>,
}

impl PageQuery {
    /// Which rows are wanted.
    pub(crate) fn wanted(&self) -> Result<Wanted<'_>, Refusal> {
        Ok(Wanted { cursor: self.cursor.as_deref(), limit: limit(self.limit)?.unwrap_or(USUAL) })
    }
}

/// A number of items, if it is one that a page can have.
pub(crate) fn limit(limit: Option<usize>) -> Result<Option<usize>, Refusal> {
    if limit.is_some_and(|limit| !(1..=MOST).contains(&limit)) {
        return Err(Refusal::bad_request(format!("The limit has to be a number from 1 to {MOST}.")));
    }
    Ok(limit)
}

/// Rows as a page, cut where it would become too large.
pub(crate) fn page<T, U: Serialize>(rows: ListPage<T>, item: impl Fn(T) -> U) -> Page<U> {
    let mut room = Room::default();
    let (mut items, mut last) = (Vec::new(), None);
    for (row, at) in rows.rows {
        let row = item(row);
        if !room.has(&row) {
            return Page { items, next: last };
        }
        items.push(row);
        last = Some(at.to_string());
    }
    Page { items, next: rows.next.map(|next| next.to_string()) }
}

/// What is left of the size of a page.
#[derive(Debug, Default)]
pub(crate) struct Room {
    taken: usize,
}

impl Room {
    /// Whether there is room for another item, which then takes it; there always is for the first.
    pub(crate) fn has(&mut self, item: &impl Serialize) -> bool {
        let size = serde_json::to_string(item).map_or(0, |text| text.len());
        let fits = self.taken == 0 || self.taken + size <= LARGEST;
        self.taken += size;
        fits
    }
}
