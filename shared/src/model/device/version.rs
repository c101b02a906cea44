//! Versions of operating systems, compared number by number.

use std::cmp::Ordering;

/// Okta's versions have at most so many numbers; a longer one is none of Okta's.
const MOST_NUMBERS: usize = 8;

/// A version's numbers: `10.0.18362` is 10, 0, 18362. On Android a security patch stands behind a colon, which is no part
/// of it. `None` for what cannot be compared.
pub(super) fn numbers(version: &str) -> Option<Vec<u64>> {
    let version = version.split(':').next().unwrap_or_default().trim();
    let numbers: Vec<u64> = version.split('.').map(|part| part.parse().ok()).collect::<Option<_>>()?;
    (numbers.len() <= MOST_NUMBERS).then_some(numbers)
}

/// How two versions compare; numbers that one of them lacks count as 0.
pub(super) fn compare(one: &[u64], other: &[u64]) -> Ordering {
    let at = |numbers: &[u64], place: usize| numbers.get(place).copied().unwrap_or(0);
    let places = 0..one.len().max(other.len());
    places.map(|place| at(one, place).cmp(&at(other, place))).find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_by_their_numbers() {
        for (one, other, expected) in [
            ("15.6.1", "15.6", Ordering::Greater),
            ("15.6", "15.6.0", Ordering::Equal),
            ("9.10", "9.9", Ordering::Greater),
            ("10.0.18362", "10.0.22000", Ordering::Less),
            ("16:2025-09-01", "16", Ordering::Equal),
        ] {
            assert_eq!(compare(&numbers(one).unwrap(), &numbers(other).unwrap()), expected, "{one} {other}");
        }
    }

    #[test]
    fn what_is_no_version_is_not_compared() {
        for text in ["", "beta", "10.x", "10..1", "-1", "99999999999999999999", "1.1.1.1.1.1.1.1.1"] {
            assert_eq!(numbers(text), None, "{text}");
        }
    }
}
