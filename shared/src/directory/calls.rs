//! The single-item calls to DynamoDB. This, `search`, `batch`, `transaction` and `tables`
//! alone use the SDK's client.

use std::future::Future;

use super::batch::wait;
use super::error::{Call, DirectoryError};
use super::failure::classify;
use super::item::Item;
use super::keys::{Key, Table};
use super::update::Update;
use super::{Directory, Lease};
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::delete_item::DeleteItemError;
use aws_sdk_dynamodb::operation::update_item::{UpdateItemError, UpdateItemOutput};
use aws_sdk_dynamodb::types::{ReturnConsumedCapacity, ReturnValue, ReturnValuesOnConditionCheckFailure};

/// How often a write is sent that a transaction is in the way of: transactions take milliseconds.
const CONFLICTS: u32 = 6;

/// What became of a conditional call.
#[derive(Debug)]
pub(super) enum Conditional {
    /// It was carried out; with what it was asked to return.
    Done(Item),
    /// The condition did not hold, and nothing was written; with the item as it is (empty where there is none).
    Refused(Item),
}

impl Conditional {
    /// The returned item, or [`DirectoryError::Fenced`] for an update that only a fence can refuse.
    pub(super) fn or_fenced(self, what: impl FnOnce() -> String) -> Result<Item, DirectoryError> {
        match self {
            Conditional::Done(item) => Ok(item),
            Conditional::Refused(_) => Err(DirectoryError::Fenced { what: what() }),
        }
    }
}

impl Directory {
    pub(super) fn table(&self, table: Table) -> &str {
        match table {
            Table::Directory => &self.link.tables.directory,
            Table::State => &self.link.tables.state,
        }
    }

    pub(super) fn call(&self, operation: &'static str, table: Table) -> Call {
        Call { operation, target: format!("table {}", self.table(table)) }
    }

    /// Waits for its turn, sends, and says what a failure means.
    pub(super) async fn send<O, E>(
        &self,
        call: Call,
        sending: impl Future<Output = Result<O, SdkError<E>>>,
    ) -> Result<O, DirectoryError>
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        // The semaphore is never closed.
        let _turn = self.link.calls.acquire().await.ok();
        sending.await.map_err(|error| classify(call, &error))
    }

    /// Reads an item, strongly consistent.
    pub(super) async fn get(&self, key: &Key) -> Result<Option<Item>, DirectoryError> {
        let request = self
            .link
            .client
            .get_item()
            .table_name(self.table(key.table))
            .set_key(Some(key.attributes().into()))
            .consistent_read(true)
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        let answer = self.send(self.call("GetItem", key.table), request.send()).await?;
        self.meter.read(answer.consumed_capacity.as_slice());
        Ok(answer.item.map(|attributes| Item::new(self.table(key.table), attributes)))
    }

    /// Updates, or creates, an item.
    pub(super) async fn update(&self, key: &Key, update: Update) -> Result<Conditional, DirectoryError> {
        let _turn = self.link.calls.acquire().await.ok();
        self.update_at_once(key, update).await
    }

    /// The same under a lease, which is looked at when the call's turn has come.
    pub(super) async fn update_under(
        &self,
        lease: &Lease,
        key: &Key,
        update: Update,
    ) -> Result<Conditional, DirectoryError> {
        let _turn = self.link.calls.acquire().await.ok();
        lease.permit()?;
        self.update_at_once(key, update).await
    }

    /// The same without waiting for other calls: for leases. Again while a transaction works on the item.
    pub(super) async fn update_at_once(&self, key: &Key, update: Update) -> Result<Conditional, DirectoryError> {
        for attempt in 0..CONFLICTS {
            if let Some(done) = self.try_update(key, update.clone()).await? {
                return Ok(done);
            }
            wait(attempt).await;
        }
        Err(DirectoryError::Contended { what: format!("item {} / {}", key.pk, key.sk) })
    }

    /// Updates; `None` when a transaction is at work on the item.
    async fn try_update(&self, key: &Key, update: Update) -> Result<Option<Conditional>, DirectoryError> {
        let request = self
            .link
            .client
            .update_item()
            .table_name(self.table(key.table))
            .set_key(Some(key.attributes().into()))
            .set_update_expression(update.expression())
            .set_condition_expression(update.condition())
            .set_return_values(update.returning.clone())
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        let (names, values) = update.placeholders();
        let request = request.set_expression_attribute_names(names).set_expression_attribute_values(values);
        match request.send().await {
            Ok(UpdateItemOutput { attributes, consumed_capacity, .. }) => {
                self.meter.written(consumed_capacity.as_slice());
                Ok(Some(Conditional::Done(Item::new(self.table(key.table), attributes.unwrap_or_default()))))
            }
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(refusal)) => {
                    let item = refusal.item.clone().unwrap_or_default();
                    Ok(Some(Conditional::Refused(Item::new(self.table(key.table), item))))
                }
                Some(UpdateItemError::TransactionConflictException(_)) => Ok(None),
                _ => Err(classify(self.call("UpdateItem", key.table), &error)),
            },
        }
    }

    /// Deletes an item under a lease and a condition. Done returns the item as it was: empty where there was none.
    pub(super) async fn delete_under(
        &self,
        lease: &Lease,
        key: &Key,
        condition: Update,
    ) -> Result<Conditional, DirectoryError> {
        let request = self
            .link
            .client
            .delete_item()
            .table_name(self.table(key.table))
            .set_key(Some(key.attributes().into()))
            .set_condition_expression(condition.condition())
            .return_values(ReturnValue::AllOld)
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        let (names, values) = condition.placeholders();
        let request = request.set_expression_attribute_names(names).set_expression_attribute_values(values);
        let _turn = self.link.calls.acquire().await.ok();
        lease.permit()?;
        match request.send().await {
            Ok(answer) => {
                self.meter.written(answer.consumed_capacity.as_slice());
                Ok(Conditional::Done(Item::new(self.table(key.table), answer.attributes.unwrap_or_default())))
            }
            Err(error) => match error.as_service_error() {
                Some(DeleteItemError::ConditionalCheckFailedException(_)) => {
                    Ok(Conditional::Refused(Item::new(self.table(key.table), Default::default())))
                }
                _ => Err(classify(self.call("DeleteItem", key.table), &error)),
            },
        }
    }
}
