use std::time::Duration;

use jiff::civil::{DateTime, Weekday};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use proptest::prelude::*;

use super::{Duty, LastTry, Schedule};
use crate::model::{Job, Time};

fn time(text: &str) -> Time {
    text.parse().unwrap()
}

fn schedule(text: &str) -> Schedule {
    Schedule::parse(text).unwrap_or_else(|fault| panic!("{text}: {fault}"))
}

fn zone(name: &str) -> TimeZone {
    TimeZone::get(name).unwrap()
}

/// The next times after a moment, as many as are expected.
fn check(text: &str, place: &str, after: &str, expected: &[&str]) {
    let (schedule, zone, mut after) = (schedule(text), zone(place), time(after));
    for expected in expected {
        after = schedule.next(after, &zone).unwrap_or_else(|| panic!("{text} has no time after {after}"));
        assert_eq!(after, time(expected), "{text} in {place}");
    }
}

#[test]
fn what_event_bridge_accepts_is_accepted() {
    for text in [
        "off",
        "rate(15 minutes)",
        "rate(1 minute)",
        "rate(7 days)",
        "cron(0 2 ? * SUN *)",
        "cron(0/15 8-17 ? * MON-FRI *)",
        "cron(0 10 * * ? *)",
        "cron(15,45 0 1,15 JAN-JUN ? 2026-2030)",
        "cron(0 0 L * ? *)",
        "cron(0 0 LW * ? *)",
        "cron(0 0 15W * ? *)",
        "cron(0 9 ? * 6#3 *)",
        "cron(0 9 ? * 6L *)",
        "cron(0 9 ? * L *)",
        "cron(*/15 0-6 L JAN,2 ? 2030/2)",
    ] {
        assert_eq!(schedule(text).to_string(), text);
    }
    assert_eq!(schedule(" cron( 0  2 ? * SUN * ) ").to_string(), "cron(0 2 ? * SUN *)");
    assert_eq!(schedule(" rate( 15  minutes ) ").to_string(), "rate(15 minutes)");
    for job in Job::ALL {
        assert_eq!(schedule(Schedule::usual(job)).to_string(), Schedule::usual(job));
    }
}

#[test]
fn what_it_refuses_is_refused() {
    for (text, message) in [
        ("", "expected `rate(15 minutes)`"),
        ("hourly", "expected `rate(15 minutes)`"),
        ("at(2026-11-20T10:00:00)", "expected `rate(15 minutes)`"),
        ("rate(15 minutes", "expected `rate(15 minutes)`"),
        ("rate(15)", "expected rate(value unit)"),
        ("rate(0 minutes)", "expected rate(value unit)"),
        ("rate(-1 minutes)", "expected rate(value unit)"),
        ("rate(30 seconds)", "expected rate(value unit)"),
        ("rate(1 hours)", "EventBridge wants `rate(1 hour)`"),
        ("rate(2 hour)", "EventBridge wants `rate(2 hours)`"),
        ("cron(0 2 * * *)", "six fields"),
        ("cron(0 2 * * * *)", "has to be `?`"),
        ("cron(0 2 ? * ? *)", "needs a day"),
        ("cron(60 2 ? * SUN *)", "`60` is no value for minutes"),
        ("cron(0 24 ? * SUN *)", "`24` is no value for hours"),
        ("cron(0 2 ? 13 SUN *)", "`13` is no value for month"),
        ("cron(0 2 ? * 0 *)", "`0` is no value for day of the week"),
        ("cron(0 2 ? * 8 *)", "`8` is no value for day of the week"),
        ("cron(0 2 ? * 6#6 *)", "`6#6` is no value for day of the week"),
        ("cron(0 2 32W * ? *)", "`32W` is no value for day of the month"),
        ("cron(0 2 ? * FOO *)", "`FOO` is no value for day of the week"),
        ("cron(0 5-2 ? * SUN *)", "`5-2` is no value for hours"),
        ("cron(0 */0 ? * SUN *)", "`*/0` is no value for hours"),
        ("cron(0 2, ? * SUN *)", "`2,` is no value for hours"),
    ] {
        let found = Schedule::parse(text).unwrap_err();
        assert!(found.contains(message), "{text}: {found}");
    }
}

#[test]
fn a_rate_counts_from_the_last_time() {
    check("rate(15 minutes)", "UTC", "2026-11-20T10:03:20Z", &["2026-11-20T10:18:20Z", "2026-11-20T10:33:20Z"]);
    // A day of a rate has 24 hours, also when the clocks change.
    check("rate(1 day)", "Europe/London", "2026-10-24T12:00:00Z", &["2026-10-25T12:00:00Z"]);
    check("rate(7 days)", "UTC", "2026-11-20T10:00:00Z", &["2026-11-27T10:00:00Z"]);
}

/// 2026-11-20 is a Friday.
#[test]
fn cron_names_times_as_event_bridge_does() {
    let from = "2026-11-20T10:00:00Z";
    for (text, expected) in [
        ("cron(0 2 ? * SUN *)", ["2026-11-22T02:00:00Z", "2026-11-29T02:00:00Z"]),
        ("cron(0 2 ? * 1 *)", ["2026-11-22T02:00:00Z", "2026-11-29T02:00:00Z"]),
        ("cron(0 2 ? * 7 *)", ["2026-11-21T02:00:00Z", "2026-11-28T02:00:00Z"]),
        ("cron(0 2 ? * L *)", ["2026-11-21T02:00:00Z", "2026-11-28T02:00:00Z"]),
        ("cron(0 2 ? * MON-FRI *)", ["2026-11-23T02:00:00Z", "2026-11-24T02:00:00Z"]),
        ("cron(0 9 ? * 6#3 *)", ["2026-12-18T09:00:00Z", "2027-01-15T09:00:00Z"]),
        ("cron(0 9 ? * 6L *)", ["2026-11-27T09:00:00Z", "2026-12-25T09:00:00Z"]),
        ("cron(0 9 ? * FRIL *)", ["2026-11-27T09:00:00Z", "2026-12-25T09:00:00Z"]),
        ("cron(0 9 ? * 2#5 *)", ["2026-11-30T09:00:00Z", "2027-03-29T09:00:00Z"]),
        ("cron(0 0 L * ? *)", ["2026-11-30T00:00:00Z", "2026-12-31T00:00:00Z"]),
        // January 31st of 2027 is a Sunday.
        ("cron(0 0 LW * ? 2027)", ["2027-01-29T00:00:00Z", "2027-02-26T00:00:00Z"]),
        // August 15th of 2027 is a Sunday, May 1st a Saturday: never into another month.
        ("cron(0 0 15W AUG ? 2027/1)", ["2027-08-16T00:00:00Z", "2028-08-15T00:00:00Z"]),
        ("cron(0 0 1W MAY ? 2027/1)", ["2027-05-03T00:00:00Z", "2028-05-01T00:00:00Z"]),
        ("cron(0/15 * * * ? *)", ["2026-11-20T10:15:00Z", "2026-11-20T10:30:00Z"]),
        ("cron(50/5 10 * * ? *)", ["2026-11-20T10:50:00Z", "2026-11-20T10:55:00Z"]),
        ("cron(*/20 10-11 * * ? *)", ["2026-11-20T10:20:00Z", "2026-11-20T10:40:00Z"]),
        ("cron(15,45 0 1,15 JAN-JUN ? 2026-2030)", ["2027-01-01T00:15:00Z", "2027-01-01T00:45:00Z"]),
        ("cron(0 0 29 2 ? *)", ["2028-02-29T00:00:00Z", "2032-02-29T00:00:00Z"]),
        ("cron(0 0 1 1 ? 2030/5)", ["2030-01-01T00:00:00Z", "2035-01-01T00:00:00Z"]),
    ] {
        check(text, "UTC", from, &expected);
    }
}

#[test]
fn there_may_be_no_time_any_more() {
    let after = time("2026-11-20T10:00:00Z");
    for text in ["off", "cron(0 0 1 1 ? 2026)", "cron(0 0 1 1 ? 1999)", "cron(0 0 30 2 ? *)", "cron(0 0 31W 2 ? *)"] {
        assert_eq!(schedule(text).next(after, &TimeZone::UTC), None, "{text}");
    }
}

#[test]
fn times_are_those_of_the_place() {
    check("cron(0 2 ? * SUN *)", "America/New_York", "2026-11-20T10:00:00Z", &["2026-11-22T07:00:00Z"]);
    check("cron(0 2 ? * SUN *)", "Asia/Kolkata", "2026-11-20T10:00:00Z", &["2026-11-21T20:30:00Z"]);
    check("cron(0 9 * * ? *)", "Europe/London", "2026-10-24T10:00:00Z", &["2026-10-25T09:00:00Z"]);
    check("cron(0 9 * * ? *)", "Europe/London", "2026-03-28T10:00:00Z", &["2026-03-29T08:00:00Z"]);
    // Samoa went without its December 30th.
    check("cron(0 9 * * ? *)", "Pacific/Apia", "2011-12-29T20:00:00Z", &["2011-12-30T19:00:00Z"]);
}

/// In London clocks go from 01:00 to 02:00 on 2026-03-29.
#[test]
fn a_time_that_the_clocks_skip_is_skipped() {
    check("cron(30 1 * * ? *)", "Europe/London", "2026-03-28T12:00:00Z", &["2026-03-30T00:30:00Z"]);
    check(
        "cron(0/30 * * * ? *)",
        "Europe/London",
        "2026-03-29T00:00:00Z",
        &["2026-03-29T00:30:00Z", "2026-03-29T01:00:00Z", "2026-03-29T01:30:00Z"],
    );
}

/// In London clocks go from 02:00 back to 01:00 on 2026-10-25, which is 01:00 UTC.
#[test]
fn a_time_that_comes_twice_counts_once() {
    let daily = "cron(30 1 * * ? *)";
    check(daily, "Europe/London", "2026-10-24T12:00:00Z", &["2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"]);
    // From within the hour that comes again: its times have had their turn.
    check(daily, "Europe/London", "2026-10-25T01:10:00Z", &["2026-10-26T01:30:00Z"]);
    check("cron(0/30 * * * ? *)", "Europe/London", "2026-10-25T00:30:00Z", &["2026-10-25T02:00:00Z"]);
}

const WEEKLY: &str = "cron(0 2 ? * SUN *)";

fn due(text: &str, last: &LastTry, now: &str) -> bool {
    let (schedule, now) = (schedule(text), time(now));
    let duty = Duty { schedule: &schedule, zone: &TimeZone::UTC };
    duty.due(last, now).is_some_and(|due| due <= now)
}

fn begun(at: &str) -> LastTry {
    LastTry { begun: Some(time(at)), ..LastTry::default() }
}

#[test]
fn what_never_began_is_due_by_a_rate_at_once_and_by_cron_in_its_minute() {
    let never = LastTry::default();
    assert!(due("rate(7 days)", &never, "2026-11-22T10:00:00Z"));
    assert!(due(WEEKLY, &never, "2026-11-22T02:00:40Z"));
    assert!(!due(WEEKLY, &never, "2026-11-22T01:59:59Z"));
    assert!(!due(WEEKLY, &never, "2026-11-22T02:10:00Z"));
    assert!(!due("off", &never, "2026-11-22T02:00:40Z"));
}

#[test]
fn a_job_is_due_when_a_scheduled_time_lies_between_its_last_beginning_and_now() {
    let last_week = begun("2026-11-15T02:00:10Z");
    assert!(!due(WEEKLY, &last_week, "2026-11-22T01:59:50Z"));
    assert!(due(WEEKLY, &last_week, "2026-11-22T02:00:00Z"));
    // However late somebody looks.
    assert!(due(WEEKLY, &last_week, "2026-11-24T12:00:00Z"));
    assert!(!due(WEEKLY, &begun("2026-11-22T02:00:10Z"), "2026-11-22T02:01:10Z"));
    assert!(!due("off", &last_week, "2026-11-24T12:00:00Z"));
    let delta = begun("2026-11-20T10:00:00.200Z");
    assert!(!due("rate(15 minutes)", &delta, "2026-11-20T10:14:00Z"));
    assert!(due("rate(15 minutes)", &delta, "2026-11-20T10:15:00Z"), "a fifth of a second is no minute");
}

#[test]
fn every_minute_is_every_minute_though_ticks_come_early_or_late() {
    let mut last = begun("2026-11-20T10:00:00.100Z");
    for (at, is_due) in [
        ("2026-11-20T10:00:01Z", false),
        ("2026-11-20T10:00:59.900Z", true),
        ("2026-11-20T10:02:00.300Z", true),
        ("2026-11-20T10:02:59.800Z", true),
    ] {
        assert_eq!(due("rate(1 minute)", &last, at), is_due, "{at}");
        if is_due {
            last.begun = Some(time(at));
        }
    }
}

#[test]
fn what_was_left_unfinished_is_due_a_minute_later_and_not_a_week() {
    let crashed = LastTry { unfinished: Some("run-1".to_owned()), failures: 1, ..begun("2026-11-22T02:00:10Z") };
    assert!(!due(WEEKLY, &crashed, "2026-11-22T02:00:30Z"));
    assert!(due(WEEKLY, &crashed, "2026-11-22T02:01:00Z"));
    assert!(due("cron(0 0 1 1 ? 1999)", &crashed, "2026-11-22T02:01:00Z"));
    assert!(!due("off", &crashed, "2026-11-22T02:01:00Z"));
    // Handed over to a further invocation that never came.
    assert!(due(WEEKLY, &LastTry { failures: 0, ..crashed }, "2026-11-22T02:01:00Z"));
}

#[test]
fn what_fails_again_and_again_is_left_alone_for_longer_and_at_most_an_hour() {
    let after = |failures, minutes: u64| {
        let last = LastTry { unfinished: Some("run-1".to_owned()), failures, ..begun("2026-11-22T02:00:00Z") };
        let now = time("2026-11-22T02:00:00Z").after(Duration::from_secs(60 * minutes));
        let finished = LastTry { unfinished: None, ..last.clone() };
        let (is_due, is_due_finished) =
            (due(WEEKLY, &last, &now.to_string()), due("rate(1 minute)", &finished, &now.to_string()));
        assert_eq!(is_due, is_due_finished, "both wait as long");
        is_due
    };
    for (failures, minutes) in [(1, 1), (2, 2), (3, 4), (5, 16), (6, 32), (7, 60), (8, 60), (400, 60)] {
        assert!(after(failures, minutes) && !after(failures, minutes - 1), "{failures} failures");
    }
    // A schedule that is slower goes by itself.
    let failed = LastTry { failures: 1, ..begun("2026-11-22T02:00:10Z") };
    assert!(!due(WEEKLY, &failed, "2026-11-22T08:00:00Z"));
    assert!(due(WEEKLY, &failed, "2026-11-29T02:00:00Z"));
}

#[test]
fn somebody_is_at_work_as_long_as_the_lease_holds() {
    let now = time("2026-11-22T02:00:30Z");
    let held = LastTry {
        unfinished: Some("run-1".to_owned()),
        held_until: Some(time("2026-11-22T02:00:40Z")),
        ..LastTry::default()
    };
    assert!(held.is_at_work(now));
    assert!(!LastTry { unfinished: None, ..held.clone() }.is_at_work(now));
    assert!(!LastTry { held_until: Some(Time::EPOCH), ..held.clone() }.is_at_work(now));
}

#[test]
fn without_any_memory_the_last_minute_counts() {
    for (text, at, expected) in [
        ("rate(15 minutes)", "2026-11-20T10:15:30Z", true),
        ("rate(15 minutes)", "2026-11-20T10:16:30Z", false),
        ("rate(1 minute)", "2026-11-20T10:16:30Z", true),
        (WEEKLY, "2026-11-22T02:00:30Z", true),
        (WEEKLY, "2026-11-22T02:05:30Z", false),
        ("off", "2026-11-22T02:00:30Z", false),
    ] {
        let (schedule, now) = (schedule(text), time(at));
        let duty = Duty { schedule: &schedule, zone: &TimeZone::UTC };
        assert_eq!(duty.is_due_regardless(now), expected, "{text} at {at}");
    }
}

#[test]
fn a_job_is_overdue_after_two_periods_without_success_and_ten_minutes_at_least() {
    let zone = zone("Europe/London");
    let is_overdue = |text: &str, served: Option<&str>, now: &str| {
        let last = LastTry { served: served.map(time), ..LastTry::default() };
        Duty { schedule: &schedule(text), zone: &zone }.is_overdue(&last, time(now))
    };
    for (text, served, now, expected) in [
        ("rate(15 minutes)", "2026-11-20T10:00:00Z", "2026-11-20T10:30:00Z", false),
        ("rate(15 minutes)", "2026-11-20T10:00:00Z", "2026-11-20T10:30:01Z", true),
        ("rate(1 minute)", "2026-11-20T10:00:00Z", "2026-11-20T10:10:00Z", false),
        ("rate(1 minute)", "2026-11-20T10:00:00Z", "2026-11-20T10:10:01Z", true),
        ("cron(0 2 ? * SUN *)", "2026-11-08T02:10:00Z", "2026-11-21T23:00:00Z", false),
        ("cron(0 2 ? * SUN *)", "2026-11-08T02:10:00Z", "2026-11-22T02:00:01Z", true),
        ("off", "2026-11-08T02:10:00Z", "2026-11-22T02:00:01Z", false),
    ] {
        assert_eq!(is_overdue(text, Some(served), now), expected, "{text}, served at {served}, at {now}");
    }
    assert!(!is_overdue("rate(1 minute)", None, "2026-11-20T10:00:00Z"), "nobody ever tried");
}

/// Whether a clock shows a time that the fields name, worked out by itself.
fn names(clock: DateTime, minutes: (i8, i8), hours: (i8, i8), weekday: Option<i8>) -> bool {
    let of_sunday = clock.date().weekday().since(Weekday::Sunday) + 1;
    (clock.minute() >= minutes.0 && (clock.minute() - minutes.0) % minutes.1 == 0)
        && (hours.0..=hours.1).contains(&clock.hour())
        && weekday.is_none_or(|day| day == of_sunday)
}

proptest! {
    /// The next time is later, is named, is shown by the zone's clocks, and nothing that counts lies between.
    #[test]
    fn the_next_time_is_the_first_that_is_named(
        seconds in 1_700_000_000_i64..1_900_000_000,
        place in prop::sample::select(vec!["UTC", "Europe/London", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata"]),
        minutes in (0_i8..60, 1_i8..60),
        hours in (0_i8..24, 0_i8..24),
        weekday in prop::option::of(1_i8..8),
    ) {
        let hours = (hours.0.min(hours.1), hours.0.max(hours.1));
        let day = weekday.map_or_else(|| "*".to_owned(), |day| day.to_string());
        let text = format!("cron({}/{} {}-{} ? * {day} *)", minutes.0, minutes.1, hours.0, hours.1);
        let (schedule, zone, after) = (schedule(&text), zone(place), Time::from_millis(seconds * 1_000 + 17));
        let next = schedule.next(after, &zone).unwrap();
        prop_assert!(next > after);
        let shown = |at: Timestamp| zone.to_datetime(at);
        let stamp = |at: Time| Timestamp::from_millisecond(at.millis()).unwrap();
        prop_assert!(names(shown(stamp(next)), minutes, hours, weekday), "{} gave {}", text, shown(stamp(next)));
        let mut between = Timestamp::from_second(seconds - seconds.rem_euclid(60) + 60).unwrap();
        while between < stamp(next) {
            let clock = shown(between);
            let is_first_pass = zone.to_ambiguous_timestamp(clock).earlier().unwrap() == between;
            prop_assert!(!names(clock, minutes, hours, weekday) || !is_first_pass, "{} passed over {}", text, clock);
            between = between.checked_add(1.minute()).unwrap();
        }
    }

    /// Once it has begun, nothing is due before the next scheduled time, and the next one is.
    #[test]
    fn one_beginning_serves_one_time(
        seconds in 1_700_000_000_i64..1_900_000_000,
        text in prop::sample::select(vec![WEEKLY, "cron(0/7 * * * ? *)", "cron(30 1 ? * * *)", "rate(15 minutes)", "rate(1 day)"]),
        place in prop::sample::select(vec!["UTC", "Europe/London", "America/New_York"]),
    ) {
        let (schedule, zone) = (schedule(text), zone(place));
        let duty = Duty { schedule: &schedule, zone: &zone };
        let begun = Time::from_millis(seconds * 1_000);
        let last = LastTry { begun: Some(begun), ..LastTry::default() };
        let next = schedule.next(begun, &zone).unwrap();
        prop_assert!(duty.due(&last, begun).unwrap() > begun);
        prop_assert!(duty.due(&last, next).unwrap() <= next);
    }
}
