//! When a run's view of Okta cannot be trusted: too much of what is known is out of sight.

use std::time::Duration;

/// A record younger than this may not have reached Okta's search index: being alive but unlisted says nothing then.
pub const OLD_ENOUGH_TO_BE_LISTED: Duration = Duration::from_secs(15 * 60);

/// Whether so many unexplained objects among so many known ones mean that the view is wrong, and not the objects:
/// more than one in a hundred, and at least ten.
pub fn is_too_many(unexplained: u64, known: u64) -> bool {
    unexplained >= 10 && unexplained.saturating_mul(100) > known
}

#[cfg(test)]
mod tests {
    use super::is_too_many;

    #[test]
    fn more_than_one_percent_and_at_least_ten() {
        for (unexplained, known, too_many) in
            [(0, 0, false), (9, 9, false), (10, 10, true), (10, 999, true), (10, 1_000, false), (11, 1_000, true)]
        {
            assert_eq!(is_too_many(unexplained, known), too_many, "{unexplained} of {known}");
        }
    }
}
