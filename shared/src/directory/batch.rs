//! Reads and writes of many items at once. DynamoDB may leave part of a batch undone: that part is sent again.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use aws_sdk_dynamodb::types::{
    AttributeValue, DeleteRequest, KeysAndAttributes, PutRequest, ReturnConsumedCapacity, WriteRequest,
};
use futures::stream::{self, StreamExt, TryStreamExt};

use super::Directory;
use super::error::DirectoryError;
use super::item::Item;
use super::keys::{Key, Table};
use super::search::projection;

/// The largest batches that DynamoDB takes.
const READ_AT_ONCE: usize = 100;
const WRITTEN_AT_ONCE: usize = 25;

/// How many batches of one call are in flight.
const BATCHES_AT_ONCE: usize = 4;

/// How often a batch is sent before what is left of it counts as throttled: some 15 seconds.
const TRIES: u32 = 10;

type Attributes = HashMap<String, AttributeValue>;

impl Directory {
    /// Reads the items with these keys, all of one table, strongly consistent; a key without an item gives none.
    pub(super) async fn batch_get(
        &self,
        table: Table,
        keys: Vec<Key>,
        attributes: &'static [&'static str],
    ) -> Result<Vec<Item>, DirectoryError> {
        // DynamoDB refuses a batch that names a key twice.
        let keys: Vec<Key> = keys.into_iter().collect::<HashSet<_>>().into_iter().collect();
        let batches = keys.chunks(READ_AT_ONCE).map(|keys| keys.iter().map(|key| key.attributes().into()).collect());
        let batches: Vec<Vec<Attributes>> = batches.collect();
        let reads = batches.into_iter().map(|keys| self.read_batch(table, keys, attributes));
        let items: Vec<Vec<Item>> = stream::iter(reads).buffer_unordered(BATCHES_AT_ONCE).try_collect().await?;
        Ok(items.into_iter().flatten().collect())
    }

    async fn read_batch(
        &self,
        table: Table,
        mut keys: Vec<Attributes>,
        attributes: &'static [&'static str],
    ) -> Result<Vec<Item>, DirectoryError> {
        let (projection, names) = projection(attributes);
        let mut items = Vec::with_capacity(keys.len());
        for attempt in 0..TRIES {
            let wanted = KeysAndAttributes::builder()
                .set_keys(Some(keys))
                .set_projection_expression(projection.clone())
                .set_expression_attribute_names((!names.is_empty()).then(|| names.clone()))
                .consistent_read(true)
                .build()
                .map_err(|error| self.refused("BatchGetItem", table, &error))?;
            let request = self
                .link
                .client
                .batch_get_item()
                .request_items(self.table(table), wanted)
                .return_consumed_capacity(ReturnConsumedCapacity::Total);
            let answer = self.send(self.call("BatchGetItem", table), request.send()).await?;
            self.meter.read(answer.consumed_capacity());
            let found = answer.responses.unwrap_or_default().into_values().flatten();
            items.extend(found.map(|attributes| Item::new(self.table(table), attributes)));
            keys = answer.unprocessed_keys.unwrap_or_default().into_values().flat_map(|left| left.keys).collect();
            if keys.is_empty() {
                return Ok(items);
            }
            wait(attempt).await;
        }
        Err(self.left_undone("BatchGetItem", table, keys.len()))
    }

    /// Writes items of one table, each in the place of the one with its key, in no order and without conditions; done
    /// when it returns. Of two for one key the later counts.
    pub(super) async fn batch_put(&self, table: Table, items: Vec<(Key, Attributes)>) -> Result<(), DirectoryError> {
        let mut by_key = HashMap::with_capacity(items.len());
        for (key, mut item) in items {
            item.extend(key.attributes());
            let put = PutRequest::builder().set_item(Some(item)).build();
            let put = put.map_err(|error| self.refused("BatchWriteItem", table, &error))?;
            by_key.insert(key, WriteRequest::builder().put_request(put).build());
        }
        self.batch_write(table, by_key.into_values().collect()).await
    }

    /// Deletes the items with these keys, all of one table, in no order and without conditions; done when it returns.
    pub(super) async fn batch_delete(&self, table: Table, keys: Vec<Key>) -> Result<(), DirectoryError> {
        let delete = |key: &Key| {
            let delete = DeleteRequest::builder().set_key(Some(key.attributes().into())).build();
            let delete = delete.map_err(|error| self.refused("BatchWriteItem", table, &error))?;
            Ok(WriteRequest::builder().delete_request(delete).build())
        };
        self.batch_write(table, keys.iter().map(delete).collect::<Result<_, _>>()?).await
    }

    async fn batch_write(&self, table: Table, requests: Vec<WriteRequest>) -> Result<(), DirectoryError> {
        let batches: Vec<Vec<WriteRequest>> = requests.chunks(WRITTEN_AT_ONCE).map(<[_]>::to_vec).collect();
        let writes = batches.into_iter().map(|batch| self.write_batch(table, batch));
        stream::iter(writes).buffer_unordered(BATCHES_AT_ONCE).try_collect().await
    }

    async fn write_batch(&self, table: Table, mut requests: Vec<WriteRequest>) -> Result<(), DirectoryError> {
        for attempt in 0..TRIES {
            let request = self
                .link
                .client
                .batch_write_item()
                .request_items(self.table(table), requests)
                .return_consumed_capacity(ReturnConsumedCapacity::Total);
            let answer = self.send(self.call("BatchWriteItem", table), request.send()).await?;
            self.meter.written(answer.consumed_capacity());
            requests = answer.unprocessed_items.unwrap_or_default().into_values().flatten().collect();
            if requests.is_empty() {
                return Ok(());
            }
            wait(attempt).await;
        }
        Err(self.left_undone("BatchWriteItem", table, requests.len()))
    }

    fn refused(&self, operation: &'static str, table: Table, error: &dyn std::error::Error) -> DirectoryError {
        DirectoryError::Refused { call: self.call(operation, table), detail: error.to_string() }
    }

    fn left_undone(&self, operation: &'static str, table: Table, left: usize) -> DirectoryError {
        let detail = format!("{left} items of a batch were left undone {TRIES} times");
        DirectoryError::Throttled { call: self.call(operation, table), detail }
    }
}

/// Waits before a further try: up to 50 ms at first, twice as long each time, 5 seconds at most; a random part of it,
/// so that batches which were throttled together do not come back together.
pub(super) async fn wait(attempt: u32) {
    let longest = Duration::from_millis(50).saturating_mul(1 << attempt.min(10)).min(Duration::from_secs(5));
    tokio::time::sleep(longest.mul_f64(0.5 + fastrand::f64() / 2.0)).await;
}
