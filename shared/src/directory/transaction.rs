//! Several conditional writes, of both tables, as one: all of them happen, or none.
//!
//! A transaction costs twice the capacity of its writes alone, so what one item can say stays a single write. The SDK
//! gives each sending a token of its own: when an answer is lost and it sends again, DynamoDB answers for the first.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{
    AttributeValue, CancellationReason, Delete, Put, ReturnConsumedCapacity,
    ReturnValuesOnConditionCheckFailure as OnFailure, TransactWriteItem, Update as TransactUpdate,
};

use super::batch::wait;
use super::error::DirectoryError;
use super::failure::classify;
use super::item::Item;
use super::keys::{Key, Table};
use super::update::Update;
use super::{Directory, Lease};

/// How often a transaction is sent that others are in the way of: some 15 seconds.
const TRIES: u32 = 10;

/// Writes that belong together: at most 100, of 100 different items, 4 MB in all.
#[derive(Debug, Clone, Default)]
pub(super) struct Transaction {
    writes: Vec<Write>,
}

#[derive(Debug, Clone)]
enum Write {
    Update(Key, Update),
    Put(Key, HashMap<String, AttributeValue>),
    Delete(Key, Update),
}

/// What became of a transaction.
#[must_use]
#[derive(Debug)]
pub(super) enum Transacted {
    /// All of it is stored.
    Done,
    /// Nothing is: the conditions of these writes did not hold. By the writes' places, in the order in which they were
    /// added and from 0, each with the item as it is (empty where there is none).
    Refused(BTreeMap<usize, Item>),
}

impl Transaction {
    /// No writes yet.
    pub(super) fn new() -> Transaction {
        Transaction::default()
    }

    /// Updates, or creates, an item under the update's conditions; what it would return is not returned.
    pub(super) fn update(self, key: Key, update: Update) -> Transaction {
        self.with(Write::Update(key, update))
    }

    /// Puts an item in the place of what is there.
    pub(super) fn put(self, key: Key, attributes: HashMap<String, AttributeValue>) -> Transaction {
        self.with(Write::Put(key, attributes))
    }

    /// Deletes an item under the conditions of an update that sets nothing; none there is no error.
    pub(super) fn delete(self, key: Key, condition: Update) -> Transaction {
        self.with(Write::Delete(key, condition))
    }

    fn with(mut self, write: Write) -> Transaction {
        self.writes.push(write);
        self
    }
}

impl Directory {
    /// Carries a transaction out under a lease, which is looked at when its turn has come; again while others work on
    /// one of its items.
    ///
    /// # Errors
    /// Retryable when the lease has lapsed, others were in the way at every try, or DynamoDB throttles or is out of
    /// reach; fatal when it refuses for another reason than a condition, such as an item's size.
    pub(super) async fn transact_under(
        &self,
        lease: &Lease,
        transaction: &Transaction,
    ) -> Result<Transacted, DirectoryError> {
        self.transact(transaction, || lease.permit()).await
    }

    async fn transact(
        &self,
        transaction: &Transaction,
        permit: impl Fn() -> Result<(), DirectoryError>,
    ) -> Result<Transacted, DirectoryError> {
        let tables: Vec<Table> = transaction.writes.iter().map(Write::table).collect();
        let writes = transaction.writes.iter().map(|write| self.transact_item(write)).collect::<Result<Vec<_>, _>>()?;
        let mut in_the_way = String::new();
        for attempt in 0..TRIES {
            let request = self
                .link
                .client
                .transact_write_items()
                .set_transact_items(Some(writes.clone()))
                .return_consumed_capacity(ReturnConsumedCapacity::Total);
            let sent = {
                // The semaphore is never closed.
                let _turn = self.link.calls.acquire().await.ok();
                permit()?;
                request.send().await
            };
            let error = match sent {
                Ok(answer) => {
                    self.meter.written(answer.consumed_capacity());
                    return Ok(Transacted::Done);
                }
                Err(error) => error,
            };
            match self.cancelled(&error, &tables)? {
                Cancelled::Refused(refused) => return Ok(Transacted::Refused(refused)),
                Cancelled::InTheWay(code) => in_the_way = code,
            }
            wait(attempt).await;
        }
        let detail = format!("{in_the_way}, {TRIES} times");
        Err(DirectoryError::Throttled { call: self.transact_call(&tables), detail })
    }

    /// What a failed transaction failed for: a condition, or something in the way that goes away by itself.
    fn cancelled(
        &self,
        error: &SdkError<TransactWriteItemsError>,
        tables: &[Table],
    ) -> Result<Cancelled, DirectoryError> {
        let call = || self.transact_call(tables);
        let reasons = match error.as_service_error() {
            Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => cancelled.cancellation_reasons(),
            Some(_) if error.code() == Some("TransactionInProgressException") => {
                return Ok(Cancelled::InTheWay("TransactionInProgressException".to_owned()));
            }
            _ => return Err(classify(call(), error)),
        };
        let refused = reasons.iter().enumerate().filter(|(_, reason)| reason.code() == Some("ConditionalCheckFailed"));
        let item = |(place, reason): (usize, &CancellationReason)| {
            let table = tables.get(place).copied().unwrap_or(Table::State);
            (place, Item::new(self.table(table), reason.item().cloned().unwrap_or_default()))
        };
        let refused: BTreeMap<usize, Item> = refused.map(item).collect();
        if !refused.is_empty() {
            return Ok(Cancelled::Refused(refused));
        }
        match reasons.iter().find(|reason| reason.code().is_some_and(|code| code != "None")) {
            Some(reason) if is_in_the_way(reason) => {
                Ok(Cancelled::InTheWay(reason.code().unwrap_or_default().to_owned()))
            }
            Some(reason) => {
                let words = [reason.code(), reason.message()].map(Option::unwrap_or_default);
                Err(DirectoryError::Refused { call: call(), detail: words.join(": ") })
            }
            None => Err(classify(call(), error)),
        }
    }

    fn transact_item(&self, write: &Write) -> Result<TransactWriteItem, DirectoryError> {
        let item = TransactWriteItem::builder();
        let table = self.table(write.table());
        // A macro, because the builders have these methods in common, and no trait that has them.
        macro_rules! conditioned {
            ($builder:expr, $update:expr) => {{
                let builder = $builder
                    .table_name(table)
                    .set_condition_expression($update.condition())
                    .return_values_on_condition_check_failure(OnFailure::AllOld);
                let (names, values) = $update.clone().placeholders();
                builder.set_expression_attribute_names(names).set_expression_attribute_values(values).build()
            }};
        }
        let item = match write {
            Write::Update(key, update) => {
                let builder = TransactUpdate::builder().set_key(Some(key.attributes().into()));
                conditioned!(builder.set_update_expression(update.expression()), update).map(|it| item.update(it))
            }
            Write::Put(key, attributes) => {
                let mut attributes = attributes.clone();
                attributes.extend(key.attributes());
                let put = Put::builder().table_name(table).set_item(Some(attributes)).build();
                put.map(|it| item.put(it))
            }
            Write::Delete(key, condition) => {
                let builder = Delete::builder().set_key(Some(key.attributes().into()));
                conditioned!(builder, condition).map(|it| item.delete(it))
            }
        };
        let refused = |detail: String| DirectoryError::Refused { call: self.transact_call(&[write.table()]), detail };
        item.map(|item| item.build()).map_err(|error| refused(error.to_string()))
    }

    fn transact_call(&self, tables: &[Table]) -> super::error::Call {
        self.call("TransactWriteItems", tables.first().copied().unwrap_or(Table::State))
    }
}

/// Why a transaction was cancelled.
enum Cancelled {
    Refused(BTreeMap<usize, Item>),
    InTheWay(String),
}

fn is_in_the_way(reason: &CancellationReason) -> bool {
    let passing = ["TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded", "RequestLimitExceeded"];
    reason.code().is_some_and(|code| passing.contains(&code))
}

impl Write {
    fn table(&self) -> Table {
        match self {
            Write::Update(key, _) | Write::Put(key, _) | Write::Delete(key, _) => key.table,
        }
    }
}
