//! Okta's clock, as near as its answers tell.
//!
//! Resets, watermarks and the age of an observation are Okta's times; the local clock may be hours off.

use std::sync::Mutex;

use super::lock;
use crate::model::Time;

/// The local clock and how far it is from Okta's.
#[derive(Debug, Default)]
pub(in crate::okta) struct Clock {
    /// Milliseconds to add to the local clock.
    correction: Mutex<i64>,
}

impl Clock {
    /// Okta's time now.
    pub(in crate::okta) fn now(&self) -> Time {
        Time::from_millis(crate::clock::now().millis().saturating_add(*lock(&self.correction)))
    }

    /// Learns from an answer: Okta wrote `date`, in whole seconds, between `sent` and `received` of the local
    /// clock. What fits the correction so far leaves it alone, so it narrows down and does not jump about.
    pub(in crate::okta) fn learn(&self, date: Time, sent: Time, received: Time) {
        let least = date.millis().saturating_sub(received.millis());
        let most = date.millis().saturating_add(999).saturating_sub(sent.millis());
        let mut correction = lock(&self.correction);
        *correction = (*correction).clamp(least.min(most), most);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn learned(samples: &[(i64, i64, i64)]) -> i64 {
        let clock = Clock::default();
        for (date, sent, received) in samples {
            clock.learn(Time::from_millis(*date), Time::from_millis(*sent), Time::from_millis(*received));
        }
        *lock(&clock.correction)
    }

    #[test]
    fn a_right_clock_is_left_alone() {
        assert_eq!(learned(&[(10_000, 10_400, 10_700), (11_000, 10_900, 11_100)]), 0);
    }

    #[test]
    fn a_wrong_clock_is_corrected_and_narrowed_down() {
        // Okta is 5,000 s ahead.
        assert_eq!(learned(&[(5_010_000, 10_400, 10_700)]), 4_999_300);
        assert_eq!(learned(&[(5_010_000, 10_400, 10_700), (5_012_000, 12_000, 12_100)]), 4_999_900);
        // Okta is behind by as much.
        assert_eq!(learned(&[(10_000, 5_010_400, 5_010_700)]), -4_999_401);
    }
}
