//! The view that `search` has of people or devices, which may lag behind.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::clock::shifted;

/// A collection that is searched, perhaps as it was a while ago.
pub(crate) trait Searchable: Clone {
    /// What is in it.
    type Item;

    /// Adds an object, or replaces the one of the same id.
    fn put(&mut self, item: Arc<Self::Item>);

    /// Takes an object out, if it is there.
    fn take_out(&mut self, id: &str);
}

/// A change that the index has not taken in yet.
#[derive(Clone, Debug)]
pub(crate) enum Change<T> {
    Put(Arc<T>),
    Remove(String),
}

/// The eventually consistent index (Okta: List all users, List all devices, `search`).
#[derive(Clone, Debug)]
pub(crate) struct SearchIndex<C: Searchable> {
    lag: SignedDuration,
    /// The older view; `None` while there is no lag and the live objects serve.
    seen: Option<C>,
    pending: VecDeque<(Timestamp, Change<C::Item>)>,
}

impl<C: Searchable> Default for SearchIndex<C> {
    fn default() -> Self {
        Self { lag: SignedDuration::ZERO, seen: None, pending: VecDeque::new() }
    }
}

impl<C: Searchable> SearchIndex<C> {
    /// Starts lagging behind `live` from now on.
    pub(crate) fn set_lag(&mut self, lag: Duration, live: &C) {
        self.lag = SignedDuration::try_from(lag).unwrap_or_default();
        self.pending.clear();
        self.seen = (!lag.is_zero()).then(|| live.clone());
    }

    /// Notes a change of the live objects.
    pub(crate) fn note(&mut self, now: Timestamp, change: impl FnOnce() -> Change<C::Item>) {
        if self.seen.is_some() {
            self.pending.push_back((shifted(now, self.lag), change()));
        }
    }

    /// What a search at `now` sees.
    pub(crate) fn view<'a>(&'a mut self, now: Timestamp, live: &'a C) -> &'a C {
        let Some(seen) = &mut self.seen else {
            return live;
        };
        while self.pending.front().is_some_and(|(due, _)| *due <= now) {
            match self.pending.pop_front() {
                Some((_, Change::Put(item))) => seen.put(item),
                Some((_, Change::Remove(id))) => seen.take_out(&id),
                None => break,
            }
        }
        seen
    }
}
