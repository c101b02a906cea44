//! Clocks that are off: a lease holds the time of whoever took it, and each process has a clock of its own.

use test_support::wire::{Call, Message};

/// Digits of a time in milliseconds.
const DIGITS: usize = 13;

/// Shifts the times that a process writes into a lease, or compares one with, as if its clock were off by so much.
pub(crate) fn shift_lease_times(request: &mut Message, call: &Call, by_millis: i64) {
    if by_millis == 0 || !call.items.iter().any(|(_, sk)| sk.starts_with("lease#")) {
        return;
    }
    let text = String::from_utf8_lossy(&request.bytes[request.head.len()..]).into_owned();
    let mut shifted = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some(at) = rest.find("\"N\":\"") {
        let (before, value) = rest.split_at(at + 5);
        let end = value.find('"').unwrap_or(value.len());
        shifted.push_str(before);
        match value[..end].parse::<i64>() {
            Ok(millis) if end == DIGITS => shifted.push_str(&(millis + by_millis).to_string()),
            _ => shifted.push_str(&value[..end]),
        }
        rest = &value[end..];
    }
    shifted.push_str(rest);
    // A time shifted by some minutes has as many digits as before, so the stated length holds.
    request.bytes.truncate(request.head.len());
    request.bytes.extend(shifted.into_bytes());
}
