//! What all calls to one org share: how many are under way at once, and Okta's clock.
//!
//! Okta limits the requests that an org has open at the same time, whoever sends them and to whichever
//! bucket (its page "Concurrency rate limits"). A few are enough to keep the pace.

use std::sync::Mutex;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use super::{Clock, lock};

/// Calls under way at once to one org, at most.
const MOST_AT_ONCE: usize = 8;

/// How long fewer go at once after Okta said that there were too many.
const CAUTION: Duration = Duration::from_secs(60);

/// What all calls to one org share.
#[derive(Debug, Default)]
pub(in crate::okta) struct Org {
    /// Okta's clock.
    pub clock: Clock,
    /// Wakes those who wait for a call to end.
    pub(super) freed: Notify,
    flights: Mutex<Flights>,
}

#[derive(Debug, Default)]
struct Flights {
    under_way: usize,
    caution: Option<Caution>,
}

#[derive(Debug)]
struct Caution {
    most: usize,
    until: Instant,
}

impl Org {
    /// Takes one of the places, if one is free.
    pub(super) fn enter(&self, now: Instant) -> bool {
        let mut flights = lock(&self.flights);
        let is_free = flights.under_way < flights.most(now);
        flights.under_way += usize::from(is_free);
        is_free
    }

    /// Gives a place back.
    pub(super) fn leave(&self) {
        let mut flights = lock(&self.flights);
        flights.under_way = flights.under_way.saturating_sub(1);
        drop(flights);
        self.freed.notify_waiters();
    }

    /// Halves the places for a while.
    pub(in crate::okta) fn slow_down(&self, now: Instant) {
        let mut flights = lock(&self.flights);
        let most = (flights.most(now) / 2).max(1);
        flights.caution = Some(Caution { most, until: now + CAUTION });
    }
}

impl Flights {
    fn most(&self, now: Instant) -> usize {
        self.caution.as_ref().filter(|caution| now < caution.until).map_or(MOST_AT_ONCE, |caution| caution.most)
    }
}
