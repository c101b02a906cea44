//! EventBridge's cron expressions, put into the words of the library that finds their times.
//!
//! EventBridge has six fields (minutes, hours, day of the month, month, day of the week, year), counts the days of the
//! week from 1 for Sunday, and wants one of the two days to be `?`. Everything is checked here, so that a fault is told in
//! the words of the field that has it.

use croner::parser::{CronParser, Seconds, Year};

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

/// A cron expression that was read.
pub(super) struct Cron {
    /// With single spaces.
    pub(super) text: String,
    /// What finds its times, on a clock of no zone.
    pub(super) pattern: croner::Cron,
}

/// Reads what stands between the brackets of `cron(…)`.
pub(super) fn parse(fields: &str) -> Result<Cron, String> {
    let texts: Vec<&str> = fields.split_whitespace().collect();
    if texts.len() != FIELDS.len() {
        let found = texts.len();
        return Err(format!(
            "cron has six fields (minutes, hours, day of the month, month, day of the week, year), not {found}"
        ));
    }
    let mut words = Vec::with_capacity(FIELDS.len());
    for (index, (text, field)) in texts.iter().zip(&FIELDS).enumerate() {
        let word = translated(text, index, field);
        words.push(word.ok_or_else(|| format!("`{text}` is no value for {} in cron", field.name))?);
    }
    match (texts[DAY_OF_MONTH], texts[DAY_OF_WEEK]) {
        ("?", "?") => return Err("cron needs a day: only one of its two days can be `?`".to_owned()),
        ("?", _) | (_, "?") => {}
        _ => return Err("in cron, one of day of the month and day of the week has to be `?`".to_owned()),
    }
    // Both days have to fit, of which one is any; the week begins with 1 for Sunday.
    let parser = CronParser::builder().seconds(Seconds::Required).year(Year::Required);
    let parser = parser.dom_and_dow(true).alternative_weekdays(true).build();
    let pattern =
        parser.parse(&format!("0 {}", words.join(" "))).map_err(|error| format!("cron cannot be read: {error}"))?;
    Ok(Cron { text: format!("cron({})", texts.join(" ")), pattern })
}

/// A field in the library's words, with numbers for names; `None` where it is no value of the field.
fn translated(text: &str, index: usize, field: &Field) -> Option<String> {
    let special = match (index, text) {
        (DAY_OF_MONTH | DAY_OF_WEEK, "?") => Some("*".to_owned()),
        (DAY_OF_MONTH, "L" | "LW") => Some(text.to_owned()),
        // The last day of the week is Saturday.
        (DAY_OF_WEEK, "L") => Some(field.most.to_string()),
        (DAY_OF_MONTH, other) => {
            other.strip_suffix('W').and_then(|day| number(day, field)).map(|day| format!("{day}W"))
        }
        (DAY_OF_WEEK, other) => weekday_of_month(other, field),
        _ => None,
    };
    special.or_else(|| {
        text.split(',').map(|item| item_of_list(item, field)).collect::<Option<Vec<_>>>().map(|items| items.join(","))
    })
}

/// `6#3`, the third Friday; `6L`, the last one.
fn weekday_of_month(text: &str, field: &Field) -> Option<String> {
    if let Some((day, week)) = text.split_once('#') {
        let day = number(day, field)?;
        return matches!(week, "1" | "2" | "3" | "4" | "5").then(|| format!("{day}#{week}"));
    }
    let day = number(text.strip_suffix('L')?, field)?;
    Some(format!("{day}#L"))
}

/// `*`, `5`, `5-7`, each with a step if wanted: `*/2`; a step after a single number goes on to the field's end.
fn item_of_list(item: &str, field: &Field) -> Option<String> {
    let (range, step) = item.split_once('/').map_or((item, None), |(range, step)| (range, Some(step)));
    let step: Option<u32> = match step {
        Some(step) => Some(step.parse().ok().filter(|step| (1..=field.most).contains(step))?),
        None => None,
    };
    let range = match range.split_once('-') {
        Some((first, last)) => {
            let (first, last) = (number(first, field)?, number(last, field)?);
            (first <= last).then(|| format!("{first}-{last}"))?
        }
        None if range == "*" => range.to_owned(),
        None if step.is_some() => format!("{}-{}", number(range, field)?, field.most),
        None => number(range, field)?.to_string(),
    };
    Some(step.map_or_else(|| range.clone(), |step| format!("{range}/{step}")))
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
