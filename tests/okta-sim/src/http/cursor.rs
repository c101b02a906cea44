//! Opaque cursors: a position, the listing it belongs to and when it was issued, in hexadecimal.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

/// A cursor for a position; without a time it never expires.
pub(super) fn write(position: &str, listing: u64, issued: Option<Timestamp>) -> String {
    let issued = issued.map_or(i64::MAX, Timestamp::as_millisecond);
    let plain = format!("{listing:x} {issued} {position}");
    plain.bytes().map(|byte| format!("{byte:02x}")).collect()
}

/// The position in a cursor, unless it is garbled, of another listing, or too old.
pub(super) fn read(text: &str, listing: u64, now: Timestamp, life: Option<Duration>) -> Option<String> {
    let plain = String::from_utf8(from_hexadecimal(text)?).ok()?;
    let mut parts = plain.splitn(3, ' ');
    let belongs = u64::from_str_radix(parts.next()?, 16).ok()? == listing;
    let issued: i64 = parts.next()?.parse().ok()?;
    let position = parts.next()?;
    let age = SignedDuration::from_millis(now.as_millisecond().saturating_sub(issued));
    let is_alive = life.is_none_or(|life| SignedDuration::try_from(life).is_ok_and(|life| age <= life));
    (belongs && is_alive).then(|| position.to_owned())
}

fn from_hexadecimal(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes().chunks(2);
    digits
        .map(|pair| {
            let pair = std::str::from_utf8(pair).ok().filter(|pair| pair.len() == 2)?;
            u8::from_str_radix(pair, 16).ok()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_good_for_its_listing_and_its_life() {
        let now: Timestamp = "2026-11-20T10:00:00Z".parse().unwrap();
        let life = Some(Duration::from_secs(60));
        let cursor = write("00u1 x", 7, Some(now));
        assert_eq!(read(&cursor, 7, now, life).as_deref(), Some("00u1 x"));
        assert_eq!(read(&cursor, 8, now, life), None);
        let later = now + SignedDuration::from_secs(61);
        assert_eq!(read(&cursor, 7, later, life), None);
        assert_eq!(read(&cursor, 7, later, None).as_deref(), Some("00u1 x"));
        assert_eq!(read("nonsense", 7, now, life), None);
        assert_eq!(read(&write("p", 7, None), 7, later, life).as_deref(), Some("p"));
    }
}
