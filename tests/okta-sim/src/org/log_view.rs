//! The whole log: what was written, and the generated history of sign-ons, in one order.

use std::borrow::Cow;
use std::ops::Bound;

use jiff::Timestamp;

use super::sign_on::History;
use super::{Event, LogOrder, LogPlace, Org};

/// The numbers of the generated history begin here, far beyond those of events that were written.
const PAST: usize = 1 << 40;

/// An entry of the log.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Entry<'a> {
    /// An event that was written.
    Written(&'a Event),
    /// The sign-on of this number in the generated history.
    Past(usize),
}

/// Which end of the log to begin at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reading {
    Forwards,
    Backwards,
}

type Entries<'a> = Box<dyn Iterator<Item = (LogPlace, Entry<'a>)> + 'a>;

impl Org {
    /// The log between two places of an order.
    pub(crate) fn log_entries(
        &self,
        order: LogOrder,
        (from, to): (Bound<LogPlace>, Bound<LogPlace>),
        reading: Reading,
    ) -> Entries<'_> {
        let written = self.journal.range(order, (from, to)).map(|(place, event)| (place, Entry::Written(event)));
        let history = &self.history;
        let (first, last) = (history.begin(from), history.end(to));
        let past = (first..last.max(first)).filter_map(|number| Some((history.place(number)?, Entry::Past(number))));
        match reading {
            Reading::Forwards => merged(Box::new(written), Box::new(past), |one, other| one < other),
            Reading::Backwards => merged(Box::new(written.rev()), Box::new(past.rev()), |one, other| one > other),
        }
    }

    /// Whether an entry of that number shows by `now`.
    pub(crate) fn has_arrived(&self, (number, entry): (usize, Entry<'_>), now: Timestamp) -> bool {
        match entry {
            Entry::Written(_) => self.journal.has_arrived(number, now),
            Entry::Past(_) => true,
        }
    }

    /// The event of an entry, written out if need be.
    pub(crate) fn event_of<'a>(&self, entry: Entry<'a>) -> Option<Cow<'a, Event>> {
        match entry {
            Entry::Written(event) => Some(Cow::Borrowed(event)),
            Entry::Past(number) => self.past_event(number).map(Cow::Owned),
        }
    }

    /// The generated history.
    pub(crate) fn history(&self) -> &History {
        &self.history
    }
}

impl History {
    fn place(&self, number: usize) -> Option<LogPlace> {
        Some((self.at(number)?, PAST + number))
    }

    /// The first sign-on from a bound on.
    fn begin(&self, from: Bound<LogPlace>) -> usize {
        match from {
            Bound::Included(from) => self.count_while(|place| place < from),
            Bound::Excluded(from) => self.count_while(|place| place <= from),
            Bound::Unbounded => 0,
        }
    }

    /// The first sign-on beyond a bound.
    fn end(&self, to: Bound<LogPlace>) -> usize {
        match to {
            Bound::Included(to) => self.count_while(|place| place <= to),
            Bound::Excluded(to) => self.count_while(|place| place < to),
            Bound::Unbounded => self.len(),
        }
    }

    /// How many sign-ons there are before `holds` ceases to.
    fn count_while(&self, holds: impl Fn(LogPlace) -> bool) -> usize {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = low.midpoint(high);
            match self.place(middle).is_some_and(&holds) {
                true => low = middle + 1,
                false => high = middle,
            }
        }
        low
    }
}

/// Two ordered lists as one.
fn merged<'a>(one: Entries<'a>, other: Entries<'a>, is_first: fn(LogPlace, LogPlace) -> bool) -> Entries<'a> {
    let (mut one, mut other) = (one.peekable(), other.peekable());
    Box::new(std::iter::from_fn(move || match (one.peek(), other.peek()) {
        (Some((here, _)), Some((there, _))) if is_first(*there, *here) => other.next(),
        (None, _) => other.next(),
        (Some(_), _) => one.next(),
    }))
}
