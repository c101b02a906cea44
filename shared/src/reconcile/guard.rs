//! The guard: the limit on deactivations before a person agrees.
//!
//! Deactivations are collected during a run and decided here, at its end, for each mapping. Above the allowance none is
//! carried out: a sync that is wrong about one person too many is most likely wrong about all of them.

use serde::{Deserialize, Serialize};

/// In a rolling day all jobs together may deactivate this many times the allowance.
const ALLOWANCES_A_DAY: u64 = 3;
/// As many times the allowance, in a run and in a day, where Okta's log reported each and a read by id confirmed it.
const ALLOWANCES_REPORTED: u64 = 5;

/// What stands behind a run's deactivations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Evidence {
    /// Okta's lists, and reads by id.
    Seen,
    /// Okta's log reported each, and a read by id confirmed it.
    Reported,
}

/// What a mapping's deactivations are measured by.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Measure {
    /// The connection's `max_deactivations`.
    pub number: u64,
    /// The connection's `max_deactivations_percent`.
    pub percent: f64,
    /// Active records of the mapping.
    pub active: u64,
    /// Deactivations of the mapping in the last 24 hours that no person approved.
    pub today: u64,
    /// What stands behind the new ones.
    pub evidence: Evidence,
}

/// What happens to a mapping's new deactivations: all of them, or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// Carry them out.
    Allow,
    /// They join the hold.
    Hold,
}

impl Measure {
    /// The allowance: the larger of the number and the share.
    pub fn allowance(&self) -> u64 {
        let share = (self.active as f64 * self.percent / 100.0).floor();
        self.number.max(share as u64)
    }

    /// The largest numbers of deactivations that one run may carry out, and that all may in a day.
    fn limits(&self) -> (u64, u64) {
        let times = |factor| self.allowance().saturating_mul(factor);
        match self.evidence {
            Evidence::Seen => (self.allowance(), times(ALLOWANCES_A_DAY)),
            Evidence::Reported => (times(ALLOWANCES_REPORTED), times(ALLOWANCES_REPORTED)),
        }
    }

    /// Decides on this many new deactivations.
    pub fn decide(&self, deactivations: u64) -> Decision {
        let (run, day) = self.limits();
        if deactivations <= run && self.today.saturating_add(deactivations) <= day {
            Decision::Allow
        } else {
            Decision::Hold
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Decision, Evidence, Measure};
    use proptest::prelude::*;

    #[test]
    fn the_larger_of_a_number_and_a_share_is_allowed() {
        for (active, percent, number, allowed) in
            [(100, 2.0, 20, 20), (1_000, 2.0, 20, 20), (1_050, 2.0, 20, 21), (5_000, 2.0, 20, 100), (5_000, 0.0, 0, 0)]
        {
            let measure = Measure { number, percent, active, today: 0, evidence: Evidence::Seen };
            assert_eq!(measure.allowance(), allowed);
            assert_eq!(measure.decide(allowed), Decision::Allow);
            assert_eq!(measure.decide(allowed + 1), Decision::Hold);
        }
    }

    #[test]
    fn a_rolling_day_has_three_allowances() {
        let measure = |today| Measure { number: 20, percent: 0.0, active: 100, today, evidence: Evidence::Seen };
        assert_eq!(measure(40).decide(20), Decision::Allow);
        assert_eq!(measure(41).decide(20), Decision::Hold);
        assert_eq!(measure(60).decide(0), Decision::Allow);
    }

    #[test]
    fn five_allowances_go_a_day_where_the_log_reported_each() {
        let measure = |today| Measure { number: 20, percent: 0.0, active: 100, today, evidence: Evidence::Reported };
        assert_eq!(measure(0).decide(100), Decision::Allow);
        assert_eq!(measure(0).decide(101), Decision::Hold);
        assert_eq!(measure(60).decide(40), Decision::Allow);
        assert_eq!(measure(60).decide(41), Decision::Hold);
        // What the log reported counts for the others as well.
        assert_eq!(Measure { evidence: Evidence::Seen, ..measure(100) }.decide(1), Decision::Hold);
    }

    proptest! {
        #[test]
        fn fewer_deactivations_are_never_worse(active: u64, percent in 0.0..100.0, number: u64, today: u64, n: u64) {
            let measure = Measure { number, percent, active, today, evidence: Evidence::Seen };
            if measure.decide(n) == Decision::Allow && n > 0 {
                prop_assert_eq!(measure.decide(n - 1), Decision::Allow);
            }
        }
    }
}
