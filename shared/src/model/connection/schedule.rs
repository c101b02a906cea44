//! The shape of schedules: EventBridge's `rate(…)` and `cron(…)`, or `off`.

const MONTHS: [&str; 12] = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const DAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

/// One field of a cron expression.
struct Field {
    name: &'static str,
    least: u32,
    most: u32,
    /// Words for numbers from `least` on.
    words: &'static [&'static str],
}

const FIELDS: [Field; 6] = [
    Field { name: "minutes", least: 0, most: 59, words: &[] },
    Field { name: "hours", least: 0, most: 23, words: &[] },
    Field { name: "day of the month", least: 1, most: 31, words: &[] },
    Field { name: "month", least: 1, most: 12, words: &MONTHS },
    Field { name: "day of the week", least: 1, most: 7, words: &DAYS },
    Field { name: "year", least: 1970, most: 2199, words: &[] },
];
const DAY_OF_MONTH: usize = 2;
const DAY_OF_WEEK: usize = 4;

/// Checks a schedule, and gives it with single spaces.
pub(super) fn check(schedule: &str) -> Result<String, String> {
    let schedule = schedule.trim();
    if schedule == "off" {
        return Ok(schedule.to_owned());
    }
    let parts = schedule.strip_suffix(')').and_then(|open| open.split_once('('));
    match parts {
        Some(("rate", rate)) => check_rate(rate),
        Some(("cron", cron)) => check_cron(cron),
        Some(_) | None => Err("expected `rate(15 minutes)`, `cron(0 2 ? * SUN *)` or `off`".to_owned()),
    }
}

fn check_rate(rate: &str) -> Result<String, String> {
    let expected =
        || "expected rate(value unit), such as `rate(15 minutes)`, `rate(1 hour)` or `rate(7 days)`".to_owned();
    let [value, unit] = rate.split_whitespace().collect::<Vec<_>>()[..] else {
        return Err(expected());
    };
    let value: u32 = value.parse().ok().filter(|value| *value > 0).ok_or_else(expected)?;
    let singular = unit.strip_suffix('s').unwrap_or(unit);
    if !["minute", "hour", "day"].contains(&singular) {
        return Err(expected());
    }
    let right = if value == 1 { singular.to_owned() } else { format!("{singular}s") };
    if unit != right {
        return Err(format!("EventBridge wants `rate({value} {right})`"));
    }
    Ok(format!("rate({value} {unit})"))
}

fn check_cron(cron: &str) -> Result<String, String> {
    let texts: Vec<&str> = cron.split_whitespace().collect();
    if texts.len() != FIELDS.len() {
        let found = texts.len();
        return Err(format!(
            "cron has six fields (minutes, hours, day of the month, month, day of the week, year), not {found}"
        ));
    }
    for (index, (text, field)) in texts.iter().zip(&FIELDS).enumerate() {
        if !is_field(text, index, field) {
            return Err(format!("`{text}` is no value for {} in cron", field.name));
        }
    }
    match (texts[DAY_OF_MONTH], texts[DAY_OF_WEEK]) {
        ("?", "?") => Err("cron needs a day: only one of its two days can be `?`".to_owned()),
        ("?", _) | (_, "?") => Ok(format!("cron({})", texts.join(" "))),
        _ => Err("in cron, one of day of the month and day of the week has to be `?`".to_owned()),
    }
}

fn is_field(text: &str, index: usize, field: &Field) -> bool {
    let special = match (index, text) {
        (DAY_OF_MONTH, "?" | "L" | "LW") | (DAY_OF_WEEK, "?" | "L") => true,
        (DAY_OF_MONTH, other) => other.strip_suffix('W').is_some_and(|day| number(day, field).is_some()),
        (DAY_OF_WEEK, other) => is_weekday_of_month(other, field),
        _ => false,
    };
    special || text.split(',').all(|item| is_item(item, field))
}

/// `6#3`, the third Friday; `6L`, the last one.
fn is_weekday_of_month(text: &str, field: &Field) -> bool {
    match text.split_once('#') {
        Some((day, week)) => number(day, field).is_some() && matches!(week, "1" | "2" | "3" | "4" | "5"),
        None => text.strip_suffix('L').is_some_and(|day| number(day, field).is_some()),
    }
}

/// `*`, `5`, `5-7`, each with a step if wanted: `*/2`.
fn is_item(item: &str, field: &Field) -> bool {
    let (range, step) = item.split_once('/').map_or((item, None), |(range, step)| (range, Some(step)));
    let step_is_right = step.is_none_or(|step| step.parse::<u32>().is_ok_and(|step| (1..=field.most).contains(&step)));
    let range_is_right = match range.split_once('-') {
        Some((first, last)) => number(first, field).zip(number(last, field)).is_some_and(|(first, last)| first <= last),
        None => range == "*" || number(range, field).is_some(),
    };
    step_is_right && range_is_right
}

fn number(text: &str, field: &Field) -> Option<u32> {
    let word = field.words.iter().position(|word| word.eq_ignore_ascii_case(text));
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match word {
        Some(index) => u32::try_from(index).ok().map(|index| field.least + index),
        None if digits => text.parse().ok().filter(|value| (field.least..=field.most).contains(value)),
        None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn what_event_bridge_accepts_is_accepted() {
        for schedule in [
            "off",
            "rate(15 minutes)",
            "rate(1 minute)",
            "rate(7 days)",
            "cron(0 2 ? * SUN *)",
            "cron(0/15 8-17 ? * MON-FRI *)",
            "cron(0 10 * * ? *)",
            "cron(15,45 0 1,15 JAN-JUN ? 2026-2030)",
            "cron(0 0 L * ? *)",
            "cron(0 0 15W * ? *)",
            "cron(0 9 ? * 6#3 *)",
            "cron(0 9 ? * 6L *)",
        ] {
            assert_eq!(check(schedule).as_deref(), Ok(schedule));
        }
        assert_eq!(check(" cron( 0  2 ? * SUN * ) ").as_deref(), Ok("cron(0 2 ? * SUN *)"));
    }

    #[test]
    fn what_it_refuses_is_refused() {
        for (schedule, message) in [
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
            ("cron(0 2 ? * FOO *)", "`FOO` is no value for day of the week"),
            ("cron(0 5-2 ? * SUN *)", "`5-2` is no value for hours"),
            ("cron(0 */0 ? * SUN *)", "`*/0` is no value for hours"),
            ("cron(0 2, ? * SUN *)", "`2,` is no value for hours"),
        ] {
            let found = check(schedule).unwrap_err();
            assert!(found.contains(message), "{schedule}: {found}");
        }
    }
}
