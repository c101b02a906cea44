//! Numbers, times and spans as people read them.

use std::time::Duration;

use rollcall_shared::model::Time;

/// A whole number with its thousands apart.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number of units, to one place if that says anything.
pub(crate) fn units(number: f64) -> String {
    let tenths = (number.max(0.0) * 10.0).round() as u64;
    match tenths % 10 {
        0 => grouped(tenths / 10),
        rest => format!("{}.{rest}", grouped(tenths / 10)),
    }
}

/// A number of bytes.
pub(crate) fn bytes(number: u64) -> String {
    match number {
        0..1_000 => format!("{number} B"),
        1_000..1_000_000 => format!("{:.1} KB", number as f64 / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} MB", number as f64 / 1e6),
        _ => format!("{:.1} GB", number as f64 / 1e9),
    }
}

/// How long something took.
pub(crate) fn span(span: Duration) -> String {
    let seconds = span.as_secs();
    match seconds {
        0..60 => format!("{:.1} s", span.as_secs_f64()),
        60..3_600 => format!("{} min {} s", seconds / 60, seconds % 60),
        _ => format!("{} h {} min", seconds / 3_600, seconds / 60 % 60),
    }
}

/// A moment to the second, in UTC.
pub(crate) fn moment(time: Time) -> String {
    time.to_string().replace('T', " ").split('.').next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    #[test]
    fn numbers_read_well() {
        assert_eq!([0, 999, 1_000, 1_234_567].map(super::grouped), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!([0.0, 0.5, 1_999.96, 12.25].map(super::units), ["0", "0.5", "2,000", "12.3"]);
        assert_eq!([12, 1_500, 2_340_000].map(super::bytes), ["12 B", "1.5 KB", "2.3 MB"]);
        assert_eq!([4, 75, 7_260].map(|s| super::span(Duration::from_secs(s))), ["4.0 s", "1 min 15 s", "2 h 1 min"]);
        assert_eq!(super::moment("2026-11-20T10:00:05.123Z".parse().unwrap()), "2026-11-20 10:00:05");
    }
}
