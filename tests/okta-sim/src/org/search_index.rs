//! The view that `search` has of the people, which may lag behind.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::catalogue::Catalogue;
use super::user::User;
use crate::clock::shifted;

/// A change that the index has not taken in yet.
#[derive(Clone, Debug)]
pub(crate) enum Change {
    Put(Arc<User>),
    Remove(String),
}

/// The eventually consistent index (Okta: List all users, `search`).
#[derive(Clone, Debug, Default)]
pub(crate) struct SearchIndex {
    lag: SignedDuration,
    /// The older view; `None` while there is no lag and the live people serve.
    seen: Option<Catalogue>,
    pending: VecDeque<(Timestamp, Change)>,
}

impl SearchIndex {
    /// Starts lagging behind `live` from now on.
    pub(crate) fn set_lag(&mut self, lag: Duration, live: &Catalogue) {
        self.lag = SignedDuration::try_from(lag).unwrap_or_default();
        self.pending.clear();
        self.seen = (!lag.is_zero()).then(|| live.clone());
    }

    /// Notes a change of the live people.
    pub(crate) fn note(&mut self, now: Timestamp, change: impl FnOnce() -> Change) {
        if self.seen.is_some() {
            self.pending.push_back((shifted(now, self.lag), change()));
        }
    }

    /// What a search at `now` sees.
    pub(crate) fn view<'a>(&'a mut self, now: Timestamp, live: &'a Catalogue) -> &'a Catalogue {
        let Some(seen) = &mut self.seen else {
            return live;
        };
        while self.pending.front().is_some_and(|(due, _)| *due <= now) {
            match self.pending.pop_front() {
                Some((_, Change::Put(user))) => seen.put(user),
                Some((_, Change::Remove(id))) => {
                    seen.remove(&id);
                }
                None => break,
            }
        }
        seen
    }
}
