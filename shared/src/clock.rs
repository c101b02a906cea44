//! This machine's clock, in one place: what is pure takes `now` as an argument instead.

use crate::model::Time;

/// The moment that it is by this machine's clock, to the millisecond.
pub fn now() -> Time {
    Time::from(jiff::Timestamp::now())
}

impl Time {
    /// [`now`], for the one caller that still asks by this name.
    pub(crate) fn now() -> Time {
        now()
    }
}
