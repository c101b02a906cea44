//! Pages of a list for who reads it piece by piece: rows in an order that does not change, and the place after each.
//!
//! The order is that of shards and sort keys, so a reader who goes on from a place meets every row that was there all the
//! while exactly once, whatever is added or goes meanwhile.

use std::fmt;
use std::str::FromStr;

use futures::stream::{self, StreamExt, TryStreamExt};

use super::item::Item;
use super::keys::{self, SHARDS};
use super::records::is_record;
use super::search::Search;
use super::{Directory, DirectoryError};

/// How many shards are read beside each other once the first did not suffice.
const SHARDS_AT_ONCE: usize = 8;
/// No key comes after it: bytes compare as in UTF-8.
const LAST_KEY: &str = "\u{10ffff}";

/// A place in a list, after one of its rows. As text it is opaque, and no place in any other list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListCursor {
    /// A hash of the list's name.
    list: u64,
    shard: u64,
    /// The sort key of the row.
    pub(crate) sk: String,
}

impl ListCursor {
    pub(crate) fn new(list: &str, shard: u64, sk: &str) -> ListCursor {
        ListCursor { list: keys::hash(list), shard, sk: sk.to_owned() }
    }

    pub(crate) fn is_of(&self, list: &str) -> bool {
        self.list == keys::hash(list)
    }
}

impl fmt::Display for ListCursor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:016x}{:02x}", self.list, self.shard)?;
        self.sk.bytes().try_for_each(|byte| write!(formatter, "{byte:02x}"))
    }
}

/// A text that is no cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is no cursor of a list")]
pub struct NoCursor;

impl FromStr for ListCursor {
    type Err = NoCursor;

    fn from_str(text: &str) -> Result<ListCursor, NoCursor> {
        if !text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
            || !text.len().is_multiple_of(2)
        {
            return Err(NoCursor);
        }
        let number = |from: usize, to: usize| {
            let digits = text.get(from..to).ok_or(NoCursor)?;
            u64::from_str_radix(digits, 16).map_err(|_| NoCursor)
        };
        let (list, shard) = (number(0, 16)?, number(16, 18)?);
        let bytes: Result<Vec<u8>, NoCursor> =
            (18..text.len()).step_by(2).map(|at| number(at, at + 2).map(|byte| byte as u8)).collect();
        let sk = String::from_utf8(bytes?).map_err(|_| NoCursor)?;
        if shard >= SHARDS || sk.is_empty() {
            return Err(NoCursor);
        }
        Ok(ListCursor { list, shard, sk })
    }
}

/// Rows of a list, each with the place after it.
#[derive(Debug, Clone, PartialEq)]
pub struct ListPage<T> {
    /// The rows, in the list's order.
    pub rows: Vec<(T, ListCursor)>,
    /// Where the list goes on; `None` at its end.
    pub next: Option<ListCursor>,
}

impl<T> ListPage<T> {
    /// Rows of which one more was looked for than is wanted.
    pub(crate) fn of(mut rows: Vec<(T, ListCursor)>, limit: usize) -> ListPage<T> {
        let is_last = rows.len() <= limit;
        rows.truncate(limit);
        let next = rows.last().filter(|_| !is_last).map(|(_, at)| at.clone());
        ListPage { rows, next }
    }
}

impl Directory {
    /// The items of a list that is spread over the shards, after a place, and one more than is wanted if there are more;
    /// `None` when the place is one of another list.
    pub(super) async fn list_page(
        &self,
        list: &str,
        (after, limit): (Option<&ListCursor>, usize),
        search: impl Fn(u64) -> Search,
    ) -> Result<Option<Vec<(Item, ListCursor)>>, DirectoryError> {
        if after.is_some_and(|after| !after.is_of(list)) {
            return Ok(None);
        }
        let (first, wanted) = (after.map_or(0, |after| after.shard), limit.saturating_add(1));
        let from = |shard| after.filter(|after| after.shard == shard).map_or("", |after| after.sk.as_str());
        let of_shard = |shard| self.rows_after(search(shard), (list, shard, from(shard)), wanted);
        // The first alone: of a long list it is all that is needed.
        let mut rows = of_shard(first).await?;
        let mut others = stream::iter(first + 1..SHARDS).map(of_shard).buffered(SHARDS_AT_ONCE);
        while rows.len() < wanted {
            match others.try_next().await? {
                Some(more) => rows.extend(more),
                None => break,
            }
        }
        rows.truncate(wanted);
        Ok(Some(rows))
    }

    async fn rows_after(
        &self,
        search: Search,
        (list, shard, from): (&str, u64, &str),
        wanted: usize,
    ) -> Result<Vec<(Item, ListCursor)>, DirectoryError> {
        let range = Some(from.to_owned()..LAST_KEY.to_owned()).filter(|range| !range.start.is_empty());
        // The one at the place itself comes with the others.
        let page = i32::try_from(wanted.saturating_add(1)).ok();
        let mut items = self.rows(Search { range, page, ..search });
        let mut rows = Vec::new();
        while rows.len() < wanted {
            let Some(item) = items.try_next().await? else { break };
            let sk = item.text("sk")?.to_owned();
            if is_record(&item) && sk != from {
                rows.push((item, ListCursor::new(list, shard, &sk)));
            }
        }
        Ok(rows)
    }
}

#[cfg(test)]
mod tests {
    use super::ListCursor;

    #[test]
    fn a_cursor_comes_back_from_its_text_and_is_of_its_list_alone() {
        let cursor = ListCursor::new("records#acme#people", 63, "2026-11-20T10:00:00.000Z#00uÄ");
        let read: ListCursor = cursor.to_string().parse().unwrap();
        assert_eq!(read, cursor);
        assert!(read.is_of("records#acme#people") && !read.is_of("records#acme#staff"));
    }

    #[test]
    fn what_is_no_cursor_is_refused() {
        let beyond_the_shards = format!("{:016x}{:02x}{}", 1, 64, "61");
        let no_text = format!("{:016x}{:02x}{}", 1, 1, "ff");
        for text in ["", "1", "x", "0.0", "é", "00000000000000001", "0000000000000001ff", &beyond_the_shards, &no_text]
        {
            assert!(text.parse::<ListCursor>().is_err(), "{text}");
        }
    }
}
