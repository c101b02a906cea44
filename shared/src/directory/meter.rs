//! Adds up the capacity that DynamoDB's answers state. A call that fails, a lost condition among them, states none.

use std::sync::atomic::{AtomicU64, Ordering};

use aws_sdk_dynamodb::types::ConsumedCapacity;

use crate::report::DynamoDbUse;

/// Capacity units in thousandths, so that they add up without loss: the smallest charge is half a unit.
#[derive(Debug, Default)]
pub(super) struct Meter {
    read: AtomicU64,
    written: AtomicU64,
}

impl Meter {
    pub(super) fn read(&self, consumed: &[ConsumedCapacity]) {
        self.read.fetch_add(thousandths(consumed), Ordering::Relaxed);
    }

    pub(super) fn written(&self, consumed: &[ConsumedCapacity]) {
        self.written.fetch_add(thousandths(consumed), Ordering::Relaxed);
    }

    pub(super) fn used(&self) -> DynamoDbUse {
        let units = |counter: &AtomicU64| counter.load(Ordering::Relaxed) as f64 / 1_000.0;
        DynamoDbUse { read_units: units(&self.read), write_units: units(&self.written) }
    }
}

fn thousandths(consumed: &[ConsumedCapacity]) -> u64 {
    consumed.iter().filter_map(|table| table.capacity_units).map(|units| (units * 1_000.0).round() as u64).sum()
}
