//! Slices: ranges of `created`, the full import's unit of work.
//!
//! `created` never changes in Okta, so a slice holds the same people however often it is read. Okta lists them sorted
//! by `created` (Okta: List all users, `sortBy`), which is what lets a slice be cut at any second that is still ahead.

use serde::{Deserialize, Serialize};

use crate::model::Time;

/// A slice that is being read, or waits for it: as much of a run's checkpoint as belongs to it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Slice {
    /// Its number in the run; renewed when a part of it is finished, because what was seen is kept by number.
    pub number: u32,
    /// The earliest `created` in it; `None` is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Time>,
    /// The first `created` after it; `None` is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Time>,
    /// The largest `created` seen: where to take it up again by key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<Time>,
    /// Where the next page is, for as long as Okta keeps the cursor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    /// How far the page reaches that is being taken in: a cut has to lie beyond it.
    #[serde(skip)]
    pub reaching: Option<Time>,
    /// Whether the list has ended, and only the sweep is left.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub listed: bool,
    /// Pages read since it began or was last split.
    pub pages: u32,
    /// Pages read since a part of it was last finished.
    pub unswept_pages: u32,
    /// The last suspect who was asked for in an unfinished sweep.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked_to: Option<String>,
    /// How many suspects of an unfinished sweep were there all the same, though long since due in the list.
    #[serde(default)]
    pub unlisted: u64,
    /// How many items hold the ids seen in it since a part was last finished.
    pub seen_chunks: u32,
}

impl Slice {
    /// A slice of these bounds, not begun.
    pub fn new(number: u32, from: Option<Time>, to: Option<Time>) -> Slice {
        Slice {
            number,
            from,
            to,
            last: None,
            cursor: None,
            reaching: None,
            listed: false,
            asked_to: None,
            unlisted: 0,
            pages: 0,
            unswept_pages: 0,
            seen_chunks: 0,
        }
    }

    /// Whether someone created then belongs to it.
    pub fn holds(&self, created: Time) -> bool {
        self.from.is_none_or(|from| from <= created) && self.to.is_none_or(|to| created < to)
    }

    /// The time still ahead in it, in milliseconds; an open end counts to `newest`.
    pub fn ahead(&self, newest: Time) -> u64 {
        match self.last.max(self.reaching) {
            Some(last) if !self.listed => {
                let end = self.to.unwrap_or(newest);
                end.since(last).as_millis() as u64
            }
            _ => 0,
        }
    }
}

/// Splits the slice with the most time ahead of it among those that have proven large (`pages_before_split` pages read):
/// it keeps the near half, and the far half is a new slice. `None` when no slice is worth it.
pub fn split(slices: &mut [Slice], number: u32, newest: Time, pages_before_split: u32) -> Option<Slice> {
    const SHORTEST_MILLIS: u64 = 4_000;
    let largest = slices
        .iter_mut()
        .filter(|slice| slice.pages >= pages_before_split && !slice.listed)
        .max_by_key(|slice| slice.ahead(newest))?;
    let ahead = largest.ahead(newest);
    if ahead < SHORTEST_MILLIS {
        return None;
    }
    // Whole seconds, as Okta's times have them.
    let middle = Time::from_millis((largest.last.max(largest.reaching)?.millis() + ahead as i64 / 2) / 1_000 * 1_000);
    let far = Slice::new(number, Some(middle), largest.to);
    largest.to = Some(middle);
    largest.pages = 0;
    Some(far)
}

#[cfg(test)]
mod tests {
    use super::{Slice, split};
    use crate::model::Time;
    use proptest::prelude::*;

    fn second(second: i64) -> Time {
        Time::from_millis(second * 1_000)
    }

    #[test]
    fn the_far_half_of_what_is_ahead_is_given_away() {
        let mut slices = [Slice { last: Some(second(100)), pages: 5, ..Slice::new(0, None, None) }];
        let far = split(&mut slices, 1, second(200), 5).unwrap();
        assert_eq!((slices[0].to, far.from, far.to), (Some(second(150)), Some(second(150)), None));
    }

    #[test]
    fn small_short_or_finished_slices_stay_whole() {
        let large = Slice { last: Some(second(100)), pages: 5, ..Slice::new(0, None, None) };
        let cases = [
            Slice { pages: 4, ..large.clone() },
            Slice { to: Some(second(103)), ..large.clone() },
            Slice { listed: true, ..large.clone() },
            Slice { last: None, ..large },
        ];
        for slice in cases {
            assert_eq!(split(&mut [slice.clone()], 1, second(200), 5), None, "{slice:?}");
        }
    }

    proptest! {
        #[test]
        fn however_often_they_are_split_slices_cover_every_moment_once(
            positions in prop::collection::vec(0i64..1_000_000, 1..40),
            moment in -10i64..1_000_010,
        ) {
            let mut slices = vec![Slice::new(0, None, None)];
            for (index, position) in positions.iter().enumerate() {
                for slice in &mut slices {
                    let from = slice.from.unwrap_or(second(0));
                    let to = slice.to.unwrap_or(second(1_000_000));
                    slice.pages = 9;
                    let reached = second(*position).clamp(from, to);
                    slice.last = (reached < to).then_some(reached);
                }
                let far = split(&mut slices, index as u32 + 1, second(1_000_000), 5);
                slices.extend(far);
            }
            prop_assert_eq!(slices.iter().filter(|slice| slice.holds(second(moment))).count(), 1);
        }
    }
}
