//! How long it took from events in Okta to their effects: a sample of bounded size, for a run's report.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::report::Lag;

/// The most that are kept: of more, every second one stays, and always the largest.
const MOST: usize = 256;

/// Milliseconds from events to their effects.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Lags(Vec<u32>);

impl Lags {
    /// Notes one more.
    pub(crate) fn note(&mut self, lag: Duration) {
        self.0.push(u32::try_from(lag.as_millis()).unwrap_or(u32::MAX));
        if self.0.len() > MOST {
            self.0.sort_unstable();
            let mut largest_first = self.0.iter().rev().step_by(2).copied().collect();
            std::mem::swap(&mut self.0, &mut largest_first);
        }
    }

    /// Median and largest, in seconds; `None` when nothing was noted.
    pub(crate) fn lag(&self) -> Option<Lag> {
        let mut sorted = self.0.clone();
        sorted.sort_unstable();
        let seconds = |millis: u32| f64::from(millis) / 1_000.0;
        let median = *sorted.get(sorted.len() / 2)?;
        sorted.last().map(|max| Lag { median: seconds(median), max: seconds(*max) })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Lags, MOST};

    #[test]
    fn median_and_largest_survive_many() {
        assert_eq!(Lags::default().lag(), None);
        let mut lags = Lags::default();
        for second in 0..10_000 {
            lags.note(Duration::from_secs((second * 7_919) % 10_000));
        }
        assert!(lags.0.len() <= MOST);
        let lag = lags.lag().unwrap();
        assert_eq!(lag.max, 9_999.0);
        assert!((3_500.0..6_500.0).contains(&lag.median), "{lag:?}");
    }
}
