//! This machine's clock, in one place: what is pure takes `now` as an argument instead.

use crate::model::Time;

/// The moment that it is by this machine's clock, to the millisecond.
pub fn now() -> Time {
    Time::from(jiff::Timestamp::now())
}
