//! Ranges of Okta ids: the second key by which a second is cut into which a bulk import put thousands of people.

use serde::{Deserialize, Serialize};

/// The characters of an id in the order that Okta's are compared in here. Were Okta to order them otherwise, the ranges
/// would be of uneven size, and still hold everybody once: Okta itself decides what lies in each.
const DIGITS: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// The ids from one on and before another; both ends may be open.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdRange {
    /// The first id in it; `None` is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The first id after it; `None` is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
}

impl IdRange {
    /// Cuts all ids into so many ranges, of equal width between two ids. One range alone where the ids are too near to
    /// each other, or do not look like Okta's.
    pub fn cut(first: &str, last: &str, parts: u32) -> Vec<IdRange> {
        let (Some(low), Some(high)) = (number(first), number(last)) else { return vec![IdRange::default()] };
        let width = high.saturating_sub(low) / u128::from(parts.max(1));
        if first.len() != last.len() || width == 0 {
            return vec![IdRange::default()];
        }
        let mut ranges = vec![IdRange::default()];
        for part in 1..u128::from(parts) {
            let pivot = spelled(low + part * width, first.len());
            if let Some(before) = ranges.last_mut() {
                before.to = Some(pivot.clone());
            }
            ranges.push(IdRange { from: Some(pivot), to: None });
        }
        ranges
    }
}

/// An id as a number; `None` when it is no id, or longer than a number can hold (21 characters).
fn number(id: &str) -> Option<u128> {
    id.bytes().try_fold(0_u128, |number, byte| {
        let digit = DIGITS.iter().position(|digit| *digit == byte)?;
        number.checked_mul(DIGITS.len() as u128)?.checked_add(digit as u128)
    })
}

fn spelled(mut number: u128, length: usize) -> String {
    let mut digits = vec![DIGITS[0]; length];
    for place in digits.iter_mut().rev() {
        *place = DIGITS[(number % DIGITS.len() as u128) as usize];
        number /= DIGITS.len() as u128;
    }
    digits.into_iter().map(char::from).collect()
}

#[cfg(test)]
mod tests {
    use super::{IdRange, number, spelled};
    use proptest::prelude::*;

    fn holds(range: &IdRange, id: &str) -> bool {
        range.from.as_deref().is_none_or(|from| from <= id) && range.to.as_deref().is_none_or(|to| id < to)
    }

    #[test]
    fn what_is_no_id_or_too_near_stays_whole() {
        for (first, last) in [("00u1", "00u1"), ("00u1", "00u2"), ("", "z"), ("00u-", "00uz"), ("00u2", "00u1")] {
            assert_eq!(IdRange::cut(first, last, 4), [IdRange::default()], "{first} {last}");
        }
        let long = "z".repeat(22);
        assert_eq!(IdRange::cut("0", &long, 4), [IdRange::default()]);
    }

    #[test]
    fn the_ranges_are_of_equal_width() {
        let ranges = IdRange::cut("00u00000000000000000", "00uzzzzzzzzzzzzzzzzz", 2);
        assert_eq!(ranges[0].to.as_deref(), Some("00uUzzzzzzzzzzzzzzzz"));
        assert_eq!(ranges[1].from, ranges[0].to);
    }

    proptest! {
        #[test]
        fn every_id_is_in_one_range(
            first in "00u[0-9A-Za-z]{17}", last in "00u[0-9A-Za-z]{17}", id in "00[a-z][0-9A-Za-z]{17}", parts in 0u32..9,
        ) {
            let ranges = IdRange::cut(&first, &last, parts);
            prop_assert!(ranges.len() == parts.max(1) as usize || ranges.len() == 1);
            prop_assert_eq!(ranges.iter().filter(|range| holds(range, &id)).count(), 1);
        }

        #[test]
        fn an_id_is_the_number_that_it_spells(id in "[0-9A-Za-z]{1,20}") {
            prop_assert_eq!(spelled(number(&id).unwrap(), id.len()), id);
        }
    }
}
