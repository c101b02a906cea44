//! Queries: over one partition, page by page, and over all shards of something, a few at a time.

use std::collections::HashMap;
use std::ops::Range;

use aws_sdk_dynamodb::types::{AttributeValue, ReturnConsumedCapacity};
use futures::stream::{self, StreamExt, TryStreamExt};

use super::error::DirectoryError;
use super::item::Item;
use super::keys::{SHARDS, Table};
use super::update::text;
use super::{Directory, Rows};

/// How many shards are read at the same time: as many pages are in memory, each of 1 MB at most as DynamoDB counts.
const SHARDS_AT_ONCE: usize = 8;

/// A query of one partition.
#[derive(Debug, Clone)]
pub(super) struct Search {
    pub(super) table: Table,
    pub(super) pk: String,
    /// Which sort keys, both bounds included.
    pub(super) range: Option<Range<String>>,
    /// The attributes wanted; none means all.
    pub(super) attributes: &'static [&'static str],
    pub(super) consistency: Consistency,
    pub(super) direction: Direction,
    /// How many items a page has at most; none means as many as fit into 1 MB.
    pub(super) page: Option<i32>,
}

/// Whether a read sees every write that was acknowledged before it; if so, it costs twice as much.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Consistency {
    Strong,
    Eventual,
}

/// The order of the sort keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    Ascending,
    Descending,
}

impl Search {
    /// All of a partition, ascending, strongly consistent.
    pub(super) fn of(table: Table, pk: String) -> Search {
        Search {
            table,
            pk,
            range: None,
            attributes: &[],
            consistency: Consistency::Strong,
            direction: Direction::Ascending,
            page: None,
        }
    }
}

type StartKey = HashMap<String, AttributeValue>;

impl Directory {
    /// The items that a search finds, in order.
    pub(super) fn rows(&self, search: Search) -> Rows<Item> {
        let directory = self.clone();
        let pages = stream::try_unfold(Some((search, None)), move |at: Option<(Search, Option<StartKey>)>| {
            let directory = directory.clone();
            async move {
                let Some((search, start)) = at else { return Ok::<_, DirectoryError>(None) };
                let (items, next) = directory.page(&search, start).await?;
                Ok(Some((stream::iter(items.into_iter().map(Ok)), next.map(|next| (search, Some(next))))))
            }
        });
        pages.try_flatten().boxed()
    }

    /// The items that a search of every shard finds, in no order.
    pub(super) fn rows_of_shards(&self, search: impl Fn(u64) -> Search + Send + 'static) -> Rows<Item> {
        let directory = self.clone();
        let shards = stream::iter(0..SHARDS).map(move |shard| directory.rows(search(shard)));
        shards.flatten_unordered(SHARDS_AT_ONCE).boxed()
    }

    async fn page(
        &self,
        search: &Search,
        start: Option<StartKey>,
    ) -> Result<(Vec<Item>, Option<StartKey>), DirectoryError> {
        let (projection, mut names) = projection(search.attributes);
        let mut values = HashMap::from([(":pk".to_owned(), text(&search.pk))]);
        names.insert("#pk".to_owned(), "pk".to_owned());
        let mut condition = "#pk = :pk".to_owned();
        if let Some(range) = &search.range {
            condition.push_str(" AND #sk BETWEEN :first AND :last");
            names.insert("#sk".to_owned(), "sk".to_owned());
            values.insert(":first".to_owned(), text(&range.start));
            values.insert(":last".to_owned(), text(&range.end));
        }
        let request = self
            .link
            .client
            .query()
            .table_name(self.table(search.table))
            .key_condition_expression(condition)
            .set_projection_expression(projection)
            .set_expression_attribute_names(Some(names))
            .set_expression_attribute_values(Some(values))
            .consistent_read(search.consistency == Consistency::Strong)
            .scan_index_forward(search.direction == Direction::Ascending)
            .set_limit(search.page)
            .set_exclusive_start_key(start)
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        let answer = self.send(self.call("Query", search.table), request.send()).await?;
        self.meter.read(answer.consumed_capacity.as_slice());
        let items = answer.items.unwrap_or_default();
        let items = items.into_iter().map(|attributes| Item::new(self.table(search.table), attributes)).collect();
        Ok((items, answer.last_evaluated_key.filter(|key| !key.is_empty())))
    }
}

/// The projection expression for attributes, and what its placeholders stand for.
pub(super) fn projection(attributes: &[&str]) -> (Option<String>, HashMap<String, String>) {
    let names = attributes.iter().map(|name| (format!("#{name}"), (*name).to_owned())).collect();
    let expression: Vec<String> = attributes.iter().map(|name| format!("#{name}")).collect();
    ((!attributes.is_empty()).then(|| expression.join(", ")), names)
}
