//! The pace of one bucket: who wants to call waits here, in the order of asking.

use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use super::ledger::{Ledger, Next};
use super::{Org, RateHeaders, lock};

/// The pace of one bucket.
#[derive(Debug)]
pub(in crate::okta) struct Pace {
    org: Arc<Org>,
    ledger: Mutex<Ledger>,
    /// Held by the caller whose turn it is; the others queue behind it.
    turn: tokio::sync::Mutex<()>,
    /// Wakes everybody who waits, when an answer arrived.
    news: Notify,
}

impl Pace {
    pub(super) fn new(org: Arc<Org>) -> Pace {
        Pace {
            org,
            ledger: Mutex::new(Ledger::new(Instant::now())),
            turn: tokio::sync::Mutex::default(),
            news: Notify::new(),
        }
    }

    /// Waits until a call may go. `None`: it could not before the deadline, and waiting is given up as soon
    /// as that is known.
    pub(in crate::okta) async fn admit(self: &Arc<Self>, percent: u8, deadline: Option<Instant>) -> Option<Flight> {
        let _turn = self.turn(deadline).await?;
        loop {
            let mut news = pin!(self.news.notified());
            let mut freed = pin!(self.org.freed.notified());
            // Waiting begins before the books are read, or an answer in between would be missed.
            news.as_mut().enable();
            freed.as_mut().enable();
            let now = Instant::now();
            if self.is_hopeless(deadline, now) {
                return None;
            }
            let look_again = match self.next(percent, now) {
                Admission::Granted(flight) => return Some(flight),
                Admission::NotBefore(moment) => moment,
            };
            let wake = deadline.map_or(look_again, |deadline| deadline.min(look_again));
            tokio::select! {
                () = tokio::time::sleep_until(wake) => {}
                () = news => {}
                () = freed => {}
            }
        }
    }

    /// Stops every caller of the bucket for a while: Okta said that the ceiling is reached.
    pub(in crate::okta) fn close(&self, wait: Duration) {
        lock(&self.ledger).close(Instant::now(), wait);
        self.news.notify_waiters();
    }

    /// Calls a minute that the budget allows, once an answer has told the ceiling.
    pub(in crate::okta) fn calls_a_minute(&self) -> Option<f64> {
        lock(&self.ledger).calls_a_minute()
    }

    /// Calls left in the budget of the current window.
    pub(in crate::okta) fn left(&self) -> u64 {
        lock(&self.ledger).left(Instant::now())
    }

    /// Queues for the turn. Whoever learns in the queue that it would come too late leaves.
    async fn turn(&self, deadline: Option<Instant>) -> Option<tokio::sync::MutexGuard<'_, ()>> {
        const LOOK_AGAIN: Duration = Duration::from_secs(600);
        let mut turn = pin!(self.turn.lock());
        loop {
            let mut news = pin!(self.news.notified());
            news.as_mut().enable();
            let now = Instant::now();
            if self.is_hopeless(deadline, now) {
                return None;
            }
            tokio::select! {
                biased;
                turn = &mut turn => return Some(turn),
                () = news => {}
                () = tokio::time::sleep_until(deadline.unwrap_or(now + LOOK_AGAIN)) => {}
            }
        }
    }

    /// Whether it is certain that no call can go before the deadline.
    fn is_hopeless(&self, deadline: Option<Instant>, now: Instant) -> bool {
        let Some(deadline) = deadline else { return false };
        deadline <= now || matches!(lock(&self.ledger).next(now), Next::At(moment) if deadline <= moment)
    }

    fn next(self: &Arc<Self>, percent: u8, now: Instant) -> Admission {
        /// A place in the org comes free with an answer; this only bounds the wait for it.
        const LOOK_AGAIN: Duration = Duration::from_secs(1);
        let mut ledger = lock(&self.ledger);
        ledger.set_budget(percent);
        match ledger.next(now) {
            Next::At(moment) | Next::AfterAnswer(moment) => Admission::NotBefore(moment),
            Next::Now if self.org.enter(now) => {
                ledger.sent();
                Admission::Granted(Flight { pace: Arc::clone(self), is_answered: false })
            }
            Next::Now => Admission::NotBefore(now + LOOK_AGAIN),
        }
    }
}

enum Admission {
    Granted(Flight),
    /// Look again at this moment, or on news.
    NotBefore(Instant),
}

/// A call under way; its place is given back when it is dropped.
#[derive(Debug)]
pub(in crate::okta) struct Flight {
    pace: Arc<Pace>,
    is_answered: bool,
}

impl Flight {
    /// The headers of the answer arrived; the body may still be on its way.
    pub(in crate::okta) fn answered(&mut self, headers: &RateHeaders) {
        if !self.is_answered {
            self.is_answered = true;
            lock(&self.pace.ledger).answered(Instant::now(), headers);
            self.pace.news.notify_waiters();
        }
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        if !self.is_answered {
            lock(&self.pace.ledger).unanswered();
            self.pace.news.notify_waiters();
        }
        self.pace.org.leave();
    }
}
