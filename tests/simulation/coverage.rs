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

    pub(crate) fn table(&self) -> String {
        self.0.iter().map(|(what, count)| format!("{count:>10}  {what}\n")).collect()
    }
}
