//! When items of the state table may go: DynamoDB deletes them some time after the epoch second in `expires`.

use aws_sdk_dynamodb::types::AttributeValue;

use super::update::whole;
use crate::clock;
use crate::model::{DAY, Time};

/// The attribute that DynamoDB's time to live looks at.
pub(super) const EXPIRES: &str = "expires";

/// Items that only a run in progress needs: seven days from now.
pub(super) fn of_working_item() -> AttributeValue {
    whole(clock::now().after(DAY * 7).epoch_seconds())
}

/// Hints of event hooks, which are looked at within a minute: a day from now.
pub(super) fn of_hint() -> AttributeValue {
    whole(clock::now().after(DAY).epoch_seconds())
}

/// The keys of requests: a day from now.
pub(super) fn of_request() -> AttributeValue {
    whole(clock::now().after(DAY).epoch_seconds())
}

/// Batches of the feed of changes: 90 days from now.
pub(super) fn of_feed_batch() -> AttributeValue {
    whole(clock::now().after(DAY * 90).epoch_seconds())
}

/// Runs: 90 days from their last news.
pub(super) fn of_run(news: Time) -> AttributeValue {
    whole(news.after(DAY * 90).epoch_seconds())
}
