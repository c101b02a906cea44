//! Keeping within what Okta allows: one pace for each host, credential and bucket, shared by the process.
//!
//! A call asks its [`Pace`] for admission, is told when, and reports what the answer's headers say. Facts
//! from Okta's pages "Rate limits" and "Rate limits: best practices": a bucket counts calls in windows of
//! 60 seconds that are not aligned to the clock's minute; the headers state this credential's own ceiling,
//! what is left of it, and when the window ends.

mod bucket;
mod clock;
mod headers;
mod ledger;
mod org;
mod pace;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub(super) use bucket::bucket;
pub(super) use clock::Clock;
pub(super) use headers::RateHeaders;
pub(super) use org::Org;
pub(super) use pace::{Flight, Pace};

/// Every pace of the process.
#[derive(Clone, Default)]
pub struct Paces {
    registry: Arc<Mutex<Registry>>,
}

#[derive(Default)]
struct Registry {
    orgs: HashMap<String, Arc<Org>>,
    paces: HashMap<PaceKey, Arc<Pace>>,
}

/// What has a pace of its own.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct PaceKey {
    /// The org's address.
    pub host: String,
    /// Tells the client apart: Okta gives each API token, and each service app, its own ceiling.
    pub client: [u8; 32],
    /// The bucket.
    pub bucket: &'static str,
}

impl Paces {
    /// What all calls to a host share.
    pub(super) fn org(&self, host: &str) -> Arc<Org> {
        Arc::clone(lock(&self.registry).orgs.entry(host.to_owned()).or_default())
    }

    /// The pace of a bucket.
    pub(super) fn pace(&self, key: PaceKey) -> Arc<Pace> {
        let mut registry = lock(&self.registry);
        let org = Arc::clone(registry.orgs.entry(key.host.clone()).or_default());
        Arc::clone(registry.paces.entry(key).or_insert_with(|| Arc::new(Pace::new(org))))
    }
}

impl std::fmt::Debug for Paces {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Paces")
    }
}

/// No lock here is held over anything that can panic half-way, so a poisoned one is still sound.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
