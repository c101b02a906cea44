//! The watermark: up to when everything that Okta has is known.

use std::time::Duration;

use crate::model::Time;

/// How long after the time that it bears a change may show in Okta's lists at worst.
const LATE_COMMITS: Duration = Duration::from_secs(5 * 60);

/// How long after it happened an event may reach Okta's log at worst, as far as anybody looks back for it.
pub const LATE_EVENTS: Duration = Duration::from_secs(30 * 60);

/// The watermark of a run that asked Okta at a time, by Okta's own clock: what is committed late bears an earlier one.
pub fn watermark(asked: Time) -> Time {
    asked.before(LATE_COMMITS)
}

#[cfg(test)]
mod tests {
    use super::watermark;

    #[test]
    fn lies_before_the_time_that_okta_was_asked_at() {
        let time = |text: &str| text.parse().unwrap();
        assert_eq!(watermark(time("2026-11-20T00:03:00Z")), time("2026-11-19T23:58:00Z"));
    }
}
