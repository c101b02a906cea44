//! Slices: ranges of `created`, the full import's unit of work.
//!
//! `created` never changes in Okta, so a slice holds the same people however often it is read. Okta lists them sorted
//! by `created` (Okta: List all users, `sortBy`), which is what lets a slice be cut at any second that is still ahead.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::model::{IdRange, Time};

/// What Okta's times are whole in.
pub const SECOND: Duration = Duration::from_secs(1);

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
    /// The ids in it, where it is a part of one crowded second; all parts of a second are swept together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ids: Option<IdRange>,
    /// The largest `created` seen: where to take it up again by key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<Time>,
    /// Where the next page is, for as long as Okta keeps the cursor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    /// How far the page reaches that is being taken in: a cut has to lie beyond it.
    #[serde(skip)]
    pub reaching: Option<Time>,
    /// How many of the newest pages showed people of the one second `last` alone.
    #[serde(skip)]
    pub crowded: u32,
    /// Whether its sweep has begun.
    #[serde(skip)]
    pub sweeping: bool,
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
            ids: None,
            last: None,
            cursor: None,
            reaching: None,
            crowded: 0,
            sweeping: false,
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

    /// Notes whether another page showed people of one second alone, created from the oldest to the newest.
    pub fn note_crowd(&mut self, page: Option<(Time, Time)>) {
        self.crowded = match page {
            Some((oldest, newest)) if oldest == newest && self.last == Some(newest) => self.crowded + 1,
            Some((oldest, newest)) if oldest == newest => 1,
            _ => 0,
        };
    }

    /// Whether another slice is a part of the same second.
    pub fn shares_second(&self, other: &Slice) -> bool {
        self.ids.is_some() && other.ids.is_some() && self.from == other.from
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

/// Cuts the slice, which has come to a crowded second, into that second's parts by id and what comes after it. It stays
/// the first part itself and begins anew, with what was seen in it; the others are new slices, numbered from `number`.
pub fn cut_second(slice: &mut Slice, number: u32, second: Time, parts: Vec<IdRange>) -> Vec<Slice> {
    let after = second.after(SECOND);
    let rest = slice.to.is_none_or(|to| after < to).then_some((after, slice.to, None));
    let mut parts = parts.into_iter();
    let first = parts.next();
    let others = parts.map(|ids| (second, Some(after), Some(ids))).chain(rest);
    let new = others.zip(number..).map(|((from, to, ids), number)| Slice { ids, ..Slice::new(number, Some(from), to) });
    let new = new.collect();
    let part = Slice::new(slice.number, Some(second), Some(after));
    *slice = Slice { ids: first, last: Some(second), seen_chunks: slice.seen_chunks, ..part };
    new
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
    use super::{Slice, cut_second, split};
    use crate::model::{IdRange, Time};
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

    #[test]
    fn pages_of_one_second_crowd_and_another_second_begins_anew() {
        let mut slice = Slice::new(0, None, None);
        let mut crowded = |oldest, newest| {
            slice.note_crowd(Some((second(oldest), second(newest))));
            slice.last = Some(second(newest));
            slice.crowded
        };
        let pages = [(1, 5), (5, 5), (5, 5), (5, 6), (6, 6), (7, 7), (7, 7)];
        assert_eq!(pages.map(|(oldest, newest)| crowded(oldest, newest)), [0, 1, 2, 0, 1, 1, 2]);
    }

    #[test]
    fn a_crowded_second_is_cut_from_what_comes_after_it() {
        let parts = IdRange::cut("00u1", "00u9", 2);
        for (to, expected) in [(None, 2), (Some(second(9)), 2), (Some(second(6)), 1)] {
            let mut slice = Slice { last: Some(second(5)), pages: 7, ..Slice::new(3, Some(second(2)), to) };
            let new = cut_second(&mut slice, 8, second(5), parts.clone());
            assert_eq!(new.len(), expected);
            assert_eq!((slice.number, slice.from, slice.to), (3, Some(second(5)), Some(second(6))));
            assert_eq!((&slice.ids, &new[0].ids), (&Some(parts[0].clone()), &Some(parts[1].clone())));
            assert!(slice.shares_second(&new[0]) && slice.last == slice.from);
            if let Some(rest) = new.get(1) {
                assert_eq!((rest.number, rest.from, rest.to, &rest.ids), (9, Some(second(6)), to, &None));
                assert!(!rest.shares_second(&slice));
            }
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
