//! Dates in another form. The time of day and the offset stay as they are written: nothing is moved to another zone.

use jiff::civil::{DateTime, Time};
use jiff::fmt::strtime::BrokenDownTime;
use jiff::fmt::temporal::Pieces;
use jiff::tz::{Offset, TimeZone};
use jmespath::ast::Ast;

use super::arguments::{Arguments, failure, null, text};
use super::{Made, literal};

/// `date(x, format[, input])`: a date or a time in RFC 3339, or in the format `input`, written in another format. A blank
/// text is no date, and gives null.
pub(super) fn date(arguments: &Arguments<'_>) -> Made {
    let Some(subject) = arguments.subject()?.map(str::trim).filter(|subject| !subject.is_empty()) else {
        return Ok(null());
    };
    let format = arguments.text(1)?;
    let moment = match arguments.get(2) {
        Some(_) => {
            let input = arguments.text(2)?;
            read_as(input, subject).ok_or_else(|| failure("argument 1 is no date in the format of argument 3"))?
        }
        None => read(subject).ok_or_else(|| failure("argument 1 is no date in RFC 3339"))?,
    };
    text(write(format, &moment).ok_or_else(|| failure("argument 2 is no format for dates"))?)
}

/// Checks the formats that are written out in a call.
pub(super) fn check(arguments: &[Ast]) -> Result<(), String> {
    if let Some(format) = literal(arguments.get(1)) {
        check_format(format, 2)?;
    }
    let Some(input) = literal(arguments.get(2)) else { return Ok(()) };
    check_format(input, 3)?;
    // What it writes it has to be able to read.
    let written = sample().and_then(|sample| write(input, &sample));
    let read = written.and_then(|written| read_as(input, &written));
    read.map(drop).ok_or_else(|| "argument 3 does not have a whole date, such as '%m/%d/%Y'".to_owned())
}

fn check_format(format: &str, place: usize) -> Result<(), String> {
    if !format.contains('%') {
        return Err(format!("argument {place} has none of a date's parts, as '%d/%m/%Y' has"));
    }
    let written = sample().and_then(|sample| write(format, &sample));
    written.map(drop).ok_or_else(|| format!("argument {place} is no format for dates, such as '%d/%m/%Y'"))
}

/// A date, perhaps with a time of day, perhaps with an offset; UTC when none is written.
fn read(subject: &str) -> Option<BrokenDownTime> {
    let pieces = Pieces::parse(subject).ok()?;
    let time = pieces.time().unwrap_or(Time::midnight());
    at(pieces.date().to_datetime(time), pieces.to_numeric_offset())
}

fn read_as(input: &str, subject: &str) -> Option<BrokenDownTime> {
    let parsed = BrokenDownTime::parse(input, subject).ok()?;
    at(parsed.to_datetime().ok()?, parsed.offset())
}

fn at(moment: DateTime, offset: Option<Offset>) -> Option<BrokenDownTime> {
    let zone = TimeZone::fixed(offset.unwrap_or(Offset::UTC));
    Some(BrokenDownTime::from(&moment.to_zoned(zone).ok()?))
}

fn write(format: &str, moment: &BrokenDownTime) -> Option<String> {
    moment.to_string(format).ok()
}

fn sample() -> Option<BrokenDownTime> {
    read("2026-11-20T10:05:09.123Z")
}
