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
    /// Wakes the caller whose turn it is, when an answer arrived.
    answered: Notify,
}

impl Pace {
    pub(super) fn new(org: Arc<Org>) -> Pace {
        Pace {
            org,
            ledger: Mutex::new(Ledger::new(Instant::now())),
            turn: tokio::sync::Mutex::default(),
            answered: Notify::new(),
        }
    }

    /// Waits until a call may go. `None`: it could not before the deadline, and waiting is given up as soon
    /// as that is known.
    pub(in crate::okta) async fn admit(self: &Arc<Self>, percent: u8, deadline: Option<Instant>) -> Option<Flight> {
        let _turn = before(deadline, self.turn.lock()).await?;
        loop {
            let mut answered = pin!(self.answered.notified());
            let mut freed = pin!(self.org.freed.notified());
            // Waiting begins before the books are read, or an answer in between would be missed.
            answered.as_mut().enable();
            freed.as_mut().enable();
            let now = Instant::now();
            if deadline.is_some_and(|deadline| deadline <= now) {
                return None;
            }
            let look_again = match self.next(percent, now) {
                Admission::Granted(flight) => return Some(flight),
                Admission::NotBefore(moment) if deadline.is_some_and(|deadline| deadline <= moment) => return None,
                Admission::NotBefore(moment) | Admission::OnNews(moment) => moment,
            };
            let wake = deadline.map_or(look_again, |deadline| deadline.min(look_again));
            tokio::select! {
                () = tokio::time::sleep_until(wake) => {}
                () = answered => {}
                () = freed => {}
            }
        }
    }

    /// Stops every caller of the bucket for a while: Okta said that the ceiling is reached.
    pub(in crate::okta) fn close(&self, wait: Duration) {
        lock(&self.ledger).close(Instant::now(), wait);
    }

    /// Calls left in the budget of the current window.
    pub(in crate::okta) fn left(&self) -> u64 {
        lock(&self.ledger).left(Instant::now())
    }

    fn next(self: &Arc<Self>, percent: u8, now: Instant) -> Admission {
        /// A place in the org comes free with an answer; this only bounds the wait for it.
        const LOOK_AGAIN: Duration = Duration::from_secs(1);
        let mut ledger = lock(&self.ledger);
        ledger.set_budget(percent);
        match ledger.next(now) {
            Next::At(moment) => Admission::NotBefore(moment),
            Next::AfterAnswer(moment) => Admission::OnNews(moment),
            Next::Now if self.org.enter(now) => {
                ledger.sent();
                Admission::Granted(Flight { pace: Arc::clone(self), is_answered: false })
            }
            Next::Now => Admission::OnNews(now + LOOK_AGAIN),
        }
    }
}

enum Admission {
    Granted(Flight),
    NotBefore(Instant),
    OnNews(Instant),
}

async fn before<T>(deadline: Option<Instant>, work: impl Future<Output = T>) -> Option<T> {
    match deadline {
        Some(deadline) => tokio::time::timeout_at(deadline, work).await.ok(),
        None => Some(work.await),
    }
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
            self.pace.answered.notify_waiters();
        }
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        if !self.is_answered {
            lock(&self.pace.ledger).unanswered();
            self.pace.answered.notify_waiters();
        }
        self.pace.org.leave();
    }
}
