//! Reads of records: the current side of a diff, and whole records for those who list them.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::ReturnConsumedCapacity;
use futures::stream::{self, StreamExt, TryStreamExt};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::item::Item;
use super::keys::{self, Key, Table};
use super::list_page::{ListCursor, ListPage};
use super::search::{Consistency, Search};
use super::tables::BY_ID;
use super::update::text;
use super::{Directory, DirectoryError, Rows};
use crate::model::{Claim, Current, Former, LastWrite, Outcome, Reason, Record, Standing, State, Time, is_adopted};

/// The attributes that [`Known`] is made of; the keys too, so that a damaged item can be named.
pub(super) const KNOWN: &[&str] = &[
    "pk",
    "sk",
    "id",
    "source_created",
    "revision",
    "digest",
    "state",
    "reason",
    "okta_status",
    "source_updated",
    "created_by",
    "written_by",
    "outcome",
    "claim",
    "rejoin",
    "superseded_by",
];

/// The attributes that [`Fields`] is made of; the keys too, so that a damaged item can be named.
const FIELDS: &[&str] = &["pk", "sk", "state", "reason", "fields", "superseded_by"];

/// The attributes of [`FIELDS`].
#[derive(Deserialize)]
struct Fields {
    state: State,
    reason: Option<Reason>,
    fields: Map<String, Value>,
}

/// A record that is there, as far as a diff needs it.
#[derive(Debug, Clone, PartialEq)]
pub struct Known {
    /// The Okta id.
    pub id: String,
    /// `created` in Okta: part of the record's key.
    pub source_created: Time,
    /// What the directory holds.
    pub current: Current,
}

/// A whole record of a mapping that resolves managers.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Managed {
    /// What a write is diffed against.
    pub(crate) current: Current,
    /// The record.
    pub(crate) record: Record,
    /// What the manager is known by, if there is one.
    pub(crate) manager: Option<String>,
}

/// The attributes of [`KNOWN`].
#[derive(Deserialize)]
struct Stored {
    id: String,
    source_created: Time,
    revision: u64,
    digest: String,
    state: State,
    reason: Option<Reason>,
    okta_status: String,
    source_updated: Time,
    created_by: String,
    written_by: String,
    outcome: Outcome,
    claim: Option<Claim>,
    rejoin: Option<Claim>,
    superseded_by: Option<String>,
}

impl Directory {
    /// What the directory holds of these objects, by id; strongly consistent. An object without a record is absent.
    ///
    /// # Errors
    /// Retryable when DynamoDB throttles or is out of reach; fatal when it refuses, or a record is damaged.
    pub async fn current(
        &self,
        connection: &str,
        mapping: &str,
        keys: &[(Time, String)],
    ) -> Result<HashMap<String, Current>, DirectoryError> {
        let items = self.items_of((connection, mapping), keys, KNOWN).await?;
        items.iter().map(|item| known(item).map(|known| (known.id, known.current))).collect()
    }

    /// The items of these objects (`created` and id), with these attributes or whole.
    pub(super) async fn items_of(
        &self,
        (connection, mapping): (&str, &str),
        keys: &[(Time, String)],
        attributes: &'static [&'static str],
    ) -> Result<Vec<Item>, DirectoryError> {
        // An id that cannot be stored has no record; the write says so.
        let keys = keys.iter().filter(|(_, id)| keys::fits_a_record(id));
        let keys = keys.map(|(created, id)| keys::record(connection, mapping, *created, id)).collect();
        self.batch_get(Table::Directory, keys, attributes).await
    }

    /// The records of Okta's objects created at or after `from` and before `to`, in no order; strongly consistent.
    pub fn known(&self, connection: &str, mapping: &str, from: Option<Time>, to: Option<Time>) -> Rows<Known> {
        let range = keys::created_range(from, to);
        if range.start >= range.end {
            // DynamoDB refuses a range that ends before it begins.
            return stream::empty().boxed();
        }
        let (connection, mapping) = (connection.to_owned(), mapping.to_owned());
        let search = move |shard| Search {
            range: Some(range.clone()),
            attributes: KNOWN,
            ..Search::of(Table::Directory, keys::records(&connection, &mapping, shard))
        };
        let known = self.rows_of_shards(search).and_then(async |item| known(&item));
        // What Okta never had cannot go missing in it.
        let is_oktas = |known: &Known| known.current.superseded_by.is_none() && !is_adopted(&known.id);
        known.try_filter(move |known| std::future::ready(is_oktas(known))).boxed()
    }

    /// A mapping's records with everything that a write of them needs, in no order; strongly consistent.
    pub(crate) fn managed(&self, connection: &str, mapping: &str) -> Rows<Managed> {
        let managed = async |item: Item| {
            let manager = item.optional_text("manager").map(str::to_owned);
            Ok(Managed { current: known(&item)?.current, record: item.decode()?, manager })
        };
        self.items((connection, mapping), &[], Consistency::Strong).and_then(managed).boxed()
    }

    /// The fields of a mapping's records, and how each stands, in no order; strongly consistent.
    pub(crate) fn fields_of(&self, connection: &str, mapping: &str) -> Rows<(Map<String, Value>, Standing)> {
        let fields = async |item: Item| {
            let stored: Fields = item.decode()?;
            Ok((stored.fields, standing(&item, stored.state, stored.reason)?))
        };
        self.items((connection, mapping), FIELDS, Consistency::Strong).and_then(fields).boxed()
    }

    /// A record with everything that a diff needs of it, and whole.
    ///
    /// # Errors
    /// Retryable when DynamoDB throttles or is out of reach; fatal when it refuses, or the record is damaged.
    pub(crate) async fn whole(
        &self,
        connection: &str,
        mapping: &str,
        created: Time,
        id: &str,
    ) -> Result<Option<(Current, Former)>, DirectoryError> {
        let Some(item) = self.get(&keys::record(connection, mapping, created, id)).await?.filter(is_record) else {
            return Ok(None);
        };
        let (known, record): (Known, Record) = (known(&item)?, item.decode()?);
        let former = Former {
            id: record.id,
            source_created: record.source_created,
            revision: record.revision,
            first_synced: record.first_synced,
            created_by: known.current.created_by.clone(),
            previous_ids: record.previous_ids,
            claim: known.current.claim.clone(),
            rejoin: known.current.rejoin.clone(),
        };
        Ok(Some((known.current, former)))
    }

    /// The record of an object of which only the id is known.
    ///
    /// # Errors
    /// Retryable when DynamoDB throttles or is out of reach; fatal when it refuses, or the record is damaged.
    pub async fn find(&self, connection: &str, mapping: &str, id: &str) -> Result<Option<Known>, DirectoryError> {
        let item = self.item_by_id(connection, mapping, id).await?;
        item.as_ref().map(known).transpose()
    }

    /// All records of a mapping, in no order; not those of the last moment, perhaps.
    pub fn records(&self, connection: &str, mapping: &str) -> Rows<Record> {
        let items = self.items((connection, mapping), &[], Consistency::Eventual);
        items.and_then(async |item| item.decode()).boxed()
    }

    /// A page of a mapping's records, from a place on; `None` when that is one of another list.
    ///
    /// # Errors
    /// Retryable when DynamoDB throttles or is out of reach; fatal when it refuses, or a record is damaged.
    pub async fn records_page(
        &self,
        (connection, mapping): (&str, &str),
        (after, limit): (Option<&ListCursor>, usize),
    ) -> Result<Option<ListPage<Record>>, DirectoryError> {
        let search = |shard| Search {
            consistency: Consistency::Eventual,
            ..Search::of(Table::Directory, keys::records(connection, mapping, shard))
        };
        let list = format!("records#{connection}#{mapping}");
        let Some(items) = self.list_page(&list, (after, limit), search).await? else { return Ok(None) };
        let rows = items.into_iter().map(|(item, at)| Ok((item.decode()?, at)));
        Ok(Some(ListPage::of(rows.collect::<Result<_, DirectoryError>>()?, limit)))
    }

    /// The items of all records of a mapping, with these attributes or whole.
    fn items(
        &self,
        (connection, mapping): (&str, &str),
        attributes: &'static [&'static str],
        consistency: Consistency,
    ) -> Rows<Item> {
        let (connection, mapping) = (connection.to_owned(), mapping.to_owned());
        let search = move |shard| Search {
            attributes,
            consistency,
            ..Search::of(Table::Directory, keys::records(&connection, &mapping, shard))
        };
        self.rows_of_shards(search).try_filter(|item| std::future::ready(is_record(item))).boxed()
    }

    /// One whole record.
    ///
    /// # Errors
    /// Retryable when DynamoDB throttles or is out of reach; fatal when it refuses, or the record is damaged.
    pub async fn record(&self, connection: &str, mapping: &str, id: &str) -> Result<Option<Record>, DirectoryError> {
        let item = self.item_by_id(connection, mapping, id).await?;
        item.as_ref().map(Item::decode).transpose()
    }

    pub(super) async fn item_by_id(
        &self,
        connection: &str,
        mapping: &str,
        id: &str,
    ) -> Result<Option<Item>, DirectoryError> {
        if !keys::fits_a_record(id) {
            return Ok(None);
        }
        let request = self
            .link
            .client
            .query()
            .table_name(self.table(Table::Directory))
            .index_name(BY_ID)
            .key_condition_expression("#pk = :pk AND #id = :id")
            .expression_attribute_names("#pk", "pk")
            .expression_attribute_names("#id", "id")
            .expression_attribute_values(":pk", text(keys::record_shard(connection, mapping, id)))
            .expression_attribute_values(":id", text(id))
            .consistent_read(true)
            .limit(1)
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        let answer = self.send(self.call("Query", Table::Directory), request.send()).await?;
        self.meter.read(answer.consumed_capacity.as_slice());
        let Some(entry) = answer.items.unwrap_or_default().pop() else { return Ok(None) };
        let entry = Item::new(self.table(Table::Directory), entry);
        let (pk, sk) = (entry.text("pk")?.to_owned(), entry.text("sk")?.to_owned());
        Ok(self.get(&Key { table: Table::Directory, pk, sk }).await?.filter(is_record))
    }
}

/// Whether an item is a record, and not what a taken-over one left in its place.
pub(super) fn is_record(item: &Item) -> bool {
    item.optional_text("superseded_by").is_none()
}

pub(super) fn known(item: &Item) -> Result<Known, DirectoryError> {
    let stored: Stored = item.decode()?;
    let standing = standing(item, stored.state, stored.reason)?;
    let current = Current {
        revision: stored.revision,
        digest: stored.digest,
        standing,
        okta_status: stored.okta_status,
        source_updated: stored.source_updated,
        created_by: stored.created_by,
        claim: stored.claim,
        rejoin: stored.rejoin,
        superseded_by: stored.superseded_by,
        last_write: LastWrite { run: stored.written_by, outcome: stored.outcome },
    };
    Ok(Known { id: stored.id, source_created: stored.source_created, current })
}

fn standing(item: &Item, state: State, reason: Option<Reason>) -> Result<Standing, DirectoryError> {
    match (state, reason) {
        (State::Active, _) => Ok(None),
        (State::Inactive, Some(reason)) => Ok(Some(reason)),
        (State::Inactive, None) => Err(item.damaged("it is inactive for no reason")),
    }
}
