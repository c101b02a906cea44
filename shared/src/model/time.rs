//! A moment as Okta writes it: RFC 3339 in UTC with milliseconds.
//!
//! Everything that the directory stores and every query that Okta is asked uses this one form, so that
//! moments compare as text as they do as time.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A day's length.
pub const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// A moment, to the millisecond, printed as `2026-11-20T10:00:00.000Z`.
///
/// Okta's own times have whole seconds; any RFC 3339 fraction and offset is read all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(value_type = String, format = DateTime))]
pub struct Time(jiff::Timestamp);

impl Time {
    /// 1970-01-01T00:00:00Z.
    pub const EPOCH: Time = Time(jiff::Timestamp::UNIX_EPOCH);

    /// The moment so many milliseconds after 1970-01-01T00:00:00Z; outside the years 0 to 9999 the nearest bound.
    pub fn from_millis(milliseconds: i64) -> Time {
        const FIRST: i64 = -62_135_596_800_000;
        const LAST: i64 = 253_402_207_200_000;
        Time(jiff::Timestamp::from_millisecond(milliseconds.clamp(FIRST, LAST)).unwrap_or(jiff::Timestamp::UNIX_EPOCH))
    }

    /// Milliseconds since 1970-01-01T00:00:00Z.
    pub fn millis(self) -> i64 {
        self.0.as_millisecond()
    }

    /// Whole seconds since 1970-01-01T00:00:00Z, as DynamoDB's time to live wants them.
    pub fn epoch_seconds(self) -> i64 {
        self.0.as_second()
    }

    /// This moment, so much earlier.
    pub fn before(self, span: Duration) -> Time {
        Time::from_millis(self.millis().saturating_sub(span.as_millis() as i64))
    }

    /// This moment, so much later.
    pub fn after(self, span: Duration) -> Time {
        Time::from_millis(self.millis().saturating_add(span.as_millis() as i64))
    }

    /// How long `earlier` lies before this moment; zero if it does not.
    pub fn since(self, earlier: Time) -> Duration {
        Duration::from_millis(self.millis().saturating_sub(earlier.millis()).max(0) as u64)
    }
}

impl From<jiff::Timestamp> for Time {
    fn from(timestamp: jiff::Timestamp) -> Time {
        Time::from_millis(timestamp.as_millisecond())
    }
}

impl fmt::Display for Time {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.0.strftime("%Y-%m-%dT%H:%M:%S.%3fZ"))
    }
}

impl FromStr for Time {
    type Err = jiff::Error;

    fn from_str(text: &str) -> Result<Time, jiff::Error> {
        text.parse::<jiff::Timestamp>().map(Time::from)
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Time, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::Time;

    #[test]
    fn prints_milliseconds_whatever_was_read() {
        for (read, printed) in [
            ("2026-11-20T10:00:00Z", "2026-11-20T10:00:00.000Z"),
            ("2026-11-20T10:00:00.5Z", "2026-11-20T10:00:00.500Z"),
            ("2026-11-20T11:00:00.123456+01:00", "2026-11-20T10:00:00.123Z"),
        ] {
            assert_eq!(read.parse::<Time>().unwrap().to_string(), printed);
        }
    }

    #[test]
    fn text_orders_as_time_does() {
        let (early, late) = (Time::from_millis(999), Time::from_millis(1_000));
        assert!(early < late && early.to_string() < late.to_string());
    }
}
