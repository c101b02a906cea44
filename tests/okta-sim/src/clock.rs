//! Where an org takes its time from.

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

/// A clock that stands still until it is set, or one that runs.
///
/// The running one follows tokio's `Instant`, so that in a test with paused time the org's clock is
/// the virtual one.
#[derive(Clone, Debug)]
pub(crate) enum Clock {
    Standing(Timestamp),
    Running { base: Timestamp, since: Instant },
}

impl Clock {
    /// A clock that runs from the real time plus `skew`.
    pub(crate) fn running(skew: SignedDuration) -> Self {
        Self::Running { base: shifted(Timestamp::now(), skew), since: Instant::now() }
    }

    /// The time now.
    pub(crate) fn now(&self) -> Timestamp {
        match self {
            Self::Standing(at) => *at,
            Self::Running { base, since } => {
                let elapsed = SignedDuration::try_from(since.elapsed()).unwrap_or_default();
                shifted(*base, elapsed)
            }
        }
    }

    /// Sets the time; a running clock goes on from there.
    pub(crate) fn set(&mut self, now: Timestamp) {
        match self {
            Self::Standing(at) => *at = now,
            Self::Running { base, since } => {
                *base = now;
                *since = Instant::now();
            }
        }
    }
}

/// `at` moved by `by`, within what a timestamp can hold.
pub(crate) fn shifted(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.saturating_add(by).unwrap_or(at)
}

/// `at` cut to whole seconds, as the times of Okta's objects are.
pub(crate) fn whole_second(at: Timestamp) -> Timestamp {
    Timestamp::from_second(at.as_millisecond().div_euclid(1000)).unwrap_or(at)
}

/// `at` cut to whole milliseconds, as the times of log events are.
pub(crate) fn whole_millisecond(at: Timestamp) -> Timestamp {
    Timestamp::from_millisecond(at.as_millisecond()).unwrap_or(at)
}

/// The time of an epoch second.
pub(crate) fn second(at: i64) -> Timestamp {
    Timestamp::from_second(at).unwrap_or_default()
}

/// A time as Okta writes it, with milliseconds.
pub(crate) fn written(at: Timestamp) -> String {
    format!("{at:.3}")
}
