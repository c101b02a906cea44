//! The system log's storage: events by the time they arrived and by the time they happened.

use std::collections::BTreeSet;
use std::ops::Bound;

use jiff::{SignedDuration, Timestamp};

use super::event::Event;
use crate::clock::shifted;

/// A place in one of the log's two orders: a time and the event's number.
pub(crate) type LogPlace = (Timestamp, usize);

/// The events of an org.
#[derive(Clone, Debug, Default)]
pub(crate) struct Journal {
    events: Vec<Event>,
    /// When each event shows, by its number.
    arrivals: Vec<Timestamp>,
    /// By internal persistence time: the order of polling requests.
    by_arrival: BTreeSet<LogPlace>,
    /// By `published`: the order of bounded requests.
    by_published: BTreeSet<LogPlace>,
    delay: SignedDuration,
}

/// Which of the two orders to read in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LogOrder {
    Arrival,
    Published,
}

impl Journal {
    /// How long events take from now on between happening and showing.
    pub(crate) fn set_delay(&mut self, delay: SignedDuration) {
        let millis = i64::try_from(delay.as_millis()).unwrap_or(i64::MAX);
        self.delay = SignedDuration::from_millis(millis);
    }

    pub(crate) fn push(&mut self, event: Event) {
        let number = self.events.len();
        self.by_published.insert((event.published, number));
        let arrival = shifted(event.published, self.delay);
        self.by_arrival.insert((arrival, number));
        self.arrivals.push(arrival);
        self.events.push(event);
    }

    /// Every event in the order in which it happened, shown or not.
    pub(crate) fn events(&self) -> &[Event] {
        &self.events
    }

    /// Whether the event of that number shows by `now`.
    pub(crate) fn has_arrived(&self, number: usize, now: Timestamp) -> bool {
        self.arrivals.get(number).is_some_and(|arrival| *arrival <= now)
    }

    /// The events in an order, between two places.
    pub(crate) fn range(
        &self,
        order: LogOrder,
        (from, to): (Bound<LogPlace>, Bound<LogPlace>),
    ) -> Box<dyn DoubleEndedIterator<Item = (LogPlace, &Event)> + '_> {
        let places = match order {
            LogOrder::Arrival => &self.by_arrival,
            LogOrder::Published => &self.by_published,
        };
        let start = match from {
            Bound::Included(place) | Bound::Excluded(place) => Some(place),
            Bound::Unbounded => None,
        };
        let end = match to {
            Bound::Included(place) | Bound::Excluded(place) => Some(place),
            Bound::Unbounded => None,
        };
        if start.zip(end).is_some_and(|(start, end)| start >= end) {
            return Box::new(std::iter::empty());
        }
        Box::new(places.range((from, to)).filter_map(|place| Some((*place, self.events.get(place.1)?))))
    }
}
