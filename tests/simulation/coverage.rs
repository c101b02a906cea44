//! What the storms went through, summed over the seeds.

use std::collections::BTreeMap;

/// Everything that has to happen at least once.
pub(crate) const ALL: [&str; 16] = [
    "crashes",
    "late calls of the dead",
    "retries",
    "stale",
    "held",
    "blind",
    "swaps",
    "rejoined",
    "resumed slices",
    "lost leases",
    "throttled writes",
    "conflicting writes",
    "lost answers",
    "duplicate invocations",
    "runs taken up",
    "late commits",
];

/// The most invocations that were at work at once in one storm.
pub(crate) const MOST_AT_ONCE: &str = "most at once";

/// Counts by what is counted.
#[derive(Debug, Clone, Default)]
pub(crate) struct Coverage(BTreeMap<&'static str, u64>);

impl Coverage {
    pub(crate) fn count(&mut self, what: &'static str, more: u64) {
        *self.0.entry(what).or_default() += more;
    }

    pub(crate) fn of(&self, what: &str) -> u64 {
        self.0.get(what).copied().unwrap_or(0)
    }

    /// The largest counts.
    pub(crate) fn at_least(&mut self, what: &'static str, value: u64) {
        let count = self.0.entry(what).or_default();
        *count = (*count).max(value);
    }

    pub(crate) fn add(&mut self, other: &Coverage) {
        other.0.iter().for_each(|(what, more)| self.count(what, *more));
    }

    /// What is told; how many were at work at once is a storm's own affair.
    pub(crate) fn table(&self) -> String {
        self.0
            .iter()
            .filter(|(what, _)| **what != MOST_AT_ONCE)
            .map(|(what, count)| format!("{count:>10}  {what}\n"))
            .collect()
    }
}
