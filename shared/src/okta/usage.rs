//! What a run asked of Okta, counted.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::report::OktaUse;

/// Counters, shared by the handles of one run.
#[derive(Debug, Default)]
pub(super) struct Usage {
    calls: AtomicU64,
    throttled: AtomicU64,
    retried: AtomicU64,
    bytes: AtomicU64,
}

impl Usage {
    pub(super) fn count_call(&self) {
        self.calls.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn count_throttled(&self) {
        self.throttled.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn count_retried(&self) {
        self.retried.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn count_bytes(&self, bytes: usize) {
        self.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    pub(super) fn read(&self) -> OktaUse {
        OktaUse {
            calls: self.calls.load(Ordering::Relaxed),
            throttled: self.throttled.load(Ordering::Relaxed),
            retried: self.retried.load(Ordering::Relaxed),
            bytes: self.bytes.load(Ordering::Relaxed),
        }
    }
}
