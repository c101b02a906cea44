//! Schedules: when a job runs by itself. EventBridge's `rate(…)` and `cron(…)`, or `off`.
//!
//! [`Schedule`] says which time comes next, [`Duty`] whether a job is due, from what is known of its last try. Pure: what
//! time it is arrives as an argument, and what is due is started elsewhere.

mod cron;
mod duty;
#[cfg(test)]
mod tests;

use std::fmt;
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::{AmbiguousOffset, TimeZone};

pub use self::duty::{Duty, LastTry, TICK};
use super::{Job, Time};

/// When a job runs by itself.
#[derive(Debug, Clone)]
pub struct Schedule {
    /// As it was written, with single spaces.
    text: String,
    timing: Timing,
}

#[derive(Debug, Clone)]
enum Timing {
    Off,
    Rate(Duration),
    Cron(Box<croner::Cron>),
}

impl Schedule {
    /// Reads an EventBridge expression, or `off`.
    ///
    /// # Errors
    /// What is wrong with it, in a sentence without a full stop.
    pub fn parse(text: &str) -> Result<Schedule, String> {
        let text = text.trim();
        if text == "off" {
            return Ok(Schedule { text: text.to_owned(), timing: Timing::Off });
        }
        match text.strip_suffix(')').and_then(|open| open.split_once('(')) {
            Some(("rate", rate)) => parse_rate(rate),
            Some(("cron", fields)) => {
                let cron::Cron { text, pattern } = cron::parse(fields)?;
                Ok(Schedule { text, timing: Timing::Cron(Box::new(pattern)) })
            }
            Some(_) | None => Err("expected `rate(15 minutes)`, `cron(0 2 ? * SUN *)` or `off`".to_owned()),
        }
    }

    /// When a job runs where neither a connection nor the stack says anything, in the connection's time zone.
    #[must_use]
    pub fn usual(job: Job) -> &'static str {
        match job {
            Job::FullImport => "cron(0 2 ? * SUN *)",
            Job::DeltaSync => "rate(15 minutes)",
            Job::Deprovisioning => "rate(1 minute)",
            Job::DeviceCollection => "rate(1 hour)",
            Job::ServiceDiscovery => "cron(0 4 * * ? *)",
        }
    }

    /// Whether the job never runs by itself.
    #[must_use]
    pub fn is_off(&self) -> bool {
        matches!(self.timing, Timing::Off)
    }

    /// The first scheduled time after a moment: of a rate, that much later; of a cron expression, the next time that the
    /// zone's clocks show one that it names. A time that the clocks skip in spring is skipped, one that they show twice in
    /// autumn counts the first time. `None` when there is none any more.
    #[must_use]
    pub fn next(&self, after: Time, zone: &TimeZone) -> Option<Time> {
        match &self.timing {
            Timing::Off => None,
            Timing::Rate(every) => Some(after.after(*every)),
            Timing::Cron(pattern) => next_of_cron(pattern, after, zone),
        }
    }
}

/// The expression's clock is the zone's: what comes next on it is looked for first, and then when that is.
fn next_of_cron(pattern: &croner::Cron, after: Time, zone: &TimeZone) -> Option<Time> {
    let moment = Timestamp::from_millisecond(after.millis()).ok()?;
    let mut shown = zone.to_datetime(moment);
    loop {
        shown = pattern.find_next_occurrence(&shown, false).ok()?;
        let ambiguous = zone.to_ambiguous_timestamp(shown);
        if matches!(ambiguous.offset(), AmbiguousOffset::Gap { .. }) {
            continue;
        }
        let found = ambiguous.earlier().ok()?;
        // While the clocks go through an hour for the second time, what they show has had its turn.
        if found > moment {
            return Some(Time::from(found));
        }
    }
}

fn parse_rate(rate: &str) -> Result<Schedule, String> {
    const MINUTE: u64 = 60;
    let expected =
        || "expected rate(value unit), such as `rate(15 minutes)`, `rate(1 hour)` or `rate(7 days)`".to_owned();
    let [value, unit] = rate.split_whitespace().collect::<Vec<_>>()[..] else {
        return Err(expected());
    };
    let value: u32 = value.parse().ok().filter(|value| *value > 0).ok_or_else(expected)?;
    let singular = unit.strip_suffix('s').unwrap_or(unit);
    let seconds = match singular {
        "minute" => MINUTE,
        "hour" => 60 * MINUTE,
        "day" => 24 * 60 * MINUTE,
        _ => return Err(expected()),
    };
    let right = if value == 1 { singular.to_owned() } else { format!("{singular}s") };
    if unit != right {
        return Err(format!("EventBridge wants `rate({value} {right})`"));
    }
    let every = Duration::from_secs(u64::from(value) * seconds);
    Ok(Schedule { text: format!("rate({value} {unit})"), timing: Timing::Rate(every) })
}

impl fmt::Display for Schedule {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

impl PartialEq for Schedule {
    fn eq(&self, other: &Schedule) -> bool {
        self.text == other.text
    }
}
