//! The books of one bucket: what was sent, what Okta says is left, and when the next call may go.
//!
//! Pure: every moment arrives as an argument.
//!
//! Two rules decide. *Evenness*: calls are spread over the minute at a rate a little below the budget, with
//! a small burst after a pause. *The ceiling*: no call goes that could be one too many in Okta's window.
//! Were the rate exactly the ceiling's, the two would collide at the end of every window, whose length is
//! known only to the second, and every window would lose that second to waiting. Staying 1.5 % below costs
//! less than that and never comes near the ceiling unless another client uses it too.

use std::time::Duration;

use tokio::time::Instant;

use super::headers::{RateHeaders, Reset};

/// The share of the budget that the steady rate takes.
const STEADY_SHARE: f64 = 0.985;

/// Calls that may go at once after a pause.
const BURST: f64 = 4.0;

/// The ceiling that is assumed while no answer has told one, calls a minute.
const ASSUMED_LIMIT: u64 = 300;

/// How long past its stated end a window is taken to last: the end is stated in whole seconds.
const BORDER: Duration = Duration::from_secs(1);

/// Windows whose ends are so many seconds apart or fewer are one: an end may be rounded either way.
const SAME_WINDOW_SECONDS: u64 = 2;

/// Okta counts calls in windows of so many seconds.
const WINDOW_SECONDS: f64 = 60.0;

/// How long to wait at most for the answer that opens an unknown bucket before looking again.
const LOOK_AGAIN: Duration = Duration::from_secs(100);

/// When the next call may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    /// Now.
    Now,
    /// Not before this moment.
    At(Instant),
    /// After the answer to a call in flight, and at this moment at the latest.
    AfterAnswer(Instant),
}

/// The books of one bucket.
#[derive(Debug)]
pub(super) struct Ledger {
    /// The share of the ceiling that may be used, above 0 and up to 1.
    budget: f64,
    /// Okta's ceiling for this credential, calls a minute, once it is known.
    limit: Option<u64>,
    /// Okta's newest window that an answer told of.
    window: Option<Window>,
    /// Calls sent whose answer's headers have not arrived.
    in_flight: u64,
    /// Calls that may go now as far as evenness is concerned.
    allowance: f64,
    /// When the allowance was last brought up to date.
    counted: Instant,
    /// After a 429 nobody calls before this moment.
    closed_until: Option<Instant>,
}

/// One of Okta's windows.
#[derive(Debug)]
struct Window {
    /// Its end as the headers say it; names the window.
    reset: i64,
    /// Its end on our clock, at the latest.
    ends: Instant,
    /// The fewest calls that an answer said are left.
    remaining: u64,
    /// Our calls that were answered in it.
    ours: u64,
}

impl Ledger {
    pub(super) fn new(now: Instant) -> Ledger {
        Ledger {
            budget: 1.0,
            limit: None,
            window: None,
            in_flight: 0,
            allowance: BURST,
            counted: now,
            closed_until: None,
        }
    }

    /// Sets the share of the ceiling that may be used.
    pub(super) fn set_budget(&mut self, percent: u8) {
        self.budget = f64::from(percent.clamp(1, 100)) / 100.0;
    }

    /// When the next call may go.
    pub(super) fn next(&mut self, now: Instant) -> Next {
        self.count_up(now);
        if let Some(opens) = self.closed_until.filter(|opens| *opens > now) {
            self.begin_evenly();
            return Next::At(opens);
        }
        if self.limit.is_none() && self.in_flight > 0 {
            return Next::AfterAnswer(now + LOOK_AGAIN);
        }
        if let Some(until) = self.ceiling_reached(now) {
            self.begin_evenly();
            return if self.in_flight > 0 { Next::AfterAnswer(until) } else { Next::At(until) };
        }
        // The tolerance keeps a rounding error from costing another turn of the timer.
        if self.allowance < 1.0 - 1e-6 {
            return Next::At(now + Duration::from_secs_f64((1.0 - self.allowance) / self.rate()));
        }
        Next::Now
    }

    /// A call goes; [`Ledger::next`] has just said so.
    pub(super) fn sent(&mut self) {
        self.allowance = (self.allowance - 1.0).max(0.0);
        self.in_flight += 1;
    }

    /// The headers of an answer arrived.
    pub(super) fn answered(&mut self, now: Instant, headers: &RateHeaders) {
        self.in_flight = self.in_flight.saturating_sub(1);
        let Some(limit) = headers.limit.filter(|limit| *limit > 0) else {
            return;
        };
        self.limit = Some(limit);
        if let (Some(remaining), Some(reset)) = (headers.remaining, headers.reset) {
            self.note_window(now, remaining, reset);
        }
    }

    /// A call ended without an answer; Okta may have counted it.
    pub(super) fn unanswered(&mut self) {
        self.in_flight = self.in_flight.saturating_sub(1);
        if let Some(window) = &mut self.window {
            window.remaining = window.remaining.saturating_sub(1);
        }
    }

    /// Nobody calls for so long: Okta said that the ceiling is reached.
    pub(super) fn close(&mut self, now: Instant, wait: Duration) {
        self.closed_until = self.closed_until.max(Some(now + wait));
    }

    /// Calls left in the budget of the current window.
    pub(super) fn left(&self, now: Instant) -> u64 {
        let limit = self.limit.unwrap_or(0);
        let budget = (limit as f64 * self.budget) as u64;
        match self.window.as_ref().filter(|window| window.lasts(now)) {
            Some(window) => window.remaining.saturating_sub(limit - budget),
            None => budget,
        }
    }

    /// Calls a minute that the budget allows, once an answer has told the ceiling.
    pub(super) fn calls_a_minute(&self) -> Option<f64> {
        self.limit.map(|_| self.rate() * WINDOW_SECONDS)
    }

    fn note_window(&mut self, now: Instant, remaining: u64, reset: Reset) {
        let ends = now + reset.after;
        match &mut self.window {
            Some(window) if window.reset.abs_diff(reset.at) <= SAME_WINDOW_SECONDS => {
                window.remaining = window.remaining.min(remaining);
                window.ends = window.ends.min(ends);
                window.ours += 1;
            }
            // A late answer of an earlier window.
            Some(window) if reset.at < window.reset && window.lasts(now) => {}
            _ => self.window = Some(Window { reset: reset.at, ends, remaining, ours: 1 }),
        }
    }

    /// Until when no call may go because it could be one too many; Okta has counted some of those in flight,
    /// it is not known which.
    fn ceiling_reached(&self, now: Instant) -> Option<Instant> {
        let limit = self.limit?;
        match self.window.as_ref().filter(|window| window.lasts(now)) {
            Some(window) => {
                let spare = window.remaining.saturating_sub(self.reserve(window, limit, now));
                (spare <= self.in_flight).then_some(window.ends + BORDER)
            }
            None => (limit <= self.in_flight).then_some(now + LOOK_AGAIN),
        }
    }

    /// Calls left alone for other users of the same credential, who do not wait for ours: what they used in
    /// two seconds so far, for an answer tells what was left some time ago.
    fn reserve(&self, window: &Window, limit: u64, now: Instant) -> u64 {
        let others = limit.saturating_sub(window.remaining).saturating_sub(window.ours + self.in_flight);
        if others == 0 {
            return 0;
        }
        let elapsed = (WINDOW_SECONDS - window.ends.saturating_duration_since(now).as_secs_f64()).max(1.0);
        let two_seconds = (2.0 * others as f64 / elapsed).ceil() as u64;
        two_seconds.clamp(1, (limit / 10).max(1))
    }

    fn count_up(&mut self, now: Instant) {
        let passed = now.saturating_duration_since(self.counted).as_secs_f64();
        self.allowance = (self.allowance + passed * self.rate()).min(BURST);
        self.counted = now;
    }

    /// After a wait for Okta the calls that gathered do not go at once, or the next window would be used up
    /// early again, and every one after it.
    fn begin_evenly(&mut self) {
        self.allowance = self.allowance.min(1.0);
    }

    /// Calls a second.
    fn rate(&self) -> f64 {
        let limit = self.limit.unwrap_or(ASSUMED_LIMIT) as f64;
        limit * self.budget * STEADY_SHARE / WINDOW_SECONDS
    }
}

impl Window {
    fn lasts(&self, now: Instant) -> bool {
        now < self.ends + BORDER
    }
}
