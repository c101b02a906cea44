//! Whether a job of a connection is due, from its schedule and what is known of its last try.

use std::time::Duration;

use jiff::tz::TimeZone;

use super::{Schedule, Timing};
use crate::model::Time;

/// A job of a minute's rate that is late by some ticks is no trouble yet.
const SHORTEST_PATIENCE: Duration = Duration::from_secs(10 * 60);

/// How often somebody looks whether anything is due. EventBridge Scheduler is precise to the minute, and so is this.
pub const TICK: Duration = Duration::from_secs(60);

/// Two looks are never exactly a tick apart: what comes due in less than half of one is due now, or `rate(1 minute)` would
/// skip every second minute.
const HALF_A_TICK: Duration = Duration::from_secs(30);

/// After ever more failures in a row a job is tried again after this, and no later.
const LONGEST_WAIT: Duration = Duration::from_secs(60 * 60);

/// What is known of the last try of a job on a connection.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LastTry {
    /// When a run was last begun or taken up; `None` if there never was one.
    pub begun: Option<Time>,
    /// Until when somebody has the right to work on it, and thus, in all likelihood, does.
    pub held_until: Option<Time>,
    /// Its run, while that is not finished.
    pub unfinished: Option<String>,
    /// When a run last succeeded; until one has, when the job was first tried.
    pub served: Option<Time>,
    /// How many tries in a row, this one included, have not come to a good end.
    pub failures: u32,
}

impl LastTry {
    /// Whether somebody is at work.
    #[must_use]
    pub fn is_at_work(&self, now: Time) -> bool {
        self.unfinished.is_some() && self.held_until.is_some_and(|until| until > now)
    }

    /// Whether a job that failed has been left alone for long enough.
    #[must_use]
    pub fn has_rested(&self, now: Time) -> bool {
        let rested = self.begun.map(|begun| begun.after(self.wait()).before(HALF_A_TICK));
        self.failures == 0 || rested.is_none_or(|rested| rested <= now)
    }

    /// For how long a job is left alone after a try that failed: a minute, and twice as long after each further one. So
    /// the wait is never much longer than the time for which it has been failing, and something broken for good costs
    /// one try an hour.
    fn wait(&self) -> Duration {
        let doublings = self.failures.saturating_sub(1).min(16);
        TICK.saturating_mul(1 << doublings).min(LONGEST_WAIT)
    }
}

/// A job that a connection wants done by itself: its schedule, in the connection's time zone.
#[derive(Debug, Clone, Copy)]
pub struct Duty<'a> {
    /// When it is wanted.
    pub schedule: &'a Schedule,
    /// Where.
    pub zone: &'a TimeZone,
}

impl Duty<'_> {
    /// From when on the job is due, `now` or earlier meaning that it is: at the next scheduled time after its last try, a
    /// moment after a try that was left unfinished, and later the more tries have failed. A rate that never began is due
    /// at once, a cron expression that never did by the times of the last minute. `None` when it is never due.
    #[must_use]
    pub fn due(&self, last: &LastTry, now: Time) -> Option<Time> {
        let Some(begun) = last.begun else {
            return self.first(now);
        };
        let scheduled = self.schedule.next(begun, self.zone).map(|next| match self.schedule.timing {
            Timing::Rate(_) => next.before(HALF_A_TICK),
            Timing::Cron(_) | Timing::Off => next,
        });
        let rested = begun.after(last.wait()).before(HALF_A_TICK);
        match (last.unfinished.is_some(), last.failures) {
            // A cron expression may have no time left, and its last run be unfinished all the same.
            (true, _) => (!self.schedule.is_off()).then_some(rested),
            (false, 0) => scheduled,
            (false, _) => scheduled.map(|scheduled| scheduled.max(rested)),
        }
    }

    /// Whether the connection has waited for a run that succeeds for longer than two of the schedule's periods, and for ten
    /// minutes at least. One whose job was never tried waits for nothing yet.
    #[must_use]
    pub fn is_overdue(&self, last: &LastTry, now: Time) -> bool {
        let Some(served) = last.served else { return false };
        let second = self.schedule.next(served, self.zone).and_then(|first| self.schedule.next(first, self.zone));
        second.is_some_and(|second| second.max(served.after(SHORTEST_PATIENCE)) < now)
    }

    /// The same where nothing is known of the last try, and nothing can be: the times of the last minute count, and of a
    /// rate the multiples since 1970.
    #[must_use]
    pub fn is_due_regardless(&self, now: Time) -> bool {
        match self.schedule.timing {
            Timing::Rate(every) => {
                let rates = |time: Time| time.millis() / every.as_millis().max(1) as i64;
                rates(now) > rates(now.before(TICK))
            }
            Timing::Cron(_) | Timing::Off => self.first(now).is_some_and(|first| first <= now),
        }
    }

    fn first(&self, now: Time) -> Option<Time> {
        match self.schedule.timing {
            Timing::Off => None,
            Timing::Rate(_) => Some(now),
            Timing::Cron(_) => self.schedule.next(now.before(TICK + HALF_A_TICK), self.zone),
        }
    }
}
