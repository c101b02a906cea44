//! What the rate-limit headers of an answer say.

use std::time::Duration;

use reqwest::header::HeaderMap;

use crate::model::Time;

/// The furthest off that a reset can be: Okta's windows have 60 seconds.
const LONGEST_WINDOW: Duration = Duration::from_secs(61);

/// The rate-limit headers of an answer, as far as they are there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::okta) struct RateHeaders {
    /// This credential's ceiling, calls a minute; 0 means that the org's concurrency limit was met.
    pub limit: Option<u64>,
    /// Calls left in the window.
    pub remaining: Option<u64>,
    /// The end of the window.
    pub reset: Option<Reset>,
}

/// The end of a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::okta) struct Reset {
    /// In Okta's time: seconds since 1970. Names the window.
    pub at: i64,
    /// From the answer on.
    pub after: Duration,
}

impl RateHeaders {
    /// Reads the headers; the reset is judged against `date`, Okta's own clock in the same answer.
    pub(in crate::okta) fn read(headers: &HeaderMap, date: Time) -> RateHeaders {
        RateHeaders {
            limit: smallest(headers, "x-rate-limit-limit").and_then(|value| u64::try_from(value).ok()),
            remaining: smallest(headers, "x-rate-limit-remaining").and_then(|value| u64::try_from(value.max(0)).ok()),
            reset: smallest(headers, "x-rate-limit-reset").map(|at| Reset::of(at, date)),
        }
    }
}

impl Reset {
    /// A reset in the past is now, and none is further off than a window is long.
    pub(in crate::okta) fn of(at: i64, date: Time) -> Reset {
        let seconds = at.saturating_sub(date.epoch_seconds()).max(0).unsigned_abs();
        Reset { at, after: Duration::from_secs(seconds).min(LONGEST_WINDOW) }
    }
}

/// The smallest value of a header that may be repeated, on lines of its own or joined by commas.
fn smallest(headers: &HeaderMap, name: &str) -> Option<i64> {
    let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).filter_map(|value| value.trim().parse().ok()).min()
}

#[cfg(test)]
mod tests {
    use reqwest::header::{HeaderName, HeaderValue};

    use super::*;

    fn read(lines: &[(&'static str, &'static str)]) -> RateHeaders {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        RateHeaders::read(&headers, Time::from_millis(1_000_500))
    }

    #[test]
    fn takes_what_is_there() {
        assert_eq!(read(&[]), RateHeaders::default());
        let full =
            read(&[("x-rate-limit-limit", "600"), ("x-rate-limit-remaining", "597"), ("x-rate-limit-reset", "1042")]);
        let reset = Some(Reset { at: 1042, after: Duration::from_secs(42) });
        assert_eq!(full, RateHeaders { limit: Some(600), remaining: Some(597), reset });
        assert_eq!(read(&[("x-rate-limit-limit", "many"), ("x-rate-limit-reset", "")]), RateHeaders::default());
    }

    #[test]
    fn bears_repeated_past_and_absurd_resets() {
        let after = |lines: &[_]| read(lines).reset.unwrap().after.as_secs();
        assert_eq!(after(&[("x-rate-limit-reset", "1044"), ("x-rate-limit-reset", "1042")]), 42);
        assert_eq!(after(&[("x-rate-limit-reset", "1044, 1042")]), 42);
        assert_eq!(after(&[("x-rate-limit-reset", "17")]), 0);
        assert_eq!(after(&[("x-rate-limit-reset", "99999999999")]), 61);
    }
}
